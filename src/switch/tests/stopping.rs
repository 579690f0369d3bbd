//! The engine stops while callers are in it.

use super::*;
use crate::audio::tone::Signal;
use crate::flow::run::stopping::STOPPING;
use crate::limits::{FAREWELL, FAREWELL_WARNED, PARTING_MAX};
use crate::sip::carrier::Carrier;
use crate::sip::digest::answer::Account;

const DRAIN: Duration = Duration::from_secs(30);

fn drained(scene: &mut Scene, within: Duration) {
    scene.tell(Input::Drain { within });
}

/// The desk's 200 to the newest INVITE.
pub(super) fn desk_answers(scene: &mut Scene) {
    let invite = scene.sent.iter().rev().find(|text| text.starts_with("INVITE sip:front-desk@"));
    let invite = invite.expect("the desk is called").clone();
    let header = |name: &str| invite.lines().find(|line| line.starts_with(name)).unwrap_or_default();
    let same = ["Via:", "From:", "Call-ID:", "CSeq:"].map(header).join("\r\n");
    let to = header("To:");
    let sdp =
        "v=0\r\no=- 1 1 IN IP4 10.0.0.9\r\ns=-\r\nc=IN IP4 10.0.0.9\r\nt=0 0\r\nm=audio 5000 RTP/AVP 0\r\n";
    scene.datagram(&format!(
        "SIP/2.0 200 OK\r\n{same}\r\n{to};tag=desk\r\nContact: <sip:front-desk@10.0.0.9>\r\n\
         Content-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{sdp}",
        sdp.len()
    ));
}

pub(super) fn byes(scene: &Scene) -> Vec<&String> {
    let mut byes: Vec<&String> = scene.sent.iter().filter(|text| text.starts_with("BYE ")).collect();
    byes.dedup();
    byes
}

#[test]
fn who_is_left_is_told_and_then_his_call_ends() {
    let mut scene = Scene::up("100", "sendrecv");
    drained(&mut scene, DRAIN);
    scene.wait(DRAIN - FAREWELL - Duration::from_millis(1));
    assert_ne!(scene.says, STOPPING, "there is time");
    scene.wait(Duration::from_millis(1));
    assert_eq!((scene.says.as_str(), byes(&scene).len()), (STOPPING, 0), "{:#?}", scene.log);
    scene.heard();
    assert_eq!(byes(&scene).len(), 1, "{:#?}", scene.log);
    assert!(byes(&scene)[0].contains("Reason: SIP;cause=503"), "{:#?}", byes(&scene));
    scene.wait(crate::limits::CLOSING_MAX);
    assert_eq!(scene.ended(), Some(Cause::Draining));
}

#[test]
fn words_that_find_no_time_are_not_begun_and_those_that_take_too_long_are_cut() {
    for (within, says) in [(FAREWELL - Duration::from_millis(1), false), (FAREWELL, true)] {
        let mut scene = Scene::up("100", "sendrecv");
        drained(&mut scene, within);
        scene.wait(within - Duration::from_millis(1));
        assert_eq!((scene.says == STOPPING, byes(&scene).len()), (says, 0), "{within:?}");
        scene.wait(Duration::from_millis(1));
        assert_eq!(byes(&scene).len(), 1, "{within:?}\n{:#?}", scene.log);
    }
}

#[test]
fn nobody_is_called_any_more_but_for_a_caller_in_danger() {
    for (key, is_called) in [(0, false), (9, true)] {
        let mut scene = Scene::up("100", "sendrecv");
        drained(&mut scene, Duration::from_secs(3_600));
        scene.press(Key::Digit(key));
        for _ in 0..4 {
            scene.heard();
        }
        let called = scene.sent.iter().any(|text| text.starts_with("INVITE "));
        let refused =
            scene.log.iter().any(|event| matches!(event, Event::PersonNotReached { status: 503, .. }));
        assert_eq!((called, refused), (is_called, !is_called), "key {key}\n{:#?}", scene.log);
        assert_eq!(scene.ended(), None, "key {key}: the way up goes on");
    }
}

#[test]
fn who_is_sought_when_the_stop_begins_is_not_called_any_more_but_for_a_caller_in_danger() {
    for (key, is_called) in [(0, false), (9, true)] {
        let mut scene = Scene::up("100", "sendrecv");
        scene.unanswered = Some(Vec::new());
        scene.press(Key::Digit(key));
        for _ in 0..4 {
            if scene.unanswered == Some(Vec::new()) {
                scene.heard();
            }
        }
        let open = scene.unanswered.take().unwrap_or_default();
        drained(&mut scene, Duration::from_secs(3_600));
        assert_eq!(open.len(), 1, "key {key}: the desk is sought\n{:#?}", scene.log);
        let records = vec![Record::Address { remote: DESK.parse().unwrap(), local: US.parse().unwrap() }];
        scene.tell(Input::Resolved { id: open[0], records });
        let called = scene.sent.iter().any(|text| text.starts_with("INVITE "));
        let refused =
            scene.log.iter().any(|event| matches!(event, Event::PersonNotReached { status: 503, .. }));
        assert_eq!((called, refused), (is_called, !is_called), "key {key}\n{:#?}", scene.log);
        assert_eq!(scene.ended(), None, "key {key}: the way up goes on");
        assert_eq!(scene.switch.legs.len(), 1 + usize::from(is_called), "key {key}");
    }
}

