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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::phi::Phi;
    use crate::rng::Rng;
    use crate::sip::interface::{Command, Event, InfoKeys, Input, Network, Outgoing, Output, Settings};
    use crate::sip::locate::Question;
    use crate::sip::stack::Stack;
    use socket2::{Domain, Socket, Type};
    use std::io::{Read as _, Write as _};
    use std::net::{IpAddr, Ipv4Addr, UdpSocket};
    use std::time::Duration;

    const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
    /// An address of this machine at which nobody has our port: the phone's socket keeps it from being had at all.
    const NOBODY: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 66));
    /// Longer than anything takes that is waited for.
    const PATIENCE: Duration = Duration::from_secs(20);
    /// What makes an INVITE too large for a datagram, and what does not.
    const LARGE: usize = 1_300;
    const SMALL: usize = 100;

    /// The SIP machine at a real port. Its clock stands still, so that nothing it does comes from a timer.
    struct Caller {
        stack: Stack,
        port: SipPort,
        us: SocketAddr,
        /// The hosts behind `desk.example`, in the order of their SRV records, and their port.
        hosts: Vec<IpAddr>,
        at: u16,
        sdp_octets: usize,
        acts: Vec<String>,
    }

    impl Caller {
        /// Calls a name behind which these hosts are.
        fn calls(hosts: &[IpAddr], at: u16, sdp_octets: usize) -> Self {
            let network = Network { base: Ipv4Addr::new(127, 0, 0, 0).into(), prefix: 8 };
            let us = free();
            let listen = Transport::ALL.map(|transport| Listen { transport, address: us });
            let bounds = connections::Settings { all: 10, listen_to: vec![network] };
            let port = SipPort::open(&listen, bounds).unwrap_or_else(|taken| panic!("{taken:?}"));
            let settings = Settings {
                t1: Duration::from_millis(500),
                target_patience: crate::limits::SIP_TARGET_PATIENCE_DEFAULT,
                external_address: None,
                product: "Careline".to_owned(),
                listen_to: vec![network],
                trusted: vec![network],
                requests_a_second: 100,
                help: Default::default(),
                session_expires_s: 0,
                info_keys: InfoKeys::Ignored,
                drop_agents: Vec::new(),
            };
            let stack = Stack::new(settings, Rng::seeded(1));
            let hosts = hosts.to_vec();
            let mut caller = Self { stack, port, us, hosts, at, sdp_octets, acts: Vec::new() };
            let leg = caller.stack.reserve_leg();
            let target = "sip:desk@desk.example".to_owned();
            caller.tell(Input::Command(Command::Locate { leg, target }));
            caller
        }

        fn tell(&mut self, input: Input<'_>) {
            self.stack.handle(Instant::START, input);
            while let Some(output) = self.stack.poll_output() {
                match output {
                    Output::Resolve { id, question } => {
                        let records = self.known(&question);
                        self.tell(Input::Resolved { id, records });
                    }
                    Output::Transmit { way, octets } => {
                        let method = octets.split(|octet| *octet == b' ').next().unwrap_or_default();
                        let method = String::from_utf8_lossy(method);
                        self.acts.push(format!("{method} {} {}", way.transport.in_uri(), way.remote.ip()));
                        self.port.send(Instant::START, way, octets);
                    }
                    Output::Event(event) => self.event(event),
                }
            }
        }

        fn known(&self, question: &Question) -> Vec<Record> {
            let srv = |(priority, host): (u16, &IpAddr)| Record::Srv {
                priority,
                weight: 0,
                port: self.at,
                target: host.to_string(),
            };
            match question {
                Question::Srv(name) if name == "_sip._udp.desk.example" => {
                    (0..).zip(&self.hosts).map(srv).collect()
                }
                Question::Addresses(host) => host
                    .parse()
                    .map(|remote| Record::Address { remote, local: self.us })
                    .into_iter()
                    .collect(),
                Question::Naptr(_) | Question::Srv(_) => Vec::new(),
            }
        }

        fn event(&mut self, event: Event) {
            match event {
                Event::Located { leg, way } => {
                    let (target, sdp) = ("sip:desk@desk.example".to_owned(), vec![b'x'; self.sdp_octets]);
                    let call = Box::new(Outgoing {
                        target,
                        from_user: Phi::new("1".to_owned()),
                        carries: Default::default(),
                        sdp,
                    });
                    self.tell(Input::Command(Command::Invite { leg, way, call }));
                }
                Event::Failed { status, .. } => self.acts.push(format!("failed {status}")),
                other => panic!("{other:?} after {:?}", self.acts),
            }
        }

        /// Serves the port until the last act is this one.
        async fn until(&mut self, act: &str) {
            while self.acts.last().is_none_or(|last| last != act) {
                while let Some(told) = self.port.poll(Instant::START) {
                    match told {
                        sip_tcp::Told::Message { way, octets } => {
                            self.tell(Input::Message { way, octets: &octets });
                        }
                        sip_tcp::Told::Lost { way } => self.lost(way),
                    }
                }
                if self.acts.last().is_some_and(|last| last == act) {
                    return;
                }
                let ready = tokio::time::timeout(PATIENCE, self.port.ready()).await;
                match ready.unwrap_or_else(|_| panic!("no `{act}` after {:?}", self.acts)).unwrap() {
                    Ready::Datagrams => self.take_datagram(),
                    Ready::Tcp(event) => self.port.tcp.take(Instant::START, event),
                    Ready::Lost(way) => self.lost(way),
                    Ready::Found(..) => panic!("nothing was asked of the system's resolver"),
                }
            }
        }

        fn lost(&mut self, way: Way) {
            self.acts.push(format!("lost {} {}", way.transport.in_uri(), way.remote.ip()));
            self.tell(Input::Unreachable { way });
        }

        fn take_datagram(&mut self) {
            let Some(arrived) = self.port.udp[0].receive() else { return };
            let octets = self.port.udp[0].octets(&arrived).to_vec();
            self.tell(Input::Message { way: Way::udp(arrived.local, arrived.from), octets: &octets });
        }
    }

    /// An address that was free a moment ago over both transports.
    fn free() -> SocketAddr {
        let free = |_attempt: u32| {
            let address = UdpSocket::bind((HERE, 0)).ok()?.local_addr().ok()?;
            std::net::TcpListener::bind(address).is_ok().then_some(address)
        };
        (0..1_000).find_map(free).expect("some port is free over both")
    }

    /// A phone that is there over UDP, and its port over TCP, which is had and not listened at: connections to it
    /// are refused.
    fn phone() -> (UdpSocket, Socket, u16) {
        let both = |_attempt: u32| {
            let udp = UdpSocket::bind((HERE, 0)).ok()?;
            let tcp = Socket::new(Domain::IPV4, Type::STREAM, None).ok()?;
            tcp.bind(&udp.local_addr().ok()?.into()).ok()?;
            let port = udp.local_addr().ok()?.port();
            Some((udp, tcp, port))
        };
        let (udp, tcp, port) = (0..1_000).find_map(both).expect("some port is free over both");
        udp.set_read_timeout(Some(PATIENCE)).unwrap();
        (udp, tcp, port)
    }

    fn heard(phone: &UdpSocket) -> (String, SocketAddr) {
        let mut octets = [0; 4_096];
        let (length, from) =
            phone.recv_from(&mut octets).unwrap_or_else(|error| panic!("nothing came: {error}"));
        (String::from_utf8_lossy(&octets[..length]).into_owned(), from)
    }

    /// 486 to a request.
    fn busy(request: &str) -> String {
        let same = ["Via:", "From:", "Call-ID:", "CSeq:"];
        let head: String = request
            .lines()
            .filter(|line| same.iter().any(|name| line.starts_with(name)))
            .map(|line| format!("{line}\r\n"))
            .collect();
        let to = request.lines().find(|line| line.starts_with("To:")).unwrap_or_default();
        format!("SIP/2.0 486 Busy Here\r\n{head}{to};tag=desk\r\nContent-Length: 0\r\n\r\n")
    }

    #[tokio::test]
    async fn an_icmp_error_leads_to_the_next_host_at_once() {
        let (phone, _closed, port) = phone();
        let mut caller = Caller::calls(&[NOBODY, HERE], port, SMALL);
        caller.until("INVITE udp 127.0.0.1").await;
        let (invite, from) = heard(&phone);
        assert_eq!(from, caller.us);
        phone.send_to(busy(&invite).as_bytes(), from).unwrap();
        caller.until("failed 486").await;
        assert!(heard(&phone).0.starts_with("ACK "), "{:?}", caller.acts);
        let expected = [
            "INVITE udp 127.0.0.66",
            "lost udp 127.0.0.66",
            "INVITE udp 127.0.0.1",
            "ACK udp 127.0.0.1",
            "failed 486",
        ];
        assert_eq!(caller.acts, expected);
        assert_eq!((caller.stack.counters().failovers, caller.port.unsent()), (1, 0));
    }

    #[tokio::test]
    async fn where_nobody_is_at_all_the_call_fails_at_once() {
        let (_phone, _closed, port) = phone();
        let mut caller = Caller::calls(&[NOBODY], port, SMALL);
        caller.until("failed 503").await;
        assert_eq!(caller.acts, ["INVITE udp 127.0.0.66", "lost udp 127.0.0.66", "failed 503"]);
    }

    #[tokio::test]
    async fn what_is_too_large_for_a_datagram_goes_in_one_where_tcp_is_refused() {
        let (phone, _closed, port) = phone();
        let mut caller = Caller::calls(&[HERE], port, LARGE);
        caller.until("INVITE udp 127.0.0.1").await;
        let (invite, from) = heard(&phone);
        assert!(invite.len() > 1_300 && invite.contains("\r\nVia: SIP/2.0/UDP "), "{invite}");
        phone.send_to(busy(&invite).as_bytes(), from).unwrap();
        caller.until("failed 486").await;
        let expected = [
            "INVITE tcp 127.0.0.1",
            "lost tcp 127.0.0.1",
            "INVITE udp 127.0.0.1",
            "ACK udp 127.0.0.1",
            "failed 486",
        ];
        assert_eq!(caller.acts, expected);
        assert_eq!(caller.port.tcp.counters().not_opened, 1);
    }

    #[tokio::test]
    async fn what_is_too_large_for_a_datagram_goes_by_tcp_where_that_is_taken() {
        let (phone, tcp, port) = phone();
        tcp.listen(1).unwrap();
        tcp.set_read_timeout(Some(PATIENCE)).unwrap();
        let desk = tokio::task::spawn_blocking(move || refuses_one(&tcp.into()));
        let mut caller = Caller::calls(&[HERE], port, LARGE);
        caller.until("failed 486").await;
        assert_eq!(caller.acts, ["INVITE tcp 127.0.0.1", "ACK tcp 127.0.0.1", "failed 486"]);
        let heard = desk.await.expect("the desk does not panic");
        assert!(heard.contains("\r\nVia: SIP/2.0/TCP ") && heard.contains("ACK sip:desk@"), "{heard}");
        phone.set_nonblocking(true).unwrap();
        assert!(phone.recv(&mut [0; 4_096]).is_err(), "something came in a datagram too");
    }

    /// Takes one connection and answers its INVITE; all that came up to the end of the ACK.
    fn refuses_one(listener: &std::net::TcpListener) -> String {
        let (stream, _) = listener.accept().unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let (mut heard, mut chunk) = (String::new(), [0; 4_096]);
        let mut until = |heard: &mut String, end: &str| {
            while !heard.ends_with(end) {
                let octets = (&stream).read(&mut chunk).unwrap();
                assert_ne!(octets, 0, "closed after {heard}");
                *heard += &String::from_utf8_lossy(&chunk[..octets]);
            }
        };
        // The body is nothing but this letter.
        until(&mut heard, &"x".repeat(LARGE));
        (&stream).write_all(busy(&heard).as_bytes()).unwrap();
        let mut ack = String::new();
        until(&mut ack, "\r\n\r\n");
        heard + &ack
    }
}
