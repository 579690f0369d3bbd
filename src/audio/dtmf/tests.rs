//! The figures of ITU-T Q.24, each a table over all sixteen keys and the levels they come at.

use super::*;
use crate::audio::g711::{self, Law};
use crate::audio::tone::{Partial, dtmf, dual, frequencies_hz};
use crate::rng::Rng;
use std::time::Duration;

const LEVELS_DBM0: [f64; 7] = [-36.0, -30.0, -24.0, -18.0, -12.0, -6.0, 0.0];

fn keys() -> impl Iterator<Item = Key> {
    KEYS.into_iter().flatten()
}

fn quiet(millis: f64) -> Vec<i16> {
    vec![0; (millis * 8.0) as usize]
}

/// A key of which all may be wrong.
#[derive(Clone, Copy)]
struct Odd {
    key: Key,
    millis: f64,
    dbm0: f64,
    /// High over low.
    twist_db: f64,
    low_off: f64,
    high_off: f64,
}

fn odd(key: Key) -> Odd {
    Odd { key, millis: 40.0, dbm0: -10.0, twist_db: 0.0, low_off: 0.0, high_off: 0.0 }
}

impl Odd {
    /// Its louder tone has the level.
    fn sound(self) -> Vec<i16> {
        let [low, high] = frequencies_hz(self.key);
        let low = Partial { hz: low * (1.0 + self.low_off), dbm0: self.dbm0 - self.twist_db.max(0.0) };
        let high = Partial { hz: high * (1.0 + self.high_off), dbm0: self.dbm0 + self.twist_db.min(0.0) };
        dual(low, high, Duration::from_micros((self.millis * 1_000.0) as u64))
    }

    /// The press between pauses of 40 ms, beginning `offset` samples into a chunk.
    fn between_pauses(self, offset: usize) -> Vec<i16> {
        [vec![0; 320 + offset], self.sound(), quiet(40.0)].concat()
    }
}

/// Samples with these added.
fn beside(samples: &[i16], other: &[i16]) -> Vec<i16> {
    let other = other.iter().chain(std::iter::repeat(&0));
    samples.iter().zip(other).map(|(a, b)| a.saturating_add(*b)).collect()
}

/// White noise of `dbm0`, near enough to Gauss.
fn noise(rng: &mut Rng, dbm0: f64, samples: usize) -> Vec<f64> {
    let deviation = CREST_AT_0_DBM0 / 2_f64.sqrt() * 10_f64.powf(dbm0 / 20.0);
    let mut even = || rng.below(1 << 20) as f64 / f64::from(1 << 20) - 0.5;
    (0..samples).map(|_| (0..12).map(|_| even()).sum::<f64>() * deviation).collect()
}

/// The same between 300 and 3 400 Hz only, and as loud.
fn noise_of_a_line(rng: &mut Rng, dbm0: f64, samples: usize) -> Vec<f64> {
    let sinc = |hz: f64, n: f64| {
        if n == 0.0 { hz / 4_000.0 } else { (TAU * hz / 8_000.0 * n).sin() / (TAU / 2.0 * n) }
    };
    let taps: Vec<f64> = (-50..=50)
        .map(f64::from)
        .map(|n| (sinc(3_400.0, n) - sinc(300.0, n)) * (0.54 + 0.46 * (TAU * n / 102.0).cos()))
        .collect();
    let louder = 10.0 * (4_000.0_f64 / 3_100.0).log10();
    let white = noise(rng, dbm0 + louder, samples + taps.len());
    (0..samples).map(|n| taps.iter().zip(&white[n..]).map(|(tap, sample)| tap * sample).sum()).collect()
}

fn rounded(samples: &[f64]) -> Vec<i16> {
    samples.iter().map(|sample| sample.round() as i16).collect()
}

/// Everything told, fed in ticks of 20 ms, and the sample at which each was told.
fn heard(samples: &[i16]) -> Vec<(Heard, usize)> {
    heard_in(samples, 160)
}

fn heard_in(samples: &[i16], tick: usize) -> Vec<(Heard, usize)> {
    let mut detector = Detector::new();
    let mut told = Vec::new();
    let mut fed = 0;
    for tick in samples.chunks(tick) {
        fed += tick.len();
        detector.hear(tick, &mut |heard| told.push((heard, fed)));
    }
    told
}

