//! The engine in virtual time: every packet that leaves is seen, no socket and no clock is needed.

mod bed;
mod bridge;
mod keys;
mod legs;
mod moving;
mod party;
mod random;
mod recording;
mod reports;
mod room;
mod stream;
mod supervised;

use super::*;
use crate::audio::g711::{self, Law};
use crate::audio::goertzel::power;
use crate::audio::tone::sine;
use crate::id::PlaybackId;
use crate::media::command::{Clip, Direction, StreamPlan};
use crate::media::tap::{TapReader, ring};
use crate::wire::codec::{AudioFormat, Codec};
use crate::wire::rtp::{HEADER_OCTETS, Header, Packet};
use crate::wire::telephone_event::{EventFormat, Key, TelephoneEvent};
use std::sync::Arc;
use std::time::Duration;

const A: LegId = LegId(1);
const B: LegId = LegId(2);

/// A packet that left, as a receiver reads it.
#[derive(Clone, Debug)]
struct Left {
    at: Instant,
    port: PortIndex,
    to: SocketAddr,
    payload_type: u8,
    marker: bool,
    sequence: u16,
    timestamp: u32,
    ssrc: u32,
    payload: Vec<u8>,
}

/// An engine, a clock that is moved by hand, and everything that left.
struct World {
    engine: Engine,
    now: Instant,
    left: Vec<Left>,
}

impl World {
    fn new() -> Self {
        Self { engine: Engine::new(8), now: Instant::from_millis(1), left: Vec::new() }
    }

    fn command(&mut self, command: Command) {
        self.engine.command(self.now, command);
    }

    fn open(&mut self, leg: LegId, plan: StreamPlan) {
        self.open_beside(None, leg, plan);
    }

    /// Opens a leg that will talk with another one.
    fn open_beside(&mut self, beside: Option<LegId>, leg: LegId, plan: StreamPlan) {
        let silent_after = Duration::from_secs(60);
        let (ssrc, port) = (100 + leg.0 as u32, PortIndex(leg.0 as u32));
        let (sequence, timestamp) = (65_530, u32::MAX - 1_000);
        self.command(Command::Open {
            leg,
            port,
            plan,
            ssrc,
            sequence,
            timestamp,
            beside,
            seed: 7,
            silent_after,
        });
    }

    fn play(&mut self, leg: LegId, playback: u64, octets: Vec<u8>) {
        let clips = vec![Clip { codec: Codec::Pcmu, octets: Arc::from(octets) }];
        self.command(Command::Play { leg, playback: PlaybackId(playback), clips, repeat: false });
    }

    fn rtp(&mut self, leg: LegId, from: SocketAddr, packet: &[u8]) {
        self.engine.receive(self.now, PortIndex(leg.0 as u32), Kind::Rtp, from, packet);
    }

    /// Serves every slot up to `ms` from now.
    fn run_ms(&mut self, ms: u64) {
        let end = self.now + Duration::from_millis(ms);
        while let Some(slot) = self.engine.next_slot().filter(|slot| slot.at() <= end) {
            self.now = slot.at().max(self.now);
            let (at, left) = (self.now, &mut self.left);
            self.engine.tick(at, slot, &mut |departure| left.extend(read(at, &departure)));
        }
        self.now = end;
    }

    fn tick(&mut self) {
        self.run_ms(20);
    }

    fn sent_to(&self, leg: LegId) -> Vec<&Left> {
        self.left.iter().filter(|left| left.port == PortIndex(leg.0 as u32)).collect()
    }

    fn events(&mut self) -> Vec<Event> {
        std::iter::from_fn(|| self.engine.take_event()).collect()
    }
}

/// A packet of sound or keys; reports are looked at in `reports.rs`.
fn read(at: Instant, departure: &Departure<'_>) -> Option<Left> {
    if crate::wire::rtcp::is_rtcp(departure.octets) {
        return None;
    }
    let packet = Packet::read(departure.octets).unwrap();
    Some(Left {
        at,
        port: departure.port,
        to: departure.to,
        payload_type: packet.payload_type,
        marker: packet.marker,
        sequence: packet.sequence,
        timestamp: packet.timestamp,
        ssrc: packet.ssrc,
        payload: packet.payload.to_vec(),
    })
}

