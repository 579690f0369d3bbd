//! The connections of the SIP port: RFC 3261 §18, keep-alives of RFC 5626 §4.4.1.
//! ```text
//!  Send ──▶ Opening ──Opened──▶ Open ──Received──▶ Message, pong          Opening  given up after a few seconds
//!              │                  │ ▲                                     Open     half a message has 32 s, and
//!          Failed, late           │ └ Accepted                                     nothing at all an hour
//!              ▼                  ▼
//!             gone ◀──Closed── Closing: no more is read; what is written still leaves
//! ```
//! A message goes by the connection that its way names; if that is gone, by any to the same address; if there
//! is none, by a new one (RFC 3261 §18.2.2). What a lost connection means to a transaction is the stack's.

use super::interface::Network;
use super::way::{ConnectionId, Transport, Way};
use crate::clock::{Due, Instant};
use crate::limits::{
    SIP_CONNECT_MAX, SIP_CONNECTION_IDLE_MAX, SIP_CONNECTION_QUEUE_MAX_OCTETS,
    SIP_CONNECTIONS_OF_ONE_SOURCE_MAX, SIP_CONNECTIONS_OF_ONE_STRANGER_MAX, SIP_CONNECTIONS_OF_STRANGERS_MAX,
    SIP_HALF_MESSAGE_MAX,
};
use crate::wire::sip::framing::{Framing, PONG, Piece};
use std::collections::{BTreeMap, VecDeque};
use std::net::{IpAddr, SocketAddr};

/// How many connections there may be; ours count among all alone.
#[derive(Clone, Debug)]
pub struct Settings {
    /// All together.
    pub all: usize,
    /// Networks whose calls are taken. Peers from elsewhere are strangers: they share a small part.
    pub listen_to: Vec<Network>,
}

/// All connections of one engine. They cannot be printed: they hold messages about patients.
pub struct Connections {
    settings: Settings,
    /// How many there are of each address.
    by_source: BTreeMap<IpAddr, usize>,
    strangers: usize,
    open: BTreeMap<ConnectionId, Connection>,
    by_remote: BTreeMap<SocketAddr, ConnectionId>,
    deadlines: BTreeMap<(Instant, ConnectionId), ()>,
    next: u64,
    outputs: VecDeque<Output>,
    /// To be closed when everything else is done: behind the answer to what cannot be measured.
    closing: VecDeque<ConnectionId>,
    counters: Counters,
}

struct Connection {
    opener: Opener,
    local: SocketAddr,
    remote: SocketAddr,
    state: State,
    /// When something must have happened.
    deadline: Instant,
    /// Octets that the edge has still to write.
    queued_octets: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Opener {
    We,
    Peer,
}

enum State {
    /// We asked for it; these wait until it is there.
    Opening { waiting: Vec<Vec<u8>> },
    /// It is there.
    Open { framing: Box<Framing>, half: Half },
    /// It will be closed once everything is written.
    Closing,
}

/// Whether half a message is there.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Half {
    No,
    /// Since its first octets came.
    Since,
}

/// What happens to the connections.
#[derive(Debug)]
pub enum Input<'a> {
    /// A peer connected; the name comes from [`Connections::reserve`].
    Accepted {
        /// Its name from now on.
        id: ConnectionId,
        /// Our address.
        local: SocketAddr,
        /// The peer's.
        remote: SocketAddr,
    },
    /// What [`Output::Connect`] asked for is there.
    Opened {
        /// Which.
        id: ConnectionId,
    },
    /// It could not be had, or broke, or the peer closed it.
    Closed {
        /// Which.
        id: ConnectionId,
    },
    /// Octets came.
    Received {
        /// By which.
        id: ConnectionId,
        /// The octets.
        octets: &'a [u8],
    },
    /// Octets were written.
    Written {
        /// To which.
        id: ConnectionId,
        /// How many.
        octets: usize,
    },
    /// A message is to go this way.
    Send {
        /// Which.
        way: Way,
        /// The message.
        octets: Vec<u8>,
    },
    /// `poll_timeout` is due.
    Timeout,
}

