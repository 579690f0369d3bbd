//! SIP over TCP in a world: connections that carry whole messages in their order, that are closed or die at any
//! moment, and that are refused by who takes none. Which of them a message goes by is decided by the engine's own
//! [`Connections`]; how a stream is cut into messages is the edge's, and tested there.
//!
//! ```text
//!  phone ──opens──▶ wire ─ "accepted", messages in order ─▶ Connections ─▶ inbox, switch
//!  switch ── way ─▶ Connections ─ "connect" ─▶ wire ─ messages in order ─▶ the phone of that address or Call-ID
//!  a wire ends ─▶ what is on it may be lost ─▶ a little later each side hears of it, and goes on by another one
//! ```

use super::check::Wrong;
use super::phone::quirk::Quirk;
use super::reach::{GONE, MUTE, call_of};
use super::script::{DESK, ENGINE, Script};
use super::world::{Event, World};
use careline::clock::Instant;
use careline::limits::SIP_REQUEST_BY_UDP_MAX_OCTETS;
use careline::rng::Rng;
use careline::sip::connections::{Connections, Input, Output, Settings};
use careline::sip::interface::Network;
use careline::sip::way::{ConnectionId, Transport, Way};
use careline::switch::interface as switch;
use careline::wire::sip::method::Method;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

/// Connections at once: more than a world has.
const CONNECTIONS_MAX: usize = 1_000;
/// One in so many callers speaks TCP, of those who may.
const CALLERS_ONE_IN: u64 = 4;
/// One in so many connections ends while it is in use.
const ENDS_ONE_IN: u64 = 2;
/// It carries so many messages at the most before that.
const ENDS_AFTER_MAX: u64 = 9;
/// After one has ended the next one of the same phone holds for so long: what is lost twice in a row is lost.
const HOLDS: Duration = Duration::from_secs(40);
/// One in so many large calls to a desk without a connection finds that it takes none.
const REFUSED_ONE_IN: u64 = 2;
/// The first port from which phones connect.
const FIRST_PORT: u16 = 10_000;

/// All connections of a world.
pub struct Wires {
    connections: Connections,
    wires: Vec<Wire>,
    /// Those that this life of the engine knows, or knew.
    by_id: BTreeMap<ConnectionId, usize>,
    /// What each phone sends by, as far as it knows.
    of_phone: BTreeMap<usize, usize>,
    /// When the last one of a caller, or of the desk, ended.
    ended_at: BTreeMap<Option<usize>, Instant>,
    /// The desk takes no connection now.
    is_refused: bool,
    rng: Rng,
    /// Connections that ended while they were in use.
    pub ended: usize,
    /// Answers that went by another one than their request came by.
    pub answered_anew: usize,
    /// Calls to persons that went by TCP, and large ones that went in a datagram at last.
    pub calls_out: usize,
    /// The latter.
    pub fell_back: usize,
}

/// One connection.
struct Wire {
    life: u32,
    id: Option<ConnectionId>,
    /// Whose it is; `None`: the desk's, which all persons share.
    phone: Option<usize>,
    remote: SocketAddr,
    /// When the last message arrives that is on its way to the engine, and to the phone.
    up: Instant,
    down: Instant,
    /// Messages that it still carries.
    left: Option<u64>,
    end: End,
    state: State,
    /// Whether the engine knows of its end.
    heard: Heard,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Up,
    Ended,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Heard {
    No,
    Yes,
}

/// How a connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// The phone closes it: what it sent before still arrives.
    Closed,
    /// All that is on its way is lost.
    Dies,
}

/// What happens to a connection.
pub enum Act {
    /// It reaches the engine.
    Accepted,
    /// It reached whom the engine wanted, or nobody takes it.
    Opened,
    /// Nobody takes it.
    Refused,
    /// A message of a phone reaches the engine.
    Up { phone: usize, octets: Vec<u8> },
    /// A message reaches a phone.
    Down { phone: usize, octets: Vec<u8> },
    /// It ends.
    Ends,
    /// The engine hears of its end.
    EngineHears,
    /// Whoever speaks by it hears of its end.
    PhonesHear,
    /// The engine hears of an end that is none: a planted fault.
    FalselyEnded,
}

impl Wires {
    /// None yet, in a world whose engine listens to these networks.
    pub fn new(seed: u64, listen_to: Vec<Network>) -> Self {
        Self {
            connections: Connections::new(Settings { all: CONNECTIONS_MAX, listen_to }),
            wires: Vec::new(),
            by_id: BTreeMap::new(),
            of_phone: BTreeMap::new(),
            ended_at: BTreeMap::new(),
            is_refused: false,
            rng: Rng::seeded(seed ^ 0x7463_7000),
            ended: 0,
            answered_anew: 0,
            calls_out: 0,
            fell_back: 0,
        }
    }

