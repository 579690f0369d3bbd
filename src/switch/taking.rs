//! A person has spoken with a colleague in a call of his own, and hands the talk on to that one: attended transfer
//! (RFC 5589 §7, RFC 3891 §3).
//!
//! ```text
//!   patient ══ person                          patient    person
//!                ║ same phone        REFER        ╚══════╗        NOTIFY 200, BYE to both legs of his
//!              person ══ colleague   ─────▶    person   colleague
//!
//!   the colleague rings still:  patient on the bed, person aside, and on as in every transfer (`transfer.rs`)
//! ```
//! The colleague's phone hears of nothing but the patient: its leg goes from the one call to the other, on another worker
//! if need be. Only a call that a phone of ours has dialled is taken from, never a patient's, and never one for help; and
//! only by the user, or the phone, that is in it. Whoever is refused talks on as before.

use super::Switch;
use super::call::{Brought, Call, Person, Resuming, Voice};
use super::person::STATUS_NO_PORT;
use super::transfer::{STATUS_FORBIDDEN, STATUS_NO_CALL, STATUS_PENDING};
use crate::call::leg::{DialogOf, Leg};
use crate::flow::action::Urgency;
use crate::id::{CallId, LegId};
use crate::limits::TRANSFER_RING;
use crate::media::command::WorkerIndex;
use crate::report::event::{Cause, Event, Party, TransferMeans, TransferStep};
use crate::sip::interface as sip;
use crate::sip::refer::Replaced;

/// It is answered, and only a call that rings is meant (RFC 3891 §3).
const STATUS_ANSWERED: u16 = 486;
/// It is over (RFC 3891 §3).
pub(super) const STATUS_OVER: u16 = 603;

/// A call out of which somebody is taken.
pub(super) struct Consult {
    call: CallId,
    /// The leg of who hands on there.
    aside: LegId,
    /// What who hands on is in it.
    role: Role,
}

/// What who hands on is in the call with his colleague.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    /// He has called.
    Caller,
    /// He was called.
    Called,
}

/// Somebody who is taken out of a call.
struct Taken {
    person: Person,
    /// Whom the log names.
    told: String,
}

impl Switch {
    /// The call whose party the person of this talk may have in his place; or the status that says no.
    pub(super) fn may_take_over(&self, id: CallId, by: LegId, replaced: Replaced) -> Result<Consult, u16> {
        let aside = leg_of(replaced)?;
        let known = self.legs.get(&aside).and_then(|from| Some((*from, self.calls.get(from)?)));
        let (from, consult) = known.filter(|(_, call)| call.ending.is_none()).ok_or(STATUS_OVER)?;
        let is_dialled = consult.run.placed().is_some_and(|placed| placed.urgency() == Urgency::Usual);
        let role = consult.role_of(aside).filter(|_| is_dialled && from != id).ok_or(STATUS_FORBIDDEN)?;
        if !self.is_same_phone(id, by, consult, role) || !self.may_meet(id, by, consult, role) {
            return Err(STATUS_FORBIDDEN);
        }
        if consult.transfer.is_some() {
            return Err(STATUS_PENDING);
        }
        let leg = consult.given(role).ok_or(STATUS_NO_CALL)?;
        self.has_room_beside(id, leg)?;
        Ok(Consult { call: from, aside, role })
    }

    /// Whether the party of this leg of a talk and that party of another call are one: one user, or one address where either is
    /// no user.
    fn is_same_phone(&self, id: CallId, by: LegId, consult: &Call, role: Role) -> bool {
        let of_person = |person: &Person| (self.sip.user_named(&person.target), person.leg.peer);
        let of_caller = |call: &Call| {
            let placed = call.run.placed();
            (placed.and_then(|placed| placed.user.as_deref().map(str::to_owned)), call.patient.peer)
        };
        let of = |call: &Call, role: Role| match role {
            Role::Caller => Some(of_caller(call)),
            Role::Called => call.person.as_ref().map(of_person),
        };
        let asks = |call: &Call| if call.is_patient(by) { Role::Caller } else { Role::Called };
        let asker = self.calls.get(&id).and_then(|call| of(call, asks(call)));
        match asker.zip(of(consult, role)) {
            Some(((Some(user), _), (Some(other), _))) => user == other,
            Some(((_, peer), (_, other))) => peer == other,
            None => false,
        }
    }

    /// Whether those two may meet who would: whom a phone of ours has called outside is handed to nobody but our users.
    fn may_meet(&self, id: CallId, by: LegId, consult: &Call, role: Role) -> bool {
        let Some(call) = self.calls.get(&id).filter(|call| call.is_patient(by)) else { return true };
        let is_ours = |call: &Call| call.person.as_ref().is_some_and(|its| self.sip.is_user(&its.target));
        is_ours(call) || role == Role::Called || is_ours(consult)
    }

    /// Whether a leg can come to the worker of this patient: it is there, or a port is. Who rings comes when he answers.
    fn has_room_beside(&self, id: CallId, leg: &Leg) -> Result<(), u16> {
        let worker = self.worker_of_patient(id).ok_or(STATUS_NO_CALL)?;
        if !leg.open || self.worker_of(leg) == worker {
            return Ok(());
        }
        if self.journeys.contains_key(&leg.id) {
            return Err(STATUS_PENDING);
        }
        if self.ports.rested_on(worker, self.now.at) == 0 { Err(STATUS_NO_PORT) } else { Ok(()) }
    }

    /// Whether a leg that is about to be opened can be with this patient.
    pub(super) fn has_room_for(&self, id: CallId, leg: &Leg) -> bool {
        let worker = self.worker_of_patient(id);
        worker.is_some_and(|worker| leg.worker == worker || self.ports.rested_on(worker, self.now.at) > 0)
    }

