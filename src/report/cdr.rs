//! The record of one call: a fold over its entries in the event log.
//!
//! ```text
//!  Arrived ───ring───▶ Answered ────────talk────────▶ Ended        ring + talk = total
//!  └────────────────────total─────────────────────────┘
//! ```
//!
//! Nothing is measured here that the log does not say, so two reports of a call cannot disagree.
//! A call that the engine's own end cut off is closed by the next start, hours later perhaps: it
//! counts as over at its last sign of life, which a recovered recording may move on.

use crate::call::recording::{RecordingFault, RecordingKind};
use crate::clock::WallTime;
use crate::flow::action::{Fact, Why};
use crate::id::{CallId, ExitName, FlowName, Language, LegId, RecordingId, StepName, TrunkName};
use crate::media::command::Counters;
use crate::phi::Phi;
use crate::report::event::{Cause, Diverted, Entry, Event, GuestMode, Party, TransferMeans, TransferStep};
use crate::report::ladder::Signalling;
use crate::wire::codec::Codec;
use std::time::Duration;

/// A point of a call, on both lines of time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Moment {
    /// The calendar's time.
    pub at: WallTime,
    /// Microseconds since the engine started: exact for spans.
    pub since_start_us: u64,
}

/// How the call came in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// The patient's leg.
    pub leg: LegId,
    /// The trunk, if one is configured for the source.
    pub trunk: Option<TrunkName>,
    /// The number called.
    pub called: Phi<String>,
    /// The caller's number; `None` is anonymous.
    pub caller: Option<Phi<String>>,
    /// SIP's Call-ID.
    pub sip_call_id: Phi<String>,
    /// The flow that answered.
    pub flow: FlowName,
    /// The version of the flow set.
    pub version: String,
}

/// How the call went out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct End {
    /// Why.
    pub cause: Cause,
    /// Who ended it.
    pub by: Party,
    /// The exit of the flow, if it reached one.
    pub exit: Option<ExitName>,
}

/// A step of the flow that the caller was in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// When it began.
    pub entered: Moment,
    /// Its flow.
    pub flow: FlowName,
    /// Its name.
    pub step: StepName,
}

/// A person who was called for the patient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// The leg to the person.
    pub leg: LegId,
    /// The target, as configured.
    pub target: String,
    /// When the call to the person began.
    pub called: Moment,
    /// When patient and person could hear each other.
    pub bridged: Option<Moment>,
    /// When they no longer could.
    pub unbridged: Option<Moment>,
    /// The final status of SIP, if nobody was reached.
    pub refused: Option<u16>,
}

/// Somebody who was called into the talk of caller and person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Guest {
    /// The leg to him.
    pub leg: LegId,
    /// The target, as asked for.
    pub target: String,
    /// The vendor that he interprets for, and from which language.
    pub interprets: Option<(String, Language)>,
    /// When the call to him began.
    pub called: Moment,
    /// How he was in it, each with its beginning: the last one to its end.
    pub modes: Vec<(Moment, GuestMode)>,
    /// When he was in it no more.
    pub left: Option<Moment>,
    /// The final status of SIP, if he was not reached.
    pub refused: Option<u16>,
}

/// A hold by a person, in which the caller waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wait {
    /// When it began.
    pub from: Moment,
    /// When it was over; `None` while it lasts, and when it lasted to the end of the call.
    pub to: Option<Moment>,
}

/// A person wanted the caller put through to somebody else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transfer {
    /// When.
    pub asked: Moment,
    /// The leg to that person.
    pub by: LegId,
    /// Whom it was to be; `None` if nobody was called.
    pub target: Option<String>,
    /// How it was asked for; `None` if nobody was called.
    pub means: Option<TransferMeans>,
    /// What came of it; `None` while it is under way.
    pub outcome: Option<TransferStep>,
}

/// A recording of the call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recording {
    /// Its name.
    pub recording: RecordingId,
    /// What it holds.
    pub kind: RecordingKind,
    /// When it was named: its UTC day is the file's folder.
    pub named: Moment,
    /// When its first sample was taken.
    pub began: Option<Moment>,
    /// Frames of 20 ms in its ended stretches.
    pub frames: u64,
    /// Of them, frames that are silence because the disk was late.
    pub dropped: u64,
    /// Where it was paused, in order: there it is silent, and no time is missing.
    pub gaps: Vec<Gap>,
    /// How far it came.
    pub state: RecordingState,
}

