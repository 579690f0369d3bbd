//! The virtual link: agents and the engine without its edges, nothing lost, the shipped flows and
//! sounds, so that every prompt takes as long as it does in the real engine.

use super::super::disk::Disk;
use super::super::flows::Flows;
use super::super::heap::Heap;
use super::super::link::where_is;
use super::super::world::desk_settings;
use super::agent::Agent;
use careline::call::recording;
use careline::clock::{Instant, WallTime};
use careline::io::prompts::PromptLibrary;
use careline::io::recorder::desk::Desk;
use careline::media::command::Kind;
use careline::media::command::{Command, PortIndex};
use careline::media::engine::Engine;
use careline::media::leg::Departure;
use careline::media::slot::Slot;
use careline::rng::Rng;
use careline::sip::interface as sip;
use careline::sip::way::Way;
use careline::switch::Switch;
use careline::switch::interface::{Input, Now, Output, Settings, UnsignedTrees};
use careline::wire::rtp::Packet;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

/// One way over the link.
const WAY: Duration = Duration::from_micros(300);
/// Ports of the one worker.
const PORTS: u16 = 8;
const FIRST_PORT: u16 = 20_000;

/// A link with the engine at one end.
pub struct Stage {
    now: Instant,
    switch: Switch,
    engine: Engine,
    desk: Desk<Disk>,
    disk: Disk,
    prompts: PromptLibrary,
    heap: Heap<Event>,
    /// Who plays.
    pub agents: Vec<Agent>,
    at: SocketAddr,
    /// When each message of an agent came to the engine.
    pub arrived: Vec<Instant>,
    /// Every packet of sound that left the engine.
    pub left: Vec<Left>,
}

/// A packet of sound that left the engine.
pub struct Left {
    /// When.
    pub at: Instant,
    /// What it carries.
    pub payload: Vec<u8>,
}

enum Event {
    ToEngine(SocketAddr, Vec<u8>),
    ToAgent(usize, Vec<u8>),
    Rtp(SocketAddr, SocketAddr, Vec<u8>),
    Durable(u64),
    Recorder(recording::Event),
}

impl Stage {
    /// An engine at `at` with these sounds; everybody is at that address, each at a port of his own.
    pub fn new(flows: &Flows, sounds: &Path, at: SocketAddr, agents: Vec<Agent>) -> Self {
        let set = flows.sets[0].clone();
        let settings = Settings {
            sip: sip::Settings {
                t1: Duration::from_millis(100),
                target_patience: careline::limits::SIP_TARGET_PATIENCE_DEFAULT,
                external_address: None,
                product: "Careline".to_owned(),
                listen_to: vec![sip::Network { base: at.ip(), prefix: 8 }],
                trusted: Vec::new(),
                requests_a_second: 100_000,
                help: Default::default(),
                session_expires_s: 1_800,
                info_keys: sip::InfoKeys::Told,
                drop_agents: Vec::new(),
            },
            external_address: None,
            trunks: Vec::new(),
            max_calls: 10,
            messages: Default::default(),
            legs_gathered: 2,
            port_rest: careline::limits::PORT_REST_DEFAULT,
            unsigned: UnsignedTrees::Withheld,
            longest: Duration::from_secs(4 * 3_600),
            ring: Duration::from_secs(180),
            media_lost: careline::limits::MEDIA_LOST_DEFAULT,
            service: None,
            dial: Default::default(),
            interpreters: Default::default(),
            keys: Default::default(),
            first_seq: 1,
            first_id: 1,
        };
        let ports = (0..PORTS).map(|n| FIRST_PORT + 2 * n).collect();
        let disk = Disk::new();
        Self {
            now: Instant::START,
            switch: Switch::new(settings, set, &[ports], Rng::seeded(1)),
            engine: Engine::new(u32::from(PORTS)),
            desk: Desk::new(disk.clone(), desk_settings(), 0),
            disk,
            prompts: PromptLibrary::open(sounds),
            heap: Heap::new(),
            agents,
            at,
            arrived: Vec::new(),
            left: Vec::new(),
        }
    }

    /// Lets a packet of sound come to the first leg at this time, from the sound's address of an agent.
    pub fn rtp(&mut self, at: Instant, agent: usize, octets: Vec<u8>) {
        let from = self.agents[agent].at;
        let (from, to) = (SocketAddr::new(from.ip(), from.port() + 2_000), FIRST_PORT);
        self.heap.push(at, Event::Rtp(from, SocketAddr::new(self.at.ip(), to), octets));
    }

    /// Plays until every agent is done.
    ///
    /// # Errors
    /// Who waits for what, when nothing happens any more.
    pub fn play(&mut self, within: Duration) -> Result<(), String> {
        (0..self.agents.len()).for_each(|agent| self.advance(agent));
        while !self.agents.iter().all(Agent::is_done) {
            let next = self.next_at().filter(|at| *at <= Instant::START + within);
            let Some(at) = next else {
                let waits: Vec<_> = self.agents.iter().map(|agent| (agent.next(), &agent.rungs)).collect();
                return Err(format!("at {:?} the agents wait in vain: {waits:#?}", self.now));
            };
            self.now = self.now.max(at);
            self.step();
        }
        Ok(())
    }

