//! The engine under load: `cargo bench --bench load -- [--calls N] [--window S] [--idle S] [--floor S] [--g722 1]`,
//! `-- --growth 1`.
//!
//! Starts the release binary, lets SIPp place calls and the generator be the telephones, and measures
//! what the engine costs per call and second, first without recording, then with it; then the bare
//! floor with as many legs. With `--growth 1` it runs with 10 to 2 000 calls instead and draws what they cost into
//! `growth.svg` among cargo's temporary files. Exit code 1 when a bar is missed. `docs/performance.md` tells the method.

#[allow(dead_code, reason = "each bench uses its own part of the support")]
mod support {
    pub mod bar;
    pub mod clinic;
    pub mod ending;
    pub mod engine;
    pub mod floor;
    pub mod gaps;
    pub mod generator;
    pub mod growth;
    pub mod heard;
    pub mod incoming;
    pub mod options;
    pub mod packets;
    pub mod sipp;
    pub mod sockets;
    pub mod uring;
    pub mod verdict;
}

use std::io;
use std::process::ExitCode;
use std::time::Duration;
use support::bar::{self, Bar};
use support::clinic::{self, KEY_AFTER, Recording, Room, SCRIPT};
use support::ending;
use support::engine::{Cpu, Engine};
use support::floor;
use support::generator::Generator;
use support::growth::{self, Point};
use support::heard::Report;
use support::options::Options;
use support::sipp::{Codec, Count, Plan, Sipp};
use support::sockets;
use support::verdict;

const IVR: &str = include_str!("support/ivr.xml");
/// Lines for each call at once: a line rests before the next call has it.
const LINES_PER_CALL: f64 = 1.5;
/// How much faster than they end calls are placed, so that the wished number stays reached.
const HASTE: f64 = 1.005;
/// After the first calls are over, until the window opens.
const SETTLE: Duration = Duration::from_secs(2);
/// How long the last calls may take to end after the window.
const PATIENCE: Duration = Duration::from_secs(60);
/// Packets of one stream in a second.
const PACKETS_A_SECOND: f64 = 50.0;

/// What one run of the engine showed.
#[derive(Debug)]
pub struct Run {
    /// Whether calls were recorded.
    pub recording: Recording,
    /// CPU of the idle engine, in ms a second.
    pub idle_ms: f64,
    /// CPU in the window.
    pub cpu: Cpu,
    /// Call-seconds in the window: packets that the callers heard, divided by 50.
    pub call_seconds: f64,
    /// Calls at once, on average over the window.
    pub at_once: f64,
    /// Resident memory without and with calls, in kB.
    pub resident_kb: (u64, u64),
    /// Threads with calls.
    pub threads: u64,
    /// What SIPp counted.
    pub count: Count,
    /// SIPp's own words, if calls failed.
    pub complaints: String,
    /// What the callers heard.
    pub heard: Report,
    /// Slots that the media threads served from just before the window to just after it, and how many of them over
    /// 2 ms late.
    pub slots: Slots,
}

/// Counts of slots.
#[derive(Clone, Copy, Debug)]
pub struct Slots {
    /// All.
    pub served: u64,
    /// Over 2 ms late.
    pub late: u64,
}

impl Slots {
    fn of(engine: &Engine) -> io::Result<Self> {
        Ok(Self { served: engine.figure("media_slots")?, late: engine.figure("media_slots_late")? })
    }

    const fn since(self, earlier: Self) -> Self {
        Self { served: self.served - earlier.served, late: self.late - earlier.late }
    }
}

fn main() -> ExitCode {
    ending::of(measure())
}

