//! The URL of a request (RFC 3986 §3), as a step writes it: read strictly, so that what is asked is what is read.
//!
//! Only `http` and `https`, no user or password, no fragment. Plain `http` is for this machine and the clinic's own
//! network; elsewhere anybody on the way could read of the patient.

use crate::limits::REQUEST_URL_MAX_OCTETS;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use thiserror::Error;

/// A URL, its parts apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Url {
    /// With or without TLS.
    pub scheme: Scheme,
    /// Whom.
    pub host: Host,
    /// At this port.
    pub port: u16,
    /// The path, from its first slash on.
    pub path: String,
    /// What stands behind a question mark, if there is one.
    pub query: Option<String>,
}

/// With or without TLS (RFC 9110 §4.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// Without.
    Http,
    /// With.
    Https,
}

impl Scheme {
    const fn port(self) -> u16 {
        match self {
            Scheme::Http => 80,
            Scheme::Https => 443,
        }
    }
}

/// A host of a URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Host {
    /// By its name, in lower case.
    Name(String),
    /// By its address.
    Address(IpAddr),
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Host::Name(name) => f.write_str(name),
            Host::Address(IpAddr::V4(address)) => address.fmt(f),
            Host::Address(IpAddr::V6(address)) => write!(f, "[{address}]"),
        }
    }
}

/// Why a text is no URL that a request can have. No password is in it.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum UrlFault {
    /// Another scheme, or none.
    #[error("it begins neither with https:// nor with http://")]
    Scheme,
    /// Something before an `@`.
    #[error("a user or password stands in it")]
    User,
    /// The host is empty or no host.
    #[error("`{0}` is no host")]
    Host(String),
    /// The port is no port.
    #[error("`{0}` is no port")]
    Port(String),
    /// A character that must be written with `%`.
    #[error("the character {0:?} cannot stand in it")]
    Character(char),
    /// A `#`.
    #[error("`#` begins a part that no server gets to see")]
    Fragment,
    /// Over [`REQUEST_URL_MAX_OCTETS`].
    #[error("it is longer than {REQUEST_URL_MAX_OCTETS} characters")]
    Long,
    /// Without TLS out of the house.
    #[error("`{0}` is not in the clinic's own network, and http:// can be read by anybody on the way")]
    Open(String),
}

impl Url {
    /// Reads a URL.
    ///
    /// # Errors
    /// [`UrlFault`] for everything that a request cannot have.
    pub fn read(text: &str) -> Result<Url, UrlFault> {
        if text.len() > REQUEST_URL_MAX_OCTETS {
            return Err(UrlFault::Long);
        }
        let (scheme, rest) = scheme(text)?;
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, tail) = rest.split_at(end);
        let (host, port) = authority_of(authority, scheme)?;
        if tail.contains('#') {
            return Err(UrlFault::Fragment);
        }
        let (path, query) = match tail.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (tail, None),
        };
        written(path, "/:@")?;
        written(query.unwrap_or_default(), "/:@?")?;
        if scheme == Scheme::Http && !in_the_house(&host) {
            return Err(UrlFault::Open(host.to_string()));
        }
        let path = if path.is_empty() { "/" } else { path };
        Ok(Url { scheme, host, port, path: path.to_owned(), query: query.map(str::to_owned) })
    }

    /// Host and port as the `Host` field has them (RFC 9110 §7.2): without a port that goes without saying.
    pub fn authority(&self) -> String {
        if self.port == self.scheme.port() {
            self.host.to_string()
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }
}

fn scheme(text: &str) -> Result<(Scheme, &str), UrlFault> {
    let (name, rest) = text.split_once("://").ok_or(UrlFault::Scheme)?;
    match name.to_ascii_lowercase().as_str() {
        "https" => Ok((Scheme::Https, rest)),
        "http" => Ok((Scheme::Http, rest)),
        _ => Err(UrlFault::Scheme),
    }
}

fn authority_of(text: &str, scheme: Scheme) -> Result<(Host, u16), UrlFault> {
    if text.contains('@') {
        return Err(UrlFault::User);
    }
    let (host, port) = match text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((inside, port)) => {
            let address: Ipv6Addr = inside.parse().map_err(|_| UrlFault::Host(inside.to_owned()))?;
            (Host::Address(IpAddr::V6(address)), port)
        }
        None => {
            let (name, port) = text.split_at(text.find(':').unwrap_or(text.len()));
            (name_or_address(name)?, port)
        }
    };
    let port = match port.strip_prefix(':') {
        Some(digits) if digits.bytes().all(|b| b.is_ascii_digit()) => {
            digits.parse().ok().filter(|port| *port > 0)
        }
        None if port.is_empty() => Some(scheme.port()),
        Some(_) | None => None,
    };
    Ok((host, port.ok_or_else(|| UrlFault::Port(text.to_owned()))?))
}

/// A name of letters, digits and hyphens (RFC 1123 §2.1), or an IPv4 address.
fn name_or_address(text: &str) -> Result<Host, UrlFault> {
    if let Ok(address) = text.parse::<Ipv4Addr>() {
        return Ok(Host::Address(IpAddr::V4(address)));
    }
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    // Whatever ends in a number would be read as an address by some and as a name by others.
    let last = text.rsplit('.').next().unwrap_or_default();
    let numeric = last.bytes().all(|b| b.is_ascii_digit()) || last.starts_with("0x");
    if text.len() > 253 || numeric || !text.split('.').all(label) {
        return Err(UrlFault::Host(text.to_owned()));
    }
    Ok(Host::Name(text.to_ascii_lowercase()))
}

/// Whether every character may stand in a path or query (RFC 3986 §3.3, §3.4), and `%` before two hexadecimal digits.
fn written(text: &str, more: &str) -> Result<(), UrlFault> {
    let octets = text.as_bytes();
    for (at, c) in text.char_indices() {
        let fits = match c {
            '%' => octets.get(at + 1..at + 3).is_some_and(|two| two.iter().all(u8::is_ascii_hexdigit)),
            c => c.is_ascii_alphanumeric() || "-._~!$&'()*+,;=".contains(c) || more.contains(c),
        };
        if !fits {
            return Err(UrlFault::Character(c));
        }
    }
    Ok(())
}

/// This machine, or a network that the internet does not carry (RFC 1918 §3, RFC 4193 §3, RFC 3927 §2).
fn in_the_house(host: &Host) -> bool {
    match host {
        Host::Name(name) => name == "localhost" || name.ends_with(".localhost") || !name.contains('.'),
        Host::Address(IpAddr::V4(ip)) => ip.is_loopback() || ip.is_private() || ip.is_link_local(),
        Host::Address(IpAddr::V6(ip)) => {
            ip.is_loopback() || ip.is_unique_local() || ip.is_unicast_link_local()
        }
    }
}
