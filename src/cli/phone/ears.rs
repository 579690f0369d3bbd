//! What the phone hears and says, 20 ms at a time: levels, sound and silence, tones, and the WAV file of both.

use super::recogniser::Recogniser;
use crate::audio::goertzel::power;
use crate::audio::sound::NARROW_SAMPLES;
use crate::audio::transcode::Decode;
use crate::io::recorder::wav::{FRAME_OCTETS, RecordingFile, Synced, Wav};
use crate::limits::TICK;
use crate::media::tap::Frame;
use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::Duration;

/// What is over it is sound: 45 dB under full scale.
const SOUND_DBFS: f64 = -45.0;
/// How long a tone must be heard to be one, in ticks.
const TONE_TICKS: usize = 5;
/// The part of what is heard that must be the tone.
const TONE_PART: f64 = 0.5;
/// Frames that are kept before they are written: a second.
const FRAMES_KEPT: usize = 50;

/// The phone's ears, and its recorder.
#[derive(Debug, Default)]
pub struct Ears {
    heard: Decode,
    said: Decode,
    /// The last [`TONE_TICKS`] that were heard.
    last: VecDeque<[i16; NARROW_SAMPLES]>,
    /// What was heard.
    pub theirs: Level,
    /// What was said.
    pub ours: Level,
    silent_ticks: u32,
    recording: Option<Recording>,
    /// Who names the prompts, if that is wished.
    pub recogniser: Option<Recogniser>,
}

#[derive(Debug)]
struct Recording {
    wav: Wav<WavFile>,
    waiting: Vec<u8>,
    fault: Option<io::Error>,
}

/// How loud a side was.
#[derive(Clone, Copy, Debug, Default)]
pub struct Level {
    square_sum: f64,
    ticks: u32,
    peak: u16,
    /// Ticks with sound in them.
    pub voiced: u32,
    /// The first tick with sound.
    pub first_voiced: Option<u32>,
}

impl Level {
    fn take(&mut self, samples: &[i16]) -> bool {
        let square = mean_square(samples);
        let peak = samples.iter().map(|sample| sample.unsigned_abs()).max().unwrap_or(0);
        let is_sound = dbfs(square.sqrt()) > SOUND_DBFS;
        self.peak = self.peak.max(peak);
        self.square_sum += square;
        if is_sound {
            self.voiced += 1;
            self.first_voiced = self.first_voiced.or(Some(self.ticks));
        }
        self.ticks += 1;
        is_sound
    }

    /// The mean level over all of it, in dB under full scale; `None` where there was no sound at all.
    pub fn mean_dbfs(&self) -> Option<f64> {
        let mean = (self.square_sum / f64::from(self.ticks.max(1))).sqrt();
        (self.voiced > 0).then(|| dbfs(mean))
    }

    /// The loudest sample, in dB under full scale.
    pub fn peak_dbfs(&self) -> Option<f64> {
        (self.voiced > 0).then(|| dbfs(f64::from(self.peak)))
    }
}

fn mean_square(samples: &[i16]) -> f64 {
    let sum: f64 = samples.iter().map(|sample| f64::from(*sample) * f64::from(*sample)).sum();
    sum / samples.len().max(1) as f64
}

fn dbfs(amplitude: f64) -> f64 {
    20.0 * (amplitude.max(0.1) / 32_768.0).log10()
}

impl Ears {
    /// Ears that write what they hear into a new file.
    ///
    /// # Errors
    /// What the disk says.
    pub fn recording_into(path: &Path) -> io::Result<Self> {
        let wav = Wav::create(WavFile(File::create(path)?))?;
        let recording = Some(Recording { wav, waiting: Vec::new(), fault: None });
        Ok(Self { recording, ..Self::default() })
    }

    /// Takes 20 ms of both sides.
    pub fn take(&mut self, frame: &Frame) {
        let (heard, said) = (self.heard.narrow(&frame.party), self.said.narrow(&frame.ours));
        if self.last.len() == TONE_TICKS {
            self.last.pop_front();
        }
        self.last.push_back(heard);
        if let Some(recogniser) = &mut self.recogniser {
            recogniser.take(&heard);
        }
        let is_sound = self.theirs.take(&heard);
        self.silent_ticks = if is_sound { 0 } else { self.silent_ticks.saturating_add(1) };
        self.ours.take(&said);
        if let Some(recording) = &mut self.recording {
            recording.take(&heard, &said);
        }
    }

