//! The front door: what a datagram is, whether it is listened to, and who takes it.
//! ```text
//!  datagram ─▶ keep-alive, noise: counted     ─▶ response ─▶ [response]
//!           ─▶ ACK ─▶ its transaction or dialog
//!           ─▶ retransmission ─▶ its transaction answers again
//!           ─▶ CANCEL, request in a dialog ─▶ [request]
//!           ─▶ from a network that nobody named: counted
//!           ─▶ broken rule, refused ─▶ answered without a transaction
//!           ─▶ INVITE, OPTIONS ─▶ [request]
//! ```

use super::super::dialog::DialogId;
use super::super::guard::Verdict;
use super::super::interface::Openness;
use super::super::transaction::key::{MergeKey, ServerKey};
use super::super::transaction::servers;
use super::super::way::Way;
use super::refusal::Refusal;
use super::{Stack, body, compose};
use crate::clock::Instant;
use crate::wire::sip::message::{Message, ParseError, Request, parse};
use crate::wire::sip::method::Method;
use crate::wire::sip::name::Name;
use crate::wire::sip::validate::{Violation, validate};
use std::net::IpAddr;

/// A request with where it came from and to.
#[derive(Clone, Copy)]
pub struct Arrival<'a> {
    /// How it came.
    pub way: Way,
    /// The request, validated.
    pub request: Request<'a>,
    /// The octets that it was read from.
    pub octets: &'a [u8],
}

impl Arrival<'_> {
    /// How answers go.
    pub fn reply_way(&self) -> Way {
        compose::reply_way(&self.request, self.way)
    }
}

impl Stack {
    pub(super) fn receive(&mut self, now: Instant, way: Way, octets: &[u8]) {
        self.counters.datagrams += 1;
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
                self.request_in(now, &Arrival { way, request, octets });
            }
        }
    }

    fn request_in(&mut self, now: Instant, arrival: &Arrival<'_>) {
        let request = &arrival.request;
        if let Err(violation) = validate(request) {
            self.counters.malformed += 1;
            return self.answer_violation(now, arrival, violation);
        }
        // A validated request has a key.
        let Some(key) = ServerKey::of(request) else { return };
        let known = self.servers.find(&key);
        if request.method == Method::Ack {
            return self.ack_in(now, arrival, known);
        }
        if let Some(id) = known {
            self.counters.retransmissions_in += 1;
            return self.server_input(now, id, servers::Input::Request);
        }
        if request.method == Method::Cancel
            && let Some(invite) = ServerKey::of_cancelled(request).and_then(|key| self.servers.find(&key))
        {
            return self.cancel_in(now, arrival, key, invite);
        }
        let dialog = DialogId::of_request(&request.headers);
        if let Some(leg) = dialog.as_ref().and_then(|dialog| self.dialogs.get(dialog).copied()) {
            return self.in_dialog(now, arrival, key, leg);
        }
        if !self.hears(now, arrival.way.remote.ip()) {
            return;
        }
        match self.screen(request, dialog.is_some()) {
            Err(refusal) => {
                self.counters.transactions_full += u64::from(refusal == Refusal::Full);
                if matches!(refusal, Refusal::UnknownMethod | Refusal::MethodNotAllowed) {
                    self.blame(now, arrival.way.remote.ip());
                }
                self.refuse_statelessly(arrival.way, request, &refusal);
            }
            Ok(Screened::Options) => self.options_outside(arrival),
            Ok(Screened::Invite) => self.invite_in(now, arrival, key),
        }
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

    fn blame(&mut self, now: Instant, ip: IpAddr) {
        if !self.trusts(ip) {
            self.guard.blame(now, ip);
        }
    }

    /// Answers a request that breaks a rule, if its header fields let us and we may: never an ACK.
    fn answer_violation(&mut self, now: Instant, arrival: &Arrival<'_>, violation: Violation) {
        let headers = &arrival.request.headers;
        let needed = [Name::Via, Name::From, Name::To, Name::CallId, Name::CSeq];
        let answerable =
            needed.iter().all(|&name| headers.first(name).is_some_and(|value| !value.is_empty()))
                && !matches!(violation, Violation::Via { .. } | Violation::TooManyVias { .. });
        if arrival.request.method == Method::Ack || !answerable {
            return;
        }
        if !self.hears(now, arrival.way.remote.ip()) {
            return;
        }
        self.blame(now, arrival.way.remote.ip());
        let refusal = Refusal::Violation(violation);
        self.refuse_statelessly(arrival.way, &arrival.request, &refusal);
    }

    /// The checks of RFC 3261 §8.2 in its order, for a request that belongs to nothing we know.
    fn screen(&self, request: &Request<'_>, has_to_tag: bool) -> Result<Screened, Refusal> {
        let screened = match request.method {
            Method::Cancel => return Err(Refusal::NothingToCancel),
            Method::Invite => Screened::Invite,
            Method::Options => Screened::Options,
            // Outside a dialog BYE has nothing to end (RFC 3261 §15.1.2).
            Method::Bye => return Err(Refusal::NoDialog),
            Method::Other(_) => return Err(Refusal::UnknownMethod),
            Method::Ack
            | Method::Register
            | Method::Prack
            | Method::Update
            | Method::Info
            | Method::Refer
            | Method::Subscribe
            | Method::Notify
            | Method::Message
            | Method::Publish => return Err(Refusal::MethodNotAllowed),
        };
        if has_to_tag {
            return Err(Refusal::NoDialog);
        }
        if MergeKey::of(request).is_some_and(|key| self.servers.has_merged(&key)) {
            return Err(Refusal::Merged);
        }
        check_content(request)?;
        self.check_room()?;
        Ok(screened)
    }

    /// Whether there is room for another transaction.
    pub(super) fn check_room(&self) -> Result<(), Refusal> {
        if self.transactions() < self.transactions_max { Ok(()) } else { Err(Refusal::Full) }
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
}

/// Extensions and body (RFC 3261 §8.2.2.3, §8.2.3). We have no extensions, so each one required is
/// one too many. A body of an INVITE is an offer or nothing that we could act on.
pub fn check_content(request: &Request<'_>) -> Result<(), Refusal> {
    let headers = &request.headers;
    let tags: Vec<_> = headers.values(Name::Require).collect();
    if !tags.is_empty() {
        return Err(Refusal::Extension { tags: tags.join(&b", "[..]) });
    }
    if request.method == Method::Invite {
        body::sdp(request)?;
    }
    Ok(())
}
