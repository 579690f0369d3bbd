//! A scripted phone: a caller with a plan, or a person who is called. It speaks SIP through `wire/`
//! only, so that it cannot share a mistake with the engine's transactions and dialogs.
//!
//! ```text
//!  caller:  Waiting ──INVITE──▶ Calling ──2xx──▶ Up ──BYE either way──▶ Over
//!  callee:              Ringing ──200──▶ Up ──BYE either way──▶ Over
//! ```
//! Requests are sent again until they are answered, answers when the request comes again (RFC 3261 §17).

pub mod callee;
pub mod caller;
pub mod codes;
pub mod consult;
pub mod dialog;
mod early;
mod glare;
pub mod handing;
mod judge;
pub mod quirk;
mod reliable;
pub mod sdp;
pub mod talk;

use careline::clock::Instant;
use careline::rng::Rng;
use careline::sip::digest::answer::Purse;
use careline::sip::way::Transport;
use careline::wire::sip::address::Address;
use careline::wire::sip::cseq::CSeq;
use careline::wire::sip::emit::{self, Answer, RecordRoute};
use careline::wire::sip::message::{Message, Request, Response, parse};
use careline::wire::sip::method::Method;
use careline::wire::sip::name::Name;
use careline::wire::sip::via::Via;
use dialog::Dialog;
use quirk::{Quirk, Whereabouts};
use sdp::{Ability, Told, Way};
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Duration;
use talk::{Spoken, Talk};

use super::sound::Voice;

/// T1 of the phones (RFC 3261 §17.1.1.1).
pub const T1: Duration = Duration::from_millis(500);
/// The longest pause between two sendings of a request that is no INVITE, and of a 2xx.
const T2: Duration = Duration::from_secs(4);
/// After this a request is given up: 64·T1.
pub const GIVE_UP: Duration = Duration::from_secs(32);
/// How long a phone that is badly made goes on sending after its call.
pub const GHOST: Duration = Duration::from_secs(30);
/// Answers that a phone remembers for requests that come again.
const ANSWERS_MAX: usize = 16;

/// A phone and its call.
pub struct Phone {
    /// Its SIP address, as the engine sees it.
    pub at: SocketAddr,
    /// Where its sound comes from, as the engine sees it.
    pub media: SocketAddr,
    /// The engine's SIP address.
    pub engine: SocketAddr,
    /// What it can do.
    pub ability: Ability,
    /// Whom it sounds like.
    pub voice: Voice,
    /// What it does.
    pub role: Role,
    /// Where it stands.
    pub stage: Stage,
    /// Its dialog.
    pub dialog: Dialog,
    /// What it sends.
    pub talk: Option<Talk>,
    /// What the engine told in SDP last.
    pub told: Option<Told>,
    /// What happened to it.
    pub story: Story,
    /// What is odd about it.
    pub quirk: Option<Quirk>,
    place: Whereabouts,
    way: Way,
    version: u64,
    /// The tag of another place that may answer the same call.
    other_tag: String,
    /// Its open re-INVITE brings no offer.
    asks_offer: bool,
    /// Its open re-INVITE refuses the sound.
    refuses_sound: bool,
    glare: glare::Glare,
    /// How far its REFER is.
    pub handing: handing::Handing,
    /// What it shows when it is asked for a password.
    pub purse: Option<Purse>,
    /// So often it has shown it for this call.
    shown: u32,
    codes: codes::Plan,
    reliable: reliable::Reliable,
    early: early::Early,
    sent: Vec<Sent>,
    acks: VecDeque<(Vec<u8>, Vec<u8>)>,
    answers: VecDeque<(Vec<u8>, Vec<u8>)>,
    outs: VecDeque<Out>,
    /// The plan that the world has for its next wake-up.
    pub planned: Option<Instant>,
    rng: Rng,
}

/// Caller or person.
pub enum Role {
    /// Calls the engine.
    Caller(caller::Progress),
    /// Is called by the engine.
    Callee(callee::Progress),
}

