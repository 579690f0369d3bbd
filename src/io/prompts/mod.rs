//! Prompts as sound: `SOUNDS/LANGUAGE/PROMPT.{wav,flac,mp3,ogg}`, decoded and resampled once, encoded at first use.
//!
//! ```text
//!  file ─symphonia─▶ one channel ─rubato─▶ 8 kHz ─level─▶ (slowly) ─┬─▶ PCMU ─▶ Clip   each kept, in bounded memory,
//!                                                                   └─▶ PCMA ─▶ Clip   and made again if it was dropped
//! ```
//!
//! Which prompts exist is the flows' business; a check asks [`PromptLibrary::audio`] for each of them.

pub mod bed;
pub mod cache;
pub mod channel_file;
pub mod level;
pub mod music;
pub mod sound_file;

use crate::audio::g711::{self, Law};
use crate::audio::resample::Up;
use crate::audio::{stretch, tone};
use crate::flow::action::{Pace, Spoken};
use crate::flow::set::Audio;
use crate::id::{Language, PromptName};
use crate::limits::PROMPT_CACHE_MAX_OCTETS;
use crate::media::bed::BedSound;
use crate::media::command::Clip;
use crate::wire::codec::Codec;
use bed::Beds;
use cache::{Cache, Key, Sound};
use level::Level;
use sound_file::SoundError;
use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use thiserror::Error;

/// Why a prompt cannot be heard.
#[derive(Debug, Error)]
pub enum PromptError {
    /// There is no file.
    #[error("no audio for prompt `{prompt}`: put {} there (or .flac, .mp3, .ogg)", looked_for.display())]
    Missing {
        /// Which.
        prompt: PromptName,
        /// The first name that would do.
        looked_for: PathBuf,
    },
    /// The file gives no sound.
    #[error("{}: {source}", path.display())]
    Broken {
        /// Which file.
        path: PathBuf,
        /// Cause and repair.
        source: SoundError,
    },
}

/// The sounds of one folder.
#[derive(Debug)]
pub struct PromptLibrary {
    folder: PathBuf,
    cache: RefCell<Cache>,
    beds: RefCell<Beds>,
}

/// The folder of pieces of values in that of a language.
const PIECES: &str = "say/";
/// The piece that is a rest between others; it has no file.
const PAUSE: &str = "say/pause";
/// Whether it is a rest between pieces, which nobody records.
pub fn is_rest(prompt: &PromptName) -> bool {
    prompt.as_str() == PAUSE
}

/// How long it is: with the silence around pieces a little over a quarter of a second.
const PAUSE_LENGTH: Duration = Duration::from_millis(220);

/// What a voice said, at the two rates of calls.
#[derive(Clone, PartialEq, Eq)]
pub struct Voiced {
    /// At 8 kHz.
    pub narrow: Arc<[i16]>,
    /// At 16 kHz.
    pub wide: Arc<[i16]>,
}

impl std::fmt::Debug for Voiced {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Voiced({} samples)", self.narrow.len())
    }
}

/// The kinds of file, in the order in which they are looked for.
const EXTENSIONS: [&str; 4] = ["wav", "flac", "mp3", "ogg"];

impl PromptLibrary {
    /// The library of a folder. Nothing is read until it is asked for.
    pub fn open(folder: &Path) -> Self {
        Self::with_memory(folder, PROMPT_CACHE_MAX_OCTETS)
    }

    /// With the clinic's own sound under a wait, if its folder has one.
    ///
    /// # Errors
    /// [`PromptError::Broken`] when it has one that gives no sound.
    pub fn with_music(self) -> Result<Self, PromptError> {
        let beds = music::read(&self.folder)?.unwrap_or_default();
        Ok(Self { beds: RefCell::new(beds), ..self })
    }

    /// The same sounds where a copy of them lies now: what was read already is not read again.
    #[must_use]
    pub fn moved_to(self, folder: &Path) -> Self {
        Self { folder: folder.to_path_buf(), ..self }
    }

    fn with_memory(folder: &Path, most_octets: usize) -> Self {
        let cache = RefCell::new(Cache::new(most_octets));
        Self { folder: folder.to_path_buf(), cache, beds: RefCell::default() }
    }

