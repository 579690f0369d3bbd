//! Phones of ours dial: asked for the password, led to users and trunks by the plan, refused with the reason, and helped
//! whatever else is up.

use super::*;
use crate::limits::EMERGENCY_PORTS;
use crate::report::event::HelpFrom;
use crate::sip::carrier::Carrier;
use crate::sip::digest::Ha1;
use crate::sip::digest::answer::{Account, Purse};
use crate::sip::digest::nonce::Secret;
use crate::switch::dial::{self, Caps, Emergency, Outside, Place};
use crate::wire::sip::credentials::Algorithm;
use crate::wire::sip::message::{Message, parse};

pub(super) const ANN: &str = "sip:ann@careline";
/// What is dialled for help.
const NUMBERS: [&str; 3] = ["911", "112", "933"];
const STRANGER: &str = "sip:+16175550142@carrier.example";
/// Where bob's phone is.
pub(super) const BOB: &str = "10.0.0.9:5060";
pub(super) const OFFERED: &str =
    "v=0\r\no=- 1 1 IN IP4 10.0.0.2\r\ns=-\r\nc=IN IP4 10.0.0.2\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n";

pub(super) fn network(base: &str, prefix: u8) -> sip::Network {
    sip::Network { base: base.parse().unwrap(), prefix }
}

pub(super) fn plan(places: Vec<Place>) -> dial::Settings {
    let caps = Caps { at_once: 1, per_minute: 2, per_day: 3 };
    let outside = Outside {
        trunk: "carrier".into(),
        country: None,
        allow: vec!["+1".to_owned()],
        caps,
        own: Default::default(),
    };
    let numbers = NUMBERS.map(str::to_owned).to_vec();
    let emergency = Emergency { numbers, places, alert: Vec::new() };
    dial::Settings { outside: Some(outside), emergency: Some(emergency), ..dial::Settings::default() }
}

pub(super) fn floor_two(networks: Vec<sip::Network>) -> Place {
    Place { networks, callback: "+16175550102".to_owned(), location: "floor 2".to_owned() }
}

/// So many ports on one worker, some of them kept.
pub(super) fn pool(ports: u16) -> ports::Ports {
    let numbers = (0..ports).map(|n| 20_000 + 2 * n).collect();
    ports::Ports::new(&[numbers], 2, crate::limits::PORT_REST_DEFAULT).keeping(EMERGENCY_PORTS)
}

/// A trunk that calls go out over to [`BOB`].
pub(super) fn carrier(name: &str) -> Carrier {
    Carrier {
        name: name.into(),
        to: vec!["sip:10.0.0.9".to_owned()],
        caller: "+16175550100".to_owned(),
        trusted: true,
        account: None,
        login_s: None,
        health_every: None,
        diversion: Default::default(),
        quirks: Default::default(),
    }
}

/// A switch with users and trunks, and a phone at [`THEM`].
pub(super) struct Desk {
    pub(super) scene: Scene,
    pub(super) purse: Purse,
    pub(super) calls: u32,
    /// What its INVITE offers.
    pub(super) offer: &'static str,
}

impl Desk {
    pub(super) fn new() -> Self {
        Self::with(Vec::new())
    }

    fn with(places: Vec<Place>) -> Self {
        let networks = places.iter().flat_map(|place| place.networks.clone()).collect();
        let mut scene = Scene::with(|settings| {
            let numbers = NUMBERS.map(str::to_owned).to_vec();
            settings.sip.help = crate::sip::help::Help { networks, numbers };
            settings.dial = plan(places);
        });
        scene.switch.ports = pool(20);
        let mut desk =
            Self { scene, purse: Purse::new(Account::new("ann", "secret")), calls: 0, offer: OFFERED };
        let user = |name: &str| sip::User {
            name: name.to_owned(),
            ha1: Ha1::of(Algorithm::Sha256, name.as_bytes(), b"careline", b"secret"),
        };
        let users = vec![user("ann"), user("bob")];
        let phones =
            sip::Phones { realm: "careline".to_owned(), users, secret: Secret([3; 32]), kept: Vec::new() };
        desk.scene.tell(Input::Phones(Box::new(phones)));
        desk.scene.tell(Input::Carriers(vec![carrier("carrier"), carrier("emergency")]));
        desk
    }

