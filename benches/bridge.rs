//! Two people in one call, many times: `cargo bench --bench bridge -- [--calls N] [--window S] [--floor S] [--dialled N]`.
//!
//! Starts the release binary; SIPp places the calls and is the persons who answer, the generator is all of their telephones.
//! Measures what a call costs whose two parties are joined: while they talk, beside the bare floor with twice as many legs;
//! with its beginning and end, twelve seconds apart; and the same recorded; and how long a phone of the house that dials
//! another one waits until the two hear each other. Exit code 1 when a bar is missed. `docs/performance.md` tells the method.

#[allow(dead_code, reason = "each bench uses its own part of the support")]
mod support {
    pub mod bar;
    pub mod clinic;
    pub mod ending;
    pub mod engine;
    pub mod floor;
    pub mod gaps;
    pub mod generator;
    pub mod heard;
    pub mod incoming;
    pub mod options;
    pub mod packets;
    pub mod set_up;
    pub mod sipp;
    pub mod sockets;
    pub mod talks;
    pub mod uring;
}

use std::process::ExitCode;
use support::bar::{self, Bar};
use support::clinic::Recording;
use support::options::Options;
use support::talks::{self, Parties, Run};
use support::{ending, floor, set_up};

/// CPU for a call and second, in ms.
const CPU_MS: f64 = 1.0;
/// The same with recording.
const CPU_RECORDED_MS: f64 = 1.2;
/// CPU of calls that are being talked in, as a multiple of what two legs of the floor cost.
const TIMES_FLOOR: f64 = 1.5;
/// Resident memory of a call, in kB.
const CALL_KB: f64 = 64.0;
/// The gap between packets that one in a thousand may exceed, in ms.
const GAP_P999_MS: f64 = 22.0;
/// From a phone's first INVITE until it and the phone that it dials hear each other, in ms, its password and the other's answer
/// included: 200 and join are added up, which is a little more than the whole.
const SET_UP_MS: f64 = 3.0;
/// Legs of a call.
const LEGS: usize = 2;

fn main() -> ExitCode {
    ending::of(measure())
}

/// Runs all; whether every bar was kept.
fn measure() -> Result<bool, Box<dyn std::error::Error>> {
    let options = Options::from_arguments(&[("calls", 500), ("window", 30), ("floor", 8), ("dialled", 100)])?;
    println!("{}", bar::machine());
    let (calls, window) = (options.get("calls"), options.seconds("window"));
    let legs = calls as usize * LEGS;
    let bare = floor::measure(legs, options.seconds("floor"))?;
    print!("{}", bar::bare(&bare));
    let fastest = floor::fastest(&bare).ok_or("no floor was measured")?;
    let long = talks::run(Parties::Talkers, calls, window)?;
    print!("{}", talks::account("talking", &long));
    // A shared machine is faster in one minute than in the next: the run stands beside the mean of before and after.
    let after = [floor::measure_one(fastest.method, legs, options.seconds("floor"))?];
    print!("{}", bar::bare(&after));
    let two_legs_ms = LEGS as f64 * f64::midpoint(fastest.per_leg_second_ms, after[0].cost.per_leg_second_ms);
    let plain = talks::run(Parties::Patients(Recording::Off), calls, window)?;
    print!("{}", talks::account("bridged", &plain));
    println!("bridged: CPU as a multiple of two legs of the floor: {:.2}\n", plain.cpu_ms() / two_legs_ms);
    let recorded = talks::run(Parties::Patients(Recording::On), calls, window)?;
    print!("{}", talks::account("bridged and recorded", &recorded));
    let dialled = talks::run(Parties::Phones, options.get("dialled"), window)?;
    print!("{}", talks::account("dialled from phone to phone", &dialled));
    let to_talk_ms = set_up::mean_ms(&dialled.set_up) + set_up::mean_ms(&dialled.joined);

    let mut bars = vec![
        Bar::new("bridged: CPU ms per call-second", plain.cpu_ms(), CPU_MS),
        Bar::new(
            "talking: CPU as a multiple of two legs of the floor",
            long.cpu_ms() / two_legs_ms,
            TIMES_FLOOR,
        ),
        Bar::new("bridged and recorded: CPU ms per call-second", recorded.cpu_ms(), CPU_RECORDED_MS),
        Bar::new("dialled: mean from INVITE to joined, ms", to_talk_ms, SET_UP_MS),
    ];
    // What a hundred calls take is for the most part what the first ones take: a call's memory is told by the five hundred.
    for (name, run) in [("bridged", &plain), ("bridged and recorded", &recorded)] {
        bars.push(Bar::new(format!("{name}: resident kB a call"), run.call_kb(), CALL_KB));
    }
    let runs =
        [("talking", &long), ("bridged", &plain), ("bridged and recorded", &recorded), ("dialled", &dialled)];
    for (name, run) in runs {
        bars.extend(common_bars(name, run));
    }
    bars.iter().for_each(|bar| println!("{bar}"));
    Ok(bars.iter().all(Bar::is_kept))
}

fn common_bars(name: &str, run: &Run) -> [Bar; 4] {
    let bar = |what: &str, value, limit| Bar::new(format!("{name}: {what}"), value, limit);
    [
        bar("gap between packets p99.9, ms", run.heard.gaps.quantile_ms(0.999), GAP_P999_MS),
        bar("calls that failed", run.count.failed as f64, 0.0),
        bar("calls that were not joined", run.count.successful.abs_diff(run.bridged) as f64, 0.0),
        bar("streams in which something was lost or mixed", run.broken() as f64, 0.0),
    ]
}
