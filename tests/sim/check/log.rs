//! The event log: one record per call, its causes and times true; each recording named durably before
//! its first sample, begun after its notice, and as long as its spans.

use super::super::life::GONE_NOTICED;
use super::super::phone::quirk::Quirk;
use super::super::phone::{Phone, Stage};
use super::Verdict;
use super::signals::Signals;
use super::streams::Streams;
use super::talks::Talk;
use careline::call::recording::RecordingKind;
use careline::clock::Instant;
use careline::flow::action::{Fact, Why};
use careline::id::{CallId, LegId, RecordingId};
use careline::limits::{CLOSING_MAX, LADDER_HEAD_RUNGS, LADDER_TAIL_RUNGS, TRANSFER_RING};
use careline::report::cdr::Record;
use careline::report::event::{Cause, Entry, Event, Party, TransferStep};
use careline::report::ladder::Ladder;
use std::collections::BTreeMap;
use std::time::Duration;

/// A caller who can hear is spoken to within this time.
const FIRST_WORD_WITHIN: Duration = Duration::from_millis(300);
/// What who hands a caller on is told when the call ends meanwhile.
const TERMINATED: u16 = 487;
/// What answers the calls of phones of the house, as the log names it.
const DIALLED: &str = "dialled";
/// How much a recording may be longer or shorter than its spans: one frame.
const FRAME_MS: u64 = 20;
/// How much a span's frames and its times in the log may differ: a frame and the way of two messages.
const SPAN_SLACK_US: u64 = 30_000;

/// What the log says so far.
pub struct Log {
    entries: Vec<Entry>,
    calls: BTreeMap<CallId, Call>,
    recordings: BTreeMap<RecordingId, Recording>,
    longest: Duration,
    /// How long after the hang-up the record of a call was written.
    ended_late: BTreeMap<CallId, Duration>,
    /// A kill costs the ladders of the calls that were up.
    was_killed: bool,
    /// The engine was told to stop once: then talks end.
    stops: bool,
}

/// One call by its entries.
#[derive(Clone, Debug)]
pub struct Call {
    /// The patient's leg.
    pub leg: LegId,
    /// Call-ID.
    sip_call_id: String,
    arrived_us: u64,
    heard_us: Option<u64>,
    notice: bool,
    refused_us: Option<u64>,
    /// The caller is in danger: the engine never hangs up on him.
    in_danger: bool,
    message_saved: bool,
    bridged_us: Option<u64>,
    /// Since when somebody hands the caller on, and who.
    handed_us: Option<(u64, LegId)>,
    /// Who handed him on, to nobody, and is still there: since when he is to be back with that one.
    back_us: Option<(u64, LegId)>,
    /// Who hands him on has hung up.
    has_left: bool,
    /// Who hands him on speaks with that one first, since then.
    consults: Option<(u64, LegId)>,
    /// Who is being called for him.
    rung: Option<LegId>,
    /// Who talks in it.
    talk: Talk,
    /// A phone of the house has dialled: nothing is said in it.
    is_dialled: bool,
    /// Whom it called is gone, or was never reached.
    is_left: bool,
    /// Whom it called is in another call.
    is_taken: bool,
    /// Its record is written.
    pub ended: Option<Cause>,
}

/// One recording by its entries.
#[derive(Clone, Debug)]
pub struct Recording {
    /// Its call.
    pub call: CallId,
    named_seq: u64,
    kind: RecordingKind,
    began_us: Option<u64>,
    frames: Option<u64>,
    /// How it ended; `None`: it runs.
    pub outcome: Option<Outcome>,
}

/// How a recording ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Closed, with so many milliseconds.
    Closed(u64),
    /// Broke off.
    Failed,
    /// Found after a crash.
    Recovered(u64),
}

/// What the log is compared with.
pub struct Context<'a> {
    /// Now.
    pub now: Instant,
    /// Up to here the log is on disk.
    pub durable: u64,
    /// Store or disk were slow or broken once: the recorder may fail.
    pub disk_trouble: bool,
    /// The engine was told to stop.
    pub draining: bool,
    /// Who calls.
    pub phones: &'a [Phone],
    /// What they and the engine signalled.
    pub signals: &'a Signals,
}

