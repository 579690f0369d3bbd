//! Phones that log in, and calls that ring them: RFC 3261 §10, §22.2; RFC 3327 §5; RFC 7616.

use super::phone::settings;
use crate::clock::Instant;
use crate::id::LegId;
use crate::limits::{REGISTER_RETRY_AFTER_S, REGISTRATIONS_A_SECOND};
use crate::phi::Phi;
use crate::rng::Rng;
use crate::sip::digest::Ha1;
use crate::sip::digest::answer::{Account, Digests, Purse};
use crate::sip::digest::nonce::Secret;
use crate::sip::interface::{Command, Event, Input, Outgoing, Output, Phones, User};
use crate::sip::registrar::Keep;
use crate::sip::stack::Stack;
use crate::sip::way::{ConnectionId, Transport, Way};
use crate::wire::sip::credentials::Algorithm;
use crate::wire::sip::message::{Message, parse};
use crate::wire::sip::name::Name;
use crate::wire::sip::validate::{validate, validate_response};
use std::time::Duration;

const US: &str = "10.0.0.1:5060";

pub struct Bench {
    pub stack: Stack,
    pub now: Instant,
    pub way: Way,
    cseq: u32,
    pub sent: Vec<(Way, String)>,
    keeps: Vec<Keep>,
    ladder: String,
    pub purse: Purse,
}

pub fn udp(remote: &str) -> Way {
    Way::udp(US.parse().unwrap(), remote.parse().unwrap())
}

pub fn tcp(remote: &str, id: u64) -> Way {
    Way { transport: Transport::Tcp, connection: Some(ConnectionId(id)), ..udp(remote) }
}

pub fn purse(user: &str) -> Purse {
    Purse::new(Account::new(user, "secret"))
}

pub fn phones() -> Phones {
    let user = |name: &str, algorithm| User {
        name: name.to_owned(),
        ha1: Ha1::of(algorithm, name.as_bytes(), b"careline", b"secret"),
    };
    let users =
        vec![user("ann", Algorithm::Sha256), user("bob", Algorithm::Md5), user("cleo", Algorithm::Sha256)];
    Phones { realm: "careline".to_owned(), users, secret: Secret([3; 32]), kept: Vec::new() }
}

impl Bench {
    pub fn new() -> Self {
        let mut bench = Self {
            stack: Stack::new(settings(500), Rng::seeded(1)),
            now: Instant::START + Duration::from_secs(1),
            way: udp("10.0.0.2:5060"),
            cseq: 0,
            sent: Vec::new(),
            keeps: Vec::new(),
            ladder: String::new(),
            purse: Purse::new(Account::new("ann", "secret")),
        };
        bench.tell(Input::Phones(Box::new(phones())));
        bench
    }

    pub fn tell(&mut self, input: Input<'_>) {
        self.stack.handle(self.now, input);
        while let Some(output) = self.stack.poll_output() {
            match output {
                Output::Transmit { way, octets } => self.sent.push((way, String::from_utf8(octets).unwrap())),
                Output::Resolve { question, .. } => panic!("nobody is to be looked up: {question:?}"),
                Output::Event(Event::KeepBindings(keep)) => self.keeps.push(keep),
                Output::Event(Event::Located { leg, way }) => {
                    let (target, sdp) = ("sip:ann@careline".to_owned(), b"v=0".to_vec());
                    let call = Box::new(Outgoing {
                        target,
                        from_user: Phi::new("1".to_owned()),
                        carries: Default::default(),
                        sdp,
                    });
                    self.tell(Input::Command(Command::Invite { leg, way, call }));
                }
                Output::Event(Event::Failed { status, .. }) => self.ladder += &format!("failed {status}\n"),
                Output::Event(Event::Answered { .. }) => self.ladder += "answered\n",
                Output::Event(Event::Ringing { .. }) => {}
                Output::Event(other) => panic!("{other:?}"),
            }
        }
    }

