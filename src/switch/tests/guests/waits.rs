//! A person who answers and waits with the patient for an interpreter; lines with a menu of their own, as those for a crisis.

use super::interpreters::{takes_keys, vendor, with_menu};
use super::*;
use crate::flow::action::Urgency;
use crate::limits::{INTERPRETER_WAIT_MAX, MENU_PAUSE};

const VI: &str = "vi";
/// What the menu of `with_menu` takes: three pauses, and four keys of 160 ms.
const MENU: Duration = Duration::from_millis(3 * 2_000 + 4 * 160);
const CONTACT: &str = "Contact: <sip:front-desk@10.0.0.9:5060>\r\nContent-Type: application/sdp\r\n";

/// The desk is rung for a patient for whom it needs an interpreter.
fn rung(urgency: Urgency, vendors: Vec<super::super::interpreters::Vendor>) -> Scene {
    let mut scene = Scene::down();
    scene.switch.ports = super::super::ports::Ports::new(
        &[(0..6).map(|n| 20_000 + 2 * n).collect()],
        2,
        crate::limits::PORT_REST_DEFAULT,
    );
    scene.switch.settings.interpreters.vendors = vendors;
    scene.offer("100", "sendrecv");
    scene.request("100", "ACK", "");
    scene.press(Key::Digit(if urgency == Urgency::Danger { 9 } else { 0 }));
    for _ in 0..5 {
        if invites(&scene).is_empty() {
            scene.heard();
        }
    }
    let call = scene.switch.calls.values_mut().next().expect("a call");
    let person = call.person.as_mut().expect("the desk is rung");
    assert_eq!(person.urgency, urgency);
    person.interpreter = Some(VI.into());
    scene.switch.flows = Served::to_all(naming_more());
    scene
}

fn desk_answers(scene: &mut Scene) {
    answer_with(scene, "200 OK", CONTACT, &sdp(1, DESK, ""));
}

fn place_of(scene: &Scene, is: fn(&Event) -> bool) -> usize {
    scene.log.iter().position(is).unwrap_or_else(|| panic!("{:#?}", scene.log))
}

#[test]
fn patient_and_person_wait_for_the_interpreter_and_then_all_three_talk() {
    let mut scene = rung(Urgency::Usual, vec![with_menu("maria")]);
    desk_answers(&mut scene);
    let (patient, desk) = (scene.leg(), leg(&scene, 'd'));
    assert_eq!(hearing(&scene), "");
    assert!(scene.is_on_bed(patient) && scene.is_on_bed(desk), "both wait");
    answer(&mut scene, "maria", "200 OK", &takes_keys());
    scene.wait(MENU_PAUSE);
    assert_eq!(hearing(&scene), "", "PIN and key are for the vendor's ears");
    scene.wait(3 * MENU_PAUSE);
    assert_eq!(hearing(&scene), of_three(Third));
    assert!(!scene.is_on_bed(patient) && !scene.is_on_bed(desk));
    let bridged = place_of(&scene, |event| matches!(event, Event::Bridged { .. }));
    assert!(bridged < place_of(&scene, |event| matches!(event, Event::GuestJoined { .. })));
    hangs_up(&mut scene, 'm');
    assert_eq!(hearing(&scene), "p:d d:p", "and the two talk on");
    hangs_up(&mut scene, 'p');
    all_is_over(&mut scene, "interpreter");
}

