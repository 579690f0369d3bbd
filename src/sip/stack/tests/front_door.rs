//! What comes to the door and is no call: noise, strangers, broken rules, what we do not do (RFC 3261 §8, §8.2,
//! §8.2.2.3, §8.2.3, §8.2.7, §11.2, §18.2.2, §20.1, §20.5, §21.4.7, §21.5.2; RFC 3581 §4; RFC 5626 §3.5.1).

use super::phone::{Scene, THEM, US, check, settings};
use crate::clock::Instant;
use crate::id::LegId;
use crate::limits::TRANSACTIONS_FOR_HELP;
use crate::rng::Rng;
use crate::sip::help::Help;
use crate::sip::interface::{Command, Event, Input, Network, Openness, Output, Settings};
use crate::sip::stack::Stack;
use crate::sip::way::{ConnectionId, Transport, Way};
use crate::wire::sip::message::parse;
use proptest::prelude::*;

fn scene() -> Scene {
    Scene::new(settings(500))
}

/// A request outside a dialog with those lines in place of ours.
fn request(start: &str, lines: &str, body: &str) -> String {
    let method = start.split(' ').next().unwrap();
    format!(
        "{start} SIP/2.0\r\nVia: SIP/2.0/UDP {THEM};branch=z9hG4bK1\r\nFrom: <sip:p@x>;tag=t\r\nTo: <sip:q@y>\r\n\
         Call-ID: c\r\nCSeq: 1 {method}\r\nContact: <sip:p@{THEM}>\r\n{lines}\r\n{body}"
    )
}

#[track_caller]
fn answers(name: &str, text: &str, ladder: &str) -> String {
    let mut scene = scene();
    scene.datagram(text.as_bytes());
    assert_eq!(scene.ladder, ladder, "{name}");
    scene.sent.first().map(|octets| String::from_utf8_lossy(octets).into_owned()).unwrap_or_default()
}

#[test]
fn noise_is_counted_and_never_answered() {
    let mut scene = scene();
    for noise in
        [&b"\r\n\r\n"[..], b"\0\0", b"hello", b"\xff\xfe\0\x01", b"GET / HTTP/1.1\r\n\r\n", &[b'x'; 60_000]]
    {
        scene.datagram(noise);
    }
    scene.datagram(b"SIP/2.0 200 OK\r\n\r\n");
    scene.datagram(b"ACK sip:a@b SIP/2.0\r\n\r\n");
    scene.datagram(b"INVITE sip:a@b SIP/2.0\r\n\r\n");
    let stray = "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP h;branch=z9hG4bKx\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:c@d>\r\n\
                 Call-ID: i\r\nCSeq: 2 BYE\r\n\r\n";
    scene.datagram(stray.as_bytes());
    assert_eq!(scene.ladder, "");
    let counters = scene.stack.counters();
    assert_eq!((counters.datagrams, counters.keep_alives, counters.noise), (10, 2, 4));
    assert_eq!((counters.malformed, counters.stray_responses), (3, 1));
}

#[test]
fn strangers_are_dropped_and_counted() {
    let mut scene = scene();
    let (local, stranger) = (US.parse().unwrap(), "192.0.2.1:5060".parse().unwrap());
    for start in
        ["INVITE sip:1@x", "OPTIONS sip:x", "REGISTER sip:x", "BYE sip:x", "CANCEL sip:x", "ACK sip:x"]
    {
        scene.datagram_from(local, stranger, request(start, "", "").as_bytes());
    }
    scene.datagram_from(local, stranger, request("INVITE sip:1@x", "Max-Forwards: x\r\n", "").as_bytes());
    assert_eq!(scene.ladder, "");
    assert_eq!((scene.stack.counters().unlisted, scene.stack.transactions(), scene.stack.legs()), (6, 0, 0));
}

