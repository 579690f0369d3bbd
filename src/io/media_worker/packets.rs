//! What a worker reads and sends: one slot's sockets into the engine, and what the engine gives back out again.
//!
//! By the ring where a party is certain, else one by one. When, and what for, is `turn`'s job.

use super::Worker;
use crate::clock::Instant;
use crate::io::media_ring::{Done, Ring};
use crate::io::media_stamp;
use crate::limits::{
    MEDIA_DATAGRAM_MAX_OCTETS, MEDIA_DRAIN_BATCHES_MAX, MEDIA_EMPTIED_EVERY_TICKS, MEDIA_READS_PER_TICK_MAX,
    MEDIA_RECEIVE_BATCH, RTCP_READ_EVERY, SLOTS_PER_TICK,
};
use crate::media::command::Kind;
use crate::media::command::PortIndex;
use crate::media::slot::Slot;
use crate::near;
use std::io;
use std::sync::atomic::Ordering;

/// Legs between asking for their sockets and reading those.
const PAIRS_AHEAD: usize = 8;

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

impl Worker {
    /// Reads a socket until it is empty, at most `batches` times; tells how many datagrams it was.
    pub(super) fn read_up_to(&mut self, batches: usize, port: PortIndex, kind: Kind, now: Instant) -> usize {
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
        let Some(pair) = self.pair(port) else { return 0 };
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
        let Some(pair) = self.pair(port) else { return };
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
        if let Some(pair) = self.pair_mut(port) {
            pair.last_read = read;
        }
    }

    /// Connects the socket of a leg whose party is certain. What others sent until then is read at once,
    /// with their names: from then on there is only one.
    fn settle(&mut self, port: PortIndex, now: Instant) {
        if self.pair(port).is_none_or(|pair| pair.settled().is_some()) {
            return;
        }
        let Some(party) = self.engine.certain_party(port) else { return };
        let Some(pair) = self.pair_mut(port) else { return };
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
            self.reading.push(port);
        }
    }

    /// Asks for the sockets of a leg whose turn comes soon; for the legs too if what comes is read at once.
    fn ask_ahead(&self, slot: Slot, place: usize) {
        let residents = self.engine.residents(slot);
        let soon = residents.get(place + PAIRS_AHEAD);
        if let Some(pair) = soon.and_then(|port| self.sockets.get(port.0 as usize)) {
            near::ask_for(pair);
        }
        if self.ring.is_none() {
            self.engine.ask_ahead(residents, place);
        }
    }

    fn finish_reading(&mut self, now: Instant) {
        let Self { ring, reading, sockets, engine, shared, .. } = self;
        let Some(ring_in_use) = ring else { return };
        let (mut received, mut place) = (0, 0);
        let outcome = ring_in_use.flush(|done| {
            engine.ask_ahead(reading, place);
            place += 1;
            let (Done::Moved { port, .. } | Done::Nothing { port }) = done;
            let Some(pair) = sockets.get_mut(port.0 as usize).and_then(Option::as_mut) else { return };
            pair.last_read = 0;
            if let (Done::Moved { octets, .. }, Some(party)) = (done, pair.settled()) {
                pair.last_read = 1;
                received += 1;
                engine.receive(now, port, Kind::Rtp, party, octets);
            }
        });
        reading.clear();
        shared.counters.received.fetch_add(received, Ordering::Relaxed);
        self.give_up_batching_after(outcome);
    }

    /// Packets go on one by one when the kernel takes no more batches.
    pub(super) fn give_up_batching_after(&mut self, outcome: io::Result<()>) {
        if let Err(error) = outcome {
            tracing::error!(%error, "io_uring failed: packets are moved one by one from now on");
            self.ring = None;
            self.shared.counters.batching.store(0, Ordering::Relaxed);
        }
    }

    pub(super) fn serve_due_slots(&mut self) {
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
        while let Some(&port) = self.engine.residents(slot).get(place) {
            self.ask_ahead(slot, place);
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
            let pair = sockets.get_mut(departure.port.0 as usize).and_then(Option::as_mut);
            let Some(pair) = pair else { return sent.errors += 1 };
            match ring {
                Some(ring)
                    if departure.kind == Kind::Rtp
                        && sent.outcome.is_ok()
                        && pair.settled() == Some(departure.to) =>
                {
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
        let Some(pair) = self.sockets.get(port.0 as usize).and_then(Option::as_ref) else { return 0 };
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
        if let Some(pair) = self.pair_mut(port).filter(|pair| pair.next_rtcp <= now) {
            pair.next_rtcp = now + RTCP_READ_EVERY;
            self.read_reports(port, now);
        }
    }

    /// Reads what reports wait, each as of the moment at which it came.
    fn read_reports(&mut self, port: PortIndex, now: Instant) {
        let mut octets = [0; MEDIA_DATAGRAM_MAX_OCTETS];
        for _ in 0..MEDIA_RECEIVE_BATCH {
            let Some(pair) = self.pair(port) else { return };
            let Ok(came) = media_stamp::receive(&pair.rtcp, &mut octets) else { return };
            let at = now.before(came.ago);
            self.engine.receive(at, port, Kind::Rtcp, came.from, &octets[..came.octets]);
            self.shared.counters.received.fetch_add(1, Ordering::Relaxed);
        }
    }
}
