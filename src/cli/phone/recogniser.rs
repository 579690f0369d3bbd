//! Names the prompts that the phone hears while it hears them.
//!
//! ```text
//!  samples ─▶ all that was heard ──each 500 ms, the last 8 s──▶ thread: listener ─▶ spotted
//! ```
//! One stretch at a time is with the thread, so that it costs one core at the most, and the sound never waits for it.

use crate::audio::fingerprint::RATE_HZ;
use crate::cli::hear::listener::{Listener, Part, Sound, Spotted};
use crate::clock::Instant;
use crate::limits::HEARD_FILE_MAX;
use std::ops::Range;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

/// How often it is looked at what was heard.
const EVERY: Duration = Duration::from_millis(500);
/// Samples that are looked at together: 8 s.
const WINDOW: usize = 8 * RATE_HZ;
/// New samples among them at the most: 6 s, so that a prompt is not parted where none can know it.
const NEW: usize = 6 * RATE_HZ;

/// Who recognises.
#[derive(Debug)]
pub struct Recogniser {
    listener: Arc<Listener>,
    heard: Vec<i16>,
    /// Samples that were looked at.
    covered: usize,
    /// The stretch that is with the thread.
    asked: Option<Range<usize>>,
    due: Option<Instant>,
    to: Sender<Vec<i16>>,
    from: Receiver<Vec<Spotted>>,
    spotted: Vec<Spotted>,
    /// Those of them that were told.
    told: usize,
}

impl Recogniser {
    /// One that has heard nothing. Its thread ends with it.
    pub fn new(listener: Listener) -> Self {
        let listener = Arc::new(listener);
        let ((to, stretches), (answers, from)) = (channel::<Vec<i16>>(), channel());
        let theirs = Arc::clone(&listener);
        thread::spawn(move || {
            for stretch in stretches {
                if answers.send(theirs.spot(&stretch)).is_err() {
                    return;
                }
            }
        });
        Self {
            listener,
            heard: Vec::new(),
            covered: 0,
            asked: None,
            due: None,
            to,
            from,
            spotted: Vec::new(),
            told: 0,
        }
    }

    /// Takes samples at 8 kHz; those after a few hours are not kept.
    pub fn take(&mut self, samples: &[i16]) {
        if self.heard.len() as u64 <= HEARD_FILE_MAX.as_secs() * RATE_HZ as u64 {
            self.heard.extend_from_slice(samples);
        }
    }

    /// Takes what the thread found, and gives it the next stretch when that is due.
    pub fn pump(&mut self, now: Instant) {
        if let (Some(asked), Ok(spotted)) = (self.asked.clone(), self.from.try_recv()) {
            self.covered = asked.end;
            self.asked = None;
            for one in spotted {
                let place = asked.start + one.place.start..asked.start + one.place.end;
                self.note(Spotted { place, ..one });
            }
        }
        let is_due = self.due.is_none_or(|due| due <= now);
        if is_due && self.asked.is_none() && self.covered < self.heard.len() {
            let end = self.heard.len().min(self.covered + NEW);
            let stretch = end.saturating_sub(WINDOW)..end;
            // The thread lives as long as this does.
            let sent = self.to.send(self.heard[stretch.clone()].to_vec());
            self.asked = sent.is_ok().then_some(stretch);
            self.due = Some(now + EVERY);
        }
    }

    /// The same prompt goes on, or another one.
    fn note(&mut self, new: Spotted) {
        let is_same = |known: &&mut Spotted| {
            known.prompt == new.prompt
                && known.place.start < new.place.end
                && new.place.start <= known.place.end + RATE_HZ / 2
        };
        match self.spotted.iter_mut().rev().find(is_same) {
            Some(known) => known.place.end = known.place.end.max(new.place.end),
            None => self.spotted.push(new),
        }
    }

    /// Samples that were heard.
    pub fn heard(&self) -> usize {
        self.heard.len()
    }

    /// Samples that were looked at.
    pub fn covered(&self) -> usize {
        self.covered
    }

