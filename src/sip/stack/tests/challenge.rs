//! Phones of ours that call: asked for their password and judged by it (RFC 3261 §22.3; RFC 7616; RFC 8760 §2.4).
//!
//! The switch is played: who is named and has shown nothing good is asked, everybody else is let ring.

use super::phone::{SDP, THEM, US, settings};
use super::register::phones;
use crate::clock::Instant;
use crate::rng::Rng;
use crate::sip::digest::answer::{Account, Purse};
use crate::sip::interface::{Command, Event, Input, Output, Phone, Proof};
use crate::sip::stack::Stack;
use crate::sip::way::Way;
use crate::wire::sip::message::{Message, parse};
use crate::wire::sip::validate::validate_response;
use std::time::Duration;

struct Bench {
    stack: Stack,
    now: Instant,
    sent: Vec<String>,
    /// What each INVITE told.
    told: Vec<Phone>,
    cseq: u32,
}

impl Bench {
    fn new() -> Self {
        let stack = Stack::new(settings(500), Rng::seeded(1));
        let now = Instant::START + Duration::from_secs(1);
        let mut bench = Self { stack, now, sent: Vec::new(), told: Vec::new(), cseq: 0 };
        bench.stack.handle(now, Input::Phones(Box::new(phones())));
        bench
    }

    fn message(&mut self, text: &str) {
        let way = Way::udp(US.parse().unwrap(), THEM.parse().unwrap());
        self.stack.handle(self.now, Input::Message { way, octets: text.as_bytes() });
        while let Some(output) = self.stack.poll_output() {
            match output {
                Output::Transmit { octets, .. } => self.sent.push(String::from_utf8(octets).unwrap()),
                Output::Event(Event::Invite { leg, invite }) => {
                    let phone = invite.phone;
                    self.told.push(phone.clone());
                    let command = match (&phone.proof, &phone.named) {
                        (Proof::Knows(_), _) | (_, None) => Command::Ring { leg },
                        (Proof::Nothing | Proof::Stale | Proof::Wrong, Some(_)) => {
                            Command::Challenge { leg, phone }
                        }
                    };
                    self.stack.handle(self.now, Input::Command(command));
                }
                Output::Event(_) | Output::Resolve { .. } => {}
            }
        }
    }

    /// An INVITE from this address, with these lines; the status that answers it, and what the switch was told.
    fn invite(&mut self, from: &str, lines: &str) -> (u16, Phone) {
        self.cseq += 1;
        self.message(&request(from, self.cseq, lines));
        let answer = self.sent.last().expect("an answer");
        let Ok(Message::Response(response)) = parse(answer.as_bytes()) else { panic!("{answer}") };
        validate_response(&response).unwrap_or_else(|rule| panic!("{rule}: {answer}"));
        (response.status, self.told.last().expect("it was told").clone())
    }

    /// What this account says to the last 407.
    fn shown(&self, purse: &mut Purse, from: &str) -> String {
        let answer = self.sent.last().expect("a challenge");
        let Ok(Message::Response(response)) = parse(answer.as_bytes()) else { panic!("{answer}") };
        let text = request(from, self.cseq, "");
        let Ok(Message::Request(asked)) = parse(text.as_bytes()) else { panic!("{text}") };
        let said = purse.answer(&asked, &response, "c0").unwrap_or_else(|error| panic!("{error}: {answer}"));
        format!("{}: {}\r\n", said.name, String::from_utf8(said.value).unwrap())
    }
}

fn request(from: &str, cseq: u32, lines: &str) -> String {
    format!(
        "INVITE sip:bob@careline SIP/2.0\r\nVia: SIP/2.0/UDP {THEM};rport;branch=z9hG4bK{cseq}\r\n\
         From: <{from}>;tag=1\r\nTo: <sip:bob@careline>\r\nCall-ID: c\r\nCSeq: {cseq} INVITE\r\n\
         Contact: <sip:x@{THEM}>\r\nMax-Forwards: 70\r\n{lines}Content-Type: application/sdp\r\n\
         Content-Length: {}\r\n\r\n{SDP}",
        SDP.len()
    )
}

const ANN: &str = "sip:ann@careline";

fn purse(user: &str, password: &str) -> Purse {
    Purse::new(Account::new(user, password))
}

