//! Whether the peer of a TCP connection is still there: a phone that lost its power says nothing of it, and would be rung
//! until its binding ends.

use std::time::Duration;

/// How long a connection is silent before its peer is asked by the system whether it is there (RFC 9293 §3.8.4).
pub const SIP_KEEPALIVE_AFTER: Duration = Duration::from_secs(30);
/// How long one such question waits for its answer.
pub const SIP_KEEPALIVE_EVERY: Duration = Duration::from_secs(10);
/// After so many without an answer the connection is lost.
pub const SIP_KEEPALIVE_PROBES: u32 = 3;
/// How long octets of ours may be unacknowledged before their connection is lost (RFC 9293 §3.8.3, R2). Linux ends a silent
/// connection after this time too, once one question is open: so it is longer than all questions but the last, for one lost
/// packet must not cut a phone off.
pub const SIP_UNACKNOWLEDGED_MAX: Duration = Duration::from_secs(55);
