//! Keys within a menu: ahead of the words, wrong ones, star and pound, and what is kept of them.

use super::*;

#[test]
fn keys_typed_ahead_skip_words_but_never_the_notice() {
    expect_test::expect![[r#"
        0.0   say u.emergency/en u.emergency/es
        1.0   say u.recording/en
        4.0   NoticeGiven
        4.0   record
        4.0   chosen more
        4.0   chosen topics
        4.0   LadderRung { rung: 1, why: Asked }
        4.0   say u.agent/en
        4.0   call sip:front-desk@127.0.0.1:5070 for 25 s
        6.0   they talk
    "#]]
    .assert_eq(&heard("main_menu", "start w1 6 w1 5 w4 yes"));
}

#[test]
fn two_wrong_keys_lead_to_a_person_and_so_do_silence_and_a_wrong_key() {
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
        27.0  Missed { silence: false, count: 1 }
        27.0  say u.nomatch/en mm.menu/en
        31.0  Missed { silence: false, count: 2 }
        31.0  LadderRung { rung: 1, why: WrongKeys }
        31.0  say u.agent/en
        31.0  call sip:front-desk@127.0.0.1:5070 for 25 s
    "#]]
    .assert_eq(&heard("main_menu", &format!("{TO_MENU} 8 w4 8 w1")));
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
        38.0  Missed { silence: false, count: 2 }
        38.0  LadderRung { rung: 1, why: WrongKeys }
        38.0  say u.agent/en
        38.0  call sip:front-desk@127.0.0.1:5070 for 25 s
    "#]]
    .assert_eq(&heard("main_menu", &format!("{TO_MENU} w11 8 w1")));
}

#[test]
fn a_wrong_key_forgets_what_was_typed_after_it() {
    let log = heard("main_menu", "start w22 8 1 w5");
    assert!(log.contains("u.nomatch") && !log.contains("chosen"), "{log}");
}

#[test]
fn star_repeats_and_pound_gives_thirty_seconds() {
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
        29.0  say mm.menu/en
        33.0  say u.more_time/en
    "#]]
    .assert_eq(&heard("main_menu", &format!("{TO_MENU} w2 * w4 # w30")));
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
        28.0  say u.more_time/en
        68.0  Missed { silence: true, count: 1 }
        68.0  say u.noinput1/en mm.menu/en
    "#]]
    .assert_eq(&heard("main_menu", &format!("{TO_MENU} w1 # w39 w2")));
    let star = heard("main_menu", "start w2 *");
    assert_eq!(star.matches("say u.emergency/en u.emergency/es").count(), 2, "{star}");
}

#[test]
fn what_is_typed_never_shows_in_debug_text() {
    let mut engine = Engine::new(flows(&[]), "main_menu");
    engine.play("start w22 5 8 3");
    assert_eq!(engine.run.ahead.len(), 3);
    let shown = format!("{:?}", engine.run);
    assert!(
        shown.starts_with("Run(flow `entry`, step Some(`notice`)") && !shown.contains("Digit"),
        "{shown}"
    );
}

#[test]
fn no_more_keys_are_kept_than_the_bound() {
    let mut engine = Engine::new(flows(&[]), "main_menu");
    engine.play("start w22");
    (0..100).for_each(|_| engine.press(Key::Digit(5)));
    assert_eq!(engine.run.ahead.len(), TYPE_AHEAD_MAX);
}
