//! Our own re-INVITE and UPDATE: when they go, what they say, and what comes of them (RFC 3261 §14.1,
//! RFC 3311 §5.1, RFC 4028 §7.4 and §10).
//!
//! ```text
//!  Reoffer, Update, refresh ─▶ invite::change ─ dialog free ─▶ re-INVITE or UPDATE
//!     2xx ─▶ ACK, target, session timer ─▶ OfferAnswered      491, 405, 422 ─▶ again      481, 408 ─▶ BYE
//! ```

use super::super::interface::{Event, Loss};
use super::super::invite::change::{Content, Means, Outcome, Wish, glare_wait};
use super::super::invite::session_timer::{Role, Said, accepted};
use super::super::invite::uac::{self, Uac};
use super::super::transaction::StatusClass;
use super::super::transaction::clients::{self, Ack, ClientId, Purpose};
use super::super::transaction::key::ClientKey;
use super::super::way::Way;
use super::compose::SDP;
use super::early::cseq_answered;
use super::leg::{Changing, InDialog, Phase, Update};
use super::trunk::credentials_of;
use super::update::update_of;
use super::{Stack, body, timer};
use crate::clock::Instant;
use crate::id::LegId;
use crate::wire::sip::address::Address;
use crate::wire::sip::emit;
use crate::wire::sip::message::{Message, Response, parse};
use crate::wire::sip::method::Method;
use crate::wire::sip::name::Name;
use crate::wire::sip::value::delta_seconds;

impl Stack {
    fn within_mut(&mut self, leg: LegId) -> Option<&mut InDialog> {
        match &mut self.legs.get_mut(&leg)?.phase {
            Phase::InDialog(within) => Some(within),
            Phase::Outgoing(_) | Phase::Mortal { .. } | Phase::Subscribed(_) => None,
        }
    }

    /// The switch wants other media by re-INVITE.
    pub(super) fn reoffer(&mut self, now: Instant, leg: LegId, sdp: Option<Vec<u8>>) {
        let content = sdp.map_or(Content::Ask, Content::Offer);
        self.want(now, leg, Wish { means: Means::ReInvite, content, tries: 0 });
    }

    /// The switch wants other media, or a refresh, by UPDATE if the peer does that.
    pub(super) fn update(&mut self, now: Instant, leg: LegId, sdp: Option<Vec<u8>>) {
        let Some(within) = self.within_mut(leg) else { return };
        let means = match within.update {
            Update::Allowed => Means::Update,
            Update::NotAllowed => Means::ReInvite,
        };
        let content = sdp.map_or(Content::Refresh, Content::Offer);
        self.want(now, leg, Wish { means, content, tries: 0 });
    }

    fn want(&mut self, now: Instant, leg: LegId, wish: Wish) {
        let Some(within) = self.within_mut(leg).filter(|within| !within.uas.is_leaving()) else { return };
        within.change.want(wish);
        self.settle_leg(now, leg);
    }

    /// The switch takes a change back: what was not sent is forgotten, a re-INVITE on its way is cancelled.
    pub(super) fn withdraw(&mut self, now: Instant, leg: LegId) {
        let Some(within) = self.within_mut(leg) else { return };
        if within.change.withdraw().is_some() {
            self.tell(Event::OfferRefused { leg, status: 487 });
        }
        self.cancel_change(now, leg);
        self.settle_leg(now, leg);
    }

    fn cancel_change(&mut self, now: Instant, leg: LegId) {
        let Some(changing) = self.within_mut(leg).and_then(|within| within.changing.as_mut()) else { return };
        changing.patience = None;
        let client = changing.client;
        if changing.uac.handle(uac::Input::HangUp) == Some(uac::Output::SendCancel) {
            self.send_cancel(now, client, None);
        }
    }

    /// A re-INVITE that nobody answers for good is cancelled.
    pub(super) fn patience_timeout(&mut self, now: Instant, leg: LegId) {
        let patience = self.within_mut(leg).and_then(|within| within.changing.as_ref()?.patience);
        if patience.is_some_and(|until| until <= now) {
            self.cancel_change(now, leg);
        }
    }

