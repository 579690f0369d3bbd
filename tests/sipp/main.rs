//! SIPp against the real program: every scenario of `sipp-scenarios/`, on loopback.
//!
//! Each scenario checks the statuses it expects, so its exit code is the verdict; when it fails, its
//! messages and errors are printed. Scenarios that share an engine run beside each other. After each
//! group the engine is stopped with SIGTERM, must end cleanly, and must have closed what it opened.

#[path = "../capture/mod.rs"]
mod capture;
#[path = "../engine/mod.rs"]
mod engine;
#[path = "../sound/mod.rs"]
mod sound;

use capture::Capture;
use careline::flow::program::Act;
use careline::flow::set::{Audio, FlowSet};
use careline::io::flow_files;
use engine::{Engine, Notice, ROOT, Wishes, furnish};
use std::collections::BTreeSet;
use std::fs;
use std::net::{SocketAddr, UdpSocket};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// One run of SIPp.
struct Run {
    /// The scenario, from `sipp-scenarios/`, without `.xml`.
    scenario: &'static str,
    /// The number that is called.
    number: &'static str,
    /// Calls in all.
    calls: u32,
    /// Calls a second.
    rate: u32,
    /// SIPp's word for the transport.
    over: &'static str,
}

/// All calls of a run from one UDP socket.
const UDP: &str = "u1";
/// All calls of a run by one TCP connection.
const ONE_CONNECTION: &str = "t1";
/// A TCP connection for each call.
const CONNECTION_A_CALL: &str = "tn";

const fn run(scenario: &'static str) -> Run {
    Run { scenario, number: "100", calls: 1, rate: 1, over: UDP }
}

/// A started SIPp and where it writes.
struct Started {
    name: String,
    process: Child,
    home: PathBuf,
}

fn sipp(home: &Path, name: &str, kind: &str) -> (Command, PathBuf) {
    sipp_of(home, name, kind, &scenario_file(name))
}

fn scenario_file(name: &str) -> PathBuf {
    PathBuf::from(format!("{ROOT}/sipp-scenarios/{name}.xml"))
}

/// The same with another file in the place of the scenario's.
fn sipp_of(home: &Path, name: &str, kind: &str, scenario: &Path) -> (Command, PathBuf) {
    let place = home.join(format!("{}-{kind}", name.replace('/', "-")));
    fs::create_dir_all(&place).expect("the test's own directory can be written");
    // Sound is named from the root of the repository.
    symlink(format!("{ROOT}/sipp-scenarios"), place.join("sipp-scenarios"))
        .expect("the test's own directory can be written");
    let mut command = Command::new("sipp");
    command.current_dir(&place).stdin(Stdio::null());
    let file =
        |name: &str| fs::File::create(place.join(name)).expect("the test's own directory can be written");
    command.stdout(file("screen")).stderr(file("errors"));
    command.args(["-nostdin", "-i", "127.0.0.1", "-mi", "127.0.0.1", "-timeout_error", "-timeout", "150s"]);
    command.args(["-trace_err", "-error_file", "trace_err", "-trace_msg", "-message_file", "trace_msg"]);
    command.arg("-sf").arg(scenario);
    (command, place)
}

fn start(mut command: Command, name: &str, home: PathBuf) -> Started {
    let process = command.spawn().unwrap_or_else(|error| {
        panic!("sipp does not start ({error}); install it: apt-get install -y sip-tester")
    });
    Started { name: name.to_owned(), process, home }
}

/// A caller.
fn call(engine: &Engine, home: &Path, run: &Run) -> Started {
    call_typing(engine, home, run, "")
}

/// A caller who types `keys`, where the scenario has a place for them.
fn call_typing(engine: &Engine, home: &Path, run: &Run, keys: &str) -> Started {
    call_as(engine, home, run, keys, &scenario_file(run.scenario))
}

/// The same with another file in the place of the scenario's.
fn call_as(engine: &Engine, home: &Path, run: &Run, keys: &str, file: &Path) -> Started {
    let kind = format!("{}-{keys}{}", run.number, run.over);
    let (mut command, place) = sipp_of(home, run.scenario, &kind, file);
    let media = engine::free_stretch(u16::try_from(run.calls.min(500) * 4 + 4).expect("at most 500 calls"));
    command.arg(engine.sip.to_string()).args(["-s", run.number, "-aa", "-t", run.over, "-max_socket", "500"]);
    command.args(["-p", &engine::free_port().port().to_string(), "-mp", &media.to_string()]);
    command.args(["-m", &run.calls.to_string(), "-r", &run.rate.to_string(), "-l", "500"]);
    if !keys.is_empty() {
        command.args(["-key", "keys", keys]);
    }
    start(command, run.scenario, place)
}

