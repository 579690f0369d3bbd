//! The concealment itself: periods of what was heard last, over and over, fading (ITU-T G.711 Appendix I §I.2.3, §I.2.7).
//!
//! When it ends is not its job: it goes on for as long as it is asked.

use crate::audio::conceal::{Rate, nearest, pitch};

/// So many periods are repeated in the end.
const PERIODS_MAX: usize = 3;
/// The repetition is changed, and fades, in steps of this length.
const STEP_MS: usize = 10;
/// What is lost of the level in one step, as one part of so many; silent at 60 ms.
const FADE_STEPS: usize = 5;
/// The overlap at the end of a loss becomes longer by this much for each step of it, up to a whole step (§I.2.5).
const JOINT_GROWS_MS: usize = 4;

/// Samples of history that a synthesis needs: three and a quarter of the longest period, 48.75 ms.
const fn history_samples(rate: Rate) -> usize {
    pitch::LONGEST_MS * rate.samples_per_ms() * (PERIODS_MAX * 4 + 1) / 4
}

/// One loss after another being hidden.
#[derive(Debug)]
pub struct Synthesis {
    rate: Rate,
    /// What was heard before the loss, the newest sample last. Its memory is taken once, not in the tick of a loss.
    heard: Box<[i16]>,
    period: usize,
    /// How many periods are repeated.
    periods: usize,
    /// How far in them.
    at: usize,
    /// The repetition that is left, while it is overlapped with the one of more periods.
    leaving: Option<Leaving>,
    /// From the last sample heard to where the repetition would have it.
    step: f32,
    /// Samples made so far.
    made: usize,
}

#[derive(Clone, Copy, Debug)]
struct Leaving {
    periods: usize,
    at: usize,
    done: usize,
}

impl Synthesis {
    /// Nothing is hidden yet; all its memory is taken here.
    pub fn open(rate: Rate) -> Self {
        let heard = vec![0; history_samples(rate)].into_boxed_slice();
        Self { rate, heard, period: 1, periods: 1, at: 0, leaving: None, step: 0.0, made: 0 }
    }

    /// A loss begins. `remember` puts what was heard before it into the whole of what it is given, the newest last.
    pub fn begin(&mut self, remember: impl FnOnce(&mut [i16])) {
        remember(&mut self.heard);
        let last = self.heard.len() - 1;
        self.period = pitch::period(self.rate, &self.heard);
        self.step = f32::from(self.heard[last]) - f32::from(self.heard[last - self.period]);
        (self.periods, self.at, self.leaving, self.made) = (1, 0, None, 0);
    }

    /// Makes the next samples.
    pub fn fill(&mut self, samples: &mut [i16]) {
        let step = STEP_MS * self.rate.samples_per_ms();
        let mut rest = samples;
        while !rest.is_empty() {
            let steps = self.made / step;
            if steps > FADE_STEPS {
                return rest.fill(0);
            }
            if self.made > 0 && self.made == steps * step && self.periods < PERIODS_MAX {
                self.repeat_one_more();
            }
            let (these, after) = rest.split_at_mut(rest.len().min((steps + 1) * step - self.made));
            for sample in these {
                let fade = self.made.saturating_sub(step) as f32 * (1.0 / (step * FADE_STEPS) as f32);
                *sample = nearest(self.next() * (1.0 - fade));
                self.made += 1;
            }
            rest = after;
        }
    }

    /// How many samples what comes next is overlapped for (§I.2.5): a quarter of a period, and more after a long loss.
    pub fn joint_samples(&self) -> usize {
        let per_ms = self.rate.samples_per_ms();
        let steps = self.made.div_ceil(STEP_MS * per_ms).saturating_sub(1);
        (self.quarter() + steps * JOINT_GROWS_MS * per_ms).min(STEP_MS * per_ms)
    }

    fn repeat_one_more(&mut self) {
        self.leaving = Some(Leaving { periods: self.periods, at: self.at, done: 0 });
        self.periods += 1;
        self.at %= self.period;
    }

    fn next(&mut self) -> f32 {
        let quarter = self.quarter();
        let mut sample = self.repeated(self.periods, self.at);
        self.at = self.after(self.periods, self.at);
        if let Some(Leaving { periods, at, done }) = self.leaving {
            let old = self.repeated(periods, at);
            sample = old + (sample - old) * (done + 1) as f32 / (quarter + 1) as f32;
            let going_on = Leaving { periods, at: self.after(periods, at), done: done + 1 };
            self.leaving = Some(going_on).filter(|leaving| leaving.done < quarter);
        }
        if self.made < quarter {
            sample += self.step * (quarter - self.made) as f32 / quarter as f32;
        }
        sample
    }

    const fn after(&self, periods: usize, at: usize) -> usize {
        if at + 1 == periods * self.period { 0 } else { at + 1 }
    }

    /// Sample `at` of the last `periods`; their last quarter runs into what was before their first.
    fn repeated(&self, periods: usize, at: usize) -> f32 {
        let (length, quarter) = (periods * self.period, self.quarter());
        let from = self.heard.len() - length;
        let sample = f32::from(self.heard[from + at]);
        if at + quarter < length {
            return sample;
        }
        let part = (at + quarter + 1 - length) as f32 / (quarter + 1) as f32;
        sample + part * (f32::from(self.heard[from + at - length]) - sample)
    }

    const fn quarter(&self) -> usize {
        self.period / 4
    }
}
