//! Where our requests go, and where they go next: RFC 3263 §4, RFC 3261 §8.1.3.1, §18.1.1.

use super::phone::settings;
use crate::clock::Instant;
use crate::id::LegId;
use crate::phi::Phi;
use crate::rng::Rng;
use crate::sip::interface::{Command, Event, Input, Outgoing, Output};
use crate::sip::locate::{LocateId, Question, Record};
use crate::sip::stack::Stack;
use crate::sip::way::{ConnectionId, Transport, Way};
use crate::wire::sip::message::{Message, parse};
use crate::wire::sip::validate::validate;
use std::time::Duration;

const US: &str = "10.0.0.1:5060";
/// What goes into one datagram, and what does not.
const SMALL: usize = 100;
const LARGE: usize = 1_300;

/// A machine that places calls, what its resolver knows, and what it sent.
struct Bench {
    stack: Stack,
    now: Instant,
    leg: LegId,
    sdp_octets: usize,
    sent: Vec<(Way, String)>,
    ladder: String,
}

/// Two hosts by SRV, each with an address; a name that no server answers; a name with an address alone.
fn known(question: &Question) -> Option<Vec<Record>> {
    let srv =
        |priority, target: &str| Record::Srv { priority, weight: 0, port: 5060, target: target.to_owned() };
    let address = |last| Record::Address { remote: [10, 0, 0, last].into(), local: US.parse().unwrap() };
    let records = match question {
        Question::Srv(name) if name == "_sip._udp.two.example" => {
            vec![srv(1, "a.example"), srv(2, "b.example")]
        }
        Question::Addresses(name) => match name.as_str() {
            "a.example" => vec![address(2)],
            "b.example" => vec![address(3)],
            name => {
                name.strip_prefix("10.0.0.").map(|last| address(last.parse().unwrap())).into_iter().collect()
            }
        },
        Question::Naptr(name) | Question::Srv(name) if name.contains("mute") => return None,
        Question::Naptr(_) | Question::Srv(_) => Vec::new(),
    };
    Some(records)
}

impl Bench {
    fn new() -> Self {
        let stack = Stack::new(settings(500), Rng::seeded(1));
        let (sent, ladder) = (Vec::new(), String::new());
        Self { stack, now: Instant::START, leg: LegId(0), sdp_octets: SMALL, sent, ladder }
    }

    fn tell(&mut self, input: Input<'_>) {
        self.stack.handle(self.now, input);
        while let Some(output) = self.stack.poll_output() {
            match output {
                Output::Resolve { id, question } => self.resolve(id, &question),
                Output::Transmit { way, octets } => self.transmit(way, octets),
                Output::Event(event) => self.event(event),
            }
        }
    }

    fn note(&mut self, act: &str) {
        self.ladder += &format!("{} {act}\n", self.now.as_micros() / 1_000);
    }

    fn resolve(&mut self, id: LocateId, question: &Question) {
        if let Some(records) = known(question) {
            self.tell(Input::Resolved { id, records });
        }
    }

    fn transmit(&mut self, way: Way, octets: Vec<u8>) {
        let text = String::from_utf8(octets).unwrap();
        let method = text.split(' ').next().unwrap().to_owned();
        if let Ok(Message::Request(request)) = parse(text.as_bytes()) {
            validate(&request).unwrap_or_else(|rule| panic!("{rule}: {text}"));
            assert!(
                text.contains(&format!("\r\nVia: SIP/2.0/{} ", way.transport.in_via())),
                "{way:?} {text}"
            );
        }
        let by = way.connection.map_or(String::new(), |id| format!(" #{}", id.0));
        self.note(&format!("{method} {} {}{by}", way.transport.in_uri(), way.remote));
        self.sent.push((way, text));
    }

