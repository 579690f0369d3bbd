//! Floor 7: the engine as one machine. What comes in is an [`interface::Input`], what goes out an
//! [`interface::Output`]; it owns all state of signalling, calls and flows, and knows no socket, file or clock.
//!
//! ```text
//!  Datagram ─▶ sip::Stack ─Event─▶ incoming / person / ending ─▶ sip Command ─▶ Transmit
//!  Media    ─▶ heard, keys, playings, taps ─▶ flow::Run ─Action─▶ actions ─▶ Speak, Media, Recorder
//!  Durable  ─▶ what waited for the disk: a recording's file, "your message is saved"
//!  every fact ─▶ Append
//! ```
//!
//! One pass in, one pass out: `handle` runs everything that follows from an input, then `poll_output`
//! drains it. Nothing in here waits.

mod actions;
pub mod admission;
mod alerting;
pub mod by_phone;
mod call;
pub mod dial;
mod dialled;
mod dialling;
mod diverted;
mod ending;
mod guests;
mod handing;
mod hearing;
mod hold;
pub mod inbox;
mod incoming;
pub mod interface;
pub mod interpreters;
mod keeping;
mod keycode;
mod ladder;
mod lasting;
pub mod messages;
mod meter;
mod moving;
mod negotiate;
mod passing;
mod person;
mod places;
mod ports;
mod recording;
mod replacing;
mod resuming;
mod silence;
pub mod status;
mod stopping;
mod taking;
mod talk;
#[cfg(test)]
mod tests;
mod toll;
pub mod trace;
mod transfer;

use crate::call::keys::Teller;
use crate::clock::{Due, Instant};
use crate::flow::action;
use crate::flow::closing::Closings;
use crate::flow::closing::pin::Lock;
use crate::flow::edition::{Edition, Served};
use crate::flow::set::FlowSet;
use crate::id::{AskId, CallId, LegId, RecordingId, TrunkName};
use crate::limits::{EMERGENCY_PORTS, EVENT_SPILL_HARD_MAX};
use crate::media::command as media;
use crate::media::tap::Kept;
use crate::phi::Phi;
use crate::report::event::{Cause, Entry, Event, Party};
use crate::report::ladder::Heading;
use crate::rng::Rng;
use crate::sip::carrier::HostChange;
use crate::sip::interface as sip;
use crate::sip::stack::Stack;
use admission::Admission;
use call::Call;
use dialling::House;
use interface::{Input, Now, Output, Settings, TraceOrder};
use ladder::{Ladders, Passing};
use messages::{Left, Messages};
use moving::Journey;
use ports::Ports;
use status::Counters;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::SocketAddr;
use std::sync::Arc;
use stopping::Stopping;

/// What a durable sequence number sets free.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Waiting {
    /// A recording's name: its file may be opened.
    TakeName(RecordingId),
    /// A message: the caller may be told that it is saved.
    MessageSaved(Left),
    /// The mark that a message is done: who made it may be told.
    MessageDone(AskId),
}

/// The engine without its edges.
pub struct Switch {
    settings: Settings,
    sip: Stack,
    flows: Served,
    closings: Arc<Closings>,
    pin_lock: Lock,
    ports: Ports,
    /// Boxed, so that a call that comes or goes does not move its neighbours about.
    calls: BTreeMap<CallId, Box<Call>>,
    legs: BTreeMap<LegId, CallId>,
    recordings: BTreeMap<RecordingId, CallId>,
    messages: Messages,
    timers: BTreeSet<(Instant, CallId)>,
    /// Legs that go to another worker.
    journeys: BTreeMap<LegId, Journey>,
    waiting: BTreeMap<u64, (CallId, Waiting)>,
    ladders: Ladders,
    outputs: VecDeque<Output>,
    rng: Rng,
    /// Where the time line of a call that an earlier start had stands when ours begins, in µs.
    shifts_us: BTreeMap<CallId, u64>,
    next_seq: u64,
    durable_up_to: u64,
    next_id: u64,
    /// The engine stops.
    stopping: Option<Stopping>,
    drained_told: bool,
    /// Until when parties and carriers may take to answer that we leave, once the last call is gone.
    parting: Option<Instant>,
    admission: Admission,
    /// Whose phones are ours.
    house: House,
    /// The numbers that those see whom we call over trunks.
    lines: Vec<Phi<String>>,
    /// What OPTIONS is answered.
    openness: sip::Openness,
    counters: Counters,
    now: Now,
}