    /// Sends the change whose turn it is.
    pub(super) fn send_change(&mut self, now: Instant, leg: LegId) {
        let Some(way) = self.dialog_way(leg) else { return };
        let (branch, via) = self.via(way);
        let ours_s = self.settings.session_expires_s;
        let Some(within) = self.within_mut(leg) else { return };
        let Some(wish) = within.change.open().cloned() else { return };
        let method = match wish.means {
            Means::ReInvite => Method::Invite,
            Means::Update => Method::Update,
        };
        let sdp = match (wish.content, wish.means) {
            (Content::Offer(sdp), _) => Some(sdp),
            (Content::Refresh, Means::ReInvite) => Some(within.local_sdp.clone()),
            (Content::Refresh, Means::Update) | (Content::Ask, _) => None,
        };
        // Who refreshes today goes on to do so (RFC 4028 §7.4).
        let (interval_s, refresher) = match within.timer.interval_s() {
            Some((seconds, role)) => (seconds, Some(role)),
            None => (ours_s, None),
        };
        let (interval_s, least_s) = (interval_s.max(within.least_interval_s), within.least_interval_s);
        let builder = within.dialog.request(&method, &via);
        let builder = self.abilities(builder, way).header(Name::UserAgent, &self.settings.product);
        let builder = timer::ask(builder, interval_s, refresher, least_s);
        let octets = match &sdp {
            Some(sdp) => builder.finish_with(SDP, sdp),
            None => builder.finish(),
        };
        let key = ClientKey::new(&branch, &method);
        let (purpose, patience) = match wish.means {
            Means::ReInvite => {
                let purpose = Purpose::ReInvite { leg, invite: octets.clone(), ack: None };
                (purpose, Some(now + self.timers.give_up()))
            }
            Means::Update => (Purpose::Update { leg }, None),
        };
        let client = self.client_begin(now, clients::Begin { key, octets, way, purpose });
        if let Some(within) = self.within_mut(leg) {
            let uac = Uac::calling();
            within.changing = Some(Changing { client, uac, patience, ack_owed: None });
        }
    }

    /// A response to a change of ours.
    pub(super) fn change_answered(
        &mut self,
        now: Instant,
        id: ClientId,
        leg: LegId,
        response: &Response<'_>,
    ) {
        let class = StatusClass::of(response.status);
        let is_invite =
            matches!(self.clients.get_mut(id).map(|c| &c.purpose), Some(Purpose::ReInvite { .. }));
        if class == StatusClass::Success && is_invite && self.acknowledged_before(id) {
            return;
        }
        let current = self.within_mut(leg).and_then(|within| within.changing.as_mut());
        let Some(changing) = current.filter(|changing| changing.client == id) else {
            match class {
                StatusClass::Success if is_invite => self.acknowledge_orphan(id, response),
                // Its dialog is over: no final answer need come.
                StatusClass::Provisional if is_invite => self.leave_to_its_end(now, Some(id)),
                StatusClass::Provisional | StatusClass::Success | StatusClass::Failure => {}
            }
            return;
        };
        if changing.ack_owed.is_some() {
            return;
        }
        let cancel = changing.uac.handle(uac::Input::Response(response.status));
        match class {
            StatusClass::Provisional => {
                if cancel == Some(uac::Output::SendCancel) {
                    self.send_cancel(now, id, None);
                }
            }
            StatusClass::Success => self.change_accepted(now, leg, response),
            StatusClass::Failure => {
                if let Some(client) = self.clients.get_mut(id)
                    && let Purpose::ReInvite { invite, .. } = &mut client.purpose
                {
                    *invite = Vec::new();
                }
                self.change_refused(now, leg, response.status, Some(response));
            }
        }
    }