    /// Sends a REGISTER for a user; the message that answers it, or nothing yet.
    fn register(&mut self, user: &str, lines: &str) -> String {
        self.register_as(user, "r", lines)
    }

    fn register_as(&mut self, user: &str, call_id: &str, lines: &str) -> String {
        self.cseq += 1;
        let (cseq, via) = (self.cseq, self.way.transport.in_via());
        let text = format!(
            "REGISTER sip:10.0.0.1 SIP/2.0\r\nVia: SIP/2.0/{via} 10.0.0.2;rport;branch=z9hG4bK{cseq}\r\n\
             From: <sip:{user}@careline>;tag=1\r\nTo: <sip:{user}@careline>\r\nCall-ID: {call_id}\r\n\
             CSeq: {cseq} REGISTER\r\nMax-Forwards: 70\r\n{lines}Content-Length: 0\r\n\r\n"
        );
        self.message(&text)
    }

    pub fn message(&mut self, text: &str) -> String {
        let (way, before) = (self.way, self.sent.len());
        self.tell(Input::Message { way, octets: text.as_bytes() });
        let answers = &self.sent[before..];
        assert!(answers.len() < 2, "{answers:?}");
        answers.first().map(|(_, text)| checked(text)).unwrap_or_default()
    }

    /// The same with the password, asked for first.
    pub fn log_in(&mut self, user: &str, lines: &str) -> String {
        self.log_in_as(user, "r", lines)
    }

    pub fn log_in_as(&mut self, user: &str, call_id: &str, lines: &str) -> String {
        let asked = self.register(user, "");
        let authorization = self.authorization(&asked);
        self.register_as(user, call_id, &format!("{authorization}{lines}"))
    }

    fn authorization(&mut self, asked: &str) -> String {
        self.authorization_for(asked, "REGISTER")
    }

    pub fn authorization_for(&mut self, asked: &str, method: &str) -> String {
        let Ok(Message::Response(response)) = parse(asked.as_bytes()) else { panic!("{asked}") };
        assert_eq!(response.status, 401, "{asked}");
        let challenge = Purse::choose(&response.headers, Name::WwwAuthenticate, Digests::Both).unwrap();
        let value = self.purse.credentials(challenge, method.as_bytes(), b"sip:10.0.0.1", "c0");
        format!("Authorization: {}\r\n", String::from_utf8(value).unwrap())
    }

    pub fn kept(&mut self) -> String {
        let up_to = self.keeps.last().map_or(0, |keep| keep.change);
        let before = self.sent.len();
        self.tell(Input::BindingsKept { up_to });
        self.sent[before..].iter().map(|(_, text)| status(text)).collect::<Vec<_>>().join(" ")
    }

    pub fn call(&mut self, target: &str) -> LegId {
        let leg = self.stack.reserve_leg();
        self.tell(Input::Command(Command::Locate { leg, target: target.to_owned() }));
        leg
    }

    /// The last message, where it went, and how its Request-URI is written.
    pub fn last(&self) -> String {
        let (way, text) = self.sent.last().unwrap();
        let start = text.lines().next().unwrap();
        let by = way.connection.map_or(String::new(), |id| format!(" #{}", id.0));
        format!("{start} to {}/{}{by}", way.transport.in_uri(), way.remote)
    }

    /// Answers the last INVITE.
    pub fn answer(&mut self, status: u16, lines: &str) {
        let (way, text) =
            self.sent.iter().rev().find(|(_, text)| text.starts_with("INVITE")).unwrap().clone();
        let line = |name: &str| text.lines().find(|line| line.starts_with(name)).unwrap().to_owned();
        let all = ["Via: ", "From: ", "Call-ID: ", "CSeq: "].map(line).join("\r\n");
        let to = line("To: ");
        let answer = format!(
            "SIP/2.0 {status} x\r\n{all}\r\n{to};tag=t{}\r\n{lines}Content-Length: 0\r\n\r\n",
            self.sent.len()
        );
        self.tell(Input::Message { way, octets: answer.as_bytes() });
    }
}

