//! A histogram of times between packets: buckets of 10 µs up to one second, and the greatest exactly.

/// The width of a bucket.
const BUCKET_NS: u64 = 10_000;
/// Buckets up to one second; longer gaps lie in the last.
const BUCKETS: usize = 100_001;

/// Times between consecutive packets of one stream, over many streams.
#[derive(Clone, Debug)]
pub struct Gaps {
    counts: Vec<u64>,
    total: u64,
    greatest_ns: u64,
}

impl Gaps {
    /// None yet.
    pub fn new() -> Self {
        Self { counts: vec![0; BUCKETS], total: 0, greatest_ns: 0 }
    }

    /// One more.
    pub fn add(&mut self, gap_ns: u64) {
        let bucket =
            usize::try_from(gap_ns / BUCKET_NS).map_or(BUCKETS - 1, |bucket| bucket.min(BUCKETS - 1));
        self.counts[bucket] += 1;
        self.total += 1;
        self.greatest_ns = self.greatest_ns.max(gap_ns);
    }

    /// How many there are.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// The time in ms that `share` (0 to 1) of them do not exceed, to 10 µs; 0 if there are none.
    pub fn quantile_ms(&self, share: f64) -> f64 {
        let wanted = (self.total as f64 * share).ceil() as u64;
        let mut seen = 0;
        for (bucket, count) in self.counts.iter().enumerate() {
            seen += count;
            if seen >= wanted && seen > 0 {
                return (bucket as u64 + 1) as f64 * BUCKET_NS as f64 / 1e6;
            }
        }
        0.0
    }

    /// The greatest, in ms.
    pub fn greatest_ms(&self) -> f64 {
        self.greatest_ns as f64 / 1e6
    }
}