    fn event(&mut self, event: Event) {
        match event {
            Event::Located { leg, way } => {
                let sdp = vec![b'x'; self.sdp_octets];
                let target = "sip:desk@two.example".to_owned();
                let call = Box::new(Outgoing {
                    target,
                    from_user: Phi::new("1".to_owned()),
                    carries: Default::default(),
                    sdp,
                });
                self.tell(Input::Command(Command::Invite { leg, way, call }));
            }
            Event::Failed { status, .. } => self.note(&format!("failed {status}")),
            Event::Answered { .. } => self.note("answered"),
            Event::Bye { .. } => self.note("bye"),
            Event::Ringing { .. } => {}
            other => panic!("{other:?}"),
        }
    }

    fn call(&mut self, target: &str) {
        self.leg = self.stack.reserve_leg();
        let (leg, target) = (self.leg, target.to_owned());
        self.tell(Input::Command(Command::Locate { leg, target }));
    }

    fn hang_up(&mut self) {
        self.tell(Input::Command(Command::HangUp { leg: self.leg, reason: None }));
    }

    fn wait(&mut self, ms: u64) {
        let end = self.now + Duration::from_millis(ms);
        while let Some(due) = self.stack.poll_timeout().filter(|due| due.at <= end) {
            self.now = due.at;
            self.tell(Input::Timeout);
        }
        self.now = end;
    }

    /// Nobody is where the last message went.
    fn refuse(&mut self) {
        let (way, _) = self.sent.last().expect("something was sent").clone();
        self.tell(Input::Unreachable { way });
    }

    /// An answer to the last request, with further header lines, the way that it went.
    fn answer(&mut self, status: &str, headers: &str) {
        let (way, request) = self.sent.last().expect("something was sent").clone();
        self.answer_by(way, &request, status, headers);
    }

    fn answer_by(&mut self, way: Way, request: &str, status: &str, headers: &str) {
        let line = |name: &str| request.lines().find(|line| line.starts_with(name)).unwrap();
        let to = line("To: ");
        let tag = if to.contains("tag=") { String::new() } else { format!(";tag=at-{}", way.remote.ip()) };
        let (via, from, id, cseq) = (line("Via: "), line("From: "), line("Call-ID: "), line("CSeq: "));
        let answer = format!(
            "SIP/2.0 {status} Text\r\n{via}\r\n{from}\r\n{to}{tag}\r\n{id}\r\n{cseq}\r\n{headers}Content-Length: 0\r\n\r\n"
        );
        self.tell(Input::Message { way, octets: answer.as_bytes() });
    }

    /// What was done since the last look.
    #[track_caller]
    fn did(&mut self, expected: &str) {
        assert_eq!(std::mem::take(&mut self.ladder), expected);
    }
}

#[test]
fn a_target_that_is_not_there_is_followed_by_the_next_at_once() {
    // RFC 3261 §8.1.3.5, §17.1.4; RFC 3263 §4.3
    let mut bench = Bench::new();
    bench.call("sip:desk@two.example");
    bench.did("0 INVITE udp 10.0.0.2:5060\n");
    bench.wait(10);
    bench.refuse();
    bench.did("10 INVITE udp 10.0.0.3:5060\n");
    let branch =
        |text: &str| text.split("branch=").nth(1).and_then(|rest| rest.split(';').next()).map(str::to_owned);
    let (first, second) = (&bench.sent[0].1, &bench.sent[1].1);
    assert_ne!(branch(first), branch(second), "a new transaction");
    assert!(second.contains("\r\nCSeq: 2 INVITE\r\n"), "{second}");
    for name in ["From: ", "To: ", "Call-ID: "] {
        let line = |text: &str| text.lines().find(|line| line.starts_with(name)).map(str::to_owned);
        assert!(line(first).is_some() && line(first) == line(second), "{first}\n{second}");
    }
    bench.refuse();
    bench.did("10 failed 503\n");
    assert_eq!((bench.stack.counters().failovers, bench.stack.counters().unreachable), (1, 2));
    bench.wait(100_000);
    assert_eq!((bench.stack.legs(), bench.stack.transactions()), (0, 0));
}

