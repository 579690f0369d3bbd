//! What the sequence numbers and timestamps of one source tell: RFC 3550 §A.1, §A.3 and §A.8.
//!
//! Validation by probation is the latch's job; here a source is already believed. How its losses lie is `loss`'s.

use crate::clock::Instant;
use crate::rtp::loss::{Losses, Runs};
use crate::wire::rtcp::Block;

/// One synchronization source as its packets show it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Source {
    ssrc: u32,
    clock_hz: u32,
    base: u32,
    /// Highest sequence number seen, with the count of wraps in its upper 16 bits.
    highest: u32,
    received: u64,
    /// The sequence number that would make a large jump a restart of the sender.
    restart_at: Option<u16>,
    /// Losses counted before the sender restarted.
    lost_before: u64,
    runs: Runs,
    /// All before the sender restarted.
    before: Tally,
    /// All that was in the last report block.
    reported: Tally,
    transit: Option<u32>,
    /// Jitter in sixteenths of a timestamp unit.
    jitter_16: u32,
}

/// Packets that were due and packets that came, duplicates among them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Tally {
    expected: u64,
    received: u64,
}

impl Source {
    /// A source of 8 kHz whose first packet carried `sequence`.
    pub const fn new(ssrc: u32, sequence: u16) -> Self {
        Self {
            ssrc,
            clock_hz: CLOCK_HZ_DEFAULT,
            base: sequence as u32,
            highest: sequence as u32,
            received: 1,
            restart_at: None,
            lost_before: 0,
            runs: Runs::beginning(),
            before: Tally { expected: 0, received: 0 },
            reported: Tally { expected: 0, received: 0 },
            transit: None,
            jitter_16: 0,
        }
    }

    /// The same source with timestamps of another clock from now on, as a change of codec may bring it. Its jitter
    /// stays the same time (RFC 7160 §4.1).
    pub const fn at_clock(mut self, clock_hz: u32) -> Self {
        let clock_hz = if clock_hz == 0 { CLOCK_HZ_DEFAULT } else { clock_hz };
        if clock_hz != self.clock_hz {
            self.jitter_16 = (self.jitter_16 as u64 * clock_hz as u64 / self.clock_hz as u64) as u32;
            self.clock_hz = clock_hz;
            self.transit = None;
        }
        self
    }

    /// Whose packets these are.
    pub const fn ssrc(&self) -> u32 {
        self.ssrc
    }

    /// Takes the sequence number of a further packet (RFC 3550 §A.1). A jump is believed when a second
    /// packet follows it; until then it is passed over.
    pub fn take(&mut self, sequence: u16) {
        let ahead = sequence.wrapping_sub(self.highest as u16);
        if ahead < MAX_DROPOUT {
            self.highest = self.highest.wrapping_add(u32::from(ahead));
            self.runs.advance(ahead);
            self.restart_at = None;
        } else if ahead <= u16::MAX - (MAX_MISORDER - 1) {
            if self.restart_at != Some(sequence) {
                self.restart_at = Some(sequence.wrapping_add(1));
                return;
            }
            self.restart(sequence);
            return;
        } else {
            self.runs.come_late(ahead.wrapping_neg());
        }
        self.received += 1;
    }

    fn restart(&mut self, sequence: u16) {
        let mut runs = self.runs;
        runs.restart();
        *self = Self {
            lost_before: self.lost(),
            before: self.tally(),
            reported: self.reported,
            runs,
            jitter_16: self.jitter_16,
            clock_hz: self.clock_hz,
            ..Self::new(self.ssrc, sequence)
        };
    }

    /// Takes the timestamp of an audio packet and the time it came (RFC 3550 §A.8). Events don't
    /// belong here: theirs stand still while a key is held.
    pub fn take_timestamp(&mut self, timestamp: u32, now: Instant) {
        let arrival = (u128::from(now.as_micros()) * u128::from(self.clock_hz) / 1_000_000) as u32;
        let transit = arrival.wrapping_sub(timestamp);
        if let Some(before) = self.transit.replace(transit) {
            let most = self.clock_hz.saturating_mul(JITTER_STEP_MAX_S);
            let distance = (transit.wrapping_sub(before) as i32).unsigned_abs().min(most);
            self.jitter_16 = self.jitter_16 + distance - ((self.jitter_16 + 8) >> 4);
        }
    }

