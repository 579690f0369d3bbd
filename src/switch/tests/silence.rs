//! A party of which no sound comes: what the log tells, whom the patient is led to, and who is never cut off for it.

use super::hold::sdp;
use super::transfer::{answers_with, bridged, clinic, header, invite, sent};
use super::*;
use crate::audio::tone::Signal;
use crate::limits::talks::{UNHEARD_PERSON_MAX, UNHEARD_PERSON_WARNED};
use crate::report::event::SilenceStep::{self, Alive, Began, Gone, NeverHeard, NothingYet};

const A_MOMENT: Duration = Duration::from_millis(1);

/// A patient who asked for the front desk with this key and talks with it; nothing comes of its phone, which answered with
/// this line.
fn unheard(key: u8, line: &str) -> Scene {
    let mut scene = Scene::down();
    scene.phones_speak = false;
    scene.switch.flows = Served::to_all(clinic());
    scene.offer("100", "sendrecv");
    scene.request("100", "ACK", "");
    scene.press(Key::Digit(key));
    for _ in 0..5 {
        if invite(&scene, "front-desk").is_none() {
            scene.heard();
        }
    }
    answers_with(&mut scene, "front-desk", "200 OK", &sdp(1, DESK, line));
    assert_eq!(bridged(&scene).len(), 1, "{:#?}", scene.log);
    scene
}

fn desk(scene: &Scene) -> LegId {
    bridged(scene)[0]
}

fn told(scene: &Scene) -> Vec<SilenceStep> {
    let step = |event: &Event| if let Event::Silent { step, .. } = event { Some(*step) } else { None };
    scene.log.iter().filter_map(step).collect()
}

/// The desk agrees on another direction, and its phone sees the answer.
fn offers(scene: &mut Scene, cseq: u32, line: &str) {
    let invite = invite(scene, "front-desk").expect("the desk is called");
    for (method, body) in [("INVITE", sdp(cseq, DESK, line)), ("ACK", String::new())] {
        scene.datagram(&format!(
            "{method} sip:careline@{US} SIP/2.0\r\nVia: SIP/2.0/UDP {DESK}:5060;branch=z9hG4bKs{method}{cseq}\r\n\
             From: {};tag=front-desk\r\nTo: {}\r\nCall-ID: {}\r\nCSeq: {cseq} {method}\r\nMax-Forwards: 70\r\n\
             Contact: <sip:front-desk@{DESK}>\r\nContent-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{body}",
            header(&invite, "To:"),
            header(&invite, "From:"),
            header(&invite, "Call-ID:"),
            body.len()
        ));
    }
}

#[test]
fn a_person_of_whom_no_sound_ever_comes_is_hung_up_and_the_next_one_is_called() {
    for answers_probe in [true, false] {
        let mut scene = unheard(0, "");
        let (patient, desk) = (scene.leg(), desk(&scene));
        scene.wait(UNHEARD_PERSON_WARNED - A_MOMENT);
        assert_eq!((told(&scene).len(), scene.probes(), scene.signals.len()), (0, 0, 0), "{:#?}", scene.log);
        scene.wait(A_MOMENT);
        assert_eq!((told(&scene), scene.probes()), (vec![NothingYet], 1));
        assert_eq!(scene.signals, [(patient, Signal::EndsSoon), (desk, Signal::EndsSoon)]);
        if answers_probe {
            scene.answer_probe();
        }
        scene.wait(UNHEARD_PERSON_MAX - UNHEARD_PERSON_WARNED - A_MOMENT);
        assert_eq!((sent(&scene, "BYE "), sent(&scene, "INVITE sip:nurse@")), (0, 0), "{:#?}", scene.log);
        scene.wait(A_MOMENT);
        let bye = scene.sent.iter().find(|text| text.starts_with("BYE sip:front-desk@")).expect("a BYE");
        assert!(bye.contains("Reason: SIP;cause=480;text=\"no sound came\"\r\n"), "{bye}");
        let expected: &[_] =
            if answers_probe { &[NothingYet, Alive, NeverHeard] } else { &[NothingYet, NeverHeard] };
        assert_eq!(told(&scene), expected);
        assert!(scene.log.contains(&Event::Unbridged { leg: desk }), "{:#?}", scene.log);
        assert_eq!(sent(&scene, "INVITE sip:nurse@"), 1, "the next rung\n{:#?}", scene.log);
        assert!(scene.is_on_bed(patient), "he waits again");
        assert_eq!((scene.switch.counters.persons_unheard, scene.ended()), (1, None));
        // Who is called next and speaks, talks on.
        scene.phones_speak = true;
        answers_with(&mut scene, "nurse", "200 OK", &sdp(1, DESK, ""));
        scene.wait(SILENT_AFTER * 3);
        assert_eq!((bridged(&scene).len(), scene.switch.counters.persons_unheard), (2, 1));
        assert_eq!((sent(&scene, "BYE sip:nurse@"), scene.switch.counters.flow_faults), (0, 0));
    }
}