    /// When the engine has something to do about connections.
    pub fn due(&self) -> Option<Instant> {
        self.connections.poll_timeout().map(|due| due.at)
    }

    /// The caller at the other end.
    pub fn caller(&self, id: ConnectionId) -> Option<usize> {
        self.wires[*self.by_id.get(&id)?].phone
    }

    /// Whether the engine still has that connection, as far as it knows.
    pub fn is_known(&self, id: ConnectionId) -> bool {
        self.by_id.get(&id).is_some_and(|wire| self.wires[*wire].heard == Heard::No)
    }

    /// Some callers speak TCP: those whose quirk is no matter of datagrams.
    pub fn choose_callers(&mut self, script: &mut Script) {
        for caller in &mut script.callers {
            let may = caller.quirk.is_none_or(speaks_tcp);
            if may && self.rng.below(CALLERS_ONE_IN) == 0 {
                caller.transport = Transport::Tcp;
            }
        }
    }

    fn is_desk_up(&self) -> bool {
        let is_desk = |wire: &Wire| wire.remote == DESK && wire.heard == Heard::No;
        self.by_id.values().any(|wire| is_desk(&self.wires[*wire]))
    }

    fn soon(&mut self) -> Duration {
        Duration::from_micros(500 + self.rng.below(60_000))
    }
}

/// Quirks that a phone may have over TCP as well.
fn speaks_tcp(quirk: Quirk) -> bool {
    matches!(
        quirk,
        Quirk::CompactNames
            | Quirk::FoldedLines
            | Quirk::LateCancel
            | Quirk::StrayCancel
            | Quirk::TwoAcks
            | Quirk::AsksOffer
            | Quirk::ZeroHold
            | Quirk::HoldsTwice
            | Quirk::ManyCodecs
            | Quirk::TwoMedia
            | Quirk::ShortSession
            | Quirk::Refreshes
            | Quirk::LetsRefresh
            | Quirk::LargeRequests
            | Quirk::OddName
            | Quirk::NoHops
            | Quirk::HoldMusic
            | Quirk::ByeForAck
            | Quirk::ByeTells
            | Quirk::PortZero
    )
}

impl World {
    /// A phone sends a message by its connection, or by a new one.
    pub(super) fn send_up(&mut self, phone: usize, octets: Vec<u8>) {
        let wire = match self.wires.of_phone.get(&phone) {
            Some(wire) => *wire,
            None => self.dial(phone),
        };
        let at = self.paths[phone].up.carry_surely(self.now).max(self.wires.wires[wire].up);
        self.wires.wires[wire].up = at;
        self.heap.push(at, Event::Wire { wire, act: Act::Up { phone, octets } });
        self.wear(wire);
    }

    /// A phone connects.
    fn dial(&mut self, phone: usize) -> usize {
        let port = FIRST_PORT + (self.wires.wires.len() % 40_000) as u16;
        let remote = SocketAddr::new(self.phones[phone].at.ip(), port);
        let owner = (self.phones[phone].at != DESK).then_some(phone);
        let wire = self.new_wire(None, owner, remote);
        let at = self.paths[phone].up.carry_surely(self.now);
        self.wires.wires[wire].up = at;
        self.wires.of_phone.insert(phone, wire);
        self.heap.push(at, Event::Wire { wire, act: Act::Accepted });
        wire
    }

    fn new_wire(&mut self, id: Option<ConnectionId>, phone: Option<usize>, remote: SocketAddr) -> usize {
        let wires = &mut self.wires;
        let holds = wires.ended_at.get(&phone).is_some_and(|at| self.now.since(*at) < HOLDS);
        let ends = !holds && wires.rng.below(ENDS_ONE_IN) == 0;
        let left = ends.then(|| 1 + wires.rng.below(ENDS_AFTER_MAX));
        let end = if wires.rng.below(2) == 0 { End::Closed } else { End::Dies };
        let (life, up, down) = (self.life, self.now, self.now);
        let wire = wires.wires.len();
        wires.wires.push(Wire {
            life,
            id,
            phone,
            remote,
            up,
            down,
            left,
            end,
            state: State::Up,
            heard: Heard::No,
        });
        wires.by_id.extend(id.map(|id| (id, wire)));
        wire
    }

