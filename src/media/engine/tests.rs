//! The engine in virtual time: every packet that leaves is seen, no socket and no clock is needed.

mod random;

use super::*;
use crate::audio::g711;
use crate::audio::goertzel::power;
use crate::audio::tone::sine;
use crate::id::PlaybackId;
use crate::media::command::{Clip, Direction, StreamPlan};
use crate::media::tap::{TapReader, ring};
use crate::wire::codec::Codec;
use crate::wire::rtp::{HEADER_OCTETS, Header, Packet};
use crate::wire::telephone_event::{Key, TelephoneEvent};
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
        let silent_after = Duration::from_secs(60);
        let (ssrc, port) = (100 + leg.0 as u32, PortIndex(leg.0 as u32));
        let (sequence, timestamp) = (65_530, u32::MAX - 1_000);
        self.command(Command::Open { leg, port, plan, ssrc, sequence, timestamp, silent_after });
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
            self.engine.tick(at, slot, &mut |departure| left.push(read(at, &departure)));
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

fn read(at: Instant, departure: &Departure<'_>) -> Left {
    let packet = Packet::read(departure.octets).unwrap();
    Left {
        at,
        port: departure.port,
        to: departure.to,
        payload_type: packet.payload_type,
        marker: packet.marker,
        sequence: packet.sequence,
        timestamp: packet.timestamp,
        ssrc: packet.ssrc,
        payload: packet.payload.to_vec(),
    }
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
        codec: Codec::Pcmu,
        payload_type: 0,
        telephone_event: Some(101),
        samples_per_packet: 160,
        direction: Direction { send: true, receive: true },
    }
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
    let octets: Vec<u8> = samples.iter().map(|sample| g711::encode(Codec::Pcmu, *sample)).collect();
    octets.as_chunks::<160>().0.to_vec()
}

