//! Hard messages, each through the whole stack: parsed, judged, and answered by the machine. The torture
//! messages of RFC 4475 and RFC 5118, none left out, and the traps that public issue trackers tell of.
//!
//! Each verdict is `ok`, `answer STATUS: rule`, `drop: rule` or `no message: reason`; each outcome is what the
//! machine sends and tells. Where an RFC leaves the choice we are lenient: a refusal is a patient not heard.

#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

mod rfc4475;
mod rfc5118;
mod traps;
mod world;

use careline::limits::SIP_HEADERS_MAX;
use careline::wire::sdp::read::read as read_sdp;
use careline::wire::sip::address::Address;
use careline::wire::sip::cseq::CSeq;
use careline::wire::sip::grammar::{unfold, unquote};
use careline::wire::sip::header::Headers;
use careline::wire::sip::message::{Message, Request, Response, parse};
use careline::wire::sip::method::Method;
use careline::wire::sip::name::Name;
use careline::wire::sip::uri::{Host, Uri};
use careline::wire::sip::validate::{validate, validate_response};
use careline::wire::sip::value::{self, Contact, MediaType};
use careline::wire::sip::via::Via;
use rfc4475::Torture;
use world::{IP4, outcome, outcome_of_response};

fn verdict(octets: &[u8]) -> String {
    match parse(octets) {
        Err(error) => format!("no message: {error}"),
        Ok(Message::Request(request)) => match validate(&request) {
            Ok(()) => "ok".to_owned(),
            Err(rule) if rule.is_answerable() => format!("answer {}: {rule}", rule.status()),
            Err(rule) => format!("drop: {rule}"),
        },
        Ok(Message::Response(response)) => match validate_response(&response) {
            Ok(()) => "ok".to_owned(),
            Err(rule) => format!("drop: {rule}"),
        },
    }
}

/// `text` with its line ends as they are on the wire.
fn wire(text: &str) -> Vec<u8> {
    text.replace('\n', "\r\n").into_bytes()
}

/// A request with the lines that every request carries, then `extra`.
fn with(start: &str, extra: &str) -> Vec<u8> {
    let method = start.split(' ').next().unwrap();
    wire(&format!(
        "{start}\nVia: SIP/2.0/UDP host5.example.com;branch=z9hG4bKkdjuw\nTo: <sip:user@example.com>\n\
         From: <sip:caller@example.net>;tag=98asjd8\nCall-ID: torture.9j2n8s\nCSeq: 8 {method}\nMax-Forwards: 70\n\
         {extra}"
    ))
}

#[track_caller]
fn check(name: &str, octets: &[u8], expected: &str) {
    let seen = verdict(octets);
    assert_eq!(seen, expected, "{name}:\n{}", String::from_utf8_lossy(octets));
}

#[track_caller]
fn request(octets: &[u8]) -> Request<'_> {
    check("a well-formed request", octets, "ok");
    let Ok(Message::Request(request)) = parse(octets) else { panic!("a request") };
    request
}

#[track_caller]
fn response(octets: &[u8]) -> Response<'_> {
    check("a well-formed response", octets, "ok");
    let Ok(Message::Response(response)) = parse(octets) else { panic!("a response") };
    response
}

fn text(octets: &[u8]) -> String {
    String::from_utf8_lossy(octets).into_owned()
}

fn address<'a>(headers: &Headers<'a>, name: Name) -> Address<'a> {
    Address::read(headers.values(name).next().unwrap()).unwrap()
}

/// What the judge says and what the machine does, both as the RFC prescribes.
#[track_caller]
fn check_torture(torture: &Torture, between: (&str, &str)) {
    let Torture { name, octets, verdict: expected, outcome: prescribed } = torture;
    check(name, octets, expected);
    let is_response = octets.starts_with(b"SIP/");
    let seen = if is_response { outcome_of_response(octets) } else { outcome(octets, between) };
    assert_eq!(&seen, prescribed, "{name}:\n{}", text(octets));
}

/// Its messages by name, in its order.
const RFC_4475: &str = "wsinv intmeth esc01 escnull esc02 lwsdisp longreq dblreq semiuri transports mpart01 unreason \
    noreason badinv01 clerr ncl scalar02 scalarlg quotbal ltgtruri lwsruri lwsstart trws escruri baddate regbadct \
    badaspec baddn badvers mismatch01 mismatch02 bigcode badbranch insuf unkscm novelsc unksm2 bext01 invut regaut01 \
    multi01 mcl01 bcast zeromf cparam01 cparam02 regescrt sdp01 inv2543";

