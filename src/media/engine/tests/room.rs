//! Several parties in a room: who hears whom, whatever each one's codec is.

use super::*;
use crate::audio::sound::Sound;
use crate::audio::transcode::{Decode, Transcoder};
use crate::id::RoomId;
use crate::limits::{MIXER_PARTIES_MAX, ROOMS_MAX};
use crate::media::command::KeysGo;
use std::f64::consts::TAU;

const ROOM: RoomId = RoomId(7);
const CODECS: [(Codec, u8); 5] =
    [(Codec::Pcmu, 0), (Codec::G722, 9), (Codec::Pcma, 8), (Codec::L16Wide, 97), (Codec::L16Narrow, 96)];

/// Each party says its own tone from now on; the nth leg has the nth codec.
struct Talk {
    world: World,
    legs: Vec<LegId>,
    says: Vec<Saying>,
}

struct Saying {
    leg: LegId,
    packets: u16,
    transcoder: Transcoder,
}

fn leg(n: usize) -> LegId {
    LegId(1 + n as u64)
}

fn codec(leg: LegId) -> (Codec, u8) {
    CODECS[(leg.0 as usize - 1) % CODECS.len()]
}

/// The tone of a leg: multiples of 50 Hz, whole periods in a tick.
fn tone_hz(leg: LegId) -> u32 {
    250 + 150 * leg.0 as u32
}

impl Talk {
    fn new(parties: usize) -> Self {
        let mut world = World { engine: Engine::new(64), now: Instant::from_millis(1), left: Vec::new() };
        let legs: Vec<LegId> = (0..parties).map(leg).collect();
        for leg in &legs {
            let (codec, payload_type) = codec(*leg);
            world.open(*leg, in_codec(plan(*leg), payload_type, codec));
        }
        let saying = |leg: &LegId| Saying { leg: *leg, packets: 0, transcoder: Transcoder::default() };
        let says = legs.iter().map(saying).collect();
        Self { world, legs, says }
    }

    fn join(&mut self, leg: LegId, hears: &[LegId]) {
        let (hears, keys) = (hears.to_vec(), KeysGo::ToTheOthers);
        self.world.command(Command::Join { leg, room: ROOM, hears, keys });
    }

    fn hears(&mut self, leg: LegId, whom: &[LegId]) {
        self.world.command(Command::Hears { leg, whom: whom.to_vec() });
    }

    /// All come in and hear each other.
    fn all_join(&mut self) {
        for leg in self.legs.clone() {
            self.join(leg, &[]);
        }
        for leg in self.legs.clone() {
            self.hears(leg, &self.legs.clone());
        }
    }

    /// All say their tones for that long.
    fn run(&mut self, ticks: usize) {
        for _ in 0..ticks {
            for saying in &mut self.says {
                let (codec, payload_type) = codec(saying.leg);
                let octets = saying.next(codec);
                let clock = if codec == Codec::L16Wide { 320 } else { 160 };
                let n = saying.packets;
                let packet = packet(payload_type, 55, n, u32::from(n) * clock, &octets);
                let leg = saying.leg;
                if self.world.engine.port_of(leg).is_some() {
                    self.world.rtp(leg, party(leg), &packet);
                }
            }
            self.world.tick();
        }
    }

    /// Which tones are in the last half second that this leg was sent, and how strong: all as loud as they were said.
    #[track_caller]
    fn check(&self, why: &str, leg: LegId, expected: &[LegId]) {
        let sent: Vec<Vec<u8>> = self.world.sent_to(leg).iter().map(|left| left.payload.clone()).collect();
        let mut decode = Decode::default();
        let samples: Vec<i16> = sent[sent.len().saturating_sub(35)..]
            .iter()
            .flat_map(|octets| decode.narrow(&Sound::of(codec(leg).0, octets)))
            .collect();
        let samples = &samples[samples.len().saturating_sub(25 * 160)..];
        for other in &self.legs {
            let level = 10.0 * (power(samples, tone_hz(*other)) / (CREST * CREST / 2.0)).max(1e-9).log10();
            if expected.contains(other) {
                assert!(level.abs() < 1.5, "{why}: {leg} hears {other} at {level:.1} dB");
            } else {
                assert!(level < -30.0, "{why}: {leg} must not hear {other}: {level:.1} dB");
            }
        }
    }
}

const CREST: f64 = 3_000.0;

