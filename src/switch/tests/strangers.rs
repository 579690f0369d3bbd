//! Somebody of the Internet tries out numbers: nothing is answered and nothing kept. Patients and help are answered.

use super::*;
use crate::call::routing::{CalledNumberFrom, Trunk};
use crate::limits::GUARD_OFFENCES_MAX;

/// An address of the Internet that is listened to.
const AFAR: &str = "198.51.100.7:5060";

fn network(base: &str, prefix: u8) -> sip::Network {
    sip::Network { base: base.parse().unwrap(), prefix }
}

/// An engine that listens to the Internet, and by a trunk to one address of it.
fn open_to_all() -> Scene {
    Scene::with(|settings| {
        settings.sip.listen_to.push(network("0.0.0.0", 0));
        settings.sip.trusted = vec![network("203.0.113.7", 32)];
        settings.dial.answered = vec!["911".to_owned()];
        settings.trunks = vec![Trunk {
            name: "carrier".into(),
            networks: vec![network("203.0.113.7", 32)],
            trusted: true,
            called_number_from: CalledNumberFrom::RequestUri,
            country: None,
        }];
    })
}

fn invites(scene: &mut Scene, from: &str, number: &str, call: u32) {
    let sdp =
        "v=0\r\no=- 1 1 IN IP4 10.0.0.2\r\ns=-\r\nc=IN IP4 10.0.0.2\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n";
    let text = format!(
        "INVITE sip:{number}@{US} SIP/2.0\r\nVia: SIP/2.0/UDP {from};branch=z9hG4bK{call}\r\nFrom: <sip:p@x>;tag=t{call}\r\n\
         To: <sip:{number}@{US}>\r\nCall-ID: {call}@x\r\nCSeq: 1 INVITE\r\nContact: <sip:p@{from}>\r\nMax-Forwards: 70\r\n\
         Content-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{sdp}",
        sdp.len()
    );
    let way = Way::udp(US.parse().unwrap(), from.parse().unwrap());
    scene.tell(Input::Message { way, octets: text.as_bytes() });
}

#[test]
fn a_number_that_no_flow_is_named_for_is_answered_to_the_house_and_to_trunks_and_to_nobody_of_the_internet() {
    for (from, number, answered) in [
        (AFAR, "0049301234567", false),
        (AFAR, "+19005550123", false),
        (AFAR, "101", false),
        (AFAR, "100", true),
        (AFAR, "911", true),
        (THEM, "0049301234567", true),
        ("192.168.7.7:5060", "101", true),
        ("203.0.113.7:5060", "+16175559999", true),
    ] {
        let mut scene = open_to_all();
        invites(&mut scene, from, number, 1);
        let is_answered = scene.sent.iter().any(|text| text.starts_with("SIP/2.0 200 "));
        assert_eq!(is_answered, answered, "{from} to {number}: {:#?}", scene.sent);
        assert_eq!(scene.switch.sip.counters().unrouted, u64::from(!answered), "{from} to {number}");
        if !answered {
            scene.wait(Duration::from_secs(60));
            assert_eq!((scene.sent.len(), scene.log.len()), (0, 0), "{number}: no answer, no record");
            assert_eq!(
                (scene.switch.sip.transactions(), scene.switch.sip.legs()),
                (0, 0),
                "{number}: nothing is kept"
            );
            assert_eq!(scene.switch.calls_up(), 0);
        }
    }
}

#[test]
fn who_tries_number_after_number_answers_for_it() {
    let mut scene = open_to_all();
    for call in 0..=GUARD_OFFENCES_MAX {
        invites(&mut scene, AFAR, &format!("00{call}"), call);
    }
    invites(&mut scene, AFAR, "100", 1_000);
    let counters = scene.switch.sip.counters();
    assert_eq!(
        (scene.sent.len(), counters.unrouted, counters.banned),
        (0, u64::from(GUARD_OFFENCES_MAX) + 1, 1)
    );
}
