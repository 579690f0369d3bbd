//! Phones are told how many messages wait: the NOTIFY on the wire, which way it goes, and what answers to it are worth.

use super::register::{Bench, checked, tcp, udp};
use crate::sip::interface::{Command, Input};
use std::sync::Arc;
use std::time::Duration;

const CONTACT: &str = "Contact: <sip:ann@10.0.0.2:5062>\r\n";

/// A machine in which ann heeds messages, of which so many wait.
pub fn bench(waiting: u64) -> Bench {
    let mut bench = Bench::new();
    count(&mut bench, waiting);
    bench
}

pub fn count(bench: &mut Bench, waiting: u64) {
    bench.tell(Input::Command(Command::Summarize { user: Arc::from("ann"), waiting }));
}

/// Plays all timers of that time.
pub fn wait(bench: &mut Bench, ms: u64) {
    let end = bench.now + Duration::from_millis(ms);
    while let Some(due) = bench.stack.poll_timeout().filter(|due| due.at <= end) {
        bench.now = bench.now.max(due.at);
        bench.tell(Input::Timeout);
    }
    bench.now = end;
}

/// The NOTIFYs since then: how each went, and what it says. One that was sent again is named so.
pub fn notifys(bench: &Bench, since: usize) -> String {
    let mut branches = Vec::new();
    let mut told = String::new();
    for (way, text) in bench.sent[since..].iter().filter(|(_, text)| text.starts_with("NOTIFY ")) {
        let text = checked(text);
        let branch = text.lines().find(|line| line.starts_with("Via: ")).unwrap().to_owned();
        let again = if branches.contains(&branch) { "again " } else { "" };
        branches.push(branch);
        let says = text.lines().find(|line| line.starts_with("Voice-Message: ")).unwrap();
        told += &format!("{again}{} {}, ", way.remote, says.trim_start_matches("Voice-Message: "));
    }
    told.trim_end_matches(", ").to_owned()
}

/// Answers the last NOTIFY.
pub fn answer(bench: &mut Bench, status: u16, lines: &str) {
    let notify = |(_, text): &&(_, String)| text.starts_with("NOTIFY ");
    let (way, text) = bench.sent.iter().rev().find(notify).expect("a NOTIFY").clone();
    let line = |name: &str| text.lines().find(|line| line.starts_with(name)).unwrap();
    let all = ["Via: ", "From: ", "To: ", "Call-ID: ", "CSeq: "].map(line).join("\r\n");
    let answer = format!("SIP/2.0 {status} x\r\n{all}\r\n{lines}Content-Length: 0\r\n\r\n");
    bench.tell(Input::Message { way, octets: answer.as_bytes() });
}

#[test]
fn a_phone_that_logs_in_is_told_what_waits_without_having_asked() {
    // RFC 3842 §3.1, §3.5; RFC 6665 §4.1.3
    let mut bench = bench(2);
    bench.way = udp("10.0.0.9:31000");
    bench.log_in("ann", "Path: <sip:edge.example;lr>\r\nContact: <sip:ann@192.168.1.4:5060>\r\n");
    assert_eq!(bench.kept(), "200");
    assert_eq!(notifys(&bench, 0), "", "the 200 goes first");
    wait(&mut bench, 500);
    let (way, notify) = bench.sent.last().unwrap();
    assert_eq!(*way, udp("10.0.0.9:31000"), "where its calls go");
    let notify = checked(notify);
    for line in [
        "NOTIFY sip:ann@192.168.1.4:5060 SIP/2.0\r\n",
        "\r\nRoute: <sip:edge.example;lr>\r\n",
        "\r\nFrom: <sip:ann@careline>;tag=",
        "\r\nTo: <sip:ann@careline>\r\n",
        "\r\nContact: <sip:10.0.0.1:5060>\r\n",
        "\r\nEvent: message-summary\r\n",
        "\r\nSubscription-State: active\r\n",
        "\r\nContent-Type: application/simple-message-summary\r\n",
        "\r\n\r\nMessages-Waiting: yes\r\nMessage-Account: sip:ann@careline\r\nVoice-Message: 2/0\r\n",
    ] {
        assert!(notify.contains(line), "{line:?} in {notify}");
    }
    assert_eq!(bench.stack.counters().summaries, 1);
}

