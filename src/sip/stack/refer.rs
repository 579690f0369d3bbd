//! REFER within a dialog: whom a party asks us to call for it, and what it is told of that (RFC 3515, RFC 4488, RFC 6665
//! §4.2.2).
//!
//! ```text
//!  REFER ─ broken 400 416, another method 403, one is open 491 ─▶ else Event::Refer ─▶ 202, or the switch's refusal
//!  202 ─▶ NOTIFY 100 … TellRefer ─▶ NOTIFY, the last        `Refer-Sub: false`: no NOTIFY
//!         their BYE ─▶ NOTIFYs go on in what is left of the dialog (RFC 5057 §4.1)
//!         our BYE waits for the answer to the last NOTIFY: a phone that lost its dialog would not show it
//! ```
//! Whether anybody is called at all is the switch's.

use super::super::dialog::{Dialog, DialogId};
use super::super::interface::Event;
use super::super::invite::refer::{Input, Last, Order, Output, Subscription, TRYING};
use super::super::refer::{Refer, Replaced, Whom};
use super::super::transaction::clients::{self, Purpose};
use super::super::transaction::key::{ClientKey, ServerKey};
use super::super::transaction::servers;
use super::super::way::Way;
use super::Stack;
use super::command::escaped;
use super::leg::{AskedRefer, Incoming, Parting, Phase, Stage, Subscribed, Wish};
use super::receive::Arrival;
use super::refusal::Refusal;
use crate::clock::Instant;
use crate::id::LegId;
use crate::limits::REFER_EXPIRES;
use crate::phi::Phi;
use crate::wire::sip::emit::reason_phrase;
use crate::wire::sip::header::Headers;
use crate::wire::sip::message::{Message, Response, parse};
use crate::wire::sip::method::Method;
use crate::wire::sip::name::Name;
use crate::wire::sip::refer::{self, ReferTo, Replaces};
use crate::wire::sip::uri::{Host, Scheme, Uri};
use std::net::IpAddr;

/// The body of a NOTIFY (RFC 3515 §2.4.5).
const SIPFRAG: &str = "message/sipfrag;version=2.0";

impl Stack {
    /// A REFER in a dialog that is more than an early one of ours.
    pub(super) fn refer_in(
        &mut self,
        now: Instant,
        arrival: &Arrival<'_>,
        key: ServerKey,
        leg: LegId,
    ) -> Result<(), Refusal> {
        let headers = &arrival.request.headers;
        let until = now + self.timers.give_up() / 2;
        let Some(Phase::InDialog(within)) = self.legs.get(&leg).map(|leg| &leg.phase) else {
            return Err(Refusal::NoDialog);
        };
        match within.stage {
            Stage::Early => return Err(Refusal::Forbidden),
            Stage::Established if within.is_leaving() => return Err(Refusal::NoDialog),
            Stage::Established if within.refer.is_open() => return Err(Refusal::ReferOpen),
            Stage::Established => {}
        }
        let to = ReferTo::read(headers).map_err(Refusal::Refer)?;
        let whom = self.whom(arrival.way, &to);
        let replaces = to.replaces.as_ref().map(|replaces| self.replaced(replaces));
        let (way, wish) = (arrival.reply_way(), wish_of(headers));
        let transaction = self.servers.begin(servers::Begin { key, merge: None, way, leg: None });
        let incoming = Incoming {
            transaction,
            octets: arrival.octets.to_vec(),
            way: arrival.way,
            cseq: arrival.essentials.cseq.number,
            terms: None,
        };
        if let Some(Phase::InDialog(within)) = self.legs.get_mut(&leg).map(|leg| &mut leg.phase) {
            within.refer.asked = Some(AskedRefer { incoming, wish, until });
        }
        self.retime_leg(leg);
        self.tell(Event::Refer { leg, refer: Box::new(Refer { whom, replaces }) });
        Ok(())
    }

