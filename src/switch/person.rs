//! A person is called for the patient, and bridged with him: the first rung of the ladder that has a voice.
//!
//! The person's leg lives on the patient's worker, so that the bridge is a function call there (`moving.rs`). While
//! it rings the flow goes on speaking to the patient.

use super::Switch;
use super::call::{Brought, Menu, Person, Voice};
use super::guests::Guest;
use super::incoming::new_leg;
use super::moving::Order;
use super::ports::Owned;
use crate::call::leg::{Leg, Silence};
use crate::flow::action::{Aid, ConnectEnd, Input, Urgency};
use crate::id::{CallId, LegId};
use crate::limits::MENU_PAUSE;
use crate::media::command::{Audible, Command};
use crate::phi::Phi;
use crate::report::event::{Cause, Event, GuestMode, Party, Pressed};
use crate::sip::interface as sip;
use crate::sip::way::Way;
use crate::wire::sip::diversion::Wish;
use std::time::Duration;

/// The final status that the record gives to a person who let it ring: request timeout.
pub(super) const STATUS_RANG_OUT: u16 = 408;
/// The final status that the record gives to a person who hung up while an interpreter was called: request terminated.
const STATUS_LEFT: u16 = 487;
/// The final status that the record gives when nobody is called because the engine stops: service unavailable.
pub(super) const STATUS_STOPPING: u16 = 503;
/// The final status that the record gives when no port was free: service unavailable.
pub(super) const STATUS_NO_PORT: u16 = 503;

/// A call to a person that is to be placed.
pub(super) struct Placed {
    /// Its leg.
    pub leg: LegId,
    /// Its port.
    pub owned: Owned,
    /// Whom: a target of the configuration, or a user.
    pub target: String,
    /// How long it may ring.
    pub ring: Duration,
    /// How much hangs on it.
    pub urgency: Urgency,
    /// What the talk needs besides.
    pub aid: Aid,
    /// How he comes into the call.
    pub brought: Brought,
}

/// Whom the flow wants.
pub(super) struct Wanted {
    /// An address of the configuration.
    pub target: String,
    /// How long it may ring.
    pub ring: Duration,
    /// How much hangs on it.
    pub urgency: Urgency,
    /// What the talk needs besides; who is in danger waits for no interpreter.
    pub aid: Aid,
}

impl Switch {
    /// Begins a call to an address of the configuration: where it is must be found out first.
    pub(super) fn call_person(&mut self, id: CallId, wanted: Wanted) {
        let Wanted { target, ring, urgency, aid } = wanted;
        let leg = self.sip.reserve_leg();
        let placed = self.calls.get(&id).and_then(|call| call.run.placed());
        let told = placed.map_or_else(|| target.clone(), |placed| placed.told(&target));
        self.append(id, Event::PersonCalled { leg, target: told });
        if !self.may_call_person(urgency) {
            return self.person_not_reached(id, leg, STATUS_STOPPING);
        }
        let Some(owned) = self.port_beside_patient(id) else {
            return self.person_not_reached(id, leg, STATUS_NO_PORT);
        };
        let brought = Brought::ByFlow;
        self.place_call(id, Placed { leg, owned, target, ring, urgency, aid, brought });
    }

    /// Seeks whoever is to be called, if the rules of a trunk are not against it; the leg owns its port from here on.
    pub(super) fn place_call(&mut self, id: CallId, placed: Placed) {
        let Placed { leg, owned, target, ring, urgency, aid, brought } = placed;
        if let Err(status) = self.toll(&target, urgency) {
            self.ports.release_unused(owned.worker, owned.port);
            return self.person_not_reached(id, leg, status);
        }
        let Some((local, peer)) = self.calls.get(&id).map(|call| (call.local, call.patient.peer)) else {
            return self.ports.release_unused(owned.worker, owned.port);
        };
        let ring_until = Some(self.now.at + ring.min(self.settings.ring));
        self.legs.insert(leg, id);
        if let Some(call) = self.calls.get_mut(&id) {
            let person = new_leg(leg, owned, local, peer);
            let (interpreter, menu) = (aid.interpreter, Menu { keys: aid.keys, at: None });
            let known = Person::known(person, target.clone(), ring_until);
            let voice = Voice::Unheard;
            call.person = Some(Person { interpreter, urgency, menu, brought, voice, ..known });
        }
        self.sip(sip::Command::Locate { leg, target });
    }

    /// It is known how a person or a guest is reached, and by which address of ours: the offer can be made.
    pub(super) fn on_located(&mut self, leg: LegId, way: Way) {
        let Some(&id) = self.legs.get(&leg) else { return };
        if !self.is_wanted_still(id, leg) {
            self.sip(sip::Command::HangUp { leg, reason: None });
            return self.on_called_failed(leg, STATUS_STOPPING);
        }
        let Some(call) = self.calls.get_mut(&id) else { return };
        // Phones of the house are not of those whom a carrier may tell who a caller is that asked for privacy
        // (RFC 3325 §7). Their own users have none among themselves.
        let told = call.carries.privacy.identity == Wish::Told;
        let from_user = match call.run.placed() {
            Some(placed) => placed.presented(),
            None => Self::presented(call.caller.as_ref().filter(|_| told)),
        };
        let Some((its, target)) = call.called(leg) else { return };
        (its.local, its.peer) = (way.local, way.remote.ip());
        let (mut changed, target) = (its.clone(), target.to_owned());
        let sdp = self.make_offer(&mut changed);
        self.promise(&changed);
        if let Some(its) = self.leg_of(id, leg) {
            *its = changed;
        }
        self.ladders.call_out(id, leg, &sdp);
        let carries = self.carried_on(id, leg);
        let call = Box::new(sip::Outgoing { target, from_user, carries, sdp });
        self.sip(sip::Command::Invite { leg, way, call });
    }

