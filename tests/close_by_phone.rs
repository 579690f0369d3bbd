//! Closing by phone as a manager does it at six in the morning, with the real program: the PIN in keys, a line closed, heard by the
//! next caller, opened again; wrong PINs, the lock, and a hang-up before the confirmation.

#[path = "engine/mod.rs"]
mod engine;
#[path = "phone/mod.rs"]
mod phone;
#[path = "sound/mod.rs"]
mod sound;

use engine::{Engine, ROOT, Wishes, careline, furnish};
use phone::Phone;
use std::fs::{self, OpenOptions, Permissions};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

/// The number that is called, and the PIN. It begins with digits that mean something else everywhere but in a PIN.
const SERVICE: &str = "180";
const PIN: &str = "902748";

fn furnished() -> (tempfile::TempDir, Engine) {
    let home = tempfile::tempdir().expect("a temporary directory can be made");
    let sounds = home.path().join("sounds");
    sound::short_prompts(Path::new(ROOT), &sounds);
    let (sip, desk) = furnish(home.path(), &Wishes { sounds, ..Wishes::default() });
    let pin = home.path().join("close.pin");
    fs::write(&pin, format!("{PIN}\n")).expect("the test's own directory can be written");
    fs::set_permissions(&pin, Permissions::from_mode(0o600)).expect("the file is the test's own");
    let mut config = OpenOptions::new()
        .append(true)
        .open(home.path().join("careline.yaml"))
        .expect("the configuration was written");
    writeln!(config, "close_by_phone: {{number: {SERVICE}, pin_file: {}}}", pin.display())
        .expect("the configuration can be written");
    let engine = Engine::start_again(home.path(), sip, desk);
    (home, engine)
}

fn call(engine: &Engine, number: &str) -> Phone {
    Phone::call(engine.sip, number, 440.0).unwrap_or_else(|fault| panic!("{fault}"))
}

fn press(phone: &Phone, keys: &str) {
    for key in keys.bytes().filter(|key| *key != b' ') {
        phone.press(match key {
            b'*' => 10,
            b'#' => 11,
            digit => digit - b'0',
        });
    }
}

/// Waits until the newest call's record says this so often.
fn record_says(engine: &Engine, words: &str, often: usize) -> String {
    let newest =
        || engine.calls().into_iter().next().map_or_else(String::new, |(id, _)| engine.told(&["calls", &id]));
    let found = || Some(newest()).filter(|record| record.matches(words).count() >= often);
    engine::eventually(found, || format!("`{words}` in\n{}", newest()))
}

/// Hangs up when the record says this, and gives it.
fn record_with(engine: &Engine, phone: Phone, words: &str) -> String {
    let record = record_says(engine, words, 1);
    phone.hang_up().unwrap_or_else(|fault| panic!("{fault}"));
    engine.wait_for("the end of the call", |figures| figures["calls_up"] == 0);
    record
}

/// Calls, skips the first words with pound, and types the PIN.
fn with_pin(engine: &Engine, pin: &str) -> Phone {
    let phone = call(engine, SERVICE);
    phone.wait_until(Duration::from_secs(10), "the first words", |heard| heard.voiced > 0);
    press(&phone, "#");
    press(&phone, pin);
    press(&phone, "#");
    phone
}

fn closings(home: &Path) -> String {
    let told = careline(home, &["closings"]).output().expect("the program can be run");
    String::from_utf8_lossy(&told.stdout).into_owned()
}

const NIGHT: &str = "step after_hours / closed";
const MENU: &str = "step main_menu / choose";

#[test]
fn a_line_is_closed_by_phone_heard_by_the_next_caller_and_opened_again() {
    let (home, engine) = furnished();
    let home = home.path();
    let manager = with_pin(&engine, PIN);
    // One line, 100, until 23:59 tomorrow, the second of the shipped messages, then after hours.
    press(&manager, "1 3 100# 5 2359 3 1 1");
    record_says(&engine, "the PIN was right", 1);
    press(&manager, "1");
    let record = record_says(&engine, "what was confirmed is kept and holds", 1);
    assert!(record.contains("by phone, confirmed: 100 closed until"), "{record}");
    assert!(!record.contains(PIN) && !record.contains("main_menu"), "{record}");
    let table = closings(home);
    assert!(table.contains("100") && table.contains("23:59") && table.contains("phone, call c"), "{table}");

    // The next caller hears it, while the manager is still in his call.
    let patient = call(&engine, "100");
    let heard = record_with_two_up(&engine, patient, NIGHT);
    assert!(heard.contains("closed by hand: closed.") && !heard.contains(MENU), "{heard}");

    press(&manager, "3 3 100# 1");
    engine.wait_for("the line to be open", |figures| figures["closings"] == 0);
    press(&manager, "5");
    manager.await_hang_up(Duration::from_secs(20)).unwrap_or_else(|fault| panic!("{fault}"));
    assert!(closings(home).contains("nothing is closed"), "{}", closings(home));
    record_with(&engine, call(&engine, "100"), MENU);
    let told = engine.told(&["status"]);
    assert!(told.contains("closed_by_phone"), "{told}");
    let (_, said) = engine.stop();
    assert!(!said.contains(PIN), "no PIN in the log");
}

/// The same as [`record_with`] while another call is up.
fn record_with_two_up(engine: &Engine, phone: Phone, words: &str) -> String {
    let record = record_says(engine, words, 1);
    phone.hang_up().unwrap_or_else(|fault| panic!("{fault}"));
    engine.wait_for("the end of the call", |figures| figures["calls_up"] == 1);
    record
}

#[test]
fn who_hangs_up_before_the_confirmation_has_changed_nothing() {
    let (home, engine) = furnished();
    let manager = with_pin(&engine, PIN);
    press(&manager, "1 1 1 1 1");
    record_says(&engine, "the PIN was right", 1);
    // All keys have been heard when the last one has.
    engine.wait_for("the keys", |figures| figures["keys"] >= 13);
    let record = record_with(&engine, manager, "the PIN was right");
    assert!(!record.contains("confirmed"), "{record}");
    assert!(closings(home.path()).contains("nothing is closed"));
    record_with(&engine, call(&engine, "100"), MENU);
    engine.stop();
}

#[test]
fn wrong_pins_end_the_call_and_then_lock_the_number_even_for_the_right_one() {
    let (home, engine) = furnished();
    let guesser = with_pin(&engine, "111111");
    press(&guesser, "222222# 333333#");
    guesser.await_hang_up(Duration::from_secs(20)).unwrap_or_else(|fault| panic!("{fault}"));
    let record = record_says(&engine, "exit close_by_phone", 1);
    assert!(record.contains("a wrong PIN, no. 3") && !record.contains("333333"), "{record}");

    let next = with_pin(&engine, "444444");
    press(&next, "555555#");
    press(&next, PIN);
    press(&next, "#");
    next.await_hang_up(Duration::from_secs(20)).unwrap_or_else(|fault| panic!("{fault}"));
    let record = record_says(&engine, "no PIN is looked at now", 1);
    assert!(!record.contains("the PIN was right"), "{record}");
    engine.wait_for("the counters", |figures| {
        (figures["pins_wrong"], figures["pins_unheard"], figures["pins_locked"]) == (5, 1, 1)
    });
    assert!(closings(home.path()).contains("nothing is closed"));
    engine.stop();
}