impl Switch {
    /// An engine that serves `flows` with `workers` media workers, each with its list of RTP ports.
    pub fn new(settings: Settings, flows: Arc<FlowSet>, workers: &[Vec<u16>], mut rng: Rng) -> Self {
        let sip_rng = Rng::seeded(rng.next_u64());
        Self {
            sip: Stack::new(settings.sip.clone(), sip_rng),
            ports: Ports::new(workers, settings.legs_gathered, settings.port_rest)
                .keeping(settings.dial.emergency.as_ref().map_or(0, |_| EMERGENCY_PORTS)),
            next_seq: settings.first_seq,
            durable_up_to: settings.first_seq.saturating_sub(1),
            next_id: settings.first_id,
            flows: Served::to_all(flows),
            closings: Arc::default(),
            pin_lock: Lock::default(),
            settings,
            calls: BTreeMap::new(),
            legs: BTreeMap::new(),
            recordings: BTreeMap::new(),
            messages: Messages::default(),
            timers: BTreeSet::new(),
            journeys: BTreeMap::new(),
            waiting: BTreeMap::new(),
            shifts_us: BTreeMap::new(),
            ladders: Ladders::default(),
            outputs: VecDeque::new(),
            rng,
            stopping: None,
            drained_told: false,
            parting: None,
            admission: Admission::default(),
            house: House::default(),
            lines: Vec::new(),
            openness: sip::Openness::Open,
            counters: Counters::default(),
            now: Now::default(),
        }
    }

    /// Takes one input and does all that follows from it.
    pub fn handle(&mut self, now: Now, input: Input<'_>) {
        self.now = now;
        match input {
            Input::Message { way, octets } => {
                self.ladders.note(Passing { at: now.at, heading: Heading::In, way, octets });
                self.sip.handle(now.at, sip::Input::Message { way, octets });
            }
            Input::Resume(calls) => self.resume_all(calls),
            Input::Resolved { id, records } => {
                self.sip.handle(now.at, sip::Input::Resolved { id, records });
            }
            Input::Answered { call, request, answer } => self.on_answered(call, request, answer),
            Input::Unreachable { way } => self.sip.handle(now.at, sip::Input::Unreachable { way }),
            Input::Voiced { call, voicing, heard } => {
                self.run_flow(call, crate::flow::action::Input::Voiced { voicing, heard });
            }
            Input::Media(event) => self.on_media(event),
            Input::Recorder(event) => self.on_recorder(event),
            Input::Durable { up_to } => self.on_durable(up_to),
            Input::Flows(flows) => self.flows = flows,
            Input::Closings(closings) => self.closings = closings,
            Input::ClosingsChanged { call, closings } => self.on_closings_changed(call, closings),
            Input::Move { call, to } => self.move_call(call, to),
            Input::PauseRecording { call } => self.pause_recording(call),
            Input::ResumeRecording { call } => self.resume_recording(call),
            Input::Guest { ask, order } => self.on_guest_order(ask, order),
            Input::MessagesWait(messages) => {
                self.messages.wait(messages);
                self.tell_of_messages();
            }
            Input::MessageDone { ask, message } => self.on_message_done(ask, message),
            Input::Drain { within } => {
                self.stopping = Some(Stopping::within(now.at, within));
                self.parting = self.parting.map(|_| now.at);
                self.sip(sip::Command::StopAsking);
            }
            Input::Trace(order) => self.on_trace(order),
            Input::Waited(waited) => self.admission.note_wait(now.at, waited),
            Input::TicksLate(late) => self.admission.note_lateness(now.at, late),
            Input::Phones(phones) => {
                self.house.take(&phones);
                self.sip.handle(now.at, sip::Input::Phones(phones));
                self.tell_of_messages();
            }
            Input::Carriers(carriers) => {
                self.lines = carriers.iter().map(|it| Phi::new(it.caller.clone())).collect();
                self.sip.handle(now.at, sip::Input::Carriers(carriers));
            }
            Input::BindingsKept { up_to } => self.sip.handle(now.at, sip::Input::BindingsKept { up_to }),
            Input::Timeout => self.on_timeout(),
        }
        self.run_sip();
        self.tell_ladders();
        self.tell_openness();
        self.tell_when_drained();
    }

