//! Interpreters: which vendor is called, what is pressed for its menu and when, and what comes of a vendor who is not there.

use super::super::interpreters::{Recorded, Settings, Vendor};
use super::*;
use crate::id::Language;
use crate::limits::{GUEST_RING, INTERPRETER_WAIT_MAX, MENU_PAUSE};
use crate::phi::Phi;
use crate::report::event::Pressed;

const VI: &str = "vi";

/// What a line that takes keys answers.
pub(super) fn takes_keys() -> String {
    format!(
        "v=0\r\no=- 9 1 IN IP4 {DESK}\r\ns=-\r\nc=IN IP4 {DESK}\r\nt=0 0\r\nm=audio 6000 RTP/AVP 0 101\r\n\
         a=rtpmap:101 telephone-event/8000\r\n"
    )
}

pub(super) fn vendor(user: &str, languages: &[&str]) -> Vendor {
    Vendor {
        name: format!("{user}-line"),
        target: format!("sip:{user}@10.0.0.9"),
        languages: languages.iter().map(|name| Language::from(*name)).collect(),
        pin: None,
        keys: BTreeMap::new(),
        recorded: Recorded::Never,
    }
}

/// A vendor whose menu asks for a PIN, and for a key for Vietnamese.
pub(super) fn with_menu(user: &str) -> Vendor {
    Vendor {
        pin: Some(Phi::new(vec![Key::Digit(4), Key::Digit(7), Key::Pound])),
        keys: BTreeMap::from([(Language::from(VI), vec![Key::Digit(2)])]),
        ..vendor(user, &[VI, "es"])
    }
}

fn asked_for(scene: &mut Scene, vendors: Vec<Vendor>, language: &str) {
    scene.switch.settings.interpreters = Settings { vendors, unrecorded: Vec::new() };
    order(scene, GuestAct::Interpret { language: language.into() });
}

/// What was pressed so far, a word for each order.
fn pressed(scene: &Scene) -> String {
    let letter = |key: &Key| match key {
        Key::Digit(digit) => digit.to_string(),
        Key::Star => "*".to_owned(),
        Key::Pound => "#".to_owned(),
        Key::Letter(letter) => char::from(*letter).to_string(),
    };
    let word = |command: &Command| match command {
        Command::Press { keys, .. } => Some(keys.expose().iter().map(letter).collect::<String>()),
        _ => None,
    };
    scene.commands.iter().filter_map(word).collect::<Vec<_>>().join(" ")
}

fn told_of_keys(scene: &Scene) -> Vec<Pressed> {
    let of = |event: &Event| match event {
        Event::KeysPressed { pressed, .. } => Some(*pressed),
        _ => None,
    };
    scene.log.iter().filter_map(of).collect()
}

#[test]
fn a_vendor_hears_pin_and_key_before_anybody_hears_him_and_then_all_hear_all() {
    for (language, keys, told) in
        [(VI, "47# 2", vec![Pressed::Pin, Pressed::Language]), ("es", "47#", vec![Pressed::Pin])]
    {
        let mut scene = talk();
        asked_for(&mut scene, vec![with_menu("maria")], language);
        answer(&mut scene, "maria", "200 OK", &takes_keys());
        assert_eq!((hearing(&scene).as_str(), pressed(&scene).as_str()), ("p:d d:p", ""), "the menu begins");
        scene.wait(MENU_PAUSE);
        assert_eq!((hearing(&scene).as_str(), pressed(&scene).as_str()), ("p:d d:p", "47#"));
        scene.wait(3 * MENU_PAUSE);
        assert_eq!(
            (hearing(&scene).as_str(), pressed(&scene).as_str()),
            (of_three(Third), keys),
            "{language}"
        );
        assert_eq!(told_of_keys(&scene), told);
        assert_eq!(scene.answers, [Ok(GuestDone::Joined(Third))]);
        let called = Event::InterpreterCalled {
            leg: leg(&scene, 'm'),
            vendor: "maria-line".to_owned(),
            language: language.into(),
        };
        assert!(scene.log.contains(&called), "{:#?}", scene.log);
        let log = format!("{:?}", scene.log);
        assert!(!log.contains("47#") && !log.contains("Digit(4), Digit(7)"), "{log}");
        leave(&mut scene, "maria-line");
        assert_eq!((scene.answers.pop(), hearing(&scene).as_str()), (Some(Ok(GuestDone::Left)), "p:d d:p"));
        hangs_up(&mut scene, 'p');
        all_is_over(&mut scene, language);
    }
}

#[test]
fn without_a_menu_he_is_in_when_he_answers_and_a_line_that_takes_no_keys_is_none_where_there_is_one() {
    let mut scene = talk();
    asked_for(&mut scene, vec![vendor("maria", &[VI])], VI);
    answer(&mut scene, "maria", "200 OK", &sdp(1, DESK, ""));
    assert_eq!((hearing(&scene).as_str(), pressed(&scene).as_str()), (of_three(Third), ""));
    let mut scene = talk();
    asked_for(&mut scene, vec![with_menu("maria")], VI);
    answer(&mut scene, "maria", "200 OK", &sdp(1, DESK, ""));
    assert_eq!((hearing(&scene).as_str(), byes_to(&scene, "maria")), ("p:d d:p", 1));
    let refusal = GuestRefusal::NotReached { target: MARIA.to_owned(), status: 488 };
    assert_eq!(scene.answers, [Err(refusal)]);
    assert!(scene.log.contains(&Event::InterpreterMissing { language: VI.into() }), "{:#?}", scene.log);
    scene.wait(3 * MENU_PAUSE);
    assert_eq!(pressed(&scene), "");
    hangs_up(&mut scene, 'p');
    all_is_over(&mut scene, "no keys");
}

