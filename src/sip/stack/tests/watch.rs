//! Hosts of carriers that are asked by OPTIONS whether they are there: RFC 3261 §11, §11.1.

use super::phone::{check_with_rsip, check_with_rsipstack, settings};
use crate::clock::Instant;
use crate::id::{LegId, TrunkName};
use crate::limits::SIP_LOCATING_MAX;
use crate::phi::Phi;
use crate::rng::Rng;
use crate::sip::carrier::{Carrier, HostChange};
use crate::sip::digest::answer::Account;
use crate::sip::interface::{Command, Event, Input, Outgoing, Output};
use crate::sip::locate::{Question, Record};
use crate::sip::stack::Stack;
use crate::sip::way::Way;
use crate::wire::sip::message::{Message, parse};
use crate::wire::sip::validate::validate;
use std::collections::BTreeMap;
use std::time::Duration;

const NUMBER: &str = "trunk:carrier/+16175550123";

/// What a host of the carrier does with each request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Host {
    /// It answers with this status.
    Says(u16),
    /// It answers calls so, and no OPTIONS.
    Deaf(u16),
    /// It answers 503 and wants to be left alone for a minute.
    Rests,
    Silent,
    /// An ICMP error comes back.
    Gone,
}

/// A machine with carriers whose hosts are 10.0.0.2, .3 and so on.
struct Bench {
    stack: Stack,
    now: Instant,
    hosts: BTreeMap<u8, Host>,
    call: (LegId, String),
    asked: BTreeMap<u8, u64>,
    ladder: String,
    last_options: String,
}

fn carrier(name: &str, hosts: &[u8]) -> Carrier {
    let to = hosts.iter().map(|host| format!("sip:10.0.0.{host}")).collect();
    let (name, caller) = (TrunkName::from(name), "+16175550100".to_owned());
    let health_every = Some(Duration::from_secs(30));
    let account = Some(Account::new("clinic-7", "secret"));
    Carrier {
        name,
        to,
        caller,
        trusted: false,
        account,
        login_s: None,
        health_every,
        diversion: Default::default(),
        quirks: Default::default(),
    }
}

impl Bench {
    fn new(hosts: &[(u8, Host)]) -> Self {
        let all: Vec<u8> = hosts.iter().map(|(host, _)| *host).collect();
        Self::over(vec![carrier("carrier", &all)], hosts)
    }

    fn over(carriers: Vec<Carrier>, hosts: &[(u8, Host)]) -> Self {
        let mut stack = Stack::new(settings(500), Rng::seeded(1));
        stack.handle(Instant::START, Input::Carriers(carriers));
        let (hosts, call) = (hosts.iter().copied().collect(), (LegId(0), String::new()));
        let (now, asked, ladder) = (Instant::START, BTreeMap::new(), String::new());
        Self { stack, now, hosts, call, asked, ladder, last_options: String::new() }
    }

