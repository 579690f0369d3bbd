//! SUBSCRIBE: phones that ask to be told how many messages wait (RFC 6665 §4.2.1, RFC 3842 §3).
//!
//! ```text
//!  SUBSCRIBE ─▶ another package 489 · who asks has shown nothing, or wrong things 401 · another's mailbox 403
//!           ─▶ no mailbox 404 · too brief 423 · another body 406 · no room, no new ones now 503
//!           ─▶ 200, and NOTIFY at once ─▶ … each change ─▶ `terminated`: its time is over, `Expires: 0`, no user any more
//!  in its dialog: the same, asked for the password again ─▶ 200, and NOTIFY at once      after a restart 481
//! ```
//! What is told when is [`super::super::subscription`]'s.

use super::super::dialog::{Dialog, DialogId};
use super::super::interface::Openness;
use super::super::invite::refer::Reason;
use super::super::registrar::Registered;
use super::super::subscription::{Holds, Input, Output, Said, Subscription, SubscriptionId};
use super::super::summary::{self, CONTENT_TYPE, PACKAGE};
use super::super::transaction::clients::{Begin, Purpose};
use super::super::transaction::key::{ClientKey, MergeKey, ServerKey};
use super::super::transaction::servers::{self, ServerId};
use super::receive::{Arrival, accepts, check_content};
use super::refusal::{EVENTS, Refusal};
use super::register::{Answer, user_of};
use super::{Stack, TimerKey};
use crate::clock::Instant;
use crate::limits::summaries::{
    SUBSCRIPTION_KEEPS_MAX_OCTETS, SUBSCRIPTION_MAX_S, SUBSCRIPTION_MIN_S, SUBSCRIPTIONS_MAX,
    SUBSCRIPTIONS_OF_USER_MAX,
};
use crate::wire::sip::address::Address;
use crate::wire::sip::event::Event;
use crate::wire::sip::header::Headers;
use crate::wire::sip::message::Response;
use crate::wire::sip::method::Method;
use crate::wire::sip::name::Name;
use crate::wire::sip::uri::{Scheme, Uri};
use crate::wire::sip::value::delta_seconds;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

/// Who is told of messages because he has asked for it.
#[derive(Default)]
pub struct Subscriptions {
    held: BTreeMap<SubscriptionId, Held>,
    dialogs: BTreeMap<DialogId, SubscriptionId>,
    of_users: BTreeMap<Arc<str>, BTreeSet<SubscriptionId>>,
    next: u64,
}

struct Held {
    user: Arc<str>,
    dialog: Dialog,
    /// The `id` of its Event.
    id: Option<Box<[u8]>>,
    subscription: Subscription,
}

/// A package that is known here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Package {
    /// How many messages wait (RFC 3842).
    MessageSummary,
    /// What comes of a REFER, which alone begins it (RFC 3515 §2.4.4).
    Refer,
}

impl Subscriptions {
    /// How many there are.
    pub fn count(&self) -> usize {
        self.held.len()
    }

    /// The one in that dialog.
    pub fn find(&self, dialog: &DialogId) -> Option<SubscriptionId> {
        self.dialogs.get(dialog).copied()
    }

    /// Whether a phone of that user is told because it has asked: by its Contact, or where no proxy stands between by its
    /// address.
    pub fn covers(&self, user: &str, phone: &Registered) -> bool {
        let is_direct = phone.reached.route.expose().is_empty();
        let is_it = |held: &Held| {
            held.dialog.remote_target() == &**phone.reached.uri.expose()
                || (is_direct
                    && held.dialog.is_direct()
                    && held.dialog.way().remote == phone.reached.way.remote)
        };
        self.of_user(user).iter().filter_map(|id| self.held.get(id)).any(is_it)
    }

    fn of_user(&self, user: &str) -> Vec<SubscriptionId> {
        self.of_users.get(user).into_iter().flatten().copied().collect()
    }

    /// Those of nobody any more.
    fn without_user(&self, is_user: impl Fn(&str) -> bool) -> Vec<SubscriptionId> {
        let gone = self.held.iter().filter(|(_, held)| !is_user(&held.user));
        gone.map(|(id, _)| *id).collect()
    }

