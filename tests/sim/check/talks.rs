//! Who may hear whom in a talk with guests, by what the log tells: written without a look at how the engine knows it.

use careline::id::LegId;
use careline::report::event::{Event, GuestMode};
use std::collections::BTreeMap;

/// The talk of one patient, or of a phone of the house that has dialled.
#[derive(Clone, Debug, Default)]
pub struct Talk {
    /// A phone of the house has dialled: supervisors help who is at it.
    is_dialled: bool,
    person: Option<LegId>,
    guests: BTreeMap<LegId, GuestMode>,
}

impl Talk {
    /// One more entry of its call.
    pub fn follow(&mut self, event: &Event) {
        match event {
            Event::Arrived { flow, .. } => {
                self.is_dialled = ["dialled", "emergency"].contains(&flow.as_str())
            }
            Event::Bridged { leg } => self.person = Some(*leg),
            Event::Unbridged { leg } => _ = self.person.take_if(|person| *person == *leg),
            Event::GuestJoined { leg, mode } | Event::GuestChanged { leg, mode } => {
                self.guests.insert(*leg, *mode);
            }
            Event::GuestLeft { leg } => _ = self.guests.remove(leg),
            _ => {}
        }
    }

    /// Guests are in it.
    pub fn has_guests(&self) -> bool {
        !self.guests.is_empty()
    }

    /// Somebody talks with the patient.
    pub fn is_on(&self) -> bool {
        self.person.is_some() || self.guests.values().any(|mode| is_heard_by_patient(*mode))
    }

    /// Everybody but the patient.
    pub fn others(&self) -> impl Iterator<Item = LegId> {
        self.person.into_iter().chain(self.guests.keys().copied())
    }

    /// Those whom a leg of it may hear.
    pub fn heard_by(&self, patient: LegId, leg: LegId) -> Vec<LegId> {
        let person_hears = |(guest, mode): (&LegId, &GuestMode)| {
            (*guest != leg && *mode != GuestMode::Listen).then_some(*guest)
        };
        let all_hear = |(guest, mode): (&LegId, &GuestMode)| {
            (*guest != leg && is_heard_by_patient(*mode)).then_some(*guest)
        };
        let pair = [Some(patient), self.person].into_iter().flatten().filter(|other| *other != leg);
        let helped = if self.is_dialled { Some(patient) } else { self.person };
        if helped == Some(leg) {
            pair.chain(self.guests.iter().filter_map(person_hears)).collect()
        } else {
            pair.chain(self.guests.iter().filter_map(all_hear)).collect()
        }
    }

    /// A guest whom the one whose leg arrived must not hear.
    pub fn secret(&self) -> Option<LegId> {
        let is_helped = |mode: GuestMode| self.is_dialled && mode == GuestMode::Whisper;
        let secret = |mode: GuestMode| !is_heard_by_patient(mode) && !is_helped(mode);
        self.guests.iter().find(|(_, mode)| secret(**mode)).map(|(leg, _)| *leg)
    }
}

fn is_heard_by_patient(mode: GuestMode) -> bool {
    mode == GuestMode::Barge || mode == GuestMode::Third
}
