//! Two machines that call each other over a link that loses, doubles and reorders, from one seed.
//!
//! Whatever the link does: each INVITE gets one final answer, a leg that ended is never heard of
//! again, and after everybody hung up nothing is left on either side.

use super::phone::{SDP, settings};
use crate::clock::Instant;
use crate::id::LegId;
use crate::phi::Phi;
use crate::rng::Rng;
use crate::sip::interface::{Command, Event, Input, Outgoing, Output};
use crate::sip::stack::Stack;
use crate::sip::way::Way;
use crate::wire::sip::message::{Message, parse};
use crate::wire::sip::name::Name;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::time::Duration;

const ADDRESSES: [&str; 2] = ["10.0.0.1:5060", "10.0.0.2:5060"];
/// When both sides hang up whatever is left.
const CURFEW: Instant = Instant::from_millis(90_000);

/// What the link does to a datagram, in percent.
#[derive(Clone, Copy, Debug)]
struct Link {
    lost: u64,
    doubled: u64,
    delay_max_ms: u64,
}

enum Happening {
    Datagram { to: usize, octets: Vec<u8> },
    Act { side: usize, command: Command },
}

/// How far a leg is, as its switch was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Told {
    Begun,
    Up,
    Over,
}

struct Pair {
    stacks: [Stack; 2],
    legs: [BTreeMap<LegId, Told>; 2],
    now: Instant,
    sequence: u64,
    heap: BTreeMap<(Instant, u64), Happening>,
    link: Link,
    rng: Rng,
    /// Final statuses sent to each INVITE, by Call-ID, tag and CSeq.
    finals: BTreeMap<String, BTreeSet<u16>>,
    log: String,
}

impl Pair {
    fn new(seed: u64, link: Link) -> Self {
        let stacks = [seed, !seed].map(|seed| Stack::new(settings(500), Rng::seeded(seed)));
        let legs = [BTreeMap::new(), BTreeMap::new()];
        let (heap, finals) = (BTreeMap::new(), BTreeMap::new());
        let rng = Rng::seeded(seed ^ 0x5eed);
        Self { stacks, legs, now: Instant::START, sequence: 0, heap, link, rng, finals, log: String::new() }
    }

    fn at(&mut self, after_ms: u64, happening: Happening) {
        self.sequence += 1;
        self.heap.insert((self.now + Duration::from_millis(after_ms), self.sequence), happening);
    }

    fn act(&mut self, after_ms: u64, side: usize, command: Command) {
        self.at(after_ms, Happening::Act { side, command });
    }

    fn run(&mut self) {
        for _ in 0..100_000 {
            let dues = [0, 1].map(|side| self.stacks[side].poll_timeout().map(|due| due.at));
            let timer = dues.into_iter().flatten().min();
            let first = self.heap.first_key_value().map(|(key, _)| *key);
            match (first, timer) {
                (None, None) => return,
                (Some((at, _)), timer) if timer.is_none_or(|timer| at <= timer) => {
                    self.now = at;
                    let (_, happening) = self.heap.pop_first().unwrap();
                    self.happen(happening);
                }
                (_, Some(timer)) => {
                    self.now = timer;
                    let side = usize::from(dues[0] != Some(timer));
                    self.stacks[side].handle(self.now, Input::Timeout);
                    self.drain(side);
                }
                (Some(_), None) => unreachable!("taken above"),
            }
        }
        panic!("it never rests:\n{}", self.log);
    }

    fn happen(&mut self, happening: Happening) {
        match happening {
            Happening::Datagram { to, octets } => {
                let (local, from) = (address(to), address(1 - to));
                self.stacks[to]
                    .handle(self.now, Input::Message { way: Way::udp(local, from), octets: &octets });
                self.drain(to);
            }
            Happening::Act { side, command } => {
                self.log += &format!("{:?} {side} does {command:?}\n", self.now);
                match &command {
                    Command::HangUp { leg, .. } | Command::Refuse { leg, .. }
                        if self.legs[side].get(leg) != Some(&Told::Up)
                            || matches!(command, Command::HangUp { .. }) =>
                    {
                        self.legs[side].insert(*leg, Told::Over);
                    }
                    _ => {}
                }
                self.stacks[side].handle(self.now, Input::Command(command));
                self.drain(side);
            }
        }
    }

    fn drain(&mut self, side: usize) {
        while let Some(output) = self.stacks[side].poll_output() {
            match output {
                Output::Transmit { way: Way { local, remote: to, .. }, octets } => {
                    assert_eq!((local, to), (address(side), address(1 - side)), "{}", self.log);
                    self.transmit(side, octets);
                }
                Output::Resolve { question, .. } => panic!("numeric hosts alone: {question:?}"),
                Output::Event(event) => self.heard(side, &event),
            }
        }
    }

    fn transmit(&mut self, side: usize, octets: Vec<u8>) {
        self.note(side, &octets);
        let copies = 1 + u64::from(self.rng.below(100) < self.link.doubled);
        for _ in 0..copies {
            if self.rng.below(100) >= self.link.lost {
                let delay = self.rng.below(self.link.delay_max_ms);
                self.at(delay, Happening::Datagram { to: 1 - side, octets: octets.clone() });
            }
        }
    }

