//! REGISTER: the phones of users log in here (RFC 3261 §10.3, §22.2; RFC 3327 §5.3).
//!
//! ```text
//!  REGISTER ─▶ no credentials, or wrong ones: 401 without a transaction
//!           ─▶ another user's address: 403      ─▶ Contacts judged by [registrar]: 400 403 416 423 500 503
//!           ─▶ 200, at once for a refresh; for a change, and whatever comes before it is kept, when it is on disk
//! ```
//! Without users in the configuration REGISTER is a method that we do not do.

use super::super::counters::Counters;
use super::super::digest::Ha1;
use super::super::digest::server::{Asker, Shown};
use super::super::interface::{Event, Phone, Phones, Proof};
use super::super::registrar::{Bound, Reached, Refused, Registrar, Registration};
use super::super::summary::Summaries;
use super::super::transaction::key::{MergeKey, ServerKey};
use super::super::transaction::servers::{self, ServerId};
use super::super::way::{ConnectionId, Way};
use super::receive::Arrival;
use super::{Stack, TimerKey};
use crate::clock::Instant;
use crate::limits::{
    REGISTER_CONTACTS_MAX, REGISTER_EXPIRES_MIN_S, REGISTRATION_WAITS_MAX, REGISTRATIONS_A_SECOND,
    REGISTRATIONS_WAITING_MAX,
};
use crate::rng::Rng;
use crate::wire::sip::credentials::{Algorithm, Credentials};
use crate::wire::sip::header::Headers;
use crate::wire::sip::name::Name;
use crate::wire::sip::registration::wish;
use crate::wire::sip::uri::{Host, Uri};
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

/// Where phones log in.
pub struct Desk {
    asker: Asker,
    users: BTreeMap<Arc<str>, Ha1>,
    pub(super) registrar: Registrar,
    /// What the phones of users know of messages that wait.
    pub(super) summaries: Summaries,
    /// The 200 that wait for changes which are not on disk yet, as they came: the first is also the first that is late.
    waiting: Vec<Waiting>,
}

struct Waiting {
    change: u64,
    server: ServerId,
    octets: Vec<u8>,
    /// What is said if the disk takes too long.
    late: Vec<u8>,
    until: Instant,
}

impl Desk {
    /// Opens for these users, with what was kept of them.
    pub fn open(now: Instant, phones: Phones, mut rng: Rng) -> Self {
        let mut registrar = Registrar::new(REGISTRATIONS_A_SECOND, Rng::seeded(rng.next_u64()));
        let users: BTreeMap<Arc<str>, Ha1> =
            phones.users.into_iter().map(|user| (Arc::from(user.name.as_str()), user.ha1)).collect();
        // Who is no user any more is not rung any more.
        for (user, kept) in phones.kept {
            if users.contains_key(user.as_str()) {
                registrar.load(now, &user, kept);
            }
        }
        let asker = Asker::new(&phones.realm, phones.secret);
        Self { asker, users, registrar, summaries: Summaries::default(), waiting: Vec::new() }
    }

    /// What passwords are for, and the host of users' addresses.
    pub fn realm(&self) -> &str {
        self.asker.realm()
    }

    /// Whether a user of that name may log in.
    pub fn has_user(&self, name: &str) -> bool {
        self.users.contains_key(name)
    }

    /// Bindings that hold.
    pub fn bindings(&self) -> usize {
        self.registrar.bindings()
    }

    /// The phones of the user whom a target names; `None` if it names no user of ours.
    pub fn reached(&self, now: Instant, target: &Uri<'_>) -> Option<Vec<Reached>> {
        let is_ours = matches!(target.host, Some(Host::Name(name)) if name.eq_ignore_ascii_case(self.asker.realm().as_bytes()));
        let user = user_of(target).filter(|_| is_ours && target.port.is_none())?;
        Some(self.registrar.reached(now, &user))
    }