/// The front desk: it is called where the flows look for it.
fn desk(home: &Path, at: SocketAddr, scenario: &str, calls: u32) -> Started {
    desk_over(home, at, scenario, calls, UDP)
}

/// The same over another transport.
fn desk_over(home: &Path, at: SocketAddr, scenario: &str, calls: u32, over: &str) -> Started {
    let (mut command, place) = sipp(home, scenario, over);
    command.args(["-t", over]);
    let media = engine::free_stretch(u16::try_from(calls * 4 + 4).expect("a desk takes few calls"));
    command.args(["-p", &at.port().to_string(), "-mp", &media.to_string(), "-m", &calls.to_string()]);
    start(command, scenario, place)
}

/// Waits for each and tells what the failed ones saw.
fn all_must_succeed(started: Vec<Started>, engine: &Engine) {
    let mut failures = String::new();
    for mut one in started {
        let status = one.process.wait().expect("it is our child");
        if !status.success() {
            let said = |file: &str| fs::read_to_string(one.home.join(file)).unwrap_or_default();
            failures += &format!(
                "\n==== {} ended with {status}\n-- errors\n{}{}\n-- messages\n{}\n",
                one.name,
                said("errors"),
                said("trace_err"),
                last_lines(&said("trace_msg"), 200)
            );
        }
    }
    assert!(failures.is_empty(), "{failures}\n==== the engine said\n{}{}", engine.said(), engine.was_busy());
}

fn last_lines(text: &str, lines: usize) -> String {
    let all: Vec<&str> = text.lines().collect();
    all[all.len().saturating_sub(lines)..].join("\n")
}

/// SIGTERM, a clean end, and not one record left open.
fn must_stop_cleanly(engine: Engine, home: &Path) {
    let (status, said) = engine.stop();
    assert!(status.success(), "the engine ended with {status} after SIGTERM; it said:\n{said}");
    assert!(!said.contains("panicked"), "something panicked:\n{said}");
    let (code, calls) = engine::run_to_end(home, "calls");
    assert!(
        code == Some(0) && !calls.contains("goes on"),
        "careline calls ended with {code:?}:\n{calls}\n{said}"
    );
}