pub fn checked(text: &str) -> String {
    match parse(text.as_bytes()).unwrap() {
        Message::Response(response) => {
            validate_response(&response).unwrap_or_else(|rule| panic!("{rule}: {text}"))
        }
        Message::Request(request) => validate(&request).unwrap_or_else(|rule| panic!("{rule}: {text}")),
    }
    text.to_owned()
}

pub fn status(text: &str) -> String {
    text.split(' ').nth(1).unwrap_or_default().to_owned()
}

const CONTACT: &str = "Contact: <sip:ann@10.0.0.2:5062>\r\n";

#[test]
fn a_phone_is_asked_for_its_password_and_its_change_is_answered_when_it_is_on_disk() {
    // RFC 3261 §10.3, §22.2
    let mut bench = Bench::new();
    let asked = bench.register("ann", CONTACT);
    assert!(asked.contains("algorithm=SHA-256") && asked.contains("qop=\"auth\""), "{asked}");
    assert_eq!(bench.stack.transactions(), 0, "who has shown nothing costs no memory");
    let authorization = bench.authorization(&asked);
    let told = bench.register("ann", &format!("{authorization}{CONTACT}"));
    assert_eq!(
        (told.as_str(), bench.keeps.len(), bench.stack.bindings()),
        ("", 1, 1),
        "it waits for the disk"
    );
    assert_eq!(bench.kept(), "200");
    let (_, ok) = bench.sent.last().unwrap();
    assert!(ok.contains("\r\nContact: <sip:ann@10.0.0.2:5062>;expires=3"), "{ok}");
    let again = bench.log_in("ann", CONTACT);
    assert_eq!((status(&again).as_str(), bench.keeps.len()), ("200", 2), "a refresh does not wait: {again}");
    let gone = bench.log_in("ann", "Contact: *\r\nExpires: 0\r\n");
    assert_eq!((gone.as_str(), bench.kept().as_str(), bench.stack.bindings()), ("", "200", 0));
    assert!(!bench.sent.last().unwrap().1.contains("Contact"));
    let Some(due) = bench.stack.poll_timeout() else { panic!("Timer J") };
    assert_eq!(due.reason, "SIP server transaction");
}

#[test]
fn a_request_that_comes_again_is_answered_again_and_a_message_played_twice_is_not() {
    // RFC 3261 §17.2.2; RFC 7616 §5.5
    let mut bench = Bench::new();
    let asked = bench.register("ann", "");
    let authorization = bench.authorization(&asked);
    let first = bench.register("ann", &authorization);
    assert_eq!(status(&first), "200");
    let text = |cseq: u32| {
        format!(
            "REGISTER sip:10.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.2;rport;branch=z9hG4bK{cseq}\r\n\
             From: <sip:ann@careline>;tag=1\r\nTo: <sip:ann@careline>\r\nCall-ID: r\r\nCSeq: {cseq} REGISTER\r\n\
             Max-Forwards: 70\r\n{authorization}Content-Length: 0\r\n\r\n"
        )
    };
    let again = bench.message(&text(2));
    assert_eq!(again, first, "the same answer");
    let played = bench.message(&text(9));
    assert!(status(&played) == "401" && played.contains("stale=true"), "{played}");
}