    fn change_accepted(&mut self, now: Instant, leg: LegId, response: &Response<'_>) {
        let headers = &response.headers;
        let sdp = body::sdp_of_response(response);
        let Some(within) = self.within_mut(leg) else { return };
        within.dialog.refresh_by(response);
        within.update = update_of(headers).unwrap_or(within.update);
        within.timer.agree(now, accepted(&Said::read(headers)), Role::Uac);
        let Some(wish) = within.change.open().cloned() else { return };
        if wish.content == Content::Ask
            && let (Some(sdp), Some(changing)) = (sdp, within.changing.as_mut())
        {
            changing.ack_owed = Some(cseq_answered(response));
            changing.patience = None;
            within.remote_sdp = sdp.to_vec();
            return self.tell(Event::Reoffer { leg, sdp: Some(sdp.to_vec()) });
        }
        if wish.means == Means::ReInvite {
            self.acknowledge_change(leg, cseq_answered(response), None);
        }
        let Some(within) = self.within_mut(leg) else { return };
        within.changing = None;
        within.change.finish(now, response.status, std::time::Duration::ZERO);
        let answered = sdp.filter(|sdp| within.remote_sdp != *sdp || wish.content != Content::Refresh);
        if let Content::Offer(sdp) = &wish.content {
            within.local_sdp.clone_from(sdp);
        }
        if let Some(sdp) = answered {
            within.remote_sdp = sdp.to_vec();
            self.tell(Event::OfferAnswered { leg, sdp: sdp.to_vec() });
        } else if matches!(wish.content, Content::Offer(_) | Content::Ask) {
            // A yes without an answer changes nothing that we could act on.
            self.tell(Event::OfferRefused { leg, status: 488 });
        }
        self.settle_leg(now, leg);
    }

    /// A change of ours came to nothing: with that status, or 408 if nobody answered.
    pub(super) fn change_refused(
        &mut self,
        now: Instant,
        leg: LegId,
        status: u16,
        response: Option<&Response<'_>>,
    ) {
        let Some(owner) = self.within_mut(leg).map(|within| within.owner) else { return };
        let wait = glare_wait(owner, &mut self.rng);
        let least_s = response.and_then(|r| r.headers.first(Name::MinSe)).and_then(delta_seconds);
        let Some(within) = self.within_mut(leg) else { return };
        within.changing = None;
        within.least_interval_s = within.least_interval_s.max(least_s.filter(|_| status == 422).unwrap_or(0));
        if matches!(status, 405 | 501) {
            within.update = Update::NotAllowed;
        }
        match within.change.finish(now, status, wait) {
            Some(Outcome::Gone) => return self.lose(now, leg, Loss::Gone),
            Some(Outcome::Refused(wish)) => {
                within.timer.refused(now);
                if wish.content != Content::Refresh {
                    self.tell(Event::OfferRefused { leg, status });
                }
            }
            Some(Outcome::Accepted(_) | Outcome::Later) | None => {}
        }
        self.settle_leg(now, leg);
    }

    /// Nobody answered a change of ours.
    pub(super) fn change_timed_out(&mut self, now: Instant, id: ClientId, leg: LegId) {
        let changing = self.within_mut(leg).and_then(|within| within.changing.as_ref());
        if changing.is_some_and(|changing| changing.client == id && changing.ack_owed.is_none()) {
            self.change_refused(now, leg, 408, None);
        }
    }

    /// A 2xx that comes again gets its ACK again (RFC 3261 §13.2.2.4).
    fn acknowledged_before(&mut self, id: ClientId) -> bool {
        let Some(client) = self.clients.get_mut(id) else { return false };
        let Purpose::ReInvite { ack: Some(ack), .. } = &client.purpose else { return false };
        let (way, octets) = (ack.way, ack.octets.clone());
        self.counters.retransmissions_out += 1;
        self.transmit(way, octets);
        true
    }

