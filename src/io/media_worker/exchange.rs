//! Legs go from one worker to another with their sockets; the socket pairs of two ports change places.
//!
//! ```text
//!  one:  take_moving ─▶ pair out of slot i ── Passing::Leg ──▶ other: pair out of slot j, the leg's in; adopt
//!        pair into slot i; settle ◀──────── Passing::Pair ───┘
//! ```
//! What the party sends on the way waits in the leg's own socket. A slot whose pair is away is free: the switch lets
//! nobody have it before its pair is there. What moves, and when, is the engine's and the switch's job.

use super::{Shared, Worker};
use crate::io::media_port::Pair;
use crate::media::command::{PortIndex, WorkerIndex};
use crate::media::moving::Moving;
use crate::rtp::latch::Strangers;
use std::os::fd::AsRawFd;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};

/// Where the workers of one engine find each other.
#[derive(Debug, Default)]
pub struct Hall {
    doors: Mutex<Vec<Door>>,
}

/// The way to one worker.
#[derive(Debug)]
struct Door {
    index: WorkerIndex,
    letters: SyncSender<Box<Passing>>,
    shared: Arc<Shared>,
}

/// What goes between workers.
#[derive(Debug)]
pub(super) enum Passing {
    /// A leg with its sockets.
    Leg {
        moving: Moving,
        pair: Pair,
        /// Who gave it up.
        from: WorkerIndex,
    },
    /// The sockets that it is given for them.
    Pair {
        /// The slot that is empty.
        port: PortIndex,
        pair: Pair,
        /// Who sent to them.
        strangers: Strangers,
    },
}

impl Hall {
    /// A worker with this many port pairs takes its place; what the others pass to it comes out here. Whatever is on
    /// the way to it, a leg or sockets, has a port of its own there, so that no more can wait than it has pairs.
    pub(super) fn enter(
        &self,
        index: WorkerIndex,
        pairs: usize,
        shared: &Arc<Shared>,
    ) -> Receiver<Box<Passing>> {
        let (letters, inbox) = sync_channel(pairs);
        let door = Door { index, letters, shared: Arc::clone(shared) };
        self.doors.lock().unwrap_or_else(PoisonError::into_inner).push(door);
        inbox
    }

    /// Passes something on, and wakes who gets it. It comes back when nobody is there to take it.
    fn pass(&self, to: WorkerIndex, passing: Box<Passing>) -> Result<(), Box<Passing>> {
        let doors = self.doors.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(door) = doors.iter().find(|door| door.index == to) else { return Err(passing) };
        door.letters.try_send(passing).map_err(|error| match error {
            std::sync::mpsc::TrySendError::Full(back) => back,
            std::sync::mpsc::TrySendError::Disconnected(back) => back,
        })?;
        door.shared.bell.ring();
        Ok(())
    }
}

impl Worker {
    /// Legs that the engine let go leave with their sockets. One that cannot leave comes home at once.
    pub(super) fn send_off(&mut self) {
        while let Some(moving) = self.engine.take_moving() {
            let (from, to) = (moving.from(), moving.to());
            let Some(pair) = self.take_pair(from) else {
                tracing::error!(leg = %moving.leg(), "a leg without sockets is dropped");
                continue;
            };
            let passing = Box::new(Passing::Leg { moving, pair, from: self.index });
            let Err(back) = self.hall.pass(to, passing) else { continue };
            if let Passing::Leg { moving, pair, .. } = *back {
                tracing::error!(leg = %moving.leg(), ?to, "no worker takes the leg: it stays");
                self.put_pair(from, pair);
                self.keep(moving);
            }
        }
    }

    /// A leg that does not leave lives on where it was, and is told to be there.
    fn keep(&mut self, moving: Moving) {
        let now = self.clock.now();
        if let Err(moving) = self.engine.adopt(now, moving.home()) {
            tracing::error!(leg = %moving.leg(), "a leg has no port any more and is dropped");
        }
    }

    /// What other workers passed on.
    pub(super) fn take_in(&mut self) {
        while let Ok(passing) = self.passings.try_recv() {
            match *passing {
                Passing::Leg { moving, pair, from } => self.take_leg_in(moving, pair, from),
                Passing::Pair { port, pair, strangers } => {
                    self.put_pair(port, pair);
                    self.engine.settle(port, strangers);
                }
            }
        }
    }

    fn take_leg_in(&mut self, moving: Moving, pair: Pair, from: WorkerIndex) {
        let (port, empty, leg) = (moving.port(), moving.from(), moving.leg());
        let Some(own) = self.take_pair(port) else {
            tracing::error!(%leg, ?port, "a leg comes for a port that is not here: it is dropped");
            return;
        };
        let now = self.clock.now();
        self.put_pair(port, pair);
        match self.engine.adopt(now, moving) {
            Ok(strangers) => {
                let passing = Box::new(Passing::Pair { port: empty, pair: own, strangers });
                if self.hall.pass(from, passing).is_err() {
                    tracing::error!(?from, "a worker is gone: a port pair is lost with it");
                }
            }
            Err(moving) => tracing::error!(leg = %moving.leg(), "a port is taken: the leg is dropped"),
        }
    }

    fn take_pair(&mut self, port: PortIndex) -> Option<Pair> {
        let pair = self.sockets.get_mut(port.0 as usize)?.take()?;
        self.tell_ring(port, None);
        Some(pair)
    }

    fn put_pair(&mut self, port: PortIndex, pair: Pair) {
        let descriptor = pair.rtp.as_raw_fd();
        if let Some(place) = self.sockets.get_mut(port.0 as usize) {
            *place = Some(pair);
            self.tell_ring(port, Some(descriptor));
        }
    }

    /// A ring that does not know its sockets is not used any more.
    fn tell_ring(&mut self, port: PortIndex, descriptor: Option<i32>) {
        let outcome = self.ring.as_mut().map_or(Ok(()), |ring| ring.replace(port, descriptor));
        self.give_up_batching_after(outcome);
    }
}