impl Log {
    /// Calls that are up, in order.
    pub fn up(&self) -> Vec<CallId> {
        self.calls.iter().filter(|(_, call)| call.ended.is_none()).map(|(id, _)| *id).collect()
    }

    /// Calls in which somebody talks with the patient.
    pub fn talking(&self) -> Vec<CallId> {
        let talks = |call: &Call| call.ended.is_none() && call.talk.is_on();
        self.calls.iter().filter(|(_, call)| talks(call)).map(|(id, _)| *id).collect()
    }

    /// A recording of that call was begun or is about to be, and has no end.
    pub fn is_recorded(&self, call: CallId) -> bool {
        let runs = |r: &&Recording| r.call == call && r.kind == RecordingKind::Call && r.outcome.is_none();
        self.recordings.values().any(|recording| runs(&recording) && recording.frames.is_none())
    }

    /// An empty log.
    pub fn new(longest: Duration) -> Self {
        Self {
            entries: Vec::new(),
            calls: BTreeMap::new(),
            recordings: BTreeMap::new(),
            longest,
            ended_late: BTreeMap::new(),
            was_killed: false,
            stops: false,
        }
    }

    /// Callers who were handed on by keys.
    pub fn by_keys(&self) -> usize {
        let mut means = BTreeMap::new();
        let mut is_done = |entry: &&Entry| match &entry.event {
            Event::Transfer { step: TransferStep::Began { means: its, .. }, .. } => {
                means.insert(entry.call, *its);
                false
            }
            Event::Transfer { step: TransferStep::Done { .. }, .. } => {
                means.get(&entry.call).is_some_and(|means| means.is_by_keys())
            }
            _ => false,
        };
        self.entries.iter().filter(|entry| is_done(entry)).count()
    }

    /// All calls.
    pub fn calls(&self) -> &BTreeMap<CallId, Call> {
        &self.calls
    }

    /// All recordings.
    pub fn recordings(&self) -> &BTreeMap<RecordingId, Recording> {
        &self.recordings
    }

    /// All entries.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// One more entry.
    pub fn append(&mut self, entry: &Entry, context: &Context<'_>) -> Verdict {
        let expected = self.entries.last().map_or(1, |last| last.seq + 1);
        if entry.seq != expected {
            return Err(format!("entry {} follows {}", entry.seq, expected - 1));
        }
        if let Event::Ended { .. } = entry.event {
            let waited = context.now.since(Instant::from_micros(entry.since_start_us));
            self.ended_late.insert(entry.call, waited);
        }
        self.stops |= context.draining;
        self.judge(entry, context).map_err(|wrong| format!("{}: {wrong}", entry.call))?;
        self.fold(entry);
        self.entries.push(entry.clone());
        Ok(())
    }

    /// The engine was killed: what was not durable never was.
    pub fn forget_after(&mut self, durable: u64) {
        self.was_killed = true;
        let mut entries = std::mem::take(&mut self.entries);
        entries.retain(|entry| entry.seq <= durable);
        (self.calls, self.recordings) = Default::default();
        entries.iter().for_each(|entry| self.fold(entry));
        self.entries = entries;
    }

    /// The phone that a call comes from.
    pub fn phone_of(&self, call: &Call, phones: &[Phone]) -> Option<usize> {
        phones.iter().position(|phone| phone.dialog.call_id == call.sip_call_id)
    }