/// What is to be done.
#[derive(PartialEq, Eq)]
pub enum Output {
    /// Connect, from the address of `local` and any port of it.
    Connect {
        /// Its name.
        id: ConnectionId,
        /// Our address; its port is where we listen.
        local: SocketAddr,
        /// To where.
        remote: SocketAddr,
    },
    /// Write these octets after those before.
    Write {
        /// To which.
        id: ConnectionId,
        /// The octets.
        octets: Vec<u8>,
    },
    /// Close it once everything before is written.
    Close {
        /// Which.
        id: ConnectionId,
    },
    /// Close it at once.
    Abort {
        /// Which.
        id: ConnectionId,
    },
    /// A message came.
    Message {
        /// How.
        way: Way,
        /// The message.
        octets: Vec<u8>,
    },
    /// Nothing more comes this way, and what was sent may be lost.
    Lost {
        /// Which.
        way: Way,
    },
}

/// Totals since the start, and how many connections there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Connections now.
    pub up: u64,
    /// Connections of peers taken.
    pub accepted: u64,
    /// Connections of ours begun.
    pub opened: u64,
    /// Connections over a bound, closed at once.
    pub over_bound: u64,
    /// Connections of ours that nobody took in time, or that were refused.
    pub not_opened: u64,
    /// Connections closed because nothing came for too long.
    pub idle: u64,
    /// Connections closed because a message was not finished in time.
    pub half: u64,
    /// Connections closed because what came could not be measured.
    pub broken: u64,
    /// Connections closed because the peer did not read what we wrote.
    pub stuck: u64,
    /// Keep-alives answered.
    pub pings: u64,
}

impl Connections {
    /// None yet.
    pub fn new(settings: Settings) -> Self {
        let (open, by_remote, by_source) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        let (deadlines, outputs, closing) = (BTreeMap::new(), VecDeque::new(), VecDeque::new());
        let (strangers, next, counters) = (0, 0, Counters::default());
        Self { settings, by_source, strangers, open, by_remote, deadlines, next, outputs, closing, counters }
    }

    /// A name for a connection that a peer opened.
    pub fn reserve(&mut self) -> ConnectionId {
        self.next += 1;
        ConnectionId(self.next)
    }

    /// What was counted.
    pub fn counters(&self) -> Counters {
        Counters { up: self.open.len() as u64, ..self.counters }
    }

    /// Takes one input; then drain [`Connections::poll_output`].
    pub fn handle(&mut self, now: Instant, input: Input<'_>) {
        match input {
            Input::Accepted { id, local, remote } => self.accepted(now, id, local, remote),
            Input::Opened { id } => self.opened(now, id),
            Input::Closed { id } => self.closed(id),
            Input::Received { id, octets } => self.received(now, id, octets),
            Input::Written { id, octets } => {
                if let Some(connection) = self.open.get_mut(&id) {
                    connection.queued_octets = connection.queued_octets.saturating_sub(octets);
                }
            }
            Input::Send { way, octets } => self.send(now, way, octets),
            Input::Timeout => self.timeout(now),
        }
    }