    /// Writes a message down, and its status if it is final for an INVITE.
    fn note(&mut self, side: usize, octets: &[u8]) {
        let line = octets.split(|&octet| octet == b'\r').next().unwrap_or_default();
        self.log += &format!("{:?} {side} > {}\n", self.now, String::from_utf8_lossy(line));
        if let Ok(Message::Response(response)) = parse(octets) {
            let cseq = String::from_utf8_lossy(response.headers.first(Name::CSeq).unwrap()).into_owned();
            let call = String::from_utf8_lossy(response.headers.first(Name::CallId).unwrap()).into_owned();
            if response.status >= 200 && cseq.ends_with("INVITE") {
                self.finals.entry(format!("{side} {call} {cseq}")).or_default().insert(response.status);
            }
        }
    }

    fn heard(&mut self, side: usize, event: &Event) {
        self.log +=
            &format!("{:?} {side} hears {}\n", self.now, format!("{event:?}").split('{').next().unwrap());
        let (leg, told) = match *event {
            Event::Invite { leg, .. } => (leg, Told::Begun),
            Event::Located { leg, .. } | Event::Ringing { leg } => (leg, Told::Begun),
            Event::Confirmed { leg, .. } | Event::Answered { leg, .. } | Event::Probed { leg, .. } => {
                (leg, Told::Up)
            }
            Event::Reoffer { leg, .. } => (leg, Told::Up),
            Event::AckMissing { leg } | Event::Cancelled { leg } | Event::Bye { leg } => (leg, Told::Over),
            Event::Failed { leg, .. } => (leg, Told::Over),
        };
        let before = self.legs[side].insert(leg, told);
        assert_ne!(before, Some(Told::Over), "{event:?} after the end of the leg:\n{}", self.log);
        self.react(side, event);
    }

    /// The switch of that side: now polite, now rude.
    fn react(&mut self, side: usize, event: &Event) {
        let wait = self.rng.below(3_000);
        match *event {
            Event::Invite { leg, .. } => {
                self.act(wait / 3, side, Command::Ring { leg });
                match self.rng.below(4) {
                    0 => self.act(wait, side, Command::Refuse { leg, status: 486, retry_after_s: None }),
                    1 => self.act(wait, side, Command::HangUp { leg, reason: None }),
                    _ => self.act(wait, side, Command::Answer { leg, sdp: SDP.into() }),
                }
            }
            Event::Confirmed { leg, .. } | Event::Answered { leg, .. } => match self.rng.below(3) {
                0 => self.act(wait, side, Command::HangUp { leg, reason: None }),
                1 => self.act(wait, side, Command::Probe { leg }),
                _ => {}
            },
            Event::Reoffer { leg, .. } => {
                self.act(wait, side, Command::AnswerReoffer { leg, sdp: SDP.into() })
            }
            Event::AckMissing { .. }
            | Event::Cancelled { .. }
            | Event::Bye { .. }
            | Event::Located { .. }
            | Event::Ringing { .. }
            | Event::Failed { .. }
            | Event::Probed { .. } => {}
        }
    }

    fn call(&mut self, after_ms: u64, side: usize) {
        let leg = self.stacks[side].reserve_leg();
        let other = ADDRESSES[1 - side];
        let call = Box::new(Outgoing {
            target: format!("sip:desk@{other}"),
            from_user: Phi::new("100".to_owned()),
            sdp: SDP.into(),
        });
        self.legs[side].insert(leg, Told::Begun);
        self.act(
            after_ms,
            side,
            Command::Invite { leg, way: Way::udp(address(side), address(1 - side)), call },
        );
        if self.rng.below(3) == 0 {
            let patience = after_ms + self.rng.below(4_000);
            self.act(patience, side, Command::HangUp { leg, reason: None });
        }
    }

    /// Both sides hang up what is left, and everything comes to rest.
    fn settle(&mut self) {
        self.run();
        self.now = CURFEW.max(self.now);
        for side in [0, 1] {
            let left: Vec<_> = self.legs[side].iter().filter(|(_, told)| **told != Told::Over).collect();
            let left: Vec<_> = left.into_iter().map(|(leg, _)| *leg).collect();
            for leg in left {
                self.act(0, side, Command::HangUp { leg, reason: None });
            }
        }
        self.run();
    }
}

fn address(side: usize) -> SocketAddr {
    ADDRESSES[side].parse().unwrap()
}

fn story(seed: u64, calls: u64, link: Link) -> Pair {
    let mut pair = Pair::new(seed, link);
    for _ in 0..calls {
        let (after_ms, side) = (pair.rng.below(5_000), usize::from(pair.rng.below(2) == 0));
        pair.call(after_ms, side);
    }
    pair.settle();
    for (invite, statuses) in &pair.finals {
        assert_eq!(statuses.len(), 1, "{invite} was answered with {statuses:?}:\n{}", pair.log);
    }
    for side in [0, 1] {
        let stack = &pair.stacks[side];
        assert_eq!((stack.legs(), stack.transactions()), (0, 0), "side {side} is not at rest:\n{}", pair.log);
    }
    pair
}

#[test]
fn over_a_good_link_every_call_is_answered_or_given_up() {
    let pair = story(7, 40, Link { lost: 0, doubled: 0, delay_max_ms: 40 });
    assert!(!pair.finals.is_empty(), "{}", pair.log);
    for side in [0, 1] {
        let counters = pair.stacks[side].counters();
        assert_eq!((counters.malformed, counters.noise, counters.acks_missing), (0, 0, 0), "{}", pair.log);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn over_a_bad_link_nothing_is_left_behind(
        seed in any::<u64>(),
        lost in 0..40_u64,
        doubled in 0..30_u64,
        delay_max_ms in 1..900_u64,
    ) {
        story(seed, 12, Link { lost, doubled, delay_max_ms });
    }
}