#[test]
fn who_has_no_right_is_told_so_and_changes_nothing() {
    let mut bench = Bench::new();
    let log_in = |bench: &mut Bench, name: &str, password: &str, user: &str| {
        bench.purse = Purse::new(Account::new(name, password));
        let told = bench.log_in(user, CONTACT);
        format!("{}{}", status(&told), if told.contains("stale") { " stale" } else { "" })
    };
    assert_eq!(log_in(&mut bench, "ann", "wrong", "ann"), "401");
    assert_eq!(log_in(&mut bench, "nobody", "secret", "nobody"), "401");
    assert_eq!(log_in(&mut bench, "cleo", "secret", "ann"), "403", "a user for another");
    assert_eq!(log_in(&mut bench, "ann", "secret", "+16175550100"), "403", "a number of the clinic");
    assert_eq!((bench.keeps.len(), bench.stack.bindings(), bench.stack.transactions()), (0, 0, 0));
    assert_eq!(bench.stack.counters().registers_refused, 4);
    let asked = bench.register("bob", "");
    assert!(asked.contains("algorithm=MD5,"), "{asked}");
    // Nobody is a user: REGISTER is nothing that is done here.
    bench.tell(Input::Phones(Box::new(Phones { users: Vec::new(), ..phones() })));
    assert_eq!(status(&bench.register("ann", CONTACT)), "405");
}

#[test]
fn a_flood_of_wrong_passwords_is_not_heard_any_more_and_others_are() {
    let mut bench = Bench::new();
    bench.way = udp("10.0.0.66:5060");
    bench.purse = Purse::new(Account::new("ann", "guess"));
    let asked = bench.register("ann", "");
    let authorization = bench.authorization(&asked);
    let answered = (0..100).filter(|_| !bench.register("ann", &authorization).is_empty()).count();
    assert!((15..30).contains(&answered), "{answered} of 100 guesses were answered");
    bench.way = udp("10.0.0.2:5060");
    bench.purse = Purse::new(Account::new("ann", "secret"));
    assert_eq!(status(&bench.log_in("ann", "")), "200");
}

#[test]
fn what_cannot_be_bound_is_refused_with_its_reason() {
    // RFC 3261 §10.2.8, §10.3, §21.4.17; RFC 3327 §5.3
    let mut bench = Bench::new();
    for (lines, expected, line) in [
        ("Contact: <sip:ann@h>;expires=5\r\n", "423", "Min-Expires: 60"),
        ("Contact: *\r\n", "400", ""),
        ("Contact: <tel:+1617>\r\n", "416", ""),
        ("Require: outbound\r\n", "420", "Unsupported: outbound"),
        ("Require: path\r\nPath: <sip:edge.example;lr>\r\n", "200", "Path: <sip:edge.example;lr>"),
    ] {
        let told = bench.log_in("ann", lines);
        assert!(status(&told) == expected && told.contains(line), "{lines}: {told}");
    }
    assert_eq!(bench.stack.bindings(), 0);
}

#[test]
fn a_disk_that_takes_too_long_sends_the_phone_away_and_it_is_rung_all_the_same() {
    let mut bench = Bench::new();
    assert_eq!(bench.log_in("ann", CONTACT), "");
    bench.now += Duration::from_secs(16);
    let before = bench.sent.len();
    bench.tell(Input::Timeout);
    let told = &bench.sent[before].1;
    assert!(status(told) == "503" && told.contains("Retry-After: "), "{told}");
    assert_eq!(bench.log_in("ann", CONTACT), "", "it comes again, and the disk is stuck as before");
    assert_eq!(status(&bench.log_in("ann", "")), "200", "what holds is told");
    bench.now += Duration::from_secs(8);
    assert_eq!(bench.log_in("ann", CONTACT), "", "and again, before the last one is sent away");
    bench.now += Duration::from_secs(8);
    let before = bench.sent.len();
    bench.tell(Input::Timeout);
    let sent: Vec<_> = bench.sent[before..].iter().map(|(_, text)| status(text)).collect();
    assert_eq!(sent, ["503"], "each has its own time");
    assert_eq!(bench.log_in("ann", CONTACT), "");
    assert_eq!(bench.kept(), "200 200", "all who wait for a change; nothing is answered twice");
    assert_eq!(status(&bench.log_in("ann", CONTACT)), "200");
    bench.call("sip:ann@careline");
    assert_eq!(bench.last(), "INVITE sip:ann@10.0.0.2:5062 SIP/2.0 to udp/10.0.0.2:5062");
}