#[test]
fn a_scanner_costs_one_dropped_message_and_a_trunk_and_help_are_heard_whatever_they_name_themselves() {
    use crate::sip::help::Help;
    let network = |base: &str| Network { base: base.parse().unwrap(), prefix: 32 };
    let help = Help { networks: vec![network("10.0.0.7")], numbers: vec!["911".to_owned()] };
    let drop_agents = vec!["Evil".to_owned()];
    let settings = Settings { trusted: vec![network("10.0.0.8")], help, drop_agents, ..settings(500) };
    for (from, start, agent, heard) in [
        ("10.0.0.2", "OPTIONS sip:x", "friendly-scanner", false),
        ("10.0.0.2", "REGISTER sip:x", "sipcli/v1.8", false),
        ("10.0.0.2", "INVITE sip:100@x", "VaxSIPUserAgent/3.1", false),
        ("10.0.0.2", "INVITE sip:911@x", "friendly-scanner", false),
        ("10.0.0.2", "OPTIONS sip:x", "Evil/2", false),
        ("10.0.0.2", "OPTIONS sip:x", "sipsak 0.9.8.1", true),
        ("10.0.0.8", "OPTIONS sip:x", "friendly-scanner", true),
        ("10.0.0.7", "INVITE sip:911@x", "friendly-scanner", true),
        ("10.0.0.7", "INVITE sip:100@x", "friendly-scanner", false),
    ] {
        let mut scene = Scene::new(settings.clone());
        let lines = format!("User-Agent: {agent}\r\n");
        let (local, from) = (US.parse().unwrap(), format!("{from}:5060").parse().unwrap());
        scene.datagram_from(local, from, request(start, &lines, "").as_bytes());
        let counters = scene.stack.counters();
        assert_eq!(
            (scene.ladder.is_empty(), counters.scanners),
            (!heard, u64::from(!heard)),
            "{from} {start} {agent}"
        );
        if !heard {
            assert_eq!((scene.stack.transactions(), scene.stack.legs()), (0, 0), "{start}");
            for number in 0..100 {
                scene.datagram_from(local, from, next(&request(start, &lines, ""), number).as_bytes());
            }
            assert!(
                scene.ladder.is_empty() && scene.stack.counters().banned > 0,
                "{start}: it answers for it"
            );
        }
    }
}

/// A request like another one, of a transaction of its own.
fn next(text: &str, number: usize) -> String {
    text.replace("z9hG4bK1", &format!("z9hG4bK{number}x"))
        .replace("Call-ID: c", &format!("Call-ID: c{number}"))
}

#[test]
fn a_scanner_is_banned_for_a_while_and_a_caller_beside_it_is_heard() {
    let mut scene = scene();
    let (local, scanner, caller) =
        (US.parse().unwrap(), "10.0.0.66:5060".parse().unwrap(), "10.0.0.3:5060".parse().unwrap());
    let scan = request("REGISTER sip:x", "", "");
    for number in 0..100 {
        scene.datagram_from(local, scanner, next(&scan, number).as_bytes());
    }
    let counters = scene.stack.counters();
    assert_eq!((counters.answers[3], counters.banned), (21, 79), "answered, then not even that");
    scene.datagram_from(local, scanner, next(&request("OPTIONS sip:x", "", ""), 200).as_bytes());
    assert_eq!(scene.stack.counters().answers[1], 0, "nothing else of it is heard either");
    scene.datagram_from(local, caller, next(&request("OPTIONS sip:x", "", ""), 201).as_bytes());
    assert_eq!(scene.stack.counters().answers[1], 1);
}

#[test]
fn a_trunk_is_never_banned_and_never_over_its_rate() {
    let trusted = vec![Network { base: "10.0.0.0".parse().unwrap(), prefix: 24 }];
    let mut scene = Scene::new(Settings { trusted, ..settings(500) });
    for number in 0..1_000 {
        scene.datagram(next(&request("REGISTER sip:x", "", ""), number).as_bytes());
        scene.datagram(next(&request("OPTIONS sip:x", "", ""), 1_000 + number).as_bytes());
    }
    let counters = scene.stack.counters();
    assert_eq!((counters.answers[3], counters.answers[1]), (1_000, 1_000));
    assert_eq!((counters.banned, counters.over_rate), (0, 0));
}

