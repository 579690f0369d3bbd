//! One leg's RTCP: RFC 3550 §6.3, §6.4 and §6.6. Reports leave and are taken in; nothing is asked of a clock.
//!
//! ```text
//!  poll_timeout ─▶ write: what we sent, how the party is heard ─▶ SR or RR, SDES
//!  receive: SR ─▶ LSR and DLSR of our next report        how we are heard ─▶ told, round trip
//!  write_last: the same with a BYE, at the end
//! ```
//! Who may send to the leg, and which socket it is, is the leg's job; when a report is due is `rtcp_schedule`'s.

use crate::clock::{Due, Instant, WallTime};
use crate::near;
use crate::rng::Rng;
use crate::rtp::rtcp_schedule::{Schedule, Turn};
use crate::rtp::sequence::Source;
use crate::wire::rtcp::compound::{Compound, Packet};
use crate::wire::rtcp::write::{COMPOUND_OCTETS_MAX, Cname, Course, Report};
use crate::wire::rtcp::{Block, ParseError, SenderInfo};

/// The RTCP of one stream of ours and the party that hears it.
#[derive(Clone, Debug)]
pub struct Reporter {
    ssrc: u32,
    cname: Cname,
    schedule: Schedule,
    /// A report has left.
    reported: bool,
    /// Packets sent at the last report and at the one before.
    sent_before: [u64; 2],
    /// Our newest sender reports, for the answers to them.
    sent: [Option<Named>; SENDER_REPORTS_REMEMBERED],
    next_sent: usize,
    /// The party's newest sender report.
    heard: Option<(u32, Named)>,
    /// Who reported last.
    party: Option<u32>,
    told: Option<Told>,
    /// Losses told by reporters before this one.
    told_before: u64,
    round_trip: Option<RoundTrip>,
}

/// A sender report by the middle bits of its NTP time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Named {
    name: u32,
    at: Instant,
}

/// Now, on both lines of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Now {
    /// The engine's.
    pub at: Instant,
    /// The calendar's.
    pub wall: WallTime,
}

/// Our stream as it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sending {
    /// Packets sent.
    pub packets: u64,
    /// Octets of payload in them, headers not counted.
    pub octets: u64,
    /// The RTP timestamp of what would be sent now.
    pub timestamp: u32,
}

/// How the party hears us, as it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Told {
    /// Losses since the report before, in 256ths.
    pub fraction_lost: u8,
    /// Losses since the beginning.
    pub lost: u64,
    /// Packets that we had sent by then.
    pub sent: u64,
    /// Jitter, in units of our RTP clock.
    pub jitter: u32,
    /// Reports on us so far.
    pub reports: u32,
}

/// How long a packet and its answer take together, without the time that the party kept it (RFC 3550 §6.4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RoundTrip {
    /// The newest, in µs.
    pub last_us: u32,
    /// The longest, in µs.
    pub max_us: u32,
    sum_us: u64,
    count: u32,
}

/// What a datagram of RTCP was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// A sign of life.
    Alive,
    /// The party's source leaves (RFC 3550 §6.6).
    Goodbye,
}

impl Reporter {
    /// The RTCP of a stream of `ssrc` that begins now. `rng` is its own: its name and its intervals come of it.
    pub fn new(ssrc: u32, mut rng: Rng, now: Instant) -> Self {
        let mut name = [0; 12];
        name.chunks_exact_mut(4).for_each(|part| part.copy_from_slice(&rng.next_u32().to_be_bytes()));
        Self {
            ssrc,
            cname: Cname::of(name),
            schedule: Schedule::new(now, rng),
            reported: false,
            sent_before: [0; 2],
            sent: [None; SENDER_REPORTS_REMEMBERED],
            next_sent: 0,
            heard: None,
            party: None,
            told: None,
            told_before: 0,
            round_trip: None,
        }
    }

    /// Asks for the memory of [`Reporter::poll_timeout`].
    pub fn ask_for_timeout(&self) {
        near::ask_for(&self.schedule);
    }

    /// When to call [`Reporter::write`] at the latest.
    pub const fn poll_timeout(&self) -> Due {
        Due { at: self.schedule.next(), reason: "rtcp report" }
    }

    /// Writes the report that is due and tells how many octets it has; 0 when none is (RFC 3550 §6.3.6). `party` is
    /// the source that is heard, if one is.
    pub fn write(
        &mut self,
        now: Now,
        sending: Sending,
        party: Option<&mut Source>,
        to: &mut [u8; COMPOUND_OCTETS_MAX],
    ) -> usize {
        match self.schedule.turn(now.at) {
            Turn::Wait => 0,
            Turn::Report => self.report(now, sending, party, Course::Stays).write(to),
        }
    }

    /// Writes the last report, with a BYE, and tells how many octets it has; 0 when the party never heard of us
    /// (RFC 3550 §6.3.7).
    pub fn write_last(
        &mut self,
        now: Now,
        sending: Sending,
        party: Option<&mut Source>,
        to: &mut [u8; COMPOUND_OCTETS_MAX],
    ) -> usize {
        if sending.packets == 0 && !self.reported {
            return 0;
        }
        self.report(now, sending, party, Course::Leaves).write(to)
    }

    fn report(&mut self, now: Now, sending: Sending, party: Option<&mut Source>, course: Course) -> Report {
        let [last, before] = self.sent_before;
        self.sent_before = [sending.packets, last];
        self.reported = true;
        // A sender is who sent since the report before the last (RFC 3550 §6.3.8).
        let sender = (sending.packets > before).then(|| SenderInfo {
            ntp: ntp(now.wall),
            timestamp: sending.timestamp,
            packets: sending.packets as u32,
            octets: sending.octets as u32,
        });
        if let Some(info) = sender {
            self.sent[self.next_sent] = Some(Named { name: info.name(), at: now.at });
            self.next_sent = (self.next_sent + 1) % SENDER_REPORTS_REMEMBERED;
        }
        let block = party.and_then(Source::report).map(|block| self.answered(block, now.at));
        Report { ssrc: self.ssrc, sender, block, cname: self.cname, course }
    }

