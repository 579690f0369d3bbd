//! Which rule of RFC 3261 a message breaks, as a value that can be answered and printed.
//!
//! Only what would make the message unsafe or impossible to handle is a violation; header fields
//! that nobody acts on are not judged (RFC 3261 §8.2.2, §16.3). Texts name the rule and never quote
//! the message: it is about a patient.

use super::address::{Address, AddressError};
use super::cseq::{CSeq, CSeqError};
use super::header::Headers;
use super::message::{BodyLength, Request, Response};
use super::method::Method;
use super::name::Name;
use super::service;
use super::uri::{Scheme, Uri, UriError};
use super::value;
use super::via::{Via, ViaError};
use crate::limits::SIP_VIA_MAX;
use thiserror::Error;

/// A broken rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Violation {
    /// Another version than SIP/2.0.
    #[error("the version is not SIP/2.0 (RFC 3261 §7.1)")]
    Version,
    /// The request line names no URI, or one with white space in it.
    #[error("the Request-URI is missing or has white space in it (RFC 3261 §7.1)")]
    RequestUriSpace,
    /// The datagram ends within the header fields.
    #[error("no empty line ends the header fields (RFC 3261 §7)")]
    NoEmptyLine,
    /// A header line without a colon or with a name that is no token.
    #[error("header line {line} is not a name, a colon and a value (RFC 3261 §7.3.1)")]
    HeaderLine {
        /// Counted from 1 after the start line.
        line: usize,
    },
    /// A header field that every message carries is not there.
    #[error("{name} is missing (RFC 3261 §8.1.1)")]
    Missing {
        /// Which.
        name: Name,
    },
    /// A header field that may stand once stands twice with different values.
    #[error("{name} stands more than once with different values (RFC 3261 §7.3.1)")]
    Clash {
        /// Which.
        name: Name,
    },
    /// A header field that must have a value is empty.
    #[error("{name} is empty (RFC 3261 §25.1)")]
    Empty {
        /// Which.
        name: Name,
    },
    /// Content-Length is no number of octets.
    #[error("Content-Length is not a number of octets (RFC 3261 §20.14)")]
    ContentLength,
    /// Content-Length is negative.
    #[error("Content-Length is negative (RFC 3261 §20.14)")]
    ContentLengthNegative,
    /// Two Content-Lengths.
    #[error("Content-Length stands twice, with {first} and {other} octets (RFC 3261 §20.14)")]
    ContentLengthClash {
        /// Octets by the first.
        first: u64,
        /// Octets by another.
        other: u64,
    },
    /// Content-Length is longer than what came.
    #[error("Content-Length announces {announced} octets, but {present} came (RFC 3261 §18.3)")]
    ContentLengthTooLong {
        /// Octets announced.
        announced: u64,
        /// Octets that came.
        present: usize,
    },
    /// No Content-Length on a stream.
    #[error("Content-Length is missing, and a stream needs it (RFC 3261 §18.3)")]
    ContentLengthAbsent,
    /// A body on a stream that is longer than is taken.
    #[error("a body of {announced} octets is more than is taken (RFC 3261 §21.4.11)")]
    BodyTooLarge {
        /// Octets announced.
        announced: u64,
    },
    /// More Via values than [`SIP_VIA_MAX`].
    #[error("more than {max} Via values: a loop (RFC 3261 §16.3)")]
    TooManyVias {
        /// The bound.
        max: usize,
    },
    /// A broken top Via.
    #[error("the top Via is malformed (RFC 3261 §20.42): {cause}")]
    Via {
        /// Why.
        cause: ViaError,
    },
    /// A broken CSeq.
    #[error("CSeq is malformed (RFC 3261 §20.16): {cause}")]
    CSeq {
        /// Why.
        cause: CSeqError,
    },
    /// CSeq names another method than the request line.
    #[error("CSeq names another method than the request line (RFC 3261 §8.1.1.5)")]
    CSeqMethod,
    /// Max-Forwards is no number from 0 to 255.
    #[error("Max-Forwards is not a number from 0 to 255 (RFC 3261 §20.22)")]
    MaxForwards,
    /// A broken From or To.
    #[error("{name} is malformed (RFC 3261 §20): {cause}")]
    Address {
        /// Which.
        name: Name,
        /// Why.
        cause: AddressError,
    },
    /// A broken Request-URI.
    #[error("the Request-URI is malformed (RFC 3261 §19.1): {cause}")]
    RequestUri {
        /// Why.
        cause: UriError,
    },
    /// A Request-URI of another scheme than sip, sips or tel, that is not the service of emergencies either.
    #[error("the scheme of the Request-URI is not sip, sips or tel (RFC 3261 §8.2.2.1)")]
    Scheme,
    /// To of a REGISTER is no SIP or SIPS URI.
    #[error("To of a REGISTER is not a SIP or SIPS URI (RFC 3261 §10.2)")]
    AddressOfRecord,
    /// A broken Contact in an INVITE or REGISTER.
    #[error("Contact is malformed (RFC 3261 §20.10): {cause}")]
    Contact {
        /// Why.
        cause: AddressError,
    },
}

