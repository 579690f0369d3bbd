//! A person hands the talk on by keys: which keys are a code, who talks with whom, and that nobody is lost.

use super::transfer::{
    answers, answers_with, asks, bridged, invite, nothing_is_left, patient_hangs_up, sent, steps,
};
use super::*;
use crate::audio::tone::Signal;
use crate::call::keycode::{Code, Codes};
use crate::id::AskId;
use crate::limits::{CODE_KEY_WITHIN, NUMBER_KEY_WITHIN, TRANSFER_RING};
use crate::media::command::{Command, Ears, KeysGo};
use crate::report::event::{GuestMode, TransferMeans, TransferStep};
use crate::switch::interface::{GuestAct, GuestDone, GuestOrder, GuestRefusal};
use proptest::prelude::*;
use std::collections::BTreeSet;

/// A phone whose keys come as events.
const EVENTS: &str = "v=0\r\no=- 1 1 IN IP4 10.0.0.9\r\ns=-\r\nc=IN IP4 10.0.0.9\r\nt=0 0\r\nm=audio 5000 RTP/AVP 0 101\r\n\
    a=rtpmap:101 telephone-event/8000\r\n";
/// A phone whose keys are sound, or come in INFO.
const SOUND: &str =
    "v=0\r\no=- 1 1 IN IP4 10.0.0.9\r\ns=-\r\nc=IN IP4 10.0.0.9\r\nt=0 0\r\nm=audio 5000 RTP/AVP 0\r\n";
const NURSE: &str = "102";
const REFER: &str = "Refer-To: <sip:102@10.0.0.1>\r\n";

fn codes() -> Codes {
    Codes { blind: Code::read("*1"), attended: Code::read("*2"), back: Code::read("*0") }
}

/// A clinic with a desk and a nurse whose number can be pressed.
fn clinic() -> Arc<FlowSet> {
    let desk = "  - {call: \"sip:front-desk@127.0.0.1:5070\", ring: 25 s}\n";
    flows_where(desk, &format!("{desk}  - {{call: \"sip:102@127.0.0.1:5080\", ring: 25 s}}\n"))
}

/// A patient who talks with the desk, whose phone answers so.
fn talking_with(codes: Codes, sdp: &str) -> Scene {
    let mut scene = Scene::with(|settings| settings.keys = codes);
    scene.switch.flows = Served::to_all(clinic());
    let ports = (0..8).map(|n| 20_000 + 2 * n).collect();
    scene.switch.ports = super::ports::Ports::new(&[ports], 2, crate::limits::PORT_REST_DEFAULT);
    scene.offer("100", "sendrecv");
    scene.request("100", "ACK", "");
    scene.press(Key::Digit(0));
    for _ in 0..5 {
        if invite(&scene, "front-desk").is_none() {
            scene.heard();
        }
    }
    answers_with(&mut scene, "front-desk", "200 OK", sdp);
    assert_eq!(bridged(&scene).len(), 1, "{:#?}", scene.log);
    scene
}

fn talking() -> Scene {
    talking_with(codes(), EVENTS)
}

/// The same once the desk has pressed these.
fn after(keys: &str) -> Scene {
    let mut scene = talking();
    let desk = desk(&scene);
    presses(&mut scene, desk, keys);
    scene
}

fn desk(scene: &Scene) -> LegId {
    bridged(scene)[0]
}

/// The leg to the nurse, who was called last.
fn nurse(scene: &Scene) -> LegId {
    let called = |event: &Event| if let Event::PersonCalled { leg, .. } = event { Some(*leg) } else { None };
    scene.log.iter().filter_map(called).next_back().expect("somebody is called")
}

fn presses(scene: &mut Scene, leg: LegId, keys: &str) {
    for key in keys.chars() {
        let key = Key::of_char(key).expect("a key");
        scene.tell(Input::Media(media::Event::Key { leg, key, at: scene.now.at }));
    }
}

/// What was pressed for the party of this leg.
fn pressed(scene: &Scene, whom: LegId) -> String {
    let keys = scene.commands.iter().filter_map(|command| match command {
        Command::Press { leg, keys, .. } if *leg == whom => Some(keys.expose().clone()),
        _ => None,
    });
    keys.flatten().map(Key::as_char).collect()
}

