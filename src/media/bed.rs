//! A bed: soft music or ringing under a wait. It sounds only while nothing else does, and never under words.
//!
//! ```text
//!          words ──────┐                      ┌────── words
//!  bed                 │ rest ▁▃▆▆▆▆▆▆▆▆▆▃▁  │
//!                      └──────┴rises─────falls┘
//! ```
//! It comes back only after a rest, so that it does not flare up between two sentences, and at the place where it
//! was. It rises and falls within one tick, by copying: the three forms of it are made when it is loaded
//! ([`crate::audio::fade`]). Words that begin wait for that one tick.

use crate::audio::sound::Sound;
use crate::limits::{BED_RESTS, TICK};
use crate::media::command::Clip;

/// A sound in its three forms, each of the same length and in the same codec.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BedSound {
    /// Each tick as it is.
    pub body: Clip,
    /// Each tick from nothing to itself.
    pub rising: Clip,
    /// Each tick from itself to nothing.
    pub falling: Clip,
}

/// Whether something else wants the tick.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Words {
    /// Nothing is to be said.
    None,
    /// There are words.
    Waiting,
}

/// What became of the tick.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Filled {
    /// It holds the bed; words wait for the next one.
    ByBed,
    /// It is free: for the words, or for silence.
    Free,
}

/// A bed that is being played to one leg.
#[derive(Clone, Debug)]
pub struct Bed {
    sound: BedSound,
    tick_octets: usize,
    /// Octets into it: always a tick border.
    at: usize,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Ticks without words since the last word.
    Resting(u32),
    Sounding,
}

impl Bed {
    /// A bed that begins after its rest. What is over whole ticks at its end is not heard.
    pub fn new(sound: BedSound) -> Self {
        let tick_octets = sound.body.codec.tick_octets();
        Self { sound, tick_octets, at: 0, state: State::Resting(0) }
    }

    /// One tick: fills `out`, a tick of octets in the codec of the bed, if the bed sounds in it.
    pub fn tick(&mut self, words: Words, out: &mut [u8]) -> Filled {
        match (self.state, words) {
            (State::Resting(_), Words::Waiting) => {
                self.state = State::Resting(0);
                Filled::Free
            }
            (State::Resting(ticks), Words::None) if ticks < REST_TICKS => {
                self.state = State::Resting(ticks + 1);
                Filled::Free
            }
            (State::Resting(_), Words::None) => {
                let filled = self.copy(out, |sound| &sound.rising);
                if filled == Filled::ByBed {
                    self.state = State::Sounding;
                }
                filled
            }
            (State::Sounding, Words::None) => self.copy(out, |sound| &sound.body),
            (State::Sounding, Words::Waiting) => {
                self.state = State::Resting(0);
                self.copy(out, |sound| &sound.falling)
            }
        }
    }

    /// One tick of a leg: `out` becomes the bed's if it sounds in it, else its contents mean nothing.
    pub fn fill(&mut self, words: Words, out: &mut Sound) -> Filled {
        let codec = self.sound.body.codec;
        self.tick(words, out.become_of(codec))
    }

    /// The bed is taken away: what is still to be heard of it, so that it does not break off.
    pub fn leave(mut self) -> Option<Sound> {
        let mut last = Sound::silence(self.sound.body.codec);
        (self.fill(Words::Waiting, &mut last) == Filled::ByBed).then_some(last)
    }

    fn copy(&mut self, out: &mut [u8], form: fn(&BedSound) -> &Clip) -> Filled {
        let part = form(&self.sound).octets.get(self.at..self.at + self.tick_octets);
        let Some(part) = part.filter(|part| part.len() == out.len() && !part.is_empty()) else {
            return Filled::Free;
        };
        out.copy_from_slice(part);
        self.at += self.tick_octets;
        if self.at + self.tick_octets > self.sound.body.octets.len() {
            self.at = 0;
        }
        Filled::ByBed
    }
}

