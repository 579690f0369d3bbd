//! The phone in a call: the SIP machine, the media and the sockets, turned by one loop.
//!
//! ```text
//!  Idle ──dial──▶ Calling ──answer──▶ Up ──BYE of either side──▶ Over
//!    └──INVITE, answered (--answer)────▲  Calling ──refused, nobody there──▶ Over
//! ```
//! What is to be done when is the director's job, and what is printed the summary's.

use super::facts::{Callee, Change, End, Events, Facts, KeysBy, Life, RtpEvents, Settings};
use super::media::{Media, Told};
use super::no_events::without_events;
use super::recogniser::Recogniser;
use super::sound;
use crate::cli::calls::picture::{Mark, Turn, Unplaced, What};
use crate::clock::{Due, Instant};
use crate::id::LegId;
use crate::io::now::Clock;
use crate::io::sip_port::{Ready, SipPort};
use crate::io::sip_tcp;
use crate::media::command::{Clip, Direction, StreamPlan};
use crate::phi::Phi;
use crate::report::ladder::{Heading, Ladder, Rung, Seen};
use crate::sip::interface::{Command, Event, Input, Outgoing, Output};
use crate::sip::invite::offer_answer::{self, Agreed, Ours};
use crate::sip::stack::Stack;
use crate::sip::way::Way;
use crate::wire::codec::Codec;
use crate::wire::sdp::read::read;
use crate::wire::sdp::session;
use crate::wire::sip::message::parse;
use crate::wire::telephone_event::Key;
use std::collections::VecDeque;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

/// The phone's only leg: it is the first of its SIP machine.
pub const LEG: LegId = LegId(1);
/// What a REFER is answered.
const DECLINED: u16 = 603;
/// How often the phone looks at its sockets of sound.
const LOOKED_AT_EVERY: Duration = Duration::from_millis(5);

/// The phone.
pub struct Phone {
    /// Its clock.
    pub clock: Clock,
    settings: Settings,
    stack: Stack,
    sip: SipPort,
    /// Its sound.
    pub media: Media,
    /// How far the call is.
    pub life: Life,
    /// What is known of it.
    pub facts: Facts,
    /// Its SIP messages.
    pub ladder: Ladder,
    /// What happened beside them.
    pub noted: Vec<Unplaced>,
    /// Where a change of ours stands.
    pub change: Change,
    us: SocketAddr,
    peer: IpAddr,
    told: Option<Vec<u8>>,
    version: u64,
    wish: session::Direction,
    scratch: String,
    /// Whether any message ever came.
    heard_of: u64,
    by_info: VecDeque<Key>,
    info_asked: Option<Key>,
    in_band: VecDeque<Key>,
}

impl Phone {
    /// A phone at these sockets.
    pub fn new(clock: Clock, settings: Settings, stack: Stack, sip: SipPort, media: Media) -> Self {
        let us = sip.listening()[0].address;
        Self {
            clock,
            settings,
            stack,
            sip,
            media,
            life: Life::Idle,
            facts: Facts::default(),
            ladder: Ladder::default(),
            noted: Vec::new(),
            change: Change::Settled,
            us,
            peer: us.ip(),
            told: None,
            version: 1,
            wish: session::Direction::SendRecv,
            scratch: String::new(),
            heard_of: 0,
            by_info: VecDeque::new(),
            info_asked: None,
            in_band: VecDeque::new(),
        }
    }

    /// What the phone was told.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Calls the target; nothing if there is none, or a call already.
    pub fn dial(&mut self, now: Instant) {
        let Some(target) = self.settings.target.clone().filter(|_| self.life == Life::Idle) else { return };
        let leg = self.stack.reserve_leg();
        self.facts.begun = Some(now);
        self.life = Life::Calling;
        self.command(now, Command::Locate { leg, target });
    }