    /// Whether a prompt can be heard: its whole file is decoded to know, and kept for the first call.
    pub fn audio(&self, prompt: &PromptName, language: &Language) -> Audio {
        let (prompt, language) = (prompt.clone(), language.clone());
        match self.samples(&Spoken { prompt, language, pace: Pace::Normal }, tone::RATE_HZ) {
            Ok(_) => Audio::Present,
            Err(PromptError::Missing { .. }) => Audio::Missing,
            Err(error @ PromptError::Broken { .. }) => Audio::Broken(error.to_string()),
        }
    }

    /// A prompt for legs of a codec, in the octets that they pass on.
    ///
    /// # Errors
    /// [`PromptError`] with place, cause and repair.
    pub fn clip(&self, spoken: &Spoken, codec: Codec) -> Result<Clip, PromptError> {
        let codec = codec.between_legs();
        let key = Key::Encoded(spoken.clone(), codec);
        if let Some(Sound::Octets(octets)) = self.cache.borrow_mut().get(&key) {
            return Ok(Clip { codec, octets });
        }
        let octets = encode(&self.samples(spoken, codec.sample_rate_hz())?, codec);
        self.cache.borrow_mut().put(key, Sound::Octets(Arc::clone(&octets)));
        Ok(Clip { codec, octets })
    }

    /// How long a prompt speaks.
    ///
    /// # Errors
    /// [`PromptError`] with place, cause and repair.
    pub fn duration(&self, spoken: &Spoken) -> Result<Duration, PromptError> {
        let samples = self.samples(spoken, tone::RATE_HZ)?.len() as u64;
        Ok(Duration::from_micros(samples * 1_000_000 / u64::from(tone::RATE_HZ)))
    }

    /// A short sound that says something, such as the tone after which a message is recorded.
    pub fn tone(&self, signal: tone::Signal, codec: Codec) -> Clip {
        let codec = codec.between_legs();
        let samples = signal.samples();
        let samples = if codec.sample_rate_hz() == tone::RATE_HZ { samples } else { widened(&samples) };
        Clip { codec, octets: encode(&samples, codec) }
    }

    /// What is heard under a wait.
    pub fn bed(&self, wait: tone::Wait, codec: Codec) -> BedSound {
        self.beds.borrow_mut().of(wait, codec)
    }

    /// Octets of memory that sounds take, without those that are made here.
    pub fn octets(&self) -> usize {
        self.cache.borrow().octets()
    }

    fn samples(&self, spoken: &Spoken, rate_hz: u32) -> Result<Arc<[i16]>, PromptError> {
        if is_rest(&spoken.prompt) {
            let rest = PAUSE_LENGTH.as_millis() as u32 * rate_hz / 1_000;
            return Ok(vec![0; rest as usize].into());
        }
        let key = Key::Samples(spoken.clone(), rate_hz);
        if let Some(Sound::Samples(samples)) = self.cache.borrow_mut().get(&key) {
            return Ok(samples);
        }
        let samples: Arc<[i16]> = match spoken.pace {
            Pace::Normal => {
                let mut samples = self.recorded(spoken, rate_hz)?;
                Level::of(&samples, rate_hz).apply(&mut samples);
                samples.into()
            }
            Pace::Slow => {
                let normal = self.samples(&Spoken { pace: Pace::Normal, ..spoken.clone() }, rate_hz)?;
                stretch::slowly(&normal, rate_hz).into()
            }
        };
        self.cache.borrow_mut().put(key, Sound::Samples(Arc::clone(&samples)));
        Ok(samples)
    }

    /// How loud a prompt was recorded, and what it is raised by.
    ///
    /// # Errors
    /// [`PromptError`] with place, cause and repair.
    pub fn level(&self, spoken: &Spoken) -> Result<Level, PromptError> {
        Ok(Level::of(&self.recorded(spoken, tone::RATE_HZ)?, tone::RATE_HZ))
    }

    fn recorded(&self, spoken: &Spoken, rate_hz: u32) -> Result<Vec<i16>, PromptError> {
        let path = self.find(spoken)?;
        sound_file::read(&path, rate_hz).map_err(|source| PromptError::Broken { path, source })
    }