#[test]
fn who_asks_more_than_the_rate_is_heard_at_the_rate_and_in_his_call_always() {
    let mut scene = scene();
    for number in 0..1_000 {
        scene.datagram(next(&request("OPTIONS sip:x", "", ""), number).as_bytes());
    }
    let counters = scene.stack.counters();
    assert_eq!((counters.answers[1], counters.over_rate), (201, 799));
}

#[test]
fn options_tells_whether_a_call_would_be_let_in() {
    let mut scene = scene();
    let closed = Openness::Closed { retry_after_s: 10 };
    for (openness, status) in [(Openness::Open, 200), (closed, 503), (Openness::Open, 200)] {
        scene.command(Command::Tell { openness });
        scene.ladder.clear();
        scene.sent.clear();
        scene.datagram(next(&request("OPTIONS sip:x", "", ""), status).as_bytes());
        assert_eq!(scene.ladder, format!("0 > {status} OPTIONS\n"));
        let text = String::from_utf8(scene.sent[0].clone()).unwrap();
        assert_eq!(text.contains("\r\nRetry-After: 10\r\n"), status == 503, "{text}");
    }
}

#[test]
fn what_we_do_not_do_is_refused_by_name() {
    // RFC 3261 §10: we are no registrar.
    let refused = answers("REGISTER", &request("REGISTER sip:x", "", ""), "0 > 405 REGISTER\n");
    assert!(
        refused.contains(
            "\r\nAllow: INVITE, ACK, BYE, CANCEL, OPTIONS, UPDATE, PRACK, INFO, REFER, SUBSCRIBE\r\n"
        ),
        "{refused}"
    );
    answers("an unknown method", &request("DANCE sip:x", "", ""), "0 > 501 DANCE\n");
    // RFC 6665 §4.4.4, §8.3.2
    let refused = answers("SUBSCRIBE", &request("SUBSCRIBE sip:x", "", ""), "0 > 489 SUBSCRIBE\n");
    assert!(refused.contains("\r\nAllow-Events: message-summary, refer\r\n"), "{refused}");
    let summary = request("SUBSCRIBE sip:x", "Event: message-summary\r\n", "");
    answers("SUBSCRIBE where nobody is a user", &summary, "0 > 403 SUBSCRIBE\n");
    let refused = answers(
        "an extension",
        &request("INVITE sip:1@x", "Require: 100rel, replaces, timer, join, path\r\n", ""),
        "0 > 420 INVITE\n",
    );
    assert!(refused.contains("\r\nUnsupported: join, path\r\n"), "{refused}");
    let refused = answers(
        "an answer that may not be SDP",
        &request("INVITE sip:1@x", "Accept: text/html, application/pidf+xml\r\n", ""),
        "0 > 406 INVITE\n",
    );
    assert!(refused.contains("\r\nAccept: application/sdp\r\n"), "{refused}");
    let refused = answers(
        "a body that is no SDP",
        &request("INVITE sip:1@x", "Content-Type: text/plain\r\n", "hello"),
        "0 > 415 INVITE\n",
    );
    assert!(refused.contains("\r\nAccept: application/sdp\r\n"), "{refused}");
    answers("a body without a type", &request("INVITE sip:1@x", "", "hello"), "0 > 415 INVITE\n");
    let packed = "Content-Type: application/sdp\r\nContent-Encoding: gzip\r\n";
    answers("a packed body", &request("INVITE sip:1@x", packed, "hello"), "0 > 415 INVITE\n");
    answers("no room for SDP", &request("INVITE sip:1@x", "Accept: text/plain\r\n", ""), "0 > 406 INVITE\n");
    answers("room for anything", &request("OPTIONS sip:1@x", "Accept: text/*\r\n", ""), "0 > 200 OPTIONS\n");
    // RFC 3261 §21.4.11, §21.4.12
    let long = format!("Content-Type: application/sdp\r\nContent-Length: {}\r\n", 33_000);
    answers("a body without end", &request("INVITE sip:1@x", &long, &"v".repeat(33_000)), "0 > 413 INVITE\n");
    let start = format!("INVITE sip:{}@x", "1".repeat(3_000));
    answers("a Request-URI without end", &request(&start, "", ""), "0 > 414 INVITE\n");
    answers("another scheme", &request("INVITE urn:service:counseling", "", ""), "0 > 416 INVITE\n");
    answers(
        "another version",
        &request("INVITE sip:1@x", "", "").replacen("SIP/2.0", "SIP/3.0", 1),
        "0 > 505 INVITE\n",
    );
    answers(
        "no hops left is fine for us",
        &request("OPTIONS sip:x", "Max-Forwards: 0\r\n", ""),
        "0 > 200 OPTIONS\n",
    );
}

