//! Concealment against silence and against repetition of the last tick, on the shipped speech; and what it does to
//! pure tones, at its joints and in long losses.

use super::*;
use crate::audio::conceal::squeeze::squeeze;
use crate::audio::g711::{self, Law};
use crate::rng::Rng;

/// The samples of a shipped prompt: µ-law in a WAV file, whose samples are read as octets by their place in it.
fn prompt(path: &std::path::Path) -> Vec<i16> {
    let octets = std::fs::read(path).expect("a prompt can be read");
    let data = octets.windows(4).position(|four| four == b"data").expect("a WAV file has data") + 8;
    octets[data..].iter().map(|octet| g711::decode(Law::Mu, *octet)).collect()
}

/// Shipped prompts of both languages, those of the main menu and of the office, one after another, in whole ticks of the rate. The higher rate is made by
/// a mean between each two samples.
fn speech(rate: Rate) -> Vec<i16> {
    let mut paths = Vec::new();
    for language in ["en", "es"] {
        let folder = format!("{}/sounds/{language}", env!("CARGO_MANIFEST_DIR"));
        let files = std::fs::read_dir(folder).expect("there are prompts");
        paths.extend(files.map(|file| file.expect("a folder can be read").path()));
    }
    paths.sort();
    // A fixed choice: the bounds below are of this speech.
    let is_chosen = |path: &&std::path::PathBuf| {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        name.ends_with(".wav") && ["mm.", "oi.", "vm.", "cl.", "u."].iter().any(|flow| name.starts_with(flow))
    };
    let paths = paths.iter().filter(is_chosen);
    let narrow: Vec<i16> = paths.flat_map(|path| prompt(path)).collect();
    let mut samples = match rate {
        Rate::Narrow => narrow,
        Rate::Wide => {
            let between = |pair: &[i16]| [pair[0], ((i32::from(pair[0]) + i32::from(pair[1])) / 2) as i16];
            narrow.windows(2).flat_map(between).collect()
        }
    };
    samples.truncate(samples.len() / rate.tick_samples() * rate.tick_samples());
    samples
}