    /// What is late by now.
    pub fn sweep(&self, now: Instant, streams: &Streams, phones: &[Phone]) -> Verdict {
        for (id, call) in self.calls.iter().filter(|(_, call)| call.ended.is_none()) {
            let heard = call.heard_us.map(Instant::from_micros);
            let late = heard.is_some_and(|heard| now.since(heard) > FIRST_WORD_WITHIN);
            if late && !call.is_dialled && streams.leg(call.leg).is_some_and(|leg| !leg.spoken_to) {
                return Err(format!("{id} can hear since {heard:?} and nothing was said"));
            }
            self.sweep_recordings(now, *id, call)?;
            self.sweep_transfer(now, *id, call, streams)?;
            let phone =
                self.phone_of(call, phones).map(|phone| &phones[phone]).filter(|phone| !phone.is_held());
            let gone = phone.and_then(|phone| phone.story.vanished);
            if gone.is_some_and(|gone| now.since(gone) > GONE_NOTICED) {
                return Err(format!("the caller of {id} is gone since {gone:?} and the call is up"));
            }
        }
        Ok(())
    }

    /// A transfer comes to its end in time, and who was to be handed on and is not talks with somebody again at once.
    fn sweep_transfer(&self, now: Instant, id: CallId, call: &Call, streams: &Streams) -> Verdict {
        let since = |it: Option<(u64, LegId)>| it.map(|(us, by)| (now.since(Instant::from_micros(us)), by));
        let (handed, consults) = (since(call.handed_us), since(call.consults));
        if let (Some((_, by)), None) = (handed, consults)
            && call.rung.is_none()
        {
            return Err(format!("{id} is handed on by {by}, waits, and nobody is called for it"));
        }
        if let (Some((_, by)), Some((_, with))) = (handed, consults.filter(|(it, _)| *it > FIRST_WORD_WITHIN))
            && [by, with].iter().any(|leg| streams.leg(*leg).is_none())
        {
            return Err(format!("{id} waits while {by} and {with} speak, and one of them is gone"));
        }
        if let Some((since, by)) =
            handed.filter(|(since, _)| consults.is_none() && *since > TRANSFER_RING + FIRST_WORD_WITHIN)
        {
            return Err(format!("{id} is handed on by {by} since {since:?}, and nothing came of it"));
        }
        if let Some((since, by)) =
            since(call.back_us).filter(|(since, _)| *since > FIRST_WORD_WITHIN && !self.stops)
        {
            return Err(format!("{id} was not handed on, and is not back with {by} after {since:?}"));
        }
        Ok(())
    }

    /// Nobody is recorded who refused, and no talk with a person is recorded as a message.
    fn sweep_recordings(&self, now: Instant, id: CallId, call: &Call) -> Verdict {
        let since = |us: Option<u64>| {
            us.map(Instant::from_micros).is_some_and(|at| now.since(at) > FIRST_WORD_WITHIN)
        };
        let (refused, talks) = (since(call.refused_us), since(call.bridged_us));
        if !refused && !talks {
            return Ok(());
        }
        for recording in self.recordings.values().filter(|r| r.call == id && r.runs_since().is_some()) {
            match recording.kind {
                RecordingKind::Message if talks => {
                    return Err(format!("{id} talks with a person, and it is recorded as a message"));
                }
                RecordingKind::Call if refused => {
                    return Err(format!("{id} refused to be recorded, or is in a crisis, and is recorded"));
                }
                RecordingKind::Message | RecordingKind::Call => {}
            }
        }
        Ok(())
    }

    /// The world is over: so is everything in the log.
    pub fn finish(&self) -> Verdict {
        if let Some((id, _)) = self.calls.iter().find(|(_, call)| call.ended.is_none()) {
            return Err(format!("{id} has no end"));
        }
        let has_ladder = |id: &CallId| {
            self.entries.iter().any(|entry| entry.call == *id && matches!(entry.event, Event::Ladder(_)))
        };
        if let Some(id) = self.calls.keys().find(|id| !self.was_killed && !has_ladder(id)) {
            return Err(format!("{id} has no ladder"));
        }
        let open = |recording: &Recording| recording.outcome.is_none() && !self.is_closed_late(recording);
        if let Some((id, recording)) = self.recordings.iter().find(|(_, recording)| open(recording)) {
            return Err(format!("{id} of {} has no end", recording.call));
        }
        self.calls.keys().try_for_each(|call| self.judge_record(*call))
    }

