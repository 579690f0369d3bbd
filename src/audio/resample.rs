//! 8 kHz ↔ 16 kHz as a stream, by a half-band filter of 55 taps.
//!
//! ```text
//!  up    narrow ─┬─ delayed by 14 ──────────▶ even ┐       down   even ── delayed by 13 ─▶ ½ ┐
//!                └─ the 28 taps beside ─────▶ odd  ┴▶ wide          odd ── the 28 taps ───▶ ½ ┴▶(+)▶ narrow
//! ```
//! Every second tap of a half-band filter is zero, and the middle one is a half: half of the samples are
//! copied, or none of them multiplied. Flat within 0.02 dB to 3.4 kHz; images and aliases from 4.6 kHz on are
//! 58 dB down. The delay is 27 samples at 16 kHz.

/// Samples of the narrow side that are worked on at once: 20 ms.
const BLOCK: usize = 160;
/// Taps beside the middle one that are not zero.
const TAPS: usize = 28;
/// Samples that a block needs of those before it.
const PAST: usize = TAPS - 1;

/// The taps beside the middle one, 16 384 for a half: a sinc under a Kaiser window, β = 5.6. They mirror.
const BESIDE: [i16; TAPS] = [
    -13, 30, -56, 93, -147, 220, -318, 451, -632, 887, -1269, 1924, -3378, 10401, //
    10401, -3378, 1924, -1269, 887, -632, 451, -318, 220, -147, 93, -56, 30, -13,
];

/// 8 kHz to 16 kHz.
#[derive(Clone, Debug)]
pub struct Up {
    past: [i16; PAST],
}

impl Default for Up {
    fn default() -> Self {
        Self::new()
    }
}

impl Up {
    /// A stream that was silent.
    pub const fn new() -> Self {
        Self { past: [0; PAST] }
    }

    /// Two samples of `wide` for each of `narrow`; what has no place in `wide` is left.
    pub fn up(&mut self, narrow: &[i16], wide: &mut [i16]) {
        let count = narrow.len().min(wide.len() / 2);
        for (narrow, wide) in narrow[..count].chunks(BLOCK).zip(wide[..2 * count].chunks_mut(2 * BLOCK)) {
            let mut line = [0; PAST + BLOCK];
            line[..PAST].copy_from_slice(&self.past);
            line[PAST..PAST + narrow.len()].copy_from_slice(narrow);
            for (window, pair) in line.windows(TAPS).zip(wide.chunks_exact_mut(2)) {
                pair[0] = window[TAPS / 2 - 1];
                pair[1] = saturate((beside(window) + (1 << 13)) >> 14);
            }
            self.past.copy_from_slice(&line[narrow.len()..narrow.len() + PAST]);
        }
    }
}

/// 16 kHz to 8 kHz.
#[derive(Clone, Debug)]
pub struct Down {
    past_odd: [i16; PAST],
    past_even: [i16; PAST],
}

impl Default for Down {
    fn default() -> Self {
        Self::new()
    }
}

impl Down {
    /// A stream that was silent.
    pub const fn new() -> Self {
        Self { past_odd: [0; PAST], past_even: [0; PAST] }
    }

    /// One sample of `narrow` for two of `wide`; what has no partner, or no place in `narrow`, is left.
    pub fn down(&mut self, wide: &[i16], narrow: &mut [i16]) {
        let count = narrow.len().min(wide.len() / 2);
        for (wide, narrow) in wide[..2 * count].chunks(2 * BLOCK).zip(narrow[..count].chunks_mut(BLOCK)) {
            let (mut even, mut odd) = ([0; PAST + BLOCK], [0; PAST + BLOCK]);
            even[..PAST].copy_from_slice(&self.past_even);
            odd[..PAST].copy_from_slice(&self.past_odd);
            for (n, pair) in wide.chunks_exact(2).enumerate() {
                even[PAST + n] = pair[0];
                odd[PAST + n] = pair[1];
            }
            for (n, sample) in narrow.iter_mut().enumerate() {
                let middle = i32::from(even[n + TAPS / 2]) << 14;
                *sample = saturate((middle + beside(&odd[n..n + TAPS]) + (1 << 14)) >> 15);
            }
            self.past_even.copy_from_slice(&even[narrow.len()..narrow.len() + PAST]);
            self.past_odd.copy_from_slice(&odd[narrow.len()..narrow.len() + PAST]);
        }
    }
}

/// The taps' magnitudes add up to 39 638: no sum passes 31 bits.
#[inline(always)]
fn beside(window: &[i16]) -> i32 {
    BESIDE.iter().zip(window).map(|(tap, sample)| i32::from(*tap) * i32::from(*sample)).sum()
}

