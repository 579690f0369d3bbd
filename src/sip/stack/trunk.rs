//! Calls over a carrier: at which hosts, as whom, and what we say when it asks for the account (RFC 3261 §22.1, §22.2,
//! §22.3; RFC 3323 §4.1, RFC 3325 §5, §9).
//!
//! ```text
//!  request ──▶ 401, 407 ──▶ ACK of an INVITE's ──▶ the same request: Call-ID, From and To stay, CSeq + 1, a new branch,
//!                 │                                 Authorization or Proxy-Authorization
//!                 └─ asked before by the same realm, or nothing that we can say: the core hears of it; it is counted
//! ```
//! CANCEL and ACK are never asked. A call that was given up meanwhile is not placed again. Hosts that are not there, silent
//! or resting are [`super::reach`]'s.

use super::super::carrier::{Carrier, CarrierId, Dialled, Line, e164, hop, is_emergency, registrar_of};
use super::super::digest::answer::{Purse, Said};
use super::super::interface::Outgoing;
use super::super::invite::uac::Uac;
use super::super::locate::Hop;
use super::super::transaction::clients::{ClientId, Large, Purpose, Target};
use super::super::transaction::key::ClientKey;
use super::super::way::Transport;
use super::Stack;
use super::leg::Phase;
use super::login::LoggingIn;
use super::reach::Again;
use super::readdress::{find, with_line};
use super::request::cseq_of;
use super::watch::Watch;
use crate::clock::Instant;
use crate::id::TrunkName;
use crate::limits::carriers::CARRIER_HOSTS_MAX;
use crate::limits::{CHALLENGES_ANSWERED_MAX, SIP_REQUEST_BY_UDP_MAX_OCTETS};
use crate::phi::Phi;
use crate::wire::sip::credentials::Credentials;
use crate::wire::sip::diversion::Wish;
use crate::wire::sip::emit::Builder;
use crate::wire::sip::message::{Message, Request, Response, parse};
use crate::wire::sip::name::Name;
use std::collections::VecDeque;
use std::sync::Arc;

/// The From of a caller who does not wish to be known (RFC 3323 §4.1).
const ANONYMOUS: &str = "\"Anonymous\" <sip:anonymous@anonymous.invalid>";

/// The carriers that calls go out over.
#[derive(Default)]
pub struct Carriers {
    all: Vec<Held>,
}

/// A carrier, its account with the nonce that was answered last, and our login there.
pub struct Held {
    /// The carrier.
    pub carrier: Carrier,
    /// The login, if there is one.
    pub login: Option<Box<LoggingIn>>,
    /// Whether its hosts are there, if they are asked.
    pub watch: Option<Box<Watch>>,
    purse: Option<Purse>,
}

/// Who calls, as an INVITE tells it.
pub struct Presented {
    /// From, without its tag.
    pub from: String,
    /// P-Asserted-Identity, where the peer may know it.
    pub asserted: Option<String>,
    /// Privacy, where it is asked for.
    pub privacy: Option<&'static str>,
}

impl Presented {
    /// Writes what stands beside From.
    pub fn write(&self, builder: Builder) -> Builder {
        let builder = match &self.asserted {
            Some(asserted) => builder.header(Name::PAssertedIdentity, asserted),
            None => builder,
        };
        match self.privacy {
            Some(privacy) => builder.header(Name::Privacy, privacy),
            None => builder,
        }
    }
}

impl Carriers {
    /// None, or these.
    pub fn new(now: Instant, carriers: Vec<Carrier>) -> Self {
        let held = |carrier: Carrier| {
            let purse = carrier.account.clone().map(Purse::new);
            let watch = carrier.health_every.map(|every| Box::new(Watch::new(now, every)));
            Held { purse, login: None, watch, carrier }
        };
        Self { all: carriers.into_iter().map(held).collect() }
    }

