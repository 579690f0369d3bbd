//! One SIP message in one datagram: start line, header fields, body (RFC 3261 §7, §18.3).
//!
//! Reading is lenient where RFC 3261 §25 and the world differ and a reader can still tell what was
//! meant: line ends of LF alone, folded lines, white space before a colon. What is read here may
//! still break rules: [`validate`](super::validate) names them, so that they can be answered.

use super::grammar::{decimal, is_token, trim, trim_end};
use super::header::Headers;
use super::method::Method;
use super::name::Name;
use crate::limits::{SIP_DATAGRAM_MAX_OCTETS, SIP_HEADERS_MAX};
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
#[derive(Clone, Copy, Debug)]
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
#[derive(Clone, Copy, Debug)]
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
    let indexed =
        Headers::index(rest, SIP_HEADERS_MAX).ok_or(ParseError::TooManyHeaders { max: SIP_HEADERS_MAX })?;
    let headers = indexed.headers;
    let (body, length) = match indexed.body {
        Some(rest) => measure_body(&headers, rest),
        None => (&[][..], BodyLength::NoEmptyLine),
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
