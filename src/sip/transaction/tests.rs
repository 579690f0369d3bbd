//! A transaction in virtual time: what it is told and when, and its ladder, a line for each of its acts; `end` is a
//! deadline after which nothing more can happen.
//! ```text
//!  (100, Answer(Failure)), (300, Ack)   ─▶   100 Send
//!                                            5300 end
//! ```
//! Each machine has its tables beside it; here is how they are played.

use super::client_invite::{self, ClientInvite};
use super::client_non_invite::{self, ClientNonInvite};
use super::server_invite::{self, ServerInvite};
use super::server_non_invite::{self, ServerNonInvite};
use super::*;

/// T1 = 500 ms.
pub const TIMERS: Timers = Timers { t1: Duration::from_millis(500) };

/// A machine that is told things and has a deadline.
pub trait Machine {
    /// What it is told.
    type Input: Copy;
    /// Its next deadline.
    fn deadline(&self) -> Option<Instant>;
    /// Tells it something (`None`: its deadline came) and returns what it did.
    fn step(&mut self, now: Instant, input: Option<Self::Input>) -> Option<String>;
}

macro_rules! transaction {
    ($machine:ty, $input:ty) => {
        impl Machine for $machine {
            type Input = $input;
            fn deadline(&self) -> Option<Instant> {
                self.poll_timeout()
            }
            fn step(&mut self, now: Instant, input: Option<$input>) -> Option<String> {
                let output = self.handle(now, input.unwrap_or(<$input>::Timeout));
                let end = (input.is_none() && self.is_terminated()).then(|| "end".to_owned());
                output.map(|output| format!("{output:?}")).or(end)
            }
        }
    };
}

transaction!(ClientInvite, client_invite::Input);
transaction!(ClientNonInvite, client_non_invite::Input);
transaction!(ServerInvite, server_invite::Input);
transaction!(ServerNonInvite, server_non_invite::Input);

/// Plays `script` (milliseconds, input) and every timer in between and after.
pub fn run<M: Machine>(mut machine: M, script: &[(u64, M::Input)]) -> String {
    let mut ladder = String::new();
    let mut script = script.iter().peekable();
    for _ in 0..1_000 {
        let timer = machine.deadline();
        let scripted = script.peek().map(|(at, _)| Instant::from_millis(*at));
        let (now, input) = match (timer, scripted) {
            (Some(timer), Some(scripted)) if timer < scripted => (timer, None),
            (_, Some(scripted)) => (scripted, script.next().map(|(_, input)| *input)),
            (Some(timer), None) => (timer, None),
            (None, None) => return ladder,
        };
        if let Some(act) = machine.step(now, input) {
            ladder += &format!("{} {act}\n", now.as_micros() / 1_000);
        }
    }
    panic!("the machine never comes to rest:\n{ladder}");
}

/// The machine, told that, does this.
#[track_caller]
pub fn check<M: Machine>(name: &str, machine: M, script: &[(u64, M::Input)], ladder: &str) {
    assert_eq!(run(machine, script), ladder, "{name}");
}

/// The same for a client that is told of responses with these statuses.
#[track_caller]
pub fn check_responses<M: Machine>(
    name: &str,
    machine: M,
    response: fn(StatusClass) -> M::Input,
    script: &[(u64, u16)],
    ladder: &str,
) {
    let script: Vec<_> =
        script.iter().map(|(at, status)| (*at, response(StatusClass::of(*status)))).collect();
    check(name, machine, &script, ladder);
}

#[test]
fn every_timer_scales_with_t1() {
    let slow = Timers { t1: Duration::from_millis(500) };
    assert_eq!((slow.t2(), slow.t4(), slow.give_up()), (sec(4), sec(5), sec(32)));
    let fast = Timers { t1: Duration::from_millis(5) };
    assert_eq!((fast.t2(), fast.t4()), (Duration::from_millis(40), Duration::from_millis(50)));
    assert_eq!(fast.back_off(Duration::from_millis(30)), fast.t2());
}

#[test]
fn a_status_has_the_class_of_its_first_digit() {
    let classes = [100, 199, 200, 299, 300, 699].map(StatusClass::of);
    use StatusClass::{Failure, Provisional, Success};
    assert_eq!(classes, [Provisional, Provisional, Success, Success, Failure, Failure]);
}

fn sec(s: u64) -> Duration {
    Duration::from_secs(s)
}
