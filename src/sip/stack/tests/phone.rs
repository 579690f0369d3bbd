//! A phone that speaks in single words, a machine that answers it, and the ladder between them.
//!
//! Their words: `INVITE`, `ACK`, `BYE`, … and statuses such as `180 INVITE`. Ours: `ring`, `answer`, ….
//! Each may go on with header fields and `sdp`: `UPDATE + sdp`, `183 INVITE a + Require: 100rel + RSeq: 7`.
//! In the ladder `>` is a message of ours and `!` an event for the switch.

use crate::clock::Instant;
use crate::id::LegId;
use crate::phi::Phi;
use crate::rng::Rng;
use crate::sip::interface::{Command, Event, InfoKeys, Input, Network, Outgoing, Output, Reason, Settings};
use crate::sip::refer::{Refer, Replaced, Whom};
use crate::sip::stack::Stack;
use crate::sip::way::Way;
use crate::wire::sip::address::Address;
use crate::wire::sip::cseq::CSeq;
use crate::wire::sip::header::Headers;
use crate::wire::sip::message::{Message, parse};
use crate::wire::sip::name::Name;
use crate::wire::sip::validate::{validate, validate_response};
use crate::wire::telephone_event::Key;
use std::net::SocketAddr;
use std::time::Duration;

pub const US: &str = "10.0.0.1:5060";
pub const THEM: &str = "10.0.0.2:5062";
pub const SDP: &str = "v=0\r\nc=IN IP4 10.0.0.2\r\nm=audio 6000 RTP/AVP 0\r\n";

/// What we offer by a change of our own.
pub const OFFER: &str = "v=0\r\nc=IN IP4 10.0.0.1\r\nm=audio 7000 RTP/AVP 8\r\n";

pub fn settings(t1_ms: u64) -> Settings {
    let listen_to = vec![Network { base: "10.0.0.0".parse().unwrap(), prefix: 8 }];
    let product = "Careline/0.1".to_owned();
    Settings {
        t1: Duration::from_millis(t1_ms),
        external_address: None,
        product,
        listen_to,
        trusted: Vec::new(),
        requests_a_second: 100,
        help: Default::default(),
        target_patience: Duration::from_secs(4),
        session_expires_s: 0,
        info_keys: InfoKeys::Told,
        drop_agents: Vec::new(),
    }
}

/// One machine, one phone, one ladder.
pub struct Scene {
    pub stack: Stack,
    now: Instant,
    pub ladder: String,
    leg: LegId,
    /// Our tag, once the phone saw it.
    our_tag: String,
    call_id: String,
    /// The last request of ours of each method, as the phone got it.
    requests: Vec<(String, String)>,
    /// Everything that we sent.
    pub sent: Vec<Vec<u8>>,
    cseq: u32,
    branch: u32,
    invite_branch: u32,
    invite_cseq: u32,
    /// The RSeq of our last reliable 1xx.
    rseq: String,
}

impl Scene {
    pub fn new(settings: Settings) -> Self {
        Self::seeded(settings, 1)
    }

    /// A machine with that chance.
    pub fn seeded(settings: Settings, seed: u64) -> Self {
        Self {
            stack: Stack::new(settings, Rng::seeded(seed)),
            now: Instant::START,
            ladder: String::new(),
            leg: LegId(1),
            our_tag: String::new(),
            call_id: "c1".to_owned(),
            requests: Vec::new(),
            sent: Vec::new(),
            cseq: 0,
            branch: 0,
            invite_branch: 0,
            invite_cseq: 0,
            rseq: String::new(),
        }
    }

    /// Plays the script, then every timer until the machine is at rest.
    pub fn play(mut self, script: &[(u64, &str)]) -> Self {
        for (at, word) in script {
            self.run_to(Instant::from_millis(*at));
            self.say(word);
        }
        let end = self.now + Duration::from_secs(300);
        self.run_to(end);
        if self.stack.legs() > 0 {
            self.ladder += &format!("legs {}\n", self.stack.legs());
        }
        assert_eq!(self.stack.transactions(), 0, "transactions that never end:\n{}", self.ladder);
        self
    }

