//! One world: the engine as one [`Switch`] with its media engines and its recorder, the phones that
//! call it, the paths between them, and what breaks. No clock, no thread, no socket: an hour passes in
//! milliseconds, and a seed tells the same story again.
//!
//! ```text
//!  phones ──paths──▶ heap ──▶ switch ──outputs──▶ workers, recorder, store ──heap──▶ switch
//!                             every datagram, command, event, packet and log entry ──▶ checks
//! ```

use super::check::{Checker, Wrong};
use super::disk::{Blow, Disk, Job, Mood, Store};
use super::fault::Fault;
use super::flood::Flood;
use super::flows::Flows;
use super::heap::Heap;
use super::house::House;
use super::ladder::Ladder;
use super::link::{Link, Quality};
use super::marks::Marks;
use super::phone::{Out, Phone, codes};
use super::reach::Reach;
use super::script::{Chaos, ENGINE, Script, TURN_COST};
use super::sound::{Ear, RINGING, Voice};
use super::tcp::{Act, Wires};
use super::visits::Visits;
use careline::audio::g711::{self, Law};
use careline::audio::tone::Wait;
use careline::call::recording;
use careline::clock::{Instant, WallTime};
use careline::flow::action::Spoken;
use careline::io::prompts::bed::Beds;
use careline::io::recorder::desk::{self, Desk};
use careline::media::command::Kind;
use careline::media::command::{self as media, Clip, PortIndex, WorkerIndex};
use careline::media::engine::Engine;
use careline::media::moving::Moving;
use careline::media::slot::Slot;
use careline::rng::Rng;
use careline::sip::way::{Transport, Way};
use careline::switch::Switch;
use careline::switch::inbox::Inbox;
use careline::switch::interface::{Input, Now, Output};
use careline::wire::codec::Codec;
use careline::wire::rtcp;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

/// Prompts have the voices from here on, callers and persons those before.
pub(super) const FIRST_PROMPT_VOICE: u16 = 200;
/// Checks that look at everything are made this often.
const SWEEP_EVERY: Duration = Duration::from_millis(50);
/// The wall time at which every world begins: 2026-11-24T09:00:00Z.
const DAWN: i64 = 1_795_510_800_000_000;

/// Everything.
pub struct World {
    pub(super) seed: u64,
    pub(super) now: Instant,
    pub(super) wall_jump: i64,
    pub(super) rng: Rng,
    pub(super) script: Script,
    pub(super) switch: Switch,
    pub(super) engines: Vec<Engine>,
    pub(super) desk: Desk<Disk>,
    pub(super) disk: Disk,
    pub(super) store: Store,
    pub(super) heap: Heap<Event>,
    pub(super) phones: Vec<Phone>,
    pub(super) paths: Vec<Path>,
    pub(super) by_address: BTreeMap<SocketAddr, usize>,
    pub(super) by_call: BTreeMap<String, usize>,
    pub(super) checker: Checker,
    pub(super) ladder: Ladder,
    pub(super) flows: Flows,
    pub(super) reloaded: usize,
    prompts: BTreeMap<(Spoken, Codec), Clip>,
    voices: BTreeMap<Spoken, Voice>,
    beds: Beds,
    /// Counts the engines of this world: what was on its way to an earlier one is lost.
    pub(super) life: u32,
    pub(super) draining: bool,
    pub(super) disk_trouble: bool,
    pub(super) drained: bool,
    pub(super) store_delay: Duration,
    pub(super) sync_delay: Duration,
    command_at: Vec<Instant>,
    event_at: Vec<Instant>,
    pub(super) steps: u64,
    swept: Instant,
    pub(super) fault: Option<Fault>,
    pub(super) fault_left: u32,
    pub(super) inbox: Inbox,
    /// When the next one of the inbox has its turn, if that is planned.
    pub(super) turn_at: Option<Instant>,
    /// What a new call takes the engine, and until when it is busy with the last one.
    pub(super) turn_cost: Duration,
    pub(super) busy_until: Instant,
    /// Since when new calls pile up.
    pub(super) piled_since: Option<Instant>,
    /// The one who has its turn comes while they pile up.
    pub(super) in_pile: bool,
    pub(super) reach: Reach,
    pub(super) wires: Wires,
    pub(super) flood: Flood,
    pub(super) visits: Visits,
    pub(super) house: House,
    /// Somebody was taken out of a call a moment ago.
    pub(super) just_taken: bool,
    pub(super) marks: Marks,
    /// RTP ports whose sockets are on their way to another worker, and until when.
    pub(super) on_the_way: BTreeMap<u16, Instant>,
    /// Legs that have gone to another worker.
    pub(super) moves: u64,
}

