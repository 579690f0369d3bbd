//! What a media worker counts, readable from any thread while it runs.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

/// The totals of one worker since its start.
#[derive(Debug, Default)]
pub struct WorkerCounters {
    /// Slots served.
    pub slots: AtomicU64,
    /// Datagrams read from RTP and RTCP sockets.
    pub received: AtomicU64,
    /// Packets sent.
    pub sent: AtomicU64,
    /// Packets that the kernel refused to send.
    pub send_errors: AtomicU64,
    /// Ticks of one leg that were passed over because the worker was too late.
    pub skipped_ticks: AtomicU64,
    /// Datagrams to a port that no leg owned.
    pub unowned: AtomicU64,
    /// Commands for a leg that is not here, or a port that is taken.
    pub refused_commands: AtomicU64,
    /// Keys that found too many events waiting.
    pub keys_dropped: AtomicU64,
    /// Times that an event had to wait because the switch was behind.
    pub events_delayed: AtomicU64,
    /// 1: packets are moved in batches, by io_uring; 0: one by one.
    pub batching: AtomicU64,
    /// 1: the thread goes before other programs of the machine; 0: it takes its turn.
    pub first: AtomicU64,
    /// Legs that are open now.
    pub legs: AtomicU64,
    /// How late the slots were served.
    pub lateness: Lateness,
}

/// A histogram of lateness: one count for each bound of [`Lateness::BOUNDS`], and one for what is beyond.
#[derive(Debug, Default)]
pub struct Lateness {
    counts: [AtomicU64; Lateness::BOUNDS.len() + 1],
}

impl Lateness {
    /// The upper bounds of the histogram's steps, in µs.
    pub const BOUNDS: [u64; 9] = [50, 100, 250, 500, 1_000, 2_000, 5_000, 10_000, 20_000];

    /// Counts one slot.
    pub fn count(&self, late: Duration) {
        let micros = u64::try_from(late.as_micros()).unwrap_or(u64::MAX);
        let step = Self::BOUNDS.partition_point(|bound| *bound < micros);
        self.counts[step].fetch_add(1, Relaxed);
    }

    /// The counts, step by step; the last one is of slots later than the last bound.
    pub fn counts(&self) -> [u64; Self::BOUNDS.len() + 1] {
        std::array::from_fn(|step| self.counts[step].load(Relaxed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_is_counted_under_the_first_bound_it_keeps() {
        let lateness = Lateness::default();
        [0, 50, 51, 1_000, 20_000, 20_001, 9_000_000]
            .into_iter()
            .for_each(|micros| lateness.count(Duration::from_micros(micros)));
        assert_eq!(lateness.counts(), [2, 1, 0, 0, 1, 0, 0, 0, 1, 2]);
    }
}
