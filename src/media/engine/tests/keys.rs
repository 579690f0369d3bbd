//! Keys to a party that takes no events are tones in its packets; tones of a party pass as sound; what is secret is neither.

use super::*;
use crate::audio::dtmf::{Detector, Heard};
use crate::audio::sound::Sound;
use crate::audio::tone::dtmf;
use crate::audio::transcode::Decode;
use crate::limits::KEYS_TO_SEND_MAX;
use crate::media::command::{Audible, Ears};
use crate::phi::Phi;

/// The codecs of a party, with their payload types.
const CODECS: [(u8, Codec); 5] =
    [(0, Codec::Pcmu), (8, Codec::Pcma), (9, Codec::G722), (96, Codec::L16Narrow), (97, Codec::L16Wide)];

/// The sound that was sent to a leg, at 8 kHz.
fn sound_to(world: &World, leg: LegId, (payload_type, codec): (u8, Codec)) -> Vec<i16> {
    let mut decode = Decode::default();
    let sound = world.sent_to(leg).into_iter().filter(|left| left.payload_type == payload_type);
    sound.flat_map(|left| decode.narrow(&Sound::of(codec, &left.payload))).collect()
}

/// The keys in it, with how long each was heard, in ms.
fn keys_in(samples: &[i16]) -> Vec<(char, u64)> {
    let mut keys = Vec::new();
    Detector::new().hear(samples, &mut |heard| {
        if let Heard::Released { key, began_at, ended_at } = heard {
            keys.push((key.as_char(), (ended_at - began_at) / 8));
        }
    });
    keys
}

fn told(samples: &[i16]) -> String {
    keys_in(samples).into_iter().map(|(key, _)| key).collect()
}

/// A talk of A, whose keys come as events, with B, who takes none and speaks so.
fn talk((payload_type, codec): (u8, Codec)) -> World {
    let mut world = World::new();
    world.open(A, plan(A));
    world.open(B, with_keys(in_codec(plan(B), payload_type, codec), None));
    world.command(Command::Bridge { a: A, b: B });
    world
}

fn press(world: &mut World, leg: LegId, keys: &str, audible: Audible) {
    let keys = Phi::new(keys.chars().filter_map(Key::of_char).collect());
    world.command(Command::Press { leg, keys, audible });
}

/// A says 440 Hz, and presses 5 for 100 ms if it is to.
fn speaks(world: &mut World, ticks: u16, pressed_at: Option<u16>) {
    let mut sequences = 0..;
    let mut sequence = || sequences.next().unwrap_or_default();
    for (n, frame) in (0..ticks).zip(tone(440, usize::from(ticks))) {
        world.rtp(A, party(A), &packet(0, 55, sequence(), u32::from(n) * 160, &frame));
        if let Some(into @ 0..8) = pressed_at.and_then(|at| n.checked_sub(at)) {
            let (duration, end) = if into < 5 { ((into + 1) * 160, false) } else { (800, true) };
            world.rtp(A, party(A), &event(sequence(), 5_000, duration, end));
        }
        world.tick();
    }
}

#[test]
fn an_event_is_one_tone_in_the_packets_of_a_party_that_takes_none_whatever_its_codec() {
    for format in CODECS {
        let mut world = talk(format);
        speaks(&mut world, 60, Some(20));
        let sent = sound_to(&world, B, format);
        let keys = keys_in(&sent);
        assert!(matches!(keys[..], [('5', 90..=110)]), "{format:?}: {keys:?}");
        assert!(world.sent_to(B).iter().all(|left| left.payload_type == format.0), "{format:?}");
        let (before, after) = (&sent[1_600..3_000], &sent[sent.len() - 1_600..]);
        assert!(power(before, 440) > 1.0e6 && power(after, 440) > 1.0e6, "{format:?}: B hears A around it");
        let events = world.events();
        let told = events.iter().filter(|event| matches!(event, Event::Key { .. })).count();
        assert_eq!(told, 1, "{format:?}");
    }
}

#[test]
fn what_is_said_is_away_for_the_tone_and_the_silence_behind_it_and_is_recorded_all_the_same() {
    let mut world = talk((0, Codec::Pcmu));
    let (tap, mut reader) = ring(200, Codec::Pcmu);
    world.command(Command::Record { leg: B, tap });
    speaks(&mut world, 60, Some(20));
    let hears = |frame: &[u8]| power(&samples(Codec::Pcmu, frame), 440) > 1.0e6;
    let away = world.sent_to(B).iter().skip(10).filter(|left| !hears(&left.payload)).count();
    assert_eq!(away, (100 + 240) / 20);
    let recorded: Vec<Vec<u8>> =
        frames(&mut reader).iter().map(|frame| frame.ours.octets().to_vec()).collect();
    assert!(recorded[10..].iter().all(|frame| hears(frame)), "no hole in the recording");
    let octets: Vec<u8> = recorded.concat();
    assert_eq!(told(&samples(Codec::Pcmu, &octets)), "", "and no key");
}

