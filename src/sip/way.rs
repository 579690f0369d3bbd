//! The way of a message: over which transport, between which two addresses, on which connection (RFC 3261 §18).
//!
//! ```text
//!  a request came by   (TCP, ours, theirs, #7)  ─▶ its answers go by #7, or by a new connection to where
//!                                                   its Via says, if #7 is gone       (RFC 3261 §18.2.2)
//!  a request goes by   (TCP, ours, theirs, –)   ─▶ any connection there is to theirs, or a new one
//! ```
//! Opening and losing connections is the edge's job.

use crate::wire::sip::uri::Uri;
use std::net::SocketAddr;

/// How octets travel. TLS and WebSocket will be two more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Transport {
    /// One datagram a message.
    #[default]
    Udp,
    /// A stream in which Content-Length parts the messages (RFC 3261 §18.3).
    Tcp,
}

impl Transport {
    /// Both.
    pub const ALL: [Transport; 2] = [Transport::Udp, Transport::Tcp];

    /// As Via spells it (RFC 3261 §20.42).
    pub const fn in_via(self) -> &'static str {
        match self {
            Transport::Udp => "UDP",
            Transport::Tcp => "TCP",
        }
    }

    /// As the `transport` parameter of a URI spells it (RFC 3261 §19.1.1).
    pub const fn in_uri(self) -> &'static str {
        match self {
            Transport::Udp => "udp",
            Transport::Tcp => "tcp",
        }
    }

    /// Whether the transport itself sends again what was lost (RFC 3261 §17.1.1.2): then we do not.
    pub const fn is_reliable(self) -> bool {
        match self {
            Transport::Udp => false,
            Transport::Tcp => true,
        }
    }

    /// What the `transport` parameter of a URI asks for; `None` when there is none, or another one.
    pub fn asked_by(uri: &Uri<'_>) -> Option<Self> {
        let asked = uri.parameters.value("transport")?;
        Self::ALL.into_iter().find(|transport| asked.eq_ignore_ascii_case(transport.in_uri().as_bytes()))
    }
}

/// Names a connection of the edge; never used again for another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ConnectionId(pub u64);

/// The way that a message came, or goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Way {
    /// Over this transport.
    pub transport: Transport,
    /// Our address and port.
    pub local: SocketAddr,
    /// The peer's: where a message came from, or goes.
    pub remote: SocketAddr,
    /// The connection it came by, or should go by as long as it lives.
    pub connection: Option<ConnectionId>,
}

impl Way {
    /// By datagrams between these two.
    pub const fn udp(local: SocketAddr, remote: SocketAddr) -> Self {
        Self { transport: Transport::Udp, local, remote, connection: None }
    }
}