#[test]
fn a_broken_rule_is_answered_with_its_name() {
    // RFC 3261 §21.4.1: the phrase tells what is wrong.
    let text = request("INVITE sip:1@x", "", "").replace("CSeq: 1 INVITE", "CSeq: 1 BYE");
    let refused = answers("CSeq", &text, "0 > 400 BYE\n");
    assert!(
        refused.starts_with("SIP/2.0 400 CSeq names another method than the request line\r\n"),
        "{refused}"
    );
    let text = request("INVITE sip:1@x", "Content-Length: -1\r\n", "");
    answers("a negative length", &text, "0 > 400 INVITE\n");
    let text = request("ACK sip:1@x", "Content-Length: -1\r\n", "");
    answers("an ACK is never answered", &text, "");
    let text = request("INVITE sip:1@x", "", "").replace("CSeq: 1 INVITE\r\n", "");
    answers("what cannot be answered is not", &text, "");
}

#[test]
fn options_tells_what_we_can() {
    let told = answers("OPTIONS", &request("OPTIONS sip:x", "", ""), "0 > 200 OPTIONS\n");
    for line in [
        "Allow: INVITE, ACK, BYE, CANCEL, OPTIONS, UPDATE, PRACK, INFO, REFER, SUBSCRIBE",
        "Accept: application/sdp",
        "Supported: 100rel, replaces, timer",
        "Server: Careline/0.1",
    ] {
        assert!(told.contains(&format!("\r\n{line}\r\n")), "{line}: {told}");
    }
    assert!(told.contains("\r\nContact: <sip:10.0.0.1:5060>\r\n"), "{told}");
}

#[test]
fn a_refusal_without_a_transaction_is_the_same_each_time() {
    let mut scene = scene();
    for _ in 0..3 {
        scene.datagram(request("REGISTER sip:x", "", "").as_bytes());
    }
    assert_eq!(scene.sent[0], scene.sent[2]);
    assert_eq!((scene.stack.transactions(), scene.stack.legs()), (0, 0));
}

#[test]
fn what_comes_again_by_another_connection_is_answered_by_that_one() {
    // RFC 3261 §18.2.2: the end of the first one may not be known yet.
    let mut stack = Stack::new(settings(500), Rng::seeded(1));
    let mut answered_by = |method: &str, connection: u64| {
        let lines = "Content-Length: 0\r\n";
        let text =
            request(&format!("{method} sip:100@{US}"), lines, "").replace("SIP/2.0/UDP", "SIP/2.0/TCP");
        let connection = Some(ConnectionId(connection));
        let udp = Way::udp(US.parse().unwrap(), THEM.parse().unwrap());
        let way = Way { transport: Transport::Tcp, connection, ..udp };
        stack.handle(Instant::START, Input::Message { way, octets: text.as_bytes() });
        let is_its =
            |octets: &[u8]| String::from_utf8_lossy(octets).contains(&format!("CSeq: 1 {method}\r\n"));
        std::iter::from_fn(|| stack.poll_output()).find_map(|output| match output {
            Output::Transmit { way, octets } if is_its(&octets) => way.connection,
            _ => None,
        })
    };
    answered_by("INVITE", 7);
    let ways = [7, 7, 8].map(|connection| answered_by("CANCEL", connection));
    assert_eq!(ways, [7, 7, 8].map(|connection| Some(ConnectionId(connection))));
}

