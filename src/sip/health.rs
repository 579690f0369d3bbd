//! Whether a host of a carrier is there, as OPTIONS and our own calls tell (RFC 3261 §11).
//!
//! ```text
//!  Unknown ──any answer──▶ Up ──2 misses──▶ Down ──any answer──▶ Up
//!     │ ▲                    every 30 s       every 5 s
//!     │ └── a call is answered
//!     └── 2 calls lost ──▶ Silent, for a minute: then the next call tries it again
//! ```
//! An answer is any final one but 408 and 503: who refuses OPTIONS, or asks for a password, is there. Some carriers answer no
//! OPTIONS at all. A host that never did is no worse for that: only calls that it leaves without a word speak against it,
//! and since no OPTIONS can clear it again, that holds for a minute.
//!
//! When a host is asked is said here; the requests are the stack's ([`super::stack`]).

use crate::clock::Instant;
use crate::limits::carriers::{
    HEALTH_JITTER_PARTS, HEALTH_MISSES, HEALTH_SILENT_REST, HEALTH_SOON, HEALTH_START,
};
use crate::rng::Rng;
use std::time::Duration;

/// What is known of one host.
#[derive(Clone, Debug)]
pub struct Health {
    every: Duration,
    asking: Asking,
    standing: Standing,
    misses: u32,
    told: Told,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asking {
    Waits { until: Instant },
    Asked,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    /// It never answered OPTIONS.
    Unknown,
    /// It did, and does.
    Up,
    /// It did, and does no more.
    Down,
    /// It never answered OPTIONS, and calls were lost.
    Silent { until: Instant },
}

/// What was told of it last: each change is told once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Told {
    There,
    Gone,
}

/// What happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// The deadline passed.
    Timeout,
    /// It answered an OPTIONS.
    Answered,
    /// It did not, or with 408 or 503.
    Missed,
    /// It answered an INVITE with anything but those.
    CallHeard,
    /// It said nothing at all to an INVITE.
    CallLost,
}

/// What follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    /// It is to be asked now.
    Ask,
    /// Calls go there again.
    Rises,
    /// Calls go elsewhere.
    Falls,
}

impl Health {
    /// A host that is asked for the first time within a second: trunks that begin together part.
    pub fn new(now: Instant, every: Duration, rng: &mut Rng) -> Self {
        let asking = Asking::Waits { until: now + part(rng, HEALTH_START.min(every)) };
        Self { every, asking, standing: Standing::Unknown, misses: 0, told: Told::There }
    }

    /// When its `Timeout` is due.
    pub fn poll_timeout(&self) -> Option<Instant> {
        match self.asking {
            Asking::Waits { until } => Some(until),
            Asking::Asked => None,
        }
    }

    /// Whether calls go elsewhere.
    pub fn is_down(&self, now: Instant) -> bool {
        match self.standing {
            Standing::Unknown | Standing::Up => false,
            Standing::Down => true,
            Standing::Silent { until } => until > now,
        }
    }

    /// Whether it has answered an OPTIONS since the start.
    pub fn has_answered(&self) -> bool {
        match self.standing {
            Standing::Up | Standing::Down => true,
            Standing::Unknown | Standing::Silent { .. } => false,
        }
    }

    /// Takes one input; there is at most one thing to do for it.
    pub fn handle(&mut self, now: Instant, rng: &mut Rng, input: Input) -> Option<Output> {
        match input {
            Input::Timeout => match self.asking {
                Asking::Waits { until } if until <= now => {
                    self.asking = Asking::Asked;
                    Some(Output::Ask)
                }
                Asking::Waits { .. } | Asking::Asked => None,
            },
            Input::Answered => {
                self.standing = Standing::Up;
                self.wait(now, rng, self.every);
                self.rise()
            }
            Input::CallHeard => {
                self.standing = match self.standing {
                    Standing::Up | Standing::Down => Standing::Up,
                    Standing::Unknown | Standing::Silent { .. } => Standing::Unknown,
                };
                self.rise()
            }
            Input::Missed => self.miss(now, rng),
            Input::CallLost => self.lose_call(now),
        }
    }

