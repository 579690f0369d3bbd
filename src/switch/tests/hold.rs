//! A person is rung, talks with the patient, holds, is gone: what each of the two hears meanwhile, and that the patient is
//! led on.

use super::desk::{answer_with, asked, called, invites};
use super::wait::record;
use super::*;

const SOUND: &str = "m=audio 4000 RTP/AVP 0\r\n";
const CONTACT: &str = "Contact: <sip:front-desk@10.0.0.9:5060>\r\nContent-Type: application/sdp\r\n";

/// What the desk's phone says of its sound.
pub(super) fn sdp(version: u32, address: &str, line: &str) -> String {
    format!("v=0\r\no=- 9 {version} IN IP4 {DESK}\r\ns=-\r\nc=IN IP4 {address}\r\nt=0 0\r\n{SOUND}{line}")
}

/// A patient who talks with the desk, whose answer has this line.
fn answered(line: &str) -> Scene {
    let mut scene = asked();
    answer_with(&mut scene, "200 OK", CONTACT, &sdp(1, DESK, line));
    assert!(scene.log.iter().any(|event| matches!(event, Event::Bridged { .. })), "{:#?}", scene.log);
    scene
}

/// The person's leg.
fn person(scene: &Scene) -> LegId {
    *scene.switch.legs.keys().nth(1).expect("a person")
}

/// A request of the desk within the call, and our answer to it.
fn desk_asks(scene: &mut Scene, method: &str, cseq: u32, body: &str) -> String {
    let invite = invites(scene).pop().expect("the desk was called");
    let header = |name: &str| invite.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
    let (us, them, call_id) = (header("From: "), header("To: "), header("Call-ID: "));
    scene.datagram(&format!(
        "{method} sip:careline@{US} SIP/2.0\r\nVia: SIP/2.0/UDP {DESK}:5060;branch=z9hG4bKdesk{method}{cseq}\r\n\
         From: {them};tag=desk\r\nTo: {us}\r\nCall-ID: {call_id}\r\nCSeq: {cseq} {method}\r\nMax-Forwards: 70\r\n\
         {CONTACT}Content-Length: {}\r\n\r\n{body}",
        body.len()
    ));
    scene.sent.last().expect("an answer").clone()
}

/// A re-INVITE or an UPDATE of the desk, taken and, where it must be, acknowledged.
fn desk_offers(scene: &mut Scene, method: &str, cseq: u32, body: &str) {
    let answer = desk_asks(scene, method, cseq, body);
    assert!(answer.starts_with("SIP/2.0 200 "), "{answer}");
    if method == "INVITE" {
        desk_asks(scene, "ACK", cseq, "");
    }
}

fn holds(scene: &Scene) -> Vec<(bool, Party)> {
    let hold = |event: &Event| if let Event::Hold { on, by } = event { Some((*on, *by)) } else { None };
    scene.log.iter().filter_map(hold).collect()
}

fn unbridged(scene: &Scene) -> bool {
    scene.log.iter().any(|event| matches!(event, Event::Unbridged { .. }))
}

/// Probes that went to the desk.
fn asks_of_the_desk(scene: &Scene) -> usize {
    scene.sent.iter().filter(|text| text.starts_with("OPTIONS sip:front-desk@")).count()
}