#[test]
fn a_target_that_says_nothing_is_followed_by_the_next_and_the_last_ends_the_call() {
    // RFC 3263 §4.3
    let mut bench = Bench::new();
    bench.call("sip:desk@two.example");
    bench.wait(4_000);
    bench.did(
        "0 INVITE udp 10.0.0.2:5060\n500 INVITE udp 10.0.0.2:5060\n1500 INVITE udp 10.0.0.2:5060\n\
         3500 INVITE udp 10.0.0.2:5060\n4000 INVITE udp 10.0.0.3:5060\n",
    );
    bench.answer("200", "Contact: <sip:desk@10.0.0.3>\r\n");
    bench.did("4000 ACK udp 10.0.0.3:5060\n4000 answered\n");
    bench.wait(60_000);
    bench.did("");
    let mut bench = Bench::new();
    bench.call("sip:desk@two.example");
    bench.wait(35_999);
    bench.ladder.clear();
    bench.wait(1);
    bench.did("36000 failed 408\n");
    let mut bench = Bench::new();
    bench.call("sip:desk@10.0.0.2");
    bench.wait(31_999);
    assert!(!bench.ladder.contains("failed"), "no other target: it is waited for as ever\n{}", bench.ladder);
    bench.wait(1);
    assert!(bench.ladder.ends_with("32000 failed 408\n"), "{}", bench.ladder);
}

#[test]
fn a_target_that_has_said_anything_is_waited_for() {
    let mut bench = Bench::new();
    bench.call("sip:desk@two.example");
    bench.wait(3_999);
    bench.answer("100", "");
    bench.ladder.clear();
    bench.wait(100_000);
    bench.did("");
}

#[test]
fn what_a_target_says_too_late_is_cancelled_or_ended_and_the_call_goes_on_at_the_other() {
    // RFC 3261 §9.1, §13.2.2.4
    let ok = "Contact: <sip:desk@10.0.0.2>\r\n";
    for (late, expected) in [
        ("180", "4000 CANCEL udp 10.0.0.2:5060\n"),
        ("200", "4000 ACK udp 10.0.0.2:5060\n4000 BYE udp 10.0.0.2:5060\n"),
        ("486", "4000 ACK udp 10.0.0.2:5060\n"),
        ("503", "4000 ACK udp 10.0.0.2:5060\n"),
    ] {
        let mut bench = Bench::new();
        bench.call("sip:desk@two.example");
        bench.wait(4_000);
        let (way, first) = bench.sent[0].clone();
        let (other, second) = bench.sent.last().unwrap().clone();
        bench.answer_by(other, &second, "180", "");
        bench.ladder.clear();
        bench.answer_by(way, &first, late, ok);
        bench.did(expected);
        if late == "180" {
            bench.answer_by(way, &first, "183", ok);
            bench.did("");
        }
        bench.answer_by(other, &second, "200", "Contact: <sip:desk@10.0.0.3>\r\n");
        bench.did("4000 ACK udp 10.0.0.3:5060\n4000 answered\n");
    }
}

impl Bench {
    /// Answers 200 to each BYE and CANCEL from `from` on, and 487 to what was cancelled and has no final answer.
    fn settle(&mut self, from: &mut usize, finals: &mut [bool; 2]) {
        while let Some((way, text)) = self.sent.get(*from).cloned() {
            *from += 1;
            if text.starts_with("BYE ") || text.starts_with("CANCEL ") {
                self.answer_by(way, &text, "200", "");
            }
            let n = usize::from(way.remote.ip().to_string() == "10.0.0.3");
            if text.starts_with("CANCEL ") && !std::mem::replace(&mut finals[n], true) {
                let invite = text.replace("CANCEL ", "INVITE ").replace(" CANCEL\r", " INVITE\r");
                self.answer_by(way, &invite, "487", "");
            }
        }
    }

