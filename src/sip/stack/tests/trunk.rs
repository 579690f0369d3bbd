//! Calls over a carrier that asks for the account: RFC 3261 §8.1.3.5, §13.2.2.4, §22.1, §22.2, §22.3; RFC 3323 §4.1;
//! RFC 3325 §9. The carrier here reads what it is sent, and makes the hash with its own hands.

use super::phone::{check_with_rsip, check_with_rsipstack, settings};
use crate::clock::Instant;
use crate::id::{LegId, TrunkName};
use crate::phi::Phi;
use crate::rng::Rng;
use crate::sip::carrier::{Carrier, TellsDiversion};
use crate::sip::digest::answer::Account;
use crate::sip::diverted::CarriedOn;
use crate::sip::interface::{Command, Event, Input, Outgoing, Output};
use crate::sip::locate::{Question, Record};
use crate::sip::stack::Stack;
use crate::sip::way::Way;
use crate::wire::sip::message::{Message, parse};
use crate::wire::sip::validate::validate;
use md5::{Digest, Md5};
use std::time::Duration;

mod carried_on;
mod quirks;
mod resumed;
mod sha256;

const US: &str = "10.0.0.1:5060";
const PASSWORD: &str = "tr,unk";

/// A machine that calls out over a carrier of two hosts, 10.0.0.2 and 10.0.0.3, and what passed.
struct Bench {
    stack: Stack,
    now: Instant,
    leg: LegId,
    target: String,
    patient: &'static str,
    carries: CarriedOn,
    sdp_octets: usize,
    sent: Vec<(Way, String)>,
    ladder: String,
}

fn carrier(account: Option<Account>, trusted: bool) -> Carrier {
    let to = vec!["sip:a.example".to_owned(), "sip:10.0.0.3:5080".to_owned()];
    let (name, caller) = (TrunkName::from("carrier"), "+16175550100".to_owned());
    Carrier {
        name,
        to,
        caller,
        trusted,
        account,
        login_s: None,
        health_every: None,
        diversion: TellsDiversion::default(),
        quirks: Default::default(),
    }
}

impl Bench {
    fn new() -> Self {
        Self::over(carrier(Some(Account::new("clinic-7", PASSWORD)), false))
    }

    fn over(carrier: Carrier) -> Self {
        let mut stack = Stack::new(settings(500), Rng::seeded(1));
        stack.handle(Instant::START, Input::Carriers(vec![carrier]));
        let (leg, target, patient) = (LegId(0), String::new(), "+16175550142");
        let (sent, ladder, carries) = (Vec::new(), String::new(), CarriedOn::default());
        Self { stack, now: Instant::START, leg, target, patient, carries, sdp_octets: 100, sent, ladder }
    }

    fn tell(&mut self, input: Input<'_>) {
        self.stack.handle(self.now, input);
        while let Some(output) = self.stack.poll_output() {
            match output {
                Output::Resolve { id, question } => {
                    let address = |last| Record::Address {
                        remote: [10, 0, 0, last].into(),
                        local: US.parse().unwrap(),
                    };
                    let records = match question {
                        Question::Addresses(name) if name == "a.example" => vec![address(2)],
                        Question::Addresses(name) if name == "10.0.0.3" => vec![address(3)],
                        _ => Vec::new(),
                    };
                    self.tell(Input::Resolved { id, records });
                }
                Output::Transmit { way, octets } => self.transmit(way, octets),
                Output::Event(event) => self.event(event),
            }
        }
    }

    fn note(&mut self, act: &str) {
        self.ladder += &format!("{} {act}\n", self.now.as_micros() / 1_000);
    }

