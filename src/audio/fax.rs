//! A fax machine at the other end: CNG, the calling tone, and CED or ANSam, the answering tone, at 8 kHz.
//!
//! ```text
//!  CNG    1 100 Hz ± 38   ▮▮▮▮▮ 0.5 s     3 s of silence     ▮▮▮▮▮      ITU-T T.30 §4.2
//!  CED    2 100 Hz ± 15   ▮▮▮▮▮▮▮▮▮▮▮▮▮▮▮▮▮▮▮▮▮▮▮▮ 2.6 to 4 s           ITU-T T.30 §4.1
//!  ANSam  the same, its phase turned over every 450 ms, its level swelling 15 times a second, ITU-T V.8 §7
//! ```
//! A tone is told once, as soon as one burst of it has stood for long enough: nearly all energy at its frequency,
//! 20 ms for 20 ms. A break of 40 ms or less is none: that is a phase turned over, or a packet lost.

use crate::audio::bank::{Bank, CHUNK_SAMPLES, Chunk, Complex, Track};
use crate::audio::tone::CREST_AT_0_DBM0;

/// What a fax machine sends first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaxTone {
    /// CNG: a machine calls us.
    Calling,
    /// CED or ANSam: a machine, or a modem, answered us.
    Answering,
}

/// The fax tones in one party's sound.
#[derive(Clone, Debug)]
pub struct Detector {
    bank: Bank<LANES>,
    searches: [Search; LANES],
    block: [Chunk<LANES>; BLOCK],
    filled: usize,
}

/// How far one tone has come.
#[derive(Clone, Copy, Debug)]
struct Search {
    tone: FaxTone,
    tolerance_hz: f32,
    blocks_needed: u32,
    track: Track<BLOCK>,
    /// Blocks of the burst under way.
    blocks: u32,
    /// Blocks in a row that had not got it.
    missing: u32,
    told: Told,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Told {
    NotYet,
    Once,
}

impl Default for Detector {
    fn default() -> Self {
        Self::new()
    }
}

impl Detector {
    /// A detector that has heard nothing.
    pub fn new() -> Self {
        Self {
            bank: Bank::new([CALLING_HZ, ANSWERING_HZ]),
            searches: [
                Search::new(FaxTone::Calling, CALLING_HZ, CALLING_TOLERANCE_HZ, CALLING_BLOCKS),
                Search::new(FaxTone::Answering, ANSWERING_HZ, ANSWERING_TOLERANCE_HZ, ANSWERING_BLOCKS),
            ],
            block: [Chunk::SILENCE; BLOCK],
            filled: 0,
        }
    }

    /// Takes sound of any length; gives a tone when it becomes certain with it, each once.
    pub fn hear(&mut self, samples: &[i16]) -> Option<FaxTone> {
        let mut certain = None;
        for &sample in samples {
            let Some(chunk) = self.bank.take(f32::from(sample)) else { continue };
            self.block[self.filled] = chunk;
            self.filled = (self.filled + 1) % BLOCK;
            if self.filled == 0 {
                certain = self.end_block().or(certain);
            }
        }
        certain
    }

    fn end_block(&mut self) -> Option<FaxTone> {
        let energy: f32 = self.block.iter().map(|chunk| chunk.energy).sum();
        let mut certain = None;
        for (lane, search) in self.searches.iter_mut().enumerate() {
            let chunks = std::array::from_fn(|n| self.block[n].lanes[lane]);
            certain = search.take(energy, &chunks).or(certain);
        }
        certain
    }
}

impl Search {
    fn new(tone: FaxTone, hz: f32, tolerance_hz: f32, blocks_needed: u32) -> Self {
        let track = Track::new(hz);
        Self { tone, tolerance_hz, blocks_needed, track, blocks: 0, missing: 0, told: Told::NotYet }
    }

    fn take(&mut self, energy: f32, chunks: &[Complex; BLOCK]) -> Option<FaxTone> {
        if !self.stands(energy, chunks) {
            self.missing += 1;
            if self.missing > BREAK_BLOCKS {
                self.blocks = 0;
            }
            return None;
        }
        self.missing = 0;
        self.blocks += 1;
        if self.blocks < self.blocks_needed || self.told == Told::Once {
            return None;
        }
        self.told = Told::Once;
        Some(self.tone)
    }