impl Violation {
    /// The status that answers a request which breaks the rule (RFC 3261 §21.4).
    pub const fn status(&self) -> u16 {
        match self {
            Violation::Version => 505,
            Violation::Scheme => 416,
            Violation::BodyTooLarge { .. } => 413,
            Violation::RequestUriSpace
            | Violation::NoEmptyLine
            | Violation::HeaderLine { .. }
            | Violation::Missing { .. }
            | Violation::Clash { .. }
            | Violation::Empty { .. }
            | Violation::ContentLength
            | Violation::ContentLengthNegative
            | Violation::ContentLengthClash { .. }
            | Violation::ContentLengthTooLong { .. }
            | Violation::ContentLengthAbsent
            | Violation::TooManyVias { .. }
            | Violation::Via { .. }
            | Violation::CSeq { .. }
            | Violation::CSeqMethod
            | Violation::MaxForwards
            | Violation::Address { .. }
            | Violation::RequestUri { .. }
            | Violation::AddressOfRecord
            | Violation::Contact { .. } => 400,
        }
    }

    /// Whether a response could find its way and its transaction: a request without a readable top Via,
    /// without a CSeq or with a chain of Vias without end is dropped (RFC 3261 §18.2.2).
    pub const fn is_answerable(&self) -> bool {
        match self {
            Violation::Missing { name: Name::Via | Name::CSeq } | Violation::TooManyVias { .. } => false,
            Violation::Via { cause } => matches!(cause, ViaError::Parameters),
            _ => true,
        }
    }
}

/// What every request carries, read while it was judged: nobody need read it again.
#[derive(Clone, Copy, Debug)]
pub struct Essentials<'a> {
    /// The Request-URI.
    pub uri: Uri<'a>,
    /// The top Via.
    pub via: Via<'a>,
    /// From.
    pub from: Party<'a>,
    /// To.
    pub to: Party<'a>,
    /// Call-ID.
    pub call_id: &'a [u8],
    /// CSeq.
    pub cseq: CSeq<'a>,
    /// Max-Forwards, if it is there.
    pub max_forwards: Option<u8>,
    /// The first Contact of an INVITE, if it is there.
    pub contact: Option<Party<'a>>,
}

/// An address with its URI and its tag.
#[derive(Clone, Copy, Debug)]
pub struct Party<'a> {
    /// The address.
    pub address: Address<'a>,
    /// Its URI, read.
    pub uri: Uri<'a>,
}

impl<'a> Party<'a> {
    /// Reads an address and its URI.
    ///
    /// # Errors
    /// [`AddressError`] when one of them is none.
    pub fn read(value: &'a [u8]) -> Result<Self, AddressError> {
        let address = Address::read(value)?;
        Ok(Self { address, uri: address.uri().map_err(AddressError::Uri)? })
    }
}

/// Whether a request keeps the rules that every request must keep (RFC 3261 §8.1.1, §8.2).
///
/// # Errors
/// The first broken rule: framing first, then the header fields in the order of §8.1.1.
pub fn validate(request: &Request<'_>) -> Result<(), Violation> {
    read(request).map(|_| ())
}

