//! Responses to our requests, and what becomes of requests that nobody answers
//! (RFC 3261 §13.2.2, §17.1, §18.1.2).

use super::super::carrier::CarrierId;
use super::super::dialog::Dialog;
use super::super::interface::Event;
use super::super::invite::change::Owner;
use super::super::invite::session_timer::{Role, Said, accepted};
use super::super::invite::uac;
use super::super::transaction::StatusClass;
use super::super::transaction::clients::{self, ClientId, Output, Purpose, Sending};
use super::super::transaction::key::ClientKey;
use super::super::way::Way;
use super::command::hop_by_hop;
use super::early::to_tag;
use super::leg::{Answer, InDialog, Phase, Update};
use super::trunk::credentials_of;
use super::update::update_of;
use super::{Stack, TimerKey, body};
use crate::clock::Instant;
use crate::id::LegId;
use crate::limits::FORKS_MAX;
use crate::wire::sip::emit;
use crate::wire::sip::message::{Message, Request, Response, parse};
use crate::wire::sip::method::Method;
use crate::wire::sip::name::Name;
use crate::wire::sip::validate::validate_response;
use std::sync::Arc;

/// Whether the stack itself may send a request again that was refused with this status.
fn may_go_again(status: u16) -> bool {
    matches!(status, 401 | 407 | 503)
}

/// Whether a request that came to nothing may go to another target.
fn is_worth_more(purpose: &Purpose, status: u16) -> bool {
    match purpose {
        // A CANCEL that nobody answers is not worth a second one.
        Purpose::Cancel => status != 408,
        // A phone is where it logged in from, and nowhere else.
        Purpose::Summary { .. } | Purpose::Alert { .. } => false,
        Purpose::Invite { .. }
        | Purpose::ReInvite { .. }
        | Purpose::Left { .. }
        | Purpose::Bye { .. }
        | Purpose::Probe { .. }
        | Purpose::Update { .. }
        | Purpose::Register { .. }
        | Purpose::Watch { .. }
        | Purpose::Subscriber { .. }
        | Purpose::Notify { .. }
        | Purpose::Prack => true,
    }
}

/// Numbers left out in a dialog of a fork that is not remembered.
const FORK_CSEQ_SKIPPED: u32 = 1_000;

/// What is left of an INVITE that was answered: enough for the ACK of each 2xx that comes again or from another fork
/// (RFC 3261 §13.2.2.4).
fn for_forks(request: &Request<'_>) -> Vec<u8> {
    let kept = [Name::From, Name::CallId, Name::CSeq, Name::Authorization, Name::ProxyAuthorization];
    let begun = emit::request(Method::Invite, request.uri);
    let builder = kept.into_iter().fold(begun, |builder, name| {
        request.headers.each(name).fold(builder, |builder, value| builder.header(name, value))
    });
    // Without the room that the writer had to spare.
    builder.finish().as_slice().to_vec()
}

impl Stack {
    pub(super) fn response_in(&mut self, now: Instant, way: Way, response: &Response<'_>) {
        // A second Via shows that the response was meant for somebody else (RFC 3261 §8.1.3.3).
        if validate_response(response).is_err() || response.headers.values(Name::Via).nth(1).is_some() {
            self.counters.malformed += 1;
            return;
        }
        let found = ClientKey::of(response).and_then(|key| self.clients.find(&key));
        let Some((id, client)) = found.and_then(|id| Some((id, self.clients.get_mut(id)?))) else {
            self.counters.stray_responses += 1;
            return;
        };
        let output = client.handle(now, clients::Input::Response(StatusClass::of(response.status)));
        let request = match &client.purpose {
            Purpose::Invite { invite, .. } | Purpose::ReInvite { invite, .. }
                if may_go_again(response.status) =>
            {
                invite.clone()
            }
            _ if may_go_again(response.status) => client.octets.clone(),
            _ => Vec::new(),
        };
        match output {
            Some(Output::Deliver) => {
                self.call_heard(now, id, response.status);
                if !self.goes_again(now, id, &request, response) {
                    self.deliver(now, id, way, response);
                }
            }
            Some(Output::AckAndDeliver) => {
                self.call_heard(now, id, response.status);
                self.acknowledge_failure(id, response);
                if !self.goes_again(now, id, &request, response) {
                    self.deliver(now, id, way, response);
                }
            }
            Some(Output::Ack) => {
                let (way, octets) = (client.way, client.octets.clone());
                self.counters.retransmissions_out += 1;
                self.transmit(way, octets);
            }
            // Neither is the fruit of a response.
            Some(Output::Resend | Output::TimedOut | Output::Unreachable) | None => {}
        }
        self.retime_client(id);
    }

