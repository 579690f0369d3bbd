//! An engine's life in a world: how it is started, what breaks around it, how it is killed and started
//! again on what the disk still holds, and what must be left when all is over.

use super::check::Wrong;
use super::check::log::{Context, Outcome};
use super::disk::Disk;
use super::flood::REQUESTS_A_SECOND;
use super::flows::Flows;
use super::phone::Second;
use super::script::{Chaos, Script};
use super::sound::{Heard, PIECE, listen};
use super::world::{Event, Summary, World, desk_settings};
use careline::clock::{Instant, WallTime};
use careline::flow::edition::Served;
use careline::id::{CallId, RecordingId};
use careline::io::recorder::desk::Desk;
use careline::io::recorder::disk::relative_path;
use careline::io::recorder::reconcile::{Known, reconcile};
use careline::io::recorder::wav::{FRAME_OCTETS, HEADER_OCTETS};
use careline::media::engine::Engine;
use careline::report::event::{self as report, Cause, Entry, Party};
use careline::rng::Rng;
use careline::sip::interface as sip;
use careline::switch::Switch;
use careline::switch::inbox::Inbox;
use careline::switch::interface::{Input, Settings, UnsignedTrees};
use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

/// A party without a sign of life is asked after this time.
const MEDIA_LOST: Duration = Duration::from_secs(20);
/// A caller who is gone is noticed within this time: silence, then OPTIONS until 64·T1.
pub const GONE_NOTICED: Duration = Duration::from_secs(20 + 32 + 8);
/// What a kill may cost a recording.
const KILL_COSTS: Duration = Duration::from_secs(1);
/// What is left of a finished world dies down within this time.
const DIES_DOWN: Duration = Duration::from_secs(120);
/// Every so many frames of a recording is listened to.
const LISTEN_EVERY: usize = 20;

/// The networks whose calls are taken.
pub fn listen_to() -> Vec<sip::Network> {
    vec![sip::Network { base: IpAddr::V4(Ipv4Addr::new(10, 0, 0, 0)), prefix: 8 }]
}

/// A switch that serves the shipped flows.
pub fn switch(
    script: &Script,
    flows: &Flows,
    set: usize,
    (first_seq, first_id): (u64, u64),
    rng: &mut Rng,
) -> Switch {
    let settings = Settings {
        sip: sip::Settings {
            t1: super::phone::T1,
            target_patience: careline::limits::SIP_TARGET_PATIENCE_DEFAULT,
            external_address: None,
            product: "Careline".to_owned(),
            listen_to: listen_to(),
            trusted: script.trusted.clone(),
            requests_a_second: REQUESTS_A_SECOND,
            help: Default::default(),
            session_expires_s: 1_800,
            info_keys: sip::InfoKeys::Ignored,
            drop_agents: Vec::new(),
        },
        external_address: None,
        trunks: Vec::new(),
        service: None,
        dial: super::house::dial_plan(),
        keys: script.codes.clone(),
        interpreters: super::visits::interpreters(flows.sets[set].called().next().unwrap_or_default()),
        max_calls: script.max_calls,
        messages: Default::default(),
        legs_gathered: 3,
        port_rest: careline::limits::PORT_REST_DEFAULT,
        unsigned: UnsignedTrees::Withheld,
        longest: script.longest,
        ring: Duration::from_secs(180),
        media_lost: MEDIA_LOST,
        first_seq,
        first_id,
    };
    Switch::new(settings, flows.sets[set].clone(), &script.ports, Rng::seeded(rng.next_u64()))
}

/// The media engines of a script.
pub fn engines(script: &Script) -> Vec<Engine> {
    script.ports.iter().map(|ports| Engine::new(ports.len() as u32)).collect()
}

/// A recorder over a disk.
pub fn desk(disk: &Disk) -> Desk<Disk> {
    Desk::new(disk.clone(), desk_settings(), 0)
}

