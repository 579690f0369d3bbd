//! Spoken messages: the last rung of the ladder takes one with a promise, a `record` step takes one for the clinic.
//!
//! ```text
//! Prompting ──words said, or pound──▶ Opening ──tone──▶ Recording ──pound, or the longest──▶ Saving ──▶ saved
//!                                        └───────────────── could not be kept ──────────────────┘──▶ failed
//! ```
//! Before the first of them the recording notice is given, unless the caller refused to be recorded.

use super::{AfterNotice, For, Recorder, Run, State};
use crate::clock::Instant;
use crate::flow::action::{Action, Fact, Phrases, Why};
use crate::flow::program::{Act, Own, Target};
use crate::id::ExitName;
use crate::limits::{ENGINE_ANSWER_MAX, MESSAGE_MAX};
use smallvec::smallvec;
use std::time::Duration;

impl Run {
    /// The step that is here takes a message.
    pub(super) fn comment(&mut self, now: Instant) {
        self.ahead.clear();
        match self.recorder {
            Recorder::NotYet | Recorder::Cut => {
                let words = smallvec![self.own(Own::Recording)];
                self.give_notice(now, words, AfterNotice::Comment);
            }
            Recorder::On | Recorder::Paused | Recorder::Never => self.ask_for_comment(now, Phrases::new()),
        }
    }

    /// Says `words`, then asks for the message of the step that is here.
    pub(super) fn ask_for_comment(&mut self, now: Instant, mut words: Phrases) {
        let prompt = match self.set.step(self.here).map(|step| &step.act) {
            Some(Act::Record { prompt, .. }) => prompt.clone(),
            _ => return self.climb(now, Why::Fault),
        };
        words.extend(self.words(&prompt));
        self.state = State::Prompting(self.speak(now, words), For::Step);
    }

    /// The caller pressed pound: he need not hear the rest of the words.
    pub(super) fn open_message(&mut self, now: Instant) {
        self.actions.push_back(Action::StopPlaying);
        self.message_words_ended(now);
    }

    /// The words before the tone are over.
    pub(super) fn message_words_ended(&mut self, now: Instant) {
        let State::Prompting(_, what_for) = self.state else { return };
        self.actions.push_back(Action::TakeMessage);
        self.state = State::Opening { by: now + ENGINE_ANSWER_MAX, what_for };
    }

    pub(super) fn message_open(&mut self, now: Instant) {
        if let State::Opening { what_for, .. } = self.state {
            self.state = State::Recording { until: now + self.longest_message(what_for), what_for };
        }
    }

    fn longest_message(&self, what_for: For) -> Duration {
        match (what_for, self.set.step(self.here).map(|step| &step.act)) {
            (For::Step, Some(Act::Record { longest, .. })) => *longest,
            (For::Step | For::Ladder, _) => MESSAGE_MAX,
        }
    }

    pub(super) fn finish_message(&mut self, now: Instant) {
        let (State::Opening { what_for, .. }
        | State::Recording { what_for, .. }
        | State::Saving { what_for, .. }) = self.state
        else {
            return;
        };
        self.actions.push_back(Action::FinishMessage);
        self.state = State::Saving { by: now + ENGINE_ANSWER_MAX, what_for };
    }

    pub(super) fn message_saved(&mut self, now: Instant) {
        match self.message_is_for() {
            None => {}
            Some(For::Ladder) => {
                let message = self.set.clinic().message.clone();
                self.tell(Fact::Promised { within_working_days: message.within_working_days });
                let words = smallvec![self.in_callers_language(&message.saved), self.own(Own::Goodbye)];
                let speech = self.speak(now, words);
                self.state = State::Parting { speech, exit: Some(ExitName::from("message_left")) };
            }
            Some(For::Step) => {
                let next = match self.set.step(self.here).map(|step| &step.act) {
                    Some(Act::Record { saved, .. }) => *saved,
                    _ => Target::Ladder(Why::Fault),
                };
                self.go(now, next);
            }
        }
    }

    /// The message is lost: the caller is told, and persons are called again after a rest; or what the step says.
    pub(super) fn message_failed(&mut self, now: Instant) {
        match self.message_is_for() {
            None => {}
            Some(For::Ladder) => {
                let words = smallvec![self.own(Own::Fault)];
                self.rest_and_climb(now, words);
            }
            Some(For::Step) => {
                let next = match self.set.step(self.here).map(|step| &step.act) {
                    Some(Act::Record { failed, .. }) => *failed,
                    _ => Target::Ladder(Why::Fault),
                };
                self.go(now, next);
            }
        }
    }

    /// What the message that is being taken is for.
    fn message_is_for(&self) -> Option<For> {
        match self.state {
            State::Opening { what_for, .. }
            | State::Recording { what_for, .. }
            | State::Saving { what_for, .. } => Some(what_for),
            _ => None,
        }
    }
}
