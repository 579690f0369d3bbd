//! Which of the known prompts are heard in a file, where, and what else is in it.
//!
//! ```text
//!  prompts ─▶ landmarks ─▶ index
//!  file ────▶ landmarks ─▶ where one may be ─▶ laid over the file, sample by sample ─▶ what is really there ─▶ chosen
//! ```
//! It compares waveforms: companding, noise, loss, cuts, another level and a clock that drifts leave them
//! alike, and another sentence of the same voice does not have them. A loudspeaker before a microphone, or a
//! codec that keeps the spectrum but not the wave, is more than this file can hear through. Reading files is
//! not its job.

pub mod agree;
pub mod align;
pub mod choose;
pub mod landmark;
#[cfg(test)]
mod tests;

use align::{CHUNK, Sound};
use choose::{Candidate, LEAST_LIKENESS};
use landmark::{Finder, HOP, Landmark};
use std::ops::Range;
use std::time::Duration;

/// Samples in a second of everything here.
pub const RATE_HZ: usize = 8_000;
/// Landmarks that must agree on a place before it is looked at.
const LEAST_VOTES: usize = 6;
/// … and of a prompt of a word or two, which has few.
const LEAST_VOTES_OF_SHORT: usize = 3;
/// Places of this many half frames in a row are one.
const BUCKET: isize = 4;
/// Landmarks that are no chance: then other places of the prompt are tried too.
const MANY_VOTES: usize = 10;
/// Chunks of sound that must speak for a prompt: half a second without its pauses.
const LEAST_SPOKEN: f32 = 25.0;
/// … or so much of a prompt that is shorter: noise and a lost packet take the rest of a word.
const LEAST_OF_SHORT: f32 = 0.7;
/// … and of any prompt, however short or quiet, so much: less is a click, 100 ms.
const LEAST_OF_ANY: f32 = 5.0;
/// Level of a chunk that is a pause, in dBFS.
const PAUSE_DBFS: f32 = -45.0;
/// Level under which there is silence.
const SILENT_DBFS: f32 = -50.0;
/// … and beside a word, which a hiss as faint as that makes another one.
const FAINT_DBFS: f32 = -60.0;
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

/// What is missing of a prompt at most when it is whole: the pause at its ends.
pub const WHOLE: Duration = Duration::from_millis(250);
/// Sound within this many chunks is next to a stretch: 200 ms, less than the pause between two sentences.
const CLOSE_CHUNKS: usize = 10;
/// Lost packets and noise spoil so much of an end at the most; sound there is no other's.
const SPOILED_END: Duration = Duration::from_millis(500);
/// Samples of a prompt, from its beginning, that make it this one although other speech follows: 1.5 s.
const TALKED_OVER: usize = 12_000;

/// A prompt with its landmarks: what takes the time of an index. Each can be made by itself.
#[derive(Debug)]
pub struct Marked {
    sound: Sound,
    /// (pair, half frame).
    landmarks: Vec<(u32, u32)>,
}

/// Marks prompts of samples at 8 kHz: half a ms for each second of them.
pub fn mark<'a>(prompts: impl IntoIterator<Item = &'a [i16]>) -> Vec<Marked> {
    let mut finder = Finder::planned();
    let one = |samples: &[i16]| {
        let (sound, mut landmarks) = (sound(samples), Vec::new());
        // Twice, half a frame apart: the file's frames lie anywhere between.
        for half in 0..2_usize {
            let from = (half * HOP / 2).min(sound.samples.len());
            let found = finder.powers(&sound.samples[from..]).landmarks();
            landmarks.extend(found.into_iter().map(|found| (found.pair, 2 * found.frame + half as u32)));
        }
        Marked { sound, landmarks }
    };
    prompts.into_iter().map(one).collect()
}

/// All known prompts, by their place in what [`Index::of`] was given.
#[derive(Debug)]
pub struct Index {
    prompts: Vec<Sound>,
    /// Samples of each.
    lengths: Vec<usize>,
    /// Chunks that must speak for each.
    least: Vec<f32>,
    /// (pair, prompt, half frame), in order.
    landmarks: Vec<(u32, u16, u32)>,
}

/// A landmark that a file and a prompt have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Vote {
    prompt: u16,
    /// Where in the file the prompt begins by this, in half frames.
    place: isize,
    /// Where in the prompt it is.
    half_frame: u32,
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
    /// If this one was whole: longer ones of which it is a part, which may be it as well, cut exactly there.
    pub part_of: Vec<usize>,
    /// Where in the prompt the stretch begins.
    pub offset: Duration,
    /// How much of the prompt follows after the stretch.
    pub missing: Duration,
    /// The correlation of the stretch with the prompt, up to 1.
    pub likeness: f32,
}