    fn worker_of(&self, leg: &Leg) -> WorkerIndex {
        self.journeys.get(&leg.id).map_or(leg.worker, |journey| journey.goes_to())
    }

    fn worker_of_patient(&self, id: CallId) -> Option<WorkerIndex> {
        self.calls.get(&id).map(|call| self.worker_of(&call.patient))
    }

    /// The person who was called goes to the patient's worker, if he is on another one. `None` if no port is free there.
    pub(super) fn bring_beside_patient(&mut self, id: CallId) -> Option<()> {
        let worker = self.worker_of_patient(id)?;
        let leg = self.calls.get(&id)?.person.as_ref()?.leg.clone();
        if self.worker_of(&leg) == worker { Some(()) } else { self.move_leg(&leg, worker) }
    }

    /// The colleague comes into this call, and who asked is out of both.
    pub(super) fn take_person_over(&mut self, id: CallId, by: LegId, consult: Consult) {
        let from = consult.call;
        let Some(Taken { mut person, told }) = self.take_out(consult, id) else {
            return self.sip(sip::Command::TellRefer { leg: by, status: STATUS_OVER });
        };
        let (leg, talks) = (person.leg.id, person.talks());
        person.brought = Brought::ByTransfer;
        if let Some(until) = &mut person.ring_until {
            *until = (*until).min(self.now.at + TRANSFER_RING);
        }
        self.turn_for(id, by);
        self.set_aside(id, by, &told, TransferMeans::Phone);
        self.append(id, Event::PersonCalled { leg, target: told });
        if let Some(call) = self.calls.get_mut(&id) {
            call.person = Some(person);
        }
        if talks {
            self.bridge_in_place(id, leg);
        } else {
            self.lead_on_if_alone(id);
            self.turn_beds(id);
        }
        self.rekey(from);
        self.rekey(id);
    }

    /// The person who came in the place of another one talks with the patient at once.
    pub(super) fn bridge_in_place(&mut self, id: CallId, leg: LegId) {
        // There was a port a moment ago.
        let _ = self.bring_beside_patient(id);
        self.turn_back(id);
        self.let_hear(id);
        self.counters.bridged += 1;
        self.tell_of_talk(id);
        if self.leg_of(id, leg).is_some_and(|leg| leg.is_held()) {
            self.tell_of_hold(id, leg, true);
        }
        self.transfer_done(id, leg);
        self.await_voice(id);
        self.keep_again(id, leg);
    }

    /// Takes the colleague out of the call with who hands on, which is over. His leg is of the other call from now on.
    fn take_out(&mut self, consult: Consult, into: CallId) -> Option<Taken> {
        let Consult { call: from, aside, role } = consult;
        let taken = self.part_consult(from, role)?;
        let leg = taken.person.leg.id;
        self.append(from, Event::Transfer { by: aside, step: TransferStep::Taken { into } });
        self.legs.insert(leg, into);
        self.ladders.hand_over(leg, from, into);
        self.counters.transfers_attended += 1;
        let by = match role {
            Role::Caller => Party::Caller,
            Role::Called => Party::Person,
        };
        if role == Role::Caller {
            // He has not hung up: his phone is told.
            self.sip(sip::Command::HangUp { leg: aside, reason: None });
        }
        self.end_call(from, Cause::Normal, by, None);
        Some(taken)
    }

    /// Parts the two of such a call; what is left in it is the leg of who hands on, as its caller.
    fn part_consult(&mut self, from: CallId, role: Role) -> Option<Taken> {
        let realm = self.house.realm().to_owned();
        let call = self.calls.get_mut(&from)?;
        let mut person = call.person.take()?;
        let (leg, talked, held) = (person.leg.id, person.talks(), person.leg.is_held());
        self.let_hear(from);
        if talked {
            if held {
                self.append(from, Event::Hold { on: false, by: Party::Person });
            }
            self.append(from, Event::Unbridged { leg });
        }
        let call = self.calls.get_mut(&from)?;
        let placed = call.run.placed()?;
        let told = match role {
            Role::Caller => placed.told(&person.target),
            Role::Called => {
                person.target = format!("sip:{}@{realm}", placed.user.as_deref().unwrap_or_default());
                // Of who had called nobody noted whether he was heard.
                person.voice = Voice::Heard;
                std::mem::swap(&mut person.leg, &mut call.patient);
                std::mem::swap(&mut person.under, &mut call.under);
                person.target.clone()
            }
        };
        Some(Taken { person, told })
    }
}

/// The leg whose place is to be taken; or the status that says that there is none (RFC 3891 §3).
pub(super) const fn leg_of(replaced: Replaced) -> Result<LegId, u16> {
    match replaced {
        Replaced::Leg(leg) => Ok(leg),
        Replaced::Nobody => Err(STATUS_NO_CALL),
        Replaced::Answered => Err(STATUS_ANSWERED),
        Replaced::Over => Err(STATUS_OVER),
    }
}

impl Call {
    /// What the party of this leg is in the call, if it may be taken apart.
    fn role_of(&self, leg: LegId) -> Option<Role> {
        let is_person = self.person.as_ref().is_some_and(|person| person.leg.id == leg && person.talks());
        match (self.is_patient(leg), is_person) {
            (true, _) => Some(Role::Caller),
            (false, true) => Some(Role::Called),
            (false, false) => None,
        }
    }

    /// The leg that is given when the party with this role goes: of somebody who is called or talked with.
    fn given(&self, role: Role) -> Option<&Leg> {
        let person = self.person.as_ref().filter(|_| self.resuming == Resuming::Over);
        let person = person.filter(|person| person.leg.dialog == DialogOf::ThisStart)?;
        match role {
            Role::Caller => Some(&person.leg),
            Role::Called => Some(&self.patient),
        }
    }
}
