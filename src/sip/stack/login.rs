//! We log in at carriers: REGISTER as its client (RFC 3261 §10.2). When is [`super::super::registering`]'s, which host
//! is [`super::reach`]'s, and the account [`super::trunk`]'s.
//!
//! ```text
//!  due ─▶ hosts sought ─▶ REGISTER ─▶ 401, 407: again with the account    503, nobody there: the next host
//!                                  ─▶ 2xx, 423, anything else: the login hears of it
//! ```
//! When the engine stops in order it gives back what was granted, at the host that granted it (§10.2.2).
//!
//! To and From are the account at the first host of the carrier. Our Contact has the number that the trunk shows, so that
//! a call to it comes in with that number.

use super::super::carrier::{Carrier, CarrierId, Line, domain_of};
use super::super::counters::Login;
use super::super::registering::{Input, Registering};
use super::super::transaction::clients::{Begin, Purpose, Target};
use super::super::transaction::key::ClientKey;
use super::super::way::{Transport, Way};
use super::trunk::Carriers;
use super::{Stack, TimerKey};
use crate::clock::Instant;
use crate::limits::carriers::{CARRIER_CONTACTS_MAX, CARRIER_LOGIN_CSEQS};
use crate::phi::Phi;
use crate::wire::sip::emit;
use crate::wire::sip::message::{Message, Response, parse};
use crate::wire::sip::method::Method;
use crate::wire::sip::name::Name;
use crate::wire::sip::registration::{Wish, wish};
use crate::wire::sip::uri::Uri;
use crate::wire::sip::uri_match::same;
use crate::wire::sip::value::delta_seconds;
use std::collections::VecDeque;
use std::sync::Arc;

/// Our login at one carrier.
pub struct LoggingIn {
    machine: Registering,
    /// The time that was asked for last, in seconds.
    asked_s: u32,
    /// The whole value of To, and of From but for its tag.
    address: String,
    /// The URI of the Contact that was told last.
    contact: String,
    /// Where it was granted: there it is given back.
    bound: Option<Target>,
    tag: String,
    call_id: String,
    cseq: u32,
}

impl Stack {
    /// Calls go out over these from now on; logins begin at once.
    pub(super) fn open_carriers(&mut self, now: Instant, carriers: Vec<Carrier>) {
        for id in self.carriers.ids() {
            self.index.set(TimerKey::Login(id), None);
            self.index.set(TimerKey::Watch(id), None);
        }
        self.carriers = Carriers::new(now, carriers);
        for id in self.carriers.ids() {
            self.retime_watch(id);
            let (tag, call_id) = (self.rng.token(), self.rng.token());
            let Some(held) = self.carriers.held_mut(id) else { continue };
            let domain = held.carrier.to.first().and_then(|to| domain_of(to));
            let (Some(expires_s), Some(account), Some(domain)) =
                (held.carrier.login_s, &held.carrier.account, domain)
            else {
                continue;
            };
            held.login = Some(Box::new(LoggingIn {
                machine: Registering::new(now, expires_s),
                asked_s: expires_s,
                address: format!("<sip:{}@{domain}>", super::command::escaped(account.user())),
                contact: String::new(),
                bound: None,
                tag,
                call_id,
                cseq: 0,
            }));
            self.retime_login(id);
        }
    }

    /// Whether each carrier that we log in at has us.
    pub fn logins(&self, now: Instant) -> Vec<Login> {
        let login = |held: &super::trunk::Held| {
            let machine = &held.login.as_ref()?.machine;
            let (holds, failures) = (machine.holds(now), machine.failures());
            Some(Login { name: held.carrier.name.clone(), holds, failures })
        };
        self.carriers.each().filter_map(|(_, held)| login(held)).collect()
    }

    /// Every login is given back; what was not granted is asked for no more.
    pub(super) fn log_out(&mut self, now: Instant) {
        for id in self.carriers.ids() {
            self.tell_login(now, id, Input::Leave);
        }
    }

    /// Whether a party has not answered our BYE yet, or a carrier that we leave.
    pub fn is_parting(&self) -> bool {
        let mut logins = self.carriers.each().filter_map(|(_, held)| held.login.as_ref());
        self.clients.await_a_bye() || logins.any(|login| login.machine.is_leaving())
    }

    fn login_mut(&mut self, id: CarrierId) -> Option<&mut LoggingIn> {
        self.carriers.held_mut(id)?.login.as_deref_mut()
    }

    fn retime_login(&mut self, id: CarrierId) {
        let deadline = self.login_mut(id).and_then(|login| login.machine.poll_timeout());
        self.index.set(TimerKey::Login(id), deadline);
    }

    /// A login is due.
    pub(super) fn login_timeout(&mut self, now: Instant, id: CarrierId) {
        self.tell_login(now, id, Input::Timeout);
    }

    /// Nobody answered a login, or no host was found.
    pub(super) fn login_failed(&mut self, now: Instant, id: CarrierId) {
        self.tell_login(now, id, Input::Refused { retry_after_s: None });
    }