    /// The block with LSR and DLSR (RFC 3550 §6.4.1).
    fn answered(&self, block: Block, now: Instant) -> Block {
        match self.heard {
            Some((ssrc, Named { name, at })) if ssrc == block.ssrc => {
                let kept_us = u64::try_from(now.since(at).as_micros()).unwrap_or(u64::MAX);
                let delay = u32::try_from(kept_us.saturating_mul(65_536) / 1_000_000).unwrap_or(u32::MAX);
                Block { last_report: name, delay, ..block }
            }
            Some(_) | None => block,
        }
    }

    /// Takes one datagram of the party's RTCP that came at `now`; `sent` is how many packets we had sent, `source`
    /// the party's source, if it is heard. Of packets about others nothing is kept.
    ///
    /// # Errors
    /// [`ParseError`] when it does not hang together: then nothing of it is believed.
    pub fn receive(
        &mut self,
        now: Instant,
        octets: &[u8],
        sent: u64,
        source: Option<u32>,
    ) -> Result<Signal, ParseError> {
        let mut signal = Signal::Alive;
        for packet in Compound::read(octets)?.packets() {
            match packet {
                Packet::Sender { ssrc, info, blocks } => {
                    self.heard = Some((ssrc, Named { name: info.name(), at: now }));
                    self.take_blocks(now, ssrc, blocks.iter(), sent);
                }
                Packet::Receiver { ssrc, blocks } => self.take_blocks(now, ssrc, blocks.iter(), sent),
                Packet::Goodbye { sources, .. } => {
                    let party = [self.party, source];
                    if sources.iter().any(|ssrc| party.contains(&Some(ssrc))) {
                        signal = Signal::Goodbye;
                    }
                }
                Packet::Description(_) | Packet::Other { .. } => {}
            }
        }
        Ok(signal)
    }

    fn take_blocks(&mut self, now: Instant, from: u32, blocks: impl Iterator<Item = Block>, sent: u64) {
        if self.party.replace(from) != Some(from) {
            self.told_before = self.told.map_or(0, |told| told.lost);
        }
        let ours = self.ssrc;
        for block in blocks.filter(|block| block.ssrc == ours) {
            let lost = self.told_before + u64::from(block.lost.max(0).unsigned_abs());
            self.told = Some(Told {
                fraction_lost: block.fraction_lost,
                lost: lost.min(sent),
                sent,
                jitter: block.jitter,
                reports: self.told.map_or(0, |told| told.reports).saturating_add(1),
            });
            self.take_round_trip(now, &block);
        }
    }

    /// A − LSR − DLSR (RFC 3550 §6.4.1). A is taken from the engine's own line of time, so that no step of the
    /// calendar is in it, and an LSR that we never sent tells nothing.
    fn take_round_trip(&mut self, now: Instant, block: &Block) {
        let ours = |report: &&Named| report.name == block.last_report;
        let Some(report) = self.sent.iter().flatten().find(ours) else { return };
        let away_us = u64::try_from(now.since(report.at).as_micros()).unwrap_or(u64::MAX);
        let kept_us = u64::from(block.delay) * 1_000_000 / 65_536;
        if kept_us > away_us.saturating_add(CLOCKS_DIFFER_US) {
            return;
        }
        let round_trip_us = u32::try_from(away_us.saturating_sub(kept_us)).unwrap_or(u32::MAX);
        self.round_trip = Some(RoundTrip::after(self.round_trip, round_trip_us));
    }

    /// What the party said last of how it hears us.
    pub const fn told(&self) -> Option<Told> {
        self.told
    }

    /// The round trip, once the party answered a sender report.
    pub const fn round_trip(&self) -> Option<RoundTrip> {
        self.round_trip
    }
}

impl RoundTrip {
    /// The round trips `before`, and a new one.
    pub fn after(before: Option<Self>, last_us: u32) -> Self {
        let (max_us, sum_us, count) = before.map_or((0, 0, 0), |all| (all.max_us, all.sum_us, all.count));
        Self {
            last_us,
            max_us: max_us.max(last_us),
            sum_us: sum_us.saturating_add(u64::from(last_us)),
            count: count.saturating_add(1),
        }
    }

    /// The mean of all, in µs.
    pub const fn mean_us(&self) -> u32 {
        match self.sum_us.checked_div(self.count as u64) {
            Some(mean) => mean as u32,
            None => 0,
        }
    }
}

/// NTP's time: seconds since 1900 and 2⁻³² of one (RFC 3550 §4). It begins anew in 2036, and nobody minds.
fn ntp(wall: WallTime) -> u64 {
    let micros = wall.as_micros();
    let (seconds, part) = (micros.div_euclid(1_000_000), micros.rem_euclid(1_000_000) as u64);
    let since_1900 = seconds.wrapping_add(FROM_1900_TO_1970_S) as u64;
    (since_1900 << 32) | ((part << 32) / 1_000_000)
}

/// Seconds from NTP's beginning to that of [`WallTime`] (RFC 868).
const FROM_1900_TO_1970_S: i64 = 2_208_988_800;
/// Sender reports that may still be answered: 20 s of them, and an answer comes within 7 s.
const SENDER_REPORTS_REMEMBERED: usize = 4;
/// By so much the party's clock may make an answer seem to come before its question: 100 ppm of 10 s, in µs.
const CLOCKS_DIFFER_US: u64 = 1_000;

#[cfg(test)]
mod tests;
