//! A patient's phone: calls at its time and then does what its plan says, whatever it hears.

use super::super::sound::Voice;
use super::dialog::Dialog;
use super::quirk::{Quirk, Whereabouts, odd_name};
use super::sdp::{Ability, Told, Way};
use super::talk::{KeyStyle, Mouth, Talk};
use super::{Out, Phone, Role, Stage, Story, What, sdp};
use careline::clock::Instant;
use careline::rng::Rng;
use careline::sip::way::Transport;
use careline::wire::sip::address::Address;
use careline::wire::sip::message::Response;
use careline::wire::sip::method::Method;
use careline::wire::sip::name::Name;
use careline::wire::telephone_event::Key;
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Duration;

/// What a caller will do.
#[derive(Clone, Debug)]
pub struct Plan {
    /// When the INVITE leaves.
    pub starts: Instant,
    /// The number dialled.
    pub number: String,
    /// The number it calls from; none: anonymous.
    pub from: Option<String>,
    /// Whether the INVITE carries the offer.
    pub offer: Offer,
    /// What becomes of the ACK.
    pub ack: Ack,
    /// What it sends.
    pub mouth: Mouth,
    /// It goes on sending after its end.
    pub ghost: bool,
    /// CANCEL so long after the INVITE.
    pub cancel_after: Option<Duration>,
    /// What it does in the call, each with the time since the answer, in order.
    pub acts: VecDeque<(Duration, Act)>,
}

/// Whether the INVITE carries the offer (RFC 3261 §13.2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Offer {
    /// It does.
    InInvite,
    /// The 200 does, the ACK answers.
    Delayed,
}

/// What becomes of the ACK.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ack {
    /// Sent at once.
    Sent,
    /// Never sent.
    Forgotten,
}

/// What a caller does in a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// Presses a key.
    Press(Key),
    /// Puts us on hold, playing nothing.
    Hold,
    /// Puts us on hold without either side sending.
    HoldInactive,
    /// Puts us on hold without either side sending, as RFC 2543 said it.
    HoldByZero,
    /// Only listens.
    HoldListening,
    /// Takes us back.
    Resume,
    /// Asks for our offer.
    AskOffer,
    /// Tells another Contact, with a re-INVITE.
    MoveContact,
    /// Asks for keys by another payload type, with a re-INVITE.
    MoveKeys,
    /// Cancels what it never asked.
    Stray,
    /// Its NAT gives it another SIP port, without a word.
    RebindSip,
    /// Asks for other media by re-INVITE and UPDATE at once.
    ChangeTwice,
    /// Refuses the sound, with port 0.
    RefuseSound,
    /// Asks whether we are there.
    Options,
    /// Its NAT gives it another media port, without a word.
    Rebind,
    /// Its media port changes, with a re-INVITE.
    Move,
    /// Changes between voice, silence and nothing.
    Speak(Mouth),
    /// Hangs up.
    HangUp,
    /// Goes away without a word.
    Vanish,
}

/// How far a caller is.
pub struct Progress {
    /// What is left of the plan.
    pub plan: Plan,
    /// When CANCEL leaves.
    cancel_at: Option<Instant>,
    /// When the session is refreshed.
    refresh_at: Option<Instant>,
    branch: Vec<u8>,
}

/// How often a phone refreshes its session of 90 s.
const REFRESH_EVERY: Duration = Duration::from_secs(30);
/// How soon it tries again.
const REFRESH_AGAIN: Duration = Duration::from_secs(1);

impl Progress {
    pub(super) fn due(&self, stage: Stage) -> Option<Instant> {
        match stage {
            Stage::Waiting => Some(self.plan.starts),
            Stage::Calling => self.cancel_at,
            Stage::Up(since) => {
                let act = self.plan.acts.front().map(|(after, _)| since + *after);
                [act, self.refresh_at].into_iter().flatten().min()
            }
            Stage::Over(_) => None,
        }
    }
}

/// Where a caller is.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// Its SIP address.
    pub at: SocketAddr,
    /// Where its sound comes from.
    pub media: SocketAddr,
    /// The engine's SIP address.
    pub engine: SocketAddr,
}

