//! Tones at 8 kHz: the beep before a message, the tone by which a test knows a party, and the keys of a
//! telephone (ITU-T Q.23).

use crate::wire::telephone_event::Key;
use std::f64::consts::TAU;
use std::time::Duration;

/// Samples in a second.
pub const RATE_HZ: u32 = 8_000;

/// The crest of a sine of 0 dBm0: full scale of µ-law is 3.17 dBm0 (ITU-T G.711 §3).
pub const CREST_AT_0_DBM0: f64 = 22_300.0;

/// The frequencies of the rows of keys, in Hz (ITU-T Q.23 §4).
pub const ROWS_HZ: [f32; 4] = [697.0, 770.0, 852.0, 941.0];
/// The frequencies of the columns of keys, in Hz (ITU-T Q.23 §4).
pub const COLUMNS_HZ: [f32; 4] = [1_209.0, 1_336.0, 1_477.0, 1_633.0];
/// The keys as they lie, row by row (ITU-T Q.23 §4).
pub const KEYS: [[Key; 4]; 4] = [
    [Key::Digit(1), Key::Digit(2), Key::Digit(3), Key::Letter(b'A')],
    [Key::Digit(4), Key::Digit(5), Key::Digit(6), Key::Letter(b'B')],
    [Key::Digit(7), Key::Digit(8), Key::Digit(9), Key::Letter(b'C')],
    [Key::Star, Key::Digit(0), Key::Pound, Key::Letter(b'D')],
];

/// A sine of `frequency_hz` for `duration`, with its crest at `amplitude`, faded in and out over 5 ms
/// so that it begins and ends without a click.
pub fn sine(frequency_hz: u32, duration: Duration, amplitude: i16) -> Vec<i16> {
    let samples = samples_in(duration);
    let step = TAU * f64::from(frequency_hz) / f64::from(RATE_HZ);
    let fade = (samples / 2).clamp(1, FADE_SAMPLES);
    let sample = |n: usize| {
        let edge = n.min(samples - 1 - n).min(fade) as f64 / fade as f64;
        (f64::from(amplitude) * edge * (step * n as f64).sin()).round() as i16
    };
    (0..samples).map(sample).collect()
}

/// The beep after which a caller's message is taken: 1 kHz, 400 ms, 12 dB under full scale.
pub fn message_beep() -> Vec<i16> {
    sine(1_000, Duration::from_millis(400), 8_192)
}

/// A short sound that says something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// It is your turn: to leave a message, to press a number.
    YourTurn,
    /// Nobody was reached: you are where you were.
    NotReached,
    /// What goes on here will end soon.
    EndsSoon,
}

impl Signal {
    /// Its samples.
    pub fn samples(self) -> Vec<i16> {
        match self {
            Signal::YourTurn => message_beep(),
            Signal::NotReached => not_reached(),
            Signal::EndsSoon => ends_soon(),
        }
    }
}

/// What is under a wait while nobody speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Wait {
    /// Two soft notes: you are still here.
    Notes,
    /// Somebody is rung.
    Ringing,
}

impl Wait {
    /// Its samples, whole ticks, to be repeated.
    pub fn samples(self) -> Vec<i16> {
        match self {
            Wait::Notes => waiting_bed(),
            Wait::Ringing => ringing(),
        }
    }
}

/// Three short low tones, under the frequencies of keys.
fn not_reached() -> Vec<i16> {
    const TONE: Duration = Duration::from_millis(150);
    let one = [sine(440, TONE, 6_000), vec![0; samples_in(TONE / 2)]].concat();
    one.repeat(3)
}

/// Two falling tones, twice, under the frequencies of keys.
fn ends_soon() -> Vec<i16> {
    const TONE: Duration = Duration::from_millis(250);
    [sine(587, TONE, 6_000), sine(392, TONE, 6_000), vec![0; samples_in(TONE)]].concat().repeat(2)
}

/// Audible ringing as North America hears it: 440 and 480 Hz, 19 dB under a milliwatt each, two seconds of six (ITU-T E.182
/// §5.3, ATIS-0600401).
fn ringing() -> Vec<i16> {
    let partial = |hz| Partial { hz, dbm0: -22.0 };
    let sounds = dual(partial(440.0), partial(480.0), Duration::from_secs(2));
    [sounds, vec![0; samples_in(Duration::from_secs(4))]].concat()
}

/// What is heard under a wait while nobody speaks: two soft notes, then rest, four seconds in all (200 ticks), to be
/// repeated. It says "you are still here" in every language. Both notes are under the frequencies of keys.
pub fn waiting_bed() -> Vec<i16> {
    const NOTES: [(f64, f64); 2] = [(392.0, 0.0), (523.25, 0.35)]; // hertz, begin in seconds
    const CREST: f64 = 1_500.0;
    const RISES_S: f64 = 0.03;
    const FALLS_S: f64 = 0.35;
    let note = |at_s: f64, (frequency_hz, begin_s): (f64, f64)| {
        let into_s = (at_s - begin_s).max(0.0);
        (into_s / RISES_S).min(1.0) * (-into_s / FALLS_S).exp() * (TAU * frequency_hz * into_s).sin()
    };
    let sample = |n: u32| {
        let at_s = f64::from(n) / f64::from(RATE_HZ);
        (CREST * NOTES.iter().map(|of| note(at_s, *of)).sum::<f64>()).round() as i16
    };
    (0..4 * RATE_HZ).map(sample).collect()
}

/// One of the two tones of a [`dual`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Partial {
    /// Its frequency in Hz.
    pub hz: f64,
    /// Its level in dBm0.
    pub dbm0: f64,
}

