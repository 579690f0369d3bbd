//! One SIP message in one datagram: start line, header fields, body (RFC 3261 §7, §18.3).
//!
//! Reading is lenient where RFC 3261 §25 and the world differ and a reader can still tell what was
//! meant: line ends of LF alone, folded lines, white space before a colon. What is read here may
//! still break rules: [`validate`](super::validate) names them, so that they can be answered.

use super::grammar::{decimal, is_token, trim, trim_end};
use super::header::{Headers, Indexed};
use super::method::Method;
use super::name::Name;
use crate::limits::{SIP_DATAGRAM_MAX_OCTETS, SIP_HEADERS_MAX};
use std::fmt;
use thiserror::Error;

/// A SIP message, borrowed from the octets that it came in.
#[derive(Clone, Copy, Debug)]
pub enum Message<'a> {
    /// A request (RFC 3261 §7.1).
    Request(Request<'a>),
    /// A response (RFC 3261 §7.2).
    Response(Response<'a>),
}

/// A request (RFC 3261 §7.1).
#[derive(Clone, Copy)]
pub struct Request<'a> {
    /// What is asked for.
    pub method: Method<'a>,
    /// The Request-URI as it is written.
    pub uri: &'a [u8],
    /// The version as it is written; [`validate`](super::validate) wants `SIP/2.0`.
    pub version: &'a [u8],
    /// The header fields.
    pub headers: Headers<'a>,
    /// The body: Content-Length octets, or the rest of the datagram.
    pub body: &'a [u8],
    /// How the body was measured.
    pub length: BodyLength,
}

/// A response (RFC 3261 §7.2).
#[derive(Clone, Copy)]
pub struct Response<'a> {
    /// The status code, 100 to 699.
    pub status: u16,
    /// The reason phrase, in any character set.
    pub reason: &'a [u8],
    /// The version as it is written; [`validate`](super::validate) wants `SIP/2.0`.
    pub version: &'a [u8],
    /// The header fields.
    pub headers: Headers<'a>,
    /// The body: Content-Length octets, or the rest of the datagram.
    pub body: &'a [u8],
    /// How the body was measured.
    pub length: BodyLength,
}

impl fmt::Debug for Request<'_> {
    /// Prints nothing about a patient: no URI, no value, no body.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:?} + {} octets", self.method, self.headers, self.body.len())
    }
}

impl fmt::Debug for Response<'_> {
    /// Prints nothing about a patient: no value, no body.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:?} + {} octets", self.status, self.headers, self.body.len())
    }
}

/// How the body of a message was measured (RFC 3261 §18.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyLength {
    /// Content-Length told it.
    Announced,
    /// No Content-Length: the body reaches to the end of the datagram.
    Absent,
    /// Content-Length is no number of octets.
    Malformed,
    /// Content-Length is below zero.
    Negative,
    /// Two Content-Length lines tell different lengths.
    Clash {
        /// Octets by the first.
        first: u64,
        /// Octets by another.
        other: u64,
    },
    /// Content-Length announces more than came.
    TooLong {
        /// Octets announced.
        announced: u64,
        /// Octets after the empty line.
        present: usize,
    },
    /// The datagram ends before the empty line that ends the header fields.
    NoEmptyLine,
}

/// Why octets are no SIP message that could be answered or used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ParseError {
    /// Line ends or zeros alone: a keep-alive (RFC 5626 §3.5.1), not an error of the peer.
    #[error("a keep-alive, not a message")]
    KeepAlive,
    /// More octets than one datagram can carry.
    #[error("{octets} octets are more than one datagram carries")]
    TooLong {
        /// Octets given.
        octets: usize,
    },
    /// The first line is neither a Request-Line nor a Status-Line (RFC 3261 §7.1, §7.2).
    #[error("the first line is neither a request line nor a status line of SIP (RFC 3261 §7.1, §7.2)")]
    NotSip,
    /// The status code is no number from 100 to 699 (RFC 3261 §7.2).
    #[error("the status code is no number from 100 to 699 (RFC 3261 §7.2)")]
    Status,
    /// More header lines than [`SIP_HEADERS_MAX`].
    #[error("more than {max} header lines")]
    TooManyHeaders {
        /// The bound.
        max: usize,
    },
}

