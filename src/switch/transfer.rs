//! A person hands the talk on to another one: its phone sends REFER (RFC 3515, RFC 5589 §6.1), somebody says so by
//! command (`handing.rs`), or the person presses keys for it (`keycode.rs`).
//!
//! ```text
//!  talk ──REFER──▶ patient on the bed, who asked aside, the other one rung ──answer──▶ talk with the other one
//!                      │ who asked may hang up            │                            who asked: NOTIFY 200, BYE
//!                      │                                  └─ nobody: who asked is there ──▶ talk with that one again
//!                      └─ the patient hangs up: all of it ends       └─ it has left ─────▶ up the person ladder
//! ```
//! Only a person may ask, and only for a user of ours or for somebody whom the flows call anyway: nobody makes us call a
//! number that he chooses. The flow knows nothing of it: for it the talk goes on. Who has dialled himself is a person too
//! (`places.rs`). With whom the person has spoken before
//! in a call of his own is not called again but taken out of that call (`taking.rs`).

use super::Switch;
use super::call::{Brought, Person, Transfer};
use super::person::{Placed, STATUS_NO_PORT, STATUS_STOPPING};
use super::ports::Owned;
use super::taking::Consult;
use crate::audio::tone::Signal;
use crate::call::keycode::Reader;
use crate::flow::action::{Aid, ConnectEnd, Input};
use crate::id::{CallId, LegId};
use crate::limits::TRANSFER_RING;
use crate::report::event::{Event, TransferMeans, TransferStep};
use crate::sip::interface as sip;
use crate::sip::refer::Refer;

/// Who may not ask, and who may not be asked for (RFC 3261 §21.4.4).
pub(super) const STATUS_FORBIDDEN: u16 = 403;
/// There is no such call (RFC 3891 §3).
pub(super) const STATUS_NO_CALL: u16 = 481;
/// Another transfer is under way (RFC 3261 §21.4.27).
pub(super) const STATUS_PENDING: u16 = 491;
/// What who asked is told of a transfer that ended with its call (RFC 3261 §21.4.25).
pub(super) const STATUS_TERMINATED: u16 = 487;

/// How a talk is handed on.
enum Granted {
    /// Somebody is called.
    Call { target: String, owned: Owned },
    /// Somebody is taken out of another call.
    Take(Consult),
}

impl Switch {
    /// A party wants the other one put through to somebody else.
    pub(super) fn on_refer(&mut self, leg: LegId, refer: &Refer) {
        let known = self.legs.get(&leg).copied();
        let Some(id) = known.filter(|id| self.calls.get(id).is_some_and(|call| call.ending.is_none())) else {
            return self.sip(sip::Command::RefuseRefer { leg, status: STATUS_NO_CALL });
        };
        match self.may_transfer(id, leg, refer) {
            Ok(granted) => {
                self.sip(sip::Command::AcceptRefer { leg });
                match granted {
                    Granted::Call { target, owned } => {
                        self.begin_transfer(id, leg, target, owned, TransferMeans::Phone);
                    }
                    Granted::Take(consult) => self.take_person_over(id, leg, consult),
                }
            }
            Err(status) => {
                self.counters.transfers_refused += 1;
                self.append(id, Event::Transfer { by: leg, step: TransferStep::Refused { status } });
                self.sip(sip::Command::RefuseRefer { leg, status });
            }
        }
        self.rekey(id);
    }

    /// How that party may have the other one put through; or the status that says no.
    fn may_transfer(&mut self, id: CallId, leg: LegId, refer: &Refer) -> Result<Granted, u16> {
        self.may_ask(id, leg)?;
        if let Some(replaced) = refer.replaces {
            return self.may_take_over(id, leg, replaced).map(Granted::Take);
        }
        let target = self.target_of(id, &refer.whom).ok_or(STATUS_FORBIDDEN)?;
        let owned = self.port_for_transfer(id)?;
        Ok(Granted::Call { target, owned })
    }

    /// Whether the party of this leg may hand the talk on now.
    pub(super) fn may_ask(&mut self, id: CallId, leg: LegId) -> Result<(), u16> {
        let call = self.calls.get_mut(&id).ok_or(STATUS_NO_CALL)?;
        let is_asked = call.is_consulted() && call.person_leg(leg).is_some();
        if is_asked || call.transferor_leg(leg).is_some() {
            return Err(STATUS_PENDING);
        }
        let person = call.person.as_ref().filter(|person| person.leg.id == leg && person.talks());
        let may = match (call.run.placed(), person) {
            (None, person) => person.is_some(),
            (Some(_), None) => call.is_patient(leg) && call.may_be_handed_on(),
            // Whom a phone of ours has called is a colleague, or somebody outside who is to make us call nobody.
            (Some(_), Some(person)) => self.sip.is_user(&person.target),
        };
        if may { Ok(()) } else { Err(STATUS_FORBIDDEN) }
    }

