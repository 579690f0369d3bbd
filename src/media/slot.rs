//! When legs tick: the time line cut into slots of 5 ms, four to a tick (absolute, so nothing drifts).
//!
//! ```text
//!  slot     0   1   2   3 │ 4   5   6   7 │ 8 …
//!  group    0   1   2   3 │ 0   1   2   3 │ 0 …      a leg lives in one group: every fourth slot is its own
//! ```

use crate::clock::Instant;
use crate::limits::{SLOTS_PER_TICK, TICK};

/// One slot of the time line, counted from the engine's start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Slot(pub u64);

impl Slot {
    /// When it is due.
    pub const fn at(self) -> Instant {
        Instant::from_micros(self.0 * SLOT_US)
    }

    /// The group of legs whose slot it is, under [`SLOTS_PER_TICK`].
    pub const fn group(self) -> usize {
        (self.0 % SLOTS_PER_TICK) as usize
    }

    /// The slot of the same legs, `ticks` later.
    pub const fn after_ticks(self, ticks: u64) -> Slot {
        Slot(self.0 + ticks * SLOTS_PER_TICK)
    }

    /// The first slot of `group` that is due after `now`.
    pub const fn first_after(now: Instant, group: usize) -> Slot {
        let next = now.as_micros() / SLOT_US + 1;
        let wait = (group as u64 + SLOTS_PER_TICK - next % SLOTS_PER_TICK) % SLOTS_PER_TICK;
        Slot(next + wait)
    }
}

const SLOT_US: u64 = TICK.as_micros() as u64 / SLOTS_PER_TICK;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_slot_of_a_group_is_after_now_and_within_a_tick() {
        for now in [0, 1, 4_999, 5_000, 5_001, 19_999, 20_000, 1_234_567] {
            for group in 0..4 {
                let now = Instant::from_micros(now);
                let slot = Slot::first_after(now, group);
                assert_eq!(slot.group(), group, "{now:?}");
                assert!(slot.at() > now && slot.at().since(now) <= TICK, "{now:?} group {group}: {slot:?}");
            }
        }
        assert_eq!(Slot(3).after_ticks(2), Slot(11));
        assert_eq!(Slot(11).at(), Instant::from_millis(55));
    }
}
