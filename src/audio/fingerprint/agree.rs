//! Whether a prompt of a word or two is there in each of its parts, or only in most of them.
//!
//! ```text
//!  six    s i ks ├──┤          most of one is in the other: the sum over all of it is good
//!  sixth  s i ks ├θ─┤          … and this part has sound that is not the prompt's: it is another word
//!  sixth  s i ks ·····         silence from one sample to the next: it was cut, or packets are lost
//! ```
//! What the way did to all of the prompt (its level, a shift by less than a sample, a filter) is measured first, where it
//! is surely there. Then each part of 40 ms, and each of 180 ms for what noise hides from the shorter ones, is compared with
//! what should be there.

use super::align::{CHUNK, Laid, Sound};

/// Chunks in a part: 40 ms.
const PART: usize = 2;
/// … and in one that noise does not hide: 180 ms.
const LONG_PART: usize = 9;
/// What speaks so much for the prompt shows what became of it.
const SURE: f32 = 0.5;
/// So many samples in a row are lost together: 2.5 ms.
const BLOCK: usize = 20;
/// No sample of silence is greater: -66 dBFS, the rounding of companding.
const SILENT: f32 = 16.0;
/// Energy of a sample from which there is sound: -52 dBFS.
const SOUND: f32 = 6_800.0;
/// So much of a part must be left of what was lost.
const LEAST_LEFT: usize = 160;
/// Sound beside the prompt, as a share of its own, from which it is another one.
const ALIEN: f32 = 0.3;
/// … and as a multiple of the noise.
const ALIEN_NOISE: f32 = 3.0;
/// How much of the prompt must be in a part.
const PRESENT: f32 = 0.5;
/// Standard deviations by which it must be missed.
const CERTAIN: f32 = 2.5;
/// A filter of three taps: the sample before, this one, the next.
const TAPS: usize = 3;

/// A chunk of the file against what should be there.
#[derive(Clone, Copy, Default)]
struct Seen {
    /// Samples that are not lost.
    left: usize,
    /// Energy of the file, of what should be there, and their product.
    file: f32,
    prompt: f32,
    both: f32,
}

impl Seen {
    fn and(self, other: &Self) -> Self {
        Self {
            left: self.left + other.left,
            file: self.file + other.file,
            prompt: self.prompt + other.prompt,
            both: self.both + other.both,
        }
    }

    /// What is left of the file without the prompt.
    fn rest(&self) -> f32 {
        (self.file - 2.0 * self.both + self.prompt).max(0.0)
    }

    /// There is sound, and it is not the prompt's; `noise` is its energy in a sample.
    fn is_alien(&self, noise: f32) -> bool {
        let left = self.left as f32;
        self.left >= LEAST_LEFT && self.rest() > ALIEN * self.prompt + left * (ALIEN_NOISE * noise).max(SOUND)
    }

    /// The prompt has sound here, and it is not there.
    fn is_missed(&self) -> bool {
        if self.left < LEAST_LEFT || self.prompt < self.left as f32 * SILENT * SILENT {
            return false;
        }
        let share = self.both / self.prompt;
        let deviation = (self.rest() / (self.left as f32 * self.prompt)).sqrt();
        share + CERTAIN * deviation < PRESENT
    }
}

/// Whether no part of the prompt is another sound.
pub fn agrees(file: &Sound, prompt: &Sound, laid: &Laid) -> bool {
    let Some(taps) = taps(file, prompt, laid) else { return false };
    let chunk = |number: usize| seen(file, prompt, laid, number, &taps);
    let seen: Vec<Seen> = (0..laid.chunks.len()).map(chunk).collect();
    let noise = noise(laid, &seen);
    let sum = |part: &[Seen]| part.iter().fold(Seen::default(), Seen::and);
    let fits = |part: &[Seen]| !sum(part).is_alien(noise) && !sum(part).is_missed();
    seen.windows(PART).all(fits) && seen.windows(LONG_PART).all(|part| !sum(part).is_missed())
}

