//! What the switch orders: ring, answer, refuse, hang up, probe, call. Its changes of a session are in
//! `change`.

use super::super::carrier::is_emergency;
use super::super::interface::{Command, Event, Outgoing, Phone, Reliability};
use super::super::invite::reliable::Body;
use super::super::invite::session_timer::Role;
use super::super::invite::uac::{self, Uac};
use super::super::invite::uas::{self, Offer};
use super::super::transaction::StatusClass;
use super::super::transaction::clients::{self, ClientId, Purpose};
use super::super::transaction::key::ClientKey;
use super::super::transaction::servers::{self, ServerId};
use super::super::way::Way;
use super::compose::SDP;
use super::leg::{Calling, InDialog, Leg, Phase, Stage};
use super::{Stack, TimerKey, body, timer};
use crate::clock::Instant;
use crate::id::LegId;
use crate::limits::TRANSACTIONS_CROWDED_PARTS;
use crate::wire::sip::emit::{self, Builder};
use crate::wire::sip::message::{Message, Request, parse};
use crate::wire::sip::method::Method;
use crate::wire::sip::name::Name;
use std::fmt::Write;

/// Who calls is to show his password first (RFC 3261 §21.4.8).
const STATUS_CHALLENGE: u16 = 407;

/// An answer to the INVITE that is open.
pub struct Reply {
    /// Its status.
    pub status: u16,
    /// What it says of media.
    pub sdp: Option<Vec<u8>>,
    retry_after_s: Option<u32>,
    reason: Option<&'static str>,
    /// Proxy-Authenticate.
    challenge: Option<String>,
}

impl Reply {
    /// The status alone.
    pub fn status(status: u16) -> Self {
        Self { status, sdp: None, retry_after_s: None, reason: None, challenge: None }
    }

    /// The status with what it says of media.
    pub fn with_sdp(status: u16, sdp: Vec<u8>) -> Self {
        Self { sdp: Some(sdp), ..Self::status(status) }
    }
}

/// The INVITE that waits for its final answer in a leg.
pub struct Open {
    /// Its transaction.
    pub transaction: ServerId,
    /// Whether it is the first of the dialog.
    pub stage: Stage,
}

impl Stack {
    pub(super) fn command(&mut self, now: Instant, command: Command) {
        match command {
            Command::Tell { openness } => self.openness = openness,
            Command::Ring { leg } => self.answer_first(now, leg, Reply::status(180)),
            Command::Progress { leg, sdp } => {
                self.answer_first(now, leg, Reply::with_sdp(183, sdp));
            }
            Command::Answer { leg, sdp } => {
                self.answer_first(now, leg, Reply::with_sdp(200, sdp));
            }
            Command::Refuse { leg, status, retry_after_s } => {
                let status = status.clamp(300, 699);
                self.refuse(now, leg, Reply { retry_after_s, ..Reply::status(status) });
            }
            Command::Ignore { leg } => self.ignore(now, leg),
            Command::Challenge { leg, phone } => self.challenge(now, leg, &phone),
            Command::AnswerReoffer { leg, sdp } => self.answer_reoffer(now, leg, sdp),
            Command::RefuseReoffer { leg, status } => self.refuse_reoffer(now, leg, status.clamp(300, 699)),
            Command::Reoffer { leg, sdp } => self.reoffer(now, leg, sdp),
            Command::Update { leg, sdp } => self.update(now, leg, sdp),
            Command::Withdraw { leg } => self.withdraw(now, leg),
            Command::HangUp { leg, reason } => self.hang_up(now, leg, reason),
            Command::Resume { leg, dialog, sdp } => self.resume(now, leg, &dialog, sdp),
            Command::Probe { leg } => self.probe(now, leg),
            Command::Info { leg, key } => self.send_key(now, leg, key),
            Command::AcceptRefer { leg } => self.accept_refer(now, leg),
            Command::RefuseRefer { leg, status } => self.refuse_refer(now, leg, status.clamp(300, 699)),
            Command::TellRefer { leg, status } => self.tell_refer(now, leg, status),
            Command::PartNow => self.part_now(now),
            Command::StopAsking => self.stop_watching(),
            Command::Summarize { user, waiting } => self.summarize(now, &user, waiting),
            Command::Alert(text) => self.alert(now, &text),
            Command::LogOut => self.log_out(now),
            Command::Locate { leg, target } => self.locate_call(now, leg, &target),
            Command::Invite { leg, way, call } => self.invite_out(now, leg, way, &call),
        }
    }

