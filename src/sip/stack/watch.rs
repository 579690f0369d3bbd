//! The hosts of carriers are asked by OPTIONS whether they are there (RFC 3261 §11): when, and what an answer is worth, is
//! [`super::super::health`]'s.
//!
//! ```text
//!  due ─▶ hosts sought ─▶ OPTIONS to each that is due ─▶ any final answer ─▶ Answered
//!                                                    └▶ 408, 503, nobody there, 4 s of silence ─▶ Missed
//!  INVITE over a carrier ─▶ any answer ─▶ CallHeard      silence until another host has it, or for good ─▶ CallLost
//! ```
//! Each carrier has a deadline and hosts of its own, so that one that says nothing costs the others nothing. Nobody waits for an
//! answer: a call looks up what is known. A host that is down is left out of calls at once, and of emergency calls never: there
//! it comes last. So it is with one that wants to rest.

use super::super::carrier::{CarrierId, EMERGENCY_CARRIER, HostChange, Line};
use super::super::counters::Watched;
use super::super::health::{Health, Input, Output};
use super::super::interface::Event;
use super::super::transaction::clients::{Begin, ClientId, Purpose, Target};
use super::super::transaction::key::ClientKey;
use super::{Stack, TimerKey};
use crate::clock::Instant;
use crate::limits::SIP_TARGETS_MAX;
use crate::limits::carriers::HEALTH_PATIENCE;
use crate::rng::Rng;
use crate::wire::sip::emit;
use crate::wire::sip::method::Method;
use crate::wire::sip::name::Name;
use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::time::Duration;

/// The hosts of one carrier.
pub struct Watch {
    every: Duration,
    hosts: BTreeMap<SocketAddr, Health>,
    search: Search,
}

/// Where the search for the hosts is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Search {
    /// Due when a host is, or then if none is known.
    Waits { until: Instant },
    /// Under way.
    Open,
    /// The engine stops: nobody is asked any more.
    Over,
}

impl Watch {
    /// Hosts that are asked this often.
    pub fn new(now: Instant, every: Duration) -> Self {
        Self { every, hosts: BTreeMap::new(), search: Search::Waits { until: now } }
    }

    fn poll_timeout(&self) -> Option<Instant> {
        match self.search {
            Search::Waits { until } => {
                let hosts = self.hosts.values();
                Some(hosts.filter_map(Health::poll_timeout).min().unwrap_or(until))
            }
            Search::Open | Search::Over => None,
        }
    }

    /// Hosts that were not found again are forgotten, unless nothing was found: then it is the search that failed.
    fn found(&mut self, now: Instant, rng: &mut Rng, found: &[SocketAddr]) {
        if !found.is_empty() {
            self.hosts.retain(|host, _| found.contains(host));
        }
        for host in found.iter().take(SIP_TARGETS_MAX) {
            self.hosts.entry(*host).or_insert_with(|| Health::new(now, self.every, rng));
        }
        if self.search == Search::Open {
            self.search = Search::Waits { until: now + self.every };
        }
    }

    fn down(&self, now: Instant) -> Vec<SocketAddr> {
        self.hosts.iter().filter(|(_, health)| health.is_down(now)).map(|(host, _)| *host).collect()
    }
}

impl Stack {
    /// What is known of the hosts of each carrier that is asked.
    pub fn watched(&self, now: Instant) -> Vec<Watched> {
        let watched = |held: &super::trunk::Held| {
            let watch = held.watch.as_ref()?;
            let answering = watch.hosts.values().filter(|it| it.has_answered() && !it.is_down(now)).count();
            let (name, hosts) = (held.carrier.name.clone(), watch.hosts.len());
            Some(Watched { name, hosts, answering, down: watch.down(now) })
        };
        self.carriers.each().filter_map(|(_, held)| watched(held)).collect()
    }

    /// Whether calls go past this target.
    pub(super) fn is_down(&self, now: Instant, target: &Target) -> bool {
        let Some(line) = &target.line else { return false };
        let watch = self.carriers.held(line.carrier).and_then(|held| held.watch.as_ref());
        let health = watch.and_then(|watch| watch.hosts.get(&target.way.remote));
        health.is_some_and(|health| health.is_down(now))
    }

    /// Whether a call may go to a target even though it is down or rests: help is called by whatever there is.
    pub(super) fn is_last_resort(&self, target: &Target) -> bool {
        self.is_for_help(target.line.as_deref())
    }

    /// Whether a line is one that help is called by.
    pub(super) fn is_for_help(&self, line: Option<&Line>) -> bool {
        let carrier = line.and_then(|line| self.carriers.held(line.carrier));
        carrier.is_some_and(|held| held.carrier.name.as_str() == EMERGENCY_CARRIER)
    }

    /// Nobody is asked any more.
    pub(super) fn stop_watching(&mut self) {
        for id in self.carriers.ids() {
            if let Some(watch) = self.watch_mut(id) {
                watch.search = Search::Over;
            }
            self.retime_watch(id);
        }
    }

    fn watch_mut(&mut self, id: CarrierId) -> Option<&mut Watch> {
        self.carriers.held_mut(id)?.watch.as_deref_mut()
    }

    pub(super) fn retime_watch(&mut self, id: CarrierId) {
        let deadline = self.watch_mut(id).and_then(|watch| watch.poll_timeout());
        self.index.set(TimerKey::Watch(id), deadline);
    }

