//! kill -9 in mid-call, and the calls go on: SIPp's callers are asked once by re-INVITE when the engine is back, and each ends
//! his call himself.

#[path = "engine/mod.rs"]
mod engine;

use engine::{Engine, ROOT, Wishes, eventually};
use std::path::Path;
use std::process::{Command, Output};

const CALLERS: u64 = 30;
/// Of those who were there, so many must be there afterwards, in hundredths.
const GO_ON: u64 = 90;

/// SIPp's callers, who wait for the re-INVITE.
fn callers(engine: &Engine, home: &Path) -> std::thread::JoinHandle<std::io::Result<Output>> {
    let mut sipp = Command::new("sipp");
    sipp.current_dir(home)
        .arg(engine.sip.to_string())
        .args(["-sf", &format!("{ROOT}/sipp-scenarios/resumed/engine-dies.xml"), "-s", "100"])
        .args([
            "-i",
            "127.0.0.1",
            "-nostdin",
            "-m",
            &CALLERS.to_string(),
            "-l",
            &CALLERS.to_string(),
            "-r",
            "30",
        ])
        .args(["-timeout", "120", "-timeout_error"])
        .args(["-trace_err", "-error_file", "errors.log"]);
    std::thread::spawn(move || sipp.output())
}

#[test]
fn calls_go_on_after_a_kill_and_each_has_one_record() {
    let home = tempfile::tempdir().expect("a temporary directory can be made");
    let engine = Engine::start(home.path(), &Wishes::default());
    let sipp = callers(&engine, home.path());
    engine.wait_for("every dialog to be written down", |figures| figures["dialogs_kept"] == CALLERS);
    // A line of the log is on disk within its commit.
    engine.wait_for("the log to be on disk", |figures| figures["store_waiting"] == 0);
    let (sip, desk) = (engine.sip, engine.desk);
    engine.kill();
    let engine = Engine::start_again(home.path(), sip, desk);
    let figures = engine.wait_for("every call to end", |figures| figures["calls_ended"] == CALLERS);
    let resumed = figures["calls_resumed"];
    assert!(resumed * 100 >= CALLERS * GO_ON, "{resumed} of {CALLERS} went on: {figures:#?}");
    let output = sipp.join().expect("the thread of SIPp runs").expect("sipp (Debian: sip-tester)");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() || resumed < CALLERS, "{}\n{said}", output.status);
    let over = || {
        let calls = engine.calls_of(100);
        (calls.len() as u64 == CALLERS && calls.iter().all(|(_, line)| !line.contains("goes on")))
            .then_some(calls)
    };
    let calls = eventually(over, || format!("{CALLERS} records: {:#?}", engine.calls_of(100)));
    let told = engine.told(&["calls", &calls[0].0]);
    assert!(told.contains("the engine had stopped: back with"), "{told}");
    let (status, said) = engine.stop();
    assert!(status.success(), "{status}: {said}");
}
