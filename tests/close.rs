//! Closing as an administrator does it: while calls are up, over a restart, without an engine, and wrongly.

#[path = "engine/mod.rs"]
mod engine;
#[path = "phone/mod.rs"]
mod phone;
#[path = "sound/mod.rs"]
mod sound;

use engine::{Engine, ROOT, Wishes, furnish, must};
use phone::Phone;
use std::fs;
use std::net::SocketAddr;
use std::path::Path;

/// A clinic with short prompts, an urgent number, and where its engine will be.
fn furnished() -> (tempfile::TempDir, SocketAddr, SocketAddr) {
    let home = tempfile::tempdir().expect("a temporary directory can be made");
    let sounds = home.path().join("sounds");
    sound::short_prompts(Path::new(ROOT), &sounds);
    let (sip, desk) = furnish(home.path(), &Wishes { sounds, ..Wishes::default() });
    let clinic = home.path().join("ivr-flows/clinic.yaml");
    let text = fs::read_to_string(&clinic).expect("the flow is shipped");
    let urgent = text.replacen("urgent_flows: [crisis_help]", "urgent_flows: [colleague_line]", 1);
    assert_ne!(urgent, text, "one line names the urgent flows");
    fs::write(&clinic, urgent).expect("the test's own directory can be written");
    (home, sip, desk)
}

fn call(engine: &Engine, number: &str) -> Phone {
    Phone::call(engine.sip, number, 440.0).unwrap_or_else(|fault| panic!("{fault}"))
}

/// Waits for a step in the newest call, hangs up and gives its record.
fn record_with(engine: &Engine, phone: Phone, step: &str) -> String {
    let found = engine::eventually(
        || {
            let (id, _) = engine.calls().into_iter().next()?;
            let record = engine.told(&["calls", &id]);
            record.contains(step).then_some(record)
        },
        || {
            format!(
                "`{step}` in\n{}",
                engine
                    .calls()
                    .into_iter()
                    .next()
                    .map_or_else(String::new, |(id, _)| engine.told(&["calls", &id]))
            )
        },
    );
    phone.hang_up().unwrap_or_else(|fault| panic!("{fault}"));
    engine.wait_for("the end of the call", |figures| figures["calls_up"] == 0);
    found
}

const MENU: &str = "step main_menu / choose";
const NIGHT: &str = "step after_hours / closed";
const WEATHER: &[&str] = &["close", "100", "until", "tomorrow", "23:59", "--say", "closed.weather"];

#[test]
fn a_closed_number_leads_to_after_hours_until_it_is_opened_and_a_restart_keeps_it() {
    let (home, sip, desk) = furnished();
    let home = home.path();
    let engine = Engine::start_again(home, sip, desk);
    let early = call(&engine, "100");
    engine.wait_for("the call", |figures| figures["calls_up"] == 1);
    must(
        home,
        WEATHER,
        true,
        &["closed: 100 until", "then closed.weather, then after_hours", "every new call"],
    );
    must(home, &["status"], true, &["closings", "closed  100 until"]);
    must(home, &["closings"], true, &["closed.weather", "after_hours"]);
    // Who was in a call comes to the menu, as it was when he called.
    let record = record_with(&engine, early, MENU);
    assert!(!record.contains("closed.weather"), "{record}");

    let record = record_with(&engine, call(&engine, "100"), NIGHT);
    assert!(record.contains("closed by hand: closed.weather") && !record.contains(MENU), "{record}");
    // Another number is as it was.
    record_with(&engine, call(&engine, "120"), "step office_info / choose");
    let (status, said) = engine.stop();
    assert!(status.success(), "{said}");

    let engine = Engine::start_again(home, sip, desk);
    record_with(&engine, call(&engine, "100"), NIGHT);
    must(home, &["open", "120"], false, &["120: not closed by its own"]);
    must(home, &["open", "100"], true, &["open again: 100"]);
    must(home, &["closings"], true, &["nothing is closed"]);
    record_with(&engine, call(&engine, "100"), MENU);

    // A message ahead of everything else, and for all: the urgent line stays as it is.
    must(
        home,
        &["close", "all", "until", "tomorrow", "23:59", "--say", "closed.many_calls", "--then", "open"],
        true,
        &["all numbers until", "urgent flows: +16175550130, 130"],
    );
    record_with(&engine, call(&engine, "100"), "closed by hand: closed.many_calls");
    let record = record_with(&engine, call(&engine, "130"), "step colleague_line / who");
    assert!(!record.contains("closed by hand"), "{record}");
    engine.stop();
}

