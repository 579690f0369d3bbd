//! A person's phone that hands the caller on: its REFER, and what it is told of that (RFC 3515). One of two hangs up as
//! soon as it is taken.

use super::quirk::Quirk;
use super::{Phone, Stage, What};
use careline::clock::Instant;
use careline::wire::sip::address::Address;
use careline::wire::sip::message::Request;
use careline::wire::sip::method::Method;
use careline::wire::sip::name::Name;

/// How far its REFER is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Handing {
    /// It has sent none.
    #[default]
    Not,
    /// It waits for the answer.
    Asked,
    /// It was taken, and what comes of it is told.
    Taken,
    /// It was told this, and nothing more is to come.
    Told(u16),
    /// It was refused.
    Refused,
}

impl Phone {
    /// Asks that the caller be put through to the number or name that it was called by itself, as phones write it.
    pub(super) fn hand_on(&mut self, now: Instant) {
        let own = Address::read(self.dialog.local.as_bytes()).ok();
        let user = own.and_then(|own| own.uri().ok()).and_then(|uri| uri.user_unescaped());
        let user = user.map(|user| String::from_utf8_lossy(&user).into_owned()).unwrap_or_default();
        self.dialog.refer_to = format!("<sip:{user}@{}>", self.engine);
        self.handing = Handing::Asked;
        self.ask(now, What::Refer, Method::Refer, None);
    }

    pub(super) fn on_refer_answer(&mut self, now: Instant, status: u16) {
        if status >= 300 {
            self.handing = Handing::Refused;
            return;
        }
        if self.handing == Handing::Asked {
            self.handing = Handing::Taken;
        }
        let leaves = (self.voice.0 / 2).is_multiple_of(2);
        if leaves && matches!(self.stage, Stage::Up(_)) {
            self.hang_up(now);
        }
    }

    /// It is told of it, also after its BYE (RFC 5057 §4.1).
    pub(super) fn on_notify(&mut self, request: &Request<'_>, key: Vec<u8>) {
        let value =
            |name| String::from_utf8_lossy(request.headers.first(name).unwrap_or_default()).into_owned();
        let (event, state) = (value(Name::Event), value(Name::SubscriptionState));
        let body = String::from_utf8_lossy(request.body).into_owned();
        let status = body.strip_prefix("SIP/2.0 ").and_then(|rest| rest.get(..3)?.parse::<u16>().ok());
        let told = match (self.handing, state.split(';').next(), status) {
            (Handing::Asked | Handing::Taken, Some("active"), Some(100)) => Handing::Taken,
            (Handing::Asked | Handing::Taken, Some("terminated"), Some(status)) => Handing::Told(status),
            _ => {
                self.puzzled(format!(
                    "it is told {state} {body:?} of {event}, its REFER is {:?}",
                    self.handing
                ));
                self.handing
            }
        };
        self.handing = told;
        self.story.odd |= matches!(told, Handing::Told(_)) && self.is(Quirk::DeskHandsOn);
        self.answer(request, key, 200);
    }

    /// BYE comes: what is not told yet never will be.
    pub(super) fn judge_untold(&mut self) {
        self.story.untold |= self.handing == Handing::Taken && matches!(self.stage, Stage::Up(_));
    }
}
