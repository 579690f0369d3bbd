//! Whatever a patient, a peer or the settings say, each message of ours has the lines that it shall have and no
//! other, and what is read back is what was said.

use super::phone::{SDP, THEM, US, settings};
use crate::clock::Instant;
use crate::phi::Phi;
use crate::rng::Rng;
use crate::sip::interface::{Command, Event, Input, Outgoing, Output};
use crate::sip::stack::Stack;
use crate::sip::way::Way;
use crate::wire::sip::address::Address;
use crate::wire::sip::grammar::unfold;
use crate::wire::sip::header::Headers;
use crate::wire::sip::message::{Message, Request, Response, parse};
use crate::wire::sip::name::Name;
use proptest::prelude::*;

fn way() -> Way {
    Way::udp(US.parse().unwrap(), THEM.parse().unwrap())
}

/// Lets the machine do its part and gives what it sent, as it is on the wire.
fn sent_after(stack: &mut Stack, input: Input<'_>) -> Vec<Vec<u8>> {
    stack.handle(Instant::START, input);
    let mut sent = Vec::new();
    while let Some(output) = stack.poll_output() {
        match output {
            Output::Transmit { octets, .. } => sent.push(octets),
            Output::Event(Event::Invite { leg, .. }) => {
                let answer = Command::Answer { leg, sdp: SDP.into() };
                sent.extend(sent_after(stack, Input::Command(answer)));
            }
            Output::Resolve { id, .. } => {
                sent.extend(sent_after(stack, Input::Resolved { id, records: Vec::new() }));
            }
            Output::Event(_) => {}
        }
    }
    sent
}

fn request(octets: &[u8]) -> Request<'_> {
    let Ok(Message::Request(request)) = parse(octets) else { panic!("{}", String::from_utf8_lossy(octets)) };
    request
}

fn response(octets: &[u8]) -> Response<'_> {
    let Ok(Message::Response(response)) = parse(octets) else {
        panic!("{}", String::from_utf8_lossy(octets))
    };
    response
}

/// The names of all lines, in order.
fn names(headers: &Headers<'_>) -> String {
    let names: Vec<_> = headers.iter().map(|(name, _)| String::from_utf8_lossy(name).into_owned()).collect();
    names.join(" ")
}

/// A call of ours as that user, with that name of the product.
fn call(from_user: &str, product: &str) -> Vec<u8> {
    let mut settings = settings(500);
    settings.product = product.to_owned();
    let mut stack = Stack::new(settings, Rng::seeded(3));
    let leg = stack.reserve_leg();
    let from_user = Phi::new(from_user.to_owned());
    let call = Box::new(Outgoing {
        target: "sip:desk@10.0.0.2:5062".to_owned(),
        from_user,
        carries: Default::default(),
        sdp: SDP.into(),
    });
    sent_after(&mut stack, Input::Command(Command::Invite { leg, way: way(), call })).remove(0)
}

/// Octets of a quoted string: anything, with quotes and backslashes escaped and folds in between.
fn quoted() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        any::<char>()
            .prop_filter("line ends are folds, NUL is told as `?`", |c| !matches!(c, '\r' | '\n' | '\0'))
            .prop_map(|c| if matches!(c, '"' | '\\') { format!("\\{c}") } else { c.to_string() }),
        prop::sample::select(vec![
            "☎️",
            "\r\n ",
            "\r\n\tTo: <sip:evil@e>",
            "\\\"",
            ", <sip:x@y>;tag=1",
            "%0d%0a",
            ";"
        ])
        .prop_map(str::to_owned),
    ];
    prop::collection::vec(piece, 0..20).prop_map(|pieces| format!("\"{}\"", pieces.concat()))
}

