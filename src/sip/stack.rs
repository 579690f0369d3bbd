//! The SIP machine: RFC 3261 §8, §17.1.1.2 and all that hangs together by them, without a socket or
//! a clock.
//!
//! ```text
//!  Datagram ─▶ receive ─▶ noise, gate, retransmission ─▶ request ─▶ leg, dialog ─▶ Event
//!                     └─▶ response ─▶ client transaction ──────────▶ leg ─────────▶ Event
//!  Command  ─▶ command ─▶ leg ─▶ transaction ─▶ Transmit
//!  Timeout  ─▶ the earliest in the index: a transaction or a leg
//! ```
//! Refusals that need no memory are given without a transaction (RFC 3261 §8.2.7): a scanner costs
//! no state. Everything a call hangs on has one.

mod body;
mod caller;
mod command;
mod compose;
mod leg;
mod receive;
mod refusal;
mod request;
mod response;

use super::dialog::DialogId;
use super::guard::Guard;
use super::interface::{Counters, Event, Input, Openness, Output, Settings};
use super::transaction::clients::{self, ClientId, Clients};
use super::transaction::index::TimerIndex;
use super::transaction::servers::{self, ServerId, Servers};
use super::transaction::{StatusClass, Timers};
use super::way::Way;
use crate::clock::{Due, Instant};
use crate::id::LegId;
use crate::limits::TRANSACTIONS_MAX;
use crate::rng::Rng;
use leg::Leg;
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

/// The SIP machine of one engine. It cannot be printed: it holds messages about patients.
pub struct Stack {
    settings: Settings,
    timers: Timers,
    rng: Rng,
    /// Makes the tags of answers that are given without a transaction.
    tag_seed: u64,
    servers: Servers,
    clients: Clients,
    legs: BTreeMap<LegId, Leg>,
    dialogs: BTreeMap<DialogId, LegId>,
    next_leg: u64,
    index: TimerIndex<TimerKey>,
    outputs: VecDeque<Output>,
    counters: Counters,
    guard: Guard,
    openness: Openness,
    transactions_max: usize,
}

/// Whom a deadline in the index belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum TimerKey {
    Server(ServerId),
    Client(ClientId),
    Leg(LegId),
}

impl Stack {
    /// A machine without calls. All its chance comes from `rng`.
    pub fn new(settings: Settings, mut rng: Rng) -> Self {
        // A T1 of nothing would send again without end.
        let timers = Timers { t1: settings.t1.max(Duration::from_millis(1)) };
        Self {
            timers,
            guard: Guard::new(settings.requests_a_second),
            openness: Openness::Open,
            settings,
            tag_seed: rng.next_u64(),
            rng,
            servers: Servers::new(timers),
            clients: Clients::new(timers),
            legs: BTreeMap::new(),
            dialogs: BTreeMap::new(),
            next_leg: 1,
            index: TimerIndex::empty(),
            outputs: VecDeque::new(),
            counters: Counters::default(),
            transactions_max: TRANSACTIONS_MAX,
        }
    }

    /// What was counted since the start.
    pub fn counters(&self) -> Counters {
        self.counters
    }

    /// Legs that live, those that we call and those whose BYE is on its way included.
    pub fn legs(&self) -> usize {
        self.legs.len()
    }

    /// Transactions that live, finished ones that still absorb retransmissions included.
    pub fn transactions(&self) -> usize {
        self.servers.count() + self.clients.count()
    }

    /// A name for a leg that the switch is about to call.
    pub fn reserve_leg(&mut self) -> LegId {
        let leg = LegId(self.next_leg);
        self.next_leg += 1;
        leg
    }

    /// Takes one input; then drain [`Stack::poll_output`].
    pub fn handle(&mut self, now: Instant, input: Input<'_>) {
        match input {
            Input::Message { way, octets } => self.receive(now, way, octets),
            Input::Timeout => self.timeout(now),
            Input::Command(command) => self.command(now, command),
        }
    }

    /// The next thing to do, in order.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When `Timeout` is due.
    pub fn poll_timeout(&self) -> Option<Due> {
        let (at, key) = self.index.first()?;
        let reason = match key {
            TimerKey::Server(_) => "SIP server transaction",
            TimerKey::Client(_) => "SIP client transaction",
            TimerKey::Leg(_) => "SIP answer to be sent again",
        };
        Some(Due { at, reason })
    }

