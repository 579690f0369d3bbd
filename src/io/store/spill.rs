//! What waits for the store: entries in memory, bounded, so that a stuck disk never holds up a call.
//!
//! ```text
//!   0 ──────────── EVENT_SPILL_MAX ─────────── EVENT_SPILL_HARD_MAX
//!   all is kept    ordinary ones are dropped    everything is dropped
//! ```
//!
//! Dropped entries are counted. Those that end or begin something (a call, a recording, a message) are
//! not ordinary: without them a record would stay open. What the switch waits for is never dropped: it adds
//! no such entry while `EVENT_SPILL_HARD_MAX` or more are not durable.

use crate::limits::{EVENT_SPILL_HARD_MAX, EVENT_SPILL_MAX};
use crate::report::event::{Entry, Event};
use std::collections::VecDeque;

/// What became of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Appended {
    /// It waits for the disk.
    Kept,
    /// The store has been stuck for so long that there was no room: it is lost, and counted.
    Dropped,
}

/// Entries that wait, oldest first.
#[derive(Debug, Default)]
pub struct Spill {
    waiting: VecDeque<Entry>,
    dropped: u64,
}

impl Spill {
    /// Takes an entry, if there is room for it.
    pub fn push(&mut self, entry: Entry) -> Appended {
        let room = if is_ordinary(&entry.event) { EVENT_SPILL_MAX } else { EVENT_SPILL_HARD_MAX };
        if self.waiting.len() >= room {
            self.dropped += 1;
            return Appended::Dropped;
        }
        self.waiting.push_back(entry);
        Appended::Kept
    }

    /// Takes out the oldest entries, `most` of them at the most.
    pub fn take(&mut self, most: usize) -> Vec<Entry> {
        let count = self.waiting.len().min(most);
        self.waiting.drain(..count).collect()
    }

    /// How many wait.
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// How many were dropped since the start.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }
}

fn is_ordinary(event: &Event) -> bool {
    match event {
        Event::Heard { .. } | Event::Flow(_) | Event::Hold { .. } | Event::Diverted(_) => true,
        Event::MediaClosed { .. } | Event::Ladder(_) | Event::Kept { .. } | Event::Resumed { .. } => true,
        Event::PersonCalled { .. }
        | Event::Transfer { .. }
        | Event::PersonNotReached { .. }
        | Event::CameBack { .. }
        | Event::Silent { .. }
        | Event::Bridged { .. }
        | Event::Unbridged { .. } => true,
        Event::GuestCalled { .. }
        | Event::GuestNotReached { .. }
        | Event::GuestJoined { .. }
        | Event::GuestChanged { .. }
        | Event::GuestLeft { .. } => true,
        Event::InterpreterCalled { .. } | Event::InterpreterMissing { .. } | Event::KeysPressed { .. } => {
            true
        }
        Event::Arrived { .. } | Event::Answered { .. } | Event::Emergency(_) | Event::Ended { .. } => false,
        Event::MessageSaved { .. } | Event::MessageDone { .. } => false,
        Event::RecordingNamed { .. }
        | Event::RecordingSpanBegan { .. }
        | Event::RecordingPaused { .. }
        | Event::RecordingResumed { .. }
        | Event::RecordingSpanEnded { .. }
        | Event::RecordingClosed { .. }
        | Event::RecordingFailed { .. }
        | Event::RecordingRecovered { .. } => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::WallTime;
    use crate::id::CallId;
    use crate::report::event::{Cause, Party};

    fn entry(seq: u64, event: Event) -> Entry {
        Entry { seq, at: WallTime::default(), since_start_us: 0, call: CallId(1), event }
    }

    #[test]
    fn a_stuck_store_costs_ordinary_entries_first_and_never_the_end_of_a_call() {
        let mut spill = Spill::default();
        let hold = Event::Hold { on: true, by: Party::Caller };
        let ended = Event::Ended { cause: Cause::Normal, by: Party::Caller, exit: None };
        let max = EVENT_SPILL_MAX as u64;
        (0..max).for_each(|seq| assert_eq!(spill.push(entry(seq, hold.clone())), Appended::Kept));
        assert_eq!(spill.push(entry(max, hold.clone())), Appended::Dropped);
        (max..2 * max).for_each(|seq| assert_eq!(spill.push(entry(seq, ended.clone())), Appended::Kept));
        assert_eq!(spill.push(entry(2 * max, ended)), Appended::Dropped);
        assert_eq!((spill.waiting() as u64, spill.dropped()), (2 * max, 2));
        let first: Vec<u64> = spill.take(3).into_iter().map(|entry| entry.seq).collect();
        assert_eq!(first, [0, 1, 2]);
    }
}
