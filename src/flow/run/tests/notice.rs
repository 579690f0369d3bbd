//! The notice that a call is recorded: what cuts it short, what stops the recording, and what waits for it.

use super::*;

#[test]
fn two_during_the_notice_waits_and_then_stops_the_recording_until_the_spanish_notice_is_over() {
    expect_test::expect![[r#"
        0.0   say u.emergency/en u.emergency/es
        6.0   say u.crisis/en
        9.0   say u.language/es
        12.0  say u.greeting/en
        15.0  say u.person/en
        18.0  say u.recording/en
        21.0  LanguageChosen(`es`)
        21.0  say u.crisis/es
        24.0  say u.greeting/es
        27.0  say u.person/es
        30.0  say u.recording/es
        33.0  NoticeGiven
        33.0  record
        33.0  say mm.menu/es
        44.0  Missed { silence: true, count: 1 }
        44.0  say u.noinput1/es mm.menu/es
    "#]]
    .assert_eq(&heard_with_notice_first("start w19 2 w25"));
}

#[test]
fn seven_means_no_recording_before_in_and_after_the_notice() {
    expect_test::expect![[r#"
        0.0   say u.emergency/en u.emergency/es
        1.0   RecordingRefused
        6.0   say u.crisis/en
        9.0   say u.language/es
        12.0  say u.greeting/en
        15.0  say u.person/en
        18.0  say mm.menu/en
        20.0  chosen visits
        20.0  LadderRung { rung: 1, why: Asked }
        20.0  say u.agent/en
        20.0  call sip:front-desk@127.0.0.1:5070 for 25 s
        21.0  they talk
    "#]]
    .assert_eq(&heard("main_menu", "start w1 7 w19 1 w1 yes"));
    expect_test::expect![[r#"
        18.0  say mm.menu/en
        21.0  chosen visits
        21.0  say u.agent/en u.recording/en
        26.0  RecordingRefused
        26.0  LadderRung { rung: 1, why: Asked }
        26.0  say u.not_recorded/en
        26.0  call sip:front-desk@127.0.0.1:5070 for 25 s
        30.0  they talk
    "#]]
    .assert_eq(&heard_from_menu("main_menu", "1 w5 7 w4 yes"));
    expect_test::expect![[r#"
        18.0  say mm.menu/en
        21.0  RecordingRefused
        21.0  say u.not_recorded/en mm.menu/en
        25.0  chosen visits
        25.0  LadderRung { rung: 1, why: Asked }
        25.0  say u.agent/en
        25.0  call sip:front-desk@127.0.0.1:5070 for 25 s
        26.0  they talk
    "#]]
    .assert_eq(&heard_from_menu("main_menu", "7 7 w4 1 w1 yes"));
}

#[test]
fn zero_and_nine_cut_the_notice_short_and_nothing_is_recorded() {
    expect_test::expect![[r#"
        18.0  say mm.menu/en
        21.0  chosen visits
        21.0  say u.agent/en u.recording/en
        26.0  NoticeCut
        26.0  LadderRung { rung: 1, why: Asked }
        26.0  say u.agent/en
        26.0  call sip:front-desk@127.0.0.1:5070 for 25 s
        27.0  they talk
    "#]]
    .assert_eq(&heard_from_menu("main_menu", "1 w5 0 w1 yes"));
    expect_test::expect![[r#"
        18.0  say mm.menu/en
        21.0  chosen visits
        21.0  say u.agent/en u.recording/en
        26.0  NoticeCut
        26.0  LadderRung { rung: 1, why: Crisis }
        26.0  say cr.stay/en
        26.0  call sip:front-desk@127.0.0.1:5070 for 25 s
        27.0  they talk
    "#]]
    .assert_eq(&heard_from_menu("main_menu", "1 w5 1 5 9 w1 yes"));
}

#[test]
fn seven_stops_the_recording_until_the_person_answers() {
    for (keys, before) in [("1 w6", "record\n"), ("1 w6 no w2", "vm.record_now"), ("w29", "record\n")] {
        let log = heard_from_menu("main_menu", &format!("{keys} w1 7 w1"));
        let (_, after) = log.split_once("RecordingRefused").unwrap_or_else(|| panic!("{keys}\n{log}"));
        assert!(log.contains(before), "{keys}\n{log}");
        assert!(after.contains("record no more") && after.contains("say u.not_recorded/en"), "{keys}\n{log}");
    }
    let talks = heard_from_menu("main_menu", "1 w6 yes 7 w1");
    assert!(!talks.contains("RecordingRefused"), "a key in a talk is the talk's\n{talks}");
}

#[test]
fn zero_needs_no_notice_and_a_message_always_does() {
    expect_test::expect![[r#"
        0.0   say u.emergency/en u.emergency/es
        1.0   LadderRung { rung: 1, why: Asked }
        1.0   say u.agent/en
        1.0   call sip:front-desk@127.0.0.1:5070 for 25 s
        19.0  say u.one_moment/en
        26.0  LadderRung { rung: 2, why: Asked }
        26.0  say u.not_reached/en u.recording/en
        32.0  NoticeGiven
        32.0  record
        32.0  say vm.record_now/en
        35.0  tone
        38.0  message over
        38.0  Promised { within_working_days: 1 }
        38.0  say vm.saved_next_day/en u.goodbye/en
        44.0  end message_left
    "#]]
    .assert_eq(&heard("main_menu", "start w1 0 w25 w9 open w3 # saved w7"));
    expect_test::expect![[r#"
        18.0  say vm.closed_now/en
        21.0  chosen message
        21.0  LadderRung { rung: 2, why: Asked }
        21.0  say u.recording/en
        22.0  NoticeCut
        22.0  LadderRung { rung: 1, why: Asked }
        22.0  say u.agent/en
        22.0  call sip:front-desk@127.0.0.1:5070 for 25 s
        40.0  say u.one_moment/en
        47.0  LadderRung { rung: 2, why: Asked }
        47.0  say u.not_reached/en u.recording/en
        53.0  NoticeGiven
        53.0  record
        53.0  say vm.record_now/en
        56.0  tone
        59.0  message over
        59.0  Promised { within_working_days: 1 }
        59.0  say vm.saved_next_day/en u.goodbye/en
        65.0  end message_left
    "#]]
    .assert_eq(&heard_from_menu("after_hours", "1 w1 0 w25 w9 open w3 # saved w7"));
    expect_test::expect![[r#"
        18.0  say vm.closed_now/en
        21.0  chosen message
        21.0  LadderRung { rung: 2, why: Asked }
        21.0  say u.recording/en
        22.0  RecordingRefused
        22.0  say u.not_recorded/en vm.record_now/en
        28.0  tone
        31.0  message over
        31.0  Promised { within_working_days: 1 }
        31.0  say vm.saved_next_day/en u.goodbye/en
        37.0  end message_left
    "#]]
    .assert_eq(&heard_from_menu("after_hours", "1 w1 7 w6 open w3 # saved w7"));
}

#[test]
fn a_notice_whose_end_is_not_heard_leads_to_a_person_and_not_to_a_message() {
    let mut engine = Engine::new(flows(&[]), "after_hours");
    engine.play(&format!("{TO_MENU} 1 w1"));
    let (playback, _) = engine.playing.take().unwrap();
    engine.input(Input::PlaybackEnded { playback, completed: false });
    engine.play("w1 no w4");
    expect_test::expect![[r#"
        21.0  chosen message
        21.0  LadderRung { rung: 2, why: Asked }
        21.0  say u.recording/en
        22.0  NoticeCut
        22.0  LadderRung { rung: 1, why: Fault }
        22.0  say u.sysfail/en
        22.0  call sip:front-desk@127.0.0.1:5070 for 25 s
        23.0  LadderRung { rung: 2, why: Fault }
        23.0  say u.not_reached/en u.recording/en
    "#]]
    .assert_eq(engine.log.split_once("say vm.closed_now/en\n").unwrap().1);
    engine.play("w6");
    assert!(engine.log.contains("tone"), "{}", engine.log);
}

#[test]
fn a_notice_in_the_first_words_is_given_once_and_the_menu_is_recorded() {
    expect_test::expect![[r#"
        0.0   say u.emergency/en u.emergency/es
        6.0   say u.crisis/en
        9.0   say u.language/es
        12.0  say u.greeting/en
        15.0  say u.person/en
        18.0  say u.recording/en
        21.0  NoticeGiven
        21.0  record
        21.0  say mm.menu/en
        26.0  RecordingRefused
        26.0  record no more
        26.0  say u.not_recorded/en mm.menu/en
        30.0  chosen visits
        30.0  LadderRung { rung: 1, why: Asked }
        30.0  say u.agent/en
        30.0  call sip:front-desk@127.0.0.1:5070 for 25 s
        31.0  they talk
    "#]]
    .assert_eq(&heard_with_notice_first("start w26 7 w4 1 w1 yes"));
}

#[test]
fn recording_off_means_no_notice_and_no_recording() {
    let clinic =
        include_str!("../../../../ivr-flows/clinic.yaml").replace("recording: on ", "recording: off");
    let mut engine = Engine::new(flows(&[("clinic.yaml", &clinic)]), "main_menu");
    engine.play("start w60");
    assert!(!engine.log.contains("record"), "{}", engine.log);
}