#[test]
fn keys_that_are_pressed_for_a_party_are_events_or_tones_in_their_order() {
    for format in CODECS {
        let mut world = talk(format);
        press(&mut world, B, "12#", Audible::WhereNeeded);
        press(&mut world, B, "00", Audible::WhereNeeded);
        world.run_ms(1_500);
        assert_eq!(told(&sound_to(&world, B, format)), "12#00", "{format:?}");
        press(&mut world, A, "12#", Audible::WhereNeeded);
        world.run_ms(1_500);
        assert_eq!(told(&sound_to(&world, A, (0, Codec::Pcmu))), "", "A takes events");
        let presses = world.sent_to(A).into_iter().filter(|left| left.payload_type == 101 && left.marker);
        assert_eq!(presses.map(|left| left.payload[0]).collect::<Vec<u8>>(), [1, 2, 11]);
    }
}

#[test]
fn what_is_secret_is_never_sound_also_when_the_party_ceases_to_take_events_meanwhile() {
    let mut world = talk((0, Codec::Pcmu));
    press(&mut world, B, "4711", Audible::Never);
    world.run_ms(1_500);
    assert!(world.sent_to(B).iter().all(|left| left.payload == [255; 160]), "nothing but silence");
    press(&mut world, A, "4711", Audible::Never);
    world.run_ms(200);
    world.command(Command::Replan { leg: A, plan: with_keys(plan(A), None) });
    world.run_ms(1_500);
    let sent = world.sent_to(A);
    let presses = sent.iter().filter(|left| left.payload_type == 101 && left.marker).count();
    assert_eq!(presses, 2, "the first two were events");
    assert_eq!(told(&sound_to(&world, A, (0, Codec::Pcmu))), "", "and the others are nothing");
}

#[test]
fn a_key_pressed_in_the_sound_crosses_unharmed_whatever_the_other_side_speaks() {
    for format in CODECS {
        for takes_events in [true, false] {
            let mut world = World::new();
            world.open(A, with_keys(plan(A), None));
            let events = takes_events.then_some(101);
            world.open(B, with_keys(in_codec(plan(B), format.0, format.1), events));
            world.command(Command::Bridge { a: A, b: B });
            let keys = [Key::Digit(9), Key::Digit(9), Key::Pound, Key::Digit(0)];
            let quiet = vec![0; 800];
            let press = |key: &Key| [dtmf(*key, Duration::from_millis(100), -10.0), quiet.clone()].concat();
            let said = [quiet.clone(), keys.iter().flat_map(press).collect(), quiet.repeat(3)].concat();
            let octets: Vec<u8> = said.iter().map(|sample| g711::encode(Law::Mu, *sample)).collect();
            for (n, frame) in (0..).zip(octets.as_chunks::<160>().0) {
                world.rtp(A, party(A), &audio(n, frame));
                world.tick();
            }
            let what = format!("{format:?}, takes events: {takes_events}");
            assert_eq!(told(&sound_to(&world, B, format)), "99#0", "{what}");
            assert!(world.sent_to(B).iter().all(|left| left.payload_type == format.0), "{what}: no event");
        }
    }
}

#[test]
fn the_echo_of_a_key_is_no_key_of_the_party() {
    for (late, expected) in [(0, 0), (20, 0), (60, 1)] {
        let mut world = talk((0, Codec::Pcmu));
        world.command(Command::Listen { leg: B, ears: Ears { keys: true, fax: false } });
        press(&mut world, B, "5", Audible::WhereNeeded);
        let quiet = vec![[255; 160]; late];
        let echo: Vec<u8> = dtmf(Key::Digit(5), Duration::from_millis(100), -22.0)
            .iter()
            .map(|sample| g711::encode(Law::Mu, *sample))
            .collect();
        let silence = vec![[255; 160]; 30];
        let said = [quiet, echo.as_chunks::<160>().0.to_vec(), silence].concat();
        for (n, frame) in (0..).zip(&said) {
            world.rtp(B, party(B), &audio(n, frame));
            world.tick();
        }
        let keys = world.events().iter().filter(|event| matches!(event, Event::Key { leg: B, .. })).count();
        assert_eq!(keys, expected, "{late} ticks later");
    }
}

#[test]
fn more_keys_than_may_wait_are_lost_and_nothing_else_is() {
    let mut world = talk((0, Codec::Pcmu));
    for n in 0..2 * KEYS_TO_SEND_MAX as u16 {
        let told = TelephoneEvent { event: 5, end: true, volume: 10, duration: 160 };
        world.rtp(A, party(A), &packet(101, 55, n, 10_000 * u32::from(n), &told.write()));
    }
    world.run_ms(20_000);
    assert_eq!(told(&sound_to(&world, B, (0, Codec::Pcmu))), "5".repeat(KEYS_TO_SEND_MAX));
}
