//! The front door: what a datagram is, whether it is listened to, and who takes it.
//! ```text
//!  datagram ─▶ keep-alive, noise: counted     ─▶ response ─▶ [response]
//!           ─▶ ACK ─▶ its transaction or dialog
//!           ─▶ retransmission ─▶ its transaction answers again
//!           ─▶ CANCEL, request in a dialog ─▶ [request]
//!           ─▶ from a network that nobody named, or of a scanner: counted
//!           ─▶ broken rule, refused ─▶ answered without a transaction
//!           ─▶ INVITE, OPTIONS ─▶ [request] · REGISTER ─▶ [register] · SUBSCRIBE ─▶ [subscribe]
//! ```

use super::super::dialog::DialogId;
use super::super::guard::Verdict;
use super::super::interface::Openness;
use super::super::scanners::is_scanner;
use super::super::transaction::key::{MergeKey, ServerKey};
use super::super::transaction::servers::{self, ServerId};
use super::super::way::Way;
use super::refusal::{ACCEPT, EXTENSIONS, Refusal};
use super::{Stack, body, caller, compose};
use crate::clock::Instant;
use crate::limits::{SIP_BODY_MAX_OCTETS, SIP_URI_MAX_OCTETS, TRANSACTIONS_FOR_HELP};
use crate::wire::sip::grammar::{split_at_outside, trim};
use crate::wire::sip::header::Headers;
use crate::wire::sip::message::{Message, ParseError, Request, parse};
use crate::wire::sip::method::Method;
use crate::wire::sip::name::Name;
use crate::wire::sip::refer::{ReferError, Replaces};
use crate::wire::sip::service;
use crate::wire::sip::validate::{self, Essentials, Violation, validate_on_stream};
use crate::wire::sip::via::Via;
use std::net::IpAddr;

/// A request with where it came from and to.
#[derive(Clone, Copy)]
pub struct Arrival<'a> {
    /// How it came.
    pub way: Way,
    /// The request, validated.
    pub request: Request<'a>,
    /// What was read of it on the way.
    pub essentials: Essentials<'a>,
    /// The octets that it was read from.
    pub octets: &'a [u8],
}

impl Arrival<'_> {
    /// How answers go.
    pub fn reply_way(&self) -> Way {
        compose::reply_way(Some(&self.essentials.via), self.way)
    }
}

impl Stack {
    /// A request came again, over a connection: its answer goes by that one, for the first may be lost and nobody
    /// has told us yet (RFC 3261 §18.2.2).
    fn answer_by(&mut self, id: ServerId, way: Way) {
        if let Some(server) = self.servers.get_mut(id).filter(|_| way.connection.is_some()) {
            server.way = way;
        }
    }

    pub(super) fn receive(&mut self, now: Instant, way: Way, octets: &[u8]) {
        self.counters.datagrams += 1;
        self.reach.heard_by(way);
        match parse(octets) {
            Err(ParseError::KeepAlive) => self.counters.keep_alives += 1,
            Err(
                ParseError::TooLong { .. }
                | ParseError::NotSip
                | ParseError::Status
                | ParseError::TooManyHeaders { .. },
            ) => self.counters.noise += 1,
            Ok(Message::Response(response)) => self.response_in(now, way, &response),
            Ok(Message::Request(request)) => {
                self.counters.requests += 1;
                let whole = if way.transport.is_reliable() { validate_on_stream(&request) } else { Ok(()) };
                match whole.and_then(|()| validate::read(&request)) {
                    Ok(essentials) => self.request_in(now, &Arrival { way, request, essentials, octets }),
                    Err(violation) => self.answer_violation(now, way, &request, violation),
                }
            }
        }
    }

    fn request_in(&mut self, now: Instant, arrival: &Arrival<'_>) {
        let Arrival { request, essentials, .. } = arrival;
        let key = ServerKey::of(request, essentials);
        let known = self.servers.find(&key);
        if request.method == Method::Ack {
            return self.ack_in(now, arrival, known);
        }
        if let Some(id) = known {
            self.counters.retransmissions_in += 1;
            self.answer_by(id, arrival.reply_way());
            return self.server_input(now, id, servers::Input::Request);
        }
        if request.method == Method::Cancel
            && let Some(invite) = self.servers.find(&ServerKey::of_cancelled(request, essentials))
        {
            return self.cancel_in(now, arrival, key, invite);
        }
        let dialog = DialogId::of_request(essentials);
        if let Some((leg, dialog)) = dialog.as_ref().and_then(|id| Some((*self.dialogs.get(id)?, id))) {
            return self.in_dialog(now, arrival, key, leg, dialog);
        }
        let for_help = self.calls_for_help(&arrival.way, request);
        if !for_help {
            if !self.hears(now, arrival.way.remote.ip()) {
                return;
            }
            if self.is_scanners(arrival) {
                self.counters.scanners += 1;
                return self.blame(now, arrival.way.remote.ip());
            }
        }
        if let Some(id) = dialog.as_ref().and_then(|id| self.subscriptions.find(id)) {
            return self.in_subscription(now, arrival, key, id);
        }
        let room = if for_help { self.check_room_for_help() } else { self.check_room() };
        match self.screen(request, dialog.is_some()).and_then(|screened| room.map(|()| screened)) {
            Err(refusal) => {
                self.counters.transactions_full += u64::from(refusal == Refusal::Full);
                if self.is_offence(now, arrival.way, &refusal) {
                    self.blame(now, arrival.way.remote.ip());
                }
                self.refuse_statelessly(arrival.way, request, &refusal);
            }
            Ok(Screened::Options) => self.options_outside(arrival),
            Ok(Screened::Invite) => self.invite_in(now, arrival, key),
            Ok(Screened::Register) => self.register_in(now, arrival, key),
            Ok(Screened::Subscribe) => self.subscribe_in(now, arrival, key),
        }
    }

