//! What stands at a few fixed frequencies, 5 ms at a time: Goertzel's algorithm for all of them at once, 8 kHz.
//!
//! ```text
//!  samples ──▶ 40 of them ──▶ Chunk { energy, one complex amplitude for each frequency }
//!                             chunks of one tone, turned back by what 5 ms turn it, point the same way:
//!                             their sum is the tone's amplitude, what still turns is its error in frequency
//! ```
//! Which tones are a key or a fax machine is told by `dtmf.rs` and `fax.rs`.

use crate::audio::tone::RATE_HZ;
use std::f32::consts::TAU;

/// Samples of a chunk: 5 ms.
pub const CHUNK_SAMPLES: usize = 40;

/// A complex number.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Complex {
    /// The real part.
    pub re: f32,
    /// The imaginary part.
    pub im: f32,
}

impl Complex {
    /// One, turned by `angle` radians.
    pub fn turned(angle: f32) -> Self {
        Self { re: angle.cos(), im: angle.sin() }
    }

    /// The sum.
    pub fn plus(self, other: Self) -> Self {
        Self { re: self.re + other.re, im: self.im + other.im }
    }

    /// The product.
    pub fn times(self, other: Self) -> Self {
        Self { re: self.re * other.re - self.im * other.im, im: self.re * other.im + self.im * other.re }
    }

    /// Its mirror in the real axis.
    pub fn conjugate(self) -> Self {
        Self { re: self.re, im: -self.im }
    }

    /// The square of its length.
    pub fn square(self) -> f32 {
        self.re * self.re + self.im * self.im
    }

    /// Its angle, −π to π.
    pub fn angle(self) -> f32 {
        self.im.atan2(self.re)
    }
}

/// 5 ms of sound as the bank sees them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Chunk<const N: usize> {
    /// The sum of the squares of its samples.
    pub energy: f32,
    /// The component at each frequency; a tone of crest A has the length A · [`CHUNK_SAMPLES`] / 2.
    pub lanes: [Complex; N],
}

impl<const N: usize> Chunk<N> {
    /// 5 ms of nothing.
    pub const SILENCE: Self = Self { energy: 0.0, lanes: [Complex { re: 0.0, im: 0.0 }; N] };
}

/// The resonators, and the samples of the chunk under way.
#[derive(Clone, Debug)]
pub struct Bank<const N: usize> {
    coefficients: [f32; N],
    /// What turns the resonators' end state into the component: e^(−jω).
    ends: [Complex; N],
    last: [f32; N],
    before: [f32; N],
    energy: f32,
    samples: usize,
}

impl<const N: usize> Bank<N> {
    /// Resonators at `frequencies_hz`.
    pub fn new(frequencies_hz: [f32; N]) -> Self {
        Self {
            coefficients: frequencies_hz.map(|hz| 2.0 * turn(hz, 1).re),
            ends: frequencies_hz.map(|hz| turn(hz, 1)),
            last: [0.0; N],
            before: [0.0; N],
            energy: 0.0,
            samples: 0,
        }
    }

    /// Takes one sample; a chunk comes with every 40th.
    #[inline]
    pub fn take(&mut self, sample: f32) -> Option<Chunk<N>> {
        self.energy += sample * sample;
        let mut lane = 0;
        // A plain loop: it becomes a few vector instructions, and is quick where nothing is optimized.
        while lane < N {
            let now = sample + self.coefficients[lane] * self.last[lane] - self.before[lane];
            self.before[lane] = self.last[lane];
            self.last[lane] = now;
            lane += 1;
        }
        self.samples += 1;
        (self.samples == CHUNK_SAMPLES).then(|| self.finish())
    }

    fn finish(&mut self) -> Chunk<N> {
        let mut chunk = Chunk { energy: self.energy, ..Chunk::SILENCE };
        for (lane, component) in chunk.lanes.iter_mut().enumerate() {
            let (last, before, end) = (self.last[lane], self.before[lane], self.ends[lane]);
            *component = Complex { re: last - end.re * before, im: -end.im * before };
        }
        (self.last, self.before) = ([0.0; N], [0.0; N]);
        (self.energy, self.samples) = (0.0, 0);
        chunk
    }
}

/// e^(−jω·`samples`): what turns a tone of `hz` back by so many samples.
fn turn(hz: f32, samples: usize) -> Complex {
    // Whole turns are taken off first: an angle of thousands of radians has no fine digits.
    let turns = f64::from(hz) * samples as f64 / f64::from(RATE_HZ);
    Complex::turned(-TAU * turns.fract() as f32)
}

/// One frequency over `CHUNKS` chunks in a row.
#[derive(Clone, Copy, Debug)]
pub struct Track<const CHUNKS: usize> {
    /// For each chunk what turns it back to the first one.
    back: [Complex; CHUNKS],
}

