//! Keys in the sound itself: DTMF of ITU-T Q.23, told as ITU-T Q.24 asks, at 8 kHz.
//!
//! ```text
//!  samples ─▶ without dial tone ─▶ chunks of 5 ms ─▶ the last six of them, 30 ms
//!             Pressed when nearly all of their energy is one row's tone and one column's tone,
//!                     each at its frequency, in the right proportion, steady
//!   Quiet ──────────────▶ Held ──25 ms without it──▶ Quiet, Released
//!                         │  ▲                        (another key that stands for 30 ms does it too)
//!                         └──┘ a break of 10 ms
//! ```
//! A press is told 30 to 35 ms after it began, once. Keys that come as RTP events are told in `media/dtmf.rs`.

use crate::audio::bank::{Bank, CHUNK_SAMPLES, Chunk, Complex, Track};
use crate::audio::tone::{COLUMNS_HZ, CREST_AT_0_DBM0, KEYS, RATE_HZ, ROWS_HZ};
use crate::wire::telephone_event::Key;
use std::f64::consts::TAU;

/// What was heard. Times are in samples since the detector's first one, right to 3 ms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    /// A key was pressed; told once.
    Pressed {
        /// Which.
        key: Key,
        /// Where its tone began.
        began_at: u64,
    },
    /// It was let go.
    Released {
        /// Which.
        key: Key,
        /// Where its tone began.
        began_at: u64,
        /// Where its tone ended.
        ended_at: u64,
    },
}

/// The keys in one party's sound.
#[derive(Clone, Debug)]
pub struct Detector {
    notches: [Notch; 2],
    bank: Bank<LANES>,
    /// The sound as it came, with dial tone in it.
    whole: Bank<2>,
    dial_tone: [Track<WINDOW>; 2],
    tracks: [Track<WINDOW>; LANES],
    /// By how much the notches changed the energy of each tone.
    gains: [f32; LANES],
    /// The newest chunks; the last of them is the newest.
    chunks: [Chunk<LANES>; CHUNKS],
    /// The same as they came.
    wholes: [Chunk<2>; WINDOW],
    /// Chunks heard so far.
    count: u64,
    state: State,
}

#[derive(Clone, Copy, Debug)]
enum State {
    Quiet,
    Held(Press),
}

#[derive(Clone, Copy, Debug)]
struct Press {
    pair: Pair,
    began_at: u64,
    /// What a chunk full of it has of its two tones.
    strength: f32,
    ended_at: u64,
    /// Chunks in a row that had not got it.
    missing: u32,
}

/// One row and one column, by their lanes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Pair {
    row: usize,
    column: usize,
}

impl Default for Detector {
    fn default() -> Self {
        Self::new()
    }
}

impl Detector {
    /// A detector that has heard nothing.
    pub fn new() -> Self {
        let frequencies: [f32; LANES] =
            std::array::from_fn(|lane| if lane < 4 { ROWS_HZ[lane] } else { COLUMNS_HZ[lane - 4] });
        Self {
            notches: DIAL_TONE_HZ.map(Notch::new),
            bank: Bank::new(frequencies),
            whole: Bank::new(DIAL_TONE_HZ),
            dial_tone: DIAL_TONE_HZ.map(Track::new),
            tracks: frequencies.map(Track::new),
            gains: frequencies
                .map(|hz| DIAL_TONE_HZ.iter().map(|notch| Notch::new(*notch).gain(hz)).product()),
            chunks: [Chunk::SILENCE; CHUNKS],
            wholes: [Chunk::SILENCE; WINDOW],
            count: 0,
            state: State::Quiet,
        }
    }

    /// Takes sound of any length and tells what becomes known with it.
    pub fn hear(&mut self, samples: &[i16], tell: &mut impl FnMut(Heard)) {
        for &sample in samples {
            let sample = f32::from(sample);
            let [first, second] = &mut self.notches;
            let chunk = self.bank.take(second.take(first.take(sample)));
            if let (Some(chunk), Some(whole)) = (chunk, self.whole.take(sample)) {
                self.take(chunk, whole, tell);
            }
        }
    }

    fn take(&mut self, chunk: Chunk<LANES>, whole: Chunk<2>, tell: &mut impl FnMut(Heard)) {
        self.chunks.copy_within(1.., 0);
        self.chunks[CHUNKS - 1] = chunk;
        self.wholes.copy_within(1.., 0);
        self.wholes[WINDOW - 1] = whole;
        self.count += 1;
        let stands = self.standing();
        match (&mut self.state, stands) {
            (State::Quiet, None) => {}
            (State::Quiet, Some(pair)) => self.press(pair, tell),
            (State::Held(press), Some(pair)) if pair != press.pair => {
                tell(press.released());
                self.press(pair, tell);
            }
            (State::Held(press), None | Some(_)) => {
                if !press.goes_on(&chunk, self.count) {
                    tell(press.released());
                    self.state = State::Quiet;
                }
            }
        }
    }

