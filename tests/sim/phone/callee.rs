//! The phone of a person at the clinic: rings, and then answers, is busy, lets it ring or is not there.

use super::super::sound::Voice;
use super::caller::Place;
use super::dialog::Dialog;
use super::quirk::Quirk;
use super::sdp::{self, Ability};
use super::talk::Mouth;
use super::{Out, Phone, Role, Second, Stage, answer_to};
use careline::clock::Instant;
use careline::rng::Rng;
use careline::wire::codec::Codec;
use careline::wire::sip::address::Address;
use careline::wire::sip::message::{Message, Request, parse};
use careline::wire::sip::name::Name;
use std::net::{IpAddr, SocketAddr};
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
    /// The same of the second place that answered, and what it answered.
    second_unacked: Option<(Instant, Duration, Instant)>,
    second_answer: Vec<u8>,
    /// So often the 200 comes again after its ACK.
    repeats: u32,
    /// When it puts the caller on hold, or takes him back.
    holds_at: Option<Instant>,
    /// When it hands the caller on.
    hands_on_at: Option<Instant>,
}

/// How long a person waits for the end of a call that was given up: twice 64·T1.
const LEFT_ALONE: Duration = Duration::from_secs(64);
/// Long enough for a refresh of a session of 90 s.
const LONG: Duration = Duration::from_secs(56);
/// Long enough to be heard.
const SHORT: Duration = Duration::from_secs(6);
/// Long enough for a code and a number.
const TIME_FOR_KEYS: Duration = Duration::from_secs(8);
/// Hardly any ringing.
const SOON: Duration = Duration::from_millis(300);
/// How long it lets a caller wait.
const HOLDS: Duration = Duration::from_millis(2_500);
/// How often a 200 comes again after its ACK.
const REPEATS: u32 = 2;

impl Progress {
    pub(super) fn due(&self, stage: Stage) -> Option<Instant> {
        let second = self.second_unacked.map(|(at, ..)| at);
        let own = match stage {
            Stage::Waiting | Stage::Over(_) => None,
            Stage::Calling => self.next_at,
            Stage::Up(_) => {
                let unacked = self.unacked.map(|(at, ..)| at);
                [self.next_at, unacked, self.holds_at, self.hands_on_at].into_iter().flatten().min()
            }
        };
        [own, second].into_iter().flatten().min()
    }

    pub(super) fn mouth(&self) -> Mouth {
        Mouth::Voice
    }
}