    /// A host is due, or the search for them.
    pub(super) fn watch_timeout(&mut self, now: Instant, id: CarrierId) {
        if let Some(watch) = self.watch_mut(id) {
            watch.search = Search::Open;
        }
        self.retime_watch(id);
        if !self.locate_hosts(now, id) {
            self.hosts_located(now, id, VecDeque::new());
        }
    }

    /// The hosts are known: whoever is due is asked.
    pub(super) fn hosts_located(&mut self, now: Instant, id: CarrierId, targets: VecDeque<Target>) {
        let Some(held) = self.carriers.held_mut(id) else { return };
        let Some(watch) = held.watch.as_deref_mut() else { return };
        let found: Vec<SocketAddr> = targets.iter().map(|target| target.way.remote).collect();
        let over = watch.search == Search::Over;
        watch.found(now, &mut self.rng, &found);
        let mut due = Vec::new();
        for (host, health) in watch.hosts.iter_mut().filter(|_| !over) {
            if health.handle(now, &mut self.rng, Input::Timeout) == Some(Output::Ask) {
                due.push(*host);
            }
        }
        self.retime_watch(id);
        for host in due {
            match targets.iter().find(|target| target.way.remote == host) {
                Some(target) => self.ask_host(now, id, target.clone()),
                None => self.tell_health(now, id, host, Input::Missed),
            }
        }
    }

    fn ask_host(&mut self, now: Instant, id: CarrierId, target: Target) {
        let Some(line) = target.line.clone() else { return };
        let (branch, via) = self.via(target.way);
        let (tag, call_id) = (self.rng.token(), self.rng.token());
        let told = self.told(target.way.local);
        let caller = self.carriers.held(id).map(|held| super::command::escaped(&held.carrier.caller));
        let (uri, caller) = (line.uri.expose(), caller.unwrap_or_default());
        let builder = emit::request(Method::Options, uri.as_bytes())
            .header(Name::Via, via)
            .header_fmt(Name::From, format_args!("<sip:{caller}@{told}>;tag={tag}"))
            .header_fmt(Name::To, format_args!("<{uri}>"))
            .header_fmt(Name::CallId, format_args!("{call_id}@{}", told.ip()))
            .header(Name::CSeq, "1 OPTIONS")
            .header(Name::MaxForwards, "70");
        let builder = self.abilities(builder, target.way);
        let octets = builder.header(Name::UserAgent, &self.settings.product).finish();
        let key = ClientKey::new(&branch, &Method::Options);
        let purpose = Purpose::Watch { carrier: id };
        let client = self.clients.begin(now, Begin { key, octets, way: target.way, purpose });
        self.counters.hosts_asked += 1;
        self.send_to(now, client, target);
        if let Some(client) = self.clients.get_mut(client) {
            // What it says after that is too late for whoever waits for a call.
            client.patience = Some(now + HEALTH_PATIENCE);
        }
        self.retime_client(client);
    }

    /// A host answered: with 503 it takes no calls, and 408 is somebody else's word that it is not there (RFC 3261 §11).
    pub(super) fn host_answered(&mut self, now: Instant, id: CarrierId, host: SocketAddr, status: u16) {
        match status {
            ..200 => {}
            408 | 503 => self.tell_health(now, id, host, Input::Missed),
            _ => self.tell_health(now, id, host, Input::Answered),
        }
    }

    /// A host did not answer in time, or is not there.
    pub(super) fn host_missed(&mut self, now: Instant, id: CarrierId, host: SocketAddr) {
        self.tell_health(now, id, host, Input::Missed);
    }

    /// An OPTIONS was not answered in time: it is forgotten.
    pub(super) fn lose_patience_with_host(&mut self, now: Instant, client: ClientId) {
        let Some(asked) = self.clients.get_mut(client) else { return };
        let Purpose::Watch { carrier } = asked.purpose else { return };
        let host = asked.way.remote;
        self.clients.remove(client);
        self.index.set(TimerKey::Client(client), None);
        self.host_missed(now, carrier, host);
    }

    /// The host of a call answered it, whatever it said but 408 and 503.
    pub(super) fn call_heard(&mut self, now: Instant, client: ClientId, status: u16) {
        if !matches!(status, 408 | 503) {
            self.tell_health_of_call(now, client, Input::CallHeard);
        }
    }

    /// The host of a call has said nothing.
    pub(super) fn call_lost(&mut self, now: Instant, client: ClientId) {
        self.tell_health_of_call(now, client, Input::CallLost);
    }

    fn tell_health_of_call(&mut self, now: Instant, client: ClientId, input: Input) {
        let Some(client) = self.clients.get_mut(client) else { return };
        let (Purpose::Invite { .. }, Some(carrier)) = (&client.purpose, client.carrier) else { return };
        let host = client.way.remote;
        self.tell_health(now, carrier, host, input);
    }

    fn tell_health(&mut self, now: Instant, id: CarrierId, host: SocketAddr, input: Input) {
        let Some(held) = self.carriers.held_mut(id) else { return };
        let trunk = held.carrier.name.clone();
        let Some(watch) = held.watch.as_deref_mut() else { return };
        let Some(health) = watch.hosts.get_mut(&host) else { return };
        let change = match health.handle(now, &mut self.rng, input) {
            Some(Output::Falls) => Some(HostChange::Down),
            Some(Output::Rises) => Some(HostChange::Up),
            // Only a deadline asks.
            Some(Output::Ask) | None => None,
        };
        let left = watch.hosts.len() - watch.down(now).len();
        self.retime_watch(id);
        if let Some(change) = change {
            self.tell(Event::Host { trunk, host, change, left });
        }
    }
}