const TOKEN: &str = "[a-zA-Z0-9.!%*_+`'~-]{1,20}";

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whoever_calls_our_call_says_so_and_nothing_else(user in any::<String>(), product in any::<String>()) {
        let (plain, octets) = (call("100", "Careline/0.1"), call(&user, &product));
        let invite = request(&octets);
        prop_assert_eq!(names(&invite.headers), names(&request(&plain).headers));
        prop_assert_eq!((invite.body, invite.uri), (SDP.as_bytes(), &b"sip:desk@10.0.0.2:5062"[..]));
        let from = Address::read(invite.headers.first(Name::From).unwrap()).unwrap();
        let read = from.uri().unwrap().user_unescaped().unwrap().into_owned();
        let expected = if user.is_empty() { "anonymous" } else { &user };
        prop_assert_eq!(String::from_utf8(read).unwrap(), expected);
    }

    #[test]
    fn what_a_peer_says_of_himself_comes_back_equal(
        (display, parameter) in (quoted(), quoted()),
        (call_id, tag, branch, user) in (TOKEN, TOKEN, TOKEN, "[a-zA-Z0-9%41;?&=+$,/_.!~*'()-]{1,20}"),
    ) {
        let text = format!(
            "INVITE sip:100@{US} SIP/2.0\r\nVia: SIP/2.0/UDP {THEM};x={parameter};branch=z9hG4bK{branch}\r\n\
             Record-Route: {display} <sip:p@10.0.9.9;lr>;x={parameter}\r\nFrom: {display} <sip:{user}@x>;x={parameter};tag={tag}\r\n\
             To: {display}<sip:100@{US}>\r\nCall-ID: {call_id}\r\nCSeq: 7 INVITE\r\nContact: {display} <sip:{user}@{THEM}>\r\n\
             Content-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{SDP}", SDP.len()
        );
        let theirs = request(text.as_bytes()).headers;
        let mut stack = Stack::new(settings(500), Rng::seeded(4));
        let sent = sent_after(&mut stack, Input::Message { way: way(), octets: text.as_bytes() });
        prop_assert_eq!(sent.len(), 1, "answered at once, without a 100 (RFC 3261 §17.2.1): {}", text);
        let ours = response(&sent[0]).headers;
        prop_assert!(names(&ours).starts_with("Via Record-Route From To Call-ID CSeq Server Contact "), "{}", names(&ours));
        let same = |a: Option<&[u8]>, b: Option<&[u8]>| {
            let plain = |value: Option<&[u8]>| unfold(value.unwrap_or_default()).split(|o| o.is_ascii_whitespace()).collect::<Vec<_>>().concat();
            plain(a) == plain(b)
        };
        for name in [Name::From, Name::CallId, Name::CSeq, Name::RecordRoute] {
            prop_assert!(same(theirs.first(name), ours.first(name)), "{}: {}", name, String::from_utf8_lossy(&sent[0]));
        }
        prop_assert_eq!(response(&sent[0]).body, SDP.as_bytes());
        let to = ours.first(Name::To).unwrap();
        let ack = text.replacen("INVITE", "ACK", 1).replace("7 INVITE", "7 ACK").replace("z9hG4bK", "z9hG4bKack");
        let ack = ack.split("Content-Type").next().unwrap().replace(&format!("To: {display}<sip:100@{US}>"), "To: OURS");
        let ack = format!("{}\r\n", ack.replace("OURS", &String::from_utf8_lossy(to)));
        sent_after(&mut stack, Input::Message { way: way(), octets: ack.as_bytes() });
        let leg = crate::id::LegId(1);
        let bye = sent_after(&mut stack, Input::Command(Command::HangUp { leg, reason: None }));
        prop_assert_eq!(bye.len(), 1, "one BYE after {}", ack);
        let bye = request(&bye[0]);
        prop_assert_eq!(names(&bye.headers), "Via Route From To Call-ID CSeq Max-Forwards User-Agent Content-Length");
        prop_assert_eq!(String::from_utf8_lossy(bye.uri), format!("sip:{user}@{THEM}"));
        prop_assert!(same(bye.headers.first(Name::To), theirs.first(Name::From)));
        prop_assert!(same(bye.headers.first(Name::From), Some(to)));
        prop_assert!(same(bye.headers.first(Name::Route), theirs.first(Name::RecordRoute)));
    }
}