    /// Whom a Refer-To means: a user of ours, or somebody at our own address as phones write it, or anybody else.
    fn whom(&self, way: Way, to: &ReferTo<'_>) -> Whom {
        let text = |octets: &[u8]| String::from_utf8_lossy(octets).into_owned();
        let user = to.uri.user_unescaped().map(|user| text(&user));
        let Some(user) = user.filter(|_| to.uri.scheme == Scheme::Tel || self.is_here(way, &to.uri)) else {
            return Whom::Elsewhere(Phi::new(text(to.written)));
        };
        let desk = self.desk.as_ref().filter(|_| to.uri.scheme != Scheme::Tel);
        match desk.filter(|desk| desk.has_user(&user)) {
            Some(desk) => Whom::User(format!("sip:{}@{}", escaped(&user), desk.realm())),
            None => Whom::Here(Phi::new(user)),
        }
    }

    /// Whether a URI has our own address or realm for its host.
    fn is_here(&self, way: Way, uri: &Uri<'_>) -> bool {
        let told = self.told(way.local);
        let is_ours = |ip: IpAddr| {
            (ip == told.ip() || ip == way.local.ip()) && uri.port.is_none_or(|port| port == told.port())
        };
        match uri.host {
            Some(Host::V4(ip)) => is_ours(IpAddr::V4(ip)),
            Some(Host::V6(ip)) => is_ours(IpAddr::V6(ip)),
            Some(Host::Name(name)) => {
                self.desk.as_ref().is_some_and(|desk| name.eq_ignore_ascii_case(desk.realm().as_bytes()))
            }
            None => false,
        }
    }

    /// The call whose place is to be taken. We are who would be asked to give it up, so the To tag is ours
    /// (RFC 3891 §3).
    pub(super) fn replaced(&self, replaces: &Replaces) -> Replaced {
        let dialog = DialogId::named(&replaces.call_id, &replaces.to_tag, &replaces.from_tag);
        let Some(&leg) = self.dialogs.get(&dialog) else { return Replaced::Nobody };
        match (self.legs.get(&leg).map(|leg| &leg.phase), replaces.stage) {
            (Some(Phase::InDialog(within)), _) if within.is_leaving() => Replaced::Over,
            (Some(Phase::InDialog(within)), stage) => match (within.stage, stage) {
                (Stage::Established, refer::Stage::Any) => Replaced::Leg(leg),
                (Stage::Established, refer::Stage::Early) => Replaced::Answered,
                (Stage::Early, refer::Stage::Any | refer::Stage::Early) => Replaced::Nobody,
            },
            (Some(Phase::Mortal { .. } | Phase::Subscribed(_)), _) => Replaced::Over,
            (Some(Phase::Outgoing(_)) | None, _) => Replaced::Nobody,
        }
    }

    /// The switch calls whom the REFER names: 202, and its sender is told how it goes (RFC 3515 §2.4.2, §2.4.4).
    pub(super) fn accept_refer(&mut self, now: Instant, leg: LegId) {
        let Some(asked) = self.take_refer(leg) else { return };
        self.answer_refer(now, leg, &asked, 202);
        let Some(Phase::InDialog(within)) = self.legs.get_mut(&leg).map(|leg| &mut leg.phase) else { return };
        if asked.wish == Wish::Told {
            let order = std::mem::replace(&mut within.refer.order, Order::Later);
            within.refer.subscription = Some(Subscription::begin(now, asked.incoming.cseq, order));
            self.notify(now, leg, None);
        }
        self.settle_leg(now, leg);
    }

    /// The switch calls nobody.
    pub(super) fn refuse_refer(&mut self, now: Instant, leg: LegId, status: u16) {
        let Some(asked) = self.take_refer(leg) else { return };
        self.answer_refer(now, leg, &asked, status);
        self.settle_leg(now, leg);
    }

    fn take_refer(&mut self, leg: LegId) -> Option<AskedRefer> {
        match &mut self.legs.get_mut(&leg)?.phase {
            Phase::InDialog(within) => within.refer.asked.take(),
            Phase::Outgoing(_) | Phase::Mortal { .. } | Phase::Subscribed(_) => None,
        }
    }

