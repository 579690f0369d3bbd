//! Several parties in one conversation, and who of them hears whom.
//!
//! ```text
//!              patient agent coach
//!   patient       ·      x     ·       x: the party of this line hears the one of this column
//!   agent         x      ·     x       here the coach whispers: the agent alone hears him
//!   coach         x      x     ·
//! ```
//! A tick is `begin`, then `say` for each party that has sound, then `hear` for each one. The sum of all is made
//! once; who hears all others gets it less himself, who hears few gets theirs added. Whole numbers are
//! added, so both ways give the same octets.
//!
//! Nothing follows the level over time, so nothing pumps: one voice passes untouched, and a sum is bent only
//! where it would leave the range of a sample. All parties have one sample rate; decoding to it is not done here.

use crate::limits::MIXER_PARTIES_MAX;

/// Samples in 20 ms at the highest rate, 16 kHz.
pub const TICK_SAMPLES_MAX: usize = 320;

/// The place of a party in its mixer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Party(u8);

impl Party {
    /// Its place, under [`MIXER_PARTIES_MAX`].
    pub const fn place(self) -> usize {
        self.0 as usize
    }
}

/// A set of parties of one mixer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PartySet(u16);

const _: () = assert!(MIXER_PARTIES_MAX <= u16::BITS as usize);

impl PartySet {
    /// Nobody.
    pub const NOBODY: Self = Self(0);

    /// These parties.
    pub fn of(parties: &[Party]) -> Self {
        parties.iter().fold(Self::NOBODY, |set, party| set.with(*party))
    }

    /// The same and `party`.
    pub const fn with(self, party: Party) -> Self {
        Self(self.0 | 1 << party.0)
    }

    /// The same without `party`.
    pub const fn without(self, party: Party) -> Self {
        Self(self.0 & !(1 << party.0))
    }

    /// Whether `party` is one of them.
    pub const fn contains(self, party: Party) -> bool {
        self.0 & 1 << party.0 != 0
    }

    /// How many they are.
    pub const fn count(self) -> u32 {
        self.0.count_ones()
    }

    const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    const fn less(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Each of them, in the order of their places.
    pub fn parties(self) -> impl Iterator<Item = Party> {
        (0..MIXER_PARTIES_MAX as u8).map(Party).filter(move |party| self.contains(*party))
    }
}

/// The conversation. About 12 kB, allocated once.
#[derive(Clone, Debug)]
pub struct Mixer {
    samples: usize,
    present: PartySet,
    /// Who has sound in this tick.
    speaking: PartySet,
    hears: [PartySet; MIXER_PARTIES_MAX],
    said: Box<[[i16; TICK_SAMPLES_MAX]; MIXER_PARTIES_MAX]>,
    /// What all who speak say together.
    total: [i32; TICK_SAMPLES_MAX],
}

impl Mixer {
    /// Nobody yet. A tick has `samples`: 160 at 8 kHz, 320 at 16 kHz, and no more.
    pub fn new(samples: usize) -> Self {
        Self {
            samples: samples.min(TICK_SAMPLES_MAX),
            present: PartySet::NOBODY,
            speaking: PartySet::NOBODY,
            hears: [PartySet::NOBODY; MIXER_PARTIES_MAX],
            said: Box::new([[0; TICK_SAMPLES_MAX]; MIXER_PARTIES_MAX]),
            total: [0; TICK_SAMPLES_MAX],
        }
    }

    /// A new party. It hears nobody and nobody hears it until [`Mixer::hears`] says so. `None` when all places are taken.
    pub fn join(&mut self) -> Option<Party> {
        let party = (0..MIXER_PARTIES_MAX as u8).map(Party).find(|party| !self.present.contains(*party))?;
        self.present = self.present.with(party);
        Some(party)
    }

    /// The party is gone. Nobody hears whoever gets its place next, until told.
    pub fn leave(&mut self, party: Party) {
        self.silence(party);
        self.present = self.present.without(party);
        self.hears[usize::from(party.0)] = PartySet::NOBODY;
        self.hears.iter_mut().for_each(|hears| *hears = hears.without(party));
    }

    /// From now on `party` hears these, itself never.
    pub fn hears(&mut self, party: Party, whom: PartySet) {
        if self.present.contains(party) {
            self.hears[usize::from(party.0)] = whom.and(self.present).without(party);
        }
    }

