//! Reaching targets: names are located, large requests go by TCP, and who is not there is followed by the next
//! (RFC 3263 §4, RFC 3261 §8.1.3.1, §18.1.1, §21.5.4).
//! ```text
//!  Locate (a call) ──Resolve─▶ … ─Resolved─▶ targets ─▶ Located: the first; the rest wait for the INVITE
//!  request in a dialog to a name ──Resolve─▶ held ─▶ sent to the first target, or where the peer is, if there is none
//!  unreachable, 64·T1, 503 ─▶ the next target: a new branch, a new transaction; none left: the core hears of it
//!  a call, no answer at all for a few seconds, another target left ─▶ the same, and the first one is only listened to:
//!           1xx ─▶ CANCEL      2xx ─▶ ACK, BYE
//!  a host of a carrier that is down, or rests ─▶ left out; of emergency calls, the last one (`watch`)
//! ```
//! CANCEL and the ACK of a 3xx-6xx go where their INVITE went; a CANCEL by another connection, if that one is lost.

use super::super::carrier::{CarrierId, Dialled, Line};
use super::super::interface::{Event, Output};
use super::super::locate::{Hop, Locate, LocateId, Record};
use super::super::registrar::Reached;
use super::super::transaction::clients::{self, Cancel, ClientId, Large, Purpose, Sending, Target};
use super::super::transaction::key::ClientKey;
use super::super::way::{ConnectionId, Transport, Way};
use super::history::with_target;
use super::leg::Phase;
use super::readdress::{for_phone, readdressed, with_uri, with_via_transport, without_credentials};
use super::{Stack, TimerKey};
use crate::clock::Instant;
use crate::id::LegId;
use crate::limits::{
    SIP_CONNECTIONS_MAX, SIP_LOCATE_MAX, SIP_LOCATING_MAX, SIP_REQUEST_BY_UDP_MAX_OCTETS, SIP_REST_MAX,
    SIP_RESTING_MAX, SIP_TARGETS_MAX,
};
use crate::wire::sip::address::Address;
use crate::wire::sip::message::{Message, Response, parse};
use crate::wire::sip::name::Name;
use crate::wire::sip::uri::Uri;
use crate::wire::sip::value::delta_seconds;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

/// The final status of a call whose target cannot be found: not found.
const STATUS_NOT_FOUND: u16 = 404;
/// The final status of a call to a user none of whose phones is logged in (RFC 3261 §21.4.18).
const STATUS_NOT_THERE: u16 = 480;
/// The final status of a call whose targets all rest, and of a transport failure (RFC 3261 §8.1.3.1).
const STATUS_UNAVAILABLE: u16 = 503;

/// What is known of targets beyond the transactions.
#[derive(Default)]
pub struct Reach {
    locating: BTreeMap<LocateId, Locating>,
    /// Where else the calls lead that are located and not placed yet.
    calls: BTreeMap<LegId, VecDeque<Target>>,
    /// Connections that messages came by and whose end was not told.
    alive: BTreeSet<ConnectionId>,
    /// The phone that such a call goes to first.
    phones: BTreeMap<LegId, Arc<Reached>>,
    /// The line of a carrier that such a call goes to first.
    lines: BTreeMap<LegId, Arc<Line>>,
    /// Until when these want to be left alone, however they are spoken to: it is the host that rests, not its door.
    resting: BTreeMap<SocketAddr, Instant>,
    next: u64,
}

struct Locating {
    locate: Locate,
    whom: Whom,
    /// The line of a carrier whose host is sought now.
    line: Option<Arc<Line>>,
    /// Its other hosts, each after the one before.
    later: VecDeque<(Hop, Arc<Line>)>,
    found: Vec<Target>,
}

impl Locating {
    fn new(whom: Whom, hop: Hop) -> Self {
        let (line, later, found) = (None, VecDeque::new(), Vec::new());
        Self { locate: Locate::new(hop), whom, line, later, found }
    }

