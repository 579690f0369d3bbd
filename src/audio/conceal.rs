//! Packet loss concealment by the pitch method of ITU-T G.711 Appendix I, for 8 and 16 kHz.
//!
//! ```text
//!          history            lost                                   came again
//!  ▁▂▅▇▅▂▁ ▁▂▅▇▅▂▁│▁▂▅▇▅▂▁ ▁▂▅▇▅▂▁ …                          │▁▂▅▇▅▂▁
//!          └ pitch ┘│one period   two periods   three periods  │overlap-add
//!                   │full         0.8 by 20 ms  … 0 by 60 ms   │
//! ```
//! When something is missing, the pitch of what was heard is found (§I.2.2) and its last period is repeated for
//! 10 ms, then the last two, then three (§I.2.3); it fades from 10 ms on and is silent at 60 ms (§I.2.7). What
//! comes after is joined by overlap-add (§I.2.5). Unlike the Appendix it does not delay what came by 3.75 ms so
//! as to overlap the beginning: the step between the last sample heard and its repetition is taken out of the
//! first quarter of a period instead. A tick without loss is one copy.
//!
//! Which milliseconds are missing, and decoding, is not its job.

pub mod squeeze;

mod pitch;
mod synthesis;

use synthesis::Synthesis;

/// Samples in 20 ms at 16 kHz.
pub const TICK_SAMPLES_MAX: usize = 320;
/// Milliseconds in a tick.
const TICK_MS: usize = 20;
/// Ticks that are remembered: 60 ms, over the 48.75 ms that the Appendix keeps.
pub const HISTORY_TICKS: usize = 3;
/// A mean amplitude under this is quiet: −52 dBov, a room in which nobody speaks.
const QUIET: u32 = 80;

/// How many samples a second has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rate {
    /// 8 kHz.
    Narrow,
    /// 16 kHz.
    Wide,
}

impl Rate {
    /// Samples in a millisecond.
    pub const fn samples_per_ms(self) -> usize {
        match self {
            Rate::Narrow => 8,
            Rate::Wide => 16,
        }
    }

    /// Samples in a tick of 20 ms.
    pub const fn tick_samples(self) -> usize {
        TICK_MS * self.samples_per_ms()
    }
}

/// Hides what is missing from one stream of samples.
#[derive(Debug)]
pub struct Concealer {
    rate: Rate,
    history: History,
    /// Something was heard; before that there is nothing to repeat and nothing to join.
    begun: bool,
    synthesis: Synthesis,
    hiding: Hiding,
}

/// Nothing is missing, or the loss goes on, or what came is being joined to its concealment.
#[derive(Clone, Copy, Debug)]
enum Hiding {
    Nothing,
    Loss,
    Joint { done: usize, length: usize },
}

impl Concealer {
    /// A concealer that has heard nothing; all its memory is taken here.
    pub fn new(rate: Rate) -> Self {
        let (history, synthesis) = (History::silence(rate), Synthesis::open(rate));
        Self { rate, history, begun: false, synthesis, hiding: Hiding::Nothing }
    }

    /// Fills in what is missing of 20 ms. Bit n of `came` says that millisecond n is there; the samples of the others
    /// may be anything. `samples` is as long as a tick of the rate, or it is left as it is.
    pub fn tick(&mut self, samples: &mut [i16], came: u32) {
        let length = self.rate.tick_samples();
        if samples.len() != length {
            return;
        }
        let whole = came & ALL_MS == ALL_MS;
        if !(whole && matches!(self.hiding, Hiding::Nothing)) {
            self.hide(samples, came);
        }
        self.begun |= came & ALL_MS != 0;
        self.history.push(samples);
    }

    /// Takes the samples of a tick that was all there and was heard as it came, while nothing was hidden: it may be
    /// told late, before the next one that is not.
    pub fn remember(&mut self, samples: &[i16]) {
        if samples.len() == self.rate.tick_samples() {
            self.begun = true;
            self.history.push(samples);
        }
    }

    /// Nothing is hidden or being joined: a tick that is all there is left as it is.
    pub const fn rests(&self) -> bool {
        matches!(self.hiding, Hiding::Nothing)
    }