/// Reads one datagram as a SIP message (RFC 3261 §7). Allocates nothing.
///
/// # Errors
/// [`ParseError`] when the octets are no message at all. A message that breaks rules but can be
/// answered is `Ok`: [`validate`](super::validate) tells the rule.
pub fn parse(octets: &[u8]) -> Result<Message<'_>, ParseError> {
    if octets.len() > SIP_DATAGRAM_MAX_OCTETS {
        return Err(ParseError::TooLong { octets: octets.len() });
    }
    // Line ends before the start line are skipped (RFC 3261 §7.5).
    let start =
        octets.iter().position(|octet| !matches!(octet, b'\r' | b'\n' | 0)).ok_or(ParseError::KeepAlive)?;
    let octets = &octets[start..];
    let (line, rest) = match memchr::memchr(b'\n', octets) {
        Some(end) => (octets[..end].strip_suffix(b"\r").unwrap_or(&octets[..end]), &octets[end + 1..]),
        None => (octets, &[][..]),
    };
    let start_line = read_start_line(line)?;
    let mut headers = Headers::unread(rest);
    let (body, length) = match headers.index(SIP_HEADERS_MAX) {
        Indexed::Body(rest) => measure_body(&headers, rest),
        Indexed::NoEmptyLine => (&[][..], BodyLength::NoEmptyLine),
        Indexed::TooMany => return Err(ParseError::TooManyHeaders { max: SIP_HEADERS_MAX }),
    };
    Ok(match start_line {
        StartLine::Request { method, uri, version } => {
            Message::Request(Request { method, uri, version, headers, body, length })
        }
        StartLine::Status { status, reason, version } => {
            Message::Response(Response { status, reason, version, headers, body, length })
        }
    })
}

enum StartLine<'a> {
    Request { method: Method<'a>, uri: &'a [u8], version: &'a [u8] },
    Status { status: u16, reason: &'a [u8], version: &'a [u8] },
}

/// Reads the first line. More white space than the grammar has is ignored, as RFC 4475 §3.1.2.9 and
/// §3.1.2.10 allow: a caller is not refused for a space.
fn read_start_line(line: &[u8]) -> Result<StartLine<'_>, ParseError> {
    let line = trim_end(line);
    let (first, rest) = split_space(line).ok_or(ParseError::NotSip)?;
    if is_version(first) {
        let (code, reason) = split_space(rest).unwrap_or((rest, &[]));
        let status = decimal(code).and_then(|code| u16::try_from(code).ok());
        let status = status.filter(|status| (100..700).contains(status)).ok_or(ParseError::Status)?;
        return Ok(StartLine::Status { status, reason, version: first });
    }
    let space = rest.iter().rposition(|&octet| octet == b' ').ok_or(ParseError::NotSip)?;
    let (uri, version) = (trim(&rest[..space]), &rest[space + 1..]);
    if !is_token(first) || !is_version(version) {
        return Err(ParseError::NotSip);
    }
    Ok(StartLine::Request { method: Method::read(first), uri, version })
}

fn split_space(octets: &[u8]) -> Option<(&[u8], &[u8])> {
    let space = octets.iter().position(|&octet| octet == b' ')?;
    Some((&octets[..space], &octets[space + 1..]))
}

/// Whether the octets are `SIP/` and something: any version, so that 505 can answer it.
fn is_version(octets: &[u8]) -> bool {
    octets.len() > 4 && octets[..4].eq_ignore_ascii_case(b"SIP/")
}

