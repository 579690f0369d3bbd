//! Offers within a call and around its answer: hold in every form, fax, no offer, no answer (RFC 3264 §8).

use super::*;

const SOUND: &str = "m=audio 4000 RTP/AVP 0\r\n";

fn sdp(version: u32, address: &str, media: &str) -> String {
    format!("v=0\r\no=- 1 {version} IN IP4 10.0.0.2\r\ns=-\r\nc=IN IP4 {address}\r\nt=0 0\r\n{media}")
}

/// A re-INVITE with that body, its answer and the ACK with `ack`.
fn re_invite(scene: &mut Scene, body: &str, ack: &str) -> String {
    scene.cseq += 1;
    scene.request("100", "INVITE", body);
    let answer = scene.sent.last().expect("an answer").clone();
    scene.request("100", "ACK", ack);
    answer
}

fn replans(scene: &Scene) -> usize {
    scene.commands.iter().filter(|command| matches!(command, media::Command::Replan { .. })).count()
}

fn holds(scene: &Scene) -> Vec<bool> {
    let hold = |event: &Event| if let Event::Hold { on, .. } = event { Some(*on) } else { None };
    scene.log.iter().filter_map(hold).collect()
}

/// What the ladder of a fresh switch ends with: statuses and methods of ours.
fn starts(scene: &Scene) -> Vec<String> {
    scene.sent.iter().map(|text| text.lines().next().unwrap_or_default().to_owned()).collect()
}

#[test]
fn hold_in_every_form_is_answered_in_its_own_and_the_resume_brings_the_address_back() {
    let here = "10.0.0.2";
    for (address, line, answer, held) in [
        (here, "a=sendonly\r\n", "a=recvonly", true),
        (here, "a=inactive\r\n", "a=inactive", true),
        (here, "a=recvonly\r\n", "a=sendonly", false),
        ("0.0.0.0", "", "a=recvonly", true),
        ("0.0.0.0", "a=sendonly\r\n", "a=recvonly", true),
        ("0.0.0.0", "a=inactive\r\n", "a=inactive", true),
    ] {
        let mut scene = Scene::up("100", "sendrecv");
        for version in [2, 3] {
            let said = re_invite(&mut scene, &sdp(version, address, &format!("{SOUND}{line}")), "");
            assert!(said.starts_with("SIP/2.0 200 ") && said.contains(answer), "{address} {line}\n{said}");
            assert!(!said.contains("c=IN IP4 0.0.0.0"), "never spoken:\n{said}");
        }
        assert_eq!(holds(&scene), if held { &[true][..] } else { &[] }, "{address} {line}, twice");
        let said = re_invite(&mut scene, &sdp(4, here, SOUND), "");
        assert!(said.contains("a=sendrecv") && said.contains("c=IN IP4 10.0.0.1"), "{said}");
        assert_eq!(holds(&scene), if held { &[true, false][..] } else { &[] }, "{address} {line}, and back");
        let Some(media::Command::Replan { plan, .. }) =
            scene.commands.iter().rev().find(|command| matches!(command, media::Command::Replan { .. }))
        else {
            panic!("{:?}", scene.commands)
        };
        assert_eq!(plan.remote.to_string(), "10.0.0.2:4000", "{address} {line}");
    }
}

#[test]
fn what_is_no_sound_is_refused_and_the_sound_goes_on() {
    // RFC 3261 §21.4.26
    for media in [
        "m=image 9000 udptl t38\r\na=T38FaxVersion:0\r\n",
        "m=audio 0 RTP/AVP 0\r\n",
        "m=audio 4000 RTP/AVP 18\r\n",
        "m=audio 4000 RTP/SAVP 0\r\n",
        "",
    ] {
        let mut scene = Scene::up("100", "sendrecv");
        let said = re_invite(&mut scene, &sdp(2, "10.0.0.2", media), "");
        assert!(said.starts_with("SIP/2.0 488 "), "{media}\n{said}");
        assert_eq!((replans(&scene), holds(&scene).len(), scene.ended()), (0, 0, None), "{media}");
        let said =
            re_invite(&mut scene, &sdp(3, "10.0.0.2", &format!("{SOUND}m=image 9000 udptl t38\r\n")), "");
        assert!(
            said.contains("m=audio 2000") && said.contains("m=image 0 udptl t38"),
            "fax beside it\n{said}"
        );
    }
}

