//! What a session description says (RFC 8866 §5), borrowed from its octets.

use crate::phi::Phi;
use std::fmt;
use std::net::IpAddr;

/// A session description.
#[derive(Clone, PartialEq, Eq)]
pub struct Session<'a> {
    /// `o=`: who made it, and which version it is. Left out by some phones.
    pub origin: Option<Origin<'a>>,
    /// `s=`; empty if it is missing.
    pub name: &'a [u8],
    /// `c=` for every medium that has none itself.
    pub connection: Option<Connection<'a>>,
    /// The direction for every medium that has none itself.
    pub direction: Option<Direction>,
    /// Every other line before the first `m=`, as it is.
    pub others: Vec<&'a [u8]>,
    /// `m=` and what follows it, in order.
    pub media: Vec<Media<'a>>,
}

impl fmt::Debug for Session<'_> {
    /// Prints nothing about a patient: neither the name of the session nor lines such as `p=`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("origin", &self.origin)
            .field("connection", &self.connection)
            .field("direction", &self.direction)
            .field("media", &self.media)
            .finish_non_exhaustive()
    }
}

/// `o=` (RFC 8866 §5.2). Id and version are compared, never reckoned with, so they stay octets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Origin<'a> {
    /// The user's login, or `-`: phones write the caller's number here.
    pub username: Phi<&'a [u8]>,
    /// The id of the session.
    pub id: &'a [u8],
    /// The version of the description: the same version means the same description (RFC 3264 §8).
    pub version: &'a [u8],
    /// The machine that made it: not where media go.
    pub address: Address<'a>,
}

/// `c=` (RFC 8866 §5.7), without the TTL and count of multicast.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Connection<'a> {
    /// Where media go.
    pub address: Address<'a>,
}

impl Connection<'_> {
    /// `0.0.0.0`: the old way to put on hold (RFC 3264 §8.4), or `::`.
    pub fn is_unspecified(&self) -> bool {
        matches!(self.address, Address::Ip(address) if address.is_unspecified())
    }
}

/// An address as `o=`, `c=` and `a=rtcp` write it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Address<'a> {
    /// IPv4 or IPv6.
    Ip(IpAddr),
    /// A domain name.
    Name(&'a [u8]),
}

/// Who sends, as the describing party sees it (RFC 8866 §6.7).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// Both; the default.
    SendRecv,
    /// The describing party alone.
    SendOnly,
    /// The other party alone.
    RecvOnly,
    /// Nobody.
    Inactive,
}

impl Direction {
    /// Every direction.
    pub const ALL: [Direction; 4] =
        [Direction::SendRecv, Direction::SendOnly, Direction::RecvOnly, Direction::Inactive];

    /// The attribute as it is written.
    pub const fn as_str(self) -> &'static str {
        match self {
            Direction::SendRecv => "sendrecv",
            Direction::SendOnly => "sendonly",
            Direction::RecvOnly => "recvonly",
            Direction::Inactive => "inactive",
        }
    }
}

/// One media description (RFC 8866 §5.14).
#[derive(Clone, PartialEq, Eq)]
pub struct Media<'a> {
    /// Such as `audio`.
    pub kind: &'a [u8],
    /// The port; 0 refuses the medium.
    pub port: u16,
    /// How many ports, after `/`.
    pub port_count: u16,
    /// Such as `RTP/AVP`.
    pub protocol: &'a [u8],
    /// The formats in the order of preference; for RTP these are payload types.
    pub formats: Vec<&'a [u8]>,
    /// `c=` of this medium.
    pub connection: Option<Connection<'a>>,
    /// The direction of this medium.
    pub direction: Option<Direction>,
    /// `a=rtpmap`, in order.
    pub rtpmaps: Vec<Rtpmap<'a>>,
    /// `a=fmtp`, in order.
    pub fmtps: Vec<Fmtp<'a>>,
    /// `a=ptime`: ms of sound in a packet that the describing party would like.
    pub ptime_ms: Option<u16>,
    /// `a=maxptime`: most ms of sound in a packet that it takes.
    pub maxptime_ms: Option<u16>,
    /// `a=rtcp` (RFC 3605).
    pub rtcp: Option<Rtcp<'a>>,
    /// Whether `a=rtcp-mux` is there (RFC 5761).
    pub rtcp_mux: bool,
    /// Every other line as it is, such as `a=label:1` and `b=AS:64`.
    pub others: Vec<&'a [u8]>,
}

