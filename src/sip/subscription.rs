//! One subscription of a phone to the count of messages that wait: RFC 6665 §4.2, RFC 3842 §3.
//!
//! ```text
//!  SUBSCRIBE ─▶ Telling ─2xx─▶ Knows ─ another count ─▶ Owes ─ settles ─▶ Granted ─ its turn ─▶ Telling
//!                  ├ asked again, or over meanwhile: that is said behind the answer
//!                  └ refused, or no answer ─▶ over
//!  `Expires: 0`, its time is over, its user is none any more ─▶ Last: NOTIFY, `terminated` ─ any answer ─▶ over
//! ```
//! A pure machine. NOTIFYs go one at a time, so that none overtakes the one before. The dialog and all octets on the wire are
//! the stack's.

use super::invite::refer::Reason;
use crate::clock::Instant;
use crate::limits::summaries::{SUMMARY_EVERY, SUMMARY_SETTLES};
use std::time::Duration;

/// Names a subscription: never used again for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SubscriptionId(pub u64);

/// One subscription.
#[derive(Debug)]
pub struct Subscription {
    state: State,
    /// How many messages wait now.
    waiting: u64,
    expires_at: Instant,
    /// Of a change nothing is told before.
    rests_until: Instant,
}

/// `knows` is the count that was told last.
#[derive(Clone, Copy, Debug)]
enum State {
    /// Nothing is on its way.
    Knows { knows: u64 },
    /// The count is another one: it is told then, unless it is the old one again.
    Owes { knows: u64, at: Instant },
    /// The same, and this is its turn.
    Granted { knows: u64, at: Instant },
    /// A NOTIFY is on its way.
    Telling { knows: u64, then: Then },
    /// The last NOTIFY is on its way.
    Last,
    /// It is over.
    Over,
}

/// What follows on the answer to a NOTIFY.
#[derive(Clone, Copy, Debug)]
enum Then {
    /// Nothing.
    Rest,
    /// Another one: each SUBSCRIBE has its own (RFC 6665 §4.2.1.2).
    Again,
    /// The last one.
    End(Reason),
}

/// What happens.
#[derive(Clone, Copy, Debug)]
pub enum Input {
    /// A SUBSCRIBE is answered with 200: it holds so long from now on, and no longer if that is nothing.
    Asked {
        /// So long.
        holds: Duration,
    },
    /// So many messages wait.
    Counted(u64),
    /// There is nothing more to be told.
    End(Reason),
    /// Its turn is then.
    Turn(Instant),
    /// The NOTIFY was answered with 2xx.
    Answered,
    /// It was refused, or nobody answered it.
    Lost,
    /// The deadline passed.
    Timeout,
}

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    /// Send this.
    Notify(Said),
    /// It wants to tell a change: [`Input::Turn`] says when it may.
    WantsTurn,
    /// Forget the subscription.
    Over,
}

/// What a NOTIFY says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Said {
    /// How many messages wait.
    pub waiting: u64,
    /// What becomes of the subscription.
    pub holds: Holds,
}

/// Whether a subscription goes on (RFC 6665 §4.1.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holds {
    /// For so many seconds.
    Active {
        /// Seconds.
        expires_s: u64,
    },
    /// No more.
    Terminated(Reason),
}

impl Subscription {
    /// A subscription of which its first SUBSCRIBE is still to be told.
    pub fn new(now: Instant, waiting: u64) -> Self {
        let state = State::Knows { knows: waiting };
        Self { state, waiting, expires_at: now, rests_until: now }
    }

    /// Takes one input; there is at most one thing to do for it.
    pub fn handle(&mut self, now: Instant, input: Input) -> Option<Output> {
        match input {
            Input::Asked { holds } => self.asked(now, holds),
            Input::Counted(waiting) => {
                self.waiting = waiting;
                self.owe(now);
                None
            }
            Input::End(reason) => self.end(reason),
            Input::Turn(at) => self.turn(now, at),
            Input::Answered => self.answered(now),
            Input::Lost => {
                self.state = State::Over;
                Some(Output::Over)
            }
            Input::Timeout => self.timeout(now),
        }
    }

    /// When `Timeout` is due.
    pub fn poll_timeout(&self) -> Option<Instant> {
        match self.state {
            State::Owes { at, .. } | State::Granted { at, .. } => Some(at.min(self.expires_at)),
            State::Knows { .. } | State::Telling { then: Then::Rest | Then::Again, .. } => {
                Some(self.expires_at)
            }
            State::Telling { then: Then::End(_), .. } | State::Last | State::Over => None,
        }
    }