    /// A prompt of this name was heard after that sample.
    pub fn heard_after(&self, name: &str, sample: usize) -> bool {
        let is_it = |spotted: &Spotted| self.listener.name(spotted.prompt).0 == name;
        self.spotted.iter().any(|spotted| spotted.place.end > sample && is_it(spotted))
    }

    /// The next prompt that nobody was told of yet.
    pub fn next_told(&mut self) -> Option<String> {
        let spotted = self.spotted.get(self.told)?;
        self.told += 1;
        Some(self.named(spotted))
    }

    /// All prompts that were heard, in words.
    pub fn so_far(&self) -> String {
        let names: Vec<String> = self.spotted.iter().map(|spotted| self.named(spotted)).collect();
        if names.is_empty() { "no prompt".to_owned() } else { names.join(", ") }
    }

    fn named(&self, spotted: &Spotted) -> String {
        let (name, language) = self.listener.name(spotted.prompt);
        format!("{name} {language}")
    }

    /// Hears all of it once more, at once, with its keys: what the table at the end tells.
    pub fn whole(&self) -> (&Listener, Part) {
        let title = "what the phone heard".to_owned();
        let samples = self.heard.clone();
        let sound = Sound { title, samples, keys: Vec::new(), packets: None };
        (&self.listener, self.listener.hear(sound))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::io::prompts::sound_file;
    use std::fs;
    use std::path::Path;

    const SHIPPED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/sounds/en");

    fn prompt(name: &str) -> Vec<i16> {
        sound_file::read(&Path::new(SHIPPED).join(name).with_added_extension("wav"), RATE_HZ as u32).unwrap()
    }

    /// One that knows two prompts.
    fn recogniser(folder: &Path) -> Recogniser {
        let english = folder.join("en");
        fs::create_dir(&english).unwrap();
        for name in ["u.goodbye.wav", "u.greeting.wav"] {
            fs::copy(Path::new(SHIPPED).join(name), english.join(name)).unwrap();
        }
        Recogniser::new(Listener::read(folder, folder).unwrap())
    }

    /// All of it is looked at.
    fn catch_up(recogniser: &mut Recogniser) {
        let mut now = Instant::from_micros(0);
        while recogniser.covered() < recogniser.heard() {
            now += EVERY;
            recogniser.pump(now);
            thread::yield_now();
        }
    }

    #[test]
    fn a_prompt_is_named_once_wherever_the_stretches_part_it_and_for_as_long_as_it_was_heard() {
        let folder = tempfile::tempdir().unwrap();
        let mut recogniser = recogniser(folder.path());
        let (goodbye, greeting) = (prompt("u.goodbye"), prompt("u.greeting"));
        // Eighteen seconds at once, more than are looked at together; the goodbye lies over the end of the first six.
        let before = vec![0; NEW - goodbye.len() / 2 - greeting.len() - 8_000];
        let after = vec![0; 12 * RATE_HZ];
        recogniser.take(&[greeting.clone(), vec![0; 8_000], before.clone(), goodbye.clone(), after].concat());
        let end = greeting.len() + 8_000 + before.len() + goodbye.len();
        catch_up(&mut recogniser);
        assert_eq!(recogniser.so_far(), "u.greeting en, u.goodbye en");
        for (name, sample, was_heard) in [
            ("u.greeting", 0, true),
            ("u.greeting", greeting.len() + 800, false),
            ("u.goodbye", end - 4_000, true),
            ("u.goodbye", end + 800, false),
            ("u.crisis", 0, false),
        ] {
            assert_eq!(recogniser.heard_after(name, sample), was_heard, "{name} after {sample}");
        }
        // The same prompt a while later is another one.
        recogniser.take(&goodbye);
        catch_up(&mut recogniser);
        assert_eq!(recogniser.so_far(), "u.greeting en, u.goodbye en, u.goodbye en");
        let told: Vec<String> = std::iter::from_fn(|| recogniser.next_told()).collect();
        assert_eq!(told.join(", "), recogniser.so_far());
        let (_, part) = recogniser.whole();
        assert_eq!(part.length.as_millis() as usize, recogniser.heard() / 8);
    }
}