/// The scenarios that need nobody but the engine, and the tests below that run the others.
const ALONE: &[Run] = &[
    Run { number: "199", ..run("nominal/after-hours") },
    run("nominal/anonymous"),
    run("nominal/early-offer"),
    run("nominal/empty-re-invite"),
    run("nominal/engine-refreshes"),
    run("nominal/hang-up-at-once"),
    run("nominal/hang-up-in-the-greeting"),
    Run { calls: 20, rate: 10, ..run("nominal/hang-up-at-any-time") },
    run("nominal/hold-and-resume"),
    run("nominal/hold-in-every-form"),
    run("nominal/late-offer"),
    run("nominal/options"),
    run("nominal/pcma"),
    run("nominal/repeat-and-more-time"),
    run("nominal/silence"),
    run("nominal/unknown-number"),
    run("nominal/update-and-refresh"),
    run("off-nominal/bad-event"),
    run("off-nominal/bad-uri-scheme"),
    run("off-nominal/bye-before-ack"),
    run("off-nominal/bye-unknown"),
    run("off-nominal/cancel-late"),
    run("off-nominal/cancel-unknown"),
    run("off-nominal/content-length-clash"),
    run("off-nominal/content-length-negative"),
    run("off-nominal/content-length-too-long"),
    run("off-nominal/info-of-no-kind"),
    run("off-nominal/lost-ack"),
    run("off-nominal/max-forwards-zero"),
    run("off-nominal/method-not-taken"),
    run("off-nominal/merged-request"),
    run("off-nominal/missing-call-id"),
    run("off-nominal/never-refreshes"),
    run("off-nominal/no-audio"),
    run("off-nominal/no-common-codec"),
    run("off-nominal/noise"),
    run("off-nominal/prack-of-nothing"),
    run("off-nominal/re-invite-before-ack"),
    run("off-nominal/re-invite-fax"),
    run("off-nominal/re-invite-no-codec"),
    run("off-nominal/re-invite-unknown"),
    run("off-nominal/refresh-of-a-lost-call"),
    run("off-nominal/refused-refresh"),
    run("off-nominal/require-unknown"),
    run("off-nominal/retransmitted-invite"),
    run("off-nominal/session-interval-too-small"),
    run("off-nominal/two-hundred-vias"),
    run("off-nominal/unknown-method"),
    run("off-nominal/update-no-codec"),
    run("off-nominal/video-beside-audio"),
];
/// Those of them that are asked over TCP too.
const OVER_TCP: &[&str] = &[
    "nominal/hang-up-at-once",
    "nominal/hold-and-resume",
    "nominal/late-offer",
    "nominal/options",
    "nominal/repeat-and-more-time",
    "off-nominal/bye-unknown",
    "off-nominal/cancel-late",
    "off-nominal/no-common-codec",
    "off-nominal/require-unknown",
];
const BESIDE_OTHERS: &[&str] = &[
    "nominal/asks-for-a-person",
    "nominal/desk-hangs-up",
    "nominal/front-desk",
    "nominal/front-desk-hangs-up",
    "nominal/front-desk-in-steps",
    "nominal/hears-goodbye",
    "nominal/hears-the-hours",
    "nominal/hears-the-hours-in-spanish",
    "nominal/leaves-a-message",
    "nominal/leaves-a-message-in-spanish",
    "nominal/no-recording",
    "nominal/spanish",
    "nominal/waits-for-the-menu",
    "nominal/zero-in-the-greeting",
];
/// A scenario that speaks.
struct Speaking {
    scenario: &'static str,
    /// As the record names it.
    codec: &'static str,
    /// For `careline hear --pt`: a capture of sound alone does not tell.
    payload_type: &'static str,
}
/// Those that speak.
const SPEAKING: [Speaking; 5] = [
    Speaking { scenario: "nominal/speaks-mu-law", codec: "PCMU", payload_type: "0=PCMU/8000" },
    Speaking { scenario: "nominal/speaks-a-law", codec: "PCMA", payload_type: "8=PCMA/8000" },
    Speaking { scenario: "nominal/speaks-g722", codec: "G722", payload_type: "9=G722/8000" },
    Speaking { scenario: "nominal/speaks-l16", codec: "L16/8000", payload_type: "97=L16/8000" },
    Speaking { scenario: "nominal/speaks-l16-wide", codec: "L16/16000", payload_type: "97=L16/16000" },
];
/// How long they speak, and how long the same hear: the line of emergencies in both languages.
const SPEAKS_MS: &str = "<pause milliseconds=\"6000\"/>";
const HEARS_MS: &str = "<pause milliseconds=\"13500\"/>";
/// The prompts that are to be known again, and some that could be taken for them.
const KNOWN: [&str; 6] = [
    "en/u.emergency.wav",
    "es/u.emergency.wav",
    "en/cr.danger.wav",
    "es/cr.danger.wav",
    "en/u.nurse.wav",
    "es/u.nurse.wav",
];
/// An ear waits so long for the first datagram.
const EAR_WAITS: Duration = Duration::from_secs(20);
/// After so much silence on the wire the call is over.
const EAR_ENDS: Duration = Duration::from_secs(2);
/// What they speak: `sipp-scenarios/sounds/`.
const SPOKEN_HZ: f64 = 440.0;
const LOAD: &[&str] = &["load/ivr", "load/signalling", "load/signalling-or-busy"];

#[test]
fn every_scenario_alone_ends_as_it_expects() {
    let home = tempfile::tempdir().expect("a temporary directory can be made");
    let engine = Engine::start(home.path(), &Wishes::default());
    let started = ALONE.iter().map(|run| call(&engine, home.path(), run)).collect();
    all_must_succeed(started, &engine);
    must_stop_cleanly(engine, home.path());
}

/// How a call comes to an exit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// `asks-for-a-person` with these keys, in Spanish with a 2 before them.
    Keys(&'static str),
    /// The same at another number.
    At(&'static str, &'static str),
    /// `hears-goodbye` at this number with these keys, in Spanish with a 2 before them.
    Goodbye(&'static str, &'static str),
    /// What the office tells: `hears-the-hours`, and the same in Spanish.
    Told,
    /// A message, when the clinic is closed: `leaves-a-message`, and the same in Spanish.
    Message,
}

