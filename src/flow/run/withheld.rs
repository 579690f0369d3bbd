//! The safe stub: what callers get in the place of a triage tree that nobody has signed as it stands.
//!
//! ```text
//!  a step leads into the tree ─▶ emergency line ─▶ words for a nurse ─▶ recording notice ─▶ the person ladder
//! ```
//! It is made of what every caller may meet anyway, so it needs no file, no signature and no test of its own to be safe:
//! 0, 9 and the emergency number act in it as everywhere.

use super::{Run, Unsigned};
use crate::clock::Instant;
use crate::flow::action::{Fact, Why};
use crate::flow::program::Own;
use crate::flow::triage::signature::day_of;
use crate::id::ExitName;
use smallvec::smallvec;

impl Run {
    /// Whether the caller does not get the tree of this flow.
    pub(super) fn is_withheld(&self, now: Instant, flow: usize) -> bool {
        let today = || self.time.and_then(|(at, wall)| day_of(wall + now.since(at)));
        match self.unsigned {
            Unsigned::Withheld => self.set.not_answered(flow, today).is_some(),
            Unsigned::Answered => false,
        }
    }

    /// The emergency line, then a nurse.
    pub(super) fn withhold(&mut self, now: Instant) {
        self.tell(Fact::Fault {
            what: "a triage tree is not signed as it stands: the caller gets a nurse at once",
        });
        let words = smallvec![self.own(Own::Emergency), self.own(Own::Nurse)];
        self.lead_to_person_saying(now, Why::Nurse, words, ExitName::from("nurse"));
    }
}
