//! How a call begins: the emergency line, the language, the notice, and the keys that cut it short.

use super::*;

#[test]
fn a_call_begins_with_the_emergency_line_in_both_languages_and_silence_leads_to_a_message() {
    expect_test::expect![[r#"
        0.0   say u.emergency/en u.emergency/es
        6.0   say u.crisis/en
        9.0   say u.language/en u.language/es
        15.0  say u.greeting/en
        18.0  say u.person/en
        21.0  say u.recording/en
        24.0  NoticeGiven
        24.0  record
        24.0  say mm.menu/en
        35.0  Missed { silence: true, count: 1 }
        35.0  say u.noinput1/en mm.menu/en
        49.0  Missed { silence: true, count: 2 }
        49.0  LadderRung { rung: 1, why: Silence }
        49.0  say u.noinput2/en
        49.0  call sip:front-desk@127.0.0.1:5070 for 25 s
        67.0  say u.one_moment/en
        74.0  LadderRung { rung: 2, why: Silence }
        74.0  say u.not_reached/en vm.record_now/en
        80.0  tone
        87.0  message over
        87.0  Promised { within_working_days: 1 }
        87.0  say vm.saved_next_day/en u.goodbye/en
        93.0  end message_left
    "#]]
    .assert_eq(&heard("main_menu", "start w60 w22 open w5 # saved w9"));
}

#[test]
fn two_switches_to_spanish_and_what_was_heard_in_spanish_is_not_said_again() {
    expect_test::expect![[r#"
        0.0   say u.emergency/en u.emergency/es
        6.0   say u.crisis/en
        7.0   LanguageChosen(`es`)
        7.0   say u.crisis/es
        10.0  say u.greeting/es
        13.0  say u.person/es
        16.0  say u.recording/es
        19.0  NoticeGiven
        19.0  record
        19.0  say mm.menu/es
        27.0  chosen visits
        27.0  LadderRung { rung: 1, why: Asked }
        27.0  say u.agent/es
        27.0  call sip:front-desk@127.0.0.1:5070 for 25 s
        27.0  they talk
    "#]]
    .assert_eq(&heard("main_menu", "start w7 2 w20 1 yes"));
}

#[test]
fn two_during_the_notice_waits_and_then_stops_the_recording_until_the_spanish_notice_is_over() {
    expect_test::expect![[r#"
        0.0   say u.emergency/en u.emergency/es
        6.0   say u.crisis/en
        9.0   say u.language/en u.language/es
        15.0  say u.greeting/en
        18.0  say u.person/en
        21.0  say u.recording/en
        24.0  LanguageChosen(`es`)
        24.0  say u.crisis/es
        27.0  say u.greeting/es
        30.0  say u.person/es
        33.0  say u.recording/es
        36.0  NoticeGiven
        36.0  record
        36.0  say mm.menu/es
        47.0  Missed { silence: true, count: 1 }
        47.0  say u.noinput1/es mm.menu/es
    "#]]
    .assert_eq(&heard("main_menu", "start w22 2 w25"));
}

#[test]
fn seven_means_no_recording_before_in_and_after_the_notice() {
    expect_test::expect![[r#"
        0.0   say u.emergency/en u.emergency/es
        1.0   RecordingRefused
        6.0   say u.crisis/en
        9.0   say u.language/en u.language/es
        15.0  say u.greeting/en
        18.0  say u.person/en
        21.0  say mm.menu/en
    "#]]
    .assert_eq(&heard("main_menu", "start w1 7 w30"));
    expect_test::expect![[r#"
        0.0   say u.emergency/en u.emergency/es
        6.0   say u.crisis/en
        9.0   say u.language/en u.language/es
        15.0  say u.greeting/en
        18.0  say u.person/en
        21.0  say u.recording/en
        23.0  RecordingRefused
        23.0  say u.not_recorded/en
        26.0  say mm.menu/en
    "#]]
    .assert_eq(&heard("main_menu", "start w23 7 w8"));
    expect_test::expect![[r#"
        0.0   say u.emergency/en u.emergency/es
        6.0   say u.crisis/en
        9.0   say u.language/en u.language/es
        15.0  say u.greeting/en
        18.0  say u.person/en
        21.0  say u.recording/en
        24.0  NoticeGiven
        24.0  record
        24.0  say mm.menu/en
        27.0  RecordingRefused
        27.0  record no more
        27.0  say u.not_recorded/en mm.menu/en
    "#]]
    .assert_eq(&heard("main_menu", &format!("{TO_MENU} 7 7 w4")));
}

#[test]
fn zero_and_nine_cut_the_notice_short_and_nothing_is_recorded() {
    expect_test::expect![[r#"
        0.0   say u.emergency/en u.emergency/es
        6.0   say u.crisis/en
        9.0   say u.language/en u.language/es
        15.0  say u.greeting/en
        18.0  say u.person/en
        21.0  say u.recording/en
        22.0  NoticeCut
        22.0  LadderRung { rung: 1, why: Asked }
        22.0  say u.agent/en
        22.0  call sip:front-desk@127.0.0.1:5070 for 25 s
        23.0  they talk
    "#]]
    .assert_eq(&heard("main_menu", "start w22 0 w1 yes"));
    expect_test::expect![[r#"
        0.0   say u.emergency/en u.emergency/es
        6.0   say u.crisis/en
        9.0   say u.language/en u.language/es
        15.0  say u.greeting/en
        18.0  say u.person/en
        21.0  say u.recording/en
        22.0  NoticeCut
        22.0  LadderRung { rung: 1, why: Crisis }
        22.0  say cr.stay/en
        22.0  call sip:front-desk@127.0.0.1:5070 for 25 s
        23.0  they talk
    "#]]
    .assert_eq(&heard("main_menu", "start w22 1 5 9 w1 yes"));
}

#[test]
fn recording_off_means_no_notice_and_no_recording() {
    let clinic =
        include_str!("../../../../ivr-flows/clinic.yaml").replace("recording: on ", "recording: off");
    let mut engine = Engine::new(flows(&[("clinic.yaml", &clinic)]), "main_menu");
    engine.play("start w60");
    assert!(!engine.log.contains("record"), "{}", engine.log);
}

#[test]
fn a_clinic_with_one_language_has_no_key_for_another() {
    let one = clinic("languages: [en, es]", "languages: [en]");
    let mut engine = Engine::new(one, "main_menu");
    engine.play("start w1 2 w30");
    expect_test::expect![[r#"
        0.0   say u.emergency/en
        1.0   say u.recording/en
        4.0   NoticeGiven
        4.0   record
        4.0   Missed { silence: false, count: 1 }
        4.0   say u.nomatch/en mm.menu/en
        18.0  Missed { silence: true, count: 2 }
        18.0  LadderRung { rung: 1, why: Silence }
        18.0  say u.noinput2/en
        18.0  call sip:front-desk@127.0.0.1:5070 for 25 s
    "#]]
    .assert_eq(&engine.log);
}
