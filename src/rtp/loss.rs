//! How the losses of one source lie: alone or in bursts (ITU-T G.107 §B.4, BurstR).
//!
//! ```text
//!  sequence numbers   … ┌────────────── the newest 64 ──────────────┐ highest
//!       settled: lost or not    still open: may come late, or twice
//! ```
//! A packet counts as lost once 64 others were due after it. Memory and work are the same whatever comes. Which jump
//! is loss, and which a new beginning of the sender, is not this file's job: `sequence` decides it.

/// What was counted of one source, or of several one after the other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Losses {
    /// Packets that came, each once.
    pub received: u64,
    /// Packets that never came.
    pub lost: u64,
    /// Stretches of packets that never came.
    pub bursts: u64,
}

impl Losses {
    /// So many losses, as they would lie at random: nothing is known of their bursts.
    pub const fn scattered(received: u64, lost: u64) -> Self {
        let due = received as u128 + lost as u128;
        let alone = (lost as u128 * received as u128 + due / 2).checked_div(due);
        let bursts = match alone {
            Some(0) | None => (lost > 0) as u64,
            Some(bursts) => bursts as u64,
        };
        Self { received, lost, bursts }
    }

    /// These and those of another source.
    pub const fn and(self, other: Self) -> Self {
        Self {
            received: self.received + other.received,
            lost: self.lost + other.lost,
            bursts: self.bursts + other.bursts,
        }
    }

    /// BurstR in hundredths: the mean length of a burst, divided by what it would be if the same share were lost at
    /// random (ITU-T G.107 §B.4): 100 is random, more is bursts. `None` without a loss, or without anything else.
    pub fn burst_ratio_hundredths(&self) -> Option<u32> {
        let (received, lost) = (u128::from(self.received), u128::from(self.lost));
        let expected_random = u128::from(self.bursts) * (received + lost);
        let ratio = ((100 * lost).saturating_mul(received).saturating_add(expected_random / 2))
            .checked_div(expected_random)?;
        (received > 0).then(|| u32::try_from(ratio).unwrap_or(u32::MAX))
    }
}

/// The run of packets that came and packets that didn't.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Runs {
    /// Bit 0 is the highest sequence number, bit n the one n before it; set if it came.
    came: u64,
    /// How many of the bits mean a packet that was due.
    due: u8,
    settled: Losses,
    /// The newest settled packet was lost.
    in_burst: bool,
}

impl Runs {
    /// A source whose first packet came.
    pub const fn beginning() -> Self {
        Self { came: 1, due: 1, settled: Losses { received: 0, lost: 0, bursts: 0 }, in_burst: false }
    }

    /// A packet came that is `ahead` of the highest so far; 0 is the highest once more.
    pub fn advance(&mut self, ahead: u16) {
        let room = WINDOW - self.due;
        let leaving = ahead.saturating_sub(u16::from(room));
        let known = leaving.min(u16::from(self.due)) as u8;
        self.settle_oldest(known);
        self.lose(u64::from(leaving) - u64::from(known));
        self.came = self.came.checked_shl(u32::from(ahead)).unwrap_or(0) | 1;
        self.due =
            (u16::from(self.due) - u16::from(known)).saturating_add(ahead).min(u16::from(WINDOW)) as u8;
    }

    /// A packet came that is `behind` the highest so far: late, or for the second time. One that came before the
    /// first, or after it was given up, changes nothing.
    pub fn come_late(&mut self, behind: u16) {
        if behind < u16::from(self.due) {
            self.came |= 1 << behind;
        }
    }

    /// The sender began anew, with a packet that came; what was before it stays counted.
    pub fn restart(&mut self) {
        self.settle_oldest(self.due);
        (self.came, self.due, self.in_burst) = (1, 1, false);
    }

    /// What is known now. What is still open counts as it stands.
    pub fn losses(&self) -> Losses {
        let mut copy = *self;
        copy.settle_oldest(copy.due);
        copy.settled
    }

    fn settle_oldest(&mut self, count: u8) {
        for place in (self.due - count..self.due).rev() {
            if self.came >> place & 1 == 1 {
                self.settled.received += 1;
                self.in_burst = false;
            } else {
                self.lose(1);
            }
        }
    }

    fn lose(&mut self, packets: u64) {
        if packets > 0 {
            self.settled.lost += packets;
            self.settled.bursts += u64::from(!self.in_burst);
            self.in_burst = true;
        }
    }
}

