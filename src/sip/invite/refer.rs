//! The subscription that a REFER makes: what its sender is told of the call to the other party, and when
//! (RFC 3515 §2.4.4, RFC 6665 §4.2.2).
//! ```text
//!  202 ─▶ NOTIFY 100 ─answered─▶ Quiet ─outcome─▶ NOTIFY, the last ─answered─▶ over
//!            └ outcome: kept ────answered──────────▲
//!  no outcome in time ─▶ the last NOTIFY all the same: 100, `reason=timeout`
//!  a NOTIFY that is refused or never answered ─▶ over: the subscription, and nothing else of the dialog
//! ```
//! NOTIFYs go one at a time, so that none overtakes the one before. What a phone makes of a NOTIFY tells nothing of the
//! call: sessions and probes find out whether it still knows that (RFC 5057 §5.1 ends the usage alone for 481 and 408).

use crate::clock::Instant;
use crate::limits::REFER_EXPIRES;

/// The subscription of one REFER.
#[derive(Debug)]
pub struct Subscription {
    state: State,
    expires_at: Instant,
    /// The CSeq of its REFER, where an earlier one had a subscription in the same dialog (RFC 3515 §2.4.6).
    id: Option<u32>,
}

#[derive(Clone, Copy, Debug)]
enum State {
    /// The first NOTIFY is on its way; how the subscription ends after it, if that is known.
    First { then: Option<Last> },
    /// Nothing is on its way.
    Quiet,
    /// The last NOTIFY is on its way.
    Last,
    /// It is over.
    Over,
}

/// What the last NOTIFY says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Last {
    /// The status of the call to the other party.
    pub status: u16,
    /// Why nothing more comes.
    pub reason: Reason,
}

/// Why a subscription is over (RFC 6665 §4.1.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// There is nothing more to tell.
    NoResource,
    /// Its time is over.
    Timeout,
}

impl Reason {
    /// As Subscription-State writes it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Reason::NoResource => "noresource",
            Reason::Timeout => "timeout",
        }
    }
}

/// What happens.
#[derive(Clone, Copy, Debug)]
pub enum Input {
    /// What came of the call to the other party.
    Outcome(u16),
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
    /// Send the last NOTIFY.
    Notify(Last),
    /// Forget the subscription.
    Over,
}

impl Subscription {
    /// Begins with the REFER of that number, which is the dialog's first or not; its first NOTIFY goes now.
    pub fn begin(now: Instant, cseq: u32, order: Order) -> Self {
        let id = match order {
            Order::First => None,
            Order::Later => Some(cseq),
        };
        Self { state: State::First { then: None }, expires_at: now + REFER_EXPIRES, id }
    }

    /// Takes one input; there is at most one thing to do for it.
    pub fn handle(&mut self, now: Instant, input: Input) -> Option<Output> {
        let ends = |status, reason| Some(Last { status, reason });
        let (state, output) = match (self.state, input) {
            (State::First { then: None }, Input::Outcome(status)) => {
                (State::First { then: ends(status, Reason::NoResource) }, None)
            }
            (State::First { then: None }, Input::Timeout) if self.expires_at <= now => {
                (State::First { then: ends(TRYING, Reason::Timeout) }, None)
            }
            (State::First { then: Some(last) }, Input::Answered) => (State::Last, Some(Output::Notify(last))),
            (State::First { then: None }, Input::Answered) => (State::Quiet, None),
            (State::Quiet, Input::Outcome(status)) => {
                (State::Last, Some(Output::Notify(Last { status, reason: Reason::NoResource })))
            }
            (State::Quiet, Input::Timeout) if self.expires_at <= now => {
                (State::Last, Some(Output::Notify(Last { status: TRYING, reason: Reason::Timeout })))
            }
            (State::First { .. }, Input::Lost) | (State::Last, Input::Answered | Input::Lost) => {
                (State::Over, Some(Output::Over))
            }
            (state, Input::Outcome(_) | Input::Answered | Input::Lost | Input::Timeout) => (state, None),
        };
        self.state = state;
        output
    }

    /// When `Timeout` is due.
    pub fn poll_timeout(&self) -> Option<Instant> {
        match self.state {
            State::First { then: None } | State::Quiet => Some(self.expires_at),
            State::First { then: Some(_) } | State::Last | State::Over => None,
        }
    }

    /// The last NOTIFY is on its way, or goes next: a BYE waits for its answer.
    pub fn is_ending(&self) -> bool {
        match self.state {
            State::First { then: Some(_) } | State::Last => true,
            State::First { then: None } | State::Quiet | State::Over => false,
        }
    }

    /// The `id` of its Event header field, if it needs one.
    pub fn id(&self) -> Option<u32> {
        self.id
    }
}

/// Whether a REFER is the first of its dialog (RFC 3515 §2.4.6).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// It is.
    #[default]
    First,
    /// Another one was taken before.
    Later,
}

/// What is known before there is an outcome.
pub const TRYING: u16 = 100;

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    /// Plays the words, each at its millisecond, and tells what comes of them.
    fn play(words: &[(u64, Input)]) -> String {
        let mut subscription = Subscription::begin(Instant::START, 7, Order::First);
        let mut told = String::new();
        for (at, input) in words {
            let output = match subscription.handle(Instant::from_millis(*at), *input) {
                None => continue,
                Some(Output::Over) => "over".to_owned(),
                Some(Output::Notify(Last { status, reason })) => format!("{status} {}", reason.as_str()),
            };
            told += &format!("{at} {output}\n");
        }
        told
    }

    #[test]
    fn notifys_go_one_at_a_time_and_the_last_one_ends_it() {
        // RFC 6665 §4.2.2, RFC 3515 §2.4.4
        use Input::{Answered, Lost, Outcome, Timeout};
        let late = REFER_EXPIRES.as_millis() as u64;
        for (words, expected) in [
            (&[(9, Answered), (500, Outcome(200)), (510, Answered)][..], "500 200 noresource\n510 over\n"),
            (&[(5, Outcome(486)), (9, Answered), (20, Answered)], "9 486 noresource\n20 over\n"),
            (&[(5, Outcome(486)), (6, Outcome(200)), (9, Answered)], "9 486 noresource\n"),
            (
                &[(9, Answered), (10, Outcome(486)), (11, Outcome(200)), (12, Lost)],
                "10 486 noresource\n12 over\n",
            ),
            (&[(9, Lost), (10, Outcome(200)), (11, Answered)], "9 over\n"),
            (&[(5, Outcome(486)), (32_000, Lost)], "32000 over\n"),
            (
                &[(9, Answered), (late - 1, Timeout), (late, Timeout), (late + 9, Answered)],
                &format!("{late} 100 timeout\n{} over\n", late + 9),
            ),
            (&[(late, Timeout), (late + 9, Answered)], &format!("{} 100 timeout\n", late + 9)),
        ] {
            assert_eq!(play(words), expected, "{words:?}");
        }
    }

    #[test]
    fn it_wakes_once_and_outlasts_the_call_that_it_tells_of() {
        let mut subscription = Subscription::begin(Instant::START, 7, Order::Later);
        assert_eq!(subscription.poll_timeout(), Some(Instant::START + REFER_EXPIRES));
        assert_eq!((subscription.id(), subscription.is_ending()), (Some(7), false));
        subscription.handle(Instant::START, Input::Outcome(200));
        assert_eq!((subscription.poll_timeout(), subscription.is_ending()), (None, true));
        // A ring, and a first NOTIFY that is answered at the end of its transaction.
        assert!(REFER_EXPIRES > crate::limits::TRANSFER_RING + Duration::from_secs(32));
    }
}