    /// Packets that never came (RFC 3550 §A.3); duplicates don't make it negative.
    pub fn lost(&self) -> u64 {
        self.lost_before + self.expected().saturating_sub(self.received)
    }

    /// Packets that came, each once, those that never came, and how these lie.
    pub fn losses(&self) -> Losses {
        self.runs.losses()
    }

    /// Interarrival jitter, in timestamp units.
    pub const fn jitter(&self) -> u32 {
        self.jitter_16 >> 4
    }

    /// Interarrival jitter, in microseconds.
    pub const fn jitter_us(&self) -> u32 {
        (self.jitter_16 as u64 * 62_500 / self.clock_hz as u64) as u32
    }

    /// The report block on what came since the block before; `None` if nothing did (RFC 3550 §6.4, §A.3). Of the
    /// source's own reports it says nothing.
    pub fn report(&mut self) -> Option<Block> {
        let now = self.tally();
        let before = std::mem::replace(&mut self.reported, now);
        if now.received == before.received {
            return None;
        }
        let expected = now.expected.saturating_sub(before.expected);
        let lost = expected.saturating_sub(now.received - before.received);
        let fraction_lost = (lost * 256).checked_div(expected).map_or(0, |fraction| fraction.min(255) as u8);
        let all = now.expected as i64 - now.received as i64;
        Some(Block {
            ssrc: self.ssrc,
            fraction_lost,
            lost: i32::try_from(all).unwrap_or(if all < 0 { i32::MIN } else { i32::MAX }),
            highest: self.highest,
            jitter: self.jitter(),
            last_report: 0,
            delay: 0,
        })
    }

    fn expected(&self) -> u64 {
        u64::from(self.highest.wrapping_sub(self.base)) + 1
    }

    fn tally(&self) -> Tally {
        let Tally { expected, received } = self.before;
        Tally { expected: expected + self.expected(), received: received + self.received }
    }
}

/// A jump forward under this is loss (RFC 3550 §A.1).
const MAX_DROPOUT: u16 = 3_000;
/// A jump back under this is reordering (RFC 3550 §A.1).
const MAX_MISORDER: u16 = 100;
/// The clock of every narrowband codec, in Hz (RFC 3551 §4.5).
const CLOCK_HZ_DEFAULT: u32 = 8_000;
/// One step of jitter is at most this, so that a jump of the sender's clock cannot overflow it, in seconds.
const JITTER_STEP_MAX_S: u32 = 8;

#[cfg(test)]
mod tests {
    use super::*;

    fn after(sequences: &[u16]) -> Source {
        let mut source = Source::new(7, sequences[0]);
        sequences[1..].iter().for_each(|sequence| source.take(*sequence));
        source
    }

    #[test]
    fn losses_are_what_was_expected_and_never_came() {
        // RFC 3550 §A.1, §A.3
        let check = |why: &str, sequences: &[u16], lost| assert_eq!(after(sequences).lost(), lost, "{why}");
        check("one packet", &[9], 0);
        check("in order", &[1, 2, 3], 0);
        check("one missing", &[1, 3], 1);
        check("reordered", &[1, 3, 2, 4], 0);
        check("duplicated", &[1, 2, 2, 2, 3], 0);
        check("over the wrap", &[65_534, 65_535, 1], 1);
        check("far jump, alone", &[1, 2, 40_000, 3, 4], 0);
        check("sender restarted", &[1, 3, 40_000, 40_001, 40_002, 40_004], 2);
        check("the longest gap that is loss", &[1, 3_000], 2_998);
        check("one more is a jump", &[1, 3_001, 2], 0);
        check("the oldest that is only late", &[200, 101, 102, 201], 0);
        check("two that are older still are a new beginning", &[200, 99, 100, 102], 1);
    }

    #[test]
    fn a_steady_stream_has_no_jitter_and_an_unsteady_one_has() {
        // RFC 3550 §A.8
        let jitter = |late_us: &dyn Fn(u64) -> u64| {
            let mut source = Source::new(7, 0);
            for n in 0..500 {
                source.take_timestamp((n * 160) as u32, Instant::from_micros(n * 20_000 + late_us(n)));
            }
            source.jitter()
        };
        assert_eq!(jitter(&|_| 0), 0);
        let shaken = jitter(&|n| (n % 2) * 10_000);
        assert!((75..=81).contains(&shaken), "10 ms to and fro is 80 units: {shaken}");
    }

