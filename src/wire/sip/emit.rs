//! Values to octets: requests and responses (RFC 3261 §7, §8.1.1, §8.2.6, §18.2.1; RFC 3581 §4).
//!
//! One builder writes both, front to back into one buffer. Every value passes `Builder::put`,
//! which lets no CR, LF or NUL through: a value from a peer cannot begin a new header line.

use super::address::Address;
use super::grammar::{Parameters, split_at_outside, trim};
use super::message::Request;
use super::method::Method;
use super::name::Name;
use super::uri::Host;
use super::via::Via;
use std::fmt::{self, Write};
use std::net::{IpAddr, SocketAddr};

/// Space for a start line and the header fields that we add ourselves, in octets.
const OWN_OCTETS: usize = 640;

/// What a response says beyond its status.
#[derive(Clone, Copy, Debug)]
pub struct Answer<'a> {
    /// The status code.
    pub status: u16,
    /// The reason phrase; [`reason_phrase`] knows the usual ones.
    pub reason: &'a str,
    /// Where the request came from: told in the top Via as `received` and `rport`.
    pub source: SocketAddr,
    /// Our tag, for To of the request has none; `None` on 100 (RFC 3261 §8.2.6.2).
    pub to_tag: Option<&'a str>,
    /// Whether Record-Route is copied: on what makes a dialog (RFC 3261 §12.1.1).
    pub record_route: RecordRoute,
}

/// Whether the response carries the Record-Route of the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordRoute {
    /// Copied in order: responses 101 to 299 to an INVITE.
    Copied,
    /// Left out: everything else.
    LeftOut,
}

/// Begins a request. The caller adds header fields in order, Via first.
pub fn request(method: Method<'_>, uri: &[u8]) -> Builder {
    let mut builder = Builder::with_capacity(OWN_OCTETS);
    builder.put(method.octets());
    builder.octets.push(b' ');
    builder.put(uri);
    builder.octets.extend_from_slice(b" SIP/2.0\r\n");
    builder
}

/// Begins the response to a request: Via, From, To, Call-ID, CSeq and Record-Route are written
/// (RFC 3261 §8.2.6.2).
///
/// Works on any request that was parsed, even one that breaks rules: what is missing is left out.
pub fn response(request: &Request<'_>, answer: &Answer<'_>) -> Builder {
    let headers = &request.headers;
    let copied = [Name::Via, Name::RecordRoute, Name::From, Name::To, Name::CallId, Name::CSeq];
    let copied: usize =
        copied.iter().flat_map(|&name| headers.each(name)).map(|value| value.len() + 16).sum();
    let mut builder = Builder::with_capacity(OWN_OCTETS + copied);
    builder.put_fmt(format_args!("SIP/2.0 {:03} {}", answer.status, answer.reason));
    builder.end_line();
    for (index, via) in headers.values(Name::Via).enumerate() {
        builder =
            if index == 0 { builder.top_via(via, answer.source) } else { builder.header(Name::Via, via) };
    }
    if answer.record_route == RecordRoute::Copied {
        for value in headers.each(Name::RecordRoute) {
            builder = builder.header(Name::RecordRoute, value);
        }
    }
    for name in [Name::From, Name::To, Name::CallId, Name::CSeq] {
        let Some(value) = headers.first(name) else { continue };
        builder = match answer.to_tag {
            Some(tag) if name == Name::To && !has_tag(value) => builder.tagged(name, value, tag),
            _ => builder.header(name, value),
        };
    }
    builder
}

fn has_tag(to: &[u8]) -> bool {
    Address::read(to).is_ok_and(|to| to.tag().is_some())
}

/// A message that is being written.
#[derive(Clone, Debug)]
pub struct Builder {
    octets: Vec<u8>,
}

impl Builder {
    fn with_capacity(octets: usize) -> Self {
        Self { octets: Vec::with_capacity(octets) }
    }

    /// Adds a header field.
    #[must_use]
    pub fn header(self, name: Name, value: impl AsRef<[u8]>) -> Self {
        self.extension(name.as_str(), value)
    }

