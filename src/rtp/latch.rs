//! Whom a leg hears, and where it sends: symmetric RTP (RFC 4961) without hearing strangers.
//!
//! ```text
//!             from SDP's address                        from SDP's address
//!  Open ───────────────────────────▶ Promised ◀──────────────────────────── Foreign
//!    │ ▲                             new offer and answer                      ▲
//!    │ └──────────────── Promised, Foreign ◀── replan                          │
//!    └── two packets in sequence from one other address ───────────────────────┘
//! ```
//! Only a negotiated payload type latches. The address in SDP is preferred and ends the search; another
//! one (a party behind NAT) is taken until SDP's speaks. A stranger, who sent to this port before the
//! leg owned it, is never latched to. If he began when the port had been told to a party already, he may be
//! that party, who speaks before he answers: he is refused for a moment only. Counting and hearing the packets is not this file's job.

use crate::clock::Instant;
use crate::limits::{
    EARLY_SENDER_PACKETS, EARLY_SENDER_WAITS, LATCH_PACKETS, STRANGER_PACKETS, STRANGER_REMEMBERED,
    STRANGERS_PER_PORT_MAX,
};
use std::net::{IpAddr, SocketAddr};

/// Where a leg's packets come from and go to.
#[derive(Clone, Debug)]
pub struct Latch {
    /// Where SDP says that the party receives.
    promised: SocketAddr,
    /// Where we send while nothing is latched.
    fallback: SocketAddr,
    state: State,
    strangers: Strangers,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Nobody yet; an address other than SDP's may be on probation.
    Open { probation: Option<Probation> },
    /// SDP's own address: final until the next offer and answer.
    Promised,
    /// Another address: final unless SDP's speaks.
    Foreign { from: SocketAddr },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Probation {
    from: SocketAddr,
    ssrc: u32,
    next_sequence: u16,
    packets: u32,
}

/// The head of a packet that asks to be heard.
#[derive(Clone, Copy, Debug)]
pub struct Candidate {
    /// When it came.
    pub at: Instant,
    /// Where it came from.
    pub from: SocketAddr,
    /// Its synchronization source.
    pub ssrc: u32,
    /// Its sequence number.
    pub sequence: u16,
}

/// What becomes of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is the party's.
    Taken,
    /// It is not, or not yet.
    Refused,
}

impl Latch {
    /// A latch for a leg whose SDP promised packets from and to `promised`.
    pub fn new(promised: SocketAddr, strangers: Strangers) -> Self {
        Self { promised, fallback: promised, state: State::Open { probation: None }, strangers }
    }

    /// Judges a packet whose payload type was negotiated.
    pub fn judge(&mut self, candidate: Candidate) -> Verdict {
        if candidate.from == self.promised {
            self.state = State::Promised;
            return Verdict::Taken;
        }
        match self.state {
            State::Promised => Verdict::Refused,
            State::Foreign { from } if from == candidate.from => Verdict::Taken,
            State::Foreign { .. } => Verdict::Refused,
            State::Open { probation } => self.judge_foreign(candidate, probation),
        }
    }

    fn judge_foreign(&mut self, candidate: Candidate, probation: Option<Probation>) -> Verdict {
        let Candidate { at, from, ssrc, sequence } = candidate;
        if self.strangers.contains(at, from.ip(), ssrc) {
            return Verdict::Refused;
        }
        let packets = match probation {
            Some(p) if (p.from, p.ssrc, p.next_sequence) == (from, ssrc, sequence) => p.packets + 1,
            Some(_) | None => 1,
        };
        if packets >= LATCH_PACKETS || from == self.fallback {
            self.state = State::Foreign { from };
            return Verdict::Taken;
        }
        let next_sequence = sequence.wrapping_add(1);
        self.state = State::Open { probation: Some(Probation { from, ssrc, next_sequence, packets }) };
        Verdict::Refused
    }

    /// A new offer and answer: the leg may latch once more. While SDP's address stays the same, packets
    /// go on to where they went, so that a refresh does not interrupt the sound.
    pub fn replan(&mut self, promised: SocketAddr) {
        self.fallback = if promised == self.promised { self.to() } else { promised };
        self.promised = promised;
        self.state = State::Open { probation: None };
    }

    /// Where packets to the party go.
    pub const fn to(&self) -> SocketAddr {
        match self.state {
            State::Open { .. } => self.fallback,
            State::Promised => self.promised,
            State::Foreign { from } => from,
        }
    }

    /// The party, when no other address can be heard before the next offer and answer.
    pub const fn certain(&self) -> Option<SocketAddr> {
        match self.state {
            State::Promised => Some(self.promised),
            State::Open { .. } | State::Foreign { .. } => None,
        }
    }

    /// The latched address, if there is one.
    pub const fn latched(&self) -> Option<SocketAddr> {
        match self.state {
            State::Open { .. } => None,
            State::Promised => Some(self.promised),
            State::Foreign { from } => Some(from),
        }
    }
}

