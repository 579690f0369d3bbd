//! Messages of callers that wait for somebody, and the marks that they are done.
//!
//! The log is the truth; of it the switch knows which wait, so that their count is told without a look at the disk.

use super::interface::{NotMarked, Now, Output, SavedMessage};
use super::{Switch, Waiting};
use crate::clock::Instant;
use crate::id::{AskId, RecordingId};
use crate::limits::MESSAGES_WAITING_MAX;
use crate::report::event::{DoneBy, Event};
use std::collections::BTreeSet;

/// Which messages wait.
#[derive(Debug, Default)]
pub(super) struct Messages {
    known: BTreeSet<RecordingId>,
    /// Those over the bound, of which the count alone is known.
    beyond: u64,
}

impl Messages {
    /// These wait from now on.
    pub(super) fn wait(&mut self, messages: impl IntoIterator<Item = RecordingId>) {
        for message in messages {
            if self.known.len() < MESSAGES_WAITING_MAX {
                self.known.insert(message);
            } else if !self.known.contains(&message) {
                self.beyond += 1;
            }
        }
    }

    /// This one does not.
    fn done(&mut self, message: RecordingId) {
        if !self.known.remove(&message) {
            self.beyond = self.beyond.saturating_sub(1);
        }
    }

    /// How many wait.
    pub(super) fn waiting(&self) -> u64 {
        self.known.len() as u64 + self.beyond
    }
}

impl Switch {
    /// Somebody has dealt with a message: he hears so when the mark is on disk. A mark that is made twice is one.
    pub(super) fn on_message_done(&mut self, ask: AskId, message: SavedMessage) {
        if self.log_is_full() {
            return self.message_answer(ask, Err(NotMarked::LogFull));
        }
        let SavedMessage { call, recording, at, since_start_us } = message;
        let event = Event::MessageDone { recording, by: DoneBy::Command };
        let seq = if self.calls.contains_key(&call) {
            self.append(call, event)
        } else {
            // The call's own time line, which may be that of an earlier start, runs on by the calendar.
            let since = self.now.wall.as_micros().saturating_sub(at.as_micros());
            let own_us = since_start_us.saturating_add(u64::try_from(since).unwrap_or(0));
            let shift_us = self.shifts_us.get(&call).copied().unwrap_or(0);
            let own = Instant::from_micros(own_us.saturating_sub(shift_us));
            self.append_as_of(Now { at: own, wall: self.now.wall }, call, event)
        };
        self.messages.done(recording);
        self.waiting.insert(seq, (call, Waiting::MessageDone(ask)));
    }

    pub(super) fn message_answer(&mut self, ask: AskId, answer: Result<(), NotMarked>) {
        self.outputs.push_back(Output::MessageAnswer { ask, answer });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_count_is_true_over_the_bound_and_below_nothing() {
        let bound = MESSAGES_WAITING_MAX as u64;
        let mut messages = Messages::default();
        messages.done(RecordingId(1));
        assert_eq!(messages.waiting(), 0);
        messages.wait((1..=bound + 3).map(RecordingId));
        assert_eq!((messages.waiting(), messages.known.len() as u64), (bound + 3, bound));
        messages.wait([RecordingId(1)]);
        assert_eq!(messages.waiting(), bound + 3, "told twice, it is one");
        for (done, left) in [(bound + 2, bound + 2), (1, bound + 1), (1, bound), (2, bound - 1)] {
            messages.done(RecordingId(done));
            assert_eq!(messages.waiting(), left, "after {done}");
        }
    }
}