    /// A message more has gone by it: it may be the last one.
    fn wear(&mut self, wire: usize) {
        let Some(left) = self.wires.wires[wire].left.as_mut() else { return };
        *left = left.saturating_sub(1);
        if *left == 0 {
            self.wires.wires[wire].left = None;
            let at = self.now + Duration::from_micros(self.wires.rng.below(200_000));
            self.heap.push(at, Event::Wire { wire, act: Act::Ends });
        }
    }

    /// A message leaves the engine by TCP: by the connection that its [`Connections`] choose.
    pub(super) fn send_down(&mut self, way: Way, octets: Vec<u8>) -> Result<(), Wrong> {
        if octets.starts_with(b"SIP/2.0 ") && way.connection.is_some_and(|id| !self.wires.is_known(id)) {
            self.wires.answered_anew += 1;
            if self.keeps_to_connection() {
                return Ok(());
            }
        }
        self.wires.connections.handle(self.now, Input::Send { way, octets });
        self.tend_wires(None)
    }

    /// Whether a call to the desk goes by TCP in vain: only a large one, which may go in a datagram then.
    pub(super) fn desk_refuses(&mut self, way: Way, octets: &[u8]) -> bool {
        let begins = matches!(call_of(octets), Some((_, Method::Invite)));
        if way.remote != DESK || !begins {
            return false;
        }
        let is_free = octets.len() > SIP_REQUEST_BY_UDP_MAX_OCTETS && !self.wires.is_desk_up();
        let refuses = is_free && self.wires.rng.below(REFUSED_ONE_IN) == 0;
        self.wires.is_refused |= refuses;
        self.wires.calls_out += usize::from(!refuses);
        refuses
    }

    /// What the connections want done. A message among it came from that phone.
    pub(super) fn tend_wires(&mut self, from: Option<usize>) -> Result<(), Wrong> {
        while let Some(output) = self.wires.connections.poll_output() {
            match output {
                Output::Connect { id, remote, local: _ } => self.connect(id, remote),
                Output::Write { id, octets } => {
                    let written = octets.len();
                    self.carry_down(id, octets);
                    self.wires.connections.handle(self.now, Input::Written { id, octets: written });
                }
                Output::Close { id } | Output::Abort { id } => self.closed_by_engine(id),
                Output::Message { way, octets } => self.reach_engine(way, from, &octets)?,
                Output::Lost { way } => self.refuse(way)?,
            }
        }
        Ok(())
    }

    /// The engine looks after its connections.
    pub(super) fn time_wires(&mut self) -> Result<(), Wrong> {
        self.wires.connections.handle(self.now, Input::Timeout);
        self.tend_wires(None)
    }

    /// The engine wants a connection to there.
    fn connect(&mut self, id: ConnectionId, remote: SocketAddr) {
        let phone = self.by_address.get(&remote).copied();
        let wire = self.new_wire(Some(id), phone, remote);
        let takes = match phone {
            Some(phone) => self.phones[phone].dialog.transport == Transport::Tcp,
            None => remote.ip() != GONE && !std::mem::take(&mut self.wires.is_refused),
        };
        if remote.ip() == MUTE {
            return;
        }
        let at = self.now + self.wires.soon();
        let act = if takes { Act::Opened } else { Act::Refused };
        self.heap.push(at, Event::Wire { wire, act });
    }

    fn carry_down(&mut self, id: ConnectionId, octets: Vec<u8>) {
        self.checker.signals.byes.carried(id, &octets);
        let Some(&wire) = self.wires.by_id.get(&id) else { return };
        let by_call = || call_of(&octets).and_then(|(call, _)| self.by_call.get(&call).copied());
        let Some(phone) = self.wires.wires[wire].phone.or_else(by_call) else { return };
        // The engine has not heard of its end, and the phone may have: by this one it sends no more.
        if self.wires.wires[wire].state == State::Ended {
            return;
        }
        self.wires.of_phone.entry(phone).or_insert(wire);
        let at = self.paths[phone].down.carry_surely(self.now).max(self.wires.wires[wire].down);
        self.wires.wires[wire].down = at;
        if self.cries_wolf(&octets) {
            self.heap.push(self.now, Event::Wire { wire, act: Act::FalselyEnded });
        }
        self.heap.push(at, Event::Wire { wire, act: Act::Down { phone, octets } });
        self.wear(wire);
    }

