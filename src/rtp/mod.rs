//! Floor 2: one RTP session with one party (RFC 3550).

pub mod jitter;
pub mod latch;
pub mod sequence;
