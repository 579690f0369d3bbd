//! Who hears whom in a talk with guests: one table.
//!
//! ```text
//!   hears:        patient  person  listens  whispers  barges  third
//!   patient          ·       x        ·        ·        x       x
//!   person           x       ·        ·        x        x       x
//!   any guest        x       x        ·        ·        x       x
//! ```
//! Whoever listens in is heard by nobody, and a whisper by the person alone: not by the patient, not by the
//! recording, and not by other guests. Who has put us on hold is left out by the worker.
//!
//! In a call that a phone of ours has placed, who has dialled has the place of the person and whom he called that of the
//! patient, who may be one: a whisper is for who has dialled, also where both are staff.

use crate::id::LegId;
use crate::report::event::GuestMode;

/// What somebody is in a talk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The patient, or whom a phone of ours has called.
    Patient,
    /// The person whom the flow called, or who has called from a phone of ours.
    Person,
    /// A supervisor or a third party.
    Guest(GuestMode),
}

impl Place {
    /// Whether whoever is here hears somebody who is there.
    pub const fn hears(self, other: Self) -> bool {
        match (other, self) {
            (Place::Guest(GuestMode::Listen), _) => false,
            (Place::Guest(GuestMode::Whisper), Place::Person) => true,
            (Place::Guest(GuestMode::Whisper), Place::Patient | Place::Guest(_)) => false,
            (Place::Patient | Place::Person | Place::Guest(GuestMode::Barge | GuestMode::Third), _) => true,
        }
    }

    /// Whether keys of the others go to whoever is here, and his to them: to those who talk, and to no supervisor, whose
    /// keys are orders.
    pub const fn has_keys(self) -> bool {
        match self {
            Place::Patient | Place::Person | Place::Guest(GuestMode::Third) => true,
            Place::Guest(GuestMode::Listen | GuestMode::Whisper | GuestMode::Barge) => false,
        }
    }

    /// Whether whoever is here talks with all others, the patient among them.
    pub const fn talks(self) -> bool {
        match self {
            Place::Patient | Place::Person => true,
            Place::Guest(mode) => mode.talks_with_patient(),
        }
    }
}

/// Each leg of a talk with the legs that it hears, in the order of the talk.
pub fn table(talk: &[(Place, LegId)]) -> Vec<(LegId, Vec<LegId>)> {
    let heard_by = |place: Place, leg: LegId| {
        let others = talk.iter().filter(|(_, other)| *other != leg);
        others.filter(|(other, _)| place.hears(*other)).map(|(_, other)| *other).collect()
    };
    talk.iter().map(|&(place, leg)| (leg, heard_by(place, leg))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lines as in the picture above: who is in this line hears those with an `x`.
    fn drawn(talk: &[Place]) -> Vec<String> {
        let legs: Vec<(Place, LegId)> = talk.iter().copied().zip((1..).map(LegId)).collect();
        let line = |(leg, heard): (LegId, Vec<LegId>)| {
            let mark = |other: LegId| match (other == leg, heard.contains(&other)) {
                (true, heard) => {
                    assert!(!heard, "{leg} hears itself");
                    '·'
                }
                (false, true) => 'x',
                (false, false) => '.',
            };
            legs.iter().map(|(_, other)| mark(*other)).collect()
        };
        table(&legs).into_iter().map(line).collect()
    }

    #[test]
    fn who_hears_whom_is_a_matter_of_who_they_are() {
        use GuestMode::{Barge, Listen, Third, Whisper};
        use Place::{Guest, Patient, Person};
        let table: [(&str, &[Place], &[&str]); 9] = [
            ("two talk", &[Patient, Person], &["·x", "x·"]),
            ("one listens", &[Patient, Person, Guest(Listen)], &["·x.", "x·.", "xx·"]),
            ("one whispers", &[Patient, Person, Guest(Whisper)], &["·x.", "x·x", "xx·"]),
            ("one barges in", &[Patient, Person, Guest(Barge)], &["·xx", "x·x", "xx·"]),
            ("an interpreter", &[Patient, Person, Guest(Third)], &["·xx", "x·x", "xx·"]),
            (
                "an interpreter, and a supervisor who whispers",
                &[Patient, Person, Guest(Third), Guest(Whisper)],
                &["·xx.", "x·xx", "xx·.", "xxx·"],
            ),
            (
                "two supervisors: a whisper is for the person alone",
                &[Patient, Person, Guest(Whisper), Guest(Listen)],
                &["·x..", "x·x.", "xx·.", "xx.·"],
            ),
            ("the person has left the third party", &[Patient, Guest(Third)], &["·x", "x·"]),
            (
                "and a whisper finds nobody then",
                &[Patient, Guest(Third), Guest(Whisper)],
                &["·x.", "x·.", "xx·"],
            ),
        ];
        for (why, talk, expected) in table {
            assert_eq!(drawn(talk), expected, "{why}");
        }
    }

    #[test]
    fn who_talks_with_the_patient_hears_him_and_is_heard_by_him() {
        let modes = [GuestMode::Listen, GuestMode::Whisper, GuestMode::Barge, GuestMode::Third];
        for place in modes.map(Place::Guest).into_iter().chain([Place::Person]) {
            let both = Place::Patient.hears(place) && place.hears(Place::Patient);
            assert_eq!(place.talks(), both, "{place:?}");
        }
    }
}
