//! Triage with sign-off as a clinic lives through it: a tree that nobody signed, its safe stub by real calls in both
//! languages, the signature, the second person, and what ends a signature.

#[path = "engine/mod.rs"]
mod engine;
#[allow(dead_code, reason = "each user of it needs a part")]
#[path = "../src/flow/triage/fixture.rs"]
mod fixture;
#[path = "phone/mod.rs"]
mod phone;
#[path = "sound/mod.rs"]
mod sound;

use engine::{Engine, ROOT, Wishes, careline, edit, eventually, furnish, must};
use phone::Phone;
use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Stdio};

/// A clinic whose number 177 leads to a triage tree that nobody has signed, with these sounds for all else.
fn furnished(make_sounds: fn(&Path)) -> (tempfile::TempDir, SocketAddr, SocketAddr) {
    let home = tempfile::tempdir().expect("a temporary directory can be made");
    let sounds = home.path().join("sounds");
    make_sounds(&sounds);
    let (sip, desk) = furnish(home.path(), &Wishes { sounds: sounds.clone(), ..Wishes::default() });
    let flows = home.path().join("ivr-flows");
    let write =
        |path: &Path, text: String| fs::write(path, text).expect("the test's own directory can be written");
    write(&flows.join("red_flags.yaml"), fixture::TREE.to_owned());
    let prompts = fs::read_to_string(flows.join("prompts.yaml")).expect("prompts are shipped");
    write(&flows.join("prompts.yaml"), prompts + fixture::PROMPTS);
    edit(home.path(), "clinic.yaml", "  199: after_hours", "  199: after_hours\n  177: red_flags");
    let names = fixture::PROMPTS.lines().filter_map(|line| line.split_once(':')).map(|(name, _)| name);
    for name in names.filter(|name| !name.is_empty()) {
        for language in ["en", "es"] {
            sound::write_tone(&sounds.join(language).join(format!("{name}.wav")), 500.0, 0.1);
        }
    }
    (home, sip, desk)
}

fn short(sounds: &Path) {
    sound::short_prompts(Path::new(ROOT), sounds);
}

/// The shipped sounds, by which it is heard what is said.
fn spoken(sounds: &Path) {
    copy(&Path::new(ROOT).join("sounds"), sounds);
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("the test's own directory can be written");
    for entry in fs::read_dir(from).expect("sounds are shipped") {
        let from = entry.expect("the folder can be read").path();
        let to = to.join(from.file_name().expect("a file has a name"));
        if from.is_dir() {
            copy(&from, &to);
        } else {
            fs::copy(&from, &to).expect("it can be copied");
        }
    }
}

/// Calls 177, presses these keys one after the other was taken, and gives the record of the call.
fn record_of_a_call(engine: &Engine, keys: &[u8], ended: u64) -> String {
    let phone = Phone::call(engine.sip, "177", 440.0).unwrap_or_else(|fault| panic!("{fault}"));
    for key in keys {
        let before = engine.status();
        phone.press(*key);
        engine.wait_for("the key", |figures| {
            figures["keys"] > before["keys"] && figures["playings"] > before["playings"]
        });
    }
    phone.listen(20);
    phone.hang_up().unwrap_or_else(|fault| panic!("{fault}"));
    engine.wait_for("the end of the call", |figures| {
        figures["calls_ended"] == ended && figures["events_not_durable"] == 0
    });
    let (id, _) = engine.calls().into_iter().next().expect("a call is listed");
    engine.told(&["calls", &id])
}

/// A phone that presses keys and records what it hears.
fn recorded(home: &Path, engine: &Engine, keys: &str, file: &str) -> Child {
    let target = format!("sip:177@{}", engine.sip);
    let arguments = ["phone", &target, "--keys", keys, "--for", "13s", "--record", file];
    let mut command = careline(home, &arguments);
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program can be run")
}

#[test]
fn whoever_comes_to_an_unsigned_tree_hears_the_emergency_line_and_gets_a_nurse_in_both_languages() {
    let (home, sip, desk) = furnished(spoken);
    let home = home.path();
    let engine = Engine::start_again(home, sip, desk);
    // It answers OPTIONS a moment before its words are read.
    let words = "unsigned nurse_triage, red_flags: callers there get a nurse";
    eventually(|| engine.said().contains(words).then_some(()), || format!("`{words}` in\n{}", engine.said()));
    let says = [
        "F167  warning: the triage tree `red_flags` is a draft that nobody has signed",
        "careline sign red_flags",
    ];
    must(home, &["check"], true, &says);
    // Key 5 ends the first words, and means nothing in the stub.
    let calls =
        [("en", recorded(home, &engine, "5", "en.wav")), ("es", recorded(home, &engine, "25", "es.wav"))];
    for (language, phone) in calls {
        let output = phone.wait_with_output().expect("it is our child");
        assert!(output.status.success(), "{language}: {}", String::from_utf8_lossy(&output.stderr));
        let heard = must(home, &["hear", &format!("{language}.wav")], true, &[]);
        let lines: Vec<&str> = heard.lines().collect();
        let named =
            |name: &str| lines.iter().rposition(|line| line.contains(name) && line.contains(language));
        let (emergency, nurse) = (named("u.emergency"), named("u.nurse"));
        assert!(emergency.is_some() && emergency < nurse, "{language}: emergency, then nurse:\n{heard}");
        assert!(!heard.contains("tt."), "{language}: no word of the tree:\n{heard}");
    }
    engine.wait_for("the end of both calls", |figures| {
        figures["calls_ended"] == 2 && figures["events_not_durable"] == 0
    });
    for (id, _) in engine.calls() {
        let record = engine.told(&["calls", &id]);
        assert!(
            record.contains("a triage tree is not signed as it stands") && !record.contains("breath"),
            "{record}"
        );
    }
    engine.stop();
}