/// Who hears whom by the orders so far, where no room is.
fn talks(scene: &Scene) -> BTreeSet<(LegId, LegId)> {
    let mut talks = BTreeSet::new();
    for command in &scene.commands {
        match command {
            Command::Bridge { a, b } => {
                talks.retain(|(one, other)| ![one, other].into_iter().any(|leg| leg == a || leg == b));
                talks.insert((*a, *b));
            }
            Command::Unbridge { leg } | Command::Close { leg } => {
                talks.retain(|(one, other)| one != leg && other != leg);
            }
            _ => {}
        }
    }
    talks
}

fn began(means: TransferMeans) -> TransferStep {
    TransferStep::Began { target: "sip:102@127.0.0.1:5080".to_owned(), means }
}

fn signals(scene: &Scene) -> Vec<Signal> {
    let desk = desk(scene);
    assert!(scene.signals.iter().all(|(leg, _)| *leg == desk), "{:?}", scene.signals);
    scene.signals.iter().map(|(_, signal)| *signal).collect()
}

#[track_caller]
fn over(mut scene: Scene) {
    patient_hangs_up(&mut scene);
    nothing_is_left(&mut scene);
}

#[test]
fn keys_that_are_no_code_reach_the_patient_in_their_order_and_codes_never_do() {
    for (keys, at_once, later) in [
        ("5", "5", "5"),
        ("12#", "12#", "12#"),
        ("*", "", "*"),
        ("*9", "*9", "*9"),
        ("**", "*", "**"),
        ("3*", "3", "3*"),
        ("*0", "*0", "*0"),
        ("*1", "", ""),
        ("*1102#", "", ""),
        ("*2102#", "", ""),
        ("7*177#8", "78", "78"),
        ("*1*0*", "", "*"),
    ] {
        let mut scene = after(keys);
        let patient = scene.leg();
        assert_eq!(pressed(&scene, patient), at_once, "{keys}");
        scene.wait(CODE_KEY_WITHIN);
        assert_eq!(pressed(&scene, patient), later, "{keys}");
        over(scene);
    }
}

#[test]
fn the_worker_keeps_the_keys_of_a_person_back_only_where_codes_are_configured() {
    for (codes, sdp, expected) in [
        (codes(), EVENTS, (vec![KeysGo::Nowhere], vec![])),
        (codes(), SOUND, (vec![], vec![Ears { keys: true, fax: false }])),
        (Codes::default(), EVENTS, (vec![], vec![])),
        (Codes { back: Code::read("*0"), ..Codes::default() }, SOUND, (vec![], vec![])),
    ] {
        let is_off = !codes.are_any();
        let mut scene = talking_with(codes, sdp);
        let (patient, desk) = (scene.leg(), desk(&scene));
        presses(&mut scene, desk, "*5*1102#");
        scene.wait(CODE_KEY_WITHIN);
        let keys = scene.commands.iter().filter_map(|command| match command {
            Command::Keys { leg, go } if *leg == desk => Some(*go),
            _ => None,
        });
        let ears = scene.commands.iter().filter_map(|command| match command {
            Command::Listen { leg, ears } if *leg == desk => Some(*ears),
            _ => None,
        });
        assert_eq!((keys.collect::<Vec<_>>(), ears.collect::<Vec<_>>()), expected);
        assert_eq!(steps(&scene).is_empty(), is_off, "{:?}", steps(&scene));
        let passed = if sdp == EVENTS && !is_off { "*5" } else { "" };
        assert_eq!(pressed(&scene, patient), passed, "what is sound has reached him as sound");
        over(scene);
    }
}

#[test]
fn keys_that_are_pressed_faster_than_they_go_out_meet_a_bound_that_is_counted() {
    let keys = "5".repeat(40);
    let scene = after(&keys);
    let (patient, dropped) = (scene.leg(), scene.switch.counters.person_keys_dropped);
    assert_eq!((pressed(&scene, patient).len() as u64, dropped), (16, 24));
    over(scene);
}