impl Manner {
    /// The same, with time enough to press keys.
    fn patiently(self) -> Self {
        match self {
            Manner::Answers { after, talks } => Manner::Answers { after, talks: talks + TIME_FOR_KEYS },
            other => other,
        }
    }

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
    pub fn callee(
        place: Place,
        voice: Voice,
        (manner, quirk): (Manner, Option<Quirk>),
        mut rng: Rng,
    ) -> Self {
        let manner = match quirk {
            Some(Quirk::AsksForRest) => Manner::Refuses(503),
            Some(Quirk::AnswersAnyway) => Manner::LetsRing,
            Some(Quirk::DeskGlares) => Manner::Answers { after: SOON, talks: LONG },
            Some(Quirk::AnswersBeforePrack) => Manner::Answers { after: Duration::ZERO, talks: SHORT },
            Some(Quirk::DeskKeysBlind | Quirk::DeskKeysAttended) => manner.patiently(),
            Some(_) | None => manner,
        };
        let codecs = if rng.below(2) == 0 { vec![Codec::Pcmu, Codec::Pcma] } else { vec![Codec::Pcma] };
        let media = if quirk == Some(Quirk::SoundFirst) { at_home(place.media) } else { place.media };
        let ability = Ability { codecs, keys: Some(101), ptime: 20, media };
        let dialog = Dialog { local_tag: rng.token(), ..Dialog::default() };
        let role = Role::Callee(Progress {
            manner,
            invite: Vec::new(),
            key: Vec::new(),
            next_at: None,
            unacked: None,
            second_unacked: None,
            second_answer: Vec::new(),
            repeats: 0,
            holds_at: None,
            hands_on_at: None,
        });
        Self { quirk, ..Self::new(place, ability, voice, role, dialog, rng) }
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
            self.ring(now, request, key);
            self.speak_early(now, request);
        }
        if self.told.is_none() {
            self.puzzled("the engine called without an offer".to_owned());
        }
    }

    /// What comes before the answer (RFC 3960).
    fn ring(&mut self, now: Instant, request: &Request<'_>, key: Vec<u8>) {
        if self.ring_reliably(now, request, &key) {
            return;
        }
        let (tag, second) = (self.dialog.local_tag.clone(), self.second_tag());
        match self.quirk {
            Some(Quirk::EarlyMedia) => {
                let early = answer_to(request, 183, self.engine, &tag);
                let early = early.header(Name::Contact, format!("<sip:desk@{}>", self.at));
                let early = early.finish_with("application/sdp", &self.answer_sdp());
                self.outs.push_back(Out::Sip(early));
                self.story.odd = true;
            }
            Some(Quirk::RingsTwice) => {
                self.outs.push_back(Out::Sip(answer_to(request, 180, self.engine, &second).finish()));
                self.story.odd = true;
            }
            _ => {}
        }
        self.answer(request, key, 180);
        if self.is(Quirk::BareProgress) {
            self.outs.push_back(Out::Sip(answer_to(request, 183, self.engine, &tag).finish()));
            self.story.odd = true;
        }
    }

    /// The answer to the offer in the INVITE, in one codec.
    pub(super) fn answer_sdp(&mut self) -> Vec<u8> {
        let known = |codec: &&Codec| self.ability.codecs.contains(codec);
        let first = self.told.as_ref().and_then(|told| told.codecs.iter().find(known).copied());
        let keys = self.told.as_ref().and_then(|told| told.keys);
        self.ability.keys = keys;
        let ability = Ability { codecs: first.into_iter().collect(), keys, ..self.ability.clone() };
        sdp::write(&ability, self.way, self.version)
    }

    pub(super) fn act_as_callee(&mut self, now: Instant) {
        self.resend_ok(now);
        self.resend_second(now);
        self.hold_as_callee(now);
        self.hand_on_as_callee(now);
        self.press_codes(now);
        let waits = self.stage == Stage::Calling && self.waits_for_prack();
        let Role::Callee(progress) = &mut self.role else { return };
        if waits {
            progress.next_at = progress.next_at.map(|at| at.max(now + SOON));
        }
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
            (Stage::Up(_), _) if self.is(Quirk::AnswersAnyway) => {
                self.story.left_alone = true;
                self.hang_up(now);
            }
            (Stage::Up(_), _) => self.hang_up(now),
            (Stage::Waiting | Stage::Calling | Stage::Over(_), _) => {}
        }
    }

    /// Puts the caller on hold, in one form or another, and takes him back later; it speaks all the time.
    fn hold_as_callee(&mut self, now: Instant) {
        let Role::Callee(progress) = &mut self.role else { return };
        let is_up = matches!(self.stage, Stage::Up(_));
        let Some(at) = progress.holds_at.filter(|at| is_up && *at <= now) else { return };
        let holds = [sdp::Way::SendOnly, sdp::Way::Inactive, sdp::Way::Zero];
        let way = match self.way {
            sdp::Way::SendRecv => holds[usize::from(self.voice.0) / 2 % holds.len()],
            _ => sdp::Way::SendRecv,
        };
        progress.holds_at = (way != sdp::Way::SendRecv).then_some(at + HOLDS);
        self.reinvite(now, way);
    }

    /// Hands the caller on, once.
    fn hand_on_as_callee(&mut self, now: Instant) {
        let is_up = matches!(self.stage, Stage::Up(_));
        let Role::Callee(progress) = &mut self.role else { return };
        if progress.hands_on_at.take_if(|at| *at <= now).is_some() && is_up {
            self.hand_on(now);
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
            progress.holds_at = (self.quirk == Some(Quirk::DeskHolds)).then_some(now + SOON * 5);
            progress.hands_on_at = (self.quirk == Some(Quirk::DeskHandsOn)).then_some(now + SOON * 7);
        }
        self.plan_codes(now);
        let has_spoken = self.has_spoken_early();
        if let Some(told) = self.told.clone().filter(|_| !has_spoken) {
            self.begin_talk(now, &told);
        }
        self.answer_oddly(now);
    }

    /// The 200 has been sent.
    fn answer_oddly(&mut self, now: Instant) {
        let Role::Callee(progress) = &mut self.role else { return };
        let invite = progress.invite.clone();
        let Ok(Message::Request(request)) = parse(&invite) else { return };
        match self.quirk {
            Some(Quirk::LateRinging) => {
                let tag = self.dialog.local_tag.clone();
                self.outs.push_back(Out::Sip(answer_to(&request, 180, self.engine, &tag).finish()));
                self.story.odd = true;
            }
            Some(Quirk::RepeatsAnswer) => progress.repeats = REPEATS,
            Some(Quirk::AnswersTwice) => {
                let answer = answer_to(&request, 200, self.engine, &self.second_tag());
                let answer = answer.header(Name::Contact, format!("<sip:second@{}>", self.at));
                let answer = answer.finish_with("application/sdp", &self.answer_sdp());
                self.outs.push_back(Out::Sip(answer.clone()));
                self.story.second = Some(Second::Up);
                self.story.odd = true;
                if let Role::Callee(progress) = &mut self.role {
                    progress.second_answer = answer;
                    progress.second_unacked = Some((now + super::T1, super::T1, now + super::GIVE_UP));
                }
            }
            _ => {}
        }
    }

    /// The tag of the second place that a call was forked to.
    pub fn second_tag(&self) -> String {
        self.other_tag.clone()
    }

    /// The second place has the call, for its answer came first; the first one is told BYE.
    pub(super) fn on_first_bye(&mut self, request: &Request<'_>, key: Vec<u8>) {
        let first = std::mem::replace(&mut self.dialog.local_tag, self.other_tag.clone());
        self.dialog.local = self.dialog.local.replace(&first, &self.other_tag);
        self.other_tag = first;
        if let Role::Callee(progress) = &mut self.role {
            (progress.unacked, progress.second_unacked) = (None, None);
        }
        self.on_second_bye(request, key);
    }

    fn resend_second(&mut self, now: Instant) {
        let Role::Callee(progress) = &mut self.role else { return };
        let Some((at, interval, until)) = progress.second_unacked.filter(|(at, ..)| *at <= now) else {
            return;
        };
        let interval = (interval * 2).min(super::T2);
        progress.second_unacked = (at < until).then_some((now + interval, interval, until));
        self.outs.push_back(Out::Sip(progress.second_answer.clone()));
    }

    pub(super) fn on_second_ack(&mut self) {
        if let Role::Callee(progress) = &mut self.role {
            progress.second_unacked = None;
        }
    }

    /// The second place is told that the first one has the call.
    pub(super) fn on_second_bye(&mut self, request: &Request<'_>, key: Vec<u8>) {
        self.story.second = Some(Second::Ended);
        let answer = answer_to(request, 200, self.engine, "").finish();
        self.remember(key, answer);
    }

    /// The final answer to the INVITE.
    fn answer_invite(&mut self, status: u16) {
        let Role::Callee(progress) = &self.role else { return };
        let (invite, key) = (progress.invite.clone(), progress.key.clone());
        let Ok(Message::Request(request)) = parse(&invite) else { return };
        let tag = self.dialog.local_tag.clone();
        let builder = answer_to(&request, status, self.engine, &tag);
        let answer = if status < 300 {
            let contact = format!("<sip:desk@{}>", self.at);
            let builder = if self.is(Quirk::DeskGlares) {
                // It allows no UPDATE: a re-INVITE refreshes.
                builder.header(Name::Require, "timer").header(Name::SessionExpires, "90;refresher=uac")
            } else {
                builder
            };
            builder.header(Name::Contact, contact).finish_with("application/sdp", &self.answer_sdp())
        } else if self.is(Quirk::AsksForRest) {
            self.story.odd = true;
            builder.header_fmt(Name::RetryAfter, format_args!("{}", 4 + self.rng.below(12))).finish()
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

    pub(super) fn on_ack(&mut self, now: Instant) {
        self.story.acked = true;
        let Role::Callee(progress) = &mut self.role else { return };
        progress.unacked = None;
        if progress.repeats > 0 {
            progress.repeats -= 1;
            self.story.odd = true;
            progress.unacked = Some((now + super::T1, super::T1, now + super::T1));
        }
    }

    /// The engine gives up the call (RFC 3261 §9.2).
    pub(super) fn on_cancel(&mut self, now: Instant, request: &Request<'_>, key: Vec<u8>) {
        let Role::Callee(progress) = &self.role else { return };
        if progress.manner == Manner::Dead {
            return;
        }
        // By its branch it says what is cancelled (RFC 3261 §9.1).
        let invite = [key.strip_suffix(b"CANCEL").unwrap_or_default(), b"INVITE"].concat();
        if invite != progress.key {
            // That of an earlier one, before the engine went on by another way.
            if !self.answers.iter().any(|(known, _)| *known == invite) {
                self.puzzled("the CANCEL has the branch of no INVITE".to_owned());
            }
            return self.answer(request, key, 200);
        }
        self.story.cancelled = true;
        self.answer(request, key, 200);
        if self.stage != Stage::Calling {
            return;
        }
        if self.is(Quirk::AnswersAnyway) {
            self.story.odd = true;
            return self.pick_up(now, Manner::Answers { after: Duration::ZERO, talks: LEFT_ALONE });
        }
        self.answer_invite(487);
        self.over(now);
    }
}

/// The address of a phone in the network at home, behind an address translator.
fn at_home(media: SocketAddr) -> SocketAddr {
    match media.ip() {
        IpAddr::V4(ip) => {
            let [_, _, block, host] = ip.octets();
            SocketAddr::new(IpAddr::from([192, 168, 100 + block, host]), media.port())
        }
        IpAddr::V6(_) => media,
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