/// The same, with what was read on the way.
///
/// # Errors
/// As [`validate`].
pub fn read<'a>(request: &Request<'a>) -> Result<Essentials<'a>, Violation> {
    version(request.version)?;
    framing(&request.headers, request.length)?;
    let Common { via, from, to, call_id, cseq } = common(&request.headers)?;
    if cseq.method != request.method {
        return Err(Violation::CSeqMethod);
    }
    let max_forwards = hops(&request.headers)?;
    let uri = request_uri(request.uri)?;
    let contact = match request.method {
        Method::Invite => contact(&request.headers)?,
        Method::Register => {
            bindings(&request.headers, &to)?;
            None
        }
        _ => None,
    };
    Ok(Essentials { uri, via, from, to, call_id, cseq, max_forwards, contact })
}

/// Whether a response keeps the rules that every response must keep (RFC 3261 §8.1.3, §8.2.6).
///
/// # Errors
/// The first broken rule. A response that breaks one is dropped: nobody answers it.
pub fn validate_response(response: &Response<'_>) -> Result<(), Violation> {
    version(response.version)?;
    framing(&response.headers, response.length)?;
    common(&response.headers).map(|_| ())
}

/// Judges how a request on a stream is measured: Content-Length must be there (RFC 3261 §18.3), and what it
/// announces must have come; [`framing`](super::framing) lets only what is longer than its bound through unfinished.
///
/// # Errors
/// The broken rule, for which the connection is closed after the answer.
pub fn validate_on_stream(request: &Request<'_>) -> Result<(), Violation> {
    match request.length {
        BodyLength::Absent => Err(Violation::ContentLengthAbsent),
        BodyLength::TooLong { announced, .. } => Err(Violation::BodyTooLarge { announced }),
        BodyLength::Announced
        | BodyLength::Malformed
        | BodyLength::Negative
        | BodyLength::Clash { .. }
        | BodyLength::NoEmptyLine => Ok(()),
    }
}

fn version(version: &[u8]) -> Result<(), Violation> {
    if version.eq_ignore_ascii_case(b"SIP/2.0") { Ok(()) } else { Err(Violation::Version) }
}

#[inline]
fn framing(headers: &Headers<'_>, length: BodyLength) -> Result<(), Violation> {
    match length {
        BodyLength::Announced | BodyLength::Absent => {}
        BodyLength::Malformed => return Err(Violation::ContentLength),
        BodyLength::Negative => return Err(Violation::ContentLengthNegative),
        BodyLength::Clash { first, other } => return Err(Violation::ContentLengthClash { first, other }),
        BodyLength::TooLong { announced, present } => {
            return Err(Violation::ContentLengthTooLong { announced, present });
        }
        BodyLength::NoEmptyLine => return Err(Violation::NoEmptyLine),
    }
    headers.malformed_line().map_or(Ok(()), |line| Err(Violation::HeaderLine { line }))
}

/// What requests and responses share.
struct Common<'a> {
    via: Via<'a>,
    from: Party<'a>,
    to: Party<'a>,
    call_id: &'a [u8],
    cseq: CSeq<'a>,
}

#[inline]
fn common<'a>(headers: &Headers<'a>) -> Result<Common<'a>, Violation> {
    let mut vias = headers.values(Name::Via);
    let top = vias.next().ok_or(Violation::Missing { name: Name::Via })?;
    let via = Via::read(top).map_err(|cause| Violation::Via { cause })?;
    if vias.nth(SIP_VIA_MAX - 1).is_some() {
        return Err(Violation::TooManyVias { max: SIP_VIA_MAX });
    }
    let (from, to) = (party(headers, Name::From)?, party(headers, Name::To)?);
    let call_id = one(headers, Name::CallId)?;
    let cseq = CSeq::read(one(headers, Name::CSeq)?).map_err(|cause| Violation::CSeq { cause })?;
    Ok(Common { via, from, to, call_id, cseq })
}

#[inline]
fn party<'a>(headers: &Headers<'a>, name: Name) -> Result<Party<'a>, Violation> {
    Party::read(one(headers, name)?).map_err(|cause| Violation::Address { name, cause })
}

