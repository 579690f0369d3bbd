//! A real call, read afterwards: `careline calls show` draws its SIP messages beside its flow, and
//! `careline trace` keeps every octet of one number and of no other.

#[path = "engine/mod.rs"]
mod engine;
#[path = "phone/mod.rs"]
mod phone;
#[path = "sound/mod.rs"]
mod sound;

use engine::{Engine, Notice, ROOT, Wishes, eventually};
use phone::Phone;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

fn started(home: &Path) -> Engine {
    let sounds = home.join("sounds");
    sound::short_prompts(Path::new(ROOT), &sounds);
    Engine::start(home, &Wishes { sounds, notice: Notice::InTheFirstWords, ..Wishes::default() })
}

/// A call that listens for a second and hangs up.
fn call(engine: &Engine, number: &str) {
    let phone = Phone::call(engine.sip, number, 440.0).unwrap_or_else(|fault| panic!("{number}: {fault}"));
    let opened = engine.status()["recorder_opened"];
    engine.wait_for("a recording", |figures| figures["recorder_opened"] > opened);
    phone.listen(10);
    phone.hang_up().unwrap_or_else(|fault| panic!("{number}: BYE: {fault}"));
}

fn wait_for_records(engine: &Engine, calls: u64) {
    engine.wait_for("the records of the calls", |figures| {
        (figures["calls_ended"], figures["events_not_durable"]) == (calls, 0)
    });
}

fn is_for_its_owner_alone(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|file| file.permissions().mode() & 0o777 == 0o600)
}

#[test]
fn a_call_is_drawn_with_its_messages_and_its_steps_and_without_a_number() {
    let home = tempfile::tempdir().expect("a temporary directory can be made");
    let engine = started(home.path());
    call(&engine, "100");
    wait_for_records(&engine, 1);
    let (id, line) = engine.calls().remove(0);
    let text = engine.told(&["calls", "show", &id]);
    let mut rest = text.as_str();
    // In this order, each after the one before.
    for part in [
        "INVITE ──",
        "1 INVITE",
        "200 OK",
        "ACK ──",
        "▸ entry / emergency",
        "● recording",
        "▶┃   #3 2 BYE",
        "■ over",
    ] {
        let Some(at) = rest.find(part) else { panic!("no `{part}` where it should be ({line}):\n{text}") };
        rest = &rest[at + part.len()..];
    }
    assert!(text.contains("audio ") && text.contains(" PCMU ") && text.contains("branch z9hG4bK"), "{text}");
    assert!(!text.contains("sip:100@"), "{text}");
    assert!(engine.told(&["calls", "show", &id, "--numbers"]).contains("sip:100@"));
    // The words of the call itself stand as before.
    assert!(engine.told(&["calls", &id]).contains("\npath\n"));

    let file = home.path().join("call.svg");
    let told = engine.told(&["calls", "show", &id, "--svg", &file.to_string_lossy()]);
    let svg = fs::read_to_string(&file).unwrap_or_else(|error| panic!("{told}: {error}"));
    assert!(is_for_its_owner_alone(&file), "{told}");
    assert!(svg.contains(">INVITE</text>") && svg.contains(">200 OK</text>"), "{svg}");
    assert!(!svg.contains("sip:100@"), "{svg}");
    let wrong = engine.ask(&["calls", "show", "cffff"]);
    assert!(!wrong.status.success() && String::from_utf8_lossy(&wrong.stderr).contains("no call cffff"));
}

/// The only file of the only trace.
fn trace_file(home: &Path) -> PathBuf {
    let files: Vec<PathBuf> = fs::read_dir(home.join("traces"))
        .expect("the folder of traces was made")
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .collect();
    assert_eq!(files.len(), 1, "{files:?}");
    files[0].clone()
}

#[test]
fn a_traced_number_is_kept_to_the_octet_and_another_is_not() {
    let home = tempfile::tempdir().expect("a temporary directory can be made");
    let engine = started(home.path());
    assert!(engine.told(&["trace"]).contains("nothing is traced"));
    let told = engine.told(&["trace", "+1-617-555-0177", "--for", "10m"]);
    let file = trace_file(home.path());
    assert!(told.starts_with("t1: ") && told.contains(&*file.to_string_lossy()), "{told}");
    assert!(is_for_its_owner_alone(&file) && !file.to_string_lossy().contains("5550177"), "{file:?}");
    call(&engine, "+16175550177");
    call(&engine, "100");
    wait_for_records(&engine, 2);
    // The answers to INVITE and BYE.
    let whole = |text: &String| text.matches("SIP/2.0 200 OK").count() == 2;
    let text = eventually(
        || fs::read_to_string(&file).ok().filter(whole),
        || {
            format!(
                "the last message in {}:\n{}",
                file.display(),
                fs::read_to_string(&file).unwrap_or_default()
            )
        },
    );
    assert!(text.contains("INVITE sip:+16175550177@") && text.contains("m=audio "), "{text}");
    assert!(!text.contains("sip:100@"), "{text}");
    // No list and no line of the log names the number.
    let list = engine.told(&["trace"]);
    assert!(list.contains("t1 ") && list.contains(" 5 ") && !list.contains("5550177"), "{list}\n{text}");
    assert!(!engine.said().contains("5550177"), "{}", engine.said());
    engine.told(&["trace", "--stop", "t1"]);
    assert!(engine.told(&["trace"]).contains("nothing is traced"));
    call(&engine, "+16175550177");
    wait_for_records(&engine, 3);
    assert_eq!(fs::read_to_string(&file).expect("it stays"), text);
}

#[test]
fn a_trace_that_cannot_be_is_refused_with_its_reason_and_leaves_no_file() {
    let home = tempfile::tempdir().expect("a temporary directory can be made");
    let engine = started(home.path());
    for (arguments, reason) in [
        (["trace", "100", "--for", "2d"].as_slice(), "no length of time"),
        (&["trace", "100", "--for", "48h"], "24 h at the latest"),
        (&["trace", "--stop", "t9"], "there is no trace t9"),
        (&["trace", "--stop", "x"], "not a TraceId"),
    ] {
        let output = engine.ask(arguments);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && said.contains(reason), "{arguments:?}: {said}");
    }
    for number in 0..8 {
        engine.told(&["trace", &format!("10{number}")]);
    }
    let refused = engine.ask(&["trace", "108"]);
    let said = String::from_utf8_lossy(&refused.stderr);
    assert!(!refused.status.success() && said.contains("8 numbers are being traced already"), "{said}");
    let files = fs::read_dir(home.path().join("traces")).expect("eight files are in it").count();
    assert_eq!(files, 8);
}