    fn tell_login(&mut self, now: Instant, id: CarrierId, input: Input) {
        let Some(login) = self.carriers.held_mut(id).and_then(|held| held.login.as_deref_mut()) else {
            return;
        };
        let ask = login.machine.handle(now, &mut self.rng, input);
        if let Some(ask) = ask {
            login.asked_s = ask.expires_s;
        }
        let bound = login.bound.clone().filter(|_| ask.is_some_and(|ask| ask.expires_s == 0));
        self.retime_login(id);
        match bound {
            Some(target) => self.send_login(now, id, target, VecDeque::new()),
            None if ask.is_some() && !self.locate_registrar(now, id) => self.login_failed(now, id),
            None => {}
        }
    }

    /// The hosts of a login are known.
    pub(super) fn registrar_located(&mut self, now: Instant, id: CarrierId, mut hosts: VecDeque<Target>) {
        let Some(first) = hosts.pop_front() else { return self.login_failed(now, id) };
        hosts.retain(|other| other.way.local == first.way.local);
        self.send_login(now, id, first, hosts);
    }

    fn send_login(&mut self, now: Instant, id: CarrierId, first: Target, hosts: VecDeque<Target>) {
        let Some(line) = first.line.clone() else { return };
        let (branch, via) = self.via(first.way);
        let contact = self.login_contact(id, first.way);
        let host = self.told(first.way.local).ip();
        let Some(login) = self.login_mut(id) else { return };
        login.cseq += CARRIER_LOGIN_CSEQS;
        login.contact = contact.trim_matches(['<', '>']).to_owned();
        let LoggingIn { address, tag, call_id, cseq, asked_s, .. } = login;
        let builder = emit::request(Method::Register, line.uri.expose().as_bytes())
            .header(Name::Via, via)
            .header_fmt(Name::From, format_args!("{address};tag={tag}"))
            .header(Name::To, &*address)
            .header_fmt(Name::CallId, format_args!("{call_id}@{host}"))
            .header_fmt(Name::CSeq, format_args!("{cseq} REGISTER"))
            .header(Name::MaxForwards, "70")
            .header(Name::Contact, contact)
            .header_fmt(Name::Expires, format_args!("{asked_s}"));
        let octets = builder.header(Name::UserAgent, &self.settings.product).finish();
        let key = ClientKey::new(&branch, &Method::Register);
        let (way, purpose) = (first.way, Purpose::Register { carrier: id });
        let client = self.clients.begin(now, Begin { key, octets, way, purpose });
        if let Some(client) = self.clients.get_mut(client) {
            (client.rest, client.carrier) = (hosts, Some(id));
        }
        self.send_to(now, client, first);
        self.retime_client(client);
    }

    /// Where calls to the number of a trunk find us.
    pub(super) fn login_contact(&mut self, id: CarrierId, way: Way) -> String {
        let told = self.told(way.local);
        let user = self.carriers.held_mut(id).map(|held| super::command::escaped(&held.carrier.caller));
        let user = user.unwrap_or_default();
        match way.transport {
            Transport::Udp => format!("<sip:{user}@{told}>"),
            Transport::Tcp => format!("<sip:{user}@{told};transport={}>", way.transport.in_uri()),
        }
    }

    /// A carrier answered a login.
    pub(super) fn login_answered(
        &mut self,
        now: Instant,
        id: CarrierId,
        asked: (Way, &[u8]),
        response: &Response<'_>,
    ) {
        let headers = &response.headers;
        let seconds = |name| headers.first(name).and_then(delta_seconds);
        let input = match response.status {
            ..200 => return,
            200..300 => {
                let Some(login) = self.login_mut(id) else { return };
                login.bound = bound_at(id, asked);
                Input::Granted { expires_s: granted(response, &login.contact).unwrap_or(login.asked_s) }
            }
            423 => Input::TooBrief { least_s: seconds(Name::MinExpires).unwrap_or_default() },
            _ => Input::Refused { retry_after_s: seconds(Name::RetryAfter) },
        };
        self.tell_login(now, id, input);
    }
}

/// The host that took this REGISTER.
fn bound_at(carrier: CarrierId, (way, request): (Way, &[u8])) -> Option<Target> {
    let Ok(Message::Request(request)) = parse(request) else { return None };
    let uri = Phi::new(String::from_utf8_lossy(request.uri).into_owned());
    Some(Target { line: Some(Arc::new(Line { carrier, uri })), ..Target::new(way) })
}

/// For how long our Contact was bound (RFC 3261 §10.2.4): others with the same account may be named beside it. A carrier
/// that writes it otherwise than we did means the first.
fn granted(response: &Response<'_>, contact: &str) -> Option<u32> {
    let headers = &response.headers;
    let of_all = headers.first(Name::Expires).and_then(delta_seconds);
    let Ok(Wish::Contacts(bound)) = wish(headers, CARRIER_CONTACTS_MAX) else { return of_all };
    let ours = Uri::read(contact.as_bytes()).ok();
    let is_ours = |uri: &[u8]| {
        let uri = Uri::read(uri).ok();
        uri.zip(ours.as_ref()).is_some_and(|(uri, ours)| same(&uri, ours))
    };
    let own = bound.iter().find(|wanted| is_ours(wanted.uri)).or(bound.first());
    own.and_then(|wanted| wanted.expires_s).or(of_all)
}
