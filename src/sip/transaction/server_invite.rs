//! INVITE server transaction: RFC 3261 §17.2.1, with the Accepted state of RFC 6026 §7.1.
//! ```text
//!                 ┌──────────── Proceeding ────────────┐   G  send again, doubling from T1 to T2 (not over TCP)
//!              2xx│            1xx: send            3xx-6xx H  give up after 64·T1
//!                 ▼                                    ▼   I  absorb late ACKs for T4 (TCP: 0)
//!              Accepted                            Completed   L  absorb late INVITEs for 64·T1
//!                 │L                          H│        │ACK
//!                 ▼                            ▼        ▼
//!              Terminated ◀────────────────────┴──I── Confirmed
//! ```
//! Sending the 2xx again is the UAS core's (RFC 3261 §13.3.1.4), so is the ACK of a 2xx.

use super::super::way::Transport;
use super::{Resend, StatusClass, Timers, earlier};
use crate::clock::Instant;

/// One INVITE server transaction.
#[derive(Debug)]
pub struct ServerInvite {
    state: State,
    timers: Timers,
    transport: Transport,
}

/// A timer lives in the state that needs it: to leave the state is to stop the timer.
#[derive(Clone, Copy, Debug)]
enum State {
    Proceeding,
    Accepted { until: Instant },
    Completed { resend: Option<Resend>, give_up_at: Instant },
    Confirmed { until: Instant },
    Terminated,
}

/// What happens to the transaction.
#[derive(Clone, Copy, Debug)]
pub enum Input {
    /// The INVITE came again.
    Invite,
    /// An ACK of this transaction came.
    Ack,
    /// The core answers.
    Answer(StatusClass),
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
    /// The ACK is the core's: it belongs to a 2xx.
    AckToCore,
}

impl ServerInvite {
    /// The transaction of an INVITE that just came.
    pub fn new(timers: Timers, transport: Transport) -> Self {
        Self { state: State::Proceeding, timers, transport }
    }

    /// Takes one input; there is at most one thing to do for it.
    pub fn handle(&mut self, now: Instant, input: Input) -> Option<Output> {
        let (state, output) = self.next(now, input);
        self.state = state;
        output
    }

    fn next(&self, now: Instant, input: Input) -> (State, Option<Output>) {
        let t = self.timers;
        match (self.state, input) {
            (State::Proceeding, Input::Invite) => (self.state, Some(Output::Resend)),
            (State::Proceeding, Input::Answer(StatusClass::Provisional)) => (self.state, Some(Output::Send)),
            (State::Proceeding, Input::Answer(StatusClass::Success)) => {
                (State::Accepted { until: now + t.give_up() }, Some(Output::Send))
            }
            (State::Proceeding, Input::Answer(StatusClass::Failure)) => {
                let resend = t.resend(now, self.transport);
                (State::Completed { resend, give_up_at: now + t.give_up() }, Some(Output::Send))
            }
            // The core sends its 2xx again through the transaction (RFC 6026 §7.1).
            (State::Accepted { .. }, Input::Answer(StatusClass::Success)) => {
                (self.state, Some(Output::Resend))
            }
            (State::Accepted { .. }, Input::Ack) => (self.state, Some(Output::AckToCore)),
            (State::Completed { .. }, Input::Invite) => (self.state, Some(Output::Resend)),
            (State::Completed { .. }, Input::Ack) => {
                (State::Confirmed { until: now + t.linger(self.transport, t.t4()) }, None)
            }
            (_, Input::Timeout) => self.timeout(now),
            (
                State::Proceeding
                | State::Accepted { .. }
                | State::Completed { .. }
                | State::Confirmed { .. }
                | State::Terminated,
                Input::Invite | Input::Ack | Input::Answer(_),
            ) => (self.state, None),
        }
    }

    fn timeout(&self, now: Instant) -> (State, Option<Output>) {
        match self.state {
            State::Accepted { until } | State::Confirmed { until } if until <= now => {
                (State::Terminated, None)
            }
            State::Completed { give_up_at, .. } if give_up_at <= now => (State::Terminated, None),
            State::Completed { resend: Some(resend), give_up_at } if resend.at <= now => {
                let resend = Some(resend.after(self.timers.back_off(resend.interval)));
                (State::Completed { resend, give_up_at }, Some(Output::Resend))
            }
            State::Proceeding
            | State::Accepted { .. }
            | State::Completed { .. }
            | State::Confirmed { .. }
            | State::Terminated => (self.state, None),
        }
    }