    /// Whether a call to somebody who was sought until now may be placed: the engine may have begun to stop meanwhile.
    fn is_wanted_still(&self, id: CallId, leg: LegId) -> bool {
        let Some(call) = self.calls.get(&id) else { return false };
        let person = call.person.as_ref().filter(|person| person.leg.id == leg).map(|person| person.urgency);
        let is_third = |guest: &Guest| guest.leg.id == leg && guest.mode == GuestMode::Third;
        let third = || call.guests.iter().any(is_third).then(|| self.urgency_of(id));
        self.may_call_person(person.or_else(third).unwrap_or(Urgency::Usual))
    }

    /// Somebody whom we called answered: his stream begins.
    pub(super) fn on_answered_by(&mut self, leg: LegId, sdp: &[u8]) {
        let Some(&id) = self.legs.get(&leg) else { return };
        let called = self.calls.get_mut(&id).and_then(|call| call.called(leg));
        let Some(mut its) = called.map(|(leg, _)| leg.clone()) else { return };
        let Ok(agreed) = self.read_answer(&its, sdp) else {
            self.sip(sip::Command::HangUp { leg, reason: Some("SIP;cause=488;text=\"no common media\"") });
            return self.on_called_failed(leg, 488);
        };
        self.open_leg(&mut its, &agreed);
        let holds = its.is_held();
        if let Some(place) = self.leg_of(id, leg) {
            *place = its;
        }
        if self.calls.get_mut(&id).is_some_and(|call| call.guest(leg).is_some()) {
            self.on_guest_answered(id, leg);
        } else {
            self.on_person_answered(id, leg, holds);
        }
        self.rekey(id);
    }

    /// The person answered: both hear each other from the next tick on, unless they wait for an interpreter.
    fn on_person_answered(&mut self, id: CallId, leg: LegId, holds: bool) {
        let now = self.now.at;
        let Some(person) = self.calls.get_mut(&id).and_then(|call| call.person.as_mut()) else { return };
        person.ring_until = None;
        // Who was rung for another call is where that one is (`taking.rs`).
        if self.bring_beside_patient(id).is_none() {
            self.sip(sip::Command::HangUp { leg, reason: None });
            return self.on_called_failed(leg, STATUS_NO_PORT);
        }
        let Some(person) = self.calls.get_mut(&id).and_then(|call| call.person.as_mut()) else { return };
        person.menu.at = (!person.menu.keys.is_empty()).then(|| now + MENU_PAUSE);
        let urgency = person.urgency;
        if self.wait_for_interpreter(id) {
            return match urgency {
                Urgency::Usual => self.turn_beds(id),
                Urgency::Danger => self.wait_no_longer(id),
            };
        }
        self.begin_talk(id, leg, holds);
    }

    /// Keys for the person's menu are due.
    pub(super) fn press_when_due(&mut self, id: CallId) {
        let now = self.now.at;
        let person = self.calls.get_mut(&id).and_then(|call| call.person.as_mut());
        let Some(person) = person.filter(|person| person.menu.at.is_some_and(|at| at <= now)) else { return };
        let (leg, worker) = (person.leg.id, person.leg.worker);
        let keys = Phi::new(std::mem::take(&mut person.menu).keys);
        self.append(id, Event::KeysPressed { leg, pressed: Pressed::Language });
        let audible = Audible::WhereNeeded;
        self.order(worker, leg, Order::Media(Command::Press { leg, keys, audible }));
    }

    /// Patient and person hear each other from the next tick on; or, if he is asked first, he and the one who asks.
    pub(super) fn begin_talk(&mut self, id: CallId, leg: LegId, holds: bool) {
        if self.calls.get(&id).is_some_and(|call| call.is_consulted()) {
            return self.begin_consult(id, leg);
        }
        self.turn_back(id);
        self.let_hear(id);
        self.counters.bridged += 1;
        self.tell_of_talk(id);
        if holds {
            self.tell_of_hold(id, leg, true);
        }
        if !self.transfer_done(id, leg) {
            self.run_flow(id, Input::Connected);
        }
        self.await_voice(id);
        self.keep_again(id, leg);
    }

    /// The log hears that the person talks: who was called.
    pub(super) fn tell_of_talk(&mut self, id: CallId) {
        let person = self.calls.get(&id).and_then(|call| call.person.as_ref());
        if let Some(leg) = person.map(|person| person.leg.id) {
            self.append(id, Event::Bridged { leg });
        }
    }

