//! The SIP port: every socket that SIP is spoken by, and the resolver that tells where a name is.
//!
//! ```text
//!  udp …  ─┐                        ┌─ udp socket of the way's local address
//!  tcp    ─┼─ Ready ─▶ engine ─▶ send ─ connection of the way, or a new one
//!  dns    ─┘                        └─ ask
//! ```
//! Whoever sends much over one of them keeps nobody from being heard over another.

use crate::clock::Instant;
use crate::io::dns::Dns;
use crate::io::sip_tcp::{self, SipTcp};
use crate::io::sip_udp::SipUdp;
use crate::sip::connections;
use crate::sip::locate::{LocateId, Record};
use crate::sip::way::{Transport, Way};
use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use tokio::sync::mpsc;

/// Errors that may wait; then those behind them wait in the kernel.
const SIP_ERRORS_MAX: usize = 64;

/// Where SIP is listened for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listen {
    /// Over this transport.
    pub transport: Transport,
    /// At this address of ours.
    pub address: SocketAddr,
}

/// All sockets of SIP.
pub struct SipPort {
    /// One for each address, in the order of the configuration.
    pub udp: Vec<SipUdp>,
    /// Listeners and connections.
    pub tcp: SipTcp,
    /// The resolver.
    pub dns: Dns,
    listening: Vec<Listen>,
    /// Datagrams that the system would not send.
    unsent: u64,
    /// Where they should have gone.
    lost: VecDeque<Way>,
    /// Where an ICMP error came back from.
    returned: mpsc::Receiver<Way>,
}

/// Why the port cannot be had.
#[derive(Debug)]
pub struct Taken {
    /// What was to be listened at.
    pub listen: Listen,
    /// What the system said.
    pub cause: io::Error,
}

/// What happened at the port.
pub enum Ready {
    /// Some UDP socket has something to receive.
    Datagrams,
    /// A task of TCP tells something.
    Tcp(sip_tcp::Event),
    /// Nobody is where a datagram was sent.
    Lost(Way),
    /// What a question found.
    Found(LocateId, Vec<Record>),
}

impl SipPort {
    /// Listens at all these. Must be called inside a tokio runtime.
    ///
    /// # Errors
    /// The first that cannot be had.
    pub fn open(listen: &[Listen], settings: connections::Settings) -> Result<Self, Taken> {
        let of = |transport| listen.iter().filter(move |l| l.transport == transport).map(|l| l.address);
        let bind = |address| {
            let listen = Listen { transport: Transport::Udp, address };
            SipUdp::bind(address).map_err(|cause| Taken { listen, cause })
        };
        let udp = of(Transport::Udp).map(bind).collect::<Result<Vec<_>, _>>()?;
        let addresses: Vec<SocketAddr> = of(Transport::Tcp).collect();
        let tcp = SipTcp::listen(&addresses, settings).map_err(|(address, cause)| Taken {
            listen: Listen { transport: Transport::Tcp, address },
            cause,
        })?;
        let all: Vec<SocketAddr> = listen.iter().map(|listen| listen.address).collect();
        let (dns, listening) = (Dns::system(&all), listen.to_vec());
        let (sender, returned) = mpsc::channel(SIP_ERRORS_MAX);
        udp.iter().for_each(|socket| socket.watch_errors(sender.clone()));
        Ok(Self { udp, tcp, dns, listening, unsent: 0, lost: VecDeque::new(), returned })
    }

    /// Where it listens, as the configuration says.
    pub fn listening(&self) -> &[Listen] {
        &self.listening
    }

    /// Datagrams that the system would not send.
    pub fn unsent(&self) -> u64 {
        self.unsent
    }

    /// Waits until something happens; among several, chance decides which is told.
    ///
    /// # Errors
    /// When the runtime is shutting down.
    pub async fn ready(&mut self) -> io::Result<Ready> {
        let udp = &self.udp;
        tokio::select! {
            readable = readable(udp) => readable.map(|()| Ready::Datagrams),
            event = self.tcp.event() => Ok(Ready::Tcp(event)),
            Some(way) = self.returned.recv() => Ok(Ready::Lost(way)),
            (id, records) = self.dns.answer() => Ok(Ready::Found(id, records)),
        }
    }

    /// When [`SipTcp::timeout`] is due.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.tcp.poll_timeout()
    }

    /// Sends a message.
    pub fn send(&mut self, now: Instant, way: Way, octets: Vec<u8>) {
        match way.transport {
            Transport::Tcp => self.tcp.send(now, way, octets),
            Transport::Udp => self.send_datagram(way, &octets),
        }
    }

    fn send_datagram(&mut self, way: Way, octets: &[u8]) {
        let socket = self.udp.iter().find(|socket| socket.sends_for(way.local));
        let sent = match socket {
            Some(socket) => socket.send(way.local, way.remote, octets),
            None => Err(io::ErrorKind::AddrNotAvailable.into()),
        };
        let Err(error) = sent else { return };
        self.unsent += 1;
        tracing::debug!(%error, "a datagram could not be sent");
        // What a full buffer refused is sent again like one that the network lost.
        if error.kind() != io::ErrorKind::WouldBlock {
            self.lost.push_back(way);
        }
    }

    /// Does what is to be done, up to the next thing that the engine must know. What follows from that is to be sent
    /// before the next call.
    pub fn poll(&mut self, now: Instant) -> Option<sip_tcp::Told> {
        let lost = self.lost.pop_front().map(|way| sip_tcp::Told::Lost { way });
        lost.or_else(|| self.tcp.poll(now))
    }
}

/// Waits until one of the sockets has something to receive.
async fn readable(udp: &[SipUdp]) -> io::Result<()> {
    std::future::poll_fn(|context| {
        let ready = udp.iter().map(|socket| socket.poll_readable(context)).find(|poll| poll.is_ready());
        ready.unwrap_or(std::task::Poll::Pending)
    })
    .await
}