    /// How long nothing was heard.
    pub fn silent_for(&self) -> Duration {
        TICK * self.silent_ticks
    }

    /// Something was heard in the last tick.
    pub fn hears_sound(&self) -> bool {
        self.theirs.ticks > 0 && self.silent_ticks == 0
    }

    /// The last 100 ms were this tone, for the greater part.
    pub fn hears_tone(&self, hertz: u32) -> bool {
        let samples: Vec<i16> = self.last.iter().flatten().copied().collect();
        let square = mean_square(&samples);
        let is_whole = self.last.len() == TONE_TICKS;
        is_whole && dbfs(square.sqrt()) > SOUND_DBFS && power(&samples, hertz) > TONE_PART * square
    }

    /// Writes what is still to be written.
    ///
    /// # Errors
    /// The first that the disk said in all this time.
    pub fn finish(&mut self) -> io::Result<()> {
        let Some(mut recording) = self.recording.take() else { return Ok(()) };
        recording.write();
        recording.fault.map_or(Ok(()), Err)
    }
}

impl Recording {
    fn take(&mut self, heard: &[i16], said: &[i16]) {
        for (left, right) in heard.iter().zip(said) {
            self.waiting.extend(left.to_le_bytes());
            self.waiting.extend(right.to_le_bytes());
        }
        if self.waiting.len() >= FRAMES_KEPT * FRAME_OCTETS {
            self.write();
        }
    }

    fn write(&mut self) {
        if self.fault.is_none() {
            self.fault = self.wav.append(&self.waiting).err();
        }
        self.waiting.clear();
    }
}

/// A file that nobody syncs: a tester's recording may be lost with the power.
#[derive(Debug)]
struct WavFile(File);

impl RecordingFile for WavFile {
    fn write_at(&mut self, octets: &[u8], offset: u64) -> io::Result<usize> {
        self.0.write_at(octets, offset)
    }

    fn sync(&mut self) -> io::Result<Synced> {
        Ok(Synced::Done)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audio::sound::Sound;
    use crate::audio::tone::sine;
    use crate::cli::phone::sound::clip;
    use crate::wire::codec::Codec;

    fn hear(ears: &mut Ears, samples: &[i16]) {
        let octets = clip(Codec::Pcma, samples).octets;
        for (index, party) in (0..).zip(octets.chunks(160)) {
            let party = Sound::of(Codec::Pcma, party);
            ears.take(&Frame { index, party, ours: Sound::silence(Codec::Pcma) });
        }
    }

    #[test]
    fn sound_silence_and_tones_are_told_apart() {
        let mut ears = Ears::default();
        assert!(!ears.hears_sound() && !ears.hears_tone(440));
        hear(&mut ears, &[0; 1_600]);
        assert_eq!(ears.silent_for(), Duration::from_millis(200));
        hear(&mut ears, &sine(440, Duration::from_millis(200), 8_000));
        assert!(ears.hears_sound() && ears.hears_tone(440) && !ears.hears_tone(620));
        hear(&mut ears, &[0; 800]);
        assert!(!ears.hears_sound() && !ears.hears_tone(440));
        assert_eq!((ears.silent_for(), ears.theirs.first_voiced), (Duration::from_millis(100), Some(10)));
        let level = ears.theirs.peak_dbfs().unwrap();
        assert!((-13.0..-11.5).contains(&level), "{level}");
        assert_eq!(ears.ours.mean_dbfs(), None);
    }

    #[test]
    fn both_sides_are_in_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.wav");
        let mut ears = Ears::recording_into(&path).unwrap();
        hear(&mut ears, &sine(440, Duration::from_millis(1_200), 8_000));
        ears.finish().unwrap();
        let octets = std::fs::read(&path).unwrap();
        let samples: Vec<i16> =
            octets[44..].chunks(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]])).collect();
        let left: Vec<i16> = samples.iter().copied().step_by(2).collect();
        let right: Vec<i16> = samples.iter().copied().skip(1).step_by(2).collect();
        assert_eq!((left.len(), right.len()), (9_600, 9_600));
        assert!(power(&left, 440) > 1.0e7, "what is heard is on the left");
        assert!(right.iter().all(|sample| sample.abs() < 10), "what is said is on the right");
    }
}
