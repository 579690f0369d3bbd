//! Transactions: RFC 3261 §17, over a transport that loses, doubles and reorders (UDP), and over one that does not
//! (TCP): there nothing is sent again, and nobody waits for what was sent again.
//!
//! Four small machines, one for each side and kind, that know nothing of messages: they are told
//! *what* came and say *what* is to be done. [`servers`] and [`clients`] keep them with their octets.

pub mod client_invite;
pub mod client_non_invite;
pub mod clients;
pub mod index;
pub mod key;

pub mod server_invite;
pub mod server_non_invite;
pub mod servers;

use super::way::Transport;
use crate::clock::Instant;
use std::time::Duration;

/// T1, and the timers that follow from it (RFC 3261 §17.1.1.1 and table 4).
///
/// T2 and T4 keep their default ratio to T1 (4 s and 5 s at 500 ms), so that one number scales
/// every wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timers {
    /// The estimate of the round trip.
    pub t1: Duration,
}

impl Timers {
    /// The longest interval between retransmissions of a non-INVITE request or a response to INVITE.
    pub fn t2(self) -> Duration {
        self.t1 * 8
    }

    /// The longest time that a message stays in the network.
    pub fn t4(self) -> Duration {
        self.t1 * 10
    }

    /// 64·T1: Timers B, D, F, H, J, L and M, and the wait for the ACK of a 2xx.
    pub fn give_up(self) -> Duration {
        self.t1 * 64
    }

    /// The first Timer A, E or G; none over a transport that sends again by itself (RFC 3261 §17.1.1.2, §17.1.2.2,
    /// §17.2.1).
    pub fn resend(self, now: Instant, transport: Transport) -> Option<Resend> {
        (!transport.is_reliable()).then(|| Resend { at: now + self.t1, interval: self.t1 })
    }

    /// Timers D, I, J and K, which wait for what is sent again: nothing over a transport that loses nothing
    /// (RFC 3261 §17.1.1.2, §17.1.2.2, §17.2.1, §17.2.2).
    pub fn linger(self, transport: Transport, over_udp: Duration) -> Duration {
        if transport.is_reliable() { Duration::ZERO } else { over_udp }
    }

    /// The interval after `interval`, doubled up to T2 (Timers E and G, and the 2xx of §13.3.1.4).
    pub fn back_off(self, interval: Duration) -> Duration {
        (interval * 2).min(self.t2())
    }
}

/// When to send again, and how long the wait for that was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resend {
    /// When.
    pub at: Instant,
    /// The interval that ends then.
    pub interval: Duration,
}

impl Resend {
    /// The next time, after another `interval`.
    pub fn after(self, interval: Duration) -> Self {
        Self { at: self.at + interval, interval }
    }
}

/// The earlier of a time to send again, if there is one, and the end.
fn earlier(resend: Option<Resend>, end: Instant) -> Instant {
    resend.map_or(end, |resend| resend.at.min(end))
}

/// What a response means to a client transaction (RFC 3261 §7.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StatusClass {
    /// 1xx
    Provisional,
    /// 2xx
    Success,
    /// 3xx to 6xx
    Failure,
}

impl StatusClass {
    /// The class of a status from 100 to 699.
    pub fn of(status: u16) -> Self {
        match status {
            0..=199 => StatusClass::Provisional,
            200..=299 => StatusClass::Success,
            300.. => StatusClass::Failure,
        }
    }
}

#[cfg(test)]
pub mod tests;