    fn press(&mut self, pair: Pair, tell: &mut impl FnMut(Heard)) {
        let first = CHUNKS - WINDOW;
        let strengths = self.chunks[first..].iter().map(|chunk| pair.strength(chunk));
        let strength = strengths.sum::<f32>() / WINDOW as f32;
        // The tone may begin within the window's first chunk, or within the one before it.
        let [before, at] = [first - 1, first].map(|n| filled(pair.strength(&self.chunks[n]), strength));
        let began = (self.count * CHUNK_SAMPLES as u64).saturating_sub(((WINDOW - 1) * CHUNK_SAMPLES) as u64);
        let began_at = began.saturating_sub(at + if at + 4 > CHUNK_SAMPLES as u64 { before } else { 0 });
        let ended_at = self.count * CHUNK_SAMPLES as u64;
        self.state = State::Held(Press { pair, began_at, strength, ended_at, missing: 0 });
        tell(Heard::Pressed { key: pair.key(), began_at });
    }

    /// The key that stands in the whole of the window.
    fn standing(&self) -> Option<Pair> {
        let window: &[Chunk<LANES>; WINDOW] = self.chunks.last_chunk()?;
        let energy: f32 = window.iter().map(|chunk| chunk.energy).sum();
        if energy < QUIETEST * 2.0 {
            return None;
        }
        let lane = |lane: usize| -> [Complex; WINDOW] { std::array::from_fn(|n| window[n].lanes[lane]) };
        let near = |at: usize| self.tracks[at].near(&lane(at));
        let loudest = |lanes: std::ops::Range<usize>| {
            let louder = |best: (usize, f32), at| {
                let one = near(at);
                if one > best.1 { (at, one) } else { best }
            };
            lanes.fold((0, 0.0), louder)
        };
        let ((row, low), (column, high)) = (loudest(0..4), loudest(4..8));
        if low + high < energy * NEARLY_ALL / 2.0 {
            return None;
        }
        let pair = Pair { row, column };
        let low = self.tracks[row].line(&lane(row));
        let high = self.tracks[column].line(&lane(column));
        let is_key = low.energy + high.energy >= energy * NEARLY_ALL
            && low.off_hz.abs() <= ROWS_HZ[row] * FREQUENCY_TOLERANCE
            && high.off_hz.abs() <= COLUMNS_HZ[column - 4] * FREQUENCY_TOLERANCE
            && [low.halves, high.halves].iter().all(|halves| is_steady(*halves));
        let (low, high) = (low.energy / self.gains[row], high.energy / self.gains[column]);
        (is_key && in_proportion(low, high) && self.nothing_else_but_dial_tone(low + high)).then_some(pair)
    }

    /// Beside a key of this energy the notches took nothing out, or a dial tone. A voice whose pitch they took out
    /// is no key, however pure its overtones.
    fn nothing_else_but_dial_tone(&self, key: f32) -> bool {
        let whole: f32 = self.wholes.iter().map(|chunk| chunk.energy).sum();
        if key >= whole * NEARLY_ALL {
            return true;
        }
        let [low, high] = [0, 1].map(|lane| {
            self.dial_tone[lane].near(&std::array::from_fn(|chunk| self.wholes[chunk].lanes[lane]))
        });
        low <= high * DIAL_TONES_ALIKE && high <= low * DIAL_TONES_ALIKE && key + low + high >= whole * MOST
    }
}

impl Press {
    fn released(&self) -> Heard {
        Heard::Released { key: self.pair.key(), began_at: self.began_at, ended_at: self.ended_at }
    }

    /// Whether the press goes on with this chunk, the `count`th.
    fn goes_on(&mut self, chunk: &Chunk<LANES>, count: u64) -> bool {
        let strength = self.pair.strength(chunk);
        let end = (count - 1) * CHUNK_SAMPLES as u64;
        if strength >= self.strength * STILL_THERE {
            self.missing = 0;
            self.ended_at = end + filled(strength, self.strength);
            return true;
        }
        if self.missing == 0 && self.ended_at == end {
            self.ended_at += filled(strength, self.strength);
        }
        self.missing += 1;
        self.missing < RELEASE_CHUNKS
    }
}

impl Pair {
    fn key(self) -> Key {
        KEYS[self.row][self.column - 4]
    }

