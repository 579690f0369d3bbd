//! `careline phone`, the telephone for testers: it calls a real engine and is called by it, presses keys in each way,
//! over good lines and bad ones, and tells in plain words why a call came to nothing.

#[path = "engine/mod.rs"]
mod engine;
#[path = "sound/mod.rs"]
mod sound;

use engine::{Engine, ROOT, Wishes, free_port, furnish};
use std::fs;
use std::net::UdpSocket;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

/// An engine with short prompts to which keys in INFO count.
fn started(home: &Path) -> Engine {
    let sounds = home.join("sounds");
    sound::short_prompts(Path::new(ROOT), &sounds);
    let (sip, desk) = furnish(home, &Wishes { sounds, ..Wishes::default() });
    let file = home.join("careline.yaml");
    let config = fs::read_to_string(&file).expect("it was written");
    let config = config.replacen("sip: {", "sip: {info_keys: deduplicate, ", 1);
    fs::write(&file, config).expect("the test's own directory can be written");
    Engine::start_again(home, sip, desk)
}

fn phone(home: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_careline"));
    command.arg("phone").args(arguments).current_dir(home).stdin(Stdio::null());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn told(output: &Output) -> String {
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    format!("exit code {:?}\n{out}{err}", output.status.code())
}

/// A phone at the front desk that answers, and speaks with a tone until it is hung up on.
fn desk(home: &Path, engine: &Engine) -> Child {
    fs::write(home.join("desk.script"), "wait answer 30s\ntone 440 30s\nexpect ended 5s\n")
        .expect("the test's own directory can be written");
    let at = engine.desk.to_string();
    let mut desk = phone(home, &["--answer", "--listen", &at, "--script", "desk.script", "--no-events"]);
    desk.spawn().expect("the program can be run")
}

#[test]
fn a_key_in_each_way_over_a_good_line_and_a_bad_one_is_one_key_and_reaches_the_desk() {
    let home = tempfile::tempdir().expect("a temporary directory can be made");
    let engine = started(home.path());
    let target = format!("sip:100@{}", engine.sip);
    let script = "dial\nwait answer 10s\nwait sound 10s\nkey 0\nwait tone 440 25s\nwait 500ms\nhang up\nexpect ended 2s\n";
    fs::write(home.path().join("a.script"), script).expect("the test's own directory can be written");
    let bad = ["--loss", "20", "--jitter", "40", "--duplicate", "10", "--seed", "7"];
    for (calls, (why, more, keys)) in (1..).zip([
        ("RFC 4733", ["--keys-by", "rfc4733"].as_slice(), "1"),
        ("in-band", ["--keys-by", "in-band", "--codec", "pcma", "--no-rtp-events"].as_slice(), "1"),
        ("RFC 4733 over a bad line", bad.as_slice(), "1"),
        ("RFC 4733 beside G.722", &["--codec", "g722"], "1"),
        ("INFO over TCP", ["--keys-by", "info", "--tcp", "--codec", "pcma"].as_slice(), "0"),
    ]) {
        let desk = desk(home.path(), &engine);
        let base = [&target, "--script", "a.script", "--ladder", "--record", "a.wav"];
        let arguments: Vec<&str> = base.into_iter().chain(more.iter().copied()).collect();
        let output = phone(home.path(), &arguments).output().expect("the program can be run");
        let (called, text) = (desk.wait_with_output().expect("it is our child"), told(&output));
        assert!(output.status.success(), "{why}: {text}\n{}\n{}", told(&called), engine.said());
        assert!(called.status.success(), "{why}: the desk: {}", told(&called));
        for part in
            ["pressed 0", "INVITE ──", "ACK ──", "BYE ──", "keys            sent 0; heard none", "we hung up"]
        {
            assert!(text.contains(part), "{why}: no `{part}` in {text}");
        }
        let heard = told(&called);
        assert!(heard.contains("the far end hung up"), "{why}: {heard}");
        engine.wait_for("the record of the call", |figures| {
            (figures["calls_ended"], figures["events_not_durable"]) == (calls, 0)
        });
        let record = engine.told(&["calls", &engine.calls()[0].0]);
        assert!(record.contains("rung 1: the caller asked"), "{why}: the key led there: {record}\n{text}");
        // The row of the caller's leg, which ends with the keys that came as RTP events.
        let row = record.lines().map(str::trim).rfind(|line| line.starts_with('l')).unwrap_or_default();
        assert_eq!(row.split_whitespace().last(), Some(keys), "{why}: {record}");
        let octets = fs::metadata(home.path().join("a.wav")).map_or(0, |file| file.len());
        assert!(octets > 16_000, "{why}: half a second of both sides at least: {octets} octets");
    }
}

#[test]
fn without_a_script_keys_and_time_come_from_the_command_line_and_the_summary_is_json() {
    let home = tempfile::tempdir().expect("a temporary directory can be made");
    let engine = started(home.path());
    let target = format!("sip:100@{}", engine.sip);
    let arguments = [&target, "--keys", "9", "--for", "3s", "--json", "--from", "sip:+15550100@here"];
    let output = phone(home.path(), &arguments).output().expect("the program can be run");
    let text = told(&output);
    assert!(output.status.success(), "{text}");
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
        panic!("{error}: {text}");
    });
    assert_eq!(
        (&json["status"], &json["keys_sent"], &json["codec"]),
        (&200.into(), &"9".into(), &"pcmu".into())
    );
    assert_eq!((&json["failed"], &json["packets"]["lost"]), (&serde_json::Value::Null, &0.into()), "{text}");
    let received = json["packets"]["received"].as_u64().unwrap_or(0);
    assert!((100..200).contains(&received), "three seconds of packets: {text}");
    assert!(json["heard"]["sound_s"].as_f64().is_some_and(|sound| sound > 0.1), "{text}");
}