    /// The call to somebody came to nothing.
    pub(super) fn on_called_failed(&mut self, leg: LegId, status: u16) {
        let Some(&id) = self.legs.get(&leg) else { return };
        let Some(call) = self.calls.get_mut(&id) else { return };
        if call.person_leg(leg).is_some() {
            self.drop_person(id);
            self.person_not_reached(id, leg, status);
        } else if call.guest(leg).is_some() {
            self.on_guest_failed(id, leg, status);
        }
        self.rekey(id);
    }

    /// It rang long enough.
    pub(super) fn give_up_person(&mut self, id: CallId) {
        let Some(leg) = self.calls.get(&id).and_then(|call| call.person.as_ref()).map(|person| person.leg.id)
        else {
            return;
        };
        if self.is_asked_again(id, leg) {
            return self.not_resumed(id, leg);
        }
        self.sip(sip::Command::HangUp { leg, reason: None });
        self.drop_person(id);
        self.person_not_reached(id, leg, STATUS_RANG_OUT);
    }

    /// The person hung up, or is gone: the patient is still here, and somebody else may talk with him.
    pub(super) fn person_left(&mut self, id: CallId, leg: LegId) {
        if self.calls.get(&id).and_then(|call| call.person.as_ref()).is_some_and(Person::waits) {
            self.drop_person(id);
            self.end_guests(id, None);
            return self.person_not_reached(id, leg, STATUS_LEFT);
        }
        if self.calls.get(&id).is_some_and(|call| call.is_consulted()) {
            return self.end_consult(id);
        }
        self.part(id, leg);
        self.turn_beds(id);
        self.lead_on_if_alone(id);
    }

    /// The patient does not talk with the person any more.
    pub(super) fn part(&mut self, id: CallId, leg: LegId) {
        let person = self.calls.get(&id).and_then(|call| call.person.as_ref());
        if person.is_some_and(|person| person.leg.is_held()) {
            self.tell_of_hold(id, leg, false);
        }
        self.drop_person(id);
        self.append(id, Event::Unbridged { leg });
    }

    pub(super) fn person_not_reached(&mut self, id: CallId, leg: LegId, status: u16) {
        self.counters.persons_not_reached += 1;
        self.append(id, Event::PersonNotReached { leg, status });
        if !self.transfer_failed(id, status) {
            self.run_flow(id, Input::ConnectEnded(ConnectEnd::NotReached));
        }
    }

    /// The person is out, and the others hear each other without him.
    pub(super) fn drop_person(&mut self, id: CallId) {
        let Some(person) = self.calls.get_mut(&id).and_then(|call| call.person.take()) else { return };
        self.let_hear(id);
        self.close_leg(id, person.leg);
    }

    /// Gives a leg back that we called: its stream is closed by the worker, or its port is free at once.
    pub(super) fn close_leg(&mut self, id: CallId, leg: Leg) {
        if leg.open {
            let command = Command::Close { leg: leg.id };
            self.order(leg.worker, leg.id, Order::Media(command));
            if let Some(call) = self.calls.get_mut(&id) {
                call.leaving.push(leg);
            }
        } else {
            self.legs.remove(&leg.id);
            self.withdraw(&leg);
            self.ports.release(leg.worker, leg.port, self.now.at);
        }
    }

    /// What came of asking whether the party is still there (OPTIONS in the dialog).
    pub(super) fn on_probed(&mut self, leg: LegId, alive: bool) {
        let Some(&id) = self.legs.get(&leg) else { return };
        if !self.is_gone(id, leg, alive) {
            return self.rekey(id);
        }
        let Some(call) = self.calls.get_mut(&id) else { return };
        if call.is_patient(leg) {
            self.end_call(id, Cause::MediaLost, Party::Engine, None);
        } else if call.person_leg(leg).is_some() {
            self.sip(sip::Command::HangUp { leg, reason: None });
            self.person_left(id, leg);
        } else if call.transferor_leg(leg).is_some() {
            self.sip(sip::Command::HangUp { leg, reason: None });
            self.transferor_left(id);
        } else if call.guest(leg).is_some() {
            self.sip(sip::Command::HangUp { leg, reason: None });
            self.guest_left(id, leg);
        }
        self.rekey(id);
    }

    /// After an offer and answer: a worker tells of the silence of a party that is to send, any other is asked.
    pub(super) fn watch(&self, leg: &mut Leg) {
        leg.silence = Silence::Untold;
        leg.probe_at = leg.may_be_silent().then(|| self.now.at + self.settings.media_lost);
    }

    /// A party that was silent and alive, or is on hold, is asked again after the same time.
    pub(super) fn probe_again(&mut self, id: CallId) {
        let now = self.now.at;
        let Some(call) = self.calls.get(&id) else { return };
        let due = call.probed_legs().filter(|leg| leg.probe_at.is_some_and(|at| at <= now));
        let due: Vec<LegId> = due.map(|leg| leg.id).collect();
        for leg in due {
            if let Some(leg) = self.leg_of(id, leg) {
                leg.probe_at = None;
            }
            self.sip(sip::Command::Probe { leg });
        }
    }
}