#[test]
fn keys_of_the_patient_begin_no_code() {
    for keys in ["*1102#", "*2102#", "*0"] {
        let mut scene = talking();
        let (patient, desk) = (scene.leg(), desk(&scene));
        presses(&mut scene, patient, keys);
        scene.wait(NUMBER_KEY_WITHIN);
        assert_eq!((steps(&scene), signals(&scene)), (vec![], vec![]), "{keys}");
        assert_eq!(talks(&scene), [(patient, desk)].into());
        over(scene);
    }
}

#[test]
fn a_phone_of_the_house_that_was_dialled_by_another_reads_no_codes() {
    let mut scene = talking();
    let id = *scene.switch.calls.keys().next().unwrap();
    let placed = super::dialled::Placed::again(&"dialled".into(), "bob", Some("ann"), None).unwrap();
    let flows = clinic();
    let dialled = super::dialled::Dialled::new(placed, "careline", Duration::from_secs(20), flows);
    scene.switch.calls.get_mut(&id).unwrap().run = super::dialled::Script::Dialled(dialled);
    let desk = desk(&scene);
    presses(&mut scene, desk, "*1102#");
    assert_eq!((steps(&scene), sent(&scene, "INVITE sip:102@")), (vec![], 0));
}

#[test]
fn a_patient_is_handed_on_blind_by_keys_and_the_person_hears_it_ring() {
    for keys in ["*1102#", "*1102"] {
        let mut scene = after(keys);
        let (patient, desk) = (scene.leg(), desk(&scene));
        if !keys.ends_with('#') {
            assert_eq!(talks(&scene), [(patient, desk)].into(), "while he dials they talk");
            scene.wait(NUMBER_KEY_WITHIN);
        }
        assert_eq!(
            (steps(&scene), signals(&scene)),
            (vec![began(TransferMeans::Keys)], vec![Signal::YourTurn])
        );
        assert_eq!((talks(&scene), sent(&scene, "INVITE sip:102@")), ([].into(), 1));
        assert!(scene.is_on_bed(patient) && scene.is_on_bed(desk));
        answers(&mut scene, NURSE, "200 OK");
        let nurse = nurse(&scene);
        assert_eq!(talks(&scene), [(patient, nurse)].into());
        assert_eq!(steps(&scene), [began(TransferMeans::Keys), TransferStep::Done { to: nurse }]);
        assert!(!scene.is_on_bed(patient));
        assert_eq!((sent(&scene, "BYE sip:front-desk@"), sent(&scene, "NOTIFY ")), (1, 0));
        let counters = &scene.switch.counters;
        assert_eq!((counters.transfers, counters.transfers_by_keys, counters.transfers_attended), (1, 1, 0));
        over(scene);
    }
}

#[test]
fn whoever_hands_on_again_does_so_by_the_same_keys() {
    let mut scene = after("*1102#");
    answers_with(&mut scene, NURSE, "200 OK", EVENTS);
    let (patient, first) = (scene.leg(), nurse(&scene));
    presses(&mut scene, first, "5*1102#");
    assert_eq!((pressed(&scene, patient), sent(&scene, "INVITE sip:102@")), ("5".to_owned(), 2));
    over(scene);
}

/// How the one who is called is not reached.
fn is_not_reached(scene: &mut Scene, how: &str) {
    match how {
        "rings out" => scene.wait(TRANSFER_RING),
        "back" => {
            let desk = desk(scene);
            presses(scene, desk, "*0");
        }
        status => answers(scene, NURSE, status),
    }
}

