//! ADPCM of the two sub-bands: ITU-T G.722 §6.2.1 (lower), §6.2.2 (higher).
//!
//! ```text
//!           ┌────────── scale ◀── log scale ◀─┐
//!           ▼                                 │
//!  sample ─▶(−)─▶ quantizer ─▶ code ─▶ inverse ─▶ difference ─▶(+)─▶ reconstruction
//!           ▲                                          │        ▲
//!           └───── prediction ◀── six zeros, two poles ◀────────┘
//! ```
//! Encoder and decoder hold the same state and change it by the code alone: an encoder is always where the
//! far decoder is.
//! Sums saturate at 16 bits, products are cut, as §6.2 has it; where a value cannot reach the edge the
//! saturation is left out and the reason given.

use super::tables::{
    HIGH_GAIN, HIGH_LEVEL, HIGH_OUTPUT, HIGH_SCALE_MAX, INVERSE_LOG, LOW_COARSE_GAIN, LOW_COARSE_OUTPUT,
    LOW_CODES, LOW_LEVELS, LOW_OUTPUT, LOW_SCALE_MAX,
};

/// Both sub-bands: what a decoder knows after the octets it heard, and an encoder after those it sent.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Bands {
    low: Predictor,
    high: Predictor,
    low_scale: Scale,
    high_scale: Scale,
}

impl Bands {
    /// The state after a reset (§6.2.1, RSLT).
    pub const fn new() -> Self {
        Self {
            low: Predictor::new(),
            high: Predictor::new(),
            low_scale: Scale { log: 0, linear: 32 },
            high_scale: Scale { log: 0, linear: 8 },
        }
    }

    /// The octet for one sample of each sub-band, 15 bits each.
    #[inline(always)]
    pub fn encode(&mut self, low: i32, high: i32) -> u8 {
        let low_code = quantize_low(saturate(low - self.low.prediction), self.low_scale.linear);
        let high_code = quantize_high(saturate(high - self.high.prediction), self.high_scale.linear);
        self.adapt(low_code, high_code);
        high_code << 6 | low_code
    }

    /// One sample of each sub-band from an octet, in mode 1: all six bits of the lower band are sound.
    #[inline(always)]
    pub fn decode(&mut self, octet: u8) -> (i32, i32) {
        let (low_code, high_code) = (octet & 0x3f, octet >> 6);
        let difference = scaled(LOW_OUTPUT[usize::from(low_code)], self.low_scale.linear);
        let low = saturate(self.low.prediction + difference);
        let high = self.adapt(low_code, high_code);
        (limit(low), limit(high))
    }

    /// What both ends do with a code; the reconstruction of the higher band.
    #[inline(always)]
    fn adapt(&mut self, low_code: u8, high_code: u8) -> i32 {
        let coarse = usize::from(low_code >> 2);
        let difference = scaled(LOW_COARSE_OUTPUT[coarse], self.low_scale.linear);
        self.low_scale.adapt(LOW_COARSE_GAIN[coarse], LOW_SCALE_MAX, LOW_SHIFT);
        self.low.adapt(difference);
        let code = usize::from(high_code & 3);
        let difference = scaled(HIGH_OUTPUT[code], self.high_scale.linear);
        self.high_scale.adapt(HIGH_GAIN[code], HIGH_SCALE_MAX, HIGH_SHIFT);
        self.high.adapt(difference)
    }
}

/// Octaves between the table of the inverse logarithm and the lower band's scale.
const LOW_SHIFT: i32 = 8;
/// Octaves between the table of the inverse logarithm and the higher band's scale.
const HIGH_SHIFT: i32 = 10;

/// The scale of a quantizer (§6.2.1.3, LOGSCL and SCALEL).
#[derive(Clone, Debug, Eq, PartialEq)]
struct Scale {
    log: i32,
    linear: i32,
}

impl Scale {
    #[inline(always)]
    fn adapt(&mut self, gain: i16, max: i32, shift: i32) {
        self.log = (((self.log * 127) >> 7) + i32::from(gain)).clamp(0, max);
        let mantissa = i32::from(INVERSE_LOG[(self.log >> 6) as usize & 31]);
        // At the very top the octave passes the shift by one.
        self.linear = ((mantissa << 3) >> (shift + 3 - (self.log >> 11))) << 2;
    }
}

/// The adaptive predictor of a band: six zeros and two poles (§6.2.1.4).
#[derive(Clone, Debug, Eq, PartialEq)]
struct Predictor {
    /// Coefficients of the zeros, 16 384 for one; the last two places stay empty.
    zeros: [i16; 8],
    /// Differences, the newest first; the last two places are not used.
    differences: [i16; 8],
    /// Coefficients of the poles, 16 384 for one.
    poles: [i32; 2],
    /// The newest reconstruction.
    reconstruction: i32,
    /// Whether the last partial reconstructions were negative, the newest first: 0 or −1.
    negative: [i32; 2],
    /// The zeros' share of the prediction.
    from_zeros: i32,
    prediction: i32,
}