/// The body within what follows the empty line (RFC 3261 §18.3).
fn measure_body<'a>(headers: &Headers<'a>, rest: &'a [u8]) -> (&'a [u8], BodyLength) {
    let mut announced = None;
    for value in headers.each(Name::ContentLength) {
        match (decimal(value), announced) {
            (None, _) if value.strip_prefix(b"-").and_then(decimal).is_some() => {
                return (rest, BodyLength::Negative);
            }
            (None, _) => return (rest, BodyLength::Malformed),
            (Some(other), Some(first)) if other != first => {
                return (rest, BodyLength::Clash { first, other });
            }
            (length, _) => announced = length,
        }
    }
    let Some(announced) = announced else { return (rest, BodyLength::Absent) };
    match usize::try_from(announced).ok().and_then(|length| rest.get(..length)) {
        Some(body) => (body, BodyLength::Announced),
        None => (rest, BodyLength::TooLong { announced, present: rest.len() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shown(octets: &[u8]) -> String {
        match parse(octets) {
            Err(error) => format!("error: {error}"),
            Ok(Message::Request(request)) => format!(
                "{} `{}` {} {:?} body `{}` {:?}",
                request.method,
                request.uri.escape_ascii(),
                request.version.escape_ascii(),
                request.headers,
                request.body.escape_ascii(),
                request.length
            ),
            Ok(Message::Response(response)) => format!(
                "{} `{}` {} {:?} body `{}` {:?}",
                response.status,
                response.reason.escape_ascii(),
                response.version.escape_ascii(),
                response.headers,
                response.body.escape_ascii(),
                response.length
            ),
        }
    }

    #[track_caller]
    fn check(octets: &str, expected: &str) {
        assert_eq!(shown(octets.as_bytes()), expected, "for {octets:?}");
    }

    #[test]
    fn a_start_line_is_a_request_a_response_or_noise() {
        // RFC 3261 §7.1, §7.2, §25
        check("OPTIONS sip:a SIP/2.0\r\n\r\n", "OPTIONS `sip:a` SIP/2.0 [] body `` Absent");
        check("SIP/2.0 200 OK then\r\n\r\n", "200 `OK then` SIP/2.0 [] body `` Absent");
        check("SIP/2.0 100 \r\n\r\n", "100 `` SIP/2.0 [] body `` Absent");
        check("SIP/2.0 100\r\n\r\n", "100 `` SIP/2.0 [] body `` Absent");
        check("OPTIONS  sip:a  SIP/2.0  \r\n\r\n", "OPTIONS `sip:a` SIP/2.0 [] body `` Absent");
        check("OPTIONS sip:a; lr SIP/7.0\n\n", "OPTIONS `sip:a; lr` SIP/7.0 [] body `` Absent");
        check("OPTIONS  SIP/2.0\r\n\r\n", "OPTIONS `` SIP/2.0 [] body `` Absent");
        for noise in
            ["GET / HTTP/1.1\r\n\r\n", "x", "OPTIONS", "OPTIONS sip:a\r\n\r\n", "OPT(IONS sip:a SIP/2.0\r\n"]
        {
            check(
                noise,
                "error: the first line is neither a request line nor a status line of SIP (RFC 3261 §7.1, §7.2)",
            );
        }
        for status in ["99", "700", "4294967301", "-200", "abc", ""] {
            let expected = "error: the status code is no number from 100 to 699 (RFC 3261 §7.2)";
            check(&format!("SIP/2.0 {status} x\r\n\r\n"), expected);
        }
    }

    #[test]
    fn line_ends_alone_are_a_keep_alive_and_are_skipped_before_a_message() {
        // RFC 3261 §7.5; RFC 5626 §3.5.1
        for ping in ["", "\r\n", "\r\n\r\n", "\n", "\0\0\0\0"] {
            assert_eq!(parse(ping.as_bytes()).err(), Some(ParseError::KeepAlive), "{ping:?}");
        }
        check("\r\n\r\nOPTIONS sip:a SIP/2.0\r\n\r\n", "OPTIONS `sip:a` SIP/2.0 [] body `` Absent");
    }

    #[test]
    fn the_body_is_measured_as_the_rfc_wants() {
        let body = |lines: &str| {
            let octets = format!("INFO sip:a SIP/2.0\r\n{lines}\r\nv=0\r\nx");
            let Ok(Message::Request(request)) = parse(octets.as_bytes()) else { panic!("a request") };
            (request.body.len(), request.length)
        };
        assert_eq!(body(""), (6, BodyLength::Absent));
        assert_eq!(body("Content-Length: 5\r\n"), (5, BodyLength::Announced));
        assert_eq!(body("l:0\r\n"), (0, BodyLength::Announced));
        assert_eq!(body("l: 5\r\nContent-Length : 5\r\n"), (5, BodyLength::Announced));
        assert_eq!(body("l: 5\r\nContent-Length: 6\r\n"), (6, BodyLength::Clash { first: 5, other: 6 }));
        assert_eq!(body("l: -5\r\n"), (6, BodyLength::Negative));
        assert_eq!(body("l: -\r\n"), (6, BodyLength::Malformed));
        assert_eq!(body("l: 5 octets\r\n"), (6, BodyLength::Malformed));
        assert_eq!(body("l:\r\n"), (6, BodyLength::Malformed));
        assert_eq!(body("l: 99999999999999999999\r\n"), (6, BodyLength::Malformed));
        assert_eq!(body("l: 7\r\n"), (6, BodyLength::TooLong { announced: 7, present: 6 }));
        let huge = BodyLength::TooLong { announced: u64::MAX, present: 6 };
        assert_eq!(body("l: 18446744073709551615\r\n"), (6, huge));
        check("INFO sip:a SIP/2.0\r\nA: b\r\n", "INFO `sip:a` SIP/2.0 [\"A\"] body `` NoEmptyLine");
        check("INFO sip:a SIP/2.0", "INFO `sip:a` SIP/2.0 [] body `` NoEmptyLine");
    }

    #[test]
    fn bombs_meet_their_bounds() {
        let huge = vec![b'x'; SIP_DATAGRAM_MAX_OCTETS + 1];
        assert_eq!(parse(&huge).err(), Some(ParseError::TooLong { octets: huge.len() }));
        let many = format!("OPTIONS sip:a SIP/2.0\r\n{}\r\n", "A: b\r\n".repeat(SIP_HEADERS_MAX + 1));
        assert_eq!(parse(many.as_bytes()).err(), Some(ParseError::TooManyHeaders { max: SIP_HEADERS_MAX }));
        let long = format!("OPTIONS sip:a SIP/2.0\r\nTo: <sip:{}@b>\r\nl: 0\r\n\r\n", "x".repeat(64_000));
        let Ok(Message::Request(request)) = parse(long.as_bytes()) else {
            panic!("one long header is a message")
        };
        assert_eq!(request.headers.first(Name::To).map(<[u8]>::len), Some(64_008));
        assert_eq!(request.length, BodyLength::Announced);
    }

    #[test]
    fn printing_a_message_prints_nothing_about_a_patient() {
        let octets = b"MESSAGE sip:+16175550142@h SIP/2.0\r\nTo: Ann\r\n\r\nmy heart aches";
        assert_eq!(format!("{:?}", parse(octets)), "Ok(Request(MESSAGE [\"To\"] + 14 octets))");
    }

    /// Octets that look enough like SIP to reach the depths of the reader.
    fn sip_like() -> impl Strategy<Value = Vec<u8>> {
        let piece = prop::sample::select(vec![
            &b"INVITE sip:a@b SIP/2.0\r\n"[..],
            b"SIP/2.0 200 OK\r\n",
            b"Via: SIP/2.0/UDP h;branch=z9hG4bK1\r\n",
            b"v:",
            b"To: <sip:a@b>;tag=1\r\n",
            b"f: \"x",
            b"l: 4\r\n",
            b"l: -1\r\n",
            b"CSeq: 1 INVITE\r\n",
            b"\r\n",
            b"\n",
            b" ",
            b"\t",
            b",",
            b";",
            b"\"",
            b"<",
            b">",
            b"\\",
            b":",
            b"\0",
            b"\xff",
            b"Contact: *\r\n",
            b"i: 1\r\n",
            b"%",
            b"[::1]",
        ]);
        prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
    }

    fn read_everything(octets: &[u8]) {
        let Ok(message) = parse(octets) else { return };
        let headers = match message {
            Message::Request(request) => {
                let _verdict = crate::wire::sip::validate::validate(&request);
                request.headers
            }
            Message::Response(response) => {
                let _verdict = crate::wire::sip::validate::validate_response(&response);
                response.headers
            }
        };
        let lines = headers.iter().count();
        assert_eq!(lines, headers.count());
        let known: usize = Name::ALL.iter().map(|&name| headers.each(name).count()).sum();
        assert!(known <= lines, "{known} known lines of {lines}");
        for name in Name::ALL {
            assert_eq!(headers.has(name), headers.first(name).is_some(), "{name}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]

        #[test]
        fn any_octets_give_a_verdict(octets in prop::collection::vec(any::<u8>(), 0..300)) {
            read_everything(&octets);
        }

        #[test]
        fn almost_sip_gives_a_verdict(octets in sip_like()) {
            read_everything(&octets);
        }
    }
}
