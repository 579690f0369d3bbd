//! Which message goes to which ladder, and when a ladder is done.

use super::*;
use std::time::Duration;

const CALL: CallId = CallId(7);
const PATIENT: LegId = LegId(1);
const PERSON: LegId = LegId(2);

fn way() -> Way {
    Way::udp("10.0.0.1:5060".parse().unwrap(), "10.0.0.9:5060".parse().unwrap())
}

fn request(method: &str, sip_call_id: &str, cseq: u32, body: &str) -> String {
    format!(
        "{method} sip:100@h SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK{method}{cseq}\r\n\
         Call-ID: {sip_call_id}\r\nCSeq: {cseq} {method}\r\n\r\n{body}"
    )
}

fn response(status: u16, sip_call_id: &str, cseq: u32, method: &str) -> String {
    format!(
        "SIP/2.0 {status} x\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK{method}{cseq}\r\n\
         Call-ID: {sip_call_id}\r\nCSeq: {cseq} {method}\r\n\r\n"
    )
}

#[derive(Default)]
struct Bench {
    ladders: Ladders,
    now: Instant,
}

impl Bench {
    fn pass(&mut self, heading: Heading, octets: &str) {
        self.now += Duration::from_millis(10);
        self.ladders.note(Passing { at: self.now, heading, way: way(), octets: octets.as_bytes() });
    }

    fn comes(&mut self, octets: &str) {
        self.pass(Heading::In, octets);
    }

    fn goes(&mut self, octets: &str) {
        self.pass(Heading::Out, octets);
    }

    /// An INVITE comes in, is admitted, answered and acknowledged.
    fn answered(&mut self) {
        self.comes(&request("INVITE", "a@b", 1, ""));
        self.goes(&response(100, "a@b", 1, "INVITE"));
        self.admit("a@b");
        self.goes(&response(200, "a@b", 1, "INVITE"));
        self.comes(&request("ACK", "a@b", 1, ""));
    }

    fn admit(&mut self, sip_call_id: &str) {
        let phi = |text: &str| Phi::new(text.to_owned());
        let numbers = Numbers { called: phi("100"), caller: Some(phi("+16175550142")) };
        self.ladders.open(CALL, PATIENT, sip_call_id, numbers);
    }

    fn traced(&mut self) -> String {
        let mut text = String::new();
        while let Some(told) = self.ladders.poll_trace() {
            text += &match told {
                Told::Copy { trace, call, copy } => {
                    let line =
                        String::from_utf8_lossy(copy.octets.expose()).lines().next().map(str::to_owned);
                    format!("{trace} {call} {:?} {}\n", copy.heading, line.unwrap_or_default())
                }
                Told::Ended { trace } => format!("{trace} is over\n"),
            };
        }
        text
    }
}

fn shown(ladder: &Ladder) -> String {
    let line = |rung: Rung<'_>| match rung.status() {
        Some(status) => format!("{} {:?} {status}", rung.seen.leg, rung.seen.heading),
        None => format!("{} {:?} {}", rung.seen.leg, rung.seen.heading, rung.method),
    };
    ladder.rungs().map(line).collect::<Vec<_>>().join(", ")
}

#[test]
fn a_call_that_was_hung_up_by_the_caller_has_its_whole_ladder_at_its_end() {
    let mut bench = Bench::default();
    bench.answered();
    bench.comes(&request("OPTIONS", "other", 1, ""));
    bench.comes(&request("BYE", "a@b", 2, ""));
    bench.goes(&response(200, "a@b", 2, "BYE"));
    let ladder = bench.ladders.end(bench.now, CALL).expect("nothing is missing");
    assert_eq!(shown(&ladder), "l1 In INVITE, l1 Out 100, l1 Out 200, l1 In ACK, l1 In BYE, l1 Out 200");
    assert_eq!((bench.ladders.open.len(), bench.ladders.by_call_id.len()), (0, 0), "nothing is left");
}

#[test]
fn our_bye_waits_for_its_answer_but_not_for_ever() {
    for is_answered in [true, false] {
        let mut bench = Bench::default();
        bench.answered();
        bench.goes(&request("BYE", "a@b", 1, ""));
        let over = bench.now;
        assert_eq!(bench.ladders.end(over, CALL), None);
        assert_eq!(bench.ladders.poll_timeout(), Some(over + LADDER_LINGERS));
        if is_answered {
            bench.comes(&response(200, "a@b", 1, "BYE"));
        } else {
            bench.ladders.timeout(over + LADDER_LINGERS);
        }
        let (call, ladder) = bench.ladders.poll().expect("the ladder is told");
        let last = if is_answered { "l1 In 200" } else { "l1 Out BYE" };
        assert!(call == CALL && shown(&ladder).ends_with(last), "{}", shown(&ladder));
        bench.ladders.timeout(over + LADDER_LINGERS);
        assert!(bench.ladders.poll().is_none() && bench.ladders.poll_timeout().is_none());
        assert_eq!((bench.ladders.open.len(), bench.ladders.by_call_id.len()), (0, 0), "nothing is left");
    }
}

