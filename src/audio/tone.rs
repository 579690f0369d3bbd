//! Pure tones at 8 kHz: the beep before a message, and the tone by which a test knows a party.

use std::f64::consts::TAU;
use std::time::Duration;

/// Samples in a second.
pub const RATE_HZ: u32 = 8_000;

/// A sine of `frequency_hz` for `duration`, with its crest at `amplitude`, faded in and out over 5 ms
/// so that it begins and ends without a click.
pub fn sine(frequency_hz: u32, duration: Duration, amplitude: i16) -> Vec<i16> {
    let samples = (duration.as_millis() as usize) * (RATE_HZ as usize) / 1_000;
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
    }
}
