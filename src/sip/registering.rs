//! We log in at a carrier: when, for how long, and what comes of it (RFC 3261 §10.2; the waits are those of RFC 5626 §4.5).
//!
//! ```text
//!  Waiting ──due──▶ Asking ──2xx──▶ Waiting, until half of what was granted is over
//!     ▲               │ └──423──▶ asked once more at once, for as long as it wants (§10.2.8)
//!     │               └── refused, or nobody there
//!     └── 30 s, 1 min, 2 min … 30 min, each by chance shorter by up to a half; or what Retry-After says ◀─┘
//! ```
//!  any ──Leave──▶ (an answer that is awaited) ──▶ Leaving: asked for no time at all (§10.2.2) ──any answer──▶ Left
//!
//! What was granted holds to its end whatever a refresh comes to. Requests, passwords and hosts are the stack's.

use crate::clock::Instant;
use crate::limits::REGISTER_JITTER_PARTS;
use crate::limits::carriers::{CARRIER_LOGIN_MAX_S, CARRIER_LOGIN_WAIT_FIRST, CARRIER_LOGIN_WAIT_MAX};
use crate::rng::Rng;
use std::time::Duration;

/// A login at a carrier.
#[derive(Clone, Debug)]
pub struct Registering {
    expires_s: u32,
    state: State,
    failures: u32,
    until: Option<Instant>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Waiting {
        until: Instant,
    },
    Asking,
    AskingLonger,
    /// An answer is awaited, and then we leave: one REGISTER is open at a time (RFC 3261 §10.2).
    AskedAndLeaves,
    Leaving,
    Left,
}

/// What happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// The deadline passed.
    Timeout,
    /// It was granted for so many seconds.
    Granted {
        /// As the carrier says.
        expires_s: u32,
    },
    /// 423: the carrier grants no less than this.
    TooBrief {
        /// Its Min-Expires.
        least_s: u32,
    },
    /// The engine stops: what was granted is given back.
    Leave,
    /// It was refused, or nobody answered.
    Refused {
        /// Its Retry-After.
        retry_after_s: Option<u32>,
    },
}

/// A REGISTER is to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ask {
    /// The time that it asks for, in seconds; 0 gives back what was granted.
    pub expires_s: u32,
}

impl Registering {
    /// A login for so many seconds, which is due now.
    pub fn new(now: Instant, expires_s: u32) -> Self {
        Self { expires_s, state: State::Waiting { until: now }, failures: 0, until: None }
    }

    /// When its `Timeout` is due.
    pub fn poll_timeout(&self) -> Option<Instant> {
        match self.state {
            State::Waiting { until } => Some(until),
            State::Asking | State::AskingLonger | State::AskedAndLeaves | State::Leaving | State::Left => {
                None
            }
        }
    }

    /// Whether it leaves, and the carrier has not answered that yet.
    pub fn is_leaving(&self) -> bool {
        match self.state {
            State::AskedAndLeaves | State::Leaving => true,
            State::Waiting { .. } | State::Asking | State::AskingLonger | State::Left => false,
        }
    }

    /// Whether what was granted last still holds.
    pub fn holds(&self, now: Instant) -> bool {
        self.until.is_some_and(|until| until > now)
    }

    /// Refusals in a row.
    pub fn failures(&self) -> u32 {
        self.failures
    }

    /// Takes one input.
    pub fn handle(&mut self, now: Instant, rng: &mut Rng, input: Input) -> Option<Ask> {
        match (self.state, input) {
            (State::Waiting { until }, Input::Timeout) if until <= now => self.ask(State::Asking),
            (State::Asking, Input::TooBrief { least_s }) if self.may_be(least_s) => {
                self.expires_s = least_s;
                self.ask(State::AskingLonger)
            }
            (State::Asking | State::AskingLonger, Input::Granted { expires_s }) if expires_s > 0 => {
                self.grant(now, rng, expires_s);
                None
            }
            (State::Asking | State::AskingLonger, Input::Granted { .. } | Input::TooBrief { .. }) => {
                self.refuse(now, rng, None);
                None
            }
            (State::Asking | State::AskingLonger, Input::Refused { retry_after_s }) => {
                self.refuse(now, rng, retry_after_s);
                None
            }
            (State::Waiting { .. }, Input::Leave) => self.leave(now),
            (State::Asking | State::AskingLonger, Input::Leave) => {
                self.state = State::AskedAndLeaves;
                None
            }
            (State::AskedAndLeaves, Input::Granted { expires_s }) => {
                if expires_s > 0 {
                    self.grant(now, rng, expires_s);
                }
                self.leave(now)
            }
            (State::AskedAndLeaves, Input::TooBrief { .. } | Input::Refused { .. }) => self.leave(now),
            (State::Leaving, Input::Granted { .. } | Input::TooBrief { .. } | Input::Refused { .. }) => {
                (self.state, self.until) = (State::Left, None);
                None
            }
            (State::Waiting { .. } | State::Left, _)
            | (
                State::Asking | State::AskingLonger | State::AskedAndLeaves | State::Leaving,
                Input::Timeout,
            )
            | (State::AskedAndLeaves | State::Leaving, Input::Leave) => None,
        }
    }