/// What the phone says when the far end answers with this, each header line of the request copied.
fn refused(home: &Path, status: &str, script: &str) -> Output {
    let far_end = UdpSocket::bind("127.0.0.1:0").expect("loopback has a free port");
    let target = format!("sip:100@{}", far_end.local_addr().expect("it is bound"));
    fs::write(home.join("b.script"), script).expect("the test's own directory can be written");
    let child = phone(home, &[&target, "--script", "b.script"]).spawn().expect("the program can be run");
    let mut datagram = [0; 4_096];
    let (length, from) = far_end.recv_from(&mut datagram).expect("an INVITE comes");
    let text = String::from_utf8_lossy(&datagram[..length]).into_owned();
    let copied = ["Via:", "From:", "To:", "Call-ID:", "CSeq:"];
    let lines = text.lines().filter(|line| copied.iter().any(|name| line.starts_with(name)));
    let head: String = lines
        .map(
            |line| {
                if line.starts_with("To:") { format!("{line};tag=far\r\n") } else { format!("{line}\r\n") }
            },
        )
        .collect();
    let answer = format!("SIP/2.0 {status}\r\n{head}Content-Length: 0\r\n\r\n");
    far_end.send_to(answer.as_bytes(), from).expect("loopback takes it");
    child.wait_with_output().expect("it is our child")
}

#[test]
fn the_offer_of_a_phone_without_rtp_events_has_none_and_its_keys_go_in_the_sound() {
    let home = tempfile::tempdir().expect("a temporary directory can be made");
    let engine = started(home.path());
    let target = format!("sip:100@{}", engine.sip);
    let base = [&target, "--keys", "0", "--for", "3s", "--ladder", "--codec", "pcma", "--no-rtp-events"];
    for (keys_by, code, part) in [
        ("in-band", 0, "audio RTP: PCMA · sendrecv"),
        ("rfc4733", 1, "the far end takes no telephone-event (RFC 4733); try `--keys-by in-band`"),
    ] {
        let arguments: Vec<&str> = base.into_iter().chain(["--keys-by", keys_by]).collect();
        let output = phone(home.path(), &arguments).output().expect("the program can be run");
        let text = told(&output);
        assert_eq!(output.status.code(), Some(code), "{keys_by}: {text}");
        // Of `audio 46824: PCMA · sendrecv` the port is left out.
        let words: Vec<&str> = text
            .split_whitespace()
            .map(|word| match word.strip_suffix(':') {
                Some(port) if port.parse::<u16>().is_ok() => "RTP:",
                Some(_) | None => word,
            })
            .collect();
        assert!(words.join(" ").contains(part), "{keys_by}: no `{part}` in {text}");
        assert!(!text.contains("PCMA 101"), "{keys_by}: {text}");
    }
}

#[test]
fn a_call_that_comes_to_nothing_is_told_in_plain_words() {
    let home = tempfile::tempdir().expect("a temporary directory can be made");
    let busy = refused(home.path(), "486 Busy Here", "dial\nexpect status 486\nexpect ended 1s\n");
    assert_eq!(busy.status.code(), Some(0), "{}", told(&busy));
    let busy = refused(home.path(), "486 Busy Here", "dial\n\nwait answer 10s\n");
    assert_eq!(busy.status.code(), Some(1), "{}", told(&busy));
    let why = "line 3: `wait answer 10s`: the call is over: refused with 486 Busy Here";
    assert!(told(&busy).contains(why), "{}", told(&busy));
    let target = format!("sip:100@{}", free_port());
    let nobody = phone(home.path(), &[&target]).output().expect("the program can be run");
    assert_eq!(nobody.status.code(), Some(1), "{}", told(&nobody));
    assert!(told(&nobody).contains("nobody is there"), "{}", told(&nobody));
}

