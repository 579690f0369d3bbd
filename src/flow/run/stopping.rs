//! The engine stops, and this call is still up: its caller hears so, as the last words.
//!
//! A message that is being taken is finished instead: it is kept, and what is said then is its own. Who cannot hear yet, and
//! who hears last words already, is left alone; so is everybody where the clinic has no such words. Not here: when that is,
//! and that nobody new is called meanwhile (`switch/stopping.rs`).

use super::{Run, State};
use crate::clock::Instant;
use crate::flow::action::Action;
use crate::id::{ExitName, PromptName};
use smallvec::smallvec;

/// The prompt of a caller whose call the engine ends because it stops.
pub const STOPPING: &str = "u.stopping";

impl Run {
    /// There is time for the last words, and for no more.
    pub(super) fn stopping(&mut self, now: Instant) {
        match &self.state {
            State::Recording { .. } => return self.finish_message(now),
            State::Waiting
            | State::Opening { .. }
            | State::Saving { .. }
            | State::Parting { .. }
            | State::Over => return,
            State::Saying(_)
            | State::Closed(_)
            | State::Notice(_)
            | State::Asking(_)
            | State::Entering(_)
            | State::ByPhone(_)
            | State::Requesting(_)
            | State::Pausing { .. }
            | State::Climbing(_)
            | State::Talking { .. }
            | State::Prompting(..) => {}
        }
        let words = self.in_callers_language(&PromptName::from(STOPPING));
        if self.set.spoken().contains(&words) {
            self.ahead.clear();
            self.state = State::Parting { speech: self.speak(now, smallvec![words]), exit: None };
        }
    }

    /// The last words were said.
    pub(super) fn parted(&mut self, exit: Option<ExitName>) {
        self.actions.push_back(match exit.clone() {
            Some(exit) => Action::End { exit },
            None => Action::Stopped,
        });
        self.exit = exit.or_else(|| self.exit.take());
    }
}