#[test]
fn a_patient_is_back_with_the_person_or_led_on_when_nobody_is_reached() {
    for keys in ["*1102#", "*2102#"] {
        for (how, status) in [("486 Busy Here", 486), ("rings out", 408), ("back", 480)] {
            for is_there in [true, false] {
                if how == "back" && !is_there {
                    continue;
                }
                let mut scene = after(keys);
                let (patient, desk) = (scene.leg(), desk(&scene));
                if !is_there {
                    asks(&mut scene, "front-desk", "BYE", "", "");
                    assert!(scene.is_on_bed(patient), "the other one rings on");
                }
                let spoken = scene.spoken.len();
                is_not_reached(&mut scene, how);
                assert_eq!(steps(&scene).last(), Some(&TransferStep::Failed { status }), "{keys} {how}");
                assert!(!scene.is_on_bed(patient) || !is_there, "{keys} {how}");
                if is_there {
                    assert_eq!(talks(&scene), [(patient, desk)].into(), "{keys} {how}");
                    assert_eq!(signals(&scene), [Signal::YourTurn, Signal::NotReached], "{keys} {how}");
                    assert!(!scene.is_on_bed(desk));
                    presses(&mut scene, desk, "5");
                    assert_eq!(pressed(&scene, patient), "5");
                } else {
                    let leads_on = scene.spoken.len() > spoken || sent(&scene, "INVITE sip:front-desk@") > 1;
                    assert!(leads_on, "{keys} {how}: the flow leads on\n{:#?}", scene.log);
                }
                over(scene);
            }
        }
    }
}

/// The desk speaks with the nurse, and the patient waits.
fn consulting() -> Scene {
    let mut scene = after("*2102#");
    let (patient, desk) = (scene.leg(), desk(&scene));
    assert!(scene.is_on_bed(patient) && scene.is_on_bed(desk));
    answers_with(&mut scene, NURSE, "200 OK", EVENTS);
    let nurse = nurse(&scene);
    assert_eq!(talks(&scene), [(desk, nurse)].into(), "{:#?}", scene.log);
    let expected = [began(TransferMeans::KeysAttended), TransferStep::Consults { with: nurse }];
    assert_eq!(steps(&scene), expected);
    assert!(scene.is_on_bed(patient) && !scene.is_on_bed(desk) && !scene.is_on_bed(nurse));
    assert_eq!(bridged(&scene), [desk], "the log has the patient with nobody");
    scene
}

#[test]
fn who_was_asked_first_talks_with_the_patient_when_the_person_hangs_up() {
    let mut scene = consulting();
    let (patient, nurse) = (scene.leg(), nurse(&scene));
    asks(&mut scene, "front-desk", "BYE", "", "");
    assert_eq!(talks(&scene), [(patient, nurse)].into());
    assert!(!scene.is_on_bed(patient));
    assert_eq!(steps(&scene)[2..], [TransferStep::Left, TransferStep::Done { to: nurse }]);
    assert_eq!((sent(&scene, "BYE "), sent(&scene, "INVITE sip:102@")), (0, 1), "nobody is called anew");
    let counters = &scene.switch.counters;
    assert_eq!(
        (counters.transfers_by_keys, counters.transfers_attended, counters.transfers_failed),
        (1, 1, 0)
    );
    presses(&mut scene, nurse, "5");
    assert_eq!(pressed(&scene, patient), "5", "he is the person now");
    asks(&mut scene, NURSE, "BYE", "", "");
    assert!(talks(&scene).is_empty());
    over(scene);
}

#[test]
fn the_person_has_the_patient_back_by_the_code_or_when_the_other_one_hangs_up() {
    for how in ["back", "hangs up"] {
        let mut scene = consulting();
        let (patient, desk) = (scene.leg(), desk(&scene));
        match how {
            "back" => presses(&mut scene, desk, "*0"),
            _ => asks(&mut scene, NURSE, "BYE", "", ""),
        }
        assert_eq!(talks(&scene), [(patient, desk)].into(), "{how}");
        assert_eq!(steps(&scene)[2..], [TransferStep::Failed { status: 480 }], "{how}");
        assert_eq!(signals(&scene), [Signal::YourTurn, Signal::NotReached], "{how}");
        assert_eq!(sent(&scene, "BYE sip:102@"), usize::from(how == "back"), "{how}");
        assert!(!scene.is_on_bed(patient));
        presses(&mut scene, desk, "*1102#");
        assert_eq!(sent(&scene, "INVITE sip:102@"), 2, "and may hand on again");
        over(scene);
    }
}

