//! The callee's side of one INVITE after another in a dialog: RFC 3261 §13.3.1, §14.2, §15.
//! ```text
//!  Idle ──INVITE──▶ Open ──2xx──▶ Answered ──ACK──▶ Idle        2xx again, doubling from T1 to T2
//!   ▲             1xx each minute      │ └─ 64·T1 ──▶ AckMissing  until the ACK or 64·T1
//!   └──── 3xx-6xx ───┘                └─ hang up ──▶ Leaving ─ ACK or 64·T1 ──▶ SendBye
//! ```
//! A callee may not send BYE before the ACK of the call came or 64·T1 passed (§15), so a hang-up between waits
//! in `Leaving`. In a dialog that is confirmed, BYE waits for no ACK of a re-INVITE. The 3xx-6xx is sent again by the
//! server transaction, not here.

use super::super::transaction::Timers;
use crate::clock::Instant;
use std::time::Duration;

/// How often a caller hears that we still ring (RFC 3261 §13.3.1.1).
const REMIND: Duration = Duration::from_secs(60);

/// The callee's side of a dialog.
#[derive(Debug)]
pub struct Uas {
    state: State,
    standing: Standing,
    timers: Timers,
}

/// Whether the dialog is confirmed for both sides (RFC 3261 §12).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// The INVITE that is to begin it has no 2xx, or that has no ACK yet.
    Early,
    /// A call stands; whatever INVITE comes is a re-INVITE.
    Confirmed,
}

#[derive(Clone, Copy, Debug)]
enum State {
    Idle,
    Open { offer: Offer, remind_at: Option<Instant> },
    Answered { resend: Resend, offer: Offer },
    Leaving { resend: Resend },
}

/// The 2xx on its way (RFC 3261 §13.3.1.4).
#[derive(Clone, Copy, Debug)]
struct Resend {
    at: Instant,
    interval: Duration,
    give_up_at: Instant,
}

/// Which message carries the offer (RFC 3261 §13.2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Offer {
    /// The INVITE; the answer is in our 2xx.
    InInvite,
    /// Our 2xx; the answer is in the ACK.
    InSuccess,
    /// Offer and answer were exchanged before the 2xx, which carries none (RFC 3262 §5).
    Settled,
}

/// Whether an INVITE has its final answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Final {
    /// Its 2xx is sent.
    Sent,
    /// Not yet.
    NotSent,
}

/// What happens.
#[derive(Clone, Copy, Debug)]
pub enum Input {
    /// An INVITE came that is no retransmission.
    Invite(Offer),
    /// The core answers with 1xx over 100.
    Provisional,
    /// Offer and answer are complete before the 2xx: by a 1xx, or by its PRACK.
    Settled,
    /// The core answers with 2xx.
    Success,
    /// The core, or a CANCEL, or a BYE answers with 3xx-6xx.
    Failure,
    /// The ACK of our 2xx came.
    Ack,
    /// The core wants to send BYE.
    HangUp,
    /// The deadline passed.
    Timeout,
}

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    /// Tell the core of the INVITE.
    Open,
    /// The ACK that is missing was lost, for the peer goes on: as if it had come, and tell of the INVITE.
    ConfirmAndOpen,
    /// Answer the INVITE with 500: the one before it has no final answer (§14.2).
    StillOpen,
    /// Answer the INVITE with 491: our own offer is not answered (§14.2).
    OurOfferOpen,
    /// Send the last 1xx again, so that no proxy on the way gives up (§13.3.1.1).
    Remind,
    /// Send the 2xx again.
    Resend,
    /// The call is confirmed.
    Confirmed,
    /// Tell the core that no ACK came, and send BYE.
    AckMissing,
    /// Send the BYE that waited.
    SendBye,
}

impl Uas {
    /// No INVITE came yet that is to be answered here.
    pub fn new(standing: Standing, timers: Timers) -> Self {
        Self { state: State::Idle, standing, timers }
    }

    /// Takes one input; there is at most one thing to do for it.
    pub fn handle(&mut self, now: Instant, input: Input) -> Option<Output> {
        let (state, output) = match input {
            Input::Invite(offer) => self.invite(offer),
            Input::Provisional => (self.provisional(now), None),
            Input::Settled => (self.settled(), None),
            Input::Success => (self.success(now), None),
            Input::Failure => (self.failure(), None),
            Input::Ack => self.ack(),
            Input::HangUp => self.hang_up(),
            Input::Timeout => self.timeout(now),
        };
        self.state = state;
        if matches!(output, Some(Output::Confirmed | Output::ConfirmAndOpen)) {
            self.standing = Standing::Confirmed;
        }
        output
    }

