//! Steps that ask a calendar: where they lead at which time, and when no time is known.

use super::*;
use crate::clock::WallTime;

/// The main menu by day, the message by night, with a holiday of its own where `holiday` says so.
fn clinic(holiday: &str) -> Arc<FlowSet> {
    let door = format!(
        "flow: door\nstart: open_now\nsteps:\n  open_now:\n    hours: clinic\n    next: {{open: main_menu, closed: after_hours{holiday}}}\n  \
         free: {{say: u.goodbye, next: message}}\n"
    );
    // Every step must be reached: without a way for holidays a menu leads there.
    let door =
        if holiday.is_empty() { door.replace("  free: {say: u.goodbye, next: message}\n", "") } else { door };
    let numbers = include_str!("../../../../ivr-flows/clinic.yaml").replace("100: main_menu", "100: door");
    let hours = include_str!("../../../../ivr-flows/hours.yaml");
    flows(&[("clinic.yaml", &numbers), ("hours.yaml", hours), ("door.yaml", &door)])
}

/// What is heard behind the first words by a caller who calls at an instant of UTC, in seconds since 1970.
fn heard_at(set: Arc<FlowSet>, seconds: i64) -> String {
    let mut engine = Engine::new(set, "door");
    let run = Run::new(Arc::clone(&engine.run.set), FlowName::from("door"));
    engine.run = run.begun_at(Instant::START, WallTime::from_micros(seconds * 1_000_000));
    engine.play("start w18");
    let Some(rest) = engine.log.strip_prefix(FIRST_WORDS) else {
        panic!("other first words:\n{}", engine.log)
    };
    rest.to_owned()
}

/// 2026-11-24, a Tuesday, 08:00 in New York.
const TUESDAY_8: i64 = 1_795_525_200;
const DAY: i64 = 86_400;

#[test]
fn the_time_of_the_call_decides_where_it_leads() {
    for (what, seconds, words) in [
        ("two seconds before the step it is still closed", TUESDAY_8 - 20, "vm.closed_now/en"),
        ("the step is met 18 s into the call, and by then it is open", TUESDAY_8 - 17, "mm.menu/en"),
        ("in the morning", TUESDAY_8 + 3_600, "mm.menu/en"),
        ("at five", TUESDAY_8 + 9 * 3_600, "vm.closed_now/en"),
        ("on Thanksgiving", TUESDAY_8 + 2 * DAY, "u.goodbye/en"),
        ("on Saturday", TUESDAY_8 + 4 * DAY, "vm.closed_now/en"),
    ] {
        let heard = heard_at(clinic(", holiday: free"), seconds);
        assert_eq!(heard, format!("18.0  say {words}\n"), "{what}");
    }
}

#[test]
fn a_holiday_without_a_way_of_its_own_is_as_closed_as_a_night() {
    let heard = heard_at(clinic(""), TUESDAY_8 + 2 * DAY);
    assert_eq!(heard, "18.0  say vm.closed_now/en\n");
}

#[test]
fn when_the_time_is_not_known_the_caller_comes_to_persons() {
    let expected = "18.0  Fault { what: \"the time is not known, so no calendar could be asked\" }\n\
                    18.0  say mm.menu/en\n";
    // A machine whose clock was never set.
    assert_eq!(heard_at(clinic(", holiday: free"), 3_600), expected);
    let mut engine = Engine::new(clinic(", holiday: free"), "door");
    engine.play("start w18");
    assert!(engine.log.ends_with(expected), "{}", engine.log);
    engine.play("w1 0");
    assert!(engine.log.ends_with("call sip:front-desk@127.0.0.1:5070 for 25 s\n"), "{}", engine.log);
}

#[test]
fn the_step_is_told_as_every_step_is() {
    let set = clinic(", holiday: free");
    let mut run = Run::new(set, FlowName::from("door"))
        .begun_at(Instant::START, WallTime::from_micros(TUESDAY_8 * 1_000_000));
    let mut entered = Vec::new();
    run.handle(Instant::START, Input::Start);
    for _ in 0..9 {
        while let Some(action) = run.poll_action() {
            match action {
                Action::Tell(Fact::StepEntered { flow, step }) => entered.push(format!("{flow}.{step}")),
                Action::Play { playback, .. } if entered.len() < 7 => {
                    run.handle(Instant::START, Input::PlaybackEnded { playback, completed: true });
                }
                _ => {}
            }
        }
    }
    assert_eq!(entered.last().map(String::as_str), Some("main_menu.choose"), "{entered:?}");
    assert_eq!(entered[entered.len() - 2], "door.open_now", "{entered:?}");
}
