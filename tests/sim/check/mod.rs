//! What must be true after every step. The checker sees what passes between the engine and the world,
//! never the engine's inside, and remembers the first thing that is wrong.
//!
//! ```text
//!  signals   each request is answered in time, once; a 200 is sent until its ACK; who may be told BYE
//!  log       one record per call whose times and causes are true; recordings named, begun, closed in order
//!  streams   one unbroken stream per leg; who hears whom; keys as pressed; ports owned once, and rested
//! ```

mod byes;
mod glare;
pub mod log;
pub mod signals;
pub mod streams;
pub mod talks;

use super::phone::quirk::Quirk;
use super::phone::{Phone, Stage};
use super::sound::Ear;
use careline::call::keycode::Codes;
use careline::clock::Instant;
use std::time::Duration;

/// Everything that is checked in one world.
pub struct Checker {
    /// The event log.
    pub log: log::Log,
    /// Signalling.
    pub signals: signals::Signals,
    /// Sound.
    pub streams: streams::Streams,
    /// An engine was killed, or went of itself: what it knew is gone.
    pub was_killed: bool,
}

/// What is wrong, in a sentence.
pub type Wrong = String;

/// Whether all is right.
pub type Verdict = Result<(), Wrong>;

impl Checker {
    /// A checker of a world in which nothing has happened. `longest` is the greatest length of a call.
    pub fn new(ear: Ear, longest: std::time::Duration, codes: &Codes) -> Self {
        Self {
            log: log::Log::new(longest),
            signals: signals::Signals::default(),
            streams: streams::Streams::new(ear, codes),
            was_killed: false,
        }
    }

    /// What is late by now.
    pub fn sweep(&mut self, now: Instant, phones: &[Phone]) -> Verdict {
        self.signals.sweep(now, phones)?;
        if !self.was_killed {
            phones.iter().enumerate().try_for_each(|(n, phone)| {
                neglected(now, n, phone)?;
                self.signals.judge_stream(now, n, phone)
            })?;
        }
        self.streams.doubt_the_silent(phones);
        self.streams.sweep(now)?;
        self.log.sweep(now, &self.streams, phones)
    }

    /// The engine was killed: what it held is gone, what was durable counts.
    pub fn killed(&mut self, durable: u64) {
        self.was_killed = true;
        self.signals.forget();
        self.streams.forget();
        self.log.forget_after(durable);
    }
}

/// A session of 90 s that the engine shall refresh has been refreshed by then, whatever is lost.
const REFRESHED_WITHIN: Duration = Duration::from_secs(60);

/// What the engine owes a phone for long.
fn neglected(now: Instant, n: usize, phone: &Phone) -> Verdict {
    if phone.story.left_alone {
        return Err(format!("phone {n} answered a call that was given up, and nobody ended it"));
    }
    if phone.story.untold {
        return Err(format!("phone {n} was told BYE, and not what came of its REFER"));
    }
    if phone.story.unacknowledged {
        return Err(format!("phone {n} accepted our re-INVITE, and no ACK came"));
    }
    let Stage::Up(since) = phone.stage else { return Ok(()) };
    let last = phone.story.refreshed.unwrap_or(since);
    let refreshes = matches!(phone.quirk, Some(Quirk::LetsRefresh | Quirk::Glares | Quirk::DeskGlares))
        && phone.story.acked;
    if refreshes && now.since(last) > REFRESHED_WITHIN {
        return Err(format!("the session of phone {n} is not refreshed since {last:?}"));
    }
    Ok(())
}