    fn transmit(&mut self, way: Way, octets: Vec<u8>) {
        let text = String::from_utf8(octets).unwrap();
        check_with_rsip(&text);
        check_with_rsipstack(text.as_bytes());
        if let Ok(Message::Request(request)) = parse(text.as_bytes()) {
            validate(&request).unwrap_or_else(|rule| panic!("{rule}: {text}"));
        }
        let method = text.split(' ').next().unwrap().to_owned();
        let shown = if text.contains("uthorization: ") { " with an account" } else { "" };
        self.note(&format!("{method} {} {}{shown}", way.transport.in_uri(), way.remote));
        self.sent.push((way, text));
    }

    fn event(&mut self, event: Event) {
        match event {
            Event::Located { leg, way } => {
                let (target, sdp) = (self.target.clone(), vec![b'x'; self.sdp_octets]);
                let from_user = Phi::new(self.patient.to_owned());
                let call = Box::new(Outgoing { target, from_user, carries: self.carries.clone(), sdp });
                self.tell(Input::Command(Command::Invite { leg, way, call }));
            }
            Event::Failed { status, .. } => self.note(&format!("failed {status}")),
            Event::Answered { .. } => self.note("answered"),
            Event::Probed { alive, .. } => self.note(&format!("probed {alive}")),
            Event::OfferAnswered { .. } => self.note("offer answered"),
            Event::OfferRefused { status, .. } => self.note(&format!("offer refused {status}")),
            Event::SessionLost { .. } => self.note("lost"),
            Event::Ringing { .. } => {}
            other => panic!("{other:?}"),
        }
    }

    fn call(&mut self, target: &str) {
        self.leg = self.stack.reserve_leg();
        self.target = target.to_owned();
        let (leg, target) = (self.leg, self.target.clone());
        self.tell(Input::Command(Command::Locate { leg, target }));
    }

    fn command(&mut self, command: impl FnOnce(LegId) -> Command) {
        self.tell(Input::Command(command(self.leg)));
    }

    fn hang_up(&mut self) {
        self.command(|leg| Command::HangUp { leg, reason: None });
    }

    fn wait(&mut self, ms: u64) {
        let end = self.now + Duration::from_millis(ms);
        while let Some(due) = self.stack.poll_timeout().filter(|due| due.at <= end) {
            self.now = due.at;
            self.tell(Input::Timeout);
        }
        self.now = end;
    }

    fn last(&self, method: &str) -> (Way, String) {
        let is_it = |(_, text): &&(Way, String)| text.split(' ').next() == Some(method);
        self.sent.iter().rev().find(is_it).unwrap_or_else(|| panic!("no {method}:\n{}", self.ladder)).clone()
    }

    /// An answer to the last request of that method.
    fn answer(&mut self, status: &str, method: &str, headers: &str) {
        let (way, request) = self.last(method);
        let line = |name: &str| request.lines().find(|line| line.starts_with(name)).unwrap();
        let to = line("To: ");
        let tag = if to.contains("tag=") || status == "100" { "" } else { ";tag=at-carrier" };
        let (via, from, id, cseq) = (line("Via: "), line("From: "), line("Call-ID: "), line("CSeq: "));
        let answer = format!(
            "SIP/2.0 {status} Text\r\n{via}\r\n{from}\r\n{to}{tag}\r\n{id}\r\n{cseq}\r\n{headers}Content-Length: 0\r\n\r\n"
        );
        self.tell(Input::Message { way, octets: answer.as_bytes() });
    }

    fn ask(&mut self, status: &str, method: &str, nonce: &str) {
        let name = if status == "407" { "Proxy-Authenticate" } else { "WWW-Authenticate" };
        let line = format!("{name}: Digest realm=\"carrier.example\", nonce=\"{nonce}\", qop=\"auth\"\r\n");
        self.answer(status, method, &line);
    }

    #[track_caller]
    fn did(&mut self, expected: &str) {
        assert_eq!(std::mem::take(&mut self.ladder), expected);
    }

    /// After all deadlines nothing is left.
    #[track_caller]
    fn rests(&mut self) {
        self.wait(300_000);
        assert_eq!((self.stack.legs(), self.stack.transactions()), (0, 0), "{}", self.ladder);
    }
}