/// The value of a header field that must stand once (RFC 3261 §7.3.1). The same line twice is let
/// through: nothing is unclear about it.
#[inline]
fn one<'a>(headers: &Headers<'a>, name: Name) -> Result<&'a [u8], Violation> {
    match headers.first(name) {
        None => Err(Violation::Missing { name }),
        Some([]) => Err(Violation::Empty { name }),
        Some(first) if !headers.is_repeated(name) => Ok(first),
        Some(first) if headers.each(name).all(|other| other == first) => Ok(first),
        Some(_) => Err(Violation::Clash { name }),
    }
}

/// Max-Forwards; absent it counts as 70, for RFC 2543 knew none (RFC 3261 §16.3).
fn hops(headers: &Headers<'_>) -> Result<Option<u8>, Violation> {
    if !headers.has(Name::MaxForwards) {
        return Ok(None);
    }
    let value = one(headers, Name::MaxForwards)?;
    value::max_forwards(value).map(Some).ok_or(Violation::MaxForwards)
}

#[inline]
fn request_uri(uri: &[u8]) -> Result<Uri<'_>, Violation> {
    let read = Uri::read(uri).map_err(|cause| match cause {
        UriError::Octet { octet } if octet.is_ascii_whitespace() => Violation::RequestUriSpace,
        UriError::NoScheme if uri.is_empty() => Violation::RequestUriSpace,
        cause => Violation::RequestUri { cause },
    })?;
    match read.scheme {
        Scheme::Sip | Scheme::Sips | Scheme::Tel => Ok(read),
        // Help is called by any name that it has.
        Scheme::Other(_) if service::is_emergency(uri) => Ok(read),
        Scheme::Other(_) => Err(Violation::Scheme),
    }
}

/// The Contact of an INVITE is a URI (RFC 3261 §8.1.1.8): the requests of the dialog go there. A phone
/// of RFC 2543 may send none (RFC 4475 §3.4.1); its From stands in.
#[inline]
fn contact<'a>(headers: &Headers<'a>) -> Result<Option<Party<'a>>, Violation> {
    let Some(value) = headers.values(Name::Contact).next() else { return Ok(None) };
    Party::read(value).map(Some).map_err(|cause| Violation::Contact { cause })
}