    /// The INVITE in `leg` that has no final answer, if there is one.
    pub(super) fn open_invite(&self, leg: LegId) -> Option<Open> {
        let Phase::InDialog(within) = &self.legs.get(&leg)?.phase else { return None };
        let incoming = within.incoming.as_ref().filter(|_| within.uas.is_open())?;
        Some(Open { transaction: incoming.transaction, stage: within.stage })
    }

    /// How the next request in a leg's dialog goes.
    pub(super) fn dialog_way(&self, leg: LegId) -> Option<Way> {
        let Phase::InDialog(within) = &self.legs.get(&leg)?.phase else { return None };
        Some(within.dialog.way())
    }

    /// The tag in our To (RFC 3261 §12.1.1); `None` for a leg that we call, or that is gone.
    pub(super) fn local_tag(&self, leg: LegId) -> Option<String> {
        let Phase::InDialog(within) = &self.legs.get(&leg)?.phase else { return None };
        within.incoming.as_ref().map(|_| within.local_tag.clone())
    }

    fn answer_first(&mut self, now: Instant, leg: LegId, reply: Reply) {
        if self.open_invite(leg).is_some_and(|open| open.stage == Stage::Early) {
            self.answer_open(now, leg, reply);
        }
    }

    fn refuse(&mut self, now: Instant, leg: LegId, reply: Reply) {
        let Some(open) = self.open_invite(leg) else { return };
        let in_passing = matches!(reply.status, STATUS_CHALLENGE | 503);
        if open.stage == Stage::Early && in_passing && self.refuse_in_passing(leg, &reply) {
            return self.forget(leg);
        }
        self.answer_open(now, leg, reply);
        if open.stage == Stage::Early {
            self.refuse_asked(now, leg, 487);
            self.forget(leg);
        }
    }

    /// Forgets an INVITE that nothing was answered to, as if it had never come. One that was answered already is refused.
    fn ignore(&mut self, now: Instant, leg: LegId) {
        let Some(open) = self.open_invite(leg).filter(|open| open.stage == Stage::Early) else { return };
        let server = self.servers.get_mut(open.transaction).filter(|server| server.response.is_empty());
        let Some(from) = server.map(|server| server.way.remote.ip()) else {
            return self.refuse(now, leg, Reply::status(404));
        };
        self.counters.unrouted += 1;
        self.servers.remove(open.transaction);
        self.forget(leg);
        self.blame(now, from);
    }

    /// 407; 403 where nobody logs in, so that no password could be right.
    fn challenge(&mut self, now: Instant, leg: LegId, phone: &Phone) {
        let Some(challenge) = self.call_challenge(now, phone) else {
            return self.refuse(now, leg, Reply::status(403));
        };
        self.counters.invites_challenged += 1;
        let reply = Reply { challenge: Some(challenge), ..Reply::status(STATUS_CHALLENGE) };
        self.refuse(now, leg, reply);
    }

    /// Refuses an INVITE that nothing was answered to, and keeps nothing of it (RFC 3261 §8.2.7), while much of the
    /// room for transactions is taken: those who are refused must not take the rest of it from those who are let in.
    /// A challenge is always given so (RFC 3261 §26.3.2.4): whoever has shown nothing costs no memory.
    /// If the answer is lost, the INVITE comes again and is judged anew. Tells whether it did so.
    fn refuse_in_passing(&mut self, leg: LegId, reply: &Reply) -> bool {
        let crowded = reply.status == STATUS_CHALLENGE
            || self.transactions() >= self.transactions_max / TRANSACTIONS_CROWDED_PARTS;
        let Some(Phase::InDialog(within)) = self.legs.get(&leg).map(|leg| &leg.phase) else { return false };
        let Some(incoming) = within.incoming.as_ref().filter(|_| crowded) else { return false };
        let id = incoming.transaction;
        let Some(server) = self.servers.get_mut(id).filter(|server| server.response.is_empty()) else {
            return false;
        };
        let way = server.way;
        // It was parsed when it came.
        let Ok(Message::Request(request)) = parse(&incoming.octets) else { return false };
        let tag = self.stateless_tag(&request);
        let octets = finish_reply(self.response(&request, incoming.way, reply.status, Some(&tag)), reply);
        self.servers.remove(id);
        self.count_answer(reply.status);
        self.transmit(way, octets);
        true
    }