    /// The record that is told of a call: its times add up, and the message that was left is in it.
    fn judge_record(&self, call: CallId) -> Verdict {
        let mut record = Record::new(call);
        self.entries.iter().for_each(|entry| record.follow(entry));
        let parts = record.ring() + record.talk();
        if record.answered.is_some() && parts != record.total() {
            return Err(format!("{call} rang and talked for {parts:?}, in all {:?}", record.total()));
        }
        let left = |r: &&Recording| r.call == call && r.kind == RecordingKind::Message && r.has_sound();
        match (self.recordings.values().any(|r| left(&r)), record.message) {
            (true, Some(_)) | (false, None) => Ok(()),
            (left, told) => Err(format!("a message was left in {call}: {left}, its record tells {told:?}")),
        }
    }

    /// The record of this recording's call did not wait for the file, because the disk was too slow.
    fn is_closed_late(&self, recording: &Recording) -> bool {
        self.ended_late.get(&recording.call).is_some_and(|waited| *waited >= CLOSING_MAX)
    }

    fn judge(&self, entry: &Entry, context: &Context<'_>) -> Verdict {
        let call = self.calls.get(&entry.call);
        if let Event::Arrived { .. } = entry.event {
            return if call.is_some() { Err("arrives twice".to_owned()) } else { Ok(()) };
        }
        let Some(call) = call else { return Err(format!("{:?} before its arrival", entry.event)) };
        if let Event::RecordingClosed { recording, .. } | Event::RecordingFailed { recording, .. } =
            entry.event
            && call.ended.is_some()
            && self.recordings.get(&recording).is_some_and(|recording| self.is_closed_late(recording))
        {
            return Ok(());
        }
        if let Event::Ladder(ladder) = &entry.event {
            return self.judge_ladder(entry, call, ladder);
        }
        if let Event::MessageDone { .. } = entry.event {
            return if call.message_saved {
                Ok(())
            } else {
                Err("a message is done that nobody left".to_owned())
            };
        }
        if call.ended.is_some() {
            return Err(format!("{:?} after its end", entry.event));
        }
        match &entry.event {
            Event::RecordingNamed { recording, .. } if self.recordings.contains_key(recording) => {
                Err(format!("{recording} is named twice"))
            }
            Event::RecordingSpanBegan { recording } => self.judge_beginning(call, *recording, context),
            Event::RecordingSpanEnded { recording, frames, .. } => {
                self.judge_span(*recording, *frames, entry)
            }
            Event::RecordingClosed { recording, milliseconds } => {
                self.judge_closing(*recording, *milliseconds)
            }
            Event::Flow(Fact::Fault { what }) => {
                let held =
                    self.phone_of(call, context.phones).is_some_and(|phone| context.phones[phone].is_held());
                if held || context.disk_trouble {
                    Ok(())
                } else {
                    Err(format!("a fault for no reason: {what}"))
                }
            }
            Event::Transfer { by, step } => judge_transfer(call, *by, step),
            Event::Ended { cause, .. } if call.handed_us.is_some() && *cause != Cause::EngineRestart => {
                Err("ends while it is handed on".to_owned())
            }
            Event::GuestJoined { .. } if !call.talk.is_on() => {
                Err("a guest joins, and nobody talks with the caller".to_owned())
            }
            Event::PersonCalled { .. } if call.talk.has_guests() && !call.talk.is_on() => {
                Err("a person is called for a caller who is alone but for guests".to_owned())
            }
            Event::Ended { cause, by, .. } => self.judge_end(call, entry, (*cause, *by), context),
            _ => Ok(()),
        }
    }