#[test]
fn without_an_interpreter_patient_and_person_talk_when_the_last_vendor_has_failed() {
    type Fails = fn(&mut Scene);
    let busy: Fails = |scene| answer(scene, "maria", "486 Busy Here", "");
    let silent: Fails = |scene| {
        answer(scene, "maria", "180 Ringing", "");
        scene.wait(INTERPRETER_WAIT_MAX - MENU - Duration::from_millis(1));
        assert_eq!(hearing(scene), "", "there is time left for her menu");
        scene.wait(Duration::from_millis(1));
    };
    let leaves_in_the_menu: Fails = |scene| {
        answer(scene, "maria", "200 OK", &takes_keys());
        scene.wait(MENU_PAUSE);
        hangs_up(scene, 'm');
    };
    for (what, fails) in [("busy", busy), ("silent", silent), ("leaves", leaves_in_the_menu)] {
        let mut scene = rung(Urgency::Usual, vec![with_menu("maria")]);
        desk_answers(&mut scene);
        fails(&mut scene);
        assert_eq!(hearing(&scene), "p:d d:p", "{what}\n{:#?}", scene.log);
        assert!(!scene.is_on_bed(scene.leg()), "{what}");
        assert!(scene.log.contains(&Event::InterpreterMissing { language: VI.into() }), "{what}");
        assert_eq!(scene.switch.counters.interpreters_missing, 1, "{what}");
        hangs_up(&mut scene, 'p');
        all_is_over(&mut scene, what);
    }
    for vendors in [Vec::new(), vec![vendor("maria", &["es"])]] {
        let mut scene = rung(Urgency::Usual, vendors);
        desk_answers(&mut scene);
        assert_eq!((hearing(&scene).as_str(), scene.switch.counters.interpreters_missing), ("p:d d:p", 1));
    }
}

#[test]
fn the_ring_and_the_menu_of_a_vendor_take_no_longer_together_than_the_wait_for_an_interpreter() {
    assert_eq!(with_menu("maria").menu_takes(&VI.into()), MENU);
    assert_eq!(vendor("maria", &[VI]).menu_takes(&VI.into()), Duration::ZERO);
    // Who has no menu may ring to the end.
    for (its, menu, body) in
        [(with_menu("maria"), MENU, takes_keys()), (vendor("maria", &[VI]), Duration::ZERO, sdp(1, DESK, ""))]
    {
        let mut scene = rung(Urgency::Usual, vec![its]);
        desk_answers(&mut scene);
        answer(&mut scene, "maria", "180 Ringing", "");
        scene.wait(INTERPRETER_WAIT_MAX - menu - Duration::from_millis(1));
        answer(&mut scene, "maria", "200 OK", &body);
        scene.wait(menu.saturating_sub(Duration::from_millis(1)));
        assert_eq!(hearing(&scene) == of_three(Third), menu.is_zero(), "{menu:?}");
        scene.wait(menu.min(Duration::from_millis(1)));
        assert_eq!(hearing(&scene), of_three(Third), "{menu:?}\n{:#?}", scene.log);
        hangs_up(&mut scene, 'p');
        all_is_over(&mut scene, "in time");
    }
}

#[test]
fn a_person_who_hangs_up_meanwhile_was_not_reached_and_the_patient_is_led_on() {
    let mut scene = rung(Urgency::Usual, vec![with_menu("maria")]);
    desk_answers(&mut scene);
    answer(&mut scene, "maria", "180 Ringing", "");
    let desk = leg(&scene, 'd');
    hangs_up(&mut scene, 'd');
    assert!(scene.log.contains(&Event::PersonNotReached { leg: desk, status: 487 }), "{:#?}", scene.log);
    assert!(scene.sent.iter().any(|text| text.starts_with("CANCEL sip:maria@")));
    assert!(!scene.log.iter().any(|event| matches!(event, Event::Unbridged { .. } | Event::Bridged { .. })));
    assert_eq!((scene.ended(), scene.switch.counters.flow_faults), (None, 0), "he goes on");
    hangs_up(&mut scene, 'p');
    all_is_over(&mut scene, "person left");
}

#[test]
fn who_is_in_danger_talks_at_once_and_the_interpreter_comes_into_the_talk() {
    let later: fn(&mut Scene) = |scene| {
        assert_eq!(hearing(scene), "");
        scene.press(Key::Digit(9));
    };
    for (urgency, then) in [(Urgency::Danger, (|_| {}) as fn(&mut Scene)), (Urgency::Usual, later)] {
        let mut scene = rung(urgency, vec![with_menu("maria")]);
        desk_answers(&mut scene);
        then(&mut scene);
        assert_eq!(hearing(&scene), "p:d d:p", "{urgency:?}\n{:#?}", scene.log);
        answer(&mut scene, "maria", "200 OK", &takes_keys());
        scene.wait(4 * MENU_PAUSE);
        assert_eq!(hearing(&scene), of_three(Third), "{urgency:?}");
        let bridged = scene.log.iter().filter(|event| matches!(event, Event::Bridged { .. })).count();
        assert_eq!(bridged, 1, "{urgency:?}");
        hangs_up(&mut scene, 'p');
        all_is_over(&mut scene, "danger");
    }
}

