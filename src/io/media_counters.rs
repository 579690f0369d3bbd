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
    pub const BOUNDS: [u64; 10] = [50, 100, 250, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000];

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

/// Watches how late slots are, from one look to the next.
#[derive(Debug, Default)]
pub struct LatenessWatch {
    seen: [u64; Lateness::BOUNDS.len() + 1],
}

impl LatenessWatch {
    /// The lateness that 99 of 100 slots kept since the last look, over all `workers`; nothing if none was served.
    pub fn look<'a>(&mut self, workers: impl Iterator<Item = &'a WorkerCounters>) -> Duration {
        let mut sums = [0; Lateness::BOUNDS.len() + 1];
        for worker in workers {
            for (sum, count) in sums.iter_mut().zip(worker.lateness.counts()) {
                *sum += count;
            }
        }
        let since: Vec<u64> = sums.iter().zip(self.seen).map(|(now, before)| now - before).collect();
        self.seen = sums;
        let mut borne = since.iter().sum::<u64>() / 100;
        for (step, count) in since.iter().enumerate().rev() {
            if *count > borne {
                let beyond = 2 * Lateness::BOUNDS[Lateness::BOUNDS.len() - 1];
                return Duration::from_micros(Lateness::BOUNDS.get(step).copied().unwrap_or(beyond));
            }
            borne -= count;
        }
        Duration::ZERO
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_late_slot_in_a_hundred_is_borne_and_each_look_begins_anew() {
        let (a, b) = (WorkerCounters::default(), WorkerCounters::default());
        let mut watch = LatenessWatch::default();
        let mut served = |on_time: u32, late: u32, late_ms: u64| {
            (0..on_time).for_each(|_| a.lateness.count(Duration::from_micros(40)));
            (0..late).for_each(|_| b.lateness.count(Duration::from_millis(late_ms)));
            watch.look([&a, &b].into_iter())
        };
        assert_eq!(served(0, 0, 0), Duration::ZERO);
        assert_eq!(served(199, 1, 300), Duration::from_micros(50));
        assert_eq!(served(90, 10, 15), Duration::from_millis(20));
        assert_eq!(served(90, 10, 300), Duration::from_millis(100));
        assert_eq!(served(200, 0, 0), Duration::from_micros(50), "the late ones are long ago");
    }

    #[test]
    fn a_slot_is_counted_under_the_first_bound_it_keeps() {
        let lateness = Lateness::default();
        [0, 50, 51, 1_000, 20_000, 20_001, 50_001, 9_000_000]
            .into_iter()
            .for_each(|micros| lateness.count(Duration::from_micros(micros)));
        assert_eq!(lateness.counts(), [2, 1, 0, 0, 1, 0, 0, 0, 1, 1, 2]);
    }
}
