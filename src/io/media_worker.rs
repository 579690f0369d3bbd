//! One media worker: a plain thread that owns port pairs and the [`Engine`] of the legs on them.
//!
//! ```text
//!  switch ─▶ commands (bounded) ─▶ ┐
//!                                  ├ sleep to the next occupied slot ─▶ drain its legs' sockets ─▶ tick ─▶ send
//!  switch ◀─ events (bounded) ◀─── ┘ without a leg: sleep until the bell rings
//! ```
//! No packet wakes the thread: what came waits in the socket for its leg's slot. Parties that are certain
//! are served by `Ring`, one system call for all that a slot receives and one for all that it sends; the
//! others, and all of them where io_uring is forbidden, one by one. An event that finds the channel full
//! waits in the engine, in order. What the packets mean is the engine's job; resting a port before it is
//! used again is the switch's.

use crate::clock::Instant;
use crate::io::media_counters::WorkerCounters;
use crate::io::media_port::{Pair, PortPair};
use crate::io::media_ring::{Done, Ring};
use crate::io::media_socket::{Batch, Bell, run_before_others, sleep_exactly};
use crate::io::now::Clock;
use crate::limits::{
    MEDIA_COMMANDS_MAX, MEDIA_DATAGRAM_MAX_OCTETS, MEDIA_DRAIN_BATCHES_MAX, MEDIA_EMPTIED_EVERY_TICKS,
    MEDIA_PORT_TRIED_EVERY, MEDIA_PORTS_FREED_WITHIN, MEDIA_READS_PER_TICK_MAX, MEDIA_RECEIVE_BATCH,
    RTCP_READ_EVERY, SLOTS_PER_TICK, TICK,
};
use crate::media::command::{Command, Event, PortIndex, WorkerIndex};
use crate::media::engine::{Engine, Kind};
use crate::media::slot::Slot;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;
use std::os::fd::AsRawFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering, fence};
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, TrySendError, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;
use thiserror::Error;
use tokio::sync::mpsc::Sender as EventSender;

/// What a worker is given at its start.
#[derive(Debug)]
pub struct Settings {
    /// Its number.
    pub index: WorkerIndex,
    /// The address that its sockets are bound to, `0.0.0.0` for every one of the machine.
    pub bind: IpAddr,
    /// Where to look for port pairs: an even port for RTP and the odd one after it for RTCP.
    pub ports: RangeInclusive<u16>,
    /// How many pairs to bind; a pair in use is passed over.
    pub pairs: usize,
    /// The engine's clock.
    pub clock: Clock,
    /// Where events go.
    pub events: EventSender<(WorkerIndex, Event)>,
    /// How packets are moved.
    pub batching: Batching,
    /// Whether the thread goes before other programs.
    pub priority: Priority,
}

/// How the packets of parties that are certain are moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Batching {
    /// By io_uring where the system has it and allows it, else one by one.
    WherePossible,
    /// One by one.
    Never,
}

/// Whether the thread goes before other programs of the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Priority {
    /// If the system allows it.
    WherePossible,
    /// It takes its turn.
    Never,
}

/// Why a worker could not start.
#[derive(Debug, Error)]
pub enum StartError {
    /// Not one port pair of the range is free.
    #[error(
        "no port pair from {first} to {last} is free on {bind}: set `media.first_port` and `media.last_port` to a free range"
    )]
    NoPort {
        /// The address.
        bind: IpAddr,
        /// The first port of the range.
        first: u16,
        /// The last one.
        last: u16,
    },
    /// A socket could not be made for another reason than a port in use.
    #[error("cannot bind media port {address}: {cause}")]
    Bind {
        /// The address and port.
        address: SocketAddr,
        /// What the kernel said.
        cause: io::Error,
    },
    /// The thread or its bell could not be made.
    #[error("cannot start the media thread: {0}")]
    Thread(io::Error),
}

/// Why a command was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum SendError {
    /// [`MEDIA_COMMANDS_MAX`] commands wait already.
    #[error("media worker {} has {MEDIA_COMMANDS_MAX} commands waiting", .0.0)]
    Full(WorkerIndex),
    /// The thread has ended.
    #[error("media worker {} has ended", .0.0)]
    Ended(WorkerIndex),
}