    /// One host is found, or not: whether another one is sought now.
    fn goes_on(&mut self) -> bool {
        let next = self.later.pop_front();
        let goes_on = next.is_some();
        let (hop, line) = next.unzip();
        let locate = hop.map(Locate::new);
        let over = match locate {
            Some(locate) => std::mem::replace(&mut self.locate, locate),
            None => self.locate.clone(),
        };
        let line = std::mem::replace(&mut self.line, line);
        let target = |way| Target { line: line.clone(), ..Target::new(way) };
        self.found.extend(over.into_targets().into_iter().map(target));
        goes_on
    }
}

/// For whom targets are sought.
#[derive(Clone, PartialEq, Eq)]
enum Whom {
    /// A call that is to be placed.
    Call(LegId),
    /// A request that is held.
    Request(ClientId),
    /// The ACK of a 2xx, and the way that it goes if nothing is found.
    Ack { way: Way, octets: Vec<u8> },
    /// A login at a carrier.
    Login(CarrierId),
    /// The question whether a carrier's hosts are there.
    Watch(CarrierId),
}

impl Reach {
    /// A message came this way. How many connections there are is bounded by the edge, which tells of each end; a message
    /// that waited may come after that, so over the bound the oldest is forgotten. If it lives, another way to the same peer
    /// is asked for, and the edge finds that very connection.
    pub(super) fn heard_by(&mut self, way: Way) {
        self.alive.extend(way.connection);
        if self.alive.len() > SIP_CONNECTIONS_MAX {
            self.alive.pop_first();
        }
    }

    /// The way without a connection that is gone: another one is found, or opened, to the same peer, and if that one is
    /// lost, what went by it must not be looked for under the name of the first.
    fn living(&self, way: Way) -> Way {
        Way { connection: way.connection.filter(|id| self.alive.contains(id)), ..way }
    }

    fn is_resting(&self, now: Instant, way: &Way) -> bool {
        self.resting.get(&way.remote).is_some_and(|until| *until > now)
    }
}

impl Stack {
    /// Seeks the targets of a call that is to be placed.
    pub(super) fn locate_call(&mut self, now: Instant, leg: LegId, target: &str) {
        if Dialled::is_meant(target) {
            return self.locate_lines(now, leg, target);
        }
        let uri = Uri::read(target.as_bytes()).ok();
        let desk = self.desk.as_ref();
        if let Some(phones) = uri.as_ref().and_then(|uri| desk?.reached(now, uri)) {
            return self.call_phones(now, leg, phones);
        }
        match uri.as_ref().and_then(Hop::of) {
            Some(hop) => self.locate(now, Whom::Call(leg), hop),
            None => self.tell(Event::Failed { leg, status: STATUS_NOT_FOUND }),
        }
    }

    /// A user of ours is called: at his phones, one after another.
    fn call_phones(&mut self, now: Instant, leg: LegId, phones: Vec<Reached>) {
        let awake = phones.into_iter().map(Target::phone);
        let awake: VecDeque<Target> = awake.filter(|phone| !self.reach.is_resting(now, &phone.way)).collect();
        if awake.is_empty() {
            return self.tell(Event::Failed { leg, status: STATUS_NOT_THERE });
        }
        self.call_located(leg, awake, false);
    }

    /// A number is called over a carrier: at its hosts, one after another.
    fn locate_lines(&mut self, now: Instant, leg: LegId, target: &str) {
        let mut lines = self.carriers.lines(target);
        let Some((hop, line)) = lines.pop_front() else {
            return self.tell(Event::Failed { leg, status: STATUS_NOT_FOUND });
        };
        let locating = Locating::new(Whom::Call(leg), hop);
        self.seek(now, Locating { line: Some(line), later: lines, ..locating });
    }

    /// Seeks the hosts of a carrier at which we log in. `false` if it has none.
    pub(super) fn locate_registrar(&mut self, now: Instant, carrier: CarrierId) -> bool {
        self.locate_for(now, carrier, Whom::Login(carrier))
    }

