//! A finished transaction costs at most 1 kB: key, deadline and what it may have to send again, with its share of every table
//! that knows it. A clinic's line that is called 2 000 times a second has 128 000 of them at any time.
//!
//! ```text
//!  caller ──INVITE, ACK, BYE──▶ called     everybody hung up ─▶ octets held │ all forgotten, 64·T1 later ─▶ octets held
//!                                                                           └──── the difference, a transaction ────┘
//! ```

#[path = "../benches/support/allocations.rs"]
#[allow(dead_code, reason = "what is held is weighed here, not what is asked for")]
mod allocations;

use allocations::Counting;
use careline::clock::Instant;
use careline::id::LegId;
use careline::phi::Phi;
use careline::rng::Rng;
use careline::sip::interface::{Command, Event, InfoKeys, Input, Network, Outgoing, Output, Settings};
use careline::sip::stack::Stack;
use careline::sip::way::Way;
use std::collections::VecDeque;
use std::time::Duration;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const CALLER: usize = 0;
const CALLED: usize = 1;
const ADDRESSES: [&str; 2] = ["203.0.113.10:5060", "198.51.100.20:5060"];
const CALLS: u64 = 2_000;
/// What one may hold.
const OCTETS_MAX: u64 = 1_024;
/// Long enough for every transaction to be forgotten (RFC 3261 §17: 64·T1 is 32 s).
const FORGOTTEN: Duration = Duration::from_secs(60);
const SDP: &str = "v=0\r\no=- 20518 0 IN IP4 203.0.113.1\r\ns=-\r\nc=IN IP4 203.0.113.1\r\nt=0 0\r\n\
    m=audio 54400 RTP/AVP 0 8 101\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\n\
    a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=ptime:20\r\na=sendrecv\r\n";

/// How a call ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// It is answered, and the caller hangs up.
    HungUp,
    /// It is not taken.
    Busy,
}

/// Two machines and the messages on their way between them.
struct Pair {
    stacks: [Stack; 2],
    now: Instant,
    wire: VecDeque<(usize, Vec<u8>)>,
    end: End,
}

impl Pair {
    fn new(end: End) -> Self {
        let everywhere = vec![Network { base: [0, 0, 0, 0].into(), prefix: 0 }];
        let settings = Settings {
            t1: Duration::from_millis(500),
            target_patience: careline::limits::SIP_TARGET_PATIENCE_DEFAULT,
            external_address: None,
            product: "Careline".to_owned(),
            listen_to: everywhere.clone(),
            trusted: everywhere,
            requests_a_second: 1_000,
            help: Default::default(),
            session_expires_s: 1_800,
            info_keys: InfoKeys::Ignored,
            drop_agents: Vec::new(),
        };
        let stacks = [1, 2].map(|seed| Stack::new(settings.clone(), Rng::seeded(seed)));
        Self { stacks, now: Instant::START, wire: VecDeque::new(), end }
    }

    fn call(&mut self) {
        let leg = self.stacks[CALLER].reserve_leg();
        let call = Box::new(Outgoing {
            target: format!("sip:+16175550100@{}", ADDRESSES[CALLED]),
            from_user: Phi::new("+16175550142".to_owned()),
            carries: Default::default(),
            sdp: SDP.into(),
        });
        self.order(CALLER, Command::Invite { leg, way: way(CALLER), call });
        while let Some((to, octets)) = self.wire.pop_front() {
            self.stacks[to].handle(self.now, Input::Message { way: way(to), octets: &octets });
            self.drain(to);
        }
    }

    fn order(&mut self, side: usize, command: Command) {
        self.stacks[side].handle(self.now, Input::Command(command));
        self.drain(side);
    }

    fn drain(&mut self, side: usize) {
        while let Some(output) = self.stacks[side].poll_output() {
            match output {
                Output::Transmit { octets, .. } => self.wire.push_back((1 - side, octets)),
                Output::Resolve { question, .. } => panic!("numeric hosts alone: {question:?}"),
                Output::Event(event) => self.heard(side, &event),
            }
        }
    }

    fn heard(&mut self, side: usize, event: &Event) {
        match (event, self.end) {
            (Event::Invite { leg, .. }, End::HungUp) => {
                self.order(side, Command::Answer { leg: *leg, sdp: SDP.into() });
            }
            (Event::Invite { leg, .. }, End::Busy) => self.refuse(side, *leg),
            (Event::Answered { leg, .. }, _) => {
                self.order(side, Command::HangUp { leg: *leg, reason: None });
            }
            _ => {}
        }
    }

    fn refuse(&mut self, side: usize, leg: LegId) {
        self.order(side, Command::Refuse { leg, status: 486, retry_after_s: None });
    }

    /// Octets that each transaction of a side holds until it is forgotten, by the moment when that happens, and how many they
    /// are. What is left of a call that we ended goes with its BYE, and is weighed with it.
    fn weigh(&mut self, side: usize) -> Vec<(Instant, u64, u64)> {
        let stack = &mut self.stacks[side];
        let end = self.now + FORGOTTEN;
        let mut weighed = Vec::new();
        while let Some(due) = stack.poll_timeout().filter(|due| due.at <= end) {
            let (held, count) = (allocations::held(), stack.transactions());
            stack.handle(due.at, Input::Timeout);
            assert!(stack.poll_output().is_none(), "a finished transaction says nothing");
            let gone = (count - stack.transactions()) as u64;
            weighed.push((due.at, (held - allocations::held()) / gone.max(1), gone));
        }
        assert_eq!((stack.transactions(), stack.legs()), (0, 0), "all are forgotten");
        weighed
    }
}

/// From that side to the other.
fn way(side: usize) -> Way {
    let address = |side: usize| ADDRESSES[side].parse().expect("an address");
    Way::udp(address(side), address(1 - side))
}

// One test: what another one holds would be weighed too.
#[test]
fn a_finished_transaction_holds_at_most_a_kilobyte_on_either_side() {
    // RFC 3261 §17, RFC 6026 §7
    let mut weights = Vec::new();
    for (end, each) in [(End::HungUp, 2), (End::Busy, 1)] {
        let mut pair = Pair::new(end);
        (0..CALLS).for_each(|_| pair.call());
        for (side, name) in [(CALLED, "called"), (CALLER, "caller")] {
            let weighed = pair.weigh(side);
            for (at, octets, count) in &weighed {
                println!("{end:?}, the {name}, forgotten at {at:?}: {octets} octets for each of {count}");
            }
            assert_eq!(
                weighed.iter().map(|(.., count)| count).sum::<u64>(),
                CALLS * each,
                "{end:?}, the {name}"
            );
            weights.extend(weighed.into_iter().map(|(_, octets, _)| octets));
        }
    }
    assert!(weights.iter().all(|octets| (100..=OCTETS_MAX).contains(octets)), "{weights:?}");
}