    /// What an INVITE says of a phone of ours (RFC 3261 §22.3). `told` is our address as the peer knows it.
    pub fn phone(&mut self, now: Instant, arrival: &Arrival<'_>, told: IpAddr) -> Phone {
        let Arrival { request, essentials, way, .. } = arrival;
        let from = &essentials.from.uri;
        let is_ours = match from.host {
            Some(Host::Name(name)) => name.eq_ignore_ascii_case(self.asker.realm().as_bytes()),
            Some(Host::V4(ip)) => [told, way.local.ip()].contains(&IpAddr::V4(ip)),
            Some(Host::V6(ip)) => [told, way.local.ip()].contains(&IpAddr::V6(ip)),
            None => false,
        };
        let named = user_of(from).filter(|_| is_ours);
        let named = named.and_then(|user| Some(Arc::clone(self.users.get_key_value(user.as_str())?.0)));
        let Some(credentials) = self.asker.credentials_of_call(&request.headers) else {
            return Phone { named, proof: Proof::Nothing };
        };
        let (user, ha1) = self.users.get_key_value(self::named(&credentials).as_str()).unzip();
        let shown = self.asker.judge(now, request.method.octets(), Some(&credentials), ha1);
        let proof = match (shown, user) {
            (Shown::Knows, Some(user)) => Proof::Knows(Arc::clone(user)),
            (Shown::Stale, _) => Proof::Stale,
            (Shown::Nothing, _) => Proof::Nothing,
            (Shown::Knows, None) | (Shown::Wrong, _) => Proof::Wrong,
        };
        Phone { named, proof }
    }

    /// The value of Proxy-Authenticate for whoever calls, in the algorithm of the user whom he says he is.
    pub fn challenge(&mut self, now: Instant, phone: &Phone) -> String {
        let ha1 = phone.named.as_ref().and_then(|user| self.users.get(user));
        let algorithm = ha1.map_or(Algorithm::Sha256, Ha1::algorithm);
        let shown = if phone.proof == Proof::Stale { Shown::Stale } else { Shown::Nothing };
        self.asker.challenge(now, algorithm, shown)
    }

    /// The user whose phone is logged in there: at that very port, or else at that address.
    pub fn phone_at(&self, now: Instant, way: &Way) -> Option<Arc<str>> {
        self.registrar.at(now, way)
    }

    fn poll_timeout(&self) -> Option<Instant> {
        let late = self.waiting.first().map(|waiting| waiting.until);
        self.registrar.poll_timeout().into_iter().chain(late).min()
    }
}

/// What a REGISTER or SUBSCRIBE without a right to be served is told.
pub(super) enum Answer {
    /// 401 with this challenge.
    Challenge(String),
    /// 503, come again after so many seconds.
    Later(u32),
    /// A status.
    Status(u16),
}

impl Stack {
    pub(super) fn open_desk(&mut self, now: Instant, phones: Phones) {
        let rng = Rng::seeded(self.rng.next_u64());
        self.desk = (!phones.users.is_empty()).then(|| Box::new(Desk::open(now, phones, rng)));
        self.end_subscriptions_of_nobody(now);
        self.retime_desk();
        self.retime_summaries();
    }

    /// Whether `sip:NAME@REALM` names a user of ours.
    pub fn is_user(&self, target: &str) -> bool {
        self.user_named(target).is_some()
    }

    /// The user of ours whom `sip:NAME@REALM` names.
    pub fn user_named(&self, target: &str) -> Option<String> {
        let (desk, uri) = self.desk.as_ref().zip(Uri::read(target.as_bytes()).ok())?;
        let is_here =
            matches!(uri.host, Some(Host::Name(name)) if name.eq_ignore_ascii_case(desk.realm().as_bytes()));
        user_of(&uri).filter(|user| is_here && uri.port.is_none() && desk.has_user(user))
    }

    /// A REGISTER that passed the checks of every request.
    pub(super) fn register_in(&mut self, now: Instant, arrival: &Arrival<'_>, key: ServerKey) {
        match self.judge_register(now, arrival) {
            Ok(user) => self.serve_register(now, arrival, key, &user),
            Err(answer) => {
                self.counters.registers_shed += u64::from(matches!(answer, Answer::Later(_)));
                self.turn_away(arrival, &answer);
            }
        }
    }

    fn judge_register(&mut self, now: Instant, arrival: &Arrival<'_>) -> Result<Arc<str>, Answer> {
        let Some(wanted) = user_of(&arrival.essentials.to.uri) else { return Err(Answer::Status(404)) };
        self.judge_user(now, arrival, &wanted, |counters| &mut counters.registers_refused)
    }

