//! Calls that were sent on to us, and those of ours that come back: RFC 5806 §3, RFC 7044 §5, RFC 3261 §21.4.20.

use super::*;
use crate::limits::carriers::DIVERSIONS_MAX;
use crate::sip::carrier::{Carrier, TellsDiversion};
use crate::wire::sip::diversion::Why as DivertedWhy;

const OURS: &str = "+16175550100";
const SDP: &str =
    "v=0\r\no=- 1 1 IN IP4 10.0.0.2\r\ns=-\r\nc=IN IP4 10.0.0.2\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n";

/// An INVITE from that number with these lines; the status of its answer.
fn invited(scene: &mut Scene, from: &str, lines: &str) -> u16 {
    let (before, cseq) = (scene.sent.len(), scene.sent.len());
    scene.datagram(&format!(
        "INVITE sip:100@{US} SIP/2.0\r\nVia: SIP/2.0/UDP {THEM};branch=z9hG4bKd{cseq}\r\nFrom: <sip:{from}@x>;tag=d\r\n\
         To: <sip:100@{US}>\r\nCall-ID: d{cseq}@x\r\nCSeq: 1 INVITE\r\nContact: <sip:p@{THEM}>\r\nMax-Forwards: 70\r\n\
         {lines}Content-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{SDP}",
        SDP.len()
    ));
    let answer = scene.sent[before..].iter().find_map(|text| text.strip_prefix("SIP/2.0 "));
    answer.and_then(|text| text.get(..3)?.parse().ok()).expect("an answer")
}

/// A patient, +1 617 555 0142, is being put through to somebody over a trunk.
fn put_through() -> Scene {
    let mut scene = Scene::down();
    let carrier = Carrier {
        name: "carrier".into(),
        to: vec!["sip:10.0.0.9".to_owned()],
        caller: OURS.to_owned(),
        trusted: true,
        account: None,
        login_s: None,
        health_every: None,
        diversion: TellsDiversion::HistoryInfo,
        quirks: Default::default(),
    };
    scene.tell(Input::Carriers(vec![carrier]));
    scene.offer("100", "sendrecv");
    scene.request("100", "ACK", "");
    scene.press(Key::Digit(0));
    let call = scene.switch.calls.values_mut().next().expect("a call");
    call.caller = Some(Phi::new("+16175550142".to_owned()));
    call.person.as_mut().expect("a person rings").target = "trunk:carrier/+16175550123".to_owned();
    scene
}

#[test]
fn who_sent_a_call_on_to_us_is_written_down() {
    use DivertedWhy::{Busy, NoAnswer, Unknown};
    for (lines, expected) in [
        ("", None),
        ("Diversion: \"never closed <sip:+16175550111@x>;reason=user-busy\r\n", None),
        (
            "Diversion: <sip:+16175550111@x>;reason=user-busy\r\n",
            Some((Some("+16175550111"), Busy, Some("+16175550111"), 1)),
        ),
        (
            "History-Info: <sip:222@x?Privacy=history>;index=1, <sip:100@x;cause=408>;index=1.1;mp=1\r\n",
            Some((None, NoAnswer, None, 1)),
        ),
        (
            "Diversion: <sip:222@x>, <sip:111@x>;reason=no-answer\r\n",
            Some((Some("222"), Unknown, Some("111"), 2)),
        ),
    ] {
        let mut scene = Scene::down();
        assert_eq!(invited(&mut scene, "+16175550142", lines), 200, "{lines}");
        let told = scene.log.iter().find_map(|event| match event {
            Event::Diverted(it) => {
                let shown = |it: &'_ Option<Phi<String>>| it.as_ref().map(|it| it.expose().clone());
                Some((shown(&it.by), it.why, shown(&it.first), it.times))
            }
            _ => None,
        });
        let expected = expected
            .map(|(by, why, first, times)| (by.map(str::to_owned), why, first.map(str::to_owned), times));
        assert_eq!(told, expected, "{lines}");
        assert!(!format!("{:?}", scene.log).contains("555"), "a number is a patient's");
    }
}

#[test]
fn a_call_of_ours_that_comes_back_is_not_answered_and_every_other_is() {
    let back = format!("Diversion: <sip:+16175550123@x>;reason=unconditional, <sip:{OURS}@x>\r\n");
    let history = format!(
        "History-Info: <sip:{OURS}@x>;index=1, <sip:+16175550123@x;cause=302>;index=1.1;mp=1, \
         <sip:100@x;cause=302>;index=1.1.1;mp=1.1\r\n"
    );
    let other = "Diversion: <sip:+16175550123@x>;reason=unconditional\r\n";
    let often = format!("Diversion: <sip:{OURS}@x>, <sip:{OURS}@x>, <sip:{OURS}@x>\r\n");
    let many = format!("Diversion: {}<sip:1@x>\r\n", "<sip:1@x>, ".repeat(DIVERSIONS_MAX));
    let bad = format!("Diversion: {}<sip:1@x>\r\n", "<sip:1@x, ".repeat(DIVERSIONS_MAX));
    let private = format!(
        "History-Info: <sip:{OURS}@x?Privacy=history>;index=1, <sip:100@x;cause=302>;index=1.1;mp=1\r\n"
    );
    for (what, from, lines, status) in [
        ("with the patient's number", "+16175550142", &*back, 482),
        ("with the trunk's", OURS, &*back, 482),
        ("by History-Info", "+16175550142", &*history, 482),
        ("by History-Info that is private", "+16175550142", &*private, 482),
        ("somebody else calls", "+16175550177", &*back, 200),
        ("he calls again, and nobody of ours sent it on", "+16175550142", other, 200),
        ("he calls again", "+16175550142", "", 200),
        ("again and again by us", "+16175550177", &*often, 482),
        ("by more than any carrier lets pass", "+16175550177", &*many, 482),
        ("by many, as nobody can read", "+16175550142", &*bad, 200),
    ] {
        let mut scene = put_through();
        assert_eq!(invited(&mut scene, from, lines), status, "{what}");
        assert_eq!(scene.switch.counters.circles, u64::from(status == 482), "{what}");
        let is_his = status == 482 && from != "+16175550177";
        let came_back =
            |scene: &Scene| scene.log.iter().filter(|event| matches!(event, Event::CameBack { .. })).count();
        assert_eq!(came_back(&scene), usize::from(is_his), "{what}: the patient's record says so");
        if is_his {
            assert_eq!(invited(&mut scene, from, lines), 482, "{what}, once more");
            assert_eq!(came_back(&scene), 1, "{what}: once is enough");
        }
    }
    let mut scene = Scene::down();
    assert_eq!(invited(&mut scene, "+16175550142", &back), 200, "nobody is put through: he would be lost");
}