fn saturate(value: i32) -> i16 {
    value.clamp(i32::from(i16::MIN), i32::from(i16::MAX)) as i16
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f64::consts::TAU;

    const AMPLITUDE: f64 = 16_000.0;

    fn tone(rate_hz: f64, frequency_hz: f64, samples: usize) -> Vec<i16> {
        (0..samples).map(|n| (AMPLITUDE * (TAU * frequency_hz * n as f64 / rate_hz).sin()) as i16).collect()
    }

    /// How much of `frequency_hz` there is in `samples`, in dB against the tone that went in; the start is left out.
    fn heard_db(samples: &[i16], rate_hz: f64, frequency_hz: f64) -> f64 {
        let samples = &samples[samples.len() - 4_000..];
        let (mut re, mut im) = (0.0, 0.0);
        for (n, sample) in samples.iter().enumerate() {
            let (s, c) = (TAU * frequency_hz * n as f64 / rate_hz).sin_cos();
            re += f64::from(*sample) * c;
            im += f64::from(*sample) * s;
        }
        20.0 * (2.0 * re.hypot(im) / samples.len() as f64 / AMPLITUDE).max(1e-9).log10()
    }

    fn widened(narrow: &[i16]) -> Vec<i16> {
        let mut wide = vec![0; 2 * narrow.len()];
        Up::new().up(narrow, &mut wide);
        wide
    }

    fn narrowed(wide: &[i16]) -> Vec<i16> {
        let mut narrow = vec![0; wide.len() / 2];
        Down::new().down(wide, &mut narrow);
        narrow
    }

    #[test]
    fn telephone_sound_passes_flat_and_leaves_no_image() {
        for frequency_hz in [100.0, 300.0, 1_000.0, 2_000.0, 3_000.0, 3_400.0] {
            let wide = widened(&tone(8_000.0, frequency_hz, 4_800));
            let (passed, image) =
                (heard_db(&wide, 16_000.0, frequency_hz), heard_db(&wide, 16_000.0, 8_000.0 - frequency_hz));
            assert!(
                passed.abs() < 0.5 && image < -50.0,
                "{frequency_hz} Hz: {passed:.2} dB, image {image:.1} dB"
            );
            let passed = heard_db(&narrowed(&tone(16_000.0, frequency_hz, 9_600)), 8_000.0, frequency_hz);
            assert!(passed.abs() < 0.5, "{frequency_hz} Hz down: {passed:.2} dB");
        }
    }

    #[test]
    fn what_a_narrow_line_cannot_carry_does_not_come_back_as_something_else() {
        for frequency_hz in [4_600.0, 5_000.0, 6_000.0, 7_000.0, 7_900.0] {
            let alias =
                heard_db(&narrowed(&tone(16_000.0, frequency_hz, 9_600)), 8_000.0, 8_000.0 - frequency_hz);
            assert!(alias < -50.0, "{frequency_hz} Hz comes back at {alias:.1} dB");
        }
    }

    #[test]
    fn it_does_not_matter_where_a_stream_is_cut() {
        let narrow = tone(8_000.0, 440.0, 1_000);
        let wide = widened(&narrow);
        let (mut up, mut down) = (Up::new(), Down::new());
        let (mut wide_in_parts, mut narrow_in_parts) = (vec![0; 2_000], vec![0; 1_000]);
        let mut at = 0;
        for part in [1, 2, 79, 80, 160, 161, 320, 197] {
            up.up(&narrow[at..at + part], &mut wide_in_parts[2 * at..2 * (at + part)]);
            down.down(&wide[2 * at..2 * (at + part)], &mut narrow_in_parts[at..at + part]);
            at += part;
        }
        assert!(at == 1_000 && wide_in_parts == wide && narrow_in_parts == narrowed(&wide));
    }

    #[test]
    fn the_loudest_sound_saturates_and_does_not_wrap() {
        let square: Vec<i16> = (0..800).map(|n| if n / 9 % 2 == 0 { i16::MAX } else { i16::MIN }).collect();
        for (n, pair) in widened(&square).chunks_exact(2).enumerate().skip(TAPS) {
            let near = &square[n - TAPS / 2 - 1..n - TAPS / 2 + 3];
            if near.iter().all(|sample| *sample > 0) {
                assert!(pair[1] > 16_000, "sample {n}: {pair:?}");
            }
        }
        assert!(narrowed(&vec![i16::MIN; 800])[100..].iter().all(|sample| *sample < -32_000));
    }
}
