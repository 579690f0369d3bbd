//! Who needs help now: the crisis, 911 and 988, from anywhere.

use super::*;

#[test]
fn a_crisis_is_never_recorded_never_a_message_and_never_given_up() {
    expect_test::expect![[r#"
        18.0  say mm.menu/en
        21.0  LadderRung { rung: 1, why: Crisis }
        21.0  say cr.stay/en
        21.0  call sip:front-desk@127.0.0.1:5070 for 25 s
        39.0  say cr.fallback/en
        46.0  LadderRung { rung: 1, why: Crisis }
        46.0  call sip:front-desk@127.0.0.1:5070 for 25 s
        54.0  they talk
        54.0  LadderRung { rung: 1, why: Crisis }
        54.0  say cr.stay/en
        54.0  call sip:front-desk@127.0.0.1:5070 for 25 s
    "#]]
    .assert_eq(&heard_from_menu("main_menu", "9 w20 no w10 9 no w3 yes bye"));
    let log = heard_from_menu("main_menu", "1 w7 9 w1");
    assert!(log.contains("\n28.0  record no more\n28.0  LadderRung { rung: 1, why: Crisis }"), "{log}");
}

#[test]
fn nine_one_one_is_the_emergency_exit_from_anywhere_if_it_is_quick() {
    expect_test::expect![[r#"
        18.0  say mm.menu/en
        21.0  LadderRung { rung: 1, why: Crisis }
        21.0  say cr.stay/en
        21.0  call sip:front-desk@127.0.0.1:5070 for 25 s
        23.0  LadderRung { rung: 1, why: Emergency }
        23.0  say u.emergency/en
        36.0  say u.emergency/en
        43.0  LadderRung { rung: 1, why: Emergency }
        43.0  call sip:front-desk@127.0.0.1:5070 for 25 s
        44.0  they talk
    "#]]
    .assert_eq(&heard_from_menu("main_menu", "9 w1 1 w1 1 w15 no w6 yes"));
    let slow = heard_from_menu("main_menu", "9 w2 1 w2 1 w1");
    assert!(!slow.contains("Emergency"), "{slow}");
    for before in
        ["", "start", "start w19", "start w21 1", "start w21 1 w6 no w1", "start w21 1 w6 no w6 open"]
    {
        let log = heard("main_menu", &format!("{before} 9 1 1"));
        assert!(log.contains("LadderRung { rung: 1, why: Emergency }"), "after `{before}`:\n{log}");
    }
}

#[test]
fn nine_eight_eight_stays_in_the_crisis() {
    let log = heard_from_menu("main_menu", "9 8 8 w2");
    assert!(log.contains("Crisis") && !log.contains("Emergency"), "{log}");
}
