//! One index of (deadline, key) over everything in the SIP machine that waits for a time.
//!
//! The deadline in a machine's state is the truth; this index only finds the earliest. It is
//! re-keyed after each `handle`: O(log n), and looking at the first is O(1). It never forgets to
//! move an entry, because [`TimerIndex::set`] is the only way in.

use crate::clock::Instant;
use std::collections::{BTreeMap, BTreeSet};

/// Deadlines by key, and keys by deadline.
#[derive(Debug)]
pub struct TimerIndex<K> {
    by_time: BTreeSet<(Instant, K)>,
    by_key: BTreeMap<K, Instant>,
    first: Option<(Instant, K)>,
}

impl<K: Ord + Copy> TimerIndex<K> {
    /// An index without entries.
    pub fn empty() -> Self {
        Self { by_time: BTreeSet::new(), by_key: BTreeMap::new(), first: None }
    }

    /// Puts `key` at `deadline`, wherever it was before; `None` takes it out.
    pub fn set(&mut self, key: K, deadline: Option<Instant>) {
        let old = match deadline {
            Some(at) => self.by_key.insert(key, at),
            None => self.by_key.remove(&key),
        };
        if old == deadline {
            return;
        }
        if let Some(old) = old {
            self.by_time.remove(&(old, key));
        }
        if let Some(at) = deadline {
            self.by_time.insert((at, key));
        }
        self.first = self.by_time.first().copied();
    }

    /// The earliest entry.
    pub fn first(&self) -> Option<(Instant, K)> {
        self.first
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Rng;

    #[test]
    fn the_first_is_the_earliest_however_often_entries_move() {
        let (mut index, mut model, mut rng) = (TimerIndex::empty(), BTreeMap::new(), Rng::seeded(3));
        for _ in 0..20_000 {
            let key = rng.below(500);
            let deadline = (rng.below(4) > 0).then(|| Instant::from_millis(rng.below(1_000)));
            index.set(key, deadline);
            match deadline {
                Some(at) => model.insert(key, at),
                None => model.remove(&key),
            };
            assert_eq!(index.first(), model.iter().map(|(key, at)| (*at, *key)).min());
        }
    }

    #[test]
    fn two_hundred_thousand_deadlines_come_out_in_order() {
        let (mut index, mut rng) = (TimerIndex::empty(), Rng::seeded(4));
        for key in 0..200_000_u32 {
            index.set(key, Some(Instant::from_micros(rng.below(32_000_000))));
        }
        let (mut last, mut seen) = (Instant::START, 0);
        while let Some((at, key)) = index.first() {
            assert!(at >= last, "{at:?} after {last:?}");
            (last, seen) = (at, seen + 1);
            index.set(key, None);
        }
        assert_eq!(seen, 200_000);
    }
}
