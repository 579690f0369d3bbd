//! When a report is due: RFC 3550 §6.2 and §6.3, for two parties.
//!
//! ```text
//!  last ───── drawn anew ─────▶ next: is last + another draw over? ──yes──▶ report, last = now
//!    ▲                                 └─no─▶ next = last + that draw       (timer reconsideration, §6.3.6)
//!    └──────────────────────────────────────────────────────────────────────────┘
//! ```
//! With two parties the share of bandwidth never asks for more than the minimum interval: 90 octets twice in 5 s are
//! 0.4 % of a G.711 stream. So it is the minimum always, half of it before the first report.

use crate::clock::Instant;
use crate::rng::Rng;
use std::time::Duration;

/// The reports of one leg.
#[derive(Clone, Debug)]
pub struct Schedule {
    /// The last report, or the beginning.
    last: Instant,
    next: Instant,
    minimum: Duration,
    rng: Rng,
}

/// What the clock says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// A report leaves now.
    Report,
    /// Not yet.
    Wait,
}

impl Schedule {
    /// A schedule of a leg that begins now; `rng` is its own.
    pub fn new(now: Instant, rng: Rng) -> Self {
        let mut schedule = Self { last: now, next: now, minimum: MINIMUM / 2, rng };
        schedule.next = now + schedule.draw();
        schedule
    }

    /// When it may be time.
    pub const fn next(&self) -> Instant {
        self.next
    }

    /// Whether it is time. If it is, the next report is scheduled.
    pub fn turn(&mut self, now: Instant) -> Turn {
        if now < self.next {
            return Turn::Wait;
        }
        let again = self.last + self.draw();
        if again > now {
            self.next = again;
            return Turn::Wait;
        }
        (self.last, self.minimum) = (now, MINIMUM);
        self.next = now + self.draw();
        Turn::Report
    }

    /// Half to one and a half times the minimum, less what reconsideration adds (RFC 3550 §6.3.1).
    fn draw(&mut self) -> Duration {
        let minimum = self.minimum.as_micros() as u64;
        let part = 500_000 + self.rng.below(1_000_000);
        Duration::from_micros(minimum * part / COMPENSATION_MICRO)
    }
}

/// The mean time between two reports (RFC 3550 §6.2).
const MINIMUM: Duration = Duration::from_secs(5);
/// e − 3/2, in millionths (RFC 3550 §6.3.1).
const COMPENSATION_MICRO: u64 = 1_218_282;

#[cfg(test)]
mod tests {
    use super::*;

    /// Milliseconds between reports of a leg that is asked whenever it wants to be.
    fn gaps(seed: u64, count: usize) -> Vec<u64> {
        let (mut schedule, mut last) = (Schedule::new(Instant::START, Rng::seeded(seed)), Instant::START);
        let mut gaps = vec![];
        while gaps.len() < count {
            let now = schedule.next();
            if schedule.turn(now) == Turn::Report {
                gaps.push(now.since(last).as_millis() as u64);
                last = now;
            }
        }
        gaps
    }

    #[test]
    fn reports_leave_every_five_seconds_and_never_in_step() {
        // RFC 3550 §6.2, §6.3.1, §6.3.6
        let gaps = gaps(7, 4_000);
        let (least, most) = (gaps[1..].iter().min().unwrap(), gaps[1..].iter().max().unwrap());
        assert!((2_052..2_600).contains(least) && (5_900..=6_157).contains(most), "{least} to {most} ms");
        let mean = gaps[1..].iter().sum::<u64>() / (gaps.len() as u64 - 1);
        assert!((4_850..=5_150).contains(&mean), "{mean} ms on the mean");
    }

    #[test]
    fn the_first_report_comes_in_half_the_time() {
        // RFC 3550 §6.2
        let first: Vec<u64> = (0..500).map(|seed| gaps(seed, 1)[0]).collect();
        let (least, most) = (first.iter().min().unwrap(), first.iter().max().unwrap());
        assert!((1_026..1_400).contains(least) && (2_900..=3_079).contains(most), "{least} to {most} ms");
        let mean = first.iter().sum::<u64>() / 500;
        assert!((2_400..=2_600).contains(&mean), "{mean} ms on the mean");
    }

    #[test]
    fn who_asks_too_early_waits_and_who_asks_late_gets_one() {
        let mut schedule = Schedule::new(Instant::from_millis(100), Rng::seeded(1));
        assert_eq!(schedule.turn(Instant::from_millis(1_000)), Turn::Wait);
        assert_eq!(schedule.turn(Instant::from_millis(60_000)), Turn::Report);
        assert_eq!(schedule.turn(Instant::from_millis(60_000)), Turn::Wait);
    }
}