    /// One ladder a call, with the INVITE at its foot, in the order of time and within its bound; after
    /// its call's end only for a while.
    fn judge_ladder(&self, entry: &Entry, call: &Call, ladder: &Ladder) -> Verdict {
        let is_second = |other: &&Entry| other.call == entry.call && matches!(other.event, Event::Ladder(_));
        if self.entries.iter().rev().any(|other| is_second(&other)) {
            return Err("a second ladder".to_owned());
        }
        let rungs: Vec<_> = ladder.rungs().collect();
        let foot = rungs.first().is_some_and(|rung| {
            rung.method == "INVITE" && rung.status().is_none() && rung.seen.leg == call.leg
        });
        if !foot || rungs.len() > LADDER_HEAD_RUNGS + LADDER_TAIL_RUNGS {
            return Err(format!("its ladder has {} rungs and begins with {:?}", rungs.len(), rungs.first()));
        }
        if !rungs.windows(2).all(|pair| pair[0].seen.at_us <= pair[1].seen.at_us) {
            return Err("its ladder is out of order".to_owned());
        }
        if call.bridged_us.is_some() && !call.is_taken && ladder.legs().len() < 2 {
            return Err("it was bridged and its ladder has one leg".to_owned());
        }
        Ok(())
    }

    fn judge_beginning(&self, call: &Call, id: RecordingId, context: &Context<'_>) -> Verdict {
        let Some(recording) = self.recordings.get(&id) else {
            return Err(format!("{id} begins without a name"));
        };
        if recording.named_seq > context.durable {
            return Err(format!(
                "{id} begins; its name is entry {}, durable is {}",
                recording.named_seq, context.durable
            ));
        }
        if recording.kind == RecordingKind::Call && !call.notice {
            return Err(format!("{id} begins and no notice was given"));
        }
        if recording.kind == RecordingKind::Message && !call.notice && call.refused_us.is_none() {
            return Err(format!("{id} begins and the caller was told of no recording"));
        }
        if recording.kind == RecordingKind::Call && call.refused_us.is_some() {
            return Err(format!("{id} begins and the caller refused"));
        }
        Ok(())
    }

    fn judge_span(&self, id: RecordingId, frames: u64, entry: &Entry) -> Verdict {
        let Some(began) = self.recordings.get(&id).and_then(|recording| recording.began_us) else {
            return if frames == 0 {
                Ok(())
            } else {
                Err(format!("{id} has {frames} frames and never began"))
            };
        };
        let (span, told) = (entry.since_start_us.saturating_sub(began), frames * FRAME_MS * 1_000);
        if span.abs_diff(told) > SPAN_SLACK_US {
            return Err(format!("{id} has {frames} frames in a span of {span} µs"));
        }
        Ok(())
    }

    fn judge_closing(&self, id: RecordingId, milliseconds: u64) -> Verdict {
        let Some(recording) = self.recordings.get(&id) else {
            return Err(format!("{id} is closed without a name"));
        };
        if recording.outcome.is_some() {
            return Err(format!("{id} is closed twice"));
        }
        let spans = recording.frames.unwrap_or(0) * FRAME_MS;
        if spans.abs_diff(milliseconds) > FRAME_MS {
            return Err(format!("{id} has {milliseconds} ms, its spans {spans} ms"));
        }
        Ok(())
    }