/// Sequence numbers that are kept open: over a second of packets.
const WINDOW: u8 = 64;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Rng;
    use proptest::prelude::*;

    /// Sequence numbers as they come, the first of which is the lowest.
    fn after(numbers: &[u32]) -> Losses {
        let (mut runs, mut highest) = (Runs::beginning(), numbers[0]);
        for number in &numbers[1..] {
            match number.checked_sub(highest) {
                Some(ahead) => (runs.advance(ahead as u16), highest = *number).0,
                None => runs.come_late((highest - number) as u16),
            }
        }
        runs.losses()
    }

    #[test]
    fn losses_are_counted_with_their_bursts() {
        let check = |why: &str, numbers: &[u32], expected: (u64, u64, u64)| {
            let Losses { received, lost, bursts } = after(numbers);
            assert_eq!((received, lost, bursts), expected, "{why}");
        };
        check("one packet", &[5], (1, 0, 0));
        check("in order", &[5, 6, 7], (3, 0, 0));
        check("one missing", &[5, 7], (2, 1, 1));
        check("two bursts", &[5, 7, 8, 11], (4, 3, 2));
        check("late", &[5, 7, 6, 8], (4, 0, 0));
        check("late, in the middle of a burst", &[5, 9, 7], (3, 2, 2));
        check("twice", &[5, 6, 6, 5, 6, 8], (3, 1, 1));
        check("before the first", &[5, 4, 6], (2, 0, 0));
        check("the oldest that is waited for", &[5, 69, 6], (3, 62, 1));
        check("one more is given up", &[5, 70, 6], (2, 64, 1));
        check("far ahead", &[5, 3_004], (2, 2_998, 1));
        check("far ahead, and again", &[5, 105, 205, 206], (4, 198, 2));
    }

    #[test]
    fn a_new_beginning_is_no_loss() {
        let mut runs = Runs::beginning();
        runs.advance(2);
        runs.restart();
        runs.advance(1);
        assert_eq!(runs.losses(), Losses { received: 4, lost: 1, bursts: 1 });
    }

    #[test]
    fn the_burst_ratio_is_one_at_random_and_more_in_bursts() {
        // ITU-T G.107 §B.4: a two-state Markov chain of transitions p and q has BurstR = 1 / (p + q).
        let ratio = |p: f64, q: f64| {
            let mut rng = Rng::seeded(7);
            let mut chance = |of: f64| (rng.next_u32() as f64) < of * 4_294_967_296.0;
            let (mut runs, mut ahead, mut losing) = (Runs::beginning(), 1, false);
            for _ in 0..200_000 {
                losing = if losing { !chance(q) } else { chance(p) };
                if losing { ahead += 1 } else { (runs.advance(ahead), ahead = 1).1 }
            }
            runs.losses().burst_ratio_hundredths().unwrap()
        };
        for (p, q, expected) in [(0.03, 0.97, 100), (0.10, 0.90, 100), (0.02, 0.48, 200), (0.01, 0.19, 500)] {
            let found = ratio(p, q);
            assert!(found.abs_diff(expected) * 25 <= expected, "p {p}, q {q}: {found}, not {expected}");
        }
    }

    #[test]
    fn the_burst_ratio_is_unknown_without_loss_and_computed_with_it() {
        let ratio = |received, lost, bursts| Losses { received, lost, bursts }.burst_ratio_hundredths();
        assert_eq!(ratio(0, 0, 0), None);
        assert_eq!(ratio(100, 0, 0), None);
        assert_eq!(ratio(0, 5, 1), None);
        assert_eq!(ratio(90, 10, 9), Some(100), "10 / 9 long, and 1 / 0.9 at random");
        assert_eq!(ratio(90, 10, 1), Some(900));
        assert_eq!(ratio(98, 2, 2), Some(98), "never two together is less than random");
        for (received, lost) in [(90, 10), (1, 99), (1_000_000, 1), (500, 500)] {
            let ratio = Losses::scattered(received, lost).burst_ratio_hundredths().unwrap();
            assert!((99..=101).contains(&ratio), "{ratio} for {received} and {lost}");
        }
        assert_eq!(Losses::scattered(5, 0), Losses { received: 5, lost: 0, bursts: 0 });
        assert_eq!(Losses::scattered(0, 5), Losses { received: 0, lost: 5, bursts: 1 });
        assert_eq!(ratio(u64::MAX / 2, u64::MAX / 2, 1), Some(u32::MAX));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]

        #[test]
        fn whatever_order_they_come_in_the_counts_are_those_of_a_list(
            lost in proptest::collection::vec(proptest::bool::weighted(0.3), 1..300), seed in any::<u64>(),
        ) {
            // The list: the first and the last came; the others as drawn.
            let last = lost.len();
            let came = |n: usize| n == 0 || n >= last || !lost[n];
            let mut numbers: Vec<u32> = (1..=last).filter(|n| came(*n)).map(|n| n as u32 + 9).collect();
            let mut rng = Rng::seeded(seed);
            numbers.sort_by_cached_key(|number| u64::from(*number) + rng.below(20));
            for place in (0..numbers.len()).step_by(3) {
                numbers.push(numbers[place]);
            }
            numbers.insert(0, 9);
            let bursts = (1..=last).filter(|n| !came(*n) && came(n - 1)).count() as u64;
            let missing = (0..=last).filter(|n| !came(*n)).count() as u64;
            let expected = Losses { received: last as u64 + 1 - missing, lost: missing, bursts };
            prop_assert_eq!(after(&numbers), expected, "{:?}", numbers);
        }
    }
}
