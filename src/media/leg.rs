//! One leg's media, the HOT PATH: `receive` for each packet, `tick` every 20 ms. No allocation in either.
//!
//! ```text
//!  receive   read ─▶ latch ─▶ count ─▶ keys ─▶ listener (only while somebody listens)
//!  tick      listener ─▶ said │ bridged leg's said, player or silence ─▶ tap ─▶ keys ─▶ own codec ─▶ sender ─▶ packets
//! ```
//! From its opening on a leg sends one unbroken stream: what it says changes, its SSRC, sequence numbers
//! and timestamps run on. Which leg hears which, and when ticks are due, is the engine's job.

pub mod ahead;
mod pressing;
pub mod reports;
mod saying;

use crate::audio::comfort_noise::Level;
use crate::audio::sound::{Lying, Sound};
use crate::audio::transcode::Transcoder;
use crate::clock::{Instant, WallTime};
use crate::id::{LegId, PlaybackId};
use crate::media::bed::Bed;
use crate::media::bridge::{PassedOn, Relay};
use crate::media::command::{Counters, Ears, Event, KeysGo, Kind, PortIndex, StreamPlan};
use crate::media::dtmf::Detector;
use crate::media::key_sender::{EventStream, KeySender};
use crate::media::listener::{Listener, Told};
use crate::media::outbox::Outbox;
use crate::media::player::Player;
use crate::media::room::Seat;
use crate::media::sender::{Beginning, Sender};
use crate::media::slot::Slot;
use crate::media::tap::{Kept, Tap};
use crate::media::taping::Taping;
use crate::rng::Rng;
use crate::rtp::jitter::Arrival;
use crate::rtp::latch::{Candidate, Latch, Strangers, Verdict};
use crate::rtp::loss::Losses;
use crate::rtp::reporter::{self, Reporter};
use crate::rtp::sequence::Source;
use crate::wire::codec::Codec;
use crate::wire::telephone_event::{self, Key, PAYLOAD_OCTETS, TelephoneEvent};
use crate::wire::{rtcp, rtp};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

/// A packet that leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Departure<'a> {
    /// The port whose socket sends it.
    pub port: PortIndex,
    /// Which of its two sockets.
    pub kind: Kind,
    /// Our address that it leaves from.
    pub source: IpAddr,
    /// Where it goes.
    pub to: SocketAddr,
    /// The packet.
    pub octets: &'a [u8],
}

/// One party's media. What a packet and a tick of a talk need lies together, from [`Leg::HEAD`] on.
#[derive(Debug)]
#[repr(C)]
pub struct Leg {
    relay: Relay,
    plan: StreamPlan,
    id: LegId,
    port: PortIndex,
    bridged_to: Option<PortIndex>,
    seat: Option<Seat>,
    ears: Ears,
    /// Where key events go.
    keys_go: KeysGo,
    /// A key came as an event.
    events_come: bool,
    /// The newest press began outside a talk: what is left of it is for no other party.
    press_is_ours: bool,
    life: Life,
    source: Option<Source>,
    sender: Sender,
    counters: Counters,
    /// A playing whose last octets wait for their packet, and how many they are.
    finishing: Option<(PlaybackId, usize)>,
    player: Option<Player>,
    /// The end of a playing that was cut, faded, where a hard cut would click.
    tail: Option<Box<Sound>>,
    /// Keys that are being pressed; in a talk of a party that takes no events always there, for those of others.
    pressing: Option<Box<KeySender>>,
    tap: Option<Taping>,
    /// What is heard while nothing else is.
    bed: Option<Box<Bed>>,
    latch: Latch,
    /// Only while somebody listens: the recorder, the other leg of a bridge, or ears for keys and fax.
    listener: Option<Listener>,
    reporter: Reporter,
    /// What was lost of sources before this one.
    losses_before: Losses,
    keys: Detector,
    /// Only once something was to be said in another codec than the leg's.
    transcoder: Option<Box<Transcoder>>,
}