    /// Adds a header field whose value is formatted into place.
    #[must_use]
    pub fn header_fmt(mut self, name: Name, value: fmt::Arguments<'_>) -> Self {
        self.put(name.as_str().as_bytes());
        self.octets.extend_from_slice(b": ");
        self.put_fmt(value);
        self.end_line();
        self
    }

    /// Adds a header field by a name that [`Name`] does not know.
    #[must_use]
    pub fn extension(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.put(name.as_bytes());
        self.octets.extend_from_slice(b": ");
        self.put(value.as_ref());
        self.end_line();
        self
    }

    /// Ends the message without a body.
    pub fn finish(mut self) -> Vec<u8> {
        self.octets.extend_from_slice(b"Content-Length: 0\r\n\r\n");
        self.octets
    }

    /// Ends the message with a body of that media type.
    pub fn finish_with(self, content_type: &str, body: &[u8]) -> Vec<u8> {
        let builder = self.header(Name::ContentType, content_type);
        let mut octets = builder.header_fmt(Name::ContentLength, format_args!("{}", body.len())).octets;
        octets.extend_from_slice(b"\r\n");
        octets.extend_from_slice(body);
        octets
    }

    fn tagged(mut self, name: Name, value: &[u8], tag: &str) -> Self {
        self.put_fmt(format_args!("{name}: "));
        self.put(value);
        self.put_fmt(format_args!(";tag={tag}"));
        self.end_line();
        self
    }

    /// The top Via with where the request really came from (RFC 3261 §18.2.1, RFC 3581 §4).
    /// What the peer wrote as `received` and `rport` is replaced: only we know it.
    fn top_via(mut self, value: &[u8], source: SocketAddr) -> Self {
        let Ok(via) = Via::read_to_answer(value) else { return self.header(Name::Via, value) };
        let (sent, parameters) = split_at_outside(value, b';');
        self.octets.extend_from_slice(b"Via: ");
        self.put(trim(sent));
        for (name, value) in Parameters::new(parameters.unwrap_or_default()).iter() {
            if name.eq_ignore_ascii_case(b"received") || name.eq_ignore_ascii_case(b"rport") {
                continue;
            }
            self.octets.push(b';');
            self.put(name);
            if let Some(value) = value {
                self.octets.push(b'=');
                self.put(value);
            }
        }
        let source_ip = source.ip().to_canonical();
        let rport = via.rport().is_some();
        if rport || !is_host(via.host, source_ip) {
            self.put_fmt(format_args!(";received={source_ip}"));
        }
        if rport {
            self.put_fmt(format_args!(";rport={}", source.port()));
        }
        self.end_line();
        self
    }

    fn end_line(&mut self) {
        self.octets.extend_from_slice(b"\r\n");
    }

    /// Writes octets that may not end the line: CR and LF, of a folded value, become spaces, NUL a
    /// question mark.
    fn put(&mut self, octets: &[u8]) {
        let start = self.octets.len();
        self.octets.extend_from_slice(octets);
        if memchr::memchr3(b'\r', b'\n', 0, octets).is_some() {
            for octet in &mut self.octets[start..] {
                match octet {
                    b'\r' | b'\n' => *octet = b' ',
                    0 => *octet = b'?',
                    _ => {}
                }
            }
        }
    }

    fn put_fmt(&mut self, text: fmt::Arguments<'_>) {
        self.write_fmt(text).expect("writing into a Vec does not fail");
    }
}

impl Write for Builder {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.put(text.as_bytes());
        Ok(())
    }
}

fn is_host(host: Host<'_>, address: IpAddr) -> bool {
    match host {
        Host::Name(_) => false,
        Host::V4(host) => IpAddr::V4(host) == address,
        Host::V6(host) => IpAddr::V6(host).to_canonical() == address,
    }
}