impl World {
    /// Something breaks.
    pub(super) fn chaos(&mut self, chaos: Chaos) -> Result<(), Wrong> {
        self.ladder.note(self.now, &format!("chaos: {chaos:?}"));
        self.disk_trouble |= matches!(
            chaos,
            Chaos::StoreStuck(_) | Chaos::StoreDelay(_) | Chaos::Disk(_) | Chaos::SyncDelay(_)
        );
        match chaos {
            Chaos::StoreStuck(lasts) => self.store.stuck_until = self.now + lasts,
            Chaos::StoreDelay(delay) => self.store_delay = delay,
            Chaos::Disk(mood) => self.disk_mood(mood),
            Chaos::SyncDelay(delay) => self.sync_delay = delay,
            Chaos::Burst(phone, lasts) => self.burst(phone, lasts),
            Chaos::ClockJump(seconds) => self.wall_jump += seconds * 1_000_000,
            Chaos::TurnCost(cost) => self.turn_cost = cost,
            Chaos::Reload => {
                self.reloaded = (self.reloaded + 1) % self.flows.sets.len();
                let flows = self.flows.sets[self.reloaded].clone();
                return self.tell_switch(Input::Flows(Served::to_all(flows)));
            }
            Chaos::Noise => self.noise(),
            Chaos::Flood => self.begin_flood(),
            Chaos::Kill => return self.kill(),
            Chaos::Drain(within) => {
                self.draining = true;
                self.tell_switch(Input::Drain { within })?;
            }
        }
        Ok(())
    }

    fn noise(&mut self) {
        for n in 0..20 {
            let octets = (0..self.rng.below(400)).map(|_| self.rng.next_u64() as u8).collect();
            let from = super::script::ENGINE;
            self.heap
                .push(self.now + Duration::from_micros(n), Event::ToEngine { from, phone: None, octets });
        }
    }

    /// kill -9: what was on its way, in memory or not yet durable is gone.
    fn kill(&mut self) -> Result<(), Wrong> {
        let began = self.running_recordings();
        self.checker.killed(self.store.durable);
        self.start_again()?;
        for (recording, began) in began {
            let least = self.now.since(began).saturating_sub(KILL_COSTS).as_millis() as u64;
            let found = self.checker.log.recordings().get(&recording).and_then(|recording| recording.outcome);
            if let Some(Outcome::Recovered(milliseconds)) = found
                && milliseconds < least
            {
                return Err(format!(
                    "{recording} ran since {began:?}, the kill left {milliseconds} ms of it"
                ));
            }
        }
        Ok(())
    }

    /// Recordings that run on a disk that works, and since when.
    fn running_recordings(&self) -> Vec<(RecordingId, Instant)> {
        if self.disk.was_ever_bad() {
            return Vec::new();
        }
        let recordings = self.checker.log.recordings().iter();
        let recordings = recordings.filter(|(id, _)| Some(**id) != self.disk.struck());
        recordings.filter_map(|(id, recording)| Some((*id, recording.runs_since()?))).collect()
    }

    /// A new engine on what the disk holds: recordings made true, open calls closed (house rule of the log).
    pub(super) fn start_again(&mut self) -> Result<(), Wrong> {
        self.life += 1;
        self.draining = false;
        self.drained = false;
        self.store.appended = self.store.durable;
        self.store.committing = false;
        self.ladder.note(self.now, &format!("the engine starts again, its life {}", self.life));
        for (call, event) in self.left_open()? {
            let seq = self.store.appended + 1;
            let at = WallTime::from_micros(0);
            let entry = Entry { seq, at, since_start_us: self.now.as_micros(), call, event };
            self.store.appended = seq;
            let (now, durable) = (self.now, self.store.durable);
            let signals = &self.checker.signals;
            let context =
                Context { now, durable, disk_trouble: true, draining: false, phones: &self.phones, signals };
            self.checker.log.append(&entry, &context)?;
        }
        self.store.durable = self.store.appended;
        let first_id = u64::from(self.life) * 1_000_000;
        let first = (self.store.appended + 1, first_id);
        self.inbox = Inbox::default();
        self.reach.forget();
        self.cut_wires();
        self.flood.forget();
        self.visits.forget();
        self.marks.forget(self.store.durable);
        self.turn_at = None;
        self.switch = switch(&self.script, &self.flows, self.reloaded, first, &mut self.rng);
        self.engines = engines(&self.script);
        self.on_the_way.clear();
        self.desk = desk(&self.disk);
        self.house.forget();
        self.open_house()
    }