    /// Seeks the hosts of a carrier, to ask them whether they are there. `false` if it has none.
    pub(super) fn locate_hosts(&mut self, now: Instant, carrier: CarrierId) -> bool {
        self.locate_for(now, carrier, Whom::Watch(carrier))
    }

    fn locate_for(&mut self, now: Instant, carrier: CarrierId, whom: Whom) -> bool {
        let mut lines = self.carriers.registrars(carrier);
        let Some((hop, line)) = lines.pop_front() else { return false };
        let locating = Locating::new(whom, hop);
        self.seek(now, Locating { line: Some(line), later: lines, ..locating });
        true
    }

    /// The line of a carrier that a call goes to which is placed now.
    pub(super) fn line_of(&mut self, leg: LegId) -> Option<Arc<Line>> {
        self.reach.lines.remove(&leg)
    }

    /// The phone that a call goes to which is placed now, if it goes to a user of ours.
    pub(super) fn phone_of(&mut self, leg: LegId) -> Option<Arc<Reached>> {
        self.reach.phones.remove(&leg)
    }

    /// Whether another phone of the user who is called is left.
    pub(super) fn has_other_phone(&mut self, id: ClientId) -> bool {
        self.clients.get_mut(id).is_some_and(|client| client.rest.iter().any(|target| target.phone.is_some()))
    }

    /// Forgets where else a call could go: nobody wants it any more.
    pub(super) fn stop_reaching(&mut self, leg: LegId) {
        self.reach.calls.remove(&leg);
        self.reach.phones.remove(&leg);
        self.reach.lines.remove(&leg);
        let sought = self.reach.locating.iter().find(|(_, locating)| locating.whom == Whom::Call(leg));
        if let Some(id) = sought.map(|(id, _)| *id) {
            self.reach.locating.remove(&id);
            self.index.set(TimerKey::Locate(id), None);
        }
        if let Some(Phase::Outgoing(calling)) = self.legs.get(&leg).map(|leg| &leg.phase)
            && let Some(client) = self.clients.get_mut(calling.invite)
        {
            client.rest.clear();
        }
    }

    fn locate(&mut self, now: Instant, whom: Whom, hop: Hop) {
        self.seek(now, Locating::new(whom, hop));
    }

    /// Each search has a name of its own: what is found too late for one host is not another's.
    fn seek(&mut self, now: Instant, mut locating: Locating) {
        let id = LocateId(self.reach.next);
        self.reach.next += 1;
        // How many may call for help at once the ports say.
        let is_full =
            self.reach.locating.len() >= SIP_LOCATING_MAX && !self.is_for_help(locating.line.as_deref());
        if is_full {
            locating.later.clear();
        }
        self.reach.locating.insert(id, locating);
        if is_full {
            return self.located(now, id);
        }
        self.index.set(TimerKey::Locate(id), Some(now + SIP_LOCATE_MAX));
        self.ask(now, id);
    }

    fn ask(&mut self, now: Instant, id: LocateId) {
        let Some(locating) = self.reach.locating.get(&id) else { return };
        match locating.locate.question() {
            Some(question) => self.outputs.push_back(Output::Resolve { id, question }),
            None => self.located(now, id),
        }
    }

    /// The edge found something, or nothing.
    pub(super) fn resolved(&mut self, now: Instant, id: LocateId, records: Vec<Record>) {
        let Some(locating) = self.reach.locating.get_mut(&id) else { return };
        locating.locate.answer(&mut self.rng, records);
        self.ask(now, id);
    }

    /// The search is over, or has taken long enough.
    pub(super) fn located(&mut self, now: Instant, id: LocateId) {
        self.index.set(TimerKey::Locate(id), None);
        let Some(mut locating) = self.reach.locating.remove(&id) else { return };
        if locating.goes_on() {
            return self.seek(now, locating);
        }
        let Locating { found, whom, .. } = locating;
        let awake = self.awake_for(now, &whom, &found);
        match whom {
            Whom::Call(leg) => self.call_located(leg, awake, found.is_empty()),
            Whom::Request(client) => self.request_located(now, client, awake),
            Whom::Login(carrier) => self.registrar_located(now, carrier, awake),
            Whom::Watch(carrier) => self.hosts_located(now, carrier, awake),
            Whom::Ack { way, octets } => self.ack_located(way, octets, awake.front().map(|to| to.way)),
        }
    }

