//! A clinic's own sound under a wait, in place of the two notes: `SOUNDS/wait.{wav,flac,mp3,ogg}`.
//!
//! ```text
//!  file ──▶ its first minute ──▶ level, softer than words ──▶ its ends faded, for it is repeated ──▶ the beds of all codecs
//! ```
//! All of it is made when the set is loaded: nothing is left to be done in a call.

use super::bed::Beds;
use super::level::Level;
use super::sound_file::{self, SoundError};
use super::{EXTENSIONS, PromptError};
use crate::audio::tone;
use crate::limits::{WAIT_SOUND_MAX, WAIT_SOUND_UNDER_WORDS_DB};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The name of the file, without its ending.
const NAME: &str = "wait";
/// Its beginning rises and its end falls for so long.
const ENDS_FADE: Duration = Duration::from_millis(300);

/// The file in this folder, if there is one.
pub fn path(folder: &Path) -> Option<PathBuf> {
    let paths = EXTENSIONS.into_iter().map(|ending| folder.join(NAME).with_extension(ending));
    paths.into_iter().find(|path| path.is_file())
}

/// The beds that are made of the file in this folder; `None` where there is none.
///
/// # Errors
/// [`PromptError::Broken`] when the file gives no sound.
pub fn read(folder: &Path) -> Result<Option<Beds>, PromptError> {
    let Some(path) = path(folder) else { return Ok(None) };
    let read = |rate_hz| samples_of(&path, rate_hz);
    match (read(tone::RATE_HZ), read(2 * tone::RATE_HZ)) {
        (Ok(narrow), Ok(wide)) => Ok(Some(Beds::with_notes(&narrow, &wide))),
        (Err(source), _) | (_, Err(source)) => Err(PromptError::Broken { path, source }),
    }
}

fn samples_of(path: &Path, rate_hz: u32) -> Result<Vec<i16>, SoundError> {
    let mut samples = sound_file::read(path, rate_hz)?;
    samples.truncate(count(WAIT_SOUND_MAX, rate_hz));
    let level = Level::of(&samples, rate_hz);
    Level { gain_db: level.gain_db - WAIT_SOUND_UNDER_WORDS_DB, ..level }.apply(&mut samples);
    fade_ends(&mut samples, count(ENDS_FADE, rate_hz));
    Ok(samples)
}

/// Samples in a time.
fn count(time: Duration, rate_hz: u32) -> usize {
    (time.as_millis() as u64 * u64::from(rate_hz) / 1_000) as usize
}

/// The first samples rise from nothing, the last ones fall to it.
fn fade_ends(samples: &mut [i16], fade: usize) {
    let fade = fade.min(samples.len() / 2);
    let soften = |(n, sample): (usize, &mut i16)| {
        *sample = (f64::from(*sample) * n as f64 / fade as f64).round() as i16;
    };
    samples[..fade].iter_mut().enumerate().for_each(soften);
    samples.iter_mut().rev().take(fade).enumerate().for_each(soften);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audio::goertzel::power;
    use crate::audio::loudness;
    use crate::audio::sound::Sound;
    use crate::audio::tone::Wait;
    use crate::audio::transcode::Decode;
    use crate::limits::PROMPT_LOUDNESS_LUFS;
    use crate::media::command::Clip;
    use crate::wire::codec::Codec;

    fn wav(path: &Path, seconds: u32) {
        let spec = hound::WavSpec {
            channels: 2,
            sample_rate: 44_100,
            bits_per_sample: 16,
            sample_format: hound::SampleFormat::Int,
        };
        let mut writer = hound::WavWriter::create(path, spec).unwrap();
        for n in 0..seconds * 44_100 {
            let turn = std::f64::consts::TAU * 440.0 * f64::from(n) / 44_100.0;
            (0..2).for_each(|_| writer.write_sample((12_000.0 * turn.sin()) as i16).unwrap());
        }
        writer.finalize().unwrap();
    }

    fn samples(clip: &Clip) -> Vec<i16> {
        let mut decode = Decode::default();
        let ticks = clip.octets.chunks_exact(clip.codec.tick_octets());
        ticks.flat_map(|tick| decode.narrow(&Sound::of(clip.codec, tick))).collect()
    }

    #[test]
    fn a_file_of_any_kind_is_a_soft_bed_in_every_codec_that_can_be_repeated() {
        let folder = tempfile::tempdir().unwrap();
        wav(&folder.path().join("wait.wav"), 3);
        let mut beds = read(folder.path()).unwrap().expect("there is one");
        for codec in Codec::ALL {
            let bed = beds.of(Wait::Notes, codec);
            assert_eq!(bed.body.octets.len(), bed.rising.octets.len(), "{codec:?}");
            let heard = samples(&bed.body);
            assert!(heard.len().abs_diff(24_000) <= 160, "{codec:?}: {}", heard.len());
            let middle = &heard[8_000..16_000];
            assert!(power(middle, 440) > 1_000.0 * power(middle, 700), "{codec:?}");
            let off = loudness::measure(middle, 8_000)
                .lufs
                .map(|lufs| lufs - (PROMPT_LOUDNESS_LUFS - WAIT_SOUND_UNDER_WORDS_DB));
            assert!(off.is_some_and(|off| off.abs() < 0.5), "{codec:?}: {off:?} dB from where it should be");
            let ends =
                heard[..40].iter().chain(&heard[heard.len() - 40..]).map(|sample| sample.unsigned_abs());
            assert!(ends.max() < Some(200), "{codec:?}: it clicks when it begins again");
        }
    }

    #[test]
    fn of_a_long_file_the_first_part_is_heard_and_without_a_file_there_is_none() {
        let folder = tempfile::tempdir().unwrap();
        assert!(read(folder.path()).unwrap().is_none());
        wav(&folder.path().join("wait.wav"), WAIT_SOUND_MAX.as_secs() as u32 + 2);
        let mut beds = read(folder.path()).unwrap().expect("there is one");
        let octets = beds.of(Wait::Notes, Codec::Pcmu).body.octets.len();
        assert_eq!(octets, 8 * WAIT_SOUND_MAX.as_millis() as usize);
    }

    #[test]
    fn a_file_without_sound_is_told_with_its_place() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("wait.mp3"), "a link to some music").unwrap();
        let told = read(folder.path()).unwrap_err().to_string();
        assert!(told.contains("wait.mp3: this is a text file"), "{told}");
    }
}
