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

mod alert;
mod body;
mod caller;
mod change;
mod command;
mod compose;
mod early;
mod history;
mod info;
mod leg;
mod login;
mod prack;
mod reach;
mod readdress;
mod receive;
mod refer;
mod refusal;
mod register;
mod request;
mod response;
mod resume;
mod subscribe;
mod summary;
mod timer;
mod trunk;
mod unheard;
mod update;
mod watch;

use super::alerts::Alerts;
use super::carrier::CarrierId;
use super::counters::Counters;
use super::dialog::DialogId;
use super::guard::Guard;
use super::interface::{Event, Input, Openness, Output, Settings};
use super::locate::LocateId;
use super::subscription::SubscriptionId;
use super::transaction::clients::{self, ClientId, Clients};
use super::transaction::index::TimerIndex;
use super::transaction::servers::{self, ServerId, Servers};
use super::transaction::{StatusClass, Timers};
use super::way::Way;
use crate::clock::{Due, Instant};
use crate::id::LegId;
use crate::limits::{SIP_FORGET_EVERY, TRANSACTIONS_MAX};
use crate::rng::Rng;
use leg::Leg;
use reach::Reach;
use register::Desk;
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;
use subscribe::Subscriptions;
use trunk::Carriers;

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
    reach: Reach,
    /// Where phones log in, if there are users.
    desk: Option<Box<Desk>>,
    /// Phones that have asked to be told of messages.
    subscriptions: Subscriptions,
    /// Phones that were told that help is called.
    alerts: Alerts,
    /// Carriers that calls go out over.
    carriers: Carriers,
    next_leg: u64,
    index: TimerIndex<TimerKey>,
    outputs: VecDeque<Output>,
    /// The leg of an INVITE that came now and may be answered in the same moment.
    trying: Option<(Instant, LegId)>,
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
    Locate(LocateId),
    /// A login at a carrier.
    Login(CarrierId),
    /// A host of a carrier that is to be asked whether it is there.
    Watch(CarrierId),
    /// A binding of a phone, or a change of one that waits for the disk.
    Desk,
    /// A user whose phones are to be told of messages.
    Summaries,
    /// A phone that has asked to be told of messages.
    Subscription(SubscriptionId),
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
            reach: Reach::default(),
            desk: None,
            subscriptions: Subscriptions::default(),
            alerts: Alerts::default(),
            carriers: Carriers::default(),
            next_leg: 1,
            index: TimerIndex::empty(),
            outputs: VecDeque::new(),
            trying: None,
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

    /// Bindings of phones that hold.
    pub fn bindings(&self) -> usize {
        self.desk.as_ref().map_or(0, |desk| desk.bindings())
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
            Input::Resolved { id, records } => self.resolved(now, id, records),
            Input::Unreachable { way } => self.unreachable(now, way),
            Input::Phones(phones) => self.open_desk(now, *phones),
            Input::Carriers(carriers) => self.open_carriers(now, carriers),
            Input::BindingsKept { up_to } => self.bindings_kept(now, up_to),
            Input::Timeout => self.timeout(now),
            Input::Command(command) => self.command(now, command),
        }
    }

    /// The next thing to do, in order.
    pub fn poll_output(&mut self) -> Option<Output> {
        if self.outputs.is_empty() {
            self.tell_trying();
        }
        self.outputs.pop_front()
    }

    /// When `Timeout` is due.
    pub fn poll_timeout(&self) -> Option<Due> {
        let (at, key) = self.index.first()?;
        let reason = match key {
            TimerKey::Server(_) => "SIP server transaction",
            TimerKey::Client(_) => "SIP client transaction",
            TimerKey::Leg(_) => "SIP dialog: an answer to be sent again, or a refresh",
            TimerKey::Locate(_) => "SIP targets sought",
            TimerKey::Desk => "SIP bindings of phones",
            TimerKey::Summaries => "phones that are told of messages",
            TimerKey::Subscription(_) => "a subscription to messages",
            TimerKey::Login(_) => "a login at a trunk",
            TimerKey::Watch(_) => "a host of a trunk to be asked",
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
                TimerKey::Locate(id) => self.located(now, id),
                TimerKey::Desk => self.desk_timeout(now),
                TimerKey::Summaries => self.summaries_timeout(now),
                TimerKey::Subscription(id) => self.subscription_timeout(now, id),
                TimerKey::Login(id) => self.login_timeout(now, id),
                TimerKey::Watch(id) => self.watch_timeout(now, id),
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
            Some(servers::Output::Send | servers::Output::Resend) => server.said(),
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
        let deadline = woken_at(server.poll_timeout(), server.only_lingers());
        let over = server.is_terminated();
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

    /// After a client transaction was told something: its deadline moves, or it ends.
    fn retime_client(&mut self, id: ClientId) {
        let Some(client) = self.clients.get_mut(id) else { return };
        let deadline = woken_at(client.poll_timeout(), client.only_lingers());
        let (over, lingers) = (client.is_terminated(), client.only_lingers());
        self.index.set(TimerKey::Client(id), deadline);
        if lingers {
            self.clients.answered(id);
        }
        if !over {
            return;
        }
        if let Some(clients::Purpose::Bye { leg: Some(leg) }) = self.clients.remove(id) {
            self.forget(leg);
        }
    }

    /// After something in a leg changed: a change of ours that waited for it goes, and its deadline moves.
    fn settle_leg(&mut self, now: Instant, id: LegId) {
        if let Some(leg::Phase::InDialog(within)) = self.legs.get_mut(&id).map(|leg| &mut leg.phase)
            && within.is_free()
            && within.change.take(now).is_some()
        {
            self.send_change(now, id);
        }
        self.retime_leg(id);
    }

    /// After something in a leg changed: its deadline moves.
    fn retime_leg(&mut self, id: LegId) {
        let deadline = match self.legs.get(&id).map(|leg| &leg.phase) {
            Some(leg::Phase::InDialog(within)) => within.poll_timeout(),
            Some(leg::Phase::Outgoing(calling)) => calling.poll_timeout(),
            Some(leg::Phase::Subscribed(left)) => left.subscription.poll_timeout(),
            Some(leg::Phase::Mortal { .. }) | None => None,
        };
        self.index.set(TimerKey::Leg(id), deadline);
    }

    /// Forgets a leg and its dialogs.
    fn forget(&mut self, id: LegId) {
        let Some(leg) = self.legs.remove(&id) else { return };
        match leg.phase {
            leg::Phase::InDialog(within) => {
                if let Some(asked) = &within.refer.asked {
                    self.servers.remove(asked.incoming.transaction);
                }
                self.forget_dialog(&within.dialog.id(), within.asked);
            }
            leg::Phase::Subscribed(left) => self.forget_dialog(&left.dialog.id(), None),
            leg::Phase::Mortal { dialog } => self.forget_dialog(&dialog, None),
            leg::Phase::Outgoing(calling) => self.forget_forks(calling.forks),
        }
        self.index.set(TimerKey::Leg(id), None);
    }

    fn forget_forks(&mut self, forks: Vec<leg::Fork>) {
        for fork in forks {
            self.forget_dialog(&fork.dialog.id(), fork.asked);
        }
    }

    /// A request that waited for the switch is over with its dialog.
    fn forget_dialog(&mut self, dialog: &DialogId, asked: Option<leg::Asked>) {
        self.dialogs.remove(dialog);
        if let Some(asked) = asked {
            self.servers.remove(asked.incoming.transaction);
        }
    }

    fn transmit(&mut self, way: Way, octets: Vec<u8>) {
        self.outputs.push_back(Output::Transmit { way, octets });
    }

    fn tell(&mut self, event: Event) {
        self.outputs.push_back(Output::Event(event));
    }
}

/// When a transaction is looked at: at its deadline, or, if all that is left is to forget it, together with others.
fn woken_at(deadline: Option<Instant>, only_lingers: bool) -> Option<Instant> {
    if only_lingers { deadline.map(|at| at.rounded_up(SIP_FORGET_EVERY)) } else { deadline }
}

#[cfg(test)]
mod tests;