    /// Who asks, and for whom (RFC 3261 §10.3 steps 3 to 5). Who has no right is counted in `refused`.
    pub(super) fn judge_user(
        &mut self,
        now: Instant,
        arrival: &Arrival<'_>,
        wanted: &str,
        refused: fn(&mut Counters) -> &mut u64,
    ) -> Result<Arc<str>, Answer> {
        let Some(desk) = self.desk.as_deref_mut() else { return Err(Answer::Status(405)) };
        let Arrival { request, way, .. } = arrival;
        let credentials = desk.asker.credentials(&request.headers);
        let named = credentials.as_ref().map(named).unwrap_or_else(|| wanted.to_owned());
        let (user, ha1) = desk.users.get_key_value(named.as_str()).unzip();
        let shown = desk.asker.judge(now, request.method.octets(), credentials.as_ref(), ha1);
        let answer = match (shown, user) {
            (Shown::Knows, Some(user)) if **user == *wanted => {
                // Who guesses at passwords must not use up the turns of phones that know theirs.
                desk.registrar.admit(now).map_err(Answer::Later)?;
                return Ok(Arc::clone(user));
            }
            (Shown::Knows, _) => Answer::Status(403),
            (Shown::Nothing | Shown::Stale | Shown::Wrong, _) => {
                let algorithm = ha1.map_or(Algorithm::Sha256, Ha1::algorithm);
                Answer::Challenge(desk.asker.challenge(now, algorithm, shown))
            }
        };
        if matches!(shown, Shown::Knows | Shown::Wrong) {
            *refused(&mut self.counters) += 1;
            self.blame(now, way.remote.ip());
        }
        Err(answer)
    }

    /// What an INVITE says of a phone of ours; a wrong password is blamed on its source.
    pub(super) fn phone_in(&mut self, now: Instant, arrival: &Arrival<'_>) -> Phone {
        let told = self.told(arrival.way.local).ip();
        let Some(desk) = self.desk.as_deref_mut() else { return Phone::default() };
        let phone = desk.phone(now, arrival, told);
        if phone.proof == Proof::Wrong {
            self.counters.invites_refused += 1;
            self.blame(now, arrival.way.remote.ip());
        }
        phone
    }

    /// The challenge for a call; `None` where nobody logs in.
    pub(super) fn call_challenge(&mut self, now: Instant, phone: &Phone) -> Option<String> {
        Some(self.desk.as_deref_mut()?.challenge(now, phone))
    }

    /// The user whose phone is logged in at the other end of that way.
    pub fn phone_at(&self, now: Instant, way: &Way) -> Option<Arc<str>> {
        self.desk.as_deref()?.phone_at(now, way)
    }

    /// Answers without a transaction: whoever has shown nothing costs no memory.
    pub(super) fn turn_away(&mut self, arrival: &Arrival<'_>, answer: &Answer) {
        let Arrival { way, request, .. } = arrival;
        let tag = self.stateless_tag(request);
        let status = match answer {
            Answer::Challenge(_) => 401,
            Answer::Later(_) => 503,
            Answer::Status(status) => *status,
        };
        let builder = self.response(request, *way, status, Some(&tag));
        let builder = match answer {
            Answer::Challenge(challenge) => builder.header(Name::WwwAuthenticate, challenge),
            Answer::Later(seconds) => builder.header_fmt(Name::RetryAfter, format_args!("{seconds}")),
            Answer::Status(_) => builder,
        };
        let octets = builder.finish();
        self.count_answer(status);
        self.transmit(arrival.reply_way(), octets);
    }

    /// The user has shown that it is he: from here on the request has a transaction, for his nonce is used up.
    fn serve_register(&mut self, now: Instant, arrival: &Arrival<'_>, key: ServerKey, user: &Arc<str>) {
        let Arrival { way, request, essentials, .. } = arrival;
        let begin = servers::Begin { key, merge: MergeKey::of(request), way: arrival.reply_way(), leg: None };
        let server = self.servers.begin(begin);
        let path = joined(&request.headers, Name::Path);
        let Some(desk) = self.desk.as_deref_mut() else { return };
        let retry_after_s = desk.registrar.retry_after_s();
        let bound = match wish(&request.headers, 2 * REGISTER_CONTACTS_MAX) {
            Ok(_) if desk.waiting.len() >= REGISTRATIONS_WAITING_MAX => Err(503),
            Ok(wish) => {
                let (call_id, cseq) = (essentials.call_id, essentials.cseq.number);
                let registration = Registration { user, way: *way, call_id, cseq, path: &path, wish };
                desk.registrar.register(now, &registration).map_err(Refused::status)
            }
            Err(_) => Err(400),
        };
        let kept: Vec<_> = std::iter::from_fn(|| desk.registrar.poll_output()).collect();
        match bound {
            Ok(bound) => {
                self.registered(now, arrival, server, &bound, retry_after_s);
                self.phone_bound(now, user);
            }
            Err(status) => {
                let octets = self.register_refused(arrival, status, retry_after_s);
                self.server_answer(now, server, status, octets);
            }
        }
        kept.into_iter().for_each(|keep| self.tell(Event::KeepBindings(keep)));
        self.retime_desk();
    }