    fn stands(&self, energy: f32, chunks: &[Complex; BLOCK]) -> bool {
        if energy < QUIETEST {
            return false;
        }
        let line = self.track.line(chunks);
        line.energy >= energy * NEARLY_ALL && line.off_hz.abs() <= self.tolerance_hz
    }
}

const LANES: usize = 2;
/// Chunks that are judged together: 20 ms.
const BLOCK: usize = 4;
/// ITU-T T.30 §4.2.
const CALLING_HZ: f32 = 1_100.0;
/// The 38 Hz of T.30 and what noise may add in 20 ms.
const CALLING_TOLERANCE_HZ: f32 = 42.0;
/// 400 ms in whole blocks, of a burst of 0.5 s ± 15 %, which begins and ends within one.
const CALLING_BLOCKS: u32 = 20;
/// ITU-T T.30 §4.1 and V.8 §7.
const ANSWERING_HZ: f32 = 2_100.0;
/// The 15 Hz of T.30 and what noise may add in 20 ms.
const ANSWERING_TOLERANCE_HZ: f32 = 20.0;
/// 500 ms.
const ANSWERING_BLOCKS: u32 = 25;
/// Blocks in a row that may be without it.
const BREAK_BLOCKS: u32 = 2;
/// The part of a block's energy that is the tone's. Noise 10 dB under it leaves 0.91.
const NEARLY_ALL: f32 = 0.85;
/// The energy in a block of a tone of −43 dBm0, the least that a receiver is asked to hear.
const QUIETEST: f32 =
    (CREST_AT_0_DBM0 * CREST_AT_0_DBM0 / 2.0 * 5.012e-5 * (BLOCK * CHUNK_SAMPLES) as f64) as f32;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audio::tone::{KEYS, Partial, dtmf, dual, sine};
    use crate::rng::Rng;
    use std::f64::consts::TAU;
    use std::time::Duration;

    fn tone(hz: f64, dbm0: f64, millis: u64) -> Vec<i16> {
        let nothing = Partial { hz: 1_000.0, dbm0: -200.0 };
        dual(Partial { hz, dbm0 }, nothing, Duration::from_millis(millis))
    }

    fn quiet(millis: usize) -> Vec<i16> {
        vec![0; millis * 8]
    }

    /// 2 100 Hz whose phase turns over every 450 ms and whose level swells 15 times a second (ITU-T V.8 §7).
    fn ansam(dbm0: f64, millis: usize) -> Vec<i16> {
        let crest = CREST_AT_0_DBM0 * 10_f64.powf(dbm0 / 20.0);
        let sample = |n: usize| {
            let seconds = n as f64 / 8_000.0;
            let turned = if (n / 3_600).is_multiple_of(2) { 1.0 } else { -1.0 };
            let swell = 1.0 + 0.2 * (TAU * 15.0 * seconds).sin();
            (crest * turned * swell * (TAU * 2_100.0 * seconds).sin()) as i16
        };
        (0..millis * 8).map(sample).collect()
    }

    /// What is told, with the milliseconds after which it is.
    fn heard(sound: &[i16]) -> Vec<(FaxTone, usize)> {
        let mut detector = Detector::new();
        let told = |(n, tick)| Some((detector.hear(tick)?, (n + 1) * 20));
        sound.chunks(160).enumerate().filter_map(told).collect()
    }

    #[track_caller]
    fn check(why: &str, sound: &[i16], expected: &[FaxTone]) {
        for offset in [0, 1, 57, 100] {
            let sound = [vec![0; 800 + offset], sound.to_vec(), quiet(100)].concat();
            let told: Vec<FaxTone> = heard(&sound).into_iter().map(|(tone, _)| tone).collect();
            assert_eq!(told, expected, "{why}, {offset} samples on");
        }
    }

