//! Numbers that are closed by hand: what is heard, where it leads, and when it is over.

use super::*;
use crate::clock::WallTime;
use crate::flow::closing::{Closing, Closings, Numbers, Then};

/// 2026-11-28, 11:00 in New York, in microseconds.
const NOW: i64 = 1_795_881_600_000_000;

fn closing(say: &str, then: Then, seconds: i64) -> Closing {
    Closing {
        numbers: Numbers::All,
        until: WallTime::from_micros(NOW + seconds * 1_000_000),
        zone: "America/New_York".to_owned(),
        say: PromptName::from(say),
        then,
        by: "maria".to_owned(),
        made: WallTime::from_micros(NOW),
    }
}

/// What is heard behind the first words, which take 18 s.
fn heard(set: Arc<FlowSet>, closings: Vec<Closing>, play: &str) -> String {
    let mut engine = Engine::new(set, "main_menu");
    let closings = Closings::new(closings).unwrap().of_number("100");
    let run = Run::new(Arc::clone(&engine.run.set), FlowName::from("main_menu"));
    engine.run = run.begun_at(Instant::START, WallTime::from_micros(NOW)).closed_by(closings);
    engine.play(play);
    let Some(rest) = engine.log.strip_prefix(FIRST_WORDS) else {
        panic!("other first words:\n{}", engine.log)
    };
    rest.lines().map(|line| line.trim_end().to_owned() + "\n").collect()
}

fn told(closings: Vec<Closing>, play: &str) -> String {
    heard(flows(&[]), closings, play)
}

const SNOW: &str =
    "18.0  Closed { prompt: `closed.weather`, then: AfterHours }\n18.0  say closed.weather/en\n";

fn snow() -> Vec<Closing> {
    vec![closing("closed.weather", Then::AfterHours, 3_600)]
}

#[test]
fn the_words_come_behind_the_first_lines_and_lead_to_after_hours() {
    assert_eq!(told(snow(), "start w22"), format!("{SNOW}21.0  say vm.closed_now/en\n"));
    // There it is as it is every night: 1 takes a message.
    let text = told(snow(), "start w26 1");
    assert!(text.contains("chosen message"), "{text}");
}

#[test]
fn a_message_ahead_of_everything_else_leads_to_the_number_as_always() {
    let many = || vec![closing("closed.many_calls", Then::Open, 3_600)];
    let words = "18.0  Closed { prompt: `closed.many_calls`, then: Open }\n18.0  say closed.many_calls/en\n";
    assert_eq!(told(many(), "start w22"), format!("{words}21.0  say mm.menu/en\n"));
    // A key of the menu is its answer.
    let text = told(many(), "start w19 3");
    assert!(text.starts_with(&format!("{words}19.0  chosen refill\n")), "{text}");
}

#[test]
fn keys_for_a_menu_that_is_not_reached_answer_no_other() {
    // Typed during the words: nothing happens, and after_hours asks its own question.
    assert_eq!(told(snow(), "start w19 1 w3"), format!("{SNOW}21.0  say vm.closed_now/en\n"));
    // Typed ahead, in the first words.
    let mut engine = Engine::new(flows(&[]), "main_menu");
    let closings = Closings::new(snow()).unwrap().of_number("100");
    let run = Run::new(Arc::clone(&engine.run.set), FlowName::from("main_menu"));
    engine.run = run.begun_at(Instant::START, WallTime::from_micros(NOW)).closed_by(closings);
    engine.play("start w1 1 w9");
    assert!(!engine.log.contains("chosen"), "{}", engine.log);
    assert!(
        engine.log.contains("say closed.weather/en") && engine.log.contains("say vm.closed_now/en"),
        "{}",
        engine.log
    );
}

#[test]
fn fixed_keys_work_while_a_closing_is_told() {
    let person = told(snow(), "start w19 0 w1");
    assert!(person.contains("say u.agent/en") || person.contains("call sip:front-desk"), "{person}");
    let crisis = told(snow(), "start w19 9 w1");
    assert!(crisis.contains("say cr.stay/en"), "{crisis}");
    let emergency = told(snow(), "start w19 1 1 w1");
    assert!(!emergency.contains("u.emergency"), "{emergency}");
    let again = told(snow(), "start w19 * w4");
    assert_eq!(again, format!("{SNOW}19.0  say closed.weather/en\n22.0  say vm.closed_now/en\n"));
    let spanish = told(snow(), "start w19 2 w20");
    assert!(
        spanish.contains("say closed.weather/es") && spanish.contains("say vm.closed_now/es"),
        "{spanish}"
    );
}

#[test]
fn a_closing_is_over_when_its_time_is_and_the_one_before_it_holds_again() {
    let menu = "18.0  say mm.menu/en\n";
    let table = [
        // It ends while the first words are said, and just after them.
        (vec![closing("closed.weather", Then::AfterHours, 17)], menu.to_owned()),
        (vec![closing("closed.weather", Then::AfterHours, 18)], menu.to_owned()),
        (
            vec![closing("closed.weather", Then::AfterHours, 19)],
            format!("{SNOW}21.0  say vm.closed_now/en\n"),
        ),
        (
            vec![
                closing("closed.weather", Then::AfterHours, 3_600),
                closing("closed.many_calls", Then::Open, 10),
            ],
            format!("{SNOW}21.0  say vm.closed_now/en\n"),
        ),
        (vec![], menu.to_owned()),
    ];
    for (closings, expected) in table {
        assert_eq!(told(closings.clone(), "start w22"), expected, "{closings:#?}");
    }
    // A clock that was never set closes nothing.
    let far = closing("closed.weather", Then::AfterHours, 40 * 86_400);
    assert_eq!(told(vec![far], "start w22"), menu);
}

#[test]
fn words_that_the_set_lacks_are_a_fault_and_the_caller_goes_on() {
    let text = told(vec![closing("closed.gone", Then::AfterHours, 3_600)], "start w22");
    let fault = "18.0  Fault { what: \"the words of a closing are not in this set\" }\n";
    assert_eq!(
        text,
        format!(
            "18.0  Closed {{ prompt: `closed.gone`, then: AfterHours }}\n{fault}18.0  say vm.closed_now/en\n"
        )
    );
}
