//! SIP over TCP: listeners, connections, and the tasks that read and write them.
//!
//! ```text
//!  listener ─┐                       ┌▶ Message, Lost ─▶ the switch
//!  reader   ─┼─ Event ─▶ Connections ┤
//!  writer   ─┘            (sip/)     └▶ Connect, Write, Close ─▶ tasks
//! ```
//! Which connection a message goes by, and when one is given up, is decided in [`crate::sip::connections`].

use super::sip_udp::mark;
use crate::clock::Instant;
use crate::limits::SIP_CONNECTION_EVENTS_MAX;
use crate::limits::liveness::{
    SIP_KEEPALIVE_AFTER, SIP_KEEPALIVE_EVERY, SIP_KEEPALIVE_PROBES, SIP_UNACKNOWLEDGED_MAX,
};
use crate::sip::connections::{Connections, Counters, Input, Output, Settings};
use crate::sip::way::{ConnectionId, Way};
use socket2::{Domain, Protocol, SockAddr, SockRef, Socket, TcpKeepalive, Type};
use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::mpsc;
use tokio::task::AbortHandle;

/// What is read at once, in octets: a few messages.
const READ_OCTETS: usize = 8_192;
/// Connections that may wait to be accepted.
const BACKLOG: i32 = 1_024;
/// Messages that may wait in one connection; their octets are bounded besides.
const WRITES_MAX: usize = 1_024;
/// How long accepting pauses when the system has no descriptor left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// The SIP port over TCP.
pub struct SipTcp {
    listens: Listens,
    connections: Connections,
    links: BTreeMap<ConnectionId, Link>,
    /// Ways that cannot be gone at all.
    lost: VecDeque<Way>,
    events: mpsc::Receiver<Event>,
    sender: mpsc::Sender<Event>,
}

/// Whether peers can reach us over TCP: only then do we speak it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Listens {
    Yes,
    No,
}

/// The tasks of one connection. They end when it is dropped.
struct Link {
    writes: Option<mpsc::Sender<Vec<u8>>>,
    tasks: Vec<AbortHandle>,
}

impl Drop for Link {
    fn drop(&mut self) {
        self.tasks.iter().for_each(AbortHandle::abort);
    }
}

/// What a task tells.
pub enum Event {
    /// A peer connected.
    Accepted {
        /// The connection.
        stream: TcpStream,
        /// Where we listen.
        local: SocketAddr,
        /// The peer.
        remote: SocketAddr,
    },
    /// A connection of ours is there.
    Opened {
        /// Which.
        id: ConnectionId,
        /// The connection.
        stream: TcpStream,
    },
    /// A connection could not be had, or is over.
    Closed {
        /// Which.
        id: ConnectionId,
    },
    /// Octets came.
    Received {
        /// By which.
        id: ConnectionId,
        /// They.
        octets: Vec<u8>,
    },
    /// Octets were written.
    Written {
        /// To which.
        id: ConnectionId,
        /// How many.
        octets: usize,
    },
}

/// What the engine must know.
pub enum Told {
    /// A message came.
    Message {
        /// How.
        way: Way,
        /// It.
        octets: Vec<u8>,
    },
    /// Nothing more comes this way.
    Lost {
        /// Which.
        way: Way,
    },
}

impl SipTcp {
    /// Listens at these addresses. Must be called inside a tokio runtime.
    ///
    /// # Errors
    /// The address that cannot be had, and what the operating system says.
    pub fn listen(addresses: &[SocketAddr], settings: Settings) -> Result<Self, (SocketAddr, io::Error)> {
        let (sender, events) = mpsc::channel(SIP_CONNECTION_EVENTS_MAX);
        for address in addresses {
            let listener = listener(*address).map_err(|cause| (*address, cause))?;
            tokio::spawn(accept(listener, address.port(), sender.clone()));
        }
        let listens = if addresses.is_empty() { Listens::No } else { Listens::Yes };
        let (connections, links) = (Connections::new(settings), BTreeMap::new());
        Ok(Self { listens, connections, links, lost: VecDeque::new(), events, sender })
    }

    /// What was counted.
    pub fn counters(&self) -> Counters {
        self.connections.counters()
    }

    /// Waits until a task tells something.
    pub async fn event(&mut self) -> Event {
        match self.events.recv().await {
            Some(event) => event,
            // There is always a sender: our own.
            None => std::future::pending().await,
        }
    }

