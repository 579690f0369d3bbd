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

mod bind;
pub mod exchange;
mod packets;
#[cfg(test)]
mod tests;
mod turn;

use self::exchange::{Hall, Passing};
use crate::io::media_counters::WorkerCounters;
use crate::io::media_port::{Pair, PortPair};
use crate::io::media_ring::Ring;
use crate::io::media_socket::{Batch, Bell};
use crate::io::now::Clock;
use crate::limits::{MEDIA_COMMANDS_MAX, MEDIA_RING_ENTRIES};
use crate::media::command::{Command, Event, PortIndex, WorkerIndex};
use crate::media::engine::Engine;
use std::io;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering, fence};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;
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
    /// Where it finds the other workers.
    pub hall: Arc<Hall>,
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
    sockets: Vec<Arc<UdpSocket>>,
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
    let sockets = bind::bind_pairs(&settings)?;
    let pairs = sockets.iter().zip(0..).map(|(pair, index)| pair.ports(PortIndex(index))).collect();
    let all = sockets.iter().flat_map(|pair| [&pair.rtp, &pair.rtcp]).cloned().collect();
    let bell = Bell::new().map_err(StartError::Thread)?;
    let asleep = AtomicU8::new(NOT_LONG);
    let shared = Arc::new(Shared { bell, asleep, counters: WorkerCounters::default() });
    let (commands, inbox) = sync_channel(MEDIA_COMMANDS_MAX);
    let index = settings.index;
    let passings = settings.hall.enter(index, sockets.len(), &shared);
    let worker = Worker {
        index,
        clock: settings.clock,
        engine: Engine::new(sockets.len() as u32).started_at(settings.clock.wall_at_start()),
        sockets: sockets.into_iter().map(Some).collect(),
        inbox,
        passings,
        hall: settings.hall,
        events: settings.events,
        shared: Arc::clone(&shared),
        batch: Batch::default(),
        ring: None,
        reading: Vec::with_capacity(MEDIA_RING_ENTRIES as usize),
        batching: settings.batching,
        priority: settings.priority,
        connected: true,
    };
    let thread = std::thread::Builder::new()
        .name(format!("media-{}", index.0))
        .spawn(move || worker.run())
        .map_err(StartError::Thread)?;
    Ok((Handle { index, commands: Some(commands), shared, sockets: all, thread: Some(thread) }, pairs))
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

    /// The sockets that it bound, of RTP and of RTCP. Some may serve another worker meanwhile.
    pub fn sockets(&self) -> &[Arc<UdpSocket>] {
        &self.sockets
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

impl Worker {
    fn pair(&self, port: PortIndex) -> Option<&Pair> {
        self.sockets.get(port.0 as usize)?.as_ref()
    }

    fn pair_mut(&mut self, port: PortIndex) -> Option<&mut Pair> {
        self.sockets.get_mut(port.0 as usize)?.as_mut()
    }
}

struct Worker {
    index: WorkerIndex,
    clock: Clock,
    engine: Engine,
    /// The pair of each port; none while it changes places with that of another worker.
    sockets: Vec<Option<Pair>>,
    inbox: Receiver<Command>,
    passings: Receiver<Box<Passing>>,
    hall: Arc<Hall>,
    events: EventSender<(WorkerIndex, Event)>,
    shared: Arc<Shared>,
    batch: Batch,
    /// Made by the thread that uses it.
    ring: Option<Ring>,
    /// The ports that the ring reads with its next flush, in the order in which it tells of them.
    reading: Vec<PortIndex>,
    batching: Batching,
    priority: Priority,
    /// The handle lives.
    connected: bool,
}
