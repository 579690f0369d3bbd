//! What the machine itself costs: loops that, each 20 ms, receive what came for N legs and send one
//! packet of 172 octets from each, and do nothing else.
//!
//! No engine on this machine can be cheaper than the fastest of them with the same packets.

use super::generator::{Generator, SLOT, SLOTS, TICK};
use super::heard::Report;
use super::packets::{Outgoing, PACKET_OCTETS};
use super::sockets::{self, BATCH, Readiness, Receiver, Sender};
use super::uring::Ring;
use std::io;
use std::net::{Ipv4Addr, SocketAddrV4, UdpSocket};
use std::time::Duration;

/// Before anything counts: every line has learnt its peer.
const WARM_UP: Duration = Duration::from_secs(1);
/// Sockets that the legs share in [`Method::Shared`].
const SHARED_SOCKETS: usize = 4;
/// Octets that may wait in one of them: those of a late tick of hundreds of legs.
const SHARED_BUFFER_OCTETS: usize = 4 << 20;
/// Packets that one leg may have waiting: more than one only if a tick was late.
const WAITING_ON_ONE_LEG: usize = 4;
/// A leg's key never comes: the floor is for packets of one size.
const NO_KEY: Duration = Duration::from_secs(86_400);

/// A way to move the packets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// One socket a leg; `epoll_wait`, `recv` where something came, `sendto`.
    Epoll,
    /// The same with connected sockets and `send`.
    EpollConnected,
    /// One socket a leg; `recvmmsg` on each without asking for readiness, `sendto`.
    Sweep,
    /// One connected socket a leg; one `recv` on each without asking for readiness, `send`.
    Recv,
    /// One connected socket a leg; io_uring takes the `recv` of a slot in one call, the `send` in another.
    Uring,
    /// Four sockets for all legs; `recvmmsg` and `sendmmsg` of 64.
    Shared,
}

impl Method {
    /// All of them.
    pub const ALL: [Method; 6] =
        [Method::Epoll, Method::EpollConnected, Method::Sweep, Method::Recv, Method::Uring, Method::Shared];

    /// Its name in the report.
    pub const fn name(self) -> &'static str {
        match self {
            Method::Epoll => "own socket a leg: epoll, recv, sendto",
            Method::EpollConnected => "own connected socket a leg: epoll, recv, send",
            Method::Sweep => "own socket a leg: recvmmsg without epoll, sendto",
            Method::Recv => "own connected socket a leg: recv without epoll, send",
            Method::Uring => "own connected socket a leg: io_uring, a slot of recv, a slot of send",
            Method::Shared => "four shared sockets: recvmmsg, sendmmsg of 64",
        }
    }
}

/// What one way cost.
#[derive(Clone, Copy, Debug)]
pub struct Cost {
    /// Which way.
    pub method: Method,
    /// CPU nanoseconds for each packet received, finding out that it is there included.
    pub receive_ns: f64,
    /// CPU nanoseconds for each packet sent; on loopback that includes the kernel's way to the receiver.
    pub send_ns: f64,
    /// CPU milliseconds for each leg and second.
    pub per_leg_second_ms: f64,
    /// Packets received, as a share of those that the peer sent: near 1, or the loop did not keep up.
    pub received_share: f64,
    /// Packets that the peer received, as a share of those sent.
    pub arrived_share: f64,
}

/// What one way cost, and what its peer heard of it.
#[derive(Clone, Debug)]
pub struct Measured {
    /// The cost.
    pub cost: Cost,
    /// The peer's account: how even the packets of a bare loop are on this machine just now.
    pub heard: Report,
}

/// Measures every way with `legs` legs, each for `window`.
pub fn measure(legs: usize, window: Duration) -> io::Result<Vec<Measured>> {
    Method::ALL.iter().map(|&method| measure_one(method, legs, window)).collect()
}

/// The cheapest with a socket of its own for each leg, as a telephone engine needs it: a shared port cannot
/// tell two callers behind one address translation apart before they are known.
pub fn fastest(measured: &[Measured]) -> Option<Cost> {
    measured
        .iter()
        .map(|measured| measured.cost)
        .filter(|cost| cost.method != Method::Shared)
        .min_by(|a, b| a.per_leg_second_ms.total_cmp(&b.per_leg_second_ms))
}

/// Measures one way.
pub fn measure_one(method: Method, legs: usize, window: Duration) -> io::Result<Measured> {
    let generator = Generator::start(legs, NO_KEY)?;
    let mut engine = Engine::open(method, generator.addresses())?;
    let ticks = |time: Duration| (time.as_micros() / TICK.as_micros()) as u32;
    generator.open_window();
    engine.run(ticks(WARM_UP))?;
    if generator.live() != legs {
        return Err(io::Error::other(format!("{} of {legs} lines heard the floor", generator.live())));
    }
    let (before, started) = (engine.spent, sockets::thread_cpu());
    let (peer_sent, peer_received) = (generator.sent(), generator.received());
    engine.run(ticks(window))?;
    let (after, ended) = (engine.spent, sockets::thread_cpu());
    let (peer_sent, peer_received) = (generator.sent() - peer_sent, generator.received() - peer_received);
    generator.close_window();
    let received = (after.received - before.received) as f64;
    let sent = (after.sent - before.sent) as f64;
    let cost = Cost {
        method,
        receive_ns: (after.receiving - before.receiving).as_secs_f64() * 1e9 / received,
        send_ns: (after.sending - before.sending).as_secs_f64() * 1e9 / sent,
        per_leg_second_ms: (ended - started).as_secs_f64() * 1e3 / (legs as f64 * window.as_secs_f64()),
        received_share: received / peer_sent as f64,
        arrived_share: peer_received as f64 / sent,
    };
    Ok(Measured { cost, heard: generator.stop()? })
}