#[test]
fn a_patient_who_hangs_up_meanwhile_leaves_nothing_behind() {
    for vendor_answered in [false, true] {
        let mut scene = rung(Urgency::Usual, vec![with_menu("maria")]);
        desk_answers(&mut scene);
        if vendor_answered {
            answer(&mut scene, "maria", "200 OK", &takes_keys());
            scene.wait(MENU_PAUSE);
        }
        hangs_up(&mut scene, 'p');
        all_is_over(&mut scene, "patient left");
    }
}

/// The keys of the patient's that went out, by the letter of whose line heard them.
fn presses(scene: &Scene) -> Vec<(char, Vec<Key>)> {
    let letters = letters(scene);
    let of = |command: &Command| match command {
        Command::Press { leg, keys, .. } => Some((letters[leg], keys.expose().clone())),
        _ => None,
    };
    scene.commands.iter().filter_map(of).collect()
}

#[test]
fn a_crisis_line_has_the_key_of_the_language_and_then_the_callers_own_whatever_his_phone_sends() {
    for body in [takes_keys(), sdp(1, DESK, "")] {
        let expected = vec![('d', vec![Key::Digit(2)])];
        let mut scene = rung(Urgency::Danger, Vec::new());
        let call = scene.switch.calls.values_mut().next().expect("a call");
        let person = call.person.as_mut().expect("the line is rung");
        (person.interpreter, person.menu.keys) = (None, vec![Key::Digit(2)]);
        answer_with(&mut scene, "200 OK", CONTACT, &body);
        assert_eq!(hearing(&scene), "p:d d:p", "the patient hears the menu");
        scene.wait(MENU_PAUSE - Duration::from_millis(1));
        assert_eq!(presses(&scene), []);
        scene.wait(5 * MENU_PAUSE);
        assert_eq!(presses(&scene), expected, "once, also to a line that hears tones alone");
        assert!(scene.log.iter().any(|it| matches!(it, Event::KeysPressed { .. })));
        // The patient's phone agreed on no events, and tells of its keys by INFO: fixed keys are the line's too.
        joined(&mut scene, MARIA, Listen);
        let (patient, before) = (scene.leg(), scene.commands.len());
        for digit in [1, 9, 0] {
            scene.switch.on_info(patient, Key::Digit(digit));
            scene.tell(Input::Durable { up_to: 0 });
        }
        let own = [1, 9, 0].map(|digit| ('d', vec![Key::Digit(digit)]));
        assert_eq!(presses(&scene), expected.into_iter().chain(own).collect::<Vec<_>>());
        assert!(scene.commands.len() > before, "and no supervisor hears them");
        assert_eq!((hearing(&scene).as_str(), scene.ended()), (of_three(Listen), None));
    }
}

#[test]
fn a_nurse_brings_the_crisis_line_in_and_leaves_and_when_it_is_gone_the_patient_is_led_to_a_person() {
    let mut scene = talk();
    joined(&mut scene, INES, Third);
    hangs_up(&mut scene, 'd');
    assert_eq!(hearing(&scene), "p:i i:p", "the line has the patient");
    let calls = called(&scene);
    hangs_up(&mut scene, 'i');
    assert_eq!(called(&scene), calls + 1, "somebody is called for him\n{:#?}", scene.log);
    assert_eq!((scene.ended(), byes_to(&scene, "p")), (None, 0), "the engine leaves him last");
    // Busy or silent, again and again: he is told what else helps, and is never hung up on.
    for _ in 0..4 {
        scene.wait(Duration::from_secs(30));
        scene.heard();
    }
    assert!(called(&scene) > calls + 2, "the ladder is climbed again\n{:#?}", scene.log);
    assert_eq!((scene.ended(), byes_to(&scene, "p")), (None, 0));
}
