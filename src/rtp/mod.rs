//! Floor 2: one RTP session with one party (RFC 3550).

pub mod jitter;
pub mod latch;
pub mod loss;
pub mod quality;
pub mod reporter;
pub mod rtcp_schedule;
pub mod sequence;
pub mod summary;
