//! Who needs help now: the crisis, 911 and 988, from anywhere.

use super::*;

#[test]
fn a_crisis_is_never_recorded_never_a_message_and_never_given_up() {
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
        27.0  record no more
        27.0  LadderRung { rung: 1, why: Crisis }
        27.0  say cr.stay/en
        27.0  call sip:front-desk@127.0.0.1:5070 for 25 s
        45.0  say cr.fallback/en
        52.0  LadderRung { rung: 1, why: Crisis }
        52.0  call sip:front-desk@127.0.0.1:5070 for 25 s
        60.0  they talk
        60.0  LadderRung { rung: 1, why: Crisis }
        60.0  say cr.stay/en
        60.0  call sip:front-desk@127.0.0.1:5070 for 25 s
    "#]]
    .assert_eq(&heard("main_menu", &format!("{TO_MENU} 9 w20 no w10 9 no w3 yes bye")));
}

#[test]
fn nine_one_one_is_the_emergency_exit_from_anywhere_if_it_is_quick() {
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
        27.0  record no more
        27.0  LadderRung { rung: 1, why: Crisis }
        27.0  say cr.stay/en
        27.0  call sip:front-desk@127.0.0.1:5070 for 25 s
        29.0  LadderRung { rung: 1, why: Emergency }
        29.0  say u.emergency/en
        42.0  say u.emergency/en
        49.0  LadderRung { rung: 1, why: Emergency }
        49.0  call sip:front-desk@127.0.0.1:5070 for 25 s
        50.0  they talk
    "#]]
    .assert_eq(&heard("main_menu", &format!("{TO_MENU} 9 w1 1 w1 1 w15 no w6 yes")));
    let slow = heard("main_menu", &format!("{TO_MENU} 9 w2 1 w2 1 w1"));
    assert!(!slow.contains("Emergency"), "{slow}");
    for before in ["", "start", "start w22", "start w27 1", "start w27 1 no w1", "start w27 1 no w6 open"] {
        let log = heard("main_menu", &format!("{before} 9 1 1"));
        assert!(log.contains("LadderRung { rung: 1, why: Emergency }"), "after `{before}`:\n{log}");
    }
}

#[test]
fn nine_eight_eight_stays_in_the_crisis() {
    let log = heard("main_menu", &format!("{TO_MENU} 9 8 8 w2"));
    assert!(log.contains("Crisis") && !log.contains("Emergency"), "{log}");
}