    /// Its end is told, or is next: no SUBSCRIBE makes it longer.
    pub fn is_ending(&self) -> bool {
        match self.state {
            State::Telling { then: Then::End(_), .. } | State::Last | State::Over => true,
            State::Knows { .. } | State::Owes { .. } | State::Granted { .. } | State::Telling { .. } => false,
        }
    }

    fn asked(&mut self, now: Instant, holds: Duration) -> Option<Output> {
        if self.is_ending() {
            return None;
        }
        self.expires_at = now + holds;
        if holds.is_zero() {
            return self.end(Reason::Timeout);
        }
        match self.state {
            State::Telling { knows, .. } => {
                self.state = State::Telling { knows, then: Then::Again };
                None
            }
            State::Knows { .. } | State::Owes { .. } | State::Granted { .. } => Some(self.tell(now)),
            State::Last | State::Over => None,
        }
    }

    fn tell(&mut self, now: Instant) -> Output {
        self.state = State::Telling { knows: self.waiting, then: Then::Rest };
        self.rests_until = now + SUMMARY_EVERY;
        let expires_s = self.expires_at.since(now).as_secs();
        Output::Notify(Said { waiting: self.waiting, holds: Holds::Active { expires_s } })
    }

    fn end(&mut self, reason: Reason) -> Option<Output> {
        match self.state {
            State::Telling { then: Then::End(_), .. } | State::Last | State::Over => None,
            State::Telling { knows, .. } => {
                self.state = State::Telling { knows, then: Then::End(reason) };
                None
            }
            State::Knows { .. } | State::Owes { .. } | State::Granted { .. } => Some(self.last(reason)),
        }
    }

    fn last(&mut self, reason: Reason) -> Output {
        self.state = State::Last;
        Output::Notify(Said { waiting: self.waiting, holds: Holds::Terminated(reason) })
    }

    /// What it knows is not true any more: that is told soon, but not sooner than it may be.
    fn owe(&mut self, now: Instant) {
        match self.state {
            State::Knows { knows } if knows != self.waiting => {
                let at = self.rests_until.max(now + SUMMARY_SETTLES);
                self.state = State::Owes { knows, at };
            }
            State::Knows { .. }
            | State::Owes { .. }
            | State::Granted { .. }
            | State::Telling { .. }
            | State::Last
            | State::Over => {}
        }
    }

    fn answered(&mut self, now: Instant) -> Option<Output> {
        match self.state {
            State::Telling { then: Then::Again, .. } => Some(self.tell(now)),
            State::Telling { then: Then::End(reason), .. } => Some(self.last(reason)),
            State::Telling { knows, then: Then::Rest } => {
                self.state = State::Knows { knows };
                self.owe(now);
                None
            }
            State::Last => {
                self.state = State::Over;
                Some(Output::Over)
            }
            State::Knows { .. } | State::Owes { .. } | State::Granted { .. } | State::Over => None,
        }
    }

    fn turn(&mut self, now: Instant, at: Instant) -> Option<Output> {
        match self.state {
            State::Owes { .. } if at <= now => Some(self.tell(now)),
            State::Owes { knows, .. } => {
                self.state = State::Granted { knows, at };
                None
            }
            State::Knows { .. }
            | State::Granted { .. }
            | State::Telling { .. }
            | State::Last
            | State::Over => None,
        }
    }

