//! Time as a value: the floors under the edges never ask what time it is, they are told.
//!
//! [`Instant`] is monotonic and counts from the start of the engine; [`WallTime`] is the calendar's
//! time and serves records and speech only. There is no `now()` here: `io/now.rs` has the only one.

use std::fmt;
use std::ops::{Add, AddAssign, Sub};
use std::time::Duration;

/// A point on the engine's own monotonic time line, in microseconds since the engine started.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Instant(u64);

impl Instant {
    /// The moment the engine started.
    pub const START: Instant = Instant(0);

    /// The instant `micros` µs after the start.
    pub const fn from_micros(micros: u64) -> Self {
        Self(micros)
    }

    /// The instant `millis` ms after the start.
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis * 1_000)
    }

    /// Microseconds since the start.
    pub const fn as_micros(self) -> u64 {
        self.0
    }

    /// The first multiple of `step`, counted from the start, that is not before it; itself for a step of nothing.
    pub fn rounded_up(self, step: Duration) -> Self {
        let step = u64::try_from(step.as_micros()).unwrap_or(u64::MAX).max(1);
        Self(self.0.div_ceil(step).saturating_mul(step))
    }

    /// So long before this time, at the earliest the start.
    pub const fn before(self, time: Duration) -> Instant {
        Instant(self.0.saturating_sub(time.as_micros() as u64))
    }

    /// The time from `earlier` to here; zero if `earlier` is later.
    pub const fn since(self, earlier: Instant) -> Duration {
        Duration::from_micros(self.0.saturating_sub(earlier.0))
    }
}

impl Add<Duration> for Instant {
    type Output = Instant;
    fn add(self, duration: Duration) -> Instant {
        let micros = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
        Instant(self.0.saturating_add(micros))
    }
}

impl AddAssign<Duration> for Instant {
    fn add_assign(&mut self, duration: Duration) {
        *self = *self + duration;
    }
}

impl Sub<Instant> for Instant {
    type Output = Duration;
    fn sub(self, earlier: Instant) -> Duration {
        self.since(earlier)
    }
}

impl fmt::Debug for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:06}s", self.0 / 1_000_000, self.0 % 1_000_000)
    }
}

/// A calendar time in microseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct WallTime(i64);

impl WallTime {
    /// The wall time `micros` µs after the Unix epoch.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Microseconds since the Unix epoch.
    pub const fn as_micros(self) -> i64 {
        self.0
    }
}

impl Add<Duration> for WallTime {
    type Output = WallTime;
    fn add(self, duration: Duration) -> WallTime {
        let micros = i64::try_from(duration.as_micros()).unwrap_or(i64::MAX);
        WallTime(self.0.saturating_add(micros))
    }
}

/// The next time a machine wants to be woken, and why: the reason is for traces and for `status`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    /// When to call `handle` with a time-out at the latest.
    pub at: Instant,
    /// What for, in a word an operator understands.
    pub reason: &'static str,
}

impl Due {
    /// The earlier of two wake-ups.
    pub fn earlier(a: Option<Due>, b: Option<Due>) -> Option<Due> {
        match (a, b) {
            (Some(a), Some(b)) => Some(if b.at < a.at { b } else { a }),
            (a, b) => a.or(b),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_never_runs_backwards_or_over_its_end() {
        let late = Instant::from_micros(u64::MAX - 1);
        assert_eq!(late + Duration::from_secs(9), Instant::from_micros(u64::MAX));
        assert_eq!(Instant::START.since(Instant::from_millis(5)), Duration::ZERO);
        assert_eq!(format!("{:?}", Instant::from_millis(1_500)), "1.500000s");
    }

    #[test]
    fn a_time_is_rounded_up_to_a_multiple_and_never_down() {
        let step = Duration::from_millis(500);
        for (at, rounded) in
            [(0, 0), (1, 500_000), (499_999, 500_000), (500_000, 500_000), (500_001, 1_000_000)]
        {
            assert_eq!(Instant::from_micros(at).rounded_up(step), Instant::from_micros(rounded), "{at} µs");
        }
        assert_eq!(Instant::from_micros(7).rounded_up(Duration::ZERO), Instant::from_micros(7));
    }

    #[test]
    fn the_earlier_wake_up_wins() {
        let a = Due { at: Instant::from_millis(2), reason: "a" };
        let b = Due { at: Instant::from_millis(1), reason: "b" };
        assert_eq!(Due::earlier(Some(a), Some(b)), Some(b));
        assert_eq!(Due::earlier(None, Some(a)), Some(a));
        assert_eq!(Due::earlier(None, None), None);
    }
}