#[test]
fn a_user_is_rung_where_his_phone_came_from_and_fails_at_once_without_one() {
    // RFC 3261 §16.6; RFC 3327 §5.4; RFC 3581 §4
    let mut bench = Bench::new();
    bench.call("sip:ann@careline");
    bench.call("sip:stranger@CARELINE");
    assert_eq!(bench.ladder, "failed 480\nfailed 480\n");
    bench.way = udp("203.0.113.9:31000");
    bench.way.remote = "10.0.0.9:31000".parse().unwrap();
    bench.log_in("ann", "Path: <sip:edge.example;lr>\r\nContact: <sip:ann@192.168.1.4:5060>\r\n");
    bench.call("sip:ann@careline");
    assert_eq!(bench.last(), "INVITE sip:ann@192.168.1.4:5060 SIP/2.0 to udp/10.0.0.9:31000");
    let invite = checked(&bench.sent.last().unwrap().1);
    assert!(invite.contains("\r\nRoute: <sip:edge.example;lr>\r\n"), "{invite}");
    assert!(invite.contains("\r\nTo: <sip:ann@careline>\r\n"), "{invite}");
}

#[test]
fn one_phone_after_another_is_called_until_one_takes_it() {
    // RFC 3261 §16.6, §16.7
    let mut bench = Bench::new();
    bench.log_in(
        "ann",
        "Path: <sip:edge;lr>\r\nContact: <sip:desk@10.0.0.2:5071>;q=0.9, <sip:cell@10.0.0.2:5072>;q=0.1\r\n",
    );
    bench.call("sip:ann@careline");
    assert_eq!(bench.last(), "INVITE sip:desk@10.0.0.2:5071 SIP/2.0 to udp/10.0.0.2:5060");
    bench.answer(486, "");
    assert_eq!(bench.last(), "INVITE sip:cell@10.0.0.2:5072 SIP/2.0 to udp/10.0.0.2:5060");
    let second = checked(&bench.sent.last().unwrap().1);
    assert_eq!(second.matches("\r\nRoute: ").count(), 1, "{second}");
    assert!(second.contains("CSeq: 2 INVITE"), "{second}");
    bench.answer(200, "Contact: <sip:cell@10.0.0.2:5072>\r\n");
    assert_eq!(bench.ladder, "answered\n");
    let mut bench = Bench::new();
    bench.log_in("ann", "Contact: <sip:desk@10.0.0.2:5071>;q=0.9, <sip:cell@10.0.0.2:5072>;q=0.1\r\n");
    bench.call("sip:ann@careline");
    bench.answer(486, "");
    bench.answer(480, "");
    assert_eq!(bench.ladder, "failed 480\n");
    bench.call("sip:ann@careline");
    bench.answer(603, "");
    assert_eq!(bench.ladder, "failed 480\nfailed 603\n", "a person said no for all phones");
}

#[test]
fn a_phone_over_tcp_is_rung_by_its_connection_and_not_when_that_is_gone() {
    // RFC 5626 §5.3
    let mut bench = Bench::new();
    bench.way = tcp("10.0.0.2:40001", 7);
    let told = bench.log_in("ann", "Contact: <sip:ann@10.0.0.2:40001;transport=tcp>\r\n");
    assert_eq!((status(&told).as_str(), bench.keeps.len()), ("200", 0), "{told}");
    bench.call("sip:ann@careline");
    assert_eq!(bench.last(), "INVITE sip:ann@10.0.0.2:40001;transport=tcp SIP/2.0 to tcp/10.0.0.2:40001 #7");
    let mut bench = Bench::new();
    bench.way = tcp("10.0.0.2:40001", 7);
    bench.log_in("ann", "Contact: <sip:ann@10.0.0.2:40001;transport=tcp>\r\n");
    bench.tell(Input::Unreachable { way: bench.way });
    bench.call("sip:ann@careline");
    assert_eq!((bench.ladder.as_str(), bench.stack.bindings()), ("failed 480\n", 0));
}