/// The reason phrase of the statuses that this engine sends (RFC 3261 §21).
pub const fn reason_phrase(status: u16) -> &'static str {
    match status {
        100 => "Trying",
        180 => "Ringing",
        183 => "Session Progress",
        200 => "OK",
        202 => "Accepted",
        302 => "Moved Temporarily",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        406 => "Not Acceptable",
        407 => "Proxy Authentication Required",
        408 => "Request Timeout",
        413 => "Request Entity Too Large",
        415 => "Unsupported Media Type",
        416 => "Unsupported URI Scheme",
        420 => "Bad Extension",
        421 => "Extension Required",
        422 => "Session Interval Too Small",
        423 => "Interval Too Brief",
        480 => "Temporarily Unavailable",
        481 => "Call/Transaction Does Not Exist",
        482 => "Loop Detected",
        483 => "Too Many Hops",
        484 => "Address Incomplete",
        486 => "Busy Here",
        487 => "Request Terminated",
        488 => "Not Acceptable Here",
        489 => "Bad Event",
        491 => "Request Pending",
        500 => "Server Internal Error",
        501 => "Not Implemented",
        503 => "Service Unavailable",
        504 => "Server Time-out",
        505 => "Version Not Supported",
        513 => "Message Too Large",
        600 => "Busy Everywhere",
        603 => "Decline",
        _ => phrase_of_class(status),
    }
}

