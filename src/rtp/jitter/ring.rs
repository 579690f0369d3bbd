//! Octets by their place in time, and which of them came. A place is in units of the RTP clock and runs over.
//!
//! What came stays marked after it was read until its room is needed, so that a second copy is known. Which
//! places are valid is not its job.

use crate::near;

/// A ring of units of equal size.
#[derive(Debug)]
pub struct Ring {
    store: Store,
    octets_per_unit: usize,
    /// One less than the number of units, a power of two.
    mask: usize,
}

/// Where the octets and their marks are.
#[derive(Debug)]
#[allow(
    clippy::large_enum_variant,
    reason = "the large one is that of nearly all, and lies where its owner does"
)]
enum Store {
    /// Beside the rest of what a packet touches.
    Here { octets: [u8; UNITS_HERE], came: [u64; UNITS_HERE / BITS] },
    /// In a place of their own: so many are seldom.
    Apart { octets: Box<[u8]>, came: Box<[u64]> },
}

impl Store {
    fn octets(&self) -> &[u8] {
        match self {
            Store::Here { octets, .. } => octets,
            Store::Apart { octets, .. } => octets,
        }
    }

    fn octets_mut(&mut self) -> &mut [u8] {
        match self {
            Store::Here { octets, .. } => octets,
            Store::Apart { octets, .. } => octets,
        }
    }

    fn came(&self) -> &[u64] {
        match self {
            Store::Here { came, .. } => came,
            Store::Apart { came, .. } => came,
        }
    }

    fn came_mut(&mut self) -> &mut [u64] {
        match self {
            Store::Here { came, .. } => came,
            Store::Apart { came, .. } => came,
        }
    }
}

impl Ring {
    /// An empty ring of `units`, a power of two of at least 64.
    pub fn new(units: usize, octets_per_unit: usize) -> Self {
        let store = if units == UNITS_HERE && octets_per_unit == 1 {
            Store::Here { octets: [0; UNITS_HERE], came: [0; UNITS_HERE / BITS] }
        } else {
            Store::Apart {
                octets: vec![0; units * octets_per_unit].into(),
                came: vec![0; units / BITS].into(),
            }
        };
        Self { store, octets_per_unit, mask: units - 1 }
    }

    /// How many units it has.
    pub const fn units(&self) -> usize {
        self.mask + 1
    }

    /// Forgets what came at `units` places from `from` on.
    pub fn clear(&mut self, from: u32, units: u32) {
        for (word, bits) in Words::new(from, units, self.mask) {
            self.store.came_mut()[word] &= !bits;
        }
    }

    /// All of `units` places from `from` on came.
    pub fn all(&self, from: u32, units: u32) -> bool {
        let came = self.store.came();
        Words::new(from, units, self.mask).all(|(word, bits)| came[word] & bits == bits)
    }

    /// None of `units` places from `from` on came.
    pub fn none(&self, from: u32, units: u32) -> bool {
        let came = self.store.came();
        Words::new(from, units, self.mask).all(|(word, bits)| came[word] & bits == 0)
    }

    /// How many of `units` places from `from` on came.
    pub fn count(&self, from: u32, units: u32) -> usize {
        let came = self.store.came();
        Words::new(from, units, self.mask).map(|(word, bits)| (came[word] & bits).count_ones() as usize).sum()
    }

    /// How far after `from` the first place that came is, within `units`.
    pub fn first(&self, from: u32, units: u32) -> Option<u32> {
        let mut passed = 0;
        for (word, bits) in Words::new(from, units, self.mask) {
            let came = self.store.came()[word] & bits;
            if came != 0 {
                return Some(passed + came.trailing_zeros() - bits.trailing_zeros());
            }
            passed += bits.count_ones();
        }
        None
    }

    /// Marks `units` places from `from` on as come; tells how many were not before.
    pub fn mark(&mut self, from: u32, units: u32) -> usize {
        let mut fresh = 0;
        let came = self.store.came_mut();
        for (word, bits) in Words::new(from, units, self.mask) {
            fresh += (bits & !came[word]).count_ones() as usize;
            came[word] |= bits;
        }
        fresh
    }