/// The ways between a phone and the engine.
pub(super) struct Path {
    pub(super) up: Link,
    pub(super) down: Link,
    sound: Link,
}

/// What is going to happen.
pub(super) enum Event {
    /// A SIP datagram reaches the engine.
    ToEngine { from: SocketAddr, phone: Option<usize>, octets: Vec<u8> },
    /// A SIP datagram reaches a phone.
    ToPhone { phone: usize, octets: Vec<u8> },
    /// A datagram that is of no call reaches a telephone of the house.
    ToSet { set: usize, octets: Vec<u8> },
    /// Where phones are is on disk.
    Kept { life: u32, up_to: u64 },
    /// A packet reaches a media port.
    Rtp { phone: usize, to: SocketAddr, from: SocketAddr, press: Option<u64>, octets: Vec<u8> },
    /// A phone has something to do.
    Wake(usize),
    /// Whoever has waited longest for a call has its turn.
    Turn { life: u32 },
    /// A message has its turn late: a planted fault.
    Late { way: Way, octets: Vec<u8> },
    /// A command reaches a worker, with the voices that it makes heard.
    Command { life: u32, worker: usize, command: media::Command, voices: Vec<Voice> },
    /// A leg reaches the worker that it goes to, with its sockets.
    Arrival { life: u32, worker: usize, moving: Moving },
    /// A worker's event reaches the switch.
    Media { life: u32, event: media::Event },
    /// The recorder's event reaches the switch.
    Recorder { life: u32, event: recording::Event },
    /// A commit of the store ends.
    Committed { life: u32, up_to: u64 },
    /// A sync of the disk ends.
    Synced { life: u32, job: Job },
    /// Something happens to a connection.
    Wire { wire: usize, act: Act },
    /// Nobody is at the end of that way.
    Refused { life: u32, way: Way },
    /// Something breaks.
    Chaos(Chaos),
}

/// A world in which something was wrong.
#[derive(Debug)]
pub struct Failure {
    /// The seed.
    pub seed: u64,
    /// The step.
    pub step: u64,
    /// When.
    pub at: Instant,
    /// What.
    pub wrong: Wrong,
    /// The last lines before it.
    pub ladder: String,
    /// Whether the planted fault was made before.
    pub fault_made: bool,
}

