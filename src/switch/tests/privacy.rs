//! What phones of the house see of who calls: RFC 3323 §4.1, RFC 3325 §7, RFC 8224 §4.

use super::dialling::{ANN, BOB, Desk, network};
use super::*;
use crate::call::routing::{CalledNumberFrom, Trunk};

const SDP: &str =
    "v=0\r\no=- 1 1 IN IP4 10.0.0.2\r\ns=-\r\nc=IN IP4 10.0.0.2\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n";
const NUMBER: &str = "+16175550142";

/// A patient calls over a trunk that is trusted, with these lines, and wants a person.
fn wants_a_person(from: &str, lines: &str) -> Scene {
    let mut scene = Scene::with(|settings| {
        settings.trunks = vec![Trunk {
            name: "carrier".into(),
            networks: vec![network("10.0.0.2", 32)],
            trusted: true,
            called_number_from: CalledNumberFrom::RequestUri,
            country: None,
        }];
    });
    scene.cseq = 1;
    scene.datagram(&format!(
        "INVITE sip:100@{US} SIP/2.0\r\nVia: SIP/2.0/UDP {THEM};branch=z9hG4bKp\r\nFrom: <{from}>;tag=them\r\n\
         To: <sip:100@{US}>\r\nCall-ID: one@x\r\nCSeq: 1 INVITE\r\nContact: <sip:p@{THEM}>\r\nMax-Forwards: 70\r\n\
         {lines}Content-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{SDP}",
        SDP.len()
    ));
    scene.request("100", "ACK", "");
    scene.press(Key::Digit(0));
    scene
}

fn at_the_desk(scene: &Scene) -> String {
    let invite = scene.sent.iter().find(|text| text.starts_with("INVITE sip:front-desk@"));
    invite.unwrap_or_else(|| panic!("the desk is called: {:#?}", scene.log)).clone()
}

#[test]
fn who_asked_for_privacy_is_anonymous_to_phones_of_the_house_and_known_to_the_record() {
    let (anonymous, number) = ("sip:anonymous@anonymous.invalid", format!("sip:{NUMBER}@x"));
    let asserted = format!("P-Asserted-Identity: <sip:{NUMBER}@x>\r\n");
    for (from, lines, is_shown) in [
        (anonymous, asserted.clone(), true),
        (anonymous, format!("{asserted}Privacy: none\r\n"), true),
        (anonymous, format!("{asserted}Privacy: history\r\n"), true),
        (anonymous, format!("{asserted}Privacy: id\r\n"), false),
        (anonymous, format!("{asserted}Privacy: header; ID\r\n"), false),
        (anonymous, format!("{asserted}Privacy: user\r\n"), false),
        (number.as_str(), asserted.clone(), true),
        (number.as_str(), format!("{asserted}Privacy: id\r\n"), false),
    ] {
        let scene = wants_a_person(from, &lines);
        let invite = at_the_desk(&scene);
        let from_line = invite.lines().find(|line| line.starts_with("From: ")).unwrap_or_default();
        let nobody = "From: \"Anonymous\" <sip:anonymous@anonymous.invalid>;tag=";
        assert_eq!(
            from_line.starts_with(&format!("From: <sip:{NUMBER}@")),
            is_shown,
            "{from}, {lines}: {invite}"
        );
        assert_eq!(from_line.starts_with(nobody), !is_shown, "{from}, {lines}: {invite}");
        assert_eq!(invite.contains("6175550142"), is_shown, "{from}, {lines}: nowhere else either: {invite}");
        let caller = scene.log.iter().find_map(|event| match event {
            Event::Arrived { caller, .. } => caller.as_ref().map(|caller| caller.expose().clone()),
            _ => None,
        });
        assert_eq!(caller.as_deref(), Some(NUMBER), "{from}, {lines}");
    }
}

#[test]
fn the_staff_is_known_to_the_staff_whatever_its_phones_ask_for() {
    let mut desk = Desk::new();
    desk.log_in("bob", BOB);
    let asked = desk.invite(ANN, "bob", "");
    let lines = desk.shown(&asked, "bob") + "Privacy: id\r\n";
    let answer = desk.invite(ANN, "bob", &lines);
    desk.acknowledge(ANN, &answer);
    let invite = desk.scene.sent.iter().find(|text| text.starts_with("INVITE sip:bob@10.0.0.9"));
    let invite = invite.unwrap_or_else(|| panic!("bob is rung: {:#?}", desk.scene.sent));
    assert!(invite.contains("\r\nFrom: <sip:ann@"), "{invite}");
}

#[test]
fn what_a_carrier_has_signed_goes_to_nobody_else() {
    // RFC 8224 §4: the signature is of the call to us, and holds the caller's number in clear.
    let token = "eyJhbGciOiJFUzI1NiJ9".repeat(250);
    let one = format!("Identity: {token};info=<https://cert.example/c.pem>;alg=ES256;ppt=shaken\r\n");
    let scene = wants_a_person(&format!("sip:{NUMBER}@x"), &one.repeat(2));
    let invite = at_the_desk(&scene);
    assert!(!invite.contains("Identity") && !invite.contains("eyJ"), "{invite}");
}
