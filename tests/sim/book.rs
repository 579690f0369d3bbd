//! The event log of a world: each entry is checked, and is durable a little later.

use super::check::Wrong;
use super::check::log::Context;
use super::world::{Event, World};
use careline::id::LegId;
use careline::report::event::{self, Entry, GuestMode, TransferStep};
use careline::switch::interface::Input;
use std::time::Duration;

impl World {
    /// One more entry of the event log.
    pub(super) fn append(&mut self, entry: Entry) -> Result<(), Wrong> {
        self.ladder.note(self.now, &format!("log {} {}: {:?}", entry.seq, entry.call, entry.event));
        for entry in self.spoil_entry(entry).into_iter().flatten() {
            self.store.appended = entry.seq;
            let context = Context {
                now: self.now,
                durable: self.store.durable,
                disk_trouble: self.disk_trouble || self.disk.struck().is_some(),
                draining: self.draining,
                phones: &self.phones,
                signals: &self.checker.signals,
            };
            self.checker.log.append(&entry, &context)?;
            self.marks.note(&entry);
            if let Some(patient) = self.checker.log.calls().get(&entry.call).map(|call| call.leg) {
                self.judge_guest(&entry, patient)?;
                self.checker.streams.follow(patient, &entry.event);
            }
            if let event::Event::Bridged { leg } = entry.event
                && let Some(call) = self.checker.log.calls().get(&entry.call)
            {
                self.checker.streams.intend(call.leg, leg);
            }
            if let event::Event::Transfer { step: TransferStep::Taken { .. }, .. } = entry.event {
                self.just_taken = true;
            } else if let event::Event::Bridged { .. } = entry.event {
                self.just_taken = false;
            }
            if let event::Event::Transfer { by, step: TransferStep::Consults { with } } = entry.event {
                self.checker.streams.intend(by, with);
            }
        }
        self.plan_commit();
        Ok(())
    }

    /// A third party was told of the recording before he came in, and the vendor of an interpreter had its keys.
    fn judge_guest(&mut self, entry: &Entry, patient: LegId) -> Result<(), Wrong> {
        match &entry.event {
            // After a kill a later start may give the number again.
            event::Event::GuestCalled { leg, .. } => drop(self.visits.interpreters.remove(leg)),
            event::Event::InterpreterCalled { leg, .. } => drop(self.visits.interpreters.insert(*leg)),
            _ => {}
        }
        let event::Event::GuestJoined { leg, mode } = &entry.event else { return Ok(()) };
        if *mode != GuestMode::Third || !self.checker.log.is_recorded(entry.call) {
            return Ok(());
        }
        let interprets = self.visits.interpreters.contains(leg);
        let its = self.checker.streams.leg(*leg);
        if its.is_some_and(|its| if interprets { its.dialled } else { its.spoken_to }) {
            Ok(())
        } else {
            Err(format!("{leg} joins the talk of {patient}, which is recorded, and nobody told him"))
        }
    }

    fn plan_commit(&mut self) {
        if self.store.committing || self.store.appended == self.store.durable {
            return;
        }
        self.store.committing = true;
        let at = (self.now + self.store_delay).max(self.store.stuck_until);
        let up_to = self.store.appended;
        if self.spoil_durable() {
            let way = Duration::from_micros(10);
            self.heap.push(self.now + way, Event::Committed { life: self.life, up_to: u64::MAX });
        }
        self.heap.push(at, Event::Committed { life: self.life, up_to });
    }

    /// A commit of the store ends.
    pub(super) fn commit(&mut self, up_to: u64) -> Result<(), Wrong> {
        if up_to == u64::MAX {
            let up_to = self.store.appended;
            return self.tell_switch(Input::Durable { up_to });
        }
        self.store.committing = false;
        self.store.durable = up_to;
        self.plan_commit();
        self.tell_switch(Input::Durable { up_to })
    }
}