    /// Where a target over a carrier leads, host after host; nowhere if no carrier of that name is there.
    pub fn lines(&self, target: &str) -> VecDeque<(Hop, Arc<Line>)> {
        let dialled = Dialled::read_emergency(target).or_else(|| Dialled::read(target));
        let found = dialled.and_then(|Dialled { trunk, number }| {
            let at = self.all.iter().position(|held| held.carrier.name.as_str() == trunk)?;
            Some((CarrierId(at), &self.all[at].carrier, number))
        });
        let Some((carrier, held, number)) = found else { return VecDeque::new() };
        let line = |to: &String| {
            let uri = Phi::new(held.uri_of(to, number.expose()));
            Some((hop(to)?, Arc::new(Line { carrier, uri })))
        };
        held.to.iter().take(CARRIER_HOSTS_MAX).filter_map(line).collect()
    }

    /// The hosts at which we log in.
    pub fn registrars(&self, carrier: CarrierId) -> VecDeque<(Hop, Arc<Line>)> {
        let hosts = self.all.get(carrier.0).map(|held| held.carrier.to.as_slice()).unwrap_or_default();
        let line = |to: &String| {
            let uri = Phi::new(registrar_of(to));
            Some((hop(to)?, Arc::new(Line { carrier, uri })))
        };
        hosts.iter().take(CARRIER_HOSTS_MAX).filter_map(line).collect()
    }

    /// All of them, each with its name in the stack.
    pub fn each(&self) -> impl Iterator<Item = (CarrierId, &Held)> {
        self.all.iter().enumerate().map(|(at, held)| (CarrierId(at), held))
    }

    /// One of them.
    pub fn held_mut(&mut self, id: CarrierId) -> Option<&mut Held> {
        self.all.get_mut(id.0)
    }

    /// The same, to be looked at.
    pub fn held(&self, id: CarrierId) -> Option<&Held> {
        self.all.get(id.0)
    }

    /// The one of that name in the configuration.
    pub fn named(&self, name: &TrunkName) -> Option<CarrierId> {
        self.all.iter().position(|held| held.carrier.name == *name).map(CarrierId)
    }

    /// The names of all of them in the stack.
    pub fn ids(&self) -> Vec<CarrierId> {
        (0..self.all.len()).map(CarrierId).collect()
    }

    fn get(&self, id: CarrierId) -> Option<&Carrier> {
        self.held(id).map(|held| &held.carrier)
    }

    fn purse_mut(&mut self, id: CarrierId) -> Option<&mut Purse> {
        self.all.get_mut(id.0)?.purse.as_mut()
    }
}

impl Stack {
    /// Who a call of ours is from. A carrier shows the number of the trunk, and learns the patient's if it is trusted; a
    /// patient who is anonymous, or asked for it, stays so (RFC 3325 §7). Who calls for help is shown by the number of his place: the
    /// dispatcher finds it by that, and calls it back. A user of ours has no number of his own: the trunk's stands for it.
    pub(super) fn presented(&self, call: &Outgoing, told: &str, line: Option<&Line>) -> Presented {
        let user = call.from_user.expose().as_str();
        let is_known = !matches!(user, "" | "anonymous");
        let named = |user: &str| format!("<sip:{}@{told}>", super::command::escaped(user));
        let Some(carrier) = line.and_then(|line| self.carriers.get(line.carrier)) else {
            let from = if is_known { named(user) } else { ANONYMOUS.to_owned() };
            return Presented { from, asserted: None, privacy: None };
        };
        let host = carrier.host_of_callers(told);
        let named =
            |number: &str| format!("<sip:{}@{host}>", super::command::escaped(&carrier.spelled(number)));
        if is_emergency(&call.target) {
            let number = e164(user).unwrap_or_else(|| carrier.caller.clone());
            let asserted = carrier.trusted.then(|| named(&number));
            return Presented { from: named(&number), asserted, privacy: None };
        }
        let is_known = is_known && call.carries.privacy.identity == Wish::Told;
        let number = if user.bytes().all(|octet| octet.is_ascii_digit() || octet == b'+') {
            user
        } else {
            &carrier.caller
        };
        let (caller, asserted) = match is_known {
            true => (named(&carrier.caller), named(number)),
            false => (ANONYMOUS.to_owned(), named(&carrier.caller)),
        };
        let asserted = carrier.trusted.then_some(asserted);
        Presented { from: caller, asserted, privacy: (!is_known).then_some("id") }
    }