    /// Our tag in the last dialog.
    pub fn our_tag(&self) -> String {
        self.our_tag.clone()
    }

    fn run_to(&mut self, end: Instant) {
        for _ in 0..1_000 {
            match self.stack.poll_timeout() {
                Some(due) if due.at <= end => {
                    assert!(due.at >= self.now, "{due:?} is in the past of {:?}", self.now);
                    self.now = due.at;
                    self.stack.handle(self.now, Input::Timeout);
                    self.drain();
                }
                _ => {
                    self.now = end;
                    return;
                }
            }
        }
        panic!("it never rests:\n{}", self.ladder);
    }

    pub fn say(&mut self, word: &str) {
        let leg = self.leg;
        match word {
            "ring" => self.command(Command::Ring { leg }),
            "answer" => self.command(Command::Answer { leg, sdp: SDP.into() }),
            "answer reoffer" => self.command(Command::AnswerReoffer { leg, sdp: SDP.into() }),
            "refuse reoffer" => self.command(Command::RefuseReoffer { leg, status: 488 }),
            "progress" => self.command(Command::Progress { leg, sdp: SDP.into() }),
            "reoffer" => self.command(Command::Reoffer { leg, sdp: Some(OFFER.into()) }),
            "ask" => self.command(Command::Reoffer { leg, sdp: None }),
            "update" => self.command(Command::Update { leg, sdp: Some(OFFER.into()) }),
            "refresh" => self.command(Command::Update { leg, sdp: None }),
            "withdraw" => self.command(Command::Withdraw { leg }),
            "refuse" => self.command(Command::Refuse { leg, status: 486, retry_after_s: None }),
            "hang up" => self.command(Command::HangUp { leg, reason: Some("SIP;cause=200;text=\"done\"") }),
            "probe" => self.command(Command::Probe { leg }),
            "press" => self.command(Command::Info { leg, key: Key::Pound }),
            "accept refer" => self.command(Command::AcceptRefer { leg }),
            "refuse refer" => self.command(Command::RefuseRefer { leg, status: 403 }),
            "tell busy" => self.command(Command::TellRefer { leg, status: 486 }),
            "tell done" => self.command(Command::TellRefer { leg, status: 200 }),
            "part now" => self.command(Command::PartNow),
            "call" => self.call(),
            _ => {
                let text = self.message(word);
                self.datagram(text.as_bytes());
            }
        }
    }

    fn call(&mut self) {
        self.leg = self.stack.reserve_leg();
        let call = Box::new(Outgoing {
            target: "sip:desk@10.0.0.2:5062".to_owned(),
            from_user: Phi::new("+1 617".to_owned()),
            carries: Default::default(),
            sdp: SDP.into(),
        });
        self.command(Command::Invite {
            leg: self.leg,
            way: Way::udp(US.parse().unwrap(), THEM.parse().unwrap()),
            call,
        });
    }

    pub fn command(&mut self, command: Command) {
        self.stack.handle(self.now, Input::Command(command));
        self.drain();
    }

    pub fn datagram(&mut self, octets: &[u8]) {
        let (local, from) = (US.parse().unwrap(), THEM.parse().unwrap());
        self.datagram_from(local, from, octets);
    }

    pub fn datagram_from(&mut self, local: SocketAddr, from: SocketAddr, octets: &[u8]) {
        self.stack.handle(self.now, Input::Message { way: Way::udp(local, from), octets });
        self.drain();
    }

    /// What the phone says for a word.
    pub fn message(&mut self, word: &str) -> String {
        let mut parts = word.split(" + ");
        let text = self.plain_message(parts.next().unwrap_or_default());
        parts.fold(text, |text, part| match part {
            "sdp" => with_sdp(&text),
            line => text.replacen("Contact:", &format!("{line}\r\nContact:"), 1),
        })
    }