    /// What a task told already; `None` when nothing waits.
    pub fn try_event(&mut self) -> Option<Event> {
        self.events.try_recv().ok()
    }

    /// When [`SipTcp::timeout`] is due.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.connections.poll_timeout().map(|due| due.at)
    }

    /// A deadline passed.
    pub fn timeout(&mut self, now: Instant) {
        self.connections.handle(now, Input::Timeout);
    }

    /// Sends a message this way; a connection is opened if there is none.
    pub fn send(&mut self, now: Instant, way: Way, octets: Vec<u8>) {
        match self.listens {
            Listens::Yes => self.connections.handle(now, Input::Send { way, octets }),
            Listens::No => self.lost.push_back(way),
        }
    }

    /// Takes what a task told.
    pub fn take(&mut self, now: Instant, event: Event) {
        match event {
            Event::Accepted { stream, local, remote } => {
                let id = self.connections.reserve();
                let link = self.link(id, stream);
                self.links.insert(id, link);
                self.connections.handle(now, Input::Accepted { id, local, remote });
            }
            Event::Opened { id, stream } => {
                if self.links.contains_key(&id) {
                    let link = self.link(id, stream);
                    self.links.insert(id, link);
                    self.connections.handle(now, Input::Opened { id });
                }
            }
            Event::Closed { id } => {
                self.links.remove(&id);
                self.connections.handle(now, Input::Closed { id });
            }
            Event::Received { id, octets } => {
                self.connections.handle(now, Input::Received { id, octets: &octets });
            }
            Event::Written { id, octets } => self.connections.handle(now, Input::Written { id, octets }),
        }
    }

    /// Does what is to be done, up to the next thing that the engine must know. What follows from that is to be sent
    /// before the next call.
    pub fn poll(&mut self, now: Instant) -> Option<Told> {
        if let Some(way) = self.lost.pop_front() {
            return Some(Told::Lost { way });
        }
        while let Some(output) = self.connections.poll_output() {
            match output {
                Output::Message { way, octets } => return Some(Told::Message { way, octets }),
                Output::Lost { way } => return Some(Told::Lost { way }),
                Output::Connect { id, local, remote } => {
                    let task = tokio::spawn(connect(id, local, remote, self.sender.clone()));
                    self.links.insert(id, Link { writes: None, tasks: vec![task.abort_handle()] });
                }
                Output::Write { id, octets } => self.write(now, id, octets),
                // The writer ends once all is written; the reader goes on until the peer closes too.
                Output::Close { id } => drop(self.links.get_mut(&id).and_then(|link| link.writes.take())),
                Output::Abort { id } => drop(self.links.remove(&id)),
            }
        }
        None
    }

    fn write(&mut self, now: Instant, id: ConnectionId, octets: Vec<u8>) {
        let Some(writes) = self.links.get(&id).and_then(|link| link.writes.as_ref()) else { return };
        if writes.try_send(octets).is_err() {
            // A peer that reads nothing, or a writer that has ended.
            self.links.remove(&id);
            self.connections.handle(now, Input::Closed { id });
        }
    }

    fn link(&self, id: ConnectionId, stream: TcpStream) -> Link {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "a SIP connection gathers what it sends");
        }
        if let Err(error) = ask_whether_there(&stream) {
            tracing::debug!(%error, "a SIP connection whose peer goes without a word is not noticed");
        }
        let (reading, writing) = stream.into_split();
        let (writes, queue) = mpsc::channel(WRITES_MAX);
        let reader = tokio::spawn(read(id, reading, self.sender.clone()));
        let writer = tokio::spawn(write(id, writing, queue, self.sender.clone()));
        Link { writes: Some(writes), tasks: vec![reader.abort_handle(), writer.abort_handle()] }
    }
}

/// A peer that is gone without a word is noticed within a minute: by octets that it does not acknowledge, or, while nothing is
/// said, by questions of the system itself.
fn ask_whether_there(stream: &TcpStream) -> io::Result<()> {
    let questions = TcpKeepalive::new()
        .with_time(SIP_KEEPALIVE_AFTER)
        .with_interval(SIP_KEEPALIVE_EVERY)
        .with_retries(SIP_KEEPALIVE_PROBES);
    let socket = SockRef::from(stream);
    socket.set_tcp_keepalive(&questions)?;
    socket.set_tcp_user_timeout(Some(SIP_UNACKNOWLEDGED_MAX))
}