    /// The one whose phone has begun anew, where a user has as many as he may.
    fn replaced(&self, user: &str, target: &[u8]) -> Result<Option<SubscriptionId>, Refusal> {
        let own = self.of_user(user);
        if own.len() < SUBSCRIPTIONS_OF_USER_MAX {
            return if self.held.len() < SUBSCRIPTIONS_MAX { Ok(None) } else { Err(Refusal::Full) };
        }
        let is_it =
            |id: &SubscriptionId| self.held.get(id).is_some_and(|held| held.dialog.remote_target() == target);
        own.into_iter().find(is_it).map(Some).ok_or(Refusal::Forbidden)
    }

    fn insert(&mut self, held: Held) -> SubscriptionId {
        let id = SubscriptionId(self.next);
        self.next += 1;
        self.dialogs.insert(held.dialog.id(), id);
        self.of_users.entry(Arc::clone(&held.user)).or_default().insert(id);
        self.held.insert(id, held);
        id
    }

    fn remove(&mut self, id: SubscriptionId) {
        let Some(held) = self.held.remove(&id) else { return };
        self.dialogs.remove(&held.dialog.id());
        if let Some(own) = self.of_users.get_mut(&held.user) {
            own.remove(&id);
            if own.is_empty() {
                self.of_users.remove(&held.user);
            }
        }
    }
}

impl Stack {
    /// Subscriptions that hold, and those whose last NOTIFY is on its way.
    pub fn subscriptions(&self) -> usize {
        self.subscriptions.count()
    }

    /// Whether a SUBSCRIBE outside a dialog asks for something that is told here.
    pub(super) fn screen_subscribe(&self, headers: &Headers<'_>) -> Result<(), Refusal> {
        match package(headers)? {
            Package::MessageSummary if self.desk.is_some() => Ok(()),
            Package::MessageSummary | Package::Refer => Err(Refusal::Forbidden),
        }
    }

    /// A SUBSCRIBE that passed the checks of every request.
    pub(super) fn subscribe_in(&mut self, now: Instant, arrival: &Arrival<'_>, key: ServerKey) {
        if let Openness::Closed { retry_after_s } = self.openness {
            return self.turn_subscriber_away(arrival, &Answer::Later(retry_after_s));
        }
        let Arrival { request, essentials, .. } = arrival;
        let mailbox = Uri::read(request.uri).ok().and_then(|uri| user_of(&uri));
        let Some(mailbox) = mailbox.or_else(|| user_of(&essentials.to.uri)) else {
            return self.turn_subscriber_away(arrival, &Answer::Status(404));
        };
        let user =
            match self.judge_user(now, arrival, &mailbox, |counters| &mut counters.subscriptions_refused) {
                Ok(user) => user,
                Err(answer) => return self.turn_subscriber_away(arrival, &answer),
            };
        let server = self.begin_subscribe(arrival, key, MergeKey::of(request));
        match self.open_subscription(now, arrival, &user) {
            Ok((id, holds)) => self.subscribed(now, arrival, server, id, holds),
            Err(refusal) => self.refuse_subscribe(now, arrival, server, &refusal),
        }
    }

    /// A request in the dialog of a subscription: another SUBSCRIBE, or nothing that is done in it.
    pub(super) fn in_subscription(
        &mut self,
        now: Instant,
        arrival: &Arrival<'_>,
        key: ServerKey,
        id: SubscriptionId,
    ) {
        let refused = match self.check_resubscribe(arrival, id) {
            Ok(user) => self.resubscribe_in(now, arrival, key, id, &user),
            Err(refusal) => Err(refusal),
        };
        if let Err(refusal) = refused {
            self.counters.transactions_full += u64::from(refusal == Refusal::Full);
            self.refuse_statelessly(arrival.way, &arrival.request, &refusal);
        }
    }