/// A world that went well.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// What two runs agree on.
    pub hash: u64,
    /// Steps.
    pub steps: u64,
    /// Calls in the log.
    pub calls: usize,
    /// Calls that met a person.
    pub bridged: usize,
    /// Recordings.
    pub recordings: usize,
    /// Messages.
    pub messages: usize,
    /// Whether the fault was made at all.
    pub fault_made: bool,
    /// Callers who were refused for now.
    pub refused: usize,
    /// Urgent callers who were let in while others were refused.
    pub urgent: usize,
    /// Floods that were withstood.
    pub floods: usize,
    /// Quirks that were met, each as a bit.
    pub quirks: u128,
    /// Recordings of which one operation of the disk went wrong.
    pub struck: usize,
    /// Connections that ended while they were in use.
    pub cut: usize,
    /// Answers that went by another connection than their request came by.
    pub answered_anew: usize,
    /// Logins of phones that were granted, and of those how many moved.
    pub logins: usize,
    /// The latter.
    pub moved: usize,
    /// Callers who were handed on to who was spoken with in a call of its own, or whose person went on at another phone.
    pub taken: usize,
    /// The latter.
    pub replaced: usize,
    /// Calls to persons by TCP.
    pub called_by_tcp: usize,
    /// Large ones that went in a datagram, for TCP was refused.
    pub fell_back: usize,
    /// Callers who were handed on from one person to another.
    pub handed: usize,
    /// Callers for whom nobody was there, or whose call ended meanwhile.
    pub not_handed: usize,
    /// Of those, callers who were handed on by keys.
    pub by_keys: usize,
    /// Persons who spoke with the other one first.
    pub consulted: usize,
    /// Supervisors and third parties who came into a talk.
    pub guests: usize,
    /// Times that a supervisor went on in another way.
    pub guest_changes: usize,
}

impl World {
    /// A world of that seed.
    pub fn new(seed: u64, mut flows: Flows, ear: Ear, fault: Option<Fault>) -> Self {
        let mut rng = Rng::seeded(seed);
        let mut script = Script::draw(&mut rng);
        // A planted fault is looked for in a world that is otherwise calm: who must hear whom is sure there.
        script.restless &= fault.is_none();
        script.trusted.retain(|_| fault != Some(Fault::ForgottenTrust));
        // In one house of three nobody hands on by keys: they are like all others.
        if !seed.is_multiple_of(3) {
            script.codes = codes::of_the_house();
        }
        let house = House::new(seed, fault);
        if house.is_open() {
            flows.sets = flows.house.clone();
        }
        let mut wires = Wires::new(seed, super::life::listen_to());
        wires.choose_callers(&mut script);
        let disk = Disk::new();
        disk.expect_blow(Blow::of_seed(seed).filter(|_| fault.is_none()));
        let switch = super::life::switch(&script, &flows, 0, (1, 1), &mut rng);
        // Forgotten trust is made already.
        let fault_left = u32::from(fault.is_some_and(|fault| fault != Fault::ForgottenTrust));
        let mut world = Self {
            seed,
            now: Instant::START,
            wall_jump: 0,
            engines: super::life::engines(&script),
            desk: super::life::desk(&disk),
            switch,
            disk,
            store: Store::new(),
            heap: Heap::new(),
            phones: Vec::new(),
            paths: Vec::new(),
            by_address: BTreeMap::new(),
            by_call: BTreeMap::new(),
            checker: Checker::new(ear, script.longest, &script.codes),
            ladder: Ladder::new(),
            flows,
            reloaded: 0,
            prompts: BTreeMap::new(),
            voices: BTreeMap::new(),
            beds: Beds::default(),
            life: 0,
            draining: false,
            disk_trouble: false,
            drained: false,
            store_delay: Duration::from_millis(4),
            sync_delay: Duration::from_millis(20),
            command_at: vec![Instant::START; script.ports.len()],
            event_at: vec![Instant::START; script.ports.len()],
            steps: 0,
            swept: Instant::START,
            rng,
            script,
            fault,
            fault_left,
            inbox: Inbox::default(),
            turn_at: None,
            turn_cost: TURN_COST,
            busy_until: Instant::START,
            piled_since: None,
            in_pile: false,
            reach: Reach::default(),
            wires,
            flood: Flood::default(),
            visits: Visits::new(seed, fault),
            house,
            just_taken: false,
            marks: Marks::default(),
            on_the_way: BTreeMap::new(),
            moves: 0,
        };
        world.begin();
        world
    }

