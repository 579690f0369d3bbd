//! One run of calls that are joined with a person, and what it showed.
//!
//! ```text
//!  SIPp callers ──INVITE──▶ engine ──INVITE──▶ SIPp persons       signalling
//!  lines 0 … n  ◀──sound──▶ engine ◀──sound──▶ lines n … 2 n      the generator
//! ```

use super::clinic::{self, Recording, Room};
use super::engine::{Cpu, Engine};
use super::generator::Generator;
use super::heard::Report;
use super::set_up;
use super::sipp::{Codec, Count, Plan, Sipp};
use super::sockets;
use careline::sip::digest::Ha1;
use careline::wire::sip::credentials::Algorithm;
use std::fmt::Write as _;
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

const TALKS: &str = include_str!("talks.xml");
const DIALS: &str = include_str!("dials.xml");
const ANSWERS: &str = include_str!("answers.xml");
const LOGS_IN: &str = include_str!("../../sipp-scenarios/phones/logs-in.xml");

/// The pause of a caller in [`TALKS`].
const PAUSE: &str = "milliseconds=\"12000\"";
/// How long a caller stays, in measured runs whose calls come and go.
const CALL: Duration = Duration::from_secs(12);
/// Lines for each call at once: a line rests before the next call has it.
const LINES_PER_CALL: f64 = 1.5;
/// How much faster than they end calls are placed, so that the wished number stays reached.
const HASTE: f64 = 1.005;
/// After the first calls are over, until the window opens.
const SETTLE: Duration = Duration::from_secs(2);
/// How long the idle engine is looked at.
const IDLE: Duration = Duration::from_secs(3);
/// How long the last calls may take to end after the window.
const PATIENCE: Duration = Duration::from_secs(60);
/// A line of the generator never presses its key.
const NO_KEY: Duration = Duration::from_secs(86_400);
/// Packets that both parties of a call hear in a second.
const PACKETS_A_SECOND: f64 = 100.0;

/// Who is joined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parties {
    /// Patients who hear the first words, are transferred to a person and hang up after [`CALL`].
    Patients(Recording),
    /// The same, and they talk until the window is over: nothing but talks is measured.
    Talkers,
    /// Phones of the house that dial each other with a password.
    Phones,
}

impl Parties {
    /// In this time as many calls begin as are to be up at once. All but those of talkers last as long.
    const fn script(self) -> Duration {
        match self {
            Parties::Patients(_) | Parties::Talkers => CALL,
            Parties::Phones => Duration::from_secs(9),
        }
    }

    /// What the callers do, when the window is this long.
    fn callers(self, window: Duration) -> String {
        let talk = match self {
            Parties::Patients(_) => CALL,
            Parties::Talkers => CALL + SETTLE + window + SETTLE,
            Parties::Phones => return DIALS.to_owned(),
        };
        TALKS.replace(PAUSE, &format!("milliseconds=\"{}\"", talk.as_millis()))
    }

    /// How many calls are placed.
    fn calls(self, at_once: u64, a_second: f64, window: Duration) -> u64 {
        match self {
            Parties::Talkers => at_once,
            Parties::Patients(_) | Parties::Phones => {
                (a_second * (self.script() + SETTLE + window).as_secs_f64()).ceil() as u64
            }
        }
    }
}

/// What a run showed.
#[derive(Debug)]
pub struct Run {
    /// CPU in the window.
    pub cpu: Cpu,
    /// Call-seconds in the window: packets that both parties heard, divided by 100.
    pub call_seconds: f64,
    /// Calls at once, on average over the window.
    pub at_once: f64,
    /// Resident memory without and with calls, in kB.
    pub resident_kb: (u64, u64),
    /// What SIPp counted.
    pub count: Count,
    /// SIPp's own words, if calls failed.
    pub complaints: String,
    /// Of each call that was timed, from the first INVITE to the 200.
    pub set_up: Vec<Duration>,
    /// Of each call of those, from the INVITE that was let in until its parties heard each other.
    pub joined: Vec<Duration>,
    /// Callers whom the engine joined with a person.
    pub bridged: u64,
    /// What both sides heard.
    pub heard: Report,
}

impl Run {
    /// CPU in ms for a call and second. From the whole process, so that threads that ended count too.
    pub fn cpu_ms(&self) -> f64 {
        (self.cpu.user_ms + self.cpu.system_ms) / self.call_seconds
    }

    /// Resident memory of a call, in kB.
    pub fn call_kb(&self) -> f64 {
        let (idle_kb, busy_kb) = self.resident_kb;
        (busy_kb as f64 - idle_kb as f64) / self.at_once
    }

    /// Streams that lost packets or mixed with another.
    pub fn broken(&self) -> usize {
        self.heard.heard.iter().filter(|heard| heard.disordered > 0 || heard.overlapped).count()
    }
}

