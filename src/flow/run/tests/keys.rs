//! Keys within a menu: ahead of the words, wrong ones, star and pound, and what is kept of them.

use super::*;

#[test]
fn keys_typed_ahead_skip_words_but_never_the_notice() {
    expect_test::expect![[r#"
        0.0   say u.emergency/en u.emergency/es
        1.0   chosen more
        1.0   say mm.more/en
        2.0   chosen topics
        2.0   say u.agent/en u.recording/en
        8.0   NoticeGiven
        8.0   record
        8.0   LadderRung { rung: 1, why: Asked }
        8.0   say u.one_moment/en
        8.0   call sip:front-desk@127.0.0.1:5070 for 25 s
        8.0   they talk
    "#]]
    .assert_eq(&heard("main_menu", "start w1 6 w1 5 1 1 w6 yes"));
}

#[test]
fn two_wrong_keys_lead_to_a_person_and_so_do_silence_and_a_wrong_key() {
    expect_test::expect![[r#"
        18.0  say mm.menu/en
        21.0  Missed { silence: false, count: 1 }
        21.0  say u.nomatch/en mm.menu/en
        25.0  Missed { silence: false, count: 2 }
        25.0  say u.agent/en u.recording/en
        31.0  NoticeGiven
        31.0  record
        31.0  LadderRung { rung: 1, why: WrongKeys }
        31.0  say u.one_moment/en
        31.0  call sip:front-desk@127.0.0.1:5070 for 25 s
    "#]]
    .assert_eq(&heard_from_menu("main_menu", "8 w4 8 w6"));
    expect_test::expect![[r#"
        18.0  say mm.menu/en
        29.0  Missed { silence: true, count: 1 }
        29.0  say u.noinput1/en mm.menu/en
        32.0  Missed { silence: false, count: 2 }
        32.0  say u.agent/en u.recording/en
        38.0  NoticeGiven
        38.0  record
        38.0  LadderRung { rung: 1, why: WrongKeys }
        38.0  say u.one_moment/en
        38.0  call sip:front-desk@127.0.0.1:5070 for 25 s
    "#]]
    .assert_eq(&heard_from_menu("main_menu", "w11 8 w6"));
}

#[test]
fn a_wrong_key_forgets_what_was_typed_after_it() {
    let log = heard_with_notice_first("start w19 8 1 w5");
    assert!(log.contains("u.nomatch") && !log.contains("chosen"), "{log}");
}

#[test]
fn star_repeats_and_pound_gives_thirty_seconds() {
    expect_test::expect![[r#"
        18.0  say mm.menu/en
        23.0  say mm.menu/en
        27.0  say u.more_time/en
    "#]]
    .assert_eq(&heard_from_menu("main_menu", "w2 * w4 # w30"));
    expect_test::expect![[r#"
        18.0  say mm.menu/en
        22.0  say u.more_time/en
        62.0  Missed { silence: true, count: 1 }
        62.0  say u.noinput1/en mm.menu/en
    "#]]
    .assert_eq(&heard_from_menu("main_menu", "w1 # w39 w2"));
    let star = heard("main_menu", "start w2 *");
    assert_eq!(star.matches("say u.emergency/en u.emergency/es").count(), 2, "{star}");
}

#[test]
fn a_second_star_says_it_slowly_until_other_words_are_said() {
    // In a menu: also when the caller has thought in between; a miss begins at the normal pace again.
    expect_test::expect![[r#"
        18.0  say mm.menu/en
        21.0  say mm.menu/en
        22.0  say mm.menu/en/slow
        27.0  say mm.menu/en/slow
        31.0  Missed { silence: false, count: 1 }
        31.0  say u.nomatch/en mm.menu/en
        32.0  say mm.menu/en
    "#]]
    .assert_eq(&heard_from_menu("main_menu", "* w1 * w5 * w4 8 w1 *"));
    // While a person is called: the next words of comfort come at the normal pace.
    let waiting = heard_from_menu("main_menu", "0 w1 * w1 * w20");
    expect_test::expect![[r#"
        18.0  say mm.menu/en
        21.0  LadderRung { rung: 1, why: Asked }
        21.0  say u.agent/en
        21.0  call sip:front-desk@127.0.0.1:5070 for 25 s
        22.0  say u.agent/en
        23.0  say u.agent/en/slow
        41.0  say u.one_moment/en
    "#]]
    .assert_eq(&waiting);
    // The words before a message, and the first words of all.
    let message = heard_from_menu("after_hours", "1 w4 * w1 *");
    assert!(message.contains("vm.record_now/en/slow"), "{message}");
    let first = heard("main_menu", "start w2 * w1 * w7");
    assert!(
        first.contains("say u.emergency/en/slow u.emergency/es/slow\n9.0   say u.crisis/en\n"),
        "{first}"
    );
}

#[test]
fn what_was_heard_slowly_was_heard() {
    // 2 in mid-entry: what is said in the second language does not begin with what was heard already.
    let log = heard("main_menu", "start w1 * w1 * w7 2 w12");
    assert_eq!(log.matches("u.emergency/es").count(), 3, "{log}");
}

#[test]
fn what_is_typed_never_shows_in_debug_text() {
    let mut engine = Engine::new(notice_first(), "main_menu");
    engine.play("start w19 5 8 3");
    assert_eq!(engine.run.ahead.len(), 3);
    let shown = format!("{:?}", engine.run);
    assert!(
        shown.starts_with("Run(flow `entry`, step Some(`notice`)") && !shown.contains("Digit"),
        "{shown}"
    );
}

#[test]
fn no_more_keys_are_kept_than_the_bound() {
    let mut engine = Engine::new(notice_first(), "main_menu");
    engine.play("start w19");
    (0..100).for_each(|_| engine.press(Key::Digit(5)));
    assert_eq!(engine.run.ahead.len(), TYPE_AHEAD_MAX);
}
