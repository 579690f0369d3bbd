//! Those who talk hear each other: the workers are told what is another than before, and nothing else.
//!
//! ```text
//!  patient alone ──── Apart                 the flow speaks with him
//!  patient, person ── Bridge                a function call on their worker
//!  and a guest ────── Room                  a mix, in which each hears those of `hearing`
//!  person, colleague ─ a bridge beside it    the person asks before he hands on (`keycode.rs`)
//! ```
//! [`Switch::let_hear`] is the one place where legs are brought together or parted. Whoever comes, goes or changes calls it
//! when the call is as it is to be. A leg on its way to another worker has left all others: they are brought together
//! again when the last of them has arrived.

use super::Switch;
use super::guests::Guest;
use super::hearing::{Place, table};
use super::moving::Order;
use crate::id::{CallId, LegId, RoomId};
use crate::media::command::{Command, KeysGo};
use crate::media::tap::Kept;

/// Who hears each other, as the workers were told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Talk {
    /// Nobody.
    #[default]
    Apart,
    /// The patient and this leg.
    Bridge(LegId),
    /// Each leg with those that it hears.
    Room(Vec<(LegId, Vec<LegId>)>),
}

impl Talk {
    fn of(legs: &[(Place, LegId)]) -> Self {
        match legs {
            [] | [_] => Talk::Apart,
            [_, (Place::Patient | Place::Person, other)] => Talk::Bridge(*other),
            _ => Talk::Room(table(legs)),
        }
    }
}

impl Switch {
    /// Brings those together who talk now, and parts the others.
    pub(super) fn let_hear(&mut self, id: CallId) {
        self.turn_keys(id);
        let Some(call) = self.calls.get_mut(&id).filter(|call| call.ending.is_none() && call.patient.open)
        else {
            return;
        };
        let legs = call.talking();
        let kept = self.kept_of_talk(id);
        if kept == Kept::Silence {
            self.keep_of_talk(id, kept);
        }
        let Some(call) = self.calls.get_mut(&id) else { return };
        if legs.iter().any(|(_, leg)| self.journeys.contains_key(leg)) {
            return;
        }
        let wished = Talk::of(&legs);
        // A consultation that is over is parted before its parties are brought together with others.
        let consulting = call.consulting();
        let parted = call.consult.take_if(|told| Some(*told) != consulting);
        let before = std::mem::replace(&mut call.talk, wished.clone());
        let (worker, patient) = (call.patient.worker, call.patient.id);
        let commands = match (before, wished) {
            (before, wished) if before == wished => Vec::new(),
            (_, Talk::Bridge(person)) => vec![Command::Bridge { a: patient, b: person }],
            (Talk::Bridge(_), Talk::Apart) => vec![Command::Unbridge { leg: patient }],
            (Talk::Room(_), Talk::Apart) => vec![Command::Leave { leg: patient }],
            (Talk::Room(before), Talk::Room(wished)) => {
                let aside = call.transfer.as_ref().and_then(|transfer| transfer.from.as_ref());
                let aside = aside.map(|person| person.leg.id);
                let leaves = before.iter().map(|(leg, _)| *leg).find(|leg| Some(*leg) == aside);
                let leaves = leaves.map(|leg| Command::Leave { leg });
                leaves.into_iter().chain(changes(&before, &wished, &legs, RoomId(id.0))).collect()
            }
            (Talk::Apart | Talk::Bridge(_), Talk::Room(wished)) => changes(&[], &wished, &legs, RoomId(id.0)),
            (Talk::Apart, Talk::Apart) => Vec::new(),
        };
        let parted = parted.map(|(from, _)| Command::Unbridge { leg: from });
        for command in parted.into_iter().chain(commands) {
            self.order(worker, patient, Order::Media(command));
        }
        self.let_consult(id);
        if kept == Kept::Sound {
            self.keep_of_talk(id, kept);
        }
    }

    /// Who hands the talk on and the one whom he asks first hear each other; the patient hears neither.
    fn let_consult(&mut self, id: CallId) {
        let Some(call) = self.calls.get_mut(&id).filter(|call| call.consult.is_none()) else { return };
        let Some((from, asked)) = call.consulting() else { return };
        if [from, asked].iter().any(|leg| self.journeys.contains_key(leg)) {
            return;
        }
        call.consult = Some((from, asked));
        let worker = call.patient.worker;
        self.order(worker, from, Order::Media(Command::Bridge { a: from, b: asked }));
    }

    /// What the recording keeps of those who talk: silence, if one of them is not to be recorded.
    fn kept_of_talk(&self, id: CallId) -> Kept {
        let Some(call) = self.calls.get(&id) else { return Kept::Sound };
        let person = call.person_with_patient();
        let is_silent = person
            .is_some_and(|person| person.came_from_outside() || self.is_unrecorded(&person.target))
            || call.guests.iter().any(Guest::is_unrecorded);
        if is_silent { Kept::Silence } else { Kept::Sound }
    }

    /// Whoever is not to be recorded is heard only after the recording has paused, and it goes on only after he is heard no
    /// more.
    fn keep_of_talk(&mut self, id: CallId, kept: Kept) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        if std::mem::replace(&mut call.kept, kept) == kept {
            return;
        }
        match kept {
            Kept::Silence => self.pause_recording(id),
            Kept::Sound => self.resume_recording(id),
        }
    }
}

/// What makes the one room of the other: first all are in it, then each hears those that it may. Who is gone has left it
/// when its leg is closed; who is only set aside leaves it before, or he would hear on.
fn changes(
    before: &[(LegId, Vec<LegId>)],
    wished: &[(LegId, Vec<LegId>)],
    legs: &[(Place, LegId)],
    room: RoomId,
) -> Vec<Command> {
    let known = |leg: LegId| before.iter().find(|(its, _)| *its == leg).map(|(_, heard)| heard);
    let come = legs.iter().filter(|(_, leg)| known(*leg).is_none());
    let join = |&(place, leg): &(Place, LegId)| {
        let keys = match place {
            Place::Guest(mode) if mode.supervises() => KeysGo::Nowhere,
            Place::Patient | Place::Person | Place::Guest(_) => KeysGo::ToTheOthers,
        };
        Command::Join { leg, room, hears: Vec::new(), keys }
    };
    let another = wished.iter().filter(|(leg, heard)| known(*leg) != Some(heard));
    let hears = |(leg, whom): &(LegId, Vec<LegId>)| Command::Hears { leg: *leg, whom: whom.clone() };
    come.map(join).chain(another.map(hears)).collect()
}
