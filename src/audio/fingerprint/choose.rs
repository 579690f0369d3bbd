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
use std::time::Duration;

/// Likeness of what was heard to the prompt: 10 dB of noise and 5 % of loss leave over 0.9.
pub const LEAST_LIKENESS: f32 = 0.6;
/// By how many chunks more one prompt must explain than another to be told from it: 160 ms of words that differ.
const TELLS: f32 = 8.0;
/// In a long stretch two that are the same differ by so much of it: noise falls on them differently.
const TELLS_LONG: f32 = 0.03;
/// In a short one so much of it is enough.
const TELLS_SHORT: f32 = 0.12;
/// Two stretches of one prompt that are no further apart, in samples, are one: 400 ms.
const JOIN: usize = 3_200;

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

/// A stretch of the file, and everything that it may be, the strongest first.
struct Choice {
    /// In samples of the file.
    place: Range<usize>,
    /// No prompt is in it twice.
    all: Vec<Possible>,
}

/// A prompt that may be what is heard in a stretch.
struct Possible {
    prompt: usize,
    /// Of it before the stretch.
    offset: Duration,
    /// Of it after the stretch.
    missing: Duration,
    likeness: f32,
}

/// What is heard, in the order of time. `lengths` are the prompts', in samples, `samples` is the file's.
pub fn choose(candidates: Vec<Candidate>, lengths: &[usize], samples: usize) -> Vec<(Range<usize>, Heard)> {
    let choices = join(strongest(candidates, lengths, samples), lengths);
    choices.into_iter().filter_map(|choice| Some((choice.place, named(choice.all)?))).collect()
}

/// The strongest candidates that do not lie over each other, in the order of time.
fn strongest(mut candidates: Vec<Candidate>, lengths: &[usize], samples: usize) -> Vec<Choice> {
    let mut taken = vec![false; samples / CHUNK + 1];
    let mut choices = Vec::new();
    let mut open: Vec<usize> = (0..candidates.len()).collect();
    loop {
        let spoken = |number: &usize| candidates[*number].best.spoken;
        let strongest =
            (0..open.len()).max_by(|one, other| spoken(&open[*one]).total_cmp(&spoken(&open[*other])));
        let Some(at) = strongest else { break };
        let strongest = open[at];
        // A prompt whose clock drifts may reach over the end of the file.
        let is_taken = |at: usize| taken.get((at + CHUNK / 2) / CHUNK).copied().unwrap_or(true);
        let now = best(&candidates[strongest].laid, is_taken);
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
        taken[place.start / CHUNK..(place.end / CHUNK).min(samples / CHUNK)].fill(true);
        choices.push(Choice { place, all: possible(candidate, &candidates, lengths) });
    }
    choices.sort_by_key(|choice| choice.place.start);
    choices
}

/// A prompt whose stream slipped by a packet is still one prompt; what came later may tell which one it was.
fn join(choices: Vec<Choice>, lengths: &[usize]) -> Vec<Choice> {
    let mut joined: Vec<Choice> = Vec::new();
    for next in choices {
        let both = joined.last().map_or(Vec::new(), |last| last.and(&next, lengths));
        match joined.last_mut() {
            Some(last) if !both.is_empty() => {
                *last = Choice { place: last.place.start..next.place.end, all: both }
            }
            Some(_) | None => joined.push(next),
        }
    }
    joined
}

impl Choice {
    /// Everything that both may be together.
    fn and(&self, next: &Self, lengths: &[usize]) -> Vec<Possible> {
        if next.place.start >= self.place.end + JOIN {
            return Vec::new();
        }
        let goes_on = |one: &Possible| next.all.iter().find_map(|other| one.and(other, lengths));
        self.all.iter().filter_map(goes_on).collect()
    }
}

impl Possible {
    fn of(candidate: &Candidate, best: &Best, lengths: &[usize]) -> Self {
        let from = candidate.laid.first + best.chunks.start * CHUNK;
        let to = candidate.laid.first + best.chunks.end * CHUNK;
        Self {
            prompt: candidate.prompt,
            offset: time(from),
            missing: time(lengths[candidate.prompt].saturating_sub(to)),
            likeness: likeness(&candidate.laid, best),
        }
    }

    /// The same prompt to the end of the other stretch, if it goes on there where it stopped in this one.
    fn and(&self, next: &Self, lengths: &[usize]) -> Option<Self> {
        let reached = time(lengths[self.prompt]).saturating_sub(self.missing);
        let goes_on = next.prompt == self.prompt
            && next.offset.abs_diff(reached) < time(JOIN)
            && next.missing < self.missing;
        let likeness = self.likeness.min(next.likeness);
        goes_on.then_some(Self { prompt: self.prompt, offset: self.offset, missing: next.missing, likeness })
    }

    fn is_whole(&self) -> bool {
        is_whole(self.offset, self.missing)
    }
}

/// A candidate, and all that explain its stretch as well.
fn possible(strongest: &Candidate, candidates: &[Candidate], lengths: &[usize]) -> Vec<Possible> {
    let mut all = vec![Possible::of(strongest, &strongest.best, lengths)];
    for rival in rivals(strongest, candidates, lengths) {
        if all.iter().all(|known| known.prompt != rival.prompt) {
            all.push(rival);
        }
    }
    all
}

/// Of all that a stretch may be the one that was whole is named, or of which the most was there.
fn named(mut all: Vec<Possible>) -> Option<Heard> {
    all.sort_by_key(|one| (!one.is_whole(), one.offset + one.missing));
    let (first, rest) = all.split_first()?;
    let is_part = |rival: &&Possible| first.is_whole() && !rival.is_whole();
    let (part_of, or): (Vec<&Possible>, Vec<&Possible>) = rest.iter().partition(is_part);
    let numbers = |some: Vec<&Possible>| {
        let mut numbers: Vec<usize> = some.into_iter().map(|one| one.prompt).collect();
        numbers.sort_unstable();
        numbers
    };
    let Possible { prompt, offset, missing, likeness } = *first;
    Some(Heard { prompt, or: numbers(or), part_of: numbers(part_of), offset, missing, likeness })
}

/// Other prompts that explain the stretch of this one so well that they may be it.
fn rivals(winner: &Candidate, candidates: &[Candidate], lengths: &[usize]) -> Vec<Possible> {
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
        (within.spoken >= least).then(|| Possible::of(other, &within, lengths))
    };
    candidates.iter().filter(lies_there).filter_map(within).collect()
}

/// Nothing but the pauses at its ends is missing.
fn is_whole(offset: Duration, missing: Duration) -> bool {
    offset <= WHOLE && missing <= WHOLE
}

impl Heard {
    /// Nothing but the pauses at its ends is missing.
    pub fn is_whole(&self) -> bool {
        is_whole(self.offset, self.missing)
    }
}