#[test]
fn answers_go_where_the_rfc_sends_them() {
    let via = |via: &str| {
        request("OPTIONS sip:x", "", "").replace(&format!("{THEM};branch"), &format!("{via};branch"))
    };
    answers("the port of the Via", &via("10.0.0.2:7000"), "0 > 200 OPTIONS to 10.0.0.2:7000\n");
    answers("5060 without one", &via("10.0.0.2"), "0 > 200 OPTIONS to 10.0.0.2:5060\n");
    answers("the address it came from", &via("192.168.1.1:7000"), "0 > 200 OPTIONS to 10.0.0.2:7000\n");
    let told =
        answers("the port it came from, if it asks", &via("192.168.1.1:7000;rport"), "0 > 200 OPTIONS\n");
    assert!(told.contains(";received=10.0.0.2;rport=5062\r\n"), "{told}");
}

#[test]
fn the_external_address_is_told_in_place_of_ours() {
    let mut settings = settings(500);
    settings.external_address = Some("198.51.100.7".parse().unwrap());
    let mut scene = Scene::new(settings);
    scene.datagram(request("OPTIONS sip:x", "", "").as_bytes());
    let told = String::from_utf8_lossy(&scene.sent[0]).into_owned();
    assert!(told.contains("\r\nContact: <sip:198.51.100.7:5060>\r\n"), "{told}");
}

#[test]
fn record_route_is_copied_and_our_bye_takes_it() {
    let mut scene = scene();
    let text = scene.message("INVITE").replace("Call-ID", "Record-Route: <sip:10.0.9.9:5090;lr>\r\nCall-ID");
    scene.datagram(text.as_bytes());
    scene.say("answer");
    scene.say("ACK");
    scene.say("hang up");
    let last = |back: usize| String::from_utf8_lossy(&scene.sent[scene.sent.len() - back]).into_owned();
    assert!(last(2).contains("\r\nRecord-Route: <sip:10.0.9.9:5090;lr>\r\n"), "{}", last(2));
    assert!(last(1).contains("\r\nRoute: <sip:10.0.9.9:5090;lr>\r\n"), "{}", last(1));
    assert!(scene.ladder.ends_with("0 > BYE to 10.0.9.9:5090\n"), "{}", scene.ladder);
}

#[test]
fn a_phone_of_the_old_rfc_is_served_without_the_cookie() {
    let mut scene = scene();
    let old = |text: String| text.replace("branch=z9hG4bK", "branch=");
    for word in ["INVITE", "INVITE again"] {
        let text = old(scene.message(word));
        scene.datagram(text.as_bytes());
    }
    scene.say("refuse");
    let text = old(scene.message("ACK failure"));
    scene.datagram(text.as_bytes());
    let scene = scene.play(&[]);
    assert_eq!(scene.ladder, "0 ! Invite\n0 > 100 INVITE\n0 > 100 INVITE\n0 > 486 INVITE\n");
}

#[test]
fn a_request_older_than_the_last_one_is_refused() {
    let mut scene = scene();
    for word in ["INVITE", "answer", "ACK"] {
        scene.say(word);
    }
    let late = scene.message("OPTIONS");
    scene.say("OPTIONS");
    scene.datagram(late.replace("z9hG4bK", "z9hG4bKlate").as_bytes());
    assert!(scene.ladder.ends_with("0 > 200 OPTIONS\n0 > 500 OPTIONS\n"), "{}", scene.ladder);
}

#[test]
fn a_full_table_refuses_calls_and_still_takes_their_end() {
    let mut scene = scene();
    for word in ["INVITE", "answer", "ACK"] {
        scene.say(word);
    }
    scene.stack.transactions_max = scene.stack.transactions();
    let another = request("INVITE sip:1@x", "", "").replace("z9hG4bK1", "z9hG4bKanother");
    scene.datagram(another.as_bytes());
    scene.datagram(another.as_bytes());
    scene.say("re-INVITE");
    scene.say("BYE");
    let tail = "0 > 503 INVITE\n0 > 503 INVITE\n0 > 503 INVITE\n0 > 200 BYE\n0 ! Bye\n";
    assert!(scene.ladder.ends_with(tail), "{}", scene.ladder);
    assert_eq!((scene.stack.counters().transactions_full, scene.stack.legs()), (3, 0));
    assert!(String::from_utf8_lossy(&scene.sent[2]).contains("\r\nRetry-After: 10\r\n"));
    scene.say("call");
    assert!(scene.ladder.ends_with("0 ! Failed 503\n"), "{}", scene.ladder);
}

