//! The service number: the first words, the PIN, and where it leads in the middle of a call.

use super::*;
use crate::clock::WallTime;
use crate::flow::closing::Closings;
use crate::flow::closing::phone::{Answer, Order};
use crate::flow::closing::pin::Verdict;
use crate::flow::run::by_phone::Service;

/// 2026-11-28, 06:00 in New York, in microseconds.
const MORNING: i64 = 1_795_863_600_000_000;

fn engine() -> Engine {
    let mut engine = Engine::new(flows(&[]), "main_menu");
    let run = Run::new(Arc::clone(&engine.run.set), FlowName::from("main_menu"));
    engine.run = run.begun_at(Instant::START, WallTime::from_micros(MORNING)).at(Service::ByPhone);
    engine
}

fn behind_the_first_words(engine: &Engine) -> &str {
    engine.log.split_once("say u.person/en\n").map_or("", |(_, rest)| rest)
}

#[test]
fn the_emergency_line_comes_first_here_too_and_pound_leads_on() {
    let mut all = engine();
    all.play("start w22");
    assert_eq!(behind_the_first_words(&all), "18.0  say cp.pin/en\n");
    let mut quick = engine();
    quick.play("start w1 # w1");
    assert!(
        quick.log.contains("u.emergency/en") && quick.log.contains("1.0   say cp.pin/en"),
        "{}",
        quick.log
    );
}

#[test]
fn digits_of_a_pin_are_data_and_are_in_no_line_of_the_log() {
    let mut engine = engine();
    engine.play("start w1 # w1 9 0 2 7 4 8 #");
    assert!(engine.log.contains("by phone Unlock"), "{}", engine.log);
    assert!(!engine.log.contains("u.agent") && !engine.log.contains("cr.stay"), "{}", engine.log);
    for digit in ["902748", "chosen"] {
        assert!(!engine.log.contains(digit), "{}", engine.log);
    }
    assert!(!format!("{:?}", engine.run).contains("902748"), "{:?}", engine.run);
    engine.input(Input::ByPhone(Answer::Pin(Verdict::Right, Arc::new(Closings::default()))));
    engine.play("w1 1");
    assert!(engine.log.contains("say cp.nothing_closed/en cp.what/en"), "{}", engine.log);
    assert!(engine.log.contains("say cp.which/en"), "{}", engine.log);
    // Behind the PIN the keys of every menu are what they are everywhere.
    engine.play("w1 0 w1");
    assert!(engine.log.contains("say u.agent/en") && engine.log.contains("call sip:"), "{}", engine.log);
    assert!(!engine.log.contains("say u.recording"), "nothing of such a call is recorded: {}", engine.log);
}

#[test]
fn it_speaks_the_language_that_was_chosen_with_days_and_times() {
    let mut engine = engine();
    engine.play("start w1 2 w1 # w1 2 7 1 8 2 8 #");
    engine.input(Input::ByPhone(Answer::Pin(Verdict::Right, Arc::new(Closings::default()))));
    engine.play("1 3 1 0 0 # 5 0 8 0 0 1 1 w1");
    let told = engine.log.lines().rev().find(|line| line.contains("cp.close_line")).unwrap_or_default();
    for part in [
        "cp.close_line.1/es say/uno/es",
        "cp.until_time.1/es",
        "say/domingo/es",
        "say/noviembre/es",
        "closed.",
    ] {
        assert!(told.contains(part), "{part}: {told}\n{}", engine.log);
    }
    let orders = engine.log.matches("by phone Change").count();
    assert_eq!(orders, 0);
    engine.play("1");
    assert!(engine.log.contains("ByPhone(Close { numbers: These({\"100\"})"), "{}", engine.log);
    assert_eq!(engine.log.matches("by phone Change").count(), 1, "{}", engine.log);
    engine.input(Input::ByPhone(Answer::NotKept));
    assert!(engine.log.contains("say cp.failed/es"), "{}", engine.log);
    engine.play("w1 5 w9");
    assert_eq!(engine.ended, Some(ExitName::from("close_by_phone")), "{}", engine.log);
}

#[test]
fn refused_and_locked_end_with_a_goodbye() {
    for (verdict, words) in [(Verdict::Locked, "cp.locked"), (Verdict::Wrong, "cp.refused")] {
        let mut engine = engine();
        engine.play("start w1 #");
        for _ in 0..3 {
            engine.play("1 1 1 1 1 1 #");
            engine.input(Input::ByPhone(Answer::Pin(verdict, Arc::default())));
            if verdict == Verdict::Locked {
                break;
            }
        }
        engine.play("w9");
        assert!(engine.log.contains(&format!("say {words}/en")), "{}", engine.log);
        assert_eq!(engine.ended, Some(ExitName::from("close_by_phone")), "{}", engine.log);
    }
}

#[test]
fn any_other_number_knows_no_pin() {
    let mut engine = Engine::new(flows(&[]), "main_menu");
    engine.play("start w22 # w1");
    assert!(!engine.log.contains("cp."), "{}", engine.log);
    let order = Order::Unlock(crate::phi::Phi::default());
    assert!(!format!("{order:?}").contains('0'));
}
