//! INVITE client transaction: RFC 3261 §17.1.1, with the Accepted state of RFC 6026 §7.2.
//! ```text
//!  Calling ──1xx──▶ Proceeding          A  resend, doubling from T1 (not over TCP)
//!    │ │ └───2xx───────┐ │ └─3xx-6xx─┐  B  give up after 64·T1
//!    │ └──3xx-6xx──────┼─┼──────────┐│  D  acknowledge late 3xx-6xx for 64·T1 (TCP: 0)
//!    B                 ▼ ▼          ▼▼  M  hear late 2xx for 64·T1
//!    └▶ Terminated ◀─M─ Accepted   Completed ─D─▶ Terminated
//! ```
//! The ACK of a 3xx-6xx is ours; the ACK of a 2xx is the UAC core's (§13.2.2.4).

use super::super::way::Transport;
use super::{Resend, StatusClass, Timers, earlier};
use crate::clock::Instant;

/// One INVITE client transaction.
#[derive(Debug)]
pub struct ClientInvite {
    state: State,
    timers: Timers,
    transport: Transport,
}

/// A timer lives in the state that needs it: to leave the state is to stop the timer.
#[derive(Clone, Copy, Debug)]
enum State {
    Calling { resend: Option<Resend>, give_up_at: Instant },
    Proceeding { give_up_at: Option<Instant> },
    Accepted { until: Instant },
    Completed { until: Instant },
    Terminated,
}

/// What happens to the transaction.
#[derive(Clone, Copy, Debug)]
pub enum Input {
    /// A response came.
    Response(StatusClass),
    /// The core sent a CANCEL: 64·T1 from now the INVITE is as good as cancelled (RFC 3261 §9.1).
    Cancelled,
    /// The transport says that the peer is not there (RFC 3261 §17.1.4).
    Unreachable,
    /// The deadline passed.
    Timeout,
}

/// What the transaction wants done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    /// Send the INVITE again.
    Resend,
    /// Give the response to the core.
    Deliver,
    /// Acknowledge the response, and give it to the core.
    AckAndDeliver,
    /// Acknowledge the response, which the core knows already.
    Ack,
    /// Nobody answered: for the core as if 408 had come (RFC 3261 §8.1.3.1).
    TimedOut,
    /// The peer is not there: for the core as if 503 had come (RFC 3261 §8.1.3.1).
    Unreachable,
}

impl ClientInvite {
    /// The transaction of an INVITE that is sent now.
    pub fn new(now: Instant, timers: Timers, transport: Transport) -> Self {
        let resend = timers.resend(now, transport);
        Self { state: State::Calling { resend, give_up_at: now + timers.give_up() }, timers, transport }
    }

    /// Takes one input; there is at most one thing to do for it.
    pub fn handle(&mut self, now: Instant, input: Input) -> Option<Output> {
        let (state, output) = match input {
            Input::Response(class) => self.response(now, class),
            Input::Cancelled => (self.cancelled(now), None),
            Input::Unreachable => self.unreachable(),
            Input::Timeout => self.timeout(now),
        };
        self.state = state;
        output
    }

    fn response(&self, now: Instant, class: StatusClass) -> (State, Option<Output>) {
        let until = now + self.timers.give_up();
        match (self.state, class) {
            (State::Calling { .. }, StatusClass::Provisional) => {
                (State::Proceeding { give_up_at: None }, Some(Output::Deliver))
            }
            (State::Proceeding { .. }, StatusClass::Provisional) => (self.state, Some(Output::Deliver)),
            (State::Calling { .. } | State::Proceeding { .. }, StatusClass::Success) => {
                (State::Accepted { until }, Some(Output::Deliver))
            }
            (State::Calling { .. } | State::Proceeding { .. }, StatusClass::Failure) => {
                let until = now + self.timers.linger(self.transport, self.timers.give_up());
                (State::Completed { until }, Some(Output::AckAndDeliver))
            }
            (State::Accepted { .. }, StatusClass::Success) => (self.state, Some(Output::Deliver)),
            (State::Completed { .. }, StatusClass::Failure) => (self.state, Some(Output::Ack)),
            (State::Accepted { .. }, StatusClass::Provisional | StatusClass::Failure)
            | (State::Completed { .. }, StatusClass::Provisional | StatusClass::Success)
            | (State::Terminated, _) => (self.state, None),
        }
    }

    /// Once a provisional answer came the final one may still find its way: over a new connection, for one.
    fn unreachable(&self) -> (State, Option<Output>) {
        match self.state {
            State::Calling { .. } => (State::Terminated, Some(Output::Unreachable)),
            state @ (State::Proceeding { .. }
            | State::Accepted { .. }
            | State::Completed { .. }
            | State::Terminated) => (state, None),
        }
    }