    /// Whose subscription goes on.
    fn check_resubscribe(&self, arrival: &Arrival<'_>, id: SubscriptionId) -> Result<Arc<str>, Refusal> {
        let request = &arrival.request;
        let held = self.subscriptions.held.get(&id).ok_or(Refusal::NoDialog)?;
        if request.method != Method::Subscribe {
            return Err(Refusal::NoDialog);
        }
        let is_same = package(&request.headers)? == Package::MessageSummary
            && event(&request.headers).and_then(|event| event.id) == held.id.as_deref();
        if !is_same || held.subscription.is_ending() {
            return Err(Refusal::NoDialog);
        }
        check_content(request)?;
        self.check_room()?;
        Ok(Arc::clone(&held.user))
    }

    /// Its sender shows again who he is (RFC 6665 §4.2.1.3): who has seen a dialog pass by must not turn it to himself.
    fn resubscribe_in(
        &mut self,
        now: Instant,
        arrival: &Arrival<'_>,
        key: ServerKey,
        id: SubscriptionId,
        user: &str,
    ) -> Result<(), Refusal> {
        if let Err(answer) =
            self.judge_user(now, arrival, user, |counters| &mut counters.subscriptions_refused)
        {
            self.turn_subscriber_away(arrival, &answer);
            return Ok(());
        }
        let server = self.begin_subscribe(arrival, key, None);
        match self.renew_subscription(arrival, id) {
            Ok(holds) => self.subscribed(now, arrival, server, id, holds),
            Err(refusal) => self.refuse_subscribe(now, arrival, server, &refusal),
        }
        Ok(())
    }

    fn renew_subscription(&mut self, arrival: &Arrival<'_>, id: SubscriptionId) -> Result<Duration, Refusal> {
        let Arrival { request, essentials, way, .. } = arrival;
        let held = self.subscriptions.held.get_mut(&id).ok_or(Refusal::NoDialog)?;
        held.dialog.take_cseq(essentials.cseq.number).map_err(|_| Refusal::OutOfOrder)?;
        let holds = holds_for(&request.headers)?;
        // A refresh may move the phone, not make what is kept of it grow.
        check_contact(&request.headers)?;
        check_length(arrival)?;
        held.dialog.refresh(request, *way);
        Ok(holds)
    }

    fn begin_subscribe(
        &mut self,
        arrival: &Arrival<'_>,
        key: ServerKey,
        merge: Option<MergeKey>,
    ) -> ServerId {
        self.servers.begin(servers::Begin { key, merge, way: arrival.reply_way(), leg: None })
    }

    fn open_subscription(
        &mut self,
        now: Instant,
        arrival: &Arrival<'_>,
        user: &Arc<str>,
    ) -> Result<(SubscriptionId, Duration), Refusal> {
        let Arrival { request, way, .. } = arrival;
        let headers = &request.headers;
        let waiting = self.desk.as_deref().and_then(|desk| desk.summaries.waiting(user));
        let waiting = waiting.ok_or(Refusal::NoMailbox)?;
        let holds = holds_for(headers)?;
        if !accepts(headers, CONTENT_TYPE) {
            return Err(Refusal::NotASummary);
        }
        check_contact(headers)?;
        check_length(arrival)?;
        let dialog = Dialog::uas(request, *way, &self.rng.token()).map_err(|_| Refusal::NoContact)?;
        if let Some(old) = self.subscriptions.replaced(user, dialog.remote_target())? {
            self.forget_subscription(old);
        }
        let id = event(headers).and_then(|event| event.id).map(Box::from);
        let subscription = Subscription::new(now, waiting);
        let held = Held { user: Arc::clone(user), dialog, id, subscription };
        Ok((self.subscriptions.insert(held), holds))
    }

    /// 200, and behind it the NOTIFY that each SUBSCRIBE has (RFC 6665 §4.2.1.2).
    fn subscribed(
        &mut self,
        now: Instant,
        arrival: &Arrival<'_>,
        server: ServerId,
        id: SubscriptionId,
        holds: Duration,
    ) {
        let Some(held) = self.subscriptions.held.get(&id) else { return };
        let tag = String::from_utf8_lossy(held.dialog.local_tag()).into_owned();
        let octets = self
            .response(&arrival.request, arrival.way, 200, Some(&tag))
            .header(Name::Contact, self.contact(arrival.way))
            .header_fmt(Name::Expires, format_args!("{}", holds.as_secs()))
            .header(Name::AllowEvents, EVENTS)
            .finish();
        self.counters.subscriptions += 1;
        self.server_answer(now, server, 200, octets);
        self.tell_subscription(now, id, Input::Asked { holds });
    }