    fn begin(&mut self) {
        self.open_house().expect("nothing is wrong with phones that may log in");
        for (at, chaos) in std::mem::take(&mut self.script.chaos) {
            self.heap.push(at, Event::Chaos(chaos));
        }
        for (n, caller) in std::mem::take(&mut self.script.callers).into_iter().enumerate() {
            let rng = Rng::seeded(self.rng.next_u64());
            let does = (caller.plan, caller.quirk);
            let mut phone = Phone::caller(caller.place, caller.ability, Voice(n as u16), does, rng);
            phone.dialog.transport = caller.transport;
            // Its own port, that of another Contact, that of another translation.
            for more in [0, 2, 4] {
                self.by_address.insert(SocketAddr::new(phone.at.ip(), phone.at.port() + more), n);
            }
            if let Some(quirk) = phone.quirk {
                self.ladder.note(self.now, &format!("phone{n} is one that {quirk:?}"));
            }
            self.add_phone(phone, caller.sip, caller.rtp);
        }
    }

    pub(super) fn add_phone(&mut self, phone: Phone, sip: Quality, rtp: Quality) {
        let mut link = |quality| Link::new(quality, Rng::seeded(self.rng.next_u64()));
        self.paths.push(Path { up: link(sip), down: link(sip), sound: link(rtp) });
        self.phones.push(phone);
        self.plan_wake(self.phones.len() - 1);
    }

    /// Runs until nothing is left to happen, or something is wrong.
    pub fn run(mut self) -> (Result<Summary, Box<Failure>>, Ear) {
        let outcome = self.live().and_then(|()| self.finish());
        if outcome.is_ok() && std::env::var_os("CARELINE_SEED").is_some() {
            println!("{}", self.ladder.text());
        }
        let outcome = outcome.map(|()| self.summary()).map_err(|wrong| {
            let (seed, step, at, ladder) = (self.seed, self.steps, self.now, self.ladder.text());
            Box::new(Failure { seed, step, at, wrong, ladder, fault_made: self.is_fault_made() })
        });
        (outcome, self.checker.streams.into_ear())
    }

    fn live(&mut self) -> Result<(), Wrong> {
        while let Some(at) = self.next_at() {
            self.now = self.now.max(at);
            self.steps += 1;
            self.step()?;
            if self.now.since(self.swept) >= SWEEP_EVERY {
                self.swept = self.now;
                self.checker.sweep(self.now, &self.phones)?;
                self.sweep_reach()?;
                self.flood.sweep(self.now)?;
                self.visit()?;
                self.tend_house()?;
                self.mark()?;
            }
            if self.is_over() {
                return Ok(());
            }
            if self.steps > 20_000_000 {
                return Err("the world does not end".to_owned());
            }
        }
        Ok(())
    }

    fn next_at(&self) -> Option<Instant> {
        let switch = self.switch.poll_timeout().map(|due| due.at);
        let engines = self.engines.iter().filter_map(|engine| engine.next_slot().map(Slot::at)).min();
        let wires = self.wires.due();
        [self.heap.next_at(), switch, engines, self.desk.poll_timeout(), wires].into_iter().flatten().min()
    }

    fn step(&mut self) -> Result<(), Wrong> {
        if self.script.restless {
            self.move_any()?;
        }
        for worker in 0..self.engines.len() {
            while let Some(slot) = self.engines[worker].next_slot().filter(|slot| slot.at() <= self.now) {
                self.tick(worker, slot)?;
            }
        }
        while let Some(event) = self.heap.pop_due(self.now) {
            self.happen(event)?;
        }
        if self.desk.poll_timeout().is_some_and(|at| at <= self.now) {
            self.desk.turn(self.now);
            self.after_desk();
        }
        if self.wires.due().is_some_and(|at| at <= self.now) {
            self.time_wires()?;
        }
        if self.drained {
            self.store.durable = self.store.appended;
            self.checker.killed(self.store.durable);
            self.start_again()?;
        }
        if self.switch.poll_timeout().is_some_and(|due| due.at <= self.now) {
            self.tell_switch(Input::Timeout)?;
            if self.switch.poll_timeout().is_some_and(|due| due.at <= self.now) {
                return Err(format!("after a timeout {:?} is still due", self.switch.poll_timeout()));
            }
        }
        Ok(())
    }

