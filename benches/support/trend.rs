//! Whether a measure grows from one equal load to the next: two points cannot tell a leak from what an allocator
//! keeps for a while, a line through several can.

/// What a row of measures shows, each after one more load.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Trend {
    /// The slope of the straight line with the least squares, per load.
    pub per_load: f64,
    /// The last measure less the first.
    pub last_less_first: f64,
}

impl Trend {
    /// The trend of `measures`; of fewer than two there is none: both figures are no number, which keeps no bar.
    pub fn of(measures: &[f64]) -> Self {
        let count = measures.len() as f64;
        let (mean_x, mean_y) = ((count - 1.0) / 2.0, measures.iter().sum::<f64>() / count);
        let off = |n: usize| n as f64 - mean_x;
        let square: f64 = (0..measures.len()).map(|n| off(n) * off(n)).sum();
        let product: f64 = measures.iter().enumerate().map(|(n, measure)| off(n) * (measure - mean_y)).sum();
        let last_less_first = match measures {
            [first, .., last] => last - first,
            [] | [_] => f64::NAN,
        };
        Self { per_load: product / square, last_less_first }
    }
}