/// Where a phone stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Has not called yet.
    Waiting,
    /// The INVITE is out, or came in and rings.
    Calling,
    /// In the call since then.
    Up(Instant),
    /// It is over since then.
    Over(Instant),
}

/// What happened to a phone, for the checks.
#[derive(Clone, Debug, Default)]
pub struct Story {
    /// The final answer to its INVITE.
    pub status: Option<u16>,
    /// It sent CANCEL.
    pub cancelled: bool,
    /// When it sent BYE.
    pub hung_up: Option<Instant>,
    /// When the engine's BYE came.
    pub told_bye: Option<Instant>,
    /// When it went away without a word.
    pub vanished: Option<Instant>,
    /// It sent an ACK to the 2xx.
    pub acked: bool,
    /// Its media port changed without a word.
    pub rebound: bool,
    /// Answers to its OPTIONS.
    pub options_answered: u64,
    /// What it cannot understand: a fault of the engine.
    pub puzzled: Option<String>,
    /// Its quirk has shown.
    pub odd: bool,
    /// The engine knows of its new Contact.
    pub contact_told: bool,
    /// The second place that answered: whether the engine ended that.
    pub second: Option<Second>,
    /// It answered a call that was given up, and nobody ended it.
    pub left_alone: bool,
    /// When the engine refreshed the session last.
    pub refreshed: Option<Instant>,
    /// It accepted a change of ours, and no ACK came.
    pub unacknowledged: bool,
    /// The engine hung up and had not told what came of its REFER.
    pub untold: bool,
    /// It was reached over TCP: what is lost with a connection comes again as another transaction.
    pub streamed: bool,
    /// What it asked over TCP and has no answer to.
    pub unanswered: Option<What>,
}

/// The second of two places that answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Second {
    /// It has the call, as far as it knows.
    Up,
    /// It was told BYE.
    Ended,
}

/// What leaves a phone.
#[derive(Debug)]
pub enum Out {
    /// To the engine's SIP port.
    Sip(Vec<u8>),
    /// To a media port of the engine.
    Rtp {
        /// Which.
        to: SocketAddr,
        /// What, and whether it is a key.
        spoken: Spoken,
    },
    /// Sound to a media port of the engine, from another place than the phone's own.
    Stray {
        /// Where it comes from.
        from: SocketAddr,
        /// Which.
        to: SocketAddr,
        /// What.
        octets: Vec<u8>,
    },
}

/// A request that waits for its final answer.
struct Sent {
    branch: Vec<u8>,
    what: What,
    octets: Vec<u8>,
    /// `None`: a provisional answer came, it is not sent again.
    next_at: Option<Instant>,
    interval: Duration,
    give_up_at: Instant,
}

/// What a request was for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// The call.
    Invite,
    /// Other media in it.
    Reinvite,
    /// Its end.
    Bye,
    /// Its end before the answer.
    Cancel,
    /// Are you there?
    Options,
    /// The session lives.
    Update,
    /// A 1xx came.
    Prack,
    /// Somebody else is to talk with the caller.
    Refer,
}

impl Phone {
    /// A datagram came to its SIP port.
    pub fn on_sip(&mut self, now: Instant, octets: &[u8]) {
        if self.story.vanished.is_some() {
            return;
        }
        match parse(octets) {
            Ok(Message::Request(request)) => self.on_request(now, &request),
            Ok(Message::Response(response)) => self.on_response(now, &response),
            Err(error) => self.puzzled(format!("the engine sent what is no SIP: {error}")),
        }
    }

    /// A message comes to it so: a person answers as he is called.
    pub fn reached_by(&mut self, transport: Transport) {
        if matches!(self.role, Role::Callee(_)) {
            self.dialog.transport = transport;
        }
        self.story.streamed |= self.dialog.transport == Transport::Tcp;
    }

    /// Its connection is gone: what has no answer yet goes by another one.
    pub fn on_cut(&mut self) {
        if self.story.vanished.is_none() {
            self.outs.extend(self.sent.iter().map(|sent| Out::Sip(sent.octets.clone())));
        }
    }