/// A pause of a recording, in frames of 20 ms from the beginning of its file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    /// The first silent one.
    pub from: u64,
    /// The first that is heard again, or the end of the recording; `None` while it lasts.
    pub to: Option<u64>,
}

impl Recording {
    /// Ends the pause that lasts, if one does.
    fn end_gap(&mut self, at: u64) {
        if let Some(gap) = self.gaps.last_mut().filter(|gap| gap.to.is_none()) {
            gap.to = Some(at);
        }
    }
}

/// How far a recording came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordingState {
    /// It has a name, and no end yet.
    Unfinished,
    /// It is complete and safe.
    Closed {
        /// Milliseconds of sound.
        milliseconds: u64,
    },
    /// It broke off.
    Failed {
        /// Why.
        fault: RecordingFault,
        /// Milliseconds of sound.
        milliseconds: u64,
    },
    /// The next start found it unfinished and closed it.
    Recovered {
        /// Milliseconds of sound.
        milliseconds: u64,
    },
}

/// What is known of one call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Which call.
    pub call: CallId,
    /// How it came in.
    pub arrival: Option<Arrival>,
    /// Who had sent it on to us.
    pub diverted: Option<Diverted>,
    /// When the INVITE was let in.
    pub arrived: Option<Moment>,
    /// When the 200 was sent.
    pub answered: Option<Moment>,
    /// When the caller could hear.
    pub heard: Option<Moment>,
    /// When it was over.
    pub ended: Option<Moment>,
    /// The codec agreed on.
    pub codec: Option<Codec>,
    /// The language chosen last.
    pub language: Option<Language>,
    /// The steps, in order.
    pub path: Vec<Step>,
    /// Rungs of the person ladder that were taken, and why.
    pub rungs: Vec<(u32, Why)>,
    /// The persons called for the patient.
    pub persons: Vec<Person>,
    /// Who else was called into the talk.
    pub guests: Vec<Guest>,
    /// When a person had the caller on hold.
    pub waits: Vec<Wait>,
    /// The transfers that persons wanted.
    pub transfers: Vec<Transfer>,
    /// The recordings.
    pub recordings: Vec<Recording>,
    /// The message that the caller left.
    pub message: Option<RecordingId>,
    /// What each leg's stream counted.
    pub media: Vec<(LegId, Counters)>,
    /// How each leg was signalled.
    pub signalling: Vec<Signalling>,
    /// How it went out.
    pub end: Option<End>,
    /// The last sign of life.
    pub alive: Moment,
}

impl Record {
    /// A record of which nothing is known yet.
    pub fn new(call: CallId) -> Self {
        Self {
            call,
            arrival: None,
            diverted: None,
            arrived: None,
            answered: None,
            heard: None,
            ended: None,
            codec: None,
            language: None,
            path: Vec::new(),
            rungs: Vec::new(),
            persons: Vec::new(),
            guests: Vec::new(),
            waits: Vec::new(),
            transfers: Vec::new(),
            recordings: Vec::new(),
            message: None,
            media: Vec::new(),
            signalling: Vec::new(),
            end: None,
            alive: Moment::default(),
        }
    }

    /// The record that these entries of one call tell; `None` when there are none.
    pub fn of(entries: &[Entry]) -> Option<Self> {
        let mut record = Self::new(entries.first()?.call);
        entries.iter().for_each(|entry| record.follow(entry));
        Some(record)
    }

    /// One more entry. Those of other calls change nothing.
    pub fn follow(&mut self, entry: &Entry) {
        if entry.call == self.call {
            self.take(Moment { at: entry.at, since_start_us: entry.since_start_us }, &entry.event);
        }
    }

    /// From the INVITE to the answer, or to the end of a call that was never answered.
    pub fn ring(&self) -> Duration {
        span(self.arrived, self.answered.or(self.ended))
    }

    /// From the answer to the end.
    pub fn talk(&self) -> Duration {
        span(self.answered, self.ended)
    }

