//! A flow that asks a server: real calls to a real engine, and a real server on loopback that answers or does not.

#[path = "engine/mod.rs"]
mod engine;
#[path = "sound/mod.rs"]
mod sound;

use engine::{Engine, ROOT, Wishes, furnish};
use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

/// Answers each connection with the next of these, and then with none.
fn server(answers: Vec<&'static str>) -> (SocketAddr, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
    let at = listener.local_addr().expect("it is bound");
    let asked = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&asked);
    std::thread::spawn(move || {
        for answer in answers {
            let Ok((mut stream, _)) = listener.accept() else { return };
            let mut question = [0; 4_096];
            // A question is one small packet.
            let length = stream.read(&mut question).unwrap_or(0);
            let question = String::from_utf8_lossy(&question[..length]).into_owned();
            seen.lock().expect("nobody panics with it").push(question);
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    (at, asked)
}

/// An engine whose main menu asks the server, and leads by what it answers.
fn started(home: &Path, server: SocketAddr) -> Engine {
    let sounds = home.join("sounds");
    sound::short_prompts(Path::new(ROOT), &sounds);
    let (sip, desk) = furnish(home, &Wishes { sounds, ..Wishes::default() });
    let flow = format!(
        "flow: after_hours\nstart: typed\nsteps:\n  \
         typed: {{menu: vm.closed_now, keys: {{1: ask}}, save: wish}}\n  \
         ask: {{request: \"http://{server}/slots\", method: post, with: {{wish: $wish}}, tries: 2, within: 5 s, \
         answer: {{free: number}}, next: {{done: look, failed: failed}}}}\n  \
         look: {{when: free > 2, next: {{yes: many, no: few}}}}\n  \
         many: {{say: u.one_moment, next: person}}\n  \
         few: {{say: u.one_moment, next: person}}\n  \
         failed: {{say: u.one_moment, next: person}}\n"
    );
    fs::write(home.join("ivr-flows/after_hours.yaml"), flow)
        .expect("the test's own directory can be written");
    Engine::start_again(home, sip, desk)
}

/// One call that presses 1 at the question; the record of it.
fn call(home: &Path, engine: &Engine, calls: u64) -> String {
    let target = format!("sip:199@{}", engine.sip);
    let script =
        "dial\nwait answer 10s\nwait sound 10s\nwait 500ms\nkey 1\nwait 3s\nhang up\nexpect ended 2s\n";
    fs::write(home.join("a.script"), script).expect("the test's own directory can be written");
    let mut phone = Command::new(env!("CARGO_BIN_EXE_careline"));
    phone.args(["phone", &target, "--script", "a.script"]).current_dir(home).stdin(Stdio::null());
    let output = phone.output().expect("the program can be run");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    engine.wait_for("the record of the call", |figures| {
        (figures["calls_ended"], figures["events_not_durable"]) == (calls, 0)
    });
    engine.told(&["calls", &engine.calls()[0].0])
}

#[test]
fn a_call_asks_a_server_and_is_led_by_its_answer_or_by_its_failure() {
    let home = tempfile::tempdir().expect("a temporary directory can be made");
    let (at, asked) = server(vec![
        "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{\"free\":3}",
        "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{\"free\":1}",
        "HTTP/1.1 200 OK\r\nContent-Length: 16\r\n\r\n<html>sw</html>\n",
    ]);
    let engine = started(home.path(), at);
    for (calls, (step, outcome)) in (1..).zip([
        ("after_hours / many", "asked 127.0.0.1: done"),
        ("after_hours / few", "asked 127.0.0.1: done"),
        ("after_hours / failed", "asked 127.0.0.1: refused"),
        ("after_hours / failed", "asked 127.0.0.1: not reached"),
    ]) {
        let record = call(home.path(), &engine, calls);
        assert!(record.contains(step), "no `{step}`: {record}\n{}", engine.said());
        assert!(record.contains(outcome), "no `{outcome}`: {record}\n{}", engine.said());
    }
    let asked = asked.lock().expect("nobody panics with it").clone();
    assert_eq!(asked.len(), 4, "{asked:?}");
    for question in &asked {
        assert!(question.starts_with("POST /slots HTTP/1.1\r\n"), "{question}");
        assert!(question.ends_with("{\"wish\":\"ask\"}"), "{question}");
    }
    assert_eq!(engine.status()["requests_failed"], 2);
    let said = engine.said();
    assert!(said.contains("the answer is no JSON"), "the operator is told why: {said}");
    // What the check said of the flow's own lines comes before.
    let since = said.split_once(" answers.").map_or(said.as_str(), |(_, since)| since);
    assert!(!since.contains("html") && !since.contains("wish"), "and nothing of question or answer: {since}");
}
