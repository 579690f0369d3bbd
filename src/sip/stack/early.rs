//! What comes before the answer to a call of ours: early dialogs, forks, reliable 1xx, early media, and an
//! INVITE that is sent once more because its session interval was too short (RFC 3261 §12.1, §13.2.2.1;
//! RFC 3262 §4; RFC 3960; RFC 4028 §7.4).
//!
//! ```text
//!  1xx with a To tag ─▶ its fork ─▶ RSeq: next: PRACK · again, or after a gap: nothing
//!                                ─▶ SDP that is new: EarlyMedia           ─▶ Ringing, once
//! ```

use super::super::dialog::{Dialog, DialogId};
use super::super::interface::Event;
use super::super::invite::reliable::{Place, place, read_rseq};
use super::super::invite::uac::{self, Uac};
use super::super::transaction::clients::{self, ClientId, Purpose};
use super::super::transaction::key::ClientKey;
use super::super::way::Way;
use super::compose::SDP;
use super::leg::{Answer, Fork, Phase};
use super::request::cseq_of;
use super::{Stack, body, timer};
use crate::clock::Instant;
use crate::id::LegId;
use crate::limits::{FORKS_MAX, INTERVAL_TRIES_MAX};
use crate::wire::sip::address::Address;
use crate::wire::sip::cseq::CSeq;
use crate::wire::sip::emit;
use crate::wire::sip::message::{Message, Response, parse};
use crate::wire::sip::method::Method;
use crate::wire::sip::name::Name;
use crate::wire::sip::value::{delta_seconds, has_option};

/// Whether a 1xx has anything to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Heard {
    New,
    Again,
}

/// The tag in To; empty if there is none.
pub fn to_tag<'a>(response: &Response<'a>) -> &'a [u8] {
    let to = response.headers.first(Name::To).and_then(|to| Address::read(to).ok());
    to.and_then(|to| to.tag()).unwrap_or_default()
}

/// The number of the request that a response answers.
pub fn cseq_answered(response: &Response<'_>) -> u32 {
    response.headers.first(Name::CSeq).and_then(|value| CSeq::read(value).ok()).map_or(0, |cseq| cseq.number)
}

impl Stack {
    /// The early dialog of that name in a call of ours.
    pub(super) fn fork_mut(&mut self, leg: LegId, dialog: &DialogId) -> Option<&mut Fork> {
        match &mut self.legs.get_mut(&leg)?.phase {
            Phase::Outgoing(calling) => calling.fork_mut(dialog),
            Phase::InDialog(_) | Phase::Mortal { .. } | Phase::Subscribed(_) => None,
        }
    }

    /// A 1xx to a call of ours.
    pub(super) fn provisional(
        &mut self,
        now: Instant,
        id: ClientId,
        leg: LegId,
        way: Way,
        response: &Response<'_>,
    ) {
        let is_early = response.status > 100 && !to_tag(response).is_empty();
        if !is_early || self.early_dialog(now, id, leg, way, response) == Heard::New {
            self.tell_uac(now, leg, uac::Input::Response(response.status));
        }
    }

    fn early_dialog(
        &mut self,
        now: Instant,
        id: ClientId,
        leg: LegId,
        way: Way,
        response: &Response<'_>,
    ) -> Heard {
        let Some(index) = self.fork_of(id, leg, way, response) else { return Heard::New };
        let Some(Phase::Outgoing(calling)) = self.legs.get_mut(&leg).map(|leg| &mut leg.phase) else {
            return Heard::Again;
        };
        let given_up = calling.uac.is_given_up();
        let fork = &mut calling.forks[index];
        let required = has_option(&response.headers, Name::Require, "100rel");
        let rseq = response.headers.first(Name::RSeq).and_then(read_rseq).filter(|_| required);
        if let Some(rseq) = rseq {
            match place(fork.rseq, rseq) {
                Place::Again | Place::Ahead => return Heard::Again,
                Place::Next => fork.rseq = Some(rseq),
            }
        }
        let sdp = body::sdp_of_response(response);
        let sdp = sdp.filter(|sdp| fork.answer == Answer::Open && fork.sdp.as_deref() != Some(*sdp));
        if let Some(sdp) = sdp {
            fork.sdp = Some(sdp.to_vec());
        }
        if rseq.is_some() && fork.sdp.is_some() {
            fork.answer = Answer::Given;
        }
        if let Some(rseq) = rseq {
            self.send_prack(now, leg, index, rseq, cseq_answered(response));
        }
        if let Some(sdp) = sdp.filter(|_| !given_up) {
            self.tell(Event::EarlyMedia { leg, fork: index, sdp: sdp.to_vec() });
        }
        Heard::New
    }