#[test]
fn without_an_engine_the_next_start_knows_it_and_what_is_typed_wrongly_changes_nothing() {
    let (home, sip, desk) = furnished();
    let home = home.path();
    must(home, WEATHER, true, &["no engine runs here; it holds from its next start on"]);
    let wrong: [(&[&str], &[&str]); 5] = [
        (
            &["close", "10", "until", "tomorrow", "08:00", "--say", "closed.weather"],
            &["F180", "did you mean"],
        ),
        (&["close", "100", "--say", "closed.weather"], &["F181", "nothing says until when"]),
        (&["close", "100", "until", "tomorrow", "08:00"], &["F182", "closed.outage"]),
        (
            &["close", "100", "until", "tomorrow", "08:00", "--say", "closed.weather", "--zone", "EST"],
            &["F183", "America/New_York"],
        ),
        (
            &["close", "130", "until", "tomorrow", "08:00", "--say", "closed.weather"],
            &["F184", "never closed"],
        ),
    ];
    for (arguments, says) in wrong {
        must(home, arguments, false, says);
        must(home, arguments, false, &["nothing is closed by this"]);
    }
    must(home, &["explain", "now", "100"], true, &["closed by hand: 100 until"]);
    let engine = Engine::start_again(home, sip, desk);
    engine::eventually(
        || engine.said().contains("closed      100 until").then_some(()),
        || format!("the closing in\n{}", engine.said()),
    );
    record_with(&engine, call(&engine, "100"), NIGHT);
    engine.stop();

    // A list that cannot be read closes nothing, is told, and is begun anew.
    let file = home.join("published/closings.json");
    fs::remove_file(&file).expect("it was written");
    fs::write(&file, "{").expect("the test's own directory can be written");
    let engine = Engine::start_again(home, sip, desk);
    record_with(&engine, call(&engine, "100"), MENU);
    must(home, &["status"], true, &["careline open all"]);
    must(home, WEATHER, false, &["cannot be read", "careline open all"]);
    must(home, &["open", "all"], true, &["begun anew"]);
    must(home, WEATHER, true, &["closed: 100 until"]);
    record_with(&engine, call(&engine, "100"), NIGHT);
    engine.stop();
}

#[test]
fn a_set_without_the_words_of_a_closing_is_told_and_its_callers_go_on_without_them() {
    let (home, sip, desk) = furnished();
    let home = home.path();
    let engine = Engine::start_again(home, sip, desk);
    must(home, WEATHER, true, &["closed: 100 until"]);
    let prompts = home.join("ivr-flows/prompts.yaml");
    let text = fs::read_to_string(&prompts).expect("the flow is shipped");
    fs::write(&prompts, text.replace("\nclosed.weather:", "\nclosed.sun:"))
        .expect("the test's own directory can be written");
    for language in ["en", "es"] {
        let of = |name: &str| home.join(format!("sounds/{language}/closed.{name}.wav"));
        fs::rename(of("weather"), of("sun")).expect("the sounds are the test's own");
    }
    must(home, &["publish", "--yes"], true, &["warning: `closed.weather`", "live now is set 2"]);
    let record = record_with(&engine, call(&engine, "100"), NIGHT);
    assert!(record.contains("the words of a closing are not in this set"), "{record}");
    engine.stop();
}
