//! Who is called with an interpreter, or has a menu of his own: what the flow asks the engine for.

use super::values::set;
use super::*;
use crate::limits::INTERPRETER_WAIT_MAX;

fn door(steps: &str) -> Arc<FlowSet> {
    set(&[("door.yaml", &format!("flow: door\nstart: a\nsteps:\n{steps}"))], "door")
}

const STEP: &str = "  a: {transfer: \"sip:nurse@10.0.0.5\", before: u.agent, interpreter: vi, next: {failed: b}}\n  \
                    b: {person: u.agent}\n";

#[test]
fn while_person_or_interpreter_is_waited_for_the_caller_hears_a_word_at_least_every_twenty_seconds() {
    let mut engine = Engine::new(door(STEP), "door");
    engine.play("start w19");
    let call = "call sip:nurse@10.0.0.5 for 25 s, interpreter vi\n";
    assert!(engine.log.ends_with(call), "{}", engine.log);
    // The nurse answers at the last moment, and so does the vendor.
    let longest = 25 + INTERPRETER_WAIT_MAX.as_secs();
    engine.ringing = Some(engine.now + Duration::from_secs(longest + 5));
    let mut silent = 0;
    for second in 0..longest {
        engine.play("w1");
        silent = if engine.playing.is_some() { 0 } else { silent + 1 };
        assert!(silent <= 20, "second {second}: {silent} s of silence\n{}", engine.log);
    }
    engine.play("yes");
    assert_eq!((engine.faults, engine.log.ends_with("they talk\n")), (0, true), "{}", engine.log);
}

#[test]
fn who_needs_an_interpreter_needs_one_with_the_next_person_too() {
    let mut engine = Engine::new(door(STEP), "door");
    engine.play("start w19 no w7");
    let ladder = "call sip:front-desk@127.0.0.1:5070 for 25 s, interpreter vi\n";
    assert!(engine.log.contains(ladder), "{}", engine.log);
}

#[test]
fn the_menu_of_a_rung_hears_the_key_of_the_callers_language() {
    let menu = || clinic("ring: 25 s}", "ring: 25 s, keys: {es: \"2\"}}");
    for (script, keys) in [(TO_MENU, "for 25 s\n"), (TO_MENU_ES, "for 25 s, then [Digit(2)]\n")] {
        let mut engine = Engine::new(menu(), "main_menu");
        engine.play(&format!("{script} 9 w1"));
        assert!(engine.log.ends_with(keys), "{}", engine.log);
    }
}
