//! Two machines that call each other over a link that loses, doubles and reorders, from one seed.
//!
//! Whatever the link does: each INVITE gets one final answer, a leg that ended is never heard of
//! again, both sides of a call that still stands have the same offer and answer in mind, and after
//! everybody hung up nothing is left on either side. Half of the calls require `100rel`.

use super::phone::settings;
use crate::clock::Instant;
use crate::id::LegId;
use crate::phi::Phi;
use crate::rng::Rng;
use crate::sip::interface::{Command, Event, Input, Outgoing, Output};
use crate::sip::stack::Stack;
use crate::sip::stack::leg::Phase;
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

/// How the switches behave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Manners {
    /// Now polite, now rude.
    ByChance,
    /// All is taken at once.
    Polite,
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
    manners: Manners,
    /// What each datagram takes besides the chance of the link.
    way_ms: u64,
    rng: Rng,
    /// Final statuses sent to each INVITE, by Call-ID, tag and CSeq.
    finals: BTreeMap<String, BTreeSet<u16>>,
    log: String,
    /// How many session descriptions were made.
    described: u64,
}

impl Pair {
    fn new(seed: u64, link: Link) -> Self {
        let stacks = [seed, !seed].map(|seed| Stack::new(settings(500), Rng::seeded(seed)));
        let legs = [BTreeMap::new(), BTreeMap::new()];
        let (heap, finals) = (BTreeMap::new(), BTreeMap::new());
        let rng = Rng::seeded(seed ^ 0x5eed);
        let log = String::new();
        let (manners, way_ms) = (Manners::ByChance, 0);
        let (now, sequence, described) = (Instant::START, 0, 0);
        Self { stacks, legs, now, sequence, heap, link, manners, way_ms, rng, finals, log, described }
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
        let octets = require_100rel(octets);
        let copies = 1 + u64::from(self.rng.below(100) < self.link.doubled);
        for _ in 0..copies {
            if self.rng.below(100) >= self.link.lost {
                let delay = self.way_ms + self.rng.below(self.link.delay_max_ms);
                self.at(delay, Happening::Datagram { to: 1 - side, octets: octets.clone() });
            }
        }
    }

    /// A session description that is told apart from every other.
    fn sdp(&mut self) -> Vec<u8> {
        self.described += 1;
        let number = self.described;
        format!("v=0\r\no=- {number} 1 IN IP4 10.0.0.1\r\nm=audio 6000 RTP/AVP 0\r\n").into()
    }