fn md5(text: &str) -> String {
    Md5::digest(text.as_bytes()).iter().map(|octet| format!("{octet:02x}")).collect()
}

fn parameter<'a>(value: &'a str, name: &str) -> &'a str {
    let after = value.split_once(&format!("{name}=")).unwrap_or_else(|| panic!("no {name}: {value}")).1;
    after.trim_start_matches('"').split(['"', ',', '\r']).next().unwrap()
}

/// Whether the credentials of a request are those of the account (RFC 7616 §3.4.1).
#[track_caller]
fn is_convinced(text: &str, header: &str, nonce: &str) {
    let value = text.lines().find_map(|line| line.strip_prefix(&format!("{header}: "))).expect(text);
    let (method, uri) = text.split_once(' ').map(|(m, rest)| (m, rest.split(' ').next().unwrap())).unwrap();
    assert_eq!(parameter(value, "uri"), uri, "{text}");
    assert_eq!((parameter(value, "nonce"), parameter(value, "username")), (nonce, "clinic-7"), "{text}");
    let ha1 = md5(&format!("clinic-7:carrier.example:{PASSWORD}"));
    let (nc, cnonce) = (parameter(value, "nc"), parameter(value, "cnonce"));
    let ha2 = md5(&format!("{method}:{uri}"));
    let expected = md5(&format!("{ha1}:{nonce}:{nc}:{cnonce}:auth:{ha2}"));
    assert_eq!(parameter(value, "response"), expected, "{text}");
}

const NUMBER: &str = "trunk:carrier/+1-617-555-0123";

#[test]
fn a_carrier_that_asks_gets_the_account_in_the_same_call() {
    for (status, header) in [("401", "Authorization"), ("407", "Proxy-Authorization")] {
        let mut bench = Bench::new();
        bench.call(NUMBER);
        bench.did("0 INVITE udp 10.0.0.2:5060\n");
        bench.wait(10);
        bench.ask(status, "INVITE", "n1");
        bench.did("10 ACK udp 10.0.0.2:5060\n10 INVITE udp 10.0.0.2:5060 with an account\n");
        let (first, ack, second) = (&bench.sent[0].1, &bench.sent[1].1, &bench.sent[2].1);
        let line = |text: &str, name: &str| {
            text.lines().find(|line| line.starts_with(name)).unwrap_or_else(|| panic!("{text}")).to_owned()
        };
        for name in ["Call-ID: ", "From: ", "To: ", "Contact: "] {
            assert_eq!(line(first, name), line(second, name), "§8.1.3.5");
        }
        assert_eq!((&*line(first, "CSeq: "), &*line(second, "CSeq: ")), ("CSeq: 1 INVITE", "CSeq: 2 INVITE"));
        assert_eq!(line(ack, "CSeq: "), "CSeq: 1 ACK");
        assert_eq!(line(ack, "Via: "), line(first, "Via: "), "the ACK of a failure is its transaction's");
        assert_ne!(line(second, "Via: "), line(first, "Via: "), "a new transaction");
        assert!(second.starts_with("INVITE sip:+16175550123@a.example;user=phone SIP/2.0\r\n"), "{second}");
        is_convinced(second, header, "n1");
        // The challenge comes again: its ACK again, no third INVITE.
        let (way, first) = bench.sent[0].clone();
        let line = |name: &str| first.lines().find(|line| line.starts_with(name)).unwrap();
        let again = format!(
            "SIP/2.0 {status} Text\r\n{}\r\n{}\r\n{};tag=at-carrier\r\n{}\r\n{}\r\nContent-Length: 0\r\n\r\n",
            line("Via: "),
            line("From: "),
            line("To: "),
            line("Call-ID: "),
            line("CSeq: ")
        );
        bench.tell(Input::Message { way, octets: again.as_bytes() });
        bench.did("10 ACK udp 10.0.0.2:5060\n");
        bench.answer("200", "INVITE", "Contact: <sip:desk@10.0.0.2:5066>\r\n");
        bench.did("10 ACK udp 10.0.0.2:5066 with an account\n10 answered\n");
        let (_, ack) = bench.last("ACK");
        assert!(ack.contains("\r\nCSeq: 2 ACK\r\n"), "{ack}");
        bench.hang_up();
        bench.ask(status, "BYE", "n2");
        bench.did("10 BYE udp 10.0.0.2:5066\n10 BYE udp 10.0.0.2:5066 with an account\n");
        let (_, bye) = bench.last("BYE");
        assert!(bye.contains("\r\nCSeq: 4 BYE\r\n"), "{bye}");
        is_convinced(&bye, header, "n2");
        bench.answer("200", "BYE", "");
        bench.rests();
        let counters = bench.stack.counters();
        assert_eq!((counters.accounts_shown, counters.accounts_refused), (2, 0));
    }
}