    /// The next thing to do, until there is none.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When to call `handle` with [`Input::Timeout`] at the latest.
    pub fn poll_timeout(&self) -> Option<Due> {
        let call = self.timers.first().map(|&(at, _)| Due { at, reason: "a call" });
        let stopping = self.stopping.filter(|_| !self.calls.is_empty());
        let drain = stopping.map(|stopping| Due { at: stopping.due(), reason: "drain" });
        let leaves = self.parting.filter(|_| self.calls.is_empty() && !self.drained_told);
        let leaves = leaves.map(|at| Due { at, reason: "parting from phones and trunks" });
        let drain = Due::earlier(drain, leaves);
        let ladder = self.ladders.poll_timeout().map(|at| Due { at, reason: "a ladder or a trace" });
        let own = Due::earlier(Due::earlier(call, drain), ladder);
        Due::earlier(self.sip.poll_timeout(), own)
    }

    /// Calls that are not over yet.
    pub fn calls_up(&self) -> usize {
        self.calls.len()
    }

    /// How many calls that are not over run on each set.
    pub fn calls_by_edition(&self) -> BTreeMap<Edition, u64> {
        let mut calls = BTreeMap::new();
        for call in self.calls.values().filter(|call| call.ending.is_none()) {
            *calls.entry(call.run.edition()).or_default() += 1;
        }
        calls
    }

    /// The sets that new calls get.
    pub fn served(&self) -> &Served {
        &self.flows
    }

    /// Whether something is held until [`Input::Durable`] comes.
    pub fn waits_for_the_disk(&self) -> bool {
        !self.waiting.is_empty()
    }

    fn on_timeout(&mut self) {
        let now = self.now.at;
        if self.sip.poll_timeout().is_some_and(|due| due.at <= now) {
            self.sip.handle(now, sip::Input::Timeout);
        }
        while let Some(&(at, id)) = self.timers.first().filter(|(at, _)| *at <= now) {
            self.timers.remove(&(at, id));
            if let Some(call) = self.calls.get_mut(&id) {
                call.due = None;
            }
            self.on_call_timeout(id);
            self.rekey(id);
        }
        self.on_stopping_timeout();
        self.ladders.timeout(now);
    }

    /// Gives a command to the SIP machine; what follows from it is run by `run_sip`.
    fn sip(&mut self, command: sip::Command) {
        self.sip.handle(self.now.at, sip::Input::Command(command));
    }

    /// Drains the SIP machine until it has nothing more to say: an event may lead to commands.
    fn run_sip(&mut self) {
        while let Some(output) = self.sip.poll_output() {
            match output {
                sip::Output::Transmit { way, octets } => {
                    let (at, heading) = (self.now.at, Heading::Out);
                    self.ladders.note(Passing { at, heading, way, octets: &octets });
                    self.outputs.push_back(Output::Transmit { way, octets });
                }
                sip::Output::Resolve { id, question } => {
                    self.outputs.push_back(Output::Resolve { id, question });
                }
                sip::Output::Event(event) => self.on_sip(event),
            }
        }
    }

