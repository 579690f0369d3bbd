//! Every voice of the world is its own chord of two sines: so a frame of sound tells who is heard.
//!
//! The sines are multiples of 100 Hz, so that 20 ms hold whole periods: a voice repeats the same
//! 160 octets for ever, and a piece of it that is cut or faded still holds its two frequencies.

use careline::audio::g711::{self, Law};
use careline::audio::goertzel::power;
use careline::audio::tone::{COLUMNS_HZ, ROWS_HZ};
use careline::wire::codec::Codec;
use std::collections::HashMap;
use std::f64::consts::TAU;
use std::sync::Arc;

/// Samples of 20 ms.
pub const FRAME: usize = 160;
/// The lowest frequency of a voice, in units of 100 Hz.
const LOWEST: u32 = 3;
/// Frequencies that voices are made of: up to 3.3 kHz.
const FREQUENCIES: u32 = 31;
/// The crest of each of the two sines.
const CREST: f64 = 5_000.0;
/// A frequency is in the sound from this power on: a tenth of a whole frame of it.
const PRESENT: f64 = CREST * CREST / 2.0 / 25.0;
/// Under this crest a frame is silence.
const SILENCE: u16 = 100;

/// A chord of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Voice(pub u16);

/// Whom it sounds like when it rings: 440 and 480 Hz.
pub const RINGING: Voice = Voice(30);

/// What a piece of sound is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Heard {
    /// Nothing.
    Silence,
    /// One voice.
    Voice(Voice),
    /// More than one voice at once.
    Mixture,
    /// Sound that is no voice: the beep, a scrap.
    Other,
}

impl Voice {
    /// How many there are.
    pub const COUNT: u16 = (FREQUENCIES * (FREQUENCIES - 1) / 2) as u16;

    fn pair(self) -> (u32, u32) {
        let mut rest = u32::from(self.0);
        for low in 0..FREQUENCIES {
            let highs = FREQUENCIES - 1 - low;
            if rest < highs {
                return (low, low + 1 + rest);
            }
            rest -= highs;
        }
        unreachable!("there are {} voices, this is number {}", Self::COUNT, self.0)
    }

    /// What was made up for a lost packet may sound so, and `other` speaks: the period is guessed, and between two keys
    /// from the few milliseconds that were said there, so one of the sines comes out as its neighbour.
    pub fn is_beside(self, other: Voice) -> bool {
        let ((low, high), (its_low, its_high)) = (self.pair(), other.pair());
        low == its_low && high.abs_diff(its_high) == 1 || high == its_high && low.abs_diff(its_low) == 1
    }

    fn of_pair(low: u32, high: u32) -> Self {
        let before: u32 = (0..low).map(|low| FREQUENCIES - 1 - low).sum();
        Self((before + high - low - 1) as u16)
    }

    /// 20 ms of it.
    pub fn frame(self, codec: Codec) -> [u8; FRAME] {
        let (low, high) = self.pair();
        let sine = |n: usize, at: u32| (TAU * f64::from((LOWEST + at) * 100) * n as f64 / 8_000.0).sin();
        let law = law(codec);
        std::array::from_fn(|n| g711::encode(law, (CREST * (sine(n, low) + sine(n, high))) as i16))
    }

    /// So many frames of it, as one clip.
    pub fn clip(self, codec: Codec, frames: usize) -> Arc<[u8]> {
        self.frame(codec).repeat(frames).into()
    }
}

/// Tells voices apart; remembers every frame that it has heard, because they come again and again.
#[derive(Default)]
pub struct Ear {
    known: HashMap<(Codec, Box<[u8]>), Heard>,
}

impl Ear {
    /// What `octets` sound like.
    pub fn hear(&mut self, codec: Codec, octets: &[u8]) -> Heard {
        if octets.iter().all(|&octet| octet == silence(codec)) {
            return Heard::Silence;
        }
        if let Some(&heard) = self.known.get(&(codec, Box::from(octets))) {
            return heard;
        }
        let samples: Vec<i16> = octets.iter().map(|&octet| g711::decode(law(codec), octet)).collect();
        let heard = listen(&samples);
        self.known.insert((codec, octets.into()), heard);
        heard
    }
}