/// A tone near the frequency of a [`Track`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Line {
    /// How far its frequency is from the track's, in Hz; up to 100 either way.
    pub off_hz: f32,
    /// Its energy: the sum of the squares of its samples.
    pub energy: f32,
    /// The lengths of its first and its second half: those of a steady tone are alike.
    pub halves: [f32; 2],
}

impl<const CHUNKS: usize> Track<CHUNKS> {
    /// A track at `hz`.
    pub fn new(hz: f32) -> Self {
        Self { back: std::array::from_fn(|chunk| turn(hz, chunk * CHUNK_SAMPLES)) }
    }

    /// The energy of a tone that is near: exact at the track's frequency, 2 dB too little 25 Hz beside it.
    pub fn near(&self, chunks: &[Complex; CHUNKS]) -> f32 {
        let (mut first, mut second) = (Complex::default(), Complex::default());
        let mut chunk = 0;
        while chunk < CHUNKS / 2 {
            first = first.plus(chunks[chunk].times(self.back[chunk]));
            second = second.plus(chunks[CHUNKS / 2 + chunk].times(self.back[CHUNKS / 2 + chunk]));
            chunk += 1;
        }
        (first.square() + second.square()) * 2.0 / (CHUNKS / 2 * CHUNK_SAMPLES) as f32
    }

    /// The tone that is there, found at its own frequency: first from chunk to chunk, then from half to half.
    pub fn line(&self, chunks: &[Complex; CHUNKS]) -> Line {
        let steady: [Complex; CHUNKS] = std::array::from_fn(|chunk| chunks[chunk].times(self.back[chunk]));
        let pairs = steady.windows(2).map(|pair| pair[1].times(pair[0].conjugate()));
        let coarse = pairs.fold(Complex::default(), Complex::plus).angle();
        let half = |range: std::ops::Range<usize>| {
            range.fold(Complex::default(), |sum, chunk| {
                sum.plus(steady[chunk].times(Complex::turned(-coarse * chunk as f32)))
            })
        };
        let (first, second) = (half(0..CHUNKS / 2), half(CHUNKS / 2..CHUNKS));
        let fine = second.times(first.conjugate()).angle() / (CHUNKS / 2) as f32;
        let off_hz = (coarse + fine) / TAU * (RATE_HZ as usize / CHUNK_SAMPLES) as f32;
        let halves = [first.square().sqrt(), second.square().sqrt()];
        let length = halves[0] + halves[1];
        // Within a chunk a tone beside its frequency turns too: by so much its sum is too short.
        let angle = (coarse + fine) / 2.0;
        let short = 1.0 - angle * angle / 3.0;
        Line { off_hz, energy: length * length * 2.0 / (CHUNKS * CHUNK_SAMPLES) as f32 / short, halves }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chunks(hz: f64, crest: f64) -> Vec<Chunk<1>> {
        let mut bank = Bank::new([1_100.0]);
        let sample =
            |n: usize| (crest * (std::f64::consts::TAU * hz * n as f64 / 8_000.0 + 1.0).sin()) as f32;
        (0..480).filter_map(|n| bank.take(sample(n))).collect()
    }

    #[test]
    fn the_energy_and_the_frequency_of_a_tone_are_found() {
        for off in [-60.0, -20.0, -1.0, 0.0, 5.0, 38.0, 60.0] {
            let chunks = chunks(1_100.0 + off, 1_000.0);
            assert_eq!(chunks.len(), 12);
            let energy: f32 = chunks[3..9].iter().map(|chunk| chunk.energy).sum();
            let lane: [Complex; 6] = std::array::from_fn(|n| chunks[n + 3].lanes[0]);
            let line = Track::new(1_100.0).line(&lane);
            assert!((line.off_hz - off as f32).abs() < 1.0, "{off}: {line:?}");
            assert!((line.energy / energy - 1.0).abs() < 0.06, "{off}: {line:?} of {energy}");
            assert!((line.halves[0] / line.halves[1] - 1.0).abs() < 0.05, "{off}: {line:?}");
        }
    }

    #[test]
    fn what_is_near_is_most_of_it() {
        for (off, least, most) in [(0.0, 0.98, 1.02), (25.0, 0.6, 0.7), (-25.0, 0.6, 0.7), (150.0, 0.0, 0.05)]
        {
            let chunks = chunks(1_100.0 + off, 1_000.0);
            let energy: f32 = chunks[..6].iter().map(|chunk| chunk.energy).sum();
            let lane: [Complex; 6] = std::array::from_fn(|n| chunks[n].lanes[0]);
            let near = Track::new(1_100.0).near(&lane) / energy;
            assert!((least..=most).contains(&near), "{off}: {near}");
        }
    }
}
