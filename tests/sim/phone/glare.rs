//! Changes that meet each other: ours with the phone's own, a re-INVITE with BYE, with UPDATE, with the INVITE before
//! it (RFC 3261 §14.1, §14.2; RFC 3311 §5.2).
//!
//! ```text
//!  our re-INVITE ─▶ the first one: 491, and the phone's own goes   ─▶ the next one: 200, again until its ACK
//! ```

use super::caller::Act;
use super::quirk::Quirk;
use super::{GIVE_UP, Out, Phone, Role, Stage, T1, T2, What, answer_to, sdp};
use careline::clock::Instant;
use careline::wire::sip::cseq::CSeq;
use careline::wire::sip::message::{Request, Response};
use careline::wire::sip::method::Method;
use careline::wire::sip::name::Name;
use std::time::Duration;

/// The longest Retry-After of a 500 (RFC 3261 §14.2).
const RETRY_AFTER_MAX_S: u32 = 10;

/// Changes that met.
#[derive(Default)]
pub struct Glare {
    /// The numbers of our changes so far.
    changes: Vec<u32>,
    /// The 200 to our change until its ACK: next sending, interval, end.
    unacked: Option<(Instant, Duration, Instant)>,
    answer: Vec<u8>,
    /// What its re-INVITE that is open is about.
    open: Option<About>,
}

/// Why a re-INVITE is asked at an odd time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum About {
    InPlaceOfAck,
    AfterBye,
    BeforeAnswer,
}

impl Glare {
    pub(super) fn due(&self) -> Option<Instant> {
        self.unacked.map(|(at, ..)| at)
    }

    /// Whether this ACK is for an answer to a change of ours.
    pub(super) fn takes_ack(&mut self, ack: &Request<'_>) -> bool {
        let Some(number) = number(ack) else { return false };
        if self.changes.last() == Some(&number) {
            self.unacked = None;
        }
        self.changes.contains(&number)
    }
}

fn number(request: &Request<'_>) -> Option<u32> {
    Some(CSeq::read(request.headers.first(Name::CSeq)?).ok()?.number)
}

impl Phone {
    /// It lets us refresh, and is in our way at first.
    pub(super) fn glares(&self) -> bool {
        matches!(self.quirk, Some(Quirk::Glares | Quirk::DeskGlares))
    }

    /// A re-INVITE of ours.
    pub(super) fn on_change(&mut self, now: Instant, request: &Request<'_>, key: Vec<u8>) {
        let is_first = self.glare.changes.is_empty();
        self.glare.changes.extend(number(request));
        if is_first && matches!(self.role, Role::Caller(_)) {
            let way = self.way;
            self.reinvite(now, way);
        }
        if is_first || self.reoffers() {
            return self.answer(request, key, 491);
        }
        let Some(told) = sdp::read(request.body) else {
            return self.puzzled("our refresh by re-INVITE has no session description".to_owned());
        };
        let user = if matches!(self.role, Role::Caller(_)) { "phone" } else { "desk" };
        let tag = self.dialog.local_tag.clone();
        let answer = answer_to(request, 200, self.engine, &tag)
            .header_fmt(Name::Contact, format_args!("<sip:{user}@{}>", self.at))
            .header(Name::Require, "timer")
            .header(Name::SessionExpires, "90;refresher=uac")
            .finish_with("application/sdp", &self.answer_to_offer(&told));
        self.glare.answer.clone_from(&answer);
        self.glare.unacked = Some((now + T1, T1, now + GIVE_UP));
        self.remember(key, answer);
        self.story.refreshed = Some(now);
        self.story.odd = true;
    }

    /// Its 200 to a change of ours comes until the ACK (RFC 3261 §13.3.1.4).
    pub(super) fn confirm_change(&mut self, now: Instant) {
        let Some((at, interval, until)) = self.glare.unacked else { return };
        if !matches!(self.stage, Stage::Up(_)) {
            self.glare.unacked = None;
        } else if now >= until {
            self.glare.unacked = None;
            self.story.unacknowledged = true;
        } else if at <= now {
            let interval = (interval * 2).min(T2);
            self.glare.unacked = Some((now + interval, interval, until));
            self.outs.push_back(Out::Sip(self.glare.answer.clone()));
        }
    }

    fn reinvite_oddly(&mut self, now: Instant, about: About) {
        if !self.sent.iter().any(|sent| sent.what == What::Reinvite) {
            self.glare.open = Some(about);
            self.version += 1;
            let offer = self.offer();
            self.ask(now, What::Reinvite, Method::Invite, Some(offer));
        }
    }

    /// The ACK is not sent: who goes on has had the answer (RFC 3261 §14.2).
    pub(super) fn reinvite_for_ack(&mut self, now: Instant) {
        self.reinvite_oddly(now, About::InPlaceOfAck);
    }

    /// The call is over, and its BYE answered.
    pub(super) fn reinvite_after_bye(&mut self, now: Instant) {
        self.reinvite_oddly(now, About::AfterBye);
    }

    /// The first INVITE has no final answer yet.
    pub(super) fn ask_twice(&mut self, now: Instant) {
        self.reinvite_oddly(now, About::BeforeAnswer);
    }

    /// Two offers at once, by re-INVITE and by UPDATE.
    pub(super) fn change_twice(&mut self, now: Instant) {
        if !self.reoffers() {
            let way = self.way;
            self.reinvite(now, way);
            let offer = self.offer();
            self.ask(now, What::Update, Method::Update, Some(offer));
        }
    }

    /// What becomes of a re-INVITE at an odd time.
    pub(super) fn judge_reinvite(&mut self, response: &Response<'_>) {
        let status = response.status;
        match (self.glare.open.take(), status) {
            (Some(About::InPlaceOfAck), 200..300) | (Some(About::AfterBye), 481) => self.story.odd = true,
            (Some(About::AfterBye), _) => {
                self.puzzled(format!("its call is over, and a re-INVITE gets {status}"))
            }
            (Some(About::BeforeAnswer), 500) => {
                let wait = response.headers.first(Name::RetryAfter);
                let wait = wait.and_then(|wait| std::str::from_utf8(wait).ok()?.parse::<u32>().ok());
                self.story.odd = true;
                // After its PRACK it is only out of order.
                let is_late = wait.is_none() && !self.dialog.rack.is_empty();
                if !is_late && wait.is_none_or(|seconds| seconds > RETRY_AFTER_MAX_S) {
                    self.puzzled(format!("a second INVITE gets 500 with Retry-After {wait:?}"));
                }
            }
            (Some(About::InPlaceOfAck | About::BeforeAnswer) | None, _) => {}
        }
    }

    /// What it does at odd times, by its plan.
    pub(super) fn act_oddly(&mut self, now: Instant, act: Act) {
        match act {
            Act::ChangeTwice => self.change_twice(now),
            Act::RefuseSound if !self.reoffers() && self.way == sdp::Way::SendRecv => {
                self.refuses_sound = true;
                self.version += 1;
                let port = format!("m=audio {} ", self.ability.media.port());
                let offer = String::from_utf8_lossy(&self.offer()).replace(&port, "m=audio 0 ");
                self.ask(now, What::Reinvite, Method::Invite, Some(offer.into_bytes()));
            }
            _ => {}
        }
    }
}