    fn timeout(&mut self, now: Instant) -> Option<Output> {
        if self.expires_at <= now {
            return self.end(Reason::Timeout);
        }
        match self.state {
            State::Owes { knows, at } | State::Granted { knows, at }
                if at <= now && knows == self.waiting =>
            {
                self.state = State::Knows { knows };
                None
            }
            State::Owes { at, .. } if at <= now => Some(Output::WantsTurn),
            State::Granted { at, .. } if at <= now => Some(self.tell(now)),
            State::Knows { .. }
            | State::Owes { .. }
            | State::Granted { .. }
            | State::Telling { .. }
            | State::Last
            | State::Over => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Plays words, two each: what happens after so many milliseconds. A turn is granted `turn` later.
    fn play(script: &str) -> String {
        let start = Instant::START + Duration::from_secs(1);
        let (mut now, mut turn) = (start, Duration::ZERO);
        let mut subscription = Subscription::new(now, 1);
        let mut told = String::new();
        for word in script.split(", ") {
            let (what, number) = word.split_once(' ').unwrap_or((word, "0"));
            let number: u64 = number.parse().unwrap();
            let input = match what {
                "asked" => Input::Asked { holds: Duration::from_secs(number) },
                "count" => Input::Counted(number),
                "gone" => Input::End(Reason::NoResource),
                "yes" => Input::Answered,
                "no" => Input::Lost,
                "turn" => {
                    turn = Duration::from_millis(number);
                    continue;
                }
                "wait" => {
                    let end = now + Duration::from_millis(number);
                    while let Some(at) = subscription.poll_timeout().filter(|at| *at <= end) {
                        now = now.max(at);
                        let output = subscription.handle(now, Input::Timeout);
                        tell(&mut told, now.since(start), output);
                        if output == Some(Output::WantsTurn) {
                            let output = subscription.handle(now, Input::Turn(now + turn));
                            tell(&mut told, now.since(start), output);
                        }
                    }
                    now = end;
                    continue;
                }
                _ => panic!("{word}"),
            };
            tell(&mut told, now.since(start), subscription.handle(now, input));
        }
        told.trim_end().to_owned()
    }

    fn tell(told: &mut String, at: Duration, output: Option<Output>) {
        let says = match output {
            None | Some(Output::WantsTurn) => return,
            Some(Output::Over) => "over".to_owned(),
            Some(Output::Notify(Said { waiting, holds: Holds::Active { expires_s } })) => {
                format!("{waiting} for {expires_s}")
            }
            Some(Output::Notify(Said { waiting, holds: Holds::Terminated(reason) })) => {
                format!("{waiting} {}", reason.as_str())
            }
        };
        *told += &format!("{}:{says} ", at.as_millis());
    }

    #[test]
    fn each_subscribe_is_told_at_once_and_each_change_when_it_may_be() {
        // RFC 6665 §4.2.1.2, §4.2.2; RFC 3842 §3.8, §3.11
        for (name, script, expected) in [
            ("at once", "asked 600, yes, wait 9000", "0:1 for 600"),
            (
                "a change settles",
                "asked 600, yes, wait 9000, count 3, wait 9000",
                "0:1 for 600 9500:3 for 590",
            ),
            ("the next one rests", "asked 600, yes, count 2, wait 9000", "0:1 for 600 5000:2 for 595"),
            (
                "two in one",
                "asked 600, yes, wait 9000, count 3, count 4, wait 900",
                "0:1 for 600 9500:4 for 590",
            ),
            ("taken back", "asked 600, yes, wait 9000, count 3, count 1, wait 9000", "0:1 for 600"),
            (
                "its turn comes later",
                "asked 600, yes, turn 700, wait 9000, count 3, wait 9000",
                "0:1 for 600 10200:3 for 589",
            ),
            (
                "taken back before its turn",
                "asked 600, yes, turn 900, wait 9000, count 3, wait 600, count 1, wait 9000",
                "0:1 for 600",
            ),
            ("one at a time", "asked 600, count 2, wait 9000, yes, wait 9000", "0:1 for 600 9500:2 for 590"),
            ("a refresh", "asked 600, yes, wait 1000, asked 300", "0:1 for 600 1000:1 for 300"),
            (
                "a refresh that crosses",
                "asked 600, wait 1000, asked 300, yes, yes",
                "0:1 for 600 1000:1 for 300",
            ),
        ] {
            assert_eq!(play(script), expected, "{name}");
        }
    }

    #[test]
    fn it_ends_with_a_last_word_or_when_nobody_listens() {
        // RFC 6665 §4.1.3, §4.2.2, §4.4.1, §4.4.3
        for (name, script, expected) in [
            ("a fetch", "asked 0, yes", "0:1 timeout 0:over"),
            ("unsubscribed", "asked 600, yes, count 2, asked 0, yes", "0:1 for 600 0:2 timeout 0:over"),
            ("unsubscribed at once", "asked 600, asked 0, yes, yes", "0:1 for 600 0:1 timeout 0:over"),
            ("expired", "asked 60, yes, wait 61000, yes", "0:1 for 60 60000:1 timeout 61000:over"),
            (
                "expired before the answer",
                "asked 60, wait 61000, yes, no",
                "0:1 for 60 61000:1 timeout 61000:over",
            ),
            ("its user is gone", "asked 60, yes, gone, yes", "0:1 for 60 0:1 noresource 0:over"),
            ("refused", "asked 60, no", "0:1 for 60 0:over"),
            (
                "refused in the end",
                "asked 60, yes, wait 9000, count 2, wait 9000, no",
                "0:1 for 60 9500:2 for 50 18000:over",
            ),
            (
                "too late to go on",
                "asked 60, yes, asked 0, asked 60, gone, count 9, yes",
                "0:1 for 60 0:1 timeout 0:over",
            ),
        ] {
            assert_eq!(play(script), expected, "{name}");
        }
    }
}