    /// Who is worth a try: hosts that rest are asked whether they are there, and nothing else; those that are down come last
    /// in a login, which is one more question. An emergency call leaves out nobody: who rests was there a moment ago, and
    /// comes before who is down.
    fn awake_for(&self, now: Instant, whom: &Whom, found: &[Target]) -> VecDeque<Target> {
        let rests = |target: &Target| self.reach.is_resting(now, &target.way);
        let is_worth = |&target: &&Target| match whom {
            Whom::Watch(_) => true,
            Whom::Login(_) => !rests(target),
            Whom::Call(_) | Whom::Request(_) | Whom::Ack { .. } => self.may_go_to(now, target),
        };
        let mut worth: Vec<Target> = found.iter().filter(is_worth).cloned().collect();
        if !matches!(whom, Whom::Watch(_)) {
            worth.sort_by_key(|target| (self.is_down(now, target), rests(target)));
        }
        worth.truncate(SIP_TARGETS_MAX);
        worth.into()
    }

    /// The SDP of the call names an address of ours, so that all its targets are of one family.
    fn call_located(&mut self, leg: LegId, mut targets: VecDeque<Target>, found_none: bool) {
        let Some(first) = targets.pop_front() else {
            let status = if found_none { STATUS_NOT_FOUND } else { STATUS_UNAVAILABLE };
            return self.tell(Event::Failed { leg, status });
        };
        let way = first.way;
        targets.retain(|other| other.way.local == way.local);
        self.reach.calls.insert(leg, targets);
        self.reach.phones.extend(first.phone.map(|phone| (leg, phone)));
        self.reach.lines.extend(first.line.map(|line| (leg, line)));
        self.tell(Event::Located { leg, way });
    }

    fn request_located(&mut self, now: Instant, id: ClientId, mut targets: VecDeque<Target>) {
        let Some(client) = self.clients.get_mut(id) else { return };
        if let Some(first) = targets.pop_front() {
            client.rest = targets;
            self.send_to(now, id, first);
        } else {
            let way = client.way;
            self.send_to(now, id, Target::new(way));
        }
        self.retime_client(id);
    }

    fn ack_located(&mut self, way: Way, octets: Vec<u8>, found: Option<Way>) {
        match found {
            Some(found) => self.transmit(found, with_via_transport(&octets, found.transport)),
            None => self.transmit(way, octets),
        }
    }

    /// Sends the ACK of a 2xx. Nobody tells us that an ACK was lost, so a large one goes by TCP only where its
    /// INVITE did.
    pub(super) fn send_ack(&mut self, now: Instant, way: Way, octets: Vec<u8>) {
        match hop_to_locate(&octets, way) {
            Some(hop) => self.locate(now, Whom::Ack { way, octets }, hop),
            None => self.transmit(way, octets),
        }
    }

