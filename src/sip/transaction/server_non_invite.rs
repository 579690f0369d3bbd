//! Non-INVITE server transaction: RFC 3261 §17.2.2.
//! ```text
//!  Trying ──final──▶ Completed ──J──▶ Terminated     J  answer late requests for 64·T1 (TCP: 0)
//! ```
//! Proceeding is left out on purpose: a provisional answer to a non-INVITE request helps nobody
//! (RFC 4320 §4.1), and this engine answers such requests within one `handle`.

use super::super::way::Transport;
use super::Timers;
use crate::clock::Instant;

/// One non-INVITE server transaction.
#[derive(Debug)]
pub struct ServerNonInvite {
    state: State,
    timers: Timers,
    transport: Transport,
}

#[derive(Clone, Copy, Debug)]
enum State {
    Trying,
    Completed { until: Instant },
    Terminated,
}

/// What happens to the transaction.
#[derive(Clone, Copy, Debug)]
pub enum Input {
    /// The request came again.
    Request,
    /// The core gives its final answer.
    Answer,
    /// The deadline passed.
    Timeout,
}

/// What the transaction wants done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    /// Send the core's answer for the first time.
    Send,
    /// Send the last answer again.
    Resend,
}

impl ServerNonInvite {
    /// The transaction of a request that just came.
    pub fn new(timers: Timers, transport: Transport) -> Self {
        Self { state: State::Trying, timers, transport }
    }

    /// Takes one input; there is at most one thing to do for it.
    pub fn handle(&mut self, now: Instant, input: Input) -> Option<Output> {
        let (state, output) = match (self.state, input) {
            (State::Trying, Input::Answer) => {
                let until = now + self.timers.linger(self.transport, self.timers.give_up());
                (State::Completed { until }, Some(Output::Send))
            }
            (State::Completed { .. }, Input::Request) => (self.state, Some(Output::Resend)),
            (State::Completed { until }, Input::Timeout) if until <= now => (State::Terminated, None),
            (
                State::Trying | State::Completed { .. } | State::Terminated,
                Input::Request | Input::Answer | Input::Timeout,
            ) => (self.state, None),
        };
        self.state = state;
        output
    }

    /// When `Timeout` is due.
    pub fn poll_timeout(&self) -> Option<Instant> {
        match self.state {
            State::Trying | State::Terminated => None,
            State::Completed { until } => Some(until),
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

    #[track_caller]
    fn check(name: &str, script: &[(u64, Input)], ladder: &str) {
        tests::check(name, ServerNonInvite::new(TIMERS, Transport::Udp), script, ladder);
    }

    #[test]
    fn over_tcp_nothing_is_remembered_after_the_answer() {
        let machine = ServerNonInvite::new(TIMERS, Transport::Tcp);
        tests::check("answered", machine, &[(7, Input::Answer)], "7 Send\n7 end\n");
    }

    #[test]
    fn the_figure_of_the_rfc_holds() {
        // RFC 3261 §17.2.2; RFC 4320 §4.1
        use Input::{Answer, Request};
        check("answered, then quiet", &[(0, Answer)], "0 Send\n32000 end\n");
        check(
            "answered, then asked again",
            &[(0, Answer), (500, Request)],
            "0 Send\n500 Resend\n32000 end\n",
        );
        check("asked again before the answer", &[(0, Request), (9, Answer)], "9 Send\n32009 end\n");
        check("a second answer is not sent", &[(0, Answer), (1, Answer)], "0 Send\n32000 end\n");
    }
}