#[test]
fn a_phone_that_calls_is_asked_and_known_by_its_password_in_its_own_algorithm() {
    // RFC 3261 §22.3, §26.3.2.4; RFC 8760 §2.4
    for (user, algorithm) in [("ann", "SHA-256"), ("bob", "MD5")] {
        let mut bench = Bench::new();
        let from = format!("sip:{user}@CARELINE");
        let (status, told) = bench.invite(&from, "");
        assert_eq!((status, told.named.as_deref(), &told.proof), (407, Some(user), &Proof::Nothing));
        let asked = bench.sent.last().unwrap().clone();
        assert!(asked.contains("\r\nProxy-Authenticate: Digest realm=\"careline\""), "{asked}");
        assert!(asked.contains(&format!("algorithm={algorithm}")) && !asked.contains("stale"), "{asked}");
        assert_eq!((bench.stack.transactions(), bench.stack.legs()), (0, 0), "it costs no memory");
        let tag = asked.split("To: ").nth(1).and_then(|to| to.lines().next()).unwrap().to_owned();
        let ack = request(&from, bench.cseq, "")
            .replace("INVITE", "ACK")
            .replace("To: <sip:bob@careline>", &format!("To: {tag}"));
        let before = bench.sent.len();
        bench.message(&ack);
        assert_eq!(bench.sent.len(), before, "its ACK is taken and asks for nothing");
        let shown = bench.shown(&mut purse(user, "secret"), &from);
        let (status, told) = bench.invite(&from, &shown);
        assert_eq!((status, told.proof), (180, Proof::Knows(user.into())));
        let counters = bench.stack.counters();
        assert_eq!((counters.invites_challenged, counters.invites_refused), (1, 0));
    }
}

#[test]
fn what_was_played_before_needs_another_nonce_and_a_wrong_password_is_blamed_on_its_source() {
    // RFC 7616 §3.3 (stale), §3.4 (nc)
    let mut bench = Bench::new();
    bench.invite(ANN, "");
    let shown = bench.shown(&mut purse("ann", "secret"), ANN);
    assert_eq!(bench.invite(ANN, &shown).0, 180);
    let (status, told) = bench.invite(ANN, &shown);
    assert_eq!((status, told.proof), (407, Proof::Stale));
    assert!(bench.sent.last().unwrap().contains("stale=true"), "{:?}", bench.sent.last());
    let wrong = bench.shown(&mut purse("ann", "guess"), ANN);
    let (status, told) = bench.invite(ANN, &wrong);
    assert_eq!((status, told.proof), (407, Proof::Wrong));
    assert_eq!(bench.stack.counters().invites_refused, 1);
    for _ in 0..crate::limits::GUARD_OFFENCES_MAX {
        bench.invite(ANN, &wrong);
    }
    let before = (bench.sent.len(), bench.stack.counters().banned);
    bench.cseq += 1;
    let next = request(ANN, bench.cseq, "");
    bench.message(&next);
    assert_eq!(
        (bench.sent.len(), bench.stack.counters().banned),
        (before.0, before.1 + 1),
        "a guesser is banned"
    );
}

#[test]
fn only_a_user_by_our_realm_or_address_is_a_phone_of_ours() {
    for (from, named) in [
        (ANN, Some("ann")),
        ("sip:ann@10.0.0.1", Some("ann")),
        ("sip:ann@10.0.0.1:5060", Some("ann")),
        ("sip:ann@10.0.0.2", None),
        ("sip:ann@careline.example", None),
        ("sip:dora@careline", None),
        ("sip:+16175550142@careline", None),
        ("sip:careline", None),
        ("tel:+16175550142", None),
    ] {
        let mut bench = Bench::new();
        let (status, told) = bench.invite(from, "");
        assert_eq!((status, told.named.as_deref()), (named.map_or(180, |_| 407), named), "{from}");
    }
}

#[test]
fn credentials_are_those_for_our_realm_in_either_field_and_of_the_user_whom_they_name() {
    // RFC 3261 §22.3: there may be others for other realms.
    let mut bench = Bench::new();
    bench.invite(ANN, "");
    let other = "Proxy-Authorization: Digest username=\"ann\", realm=\"other\", nonce=\"n\", uri=\"sip:x\", response=\"0\"\r\n";
    let (status, told) = bench.invite(ANN, other);
    assert_eq!((status, told.proof), (407, Proof::Nothing), "another proxy's");
    let shown = bench.shown(&mut purse("cleo", "secret"), ANN);
    let (_, told) = bench.invite(ANN, &format!("{other}{shown}"));
    assert_eq!((told.named.as_deref(), told.proof), (Some("ann"), Proof::Knows("cleo".into())));
    bench.invite(ANN, "");
    let shown = bench.shown(&mut purse("ann", "secret"), ANN).replace("Proxy-Authorization", "Authorization");
    let (status, told) = bench.invite(ANN, &shown);
    assert_eq!((status, told.proof), (180, Proof::Knows("ann".into())));
    bench.invite(ANN, "");
    let nobody = bench.shown(&mut purse("dora", "secret"), ANN);
    let (status, told) = bench.invite(ANN, &nobody);
    assert_eq!((status, told.proof), (407, Proof::Wrong));
}