    /// Something is due.
    pub fn wake(&mut self, now: Instant) {
        self.resend(now);
        match &mut self.role {
            Role::Caller(_) => self.act_as_caller(now),
            Role::Callee(_) => self.act_as_callee(now),
        }
        self.speak(now);
        if self.quirk.is_some() {
            self.confirm_change(now);
            self.repeat_reliably(now);
            self.speak_elsewhere(now);
        }
    }

    /// When `wake` has something to do.
    pub fn due(&self) -> Option<Instant> {
        let sent =
            self.sent.iter().map(|sent| sent.next_at.unwrap_or(sent.give_up_at).min(sent.give_up_at)).min();
        let role = match &self.role {
            Role::Caller(progress) => progress.due(self.stage),
            Role::Callee(progress) => progress.due(self.stage),
        };
        let talk = self.talk.as_ref().map(|talk| talk.next_at);
        let plain = [sent, role, talk].into_iter().flatten().min();
        if self.quirk.is_none() {
            return plain;
        }
        let odd = [self.glare.due(), self.reliable.due(), self.early.due(), self.codes_due()];
        odd.into_iter().chain([plain]).flatten().min()
    }

    /// The next thing that leaves.
    pub fn poll(&mut self) -> Option<Out> {
        self.outs.pop_front()
    }

    /// It speaks all the time.
    pub fn speaks(&self) -> bool {
        self.talk.as_ref().is_some_and(|talk| talk.mouth == talk::Mouth::Voice) && !self.story.rebound
    }

    /// It has acknowledged the call and does so whenever the 200 comes again, by connections: none of it is lost for
    /// long.
    pub fn acknowledges_surely(&self) -> bool {
        self.dialog.transport == Transport::Tcp && self.story.acked && matches!(self.stage, Stage::Up(_))
    }

    /// It put us on hold.
    pub fn is_held(&self) -> bool {
        self.way != Way::SendRecv
    }

    /// Nothing is left to do.
    pub fn is_done(&self) -> bool {
        let rings = self.stage == Stage::Calling && matches!(self.role, Role::Callee(_));
        let over = matches!(self.stage, Stage::Over(_)) && self.sent.is_empty() && self.talk.is_none();
        over || rings && self.due().is_none()
    }

    fn puzzled(&mut self, why: String) {
        self.story.puzzled.get_or_insert(why);
    }

    /// Sends what is unanswered once more.
    fn resend(&mut self, now: Instant) {
        if self.story.vanished.is_some() {
            return self.sent.clear();
        }
        let gives_up = |sent: &Sent| sent.what == What::Invite && sent.give_up_at <= now;
        if self.sent.iter().any(gives_up) {
            self.over(now);
        }
        if self.dialog.transport == Transport::Tcp {
            // What was open when it hung up ended with the call: the answer may have been lost with the connection
            // that it went by, and after BYE nobody sends it again (RFC 3261 §15.1.2).
            let is_owed = |sent: &&Sent| sent.what != What::Reinvite || self.story.hung_up.is_none();
            let unanswered = self.sent.iter().filter(is_owed).find(|sent| sent.give_up_at <= now);
            self.story.unanswered = self.story.unanswered.or(unanswered.map(|sent| sent.what));
        }
        self.sent.retain(|sent| sent.give_up_at > now);
        for sent in &mut self.sent {
            if sent.next_at.is_none_or(|at| at > now) {
                continue;
            }
            let double = sent.interval * 2;
            sent.interval = if sent.what == What::Invite { double } else { double.min(T2) };
            sent.next_at = Some(now + sent.interval);
            self.outs.push_back(Out::Sip(sent.octets.clone()));
        }
    }

