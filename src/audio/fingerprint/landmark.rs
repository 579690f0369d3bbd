//! Landmarks of a sound: pairs of peaks of its spectrum, as numbers that the same sound gives again.
//!
//! ```text
//!  frequency │   ×───┐        × a peak: the strongest of its surroundings in time and frequency
//!            │ ×     └──×     a pair: first frequency, second frequency, frames between
//!            └──────────────▶ time
//! ```
//! Peaks outlive noise, companding and lost packets: enough pairs stay to know *where* to look. Whether it
//! is so is decided by `align`, not here.

use realfft::{RealFftPlanner, RealToComplex, num_complex::Complex};
use std::f32::consts::TAU;
use std::sync::Arc;

/// Samples between two frames: 16 ms.
pub const HOP: usize = 128;
/// Samples under the window of one frame: 64 ms, which resolves the harmonics of a voice.
const WINDOW: usize = 512;
/// The bins that are looked at: 110 Hz to 3.6 kHz, what every telephone carries.
const BINS: std::ops::Range<usize> = 7..230;
/// A peak is the strongest within this many bins (125 Hz) …
const AROUND_BINS: usize = 8;
/// … and frames (64 ms) to each side.
const AROUND_FRAMES: usize = 4;
/// Power of one bin under which nothing is a peak: about -75 dBFS.
const FAINT: f32 = 2.0;
/// A pair reaches this many frames: half a second.
const REACH_FRAMES: usize = 32;
/// … and this many bins: 1 kHz.
const REACH_BINS: i32 = 64;
/// Pairs that one peak begins.
const FAN: usize = 8;

/// One pair, and the frame in which it begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Landmark {
    /// First bin, distance to the second, frames between.
    pub pair: u32,
    /// The frame of the first peak.
    pub frame: u32,
}

/// Turns samples into landmarks; owns the transform and its buffers.
pub struct Finder {
    transform: Arc<dyn RealToComplex<f32>>,
    window: Vec<f32>,
    frame: Vec<f32>,
    scratch: Vec<Complex<f32>>,
    spectrum: Vec<Complex<f32>>,
}

/// The power of each bin of each frame.
pub struct Powers {
    bins: Vec<f32>,
}

impl Finder {
    /// A finder with its transform planned.
    pub fn planned() -> Self {
        let transform = RealFftPlanner::new().plan_fft_forward(WINDOW);
        let window = (0..WINDOW).map(|at| 0.5 - 0.5 * (TAU * at as f32 / WINDOW as f32).cos()).collect();
        let (scratch, spectrum) = (transform.make_scratch_vec(), transform.make_output_vec());
        Self { transform, window, frame: vec![0.0; WINDOW], scratch, spectrum }
    }

    /// The spectrum of samples at 8 kHz.
    pub fn powers(&mut self, samples: &[f32]) -> Powers {
        let starts = (0..samples.len().saturating_sub(WINDOW - 1)).step_by(HOP);
        let mut bins = vec![0.0; starts.len() * BINS.len()];
        for (start, powers) in starts.zip(bins.chunks_exact_mut(BINS.len())) {
            let under = &samples[start..start + WINDOW];
            let mut at = 0;
            while at < WINDOW {
                self.frame[at] = under[at] * self.window[at];
                at += 1;
            }
            self.transform
                .process_with_scratch(&mut self.frame, &mut self.spectrum, &mut self.scratch)
                .expect("the buffers are those that the transform made");
            let scale = 1.0 / (WINDOW * WINDOW) as f32;
            let spectrum = &self.spectrum[BINS];
            at = 0;
            while at < powers.len() {
                let bin = spectrum[at];
                powers[at] = (bin.re * bin.re + bin.im * bin.im) * scale;
                at += 1;
            }
        }
        Powers { bins }
    }
}

fn flatness(bins: &[f32]) -> f32 {
    let (mut sum, mut sum_of_logs, mut at) = (0.0, 0.0, 0);
    while at < bins.len() {
        sum += bins[at];
        sum_of_logs += (bins[at] + 1e-9).ln();
        at += 1;
    }
    let count = bins.len() as f32;
    (sum_of_logs / count).exp() / (sum / count + 1e-9)
}

impl Powers {
    /// The landmarks, in the order of their frames.
    pub fn landmarks(&self) -> Vec<Landmark> {
        pairs(&self.peaks())
    }

    /// How flat the spectrum of each frame is: geometric by arithmetic mean of the powers. Noise has over a
    /// half, a tone next to nothing.
    pub fn flatness(&self) -> Vec<f32> {
        self.frames().map(flatness).collect()
    }

    fn frames(&self) -> std::slice::ChunksExact<'_, f32> {
        self.bins.chunks_exact(BINS.len())
    }

    /// (frame, bin) of each peak, in the order of frames.
    fn peaks(&self) -> Vec<(u32, i32)> {
        let frames: Vec<&[f32]> = self.frames().collect();
        let strongest: Vec<Vec<usize>> = frames.iter().map(|frame| local_maxima(frame)).collect();
        let mut peaks = Vec::new();
        for (at, maxima) in strongest.iter().enumerate() {
            let near = at.saturating_sub(AROUND_FRAMES)..(at + AROUND_FRAMES + 1).min(frames.len());
            for &bin in maxima {
                let power = frames[at][bin];
                let around = bin.saturating_sub(AROUND_BINS)..(bin + AROUND_BINS + 1).min(BINS.len());
                let is_peak =
                    near.clone().all(|other| other == at || !reaches(&frames[other][around.clone()], power));
                if is_peak {
                    peaks.push((at as u32, bin as i32));
                }
            }
        }
        peaks
    }
}

/// Bins that are the strongest of their neighbours in the same frame.
fn local_maxima(frame: &[f32]) -> Vec<usize> {
    let (mut maxima, mut bin) = (Vec::new(), 0);
    while bin + 2 < frame.len() {
        bin += 1;
        let power = frame[bin];
        if power < FAINT || power < frame[bin - 1] || power < frame[bin + 1] {
            continue;
        }
        let (below, above) = (bin.saturating_sub(AROUND_BINS), (bin + AROUND_BINS + 1).min(frame.len()));
        if !exceeds(&frame[below..above], power) {
            maxima.push(bin);
        }
    }
    maxima
}

/// Whether one of them is as strong. A bare loop, as everywhere here: it is the quickest where nothing is optimised.
fn reaches(powers: &[f32], power: f32) -> bool {
    let mut at = 0;
    while at < powers.len() && powers[at] < power {
        at += 1;
    }
    at < powers.len()
}

/// Whether one of them is stronger.
fn exceeds(powers: &[f32], power: f32) -> bool {
    let mut at = 0;
    while at < powers.len() && powers[at] <= power {
        at += 1;
    }
    at < powers.len()
}

fn pairs(peaks: &[(u32, i32)]) -> Vec<Landmark> {
    let mut landmarks = Vec::new();
    for (at, &(frame, bin)) in peaks.iter().enumerate() {
        let later = peaks[at + 1..].iter().take_while(|(later, _)| later - frame <= REACH_FRAMES as u32);
        let reached = later.filter(|(later, other)| *later > frame && (other - bin).abs() < REACH_BINS);
        for (later, other) in reached.take(FAN) {
            let distance = (other - bin + REACH_BINS) as u32;
            landmarks.push(Landmark { pair: (bin as u32) << 16 | distance << 8 | (later - frame), frame });
        }
    }
    landmarks
}