/// Everything that the opening of a leg needs.
#[derive(Debug)]
pub struct Opening {
    /// The leg.
    pub leg: LegId,
    /// Its port.
    pub port: PortIndex,
    /// What was agreed on.
    pub plan: StreamPlan,
    /// Where the stream that we send begins.
    pub beginning: Beginning,
    /// What chance the leg has.
    pub seed: u64,
    /// After this long without RTP and RTCP the party is silent.
    pub silent_after: Duration,
    /// Who sent to this port before.
    pub strangers: Strangers,
}

#[derive(Clone, Copy, Debug)]
struct Life {
    last: Instant,
    silent_after: Duration,
    /// The first valid packet was told.
    begun: bool,
    /// The silence was told.
    silent: bool,
}

/// What a packet of the party is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Meaning {
    Audio(Codec),
    /// An event, counted in this clock.
    Key {
        clock_hz: u32,
    },
    /// It is silent, and how (RFC 3389).
    Comfort,
    /// Of a payload type that was not agreed on.
    Noise,
}

impl Leg {
    /// A leg that sends silence from its next tick on.
    pub fn open(opening: Opening, now: Instant) -> Self {
        let Opening { leg, port, plan, beginning, seed, silent_after, strangers } = opening;
        Self {
            id: leg,
            port,
            latch: Latch::new(plan.remote, strangers),
            source: None,
            losses_before: Losses::default(),
            reporter: Reporter::new(beginning.ssrc, Rng::seeded(seed), now),
            keys: Detector::default(),
            life: Life { last: now, silent_after, begun: false, silent: false },
            sender: Sender::new(beginning, &plan),
            player: None,
            finishing: None,
            tail: None,
            relay: Relay::default(),
            pressing: None,
            bridged_to: None,
            press_is_ours: false,
            tap: None,
            bed: None,
            seat: None,
            ears: Ears::default(),
            keys_go: KeysGo::ToTheOthers,
            events_come: false,
            listener: None,
            transcoder: None,
            counters: Counters::default(),
            plan,
        }
    }

    /// Which leg this is.
    pub const fn id(&self) -> LegId {
        self.id
    }

    /// The leg hears nobody, and what its party says is still gathered: it will be bridged again.
    pub fn part(&mut self) {
        self.bridged_to = None;
        self.relay.clear();
    }

    /// The leg lives at this port from now on.
    pub fn settle(&mut self, port: PortIndex) {
        self.port = port;
    }

    /// The port of the leg that this one is bridged to.
    pub const fn bridged_to(&self) -> Option<PortIndex> {
        self.bridged_to
    }