    /// Answers the INVITE that is open in `leg`; nothing if none is.
    pub(super) fn answer_open(&mut self, now: Instant, leg: LegId, reply: Reply) {
        let Some(held) = self.legs.get_mut(&leg) else { return };
        let Phase::InDialog(within) = &mut held.phase else { return };
        if !within.uas.is_open() {
            return;
        }
        if within.must_wait(reply.status) {
            let later = within.held_back.take().filter(|held| held.status >= 200).unwrap_or(reply);
            within.held_back = Some(later);
            return;
        }
        let Some((reply, number)) = prepare(now, within, reply) else { return };
        let (tag, terms) = (within.local_tag.clone(), within.incoming.as_ref().and_then(|i| i.terms));
        let Some(mut incoming) = within.incoming.take() else { return };
        let remote;
        let octets = {
            // It was parsed when it came.
            let Ok(Message::Request(request)) = parse(&incoming.octets) else { return };
            let builder = self.response(&request, incoming.way, reply.status, Some(&tag));
            let builder = if reply.status < 300 { self.abilities(builder, incoming.way) } else { builder };
            let builder = match number {
                Some(rseq) => {
                    builder.header(Name::Require, "100rel").header_fmt(Name::RSeq, format_args!("{rseq}"))
                }
                None => builder,
            };
            remote = body::sdp(&request).ok().flatten().map(<[u8]>::to_vec);
            let builder = if reply.status / 100 == 2 { timer::tell(builder, terms) } else { builder };
            finish_reply(builder, &reply)
        };
        let (transaction, status) = (incoming.transaction, reply.status);
        let Some(Phase::InDialog(within)) = self.legs.get_mut(&leg).map(|leg| &mut leg.phase) else { return };
        match status {
            ..200 => {
                within.uas.handle(now, uas::Input::Provisional);
                within.incoming = Some(incoming);
            }
            200..300 => {
                within.stage = Stage::Established;
                incoming.octets = Vec::new();
                within.incoming = Some(incoming);
                within.uas.handle(now, uas::Input::Success);
                within.timer.agree(now, terms, Role::Uas);
                if let Some(remote) = remote {
                    within.remote_sdp = remote;
                }
            }
            300.. => {
                within.uas.handle(now, uas::Input::Failure);
            }
        }
        if status >= 200 {
            within.reliable.stop();
            within.held_back = None;
        }
        self.server_answer(now, transaction, status, octets);
        self.settle_leg(now, leg);
    }
}

/// What an answer really carries, and the RSeq of a 1xx that must not be lost; `None` if it is not sent.
fn prepare(now: Instant, within: &mut InDialog, mut reply: Reply) -> Option<(Reply, Option<u32>)> {
    let offer = within.uas.offer().map_or(Offer::Settled, |(offer, _)| offer);
    let number = match (reply.status, within.reliability, offer) {
        (101..=199, Reliability::Required, Offer::InSuccess) => {
            // Without an offer of ours it would be thrown away, and some carriers with it (RFC 3262 §5).
            reply.sdp.as_ref()?;
            Some(within.reliable.send(now, Body::Offer))
        }
        (101..=199, Reliability::Required, Offer::InInvite) if reply.sdp.is_some() => {
            within.uas.handle(now, uas::Input::Settled);
            Some(within.reliable.send(now, Body::Answer))
        }
        (101..=199, Reliability::Required, Offer::InInvite | Offer::Settled) => {
            reply.sdp = None;
            Some(within.reliable.send(now, Body::Empty))
        }
        // An offer that may be lost is none (RFC 3261 §13.2.1).
        (101..=199, Reliability::NotRequired, Offer::InSuccess) | (_, _, Offer::Settled) => {
            reply.sdp = None;
            None
        }
        (_, _, Offer::InInvite | Offer::InSuccess) => None,
    };
    if let Some(sdp) = &reply.sdp {
        within.local_sdp.clone_from(sdp);
    }
    Some((reply, number))
}