/// The switch's hold on a worker. Dropping it ends the worker's thread.
#[derive(Debug)]
pub struct Handle {
    index: WorkerIndex,
    commands: Option<SyncSender<Command>>,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

/// It wakes by itself within a slot.
const NOT_LONG: u8 = 0;
/// It wakes by itself, but a leg that opens should not wait for it.
const LONGER_THAN_A_SLOT: u8 = 1;
/// Only the bell wakes it.
const UNTIL_THE_BELL: u8 = 2;

#[derive(Debug)]
struct Shared {
    bell: Bell,
    /// How long the worker sleeps, or is about to: one of the constants below.
    asleep: AtomicU8,
    counters: WorkerCounters,
}

/// Binds the ports and starts the thread.
///
/// # Errors
/// [`StartError`] when no pair is free, or the machine has no descriptor or thread left.
pub fn start(settings: Settings) -> Result<(Handle, Vec<PortPair>), StartError> {
    let sockets = bind_pairs(&settings)?;
    let pairs = sockets.iter().zip(0..).map(|(pair, index)| pair.ports(PortIndex(index))).collect();
    let bell = Bell::new().map_err(StartError::Thread)?;
    let asleep = AtomicU8::new(NOT_LONG);
    let shared = Arc::new(Shared { bell, asleep, counters: WorkerCounters::default() });
    let (commands, inbox) = sync_channel(MEDIA_COMMANDS_MAX);
    let index = settings.index;
    let worker = Worker {
        index,
        clock: settings.clock,
        engine: Engine::new(sockets.len() as u32),
        sockets,
        inbox,
        events: settings.events,
        shared: Arc::clone(&shared),
        batch: Batch::default(),
        ring: None,
        batching: settings.batching,
        priority: settings.priority,
        connected: true,
    };
    let thread = std::thread::Builder::new()
        .name(format!("media-{}", index.0))
        .spawn(move || worker.run())
        .map_err(StartError::Thread)?;
    Ok((Handle { index, commands: Some(commands), shared, thread: Some(thread) }, pairs))
}

fn bind_pairs(settings: &Settings) -> Result<Vec<Pair>, StartError> {
    let (first, last) = (*settings.ports.start(), *settings.ports.end());
    let mut pairs = Vec::with_capacity(settings.pairs);
    let even = (first..last).filter(|port| port % 2 == 0);
    let mut patience = MEDIA_PORTS_FREED_WITHIN;
    for rtp in even {
        if pairs.len() == settings.pairs {
            break;
        }
        match bind_in_time(settings.bind, rtp, &mut patience, pause) {
            Ok(pair) => pairs.push(pair),
            Err(cause) if cause.kind() == io::ErrorKind::AddrInUse => {}
            Err(cause) => {
                return Err(StartError::Bind { address: SocketAddr::new(settings.bind, rtp), cause });
            }
        }
    }
    if pairs.is_empty() { Err(StartError::NoPort { bind: settings.bind, first, last }) } else { Ok(pairs) }
}

/// Nobody tells when the kernel frees a port; to be woken early does no harm.
fn pause(length: Duration) {
    std::thread::park_timeout(length);
}

/// Binds a pair. One in use may belong to an engine that was killed a moment ago: it is tried again while there is
/// patience left, which all pairs share.
fn bind_in_time(
    bind: IpAddr,
    rtp: u16,
    patience: &mut Duration,
    mut pause: impl FnMut(Duration),
) -> io::Result<Pair> {
    loop {
        match Pair::bind(bind, rtp) {
            Err(cause) if cause.kind() == io::ErrorKind::AddrInUse && !patience.is_zero() => {
                pause(MEDIA_PORT_TRIED_EVERY);
                *patience = patience.saturating_sub(MEDIA_PORT_TRIED_EVERY);
            }
            bound => return bound,
        }
    }
}

impl Handle {
    /// Gives the worker a command. It is taken up when the worker wakes next, within a tick; a
    /// [`Command::Open`] within a slot, so that a leg owns its port before the party has heard of it and
    /// sent ten packets there (`STRANGER_PACKETS`).
    ///
    /// # Errors
    /// [`SendError`] when the worker is too far behind, or gone.
    pub fn send(&self, command: Command) -> Result<(), SendError> {
        let opens = matches!(command, Command::Open { .. });
        let asleep_for = |shared: &Shared| shared.asleep.load(Ordering::SeqCst);
        let commands = self.commands.as_ref().ok_or(SendError::Ended(self.index))?;
        commands.try_send(command).map_err(|error| match error {
            TrySendError::Full(_) => SendError::Full(self.index),
            TrySendError::Disconnected(_) => SendError::Ended(self.index),
        })?;
        fence(Ordering::SeqCst); // pairs with the one in `Worker::sleep`: one side sees the other's write
        match asleep_for(&self.shared) {
            UNTIL_THE_BELL => self.shared.bell.ring(),
            LONGER_THAN_A_SLOT if opens => self.shared.bell.ring(),
            _ => {}
        }
        Ok(())
    }

