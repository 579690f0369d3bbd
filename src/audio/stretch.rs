//! Speech for slow listening: the same voice at the same pitch, in more time (WSOLA: overlap-add of
//! windows that are placed where the waves fit).
//!
//! ```text
//!  in    ──┬────▓▓▓▓▓▓▓▓───────    the window goes on where it would go on by itself …
//!          └─ ± search ─┘          … as nearly as the slower clock allows
//!  out   ──▒▒▒▒▓▓▓▓▒▒▒▒─────────   neighbours cross-fade over half a window
//! ```
//! A whole sound at once, when a prompt is loaded; nothing here runs per packet.

use std::f64::consts::PI;

/// Words a minute of the slow profile, against those of the shipped prompts: 110 of 145.
const SLOW_WORDS: u64 = 110;
const NORMAL_WORDS: u64 = 145;

/// How many samples a sound of `samples` takes when it is spoken slowly: to the nearest one.
pub fn slow_length(samples: usize) -> usize {
    ((samples as u64 * NORMAL_WORDS + SLOW_WORDS / 2) / SLOW_WORDS) as usize
}

/// The sound at 110/145 of its speed, with its pitch kept.
pub fn slowly(samples: &[i16], rate_hz: u32) -> Vec<i16> {
    let shape = Shape::at(rate_hz);
    let length = slow_length(samples.len());
    if samples.len() < 2 * shape.half {
        // Under a window there is no wave to fit to: it is spoken as it is, and silence fills the time.
        return samples.iter().copied().chain(std::iter::repeat(0)).take(length).collect();
    }
    let fade: Vec<f64> =
        (0..shape.half).map(|n| (1.0 - (PI * (n as f64 + 0.5) / shape.half as f64).cos()) / 2.0).collect();
    let mut out = Vec::with_capacity(length + shape.half);
    out.extend_from_slice(&samples[..shape.half]);
    let mut before = 0; // where the last window began in the sound
    while out.len() < length {
        let goes_on = before + shape.half;
        let nominal = (out.len() as u64 * SLOW_WORDS / NORMAL_WORDS) as usize;
        let at = shape.best(samples, goes_on, nominal);
        let sample = |at: usize| f64::from(samples.get(at).copied().unwrap_or(0));
        let mixed = fade
            .iter()
            .enumerate()
            .map(|(n, gain)| (sample(goes_on + n) * (1.0 - gain) + sample(at + n) * gain).round() as i16);
        out.extend(mixed);
        before = at;
    }
    out.truncate(length);
    out
}

/// Lengths in samples.
#[derive(Clone, Copy, Debug)]
struct Shape {
    /// Half a window: 12 ms, over a period of the lowest voices with the other half.
    half: usize,
    /// How far from its place in time a window may be taken: 8 ms, a period of a voice at 125 Hz to either side.
    search: usize,
    /// Only every so-manieth place is tried, and every so-manieth sample compared, before the best is refined.
    coarse: usize,
}

impl Shape {
    fn at(rate_hz: u32) -> Self {
        let rate = rate_hz as usize;
        Self { half: rate * 12 / 1_000, search: rate * 8 / 1_000, coarse: (rate / 4_000).max(1) }
    }

    /// The place near `nominal` whose wave is likest to that at `goes_on`.
    fn best(&self, samples: &[i16], goes_on: usize, nominal: usize) -> usize {
        let last = samples.len().saturating_sub(self.half);
        let from = nominal.saturating_sub(self.search).min(last);
        let to = (nominal + self.search).min(last);
        let nominal = nominal.min(last);
        let Some(pattern) = samples.get(goes_on..(goes_on + self.half).min(samples.len())) else {
            return nominal;
        };
        let rough = likest(samples, pattern, (from..=to).step_by(self.coarse), self.coarse, nominal);
        // The best of all may stand just outside, between two places that were tried.
        let (from, to) = (rough.saturating_sub(self.coarse), (rough + self.coarse).min(last));
        likest(samples, pattern, from..=to, 1, rough)
    }
}

/// Of these places the one whose wave is likest to `pattern`; `otherwise` where nothing is alike.
fn likest(
    samples: &[i16],
    pattern: &[i16],
    places: impl Iterator<Item = usize>,
    step: usize,
    otherwise: usize,
) -> usize {
    let mut best = (0.0, otherwise);
    for place in places {
        let likeness = likeness(pattern, &samples[place..], step);
        if likeness > best.0 {
            best = (likeness, place);
        }
    }
    best.1
}

