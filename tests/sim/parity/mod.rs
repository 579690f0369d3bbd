//! Parity: the same scenario files over loopback, played by SIPp against the real program, and over the
//! virtual link: both ladders must be the same. That keeps the simulation honest.

mod agent;
mod barge_in;
mod rungs;
mod scenario;
mod stage;

use super::engine::{self, Engine, ROOT, Wishes};
use super::flows::Flows;
use agent::Agent;
use rungs::{Rungs, Sent};
use scenario::Step;
use stage::Stage;
use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// One scenario, and who plays the front desk for it.
struct Pair {
    caller: &'static str,
    number: &'static str,
    desk: Option<&'static str>,
    /// What is typed, by scenarios that have a place for it.
    keys: &'static str,
}

const fn alone(caller: &'static str) -> Pair {
    Pair { caller, number: "100", desk: None, keys: "" }
}

const fn with_desk(caller: &'static str) -> Pair {
    Pair { caller, number: "100", desk: Some("front-desk"), keys: "" }
}

/// Every nominal scenario whose ladder does not hang on chance.
const PAIRS: &[Pair] = &[
    Pair { number: "199", ..alone("after-hours") },
    alone("anonymous"),
    Pair { keys: "61", ..with_desk("asks-for-a-person") },
    Pair { desk: Some("front-desk-hangs-up"), ..with_desk("desk-hangs-up") },
    Pair { desk: Some("front-desk-in-steps"), ..with_desk("desk-hangs-up") },
    alone("early-offer"),
    alone("empty-re-invite"),
    alone("engine-refreshes"),
    alone("hang-up-at-once"),
    alone("hang-up-in-the-greeting"),
    Pair { number: "150", keys: "32", ..alone("hears-goodbye") },
    Pair { number: "120", ..alone("hears-the-hours") },
    Pair { number: "120", ..alone("hears-the-hours-in-spanish") },
    alone("hold-and-resume"),
    alone("hold-in-every-form"),
    alone("late-offer"),
    Pair { number: "199", ..alone("leaves-a-message") },
    Pair { number: "199", ..alone("leaves-a-message-in-spanish") },
    with_desk("no-recording"),
    alone("options"),
    alone("pcma"),
    alone("repeat-and-more-time"),
    alone("silence"),
    alone("speaks-a-law"),
    alone("speaks-g722"),
    alone("speaks-l16"),
    alone("speaks-l16-wide"),
    alone("speaks-mu-law"),
    with_desk("spanish"),
    alone("unknown-number"),
    alone("update-and-refresh"),
    with_desk("waits-for-the-menu"),
    with_desk("zero-in-the-greeting"),
];

/// Played as desks, or decided by chance.
const NOT_ALONE: [&str; 4] =
    ["front-desk", "front-desk-hangs-up", "front-desk-in-steps", "hang-up-at-any-time"];
/// The longest scenario, and something over.
const WITHIN: Duration = Duration::from_secs(200);