    /// Whether a carrier that wants this long is asked for it.
    fn may_be(&self, least_s: u32) -> bool {
        least_s > self.expires_s && least_s <= CARRIER_LOGIN_MAX_S
    }

    fn ask(&mut self, state: State) -> Option<Ask> {
        self.state = state;
        Some(Ask { expires_s: self.expires_s })
    }

    /// Where nothing holds there is nothing to give back.
    fn leave(&mut self, now: Instant) -> Option<Ask> {
        let holds = self.holds(now);
        self.state = if holds { State::Leaving } else { State::Left };
        holds.then_some(Ask { expires_s: 0 })
    }

    /// Half of the time, and by chance up to a tenth of that less: trunks that began together part.
    fn grant(&mut self, now: Instant, rng: &mut Rng, expires_s: u32) {
        let granted = Duration::from_secs(u64::from(expires_s.min(CARRIER_LOGIN_MAX_S)));
        let half = granted / 2;
        let less = part(rng, half / REGISTER_JITTER_PARTS);
        (self.failures, self.until) = (0, Some(now + granted));
        self.state = State::Waiting { until: now + (half - less) };
    }

    fn refuse(&mut self, now: Instant, rng: &mut Rng, retry_after_s: Option<u32>) {
        let doubled = CARRIER_LOGIN_WAIT_FIRST * (1 << self.failures.min(16));
        let wait = match retry_after_s.filter(|seconds| *seconds > 0) {
            Some(seconds) => Duration::from_secs(u64::from(seconds)).min(CARRIER_LOGIN_WAIT_MAX),
            None => {
                let longest = doubled.min(CARRIER_LOGIN_WAIT_MAX);
                longest - part(rng, longest / 2)
            }
        };
        self.failures = self.failures.saturating_add(1);
        self.state = State::Waiting { until: now + wait };
    }
}