    fn closed_by_engine(&mut self, id: ConnectionId) {
        let Some(&wire) = self.wires.by_id.get(&id) else { return };
        self.wires.wires[wire].heard = Heard::Yes;
        self.wires.wires[wire].state = State::Ended;
        let at = self.now + self.wires.soon();
        self.heap.push(at, Event::Wire { wire, act: Act::PhonesHear });
    }

    /// Something happens to a connection.
    pub(super) fn wire(&mut self, wire: usize, act: Act) -> Result<(), Wrong> {
        let Wire { life, id, state, end, remote, .. } = self.wires.wires[wire];
        let is_now = life == self.life;
        match act {
            Act::Accepted if is_now && state == State::Up => {
                let id = self.wires.connections.reserve();
                self.wires.wires[wire].id = Some(id);
                self.wires.by_id.insert(id, wire);
                let accepted = Input::Accepted { id, local: ENGINE, remote };
                self.wires.connections.handle(self.now, accepted);
                self.tend_wires(None)
            }
            Act::Opened if is_now => self.tell_connections(id, |id| Input::Opened { id }),
            Act::Refused | Act::EngineHears if is_now => {
                self.wires.wires[wire].heard = Heard::Yes;
                self.wires.wires[wire].state = State::Ended;
                self.tell_connections(id, |id| Input::Closed { id })
            }
            Act::Up { phone, octets } if is_now && (state == State::Up || end == End::Closed) => {
                let Some(id) = id else { return Ok(()) };
                self.wires.connections.handle(self.now, Input::Received { id, octets: &octets });
                self.tend_wires(Some(phone))
            }
            Act::Down { phone, octets } if state == State::Up => {
                self.wires.of_phone.insert(phone, wire);
                self.phones[phone].reached_by(Transport::Tcp);
                self.phones[phone].on_sip(self.now, &octets);
                self.after_phone(phone)
            }
            Act::Ends if is_now && state == State::Up => {
                self.end_wire(wire);
                Ok(())
            }
            Act::PhonesHear => self.phones_hear(wire),
            Act::FalselyEnded if is_now => {
                let way = Way { transport: Transport::Tcp, local: ENGINE, remote, connection: id };
                self.tell_switch(switch::Input::Unreachable { way })
            }
            Act::Accepted
            | Act::Opened
            | Act::Refused
            | Act::EngineHears
            | Act::Up { .. }
            | Act::Down { .. }
            | Act::Ends
            | Act::FalselyEnded => Ok(()),
        }
    }

    fn tell_connections(
        &mut self,
        id: Option<ConnectionId>,
        input: impl Fn(ConnectionId) -> Input<'static>,
    ) -> Result<(), Wrong> {
        if let Some(id) = id {
            self.wires.connections.handle(self.now, input(id));
        }
        self.tend_wires(None)
    }

    fn end_wire(&mut self, wire: usize) {
        let Wire { phone, end, up, remote, .. } = self.wires.wires[wire];
        self.ladder.note(self.now, &format!("the connection to {remote} ends: {end:?}"));
        self.wires.wires[wire].state = State::Ended;
        self.wires.ended += 1;
        self.wires.ended_at.insert(phone, self.now);
        let heard = self.now + self.wires.soon();
        let last = if end == End::Closed { up } else { heard };
        self.heap.push(heard.max(last), Event::Wire { wire, act: Act::EngineHears });
        let at = self.now + self.wires.soon();
        self.heap.push(at, Event::Wire { wire, act: Act::PhonesHear });
    }

    /// The phones that send by it, as far as they know.
    fn speaking_by(&self, wire: usize) -> Vec<usize> {
        self.wires.of_phone.iter().filter(|(_, known)| **known == wire).map(|(phone, _)| *phone).collect()
    }

    fn phones_hear(&mut self, wire: usize) -> Result<(), Wrong> {
        for phone in self.speaking_by(wire) {
            self.wires.of_phone.remove(&phone);
            self.phones[phone].on_cut();
            self.after_phone(phone)?;
        }
        Ok(())
    }

    /// The engine was killed: so are its connections.
    pub(super) fn cut_wires(&mut self) {
        let listen_to = super::life::listen_to();
        self.wires.connections = Connections::new(Settings { all: CONNECTIONS_MAX, listen_to });
        self.wires.by_id.clear();
        self.wires.is_refused = false;
        for wire in 0..self.wires.wires.len() {
            if self.wires.wires[wire].state == State::Up {
                self.wires.wires[wire].state = State::Ended;
                self.wires.wires[wire].end = End::Dies;
                let at = self.now + self.wires.soon();
                self.heap.push(at, Event::Wire { wire, act: Act::PhonesHear });
            }
        }
    }
}
