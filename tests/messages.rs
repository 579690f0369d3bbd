//! A caller leaves a message at the real program: it is listed until somebody marks it as done, and both the message and
//! the mark outlive a kill -9. The phones of the house show how many wait.

#[path = "engine/mod.rs"]
mod engine;
#[path = "messages/lamp.rs"]
mod lamp;
#[path = "phone/mod.rs"]
mod phone;
#[path = "softphone/mod.rs"]
mod softphone;
#[path = "sound/mod.rs"]
mod sound;

use engine::{Engine, ROOT, Wishes};
use phone::Phone;
use std::path::Path;
use std::time::Duration;

/// The number that leads to the words of after hours.
const AFTER_HOURS: &str = "199";
/// The key # as a telephone event.
const POUND: u8 = 11;

/// Presses 1, speaks for a second after the tone, ends with #.
fn leave_a_message(engine: &Engine) {
    let phone = Phone::call(engine.sip, AFTER_HOURS, 440.0).expect("the call is answered");
    phone.listen(10);
    phone.press(1);
    // The call has one of its own before.
    engine.wait_for("the file of the message", |figures| figures["recorder_opened"] == 2);
    // The tone, and a second of the message.
    phone.listen(75);
    phone.press(POUND);
    phone.await_hang_up(Duration::from_secs(60)).expect("the promise, and goodbye");
    engine
        .wait_for("the record", |figures| (figures["calls_ended"], figures["events_not_durable"]) == (1, 0));
}

/// A call that leaves nothing.
fn hang_up_early(engine: &Engine) {
    let phone = Phone::call(engine.sip, AFTER_HOURS, 440.0).expect("the call is answered");
    phone.listen(10);
    phone.hang_up().expect("BYE is answered");
    engine
        .wait_for("the record", |figures| (figures["calls_ended"], figures["events_not_durable"]) == (2, 0));
}

/// The lines under the head of the list.
fn listed(engine: &Engine) -> Vec<String> {
    engine.told(&["messages"]).lines().skip(1).map(str::to_owned).collect()
}

/// What a mark says that cannot be made.
fn refused(engine: &Engine, calls: &[&str]) -> String {
    let output = engine.ask(&[&["messages", "done"], calls].concat());
    assert!(!output.status.success(), "{calls:?} went well");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_message_is_listed_until_it_is_done_and_neither_is_lost_by_a_kill() {
    let home = tempfile::tempdir().expect("a temporary directory can be made");
    let sounds = home.path().join("sounds");
    sound::short_prompts(Path::new(ROOT), &sounds);
    let engine = Engine::start(home.path(), &Wishes { sounds, ..Wishes::default() });
    assert_eq!(engine.told(&["messages"]), "no messages wait\n");
    leave_a_message(&engine);
    hang_up_early(&engine);
    let calls = engine.calls();
    let [(other, _), (call, _)] = &calls[..] else { panic!("{calls:?}") };
    assert_eq!(engine.status()["messages_waiting"], 1);

    let (sip, desk) = (engine.sip, engine.desk);
    engine.kill();
    let engine = Engine::start_again(home.path(), sip, desk);
    let lines = listed(&engine);
    let [line] = &lines[..] else { panic!("{lines:?}") };
    assert!(line.starts_with(&**call) && line.contains(" after_hours "), "{line}");
    let file = line.split_whitespace().last().unwrap_or_default();
    assert!(Path::new(file).is_file() || home.path().join(file).is_file(), "{line}");
    assert_eq!(engine.status()["messages_waiting"], 1);

    for (names, says) in [
        (vec!["zzz"], "`zzz`: not a CallId"),
        (vec!["cffff"], "no call cffff"),
        (vec![other.as_str()], "nobody left a message"),
        (vec![call.as_str(), "cffff"], "no call cffff"),
    ] {
        let said = refused(&engine, &names);
        assert!(said.contains(says), "{names:?}: {said}");
    }
    assert_eq!(listed(&engine).len(), 1, "one wrong name, and nothing is marked");

    assert!(engine.told(&["messages", "done", call]).contains("is marked as done"));
    // Killed at once, as a power cut would: what was told is on disk.
    engine.kill();
    let engine = Engine::start_again(home.path(), sip, desk);
    assert_eq!(engine.told(&["messages"]), "no messages wait\n");
    assert_eq!(engine.status()["messages_waiting"], 0);
    assert!(refused(&engine, &[call]).contains("marked as done already"));
    assert!(engine.told(&["calls", call]).contains("message marked as done"));
}