    /// Whether a request that was refused is on its way again: to another target, or with our account.
    fn goes_again(&mut self, now: Instant, id: ClientId, request: &[u8], response: &Response<'_>) -> bool {
        let purpose = self.clients.get_mut(id).map(|client| &client.purpose);
        let is_news = |it: &Purpose| {
            matches!(it, Purpose::Summary { .. } | Purpose::Subscriber { .. } | Purpose::Alert { .. })
        };
        if purpose.is_some_and(is_news) {
            // A phone that wants no news now is rung all the same.
            return false;
        }
        match response.status {
            503 => self.turned_away(now, id, request, response),
            401 | 407 => self.answer_challenge(now, id, request, response),
            _ => false,
        }
    }

    /// The ACK of a 3xx-6xx; it takes the place of the INVITE in the transaction (RFC 3261 §17.1.1.3).
    fn acknowledge_failure(&mut self, id: ClientId, response: &Response<'_>) {
        let Some(client) = self.clients.get_mut(id) else { return };
        let (Purpose::Invite { invite, .. }
        | Purpose::Left { invite, .. }
        | Purpose::ReInvite { invite, .. }) = &client.purpose
        else {
            return;
        };
        let invite = invite.clone();
        let Ok(Message::Request(request)) = parse(&invite) else { return };
        let to_value = response.headers.first(Name::To).unwrap_or_default();
        let octets = hop_by_hop(&request, Method::Ack, to_value).finish();
        client.octets = octets.clone();
        let way = client.way;
        self.transmit(way, octets);
    }

    fn deliver(&mut self, now: Instant, id: ClientId, way: Way, response: &Response<'_>) {
        let Some(client) = self.clients.get_mut(id) else { return };
        match &client.purpose {
            Purpose::Invite { leg, .. } => {
                let leg = *leg;
                match StatusClass::of(response.status) {
                    StatusClass::Success => self.success(now, id, Some(leg), way, response),
                    StatusClass::Provisional => self.provisional(now, id, leg, way, response),
                    StatusClass::Failure => self.failure(now, id, leg, response),
                }
            }
            Purpose::Left { .. } => match StatusClass::of(response.status) {
                StatusClass::Success => self.success(now, id, None, way, response),
                StatusClass::Provisional => self.cancel_left(now, id),
                StatusClass::Failure => {}
            },
            Purpose::ReInvite { leg, .. } => {
                let leg = *leg;
                self.change_answered(now, id, leg, response);
            }
            Purpose::Update { leg } => {
                let leg = *leg;
                client.octets = Vec::new();
                self.change_answered(now, id, leg, response);
            }
            Purpose::Probe { leg } => {
                let leg = *leg;
                client.octets = Vec::new();
                self.probed(leg, !matches!(response.status, 408 | 481));
            }
            Purpose::Notify { leg } => {
                let leg = *leg;
                client.octets = Vec::new();
                self.notify_answered(now, leg, response);
            }
            Purpose::Summary { user, telling } => {
                let (user, telling) = (Arc::clone(user), *telling);
                client.octets = Vec::new();
                self.summary_answered(now, &user, telling, response.status);
            }
            Purpose::Alert { alert } => {
                let alert = *alert;
                client.octets = Vec::new();
                self.alert_answered(now, alert, response.status);
            }
            Purpose::Subscriber { subscription } => {
                let (subscription, taken) = (*subscription, StatusClass::of(response.status));
                client.octets = Vec::new();
                if taken == StatusClass::Success {
                    self.subscriber_moved(subscription, response);
                }
                self.subscriber_answered(now, subscription, response.status);
            }
            Purpose::Watch { carrier } => {
                let (carrier, host) = (*carrier, client.way.remote);
                client.octets = Vec::new();
                self.host_answered(now, carrier, host, response.status);
            }
            Purpose::Register { carrier } => {
                let (carrier, way) = (*carrier, client.way);
                let request = std::mem::take(&mut client.octets);
                self.login_answered(now, carrier, (way, &request), response);
            }
            Purpose::Cancel | Purpose::Bye { .. } | Purpose::Prack => client.octets = Vec::new(),
        }
    }