#[test]
fn vendors_of_a_language_are_tried_one_after_the_other_and_the_wait_has_an_end() {
    let both = || vec![vendor("noor", &["es"]), vendor("maria", &[VI]), vendor("ines", &[VI])];
    let mut scene = talk();
    asked_for(&mut scene, both(), VI);
    answer(&mut scene, "maria", "486 Busy Here", "");
    answer(&mut scene, "ines", "200 OK", &sdp(1, DESK, ""));
    assert_eq!(hearing(&scene), "p:di d:pi i:pd");
    assert_eq!(scene.answers, [Ok(GuestDone::Joined(Third))]);
    assert!(!scene.sent.iter().any(|text| text.starts_with("INVITE sip:noor@")), "she has no Vietnamese");
    assert_eq!(scene.switch.counters.interpreters_missing, 0);

    let mut scene = talk();
    asked_for(&mut scene, both(), VI);
    answer(&mut scene, "maria", "180 Ringing", "");
    scene.wait(GUEST_RING);
    answer(&mut scene, "ines", "180 Ringing", "");
    scene.wait(INTERPRETER_WAIT_MAX - GUEST_RING - Duration::from_millis(1));
    assert!(scene.answers.is_empty(), "the last one rings as long as there is time");
    scene.wait(Duration::from_millis(1));
    let refusal = GuestRefusal::NotReached { target: INES.to_owned(), status: 408 };
    assert_eq!(scene.answers, [Err(refusal)]);
    assert_eq!((hearing(&scene).as_str(), scene.switch.counters.interpreters_missing), ("p:d d:p", 1));
    hangs_up(&mut scene, 'p');
    all_is_over(&mut scene, "silent");
}

#[test]
fn nobody_is_called_for_a_language_that_nobody_has_or_for_one_that_is_there() {
    let mut scene = talk();
    asked_for(&mut scene, vec![vendor("maria", &[VI])], "ko");
    assert_eq!(scene.answers.pop(), Some(Err(GuestRefusal::NoInterpreter("ko".into()))));
    order(&mut scene, GuestAct::Interpret { language: VI.into() });
    order(&mut scene, GuestAct::Interpret { language: VI.into() });
    assert_eq!(scene.answers.pop(), Some(Err(GuestRefusal::IsThere("maria-line".to_owned()))));
    assert_eq!(scene.sent.iter().filter(|text| text.starts_with("INVITE sip:maria@")).count(), 1);
}

#[test]
fn who_goes_while_keys_are_pressed_leaves_nothing_behind() {
    for (who, at) in [('p', 0), ('m', 0), ('m', 2_050), ('d', 2_050), ('p', 2_050)] {
        let mut scene = talk();
        asked_for(&mut scene, vec![with_menu("maria")], VI);
        answer(&mut scene, "maria", "200 OK", &takes_keys());
        scene.wait(Duration::from_millis(at));
        hangs_up(&mut scene, who);
        if who != 'p' {
            scene.wait(5 * MENU_PAUSE);
        }
        assert!(scene.answers.pop().is_some_and(|answer| answer.is_err()), "{who} at {at}");
        assert!(!scene.log.iter().any(|event| matches!(event, Event::GuestJoined { .. })), "{who} at {at}");
        if who != 'p' {
            hangs_up(&mut scene, 'p');
        }
        all_is_over(&mut scene, &format!("{who} at {at}"));
    }
}

#[test]
fn the_recording_is_silent_while_somebody_is_in_who_is_never_recorded() {
    for (recorded_as, pauses_then) in [(Recorded::Never, "p"), (Recorded::WithTheCall, "")] {
        let mut scene = recorded();
        asked_for(&mut scene, vec![Vendor { recorded: recorded_as, ..with_menu("maria") }], VI);
        answer(&mut scene, "maria", "200 OK", &takes_keys());
        scene.wait(MENU_PAUSE);
        assert_eq!(pauses(&scene), "", "his menu is heard by nobody");
        scene.wait(3 * MENU_PAUSE);
        assert_eq!((hearing(&scene).as_str(), pauses(&scene).as_str()), (of_three(Third), pauses_then));
        hangs_up(&mut scene, 'm');
        let after = if pauses_then.is_empty() { "" } else { "pr" };
        assert_eq!((hearing(&scene).as_str(), pauses(&scene).as_str()), ("p:d d:p", after));
    }
}

#[test]
fn a_user_who_is_never_recorded_hears_no_notice_and_silences_the_recording_as_guest_and_as_person() {
    let never = |target: &str| Settings { vendors: Vec::new(), unrecorded: vec![target.to_owned()] };
    let mut scene = recorded();
    scene.switch.settings.interpreters = never(MARIA);
    come(&mut scene, MARIA, Third);
    answer(&mut scene, "maria", "200 OK", &sdp(1, DESK, ""));
    assert_eq!((hearing(&scene).as_str(), pauses(&scene).as_str()), (of_three(Third), "p"));
    hangs_up(&mut scene, 'd');
    assert_eq!(pauses(&scene), "p", "she is still there");
    hangs_up(&mut scene, 'm');
    assert_eq!(pauses(&scene), "pr");

    // That the person is never recorded is known whenever somebody comes or goes.
    let mut scene = recorded();
    scene.switch.settings.interpreters = never("sip:front-desk@127.0.0.1:5070");
    joined(&mut scene, MARIA, Listen);
    assert_eq!(pauses(&scene), "p");
    hangs_up(&mut scene, 'd');
    assert_eq!(pauses(&scene), "pr");
}
