//! A leg goes to another worker: what is ordered of it on the way waits until it has arrived.
//!
//! ```text
//!  Move ──▶ worker of before ══leg, sockets══▶ worker of after ──▶ Moved
//!            orders for the leg: kept ···································▶ sent, in their order
//! ```
//! All legs of a call share a worker, so that a bridge is a function call. A person for whom that worker has no port
//! left gets one on another, and the patient goes there too.

use super::Switch;
use super::interface::Output;
use super::ports::Owned;
use super::talk::Talk;
use crate::audio::tone::{Signal, Wait};
use crate::call::leg::Leg;
use crate::flow::action::Phrases;
use crate::flow::edition::Edition;
use crate::id::{CallId, LegId, PlaybackId};
use crate::media::command::{Command, PortIndex, WorkerIndex};
use crate::wire::codec::Codec;

/// A leg on its way.
#[derive(Debug)]
pub(super) struct Journey {
    /// Where it lived: the port that is free once it has arrived.
    from: (WorkerIndex, PortIndex),
    to: (WorkerIndex, PortIndex),
    /// What was ordered meanwhile. A call orders a few things a second, and a journey takes milliseconds.
    kept: Vec<Order>,
}

impl Journey {
    /// The worker that it goes to.
    pub fn goes_to(&self) -> WorkerIndex {
        self.to.0
    }
}

/// What is ordered of a leg that lives on a worker.
#[derive(Debug)]
pub(super) enum Order {
    /// By the worker.
    Media(Command),
    /// Let it hear these prompts.
    Speak { playback: PlaybackId, edition: Edition, prompts: Phrases, codec: Codec },
    /// Let it hear a short sound.
    Tone { playback: PlaybackId, signal: Signal, codec: Codec },
    /// Let it hear the bed of a wait.
    Bed { edition: Edition, wait: Wait, codec: Codec },
}

impl Order {
    fn of(self, worker: WorkerIndex, leg: LegId) -> Output {
        match self {
            Order::Media(command) => Output::Media { worker, command },
            Order::Speak { playback, edition, prompts, codec } => {
                Output::Speak { worker, leg, playback, edition, prompts, codec }
            }
            Order::Bed { edition, wait, codec } => Output::Bed { worker, leg, edition, wait, codec },
            Order::Tone { playback, signal, codec } => Output::Tone { worker, leg, playback, signal, codec },
        }
    }
}

impl Switch {
    /// A port for a person whom this patient is to talk with: on the patient's worker, else on another one, and the
    /// patient goes there. `None` when no worker has room for both.
    pub(super) fn port_beside_patient(&mut self, id: CallId) -> Option<Owned> {
        let call = self.calls.get(&id)?;
        let worker = self.journeys.get(&call.patient.id).map_or(call.patient.worker, |journey| journey.to.0);
        let kept = if call.run.is_emergency() { self.ports.take_kept_on(worker) } else { None };
        if let Some(owned) = kept.or_else(|| self.port_where_patient_is(id)) {
            return Some(owned);
        }
        let (patient, now) = (self.calls.get(&id)?.patient.clone(), self.now.at);
        let owned = self.ports.take(now)?;
        if self.move_leg(&patient, owned.worker).is_none() {
            self.ports.release_unused(owned.worker, owned.port);
            return None;
        }
        Some(owned)
    }

    /// A port on the patient's worker alone, or the one that he goes to.
    fn port_where_patient_is(&mut self, id: CallId) -> Option<Owned> {
        let patient = &self.calls.get(&id)?.patient;
        let worker = self.journeys.get(&patient.id).map_or(patient.worker, |journey| journey.to.0);
        self.ports.take_on(worker, self.now.at)
    }

    /// A port for one more in this talk, a guest or who comes in the place of another: on the worker of all its legs, else on one that has room for all of them, and
    /// they go there.
    pub(super) fn port_beside_talk(&mut self, id: CallId) -> Option<Owned> {
        let (call, now) = (self.calls.get(&id)?, self.now.at);
        let patient = &call.patient;
        let worker = self.journeys.get(&patient.id).map_or(patient.worker, |journey| journey.to.0);
        if let Some(owned) = self.ports.take_on(worker, now) {
            return Some(owned);
        }
        let legs: Vec<Leg> = call.probed_legs().cloned().collect();
        if legs.iter().any(|leg| !leg.open || self.journeys.contains_key(&leg.id)) {
            return None;
        }
        let to = self.ports.with_room_for(legs.len() + 1, now)?;
        let owned = self.ports.take_on(to, now)?;
        for leg in &legs {
            self.move_leg(leg, to);
        }
        Some(owned)
    }

    /// Moves all legs of a call, if there is a port for each. Somebody who rings only is not moved:
    /// nothing is heard of him yet, and the patient waits for him where he will be.
    pub(super) fn move_call(&mut self, id: CallId, to: WorkerIndex) {
        let Some(call) = self.calls.get(&id).filter(|call| call.ending.is_none()) else { return };
        let legs: Vec<Leg> = call.probed_legs().cloned().collect();
        let stays = |leg: &Leg| !leg.open || leg.worker == to || self.journeys.contains_key(&leg.id);
        if legs.iter().any(stays) || self.ports.rested_on(to, self.now.at) < legs.len() {
            return;
        }
        for leg in &legs {
            self.move_leg(leg, to);
        }
    }

    /// Moves an open leg. `None` if it moves already, or no port is free there.
    pub(super) fn move_leg(&mut self, leg: &Leg, to: WorkerIndex) -> Option<()> {
        if !leg.open || self.journeys.contains_key(&leg.id) {
            return None;
        }
        let (leg, from) = (leg.id, (leg.worker, leg.port));
        let port = self.ports.take_on(to, self.now.at)?.port;
        self.order(from.0, leg, Order::Media(Command::Move { leg, to, port }));
        if let Some(call) = self.legs.get(&leg).and_then(|id| self.calls.get_mut(id)) {
            // A bridge or room does not outlast the journey of a leg.
            (call.talk, call.consult) = (Talk::Apart, None);
        }
        self.journeys.insert(leg, Journey { from, to: (to, port), kept: Vec::new() });
        self.counters.moved += 1;
        Some(())
    }

    /// It has arrived: the sockets of the port that was taken for it went the other way.
    pub(super) fn on_moved(&mut self, id: CallId, leg: LegId) {
        let Some(Journey { from, to, kept }) = self.journeys.remove(&leg) else { return };
        self.ports.exchange(from, to);
        self.ports.release_unused(from.0, from.1);
        if let Some(moved) = self.calls.get_mut(&id).and_then(|call| call.any_leg(leg)) {
            (moved.worker, moved.port) = to;
        }
        self.let_hear(id);
        kept.into_iter().for_each(|order| self.order(to.0, leg, order));
    }

    /// The leg of a call that is over arrives after all: its sockets are where it is, and it is closed there. Until
    /// then nobody else has had its port.
    pub(super) fn on_moved_too_late(&mut self, leg: LegId) {
        let Some(Journey { from, to: (worker, port), .. }) = self.journeys.remove(&leg) else { return };
        self.ports.exchange(from, (worker, port));
        self.outputs.push_back(Output::Media { worker, command: Command::Close { leg } });
        self.ports.release(worker, port, self.now.at);
    }

    /// Orders something of a leg on a worker, now or once it has arrived.
    pub(super) fn order(&mut self, worker: WorkerIndex, leg: LegId, order: Order) {
        match self.journeys.get_mut(&leg) {
            Some(journey) => journey.kept.push(order),
            None => self.outputs.push_back(order.of(worker, leg)),
        }
    }
}
