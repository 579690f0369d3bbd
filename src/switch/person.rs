//! A person is called for the patient, and bridged with him: the first rung of the ladder that has a voice.
//!
//! The person's leg lives on the patient's worker, so that the bridge is a function call there (`moving.rs`). While
//! it rings the flow goes on speaking to the patient.

use super::Switch;
use super::call::{Person, Under};
use super::incoming::new_leg;
use super::moving::Order;
use crate::call::leg::Leg;
use crate::flow::action::{ConnectEnd, Input, Urgency};
use crate::id::{CallId, LegId};
use crate::media::command::Command;
use crate::report::event::{Cause, Event, Party};
use crate::sip::interface as sip;
use crate::sip::way::Way;
use std::time::Duration;

/// The final status that the record gives to a person who let it ring: request timeout.
const STATUS_RANG_OUT: u16 = 408;
/// The final status that the record gives when nobody is called because the engine stops: service unavailable.
pub(super) const STATUS_STOPPING: u16 = 503;
/// The final status that the record gives when no port was free: service unavailable.
const STATUS_NO_PORT: u16 = 503;

impl Switch {
    /// Begins a call to `target`, an address of the configuration: where it is must be found out first.
    pub(super) fn call_person(&mut self, id: CallId, target: String, ring: Duration, urgency: Urgency) {
        let leg = self.sip.reserve_leg();
        let placed = self.calls.get(&id).and_then(|call| call.run.placed());
        let told = placed.map_or_else(|| target.clone(), |placed| placed.told(&target));
        self.append(id, Event::PersonCalled { leg, target: told });
        if !self.may_call_person(urgency) {
            return self.person_not_reached(id, leg, STATUS_STOPPING);
        }
        let Some((local, peer)) = self.calls.get(&id).map(|call| (call.local, call.patient.peer)) else {
            return;
        };
        let Some(owned) = self.port_beside_patient(id) else {
            return self.person_not_reached(id, leg, STATUS_NO_PORT);
        };
        let ring_until = Some(self.now.at + ring.min(self.settings.ring));
        self.legs.insert(leg, id);
        if let Some(call) = self.calls.get_mut(&id) {
            let person = new_leg(leg, owned, local, peer);
            call.person =
                Some(Person { leg: person, target: target.clone(), ring_until, under: Under::Silence });
        }
        self.sip(sip::Command::Locate { leg, target });
    }

    /// It is known how the person is reached, and by which address of ours: the offer can be made.
    pub(super) fn on_person_located(&mut self, leg: LegId, way: Way) {
        let Some(&id) = self.legs.get(&leg) else { return };
        let Some(call) = self
            .calls
            .get_mut(&id)
            .filter(|call| call.person.as_ref().is_some_and(|person| person.leg.id == leg))
        else {
            return;
        };
        let from_user = match call.run.placed() {
            Some(placed) => placed.presented(),
            None => Self::presented(call.caller.as_ref()),
        };
        let Some(person) = call.person.as_mut() else { return };
        (person.leg.local, person.leg.peer) = (way.local, way.remote.ip());
        let (mut changed, target) = (person.leg.clone(), person.target.clone());
        let sdp = self.make_offer(&mut changed);
        self.promise(&changed);
        if let Some(person) = self.calls.get_mut(&id).and_then(|call| call.person.as_mut()) {
            person.leg = changed;
        }
        self.ladders.call_out(id, leg, &sdp);
        let call = Box::new(sip::Outgoing { target, from_user, sdp });
        self.sip(sip::Command::Invite { leg, way, call });
    }

    /// The person answered: both hear each other from the next tick on.
    pub(super) fn on_person_answered(&mut self, leg: LegId, sdp: &[u8]) {
        let Some(&id) = self.legs.get(&leg) else { return };
        let Some(mut person) = self.calls.get_mut(&id).and_then(|call| call.person_leg(leg)).cloned() else {
            return;
        };
        let Ok(agreed) = self.read_answer(&person, sdp) else {
            self.sip(sip::Command::HangUp { leg, reason: Some("SIP;cause=488;text=\"no common media\"") });
            return self.on_person_failed(leg, 488);
        };
        self.open_leg(&mut person, &agreed);
        let (worker, holds) = (person.worker, person.is_held());
        let Some(call) = self.calls.get_mut(&id) else { return };
        let patient = call.patient.id;
        if let Some(place) = call.person.as_mut() {
            place.leg = person;
            place.ring_until = None;
        }
        self.order(worker, patient, Order::Media(Command::Bridge { a: patient, b: leg }));
        self.counters.bridged += 1;
        self.append(id, Event::Bridged { leg });
        if holds {
            self.tell_of_hold(id, leg, true);
        }
        self.run_flow(id, Input::Connected);
        self.rekey(id);
    }

    /// The call to the person came to nothing.
    pub(super) fn on_person_failed(&mut self, leg: LegId, status: u16) {
        let Some(&id) = self.legs.get(&leg) else { return };
        if self.calls.get_mut(&id).is_some_and(|call| call.person_leg(leg).is_some()) {
            self.drop_person(id);
            self.person_not_reached(id, leg, status);
        }
        self.rekey(id);
    }

    /// It rang long enough.
    pub(super) fn give_up_person(&mut self, id: CallId) {
        let Some(leg) = self.calls.get(&id).and_then(|call| call.person.as_ref()).map(|person| person.leg.id)
        else {
            return;
        };
        self.sip(sip::Command::HangUp { leg, reason: None });
        self.drop_person(id);
        self.person_not_reached(id, leg, STATUS_RANG_OUT);
    }

    /// The person hung up, or is gone: the patient is still here.
    pub(super) fn person_left(&mut self, id: CallId, leg: LegId) {
        self.part(id, leg);
        self.run_flow(id, Input::ConnectEnded(ConnectEnd::FarHungUp));
    }

    /// The patient is alone again.
    pub(super) fn part(&mut self, id: CallId, leg: LegId) {
        self.tell_patient(id, |leg| Command::Unbridge { leg });
        let person = self.calls.get(&id).and_then(|call| call.person.as_ref());
        if person.is_some_and(|person| person.leg.is_held()) {
            self.tell_of_hold(id, leg, false);
        }
        self.drop_person(id);
        self.append(id, Event::Unbridged { leg });
    }

    fn person_not_reached(&mut self, id: CallId, leg: LegId, status: u16) {
        self.counters.persons_not_reached += 1;
        self.append(id, Event::PersonNotReached { leg, status });
        self.run_flow(id, Input::ConnectEnded(ConnectEnd::NotReached));
    }

    /// Gives the person's leg back: its stream is closed by the worker, or its port is free at once.
    pub(super) fn drop_person(&mut self, id: CallId) {
        let Some(person) = self.calls.get_mut(&id).and_then(|call| call.person.take()) else { return };
        let leg = person.leg;
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
        let again = self.now.at + self.settings.media_lost;
        if alive {
            if let Some(leg) = self.leg_of(id, leg) {
                leg.probe_at = Some(again);
            }
            return self.rekey(id);
        }
        let Some(call) = self.calls.get_mut(&id) else { return };
        if call.is_patient(leg) {
            self.end_call(id, Cause::MediaLost, Party::Engine, None);
        } else if call.person_leg(leg).is_some() {
            self.sip(sip::Command::HangUp { leg, reason: None });
            self.person_left(id, leg);
        }
        self.rekey(id);
    }

    /// After an offer and answer: a worker tells of the silence of a party that is to send, any other is asked.
    pub(super) fn watch(&self, leg: &mut Leg) {
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
