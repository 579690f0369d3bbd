//! A bed under a wait: heard alone, never under words, whatever the codec of the leg.

use super::*;
use crate::audio::fade::{Fade, each_tick};
use crate::audio::sound::Sound;
use crate::audio::transcode::Decode;
use crate::limits::BED_RESTS;
use crate::media::bed::BedSound;

const BED_HZ: u32 = 450;
const WORD_HZ: u32 = 1_000;
const REST_TICKS: usize = (BED_RESTS.as_millis() / TICK.as_millis()) as usize;

/// A steady tone of a second, in any codec of 8 kHz.
fn bed(codec: Codec) -> BedSound {
    let step = std::f64::consts::TAU * f64::from(BED_HZ) / 8_000.0;
    let body: Vec<i16> = (0..8_000).map(|n| (4_000.0 * (step * f64::from(n)).sin()) as i16).collect();
    let octet = |law: Law| move |sample: &i16| vec![g711::encode(law, *sample)];
    let clip = |samples: &[i16]| {
        let octets = match Law::of(codec) {
            Some(law) => samples.iter().flat_map(octet(law)).collect(),
            None => samples.iter().flat_map(|sample| sample.to_be_bytes()).collect(),
        };
        Clip { codec, octets }
    };
    let (rising, falling) = (each_tick(&body, 160, Fade::In), each_tick(&body, 160, Fade::Out));
    BedSound { body: clip(&body), rising: clip(&rising), falling: clip(&falling) }
}

/// What each tick of the leg was: `.` silence, `b` the bed, `w` words, `!` both.
fn heard(world: &World, leg: LegId, codec: Codec) -> String {
    let mut decode = Decode::default();
    let ticks = world.sent_to(leg);
    let of_tick = |left: &&Left| {
        let samples = decode.narrow(&Sound::of(codec, &left.payload));
        match (power(&samples, BED_HZ) > 1.0e5, power(&samples, WORD_HZ) > 1.0e5) {
            (false, false) => '.',
            (true, false) => 'b',
            (false, true) => 'w',
            (true, true) => '!',
        }
    };
    ticks.iter().map(of_tick).collect()
}

fn order(world: &mut World, sound: Option<BedSound>) {
    world.command(Command::Bed { leg: A, sound });
}

#[test]
fn it_is_heard_after_a_rest_and_gives_way_to_words_within_a_tick() {
    for (codec, payload_type, of) in [
        (Codec::Pcmu, 0, Codec::Pcmu),
        (Codec::Pcma, 8, Codec::Pcma),
        (Codec::Pcma, 8, Codec::Pcmu),
        (Codec::G722, 9, Codec::L16Narrow),
        (Codec::L16Narrow, 96, Codec::Pcma),
    ] {
        let mut world = World::new();
        world.open(A, in_codec(plan(A), payload_type, codec));
        order(&mut world, Some(bed(of)));
        world.run_ms(20 * (REST_TICKS as u64 + 10));
        world.play(A, 1, tone(WORD_HZ, 10).concat());
        world.run_ms(20 * (10 + REST_TICKS as u64 + 5));
        order(&mut world, None);
        world.run_ms(100);
        let heard = heard(&world, A, codec);
        let quiet = ".".repeat(REST_TICKS);
        // A tick of the bed falls while the words wait; 20 ms of it fall when it is taken away.
        let expected = format!("{quiet}{}{}{quiet}{}", "b".repeat(11), "w".repeat(10), "b".repeat(5));
        let told = format!("{of:?} for {codec:?}: {heard}");
        if codec == Codec::G722 || of == Codec::L16Narrow {
            assert!(!heard.contains('!') && heard.matches('w').count() >= 9, "{told}");
        } else {
            assert!(heard.starts_with(&expected), "{told}");
        }
        assert!(heard.ends_with("...") && heard.contains('b'), "{told}");
        let ended = |event: &Event| matches!(event, Event::PlaybackEnded { completed: true, .. });
        assert_eq!(world.events().iter().filter(|event| ended(event)).count(), 1, "{told}");
        assert_unbroken(&world.sent_to(A), 160);
    }
}

#[test]
fn nothing_clicks_when_it_is_taken_away() {
    let mut world = World::new();
    world.open(A, plan(A));
    for round in 0..9 {
        order(&mut world, Some(bed(Codec::Pcmu)));
        world.run_ms(20 * (REST_TICKS as u64 + round + 1));
        order(&mut world, None);
        world.run_ms(60);
    }
    let line: Vec<i16> =
        world.sent_to(A).iter().flat_map(|left| samples(Codec::Pcmu, &left.payload)).collect();
    let step = line.windows(2).map(|pair| (i32::from(pair[1]) - i32::from(pair[0])).abs()).max();
    // 4 000 · 2π · 450 / 8 000 = 1 414 is the steepest that the tone is by itself, and an interval of µ-law 128.
    assert!(step <= Some(1_414 + 128), "{step:?}");
    assert!(line.iter().any(|sample| *sample > 3_800), "it was heard");
}