    /// How often that went to a target since the second INVITE.
    fn count(&self, from: usize, method: &str, last: u8) -> usize {
        let is_it = |(way, text): &&(Way, String)| {
            text.starts_with(method) && way.remote.ip().to_string() == format!("10.0.0.{last}")
        };
        self.sent[from..].iter().filter(is_it).count()
    }
}

#[test]
fn a_call_whose_connection_is_gone_before_any_answer_has_failed_and_what_is_said_late_is_cancelled_or_ended()
{
    // RFC 3261 §9.1, §13.2.2.4, §17.1.4
    let ok = "Contact: <sip:desk@10.0.0.2;transport=tcp>\r\n";
    for (late, expected) in [
        ("180", "40 CANCEL tcp 10.0.0.2:5060\n"),
        ("200", "40 ACK tcp 10.0.0.2:5060\n40 BYE tcp 10.0.0.2:5060\n"),
        ("486", "40 ACK tcp 10.0.0.2:5060\n"),
    ] {
        let mut bench = Bench::new();
        bench.call("sip:desk@10.0.0.2;transport=tcp");
        bench.did("0 INVITE tcp 10.0.0.2:5060\n");
        let (way, invite) = bench.sent[0].clone();
        bench.wait(20);
        bench.tell(Input::Unreachable { way: Way { connection: Some(ConnectionId(7)), ..way } });
        bench.did("20 failed 503\n");
        bench.wait(20);
        bench.answer_by(way, &invite, late, ok);
        bench.did(expected);
        bench.wait(200_000);
        assert_eq!((bench.stack.legs(), bench.stack.transactions()), (0, 0), "{late}");
    }
    let mut bench = Bench::new();
    bench.call("sip:desk@10.0.0.2;transport=tcp");
    bench.refuse();
    bench.did("0 INVITE tcp 10.0.0.2:5060\n0 failed 503\n");
    assert_eq!((bench.stack.legs(), bench.stack.transactions()), (0, 0), "no connection stood");
}

#[test]
fn however_late_the_first_target_speaks_its_phone_does_not_ring_on_and_nothing_is_left() {
    for seed in 0..200 {
        let mut rng = Rng::seeded(seed);
        let mut bench = Bench::new();
        bench.call("sip:desk@two.example");
        bench.wait(4_000);
        let targets = [bench.sent[0].clone(), bench.sent.last().unwrap().clone()];
        let begin = bench.sent.len();
        let (mut seen, mut finals, mut told) = (begin, [false; 2], String::new());
        let (mut rang, mut accepted) = (false, 0);
        for _ in 0..6 {
            bench.wait(rng.below(400));
            let n = rng.below(2) as usize;
            let status = ["100", "180", "200", "486"][rng.below(4) as usize];
            if finals[n] {
                continue;
            }
            finals[n] = status > "199";
            told += &format!("target {n}: {status}\n");
            rang |= n == 0 && status < "200";
            accepted += usize::from(n == 0 && status == "200");
            let contact = format!("Contact: <sip:desk@{}>\r\n", targets[n].0.remote);
            bench.answer_by(targets[n].0, &targets[n].1, status, &contact);
            bench.settle(&mut seen, &mut finals);
        }
        let did = format!("seed {seed}\n{told}{}", bench.ladder);
        assert_eq!(bench.count(begin, "CANCEL ", 2), usize::from(rang), "{did}");
        assert_eq!(bench.count(begin, "BYE ", 2), accepted, "{did}");
        assert_eq!(bench.count(begin, "INVITE ", 2), 0, "{did}");
        bench.hang_up();
        bench.settle(&mut seen, &mut finals);
        if !finals[1] {
            bench.answer_by(targets[1].0, &targets[1].1, "486", "");
        }
        bench.wait(200_000);
        assert_eq!((bench.stack.legs(), bench.stack.transactions()), (0, 0), "{did}");
    }
}