    /// What the party said in this leg's last tick to those that hear it: nothing if it is not listened to, and nothing
    /// while it has us on hold, for then it sends music of its own, or the sound of a room where nobody speaks with us.
    pub fn said(&self) -> Option<Lying<'_>> {
        self.listener.as_ref().filter(|_| self.plan.direction.send).map(|listener| listener.said())
    }

    /// The party's address, when nobody else can be heard before the next offer and answer.
    pub const fn certain_party(&self) -> Option<SocketAddr> {
        self.latch.certain()
    }

    /// The host and source of the party's packets, for the port's next owner to be wary of.
    pub fn party(&self) -> Option<(IpAddr, u32)> {
        self.source.as_ref().map(|source| (self.latch.to().ip(), source.ssrc()))
    }

    /// A new offer and answer.
    pub fn replan(&mut self, plan: StreamPlan, now: Instant) {
        self.latch.replan(plan.remote);
        self.sender.replan(&plan);
        let is_taken = |codec| plan.takes.iter().any(|format| format.codec == codec);
        let is_another = plan.remote != self.plan.remote;
        if self.listener.as_ref().is_some_and(|listener| is_another || !is_taken(listener.codec())) {
            // What the party of before said is heard no more: another one may go on with its source's name.
            self.stop_listening();
        }
        self.life.last = now;
        self.life.silent = false;
        let clock_hz = plan.expected().clock_hz();
        self.source = self.source.take().map(|source| source.at_clock(clock_hz));
        let took_events = self.plan.sends_events.is_some();
        self.plan = plan;
        self.keys_as_planned(took_events);
        self.listen_if_needed();
    }

    /// Feeds `tap` from the next tick on, in place of the tap there was.
    pub fn record(&mut self, tap: Tap, now: Instant, outbox: &mut Outbox) {
        self.stop_recording(now, outbox);
        self.tap = Some(Taping::begin(self.id, tap, now, outbox));
        self.listen_if_needed();
    }

    /// Ends the tap.
    pub fn stop_recording(&mut self, now: Instant, outbox: &mut Outbox) {
        if let Some(taping) = self.tap.take() {
            taping.close(now, outbox);
        }
        self.listen_if_needed();
    }

    /// What the tap keeps from the next tick on.
    pub fn keep(&mut self, kept: Kept, now: Instant, outbox: &mut Outbox) {
        if let Some(taping) = &mut self.tap {
            taping.keep(kept, now, outbox);
        }
    }

    /// The leg's place in a room, or in none.
    pub fn sit(&mut self, seat: Option<Seat>) {
        self.seat = seat;
        self.relay.clear();
        self.make_room_for_tones();
        self.listen_if_needed();
    }

    /// The leg's place in a room.
    pub const fn seat(&self) -> Option<Seat> {
        self.seat
    }

    /// The leg hears the leg at `other` from its next tick on, or nobody.
    pub fn bridge_to(&mut self, other: Option<PortIndex>) {
        self.bridged_to = other;
        self.relay.clear();
        self.make_room_for_tones();
        self.listen_if_needed();
    }

    /// What the party's sound is listened to for from the next tick on.
    pub fn listen(&mut self, ears: Ears) {
        // Who has sent a key as an event needs no ear for keys.
        self.ears = Ears { keys: ears.keys && !self.events_come, ..ears };
        self.listen_if_needed();
    }

    /// Where the party's key events go from now on. What is left of a press goes where its beginning went.
    pub const fn send_keys(&mut self, go: KeysGo) {
        self.keys_go = go;
    }

    fn stop_listening(&mut self) {
        self.counters.late += self.listener.take().map_or(0, |listener| listener.late());
    }

    fn listen_if_needed(&mut self) {
        let needed = self.tap.is_some() || self.bridged_to.is_some() || self.seat.is_some();
        let needed = needed || self.ears != Ears::default();
        if let Some(listener) = &mut self.listener {
            listener.listen_for(self.ears);
        }
        if !needed {
            self.stop_listening();
        } else if self.listener.is_none() {
            let mut listener = Listener::new(self.plan.expected());
            listener.listen_for(self.ears);
            self.listener = Some(listener);
        }
    }

    /// The party's keys go to others too.
    fn passes_keys_on(&self) -> bool {
        let in_talk =
            self.bridged_to.is_some() || self.seat.is_some_and(|seat| seat.keys() == KeysGo::ToTheOthers);
        in_talk && self.keys_go == KeysGo::ToTheOthers
    }

    /// Takes one datagram of the RTP port. A key that is for others too comes back.
    pub fn receive(
        &mut self,
        now: Instant,
        from: SocketAddr,
        octets: &[u8],
        outbox: &mut Outbox,
    ) -> Option<PassedOn> {
        if rtcp::is_rtcp(octets) {
            self.receive_rtcp(now, from, octets);
            return None;
        }
        let Ok(packet) = rtp::Packet::read(octets) else {
            self.counters.malformed += 1;
            return None;
        };
        let Some(meaning) = self.meaning(now, &packet, from) else {
            self.counters.refused += 1;
            return None;
        };
        self.sign_of_life(now);
        if meaning == Meaning::Noise {
            self.counters.refused += 1;
            return None;
        }
        self.counters.received += 1;
        if !self.life.begun {
            self.life.begun = true;
            outbox.tell(Event::FirstPacket { leg: self.id, at: now });
        }
        self.count(&packet);
        match meaning {
            Meaning::Audio(codec) => {
                self.hear(codec, &packet, now);
                None
            }
            Meaning::Key { clock_hz } => self.take_event(&packet, clock_hz, now, outbox),
            Meaning::Comfort => {
                if let (Some(listener), Some(level)) = (&mut self.listener, Level::read(packet.payload)) {
                    listener.comfort(level);
                }
                None
            }
            Meaning::Noise => None,
        }
    }

    /// Takes one datagram of the RTCP port: any report of the party is a sign of life.
    pub fn receive_rtcp(&mut self, now: Instant, from: SocketAddr, octets: &[u8]) {
        let party = [self.plan.remote.ip(), self.plan.remote_rtcp.ip(), self.latch.to().ip()];
        if party.contains(&from.ip()) && rtcp::read(octets).is_ok() {
            self.sign_of_life(now);
            let heard = self.source.as_ref().map(Source::ssrc);
            // What does not hang together is a sign of life, and no report.
            let _: Result<_, _> = self.reporter.receive(now, octets, self.sender.sent(), heard);
        }
    }

    /// What a packet is, if it is the party's. Once the party is known, what it sends without agreement
    /// (comfort noise) still shows that it is there.
    fn meaning(&mut self, at: Instant, packet: &rtp::Packet<'_>, from: SocketAddr) -> Option<Meaning> {
        let number = packet.payload_type;
        let meaning = if let Some(format) = self.plan.takes.iter().find(|it| it.payload_type == number) {
            Meaning::Audio(format.codec)
        } else if let Some(events) = self.plan.takes_events.iter().find(|it| it.payload_type == number) {
            Meaning::Key { clock_hz: events.clock_hz }
        } else if self.latch.latched() != Some(from) {
            return None;
        } else if packet.payload_type == ASSUMED_TELEPHONE_EVENT && packet.payload.len() == PAYLOAD_OCTETS {
            return Some(Meaning::Key { clock_hz: telephone_event::CLOCK_HZ });
        } else if number == COMFORT_NOISE {
            return Some(Meaning::Comfort);
        } else {
            return Some(Meaning::Noise);
        };
        let candidate = Candidate { at, from, ssrc: packet.ssrc, sequence: packet.sequence };
        (self.latch.judge(candidate) == Verdict::Taken).then_some(meaning)
    }

    fn sign_of_life(&mut self, now: Instant) {
        self.life.last = now;
        self.life.silent = false;
    }

    fn count(&mut self, packet: &rtp::Packet<'_>) {
        let clock_hz = self.plan.expected().clock_hz();
        match &mut self.source {
            Some(source) if source.ssrc() == packet.ssrc => source.take(packet.sequence),
            source => {
                let before = source.as_ref().map_or(Losses::default(), Source::losses);
                self.losses_before = self.losses_before.and(before);
                *source = Some(Source::new(packet.ssrc, packet.sequence).at_clock(clock_hz));
            }
        }
    }

    /// A packet's arrival is the tick in which it was read: jitter under 20 ms is not seen.
    fn hear(&mut self, codec: Codec, packet: &rtp::Packet<'_>, now: Instant) {
        if let Some(source) = &mut self.source {
            source.take_timestamp(packet.timestamp, now);
        }
        if let Some(listener) = self.listener.as_mut().filter(|_| self.plan.direction.receive) {
            let rtp::Packet { ssrc, sequence, timestamp, payload, .. } = *packet;
            listener.put(codec, Arrival { ssrc, sequence, timestamp, octets: payload });
        }
    }

    fn take_event(
        &mut self,
        packet: &rtp::Packet<'_>,
        clock_hz: u32,
        now: Instant,
        outbox: &mut Outbox,
    ) -> Option<PassedOn> {
        let Ok(event) = TelephoneEvent::read(packet.payload) else {
            self.counters.malformed += 1;
            return None;
        };
        self.events_come = true;
        self.keys.reclock(clock_hz);
        if self.ears.keys {
            self.listen(Ears { keys: false, ..self.ears });
        }
        let pressed = self.keys.take(packet.ssrc, packet.timestamp, event);
        if let Some(key) = pressed {
            self.counters.keys += 1;
            self.press_is_ours = !self.passes_keys_on();
            outbox.tell_key(Event::Key { leg: self.id, key, at: now });
        }
        let is_ours = self.press_is_ours && Key::from_event(event.event).is_some();
        let (ssrc, timestamp) = (packet.ssrc, packet.timestamp);
        (!is_ours && self.passes_keys_on()).then_some(PassedOn { ssrc, timestamp, clock_hz, event, pressed })
    }

    /// One tick of 20 ms. `scratch` is room for what is said; `send` takes what leaves.
    pub fn tick(
        &mut self,
        turn: Turn<'_>,
        scratch: &mut Scratch,
        outbox: &mut Outbox,
        send: &mut impl FnMut(Departure<'_>),
    ) {
        let Turn { slot, now, wall, heard } = turn;
        self.hear_tick(now, outbox);
        if self.reporter.poll_timeout().at <= now {
            self.report(reporter::Now { at: now, wall }, send);
        }
        let Scratch { ours, sent } = scratch;
        self.say(heard, ours);
        self.feed_tap(ours, slot, outbox);
        self.sound_keys(ours);
        let sound = self.in_own_codec(ours, sent);
        let (port, source, to) = (self.port, self.plan.source, self.latch.to());
        let mut depart = |octets: &[u8]| send(Departure { port, kind: Kind::Rtp, source, to, octets });
        if let Some(events) = self.plan.sends_events {
            let timestamp = self.sender.timestamp();
            self.relay.flush(events, timestamp, |event| self.sender.send_event(event, &mut depart));
            if let Some(pressing) = &mut self.pressing {
                let stream = EventStream { payload_type: events.payload_type, clock_hz: events.clock_hz };
                pressing.tick(stream, timestamp, |event| self.sender.send_event(event, &mut depart));
            }
            self.pressing.take_if(|pressing| pressing.is_idle());
        }
        let gone = self.sender.push(sound, &mut depart);
        self.tell_finished(gone, now, outbox);
        self.tell_silence(now, outbox);
    }

    /// 20 ms of the party, and what its sound tells: a key, or a fax machine.
    fn hear_tick(&mut self, now: Instant, outbox: &mut Outbox) {
        let Some(listener) = &mut self.listener else { return };
        let leg = self.id;
        let counters = &mut self.counters;
        let may_echo = self.pressing.as_ref().is_some_and(|pressing| pressing.may_echo());
        listener.tick(&mut |told| match told {
            Told::Key(_) if may_echo => {}
            Told::Key(key) => {
                counters.keys += 1;
                outbox.tell_key(Event::Key { leg, key, at: now });
            }
            Told::Fax => outbox.tell(Event::Fax { leg, at: now }),
        });
    }

    /// Passes over ticks that the worker was too late for: time runs on, nothing is sent.
    pub fn skip(&mut self, ticks: u64) {
        self.sender.skip(ticks);
        if let Some(taping) = &mut self.tap {
            taping.skip(ticks, &Sound::silence(self.plan.sends.codec.between_legs()));
        }
    }

    fn feed_tap(&mut self, ours: &Sound, slot: Slot, outbox: &mut Outbox) {
        let Some(taping) = &mut self.tap else { return };
        match &self.listener {
            Some(listener) => taping.push(listener.said(), ours, slot, outbox),
            None => taping.push(Lying::from(&Sound::silence(ours.codec())), ours, slot, outbox),
        }
    }

    fn tell_silence(&mut self, now: Instant, outbox: &mut Outbox) {
        let Life { last, silent_after, silent, .. } = self.life;
        if self.plan.direction.receive && !silent && now.since(last) >= silent_after {
            self.life.silent = true;
            outbox.tell(Event::MediaSilent { leg: self.id, at: now });
        }
    }
}

/// The static payload type of comfort noise (RFC 3389 §4).
const COMFORT_NOISE: u8 = 13;

/// Some phones send keys with this payload type whatever was agreed on.
const ASSUMED_TELEPHONE_EVENT: u8 = 101;

/// When a leg ticks, and what it hears then.
#[derive(Clone, Copy, Debug)]
pub struct Turn<'a> {
    /// The slot that it is.
    pub slot: Slot,
    /// The engine's time.
    pub now: Instant,
    /// The calendar's.
    pub wall: WallTime,
    /// What the other leg of the bridge said.
    pub heard: Option<&'a Sound>,
}

/// Room for the sound of one tick, shared by all legs of a worker.
#[derive(Clone, Debug)]
pub struct Scratch {
    /// What is said, in whatever codec.
    ours: Sound,
    /// The same in the leg's own codec, where that is another.
    sent: Sound,
}

impl Default for Scratch {
    fn default() -> Self {
        let silence = Sound::silence(Codec::Pcmu);
        Self { ours: silence, sent: silence }
    }
}