#[test]
fn keys_while_two_consult_go_to_the_one_who_is_asked_and_his_begin_nothing() {
    let mut scene = consulting();
    let (patient, desk, nurse) = (scene.leg(), desk(&scene), nurse(&scene));
    presses(&mut scene, desk, "7*1");
    presses(&mut scene, nurse, "*1102#*0");
    assert_eq!((pressed(&scene, nurse), pressed(&scene, patient)), ("7*1".to_owned(), String::new()));
    assert_eq!(talks(&scene), [(desk, nurse)].into());
    asks(&mut scene, NURSE, "REFER", "Refer-To: <sip:front-desk@10.0.0.1>\r\n", "");
    assert_eq!(sent(&scene, "SIP/2.0 491 "), 1, "nobody hands on what he does not have");
    asks(&mut scene, "front-desk", "REFER", REFER, "");
    assert_eq!(sent(&scene, "SIP/2.0 491 "), 2);
    let call = *scene.switch.calls.keys().next().unwrap();
    for act in [
        GuestAct::HandOn { target: NURSE.to_owned() },
        GuestAct::Come { target: "sip:102@127.0.0.1:5080".to_owned(), mode: GuestMode::Listen },
    ] {
        scene.tell(Input::Guest { ask: AskId(7), order: GuestOrder { call, act } });
        assert_eq!(scene.answers.pop(), Some(Err(GuestRefusal::NobodyTalks(call))));
    }
    over(scene);
}

#[test]
fn everybody_leaves_when_the_patient_does_or_the_engine_stops() {
    for (keys, answered) in [("*1102#", false), ("*2102#", false), ("*2102#", true)] {
        for stops in [false, true] {
            let mut scene = if answered { consulting() } else { after(keys) };
            if stops {
                scene.tell(Input::Drain { within: Duration::from_secs(20) });
                scene.wait(Duration::from_secs(20));
            } else {
                patient_hangs_up(&mut scene);
            }
            if !answered {
                answers(&mut scene, NURSE, "487 Request Terminated");
            }
            nothing_is_left(&mut scene);
            assert_eq!(sent(&scene, "BYE sip:front-desk@"), 1, "{keys} {stops}");
            assert_eq!(sent(&scene, "BYE sip:102@"), usize::from(answered), "{keys} {stops}");
            assert!(matches!(steps(&scene).last(), Some(TransferStep::Failed { .. })));
        }
    }
}

#[test]
fn a_misdial_is_a_tone_and_the_talk_was_never_left() {
    for (keys, status) in [
        ("*1#", 403),
        ("*1999#", 403),
        ("*1911#", 403),
        ("*2911#", 403),
        ("*1112#", 403),
        ("*10019005550123#", 403),
        ("*1100#", 403),
        ("*2*5#", 403),
        ("*1102*#", 403),
    ] {
        let mut scene = after(keys);
        let (patient, desk) = (scene.leg(), desk(&scene));
        assert_eq!(steps(&scene), [TransferStep::Refused { status }], "{keys}");
        assert_eq!(signals(&scene), [Signal::YourTurn, Signal::NotReached], "{keys}");
        assert_eq!(talks(&scene), [(patient, desk)].into());
        assert_eq!((scene.switch.counters.transfers_refused, sent(&scene, "INVITE ")), (1, 1), "{keys}");
        assert!(!scene.log.iter().any(|event| format!("{event:?}").contains("19005550123")));
        presses(&mut scene, desk, "*1102#");
        assert_eq!(sent(&scene, "INVITE sip:102@"), 1, "{keys}: and may try again");
        over(scene);
    }
    // Nothing at all after the code, and nobody while the engine stops.
    let mut scene = after("*1");
    scene.wait(crate::limits::NUMBER_FIRST_KEY_WITHIN);
    assert_eq!(steps(&scene), [TransferStep::Refused { status: 403 }]);
    scene.tell(Input::Drain { within: Duration::from_secs(3_600) });
    let desk = desk(&scene);
    presses(&mut scene, desk, "*1102#");
    assert_eq!(steps(&scene)[1..], [TransferStep::Refused { status: 503 }]);
    over(scene);
}

#[test]
fn who_hangs_up_while_he_dials_has_hung_up_and_the_flow_leads_on() {
    for keys in ["*", "*1", "*110", "*2102"] {
        let mut scene = after(keys);
        let spoken = scene.spoken.len();
        asks(&mut scene, "front-desk", "BYE", "", "");
        scene.wait(NUMBER_KEY_WITHIN * 3);
        assert_eq!((steps(&scene), sent(&scene, "INVITE sip:102@")), (vec![], 0), "{keys}");
        let leads_on =
            scene.spoken.len() > spoken || scene.ended().is_some() || scene.switch.calls.is_empty();
        assert!(leads_on, "{keys}: {:#?}", scene.log);
        if scene.switch.calls.is_empty() {
            continue;
        }
        over(scene);
    }
}

