//! A person's phone hands the patient on: two real softphones log in, the one is rung and transfers to the other with the
//! command behind its transfer key, and the patient hears the one, our bed, and the other.
//!
//! In another call SIPp is the front desk, and talks with the nurse before it hands the patient on (REFER with Replaces); in
//! one more it goes on at another phone of its own (INVITE with Replaces).
//!
//! With keys alone the desk hands on blind, after a word with the nurse, and takes the patient back.
//!
//! In other calls it tries a number that the clinic does not know, and a colleague whose phone is off. This softphone hangs
//! up by itself when a transfer fails; the patient is led on. That a talk goes on is shown by `switch/tests/transfer.rs`.

#[path = "engine/mod.rs"]
mod engine;
#[path = "phone/mod.rs"]
mod phone;
#[path = "softphone/mod.rs"]
mod softphone;
#[path = "sound/mod.rs"]
mod sound;

use careline::sip::digest::Ha1;
use careline::wire::sip::credentials::Algorithm;
use engine::sipp::Sipp;
use engine::{Engine, Notice, ROOT, Wishes};
use phone::Phone;
use softphone::{CONTROL, PCMU, said};
use std::fs;
use std::io::Write;
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::Child;
use std::time::Duration;

const PATIENT_HZ: f64 = 440.0;
const DESK_HZ: f64 = 1_000.0;
const NURSE_HZ: f64 = 1_500.0;
/// How long a key of one phone may take to the other.
const KEY_WITHIN: Duration = Duration::from_secs(10);
/// 20 ms packets that the patient hears of each person: two seconds.
const TALK: u64 = 100;
const USERS: [&str; 4] = ["front-desk", "nurse", "doctor", "\"102\""];

/// An engine with users, whose flows ring the front desk by its name.
fn engine(home: &Path) -> Engine {
    engine_with(home, "")
}

/// The same with these lines in its configuration.
fn engine_with(home: &Path, lines: &str) -> Engine {
    let sounds = home.join("sounds");
    sound::short_prompts(Path::new(ROOT), &sounds);
    let desk_hop = |_nowhere: SocketAddr| "careline".to_owned();
    let wishes = Wishes { sounds, desk_hop, notice: Notice::InTheFirstWords, ..Wishes::default() };
    let (sip, desk) = engine::furnish(home, &wishes);
    let file = home.join("careline.yaml");
    let config = fs::read_to_string(&file).expect("it was written");
    let user = |name: &str| {
        let ha1 = Ha1::of(Algorithm::Md5, name.trim_matches('"').as_bytes(), b"careline", b"secret");
        format!("{{name: {name}, digest: md5, ha1: \"{}\"}}", ha1.expose())
    };
    let users = format!("{config}{lines}users: [{}]\n", USERS.map(user).join(", "));
    fs::write(&file, users).expect("the test's own directory can be written");
    Engine::start_again(home, sip, desk)
}

/// A baresip that logs in as that user and answers at once.
fn user(home: &Path, engine: &Engine, name: &str, hertz: f64) -> Child {
    let source = softphone::tone_file(home, hertz, 8_000);
    let account = format!(
        "<sip:{name}@{};transport=udp>;auth_user={name};auth_pass=secret;regint=60;answermode=auto",
        engine.sip
    );
    softphone::furnish(home, engine::free_port(), &source, PCMU, &account);
    softphone::run(home, &[])
}

/// How a talk is handed on.
#[derive(Clone, Copy)]
enum By {
    /// By the person's phone.
    Key,
    /// By `careline transfer`.
    Command,
}