    fn miss(&mut self, now: Instant, rng: &mut Rng) -> Option<Output> {
        let is_known = self.has_answered();
        let wait = if is_known { self.every.min(HEALTH_SOON) } else { self.every };
        self.wait(now, rng, wait);
        if !is_known {
            return None;
        }
        self.misses = self.misses.saturating_add(1);
        (self.misses >= HEALTH_MISSES).then(|| self.fall(Standing::Down)).flatten()
    }

    /// A host that answers OPTIONS is asked at once what became of it.
    fn lose_call(&mut self, now: Instant) -> Option<Output> {
        self.misses = self.misses.saturating_add(1);
        let below = match self.standing {
            Standing::Unknown | Standing::Silent { .. } => {
                Standing::Silent { until: now + HEALTH_SILENT_REST }
            }
            Standing::Up | Standing::Down => {
                if let Asking::Waits { until } = &mut self.asking {
                    *until = now.min(*until);
                }
                Standing::Down
            }
        };
        (self.misses >= HEALTH_MISSES).then(|| self.fall(below)).flatten()
    }

    fn fall(&mut self, to: Standing) -> Option<Output> {
        self.standing = to;
        let before = std::mem::replace(&mut self.told, Told::Gone);
        (before == Told::There).then_some(Output::Falls)
    }

    fn rise(&mut self) -> Option<Output> {
        self.misses = 0;
        let before = std::mem::replace(&mut self.told, Told::There);
        (before == Told::Gone).then_some(Output::Rises)
    }