#[test]
fn a_wrong_password_fails_the_call_and_is_said_once() {
    for (again, expected) in [("n1", 1), ("n2", 1)] {
        let mut bench = Bench::new();
        bench.call(NUMBER);
        bench.ask("407", "INVITE", "n1");
        bench.ladder.clear();
        bench.ask("407", "INVITE", again);
        bench.did("0 ACK udp 10.0.0.2:5060\n0 failed 407\n");
        assert_eq!(bench.stack.counters().accounts_refused, expected, "{again}");
        bench.rests();
        bench.did("");
    }
    let mut bench = Bench::over(carrier(None, false));
    bench.call(NUMBER);
    bench.ask("401", "INVITE", "n1");
    bench.did("0 INVITE udp 10.0.0.2:5060\n0 ACK udp 10.0.0.2:5060\n0 failed 401\n");
    assert_eq!(bench.stack.counters().accounts_refused, 1, "an account is asked for and there is none");
    bench.rests();
    let mut bench = Bench::new();
    bench.call(NUMBER);
    bench.answer(
        "401",
        "INVITE",
        "WWW-Authenticate: Digest realm=\"r\", nonce=\"n\", algorithm=SHA-512-256\r\n",
    );
    bench.did("0 INVITE udp 10.0.0.2:5060\n0 ACK udp 10.0.0.2:5060\n0 failed 401\n");
    bench.rests();
}

#[test]
fn a_nonce_that_is_always_too_old_is_answered_a_few_times_only() {
    let mut bench = Bench::new();
    bench.call(NUMBER);
    for nonce in 0..10 {
        let line = format!("Proxy-Authenticate: Digest realm=\"r\", nonce=\"n{nonce}\", stale=true\r\n");
        bench.answer("407", "INVITE", &line);
        if bench.ladder.contains("failed") {
            break;
        }
    }
    assert_eq!(bench.ladder.matches("INVITE").count(), 5, "{}", bench.ladder);
    assert!(bench.ladder.ends_with("failed 407\n"), "{}", bench.ladder);
    bench.rests();
}

#[test]
fn a_proxy_and_the_server_behind_it_may_both_ask() {
    let mut bench = Bench::new();
    bench.call(NUMBER);
    bench.ask("407", "INVITE", "n1");
    bench.answer("401", "INVITE", "WWW-Authenticate: Digest realm=\"inner\", nonce=\"n2\"\r\n");
    let (_, third) = bench.last("INVITE");
    assert!(third.contains("\r\nProxy-Authorization: ") && third.contains("\r\nAuthorization: "), "{third}");
    assert!(third.contains("\r\nCSeq: 3 INVITE\r\n"), "{third}");
    is_convinced(&third, "Proxy-Authorization", "n1");
    bench.answer("486", "INVITE", "");
    assert!(bench.ladder.ends_with("failed 486\n"), "{}", bench.ladder);
    bench.rests();
}

