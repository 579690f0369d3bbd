//! How a call begins: the emergency line, and the language.

use super::*;

#[test]
fn a_call_begins_with_the_emergency_line_in_both_languages_and_silence_leads_to_a_message() {
    expect_test::expect![[r#"
        0.0   say u.emergency/en u.emergency/es
        6.0   say u.crisis/en
        9.0   say u.language/es
        12.0  say u.greeting/en
        15.0  say u.person/en
        18.0  say mm.menu/en
        29.0  Missed { silence: true, count: 1 }
        29.0  say u.noinput1/en mm.menu/en
        43.0  Missed { silence: true, count: 2 }
        43.0  say u.noinput2/en u.recording/en
        49.0  NoticeGiven
        49.0  record
        49.0  LadderRung { rung: 1, why: Silence }
        49.0  say u.one_moment/en
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
        16.0  say mm.menu/es
        19.0  chosen visits
        19.0  say u.agent/es u.recording/es
        25.0  NoticeGiven
        25.0  record
        25.0  LadderRung { rung: 1, why: Asked }
        25.0  say u.one_moment/es
        25.0  call sip:front-desk@127.0.0.1:5070 for 25 s
        25.0  they talk
    "#]]
    .assert_eq(&heard("main_menu", "start w7 2 w12 1 w6 yes"));
}

#[test]
fn a_clinic_with_one_language_has_no_key_for_another() {
    let one = clinic("languages: [en, es]", "languages: [en]");
    let mut engine = Engine::new(one, "main_menu");
    engine.play("start w1 2 w30");
    expect_test::expect![[r#"
        0.0   say u.emergency/en
        1.0   Missed { silence: false, count: 1 }
        1.0   say u.nomatch/en mm.menu/en
        15.0  Missed { silence: true, count: 2 }
        15.0  say u.noinput2/en u.recording/en
        21.0  NoticeGiven
        21.0  record
        21.0  LadderRung { rung: 1, why: Silence }
        21.0  say u.one_moment/en
        21.0  call sip:front-desk@127.0.0.1:5070 for 25 s
    "#]]
    .assert_eq(&engine.log);
}