    fn on_sip(&mut self, event: sip::Event) {
        match event {
            sip::Event::Invite { leg, invite } => self.on_invite(leg, *invite),
            sip::Event::Confirmed { leg, sdp, .. } => self.on_confirmed(leg, sdp),
            sip::Event::AckMissing { leg } => self.on_leg_over(leg, Cause::AckMissing, Party::Engine),
            sip::Event::SessionLost { leg, .. } => self.on_leg_over(leg, Cause::SessionLost, Party::Engine),
            sip::Event::Cancelled { leg, reason } => {
                self.note_reason(leg, reason);
                self.on_leg_over(leg, Cause::Cancelled, Party::Caller);
            }
            sip::Event::Bye { leg, reason } => {
                self.note_reason(leg, reason);
                self.on_leg_over(leg, Cause::Normal, Party::Caller);
            }
            sip::Event::Reoffer { leg, sdp } => self.on_reoffer(leg, sdp),
            sip::Event::OfferAnswered { leg, sdp } => self.on_offer_answered(leg, &sdp),
            sip::Event::Info { leg, key } => self.on_info(leg, key),
            sip::Event::Refer { leg, refer } => self.on_refer(leg, &refer),
            sip::Event::Located { leg, way } => self.on_located(leg, way),
            // A refused change leaves all as it was, but for a call that was to be gone on with.
            sip::Event::OfferRefused { leg, .. } => self.on_resumption_refused(leg),
            // While a person is rung the patient hears the flow.
            sip::Event::Ringing { .. } | sip::Event::EarlyMedia { .. } => {}
            sip::Event::Answered { leg, sdp } => self.on_answered_by(leg, &sdp),
            sip::Event::Failed { leg, status } => self.on_called_failed(leg, status),
            sip::Event::Probed { leg, alive } => self.on_probed(leg, alive),
            sip::Event::Host { trunk, host, change, left } => tell_host(&trunk, host, change, left),
            sip::Event::KeepBindings(keep) => self.outputs.push_back(Output::KeepBindings(keep)),
        }
    }

    /// Why the party ends it, in its own numbers: for whoever looks for a carrier's fault.
    fn note_reason(&self, leg: LegId, reason: Option<sip::Reason>) {
        if let (Some(sip::Reason { protocol, cause }), Some(call)) = (reason, self.legs.get(&leg)) {
            tracing::debug!(%call, %leg, ?protocol, cause, "the party says why it ends");
        }
    }

    fn on_media(&mut self, event: media::Event) {
        let leg = match &event {
            media::Event::FirstPacket { leg, .. }
            | media::Event::Key { leg, .. }
            | media::Event::Fax { leg, .. }
            | media::Event::Moved { leg, .. }
            | media::Event::PlaybackEnded { leg, .. }
            | media::Event::TapOpened { leg, .. }
            | media::Event::TapClosed { leg, .. }
            | media::Event::TapPaused { leg, .. }
            | media::Event::TapResumed { leg, .. }
            | media::Event::MediaSilent { leg, .. }
            | media::Event::Closed { leg, .. } => *leg,
        };
        let Some(&id) = self.legs.get(&leg) else {
            if matches!(event, media::Event::Moved { .. }) {
                self.on_moved_too_late(leg);
            }
            return;
        };
        match event {
            media::Event::FirstPacket { .. } => self.on_first_packet(id, leg),
            media::Event::Key { key, .. } => self.on_key(id, leg, key, Teller::Media),
            media::Event::Fax { .. } => self.on_fax(id, leg),
            media::Event::Moved { .. } => self.on_moved(id, leg),
            media::Event::PlaybackEnded { playback, completed, .. } => {
                self.on_playback_ended(id, leg, playback, completed);
            }
            media::Event::TapOpened { .. } => self.on_tap_opened(id),
            media::Event::TapClosed { frames, dropped, .. } => self.on_tap_closed(id, frames, dropped),
            media::Event::TapPaused { frame, .. } => self.on_tap_kept(id, Kept::Silence, frame),
            media::Event::TapResumed { frame, .. } => self.on_tap_kept(id, Kept::Sound, frame),
            media::Event::MediaSilent { .. } => self.on_media_silent(id, leg),
            media::Event::Closed { counters, .. } => self.on_media_closed(id, leg, counters),
        }
        self.rekey(id);
    }

