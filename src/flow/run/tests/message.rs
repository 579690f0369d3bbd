//! A message for the clinic, from the tone to the word that it is kept, or lost.

use super::*;

#[test]
fn a_message_ends_with_pound_or_three_minutes_and_a_lost_one_leads_to_a_person() {
    expect_test::expect![[r#"
        18.0  say vm.closed_now/en
        21.0  chosen message
        21.0  LadderRung { rung: 2, why: Asked }
        21.0  say u.recording/en
        24.0  NoticeGiven
        24.0  record
        24.0  say vm.record_now/en
        25.0  tone
        205.0 message over
        205.0 Promised { within_working_days: 1 }
        205.0 say vm.saved_next_day/en u.goodbye/en
        211.0 end message_left
    "#]]
    .assert_eq(&heard_from_menu("after_hours", "1 w4 # open w180 saved w8"));
    expect_test::expect![[r#"
        18.0  say vm.closed_now/en
        21.0  chosen message
        21.0  LadderRung { rung: 2, why: Asked }
        21.0  say u.recording/en
        24.0  NoticeGiven
        24.0  record
        24.0  say vm.record_now/en
        27.0  tone
        37.0  message over
        37.0  say u.sysfail/en
        42.0  LadderRung { rung: 1, why: Fault }
        42.0  call sip:front-desk@127.0.0.1:5070 for 25 s
        43.0  LadderRung { rung: 2, why: Fault }
        43.0  say u.not_reached/en vm.record_now/en
    "#]]
    .assert_eq(&heard_from_menu("after_hours", "1 w7 open w9 # lost w6 no w1"));
}

#[test]
fn a_pound_before_the_tone_ends_no_message_that_has_not_begun() {
    let table = [
        ("twice over the words", "1 w4 # #"),
        ("between the words and the tone", "1 w6 #"),
        ("again and again", "1 w6 # # # w2 #"),
    ];
    for (why, keys) in table {
        let log = heard_from_menu("after_hours", &format!("{keys} open w5 # saved w8"));
        assert!(!log.contains("sysfail") && log.contains("end message_left"), "{why}\n{log}");
        assert_eq!(log.matches("message over").count(), 1, "{why}\n{log}");
    }
}

#[test]
fn a_recorder_that_does_not_answer_leads_to_a_person() {
    for script in ["1 w7 w11", "1 w7 open # w11", "1 w7 open w190 w11"] {
        let log = heard_from_menu("after_hours", &format!("{script} w6"));
        assert!(log.contains("call sip:front-desk@127.0.0.1:5070"), "{script}\n{log}");
    }
}