#[test]
fn a_talk_ends_so_that_the_patient_can_be_told() {
    let mut scene = Scene::up("100", "sendrecv");
    scene.press(Key::Digit(0));
    desk_answers(&mut scene);
    assert!(scene.log.iter().any(|event| matches!(event, Event::Bridged { .. })), "{:#?}", scene.log);
    drained(&mut scene, DRAIN);
    scene.wait(DRAIN - FAREWELL);
    assert!(scene.log.iter().any(|event| matches!(event, Event::Unbridged { .. })), "{:#?}", scene.log);
    assert_eq!(scene.says, STOPPING);
    let told = byes(&scene);
    assert!(told.len() == 1 && told[0].starts_with("BYE sip:front-desk@"), "{told:#?}");
    scene.heard();
    assert_eq!(byes(&scene).len(), 2, "{:#?}", scene.log);
    assert_eq!(scene.switch.counters.cut_off, 1);
}

#[test]
fn a_person_hears_once_that_the_talk_ends_soon_and_the_patient_does_not() {
    let before = FAREWELL + FAREWELL_WARNED;
    // How long calls may go on, and after how much of it she is warned.
    for (within, warned) in [(before * 2, Some(before)), (DRAIN, Some(Duration::ZERO)), (FAREWELL / 2, None)]
    {
        let mut scene = Scene::up("100", "sendrecv");
        scene.press(Key::Digit(0));
        desk_answers(&mut scene);
        let bridged = |event: &Event| match event {
            Event::Bridged { leg, .. } => Some(*leg),
            _ => None,
        };
        let desk = scene.log.iter().find_map(bridged).expect("they talk");
        drained(&mut scene, within);
        if let Some(early) = warned.and_then(|at| at.checked_sub(Duration::from_millis(1))) {
            scene.wait(early);
            assert_eq!(scene.signals, [], "{within:?}: not yet");
        }
        scene.wait(Duration::from_millis(1));
        let expected: Vec<_> = warned.map(|_| (desk, Signal::EndsSoon)).into_iter().collect();
        assert_eq!(scene.signals, expected, "{within:?}");
        scene.wait(within);
        assert_eq!(scene.signals, expected, "{within:?}: once");
    }
}

/// A caller in danger: by key 9, the emergency number, or the number for people in a crisis.
pub(super) fn in_danger(scene: &mut Scene, how: &str) {
    let number = if how == "190" { "190" } else { "100" };
    scene.offer(number, "sendrecv");
    scene.request(number, "ACK", "");
    if number == "100" {
        how.bytes().for_each(|digit| scene.press(Key::Digit(digit - b'0')));
    }
    for _ in 0..8 {
        if !scene.sent.iter().any(|text| text.starts_with("INVITE ")) {
            scene.heard();
        }
    }
}

#[test]
fn a_caller_in_danger_is_waited_for_whether_he_talks_or_somebody_is_called_for_him() {
    for how in ["9", "911", "190"] {
        for talks in [true, false] {
            let mut scene = Scene::down();
            in_danger(&mut scene, how);
            if talks {
                desk_answers(&mut scene);
                assert!(scene.log.iter().any(|event| matches!(event, Event::Bridged { .. })), "{how}");
            }
            drained(&mut scene, DRAIN);
            scene.wait(DRAIN * 4);
            let waits = scene.switch.stopping.map(|stopping| stopping.wait_told);
            assert_eq!((waits, scene.switch.drained_told), (Some(true), false), "{how}: it is told why");
            assert_eq!((byes(&scene).len(), scene.ended()), (0, None), "{how}, talks: {talks}");
            assert_eq!(scene.signals, [], "{how}: nothing ends soon");
            assert_ne!(scene.says, STOPPING, "{how}, talks: {talks}");
            let parted = scene.log.iter().any(|event| matches!(event, Event::Unbridged { .. }));
            assert!(!parted && (talks || super::desk::called(&scene) > 1), "{how}: {:#?}", scene.log);
            // Who wants the engine to stop at once says so.
            drained(&mut scene, Duration::ZERO);
            scene.wait(Duration::ZERO);
            assert!(byes(&scene).iter().any(|bye| bye.starts_with("BYE sip:p@")), "{how}, talks: {talks}");
        }
    }
}