    fn happen(&mut self, event: Event) -> Result<(), Wrong> {
        match event {
            Event::ToEngine { from, phone, octets } => {
                return self.reach_engine(Way::udp(ENGINE, from), phone, &octets);
            }
            Event::Wire { wire, act } => return self.wire(wire, act),
            Event::ToPhone { phone, octets } => {
                self.phones[phone].reached_by(Transport::Udp);
                self.phones[phone].on_sip(self.now, &octets);
                return self.after_phone(phone);
            }
            Event::ToSet { set, octets } => return self.reach_set(set, &octets),
            Event::Kept { life, up_to } if life == self.life => return self.bindings_kept(up_to),
            Event::Rtp { phone, to, from, press, octets } => self.reach_port(phone, to, from, press, &octets),
            Event::Wake(phone) => {
                if self.phones[phone].planned.is_some_and(|at| at <= self.now) {
                    self.phones[phone].planned = None;
                    self.phones[phone].wake(self.now);
                    return self.after_phone(phone);
                }
            }
            Event::Command { life, worker, command, voices } if life == self.life => {
                let index = WorkerIndex(worker as u32);
                self.checker.streams.commanded(self.now, index, &command, &self.phones, &voices)?;
                self.engines[worker].command(self.now, command);
                self.send_off(worker);
                self.take_media_events(worker);
            }
            Event::Arrival { life, worker, moving } if life == self.life => {
                return self.arrive(worker, moving);
            }
            Event::Media { life, event } if life == self.life => {
                self.checker.streams.told(&event, &self.phones)?;
                return self.tell_switch(Input::Media(event));
            }
            Event::Recorder { life, event } if life == self.life => return self.tell_recorder_event(event),
            Event::Committed { life, up_to } if life == self.life => return self.commit(up_to),
            Event::Synced { life, job } if life == self.life => {
                let outcome = self.disk.finish(job);
                self.desk.synced(self.now, job.recording, job.part, outcome);
                self.after_desk();
            }
            Event::Chaos(chaos) => return self.chaos(chaos),
            Event::Turn { life } if life == self.life => return self.take_turn(),
            Event::Late { way, octets } => return self.take_message(way, &octets),
            Event::Refused { life, way } if life == self.life => return self.refuse(way),
            Event::Turn { .. }
            | Event::Command { .. }
            | Event::Arrival { .. }
            | Event::Media { .. }
            | Event::Recorder { .. }
            | Event::Committed { .. }
            | Event::Kept { .. }
            | Event::Refused { .. }
            | Event::Synced { .. } => {}
        }
        Ok(())
    }

    /// Legs that leave a worker are on their way for a moment; what is sent to them meanwhile waits in their sockets.
    fn send_off(&mut self, worker: usize) {
        while let Some(moving) = self.engines[worker].take_moving() {
            let at = self.now + Duration::from_micros(self.rng.below(8_000));
            let number = self.script.ports[worker][moving.from().0 as usize];
            self.on_the_way.insert(number, at);
            self.heap.push(at, Event::Arrival { life: self.life, worker, moving });
        }
    }

    /// The two workers exchange sockets, and the leg goes on.
    fn arrive(&mut self, from: usize, moving: Moving) -> Result<(), Wrong> {
        let (leg, old, new, to) = (moving.leg(), moving.from(), moving.port(), moving.to().0 as usize);
        let former = self.engines[to].adopt(self.now, moving);
        let former = former.map_err(|moving| format!("worker {to} does not take {}", moving.leg()))?;
        self.engines[from].settle(old, former);
        let numbers = [self.script.ports[from][old.0 as usize], self.script.ports[to][new.0 as usize]];
        self.on_the_way.remove(&numbers[0]);
        self.script.ports[from][old.0 as usize] = numbers[1];
        self.script.ports[to][new.0 as usize] = numbers[0];
        let index = |worker: usize| WorkerIndex(worker as u32);
        self.checker.streams.moved(leg, (index(from), old), (index(to), new))?;
        self.moves += 1;
        self.take_media_events(to);
        Ok(())
    }

