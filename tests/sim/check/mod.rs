//! What must be true after every step. The checker sees what passes between the engine and the world,
//! never the engine's inside, and remembers the first thing that is wrong.
//!
//! ```text
//!  signals   each INVITE is answered in time, once; a 200 is sent until its ACK; who may be told BYE
//!  log       one record per call whose times and causes are true; recordings named, begun, closed in order
//!  streams   one unbroken stream per leg; who hears whom; keys as pressed; ports owned once, and rested
//! ```

pub mod log;
pub mod signals;
pub mod streams;

use super::phone::Phone;
use super::sound::Ear;
use careline::clock::Instant;

/// Everything that is checked in one world.
pub struct Checker {
    /// The event log.
    pub log: log::Log,
    /// Signalling.
    pub signals: signals::Signals,
    /// Sound.
    pub streams: streams::Streams,
}

/// What is wrong, in a sentence.
pub type Wrong = String;

/// Whether all is right.
pub type Verdict = Result<(), Wrong>;

impl Checker {
    /// A checker of a world in which nothing has happened. `longest` is the greatest length of a call.
    pub fn new(ear: Ear, longest: std::time::Duration) -> Self {
        Self {
            log: log::Log::new(longest),
            signals: signals::Signals::default(),
            streams: streams::Streams::new(ear),
        }
    }

    /// What is late by now.
    pub fn sweep(&mut self, now: Instant, phones: &[Phone]) -> Verdict {
        self.signals.sweep(now, phones)?;
        self.streams.sweep(now)?;
        self.log.sweep(now, &self.streams, phones)
    }

    /// The engine was killed: what it held is gone, what was durable counts.
    pub fn killed(&mut self, durable: u64) {
        self.signals.forget();
        self.streams.forget();
        self.log.forget_after(durable);
    }
}
