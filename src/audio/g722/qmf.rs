//! The quadrature mirror filters that part 16 kHz into two bands of 8 kHz and join them: ITU-T G.722 §3.1, §4.4, §6.1.
//!
//! Both work on a block at a time, the past before it, so that nothing is shifted sample by sample.

use super::band::limit;
use super::tables::QMF;

/// Octets, or pairs of samples, that are worked on at once: 20 ms.
pub const BLOCK: usize = 160;

/// The transmit filter.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Analysis {
    past: [i16; 22],
}

impl Analysis {
    /// A filter that heard silence.
    pub const fn new() -> Self {
        Self { past: [0; 22] }
    }

    /// Parts `samples`, at most two blocks' worth, into pairs of a lower and a higher sample.
    pub fn part(&mut self, samples: &[i16], bands: &mut [[i16; 2]; BLOCK]) {
        let mut line = [0; 22 + 2 * BLOCK];
        line[..22].copy_from_slice(&self.past);
        line[22..22 + samples.len()].copy_from_slice(samples);
        for (n, pair) in bands.iter_mut().enumerate().take(samples.len() / 2) {
            let window = &line[2 * n..2 * n + 24];
            let (mut even, mut odd) = (0, 0);
            for k in 0..12 {
                even += i32::from(QMF[2 * k]) * i32::from(window[2 * k]);
                odd += i32::from(QMF[2 * k + 1]) * i32::from(window[2 * k + 1]);
            }
            *pair = [limit((odd + even) >> 14) as i16, limit((odd - even) >> 14) as i16];
        }
        self.past.copy_from_slice(&line[samples.len()..samples.len() + 22]);
    }
}

/// The receive filter.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Synthesis {
    past: [[i16; 2]; 11],
}

impl Synthesis {
    /// A filter that heard silence.
    pub const fn new() -> Self {
        Self { past: [[0; 2]; 11] }
    }

    /// Joins pairs of a lower and a higher sample, at most a block, to twice as many samples.
    pub fn join(&mut self, bands: &[[i16; 2]], samples: &mut [i16]) {
        let mut line = [[0; 2]; 11 + BLOCK];
        line[..11].copy_from_slice(&self.past);
        for (place, [low, high]) in line[11..].iter_mut().zip(bands) {
            *place = [low + high, low - high];
        }
        for (n, pair) in samples.chunks_exact_mut(2).enumerate() {
            let window = &line[n..n + 12];
            let (mut first, mut second) = (0, 0);
            for (k, [sum, difference]) in window.iter().enumerate() {
                second += i32::from(QMF[2 * k]) * i32::from(*sum);
                first += i32::from(QMF[2 * k + 1]) * i32::from(*difference);
            }
            pair[0] = saturate(first >> 11);
            pair[1] = saturate(second >> 11);
        }
        self.past.copy_from_slice(&line[bands.len()..bands.len() + 11]);
    }
}

fn saturate(value: i32) -> i16 {
    value.clamp(i32::from(i16::MIN), i32::from(i16::MAX)) as i16
}
