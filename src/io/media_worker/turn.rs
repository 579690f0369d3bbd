//! A worker's thread: commands, due slots, events, sleep, and again.

use super::{Batching, LONGER_THAN_A_SLOT, NOT_LONG, Priority, UNTIL_THE_BELL, Worker};
use crate::io::media_memory::in_large_pages;
use crate::io::media_ring::Ring;
use crate::io::media_socket::{run_before_others, sleep_exactly};
use crate::limits::{MEDIA_COMMANDS_MAX, MEDIA_DRAIN_BATCHES_MAX, SLOTS_PER_TICK, TICK};
use crate::media::command::Command;
use crate::media::command::Kind;
use crate::media::slot::Slot;
use std::os::fd::AsRawFd;
use std::sync::atomic::{Ordering, fence};
use std::sync::mpsc::TryRecvError;
use std::time::Duration;

impl Worker {
    pub(super) fn run(mut self) {
        self.begin();
        while self.connected {
            self.take_in();
            self.take_commands();
            self.serve_due_slots();
            self.tell_events();
            self.sleep();
        }
    }

    fn begin(&mut self) {
        sleep_exactly();
        if let Err(error) = in_large_pages(self.engine.memory()) {
            tracing::debug!(%error, "no large pages here: legs cost a third more");
        }
        if self.priority == Priority::WherePossible {
            match run_before_others() {
                Ok(()) => self.shared.counters.first.store(1, Ordering::Relaxed),
                Err(error) => tracing::debug!(%error, "media threads take their turn among other programs"),
            }
        }
        if self.batching == Batching::WherePossible {
            let sockets: Vec<_> = self.sockets.iter().flatten().map(|pair| pair.rtp.as_raw_fd()).collect();
            match Ring::new(&sockets) {
                Ok(ring) => self.ring = Some(ring),
                Err(error) => tracing::debug!(%error, "no io_uring here: packets are moved one by one"),
            }
        }
        self.shared.counters.batching.store(u64::from(self.ring.is_some()), Ordering::Relaxed);
    }

    /// A command may be for a port whose sockets were passed on before the switch knew of it: they are put in first,
    /// else the port would not be drained for its next leg.
    fn take_commands(&mut self) {
        for _ in 0..MEDIA_COMMANDS_MAX {
            match self.inbox.try_recv() {
                Ok(command) => {
                    self.take_in();
                    self.obey(command);
                }
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
            | Command::Press { .. }
            | Command::Keys { .. }
            | Command::Listen { .. }
            | Command::Move { .. }
            | Command::Record { .. }
            | Command::StopRecording { .. }
            | Command::PauseRecording { .. }
            | Command::ResumeRecording { .. }
            | Command::Bed { .. }
            | Command::Join { .. }
            | Command::Hears { .. }
            | Command::Leave { .. }
            | Command::Bridge { .. }
            | Command::Unbridge { .. } => None,
        };
        if let Some(port) = changing {
            self.read_up_to(MEDIA_DRAIN_BATCHES_MAX, port, Kind::Rtp, now);
            self.read_up_to(MEDIA_DRAIN_BATCHES_MAX, port, Kind::Rtcp, now);
            if let Some(pair) = self.pair_mut(port) {
                pair.unsettle();
            }
        }
        self.engine.command(now, command);
        self.send_off();
        self.say_last_words();
        self.count();
    }

    /// Legs that are closed tell their parties (RFC 3550 §6.6). It is as well if that is lost.
    fn say_last_words(&mut self) {
        while let Some(words) = self.engine.take_last_words() {
            let departure = words.departure();
            let pair = self.pair_mut(departure.port);
            let sent = pair.is_some_and(|pair| pair.send(&departure).is_ok());
            let counters = &self.shared.counters;
            let counter = if sent { &counters.sent } else { &counters.send_errors };
            counter.fetch_add(1, Ordering::Relaxed);
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

    pub(super) fn count(&self) {
        let (counters, engine) = (&self.shared.counters, self.engine.counters());
        counters.skipped_ticks.store(engine.skipped_ticks, Ordering::Relaxed);
        counters.unowned.store(engine.unowned, Ordering::Relaxed);
        counters.refused_commands.store(engine.refused_commands, Ordering::Relaxed);
        counters.keys_dropped.store(engine.keys_dropped, Ordering::Relaxed);
        counters.legs.store(self.engine.legs() as u64, Ordering::Relaxed);
    }
}
