//! Which of the known prompts are heard in a file, where, and what else is in it.
//!
//! ```text
//!  prompts ─▶ landmarks ─▶ index
//!  file ────▶ landmarks ─▶ where one may be ─▶ laid over the file, sample by sample ─▶ what is really there
//!                                              the strongest first; one that explains the same sound
//!                                              as well is named beside it
//! ```
//! It compares waveforms: companding, noise, loss, cuts, another level and a clock that drifts leave them
//! alike, and another sentence of the same voice does not have them. A loudspeaker before a microphone, or a
//! codec that keeps the spectrum but not the wave, is more than this file can hear through. Reading files is
//! not its job.

pub mod align;
pub mod landmark;
#[cfg(test)]
mod tests;

use align::{CHUNK, Laid, Sound, Sums};
use landmark::{Finder, HOP, Landmark};
use std::ops::Range;
use std::time::Duration;

/// Samples in a second of everything here.
pub const RATE_HZ: usize = 8_000;
/// Landmarks that must agree on a place before it is looked at.
const LEAST_VOTES: usize = 6;
/// Landmarks that are no chance: then other places of the prompt are tried too.
const MANY_VOTES: usize = 10;
/// Chunks of sound that must speak for a prompt: half a second without its pauses.
const LEAST_SPOKEN: f32 = 25.0;
/// Likeness of what was heard to the prompt: 10 dB of noise and 5 % of loss leave over 0.9.
const LEAST_LIKENESS: f32 = 0.6;
/// A rival that explains this share of the same stretch cannot be told from the winner.
const AS_GOOD: f32 = 0.88;
/// Level under which there is silence.
const SILENT_DBFS: f32 = -50.0;
/// Sound this much over a steady noise is more than the noise.
const OVER_NOISE_DB: f32 = 4.0;
/// Flatness of the spectrum from which a frame is noise.
const NOISE_FLATNESS: f32 = 0.3;
/// The loudest noise that is a background, not a sound of its own.
const NOISE_MOST_DBFS: f32 = -20.0;
/// A shorter pause belongs to the sound around it, in chunks: 200 ms.
const PAUSE_CHUNKS: usize = 10;
/// A shorter sound is a click, in chunks: 100 ms.
const CLICK_CHUNKS: usize = 5;
/// Two stretches of one prompt that are no further apart, in samples, are one: 400 ms.
const JOIN: usize = 3_200;

/// What is missing of a prompt at most when it is whole: the pause at its ends.
pub const WHOLE: Duration = Duration::from_millis(250);
/// Sound within this many chunks is next to a stretch: 200 ms, less than the pause between two sentences.
const CLOSE_CHUNKS: usize = 10;
/// Samples of a prompt, from its beginning, that make it this one although other speech follows: 1.5 s.
const TALKED_OVER: usize = 12_000;

/// All known prompts, by their place in what [`Index::new`] was given.
#[derive(Debug)]
pub struct Index {
    prompts: Vec<Sound>,
    /// (pair, prompt, half frame), in order.
    landmarks: Vec<(u32, u16, u32)>,
}

/// One stretch of a file.
#[derive(Clone, Debug, PartialEq)]
pub struct Stretch {
    /// Since the file's beginning.
    pub from: Duration,
    /// Since the file's beginning.
    pub to: Duration,
    /// Its mean power against full scale, in dBFS; -100 is digital silence.
    pub level_dbfs: f32,
    /// What it is.
    pub what: What,
}

/// What a stretch is.
#[derive(Clone, Debug, PartialEq)]
pub enum What {
    /// A known prompt.
    Prompt(Heard),
    /// A sound that no prompt explains.
    Unknown,
    /// Nothing, or a steady noise as loud as the level says.
    Quiet,
}

/// A prompt that was heard.
#[derive(Clone, Debug, PartialEq)]
pub struct Heard {
    /// Which.
    pub prompt: usize,
    /// Others that sound the same in this stretch and so may be it as well.
    pub or: Vec<usize>,
    /// Where in the prompt the stretch begins.
    pub offset: Duration,
    /// How much of the prompt follows after the stretch.
    pub missing: Duration,
    /// The correlation of the stretch with the prompt, up to 1.
    pub likeness: f32,
}