    /// Sends a request and remembers it until it is answered.
    fn send(&mut self, now: Instant, what: What, branch: Vec<u8>, octets: Vec<u8>) {
        let octets = self.dressed(octets);
        self.outs.push_back(Out::Sip(octets.clone()));
        // Over TCP nothing is sent again (RFC 3261 §17.1.1.2).
        let next_at = (self.dialog.transport == Transport::Udp).then_some(now + T1);
        let give_up_at = now + GIVE_UP;
        self.sent.push(Sent { branch, what, octets, next_at, interval: T1, give_up_at });
    }

    /// As this phone writes requests.
    fn dressed(&self, octets: Vec<u8>) -> Vec<u8> {
        match self.quirk {
            Some(quirk) => quirk::dress(quirk, &Whereabouts { at: self.at, ..self.place }, &octets),
            None => octets,
        }
    }

    /// Its offer, as this phone writes offers.
    fn offer(&self) -> Vec<u8> {
        let plain = sdp::write(&self.ability, self.way, self.version);
        match self.quirk {
            Some(quirk) => quirk::dress_offer(quirk, plain),
            None => plain,
        }
    }

    fn is(&self, quirk: Quirk) -> bool {
        self.quirk == Some(quirk)
    }

    /// Sends a request in the dialog, or the one that begins it.
    fn ask(&mut self, now: Instant, what: What, method: Method<'_>, body: Option<Vec<u8>>) {
        let branch = format!("z9hG4bK{}", self.rng.token()).into_bytes();
        self.dialog.cseq += 1;
        let octets = self.dialog.request(method, &branch, self.dialog.cseq, self.at, body.as_deref());
        self.send(now, what, branch, octets);
    }

    fn hang_up(&mut self, now: Instant) {
        self.story.odd |= self.is(Quirk::ByeTells);
        if self.is(Quirk::ReinviteWithBye) && !self.reoffers() {
            self.story.odd = true;
            let way = self.way;
            self.reinvite(now, way);
        }
        self.ask(now, What::Bye, Method::Bye, None);
        self.story.hung_up = Some(now);
        self.over(now);
    }

    /// OPTIONS, in the dialog or outside of any.
    fn ask_options(&mut self, now: Instant) {
        self.ask(now, What::Options, Method::Options, None);
    }

    /// An INVITE is open: another has to wait (RFC 3261 §14.1).
    fn reoffers(&self) -> bool {
        self.sent.iter().any(|sent| matches!(sent.what, What::Invite | What::Reinvite))
    }

    /// Asks for other media: hold, resume, or the same again.
    fn reinvite(&mut self, now: Instant, way: Way) {
        if self.reoffers() {
            return;
        }
        self.way = way;
        self.version += 1;
        let offer = self.offer();
        self.ask(now, What::Reinvite, Method::Invite, Some(offer));
    }

    fn over(&mut self, now: Instant) {
        if !matches!(self.stage, Stage::Over(_)) {
            self.stage = Stage::Over(now);
        }
        if !self.is_ghost() {
            self.talk = None;
        }
    }

    fn is_ghost(&self) -> bool {
        matches!(&self.role, Role::Caller(progress) if progress.plan.ghost)
    }

    fn speak(&mut self, now: Instant) {
        if let Stage::Over(since) = self.stage
            && now.since(since) > GHOST
        {
            self.talk = None;
        }
        if self.story.vanished.is_some() {
            self.talk = None;
        }
        let Some(talk) = self.talk.as_mut().filter(|talk| talk.next_at <= now) else { return };
        let to = talk.to;
        if let Some(spoken) = talk.tick(&mut self.rng) {
            self.outs.push_back(Out::Rtp { to, spoken });
        }
    }