#[test]
fn a_call_that_was_given_up_is_not_placed_again() {
    let mut bench = Bench::new();
    bench.call(NUMBER);
    bench.hang_up();
    bench.ask("407", "INVITE", "n1");
    bench.did("0 INVITE udp 10.0.0.2:5060\n0 ACK udp 10.0.0.2:5060\n");
    bench.rests();
    // Given up after the second INVITE has left: CANCEL waits for its first answer.
    let mut bench = Bench::new();
    bench.call(NUMBER);
    bench.answer("100", "INVITE", "");
    bench.ask("407", "INVITE", "n1");
    bench.ladder.clear();
    bench.hang_up();
    bench.did("");
    bench.answer("100", "INVITE", "");
    bench.did("0 CANCEL udp 10.0.0.2:5060\n");
    let ((_, invite), (_, cancel)) = (bench.last("INVITE"), bench.last("CANCEL"));
    let via = |text: &str| text.lines().find(|line| line.starts_with("Via: ")).map(str::to_owned);
    assert_eq!(via(&invite), via(&cancel), "it cancels the second one");
    assert!(cancel.contains("\r\nCSeq: 2 CANCEL\r\n") && !cancel.contains("uthorization"), "{cancel}");
    bench.answer("200", "CANCEL", "");
    bench.answer("487", "INVITE", "");
    bench.did("0 ACK udp 10.0.0.2:5060\n");
    bench.rests();
    assert_eq!(bench.stack.counters().accounts_refused, 0);
}

#[test]
fn requests_within_the_call_are_answered_for_too() {
    let mut bench = Bench::new();
    bench.call(NUMBER);
    bench.ask("407", "INVITE", "n1");
    bench.answer("200", "INVITE", "Contact: <sip:desk@10.0.0.2:5060>\r\nAllow: UPDATE\r\n");
    bench.ladder.clear();
    bench.command(|leg| Command::Probe { leg });
    bench.ask("407", "OPTIONS", "n2");
    bench.answer("200", "OPTIONS", "");
    bench.did("0 OPTIONS udp 10.0.0.2:5060\n0 OPTIONS udp 10.0.0.2:5060 with an account\n0 probed true\n");
    bench.command(|leg| Command::Update { leg, sdp: Some(b"v=0\r\n".to_vec()) });
    // Another request goes between: the number of the second UPDATE is over it (RFC 3261 §12.2.1.1).
    bench.command(|leg| Command::Probe { leg });
    bench.answer("200", "OPTIONS", "");
    bench.ask("407", "UPDATE", "n3");
    let (_, update) = bench.last("UPDATE");
    assert!(update.contains("\r\nCSeq: 7 UPDATE\r\n"), "{update}");
    is_convinced(&update, "Proxy-Authorization", "n3");
    bench.answer("488", "UPDATE", "");
    bench.did(
        "0 UPDATE udp 10.0.0.2:5060\n0 OPTIONS udp 10.0.0.2:5060\n0 probed true\n\
         0 UPDATE udp 10.0.0.2:5060 with an account\n0 offer refused 488\n",
    );
    bench.command(|leg| Command::Reoffer { leg, sdp: Some(b"v=0\r\n".to_vec()) });
    bench.ask("407", "INVITE", "n4");
    let (_, invite) = bench.last("INVITE");
    assert!(invite.contains("\r\nCSeq: 9 INVITE\r\n"), "{invite}");
    is_convinced(&invite, "Proxy-Authorization", "n4");
    bench.answer("200", "INVITE", "Contact: <sip:desk@10.0.0.2:5060>\r\n");
    bench.did(
        "0 INVITE udp 10.0.0.2:5060\n0 ACK udp 10.0.0.2:5060\n0 INVITE udp 10.0.0.2:5060 with an account\n\
         0 ACK udp 10.0.0.2:5060 with an account\n0 offer refused 488\n",
    );
    bench.hang_up();
    bench.answer("200", "BYE", "");
    bench.rests();
}

