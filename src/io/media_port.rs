//! One port pair of a media worker: its two sockets, and by which way the next packet leaves.
//!
//! ```text
//!  Open ──▶ free ──latched to SDP's address, route asked──▶ settled: the socket is connected to the party
//!            ▲                                                  │
//!            └──────────────── Replan, Close ◀──────────────────┘
//! ```
//! A connected socket spares the kernel a look at its routing table for each packet, and lets it throw
//! away what others send before it costs us anything. Until the party is certain nothing is connected:
//! an unconnected socket is how a party behind NAT is found. Reading and sending in batches is
//! `media_ring`'s job.

use crate::clock::Instant;
use crate::io::media_socket::{bind, disconnect, send_from};
use crate::io::media_stamp;
use crate::media::command::{Kind, PortIndex};
use crate::media::leg::Departure;
use std::io;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::sync::Arc;

/// One bound pair; the place in the list is its [`PortIndex`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PortPair {
    /// Its number in commands.
    pub index: PortIndex,
    /// The even port.
    pub rtp: u16,
    /// The odd port after it.
    pub rtcp: u16,
}

/// The sockets of one port pair.
#[derive(Debug)]
pub struct Pair {
    /// The socket of the even port. What the kernel dropped at it is asked of it elsewhere (`kernel_drops`).
    pub rtp: Arc<UdpSocket>,
    /// The socket of the odd port.
    pub rtcp: Arc<UdpSocket>,
    /// When the RTCP socket is read next.
    pub next_rtcp: Instant,
    /// Datagrams that the last tick read.
    pub last_read: usize,
    port: u16,
    route: Option<Route>,
    settled: Option<SocketAddr>,
}

/// Whether the kernel, left alone, sends to `to` from `source`.
#[derive(Clone, Copy, Debug)]
struct Route {
    source: IpAddr,
    to: IpAddr,
    agrees: bool,
}

impl Pair {
    /// Binds the even port `rtp` of `address` and the odd one after it.
    ///
    /// # Errors
    /// What the kernel says, `AddrInUse` above all.
    pub fn bind(address: IpAddr, rtp: u16) -> io::Result<Self> {
        let socket = |port| bind(SocketAddr::new(address, port));
        let (even, odd) = (socket(rtp)?, socket(rtp + 1)?);
        media_stamp::ask(&odd)?;
        Ok(Self {
            rtp: Arc::new(even),
            rtcp: Arc::new(odd),
            next_rtcp: Instant::START,
            last_read: 0,
            port: rtp,
            route: None,
            settled: None,
        })
    }

    /// Its ports, as the pair numbered `index`.
    pub fn ports(&self, index: PortIndex) -> PortPair {
        PortPair { index, rtp: self.port, rtcp: self.port + 1 }
    }

    /// The party that the RTP socket is connected to: whatever is read from it came from there.
    pub const fn settled(&self) -> Option<SocketAddr> {
        self.settled
    }

    /// Connects the RTP socket to `party`, if the kernel sends there from the address that SDP told.
    /// What others sent before waits in the socket still: it must be read with its senders' names.
    /// Tells whether the socket is connected.
    pub fn settle(&mut self, party: SocketAddr) -> bool {
        let certain = self.route.is_some_and(|route| route.agrees && route.to == party.ip());
        if certain && self.rtp.connect(party).is_ok() {
            self.settled = Some(party);
        }
        self.settled.is_some()
    }

    /// Anybody may be the party again.
    pub fn unsettle(&mut self) {
        if self.settled.take().is_some() {
            // The kernel has no reason to refuse this; if it did, the next party would not be heard, which
            // its SIP leg notices as silence.
            if let Err(error) = disconnect(&self.rtp) {
                tracing::error!(%error, port = self.port, "a media port cannot be freed from its last party");
            }
        }
    }