/// By chance a part of this time.
fn part(rng: &mut Rng, of: Duration) -> Duration {
    let millis = u64::try_from(of.as_millis()).unwrap_or(u64::MAX);
    Duration::from_millis(rng.below(millis.saturating_add(1)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Rng;
    use proptest::prelude::*;

    const START: Instant = Instant::START;

    fn after(seconds: u64) -> Instant {
        START + Duration::from_secs(seconds)
    }

    /// Asks at its deadline and takes this answer; tells when it asks next, in seconds after the answer, at the least
    /// and at the most over many seeds.
    fn next_after(login: &Registering, input: Input) -> (u64, u64, Registering) {
        let (mut least, mut most, mut last) = (u64::MAX, 0, login.clone());
        for seed in 0..200 {
            let (mut login, mut rng) = (login.clone(), Rng::seeded(seed));
            let now = login.poll_timeout().unwrap();
            assert!(login.handle(now, &mut rng, Input::Timeout).is_some());
            assert_eq!(login.handle(now, &mut rng, input), None);
            let wait = login.poll_timeout().unwrap().since(now).as_secs();
            (least, most) = (least.min(wait), most.max(wait));
            last = login;
        }
        (least, most, last)
    }

    #[test]
    fn it_is_refreshed_at_half_of_the_granted_time_and_holds_to_its_end() {
        let login = Registering::new(START, 3_600);
        let (least, most, mut login) = next_after(&login, Input::Granted { expires_s: 600 });
        assert!((270..275).contains(&least) && (295..=300).contains(&most), "{least} to {most}");
        assert!(login.holds(after(599)) && !login.holds(after(600)));
        let mut rng = Rng::seeded(1);
        let due = login.poll_timeout().unwrap();
        assert_eq!(login.handle(due, &mut rng, Input::Timeout), Some(Ask { expires_s: 3_600 }));
        login.handle(due, &mut rng, Input::Refused { retry_after_s: None });
        assert!(login.holds(after(599)), "a refresh that fails takes nothing away");
        assert_eq!(login.failures(), 1);
    }

    #[test]
    fn after_a_refusal_it_waits_longer_each_time() {
        // RFC 5626 §4.5
        let mut login = Registering::new(START, 3_600);
        for (least, most) in
            [(15, 30), (30, 60), (60, 120), (120, 240), (240, 480), (480, 960), (900, 1_800), (900, 1_800)]
        {
            let (shortest, longest, next) = next_after(&login, Input::Refused { retry_after_s: None });
            assert!(shortest >= least && longest <= most, "{shortest} to {longest}, not {least} to {most}");
            assert!(longest - shortest > (most - least) / 2, "chance is in it: {shortest} to {longest}");
            login = next;
        }
        for (asked, expected) in [(7, 7), (86_400, 1_800)] {
            let (least, most, _) = next_after(&login, Input::Refused { retry_after_s: Some(asked) });
            assert_eq!((least, most), (expected, expected), "Retry-After: {asked}");
        }
        let (_, most, login) = next_after(&login, Input::Granted { expires_s: 60 });
        assert!(most <= 30);
        let (_, most, _) = next_after(&login, Input::Refused { retry_after_s: None });
        assert!(most <= 30, "a success forgets the refusals before");
    }

    #[test]
    fn a_carrier_that_wants_longer_is_asked_for_longer_at_once() {
        // RFC 3261 §10.2.8
        let mut rng = Rng::seeded(1);
        for (least_s, expected) in [(1_800, Some(1_800)), (60, None), (30, None), (0, None), (86_401, None)] {
            let mut login = Registering::new(START, 60);
            login.handle(START, &mut rng, Input::Timeout);
            let asked = login.handle(START, &mut rng, Input::TooBrief { least_s });
            assert_eq!(asked.map(|ask| ask.expires_s), expected, "{least_s}");
            assert_eq!(login.poll_timeout().is_none(), expected.is_some(), "{least_s}: it waits, or it asks");
            let again = login.handle(START, &mut rng, Input::TooBrief { least_s: 3_600 });
            assert_eq!(again, None, "{least_s}: once");
        }
        let mut login = Registering::new(START, 60);
        login.handle(START, &mut rng, Input::Timeout);
        login.handle(START, &mut rng, Input::Granted { expires_s: 0 });
        assert!(!login.holds(START) && login.failures() == 1, "granted for no time is refused");
    }

    #[test]
    fn what_was_granted_is_given_back_once_and_nothing_else_is() {
        // RFC 3261 §10.2, §10.2.2
        let mut rng = Rng::seeded(1);
        let granted = Input::Granted { expires_s: 600 };
        let refused = Input::Refused { retry_after_s: None };
        let back = Some(Ask { expires_s: 0 });
        for (what, before, at_once, answer, then) in [
            ("it holds", vec![Input::Timeout, granted], back, Input::Granted { expires_s: 0 }, None),
            ("the carrier says no", vec![Input::Timeout, granted], back, refused, None),
            ("it never held", vec![Input::Timeout, refused], None, granted, None),
            ("it was not asked for yet", vec![], None, granted, None),
            ("it is being asked for", vec![Input::Timeout], None, granted, back),
            ("it is asked for and refused", vec![Input::Timeout], None, refused, None),
        ] {
            let mut login = Registering::new(START, 3_600);
            for input in before {
                login.handle(START, &mut rng, input);
            }
            assert_eq!(login.handle(START, &mut rng, Input::Leave), at_once, "{what}");
            let mut asked = at_once;
            for (input, expected) in [(answer, then), (Input::Leave, None)] {
                let found = login.handle(START, &mut rng, input);
                assert_eq!(found, expected, "{what}");
                asked = asked.or(found);
            }
            assert_eq!(login.is_leaving(), then.is_some(), "{what}");
            if then.is_some() {
                login.handle(START, &mut rng, Input::Granted { expires_s: 0 });
            }
            assert!(!login.is_leaving() && login.poll_timeout().is_none(), "{what}");
            assert!(!login.holds(START) || asked.is_none(), "{what}");
        }
    }

    fn input() -> impl Strategy<Value = Input> {
        prop_oneof![
            Just(Input::Timeout),
            any::<u32>().prop_map(|expires_s| Input::Granted { expires_s }),
            any::<u32>().prop_map(|least_s| Input::TooBrief { least_s }),
            (0..200_000_u32).prop_map(|least_s| Input::TooBrief { least_s }),
            any::<Option<u32>>().prop_map(|retry_after_s| Input::Refused { retry_after_s }),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]

        #[test]
        fn it_always_asks_or_has_a_deadline_within_reach(
            seed in any::<u64>(),
            inputs in prop::collection::vec((0..4_000_u64, input()), 1..40),
        ) {
            let (mut rng, mut now, mut asks) = (Rng::seeded(seed), START, false);
            let mut login = Registering::new(now, 3_600);
            for (wait, input) in inputs {
                now += Duration::from_secs(wait);
                let asked = login.handle(now, &mut rng, input);
                asks = asked.is_some() || (asks && login.poll_timeout().is_none());
                prop_assert_eq!(asks, login.poll_timeout().is_none());
                if let Some(due) = login.poll_timeout() {
                    prop_assert!(due <= now + Duration::from_secs(u64::from(CARRIER_LOGIN_MAX_S)));
                }
            }
        }
    }
}