/// What was moved so far, and the CPU time that it took.
#[derive(Clone, Copy, Default)]
struct Spent {
    received: u64,
    sent: u64,
    receiving: Duration,
    sending: Duration,
}

struct Engine {
    method: Method,
    legs: Vec<Leg>,
    sockets: Vec<UdpSocket>,
    readiness: Readiness,
    ring: Ring,
    receiver: Receiver,
    sender: Sender,
    slot: usize,
    spent: Spent,
}

struct Leg {
    peer: SocketAddrV4,
    outgoing: Outgoing,
}

impl Engine {
    fn open(method: Method, peers: &[SocketAddrV4]) -> io::Result<Self> {
        let (sockets, room) = match method {
            Method::Epoll | Method::EpollConnected | Method::Sweep | Method::Recv | Method::Uring => {
                (peers.len(), WAITING_ON_ONE_LEG)
            }
            Method::Shared => (SHARED_SOCKETS, BATCH),
        };
        let sockets = (0..sockets).map(|_| open(method)).collect::<io::Result<Vec<_>>>()?;
        let readiness = Readiness::new(peers.len().max(1))?;
        for (index, socket) in sockets.iter().enumerate() {
            readiness.watch(socket, index as u64)?;
            if matches!(method, Method::EpollConnected | Method::Recv | Method::Uring) {
                socket.connect(peers[index])?;
            }
        }
        let ring = Ring::new(&sockets)?;
        let leg = |(index, &peer): (usize, &SocketAddrV4)| {
            let ssrc = index as u32 | (method as u32 + 1) << 24;
            Leg { peer, outgoing: Outgoing { payload_type: 0, ssrc, sequence: 0, timestamp: 0 } }
        };
        Ok(Self {
            method,
            legs: peers.iter().enumerate().map(leg).collect(),
            sockets,
            readiness,
            ring,
            receiver: Receiver::with_room(room),
            sender: Sender::new(),
            slot: 0,
            spent: Spent::default(),
        })
    }

    /// Runs `ticks` ticks of 20 ms, by the clock.
    fn run(&mut self, ticks: u32) -> io::Result<()> {
        let began = sockets::monotonic();
        for slot in 0..ticks * SLOTS as u32 {
            sockets::sleep_until(began + SLOT * slot);
            let cpu = sockets::thread_cpu();
            self.spent.received += self.receive()?;
            let between = sockets::thread_cpu();
            self.spent.sent += self.send()?;
            self.spent.receiving += between - cpu;
            self.spent.sending += sockets::thread_cpu() - between;
            self.slot = (self.slot + 1) % SLOTS;
        }
        Ok(())
    }

    fn receive(&mut self) -> io::Result<u64> {
        match self.method {
            Method::Epoll | Method::EpollConnected => self.receive_ready(),
            Method::Sweep => {
                let sockets = self.sockets.iter().skip(self.slot).step_by(SLOTS);
                sockets.map(|socket| self.receiver.receive(socket).map(|came| came as u64)).sum()
            }
            Method::Recv => self.receive_one_each(),
            Method::Uring => self.ring.receive((self.slot..self.legs.len()).step_by(SLOTS)),
            Method::Shared => {
                let mut received = 0;
                for socket in &self.sockets {
                    loop {
                        let came = self.receiver.receive(socket)?;
                        received += came as u64;
                        if came < BATCH {
                            break;
                        }
                    }
                }
                Ok(received)
            }
        }
    }

    fn receive_ready(&mut self) -> io::Result<u64> {
        let mut octets = [0; PACKET_OCTETS];
        let mut received = 0;
        for token in self.readiness.ready()? {
            self.sockets[token as usize].recv(&mut octets)?;
            received += 1;
        }
        Ok(received)
    }

    fn receive_one_each(&mut self) -> io::Result<u64> {
        let mut octets = [0; PACKET_OCTETS];
        let mut received = 0;
        for socket in self.sockets.iter().skip(self.slot).step_by(SLOTS) {
            match socket.recv(&mut octets) {
                Ok(_) => received += 1,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
        }
        Ok(received)
    }

    fn send(&mut self) -> io::Result<u64> {
        let mut packet = [0; PACKET_OCTETS];
        let mut sent = 0;
        for index in (self.slot..self.legs.len()).step_by(SLOTS) {
            let leg = &mut self.legs[index];
            leg.outgoing.audio(&mut packet);
            match self.method {
                Method::Epoll | Method::Sweep => _ = self.sockets[index].send_to(&packet, leg.peer)?,
                Method::EpollConnected | Method::Recv => _ = self.sockets[index].send(&packet)?,
                Method::Uring => self.ring.push(index, &packet)?,
                Method::Shared => {
                    self.sender.push(None, leg.peer, &packet);
                    if self.sender.is_full() {
                        self.sender.flush(&self.sockets[index / SLOTS % SHARED_SOCKETS])?;
                    }
                }
            }
            sent += 1;
        }
        if self.method == Method::Uring {
            self.ring.flush()?;
        }
        if self.method == Method::Shared {
            self.sender.flush(&self.sockets[self.slot % SHARED_SOCKETS])?;
        }
        Ok(sent)
    }
}

fn open(method: Method) -> io::Result<UdpSocket> {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
    socket.set_nonblocking(true)?;
    if method == Method::Shared {
        socket2::SockRef::from(&socket).set_recv_buffer_size(SHARED_BUFFER_OCTETS)?;
    }
    Ok(socket)
}