    /// Ends the call, whatever its state.
    pub fn hang_up(&mut self, now: Instant) {
        if matches!(self.life, Life::Calling | Life::Up) {
            self.command(now, Command::HangUp { leg: LEG, reason: None });
            self.over(now, End::Ours);
        }
    }

    /// Everything about the call is told and acknowledged.
    pub fn is_at_rest(&self) -> bool {
        self.stack.legs() == 0
    }

    /// Holds the far end, or takes it back.
    pub fn change(&mut self, now: Instant, wish: session::Direction) {
        (self.wish, self.change) = (wish, Change::Asked);
        let sdp = Some(self.offer());
        self.command(now, Command::Reoffer { leg: LEG, sdp });
    }

    /// Plays a sound.
    pub fn play(&mut self, now: Instant, clip: Clip) {
        self.media.play(now, clip);
    }

    /// The codec that it speaks.
    pub fn codec(&self) -> Codec {
        self.media.plan().map_or(Codec::Pcmu, |plan| plan.sends.codec)
    }

    /// Presses keys, in the way that it was told.
    ///
    /// # Errors
    /// In words, when the far end cannot be sent keys in that way.
    pub fn press(&mut self, now: Instant, keys: &[Key]) -> Result<(), String> {
        match self.settings.keys_by {
            KeysBy::Rfc4733 if self.media.plan().is_some_and(|plan| plan.sends_events.is_none()) => {
                return Err(
                    "the far end takes no telephone-event (RFC 4733); try `--keys-by in-band`".to_owned()
                );
            }
            KeysBy::Rfc4733 => self.media.presser.press(keys),
            KeysBy::Info => self.by_info.extend(keys),
            KeysBy::InBand => self.in_band.extend(keys),
        }
        self.facts.keys_sent.extend(keys);
        let told: Vec<String> = keys.iter().map(Key::to_string).collect();
        self.note(now, Mark::Key, format!("pressed {}", told.join(" ")));
        Ok(())
    }

    /// No key is on its way.
    pub fn pressed_all(&self) -> bool {
        let queues_empty = self.by_info.is_empty() && self.in_band.is_empty();
        queues_empty && self.info_asked.is_none() && self.media.presser.is_idle() && !self.media.is_playing()
    }

    /// What is to be known of the call now, for somebody who expected something else.
    pub fn seen(&self) -> String {
        let told = |recogniser: &Recogniser| format!("; heard so far: {}", recogniser.so_far());
        self.state() + &self.media.ears.recogniser.as_ref().map_or(String::new(), told)
    }

    fn state(&self) -> String {
        let ears = &self.media.ears;
        match &self.life {
            Life::Idle => "there is no call".to_owned(),
            Life::Calling => match self.heard_of {
                0 => "nothing came back yet".to_owned(),
                _ => "it is not answered yet".to_owned(),
            },
            Life::Up if ears.hears_sound() => "the call is up, and something is heard".to_owned(),
            Life::Up => format!("the call is up, and silent for {:.1} s", ears.silent_for().as_secs_f64()),
            Life::Over(end) => format!("the call is over: {}", end.told()),
        }
    }

    /// Does everything that is due.
    pub fn pump(&mut self, now: Instant) {
        self.media.pump(now);
        while let Some(told) = self.media.take_told() {
            match told {
                Told::Key(key) => self.heard_key(now, key),
                Told::Played => {}
            }
        }
        while let Some(prompt) = self.media.ears.recogniser.as_mut().and_then(Recogniser::next_told) {
            self.note(now, Mark::Sound, format!("hears {prompt}"));
        }
        self.press_next(now);
        self.sip.tcp.timeout(now);
        self.take_port(now);
        if self.stack.poll_timeout().is_some_and(|due| due.at <= now) {
            self.handle(now, Input::Timeout);
        }
    }