    /// The place of the fork that a 1xx comes from, which may be a new one; `None` if there are too many.
    fn fork_of(&mut self, id: ClientId, leg: LegId, way: Way, response: &Response<'_>) -> Option<usize> {
        let Phase::Outgoing(calling) = &mut self.legs.get_mut(&leg)?.phase else { return None };
        let tag = to_tag(response);
        if let Some(index) = calling.forks.iter().position(|fork| fork.dialog.remote_tag() == tag) {
            return Some(index);
        }
        if calling.forks.len() == FORKS_MAX || calling.invite != id {
            return None;
        }
        let Purpose::Invite { invite, .. } = &self.clients.get_mut(id)?.purpose else { return None };
        let Ok(Message::Request(request)) = parse(invite) else { return None };
        let dialog = Dialog::uac(&request, response, way).ok()?;
        self.dialogs.insert(dialog.id(), leg);
        calling.forks.push(Fork { dialog, rseq: None, sdp: None, answer: Answer::Open, asked: None });
        Some(calling.forks.len() - 1)
    }

    fn send_prack(&mut self, now: Instant, leg: LegId, index: usize, rseq: u32, cseq: u32) {
        let Some(Phase::Outgoing(calling)) = self.legs.get(&leg).map(|leg| &leg.phase) else { return };
        let way = calling.forks[index].dialog.way();
        let (branch, via) = self.via(way);
        let Some(Phase::Outgoing(calling)) = self.legs.get_mut(&leg).map(|leg| &mut leg.phase) else {
            return;
        };
        let builder = calling.forks[index].dialog.request(&Method::Prack, &via);
        let octets = builder
            .header_fmt(Name::RAck, format_args!("{rseq} {cseq} INVITE"))
            .header(Name::UserAgent, &self.settings.product)
            .finish();
        let key = ClientKey::new(&branch, &Method::Prack);
        self.client_begin(now, clients::Begin { key, octets, way, purpose: Purpose::Prack });
    }

    /// 422 to a call of ours: it is placed again with the least interval that was named. `false` if that
    /// cannot help.
    pub(super) fn place_again(
        &mut self,
        now: Instant,
        id: ClientId,
        leg: LegId,
        response: &Response<'_>,
    ) -> bool {
        let least_s = response.headers.first(Name::MinSe).and_then(delta_seconds);
        let Some(least_s) = least_s.filter(|_| response.status == 422) else { return false };
        let Some(Phase::Outgoing(calling)) = self.legs.get_mut(&leg).map(|leg| &mut leg.phase) else {
            return false;
        };
        if calling.uac.is_given_up() || calling.interval_tries >= INTERVAL_TRIES_MAX {
            return false;
        }
        calling.interval_tries += 1;
        let (forks, sdp) = (std::mem::take(&mut calling.forks), calling.sdp.clone());
        self.forget_forks(forks);
        let Some(client) = self.clients.get_mut(id) else { return false };
        let (way, Purpose::Invite { invite, .. }) = (client.way, &client.purpose) else { return false };
        let invite = invite.clone();
        let Ok(Message::Request(request)) = parse(&invite) else { return false };
        let (branch, via) = self.via(way);
        let mut builder = emit::request(Method::Invite, request.uri).header(Name::Via, via);
        for name in [Name::Route, Name::From, Name::To, Name::CallId, Name::PAssertedIdentity, Name::Privacy]
        {
            for value in request.headers.each(name) {
                builder = builder.header(name, value);
            }
        }
        let cseq = cseq_of(&request) + 1;
        let builder =
            builder.header_fmt(Name::CSeq, format_args!("{cseq} INVITE")).header(Name::MaxForwards, "70");
        let builder = self.abilities(builder, way).header(Name::UserAgent, &self.settings.product);
        let interval_s = least_s.max(self.settings.session_expires_s);
        let builder = timer::ask(builder, interval_s, None, least_s);
        let octets = builder.finish_with(SDP, &sdp);
        let key = ClientKey::new(&branch, &Method::Invite);
        let purpose = Purpose::Invite { leg, invite: octets.clone(), answers: Vec::new() };
        let invite = self.client_begin(now, clients::Begin { key, octets, way, purpose });
        if let Some(Phase::Outgoing(calling)) = self.legs.get_mut(&leg).map(|leg| &mut leg.phase) {
            calling.invite = invite;
            calling.uac = Uac::calling();
        }
        true
    }
}