    fn on_response(&mut self, now: Instant, response: &Response<'_>) {
        let branch = response.headers.values(Name::Via).next().and_then(|via| Via::read(via).ok());
        let branch = branch.and_then(|via| via.branch().map(<[u8]>::to_vec)).unwrap_or_default();
        let branch = if self.is(Quirk::OldBranch) { [b"z9hG4bK", &branch[..]].concat() } else { branch };
        let cseq = response.headers.first(Name::CSeq).unwrap_or_default();
        let is_invite = cseq.ends_with(b"INVITE");
        if is_invite && let Some((_, ack)) = self.acks.iter().find(|(known, _)| *known == branch) {
            if response.status >= 200 {
                self.outs.push_back(Out::Sip(ack.clone()));
            }
            return;
        }
        let place = self.sent.iter().position(|sent| {
            sent.branch == branch && is_invite == matches!(sent.what, What::Invite | What::Reinvite)
        });
        let Some(place) = place else { return };
        if response.status < 200 {
            if is_invite {
                self.sent[place].next_at = None;
                self.on_progress(now, response);
            }
            return;
        }
        let sent = self.sent.remove(place);
        match sent.what {
            What::Invite => self.on_invite_answer(now, response, &branch),
            What::Reinvite => self.on_reinvite_answer(now, response, &branch),
            What::Update => self.on_update_answer(now, response.status),
            What::Options => self.story.options_answered += 1,
            What::Bye if self.is(Quirk::ReinviteAfterBye) => self.reinvite_after_bye(now),
            What::Refer => self.on_refer_answer(now, response.status),
            What::Bye | What::Cancel | What::Prack => {}
        }
    }

    fn on_reinvite_answer(&mut self, now: Instant, response: &Response<'_>, branch: &[u8]) {
        let told = sdp::read(response.body).filter(|_| response.status < 300);
        let asked = std::mem::take(&mut self.asks_offer);
        let answer = told.as_ref().filter(|_| asked).map(|told| self.answer_to_offer(told));
        self.acknowledge(response, branch, answer);
        self.judge_reinvite(response);
        if std::mem::take(&mut self.refuses_sound) {
            return self.judge_port_zero(response);
        }
        if asked && told.is_some() {
            self.story.odd = true;
        }
        if let Some(told) = told {
            // It refreshes the session as well (RFC 4028 §7.4).
            self.story.refreshed = Some(now);
            self.changed(&told, response.body);
            self.told = Some(told);
        }
    }

    /// Our offer came because this phone asked for one: it goes on with what it sends.
    fn answer_to_offer(&self, told: &Told) -> Vec<u8> {
        let used = self.talk.as_ref().and_then(Talk::codec);
        let codecs = used.filter(|codec| told.codecs.contains(codec)).into_iter().collect();
        let ability = Ability { codecs, ..self.ability.clone() };
        sdp::write(&ability, self.way, self.version)
    }

    /// The ACK: of a 2xx in the dialog, of another in the transaction (RFC 3261 §13.2.2.4, §17.1.1.3).
    fn acknowledge(&mut self, response: &Response<'_>, branch: &[u8], answer: Option<Vec<u8>>) {
        let own = format!("z9hG4bK{}", self.rng.token()).into_bytes();
        // Of the INVITE, whatever was asked since.
        let cseq = response.headers.first(Name::CSeq).and_then(|value| CSeq::read(value).ok());
        let cseq = cseq.map_or(self.dialog.cseq, |cseq| cseq.number);
        let ack = if response.status < 300 {
            self.dialog.request(Method::Ack, &own, cseq, self.at, answer.as_deref())
        } else {
            let to = response.headers.first(Name::To).unwrap_or_default();
            self.dialog.ack_of_refusal(branch, cseq, self.at, to)
        };
        let ack = self.dressed(ack);
        self.outs.push_back(Out::Sip(ack.clone()));
        self.acks.push_back((branch.to_vec(), ack));
        self.acks.keep_last(ANSWERS_MAX);
    }