    fn invite(&self, offer: Offer) -> (State, Option<Output>) {
        match self.state {
            State::Idle => (State::Open { offer, remind_at: None }, Some(Output::Open)),
            State::Open { .. } => (self.state, Some(Output::StillOpen)),
            State::Answered { offer: Offer::InInvite | Offer::Settled, .. } => {
                (State::Open { offer, remind_at: None }, Some(Output::ConfirmAndOpen))
            }
            State::Answered { offer: Offer::InSuccess, .. } | State::Leaving { .. } => {
                (self.state, Some(Output::OurOfferOpen))
            }
        }
    }

    fn provisional(&self, now: Instant) -> State {
        match self.state {
            State::Open { offer, .. } => State::Open { offer, remind_at: Some(now + REMIND) },
            State::Idle | State::Answered { .. } | State::Leaving { .. } => self.state,
        }
    }

    fn settled(&self) -> State {
        match self.state {
            State::Open { remind_at, .. } => State::Open { offer: Offer::Settled, remind_at },
            State::Idle | State::Answered { .. } | State::Leaving { .. } => self.state,
        }
    }

    fn success(&self, now: Instant) -> State {
        let t = self.timers;
        match self.state {
            State::Open { offer, .. } => {
                let resend = Resend { at: now + t.t1, interval: t.t1, give_up_at: now + t.give_up() };
                State::Answered { resend, offer }
            }
            State::Idle | State::Answered { .. } | State::Leaving { .. } => self.state,
        }
    }

    fn failure(&self) -> State {
        match self.state {
            State::Open { .. } => State::Idle,
            State::Idle | State::Answered { .. } | State::Leaving { .. } => self.state,
        }
    }

    fn ack(&self) -> (State, Option<Output>) {
        match self.state {
            State::Answered { .. } => (State::Idle, Some(Output::Confirmed)),
            State::Leaving { .. } => (State::Idle, Some(Output::SendBye)),
            State::Idle | State::Open { .. } => (self.state, None),
        }
    }

    fn hang_up(&self) -> (State, Option<Output>) {
        match (self.state, self.standing) {
            (State::Answered { resend, .. }, Standing::Early) => (State::Leaving { resend }, None),
            (State::Answered { .. }, Standing::Confirmed) | (State::Idle | State::Open { .. }, _) => {
                (State::Idle, Some(Output::SendBye))
            }
            (State::Leaving { .. }, _) => (self.state, None),
        }
    }

    fn timeout(&self, now: Instant) -> (State, Option<Output>) {
        match self.state {
            State::Answered { resend, .. } if resend.give_up_at <= now => {
                (State::Idle, Some(Output::AckMissing))
            }
            State::Leaving { resend } if resend.give_up_at <= now => (State::Idle, Some(Output::SendBye)),
            State::Open { offer, remind_at: Some(at) } if at <= now => {
                (State::Open { offer, remind_at: Some(at + REMIND) }, Some(Output::Remind))
            }
            State::Answered { resend, offer } if resend.at <= now => {
                (State::Answered { resend: self.back_off(resend), offer }, Some(Output::Resend))
            }
            State::Leaving { resend } if resend.at <= now => {
                (State::Leaving { resend: self.back_off(resend) }, Some(Output::Resend))
            }
            State::Idle | State::Open { .. } | State::Answered { .. } | State::Leaving { .. } => {
                (self.state, None)
            }
        }
    }

    fn back_off(&self, resend: Resend) -> Resend {
        let interval = self.timers.back_off(resend.interval);
        Resend { at: resend.at + interval, interval, ..resend }
    }

    /// When `Timeout` is due.
    pub fn poll_timeout(&self) -> Option<Instant> {
        match self.state {
            State::Idle => None,
            State::Open { remind_at, .. } => remind_at,
            State::Answered { resend, .. } | State::Leaving { resend } => {
                Some(resend.at.min(resend.give_up_at))
            }
        }
    }

    /// An INVITE waits for its final answer.
    pub fn is_open(&self) -> bool {
        matches!(self.state, State::Open { .. })
    }

    /// No INVITE waits for its final answer or its ACK.
    pub fn is_idle(&self) -> bool {
        matches!(self.state, State::Idle)
    }

    /// Which message carries the offer of the INVITE that is open, or whose ACK is missing.
    pub fn offer(&self) -> Option<(Offer, Final)> {
        match self.state {
            State::Open { offer, .. } => Some((offer, Final::NotSent)),
            State::Answered { offer, .. } => Some((offer, Final::Sent)),
            State::Idle | State::Leaving { .. } => None,
        }
    }