    fn refuse_subscribe(&mut self, now: Instant, arrival: &Arrival<'_>, server: ServerId, refusal: &Refusal) {
        let Arrival { way, request, .. } = arrival;
        self.counters.subscriptions_sent_away += u64::from(*refusal == Refusal::Full);
        let octets = self.refusal_octets(request, *way, refusal, &self.stateless_tag(request));
        self.server_answer(now, server, refusal.status(), octets);
    }

    fn turn_subscriber_away(&mut self, arrival: &Arrival<'_>, answer: &Answer) {
        self.counters.subscriptions_sent_away += u64::from(matches!(answer, Answer::Later(_)));
        self.turn_away(arrival, answer);
    }

    /// So many messages wait for that user.
    pub(super) fn tell_subscribers(&mut self, now: Instant, user: &str, waiting: u64) {
        for id in self.subscriptions.of_user(user) {
            self.tell_subscription(now, id, Input::Counted(waiting));
        }
    }

    /// Whoever is no user any more is told nothing more.
    pub(super) fn end_subscriptions_of_nobody(&mut self, now: Instant) {
        let desk = self.desk.as_deref();
        let gone = self.subscriptions.without_user(|user| desk.is_some_and(|desk| desk.has_user(user)));
        for id in gone {
            self.tell_subscription(now, id, Input::End(Reason::NoResource));
        }
    }

    pub(super) fn subscription_timeout(&mut self, now: Instant, id: SubscriptionId) {
        self.tell_subscription(now, id, Input::Timeout);
    }

    /// A NOTIFY was answered, or nobody answered it: what is no 2xx ends the subscription (RFC 6665 §4.2.2).
    pub(super) fn subscriber_answered(&mut self, now: Instant, id: SubscriptionId, status: u16) {
        let input = match status {
            ..200 => return,
            200..300 => Input::Answered,
            300.. => Input::Lost,
        };
        self.counters.summaries_refused += u64::from(matches!(input, Input::Lost));
        self.tell_subscription(now, id, input);
    }

    /// The 2xx to a NOTIFY may say that the phone is elsewhere (RFC 6665 §4.4.1).
    pub(super) fn subscriber_moved(&mut self, id: SubscriptionId, response: &Response<'_>) {
        if let Some(held) = self.subscriptions.held.get_mut(&id) {
            held.dialog.refresh_by(response);
        }
    }

    fn tell_subscription(&mut self, now: Instant, id: SubscriptionId, input: Input) {
        let Some(held) = self.subscriptions.held.get_mut(&id) else {
            return self.index.set(TimerKey::Subscription(id), None);
        };
        let output = match held.subscription.handle(now, input) {
            Some(Output::WantsTurn) => {
                let turn = self.desk.as_deref_mut().map_or(now, |desk| desk.summaries.turn(now));
                held.subscription.handle(now, Input::Turn(turn))
            }
            output => output,
        };
        match output {
            Some(Output::Notify(said)) => self.notify_subscriber(now, id, said),
            Some(Output::Over) => return self.forget_subscription(id),
            Some(Output::WantsTurn) | None => {}
        }
        let deadline = self.subscriptions.held.get(&id).and_then(|held| held.subscription.poll_timeout());
        self.index.set(TimerKey::Subscription(id), deadline);
    }

    fn forget_subscription(&mut self, id: SubscriptionId) {
        self.subscriptions.remove(id);
        self.index.set(TimerKey::Subscription(id), None);
    }

