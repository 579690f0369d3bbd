//! One Via value: the way a response goes back (RFC 3261 §20.42, §18.2; RFC 3581).

use super::grammar::{Parameters, decimal, find_near, is_lws_octet, is_token, trim};
use super::uri::{Host, UriError, read_host_port};
use std::net::IpAddr;
use thiserror::Error;

/// What a branch begins with when it names a transaction by itself (RFC 3261 §8.1.1.7).
pub const MAGIC_COOKIE: &[u8] = b"z9hG4bK";

/// One Via value, borrowed from the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Via<'a> {
    /// The transport, such as `UDP`, as it is written.
    pub transport: &'a [u8],
    /// Host of sent-by.
    pub host: Host<'a>,
    /// Port of sent-by, if it is written.
    pub port: Option<u16>,
    /// The parameters, known and unknown.
    pub parameters: Parameters<'a>,
    branch: Option<&'a [u8]>,
    received: Option<IpAddr>,
    rport: Option<Option<u16>>,
}

/// Why a value is no Via.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ViaError {
    /// Does not begin with name, version and transport apart by slashes.
    #[error("it does not begin with `SIP/2.0/` and a transport")]
    Protocol,
    /// Another protocol or version than SIP/2.0.
    #[error("its protocol is not SIP/2.0")]
    Version,
    /// sent-by is no host and port.
    #[error("sent-by: {0}")]
    SentBy(UriError),
    /// A semicolon without a parameter.
    #[error("a semicolon has no parameter after it")]
    Parameters,
    /// `received` is no address.
    #[error("its received is no address")]
    Received,
    /// `rport` is no port.
    #[error("its rport is no port")]
    Rport,
}

/// Whether each semicolon has a parameter after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Semicolons {
    Whole,
    Empty,
}

impl<'a> Via<'a> {
    /// Reads one Via value; white space may stand around slashes, colon and semicolons.
    ///
    /// # Errors
    /// [`ViaError`] when it is none.
    pub fn read(value: &'a [u8]) -> Result<Self, ViaError> {
        let (via, semicolons) = Self::read_loosely(value)?;
        if semicolons == Semicolons::Empty { Err(ViaError::Parameters) } else { Ok(via) }
    }

    /// Reads one Via value of a request that is refused: a semicolon without a parameter is passed over,
    /// for the answer finds its way all the same (RFC 4475 §3.1.2.1).
    ///
    /// # Errors
    /// [`ViaError`] when no answer finds a way.
    pub fn read_to_answer(value: &'a [u8]) -> Result<Self, ViaError> {
        Self::read_loosely(value).map(|(via, _)| via)
    }

    #[inline]
    fn read_loosely(value: &'a [u8]) -> Result<(Self, Semicolons), ViaError> {
        let (sent, parameters) = match find_near(value, b';') {
            Some(semicolon) => (&value[..semicolon], Some(&value[semicolon + 1..])),
            None => (value, None),
        };
        let rest = match sent.strip_prefix(b"SIP/2.0/") {
            Some(rest) => trim(rest),
            None => after_version(sent)?,
        };
        let space = rest.iter().position(|&octet| is_lws_octet(octet)).ok_or(ViaError::Protocol)?;
        let (transport, sent_by) = (&rest[..space], trim(&rest[space..]));
        if !is_token(transport) {
            return Err(ViaError::Protocol);
        }
        let (host, port) = read_host_port(sent_by).map_err(ViaError::SentBy)?;
        let mut via = Self {
            transport,
            host,
            port,
            parameters: Parameters::new(parameters.unwrap_or_default()),
            branch: None,
            received: None,
            rport: None,
        };
        let mut semicolons = Semicolons::Whole;
        if parameters.is_some_and(<[u8]>::is_empty) {
            semicolons = Semicolons::Empty;
        }
        for (name, value) in via.parameters.each() {
            if name.is_empty() {
                semicolons = Semicolons::Empty;
            }
            via.take(name, value)?;
        }
        Ok((via, semicolons))
    }

    /// Takes one parameter; of two of one name the first counts.
    fn take(&mut self, name: &[u8], value: Option<&'a [u8]>) -> Result<(), ViaError> {
        let value = value.unwrap_or_default();
        match name {
            b"branch" if !value.is_empty() => _ = self.branch.get_or_insert(value),
            _ if name.eq_ignore_ascii_case(b"branch") && !value.is_empty() => {
                self.branch.get_or_insert(value);
            }
            _ if name.eq_ignore_ascii_case(b"received") => {
                self.received.get_or_insert(read_received(value)?);
            }
            _ if name.eq_ignore_ascii_case(b"rport") => {
                self.rport.get_or_insert(read_rport(value)?);
            }
            _ => {}
        }
        Ok(())
    }