    /// What the worker counts, while it runs.
    pub fn counters(&self) -> &WorkerCounters {
        &self.shared.counters
    }

    /// Ends the thread and waits for it. Legs that are open are dropped without a word.
    pub fn stop(mut self) {
        self.end();
    }

    fn end(&mut self) {
        self.commands = None;
        self.shared.bell.ring();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join(); // a panic of the thread was printed by it; there is nobody else to tell
        }
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.end();
    }
}

/// What became of the packets of one slot.
struct Sent {
    packets: u64,
    errors: u64,
    /// Of the ring: after an error it is not used any more.
    outcome: io::Result<()>,
}

impl Sent {
    fn flush(&mut self, ring: &mut Ring) {
        let Self { packets, errors, outcome } = self;
        if outcome.is_ok() {
            *outcome = ring.flush(|done| match done {
                Done::Moved { .. } => *packets += 1,
                Done::Nothing { .. } => *errors += 1,
            });
        }
    }
}

struct Worker {
    index: WorkerIndex,
    clock: Clock,
    engine: Engine,
    sockets: Vec<Pair>,
    inbox: Receiver<Command>,
    events: EventSender<(WorkerIndex, Event)>,
    shared: Arc<Shared>,
    batch: Batch,
    /// Made by the thread that uses it.
    ring: Option<Ring>,
    batching: Batching,
    priority: Priority,
    /// The handle lives.
    connected: bool,
}

impl Worker {
    fn run(mut self) {
        self.begin();
        while self.connected {
            self.take_commands();
            self.serve_due_slots();
            self.tell_events();
            self.sleep();
        }
    }

    fn begin(&mut self) {
        sleep_exactly();
        if self.priority == Priority::WherePossible {
            match run_before_others() {
                Ok(()) => self.shared.counters.first.store(1, Ordering::Relaxed),
                Err(error) => tracing::debug!(%error, "media threads take their turn among other programs"),
            }
        }
        if self.batching == Batching::WherePossible {
            let sockets: Vec<_> = self.sockets.iter().map(|pair| pair.rtp.as_raw_fd()).collect();
            match Ring::new(&sockets) {
                Ok(ring) => self.ring = Some(ring),
                Err(error) => tracing::debug!(%error, "no io_uring here: packets are moved one by one"),
            }
        }
        self.shared.counters.batching.store(u64::from(self.ring.is_some()), Ordering::Relaxed);
    }

    fn take_commands(&mut self) {
        for _ in 0..MEDIA_COMMANDS_MAX {
            match self.inbox.try_recv() {
                Ok(command) => self.obey(command),
                Err(TryRecvError::Empty) => return,
                Err(TryRecvError::Disconnected) => {
                    self.connected = false;
                    return;
                }
            }
        }
    }

    /// A port is drained before a party is told of it or a leg gets it, because what waits there is not the leg's; and
    /// before a leg gives it back, because what waits there is still this party's. Whenever the party may
    /// change, anybody may be it.
    fn obey(&mut self, command: Command) {
        let now = self.clock.now();
        let changing = match &command {
            Command::Open { port, .. } | Command::Promise { port } => Some(*port),
            Command::Close { leg } | Command::Replan { leg, .. } => self.engine.port_of(*leg),
            Command::Withdraw { .. }
            | Command::Play { .. }
            | Command::Stop { .. }
            | Command::Listen { .. }
            | Command::Move { .. }
            | Command::Record { .. }
            | Command::StopRecording { .. }
            | Command::Bridge { .. }
            | Command::Unbridge { .. } => None,
        };
        if let Some(port) = changing {
            self.read_up_to(MEDIA_DRAIN_BATCHES_MAX, port, Kind::Rtp, now);
            self.read_up_to(MEDIA_DRAIN_BATCHES_MAX, port, Kind::Rtcp, now);
            if let Some(pair) = self.sockets.get_mut(port.0 as usize) {
                pair.unsettle();
            }
        }
        self.engine.command(now, command);
        self.count();
    }

    /// Reads a socket until it is empty, at most `batches` times; tells how many datagrams it was.
    fn read_up_to(&mut self, batches: usize, port: PortIndex, kind: Kind, now: Instant) -> usize {
        let mut read = 0;
        for _ in 0..batches {
            let count = self.read(port, kind, now);
            read += count;
            if count < MEDIA_RECEIVE_BATCH {
                break;
            }
        }
        read
    }