fn finish_reply(builder: Builder, reply: &Reply) -> Vec<u8> {
    let mut builder = builder;
    if let Some(seconds) = reply.retry_after_s {
        builder = builder.header_fmt(Name::RetryAfter, format_args!("{seconds}"));
    }
    if let Some(reason) = reply.reason {
        builder = builder.header(Name::Reason, reason);
    }
    if let Some(challenge) = &reply.challenge {
        builder = builder.header(Name::ProxyAuthenticate, challenge);
    }
    match &reply.sdp {
        Some(sdp) => builder.finish_with(SDP, sdp),
        None => builder.finish(),
    }
}

impl Stack {
    /// Ends a leg whatever its state. From here on nothing more is told of it.
    pub(super) fn hang_up(&mut self, now: Instant, id: LegId, reason: Option<&'static str>) {
        self.stop_reaching(id);
        let Some(leg) = self.legs.get_mut(&id) else { return };
        leg.reason = reason;
        match &mut leg.phase {
            Phase::Outgoing(calling) => {
                let invite = calling.invite;
                if calling.uac.handle(uac::Input::HangUp) == Some(uac::Output::SendCancel) {
                    self.send_cancel(now, invite, reason);
                }
            }
            Phase::InDialog(within) if within.stage == Stage::Early => {
                self.refuse_asked(now, id, 487);
                self.answer_open(now, id, Reply { reason, ..Reply::status(480) });
                self.forget(id);
            }
            Phase::InDialog(within) => {
                within.change.stop();
                within.timer.stop();
                self.refuse_asked(now, id, 487);
                self.refuse_refer(now, id, 487);
                self.acknowledge_owed(now, id, None);
                self.answer_open(now, id, Reply::status(487));
                let Some(Phase::InDialog(within)) = self.legs.get_mut(&id).map(|leg| &mut leg.phase) else {
                    return;
                };
                if within.uas.handle(now, uas::Input::HangUp) == Some(uas::Output::SendBye) {
                    self.send_bye(now, id);
                } else {
                    self.retime_leg(id);
                }
            }
            Phase::Mortal { .. } | Phase::Subscribed(_) => {}
        }
    }

    /// BYE: the dialog is mortal until its transaction is over (RFC 3261 §15.1.1). It waits until the party was told what
    /// came of its REFER.
    pub(super) fn send_bye(&mut self, now: Instant, id: LegId) {
        if self.parts_after_notify(id) {
            return;
        }
        let Some(way) = self.dialog_way(id) else { return };
        let (branch, via) = self.via(way);
        let Some(leg) = self.legs.get_mut(&id) else { return };
        let Phase::InDialog(within) = &mut leg.phase else { return };
        let dialog = within.dialog.id();
        let builder = within.dialog.request(&Method::Bye, &via);
        let (reason, changing) = (leg.reason, within.changing.as_ref().map(|changing| changing.client));
        leg.phase = Phase::Mortal { dialog };
        self.index.set(TimerKey::Leg(id), None);
        let octets = self.finish_ending(builder, reason);
        let key = ClientKey::new(&branch, &Method::Bye);
        let purpose = Purpose::Bye { leg: Some(id) };
        self.client_begin(now, clients::Begin { key, octets, way, purpose });
        self.leave_to_its_end(now, changing);
    }

    pub(super) fn finish_ending(&self, builder: Builder, reason: Option<&'static str>) -> Vec<u8> {
        let builder = builder.header(Name::UserAgent, &self.settings.product);
        match reason {
            Some(reason) => builder.header(Name::Reason, reason).finish(),
            None => builder.finish(),
        }
    }

    /// OPTIONS within the dialog (RFC 3261 §11.1).
    fn probe(&mut self, now: Instant, id: LegId) {
        let Some(way) = self.dialog_way(id) else { return };
        let (branch, via) = self.via(way);
        let Some(Phase::InDialog(within)) = self.legs.get_mut(&id).map(|leg| &mut leg.phase) else { return };
        let builder = within.dialog.request(&Method::Options, &via);
        let octets = self.abilities(builder, way).header(Name::UserAgent, &self.settings.product).finish();
        let key = ClientKey::new(&branch, &Method::Options);
        let purpose = Purpose::Probe { leg: id };
        self.client_begin(now, clients::Begin { key, octets, way, purpose });
    }

