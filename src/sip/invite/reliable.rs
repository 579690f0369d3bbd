//! Provisional answers that are not lost: RFC 3262, on both sides.
//! ```text
//!  UAS  Idle ──1xx──▶ Waiting ──PRACK──▶ Idle      the 1xx again, doubling from T1, until the PRACK or 64·T1
//!                       └─ final ──▶ Idle          (the last number stays known: its PRACK is still answered)
//!
//!  UAC  RSeq n, n+1, n+2 in each early dialog: the next one is acknowledged, one that came before or
//!       that has a gap before it is not (§4)
//! ```

use super::super::transaction::Timers;
use crate::clock::Instant;
use crate::wire::sip::grammar::{decimal, is_lws_octet, trim};
use std::time::Duration;

/// What a PRACK acknowledges (RFC 3262 §7.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RAck {
    /// The RSeq of the 1xx.
    pub rseq: u32,
    /// The number in its CSeq; the method is INVITE.
    pub cseq: u32,
}

impl RAck {
    /// Reads an RAck value; `None` if it is none, or not of an INVITE.
    pub fn read(value: &[u8]) -> Option<Self> {
        let mut words = value.split(|&octet| is_lws_octet(octet)).filter(|word| !word.is_empty());
        let mut number = || u32::try_from(decimal(words.next()?)?).ok();
        let (rseq, cseq) = (number()?, number()?);
        (words.next() == Some(b"INVITE") && words.next().is_none()).then_some(Self { rseq, cseq })
    }
}

/// Reads an RSeq value: 1 to 2³¹ − 1 and more, as long as it fits (RFC 3262 §7.1).
pub fn read_rseq(value: &[u8]) -> Option<u32> {
    decimal(trim(value)).and_then(|rseq| u32::try_from(rseq).ok()).filter(|&rseq| rseq > 0)
}

/// Whether a 1xx carries SDP: a 2xx waits for its PRACK then (RFC 3262 §3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Body {
    /// None.
    Empty,
    /// Our offer: the PRACK brings the answer (§5).
    Offer,
    /// Our answer.
    Answer,
}

/// The callee's side: at most one 1xx of a dialog is on its way.
#[derive(Debug)]
pub struct Reliable {
    state: State,
    /// The number of the last 1xx.
    rseq: u32,
    timers: Timers,
}

#[derive(Clone, Copy, Debug)]
enum State {
    Idle,
    /// The last 1xx waits for its PRACK although the INVITE has its final answer.
    Owed,
    Waiting {
        body: Body,
        resend_at: Instant,
        interval: Duration,
        give_up_at: Instant,
    },
}

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    /// Send the 1xx again.
    Resend,
    /// Refuse the INVITE with 5xx: no PRACK in 64·T1.
    GiveUp,
}

impl Reliable {
    /// None was sent; the first will carry the number after `rseq`.
    pub fn idle(rseq: u32, timers: Timers) -> Self {
        Self { state: State::Idle, rseq, timers }
    }

    /// A 1xx is sent: its RSeq.
    pub fn send(&mut self, now: Instant, body: Body) -> u32 {
        let t = self.timers;
        self.rseq += 1;
        self.state =
            State::Waiting { body, resend_at: now + t.t1, interval: t.t1, give_up_at: now + t.give_up() };
        self.rseq
    }

    /// A PRACK came: what its 1xx carried, or `None` if none of ours waits for it.
    pub fn prack(&mut self, rseq: u32) -> Option<Body> {
        let body = match self.state {
            State::Idle => return None,
            State::Owed => Body::Empty,
            State::Waiting { body, .. } => body,
        };
        if rseq != self.rseq {
            return None;
        }
        self.state = State::Idle;
        Some(body)
    }

    /// The INVITE has its final answer: nothing is sent again.
    pub fn stop(&mut self) {
        self.state = match self.state {
            State::Idle => State::Idle,
            State::Owed | State::Waiting { .. } => State::Owed,
        };
    }

    /// What the 1xx on its way carries; `None` if none is.
    pub fn waits_with(&self) -> Option<Body> {
        match self.state {
            State::Idle | State::Owed => None,
            State::Waiting { body, .. } => Some(body),
        }
    }

    /// The deadline may have passed.
    pub fn timeout(&mut self, now: Instant) -> Option<Output> {
        match self.state {
            State::Waiting { give_up_at, .. } if give_up_at <= now => {
                self.state = State::Owed;
                Some(Output::GiveUp)
            }
            State::Waiting { body, resend_at, interval, give_up_at } if resend_at <= now => {
                let interval = 2 * interval;
                self.state = State::Waiting { body, resend_at: resend_at + interval, interval, give_up_at };
                Some(Output::Resend)
            }
            State::Idle | State::Owed | State::Waiting { .. } => None,
        }
    }