    /// A port for who is called. The one who asked stays beside the patient, so that the talk can go on: where their worker
    /// has no port they go to one that has, with all who are in the talk.
    pub(super) fn port_for_transfer(&mut self, id: CallId) -> Result<Owned, u16> {
        if !self.may_call_person(self.urgency_of(id)) {
            return Err(STATUS_STOPPING);
        }
        self.port_beside_talk(id).ok_or(STATUS_NO_PORT)
    }

    pub(super) fn begin_transfer(
        &mut self,
        id: CallId,
        by: LegId,
        target: String,
        owned: Owned,
        means: TransferMeans,
    ) {
        let urgency = self.urgency_of(id);
        self.turn_for(id, by);
        self.set_aside(id, by, &target, means);
        self.lead_on_if_alone(id);
        let leg = self.sip.reserve_leg();
        self.append(id, Event::PersonCalled { leg, target: target.clone() });
        let (ring, aid, brought) = (TRANSFER_RING, Aid::default(), Brought::ByTransfer);
        self.place_call(id, Placed { leg, owned, target, ring, urgency, aid, brought });
        self.turn_beds(id);
    }

    /// Who asked is heard by nobody from now on. `told` is whom the log names as the other one.
    pub(super) fn set_aside(&mut self, id: CallId, by: LegId, told: &str, means: TransferMeans) {
        self.counters.transfers += 1;
        self.counters.transfers_by_keys += u64::from(means.is_by_keys());
        let held =
            self.calls.get(&id).and_then(|call| call.person.as_ref()).map(|person| person.leg.is_held());
        if held == Some(true) {
            self.tell_of_hold(id, by, false);
        }
        let leg = self.calls.get(&id).map_or(by, |call| call.named_by(by));
        self.append(id, Event::Unbridged { leg });
        let step = TransferStep::Began { target: told.to_owned(), means };
        self.append(id, Event::Transfer { by, step });
        if let Some(call) = self.calls.get_mut(&id) {
            let mut from = call.person.take();
            if let Some(person) = &mut from {
                // What was pressed for another number is for nobody now.
                person.keys = Reader::default();
            }
            call.transfer = Some(Transfer { by, from, asked: None, means });
        }
        self.let_hear(id);
    }

    /// The person who is called answered and talks with the patient. `false` if nobody hands a talk on.
    pub(super) fn transfer_done(&mut self, id: CallId, to: LegId) -> bool {
        let Some(Transfer { by, from, asked, .. }) = self.take_transfer(id) else { return false };
        self.append(id, Event::Transfer { by, step: TransferStep::Done { to } });
        self.tell_of_transfer(asked, None);
        self.sip(sip::Command::TellRefer { leg: by, status: 200 });
        self.dismiss(id, from, None);
        self.turn_beds(id);
        true
    }

    /// The person who is called was not reached: the patient is back with who asked, or is led on. `false` if nobody
    /// hands a talk on.
    pub(super) fn transfer_failed(&mut self, id: CallId, status: u16) -> bool {
        let Some(Transfer { by, from, asked, means }) = self.take_transfer(id) else { return false };
        self.counters.transfers_failed += 1;
        self.append(id, Event::Transfer { by, step: TransferStep::Failed { status } });
        self.tell_of_transfer(asked, Some(status));
        self.sip(sip::Command::TellRefer { leg: by, status });
        match from {
            Some(person) => {
                self.give_back(id, person);
                if means.is_by_keys() {
                    self.sound_for(id, by, Signal::NotReached);
                }
            }
            None if self.lead_called_on(id) => {}
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
        self.turn_back(id);
        self.let_hear(id);
        self.tell_of_talk(id);
        if holds {
            self.tell_of_hold(id, leg, true);
        }
        self.await_voice(id);
        self.keep_again(id, leg);
        self.turn_beds(id);
    }

    /// Who asked hung up, or is gone: the other one is called all the same, or talks with the patient now if the two have
    /// spoken.
    pub(super) fn transferor_left(&mut self, id: CallId) {
        let asked = self.calls.get(&id).and_then(|call| call.consulting());
        let transfer = self.calls.get_mut(&id).and_then(|call| call.transfer.as_mut());
        let Some(person) = transfer.and_then(|transfer| transfer.from.take()) else { return };
        self.append(id, Event::Transfer { by: person.leg.id, step: TransferStep::Left });
        if let Some((_, asked)) = asked {
            let holds = self.leg_of(id, asked).is_some_and(|leg| leg.is_held());
            self.counters.transfers_attended += 1;
            self.begin_talk(id, asked, holds);
        }
        self.close_leg(id, person.leg);
    }

    /// The call, or every talk in it, is over: who asked leaves too.
    pub(super) fn drop_transfer(&mut self, id: CallId, status: u16, reason: Option<&'static str>) {
        let Some(Transfer { by, from, asked, .. }) = self.take_transfer(id) else { return };
        self.counters.transfers_failed += 1;
        self.append(id, Event::Transfer { by, step: TransferStep::Failed { status } });
        self.tell_of_transfer(asked, Some(status));
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
