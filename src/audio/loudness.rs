//! How loud a sound is to an ear: integrated loudness by ITU-R BS.1770-4, annex 1, of one channel.
//!
//! ```text
//!  samples ─▶ shelf +4 dB (the head) ─▶ high-pass 38 Hz ─▶ mean square of 400 ms, every 100 ms
//!          ─▶ blocks over −70 LUFS ─▶ those over their mean −10 LU ─▶ −0.691 + 10·lg(mean)
//! ```
//! The Recommendation prints its two filters for 48 kHz. Here they are designed from the analogue
//! prototypes that give those numbers, by the bilinear transform, so that they hold at 8 and 16 kHz too: exactly at
//! 997 Hz, within 0.45 dB (at 8 kHz) and 0.12 dB (at 16 kHz) elsewhere in the telephone's band.
//! The peak is that of the samples: between two samples a band-limited wave can rise a little higher.
//! Changing a level is not done here.

use std::f64::consts::PI;

/// What was measured of a sound.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Loudness {
    /// Integrated loudness, in LUFS. `None` under 400 ms, and where every block is under −70 LUFS.
    pub lufs: Option<f64>,
    /// The greatest sample, in dB of full scale; −∞ for digital silence.
    pub peak_dbfs: f64,
}

/// Measures a whole sound of one channel. Blocks are counted at `rate_hz`.
pub fn measure(samples: &[i16], rate_hz: u32) -> Loudness {
    let peak = samples.iter().map(|sample| sample.unsigned_abs()).max().unwrap_or(0);
    let powers = block_powers(samples, rate_hz);
    Loudness { lufs: gated(&powers), peak_dbfs: 20.0 * (f64::from(peak) / FULL_SCALE).log10() }
}

/// Full scale of a sample of 16 bits.
const FULL_SCALE: f64 = 32_768.0;
/// Blocks under this are silence (annex 1, Γa).
const ABSOLUTE_GATE_LUFS: f64 = -70.0;
/// Blocks this far under the mean of the others are pauses (annex 1, Γr).
const RELATIVE_GATE_LU: f64 = -10.0;
/// A block is four steps long: 75 % of it is in the next one too.
const STEPS_PER_BLOCK: usize = 4;
const STEPS_PER_SECOND: u32 = 10;

/// The mean squares of the weighted sound in blocks of 400 ms, a new one each 100 ms; an unfinished block is not counted.
fn block_powers(samples: &[i16], rate_hz: u32) -> Vec<f64> {
    let mut filters = [Biquad::shelf(rate_hz), Biquad::high_pass(rate_hz)];
    let step = (rate_hz / STEPS_PER_SECOND).max(1) as usize;
    let power = |chunk: &[i16]| {
        let weighted = chunk.iter().map(|sample| {
            let sample = f64::from(*sample) / FULL_SCALE;
            filters.iter_mut().fold(sample, |sample, filter| filter.next(sample)).powi(2)
        });
        weighted.sum::<f64>() / step as f64
    };
    let steps: Vec<f64> = samples.chunks_exact(step).map(power).collect();
    steps.windows(STEPS_PER_BLOCK).map(|block| block.iter().sum::<f64>() / STEPS_PER_BLOCK as f64).collect()
}

fn gated(powers: &[f64]) -> Option<f64> {
    let threshold = lufs(mean_over(powers, ABSOLUTE_GATE_LUFS)?) + RELATIVE_GATE_LU;
    mean_over(powers, threshold.max(ABSOLUTE_GATE_LUFS)).map(lufs)
}

/// The mean of the powers whose loudness is over a gate.
fn mean_over(powers: &[f64], gate_lufs: f64) -> Option<f64> {
    let (count, sum) = powers
        .iter()
        .filter(|power| lufs(**power) > gate_lufs)
        .fold((0_u32, 0.0), |(count, sum), power| (count + 1, sum + power));
    (count > 0).then(|| sum / f64::from(count))
}

/// Loudness of a weighted mean square in one channel of weight 1.
fn lufs(power: f64) -> f64 {
    -0.691 + 10.0 * power.log10()
}

/// A filter of second order, and what it remembers (direct form II, transposed).
#[derive(Clone, Copy, Debug)]
struct Biquad {
    b: [f64; 3],
    a: [f64; 2],
    memory: [f64; 2],
}