    fn find(&self, spoken: &Spoken) -> Result<PathBuf, PromptError> {
        let (language, prompt) = (spoken.language.as_str(), spoken.prompt.as_str());
        let folder = self.folder.join(language);
        let named = |extension: &str| folder.join(format!("{prompt}.{extension}"));
        let plain = is_file_name(language) && is_file_name(prompt.strip_prefix(PIECES).unwrap_or(prompt));
        let found = EXTENSIONS.into_iter().map(named).find(|path| plain && path.is_file());
        found.ok_or_else(|| PromptError::Missing { prompt: spoken.prompt.clone(), looked_for: named("wav") })
    }
}

/// Whether a name names a file of its own folder, and none that is hidden: with a slash it could point out of it.
fn is_file_name(name: &str) -> bool {
    !name.is_empty() && !name.starts_with('.') && !name.contains(['/', '\\', '\0'])
}

/// A sound that is in no folder, in the octets of a codec.
pub fn clip_of(sound: &Voiced, pace: Pace, codec: Codec) -> Clip {
    let codec = codec.between_legs();
    let rate_hz = codec.sample_rate_hz();
    let samples = if rate_hz == tone::RATE_HZ { &sound.narrow } else { &sound.wide };
    let octets = match pace {
        Pace::Normal => encode(samples, codec),
        Pace::Slow => encode(&stretch::slowly(samples, rate_hz), codec),
    };
    Clip { codec, octets }
}

/// The octets of samples at the codec's rate.
fn encode(samples: &[i16], codec: Codec) -> Arc<[u8]> {
    let packed = |law| samples.iter().map(|sample| g711::encode(law, *sample)).collect();
    match codec {
        Codec::Pcmu => packed(Law::Mu),
        Codec::Pcma => packed(Law::A),
        Codec::G722 | Codec::L16Narrow | Codec::L16Wide => {
            samples.iter().flat_map(|sample| sample.to_be_bytes()).collect()
        }
    }
}