    /// The ACK that waits for the switch's answer to their offer; `false` if none does.
    pub(super) fn acknowledge_owed(&mut self, now: Instant, leg: LegId, sdp: Option<Vec<u8>>) -> bool {
        let Some(within) = self.within_mut(leg) else { return false };
        let owed = within.changing.as_mut().and_then(|changing| changing.ack_owed.take());
        let Some(cseq) = owed else { return false };
        if let Some(sdp) = &sdp {
            within.local_sdp.clone_from(sdp);
        }
        self.acknowledge_change(leg, cseq, sdp.as_deref());
        if let Some(within) = self.within_mut(leg) {
            within.changing = None;
            within.change.finish(now, 200, std::time::Duration::ZERO);
        }
        if sdp.is_some() {
            self.settle_leg(now, leg);
        }
        true
    }

    fn acknowledge_change(&mut self, leg: LegId, cseq: u32, sdp: Option<&[u8]>) {
        let Some(way) = self.dialog_way(leg) else { return };
        let (_, via) = self.via(way);
        let Some(within) = self.within_mut(leg) else { return };
        let Some(client) = within.changing.as_ref().map(|changing| changing.client) else { return };
        let ack = within.dialog.ack(cseq, &via);
        let shown = self.shown_in(client);
        let builder = shown.iter().fold(ack, |ack, (name, value)| ack.header(*name, value));
        let octets = match sdp {
            Some(sdp) => builder.finish_with(SDP, sdp),
            None => builder.finish(),
        };
        self.keep_ack(client, way, octets);
    }

    /// A 2xx to a re-INVITE whose leg is gone: the peer sends it until it is acknowledged.
    fn acknowledge_orphan(&mut self, id: ClientId, response: &Response<'_>) {
        let Some(client) = self.clients.get_mut(id) else { return };
        let (way, Purpose::ReInvite { invite, .. }) = (client.way, &client.purpose) else { return };
        let invite = invite.clone();
        let Ok(Message::Request(request)) = parse(&invite) else { return };
        let (_, via) = self.via(way);
        let contact = response.headers.values(Name::Contact).next().and_then(|c| Address::read(c).ok());
        let target = contact.map_or(request.uri, |contact| contact.uri);
        let mut builder = emit::request(Method::Ack, target).header(Name::Via, via);
        for route in request.headers.each(Name::Route) {
            builder = builder.header(Name::Route, route);
        }
        for name in [Name::From, Name::To, Name::CallId] {
            builder = builder.header(name, request.headers.first(name).unwrap_or_default());
        }
        for (name, value) in credentials_of(&request) {
            builder = builder.header(name, value);
        }
        let octets = builder
            .header_fmt(Name::CSeq, format_args!("{} ACK", cseq_answered(response)))
            .header(Name::MaxForwards, "70")
            .finish();
        self.keep_ack(id, way, octets);
    }

    /// The credentials of a re-INVITE of ours: its ACK carries the same (RFC 3261 §13.2.2.4).
    fn shown_in(&mut self, id: ClientId) -> Vec<(Name, Vec<u8>)> {
        match self.clients.get_mut(id).map(|client| &client.purpose) {
            Some(Purpose::ReInvite { invite, .. }) => match parse(invite) {
                Ok(Message::Request(request)) => credentials_of(&request),
                Ok(Message::Response(_)) | Err(_) => Vec::new(),
            },
            Some(_) | None => Vec::new(),
        }
    }

    fn keep_ack(&mut self, id: ClientId, way: Way, octets: Vec<u8>) {
        if let Some(client) = self.clients.get_mut(id) {
            client.octets = Vec::new();
            if let Purpose::ReInvite { ack, invite, .. } = &mut client.purpose {
                *invite = Vec::new();
                *ack = Some(Ack { octets: octets.clone(), way });
            }
        }
        self.transmit(way, octets);
    }

    /// A change whose dialog is over may be rung for ever: its transaction ends by 64·T1.
    pub(super) fn leave_to_its_end(&mut self, now: Instant, client: Option<ClientId>) {
        let Some(id) = client else { return };
        if let Some(client) = self.clients.get_mut(id) {
            client.handle(now, clients::Input::Cancelled);
        }
        self.retime_client(id);
    }
}