    fn request(&mut self, method: &str, from: &str, number: &str, lines: &str) -> String {
        self.request_to(method, from, &format!("sip:{number}@{US}"), lines)
    }

    fn request_to(&mut self, method: &str, from: &str, uri: &str, lines: &str) -> String {
        let call = self.calls;
        let body = if method == "INVITE" { self.offer } else { "" };
        let text = format!(
            "{method} {uri} SIP/2.0\r\nVia: SIP/2.0/UDP {THEM};branch=z9hG4bK{method}{call}\r\n\
             From: <{from}>;tag=t{call}\r\nTo: <{uri}>\r\nCall-ID: {call}@x\r\nCSeq: 1 {method}\r\n\
             Contact: <sip:p@{THEM}>\r\nMax-Forwards: 70\r\n{lines}Content-Type: application/sdp\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        self.scene.datagram(&text);
        text
    }

    /// What answers an INVITE with these lines.
    pub(super) fn invite(&mut self, from: &str, number: &str, lines: &str) -> String {
        self.calls += 1;
        let before = self.scene.sent.len();
        self.request("INVITE", from, number, lines);
        self.scene.sent[before..].iter().find(|text| text.starts_with("SIP/2.0")).expect("an answer").clone()
    }

    /// Credentials for the challenge of this answer.
    pub(super) fn shown(&mut self, asked: &str, number: &str) -> String {
        let Ok(Message::Response(response)) = parse(asked.as_bytes()) else { panic!("{asked}") };
        let text = format!("INVITE sip:{number}@{US} SIP/2.0\r\n\r\n");
        let Ok(Message::Request(request)) = parse(text.as_bytes()) else { panic!("{text}") };
        let said =
            self.purse.answer(&request, &response, "c0").unwrap_or_else(|error| panic!("{error}: {asked}"));
        format!("{}: {}\r\n", said.name, String::from_utf8(said.value).unwrap())
    }

    /// Ann's phone dials with her password: the status, and the number of its call.
    pub(super) fn dial(&mut self, number: &str) -> u16 {
        let asked = self.invite(ANN, number, "");
        assert_eq!(status(&asked), 407, "{number}: {asked}");
        let shown = self.shown(&asked, number);
        let answer = self.invite(ANN, number, &shown);
        if status(&answer) == 200 {
            self.acknowledge(ANN, &answer);
        }
        status(&answer)
    }

    pub(super) fn acknowledge(&mut self, from: &str, answer: &str) {
        self.acknowledge_with(from, answer, "");
    }

    /// The same with this answer to an offer of ours.
    pub(super) fn acknowledge_with(&mut self, from: &str, answer: &str, body: &str) {
        let to = answer.lines().find(|line| line.starts_with("To: ")).expect("To").to_owned();
        let call = self.calls;
        self.scene.datagram(&format!(
            "ACK sip:{US} SIP/2.0\r\nVia: SIP/2.0/UDP {THEM};branch=z9hG4bKack{call}\r\nFrom: <{from}>;tag=t{call}\r\n\
             {to}\r\nCall-ID: {call}@x\r\nCSeq: 1 ACK\r\nMax-Forwards: 70\r\nContent-Type: application/sdp\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        ));
    }

    /// The calls that we placed.
    fn placed(&self) -> Vec<&String> {
        let mut placed: Vec<&String> =
            self.scene.sent.iter().filter(|text| text.starts_with("INVITE ")).collect();
        placed.dedup();
        placed
    }

    /// The party of the newest call of ours answers it like this.
    fn answer(&mut self, status: &str, body: &str) {
        let invite = (*self.placed().last().expect("somebody is called")).clone();
        let header = |name: &str| invite.lines().find(|line| line.starts_with(name)).unwrap_or_default();
        let same = ["Via:", "From:", "Call-ID:", "CSeq:"].map(header).join("\r\n");
        let (to, length) = (header("To:"), body.len());
        self.scene.datagram(&format!(
            "SIP/2.0 {status}\r\n{same}\r\n{to};tag=them\r\nContact: <sip:{BOB}>\r\nContent-Type: application/sdp\r\n\
             Content-Length: {length}\r\n\r\n{body}"
        ));
    }

    /// Bob's phone logs in, from where it wants to be rung.
    pub(super) fn log_in(&mut self, name: &str, contact: &str) {
        let register = |lines: &str, cseq: u32| {
            format!(
                "REGISTER sip:{US} SIP/2.0\r\nVia: SIP/2.0/UDP {contact};rport;branch=z9hG4bKr{cseq}{name}\r\n\
                 From: <sip:{name}@careline>;tag=1\r\nTo: <sip:{name}@careline>\r\nCall-ID: r{name}.{contact}\r\n\
                 CSeq: {cseq} REGISTER\r\nMax-Forwards: 70\r\n{lines}Content-Length: 0\r\n\r\n"
            )
        };
        self.scene.datagram_from(contact, &register("", 1));
        let asked = self.scene.sent.last().expect("a challenge").clone();
        let Ok(Message::Response(response)) = parse(asked.as_bytes()) else { panic!("{asked}") };
        let mut purse = Purse::new(Account::new(name, "secret"));
        let text = register("", 2);
        let Ok(Message::Request(request)) = parse(text.as_bytes()) else { panic!("{text}") };
        let said = purse.answer(&request, &response, "c0").unwrap();
        let value = String::from_utf8(said.value).unwrap();
        let lines = format!("{}: {value}\r\nContact: <sip:{name}@{contact}>\r\n", said.name);
        self.scene.datagram_from(contact, &register(&lines, 2));
    }

    fn arrived(&self) -> Vec<(String, String, Option<String>)> {
        let told = |event: &Event| match event {
            Event::Arrived { flow, called, caller, .. } => {
                let caller = caller.as_ref().map(|caller| caller.expose().clone());
                Some((flow.to_string(), called.expose().clone(), caller))
            }
            _ => None,
        };
        self.scene.log.iter().filter_map(told).collect()
    }
}

pub(super) fn status(answer: &str) -> u16 {
    answer.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_default()
}

#[test]
fn a_user_dials_another_and_both_are_bridged_while_the_caller_hears_the_bed() {
    // RFC 3261 §22.3
    let mut desk = Desk::new();
    desk.log_in("bob", BOB);
    assert_eq!(desk.dial("bob"), 200);
    let invite = (*desk.placed().last().expect("bob is rung")).clone();
    assert!(invite.starts_with("INVITE sip:bob@10.0.0.9"), "{invite}");
    assert!(invite.contains("From: <sip:ann@"), "{invite}");
    let leg = desk.scene.leg();
    assert!(desk.scene.is_on_bed(leg), "who waits hears that he waits");
    desk.answer("200 OK", OFFERED);
    assert!(
        desk.scene.log.iter().any(|event| matches!(event, Event::Bridged { .. })),
        "{:#?}",
        desk.scene.log
    );
    assert!(!desk.scene.is_on_bed(leg));
    assert_eq!(desk.arrived(), [("dialled".to_owned(), "bob".to_owned(), Some("ann".to_owned()))]);
    assert_eq!((desk.scene.named(), desk.scene.switch.counters.dialled), (0, 1), "nothing is recorded");
    let bye = desk.placed().last().map(|invite| {
        let header = |name: &str| invite.lines().find(|line| line.starts_with(name)).unwrap_or_default().to_owned();
        let (from, to, id) = (header("From:"), header("To:"), header("Call-ID:"));
        format!(
            "BYE sip:{US} SIP/2.0\r\nVia: SIP/2.0/UDP {BOB};branch=z9hG4bKbye\r\nFrom:{};tag=them\r\nTo:{}\r\n{id}\r\n\
             CSeq: 1 BYE\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n",
            &to[3..], &from[5..]
        )
    });
    desk.scene.datagram(&bye.unwrap());
    desk.scene.wait(crate::limits::CLOSING_MAX);
    let ended = desk.scene.log.iter().find_map(|event| match event {
        Event::Ended { cause, exit, .. } => Some((*cause, exit.as_ref().map(ToString::to_string))),
        _ => None,
    });
    assert_eq!(ended, Some((Cause::Normal, Some("talked".to_owned()))));
}

#[test]
fn nobody_at_home_ends_the_call_and_the_record_says_so() {
    let mut desk = Desk::new();
    assert_eq!(desk.dial("bob"), 200);
    let log = &desk.scene.log;
    assert!(log.iter().any(|event| matches!(event, Event::PersonNotReached { status: 480, .. })), "{log:#?}");
    assert!(desk.scene.sent.iter().any(|text| text.starts_with("BYE ")), "{:#?}", desk.scene.sent);
    assert_eq!(desk.scene.switch.counters.flow_faults, 0);
}

#[test]
fn a_number_goes_over_the_trunk_with_the_trunks_number_and_never_into_the_log() {
    // RFC 3325 §5
    let mut desk = Desk::new();
    assert_eq!(desk.dial("+16175550123"), 200);
    let invite = (*desk.placed().last().expect("the carrier is called")).clone();
    assert!(invite.starts_with("INVITE sip:+16175550123@10.0.0.9;user=phone"), "{invite}");
    assert!(invite.contains("From: <sip:+16175550100@"), "{invite}");
    assert!(invite.contains("P-Asserted-Identity: <sip:+16175550100@"), "{invite}");
    let target = desk.scene.log.iter().find_map(|event| match event {
        Event::PersonCalled { target, .. } => Some(target.clone()),
        _ => None,
    });
    assert_eq!(target.as_deref(), Some("trunk:carrier"));
}

#[test]
fn what_may_not_be_dialled_is_refused_counted_and_places_no_call() {
    for (number, expected) in [
        ("+19005550123", 403),
        ("+16179765550", 403),
        ("+4930123456", 403),
        ("6175550123", 404),
        ("cleo", 404),
    ] {
        let mut desk = Desk::new();
        assert_eq!(desk.dial(number), expected, "{number}");
        assert_eq!((desk.placed().len(), desk.scene.switch.calls_up()), (0, 0), "{number}");
        assert_eq!(desk.scene.switch.counters.dials_refused, 1, "{number}");
        assert!(desk.arrived().is_empty(), "{number}: no record of a call that was none");
    }
}

#[test]
fn each_user_has_caps_over_the_trunk_and_none_within_the_house() {
    let mut desk = Desk::new();
    assert_eq!(desk.dial("+16175550123"), 200);
    assert_eq!(desk.dial("+16175550124"), 480, "one at once");
    assert_eq!(desk.dial("bob"), 200, "in the house there is no cap");
    desk.answer("486 Busy Here", "");
    assert_eq!(desk.dial("+16175550124"), 200, "the first came to nothing");
    desk.answer("486 Busy Here", "");
    assert_eq!(desk.dial("+16175550125"), 480, "two in a minute");
    desk.scene.wait(Duration::from_secs(60));
    assert_eq!(desk.dial("+16175550125"), 200);
    desk.answer("486 Busy Here", "");
    desk.scene.wait(Duration::from_secs(600));
    assert_eq!(desk.dial("+16175550126"), 480, "three in a day");
    assert_eq!(desk.scene.switch.counters.dials_refused, 3);
}

#[test]
fn patients_are_never_asked_and_cause_no_call_over_a_trunk() {
    for (from, number) in [
        (STRANGER, "100"),
        (STRANGER, "+19005550123"),
        (STRANGER, "+16175550123"),
        (STRANGER, "911"),
        (STRANGER, "bob"),
        // A number that a flow answers is answered for everybody, whatever From says.
        (ANN, "+16175550100"),
        (ANN, "100"),
    ] {
        let mut desk = Desk::new();
        let answer = desk.invite(from, number, "");
        assert_eq!(status(&answer), 200, "{from} to {number}: {answer}");
        desk.acknowledge(from, &answer);
        assert_eq!(desk.placed().len(), 0, "{from} to {number}");
        let (flow, _, _) = desk.arrived().remove(0);
        assert!(!["dialled", "emergency"].contains(&flow.as_str()), "{from} to {number}: {flow}");
    }
}

#[test]
fn a_password_of_another_user_is_no_right_to_call_as_this_one() {
    let mut desk = Desk::new();
    desk.purse = Purse::new(Account::new("bob", "secret"));
    assert_eq!(desk.dial("bob"), 403);
    desk.purse = Purse::new(Account::new("ann", "guess"));
    assert_eq!(desk.dial("bob"), 407, "a wrong password is asked for again");
    assert_eq!(desk.placed().len(), 0);
}

#[test]
fn a_caller_over_a_trunk_is_a_caller_even_by_the_name_of_a_user() {
    let mut desk = Desk::new();
    desk.scene.switch.settings.trunks = vec![crate::call::routing::Trunk {
        name: "carrier".into(),
        networks: vec![network("10.0.0.0", 8)],
        trusted: true,
        called_number_from: crate::call::routing::CalledNumberFrom::RequestUri,
        country: None,
    }];
    for number in ["bob", "+16175550123", "911"] {
        let answer = desk.invite(ANN, number, "");
        assert_eq!(status(&answer), 200, "{number}: {answer}");
    }
    assert_eq!((desk.placed().len(), desk.scene.switch.counters.emergencies), (0, 0));
}

/// How a phone is known that calls for help.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Known {
    Password,
    Login,
    Network,
}

fn calls_for_help(known: Known) -> Desk {
    let places = match known {
        Known::Network => vec![floor_two(vec![network("10.0.0.2", 32)])],
        Known::Password | Known::Login => Vec::new(),
    };
    let mut desk = Desk::with(places);
    if known == Known::Login {
        desk.log_in("bob", THEM);
    }
    desk
}

fn help(desk: &mut Desk, known: Known) -> u16 {
    help_by(desk, known, "911")
}

fn help_by(desk: &mut Desk, known: Known, number: &str) -> u16 {
    match known {
        Known::Password => desk.dial(number),
        Known::Login | Known::Network => {
            let answer = desk.invite("sip:phone@10.0.0.2", number, "");
            if status(&answer) == 200 {
                desk.acknowledge("sip:phone@10.0.0.2", &answer);
            }
            status(&answer)
        }
    }
}

#[test]
fn a_phone_of_the_house_reaches_help_logged_in_or_not_with_the_number_of_its_place() {
    // 47 CFR 9.16; RFC 6881 §5 (ED-62: no login is asked for where the phone is known)
    let phones = [
        (Known::Password, "+16175550100", Some("ann")),
        (Known::Login, "+16175550100", Some("bob")),
        (Known::Network, "+16175550102", None),
    ];
    for (number, (known, shown, user)) in
        NUMBERS.iter().flat_map(|number| phones.map(|phone| (number, phone)))
    {
        let mut desk = calls_for_help(known);
        assert_eq!(help_by(&mut desk, known, number), 200, "{number}, {known:?}");
        let invite = (*desk.placed().last().expect("help is called")).clone();
        let start = format!("INVITE sip:{number}@10.0.0.9;user=phone");
        assert!(invite.starts_with(&start), "{number}, {known:?}: {invite}");
        assert!(invite.contains(&format!("From: <sip:{shown}@")), "{number}, {known:?}: {invite}");
        assert!(!invite.contains("\r\nPrivacy:"), "{number}, {known:?}: {invite}");
        let (flow, called, caller) = desk.arrived().remove(0);
        assert_eq!((flow.as_str(), called.as_str()), ("emergency", *number), "{known:?}");
        assert_eq!(caller.as_deref().filter(|_| user.is_some()), user, "{number}, {known:?}");
        assert_eq!(desk.scene.switch.counters.emergencies, 1);
        desk.answer("200 OK", OFFERED);
        assert!(
            desk.scene.log.iter().any(|event| matches!(event, Event::Bridged { .. })),
            "{number}, {known:?}"
        );
    }
}

#[test]
fn help_is_called_however_its_number_is_written() {
    // RFC 3966 §5.1.5; RFC 5031 §4.2; RFC 3261 §19.1.2
    let known = Known::Network;
    for (uri, number) in [
        ("tel:911", "911"),
        ("tel:112;phone-context=+49", "112"),
        ("sip:911;phone-context=+1@10.0.0.1;user=phone", "911"),
        ("sip:911;phone-context=clinic.example@10.0.0.1", "911"),
        ("sip:%3911@10.0.0.1", "911"),
        ("urn:service:sos", "911"),
        ("urn:service:sos.fire", "911"),
    ] {
        let mut desk = calls_for_help(known);
        desk.calls += 1;
        desk.request_to("INVITE", "sip:phone@10.0.0.2", uri, "");
        let answer =
            desk.scene.sent.iter().find(|text| text.starts_with("SIP/2.0")).expect("an answer").clone();
        assert_eq!(status(&answer), 200, "{uri}: {answer}");
        desk.acknowledge("sip:phone@10.0.0.2", &answer);
        let invite = (*desk.placed().last().expect("help is called")).clone();
        assert!(invite.starts_with(&format!("INVITE sip:{number}@10.0.0.9")), "{uri}: {invite}");
    }
}

/// What phones were told by MESSAGE, each once, with the time of day as `TIME`.
fn told(desk: &Desk) -> Vec<String> {
    let messages = desk.scene.sent.iter().filter(|text| text.starts_with("MESSAGE "));
    let body = |text: &String| text.split("\r\n\r\n").nth(1).unwrap_or_default().to_owned();
    let timeless = |text: String| {
        let at = text.find(" at ").expect("a time") + 4;
        assert_eq!(text.as_bytes()[at + 2], b':', "{text}");
        format!("{}TIME{}", &text[..at], &text[at + 5..])
    };
    messages.map(body).map(timeless).collect()
}

/// The phone that has called for help hangs up.
fn hang_up(desk: &mut Desk, from: &str) {
    let answered = desk.scene.sent.iter().rev();
    let ok = answered.clone().find(|text| text.starts_with("SIP/2.0 200") && text.contains(" INVITE\r\n"));
    let to = ok.and_then(|ok| ok.lines().find(|line| line.starts_with("To: "))).expect("To").to_owned();
    let call = desk.calls;
    desk.scene.datagram(&format!(
        "BYE sip:{US} SIP/2.0\r\nVia: SIP/2.0/UDP {THEM};branch=z9hG4bKbye{call}\r\nFrom: <{from}>;tag=t{call}\r\n\
         {to}\r\nCall-ID: {call}@x\r\nCSeq: 9 BYE\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n"
    ));
}

/// The phone that was told of it answers.
fn answer_message(desk: &mut Desk) {
    let message =
        desk.scene.sent.iter().rev().find(|text| text.starts_with("MESSAGE ")).expect("one").clone();
    let header = |name: &str| message.lines().find(|line| line.starts_with(name)).unwrap_or_default();
    let same = ["Via:", "From:", "To:", "Call-ID:", "CSeq:"].map(header).join("\r\n");
    desk.scene.datagram(&format!("SIP/2.0 200 OK\r\n{same}\r\nContent-Length: 0\r\n\r\n"));
}

#[test]
fn the_desk_is_told_at_once_that_help_is_called_from_where_and_when_it_is_over() {
    // 47 CFR 9.16(b)(2), 9.3
    for (known, from, location, user, back) in [
        (Known::Network, "floor 2", Some("floor 2"), None, " Call-back: +16175550102."),
        (Known::Password, "a place that is not known (phone of ann)", None, Some("ann"), ""),
    ] {
        let mut desk = calls_for_help(known);
        desk.log_in("bob", BOB);
        let emergency = desk.scene.switch.settings.dial.emergency.as_mut().expect("a trunk carries it");
        emergency.alert = vec![Arc::from("bob")];
        assert_eq!(help(&mut desk, known), 200);
        let begins = format!("Help was called at TIME from {from}. Dialled: 911.{back}");
        assert_eq!(told(&desk), std::slice::from_ref(&begins), "{known:?}");
        let position = |start: &str| desk.scene.sent.iter().rposition(|text| text.starts_with(start));
        assert!(position("MESSAGE ") < position("SIP/2.0 200"), "{known:?}: before anything else is done");
        let fact = Event::Emergency(HelpFrom {
            location: location.map(str::to_owned),
            user: user.map(str::to_owned),
        });
        let arrived = desk.scene.log.iter().position(|event| matches!(event, Event::Arrived { .. }));
        assert_eq!(desk.scene.log.get(arrived.expect("a call") + 1), Some(&fact), "{known:?}");
        answer_message(&mut desk);
        hang_up(&mut desk, if known == Known::Password { ANN } else { "sip:phone@10.0.0.2" });
        assert_eq!(told(&desk), [begins, format!("The call for help from {from} ended at TIME.")]);
    }
}

#[test]
fn nobody_is_told_of_other_calls() {
    let mut desk = Desk::new();
    desk.log_in("bob", BOB);
    let emergency = desk.scene.switch.settings.dial.emergency.as_mut().expect("a trunk carries it");
    emergency.alert = vec![Arc::from("bob")];
    assert_eq!(desk.dial("+16175550123"), 200);
    assert_eq!(status(&desk.invite(STRANGER, "100", "")), 200);
    assert_eq!(told(&desk), Vec::<String>::new());
    assert!(!desk.scene.log.iter().any(|event| matches!(event, Event::Emergency(_))));
}

#[test]
fn help_is_called_while_the_engine_stops_and_that_call_is_not_ended_by_it() {
    let known = Known::Network;
    let mut desk = calls_for_help(known);
    desk.scene.tell(Input::Drain { within: Duration::from_secs(30) });
    let answer = desk.invite(STRANGER, "100", "");
    assert_eq!(status(&answer), 503, "everybody else is refused");
    assert_eq!(help(&mut desk, known), 200);
    desk.answer("200 OK", OFFERED);
    desk.scene.wait(Duration::from_secs(120));
    assert_eq!((desk.scene.switch.calls_up(), desk.scene.ended()), (1, None), "{:#?}", desk.scene.log);
    assert!(!desk.scene.sent.iter().any(|text| text.starts_with("BYE ")));
    desk.scene.tell(Input::Drain { within: Duration::ZERO });
    desk.scene.wait(Duration::ZERO);
    assert!(desk.scene.sent.iter().any(|text| text.starts_with("BYE ")), "a stop at once is one");
}

#[test]
fn help_is_called_when_every_call_and_every_port_is_taken() {
    for (what, max_calls, callers) in [("calls", 2, 2), ("ports", 10, 4)] {
        let known = Known::Network;
        let mut desk = calls_for_help(known);
        desk.scene.switch.settings.max_calls = max_calls;
        desk.scene.switch.ports = pool(8);
        for caller in 0..callers {
            let answer = desk.invite(STRANGER, "100", "");
            assert_eq!(status(&answer), 200, "{what}: caller {caller}");
        }
        let answer = desk.invite(STRANGER, "100", "");
        assert_eq!(status(&answer), 503, "{what}: full");
        for call in 1..=EMERGENCY_PORTS / 2 {
            assert_eq!(help(&mut desk, known), 200, "{what}: call {call} for help");
            assert_eq!(desk.placed().len(), call, "{what}");
            desk.answer("200 OK", OFFERED);
        }
    }
}

#[test]
fn help_is_called_when_the_machine_is_overrun() {
    let known = Known::Password;
    let mut desk = calls_for_help(known);
    for _ in 0..200 {
        desk.scene.wait(Duration::from_millis(10));
        desk.scene.tell(Input::Waited(Duration::from_millis(900)));
    }
    let answer = desk.invite(STRANGER, "100", "");
    assert_eq!(status(&answer), 503, "a caller is refused");
    assert_eq!(help(&mut desk, known), 200);
}

#[test]
fn help_that_is_refused_is_called_again_and_then_the_phone_hears_of_it() {
    let known = Known::Network;
    let mut desk = calls_for_help(known);
    assert_eq!(help(&mut desk, known), 200);
    for tries in 1..=crate::limits::EMERGENCY_TRIES as usize {
        assert_eq!(desk.placed().len(), tries);
        desk.answer("500 Not Now", "");
        desk.scene.wait(crate::limits::LADDER_REST);
    }
    assert!(desk.scene.sent.iter().any(|text| text.starts_with("BYE ")), "{:#?}", desk.scene.log);
    assert_eq!(desk.placed().len(), crate::limits::EMERGENCY_TRIES as usize);
}

#[test]
fn a_stranger_who_says_that_he_is_ours_is_asked_and_then_heard_by_a_flow() {
    let mut desk = Desk::new();
    let asked = desk.invite(ANN, "911", "");
    assert_eq!(status(&asked), 407);
    desk.purse = Purse::new(Account::new("ann", "guess"));
    let wrong = desk.shown(&asked, "911");
    let answer = desk.invite(ANN, "911", &wrong);
    assert_eq!(status(&answer), 200, "in doubt a person hears him");
    assert_eq!((desk.placed().len(), desk.scene.switch.counters.emergencies), (0, 0));
}

#[test]
fn an_emergency_number_that_no_trunk_carries_is_answered_by_a_flow_and_nobody_is_asked_for_a_password() {
    for from in [ANN, STRANGER] {
        let mut desk = Desk::new();
        let answered = vec!["911".to_owned()];
        desk.scene.switch.settings.dial = dial::Settings { emergency: None, answered, ..plan(Vec::new()) };
        let answer = desk.invite(from, "911", "");
        assert_eq!(status(&answer), 200, "{from}: {answer}");
        desk.acknowledge(from, &answer);
        let (flow, _, _) = desk.arrived().remove(0);
        assert!(!["dialled", "emergency"].contains(&flow.as_str()), "{from}: {flow}");
        assert_eq!((desk.placed().len(), desk.scene.switch.counters.dials_refused), (0, 0), "{from}");
    }
}

#[test]
fn a_place_that_is_banned_for_its_wrong_passwords_is_heard_when_it_calls_for_help_and_for_nothing_else() {
    for (place, logged_in, heard) in
        [("10.0.0.2", None, true), ("10.0.0.3", None, false), ("10.0.0.3", Some(THEM), true)]
    {
        let mut desk = Desk::with(vec![floor_two(vec![network(place, 32)])]);
        if let Some(contact) = logged_in {
            desk.log_in("bob", contact);
        }
        desk.purse = Purse::new(Account::new("ann", "guess"));
        while desk.scene.switch.sip.counters().banned == 0 {
            desk.calls += 1;
            assert!(desk.calls < 200, "{place}: never banned");
            desk.request("MESSAGE", ANN, "bob", "");
        }
        let before = desk.scene.sent.len();
        desk.calls += 1;
        desk.request("INVITE", ANN, "bob", "");
        assert_eq!(desk.scene.sent.len(), before, "{place}, {logged_in:?}: nothing else is heard");
        desk.calls += 1;
        desk.request("INVITE", ANN, "911", "");
        let answered = desk.scene.sent[before..].iter().any(|text| text.starts_with("SIP/2.0 200 "));
        assert_eq!(answered, heard, "{place}, {logged_in:?}: {:#?}", &desk.scene.sent[before..]);
    }
}