/// Every exit of the shipped flows, and the scenario that reaches it in each language.
const EXITS: &[(&str, Way)] = &[
    ("person", Way::Keys("0")),
    ("visits", Way::Keys("1")),
    ("refill", Way::Keys("3")),
    ("nurse", Way::Keys("4")),
    ("billing", Way::Keys("5")),
    ("crisis", Way::Keys("9")),
    ("referrals", Way::Keys("61")),
    ("video", Way::Keys("62")),
    ("website", Way::Keys("63")),
    ("topics", Way::Keys("65")),
    ("caregiver", Way::Keys("66")),
    ("emergency", Way::Keys("911")),
    ("message_left", Way::Message),
    ("informed", Way::Told),
    ("colleague_pharmacy", Way::At("130", "1")),
    ("colleague_hospital", Way::At("130", "3")),
    ("colleague_doctor", Way::At("130", "5")),
    // The nurse's questions: a yes to the first, to the poison, to the last; six times no; 4; and the crisis line.
    ("emergency", Way::At("140", "11")),
    ("nurse", Way::At("140", "122221")),
    ("crisis", Way::At("140", "1222221")),
    ("nurse", Way::At("140", "1222222")),
    ("nurse", Way::At("140", "4")),
    ("crisis", Way::At("190", "#")),
    // A phone with its read-back, and a date that is none twice: nobody keeps the list yet, so a person does.
    ("person", Way::At("150", "161755501421")),
    ("optout", Way::Goodbye("150", "32")),
    // Content, not content, and without a word.
    ("survey", Way::Goodbye("160", "11533")),
    ("unhappy", Way::At("160", "1211")),
    ("survey", Way::Goodbye("160", "3")),
    // May 4, 1958 and a zip code; a date that is none, twice; for somebody else; and goodbye.
    ("person", Way::At("170", "1105041958102139")),
    ("person", Way::At("170", "119999999999999999")),
    ("record", Way::At("170", "12")),
    ("informed", Way::Goodbye("170", "3")),
];
/// The exits of the person ladder, which no flow writes.
const OF_THE_LADDER: [&str; 5] = ["person", "nurse", "crisis", "emergency", "message_left"];
/// The languages of the shipped flows, and the key that chooses each.
const LANGUAGES: [(&str, &str); 2] = [("en", ""), ("es", "2")];
/// The one who presses 7 in the notice.
const NO_RECORDING: &str = "nominal/no-recording";
/// Callers beside those of the table, with the exits that they reach.
const OTHER_CALLERS: &[(&str, &str, &str)] = &[
    (NO_RECORDING, "en", "visits"),
    ("nominal/spanish", "es", "visits"),
    ("nominal/waits-for-the-menu", "en", "referrals"),
    ("nominal/zero-in-the-greeting", "en", "person"),
];

/// The number to call and the keys to type for each exit that a key leads to.
fn keys_of_exits() -> impl Iterator<Item = (&'static str, &'static str)> {
    EXITS.iter().filter_map(|(_, way)| match way {
        Way::Keys(keys) => Some(("100", *keys)),
        Way::At(number, keys) => Some((*number, *keys)),
        Way::Message | Way::Told | Way::Goodbye(..) => None,
    })
}

/// The same for each exit behind which the engine says goodbye.
fn keys_of_goodbyes() -> impl Iterator<Item = (&'static str, &'static str)> {
    EXITS.iter().filter_map(|(_, way)| match way {
        Way::Goodbye(number, keys) => Some((*number, *keys)),
        Way::Message | Way::Told | Way::Keys(_) | Way::At(..) => None,
    })
}

#[test]
fn every_exit_of_the_shipped_flows_has_a_scenario_in_each_language() {
    let files = flow_files::read(&Path::new(ROOT).join("ivr-flows")).expect("the flows are shipped");
    let (set, faults) = FlowSet::load(files, &|_, _| Audio::Present);
    let set = set.unwrap_or_else(|| panic!("the shipped flows have faults: {faults:?}"));
    let exit = |act: &Act| match act {
        Act::Person { exit, .. } | Act::End { exit, .. } => Some(exit.to_string()),
        Act::Transfer { exit, .. } => Some(exit.to_string()),
        _ => None,
    };
    let steps = set.flows().iter().flat_map(|flow| &flow.steps);
    let of_the_flows: BTreeSet<String> =
        steps.filter_map(|step| exit(&step.act)).chain(OF_THE_LADDER.map(str::to_owned)).collect();
    let in_the_table: BTreeSet<String> = EXITS.iter().map(|(exit, _)| (*exit).to_owned()).collect();
    assert_eq!(
        of_the_flows, in_the_table,
        "left: the exits of the flows; right: those with a scenario in EXITS"
    );
    let languages: Vec<String> = set.clinic().languages.iter().map(ToString::to_string).collect();
    assert_eq!(
        languages,
        LANGUAGES.map(|(language, _)| language),
        "the languages of the clinic, and those tested"
    );
}