    /// Any call goes to any worker: it may be the one where it is, or have no port left.
    pub(super) fn move_any(&mut self) -> Result<(), Wrong> {
        let up = self.checker.log.up();
        if up.is_empty() {
            return Ok(());
        }
        let call = up[self.rng.below(up.len() as u64) as usize];
        let to = WorkerIndex(self.rng.below(self.engines.len() as u64) as u32);
        self.tell_switch(Input::Move { call, to })
    }

    fn reach_port(
        &mut self,
        phone: usize,
        to: SocketAddr,
        from: SocketAddr,
        press: Option<u64>,
        octets: &[u8],
    ) {
        if let Some(&at) = self.on_the_way.get(&(to.port() & !1)) {
            let octets = octets.to_vec();
            return self.heap.push(at, Event::Rtp { phone, to, from, press, octets });
        }
        for worker in 0..self.engines.len() {
            let numbers = &self.script.ports[worker];
            if let Some(place) = numbers.iter().position(|number| *number == to.port() & !1) {
                let port = PortIndex(place as u32);
                let kind = if to.port().is_multiple_of(2) { Kind::Rtp } else { Kind::Rtcp };
                self.checker.streams.reached_port((WorkerIndex(worker as u32), port), (phone, from), press);
                self.engines[worker].receive(self.now, port, kind, from, octets);
                return self.take_media_events(worker);
            }
        }
    }

    fn tick(&mut self, worker: usize, slot: Slot) -> Result<(), Wrong> {
        let Self { engines, checker, ladder, now, fault, fault_left, rng, .. } = self;
        let mut verdict = Ok(());
        engines[worker].tick(*now, slot, &mut |departure| {
            if rtcp::is_rtcp(departure.octets) {
                if let Err(error) = rtcp::compound::Compound::read(departure.octets) {
                    verdict = Err(format!("{:?} sends a report that is none: {error}", departure.port));
                }
                return;
            }
            if *fault == Some(Fault::BrokenStream) && *fault_left > 0 && rng.below(2_000) == 0 {
                *fault_left = 0;
                return;
            }
            ladder.mix(*now, departure.octets);
            let port = (WorkerIndex(worker as u32), departure.port);
            if verdict.is_ok() {
                verdict = checker.streams.departed(*now, port, departure.octets);
            }
        });
        verdict?;
        self.take_media_events(worker);
        Ok(())
    }

    /// What a worker tells reaches the switch a little later, in order.
    fn take_media_events(&mut self, worker: usize) {
        while let Some(event) = self.engines[worker].take_event() {
            for event in self.spoil_media_event(event).into_iter().flatten() {
                let way = Duration::from_micros(self.rng.below(1_500));
                let at = (self.now + way).max(self.event_at[worker]);
                self.event_at[worker] = at;
                self.heap.push(at, Event::Media { life: self.life, event });
            }
        }
    }

    fn wall(&self) -> WallTime {
        WallTime::from_micros(DAWN + self.now.as_micros() as i64 + self.wall_jump)
    }

    /// One input, and all that the switch wants done.
    pub(super) fn tell_switch(&mut self, input: Input<'_>) -> Result<(), Wrong> {
        let now = Now { at: self.now, wall: self.wall() };
        self.switch.handle(now, input);
        while let Some(output) = self.switch.poll_output() {
            self.put_out(output)?;
        }
        Ok(())
    }