    /// From the INVITE to the end.
    pub fn total(&self) -> Duration {
        span(self.arrived, self.ended)
    }

    /// How long persons had the caller on hold, in all.
    pub fn waited(&self) -> Duration {
        self.waits.iter().map(|wait| span(Some(wait.from), wait.to.or(self.ended))).sum()
    }

    /// How long a guest was in the talk.
    pub fn stayed(&self, guest: &Guest) -> Duration {
        let joined = guest.modes.first().map(|(joined, _)| *joined);
        span(joined, guest.left.or(self.ended))
    }

    /// From the INVITE to `moment`.
    pub fn offset(&self, moment: Moment) -> Duration {
        span(self.arrived, Some(moment))
    }

    fn take(&mut self, now: Moment, event: &Event) {
        match event {
            Event::Arrived { .. } => self.arrive(now, event),
            Event::Diverted(diverted) => self.diverted = Some(diverted.clone()),
            Event::Answered { codec } => (self.answered, self.codec) = (Some(now), Some(*codec)),
            Event::Heard { .. } => self.heard = self.heard.or(Some(now)),
            Event::Flow(fact) => self.hear(now, fact),
            Event::RecordingNamed { .. }
            | Event::RecordingSpanBegan { .. }
            | Event::RecordingPaused { .. }
            | Event::RecordingResumed { .. }
            | Event::RecordingSpanEnded { .. }
            | Event::RecordingClosed { .. }
            | Event::RecordingFailed { .. }
            | Event::RecordingRecovered { .. } => self.record(now, event),
            Event::PersonCalled { .. }
            | Event::PersonNotReached { .. }
            | Event::Bridged { .. }
            | Event::Unbridged { .. } => self.connect(now, event),
            Event::Transfer { by, step } => self.transfer(now, *by, step),
            Event::GuestCalled { .. }
            | Event::GuestNotReached { .. }
            | Event::GuestJoined { .. }
            | Event::GuestChanged { .. }
            | Event::GuestLeft { .. }
            | Event::InterpreterCalled { .. } => self.follow_guest(now, event),
            Event::MessageSaved { recording } => self.message = Some(*recording),
            Event::MessageDone { .. } => {}
            Event::Hold { on, by: Party::Person } => self.wait(now, *on),
            Event::Hold { by: Party::Caller | Party::Flow | Party::Engine, .. } | Event::Kept { .. } => {}
            Event::InterpreterMissing { .. } | Event::KeysPressed { .. } | Event::CameBack { .. } => {}
            // The called number and the flow `emergency` say so in the record.
            Event::Emergency(_) => {}
            Event::Silent { .. } => {}
            Event::Resumed { .. } => self.wait(now, false),
            Event::MediaClosed { leg, counters } => self.media.push((*leg, *counters)),
            Event::Ladder(ladder) => self.signalling = ladder.legs(),
            Event::Ended { cause, by, exit } => {
                self.ended = Some(if *cause == Cause::EngineRestart { self.alive } else { now });
                self.end = Some(End { cause: *cause, by: *by, exit: exit.clone() });
            }
        }
        if is_sign_of_life(event) {
            self.alive = now;
        }
    }

    fn arrive(&mut self, now: Moment, event: &Event) {
        let Event::Arrived { leg, trunk, called, caller, sip_call_id, flow, version } = event else { return };
        self.arrived = Some(now);
        self.arrival = Some(Arrival {
            leg: *leg,
            trunk: trunk.clone(),
            called: called.clone(),
            caller: caller.clone(),
            sip_call_id: sip_call_id.clone(),
            flow: flow.clone(),
            version: version.clone(),
        });
    }

    fn hear(&mut self, now: Moment, fact: &Fact) {
        match fact {
            Fact::StepEntered { flow, step } => {
                self.path.push(Step { entered: now, flow: flow.clone(), step: step.clone() });
            }
            Fact::LanguageChosen(language) => self.language = Some(language.clone()),
            Fact::LadderRung { rung, why } => self.rungs.push((*rung, *why)),
            Fact::Chosen { .. }
            | Fact::Missed { .. }
            | Fact::NoticeGiven
            | Fact::NoticeCut
            | Fact::FaxHeard
            | Fact::Closed { .. }
            | Fact::ByPhone(_)
            | Fact::NotConnected
            | Fact::Requested { .. }
            | Fact::RecordingRefused
            | Fact::Promised { .. }
            | Fact::Fault { .. } => {}
        }
    }

