//! A person hands the talk on to another one: its phone sends REFER (RFC 3515, RFC 5589 §6.1).
//!
//! ```text
//!  talk ──REFER──▶ patient on the bed, who asked aside, the other one rung ──answer──▶ talk with the other one
//!                      │ who asked may hang up            │                            who asked: NOTIFY 200, BYE
//!                      │                                  └─ nobody: who asked is there ──▶ talk with that one again
//!                      └─ the patient hangs up: all of it ends       └─ it has left ─────▶ up the person ladder
//! ```
//! Only a person may ask, and only for a user of ours or for somebody whom the flows call anyway: nobody makes us call a
//! number that he chooses. The flow knows nothing of it: for it the talk goes on.

use super::Switch;
use super::call::{Person, Transfer};
use super::person::{Placed, STATUS_NO_PORT, STATUS_STOPPING};
use super::ports::Owned;
use crate::flow::action::{Aid, ConnectEnd, Input, Urgency};
use crate::id::{CallId, LegId};
use crate::limits::TRANSFER_RING;
use crate::report::event::{Event, TransferStep};
use crate::sip::carrier::Dialled;
use crate::sip::interface as sip;
use crate::sip::refer::{Refer, Whom};
use crate::wire::sip::uri::Uri;
use crate::wire::sip::uri_match::same;

/// Who may not ask, and who may not be asked for (RFC 3261 §21.4.4).
const STATUS_FORBIDDEN: u16 = 403;
/// There is no such call (RFC 3891 §3).
const STATUS_NO_CALL: u16 = 481;
/// Another transfer is under way (RFC 3261 §21.4.27).
const STATUS_PENDING: u16 = 491;
/// What who asked is told of a transfer that ended with its call (RFC 3261 §21.4.25).
pub(super) const STATUS_TERMINATED: u16 = 487;

impl Switch {
    /// A party wants the other one put through to somebody else.
    pub(super) fn on_refer(&mut self, leg: LegId, refer: &Refer) {
        let known = self.legs.get(&leg).copied();
        let Some(id) = known.filter(|id| self.calls.get(id).is_some_and(|call| call.ending.is_none())) else {
            return self.sip(sip::Command::RefuseRefer { leg, status: STATUS_NO_CALL });
        };
        match self.may_transfer(id, leg, refer) {
            Ok((target, owned)) => self.begin_transfer(id, leg, target, owned),
            Err(status) => {
                self.counters.transfers_refused += 1;
                self.append(id, Event::Transfer { by: leg, step: TransferStep::Refused { status } });
                self.sip(sip::Command::RefuseRefer { leg, status });
            }
        }
        self.rekey(id);
    }

    /// Whom that party may have the other one put through to, and a port for it; or the status that says no.
    fn may_transfer(&mut self, id: CallId, leg: LegId, refer: &Refer) -> Result<(String, Owned), u16> {
        let call = self.calls.get_mut(&id).ok_or(STATUS_NO_CALL)?;
        if call.transferor_leg(leg).is_some() {
            return Err(STATUS_PENDING);
        }
        if !call.person.as_ref().is_some_and(|person| person.leg.id == leg && person.talks()) {
            return Err(STATUS_FORBIDDEN);
        }
        if refer.replaces.is_some() {
            return Err(STATUS_NO_CALL);
        }
        let target = self.target_of(id, &refer.whom).ok_or(STATUS_FORBIDDEN)?;
        if !self.may_call_person(Urgency::Usual) {
            return Err(STATUS_STOPPING);
        }
        // The one who asked stays on this worker too, so that the talk can go on: nobody is moved for a transfer.
        let owned = self.port_where_patient_is(id).ok_or(STATUS_NO_PORT)?;
        Ok((target, owned))
    }

    /// The target that a REFER means: a user, or somebody whom the flows of this call name. A phone writes the name or
    /// number that was dialled with our own address behind it.
    fn target_of(&self, id: CallId, whom: &Whom) -> Option<String> {
        let mut called = self.calls.get(&id)?.run.set().called();
        let found = match whom {
            Whom::User(target) => return Some(target.clone()),
            Whom::Here(user) => called.find(|target| is_dialled(target, user.expose())),
            Whom::Elsewhere(uri) => {
                let uri = Uri::read(uri.expose().as_bytes()).ok()?;
                called.find(|target| Uri::read(target.as_bytes()).is_ok_and(|its| same(&its, &uri)))
            }
        };
        found.map(str::to_owned)
    }

    fn begin_transfer(&mut self, id: CallId, by: LegId, target: String, owned: Owned) {
        self.counters.transfers += 1;
        self.sip(sip::Command::AcceptRefer { leg: by });
        let held =
            self.calls.get(&id).and_then(|call| call.person.as_ref()).map(|person| person.leg.is_held());
        if held == Some(true) {
            self.tell_of_hold(id, by, false);
        }
        self.append(id, Event::Unbridged { leg: by });
        let step = TransferStep::Began { target: target.clone() };
        self.append(id, Event::Transfer { by, step });
        if let Some(call) = self.calls.get_mut(&id) {
            call.transfer = Some(Transfer { by, from: call.person.take() });
        }
        self.let_hear(id);
        self.lead_on_if_alone(id);
        let leg = self.sip.reserve_leg();
        self.append(id, Event::PersonCalled { leg, target: target.clone() });
        self.place_call(
            id,
            Placed { leg, owned, target, ring: TRANSFER_RING, urgency: Urgency::Usual, aid: Aid::default() },
        );
        self.turn_beds(id);
    }