const REST_TICKS: u32 = (BED_RESTS.as_millis() / TICK.as_millis()) as u32;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audio::fade::{Fade, each_tick};
    use crate::audio::g711::{self, Law};
    use crate::audio::tone;
    use crate::wire::codec::Codec;
    use std::sync::Arc;

    fn bed_of(samples: &[i16]) -> Bed {
        let clip = |samples: &[i16]| Clip {
            codec: Codec::Pcmu,
            octets: samples.iter().map(|sample| g711::encode(Law::Mu, *sample)).collect(),
        };
        let (rising, falling) = (each_tick(samples, 160, Fade::In), each_tick(samples, 160, Fade::Out));
        Bed::new(BedSound { body: clip(samples), rising: clip(&rising), falling: clip(&falling) })
    }

    /// A bed of five ticks whose octets tell form and tick: 10, 11 … rise, 20, 21 … are the body, 30, 31 … fall.
    fn marked() -> Bed {
        let form = |form: u8| Clip {
            codec: Codec::Pcmu,
            octets: (0..5).flat_map(|tick| [form + tick; 160]).chain([99; 70]).collect(),
        };
        Bed::new(BedSound { body: form(20), rising: form(10), falling: form(30) })
    }

    /// `.`: no words · `w`: words. A line of what each tick holds: `-` where it is free.
    fn heard(bed: &mut Bed, script: &str) -> String {
        let mut heard = Vec::new();
        for word in script.chars() {
            let words = if word == 'w' { Words::Waiting } else { Words::None };
            let mut out = [0; 160];
            heard.push(match bed.tick(words, &mut out) {
                Filled::ByBed => {
                    assert!(out.iter().all(|octet| *octet == out[0]));
                    out[0].to_string()
                }
                Filled::Free => "-".to_owned(),
            });
        }
        heard.join(" ")
    }

    #[test]
    fn it_sounds_only_while_nothing_else_does_and_goes_on_where_it_was() {
        let rest = ".".repeat(REST_TICKS as usize);
        let quiet = "- ".repeat(REST_TICKS as usize);
        let mut bed = marked();
        let table = [
            (format!("ww{rest}"), format!("- - {}", quiet.trim_end())),
            ("...".to_owned(), "10 21 22".to_owned()),
            ("ww".to_owned(), "33 -".to_owned()),
            (format!("{rest}.."), format!("{quiet}14 20")),
            // A pause between two sentences is no wait.
            ("w.w....w".to_owned(), "31 - - - - - - -".to_owned()),
            // Seven ticks: round its end, where 70 octets are no tick.
            (format!("{rest}......."), format!("{quiet}12 23 24 20 21 22 23")),
        ];
        for (script, expected) in table {
            assert_eq!(heard(&mut bed, &script), expected, "{script}");
        }
    }

    #[test]
    fn neither_its_beginning_nor_its_end_clicks() {
        let tone = tone::sine(440, std::time::Duration::from_secs(1), 4_000);
        let mut bed = bed_of(&tone);
        let mut line = Vec::new();
        for tick in 0..200 {
            // Words every 37 ticks, for two ticks.
            let words = if tick % 37 < 2 { Words::Waiting } else { Words::None };
            let mut out = [0xff; 160];
            bed.tick(words, &mut out);
            line.extend(out.map(|octet| i32::from(g711::decode(Law::Mu, octet))));
        }
        assert!(line.iter().any(|sample| *sample > 3_800), "it was heard");
        // 4 000 · 2π · 440 / 8 000 = 1 382 is the steepest that the tone is by itself, and an interval of µ-law 128.
        let step = line.windows(2).map(|pair| (pair[1] - pair[0]).abs()).max();
        assert!(step <= Some(1_382 + 128), "{step:?}");
    }

    #[test]
    fn what_is_shorter_than_a_tick_or_of_another_codec_is_never_heard() {
        let all_free = |mut bed: Bed, octets: usize| {
            (0..100).all(|_| bed.tick(Words::None, &mut vec![0; octets]) == Filled::Free)
        };
        let empty = Clip { codec: Codec::Pcmu, octets: Arc::from([]) };
        let nothing = BedSound { body: empty.clone(), rising: empty.clone(), falling: empty };
        assert!(all_free(Bed::new(nothing), 160));
        assert!(all_free(marked(), 320), "a tick of another codec is not filled by half");
    }
}