    /// Who is here.
    pub const fn present(&self) -> PartySet {
        self.present
    }

    /// A new tick: nobody has said anything.
    pub fn begin(&mut self) {
        self.speaking = PartySet::NOBODY;
        self.total[..self.samples].fill(0);
    }

    /// What `party` says in this tick; in place of what it said in it before. Missing samples are silence.
    pub fn say(&mut self, party: Party, samples: &[i16]) {
        self.silence(party);
        if !self.present.contains(party) {
            return;
        }
        self.speaking = self.speaking.with(party);
        let said = &mut self.said[usize::from(party.0)][..self.samples];
        said.fill(0);
        for ((said, total), sample) in said.iter_mut().zip(&mut self.total).zip(samples) {
            *said = *sample;
            *total += i32::from(*sample);
        }
    }

    fn silence(&mut self, party: Party) {
        if self.speaking.contains(party) {
            self.speaking = self.speaking.without(party);
            add(&mut self.total[..self.samples], &self.said[usize::from(party.0)], -1);
        }
    }

    /// `party` says nothing in this tick, not even silence.
    pub fn hush(&mut self, party: Party) {
        self.silence(party);
    }

    /// Those of whom `party` may hear that have sound in this tick.
    pub const fn heard_by(&self, party: Party) -> PartySet {
        self.hears[party.place()].and(self.speaking)
    }

    /// Those whom `party` may hear and who may hear it.
    pub fn talking_with(&self, party: Party) -> PartySet {
        let hears_it = |other: &Party| self.hears[other.place()].contains(party);
        let both = self.hears[party.place()].parties().filter(hears_it);
        both.fold(PartySet::NOBODY, PartySet::with)
    }