    /// What a start finds unfinished: recordings first, then calls.
    fn left_open(&self) -> Result<Vec<(CallId, report::Event)>, Wrong> {
        let recordings = self.checker.log.recordings();
        let open = recordings.iter().filter(|(_, recording)| recording.outcome.is_none());
        let unfinished: BTreeSet<RecordingId> = open.map(|(id, _)| *id).collect();
        let failed = recordings.iter().filter(|(_, it)| it.outcome == Some(Outcome::Failed));
        let broken: BTreeSet<RecordingId> = failed.map(|(id, _)| *id).collect();
        let ended = |id: &&RecordingId| !unfinished.contains(id) && !broken.contains(id);
        let finished = recordings.keys().filter(ended).copied().collect();
        let found = self.reconciled(&Known { unfinished: unfinished.clone(), broken, finished })?;
        let mut left = Vec::new();
        for recording in unfinished {
            let milliseconds = found.get(&recording).copied().unwrap_or(0);
            left.push((
                recordings[&recording].call,
                report::Event::RecordingRecovered { recording, milliseconds },
            ));
        }
        for (call, _) in self.checker.log.calls().iter().filter(|(_, call)| call.ended.is_none()) {
            let (cause, by) = (Cause::EngineRestart, Party::Engine);
            left.push((*call, report::Event::Ended { cause, by, exit: None }));
        }
        Ok(left)
    }

    /// Runs the true reconciliation over a copy of the disk.
    fn reconciled(&self, known: &Known) -> Result<std::collections::BTreeMap<RecordingId, u64>, Wrong> {
        let root = tempfile::tempdir().map_err(|error| error.to_string())?;
        for ((recording, part), contents) in self.disk.files() {
            let path = root.path().join(relative_path(recording, WallTime::from_micros(0), part));
            let folder = path.parent().expect("a recording stands in the folder of its day");
            std::fs::create_dir_all(folder).map_err(|error| error.to_string())?;
            std::fs::write(path, &contents.written).map_err(|error| error.to_string())?;
        }
        let found = reconcile(root.path(), known).map_err(|error| error.to_string())?;
        if found.foreign > 0 || !found.unreadable.is_empty() {
            return Err(format!("after the kill there are orphans or files beyond repair: {found:?}"));
        }
        Ok(found.recovered)
    }

    /// A recording is complete: is it as long as told, and who is on it?
    pub(super) fn listen_to(&mut self, id: RecordingId, milliseconds: u64) -> Result<(), Wrong> {
        let Some(file) = self.disk.read(id) else {
            return Err(format!("{id} is closed and there is no file"));
        };
        let data = file.get(HEADER_OCTETS as usize..).unwrap_or_default();
        let claimed = file.get(40..44).map_or(0, |l| u32::from_le_bytes([l[0], l[1], l[2], l[3]]));
        if claimed as usize != data.len() || data.len() as u64 != milliseconds * 32 {
            return Err(format!(
                "{id}: {milliseconds} ms told, {claimed} octets claimed, {} there",
                data.len()
            ));
        }
        let Some(call) = self.checker.log.recordings().get(&id).map(|recording| recording.call) else {
            return Ok(());
        };
        let Some(call) = self.checker.log.calls().get(&call) else { return Ok(()) };
        let caller = self.checker.log.phone_of(call, &self.phones).map(|phone| self.phones[phone].voice);
        let leg = call.leg;
        for (n, frame) in data.chunks(FRAME_OCTETS).enumerate().step_by(LISTEN_EVERY) {
            let side = |side: usize| -> Vec<i16> {
                let sample = |s: &[u8]| i16::from_le_bytes([s[2 * side], s[2 * side + 1]]);
                frame.chunks(4).take(PIECE).map(sample).collect()
            };
            if let Heard::Voice(voice) = listen(&side(0))
                && Some(voice) != caller
            {
                return Err(format!("{id}: frame {n} has {voice:?} on the left, the caller is {caller:?}"));
            }
            if let Heard::Voice(voice) = listen(&side(1))
                && !self.checker.streams.was_heard(leg, voice)
            {
                return Err(format!(
                    "{id}: frame {n} has {voice:?} on the right, whom the caller never heard"
                ));
            }
        }
        self.disk.forget_contents(id);
        Ok(())
    }