/// The phones of this world speak G.711.
fn law(codec: Codec) -> Law {
    Law::of(codec).unwrap_or_else(|| panic!("no phone of this world speaks {codec:?}"))
}

/// The octet of silence in G.711.
pub fn silence(codec: Codec) -> u8 {
    g711::encode(law(codec), 0)
}

/// Whole periods of every voice: sound is listened to in pieces of 10 ms, because every packet is a
/// number of them and no piece then holds the end of one voice and the beginning of another.
pub const PIECE: usize = 80;

/// Whether this is the tone of a key, all the time (ITU-T Q.23): most of its energy is at one row and one column.
pub fn is_key(codec: Codec, octets: &[u8]) -> bool {
    let samples: Vec<i16> = octets.iter().map(|&octet| g711::decode(law(codec), octet)).collect();
    let all =
        samples.iter().map(|sample| f64::from(*sample).powi(2)).sum::<f64>() / samples.len().max(1) as f64;
    let loudest =
        |tones: [f32; 4]| tones.map(|hz| power(&samples, hz as u32)).into_iter().fold(0.0, f64::max);
    let (row, column) = (loudest(ROWS_HZ), loudest(COLUMNS_HZ));
    all > 1.0e6 && row > all / 4.0 && column > all / 4.0 && row + column > 0.7 * all
}

/// What these samples sound like.
pub fn listen(samples: &[i16]) -> Heard {
    if samples.iter().all(|sample| sample.unsigned_abs() < SILENCE) {
        return Heard::Silence;
    }
    let mut loud: Vec<(f64, u32)> = (0..FREQUENCIES)
        .map(|at| (power(samples, (LOWEST + at) * 100), at))
        .filter(|(p, _)| *p > PRESENT)
        .collect();
    loud.sort_by(|a, b| b.0.total_cmp(&a.0));
    match loud[..] {
        [(_, a), (_, b)] => Heard::Voice(Voice::of_pair(a.min(b), a.max(b))),
        [_] | [] => Heard::Other,
        _ => Heard::Mixture,
    }
}

#[test]
fn every_voice_is_known_by_its_own_frame_in_both_codecs_and_after_recoding() {
    let mut ear = Ear::default();
    for voice in (0..Voice::COUNT).map(Voice) {
        for codec in [Codec::Pcmu, Codec::Pcma] {
            let frame = voice.frame(codec);
            assert_eq!(ear.hear(codec, &frame), Heard::Voice(voice), "{codec:?}");
            let mut half = [silence(codec); FRAME];
            half[..80].copy_from_slice(&frame[80..]);
            assert_eq!(ear.hear(codec, &half), Heard::Voice(voice), "half a frame in {codec:?}");
            let other = if codec == Codec::Pcmu { Codec::Pcma } else { Codec::Pcmu };
            let mut recoded = frame;
            g711::transcode(law(codec), law(other), &mut recoded);
            assert_eq!(ear.hear(other, &recoded), Heard::Voice(voice), "{codec:?} to {other:?}");
        }
    }
    assert_eq!(ear.hear(Codec::Pcmu, &[0xff; 160]), Heard::Silence);
}

#[test]
fn a_voice_is_beside_those_that_differ_by_one_step_of_one_sine() {
    let beside = |voice: u16| (0..Voice::COUNT).map(Voice).filter(|it| it.is_beside(Voice(voice))).count();
    assert!(Voice(35).is_beside(Voice(6)) && Voice(12).is_beside(Voice(11)), "as they were heard once");
    assert!(!Voice(6).is_beside(Voice(6)), "itself");
    assert!((0..Voice::COUNT).all(|voice| beside(voice) <= 4), "few are");
}
