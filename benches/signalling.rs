//! Signalling alone, and more of it than fits: `cargo bench --bench signalling -- [--rate N] [--seconds S]
//! [--loads L]`.
//!
//! First INVITE–200–ACK–BYE at a steady rate, with event log and record on, in one load and then `L` equal ones: CPU a
//! call, nothing failed, nothing sent twice, memory that does not grow from load to load. Then a small engine is offered one, two and three times
//! what it has room for: how many calls it still serves a second. Exit code 1 when a bar is missed.

#[allow(dead_code, reason = "each bench uses its own part of the support")]
mod support {
    pub mod clinic;
    pub mod ending;
    pub mod engine;
    pub mod options;
    pub mod sipp;
    pub mod sockets;
    pub mod trend;
}

use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::process::ExitCode;
use std::time::Duration;
use support::clinic::{self, Recording, Room};
use support::ending;
use support::engine::{Cpu, Engine};
use support::options::Options;
use support::sipp::{Count, Plan, Sipp};
use support::sockets;
use support::trend::Trend;

const SIGNALLING: &str = include_str!("../sipp-scenarios/load/signalling.xml");
const OR_BUSY: &str = include_str!("../sipp-scenarios/load/signalling-or-busy.xml");
/// CPU of the whole process for one call, in milliseconds.
const CALL_MS: f64 = 0.20;
/// What resident memory may grow by with each load, in kB: six equal loads of 120 000 calls left 64 to 68 MB.
const GROWTH_KB: f64 = 2_048.0;
/// The share of the best goodput that three times the load must leave.
const GOODPUT_SHARE: f64 = 0.95;
/// Calls at once of the engine that is offered too many.
const SMALL: u64 = 20;
/// How long one call of the scenario lasts.
const CALL: Duration = Duration::from_millis(100);
/// How long each load of too many calls lasts.
const EACH_LOAD: Duration = Duration::from_secs(15);
/// After the last call, until the last transaction is forgotten (RFC 6026 §8.7: 64·T1), and a little more.
const FORGOTTEN: Duration = Duration::from_secs(40);
/// How long the last calls may take.
const PATIENCE: Duration = Duration::from_secs(60);

fn main() -> ExitCode {
    ending::of(measure())
}

fn measure() -> Result<bool, Box<dyn std::error::Error>> {
    let options = Options::from_arguments(&[("rate", 800), ("seconds", 20), ("loads", 5)])?;
    let steady = steady(options.get("rate"), options.seconds("seconds"), options.get("loads"))?;
    Ok(steady & overload()?)
}

/// Prints a figure and its bar; whether it was kept.
fn bar(name: &str, value: f64, limit: f64) -> bool {
    let kept = value <= limit;
    println!("{} {name:<58} {value:>10.3}  at most {limit:.3}", if kept { "kept  " } else { "MISSED" });
    kept
}

fn steady(rate: u64, time: Duration, loads: u64) -> io::Result<bool> {
    let directory = tempfile::tempdir()?;
    let sip = sockets::free_address()?;
    clinic::write(directory.path(), sip, Recording::Off, Room::for_rate(rate, 1_000))?;
    let engine = Engine::start(directory.path(), sip)?;
    // The first load fills what is kept for ever: caches, pools, the tables at their greatest, which they reach
    // when the first call of it is forgotten.
    call(&directory, sip, rate, time, SIGNALLING)?;
    sockets::wait(FORGOTTEN);
    let mut resident_kb = vec![engine.status("VmRSS")? as f64];
    let before = engine.cpu()?;
    let mut total = Count::default();
    for _ in 0..loads {
        let count = call(&directory, sip, rate, time, SIGNALLING)?;
        total.successful += count.successful;
        total.failed += count.failed;
        total.retransmissions += count.retransmissions;
        sockets::wait(FORGOTTEN);
        resident_kb.push(engine.status("VmRSS")? as f64);
    }
    let cpu = engine.cpu()?.since(&before);
    engine.stop()?;
    let per_call_ms = tell(&format!("{loads} loads of {rate} calls a second for {time:?}"), &total, &cpu);
    Ok(bar("signalling: CPU ms a call", per_call_ms, CALL_MS)
        & bar("signalling: calls that failed", total.failed as f64, 0.0)
        & bar("signalling: messages sent again", total.retransmissions as f64, 0.0)
        & memory(&resident_kb))
}