    fn wait(&mut self, now: Instant, rng: &mut Rng, wait: Duration) {
        let less = part(rng, wait / HEALTH_JITTER_PARTS);
        self.asking = Asking::Waits { until: now + (wait - less) };
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

    const EVERY: Duration = Duration::from_secs(30);

    /// What one letter does: `a`nswered and `m`issed are told of an OPTIONS that was asked before, calls are `h`eard or
    /// `l`ost, `.` is a minute.
    fn run(letters: &str) -> String {
        let (mut rng, mut now) = (Rng::seeded(1), Instant::START);
        let mut health = Health::new(now, EVERY, &mut rng);
        let mut told = String::new();
        for letter in letters.chars() {
            let input = match letter {
                'a' => Input::Answered,
                'm' => Input::Missed,
                'h' => Input::CallHeard,
                'l' => Input::CallLost,
                '.' => {
                    now += Duration::from_secs(60);
                    told += if health.is_down(now) { "-" } else { "+" };
                    continue;
                }
                other => panic!("{other}"),
            };
            if matches!(input, Input::Answered | Input::Missed) {
                now = health.poll_timeout().map_or(now, |due| now.max(due));
                assert_eq!(health.handle(now, &mut rng, Input::Timeout), Some(Output::Ask), "{letters}");
            }
            let output = health.handle(now, &mut rng, input);
            told += match output {
                Some(Output::Falls) => "v",
                Some(Output::Rises) => "^",
                Some(Output::Ask) => panic!("{letters}: asked without a deadline"),
                None => "",
            };
            told += if health.is_down(now) { "-" } else { "+" };
        }
        told
    }

    #[test]
    fn two_misses_bring_a_host_down_and_one_answer_up_again() {
        // RFC 3261 §11
        for (what, letters, expected) in [
            ("it answers", "aaa", "+++"),
            ("one miss is chance", "amama", "+++++"),
            ("two are not, and each change is told once", "ammmmaa", "++v---^++"),
            ("who never answered OPTIONS is as good as any", "mmmmmm", "++++++"),
            ("a lost call and a miss", "alm", "++v-"),
            ("a call is answered in between", "amhm", "++++"),
            ("a call is answered by one that is down", "ammh", "++v-^+"),
            ("it answers OPTIONS and loses calls", "alla", "++v-^+"),
            ("down stays down", "amm..", "++v---"),
            ("calls are lost, and OPTIONS never was answered", "mlmlm", "+++v--"),
            ("that holds for a minute", "ll.", "+v-+"),
            ("the next call that is lost is enough then, and told of before", "ll.l.", "+v-+-+"),
            ("and one that is answered is told of", "ll.hl", "+v-+^++"),
            ("its first answer makes it known", "llamm", "+v-^++v-"),
        ] {
            assert_eq!(run(letters), expected, "{what}: {letters}");
        }
    }

    #[test]
    fn who_is_down_is_asked_more_often_and_trunks_that_began_together_part() {
        for (letters, least_ms, most_ms) in [
            ("", 0, 1_000),
            ("a", 27_000, 30_000),
            ("m", 27_000, 30_000),
            ("am", 4_500, 5_000),
            ("ammm", 4_500, 5_000),
        ] {
            let waits: Vec<u128> = (0..100)
                .map(|seed| {
                    let (mut rng, mut now) = (Rng::seeded(seed), Instant::START);
                    let mut health = Health::new(now, EVERY, &mut rng);
                    for letter in letters.chars() {
                        now = health.poll_timeout().unwrap();
                        health.handle(now, &mut rng, Input::Timeout);
                        let input = if letter == 'a' { Input::Answered } else { Input::Missed };
                        health.handle(now, &mut rng, input);
                    }
                    health.poll_timeout().unwrap().since(now).as_millis()
                })
                .collect();
            let (shortest, longest) = (*waits.iter().min().unwrap(), *waits.iter().max().unwrap());
            assert!(shortest >= least_ms && longest <= most_ms, "{letters}: {shortest} to {longest}");
            assert!(longest > shortest, "{letters}: chance is in it");
        }
    }

    #[test]
    fn a_lost_call_asks_a_host_at_once_that_answers_options() {
        let (mut rng, now) = (Rng::seeded(1), Instant::START);
        let mut health = Health::new(now, EVERY, &mut rng);
        let due = health.poll_timeout().unwrap();
        health.handle(now, &mut rng, Input::CallLost);
        assert_eq!(health.poll_timeout(), Some(due), "of one that never did nothing is learned by that");
        health.handle(due, &mut rng, Input::Timeout);
        health.handle(due, &mut rng, Input::Answered);
        let later = due + Duration::from_secs(1);
        health.handle(later, &mut rng, Input::CallLost);
        assert_eq!(health.poll_timeout(), Some(later));
    }

    fn input() -> impl Strategy<Value = Input> {
        prop_oneof![
            Just(Input::Timeout),
            Just(Input::Answered),
            Just(Input::Missed),
            Just(Input::CallHeard),
            Just(Input::CallLost),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]

        #[test]
        fn falls_and_rises_take_turns_and_it_is_always_asked_again(
            seed in any::<u64>(),
            inputs in prop::collection::vec((0..90_u64, input()), 1..60),
        ) {
            let (mut rng, mut now) = (Rng::seeded(seed), Instant::START);
            let mut health = Health::new(now, EVERY, &mut rng);
            let mut fallen = false;
            for (wait, input) in inputs {
                now += Duration::from_secs(wait);
                match health.handle(now, &mut rng, input) {
                    Some(Output::Falls) => {
                        prop_assert!(!fallen && health.is_down(now));
                        fallen = true;
                    }
                    Some(Output::Rises) => {
                        prop_assert!(fallen && !health.is_down(now));
                        fallen = false;
                    }
                    Some(Output::Ask) => prop_assert_eq!(input, Input::Timeout),
                    None => {}
                }
                prop_assert!(fallen || !health.is_down(now), "whoever is down was told of");
                if let Some(due) = health.poll_timeout() {
                    prop_assert!(due <= now + EVERY);
                }
            }
        }
    }
}