    /// A REFER that is taken moves the target of its dialog (RFC 5057 §5.4).
    fn answer_refer(&mut self, now: Instant, leg: LegId, asked: &AskedRefer, status: u16) {
        let incoming = &asked.incoming;
        // It was parsed when it came.
        let Ok(Message::Request(request)) = parse(&incoming.octets) else { return };
        let builder = self.response(&request, incoming.way, status, None);
        let builder = if status < 300 { self.abilities(builder, incoming.way) } else { builder };
        let octets = match (asked.wish, status) {
            (Wish::Untold, ..300) => builder.header(Name::ReferSub, "false").finish(),
            (Wish::Untold | Wish::Told, _) => builder.finish(),
        };
        if status < 300
            && let Some(Phase::InDialog(within)) = self.legs.get_mut(&leg).map(|leg| &mut leg.phase)
        {
            within.dialog.refresh(&request, incoming.way);
        }
        self.server_answer(now, incoming.transaction, status, octets);
    }

    /// A NOTIFY: what is known, or the last one.
    fn notify(&mut self, now: Instant, leg: LegId, last: Option<Last>) {
        let Some(way) = self.told_in(leg).map(|(dialog, _)| dialog.way()) else { return };
        let (branch, via) = self.via(way);
        let contact = self.contact(way);
        let Some((dialog, subscription)) = self.told_in(leg) else { return };
        let id = subscription.id();
        let builder = dialog.request(&Method::Notify, &via).header(Name::Contact, contact);
        let builder = match id {
            Some(id) => builder.header_fmt(Name::Event, format_args!("refer;id={id}")),
            None => builder.header(Name::Event, "refer"),
        };
        let (status, builder) = match last {
            None => {
                let seconds = REFER_EXPIRES.as_secs();
                (
                    TRYING,
                    builder.header_fmt(Name::SubscriptionState, format_args!("active;expires={seconds}")),
                )
            }
            Some(Last { status, reason }) => {
                let reason = reason.as_str();
                let builder =
                    builder.header_fmt(Name::SubscriptionState, format_args!("terminated;reason={reason}"));
                (status, builder)
            }
        };
        let body = format!("SIP/2.0 {status} {}\r\n", reason_phrase(status));
        let builder = builder.header(Name::UserAgent, &self.settings.product);
        let octets = builder.finish_with(SIPFRAG, body.as_bytes());
        let key = ClientKey::new(&branch, &Method::Notify);
        self.client_begin(now, clients::Begin { key, octets, way, purpose: Purpose::Notify { leg } });
    }

    /// The dialog in which the sender of a REFER is told, and its subscription.
    fn told_in(&mut self, leg: LegId) -> Option<(&mut Dialog, &mut Subscription)> {
        match &mut self.legs.get_mut(&leg)?.phase {
            Phase::InDialog(within) => {
                let subscription = within.refer.subscription.as_mut()?;
                Some((&mut within.dialog, subscription))
            }
            Phase::Subscribed(left) => Some((&mut left.dialog, &mut left.subscription)),
            Phase::Outgoing(_) | Phase::Mortal { .. } => None,
        }
    }

    /// What came of the call to the party that a REFER names.
    pub(super) fn tell_refer(&mut self, now: Instant, leg: LegId, status: u16) {
        self.subscription(now, leg, Input::Outcome(status));
    }

    /// A NOTIFY was answered: a 2xx moves the target of the dialog (RFC 5057 §5.4).
    pub(super) fn notify_answered(&mut self, now: Instant, leg: LegId, response: &Response<'_>) {
        let taken = (200..300).contains(&response.status);
        if let Some((dialog, _)) = self.told_in(leg).filter(|_| taken) {
            dialog.refresh_by(response);
        }
        self.subscription(now, leg, if taken { Input::Answered } else { Input::Lost });
    }