    /// The branch; with the cookie it names the transaction (RFC 3261 §17.2.3).
    pub const fn branch(&self) -> Option<&'a [u8]> {
        self.branch
    }

    /// The address that the request came from, as the next hop saw it.
    pub const fn received(&self) -> Option<IpAddr> {
        self.received
    }

    /// RFC 3581: `Some(None)` asks for the port, `Some(Some(port))` tells it.
    pub const fn rport(&self) -> Option<Option<u16>> {
        self.rport
    }

    /// Whether the branch names the transaction by itself: the cookie of RFC 3261 §8.1.1.7, in any
    /// case, and something after it. A cookie alone names nothing (RFC 4475 §3.2.1).
    pub fn has_cookie(&self) -> bool {
        let split = self.branch.and_then(|branch| branch.split_at_checked(MAGIC_COOKIE.len()));
        split.is_some_and(|(start, id)| start.eq_ignore_ascii_case(MAGIC_COOKIE) && !id.is_empty())
    }

    /// How far a multicast packet goes.
    pub fn ttl(&self) -> Option<u8> {
        self.parameters.value("ttl").and_then(decimal).and_then(|ttl| u8::try_from(ttl).ok())
    }

    /// Where the response shall go instead of sent-by (RFC 3261 §18.2.2).
    pub fn maddr(&self) -> Option<Host<'a>> {
        self.parameters.value("maddr").and_then(Host::read)
    }
}

/// What follows the protocol and its version, written with white space or in small letters.
fn after_version(sent: &[u8]) -> Result<&[u8], ViaError> {
    let mut parts = sent.splitn(3, |&octet| octet == b'/').map(trim);
    let (Some(name), Some(version), Some(rest)) = (parts.next(), parts.next(), parts.next()) else {
        return Err(ViaError::Protocol);
    };
    if name.eq_ignore_ascii_case(b"SIP") && version == b"2.0" { Ok(rest) } else { Err(ViaError::Version) }
}

fn read_received(value: &[u8]) -> Result<IpAddr, ViaError> {
    // IPv6 is written without brackets by the grammar and with them by many.
    let bare = value.strip_prefix(b"[").and_then(|inner| inner.strip_suffix(b"]")).unwrap_or(value);
    std::str::from_utf8(bare).ok().and_then(|text| text.parse().ok()).ok_or(ViaError::Received)
}

fn read_rport(value: &[u8]) -> Result<Option<u16>, ViaError> {
    match value {
        [] => Ok(None),
        _ => decimal(value).and_then(|port| u16::try_from(port).ok()).map(Some).ok_or(ViaError::Rport),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(value: &str) -> String {
        match Via::read(value.as_bytes()) {
            Err(error) => format!("error: {error}"),
            Ok(via) => format!(
                "{} {} port={:?} branch={} cookie={} received={:?} rport={:?} ttl={:?} maddr={}",
                via.transport.escape_ascii(),
                via.host,
                via.port,
                via.branch().map_or("-".to_owned(), |branch| branch.escape_ascii().to_string()),
                via.has_cookie(),
                via.received(),
                via.rport(),
                via.ttl(),
                via.maddr().map_or("-".to_owned(), |host| host.to_string()),
            ),
        }
    }

    #[track_caller]
    fn check(value: &str, expected: &str) {
        assert_eq!(shown(value), expected, "for {value:?}");
    }

    #[test]
    fn a_via_is_read_in_all_its_spellings() {
        // RFC 3261 §8.1.1.7, §18.2, §20.42
        check(
            "SIP/2.0/UDP 192.0.2.2;branch=z9hG4bKa1;rport",
            "UDP 192.0.2.2 port=None branch=z9hG4bKa1 cookie=true received=None rport=Some(None) ttl=None maddr=-",
        );
        check(
            "SIP  / 2.0  / TCP     spindle.example.com   ;\r\n  branch  =   Z9HG4BK9ikj8",
            "TCP spindle.example.com port=None branch=Z9HG4BK9ikj8 cookie=true received=None rport=None ttl=None maddr=-",
        );
        check(
            "SIP/2.0/UDP [2001:db8::9:1]:5070;received=[2001:db8::9:255];rport=4000;branch=old",
            "UDP [2001:db8::9:1] port=Some(5070) branch=old cookie=false received=Some(2001:db8::9:255) \
             rport=Some(Some(4000)) ttl=None maddr=-",
        );
        check(
            "SIP/2.0/TLS-SCTP first.example.com: 4000;ttl=16;maddr=224.2.0.1 ;branch=z9hG4bK;hidden",
            "TLS-SCTP first.example.com port=Some(4000) branch=z9hG4bK cookie=false received=None rport=None \
             ttl=Some(16) maddr=224.2.0.1",
        );
    }

    #[test]
    fn a_broken_via_names_its_fault() {
        check("", "error: it does not begin with `SIP/2.0/` and a transport");
        check("SIP/2.0/UDP", "error: it does not begin with `SIP/2.0/` and a transport");
        check("SIP/3.0/UDP a.example.com", "error: its protocol is not SIP/2.0");
        check("HTTP/2.0/UDP a.example.com", "error: its protocol is not SIP/2.0");
        check("SIP/2.0/U@P a.example.com", "error: it does not begin with `SIP/2.0/` and a transport");
        check("SIP/2.0/UDP ;branch=a", "error: it does not begin with `SIP/2.0/` and a transport");
        check("SIP/2.0/UDP a b", "error: sent-by: its host is neither a domain name nor an address");
        check("SIP/2.0/UDP a:99999", "error: sent-by: its port is no number up to 65535");
        check(
            "SIP/2.0/UDP [::1;branch=a",
            "error: sent-by: its host is neither a domain name nor an address",
        );
        check("SIP/2.0/UDP a;;branch=a", "error: a semicolon has no parameter after it");
        check("SIP/2.0/UDP a;received=b", "error: its received is no address");
        check("SIP/2.0/UDP a;rport=70000", "error: its rport is no port");
    }
}
