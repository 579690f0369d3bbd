//! The only clock: what time it is, for the floors that may not ask.

use crate::clock::{Instant, WallTime};
use std::time::SystemTime;

/// The engine's clock. Copies of it tell the same time.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    started: std::time::Instant,
}

impl Clock {
    /// A clock that starts now.
    pub fn start() -> Self {
        Self { started: std::time::Instant::now() }
    }

    /// Microseconds since the start, on a clock that never jumps.
    pub fn now(&self) -> Instant {
        Instant::START + self.started.elapsed()
    }

    /// The calendar's time at the start, as it tells it now.
    pub fn wall_at_start(&self) -> WallTime {
        WallTime::from_micros(self.wall().as_micros().saturating_sub(self.now().as_micros() as i64))
    }

    /// The calendar's time. It may jump; nothing is timed by it.
    pub fn wall(&self) -> WallTime {
        let micros = match SystemTime::now().duration_since(SystemTime::UNIX_EPOCH) {
            Ok(after) => i64::try_from(after.as_micros()).unwrap_or(i64::MAX),
            Err(before) => -i64::try_from(before.duration().as_micros()).unwrap_or(i64::MAX),
        };
        WallTime::from_micros(micros)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_tell_the_same_time_and_it_does_not_run_backwards() {
        let clock = Clock::start();
        let copy = clock;
        let (a, b, c) = (clock.now(), copy.now(), clock.now());
        assert!(a <= b && b <= c, "{a:?} {b:?} {c:?}");
    }

    #[test]
    fn the_calendar_is_in_this_century() {
        assert!(Clock::start().wall() > WallTime::from_micros(1_600_000_000_000_000));
    }
}