impl Phone {
    /// A caller with a plan.
    pub fn caller(
        place: Place,
        ability: Ability,
        voice: Voice,
        (mut plan, quirk): (Plan, Option<Quirk>),
        mut rng: Rng,
    ) -> Self {
        let engine = place.engine;
        if matches!(quirk, Some(Quirk::NeedsPrack | Quirk::AsksTwice)) {
            plan.offer = Offer::Delayed;
        }
        let from = match &plan.from {
            Some(number) if quirk == Some(Quirk::OddName) => {
                format!("\"{}\" <sip:{number}@{}>", odd_name(&mut rng), place.at.ip())
            }
            Some(number) => format!("<sip:{number}@{}>", place.at.ip()),
            None => "\"Anonymous\" <sip:anonymous@anonymous.invalid>".to_owned(),
        };
        let local_tag = rng.token();
        let dialog = Dialog {
            call_id: format!("{}@{}", rng.token(), place.at.ip()),
            local: format!("{from};tag={local_tag}"),
            local_tag,
            remote: format!("<sip:{}@{engine}>", plan.number),
            target: format!("sip:{}@{engine}", plan.number),
            cseq: (rng.below(1_000)) as u32,
            extra: session_lines(quirk),
            rack: String::new(),
            transport: Transport::Udp,
            refer_to: String::new(),
        };
        let role = Role::Caller(Progress { plan, cancel_at: None, refresh_at: None, branch: Vec::new() });
        Self { quirk, ..Self::new(place, ability, voice, role, dialog, rng) }
    }

    pub(super) fn new(
        place: Place,
        ability: Ability,
        voice: Voice,
        role: Role,
        dialog: Dialog,
        rng: Rng,
    ) -> Self {
        Self {
            at: place.at,
            media: place.media,
            engine: place.engine,
            ability,
            voice,
            role,
            stage: Stage::Waiting,
            talk: None,
            told: None,
            story: Story::default(),
            way: Way::SendRecv,
            version: 1,
            other_tag: format!("{}-second", dialog.local_tag),
            asks_offer: false,
            refuses_sound: false,
            glare: super::glare::Glare::default(),
            handing: super::handing::Handing::default(),
            purse: None,
            shown: 0,
            codes: super::codes::Plan::default(),
            reliable: super::reliable::Reliable::default(),
            early: super::early::Early::default(),
            quirk: None,
            place: Whereabouts { at: place.at, home: place.at, contact_port: place.at.port() },
            sent: Vec::new(),
            dialog,
            acks: VecDeque::new(),
            answers: VecDeque::new(),
            outs: VecDeque::new(),
            planned: None,
            rng,
        }
    }

    pub(super) fn act_as_caller(&mut self, now: Instant) {
        let Role::Caller(progress) = &mut self.role else { return };
        match self.stage {
            Stage::Waiting if progress.plan.starts <= now => self.call(now),
            Stage::Calling if progress.cancel_at.is_some_and(|at| at <= now) => self.cancel(now),
            Stage::Up(since) => {
                self.refresh(now);
                while let Role::Caller(progress) = &mut self.role
                    && matches!(self.stage, Stage::Up(_))
                    && let Some((_, act)) =
                        progress.plan.acts.pop_front_if(|(after, _)| since + *after <= now)
                {
                    self.act(now, act);
                }
            }
            Stage::Waiting | Stage::Calling | Stage::Over(_) => {}
        }
    }

    pub(super) fn call(&mut self, now: Instant) {
        let Role::Caller(progress) = &mut self.role else { return };
        progress.cancel_at = progress.plan.cancel_after.map(|after| now + after);
        let body = match progress.plan.offer {
            Offer::InInvite => Some(self.offer()),
            Offer::Delayed => None,
        };
        self.stage = Stage::Calling;
        self.ask(now, What::Invite, Method::Invite, body);
        let branch = self.sent.last().map(|sent| sent.branch.clone()).unwrap_or_default();
        if let Role::Caller(progress) = &mut self.role {
            progress.branch = branch;
        }
    }

    fn cancel(&mut self, now: Instant) {
        let Role::Caller(progress) = &mut self.role else { return };
        progress.cancel_at = None;
        let branch = progress.branch.clone();
        self.story.cancelled = true;
        let octets = self.dialog.cancel(&branch, self.at);
        self.send(now, What::Cancel, branch, octets);
    }

    /// UPDATE, when the session is to be refreshed and nothing else is open (RFC 4028 §10).
    fn refresh(&mut self, now: Instant) {
        let open = self.reoffers();
        let Role::Caller(progress) = &mut self.role else { return };
        if progress.refresh_at.is_none_or(|at| at > now) {
            return;
        }
        progress.refresh_at = Some(now + if open { REFRESH_AGAIN } else { REFRESH_EVERY });
        if !open {
            self.ask(now, What::Update, Method::Update, None);
        }
    }

    pub(super) fn on_update_answer(&mut self, now: Instant, status: u16) {
        match status {
            200..300 => self.story.odd = true,
            _ if self.is(Quirk::ChangesTwice) => {}
            // The engine has forgotten the call (RFC 3261 §12.2.1.2).
            481 => self.over(now),
            _ => {
                if let Role::Caller(progress) = &mut self.role {
                    progress.refresh_at = Some(now + REFRESH_AGAIN);
                }
            }
        }
    }

