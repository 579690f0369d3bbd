//! The phone of a person at the clinic: rings, and then answers, is busy, lets it ring or is not there.

use super::super::sound::Voice;
use super::caller::Place;
use super::dialog::Dialog;
use super::sdp::{self, Ability};
use super::talk::Mouth;
use super::{Out, Phone, Role, Stage, answer_to};
use careline::clock::Instant;
use careline::rng::Rng;
use careline::wire::codec::Codec;
use careline::wire::sip::address::Address;
use careline::wire::sip::message::Request;
use careline::wire::sip::name::Name;
use std::time::Duration;

/// How a person treats a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// Answers, talks so long, hangs up.
    Answers {
        /// After ringing so long.
        after: Duration,
        /// Until then.
        talks: Duration,
    },
    /// Answers and is gone without a word.
    AnswersAndVanishes,
    /// Says no with that status.
    Refuses(u16),
    /// Lets it ring.
    LetsRing,
    /// Is switched off.
    Dead,
}

/// How far a person is.
pub struct Progress {
    /// How it treats the call.
    pub manner: Manner,
    /// The INVITE, to answer it later, and its key.
    invite: Vec<u8>,
    key: Vec<u8>,
    next_at: Option<Instant>,
    /// The 200 until its ACK: next sending, interval, end.
    unacked: Option<(Instant, Duration, Instant)>,
}

impl Progress {
    pub(super) fn due(&self, stage: Stage) -> Option<Instant> {
        match stage {
            Stage::Waiting | Stage::Over(_) => None,
            Stage::Calling => self.next_at,
            Stage::Up(_) => [self.next_at, self.unacked.map(|(at, ..)| at)].into_iter().flatten().min(),
        }
    }

    pub(super) fn mouth(&self) -> Mouth {
        Mouth::Voice
    }
}

impl Manner {
    /// Any of them; most persons answer.
    pub fn random(rng: &mut Rng) -> Self {
        let after = Duration::from_millis(200 + rng.below(6_000));
        match rng.below(12) {
            0..=5 => Manner::Answers { after, talks: Duration::from_millis(500 + rng.below(40_000)) },
            6 => Manner::AnswersAndVanishes,
            7 => Manner::Refuses(486),
            8 => Manner::Refuses([404, 480, 503, 603][rng.below(4) as usize]),
            9 | 10 => Manner::LetsRing,
            _ => Manner::Dead,
        }
    }
}

impl Phone {
    /// A person's phone that is about to be called.
    pub fn callee(place: Place, voice: Voice, manner: Manner, mut rng: Rng) -> Self {
        let codecs = if rng.below(2) == 0 { vec![Codec::Pcmu, Codec::Pcma] } else { vec![Codec::Pcma] };
        let ability = Ability { codecs, keys: Some(101), ptime: 20, media: place.media };
        let dialog = Dialog { local_tag: rng.token(), ..Dialog::default() };
        let role = Role::Callee(Progress {
            manner,
            invite: Vec::new(),
            key: Vec::new(),
            next_at: None,
            unacked: None,
        });
        Self::new(place, ability, voice, role, dialog, rng)
    }

    pub(super) fn on_call(&mut self, now: Instant, request: &Request<'_>, key: Vec<u8>) {
        let Role::Callee(progress) = &mut self.role else { return };
        let value = |name| {
            request.headers.first(name).map(|v| String::from_utf8_lossy(v).into_owned()).unwrap_or_default()
        };
        self.dialog.call_id = value(Name::CallId);
        self.dialog.remote = value(Name::From);
        self.dialog.local = format!("{};tag={}", value(Name::To), self.dialog.local_tag);
        let contact = value(Name::Contact);
        self.dialog.target = Address::read(contact.as_bytes())
            .map(|a| String::from_utf8_lossy(a.uri).into_owned())
            .unwrap_or_default();
        self.told = sdp::read(request.body);
        self.stage = Stage::Calling;
        progress.key.clone_from(&key);
        progress.invite = request_octets(request);
        let manner = progress.manner;
        match manner {
            Manner::Dead => progress.next_at = None,
            Manner::Refuses(_) => progress.next_at = Some(now + Duration::from_millis(150)),
            Manner::LetsRing => progress.next_at = None,
            Manner::AnswersAndVanishes => progress.next_at = Some(now + Duration::from_millis(900)),
            Manner::Answers { after, .. } => progress.next_at = Some(now + after),
        }
        if manner != Manner::Dead {
            self.answer(request, key, 180);
        }
        if self.told.is_none() {
            self.puzzled("the engine called without an offer".to_owned());
        }
    }

