//! Traps of the field that one message springs, each through the whole machine: what a phone, a carrier or a
//! scanner really sends. Those that take a whole call are in `sip/stack/tests` and in the simulation.

use crate::world::{IP4, World, outcome};
use crate::{text, wire, with};
use careline::wire::sip::address::Address;
use careline::wire::sip::message::{Message, Response, parse};
use careline::wire::sip::name::Name;

const TAKEN: &str = "! call to `c`, 200";
const SDP: &str = "v=0\no=- 1 1 IN IP4 192.0.2.2\ns=-\nc=IN IP4 192.0.2.2\nt=0 0\nm=audio 6000 RTP/AVP 0\n";

/// An INVITE with those lines and a body of SDP, without a length.
fn invite(lines: &str) -> String {
    text(&with("INVITE sip:c@d SIP/2.0", &format!("Contact: <sip:caller@192.0.2.2>\n{lines}\n{SDP}")))
}

#[track_caller]
fn check(name: &str, octets: &[u8], expected: &str) {
    assert_eq!(outcome(octets, IP4), expected, "{name}:\n{}", text(octets));
}

/// The last answer to the message.
#[track_caller]
fn answered(octets: &[u8], read: impl Fn(&Response<'_>)) {
    let mut world = World::new(IP4.0, IP4.1);
    world.receive(octets);
    let sent = world.sent.last().unwrap_or_else(|| panic!("nothing was sent for\n{}", text(octets)));
    let Ok(Message::Response(response)) = parse(sent) else { panic!("{}", text(sent)) };
    read(&response);
}

#[test]
fn p1_compact_names_in_any_case_and_unknown_letters_are_a_call() {
    let head = "INVITE sip:c@d SIP/2.0\nV: SIP/2.0/UDP h;branch=z9hG4bK1\nF:<sip:a@b>;tag=1\nT:\tsip:c@d\nI: 1\n\
        cseq: 1 INVITE\nM: <sip:a@h>\nK: timer\nQ: what\nz: this\nC: application/sdp;charset=utf-8\n";
    check("P1", &wire(&format!("{head}L: {}\n\n{SDP}", wire(SDP).len())), TAKEN);
}

#[test]
fn p2_folds_lists_and_bare_addresses_are_a_call() {
    let octets = wire(&format!(
        "INVITE sip:c@d SIP/2.0\nVia: SIP/2.0/UDP h;branch=z9hG4bK1, SIP/2.0/TCP \"i\"\n\
         Record-Route: \"p, q\" <sip:p;lr>,\n\t<sip:q,r@s;lr>\nRecord-Route:<sip:t;lr>\nFrom:\tsip:a@b;tag=1;x=\"y,z\"\n\
         To:\n <sip:c@d>\nCall-ID: 1\nCSeq: 1\n INVITE\nContact: \"A, B\" <sip:a@h>, <sip:i@j>\n\
         Content-Type: application/sdp\n\n{SDP}"
    ));
    check("P2", &octets, TAKEN);
    answered(&octets, |response| {
        let routes: Vec<_> = response.headers.values(Name::RecordRoute).map(text).collect();
        assert_eq!(routes, ["\"p, q\" <sip:p;lr>", "<sip:q,r@s;lr>", "<sip:t;lr>"]);
        assert_eq!(response.headers.values(Name::Via).count(), 2);
    });
}

#[test]
fn p3_bodies_are_measured_as_they_come() {
    let typed = invite("Content-Type: application/sdp;charset=utf-8\n");
    check("no length: to the end", typed.as_bytes(), TAKEN);
    check("line ends before it", format!("\r\n\r\n{typed}").as_bytes(), TAKEN);
    check("line feeds alone, and none at the end", typed.replace('\r', "").trim_end().as_bytes(), TAKEN);
    check("a keep-alive", b"\r\n\r\n", "taken");
    check("half a message", &typed.as_bytes()[..typed.find("Contact").unwrap()], "400");
    let parts = "--b\n\n\n--b\nContent-Type: application/sdp\n\n";
    let mixed = invite("Content-Type: multipart/mixed;boundary=b\n");
    let mixed = mixed.replace("\r\n\r\n", &format!("\r\n\r\n{}", text(&wire(parts)))) + "--b--\r\n";
    check("a multipart body with an empty part", mixed.as_bytes(), TAKEN);
    let none = with(
        "INVITE sip:c@d SIP/2.0",
        "Contact: <sip:a@h>\nContent-Type: application/sdp\nContent-Length: 0\n\n",
    );
    check("a type without a body: we offer", &none, TAKEN);
}

#[test]
fn p15_what_cannot_be_spoken_is_refused_with_488() {
    let typed = invite("Content-Type: application/sdp\n");
    for line in [
        "m=audio 6000 RTP/AVP 4 18",
        "m=audio 6000 RTP/SAVP 0",
        "m=audio 0 RTP/AVP 0",
        "m=image 6000 udptl t38",
    ] {
        check(line, typed.replace("m=audio 6000 RTP/AVP 0", line).as_bytes(), "! call to `c`, 488");
    }
    let mapped = "m=audio 6000 RTP/AVP 111 4 18 0\r\na=rtpmap:111 opus/48000/2\r\na=rtpmap:4 G723/8000\r\na=fmtp:18 annexb=no";
    check("others beside ours", typed.replace("m=audio 6000 RTP/AVP 0", mapped).as_bytes(), TAKEN);
}

#[test]
fn p17_answers_reach_a_phone_behind_a_translator() {
    for via in ["10.0.0.9:0", "192.168.1.4:5099;rport", "phone.invalid"] {
        let octets = invite("Content-Type: application/sdp\n").replace("host5.example.com", via);
        answered(octets.as_bytes(), |response| {
            let via = text(response.headers.first(Name::Via).unwrap());
            assert!(via.contains(";received=192.0.2.2"), "{via}");
        });
    }
}

#[test]
fn p24_whatever_is_in_a_display_name_comes_back_as_it_was() {
    let long = "x".repeat(300);
    for display in [
        "",
        "Zoë ☎️ 王",
        "Robert'); DROP TABLE calls;--",
        "a\\\"b\\\\c",
        &long,
        "<sip:evil@e>, <sip:f@f>",
        "%s%n{}${jndi}",
    ] {
        let lines = invite("Content-Type: application/sdp\n");
        let octets = lines.replace("From: ", &format!("From: \"{display}\" "));
        check(display, octets.as_bytes(), TAKEN);
        answered(octets.as_bytes(), |response| {
            let from = text(response.headers.first(Name::From).unwrap());
            assert_eq!(from, format!("\"{display}\" <sip:caller@example.net>;tag=98asjd8"));
            let to = Address::read(response.headers.first(Name::To).unwrap()).unwrap();
            assert!(to.tag().is_some());
        });
    }
}

#[test]
fn p24_bombs_cost_one_answer_at_most() {
    let typed = |lines: &str| invite(&format!("{lines}Content-Type: application/sdp\n"));
    check("200 Via", typed(&"Via: SIP/2.0/UDP h;branch=z9hG4bKx\n".repeat(200)).as_bytes(), "dropped");
    check("a line of 60 kB", typed(&format!("X: {}\n", "y".repeat(60_000))).as_bytes(), TAKEN);
    check("300 lines", typed(&"X: y\n".repeat(300)).as_bytes(), "noise");
    check("no hops left", typed("").replace("Max-Forwards: 70", "Max-Forwards: 0").as_bytes(), TAKEN);
    let mut world = World::new(IP4.0, IP4.1);
    world.receive(typed("").as_bytes());
    world.receive(typed("").replace("z9hG4bKkdjuw", "z9hG4bKother").as_bytes());
    assert_eq!(world.told(), format!("{TAKEN}, 482"), "the same call by another way is one call");
}

#[test]
fn an_identity_of_any_length_and_more_than_one_is_a_call() {
    // RFC 8224 §4: a token of more than 4 kB, and one of each who signed.
    let identity =
        |octet: &str| format!("Identity: {};info=<https://c.example/c.pem>;alg=ES256\n", octet.repeat(5_000));
    let (one, two) = (identity("e"), identity("e") + &identity("y"));
    for (name, lines) in [("one", one), ("two", two)] {
        let octets = invite(&format!("{lines}Content-Type: application/sdp\n"));
        check(name, octets.as_bytes(), TAKEN);
        let mut world = World::new(IP4.0, IP4.1);
        world.receive(octets.as_bytes());
        assert!(
            world.sent.iter().all(|sent| !text(sent).contains("Identity")),
            "{name}: it comes back to nobody"
        );
    }
}

#[test]
fn p28_a_bye_may_say_why_and_p30_one_of_a_lost_dialog_is_answered_481() {
    let mut world = World::new(IP4.0, IP4.1);
    world.receive(invite("Content-Type: application/sdp\n").as_bytes());
    let answer = world.sent.last().unwrap().clone();
    let Ok(Message::Response(response)) = parse(&answer) else { panic!("no answer") };
    let to = text(response.headers.first(Name::To).unwrap());
    let bye = text(&with(
        "BYE sip:c@d SIP/2.0",
        "Reason: Q.850;cause=16;text=\"Terminated\"\nReason: SIP;cause=200\nl: 0\n\n",
    ));
    let bye =
        bye.replace("CSeq: 8 BYE", "CSeq: 9 BYE").replace("To: <sip:user@example.com>", &format!("To: {to}"));
    check("P30, after a restart", bye.as_bytes(), "481");
    world.receive(bye.as_bytes());
    assert_eq!(world.told(), format!("{TAKEN}, 200, ! Bye"));
}
