//! Octets by their place in time, and which of them came. A place is in units of the RTP clock and runs over.
//!
//! What came stays marked after it was read until its room is needed, so that a second copy is known. Which
//! places are valid is not its job.

/// A ring of units of equal size.
#[derive(Debug)]
pub struct Ring {
    octets: Box<[u8]>,
    came: Box<[u64]>,
    octets_per_unit: usize,
    /// One less than the number of units, a power of two.
    mask: usize,
}

impl Ring {
    /// An empty ring of `units`, a power of two of at least 64.
    pub fn new(units: usize, octets_per_unit: usize) -> Self {
        Self {
            octets: vec![0; units * octets_per_unit].into_boxed_slice(),
            came: vec![0; units / BITS].into_boxed_slice(),
            octets_per_unit,
            mask: units - 1,
        }
    }

    /// How many units it has.
    pub const fn units(&self) -> usize {
        self.mask + 1
    }

    /// Forgets what came at `units` places from `from` on.
    pub fn clear(&mut self, from: u32, units: u32) {
        for (word, bits) in Words::new(from, units, self.mask) {
            self.came[word] &= !bits;
        }
    }

    /// All of `units` places from `from` on came.
    pub fn all(&self, from: u32, units: u32) -> bool {
        Words::new(from, units, self.mask).all(|(word, bits)| self.came[word] & bits == bits)
    }

    /// None of `units` places from `from` on came.
    pub fn none(&self, from: u32, units: u32) -> bool {
        Words::new(from, units, self.mask).all(|(word, bits)| self.came[word] & bits == 0)
    }

    /// How many of `units` places from `from` on came.
    pub fn count(&self, from: u32, units: u32) -> usize {
        Words::new(from, units, self.mask)
            .map(|(word, bits)| (self.came[word] & bits).count_ones() as usize)
            .sum()
    }

    /// How far after `from` the first place that came is, within `units`.
    pub fn first(&self, from: u32, units: u32) -> Option<u32> {
        let mut passed = 0;
        for (word, bits) in Words::new(from, units, self.mask) {
            let came = self.came[word] & bits;
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
        for (word, bits) in Words::new(from, units, self.mask) {
            fresh += (bits & !self.came[word]).count_ones() as usize;
            self.came[word] |= bits;
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
            self.octets[at..at + first.len()].copy_from_slice(first);
            self.octets[..second.len()].copy_from_slice(second);
            return;
        }
        for (n, unit) in octets.chunks_exact(size).enumerate() {
            let place = from.wrapping_add(n as u32);
            if self.mark(place, 1) == 1 {
                let at = self.index(place);
                self.octets[at..at + size].copy_from_slice(unit);
            }
        }
    }

    /// Reads the octets from `from` on, whether they came or not.
    pub fn read(&self, from: u32, octets: &mut [u8]) {
        let before_the_end = self.before_the_end(from, octets.len());
        let (first, second) = octets.split_at_mut(before_the_end);
        let at = self.index(from);
        first.copy_from_slice(&self.octets[at..at + first.len()]);
        second.copy_from_slice(&self.octets[..second.len()]);
    }

    fn index(&self, place: u32) -> usize {
        (place as usize & self.mask) * self.octets_per_unit
    }

    fn before_the_end(&self, from: u32, octets: usize) -> usize {
        octets.min(self.octets.len() - self.index(from))
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