    /// Reads one RTP datagram, if one waits; tells how many it was.
    fn read_one(&mut self, port: PortIndex, now: Instant) -> usize {
        let Some(pair) = self.sockets.get(port.0 as usize) else { return 0 };
        let mut octets = [0; MEDIA_DATAGRAM_MAX_OCTETS];
        // After an error of the network the next tick reads by `read_up_to`, which looks behind it.
        let Ok((length, from)) = pair.rtp.recv_from(&mut octets) else { return 0 };
        self.engine.receive(now, port, Kind::Rtp, from, &octets[..length]);
        self.shared.counters.received.fetch_add(1, Ordering::Relaxed);
        1
    }

    /// Reads what came since the last tick. A party that sends a packet a tick is read with one plain
    /// `recv`, which costs two thirds of a `recvmmsg` that finds the socket empty behind the packet. Only
    /// after a tick that read none, or several, and now and then, more can be waiting than one.
    fn read_tick(&mut self, slot: Slot, port: PortIndex, now: Instant) {
        let Some(pair) = self.sockets.get(port.0 as usize) else { return };
        let turn = (slot.0 / SLOTS_PER_TICK + u64::from(port.0)) % MEDIA_EMPTIED_EVERY_TICKS;
        let read = if pair.last_read != 1 || turn == 0 {
            let read = self.read_up_to(MEDIA_READS_PER_TICK_MAX, port, Kind::Rtp, now);
            self.settle(port, now);
            read
        } else if self.ring.is_some() && pair.settled().is_some() {
            return self.read_with_others(port, now);
        } else {
            self.read_one(port, now)
        };
        if let Some(pair) = self.sockets.get_mut(port.0 as usize) {
            pair.last_read = read;
        }
    }

    /// Connects the socket of a leg whose party is certain. What others sent until then is read at once,
    /// with their names: from then on there is only one.
    fn settle(&mut self, port: PortIndex, now: Instant) {
        let Some(pair) = self.sockets.get_mut(port.0 as usize).filter(|pair| pair.settled().is_none()) else {
            return;
        };
        let Some(party) = self.engine.certain_party(port) else { return };
        if pair.settle(party) {
            self.read_up_to(MEDIA_DRAIN_BATCHES_MAX, port, Kind::Rtp, now);
        }
    }

    /// Reads one RTP datagram together with those of other legs: see [`Worker::finish_reading`].
    fn read_with_others(&mut self, port: PortIndex, now: Instant) {
        if self.ring.as_ref().is_some_and(Ring::is_full) {
            self.finish_reading(now);
        }
        if let Some(ring) = &mut self.ring {
            ring.receive(port);
        }
    }

    fn finish_reading(&mut self, now: Instant) {
        let Self { ring, sockets, engine, shared, .. } = self;
        let Some(ring_in_use) = ring else { return };
        let mut received = 0;
        let outcome = ring_in_use.flush(|done| {
            let (Done::Moved { port, .. } | Done::Nothing { port }) = done;
            let Some(pair) = sockets.get_mut(port.0 as usize) else { return };
            pair.last_read = 0;
            if let (Done::Moved { octets, .. }, Some(party)) = (done, pair.settled()) {
                pair.last_read = 1;
                received += 1;
                engine.receive(now, port, Kind::Rtp, party, octets);
            }
        });
        shared.counters.received.fetch_add(received, Ordering::Relaxed);
        self.give_up_batching_after(outcome);
    }

    /// Packets go on one by one when the kernel takes no more batches.
    fn give_up_batching_after(&mut self, outcome: io::Result<()>) {
        if let Err(error) = outcome {
            tracing::error!(%error, "io_uring failed: packets are moved one by one from now on");
            self.ring = None;
            self.shared.counters.batching.store(0, Ordering::Relaxed);
        }
    }

    fn serve_due_slots(&mut self) {
        loop {
            let now = self.clock.now();
            match self.engine.next_slot() {
                Some(slot) if slot.at() <= now => self.serve(slot, now),
                Some(_) | None => return,
            }
        }
    }

    fn serve(&mut self, slot: Slot, now: Instant) {
        self.shared.counters.lateness.count(now.since(slot.at()));
        let mut place = 0;
        while let Some(port) = self.engine.resident(slot, place) {
            self.read_tick(slot, port, now);
            self.read_rtcp_now_and_then(port, now);
            place += 1;
        }
        self.finish_reading(now);
        self.tick(slot, now);
        self.shared.counters.slots.fetch_add(1, Ordering::Relaxed);
        self.count();
    }