/// A REGISTER binds a SIP or SIPS URI to every Contact that it names (RFC 3261 §10.2).
fn bindings(headers: &Headers<'_>, to: &Party<'_>) -> Result<(), Violation> {
    if !matches!(to.uri.scheme, Scheme::Sip | Scheme::Sips) {
        return Err(Violation::AddressOfRecord);
    }
    for value in headers.values(Name::Contact) {
        match value::Contact::read(value) {
            Ok(value::Contact::All) => {}
            Ok(value::Contact::Address(address)) => {
                let uri = address.uri().map_err(AddressError::Uri);
                uri.map_err(|cause| Violation::Contact { cause })?;
            }
            Err(cause) => return Err(Violation::Contact { cause }),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::sip::message::{Message, parse};

    const LINES: &str = "Via: SIP/2.0/UDP h;branch=z9hG4bK1\nFrom: <sip:a@b>;tag=1\nTo: <sip:c@d>\nCall-ID: 1\n\
        CSeq: 1 INVITE\nMax-Forwards: 70\nContact: <sip:a@h>\nContent-Length: 0\n\n";

    fn verdict(octets: &str) -> String {
        let result = match parse(octets.as_bytes()).unwrap() {
            Message::Request(request) => validate(&request),
            Message::Response(response) => validate_response(&response),
        };
        result.map_or_else(
            |violation| {
                let answer = if violation.is_answerable() { "answer" } else { "drop, else" };
                format!("{answer} {}: {violation}", violation.status())
            },
            |()| "ok".to_owned(),
        )
    }

    /// The verdict on a good INVITE in which one line is replaced; `-` takes it away.
    #[track_caller]
    fn check(line: &str, by: &str, expected: &str) {
        let request = format!("INVITE sip:c@d SIP/2.0\n{LINES}");
        let by = if by == "-" { String::new() } else { format!("{by}\n") };
        let start = request.find(line).expect("the line is in the request");
        let end = start + request[start..].find('\n').expect("the line ends") + 1;
        let changed = format!("{}{by}{}", &request[..start], &request[end..]);
        assert_eq!(verdict(&changed), expected, "for {by:?} in place of {line:?}");
    }

    #[test]
    fn a_good_request_and_a_good_response_break_nothing() {
        // RFC 3261 §8.1.1.8, §8.1.3, §16.3
        assert_eq!(verdict(&format!("INVITE sip:c@d SIP/2.0\n{LINES}")), "ok");
        assert_eq!(verdict(&format!("INVITE tel:+1617 sip/2.0\n{LINES}")), "ok");
        assert_eq!(verdict(&format!("INVITE urn:service:sos.fire SIP/2.0\n{LINES}")), "ok", "RFC 5031 §4.2");
        assert_eq!(verdict(&format!("SIP/2.0 200 OK\n{LINES}")), "ok");
        check("Max-Forwards", "-", "ok");
        check("Max-Forwards", "Max-Forwards: 0", "ok");
        check("Contact", "-", "ok");
        check("Content-Length", "-", "ok");
        check("To", "To: <sip:c@d>\nt: <sip:c@d>", "ok");
        check("Call-ID", "Call-ID: intmeth.word%ZK-!.*_+'@word`~)(><:\\/\"][?}{", "ok");
    }

    #[test]
    fn each_broken_rule_is_named_with_its_section_and_status() {
        // RFC 3261 §8.2, §8.2.2, §21.4
        check("INVITE", "INVITE sip:c@d SIP/7.0", "answer 505: the version is not SIP/2.0 (RFC 3261 §7.1)");
        check(
            "INVITE",
            "INVITE urn:service:counseling SIP/2.0",
            "answer 416: the scheme of the Request-URI is not sip, sips or tel (RFC 3261 §8.2.2.1)",
        );
        let space = "answer 400: the Request-URI is missing or has white space in it (RFC 3261 §7.1)";
        check("INVITE", "INVITE sip:c@d; lr SIP/2.0", space);
        check("INVITE", "INVITE  SIP/2.0", space);
        check(
            "INVITE",
            "INVITE <sip:c@d> SIP/2.0",
            "answer 400: the Request-URI is malformed (RFC 3261 §19.1): it holds octet 0x3c, which must be escaped",
        );
        check(
            "INVITE",
            "BYE sip:c@d SIP/2.0",
            "answer 400: CSeq names another method than the request line (RFC 3261 §8.1.1.5)",
        );
        check(
            "CSeq",
            "CSeq: 2147483648 INVITE",
            "answer 400: CSeq is malformed (RFC 3261 §20.16): its number is not below 2147483648",
        );
        check(
            "CSeq",
            "CSeq: INVITE",
            "answer 400: CSeq is malformed (RFC 3261 §20.16): it is not a number and a method",
        );
        check("CSeq", "-", "drop, else 400: CSeq is missing (RFC 3261 §8.1.1)");
        check("From", "-", "answer 400: From is missing (RFC 3261 §8.1.1)");
        check("To", "-", "answer 400: To is missing (RFC 3261 §8.1.1)");
        check("Call-ID", "-", "answer 400: Call-ID is missing (RFC 3261 §8.1.1)");
        check("Call-ID", "Call-ID:", "answer 400: Call-ID is empty (RFC 3261 §25.1)");
        check(
            "Call-ID",
            "Call-ID: 1\nCall-ID: 2",
            "answer 400: Call-ID stands more than once with different values (RFC 3261 §7.3.1)",
        );
        check(
            "From",
            "f: <sip:a@b>;tag=1\nf: <sip:a@b>;tag=2",
            "answer 400: From stands more than once with different values (RFC 3261 §7.3.1)",
        );
        check(
            "Max",
            "Max-Forwards: 70\nMax-Forwards: 5",
            "answer 400: Max-Forwards stands more than once with different values (RFC 3261 §7.3.1)",
        );
        check(
            "Max",
            "Max-Forwards: 300",
            "answer 400: Max-Forwards is not a number from 0 to 255 (RFC 3261 §20.22)",
        );
        check(
            "Max",
            "Max-Forwards: -1",
            "answer 400: Max-Forwards is not a number from 0 to 255 (RFC 3261 §20.22)",
        );
        check(
            "To",
            "To: \"Mr. J <sip:c@d>",
            "answer 400: To is malformed (RFC 3261 §20): a quoted name is never closed",
        );
        check(
            "From",
            "From: nobody",
            "answer 400: From is malformed (RFC 3261 §20): its URI: there is no scheme such as `sip:` before it",
        );
        check(
            "Contact",
            "m: <>",
            "answer 400: Contact is malformed (RFC 3261 §20.10): its URI: there is no scheme such as `sip:` before it",
        );
        check(
            "Call-ID",
            "Call-ID 1",
            "answer 400: header line 4 is not a name, a colon and a value (RFC 3261 §7.3.1)",
        );
    }

    #[test]
    fn a_register_binds_a_sip_uri_to_contacts() {
        let register = |to: &str, contact: &str| {
            let lines = LINES.replace("1 INVITE", "1 REGISTER").replace("<sip:c@d>", to);
            verdict(&format!("REGISTER sip:d SIP/2.0\n{}", lines.replace("Contact: <sip:a@h>", contact)))
        };
        assert_eq!(register("<sips:c@d>", "Contact: <sip:a@h>;expires=60, <mailto:a@h>"), "ok");
        assert_eq!(register("<sip:c@d>", "Contact: *"), "ok");
        let record = "answer 400: To of a REGISTER is not a SIP or SIPS URI (RFC 3261 §10.2)";
        assert_eq!(register("<tel:+1617>", "Contact: <sip:a@h>"), record);
        assert_eq!(
            register("<sip:c@d>", "Contact: <sip:a@h>\nm: sip:a@b?Route=%3Csip:c%3E"),
            "answer 400: Contact is malformed (RFC 3261 §20.10): a URI with header fields is not in angle brackets"
        );
    }

    #[test]
    fn a_request_whose_answer_finds_no_way_is_dropped() {
        // RFC 3261 §18.2.2
        check("Via", "-", "drop, else 400: Via is missing (RFC 3261 §8.1.1)");
        check("Via", "Via:", "drop, else 400: Via is missing (RFC 3261 §8.1.1)");
        check(
            "Via",
            "Via: UDP",
            "drop, else 400: the top Via is malformed (RFC 3261 §20.42): it does not begin with `SIP/2.0/` and a transport",
        );
        check(
            "Via",
            "Via: SIP/2.0/UDP 192.0.2.15;;,;,,",
            "answer 400: the top Via is malformed (RFC 3261 §20.42): a semicolon has no parameter after it",
        );
    }

    #[test]
    fn a_stream_needs_a_length_that_fits() {
        for (length, status) in [("", Some(400)), ("l: 0\r\n", None), ("l: 99999\r\n", Some(413))] {
            let text = format!("OPTIONS sip:a@b SIP/2.0\r\n{length}\r\n");
            let Ok(Message::Request(request)) = parse(text.as_bytes()) else { panic!("{text}") };
            let found = validate_on_stream(&request).err().map(|violation| violation.status());
            assert_eq!(found, status, "{length:?}");
        }
    }

    #[test]
    fn too_many_vias_are_a_loop_on_one_line_or_many() {
        let one = "SIP/2.0/UDP h;branch=z9hG4bK1";
        let most = format!("Via: {}", vec![one; SIP_VIA_MAX].join(","));
        check("Via", &most, "ok");
        let over = "drop, else 400: more than 70 Via values: a loop (RFC 3261 §16.3)";
        check("Via", &format!("{most},{one}"), over);
        check("Via", &vec![format!("v: {one}"); 200].join("\n"), over);
    }

    #[test]
    fn a_wrong_content_length_is_named_with_its_values() {
        let length = "Content-Length";
        check(length, "l: -999", "answer 400: Content-Length is negative (RFC 3261 §20.14)");
        check(length, "l: x", "answer 400: Content-Length is not a number of octets (RFC 3261 §20.14)");
        check(
            length,
            "l: 13\nl: 5",
            "answer 400: Content-Length stands twice, with 13 and 5 octets (RFC 3261 §20.14)",
        );
        check(
            length,
            "l: 9999",
            "answer 400: Content-Length announces 9999 octets, but 0 came (RFC 3261 §18.3)",
        );
        assert_eq!(
            verdict("INVITE sip:c@d SIP/2.0\nVia: SIP/2.0/UDP h\nCSeq: 1 INV"),
            "answer 400: no empty line ends the header fields (RFC 3261 §7)"
        );
    }
}