#[test]
fn each_phone_of_those_who_heed_is_told_of_each_change_and_nobody_else() {
    let mut bench = bench(0);
    let both = "Contact: <sip:desk@10.0.0.2:5071>, <sip:cell@10.0.0.2:5072>\r\n";
    bench.log_in("ann", both);
    bench.purse = super::register::purse("cleo");
    bench.log_in("cleo", "Contact: <sip:cleo@10.0.0.2:5073>\r\n");
    wait(&mut bench, 500);
    assert_eq!(notifys(&bench, 0), "10.0.0.2:5071 0/0");
    answer(&mut bench, 200, "");
    wait(&mut bench, 10);
    answer(&mut bench, 200, "");
    let since = bench.sent.len();
    (1..=9).for_each(|waiting| count(&mut bench, waiting));
    wait(&mut bench, 10_000);
    assert!(notifys(&bench, since).starts_with("10.0.0.2:5071 9/0, 10.0.0.2:5072 9/0, again"));
    let unknown = Command::Summarize { user: Arc::from("nobody"), waiting: 1 };
    bench.tell(Input::Command(unknown));
    assert_eq!(bench.stack.counters().summaries, 4);
}

#[test]
fn a_phone_that_does_not_want_to_know_is_left_alone_until_it_logs_in_anew() {
    // RFC 3261 §17.1.2.2; RFC 6665 §4.2.2
    for status in [302, 481, 489, 503, 603] {
        let mut bench = bench(1);
        bench.log_in("ann", CONTACT);
        wait(&mut bench, 500);
        answer(&mut bench, status, "Retry-After: 60\r\n");
        let since = bench.sent.len();
        count(&mut bench, 2);
        bench.log_in("ann", CONTACT);
        wait(&mut bench, 60_000);
        assert_eq!(notifys(&bench, since), "", "{status}");
        bench.call("sip:ann@careline");
        assert!(bench.last().starts_with("INVITE"), "{status}: it is rung all the same");
        assert_eq!(bench.stack.counters().summaries_refused, 1);
    }
}

#[test]
fn a_phone_that_says_nothing_is_told_once_and_rung_all_the_same() {
    let mut bench = bench(1);
    bench.log_in("ann", CONTACT);
    assert_eq!(bench.kept(), "200");
    wait(&mut bench, 40_000);
    assert!(notifys(&bench, 0).starts_with("10.0.0.2:5062 1/0, again 10.0.0.2:5062 1/0, again"));
    assert_eq!((bench.stack.transactions(), bench.stack.counters().summaries_refused), (0, 1));
    let since = bench.sent.len();
    count(&mut bench, 2);
    wait(&mut bench, 40_000);
    assert_eq!(notifys(&bench, since), "");
    bench.call("sip:ann@careline");
    assert!(bench.last().starts_with("INVITE sip:ann@10.0.0.2:5062"));
    // Another login of the same phone: after a restart it has another Call-ID.
    let since = bench.sent.len();
    bench.log_in_as("ann", "after-its-restart", CONTACT);
    wait(&mut bench, 600);
    assert_eq!(notifys(&bench, since), "10.0.0.2:5062 2/0");
}

#[test]
fn over_a_connection_it_goes_by_that_and_nowhere_when_it_is_gone() {
    let mut bench = bench(1);
    bench.way = tcp("10.0.0.2:40001", 7);
    bench.log_in("ann", "Contact: <sip:ann@10.0.0.2:40001;transport=tcp>\r\n");
    wait(&mut bench, 500);
    assert_eq!(bench.last(), "NOTIFY sip:ann@10.0.0.2:40001;transport=tcp SIP/2.0 to tcp/10.0.0.2:40001 #7");
    let since = bench.sent.len();
    bench.tell(Input::Unreachable { way: bench.way });
    count(&mut bench, 2);
    wait(&mut bench, 60_000);
    assert_eq!((notifys(&bench, since).as_str(), bench.stack.transactions()), ("", 0));
}

#[test]
fn an_answer_of_somebody_else_or_twice_changes_nothing() {
    let mut bench = bench(1);
    bench.log_in("ann", CONTACT);
    wait(&mut bench, 500);
    answer(&mut bench, 180, "");
    answer(&mut bench, 200, "");
    answer(&mut bench, 481, "");
    let since = bench.sent.len();
    count(&mut bench, 0);
    wait(&mut bench, 5_000);
    assert_eq!(notifys(&bench, since).split(", ").next(), Some("10.0.0.2:5062 0/0"));
    assert_eq!(bench.stack.counters().summaries_refused, 0);
}