/// The filter that leads from the prompt to what of it is surely there (least squares).
fn taps(file: &Sound, prompt: &Sound, laid: &Laid) -> Option<[f32; TAPS]> {
    let (mut squares, mut products) = ([[0.0_f32; TAPS]; TAPS], [0.0_f32; TAPS]);
    for (number, chunk) in laid.chunks.iter().enumerate().filter(|(_, chunk)| chunk.speaks > SURE) {
        let start = laid.first + number * CHUNK;
        let at = start.max(1);
        let under = file.samples.get(chunk.at + at - start..chunk.at + CHUNK).unwrap_or_default();
        let over = prompt.samples.get(at - 1..start + CHUNK + 1).unwrap_or_default();
        for (three, sample) in over.windows(TAPS).zip(under) {
            for (row, one) in three.iter().enumerate() {
                products[row] += one * sample;
                for (column, other) in three.iter().enumerate() {
                    squares[row][column] += one * other;
                }
            }
        }
    }
    solve(squares, products)
}

/// A little more of each square keeps a sound without high frequencies from any answer.
fn solve(mut squares: [[f32; TAPS]; TAPS], mut products: [f32; TAPS]) -> Option<[f32; TAPS]> {
    let more = 1e-3 * squares[1][1];
    (0..TAPS).for_each(|at| squares[at][at] += more);
    for at in 0..TAPS {
        let pivot = squares[at][at];
        if pivot <= 0.0 {
            return None;
        }
        for below in at + 1..TAPS {
            let share = squares[below][at] / pivot;
            let upper = squares[at];
            squares[below].iter_mut().zip(upper).for_each(|(value, upper)| *value -= share * upper);
            products[below] -= share * products[at];
        }
    }
    let mut taps = [0.0; TAPS];
    for at in (0..TAPS).rev() {
        let known: f32 = (at + 1..TAPS).map(|column| squares[at][column] * taps[column]).sum();
        taps[at] = (products[at] - known) / squares[at][at];
    }
    Some(taps)
}

/// Whether the block that begins there, or one beside it, is lost: half of it may be.
fn touches_lost(file: &[f32], start: usize) -> bool {
    let near = &file[start.saturating_sub(BLOCK)..(start + 2 * BLOCK).min(file.len())];
    near.chunks(BLOCK).any(|block| block.iter().all(|sample| sample.abs() <= SILENT))
}

fn seen(file: &Sound, prompt: &Sound, laid: &Laid, number: usize, taps: &[f32; TAPS]) -> Seen {
    let (start, at) = (laid.first + number * CHUNK, laid.chunks[number].at);
    let sample = |place: usize| prompt.samples.get(place).copied().unwrap_or(0.0);
    let mut seen = Seen::default();
    for block in (0..CHUNK).step_by(BLOCK) {
        let Some(under) = file.samples.get(at + block..at + block + BLOCK) else { break };
        if touches_lost(&file.samples, at + block) {
            continue;
        }
        seen.left += BLOCK;
        for (offset, under) in under.iter().enumerate() {
            let place = start + block + offset;
            let before = if place == 0 { 0.0 } else { sample(place - 1) };
            let over = taps[0] * before + taps[1] * sample(place) + taps[2] * sample(place + 1);
            seen.file += under * under;
            seen.prompt += over * over;
            seen.both += under * over;
        }
    }
    seen
}

/// The energy of noise in a sample: that of the middle one of all chunks that are surely there.
fn noise(laid: &Laid, seen: &[Seen]) -> f32 {
    let sure = laid.chunks.iter().zip(seen).filter(|(chunk, seen)| chunk.speaks > SURE && seen.left > 0);
    let mut rests: Vec<f32> = sure.map(|(_, seen)| seen.rest() / seen.left as f32).collect();
    rests.sort_unstable_by(f32::total_cmp);
    rests.get(rests.len() / 2).copied().unwrap_or(0.0)
}