    /// Waits until something comes, or is due.
    ///
    /// # Errors
    /// When the runtime is shutting down.
    pub async fn wait(&mut self, now: Instant) -> io::Result<()> {
        let dues =
            [self.stack.poll_timeout().map(|due: Due| due.at), self.sip.poll_timeout(), self.media.due()];
        let due = dues.into_iter().flatten().min().unwrap_or(now + LOOKED_AT_EVERY);
        let wait = due.since(now).min(LOOKED_AT_EVERY);
        match tokio::time::timeout(wait, self.sip.ready()).await {
            Ok(ready) => {
                let (ready, now) = (ready?, self.clock.now());
                self.take_ready(now, ready);
            }
            Err(_due) => {}
        }
        Ok(())
    }

    fn take_ready(&mut self, now: Instant, ready: Ready) {
        match ready {
            Ready::Datagrams => {
                for place in 0..self.sip.udp.len() {
                    while let Some(arrived) = self.sip.udp[place].receive() {
                        let octets = self.sip.udp[place].octets(&arrived).to_vec();
                        self.message(now, Way::udp(arrived.local, arrived.from), &octets);
                    }
                }
            }
            Ready::Tcp(event) => self.sip.tcp.take(now, event),
            Ready::Lost(way) => self.handle(now, Input::Unreachable { way }),
            Ready::Found(id, records) => self.handle(now, Input::Resolved { id, records }),
        }
        self.take_port(now);
    }

    fn take_port(&mut self, now: Instant) {
        while let Some(told) = self.sip.poll(now) {
            match told {
                sip_tcp::Told::Message { way, octets } => self.message(now, way, &octets),
                sip_tcp::Told::Lost { way } => self.handle(now, Input::Unreachable { way }),
            }
        }
    }

    fn message(&mut self, now: Instant, way: Way, octets: &[u8]) {
        self.heard_of += 1;
        self.climb(now, way, Heading::Out, octets);
        self.handle(now, Input::Message { way, octets });
    }

    fn command(&mut self, now: Instant, command: Command) {
        self.handle(now, Input::Command(command));
    }

    fn handle(&mut self, now: Instant, input: Input<'_>) {
        self.stack.handle(now, input);
        while let Some(output) = self.stack.poll_output() {
            match output {
                Output::Transmit { way, octets } => {
                    self.climb(now, way, Heading::In, &octets);
                    self.sip.send(now, way, octets);
                }
                Output::Resolve { id, question } => self.sip.dns.ask(id, question),
                Output::Event(event) => self.event(now, event),
            }
        }
    }

    /// A message of the ladder, as the far end sees it: what we send comes in there.
    fn climb(&mut self, now: Instant, way: Way, heading: Heading, octets: &[u8]) {
        let Ok(message) = parse(octets) else { return };
        let seen = Seen { at_us: now.as_micros(), heading, leg: LEG, transport: way.transport };
        self.ladder.climb(&Rung::of(&message, seen, &mut self.scratch));
    }