    fn on_durable(&mut self, up_to: u64) {
        self.durable_up_to = self.durable_up_to.max(up_to);
        while let Some(entry) = self.waiting.first_entry().filter(|entry| *entry.key() <= up_to) {
            let (id, what) = entry.remove();
            match what {
                Waiting::TakeName(recording) => self.on_take_named(id, recording),
                Waiting::MessageSaved(left) => {
                    let message = left.recording;
                    self.messages.wait([left]);
                    self.tell_of_messages();
                    self.tell_flow_of_message(id, message, action::Input::MessageSaved)
                }
                Waiting::MessageDone(ask) => self.message_answer(ask, Ok(())),
            }
            self.rekey(id);
        }
    }

    fn on_trace(&mut self, order: TraceOrder) {
        match order {
            TraceOrder::Start { trace, number, lasts } => {
                self.ladders.trace(trace, number, self.now.at + lasts);
            }
            TraceOrder::Stop { trace } => self.ladders.untrace(trace),
        }
    }

    /// Ladders that lingered go into the log, copies of traced messages out.
    fn tell_ladders(&mut self) {
        if self.stopping.is_some() && self.calls.is_empty() {
            self.ladders.finish();
        }
        while let Some((call, ladder)) = self.ladders.poll() {
            self.append(call, Event::Ladder(Box::new(ladder)));
        }
        while let Some(told) = self.ladders.poll_trace() {
            self.outputs.push_back(Output::Trace(told));
        }
    }

    /// Whether the log could drop the next entry. As many lines wait in the store as are not durable, or
    /// fewer: while these are under its hard bound it keeps whatever something waits for.
    fn log_is_full(&self) -> bool {
        (self.next_seq - 1).saturating_sub(self.durable_up_to) >= EVENT_SPILL_HARD_MAX as u64
    }

    /// Adds a fact to the event log, as of now.
    fn append(&mut self, call: CallId, event: Event) -> u64 {
        let now = self.now;
        self.append_as_of(now, call, event)
    }

    /// Adds a fact that became true at `now`, which may be a little earlier than now.
    fn append_as_of(&mut self, now: Now, call: CallId, event: Event) -> u64 {
        let seq = self.next_seq;
        self.next_seq += 1;
        let shift_us = self.shifts_us.get(&call).copied().unwrap_or(0);
        let since_start_us = now.at.as_micros() + shift_us;
        let event = match event {
            Event::Ladder(ladder) if shift_us > 0 => Event::Ladder(Box::new(ladder.later(shift_us))),
            event => event,
        };
        let entry = Entry { seq, at: now.wall, since_start_us, call, event };
        self.outputs.push_back(Output::Append(entry));
        seq
    }

    /// Keeps the index of deadlines true after a call has changed.
    fn rekey(&mut self, id: CallId) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        let due = call.next_due();
        if due == call.due {
            return;
        }
        if let Some(old) = std::mem::replace(&mut call.due, due) {
            self.timers.remove(&(old, id));
        }
        if let Some(at) = due {
            self.timers.insert((at, id));
        }
    }

    fn tell_when_drained(&mut self) {
        let is_over = self.stopping.is_some() && self.calls.is_empty() && !self.drained_told;
        if is_over && self.has_parted() {
            self.drained_told = true;
            self.outputs.push_back(Output::Drained);
        }
    }
}

/// A host of a trunk has changed: one line of the log for each change.
fn tell_host(trunk: &TrunkName, host: SocketAddr, change: HostChange, left: usize) {
    match change {
        HostChange::Down => {
            tracing::warn!(%trunk, %host, hosts_left = left, "a trunk's host does not answer: calls go past it");
        }
        HostChange::Up => {
            tracing::info!(%trunk, %host, hosts_left = left, "a trunk's host answers again");
        }
    }
}

/// What showed that a caller can hear us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum HeardBy {
    Ack,
    Rtp,
}