    /// The interval was too short: once more, with our least (RFC 4028 §7.4).
    fn call_again(&mut self, now: Instant) {
        self.story.status = None;
        self.dialog.extra = session_lines(Some(Quirk::Refreshes));
        self.call(now);
    }

    pub(super) fn on_invite_answer(&mut self, now: Instant, response: &Response<'_>, branch: &[u8]) {
        self.story.status = Some(response.status);
        if response.status >= 300 {
            self.acknowledge(response, branch, None);
            if self.shows_password(response) {
                return self.call(now);
            }
            let again = self.is(Quirk::ShortSession) && response.status == 422 && !self.story.cancelled;
            return if again { self.call_again(now) } else { self.over(now) };
        }
        if self.is(Quirk::LateCancel) {
            let octets = self.dialog.cancel(branch, self.at);
            self.send(now, What::Cancel, branch.to_vec(), octets);
        }
        let Role::Caller(progress) = &self.role else { return };
        let (offer, ack) = (progress.plan.offer, progress.plan.ack);
        let value = |name| response.headers.first(name).map(|v| String::from_utf8_lossy(v).into_owned());
        self.dialog.remote = value(Name::To).unwrap_or_default();
        let contact = value(Name::Contact).unwrap_or_default();
        match Address::read(contact.as_bytes()) {
            Ok(address) => self.dialog.target = String::from_utf8_lossy(address.uri).into_owned(),
            Err(error) => self.puzzled(format!("the Contact of the 200 is none: {error}")),
        }
        self.judge_early_answer();
        let early = self.reliable.told.take();
        let is_settled = early.is_some();
        let Some(told) = early.or_else(|| sdp::read(response.body)) else {
            return self.puzzled("the 200 has no session description".to_owned());
        };
        self.stage = Stage::Up(now);
        if self.needs_prack() || self.purse.is_some() {
            self.dialog.extra.clear();
        }
        if offer == Offer::Delayed && !is_settled {
            // The answer names the one codec that it will send.
            let codec = told.codecs.iter().find(|codec| self.ability.codecs.contains(codec)).copied();
            self.ability.codecs = codec.into_iter().collect();
        }
        let answer = (offer == Offer::Delayed && !is_settled)
            .then(|| sdp::write(&self.ability, self.way, self.version));
        if offer == Offer::InInvite {
            self.judge_media_lines(response.body);
        }
        if ack == Ack::Sent && !self.is(Quirk::ByeForAck) {
            self.acknowledge(response, branch, answer);
            self.story.acked = true;
            self.acknowledge_oddly(now, offer);
        }
        self.begin_talk(now, &told);
        self.told = Some(told);
        if self.story.cancelled || self.is(Quirk::ByeForAck) {
            self.hang_up(now);
        }
        self.begin_quirk(now);
    }

    /// The ACK has been written.
    fn acknowledge_oddly(&mut self, now: Instant, offer: Offer) {
        match self.quirk {
            Some(Quirk::LateAck) => {
                // It is kept, for when the 200 comes again.
                self.outs.pop_back();
                self.story.odd = true;
            }
            Some(Quirk::ReinviteForAck) if offer == Offer::InInvite => {
                self.outs.pop_back();
                self.reinvite_for_ack(now);
            }
            Some(Quirk::TwoAcks) => {
                if let Some((_, ack)) = self.acks.back() {
                    self.outs.push_back(Out::Sip(ack.clone()));
                    self.story.odd = true;
                }
            }
            _ => {}
        }
    }

    /// The call stands: what is odd from here on.
    fn begin_quirk(&mut self, now: Instant) {
        let Some(quirk) = self.quirk else { return };
        let is_at_the_answer = matches!(quirk, Quirk::LateCancel | Quirk::ByeForAck);
        self.story.odd |= quirk.is_in_writing() || is_at_the_answer;
        if matches!(quirk, Quirk::ShortSession | Quirk::Refreshes)
            && let Role::Caller(progress) = &mut self.role
        {
            progress.refresh_at = Some(now + REFRESH_EVERY);
        }
        if let Some(talk) = self.talk.as_mut().filter(|_| quirk == Quirk::ManyEnds) {
            talk.tell_keys(KeyStyle::Unmarked);
        }
    }

    /// Changes to another payload type for keys, unless one is pressed.
    fn move_keys(&mut self, now: Instant) {
        let is_still = self.talk.as_ref().is_some_and(Talk::has_still_hands);
        if let Some(keys) = self.ability.keys.filter(|_| is_still && !self.reoffers()) {
            self.ability.keys = Some(if keys == 96 { 101 } else { 96 });
            self.reinvite(now, Way::SendRecv);
        }
    }