    /// Whether nobody who wants to call or to log in would have sent that. Phones subscribe to whatever has a lamp: one of ours
    /// is not shut out for a row of them.
    fn is_offence(&self, now: Instant, way: Way, refusal: &Refusal) -> bool {
        let is_strange_event = *refusal == Refusal::BadEvent && self.phone_at(now, &way).is_none();
        is_strange_event
            || matches!(refusal, Refusal::UnknownMethod | Refusal::MethodNotAllowed | Refusal::Forbidden)
    }

    /// A phone of the house calls for help: neither a wrong password of its neighbour nor a crowd of callers shuts it out.
    /// It is known by where it is, for all else is looked at later.
    pub fn calls_for_help(&self, way: &Way, request: &Request<'_>) -> bool {
        if request.method != Method::Invite {
            return false;
        }
        let (help, from) = (&self.settings.help, way.remote.ip());
        let has_phone = || self.desk.as_ref().is_some_and(|desk| desk.registrar.has_phone_at(from));
        let is_ours = help.is_place(from) || has_phone();
        is_ours && self.dialled(request.uri).is_some_and(|dialled| help.is_number(&dialled))
    }

    /// What a Request-URI calls: a number as it is dialled, or a user. Who names the service of emergencies calls the first
    /// of their numbers (RFC 5031 §4.2).
    pub(super) fn dialled(&self, uri: &[u8]) -> Option<String> {
        let by_name = || self.settings.help.numbers.first().cloned();
        if service::is_emergency(uri) { by_name() } else { caller::dialled(uri) }
    }

    /// Whether a program asks that looks for engines to call through: its request costs one dropped message. Never one of a
    /// trunk or of this machine, whatever it names itself.
    fn is_scanners(&self, arrival: &Arrival<'_>) -> bool {
        let agent = arrival.request.headers.first(Name::UserAgent).unwrap_or_default();
        !self.trusts(arrival.way.remote.ip()) && is_scanner(trim(agent), &self.settings.drop_agents)
    }

    /// Whether a request outside a dialog is heard from that address, now. What is not heard is counted.
    fn hears(&mut self, now: Instant, ip: IpAddr) -> bool {
        if !self.settings.listen_to.iter().any(|network| network.contains(ip)) {
            self.counters.unlisted += 1;
            return false;
        }
        if self.trusts(ip) {
            return true;
        }
        match self.guard.judge(now, ip) {
            Verdict::Heard => return true,
            Verdict::TooMany => self.counters.over_rate += 1,
            Verdict::Banned => self.counters.banned += 1,
        }
        false
    }

    fn trusts(&self, ip: IpAddr) -> bool {
        self.settings.trusted.iter().any(|network| network.contains(ip))
    }

    pub(super) fn blame(&mut self, now: Instant, ip: IpAddr) {
        if !self.trusts(ip) {
            self.guard.blame(now, ip);
        }
    }

    /// Answers a request that breaks a rule if the answer finds its way and its transaction: never an ACK.
    /// From, To and Call-ID may be missing: who sent that may learn of it (RFC 4475 §3.3.1).
    fn answer_violation(&mut self, now: Instant, way: Way, request: &Request<'_>, violation: Violation) {
        self.counters.malformed += 1;
        let headers = &request.headers;
        let via = headers.values(Name::Via).next().and_then(|via| Via::read_to_answer(via).ok());
        let answerable = violation.is_answerable() && via.is_some() && headers.has(Name::CSeq);
        if request.method == Method::Ack || !answerable {
            return;
        }
        if !self.hears(now, way.remote.ip()) {
            return;
        }
        self.blame(now, way.remote.ip());
        self.refuse_statelessly(way, request, &Refusal::Violation(violation));
    }

