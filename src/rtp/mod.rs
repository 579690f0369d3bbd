//! Floor 2: one RTP session with one party (RFC 3550).

pub mod latch;
pub mod loss;
pub mod playout;
pub mod quality;
pub mod sequence;