#[test]
fn the_hosts_of_a_carrier_are_tried_in_order_and_each_asks_for_itself() {
    // RFC 3263 §4.3, RFC 3261 §21.5.4
    let mut bench = Bench::new();
    bench.call(NUMBER);
    bench.ask("407", "INVITE", "n1");
    bench.answer("503", "INVITE", "Retry-After: 60\r\n");
    bench.did(
        "0 INVITE udp 10.0.0.2:5060\n0 ACK udp 10.0.0.2:5060\n0 INVITE udp 10.0.0.2:5060 with an account\n\
         0 ACK udp 10.0.0.2:5060\n0 INVITE udp 10.0.0.3:5080\n",
    );
    let (_, third) = bench.last("INVITE");
    assert!(third.starts_with("INVITE sip:+16175550123@10.0.0.3:5080;user=phone SIP/2.0\r\n"), "{third}");
    bench.ask("407", "INVITE", "n2");
    let (_, fourth) = bench.last("INVITE");
    is_convinced(&fourth, "Proxy-Authorization", "n2");
    assert!(fourth.contains("\r\nCSeq: 4 INVITE\r\n"), "{fourth}");
    bench.answer("486", "INVITE", "");
    assert!(bench.ladder.ends_with("failed 486\n"), "busy is busy at every host: {}", bench.ladder);
    bench.rests();
    // The first one rests.
    let mut bench = Bench::new();
    bench.call(NUMBER);
    bench.answer("503", "INVITE", "Retry-After: 60\r\n");
    bench.answer("603", "INVITE", "");
    bench.ladder.clear();
    bench.call(NUMBER);
    bench.did("0 INVITE udp 10.0.0.3:5080\n");
    // A silent host is left after four seconds, and what it says late is not taken.
    bench.wait(100_000);
    bench.ladder.clear();
    bench.call(NUMBER);
    bench.did("100000 INVITE udp 10.0.0.2:5060\n");
    bench.wait(4_000);
    assert!(bench.ladder.ends_with("104000 INVITE udp 10.0.0.3:5080\n"), "{}", bench.ladder);
}

#[test]
fn an_invite_that_the_account_makes_too_large_is_not_sent_to_and_fro() {
    // RFC 3261 §18.1.1
    let mut bench = Bench::new();
    bench.sdp_octets = 650;
    bench.call(NUMBER);
    assert!(bench.sent[0].1.len() < 1_300, "{}", bench.sent[0].1.len());
    bench.ask("407", "INVITE", "n1");
    bench.did(
        "0 INVITE udp 10.0.0.2:5060\n0 ACK udp 10.0.0.2:5060\n0 INVITE tcp 10.0.0.2:5060 with an account\n",
    );
    let (way, _) = bench.last("INVITE");
    bench.tell(Input::Unreachable { way });
    bench.did("0 INVITE udp 10.0.0.2:5060 with an account\n");
    let line =
        "Proxy-Authenticate: Digest realm=\"carrier.example\", nonce=\"n2\", qop=\"auth\", stale=true\r\n";
    bench.answer("407", "INVITE", line);
    bench.did("0 ACK udp 10.0.0.2:5060\n0 INVITE udp 10.0.0.2:5060 with an account\n");
    bench.answer("486", "INVITE", "");
    bench.rests();
}