    fn plain_message(&mut self, word: &str) -> String {
        if word.starts_with(|first: char| first.is_ascii_digit()) {
            return self.answer_to(word);
        }
        let (method, kind) = word.split_once(' ').unwrap_or((word, ""));
        let (method, kind) = if method == "re-INVITE" { ("INVITE", "within") } else { (method, kind) };
        match (method, kind) {
            ("ACK" | "CANCEL", _) | (_, "again" | "merged") => {}
            _ => self.cseq += 1,
        }
        let branch = match (method, kind) {
            ("CANCEL", _) | ("ACK", "failure") | ("INVITE", "again") => self.invite_branch,
            (_, "again") => self.branch,
            _ => {
                self.branch += 1;
                self.branch
            }
        };
        if method == "INVITE" {
            self.invite_branch = branch;
            self.invite_cseq = self.cseq;
        }
        let cseq = if matches!(method, "ACK" | "CANCEL") { self.invite_cseq } else { self.cseq };
        let rack = match method {
            "PRACK" => format!("RAck: {} {} INVITE\r\n", self.rseq, self.invite_cseq),
            _ => String::new(),
        };
        let outside =
            matches!((method, kind), ("INVITE", "" | "again" | "merged" | "offerless") | ("CANCEL", _))
                || kind == "outside";
        let tag = match kind {
            "stranger" => ";tag=nobody".to_owned(),
            _ if outside => String::new(),
            _ => format!(";tag={}", self.our_tag),
        };
        let body = match (method, kind) {
            ("INVITE", kind) if kind != "offerless" => SDP,
            ("ACK", "sdp") => SDP,
            _ => "",
        };
        format!(
            "{method} sip:100@{US} SIP/2.0\r\nVia: SIP/2.0/UDP {THEM};branch=z9hG4bK{branch}\r\n\
             From: <sip:p@x>;tag=them\r\nTo: <sip:100@{US}>{tag}\r\nCall-ID: {}\r\nCSeq: {cseq} {method}\r\n\
             {rack}Contact: <sip:p@{THEM}>\r\nContent-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{body}",
            self.call_id,
            body.len(),
        )
    }

    /// The phone's answer, such as `180 INVITE` or `200 INVITE fork`, to the last request of that method.
    fn answer_to(&self, word: &str) -> String {
        let mut words = word.split(' ');
        let (status, method) = (words.next().unwrap(), words.next().expect("a method"));
        let (tag, is_bare) = match words.next() {
            Some("bare") => ("them", true),
            tag => (tag.unwrap_or("them"), false),
        };
        let request = self.requests.iter().rev().find(|(name, _)| name == method);
        let (_, request) = request.unwrap_or_else(|| panic!("no {method} was sent:\n{}", self.ladder));
        let header = |name: &str| {
            let line = request.lines().find(|line| line.starts_with(name)).unwrap_or_default();
            format!("{line}\r\n")
        };
        let to = header("To: ");
        let to = if to.contains("tag=") || status == "100" {
            to
        } else {
            format!("{};tag={tag}\r\n", to.trim_end())
        };
        let body = if method == "INVITE" && status == "200" && !is_bare { SDP } else { "" };

        format!(
            "SIP/2.0 {status} Text\r\n{}{}{to}{}{}Contact: <sip:desk@{THEM}>\r\nContent-Length: {}\r\n\r\n{body}",
            header("Via: "),
            header("From: "),
            header("Call-ID: "),
            header("CSeq: "),
            body.len(),
        )
    }

    fn drain(&mut self) {
        while let Some(output) = self.stack.poll_output() {
            let act = match output {
                Output::Transmit { way: Way { local, remote: to, .. }, octets } => {
                    assert_eq!(local, US.parse().unwrap(), "sent from where it did not come to");
                    self.sent.push(octets.clone());
                    format!("> {}{}", self.seen(&octets), elsewhere(to))
                }
                Output::Resolve { question, .. } => format!("? {question:?}"),
                Output::Event(event) => format!("! {}", self.heard(&event)),
            };
            self.ladder += &format!("{} {act}\n", self.now.as_micros() / 1_000);
        }
    }