    pub(super) fn act_as_callee(&mut self, now: Instant) {
        self.resend_ok(now);
        let Role::Callee(progress) = &mut self.role else { return };
        if progress.next_at.is_none_or(|at| at > now) {
            return;
        }
        progress.next_at = None;
        let manner = progress.manner;
        match (self.stage, manner) {
            (Stage::Calling, Manner::Refuses(status)) => {
                self.answer_invite(status);
                self.over(now);
            }
            (Stage::Calling, Manner::Answers { .. } | Manner::AnswersAndVanishes) => {
                self.pick_up(now, manner)
            }
            (Stage::Up(_), Manner::AnswersAndVanishes) => {
                self.story.vanished = Some(now);
                self.over(now);
            }
            (Stage::Up(_), _) => self.hang_up(now),
            (Stage::Waiting | Stage::Calling | Stage::Over(_), _) => {}
        }
    }

    fn pick_up(&mut self, now: Instant, manner: Manner) {
        let talks = match manner {
            Manner::Answers { talks, .. } => talks,
            _ => Duration::from_secs(3),
        };
        self.answer_invite(200);
        self.stage = Stage::Up(now);
        if let Role::Callee(progress) = &mut self.role {
            progress.next_at = Some(now + talks);
            progress.unacked = Some((now + super::T1, super::T1, now + super::GIVE_UP));
        }
        if let Some(told) = self.told.clone() {
            self.begin_talk(now, &told);
        }
    }

    /// The final answer to the INVITE.
    fn answer_invite(&mut self, status: u16) {
        let Role::Callee(progress) = &self.role else { return };
        let (invite, key) = (progress.invite.clone(), progress.key.clone());
        let Ok(careline::wire::sip::message::Message::Request(request)) =
            careline::wire::sip::message::parse(&invite)
        else {
            return;
        };
        let tag = self.dialog.local_tag.clone();
        let builder = answer_to(&request, status, self.engine, &tag);
        let answer = if status < 300 {
            let first = self.told.as_ref().and_then(|told| {
                told.codecs.iter().find(|codec| self.ability.codecs.contains(codec)).copied()
            });
            let codecs = first.map(|codec| vec![codec]).unwrap_or_default();
            let keys = self.told.as_ref().and_then(|told| told.keys);
            self.ability.keys = keys;
            let ability = Ability { codecs, keys, ..self.ability.clone() };
            let contact = format!("<sip:desk@{}>", self.at);
            builder
                .header(Name::Contact, contact)
                .finish_with("application/sdp", &sdp::write(&ability, self.way, self.version))
        } else {
            builder.finish()
        };
        self.remember(key, answer);
        self.story.status = Some(status);
    }

    fn resend_ok(&mut self, now: Instant) {
        let Role::Callee(progress) = &mut self.role else { return };
        let Some((at, interval, until)) = progress.unacked else { return };
        if at > now {
            return;
        }
        let interval = (interval * 2).min(super::T2);
        progress.unacked = (now < until).then_some((now + interval, interval, until));
        let key = progress.key.clone();
        if let Some((_, answer)) = self.answers.iter().find(|(known, _)| *known == key) {
            self.outs.push_back(Out::Sip(answer.clone()));
        }
    }

    pub(super) fn on_ack(&mut self) {
        self.story.acked = true;
        if let Role::Callee(progress) = &mut self.role {
            progress.unacked = None;
        }
    }

    /// The engine gives up the call (RFC 3261 §9.2).
    pub(super) fn on_cancel(&mut self, now: Instant, request: &Request<'_>, key: Vec<u8>) {
        let Role::Callee(progress) = &self.role else { return };
        if progress.manner == Manner::Dead {
            return;
        }
        self.story.cancelled = true;
        self.answer(request, key, 200);
        if self.stage == Stage::Calling {
            self.answer_invite(487);
            self.over(now);
        }
    }
}

/// The octets of a request with its header lines, to answer it later: the body is not needed.
fn request_octets(request: &Request<'_>) -> Vec<u8> {
    let mut octets = format!("{} ", request.method).into_bytes();
    octets.extend(request.uri);
    octets.extend(b" SIP/2.0\r\n");
    for (name, value) in request.headers.iter() {
        octets.extend([name, b": ", value, b"\r\n"].concat());
    }
    octets.extend(b"\r\n");
    octets
}
