//! Lays a prompt over a file sample by sample and tells which of its stretches are really there.
//!
//! Per chunk of 20 ms: by how much the energy of the file falls when the prompt, at its gain, is taken away
//! from it, as a share of the prompt's own: 1 it is there, -1 it is not, 0 the prompt has a pause here. The
//! stretch with the greatest sum is what was heard; a lost packet costs 1 and divides nothing, while a prompt
//! that was cut off loses from there on.

use std::ops::Range;

/// Samples in a chunk: 20 ms.
pub const CHUNK: usize = 160;
/// Samples over which the lag is found: half a second.
const ANCHOR: usize = 4_096;
/// One in this many samples is enough for the first look.
const COARSE: usize = 2;
/// Leaves what is under 1.2 kHz or so: half a coarse sample of it is still alike.
const LOW_PASS: [f32; 5] = [1.0, 2.0, 2.0, 2.0, 1.0];
/// Places of the first look that get a closer one: a voice is like itself one period on.
const CLOSER_LOOKS: usize = 4;
/// How far the lag may be from what landmarks say together, in samples: one of their frames.
const SEARCH: isize = 128;
/// Chunks between two looks at a drifting clock: 200 ms.
const DRIFT_CHUNKS: usize = 10;
/// A word is shorter: samples over which its lag is found at the least, 150 ms.
const LEAST_ANCHOR: usize = 1_200;
/// Likeness of the half second of the anchor under which there is nothing to follow.
const LEAST_LIKENESS: f32 = 0.45;
/// The same in the first look, where a lag is rounded but most noise is gone.
const LEAST_COARSE: f32 = 0.35;
/// Energy of a chunk that is no sound: the rounding of companding, about -66 dBFS.
const FLOOR: f32 = CHUNK as f32 * 256.0;

/// A sound with its coarse copy.
#[derive(Debug)]
pub struct Sound {
    /// At 8 kHz, full scale is 32 768.
    pub samples: Vec<f32>,
    coarse: Vec<f32>,
}

impl Sound {
    /// Keeps both.
    pub fn new(samples: Vec<f32>) -> Self {
        let coarse = samples.windows(LOW_PASS.len()).step_by(COARSE);
        let coarse = coarse.map(|under| product(under, &LOW_PASS)).collect();
        Self { samples, coarse }
    }
}

/// A prompt laid over the file.
#[derive(Clone, Debug)]
pub struct Laid {
    /// Where the first chunk begins in the prompt.
    pub first: usize,
    /// For each chunk: where it lies in the file, and what speaks for it.
    pub chunks: Vec<Chunk>,
}

/// Twenty milliseconds of a prompt in the file.
#[derive(Clone, Copy, Debug)]
pub struct Chunk {
    /// The sample of the file at which it begins.
    pub at: usize,
    /// From -1 to 1.
    pub speaks: f32,
    /// Product of both, energy of the file, energy of the prompt.
    pub sums: Sums,
}

/// The three sums of which likeness is made.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sums {
    both: f32,
    file: f32,
    prompt: f32,
}

impl Sums {
    fn of(file: &[f32], prompt: &[f32]) -> Self {
        Self { both: product(file, prompt), file: product(file, file), prompt: product(prompt, prompt) }
    }

    /// Both added up.
    pub fn and(self, other: Self) -> Self {
        Self {
            both: self.both + other.both,
            file: self.file + other.file,
            prompt: self.prompt + other.prompt,
        }
    }

    /// The normalised correlation.
    pub fn likeness(self) -> f32 {
        self.both / (self.file * self.prompt).sqrt().max(1.0)
    }
}