/// The correlation of two waves, by the power of the second; negative when they are opposed.
fn likeness(pattern: &[i16], other: &[i16], step: usize) -> f64 {
    let pairs = pattern.iter().step_by(step).zip(other.iter().step_by(step));
    let (dot, power) = pairs.fold((0_i64, 1_i64), |(dot, power), (a, b)| {
        (dot + i64::from(*a) * i64::from(*b), power + i64::from(*b) * i64::from(*b))
    });
    dot as f64 / (power as f64).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audio::goertzel::power;
    use crate::audio::tone::sine;
    use crate::rng::Rng;
    use std::time::Duration;

    fn greatest_step(samples: &[i16]) -> i32 {
        samples.windows(2).map(|pair| (i32::from(pair[1]) - i32::from(pair[0])).abs()).max().unwrap_or(0)
    }

    /// Rising passages through zero in a second.
    fn frequency(samples: &[i16]) -> f64 {
        let rising = samples.windows(2).filter(|pair| pair[0] < 0 && pair[1] >= 0).count();
        8_000.0 * rising as f64 / samples.len() as f64
    }

    /// A voice: pulses at the pitch that ring at 700 Hz, in syllables of 180 ms with pauses of 60 ms.
    fn voice(pitch_hz: f64, seconds: usize) -> Vec<i16> {
        let (mut phase, mut ring, mut samples) = (0.0, [0.0_f64; 2], Vec::new());
        for n in 0..seconds * 8_000 {
            let spoken = n % 1_920 < 1_440;
            phase += pitch_hz * (1.0 + 0.1 * (n as f64 / 8_000.0).sin()) / 8_000.0;
            let pulse = if phase >= 1.0 && spoken { 3_000.0 } else { 0.0 };
            phase = phase.fract();
            let now = pulse + 1.72 * ring[0] - 0.92 * ring[1];
            ring = [now, ring[0]];
            samples.push(now.clamp(-32_000.0, 32_000.0) as i16);
        }
        samples
    }

    /// The pitch of 40 ms by the greatest correlation with itself between 60 and 400 Hz, if it has one.
    fn pitch(samples: &[i16]) -> Option<f64> {
        let correlation = |lag: usize| {
            let pairs = samples.iter().zip(&samples[lag..]);
            let (dot, a, b) = pairs.fold((0.0, 1.0, 1.0), |(dot, a, b), (x, y)| {
                let (x, y) = (f64::from(*x), f64::from(*y));
                (dot + x * y, a + x * x, b + y * y)
            });
            dot / (a * b).sqrt()
        };
        let lags: Vec<(usize, f64)> = (20..133).map(|lag| (lag, correlation(lag))).collect();
        let best = lags.iter().map(|(_, likeness)| *likeness).fold(0.0, f64::max);
        // The shortest lag that is nearly as good: twice the period is as good as the period.
        let (lag, _) = lags.iter().find(|(_, likeness)| *likeness > 0.95 * best)?;
        (best > 0.7).then(|| 8_000.0 / *lag as f64)
    }

    #[track_caller]
    fn middle_pitch(samples: &[i16]) -> f64 {
        let mut found: Vec<f64> = samples.chunks_exact(320).filter_map(pitch).collect();
        found.sort_by(f64::total_cmp);
        assert!(found.len() > 5, "only {} pitches found", found.len());
        found[found.len() / 2]
    }

    #[test]
    fn it_takes_145_of_110_of_the_time_to_a_sample() {
        let mut rng = Rng::seeded(3);
        for length in [0, 1, 2, 100, 191, 192, 193, 8_000, 12_345, 40_000] {
            for rate_hz in [8_000, 16_000] {
                let samples: Vec<i16> = (0..length).map(|_| rng.next_u16() as i16 / 4).collect();
                let slow = slowly(&samples, rate_hz).len() as f64;
                let expected = length as f64 * 145.0 / 110.0;
                assert!((slow - expected).abs() <= 0.5, "{length} became {slow}, not {expected:.1}");
            }
        }
    }

    #[test]
    fn a_tone_keeps_its_frequency_and_level_and_has_no_clicks() {
        for frequency_hz in [100, 250, 440, 1_000, 2_300, 3_100] {
            let tone = sine(frequency_hz, Duration::from_secs(2), 10_000);
            let slow = slowly(&tone, 8_000);
            let (whole, inner) = (&tone[800..15_200], &slow[800..slow.len() - 800]);
            let (before, after) = (frequency(whole), frequency(inner));
            assert!((after / before - 1.0).abs() < 0.01, "{before:.1} Hz became {after:.1} Hz");
            for (n, stretch) in inner.chunks_exact(800).enumerate() {
                let of_all = power(stretch, frequency_hz) / 50.0e6;
                assert!((0.8..1.05).contains(&of_all), "{frequency_hz} Hz: {of_all:.3} of it in stretch {n}");
            }
            let (before, after) = (greatest_step(&tone), greatest_step(&slow));
            assert!(
                after <= before + before / 10 + 2,
                "{frequency_hz} Hz: a step of {after}, {before} before"
            );
        }
    }

    #[test]
    fn silence_stays_silence_and_pauses_stay_pauses() {
        assert!(slowly(&[0; 8_000], 8_000).iter().all(|sample| *sample == 0));
        let tone = sine(300, Duration::from_millis(500), 10_000);
        let sound: Vec<i16> = [tone.clone(), vec![0; 8_000], tone].concat();
        let slow = slowly(&sound, 8_000);
        let quiet = slow[5_700..15_400].iter().map(|sample| sample.unsigned_abs()).max();
        assert_eq!(quiet, Some(0), "the pause of 1 s is one of 1.32 s");
    }

    #[test]
    fn a_voice_keeps_its_pitch() {
        for pitch_hz in [85.0, 110.0, 160.0, 220.0, 300.0] {
            let spoken = voice(pitch_hz, 3);
            let slow = slowly(&spoken, 8_000);
            let (before, after) = (middle_pitch(&spoken), middle_pitch(&slow));
            assert!((after / before - 1.0).abs() < 0.03, "{before:.1} Hz became {after:.1} Hz");
            let (before, after) = (greatest_step(&spoken), greatest_step(&slow));
            assert!(after <= before + before / 4, "a step of {after}, {before} before");
        }
    }

    #[test]
    fn it_is_the_same_wherever_the_volume_stands() {
        let loud = voice(120.0, 1);
        let soft: Vec<i16> = loud.iter().map(|sample| sample / 8 * 8).collect();
        let (a, b) = (slowly(&soft, 8_000), slowly(&soft.iter().map(|s| s / 8).collect::<Vec<_>>(), 8_000));
        let off = a.iter().zip(&b).map(|(a, b)| (a / 8 - b).abs()).max();
        assert!(off <= Some(1), "{off:?}");
    }
}