    /// NOTIFY in the dialog that the SUBSCRIBE made.
    fn notify_subscriber(&mut self, now: Instant, id: SubscriptionId, said: Said) {
        let Some(held) = self.subscriptions.held.get(&id) else { return };
        let (way, user) = (held.dialog.way(), Arc::clone(&held.user));
        let (contact, account) = (self.contact(way), self.account(&user));
        let (branch, via) = self.via(way);
        let Some(held) = self.subscriptions.held.get_mut(&id) else { return };
        let builder = held.dialog.request(&Method::Notify, &via).header(Name::Contact, contact);
        let builder = match &held.id {
            Some(id) => builder.header(Name::Event, [PACKAGE.as_bytes(), b";id=", id].concat()),
            None => builder.header(Name::Event, PACKAGE),
        };
        let builder = match said.holds {
            Holds::Active { expires_s } => {
                builder.header_fmt(Name::SubscriptionState, format_args!("active;expires={expires_s}"))
            }
            Holds::Terminated(reason) => builder
                .header_fmt(Name::SubscriptionState, format_args!("terminated;reason={}", reason.as_str())),
        };
        let builder = builder.header(Name::UserAgent, &self.settings.product);
        // Of whom is no user any more there is nothing to tell.
        let account = account.filter(|_| said.holds != Holds::Terminated(Reason::NoResource));
        let octets = match account {
            Some(account) => {
                builder.finish_with(CONTENT_TYPE, summary::body(&account, said.waiting).as_bytes())
            }
            None => builder.finish(),
        };
        let key = ClientKey::new(&branch, &Method::Notify);
        self.counters.summaries += 1;
        self.client_begin(now, Begin { key, octets, way, purpose: Purpose::Subscriber { subscription: id } });
    }
}

/// Of which package a SUBSCRIBE is; one that names none is of none (RFC 6665 §8.2.1).
fn package(headers: &Headers<'_>) -> Result<Package, Refusal> {
    match event(headers).map(|event| event.package) {
        Some(name) if name == PACKAGE.as_bytes() => Ok(Package::MessageSummary),
        Some(b"refer") => Ok(Package::Refer),
        Some(_) | None => Err(Refusal::BadEvent),
    }
}

fn event<'a>(headers: &Headers<'a>) -> Option<Event<'a>> {
    headers.first(Name::Event).and_then(Event::read)
}

/// A SUBSCRIBE in the dialog of a call: nothing is told there but what comes of a REFER, and that ends by itself.
pub fn refused_in_call(headers: &Headers<'_>) -> Refusal {
    match package(headers) {
        Ok(Package::MessageSummary | Package::Refer) => Refusal::Forbidden,
        Err(refusal) => refusal,
    }
}

/// How long is granted (RFC 6665 §4.2.1.1, RFC 3842 §3.4); what cannot be read counts as nothing said.
fn holds_for(headers: &Headers<'_>) -> Result<Duration, Refusal> {
    match headers.first(Name::Expires).and_then(delta_seconds) {
        Some(1..SUBSCRIPTION_MIN_S) => Err(Refusal::TooBrief),
        asked => {
            Ok(Duration::from_secs(u64::from(asked.unwrap_or(SUBSCRIPTION_MAX_S).min(SUBSCRIPTION_MAX_S))))
        }
    }
}

/// A phone says where NOTIFYs go (RFC 6665 §8.1.1).
fn check_contact(headers: &Headers<'_>) -> Result<(), Refusal> {
    let contact = headers.values(Name::Contact).next().and_then(|value| Address::read(value).ok());
    let uri = contact.and_then(|contact| contact.uri().ok());
    if uri.is_some_and(|uri| uri.scheme == Scheme::Sip) { Ok(()) } else { Err(Refusal::NoContact) }
}

/// What is kept of a SUBSCRIBE for an hour has a bound.
fn check_length(arrival: &Arrival<'_>) -> Result<(), Refusal> {
    let kept = [Name::CallId, Name::From, Name::To, Name::Contact, Name::Event, Name::RecordRoute];
    let headers = &arrival.request.headers;
    let octets: usize = kept.iter().flat_map(|&name| headers.each(name)).map(<[u8]>::len).sum();
    if octets <= SUBSCRIPTION_KEEPS_MAX_OCTETS { Ok(()) } else { Err(Refusal::TooMuchToKeep) }
}
