//! How a call ends: every exit is reached, by its step alone, and no fault of a flow is a dead end.

use super::*;

/// Every exit of the shipped flows, with the keys that lead there from the menu.
const EXITS: [(&str, &str, &str); 13] = [
    ("main_menu", "1 w6 yes", "visits"),
    ("main_menu", "3 w6 yes", "refill"),
    ("main_menu", "5 w6 yes", "billing"),
    ("main_menu", "6 1 w6 yes", "referrals"),
    ("main_menu", "6 2 w6 yes", "video"),
    ("main_menu", "6 3 w6 yes", "website"),
    ("main_menu", "6 5 w6 yes", "topics"),
    ("main_menu", "6 6 w6 yes", "caregiver"),
    ("main_menu", "0 yes", "person"),
    ("main_menu", "4 w6 yes", "nurse"),
    ("main_menu", "9 yes", "crisis"),
    ("main_menu", "9 1 1 yes", "emergency"),
    ("after_hours", "1 w6 open w5 # saved w6", "message_left"),
];

#[test]
fn every_exit_is_reached_in_both_languages() {
    for (flow, keys, exit) in EXITS {
        for (language, before) in [("en", TO_MENU), ("es", TO_MENU_ES)] {
            let mut engine = Engine::new(flows(&[]), flow);
            engine.play(&format!("{before} {keys}"));
            assert_eq!(engine.run.exit().map(ExitName::as_str), Some(exit), "{language}\n{}", engine.log);
            assert_eq!(engine.faults, 0, "{}", engine.log);
            let last = engine.log.lines().rev().find(|line| line.contains("say")).unwrap_or_default();
            assert!(last.contains(&format!("/{language}")), "{language}\n{}", engine.log);
        }
    }
}

#[test]
fn an_end_is_reached_only_by_its_step() {
    let flow = "flow: main_menu\nstart: choose\nsteps:\n  choose: {menu: mm.menu, keys: {1: bye, 3: bye, 5: bye, 6: bye}}\n  \
                bye: {say: u.goodbye, end: visits}\n";
    let mut engine = Engine::new(flows(&[("main_menu.yaml", flow)]), "main_menu");
    engine.play(&format!("{TO_MENU} 1 w3"));
    assert_eq!(engine.ended.as_ref().map(ExitName::as_str), Some("visits"), "{}", engine.log);
}

#[test]
fn a_circle_that_no_check_saw_leads_to_a_person() {
    use crate::flow::program::{Act, Target, Voices};
    let set = Arc::unwrap_or_clone(flows(&[]));
    let at = set.flows()[set.clinic().entry].start;
    let prompt = PromptName::from("u.agent");
    // The entry says nothing twice, so a circle in it would turn without a word.
    let set = set.with_act(at, Act::Say { prompt, voices: Voices::Callers, next: Target::Step(at) });
    let mut engine = Engine::new(Arc::new(set), "main_menu");
    engine.play("start w4");
    expect_test::expect![[r#"
        0.0   say u.agent/en
        3.0   Fault { what: "the steps of a flow led in a circle" }
        3.0   LadderRung { rung: 1, why: Fault }
        3.0   say u.sysfail/en
        3.0   call sip:front-desk@127.0.0.1:5070 for 25 s
    "#]]
    .assert_eq(&engine.log);
}

#[test]
fn a_number_without_a_flow_of_its_name_gets_the_default() {
    let engine = Engine::new(flows(&[]), "no_such_flow");
    assert_eq!(engine.run.set.flows()[engine.run.called].name.as_str(), "main_menu");
}
