//! The rules of a trunk hold whoever causes a call over it, a refused rung leads on to the next one, and help is never refused.

use super::transfer::{answers, asks, bridged, invite, patient_hangs_up, steps, takes, told};
use super::*;
use crate::flow::action::Urgency;
use crate::report::event::TransferStep;
use crate::sip::carrier::Carrier;
use crate::switch::dial::Rules;

const BOSTON: &str = "trunk:carrier/+16175550123";

fn carrier(name: &str) -> Carrier {
    Carrier {
        name: name.into(),
        to: vec!["sip:10.0.0.9".to_owned()],
        caller: "+16175550100".to_owned(),
        trusted: true,
        account: None,
        login_s: None,
        health_every: None,
        diversion: Default::default(),
        quirks: Default::default(),
    }
}

fn allowing(allow: &[&str]) -> Rules {
    Rules { allow: Some(allow.iter().map(|prefix| (*prefix).to_owned()).collect()), ..Rules::default() }
}

/// A patient who asks for a person; the trunk has these rules, and these are called in their order.
fn asking(rules: Rules, ladder: [&str; 2]) -> Scene {
    let mut scene =
        Scene::with(|settings| settings.dial.trunks = [("carrier".into(), rules)].into_iter().collect());
    let rungs: String =
        ladder.iter().map(|target| format!("  - {{call: \"{target}\", ring: 25 s}}\n")).collect();
    scene.switch.flows =
        Served::to_all(flows_where("  - {call: \"sip:front-desk@127.0.0.1:5070\", ring: 25 s}\n", &rungs));
    scene.tell(Input::Carriers(vec![carrier("carrier")]));
    scene.offer("100", "sendrecv");
    scene.request("100", "ACK", "");
    scene.press(Key::Digit(0));
    for _ in 0..5 {
        if !scene.sent.iter().any(|text| text.starts_with("INVITE ")) {
            scene.heard();
        }
    }
    scene
}

fn not_reached(scene: &Scene) -> Vec<u16> {
    let status = |event: &Event| match event {
        Event::PersonNotReached { status, .. } => Some(*status),
        _ => None,
    };
    scene.log.iter().filter_map(status).collect()
}

#[test]
fn a_rung_that_the_trunk_does_not_take_is_not_reached_and_the_next_person_is_called() {
    for (rules, refused) in [
        (allowing(&["+49"]), true),
        (allowing(&[]), true),
        (allowing(&["+1617"]), false),
        (Rules::default(), false),
    ] {
        let scene = asking(rules.clone(), [BOSTON, "sip:nurse@127.0.0.1:5080"]);
        assert_eq!(invite(&scene, "nurse").is_some(), refused, "{rules:?}: {:#?}", scene.sent);
        assert_eq!(invite(&scene, "+16175550123").is_some(), !refused, "{rules:?}");
        assert_eq!(not_reached(&scene), if refused { vec![403] } else { vec![] }, "{rules:?}");
        assert_eq!(scene.switch.counters.trunk_calls_refused, u64::from(refused));
    }
}

#[test]
fn a_cap_counts_those_who_are_up_and_lets_go_when_they_are_gone() {
    let rules = Rules { at_once: Some(1), per_minute: Some(3), ..Rules::default() };
    let mut scene = asking(rules, [BOSTON, "sip:nurse@127.0.0.1:5080"]);
    let toll = |scene: &mut Scene| scene.switch.toll(BOSTON, Urgency::Usual);
    assert_eq!(toll(&mut scene), Err(480), "one rings");
    answers(&mut scene, "+16175550123", "200 OK");
    assert_eq!(toll(&mut scene), Err(480), "one talks");
    patient_hangs_up(&mut scene);
    let tolls = [toll(&mut scene), toll(&mut scene), toll(&mut scene)];
    assert_eq!(tolls, [Ok(()), Ok(()), Err(480)], "three in a minute");
    scene.wait(Duration::from_secs(61));
    scene.tell(Input::Timeout);
    assert_eq!(toll(&mut scene), Ok(()));
    assert_eq!(scene.switch.counters.trunk_calls_refused, 3);
}

#[test]
fn every_call_over_a_trunk_is_judged_and_nobody_in_danger_and_no_call_for_help_is_refused() {
    let rules = Rules { per_day: Some(1), ..allowing(&["+1"]) };
    let trunks = ["carrier", "emergency"].map(|name| (name.into(), rules.clone()));
    let mut scene = Scene::with(|settings| settings.dial.trunks = trunks.into_iter().collect());
    for (target, urgency, expected) in [
        ("trunk:carrier/+33145678901", Urgency::Usual, Err(403)),
        ("trunk:carrier/+33145678901", Urgency::Danger, Ok(())),
        ("trunk:carrier/+19005550123", Urgency::Usual, Err(403)),
        ("trunk:carrier/+19005550123", Urgency::Danger, Err(403)),
        ("trunk:other/+19005550123", Urgency::Usual, Err(403)),
        ("trunk:other/+33145678901", Urgency::Usual, Ok(())),
        (BOSTON, Urgency::Usual, Ok(())),
        (BOSTON, Urgency::Usual, Err(480)),
        (BOSTON, Urgency::Danger, Ok(())),
        ("emergency:911", Urgency::Danger, Ok(())),
        ("emergency:911", Urgency::Usual, Ok(())),
        ("emergency:112", Urgency::Danger, Ok(())),
        ("sip:nurse@127.0.0.1", Urgency::Usual, Ok(())),
    ] {
        assert_eq!(scene.switch.toll(target, urgency), expected, "{target} {urgency:?}");
    }
}

#[test]
fn a_transfer_that_the_trunk_does_not_take_fails_and_the_talk_goes_on() {
    let mut scene = asking(allowing(&["+49"]), ["sip:nurse@127.0.0.1:5080", BOSTON]);
    answers(&mut scene, "nurse", "200 OK");
    let nurse = bridged(&scene);
    asks(&mut scene, "nurse", "REFER", "Refer-To: <sip:+16175550123@10.0.0.1>\r\n", "");
    takes(&mut scene, "NOTIFY ");
    assert_eq!(invite(&scene, "+16175550123"), None, "{:#?}", scene.sent);
    assert_eq!(steps(&scene).last(), Some(&TransferStep::Failed { status: 403 }), "{:#?}", steps(&scene));
    assert_eq!(bridged(&scene), [nurse[0], nurse[0]], "they talk again");
    assert_eq!(told(&scene).last(), Some(&"403"));
    patient_hangs_up(&mut scene);
}