impl fmt::Debug for Media<'_> {
    /// Prints what was negotiated and no line that we do not know: `i=` may name a patient.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let formats: Vec<_> = self.formats.iter().map(|format| format.escape_ascii().to_string()).collect();
        write!(f, "{} {} {:?} {:?}", self.kind.escape_ascii(), self.port, formats, self.direction)
    }
}

/// `a=rtpmap` (RFC 8866 §6.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rtpmap<'a> {
    /// The payload type that is explained.
    pub payload_type: u8,
    /// Such as `PCMU`; compared without regard to case.
    pub encoding: &'a [u8],
    /// Units of the RTP timestamp in a second.
    pub clock_hz: u32,
    /// Channels; 1 if it is not written.
    pub channels: u8,
}

impl Rtpmap<'_> {
    /// Whether it is that encoding with that clock, in one channel.
    pub fn is(&self, encoding: &str, clock_hz: u32) -> bool {
        self.encoding.eq_ignore_ascii_case(encoding.as_bytes())
            && self.clock_hz == clock_hz
            && self.channels == 1
    }
}

/// `a=fmtp` (RFC 8866 §6.15).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fmtp<'a> {
    /// The payload type that is explained.
    pub payload_type: u8,
    /// The parameters as they are, such as `0-16`.
    pub parameters: &'a [u8],
}

/// `a=rtcp` (RFC 3605 §2.1): where RTCP goes, if not to the next port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rtcp<'a> {
    /// The port.
    pub port: u16,
    /// The address, if it differs.
    pub connection: Option<Connection<'a>>,
}

impl<'a> Session<'a> {
    /// Where media of that description go: its own `c=`, else the session's.
    pub fn connection_of(&self, media: &Media<'a>) -> Option<Connection<'a>> {
        media.connection.or(self.connection)
    }

    /// Who sends that medium: its own attribute, else the session's, else both (RFC 8866 §6.7).
    pub fn direction_of(&self, media: &Media<'a>) -> Direction {
        media.direction.or(self.direction).unwrap_or(Direction::SendRecv)
    }
}

impl<'a> Media<'a> {
    /// Whether it is that kind of media, in any case.
    pub fn is(&self, kind: &str) -> bool {
        self.kind.eq_ignore_ascii_case(kind.as_bytes())
    }

    /// The formats that are payload types, in order.
    pub fn payload_types(&self) -> impl Iterator<Item = u8> {
        self.formats.iter().filter_map(|format| payload_type(format))
    }

    /// What explains that payload type; the static ones may stand without (RFC 3551 §6).
    pub fn rtpmap(&self, payload_type: u8) -> Option<&Rtpmap<'a>> {
        self.rtpmaps.iter().find(|rtpmap| rtpmap.payload_type == payload_type)
    }

    /// The parameters of that payload type.
    pub fn fmtp(&self, payload_type: u8) -> Option<&'a [u8]> {
        self.fmtps.iter().find(|fmtp| fmtp.payload_type == payload_type).map(|fmtp| fmtp.parameters)
    }

    /// `a=label` (RFC 4574).
    pub fn label(&self) -> Option<&'a [u8]> {
        self.attribute("label")
    }

    /// The value of the first attribute of that name among [`Media::others`]; empty if it has none.
    pub fn attribute(&self, name: &str) -> Option<&'a [u8]> {
        self.others.iter().find_map(|line| {
            let rest = line.strip_prefix(b"a=")?.strip_prefix(name.as_bytes())?;
            match rest {
                [] => Some(rest),
                [b':', value @ ..] => Some(value),
                _ => None,
            }
        })
    }
}

/// A payload type: 0 to 127 (RFC 3550 §5.1).
pub(super) fn payload_type(octets: &[u8]) -> Option<u8> {
    number(octets).filter(|&number| number < 128)
}

/// A decimal number that fits its type.
pub(super) fn number<N: std::str::FromStr>(octets: &[u8]) -> Option<N> {
    // `parse` takes a sign, the grammar does not.
    octets.first().filter(|octet| octet.is_ascii_digit())?;
    std::str::from_utf8(octets).ok()?.parse().ok()
}