    fn event(&mut self, now: Instant, event: Event) {
        match event {
            Event::Located { leg, way } => self.located(now, leg, way),
            Event::Ringing { .. } => self.note(now, Mark::Note, "it rings".to_owned()),
            Event::EarlyMedia { sdp, .. } => {
                if let Err(why) = self.agree(now, &sdp) {
                    self.note(now, Mark::Note, format!("early sound that is not understood: {why}"));
                }
            }
            Event::Answered { sdp, .. } => self.answered(now, &sdp),
            Event::Failed { status, .. } => {
                self.facts.status = Some(status);
                let end = if self.heard_of == 0 { End::NobodyThere } else { End::Refused(status) };
                self.over(now, end);
            }
            Event::Invite { leg, invite } => {
                self.us = invite.way.local;
                self.peer = invite.way.remote.ip();
                self.called(now, leg, invite.sdp.as_deref());
            }
            Event::Confirmed { sdp, .. } => match sdp {
                Some(sdp) => self.answered(now, &sdp),
                None => self.up(now),
            },
            Event::Bye { .. } => self.over(now, End::Theirs),
            Event::Cancelled { .. } => self.over(now, End::Cancelled),
            Event::AckMissing { .. } | Event::SessionLost { .. } => self.over(now, End::Lost),
            Event::Reoffer { leg, sdp } => self.reoffered(now, leg, sdp.as_deref()),
            Event::OfferAnswered { sdp, .. } => {
                self.change =
                    if self.agree(now, &sdp).is_ok() { Change::Settled } else { Change::Refused(488) };
            }
            Event::OfferRefused { status, .. } => self.change = Change::Refused(status),
            Event::Info { key, .. } => self.heard_key(now, key),
            // There is nobody to put anybody through to (RFC 3515 §2.4.2).
            Event::Refer { leg, .. } => self.command(now, Command::RefuseRefer { leg, status: DECLINED }),
            // Nobody logs in at this telephone.
            Event::KeepBindings(_) | Event::Host { .. } => {}
            Event::Probed { alive, .. } => {
                self.info_asked = None;
                if !alive {
                    self.note(now, Mark::Note, "the far end knows nothing of this call".to_owned());
                }
            }
        }
    }

    fn located(&mut self, now: Instant, leg: LegId, way: Way) {
        (self.us, self.peer) = (way.local, way.remote.ip());
        let sdp = self.offer();
        let target = self.settings.target.clone().unwrap_or_default();
        let call = Box::new(Outgoing {
            target,
            from_user: Phi::new(self.settings.from_user.clone()),
            carries: Default::default(),
            sdp,
        });
        self.command(now, Command::Invite { leg, way, call });
    }

    fn called(&mut self, now: Instant, leg: LegId, offer: Option<&[u8]>) {
        if self.life != Life::Idle || self.settings.callee == Callee::IsBusy {
            return self.command(now, Command::Refuse { leg, status: 486, retry_after_s: None });
        }
        self.facts.begun = Some(now);
        self.life = Life::Calling;
        let answer = match offer {
            Some(offer) => self.answer_of(now, offer),
            None => Ok(self.offer()),
        };
        match answer {
            Ok(sdp) => {
                self.facts.status = Some(200);
                self.command(now, Command::Answer { leg, sdp });
            }
            Err(why) => {
                self.command(now, Command::Refuse { leg, status: 488, retry_after_s: None });
                self.over(now, End::NoSession(why));
            }
        }
    }

    fn reoffered(&mut self, now: Instant, leg: LegId, offer: Option<&[u8]>) {
        let answer = match offer {
            Some(offer) => self.answer_of(now, offer),
            None => Ok(self.offer()),
        };
        let command = match answer {
            Ok(sdp) => Command::AnswerReoffer { leg, sdp },
            Err(_) => Command::RefuseReoffer { leg, status: 488 },
        };
        self.note(now, Mark::Note, "the far end changes the session".to_owned());
        self.command(now, command);
    }

    fn answered(&mut self, now: Instant, sdp: &[u8]) {
        self.facts.status = Some(200);
        match self.agree(now, sdp) {
            Ok(()) => self.up(now),
            Err(why) => {
                self.command(now, Command::HangUp { leg: LEG, reason: None });
                self.over(now, End::NoSession(why));
            }
        }
    }

    /// The call is answered; a re-INVITE is confirmed too, and changes nothing here.
    fn up(&mut self, now: Instant) {
        if self.life != Life::Calling {
            return;
        }
        self.life = Life::Up;
        self.facts.answered = Some(now);
        let codec = sound::name(self.codec());
        self.note(now, Mark::Note, format!("answered, in {codec}"));
    }

    fn over(&mut self, now: Instant, end: End) {
        if matches!(self.life, Life::Over(_)) {
            return;
        }
        self.note(now, Mark::Note, format!("over: {}", end.told()));
        self.life = Life::Over(end);
        self.facts.over = Some(now);
        self.media.close(now);
    }