    /// What `party` hears in this tick: the sum of those that it may hear.
    pub fn hear(&self, party: Party, out: &mut [i16]) {
        let heard = self.heard_by(party);
        let unheard = self.speaking.less(heard);
        out.fill(0);
        if heard.count() < 2 {
            if let Some(only) = heard.parties().next() {
                out.iter_mut()
                    .zip(&self.said[usize::from(only.0)][..self.samples])
                    .for_each(|(o, s)| *o = *s);
            }
            return;
        }
        let mut sum = [0; TICK_SAMPLES_MAX];
        let sum = &mut sum[..self.samples];
        if unheard.count() < heard.count() {
            sum.copy_from_slice(&self.total[..self.samples]);
            unheard.parties().for_each(|other| add(sum, &self.said[usize::from(other.0)], -1));
        } else {
            heard.parties().for_each(|other| add(sum, &self.said[usize::from(other.0)], 1));
        }
        out.iter_mut().zip(sum).for_each(|(out, sum)| *out = softly(*sum));
    }
}

fn add(sum: &mut [i32], samples: &[i16], times: i32) {
    sum.iter_mut().zip(samples).for_each(|(sum, sample)| *sum += times * i32::from(*sample));
}

/// Up to here a sum passes as it is: 2.5 dB under full scale.
const KNEE: i32 = 24_576;

/// A sum as a sample: bent over the knee towards full scale, which it does not reach; without an edge at the knee.
fn softly(sum: i32) -> i16 {
    const ROOM: i32 = i16::MAX as i32 - KNEE;
    let over = sum.abs() - KNEE;
    if over <= 0 {
        return sum as i16;
    }
    // 16 parties leave `over` 20 bits, and ROOM has 13: the product needs more than 32.
    let bent = KNEE + (i64::from(over) * i64::from(ROOM) / i64::from(over + ROOM)) as i32;
    (bent * sum.signum()) as i16
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audio::goertzel::power;
    use crate::rng::Rng;
    use proptest::prelude::*;
    use std::f64::consts::TAU;

    fn room(parties: usize) -> (Mixer, Vec<Party>) {
        let mut mixer = Mixer::new(160);
        let parties = (0..parties).map(|_| mixer.join().unwrap()).collect();
        (mixer, parties)
    }

    /// Everybody plays his own tone for a second: the frequency of the nth.
    fn tone_hz(n: usize) -> u32 {
        300 + 190 * n as u32
    }

    /// Levels in dB of each party's tone (column) in what each party (line) hears, against the tone as it was played.
    fn levels(mixer: &mut Mixer, parties: &[Party], crest: f64) -> Vec<Vec<f64>> {
        let mut heard = vec![Vec::new(); parties.len()];
        for tick in 0..50 {
            mixer.begin();
            for (n, party) in parties.iter().enumerate() {
                let sample = |at: usize| {
                    (crest * (TAU * f64::from(tone_hz(n)) * at as f64 / 8_000.0).sin()).round() as i16
                };
                let said: Vec<i16> = (160 * tick..160 * (tick + 1)).map(sample).collect();
                mixer.say(*party, &said);
            }
            for (party, heard) in parties.iter().zip(&mut heard) {
                let mut out = [0; 160];
                mixer.hear(*party, &mut out);
                heard.extend(out);
            }
        }
        let level = |heard: &Vec<i16>, n| {
            10.0 * (power(heard, tone_hz(n)) / (crest * crest / 2.0)).max(1e-12).log10()
        };
        heard.iter().map(|heard| (0..parties.len()).map(|n| level(heard, n)).collect()).collect()
    }

    #[track_caller]
    fn check_who_hears_whom(why: &str, mixer: &mut Mixer, parties: &[Party], hears: &[PartySet], crest: f64) {
        for (line, levels) in levels(mixer, parties, crest).iter().enumerate() {
            for (column, level) in levels.iter().enumerate() {
                if hears[line].contains(parties[column]) {
                    assert!(level.abs() < 0.5, "{why}: {line} hears {column} at {level:.2} dB");
                } else {
                    assert!(*level <= -60.0, "{why}: {line} must not hear {column}: {level:.1} dB");
                }
            }
        }
    }

    #[test]
    fn each_party_hears_exactly_those_it_may() {
        let mut rng = Rng::seeded(41);
        for round in 0..12 {
            let count = 2 + rng.below(MIXER_PARTIES_MAX as u64 - 1) as usize;
            let (mut mixer, parties) = room(count);
            let mut sets = Vec::new();
            for (n, party) in parties.iter().enumerate() {
                // Few, about half, or nearly all.
                let keep = [2, 5, 9][rng.below(3) as usize];
                let whom: Vec<Party> = parties.iter().copied().filter(|_| rng.below(10) < keep).collect();
                mixer.hears(*party, PartySet::of(&whom));
                sets.push(PartySet::of(&whom).without(parties[n]));
            }
            check_who_hears_whom(
                &format!("round {round}, {count} parties"),
                &mut mixer,
                &parties,
                &sets,
                1_200.0,
            );
        }
    }

    #[test]
    fn supervision_is_a_matter_of_who_hears_whom() {
        // Lines and columns: patient, agent, supervisor.
        let table: [(&str, [&str; 3]); 6] = [
            ("talk: the supervisor is not there", [".x.", "x..", "..."]),
            ("listen: nobody hears the supervisor", [".x.", "x..", "xx."]),
            ("whisper: the agent alone hears the supervisor", [".x.", "x.x", "xx."]),
            ("barge: all hear all", [".xx", "x.x", "xx."]),
            ("take over: the agent only listens", ["..x", "x.x", "x.."]),
            ("consult: the patient waits, the two talk", ["...", "..x", ".x."]),
        ];
        for (why, lines) in table {
            let (mut mixer, parties) = room(3);
            let sets = lines.map(|line| {
                let marked = line.chars().zip(&parties).filter(|(mark, _)| *mark == 'x');
                PartySet::of(&marked.map(|(_, party)| *party).collect::<Vec<_>>())
            });
            parties.iter().zip(sets).for_each(|(party, set)| mixer.hears(*party, set));
            check_who_hears_whom(why, &mut mixer, &parties, &sets, 8_000.0);
        }
    }

    #[test]
    fn a_newcomer_is_heard_by_nobody_until_told_even_in_a_place_that_was_heard_before() {
        let (mut mixer, parties) = room(3);
        let all = PartySet::of(&parties);
        parties.iter().for_each(|party| mixer.hears(*party, all));
        mixer.leave(parties[1]);
        let newcomer = mixer.join().unwrap();
        assert_eq!(newcomer, parties[1], "the free place is taken again");
        let sets = [PartySet::of(&[parties[2]]), PartySet::NOBODY, PartySet::of(&[parties[0]])];
        check_who_hears_whom("newcomer", &mut mixer, &parties, &sets, 1_200.0);
    }

    #[test]
    fn places_are_bounded_and_an_absent_party_says_and_hears_nothing() {
        let (mut mixer, parties) = room(MIXER_PARTIES_MAX);
        assert_eq!(mixer.join(), None);
        mixer.hears(parties[0], PartySet::of(&parties));
        mixer.begin();
        mixer.say(parties[1], &[500; 160]);
        mixer.say(parties[2], &[70; 160]);
        mixer.leave(parties[1]);
        mixer.say(parties[1], &[9; 160]);
        mixer.hears(parties[1], PartySet::of(&parties));
        let mut out = [1; 160];
        mixer.hear(parties[0], &mut out);
        assert_eq!(out, [70; 160]);
        mixer.hear(parties[1], &mut out);
        assert_eq!((out, mixer.present().count()), ([0; 160], MIXER_PARTIES_MAX as u32 - 1));
    }

    #[test]
    fn one_voice_passes_untouched_and_two_add_up_as_they_are() {
        let (mut mixer, parties) = room(3);
        parties.iter().for_each(|party| mixer.hears(*party, PartySet::of(&parties)));
        let table: [(i16, Option<i16>, i16); 7] = [
            (i16::MIN, None, i16::MIN),
            (32_000, None, 32_000),
            (12_000, Some(12_000), 24_000),
            (-12_288, Some(-12_288), -24_576),
            (20_000, Some(-15_000), 5_000),
            // 40 000 is 15 424 over the knee: 24 576 + 15 424 · 8 191 / 23 615.
            (20_000, Some(20_000), 29_925),
            (i16::MIN, Some(i16::MIN), -31_401),
        ];
        for (one, other, expected) in table {
            mixer.begin();
            mixer.say(parties[0], &[7; 160]); // what was said before in the same tick is replaced
            mixer.say(parties[0], &[one; 160]);
            other.iter().for_each(|other| mixer.say(parties[1], &[*other; 160]));
            let mut out = [0; 160];
            mixer.hear(parties[2], &mut out);
            assert_eq!(out, [expected; 160], "{one} and {other:?}");
        }
    }

    #[test]
    fn the_bend_over_the_knee_rises_without_an_edge_and_never_reaches_full_scale() {
        for sum in 0..16 * 32_768 {
            let (here, next) = (softly(sum), softly(sum + 1));
            assert!((0..=1).contains(&(next - here)), "{sum}: {here}, {next}");
            assert_eq!(softly(-sum), -here);
        }
        assert_eq!((softly(KNEE), softly(KNEE + 10)), (KNEE as i16, KNEE as i16 + 9));
        assert!(softly(16 * 32_768) < i16::MAX);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]
        #[test]
        fn both_ways_of_adding_give_what_adding_one_by_one_gives(
            seed in any::<u64>(), count in 2..=MIXER_PARTIES_MAX, silent in 0_u64..4,
        ) {
            let mut rng = Rng::seeded(seed);
            let mut mixer = Mixer::new(320);
            let parties: Vec<Party> = (0..count).map(|_| mixer.join().unwrap()).collect();
            let matrix: Vec<PartySet> =
                parties.iter().map(|party| PartySet(rng.next_u16()).and(mixer.present()).without(*party)).collect();
            parties.iter().zip(&matrix).for_each(|(party, whom)| mixer.hears(*party, *whom));
            for _ in 0..3 {
                mixer.begin();
                let mut said = Vec::new();
                for party in &parties {
                    let loud = 1 + rng.below(4) as i16;
                    let samples: Vec<i16> = (0..320).map(|_| rng.next_u16() as i16 / loud).collect();
                    let speaks = rng.below(4) >= silent;
                    if speaks {
                        mixer.say(*party, &samples);
                    }
                    said.push(speaks.then_some(samples));
                }
                for (party, whom) in parties.iter().zip(&matrix) {
                    let heard: Vec<&Vec<i16>> = parties.iter().zip(&said)
                        .filter(|(other, _)| whom.contains(**other)).filter_map(|(_, said)| said.as_ref()).collect();
                    let mut out = [0; 320];
                    mixer.hear(*party, &mut out);
                    for (n, out) in out.iter().enumerate() {
                        let sum: i32 = heard.iter().map(|said| i32::from(said[n])).sum();
                        let expected = if heard.len() < 2 { sum as i16 } else { softly(sum) };
                        prop_assert_eq!(*out, expected, "{:?} at {}", party, n);
                    }
                }
            }
        }
    }
}