    fn next_at(&self) -> Option<Instant> {
        let agents = self.agents.iter().filter_map(Agent::due).min();
        let switch = self.switch.poll_timeout().map(|due| due.at);
        let slot = self.engine.next_slot().map(Slot::at);
        [agents, switch, slot, self.desk.poll_timeout(), self.heap.next_at()].into_iter().flatten().min()
    }

    fn step(&mut self) {
        let now = self.now;
        while let Some(slot) = self.engine.next_slot().filter(|slot| slot.at() <= now) {
            let left = &mut self.left;
            let mut keep = |departure: Departure<'_>| {
                let packet = Packet::read(departure.octets).ok().filter(|_| departure.kind == Kind::Rtp);
                left.extend(packet.map(|packet| Left { at: now, payload: packet.payload.to_vec() }));
            };
            self.engine.tick(now, slot, &mut keep);
            self.media_events();
        }
        while let Some(event) = self.heap.pop_due(now) {
            self.happen(event);
        }
        for agent in 0..self.agents.len() {
            if self.agents[agent].due().is_some_and(|due| due <= now) {
                self.advance(agent);
            }
        }
        self.desk.turn(now);
        self.after_desk();
        if self.switch.poll_timeout().is_some_and(|due| due.at <= now) {
            self.tell(Input::Timeout);
        }
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::ToEngine(from, octets) => {
                self.arrived.push(self.now);
                self.tell(Input::Message { way: Way::udp(self.at, from), octets: &octets })
            }
            Event::ToAgent(agent, octets) => {
                self.agents[agent].on_sip(self.now, &octets);
                self.take_from(agent);
            }
            Event::Rtp(from, to, octets) => {
                let port = PortIndex(u32::from((to.port() - FIRST_PORT) / 2));
                self.engine.receive(self.now, port, Kind::Rtp, from, &octets);
                self.media_events();
            }
            Event::Durable(up_to) => self.tell(Input::Durable { up_to }),
            Event::Recorder(event) => self.tell(Input::Recorder(event)),
        }
    }

    fn advance(&mut self, agent: usize) {
        self.agents[agent].advance(self.now);
        self.take_from(agent);
    }

    fn take_from(&mut self, agent: usize) {
        let at = self.agents[agent].at;
        while let Some(octets) = self.agents[agent].outs.pop_front() {
            self.heap.push(self.now + WAY, Event::ToEngine(at, octets));
        }
        let media = SocketAddr::new(at.ip(), at.port() + 2_000);
        while let Some((to, spoken)) = self.agents[agent].sounds.pop_front() {
            self.heap.push(self.now + WAY, Event::Rtp(media, to, spoken.octets));
        }
    }

    fn media_events(&mut self) {
        while let Some(event) = self.engine.take_event() {
            self.tell(Input::Media(event));
        }
    }

    fn tell(&mut self, input: Input<'_>) {
        let now = Now { at: self.now, wall: WallTime::from_micros(self.now.as_micros() as i64) };
        self.switch.handle(now, input);
        while let Some(output) = self.switch.poll_output() {
            self.put_out(output);
        }
        self.media_events();
    }

    fn put_out(&mut self, output: Output) {
        match output {
            Output::Transmit { way: Way { remote: to, .. }, octets } => {
                if let Some(agent) = self.agents.iter().position(|agent| agent.at == to) {
                    self.heap.push(self.now + WAY, Event::ToAgent(agent, octets));
                }
            }
            Output::Resolve { id, question } => {
                let records = where_is(self.at.ip(), self.at, &question);
                self.tell(Input::Resolved { id, records });
            }
            Output::Media { command, .. } => self.engine.command(self.now, command),
            Output::Speak { leg, playback, prompts, codec, .. } => {
                let clips =
                    prompts.iter().filter_map(|spoken| self.prompts.clip(spoken, codec).ok()).collect();
                self.engine.command(self.now, Command::Play { leg, playback, clips, repeat: false });
            }
            Output::Tone { leg, playback, signal, codec, .. } => {
                let clips = vec![self.prompts.tone(signal, codec)];
                self.engine.command(self.now, Command::Play { leg, playback, clips, repeat: false });
            }
            Output::Bed { leg, wait, codec, .. } => {
                let sound = Some(self.prompts.bed(wait, codec));
                self.engine.command(self.now, Command::Bed { leg, sound });
            }
            Output::Voice { call, voicing, .. } => {
                let heard = careline::flow::action::Heard::Nothing;
                self.tell(Input::Voiced { call, voicing, heard });
            }
            Output::ForgetVoiced { .. } => {}
            Output::Recorder(command) => {
                self.desk.handle(self.now, command);
                self.after_desk();
            }
            Output::Append(entry) => self.heap.push(self.now + WAY, Event::Durable(entry.seq)),
            Output::Request { .. }
            | Output::LetGo { .. }
            | Output::ChangeClosings { .. }
            | Output::KeepBindings(_)
            | Output::Trace(_)
            | Output::GuestAnswer { .. }
            | Output::MessageAnswer { .. }
            | Output::Drained => {}
        }
    }

    fn after_desk(&mut self) {
        for job in self.disk.take_jobs() {
            let outcome = self.disk.finish(job);
            self.desk.synced(self.now, job.recording, job.part, outcome);
        }
        while let Some(event) = self.desk.poll_event() {
            self.heap.push(self.now + WAY, Event::Recorder(event));
        }
    }
}