/// Lets a baresip transfer its call.
fn transfer(home: &Path, to: &str) {
    does(home, &format!(r#"{{"command":"transfer","params":"{to}"}}"#));
}

/// Lets a baresip press these keys, each when the one before has been heard of (RFC 4733).
fn press(home: &Path, engine: &Engine, keys: &str) {
    for key in keys.chars() {
        let before = engine.status()["keys"];
        does(home, &format!(r#"{{"command":"sndcode","params":"{key}"}}"#));
        engine.wait_for("the key", |figures| figures["keys"] == before + 1);
    }
}

/// Gives a baresip a command.
fn does(home: &Path, command: &str) {
    let at = fs::read_to_string(home.join(CONTROL)).expect("it was furnished");
    let mut control = engine::eventually(|| TcpStream::connect(&at).ok(), || format!("baresip at {at}"));
    write!(control, "{}:{command},", command.len()).expect("baresip takes a command");
}

/// What of the person's side of the recording is heard, half second by half second: `d` the desk, `n` the nurse.
fn halves(side: &[f64]) -> String {
    let of_half = |half: &[f64]| {
        let is_heard = |hertz| sound::share_of(half, hertz) > 0.3 && sound::power(half) > 1e-6;
        match (is_heard(DESK_HZ), is_heard(NURSE_HZ)) {
            (true, _) => 'd',
            (false, true) => 'n',
            (false, false) => '.',
        }
    };
    side.chunks_exact(4_000).map(of_half).collect()
}

/// A patient who talks with the front desk.
fn talking(engine: &Engine, said_all: impl Fn() -> String) -> (Phone, String) {
    let before = engine.calls().len();
    let opened = engine.status()["recorder_opened"];
    let patient = Phone::call(engine.sip, "100", PATIENT_HZ).unwrap_or_else(|fault| panic!("{fault}"));
    engine.wait_for("a recording", |figures| figures["recorder_opened"] == opened + 1);
    patient.press(0);
    let call =
        || Some(engine.calls()).filter(|calls| calls.len() > before)?.first().map(|(id, _)| id.clone());
    let call = engine::eventually(call, || "the call to be listed".to_owned());
    told(engine, &call, "talking with a person", said_all);
    patient.listen(TALK);
    (patient, call)
}

/// Waits until the record of a call has this.
fn told(engine: &Engine, call: &str, what: &str, said_all: impl Fn() -> String) {
    let record = || Some(engine.told(&["calls", call])).filter(|record| record.contains(what));
    engine::eventually(record, || {
        format!("`{what}` in\n{}\nthey said:\n{}", engine.told(&["calls", call]), said_all())
    });
}

#[test]
fn a_desk_hands_the_patient_on_to_a_colleague_and_to_nobody_else() {
    let home = tempfile::tempdir().expect("a temporary directory can be made");
    let engine = engine(home.path());
    let [desk_home, nurse_home] = ["desk", "nurse"].map(|name| home.path().join(name));
    let mut desk = user(&desk_home, &engine, "front-desk", DESK_HZ);
    let mut nurse = user(&nurse_home, &engine, "nurse", NURSE_HZ);
    let said_all = || format!("{}\n{}\n{}", said(&desk_home), said(&nurse_home), engine.said());
    let both = || (engine.status()["phones"] == 2).then_some(());
    engine::eventually(both, || format!("both to log in:\n{}", said_all()));
    for (by, to, outcome) in [
        (By::Key, "0900123456", "to nobody: refused, SIP status 403"),
        (By::Key, "doctor", "to sip:doctor@careline: not reached, SIP status 480"),
        (By::Key, "nurse", "to sip:nurse@careline: they talked"),
        (By::Command, "nurse", "to sip:nurse@careline: they talked"),
    ] {
        let (patient, call) = talking(&engine, said_all);
        match by {
            By::Key => transfer(&desk_home, &format!("sip:{to}@{}", engine.sip)),
            By::Command => {
                let told = engine.told(&["transfer", &call, to]);
                assert!(told.starts_with("talks with the caller now"), "{told}");
            }
        }
        told(&engine, &call, outcome, said_all);
        patient.listen(TALK);
        let heard = patient.hang_up().unwrap_or_else(|fault| panic!("BYE: {fault}"));
        assert_eq!((heard.missing, heard.out_of_order), (0, 0), "{to}: one unbroken stream: {heard:?}");
        told(&engine, &call, "ended: hung up, by the caller", said_all);
        let record = engine.told(&["calls", &call]);
        assert!(!record.contains("0900"), "a number that was dialled is in no record:\n{record}");
    }
    let figures = engine.wait_for("the end of the calls and of their files", |figures| {
        (figures["calls_ended"], figures["recorder_closed"], figures["ports_in_use"]) == (4, 4, 0)
    });
    for phone in [&mut desk, &mut nurse] {
        phone.kill().expect("it runs until it is told to stop");
        phone.wait().expect("it is our child");
    }
    let counted =
        ["transfers", "transfers_failed", "transfers_refused", "flow_faults"].map(|name| figures[name]);
    assert_eq!(counted, [3, 1, 1, 0], "{figures:#?}");
    let sides = engine::recordings(home.path()).into_iter().map(|file| {
        let stereo = sound::read(&file).unwrap_or_else(|fault| panic!("{fault}"));
        halves(&stereo.right)
    });
    let sides: Vec<String> = sides.collect();
    println!("half seconds of our sides: {sides:#?}");
    let handed = sides.iter().filter(|side| side.contains('n')).collect::<Vec<_>>();
    assert_eq!(handed.len(), 2, "the nurse is heard in two calls: {sides:#?}");
    for handed in handed {
        assert!(handed.matches('d').count() >= 3 && handed.matches('n').count() >= 3, "both: {handed}");
        assert!(handed.rfind('d') < handed.find('n'), "the one after the other: {handed}");
    }
    let (status, said) = engine.stop();
    assert!(status.success(), "the engine ended with {status}:\n{said}");
}

#[test]
fn a_desk_whose_phone_has_no_transfer_key_hands_the_patient_on_by_keys_alone() {
    // RFC 4733: its keys come as events, and none of a code reaches the patient.
    let home = tempfile::tempdir().expect("a temporary directory can be made");
    let engine = engine_with(home.path(), "keys: {blind: \"*1\", attended: \"*2\", back: \"*0\"}\n");
    let [desk_home, nurse_home] = ["desk", "nurse"].map(|name| home.path().join(name));
    let mut desk = user(&desk_home, &engine, "front-desk", DESK_HZ);
    let mut nurse = user(&nurse_home, &engine, "102", NURSE_HZ);
    let said_all = || format!("{}\n{}\n{}", said(&desk_home), said(&nurse_home), engine.said());
    let both = || (engine.status()["phones"] == 2).then_some(());
    engine::eventually(both, || format!("both to log in:\n{}", said_all()));
    for (code, then, outcome) in [
        ("*1", "", "they talked"),
        ("*2", "hangs up", "they talked"),
        ("*2", "*0", "not reached, SIP status 480"),
    ] {
        let (patient, call) = talking(&engine, said_all);
        press(&desk_home, &engine, "5");
        patient.wait_until(KEY_WITHIN, "a key that is no code", |heard| heard.keys == 1);
        press(&desk_home, &engine, &format!("{code}102#"));
        if code == "*2" {
            told(&engine, &call, "by keys: under way", said_all);
            let consults =
                || engine.told(&["calls", "show", &call]).contains("the caller waits").then_some(());
            engine::eventually(consults, || format!("the two to speak:\n{}", said_all()));
            patient.listen(TALK);
        }
        match then {
            "" => {}
            "hangs up" => does(&desk_home, r#"{"command":"hangup"}"#),
            keys => press(&desk_home, &engine, keys),
        }
        told(&engine, &call, &format!("to sip:102@careline, by keys: {outcome}"), said_all);
        patient.listen(TALK);
        let heard = patient.hang_up().unwrap_or_else(|fault| panic!("BYE: {fault}"));
        assert_eq!(
            (heard.missing, heard.out_of_order),
            (0, 0),
            "{code} {then}: one unbroken stream: {heard:?}"
        );
        assert_eq!(heard.keys, 1, "{code} {then}: no key of a code reaches the patient");
        told(&engine, &call, "ended: hung up, by the caller", said_all);
    }
    let figures = engine.wait_for("the end of the calls and of their files", |figures| {
        (figures["calls_ended"], figures["recorder_closed"], figures["ports_in_use"]) == (3, 3, 0)
    });
    for phone in [&mut desk, &mut nurse] {
        phone.kill().expect("it runs until it is told to stop");
        phone.wait().expect("it is our child");
    }
    let counted = ["transfers", "transfers_by_keys", "transfers_attended", "transfers_failed", "flow_faults"];
    assert_eq!(counted.map(|name| figures[name]), [3, 3, 1, 1, 0], "{figures:#?}");
    let sides = engine::recordings(home.path()).into_iter().map(|file| {
        let stereo = sound::read(&file).unwrap_or_else(|fault| panic!("{fault}"));
        halves(&stereo.right)
    });
    let sides: Vec<String> = sides.collect();
    println!("half seconds of our sides: {sides:#?}");
    let (handed, kept): (Vec<&String>, Vec<&String>) = sides.iter().partition(|side| side.contains('n'));
    assert_eq!((handed.len(), kept.len()), (2, 1), "the nurse is heard in two calls: {sides:#?}");
    for side in &handed {
        assert!(side.matches('d').count() >= 3 && side.matches('n').count() >= 3, "both: {side}");
        assert!(side.rfind('d') < side.find('n'), "the one after the other: {side}");
    }
    let waits = |side: &String| side.trim_matches('.').contains("...");
    assert!(handed.iter().any(|side| waits(side)), "the patient waits while the two speak: {handed:?}");
    assert!(waits(kept[0]) && kept[0].matches('d').count() >= 6, "and has the desk back: {kept:?}");
    let (status, said) = engine.stop();
    assert!(status.success(), "the engine ended with {status}:\n{said}");
}

#[test]
fn a_desk_that_has_talked_with_a_colleague_hands_the_patient_on_to_that_one() {
    // RFC 5589 §7
    let home = tempfile::tempdir().expect("a temporary directory can be made");
    let engine = engine(home.path());
    let nurse_home = home.path().join("nurse");
    let mut nurse = user(&nurse_home, &engine, "nurse", NURSE_HZ);
    let at = engine::free_port();
    let (good, said_first) = Sipp::at(home.path(), &engine, "logs-in", at).run();
    assert!(good, "{said_first}\n{}", engine.said());
    let both = || (engine.status()["phones"] == 2).then_some(());
    engine::eventually(both, || format!("both to log in:\n{}\n{}", said(&nurse_home), engine.said()));
    let desk = Sipp::at(home.path(), &engine, "hands-on-after-a-talk", at).begin();
    let said_all = || format!("{}\n{}", desk.said(), engine.said());
    let (patient, call) = talking(&engine, said_all);
    told(&engine, &call, "to sip:nurse@careline: they talked", said_all);
    patient.listen(TALK);
    let (good, desk_said) = desk.end();
    assert!(good, "{desk_said}\n{}", engine.said());
    let heard = patient.hang_up().unwrap_or_else(|fault| panic!("BYE: {fault}"));
    assert_eq!((heard.missing, heard.out_of_order), (0, 0), "one unbroken stream: {heard:?}");
    let figures = engine.wait_for("the end of the calls and of their files", |figures| {
        (figures["calls_ended"], figures["recorder_closed"], figures["ports_in_use"]) == (2, 1, 0)
    });
    nurse.kill().expect("it runs until it is told to stop");
    nurse.wait().expect("it is our child");
    let counted = ["transfers", "transfers_attended", "transfers_failed", "calls_dialled", "flow_faults"];
    assert_eq!(counted.map(|name| figures[name]), [1, 1, 0, 1, 0], "{figures:#?}");
    let calls = engine.calls();
    let (other, _) = calls.iter().find(|(id, _)| *id != call).expect("the desk called the nurse");
    let record = engine.told(&["calls", other]);
    assert!(record.contains(&format!("who talked here: is handed on: talks in {call} now")), "{record}");
    let file = engine::recordings(home.path()).pop().expect("one recording is closed");
    let stereo = sound::read(&file).unwrap_or_else(|fault| panic!("{fault}"));
    let side = halves(&stereo.right);
    println!("half seconds of our side: {side}");
    let first = side.find('n').expect("the nurse is heard");
    assert!(first >= 4 && side.matches('n').count() >= 3, "after the talk of the two, and long: {side}");
    let (status, said) = engine.stop();
    assert!(status.success(), "the engine ended with {status}:\n{said}");
}

#[test]
fn a_person_goes_on_at_another_phone_and_the_patient_hears_no_break() {
    // RFC 3891 §3
    let home = tempfile::tempdir().expect("a temporary directory can be made");
    let engine = engine(home.path());
    let at = engine::free_port();
    let (good, said_first) = Sipp::at(home.path(), &engine, "logs-in", at).run();
    assert!(good, "{said_first}\n{}", engine.said());
    let desk = Sipp::at(home.path(), &engine, "goes-on-at-another-phone", at).begin();
    let said_all = || format!("{}\n{}", desk.said(), engine.said());
    let (patient, call) = talking(&engine, said_all);
    told(&engine, &call, "to sip:front-desk@careline: they talked", said_all);
    patient.listen(TALK);
    let heard = patient.hang_up().unwrap_or_else(|fault| panic!("BYE: {fault}"));
    assert_eq!((heard.missing, heard.out_of_order), (0, 0), "one unbroken stream: {heard:?}");
    let (good, desk_said) = desk.end();
    assert!(good, "{desk_said}\n{}", engine.said());
    let figures = engine.wait_for("the end of the call and of its files", |figures| {
        (figures["calls_ended"], figures["recorder_closed"], figures["ports_in_use"]) == (1, 1, 0)
    });
    let counted = ["transfers", "transfers_refused", "calls_dialled", "flow_faults"];
    assert_eq!(counted.map(|name| figures[name]), [1, 0, 0, 0], "{figures:#?}");
}
