//! The records of calls that go on, kept beside the log so that the end of a call need not read it back.
//!
//! ```text
//!  commit ─┬─ record_with(its entries): what a row of the call says after this batch
//!          └─ note(batch), once it is on disk: open calls go on, ended ones are forgotten
//! ```
//! It is a memory of the log and never more: what it does not know (calls of an earlier run, or more than
//! [`LEDGER_CALLS_MAX`]) is read from the database. How a call was signalled is not in it: no row tells of that.

use crate::id::CallId;
use crate::limits::LEDGER_CALLS_MAX;
use crate::report::cdr::Record;
use crate::report::event::{Entry, Event};
use std::collections::BTreeMap;

/// A batch, with the entries of each call together, in their order.
pub struct ByCall<'b>(Vec<&'b Entry>);

impl<'b> ByCall<'b> {
    /// Sorts `batch`.
    pub fn of(batch: &'b [Entry]) -> Self {
        let mut sorted: Vec<&Entry> = batch.iter().collect();
        sorted.sort_by_key(|entry| entry.call);
        Self(sorted)
    }

    /// Each call, with its entries.
    pub fn calls(&self) -> impl Iterator<Item = (CallId, &[&'b Entry])> {
        self.0.chunk_by(|a, b| a.call == b.call).filter_map(|its| Some((its.first()?.call, its)))
    }
}

/// The calls of this run that go on, as far as the log is on disk.
#[derive(Debug, Default)]
pub struct Ledger {
    /// Boxed, so that a call that comes or goes does not move its neighbours' records about.
    open: BTreeMap<CallId, Box<Record>>,
}

impl Ledger {
    /// The record of `call` as it will be with `its` entries on disk; `None` when its beginning is not known here.
    pub fn record_with(&self, call: CallId, its: &[&Entry]) -> Option<Record> {
        let begins = its.first().is_some_and(|entry| matches!(entry.event, Event::Arrived { .. }));
        let known = || self.open.get(&call).map(|record| Record::clone(record));
        let mut record = if begins { Record::new(call) } else { known()? };
        its.iter().for_each(|entry| follow(&mut record, entry));
        Some(record)
    }

    /// Whether the call goes on, as far as is known here.
    pub fn knows(&self, call: CallId) -> bool {
        self.open.contains_key(&call)
    }

    /// The batch is on disk.
    pub fn note(&mut self, batch: &[Entry]) {
        for entry in batch {
            match &entry.event {
                Event::Arrived { .. } if self.open.len() < LEDGER_CALLS_MAX => {
                    let mut record = Box::new(Record::new(entry.call));
                    follow(&mut record, entry);
                    self.open.insert(entry.call, record);
                }
                Event::Ended { .. } => drop(self.open.remove(&entry.call)),
                _ => {
                    if let Some(record) = self.open.get_mut(&entry.call) {
                        follow(record, entry);
                    }
                }
            }
        }
    }
}

fn follow(record: &mut Record, entry: &Entry) {
    if !matches!(entry.event, Event::Ladder(_)) {
        record.follow(entry);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::WallTime;
    use crate::id::FlowName;
    use crate::phi::Phi;
    use crate::report::event::{Cause, Party};
    use crate::wire::codec::Codec;

    fn entry(seq: u64, call: u64, event: Event) -> Entry {
        let at = WallTime::from_micros(seq as i64);
        Entry { seq, at, since_start_us: seq, call: CallId(call), event }
    }

    fn arrived(seq: u64, call: u64) -> Entry {
        let event = Event::Arrived {
            leg: crate::id::LegId(call),
            trunk: None,
            called: Phi::new("100".to_owned()),
            caller: None,
            sip_call_id: Phi::new("a@b".to_owned()),
            flow: FlowName::from("entry"),
            version: "0".to_owned(),
        };
        entry(seq, call, event)
    }

    fn answered(seq: u64, call: u64) -> Entry {
        entry(seq, call, Event::Answered { codec: Codec::Pcmu })
    }

    fn ended(seq: u64, call: u64) -> Entry {
        entry(seq, call, Event::Ended { cause: Cause::Normal, by: Party::Caller, exit: None })
    }

    #[test]
    fn the_record_with_a_batch_is_the_record_of_the_whole_log() {
        let log = [arrived(1, 7), arrived(2, 8), answered(3, 7), answered(4, 8), ended(5, 7)];
        let whole = |call: u64| {
            let its: Vec<Entry> = log.iter().filter(|entry| entry.call.0 == call).cloned().collect();
            Record::of(&its)
        };
        for cut in 0..=log.len() {
            let (before, batch) = log.split_at(cut);
            let mut ledger = Ledger::default();
            ledger.note(before);
            for call in [8, 7] {
                let done = call == 7 && cut == log.len();
                let expected = if done { None } else { whole(call) };
                let sorted = ByCall::of(batch);
                let its = sorted.calls().find(|(id, _)| id.0 == call).map(|(_, its)| its);
                let record = ledger.record_with(CallId(call), its.unwrap_or_default());
                assert_eq!(record, expected, "call {call}, cut at {cut}");
            }
        }
    }

    #[test]
    fn a_call_whose_beginning_is_not_known_has_no_record_here() {
        let mut ledger = Ledger::default();
        ledger.note(&[answered(1, 9)]);
        assert_eq!(ledger.record_with(CallId(9), &[&ended(2, 9)]), None);
    }
}
