//! Times: those of the files, a caller on hold, and a playing whose end nobody tells.

use super::*;

#[test]
fn however_long_a_caller_is_on_hold_the_words_wait_and_nothing_is_a_fault() {
    let table = [
        ("in the first words", "main_menu", "start w1 hold w4000 back w20", "say u.greeting/en"),
        ("from before the first words", "main_menu", "hold start w4000 back w20", "say u.greeting/en"),
        ("in the notice", "main_menu", "start w21 1 w4 hold w4000 back w4", "NoticeGiven"),
        ("in a menu", "main_menu", "start w19 hold w4000 back w4 5 w1", "chosen billing"),
        (
            "while a person is called",
            "main_menu",
            "start w19 0 w1 hold w4000 back w7 open w9 # saved w7",
            "end message_left",
        ),
        (
            "in the words before a message",
            "after_hours",
            "start w19 1 w4 hold w900 back w4 open w9 # saved w7",
            "end message_left",
        ),
        (
            "at the tone",
            "after_hours",
            "start w19 1 w7 hold w900 back w4 open w9 # saved w7",
            "end message_left",
        ),
        (
            "in the last words",
            "after_hours",
            "start w19 1 w7 open w9 # saved w1 hold w900 back w7",
            "end message_left",
        ),
    ];
    for (when, flow, script, reached) in table {
        let mut engine = Engine::new(flows(&[]), flow);
        engine.play(script);
        assert_eq!(engine.faults, 0, "{when}\n{}", engine.log);
        assert!(engine.log.contains(reached), "{when}: no `{reached}`\n{}", engine.log);
    }
}

#[test]
fn a_playing_whose_end_is_never_told_does_not_hold_the_caller_for_ever() {
    let mut engine = Engine::new(flows(&[]), "main_menu");
    engine.play("start");
    for _ in 0..60 {
        engine.playing = None;
        engine.wait(Duration::from_secs(60));
    }
    assert!(engine.log.contains("call sip:"), "{}", engine.log);
    assert!(!engine.log.contains("\nrecord"), "{}", engine.log);
}

#[test]
fn times_and_tries_are_the_files() {
    let text = include_str!("../../../../ivr-flows/clinic.yaml")
        .replace("times: {first_key: 8 s, more_time: 30 s}\ntries: 2 ", "times: {first_key: 20 s}\ntries: 3");
    // The tests within the triage tree are of two tries.
    let tree = include_str!("../../../../ivr-flows/nurse_triage.yaml")
        .replace("silence, silence", "silence, silence, silence")
        .replace("2, 5, 6]", "2, 5, 6, 5]");
    let patient = flows(&[("clinic.yaml", &text), ("nurse_triage.yaml", &tree)]);
    let mut engine = Engine::new(patient, "main_menu");
    engine.play("start w200");
    expect_test::expect![[r#"
        18.0  say mm.menu/en
        41.0  Missed { silence: true, count: 1 }
        41.0  say u.noinput1/en mm.menu/en
        67.0  Missed { silence: true, count: 2 }
        67.0  say u.noinput1/en mm.menu/en
        93.0  Missed { silence: true, count: 3 }
        93.0  say u.noinput2/en u.recording/en
        99.0  NoticeGiven
        99.0  record
        99.0  LadderRung { rung: 1, why: Silence }
        99.0  say u.one_moment/en
        99.0  call sip:front-desk@127.0.0.1:5070 for 25 s
        117.0 say u.one_moment/en
        124.0 LadderRung { rung: 2, why: Silence }
        124.0 say u.not_reached/en vm.record_now/en
        130.0 tone
        140.0 Fault { what: "the recorder did not answer" }
        140.0 say u.sysfail/en
        145.0 LadderRung { rung: 1, why: Fault }
        145.0 call sip:front-desk@127.0.0.1:5070 for 25 s
        158.0 say u.one_moment/en
        170.0 LadderRung { rung: 2, why: Fault }
        170.0 say u.not_reached/en vm.record_now/en
        176.0 tone
        186.0 Fault { what: "the recorder did not answer" }
        186.0 say u.sysfail/en
        191.0 LadderRung { rung: 1, why: Fault }
        191.0 call sip:front-desk@127.0.0.1:5070 for 25 s
    "#]]
    .assert_eq(engine.log.split_once("say u.person/en\n").unwrap().1);
    let slow = include_str!("../../../../ivr-flows/main_menu.yaml")
        .replace("keys: {1: visits", "first_key: 15 s\n    keys: {1: visits");
    let mut engine = Engine::new(flows(&[("main_menu.yaml", &slow)]), "main_menu");
    engine.play(&format!("{TO_MENU} w14"));
    assert!(!engine.log.contains("Missed"), "{}", engine.log);
    engine.play("w1");
    assert!(engine.log.contains("Missed"), "{}", engine.log);
}

#[test]
fn a_fax_machine_is_no_patient_who_is_silent_and_nobody_is_called_for_it() {
    let table = [
        ("heard in the menu after one silence", "start w21 w16 fax", "FaxHeard end fax"),
        ("not listened for before", "start w21 fax w3", ""),
        ("nor once a person is called", "start w21 0 fax w1", ""),
    ];
    for (when, script, reached) in table {
        let mut engine = Engine::new(flows(&[]), "main_menu");
        engine.play(script);
        let told: Vec<&str> =
            engine.log.lines().filter(|line| line.contains("ax")).map(|line| line[6..].trim()).collect();
        assert_eq!(told.join(" "), reached, "{when}\n{}", engine.log);
        assert!(!engine.log.contains("call") || !script.contains("w16"), "{when}\n{}", engine.log);
    }
}

#[test]
fn keys_in_the_sound_matter_everywhere_but_in_a_talk() {
    let mut engine = Engine::new(flows(&[]), "main_menu");
    let ears = |engine: &Engine| (engine.run.ears().keys, engine.run.ears().fax);
    engine.play("start w1");
    assert_eq!(ears(&engine), (true, false), "the greeting\n{}", engine.log);
    engine.play("w20 w16");
    assert_eq!(ears(&engine), (true, true), "asked a second time\n{}", engine.log);
    engine.play("0 w6 yes");
    assert_eq!(ears(&engine), (false, false), "he talks\n{}", engine.log);
}