/// Two tones together for `duration`, begun and ended at once as a telephone does it. What is over full
/// scale is cut.
pub fn dual(low: Partial, high: Partial, duration: Duration) -> Vec<i16> {
    let part = |partial: Partial, n: usize| {
        let crest = CREST_AT_0_DBM0 * 10_f64.powf(partial.dbm0 / 20.0);
        crest * (TAU * partial.hz * n as f64 / f64::from(RATE_HZ)).sin()
    };
    let sample = |n| (part(low, n) + part(high, n)).round() as i16;
    (0..samples_in(duration)).map(sample).collect()
}

/// The sound of `key` for `duration` (ITU-T Q.23 §4), each of its two tones at `dbm0`. A telephone sends
/// them between −9 and −4 dBm0.
pub fn dtmf(key: Key, duration: Duration, dbm0: f64) -> Vec<i16> {
    let [low, high] = frequencies_hz(key).map(|hz| Partial { hz, dbm0 });
    dual(low, high, duration)
}

/// A piece of the sound of `key` in `samples`, `rate_hz` of them a second, which begin `from` samples after the press.
/// Pieces that follow each other are one tone. Nothing is allocated.
pub fn dtmf_piece(key: Key, dbm0: f64, from: usize, rate_hz: u32, samples: &mut [i16]) {
    let crest = CREST_AT_0_DBM0 * 10_f64.powf(dbm0 / 20.0);
    let steps = frequencies_hz(key).map(|hz| TAU * hz / f64::from(rate_hz));
    for (n, sample) in (from..).zip(samples) {
        let both: f64 = steps.iter().map(|step| (step * n as f64).sin()).sum();
        *sample = (crest * both).round() as i16;
    }
}

/// The low and the high frequency of `key`, in Hz.
pub fn frequencies_hz(key: Key) -> [f64; 2] {
    let (row, column) = match key {
        Key::Digit(0) => (3, 1),
        Key::Digit(digit) => (usize::from((digit - 1) / 3) % 4, usize::from((digit - 1) % 3)),
        Key::Star => (3, 0),
        Key::Pound => (3, 2),
        Key::Letter(letter) => (usize::from(letter.wrapping_sub(b'A') & 3), 3),
    };
    [f64::from(ROWS_HZ[row]), f64::from(COLUMNS_HZ[column])]
}

/// Samples in `duration`.
pub fn samples_in(duration: Duration) -> usize {
    (duration.as_micros() as usize) * (RATE_HZ as usize) / 1_000_000
}

const FADE_SAMPLES: usize = 40;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audio::goertzel::power;
    use crate::audio::loudness;

    #[test]
    fn the_beep_is_one_kilohertz_and_begins_and_ends_softly() {
        let beep = message_beep();
        assert_eq!(beep.len(), 3_200);
        assert!(beep[0] == 0 && beep[3_199] == 0, "{} .. {}", beep[0], beep[3_199]);
        assert!(power(&beep, 1_000) > 1_000.0 * power(&beep, 1_200));
    }

    #[test]
    fn the_bed_of_a_wait_is_soft_ends_in_silence_and_is_no_key() {
        let bed = waiting_bed();
        assert_eq!(bed.len() % 160, 0, "it ends at a tick");
        let loudness = loudness::measure(&bed, RATE_HZ);
        assert!(loudness.lufs.is_some_and(|lufs| (-38.0..=-30.0).contains(&lufs)), "{loudness:?}");
        assert!(
            bed[bed.len() - 8_000..].iter().all(|sample| sample.abs() < 16),
            "the last second is silence"
        );
        let step = bed.windows(2).map(|pair| (pair[1] - pair[0]).abs()).max();
        assert!(step < Some(1_000), "{step:?}");
        for key_hz in [697, 770, 852, 941, 1_209, 1_336, 1_477, 1_633] {
            let (key, notes) = (power(&bed[..8_000], key_hz), power(&bed[..8_000], 392));
            assert!(key < notes / 100.0, "{key_hz} Hz: {key} of {notes}");
        }
    }

    #[test]
    fn a_tone_of_no_length_is_empty() {
        assert!(sine(440, Duration::ZERO, 1_000).is_empty());
        assert_eq!(sine(440, Duration::from_millis(1), 1_000).len(), 8);
        assert!(dtmf(Key::Star, Duration::ZERO, 0.0).is_empty());
    }

    #[test]
    fn a_key_in_pieces_is_the_same_tone() {
        let mut pieces = [0; 800];
        for (n, piece) in pieces.chunks_mut(160).enumerate() {
            dtmf_piece(Key::Pound, -10.0, 160 * n, RATE_HZ, piece);
        }
        assert_eq!(pieces.to_vec(), dtmf(Key::Pound, Duration::from_millis(100), -10.0));
    }

    #[test]
    fn every_key_sounds_as_its_row_and_column() {
        // ITU-T Q.23 §4
        for (row, keys) in KEYS.iter().enumerate() {
            for (column, key) in keys.iter().enumerate() {
                let [low, high] = [ROWS_HZ[row], COLUMNS_HZ[column]].map(f64::from);
                assert_eq!(frequencies_hz(*key), [low, high], "{key}");
                let sound = dtmf(*key, Duration::from_millis(100), -10.0);
                let level = |hz: f64| {
                    let mean_square = power(&sound, hz as u32);
                    10.0 * (mean_square * 2.0 / (CREST_AT_0_DBM0 * CREST_AT_0_DBM0)).log10()
                };
                assert!((level(low) + 10.0).abs() < 0.3 && (level(high) + 10.0).abs() < 0.3, "{key}");
            }
        }
    }
}