/// A prompt at one place of the file, and what of it is there.
struct Candidate {
    prompt: usize,
    lag: isize,
    laid: Laid,
    best: Best,
}

/// The chunks with the greatest sum.
#[derive(Clone, Default)]
struct Best {
    chunks: Range<usize>,
    spoken: f32,
}

impl Index {
    /// Indexes prompts of samples at 8 kHz: some ms for each second of them.
    pub fn new<'a>(prompts: impl IntoIterator<Item = &'a [i16]>) -> Self {
        let mut finder = Finder::planned();
        let prompts: Vec<Sound> = prompts.into_iter().map(sound).collect();
        let mut landmarks = Vec::new();
        for (number, prompt) in prompts.iter().enumerate() {
            // Twice, half a frame apart: the file's frames lie anywhere between.
            for half in 0..2_usize {
                let from = (half * HOP / 2).min(prompt.samples.len());
                let found = finder.find(&prompt.samples[from..]);
                let placed = |found: Landmark| (found.pair, number as u16, 2 * found.frame + half as u32);
                landmarks.extend(found.into_iter().map(placed));
            }
        }
        landmarks.sort_unstable();
        Self { prompts, landmarks }
    }

    /// Everything that is in samples at 8 kHz, in the order of time, without a hole.
    pub fn listen(&self, samples: &[i16]) -> Vec<Stretch> {
        let file = sound(samples);
        let mut finder = Finder::planned();
        let candidates = self.candidates(&file, &finder.find(&file.samples));
        let loud = loud_chunks(&file.samples, &finder.flatness(&file.samples));
        let mut heard = self.join(self.choose(candidates, file.samples.len()));
        drop_words_of_others(&mut heard, &loud);
        fill(&file.samples, heard, &loud)
    }

    /// Every place where landmarks agree and the sound does too.
    fn candidates(&self, file: &Sound, landmarks: &[Landmark]) -> Vec<Candidate> {
        let mut votes = self.votes(landmarks);
        votes.sort_unstable();
        let mut candidates: Vec<Candidate> = Vec::new();
        for agreeing in votes.chunk_by(|one, other| (one.0, one.1) == (other.0, other.1)) {
            if agreeing.len() < LEAST_VOTES {
                continue;
            }
            let (number, place) = (usize::from(agreeing[0].0), agreeing[0].1);
            let guess = place * HOP as isize * 2 + HOP as isize / 2;
            // One of these may have been lost or drowned.
            let quarters = [2, 1, 3].map(|quarter| agreeing[agreeing.len() * quarter / 4].2 as usize);
            let tries = if agreeing.len() < MANY_VOTES { 1 } else { quarters.len() };
            let mut found = quarters.into_iter().take(tries).filter_map(|half_frame| {
                align::lag(file, &self.prompts[number], guess, half_frame * HOP / 2)
            });
            let Some((lag, anchor)) = found.next() else { continue };
            let near = candidates.iter().rev().take_while(|known| known.prompt == number);
            if near.take(4).any(|known| known.lag.abs_diff(lag) < 8) {
                continue;
            }
            let Some(laid) = align::lay(file, &self.prompts[number], lag, &anchor) else { continue };
            let best = best(&laid, |_| false);
            if best.spoken >= LEAST_SPOKEN && likeness(&laid, &best) >= LEAST_LIKENESS {
                candidates.push(Candidate { prompt: number, lag, laid, best });
            }
        }
        candidates
    }

    /// (prompt, place of its beginning in double frames, half frame in the prompt) for each landmark in common.
    fn votes(&self, landmarks: &[Landmark]) -> Vec<(u16, isize, u32)> {
        let mut votes = Vec::new();
        for found in landmarks {
            let start = self.landmarks.partition_point(|known| known.0 < found.pair);
            let same = self.landmarks[start..].iter().take_while(|known| known.0 == found.pair);
            for &(_, prompt, half_frame) in same {
                let place = 2 * found.frame as isize - half_frame as isize;
                votes.push((prompt, place.div_euclid(4), half_frame));
            }
        }
        votes
    }

    /// The strongest candidates that do not lie over each other.
    fn choose(&self, mut candidates: Vec<Candidate>, samples: usize) -> Vec<(Range<usize>, Heard)> {
        let mut taken = vec![false; samples / CHUNK + 1];
        let mut heard = Vec::new();
        let mut open: Vec<usize> = (0..candidates.len()).collect();
        loop {
            open.sort_unstable_by(|one, other| {
                candidates[*one].best.spoken.total_cmp(&candidates[*other].best.spoken)
            });
            let Some(&strongest) = open.last() else { break };
            let now = best(&candidates[strongest].laid, |at| taken[(at + CHUNK / 2) / CHUNK]);
            let is_stale = now.spoken < candidates[strongest].best.spoken;
            candidates[strongest].best = now;
            if is_stale {
                open.retain(|number| candidates[*number].best.spoken >= LEAST_SPOKEN);
                continue;
            }
            open.pop();
            let candidate = &candidates[strongest];
            if likeness(&candidate.laid, &candidate.best) < LEAST_LIKENESS {
                continue;
            }
            let place = place(&candidate.laid, &candidate.best);
            heard.push((place.clone(), self.heard(candidate, rivals(candidate, &candidates))));
            taken[place.start / CHUNK..(place.end / CHUNK).min(samples / CHUNK)].fill(true);
        }
        heard.sort_by_key(|(place, _)| place.start);
        heard
    }

    fn heard(&self, candidate: &Candidate, or: Vec<usize>) -> Heard {
        let from = candidate.laid.first + candidate.best.chunks.start * CHUNK;
        let to = candidate.laid.first + candidate.best.chunks.end * CHUNK;
        let missing = self.prompts[candidate.prompt].samples.len().saturating_sub(to);
        Heard {
            prompt: candidate.prompt,
            or,
            offset: time(from),
            missing: time(missing),
            likeness: likeness(&candidate.laid, &candidate.best),
        }
    }

    /// A prompt whose stream slipped by a packet is still one prompt.
    fn join(&self, heard: Vec<(Range<usize>, Heard)>) -> Vec<(Range<usize>, Heard)> {
        let mut joined: Vec<(Range<usize>, Heard)> = Vec::new();
        for (place, next) in heard {
            if let Some((before, last)) = joined.last_mut() {
                let length = time(self.prompts[last.prompt].samples.len());
                let reached = length.saturating_sub(last.missing);
                let apart = next.offset.abs_diff(reached);
                let goes_on = last.prompt == next.prompt && place.start < before.end + JOIN;
                if goes_on && apart < time(JOIN) && next.missing < last.missing {
                    before.end = place.end;
                    last.missing = next.missing;
                    last.likeness = last.likeness.min(next.likeness);
                    last.or.retain(|other| next.or.contains(other));
                    continue;
                }
            }
            joined.push((place, next));
        }
        joined
    }
}