fn party(leg: LegId) -> SocketAddr {
    SocketAddr::new("10.0.0.9".parse().unwrap(), 4_000 + leg.0 as u16)
}

fn plan(leg: LegId) -> StreamPlan {
    StreamPlan {
        remote: party(leg),
        remote_rtcp: party(leg),
        rtcp_mux: false,
        source: "10.0.0.1".parse().unwrap(),
        sends: AudioFormat { payload_type: 0, codec: Codec::Pcmu },
        takes: vec![AudioFormat { payload_type: 0, codec: Codec::Pcmu }],
        sends_events: Some(EventFormat { payload_type: 101, clock_hz: 8_000 }),
        takes_events: vec![EventFormat { payload_type: 101, clock_hz: 8_000 }],
        packet_ms: 20,
        direction: Direction { send: true, receive: true },
    }
}

/// The plan with another codec, in both directions.
fn in_codec(plan: StreamPlan, payload_type: u8, codec: Codec) -> StreamPlan {
    let format = AudioFormat { payload_type, codec };
    StreamPlan { sends: format, takes: vec![format], ..plan }
}

/// The plan with keys under that number, or without.
fn with_keys(plan: StreamPlan, payload_type: Option<u8>) -> StreamPlan {
    let format = payload_type.map(|payload_type| EventFormat { payload_type, clock_hz: 8_000 });
    StreamPlan { sends_events: format, takes_events: format.into_iter().collect(), ..plan }
}

fn packet(payload_type: u8, ssrc: u32, sequence: u16, timestamp: u32, payload: &[u8]) -> Vec<u8> {
    let mut head = [0; HEADER_OCTETS];
    Header { marker: false, payload_type, sequence, timestamp, ssrc }.write(&mut head);
    [&head[..], payload].concat()
}

/// The `n`th audio packet of a party who says `octets`.
fn audio(n: u16, octets: &[u8; 160]) -> Vec<u8> {
    packet(0, 55, n, u32::from(n) * 160, octets)
}

fn event(sequence: u16, timestamp: u32, duration: u16, end: bool) -> Vec<u8> {
    let told = TelephoneEvent { event: 5, end, volume: 10, duration };
    packet(101, 55, sequence, timestamp, &told.write())
}

/// `ticks` frames of a tone, in µ-law.
fn tone(frequency_hz: u32, ticks: usize) -> Vec<[u8; 160]> {
    let samples = sine(frequency_hz, Duration::from_millis(20 * ticks as u64), 8_000);
    let octets: Vec<u8> = samples.iter().map(|sample| g711::encode(Law::Mu, *sample)).collect();
    octets.as_chunks::<160>().0.to_vec()
}

fn samples(codec: Codec, octets: &[u8]) -> Vec<i16> {
    let law = Law::of(codec).expect("G.711");
    octets.iter().map(|octet| g711::decode(law, *octet)).collect()
}

/// Which of the tones is in the sound: those with over a thousandth of full scale's power.
fn tones_in(codec: Codec, octets: &[u8], tones: &[u32]) -> Vec<u32> {
    let samples = samples(codec, octets);
    tones.iter().copied().filter(|tone| power(&samples, *tone) > 1.0e6).collect()
}

#[track_caller]
fn assert_unbroken(packets: &[&Left], samples: u32) {
    for pair in packets.windows(2) {
        assert_eq!(pair[1].sequence, pair[0].sequence.wrapping_add(1), "{:?} {:?}", pair[0], pair[1]);
        assert_eq!(pair[1].timestamp, pair[0].timestamp.wrapping_add(samples), "{:?} {:?}", pair[0], pair[1]);
        assert_eq!(pair[1].ssrc, pair[0].ssrc);
    }
}

fn frames(reader: &mut TapReader) -> Vec<crate::media::tap::Frame> {
    std::iter::from_fn(|| reader.pop()).collect()
}