    /// The person who is called answered and talks with the patient. `false` if nobody hands a talk on.
    pub(super) fn transfer_done(&mut self, id: CallId, to: LegId) -> bool {
        let Some(Transfer { by, from }) = self.take_transfer(id) else { return false };
        self.append(id, Event::Transfer { by, step: TransferStep::Done { to } });
        self.sip(sip::Command::TellRefer { leg: by, status: 200 });
        self.dismiss(id, from, None);
        self.turn_beds(id);
        true
    }

    /// The person who is called was not reached: the patient is back with who asked, or is led on. `false` if nobody
    /// hands a talk on.
    pub(super) fn transfer_failed(&mut self, id: CallId, status: u16) -> bool {
        let Some(Transfer { by, from }) = self.take_transfer(id) else { return false };
        self.counters.transfers_failed += 1;
        self.append(id, Event::Transfer { by, step: TransferStep::Failed { status } });
        self.sip(sip::Command::TellRefer { leg: by, status });
        match from {
            Some(person) => self.give_back(id, person),
            // A third party may talk with him still.
            None if self.calls.get(&id).is_some_and(|call| call.patient_talks()) => {}
            None => self.run_flow(id, Input::ConnectEnded(ConnectEnd::NotReached)),
        }
        true
    }

    /// The talk with who asked goes on as it was.
    fn give_back(&mut self, id: CallId, person: Person) {
        let (leg, holds) = (person.leg.id, person.leg.is_held());
        if let Some(call) = self.calls.get_mut(&id) {
            call.person = Some(person);
        }
        self.let_hear(id);
        self.append(id, Event::Bridged { leg });
        if holds {
            self.tell_of_hold(id, leg, true);
        }
        self.keep_again(id, leg);
        self.turn_beds(id);
    }

    /// Who asked hung up, or is gone: the other one is called all the same.
    pub(super) fn transferor_left(&mut self, id: CallId) {
        let transfer = self.calls.get_mut(&id).and_then(|call| call.transfer.as_mut());
        let Some(person) = transfer.and_then(|transfer| transfer.from.take()) else { return };
        self.append(id, Event::Transfer { by: person.leg.id, step: TransferStep::Left });
        self.close_leg(id, person.leg);
    }

    /// The call, or every talk in it, is over: who asked leaves too.
    pub(super) fn drop_transfer(&mut self, id: CallId, status: u16, reason: Option<&'static str>) {
        let Some(Transfer { by, from }) = self.take_transfer(id) else { return };
        self.counters.transfers_failed += 1;
        self.append(id, Event::Transfer { by, step: TransferStep::Failed { status } });
        self.sip(sip::Command::TellRefer { leg: by, status });
        self.dismiss(id, from, reason);
    }

    fn take_transfer(&mut self, id: CallId) -> Option<Transfer> {
        self.calls.get_mut(&id)?.transfer.take()
    }

    /// Hangs up on who asked; its phone hears first what came of it.
    fn dismiss(&mut self, id: CallId, person: Option<Person>, reason: Option<&'static str>) {
        let Some(person) = person else { return };
        self.sip(sip::Command::HangUp { leg: person.leg.id, reason });
        self.close_leg(id, person.leg);
    }
}

/// Whether who dials `user` at our address means this target: the name in its URI, or its number over a carrier.
fn is_dialled(target: &str, user: &str) -> bool {
    if let Some(dialled) = Dialled::read(target) {
        let digits = |number: &str| number.strip_prefix('+').unwrap_or(number).to_owned();
        return digits(dialled.number.expose()) == digits(user);
    }
    let uri = Uri::read(target.as_bytes()).ok();
    uri.and_then(|uri| uri.user_unescaped()).is_some_and(|name| *name == *user.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_dialled_is_a_name_or_a_number_of_the_flows() {
        for (target, user, expected) in [
            ("sip:front-desk@10.0.0.9:5060", "front-desk", true),
            ("sip:front-desk@10.0.0.9:5060", "Front-Desk", false),
            ("sip:front-desk@10.0.0.9:5060", "front", false),
            ("sip:10.0.0.9", "", false),
            ("trunk:carrier/+16175550142", "+16175550142", true),
            ("trunk:carrier/+16175550142", "16175550142", true),
            ("trunk:carrier/+16175550142", "6175550142", false),
            ("trunk:carrier/+16175550142", "carrier", false),
        ] {
            assert_eq!(is_dialled(target, user), expected, "{target} {user}");
        }
    }
}