impl Saying {
    /// The next 20 ms of its tone.
    fn next(&mut self, codec: Codec) -> Vec<u8> {
        let rate = f64::from(codec.sample_rate_hz());
        let count = codec.sample_rate_hz() as usize / 50;
        let at = usize::from(self.packets) * count;
        self.packets += 1;
        let step = TAU * f64::from(tone_hz(self.leg)) / rate;
        let samples = (at..at + count).map(|n| (CREST * (step * n as f64).sin()).round() as i16);
        let linear = if codec.sample_rate_hz() == 8_000 { Codec::L16Narrow } else { Codec::L16Wide };
        let octets: Vec<u8> = samples.flat_map(i16::to_be_bytes).collect();
        let (sound, mut sent) = (Sound::of(linear, &octets), Sound::silence(codec));
        self.transcoder.transcode(&sound, codec, &mut sent);
        if linear == codec { octets } else { sent.octets().to_vec() }
    }
}

fn of(legs: &[LegId], line: &str) -> Vec<LegId> {
    legs.iter().zip(line.chars()).filter(|(_, mark)| *mark == 'x').map(|(leg, _)| *leg).collect()
}

#[test]
fn each_leg_hears_exactly_those_it_may_in_its_own_codec() {
    // Lines and columns: patient (µ-law), agent (G.722), interpreter (A-law), supervisor (L16).
    let table: [(&str, [&str; 4]); 5] = [
        ("the supervisor listens", [".xx.", "x.x.", "xx..", "xxx."]),
        ("and whispers to the agent alone", [".xx.", "x.xx", "xx..", "xxx."]),
        ("and barges in", [".xxx", "x.xx", "xx.x", "xxx."]),
        ("the patient waits, the others consult", ["....", "..xx", ".x.x", ".xx."]),
        ("nobody hears anybody", ["....", "....", "....", "...."]),
    ];
    let mut talk = Talk::new(4);
    talk.all_join();
    for (why, lines) in table {
        let legs = talk.legs.clone();
        for (leg, line) in legs.iter().zip(lines) {
            talk.hears(*leg, &of(&legs, line));
        }
        talk.run(60);
        for (leg, line) in legs.iter().zip(lines) {
            talk.check(why, *leg, &of(&legs, line));
        }
    }
    for leg in &talk.legs {
        let clock = if codec(*leg).0 == Codec::L16Wide { 320 } else { 160 };
        assert_unbroken(&talk.world.sent_to(*leg), clock);
    }
    assert_eq!(talk.world.engine.counters().refused_commands, 0);
}

#[test]
fn who_comes_late_is_heard_by_nobody_until_told_and_who_goes_is_heard_no_more() {
    let mut talk = Talk::new(5);
    let [a, b, c, d, late] = talk.legs[..] else { panic!("five legs") };
    for leg in [a, b, c, d] {
        talk.join(leg, &[a, b, c, d, late]);
    }
    talk.run(60);
    talk.check("joined one after the other", a, &[]);
    talk.check("the last hears those before", d, &[a, b, c]);
    talk.join(late, &[a, b]);
    talk.run(60);
    talk.check("late", late, &[a, b]);
    talk.check("late", d, &[a, b, c]);
    talk.hears(d, &[a, late]);
    talk.world.command(Command::Leave { leg: a });
    talk.run(60);
    talk.check("a has left", a, &[]);
    talk.check("a has left", d, &[late]);
    talk.check("a has left", late, &[b]);
    talk.world.command(Command::Close { leg: b });
    talk.run(60);
    talk.check("b is closed", late, &[]);
    talk.join(a, &[d, late]);
    talk.run(60);
    talk.check("a is back, in the place of another", a, &[d, late]);
    talk.check("a is back", d, &[late]);
}

#[test]
fn a_leg_is_in_one_room_or_one_bridge_and_the_last_to_go_closes_the_room() {
    let mut talk = Talk::new(4);
    talk.all_join();
    let [a, b, c, d] = talk.legs[..] else { panic!("four legs") };
    talk.world.command(Command::Bridge { a, b });
    talk.run(60);
    for (leg, hears) in [(a, vec![b]), (b, vec![a]), (c, vec![d]), (d, vec![c])] {
        talk.check("two went into a bridge", leg, &hears);
    }
    talk.join(a, &[c]);
    talk.run(60);
    for (leg, hears) in [(a, vec![c]), (b, vec![]), (c, vec![d]), (d, vec![c])] {
        talk.check("one of them came back", leg, &hears);
    }
    let (hears, keys) = (vec![a, b, c], KeysGo::ToTheOthers);
    talk.world.command(Command::Join { leg: d, room: RoomId(8), hears, keys });
    talk.run(60);
    for (leg, hears) in [(a, vec![c]), (c, vec![]), (d, vec![])] {
        talk.check("another went into a room of his own", leg, &hears);
    }
    let order = Command::Move { leg: a, to: crate::media::command::WorkerIndex(1), port: PortIndex(9) };
    talk.world.command(order);
    let moving = talk.world.engine.take_moving().expect("it goes");
    talk.world.engine.adopt(talk.world.now, moving).expect("it may come back");
    talk.hears(c, &[a]);
    assert_eq!(talk.world.engine.rooms.count(), 2);
    for leg in [c, d] {
        talk.world.command(Command::Close { leg });
    }
    assert_eq!(talk.world.engine.rooms.count(), 0, "who moves has left");
    talk.world.command(Command::Leave { leg: a });
    talk.hears(a, &[b]);
    assert_eq!(talk.world.engine.counters().refused_commands, 2, "it is in no room");
}