    /// All is over: nothing may be left.
    pub(super) fn finish(&mut self) -> Result<(), Wrong> {
        let until = self.now + DIES_DOWN;
        self.die_down(until)?;
        if let Some(due) = self.switch.poll_timeout() {
            return Err(format!("the world is over and the engine waits for {due:?}"));
        }
        let legs: usize = self.engines.iter().map(Engine::legs).sum();
        if legs > 0 || !self.desk.is_idle() {
            return Err(format!(
                "the world is over; {legs} legs are left, the recorder is idle: {}",
                self.desk.is_idle()
            ));
        }
        let figures = self.switch.status();
        for name in ["calls_up", "ports_in_use"] {
            let value = figures.iter().find(|figure| figure.name == name).map(|figure| figure.value);
            if value != Some(0) {
                return Err(format!("the world is over and `{name}` is {value:?}"));
            }
        }
        if let Some(n) = self.phones.iter().position(|phone| phone.story.second == Some(Second::Up))
            && !self.checker.was_killed
        {
            return Err(format!("the second place that answered for phone{n} was never told BYE"));
        }
        self.judge_struck()?;
        self.judge_visits()?;
        self.judge_marks()?;
        self.checker.log.finish()
    }

    /// What two runs agree on, and what there was to see.
    pub(super) fn summary(&self) -> Summary {
        let entries = self.checker.log.entries();
        let count =
            |wanted: fn(&report::Event) -> bool| entries.iter().filter(|entry| wanted(&entry.event)).count();
        Summary {
            hash: self.ladder.hash(),
            steps: self.steps,
            calls: self.checker.log.calls().len(),
            bridged: count(|event| matches!(event, report::Event::Bridged { .. })),
            recordings: count(|event| matches!(event, report::Event::RecordingClosed { .. })),
            messages: count(|event| matches!(event, report::Event::MessageSaved { .. })),
            fault_made: self.is_fault_made(),
            refused: self.checker.signals.refused,
            urgent: self.checker.signals.urgent_in_storm,
            floods: self.flood.floods,
            struck: usize::from(self.disk.struck().is_some()),
            cut: self.wires.ended,
            answered_anew: self.wires.answered_anew,
            called_by_tcp: self.wires.calls_out,
            logins: self.house.logins,
            moved: self.house.moved,
            taken: self.house.taken,
            replaced: self.house.replaced,
            fell_back: self.wires.fell_back,
            handed: count(|event| {
                matches!(event, report::Event::Transfer { step: report::TransferStep::Done { .. }, .. })
            }),
            not_handed: count(|event| {
                matches!(event, report::Event::Transfer { step: report::TransferStep::Failed { .. }, .. })
            }),
            by_keys: self.checker.log.by_keys(),
            consulted: count(|event| {
                matches!(event, report::Event::Transfer { step: report::TransferStep::Consults { .. }, .. })
            }),
            guests: self.visits.joined,
            guest_changes: self.visits.changed,
            quirks: self
                .phones
                .iter()
                .filter_map(|phone| phone.quirk.filter(|_| phone.story.odd))
                .fold(0, |all, quirk| all | quirk.bit()),
        }
    }
}