#[test]
fn every_message_of_rfc_4475_has_its_prescribed_outcome() {
    let all = rfc4475::all();
    let names: Vec<_> = all.iter().map(|torture| torture.name).collect();
    assert_eq!(names.join(" "), RFC_4475);
    assert_eq!(names.len(), 49);
    for torture in &all {
        check_torture(torture, IP4);
    }
}

/// Its messages by name, in its order.
const RFC_5118: &str = "ipv6-good ipv6-bad port-ambiguous port-unambiguous via-received-param-with-delim \
    via-received-param-no-delim ipv6-in-sdp mult-ip-in-header mult-ip-in-sdp ipv4-mapped-ipv6 ipv6-bug-abnf-3-colons \
    ipv6-correct-abnf-2-colons";

#[test]
fn every_message_of_rfc_5118_has_its_prescribed_outcome() {
    let all = rfc5118::all();
    let names: Vec<_> = all.iter().map(|torture| torture.message.name).collect();
    assert_eq!(names.join(" "), RFC_5118);
    for torture in &all {
        check_torture(&torture.message, torture.between);
    }
}

/// The octets of a message of RFC 4475.
fn message(name: &str) -> Vec<u8> {
    let found = rfc4475::all().into_iter().find(|torture| torture.name == name);
    found.unwrap_or_else(|| panic!("no message `{name}`")).octets
}

// What is understood of the messages of RFC 4475.

#[test]
fn wsinv_every_liberty_of_white_space_folding_and_case() {
    let octets = rfc4475::wsinv();
    let request = request(&octets);
    let headers = &request.headers;
    assert_eq!(address(headers, Name::To).tag(), Some(&b"1918181833n"[..]));
    let from = address(headers, Name::From);
    assert_eq!(
        (text(&from.display_unquoted().unwrap()), from.tag()),
        ("A Patient \\\"".to_owned(), Some(&b"98asjd8"[..]))
    );
    assert_eq!(headers.first(Name::MaxForwards).and_then(value::max_forwards), Some(68));
    let cseq = CSeq::read(headers.first(Name::CSeq).unwrap()).unwrap();
    assert_eq!((cseq.number, cseq.method), (9, Method::Invite));
    let vias: Vec<_> = headers.values(Name::Via).map(|via| Via::read(via).unwrap()).collect();
    let shown: Vec<_> = vias.iter().map(|via| format!("{} {}", text(via.transport), via.host)).collect();
    assert_eq!(shown, ["UDP 192.0.2.2", "TCP spindle.example.com", "UDP 192.168.255.111"]);
    assert_eq!(vias[1].branch(), Some(&b"z9hG4bK9ikj8"[..]));
    assert_eq!(vias[2].branch(), Some(&b"z9hG4bK30239"[..]));
    assert_eq!(headers.first(Name::Subject), Some(&b""[..]));
    let unknown = headers.iter().find(|(name, _)| *name == b"NewFangledHeader").unwrap().1;
    assert_eq!(text(&unfold(unknown)), "newfangled value continued newfangled value");
    let contact = address(headers, Name::Contact);
    assert_eq!(contact.parameters.value("newparam"), Some(&b"newvalue"[..]));
    assert_eq!(contact.parameters.get("secondparam"), Some(None));
    assert_eq!(contact.parameters.value("q"), Some(&b"0.33"[..]));
    assert_eq!(read_sdp(request.body).unwrap().media.len(), 2);
}

#[test]
fn intmeth_the_widest_use_of_every_character_set() {
    let octets = rfc4475::intmeth();
    let request = request(&octets);
    assert!(matches!(request.method, Method::Other(method) if method.starts_with(b"!interesting")));
    let uri = Uri::read(request.uri).unwrap();
    assert_eq!(text(uri.user.unwrap()), "1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*");
    assert_eq!(text(uri.password.unwrap()), "&it+has=1,weird!*pas$wo~d_too.(doesn't-it)");
    let to = address(&request.headers, Name::To);
    assert_eq!(to.display_unquoted().unwrap().as_ref(), b"BEL:\x07 NUL:\x00 DEL:\x7f");
    let from = address(&request.headers, Name::From);
    assert_eq!(text(from.tag().unwrap()), "_token~1'+`*%!-.");
    assert_eq!(text(&unquote(from.parameters.value("fromParam''~+*_!.-%").unwrap())), "работающий");
    assert_eq!(request.headers.iter().nth(6).map(|(_, value)| text(value)), Some("大停電".to_owned()));
}

