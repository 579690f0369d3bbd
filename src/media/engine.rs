//! One media worker's legs as one machine without clock or socket: `command`, `receive`, `tick`, `take_event`.
//!
//! ```text
//!  command ─▶ legs ◀─ receive        groups 0 1 2 3, a leg in the least filled or behind whom it will talk with
//!               │                      ▲
//!     take_event ◀─ outbox           next_slot ─▶ the caller drains its residents' sockets ─▶ tick ─▶ packets
//! ```
//! The same engine runs in the worker's thread and in the simulation. Waiting for a slot, reading the
//! sockets of its residents and sending are the caller's job.

mod ahead;
mod rooms;

use crate::audio::sound::Sound;
use crate::clock::{Instant, WallTime};
use crate::id::LegId;
use crate::limits::{MEDIA_CATCH_UP_MAX, SLOTS_PER_TICK, TICK};
use crate::media::command::{Command, Event, Kind, PortIndex, WorkerIndex};
use crate::media::leg::reports::LastWords;
use crate::media::leg::{Departure, Leg, Opening, Scratch, Turn};
use crate::media::legs::{Legs, Place};
use crate::media::moving::Moving;
use crate::media::outbox::Outbox;
use crate::media::player::{Player, Repeat};
use crate::media::room::Rooms;
use crate::media::sender::Beginning;
use crate::media::slot::Slot;
use crate::media::tap::Kept;
use crate::rtp::latch::Strangers;
use crate::wire::codec::Codec;
use crate::wire::rtp;
use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;

/// The legs of one worker.
#[derive(Debug)]
pub struct Engine {
    ports: Vec<Port>,
    legs: Legs,
    by_leg: BTreeMap<LegId, PortIndex>,
    groups: [Group; SLOTS_PER_TICK as usize],
    outbox: Outbox,
    counters: Counters,
    scratch: Scratch,
    /// Legs that go to other workers.
    moving: VecDeque<Moving>,
    rooms: Rooms,
    /// The last reports of legs that are closed.
    last_words: VecDeque<LastWords>,
    /// The calendar's time at [`Instant::START`].
    started: WallTime,
}

#[derive(Debug, Default)]
struct Port {
    leg: Option<Place>,
    strangers: Strangers,
    /// When the party of the next leg was told of the port, if it was told before its leg begins.
    promised: Option<Instant>,
    /// The first slot in which its leg ticks: a leg that came from another worker has ticked there until then.
    from: Slot,
}

#[derive(Debug, Default)]
struct Group {
    residents: Vec<PortIndex>,
    /// The next slot of this group that has not been ticked; meaningful while there are residents.
    next: Slot,
}

/// Where among the groups a leg lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Home {
    group: usize,
    /// Its turn among the residents.
    place: usize,
}

/// A group may have this many legs more than the least filled one,
const GROUP_MORE_LEGS: usize = 4;
/// and this share of that one's legs, as 1 / it.
const GROUP_MORE_SHARE: usize = 8;

/// What the engine counts over all its legs. Each is a total since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Ticks of one leg.
    pub leg_ticks: u64,
    /// Ticks of one leg that were passed over because the worker was too late.
    pub skipped_ticks: u64,
    /// Datagrams to a port that no leg owns.
    pub unowned: u64,
    /// Commands for a leg that is not here, or a port that is taken.
    pub refused_commands: u64,
    /// Keys that found too many events waiting.
    pub keys_dropped: u64,
}

impl Engine {
    /// An engine for `ports` port pairs, numbered from 0.
    pub fn new(ports: u32) -> Self {
        Self {
            ports: (0..ports).map(|_| Port::default()).collect(),
            legs: Legs::with_room_for(ports),
            by_leg: BTreeMap::new(),
            groups: Default::default(),
            outbox: Outbox::default(),
            counters: Counters::default(),
            scratch: Scratch::default(),
            moving: VecDeque::new(),
            rooms: Rooms::default(),
            last_words: VecDeque::new(),
            started: WallTime::default(),
        }
    }

    /// The same engine, started at this time of the calendar: its reports tell it.
    pub fn started_at(self, started: WallTime) -> Self {
        Self { started, ..self }
    }