    fn registered(
        &mut self,
        now: Instant,
        arrival: &Arrival<'_>,
        server: ServerId,
        bound: &Bound,
        retry_after_s: u32,
    ) {
        self.counters.registers += 1;
        let Arrival { way, request, .. } = arrival;
        let tag = self.stateless_tag(request);
        let mut builder = self.response(request, *way, 200, Some(&tag));
        for path in request.headers.each(Name::Path) {
            builder = builder.header(Name::Path, path);
        }
        for contact in &bound.contacts {
            builder = builder.header(Name::Contact, contact);
        }
        let octets = builder.finish();
        let Some(change) = bound.waits_for else { return self.server_answer(now, server, 200, octets) };
        let late = self.register_refused(arrival, 503, retry_after_s);
        self.retime_server(server);
        if let Some(desk) = &mut self.desk {
            let until = now + REGISTRATION_WAITS_MAX;
            desk.waiting.push(Waiting { change, server, octets, late, until });
        }
    }

    fn register_refused(&self, arrival: &Arrival<'_>, status: u16, retry_after_s: u32) -> Vec<u8> {
        let Arrival { way, request, .. } = arrival;
        let tag = self.stateless_tag(request);
        let builder = self.response(request, *way, status, Some(&tag));
        let builder = match status {
            423 => builder.header_fmt(Name::MinExpires, format_args!("{REGISTER_EXPIRES_MIN_S}")),
            503 => builder.header_fmt(Name::RetryAfter, format_args!("{retry_after_s}")),
            _ => builder,
        };
        builder.finish()
    }

    /// Changes up to this one are on disk: their 200 leave.
    pub(super) fn bindings_kept(&mut self, now: Instant, up_to: u64) {
        let Some(desk) = &mut self.desk else { return };
        desk.registrar.kept(up_to);
        let kept: Vec<_> = desk.waiting.extract_if(.., |waiting| waiting.change <= up_to).collect();
        for Waiting { server, octets, .. } in kept {
            self.server_answer(now, server, 200, octets);
        }
        self.retime_desk();
    }

    /// A binding is over, or the disk took too long: its phone tries again later. It is rung all the same.
    pub(super) fn desk_timeout(&mut self, now: Instant) {
        let Some(desk) = &mut self.desk else { return };
        desk.registrar.expire(now);
        let late: Vec<_> = desk.waiting.extract_if(.., |waiting| waiting.until <= now).collect();
        for Waiting { server, late, .. } in late {
            self.server_answer(now, server, 503, late);
        }
        self.retime_desk();
    }

    /// What was bound over that connection is not reached any more.
    pub(super) fn phones_lost(&mut self, connection: ConnectionId) {
        if let Some(desk) = &mut self.desk {
            desk.registrar.lost(connection);
            self.retime_desk();
        }
    }

    fn retime_desk(&mut self) {
        let deadline = self.desk.as_ref().and_then(|desk| desk.poll_timeout());
        self.index.set(TimerKey::Desk, deadline);
    }
}

/// The user part of a URI, unescaped, as users are named.
pub fn user_of(uri: &Uri<'_>) -> Option<String> {
    String::from_utf8(uri.user_unescaped()?.into_owned()).ok()
}

fn named(credentials: &Credentials<'_>) -> String {
    String::from_utf8_lossy(credentials.username).into_owned()
}

/// All values of that name as one list.
fn joined(headers: &Headers<'_>, name: Name) -> Vec<u8> {
    headers.each(name).collect::<Vec<_>>().join(&b',')
}
