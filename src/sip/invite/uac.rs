//! The caller's side of an INVITE: RFC 3261 §13.2, and the races of CANCEL (§9.1, §15.1.1).
//! ```text
//!  Calling ──1xx──▶ Proceeding ──2xx──▶ Answered      3xx-6xx or 64·T1 ──▶ Failed
//!    │ hang up        │ hang up
//!    ▼                ▼
//!  Leaving ──1xx──▶ Cancelling ──2xx──▶ Answered      a 2xx that crossed the CANCEL:
//!        (CANCEL waits for a 1xx)                     ACK, then BYE at once
//! ```
//! Sending INVITE and CANCEL again is the client transactions'; the ACK of a 2xx is the stack's.

/// The caller's side of one INVITE.
#[derive(Debug)]
pub struct Uac {
    state: State,
}

#[derive(Clone, Copy, Debug)]
enum State {
    Calling,
    Proceeding { ringing: Ringing },
    Leaving,
    Cancelling,
    Answered,
    Failed,
}

/// Whether the core was told that the party rings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ringing {
    Told,
    Untold,
}

/// What happens.
#[derive(Clone, Copy, Debug)]
pub enum Input {
    /// A response came.
    Response(u16),
    /// Nobody answered in 64·T1.
    TimedOut,
    /// The core gives up.
    HangUp,
}

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    /// Tell the core that the party rings.
    Ringing,
    /// Acknowledge; tell the core that the party answered.
    Answered,
    /// Acknowledge and send BYE: nobody wants the call any more.
    AckAndBye,
    /// Tell the core that the call came to nothing.
    Failed(u16),
    /// The call that was given up is over; the core knows.
    Over,
    /// Send CANCEL.
    SendCancel,
}

impl Uac {
    /// The INVITE is sent.
    pub fn calling() -> Self {
        Self { state: State::Calling }
    }

    /// Takes one input; there is at most one thing to do for it.
    pub fn handle(&mut self, input: Input) -> Option<Output> {
        let (state, output) = match input {
            Input::Response(status @ 0..=199) => self.provisional(status),
            Input::Response(200..=299) => self.success(),
            Input::Response(status @ 300..) => self.failure(status),
            Input::TimedOut => self.failure(408),
            Input::HangUp => self.hang_up(),
        };
        self.state = state;
        output
    }

    /// The core gave up, and no final answer came since.
    pub fn is_given_up(&self) -> bool {
        matches!(self.state, State::Leaving | State::Cancelling)
    }

    fn provisional(&self, status: u16) -> (State, Option<Output>) {
        match self.state {
            State::Calling | State::Proceeding { ringing: Ringing::Untold } if status > 100 => {
                (State::Proceeding { ringing: Ringing::Told }, Some(Output::Ringing))
            }
            State::Calling => (State::Proceeding { ringing: Ringing::Untold }, None),
            State::Leaving => (State::Cancelling, Some(Output::SendCancel)),
            State::Proceeding { .. } | State::Cancelling | State::Answered | State::Failed => {
                (self.state, None)
            }
        }
    }

    fn success(&self) -> (State, Option<Output>) {
        match self.state {
            State::Calling | State::Proceeding { .. } => (State::Answered, Some(Output::Answered)),
            // Another fork, or the 2xx that crossed our CANCEL (§13.2.2.4, §9.1).
            State::Leaving | State::Cancelling | State::Answered | State::Failed => {
                (State::Answered, Some(Output::AckAndBye))
            }
        }
    }

    fn failure(&self, status: u16) -> (State, Option<Output>) {
        match self.state {
            State::Calling | State::Proceeding { .. } => (State::Failed, Some(Output::Failed(status))),
            State::Leaving | State::Cancelling => (State::Failed, Some(Output::Over)),
            State::Answered | State::Failed => (self.state, None),
        }
    }

    fn hang_up(&self) -> (State, Option<Output>) {
        match self.state {
            State::Calling => (State::Leaving, None),
            State::Proceeding { .. } => (State::Cancelling, Some(Output::SendCancel)),
            State::Leaving | State::Cancelling | State::Answered | State::Failed => (self.state, None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HANG_UP: u16 = 0;
    const TIME_OUT: u16 = 1;

    /// `story` is a list of statuses, hang-up and time-out.
    #[track_caller]
    fn check(name: &str, story: &[u16], expected: &str) {
        let mut uac = Uac::calling();
        let seen: Vec<_> = story
            .iter()
            .map(|step| match *step {
                HANG_UP => uac.handle(Input::HangUp),
                TIME_OUT => uac.handle(Input::TimedOut),
                status => uac.handle(Input::Response(status)),
            })
            .map(|output| output.map_or("-".to_owned(), |output| format!("{output:?}")))
            .collect();
        assert_eq!(seen.join(" "), expected, "{name}: {story:?}");
    }

    #[test]
    fn every_story_of_a_call_that_we_place_has_its_end() {
        check("answered", &[100, 180, 200], "- Ringing Answered");
        check("answered at once", &[200], "Answered");
        check("ringing is told once", &[180, 183, 180], "Ringing - -");
        check("busy", &[100, 486], "- Failed(486)");
        check("redirected", &[302], "Failed(302)");
        check("nobody there", &[TIME_OUT], "Failed(408)");
        check("given up while it rings", &[180, HANG_UP, 487], "Ringing SendCancel Over");
        check("given up before the 100: CANCEL waits", &[HANG_UP, 100, 487], "- SendCancel Over");
        check("given up, never answered", &[HANG_UP, TIME_OUT], "- Over");
        check("the 200 crosses the CANCEL", &[180, HANG_UP, 200], "Ringing SendCancel AckAndBye");
        check("the 200 comes in place of a 100", &[HANG_UP, 200], "- AckAndBye");
        check("a second fork answers", &[200, 200], "Answered AckAndBye");
        check("given up twice", &[180, HANG_UP, HANG_UP], "Ringing SendCancel -");
        check("an answer after the end", &[486, 180, 603], "Failed(486) - -");
    }
}