    /// The core hung up, and the BYE waits for the ACK.
    pub fn is_leaving(&self) -> bool {
        matches!(self.state, State::Leaving { .. })
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::transaction::tests::{Machine, TIMERS, run};
    use super::*;

    impl Machine for Uas {
        type Input = Input;
        fn deadline(&self) -> Option<Instant> {
            self.poll_timeout()
        }
        fn step(&mut self, now: Instant, input: Option<Input>) -> Option<String> {
            self.handle(now, input.unwrap_or(Input::Timeout)).map(|output| format!("{output:?}"))
        }
    }

    #[track_caller]
    fn check(name: &str, script: &[(u64, Input)], ladder: &str) {
        assert_eq!(run(Uas::new(Standing::Early, TIMERS), script), ladder, "{name}");
    }

    const INVITE: Input = Input::Invite(Offer::InInvite);
    const OFFERLESS: Input = Input::Invite(Offer::InSuccess);

    #[test]
    fn a_call_is_answered_until_it_is_acknowledged() {
        use Input::{Ack, Failure, HangUp, Success};
        check("answered", &[(0, INVITE), (9, Success), (20, Ack)], "0 Open\n20 Confirmed\n");
        check(
            "the ACK takes its time",
            &[(0, INVITE), (0, Success), (1_600, Ack)],
            "0 Open\n500 Resend\n1500 Resend\n1600 Confirmed\n",
        );
        check(
            "the ACK comes twice",
            &[(0, INVITE), (0, Success), (1, Ack), (2, Ack)],
            "0 Open\n1 Confirmed\n",
        );
        check("refused, and asked again", &[(0, INVITE), (1, Failure), (2, INVITE)], "0 Open\n2 Open\n");
        check(
            "hung up before the ACK: the BYE waits for it",
            &[(0, INVITE), (0, Success), (100, HangUp), (700, Ack)],
            "0 Open\n500 Resend\n700 SendBye\n",
        );
        check(
            "hung up after the ACK",
            &[(0, INVITE), (0, Success), (1, Ack), (2, HangUp)],
            "0 Open\n1 Confirmed\n2 SendBye\n",
        );
    }

    #[test]
    fn within_a_call_bye_waits_for_no_ack() {
        // RFC 3261 §15: what has to be confirmed is the dialog, not a change within it.
        use Input::{Ack, HangUp, Success};
        check(
            "a re-INVITE whose ACK is lost",
            &[(0, INVITE), (0, Success), (1, Ack), (10, INVITE), (10, Success), (20, HangUp), (30, Ack)],
            "0 Open\n1 Confirmed\n10 Open\n20 SendBye\n",
        );
        let script = [(0, INVITE), (0, Success), (1, HangUp), (2, Ack)];
        let called = run(Uas::new(Standing::Confirmed, TIMERS), &script);
        assert_eq!(called, "0 Open\n1 SendBye\n", "the first re-INVITE in a call that we placed");
    }

    #[test]
    fn a_long_ringing_is_told_each_minute() {
        // RFC 3261 §13.3.1, §13.3.1.1
        let script =
            [(0, INVITE), (1_000, Input::Provisional), (130_000, Input::Success), (130_001, Input::Ack)];
        check("ringing", &script, "0 Open\n61000 Remind\n121000 Remind\n130001 Confirmed\n");
    }

    #[test]
    fn a_second_invite_finds_the_first() {
        use Input::Success;
        check("no final answer yet", &[(0, INVITE), (1, INVITE)], "0 Open\n1 StillOpen\n");
        check(
            "the ACK was lost, the peer goes on",
            &[(0, INVITE), (1, Success), (2, INVITE)],
            "0 Open\n2 ConfirmAndOpen\n",
        );
        check(
            "our offer waits for the ACK",
            &[(0, OFFERLESS), (1, Success), (2, INVITE), (3, Input::Ack)],
            "0 Open\n2 OurOfferOpen\n3 Confirmed\n",
        );
    }

    #[test]
    fn without_an_ack_the_2xx_goes_out_to_64_t1() {
        let resent = "500 Resend\n1500 Resend\n3500 Resend\n7500 Resend\n11500 Resend\n15500 Resend\n\
                      19500 Resend\n23500 Resend\n27500 Resend\n31500 Resend\n";
        let script = [(0, INVITE), (0, Input::Success)];
        check("nobody acknowledges", &script, &format!("0 Open\n{resent}32000 AckMissing\n"));
        let script = [(0, INVITE), (0, Input::Success), (1, Input::HangUp)];
        check("hung up, nobody acknowledges", &script, &format!("0 Open\n{resent}32000 SendBye\n"));
    }
}