    fn tick(&mut self, slot: Slot, now: Instant) {
        let Self { ring, sockets, engine, shared, .. } = self;
        let mut sent = Sent { packets: 0, errors: 0, outcome: Ok(()) };
        engine.tick(now, slot, &mut |departure| {
            let Some(pair) = sockets.get_mut(departure.port.0 as usize) else { return sent.errors += 1 };
            match ring {
                Some(ring) if sent.outcome.is_ok() && pair.settled() == Some(departure.to) => {
                    if ring.is_full() {
                        sent.flush(ring);
                    }
                    ring.send(departure.port, departure.octets);
                }
                Some(_) | None => match pair.send(&departure) {
                    Ok(()) => sent.packets += 1,
                    Err(_) => sent.errors += 1,
                },
            }
        });
        if let Some(ring) = ring {
            sent.flush(ring);
        }
        shared.counters.sent.fetch_add(sent.packets, Ordering::Relaxed);
        shared.counters.send_errors.fetch_add(sent.errors, Ordering::Relaxed);
        self.give_up_batching_after(sent.outcome);
    }

    /// Reads one batch of a socket into the engine and tells how many datagrams it was.
    fn read(&mut self, port: PortIndex, kind: Kind, now: Instant) -> usize {
        let Some(pair) = self.sockets.get(port.0 as usize) else { return 0 };
        let socket = match kind {
            Kind::Rtp => &pair.rtp,
            Kind::Rtcp => &pair.rtcp,
        };
        let count = self.batch.read(socket);
        for (from, octets) in (0..count).filter_map(|place| self.batch.datagram(place)) {
            self.engine.receive(now, port, kind, from, octets);
        }
        self.shared.counters.received.fetch_add(count as u64, Ordering::Relaxed);
        count
    }

    fn read_rtcp_now_and_then(&mut self, port: PortIndex, now: Instant) {
        if let Some(pair) = self.sockets.get_mut(port.0 as usize).filter(|pair| pair.next_rtcp <= now) {
            pair.next_rtcp = now + RTCP_READ_EVERY;
            self.read(port, Kind::Rtcp, now);
        }
    }

    fn tell_events(&mut self) {
        while !self.engine.has_no_event() {
            let Ok(room) = self.events.try_reserve() else {
                if self.events.is_closed() {
                    while self.engine.take_event().is_some() {} // nobody will ever ask
                } else {
                    self.shared.counters.events_delayed.fetch_add(1, Ordering::Relaxed);
                }
                return;
            };
            if let Some(event) = self.engine.take_event() {
                room.send((self.index, event));
            }
        }
    }

    /// Sleeps to the next occupied slot; without a leg and a waiting event only the bell wakes it. Before
    /// a long sleep it says so and looks at the inbox once more, so that no command is slept through.
    fn sleep(&mut self) {
        if !self.connected {
            return;
        }
        let (asleep, until) = self.wakes_at();
        if asleep == NOT_LONG {
            return self.shared.bell.sleep(until);
        }
        self.shared.asleep.store(asleep, Ordering::SeqCst);
        fence(Ordering::SeqCst);
        self.take_commands();
        let (still, until) = self.wakes_at();
        if self.connected && still == asleep {
            self.shared.bell.sleep(until);
        }
        self.shared.asleep.store(NOT_LONG, Ordering::SeqCst);
    }

    /// What kind of sleep is next, and how long it is.
    fn wakes_at(&self) -> (u8, Option<Duration>) {
        let now = self.clock.now();
        let next_slot = self.engine.next_slot().map(Slot::at);
        let retry = (!self.engine.has_no_event()).then(|| now + TICK);
        match next_slot.into_iter().chain(retry).min().map(|until| until.since(now)) {
            Some(rest) if rest <= TICK / SLOTS_PER_TICK as u32 => (NOT_LONG, Some(rest)),
            Some(rest) => (LONGER_THAN_A_SLOT, Some(rest)),
            None => (UNTIL_THE_BELL, None),
        }
    }