    /// CANCEL of an INVITE of ours, built from it (RFC 3261 §9.1).
    pub(super) fn send_cancel(&mut self, now: Instant, invite: ClientId, reason: Option<&'static str>) {
        let Some(client) = self.clients.get_mut(invite) else { return };
        client.handle(now, clients::Input::Cancelled);
        let way = client.way;
        let (Purpose::Invite { invite: octets, .. }
        | Purpose::Left { invite: octets, .. }
        | Purpose::ReInvite { invite: octets, .. }) = &client.purpose
        else {
            return;
        };
        let octets = octets.clone();
        self.retime_client(invite);
        let Ok(Message::Request(request)) = parse(&octets) else { return };
        let to_value = request.headers.first(Name::To).unwrap_or_default();
        let builder = hop_by_hop(&request, Method::Cancel, to_value);
        let octets = self.finish_ending(builder, reason);
        let key = ClientKey::new(&branch_of(&request), &Method::Cancel);
        self.client_begin(now, clients::Begin { key, octets, way, purpose: Purpose::Cancel });
    }

    /// Places a call (RFC 3261 §13.2.1).
    fn invite_out(&mut self, now: Instant, leg: LegId, way: Way, call: &Outgoing) {
        let for_help = is_emergency(&call.target);
        let room = if for_help { self.check_room_for_help() } else { self.check_room() };
        if room.is_err() {
            self.counters.transactions_full += 1;
            self.tell(Event::Failed { leg, status: 503 });
            return;
        }
        let (branch, via) = self.via(way);
        let (tag, call_id) = (self.rng.token(), self.rng.token());
        let told = self.told(way.local);
        let (phone, line) = (self.phone_of(leg), self.line_of(leg));
        let presented = self.presented(call, &told.to_string(), line.as_deref());
        let target = line.as_ref().map_or(call.target.as_str(), |line| line.uri.expose());
        let uri = phone.as_ref().map_or(target.as_bytes(), |phone| phone.uri.expose());
        let route = phone.as_ref().map(|phone| &**phone.route.expose()).filter(|route| !route.is_empty());
        let builder = emit::request(Method::Invite, uri).header(Name::Via, via);
        let builder = match route {
            Some(route) => builder.header(Name::Route, route),
            None => builder,
        };
        let builder = builder
            .header_fmt(Name::From, format_args!("{};tag={tag}", presented.from))
            .header_fmt(Name::To, format_args!("<{target}>"))
            .header_fmt(Name::CallId, format_args!("{call_id}@{}", told.ip()))
            .header(Name::CSeq, "1 INVITE")
            .header(Name::MaxForwards, "70");
        let builder = presented.write(self.abilities(builder, way));
        let builder = self.tell_history(builder, call, &told.to_string(), line.as_deref());
        let builder = builder.header(Name::UserAgent, &self.settings.product);
        let builder = timer::ask(builder, self.settings.session_expires_s, None, 0);
        let octets = builder.finish_with(SDP, &call.sdp);
        let key = ClientKey::new(&branch, &Method::Invite);
        let purpose = Purpose::Invite { leg, invite: octets.clone(), answers: Vec::new() };
        let invite = self.client_begin(now, clients::Begin { key, octets, way, purpose });
        let carrier = line.map(|line| line.carrier);
        if let Some(client) = self.clients.get_mut(invite) {
            client.carrier = carrier;
        }
        let sdp = call.sdp.clone();
        let calling = Calling { uac: Uac::calling(), invite, forks: Vec::new(), sdp, interval_tries: 0 };
        self.legs.insert(leg, Leg { reason: None, carrier, phase: Phase::Outgoing(Box::new(calling)) });
    }

    /// Sends the last answer of a transaction again.
    pub(super) fn send_again(&mut self, now: Instant, transaction: Option<ServerId>, class: StatusClass) {
        if let Some(id) = transaction {
            self.server_input(now, id, servers::Input::Answer(class));
        }
    }

    /// A leg waited until now: for an ACK, a PRACK, the switch, a refresh, or a minute since its last 1xx.
    pub(super) fn leg_timeout(&mut self, now: Instant, id: LegId) {
        self.uas_timeout(now, id);
        self.reliable_timeout(now, id);
        self.asked_timeout(now, id);
        self.patience_timeout(now, id);
        self.session_timeout(now, id);
        self.refer_timeout(now, id);
        self.settle_leg(now, id);
    }

