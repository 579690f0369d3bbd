//! What the sequence numbers and timestamps of one source tell: RFC 3550 §A.1, §A.3 and §A.8.
//!
//! Validation by probation is the latch's job; here a source is already believed.

use crate::clock::Instant;

/// One synchronization source as its packets show it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Source {
    ssrc: u32,
    base: u32,
    /// Highest sequence number seen, with the count of wraps in its upper 16 bits.
    highest: u32,
    received: u64,
    /// The sequence number that would make a large jump a restart of the sender.
    restart_at: Option<u16>,
    /// Losses counted before the sender restarted.
    lost_before: u64,
    transit: Option<u32>,
    /// Jitter in sixteenths of a timestamp unit.
    jitter_16: u32,
}

impl Source {
    /// A source whose first packet carried `sequence`.
    pub const fn new(ssrc: u32, sequence: u16) -> Self {
        Self {
            ssrc,
            base: sequence as u32,
            highest: sequence as u32,
            received: 1,
            restart_at: None,
            lost_before: 0,
            transit: None,
            jitter_16: 0,
        }
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
            self.restart_at = None;
        } else if ahead <= u16::MAX - (MAX_MISORDER - 1) {
            if self.restart_at != Some(sequence) {
                self.restart_at = Some(sequence.wrapping_add(1));
                return;
            }
            let lost_before = self.lost();
            let jitter_16 = self.jitter_16;
            *self = Self { lost_before, jitter_16, ..Self::new(self.ssrc, sequence) };
            return;
        }
        self.received += 1;
    }

    /// Takes the timestamp of an audio packet and the time it came (RFC 3550 §A.8). Events don't
    /// belong here: theirs stand still while a key is held.
    pub fn take_timestamp(&mut self, timestamp: u32, now: Instant) {
        let arrival = (now.as_micros() * UNITS_PER_MS / 1_000) as u32;
        let transit = arrival.wrapping_sub(timestamp);
        if let Some(before) = self.transit.replace(transit) {
            let distance = (transit.wrapping_sub(before) as i32).unsigned_abs().min(JITTER_STEP_MAX);
            self.jitter_16 = self.jitter_16 + distance - ((self.jitter_16 + 8) >> 4);
        }
    }

    /// Packets that never came (RFC 3550 §A.3); duplicates don't make it negative.
    pub fn lost(&self) -> u64 {
        let expected = u64::from(self.highest.wrapping_sub(self.base)) + 1;
        self.lost_before + expected.saturating_sub(self.received)
    }

    /// Interarrival jitter, in timestamp units.
    pub const fn jitter(&self) -> u32 {
        self.jitter_16 >> 4
    }
}

/// A jump forward under this is loss (RFC 3550 §A.1).
const MAX_DROPOUT: u16 = 3_000;
/// A jump back under this is reordering (RFC 3550 §A.1).
const MAX_MISORDER: u16 = 100;
/// Timestamp units in a millisecond at 8 kHz.
const UNITS_PER_MS: u64 = 8;
/// One step of jitter is at most this, so that a jump of the sender's clock cannot overflow it: 8 s.
const JITTER_STEP_MAX: u32 = 64_000;

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
        assert!(source.jitter() <= JITTER_STEP_MAX, "{}", source.jitter());
    }
}