#[test]
fn the_number_of_the_trunk_is_shown_and_the_patients_only_to_whom_it_may_be() {
    // RFC 3323 §4.1, RFC 3325 §9.1, §9.3
    let us = "@10.0.0.1:5060>";
    let clinic = format!("From: <sip:+16175550100{us};tag=");
    let nobody = "From: \"Anonymous\" <sip:anonymous@anonymous.invalid>;tag=";
    let patient = format!("P-Asserted-Identity: <sip:+16175550142{us}\r\n");
    let billed = format!("P-Asserted-Identity: <sip:+16175550100{us}\r\n");
    for (number, trusted, expected, privacy) in [
        ("+16175550142", false, [&*clinic, ""], false),
        ("+16175550142", true, [&*clinic, &*patient], false),
        ("anonymous", false, [nobody, ""], true),
        ("anonymous", true, [nobody, &*billed], true),
    ] {
        let mut bench = Bench::over(carrier(None, trusted));
        bench.patient = number;
        bench.call(NUMBER);
        let (_, invite) = bench.last("INVITE");
        assert!(expected.iter().all(|part| invite.contains(part)), "{expected:?}: {invite}");
        let known = trusted && number != "anonymous";
        assert_eq!(invite.contains("+16175550142"), known, "{invite}");
        assert_eq!(invite.contains("P-Asserted-Identity"), trusted, "{invite}");
        assert_eq!(invite.contains("\r\nPrivacy: id\r\n"), privacy, "{invite}");
    }
}

#[test]
fn a_number_over_no_carrier_of_ours_cannot_be_called() {
    for target in ["trunk:other/+16175550123", "trunk:carrier/911", "trunk:carrier"] {
        let mut bench = Bench::new();
        bench.call(target);
        bench.did("0 failed 404\n");
    }
}

fn login() -> Bench {
    let account = Some(Account::new("clinic-7", PASSWORD));
    let mut bench = Bench::over(Carrier { login_s: Some(3_600), ..carrier(account, false) });
    bench.wait(0);
    bench
}

#[test]
fn a_login_is_answered_for_and_refreshed_at_half_of_its_time() {
    // RFC 3261 §10.2, §10.2.4, §10.2.7
    let mut bench = login();
    bench.ask("401", "REGISTER", "n1");
    bench.did("0 REGISTER udp 10.0.0.2:5060\n0 REGISTER udp 10.0.0.2:5060 with an account\n");
    let (_, first) = bench.sent[0].clone();
    let (_, second) = bench.last("REGISTER");
    is_convinced(&second, "Authorization", "n1");
    for part in [
        "REGISTER sip:a.example SIP/2.0\r\n",
        "\r\nTo: <sip:clinic-7@a.example>\r\n",
        "\r\nFrom: <sip:clinic-7@a.example>;tag=",
        "\r\nContact: <sip:+16175550100@10.0.0.1:5060>\r\n",
        "\r\nExpires: 3600\r\n",
    ] {
        assert!(first.contains(part) && second.contains(part), "{part}: {second}");
    }
    assert!(first.contains("CSeq: 100 REGISTER") && second.contains("CSeq: 101 REGISTER"), "{second}");
    let bound = "Contact: <sip:other@10.9.9.9>;expires=7\r\nContact: <sip:+16175550100@10.0.0.1:5060>;expires=600\r\n";
    bench.answer("200", "REGISTER", bound);
    let logins = |bench: &Bench| {
        let logins = bench.stack.logins(bench.now);
        logins.into_iter().map(|login| (login.holds, login.failures)).collect::<Vec<_>>()
    };
    assert_eq!(logins(&bench), [(true, 0)]);
    bench.wait(269_000);
    bench.did("");
    bench.wait(31_000);
    let (_, refresh) = bench.last("REGISTER");
    let line = |text: &str, name: &str| text.lines().find(|line| line.starts_with(name)).map(str::to_owned);
    assert_eq!(line(&refresh, "Call-ID: "), line(&first, "Call-ID: "), "§10.2");
    assert_eq!(line(&refresh, "CSeq: ").as_deref(), Some("CSeq: 200 REGISTER"));
    bench.answer("403", "REGISTER", "");
    assert_eq!(logins(&bench), [(true, 1)], "what was granted holds to its end");
    bench.wait(300_000);
    let [(holds, failures)] = logins(&bench)[..] else { panic!("one login") };
    assert!(!holds && failures > 1, "nobody answered after it, at either host: {failures}");
}