/// The rate for which the Recommendation prints its filters.
const PRINTED_RATE_HZ: u32 = 48_000;

/// The tone by which loudness is calibrated (annex 1, note 3): there the weighting is the same at every rate.
const CALIBRATED_AT_HZ: f64 = 997.0;

/// A frequency as the bilinear transform bends it at a rate.
fn bent(frequency_hz: f64, rate_hz: u32) -> f64 {
    (PI * frequency_hz / f64::from(rate_hz)).tan()
}

impl Biquad {
    /// The shelf: the head as a sphere (annex 1, table 1). Its middle stands where it does at 48 kHz, seen from the
    /// calibration tone.
    fn shelf(rate_hz: u32) -> Self {
        const FREQUENCY_HZ: f64 = 1_681.974_450_955_533;
        const QUALITY: f64 = 0.707_175_236_955_419_6;
        const HIGH: f64 = 1.584_864_701_130_855; // 3.9998 dB
        const MIDDLE: f64 = 1.258_720_930_232_562; // what the printed numbers have for its root
        let bend = bent(CALIBRATED_AT_HZ, rate_hz) / bent(CALIBRATED_AT_HZ, PRINTED_RATE_HZ);
        let k = bent(FREQUENCY_HZ, PRINTED_RATE_HZ) * bend;
        let a0 = 1.0 + k / QUALITY + k * k;
        let b =
            [HIGH + MIDDLE * k / QUALITY + k * k, 2.0 * (k * k - HIGH), HIGH - MIDDLE * k / QUALITY + k * k];
        let a = [2.0 * (k * k - 1.0), 1.0 - k / QUALITY + k * k];
        Self { b: b.map(|b| b / a0), a: a.map(|a| a / a0), memory: [0.0; 2] }
    }

    /// The high-pass (annex 1, table 2). Printed with the numerator 1, −2, 1, it is a little over 1 in its
    /// passband; that gain is kept at every rate.
    fn high_pass(rate_hz: u32) -> Self {
        const FREQUENCY_HZ: f64 = 38.135_470_876_024_44;
        const QUALITY: f64 = 0.500_327_037_323_877_3;
        let a0 = |k: f64| 1.0 + k / QUALITY + k * k;
        let k = bent(FREQUENCY_HZ, rate_hz);
        let gain = a0(bent(FREQUENCY_HZ, PRINTED_RATE_HZ)) / a0(k);
        let a = [2.0 * (k * k - 1.0), 1.0 - k / QUALITY + k * k];
        Self { b: [gain, -2.0 * gain, gain], a: a.map(|a| a / a0(k)), memory: [0.0; 2] }
    }