#[test]
fn rooms_and_seats_are_bounded_and_who_finds_none_stays_where_he_is() {
    let mut talk = Talk::new(MIXER_PARTIES_MAX + 2);
    let (last, other) = (leg(MIXER_PARTIES_MAX), leg(MIXER_PARTIES_MAX + 1));
    for leg in talk.legs.clone() {
        if leg != last && leg != other {
            talk.join(leg, &[]);
        }
    }
    talk.world.command(Command::Bridge { a: last, b: other });
    talk.join(last, &talk.legs.clone());
    assert_eq!(talk.world.engine.counters().refused_commands, 1);
    talk.run(60);
    talk.check("no seat", last, &[other]);
    let mut rooms = crate::media::room::Rooms::default();
    let seats: Vec<_> = (0..=ROOMS_MAX as u64)
        .map(|n| rooms.join(LegId(n), RoomId(n), &[], KeysGo::Nowhere).is_some())
        .collect();
    assert_eq!(seats.iter().filter(|seat| **seat).count(), ROOMS_MAX);
    assert!(
        rooms.join(LegId(9_999), RoomId(0), &[], KeysGo::Nowhere).is_some(),
        "a room that is open takes more"
    );
}

#[test]
fn the_recording_of_a_leg_in_a_room_holds_what_its_party_says_and_what_it_hears() {
    let mut talk = Talk::new(3);
    talk.all_join();
    let [a, b, c] = talk.legs[..] else { panic!("three legs") };
    talk.hears(a, &[c]);
    let (tap, mut reader) = ring(1_000, Codec::L16Wide);
    talk.world.command(Command::Record { leg: a, tap });
    talk.run(60);
    let frames = frames(&mut reader);
    let mut decoders = [Decode::default(), Decode::default()];
    let (mut left, mut right) = (Vec::new(), Vec::new());
    for frame in frames.iter().skip(20) {
        left.extend(decoders[0].narrow(&frame.party));
        right.extend(decoders[1].narrow(&frame.ours));
    }
    let heard = |samples: &[i16]| -> Vec<LegId> {
        [a, b, c].into_iter().filter(|leg| power(samples, tone_hz(*leg)) > CREST * CREST / 4.0).collect()
    };
    assert_eq!((frames.len(), heard(&left), heard(&right)), (60, vec![a], vec![c]));
}

#[test]
fn words_to_a_leg_in_a_room_are_heard_in_place_of_the_others_and_by_it_alone() {
    let mut talk = Talk::new(2);
    talk.all_join();
    let [a, b] = talk.legs[..] else { panic!("two legs") };
    talk.run(20);
    talk.world.play(a, 1, vec![0x55; 160 * 40]);
    talk.run(40);
    talk.check("words", a, &[]);
    talk.check("words to a", b, &[a]);
    talk.run(60);
    talk.check("after the words", a, &[b]);
}

#[test]
fn who_holds_the_room_is_heard_by_nobody_in_it_until_the_resume() {
    let mut talk = Talk::new(3);
    talk.all_join();
    talk.run(40);
    let all = talk.legs.clone();
    let (codec_of, payload_type) = codec(all[2]);
    let its = |direction| StreamPlan { direction, ..in_codec(plan(leg(2)), payload_type, codec_of) };
    talk.world.command(Command::Replan { leg: all[2], plan: its(Direction { send: false, receive: true }) });
    talk.run(40);
    talk.check("on hold", all[0], &all[1..2]);
    talk.check("on hold", all[1], &all[..1]);
    talk.world.command(Command::Replan { leg: all[2], plan: its(Direction { send: true, receive: true }) });
    talk.run(40);
    talk.check("back", all[0], &all[1..]);
    talk.check("back", all[2], &all[..2]);
}