#[test]
fn a_phone_that_hands_on_otherwise_while_keys_are_pressed_has_its_way() {
    let mut scene = after("*110");
    asks(&mut scene, "front-desk", "REFER", REFER, "");
    let desk = desk(&scene);
    presses(&mut scene, desk, "2#*0");
    scene.wait(NUMBER_KEY_WITHIN * 2);
    assert_eq!((steps(&scene), signals(&scene)), (vec![began(TransferMeans::Phone)], vec![Signal::YourTurn]));
    answers(&mut scene, NURSE, "486 Busy Here");
    presses(&mut scene, desk, "*1102#");
    assert_eq!(steps(&scene).last(), Some(&began(TransferMeans::Keys)));
    over(scene);
}

#[test]
fn keys_in_info_and_as_sound_are_one_press_and_a_third_party_hears_what_the_patient_does() {
    // RFC 6086: the phone sends INFO beside its tones.
    let mut scene = talking_with(codes(), SOUND);
    let desk = desk(&scene);
    for key in "*1102#".chars() {
        presses(&mut scene, desk, &key.to_string());
        scene.wait(Duration::from_millis(50));
        scene.switch.now = scene.now;
        scene.switch.on_info(desk, Key::of_char(key).unwrap());
        scene.wait(Duration::from_millis(500));
    }
    assert_eq!(steps(&scene), [began(TransferMeans::Keys)]);
    over(scene);
    let mut scene = talking();
    let call = *scene.switch.calls.keys().next().unwrap();
    let act = GuestAct::Come { target: "sip:102@127.0.0.1:5080".to_owned(), mode: GuestMode::Third };
    scene.tell(Input::Guest { ask: AskId(7), order: GuestOrder { call, act } });
    answers(&mut scene, NURSE, "200 OK");
    assert_eq!(scene.answers.pop(), Some(Ok(GuestDone::Joined(GuestMode::Third))), "{:#?}", scene.log);
    let (patient, desk) = (scene.leg(), super::keycode::desk(&scene));
    let third = *scene.switch.legs.keys().last().unwrap();
    presses(&mut scene, desk, "5");
    assert_eq!((pressed(&scene, patient), pressed(&scene, third)), ("5".to_owned(), "5".to_owned()));
    over(scene);
}

#[test]
fn the_other_ones_hold_is_no_wait_of_the_patient_until_he_talks_with_him() {
    let mut scene = consulting();
    let (patient, nurse) = (scene.leg(), nurse(&scene));
    let hold = format!("{}a=sendonly\r\n", EVENTS.replace("o=- 1 1", "o=- 1 2"));
    asks(&mut scene, NURSE, "INVITE", "", &hold);
    let held = |scene: &Scene| {
        let holds = |event: &&Event| matches!(event, Event::Hold { on: true, by: Party::Person });
        scene.log.iter().filter(holds).count()
    };
    assert_eq!(held(&scene), 0);
    asks(&mut scene, "front-desk", "BYE", "", "");
    assert_eq!((held(&scene), talks(&scene)), (1, [(patient, nurse)].into()));
    assert!(scene.is_on_bed(patient), "he waits for the nurse now");
    over(scene);
}