    /// Does what the switch orders.
    pub fn command(&mut self, now: Instant, command: Command) {
        let done = match command {
            Command::Promise { port } => self.promise(port, Some(now)),
            Command::Withdraw { port } => self.promise(port, None),
            Command::Open { leg, port, plan, ssrc, sequence, timestamp, beside, seed, silent_after } => {
                let beginning = Beginning { ssrc, sequence, timestamp };
                let strangers = Strangers::default();
                self.open(now, Opening { leg, port, plan, beginning, seed, silent_after, strangers }, beside)
            }
            Command::Replan { leg, plan } => self.with(leg, |leg, _| leg.replan(plan, now)),
            Command::Play { leg, playback, clips, repeat } => {
                let repeat = if repeat { Repeat::Forever } else { Repeat::Once };
                let player = Player::new(playback, clips, repeat);
                self.with(leg, |leg, outbox| leg.play(player, now, outbox))
            }
            Command::Stop { leg } => self.with(leg, |leg, outbox| leg.stop(now, outbox)),
            Command::Press { leg, keys, audible } => {
                self.with(leg, |leg, _| leg.press(keys.expose(), audible))
            }
            Command::Keys { leg, go } => self.with(leg, |leg, _| leg.send_keys(go)),
            Command::Listen { leg, ears } => self.with(leg, |leg, _| leg.listen(ears)),
            Command::Record { leg, tap } => self.with(leg, |leg, outbox| leg.record(tap, now, outbox)),
            Command::StopRecording { leg } => self.with(leg, |leg, outbox| leg.stop_recording(now, outbox)),
            Command::PauseRecording { leg } => {
                self.with(leg, |leg, outbox| leg.keep(Kept::Silence, now, outbox))
            }
            Command::ResumeRecording { leg } => {
                self.with(leg, |leg, outbox| leg.keep(Kept::Sound, now, outbox))
            }
            Command::Bed { leg, sound } => self.with(leg, |leg, _| leg.bed(sound)),
            Command::Join { leg, room, hears, keys } => self.join(now, leg, room, (&hears, keys)),
            Command::Hears { leg, whom } => self.hears(leg, &whom),
            Command::Leave { leg } => self.leave(leg),
            Command::Bridge { a, b } => self.bridge(now, a, b),
            Command::Unbridge { leg } => self.unbridge(leg),
            Command::Move { leg, to, port } => self.detach(leg, to, port),
            Command::Close { leg } => self.close(now, leg),
        };
        if done.is_none() {
            self.counters.refused_commands += 1;
        }
    }

    /// Takes one datagram that came to `port`.
    pub fn receive(&mut self, now: Instant, port: PortIndex, kind: Kind, from: SocketAddr, octets: &[u8]) {
        let Some(Port { leg, strangers, .. }) = self.ports.get_mut(port.0 as usize) else { return };
        let Some(leg) = leg.and_then(|place| self.legs.get_mut(place)) else {
            self.counters.unowned += 1;
            if let (Kind::Rtp, Ok(packet)) = (kind, rtp::Packet::read(octets)) {
                strangers.note(now, from.ip(), packet.ssrc);
            }
            return;
        };
        let passed_on = match kind {
            Kind::Rtp => leg.receive(now, from, octets, &mut self.outbox),
            Kind::Rtcp => {
                leg.receive_rtcp(now, from, octets);
                None
            }
        };
        if let Some(passed_on) = passed_on {
            self.pass_on(port, passed_on);
        }
    }

    /// The next slot in which a leg ticks; `None` without legs.
    pub fn next_slot(&self) -> Option<Slot> {
        let occupied = self.groups.iter().filter(|group| !group.residents.is_empty());
        occupied.map(|group| group.next).min()
    }

    /// The ports whose legs tick in `slot`, one after the other.
    pub fn residents(&self, slot: Slot) -> &[PortIndex] {
        &self.groups[slot.group()].residents
    }