#[test]
fn a_full_table_has_room_for_a_call_for_help_and_for_no_more_of_them_than_a_house_has() {
    // 47 CFR 9.16; RFC 3966 §5.1.5; RFC 5031 §4.2
    let network = Network { base: "10.0.0.0".parse().unwrap(), prefix: 24 };
    let help = |networks| Help { networks, numbers: vec!["911".to_owned(), "112".to_owned()] };
    for (uri, networks, is_let_in) in [
        ("sip:1@x", vec![network], false),
        ("sip:911@x", vec![network], true),
        ("sip:911@x", Vec::new(), false),
        ("sip:9%311@x", vec![network], true),
        ("sip:112;phone-context=+49@x;user=phone", vec![network], true),
        ("tel:911", vec![network], true),
        ("tel:911;phone-context=+1", vec![network], true),
        ("tel:+1-911-555-0100", vec![network], false),
        ("urn:service:sos", vec![network], true),
        ("urn:service:sos.ambulance", vec![network], true),
    ] {
        let mut scene = Scene::new(Settings { help: help(networks), ..settings(500) });
        scene.stack.transactions_max = 0;
        scene.datagram(request(&format!("INVITE {uri}"), "", "").as_bytes());
        let expected =
            if is_let_in { "0 ! Invite without sdp\n0 > 100 INVITE\n" } else { "0 > 503 INVITE\n" };
        assert_eq!(scene.ladder, expected, "{uri}");
    }
    let mut scene = Scene::new(Settings { help: help(vec![network]), ..settings(500) });
    scene.stack.transactions_max = 0;
    for number in 0..=TRANSACTIONS_FOR_HELP {
        scene.datagram(next(&request("INVITE sip:911@x", "", ""), number).as_bytes());
    }
    let counters = (scene.stack.transactions(), scene.stack.counters().transactions_full);
    assert_eq!(counters, (TRANSACTIONS_FOR_HELP, 1));
}

#[test]
fn who_asks_for_the_service_of_emergencies_calls_the_first_emergency_number_and_offends_nobody() {
    // RFC 5031 §3, §4.2
    let help = Help { networks: Vec::new(), numbers: vec!["112".to_owned(), "911".to_owned()] };
    for (uri, expected) in [
        ("urn:service:sos", Some("112")),
        ("URN:Service:SOS", Some("112")),
        ("urn:service:sos.fire", Some("112")),
        ("urn:service:sosx", None),
        ("urn:service:counseling", None),
    ] {
        let mut stack = Stack::new(Settings { help: help.clone(), ..settings(500) }, Rng::seeded(1));
        let way = Way::udp(US.parse().unwrap(), THEM.parse().unwrap());
        let text = request(&format!("INVITE {uri}"), "", "");
        stack.handle(Instant::START, Input::Message { way, octets: text.as_bytes() });
        let called = match stack.poll_output() {
            Some(Output::Event(Event::Invite { invite, .. })) => Some(invite.request_user.expose().clone()),
            _ => None,
        };
        assert_eq!(called.as_deref(), expected, "{uri}");
        assert_eq!(stack.counters().malformed, u64::from(expected.is_none()), "{uri}");
    }
}

