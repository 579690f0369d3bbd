//! Answers that may not be lost, and their PRACK: of callers that take our offer in a 183 only, and of persons whose
//! 1xx comes until we acknowledge it (RFC 3262 §3, §4, §5).

use super::quirk::Quirk;
use super::sdp::Told;
use super::{GIVE_UP, Out, Phone, Stage, T1, What, answer_to, sdp};
use careline::clock::Instant;
use careline::wire::sip::address::Address;
use careline::wire::sip::cseq::CSeq;
use careline::wire::sip::message::{Request, Response};
use careline::wire::sip::method::Method;
use careline::wire::sip::name::Name;
use careline::wire::sip::value::has_option;
use std::time::Duration;

/// How far a phone is with reliable 1xx.
#[derive(Default)]
pub struct Reliable {
    /// Times that our 1xx came.
    seen: u32,
    /// What we offered in it; its PRACK is on the way with the answer.
    pub(super) told: Option<Told>,
    /// Its own 1xx until the PRACK: next sending and interval.
    unacked: Option<(Instant, Duration)>,
    answer: Vec<u8>,
    rack: String,
}

impl Reliable {
    pub(super) fn due(&self) -> Option<Instant> {
        self.unacked.map(|(at, _)| at)
    }
}

fn text(value: Option<&[u8]>) -> String {
    value.map(|value| String::from_utf8_lossy(value).into_owned()).unwrap_or_default()
}

impl Phone {
    /// It requires 1xx that may not be lost, and offers nothing itself.
    pub(super) fn needs_prack(&self) -> bool {
        matches!(self.quirk, Some(Quirk::NeedsPrack | Quirk::AsksTwice))
    }

    /// It wants a 1xx that may not be lost, and sends no PRACK: it has cancelled, and its CANCEL overtook its INVITE.
    pub fn leaves_progress_unconfirmed(&self) -> bool {
        self.needs_prack() && self.story.cancelled
    }

    /// A 1xx to its INVITE.
    pub(super) fn on_progress(&mut self, now: Instant, response: &Response<'_>) {
        if !self.needs_prack()
            || response.status == 100
            || self.story.cancelled
            || self.stage != Stage::Calling
        {
            return;
        }
        let headers = &response.headers;
        let rseq = text(headers.first(Name::RSeq));
        let told = sdp::read(response.body).filter(|_| has_option(headers, Name::Require, "100rel"));
        let Some(told) = told.filter(|_| !rseq.is_empty()) else {
            return self.puzzled(format!("{} without an offer, or that may be lost", response.status));
        };
        self.dialog.remote = text(headers.first(Name::To));
        if let Some(Ok(contact)) = headers.first(Name::Contact).map(Address::read) {
            self.dialog.target = String::from_utf8_lossy(contact.uri).into_owned();
        }
        self.reliable.seen += 1;
        match (self.quirk, self.reliable.seen) {
            // Its PRACK is lost.
            (Some(Quirk::NeedsPrack), 1) => {}
            (Some(Quirk::AsksTwice), 1) => self.ask_twice(now),
            _ if self.reliable.told.is_none() => self.acknowledge_progress(now, &rseq, response, told),
            _ => {}
        }
    }

    fn acknowledge_progress(&mut self, now: Instant, rseq: &str, response: &Response<'_>, told: Told) {
        let cseq = response.headers.first(Name::CSeq).and_then(|value| CSeq::read(value).ok());
        self.dialog.rack = format!("{rseq} {} INVITE", cseq.map_or(0, |cseq| cseq.number));
        let codec = told.codecs.iter().find(|codec| self.ability.codecs.contains(codec)).copied();
        self.ability.codecs = codec.into_iter().collect();
        let answer = sdp::write(&self.ability, self.way, self.version);
        self.reliable.told = Some(told);
        self.story.odd |= self.is(Quirk::NeedsPrack);
        self.ask(now, What::Prack, Method::Prack, Some(answer));
    }

    /// The 200 to its INVITE came, and nothing was agreed on before.
    pub(super) fn judge_early_answer(&mut self) {
        if self.needs_prack() && self.reliable.told.is_none() {
            self.puzzled("the 200 did not wait for the PRACK of our offer".to_owned());
        }
    }

    /// Rings, and may not be lost; `true` if that is how this person rings.
    pub(super) fn ring_reliably(&mut self, now: Instant, request: &Request<'_>, key: &[u8]) -> bool {
        let status = match self.quirk {
            Some(Quirk::ReliableRinging) => 180,
            Some(Quirk::AnswersBeforePrack) => 183,
            _ => return false,
        };
        let (rseq, tag) = (1 + self.rng.below(100_000), self.dialog.local_tag.clone());
        let cseq = request.headers.first(Name::CSeq).and_then(|value| CSeq::read(value).ok());
        self.reliable.rack = format!("{rseq} {} INVITE", cseq.map_or(0, |cseq| cseq.number));
        let builder = answer_to(request, status, self.engine, &tag)
            .header_fmt(Name::Contact, format_args!("<sip:desk@{}>", self.at))
            .header(Name::Require, "100rel")
            .header_fmt(Name::RSeq, format_args!("{rseq}"));
        let answer = match status {
            180 => builder.finish(),
            _ => builder.finish_with("application/sdp", &self.answer_sdp()),
        };
        self.reliable.answer.clone_from(&answer);
        self.reliable.unacked = Some((now + T1, T1));
        self.remember(key.to_vec(), answer);
        true
    }

    /// The person may not answer yet (RFC 3262 §3).
    pub(super) fn waits_for_prack(&self) -> bool {
        self.is(Quirk::ReliableRinging) && self.reliable.unacked.is_some()
    }

    /// Its 1xx once more.
    pub(super) fn repeat_reliably(&mut self, now: Instant) {
        let Some((at, interval)) = self.reliable.unacked else { return };
        if self.stage != Stage::Calling {
            self.reliable.unacked = None;
        } else if at <= now && interval * 2 > GIVE_UP {
            // Nobody is there who could acknowledge it (RFC 3262 §3): the engine was killed.
            self.reliable.unacked = None;
            self.over(now);
        } else if at <= now {
            self.reliable.unacked = Some((now + interval * 2, interval * 2));
            self.outs.push_back(Out::Sip(self.reliable.answer.clone()));
        }
    }

    /// Whether a PRACK of ours is for its 1xx.
    pub(super) fn acknowledges(&mut self, request: &Request<'_>) -> bool {
        if self.reliable.rack.is_empty() {
            return false;
        }
        let rack = text(request.headers.first(Name::RAck));
        if rack != self.reliable.rack {
            self.puzzled(format!("it rang with {}, and our PRACK has {rack}", self.reliable.rack));
        }
        self.reliable.unacked = None;
        self.story.odd = true;
        true
    }
}