#[test]
fn who_is_bridged_or_on_hold_hears_none_of_it() {
    let mut world = World::new();
    world.open(A, plan(A));
    world.open(B, plan(B));
    order(&mut world, Some(bed(Codec::Pcmu)));
    world.run_ms(20 * (REST_TICKS as u64 + 5));
    world.command(Command::Bridge { a: A, b: B });
    world.left.clear();
    world.run_ms(2_000);
    let talk = heard(&world, A, Codec::Pcmu);
    assert_eq!(
        talk.trim_end_matches('.'),
        "b",
        "it falls in one tick, then the other alone is heard: {talk}"
    );
    world.command(Command::Unbridge { leg: A });
    let on_hold = StreamPlan { direction: Direction { send: false, receive: true }, ..plan(A) };
    world.command(Command::Replan { leg: A, plan: on_hold });
    world.left.clear();
    world.run_ms(2_000);
    assert!(world.sent_to(A).is_empty(), "{}", heard(&world, A, Codec::Pcmu));
    world.command(Command::Replan { leg: A, plan: plan(A) });
    world.run_ms(20 * (REST_TICKS as u64 + 3));
    let back = heard(&world, A, Codec::Pcmu);
    assert_eq!(back, format!("{}bbb", ".".repeat(REST_TICKS)), "after its rest");
}

/// A and B say tones for so many ticks, each as its packets number `from` on.
fn both_say(world: &mut World, from: u16, ticks: u16) {
    let (a, b) = (tone(A_HZ, 1), tone(B_HZ, 1));
    for n in from..from + ticks {
        world.rtp(A, party(A), &audio(n, &a[0]));
        world.rtp(B, party(B), &packet(0, 77, n, u32::from(n) * 160, &b[0]));
        world.tick();
    }
}

const A_HZ: u32 = 800;
const B_HZ: u32 = WORD_HZ;

#[test]
fn who_is_put_on_hold_hears_the_bed_alone_whatever_the_holder_sends_and_both_are_back_within_two_ticks() {
    for receive in [true, false] {
        let mut world = World::new();
        world.open(A, plan(A));
        world.open(B, plan(B));
        let (tap, mut reader) = ring(1_000, Codec::Pcmu);
        world.command(Command::Record { leg: A, tap });
        world.command(Command::Bridge { a: A, b: B });
        both_say(&mut world, 0, 20);
        assert!(heard(&world, A, Codec::Pcmu).ends_with("wwww"), "{}", heard(&world, A, Codec::Pcmu));
        let on_hold = StreamPlan { direction: Direction { send: false, receive }, ..plan(B) };
        world.command(Command::Replan { leg: B, plan: on_hold });
        order(&mut world, Some(bed(Codec::Pcmu)));
        let before = world.sent_to(B).len();
        world.left.clear();
        both_say(&mut world, 20, 60);
        world.rtp(A, party(A), &event(80, 9_000, 800, true));
        world.tick();
        let waits = heard(&world, A, Codec::Pcmu);
        let rest = ".".repeat(REST_TICKS);
        assert_eq!(waits, format!("{rest}{}", "b".repeat(61 - REST_TICKS)), "receive: {receive}");
        assert!(before > 0 && world.sent_to(B).is_empty(), "who holds is sent nothing, keys included");
        world.command(Command::Replan { leg: B, plan: plan(B) });
        order(&mut world, None);
        world.left.clear();
        both_say(&mut world, 81, 20);
        let talk = heard(&world, A, Codec::Pcmu);
        // Who was not received meanwhile is held back by the jitter buffer as at the beginning.
        let words = talk.trim_start_matches(['b', '.', '!']);
        assert!(talk.len() - words.len() <= if receive { 2 } else { 4 }, "receive: {receive}: {talk}");
        assert!(words.bytes().all(|tick| tick == b'w'), "{talk}");
        let to_b: Vec<u8> = world.sent_to(B).iter().flat_map(|left| left.payload.clone()).collect();
        assert_eq!(tones_in(Codec::Pcmu, &to_b, &[A_HZ, B_HZ, BED_HZ]), [A_HZ]);
        let ours: Vec<u8> =
            frames(&mut reader).iter().flat_map(|frame| frame.ours.octets().to_vec()).collect();
        let held = &ours[(20 + REST_TICKS + 5) * 160..75 * 160];
        assert_eq!(
            tones_in(Codec::Pcmu, held, &[A_HZ, B_HZ, BED_HZ]),
            [BED_HZ],
            "the recording has what he hears"
        );
    }
}

#[test]
fn who_is_held_by_the_recorded_party_hears_the_bed_and_its_music_is_in_the_recording_alone() {
    let mut world = World::new();
    world.open(A, plan(A));
    world.open(B, plan(B));
    let (tap, mut reader) = ring(1_000, Codec::Pcmu);
    world.command(Command::Record { leg: A, tap });
    world.command(Command::Bridge { a: A, b: B });
    let on_hold = StreamPlan { direction: Direction { send: false, receive: true }, ..plan(A) };
    world.command(Command::Replan { leg: A, plan: on_hold });
    world.command(Command::Bed { leg: B, sound: Some(bed(Codec::Pcmu)) });
    both_say(&mut world, 0, 60);
    assert!(world.sent_to(A).is_empty());
    let to_b: Vec<u8> = world.sent_to(B).iter().flat_map(|left| left.payload.clone()).collect();
    assert_eq!(tones_in(Codec::Pcmu, &to_b[30 * 160..], &[A_HZ, B_HZ, BED_HZ]), [BED_HZ]);
    let party: Vec<u8> = frames(&mut reader).iter().flat_map(|frame| frame.party.octets().to_vec()).collect();
    assert_eq!(tones_in(Codec::Pcmu, &party[10 * 160..], &[A_HZ, B_HZ, BED_HZ]), [A_HZ]);
}