/// Prints what the loads cost; CPU for a call, in ms.
fn tell(what: &str, count: &Count, cpu: &Cpu) -> f64 {
    let per = |ms: f64| ms / count.successful as f64;
    let per_call_ms = per(cpu.user_ms + cpu.system_ms);
    println!(
        "{what}: {} by the scenario, {} not, {} retransmissions\n  {per_call_ms:.3} ms a call ({:.3} user, {:.3} \
         system), the rest after each load included",
        count.successful,
        count.failed,
        count.retransmissions,
        per(cpu.user_ms),
        per(cpu.system_ms),
    );
    for (name, spent_ms) in &cpu.threads_ms {
        println!("    {:.3} ms in threads `{name}`", per(*spent_ms));
    }
    per_call_ms
}

/// Whether memory stays as it is, told by what was resident after the first load and after each one since.
fn memory(resident_kb: &[f64]) -> bool {
    let Trend { per_load, last_less_first } = Trend::of(resident_kb);
    let row = resident_kb.iter().map(|kb| format!("{kb:.0}")).collect::<Vec<_>>().join(", ");
    println!("  resident, kB, when all of a load is forgotten: {row}");
    let loads = resident_kb.len().saturating_sub(1) as f64;
    bar("signalling: resident kB more with each load", per_load, GROWTH_KB)
        & bar("signalling: resident kB more after the last load", last_less_first, GROWTH_KB * loads)
}

fn overload() -> io::Result<bool> {
    let directory = tempfile::tempdir()?;
    let sip = sockets::free_address()?;
    // the clinic leaves a tenth to spare.
    clinic::write(directory.path(), sip, Recording::Off, Room::for_calls(SMALL))?;
    let engine = Engine::start(directory.path(), sip)?;
    let room = (SMALL + SMALL / 10) as f64 / CALL.as_secs_f64();
    println!("an engine with room for {room:.0} calls a second is offered");
    let mut goodputs = Vec::new();
    for times in 1..=3 {
        let before = engine.figure("calls_answered")?;
        let count = call(&directory, sip, room as u64 * times, EACH_LOAD, OR_BUSY)?;
        let served = engine.figure("calls_answered")? - before;
        let goodput = served as f64 / EACH_LOAD.as_secs_f64();
        let refused = count.successful - served.min(count.successful);
        println!(
            "  {times} × that: {goodput:.0} a second served, {refused} refused, {} failed, {} retransmissions",
            count.failed, count.retransmissions
        );
        goodputs.push(goodput);
    }
    engine.stop()?;
    let best = goodputs.iter().copied().fold(0.0, f64::max);
    let lost = 1.0 - goodputs.last().copied().unwrap_or_default() / best;
    Ok(bar("overload: share of the best goodput lost at three times", lost, 1.0 - GOODPUT_SHARE))
}

fn call(
    directory: &tempfile::TempDir,
    sip: SocketAddr,
    rate: u64,
    time: Duration,
    scenario: &str,
) -> io::Result<Count> {
    let plan = Plan { engine: sip, at_once: 10_000, in_ten_seconds: rate * 10, calls: rate * time.as_secs() };
    let party = Party::new()?;
    let scenario = scenario.replace("[auto_media_port]", &party.rtp.local_addr()?.port().to_string());
    Sipp::start_with(directory.path(), &scenario, plan, &GENEROUS)?.finish(time + PATIENCE)
}

/// SIPp's own sockets hold 10 ms of such a load; when it is late by more, it loses answers and asks again for them.
const GENEROUS: [&str; 2] = ["-buff_size", "4000000"];

/// The end of the sound of every call, which nobody reads. Without it each packet would cost the engine an ICMP error, and
/// those ports of SIPp's that happen to be the engine's would be other calls.
struct Party {
    rtp: UdpSocket,
    /// Only held.
    _rtcp: UdpSocket,
}

impl Party {
    fn new() -> io::Result<Self> {
        loop {
            let rtp = UdpSocket::bind("127.0.0.1:0")?;
            let port = rtp.local_addr()?.port();
            if port % 2 == 0
                && let Ok(rtcp) = UdpSocket::bind(("127.0.0.1", port + 1))
            {
                return Ok(Self { rtp, _rtcp: rtcp });
            }
        }
    }
}