    fn transfer(&mut self, now: Moment, by: LegId, step: &TransferStep) {
        let open = self.transfers.last_mut().filter(|it| it.by == by && it.outcome.is_none());
        match (step, open) {
            (TransferStep::Began { target, means }, _) => {
                let (target, means) = (Some(target.clone()), Some(*means));
                self.transfers.push(Transfer { asked: now, by, target, means, outcome: None });
            }
            (TransferStep::Refused { .. } | TransferStep::Taken { .. }, _) => {
                let outcome = Some(step.clone());
                self.transfers.push(Transfer { asked: now, by, target: None, means: None, outcome });
            }
            (TransferStep::Done { to }, Some(it)) => {
                it.outcome = Some(step.clone());
                // In the place of who has dialled he talks with who was called, and the talk is named by that one.
                if let Some(person) = self.persons.iter_mut().rev().find(|person| person.leg == *to) {
                    person.bridged = person.bridged.or(Some(now));
                }
            }
            (TransferStep::Failed { .. }, Some(it)) => it.outcome = Some(step.clone()),
            (TransferStep::Done { .. } | TransferStep::Failed { .. }, None)
            | (TransferStep::Left | TransferStep::Consults { .. }, _) => {}
        }
    }

    fn wait(&mut self, now: Moment, on: bool) {
        let lasts = self.waits.last_mut().filter(|wait| wait.to.is_none());
        match (on, lasts) {
            (true, None) => self.waits.push(Wait { from: now, to: None }),
            (false, Some(wait)) => wait.to = Some(now),
            (true, Some(_)) | (false, None) => {}
        }
    }

    fn record(&mut self, now: Moment, event: &Event) {
        match *event {
            Event::RecordingNamed { recording, kind } => self.recordings.push(Recording {
                recording,
                kind,
                named: now,
                began: None,
                frames: 0,
                dropped: 0,
                gaps: Vec::new(),
                state: RecordingState::Unfinished,
            }),
            Event::RecordingSpanBegan { recording } => {
                self.on(recording, |it| it.began = it.began.or(Some(now)))
            }
            Event::RecordingPaused { recording, frame } => self.on(recording, |it| {
                let from = it.frames + frame;
                if it.gaps.last().is_none_or(|gap| gap.to.is_some()) {
                    it.gaps.push(Gap { from, to: None });
                }
            }),
            Event::RecordingResumed { recording, frame } => {
                self.on(recording, |it| it.end_gap(it.frames + frame));
            }
            Event::RecordingSpanEnded { recording, frames, dropped } => self.on(recording, |it| {
                it.frames += frames;
                it.dropped += dropped;
                it.end_gap(it.frames);
            }),
            Event::RecordingClosed { recording, milliseconds } => {
                self.on(recording, |it| it.state = RecordingState::Closed { milliseconds });
                self.keep_message(recording, milliseconds);
            }
            Event::RecordingFailed { recording, fault, milliseconds } => {
                self.on(recording, |it| it.state = RecordingState::Failed { fault, milliseconds });
            }
            Event::RecordingRecovered { recording, milliseconds } => self.recover(recording, milliseconds),
            _ => {}
        }
    }

    /// The caller was there while it was recorded.
    fn recover(&mut self, recording: RecordingId, milliseconds: u64) {
        let mut alive = self.alive;
        self.on(recording, |it| {
            it.state = RecordingState::Recovered { milliseconds };
            it.end_gap(milliseconds / 20);
            let last = it.began.map(|began| later(began, Duration::from_millis(milliseconds)));
            alive = last.filter(|last| last.since_start_us > alive.since_start_us).unwrap_or(alive);
        });
        self.alive = alive;
        self.keep_message(recording, milliseconds);
    }

