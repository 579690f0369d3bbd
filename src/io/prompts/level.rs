//! Every prompt as loud as the others, whoever recorded it: one gain for the whole of it, when it is loaded.
//!
//! Nothing is limited or compressed: where the peak leaves no room, a prompt stays quieter, and
//! `careline sounds` says so.

use crate::audio::loudness::{self, Loudness};
use crate::limits::{
    PROMPT_GAIN_MAX_DB, PROMPT_LOUDNESS_LUFS, PROMPT_LOUDNESS_WITHIN_LU, PROMPT_PEAK_MAX_DBFS,
};

/// What was done to a prompt.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Level {
    /// As it was recorded.
    pub recorded: Loudness,
    /// What it was raised by, in dB; negative where it was lowered.
    pub gain_db: f64,
}

impl Level {
    /// The level of a recording. What has no loudness of its own (it is under 400 ms, or all but silent) is not
    /// changed.
    pub fn of(samples: &[i16], rate_hz: u32) -> Self {
        let recorded = loudness::measure(samples, rate_hz);
        let gain_db = recorded.lufs.map_or(0.0, |lufs| {
            let room_db = PROMPT_PEAK_MAX_DBFS - recorded.peak_dbfs;
            (PROMPT_LOUDNESS_LUFS - lufs).min(room_db).min(PROMPT_GAIN_MAX_DB)
        });
        Self { recorded, gain_db }
    }

    /// The loudness that a caller hears, in LUFS.
    pub fn heard_lufs(&self) -> Option<f64> {
        self.recorded.lufs.map(|lufs| lufs + self.gain_db)
    }

    /// Whether it sounds like the others.
    pub fn is_like_the_others(&self) -> bool {
        self.heard_lufs().is_some_and(|lufs| (lufs - PROMPT_LOUDNESS_LUFS).abs() <= PROMPT_LOUDNESS_WITHIN_LU)
    }

    /// Brings the recording to its level.
    pub fn apply(&self, samples: &mut [i16]) {
        let factor = 10.0_f64.powf(self.gain_db / 20.0);
        samples.iter_mut().for_each(|sample| *sample = (f64::from(*sample) * factor).round() as i16);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audio::tone::sine;
    use std::time::Duration;

    /// A sine of a second (its loudness is its crest −3.01 dB), with one sample of another height in it.
    fn recording(crest: i16, peak: i16) -> Vec<i16> {
        let mut samples = sine(1_000, Duration::from_secs(2), crest);
        samples[8_000] = samples[8_000].max(peak);
        samples
    }

    #[test]
    fn one_gain_brings_a_recording_to_the_target_as_far_as_its_peak_allows() {
        // −19 LUFS is a crest of −15.99 dBFS: 5 200.
        let table = [
            ("as it should be", 5_200, 0, 0.0, -19.0),
            ("too quiet", 1_300, 0, 12.04, -19.0),
            ("too loud", 20_800, 0, -12.04, -19.0),
            ("a click at −6 dBFS leaves 5 dB", 1_300, 16_384, 5.02, -26.0),
            ("a click at full scale: it is lowered until nothing is cut", 5_200, 32_767, -1.0, -20.0),
            ("a whisper keeps its room quiet", 100, 0, 20.0, -33.3),
        ];
        for (why, crest, peak, gain_db, heard_lufs) in table {
            let mut samples = recording(crest, peak);
            let level = Level::of(&samples, 8_000);
            assert!((level.gain_db - gain_db).abs() < 0.15, "{why}: {level:?}");
            level.apply(&mut samples);
            let after = loudness::measure(&samples, 8_000);
            assert!((after.lufs.unwrap() - heard_lufs).abs() < 0.25, "{why}: {after:?}");
            assert!((after.lufs.unwrap() - level.heard_lufs().unwrap()).abs() < 0.05, "{why}: {after:?}");
            assert!(after.peak_dbfs < PROMPT_PEAK_MAX_DBFS + 0.001, "{why}: {after:?}");
            assert_eq!(level.is_like_the_others(), (heard_lufs + 19.0).abs() <= 2.0, "{why}");
        }
    }

    #[test]
    fn what_is_too_short_to_have_a_loudness_stays_as_it_is() {
        let mut samples = sine(1_000, Duration::from_millis(200), 1_000);
        let before = samples.clone();
        let level = Level::of(&samples, 8_000);
        level.apply(&mut samples);
        assert_eq!((level.gain_db, level.is_like_the_others(), samples), (0.0, false, before));
    }
}