/// A phrase for a status that is not ours by name: its class (RFC 3261 §7.2).
const fn phrase_of_class(status: u16) -> &'static str {
    match status / 100 {
        1 => "Progress",
        2 => "Success",
        3 => "Redirection",
        4 => "Request Failure",
        5 => "Server Failure",
        _ => "Global Failure",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::sip::message::{Message, Response, parse};
    use crate::wire::sip::validate::{validate, validate_response};
    use proptest::prelude::*;
    use rsip::message::HasHeaders;

    const SOURCE: &str = "192.0.2.9:5071";
    const INVITE: &str = "INVITE sip:c@d SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.1:5060;rport;branch=z9hG4bKa\r\n\
        v: SIP/2.0/UDP one.example.com;branch=z9hG4bKb , SIP/2.0/TCP two.example.com;branch=z9hG4bKc\r\n\
        Record-Route: <sip:p1.example.com;lr>,<sip:p2.example.com;lr>\r\nRecord-Route: <sip:p3.example.com;lr>\r\n\
        f: \"Ann, \\\"A\\\"\" <sip:a@b>;tag=1\r\nTo: <sip:c@d>\r\nCall-ID: x1\r\nCSeq: 7 INVITE\r\nMax-Forwards: 70\r\n\
        Contact: <sip:a@10.0.0.1>\r\nContent-Length: 0\r\n\r\n";

    fn request_of(octets: &[u8]) -> Request<'_> {
        match parse(octets) {
            Ok(Message::Request(request)) => request,
            other => panic!("no request: {other:?}"),
        }
    }

    fn response_of(octets: &[u8]) -> Response<'_> {
        match parse(octets) {
            Ok(Message::Response(response)) => response,
            other => panic!("no response: {other:?}"),
        }
    }

    fn answer(status: u16, to_tag: Option<&'static str>, record_route: RecordRoute) -> Answer<'static> {
        Answer {
            status,
            reason: reason_phrase(status),
            source: SOURCE.parse().unwrap(),
            to_tag,
            record_route,
        }
    }

    fn text(octets: &[u8]) -> &str {
        std::str::from_utf8(octets).unwrap()
    }

    /// What our parser and `rsip` read must be equal: start line, header fields in order, body.
    #[track_caller]
    fn read_back(octets: &[u8]) {
        let theirs =
            rsip::SipMessage::try_from(octets).unwrap_or_else(|error| panic!("{error}\n{}", text(octets)));
        let (headers, body) = match parse(octets).unwrap() {
            Message::Request(request) => {
                assert_eq!(validate(&request), Ok(()), "{}", text(octets));
                let rsip::SipMessage::Request(theirs) = &theirs else { panic!("rsip reads a response") };
                assert_eq!(theirs.method.to_string(), request.method.to_string());
                assert_eq!(theirs.uri.to_string().as_bytes(), request.uri);
                (request.headers, request.body)
            }
            Message::Response(response) => {
                assert_eq!(validate_response(&response), Ok(()), "{}", text(octets));
                let rsip::SipMessage::Response(theirs) = &theirs else { panic!("rsip reads a request") };
                assert_eq!(theirs.status_code.code(), response.status);
                (response.headers, response.body)
            }
        };
        let ours: Vec<_> =
            headers.iter().map(|(name, value)| format!("{}: {}", text(name), text(value))).collect();
        let theirs_lines: Vec<_> = theirs.headers().iter().map(ToString::to_string).collect();
        assert_eq!(ours, theirs_lines);
        assert_eq!(theirs.body(), body);
    }

    #[test]
    fn a_response_goes_the_way_back_and_tells_where_the_request_came_from() {
        // RFC 3261 §8.2.6, §8.2.6.2, §12.1.1
        let request = request_of(INVITE.as_bytes());
        let octets = response(&request, &answer(180, Some("t9"), RecordRoute::Copied))
            .header(Name::Contact, "<sip:192.0.2.1:5060>")
            .finish();
        assert_eq!(
            text(&octets),
            "SIP/2.0 180 Ringing\r\n\
             Via: SIP/2.0/UDP 10.0.0.1:5060;branch=z9hG4bKa;received=192.0.2.9;rport=5071\r\n\
             Via: SIP/2.0/UDP one.example.com;branch=z9hG4bKb\r\n\
             Via: SIP/2.0/TCP two.example.com;branch=z9hG4bKc\r\n\
             Record-Route: <sip:p1.example.com;lr>,<sip:p2.example.com;lr>\r\n\
             Record-Route: <sip:p3.example.com;lr>\r\n\
             From: \"Ann, \\\"A\\\"\" <sip:a@b>;tag=1\r\n\
             To: <sip:c@d>;tag=t9\r\n\
             Call-ID: x1\r\n\
             CSeq: 7 INVITE\r\n\
             Contact: <sip:192.0.2.1:5060>\r\n\
             Content-Length: 0\r\n\r\n"
        );
        read_back(&octets);
        let trying = response(&request, &answer(100, None, RecordRoute::LeftOut)).finish();
        assert!(text(&trying).contains("\r\nTo: <sip:c@d>\r\n") && !text(&trying).contains("Record-Route"));
        read_back(&trying);
    }

    #[test]
    fn the_top_via_is_marked_by_the_rules_of_received_and_rport() {
        // RFC 3261 §18.2.1; RFC 3581 §4
        for (via, source, expected) in [
            ("SIP/2.0/UDP 192.0.2.9;branch=1", SOURCE, "SIP/2.0/UDP 192.0.2.9;branch=1"),
            ("SIP/2.0/UDP 10.0.0.1;branch=1", SOURCE, "SIP/2.0/UDP 10.0.0.1;branch=1;received=192.0.2.9"),
            ("SIP/2.0/UDP h.example;branch=1", SOURCE, "SIP/2.0/UDP h.example;branch=1;received=192.0.2.9"),
            (
                "SIP/2.0/UDP 192.0.2.9;rport;branch=1",
                SOURCE,
                "SIP/2.0/UDP 192.0.2.9;branch=1;received=192.0.2.9;rport=5071",
            ),
            (
                "SIP/2.0/UDP h.example;received=6.6.6.6;x=\"a;b\";rport=1;branch=1",
                SOURCE,
                "SIP/2.0/UDP h.example;x=\"a;b\";branch=1;received=192.0.2.9;rport=5071",
            ),
            ("SIP / 2.0 / UDP [::1]:5;branch = 1", "[::1]:5", "SIP / 2.0 / UDP [::1]:5;branch=1"),
            ("SIP/2.0/UDP [::1];rport", "[2001:db8::2]:7", "SIP/2.0/UDP [::1];received=2001:db8::2;rport=7"),
            ("SIP/2.0/UDP 192.0.2.9;branch=1", "[::ffff:192.0.2.9]:5", "SIP/2.0/UDP 192.0.2.9;branch=1"),
            ("broken", SOURCE, "broken"),
        ] {
            let octets = format!("OPTIONS sip:c@d SIP/2.0\r\nVia: {via}\r\n\r\n");
            let request = request_of(octets.as_bytes());
            let answer =
                Answer { source: source.parse().unwrap(), ..answer(200, None, RecordRoute::LeftOut) };
            let octets = response(&request, &answer).finish();
            let written = response_of(&octets).headers.first(Name::Via).map(text);
            assert_eq!(written, Some(expected), "for {via:?} from {source}");
        }
    }

    #[test]
    fn the_tag_is_ours_only_where_there_is_none() {
        for (to, expected) in [
            ("<sip:c@d>", "<sip:c@d>;tag=t9"),
            ("sip:c@d;x=1", "sip:c@d;x=1;tag=t9"),
            ("<sip:c@d>;tag=theirs", "<sip:c@d>;tag=theirs"),
            ("<sip:c@d;tag=uri>", "<sip:c@d;tag=uri>;tag=t9"),
            ("\"never closed <sip:c@d>", "\"never closed <sip:c@d>;tag=t9"),
        ] {
            let octets = format!("BYE sip:c@d SIP/2.0\r\nTo: {to}\r\n\r\n");
            let octets =
                response(&request_of(octets.as_bytes()), &answer(200, Some("t9"), RecordRoute::LeftOut))
                    .finish();
            assert_eq!(response_of(&octets).headers.first(Name::To).map(text), Some(expected));
        }
    }

    #[test]
    fn a_request_is_written_front_to_back_and_read_back() {
        // RFC 3261 §7, §8.1.1
        let octets = request(Method::Invite, b"sip:front-desk@10.0.0.5:5060")
            .header(Name::Via, "SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKq;rport")
            .header_fmt(Name::MaxForwards, format_args!("{}", 70))
            .header(Name::From, "<sip:anonymous@192.0.2.1>;tag=1")
            .header(Name::To, "<sip:front-desk@10.0.0.5:5060>")
            .header(Name::CallId, "abc")
            .header_fmt(Name::CSeq, format_args!("{} {}", 1, Method::Invite))
            .header(Name::Contact, "<sip:192.0.2.1:5060>")
            .extension("X-Clinic", "north")
            .finish_with("application/sdp", b"v=0\r\n");
        assert_eq!(
            text(&octets),
            "INVITE sip:front-desk@10.0.0.5:5060 SIP/2.0\r\n\
             Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKq;rport\r\n\
             Max-Forwards: 70\r\n\
             From: <sip:anonymous@192.0.2.1>;tag=1\r\n\
             To: <sip:front-desk@10.0.0.5:5060>\r\n\
             Call-ID: abc\r\n\
             CSeq: 1 INVITE\r\n\
             Contact: <sip:192.0.2.1:5060>\r\n\
             X-Clinic: north\r\n\
             Content-Type: application/sdp\r\n\
             Content-Length: 5\r\n\r\nv=0\r\n"
        );
        read_back(&octets);
    }

    #[test]
    fn a_value_cannot_begin_a_new_header_line() {
        let evil = "x\r\nTo: <sip:evil@e>\r\n\r\nbody\0";
        let octets = request(Method::Other(b"FOO\r\nX: 1"), b"sip:a@b\r\nX: 2")
            .header(Name::Subject, evil)
            .header_fmt(Name::Reason, format_args!("SIP;text=\"{evil}\""))
            .extension("X\r\nY", evil)
            .finish();
        let lines: Vec<_> = text(&octets).split("\r\n").collect();
        assert_eq!(
            lines,
            [
                "FOO  X: 1 sip:a@b  X: 2 SIP/2.0",
                "Subject: x  To: <sip:evil@e>    body?",
                "Reason: SIP;text=\"x  To: <sip:evil@e>    body?\"",
                "X  Y: x  To: <sip:evil@e>    body?",
                "Content-Length: 0",
                "",
                "",
            ]
        );
    }

    #[test]
    fn a_via_of_zeros_alone_is_still_one_via() {
        let octets = b"OPTIONS sip:c@d SIP/2.0\r\nVia: SIP/2.0/UDP h,\0\0\r\n\r\n";
        let octets = response(&request_of(octets), &answer(400, None, RecordRoute::LeftOut)).finish();
        assert_eq!(response_of(&octets).headers.values(Name::Via).nth(1), Some(&b"??"[..]));
    }

    #[test]
    fn folded_values_are_copied_as_one_line() {
        let octets = b"BYE sip:c@d SIP/2.0\r\nVia: SIP/2.0/UDP\r\n 192.0.2.9\r\n ;branch=\r\n 1\r\nFrom:\r\n <sip:a@b>\r\n ;tag=1\r\n\r\n";
        let octets = response(&request_of(octets), &answer(481, None, RecordRoute::LeftOut)).finish();
        assert_eq!(
            text(&octets),
            "SIP/2.0 481 Call/Transaction Does Not Exist\r\nVia: SIP/2.0/UDP   192.0.2.9;branch=1\r\n\
             From: <sip:a@b>   ;tag=1\r\nContent-Length: 0\r\n\r\n"
        );
    }

    #[test]
    fn every_status_has_a_phrase() {
        // RFC 3261 §21
        for status in 100..700 {
            assert!(!reason_phrase(status).is_empty(), "{status}");
        }
        assert_eq!((reason_phrase(199), reason_phrase(499)), ("Progress", "Request Failure"));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]

        #[test]
        fn what_is_written_is_read_back_equal(
            subject in prop::collection::vec(any::<u8>(), 0..40),
            name in "[A-Za-z][A-Za-z0-9-]{2,12}z",
            body in prop::collection::vec(any::<u8>(), 0..60),
            number in 0u32..1 << 31,
        ) {
            let octets = request(Method::Info, b"sip:a@b")
                .header(Name::Subject, &subject)
                .header_fmt(Name::CSeq, format_args!("{number} INFO"))
                .extension(&name, &subject)
                .finish_with("application/x", &body);
            let read = request_of(&octets);
            let clean: Vec<u8> = subject.iter().map(|o| match o { b'\r' | b'\n' => b' ', 0 => b'?', o => *o }).collect();
            let clean = crate::wire::sip::grammar::trim(&clean);
            prop_assert_eq!(read.headers.first(Name::Subject), Some(clean));
            prop_assert_eq!(read.headers.iter().nth(2), Some((name.as_bytes(), clean)));
            prop_assert_eq!(read.headers.count(), 5);
            prop_assert_eq!(read.body, &body[..]);
            let cseq = crate::wire::sip::cseq::CSeq::read(read.headers.first(Name::CSeq).unwrap());
            prop_assert_eq!(cseq.map(|cseq| cseq.number), Ok(number));
        }

        #[test]
        fn an_answer_to_anything_that_parses_is_a_message_of_one_answer(
            lines in prop::collection::vec("(Via|v|To|From|CSeq|i|Record-Route): ?[ -~\r\n\t]{0,40}", 0..6),
        ) {
            let octets = format!("OPTIONS sip:c@d SIP/2.0\r\n{}\r\n\r\n", lines.join("\r\n"));
            let Ok(Message::Request(request)) = parse(octets.as_bytes()) else { return Ok(()) };
            let octets = response(&request, &answer(400, Some("t9"), RecordRoute::Copied)).finish();
            let read = response_of(&octets);
            prop_assert_eq!(read.status, 400);
            prop_assert_eq!(read.body, &b""[..]);
            prop_assert_eq!(read.headers.malformed_line(), None);
            prop_assert_eq!(
                read.headers.values(Name::Via).count(), request.headers.values(Name::Via).count(),
                "{}", String::from_utf8_lossy(&octets)
            );
        }
    }
}