#[test]
fn esc01_escapes_are_undone_where_they_are_escapes() {
    let octets = message("esc01");
    let request = request(&octets);
    let uri = Uri::read(request.uri).unwrap();
    assert_eq!(text(&uri.user_unescaped().unwrap()), "sips:user@example.com");
    let contact = address(&request.headers, Name::Contact).uri().unwrap();
    assert_eq!(text(&contact.user_unescaped().unwrap()), "caller");
    assert_eq!(text(contact.parameters.octets()), "%6C%72;n%61me=v%61lue%25%34%31");
}

#[test]
fn escnull_an_escaped_zero_does_not_shorten_the_user() {
    let octets = message("escnull");
    let request = request(&octets);
    let users: Vec<_> = request
        .headers
        .values(Name::Contact)
        .map(|contact| Address::read(contact).unwrap().uri().unwrap().user_unescaped().unwrap().into_owned())
        .collect();
    assert_eq!(users, [vec![0], vec![0, 0]]);
}

#[test]
fn esc02_a_percent_sign_elsewhere_is_no_escape() {
    let octets = rfc4475::esc02();
    let request = request(&octets);
    assert_eq!(request.method, Method::Other(b"RE%47IST%45R"));
    assert_eq!(request.headers.values(Name::Contact).count(), 2);
    assert_eq!(address(&request.headers, Name::To).display_unquoted().as_deref(), Some(&b"%Z%45"[..]));
}

#[test]
fn lwsdisp_no_white_space_before_the_bracket() {
    let octets = rfc4475::lwsdisp();
    let request = request(&octets);
    assert_eq!(address(&request.headers, Name::From).display, Some(&b"caller"[..]));
}

#[test]
fn longreq_long_values_are_read_whole() {
    let octets = rfc4475::longreq();
    let request = request(&octets);
    assert_eq!(request.headers.values(Name::Via).count(), 35);
    assert_eq!(request.headers.values(Name::Via).last().map(text), Some(rfc4475::long_via(33)));
    let to = address(&request.headers, Name::To);
    assert_eq!(to.display_unquoted().map(|name| name.len()), Some(166));
    assert_eq!(to.uri().unwrap().port, Some(6_000));
    assert_eq!(address(&request.headers, Name::From).tag().map(<[u8]>::len), Some(155));
    assert_eq!(address(&request.headers, Name::Contact).uri().unwrap().user.map(<[u8]>::len), Some(115));
}

#[test]
fn dblreq_what_follows_the_body_is_noise() {
    let octets = rfc4475::dblreq();
    let request = request(&octets);
    assert_eq!((request.method, request.body), (Method::Register, &b""[..]));
    assert_eq!(request.headers.each(Name::Via).count(), 1);
}

#[test]
fn semiuri_a_semicolon_before_the_at_sign_belongs_to_the_user() {
    let octets = message("semiuri");
    let uri = Uri::read(request(&octets).uri).unwrap();
    assert_eq!(text(&uri.user_unescaped().unwrap()), "user;par=u@example.net");
    assert_eq!(uri.parameters.iter().count(), 0);
}

#[test]
fn transports_known_and_unknown_are_read() {
    let octets = rfc4475::transports();
    let request = request(&octets);
    let transports: Vec<_> =
        request.headers.values(Name::Via).map(|via| text(Via::read(via).unwrap().transport)).collect();
    assert_eq!(transports, ["UDP", "SCTP", "TLS", "UNKNOWN", "TCP"]);
}

#[test]
fn mpart01_a_binary_body_with_zeros_is_framed_by_its_length() {
    let (octets, body) = (rfc4475::mpart01(), rfc4475::multipart());
    let request = request(&octets);
    assert_eq!(request.body, &body[..]);
    let kind = MediaType::read(request.headers.first(Name::ContentType).unwrap()).unwrap();
    assert!(kind.is("multipart", "mixed"));
    assert_eq!(kind.parameters.value("boundary"), Some(&b"7a9cbec02ceef655"[..]));
}

