//! A closing, on the way from the entry to the flow of the called number: its words, then after hours or as always.
//!
//! ```text
//!  called_number ─ a closing holds ─▶ Closed ── heard ──────────────▶ after_hours, else a person
//!                                       │ └──── heard, or a key ────▶ the flow of the number (a message ahead of it)
//!                                       └─ 0 9 2 7 star as everywhere
//! ```
//! Keys that were typed for a menu to which the caller does not come are dropped: they would be answers to another.

use super::{Run, Speech, State};
use crate::clock::Instant;
use crate::flow::action::{Fact, Why};
use crate::flow::closing::{AFTER_HOURS, Closing, Then};
use crate::flow::program::Target;
use crate::id::FlowName;
use crate::wire::telephone_event::Key;
use std::sync::Arc;

/// The words of a closing on their way to the caller.
#[derive(Clone, Debug)]
pub(super) struct Closed {
    pub(super) speech: Speech,
    then: Then,
}

impl Run {
    /// The same run under these closings, the one that wins first. What is closed later does not touch it.
    pub fn closed_by(self, closings: Vec<Arc<Closing>>) -> Self {
        Self { closings, ..self }
    }

    /// The caller comes to the flow of the called number: where that is, or nothing while a closing is told.
    pub(super) fn called_number(&mut self, now: Instant) -> Option<Target> {
        if self.is_service_number() {
            return self.begin_service(now);
        }
        let wall = self.time.map(|(at, wall)| wall + now.since(at));
        let holds = |closing: &&Arc<Closing>| wall.is_some_and(|wall| closing.holds(wall));
        let Some(closing) = self.closings.iter().find(holds).cloned() else {
            return Some(Target::Step(self.set.flows()[self.called].start));
        };
        self.tell(Fact::Closed { prompt: closing.say.clone(), then: closing.then });
        if closing.then == Then::AfterHours {
            self.ahead.clear();
        }
        let words = self.in_callers_language(&closing.say);
        // Another set than the one that was closed by may lack the words.
        if !self.set.spoken().contains(&words) {
            self.tell_fault("the words of a closing are not in this set");
            return Some(self.after_closing(closing.then));
        }
        self.state = State::Closed(Closed { speech: self.speak(now, vec![words]), then: closing.then });
        None
    }

    fn after_closing(&self, then: Then) -> Target {
        match then {
            Then::Open => Target::Step(self.set.flows()[self.called].start),
            Then::AfterHours => match self.set.position(&FlowName::from(AFTER_HOURS)) {
                Some(flow) => Target::Step(self.set.flows()[flow].start),
                None => Target::Ladder(Why::Asked),
            },
        }
    }

    pub(super) fn closing_told(&mut self, now: Instant, closed: &Closed) {
        self.go(now, self.after_closing(closed.then));
    }

    /// A key while the words are said. 0 and 9 were looked at before.
    pub(super) fn key_while_closed(&mut self, now: Instant, key: Key) {
        let State::Closed(closed) = &self.state else { return };
        let (prompts, then) = (closed.speech.prompts.clone(), closed.then);
        match key {
            Key::Star => {
                let speech = self.speak_again(now, prompts);
                self.state = State::Closed(Closed { speech, then });
            }
            Key::Digit(2) if self.may_choose_language() => drop(self.choose_second_language(now)),
            Key::Digit(7) => drop(self.refuse_recording()),
            Key::Pound | Key::Digit(_) | Key::Letter(_) => match then {
                Then::AfterHours => {}
                Then::Open => {
                    self.keep_for_later(key);
                    self.go(now, self.after_closing(then));
                }
            },
        }
    }
}