fn samples(codec: Codec, octets: &[u8]) -> Vec<i16> {
    octets.iter().map(|octet| g711::decode(codec, *octet)).collect()
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

#[test]
fn the_stream_is_unbroken_over_silence_prompt_stop_bridge_and_parting() {
    let mut world = World::new();
    world.open(A, plan(A));
    world.open(B, plan(B));
    world.run_ms(100);
    world.play(A, 1, vec![7; 16_000]);
    world.run_ms(100);
    world.command(Command::Stop { leg: A });
    world.run_ms(100);
    world.command(Command::Bridge { a: A, b: B });
    world.run_ms(100);
    world.command(Command::Unbridge { leg: B });
    world.run_ms(100);
    for leg in [A, B] {
        let sent = world.sent_to(leg);
        assert_eq!((sent.len(), sent[0].marker, sent[1].marker), (25, true, false));
        assert_unbroken(&sent, 160);
        assert!(sent.windows(2).all(|pair| pair[1].at.since(pair[0].at) == TICK), "{sent:?}");
    }
    let octets: Vec<u8> = world.sent_to(A).iter().map(|left| left.payload[0]).collect();
    let expected = [vec![255; 5], vec![7; 5], vec![255; 15]].concat();
    assert_eq!(octets, expected);
}

#[test]
fn a_stop_takes_effect_at_the_next_tick_and_a_playing_ends_once() {
    let mut world = World::new();
    world.open(A, plan(A));
    let ended = |playback, completed, at| {
        let at = Instant::from_millis(at);
        Event::PlaybackEnded { leg: A, playback: PlaybackId(playback), completed, at }
    };
    world.play(A, 1, vec![7; 1_600]);
    world.run_ms(59);
    world.command(Command::Stop { leg: A });
    assert_eq!(world.events(), [ended(1, false, 60)]);
    world.play(A, 2, vec![8; 1_600]);
    world.tick();
    world.play(A, 3, vec![9; 320]);
    assert_eq!(world.events(), [ended(2, false, 80)]);
    world.run_ms(100);
    assert_eq!(world.events(), [ended(3, true, 120)]);
    let octets: Vec<u8> = world.sent_to(A).iter().map(|left| left.payload[0]).collect();
    assert_eq!(octets, [7, 7, 7, 8, 9, 9, 255, 255, 255]);
}

#[test]
fn packets_of_every_ptime_leave_at_the_right_pace() {
    for (samples, packets) in [(80, 100), (160, 50), (240, 33), (320, 25), (480, 16), (1, 100), (9_999, 16)] {
        let mut world = World::new();
        world.open(A, StreamPlan { samples_per_packet: samples, ..plan(A) });
        world.play(A, 1, (0..8_000).map(|n| (n / 80) as u8).collect());
        world.run_ms(1_019);
        let sent = world.sent_to(A);
        let samples = samples.clamp(80, 480);
        assert!(sent.len().abs_diff(packets) <= 2, "{samples} samples: {} packets", sent.len());
        assert_unbroken(&sent, samples);
        let octets: Vec<u8> = sent.iter().flat_map(|left| left.payload.clone()).take(7_200).collect();
        assert!((0..7_200).all(|n| octets[n] == (n / 80) as u8), "{samples} samples: {octets:?}");
    }
}

#[test]
fn a_prompt_is_told_to_be_over_when_its_last_octet_has_left() {
    for (samples, octets) in [(160, 480), (160, 481), (240, 480), (480, 480), (480, 500), (80, 90)] {
        let mut world = World::new();
        world.open(A, StreamPlan { samples_per_packet: samples, ..plan(A) });
        world.play(A, 1, vec![7; octets]);
        let ended =
            |world: &mut World| world.events().iter().any(|e| matches!(e, Event::PlaybackEnded { .. }));
        while !ended(&mut world) {
            world.tick();
            assert!(world.left.len() < 100);
        }
        let gone = world.left.iter().flat_map(|left| &left.payload).filter(|octet| **octet == 7).count();
        assert_eq!(gone, octets, "{samples} samples in a packet");
        let last =
            world.left.last().map_or(0, |left| left.payload.iter().filter(|octet| **octet == 7).count());
        assert!(last > 0 || samples < 160, "{samples} samples: told a packet late");
    }
}

#[test]
fn on_hold_nothing_leaves_time_runs_on_and_the_prompt_waits() {
    let mut world = World::new();
    world.open(A, plan(A));
    world.play(A, 1, vec![7; 800]);
    world.run_ms(60);
    let held = Direction { send: false, receive: false };
    world.command(Command::Replan { leg: A, plan: StreamPlan { direction: held, ..plan(A) } });
    world.run_ms(200);
    assert_eq!(world.left.len(), 3);
    world.command(Command::Replan { leg: A, plan: plan(A) });
    world.run_ms(100);
    let sent = world.sent_to(A);
    let (before, after) = (sent[2], sent[3]);
    assert_eq!(after.sequence, before.sequence.wrapping_add(1), "no loss");
    assert_eq!(after.timestamp, before.timestamp.wrapping_add(11 * 160), "but 200 ms of time");
    assert!(after.marker && !sent[4].marker);
    let octets: Vec<u8> = sent.iter().map(|left| left.payload[0]).collect();
    assert_eq!(octets, [7, 7, 7, 7, 7, 255, 255, 255], "the prompt went on where it was");
}

#[test]
fn a_finished_caller_who_keeps_sending_is_never_heard_by_the_next_leg() {
    let mut world = World::new();
    let ghost: SocketAddr = "198.51.100.9:7000".parse().unwrap();
    let port = PortIndex(1);
    let open = |leg, remote| {
        let silent_after = Duration::from_secs(60);
        let plan = StreamPlan { remote, ..plan(A) };
        Command::Open { leg, port, plan, ssrc: 1, sequence: 1, timestamp: 1, silent_after }
    };
    world.command(open(A, ghost));
    let mut n = 0;
    let mut ghost_sends = |world: &mut World, ms: u64| {
        for _ in 0..ms / 20 {
            n += 1;
            world.engine.receive(
                world.now,
                port,
                Kind::Rtp,
                ghost,
                &packet(0, 666, n, u32::from(n) * 160, &[9; 160]),
            );
            let event = TelephoneEvent { event: 5, end: false, volume: 0, duration: 160 }.write();
            world.engine.receive(
                world.now,
                port,
                Kind::Rtp,
                ghost,
                &packet(101, 666, n, u32::from(n), &event),
            );
            world.tick();
        }
    };
    ghost_sends(&mut world, 1_000);
    world.command(Command::Close { leg: A });
    ghost_sends(&mut world, 10_000);
    world.events();
    let nat: SocketAddr = "203.0.113.5:6000".parse().unwrap();
    world.command(open(B, "192.168.1.7:4000".parse().unwrap()));
    let (tap, mut reader) = ring(2_000);
    world.command(Command::Record { leg: B, tap });
    ghost_sends(&mut world, 10_000);
    for n in 0..500u16 {
        world.engine.receive(
            world.now,
            port,
            Kind::Rtp,
            nat,
            &packet(0, 5, n, u32::from(n) * 160, &[3; 160]),
        );
        ghost_sends(&mut world, 20);
    }
    let told = world.events();
    assert!(!told.iter().any(|event| matches!(event, Event::Key { .. })), "{told:?}");
    let heard: Vec<u8> = std::iter::from_fn(|| reader.pop()).map(|frame| frame.party[0]).collect();
    assert!(!heard.contains(&9) && heard.contains(&3), "{heard:?}");
    let to: Vec<SocketAddr> = world.left.iter().rev().take(10).map(|left| left.to).collect();
    assert_eq!(to, [nat; 10]);
}

#[test]
fn a_party_behind_nat_that_speaks_before_it_answers_is_heard_and_a_ghost_beside_it_is_not() {
    let (ghost, nat): (SocketAddr, SocketAddr) =
        ("198.51.100.9:7000".parse().unwrap(), "203.0.113.5:6000".parse().unwrap());
    for (promised, heard) in [(true, 3), (false, 255)] {
        let (mut world, port, mut n) = (World::new(), PortIndex(1), 0);
        let mut send = |world: &mut World, senders: &[(SocketAddr, u32, u8)]| {
            for _ in 0..50 {
                n += 1;
                for &(from, ssrc, said) in senders {
                    let packet = packet(0, ssrc, n, u32::from(n) * 160, &[said; 160]);
                    world.engine.receive(world.now, port, Kind::Rtp, from, &packet);
                }
                world.tick();
            }
        };
        send(&mut world, &[(ghost, 666, 9)]);
        if promised {
            world.command(Command::Promise { port });
            world.tick();
        }
        send(&mut world, &[(ghost, 666, 9), (nat, 5, 3)]);
        world.open(A, StreamPlan { remote: "192.168.1.7:4000".parse().unwrap(), ..plan(A) });
        let (tap, mut reader) = ring(200);
        world.command(Command::Record { leg: A, tap });
        send(&mut world, &[(ghost, 666, 9), (nat, 5, 3)]);
        let frames: Vec<u8> = std::iter::from_fn(|| reader.pop()).map(|frame| frame.party[0]).collect();
        assert!(!frames.contains(&9), "the ghost is heard: {frames:?}");
        assert_eq!(frames.last(), Some(&heard), "promised: {promised}: {frames:?}");
    }
}

#[test]
fn nobody_is_latched_by_a_payload_type_that_was_not_agreed_on() {
    let mut world = World::new();
    world.open(A, plan(A));
    for n in 0..5 {
        world.rtp(A, party(A), &packet(9, 55, n, 0, &[0; 160]));
        world.rtp(A, party(B), &packet(9, 55, n, 0, &[0; 160]));
        world.rtp(A, party(A), &[0; 40]);
    }
    world.command(Command::Close { leg: A });
    let events = world.events();
    let Some(Event::Closed { counters, .. }) = events.last() else { panic!("{events:?}") };
    assert_eq!((counters.received, counters.refused, counters.malformed, events.len()), (0, 10, 5, 1));
}

#[test]
fn each_party_of_a_bridge_hears_the_other_and_not_itself() {
    for (codec_b, payload_type_b) in [(Codec::Pcmu, 0), (Codec::Pcma, 8)] {
        let mut world = World::new();
        world.open(A, plan(A));
        let plan_b = StreamPlan { codec: codec_b, payload_type: payload_type_b, ..plan(B) };
        world.open(B, plan_b);
        world.command(Command::Bridge { a: A, b: B });
        for (n, (low, high)) in tone(440, 50).iter().zip(tone(620, 50)).enumerate() {
            let n = n as u16;
            let mut high = high;
            g711::transcode(Codec::Pcmu, codec_b, &mut high);
            world.rtp(A, party(A), &audio(n, low));
            world.rtp(B, party(B), &packet(payload_type_b, 77, n, u32::from(n) * 160, &high));
            world.tick();
        }
        let heard =
            |leg| world.sent_to(leg).iter().flat_map(|left| left.payload.clone()).collect::<Vec<u8>>();
        assert_eq!(tones_in(Codec::Pcmu, &heard(A), &[440, 620]), [620], "A, with B in {codec_b:?}");
        assert_eq!(tones_in(codec_b, &heard(B), &[440, 620]), [440], "B in {codec_b:?}");
        assert!(world.sent_to(B).iter().all(|left| left.payload_type == payload_type_b));
    }
}

#[test]
fn after_parting_both_hear_silence() {
    let mut world = World::new();
    world.open(A, plan(A));
    world.open(B, plan(B));
    world.command(Command::Bridge { a: A, b: B });
    world.command(Command::Close { leg: B });
    world.left.clear();
    for (n, frame) in tone(440, 20).iter().enumerate() {
        world.rtp(A, party(A), &audio(n as u16, frame));
        world.tick();
    }
    assert!(world.left.iter().all(|left| left.port == PortIndex(1) && left.payload == [255; 160]));
}

#[test]
fn a_key_passes_the_bridge_with_the_other_sides_payload_type_and_is_told_once() {
    let mut world = World::new();
    world.open(A, plan(A));
    world.open(B, StreamPlan { telephone_event: Some(96), ..plan(B) });
    world.command(Command::Bridge { a: A, b: B });
    world.run_ms(40);
    for n in 1..=8u16 {
        let (duration, end) = if n <= 5 { (n * 160, false) } else { (800, true) };
        world.rtp(A, party(A), &event(n, 5_000, duration, end));
        world.tick();
    }
    let keys: Vec<Event> =
        world.events().into_iter().filter(|event| matches!(event, Event::Key { .. })).collect();
    assert!(matches!(keys[..], [Event::Key { leg: A, key: Key::Digit(5), .. }]), "{keys:?}");
    let sent = world.sent_to(B);
    let passed: Vec<&&Left> = sent.iter().filter(|left| left.payload_type == 96).collect();
    assert_eq!(passed.len(), 8);
    assert!(passed.iter().all(|left| left.timestamp == passed[0].timestamp), "one press, one timestamp");
    let markers: Vec<bool> = passed.iter().map(|left| left.marker).collect();
    assert_eq!(markers, [true, false, false, false, false, false, false, false]);
    assert_eq!(passed[7].payload, [5, 0x8a, 3, 32]);
    let sequences: Vec<u16> = sent.iter().map(|left| left.sequence).collect();
    assert!(sequences.windows(2).all(|pair| pair[1] == pair[0].wrapping_add(1)), "{sequences:?}");
    assert!(world.sent_to(A).iter().all(|left| left.payload_type == 0), "nothing comes back to A");
}

fn frames(reader: &mut TapReader) -> Vec<crate::media::tap::Frame> {
    std::iter::from_fn(|| reader.pop()).collect()
}

#[test]
fn a_recording_has_one_frame_a_tick_the_party_left_and_ours_right() {
    let mut world = World::new();
    world.open(A, plan(A));
    let (tap, mut reader) = ring(1_000);
    world.command(Command::Record { leg: A, tap });
    let prompt = tone(620, 100).concat();
    world.play(A, 1, prompt);
    let spoken = tone(440, 100);
    for (n, frame) in spoken.iter().enumerate().filter(|(n, _)| !(40..60).contains(n)) {
        let wait = (world.now - Instant::START).as_millis() as u64;
        world.run_ms((n as u64 * 20).saturating_sub(wait));
        world.rtp(A, party(A), &audio(n as u16, frame));
    }
    world.run_ms(100);
    let ticks = world.sent_to(A).len() as u64;
    world.command(Command::StopRecording { leg: A });
    world.run_ms(100);
    let frames = frames(&mut reader);
    assert_eq!(frames.len() as u64, ticks);
    assert!(frames.iter().zip(0..).all(|(frame, index)| frame.index == index && frame.codec == Codec::Pcmu));
    let left: Vec<u8> = frames.iter().flat_map(|frame| frame.party).collect();
    let right: Vec<u8> = frames.iter().flat_map(|frame| frame.ours).collect();
    assert_eq!(tones_in(Codec::Pcmu, &left, &[440, 620]), [440]);
    assert_eq!(tones_in(Codec::Pcmu, &right[..16_000], &[440, 620]), [620]);
    assert_eq!(tones_in(Codec::Pcmu, &left[45 * 160..55 * 160], &[440, 620]), [0; 0], "he said nothing");
    let spans: Vec<Event> = world
        .events()
        .into_iter()
        .filter(|event| matches!(event, Event::TapOpened { .. } | Event::TapClosed { .. }))
        .collect();
    let [Event::TapOpened { at: began, .. }, Event::TapClosed { at: ended, frames, dropped, .. }] = spans[..]
    else {
        panic!("{spans:?}");
    };
    assert_eq!((frames, dropped, ended.since(began)), (ticks, 0, TICK * ticks as u32));
    assert!(reader.is_finished());
}

#[test]
fn the_recording_of_a_bridged_leg_holds_what_it_says_and_what_it_hears() {
    let mut world = World::new();
    world.open(A, plan(A));
    world.open(B, StreamPlan { codec: Codec::Pcma, payload_type: 8, ..plan(B) });
    let (tap, mut reader) = ring(1_000);
    world.command(Command::Record { leg: A, tap });
    world.command(Command::Bridge { a: A, b: B });
    for (n, (low, high)) in tone(440, 50).iter().zip(tone(620, 50)).enumerate() {
        let mut high = high;
        g711::transcode(Codec::Pcmu, Codec::Pcma, &mut high);
        world.rtp(A, party(A), &audio(n as u16, low));
        world.rtp(B, party(B), &packet(8, 77, n as u16, n as u32 * 160, &high));
        world.tick();
    }
    let frames = frames(&mut reader);
    let left: Vec<u8> = frames.iter().flat_map(|frame| frame.party).collect();
    let right: Vec<u8> = frames.iter().flat_map(|frame| frame.ours).collect();
    assert_eq!(tones_in(Codec::Pcmu, &left, &[440, 620]), [440]);
    assert_eq!(tones_in(Codec::Pcmu, &right, &[440, 620]), [620]);
}

#[test]
fn a_recorder_that_does_not_read_costs_frames_and_not_the_call() {
    let mut world = World::new();
    world.open(A, plan(A));
    let (tap, _reader) = ring(4);
    world.command(Command::Record { leg: A, tap });
    world.run_ms(200);
    world.command(Command::Close { leg: A });
    let events = world.events();
    let closed = events.iter().find_map(|event| match event {
        Event::TapClosed { frames, dropped, .. } => Some((*frames, *dropped)),
        _ => None,
    });
    assert_eq!((closed, world.left.len()), (Some((10, 6)), 10));
    assert!(matches!(events.last(), Some(Event::Closed { .. })), "the port is given back last: {events:?}");
}

#[test]
fn silence_of_the_party_is_told_once_until_something_comes_again() {
    let mut world = World::new();
    world.open(A, plan(A));
    let silences = |world: &mut World| {
        let count = world.events().iter().filter(|event| matches!(event, Event::MediaSilent { .. })).count();
        (count, world.now.as_micros() / 1_000_000)
    };
    world.run_ms(59_000);
    assert_eq!(silences(&mut world), (0, 59));
    world.run_ms(120_000);
    assert_eq!(silences(&mut world), (1, 179));
    let report = [0x80, 201, 0, 1, 0, 0, 0, 55];
    world.engine.receive(world.now, PortIndex(1), Kind::Rtcp, party(A), &report);
    world.run_ms(59_000);
    assert_eq!(silences(&mut world), (0, 238));
    world.run_ms(2_000);
    assert_eq!(silences(&mut world), (1, 240));
    let held = Direction { send: true, receive: false };
    world.command(Command::Replan { leg: A, plan: StreamPlan { direction: held, ..plan(A) } });
    world.run_ms(200_000);
    assert_eq!(silences(&mut world), (0, 440), "on hold nobody is expected to send");
}

#[test]
fn comfort_noise_of_the_party_shows_that_it_is_there_and_is_not_heard() {
    let mut world = World::new();
    world.open(A, plan(A));
    world.rtp(A, party(A), &audio(1, &[3; 160]));
    for n in 2..70 {
        world.rtp(A, party(A), &packet(13, 55, n, 0, &[60]));
        world.run_ms(1_000);
    }
    world.command(Command::Close { leg: A });
    let events = world.events();
    let Some(Event::Closed { counters, .. }) = events.last() else { panic!("{events:?}") };
    assert_eq!((counters.received, counters.refused), (1, 68));
    assert!(!events.iter().any(|event| matches!(event, Event::MediaSilent { .. })), "{events:?}");
}

#[test]
fn a_phone_that_assumes_payload_type_101_for_keys_is_understood_once_it_is_known() {
    for negotiated in [None, Some(96)] {
        let mut world = World::new();
        world.open(A, StreamPlan { telephone_event: negotiated, ..plan(A) });
        world.rtp(A, party(A), &event(1, 800, 160, false));
        assert_eq!(world.events(), [], "unknown yet: it latches nobody");
        world.rtp(A, party(A), &audio(2, &[3; 160]));
        (3..6).for_each(|n| world.rtp(A, party(A), &event(n, 800, 160 * n, n > 3)));
        world.rtp(A, party(A), &packet(101, 55, 6, 960, &[1; 160]));
        let keys = world.events().iter().filter(|event| matches!(event, Event::Key { .. })).count();
        assert_eq!(keys, 1, "{negotiated:?}");
    }
}

#[test]
fn reports_of_a_stranger_are_no_sign_of_life() {
    let mut world = World::new();
    world.open(A, plan(A));
    let report = [0x80, 201, 0, 1, 0, 0, 0, 55];
    let stranger = "198.51.100.9:7001".parse().unwrap();
    for _ in 0..61 {
        world.engine.receive(world.now, PortIndex(1), Kind::Rtcp, stranger, &report);
        world.run_ms(1_000);
    }
    assert!(world.events().iter().any(|event| matches!(event, Event::MediaSilent { .. })));
}

#[test]
fn legs_are_spread_over_the_slots_and_ports_come_back() {
    let mut world = World::new();
    let legs: Vec<LegId> = (0..8).map(LegId).collect();
    legs.iter().for_each(|leg| world.open(*leg, plan(*leg)));
    world.tick();
    let mut times: Vec<u64> = world.left.iter().map(|left| left.at.as_micros()).collect();
    assert_eq!(times.len(), 8);
    times.dedup();
    assert_eq!(times, [5_000, 10_000, 15_000, 20_000], "two in each slot");
    legs.iter().for_each(|leg| world.command(Command::Close { leg: *leg }));
    assert_eq!((world.engine.legs(), world.engine.next_slot()), (0, None));
    world.open(LegId(3), plan(A));
    world.run_ms(60);
    assert_eq!(world.engine.counters().refused_commands, 0);
}

#[test]
fn a_leg_takes_little_memory() {
    let octets = size_of::<Leg>() + size_of::<crate::rtp::playout::Playout>() + size_of::<Port>();
    assert!(
        octets <= 6_000,
        "{octets} octets for a recorded leg, beside its sockets and its recorder's ring"
    );
}

#[test]
fn commands_that_cannot_be_are_counted_and_change_nothing() {
    let mut world = World::new();
    world.open(A, plan(A));
    world.open(A, plan(A));
    world.open(LegId(99), plan(B));
    world.command(Command::Stop { leg: B });
    world.command(Command::Bridge { a: A, b: A });
    world.command(Command::Bridge { a: A, b: B });
    world.command(Command::Close { leg: B });
    world.tick();
    assert_eq!((world.engine.counters().refused_commands, world.engine.legs(), world.left.len()), (6, 1, 1));
    assert_eq!(world.events(), []);
}

#[test]
fn a_worker_that_comes_far_too_late_skips_ticks_and_keeps_the_time_true() {
    let mut world = World::new();
    world.open(A, plan(A));
    let (tap, mut reader) = ring(1_000);
    world.command(Command::Record { leg: A, tap });
    world.run_ms(100);
    let before = world.left.last().map(|left| left.timestamp);
    world.now += Duration::from_secs(1);
    world.run_ms(40);
    let sent = world.sent_to(A);
    let after = sent[5];
    assert!(sent.len() <= 9, "no burst of the missed packets: {}", sent.len());
    assert_eq!(
        before.map(|before| after.timestamp.wrapping_sub(before)),
        Some(50 * 160),
        "as if none were missed"
    );
    let frames = frames(&mut reader).len() as u32;
    assert_eq!(frames, 57, "the recording has the missed second as silence");
    assert_eq!(world.engine.counters().skipped_ticks, 49);
}