/// The presses told, as people say them.
fn presses(samples: &[i16]) -> String {
    let pressed = |(heard, _): (Heard, usize)| match heard {
        Heard::Pressed { key, .. } => Some(key.to_string()),
        Heard::Released { .. } => None,
    };
    heard(samples).into_iter().filter_map(pressed).collect::<Vec<_>>().join(" ")
}

/// Each key, at each level, beginning anywhere in a chunk: told once, or not at all.
#[track_caller]
fn check(why: &str, taken: bool, made: impl Fn(Odd) -> Odd) {
    let mut wrong = Vec::new();
    for key in keys() {
        for dbm0 in LEVELS_DBM0 {
            for offset in [0, 7, 13, 20, 27, 33] {
                let odd = made(Odd { dbm0, ..odd(key) });
                let told = presses(&odd.between_pauses(offset));
                let expected = if taken { key.to_string() } else { String::new() };
                if told != expected {
                    wrong.push(format!("{key} at {} dBm0, {offset} on: told `{told}`", odd.dbm0));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{why}: {} wrong\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn a_tone_of_40_ms_is_taken_and_one_of_23_ms_is_not() {
    // ITU-T Q.24, signal duration
    check("40 ms", true, |odd| odd);
    check("70 ms", true, |odd| Odd { millis: 70.0, ..odd });
    check("22.9 ms", false, |odd| Odd { millis: 22.9, ..odd });
    check("15 ms", false, |odd| Odd { millis: 15.0, ..odd });
}

#[test]
fn frequencies_are_taken_to_1_5_and_refused_from_3_5_per_cent() {
    // ITU-T Q.24, signal frequencies
    for (low_off, high_off) in
        [(0.015, 0.015), (-0.015, -0.015), (0.015, -0.015), (-0.015, 0.015), (0.0, 0.015)]
    {
        check(&format!("{low_off} {high_off}"), true, |odd| Odd { low_off, high_off, ..odd });
    }
    for off in [0.035, -0.035, 0.05, -0.05] {
        for (low_off, high_off) in [(off, 0.0), (0.0, off), (off, off)] {
            let why = format!("{low_off} {high_off}");
            check(&why, false, |odd| Odd { low_off, high_off, millis: 100.0, ..odd });
        }
    }
}

#[test]
fn the_high_tone_may_be_4_db_over_and_8_db_under_the_low_one() {
    // ITU-T Q.24, twist
    for twist_db in [4.0, 2.0, -4.0, -8.0] {
        check(&format!("{twist_db} dB"), true, |odd| Odd { twist_db, ..odd });
    }
    for twist_db in [8.0, -14.0, 40.0, -40.0] {
        check(&format!("{twist_db} dB"), false, |odd| Odd { twist_db, millis: 100.0, ..odd });
    }
    check("all at once", true, |odd| Odd { twist_db: -8.0, low_off: 0.015, high_off: -0.015, ..odd });
    check("all at once", true, |odd| Odd { twist_db: 4.0, low_off: -0.015, high_off: 0.015, ..odd });
}

#[test]
fn levels_are_taken_from_36_under_to_3_over_0_dbm0_and_not_in_the_noise_of_a_line() {
    // ITU-T Q.24, signal levels
    check("louder than a line carries", true, |odd| Odd { dbm0: odd.dbm0 + 3.0, ..odd });
    check("far away", false, |odd| Odd { dbm0: odd.dbm0 / 3.0 - 52.0, millis: 100.0, ..odd });
}

#[test]
fn no_key_is_missed_or_doubled_15_db_over_noise() {
    let mut rng = Rng::seeded(24);
    for (why, white) in [("white", true), ("of a line", false)] {
        for dbm0 in LEVELS_DBM0 {
            for twist_db in [0.0, 4.0, -8.0] {
                let pressed: Vec<Key> = keys().collect();
                let sounds = pressed.iter().map(|key| Odd { dbm0, twist_db, ..odd(*key) }.sound());
                let clean = sounds.flat_map(|sound| [sound, quiet(40.0)].concat()).collect::<Vec<_>>();
                // Both tones together, 15 dB over it.
                let other = 10_f64.powf(-f64::abs(twist_db) / 10.0);
                let under = dbm0 + 10.0 * (1.0 + other).log10() - 15.0;
                let noise = match white {
                    true => noise(&mut rng, under, clean.len()),
                    false => noise_of_a_line(&mut rng, under, clean.len()),
                };
                let told = presses(&beside(&clean, &rounded(&noise)));
                let expected = pressed.iter().map(Key::to_string).collect::<Vec<_>>().join(" ");
                assert_eq!(told, expected, "noise {why}, {dbm0} dBm0, twist {twist_db} dB");
            }
        }
    }
}

#[test]
fn short_tones_are_refused_in_noise_too() {
    let mut rng = Rng::seeded(25);
    for key in keys() {
        let clean = Odd { millis: 22.0, ..odd(key) }.between_pauses(11);
        let told = presses(&beside(&clean, &rounded(&noise(&mut rng, -22.0, clean.len()))));
        assert_eq!(told, "", "{key}");
    }
}

#[test]
fn a_break_of_10_ms_does_not_double_a_press_and_a_pause_of_40_ms_does() {
    // ITU-T Q.24, signal interruption and pause
    for key in keys() {
        for offset in [0, 9, 18, 27, 36] {
            for millis in [2.0, 5.0, 10.0] {
                let tone = Odd { millis: 60.0, ..odd(key) }.sound();
                let sound = [vec![0; offset], tone.clone(), quiet(millis), tone, quiet(60.0)].concat();
                assert_eq!(presses(&sound), key.to_string(), "{key}, broken for {millis} ms, {offset} on");
            }
            let twice = [odd(key).between_pauses(offset), odd(key).between_pauses(0)].concat();
            assert_eq!(presses(&twice), format!("{key} {key}"), "{offset} on");
            let apart = [odd(key).between_pauses(offset), odd(key).sound(), quiet(40.0)].concat();
            assert_eq!(presses(&apart), format!("{key} {key}"), "40 ms apart, {offset} on");
        }
    }
}

#[test]
fn a_sound_that_dies_away_or_swells_like_a_voice_is_no_key() {
    for key in keys() {
        let mut dying = Odd { millis: 80.0, dbm0: -3.0, ..odd(key) }.sound();
        for (n, sample) in dying.iter_mut().enumerate() {
            *sample = (f64::from(*sample) * 10_f64.powf(-0.3 * n as f64 / 8.0 / 20.0)) as i16;
        }
        let swelling: Vec<i16> = dying.iter().rev().copied().collect();
        for (why, sound) in [("dies away", dying), ("swells", swelling)] {
            assert_eq!(presses(&[quiet(40.0), sound, quiet(60.0)].concat()), "", "{key} {why}");
        }
    }
}

#[test]
fn dial_tone_beside_is_borne() {
    // ITU-T Q.24, dial tone: as loud as the key, and of a key that is 8 dB under it.
    for key in keys() {
        for under in [0.0, 8.0] {
            let press =
                [quiet(200.0), Odd { dbm0: -13.0 - under, millis: 50.0, ..odd(key) }.sound(), quiet(200.0)];
            let tone = |hz| Partial { hz, dbm0: -13.0 };
            let dial = dual(tone(350.0), tone(440.0), Duration::from_millis(450));
            assert_eq!(presses(&beside(&press.concat(), &dial)), key.to_string(), "{under} dB under it");
        }
    }
    let tone = |hz| Partial { hz, dbm0: -13.0 };
    for (low, high) in [(350.0, 440.0), (440.0, 480.0), (480.0, 620.0), (425.0, 425.0)] {
        let call_progress = dual(tone(low), tone(high), Duration::from_secs(2));
        assert_eq!(presses(&call_progress), "", "{low} + {high} Hz is no key");
    }
}

#[test]
fn overtones_of_a_voice_are_no_key_though_its_pitch_is_near_a_dial_tone() {
    for key in keys() {
        let press = Odd { dbm0: -13.0, millis: 100.0, ..odd(key) }.between_pauses(0);
        for pitch in [250.0, 300.0, 350.0, 440.0, 500.0, 550.0] {
            let one = Partial { hz: pitch, dbm0: -13.0 };
            let voice = dual(one, Partial { dbm0: -200.0, ..one }, Duration::from_millis(180));
            assert_eq!(presses(&beside(&press, &voice)), "", "{key} and {pitch} Hz");
        }
    }
}

#[test]
fn a_key_is_heard_over_the_echo_of_our_own_prompt() {
    let prompt = prompt("sounds/en/mm.menu.wav");
    let level = level_dbm0(&prompt);
    for (n, key) in keys().enumerate() {
        let from = 8_000 + n * 2_000;
        let mut echo = vec![0.0; 2_000];
        let under = 10_f64.powf((-10.0 + 3.0 - 20.0 - level) / 20.0);
        echo.iter_mut().zip(&prompt[from..]).for_each(|(echo, said)| *echo = f64::from(*said) * under);
        let sound = beside(&[quiet(100.0), odd(key).sound(), quiet(110.0)].concat(), &rounded(&echo));
        assert_eq!(presses(&sound), key.to_string(), "over the prompt from sample {from} on");
    }
}

#[test]
fn g711_changes_nothing() {
    for law in Law::ALL {
        for key in keys() {
            for dbm0 in LEVELS_DBM0 {
                let sound = Odd { dbm0, ..odd(key) }.between_pauses(17);
                let line = |sample| g711::decode(law, g711::encode(law, sample));
                let sound: Vec<i16> = sound.into_iter().map(line).collect();
                assert_eq!(presses(&sound), key.to_string(), "{law:?} at {dbm0} dBm0");
            }
        }
    }
}

#[test]
fn a_press_is_told_within_60_ms_with_its_beginning_and_its_end() {
    for key in keys() {
        for offset in 0..160_usize {
            let sound =
                [vec![0; 800 + offset], dtmf(key, Duration::from_millis(83), -10.0), quiet(80.0)].concat();
            let told = heard(&sound);
            let [
                (Heard::Pressed { key: pressed, began_at }, at),
                (Heard::Released { key: released, ended_at, .. }, _),
            ] = told[..]
            else {
                panic!("{key}, {offset} on: {told:?}");
            };
            assert_eq!((pressed, released), (key, key));
            let began = 800 + offset as i64;
            assert!(
                at as i64 - began <= 480,
                "{key}, {offset} on: told {} samples after it began",
                at as i64 - began
            );
            let (early, late) = (began_at as i64 - began, ended_at as i64 - began - 664);
            assert!(
                early.abs() <= 24 && late.abs() <= 24,
                "{key}, {offset} on: {early} and {late} samples off"
            );
        }
    }
}

#[test]
fn it_is_the_same_in_pieces_of_any_length() {
    let sound: Vec<i16> = keys().flat_map(|key| odd(key).between_pauses(3)).collect();
    let whole: Vec<Heard> = heard_in(&sound, sound.len()).into_iter().map(|(heard, _)| heard).collect();
    assert_eq!(whole.len(), 32);
    for piece in [1, 39, 40, 41, 80, 160, 320, 1_000] {
        let pieces: Vec<Heard> = heard_in(&sound, piece).into_iter().map(|(heard, _)| heard).collect();
        assert_eq!(pieces, whole, "in pieces of {piece}");
    }
}

#[test]
fn a_key_held_for_ten_seconds_is_one_press_and_the_next_key_without_a_pause_is_another() {
    let held = dtmf(Key::Digit(5), Duration::from_secs(10), -10.0);
    let then = dtmf(Key::Digit(6), Duration::from_millis(60), -10.0);
    assert_eq!(presses(&[held, then, quiet(50.0)].concat()), "5 6");
}

#[test]
fn no_shipped_prompt_sounds_like_a_key() {
    let mut prompts = 0;
    for folder in ["en", "es", "en/say", "es/say"] {
        let folder = format!("{}/sounds/{folder}", env!("CARGO_MANIFEST_DIR"));
        let files = std::fs::read_dir(&folder).unwrap().map(|file| file.unwrap().path());
        for file in files.filter(|path| path.is_file()) {
            let path = file.strip_prefix(env!("CARGO_MANIFEST_DIR")).unwrap().to_str().unwrap().to_owned();
            assert_eq!(presses(&prompt(&path)), "", "{path}");
            prompts += 1;
        }
    }
    assert!(prompts >= 40, "{prompts}");
}

/// A prompt as shipped: G.711 µ-law in a WAV file whose last chunk is `data`.
fn prompt(path: &str) -> Vec<i16> {
    let octets = std::fs::read(format!("{}/{path}", env!("CARGO_MANIFEST_DIR"))).unwrap();
    let data = octets.windows(4).position(|word| word == b"data").unwrap() + 8;
    assert_eq!(octets[20], 7, "{path} is µ-law");
    octets[data..].iter().map(|octet| g711::decode(Law::Mu, *octet)).collect()
}

fn level_dbm0(samples: &[i16]) -> f64 {
    let square: f64 = samples.iter().map(|sample| f64::from(*sample).powi(2)).sum();
    10.0 * (square / samples.len() as f64 * 2.0 / (CREST_AT_0_DBM0 * CREST_AT_0_DBM0)).log10()
}