    #[test]
    fn a_calling_machine_is_told_once_at_its_first_burst() {
        // ITU-T T.30 §4.2
        let calling = [FaxTone::Calling];
        for hz in [1_100.0, 1_062.0, 1_138.0] {
            for dbm0 in [-40.0, -25.0, -10.0, 0.0] {
                check(&format!("{hz} Hz at {dbm0} dBm0"), &tone(hz, dbm0, 500), &calling);
            }
        }
        check("the shortest burst", &tone(1_100.0, -15.0, 425), &calling);
        let burst = tone(1_100.0, -15.0, 500);
        check(
            "three bursts",
            &[burst.clone(), quiet(3_000), burst.clone(), quiet(3_000), burst].concat(),
            &calling,
        );
        let halves = [tone(1_100.0, -15.0, 240), quiet(20), tone(1_100.0, -15.0, 240)];
        check("a packet lost", &halves.concat(), &calling);
        let told = heard(&[tone(1_100.0, -15.0, 500), quiet(3_000)].concat());
        assert_eq!(told, [(FaxTone::Calling, 400)], "and at once");
    }

    #[test]
    fn an_answering_machine_is_told_once_its_phase_turned_or_not() {
        // ITU-T T.30 §4.1, V.8 §7
        let answering = [FaxTone::Answering];
        for hz in [2_100.0, 2_085.0, 2_115.0] {
            for dbm0 in [-40.0, -25.0, -10.0, 0.0] {
                check(&format!("{hz} Hz at {dbm0} dBm0"), &tone(hz, dbm0, 3_000), &answering);
            }
        }
        for dbm0 in [-40.0, -12.0] {
            check("ANSam", &ansam(dbm0, 3_000), &answering);
        }
    }

    #[test]
    fn both_are_heard_in_the_noise_of_a_line() {
        let mut rng = Rng::seeded(30);
        for (hz, expected) in [(1_100.0, FaxTone::Calling), (2_100.0, FaxTone::Answering)] {
            // Even between −1 130 and 1 130: 12 dB under −15 dBm0.
            let noisy =
                tone(hz, -15.0, 700).into_iter().map(|sample| sample + rng.below(2_260) as i16 - 1_130);
            check("noise 12 dB under it", &noisy.collect::<Vec<_>>(), &[expected]);
        }
    }

    #[test]
    fn short_and_wrong_tones_are_none() {
        for (why, sound) in [
            ("a burst of 350 ms", tone(1_100.0, -15.0, 350)),
            ("bursts of 200 ms", [tone(1_100.0, -15.0, 200), quiet(100), tone(1_100.0, -15.0, 200)].concat()),
            ("2 100 Hz for 450 ms", tone(2_100.0, -15.0, 450)),
            ("60 Hz under", tone(1_040.0, -15.0, 1_000)),
            ("60 Hz over", tone(1_160.0, -15.0, 1_000)),
            ("40 Hz under", tone(2_060.0, -15.0, 1_000)),
            ("40 Hz over", tone(2_140.0, -15.0, 1_000)),
            ("200 Hz beside", tone(1_300.0, -15.0, 1_000)),
            ("too quiet", tone(1_100.0, -46.0, 1_000)),
            ("our own beep", crate::audio::tone::message_beep()),
            ("silence", quiet(2_000)),
        ] {
            check(why, &sound, &[]);
        }
    }

    #[test]
    fn keys_call_progress_and_chords_are_none() {
        for key in KEYS.into_iter().flatten() {
            check(&format!("key {key}"), &dtmf(key, Duration::from_secs(1), -10.0), &[]);
        }
        for (low, high) in
            [(350.0, 440.0), (440.0, 480.0), (480.0, 620.0), (1_100.0, 1_400.0), (1_100.0, 2_100.0)]
        {
            let partial = |hz| Partial { hz, dbm0: -13.0 };
            check("two tones", &dual(partial(low), partial(high), Duration::from_secs(1)), &[]);
        }
        // C sharp and C, two octaves up, in major and in minor: their notes are near both tones.
        for notes in [
            [1_109, 1_397, 1_661],
            [554, 1_109, 1_661],
            [1_047, 1_319, 1_568],
            [2_093, 2_637, 3_136],
            [1_047, 2_093, 3_136],
        ] {
            let parts = notes.map(|hz| sine(hz, Duration::from_secs(1), 4_000));
            let chord: Vec<i16> = (0..8_000).map(|n| parts.iter().map(|part| part[n]).sum()).collect();
            check(&format!("the chord {notes:?}"), &chord, &[]);
        }
    }
}