    /// A 3xx-6xx to our INVITE: with it every early dialog is over (RFC 3261 §13.2.2.3).
    fn failure(&mut self, now: Instant, id: ClientId, leg: LegId, response: &Response<'_>) {
        let is_elsewhere = self.next_phone(now, id, response.status);
        if !is_elsewhere && !self.place_again(now, id, leg, response) {
            self.tell_uac(now, leg, uac::Input::Response(response.status));
        }
        // Nothing is made from it any more.
        if let Some(client) = self.clients.get_mut(id)
            && let Purpose::Invite { invite, .. } = &mut client.purpose
        {
            *invite = Vec::new();
        }
    }

    /// One phone of a user does not take the call: the next one may, unless a person said no for all of them
    /// (RFC 3261 §16.7 step 5). `true` if it is called now.
    fn next_phone(&mut self, now: Instant, id: ClientId, status: u16) -> bool {
        if status >= 600 || status == 422 || !self.has_other_phone(id) {
            return false;
        }
        let Some(Purpose::Invite { invite, .. }) = self.clients.get_mut(id).map(|client| &client.purpose)
        else {
            return false;
        };
        let invite = invite.clone();
        self.fail_over(now, id, &invite)
    }

    fn probed(&mut self, leg: LegId, alive: bool) {
        if self.legs.get(&leg).is_some_and(|leg| !leg.is_given_up()) {
            self.tell(Event::Probed { leg, alive });
        }
    }

    /// Anything but a 2xx for the caller's core.
    pub(super) fn tell_uac(&mut self, now: Instant, id: LegId, input: uac::Input) {
        let Some(leg) = self.legs.get_mut(&id) else { return };
        let Phase::Outgoing(calling) = &mut leg.phase else { return };
        let (invite, reason) = (calling.invite, leg.reason);
        match calling.uac.handle(input) {
            Some(uac::Output::Ringing) => self.tell(Event::Ringing { leg: id }),
            Some(uac::Output::SendCancel) => self.send_cancel(now, invite, reason),
            Some(uac::Output::Failed(status)) => {
                self.forget(id);
                self.tell(Event::Failed { leg: id, status });
            }
            Some(uac::Output::Over) => self.forget(id),
            Some(uac::Output::Answered | uac::Output::AckAndBye) | None => {}
        }
    }

    /// A 2xx to our INVITE: acknowledged each time it comes; the first one answers the call, those of
    /// other forks, of a call that was given up and of a target that was left (no leg) are ended with BYE
    /// (RFC 3261 §13.2.2.4).
    fn success(&mut self, now: Instant, id: ClientId, leg: Option<LegId>, way: Way, response: &Response<'_>) {
        let tag = to_tag(response);
        let Some(client) = self.clients.get_mut(id) else { return };
        let (Purpose::Invite { invite, answers, .. } | Purpose::Left { invite, answers, .. }) =
            &mut client.purpose
        else {
            return;
        };
        let is_known = answers.iter().any(|known| **known == *tag);
        if !is_known && answers.len() == FORKS_MAX {
            return;
        }
        let Ok(Message::Request(request)) = parse(invite) else { return };
        let Ok(dialog) = Dialog::uac(&request, response, way) else { return };
        let shown = credentials_of(&request);
        if !is_known {
            *invite = for_forks(&request);
            // Most calls are answered once.
            answers.reserve_exact(1);
            answers.push(tag.into());
        }
        client.octets = Vec::new();
        let carrier = client.carrier;
        self.acknowledge_success(now, &dialog, &shown);
        if is_known {
            self.counters.retransmissions_out += 1;
            return;
        }
        let wanted = match leg.and_then(|leg| self.legs.get_mut(&leg)).map(|leg| &mut leg.phase) {
            Some(Phase::Outgoing(calling)) => calling.uac.handle(uac::Input::Response(response.status)),
            Some(Phase::InDialog(_) | Phase::Mortal { .. } | Phase::Subscribed(_)) | None => {
                Some(uac::Output::AckAndBye)
            }
        };
        match leg.filter(|_| wanted == Some(uac::Output::Answered)) {
            Some(leg) => self.answered(now, leg, dialog, way, response),
            None => self.end_fork(now, leg, carrier, dialog),
        }
    }