    /// When `Timeout` is due.
    pub fn poll_timeout(&self) -> Option<Instant> {
        match self.state {
            State::Proceeding | State::Terminated => None,
            State::Accepted { until } | State::Confirmed { until } => Some(until),
            State::Completed { resend, give_up_at } => Some(earlier(resend, give_up_at)),
        }
    }

    /// Nothing is sent any more unless a message comes: at the deadline it is only forgotten.
    pub fn only_lingers(&self) -> bool {
        matches!(self.state, State::Accepted { .. } | State::Confirmed { .. })
    }

    /// Nothing more can happen.
    pub fn is_terminated(&self) -> bool {
        matches!(self.state, State::Terminated)
    }

    /// No final answer was given yet: a CANCEL still has something to cancel (RFC 3261 §9.2).
    pub fn is_proceeding(&self) -> bool {
        matches!(self.state, State::Proceeding)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{self, TIMERS};
    use super::*;

    const RINGING: Input = Input::Answer(StatusClass::Provisional);
    const OK: Input = Input::Answer(StatusClass::Success);
    const BUSY: Input = Input::Answer(StatusClass::Failure);

    #[track_caller]
    fn check(name: &str, script: &[(u64, Input)], ladder: &str) {
        check_over(Transport::Udp, name, script, ladder);
    }

    #[track_caller]
    fn check_over(transport: Transport, name: &str, script: &[(u64, Input)], ladder: &str) {
        tests::check(name, ServerInvite::new(TIMERS, transport), script, ladder);
    }

    #[test]
    fn over_tcp_a_refusal_is_sent_once_and_a_2xx_again_as_the_core_wants() {
        let check = |name, script: &[_], ladder| check_over(Transport::Tcp, name, script, ladder);
        check("busy, never acknowledged", &[(0, BUSY)], "0 Send\n32000 end\n");
        check("busy, acknowledged", &[(0, BUSY), (100, Input::Ack)], "0 Send\n100 end\n");
        check(
            "the core sends the 2xx again and hears the ACK",
            &[(0, OK), (500, OK), (700, Input::Ack)],
            "0 Send\n500 Resend\n700 AckToCore\n32000 end\n",
        );
    }

    #[test]
    fn the_figure_of_the_rfc_holds() {
        // RFC 3261 §17.2.1; RFC 6026 §7.1
        check("no answer yet: the 100 again", &[(0, RINGING), (500, Input::Invite)], "0 Send\n500 Resend\n");
        check("a 2xx ends with Timer L", &[(0, OK)], "0 Send\n32000 end\n");
        check(
            "a late INVITE after the 2xx is absorbed",
            &[(0, OK), (500, Input::Invite)],
            "0 Send\n32000 end\n",
        );
        check(
            "the core sends the 2xx again and hears the ACK",
            &[(0, OK), (500, OK), (700, Input::Ack)],
            "0 Send\n500 Resend\n700 AckToCore\n32000 end\n",
        );
        check("busy, acknowledged", &[(0, BUSY), (100, Input::Ack)], "0 Send\n5100 end\n");
        check(
            "busy, the ACK comes twice",
            &[(0, BUSY), (100, Input::Ack), (200, Input::Ack)],
            "0 Send\n5100 end\n",
        );
        check(
            "busy, the INVITE comes again",
            &[(0, BUSY), (100, Input::Invite), (200, Input::Ack)],
            "0 Send\n100 Resend\n5200 end\n",
        );
        check(
            "an answer after the final one is not sent",
            &[(0, BUSY), (1, OK), (2, RINGING), (3, Input::Ack)],
            "0 Send\n5003 end\n",
        );
    }

    #[test]
    fn without_an_ack_timer_g_doubles_to_t2_until_timer_h() {
        check(
            "busy, never acknowledged",
            &[(0, BUSY)],
            "0 Send\n500 Resend\n1500 Resend\n3500 Resend\n7500 Resend\n11500 Resend\n15500 Resend\n\
             19500 Resend\n23500 Resend\n27500 Resend\n31500 Resend\n32000 end\n",
        );
    }
}