#[test]
fn a_person_who_is_called_is_known_by_the_offer() {
    let mut bench = Bench::default();
    bench.answered();
    bench.ladders.call_out(CALL, PERSON, b"v=0\r\nm=audio 4000 RTP/AVP 0\r\n");
    bench.goes(&request("INVITE", "strange", 1, "v=0\r\nm=audio 4002 RTP/AVP 0\r\n"));
    bench.goes(&request("INVITE", "ours", 1, "v=0\r\nm=audio 4000 RTP/AVP 0\r\n"));
    bench.comes(&response(486, "ours", 1, "INVITE"));
    bench.goes(&request("ACK", "ours", 1, ""));
    let ladder = bench.ladders.end(bench.now, CALL).expect("nothing is missing");
    assert!(
        shown(&ladder).ends_with("l1 In ACK, l2 Out INVITE, l2 In 486, l2 Out ACK"),
        "{}",
        shown(&ladder)
    );
}

#[test]
fn an_invite_that_is_not_admitted_leaves_nothing() {
    let mut bench = Bench::default();
    bench.comes(&request("INVITE", "refused", 1, ""));
    bench.goes(&response(503, "refused", 1, "INVITE"));
    bench.answered();
    bench.comes(&request("ACK", "refused", 1, ""));
    let ladder = bench.ladders.end(bench.now, CALL).expect("nothing is missing");
    assert_eq!(shown(&ladder), "l1 In INVITE, l1 Out 100, l1 Out 200, l1 In ACK");
}

#[test]
fn nobody_makes_ladders_linger_without_bound() {
    let mut bench = Bench::default();
    let numbers = Numbers { called: Phi::new("100".to_owned()), caller: None };
    let calls = LADDERS_LINGERING_MAX as u64 + 3;
    for call in 0..calls {
        let sip_call_id = call.to_string();
        bench.comes(&request("INVITE", &sip_call_id, 1, ""));
        bench.ladders.open(CallId(call), LegId(call), &sip_call_id, numbers.clone());
        assert_eq!(bench.ladders.end(bench.now, CallId(call)), None);
    }
    let written: Vec<CallId> = std::iter::from_fn(|| bench.ladders.poll()).map(|(call, _)| call).collect();
    assert_eq!(written, [CallId(0), CallId(1), CallId(2)], "the oldest go first");
    bench.ladders.finish();
    let left = std::iter::from_fn(|| bench.ladders.poll()).count();
    assert_eq!((left, bench.ladders.by_call_id.len()), (LADDERS_LINGERING_MAX, 0));
}

#[test]
fn one_call_follows_so_many_legs_and_no_more() {
    let mut bench = Bench::default();
    bench.answered();
    for leg in 2..200_u64 {
        let offer = format!("m=audio {} RTP/AVP 0\r\n", 4_000 + leg);
        bench.ladders.call_out(CALL, LegId(leg), offer.as_bytes());
        bench.goes(&request("INVITE", &format!("out-{leg}"), 1, &offer));
    }
    assert_eq!(bench.ladders.by_call_id.len(), LADDER_LEGS_MAX);
    assert!(bench.ladders.called_out.is_empty());
}

#[test]
fn a_traced_number_is_copied_from_its_invite_on_until_its_time_is_over() {
    let mut bench = Bench::default();
    let until = Instant::START + Duration::from_secs(60);
    bench.ladders.trace(TraceId(1), Phi::new("1-617-555-0142".to_owned()), until);
    bench.answered();
    assert_eq!(
        bench.traced(),
        "t1 c7 In INVITE sip:100@h SIP/2.0\nt1 c7 Out SIP/2.0 100 x\nt1 c7 Out SIP/2.0 200 x\n\
         t1 c7 In ACK sip:100@h SIP/2.0\n"
    );
    assert_eq!(bench.ladders.poll_timeout(), Some(until));
    bench.ladders.timeout(until);
    bench.comes(&request("BYE", "a@b", 2, ""));
    assert_eq!(bench.traced(), "t1 is over\n");
    assert_eq!(bench.ladders.poll_timeout(), None);
}

#[test]
fn a_trace_takes_up_a_call_that_is_up_and_no_other_numbers() {
    let mut bench = Bench::default();
    bench.answered();
    let until = Instant::START + Duration::from_secs(60);
    bench.ladders.trace(TraceId(1), Phi::new("6175550142".to_owned()), until);
    bench.comes(&request("INFO", "a@b", 2, ""));
    assert_eq!(bench.traced(), "", "that is another number");
    bench.ladders.trace(TraceId(2), Phi::new("100".to_owned()), until);
    bench.comes(&request("BYE", "a@b", 3, ""));
    bench.ladders.untrace(TraceId(2));
    bench.ladders.untrace(TraceId(2));
    assert_eq!(bench.traced(), "t2 c7 In BYE sip:100@h SIP/2.0\nt2 is over\n");
}