    fn acknowledge_success(&mut self, now: Instant, dialog: &Dialog, shown: &[(Name, Vec<u8>)]) {
        let way = dialog.way();
        let (_, via) = self.via(way);
        let ack = dialog.ack(dialog.local_cseq(), &via);
        let octets = shown.iter().fold(ack, |ack, (name, value)| ack.header(*name, value)).finish();
        self.send_ack(now, way, octets);
    }

    /// The call stands: its fork's early dialog, if there was one, is confirmed, the others are forgotten
    /// (RFC 3261 §13.2.2.4).
    fn answered(&mut self, now: Instant, id: LegId, fresh: Dialog, way: Way, response: &Response<'_>) {
        let rseq = self.first_rseq();
        let Some(leg) = self.legs.get_mut(&id) else { return };
        let Phase::Outgoing(calling) = &mut leg.phase else { return };
        let (mut forks, local_sdp) = (std::mem::take(&mut calling.forks), std::mem::take(&mut calling.sdp));
        let tag = fresh.remote_tag();
        let fork = forks.iter().position(|fork| fork.dialog.remote_tag() == tag).map(|at| forks.remove(at));
        let (early, asked, dialog) = match fork {
            Some(mut fork) => {
                fork.dialog.confirm(response, way);
                (fork.sdp.map(|sdp| (sdp, fork.answer)), fork.asked, fork.dialog)
            }
            None => (None, None, fresh),
        };
        // The answer of a reliable 1xx holds, whatever the 2xx says (RFC 3262 §5).
        let said = body::sdp_of_response(response).map(<[u8]>::to_vec);
        let sdp = match early {
            Some((sdp, Answer::Given)) => sdp,
            Some((sdp, Answer::Open)) => said.unwrap_or(sdp),
            None => said.unwrap_or_default(),
        };
        let mut within = InDialog::new(dialog, Owner::Us, rseq, self.timers);
        within.update = update_of(&response.headers).unwrap_or(Update::NotAllowed);
        within.timer.agree(now, accepted(&Said::read(&response.headers)), Role::Uac);
        within.asked = asked;
        within.local_sdp = local_sdp;
        within.remote_sdp.clone_from(&sdp);
        self.dialogs.insert(within.dialog.id(), id);
        leg.phase = Phase::InDialog(Box::new(within));
        self.forget_forks(forks);
        self.tell(Event::Answered { leg: id, sdp });
        self.settle_leg(now, id);
    }

    /// Ends a dialog that nobody wants. If its leg still waits for an answer, that leg is over too.
    fn end_fork(&mut self, now: Instant, leg: Option<LegId>, carrier: Option<CarrierId>, mut dialog: Dialog) {
        let held = leg.and_then(|id| self.legs.get(&id));
        let given_up = match held.map(|leg| (&leg.phase, leg.reason)) {
            Some((Phase::Outgoing(_), reason)) => Some(reason),
            Some((Phase::InDialog(_) | Phase::Mortal { .. } | Phase::Subscribed(_), _)) | None => None,
        };
        let way = dialog.way();
        let (branch, via) = self.via(way);
        // A PRACK may have gone in this dialog while it was early and known.
        dialog.skip_cseq(FORK_CSEQ_SKIPPED);
        let builder = dialog.request(&Method::Bye, &via);
        let octets = self.finish_ending(builder, given_up.flatten());
        let leg = leg.filter(|_| given_up.is_some());
        let key = ClientKey::new(&branch, &Method::Bye);
        let bye = self.client_begin(now, clients::Begin { key, octets, way, purpose: Purpose::Bye { leg } });
        if let Some(client) = self.clients.get_mut(bye) {
            client.carrier = carrier;
        }
        let Some(id) = leg else { return };
        if let Some(leg) = self.legs.get_mut(&id) {
            let before = std::mem::replace(&mut leg.phase, Phase::Mortal { dialog: dialog.id() });
            if let Phase::Outgoing(calling) = before {
                self.forget_forks(calling.forks);
            }
            self.dialogs.insert(dialog.id(), id);
            self.retime_leg(id);
        }
    }