    fn count(&self) {
        let (counters, engine) = (&self.shared.counters, self.engine.counters());
        counters.skipped_ticks.store(engine.skipped_ticks, Ordering::Relaxed);
        counters.unowned.store(engine.unowned, Ordering::Relaxed);
        counters.refused_commands.store(engine.refused_commands, Ordering::Relaxed);
        counters.keys_dropped.store(engine.keys_dropped, Ordering::Relaxed);
        counters.legs.store(self.engine.legs() as u64, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{LegId, PlaybackId};
    use crate::media::command::{Clip, Direction, StreamPlan};
    use crate::wire::codec::{AudioFormat, Codec};
    use crate::wire::rtp::{HEADER_OCTETS, Header, Packet};
    use crate::wire::telephone_event::EventFormat;
    use std::net::UdpSocket;
    use tokio::sync::mpsc::{Receiver as EventReceiver, channel};

    const LEG: LegId = LegId(1);
    const LOOPBACK: &str = "127.0.0.1";

    type Started = (Handle, Vec<PortPair>, EventReceiver<(WorkerIndex, Event)>);

    const WAYS: [Batching; 2] = [Batching::WherePossible, Batching::Never];

    fn started(pairs: usize, events: usize) -> Started {
        started_on(LOOPBACK, pairs, events, Batching::WherePossible)
    }

    fn started_on(bind: &str, pairs: usize, events: usize, batching: Batching) -> Started {
        let (events, told) = channel(events);
        let bind = bind.parse().unwrap();
        let index = WorkerIndex(3);
        let ports = 23_000..=32_000;
        let (clock, priority) = (Clock::start(), Priority::WherePossible);
        let settings = Settings { index, bind, ports, pairs, clock, events, batching, priority };
        let (handle, ports) = start(settings).unwrap();
        (handle, ports, told)
    }

    fn phone() -> UdpSocket {
        let socket = UdpSocket::bind((LOOPBACK, 0)).unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        socket
    }

    fn plan(phone: &UdpSocket) -> StreamPlan {
        let remote = phone.local_addr().unwrap();
        StreamPlan {
            remote,
            remote_rtcp: remote,
            rtcp_mux: false,
            source: LOOPBACK.parse().unwrap(),
            sends: AudioFormat { payload_type: 0, codec: Codec::Pcmu },
            takes: vec![AudioFormat { payload_type: 0, codec: Codec::Pcmu }],
            sends_events: Some(EventFormat { payload_type: 101, clock_hz: 8_000 }),
            takes_events: vec![EventFormat { payload_type: 101, clock_hz: 8_000 }],
            packet_ms: 20,
            direction: Direction { send: true, receive: true },
        }
    }

    fn open(plan: StreamPlan) -> Command {
        let silent_after = Duration::from_secs(60);
        Command::Open {
            leg: LEG,
            port: PortIndex(0),
            plan,
            ssrc: 7,
            sequence: 65_534,
            timestamp: 0,
            silent_after,
        }
    }

    /// Packets to the phone until `enough` says so: (sequence, timestamp, first payload octet).
    fn heard(phone: &UdpSocket, mut enough: impl FnMut(u8) -> bool) -> Vec<(u16, u32, u8)> {
        let mut octets = [0; 1_500];
        let mut packets = Vec::new();
        while packets.len() < 500 {
            let (count, _) = phone.recv_from(&mut octets).unwrap();
            let packet = Packet::read(&octets[..count]).unwrap();
            assert_eq!((packet.ssrc, packet.payload.len()), (7, 160));
            packets.push((packet.sequence, packet.timestamp, packet.payload[0]));
            if enough(packet.payload[0]) {
                return packets;
            }
        }
        panic!("not enough in {packets:?}");
    }

    fn event_packet(sequence: u16) -> Vec<u8> {
        let mut head = [0; HEADER_OCTETS];
        Header { marker: true, payload_type: 101, sequence, timestamp: 800, ssrc: 9 }.write(&mut head);
        [&head[..], &[5, 10, 0, 160]].concat()
    }

    /// The phone and the leg send to each other until the phone has heard `packets` of them in sequence;
    /// each of its own is told to be `octet`.
    fn talk(phone: &UdpSocket, port: u16, packets: u16, octet: u8) {
        let mut octets = [0; 1_500];
        let mut last = None;
        for n in 0..packets {
            let (count, _) = phone.recv_from(&mut octets).unwrap();
            let sequence = Packet::read(&octets[..count]).unwrap().sequence;
            assert!(last.is_none_or(|last: u16| sequence == last.wrapping_add(1)), "{last:?} {sequence}");
            last = Some(sequence);
            phone.send_to(&rtp_packet(9, n, octet), (LOOPBACK, port)).unwrap();
        }
    }

    #[test]
    fn a_party_that_is_certain_is_heard_whole_and_a_new_offer_may_bring_another() {
        for batching in WAYS {
            let (handle, ports, mut told) = started_on(LOOPBACK, 1, 64, batching);
            let (first, second) = (phone(), phone());
            handle.send(open(plan(&first))).unwrap();
            let (tap, mut reader) = crate::media::tap::ring(1_000, Codec::Pcmu);
            handle.send(Command::Record { leg: LEG, tap }).unwrap();
            talk(&first, ports[0].rtp, 60, 3);
            handle.send(Command::Replan { leg: LEG, plan: plan(&second) }).unwrap();
            talk(&second, ports[0].rtp, 60, 5);
            handle.send(Command::Close { leg: LEG }).unwrap();
            let closed = std::iter::from_fn(|| told.blocking_recv()).find_map(|(_, event)| match event {
                Event::Closed { counters, .. } => Some(counters),
                _ => None,
            });
            assert_eq!(
                closed.map(|counters| (counters.received, counters.lost)),
                Some((120, 0)),
                "{batching:?}"
            );
            let heard: Vec<u8> =
                std::iter::from_fn(|| reader.pop()).map(|frame| frame.party.octets()[80]).collect();
            assert!(heard.contains(&3) && heard.contains(&5), "{batching:?} {heard:?}");
            handle.stop();
        }
    }

    #[test]
    fn a_leg_sends_an_unbroken_stream_plays_a_clip_and_tells_a_key_once() {
        let (handle, ports, mut told) = started(2, 64);
        let phone = phone();
        handle.send(open(plan(&phone))).unwrap();
        let mut stream = heard(&phone, |_| true);
        let clips = vec![Clip { codec: Codec::Pcmu, octets: Arc::from(vec![42; 480]) }];
        handle.send(Command::Play { leg: LEG, playback: PlaybackId(4), clips, repeat: false }).unwrap();
        for _ in 0..3 {
            phone.send_to(&event_packet(1), (LOOPBACK, ports[0].rtp)).unwrap();
        }
        let mut played = 0;
        stream.extend(heard(&phone, |octet| {
            played += usize::from(octet == 42);
            played == 3 && octet == 0xff
        }));
        for (n, (sequence, timestamp, _)) in stream.iter().enumerate() {
            let expected = (65_534u16.wrapping_add(n as u16), 160 * n as u32);
            assert_eq!((*sequence, *timestamp), expected, "{stream:?}");
        }
        handle.send(Command::Close { leg: LEG }).unwrap();
        let mut names = Vec::new();
        while let Some((index, event)) = told.blocking_recv() {
            assert_eq!(index, WorkerIndex(3));
            match event {
                Event::FirstPacket { .. } => names.push("first".to_owned()),
                Event::Key { key, .. } => names.push(format!("key {key}")),
                Event::PlaybackEnded { playback, completed, .. } => {
                    names.push(format!("{playback} {completed}"))
                }
                Event::Closed { port, counters, .. } => {
                    names.push(format!("closed {} {} received", port.0, counters.received));
                    break;
                }
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(names, ["first", "key 5", "p4 true", "closed 0 3 received"]);
        handle.stop();
        assert!(told.blocking_recv().is_none(), "the thread has ended");
    }

    #[test]
    fn events_wait_in_order_while_the_switch_is_behind() {
        let (handle, _ports, mut told) = started(1, 1);
        let phone = phone();
        handle.send(open(plan(&phone))).unwrap();
        for playback in 0..20 {
            handle
                .send(Command::Play { leg: LEG, playback: PlaybackId(playback), clips: vec![], repeat: true })
                .unwrap();
        }
        handle.send(Command::Close { leg: LEG }).unwrap();
        let ended: Vec<u64> = std::iter::from_fn(|| told.blocking_recv())
            .map_while(|(_, event)| match event {
                Event::PlaybackEnded { playback, .. } => Some(playback.0),
                _ => None,
            })
            .collect();
        assert_eq!(ended, (0..20).collect::<Vec<_>>());
        handle.stop();
    }

    #[test]
    fn a_port_in_use_is_passed_over_and_no_free_port_is_an_error() {
        let (first, pairs, _told) = started(1, 1);
        let (events, _) = channel(1);
        let taken = pairs[0].rtp;
        let settings = |ports| Settings {
            index: WorkerIndex(0),
            bind: LOOPBACK.parse().unwrap(),
            ports,
            pairs: 1,
            clock: Clock::start(),
            events: events.clone(),
            batching: Batching::WherePossible,
            priority: Priority::Never,
        };
        let error = start(settings(taken..=taken + 1)).unwrap_err();
        assert!(error.to_string().contains("media.first_port"), "{error}");
        let (second, others) = start(settings(taken..=32_000)).unwrap();
        assert!(others[0].rtp > taken && others[0].rtp % 2 == 0 && others[0].rtcp == others[0].rtp + 1);
        second.stop();
        first.stop();
        let (again, same) = start(settings(taken..=taken + 1)).unwrap();
        assert_eq!(same[0].rtp, taken, "a port is free at once when its worker ends");
        again.stop();
    }

    #[test]
    fn a_port_of_an_engine_that_was_killed_a_moment_ago_is_waited_for() {
        let (holder, pairs, _told) = started(1, 1);
        let taken = pairs[0].rtp;
        let mut holder = Some(holder);
        let mut patience = MEDIA_PORTS_FREED_WITHIN;
        let mut pauses = 0;
        let bound = bind_in_time(LOOPBACK.parse().unwrap(), taken, &mut patience, |_| {
            pauses += 1;
            if pauses == 3 {
                holder.take().unwrap().stop();
            }
        });
        assert_eq!(bound.unwrap().ports(PortIndex(0)).rtp, taken);
        assert_eq!((pauses, patience), (3, MEDIA_PORTS_FREED_WITHIN - 3 * MEDIA_PORT_TRIED_EVERY));

        let (_holder, pairs, _told) = started(1, 1);
        let error = bind_in_time(LOOPBACK.parse().unwrap(), pairs[0].rtp, &mut patience, |_| {}).unwrap_err();
        assert_eq!((error.kind(), patience), (io::ErrorKind::AddrInUse, Duration::ZERO));
    }

    #[test]
    fn a_command_to_an_ended_worker_is_an_error_and_not_a_wait() {
        let (mut handle, _ports, _told) = started(1, 1);
        handle.end();
        assert_eq!(handle.send(Command::Close { leg: LEG }), Err(SendError::Ended(WorkerIndex(3))));
    }

    #[test]
    fn packets_leave_from_the_address_that_sdp_told() {
        let (handle, ports, _told) = started_on("0.0.0.0", 1, 8, Batching::WherePossible);
        let phone = phone();
        handle.send(open(plan(&phone))).unwrap();
        for source in [LOOPBACK, "127.0.0.77"] {
            let source = source.parse().unwrap();
            handle.send(Command::Replan { leg: LEG, plan: StreamPlan { source, ..plan(&phone) } }).unwrap();
            let expected = SocketAddr::new(source, ports[0].rtp);
            let found =
                (0..10).map(|_| phone.recv_from(&mut [0; 1_500]).unwrap().1).find(|from| *from == expected);
            assert_eq!(found, Some(expected));
        }
        assert_eq!(handle.counters().send_errors.load(Ordering::Relaxed), 0);
        handle.stop();
    }

    fn rtp_packet(ssrc: u32, sequence: u16, octet: u8) -> Vec<u8> {
        let mut head = [0; HEADER_OCTETS];
        let timestamp = u32::from(sequence) * 160;
        Header { marker: false, payload_type: 0, sequence, timestamp, ssrc }.write(&mut head);
        [&head[..], &[octet; 160]].concat()
    }

    #[test]
    fn a_former_caller_who_keeps_sending_is_not_recorded_in_the_next_call() {
        WAYS.into_iter().for_each(ghost_calls);
    }

    fn ghost_calls(batching: Batching) {
        let (handle, ports, mut told) = started_on(LOOPBACK, 1, 64, batching);
        let (ghost, caller) = (phone(), phone());
        let to = (LOOPBACK, ports[0].rtp);
        handle.send(open(plan(&ghost))).unwrap();
        for sequence in 0..40 {
            ghost.recv(&mut [0; 1_500]).unwrap();
            ghost.send_to(&rtp_packet(66, sequence, 9), to).unwrap();
        }
        handle.send(Command::Close { leg: LEG }).unwrap();
        while !matches!(told.blocking_recv(), Some((_, Event::Closed { .. }))) {}
        (40..50).for_each(|n| assert!(ghost.send_to(&rtp_packet(66, n, 9), to).is_ok()));
        let unreachable = StreamPlan { remote: "127.0.0.99:9".parse().unwrap(), ..plan(&caller) };
        handle.send(open(unreachable)).unwrap();
        let (tap, mut reader) = crate::media::tap::ring(1_000, Codec::Pcmu);
        handle.send(Command::Record { leg: LEG, tap }).unwrap();
        while !matches!(told.blocking_recv(), Some((_, Event::TapOpened { .. }))) {}
        caller.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
        let mut answered = 0;
        for n in 50..500 {
            ghost.send_to(&rtp_packet(66, n, 9), to).unwrap();
            caller.send_to(&rtp_packet(5, n, 3), to).unwrap();
            answered += usize::from(caller.recv(&mut [0; 1_500]).is_ok());
            if answered == 20 {
                break;
            }
        }
        assert_eq!(answered, 20, "the caller behind NAT was latched to");
        handle.send(Command::StopRecording { leg: LEG }).unwrap();
        while !matches!(told.blocking_recv(), Some((_, Event::TapClosed { .. }))) {}
        let heard: Vec<u8> =
            std::iter::from_fn(|| reader.pop()).map(|frame| frame.party.octets()[0]).collect();
        assert!(heard.contains(&3) && !heard.contains(&9), "{heard:?}");
        handle.stop();
    }
}
