//! A leg on its way from one worker to another, with all that belongs to it.
//!
//! ```text
//!  Command::Move ─▶ engine of the one: detach ─▶ Moving ─▶ engine of the other: adopt ─▶ Event::Moved
//!                     └ slot i is empty     sockets of i ──▶ slot j     └ tells who sent to j before
//!                       settle ◀── sockets of j, and who sent to them ◀──┘
//! ```
//! The two workers exchange the socket pairs of the two slots, so that each has as many as before. Nothing in a
//! leg points into its worker: SSRC, sequence numbers and timestamps run on, as do tap, keys and jitter buffer.
//! Its slots stay the same, because time is; what it is too late for is passed over. The exchange of sockets is
//! the workers' job.

use crate::id::LegId;
use crate::media::command::{PortIndex, WorkerIndex};
use crate::media::leg::Leg;
use crate::media::slot::Slot;
use crate::rtp::latch::Strangers;

/// A leg between two engines.
#[derive(Debug)]
pub struct Moving {
    pub(super) leg: Box<Leg>,
    /// Where it goes.
    pub(super) to: WorkerIndex,
    /// The slot that it gets there.
    pub(super) port: PortIndex,
    /// The slot that it had.
    pub(super) from: PortIndex,
    /// The next slot of time in which it ticks.
    pub(super) next: Slot,
    /// Who sent to its sockets before it owned them.
    pub(super) strangers: Strangers,
}

impl Moving {
    /// Which leg it is.
    pub const fn leg(&self) -> LegId {
        self.leg.id()
    }

    /// The worker that it goes to.
    pub const fn to(&self) -> WorkerIndex {
        self.to
    }

    /// The slot whose sockets it gives up there, for those it brings.
    pub const fn port(&self) -> PortIndex {
        self.port
    }

    /// The same leg on its way back to where it lived.
    pub const fn home(mut self) -> Self {
        self.port = self.from;
        self
    }

    /// The slot whose sockets it brings.
    pub const fn from(&self) -> PortIndex {
        self.from
    }
}