    fn uas_timeout(&mut self, now: Instant, id: LegId) {
        if let Some(Phase::InDialog(within)) = self.legs.get_mut(&id).map(|leg| &mut leg.phase) {
            let transaction = within.incoming.as_ref().map(|incoming| incoming.transaction);
            match within.uas.handle(now, uas::Input::Timeout) {
                Some(uas::Output::Resend) => self.send_again(now, transaction, StatusClass::Success),
                Some(uas::Output::Remind) => self.send_again(now, transaction, StatusClass::Provisional),
                Some(uas::Output::AckMissing) => {
                    self.counters.acks_missing += 1;
                    self.tell(Event::AckMissing { leg: id });
                    self.send_bye(now, id);
                }
                Some(uas::Output::SendBye) => self.send_bye(now, id),
                Some(_) | None => {}
            }
        }
    }
}

/// Begins a CANCEL, or the ACK of a 3xx-6xx: both go the way of the INVITE, hop by hop, with its Via
/// and Route (RFC 3261 §9.1, §17.1.1.3).
pub fn hop_by_hop(invite: &Request<'_>, method: Method<'_>, to: &[u8]) -> Builder {
    let headers = &invite.headers;
    let number = headers.first(Name::CSeq).unwrap_or_default();
    let digits = number.iter().position(|octet| !octet.is_ascii_digit()).unwrap_or(number.len());
    let mut builder = emit::request(method, invite.uri)
        .header(Name::Via, headers.values(Name::Via).next().unwrap_or_default());
    for route in headers.each(Name::Route) {
        builder = builder.header(Name::Route, route);
    }
    builder
        .header(Name::From, headers.first(Name::From).unwrap_or_default())
        .header(Name::To, to)
        .header(Name::CallId, headers.first(Name::CallId).unwrap_or_default())
        .header_fmt(Name::CSeq, format_args!("{} {method}", number[..digits].escape_ascii()))
        .header(Name::MaxForwards, "70")
}

pub fn branch_of(request: &Request<'_>) -> String {
    let via = request.headers.values(Name::Via).next();
    let via = via.and_then(|via| crate::wire::sip::via::Via::read(via).ok());
    let branch = via.and_then(|via| via.branch()).unwrap_or_default();
    String::from_utf8_lossy(branch).into_owned()
}

/// A user part in which everything but unreserved octets and `+` is escaped (RFC 3261 §25.1 `user`).
pub fn escaped(user: &str) -> String {
    let mut escaped = String::with_capacity(user.len());
    for octet in user.bytes() {
        match octet {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'+' | b'-' | b'.' | b'_' | b'*' | b'!' | b'~' => {
                escaped.push(char::from(octet));
            }
            _ => write!(escaped, "%{octet:02X}").expect("writing into a String does not fail"),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_from_a_patient_cannot_leave_the_user_part() {
        for (user, expected) in [
            ("+16175550142", "+16175550142"),
            ("a b", "a%20b"),
            ("x>;tag=1", "x%3E%3Btag%3D1"),
            ("é@", "%C3%A9%40"),
        ] {
            assert_eq!(escaped(user), expected);
        }
    }

    #[test]
    fn a_cancel_takes_the_way_of_its_invite() {
        let invite = "INVITE sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\nVia: SIP/2.0/UDP i\r\n\
                      Route: <sip:p;lr>\r\nFrom: <sip:c@d>;tag=1\r\nTo: <sip:a@b>\r\nCall-ID: i\r\n\
                      CSeq: 31 INVITE\r\n\r\n";
        let Ok(Message::Request(request)) = parse(invite.as_bytes()) else { panic!("{invite}") };
        let cancel = hop_by_hop(&request, Method::Cancel, b"<sip:a@b>").finish();
        let expected = "CANCEL sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\nRoute: <sip:p;lr>\r\n\
                        From: <sip:c@d>;tag=1\r\nTo: <sip:a@b>\r\nCall-ID: i\r\nCSeq: 31 CANCEL\r\n\
                        Max-Forwards: 70\r\nContent-Length: 0\r\n\r\n";
        assert_eq!(String::from_utf8_lossy(&cancel), expected);
        assert_eq!(branch_of(&request), "z9hG4bK1");
    }
}