#[test]
fn a_refused_call_takes_no_room_from_others_once_half_of_it_is_taken() {
    // RFC 3261 §8.2.7, §21.5.4
    let invite = |n: usize| next(&request("INVITE sip:1@x", "", ""), n);
    // The switch answers in the same moment.
    let answered = |scene: &mut Scene, text: &str, command: &dyn Fn(LegId) -> Command| {
        let way = Way::udp(US.parse().unwrap(), THEM.parse().unwrap());
        scene.stack.handle(Instant::START, Input::Message { way, octets: text.as_bytes() });
        let output = scene.stack.poll_output();
        let Some(Output::Event(Event::Invite { leg, .. })) = output else { panic!("{output:?} of {text}") };
        scene.command(command(leg));
        String::from_utf8(scene.sent.last().unwrap().clone()).unwrap()
    };
    let refused = |scene: &mut Scene, text: &str, status: u16| {
        answered(scene, text, &|leg| Command::Refuse { leg, status, retry_after_s: Some(7) })
    };
    let mut scene = scene();
    scene.stack.transactions_max = 8;
    for n in 0..100 {
        let text = refused(&mut scene, &invite(n), 503);
        assert!(text.starts_with("SIP/2.0 503 ") && text.contains("\r\nRetry-After: 7\r\n"), "{text}");
    }
    assert_eq!((scene.stack.transactions(), scene.stack.legs()), (3, 0), "less than half, and none beyond");
    // The same INVITE is judged anew, and a refusal has the same tag.
    let again = [refused(&mut scene, &invite(99), 503), refused(&mut scene, &invite(99), 503)];
    assert_eq!(again[0], again[1]);
    // Its ACK and its CANCEL find nothing and do no harm.
    let ack = invite(99).replace("INVITE", "ACK");
    scene.ladder.clear();
    scene.datagram(ack.as_bytes());
    scene.datagram(ack.replace("ACK", "CANCEL").as_bytes());
    assert_eq!(scene.ladder, "0 > 481 CANCEL\n");
    // Who is let in has room; whoever is refused for another reason, too; neither is forgotten.
    refused(&mut scene, &invite(200), 488);
    answered(&mut scene, &invite(201), &|leg| Command::Answer { leg, sdp: b"v=0\r\n".to_vec() });
    assert_eq!((scene.stack.transactions(), scene.stack.legs()), (5, 1), "{}", scene.ladder);
    assert_eq!(scene.stack.counters().transactions_full, 0);
}

/// Messages that a mutation starts from.
fn seeds() -> Vec<String> {
    let mut scene = scene();
    let words = [
        "INVITE",
        "INVITE + Require: 100rel, timer + Session-Expires: 100;refresher=uac",
        "ACK",
        "BYE",
        "CANCEL",
        "OPTIONS",
        "re-INVITE",
        "UPDATE + sdp",
        "PRACK + sdp",
        "INFO",
        "BYE stranger",
    ];
    let mut seeds: Vec<_> = words.iter().map(|word| scene.message(word)).collect();
    scene.say("call");
    seeds.extend(
        [
            "183 INVITE + Require: 100rel + RSeq: 1 + sdp",
            "200 INVITE",
            "422 INVITE + Min-SE: 200",
            "486 INVITE",
        ]
        .map(|word| scene.message(word)),
    );
    seeds
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_comes_gets_one_answer_at_most_and_no_panic(
        mutations in proptest::collection::vec((0..15_usize, any::<usize>(), any::<u8>(), 0..4_u8), 1..40),
    ) {
        let (mut stack, seeds) = (Stack::new(settings(500), Rng::seeded(5)), seeds());
        let (local, from) = (US.parse().unwrap(), THEM.parse().unwrap());
        for (seed, place, octet, kind) in mutations {
            let mut octets = seeds[seed].clone().into_bytes();
            let place = place % octets.len();
            match kind {
                0 => octets[place] = octet,
                1 => octets.truncate(place),
                2 => octets.insert(place, octet),
                _ => {}
            }
            stack.handle(Instant::START, Input::Message { way: Way::udp(local, from), octets: &octets });
            let mut sent = 0;
            while let Some(output) = stack.poll_output() {
                if let Output::Transmit { octets, .. } = output {
                    sent += 1;
                    prop_assert!(parse(&octets).is_ok(), "{}", String::from_utf8_lossy(&octets));
                }
            }
            // BYE in an early dialog and CANCEL answer the INVITE too, and an UPDATE that waits.
            prop_assert!(sent <= 3, "{sent} messages for {}", String::from_utf8_lossy(&octets));
        }
    }
}

#[test]
fn the_ladder_itself_tells_of_a_leg_that_stays() {
    check(
        "up for ever",
        &[(0, "INVITE"), (0, "answer"), (0, "ACK")],
        "0 ! Invite\n0 > 100 INVITE\n0 > 200 INVITE\n0 ! Confirmed\nlegs 1\n",
    );
}