    /// A message with sound in it is a message, also when the caller hung up, the disk was slow or the
    /// engine stopped before "saved" could be told: somebody said it and waits.
    fn keep_message(&mut self, recording: RecordingId, milliseconds: u64) {
        let is_message = |it: &Recording| it.recording == recording && it.kind == RecordingKind::Message;
        if milliseconds > 0 && self.recordings.iter().any(is_message) {
            self.message = Some(recording);
        }
    }

    fn on(&mut self, recording: RecordingId, change: impl FnOnce(&mut Recording)) {
        if let Some(it) = self.recordings.iter_mut().find(|it| it.recording == recording) {
            change(it);
        }
    }

    fn follow_guest(&mut self, now: Moment, event: &Event) {
        let mut on = |leg: &LegId, change: &dyn Fn(&mut Guest)| {
            if let Some(guest) = self.guests.iter_mut().rev().find(|guest| guest.leg == *leg) {
                change(guest);
            }
        };
        match event {
            Event::GuestCalled { leg, target, .. } => self.guests.push(Guest {
                leg: *leg,
                target: target.clone(),
                interprets: None,
                called: now,
                modes: Vec::new(),
                left: None,
                refused: None,
            }),
            Event::InterpreterCalled { leg, vendor, language } => {
                on(leg, &|guest| guest.interprets = Some((vendor.clone(), language.clone())));
            }
            Event::GuestNotReached { leg, status } => on(leg, &|guest| guest.refused = Some(*status)),
            Event::GuestJoined { leg, mode } | Event::GuestChanged { leg, mode } => {
                on(leg, &|guest| guest.modes.push((now, *mode)));
            }
            Event::GuestLeft { leg } => on(leg, &|guest| guest.left = Some(now)),
            _ => {}
        }
    }

    fn connect(&mut self, now: Moment, event: &Event) {
        let of = |leg: &LegId, persons: &mut Vec<Person>, change: &dyn Fn(&mut Person)| {
            if let Some(person) = persons.iter_mut().rev().find(|person| person.leg == *leg) {
                change(person);
            }
        };
        match event {
            Event::PersonCalled { leg, target } => self.persons.push(Person {
                leg: *leg,
                target: target.clone(),
                called: now,
                bridged: None,
                unbridged: None,
                refused: None,
            }),
            Event::PersonNotReached { leg, status } => {
                of(leg, &mut self.persons, &|person| person.refused = Some(*status));
            }
            // A talk that was not handed on after all goes on.
            Event::Bridged { leg } => of(leg, &mut self.persons, &|person| {
                person.bridged = person.bridged.or(Some(now));
                person.unbridged = None;
            }),
            Event::Unbridged { leg } => of(leg, &mut self.persons, &|person| person.unbridged = Some(now)),
            _ => {}
        }
    }
}

/// What is said of recordings may be said long after the call, by the disk or by the next start; the
/// ladder comes after the last message.
fn is_sign_of_life(event: &Event) -> bool {
    !matches!(
        event,
        Event::RecordingClosed { .. }
            | Event::RecordingFailed { .. }
            | Event::RecordingRecovered { .. }
            | Event::MessageDone { .. }
            | Event::Ladder(_)
            | Event::Ended { .. }
    )
}

fn span(from: Option<Moment>, to: Option<Moment>) -> Duration {
    match (from, to) {
        (Some(from), Some(to)) => {
            Duration::from_micros(to.since_start_us.saturating_sub(from.since_start_us))
        }
        (None, _) | (_, None) => Duration::ZERO,
    }
}

