//! How many a second: one instant that each event moves on by its price and that time catches up with (the "virtual
//! scheduling" form of the leaky bucket, ITU-T I.371). A second's worth may come at once.

use crate::clock::Instant;
use std::time::Duration;

/// What may come at once, as a time at the rate.
const BURST: Duration = Duration::from_secs(1);

/// One meter.
#[derive(Clone, Copy, Debug)]
pub struct Meter {
    price: Duration,
    paid_until: Instant,
}

impl Meter {
    /// A meter that lets so many through in a second.
    pub fn new(a_second: u32) -> Self {
        Self { price: BURST / a_second.max(1), paid_until: Instant::START }
    }

    /// Whether one more may pass now.
    pub fn lets(&mut self, now: Instant) -> bool {
        let is_let = self.paid_until.since(now) < BURST;
        if is_let {
            self.paid_until = self.paid_until.max(now) + self.price;
        }
        is_let
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seconds_worth_passes_at_once_and_then_the_rate() {
        let mut meter = Meter::new(100);
        let at = |ms| Instant::START + Duration::from_millis(ms);
        let passed = |meter: &mut Meter, ms| (0..1_000).filter(|_| meter.lets(at(ms))).count();
        assert_eq!(passed(&mut meter, 0), 100);
        assert_eq!(passed(&mut meter, 500), 50);
        assert_eq!(passed(&mut meter, 60_000), 100);
    }
}
