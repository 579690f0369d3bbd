//! One press that comes in two ways: some phones and carriers send each key as an RTP event and in SIP INFO.
//!
//! ```text
//!  RTP event 5 ─┬─ new ──▶ the flow
//!  INFO 5 ──────┘ within 400 ms, the other way, not paired yet: the same press
//!  INFO 5 again ─── its own press: one way never tells a press twice
//! ```
//! Which packets are one RTP event is the job of `media/dtmf.rs`; whether INFO is read at all is configured.

use crate::clock::Instant;
use crate::limits::{PRESSES_TO_PAIR_MAX, SAME_PRESS_WITHIN};
use crate::wire::telephone_event::Key;

/// How a press was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Teller {
    /// By the media plane: an RTP event (RFC 4733), or the tone itself.
    Media,
    /// By SIP INFO.
    Info,
}

/// What a telling is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Telling {
    /// A press of its own.
    Press,
    /// A press that was told in the other way before.
    Again,
}

/// The newest presses of one party that were told in one way only.
#[derive(Clone, Debug, Default)]
pub struct Presses {
    /// The oldest first.
    unpaired: [Option<Press>; PRESSES_TO_PAIR_MAX],
    /// How the newest press was told first.
    newest: Option<Teller>,
    /// A press came in both ways: so will the others.
    both: bool,
}

#[derive(Clone, Copy, Debug)]
struct Press {
    at: Instant,
    key: Key,
    teller: Teller,
}

impl Presses {
    /// Takes one telling: it is paired with the oldest press of the same key that was told in the other way only, if
    /// that is no older than [`SAME_PRESS_WITHIN`].
    pub fn take(&mut self, at: Instant, key: Key, teller: Teller) -> Telling {
        let pairs = |press: &Option<Press>| {
            press.is_some_and(|p| p.key == key && p.teller != teller && at.since(p.at) <= SAME_PRESS_WITHIN)
        };
        if let Some(paired) = self.unpaired.iter().position(pairs) {
            self.unpaired[paired..].rotate_left(1);
            self.unpaired[PRESSES_TO_PAIR_MAX - 1] = None;
            self.both = true;
            return Telling::Again;
        }
        let free = self.unpaired.iter().position(Option::is_none).unwrap_or_else(|| {
            self.unpaired.rotate_left(1);
            PRESSES_TO_PAIR_MAX - 1
        });
        self.unpaired[free] = Some(Press { at, key, teller });
        self.newest = Some(teller);
        self.forget_before(at);
        Telling::Press
    }

    /// Whether the newest press is in INFO alone: nobody with whom the party talks knows of it from its stream.
    pub fn is_in_info_alone(&self) -> bool {
        self.newest == Some(Teller::Info) && !self.both
    }

