//! Requests: what a caller hears while a server is asked, and where its answer leads him.

use super::*;
use crate::flow::program::{Act, Target};

/// A line that asks a server, and leads by what it answers.
fn asking() -> Arc<FlowSet> {
    flows(&[(
        "after_hours.yaml",
        "flow: after_hours\nstart: ask\nsteps:\n  \
         ask: {request: \"https://scheduler.example/slots?x=1\", answer: {free: number}, within: 10 s, \
         next: {done: look, failed: person}}\n  \
         look: {when: free > 2, next: {yes: closed, no: nurse}}\n  \
         closed: {menu: vm.closed_now, keys: {1: message}}\n",
    )])
}

fn at_request(script: &str) -> String {
    let mut engine = Engine::new(asking(), "after_hours");
    engine.play(&format!("start w18 {script}"));
    let log = engine.log;
    let Some(rest) = log.strip_prefix(FIRST_WORDS) else { panic!("other first words:\n{log}") };
    rest.to_owned()
}

const ASKED: &str = "18.0  ask scheduler.example /slots?x=1\n";

/// What the engine and the caller do while a server is asked, and what follows.
#[test]
fn a_caller_waits_in_words_and_an_answer_leads_him_on() {
    let fact = |outcome: &str, milliseconds: u32| {
        format!(
            "Requested {{ host: \"scheduler.example\", outcome: {outcome}, milliseconds: {milliseconds} }}"
        )
    };
    for (name, script, wanted) in [
        (
            "a quick answer: no words",
            "answer",
            format!("18.0  {}\n18.0  say vm.closed_now/en\n", fact("Done", 0)),
        ),
        (
            "words after a second; an answer in them waits for their end",
            "w2 answer w2",
            format!("19.0  say u.one_moment/en\n20.0  {}\n22.0  say vm.closed_now/en\n", fact("Done", 2_000)),
        ),
        (
            "after the words at once",
            "w5 answer",
            format!("19.0  say u.one_moment/en\n23.0  {}\n23.0  say vm.closed_now/en\n", fact("Done", 5_000)),
        ),
        (
            "a failure at once, in the words too",
            "w2 failure",
            format!(
                "19.0  say u.one_moment/en\n20.0  {}\n20.0  say u.agent/en u.recording/en\n",
                fact("Status(500)", 2_000)
            ),
        ),
        (
            "star says the words once more, and nothing before there were any",
            "* w2 * w1",
            "19.0  say u.one_moment/en\n20.0  say u.one_moment/en\n".to_owned(),
        ),
        (
            "on hold nothing is said; the answer counts",
            "hold w2 answer back",
            format!("20.0  {}\n20.0  say vm.closed_now/en\n", fact("Done", 2_000)),
        ),
    ] {
        assert_eq!(at_request(script), format!("{ASKED}{wanted}"), "{name}");
    }
}

#[test]
fn a_caller_who_will_not_wait_gets_his_person_and_the_request_is_let_go() {
    for (keys, says) in [
        ("0", "say u.agent/en"),
        ("9", "say cr.stay/en"),
        // 9 alone is the crisis; the emergency number is graver.
        ("9 1 1", "say u.emergency/en"),
    ] {
        let log = at_request(&format!("w2 {keys}"));
        assert!(log.contains("let go\n"), "{keys}: {log}");
        assert!(log.contains("outcome: Left, milliseconds: 2000"), "{keys}: {log}");
        assert!(log.contains(says), "{keys}: {log}");
        assert!(log.contains("call sip:"), "{keys}: {log}");
    }
}

#[test]
fn a_key_that_is_pressed_meanwhile_is_for_the_step_that_follows() {
    let log = at_request("1 answer w4");
    assert!(log.contains("chosen message"), "{log}");
    assert!(!log.contains("say vm.closed_now"), "typed ahead: the question need not be heard: {log}");
}

#[test]
fn an_engine_that_never_answers_leads_up_and_a_late_answer_changes_nothing() {
    let mut engine = Engine::new(asking(), "after_hours");
    engine.play("start w18");
    let asked = engine.asked_server;
    engine.play("w12");
    let log = engine.log.clone();
    assert!(log.contains("29.0  Fault { what: \"a request was not answered\" }"), "{log}");
    assert!(log.contains("29.0  say u.sysfail/en") && log.contains("let go"), "{log}");
    let length = engine.log.len();
    let answer = Ok(vec![(ValueName::from("free"), Saved::Number(3))]);
    engine.input(Input::Answered { request: asked.expect("it was asked"), answer });
    assert_eq!(&engine.log[length..], "", "what comes too late");
}

#[test]
fn a_value_that_was_never_saved_is_no_request_but_a_failure() {
    let set = flows(&[(
        "after_hours.yaml",
        "flow: after_hours\nstart: a\nsteps:\n  \
         a: {menu: vm.closed_now, keys: {1: one}, next: {one: kept}}\n  \
         kept: {set: {days: 3}, next: ask}\n  \
         ask: {request: \"https://scheduler.example/slots\", with: {days: $days}, \
         next: {done: person, failed: nurse}}\n",
    )]);
    let mut engine = Engine::new(Arc::clone(&set), "after_hours");
    engine.play("start w21 1");
    assert!(engine.log.contains("ask scheduler.example /slots?days=3"), "{}", engine.log);
    let flow = set.position(&FlowName::from("after_hours")).expect("it is there");
    let wait = Act::Wait { time: Duration::from_secs(1), next: Target::Step(StepAt { flow, step: 2 }) };
    let unset = Arc::new((*set).clone().with_act(StepAt { flow, step: 1 }, wait));
    let mut engine = Engine::new(unset, "after_hours");
    engine.play("start w21 1 w2");
    assert!(engine.log.contains("outcome: Unsaved, milliseconds: 0"), "{}", engine.log);
    assert!(engine.log.contains("say u.nurse/en"), "{}", engine.log);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    /// Whatever happens in whatever order, no caller is lost and no request is left behind.
    #[test]
    fn however_keys_answers_and_time_fall_the_caller_is_led_on(
        acts in proptest::collection::vec(0_u8..16, 1..12)
    ) {
        let mut engine = Engine::new(asking(), "after_hours");
        engine.play("start w18");
        for act in &acts {
            match act {
                0..=9 => engine.press(Key::Digit(*act)),
                10 => engine.press(Key::Star),
                11 | 12 => engine.wait(Duration::from_millis(700)),
                13 if engine.asked_server.is_some() => engine.play("answer"),
                14 if engine.asked_server.is_some() => engine.play("failure"),
                15 => engine.hold(!engine.on_hold),
                _ => engine.wait(Duration::from_secs(2)),
            }
        }
        if engine.on_hold {
            engine.hold(false);
        }
        // Over the first words in both languages, the wait and the menu.
        engine.wait(Duration::from_secs(90));
        prop_assert_eq!(engine.asked_server, None, "{}", engine.log);
        prop_assert!(engine.ended.is_some() || engine.run.poll_timeout().is_some(), "{}", engine.log);
    }
}
