//! Floor 2: one RTP session with one party (RFC 3550).
