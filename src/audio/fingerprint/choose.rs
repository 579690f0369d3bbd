//! Which of the prompts that may lie at a place are told: the one that explains most of the sound, then the next
//! strongest in what is left.
//!
//! ```text
//!  heard     ├───────────────────┤ quiet
//!  A         ├───────────────────┤              whole: it is named
//!  B         ├───────────────────┼─────────┤    begins alike: it was cut here, or it is A
//!  C  ├──────┼───────────────────┼───┤          neither is whole: A or C, if no A was whole
//!  D         ├───────────┤                      explains less by more than chance: it is not this
//! ```
//! Prompts that share words share their wave where one voice speaks them. What was heard tells such prompts apart only
//! where they differ; as long as it does not, each of them is told.

use super::align::{CHUNK, Laid, Sums};
use super::{Heard, WHOLE, time};
use std::ops::Range;

/// Likeness of what was heard to the prompt: 10 dB of noise and 5 % of loss leave over 0.9.
pub const LEAST_LIKENESS: f32 = 0.6;
/// By how many chunks more one prompt must explain than another to be told from it: 160 ms of words that differ.
const TELLS: f32 = 8.0;
/// In a long stretch two that are the same differ by so much of it: noise falls on them differently.
const TELLS_LONG: f32 = 0.03;
/// In a short one so much of it is enough.
const TELLS_SHORT: f32 = 0.12;

/// A prompt at one place of the file, and what of it is there.
pub struct Candidate {
    /// Which.
    pub prompt: usize,
    /// Samples from the beginning of the file to that of the prompt.
    pub lag: isize,
    /// The prompt over the file.
    pub laid: Laid,
    /// What of it is there and nobody's yet.
    pub best: Best,
    /// Chunks that must speak for it.
    pub least: f32,
}

/// The chunks with the greatest sum.
#[derive(Clone, Default)]
pub struct Best {
    chunks: Range<usize>,
    /// Their sum.
    pub spoken: f32,
}

impl Candidate {
    /// One whose sound is all there to be had.
    pub fn new(prompt: usize, lag: isize, laid: Laid, least: f32) -> Self {
        let best = best(&laid, |_| false);
        Self { prompt, lag, laid, best, least }
    }

    /// The normalised correlation of what is there.
    pub fn likeness(&self) -> f32 {
        likeness(&self.laid, &self.best)
    }
}

/// The chunks in a row that speak most for the prompt (Kadane), none of them taken.
fn best(laid: &Laid, taken: impl Fn(usize) -> bool) -> Best {
    let mut best = Best::default();
    let (mut start, mut sum) = (0, 0.0);
    for (number, chunk) in laid.chunks.iter().enumerate() {
        if taken(chunk.at) {
            (start, sum) = (number + 1, 0.0);
            continue;
        }
        if sum <= 0.0 {
            (start, sum) = (number, 0.0);
        }
        sum += chunk.speaks;
        if sum > best.spoken {
            best = Best { chunks: start..number + 1, spoken: sum };
        }
    }
    best
}

fn likeness(laid: &Laid, best: &Best) -> f32 {
    let chunks = &laid.chunks[best.chunks.clone()];
    chunks.iter().fold(Sums::default(), |sums, chunk| sums.and(chunk.sums)).likeness()
}

/// The samples of the file that the best chunks cover.
fn place(laid: &Laid, best: &Best) -> Range<usize> {
    let chunks = &laid.chunks[best.chunks.clone()];
    let end = chunks.last().map_or(0, |last| last.at + CHUNK);
    chunks.first().map_or(0, |first| first.at)..end
}