#[test]
fn a_tree_is_heard_once_it_is_signed_and_a_second_person_said_yes_and_no_longer_when_it_changes() {
    let (home, sip, desk) = furnished(short);
    let home = home.path();
    let engine = Engine::start_again(home, sip, desk);
    must(
        home,
        &["sign", "main_menu", "--by", "Ada", "--licence", "RN1/MA", "--yes"],
        false,
        &["no triage tree; there are: nurse_triage, red_flags"],
    );
    must(
        home,
        &["sign", "red_flags", "--by", "Ada", "--licence", "RN1", "--yes"],
        false,
        &["`RN1` is no licence"],
    );
    must(
        home,
        &["sign", "red_flags", "--by", "Ada", "--licence", "RN1/MA"],
        false,
        &["no terminal", "--yes"],
    );
    let says =
        ["1 (yes) → call_now", "2 (no) → stroke", "red flag chest-breathing", "red_flags is signed until"];
    must(home, &["sign", "red_flags", "--by", "Ada Miller", "--licence", "RN1/MA", "--yes"], true, &says);
    let told = must(home, &["check"], true, &["no fault"]);
    assert!(!told.contains("`red_flags` is a draft"), "{told}");

    // Who publishes cannot be who approves, and nothing leads around that.
    let publish = ["publish", "--yes", "--by", "maria"];
    must(
        home,
        &[&publish[..], &["--canary", "10%"]].concat(),
        false,
        &["nobody tries this set: the triage tree red_flags changed"],
    );
    must(
        home,
        &publish,
        true,
        &["set 2 is on the shelf", "the triage tree red_flags changed", "careline approve 2"],
    );
    must(home, &["rollback", "2"], false, &["set 2 waits for a second person"]);
    must(home, &["history"], true, &["[waits for a second person]"]);
    let record = record_of_a_call(&engine, &[5], 1);
    assert!(record.contains("asked for a nurse") && !record.contains("begin"), "{record}");
    must(home, &["approve", "2", "--by", "Maria", "--yes"], false, &["published by maria: somebody else"]);
    must(home, &["approve", "2", "--by", "ada"], false, &["no terminal", "nothing is"]);
    must(
        home,
        &["approve", "2", "--by", "ada", "--yes"],
        true,
        &["set 2 is approved by ada", "live now is set 2"],
    );
    must(home, &["approve", "2", "--by", "ada", "--yes"], true, &["was approved by ada"]);
    must(home, &["history"], true, &["maria + ada", "by maria, approved by ada"]);
    let record = record_of_a_call(&engine, &[1, 1], 2);
    assert!(record.contains("breath") && record.contains("an emergency"), "{record}");

    // A sound changes: the signature holds no longer, in the draft and for callers of a set with it.
    sound::write_tone(&home.join("sounds/en/tt.breath.wav"), 900.0, 0.1);
    must(home, &["check"], true, &["F167", "is not what was signed"]);
    let says =
        ["the sound of tt.breath (English) changed", "the triage tree red_flags is not what was signed"];
    must(home, &publish, true, &says);
    must(home, &["approve", "3", "--by", "ada", "--yes"], true, &["live now is set 3"]);
    let record = record_of_a_call(&engine, &[5], 3);
    assert!(record.contains("asked for a nurse") && !record.contains("begin"), "{record}");
    must(home, &["rollback"], true, &["live now is set 2"]);
    assert!(record_of_a_call(&engine, &[1, 1], 4).contains("an emergency"));

    // What callers in a crisis hear needs a second person too, what they hear elsewhere does not.
    sound::write_tone(&home.join("sounds/es/cr.stay.wav"), 900.0, 0.1);
    must(home, &publish, true, &["the sound of cr.stay (Spanish) changed", "careline approve 4"]);
    engine.stop();

    // After a start the set that waits is served to nobody; whoever tries the tree out on this machine hears it.
    must(home, &["rollback", "3"], true, &["no engine runs here"]);
    let engine = Engine::start_told(home, sip, desk, &["--unsigned-ok"]);
    assert!(record_of_a_call(&engine, &[1, 1], 1).contains("an emergency"), "{}", engine.said());
    engine.stop();
}