    fn heard_key(&mut self, now: Instant, key: Key) {
        self.facts.keys_heard.push(key);
        self.note(now, Mark::Key, format!("heard key {key}"));
    }

    /// The next key by INFO once the last was answered, or in the sound once it is over.
    fn press_next(&mut self, now: Instant) {
        if self.info_asked.is_none()
            && let Some(key) = self.by_info.pop_front()
        {
            self.info_asked = Some(key);
            self.command(now, Command::Info { leg: LEG, key });
        }
        if !self.media.is_playing()
            && let Some(key) = self.in_band.pop_front()
        {
            let clip = sound::key(self.codec(), key);
            self.media.play(now, clip);
        }
    }

    /// Notes what happened, and prints it if that is wished.
    pub fn note(&mut self, now: Instant, mark: Mark, text: String) {
        if self.settings.events == Events::Printed {
            let since = now.since(self.facts.begun.unwrap_or(now));
            println!("{:>9.3}  {text}", since.as_secs_f64());
        }
        self.noted.push((now.as_micros(), Turn::Told, What::Told(mark, text)));
    }

    fn offer(&mut self) -> Vec<u8> {
        let offer = offer_answer::offer(&self.ours());
        let body = self.said(offer.body);
        self.version = offer.version;
        self.told = Some(body.clone());
        body
    }

    fn answer_of(&mut self, now: Instant, offer: &[u8]) -> Result<Vec<u8>, String> {
        let offer = read(offer).map_err(|error| error.to_string())?;
        let agreed = offer_answer::answer(&offer, &self.ours()).map_err(|error| error.to_string())?;
        let body = self.said(agreed.body.clone());
        self.version = agreed.version;
        self.told = Some(body.clone());
        self.run(now, &agreed);
        Ok(body)
    }

    /// A description of ours as it is sent.
    fn said(&self, body: Vec<u8>) -> Vec<u8> {
        match self.settings.rtp_events {
            RtpEvents::Named => body,
            RtpEvents::LeftOut => without_events(&body),
        }
    }

    fn agree(&mut self, now: Instant, answer: &[u8]) -> Result<(), String> {
        let answer = read(answer).map_err(|error| error.to_string())?;
        let offer = self.told.clone().unwrap_or_default();
        let agreed = offer_answer::read_answer(&self.ours(), &offer, &answer);
        self.run(now, &agreed.map_err(|error| error.to_string())?);
        Ok(())
    }

    fn run(&mut self, now: Instant, agreed: &Agreed) {
        let plan = StreamPlan {
            remote: agreed.remote,
            remote_rtcp: agreed.remote_rtcp,
            rtcp_mux: agreed.rtcp_mux,
            source: self.us.ip(),
            sends: agreed.sends,
            takes: agreed.takes.clone(),
            sends_events: match self.settings.rtp_events {
                RtpEvents::Named => agreed.sends_events,
                RtpEvents::LeftOut => None,
            },
            takes_events: agreed.takes_events.clone(),
            packet_ms: agreed.packet_ms,
            direction: direction(agreed.direction),
        };
        self.media.run(now, LEG, plan);
    }

    fn ours(&self) -> Ours<'_> {
        Ours {
            address: self.us.ip(),
            rtp_port: self.media.port,
            id: 1,
            version: self.version,
            last: self.told.as_deref(),
            codecs: &self.settings.codecs,
            offered: &self.settings.codecs,
            ptime_ms: self.settings.ptime_ms,
            direction: self.wish,
            peer: self.peer,
        }
    }
}

fn direction(agreed: session::Direction) -> Direction {
    let (send, receive) = match agreed {
        session::Direction::SendRecv => (true, true),
        session::Direction::SendOnly => (true, false),
        session::Direction::RecvOnly => (false, true),
        session::Direction::Inactive => (false, false),
    };
    Direction { send, receive }
}
