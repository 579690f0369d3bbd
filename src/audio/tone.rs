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

const FADE_SAMPLES: usize = 40;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audio::goertzel::power;

    #[test]
    fn the_beep_is_one_kilohertz_and_begins_and_ends_softly() {
        let beep = message_beep();
        assert_eq!(beep.len(), 3_200);
        assert!(beep[0] == 0 && beep[3_199] == 0, "{} .. {}", beep[0], beep[3_199]);
        assert!(power(&beep, 1_000) > 1_000.0 * power(&beep, 1_200));
    }

    #[test]
    fn a_tone_of_no_length_is_empty() {
        assert!(sine(440, Duration::ZERO, 1_000).is_empty());
        assert_eq!(sine(440, Duration::from_millis(1), 1_000).len(), 8);
    }
}
