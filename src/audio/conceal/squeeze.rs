//! Thirty milliseconds become twenty: 10 ms are cut where it is heard least, and the ends overlapped.
//!
//! The place is where the 5 ms before the cut and those at its end differ least, in their sum of squares: in a
//! pause if there is one, else where the voice resembles itself.

use crate::audio::conceal::{Rate, overlapped};

/// What is cut, in milliseconds.
const CUT_MS: usize = 10;
/// How long the ends overlap, in milliseconds.
const OVERLAP_MS: usize = 5;
/// What is left, in milliseconds.
const LEFT_MS: usize = 20;

/// Makes the first 20 ms of `samples` out of its 30. `samples` is that long, or it is left as it is.
pub fn squeeze(rate: Rate, samples: &mut [i16]) {
    let per_ms = rate.samples_per_ms();
    let (cut, overlap, left) = (CUT_MS * per_ms, OVERLAP_MS * per_ms, LEFT_MS * per_ms);
    if samples.len() != left + cut {
        return;
    }
    let place = (0..=LEFT_MS - OVERLAP_MS)
        .map(|ms| ms * per_ms)
        .min_by_key(|at| difference(&samples[*at..at + overlap], &samples[at + cut..at + cut + overlap]))
        .unwrap_or(0);
    for n in 0..overlap {
        let part = (n + 1) as f32 / overlap as f32;
        samples[place + n] = overlapped(samples[place + n], samples[place + n + cut], part);
    }
    samples.copy_within(place + overlap + cut.., place + overlap);
}

fn difference(a: &[i16], b: &[i16]) -> u64 {
    let square = |(a, b): (&i16, &i16)| u64::from(a.abs_diff(*b)).pow(2);
    a.iter().zip(b).map(square).sum()
}