fn steps(name: &str) -> Vec<Step> {
    let path = format!("{ROOT}/sipp-scenarios/nominal/{name}.xml");
    let xml = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    scenario::read(&xml).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The ladders over the virtual link: the caller's, and the desk's if there is one.
fn played(flows: &Flows, pair: &Pair) -> Result<Vec<Rungs>, String> {
    let [engine, caller, desk]: [SocketAddr; 3] =
        ["127.0.0.1:5060", "127.0.0.1:6000", "127.0.0.1:5070"].map(|address| address.parse().unwrap());
    let mut agents = vec![Agent::new(caller, engine, steps(pair.caller), pair.number, pair.keys)];
    agents.extend(pair.desk.map(|name| Agent::new(desk, engine, steps(name), "", "")));
    let mut stage = Stage::new(flows, &Path::new(ROOT).join("sounds"), engine, agents);
    stage.play(WITHIN).map_err(|wrong| format!("{}: {wrong}", pair.caller))?;
    Ok(stage.agents.into_iter().map(|agent| agent.rungs).collect())
}

/// SIPp with one scenario against the real engine.
struct Real {
    process: Child,
    trace: PathBuf,
}

fn sipp(home: &Path, name: &str, port: u16) -> Real {
    let place = home.join(name);
    fs::create_dir_all(&place).unwrap();
    // Sound is named from the root of the repository.
    symlink(format!("{ROOT}/sipp-scenarios"), place.join("sipp-scenarios")).unwrap();
    let mut command = Command::new("sipp");
    command.current_dir(&place).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.args([
        "-nostdin",
        "-i",
        "127.0.0.1",
        "-mi",
        "127.0.0.1",
        "-timeout_error",
        "-timeout",
        "180s",
        "-m",
        "1",
    ]);
    command.args(["-trace_msg", "-message_file", "trace", "-p", &port.to_string()]);
    command.args(["-mp", &engine::free_stretch(8).to_string()]);
    command.arg("-sf").arg(format!("{ROOT}/sipp-scenarios/nominal/{name}.xml"));
    let trace = place.join("trace");
    let process = command_of(command, home, name);
    Real { process, trace }
}

fn command_of(mut command: Command, home: &Path, name: &str) -> Child {
    if let Ok(extra) = fs::read_to_string(home.join(format!("{name}.args"))) {
        command.args(extra.lines());
    }
    command.spawn().unwrap_or_else(|error| {
        panic!("sipp does not start ({error}); install it: apt-get install -y sip-tester")
    })
}

/// The ladders over loopback, one engine for each pair.
fn rung(home: &Path, engine: &Engine, pair: &Pair) -> Vec<Real> {
    let mut args = vec![engine.sip.to_string(), "-s".to_owned(), pair.number.to_owned(), "-aa".to_owned()];
    if !pair.keys.is_empty() {
        args.extend(["-key", "keys", pair.keys].map(str::to_owned));
    }
    fs::write(home.join(format!("{}.args", pair.caller)), args.join("\n")).unwrap();
    let desk = pair.desk.map(|name| sipp(home, name, engine.desk.port()));
    let caller = sipp(home, pair.caller, engine::free_port().port());
    [Some(caller), desk].into_iter().flatten().collect()
}

/// What SIPp wrote of its messages.
fn read_trace(text: &str) -> Rungs {
    let mut rungs = Rungs::default();
    for part in text.split("----------------------------------------------- ").skip(1) {
        let mut lines = part.splitn(3, '\n');
        let (_time, what, message) =
            (lines.next(), lines.next().unwrap_or_default(), lines.next().unwrap_or_default());
        let sent = if what.contains("message sent") { Sent::ByUs } else { Sent::ByEngine };
        rungs.add(sent, message.trim_start().as_bytes());
    }
    rungs
}

#[test]
fn the_ladders_of_the_nominal_scenarios_are_the_same_as_over_loopback() {
    let _alone = crate::whole_machine();
    let flows = Flows::shipped();
    let wishes = Wishes { calls: 4, ..Wishes::default() };
    let home = |_: &Pair| tempfile::tempdir().unwrap();
    let homes: Vec<tempfile::TempDir> = PAIRS.iter().map(home).collect();
    // Each engine's callers and desk start at once, before another takes a port that only looks free.
    let begin = |(pair, home): (&Pair, &tempfile::TempDir)| {
        let engine = Engine::start(home.path(), &wishes);
        let reals = rung(home.path(), &engine, pair);
        (engine, reals)
    };
    let mut running: Vec<(Engine, Vec<Real>)> = PAIRS.iter().zip(&homes).map(begin).collect();
    let mut wrong = String::new();
    for (pair, (_, reals)) in PAIRS.iter().zip(&mut running) {
        let virtual_ones = match played(&flows, pair) {
            Ok(rungs) => rungs,
            Err(error) => {
                wrong += &format!("\n{error}");
                continue;
            }
        };
        for (real, expected) in reals.iter_mut().zip(virtual_ones) {
            let status = real.process.wait().unwrap();
            let seen = read_trace(&fs::read_to_string(&real.trace).unwrap_or_default());
            if !status.success() || seen != expected {
                wrong += &format!(
                    "\n{}: {status}\n over loopback {:#?}\n in the world {:#?}",
                    pair.caller, seen.0, expected.0
                );
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn every_nominal_scenario_can_be_read_and_none_is_forgotten() {
    let mut names: Vec<String> = fs::read_dir(format!("{ROOT}/sipp-scenarios/nominal"))
        .unwrap()
        .filter_map(|entry| Some(entry.unwrap().file_name().to_str()?.strip_suffix(".xml")?.to_owned()))
        .collect();
    names.sort();
    names.iter().for_each(|name| assert!(!steps(name).is_empty(), "{name} has no steps"));
    let mut known: Vec<&str> = PAIRS.iter().map(|pair| pair.caller).chain(NOT_ALONE).collect();
    known.sort_unstable();
    known.dedup();
    assert_eq!(names, known);
}
