//! Phones of users are told something at once, by MESSAGE (RFC 3428): that a phone of the house calls for help. In which
//! order is [`super::super::alerts`]'s.
//!
//! ```text
//!  Alert ─▶ each phone of that user ─▶ MESSAGE, by the way that calls to it go ─▶ 2xx: it is shown
//!                                            405, 415, 501, any other refusal, no answer: counted, and not sent again
//! ```

use super::super::alerts::{Alert, AlertId, Text, Told};
use super::super::transaction::clients::{Begin, Purpose, Target};
use super::super::transaction::key::ClientKey;
use super::Stack;
use crate::clock::Instant;
use crate::wire::sip::emit;
use crate::wire::sip::method::Method;
use crate::wire::sip::name::Name;

/// What a text is: whatever takes a MESSAGE reads it.
const CONTENT_TYPE: &str = "text/plain;charset=utf-8";

impl Stack {
    /// All phones of that user are told this.
    pub(super) fn alert(&mut self, now: Instant, Text { user, says }: &Text) {
        let desk = self.desk.as_deref();
        let phones = desk.map(|desk| desk.registrar.reached(now, user)).unwrap_or_default();
        self.counters.alerts_unsent += u64::from(phones.is_empty());
        for phone in phones {
            match self.alerts.tell(user, phone, says) {
                Told::Goes(alert) => self.message_phone(now, alert),
                Told::Waits => {}
                Told::Dropped => self.counters.alerts_unsent += 1,
            }
        }
    }

    /// MESSAGE outside of a dialog: it has no Contact (RFC 3428 §4).
    fn message_phone(&mut self, now: Instant, alert: Alert) {
        let Alert { id, user, phone, text } = alert;
        let (Some(account), Some(house)) = (self.account(&user), self.account("emergency")) else { return };
        let way = phone.way;
        let (branch, via) = self.via(way);
        let (tag, call_id) = (self.rng.token(), self.rng.token());
        let told = self.told(way.local);
        let route = &**phone.route.expose();
        let builder = emit::request(Method::Message, phone.uri.expose()).header(Name::Via, via);
        let builder = if route.is_empty() { builder } else { builder.header(Name::Route, route) };
        let octets = builder
            .header_fmt(Name::From, format_args!("\"Emergency\" <{house}>;tag={tag}"))
            .header_fmt(Name::To, format_args!("<{account}>"))
            .header_fmt(Name::CallId, format_args!("{call_id}@{}", told.ip()))
            .header(Name::CSeq, "1 MESSAGE")
            .header(Name::MaxForwards, "70")
            .header(Name::UserAgent, &self.settings.product)
            .finish_with(CONTENT_TYPE, text.as_bytes());
        let key = ClientKey::new(&branch, &Method::Message);
        let client =
            self.clients.begin(now, Begin { key, octets, way, purpose: Purpose::Alert { alert: id } });
        self.counters.alerts += 1;
        self.send_to(now, client, Target::phone(phone));
        self.retime_client(client);
    }

    /// A phone answered, or did not: what waits for it goes now.
    pub(super) fn alert_answered(&mut self, now: Instant, id: AlertId, status: u16) {
        match status {
            ..200 => return,
            200..300 => {}
            300.. => self.counters.alerts_refused += 1,
        }
        if let Some(alert) = self.alerts.answered(id) {
            self.message_phone(now, alert);
        }
    }
}