    /// A request was answered 401 or 407: `true` if it is on its way again with our account.
    pub(super) fn answer_challenge(
        &mut self,
        now: Instant,
        id: ClientId,
        request: &[u8],
        response: &Response<'_>,
    ) -> bool {
        let Some(client) = self.clients.get_mut(id) else { return false };
        let (way, challenges) = (client.way, client.challenges);
        let Some(carrier) = client.carrier.filter(|_| self.wants_again(id)) else { return false };
        let Ok(Message::Request(parsed)) = parse(request) else { return false };
        let cnonce = self.rng.token();
        let purse = self.carriers.purse_mut(carrier).filter(|_| challenges < CHALLENGES_ANSWERED_MAX);
        let Some(said) = purse.and_then(|purse| purse.answer(&parsed, response, &cnonce).ok()) else {
            self.counters.accounts_refused += 1;
            return false;
        };
        self.counters.accounts_shown += 1;
        let cseq = self.begin_over(id).unwrap_or_else(|| cseq_of(&parsed) + 1);
        let (branch, via) = self.via(way);
        let octets = with_line(request, b"Via: ", via.as_bytes());
        let octets = with_line(&octets, b"CSeq: ", format!("{cseq} {}", parsed.method).as_bytes());
        let octets = with_credentials(&octets, &said);
        let key = ClientKey::new(&branch, &parsed.method);
        // TCP was tried before if this one was too large for a datagram and came by one.
        let was_large = request.len() > SIP_REQUEST_BY_UDP_MAX_OCTETS && way.transport == Transport::Udp;
        let large = if was_large { Large::AsItIs } else { Large::ByTcp };
        let target = Target { large, ..Target::new(way) };
        let Some(client) = self.clients.get_mut(id) else { return false };
        client.challenges += 1;
        let rest = std::mem::take(&mut client.rest);
        self.begin_again(now, id, Again { key, octets, target, rest });
        true
    }

    /// Whether anybody still wants what a request asks for.
    fn wants_again(&mut self, id: ClientId) -> bool {
        let Some(purpose) = self.clients.get_mut(id).map(|client| &client.purpose) else { return false };
        let phase = purpose.leg().and_then(|leg| self.legs.get(&leg)).map(|leg| &leg.phase);
        match (purpose, phase) {
            (Purpose::Invite { .. }, Some(Phase::Outgoing(calling))) => {
                calling.invite == id && !calling.uac.is_given_up()
            }
            (Purpose::ReInvite { .. } | Purpose::Update { .. }, Some(Phase::InDialog(within))) => {
                let open = within.changing.as_ref().filter(|changing| changing.client == id);
                open.is_some_and(|changing| !changing.uac.is_given_up())
            }
            (Purpose::Probe { .. } | Purpose::Notify { .. }, Some(Phase::InDialog(_)))
            | (Purpose::Bye { .. } | Purpose::Register { .. }, _) => true,
            (
                Purpose::Invite { .. }
                | Purpose::ReInvite { .. }
                | Purpose::Update { .. }
                | Purpose::Notify { .. }
                | Purpose::Probe { .. },
                _,
            )
            // Who asks for an account is there.
            | (Purpose::Watch { .. } | Purpose::Summary { .. } | Purpose::Alert { .. } | Purpose::Subscriber { .. } | Purpose::Left { .. } | Purpose::Cancel | Purpose::Prack, _) => false,
        }
    }