    pub(super) fn client_timeout(&mut self, now: Instant, id: ClientId) {
        let Some(client) = self.clients.get_mut(id) else {
            self.index.set(TimerKey::Client(id), None);
            return;
        };
        if client.loses_patience(now) {
            self.lose_patience(now, id);
            return self.retime_client(id);
        }
        let mute = client.way.connection.filter(|_| client.is_unanswered_invite());
        match client.handle(now, clients::Input::Timeout) {
            Some(Output::Resend) if client.sending == Sending::Sent && !client.octets.is_empty() => {
                let (way, octets) = (client.way, client.octets.clone());
                self.counters.retransmissions_out += 1;
                self.transmit(way, octets);
            }
            Some(Output::TimedOut) => {
                // Who is there says at least 100 (RFC 3261 §17.2.1): the phone at its end is gone, and rung no more.
                mute.into_iter().for_each(|connection| self.phones_lost(connection));
                self.client_failed(now, id, 408);
            }
            // It waits for its next hop, or no deadline makes these.
            Some(
                Output::Resend | Output::Deliver | Output::AckAndDeliver | Output::Ack | Output::Unreachable,
            )
            | None => {}
        }
        self.retime_client(id);
    }

    /// Nobody answered a request, or its peer is not there: it goes to its next target, or the core hears of it
    /// as if `status` had come (RFC 3261 §8.1.3.1).
    pub(super) fn client_failed(&mut self, now: Instant, id: ClientId, status: u16) {
        let Some(client) = self.clients.get_mut(id) else { return };
        let request = match &client.purpose {
            Purpose::Invite { invite, .. } | Purpose::ReInvite { invite, .. } => invite.clone(),
            Purpose::Cancel
            | Purpose::Left { .. }
            | Purpose::Bye { .. }
            | Purpose::Probe { .. }
            | Purpose::Update { .. }
            | Purpose::Register { .. }
            | Purpose::Watch { .. }
            | Purpose::Summary { .. }
            | Purpose::Alert { .. }
            | Purpose::Subscriber { .. }
            | Purpose::Notify { .. }
            | Purpose::Prack => client.octets.clone(),
        };
        let host = client.way.remote;
        let is_worth_it = is_worth_more(&client.purpose, status);
        self.call_lost(now, id);
        if is_worth_it && self.fail_over(now, id, &request) {
            return;
        }
        match self.clients.get_mut(id).map(|client| &client.purpose) {
            Some(Purpose::Invite { leg, .. }) => {
                let leg = *leg;
                let input = if status == 408 { uac::Input::TimedOut } else { uac::Input::Response(status) };
                self.tell_uac(now, leg, input);
            }
            Some(Purpose::ReInvite { leg, .. } | Purpose::Update { leg }) => {
                let leg = *leg;
                self.change_timed_out(now, id, leg);
            }
            Some(Purpose::Probe { leg }) => {
                let leg = *leg;
                self.probed(leg, false);
            }
            Some(Purpose::Notify { leg }) => {
                let leg = *leg;
                self.notify_lost(now, leg);
            }
            Some(Purpose::Summary { user, telling }) => {
                let (user, telling) = (Arc::clone(user), *telling);
                self.summary_answered(now, &user, telling, status);
            }
            Some(Purpose::Alert { alert }) => {
                let alert = *alert;
                self.alert_answered(now, alert, status);
            }
            Some(Purpose::Subscriber { subscription }) => {
                let subscription = *subscription;
                self.subscriber_answered(now, subscription, status);
            }
            Some(Purpose::Watch { carrier }) => {
                let carrier = *carrier;
                self.host_missed(now, carrier, host);
            }
            Some(Purpose::Register { carrier }) => {
                let carrier = *carrier;
                self.login_failed(now, carrier);
            }
            Some(Purpose::Cancel | Purpose::Left { .. } | Purpose::Bye { .. } | Purpose::Prack) | None => {}
        }
    }
}
