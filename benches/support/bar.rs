//! What a bench prints: its machine, the bare floor, and each figure beside what it must not exceed.

use super::floor::Measured;
use std::fmt;
use std::fmt::Write as _;
use std::fs;

/// One measured value and what it must not exceed.
#[derive(Clone, Debug)]
pub struct Bar {
    name: String,
    value: f64,
    limit: f64,
}

impl Bar {
    /// `value` must not be over `limit`.
    pub fn new(name: impl Into<String>, value: f64, limit: f64) -> Self {
        Self { name: name.into(), value, limit }
    }

    /// The value is not over the limit; what could not be measured is not kept.
    pub fn is_kept(&self) -> bool {
        self.value <= self.limit
    }
}

impl fmt::Display for Bar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = if self.is_kept() { "kept  " } else { "MISSED" };
        write!(f, "{word} {:<58} {:>10.3}  at most {:.3}", self.name, self.value, self.limit)
    }
}

/// The machine, in a line: processor, cores, kernel, what else runs.
pub fn machine() -> String {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let processors = read("/proc/cpuinfo");
    let model = processors.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or("unknown");
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    format!(
        "machine: {cores} × {}, Linux {}, load average {}",
        model.trim_start_matches([' ', '\t', ':']),
        read("/proc/sys/kernel/osrelease").trim(),
        read("/proc/loadavg").split(' ').take(3).collect::<Vec<_>>().join(" ")
    )
}

/// The figures of the floor.
pub fn bare(measured: &[Measured]) -> String {
    let mut out = String::from("floor, same machine, same number of legs\n");
    for Measured { cost, heard } in measured {
        _ = writeln!(
            out,
            "  {:.3} ms/leg-second (rx {:.0} ns, tx {:.0} ns, {:.1} % received, {:.1} % arrived; gap p99.9 {:.2} ms)  {}",
            cost.per_leg_second_ms,
            cost.receive_ns,
            cost.send_ns,
            100.0 * cost.received_share,
            100.0 * cost.arrived_share,
            heard.gaps.quantile_ms(0.999),
            cost.method.name()
        );
    }
    out
}