#[test]
fn a_patient_whom_the_person_holds_hears_the_bed_until_the_resume_and_the_log_has_the_wait() {
    for method in ["INVITE", "UPDATE"] {
        for (address, line, waits) in [
            (DESK, "a=sendonly\r\n", true),
            (DESK, "a=inactive\r\n", true),
            ("0.0.0.0", "", true),
            ("0.0.0.0", "a=inactive\r\n", true),
            // A phone whose microphone is off, and which listens.
            (DESK, "a=recvonly\r\n", false),
        ] {
            let what = format!("{method} {address} {line}");
            let mut scene = answered("");
            let (patient, person) = (scene.leg(), person(&scene));
            assert!(!scene.is_on_bed(patient) && !scene.is_on_bed(person), "{what}: they talk");
            scene.wait(Duration::from_secs(5));
            for version in [2, 3] {
                desk_offers(&mut scene, method, version, &sdp(version, address, line));
                assert_eq!(scene.is_on_bed(patient), waits, "{what}: version {version}");
            }
            scene.press(Key::Digit(5));
            scene.wait(Duration::from_secs(42));
            assert_eq!(scene.is_on_bed(patient), waits, "{what}: a key ends no wait");
            desk_offers(&mut scene, method, 4, &sdp(4, DESK, ""));
            assert!(!scene.is_on_bed(patient), "{what}: they talk again");
            assert!(!scene.is_on_bed(person) && !unbridged(&scene), "{what}: the bridge stands");
            let expected: &[_] = if waits { &[(true, Party::Person), (false, Party::Person)] } else { &[] };
            assert_eq!(holds(&scene), expected, "{what}");
            assert_eq!(scene.switch.counters.patients_held, u64::from(waits), "{what}");
            assert_eq!(record(&scene).waits.len(), usize::from(waits), "{what}");
        }
    }
}

#[test]
fn a_person_whom_the_patient_holds_hears_the_bed_until_the_resume() {
    let mut scene = answered("");
    let (patient, person) = (scene.leg(), person(&scene));
    for (direction, waits) in
        [("sendonly", true), ("inactive", true), ("sendrecv", false), ("recvonly", false)]
    {
        scene.offer("100", direction);
        scene.request("100", "ACK", "");
        assert_eq!((scene.is_on_bed(person), scene.is_on_bed(patient)), (waits, false), "{direction}");
    }
    assert_eq!(holds(&scene), [(true, Party::Caller), (false, Party::Caller)]);
    assert_eq!((scene.switch.counters.patients_held, record(&scene).waits.len()), (0, 0));
}

#[test]
fn who_holds_each_other_both_have_a_bed_and_each_ends_with_its_own_hold() {
    let mut scene = answered("");
    let (patient, person) = (scene.leg(), person(&scene));
    desk_offers(&mut scene, "INVITE", 2, &sdp(2, DESK, "a=sendonly\r\n"));
    scene.offer("100", "sendonly");
    scene.request("100", "ACK", "");
    assert!(scene.is_on_bed(patient) && scene.is_on_bed(person));
    desk_offers(&mut scene, "INVITE", 3, &sdp(3, DESK, ""));
    assert!(!scene.is_on_bed(patient) && scene.is_on_bed(person), "the person waits for the patient");
}

#[test]
fn a_person_who_answers_on_hold_leaves_the_patient_on_the_bed() {
    let scene = answered("a=sendonly\r\n");
    assert!(scene.is_on_bed(scene.leg()));
    assert_eq!(holds(&scene), [(true, Party::Person)]);
}

#[test]
fn a_person_who_hangs_up_in_the_hold_ends_it_and_the_patient_is_led_on() {
    let mut scene = answered("");
    let calls = called(&scene);
    desk_offers(&mut scene, "INVITE", 2, &sdp(2, DESK, "a=sendonly\r\n"));
    scene.wait(Duration::from_secs(30));
    let answer = desk_asks(&mut scene, "BYE", 3, "");
    assert!(answer.starts_with("INVITE ") || answer.starts_with("SIP/2.0 200 "), "{answer}");
    assert_eq!(holds(&scene), [(true, Party::Person), (false, Party::Person)]);
    assert!(unbridged(&scene) && called(&scene) > calls, "another person is called\n{:#?}", scene.log);
    assert!(scene.is_on_bed(scene.leg()), "on the bed of that wait");
    assert_eq!(scene.ended(), None);
}