#[test]
fn what_cannot_be_tried_is_exit_code_2_with_its_place_and_repair() {
    let home = tempfile::tempdir().expect("a temporary directory can be made");
    fs::write(home.path().join("bad.script"), "dial\nwait anser 3s\nkeys 1x\n")
        .expect("the test's own directory can be written");
    for (arguments, parts) in [
        (
            ["sip:1@127.0.0.1:9", "--script", "bad.script"].as_slice(),
            ["bad.script:2:6", "did you mean `answer`?", "bad.script:3:6"].as_slice(),
        ),
        (&["sip:1@127.0.0.1:9", "--script", "none.script"], &["none.script cannot be read"]),
        (&["sip:1@127.0.0.1:9", "--codec", "gsm"], &["`gsm` is no codec", "pcmu, pcma"]),
        (&["sip:1@127.0.0.1:9", "--keys", "5x"], &["`x` is no key"]),
        (&["sip:1@127.0.0.1:9", "--say", "none.wav"], &["none.wav", "cannot be read"]),
        (&["sip:1@127.0.0.1:9", "--for", "ten"], &["`ten` is no time"]),
        (&["not an address"], &["is no SIP address"]),
        (&[], &["<TARGET>"]),
    ] {
        let output = phone(home.path(), arguments).output().expect("the program can be run");
        let text = told(&output);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {text}");
        for part in parts {
            assert!(text.contains(part), "{arguments:?}: no `{part}` in {text}");
        }
    }
}

#[test]
fn a_script_waits_for_a_prompt_by_name_and_a_key_cuts_it() {
    let home = tempfile::tempdir().expect("a temporary directory can be made");
    let (sip, desk) = furnish(home.path(), &Wishes::default());
    let engine = Engine::start_again(home.path(), sip, desk);
    let target = format!("sip:100@{}", engine.sip);
    let script = "dial\nwait answer 10s\nwait heard u.emergency 20s\nwait heard u.crisis 30s\nkey 0\n\
                  wait heard u.not_reached 20s\nexpect heard u.crisis\nexpect heard u.goodbye\n";
    let path = home.path().join("a.script");
    let sounds = Path::new(ROOT).join("sounds");
    let sounds = sounds.to_str().expect("the root is text");
    let arguments = |sounds| [&target, "--script", "a.script", "--hear", "--json", "--sounds", sounds];
    let few = home.path().join("few/en");
    fs::create_dir_all(&few).expect("the test's own directory can be written");
    fs::copy(Path::new(ROOT).join("sounds/en/u.crisis.wav"), few.join("u.crisis.wav"))
        .expect("it is shipped");
    fs::write(&path, script).expect("the test's own directory can be written");

    let output = phone(home.path(), &arguments("few")).output().expect("the program can be run");
    assert_eq!(output.status.code(), Some(2), "{}", told(&output));
    let why = "line 3: `wait heard u.emergency 20s`: no prompt of few is named `u.emergency`";
    assert!(told(&output).contains(why), "{}", told(&output));

    let output = phone(home.path(), &arguments(sounds)).output().expect("the program can be run");
    let text = told(&output);
    assert_eq!(output.status.code(), Some(1), "nobody said goodbye: {text}");
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
        panic!("{error}: {text}");
    });
    let failed = json["failed"].as_str().unwrap_or_default();
    assert!(
        failed.starts_with("line 8: `expect heard u.goodbye`: ") && failed.contains("u.crisis en"),
        "{text}"
    );
    let heard = json["hear"]["parts"][0]["heard"].as_array().cloned().unwrap_or_default();
    let named: Vec<&serde_json::Value> = heard.iter().filter(|heard| heard["what"] == "prompt").collect();
    let names: Vec<&str> = named.iter().filter_map(|heard| heard["name"].as_str()).collect();
    let place = |name: &str| {
        names.iter().position(|heard| *heard == name).unwrap_or_else(|| panic!("{name}: {text}"))
    };
    let (crisis, next) = (place("u.crisis"), place("u.not_reached"));
    assert_eq!(named[place("u.emergency")]["whole"], true, "{text}");
    // The key was pressed when about a second of it was known.
    let missing = named[crisis]["missing"].as_f64().unwrap_or(0.0);
    assert!(missing > 0.5, "a key cuts the prompt short: {text}");
    assert!(crisis < next, "{text}");
}