    fn judge_end(
        &self,
        call: &Call,
        entry: &Entry,
        (cause, by): (Cause, Party),
        context: &Context<'_>,
    ) -> Verdict {
        let length = Duration::from_micros(entry.since_start_us.saturating_sub(call.arrived_us));
        let phone = self.phone_of(call, context.phones);
        let story = phone.map(|phone| &context.phones[phone].story);
        let gone = phone.is_some_and(|phone| matches!(context.phones[phone].stage, Stage::Over(_)));
        let truth = match (cause, by) {
            (Cause::Normal, Party::Caller | Party::Person) if call.is_taken => true,
            (Cause::Normal, Party::Caller) => story.is_some_and(|story| story.hung_up.is_some()),
            (Cause::Cancelled, Party::Caller) => story.is_some_and(|story| story.cancelled),
            (Cause::Normal, Party::Flow) if call.is_dialled => call.is_left && call.bridged_us.is_none(),
            (Cause::Normal, Party::Flow) => call.message_saved,
            (Cause::Draining | Cause::TooLong, Party::Engine) if call.in_danger => false,
            (Cause::Draining, Party::Engine) => context.draining,
            (Cause::AckMissing, Party::Engine) => {
                let may_miss = |phone: usize| !context.phones[phone].acknowledges_surely();
                let never_comes = |phone: usize| context.phones[phone].leaves_progress_unconfirmed();
                phone.is_some_and(|phone| {
                    context.signals.awaits_ack(phone) && may_miss(phone) || never_comes(phone)
                })
            }
            (Cause::MediaLost | Cause::SessionLost, Party::Engine) => gone,
            (Cause::TooLong, Party::Engine) => length >= self.longest,
            (Cause::EngineRestart, Party::Engine) => true,
            _ => false,
        };
        let engines = matches!(
            (cause, by),
            (Cause::Normal, Party::Flow) | (Cause::Draining | Cause::MediaLost | Cause::TooLong, _)
        );
        // Without an ACK the BYE has to wait (RFC 3261 §15).
        let tell = |phone: usize| {
            // What goes by TCP first comes by datagram a little later: `reach` sees to that.
            let by_detour = context.phones[phone].quirk == Some(Quirk::LongRoute);
            !by_detour && !context.signals.awaits_ack(phone) && !context.signals.was_told_bye(phone)
        };
        if engines && phone.is_some_and(tell) {
            return Err(format!("ends with {cause:?} and its caller is not told"));
        }
        if !truth {
            return Err(format!(
                "ends after {length:?} by {by:?} with {cause:?}: {story:?}, message {}",
                call.message_saved
            ));
        }
        let left = self.recordings.iter().find(|(_, r)| r.call == entry.call && r.outcome.is_none());
        let waited = context.now.as_micros().saturating_sub(entry.since_start_us);
        match left {
            Some((id, _)) if waited < CLOSING_MAX.as_micros() as u64 => {
                Err(format!("ends and {id} is not closed"))
            }
            _ => Ok(()),
        }
    }

    fn fold(&mut self, entry: &Entry) {
        if let Event::Arrived { leg, sip_call_id, flow, .. } = &entry.event {
            let call = Call {
                leg: *leg,
                sip_call_id: sip_call_id.expose().clone(),
                arrived_us: entry.since_start_us,
                heard_us: None,
                notice: false,
                refused_us: None,
                in_danger: false,
                message_saved: false,
                bridged_us: None,
                handed_us: None,
                back_us: None,
                has_left: false,
                consults: None,
                rung: None,
                talk: Talk::default(),
                is_dialled: flow.as_str() == DIALLED,
                is_left: false,
                is_taken: false,
                ended: None,
            };
            self.calls.insert(entry.call, call);
        }
        if let Some(call) = self.calls.get_mut(&entry.call) {
            call.fold(entry);
        }
        self.fold_recording(entry);
    }

    fn fold_recording(&mut self, entry: &Entry) {
        match &entry.event {
            Event::RecordingNamed { recording, kind } => {
                let named = Recording {
                    call: entry.call,
                    named_seq: entry.seq,
                    kind: *kind,
                    began_us: None,
                    frames: None,
                    outcome: None,
                };
                self.recordings.insert(*recording, named);
            }
            Event::RecordingSpanBegan { recording } => {
                self.with(*recording, |r| r.began_us = Some(entry.since_start_us))
            }
            Event::RecordingSpanEnded { recording, frames, .. } => {
                self.with(*recording, |r| r.frames = Some(*frames))
            }
            Event::RecordingClosed { recording, milliseconds } => {
                self.with(*recording, |r| r.outcome = Some(Outcome::Closed(*milliseconds)));
            }
            Event::RecordingFailed { recording, .. } => {
                self.with(*recording, |r| r.outcome = Some(Outcome::Failed))
            }
            Event::RecordingRecovered { recording, milliseconds } => {
                self.with(*recording, |r| r.outcome = Some(Outcome::Recovered(*milliseconds)));
            }
            _ => {}
        }
    }