    /// The last tick was so quiet that nothing is lost by cutting there.
    pub fn is_quiet(&self) -> bool {
        let last = self.history.newest();
        let sum: u32 = last.iter().map(|sample| u32::from(sample.unsigned_abs())).sum();
        sum < QUIET * last.len() as u32
    }

    /// One stretch after another, each wholly there or wholly missing.
    fn hide(&mut self, samples: &mut [i16], came: u32) {
        let mut ms = 0;
        while ms < TICK_MS {
            let there = came >> ms & 1;
            let end = (ms + 1..TICK_MS).find(|n| came >> n & 1 != there).unwrap_or(TICK_MS);
            let from = ms * self.rate.samples_per_ms();
            let (before, rest) = samples.split_at_mut(from);
            let stretch = &mut rest[..(end - ms) * self.rate.samples_per_ms()];
            if there == 1 {
                self.join(stretch);
            } else {
                self.repeat(before, stretch);
            }
            ms = end;
        }
    }

    fn repeat(&mut self, before: &[i16], stretch: &mut [i16]) {
        if !self.begun && before.is_empty() {
            return stretch.fill(0);
        }
        if !matches!(self.hiding, Hiding::Loss) {
            self.synthesis.begin(|heard| self.history.remember(before, heard));
            self.hiding = Hiding::Loss;
        }
        self.synthesis.fill(stretch);
    }

    fn join(&mut self, stretch: &mut [i16]) {
        let (mut done, length) = match self.hiding {
            Hiding::Nothing => return,
            Hiding::Loss => (0, self.synthesis.joint_samples()),
            Hiding::Joint { done, length } => (done, length),
        };
        let count = stretch.len().min(length - done);
        let mut repeated = [0; TICK_SAMPLES_MAX];
        self.synthesis.fill(&mut repeated[..count]);
        let each = 1.0 / (length + 1) as f32;
        for (sample, old) in stretch.iter_mut().zip(&repeated[..count]) {
            done += 1;
            *sample = overlapped(*old, *sample, done as f32 * each);
        }
        self.hiding = if done < length { Hiding::Joint { done, length } } else { Hiding::Nothing };
    }
}

/// The last ticks as they were heard, in a ring.
#[derive(Debug)]
struct History {
    samples: Box<[i16]>,
    tick_samples: usize,
    newest: usize,
}

impl History {
    fn silence(rate: Rate) -> Self {
        let tick_samples = rate.tick_samples();
        Self { samples: vec![0; HISTORY_TICKS * tick_samples].into_boxed_slice(), tick_samples, newest: 0 }
    }

    /// The tick that is so many older than the newest.
    fn tick(&self, older: usize) -> &[i16] {
        let at = (self.newest + HISTORY_TICKS - older) % HISTORY_TICKS;
        &self.samples[at * self.tick_samples..][..self.tick_samples]
    }

    fn newest(&self) -> &[i16] {
        self.tick(0)
    }

    fn push(&mut self, tick: &[i16]) {
        self.newest = (self.newest + 1) % HISTORY_TICKS;
        self.samples[self.newest * self.tick_samples..][..self.tick_samples].copy_from_slice(tick);
    }

    /// What was heard last, up to `before` of this tick, into the whole of `heard`.
    fn remember(&self, before: &[i16], heard: &mut [i16]) {
        let mut end = heard.len();
        for piece in std::iter::once(before).chain((0..HISTORY_TICKS).map(|older| self.tick(older))) {
            let length = piece.len().min(end);
            heard[end - length..end].copy_from_slice(&piece[piece.len() - length..]);
            end -= length;
        }
    }
}

/// `part` of `new` over the rest of `old`.
fn overlapped(old: i16, new: i16, part: f32) -> i16 {
    nearest(f32::from(old) + part * (f32::from(new) - f32::from(old)))
}

/// The sample nearest to `value`, within what a sample can be. (`f32::round` is a call where a core has no instruction for it.)
fn nearest(value: f32) -> i16 {
    (value + 0.5_f32.copysign(value)) as i16
}

const ALL_MS: u32 = (1 << TICK_MS) - 1;

#[cfg(test)]
mod tests;