/// Which ticks are lost: `percent` of them, `burst` after one another.
fn losses(ticks: usize, percent: u64, burst: usize, seed: u64) -> Vec<bool> {
    let mut chance = Rng::seeded(seed);
    let mut lost = Vec::with_capacity(ticks + burst);
    while lost.len() < ticks {
        if chance.below(100 * burst as u64) < percent {
            lost.extend(std::iter::repeat_n(true, burst));
        } else {
            lost.push(false);
        }
    }
    lost.truncate(ticks);
    lost
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Method {
    Silence,
    Repetition,
    Pitch,
}

fn concealed(rate: Rate, samples: &[i16], lost: &[bool], method: Method) -> Vec<i16> {
    let mut concealer = Concealer::new(rate);
    let mut last = vec![0; rate.tick_samples()];
    let mut heard = Vec::with_capacity(samples.len());
    for (tick, lost) in samples.chunks_exact(rate.tick_samples()).zip(lost) {
        let mut tick = tick.to_vec();
        match method {
            Method::Silence if *lost => tick.fill(0),
            Method::Repetition if *lost => tick.copy_from_slice(&last),
            Method::Silence | Method::Repetition => last.copy_from_slice(&tick),
            Method::Pitch => {
                if *lost {
                    tick.fill(i16::MAX);
                }
                concealer.tick(&mut tick, if *lost { 0 } else { ALL_MS });
            }
        }
        heard.extend(tick);
    }
    heard
}

/// The mean over lost pieces of 10 ms of speech of the ratio of signal to noise in dB, each between −10 and 35.
fn segmental_snr(rate: Rate, samples: &[i16], heard: &[i16], lost: &[bool]) -> f64 {
    let piece = rate.tick_samples() / 2;
    let (mut sum, mut count) = (0.0, 0);
    for (n, (said, heard)) in samples.chunks_exact(piece).zip(heard.chunks_exact(piece)).enumerate() {
        let energy: f64 = said.iter().map(|s| f64::from(*s).powi(2)).sum();
        if !lost[n / 2] || energy < 200.0_f64.powi(2) * piece as f64 {
            continue;
        }
        let noise: f64 = said.iter().zip(heard).map(|(a, b)| (f64::from(*a) - f64::from(*b)).powi(2)).sum();
        sum += (10.0 * (energy / noise.max(1e-9)).log10()).clamp(-10.0, 35.0);
        count += 1;
    }
    sum / f64::from(count.max(1))
}

const SEEDS: [u64; 4] = [7, 8, 9, 10];

#[test]
fn speech_with_losses_is_nearer_to_itself_than_with_silence_or_repetition() {
    for rate in [Rate::Narrow, Rate::Wide] {
        let samples = speech(rate);
        // Losses in percent, how many at once, and by how many dB it is better than silence and than repetition. After
        // 20 ms no method knows the wave; there it fills the hole and is no worse than silence by this measure.
        for (percent, burst, than_silence, than_repetition) in
            [(3, 1, 0.5, 3.0), (10, 1, 0.5, 3.0), (10, 2, -0.1, 2.0), (10, 3, -0.1, 2.0)]
        {
            // Where losses fall is chance: one draw of them moves the ratio by 0.1 dB.
            let mut mean = [0.0; 3];
            for seed in SEEDS {
                let lost = losses(samples.len() / rate.tick_samples(), percent, burst, seed);
                for (mean, method) in
                    mean.iter_mut().zip([Method::Silence, Method::Repetition, Method::Pitch])
                {
                    let heard = concealed(rate, &samples, &lost, method);
                    *mean += segmental_snr(rate, &samples, &heard, &lost) / SEEDS.len() as f64;
                }
            }
            let [silence, repetition, pitch] = mean;
            println!(
                "{rate:?} {percent} % lost, {burst} at once: \
                 silence {silence:.2} dB, repetition {repetition:.2} dB, pitch {pitch:.2} dB"
            );
            assert!(pitch > silence + than_silence && pitch > repetition + than_repetition);
        }
    }
}

#[test]
fn no_joint_steps_more_than_the_speech_itself() {
    for rate in [Rate::Narrow, Rate::Wide] {
        let samples = speech(rate);
        let tick = rate.tick_samples();
        for burst in [1, 2, 5] {
            let lost = losses(samples.len() / tick, 10, burst, 3);
            let heard = concealed(rate, &samples, &lost, Method::Pitch);
            let steepest =
                |samples: &[i16]| samples.windows(2).map(|s| s[0].abs_diff(s[1])).max().unwrap_or(0);
            let mut worst = 0.0_f64;
            for n in (8..lost.len() - 1).filter(|n| lost[*n] || lost[*n - 1]) {
                // What is compared: this tick with its borders, and the speech from four ticks before it to its end.
                let joint = steepest(&heard[n * tick - 1..(n + 1) * tick + 1]);
                let own = steepest(&samples[(n - 4 - burst) * tick..(n + 1) * tick + 1]);
                worst = worst.max(f64::from(joint) / f64::from(own.max(400)));
            }
            println!("{rate:?}, {burst} at once: the steepest step is {worst:.2} of the speech's own");
            assert!(worst <= 1.1);
        }
    }
}

fn tone(rate: Rate, hz: f64, from: usize, samples: usize) -> Vec<i16> {
    let turn = std::f64::consts::TAU * hz / (rate.samples_per_ms() as f64 * 1_000.0);
    (from..from + samples).map(|n| ((n as f64 * turn).sin() * 8_000.0) as i16).collect()
}

/// The level of `hz` in `samples`, against all there is in them: 1 for that tone alone.
fn purity(rate: Rate, samples: &[i16], hz: f64) -> f64 {
    let turn = std::f64::consts::TAU * hz / (rate.samples_per_ms() as f64 * 1_000.0);
    let (mut re, mut im, mut all) = (0.0, 0.0, 0.0);
    for (n, sample) in samples.iter().enumerate() {
        let (sin, cos) = (n as f64 * turn).sin_cos();
        let sample = f64::from(*sample);
        (re, im, all) = (re + sample * cos, im + sample * sin, all + sample * sample);
    }
    2.0 * (re * re + im * im) / (all * samples.len() as f64)
}

fn rms(samples: &[i16]) -> f64 {
    (samples.iter().map(|s| f64::from(*s).powi(2)).sum::<f64>() / samples.len() as f64).sqrt()
}

/// Five ticks of a tone, then `ticks` that are lost; the lost ones.
fn lost_tone(rate: Rate, hz: f64, ticks: usize) -> Vec<i16> {
    let mut concealer = Concealer::new(rate);
    for n in 0..5 {
        let mut samples = tone(rate, hz, n * rate.tick_samples(), rate.tick_samples());
        concealer.tick(&mut samples, ALL_MS);
    }
    let mut heard = vec![i16::MAX; ticks * rate.tick_samples()];
    heard.chunks_exact_mut(rate.tick_samples()).for_each(|tick| concealer.tick(tick, 0));
    heard
}

#[test]
fn a_tone_keeps_its_frequency_and_level_for_10_ms_and_is_silent_at_60() {
    // G.711 Appendix I §I.2.7: 20 % each 10 ms from 10 ms on.
    for rate in [Rate::Narrow, Rate::Wide] {
        for hz in [300.0, 425.0, 1_004.0, 2_100.0, 3_100.0] {
            let heard = lost_tone(rate, hz, 4);
            let ms =
                |from: usize, to: usize| &heard[from * rate.samples_per_ms()..to * rate.samples_per_ms()];
            let level = |samples: &[i16]| rms(samples) / (8_000.0 / std::f64::consts::SQRT_2);
            let (first, pure) = (level(ms(0, 10)), purity(rate, ms(0, 10), hz));
            println!(
                "{hz} Hz {rate:?}: level {first:.3}, purity {pure:.3}, at 35 ms {:.3}",
                level(ms(30, 40))
            );
            assert!((0.94..1.06).contains(&first) && pure > 0.95, "{hz} Hz {rate:?}");
            assert!(level(ms(30, 40)) < 0.6 && level(ms(50, 60)) < 0.15, "{hz} Hz {rate:?}");
            assert!(ms(60, 80).iter().all(|sample| *sample == 0), "{hz} Hz {rate:?}");
        }
    }
}

#[test]
fn what_came_whole_is_left_as_it_is() {
    for rate in [Rate::Narrow, Rate::Wide] {
        let mut concealer = Concealer::new(rate);
        for n in 0..10 {
            let said = tone(rate, 700.0, n * rate.tick_samples(), rate.tick_samples());
            let mut heard = said.clone();
            concealer.tick(&mut heard, ALL_MS);
            assert_eq!(said, heard);
        }
        let mut too_short = vec![7; 10];
        concealer.tick(&mut too_short, 0);
        assert_eq!(too_short, vec![7; 10]);
    }
}

#[test]
fn nothing_is_repeated_before_anything_was_heard() {
    let mut concealer = Concealer::new(Rate::Narrow);
    let mut samples = [9; 160];
    concealer.tick(&mut samples, 0);
    assert_eq!(samples, [0; 160]);
    let said = tone(Rate::Narrow, 700.0, 0, 160);
    let mut heard = said.clone();
    concealer.tick(&mut heard, ALL_MS);
    assert_eq!(said, heard, "the first words are not faded in");
}

#[test]
fn a_few_milliseconds_are_hidden_within_their_tick() {
    for rate in [Rate::Narrow, Rate::Wide] {
        let per_ms = rate.samples_per_ms();
        for (why, came) in [
            ("the first 10 ms", 0xffc00_u32),
            ("the last 10 ms", 0x003ff),
            ("2 ms within", 0xffcff),
            ("two stretches", 0xf0f0f),
        ] {
            let mut concealer = Concealer::new(rate);
            let mut ratio = 0.0;
            for n in 0..7 {
                let said = tone(rate, 400.0, n * rate.tick_samples(), rate.tick_samples());
                let mut heard = said.clone();
                let came = if n == 5 { came } else { ALL_MS };
                for ms in (0..TICK_MS).filter(|ms| came >> ms & 1 == 0) {
                    heard[ms * per_ms..(ms + 1) * per_ms].fill(i16::MIN);
                }
                concealer.tick(&mut heard, came);
                let noise: Vec<i16> = said.iter().zip(&heard).map(|(a, b)| a.saturating_sub(*b)).collect();
                ratio = f64::max(ratio, rms(&noise) / rms(&said));
            }
            assert!(ratio < 0.1, "{why} at {rate:?}: {ratio}");
        }
    }
}

#[test]
fn thirty_milliseconds_become_twenty_without_a_step() {
    for rate in [Rate::Narrow, Rate::Wide] {
        let per_ms = rate.samples_per_ms();
        // Of these the cut is a whole number of periods.
        for hz in [100.0, 200.0, 700.0, 1_000.0] {
            let mut samples = tone(rate, hz, 0, 30 * per_ms);
            squeeze(rate, &mut samples);
            let expected = tone(rate, hz, 0, 20 * per_ms);
            let worst = expected.iter().zip(&samples).map(|(a, b)| a.abs_diff(*b)).max();
            assert!(worst.is_some_and(|worst| worst < 100), "{hz} Hz {rate:?}: {worst:?}");
        }
        let speech = speech(rate);
        let steepest = |samples: &[i16]| samples.windows(2).map(|s| s[0].abs_diff(s[1])).max().unwrap_or(0);
        for said in speech.chunks_exact(30 * per_ms) {
            let mut heard = said.to_vec();
            squeeze(rate, &mut heard);
            assert_eq!(heard[20 * per_ms - 1], said[30 * per_ms - 1]);
            assert!(steepest(&heard[..20 * per_ms]) <= steepest(said) + steepest(said) / 4 + 100);
        }
        let mut other = vec![3; 7];
        squeeze(rate, &mut other);
        assert_eq!(other, [3; 7]);
    }
}

#[test]
fn a_cut_falls_into_the_pause() {
    let mut samples = tone(Rate::Narrow, 433.0, 0, 240);
    samples[100..230].fill(0);
    let said = samples.clone();
    squeeze(Rate::Narrow, &mut samples);
    assert_eq!((&samples[..100], &samples[150..160]), (&said[..100], &said[230..]));
}

#[test]
fn quiet_is_told_from_speech() {
    let mut concealer = Concealer::new(Rate::Narrow);
    assert!(concealer.is_quiet());
    concealer.tick(&mut tone(Rate::Narrow, 300.0, 0, 160), ALL_MS);
    assert!(!concealer.is_quiet());
    concealer.tick(&mut [40; 160], ALL_MS);
    assert!(concealer.is_quiet());
}