    fn put_out(&mut self, output: Output) -> Result<(), Wrong> {
        match output {
            Output::Transmit { way, octets } => return self.transmit(way, octets),
            Output::Resolve { id, question } => {
                let records = self.look_up(&question);
                return self.tell_switch(Input::Resolved { id, records });
            }
            Output::Media { worker, command } => self.tell_worker(worker, command, Vec::new()),
            Output::Speak { worker, leg, playback, prompts, codec, edition: _ } => {
                let clips: Vec<Clip> = prompts.iter().map(|spoken| self.clip(spoken, codec)).collect();
                let voices = prompts.iter().filter_map(|spoken| self.voices.get(spoken).copied()).collect();
                let command = media::Command::Play { leg, playback, clips, repeat: false };
                self.tell_worker(worker, command, voices);
            }
            Output::Tone { worker, leg, playback, signal, codec } => {
                let beep = signal.samples();
                let law = Law::of(codec).unwrap_or_else(|| panic!("no phone of this world speaks {codec:?}"));
                let octets = beep.iter().map(|s| g711::encode(law, *s)).collect();
                let command = media::Command::Play {
                    leg,
                    playback,
                    clips: vec![Clip { codec, octets }],
                    repeat: false,
                };
                self.tell_worker(worker, command, Vec::new());
            }
            Output::Bed { worker, leg, wait, codec, edition: _ } => {
                let sound = Some(self.beds.of(wait, codec));
                let voices = if wait == Wait::Ringing { vec![RINGING] } else { Vec::new() };
                self.tell_worker(worker, media::Command::Bed { leg, sound }, voices);
            }
            // No voice in this world: numbers are said in its place, or a person is called.
            Output::Voice { call, voicing, .. } => {
                let heard = careline::flow::action::Heard::Nothing;
                return self.tell_switch(Input::Voiced { call, voicing, heard });
            }
            Output::ForgetVoiced { .. } => {}
            Output::Recorder(command) => {
                self.desk.handle(self.now, command);
                self.after_desk();
            }
            Output::Append(entry) => return self.append(entry),
            // No server of the clinic stands in this world.
            Output::Request { call, request, .. } => {
                let answer = Err(careline::flow::request::failure::Failure::NotReached);
                return self.tell_switch(Input::Answered { call, request, answer });
            }
            // Nor has anybody a PIN.
            Output::ChangeClosings { call, .. } => {
                return self.tell_switch(Input::ClosingsChanged { call, closings: None });
            }
            Output::LetGo { .. } => {}
            Output::GuestAnswer { ask, answer } => return self.take_guest_answer(ask, &answer),
            Output::MessageAnswer { ask, answer } => return self.take_message_answer(ask, answer),
            Output::Trace(_) => {}
            Output::KeepBindings(keep) => self.keep_bindings(keep),
            Output::Drained => self.drained = true,
        }
        Ok(())
    }

    /// A command reaches its worker a little later, in order.
    fn tell_worker(&mut self, worker: WorkerIndex, command: media::Command, voices: Vec<Voice>) {
        let Some(command) = self.spoil_command(command) else { return };
        let worker = worker.0 as usize;
        let at = (self.now + Duration::from_micros(self.rng.below(1_500))).max(self.command_at[worker]);
        self.command_at[worker] = at;
        self.heap.push(at, Event::Command { life: self.life, worker, command, voices });
    }

    /// Every prompt is its own voice for its own time.
    fn clip(&mut self, spoken: &Spoken, codec: Codec) -> Clip {
        let next = Voice(FIRST_PROMPT_VOICE + self.voices.len() as u16);
        let voice = *self.voices.entry(spoken.clone()).or_insert(next);
        let frames = 40 + 17 * usize::from(voice.0) % 90;
        let clip = || Clip { codec, octets: voice.clip(codec, frames) };
        self.prompts.entry((spoken.clone(), codec)).or_insert_with(clip).clone()
    }

