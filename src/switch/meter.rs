//! How often each user calls over a trunk, and how often each trunk is called over: a stolen password must not cost more than
//! a day's calls.
//!
//! It holds the times of the last 24 hours, at most [`DIALLED_PER_DAY_MAX`](crate::limits::DIALLED_PER_DAY_MAX) of each
//! user of the configuration and [`TRUNK_PER_DAY_MAX`](crate::limits::TRUNK_PER_DAY_MAX) of each trunk; those of a minute where
//! a day has no cap, and none where a minute has none either. A new start counts from nothing.

use super::dial::{Caps, Fault};
use crate::clock::Instant;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(86_400);

/// When each user called over a trunk, or each trunk was called over.
#[derive(Debug, Default)]
pub struct Meter {
    users: BTreeMap<Arc<str>, VecDeque<Instant>>,
}

impl Meter {
    /// Counts one more call of this user, or over this trunk, of which `up` are up now.
    ///
    /// # Errors
    /// The [`Fault`] of a cap that is met: then nothing is counted.
    pub fn take(&mut self, now: Instant, user: &Arc<str>, caps: Caps, up: usize) -> Result<(), Fault> {
        let within = |times: &VecDeque<Instant>, span| {
            times.iter().rev().take_while(|at| now.since(**at) < span).count()
        };
        let times = self.users.entry(Arc::clone(user)).or_default();
        let kept = if caps.per_day == u32::MAX { MINUTE } else { DAY };
        while times.front().is_some_and(|at| now.since(*at) >= kept) {
            times.pop_front();
        }
        if up >= caps.at_once as usize {
            return Err(Fault::TooManyAtOnce);
        }
        if within(times, MINUTE) >= caps.per_minute as usize {
            return Err(Fault::TooManyThisMinute);
        }
        if times.len() >= caps.per_day as usize {
            return Err(Fault::TooManyThisDay);
        }
        if caps.per_minute != u32::MAX || caps.per_day != u32::MAX {
            times.push_back(now);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_cap_refuses_the_one_call_more_and_lets_go_when_its_time_is_over() {
        let caps = Caps { at_once: 2, per_minute: 3, per_day: 4 };
        let (ann, bob): (Arc<str>, Arc<str>) = (Arc::from("ann"), Arc::from("bob"));
        let mut meter = Meter::default();
        let day = 86_400;
        for (at_s, user, up, expected) in [
            (0, &ann, 2, Err(Fault::TooManyAtOnce)),
            (0, &ann, 1, Ok(())),
            (1, &ann, 0, Ok(())),
            (2, &ann, 0, Ok(())),
            (59, &ann, 0, Err(Fault::TooManyThisMinute)),
            (59, &bob, 0, Ok(())),
            (60, &ann, 0, Ok(())),
            (500, &ann, 0, Err(Fault::TooManyThisDay)),
            (day - 1, &ann, 0, Err(Fault::TooManyThisDay)),
            (day, &ann, 0, Ok(())),
            (day, &ann, 0, Err(Fault::TooManyThisDay)),
        ] {
            let now = Instant::START + Duration::from_secs(at_s);
            assert_eq!(meter.take(now, user, caps, up), expected, "{user} at {at_s} s with {up} up");
        }
        assert!(meter.users.values().all(|times| times.len() <= 4));
    }

    #[test]
    fn without_a_cap_of_a_day_times_are_kept_for_a_minute_and_without_any_not_at_all() {
        let (plain, brisk): (Arc<str>, Arc<str>) = (Arc::from("plain"), Arc::from("brisk"));
        let mut meter = Meter::default();
        for second in 0..600 {
            let now = Instant::START + Duration::from_secs(second);
            assert_eq!(meter.take(now, &plain, Caps::NONE, 10_000), Ok(()));
            assert_eq!(meter.take(now, &brisk, Caps { per_minute: 60, ..Caps::NONE }, 10_000), Ok(()));
        }
        assert_eq!((meter.users[&plain].len(), meter.users[&brisk].len()), (0, 60));
    }
}
