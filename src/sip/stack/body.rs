//! The SDP in a request: the body itself, or one part of it (RFC 3261 §8.2.3, RFC 5621 §3.1).
//!
//! Mobile and emergency networks send SDP in `multipart/mixed` beside a location or an ISUP message.
//! The other parts are not ours to understand, and a caller is not turned away for them.

use super::refusal::Refusal;
use crate::wire::sip::grammar::Parameters;
use crate::wire::sip::grammar::{split_at_outside, trim, unquote};
use crate::wire::sip::header::Headers;
use crate::wire::sip::message::{Request, Response};
use crate::wire::sip::name::Name;
use crate::wire::sip::value::MediaType;

/// The longest line between parts (RFC 2046 §5.1.1): it bounds the search for it.
const BOUNDARY_MAX_OCTETS: usize = 70;

/// The SDP that a request carries; `None` if it carries no body, or one that it lets us ignore.
///
/// # Errors
/// [`Refusal::ContentType`] and [`Refusal::ContentEncoding`] when there is a body that we must not
/// ignore and cannot read.
pub fn sdp<'a>(request: &Request<'a>) -> Result<Option<&'a [u8]>, Refusal> {
    sdp_in(&request.headers, request.body)
}

/// The SDP that a message with those header fields carries in that body.
///
/// # Errors
/// As [`sdp`].
fn sdp_in<'a>(headers: &Headers<'a>, body: &'a [u8]) -> Result<Option<&'a [u8]>, Refusal> {
    if body.is_empty() {
        return Ok(None);
    }
    if headers.values(Name::ContentEncoding).any(|way| !way.eq_ignore_ascii_case(b"identity")) {
        return Err(Refusal::ContentEncoding);
    }
    let media_type =
        headers.first(Name::ContentType).and_then(MediaType::read).ok_or(Refusal::ContentType)?;
    let found = match media_type.parameters.value("boundary").map(unquote) {
        _ if media_type.is("application", "sdp") => Some(body),
        Some(boundary) if is_multipart(&media_type, &boundary) => sdp_part(body, &boundary),
        Some(_) | None => None,
    };
    match found {
        Some(sdp) => Ok(Some(sdp)),
        None if is_optional(headers.first(Name::ContentDisposition)) => Ok(None),
        None => Err(Refusal::ContentType),
    }
}

/// The SDP of a response; nothing if there is none to be read. Nobody can be told that the type is missing, so
/// it is forgiven.
pub fn sdp_of_response<'a>(response: &Response<'a>) -> Option<&'a [u8]> {
    let untyped = || response.body.starts_with(b"v=") && !response.headers.has(Name::ContentType);
    match sdp_in(&response.headers, response.body) {
        Ok(found) => found,
        Err(_) => untyped().then_some(response.body),
    }
}

/// Whether there are parts, and what parts them is no longer than it may be (RFC 2046 §5.1.1).
fn is_multipart(media_type: &MediaType<'_>, boundary: &[u8]) -> bool {
    media_type.kind.eq_ignore_ascii_case(b"multipart") && boundary.len() <= BOUNDARY_MAX_OCTETS
}

/// `handling=optional` lets a body be ignored (RFC 3261 §20.11).
fn is_optional(disposition: Option<&[u8]>) -> bool {
    let parameters = disposition.and_then(|value| split_at_outside(value, b';').1).unwrap_or_default();
    Parameters::new(parameters).value("handling").is_some_and(|how| how.eq_ignore_ascii_case(b"optional"))
}

/// The first part that is SDP (RFC 2046 §5.1.1).
fn sdp_part<'a>(body: &'a [u8], boundary: &[u8]) -> Option<&'a [u8]> {
    let delimiter = [b"--", boundary].concat();
    let mut rest = &body[find(body, &delimiter)? + delimiter.len()..];
    while let Some(end) = find(rest, &delimiter) {
        let part = &rest[..end];
        if let Some(content) = sdp_of(part.strip_prefix(b"\r\n").unwrap_or(part)) {
            return Some(content);
        }
        rest = &rest[end + delimiter.len()..];
    }
    None
}

/// The content of a part whose Content-Type is SDP; the line end before the delimiter is not its own.
fn sdp_of(part: &[u8]) -> Option<&[u8]> {
    let blank = find(part, b"\r\n\r\n")?;
    let (head, content) = (&part[..blank], &part[blank + 4..]);
    let is_sdp = head.split(|&octet| octet == b'\n').any(|line| {
        let (name, value) = split_at_outside(line, b':');
        trim(name).eq_ignore_ascii_case(b"Content-Type")
            && value.map(trim).and_then(MediaType::read).is_some_and(|kind| kind.is("application", "sdp"))
    });
    is_sdp.then(|| content.strip_suffix(b"\r\n").unwrap_or(content))
}

fn find(octets: &[u8], wanted: &[u8]) -> Option<usize> {
    octets.windows(wanted.len()).position(|window| window == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::sip::message::{Message, parse};

    #[track_caller]
    fn check(name: &str, headers: &str, body: &str, expected: Result<Option<&str>, Refusal>) {
        let text = format!("INVITE sip:a@b SIP/2.0\r\n{headers}\r\n{body}");
        let Ok(Message::Request(request)) = parse(text.as_bytes()) else { panic!("{text}") };
        assert_eq!(sdp(&request), expected.map(|sdp| sdp.map(str::as_bytes)), "{name}");
    }

    const MIXED: &str = "Content-Type: multipart/mixed;boundary=\"b 1\"\r\n";
    const LOCATION: &str = "--b 1\r\nContent-Type: application/pidf+xml\r\n\r\n<xml/>\r\n";

    #[test]
    fn sdp_is_found_wherever_it_stands() {
        check("no body", "", "", Ok(None));
        check("plain", "Content-Type: Application/SDP;charset=x\r\n", "v=0", Ok(Some("v=0")));
        let sdp = "--b 1\r\nContent-Disposition: session\r\ncontent-type: application/sdp\r\n\r\nv=0\r\n";
        check("a part after another", MIXED, &format!("{LOCATION}{sdp}--b 1--\r\n"), Ok(Some("v=0")));
        check("a part before another", MIXED, &format!("pre\r\n{sdp}{LOCATION}--b 1--"), Ok(Some("v=0")));
        check("no part", MIXED, &format!("{LOCATION}--b 1--"), Err(Refusal::ContentType));
        check("never closed", MIXED, sdp, Err(Refusal::ContentType));
        let long = format!("Content-Type: multipart/mixed;boundary={}\r\n", "-".repeat(71));
        check("a boundary without end", &long, &"-".repeat(9_000), Err(Refusal::ContentType));
        check("no boundary", "Content-Type: multipart/mixed\r\n", sdp, Err(Refusal::ContentType));
    }

    #[test]
    fn what_is_no_sdp_is_ignored_only_if_it_may_be() {
        let text = "Content-Type: text/plain\r\n";
        check("must be understood", text, "hello", Err(Refusal::ContentType));
        let optional = format!("{text}Content-Disposition: render;handling=Optional\r\n");
        check("may be ignored", &optional, "hello", Ok(None));
        check("no type", "", "hello", Err(Refusal::ContentType));
        let packed = "Content-Type: application/sdp\r\nContent-Encoding: gzip\r\n";
        check("packed", packed, "x", Err(Refusal::ContentEncoding));
    }
}