/// Runs all; whether every bar was kept.
fn measure() -> Result<bool, Box<dyn std::error::Error>> {
    let options = Options::from_arguments(&[
        ("calls", 1_000),
        ("window", 60),
        ("idle", 10),
        ("floor", 10),
        ("g722", 0),
        ("growth", 0),
    ])?;
    if options.get("growth") != 0 {
        return grow(&options);
    }
    let codec = if options.get("g722") == 0 { Codec::Pcmu } else { Codec::G722 };
    println!("{}", bar::machine());
    let legs = options.get("calls") as usize;
    let bare = floor::measure(legs, options.seconds("floor"))?;
    print!("{}", bar::bare(&bare));
    let Some(fastest) = floor::fastest(&bare) else { return Err("no floor was measured".into()) };
    let mut kept = true;
    let mut runs = Vec::new();
    let mut before_ms = fastest.per_leg_second_ms;
    // A shared machine is faster in one minute than in the next: the fastest loop is measured before and after
    // each run, and the run stands beside the mean of the two.
    for recording in [Recording::Off, Recording::On] {
        let run = run(recording, codec, options.get("calls"), &options)?;
        print!("{}", verdict::account(&run));
        let after = [floor::measure_one(fastest.method, legs, options.seconds("floor"))?];
        print!("{}", bar::bare(&after));
        let after_ms = after[0].cost.per_leg_second_ms;
        runs.push((run, f64::midpoint(before_ms, after_ms)));
        before_ms = after_ms;
    }
    for (run, floor_ms) in &runs {
        for bar in verdict::bars(run, codec, *floor_ms) {
            println!("{bar}");
            kept &= bar.is_kept();
        }
    }
    Ok(kept)
}

/// Runs with more and more calls, and draws what they cost; whether it grew with them and no faster.
fn grow(options: &Options) -> Result<bool, Box<dyn std::error::Error>> {
    println!("{}", bar::machine());
    let mut points = Vec::new();
    for calls in growth::CALLS {
        let run = run(Recording::Off, Codec::Pcmu, calls, options)?;
        let point = Point::of(&run);
        println!("{point}");
        points.push(point);
    }
    let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("growth.svg");
    std::fs::write(&path, growth::draw(&points))?;
    println!("drawn into {}", path.display());
    let bars = growth::bars(&points);
    bars.iter().for_each(|bar| println!("{bar}"));
    Ok(bars.iter().all(Bar::is_kept))
}

fn run(recording: Recording, codec: Codec, calls: u64, options: &Options) -> io::Result<Run> {
    let directory = tempfile::tempdir()?;
    let sip = sockets::free_address()?;
    clinic::write(directory.path(), sip, recording, Room::for_calls(calls))?;
    let engine = Engine::start(directory.path(), sip)?;
    sockets::wait(SETTLE);
    let (idle_kb, before) = (engine.status("VmRSS")?, engine.cpu()?);
    sockets::wait(options.seconds("idle"));
    let idle_ms = engine.cpu()?.since(&before).scheduled_ms() / options.seconds("idle").as_secs_f64();

    let generator = Generator::start((calls as f64 * LINES_PER_CALL) as usize, KEY_AFTER)?;
    let window = options.seconds("window");
    let a_second = calls as f64 / SCRIPT.as_secs_f64() * HASTE;
    let plan = Plan {
        engine: sip,
        at_once: calls,
        in_ten_seconds: (a_second * 10.0).ceil() as u64,
        calls: (a_second * (SCRIPT + SETTLE + window).as_secs_f64()).ceil() as u64,
    };
    let sipp = Sipp::start(directory.path(), IVR, generator.addresses(), plan, codec)?;
    sockets::wait(SCRIPT + SETTLE);
    let slots = Slots::of(&engine)?;
    generator.open_window();
    let (began, packets, cpu) = (sockets::monotonic(), generator.received(), engine.cpu()?);
    sockets::wait(window);
    let cpu = engine.cpu()?.since(&cpu);
    let call_seconds = (generator.received() - packets) as f64 / PACKETS_A_SECOND;
    let lasted = sockets::monotonic() - began;
    generator.close_window();
    let slots = Slots::of(&engine)?.since(slots);
    let (busy_kb, threads) = (engine.status("VmRSS")?, engine.status("Threads")?);
    let count = sipp.finish(PATIENCE)?;
    let heard = generator.stop()?;
    engine.stop()?;
    Ok(Run {
        recording,
        idle_ms,
        cpu,
        call_seconds,
        at_once: call_seconds / lasted.as_secs_f64(),
        resident_kb: (idle_kb, busy_kb),
        threads,
        count,
        complaints: Sipp::complaints(directory.path()),
        heard,
        slots,
    })
}
