//! The SDP in a request: the body itself, or one part of it (RFC 3261 §8.2.3, RFC 5621 §3.1).
//!
//! Mobile and emergency networks send SDP in `multipart/mixed` beside a location or an ISUP message.
//! The other parts are not ours to understand, and a caller is not turned away for them.

use super::refusal::Refusal;
use crate::wire::sip::grammar::Parameters;
use crate::wire::sip::grammar::{split_at_outside, unquote};
use crate::wire::sip::header::Headers;
use crate::wire::sip::message::{Request, Response};
use crate::wire::sip::name::Name;
use crate::wire::sip::value::MediaType;

/// The longest line between parts (RFC 2046 §5.1.1): it bounds the search for it.
const BOUNDARY_MAX_OCTETS: usize = 70;

/// How deep parts may stand within parts.
const DEPTH_MAX: u8 = 3;

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
    match find_sdp(headers, body, DEPTH_MAX) {
        Some(sdp) => Ok(Some(sdp)),
        None if is_optional(headers.first(Name::ContentDisposition)) => Ok(None),
        None => Err(Refusal::ContentType),
    }
}

/// The body if it is SDP, or the first part of it that is (RFC 2046 §5.1.1), also within another part.
fn find_sdp<'a>(headers: &Headers<'a>, body: &'a [u8], depth: u8) -> Option<&'a [u8]> {
    let media_type = headers.first(Name::ContentType).and_then(MediaType::read)?;
    if media_type.is("application", "sdp") {
        return Some(body);
    }
    let boundary = media_type.parameters.value("boundary").map(unquote)?;
    if depth == 0 || !is_multipart(&media_type, &boundary) {
        return None;
    }
    let delimiter = [b"--", &boundary[..]].concat();
    let mut rest = Some(&body[find_delimiter(body, &delimiter)?..]);
    while let Some(after) =
        rest.take().map(|rest| &rest[delimiter.len()..]).filter(|after| !after.starts_with(b"--"))
    {
        let end = find_delimiter(after, &delimiter)?;
        let found = sdp_of_part(&after[..end], depth - 1);
        if found.is_some() {
            return found;
        }
        rest = Some(&after[end..]);
    }
    None
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
    media_type.kind.eq_ignore_ascii_case(b"multipart") && (1..=BOUNDARY_MAX_OCTETS).contains(&boundary.len())
}

/// `handling=optional` lets a body be ignored (RFC 3261 §20.11).
fn is_optional(disposition: Option<&[u8]>) -> bool {
    let parameters = disposition.and_then(|value| split_at_outside(value, b';').1).unwrap_or_default();
    Parameters::new(parameters).value("handling").is_some_and(|how| how.eq_ignore_ascii_case(b"optional"))
}

/// The SDP of what stands between two delimiters. The rest of the first delimiter's line is not its own, nor is
/// the line end before the second.
fn sdp_of_part(between: &[u8], depth: u8) -> Option<&[u8]> {
    let line_end = between.iter().position(|&octet| octet == b'\n')?;
    let part = between[line_end + 1..].strip_suffix(b"\n")?;
    let (headers, content) = Headers::of_part(part.strip_suffix(b"\r").unwrap_or(part))?;
    if is_recoded(&headers) || headers.has(Name::ContentEncoding) {
        return None;
    }
    find_sdp(&headers, content, depth)
}

/// Whether a part is not written as it is, which no SIP has a need for (RFC 2045 §6.1).
fn is_recoded(headers: &Headers<'_>) -> bool {
    let plain = [&b"7bit"[..], b"8bit", b"binary"];
    headers.iter().any(|(name, value)| {
        name.eq_ignore_ascii_case(b"Content-Transfer-Encoding")
            && !plain.iter().any(|plain| plain.eq_ignore_ascii_case(value))
    })
}

/// Where the delimiter stands at the beginning of a line, with nothing more of a word after it.
fn find_delimiter(octets: &[u8], delimiter: &[u8]) -> Option<usize> {
    let mut from = 0;
    loop {
        let at = from + find(&octets[from..], delimiter)?;
        let begins = at == 0 || octets[at - 1] == b'\n';
        let after = &octets[at + delimiter.len()..];
        if begins && (after.starts_with(b"--") || after.first().is_none_or(u8::is_ascii_whitespace)) {
            return Some(at);
        }
        from = at + 1;
    }
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
        // RFC 2046 §5.1, §5.1.1. RFC 2045 §6.1; RFC 5621 §3.1
        check("no body", "", "", Ok(None));
        check("plain", "Content-Type: Application/SDP;charset=x\r\n", "v=0", Ok(Some("v=0")));
        let sdp = "--b 1\r\nContent-Disposition: session\r\ncontent-type: application/sdp\r\n\r\nv=0\r\n";
        check("a part after another", MIXED, &format!("{LOCATION}{sdp}--b 1--\r\n"), Ok(Some("v=0")));
        check("a part before another", MIXED, &format!("pre\r\n{sdp}{LOCATION}--b 1--"), Ok(Some("v=0")));
        let lines = format!("{LOCATION}{sdp}--b 1--").replace('\r', "");
        check("line feeds alone", MIXED, &lines, Ok(Some("v=0")));
        let inner = "--b 1\r\nContent-Type: multipart/alternative;\r\n boundary=in\r\n\r\n--in\r\n\r\nplain text\r\n\
                     --in\r\nContent-Type: application/sdp\r\n\r\nv=0\r\n--in--\r\n";
        check("a part within a part", MIXED, &format!("{inner}--b 1--"), Ok(Some("v=0")));
        let lookalike = "--b 1\r\nContent-Type: text/plain\r\n\r\n--b 12 --b 1\r\n";
        check(
            "text that looks like a delimiter",
            MIXED,
            &format!("{lookalike}{sdp}--b 1--"),
            Ok(Some("v=0")),
        );
        let base64 = "--b 1\r\nContent-Type: application/sdp\r\nContent-Transfer-Encoding: base64\r\n\r\ndj0w\r\n--b 1--";
        check("a part in base64", MIXED, base64, Err(Refusal::ContentType));
        check("an empty part", MIXED, &format!("--b 1\r\n\r\n{sdp}--b 1--"), Ok(Some("v=0")));
        check(
            "a part after the last",
            MIXED,
            &format!("{LOCATION}--b 1--\r\n{sdp}--b 1--"),
            Err(Refusal::ContentType),
        );
        check("no part", MIXED, &format!("{LOCATION}--b 1--"), Err(Refusal::ContentType));
        check("never closed", MIXED, sdp, Err(Refusal::ContentType));
        let long = format!("Content-Type: multipart/mixed;boundary={}\r\n", "-".repeat(71));
        check("a boundary without end", &long, &"-".repeat(9_000), Err(Refusal::ContentType));
        check("no boundary", "Content-Type: multipart/mixed\r\n", sdp, Err(Refusal::ContentType));
    }

    #[test]
    fn what_is_no_sdp_is_ignored_only_if_it_may_be() {
        // RFC 3261 §8.2.3, §20.11
        let text = "Content-Type: text/plain\r\n";
        check("must be understood", text, "hello", Err(Refusal::ContentType));
        let optional = format!("{text}Content-Disposition: render;handling=Optional\r\n");
        check("may be ignored", &optional, "hello", Ok(None));
        check("no type", "", "hello", Err(Refusal::ContentType));
        let packed = "Content-Type: application/sdp\r\nContent-Encoding: gzip\r\n";
        check("packed", packed, "x", Err(Refusal::ContentEncoding));
    }
}