    /// The next thing to do, in order. What follows from a message is to be told before the next is asked for.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front().or_else(|| self.closing.pop_front().map(|id| Output::Close { id }))
    }

    /// When `Timeout` is due.
    pub fn poll_timeout(&self) -> Option<Due> {
        let (&(at, _), ()) = self.deadlines.first_key_value()?;
        Some(Due { at, reason: "SIP connection" })
    }

    fn is_stranger(&self, ip: IpAddr) -> bool {
        !self.settings.listen_to.iter().any(|network| network.contains(ip))
    }

    /// Whether a peer at that address may open one more.
    fn has_room(&self, ip: IpAddr) -> bool {
        let of_source = self.by_source.get(&ip).copied().unwrap_or(0);
        let has_room = if self.is_stranger(ip) {
            of_source < SIP_CONNECTIONS_OF_ONE_STRANGER_MAX
                && self.strangers < SIP_CONNECTIONS_OF_STRANGERS_MAX
        } else {
            of_source < SIP_CONNECTIONS_OF_ONE_SOURCE_MAX
        };
        has_room && self.open.len() < self.settings.all
    }

    fn enter(&mut self, now: Instant, id: ConnectionId, connection: Connection) {
        if connection.opener == Opener::Peer {
            let source = connection.remote.ip();
            self.strangers += usize::from(self.is_stranger(source));
            *self.by_source.entry(source).or_default() += 1;
        }
        self.by_remote.entry(connection.remote).or_insert(id);
        let deadline = connection.deadline;
        self.open.insert(id, connection);
        self.deadlines.insert((deadline.max(now), id), ());
    }

    fn accepted(&mut self, now: Instant, id: ConnectionId, local: SocketAddr, remote: SocketAddr) {
        if !self.has_room(remote.ip()) {
            self.counters.over_bound += 1;
            return self.outputs.push_back(Output::Abort { id });
        }
        self.counters.accepted += 1;
        // A peer that connects and says nothing is treated as one that stops in mid-message.
        let state = State::Open { framing: Box::default(), half: Half::Since };
        let deadline = now + SIP_HALF_MESSAGE_MAX;
        let opener = Opener::Peer;
        self.enter(now, id, Connection { opener, local, remote, state, deadline, queued_octets: 0 });
    }

    fn opened(&mut self, now: Instant, id: ConnectionId) {
        let Some(connection) = self.open.get_mut(&id) else { return };
        let State::Opening { waiting } = &mut connection.state else { return };
        let waiting = std::mem::take(waiting);
        connection.state = State::Open { framing: Box::default(), half: Half::No };
        self.counters.opened += 1;
        self.move_deadline(id, now + SIP_CONNECTION_IDLE_MAX);
        self.outputs.extend(waiting.into_iter().map(|octets| Output::Write { id, octets }));
    }

    fn closed(&mut self, id: ConnectionId) {
        let Some(connection) = self.forget(id) else { return };
        self.counters.not_opened += u64::from(matches!(connection.state, State::Opening { .. }));
        self.outputs.push_back(Output::Lost { way: connection.way(id) });
    }

    fn received(&mut self, now: Instant, id: ConnectionId, octets: &[u8]) {
        let Some(connection) = self.open.get_mut(&id) else { return };
        let way = connection.way(id);
        let State::Open { framing, half } = &mut connection.state else { return };
        framing.push(octets);
        let (mut pings, mut whole, mut broken) = (0, 0_u32, None);
        while let Some(piece) = framing.pop() {
            match piece {
                Piece::Message(octets) => {
                    whole += 1;
                    self.outputs.push_back(Output::Message { way, octets });
                }
                Piece::Ping => pings += 1,
                Piece::Broken { head, .. } => broken = Some(head),
            }
        }
        let was = *half;
        *half = if framing.is_within_message() { Half::Since } else { Half::No };
        match (was, *half) {
            // The same half message: its time runs on.
            (Half::Since, Half::Since) if whole == 0 => {}
            (_, Half::Since) => self.move_deadline(id, now + SIP_HALF_MESSAGE_MAX),
            (_, Half::No) => self.move_deadline(id, now + SIP_CONNECTION_IDLE_MAX),
        }
        self.counters.pings += pings;
        if let Some(pings) = usize::try_from(pings).ok().filter(|pings| *pings > 0) {
            self.write(now, id, PONG.repeat(pings));
        }
        if let Some(head) = broken {
            self.counters.broken += 1;
            self.refuse_and_close(now, id, way, head);
        }
    }

    /// What cannot be measured is answered, if it is a request, and the connection closed behind the answer.
    fn refuse_and_close(&mut self, now: Instant, id: ConnectionId, way: Way, head: Vec<u8>) {
        if !head.is_empty() {
            self.outputs.push_back(Output::Message { way, octets: head });
        }
        let Some(connection) = self.open.get_mut(&id) else { return };
        connection.state = State::Closing;
        self.move_deadline(id, now + SIP_CONNECT_MAX);
        self.closing.push_back(id);
    }

    fn send(&mut self, now: Instant, way: Way, octets: Vec<u8>) {
        let named = way.connection.filter(|id| self.open.contains_key(id));
        let takes = |id: &ConnectionId| {
            self.open.get(id).is_some_and(|connection| !matches!(connection.state, State::Closing))
        };
        let any = self.by_remote.get(&way.remote).copied().filter(takes);
        match named.or(any) {
            Some(id) => self.write(now, id, octets),
            None => self.connect(now, way, octets),
        }
    }

    fn connect(&mut self, now: Instant, way: Way, octets: Vec<u8>) {
        if self.open.len() >= self.settings.all {
            self.counters.over_bound += 1;
            return self.outputs.push_back(Output::Lost { way });
        }
        let id = self.reserve();
        let Way { local, remote, .. } = way;
        let queued_octets = octets.len();
        let state = State::Opening { waiting: vec![octets] };
        let (opener, deadline) = (Opener::We, now + SIP_CONNECT_MAX);
        self.enter(now, id, Connection { opener, local, remote, state, deadline, queued_octets });
        self.outputs.push_back(Output::Connect { id, local, remote });
    }

    fn write(&mut self, now: Instant, id: ConnectionId, octets: Vec<u8>) {
        let Some(connection) = self.open.get_mut(&id) else { return };
        connection.queued_octets += octets.len();
        if connection.queued_octets > SIP_CONNECTION_QUEUE_MAX_OCTETS {
            self.counters.stuck += 1;
            return self.abort(id);
        }
        match &mut connection.state {
            State::Opening { waiting } => waiting.push(octets),
            State::Open { half: Half::Since, .. } | State::Closing => {
                self.outputs.push_back(Output::Write { id, octets });
            }
            State::Open { half: Half::No, .. } => {
                self.outputs.push_back(Output::Write { id, octets });
                self.move_deadline(id, now + SIP_CONNECTION_IDLE_MAX);
            }
        }
    }

    fn abort(&mut self, id: ConnectionId) {
        let Some(connection) = self.forget(id) else { return };
        self.outputs.push_back(Output::Abort { id });
        self.outputs.push_back(Output::Lost { way: connection.way(id) });
    }

    fn timeout(&mut self, now: Instant) {
        while let Some((&(at, id), ())) = self.deadlines.first_key_value() {
            if at > now {
                return;
            }
            let counter = match self.open.get(&id).map(|connection| &connection.state) {
                Some(State::Opening { .. }) => &mut self.counters.not_opened,
                Some(State::Open { half: Half::Since, .. }) => &mut self.counters.half,
                Some(State::Open { half: Half::No, .. }) => &mut self.counters.idle,
                Some(State::Closing) | None => &mut self.counters.stuck,
            };
            *counter += 1;
            self.deadlines.remove(&(at, id));
            self.abort(id);
        }
    }

    fn move_deadline(&mut self, id: ConnectionId, to: Instant) {
        let Some(connection) = self.open.get_mut(&id) else { return };
        self.deadlines.remove(&(connection.deadline, id));
        connection.deadline = to;
        self.deadlines.insert((to, id), ());
    }

    fn forget(&mut self, id: ConnectionId) -> Option<Connection> {
        let connection = self.open.remove(&id)?;
        self.deadlines.remove(&(connection.deadline, id));
        if self.by_remote.get(&connection.remote) == Some(&id) {
            self.by_remote.remove(&connection.remote);
        }
        if connection.opener == Opener::Peer {
            self.forget_source(connection.remote.ip());
        }
        Some(connection)
    }

    fn forget_source(&mut self, source: IpAddr) {
        self.strangers -= usize::from(self.is_stranger(source));
        if let Some(of_source) = self.by_source.get_mut(&source) {
            *of_source -= 1;
            if *of_source == 0 {
                self.by_source.remove(&source);
            }
        }
    }
}

