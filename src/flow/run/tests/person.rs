//! A person is called: rung by rung, with words meanwhile, and what follows a talk.

use super::*;

#[test]
fn after_a_talk_the_caller_who_stayed_hears_the_menu_again() {
    expect_test::expect![[r#"
        18.0  say mm.menu/en
        21.0  chosen refill
        21.0  say u.agent/en u.recording/en
        27.0  NoticeGiven
        27.0  record
        27.0  LadderRung { rung: 1, why: Asked }
        27.0  say u.one_moment/en
        27.0  call sip:front-desk@127.0.0.1:5070 for 25 s
        28.0  they talk
        88.0  say mm.menu/en
        90.0  chosen billing
        90.0  LadderRung { rung: 1, why: Asked }
        90.0  say u.agent/en
        90.0  call sip:front-desk@127.0.0.1:5070 for 25 s
        91.0  they talk
    "#]]
    .assert_eq(&heard_from_menu("main_menu", "3 w7 yes 9 5 w60 bye w2 5 w1 yes"));
}

#[test]
fn while_somebody_is_called_the_caller_hears_a_word_at_least_every_twenty_seconds() {
    for keys in ["0", "4", "9", "9 1 1", "1"] {
        let mut engine = Engine::new(flows(&[]), "main_menu");
        engine.play(&format!("{TO_MENU} {keys}"));
        let mut silent = 0;
        for _ in 0..300 {
            engine.play("w1");
            silent = if engine.playing.is_some() { 0 } else { silent + 1 };
            let message = engine.log.contains("tone");
            assert!(silent <= 20 || message, "{keys}: {silent} s of silence\n{}", engine.log);
        }
    }
}

#[test]
fn every_rung_is_called_in_its_order_and_in_a_crisis_the_ladder_begins_again() {
    let two = clinic("person: ", "person:\n  - {call: \"sip:nurse@10.0.0.5\", ring: 10 s} ");
    let mut engine = Engine::new(two.clone(), "main_menu");
    engine.play(&format!("{TO_MENU} 0 w40"));
    expect_test::expect![[r#"
        21.0  LadderRung { rung: 1, why: Asked }
        21.0  say u.agent/en
        21.0  call sip:nurse@10.0.0.5 for 10 s
        31.0  LadderRung { rung: 2, why: Asked }
        31.0  call sip:front-desk@127.0.0.1:5070 for 25 s
        39.0  say u.one_moment/en
        56.0  LadderRung { rung: 3, why: Asked }
        56.0  say u.not_reached/en u.recording/en
    "#]]
    .assert_eq(engine.log.split_once("mm.menu/en\n").unwrap().1);
    let mut engine = Engine::new(two, "main_menu");
    engine.play(&format!("{TO_MENU} 9 w110"));
    let calls: Vec<&str> = engine.log.lines().filter(|line| line.contains("call sip:")).collect();
    assert_eq!(calls.len(), 6, "{}", engine.log);
    assert!(calls.iter().step_by(2).all(|call| call.contains("nurse")), "{}", engine.log);
    assert!(!engine.log.contains("tone"), "{}", engine.log);
}

#[test]
fn who_is_handed_on_to_nobody_and_left_alone_is_led_up_the_ladder_from_its_first_rung() {
    for (key, why) in [("5", "Asked"), ("9", "Crisis")] {
        let mut engine = Engine::new(flows(&[]), "main_menu");
        engine.play(&format!("{TO_MENU} {key} w12 yes w30"));
        let before = engine.log.len();
        engine.play("no");
        let after = engine.log[before..].to_owned();
        let rung = format!("LadderRung {{ rung: 1, why: {why} }}");
        assert!(after.contains(&rung) && after.contains("call sip:front-desk@"), "{key}: {}", engine.log);
        engine.play("yes");
        assert!(engine.log.ends_with("they talk\n"), "{key}: {}", engine.log);
    }
}

#[test]
fn who_was_there_too_long_alone_is_led_to_a_person_unless_one_is_called_or_a_message_is_taken() {
    for (before, led_on) in [
        ("start", true),
        (TO_MENU, true),
        ("start w21 w8", true),
        ("start w21 4 w1", true),
        ("start w21 0", false),
        ("start w21 0 yes", false),
        // The notice before a message is no message yet.
        ("start w21 0 no", true),
        ("start w21 0 no w9 open", false),
        ("start w21 0 no w9 open # saved", false),
    ] {
        let mut engine = Engine::new(flows(&[]), "main_menu");
        engine.play(before);
        let length = engine.log.len();
        engine.input(Input::LongAlone);
        let after = &engine.log[length..];
        assert_eq!(after.contains("LadderRung { rung: 1, why: Silence }"), led_on, "`{before}`: {after}");
        assert_eq!(after.contains("call sip:front-desk"), led_on, "`{before}`: {after}");
        assert!(led_on || after.is_empty(), "`{before}`: {after}");
    }
}

#[test]
fn who_answered_and_was_never_heard_counts_as_one_who_did_not_answer() {
    let two = clinic("person: ", "person:\n  - {call: \"sip:nurse@10.0.0.5\", ring: 10 s} ");
    let mut engine = Engine::new(two, "main_menu");
    engine.play(&format!("{TO_MENU} 0 w2 yes w15 mute w1 yes w15 mute"));
    expect_test::expect![[r#"
        21.0  LadderRung { rung: 1, why: Asked }
        21.0  say u.agent/en
        21.0  call sip:nurse@10.0.0.5 for 10 s
        23.0  they talk
        38.0  LadderRung { rung: 2, why: Asked }
        38.0  call sip:front-desk@127.0.0.1:5070 for 25 s
        38.0  say u.one_moment/en
        39.0  they talk
        54.0  LadderRung { rung: 3, why: Asked }
        54.0  say u.not_reached/en u.recording/en
    "#]]
    .assert_eq(engine.log.split_once("mm.menu/en\n").unwrap().1);
}