    /// Presses whose other telling does not come any more make room.
    fn forget_before(&mut self, now: Instant) {
        while self.unpaired[0].is_some_and(|press| now.since(press.at) > SAME_PRESS_WITHIN) {
            self.unpaired.rotate_left(1);
            self.unpaired[PRESSES_TO_PAIR_MAX - 1] = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Reads `0m5 100i5`: millisecond, m for media or i for INFO, key; tells the presses with their times.
    #[track_caller]
    fn check(why: &str, tellings: &str, expected: &str) {
        let mut presses = Presses::default();
        let mut told = Vec::new();
        for word in tellings.split_whitespace() {
            let at = word.find(['m', 'i']).unwrap();
            let teller = if word[at..].starts_with('m') { Teller::Media } else { Teller::Info };
            let (millis, key) = (word[..at].parse().unwrap(), Key::Digit(word[at + 1..].parse().unwrap()));
            if presses.take(Instant::from_millis(millis), key, teller) == Telling::Press {
                told.push(format!("{millis}:{key}"));
            }
        }
        assert_eq!(told.join(" "), expected, "{why}: {tellings}");
    }

    #[test]
    fn a_press_in_two_ways_is_one_and_two_presses_in_one_way_are_two() {
        check("event, then INFO", "0m5 30i5", "0:5");
        check("INFO, then event", "0i5 30m5", "0:5");
        check("at the bound", "0m5 400i5", "0:5");
        check("after it", "0m5 401i5", "0:5 401:5");
        check("other keys", "0m5 30i6", "0:5 30:6");
        check("one way only", "0m5 70m5 140m5", "0:5 70:5 140:5");
        check("the other way only", "0i5 70i5 140i5", "0:5 70:5 140:5");
        check("twice, one after the other", "0m5 20i5 100m5 120i5", "0:5 100:5");
        check("twice, crossed", "0m5 100m5 120i5 220i5", "0:5 100:5");
        check("twice, INFO all late", "0m5 100m5 300i5 310i5", "0:5 100:5");
        check("a third telling is a press", "0m5 20i5 40i5", "0:5 40:5");
        check("different keys crossed", "0m9 100m1 120i9 130m1 140i1 150i1", "0:9 100:1 130:1");
        check("one lost in one way", "0m5 500m5 520i5", "0:5 500:5");
    }

    #[test]
    fn a_party_whose_press_came_in_both_ways_has_its_keys_in_its_stream() {
        for (tellings, expected) in [
            (vec![], false),
            (vec![(0, Teller::Media)], false),
            (vec![(0, Teller::Info)], true),
            (vec![(0, Teller::Media), (900, Teller::Info)], true),
            (vec![(0, Teller::Media), (100, Teller::Info), (900, Teller::Info)], false),
            (vec![(0, Teller::Info), (100, Teller::Media), (900, Teller::Info)], false),
        ] {
            let mut presses = Presses::default();
            for (millis, teller) in &tellings {
                presses.take(Instant::from_millis(*millis), Key::Digit(5), *teller);
            }
            assert_eq!(presses.is_in_info_alone(), expected, "{tellings:?}");
        }
    }

    #[test]
    fn a_flood_of_one_way_forgets_the_oldest_and_merges_nothing() {
        let mut presses = Presses::default();
        let mut new =
            |n: u64| presses.take(Instant::from_millis(n), Key::Digit(5), Teller::Info) == Telling::Press;
        assert_eq!((0..100).filter(|n| new(*n)).count(), 100);
        let paired = (0..20).filter(|_| {
            presses.take(Instant::from_millis(100), Key::Digit(5), Teller::Media) == Telling::Again
        });
        assert_eq!(paired.count(), PRESSES_TO_PAIR_MAX);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]

        /// Each press in both ways, each way with its own delay, in the order of pressing.
        #[test]
        fn whoever_sends_both_ways_is_counted_right(
            presses in prop::collection::vec((0u8..3, 80u64..900, 0u64..180, 0u64..180), 1..40),
        ) {
            let (mut now, mut tellings) = (0, Vec::new());
            let mut latest = [0, 0];
            for (n, (digit, gap, media, info)) in presses.iter().enumerate() {
                now += gap;
                for (place, teller, delay) in [(0, Teller::Media, media), (1, Teller::Info, info)] {
                    latest[place] = (now + delay).max(latest[place]);
                    tellings.push((latest[place], n, teller, Key::Digit(*digit)));
                }
            }
            tellings.sort_by_key(|(at, n, ..)| (*at, *n));
            let mut machine = Presses::default();
            let told: Vec<Key> = tellings
                .iter()
                .filter(|(at, _, teller, key)| machine.take(Instant::from_millis(*at), *key, *teller) == Telling::Press)
                .map(|(.., key)| *key)
                .collect();
            prop_assert_eq!(told.len(), presses.len());
        }

        #[test]
        fn one_way_alone_is_never_merged(presses in prop::collection::vec((0u8..2, 0u64..300), 1..40)) {
            let mut machine = Presses::default();
            let mut now = 0;
            for (digit, gap) in presses {
                now += gap;
                let told = machine.take(Instant::from_millis(now), Key::Digit(digit), Teller::Media);
                prop_assert_eq!(told, Telling::Press);
            }
        }
    }
}