#[test]
fn a_phone_over_tcp_that_says_nothing_to_a_call_is_rung_no_more_and_one_that_rang_is() {
    // RFC 3261 §17.1.1.2, Timer B
    for (why, says, bound) in [("died without a word", None, 0), ("rang, and was not taken", Some(180), 1)] {
        let mut bench = Bench::new();
        bench.way = tcp("10.0.0.2:40001", 7);
        bench.log_in("ann", "Contact: <sip:ann@10.0.0.2:40001;transport=tcp>\r\n");
        let leg = bench.call("sip:ann@careline");
        says.into_iter().for_each(|status| bench.answer(status, ""));
        bench.tell(Input::Command(Command::HangUp { leg, reason: None }));
        bench.now += Duration::from_secs(31);
        bench.tell(Input::Timeout);
        assert_eq!(bench.stack.bindings(), 1, "{why}: it may still answer");
        bench.now += Duration::from_secs(2);
        bench.tell(Input::Timeout);
        assert_eq!(bench.stack.bindings(), bound, "{why}");
        bench.ladder.clear();
        bench.call("sip:ann@careline");
        assert_eq!(bench.ladder, if bound == 0 { "failed 480\n" } else { "" }, "{why}");
        bench.log_in("ann", "Contact: <sip:ann@10.0.0.2:40001;transport=tcp>\r\n");
        assert_eq!(bench.stack.bindings(), 1, "{why}: a phone that comes again is bound again");
    }
}

#[test]
fn a_storm_is_turned_away_with_a_time_to_come_again_and_a_wrong_password_costs_nobody_his_turn() {
    // RFC 3261 §21.5.4
    let mut bench = Bench::new();
    let from = |n: u32| {
        let [.., b, c] = n.to_be_bytes();
        udp(&format!("10.9.{b}.{c}:5060"))
    };
    let asked = bench.register("ann", "");
    bench.purse = Purse::new(Account::new("ann", "guess"));
    for n in 0..REGISTRATIONS_A_SECOND + 100 {
        bench.way = from(n);
        let guess = bench.authorization(&asked);
        assert_eq!(status(&bench.register("ann", &guess)), "401", "guess {n}");
    }
    bench.purse = Purse::new(Account::new("ann", "secret"));
    let mut answers = Vec::new();
    for n in 0..REGISTRATIONS_A_SECOND + 100 {
        bench.way = from(n);
        let right = bench.authorization(&asked);
        answers.push(bench.register("ann", &right));
    }
    let (served, away) = answers.split_at(REGISTRATIONS_A_SECOND as usize);
    assert!(served.iter().all(|answer| status(answer) == "200"), "{:?}", served.last());
    for answer in away {
        let after = answer.lines().find_map(|line| line.strip_prefix("Retry-After: "));
        let after = after.and_then(|seconds| seconds.parse::<u32>().ok()).unwrap_or(0);
        assert!(status(answer) == "503" && REGISTER_RETRY_AFTER_S.contains(&after), "{answer}");
    }
    assert_eq!(bench.stack.counters().registers_shed, 100);
    let held = bench.stack.transactions();
    assert_eq!(held, REGISTRATIONS_A_SECOND as usize, "who is turned away costs no memory");
}

#[test]
fn who_was_kept_over_a_restart_is_rung_if_he_is_a_user_still() {
    let mut bench = Bench::new();
    bench.log_in("ann", CONTACT);
    let kept = |user: &str| (user.to_owned(), bench.keeps[0].bindings.clone());
    let kept = vec![kept("ann"), kept("gone")];
    let mut next = Bench::new();
    next.tell(Input::Phones(Box::new(Phones { kept, ..phones() })));
    assert_eq!(next.stack.bindings(), 1);
    next.call("sip:ann@careline");
    assert_eq!(next.last(), "INVITE sip:ann@10.0.0.2:5062 SIP/2.0 to udp/10.0.0.2:5062");
}
