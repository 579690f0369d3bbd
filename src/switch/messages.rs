//! Messages of callers that wait for somebody, the marks that they are done, and the users whose phones show how many wait.
//!
//! The log is the truth; of it the switch knows which wait, so that their count is told without a look at the disk. How phones
//! are told is `sip::summary`'s.

use super::interface::{NotMarked, Now, Output, SavedMessage};
use super::{Switch, Waiting};
use crate::clock::Instant;
use crate::id::{AskId, FlowName, RecordingId};
use crate::limits::MESSAGES_WAITING_MAX;
use crate::report::event::{DoneBy, Event};
use crate::sip::interface as sip;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Of which messages a user's phones show the count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heeds {
    /// Of all.
    All,
    /// Of those left in calls that these flows answered.
    Of(BTreeSet<FlowName>),
}

/// The users whose phones show how many messages wait, by name.
pub type Settings = BTreeMap<Arc<str>, Heeds>;

/// A message that waits, as the records have it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Left {
    /// Its recording.
    pub recording: RecordingId,
    /// The flow that answered the call; `None` where no record tells.
    pub flow: Option<FlowName>,
}

/// Which messages wait.
#[derive(Debug, Default)]
pub(super) struct Messages {
    known: BTreeMap<RecordingId, Option<FlowName>>,
    /// How many of the known ones each flow has.
    of_flows: BTreeMap<FlowName, u64>,
    /// Those over the bound, of which the count alone is known: no flow has them.
    beyond: u64,
}

impl Messages {
    /// These wait from now on.
    pub(super) fn wait(&mut self, messages: impl IntoIterator<Item = Left>) {
        for Left { recording, flow } in messages {
            if self.known.contains_key(&recording) {
                continue;
            }
            if self.known.len() == MESSAGES_WAITING_MAX {
                self.beyond += 1;
                continue;
            }
            if let Some(flow) = &flow {
                *self.of_flows.entry(flow.clone()).or_default() += 1;
            }
            self.known.insert(recording, flow);
        }
    }

    /// This one does not.
    fn done(&mut self, message: RecordingId) {
        let Some(flow) = self.known.remove(&message) else {
            self.beyond = self.beyond.saturating_sub(1);
            return;
        };
        let Some(flow) = flow else { return };
        if let Some(count) = self.of_flows.get_mut(&flow) {
            *count -= 1;
            if *count == 0 {
                self.of_flows.remove(&flow);
            }
        }
    }

    /// How many wait.
    pub(super) fn waiting(&self) -> u64 {
        self.known.len() as u64 + self.beyond
    }

    /// How many of those wait that somebody heeds.
    fn heeded(&self, heeds: &Heeds) -> u64 {
        match heeds {
            Heeds::All => self.waiting(),
            Heeds::Of(flows) => flows.iter().filter_map(|flow| self.of_flows.get(flow)).sum(),
        }
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
        self.tell_of_messages();
        self.waiting.insert(seq, (call, Waiting::MessageDone(ask)));
    }

    /// The phones of those who heed messages show how many wait for them.
    pub(super) fn tell_of_messages(&mut self) {
        let told = self.settings.messages.iter();
        let told: Vec<_> =
            told.map(|(user, heeds)| (Arc::clone(user), self.messages.heeded(heeds))).collect();
        for (user, waiting) in told {
            self.sip(sip::Command::Summarize { user, waiting });
        }
    }

    pub(super) fn message_answer(&mut self, ask: AskId, answer: Result<(), NotMarked>) {
        self.outputs.push_back(Output::MessageAnswer { ask, answer });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn left(recording: u64, flow: &str) -> Left {
        Left { recording: RecordingId(recording), flow: Some(flow.into()).filter(|_| !flow.is_empty()) }
    }

    fn of(flows: &[&str]) -> Heeds {
        Heeds::Of(flows.iter().map(|flow| FlowName::from(*flow)).collect())
    }

    #[test]
    fn each_is_told_of_the_messages_of_his_flows() {
        let mut messages = Messages::default();
        messages.wait([left(1, "night"), left(2, "day"), left(3, "night"), left(4, ""), left(1, "night")]);
        let told = |messages: &Messages| {
            let all = [Heeds::All, of(&["night"]), of(&["day", "night"]), of(&["other"]), of(&[])];
            all.map(|heeds| messages.heeded(&heeds))
        };
        assert_eq!(told(&messages), [4, 2, 3, 0, 0]);
        for (done, left) in
            [(3, [3, 1, 2, 0, 0]), (4, [2, 1, 2, 0, 0]), (1, [1, 0, 1, 0, 0]), (2, [0, 0, 0, 0, 0])]
        {
            messages.done(RecordingId(done));
            assert_eq!(told(&messages), left, "after {done}");
        }
        assert!(messages.of_flows.is_empty());
    }

    #[test]
    fn the_count_is_true_over_the_bound_and_below_nothing() {
        let bound = MESSAGES_WAITING_MAX as u64;
        let mut messages = Messages::default();
        messages.done(RecordingId(1));
        assert_eq!(messages.waiting(), 0);
        messages.wait((1..=bound + 3).map(|n| left(n, "entry")));
        assert_eq!((messages.waiting(), messages.known.len() as u64), (bound + 3, bound));
        messages.wait([left(1, "entry")]);
        assert_eq!(messages.waiting(), bound + 3, "told twice, it is one");
        for (done, left) in [(bound + 2, bound + 2), (1, bound + 1), (1, bound), (2, bound - 1)] {
            messages.done(RecordingId(done));
            assert_eq!(messages.waiting(), left, "after {done}");
        }
    }
}