    /// Begins a client transaction: its request is sent, now or when its next hop is known.
    pub(super) fn client_begin(&mut self, now: Instant, begin: clients::Begin) -> ClientId {
        let (hop, rest) = match &begin.purpose {
            Purpose::Invite { leg, .. } => (None, self.reach.calls.remove(leg).unwrap_or_default()),
            Purpose::Cancel => (None, again_by_tcp(begin.way).into_iter().collect()),
            Purpose::Bye { .. }
            | Purpose::Probe { .. }
            | Purpose::ReInvite { .. }
            | Purpose::Update { .. }
            | Purpose::Left { .. }
            | Purpose::Register { .. }
            | Purpose::Watch { .. }
            | Purpose::Summary { .. }
            | Purpose::Alert { .. }
            | Purpose::Subscriber { .. }
            | Purpose::Notify { .. }
            | Purpose::Prack => {
                let hop = hop_to_locate(&begin.octets, begin.way);
                (hop, meant_udp(&begin.octets, begin.way).into_iter().collect())
            }
        };
        let mut first = Target::new(begin.way);
        if matches!(begin.purpose, Purpose::Cancel) {
            first.large = Large::AsItIs;
        }
        let leg = begin.purpose.leg().and_then(|leg| self.legs.get(&leg));
        let carrier = leg.and_then(|leg| leg.carrier);
        let id = self.clients.begin(now, begin);
        if let Some(client) = self.clients.get_mut(id) {
            (client.rest, client.carrier) = (rest, carrier);
        }
        match hop {
            Some(hop) => self.locate(now, Whom::Request(id), hop),
            None => self.send_to(now, id, first),
        }
        self.retime_client(id);
        id
    }

    /// Sends the request of a transaction for the first time: over TCP if it is too large for a datagram, with the
    /// datagram as the next target if TCP does not get through (RFC 3261 §18.1.1).
    pub(super) fn send_to(&mut self, now: Instant, id: ClientId, target: Target) {
        let Some(client) = self.clients.get_mut(id) else { return };
        let is_large = client.octets.len() > SIP_REQUEST_BY_UDP_MAX_OCTETS;
        let mut way = self.reach.living(target.way);
        if is_large && target.large == Large::ByTcp && way.transport == Transport::Udp {
            client.rest.push_front(Target { large: Large::AsItIs, ..target });
            way = Way { transport: Transport::Tcp, connection: None, ..way };
        }
        let octets = with_via_transport(&client.octets, way.transport);
        if let Purpose::Invite { invite, .. } | Purpose::ReInvite { invite, .. } = &mut client.purpose {
            *invite = octets.clone();
        }
        client.octets = octets.clone();
        client.sending = Sending::Sent;
        let waits = matches!(client.purpose, Purpose::Invite { .. }) && !client.rest.is_empty();
        client.patience = waits.then(|| now + self.settings.target_patience);
        self.clients.redirect(now, id, way);
        self.transmit(way, octets);
    }

    /// Whether a target may be tried: it neither rests nor is down, or somebody calls for help.
    fn may_go_to(&self, now: Instant, target: &Target) -> bool {
        let is_there = !self.is_down(now, target) && !self.reach.is_resting(now, &target.way);
        is_there || self.is_last_resort(target)
    }

    /// A request came to nothing. `true` if it is on its way to another target now.
    pub(super) fn fail_over(&mut self, now: Instant, id: ClientId, request: &[u8]) -> bool {
        let Some(client) = self.clients.get_mut(id) else { return false };
        let (mut rest, failed) = (std::mem::take(&mut client.rest), client.way);
        let is_cancel = matches!(client.purpose, Purpose::Cancel);
        rest.retain(|target| target.large == Large::AsItIs || target.way != failed);
        let next = rest.iter().position(|target| self.may_go_to(now, target));
        let Some(target) = next.and_then(|at| rest.drain(..=at).next_back()) else { return false };
        if is_cancel {
            self.cancel_again(now, id, target);
            return true;
        }
        let Ok(Message::Request(parsed)) = parse(request) else { return false };
        let (branch, via) = self.via(target.way);
        let login = match self.clients.get_mut(id).map(|client| &client.purpose) {
            Some(Purpose::Register { carrier }) => Some(*carrier),
            Some(_) | None => None,
        };
        let contact = match login {
            Some(carrier) => self.login_contact(carrier, target.way),
            None => self.contact(target.way),
        };
        let octets = readdressed(&parsed, request, &via, &contact);
        // What convinces one host is nothing to another.
        let is_elsewhere = target.way.remote != failed.remote;
        let octets = if is_elsewhere { without_credentials(octets) } else { octets };
        let octets = match (&target.phone, &target.line) {
            (Some(phone), _) => for_phone(&octets, phone),
            (None, Some(line)) => {
                let octets = with_target(&octets, line.uri.expose());
                with_uri(&octets, &parsed.method, line.uri.expose().as_bytes())
            }
            (None, None) => octets,
        };
        let key = ClientKey::new(&branch, &parsed.method);
        if let Some(client) = self.clients.get_mut(id).filter(|_| is_elsewhere) {
            client.challenges = 0;
        }
        self.counters.failovers += 1;
        self.begin_again(now, id, Again { key, octets, target, rest });
        true
    }