/// Sources that sent to a port while no leg, or an earlier leg, owned it. The newest few are kept, each by
/// host and SSRC: some phones use one SSRC for ever, and a phone behind NAT may change its port.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Strangers {
    seen: [Option<Stranger>; STRANGERS_PER_PORT_MAX],
    next: usize,
    /// When the port was told to the party of the leg, if that was before the leg began.
    promised: Option<Instant>,
    /// When the leg began.
    opened: Instant,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stranger {
    host: IpAddr,
    ssrc: u32,
    packets: u32,
    first: Instant,
    last: Instant,
}

impl Strangers {
    /// Notes a packet that came while no leg owned the port.
    pub fn note(&mut self, now: Instant, host: IpAddr, ssrc: u32) {
        self.add(Stranger { host, ssrc, packets: 1, first: now, last: now });
    }

    /// Notes the party of a leg that is closed.
    pub fn note_former_party(&mut self, now: Instant, host: IpAddr, ssrc: u32) {
        self.add(Stranger { host, ssrc, packets: STRANGER_PACKETS, first: now, last: now });
    }

    /// Those who sent within [`STRANGER_REMEMBERED`], for a leg that begins now on a port that its party was
    /// told of at `promised`, if that was earlier.
    pub fn of_leg(mut self, now: Instant, promised: Option<Instant>) -> Self {
        (self.promised, self.opened) = (promised, now);
        for place in &mut self.seen {
            *place = place.filter(|stranger| now.since(stranger.last) <= STRANGER_REMEMBERED);
        }
        self
    }

    fn add(&mut self, stranger: Stranger) {
        let same = |known: &&mut Stranger| (known.host, known.ssrc) == (stranger.host, stranger.ssrc);
        if let Some(known) = self.seen.iter_mut().flatten().find(same) {
            known.packets = known.packets.saturating_add(stranger.packets);
            known.last = stranger.last;
            return;
        }
        self.seen[self.next] = Some(stranger);
        self.next = (self.next + 1) % STRANGERS_PER_PORT_MAX;
    }