    /// The checks of RFC 3261 §8.2 in its order, for a request that belongs to nothing we know.
    fn screen(&self, request: &Request<'_>, has_to_tag: bool) -> Result<Screened, Refusal> {
        let screened = match request.method {
            Method::Cancel => return Err(Refusal::NothingToCancel),
            Method::Invite => Screened::Invite,
            Method::Options => Screened::Options,
            Method::Register if self.desk.is_some() => Screened::Register,
            // Outside a dialog they have nothing to end or change (RFC 3261 §15.1.2, RFC 3311 §5.2, RFC 3262 §3).
            Method::Bye | Method::Prack | Method::Update | Method::Info => return Err(Refusal::NoDialog),
            // Nobody is to make us call somebody who is in no call with us.
            Method::Refer if has_to_tag => return Err(Refusal::NoDialog),
            Method::Refer => return Err(Refusal::Forbidden),
            Method::Subscribe if has_to_tag => return Err(Refusal::NoDialog),
            Method::Subscribe => {
                self.screen_subscribe(&request.headers)?;
                Screened::Subscribe
            }
            Method::Other(_) => return Err(Refusal::UnknownMethod),
            Method::Ack | Method::Register | Method::Notify | Method::Message | Method::Publish => {
                return Err(Refusal::MethodNotAllowed);
            }
        };
        if has_to_tag {
            return Err(Refusal::NoDialog);
        }
        if MergeKey::of(request).is_some_and(|key| self.servers.has_merged(&key)) {
            return Err(Refusal::Merged);
        }
        check_content(request)?;
        if request.method == Method::Invite {
            self.terms_of(&request.headers)?;
        }
        Ok(screened)
    }

    /// Whether there is room for another transaction.
    pub(super) fn check_room(&self) -> Result<(), Refusal> {
        if self.transactions() < self.transactions_max { Ok(()) } else { Err(Refusal::Full) }
    }

    /// Whether there is room for one of a call for help.
    pub(super) fn check_room_for_help(&self) -> Result<(), Refusal> {
        let most = self.transactions_max + TRANSACTIONS_FOR_HELP;
        if self.transactions() < most { Ok(()) } else { Err(Refusal::Full) }
    }

    fn options_outside(&mut self, arrival: &Arrival<'_>) {
        let Arrival { way, request, .. } = arrival;
        let tag = self.stateless_tag(request);
        let status = match self.openness {
            Openness::Open => 200,
            Openness::Closed { .. } => 503,
        };
        let builder = self.response(request, *way, status, Some(&tag));
        let builder = match self.openness {
            Openness::Open => self.abilities(builder, *way),
            Openness::Closed { retry_after_s } => {
                builder.header_fmt(Name::RetryAfter, format_args!("{retry_after_s}"))
            }
        };
        let octets = builder.finish();
        self.count_answer(status);
        self.transmit(arrival.reply_way(), octets);
    }
}

/// A request that passed the checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Screened {
    Invite,
    Options,
    Register,
    Subscribe,
}

/// Lengths, extensions, body, and what our answer may carry (RFC 3261 §8.2.2.3, §8.2.3, §21.4). The body of
/// a request that may carry an offer is one, or nothing that we could act on.
pub fn check_content(request: &Request<'_>) -> Result<(), Refusal> {
    let headers = &request.headers;
    if request.uri.len() > SIP_URI_MAX_OCTETS {
        return Err(Refusal::UriTooLong);
    }
    // A registrar keeps the Path that a proxy requires it to know (RFC 3327 §5.3), and a REFER may ask for no NOTIFY
    // (RFC 4488 §3).
    let of_method: &[&[u8]] = match request.method {
        Method::Register => &[b"path"],
        Method::Refer => &[b"norefersub"],
        _ => &[],
    };
    let known = || EXTENSIONS.iter().chain(of_method);
    let is_known = |tag: &&[u8]| known().any(|known| known.eq_ignore_ascii_case(tag));
    let tags: Vec<_> = headers.values(Name::Require).filter(|tag| !is_known(tag)).collect();
    if !tags.is_empty() {
        return Err(Refusal::Extension { tags: tags.join(&b", "[..]) });
    }
    if request.body.len() > SIP_BODY_MAX_OCTETS {
        return Err(Refusal::BodyTooLong);
    }
    if matches!(request.method, Method::Invite | Method::Update | Method::Prack) {
        body::sdp(request)?;
    }
    let replaces = Replaces::of(headers).map_err(Refusal::Refer)?;
    if replaces.is_some() && request.method != Method::Invite {
        return Err(Refusal::Refer(ReferError::Replaces));
    }
    if request.method == Method::Invite && !accepts(headers, ACCEPT) {
        return Err(Refusal::NotAcceptable);
    }
    Ok(())
}

/// Whether that `application/` type may be sent: without Accept it may (RFC 3261 §20.1, RFC 3842 §3.5).
pub fn accepts(headers: &Headers<'_>, media_type: &str) -> bool {
    let fits = |range: &[u8]| {
        let range = trim(split_at_outside(range, b';').0);
        [media_type.as_bytes(), b"application/*", b"*/*"].iter().any(|ours| ours.eq_ignore_ascii_case(range))
    };
    !headers.has(Name::Accept) || headers.values(Name::Accept).any(fits)
}