    #[test]
    fn a_jumping_clock_overflows_nothing() {
        let mut source = Source::new(7, 0);
        for n in 0..10_000u32 {
            source.take_timestamp(n.wrapping_mul(0x9e37_79b9), Instant::from_millis(u64::from(n)));
        }
        assert!(source.jitter() <= 64_000, "{}", source.jitter());
    }

    #[test]
    fn jitter_is_the_same_time_on_every_clock() {
        // RFC 3550 §A.8, RFC 7160 §4.1: 10 ms to and fro
        let take = |source: &mut Source, of: std::ops::Range<u64>, clock_hz: u64| {
            for n in of {
                let late = (n % 2) * 10_000;
                source.take_timestamp((n * clock_hz / 50) as u32, Instant::from_micros(n * 20_000 + late));
            }
        };
        for clock_hz in [8_000, 16_000, 48_000] {
            let mut source = Source::new(7, 0).at_clock(clock_hz);
            take(&mut source, 0..500, u64::from(clock_hz));
            let found = source.jitter_us();
            assert!((9_600..=10_100).contains(&found), "{found} µs at {clock_hz} Hz");
            assert!(source.jitter().abs_diff(clock_hz / 100) <= clock_hz / 1_600, "{}", source.jitter());
        }
        let mut source = Source::new(7, 0);
        take(&mut source, 0..500, 8_000);
        let before = source.jitter_us();
        source = source.at_clock(16_000);
        take(&mut source, 500..501, 16_000);
        assert!(source.jitter_us().abs_diff(before) < 100, "{} is not {before}", source.jitter_us());
        assert_eq!(Source::new(7, 0).at_clock(0), Source::new(7, 0), "no clock at all");
    }

    /// Report blocks as `fraction lost highest`; `-` for none.
    fn blocks(parts: &[&[u16]]) -> String {
        let mut source: Option<Source> = None;
        let mut told = vec![];
        for part in parts {
            for sequence in *part {
                match &mut source {
                    Some(source) => source.take(*sequence),
                    none => *none = Some(Source::new(7, *sequence)),
                }
            }
            told.push(match source.as_mut().and_then(Source::report) {
                Some(Block { ssrc: 7, fraction_lost, lost, highest, .. }) => {
                    format!("{fraction_lost} {lost} {highest}")
                }
                Some(other) => panic!("{other:?}"),
                None => "-".to_owned(),
            });
        }
        told.join(", ")
    }

    #[test]
    fn a_report_block_tells_of_the_time_since_the_one_before() {
        // RFC 3550 §6.4.1, §A.3
        let check =
            |why: &str, parts: &[&[u16]], expected: &str| assert_eq!(blocks(parts), expected, "{why}");
        check("one packet", &[&[9]], "0 0 9");
        check("all came", &[&[1, 2], &[3, 4]], "0 0 2, 0 0 4");
        check("one of two lost, then none", &[&[1, 2], &[4], &[5]], "0 0 2, 128 1 4, 0 1 5");
        check("three of four", &[&[1, 5]], "153 3 5");
        check("nothing came", &[&[1], &[], &[2]], "0 0 1, -, 0 0 2");
        check("late in the next report", &[&[1, 3], &[2, 4]], "85 1 3, 0 0 4");
        check("doubled", &[&[1, 1, 2, 2]], "0 -2 2");
        check("only doubled", &[&[1], &[1]], "0 0 1, 0 -1 1");
        check("over the wrap", &[&[65_534, 65_535, 1]], "64 1 65537");
        check("nearly all lost", &[&[1, 2_900]], "255 2898 2900");
        check("restarted", &[&[1, 4], &[40_000, 40_001, 40_003]], "128 2 4, 85 3 40003");
    }

    #[test]
    fn a_source_knows_how_its_losses_lie() {
        let losses = |sequences: &[u16]| after(sequences).losses();
        assert_eq!(losses(&[1, 2, 2, 4, 7, 6]), Losses { received: 5, lost: 2, bursts: 2 });
        assert_eq!(losses(&[65_534, 1, 65_535]), Losses { received: 3, lost: 1, bursts: 1 });
        assert_eq!(losses(&[1, 3, 40_000, 40_001, 40_003]), Losses { received: 4, lost: 2, bursts: 2 });
    }
}
