//! One Via value: the way a response goes back (RFC 3261 §20.42, §18.2; RFC 3581).

use super::grammar::{Parameters, decimal, is_lws_octet, is_token, split_at_outside, trim};
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

impl<'a> Via<'a> {
    /// Reads one Via value; white space may stand around slashes, colon and semicolons.
    ///
    /// # Errors
    /// [`ViaError`] when it is none.
    pub fn read(value: &'a [u8]) -> Result<Self, ViaError> {
        let (sent, parameters) = split_at_outside(value, b';');
        let mut parts = sent.splitn(3, |&octet| octet == b'/').map(trim);
        let (Some(name), Some(version), Some(rest)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(ViaError::Protocol);
        };
        if !name.eq_ignore_ascii_case(b"SIP") || version != b"2.0" {
            return Err(ViaError::Version);
        }
        let space = rest.iter().position(|&octet| is_lws_octet(octet)).ok_or(ViaError::Protocol)?;
        let (transport, sent_by) = (&rest[..space], trim(&rest[space..]));
        if !is_token(transport) {
            return Err(ViaError::Protocol);
        }
        let (host, port) = read_host_port(sent_by).map_err(ViaError::SentBy)?;
        let via = Self { transport, host, port, parameters: Parameters::new(parameters.unwrap_or_default()) };
        via.received_checked()?;
        via.rport_checked()?;
        if parameters.is_some_and(|octets| Parameters::new(octets).has_empty()) {
            return Err(ViaError::Parameters);
        }
        Ok(via)
    }

    /// The branch; with the cookie it names the transaction (RFC 3261 §17.2.3).
    pub fn branch(&self) -> Option<&'a [u8]> {
        self.parameters.value("branch").filter(|branch| !branch.is_empty())
    }

    /// Whether the branch begins with the cookie of RFC 3261 §8.1.1.7, whatever its case.
    pub fn has_cookie(&self) -> bool {
        let start = self.branch().and_then(|branch| branch.get(..MAGIC_COOKIE.len()));
        start.is_some_and(|start| start.eq_ignore_ascii_case(MAGIC_COOKIE))
    }

    /// The address that the request came from, as the next hop saw it.
    pub fn received(&self) -> Option<IpAddr> {
        self.received_checked().ok().flatten()
    }

    /// RFC 3581: `Some(None)` asks for the port, `Some(Some(port))` tells it.
    pub fn rport(&self) -> Option<Option<u16>> {
        self.rport_checked().ok().flatten()
    }

    /// How far a multicast packet goes.
    pub fn ttl(&self) -> Option<u8> {
        self.parameters.value("ttl").and_then(decimal).and_then(|ttl| u8::try_from(ttl).ok())
    }

    /// Where the response shall go instead of sent-by (RFC 3261 §18.2.2).
    pub fn maddr(&self) -> Option<Host<'a>> {
        self.parameters.value("maddr").and_then(Host::read)
    }

    fn received_checked(&self) -> Result<Option<IpAddr>, ViaError> {
        let Some(value) = self.parameters.value("received") else { return Ok(None) };
        // IPv6 is written without brackets by the grammar and with them by many.
        let bare = value.strip_prefix(b"[").and_then(|inner| inner.strip_suffix(b"]")).unwrap_or(value);
        let address = std::str::from_utf8(bare).ok().and_then(|text| text.parse().ok());
        address.map(Some).ok_or(ViaError::Received)
    }

    fn rport_checked(&self) -> Result<Option<Option<u16>>, ViaError> {
        match self.parameters.get("rport") {
            None => Ok(None),
            Some(None | Some([])) => Ok(Some(None)),
            Some(Some(value)) => {
                let port = decimal(value).and_then(|port| u16::try_from(port).ok()).ok_or(ViaError::Rport)?;
                Ok(Some(Some(port)))
            }
        }
    }
}
