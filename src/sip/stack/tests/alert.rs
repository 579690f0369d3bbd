//! Phones are told that help was called: the MESSAGE on the wire, to which phones it goes, and what answers to it are worth.

use super::register::{Bench, checked, tcp, udp};
use super::summary::wait;
use crate::sip::alerts::Text;
use crate::sip::interface::{Command, Input};
use crate::sip::way::Way;
use std::sync::Arc;

const CONTACT: &str = "Contact: <sip:ann@10.0.0.2:5062>\r\n";
const BOTH: &str = "Contact: <sip:desk@10.0.0.2:5071>, <sip:cell@10.0.0.2:5072>\r\n";

fn alert(bench: &mut Bench, user: &str, text: &str) {
    let text = Text { user: Arc::from(user), says: Arc::from(text) };
    bench.tell(Input::Command(Command::Alert(text)));
}

/// The MESSAGEs since then: to whom, and what they say. One that was sent again is left out.
fn messages(bench: &Bench, since: usize) -> String {
    let mut branches = Vec::new();
    let mut told = Vec::new();
    for (way, text) in bench.sent[since..].iter().filter(|(_, text)| text.starts_with("MESSAGE ")) {
        let text = checked(text);
        let branch = text.lines().find(|line| line.starts_with("Via: ")).unwrap().to_owned();
        if !branches.contains(&branch) {
            branches.push(branch);
            told.push(format!("{} {}", way.remote, text.split("\r\n\r\n").nth(1).unwrap()));
        }
    }
    told.join(", ")
}

/// Answers the last MESSAGE to that port.
fn answer(bench: &mut Bench, port: u16, status: u16) {
    let is_it = |(way, text): &&(Way, String)| text.starts_with("MESSAGE ") && way.remote.port() == port;
    let (way, text) = bench.sent.iter().rev().find(is_it).expect("a MESSAGE").clone();
    let line = |name: &str| text.lines().find(|line| line.starts_with(name)).unwrap();
    let all = ["Via: ", "From: ", "To: ", "Call-ID: ", "CSeq: "].map(line).join("\r\n");
    let answer = format!("SIP/2.0 {status} x\r\n{all}\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n");
    bench.tell(Input::Message { way, octets: answer.as_bytes() });
}

#[test]
fn a_phone_is_told_at_once_by_a_message_without_a_contact() {
    // RFC 3428 §4
    let mut bench = Bench::new();
    bench.way = udp("10.0.0.9:31000");
    bench.log_in("ann", "Path: <sip:edge.example;lr>\r\nContact: <sip:ann@192.168.1.4:5060>\r\n");
    assert_eq!(bench.kept(), "200");
    alert(&mut bench, "ann", "Help was called at 10:31 from Café, floor 2.");
    let (way, message) = bench.sent.last().unwrap();
    assert_eq!(*way, udp("10.0.0.9:31000"), "where its calls go");
    let message = checked(message);
    for line in [
        "MESSAGE sip:ann@192.168.1.4:5060 SIP/2.0\r\n",
        "\r\nRoute: <sip:edge.example;lr>\r\n",
        "\r\nFrom: \"Emergency\" <sip:emergency@careline>;tag=",
        "\r\nTo: <sip:ann@careline>\r\n",
        "\r\nCSeq: 1 MESSAGE\r\n",
        "\r\nContent-Type: text/plain;charset=utf-8\r\nContent-Length: 45\r\n\r\nHelp was called at 10:31 from Café, floor 2.",
    ] {
        assert!(message.contains(line), "{line:?} in {message}");
    }
    assert!(!message.contains("\r\nContact:"), "{message}");
    answer(&mut bench, 31_000, 200);
    wait(&mut bench, 40_000);
    let counted = bench.stack.counters();
    assert_eq!((counted.alerts, counted.alerts_refused, counted.alerts_unsent), (1, 0, 0));
    assert_eq!(bench.stack.transactions(), 0);
}

#[test]
fn every_phone_of_that_user_is_told_and_nobody_else() {
    let mut bench = Bench::new();
    bench.log_in("ann", BOTH);
    bench.purse = super::register::purse("cleo");
    bench.log_in("cleo", "Contact: <sip:cleo@10.0.0.2:5073>\r\n");
    let since = bench.sent.len();
    alert(&mut bench, "ann", "x");
    assert_eq!(messages(&bench, since), "10.0.0.2:5071 x, 10.0.0.2:5072 x");
    for nobody in ["bob", "nobody"] {
        alert(&mut bench, nobody, "x");
    }
    let counted = bench.stack.counters();
    assert_eq!((counted.alerts, counted.alerts_unsent), (2, 2), "who has no phone is counted");
}

#[test]
fn a_phone_that_knows_no_messages_is_counted_and_not_told_again() {
    // RFC 3261 §21.4.6, §21.4.13, §21.5.2
    for status in [405, 415, 501, 302, 401, 503, 603] {
        let mut bench = Bench::new();
        bench.log_in("ann", CONTACT);
        alert(&mut bench, "ann", "x");
        let since = bench.sent.len();
        answer(&mut bench, 5_062, status);
        answer(&mut bench, 5_062, status);
        wait(&mut bench, 60_000);
        assert_eq!(messages(&bench, since), "", "{status}");
        assert_eq!(bench.stack.counters().alerts_refused, 1, "{status}");
        bench.call("sip:ann@careline");
        assert!(bench.last().starts_with("INVITE"), "{status}: it is rung all the same");
    }
}

#[test]
fn the_end_is_told_after_the_beginning_and_a_phone_that_says_nothing_is_told_it_too() {
    for says in [true, false] {
        let mut bench = Bench::new();
        bench.log_in("ann", CONTACT);
        assert_eq!(bench.kept(), "200");
        let since = bench.sent.len();
        alert(&mut bench, "ann", "begins");
        alert(&mut bench, "ann", "ends");
        assert_eq!(messages(&bench, since), "10.0.0.2:5062 begins");
        if says {
            answer(&mut bench, 5_062, 200);
        } else {
            wait(&mut bench, 32_500);
        }
        assert_eq!(messages(&bench, since), "10.0.0.2:5062 begins, 10.0.0.2:5062 ends", "answers: {says}");
        wait(&mut bench, 40_000);
        let refused = if says { 1 } else { 2 };
        assert_eq!((bench.stack.transactions(), bench.stack.counters().alerts_refused), (0, refused));
    }
}

#[test]
fn over_a_connection_it_goes_by_that_and_nowhere_when_it_is_gone() {
    let mut bench = Bench::new();
    bench.way = tcp("10.0.0.2:40001", 7);
    bench.log_in("ann", "Contact: <sip:ann@10.0.0.2:40001;transport=tcp>\r\n");
    alert(&mut bench, "ann", "x");
    assert_eq!(bench.last(), "MESSAGE sip:ann@10.0.0.2:40001;transport=tcp SIP/2.0 to tcp/10.0.0.2:40001 #7");
    bench.tell(Input::Unreachable { way: bench.way });
    let since = bench.sent.len();
    alert(&mut bench, "ann", "y");
    wait(&mut bench, 60_000);
    assert_eq!((messages(&bench, since).as_str(), bench.stack.transactions()), ("", 0));
    let counted = bench.stack.counters();
    assert_eq!((counted.alerts, counted.alerts_refused, counted.alerts_unsent), (1, 1, 1));
}