    /// When [`Reliable::timeout`] is due.
    pub fn poll_timeout(&self) -> Option<Instant> {
        match self.state {
            State::Idle | State::Owed => None,
            State::Waiting { resend_at, give_up_at, .. } => Some(resend_at.min(give_up_at)),
        }
    }
}

/// What a reliable 1xx is to the caller's side of an early dialog (RFC 3262 §4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The next one: it is acknowledged.
    Next,
    /// It came before.
    Again,
    /// One before it is missing: it is not acknowledged, so that it comes again.
    Ahead,
}

/// The place of `rseq` after `last`, the RSeq acknowledged before it in this early dialog.
pub fn place(last: Option<u32>, rseq: u32) -> Place {
    match last {
        None => Place::Next,
        Some(last) if rseq <= last => Place::Again,
        Some(last) if last.checked_add(1) == Some(rseq) => Place::Next,
        Some(_) => Place::Ahead,
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::transaction::tests::{Machine, TIMERS, run};
    use super::*;

    #[derive(Clone, Copy)]
    pub enum Step {
        Send(Body),
        Prack(u32),
        Stop,
    }

    impl Machine for Reliable {
        type Input = Step;
        fn deadline(&self) -> Option<Instant> {
            self.poll_timeout()
        }
        fn step(&mut self, now: Instant, input: Option<Step>) -> Option<String> {
            match input {
                None => self.timeout(now).map(|output| format!("{output:?}")),
                Some(Step::Send(body)) => Some(format!("RSeq {}", self.send(now, body))),
                Some(Step::Prack(rseq)) => Some(format!("{:?}", self.prack(rseq))),
                Some(Step::Stop) => {
                    self.stop();
                    None
                }
            }
        }
    }

    #[track_caller]
    fn check(name: &str, script: &[(u64, Step)], ladder: &str) {
        assert_eq!(run(Reliable::idle(7, TIMERS), script), ladder, "{name}");
    }

    #[test]
    fn a_1xx_is_sent_until_its_prack_comes() {
        use Step::{Prack, Send, Stop};
        check("at once", &[(0, Send(Body::Empty)), (9, Prack(8))], "0 RSeq 8\n9 Some(Empty)\n");
        check(
            "the PRACK takes its time, then the next one",
            &[(0, Send(Body::Offer)), (1_600, Prack(8)), (1_700, Send(Body::Empty)), (1_800, Prack(9))],
            "0 RSeq 8\n500 Resend\n1500 Resend\n1600 Some(Offer)\n1700 RSeq 9\n1800 Some(Empty)\n",
        );
        check("of another one", &[(0, Prack(8))], "0 None\n");
        check(
            "twice, by another transaction",
            &[(0, Send(Body::Answer)), (1, Prack(9)), (2, Prack(8)), (3, Prack(8))],
            "0 RSeq 8\n1 None\n2 Some(Answer)\n3 None\n",
        );
        check(
            "after the final answer",
            &[(0, Send(Body::Empty)), (9, Stop), (2_000, Prack(8)), (2_001, Prack(8))],
            "0 RSeq 8\n2000 Some(Empty)\n2001 None\n",
        );
        check(
            "never",
            &[(0, Send(Body::Empty))],
            "0 RSeq 8\n500 Resend\n1500 Resend\n3500 Resend\n7500 Resend\n15500 Resend\n31500 Resend\n32000 GiveUp\n",
        );
    }

    #[test]
    fn a_caller_acknowledges_in_order() {
        for (last, rseq, expected) in [
            (None, 99, Place::Next),
            (Some(99), 100, Place::Next),
            (Some(99), 99, Place::Again),
            (Some(99), 3, Place::Again),
            (Some(99), 101, Place::Ahead),
            (Some(u32::MAX), u32::MAX, Place::Again),
            (Some(u32::MAX - 1), u32::MAX, Place::Next),
        ] {
            assert_eq!(place(last, rseq), expected, "{rseq} after {last:?}");
        }
    }

    #[test]
    fn an_rack_is_two_numbers_and_invite() {
        assert_eq!(RAck::read(b"776656 1 INVITE"), Some(RAck { rseq: 776_656, cseq: 1 }));
        assert_eq!(RAck::read(b" 1\t 2\r\n INVITE "), Some(RAck { rseq: 1, cseq: 2 }));
        for broken in
            [&b""[..], b"1", b"1 2", b"1 2 BYE", b"1 2 INVITE x", b"-1 2 INVITE", b"4294967296 1 INVITE"]
        {
            assert_eq!(RAck::read(broken), None, "{}", broken.escape_ascii());
        }
        assert_eq!((read_rseq(b"1"), read_rseq(b"0"), read_rseq(b"x")), (Some(1), None, None));
    }
}