    fn on_request(&mut self, now: Instant, request: &Request<'_>) {
        let via = request.headers.values(Name::Via).next().and_then(|via| Via::read(via).ok());
        let mut key = via.and_then(|via| via.branch()).unwrap_or_default().to_vec();
        let is_second = to_tag(request).is_some_and(|tag| tag == self.second_tag());
        if request.method == Method::Ack && self.glare.takes_ack(request) {
            return;
        }
        if request.method == Method::Ack {
            return if is_second { self.on_second_ack() } else { self.on_ack(now) };
        }
        key.extend(request.method.octets());
        if let Some((_, answer)) = self.answers.iter().find(|(known, _)| *known == key) {
            return self.outs.push_back(Out::Sip(answer.clone()));
        }
        self.judge_route(request);
        match request.method {
            Method::Bye if is_second => self.on_second_bye(request, key),
            Method::Bye if self.story.second == Some(Second::Up) && matches!(self.stage, Stage::Up(_)) => {
                self.on_first_bye(request, key);
            }
            Method::Bye => self.on_bye(now, request, key),
            Method::Options => self.answer(request, key, 200),
            Method::Notify => self.on_notify(request, key),
            Method::Update if self.is(Quirk::LetsRefresh) => self.on_refresh(now, request, key),
            Method::Invite if self.glares() && to_tag(request).is_some() => self.on_change(now, request, key),
            Method::Prack if self.acknowledges(request) => self.answer(request, key, 200),
            Method::Invite if matches!(self.role, Role::Callee(_)) => self.on_call(now, request, key),
            Method::Cancel if matches!(self.role, Role::Callee(_)) => self.on_cancel(now, request, key),
            _ => {
                self.puzzled(format!("the engine asked {}", request.method));
                self.answer(request, key, 501);
            }
        }
    }

    fn on_bye(&mut self, now: Instant, request: &Request<'_>, key: Vec<u8>) {
        if self.story.hung_up.is_none() && self.story.told_bye.is_some() && !self.story.streamed {
            self.puzzled("the engine said BYE twice, as two requests".to_owned());
        }
        self.judge_untold();
        self.story.told_bye.get_or_insert(now);
        if self.is(Quirk::ByeCrosses) && matches!(self.stage, Stage::Up(_)) {
            self.story.odd = true;
            self.ask(now, What::Bye, Method::Bye, None);
        }
        self.answer(request, key, 200);
        self.over(now);
    }

    /// The engine refreshes the session (RFC 4028 §10).
    fn on_refresh(&mut self, now: Instant, request: &Request<'_>, key: Vec<u8>) {
        self.story.refreshed = Some(now);
        self.story.odd = true;
        let tag = self.dialog.local_tag.clone();
        let answer = answer_to(request, 200, self.engine, &tag)
            .header(Name::Require, "timer")
            .header(Name::SessionExpires, "90;refresher=uac")
            .finish();
        self.remember(key, answer);
    }

    /// Answers without a body, and remembers it.
    fn answer(&mut self, request: &Request<'_>, key: Vec<u8>, status: u16) {
        let tag = self.dialog.local_tag.clone();
        let answer = answer_to(request, status, self.engine, &tag).finish();
        self.remember(key, answer);
    }

    fn remember(&mut self, key: Vec<u8>, answer: Vec<u8>) {
        self.outs.push_back(Out::Sip(answer.clone()));
        self.answers.retain(|(known, _)| *known != key);
        self.answers.push_back((key, answer));
        self.answers.keep_last(ANSWERS_MAX);
    }
}

/// The tag in To.
fn to_tag(request: &Request<'_>) -> Option<String> {
    let to = Address::read(request.headers.first(Name::To)?).ok()?;
    to.tag().map(|tag| String::from_utf8_lossy(tag).into_owned())
}

/// The beginning of an answer.
fn answer_to(request: &Request<'_>, status: u16, source: SocketAddr, tag: &str) -> emit::Builder {
    let to_tag = (status > 100).then_some(tag);
    let reason = emit::reason_phrase(status);
    emit::response(request, &Answer { status, reason, source, to_tag, record_route: RecordRoute::LeftOut })
}

/// Keeps a memory short.
trait KeepLast {
    /// Forgets the oldest over `max`.
    fn keep_last(&mut self, max: usize);
}

impl<T> KeepLast for VecDeque<T> {
    fn keep_last(&mut self, max: usize) {
        while self.len() > max {
            self.pop_front();
        }
    }
}