    /// Reads a message of ours as the phone does, and as two parsers do.
    fn seen(&mut self, octets: &[u8]) -> String {
        let text = String::from_utf8(octets.to_vec()).expect("text");
        check_with_rsip(&text);
        check_with_rsipstack(octets);
        match parse(octets).unwrap_or_else(|error| panic!("{error}: {text}")) {
            Message::Request(request) => {
                validate(&request).unwrap_or_else(|rule| panic!("{rule}: {text}"));
                let method = request.method.to_string();
                if method == "INVITE" {
                    self.our_tag = tag(&request.headers, Name::From);
                    let call_id = request.headers.first(Name::CallId).expect("a Call-ID");
                    self.call_id = String::from_utf8_lossy(call_id).into_owned();
                }
                self.requests.push((method.clone(), text));
                method
            }
            Message::Response(response) => {
                validate_response(&response).unwrap_or_else(|rule| panic!("{rule}: {text}"));
                let cseq = CSeq::read(response.headers.first(Name::CSeq).unwrap()).unwrap();
                let tag = tag(&response.headers, Name::To);
                if let Some(rseq) = response.headers.first(Name::RSeq) {
                    self.rseq = String::from_utf8_lossy(rseq).into_owned();
                }
                if cseq.method.to_string() == "INVITE" && !tag.is_empty() && response.status < 300 {
                    self.our_tag = tag;
                }
                format!("{} {}", response.status, cseq.method)
            }
        }
    }

    fn heard(&mut self, event: &Event) -> String {
        match event {
            Event::Invite { leg, invite } => {
                self.leg = *leg;
                format!("Invite{}", if invite.sdp.is_some() { "" } else { " without sdp" })
            }
            Event::Confirmed { sdp, .. } => {
                format!("Confirmed{}", if sdp.is_some() { " with sdp" } else { "" })
            }
            Event::AckMissing { .. } => "AckMissing".to_owned(),
            Event::Cancelled { reason, .. } => format!("Cancelled{}", because(*reason)),
            Event::Bye { reason, .. } => format!("Bye{}", because(*reason)),
            Event::Reoffer { sdp, .. } => {
                format!("Reoffer{}", if sdp.is_some() { "" } else { " without sdp" })
            }
            Event::EarlyMedia { fork, .. } => format!("EarlyMedia {fork}"),
            Event::OfferAnswered { .. } => "OfferAnswered".to_owned(),
            Event::OfferRefused { status, .. } => format!("OfferRefused {status}"),
            Event::SessionLost { loss, .. } => format!("SessionLost {loss:?}"),
            Event::Info { key, .. } => format!("Info {key}"),
            Event::Refer { refer, .. } => format!("Refer {}", meant(refer)),
            Event::Located { way, .. } => format!("Located {}", way.remote),
            Event::Ringing { .. } => "Ringing".to_owned(),
            Event::Answered { .. } => "Answered".to_owned(),
            Event::Failed { status, .. } => format!("Failed {status}"),
            Event::Probed { alive, .. } => format!("Probed {alive}"),
            Event::KeepBindings(_) => "KeepBindings".to_owned(),
            Event::Host { .. } => "Host".to_owned(),
        }
    }
}

/// The same message with a session description in place of no body.
fn with_sdp(text: &str) -> String {
    let head = text.replacen("Content-Length: 0\r\n", &format!("Content-Length: {}\r\n", SDP.len()), 1);
    assert_ne!(head, text, "it has a body: {text}");
    let head = if head.contains("Content-Type") {
        head
    } else {
        head.replacen("Content-Length", "Content-Type: application/sdp\r\nContent-Length", 1)
    };
    head + SDP
}

