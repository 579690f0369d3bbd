//! Keys in a talk: from every kind of phone to every kind of phone, in both directions, and what never goes on.

use super::transfer::{answers_with, bridged, header, invite};
use super::*;
use crate::limits::SAME_PRESS_WITHIN;
use crate::media::command::{Audible, Command, KeysGo};

/// How a phone tells its keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Method {
    /// RTP events (RFC 4733).
    Event,
    /// SIP INFO, `application/dtmf-relay`.
    Info,
    /// In its sound.
    Tone,
}

const METHODS: [Method; 3] = [Method::Event, Method::Info, Method::Tone];

impl Method {
    /// What a phone offers or answers that tells its keys so.
    fn sdp(self) -> String {
        let events = if self == Method::Event { " 101\r\na=rtpmap:101 telephone-event/8000" } else { "" };
        format!(
            "v=0\r\no=- 1 1 IN IP4 10.0.0.2\r\ns=-\r\nc=IN IP4 10.0.0.2\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0{events}\r\n"
        )
    }
}

/// A patient and a person who talk, each with such a phone.
fn talk(patient: Method, person: Method) -> Scene {
    let mut scene = Scene::down();
    scene.cseq += 1;
    scene.request("100", "INVITE", &patient.sdp());
    scene.request("100", "ACK", "");
    scene.press(Key::Digit(0));
    for _ in 0..5 {
        if invite(&scene, "front-desk").is_none() {
            scene.heard();
        }
    }
    answers_with(&mut scene, "front-desk", "200 OK", &person.sdp());
    assert_eq!(bridged(&scene).len(), 1, "{:#?}", scene.log);
    scene.wait(SAME_PRESS_WITHIN * 2);
    scene
}

/// A key of this leg reaches the switch as its phone tells it; a worker hears no tones in a talk.
fn presses(scene: &mut Scene, leg: LegId, method: Method, key: Key) {
    match method {
        Method::Event => scene.tell(Input::Media(media::Event::Key { leg, key, at: scene.now.at })),
        Method::Info => informs(scene, leg, key),
        Method::Tone => {}
    }
}

fn informs(scene: &mut Scene, leg: LegId, key: Key) {
    scene.switch.now = scene.now;
    scene.switch.on_info(leg, key);
    scene.tell(Input::Durable { up_to: 0 });
}

/// What was pressed anew, and for whom.
fn pressed(scene: &Scene) -> Vec<(LegId, String, Audible)> {
    let of = |command: &Command| match command {
        Command::Press { leg, keys, audible } => {
            Some((*leg, keys.expose().iter().map(|key| key.as_char()).collect(), *audible))
        }
        _ => None,
    };
    scene.commands.iter().filter_map(of).collect()
}

/// The worker keeps the keys of this leg to itself.
fn is_kept_back(scene: &Scene, whose: LegId) -> bool {
    let is_kept = |it: &Command| matches!(it, Command::Keys { leg, go: KeysGo::Nowhere } if *leg == whose);
    scene.commands.iter().any(is_kept)
}

#[test]
fn a_key_of_every_kind_of_phone_reaches_every_kind_of_phone_once_in_both_directions() {
    for source in METHODS {
        for sink in METHODS {
            for by_patient in [true, false] {
                let (patient, person) = if by_patient { (source, sink) } else { (sink, source) };
                let mut scene = talk(patient, person);
                let (patient, person) = (scene.leg(), bridged(&scene)[0]);
                let (from, to) = if by_patient { (patient, person) } else { (person, patient) };
                assert_eq!(pressed(&scene), []);
                presses(&mut scene, from, source, Key::Digit(5));
                let expected = match source {
                    // Events pass in the worker, tones in the sound: `media/engine/tests/keys.rs`.
                    Method::Event | Method::Tone => Vec::new(),
                    Method::Info => vec![(to, "5".to_owned(), Audible::WhereNeeded)],
                };
                assert_eq!(pressed(&scene), expected, "{source:?} to {sink:?}, by the patient: {by_patient}");
                assert!(!is_kept_back(&scene, from), "{source:?} to {sink:?}");
            }
        }
    }
}

#[test]
fn an_info_of_a_person_in_the_dialog_is_answered_and_its_key_is_pressed_for_the_patient() {
    let mut scene = talk(Method::Event, Method::Info);
    let (invite, body) =
        (invite(&scene, "front-desk").expect("it is called"), "Signal=7\r\nDuration=160\r\n");
    scene.datagram(&format!(
        "INFO sip:{US} SIP/2.0\r\nVia: SIP/2.0/UDP {DESK}:5060;branch=z9hG4bKinfo\r\n\
         From: {};tag=front-desk\r\nTo: {}\r\nCall-ID: {}\r\nCSeq: 7 INFO\r\nMax-Forwards: 70\r\n\
         Content-Type: application/dtmf-relay\r\nContent-Length: {}\r\n\r\n{body}",
        header(&invite, "To:"),
        header(&invite, "From:"),
        header(&invite, "Call-ID:"),
        body.len()
    ));
    let is_answer = |text: &String| text.starts_with("SIP/2.0 200 ") && text.contains("CSeq: 7 INFO\r\n");
    assert!(scene.sent.iter().any(is_answer), "{:#?}", scene.sent);
    assert_eq!(pressed(&scene), [(scene.leg(), "7".to_owned(), Audible::WhereNeeded)], "{:#?}", scene.sent);
}

#[test]
fn an_info_counts_for_a_phone_with_events_only_where_that_is_wished() {
    for (info_keys, expected) in
        [(sip::InfoKeys::Told, ""), (sip::InfoKeys::Paired, "5"), (sip::InfoKeys::Ignored, "")]
    {
        for by_patient in [true, false] {
            let mut scene = talk(Method::Event, Method::Event);
            scene.switch.settings.sip.info_keys = info_keys;
            let from = if by_patient { scene.leg() } else { bridged(&scene)[0] };
            informs(&mut scene, from, Key::Digit(5));
            let keys: String = pressed(&scene).into_iter().map(|(_, keys, _)| keys).collect();
            assert_eq!(keys, expected, "{info_keys:?}, by the patient: {by_patient}");
        }
    }
}

#[test]
fn a_phone_that_was_seen_to_tell_each_press_in_both_ways_is_heard_in_its_stream_alone() {
    for first in [Method::Event, Method::Info] {
        let mut scene = talk(Method::Info, Method::Event);
        let patient = scene.leg();
        let second = if first == Method::Event { Method::Info } else { Method::Event };
        for method in [first, second] {
            presses(&mut scene, patient, method, Key::Digit(4));
        }
        let before = pressed(&scene).len();
        scene.wait(SAME_PRESS_WITHIN * 2);
        presses(&mut scene, patient, Method::Info, Key::Digit(5));
        assert_eq!(pressed(&scene).len(), before, "{first:?} first");
    }
}

#[test]
fn a_flood_of_info_meets_the_bound_of_whom_it_is_for() {
    let mut scene = talk(Method::Info, Method::Event);
    let patient = scene.leg();
    (0..40).for_each(|_| informs(&mut scene, patient, Key::Digit(5)));
    assert_eq!((pressed(&scene).len(), scene.switch.counters.person_keys_dropped), (16, 24));
}