fn sound(samples: &[i16]) -> Sound {
    Sound::new(samples.iter().map(|sample| f32::from(*sample)).collect())
}

fn time(samples: usize) -> Duration {
    Duration::from_micros(samples as u64 * 1_000_000 / RATE_HZ as u64)
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

/// Other prompts that explain the stretch of this one nearly as well.
fn rivals(winner: &Candidate, candidates: &[Candidate]) -> Vec<usize> {
    let stretch = place(&winner.laid, &winner.best);
    let explains = |other: &&Candidate| {
        let within = best(&other.laid, |at| at + CHUNK <= stretch.start || at >= stretch.end);
        other.prompt != winner.prompt && within.spoken >= AS_GOOD * winner.best.spoken
    };
    let mut rivals: Vec<usize> = candidates.iter().filter(explains).map(|other| other.prompt).collect();
    rivals.sort_unstable();
    rivals.dedup();
    rivals
}

/// Other speech may have words of a prompt in it, by the same voice. So a part of a prompt counts only if it
/// stands free where the rest of the prompt is missing, or began as the prompt does and went on long enough to be
/// one that was talked over.
fn drop_words_of_others(heard: &mut Vec<(Range<usize>, Heard)>, loud: &[bool]) {
    let known: Vec<Range<usize>> = heard.iter().map(|(place, _)| place.clone()).collect();
    let is_unknown = |chunks: Range<usize>| {
        let unknown = |chunk: &usize| {
            let middle = chunk * CHUNK + CHUNK / 2;
            loud.get(*chunk).copied().unwrap_or(false) && !known.iter().any(|place| place.contains(&middle))
        };
        chunks.filter(unknown).count() >= CLICK_CHUNKS / 2
    };
    heard.retain(|(place, heard)| {
        let (first, end) = (place.start / CHUNK, place.end.div_ceil(CHUNK));
        let led_to = heard.offset > WHOLE && is_unknown(first.saturating_sub(CLOSE_CHUNKS)..first);
        let goes_on = heard.missing > WHOLE && is_unknown(end..end + CLOSE_CHUNKS);
        let talked_over = heard.offset <= WHOLE && place.len() >= TALKED_OVER;
        !led_to && (!goes_on || talked_over)
    });
}

fn level_dbfs(samples: &[f32]) -> f32 {
    let power = samples.iter().map(|sample| sample * sample).sum::<f32>() / samples.len().max(1) as f32;
    (10.0 * (power / 32_768.0_f32.powi(2)).max(1e-10).log10()).max(-100.0)
}

/// For each chunk whether it is louder than silence and the steady noise of the file.
fn loud_chunks(samples: &[f32], flatness: &[f32]) -> Vec<bool> {
    let levels: Vec<f32> = samples.chunks(CHUNK).map(level_dbfs).collect();
    let is_noise = |chunk: usize| {
        let frame = (chunk * CHUNK / HOP).min(flatness.len().saturating_sub(1));
        flatness.get(frame).is_some_and(|flatness| *flatness > NOISE_FLATNESS)
    };
    let noise = levels.iter().enumerate().filter(|(chunk, _)| is_noise(*chunk));
    let mut noise: Vec<f32> = noise.map(|(_, level)| *level).filter(|level| *level > SILENT_DBFS).collect();
    noise.sort_unstable_by(f32::total_cmp);
    // A voice hisses too, but not for a tenth of the time at one level.
    let floor = if noise.len() * 10 > levels.len() { noise[noise.len() / 10] } else { SILENT_DBFS };
    let least = if floor > NOISE_MOST_DBFS { SILENT_DBFS } else { (floor + OVER_NOISE_DB).max(SILENT_DBFS) };
    levels.iter().map(|level| *level > least).collect()
}

/// Puts unknown and quiet stretches between those that were heard.
fn fill(samples: &[f32], heard: Vec<(Range<usize>, Heard)>, loud: &[bool]) -> Vec<Stretch> {
    let mut stretches = Vec::new();
    let mut at = 0;
    for (place, heard) in heard {
        between(samples, at..place.start.max(at), loud, &mut stretches);
        let place = place.start.max(at)..place.end;
        at = place.end;
        stretches.push(stretch(samples, place, What::Prompt(heard)));
    }
    between(samples, at..samples.len(), loud, &mut stretches);
    stretches
}

/// What lies between two prompts: runs of sound, with short pauses in them, are unknown.
fn between(samples: &[f32], gap: Range<usize>, loud: &[bool], stretches: &mut Vec<Stretch>) {
    let chunks = gap.start.div_ceil(CHUNK)..gap.end / CHUNK;
    let mut runs: Vec<Range<usize>> = Vec::new();
    for chunk in chunks.filter(|chunk| loud.get(*chunk).copied().unwrap_or(false)) {
        match runs.last_mut() {
            Some(run) if chunk < run.end + PAUSE_CHUNKS => run.end = chunk + 1,
            Some(_) | None => runs.push(chunk..chunk + 1),
        }
    }
    let mut at = gap.start;
    for run in runs.into_iter().filter(|run| run.len() >= CLICK_CHUNKS) {
        let place = (run.start * CHUNK).max(at)..(run.end * CHUNK).min(gap.end);
        push_quiet(samples, at..place.start, stretches);
        at = place.end;
        stretches.push(stretch(samples, place, What::Unknown));
    }
    push_quiet(samples, at..gap.end, stretches);
}

fn push_quiet(samples: &[f32], place: Range<usize>, stretches: &mut Vec<Stretch>) {
    if !place.is_empty() {
        stretches.push(stretch(samples, place, What::Quiet));
    }
}

fn stretch(samples: &[f32], place: Range<usize>, what: What) -> Stretch {
    let level_dbfs = level_dbfs(&samples[place.start..place.end.min(samples.len())]);
    Stretch { from: time(place.start), to: time(place.end.min(samples.len())), level_dbfs, what }
}