    fn strength(self, chunk: &Chunk<LANES>) -> f32 {
        chunk.lanes[self.row].square() + chunk.lanes[self.column].square()
    }
}

/// Samples of a chunk that a tone fills: its component grows with them, and its strength with their square.
fn filled(strength: f32, full: f32) -> u64 {
    ((strength / full).sqrt().min(1.0) * CHUNK_SAMPLES as f32).round() as u64
}

fn is_steady([first, second]: [f32; 2]) -> bool {
    first <= second * HALVES_ALIKE && second <= first * HALVES_ALIKE
}

/// Neither tone is too quiet, nor too quiet beside the other (ITU-T Q.24, twist).
fn in_proportion(low: f32, high: f32) -> bool {
    low.min(high) >= QUIETEST && high <= low * TWIST_HIGH_OVER_LOW && low <= high * TWIST_LOW_OVER_HIGH
}

/// Takes one frequency out: zeros on the circle, poles a little within it.
#[derive(Clone, Debug)]
struct Notch {
    zero: f32,
    pole: f32,
    first: f32,
    second: f32,
}

impl Notch {
    fn new(hz: f32) -> Self {
        let cosine = (TAU * f64::from(hz) / f64::from(RATE_HZ)).cos();
        let pole = -2.0 * f64::from(NOTCH_RADIUS) * cosine;
        Self { zero: (-2.0 * cosine) as f32, pole: pole as f32, first: 0.0, second: 0.0 }
    }

    #[inline]
    fn take(&mut self, sample: f32) -> f32 {
        let out = sample + self.first;
        self.first = self.zero * sample - self.pole * out + self.second;
        self.second = sample - NOTCH_RADIUS * NOTCH_RADIUS * out;
        out
    }

    /// What becomes of the energy of a tone of `hz`.
    fn gain(&self, hz: f32) -> f32 {
        let back = Complex::turned(-(TAU * f64::from(hz) / f64::from(RATE_HZ)) as f32);
        let polynomial = |one: f32, two: f32| {
            let twice = back.times(back);
            Complex { re: 1.0 + one * back.re + two * twice.re, im: one * back.im + two * twice.im }
        };
        polynomial(self.zero, 1.0).square() / polynomial(self.pole, NOTCH_RADIUS * NOTCH_RADIUS).square()
    }
}

/// Rows, then columns.
const LANES: usize = 8;
/// Chunks in which a key must stand: 30 ms. A tone of 40 ms fills seven wherever they begin, one of 23 ms
/// never more than three quarters of six (ITU-T Q.24, signal duration).
const WINDOW: usize = 6;
/// Chunks that are kept: the window and one before it.
const CHUNKS: usize = WINDOW + 1;
/// The dial tone of North America.
const DIAL_TONE_HZ: [f32; 2] = [350.0, 440.0];
/// How near to the circle the poles are: 250 Hz wide, and quiet again after 2 ms.
const NOTCH_RADIUS: f32 = 0.9;
/// How much stronger one of the tones of a dial tone may be than the other: 8 dB, with what each adds to the other's measure.
const DIAL_TONES_ALIKE: f32 = 6.3;
/// The part of all the energy that key and dial tone are, as far as 15 ms can tell the two dial tones apart.
const MOST: f32 = 0.85;
/// The part of the window's energy that is the two tones'. Noise 15 dB under them leaves 0.97.
const NEARLY_ALL: f32 = 0.9;
/// Between the 1.5 % that must be taken and the 3.5 % that must not (ITU-T Q.24, frequency).
const FREQUENCY_TOLERANCE: f32 = 0.024;
/// How much longer one half's component may be than the other's: 3.5 dB.
const HALVES_ALIKE: f32 = 1.5;
/// 4 dB, and 1.5 dB of grace.
const TWIST_HIGH_OVER_LOW: f32 = 3.55;
/// 8 dB, and 2.5 dB of grace: noise changes the weaker tone more.
const TWIST_LOW_OVER_HIGH: f32 = 11.2;
/// The energy in a window of a tone of −46 dBm0: the weaker tone of a quiet key.
const QUIETEST: f32 =
    (CREST_AT_0_DBM0 * CREST_AT_0_DBM0 / 2.0 * 2.512e-5 * (WINDOW * CHUNK_SAMPLES) as f64) as f32;
/// The least part of its strength with which a chunk still belongs to the press: 6 dB.
const STILL_THERE: f32 = 0.25;
/// Chunks without it that end a press: a break of 10 ms touches three, one of 40 ms empties seven.
const RELEASE_CHUNKS: u32 = 5;

#[cfg(test)]
mod tests;
