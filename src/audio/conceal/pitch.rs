//! The pitch of what was heard last: ITU-T G.711 Appendix I §I.2.2.
//!
//! The lag of 5 to 15 ms (66 to 200 Hz) at which the last 20 ms resemble what was before them most, by normalized
//! cross-correlation: first among means of two (8 kHz) or four samples (16 kHz), then sample by sample around the best.

use crate::audio::conceal::Rate;

/// The shortest period, in milliseconds.
const SHORTEST_MS: usize = 5;
/// The longest period, in milliseconds.
pub const LONGEST_MS: usize = 15;
/// How much is compared, in milliseconds.
const COMPARED_MS: usize = 20;
/// Samples of the rough search; both rates have as many.
const ROUGH_SAMPLES: usize = (COMPARED_MS + LONGEST_MS) * ROUGH_PER_MS;
const ROUGH_PER_MS: usize = 4;
/// Samples of the fine search at the higher rate.
const FINE_MAX: usize = (COMPARED_MS + LONGEST_MS) * Rate::Wide.samples_per_ms();

/// The period of the end of `heard`, in samples. `heard` is longer than 35 ms.
pub fn period(rate: Rate, heard: &[i16]) -> usize {
    let per_ms = rate.samples_per_ms();
    let fine_samples = (COMPARED_MS + LONGEST_MS) * per_ms;
    let mut fine = [0.0_f32; FINE_MAX];
    let fine = &mut fine[..fine_samples];
    for (sample, heard) in fine.iter_mut().zip(&heard[heard.len() - fine_samples..]) {
        *sample = f32::from(*heard);
    }
    let step = per_ms / ROUGH_PER_MS;
    let mut rough = [0.0_f32; ROUGH_SAMPLES];
    for (sample, group) in rough.iter_mut().zip(fine.chunks_exact(step)) {
        *sample = group.iter().sum();
    }
    let best =
        best_lag(&rough, COMPARED_MS * ROUGH_PER_MS, SHORTEST_MS * ROUGH_PER_MS, LONGEST_MS * ROUGH_PER_MS);
    let shortest = (best * step - (step - 1)).max(SHORTEST_MS * per_ms);
    let longest = (best * step + step - 1).min(LONGEST_MS * per_ms);
    best_lag(fine, COMPARED_MS * per_ms, shortest, longest)
}

/// The lag of `shortest` to `longest` at which the last `compared` samples resemble those before them most; among
/// equals the shortest.
fn best_lag(samples: &[f32], compared: usize, shortest: usize, longest: usize) -> usize {
    let last = &samples[samples.len() - compared..];
    let mut best = (shortest, f32::MIN);
    for lag in shortest..=longest {
        let from = samples.len() - compared - lag;
        let earlier = &samples[from..from + compared];
        let energy = product(earlier, earlier).max(1.0);
        let likeness = product(last, earlier) / energy.sqrt();
        if likeness > best.1 {
            best = (lag, likeness);
        }
    }
    best.0
}

/// The sum of products, in eight sums at once so that the compiler may use wide registers.
fn product(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0.0_f32; 8];
    for (a, b) in a.chunks_exact(8).zip(b.chunks_exact(8)) {
        for n in 0..8 {
            sums[n] += a[n] * b[n];
        }
    }
    sums.iter().sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_period_of_a_voice_is_found_at_both_rates() {
        for rate in [Rate::Narrow, Rate::Wide] {
            for hz in [70, 80, 100, 123, 150, 199] {
                let samples_per_s = rate.samples_per_ms() as f64 * 1_000.0;
                let voice = |n: usize| {
                    let turns = n as f64 * f64::from(hz) / samples_per_s;
                    let parts =
                        (1..8).map(|k| (turns * f64::from(k) * std::f64::consts::TAU).sin() / f64::from(k));
                    (parts.sum::<f64>() * 4_000.0) as i16
                };
                let heard: Vec<i16> = (0..60 * rate.samples_per_ms()).map(voice).collect();
                let expected = samples_per_s / f64::from(hz);
                let found = period(rate, &heard) as f64;
                let times = (found / expected).round();
                assert!(
                    (found / times - expected).abs() <= 1.0,
                    "{hz} Hz at {rate:?}: {found}, not {expected}"
                );
            }
        }
    }

    #[test]
    fn silence_has_some_period() {
        assert_eq!(period(Rate::Narrow, &[0; 480]), 40);
        assert_eq!(period(Rate::Wide, &[0; 960]), 80);
    }
}