#[test]
fn a_target_that_is_full_is_followed_by_the_next_and_left_alone_as_long_as_it_asked() {
    // RFC 3261 §21.5.4; RFC 3263 §4.3
    let mut bench = Bench::new();
    bench.call("sip:desk@two.example");
    bench.did("0 INVITE udp 10.0.0.2:5060\n");
    bench.answer("503", "Retry-After: 60\r\n");
    bench.did("0 ACK udp 10.0.0.2:5060\n0 INVITE udp 10.0.0.3:5060\n");
    bench.answer("486", "");
    bench.did("0 ACK udp 10.0.0.3:5060\n0 failed 486\n");
    bench.wait(59_000);
    bench.call("sip:desk@two.example");
    bench.did("59000 INVITE udp 10.0.0.3:5060\n");
    bench.answer("486", "");
    bench.wait(2_000);
    bench.ladder.clear();
    bench.call("sip:desk@two.example");
    bench.did("61000 INVITE udp 10.0.0.2:5060\n");
}

#[test]
fn a_large_request_goes_by_tcp_and_by_udp_where_tcp_is_refused() {
    let mut bench = Bench::new();
    bench.sdp_octets = LARGE;
    bench.call("sip:desk@10.0.0.2:5070");
    bench.did("0 INVITE tcp 10.0.0.2:5070\n");
    bench.wait(3_000);
    bench.did("");
    bench.refuse();
    bench.did("3000 INVITE udp 10.0.0.2:5070\n");
    bench.wait(500);
    bench.did("3500 INVITE udp 10.0.0.2:5070\n");
    bench.answer("200", "Contact: <sip:desk@10.0.0.2:5070>\r\n");
    bench.did("3500 ACK udp 10.0.0.2:5070\n3500 answered\n");
}

#[test]
fn a_call_whose_target_is_not_found_in_time_fails_and_one_that_is_given_up_is_not_placed() {
    let mut bench = Bench::new();
    bench.call("sip:desk@nowhere.example");
    bench.did("0 failed 404\n");
    bench.call("sips:desk@two.example");
    bench.did("0 failed 404\n");
    bench.call("sip:desk@mute.example");
    bench.wait(1_999);
    bench.did("");
    bench.wait(1);
    bench.did("2000 failed 404\n");
    bench.call("sip:desk@mute.example");
    bench.hang_up();
    bench.wait(10_000);
    bench.did("");
    assert!(bench.stack.poll_timeout().is_none());
}

/// A call over TCP that was answered by that Contact, by connection 7; then it is ended.
fn answered_by(contact: &str) -> Bench {
    answered_with(&format!("Contact: <{contact}>\r\n"))
}

/// The same with those header fields in the answer.
fn answered_with(headers: &str) -> Bench {
    let mut bench = Bench::new();
    bench.call("sip:desk@10.0.0.2;transport=tcp");
    let (way, invite) = bench.sent[0].clone();
    assert_eq!(way.transport, Transport::Tcp);
    let way = Way { connection: Some(ConnectionId(7)), ..way };
    bench.answer_by(way, &invite, "200", headers);
    bench.ladder.clear();
    bench.hang_up();
    bench
}

#[test]
fn within_a_call_a_name_is_located_and_where_it_is_not_found_the_peer_is_asked() {
    let mut bench = answered_by("sip:desk@b.example:5080");
    bench.did("0 BYE udp 10.0.0.3:5080\n");
    let mut bench = answered_by("sip:desk@mute.example");
    bench.did("");
    bench.wait(2_000);
    bench.did("2000 ACK tcp 10.0.0.2:5060 #7\n2000 BYE tcp 10.0.0.2:5060 #7\n");
}

#[test]
fn the_next_hop_is_the_first_route_or_the_request_uri_if_that_names_a_router_of_the_old_rfc() {
    // RFC 3261 §8.1.2
    for (route, start, hop) in [
        ("", "BYE sip:desk@a.example:5070 ", "10.0.0.2:5070"),
        ("Record-Route: <sip:b.example:5081;lr>\r\n", "BYE sip:desk@a.example:5070 ", "10.0.0.3:5081"),
        ("Record-Route: <sip:b.example:5081>\r\n", "BYE sip:b.example:5081", "10.0.0.3:5081"),
    ] {
        let mut bench = answered_with(&format!("{route}Contact: <sip:desk@a.example:5070>\r\n"));
        bench.did(&format!("0 BYE udp {hop}\n"));
        let (_, bye) = bench.sent.last().unwrap();
        assert!(bye.starts_with(start), "{route}{bye}");
    }
}