    /// A request goes out once more, as a new transaction: whatever hung on the old one hangs on that from now on.
    pub(super) fn begin_again(&mut self, now: Instant, id: ClientId, again: Again) {
        let Again { key, octets, target, rest } = again;
        let Some(client) = self.clients.get_mut(id) else { return };
        let (carrier, challenges) = (client.carrier, client.challenges);
        // What failed is nobody's any more: a BYE that is tried elsewhere still holds its leg.
        let mut purpose = std::mem::replace(&mut client.purpose, Purpose::Cancel);
        if let Purpose::Invite { invite, .. } | Purpose::ReInvite { invite, .. } = &mut purpose {
            invite.clone_from(&octets);
        }
        let leg = purpose.leg();
        let begin = clients::Begin { key, octets, way: target.way, purpose };
        let new = self.clients.begin(now, begin);
        if let Some(client) = self.clients.get_mut(new) {
            (client.rest, client.carrier, client.challenges) = (rest, carrier, challenges);
        }
        match leg.and_then(|leg| self.legs.get_mut(&leg)).map(|leg| &mut leg.phase) {
            Some(Phase::Outgoing(calling)) if calling.invite == id => calling.invite = new,
            Some(Phase::InDialog(within)) => {
                if let Some(changing) = within.changing.as_mut().filter(|changing| changing.client == id) {
                    changing.client = new;
                }
            }
            Some(Phase::Outgoing(_) | Phase::Mortal { .. } | Phase::Subscribed(_)) | None => {}
        }
        self.send_to(now, new, target);
        self.retime_client(new);
    }

    /// A target has not answered a call at all, and there may be another: the call goes on to that. Nothing can be
    /// cancelled yet (RFC 3261 §9.1), so what the first one says late is still heard.
    pub(super) fn lose_patience(&mut self, now: Instant, id: ClientId) {
        let Some(Purpose::Invite { invite, .. }) = self.clients.get_mut(id).map(|client| &client.purpose)
        else {
            return self.lose_patience_with_host(now, id);
        };
        let invite = invite.clone();
        self.call_lost(now, id);
        if self.fail_over(now, id, &invite)
            && let Some(client) = self.clients.get_mut(id)
        {
            client.purpose = Purpose::Left { invite, answers: Vec::new(), cancel: Cancel::Unsent };
            // Nor is it sent again: what never reached a phone shall not make it ring now.
            client.octets = Vec::new();
        }
    }

    /// A provisional answer to a call that went on to another target: two phones must not ring for it.
    pub(super) fn cancel_left(&mut self, now: Instant, id: ClientId) {
        let Some(client) = self.clients.get_mut(id) else { return };
        if let Purpose::Left { cancel: cancel @ Cancel::Unsent, .. } = &mut client.purpose {
            *cancel = Cancel::Sent;
            self.send_cancel(now, id, None);
        }
    }

    /// A CANCEL goes another way as the same transaction: by its branch the peer knows what is cancelled
    /// (RFC 3261 §9.1).
    fn cancel_again(&mut self, now: Instant, id: ClientId, target: Target) {
        self.counters.failovers += 1;
        self.send_to(now, id, target);
        self.retime_client(id);
    }