    /// The caller's core begins anew with the request that goes again, whose number in its dialog this is; `None` where
    /// it has no dialog, or none any more.
    fn begin_over(&mut self, id: ClientId) -> Option<u32> {
        let leg = self.clients.get_mut(id)?.purpose.leg()?;
        match &mut self.legs.get_mut(&leg)?.phase {
            Phase::Outgoing(calling) => {
                calling.uac = Uac::calling();
                let forks = std::mem::take(&mut calling.forks);
                self.forget_forks(forks);
                None
            }
            Phase::InDialog(within) => {
                if let Some(changing) = within.changing.as_mut().filter(|changing| changing.client == id) {
                    changing.uac = Uac::calling();
                }
                within.dialog.skip_cseq(1);
                Some(within.dialog.local_cseq())
            }
            Phase::Mortal { .. } | Phase::Subscribed(_) => None,
        }
    }
}

/// The credentials of an INVITE: the ACK of its 2xx carries the same (RFC 3261 §13.2.2.4, §22.1).
pub fn credentials_of(request: &Request<'_>) -> Vec<(Name, Vec<u8>)> {
    let of = |name| request.headers.each(name).map(move |value| (name, value.to_vec()));
    of(Name::Authorization).chain(of(Name::ProxyAuthorization)).collect()
}

/// The request with this in its header, in place of what was said to the same realm before.
fn with_credentials(octets: &[u8], said: &Said) -> Vec<u8> {
    let name = format!("\r\n{}: ", said.name);
    let (mut octets, mut from) = (octets.to_vec(), 0);
    while let Some(at) = find(&octets[from..], name.as_bytes()).map(|at| from + at) {
        let value = at + name.len();
        let end = find(&octets[value..], b"\r\n").map_or(octets.len(), |end| value + end);
        let is_same = Credentials::read(&octets[value..end]).is_ok_and(|it| it.realm == said.realm);
        if is_same {
            octets.drain(at..end);
            from = at;
        } else {
            from = end;
        }
    }
    let after = find(&octets, b"\r\nCSeq: ").map(|at| at + 2);
    let end = after.and_then(|at| find(&octets[at..], b"\r\n").map(|end| at + end)).unwrap_or(octets.len());
    [&octets[..end], name.as_bytes(), &said.value, &octets[end..]].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_said_to_the_same_realm_before_is_replaced() {
        // RFC 3261 §22.3
        let value = |realm: &str, nonce: &str| {
            format!(
                "Digest username=\"u\", realm=\"{realm}\", nonce=\"{nonce}\", uri=\"sip:x\", response=\"0\""
            )
        };
        let request = |lines: &str| {
            format!("INVITE sip:x SIP/2.0\r\nCSeq: 2 INVITE\r\n{lines}Content-Length: 0\r\n\r\n").into_bytes()
        };
        let line = |name: &str, realm, nonce| format!("{name}: {}\r\n", value(realm, nonce));
        let (proxy, server) = ("Proxy-Authorization", "Authorization");
        let new = line(proxy, "a", "new");
        for (before, after) in [
            (String::new(), new.clone()),
            (line(proxy, "a", "old"), new.clone()),
            (line(proxy, "b", "old"), new.clone() + &line(proxy, "b", "old")),
            (line(server, "a", "old"), new.clone() + &line(server, "a", "old")),
            (line(proxy, "a", "1") + &line(proxy, "b", "2"), new.clone() + &line(proxy, "b", "2")),
        ] {
            let said = Said {
                name: Name::ProxyAuthorization,
                value: value("a", "new").into_bytes(),
                realm: b"a".to_vec(),
            };
            let found = with_credentials(&request(&before), &said);
            assert_eq!(
                String::from_utf8_lossy(&found),
                String::from_utf8_lossy(&request(&after)),
                "{before}"
            );
        }
    }
}