    /// Begins to send in the first codec that both know.
    pub(super) fn begin_talk(&mut self, now: Instant, told: &Told) {
        let Some(codec) = told.codecs.iter().find(|codec| self.ability.codecs.contains(codec)).copied()
        else {
            return self.puzzled("the engine agreed on no codec of ours".to_owned());
        };
        let mouth = match &self.role {
            Role::Caller(progress) => progress.plan.mouth,
            Role::Callee(progress) => progress.mouth(),
        };
        let keys = told.keys.and(self.ability.keys);
        self.talk = Some(Talk::new(now, told.media, self.voice, mouth, (codec, keys), &mut self.rng));
    }

    fn act(&mut self, now: Instant, act: Act) {
        match act {
            Act::Press(key) => {
                if self.is(Quirk::MovesKeys) && self.reoffers() {
                    return;
                }
                self.story.odd |= matches!(self.quirk, Some(Quirk::ManyEnds));
                if let Some(talk) = self.talk.as_mut().filter(|talk| talk.has_keys()) {
                    talk.press(key);
                }
            }
            Act::Hold => self.reinvite(now, Way::SendOnly),
            Act::HoldInactive => {
                self.reinvite(now, Way::Inactive);
                if let Some(talk) = self.talk.as_mut().filter(|_| self.quirk == Some(Quirk::HoldMusic)) {
                    talk.mouth = Mouth::Voice;
                }
            }
            Act::HoldByZero => self.reinvite(now, Way::Zero),
            Act::HoldListening => self.reinvite(now, Way::RecvOnly),
            Act::Resume => self.reinvite(now, Way::SendRecv),
            Act::AskOffer => {
                if !self.reoffers() && self.way == Way::SendRecv {
                    self.asks_offer = true;
                    self.version += 1;
                    self.ask(now, What::Reinvite, Method::Invite, None);
                }
            }
            Act::MoveContact => {
                if !self.reoffers() {
                    self.place.contact_port = self.at.port() + 2;
                    let way = self.way;
                    self.reinvite(now, way);
                }
            }
            Act::MoveKeys => self.move_keys(now),
            Act::ChangeTwice | Act::RefuseSound => self.act_oddly(now, act),
            Act::Stray => {
                let branch = format!("z9hG4bK{}", self.rng.token()).into_bytes();
                let octets = self.dialog.cancel(&branch, self.at);
                self.story.odd = true;
                self.send(now, What::Cancel, branch, octets);
            }
            Act::RebindSip => {
                self.at.set_port(self.at.port() + 4);
                self.story.odd = true;
            }
            Act::Options => self.ask_options(now),
            Act::Rebind => {
                self.media.set_port(self.media.port() + 2);
                self.story.rebound = true;
            }
            Act::Move => {
                self.media.set_port(self.media.port() + 2);
                self.ability.media.set_port(self.media.port());
                // While another re-INVITE is open this one has to wait: nobody is told of the move.
                self.story.rebound |= self.reoffers();
                self.reinvite(now, Way::SendRecv);
            }
            Act::Speak(mouth) => {
                if let Some(talk) = self.talk.as_mut() {
                    talk.mouth = mouth;
                }
            }
            Act::HangUp => self.hang_up(now),
            Act::Vanish => {
                self.story.vanished = Some(now);
                self.over(now);
                self.talk = None;
                self.sent.clear();
            }
        }
    }
}

/// What a phone says of session timers in its INVITE (RFC 4028 §7.1).
fn session_lines(quirk: Option<Quirk>) -> Vec<(Name, String)> {
    let line = |name: Name, value: &str| (name, value.to_owned());
    if matches!(quirk, Some(Quirk::NeedsPrack | Quirk::AsksTwice)) {
        return vec![line(Name::Supported, "100rel"), line(Name::Require, "100rel")];
    }
    let expires = match quirk {
        Some(Quirk::ShortSession) => "60;refresher=uac".to_owned(),
        Some(Quirk::Refreshes) => "90;refresher=uac".to_owned(),
        Some(Quirk::LetsRefresh | Quirk::Glares) => "90;refresher=uas".to_owned(),
        _ => return Vec::new(),
    };
    // Without UPDATE it is refreshed by re-INVITE.
    let update = if quirk == Some(Quirk::Glares) { "" } else { ", UPDATE" };
    vec![
        line(Name::Supported, "timer"),
        line(Name::Allow, &format!("INVITE, ACK, CANCEL, BYE, OPTIONS{update}")),
        line(Name::SessionExpires, &expires),
    ]
}