/// The lag of the prompt in the file (file = prompt + lag) near `guess`, looked for around the sample `around` of the
/// prompt, and the samples of the prompt by which it was found.
pub fn lag(file: &Sound, prompt: &Sound, guess: isize, around: usize) -> Option<(isize, Range<usize>)> {
    let anchor = anchor(file, prompt, guess, around)?;
    let coarse = anchor.start / COARSE..anchor.end / COARSE;
    let step = COARSE as isize;
    let (low, high) = ((guess - SEARCH).div_euclid(step), (guess + SEARCH).div_euclid(step));
    let coarse = coarse.start..coarse.end.min(prompt.coarse.len());
    let places = likenesses(&file.coarse, &prompt.coarse[coarse.clone()], coarse.start, low..high + 1);
    let mut places = peaks(&places);
    places.sort_unstable_by(|one, other| other.1.total_cmp(&one.1));
    let worth_it = places.into_iter().take(CLOSER_LOOKS).filter(|(_, likeness)| *likeness >= LEAST_COARSE);
    let closer = worth_it.flat_map(|(place, _)| {
        let lags = (place - 2) * step..(place + 2) * step + 1;
        likenesses(&file.samples, &prompt.samples[anchor.clone()], anchor.start, lags)
    });
    let best = closer.max_by(|one, other| one.1.total_cmp(&other.1))?;
    // The top may lie just outside of what was looked at.
    let around = best.0 - 2 * step..best.0 + 2 * step + 1;
    let top = likenesses(&file.samples, &prompt.samples[anchor.clone()], anchor.start, around);
    let best = top.into_iter().max_by(|one, other| one.1.total_cmp(&other.1))?;
    (best.1 >= LEAST_LIKENESS).then_some((best.0, anchor))
}

/// The samples of the prompt around a place that lie in both.
fn anchor(file: &Sound, prompt: &Sound, guess: isize, around: usize) -> Option<Range<usize>> {
    let first = (-guess + SEARCH).max(0) as usize;
    let last =
        (file.samples.len() as isize - guess - SEARCH).clamp(0, prompt.samples.len() as isize) as usize;
    if last < first + LEAST_ANCHOR {
        return None;
    }
    let length = ANCHOR.min(last - first);
    let start = around.saturating_sub(length / 2).clamp(first, last - length);
    Some(start..start + length)
}

/// The scalar product of two of the same length. All of the time goes here: eight sums side by side leave the processor
/// its width, and a bare loop is ten times as fast as iterators where nothing is optimised, as in tests.
fn product(one: &[f32], other: &[f32]) -> f32 {
    let (ones, rest) = one.as_chunks::<8>();
    let (others, other_rest) = other.as_chunks::<8>();
    let (mut sums, mut at) = ([0.0_f32; 8], 0);
    let length = ones.len().min(others.len());
    let (ones, others) = (&ones[..length], &others[..length]);
    while at < length {
        let (x, y) = (&ones[at], &others[at]);
        sums[0] += x[0] * y[0];
        sums[1] += x[1] * y[1];
        sums[2] += x[2] * y[2];
        sums[3] += x[3] * y[3];
        sums[4] += x[4] * y[4];
        sums[5] += x[5] * y[5];
        sums[6] += x[6] * y[6];
        sums[7] += x[7] * y[7];
        at += 1;
    }
    let mut rests = 0.0;
    at = 0;
    while at < rest.len().min(other_rest.len()) {
        rests += rest[at] * other_rest[at];
        at += 1;
    }
    let [a, b, c, d, e, f, g, h] = sums;
    ((a + b) + (c + d)) + ((e + f) + (g + h)) + rests
}

/// How alike both are at each lag. The energy of the file goes along from lag to lag.
fn likenesses(file: &[f32], prompt: &[f32], start: usize, lags: Range<isize>) -> Vec<(isize, f32)> {
    let energy = product(prompt, prompt);
    let last = file.len() as isize - prompt.len() as isize - start as isize;
    let lags = lags.start.max(-(start as isize))..lags.end.min(last + 1);
    let under = |lag: isize| &file[(start as isize + lag) as usize..][..prompt.len()];
    let mut likenesses = Vec::with_capacity(lags.len());
    let mut of_file =
        if lags.is_empty() { 0.0 } else { f64::from(product(under(lags.start), under(lags.start))) };
    for lag in lags {
        let under = under(lag);
        let sums = Sums { both: product(under, prompt), file: of_file.max(0.0) as f32, prompt: energy };
        likenesses.push((lag, sums.likeness()));
        let next = (start as isize + lag) as usize + prompt.len();
        let (gone, come) = (f64::from(under[0]), f64::from(file.get(next).copied().unwrap_or(0.0)));
        of_file += come * come - gone * gone;
    }
    likenesses
}

