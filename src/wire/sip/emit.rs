//! Values to octets: requests and responses (RFC 3261 §7, §8.1.1, §8.2.6, §18.2.1; RFC 3581 §4).
//!
//! One builder writes both, front to back into one buffer. Every value passes [`Builder::put`],
//! which turns CR, LF and NUL into spaces: a value from a peer cannot begin a new header line.

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
        let Ok(via) = Via::read(value) else { return self.header(Name::Via, value) };
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

    /// Writes octets that may not end the line: CR, LF and NUL become spaces.
    fn put(&mut self, octets: &[u8]) {
        let start = self.octets.len();
        self.octets.extend_from_slice(octets);
        for octet in &mut self.octets[start..] {
            if matches!(octet, b'\r' | b'\n' | 0) {
                *octet = b' ';
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
