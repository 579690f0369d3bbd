//! Somebody waits: a bed is under the wait, whoever is waited for, and the log tells who lets whom wait.
//!
//! ```text
//!  a person is rung, a server asked ──▶ patient on the bed       a transfer ───────▶ patient on the bed
//!  the person holds ──────────────────▶ patient on the bed       the patient holds ──▶ person on the bed
//! ```
//! A person who waits for an interpreter with the patient lies on the bed too. While a guest talks with him too, the patient waits for nobody. What a guest's phone holds is no event: the others go on.
//!
//! Who has put us on hold is heard by nobody (`media/engine/rooms.rs`), whatever its phone sends; the bridge stands, so that
//! both hear each other again in the tick of the resume. The worker is told of changes alone.

use super::Switch;
use super::call::Under;
use super::moving::Order;
use crate::audio::tone::Wait;
use crate::call::leg::Leg;
use crate::flow::edition::Edition;
use crate::id::{CallId, LegId};
use crate::media::command::Command;
use crate::report::event::{Event, Party};

impl Switch {
    /// What each party hears while nothing else is to be heard: the bed if it waits, and nothing once somebody talks
    /// with it or a message is taken.
    pub(super) fn turn_beds(&mut self, id: CallId) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        // Who has pressed keys to hand on has no phone that shows what comes of it.
        let rings = call.person.as_ref().is_some_and(|person| person.ring_until.is_some());
        let by_keys = call.transfer.as_ref().is_some_and(|transfer| transfer.means.is_by_keys());
        let of_transferor = if rings && by_keys { Under::Ringing } else { Under::Silence };
        let is_consulted = call.is_consulted();
        let from = call.transfer.as_mut().and_then(|transfer| transfer.from.as_mut());
        let of_transferor = from.and_then(|person| {
            let change = turned(&mut person.under, of_transferor, &person.leg)?;
            Some((person.leg.clone(), change))
        });
        let patient_holds = call.patient.is_held();
        let is_held = call.patient_is_held();
        let there = call.person.as_mut().filter(|person| person.talks() || person.waits());
        let of_person = there.and_then(|person| {
            let waits = (patient_holds && !is_consulted) || person.waits();
            let change = turned(&mut person.under, under(waits), &person.leg)?;
            Some((person.leg.clone(), change))
        });
        let is_handed = call.transfer.is_some() && !call.patient_talks();
        let wished = under(is_held || is_handed || call.run.waits());
        let of_patient = turned(&mut call.under, wished, &call.patient);
        let of_patient = of_patient.map(|change| (call.patient.clone(), change));
        let edition = call.run.edition();
        for (leg, under) in [of_patient, of_person, of_transferor].into_iter().flatten() {
            self.lay_bed(&leg, edition, under);
        }
    }

    fn lay_bed(&mut self, leg: &Leg, edition: Edition, under: Under) {
        let Some(codec) = leg.codec() else { return };
        let order = match under {
            Under::Bed => Order::Bed { edition, wait: Wait::Notes, codec },
            Under::Ringing => Order::Bed { edition, wait: Wait::Ringing, codec },
            Under::Silence => Order::Media(Command::Bed { leg: leg.id, sound: None }),
        };
        self.order(leg.worker, leg.id, order);
    }

    /// A party has put us on hold, or took us back. Nobody waits for a person who hands the talk on.
    pub(super) fn tell_of_hold(&mut self, id: CallId, leg: LegId, on: bool) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        let is_patient = call.is_patient(leg);
        let is_asked = call.is_consulted() && !is_patient;
        if is_asked || call.guest(leg).is_some() || call.transferor_leg(leg).is_some() {
            return;
        }
        let by = call.party_of(leg);
        if on && by == Party::Person {
            self.counters.patients_held += 1;
        }
        self.append(id, Event::Hold { on, by });
    }
}

/// What is under the words to a party, by whether it waits.
const fn under(waits: bool) -> Under {
    if waits { Under::Bed } else { Under::Silence }
}

/// What the worker of an open leg is to be told, if it is another thing than before.
fn turned(under: &mut Under, wished: Under, leg: &Leg) -> Option<Under> {
    let is_open = leg.open && leg.codec().is_some();
    (is_open && std::mem::replace(under, wished) != wished).then_some(wished)
}