#[test]
fn a_login_goes_to_the_next_host_and_asks_for_as_long_as_the_carrier_wants() {
    // RFC 3261 §10.2.8, §21.5.4
    let mut bench = login();
    bench.answer("503", "REGISTER", "Retry-After: 5\r\n");
    bench.did("0 REGISTER udp 10.0.0.2:5060\n0 REGISTER udp 10.0.0.3:5080\n");
    let (_, second) = bench.last("REGISTER");
    assert!(second.starts_with("REGISTER sip:10.0.0.3:5080 SIP/2.0\r\n"), "{second}");
    assert!(second.contains("\r\nTo: <sip:clinic-7@a.example>\r\n"), "the same account: {second}");
    assert!(second.contains("\r\nContact: <sip:+16175550100@10.0.0.1:5060>\r\n"), "{second}");
    assert!(second.contains("\r\nCSeq: 101 REGISTER\r\n"), "{second}");
    bench.answer("423", "REGISTER", "Min-Expires: 7200\r\n");
    bench.wait(0);
    let (_, third) = bench.last("REGISTER");
    assert!(third.contains("\r\nExpires: 7200\r\n"), "{third}");
    bench.answer("200", "REGISTER", "Expires: 7200\r\n");
    assert!(bench.stack.logins(bench.now)[0].holds);
    bench.ladder.clear();
    bench.wait(3_600_000);
    assert!(bench.ladder.contains("REGISTER udp 10.0.0.2:5060"), "it is refreshed: {}", bench.ladder);
    // A wrong password is shown once, and then after longer and longer times.
    let mut bench = login();
    bench.ask("401", "REGISTER", "n1");
    bench.ask("401", "REGISTER", "n2");
    bench.did("0 REGISTER udp 10.0.0.2:5060\n0 REGISTER udp 10.0.0.2:5060 with an account\n");
    assert_eq!(bench.stack.counters().accounts_refused, 1);
    bench.wait(14_000);
    bench.did("");
    bench.wait(16_000);
    assert!(bench.ladder.contains("REGISTER udp 10.0.0.2:5060\n"), "{}", bench.ladder);
}

#[test]
fn a_login_is_given_back_where_it_was_granted_when_the_engine_stops() {
    // RFC 3261 §10.2, §10.2.2
    let mut bench = login();
    bench.answer("503", "REGISTER", "");
    bench.ask("401", "REGISTER", "n1");
    bench.answer("200", "REGISTER", "Expires: 600\r\n");
    let (_, granted) = bench.last("REGISTER");
    bench.ladder.clear();
    bench.tell(Input::Command(Command::LogOut));
    bench.did("0 REGISTER udp 10.0.0.3:5080\n");
    let (_, back) = bench.last("REGISTER");
    let line = |text: &str, name: &str| text.lines().find(|line| line.starts_with(name)).map(str::to_owned);
    assert!(back.starts_with("REGISTER sip:10.0.0.3:5080 SIP/2.0\r\n"), "{back}");
    for name in ["Contact: ", "To: ", "Call-ID: "] {
        assert_eq!(line(&back, name), line(&granted, name), "our own contact, and no other: {back}");
    }
    assert!(back.contains("\r\nExpires: 0\r\n") && back.contains("\r\nCSeq: 200 REGISTER\r\n"), "{back}");
    assert!(bench.stack.is_parting());
    bench.ask("401", "REGISTER", "n2");
    let (_, shown) = bench.last("REGISTER");
    is_convinced(&shown, "Authorization", "n2");
    bench.answer("200", "REGISTER", "");
    assert!(!bench.stack.is_parting() && !bench.stack.logins(bench.now)[0].holds);
    bench.ladder.clear();
    bench.rests();
    bench.did("");
    // Nothing was granted: there is nothing to give back, and nothing is asked for any more.
    let mut bench = login();
    bench.answer("403", "REGISTER", "");
    bench.ladder.clear();
    bench.tell(Input::Command(Command::LogOut));
    assert!(!bench.stack.is_parting());
    bench.rests();
    bench.did("");
}