#[test]
fn a_bye_whose_connection_is_lost_goes_by_a_new_one_and_by_udp_where_that_may_be_meant() {
    let mut bench = answered_by("sip:desk@10.0.0.2:5060;transport=tcp");
    bench.did("0 BYE tcp 10.0.0.2:5060 #7\n");
    bench.refuse();
    bench.did("0 BYE tcp 10.0.0.2:5060\n");
    bench.refuse();
    bench.did("");
    assert_eq!(bench.stack.legs(), 0, "nobody is there: it is over");
    let mut bench = answered_by("sip:desk@10.0.0.2:5060");
    bench.refuse();
    bench.refuse();
    bench.did("0 BYE tcp 10.0.0.2:5060 #7\n0 BYE tcp 10.0.0.2:5060\n0 BYE udp 10.0.0.2:5060\n");
    bench.answer("200", "");
    bench.wait(60_000);
    assert_eq!((bench.stack.legs(), bench.stack.transactions()), (0, 0));
}

#[test]
fn a_cancel_whose_connection_is_lost_goes_by_a_new_one_and_is_still_that_of_its_invite() {
    // RFC 3261 §9.1
    let mut bench = Bench::new();
    bench.call("sip:desk@10.0.0.2;transport=tcp");
    let (way, invite) = bench.sent[0].clone();
    let way = Way { connection: Some(ConnectionId(7)), ..way };
    bench.answer_by(way, &invite, "180", "Contact: <sip:desk@10.0.0.2>\r\n");
    bench.hang_up();
    bench.tell(Input::Unreachable { way });
    bench.did("0 INVITE tcp 10.0.0.2:5060\n0 CANCEL tcp 10.0.0.2:5060\n0 CANCEL tcp 10.0.0.2:5060\n");
    let via = |text: &str| text.lines().find(|line| line.starts_with("Via: ")).map(str::to_owned);
    let vias: Vec<_> = bench.sent.iter().map(|(_, text)| via(text)).collect();
    assert!(vias.iter().all(|via| *via == vias[0]), "{vias:#?}");
    let (_, cancel) = bench.sent[2].clone();
    let way = Way { connection: Some(ConnectionId(8)), ..way };
    bench.answer_by(way, &cancel, "200", "");
    bench.answer_by(way, &invite, "487", "");
    bench.wait(100_000);
    assert_eq!((bench.stack.legs(), bench.stack.transactions()), (0, 0));
    assert_eq!(bench.stack.counters().stray_responses, 0, "the answer to the second CANCEL is known");
}

#[test]
fn what_is_asked_after_a_connection_was_lost_is_told_of_the_end_of_the_next_one() {
    // RFC 3261 §18.4: the edge opens another connection, and that is refused.
    let mut bench = Bench::new();
    bench.call("sip:desk@10.0.0.2;transport=tcp");
    let (way, invite) = bench.sent[0].clone();
    let lost = Way { connection: Some(ConnectionId(7)), ..way };
    bench.answer_by(lost, &invite, "200", "Contact: <sip:desk@10.0.0.2:5060>\r\n");
    bench.tell(Input::Unreachable { way: lost });
    bench.ladder.clear();
    bench.hang_up();
    bench.did("0 BYE tcp 10.0.0.2:5060\n");
    bench.tell(Input::Unreachable { way: Way { connection: Some(ConnectionId(8)), ..way } });
    bench.did("0 BYE udp 10.0.0.2:5060\n");
    bench.answer("200", "");
    bench.wait(60_000);
    assert_eq!((bench.stack.legs(), bench.stack.transactions()), (0, 0));
}