    /// Offer and answer of each call that stands, by Call-ID, as that side has them in mind.
    fn sessions(&self, side: usize) -> BTreeMap<Vec<u8>, [String; 2]> {
        let legs = self.stacks[side].legs.values();
        let within = legs.filter_map(|leg| match &leg.phase {
            Phase::InDialog(within) => Some(within),
            Phase::Outgoing(_) | Phase::Mortal { .. } | Phase::Subscribed(_) => None,
        });
        within
            .map(|within| {
                let text = |sdp: &[u8]| String::from_utf8_lossy(sdp).lines().nth(1).unwrap_or("-").to_owned();
                let mut both = [text(&within.local_sdp), text(&within.remote_sdp)];
                both.rotate_left(side);
                (within.dialog.call_id().to_vec(), both)
            })
            .collect()
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
            Event::Located { leg, .. } | Event::Ringing { leg } | Event::EarlyMedia { leg, .. } => {
                (leg, Told::Begun)
            }
            Event::Confirmed { leg, .. } | Event::Answered { leg, .. } | Event::Probed { leg, .. } => {
                (leg, Told::Up)
            }
            Event::Reoffer { leg, .. }
            | Event::OfferAnswered { leg, .. }
            | Event::OfferRefused { leg, .. }
            | Event::Refer { leg, .. }
            | Event::Info { leg, .. } => (leg, Told::Up),
            Event::AckMissing { leg } | Event::SessionLost { leg, .. } => (leg, Told::Over),
            Event::Cancelled { leg, .. } | Event::Bye { leg, .. } => (leg, Told::Over),
            Event::Failed { leg, .. } => (leg, Told::Over),
            Event::KeepBindings(_) => panic!("no phone logs in"),
            Event::Host { .. } => panic!("there is no carrier"),
        };
        let before = self.legs[side].insert(leg, told);
        assert_ne!(before, Some(Told::Over), "{event:?} after the end of the leg:\n{}", self.log);
        match self.manners {
            Manners::ByChance => self.react(side, event),
            Manners::Polite => self.consent(side, event),
        }
    }

    /// A switch that takes all.
    fn consent(&mut self, side: usize, event: &Event) {
        let sdp = self.sdp();
        match *event {
            Event::Invite { leg, .. } => self.act(0, side, Command::Answer { leg, sdp }),
            Event::Reoffer { leg, .. } => self.act(0, side, Command::AnswerReoffer { leg, sdp }),
            _ => {}
        }
    }

    /// The switch of that side: now polite, now rude.
    fn react(&mut self, side: usize, event: &Event) {
        let wait = self.rng.below(3_000);
        match *event {
            Event::Invite { leg, .. } => {
                let sdp = self.sdp();
                self.act(wait / 3, side, Command::Ring { leg });
                if self.rng.below(2) == 0 {
                    self.act(wait / 2, side, Command::Progress { leg, sdp: sdp.clone() });
                }
                match self.rng.below(4) {
                    0 => self.act(wait, side, Command::Refuse { leg, status: 486, retry_after_s: None }),
                    1 => self.act(wait, side, Command::HangUp { leg, reason: None }),
                    _ => self.act(wait, side, Command::Answer { leg, sdp }),
                }
            }
            Event::Confirmed { leg, .. } | Event::Answered { leg, .. } => self.change(side, leg, wait),
            Event::Reoffer { leg, .. } => {
                let command = match self.rng.below(5) {
                    0 => Command::RefuseReoffer { leg, status: 488 },
                    1 if self.rng.below(2) == 0 => return,
                    _ => Command::AnswerReoffer { leg, sdp: self.sdp() },
                };
                // Mostly at once, as the switch does it.
                let wait = if self.rng.below(4) == 0 { wait } else { 0 };
                self.act(wait, side, command);
            }
            Event::OfferAnswered { leg, .. } | Event::OfferRefused { leg, .. } => {
                if self.rng.below(2) == 0 {
                    self.change(side, leg, wait);
                }
            }
            Event::AckMissing { .. }
            | Event::SessionLost { .. }
            | Event::EarlyMedia { .. }
            | Event::Info { .. }
            | Event::Refer { .. }
            | Event::Cancelled { .. }
            | Event::Bye { .. }
            | Event::Located { .. }
            | Event::Ringing { .. }
            | Event::Failed { .. }
            | Event::KeepBindings(_)
            | Event::Host { .. }
            | Event::Probed { .. } => {}
        }
    }

    /// What a switch may want of a call that stands.
    fn change(&mut self, side: usize, leg: LegId, wait: u64) {
        let sdp = self.sdp();
        let command = match self.rng.below(9) {
            0 => Command::HangUp { leg, reason: None },
            1 => Command::Probe { leg },
            2 | 3 => Command::Reoffer { leg, sdp: Some(sdp) },
            4 => Command::Reoffer { leg, sdp: None },
            5 | 6 => Command::Update { leg, sdp: Some(sdp) },
            7 => Command::Update { leg, sdp: None },
            _ => return,
        };
        self.act(wait, side, command);
        if self.rng.below(4) == 0 {
            let later = wait + self.rng.below(200);
            self.act(later, side, Command::Withdraw { leg });
        }
    }

    fn call(&mut self, after_ms: u64, side: usize) {
        let leg = self.stacks[side].reserve_leg();
        let other = ADDRESSES[1 - side];
        let call = Box::new(Outgoing {
            target: format!("sip:desk@{other}"),
            from_user: Phi::new("100".to_owned()),
            carries: Default::default(),
            sdp: self.sdp(),
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
        assert_eq!(self.sessions(0), self.sessions(1), "they do not agree:\n{}", self.log);
        self.now = CURFEW.max(self.now);
        for side in [0, 1] {
            let left: Vec<_> = self.legs[side].iter().filter(|(_, told)| **told != Told::Over).collect();
            let left: Vec<_> = left.into_iter().map(|(leg, _)| *leg).collect();
            for leg in left {
                self.act(0, side, Command::HangUp { leg, reason: None });
            }
        }
        self.run();
        for (invite, statuses) in &self.finals {
            assert_eq!(statuses.len(), 1, "{invite} was answered with {statuses:?}:\n{}", self.log);
        }
        for (side, stack) in self.stacks.iter().enumerate() {
            let left = (stack.legs(), stack.transactions());
            assert_eq!(left, (0, 0), "side {side} is not at rest:\n{}", self.log);
        }
    }
}

/// Half of the calls, by their Call-ID, require what every machine of ours only supports.
fn require_100rel(octets: Vec<u8>) -> Vec<u8> {
    let text = String::from_utf8_lossy(&octets);
    let line = |name: &str| text.lines().find(|line| line.starts_with(name)).unwrap_or_default().to_owned();
    let begins = text.starts_with("INVITE") && !line("To:").contains("tag=");
    if !begins || line("Call-ID:").bytes().map(u64::from).sum::<u64>() % 2 == 0 {
        return octets;
    }
    text.replacen("\r\nContact:", "\r\nRequire: 100rel\r\nContact:", 1).into_bytes()
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
    pair
}

/// What one side may want of the call, and when after the first wish.
fn wishes(pair: &mut Pair, leg: LegId) -> Vec<Vec<(u64, Command)>> {
    let mut sdp = || pair.sdp();
    vec![
        vec![(0, Command::Reoffer { leg, sdp: Some(sdp()) })],
        vec![(0, Command::Reoffer { leg, sdp: None })],
        vec![(0, Command::Update { leg, sdp: Some(sdp()) })],
        vec![(0, Command::Update { leg, sdp: None })],
        vec![(0, Command::HangUp { leg, reason: None })],
        vec![(0, Command::Probe { leg })],
        vec![(0, Command::Reoffer { leg, sdp: Some(sdp()) }), (5, Command::Withdraw { leg })],
        vec![(0, Command::Reoffer { leg, sdp: Some(sdp()) }), (25, Command::Withdraw { leg })],
        vec![(0, Command::Reoffer { leg, sdp: Some(sdp()) }), (5, Command::HangUp { leg, reason: None })],
        vec![(0, Command::Update { leg, sdp: Some(sdp()) }), (5, Command::Reoffer { leg, sdp: Some(sdp()) })],
    ]
}

/// A call over a link of 10 ms in which one side wants `first`, and the other `second` so much later.
fn crossing(first: usize, second: usize, later_ms: u64) -> Pair {
    let mut pair = Pair::new(1, Link { lost: 0, doubled: 0, delay_max_ms: 1 });
    (pair.manners, pair.way_ms) = (Manners::Polite, 10);
    let leg = pair.stacks[0].reserve_leg();
    let call = Box::new(Outgoing {
        target: format!("sip:desk@{}", ADDRESSES[1]),
        from_user: Phi::new("100".to_owned()),
        carries: Default::default(),
        sdp: pair.sdp(),
    });
    pair.legs[0].insert(leg, Told::Begun);
    pair.act(0, 0, Command::Invite { leg, way: Way::udp(address(0), address(1)), call });
    // Each machine's first leg has the same name.
    for (side, wish, begin_ms) in [(0, first, 100), (1, second, 100 + later_ms)] {
        for (after_ms, command) in wishes(&mut pair, leg).swap_remove(wish) {
            pair.act(begin_ms + after_ms, side, command);
        }
    }
    pair.settle();
    pair
}

#[test]
fn whatever_two_changes_cross_both_sides_agree_in_the_end() {
    let count = wishes(&mut Pair::new(1, Link { lost: 0, doubled: 0, delay_max_ms: 1 }), LegId(1)).len();
    for first in 0..count {
        for second in 0..count {
            // 30 ms is the longest exchange: INVITE, 200, ACK.
            for later_ms in (0..=34).step_by(2) {
                let pair = crossing(first, second, later_ms);
                let broken = [0, 1].map(|side| pair.stacks[side].counters().acks_missing);
                assert_eq!(broken, [0, 0], "{first} and {second}, {later_ms} ms later\n{}", pair.log);
            }
        }
    }
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

#[test]
fn stories_that_once_went_wrong_end_well() {
    for (seed, lost, doubled, delay_max_ms) in [
        (7_617_263_796_143_925_259, 33, 11, 11),
        (8_730_963_067_396_726_698, 21, 14, 568),
        (13_636_843_354_771_514_815, 12, 6, 588),
        (17_745_387_527_967_605_037, 31, 3, 574),
        (12_736_793_410_117_191_248, 5, 27, 400),
    ] {
        story(seed, 12, Link { lost, doubled, delay_max_ms });
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