/// The language and the exit of every call, as its record tells them, in ascending order.
fn exits_told(engine: &Engine) -> Vec<(String, String)> {
    let after = |text: &str, word: &str| {
        let rest = text.split(word).nth(1)?;
        rest.split(|c: char| c.is_whitespace() || c == ',').next().map(str::to_owned)
    };
    let told = |(id, _): (String, String)| {
        let text = engine.told(&["calls", &id]);
        let head = text.split("\npath\n").next().unwrap_or_default();
        let language = after(head, ", language ").unwrap_or_else(|| LANGUAGES[0].0.to_owned());
        (language, after(head, ", exit ").unwrap_or_else(|| format!("none:\n{text}")))
    };
    let mut exits: Vec<_> = engine.calls_of(1_000).into_iter().map(told).collect();
    exits.sort();
    exits
}

/// Whether the talk behind an exit is recorded: not for who asked for a person at once, is in danger,
/// or spoke with nobody. A survey is recorded once somebody says more.
fn is_recorded(exit: &str, record: &str) -> bool {
    match exit {
        "survey" => record.contains("step survey / comment"),
        // Who presses 0 gets a person without the notice; who is led to one hears it.
        "person" => record.contains("the recording notice was heard"),
        _ => !["crisis", "emergency", "informed", "optout"].contains(&exit),
    }
}

/// In every record the notice was heard before anything was recorded, and only who shall be is recorded.
fn must_tell_of_notices(engine: &Engine) {
    let mut refused = 0;
    for (id, _) in engine.calls_of(1_000) {
        let text = engine.told(&["calls", &id]);
        let exit = text.split(", exit ").nth(1).and_then(|rest| rest.split_whitespace().next());
        let exit = exit.unwrap_or_else(|| panic!("no exit in\n{text}"));
        let refuses = text.contains("the caller wants no recording");
        refused += u32::from(refuses);
        let notice = text.lines().position(|line| line.ends_with("the recording notice was heard"));
        let begun = text.lines().position(|line| line.contains("  recording r") && line.ends_with(" runs"));
        assert_eq!(begun.is_some(), is_recorded(exit, &text) && !refuses, "{exit}:\n{text}");
        assert!(begun.is_none_or(|begun| notice.is_some_and(|notice| notice < begun)), "{exit}:\n{text}");
    }
    assert_eq!(refused, 1, "one of them, {NO_RECORDING}, presses 7");
}

/// Every key of the menus, typed ahead, leads to a ringing front desk; so does waiting for the menu; a
/// message is promised an answer. The record of each call names the exit that the table gives it.
#[test]
fn every_exit_is_reached_in_each_language_and_told_by_the_record() {
    let home = tempfile::tempdir().expect("a temporary directory can be made");
    // The exits of the shipped tree are reached before anybody of a clinic has signed it.
    let (sip, desk_at) = furnish(home.path(), &Wishes::default());
    let engine = Engine::start_told(home.path(), sip, desk_at, &["--unsigned-ok"]);
    let in_each = |keys: Vec<(&'static str, &'static str)>| -> Vec<(&str, String)> {
        let of_one = |by: &'static str| {
            keys.iter().map(move |(number, keys)| (*number, format!("{by}{keys}"))).collect::<Vec<_>>()
        };
        LANGUAGES.iter().flat_map(|(_, by)| of_one(by)).collect()
    };
    let typed = in_each(keys_of_exits().collect());
    let persons = u32::try_from(typed.len() + OTHER_CALLERS.len()).expect("a short table");
    let desk = desk(home.path(), engine.desk, "nominal/front-desk", persons);
    let asks = run("nominal/asks-for-a-person");
    let mut started: Vec<Started> = typed
        .iter()
        .map(|(number, keys)| call_typing(&engine, home.path(), &Run { number, ..asks }, keys))
        .collect();
    let goodbyes = in_each(keys_of_goodbyes().collect());
    let goodbye = run("nominal/hears-goodbye");
    started.extend(
        goodbyes
            .iter()
            .map(|(number, keys)| call_typing(&engine, home.path(), &Run { number, ..goodbye }, keys)),
    );
    for (number, scenario) in [
        ("199", "nominal/leaves-a-message"),
        ("199", "nominal/leaves-a-message-in-spanish"),
        ("120", "nominal/hears-the-hours"),
        ("120", "nominal/hears-the-hours-in-spanish"),
    ] {
        started.push(call(&engine, home.path(), &Run { number, ..run(scenario) }));
    }
    started.extend(OTHER_CALLERS.iter().map(|(scenario, ..)| call(&engine, home.path(), &run(scenario))));
    all_must_succeed(started, &engine);

    engine.wait_for("every record", |figures| (figures["calls_up"], figures["events_not_durable"]) == (0, 0));
    let of_the_table =
        LANGUAGES.iter().flat_map(|(language, _)| EXITS.iter().map(move |(exit, _)| (*language, *exit)));
    let others = OTHER_CALLERS.iter().map(|(_, language, exit)| (*language, *exit));
    let mut expected: Vec<(String, String)> =
        of_the_table.chain(others).map(|(language, exit)| (language.to_owned(), exit.to_owned())).collect();
    expected.sort();
    assert_eq!(exits_told(&engine), expected, "left: what the records tell; right: what EXITS expects");
    must_tell_of_notices(&engine);
    all_must_succeed(vec![desk], &engine);
    must_stop_cleanly(engine, home.path());
}

