//! RTP packets: RFC 3550 §5.1. The only file that names the `rtp` crate.