/// The strongest candidates that do not lie over each other, in the order of time. `lengths` are the prompts', in
/// samples, `samples` is the file's.
pub fn choose(
    mut candidates: Vec<Candidate>,
    lengths: &[usize],
    samples: usize,
) -> Vec<(Range<usize>, Heard)> {
    let mut taken = vec![false; samples / CHUNK + 1];
    let mut heard = Vec::new();
    let mut open: Vec<usize> = (0..candidates.len()).collect();
    loop {
        let spoken = |number: &usize| candidates[*number].best.spoken;
        let strongest =
            (0..open.len()).max_by(|one, other| spoken(&open[*one]).total_cmp(&spoken(&open[*other])));
        let Some(at) = strongest else { break };
        let strongest = open[at];
        let now = best(&candidates[strongest].laid, |at| taken[(at + CHUNK / 2) / CHUNK]);
        let is_stale = now.spoken < candidates[strongest].best.spoken;
        candidates[strongest].best = now;
        let candidate = &candidates[strongest];
        if !is_stale || candidate.best.spoken < candidate.least {
            open.swap_remove(at);
        }
        if is_stale || candidate.likeness() < LEAST_LIKENESS {
            continue;
        }
        let place = place(&candidate.laid, &candidate.best);
        heard.push((place.clone(), named(candidate, &candidates, lengths)));
        taken[place.start / CHUNK..(place.end / CHUNK).min(samples / CHUNK)].fill(true);
    }
    heard.sort_by_key(|(place, _)| place.start);
    heard
}

/// The strongest, with those that explain its stretch as well; of these the one that was whole is named.
fn named(strongest: &Candidate, candidates: &[Candidate], lengths: &[usize]) -> Heard {
    let mut all = vec![heard(strongest, &strongest.best, lengths)];
    for rival in rivals(strongest, candidates, lengths) {
        if all.iter().all(|known| known.prompt != rival.prompt) {
            all.push(rival);
        }
    }
    let by_what_is_left = |heard: &Heard| (!heard.is_whole(), heard.missing + heard.offset);
    let first = (0..all.len()).min_by_key(|number| by_what_is_left(&all[*number])).unwrap_or_default();
    let mut named = all.swap_remove(first);
    let is_part = |rival: &Heard| named.is_whole() && !rival.is_whole();
    let (part_of, or): (Vec<Heard>, Vec<Heard>) = all.into_iter().partition(is_part);
    let numbers = |some: Vec<Heard>| {
        let mut numbers: Vec<usize> = some.into_iter().map(|heard| heard.prompt).collect();
        numbers.sort_unstable();
        numbers
    };
    (named.or, named.part_of) = (numbers(or), numbers(part_of));
    named
}

/// Other prompts that explain the stretch of this one so well that they may be it.
fn rivals(winner: &Candidate, candidates: &[Candidate], lengths: &[usize]) -> Vec<Heard> {
    let stretch = place(&winner.laid, &winner.best);
    let spoken = winner.best.spoken;
    let least = spoken - (TELLS_SHORT * spoken).min(TELLS.max(TELLS_LONG * spoken));
    let lies_there = |other: &&Candidate| {
        let chunks = &other.laid.chunks;
        let ends = chunks.last().map_or(0, |last| last.at + CHUNK);
        other.prompt != winner.prompt
            && chunks.first().is_some_and(|first| first.at < stretch.end)
            && ends > stretch.start
    };
    let within = |other: &Candidate| {
        let within = best(&other.laid, |at| at + CHUNK <= stretch.start || at >= stretch.end);
        (within.spoken >= least).then(|| heard(other, &within, lengths))
    };
    candidates.iter().filter(lies_there).filter_map(within).collect()
}

fn heard(candidate: &Candidate, best: &Best, lengths: &[usize]) -> Heard {
    let from = candidate.laid.first + best.chunks.start * CHUNK;
    let to = candidate.laid.first + best.chunks.end * CHUNK;
    Heard {
        prompt: candidate.prompt,
        or: Vec::new(),
        part_of: Vec::new(),
        offset: time(from),
        missing: time(lengths[candidate.prompt].saturating_sub(to)),
        likeness: likeness(&candidate.laid, best),
    }
}

impl Heard {
    /// Nothing but the pauses at its ends is missing.
    pub fn is_whole(&self) -> bool {
        self.offset <= WHOLE && self.missing <= WHOLE
    }

    /// Other prompts sound the same in this stretch, whether they would be whole or not.
    pub fn may_be(&self, prompt: usize) -> bool {
        self.prompt == prompt || self.or.contains(&prompt) || self.part_of.contains(&prompt)
    }
}