/// What one scenario asks for over UDP it gets over TCP too, whether the calls share a connection or not.
#[test]
fn calls_over_tcp_go_as_those_over_udp() {
    let home = tempfile::tempdir().expect("a temporary directory can be made");
    // The desk is a name, which the list of hosts of this machine knows.
    let desk_hop = |desk: SocketAddr| format!("localhost:{};transport=tcp", desk.port());
    let engine = Engine::start(home.path(), &Wishes { desk_hop, ..Wishes::default() });
    let desk = desk_over(home.path(), engine.desk, "nominal/front-desk", 2, ONE_CONNECTION);
    let over = |over: &'static str, scenario| Run { over, ..run(scenario) };
    let mut started: Vec<Started> = OVER_TCP
        .iter()
        .flat_map(|scenario| [over(ONE_CONNECTION, scenario), over(CONNECTION_A_CALL, scenario)])
        .map(|run| call(&engine, home.path(), &run))
        .collect();
    let many = Run { calls: 50, rate: 25, ..over(CONNECTION_A_CALL, "load/signalling") };
    started.push(call(&engine, home.path(), &many));
    let asks = over(ONE_CONNECTION, "nominal/asks-for-a-person");
    started.push(call_typing(&engine, home.path(), &asks, "0"));
    // From UDP to TCP: the patient by the one, the desk by the other.
    started.push(call_typing(&engine, home.path(), &run("nominal/asks-for-a-person"), "0"));
    started.push(desk);
    all_must_succeed(started, &engine);
    let figures = engine.wait_for("every connection to be closed", |figures| figures["tcp_connections"] == 0);
    let connections = 2 * OVER_TCP.len() as u64 + 50 + 1;
    assert_eq!((figures["tcp_accepted"], figures["tcp_opened"]), (connections, 1), "{figures:#?}");
    assert_eq!((figures["dns_asked"], figures["dns_unanswered"]), (2, 0), "{figures:#?}");
    let ended_badly = ["tcp_broken", "tcp_half", "tcp_stuck", "tcp_over_bound", "tcp_not_opened"];
    assert_eq!(ended_badly.map(|name| figures[name]), [0; 5], "{figures:#?}");
    must_stop_cleanly(engine, home.path());
}

#[test]
fn a_front_desk_that_hangs_up_leaves_nobody_in_silence() {
    for scenario in ["nominal/front-desk-hangs-up", "nominal/front-desk-in-steps"] {
        let home = tempfile::tempdir().expect("a temporary directory can be made");
        let engine = Engine::start(home.path(), &Wishes::default());
        let desk = desk(home.path(), engine.desk, scenario, 1);
        let started = vec![desk, call(&engine, home.path(), &run("nominal/desk-hangs-up"))];
        all_must_succeed(started, &engine);
        must_stop_cleanly(engine, home.path());
    }
}