fn listener(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    if address.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    mark(&socket, address)?;
    socket.bind(&SockAddr::from(address))?;
    socket.listen(BACKLOG)?;
    TcpListener::from_std(socket.into())
}

async fn accept(listener: TcpListener, port: u16, events: mpsc::Sender<Event>) {
    loop {
        match listener.accept().await {
            Ok((stream, remote)) => {
                let Ok(local) = stream.local_addr() else { continue };
                let local = SocketAddr::new(local.ip(), port);
                if events.send(Event::Accepted { stream, local, remote }).await.is_err() {
                    return;
                }
            }
            Err(error) => {
                tracing::warn!(%error, "a SIP connection could not be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

async fn connect(id: ConnectionId, local: SocketAddr, remote: SocketAddr, events: mpsc::Sender<Event>) {
    let event = match open(local, remote).await {
        Ok(stream) => Event::Opened { id, stream },
        Err(error) => {
            tracing::debug!(%error, "a SIP connection could not be opened");
            Event::Closed { id }
        }
    };
    let _ = events.send(event).await;
}

async fn open(local: SocketAddr, remote: SocketAddr) -> io::Result<TcpStream> {
    let socket = Socket::new(Domain::for_address(remote), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_nonblocking(true)?;
    mark(&socket, remote)?;
    if !local.ip().is_unspecified() && local.is_ipv4() == remote.is_ipv4() {
        socket.bind(&SockAddr::from(SocketAddr::new(local.ip(), 0)))?;
    }
    TcpSocket::from_std_stream(socket.into()).connect(remote).await
}

async fn read(id: ConnectionId, mut stream: OwnedReadHalf, events: mpsc::Sender<Event>) {
    let mut buffer = vec![0; READ_OCTETS];
    loop {
        let event = match stream.read(&mut buffer).await {
            Ok(0) | Err(_) => Event::Closed { id },
            Ok(octets) => Event::Received { id, octets: buffer[..octets].to_vec() },
        };
        let is_last = matches!(event, Event::Closed { .. });
        if events.send(event).await.is_err() || is_last {
            return;
        }
    }
}

async fn write(
    id: ConnectionId,
    mut stream: OwnedWriteHalf,
    mut queue: mpsc::Receiver<Vec<u8>>,
    events: mpsc::Sender<Event>,
) {
    while let Some(octets) = queue.recv().await {
        let event = match stream.write_all(&octets).await {
            Ok(()) => Event::Written { id, octets: octets.len() },
            Err(_) => Event::Closed { id },
        };
        let is_last = matches!(event, Event::Closed { .. });
        if events.send(event).await.is_err() || is_last {
            return;
        }
    }
    // The peer may have gone first.
    let _ = stream.shutdown().await;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sip::interface::Network;
    use crate::sip::way::Transport;
    use std::io::{Read, Write};

    const OPTIONS: &str = "OPTIONS sip:a SIP/2.0\r\nl: 0\r\n\r\n";

    fn settings() -> Settings {
        Settings { all: 100, listen_to: vec![Network { base: [127, 0, 0, 0].into(), prefix: 8 }] }
    }

    fn port() -> (SipTcp, SocketAddr) {
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = free.local_addr().unwrap();
        drop(free);
        let Ok(tcp) = SipTcp::listen(&[address], settings()) else { panic!("{address} is taken") };
        (tcp, address)
    }

    /// Runs until the engine would be told something.
    async fn told(tcp: &mut SipTcp) -> Told {
        loop {
            if let Some(told) = tcp.poll(Instant::START) {
                return told;
            }
            let event = tcp.event().await;
            tcp.take(Instant::START, event);
        }
    }

    #[tokio::test]
    async fn an_answer_goes_back_by_the_connection_that_asked() {
        let (mut tcp, address) = port();
        let mut peer = std::net::TcpStream::connect(address).unwrap();
        peer.write_all(OPTIONS.as_bytes()).unwrap();
        let Told::Message { way, octets } = told(&mut tcp).await else { panic!("lost") };
        assert_eq!(
            (way.transport, way.local, way.remote),
            (Transport::Tcp, address, peer.local_addr().unwrap())
        );
        assert_eq!(octets, OPTIONS.as_bytes());
        tcp.send(Instant::START, way, b"there".to_vec());
        peer.shutdown(std::net::Shutdown::Write).unwrap();
        let Told::Lost { way: lost } = told(&mut tcp).await else { panic!("a message") };
        assert_eq!(lost, way);
        assert_eq!(tcp.counters().accepted, 1);
        let mut answer = [0; 5];
        peer.read_exact(&mut answer).unwrap();
        assert_eq!(&answer, b"there");
    }

    #[tokio::test]
    async fn a_message_to_nobody_is_told_as_lost_and_to_somebody_it_arrives() {
        let (mut tcp, local) = port();
        let peer = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let remote = peer.local_addr().unwrap();
        let way = Way { transport: Transport::Tcp, local, remote, connection: None };
        tcp.send(Instant::START, way, OPTIONS.as_bytes().to_vec());
        assert!(tcp.poll(Instant::START).is_none());
        let event = tcp.event().await;
        tcp.take(Instant::START, event);
        assert!(tcp.poll(Instant::START).is_none());
        let (mut stream, _) = peer.accept().unwrap();
        stream.write_all(OPTIONS.as_bytes()).unwrap();
        let Told::Message { way: came, .. } = told(&mut tcp).await else { panic!("lost") };
        assert_eq!((came.remote, came.local), (remote, local));
        let mut heard = vec![0; OPTIONS.len()];
        stream.read_exact(&mut heard).unwrap();
        assert_eq!(heard, OPTIONS.as_bytes());
        drop((stream, peer));
        assert!(matches!(told(&mut tcp).await, Told::Lost { .. }), "the peer closed");
        tcp.send(Instant::START, way, OPTIONS.as_bytes().to_vec());
        assert!(matches!(told(&mut tcp).await, Told::Lost { way } if way.remote == remote), "refused");
        assert_eq!(tcp.counters().not_opened, 1);
    }

    /// What the system does for a connection, once it is taken.
    fn questions(tcp: &mut SipTcp, event: Event) -> (bool, Duration, Duration, u32, Option<Duration>) {
        let (Event::Accepted { stream, .. } | Event::Opened { stream, .. }) = &event else {
            panic!("closed")
        };
        let socket = SockRef::from(stream).try_clone().unwrap();
        tcp.take(Instant::START, event);
        let (after, every) = (socket.tcp_keepalive_time().unwrap(), socket.tcp_keepalive_interval().unwrap());
        let probes = socket.tcp_keepalive_retries().unwrap();
        (socket.keepalive().unwrap(), after, every, probes, socket.tcp_user_timeout().unwrap())
    }

    #[tokio::test]
    async fn a_peer_of_either_kind_of_connection_is_asked_whether_it_is_there() {
        // RFC 9293 §3.8.3, §3.8.4
        let last = SIP_KEEPALIVE_AFTER + SIP_KEEPALIVE_EVERY * (SIP_KEEPALIVE_PROBES - 1);
        assert!(SIP_UNACKNOWLEDGED_MAX > last, "no question is the last one before all are asked");
        let wanted = (
            true,
            SIP_KEEPALIVE_AFTER,
            SIP_KEEPALIVE_EVERY,
            SIP_KEEPALIVE_PROBES,
            Some(SIP_UNACKNOWLEDGED_MAX),
        );
        let (mut tcp, local) = port();
        let _peer = std::net::TcpStream::connect(local).unwrap();
        let accepted = tcp.event().await;
        assert_eq!(questions(&mut tcp, accepted), wanted, "one that the peer opened");
        let peer = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let remote = peer.local_addr().unwrap();
        let way = Way { transport: Transport::Tcp, local, remote, connection: None };
        tcp.send(Instant::START, way, OPTIONS.as_bytes().to_vec());
        assert!(tcp.poll(Instant::START).is_none());
        let opened = tcp.event().await;
        assert_eq!(questions(&mut tcp, opened), wanted, "one of ours");
    }

    #[tokio::test]
    async fn who_listens_nowhere_over_tcp_sends_nothing_by_it() {
        let Ok(mut tcp) = SipTcp::listen(&[], settings()) else { panic!("nothing to bind") };
        let local = "127.0.0.1:5060".parse().unwrap();
        let way = Way { transport: Transport::Tcp, local, remote: local, connection: None };
        tcp.send(Instant::START, way, OPTIONS.as_bytes().to_vec());
        assert!(matches!(tcp.poll(Instant::START), Some(Told::Lost { way: lost }) if lost == way));
        assert_eq!(tcp.counters().up, 0);
    }
}