    fn next(&mut self, sample: f64) -> f64 {
        let out = self.b[0] * sample + self.memory[0];
        self.memory[0] = self.b[1] * sample - self.a[0] * out + self.memory[1];
        self.memory[1] = self.b[2] * sample - self.a[1] * out;
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sine(frequency_hz: f64, rate_hz: u32, milliseconds: u32, crest_dbfs: f64) -> Vec<i16> {
        let crest = FULL_SCALE * 10.0_f64.powf(crest_dbfs / 20.0);
        let sample =
            |n| (crest * (2.0 * PI * frequency_hz * f64::from(n) / f64::from(rate_hz)).sin()).round() as i16;
        (0..rate_hz / 1_000 * milliseconds).map(sample).collect()
    }

    fn lufs_of(samples: &[i16], rate_hz: u32) -> f64 {
        measure(samples, rate_hz).lufs.unwrap()
    }

    #[test]
    fn at_48_khz_the_filters_are_those_that_the_recommendation_prints() {
        // BS.1770-4 annex 1, tables 1 and 2.
        let table = [
            (
                Biquad::shelf(48_000),
                [1.535_124_859_586_97, -2.691_696_189_406_38, 1.198_392_810_852_85],
                [-1.690_659_293_182_41, 0.732_480_774_215_85],
            ),
            (Biquad::high_pass(48_000), [1.0, -2.0, 1.0], [-1.990_047_454_833_98, 0.990_072_250_366_21]),
        ];
        for (filter, b, a) in table {
            let off = filter
                .b
                .iter()
                .zip(b)
                .chain(filter.a.iter().zip(a))
                .map(|(is, printed)| (is - printed).abs());
            let off = off.fold(0.0, f64::max);
            assert!(off < 1e-8, "{filter:?} is {off} off");
        }
    }

    #[test]
    fn a_sine_of_one_kilohertz_is_as_loud_as_its_crest_less_three() {
        // BS.1770-4 annex 1: 997 Hz with its crest at full scale in one channel is −3.01 LKFS: its mean square
        // is −3.01 dB, and −0.691 takes back what the weighting gives at 997 Hz. So −23 dBFS gives −26.01.
        for rate_hz in [8_000, 16_000, 48_000] {
            for (crest_dbfs, expected) in [(-23.0, -26.01), (-20.0, -23.01), (-6.0, -9.01)] {
                for frequency_hz in [997.0, 1_000.0] {
                    let measured = lufs_of(&sine(frequency_hz, rate_hz, 5_000, crest_dbfs), rate_hz);
                    assert!(
                        (measured - expected).abs() < 0.1,
                        "{frequency_hz} Hz at {rate_hz} Hz, {crest_dbfs} dBFS: {measured:.3} LUFS"
                    );
                }
            }
        }
    }

    #[test]
    fn the_weighting_is_the_same_at_every_rate_in_the_telephones_band() {
        for frequency_hz in [30.0, 100.0, 300.0, 1_000.0, 1_700.0, 2_500.0, 3_400.0] {
            let reference = lufs_of(&sine(frequency_hz, 48_000, 2_000, -20.0), 48_000);
            for (rate_hz, allowed) in [(8_000, 0.45), (16_000, 0.12)] {
                let measured = lufs_of(&sine(frequency_hz, rate_hz, 2_000, -20.0), rate_hz);
                assert!(
                    (measured - reference).abs() < allowed,
                    "{frequency_hz} Hz: {measured:.3} at {rate_hz} Hz, {reference:.3} at 48 kHz"
                );
            }
        }
    }

    #[test]
    fn pauses_do_not_make_speech_quieter() {
        // The gates of annex 1. Each case: stretches of (milliseconds, crest in dBFS), and what is expected.
        type Row<'a> = (&'a str, &'a [(u32, f64)], f64, f64);
        let rate_hz = 8_000;
        let loud = -20.0 - 3.01;
        let table: [Row<'_>; 5] = [
            ("alone", &[(10_000, -20.0)], loud, 0.1),
            ("silence is under the absolute gate", &[(10_000, -20.0), (30_000, -90.0)], loud, 0.15),
            ("a murmur is under the relative gate", &[(10_000, -20.0), (30_000, -40.0)], loud, 0.15),
            // Half at −20, half at −26: mean square (1 + 0.2512) / 2 = −2.04 dB, and both are over the gate.
            ("6 dB less still counts", &[(20_000, -20.0), (20_000, -26.0)], loud - 2.04, 0.1),
            ("under −70 nothing counts", &[(10_000, -20.0), (60_000, -68.0)], loud, 0.15),
        ];
        for (why, stretches, expected, allowed) in table {
            let samples: Vec<i16> =
                stretches.iter().flat_map(|(ms, crest)| sine(1_000.0, rate_hz, *ms, *crest)).collect();
            let measured = lufs_of(&samples, rate_hz);
            assert!((measured - expected).abs() < allowed, "{why}: {measured:.3} and not {expected:.3}");
        }
    }

    #[test]
    fn what_has_no_loudness_says_so() {
        assert_eq!(measure(&[], 8_000), Loudness { lufs: None, peak_dbfs: f64::NEG_INFINITY });
        assert_eq!(measure(&[0; 80_000], 8_000).lufs, None);
        assert_eq!(measure(&sine(1_000.0, 8_000, 10_000, -75.0), 8_000).lufs, None, "all is under −70 LUFS");
        assert_eq!(measure(&sine(1_000.0, 8_000, 300, -20.0), 8_000).lufs, None, "under one block");
        assert!(measure(&sine(1_000.0, 8_000, 400, -20.0), 8_000).lufs.is_some());
    }

    #[test]
    fn the_peak_is_that_of_the_greatest_sample() {
        assert_eq!(measure(&[3, -16_384, 100], 8_000).peak_dbfs, 20.0 * 0.5_f64.log10());
        assert_eq!(measure(&[i16::MIN], 8_000).peak_dbfs, 0.0);
    }
}
