//! How much of one frequency is in a stretch of sound: Goertzel's algorithm at 8 kHz.
//!
//! It serves to tell who hears whom: each party plays its own tone. Hearing keys in the sound is not
//! its job.

use crate::audio::tone::RATE_HZ;
use std::f64::consts::TAU;

/// The power of `frequency_hz` in `samples`: the mean square of that component, in squared sample units.
pub fn power(samples: &[i16], frequency_hz: u32) -> f64 {
    if samples.is_empty() {
        return 0.0;
    }
    let coefficient = 2.0 * (TAU * f64::from(frequency_hz) / f64::from(RATE_HZ)).cos();
    let (mut before, mut last) = (0.0, 0.0);
    for sample in samples {
        let now = f64::from(*sample) + coefficient * last - before;
        before = last;
        last = now;
    }
    let square = last * last + before * before - coefficient * last * before;
    let count = samples.len() as f64;
    2.0 * square / (count * count)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audio::tone::sine;
    use std::time::Duration;

    #[test]
    fn a_tone_is_found_at_its_own_frequency_only() {
        let tone = sine(440, Duration::from_millis(500), 10_000);
        let (here, there) = (power(&tone, 440), power(&tone, 620));
        assert!((here - 5.0e7).abs() < 5.0e6, "mean square of a sine is half its squared crest: {here}");
        assert!(there < here / 1_000.0, "{there} against {here}");
    }

    #[test]
    fn silence_has_no_power() {
        assert_eq!(power(&[], 440), 0.0);
        assert_eq!(power(&[0; 160], 440), 0.0);
    }
}