    fn cancelled(&self, now: Instant) -> State {
        match self.state {
            State::Proceeding { .. } => State::Proceeding { give_up_at: Some(now + self.timers.give_up()) },
            state @ (State::Calling { .. }
            | State::Accepted { .. }
            | State::Completed { .. }
            | State::Terminated) => state,
        }
    }

    fn timeout(&self, now: Instant) -> (State, Option<Output>) {
        match self.state {
            State::Calling { give_up_at, .. } | State::Proceeding { give_up_at: Some(give_up_at) }
                if give_up_at <= now =>
            {
                (State::Terminated, Some(Output::TimedOut))
            }
            State::Calling { resend: Some(resend), give_up_at } if resend.at <= now => {
                let resend = Some(resend.after(2 * resend.interval));
                (State::Calling { resend, give_up_at }, Some(Output::Resend))
            }
            State::Accepted { until } | State::Completed { until } if until <= now => {
                (State::Terminated, None)
            }
            State::Calling { .. }
            | State::Proceeding { .. }
            | State::Accepted { .. }
            | State::Completed { .. }
            | State::Terminated => (self.state, None),
        }
    }

    /// When `Timeout` is due.
    pub fn poll_timeout(&self) -> Option<Instant> {
        match self.state {
            State::Calling { resend, give_up_at } => Some(earlier(resend, give_up_at)),
            State::Proceeding { give_up_at } => give_up_at,
            State::Accepted { until } | State::Completed { until } => Some(until),
            State::Terminated => None,
        }
    }

    /// Nobody has said anything yet.
    pub fn is_unanswered(&self) -> bool {
        matches!(self.state, State::Calling { .. })
    }

    /// Nothing is sent any more unless a message comes: at the deadline it is only forgotten.
    pub fn only_lingers(&self) -> bool {
        matches!(self.state, State::Accepted { .. } | State::Completed { .. })
    }

    /// Nothing more can happen.
    pub fn is_terminated(&self) -> bool {
        matches!(self.state, State::Terminated)
    }

    /// A provisional answer came and no final one: the time in which CANCEL may be sent (§9.1).
    pub fn is_proceeding(&self) -> bool {
        matches!(self.state, State::Proceeding { .. })
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{self, TIMERS};
    use super::*;

    fn sent_over(transport: Transport) -> ClientInvite {
        ClientInvite::new(Instant::START, TIMERS, transport)
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
    fn over_tcp_nothing_is_sent_again_and_nothing_waited_for_but_a_late_2xx() {
        let check = |name, script, ladder| check_over(Transport::Tcp, name, script, ladder);
        check("nobody answers", &[], "32000 TimedOut\n");
        check("answered", &[(300, 180), (900, 200)], "300 Deliver\n900 Deliver\n32900 end\n");
        check("busy", &[(300, 486)], "300 AckAndDeliver\n300 end\n");
    }

    #[test]
    fn a_peer_that_is_not_there_is_told_at_once_but_not_after_it_spoke() {
        // RFC 3261 §17.1.4
        let gone = [(30, Input::Unreachable)];
        tests::check("calling", sent_over(Transport::Udp), &gone, "30 Unreachable\n");
        let script = [(10, Input::Response(StatusClass::Provisional)), (30, Input::Unreachable)];
        tests::check("ringing", sent_over(Transport::Tcp), &script, "10 Deliver\n");
    }

    #[test]
    fn the_figure_of_the_rfc_holds() {
        // RFC 3261 §17.1.1, §17.1.1.2, §8.1.3.1; RFC 6026 §7.2
        check("early media, then answer", &[(300, 183), (900, 200)], "300 Deliver\n900 Deliver\n32900 end\n");
        check("an answer at once", &[(300, 200)], "300 Deliver\n32300 end\n");
        check(
            "the 2xx comes twice, and from two forks",
            &[(300, 200), (800, 200)],
            "300 Deliver\n800 Deliver\n32300 end\n",
        );
        check(
            "busy, retransmitted once",
            &[(300, 486), (800, 486)],
            "300 AckAndDeliver\n800 Ack\n32300 end\n",
        );
        check("180 stops the resending", &[(600, 180)], "500 Resend\n600 Deliver\n");
        check(
            "a 2xx after a 486 is not heard",
            &[(1, 486), (2, 200), (3, 180)],
            "1 AckAndDeliver\n32001 end\n",
        );
        check("a 486 after a 2xx is not heard", &[(1, 200), (2, 486), (3, 180)], "1 Deliver\n32001 end\n");
        check(
            "nobody answers",
            &[],
            "500 Resend\n1500 Resend\n3500 Resend\n7500 Resend\n15500 Resend\n31500 Resend\n32000 TimedOut\n",
        );
    }

    #[test]
    fn a_cancelled_invite_waits_for_its_final_answer_for_64_t1_at_most() {
        let script = [(100, Input::Response(StatusClass::Provisional)), (200, Input::Cancelled)];
        tests::check("no answer", sent_over(Transport::Udp), &script, "100 Deliver\n32200 TimedOut\n");
    }
}