/// A muted phone may send nothing: who has been heard is asked, and told of, and nothing else.
#[test]
fn who_has_been_heard_once_is_not_cut_off_while_his_phone_answers() {
    let mut scene = unheard(0, "");
    let desk = desk(&scene);
    scene.wait(UNHEARD_PERSON_MAX - A_MOMENT);
    scene.speaks(desk);
    // That nobody answered when he was asked in the first seconds counts no more.
    scene.wait(SILENT_AFTER);
    assert_eq!((told(&scene), sent(&scene, "BYE ")), (vec![NothingYet], 0), "{:#?}", scene.log);
    let before = scene.probes();
    for n in 1..=3 {
        if n == 1 {
            scene.tell(Input::Media(media::Event::MediaSilent { leg: desk, at: scene.now.at }));
        }
        assert_eq!(scene.probes(), before + n, "minute {n}");
        scene.answer_probe();
        scene.wait(SILENT_AFTER);
    }
    assert_eq!(told(&scene), [NothingYet, Began, Alive], "once for each silence");
    assert_eq!((sent(&scene, "BYE "), scene.switch.counters.parties_silent), (0, 1));
    // And then it answers no more.
    scene.wait(UNANSWERED);
    assert_eq!(told(&scene), [NothingYet, Began, Alive, Gone]);
    assert_eq!((scene.switch.counters.persons_lost, sent(&scene, "BYE sip:front-desk@")), (1, 1));
    assert_eq!(scene.ended(), None, "the patient is led on\n{:#?}", scene.log);
}

/// RFC 3264 §8.4: who holds, or whose microphone is off by agreement, need not send.
#[test]
fn who_need_not_send_is_not_counted_as_silent_and_the_time_begins_when_he_must() {
    for line in ["a=sendonly\r\n", "a=inactive\r\n", "a=recvonly\r\n"] {
        for from_the_start in [true, false] {
            let what = format!("{line:?}, from the start: {from_the_start}");
            let mut scene = unheard(0, if from_the_start { line } else { "" });
            if !from_the_start {
                scene.wait(UNHEARD_PERSON_WARNED - A_MOMENT);
                offers(&mut scene, 2, line);
            }
            scene.wait(SILENT_AFTER - A_MOMENT);
            assert_eq!((told(&scene).len(), sent(&scene, "BYE ")), (0, 0), "{what}\n{:#?}", scene.log);
            offers(&mut scene, 3, "");
            scene.wait(UNHEARD_PERSON_MAX - A_MOMENT);
            assert_eq!((told(&scene), sent(&scene, "BYE ")), (vec![NothingYet], 0), "{what}");
            scene.wait(A_MOMENT);
            assert_eq!(sent(&scene, "BYE sip:front-desk@"), 1, "{what}\n{:#?}", scene.log);
        }
    }
}

#[test]
fn nobody_is_cut_off_while_the_patient_holds() {
    let mut scene = unheard(0, "");
    scene.offer("100", "sendonly");
    scene.request("100", "ACK", "");
    scene.wait(UNHEARD_PERSON_MAX * 3);
    assert_eq!((told(&scene).len(), sent(&scene, "BYE ")), (0, 0), "{:#?}", scene.log);
}

#[test]
fn a_patient_in_danger_is_never_cut_off_from_a_person_who_may_hear_him() {
    let mut scene = unheard(9, "");
    scene.wait(SILENT_AFTER * 10);
    assert_eq!((told(&scene), scene.probes(), scene.signals.len()), (vec![NothingYet], 0, 0));
    assert_eq!((sent(&scene, "BYE "), scene.switch.counters.persons_unheard), (0, 0), "{:#?}", scene.log);
}

/// Who is gone is told of, whoever it is.
#[test]
fn a_patient_whose_phone_is_gone_has_it_in_his_record() {
    let mut scene = unheard(9, "");
    let patient = scene.leg();
    scene.tell(Input::Media(media::Event::MediaSilent { leg: patient, at: scene.now.at }));
    scene.wait(UNANSWERED + crate::limits::CLOSING_MAX);
    assert_eq!(told(&scene), [Began, NothingYet, Gone]);
    assert_eq!((scene.ended(), scene.switch.counters.persons_lost), (Some(Cause::MediaLost), 0));
}