    /// Ticks the legs of `slot`; `send` takes the packets that leave. A slot that is later than
    /// [`MEDIA_CATCH_UP_MAX`] is passed over with all but the last of its followers that are due.
    pub fn tick(&mut self, now: Instant, slot: Slot, send: &mut impl FnMut(Departure<'_>)) {
        let late = now.since(slot.at());
        let skipped =
            if late > MEDIA_CATCH_UP_MAX { (late.as_micros() / TICK.as_micros()) as u64 } else { 0 };
        let slot = slot.after_ticks(skipped);
        self.groups[slot.group()].next = slot.after_ticks(1);
        let residents = self.groups[slot.group()].residents.len();
        self.counters.leg_ticks += residents as u64;
        self.counters.skipped_ticks += skipped * residents as u64;
        let mut room = Sound::silence(Codec::Pcmu);
        for place in 0..residents {
            let port = self.groups[slot.group()].residents[place];
            let heard = self.heard_at(port, &mut room).map(|()| &room);
            let Port { leg, from, .. } = self.ports[port.0 as usize];
            let Some(leg) = leg.and_then(|place| self.legs.get_mut(place)).filter(|_| slot >= from) else {
                continue;
            };
            if skipped > 0 {
                leg.skip(skipped);
            }
            let wall = self.started + now.since(Instant::START);
            let turn = Turn { slot, now, wall, heard };
            leg.tick(turn, &mut self.scratch, &mut self.outbox, send);
            self.said_at(port);
        }
    }

    /// The last report of a leg that was closed, to be sent.
    pub fn take_last_words(&mut self) -> Option<LastWords> {
        self.last_words.pop_front()
    }

    /// A leg that goes to another worker: its sockets go with it.
    pub fn take_moving(&mut self) -> Option<Moving> {
        self.moving.pop_front()
    }

    /// Takes a leg of another worker to the port that its order names, whose sockets are the leg's from now on. Tells who
    /// sent to the sockets that the port had. A port that is taken gives the leg back: it is not lost.
    ///
    /// # Errors
    /// The leg, when the port is not there or taken.
    pub fn adopt(&mut self, now: Instant, moving: Moving) -> Result<Strangers, Box<Moving>> {
        let Moving { port: index, next, .. } = moving;
        let free = self.ports.get_mut(index.0 as usize).filter(|port| port.leg.is_none());
        let Some(port) = free.filter(|_| !self.by_leg.contains_key(&moving.leg())) else {
            return Err(Box::new(moving));
        };
        let Moving { mut leg, strangers, .. } = moving;
        leg.settle(index);
        let group = next.group();
        let Group { residents, next: due } = &mut self.groups[group];
        if residents.is_empty() {
            *due = next;
        }
        leg.skip(due.0.saturating_sub(next.0) / SLOTS_PER_TICK);
        residents.push(index);
        let former = std::mem::replace(&mut port.strangers, strangers);
        let id = leg.id();
        (port.leg, port.from, port.promised) = (self.legs.put(*leg), next, None);
        self.by_leg.insert(id, index);
        self.outbox.tell(Event::Moved { leg: id, port: index, at: now });
        Ok(former)
    }

    /// A port whose leg moved away has the sockets of another one now, to which these sent before.
    pub fn settle(&mut self, port: PortIndex, strangers: Strangers) {
        if let Some(port) = self.ports.get_mut(port.0 as usize).filter(|port| port.leg.is_none()) {
            port.strangers = strangers;
        }
    }

    /// The oldest event that the switch has not seen.
    pub fn take_event(&mut self) -> Option<Event> {
        self.outbox.take()
    }

    /// No event waits.
    pub fn has_no_event(&self) -> bool {
        self.outbox.is_empty()
    }

    /// The port of a leg that is open.
    pub fn port_of(&self, leg: LegId) -> Option<PortIndex> {
        self.by_leg.get(&leg).copied()
    }

    /// The address that alone can be heard on a port, until its leg gets a new plan.
    pub fn certain_party(&self, port: PortIndex) -> Option<SocketAddr> {
        self.leg_in(port)?.certain_party()
    }

    /// The memory in which its legs live: where it begins, and its octets. It stays the same.
    pub const fn memory(&self) -> (*const u8, usize) {
        self.legs.memory()
    }

    /// Legs that are open.
    pub fn legs(&self) -> usize {
        self.by_leg.len()
    }

    /// The totals so far.
    pub const fn counters(&self) -> Counters {
        Counters { keys_dropped: self.outbox.keys_dropped(), ..self.counters }
    }

    fn promise(&mut self, port: PortIndex, at: Option<Instant>) -> Option<()> {
        let port = self.ports.get_mut(port.0 as usize).filter(|port| port.leg.is_none())?;
        port.promised = at;
        Some(())
    }

    fn open(&mut self, now: Instant, opening: Opening, beside: Option<LegId>) -> Option<()> {
        let (leg, index) = (opening.leg, opening.port);
        let port = self.ports.get_mut(index.0 as usize).filter(|port| port.leg.is_none())?;
        if self.by_leg.contains_key(&leg) {
            return None;
        }
        port.from = Slot::default();
        let opening = Opening { strangers: port.strangers.of_leg(now, port.promised.take()), ..opening };
        port.leg = self.legs.put(Leg::open(opening, now));
        self.by_leg.insert(leg, index);
        let Home { group, place } = self.home_beside(beside)?;
        let Group { residents, next } = &mut self.groups[group];
        if residents.is_empty() {
            *next = Slot::first_after(now, group);
        }
        residents.insert(place, index);
        Some(())
    }

    /// Behind the leg that a new one will talk with: what one says is near when the other one hears it. Else, and where
    /// that group has many more legs than another one, at the end of the least filled.
    fn home_beside(&self, other: Option<LegId>) -> Option<Home> {
        let fill = |group: &usize| self.groups[*group].residents.len();
        let least = (0..self.groups.len()).min_by_key(fill)?;
        let least = Home { group: least, place: fill(&least) };
        let most = least.place + least.place / GROUP_MORE_SHARE + GROUP_MORE_LEGS;
        let port = other.and_then(|leg| self.by_leg.get(&leg));
        let home = self.groups.iter().enumerate().find_map(|(group, it)| {
            let place = it.residents.iter().position(|resident| Some(resident) == port)?;
            Some(Home { group, place: place + 1 })
        });
        home.filter(|home| fill(&home.group) < most).or(Some(least))
    }

    fn detach(&mut self, id: LegId, to: WorkerIndex, destination: PortIndex) -> Option<()> {
        self.leave(id);
        let from = self.by_leg.remove(&id)?;
        let other = self.leg_at(from)?.bridged_to();
        for port in [Some(from), other].into_iter().flatten() {
            self.leg_at(port)?.part();
        }
        let port = &mut self.ports[from.0 as usize];
        let leg = Box::new(self.legs.take(port.leg.take()?)?);
        let strangers = std::mem::take(&mut port.strangers);
        let home = self.groups.iter_mut().find(|group| group.residents.contains(&from))?;
        home.residents.retain(|resident| *resident != from);
        let next = home.next.max(port.from);
        self.moving.push_back(Moving { leg, to, port: destination, from, next, strangers });
        Some(())
    }

    fn close(&mut self, now: Instant, id: LegId) -> Option<()> {
        self.leave(id);
        self.unbridge(id);
        let index = self.by_leg.remove(&id)?;
        let port = &mut self.ports[index.0 as usize];
        let mut leg = self.legs.take(port.leg.take()?)?;
        if let Some((host, ssrc)) = leg.party() {
            port.strangers.note_former_party(now, host, ssrc);
        }
        for group in &mut self.groups {
            group.residents.retain(|resident| *resident != index);
        }
        let wall = self.started + now.since(Instant::START);
        self.last_words.extend(leg.last_words(now, wall));
        leg.stop(now, &mut self.outbox);
        leg.stop_recording(now, &mut self.outbox);
        self.outbox.tell(Event::Closed { leg: id, port: index, counters: leg.counters(), at: now });
        Some(())
    }

    fn bridge(&mut self, now: Instant, a: LegId, b: LegId) -> Option<()> {
        let (port_a, port_b) = (*self.by_leg.get(&a)?, *self.by_leg.get(&b)?);
        if port_a == port_b {
            return None;
        }
        for (id, other) in [(a, port_b), (b, port_a)] {
            let port = *self.by_leg.get(&id)?;
            self.leave(id);
            if self.leg_at(port)?.bridged_to().is_some_and(|bridged| bridged != other) {
                self.unbridge(id);
            }
            self.with(id, |leg, outbox| {
                leg.stop(now, outbox);
                leg.bridge_to(Some(other));
            })?;
        }
        Some(())
    }

    fn unbridge(&mut self, id: LegId) -> Option<()> {
        let port = *self.by_leg.get(&id)?;
        let other = self.leg_at(port)?.bridged_to();
        for port in [Some(port), other].into_iter().flatten() {
            self.leg_at(port)?.bridge_to(None);
        }
        Some(())
    }

    fn with(&mut self, id: LegId, act: impl FnOnce(&mut Leg, &mut Outbox)) -> Option<()> {
        let port = self.by_leg.get(&id)?;
        let leg = self.legs.get_mut(self.ports[port.0 as usize].leg?)?;
        act(leg, &mut self.outbox);
        Some(())
    }

    fn leg_at(&mut self, port: PortIndex) -> Option<&mut Leg> {
        self.legs.get_mut(self.ports.get(port.0 as usize)?.leg?)
    }

    fn leg_in(&self, port: PortIndex) -> Option<&Leg> {
        self.legs.get(self.ports.get(port.0 as usize)?.leg?)
    }
}

#[cfg(test)]
mod tests;