impl Predictor {
    const fn new() -> Self {
        Self {
            zeros: [0; 8],
            differences: [0; 8],
            poles: [0; 2],
            reconstruction: 0,
            negative: [0; 2],
            from_zeros: 0,
            prediction: 0,
        }
    }

    /// Takes the difference that the code stands for; the reconstruction.
    #[inline(always)]
    fn adapt(&mut self, difference: i32) -> i32 {
        let reconstruction = saturate(self.prediction + difference);
        let partial = saturate(self.from_zeros + difference);
        self.adapt_poles(partial >> 31);
        self.adapt_zeros(difference as i16);
        let newest = (self.poles[0] * saturate(2 * reconstruction)) >> 15;
        let before = (self.poles[1] * saturate(2 * self.reconstruction)) >> 15;
        self.reconstruction = reconstruction;
        self.from_zeros = self.zeros_sum();
        self.prediction = saturate(saturate(newest + before) + self.from_zeros);
        reconstruction
    }

    /// UPPOL2, UPPOL1: by the signs of the last three partial reconstructions.
    #[inline(always)]
    fn adapt_poles(&mut self, negative: i32) {
        // +1 for equal signs, −1 for unequal ones.
        let agrees = |before: i32| 1 + 2 * (negative ^ before);
        let (with_first, with_second) = (agrees(self.negative[0]), agrees(self.negative[1]));
        let push = (-with_first * saturate(4 * self.poles[0])).min(i32::from(i16::MAX)) >> 7;
        let second = push + 128 * with_second + ((self.poles[1] * 32_512) >> 15);
        self.poles[1] = second.clamp(-12_288, 12_288);
        let bound = 15_360 - self.poles[1];
        self.poles[0] = (192 * with_first + ((self.poles[0] * 32_640) >> 15)).clamp(-bound, bound);
        self.negative = [negative, self.negative[0]];
    }

    /// UPZERO and the delay line. Leak and step keep a coefficient within −32 768 and 32 513: nothing saturates.
    #[inline(always)]
    fn adapt_zeros(&mut self, difference: i16) {
        let step: i16 = if difference == 0 { 0 } else { 128 };
        let mut zeros = [0i16; 8];
        for (n, zero) in zeros.iter_mut().enumerate() {
            let unequal = (difference ^ self.differences[n]) >> 15;
            // (b·32 640)/2¹⁵ is b − b/2⁸, cut downwards.
            let leak = ((i32::from(self.zeros[n]) * -256) >> 16) as i16;
            *zero = self.zeros[n].wrapping_add(leak).wrapping_add((step ^ unequal).wrapping_sub(unequal));
        }
        zeros[6] = 0;
        zeros[7] = 0;
        self.zeros = zeros;
        let d = self.differences;
        self.differences = [difference, d[0], d[1], d[2], d[3], d[4], d[5], d[6]];
    }

    /// FILTEZ: the oldest first, for its order decides where a sum saturates. A difference is under 10 229,
    /// so that its double is no edge.
    #[inline(always)]
    fn zeros_sum(&self) -> i32 {
        (0..6).rev().fold(0, |sum, n| {
            let product = i32::from(self.zeros[n]) * i32::from(self.differences[n]);
            saturate(sum + (product >> 14))
        })
    }
}

/// QUANTL: the code whose interval holds `difference`.
#[inline(always)]
fn quantize_low(difference: i32, scale: i32) -> u8 {
    let negative = difference >> 31;
    let magnitude = (difference ^ negative) as i16;
    let reached: i16 = LOW_LEVELS
        .iter()
        .map(|level| i16::from(((u32::from(*level) * 16 * scale as u32) >> 16) as i16 <= magnitude))
        .sum();
    LOW_CODES[(negative & 1) as usize][(reached - 2) as usize & 31]
}

/// QUANTH.
#[inline(always)]
fn quantize_high(difference: i32, scale: i32) -> u8 {
    let negative = difference >> 31;
    let far = (difference ^ negative) >= (HIGH_LEVEL * scale) >> 12;
    // 3 and 2 for what is not negative, 1 and 0 for what is; the second is the far one.
    (3 - u8::from(far)) - 2 * (negative & 1) as u8
}

#[inline(always)]
fn scaled(output: i16, scale: i32) -> i32 {
    (i32::from(output) * scale) >> 15
}

#[inline(always)]
fn saturate(value: i32) -> i32 {
    value.clamp(i32::from(i16::MIN), i32::from(i16::MAX))
}

/// LIMIT: the 15 bits of a sub-band's sample.
#[inline(always)]
pub fn limit(value: i32) -> i32 {
    value.clamp(-16_384, 16_383)
}