    /// The peer at the end of that way is not there: what was sent to it and not answered fails (RFC 3261 §17.1.4).
    pub(super) fn unreachable(&mut self, now: Instant, way: Way) {
        self.counters.unreachable += 1;
        if let Some(connection) = way.connection {
            self.reach.alive.remove(&connection);
            self.phones_lost(connection);
        }
        for id in self.clients.towards(&way) {
            let Some(client) = self.clients.get_mut(id) else { continue };
            if client.way.connection.is_some() {
                // The peer may still be there, only this connection is not.
                client.rest.push_front(Target::new(Way { connection: None, ..client.way }));
            }
            let unheard = self.unheard(id, &way);
            let Some(client) = self.clients.get_mut(id) else { continue };
            let fails = client.sending == Sending::Sent
                && client.handle(now, clients::Input::Unreachable) == Some(clients::Output::Unreachable);
            if fails {
                self.client_failed(now, id, STATUS_UNAVAILABLE);
            }
            self.retime_client(id);
            if let Some(unheard) = unheard.filter(|_| fails) {
                self.hear_late(now, unheard);
            }
        }
    }

    /// A 503 may ask for a time of rest, and leads to the next target: not to the same host by another transport
    /// (RFC 3261 §21.5.4, RFC 3263 §4.3). `true` if the request is on its way there.
    pub(super) fn turned_away(
        &mut self,
        now: Instant,
        id: ClientId,
        request: &[u8],
        response: &Response<'_>,
    ) -> bool {
        let Some(client) = self.clients.get_mut(id) else { return false };
        let way = client.way;
        client.rest.retain(|target| target.way.remote != way.remote);
        let rest = response.headers.first(Name::RetryAfter).and_then(delta_seconds);
        if let Some(seconds) = rest.filter(|seconds| *seconds > 0) {
            self.reach.resting.retain(|_, until| *until > now);
            if self.reach.resting.len() < SIP_RESTING_MAX {
                let until = now + Duration::from_secs(u64::from(seconds)).min(SIP_REST_MAX);
                self.reach.resting.insert(way.remote, until);
            }
        }
        self.fail_over(now, id, request)
    }
}

/// What goes out once more.
pub struct Again {
    /// Its name on the wire.
    pub key: ClientKey,
    /// The request.
    pub octets: Vec<u8>,
    /// Where it goes.
    pub target: Target,
    /// Where else it could.
    pub rest: VecDeque<Target>,
}

/// A CANCEL goes once more if its connection is lost, over another one to the same peer: else a phone rings on.
fn again_by_tcp(way: Way) -> Option<Target> {
    let again = Target { large: Large::AsItIs, ..Target::new(Way { connection: None, ..way }) };
    way.transport.is_reliable().then_some(again)
}

/// The datagram that a peer may have meant who named no transport (RFC 3263 §4.1), and came by TCP because what it
/// had to say was large (RFC 3261 §18.1.1).
fn meant_udp(octets: &[u8], way: Way) -> Option<Target> {
    let is_open = way.transport == Transport::Tcp && !next_hop(octets)?.names_transport();
    is_open.then(|| Target { large: Large::AsItIs, ..Target::new(Way::udp(way.local, way.remote)) })
}

/// Where a request that leaves by `way` really goes, if that is still to be found out: its next hop is a name, or of
/// another family than our address (RFC 3261 §8.1.2).
fn hop_to_locate(octets: &[u8], way: Way) -> Option<Hop> {
    let is_elsewhere = way.local.is_ipv4() != way.remote.is_ipv4();
    next_hop(octets).filter(|hop| hop.is_named() || is_elsewhere)
}

/// What the first Route, or the Request-URI, says of the way (RFC 3261 §8.1.2).
fn next_hop(octets: &[u8]) -> Option<Hop> {
    let Ok(Message::Request(request)) = parse(octets) else { return None };
    let route = request.headers.values(Name::Route).next().and_then(|route| Address::read(route).ok());
    let route = route.and_then(|route| route.uri().ok());
    let loose = route.filter(|uri| uri.parameters.get("lr").is_some());
    Hop::of(&loose.or_else(|| Uri::read(request.uri).ok())?)
}
