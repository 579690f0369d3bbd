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
use crate::flow::action::Spoken;
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

/// What is ordered of a leg that lives on a worker.
#[derive(Debug)]
pub(super) enum Order {
    /// By the worker.
    Media(Command),
    /// Let it hear these prompts.
    Speak { playback: PlaybackId, prompts: Vec<Spoken>, codec: Codec },
    /// Let it hear the tone before a message.
    Tone { playback: PlaybackId, codec: Codec },
}

impl Order {
    fn of(self, worker: WorkerIndex, leg: LegId) -> Output {
        match self {
            Order::Media(command) => Output::Media { worker, command },
            Order::Speak { playback, prompts, codec } => {
                Output::Speak { worker, leg, playback, prompts, codec }
            }
            Order::Tone { playback, codec } => Output::Tone { worker, leg, playback, codec },
        }
    }
}

impl Switch {
    /// A port for a person whom this patient is to talk with: on the patient's worker, else on another one, and the
    /// patient goes there. `None` when no worker has room for both.
    pub(super) fn port_beside_patient(&mut self, id: CallId) -> Option<Owned> {
        let patient = self.calls.get(&id).map(|call| (call.patient.id, call.patient.worker))?;
        let worker = self.journeys.get(&patient.0).map_or(patient.1, |journey| journey.to.0);
        if let Some(owned) = self.ports.take_on(worker, self.now.at) {
            return Some(owned);
        }
        let owned = self.ports.take(self.now.at)?;
        if self.move_patient(id, owned.worker).is_none() {
            self.ports.release_unused(owned.worker, owned.port);
            return None;
        }
        Some(owned)
    }

    /// Moves the patient's leg to `to`. `None` if it moves already, is not open, or no port is free there.
    pub(super) fn move_patient(&mut self, id: CallId, to: WorkerIndex) -> Option<()> {
        let leg = self.calls.get(&id).map(|call| &call.patient).filter(|leg| leg.open)?;
        let (leg, from) = (leg.id, (leg.worker, leg.port));
        if self.journeys.contains_key(&leg) {
            return None;
        }
        let port = self.ports.take_on(to, self.now.at)?.port;
        self.order(from.0, leg, Order::Media(Command::Move { leg, to, port }));
        self.journeys.insert(leg, Journey { from, to: (to, port), kept: Vec::new() });
        self.counters.moved += 1;
        Some(())
    }

    /// It has arrived: the sockets of the port that was taken for it went the other way.
    pub(super) fn on_moved(&mut self, id: CallId, leg: LegId) {
        let Some(Journey { from, to, kept }) = self.journeys.remove(&leg) else { return };
        self.ports.exchange(from, to);
        self.ports.release(from.0, from.1, self.now.at);
        if let Some(leg) = self.leg_of(id, leg) {
            (leg.worker, leg.port) = to;
        }
        kept.into_iter().for_each(|order| self.order(to.0, leg, order));
    }

    /// The call is over and the leg never arrived: what it would have owned is free.
    pub(super) fn forget_journey(&mut self, leg: LegId) {
        if let Some(Journey { to: (worker, port), .. }) = self.journeys.remove(&leg) {
            self.ports.release(worker, port, self.now.at);
        }
    }

    /// Orders something of a leg on a worker, now or once it has arrived.
    pub(super) fn order(&mut self, worker: WorkerIndex, leg: LegId, order: Order) {
        match self.journeys.get_mut(&leg) {
            Some(journey) => journey.kept.push(order),
            None => self.outputs.push_back(order.of(worker, leg)),
        }
    }
}
