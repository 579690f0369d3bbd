//! The phone's own sending line, which can be bad: seeded loss, jitter (and with it reordering) and duplicates.
//!
//! The same seed and the same packets tell the same story. A good line holds nothing back.

use crate::clock::Instant;
use crate::rng::Rng;
use std::collections::BTreeMap;
use std::time::Duration;

/// How bad a line is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Badness {
    /// Packets lost, in percent.
    pub loss: u8,
    /// Packets sent twice, in percent.
    pub duplicate: u8,
    /// The longest that a packet is held back, in ms.
    pub jitter_ms: u16,
}

/// What was sent and is on its way.
#[derive(Debug)]
pub struct Line {
    badness: Badness,
    rng: Rng,
    held: BTreeMap<(Instant, u64), Vec<u8>>,
    count: u64,
    lost: u64,
}

impl Line {
    /// A line whose whole badness follows from `seed`.
    pub fn new(badness: Badness, seed: u64) -> Self {
        Self { badness, rng: Rng::seeded(seed), held: BTreeMap::new(), count: 0, lost: 0 }
    }

    /// Takes a packet.
    pub fn send(&mut self, now: Instant, octets: &[u8]) {
        if self.rng.below(100) < u64::from(self.badness.loss) {
            self.lost += 1;
            return;
        }
        let copies = 1 + u64::from(self.rng.below(100) < u64::from(self.badness.duplicate));
        for _ in 0..copies {
            self.count += 1;
            let late = Duration::from_millis(self.rng.below(u64::from(self.badness.jitter_ms) + 1));
            self.held.insert((now + late, self.count), octets.to_vec());
        }
    }

    /// The next packet that arrives by now.
    pub fn arrive(&mut self, now: Instant) -> Option<Vec<u8>> {
        let first = self.held.first_entry().filter(|first| first.key().0 <= now)?;
        Some(first.remove())
    }

    /// Packets that it lost.
    pub fn lost(&self) -> u64 {
        self.lost
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arrived(badness: Badness, seed: u64) -> Vec<u8> {
        let mut line = Line::new(badness, seed);
        let mut arrived = Vec::new();
        for n in 0..200_u8 {
            let now = Instant::from_millis(20 * u64::from(n));
            line.send(now, &[n]);
            arrived.extend(std::iter::from_fn(|| line.arrive(now)).flatten());
        }
        arrived.extend(std::iter::from_fn(|| line.arrive(Instant::from_millis(9_000))).flatten());
        arrived
    }

    #[test]
    fn a_good_line_changes_nothing_and_a_bad_one_is_bad_by_its_seed_alone() {
        assert_eq!(arrived(Badness::default(), 1), (0..200).collect::<Vec<u8>>());
        let bad = Badness { loss: 20, duplicate: 5, jitter_ms: 60 };
        let (told, again, other) = (arrived(bad, 1), arrived(bad, 1), arrived(bad, 2));
        assert_eq!(told, again);
        assert_ne!(told, other);
        assert!((130..195).contains(&told.len()), "a fifth is lost, some come twice: {}", told.len());
        assert!(told.windows(2).any(|pair| pair[1] < pair[0]), "some overtake: {told:?}");
        let mut sorted = told.clone();
        sorted.sort_unstable();
        assert!(sorted.windows(2).any(|pair| pair[1] == pair[0]), "some come twice: {told:?}");
    }
}