/// 8 kHz to 16 kHz.
fn widened(narrow: &[i16]) -> Vec<i16> {
    let mut wide = vec![0; 2 * narrow.len()];
    Up::new().up(narrow, &mut wide);
    wide
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audio::goertzel::power;
    use crate::audio::loudness;
    use crate::audio::transcode::Decode;
    use crate::limits::{PROMPT_LOUDNESS_LUFS, PROMPT_LOUDNESS_WITHIN_LU};
    use std::process::Command;

    fn spoken(prompt: &str) -> Spoken {
        Spoken { prompt: PromptName::from(prompt), language: Language::from("en"), pace: Pace::Normal }
    }

    struct Bench(tempfile::TempDir);

    impl Bench {
        fn new() -> Self {
            let bench = Self(tempfile::tempdir().unwrap());
            std::fs::create_dir(bench.0.path().join("en")).unwrap();
            bench
        }

        fn path(&self, name: &str) -> PathBuf {
            self.0.path().join("en").join(name)
        }

        /// A WAV of one second: a tone on each channel.
        fn wav(&self, name: &str, rate: u32, tones_hz: &[u32]) {
            let channels = tones_hz.len() as u16;
            let spec = hound::WavSpec {
                channels,
                sample_rate: rate,
                bits_per_sample: 16,
                sample_format: hound::SampleFormat::Int,
            };
            let mut writer = hound::WavWriter::create(self.path(name), spec).unwrap();
            for n in 0..rate {
                for hz in tones_hz {
                    let turn = std::f64::consts::TAU * f64::from(*hz) * f64::from(n) / f64::from(rate);
                    writer.write_sample((8_000.0 * turn.sin()) as i16).unwrap();
                }
            }
            writer.finalize().unwrap();
        }

        fn library(&self) -> PromptLibrary {
            PromptLibrary::open(self.0.path())
        }
    }

    fn samples_of(clip: &Clip) -> Vec<i16> {
        let mut decode = Decode::default();
        let ticks = clip.octets.chunks(clip.codec.tick_octets());
        let mut samples: Vec<_> =
            ticks.flat_map(|tick| decode.narrow(&crate::audio::sound::Sound::of(clip.codec, tick))).collect();
        samples.truncate(8 * clip.octets.len() / clip.codec.octets_per_ms());
        samples
    }

    #[test]
    fn any_rate_and_any_channels_become_one_channel_at_8_khz() {
        let bench = Bench::new();
        let library = bench.library();
        for rate in [8_000, 11_025, 16_000, 22_050, 44_100, 48_000, 96_000] {
            bench.wav(&format!("t{rate}.wav"), rate, &[440, 1_000]);
            let spoken = spoken(&format!("t{rate}"));
            for codec in Codec::ALL {
                let samples = samples_of(&library.clip(&spoken, codec).unwrap());
                assert!(samples.len().abs_diff(8_000) <= 1, "{rate} Hz: {} samples", samples.len());
                let (a, b) = (power(&samples, 440), power(&samples, 1_000));
                assert!(
                    a > 100.0 * power(&samples, 700) && b > 100.0 * power(&samples, 700),
                    "{rate} Hz {codec:?}"
                );
            }
            let off = library.duration(&spoken).unwrap().as_millis().abs_diff(1_000);
            assert!(off <= 1, "{rate} Hz is {off} ms off");
        }
    }

    #[test]
    fn a_sound_above_the_telephones_band_does_not_fold_into_it() {
        let bench = Bench::new();
        bench.wav("high.wav", 48_000, &[440, 7_000]);
        let samples = samples_of(&bench.library().clip(&spoken("high"), Codec::Pcmu).unwrap());
        let (real, folded) = (power(&samples, 440), power(&samples, 1_000));
        assert!(real > 1_000.0 * folded, "7 kHz would fold to 1 kHz: {real} against {folded}");
    }

    #[test]
    fn every_kind_of_file_that_is_promised_is_read() {
        let bench = Bench::new();
        bench.wav("t.wav", 16_000, &[440]);
        // sox makes the others where it is installed (`./test` sees to it); MP3 it may not be able to write.
        for name in ["t.flac", "t.ogg", "t.mp3", "mu.wav", "a.wav"] {
            let law = match name {
                "mu.wav" => &["-e", "mu-law"][..],
                "a.wav" => &["-e", "a-law"][..],
                _ => &[],
            };
            let made = Command::new("sox").arg(bench.path("t.wav")).args(law).arg(bench.path(name)).output();
            if !made.is_ok_and(|made| made.status.success()) {
                eprintln!("sox could not make {name} here: not tried");
                continue;
            }
            if !name.ends_with("wav") {
                std::fs::rename(bench.path(name), bench.path(&format!("only-{name}"))).unwrap();
            }
            let prompt =
                if name.ends_with("wav") { name[..name.len() - 4].to_owned() } else { "only-t".to_owned() };
            let samples = samples_of(&bench.library().clip(&spoken(&prompt), Codec::Pcmu).unwrap());
            assert!(samples.len().abs_diff(8_000) < 900, "{name}: {} samples", samples.len());
            assert!(
                power(&samples[..8_000.min(samples.len())], 440) > 100.0 * power(&samples, 700),
                "{name}"
            );
            if !name.ends_with("wav") {
                std::fs::remove_file(bench.path(&format!("only-{name}"))).unwrap();
            }
        }
    }

    #[test]
    fn a_file_that_gives_no_sound_is_told_with_place_cause_and_repair() {
        let bench = Bench::new();
        let table: [(&str, &[u8], &str); 5] = [
            (
                "text",
                b"Please record this one, Ann!\n",
                "this is a text file, not audio: it begins `Please record this one,`",
            ),
            ("empty", b"", "it is empty"),
            (
                "noise",
                &[0x00, 0x01, 0x02, 0xfe, 0x7f, 0x00, 0x33],
                "it is no WAV, FLAC, MP3 or OGG Vorbis file",
            ),
            ("cut", b"RIFF\x24\x00\x00\x00WAVEfmt \x10\x00", "it is "),
            ("link", "<!doctype html><html lang=\"en\">".as_bytes(), "this is a text file"),
        ];
        for (name, octets, expected) in table {
            std::fs::write(bench.path(&format!("{name}.wav")), octets).unwrap();
            let Audio::Broken(told) = bench.library().audio(&PromptName::from(name), &Language::from("en"))
            else {
                panic!("{name} was taken for sound")
            };
            assert!(told.contains(expected) && told.contains(&format!("{name}.wav: ")), "{name}: {told}");
        }
        bench.wav("mute.wav", 8_000, &[0]);
        let error = bench.library().clip(&spoken("mute"), Codec::Pcmu).unwrap_err().to_string();
        assert!(error.contains("nothing to hear in it"), "{error}");
    }

    #[test]
    fn a_prompt_without_a_file_says_where_one_belongs() {
        let bench = Bench::new();
        let library = bench.library();
        assert_eq!(library.audio(&PromptName::from("u.x"), &Language::from("en")), Audio::Missing);
        let error = library.clip(&spoken("u.x"), Codec::Pcmu).unwrap_err().to_string();
        assert!(
            error.starts_with("no audio for prompt `u.x`: put ") && error.contains("en/u.x.wav"),
            "{error}"
        );
        let outside = spoken("../../etc/passwd");
        assert!(matches!(library.clip(&outside, Codec::Pcmu), Err(PromptError::Missing { .. })));
        bench.wav("x.wav", 8_000, &[440]);
        for outside in ["say/../x", "say//x", "say/.x", "say/say/x", "/x", "../en/x", "say/", ".", ""] {
            assert!(library.clip(&spoken(outside), Codec::Pcmu).is_err(), "{outside}");
        }
        assert!(library.clip(&spoken("x"), Codec::Pcmu).is_ok());
    }

    #[test]
    fn a_piece_of_a_value_lies_in_a_folder_of_its_own_and_a_pause_needs_no_file() {
        let bench = Bench::new();
        std::fs::create_dir(bench.path("say")).unwrap();
        bench.wav("say/march.wav", 8_000, &[440]);
        let library = bench.library();
        assert_eq!(library.clip(&spoken("say/march"), Codec::Pcmu).unwrap().octets.len(), 8_000);
        assert_eq!(library.audio(&PromptName::from("say/may"), &Language::from("en")), Audio::Missing);
        let pause = library.clip(&spoken("say/pause"), Codec::L16Wide).unwrap();
        assert_eq!(pause.octets.len(), 2 * 16 * 220);
        assert!(pause.octets.iter().all(|octet| *octet == 0));
    }

    #[test]
    fn whoever_recorded_a_prompt_it_is_heard_as_loud_as_the_others() {
        let bench = Bench::new();
        bench.wav("a.wav", 8_000, &[440]);
        bench.wav("b.wav", 8_000, &[440, 1]); // the second channel all but silent: half as loud
        let library = bench.library();
        for name in ["a", "b"] {
            let level = library.level(&spoken(name)).unwrap();
            let heard =
                loudness::measure(&samples_of(&library.clip(&spoken(name), Codec::Pcmu).unwrap()), 8_000);
            let off = heard.lufs.map(|lufs| (lufs - PROMPT_LOUDNESS_LUFS).abs());
            assert!(off < Some(0.3), "{name}: {level:?} became {heard:?}");
        }
    }

    #[test]
    fn slowly_spoken_a_prompt_takes_longer_and_keeps_its_pitch() {
        let bench = Bench::new();
        bench.wav("t.wav", 16_000, &[440]);
        let library = bench.library();
        let slow = Spoken { pace: Pace::Slow, ..spoken("t") };
        let samples = samples_of(&library.clip(&slow, Codec::Pcma).unwrap());
        assert_eq!(samples.len(), stretch::slow_length(8_000));
        assert!(power(&samples[..800], 440) > 100.0 * power(&samples[..800], 340), "an octave is no answer");
        assert_eq!(library.duration(&slow).unwrap().as_millis(), 1_318);
        let wide = library.clip(&slow, Codec::L16Wide).unwrap().octets.len();
        assert_eq!(wide, 2 * stretch::slow_length(16_000), "at the rate of the codec");
        assert_eq!(library.clip(&spoken("t"), Codec::Pcma).unwrap().octets.len(), 8_000, "both are kept");
    }

    #[test]
    fn slowly_spoken_a_shipped_prompt_keeps_its_spectrum_and_its_loudness() {
        let library = PromptLibrary::open(&Path::new(env!("CARGO_MANIFEST_DIR")).join("sounds"));
        let bands = |samples: &[i16]| {
            [200, 400, 600, 900, 1_200, 1_600, 2_000, 2_500, 3_000].map(|hz| {
                let powers = samples.chunks_exact(160).map(|tick| power(tick, hz));
                10.0 * (powers.sum::<f64>() / (samples.len() / 160) as f64).log10()
            })
        };
        for language in ["en", "es"] {
            let normal = Spoken { language: Language::from(language), ..spoken("mm.menu") };
            let slow =
                library.samples(&Spoken { pace: Pace::Slow, ..normal.clone() }, tone::RATE_HZ).unwrap();
            let normal = library.samples(&normal, tone::RATE_HZ).unwrap();
            assert_eq!(slow.len(), stretch::slow_length(normal.len()), "{language}");
            for (before, after) in bands(&normal).into_iter().zip(bands(&slow)) {
                assert!((before - after).abs() < 1.0, "{language}: {before:.1} dB became {after:.1} dB");
            }
            let lufs = |samples: &[i16]| loudness::measure(samples, tone::RATE_HZ).lufs.unwrap();
            assert!((lufs(&normal) - lufs(&slow)).abs() < 0.5, "{language}: {} LUFS", lufs(&slow));
        }
    }

    #[test]
    fn memory_is_bounded_and_what_was_dropped_is_made_again() {
        let bench = Bench::new();
        (0..6).for_each(|n| bench.wav(&format!("t{n}.wav"), 8_000, &[440]));
        let library = PromptLibrary::with_memory(bench.0.path(), 50_000);
        for round in 0..2 {
            for n in 0..6 {
                let clip = library.clip(&spoken(&format!("t{n}")), Codec::Pcma).unwrap();
                assert_eq!(clip.octets.len(), 8_000, "round {round}, prompt {n}");
                assert!(library.octets() <= 50_000, "{}", library.octets());
            }
        }
    }

    #[test]
    fn the_tone_before_a_message_is_in_the_codec_of_the_call() {
        let bench = Bench::new();
        for codec in Codec::ALL {
            let clip = bench.library().tone(tone::Signal::YourTurn, codec);
            let samples = samples_of(&clip);
            assert!(power(&samples, 1_000) > 1_000.0 * power(&samples, 1_300), "{codec:?}");
        }
    }

    #[test]
    fn the_shipped_sounds_are_all_alike_and_begin_and_end_softly() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("sounds");
        let library = PromptLibrary::open(&root);
        let mut heard = 0;
        for language in ["en", "es"] {
            let files = std::fs::read_dir(root.join(language)).unwrap().map(|file| file.unwrap().path());
            for path in files.filter(|path| path.is_file()) {
                let prompt = PromptName::from(path.file_stem().unwrap().to_str().unwrap());
                let spoken = Spoken { prompt, language: Language::from(language), pace: Pace::Normal };
                let samples = library.samples(&spoken, tone::RATE_HZ).unwrap();
                let name = path.display();
                assert!((4_000..240_000).contains(&samples.len()), "{name}: {} samples", samples.len());
                // A part of a prompt joins what is said beside it, and has no silence of its own.
                let is_part = spoken.prompt.as_str().ends_with(|c: char| c.is_ascii_digit());
                let edges = samples[..320].iter().chain(&samples[samples.len() - 320..]);
                assert!(
                    is_part || edges.clone().all(|sample| sample.unsigned_abs() < 100),
                    "{name}: {:?}",
                    edges.max()
                );
                let loudness = loudness::measure(&samples, tone::RATE_HZ);
                let off = loudness.lufs.map(|lufs| (lufs - PROMPT_LOUDNESS_LUFS).abs());
                assert!(off.is_some_and(|off| off <= PROMPT_LOUDNESS_WITHIN_LU), "{name}: {loudness:?}");
                assert!(loudness.peak_dbfs < -0.99, "{name}: {loudness:?}");
                assert!(library.level(&spoken).unwrap().is_like_the_others(), "{name}");
                heard += 1;
            }
        }
        assert!(heard >= 40, "{heard} prompts");
    }
}