    /// Writes whole units from `from` on; what came before stays as it is.
    pub fn write(&mut self, from: u32, octets: &[u8]) {
        let size = self.octets_per_unit;
        let units = (octets.len() / size) as u32;
        if self.none(from, units) {
            self.mark(from, units);
            let (first, second) = octets.split_at(self.before_the_end(from, octets.len()));
            let at = self.index(from);
            let ring = self.store.octets_mut();
            ring[at..at + first.len()].copy_from_slice(first);
            ring[..second.len()].copy_from_slice(second);
            return;
        }
        for (n, unit) in octets.chunks_exact(size).enumerate() {
            let place = from.wrapping_add(n as u32);
            if self.mark(place, 1) == 1 {
                let at = self.index(place);
                self.store.octets_mut()[at..at + size].copy_from_slice(unit);
            }
        }
    }

    /// Reads the octets from `from` on, whether they came or not.
    pub fn read(&self, from: u32, octets: &mut [u8]) {
        let [first, second] = self.parts(from, octets.len());
        let (head, rest) = octets.split_at_mut(first.len());
        head.copy_from_slice(first);
        rest.copy_from_slice(second);
    }

    /// The octets from `from` on where they lie, whether they came or not: the second part over the ring's end.
    pub fn parts(&self, from: u32, octets: usize) -> [&[u8]; 2] {
        let before_the_end = self.before_the_end(from, octets);
        let at = self.index(from);
        let ring = self.store.octets();
        [&ring[at..at + before_the_end], &ring[..octets - before_the_end]]
    }

    /// Asks for the memory of `octets` from `from` on.
    pub fn ask_for(&self, from: u32, octets: usize) {
        self.parts(from, octets).into_iter().for_each(near::ask_for);
        near::ask_for(&self.store.came()[(from as usize & self.mask) / BITS]);
    }

    fn index(&self, place: u32) -> usize {
        (place as usize & self.mask) * self.octets_per_unit
    }

    fn before_the_end(&self, from: u32, octets: usize) -> usize {
        octets.min(self.store.octets().len() - self.index(from))
    }
}

/// The words of the marks that a stretch touches, each with its bits of the stretch.
struct Words {
    place: usize,
    left: usize,
    mask: usize,
}

impl Words {
    fn new(from: u32, units: u32, mask: usize) -> Self {
        Self { place: from as usize & mask, left: (units as usize).min(mask + 1), mask }
    }
}

impl Iterator for Words {
    type Item = (usize, u64);

    fn next(&mut self) -> Option<(usize, u64)> {
        if self.left == 0 {
            return None;
        }
        let (word, bit) = (self.place / BITS, self.place % BITS);
        let units = self.left.min(BITS - bit);
        self.left -= units;
        self.place = (self.place + units) & self.mask;
        Some((word, (u64::MAX >> (BITS - units)) << bit))
    }
}

const BITS: usize = u64::BITS as usize;
/// Units of one octet that a ring has with itself: over half a second of G.711 and G.722.
const UNITS_HERE: usize = 4_096;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stretch_over_the_end_is_one_stretch() {
        let mut ring = Ring::new(128, 2);
        let octets: Vec<u8> = (0..100).collect();
        ring.write(100, &octets);
        assert_eq!((ring.count(100, 50), ring.count(99, 52), ring.count(22, 78)), (50, 50, 0));
        assert!(ring.all(100, 50) && !ring.all(100, 51) && !ring.all(99, 50));
        assert!(ring.none(22, 78) && !ring.none(21, 78) && !ring.none(22, 79));
        let mut read = [0; 100];
        ring.read(100, &mut read);
        assert_eq!(read[..], octets[..]);
        ring.clear(127, 2);
        assert_eq!(ring.count(100, 50), 48);
        assert_eq!([ring.first(90, 20), ring.first(30, 80), ring.first(30, 60)], [Some(10), Some(70), None]);
    }

    #[test]
    fn what_came_first_stays() {
        let mut ring = Ring::new(64, 1);
        ring.write(u32::MAX - 1, &[1, 2, 3, 4]);
        ring.write(u32::MAX - 3, &[9; 8]);
        let mut read = [0; 8];
        ring.read(u32::MAX - 3, &mut read);
        assert_eq!(read, [9, 9, 1, 2, 3, 4, 9, 9]);
        assert_eq!(ring.mark(u32::MAX - 4, 10), 2);
    }

    #[test]
    fn a_stretch_longer_than_the_ring_is_the_whole_ring() {
        let mut ring = Ring::new(64, 1);
        ring.mark(5, 64);
        assert_eq!(ring.count(9, 1_000), 64);
        ring.clear(70, u32::MAX);
        assert_eq!(ring.count(0, 64), 0);
    }
}