#[test]
fn who_hears_the_words_of_a_number_for_a_crisis_is_not_told_that_the_engine_stops() {
    let mut scene = Scene::down();
    scene.switch.flows = Served::to_all(flows_with("urgent_flows: [crisis_help]"));
    scene.offer("190", "sendrecv");
    scene.request("190", "ACK", "");
    drained(&mut scene, FAREWELL);
    scene.wait(DRAIN);
    assert_eq!((byes(&scene).len(), scene.ended()), (0, None), "{:#?}", scene.log);
    assert_ne!(scene.says, STOPPING);
}

/// What a trunk does that hears that we leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Hears {
    Answers,
    SaysNothing,
    SaysNothingAndWeAreStoppedAgain,
}

fn register_answered(scene: &mut Scene, lines: &str) {
    let is_register = |text: &&String| text.starts_with("REGISTER ");
    let register = scene.sent.iter().rev().find(is_register).expect("a REGISTER").clone();
    let header = |name: &str| register.lines().find(|line| line.starts_with(name)).unwrap_or_default();
    let same = ["Via:", "From:", "Call-ID:", "CSeq:", "To:"].map(header).join("\r\n");
    scene.datagram(&format!("SIP/2.0 200 OK\r\n{same};tag=c\r\n{lines}Content-Length: 0\r\n\r\n"));
}

#[test]
fn a_trunk_hears_that_we_leave_after_the_last_call_and_cannot_hold_us_up() {
    // RFC 3261 §10.2.2
    for hears in [Hears::Answers, Hears::SaysNothing, Hears::SaysNothingAndWeAreStoppedAgain] {
        let mut scene = Scene::up("100", "sendrecv");
        let carrier = Carrier {
            name: "carrier".into(),
            to: vec!["sip:10.0.0.9".to_owned()],
            caller: "+16175550100".to_owned(),
            trusted: false,
            account: Some(Account::new("clinic-7", "secret")),
            login_s: Some(600),
            health_every: None,
            diversion: Default::default(),
            quirks: Default::default(),
        };
        scene.tell(Input::Carriers(vec![carrier]));
        scene.wait(Duration::ZERO);
        register_answered(&mut scene, "Expires: 600\r\n");
        let given_back = |scene: &Scene| {
            scene.sent.iter().any(|text| text.starts_with("REGISTER ") && text.contains("\r\nExpires: 0\r\n"))
        };
        drained(&mut scene, DRAIN);
        scene.wait(Duration::from_secs(1));
        assert!(!given_back(&scene), "calls to us may still be carried on");
        scene.cseq += 1;
        scene.request("100", "BYE", "");
        while !scene.switch.calls.is_empty() {
            scene.wait(Duration::from_millis(10));
        }
        assert!(given_back(&scene) && !scene.switch.drained_told, "{hears:?}");
        match hears {
            Hears::Answers => register_answered(&mut scene, ""),
            Hears::SaysNothing => {
                scene.wait(PARTING_MAX - Duration::from_millis(20));
                assert!(!scene.switch.drained_told);
                scene.wait(Duration::from_millis(20));
            }
            Hears::SaysNothingAndWeAreStoppedAgain => drained(&mut scene, Duration::ZERO),
        }
        assert!(scene.switch.drained_told, "{hears:?}");
    }
}

#[test]
fn the_last_bye_is_waited_for_and_cannot_hold_us_up() {
    // RFC 3261 §15.1.1, §18.1.1: a datagram may be lost, a connection has to be opened first.
    for hears in [Hears::Answers, Hears::SaysNothing] {
        let mut scene = Scene::up("100", "sendrecv");
        drained(&mut scene, Duration::ZERO);
        while !scene.switch.calls.is_empty() {
            scene.wait(Duration::from_millis(10));
        }
        let bye = byes(&scene).last().cloned().expect("the patient hears that the call is over");
        assert!(!scene.switch.drained_told, "{hears:?}");
        match hears {
            Hears::Answers => {
                let header = |name: &str| bye.lines().find(|line| line.starts_with(name)).unwrap_or_default();
                let same = ["Via:", "From:", "Call-ID:", "CSeq:", "To:"].map(header).join("\r\n");
                scene.datagram(&format!("SIP/2.0 200 OK\r\n{same}\r\nContent-Length: 0\r\n\r\n"));
            }
            Hears::SaysNothing | Hears::SaysNothingAndWeAreStoppedAgain => {
                scene.wait(PARTING_MAX - Duration::from_millis(50));
                assert!(!scene.switch.drained_told);
                scene.wait(Duration::from_millis(50));
            }
        }
        assert!(scene.switch.drained_told, "{hears:?}");
    }
}