#[test]
fn an_empty_re_invite_gets_all_that_we_can_whatever_was_agreed_before() {
    let mut scene = Scene::up("100", "sendonly");
    let said = re_invite(&mut scene, "", &sdp(2, "10.0.0.2", "m=audio 4000 RTP/AVP 8\r\n"));
    assert!(said.contains("RTP/AVP 0 8 9 101\r\n") && said.contains("a=sendrecv"), "{said}");
    assert_eq!((replans(&scene), holds(&scene)), (1, vec![false]), "the ACK brings its answer");
    let said = re_invite(&mut scene, "", "");
    assert!(said.contains("RTP/AVP 0 8 9 101\r\n"), "{said}");
    assert_eq!((replans(&scene), scene.ended()), (1, None), "an ACK without one changes nothing");
}

/// An INVITE without an offer, with those header fields.
fn offerless(lines: &str) -> Scene {
    let mut scene = Scene::down();
    scene.cseq = 1;
    scene.datagram(&format!(
        "INVITE sip:100@{US} SIP/2.0\r\nVia: SIP/2.0/UDP {THEM};branch=z9hG4bK0\r\nFrom: <sip:p@x>;tag=them\r\n\
         To: <sip:100@{US}>\r\nCall-ID: one@x\r\nCSeq: 1 INVITE\r\nContact: <sip:p@{THEM}>\r\n\
         Max-Forwards: 70\r\n{lines}Content-Length: 0\r\n\r\n"
    ));
    scene
}

#[test]
fn who_requires_reliable_answers_gets_our_offer_before_the_answer() {
    let mut scene = offerless("Require: 100rel\r\n");
    assert_eq!(starts(&scene), ["SIP/2.0 183 Session Progress"]);
    let rseq = scene.sent[0].split("RSeq: ").nth(1).and_then(|rest| rest.lines().next()).unwrap().to_owned();
    let tag = scene.sent[0].split("To: ").nth(1).and_then(|to| to.lines().next()).unwrap().to_owned();
    let body = sdp(1, "10.0.0.2", SOUND);
    scene.datagram(&format!(
        "PRACK sip:100@{US} SIP/2.0\r\nVia: SIP/2.0/UDP {THEM};branch=z9hG4bKp\r\nFrom: <sip:p@x>;tag=them\r\n\
         To: {tag}\r\nCall-ID: one@x\r\nCSeq: 2 PRACK\r\nRAck: {rseq} 1 INVITE\r\nMax-Forwards: 70\r\n\
         Content-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    ));
    assert_eq!(starts(&scene)[1..], ["SIP/2.0 200 OK", "SIP/2.0 200 OK"], "to the PRACK and to the INVITE");
    assert!(matches!(scene.commands.last(), Some(media::Command::Open { .. })), "{:?}", scene.commands);
    scene.request("100", "ACK", "");
    assert!(scene.log.iter().any(|event| matches!(event, Event::Heard { .. })), "{:#?}", scene.log);
}

#[test]
fn an_offer_of_ours_without_an_answer_ends_the_call_in_words() {
    for body in ["", "v=0\r\no=- 1 1 IN IP4 10.0.0.2\r\ns=-\r\nt=0 0\r\nm=audio 0 RTP/AVP 0\r\n"] {
        let mut scene = offerless("");
        scene.request("100", "ACK", body);
        let bye = scene.sent.last().unwrap();
        assert!(bye.starts_with("BYE ") && bye.contains("\r\nReason: SIP;cause=488;"), "{body}\n{bye}");
        assert_eq!(scene.ended(), Some(Cause::NoCommonMedia), "{body}");
    }
}

#[test]
fn a_session_that_nobody_refreshes_ends_with_its_cause_and_gives_its_port_back() {
    let mut scene = Scene::down();
    scene.cseq = 1;
    let body = sdp(1, "10.0.0.2", SOUND);
    scene.datagram(&format!(
        "INVITE sip:100@{US} SIP/2.0\r\nVia: SIP/2.0/UDP {THEM};branch=z9hG4bK0\r\nFrom: <sip:p@x>;tag=them\r\n\
         To: <sip:100@{US}>\r\nCall-ID: one@x\r\nCSeq: 1 INVITE\r\nContact: <sip:p@{THEM}>\r\n\
         Supported: timer\r\nSession-Expires: 90;refresher=uac\r\nMax-Forwards: 70\r\n\
         Content-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    ));
    scene.request("100", "ACK", "");
    scene.wait(Duration::from_secs(59));
    assert_eq!(scene.ended(), None);
    scene.wait(Duration::from_secs(2) + crate::limits::CLOSING_MAX);
    assert_eq!(scene.ended(), Some(Cause::SessionLost), "{:#?}", scene.log);
    assert_eq!((scene.switch.counters.session_lost, scene.switch.counters.media_lost), (1, 0));
    assert!(scene.sent.iter().any(|text| text.starts_with("BYE ")), "{:#?}", starts(&scene));
    assert!(matches!(scene.commands.last(), Some(media::Command::Close { .. })), "{:?}", scene.commands);
}