    fn tell_recorder_event(&mut self, event: recording::Event) -> Result<(), Wrong> {
        if let recording::Event::Closed { recording, milliseconds, .. } = event {
            self.listen_to(recording, milliseconds)?;
        }
        if let recording::Event::Failed { recording, milliseconds, .. } = event {
            return self.tell_broken_off(recording, milliseconds, event);
        }
        self.tell_switch(Input::Recorder(event))
    }

    /// The recorder's events and syncs go on their way.
    pub(super) fn after_desk(&mut self) {
        for job in self.disk.take_jobs() {
            self.heap.push(self.now + self.sync_delay, Event::Synced { life: self.life, job });
        }
        while let Some(event) = self.desk.poll_event() {
            if let Some(event) = self.spoil_recorder_event(event) {
                let at = self.now + Duration::from_micros(300);
                self.heap.push(at, Event::Recorder { life: self.life, event });
            }
        }
    }

    pub(super) fn after_phone(&mut self, phone: usize) -> Result<(), Wrong> {
        while let Some(out) = self.phones[phone].poll() {
            let (at, media) = (self.phones[phone].at, self.phones[phone].media);
            match out {
                Out::Sip(octets) if self.phones[phone].dialog.transport == Transport::Tcp => {
                    self.send_up(phone, octets);
                }
                Out::Sip(octets) => {
                    for arrives in self.paths[phone].up.carry(self.now).into_iter().flatten() {
                        let (phone, octets) = (Some(phone), octets.clone());
                        self.heap.push(arrives, Event::ToEngine { from: at, phone, octets });
                    }
                }
                Out::Stray { from, to, octets } => {
                    for arrives in self.paths[phone].sound.carry(self.now).into_iter().flatten() {
                        let octets = octets.clone();
                        self.heap.push(arrives, Event::Rtp { phone, to, from, press: None, octets });
                    }
                }
                Out::Rtp { to, spoken } => {
                    for arrives in self.paths[phone].sound.carry(self.now).into_iter().flatten() {
                        let (press, octets) = (spoken.press, spoken.octets.clone());
                        self.heap.push(arrives, Event::Rtp { phone, to, from: media, press, octets });
                    }
                }
            }
        }
        self.plan_wake(phone);
        match &self.phones[phone].story.puzzled {
            Some(why) => Err(format!("phone {phone} is puzzled: {why}")),
            None => Ok(()),
        }
    }

    fn plan_wake(&mut self, phone: usize) {
        let Some(due) = self.phones[phone].due().map(|due| due.max(self.now)) else { return };
        if self.phones[phone].planned.is_none_or(|planned| due < planned) {
            self.phones[phone].planned = Some(due);
            self.heap.push(due, Event::Wake(phone));
        }
    }

    /// Loses everything on a phone's paths for a while.
    pub(super) fn burst(&mut self, phone: usize, lasts: Duration) {
        if let Some(path) = self.paths.get_mut(phone) {
            let until = self.now + lasts;
            for link in [&mut path.up, &mut path.down, &mut path.sound] {
                link.burst(until);
            }
        }
    }

    /// Goes on until nothing is due, at the latest `until`.
    pub(super) fn die_down(&mut self, until: Instant) -> Result<(), Wrong> {
        while let Some(at) = self.next_at().filter(|at| *at <= until) {
            self.now = self.now.max(at);
            self.steps += 1;
            self.step()?;
        }
        Ok(())
    }

    /// Whether only what is over is left.
    fn is_over(&self) -> bool {
        self.now > Instant::START + super::script::LENGTH
            && self.switch.calls_up() == 0
            && self.phones.iter().all(Phone::is_done)
    }

    /// Changes the mood of the disk.
    pub(super) fn disk_mood(&mut self, mood: Mood) {
        self.disk.mood(mood);
    }
}

/// The settings of the recorder in every world.
pub(super) fn desk_settings() -> desk::Settings {
    desk::Settings {
        quota_octets: 2_000_000_000,
        sync_within: Duration::from_secs(5),
        roll_octets: careline::limits::WAV_ROLL_OCTETS,
    }
}