#[test]
fn unreason_and_noreason_any_reason_phrase_or_none() {
    let octets = rfc4475::unreason();
    assert_eq!(text(response(&octets).reason), "= 2**3 * 5**2 но сто девяносто девять - простое");
    let octets = rfc4475::noreason();
    let without_space = text(&octets).replacen("100 \r", "100\r", 1);
    for octets in [&octets[..], without_space.as_bytes()] {
        let response = response(octets);
        assert_eq!((response.status, response.reason), (100, &b""[..]));
    }
}

#[test]
fn scalarlg_a_wait_beyond_numbers_is_no_wait() {
    let octets = rfc4475::scalarlg();
    let Ok(Message::Response(response)) = parse(&octets) else { panic!("a response") };
    assert_eq!(response.headers.first(Name::RetryAfter).map(value::delta_seconds), Some(None));
}

#[test]
fn badaspec_and_baddn_are_understood() {
    let octets = rfc4475::baddn();
    // From is no list, so the comma is part of the name.
    let from = Address::read(request(&octets).headers.first(Name::From).unwrap()).unwrap();
    assert_eq!(
        (from.display.map(text), text(from.uri)),
        (Some("Bell, Alexander".to_owned()), "sip:a.g.bell@example.com".to_owned())
    );
    let octets = rfc4475::badaspec();
    let to = Address::read(request(&octets).headers.first(Name::To).unwrap()).unwrap();
    assert_eq!(text(to.uri), "sip:t.watson@example.org");
}

#[test]
fn badbranch_a_cookie_alone_names_no_transaction() {
    let octets = rfc4475::badbranch();
    assert!(!Via::read(request(&octets).headers.first(Name::Via).unwrap()).unwrap().has_cookie());
}

#[test]
fn cparam01_cparam02_and_regescrt_parameters_belong_to_the_field_or_the_uri() {
    for (name, in_uri, in_field, headers) in [
        ("cparam01", None, Some(None), ""),
        ("cparam02", Some(None), None, ""),
        ("regescrt", None, None, "Route=%3Csip:sip.example.com%3E"),
    ] {
        let octets = message(name);
        let Ok(Contact::Address(contact)) =
            Contact::read(request(&octets).headers.first(Name::Contact).unwrap())
        else {
            panic!("{name}")
        };
        let uri = contact.uri().unwrap();
        assert_eq!(uri.parameters.get("unknownparam"), in_uri, "{name}");
        assert_eq!(contact.parameters.get("unknownparam"), in_field, "{name}");
        assert_eq!(text(uri.headers), headers, "{name}");
    }
}

#[test]
fn inv2543_a_phone_from_before_this_rfc_is_heard() {
    let octets = rfc4475::inv2543();
    let request = request(&octets);
    assert_eq!(read_sdp(request.body).unwrap().media.len(), 2, "the rest of the datagram is the body");
    let uri = address(&request.headers, Name::From).uri().unwrap();
    assert_eq!(uri.user, Some(&b"+13035551111"[..]));
    assert_eq!(
        address(&request.headers, Name::RecordRoute).uri().unwrap().parameters.value("maddr"),
        Some(&b"ss1.example.com"[..])
    );
}

// What is understood of the messages of RFC 5118.

#[test]
fn a_port_is_what_follows_the_brackets() {
    for (name, host, port) in [
        ("ipv6-good", "[2001:db8::10]", None),
        ("port-ambiguous", "[2001:db8::10:5070]", None),
        ("port-unambiguous", "[2001:db8::10]", Some(5_070)),
        ("ipv6-bug-abnf-3-colons", "[2001:db8::c000:201]", None),
        ("ipv6-correct-abnf-2-colons", "[2001:db8::c000:201]", None),
    ] {
        let torture = rfc5118::all().into_iter().find(|torture| torture.message.name == name).unwrap();
        let uri = Uri::read(request(&torture.message.octets).uri).unwrap();
        assert_eq!(
            (uri.host.map(|host| host.to_string()), uri.port),
            (Some(host.to_owned()), port),
            "{name}"
        );
    }
}