#[test]
fn two_who_consult_hear_each_other_again_on_another_worker() {
    let mut scene = consulting();
    let (patient, desk, nurse) = (scene.leg(), desk(&scene), nurse(&scene));
    let ports = |first: u16| (0..8).map(|n| first + 2 * n).collect::<Vec<u16>>();
    let id = *scene.switch.calls.keys().next().unwrap();
    let (one, other) = (media::WorkerIndex(0), media::WorkerIndex(1));
    scene.switch.ports =
        super::ports::Ports::new(&[ports(20_000), ports(21_000)], 2, crate::limits::PORT_REST_DEFAULT);
    for _ in 0..3 {
        scene.switch.ports.take_on(one, scene.now.at).unwrap();
    }
    scene.commands.clear();
    scene.tell(Input::Move { call: id, to: other });
    for leg in [desk, nurse, patient] {
        let bridges = scene.commands.iter().filter(|it| matches!(it, Command::Bridge { .. })).count();
        assert_eq!(bridges, 0, "nobody is brought together on the way");
        let port = media::PortIndex(0);
        scene.tell(Input::Media(media::Event::Moved { leg, port, at: scene.now.at }));
    }
    assert_eq!(talks(&scene), [(desk, nurse)].into());
    asks(&mut scene, "front-desk", "BYE", "", "");
    assert_eq!(talks(&scene), [(patient, nurse)].into());
}

#[test]
fn a_later_start_finds_the_patient_of_a_consultation_with_nobody_and_leads_him_to_a_person() {
    let mut scene = talking();
    scene.wait(crate::limits::KEPT_AFTER);
    let (patient, desk) = (scene.leg(), desk(&scene));
    presses(&mut scene, desk, "*2102#");
    answers_with(&mut scene, NURSE, "200 OK", EVENTS);
    let nurse = nurse(&scene);
    let kept = |scene: &Scene, whom: LegId| {
        scene.log.iter().filter(|event| matches!(event, Event::Kept { leg, .. } if *leg == whom)).count()
    };
    assert_eq!((kept(&scene, patient), kept(&scene, desk), kept(&scene, nurse)), (1, 1, 0));
    let last =
        scene.log.iter().rev().find(|event| matches!(event, Event::Bridged { .. } | Event::Unbridged { .. }));
    assert_eq!(last, Some(&Event::Unbridged { leg: desk }), "the log that it reads has him with nobody");
    asks(&mut scene, "front-desk", "BYE", "", "");
    assert_eq!(kept(&scene, nurse), 1, "and with the nurse once he talks with her");
    over(scene);
}

/// A patient who waits does so for somebody: whoever rings, asks, holds, or is led to by the flow.
#[track_caller]
fn nobody_is_lost(scene: &Scene) {
    let Some(call) = scene.switch.calls.values().next().filter(|call| call.ending.is_none()) else { return };
    let rings = call.person.as_ref().is_some_and(|person| person.ring_until.is_some());
    let waits_for =
        rings || call.consulting().is_some() || call.patient_talks() || call.run.poll_timeout().is_some();
    assert!(waits_for || !scene.is_on_bed(call.patient.id), "{:#?}", scene.log);
    assert!(call.transfer.is_none() || rings || call.consulting().is_some(), "{:#?}", scene.log);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]
    /// In whatever order keys and phones speak.
    #[test]
    fn whatever_crosses_what_nobody_is_lost_and_nothing_is_left(words in proptest::collection::vec(0u8..14, 1..16)) {
        let mut scene = talking();
        let first = desk(&scene);
        for word in &words {
            if scene.ended().is_some() || scene.switch.calls.is_empty() {
                break;
            }
            match word {
                0 | 1 => presses(&mut scene, first, "*1102#"),
                2 | 3 => presses(&mut scene, first, "*2102#"),
                4 => presses(&mut scene, first, "*0"),
                5 => presses(&mut scene, first, "*2"),
                6 | 7 if invite(&scene, NURSE).is_some() => answers_with(&mut scene, NURSE, "200 OK", EVENTS),
                8 if invite(&scene, NURSE).is_some() => answers(&mut scene, NURSE, "486 Busy Here"),
                9 if invite(&scene, NURSE).is_some() => asks(&mut scene, NURSE, "BYE", "", ""),
                10 => asks(&mut scene, "front-desk", "BYE", "", ""),
                11 => asks(&mut scene, "front-desk", "REFER", REFER, ""),
                12 => scene.wait(Duration::from_secs(26)),
                13 if words.len() > 10 => scene.tell(Input::Drain { within: Duration::from_secs(40) }),
                _ => scene.wait(Duration::from_millis(300)),
            }
            nobody_is_lost(&scene);
        }
        if scene.ended().is_none() {
            patient_hangs_up(&mut scene);
        }
        nothing_is_left(&mut scene);
    }
}