/// The record of the call in a codec, and the recording that it names.
fn record_in(engine: &Engine, home: &Path, codec: &str) -> (String, PathBuf) {
    let records = engine.calls().into_iter().map(|(id, _)| engine.told(&["calls", &id]));
    let record = records.into_iter().find(|record| record.contains(&format!("answered in {codec}\n")));
    let record = record.unwrap_or_else(|| panic!("no call was answered in {codec}"));
    let files = engine::recordings(home).into_iter();
    let file = files.into_iter().find(|file| record.contains(&*file.to_string_lossy()));
    let file = file.unwrap_or_else(|| panic!("{codec}: no recording is that of\n{record}"));
    (record, file)
}

/// The recording of the call in this codec holds the tone that SIPp spoke, on the left.
fn must_have_heard(engine: &Engine, home: &Path, codec: &str) {
    let (record, file) = record_in(engine, home, codec);
    let stereo = sound::read(&file).unwrap_or_else(|fault| panic!("{fault}"));
    let seconds = sound::seconds(&stereo.left);
    assert!(seconds > 4.0, "{codec}: only {seconds:.2} s recorded\n{record}");
    for (n, second) in stereo.left.chunks_exact(8_000).enumerate() {
        // SIPp sends late now and then on a busy machine; never for long.
        let heard = sound::heard_in(second, SPOKEN_HZ);
        assert!(
            heard >= 0.8,
            "{codec}, second {n}: the tone is in only {:.0} % of it\n{record}",
            heard * 100.0
        );
    }
    let echo = sound::share_of(&stereo.right, SPOKEN_HZ);
    assert!(echo < 0.05, "{codec}, right: {:.0} % of our side is the caller's tone", echo * 100.0);
}

#[test]
fn a_tone_that_sipp_speaks_in_each_codec_is_in_the_recording() {
    let home = tempfile::tempdir().expect("a temporary directory can be made");
    let sounds = home.path().join("sounds");
    sound::short_prompts(Path::new(ROOT), &sounds);
    let wishes = Wishes { sounds, notice: Notice::InTheFirstWords, ..Wishes::default() };
    let engine = Engine::start(home.path(), &wishes);
    let started = SPEAKING.iter().map(|one| call(&engine, home.path(), &run(one.scenario))).collect();
    all_must_succeed(started, &engine);
    let all = SPEAKING.len() as u64;
    engine.wait_for("the end of the calls and of their files", |figures| {
        (figures["calls_ended"], figures["recorder_closed"]) == (all, all)
    });
    for one in SPEAKING {
        must_have_heard(&engine, home.path(), one.codec);
    }
    must_stop_cleanly(engine, home.path());
}

/// An ear at a port: writes what comes there into a capture, until nothing more comes.
fn ear(file: PathBuf) -> (u16, JoinHandle<usize>) {
    let port = engine::free_stretch(2);
    let socket = UdpSocket::bind(("127.0.0.1", port)).expect("the port is free");
    let hear = move || {
        let mut capture = Capture::create(&file);
        let (mut octets, mut datagrams, mut begun) = ([0; 2_048], 0, None);
        let wait = |limit: Duration| socket.set_read_timeout(Some(limit)).expect("it is not zero");
        wait(EAR_WAITS);
        while let Ok(length) = socket.recv(&mut octets) {
            wait(EAR_ENDS);
            let begun = *begun.get_or_insert_with(Instant::now);
            capture.send(begun.elapsed(), &octets[..length]);
            datagrams += 1;
        }
        datagrams
    };
    (port, thread::spawn(hear))
}

/// A scenario that speaks, made to hear: its SDP names another port, where an ear is, and it is silent.
fn as_hearer(home: &Path, scenario: &str, port: u16) -> PathBuf {
    let text = fs::read_to_string(scenario_file(scenario)).expect("it is shipped");
    let silent: Vec<&str> = text.lines().filter(|line| !line.contains("<nop>")).collect();
    let text = silent.join("\n").replace("[auto_media_port]", &port.to_string()).replace(SPEAKS_MS, HEARS_MS);
    assert!(text.contains(HEARS_MS) && text.contains(&port.to_string()), "{text}");
    let file = home.join(format!("hears-{port}.xml"));
    fs::write(&file, text).expect("the test's own directory can be written");
    file
}

