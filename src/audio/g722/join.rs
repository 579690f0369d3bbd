//! How sounds follow one another in one stream without a click.
//!
//! What an octet means depends on the state of the decoder: a scale and a predictor for each band. Octets that
//! were made apart, by an encoder that began in another state, are decoded by the wrong predictor: at the loud
//! start of a clip the error is as loud as the clip, even after 200 ms of encoded silence, for in silence the
//! predictors do not come to rest in one place. No pattern of quiet octets brings all decoders to one state
//! either. So samples are joined, not octets: each stream has one [`Encoder`](super::Encoder) for as long as it
//! lasts, which is in the state of the far decoder at every octet, and prompts are kept as samples at 16 kHz.
//!
//! What is left for a join to do is to end a sound that is cut: [`fade_out`].

/// Samples at 16 kHz over which a sound that is cut fades: 5 ms.
const FADE_SAMPLES: usize = 80;

/// Lets `samples`, those that would have come next, fade over 5 ms, and silences the rest of them.
///
/// For the first tick after a cut. A sound that stops within one sample is a click in itself.
pub fn fade_out(samples: &mut [i16]) {
    for (n, sample) in samples.iter_mut().enumerate() {
        let left = FADE_SAMPLES.saturating_sub(n + 1) as i32;
        *sample = (i32::from(*sample) * left / FADE_SAMPLES as i32) as i16;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audio::g722::{Decoder, Encoder};
    use std::f64::consts::TAU;

    const TICK: usize = 320;
    /// Samples by which the two filters delay the sound.
    const DELAY: usize = 22;

    /// A vowel of harmonics with four formants, its crest 3 dB under full scale, that comes within 60 ms.
    fn vowel(pitch_hz: f64, ticks: usize) -> Vec<i16> {
        let formants = [(700.0, 130.0), (1_220.0, 150.0), (2_600.0, 200.0), (3_500.0, 300.0)];
        let harmonics: Vec<(f64, f64)> = (1..)
            .map(|n| f64::from(n) * pitch_hz)
            .take_while(|f| *f < 7_000.0)
            .map(|f| {
                (f, formants.iter().map(|(c, b)| 1.0 / (1.0 + ((f - c) / b).powi(2))).sum::<f64>() + 0.01)
            })
            .collect();
        let sample = |n: usize| {
            let at = |(k, (f, level)): (usize, &(f64, f64))| {
                level * (TAU * f * n as f64 / 16_000.0 + 0.7 * (k * k) as f64).sin()
            };
            harmonics.iter().enumerate().map(at).sum::<f64>()
        };
        let samples: Vec<f64> = (0..ticks * TICK).map(sample).collect();
        let crest = samples.iter().fold(0.0, |crest: f64, sample| crest.max(sample.abs()));
        let attack = |n: usize| (n as f64 / 960.0).min(1.0).powi(2);
        samples.iter().enumerate().map(|(n, sample)| (attack(n) * sample / crest * 23_000.0) as i16).collect()
    }

    /// What a decoder makes of `octets`.
    fn decoded(octets: &[u8]) -> Vec<i16> {
        let mut samples = vec![0; 2 * octets.len()];
        Decoder::new().decode(octets, &mut samples);
        samples
    }

    fn encoded(samples: &[i16]) -> Vec<u8> {
        let mut octets = vec![0; samples.len() / 2];
        Encoder::new().encode(samples, &mut octets);
        octets
    }

    /// The greatest difference in dBFS between what is heard and what was said, from sample `from` to `to`.
    fn error_dbfs(heard: &[i16], said: &[i16], from: usize, to: usize) -> f64 {
        let worst = (from..to).map(|n| (i32::from(heard[n + DELAY]) - i32::from(said[n])).abs()).max();
        20.0 * (f64::from(worst.unwrap_or(0).max(1)) / 32_768.0).log10()
    }

    #[test]
    fn a_word_that_is_cut_leaves_no_click() {
        for pitch_hz in [90.0, 120.0, 180.0, 230.0] {
            let mut said = vowel(pitch_hz, 11);
            fade_out(&mut said[10 * TICK..]);
            said.extend([0; 5 * TICK]);
            let heard = decoded(&encoded(&said));
            let cut = 10 * TICK;
            let vowel = error_dbfs(&heard, &said, 5 * TICK, cut);
            let fade = error_dbfs(&heard, &said, cut, cut + FADE_SAMPLES);
            let after = error_dbfs(&heard, &said, cut + FADE_SAMPLES + DELAY, cut + 5 * TICK);
            println!("{pitch_hz} Hz: in the vowel {vowel:.1}, fade {fade:.1}, after {after:.1} dBFS");
            assert!(after < -50.0 && fade < vowel + 1.0, "{pitch_hz} Hz: {vowel:.1} {fade:.1} {after:.1}");
        }
    }

    #[test]
    fn a_clip_after_a_clip_or_silence_is_as_clean_as_alone() {
        for (pitch_hz, ticks_between) in [(90.0, 0), (120.0, 0), (180.0, 1), (230.0, 3)] {
            let mut said = vowel(250.0, 11);
            fade_out(&mut said[10 * TICK..]);
            said.extend(vec![0; ticks_between * TICK]);
            let start = said.len();
            said.extend(vowel(pitch_hz, 10));
            said.extend([0; TICK]);
            let heard = decoded(&encoded(&said));
            let alone = decoded(&encoded(&said[start..]));
            let joined = error_dbfs(&heard, &said, start, start + TICK);
            let by_itself = error_dbfs(&alone, &said[start..], 0, TICK);
            println!("{pitch_hz} Hz: joined {joined:.1}, alone {by_itself:.1} dBFS");
            assert!(
                joined < -45.0 && joined < by_itself + 4.0,
                "{pitch_hz} Hz: joined {joined:.1}, alone {by_itself:.1} dBFS"
            );
        }
    }

    #[test]
    fn octets_that_were_made_apart_do_not_join_even_after_silence() {
        let first = [vowel(250.0, 10), vec![0; 10 * TICK]].concat();
        let second = vowel(120.0, 10);
        let octets = [encoded(&first), encoded(&second)].concat();
        let heard = decoded(&octets);
        let alone = decoded(&encoded(&second));
        let alone_later = &alone[DELAY..];
        let error = error_dbfs(&heard[first.len()..], alone_later, 0, 5 * TICK);
        println!("octets made apart: {error:.1} dBFS");
        assert!(error > -50.0, "the reason to join samples is gone: {error:.1} dBFS");
    }

    #[test]
    fn a_fade_ends_in_silence_and_begins_where_the_sound_was() {
        let mut samples = [8_000; TICK];
        fade_out(&mut samples);
        assert_eq!((samples[0], samples[39], samples[79], samples[319]), (7_900, 4_000, 0, 0));
        fade_out(&mut []);
    }
}