fn later(moment: Moment, by: Duration) -> Moment {
    let micros = u64::try_from(by.as_micros()).unwrap_or(u64::MAX);
    Moment { at: moment.at + by, since_start_us: moment.since_start_us.saturating_add(micros) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn entry(seq: u64, ms: u64, event: Event) -> Entry {
        let at = WallTime::from_micros(1_000_000_000 + ms as i64 * 1_000);
        Entry { seq, at, since_start_us: ms * 1_000, call: CallId(1), event }
    }

    fn arrived() -> Event {
        Event::Arrived {
            leg: LegId(1),
            trunk: None,
            called: Phi::new("200".to_owned()),
            caller: None,
            sip_call_id: Phi::new("x@y".to_owned()),
            flow: FlowName::from("entry"),
            version: "ab12".to_owned(),
        }
    }

    fn ended(cause: Cause) -> Event {
        Event::Ended { cause, by: Party::Caller, exit: Some(ExitName::from("done")) }
    }

    fn step(name: &str) -> Event {
        Event::Flow(Fact::StepEntered { flow: FlowName::from("entry"), step: StepName::from(name) })
    }

    fn fold(events: &[(u64, Event)]) -> Record {
        let entries: Vec<Entry> = events.iter().map(|(ms, event)| entry(0, *ms, event.clone())).collect();
        Record::of(&entries).unwrap()
    }

    #[test]
    fn the_times_of_a_call_are_those_of_its_events() {
        let record = fold(&[
            (0, arrived()),
            (40, Event::Answered { codec: Codec::Pcma }),
            (90, Event::Heard { by_ack: true }),
            (95, step("hello")),
            (8_000, step("menu")),
            (9_040, ended(Cause::Normal)),
        ]);
        let ms = |span: Duration| span.as_millis();
        assert_eq!((ms(record.ring()), ms(record.talk()), ms(record.total())), (40, 9_000, 9_040));
        let path: Vec<_> =
            record.path.iter().map(|step| (step.step.as_str(), ms(record.offset(step.entered)))).collect();
        assert_eq!(path, [("hello", 95), ("menu", 8_000)]);
        assert_eq!(record.heard.map(|heard| heard.since_start_us), Some(90_000));
    }

    #[test]
    fn a_call_that_is_never_answered_only_rang() {
        let record = fold(&[(0, arrived()), (7_000, ended(Cause::Cancelled))]);
        assert_eq!((record.ring().as_secs(), record.talk().as_secs()), (7, 0));
    }

    #[test]
    fn a_call_cut_off_by_our_own_end_lasted_to_its_last_sign_of_life() {
        let recording = RecordingId(5);
        let until_restart = [
            (0, arrived()),
            (10, Event::Answered { codec: Codec::Pcmu }),
            (1_000, Event::RecordingNamed { recording, kind: RecordingKind::Call }),
            (1_020, Event::RecordingSpanBegan { recording }),
            (3_000, step("menu")),
        ];
        let night = 8 * 3_600_000;
        let mut with_sound = until_restart.to_vec();
        with_sound.push((night, Event::RecordingRecovered { recording, milliseconds: 60_000 }));
        with_sound.push((night, ended(Cause::EngineRestart)));
        assert_eq!(fold(&with_sound).total(), Duration::from_millis(61_020));
        assert_eq!(fold(&with_sound).recordings[0].state, RecordingState::Recovered { milliseconds: 60_000 });

        let mut without = until_restart.to_vec();
        without
            .push((night, Event::RecordingFailed { recording, fault: RecordingFault::Io, milliseconds: 0 }));
        without.push((night, ended(Cause::EngineRestart)));
        assert_eq!(fold(&without).total(), Duration::from_secs(3));
    }

    #[test]
    fn a_message_with_sound_counts_also_when_nobody_could_say_that_it_is_saved() {
        let recording = RecordingId(7);
        let closed = |milliseconds| Event::RecordingClosed { recording, milliseconds };
        let recovered = |milliseconds| Event::RecordingRecovered { recording, milliseconds };
        let table = [
            (RecordingKind::Message, closed(3_000), Some(recording)),
            (RecordingKind::Message, recovered(3_000), Some(recording)),
            (RecordingKind::Message, closed(0), None),
            (RecordingKind::Call, closed(3_000), None),
        ];
        for (kind, end, expected) in table {
            let named = Event::RecordingNamed { recording, kind };
            let record = fold(&[(0, arrived()), (10, named), (5_000, end.clone())]);
            assert_eq!(record.message, expected, "{kind:?} {end:?}");
        }
    }

    /// Events, each with its millisecond.
    type Events<'a> = &'a [(u64, Event)];

    #[test]
    fn a_record_tells_how_long_a_person_let_the_caller_wait() {
        let hold = |on, by| Event::Hold { on, by };
        let (person, caller) = (Party::Person, Party::Caller);
        let table: [(&str, Events<'_>, usize, u64); 5] = [
            ("never", &[], 0, 0),
            ("once", &[(100, hold(true, person)), (700, hold(false, person))], 1, 600),
            (
                "told twice",
                &[(100, hold(true, person)), (200, hold(true, person)), (700, hold(false, person))],
                1,
                600,
            ),
            (
                "twice, the second time to the end",
                &[(100, hold(true, person)), (200, hold(false, person)), (500, hold(true, person))],
                2,
                600,
            ),
            ("the caller holds", &[(100, hold(true, caller)), (700, hold(false, caller))], 0, 0),
        ];
        for (why, events, times, waited_ms) in table {
            let story = [(0, arrived())].into_iter().chain(events.iter().cloned());
            let story: Vec<(u64, Event)> = story.chain([(1_000, ended(Cause::Normal))]).collect();
            let record = fold(&story);
            assert_eq!((record.waits.len(), record.waited().as_millis()), (times, waited_ms.into()), "{why}");
        }
    }

    #[test]
    fn a_record_tells_what_came_of_each_transfer_and_a_talk_that_goes_on_is_one_talk() {
        let by = LegId(2);
        let step = |step| Event::Transfer { by, step };
        let began = || {
            step(TransferStep::Began { target: "sip:nurse@careline".to_owned(), means: TransferMeans::Keys })
        };
        let failed = TransferStep::Failed { status: 486 };
        let done = TransferStep::Done { to: LegId(3) };
        let refused = TransferStep::Refused { status: 403 };
        type Outcomes = Vec<Option<TransferStep>>;
        let taken = TransferStep::Taken { into: CallId(7) };
        let table: [(&str, &[Event], Outcomes); 6] = [
            ("the colleague is taken", &[step(taken.clone())], vec![Some(taken)]),
            ("under way", &[began()], vec![None]),
            ("done", &[began(), step(TransferStep::Left), step(done.clone())], vec![Some(done.clone())]),
            ("nobody is there", &[began(), step(failed.clone())], vec![Some(failed.clone())]),
            ("refused", &[step(refused.clone())], vec![Some(refused.clone())]),
            (
                "the second one is taken",
                &[step(refused.clone()), began(), step(failed.clone()), began(), step(done.clone())],
                vec![Some(refused), Some(failed), Some(done)],
            ),
        ];
        for (why, events, expected) in table {
            let story = [arrived()].into_iter().chain(events.iter().cloned());
            let timed: Vec<(u64, Event)> = story.enumerate().map(|(n, event)| (n as u64, event)).collect();
            let told: Vec<_> = fold(&timed).transfers.into_iter().map(|transfer| transfer.outcome).collect();
            assert_eq!(told, expected, "{why}");
        }
        let (target, leg) = ("sip:front-desk@10.0.0.5".to_owned(), by);
        let record = fold(&[
            (0, arrived()),
            (5, Event::PersonCalled { leg, target }),
            (10, Event::Bridged { leg }),
            (20, Event::Unbridged { leg }),
            (40, Event::Bridged { leg }),
        ]);
        let person = &record.persons[0];
        assert_eq!((person.bridged.map(|at| at.since_start_us), person.unbridged), (Some(10_000), None));
    }

    #[test]
    fn a_record_lists_where_its_recording_was_paused() {
        let recording = RecordingId(5);
        let named = Event::RecordingNamed { recording, kind: RecordingKind::Call };
        let began = Event::RecordingSpanBegan { recording };
        let paused = |frame| Event::RecordingPaused { recording, frame };
        let resumed = |frame| Event::RecordingResumed { recording, frame };
        let ended = |frames| Event::RecordingSpanEnded { recording, frames, dropped: 0 };
        let recovered = Event::RecordingRecovered { recording, milliseconds: 4_000 };
        let gap = |from, to| Gap { from, to };
        let table: [(&str, &[Event], Vec<Gap>); 7] = [
            ("never", &[ended(500)], vec![]),
            ("while it lasts", &[paused(100)], vec![gap(100, None)]),
            (
                "twice",
                &[paused(100), resumed(200), paused(300), resumed(310), ended(500)],
                vec![gap(100, Some(200)), gap(300, Some(310))],
            ),
            ("to the end", &[paused(100), ended(500)], vec![gap(100, Some(500))]),
            (
                "in its second stretch",
                &[ended(500), paused(10), resumed(20), ended(30)],
                vec![gap(510, Some(520))],
            ),
            ("told twice", &[paused(1), paused(2), resumed(3), resumed(4)], vec![gap(1, Some(3))]),
            ("the engine ended", &[paused(100), recovered], vec![gap(100, Some(200))]),
        ];
        for (why, events, expected) in table {
            let story = [arrived(), named.clone(), began.clone()].into_iter().chain(events.iter().cloned());
            let timed: Vec<(u64, Event)> = story.enumerate().map(|(n, event)| (n as u64, event)).collect();
            assert_eq!(fold(&timed).recordings[0].gaps, expected, "{why}");
        }
    }

    #[test]
    fn each_person_keeps_his_own_outcome() {
        let called =
            |leg: u64| Event::PersonCalled { leg: LegId(leg), target: "sip:front-desk@10.0.0.5".to_owned() };
        let record = fold(&[
            (0, arrived()),
            (10, called(2)),
            (20, Event::PersonNotReached { leg: LegId(2), status: 486 }),
            (30, called(3)),
            (50, Event::Bridged { leg: LegId(3) }),
            (90, Event::Unbridged { leg: LegId(3) }),
        ]);
        let outcomes: Vec<_> = record
            .persons
            .iter()
            .map(|person| (person.leg.0, person.refused, span(person.bridged, person.unbridged).as_millis()))
            .collect();
        assert_eq!(outcomes, [(2, Some(486), 0), (3, None, 40)]);
    }

    fn any_event() -> impl Strategy<Value = Event> {
        let recording = RecordingId(5);
        prop_oneof![
            Just(arrived()),
            Just(Event::Answered { codec: Codec::Pcmu }),
            Just(Event::Heard { by_ack: false }),
            Just(step("menu")),
            Just(Event::RecordingNamed { recording, kind: RecordingKind::Call }),
            Just(Event::RecordingSpanBegan { recording }),
            Just(Event::RecordingPaused { recording, frame: 3 }),
            Just(Event::RecordingResumed { recording, frame: 5 }),
            Just(Event::RecordingSpanEnded { recording, frames: 7, dropped: 1 }),
            Just(Event::RecordingRecovered { recording, milliseconds: 140 }),
            Just(Event::PersonCalled { leg: LegId(2), target: "sip:a@b".to_owned() }),
            Just(Event::Bridged { leg: LegId(2) }),
            Just(Event::MediaClosed { leg: LegId(1), counters: Counters::default() }),
            Just(ended(Cause::Normal)),
            Just(ended(Cause::EngineRestart)),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]
        #[test]
        fn it_does_not_matter_when_a_record_is_looked_at(
            events in proptest::collection::vec(any_event(), 1..30), cut in 0_usize..30,
        ) {
            let entries: Vec<Entry> =
                events.into_iter().enumerate().map(|(n, event)| entry(n as u64, n as u64 * 10, event)).collect();
            let (before, after) = entries.split_at(cut.min(entries.len()));
            let mut record = Record::of(before).unwrap_or_else(|| Record::new(CallId(1)));
            after.iter().for_each(|entry| record.follow(entry));
            prop_assert_eq!(Some(record), Record::of(&entries));
        }

        #[test]
        fn the_times_add_up(ring in 0_u64..100_000, talk in 0_u64..10_000_000, restart in any::<bool>(), idle in 0_u64..9_999) {
            let cause = if restart { Cause::EngineRestart } else { Cause::Normal };
            let record = fold(&[
                (3, arrived()),
                (3 + ring, Event::Answered { codec: Codec::Pcmu }),
                (3 + ring + talk, Event::Hold { on: true, by: Party::Caller }),
                (3 + ring + talk + idle, ended(cause)),
            ]);
            prop_assert_eq!(record.ring() + record.talk(), record.total());
            let idle = if restart { 0 } else { idle };
            prop_assert_eq!(record.total(), Duration::from_millis(ring + talk + idle));
        }
    }
}