impl Index {
    /// All of them, in this order.
    pub fn of(marked: impl IntoIterator<Item = Marked>) -> Self {
        let (mut prompts, mut landmarks) = (Vec::new(), Vec::new());
        for (number, one) in marked.into_iter().enumerate() {
            let placed = |(pair, half_frame)| (pair, number as u16, half_frame);
            landmarks.extend(one.landmarks.into_iter().map(placed));
            prompts.push(one.sound);
        }
        landmarks.sort_unstable();
        let lengths = prompts.iter().map(|prompt| prompt.samples.len()).collect();
        let least = prompts.iter().map(least_spoken).collect();
        Self { prompts, lengths, least, landmarks }
    }

    /// Everything that is in samples at 8 kHz, in the order of time, without a hole.
    pub fn listen(&self, samples: &[i16]) -> Vec<Stretch> {
        let file = sound(samples);
        let powers = Finder::planned().powers(&file.samples);
        let candidates = self.candidates(&file, &powers.landmarks());
        let flatness = powers.flatness();
        let faint = loud_chunks(&file.samples, &flatness, FAINT_DBFS);
        let mut loud = loud_chunks(&file.samples, &flatness, SILENT_DBFS);
        let mut heard = choose::choose(candidates, &self.lengths, file.samples.len());
        self.drop_words_of_others(&mut heard, &mut loud, faint);
        fill(&file.samples, heard, &loud)
    }

    /// Every place where landmarks agree and the sound does too.
    fn candidates(&self, file: &Sound, landmarks: &[Landmark]) -> Vec<Candidate> {
        let mut votes = self.votes(landmarks);
        votes.sort_unstable();
        let mut candidates: Vec<Candidate> = Vec::new();
        let bucket = |vote: &Vote| (vote.prompt, vote.place.div_euclid(BUCKET));
        for agreeing in votes.chunk_by(|one, other| bucket(one) == bucket(other)) {
            let Some((lag, anchor)) = self.lag(file, agreeing) else { continue };
            let number = usize::from(agreeing[0].prompt);
            let near = candidates.iter().rev().take_while(|known| known.prompt == number);
            if near.take(4).any(|known| known.lag.abs_diff(lag) < 8) {
                continue;
            }
            let Some(laid) = align::lay(file, &self.prompts[number], lag, &anchor) else { continue };
            let candidate = Candidate::new(number, lag, laid, self.least[number]);
            let is_there = candidate.best.spoken >= candidate.least && candidate.likeness() >= LEAST_LIKENESS;
            let agrees = || agree::agrees(file, &self.prompts[number], &candidate.laid);
            if is_there && (self.lengths[number] >= TALKED_OVER || agrees()) {
                candidates.push(candidate);
            }
        }
        candidates
    }

    /// Where a prompt lies by votes that agree, if they are no chance, and the samples of it by which it was found.
    fn lag(&self, file: &Sound, agreeing: &[Vote]) -> Option<(isize, Range<usize>)> {
        let number = usize::from(agreeing[0].prompt);
        if agreeing.len() < if self.is_short(number) { LEAST_VOTES_OF_SHORT } else { LEAST_VOTES } {
            return None;
        }
        let sum = agreeing.iter().map(|vote| vote.place).sum::<isize>();
        let guess = sum * (HOP / 2) as isize / agreeing.len() as isize;
        let mut half_frames: Vec<u32> = agreeing.iter().map(|vote| vote.half_frame).collect();
        half_frames.sort_unstable();
        // One of these may have been lost or drowned.
        let quarters = [2, 1, 3].map(|quarter| half_frames[half_frames.len() * quarter / 4] as usize);
        let tries = if agreeing.len() < MANY_VOTES { 1 } else { quarters.len() };
        let found = |half_frame| align::lag(file, &self.prompts[number], guess, half_frame * HOP / 2);
        quarters.into_iter().take(tries).find_map(found)
    }

    fn is_short(&self, prompt: usize) -> bool {
        self.least[prompt] < LEAST_SPOKEN
    }

    /// One for each landmark in common.
    fn votes(&self, landmarks: &[Landmark]) -> Vec<Vote> {
        let mut votes = Vec::new();
        for found in landmarks {
            let start = self.landmarks.partition_point(|known| known.0 < found.pair);
            let same = self.landmarks[start..].iter().take_while(|known| known.0 == found.pair);
            for &(_, prompt, half_frame) in same {
                let place = 2 * found.frame as isize - half_frame as isize;
                votes.push(Vote { prompt, place, half_frame });
            }
        }
        votes
    }