/// Whom a REFER means, in short.
fn meant(refer: &Refer) -> String {
    let whom = match &refer.whom {
        Whom::User(target) => format!("user {target}"),
        Whom::Here(user) => format!("here {}", user.expose()),
        Whom::Elsewhere(uri) => format!("elsewhere {}", uri.expose()),
    };
    match refer.replaces {
        None => whom,
        Some(Replaced::Leg(leg)) => format!("{whom} for {leg}"),
        Some(Replaced::Nobody) => format!("{whom} for nobody"),
        Some(Replaced::Answered) => format!("{whom} for one that is answered"),
        Some(Replaced::Over) => format!("{whom} for one that is over"),
    }
}

fn because(reason: Option<Reason>) -> String {
    reason.map_or_else(String::new, |reason| format!(" {:?} {}", reason.protocol, reason.cause))
}

fn elsewhere(to: SocketAddr) -> String {
    if to == THEM.parse().unwrap() { String::new() } else { format!(" to {to}") }
}

pub fn tag(headers: &Headers<'_>, name: Name) -> String {
    let address = Address::read(headers.first(name).unwrap_or_default()).expect("an address");
    String::from_utf8_lossy(address.tag().unwrap_or_default()).into_owned()
}

/// An independent reader understands every message of ours.
pub fn check_with_rsip(text: &str) {
    use rsip::prelude::HeadersExt;
    let message =
        rsip::SipMessage::try_from(text.as_bytes()).unwrap_or_else(|error| panic!("{error}: {text}"));
    let cseq = match &message {
        rsip::SipMessage::Request(request) => request.cseq_header().and_then(|cseq| cseq.seq()),
        rsip::SipMessage::Response(response) => response.cseq_header().and_then(|cseq| cseq.seq()),
    };
    // It knows a closed set of methods.
    if text.contains("DANCE") {
        return;
    }
    cseq.unwrap_or_else(|error| panic!("{error}: {text}"));
}

/// Another independent reader sees the same lines, the same body, and the same tags, branch and number.
pub fn check_with_rsipstack(octets: &[u8]) {
    use rsipstack::sip::{HeadersExt, SipMessage, ToTypedHeader};
    let text = String::from_utf8_lossy(octets);
    let theirs = SipMessage::try_from(octets).unwrap_or_else(|error| panic!("{error}: {text}"));
    let (lines, body) = match &theirs {
        SipMessage::Request(request) => (&request.headers, &request.body),
        SipMessage::Response(response) => (&response.headers, &response.body),
    };
    let (headers, our_body) = match parse(octets).expect("we read what we send") {
        Message::Request(request) => (request.headers, request.body),
        Message::Response(response) => (response.headers, response.body),
    };
    let lines: Vec<_> =
        lines.iter().map(|line| format!("{}: {}", line.name(), line.value().trim())).collect();
    let plain = |octets: &[u8]| String::from_utf8_lossy(octets).into_owned();
    let ours: Vec<_> =
        headers.iter().map(|(name, value)| format!("{}: {}", plain(name), plain(value))).collect();
    assert_eq!((lines, &body[..]), (ours, our_body), "{text}");
    let from =
        theirs.from_header().and_then(|from| from.typed()).unwrap_or_else(|error| panic!("{error}: {text}"));
    assert_eq!(from.tag().map(ToString::to_string).unwrap_or_default(), tag(&headers, Name::From), "{text}");
    let to = theirs.to_header().and_then(|to| to.typed()).unwrap_or_else(|error| panic!("{error}: {text}"));
    assert_eq!(to.tag().map(ToString::to_string).unwrap_or_default(), tag(&headers, Name::To), "{text}");
    // It knows a closed set of methods too.
    if text.contains("DANCE") {
        return;
    }
    let cseq =
        theirs.cseq_header().and_then(|cseq| cseq.typed()).unwrap_or_else(|error| panic!("{error}: {text}"));
    let number = CSeq::read(headers.first(Name::CSeq).expect("a CSeq")).expect("a CSeq").number;
    assert_eq!(cseq.seq, number, "{text}");
}

#[track_caller]
pub fn check(name: &str, script: &[(u64, &str)], ladder: &str) -> Scene {
    let scene = Scene::new(settings(500)).play(script);
    assert_eq!(scene.ladder, ladder, "{name}");
    scene
}