/// What SIPp is sent is heard where its SDP says, and named: SIPp itself cannot tell.
#[test]
fn our_prompts_are_named_in_what_sipp_is_sent_in_each_codec() {
    let home = tempfile::tempdir().expect("a temporary directory can be made");
    let sounds = home.path().join("sounds");
    sound::short_prompts_but(Path::new(ROOT), &sounds, &KNOWN);
    let wishes = Wishes { sounds: sounds.clone(), notice: Notice::InTheFirstWords, ..Wishes::default() };
    let engine = Engine::start(home.path(), &wishes);
    let begin = |one: &Speaking| {
        let file = home.path().join(format!("{}.pcap", one.codec.replace('/', "-")));
        let (port, ear) = ear(file.clone());
        let scenario = as_hearer(home.path(), one.scenario, port);
        let caller = call_as(&engine, home.path(), &run(one.scenario), "", &scenario);
        (caller, ear, file)
    };
    let (mut callers, mut ears) = (Vec::new(), Vec::new());
    for one in &SPEAKING {
        let (caller, ear, file) = begin(one);
        callers.push(caller);
        ears.push((one, ear, file));
    }
    all_must_succeed(callers, &engine);
    let sounds = sounds.to_string_lossy();
    for (one, ear, file) in ears {
        let datagrams = ear.join().expect("it does not panic");
        let file = file.to_string_lossy();
        let told = engine.told(&["hear", &file, "--json", "--sounds", &sounds, "--pt", one.payload_type]);
        let names = sound::named(&told);
        println!("{}: {datagrams} datagrams, {names:?}", one.codec);
        assert_eq!(names.len(), 1, "{}: one stream\n{told}", one.codec);
        assert_eq!(names[0], ["u.emergency en", "u.emergency es"], "{}: {told}", one.codec);
    }
    must_stop_cleanly(engine, home.path());
}

/// SIGTERM: calls that are up get their BYE when `drain_s` is over, and the engine ends.
#[test]
fn calls_that_are_up_are_ended_when_the_engine_stops() {
    let home = tempfile::tempdir().expect("a temporary directory can be made");
    let engine = Engine::start(home.path(), &Wishes::default());
    let served = Run { number: "199", ..run("nominal/leaves-a-message") };
    let mut caller = call(&engine, home.path(), &served);
    let trace = caller.home.join("trace_msg");
    wait_for(
        || fs::read_to_string(&trace).is_ok_and(|text| text.contains("ACK sip:")),
        "the call to be answered",
    );
    must_stop_cleanly(engine, home.path());
    let text = fs::read_to_string(&trace).unwrap_or_default();
    assert!(text.contains("BYE sip:"), "no BYE came to the caller:\n{}", last_lines(&text, 60));
    caller.process.kill().expect("it was running");
    caller.process.wait().expect("it is our child");
}

/// A short load: nobody may fail; how fast it goes is the benches' to say.
#[test]
fn two_hundred_short_calls_leave_nothing_behind() {
    let home = tempfile::tempdir().expect("a temporary directory can be made");
    let engine = Engine::start(home.path(), &Wishes { t1_ms: 500, calls: 500, ..Wishes::default() });
    let callers = [
        Run { calls: 200, rate: 50, ..run("load/signalling") },
        Run { calls: 200, rate: 50, ..run("load/signalling-or-busy") },
        Run { calls: 20, rate: 10, ..run("load/ivr") },
    ];
    let started = callers.iter().map(|run| call(&engine, home.path(), run)).collect();
    all_must_succeed(started, &engine);
    must_stop_cleanly(engine, home.path());
}

#[test]
fn no_scenario_is_forgotten() {
    let known: BTreeSet<String> = ALONE
        .iter()
        .map(|run| run.scenario)
        .chain(BESIDE_OTHERS.iter().copied())
        .chain(SPEAKING.iter().map(|one| one.scenario))
        .chain(LOAD.iter().copied())
        .map(str::to_owned)
        .collect();
    let mut shipped = BTreeSet::new();
    for folder in ["nominal", "off-nominal", "load"] {
        for entry in fs::read_dir(format!("{ROOT}/sipp-scenarios/{folder}"))
            .expect("the folder is shipped")
            .filter_map(Result::ok)
        {
            let name = entry.file_name().to_string_lossy().into_owned();
            shipped.extend(name.strip_suffix(".xml").map(|stem| format!("{folder}/{stem}")));
        }
    }
    assert_eq!(shipped, known, "each scenario is run by one of the tests of this file");
}

/// Asks again and again, and gives up after ten seconds.
fn wait_for(is_so: impl Fn() -> bool, what: &str) {
    let begun = Instant::now();
    let (_never, pause) = std::sync::mpsc::channel::<()>();
    while !is_so() {
        assert!(begun.elapsed().as_secs() < 10, "waited ten seconds for {what}");
        let _ = pause.recv_timeout(Duration::from_millis(20));
    }
}
