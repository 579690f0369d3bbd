//! What of a leg's sound goes into its tap, and what the switch is told of it.
//!
//! ```text
//!  frames    0 1 2 3 4 5 6 7 8 9
//!  tapped    x x x · · · · x x x        paused at frame 3, resumed at frame 7: the map has the gap 3–7
//! ```
//! A pause changes what is heard and never how long it is. It belongs to its tap and ends with it. Why a recording is
//! paused is the switch's business.

use crate::audio::sound::{Lying, Sound};
use crate::clock::Instant;
use crate::id::LegId;
use crate::limits::TICK;
use crate::media::command::Event;
use crate::media::outbox::Outbox;
use crate::media::slot::Slot;
use crate::media::tap::{Kept, Tap};

/// A leg that is recorded.
#[derive(Debug)]
pub struct Taping {
    leg: LegId,
    tap: Tap,
    /// When the 20 ms of its newest frame end.
    end: Instant,
}

impl Taping {
    /// Into this tap, from the next tick on. A pause that it begins with is told.
    pub fn begin(leg: LegId, tap: Tap, at: Instant, outbox: &mut Outbox) -> Self {
        if tap.kept() == Kept::Silence {
            outbox.tell(Event::TapPaused { leg, at, frame: 0 });
        }
        Self { leg, tap, end: at }
    }

    /// The 20 ms of `slot`. The first ones are told.
    pub fn push(&mut self, party: Lying<'_>, ours: &Sound, slot: Slot, outbox: &mut Outbox) {
        if self.tap.frames() == 0 {
            outbox.tell(Event::TapOpened { leg: self.leg, at: slot.at() });
        }
        self.tap.push(party, ours);
        self.end = slot.at() + TICK;
    }

    /// Time passes in which nothing is heard. A recording begins with a tick that is told; what was before it is not in
    /// it.
    pub fn skip(&mut self, ticks: u64, silence: &Sound) {
        if self.tap.frames() > 0 {
            (0..ticks).for_each(|_| self.tap.push(silence, silence));
        }
    }

    /// What is kept from the next frame on; a change is told.
    pub fn keep(&mut self, kept: Kept, at: Instant, outbox: &mut Outbox) {
        if self.tap.kept() == kept {
            return;
        }
        self.tap.keep(kept);
        let (leg, frame) = (self.leg, self.tap.frames());
        outbox.tell(match kept {
            Kept::Silence => Event::TapPaused { leg, at, frame },
            Kept::Sound => Event::TapResumed { leg, at, frame },
        });
    }

    /// It is over, and a pause of it too.
    pub fn close(self, now: Instant, outbox: &mut Outbox) {
        let (frames, dropped) = (self.tap.frames(), self.tap.dropped());
        let at = if frames == 0 { now } else { self.end };
        outbox.tell(Event::TapClosed { leg: self.leg, at, frames, dropped });
    }
}