/// RFC 3264 §8.4: who holds need not send, so that silence tells nothing of it. Who talks and sends nothing is told of by
/// the worker.
#[test]
fn a_person_whose_phone_died_is_asked_then_hung_up_and_the_patient_is_led_on() {
    for (line, is_heard) in [("", true), ("a=sendonly\r\n", true), ("a=inactive\r\n", false)] {
        for alive in [true, false] {
            let what = format!("{line:?}, alive: {alive}");
            let mut scene = answered("");
            let (leg, calls) = (person(&scene), called(&scene));
            if !line.is_empty() {
                desk_offers(&mut scene, "INVITE", 2, &sdp(2, DESK, line));
            }
            scene.wait(SILENT_AFTER);
            if is_heard {
                assert_eq!(asks_of_the_desk(&scene), 0, "{what}: the worker listens");
                scene.tell(Input::Media(media::Event::MediaSilent { leg, at: scene.now.at }));
            }
            assert_eq!(asks_of_the_desk(&scene), 1, "{what}");
            if alive {
                scene.answer_probe();
            }
            scene.wait(UNANSWERED);
            assert_eq!(unbridged(&scene), !alive, "{what}\n{:#?}", scene.log);
            let byes = scene.sent.iter().filter(|text| text.starts_with("BYE sip:front-desk@")).count();
            assert_eq!(byes > 0, !alive, "{what}: a phone that is only cut off stops ringing up");
            assert_eq!(called(&scene) > calls, !alive, "{what}: another person is called\n{:#?}", scene.log);
            assert_eq!(scene.is_on_bed(scene.leg()), !alive || !line.is_empty(), "{what}");
            assert_eq!((scene.ended(), scene.switch.counters.flow_faults), (None, 0), "{what}");
        }
    }
}

/// RFC 3960 §3: what a phone sends before it answers is its own ringing or an announcement of a network, in whatever
/// language. The patient goes on hearing words and the bed.
#[test]
fn what_comes_before_the_answer_is_not_heard_and_its_sdp_holds_if_the_answer_has_none() {
    let mut scene = asked();
    let patient = scene.leg();
    for (status, body) in [("180 Ringing", ""), ("183 Session Progress", &*sdp(1, DESK, ""))] {
        answer_with(&mut scene, status, CONTACT, body);
        let bridged = |command: &media::Command| matches!(command, media::Command::Bridge { .. });
        assert!(scene.is_on_bed(patient) && !scene.commands.iter().any(bridged), "{status}");
    }
    answer_with(&mut scene, "200 OK", CONTACT, "");
    let bridged = scene.commands.iter().any(|command| matches!(command, media::Command::Bridge { .. }));
    assert!(bridged && !scene.is_on_bed(patient), "{:?}", scene.commands);
}

#[test]
fn a_phone_that_rings_unanswered_is_left_after_25_s_whatever_it_says_meanwhile() {
    for rings in [&["180 Ringing"][..], &["183 Session Progress", "180 Ringing", "182 Queued"], &[]] {
        let mut scene = asked();
        let begin = scene.now.at;
        for status in rings {
            answer_with(&mut scene, status, CONTACT, "");
            scene.wait(Duration::from_secs(3));
        }
        let refused = |scene: &Scene| {
            let status = |event: &Event| {
                if let Event::PersonNotReached { status, .. } = event { Some(*status) } else { None }
            };
            scene.log.iter().find_map(status)
        };
        while refused(&scene).is_none() {
            assert!(scene.now.at.since(begin) <= Duration::from_secs(25), "{rings:?}: it rings on");
            assert!(scene.is_on_bed(scene.leg()), "{rings:?}");
            scene.wait(Duration::from_millis(500));
        }
        assert_eq!(refused(&scene), Some(408), "{rings:?}");
        let cancelled = scene.sent.iter().any(|text| text.starts_with("CANCEL sip:front-desk@"));
        assert_eq!(
            cancelled,
            !rings.is_empty(),
            "{rings:?}: who said nothing is told when it speaks (RFC 3261 §9.1)"
        );
        scene.wait(crate::limits::LADDER_REST);
        assert!(called(&scene) > 1, "{rings:?}: the ladder goes on\n{:#?}", scene.log);
    }
}

#[test]
fn a_transfer_is_heard_in_the_moment_in_which_it_begins() {
    let mut scene = asked();
    let begins = scene.log.iter().any(|event| matches!(event, Event::PersonCalled { .. }));
    assert!(begins && scene.is_on_bed(scene.leg()) && !scene.spoken.is_empty());
    assert!(crate::limits::BED_RESTS < Duration::from_secs(1), "the bed is heard after its rest");
    // Its words are over, and nothing is said for as long as it rings: the bed stays.
    scene.heard();
    assert!(scene.is_on_bed(scene.leg()));
}