    /// Sends one packet with a system call of its own.
    ///
    /// # Errors
    /// What the kernel says.
    pub fn send(&mut self, departure: &Departure<'_>) -> io::Result<()> {
        let Departure { kind, source, to, octets, .. } = *departure;
        if kind == Kind::Rtp && self.settled == Some(to) {
            return self.rtp.send(octets).map(|_| ());
        }
        let known = self.route.filter(|route| (route.source, route.to) == (source, to.ip()));
        let route = known.unwrap_or_else(|| Route::ask(&self.rtp, source, to));
        self.route = Some(route);
        let socket = match kind {
            Kind::Rtp => &self.rtp,
            Kind::Rtcp => &self.rtcp,
        };
        if route.agrees {
            socket.send_to(octets, to).map(|_| ())
        } else {
            send_from(socket, source, to, octets)
        }
    }
}

impl Route {
    /// Asks the kernel, once for each party. A socket that is bound to one address, and a source that is
    /// none, leave nothing to choose.
    fn ask(socket: &UdpSocket, source: IpAddr, to: SocketAddr) -> Self {
        let bound = socket.local_addr().map_or(source, |address| address.ip());
        let free = bound.is_unspecified() && !source.is_unspecified();
        let chosen = || {
            let probe = UdpSocket::bind(SocketAddr::new(bound, 0))?;
            probe.connect(to)?;
            probe.local_addr()
        };
        let agrees = !free || chosen().is_ok_and(|address| address.ip() == source);
        Self { source, to: to.ip(), agrees }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair() -> Pair {
        let pair =
            (23_000..32_000).step_by(2).find_map(|port| Pair::bind("0.0.0.0".parse().unwrap(), port).ok());
        pair.expect("some pair of ports is free")
    }

    fn phone() -> UdpSocket {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_read_timeout(Some(std::time::Duration::from_secs(5))).unwrap();
        socket
    }

    fn send(pair: &mut Pair, source: &str, phone: &UdpSocket) {
        let to = phone.local_addr().unwrap();
        let source = source.parse().unwrap();
        pair.send(&Departure { port: PortIndex(0), kind: Kind::Rtp, source, to, octets: b"sound" }).unwrap();
    }

    /// The port that `phone` hears from next.
    fn heard(phone: &UdpSocket) -> SocketAddr {
        phone.recv_from(&mut [0; 100]).unwrap().1
    }

    #[test]
    fn a_settled_port_hears_its_party_alone_and_a_free_one_everybody() {
        let (mut pair, party, other) = (pair(), phone(), phone());
        let (address, ours) = (party.local_addr().unwrap(), SocketAddr::from(([127, 0, 0, 1], pair.port)));
        let read = |pair: &Pair| pair.rtp.recv_from(&mut [0; 100]).ok().map(|(_, from)| from);
        assert!(!pair.settle(address), "no packet has shown the route yet");
        send(&mut pair, "127.0.0.1", &party);
        assert!(pair.settle(address));
        other.send_to(b"noise", ours).unwrap();
        party.send_to(b"sound", ours).unwrap();
        assert_eq!(read(&pair), Some(address));
        assert_eq!(read(&pair), None);
        send(&mut pair, "127.0.0.1", &party);
        assert_eq!((heard(&party), heard(&party)), (ours, ours));
        pair.unsettle();
        other.send_to(b"noise", ours).unwrap();
        assert_eq!(read(&pair), Some(other.local_addr().unwrap()));
        assert_eq!(pair.rtp.local_addr().unwrap().to_string(), format!("0.0.0.0:{}", pair.port));
    }

    #[test]
    fn a_party_to_whom_packets_leave_from_a_chosen_address_is_not_connected() {
        let (mut pair, party) = (pair(), phone());
        send(&mut pair, "127.0.0.77", &party);
        assert_eq!(heard(&party).ip().to_string(), "127.0.0.77");
        assert!(!pair.settle(party.local_addr().unwrap()));
        assert_eq!(pair.settled(), None);
    }
}