    fn tell(&mut self, input: Input<'_>) {
        self.stack.handle(self.now, input);
        while let Some(output) = self.stack.poll_output() {
            match output {
                Output::Resolve { id, question: Question::Addresses(name) } => {
                    let local = "10.0.0.1:5060".parse().unwrap();
                    let records = vec![Record::Address { remote: name.parse().unwrap(), local }];
                    self.tell(Input::Resolved { id, records });
                }
                Output::Resolve { question, .. } => panic!("numeric hosts alone: {question:?}"),
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
        let Ok(Message::Request(request)) = parse(text.as_bytes()) else { panic!("{text}") };
        validate(&request).unwrap_or_else(|rule| panic!("{rule}: {text}"));
        let method = text.split(' ').next().unwrap().to_owned();
        let std::net::IpAddr::V4(ip) = way.remote.ip() else { panic!("{way:?}") };
        let host = ip.octets()[3];
        if method == "OPTIONS" {
            *self.asked.entry(host).or_default() += 1;
            self.last_options.clone_from(&text);
        } else {
            self.note(&format!("{method} .{host}"));
        }
        let status = match (self.hosts[&host], method.as_str()) {
            (_, "ACK") | (Host::Silent, _) | (Host::Deaf(_), "OPTIONS") => return,
            (Host::Gone, _) => return self.tell(Input::Unreachable { way }),
            (Host::Says(status) | Host::Deaf(status), _) => status,
            (Host::Rests, _) => 503,
        };
        let line = |name: &str| text.lines().find(|line| line.starts_with(name)).unwrap();
        let same = ["Via: ", "From: ", "Call-ID: ", "CSeq: "].map(line).join("\r\n");
        let asks = "WWW-Authenticate: Digest realm=\"r\", nonce=\"n\"\r\n";
        let asks = match self.hosts[&host] {
            Host::Rests => "Retry-After: 60\r\n",
            _ if status == 401 => asks,
            _ => "",
        };
        let answer = format!(
            "SIP/2.0 {status} Text\r\n{same}\r\n{};tag=h\r\n{asks}Content-Length: 0\r\n\r\n",
            line("To: ")
        );
        self.tell(Input::Message { way, octets: answer.as_bytes() });
    }

    fn event(&mut self, event: Event) {
        match event {
            Event::Located { leg, way } => {
                let from_user = Phi::new("+16175550142".to_owned());
                let call = Outgoing {
                    target: self.call.1.clone(),
                    from_user,
                    carries: Default::default(),
                    sdp: b"v=0\r\n".to_vec(),
                };
                self.tell(Input::Command(Command::Invite { leg, way, call: Box::new(call) }));
            }
            Event::Failed { status, .. } => self.note(&format!("failed {status}")),
            Event::Host { trunk, host, change, left } => {
                let change = match change {
                    HostChange::Down => "down",
                    HostChange::Up => "up",
                };
                self.note(&format!("{trunk} {host} {change}, {left} left"));
            }
            other => panic!("{other:?}"),
        }
    }

    fn call(&mut self, target: &str) {
        self.call = (self.stack.reserve_leg(), target.to_owned());
        let (leg, target) = self.call.clone();
        self.tell(Input::Command(Command::Locate { leg, target }));
    }

    fn wait(&mut self, ms: u64) {
        let end = self.now + Duration::from_millis(ms);
        while let Some(due) = self.stack.poll_timeout().filter(|due| due.at <= end) {
            self.now = due.at;
            self.tell(Input::Timeout);
        }
        self.now = end;
    }

    fn is(&mut self, host: u8, does: Host) {
        self.hosts.insert(host, does);
    }

    /// What has happened, without the moments.
    fn did(&mut self) -> String {
        let ladder = std::mem::take(&mut self.ladder);
        ladder.lines().map(|line| line.split_once(' ').unwrap().1.to_owned() + "\n").collect()
    }

    fn asked(&mut self, host: u8) -> u64 {
        self.asked.remove(&host).unwrap_or_default()
    }
}

#[test]
fn each_host_is_asked_and_any_final_answer_but_408_and_503_shows_that_it_is_there() {
    // RFC 3261 §11: "the same as would be chosen had the request been an INVITE"; 401 and 404 show a UAS as well as 200.
    for status in [200, 401, 403, 404, 405, 480, 483, 486, 500, 501, 603] {
        let mut bench = Bench::new(&[(2, Host::Says(status)), (3, Host::Says(200))]);
        bench.wait(120_000);
        assert_eq!(bench.did(), "", "{status}");
        let (a, b) = (bench.asked(2), bench.asked(3));
        assert!((4..=5).contains(&a) && (4..=5).contains(&b), "{status}: every 30 s: {a}, {b}");
        let watched = bench.stack.watched(bench.now);
        assert_eq!((watched[0].answering, watched[0].hosts), (2, 2), "{status}");
        assert!(!bench.last_options.contains("uthorization"), "no account is shown: {}", bench.last_options);
    }
    let bench = {
        let mut bench = Bench::new(&[(2, Host::Says(200))]);
        bench.wait(2_000);
        bench
    };
    let options = &bench.last_options;
    for part in [
        "OPTIONS sip:10.0.0.2 SIP/2.0\r\n",
        "\r\nFrom: <sip:+16175550100@10.0.0.1:5060>;tag=",
        "\r\nTo: <sip:10.0.0.2>\r\n",
        "\r\nAccept: application/sdp",
    ] {
        assert!(options.contains(part), "§11.1: {part}: {options}");
    }
}

#[test]
fn calls_go_past_a_host_that_is_down_at_once_and_to_it_again_when_it_answers() {
    for away in [Host::Silent, Host::Gone, Host::Says(503), Host::Says(408)] {
        let mut bench = Bench::new(&[(2, Host::Says(486)), (3, Host::Says(486))]);
        bench.wait(10_000);
        bench.call(NUMBER);
        assert_eq!(bench.did(), "INVITE .2\nACK .2\nfailed 486\n", "the first one is there");
        bench.is(2, away);
        bench.wait(45_000);
        assert_eq!(bench.did(), "carrier 10.0.0.2:5060 down, 1 left\n", "{away:?}: told once");
        bench.call(NUMBER);
        assert_eq!(bench.did(), "INVITE .3\nACK .3\nfailed 486\n", "{away:?}: nobody waits for it");
        bench.asked.clear();
        bench.wait(60_000);
        // What waits for an answer is asked anew four seconds later and more.
        let (down, up) = (bench.asked(2), bench.asked(3));
        assert!(down >= 6, "{away:?}: it is asked more often: {down}");
        assert!(up <= 3, "{away:?}: and the other one is not: {up}");
        bench.is(2, Host::Says(486));
        bench.wait(10_000);
        assert_eq!(bench.did(), "carrier 10.0.0.2:5060 up, 2 left\n", "{away:?}");
        bench.call(NUMBER);
        assert_eq!(bench.did(), "INVITE .2\nACK .2\nfailed 486\n", "{away:?}");
        bench.wait(100_000);
        bench.did();
        assert_eq!(bench.stack.legs(), 0);
    }
}

#[test]
fn one_question_that_is_lost_changes_nothing() {
    let mut bench = Bench::new(&[(2, Host::Says(200))]);
    bench.wait(10_000);
    bench.is(2, Host::Silent);
    while bench.asked(2) == 0 {
        bench.wait(1_000);
    }
    bench.wait(4_100);
    bench.is(2, Host::Says(200));
    bench.wait(300_000);
    assert_eq!(bench.did(), "");
}

#[test]
fn with_all_hosts_down_a_call_fails_at_once_and_one_for_help_goes_out_all_the_same() {
    let carriers = vec![carrier("carrier", &[2, 3]), carrier("emergency", &[2, 3])];
    let mut bench = Bench::over(carriers, &[(2, Host::Says(486)), (3, Host::Says(486))]);
    bench.wait(10_000);
    bench.is(2, Host::Silent);
    bench.wait(45_000);
    assert_eq!(
        bench.did().lines().filter(|line| line.contains("10.0.0.2:5060 down, 1 left")).count(),
        2,
        "each trunk knows its own hosts"
    );
    bench.call("emergency:911");
    assert_eq!(bench.did(), "INVITE .3\nACK .3\nfailed 486\n", "the one that is down is not first");
    bench.is(3, Host::Silent);
    bench.wait(45_000);
    bench.did();
    bench.call(NUMBER);
    assert_eq!(bench.did(), "failed 503\n", "the ladder goes on at once");
    bench.call("emergency:911");
    assert_eq!(bench.did(), "INVITE .2\n", "rather that than nobody");
    bench.wait(4_000);
    assert!(bench.did().contains("INVITE .3\n"), "and the other one too");
}

#[test]
fn a_host_that_wants_to_rest_is_left_alone_by_all_but_calls_for_help() {
    // RFC 3261 §21.5.4
    let carriers = || vec![carrier("carrier", &[2, 3]), carrier("emergency", &[2, 3])];
    for (what, refused) in [("a patient's call", NUMBER), ("a call for help itself", "emergency:911")] {
        let mut bench = Bench::over(carriers(), &[(2, Host::Rests), (3, Host::Rests)]);
        bench.call(refused);
        let both = "INVITE .2\nACK .2\nINVITE .3\nACK .3\nfailed 503\n";
        assert_eq!(bench.did(), both, "{what}");
        bench.call(NUMBER);
        assert_eq!(bench.did(), "failed 503\n", "{what}: the ladder goes on at once");
        bench.call("emergency:911");
        assert_eq!(bench.did(), both, "{what}: rather these than nobody");
        bench.is(3, Host::Says(486));
        bench.call("emergency:911");
        assert_eq!(bench.did(), "INVITE .2\nACK .2\nINVITE .3\nACK .3\nfailed 486\n", "{what}");
    }
}

#[test]
fn help_is_called_where_somebody_is_awake_then_where_one_rests_then_where_one_is_down() {
    let carriers = vec![carrier("carrier", &[3]), carrier("emergency", &[2, 3, 4])];
    let hosts = [(2, Host::Says(486)), (3, Host::Says(486)), (4, Host::Says(486))];
    let mut bench = Bench::over(carriers, &hosts);
    bench.wait(10_000);
    bench.is(2, Host::Silent);
    bench.wait(45_000);
    bench.is(3, Host::Rests);
    bench.call(NUMBER);
    bench.did();
    bench.is(4, Host::Says(503));
    bench.call("emergency:911");
    assert_eq!(bench.did(), "INVITE .4\nACK .4\nINVITE .3\nACK .3\nINVITE .2\n");
}

#[test]
fn help_is_called_when_no_other_call_finds_room() {
    let bench = || {
        let carriers = vec![carrier("carrier", &[2]), carrier("emergency", &[2])];
        Bench::over(carriers, &[(2, Host::Says(486))])
    };
    let mut transactions = bench();
    transactions.stack.transactions_max = 0;
    let mut searches = bench();
    for _ in 0..SIP_LOCATING_MAX {
        let (leg, target) = (searches.stack.reserve_leg(), "sip:nobody.example".to_owned());
        searches.stack.handle(searches.now, Input::Command(Command::Locate { leg, target }));
    }
    while searches.stack.poll_output().is_some() {}
    for (what, mut bench, status) in [("transactions", transactions, 503), ("searches", searches, 404)] {
        bench.call(NUMBER);
        assert_eq!(bench.did(), format!("failed {status}\n"), "{what}");
        bench.call("emergency:911");
        assert_eq!(bench.did(), "INVITE .2\nACK .2\nfailed 486\n", "{what}");
    }
}

#[test]
fn a_carrier_that_answers_no_options_is_used_as_ever_until_calls_are_lost() {
    let mut bench = Bench::new(&[(2, Host::Deaf(486)), (3, Host::Deaf(486))]);
    bench.wait(600_000);
    assert_eq!(bench.did(), "", "ten minutes without an answer say nothing");
    let asked = bench.asked(2);
    assert!((17..=21).contains(&(asked / 4)), "four sendings each half minute and a little: {asked}");
    bench.call(NUMBER);
    assert_eq!(bench.did(), "INVITE .2\nACK .2\nfailed 486\n");
    bench.is(2, Host::Silent);
    for _ in 0..2 {
        bench.call(NUMBER);
        bench.wait(4_000);
    }
    let did = bench.did();
    assert!(did.ends_with("INVITE .3\nACK .3\nfailed 486\n"), "{did}");
    assert_eq!(did.matches("carrier 10.0.0.2:5060 down, 1 left\n").count(), 1, "{did}");
    bench.call(NUMBER);
    assert_eq!(bench.did(), "INVITE .3\nACK .3\nfailed 486\n", "two calls were enough");
    bench.wait(61_000);
    bench.did();
    bench.is(2, Host::Deaf(486));
    bench.call(NUMBER);
    let did = bench.did();
    assert_eq!(did, "INVITE .2\ncarrier 10.0.0.2:5060 up, 2 left\nACK .2\nfailed 486\n", "a call finds it");
}

#[test]
fn a_trunk_that_says_nothing_costs_the_others_nothing() {
    let carriers = vec![carrier("carrier", &[2]), carrier("other", &[3])];
    let run = |silent: Host| {
        let mut bench = Bench::over(carriers.clone(), &[(2, silent), (3, Host::Says(200))]);
        bench.wait(600_000);
        assert!(bench.stack.transactions() <= 4, "nothing piles up: {}", bench.stack.transactions());
        bench.asked(3)
    };
    let (alone, beside) = (run(Host::Says(200)), run(Host::Silent));
    assert!(alone.abs_diff(beside) <= 1, "{alone} and {beside}");
}

#[test]
fn nobody_is_asked_while_the_engine_stops() {
    let mut bench = Bench::new(&[(2, Host::Says(200))]);
    bench.wait(40_000);
    assert!(bench.asked(2) > 0);
    bench.tell(Input::Command(Command::StopAsking));
    bench.wait(600_000);
    assert_eq!((bench.asked(2), bench.stack.transactions()), (0, 0));
}
