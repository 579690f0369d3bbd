//! A network path: loses, delays, doubles and overtakes, as its seed says.

use careline::clock::Instant;
use careline::rng::Rng;
use careline::sip::locate::{Question, Record};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

/// How bad a path is. Chances are in thousandths.
#[derive(Clone, Copy, Debug)]
pub struct Quality {
    /// Lost packets.
    pub loss: u64,
    /// Packets that come twice.
    pub duplicate: u64,
    /// Packets that are held back and overtaken.
    pub reorder: u64,
    /// The shortest way.
    pub delay: Duration,
    /// What comes on top, at the most.
    pub jitter: Duration,
}

/// One direction of a path.
#[derive(Clone, Debug)]
pub struct Link {
    quality: Quality,
    /// Everything is lost until then.
    burst_until: Instant,
    rng: Rng,
}

/// How much later a packet comes that is overtaken.
const HELD_BACK: Duration = Duration::from_millis(45);
/// What is lost over TCP is sent again after this, and then after twice as long each time (RFC 6298 §5.5).
const SENT_AGAIN: Duration = Duration::from_millis(200);
/// So often at the most.
const SENDINGS_MAX: u32 = 8;

impl Quality {
    /// A path in one building.
    pub const GOOD: Quality = Quality {
        loss: 0,
        duplicate: 0,
        reorder: 0,
        delay: Duration::from_millis(2),
        jitter: Duration::from_millis(1),
    };

    /// Any path from a good one to a mobile phone in a train.
    pub fn random(rng: &mut Rng) -> Self {
        if rng.below(3) == 0 {
            return Self::GOOD;
        }
        Self {
            loss: rng.below(60),
            duplicate: rng.below(30),
            reorder: rng.below(30),
            delay: Duration::from_millis(2 + rng.below(80)),
            jitter: Duration::from_millis(rng.below(15)),
        }
    }
}

impl Link {
    /// A path of that quality.
    pub fn new(quality: Quality, rng: Rng) -> Self {
        Self { quality, burst_until: Instant::START, rng }
    }

    /// Loses everything for a while.
    pub fn burst(&mut self, until: Instant) {
        self.burst_until = until;
    }

    /// When a packet sent `now` arrives: never, once or twice.
    pub fn carry(&mut self, now: Instant) -> [Option<Instant>; 2] {
        if now < self.burst_until || self.chance(self.quality.loss) {
            return [None, None];
        }
        let first = self.arrival(now);
        let second = self.chance(self.quality.duplicate).then(|| self.arrival(now));
        [Some(first), second]
    }

    /// When what is sent `now` over TCP arrives: it is sent until it does.
    pub fn carry_surely(&mut self, now: Instant) -> Instant {
        let (mut at, mut pause) = (now, SENT_AGAIN);
        for _ in 0..SENDINGS_MAX {
            if let [Some(arrives), _] = self.carry(at) {
                return arrives;
            }
            at += pause;
            pause *= 2;
        }
        at
    }

    fn arrival(&mut self, now: Instant) -> Instant {
        let jitter = self.rng.below(self.quality.jitter.as_micros() as u64 + 1);
        let held = if self.chance(self.quality.reorder) { HELD_BACK } else { Duration::ZERO };
        now + self.quality.delay + Duration::from_micros(jitter) + held
    }

    fn chance(&mut self, thousandths: u64) -> bool {
        thousandths > 0 && self.rng.below(1_000) < thousandths
    }
}

#[test]
fn a_good_link_loses_nothing_and_a_burst_everything() {
    let mut link = Link::new(Quality::GOOD, Rng::seeded(1));
    let at = Instant::from_millis;
    assert!((0..100).all(|n| matches!(link.carry(at(n)), [Some(_), None])));
    link.burst(at(500));
    assert_eq!(link.carry(at(499)), [None, None]);
    assert!(link.carry(at(500))[0].is_some());
    assert!((at(500)..at(800)).contains(&link.carry_surely(at(400))), "sent until it arrives");
}

/// What the resolver of a network knows in which all persons are at `persons`, reached from `local`.
pub fn where_is(persons: IpAddr, local: SocketAddr, question: &Question) -> Vec<Record> {
    match question {
        Question::Addresses(_) => vec![Record::Address { remote: persons, local }],
        Question::Naptr(_) | Question::Srv(_) => Vec::new(),
    }
}