    /// Other speech may have words of a prompt in it, by the same voice. So a part of a prompt counts only if it
    /// stands free where the rest of the prompt is missing, or began as the prompt does and went on long enough to be
    /// one that was talked over. A prompt of a word or two stands free at both its ends.
    fn drop_words_of_others(
        &self,
        heard: &mut Vec<(Range<usize>, Heard)>,
        loud: &mut [bool],
        mut faint: Vec<bool>,
    ) {
        let mut unknown = loud.to_vec();
        for (place, heard) in heard.iter() {
            let chunks = with_own_ends(place, heard);
            let end = chunks.end.min(unknown.len());
            unknown[chunks.start.min(end)..end].fill(false);
            faint[chunks.start.min(end)..end].fill(false);
        }
        heard.retain(|(place, heard)| {
            let is_short = self.is_short(heard.prompt);
            let is_word = self.lengths[heard.prompt] < TALKED_OVER;
            let sound = if is_word { &faint } else { &unknown };
            let speaks = |chunks: Range<usize>| {
                let unknown = chunks.filter(|chunk| sound.get(*chunk).copied().unwrap_or(false));
                unknown.count() >= CLICK_CHUNKS / 2
            };
            let Range { start: first, end } = with_own_ends(place, heard);
            let led_to = speaks(first.saturating_sub(CLOSE_CHUNKS)..first);
            let goes_on = speaks(end..end + CLOSE_CHUNKS);
            let talked_over = heard.offset <= WHOLE && place.len() >= TALKED_OVER;
            let parted_before = led_to && (is_short || heard.offset > WHOLE);
            let parted_behind = goes_on && (is_short || heard.missing > WHOLE);
            !parted_before && (!parted_behind || talked_over)
        });
        for (place, heard) in heard.iter() {
            let chunks = with_own_ends(place, heard);
            let end = chunks.end.min(loud.len());
            loud[chunks.start.min(end)..end].fill(false);
        }
    }
}

/// The chunks of a stretch with those at its ends that the prompt would fill if they were not spoiled.
fn with_own_ends(place: &Range<usize>, heard: &Heard) -> Range<usize> {
    let own = |missing: Duration| if missing <= SPOILED_END { samples_in(missing) } else { 0 };
    let start = place.start.saturating_sub(own(heard.offset));
    start / CHUNK..(place.end + own(heard.missing)).div_ceil(CHUNK)
}

/// Chunks that must speak for a prompt.
fn least_spoken(prompt: &Sound) -> f32 {
    let speaks = |chunk: &&[f32]| level_dbfs(chunk) > PAUSE_DBFS;
    let spoken = prompt.samples.chunks(CHUNK).filter(speaks).count() as f32;
    (LEAST_OF_SHORT * spoken).clamp(LEAST_OF_ANY, LEAST_SPOKEN)
}

fn sound(samples: &[i16]) -> Sound {
    Sound::new(samples.iter().map(|sample| f32::from(*sample)).collect())
}

fn samples_in(time: Duration) -> usize {
    time.as_micros() as usize * RATE_HZ / 1_000_000
}

fn time(samples: usize) -> Duration {
    Duration::from_micros(samples as u64 * 1_000_000 / RATE_HZ as u64)
}

fn level_dbfs(samples: &[f32]) -> f32 {
    let power = samples.iter().map(|sample| sample * sample).sum::<f32>() / samples.len().max(1) as f32;
    (10.0 * (power / 32_768.0_f32.powi(2)).max(1e-10).log10()).max(-100.0)
}

/// For each chunk whether it is louder than `silent`, in dBFS, and the steady noise of the file.
fn loud_chunks(samples: &[f32], flatness: &[f32], silent: f32) -> Vec<bool> {
    let levels: Vec<f32> = samples.chunks(CHUNK).map(level_dbfs).collect();
    let is_noise = |chunk: usize| {
        let frame = (chunk * CHUNK / HOP).min(flatness.len().saturating_sub(1));
        flatness.get(frame).is_some_and(|flatness| *flatness > NOISE_FLATNESS)
    };
    let noise = levels.iter().enumerate().filter(|(chunk, _)| is_noise(*chunk));
    let mut noise: Vec<f32> = noise.map(|(_, level)| *level).filter(|level| *level > SILENT_DBFS).collect();
    noise.sort_unstable_by(f32::total_cmp);
    // A voice hisses too, but not for a tenth of the time at one level.
    let floor = if noise.len() * 10 > levels.len() { noise[noise.len() / 10] } else { silent };
    let least = if floor > NOISE_MOST_DBFS { silent } else { (floor + OVER_NOISE_DB).max(silent) };
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