/// Places calls until `calls` of them are up at once, and measures for `window`.
///
/// # Errors
/// When the engine or SIPp does not start, or calls stay open.
pub fn run(parties: Parties, calls: u64, window: Duration) -> io::Result<Run> {
    let directory = tempfile::tempdir()?;
    let (sip, persons) = (sockets::free_address()?, sockets::free_address()?);
    let room = Room::for_calls(calls * 2);
    let recording = match parties {
        Parties::Patients(recording) => recording,
        Parties::Talkers | Parties::Phones => Recording::Off,
    };
    clinic::write_talks(directory.path(), sip, recording, room, persons, &users())?;
    let engine = Engine::start(directory.path(), sip)?;
    if parties == Parties::Phones {
        log_in(directory.path(), sip, persons)?;
    }
    sockets::wait(IDLE);
    let idle_kb = engine.status("VmRSS")?;

    let lines = (calls as f64 * LINES_PER_CALL) as usize;
    let generator = Generator::start(lines * 2, NO_KEY)?;
    let (here, there) = generator.addresses().split_at(lines);
    let place = directory.path().join("persons");
    std::fs::create_dir_all(&place)?;
    let answering = Sipp::answer(&place, ANSWERS, persons, there)?;
    let script = parties.script();
    let a_second = calls as f64 / script.as_secs_f64() * HASTE;
    let plan = Plan {
        engine: sip,
        at_once: calls,
        in_ten_seconds: (a_second * 10.0).ceil() as u64,
        calls: parties.calls(calls, a_second, window),
    };
    let sipp = match parties {
        Parties::Patients(_) | Parties::Talkers => {
            Sipp::start(directory.path(), &parties.callers(window), here, plan, Codec::Pcmu)?
        }
        Parties::Phones => Sipp::start_timed(directory.path(), &parties.callers(window), here, plan)?,
    };
    sockets::wait(script + SETTLE);
    generator.open_window();
    let (began, packets, cpu) = (sockets::monotonic(), generator.received(), engine.cpu()?);
    sockets::wait(window);
    let cpu = engine.cpu()?.since(&cpu);
    let call_seconds = (generator.received() - packets) as f64 / PACKETS_A_SECOND;
    let lasted = sockets::monotonic() - began;
    generator.close_window();
    let busy_kb = engine.status("VmRSS")?;
    let count = sipp.finish(PATIENCE)?;
    let heard = generator.stop()?;
    let messages = Sipp::messages(directory.path());
    let bridged = engine.figure("bridged")?;
    drop(answering);
    engine.stop()?;
    let joined = match parties {
        Parties::Phones => set_up::joined(&directory.path().join(clinic::STORE))?,
        Parties::Patients(_) | Parties::Talkers => Vec::new(),
    };
    Ok(Run {
        cpu,
        call_seconds,
        at_once: call_seconds / lasted.as_secs_f64(),
        resident_kb: (idle_kb, busy_kb),
        count,
        complaints: Sipp::complaints(directory.path()),
        set_up: set_up::times(&messages),
        joined,
        bridged,
        heard,
    })
}

/// The figures of one run.
pub fn account(name: &str, run: &Run) -> String {
    let mut out = String::new();
    let (idle_kb, busy_kb) = run.resident_kb;
    let per = |ms: f64| ms / run.call_seconds;
    _ = writeln!(out, "{name}: {:.0} calls at once on average", run.at_once);
    _ = writeln!(
        out,
        "  CPU per call-second: {:.3} ms ({:.3} user, {:.3} system)",
        run.cpu_ms(),
        per(run.cpu.user_ms),
        per(run.cpu.system_ms)
    );
    for (name, spent_ms) in &run.cpu.threads_ms {
        _ = writeln!(out, "    {:.3} ms in threads `{name}`", per(*spent_ms));
    }
    _ = writeln!(
        out,
        "  resident: {idle_kb} kB idle, {busy_kb} kB under load, {:.1} kB a call",
        run.call_kb()
    );
    _ = writeln!(
        out,
        "  SIPp: {} calls by the scenario, {} not, {} retransmissions",
        run.count.successful, run.count.failed, run.count.retransmissions
    );
    let spans = [("first INVITE to 200", &run.set_up), ("INVITE with password to joined", &run.joined)];
    for (span, times) in spans {
        let Some(most) = times.iter().max() else { continue };
        let (mean, most) = (set_up::mean_ms(times), most.as_secs_f64() * 1e3);
        _ = writeln!(out, "  from {span}: mean {mean:.2} ms, most {most:.2} ms, of {} calls", times.len());
    }
    _ = writeln!(out, "{}", run.heard);
    if run.count.failed > 0 {
        out.push_str(&run.complaints);
    }
    out
}

/// The two phones of the house, as `careline.yaml` says it.
fn users() -> String {
    let user = |name: &str| {
        let ha1 = Ha1::of(Algorithm::Md5, name.as_bytes(), b"careline", b"secret");
        format!("{{name: {name}, digest: md5, ha1: \"{}\"}}", ha1.expose())
    };
    format!("users: [{}, {}]\n", user("front-desk"), user("colleague"))
}

/// The phone that is dialled logs in at its address.
fn log_in(directory: &Path, engine: SocketAddr, phone: SocketAddr) -> io::Result<()> {
    let place = directory.join("login");
    std::fs::create_dir_all(&place)?;
    let plan = Plan { engine, at_once: 1, in_ten_seconds: 10, calls: 1 };
    let sipp = Sipp::start_with(&place, LOGS_IN, plan, &["-p", &phone.port().to_string()])?;
    match sipp.finish(PATIENCE)? {
        Count { failed: 0, .. } => Ok(()),
        Count { .. } => Err(io::Error::other(format!("no login: {}", Sipp::complaints(&place)))),
    }
}