#[test]
fn addresses_of_both_kinds_stand_in_one_message() {
    let octets = rfc5118::mult_ip_in_header();
    let vias: Vec<_> =
        request(&octets).headers.values(Name::Via).map(|via| Via::read(via).unwrap()).collect();
    assert!(matches!(
        vias[..],
        [Via { host: Host::V6(_), port: Some(6_050), .. }, Via { host: Host::V4(_), .. }, _]
    ));
    assert_eq!(vias[2].received(), Some("192.0.2.200".parse().unwrap()));
    let sdp = wire(rfc5118::MULT_IP_SDP);
    let session = read_sdp(&sdp).unwrap();
    let kinds: Vec<_> =
        session.media.iter().map(|media| format!("{:?}", session.connection_of(media))).collect();
    assert!(kinds[0].contains("192.0.2.1") && kinds[1].contains("2001:db8::1"), "{kinds:?}");
}

// Traps from the field

#[test]
fn compact_names_in_any_case_and_unknown_letters_are_read() {
    let octets = wire(
        "INVITE sip:c@d SIP/2.0\nV: SIP/2.0/UDP h;branch=z9hG4bK1\nF:<sip:a@b>;tag=1\nT:\tsip:c@d\nI: 1\nCSEQ: 1 INVITE\n\
         M: <sip:a@h>\nK: timer\nQ: what\nz: this\nC: application/sdp;charset=utf-8\nL: 0\n\n",
    );
    let request = request(&octets);
    let unknown: Vec<_> = request.headers.iter().filter(|(name, _)| Name::read(name).is_none()).collect();
    assert_eq!(unknown, [(&b"Q"[..], &b"what"[..]), (b"z", b"this")]);
    assert!(value::has_option(&request.headers, Name::Supported, "timer"));
}

#[test]
fn line_feeds_alone_end_lines() {
    let octets = text(&with("OPTIONS sip:a@b SIP/2.0", "l: 4\n\nv=0\n")).replace('\r', "");
    assert_eq!(request(octets.as_bytes()).body, b"v=0\n");
}

#[test]
fn display_names_of_any_kind_are_carried() {
    let long = "x".repeat(300);
    for (display, name) in [
        ("\"\"", ""),
        ("\"Zoë ☎️ 王\"", "Zoë ☎️ 王"),
        ("\"Robert'); DROP TABLE calls;--\"", "Robert'); DROP TABLE calls;--"),
        ("\"a\\\"b\\\\c\"", "a\"b\\c"),
        (&format!("\"{long}\""), &long),
        ("\"<sip:evil@e>, <sip:f@f>\"", "<sip:evil@e>, <sip:f@f>"),
    ] {
        let octets = text(&with("OPTIONS sip:a@b SIP/2.0", "l: 0\n\n"))
            .replace("<sip:caller", &format!("{display} <sip:caller"));
        let request = request(octets.as_bytes());
        let from = Address::read(request.headers.first(Name::From).unwrap()).unwrap();
        assert_eq!(from.display_unquoted().map(|name| text(&name)), Some(name.to_owned()), "{display}");
        assert_eq!(text(from.uri), "sip:caller@example.net");
    }
}

#[test]
fn bombs_are_answered_once_or_dropped() {
    let vias = "Via: SIP/2.0/UDP h;branch=z9hG4bKx\n".repeat(200);
    let octets = with("OPTIONS sip:a@b SIP/2.0", &format!("{vias}l: 0\n\n"));
    check("200 Via", &octets, "drop: more than 70 Via values: a loop (RFC 3261 §16.3)");
    let octets = with("OPTIONS sip:a@b SIP/2.0", &format!("X: {}\nl: 0\n\n", "y".repeat(64_000)));
    check("64 kB header", &octets, "ok");
    let lines = "X: y\n".repeat(SIP_HEADERS_MAX);
    let octets = with("OPTIONS sip:a@b SIP/2.0", &format!("{lines}l: 0\n\n"));
    check("262 lines", &octets, "no message: more than 256 header lines");
}

#[test]
fn every_prefix_of_a_message_gives_a_verdict_and_only_the_whole_is_good() {
    let octets = with("OPTIONS sip:a@b SIP/2.0", "Content-Length: 4\n\nv=0\n");
    let whole = octets.len() - 1;
    for end in 0..whole {
        assert_ne!(verdict(&octets[..end]), "ok", "the first {end} octets");
    }
    assert_eq!(verdict(&octets[..whole]), "ok");
}