    fn timeout(&mut self, now: Instant) {
        while let Some((at, key)) = self.index.first() {
            if at > now {
                return;
            }
            match key {
                TimerKey::Server(id) => self.server_input(now, id, servers::Input::Timeout),
                TimerKey::Client(id) => self.client_timeout(now, id),
                TimerKey::Leg(id) => self.leg_timeout(now, id),
            }
        }
    }

    /// Tells a server transaction something and does what it wants, except for the core's ACK.
    fn server_input(&mut self, now: Instant, id: ServerId, input: servers::Input) {
        let Some(server) = self.servers.get_mut(id) else {
            self.index.set(TimerKey::Server(id), None);
            return;
        };
        let output = server.handle(now, input);
        let way = server.way;
        let octets = match output {
            Some(servers::Output::Send | servers::Output::Resend) => server.response.clone(),
            Some(servers::Output::AckToCore) | None => Vec::new(),
        };
        self.retime_server(id);
        if !octets.is_empty() {
            self.counters.retransmissions_out += u64::from(output == Some(servers::Output::Resend));
            self.transmit(way, octets);
        }
    }

    /// After a server transaction was told something: its deadline moves, or it ends.
    fn retime_server(&mut self, id: ServerId) {
        let Some(server) = self.servers.get_mut(id) else { return };
        let (deadline, over) = (server.poll_timeout(), server.is_terminated());
        self.index.set(TimerKey::Server(id), deadline);
        if over {
            self.servers.remove(id);
        }
    }

    /// Answers through a server transaction.
    fn server_answer(&mut self, now: Instant, id: ServerId, status: u16, octets: Vec<u8>) {
        let Some(server) = self.servers.get_mut(id) else { return };
        server.response = octets;
        self.count_answer(status);
        self.server_input(now, id, servers::Input::Answer(StatusClass::of(status)));
    }

    fn count_answer(&mut self, status: u16) {
        if let Some(count) = self.counters.answers.get_mut(usize::from(status / 100).wrapping_sub(1)) {
            *count += 1;
        }
    }

    /// Begins a client transaction: sends the request.
    fn client_begin(&mut self, now: Instant, begin: clients::Begin) -> ClientId {
        self.transmit(begin.way, begin.octets.clone());
        let id = self.clients.begin(now, begin);
        self.retime_client(id);
        id
    }

    /// After a client transaction was told something: its deadline moves, or it ends.
    fn retime_client(&mut self, id: ClientId) {
        let Some(client) = self.clients.get_mut(id) else { return };
        let (deadline, over) = (client.poll_timeout(), client.is_terminated());
        self.index.set(TimerKey::Client(id), deadline);
        if !over {
            return;
        }
        if let Some(clients::Purpose::Bye { leg: Some(leg) }) = self.clients.remove(id) {
            self.forget(leg);
        }
    }

    /// After the callee's core of a leg was told something: its deadline moves.
    fn retime_leg(&mut self, id: LegId) {
        let deadline = match self.legs.get(&id).map(|leg| &leg.phase) {
            Some(leg::Phase::InDialog(within)) => within.uas.poll_timeout(),
            Some(leg::Phase::Outgoing { .. } | leg::Phase::Mortal { .. }) | None => None,
        };
        self.index.set(TimerKey::Leg(id), deadline);
    }

    /// Forgets a leg and its dialog.
    fn forget(&mut self, id: LegId) {
        let Some(leg) = self.legs.remove(&id) else { return };
        match leg.phase {
            leg::Phase::InDialog(within) => self.dialogs.remove(&within.dialog.id()),
            leg::Phase::Mortal { dialog } => self.dialogs.remove(&dialog),
            leg::Phase::Outgoing { .. } => None,
        };
        self.index.set(TimerKey::Leg(id), None);
    }

    fn transmit(&mut self, way: Way, octets: Vec<u8>) {
        self.outputs.push_back(Output::Transmit { way, octets });
    }

    fn tell(&mut self, event: Event) {
        self.outputs.push_back(Output::Event(event));
    }
}

#[cfg(test)]
mod tests;