    fn with(&mut self, id: RecordingId, change: impl FnOnce(&mut Recording)) {
        if let Some(recording) = self.recordings.get_mut(&id) {
            change(recording);
        }
    }
}

/// One transfer at a time, of a talk that stood, and one outcome of each.
fn judge_transfer(call: &Call, by: LegId, step: &TransferStep) -> Verdict {
    let of_it = call.handed_us.is_some_and(|(_, its)| its == by);
    let is_right = match step {
        TransferStep::Began { .. } => call.handed_us.is_none() && call.bridged_us.is_none(),
        TransferStep::Refused { .. } => true,
        // While the two speak the caller talks with neither, and he who hands on is there.
        TransferStep::Consults { .. } => of_it && !call.has_left && call.bridged_us.is_none(),
        TransferStep::Left => of_it && !call.has_left,
        // Who hands on is out of both calls in one moment.
        TransferStep::Taken { .. } => call.handed_us.is_none() && call.bridged_us.is_none(),
        TransferStep::Done { .. } => of_it && call.bridged_us.is_some(),
        TransferStep::Failed { .. } => of_it && call.bridged_us.is_none(),
    };
    if is_right {
        Ok(())
    } else {
        Err(format!("{step:?} by {by} while {:?} {:?}", call.handed_us, call.bridged_us))
    }
}

impl Recording {
    fn has_sound(&self) -> bool {
        matches!(self.outcome, Some(Outcome::Closed(1..) | Outcome::Recovered(1..)))
    }

    /// When its first sample was taken, if samples are still being taken.
    pub fn runs_since(&self) -> Option<Instant> {
        self.began_us.filter(|_| self.frames.is_none() && self.outcome.is_none()).map(Instant::from_micros)
    }
}

impl Call {
    fn fold_transfer(&mut self, now_us: u64, by: LegId, step: &TransferStep) {
        match step {
            TransferStep::Began { .. } => {
                (self.handed_us, self.has_left) = (Some((now_us, by)), false);
                self.consults = None;
            }
            TransferStep::Consults { with } => self.consults = Some((now_us, *with)),
            TransferStep::Left => self.has_left = true,
            TransferStep::Done { .. } => (self.handed_us, self.consults) = (None, None),
            TransferStep::Failed { status } => {
                (self.handed_us, self.consults) = (None, None);
                let is_back = !self.has_left && *status != TERMINATED;
                self.back_us = is_back.then_some((now_us, by));
            }
            TransferStep::Taken { .. } => self.is_taken = true,
            TransferStep::Refused { .. } => {}
        }
    }

    fn fold(&mut self, entry: &Entry) {
        self.talk.follow(&entry.event);
        if let Event::Flow(Fact::LadderRung { why: Why::Crisis | Why::Emergency, .. }) = &entry.event {
            self.in_danger = true;
        }
        match &entry.event {
            Event::Heard { .. } => self.heard_us = Some(entry.since_start_us),
            Event::Flow(Fact::NoticeGiven) => self.notice = true,
            Event::Flow(Fact::RecordingRefused | Fact::LadderRung { why: Why::Crisis, .. }) => {
                self.refused_us.get_or_insert(entry.since_start_us);
            }
            Event::MessageSaved { .. } => self.message_saved = true,
            Event::PersonCalled { leg, .. } => self.rung = Some(*leg),
            Event::PersonNotReached { leg, .. } => {
                self.is_left = true;
                let _ = self.rung.take_if(|rung| rung == leg);
            }
            Event::Bridged { .. } => (self.bridged_us, self.back_us) = (Some(entry.since_start_us), None),
            Event::Transfer { by, step } => self.fold_transfer(entry.since_start_us, *by, step),
            Event::Unbridged { .. } => (self.bridged_us, self.is_left) = (None, true),
            Event::Ended { cause, .. } => self.ended = Some(*cause),
            _ => {}
        }
    }
}
