//! Phones are told how many messages wait (RFC 3842) without having asked: when and who is [`super::super::summary`]'s.
//! Those that have asked are `subscribe`'s.
//!
//! ```text
//!  Summarize, a login ─▶ its turn ─▶ NOTIFY to the phone, by the way that calls to it go ─▶ 2xx: it knows
//!                                                  refused, no answer: nothing more until it logs in anew
//! ```

use super::super::summary::{self, CONTENT_TYPE, Outcome, PACKAGE, Telling, TellingId};
use super::super::transaction::clients::{Begin, Purpose, Target};
use super::super::transaction::key::ClientKey;
use super::command::escaped;
use super::{Stack, TimerKey};
use crate::clock::Instant;
use crate::wire::sip::emit;
use crate::wire::sip::method::Method;
use crate::wire::sip::name::Name;
use std::sync::Arc;

impl Stack {
    /// So many messages wait for that user.
    pub(super) fn summarize(&mut self, now: Instant, user: &Arc<str>, waiting: u64) {
        if let Some(desk) = self.desk.as_deref_mut().filter(|desk| desk.has_user(user)) {
            desk.summaries.set(now, user, waiting);
            self.tell_subscribers(now, user, waiting);
        }
        self.retime_summaries();
    }

    /// A phone of that user is bound.
    pub(super) fn phone_bound(&mut self, now: Instant, user: &Arc<str>) {
        if let Some(desk) = self.desk.as_deref_mut() {
            desk.summaries.bound(now, user);
        }
        self.retime_summaries();
    }

    pub(super) fn retime_summaries(&mut self) {
        let deadline = self.desk.as_ref().and_then(|desk| desk.summaries.poll_timeout());
        self.index.set(TimerKey::Summaries, deadline);
    }

    /// It is somebody's turn.
    pub(super) fn summaries_timeout(&mut self, now: Instant) {
        while let Some(desk) = self.desk.as_deref_mut() {
            let registrar = &desk.registrar;
            let subscriptions = &self.subscriptions;
            let untold = |user: &str| {
                let phones = registrar.registered(now, user);
                // Who has asked is told in the dialog of his subscription.
                phones.into_iter().filter(|phone| !subscriptions.covers(user, phone)).collect()
            };
            let Some(telling) = desk.summaries.timeout(now, untold) else { break };
            self.notify_phone(now, telling);
        }
        self.retime_summaries();
    }

    /// NOTIFY to a phone that has not asked for it: to its Contact, by its Path, the way that its calls go.
    fn notify_phone(&mut self, now: Instant, telling: Telling) {
        let Telling { id, user, waiting, phone } = telling;
        let Some(account) = self.account(&user) else { return };
        let (way, contact) = (phone.way, self.contact(phone.way));
        let (branch, via) = self.via(way);
        let (tag, call_id) = (self.rng.token(), self.rng.token());
        let told = self.told(way.local);
        let route = &**phone.route.expose();
        let builder = emit::request(Method::Notify, phone.uri.expose()).header(Name::Via, via);
        let builder = if route.is_empty() { builder } else { builder.header(Name::Route, route) };
        let octets = builder
            .header_fmt(Name::From, format_args!("<{account}>;tag={tag}"))
            .header_fmt(Name::To, format_args!("<{account}>"))
            .header_fmt(Name::CallId, format_args!("{call_id}@{}", told.ip()))
            .header(Name::CSeq, "1 NOTIFY")
            .header(Name::MaxForwards, "70")
            .header(Name::Contact, contact)
            .header(Name::Event, PACKAGE)
            .header(Name::SubscriptionState, "active")
            .header(Name::UserAgent, &self.settings.product)
            .finish_with(CONTENT_TYPE, summary::body(&account, waiting).as_bytes());
        let key = ClientKey::new(&branch, &Method::Notify);
        let purpose = Purpose::Summary { user, telling: id };
        let client = self.clients.begin(now, Begin { key, octets, way, purpose });
        self.counters.summaries += 1;
        self.send_to(now, client, Target::phone(phone));
        self.retime_client(client);
    }

    /// The address of a user.
    pub(super) fn account(&self, user: &str) -> Option<String> {
        let desk = self.desk.as_deref()?;
        Some(format!("sip:{}@{}", escaped(user), desk.realm()))
    }

    /// A phone answered, or did not.
    pub(super) fn summary_answered(&mut self, now: Instant, user: &Arc<str>, id: TellingId, status: u16) {
        let outcome = match status {
            ..200 => return,
            200..300 => Outcome::Taken,
            300.. => Outcome::Refused,
        };
        self.counters.summaries_refused += u64::from(outcome == Outcome::Refused);
        if let Some(desk) = self.desk.as_deref_mut() {
            desk.summaries.answered(now, user, id, outcome);
        }
        self.retime_summaries();
    }
}
