//! The messages of callers that wait for somebody: a fold over the event log.
//!
//! ```text
//!  MessageSaved ──▶ waits, with the promise that was made ──MessageDone──▶ done
//! ```
//! A message is saved under its recording's name; a call may leave more than one.

use super::cdr::Moment;
use super::event::{Entry, Event};
use crate::flow::action::Fact;
use crate::id::{CallId, RecordingId};
use std::collections::{BTreeMap, BTreeSet};

/// A message that waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Message {
    /// The call in which it was left.
    pub call: CallId,
    /// Its recording.
    pub recording: RecordingId,
    /// When it was saved.
    pub saved: Moment,
    /// The caller was promised a call back within so many working days; `None`: nothing was promised.
    pub within_working_days: Option<u32>,
}

/// All messages of a log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Messages {
    /// By name: names rise, over restarts too.
    waiting: BTreeMap<RecordingId, Message>,
    done: BTreeSet<CallId>,
}

impl Messages {
    /// Those that wait, the oldest first.
    pub fn waiting(&self) -> impl ExactSizeIterator<Item = &Message> {
        self.waiting.values()
    }

    /// Those of this call that wait.
    pub fn of(&self, call: CallId) -> Vec<Message> {
        self.waiting.values().filter(|message| message.call == call).copied().collect()
    }

    /// Whether a message of this call was marked as done.
    pub fn is_done(&self, call: CallId) -> bool {
        self.done.contains(&call)
    }

    /// Takes the next entry of the log. Entries of other kinds than those of the picture, and the promise, tell nothing.
    pub fn follow(&mut self, entry: &Entry) {
        let call = entry.call;
        match &entry.event {
            Event::MessageSaved { recording } => {
                let saved = Moment { at: entry.at, since_start_us: entry.since_start_us };
                let message = Message { call, recording: *recording, saved, within_working_days: None };
                self.waiting.insert(*recording, message);
            }
            Event::Flow(Fact::Promised { within_working_days }) => {
                let last = self.waiting.values_mut().rev().find(|message| message.call == call);
                if let Some(message) = last {
                    message.within_working_days = Some(*within_working_days);
                }
            }
            Event::MessageDone { recording, .. } => {
                self.waiting.remove(recording);
                self.done.insert(call);
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::WallTime;
    use crate::report::event::DoneBy;

    /// Each with its call.
    type Events = Vec<(u64, Event)>;

    fn told(events: &[(u64, Event)]) -> Messages {
        let mut messages = Messages::default();
        for (seq, (call, event)) in (1..).zip(events) {
            let at = WallTime::from_micros(1_000_000 * seq as i64);
            let entry = Entry { seq, at, since_start_us: seq, call: CallId(*call), event: event.clone() };
            messages.follow(&entry);
        }
        messages
    }

    fn saved(recording: u64) -> Event {
        Event::MessageSaved { recording: RecordingId(recording) }
    }

    fn promised(within_working_days: u32) -> Event {
        Event::Flow(Fact::Promised { within_working_days })
    }

    fn done(recording: u64) -> Event {
        Event::MessageDone { recording: RecordingId(recording), by: DoneBy::Command }
    }

    #[test]
    fn a_message_waits_until_it_is_done() {
        let table: [(&str, Events, &str); 8] = [
            ("nothing", vec![], ""),
            ("one without a promise", vec![(7, saved(1))], "c7 r1 -"),
            ("a promise for it", vec![(7, saved(1)), (7, promised(1))], "c7 r1 1"),
            ("a promise without a message", vec![(7, promised(1))], ""),
            ("a promise in another call", vec![(7, saved(1)), (8, promised(1))], "c7 r1 -"),
            ("two of one call", vec![(7, saved(1)), (7, saved(2)), (7, promised(2))], "c7 r1 -,c7 r2 2"),
            ("the first is done", vec![(7, saved(1)), (8, saved(2)), (7, done(1))], "c8 r2 -"),
            ("done twice", vec![(7, saved(1)), (7, done(1)), (7, done(1)), (7, saved(3))], "c7 r3 -"),
        ];
        for (name, events, expected) in table {
            let waiting: Vec<String> = told(&events)
                .waiting()
                .map(|it| {
                    let days = it.within_working_days.map_or("-".to_owned(), |days| days.to_string());
                    format!("{} {} {days}", it.call, it.recording)
                })
                .collect();
            assert_eq!(waiting.join(","), expected, "{name}");
        }
    }

    #[test]
    fn a_call_whose_message_is_done_is_told_apart_from_one_without_a_message() {
        let messages = told(&[(7, saved(1)), (8, saved(2)), (7, done(1))]);
        assert!(messages.is_done(CallId(7)) && messages.of(CallId(7)).is_empty());
        assert!(!messages.is_done(CallId(8)) && messages.of(CallId(8)).len() == 1);
        assert!(!messages.is_done(CallId(9)) && messages.of(CallId(9)).is_empty());
    }
}
