//! The known prompts with their index: hears one sound after the other, for `careline hear` and `careline phone`.

use super::known::{Known, KnownError};
use super::report;
use crate::audio::dtmf;
use crate::audio::fingerprint::{Index, Marked, RATE_HZ, Stretch, What, mark};
use crate::wire::telephone_event::Key;
use serde_json::Value;
use std::ops::Range;
use std::path::Path;
use std::thread;
use std::time::Duration;

/// Samples without a word after which nobody is still speaking: 1 s.
const PAUSE_MOST: usize = RATE_HZ;

/// Who knows the prompts.
#[derive(Debug)]
pub struct Listener {
    known: Known,
    index: Index,
}

/// Samples to be heard.
#[derive(Debug)]
pub struct Sound {
    /// Where they are from.
    pub title: String,
    /// At 8 kHz.
    pub samples: Vec<i16>,
    /// Keys that came beside the sound, since its beginning.
    pub keys: Vec<(Duration, Key)>,
    /// Of a stream.
    pub packets: Option<Packets>,
}

/// What is known of the packets of a stream.
#[derive(Clone, Copy, Debug)]
pub struct Packets {
    /// Since the capture's beginning.
    pub begins: Duration,
    /// Those that are there.
    pub here: usize,
    /// Those that are not.
    pub lost: usize,
}

/// One channel or stream, with everything heard in it.
#[derive(Debug)]
pub struct Part {
    /// Where it is from.
    pub title: String,
    /// Of its sound.
    pub length: Duration,
    /// What is heard, from the first sample to the last.
    pub stretches: Vec<Stretch>,
    /// Keys since its beginning.
    pub keys: Vec<(Duration, Key)>,
    /// Of a stream.
    pub packets: Option<Packets>,
}

/// A prompt that is certainly in some samples.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spotted {
    /// Its place among the known ones.
    pub prompt: usize,
    /// The samples where it is heard.
    pub place: Range<usize>,
}

impl Listener {
    /// Reads the prompts of `folder/LANGUAGE/`, and their first words from the flows, if they are there.
    ///
    /// # Errors
    /// When there is no prompt, or one is broken.
    pub fn read(folder: &Path, flows: &Path) -> Result<Self, KnownError> {
        let known = Known::read(folder, flows)?;
        let samples: Vec<&[i16]> = known.samples().collect();
        let at_once = thread::available_parallelism().map_or(1, usize::from);
        let marked: Vec<Marked> = thread::scope(|scope| {
            let shares = samples.chunks(samples.len().div_ceil(at_once).max(1));
            let marking: Vec<_> =
                shares.map(|share| scope.spawn(move || mark(share.iter().copied()))).collect();
            let marked = marking.into_iter().map(|one| one.join().expect("whoever marks does not panic"));
            marked.flatten().collect()
        });
        Ok(Self { index: Index::of(marked), known })
    }

    /// Hears all of a sound.
    pub fn hear(&self, sound: Sound) -> Part {
        let length = Duration::from_millis(sound.samples.len() as u64 * 1_000 / RATE_HZ as u64);
        let stretches = self.index.listen(&sound.samples);
        // Who sends keys as RTP events does not send them in the sound too.
        let keys = if sound.keys.is_empty() { keys_in(&sound.samples) } else { sound.keys };
        Part { title: sound.title, length, stretches, keys, packets: sound.packets }
    }

    /// The prompts of samples at 8 kHz, without those that cannot be told from others, or not yet: whoever speaks a
    /// longer one may have paused.
    pub fn spot(&self, samples: &[i16]) -> Vec<Spotted> {
        let place = |stretch: &Stretch| sample(stretch.from)..sample(stretch.to);
        let stretches = self.index.listen(samples);
        let spotted = stretches.iter().filter_map(|stretch| match &stretch.what {
            What::Prompt(heard)
                if heard.or.is_empty()
                    && (heard.part_of.is_empty() || sample(stretch.to) + PAUSE_MOST < samples.len()) =>
            {
                Some(Spotted { prompt: heard.prompt, place: place(stretch) })
            }
            What::Prompt(_) | What::Unknown | What::Quiet => None,
        });
        spotted.collect()
    }

    /// The name and the language of a prompt.
    pub fn name(&self, prompt: usize) -> (&str, &str) {
        let prompt = self.known.prompt(prompt);
        (&prompt.name, &prompt.language)
    }

    /// All names, those of two languages twice.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.known.names()
    }

    /// What was heard, for people.
    pub fn table(&self, parts: &[Part], gap: Duration) -> String {
        report::table(parts, &self.known, gap)
    }

    /// The same for programs.
    pub fn json(&self, parts: &[Part], gap: Duration) -> Value {
        report::json(parts, &self.known, gap)
    }
}

fn sample(at: Duration) -> usize {
    (at.as_micros() * RATE_HZ as u128 / 1_000_000) as usize
}

/// The keys whose tones are in samples at 8 kHz, and when each began.
fn keys_in(samples: &[i16]) -> Vec<(Duration, Key)> {
    let mut keys = Vec::new();
    dtmf::Detector::new().hear(samples, &mut |heard| match heard {
        dtmf::Heard::Pressed { key, began_at } => {
            keys.push((Duration::from_millis(began_at * 1_000 / RATE_HZ as u64), key));
        }
        dtmf::Heard::Released { .. } => {}
    });
    keys
}
