//! Any datagram as SIP: read, judged, every value taken apart, answered, and the answer read back.
#![no_main]

use careline::limits::carriers::DIVERSIONS_MAX;
use careline::wire::sip::address::Address;
use careline::wire::sip::credentials::{Challenge, Credentials};
use careline::wire::sip::cseq::CSeq;
use careline::wire::sip::diversion::{self, Privacy};
use careline::wire::sip::emit::{self, Answer, RecordRoute};
use careline::wire::sip::event::Event;
use careline::wire::sip::grammar::{unfold, unquote};
use careline::wire::sip::header::Headers;
use careline::wire::sip::message::{Message, Request, parse};
use careline::wire::sip::name::Name;
use careline::wire::sip::registration::{Preference, wish};
use careline::wire::sip::telephone::number_of;
use careline::wire::sip::uri::Uri;
use careline::wire::sip::uri_match::same;
use careline::wire::sip::validate::{validate, validate_response};
use careline::wire::sip::value::{Contact, MediaType, delta_seconds, has_option, max_forwards};
use careline::wire::sip::via::Via;
use libfuzzer_sys::fuzz_target;
use std::hint::black_box;
use std::net::{Ipv4Addr, SocketAddr};

fuzz_target!(|octets: &[u8]| match parse(octets) {
    Err(error) => drop(error.to_string()),
    Ok(Message::Request(request)) => {
        let verdict = validate(&request);
        read_everything(&request.headers);
        let _uri = black_box(Uri::read(request.uri));
        answer(&request, verdict.is_ok());
    }
    Ok(Message::Response(response)) => {
        let _verdict = black_box(validate_response(&response));
        read_everything(&response.headers);
    }
});

fn read_everything(headers: &Headers<'_>) {
    let _wish = black_box(wish(headers, 10));
    let diversions = diversion::read(headers);
    assert!(diversions.list.len() <= DIVERSIONS_MAX);
    black_box((diversions.more, diversions.unread, Privacy::read(headers)));
    assert_eq!(headers.iter().count(), headers.count());
    for name in Name::ALL {
        assert_eq!(headers.first(name), headers.each(name).next());
        assert_eq!(headers.is_repeated(name), headers.each(name).nth(1).is_some());
        for value in headers.each(name) {
            black_box((max_forwards(value), delta_seconds(value), MediaType::read(value), unfold(value)));
            let _cseq = black_box(CSeq::read(value));
            let _event = black_box(Event::read(value));
            let _challenge = black_box(Challenge::read(value).map(|it| it.to_string()));
            if let Ok(credentials) = Credentials::read(value) {
                assert_eq!(Credentials::read(&credentials.to_value()), Ok(credentials));
            }
        }
        for value in headers.values(name) {
            assert!(!value.is_empty());
            let _via =
                black_box(Via::read(value).map(|via| (via.has_cookie(), via.ttl(), via.maddr().is_some())));
            let _contact = black_box((Contact::read(value), Preference::read(value)));
            let Ok(address) = Address::read(value) else { continue };
            black_box((address.tag(), address.display.map(unquote)));
            if let Ok(uri) = address.uri() {
                assert!(same(&uri, &uri) || uri.parameters.iter().count() > 1);
                black_box((uri.user_unescaped(), uri.parameters.iter().count(), number_of(&uri)));
            }
        }
        black_box(has_option(headers, name, "timer"));
    }
}

/// What we answer is a message with the same way back, whatever was asked.
fn answer(request: &Request<'_>, is_valid: bool) {
    let source = SocketAddr::from((Ipv4Addr::LOCALHOST, 5060));
    let record_route = RecordRoute::Copied;
    let answer = Answer { status: 400, reason: "Bad Request", source, to_tag: Some("t"), record_route };
    let octets = emit::response(request, &answer).finish();
    let Ok(Message::Response(response)) = parse(&octets) else { panic!("we wrote no response") };
    assert_eq!(response.headers.malformed_line(), None);
    let ways = |headers: &Headers<'_>| headers.values(Name::Via).count();
    assert_eq!(ways(&response.headers), ways(&request.headers));
    if is_valid {
        assert_eq!(validate_response(&response), Ok(()));
    }
}