/// The lags that are better than both beside them: a voice is like itself at each of its periods.
fn peaks(places: &[(isize, f32)]) -> Vec<(isize, f32)> {
    let likeness = |at: usize| places.get(at).map_or(-1.0, |place| place.1);
    let is_peak = |at: &usize| {
        let here = places[*at].1;
        here >= likeness(at.wrapping_sub(1)) && here >= likeness(at + 1)
    };
    (0..places.len()).filter(is_peak).map(|at| places[at]).collect()
}

/// Lays the whole prompt at a lag that was found over `anchor`, following a clock that drifts.
pub fn lay(file: &Sound, prompt: &Sound, lag: isize, anchor: &Range<usize>) -> Option<Laid> {
    let sums = Sums::of(part(&file.samples, anchor, lag)?, &prompt.samples[anchor.clone()]);
    let gain = sums.both / sums.prompt.max(1.0);
    let rest = (sums.file - gain * sums.both).max(0.0) * CHUNK as f32 / anchor.len() as f32;
    let first = ((-lag).max(0) as usize).next_multiple_of(CHUNK);
    let end = (file.samples.len() as isize - lag).clamp(0, prompt.samples.len() as isize) as usize;
    let middle = anchor.start.next_multiple_of(CHUNK).max(first);
    let before: Vec<usize> = (first..middle).step_by(CHUNK).rev().collect();
    let after: Vec<usize> = (middle..end.saturating_sub(CHUNK - 1)).step_by(CHUNK).collect();
    let mut chunks = follow(file, prompt, lag, &before);
    chunks.reverse();
    chunks.extend(follow(file, prompt, lag, &after));
    for chunk in &mut chunks {
        chunk.speaks = speaks(chunk.sums, gain, rest);
    }
    Some(Laid { first, chunks })
}

fn follow(file: &Sound, prompt: &Sound, mut lag: isize, starts: &[usize]) -> Vec<Chunk> {
    let mut chunks = Vec::with_capacity(starts.len());
    for some in starts.chunks(DRIFT_CHUNKS) {
        let (low, high) = (some[0].min(some[some.len() - 1]), some[0].max(some[some.len() - 1]) + CHUNK);
        let nearby = lag - 2..lag + 3;
        let here = likenesses(&file.samples, &prompt.samples[low..high], low, nearby);
        let here = here.into_iter().max_by(|one, other| one.1.total_cmp(&other.1));
        // Where the prompt is not, there is nothing to follow.
        lag = here.filter(|here| here.1 > LEAST_LIKENESS).map_or(lag, |here| here.0);
        for &start in some {
            let place = start..start + CHUNK;
            let sums = part(&file.samples, &place, lag)
                .map_or_else(Sums::default, |under| Sums::of(under, &prompt.samples[place]));
            let at = (start as isize + lag).max(0) as usize;
            chunks.push(Chunk { at, speaks: 0.0, sums });
        }
    }
    chunks
}

fn part<'a>(samples: &'a [f32], place: &Range<usize>, lag: isize) -> Option<&'a [f32]> {
    let start = usize::try_from(place.start as isize + lag).ok()?;
    samples.get(start..start + place.len())
}

fn speaks(sums: Sums, gain: f32, rest: f32) -> f32 {
    let expected = gain * gain * sums.prompt;
    if sums.file > 8.0 * (expected + rest + FLOOR) {
        // Something much louder than the prompt can be.
        return -0.5;
    }
    ((2.0 * gain * sums.both - expected) / (expected + rest + FLOOR)).clamp(-1.0, 1.0)
}