impl Connection {
    fn way(&self, id: ConnectionId) -> Way {
        Way { transport: Transport::Tcp, local: self.local, remote: self.remote, connection: Some(id) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// So many connections may there be in these tests.
    const ALL: usize = SIP_CONNECTIONS_OF_ONE_SOURCE_MAX + 300;
    const LOCAL: &str = "10.0.0.1:5060";
    const OPTIONS: &str = "OPTIONS sip:a SIP/2.0\r\nl: 0\r\n\r\n";

    fn address(text: &str) -> SocketAddr {
        text.parse().unwrap()
    }

    fn way(remote: &str, connection: Option<u64>) -> Way {
        let connection = connection.map(ConnectionId);
        Way { transport: Transport::Tcp, local: address(LOCAL), remote: address(remote), connection }
    }

    /// The connections, and what they did, a word each.
    struct Bench {
        connections: Connections,
        now_ms: u64,
    }

    impl Default for Bench {
        fn default() -> Self {
            let near = Network { base: [10, 0, 0, 0].into(), prefix: 8 };
            let settings = Settings { all: ALL, listen_to: vec![near] };
            Self { connections: Connections::new(settings), now_ms: 0 }
        }
    }

    impl Bench {
        fn does(&mut self, input: Input<'_>) -> String {
            self.connections.handle(Instant::from_millis(self.now_ms), input);
            self.said()
        }

        fn said(&mut self) -> String {
            let outputs = std::iter::from_fn(|| self.connections.poll_output());
            let word = |output| match output {
                Output::Connect { id, remote, .. } => format!("connect {} {remote}", id.0),
                Output::Write { id, octets } => format!("write {} {}", id.0, octets.escape_ascii()),
                Output::Close { id } => format!("close {}", id.0),
                Output::Abort { id } => format!("abort {}", id.0),
                Output::Message { way, octets } => {
                    format!("message {} {}", way.connection.unwrap().0, octets.len())
                }
                Output::Lost { way } => format!("lost {}", way.remote),
            };
            outputs.map(word).collect::<Vec<_>>().join(", ")
        }

        fn accept(&mut self, remote: &str) -> ConnectionId {
            let id = self.connections.reserve();
            assert_eq!(self.does(Input::Accepted { id, local: address(LOCAL), remote: address(remote) }), "");
            id
        }

        fn send(&mut self, way: Way) -> String {
            self.does(Input::Send { way, octets: b"x".to_vec() })
        }

        fn gets(&mut self, id: ConnectionId, octets: &str) -> String {
            self.does(Input::Received { id, octets: octets.as_bytes() })
        }

        /// Lets the next deadline come.
        fn waits(&mut self) -> String {
            let Some(due) = self.connections.poll_timeout() else { return "nothing waits".to_owned() };
            self.now_ms = due.at.as_micros().div_ceil(1_000);
            let said = self.does(Input::Timeout);
            format!("{} s: {said}", self.now_ms / 1_000)
        }
    }

    #[test]
    fn an_answer_goes_by_the_connection_of_its_request_or_by_a_new_one_to_its_via() {
        let mut bench = Bench::default();
        let id = bench.accept("10.0.0.2:40000");
        assert_eq!(bench.gets(id, OPTIONS), "message 1 31");
        assert_eq!(bench.send(way("10.0.0.2:5062", Some(1))), "write 1 x");
        assert_eq!(bench.does(Input::Closed { id }), "lost 10.0.0.2:40000");
        assert_eq!(bench.send(way("10.0.0.2:5062", Some(1))), "connect 2 10.0.0.2:5062");
        assert_eq!(bench.send(way("10.0.0.2:5062", Some(1))), "", "it waits for the same");
        assert_eq!(bench.does(Input::Opened { id: ConnectionId(2) }), "write 2 x, write 2 x");
        assert_eq!(bench.send(way("10.0.0.2:5062", None)), "write 2 x");
        let counters = bench.connections.counters();
        assert_eq!((counters.up, counters.accepted, counters.opened), (1, 1, 1));
    }

    #[test]
    fn a_connection_that_cannot_be_had_is_told_as_lost() {
        let mut bench = Bench::default();
        bench.send(way("10.0.0.2:5060", None));
        assert_eq!(bench.does(Input::Closed { id: ConnectionId(1) }), "lost 10.0.0.2:5060");
        bench.send(way("10.0.0.2:5060", None));
        assert_eq!(bench.waits(), "4 s: abort 2, lost 10.0.0.2:5060");
        assert_eq!(bench.connections.counters().not_opened, 2);
        assert_eq!(bench.does(Input::Opened { id: ConnectionId(2) }), "", "too late");
    }

    #[test]
    fn half_a_message_and_silence_have_their_time() {
        // RFC 3261 §18: longer than a transaction takes, 64·T1, with the longest T1 that may be set.
        assert!(SIP_CONNECTION_IDLE_MAX > 64 * std::time::Duration::from_secs(5));
        let mut bench = Bench::default();
        let id = bench.accept("10.0.0.2:40000");
        assert_eq!(bench.waits(), "32 s: abort 1, lost 10.0.0.2:40000", "nothing came at all: {id:?}");
        let id = bench.accept("10.0.0.2:40000");
        bench.gets(id, OPTIONS);
        assert_eq!(bench.waits(), "3632 s: abort 2, lost 10.0.0.2:40000", "idle");
        let id = bench.accept("10.0.0.2:40000");
        bench.gets(id, &OPTIONS[..5]);
        bench.now_ms += 20_000;
        bench.gets(id, &OPTIONS[5..9]);
        assert_eq!(bench.waits(), "3664 s: abort 3, lost 10.0.0.2:40000", "drop by drop");
        let counters = bench.connections.counters();
        assert_eq!((counters.half, counters.idle, counters.up), (2, 1, 0));
        assert_eq!(bench.waits(), "nothing waits");
    }

    #[test]
    fn a_ping_is_answered_and_keeps_the_connection() {
        let mut bench = Bench::default();
        let id = bench.accept("10.0.0.2:40000");
        assert_eq!(bench.gets(id, "\r\n\r\n\r\n\r\n"), "write 1 \\r\\n\\r\\n");
        assert_eq!(bench.connections.counters().pings, 2);
        assert_eq!(bench.waits(), "3600 s: abort 1, lost 10.0.0.2:40000");
    }

    #[test]
    fn what_cannot_be_measured_is_refused_and_the_connection_closed_behind_the_answer() {
        let mut bench = Bench::default();
        let id = bench.accept("10.0.0.2:40000");
        let two = format!("{OPTIONS}OPTIONS sip:b SIP/2.0\r\n\r\n{OPTIONS}");
        bench.connections.handle(Instant::START, Input::Received { id, octets: two.as_bytes() });
        let heard = [(); 2].map(|()| bench.connections.poll_output());
        assert!(heard.iter().all(|output| matches!(output, Some(Output::Message { .. }))));
        assert_eq!(bench.send(way("10.0.0.2:5060", Some(1))), "write 1 x, close 1", "the 400 goes first");
        assert_eq!(bench.gets(id, OPTIONS), "", "nothing more is read");
        assert_eq!(bench.does(Input::Closed { id }), "lost 10.0.0.2:40000");
        assert_eq!(bench.connections.counters().broken, 1);
    }

    #[test]
    fn a_peer_that_does_not_read_is_given_up() {
        let mut bench = Bench::default();
        let id = bench.accept("10.0.0.2:40000");
        let octets = vec![b'x'; SIP_CONNECTION_QUEUE_MAX_OCTETS];
        bench.does(Input::Send { way: way("10.0.0.2:5060", Some(1)), octets });
        bench.does(Input::Written { id, octets: 1 });
        assert_eq!(bench.send(way("10.0.0.2:5060", Some(1))), "write 1 x");
        let said = bench.send(way("10.0.0.2:5060", Some(1)));
        assert_eq!(said, "abort 1, lost 10.0.0.2:40000");
        assert_eq!(bench.connections.counters().stuck, 1);
    }

    /// Lets peers connect from that address until one is turned away, and tells how many were taken.
    fn fill(bench: &mut Bench, ip: &str) -> usize {
        let taken = (1..=ALL + 1).take_while(|port| {
            let id = bench.connections.reserve();
            let remote = address(&format!("{ip}:{port}"));
            bench.does(Input::Accepted { id, local: address(LOCAL), remote }).is_empty()
        });
        taken.count()
    }

    #[test]
    fn no_source_takes_all_the_room_and_strangers_together_take_little() {
        let mut bench = Bench::default();
        for n in 0..SIP_CONNECTIONS_OF_STRANGERS_MAX / SIP_CONNECTIONS_OF_ONE_STRANGER_MAX {
            let taken = fill(&mut bench, &format!("192.0.2.{n}"));
            assert_eq!(taken, SIP_CONNECTIONS_OF_ONE_STRANGER_MAX, "stranger {n}");
        }
        assert_eq!(fill(&mut bench, "192.0.2.250"), 0, "one stranger too many");
        assert_eq!(fill(&mut bench, "10.0.0.2"), SIP_CONNECTIONS_OF_ONE_SOURCE_MAX, "a peer of ours");
        let left = ALL - SIP_CONNECTIONS_OF_ONE_SOURCE_MAX - SIP_CONNECTIONS_OF_STRANGERS_MAX;
        assert_eq!(fill(&mut bench, "10.0.0.3"), left, "all that is left");
        assert_eq!(bench.send(way("10.0.0.4:5060", None)), "lost 10.0.0.4:5060", "and none of ours");
    }

    #[test]
    fn who_leaves_makes_room_for_another() {
        let mut bench = Bench::default();
        let first = bench.connections.next + 1;
        fill(&mut bench, "192.0.2.1");
        bench.does(Input::Closed { id: ConnectionId(first) });
        assert_eq!(fill(&mut bench, "192.0.2.1"), 1);
        let counters = bench.connections.counters();
        assert_eq!(
            (counters.up, counters.over_bound),
            (SIP_CONNECTIONS_OF_ONE_STRANGER_MAX as u64, 2),
            "{counters:?}"
        );
    }
}