    /// Nobody answered a NOTIFY (RFC 6665 §4.2.2).
    pub(super) fn notify_lost(&mut self, now: Instant, leg: LegId) {
        self.subscription(now, leg, Input::Lost);
    }

    /// The switch did not answer a REFER in time, or nothing came of it in the time of its subscription.
    pub(super) fn refer_timeout(&mut self, now: Instant, leg: LegId) {
        let until = match self.legs.get(&leg).map(|leg| &leg.phase) {
            Some(Phase::InDialog(within)) => within.refer.asked.as_ref().map(|asked| asked.until),
            Some(Phase::Outgoing(_) | Phase::Mortal { .. } | Phase::Subscribed(_)) | None => None,
        };
        if until.is_some_and(|until| until <= now) {
            self.refuse_refer(now, leg, Refusal::TooLate.status());
        }
        self.subscription(now, leg, Input::Timeout);
    }

    fn subscription(&mut self, now: Instant, leg: LegId, input: Input) {
        let Some((_, subscription)) = self.told_in(leg) else { return };
        match subscription.handle(now, input) {
            Some(Output::Notify(last)) => self.notify(now, leg, Some(last)),
            Some(Output::Over) => self.subscription_over(now, leg),
            None => {}
        }
        self.retime_leg(leg);
    }

    fn subscription_over(&mut self, now: Instant, leg: LegId) {
        match self.legs.get_mut(&leg).map(|leg| &mut leg.phase) {
            Some(Phase::Subscribed(_)) => self.forget(leg),
            Some(Phase::InDialog(within)) => {
                within.refer.subscription = None;
                if within.refer.parting == Parting::AfterNotify {
                    self.send_bye(now, leg);
                }
            }
            Some(Phase::Outgoing(_) | Phase::Mortal { .. }) | None => {}
        }
    }

    /// Whether the BYE of a leg waits from now on for the answer to the last NOTIFY.
    pub(super) fn parts_after_notify(&mut self, leg: LegId) -> bool {
        let Some(Phase::InDialog(within)) = self.legs.get_mut(&leg).map(|leg| &mut leg.phase) else {
            return false;
        };
        let waits = within.refer.subscription.as_ref().is_some_and(Subscription::is_ending);
        if waits {
            within.refer.parting = Parting::AfterNotify;
            self.retime_leg(leg);
        }
        waits
    }

    /// BYEs that wait for the answer to a NOTIFY go now: nobody will be here to send them.
    pub(super) fn part_now(&mut self, now: Instant) {
        let waiting = |id: &LegId| match self.legs.get(id).map(|leg| &leg.phase) {
            Some(Phase::InDialog(within)) => within.refer.parting == Parting::AfterNotify,
            Some(Phase::Outgoing(_) | Phase::Mortal { .. } | Phase::Subscribed(_)) | None => false,
        };
        let legs: Vec<LegId> = self.legs.keys().copied().filter(waiting).collect();
        for leg in legs {
            if let Some(Phase::InDialog(within)) = self.legs.get_mut(&leg).map(|leg| &mut leg.phase) {
                within.refer.subscription = None;
            }
            self.send_bye(now, leg);
        }
    }

    /// Their BYE ends the call of a leg; what a REFER made in its dialog lives on (RFC 5057 §4.1).
    pub(super) fn end_call_of(&mut self, leg: LegId) {
        let Some(held) = self.legs.get_mut(&leg) else { return };
        let Phase::InDialog(within) = &mut held.phase else { return self.forget(leg) };
        let Some(subscription) = within.refer.subscription.take() else { return self.forget(leg) };
        let dialog = within.dialog.clone();
        held.phase = Phase::Subscribed(Box::new(Subscribed { dialog, subscription }));
        self.retime_leg(leg);
    }
}

/// Whether the sender of a REFER wants to be told (RFC 4488 §3).
fn wish_of(headers: &Headers<'_>) -> Wish {
    match headers.first(Name::ReferSub) {
        Some(value) if value.eq_ignore_ascii_case(b"false") => Wish::Untold,
        Some(_) | None => Wish::Told,
    }
}
