//! What a calendar answered last, and the stretch of time over which it answers the same: nearly every call asks within
//! such a stretch, and none of them is to reckon again what the one before it has reckoned.
//!
//! ```text
//!  63     36 35     2 1     0
//!  │ from   │ long   │ state │      minutes since 2020, minutes; state 0: nothing is known
//! ```
//! One word, read and written whole: whoever comes from another thread finds an old answer or a new one, both true for
//! the stretch that stands beside them. So it is no lock, and an answer never depends on who asked before.

use super::calendar::Opening;
use crate::clock::WallTime;
use std::sync::atomic::{AtomicU64, Ordering};

/// 2020-01-01, in microseconds since 1970.
const BEGIN_US: i64 = 1_577_836_800_000_000;
const MINUTE_US: i64 = 60_000_000;
/// The longest stretch, in minutes: over any day.
const LONGEST: u64 = 2_048;
const FROM_SHIFT: u32 = 36;
const LONG_SHIFT: u32 = 2;
const LONG_MASK: u64 = (1 << (FROM_SHIFT - LONG_SHIFT)) - 1;

/// The last answer.
#[derive(Debug, Default)]
pub struct Memo(AtomicU64);

impl Memo {
    /// The answer at `at`, if it is known.
    pub fn at(&self, at: WallTime) -> Option<Opening> {
        let word = self.0.load(Ordering::Relaxed);
        let opening = match word & 3 {
            1 => Opening::Open,
            2 => Opening::Closed,
            3 => Opening::Holiday,
            _ => return None,
        };
        let minute = u64::try_from(at.as_micros().checked_sub(BEGIN_US)?).ok()? / MINUTE_US.unsigned_abs();
        let since = minute.checked_sub(word >> FROM_SHIFT)?;
        (since < (word >> LONG_SHIFT) & LONG_MASK).then_some(opening)
    }

    /// Keeps an answer that holds from `from` on and before `until`: the whole minutes of it.
    pub fn keep(&self, opening: Opening, from: WallTime, until: WallTime) {
        let minutes = |at: WallTime, round: i64| {
            u64::try_from(at.as_micros().checked_sub(BEGIN_US)?.checked_add(round)? / MINUTE_US).ok()
        };
        let (Some(first), Some(end)) = (minutes(from, MINUTE_US - 1), minutes(until, 0)) else { return };
        let long = end.saturating_sub(first).min(LONGEST);
        if long == 0 || first >= 1 << (64 - FROM_SHIFT) {
            return;
        }
        let state = match opening {
            Opening::Open => 1,
            Opening::Closed => 2,
            Opening::Holiday => 3,
        };
        self.0.store(first << FROM_SHIFT | long << LONG_SHIFT | state, Ordering::Relaxed);
    }
}

/// A copy knows nothing yet.
impl Clone for Memo {
    fn clone(&self) -> Self {
        Self::default()
    }
}

/// Calendars that say the same are the same, whatever they were asked.
impl PartialEq for Memo {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Memo {}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: i64, us: i64) -> WallTime {
        WallTime::from_micros(1_795_824_000_000_000 + minute * MINUTE_US + us)
    }

    #[test]
    fn an_answer_is_known_within_the_whole_minutes_of_its_stretch_and_nowhere_else() {
        let memo = Memo::default();
        assert_eq!(memo.at(at(0, 0)), None);
        memo.keep(Opening::Holiday, at(0, 1), at(10, 5));
        for (minute, us, known) in [
            (0, 1, false),
            (0, 59_999_999, false),
            (1, 0, true),
            (9, 59_999_999, true),
            (10, 0, false),
            (-1, 0, false),
        ] {
            assert_eq!(memo.at(at(minute, us)), known.then_some(Opening::Holiday), "{minute} {us}");
        }
        // A stretch without a whole minute, one that ends before it begins, and times out of all bounds keep nothing.
        memo.keep(Opening::Open, at(20, 1), at(21, 59));
        memo.keep(Opening::Open, at(30, 0), at(20, 0));
        memo.keep(Opening::Open, WallTime::from_micros(i64::MIN), WallTime::from_micros(i64::MAX));
        memo.keep(Opening::Open, WallTime::from_micros(i64::MAX - 1), WallTime::from_micros(i64::MAX));
        assert_eq!(memo.at(at(5, 0)), Some(Opening::Holiday));
        memo.keep(Opening::Open, at(0, 0), WallTime::from_micros(i64::MAX));
        assert_eq!((memo.at(at(2_047, 0)), memo.at(at(2_048, 0))), (Some(Opening::Open), None));
        assert_eq!(memo.at(WallTime::from_micros(0)), None);
        assert_eq!(memo.at(WallTime::from_micros(i64::MIN)), None);
        assert_eq!(memo.clone().at(at(2, 0)), None);
        assert_eq!(memo, Memo::default());
    }
}