    /// This source sent often enough outside the call to be no party of it, or not to be taken for it yet.
    fn contains(&self, at: Instant, host: IpAddr, ssrc: u32) -> bool {
        let waited = at.since(self.opened) >= EARLY_SENDER_WAITS;
        let same = |known: &&Stranger| (known.host, known.ssrc) == (host, ssrc);
        self.seen.iter().flatten().find(same).is_some_and(|known| {
            match self.promised.is_some_and(|told| known.first > told) {
                true => known.packets >= EARLY_SENDER_PACKETS && !waited,
                false => known.packets >= STRANGER_PACKETS,
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> SocketAddr {
        text.parse().unwrap()
    }

    const SDP: &str = "10.0.0.1:4000";
    const NAT: &str = "203.0.113.9:50000";
    const OTHER: &str = "198.51.100.7:7000";
    /// Long after the beginning of every leg.
    const LATER: Instant = Instant::from_millis(1_000_000);

    /// Packets as (from, ssrc, sequence); `+` for taken, `-` for refused.
    #[track_caller]
    fn check(why: &str, strangers: Strangers, packets: &[(&str, u32, u16)], verdicts: &str, to: &str) {
        let mut latch = Latch::new(address(SDP), strangers);
        let found: String = packets
            .iter()
            .map(|&(from, ssrc, sequence)| Candidate { at: LATER, from: address(from), ssrc, sequence })
            .map(|candidate| if latch.judge(candidate) == Verdict::Taken { '+' } else { '-' })
            .collect();
        assert_eq!((found.as_str(), latch.to()), (verdicts, address(to)), "{why}");
    }

    #[test]
    fn the_address_of_sdp_wins_and_others_must_prove_themselves() {
        let none = Strangers::default();
        check("nobody spoke", none, &[], "", SDP);
        check("SDP's address at once", none, &[(SDP, 1, 9)], "+", SDP);
        check(
            "behind NAT, from the second packet",
            none,
            &[(NAT, 1, 9), (NAT, 1, 10), (NAT, 1, 12)],
            "-++",
            NAT,
        );
        check("one stray packet", none, &[(NAT, 1, 9)], "-", SDP);
        check("two that are no sequence", none, &[(NAT, 1, 9), (NAT, 1, 40)], "--", SDP);
        check("two sources in turn", none, &[(NAT, 1, 9), (OTHER, 2, 10), (NAT, 1, 10)], "---", SDP);
        check(
            "SDP's after NAT's",
            none,
            &[(NAT, 1, 9), (NAT, 1, 10), (SDP, 2, 5), (NAT, 1, 11)],
            "-++-",
            SDP,
        );
        check("others after SDP's", none, &[(SDP, 1, 9), (NAT, 2, 1), (NAT, 2, 2)], "+--", SDP);
        check(
            "others after NAT's",
            none,
            &[(NAT, 1, 9), (NAT, 1, 10), (OTHER, 2, 1), (OTHER, 2, 2)],
            "-+--",
            NAT,
        );
        check("over the wrap", none, &[(NAT, 1, 65_535), (NAT, 1, 0)], "-+", NAT);
    }

    #[test]
    fn a_former_caller_who_keeps_sending_is_never_heard() {
        let mut strangers = Strangers::default();
        strangers.note_former_party(Instant::START, address(OTHER).ip(), 66);
        let ghost: Vec<_> = (0..1_500).map(|n| (OTHER, 66, n)).collect();
        check("for 30 s", strangers, &ghost, &"-".repeat(1_500), SDP);
        let both = [(OTHER, 66, 1), (OTHER, 66, 2), (NAT, 1, 1), (OTHER, 66, 3), (NAT, 1, 2), (NAT, 1, 3)];
        check("beside the new caller, whom he does not disturb", strangers, &both, "----++", NAT);
    }

    #[test]
    fn a_few_early_packets_make_no_stranger_and_many_do() {
        let mut strangers = Strangers::default();
        let mut note = |host, packets| {
            (0..packets).for_each(|_| strangers.note(Instant::START, address(host).ip(), 5));
            strangers
        };
        let few = STRANGER_PACKETS - 1;
        check("a quick new caller", note(NAT, few), &[(NAT, 5, 3), (NAT, 5, 4)], "-+", NAT);
        check("a ghost", note(NAT, 1), &[(NAT, 5, 3), (NAT, 5, 4)], "--", SDP);
        let moved = "203.0.113.9:50002";
        check("a ghost on another port", note(NAT, 0), &[(moved, 5, 3), (moved, 5, 4)], "--", SDP);
        check("another phone with that SSRC", note(NAT, 0), &[(OTHER, 5, 3), (OTHER, 5, 4)], "-+", OTHER);
        check("unless SDP promised him", note("10.0.0.1:1", few + 1), &[(SDP, 5, 3)], "+", SDP);
    }

    #[test]
    fn who_began_when_the_port_was_told_may_be_the_party_a_moment_after_its_answer() {
        let at = Instant::from_millis;
        let (promised, opened, taken) = (at(1_000), at(2_000), at(2_400));
        let heard_after = |packets: u32, first: Instant, when: Instant, sdp_speaks: bool| {
            let mut strangers = Strangers::default();
            (0..packets).for_each(|_| strangers.note(first, address(NAT).ip(), 5));
            let mut latch = Latch::new(address(SDP), strangers.of_leg(opened, Some(promised)));
            let mut judge = |from, ssrc, sequence| {
                latch.judge(Candidate { at: when, from: address(from), ssrc, sequence }) == Verdict::Taken
            };
            if sdp_speaks {
                assert!(judge(SDP, 1, 1));
            }
            judge(NAT, 5, 1);
            judge(NAT, 5, 2)
        };
        let heard = |first, when, sdp_speaks| heard_after(STRANGER_PACKETS, first, when, sdp_speaks);
        assert!(!heard(promised, taken, false), "there when the port was told: a ghost for good");
        assert!(
            !heard_after(EARLY_SENDER_PACKETS, at(1_001), at(2_399), false),
            "a lossy line, and too soon"
        );
        assert!(
            heard_after(EARLY_SENDER_PACKETS - 1, at(1_001), opened, false),
            "faster than the worker: the party"
        );
        assert!(!heard(at(1_001), at(2_399), false), "too soon: SDP's address may speak yet");
        assert!(heard(at(1_001), taken, false), "nobody else came: the party");
        assert!(!heard(at(1_001), taken, true), "SDP's address came: he rang as well");
    }

    #[test]
    fn strangers_are_few_and_forgotten_after_a_minute() {
        let (mut strangers, host) = (Strangers::default(), address(OTHER).ip());
        let at = |ssrc| Instant::from_millis(u64::from(ssrc) * 20_000);
        (0..1_000).for_each(|ssrc| strangers.note_former_party(at(ssrc), host, ssrc));
        let known = |strangers: Strangers| {
            (0..1_000).filter(|n| strangers.contains(LATER, host, *n)).collect::<Vec<_>>()
        };
        assert_eq!(known(strangers), [996, 997, 998, 999]);
        assert_eq!(known(strangers.of_leg(at(1_001), None)), [998, 999]);
    }

    #[test]
    fn a_new_answer_lets_the_leg_latch_once_more() {
        let packet = |from, sequence| Candidate { at: LATER, from: address(from), ssrc: 1, sequence };
        let mut latch = Latch::new(address(SDP), Strangers::default());
        latch.judge(packet(NAT, 1));
        latch.judge(packet(NAT, 2));
        latch.replan(address(SDP));
        assert_eq!((latch.to(), latch.latched()), (address(NAT), None), "a refresh does not move the sound");
        assert_eq!(latch.judge(packet(NAT, 3)), Verdict::Taken, "and the known address needs no proof");
        latch.replan(address(OTHER));
        assert_eq!(latch.to(), address(OTHER), "a new address is used at once");
        assert_eq!(latch.judge(packet(OTHER, 3)), Verdict::Taken);
        assert_eq!(latch.judge(packet(SDP, 4)), Verdict::Refused);
    }
}
