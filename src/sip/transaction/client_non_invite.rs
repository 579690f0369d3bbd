//! Non-INVITE client transaction: RFC 3261 §17.1.2.
//! ```text
//!  Trying ──1xx──▶ Proceeding        E  resend, doubling from T1 to T2; every T2 in Proceeding (not over TCP)
//!    │ │               │ │           F  give up after 64·T1
//!    F └──── final ────┤ F           K  absorb late answers for T4 (TCP: 0)
//!    ▼                 ▼ ▼
//!  Terminated ◀─K─ Completed
//! ```

use super::super::way::Transport;
use super::{Resend, StatusClass, Timers, earlier};
use crate::clock::Instant;

/// One non-INVITE client transaction.
#[derive(Debug)]
pub struct ClientNonInvite {
    state: State,
    timers: Timers,
    transport: Transport,
}

#[derive(Clone, Copy, Debug)]
enum State {
    Trying { resend: Option<Resend>, give_up_at: Instant },
    Proceeding { resend: Option<Resend>, give_up_at: Instant },
    Completed { until: Instant },
    Terminated,
}

/// What happens to the transaction.
#[derive(Clone, Copy, Debug)]
pub enum Input {
    /// A response came.
    Response(StatusClass),
    /// The transport says that the peer is not there (RFC 3261 §17.1.4).
    Unreachable,
    /// The deadline passed.
    Timeout,
}

/// What the transaction wants done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    /// Send the request again.
    Resend,
    /// Give the final response to the core.
    Deliver,
    /// Nobody answered.
    TimedOut,
    /// The peer is not there.
    Unreachable,
}

impl ClientNonInvite {
    /// The transaction of a request that is sent now.
    pub fn new(now: Instant, timers: Timers, transport: Transport) -> Self {
        let resend = timers.resend(now, transport);
        Self { state: State::Trying { resend, give_up_at: now + timers.give_up() }, timers, transport }
    }

    /// Takes one input; there is at most one thing to do for it.
    pub fn handle(&mut self, now: Instant, input: Input) -> Option<Output> {
        let (state, output) = match input {
            Input::Response(class) => self.response(now, class),
            Input::Unreachable => self.unreachable(),
            Input::Timeout => self.timeout(now),
        };
        self.state = state;
        output
    }

    fn response(&self, now: Instant, class: StatusClass) -> (State, Option<Output>) {
        match (self.state, class) {
            // Timer E runs on as it was set; its next interval is T2 (§17.1.2.2).
            (State::Trying { resend, give_up_at }, StatusClass::Provisional) => {
                (State::Proceeding { resend, give_up_at }, None)
            }
            (
                State::Trying { .. } | State::Proceeding { .. },
                StatusClass::Success | StatusClass::Failure,
            ) => {
                let until = now + self.timers.linger(self.transport, self.timers.t4());
                (State::Completed { until }, Some(Output::Deliver))
            }
            (State::Proceeding { .. }, StatusClass::Provisional)
            | (State::Completed { .. } | State::Terminated, _) => (self.state, None),
        }
    }

    fn unreachable(&self) -> (State, Option<Output>) {
        match self.state {
            State::Trying { .. } => (State::Terminated, Some(Output::Unreachable)),
            State::Proceeding { .. } | State::Completed { .. } | State::Terminated => (self.state, None),
        }
    }

    fn timeout(&self, now: Instant) -> (State, Option<Output>) {
        let t = self.timers;
        match self.state {
            State::Trying { give_up_at, .. } | State::Proceeding { give_up_at, .. } if give_up_at <= now => {
                (State::Terminated, Some(Output::TimedOut))
            }
            State::Trying { resend: Some(resend), give_up_at } if resend.at <= now => {
                let resend = Some(resend.after(t.back_off(resend.interval)));
                (State::Trying { resend, give_up_at }, Some(Output::Resend))
            }
            State::Proceeding { resend: Some(resend), give_up_at } if resend.at <= now => {
                (State::Proceeding { resend: Some(resend.after(t.t2())), give_up_at }, Some(Output::Resend))
            }
            State::Completed { until } if until <= now => (State::Terminated, None),
            State::Trying { .. } | State::Proceeding { .. } | State::Completed { .. } | State::Terminated => {
                (self.state, None)
            }
        }
    }

    /// When `Timeout` is due.
    pub fn poll_timeout(&self) -> Option<Instant> {
        match self.state {
            State::Trying { resend, give_up_at } | State::Proceeding { resend, give_up_at } => {
                Some(earlier(resend, give_up_at))
            }
            State::Completed { until } => Some(until),
            State::Terminated => None,
        }
    }

    /// Nothing is sent any more unless a message comes: at the deadline it is only forgotten.
    pub fn only_lingers(&self) -> bool {
        matches!(self.state, State::Completed { .. })
    }

    /// Nothing more can happen.
    pub fn is_terminated(&self) -> bool {
        matches!(self.state, State::Terminated)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{self, TIMERS};
    use super::*;

    fn sent_over(transport: Transport) -> ClientNonInvite {
        ClientNonInvite::new(Instant::START, TIMERS, transport)
    }

    #[track_caller]
    fn check(name: &str, script: &[(u64, u16)], ladder: &str) {
        check_over(Transport::Udp, name, script, ladder);
    }

    #[track_caller]
    fn check_over(transport: Transport, name: &str, script: &[(u64, u16)], ladder: &str) {
        tests::check_responses(name, sent_over(transport), Input::Response, script, ladder);
    }

    #[test]
    fn over_tcp_nothing_is_sent_again_and_nothing_waited_for() {
        let check = |name, script, ladder| check_over(Transport::Tcp, name, script, ladder);
        check("nobody answers", &[], "32000 TimedOut\n");
        check("trying, then nothing", &[(100, 100)], "32000 TimedOut\n");
        check("answered", &[(20, 200)], "20 Deliver\n20 end\n");
    }

    #[test]
    fn a_peer_that_is_not_there_is_told_at_once() {
        // RFC 3261 §17.1.4
        let gone = [(30, Input::Unreachable)];
        tests::check("trying", sent_over(Transport::Udp), &gone, "30 Unreachable\n");
    }

    #[test]
    fn the_figure_of_the_rfc_holds() {
        // RFC 3261 §17.1.2, §17.1.2.2
        check("answered at once", &[(20, 200)], "20 Deliver\n5020 end\n");
        check("answered twice", &[(20, 481), (40, 481)], "20 Deliver\n5020 end\n");
        check("the second sending is answered", &[(600, 200)], "500 Resend\n600 Deliver\n5600 end\n");
        check(
            "a provisional answer slows the resending to T2",
            &[(100, 100), (9_000, 200)],
            "500 Resend\n4500 Resend\n8500 Resend\n9000 Deliver\n14000 end\n",
        );
        check(
            "nobody answers",
            &[],
            "500 Resend\n1500 Resend\n3500 Resend\n7500 Resend\n11500 Resend\n15500 Resend\n19500 Resend\n\
             23500 Resend\n27500 Resend\n31500 Resend\n32000 TimedOut\n",
        );
    }
}
