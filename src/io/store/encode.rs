//! Events as rows: a kind and a JSON body. The types below the edges know nothing of JSON; this is their format.
//!
//! A body is an object with the event's own fields by their names; ids are written as they print
//! (`c1f3`), enums as the words of `store/words.rs`. Numbers and keys of a patient stand here in the
//! clear: the store is the place for them. `store/decode.rs` reads it back.
//!
//! A body is written straight into its text: a tree of values between cost more than the row in the database.

use super::words::Word;
use crate::flow::action::Fact;
use crate::flow::closing::change::ByPhone;
use crate::id::LegId;
use crate::media::command::Counters;
use crate::report::event::{Diverted, Event, HelpFrom, KeptLeg, TransferStep};
use crate::report::ladder::{Ladder, Rung, Start};
use crate::sip::dialog::Translated;
use crate::sip::invite::change::Owner;
use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};
use std::fmt::Display;

/// The kind of an event: the column `kind`.
pub fn kind(event: &Event) -> &'static str {
    match event {
        Event::Arrived { .. } => "arrived",
        Event::Diverted(_) => "diverted",
        Event::Emergency(_) => "emergency",
        Event::Answered { .. } => "answered",
        Event::Heard { .. } => "heard",
        Event::Flow(fact) => kind_of_fact(fact),
        Event::RecordingNamed { .. } => "recording_named",
        Event::RecordingSpanBegan { .. } => "recording_span_began",
        Event::RecordingPaused { .. } => "recording_paused",
        Event::RecordingResumed { .. } => "recording_resumed",
        Event::RecordingSpanEnded { .. } => "recording_span_ended",
        Event::RecordingClosed { .. } => "recording_closed",
        Event::RecordingFailed { .. } => "recording_failed",
        Event::RecordingRecovered { .. } => "recording_recovered",
        Event::PersonCalled { .. } => "person_called",
        Event::PersonNotReached { .. } => "person_not_reached",
        Event::CameBack { .. } => "came_back",
        Event::Bridged { .. } => "bridged",
        Event::Unbridged { .. } => "unbridged",
        Event::GuestCalled { .. } => "guest_called",
        Event::InterpreterCalled { .. } => "interpreter_called",
        Event::InterpreterMissing { .. } => "interpreter_missing",
        Event::KeysPressed { .. } => "keys_pressed",
        Event::GuestNotReached { .. } => "guest_not_reached",
        Event::GuestJoined { .. } => "guest_joined",
        Event::GuestChanged { .. } => "guest_changed",
        Event::GuestLeft { .. } => "guest_left",
        Event::MessageSaved { .. } => "message_saved",
        Event::MessageDone { .. } => "message_done",
        Event::Hold { .. } => "hold",
        Event::Silent { .. } => "silent",
        Event::Kept { .. } => "kept",
        Event::Resumed { .. } => "resumed",
        Event::Transfer { .. } => "transfer",
        Event::MediaClosed { .. } => "media_closed",
        Event::Ladder(_) => "ladder",
        Event::Ended { .. } => "ended",
    }
}

fn kind_of_fact(fact: &Fact) -> &'static str {
    match fact {
        Fact::StepEntered { .. } => "step_entered",
        Fact::Chosen { .. } => "chosen",
        Fact::Missed { .. } => "missed",
        Fact::LanguageChosen(_) => "language_chosen",
        Fact::NoticeGiven => "notice_given",
        Fact::NoticeCut => "notice_cut",
        Fact::FaxHeard => "fax_heard",
        Fact::Closed { .. } => "closed",
        Fact::ByPhone(_) => "by_phone",
        Fact::NotConnected => "not_connected",
        Fact::RecordingRefused => "recording_refused",
        Fact::LadderRung { .. } => "ladder_rung",
        Fact::Promised { .. } => "promised",
        Fact::Requested { .. } => "requested",
        Fact::Fault { .. } => "flow_fault",
    }
}

/// The body of an event: the column `body`.
///
/// # Errors
/// None of its own: objects with names for keys are always written.
pub fn body(event: &Event) -> Result<String, serde_json::Error> {
    serde_json::to_string(&Body(event))
}

struct Body<'a>(&'a Event);

impl Serialize for Body<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut body = to.serialize_map(None)?;
        match self.0 {
            Event::Arrived { .. } => arrived(&mut body, self.0)?,
            Event::Diverted(its) => diverted(&mut body, its)?,
            Event::Emergency(from) => help_from(&mut body, from)?,
            Event::Answered { codec } => body.serialize_entry("codec", codec.word())?,
            Event::Heard { by_ack } => body.serialize_entry("by_ack", by_ack)?,
            Event::Flow(fact) => of_fact(&mut body, fact)?,
            Event::RecordingNamed { .. }
            | Event::RecordingSpanBegan { .. }
            | Event::RecordingPaused { .. }
            | Event::RecordingResumed { .. }
            | Event::RecordingSpanEnded { .. }
            | Event::RecordingClosed { .. }
            | Event::RecordingFailed { .. }
            | Event::RecordingRecovered { .. } => of_recording(&mut body, self.0)?,
            Event::PersonCalled { leg, target } => {
                body.serialize_entry("leg", &Shown(leg))?;
                body.serialize_entry("target", target)?;
            }
            Event::PersonNotReached { leg, status } => {
                body.serialize_entry("leg", &Shown(leg))?;
                body.serialize_entry("status", status)?;
            }
            Event::Bridged { leg } | Event::Unbridged { leg } => body.serialize_entry("leg", &Shown(leg))?,
            Event::Resumed { leg } | Event::CameBack { leg } => body.serialize_entry("leg", &Shown(leg))?,
            Event::Kept { leg, kept: its } => {
                body.serialize_entry("leg", &Shown(leg))?;
                kept(&mut body, its)?;
            }
            Event::GuestCalled { .. }
            | Event::GuestNotReached { .. }
            | Event::GuestJoined { .. }
            | Event::GuestChanged { .. }
            | Event::GuestLeft { .. } => of_guest(&mut body, self.0)?,
            Event::InterpreterCalled { leg, vendor, language } => {
                body.serialize_entry("leg", &Shown(leg))?;
                body.serialize_entry("vendor", vendor)?;
                body.serialize_entry("language", language.as_str())?;
            }
            Event::InterpreterMissing { language } => body.serialize_entry("language", language.as_str())?,
            Event::KeysPressed { leg, pressed } => of_leg(&mut body, *leg, ("pressed", pressed.word()))?,
            Event::MessageSaved { recording } => body.serialize_entry("recording", &Shown(recording))?,
            Event::MessageDone { recording, by } => {
                body.serialize_entry("recording", &Shown(recording))?;
                body.serialize_entry("by", by.word())?;
            }
            Event::Hold { on, by } => {
                body.serialize_entry("on", on)?;
                body.serialize_entry("by", by.word())?;
            }
            Event::Silent { leg, step } => of_leg(&mut body, *leg, ("step", step.word()))?,
            Event::Transfer { by, step } => {
                body.serialize_entry("by", &Shown(by))?;
                of_transfer(&mut body, step)?;
            }
            Event::MediaClosed { leg, counters } => {
                body.serialize_entry("leg", &Shown(leg))?;
                body.serialize_entry("counters", &Media(counters))?;
            }
            Event::Ladder(its) => ladder(&mut body, its)?,
            Event::Ended { cause, by, exit } => {
                body.serialize_entry("cause", cause.word())?;
                body.serialize_entry("by", by.word())?;
                body.serialize_entry("exit", &exit.as_ref().map(|exit| exit.as_str()))?;
            }
        }
        body.end()
    }
}

fn help_from<M: SerializeMap>(body: &mut M, from: &HelpFrom) -> Result<(), M::Error> {
    body.serialize_entry("location", &from.location)?;
    body.serialize_entry("user", &from.user)
}

/// A leg, and one word about it.
fn of_leg<M: SerializeMap>(
    body: &mut M,
    leg: LegId,
    (name, word): (&'static str, &'static str),
) -> Result<(), M::Error> {
    body.serialize_entry("leg", &Shown(leg))?;
    body.serialize_entry(name, word)
}

fn diverted<M: SerializeMap>(body: &mut M, its: &Diverted) -> Result<(), M::Error> {
    let Diverted { by, why, first, times } = its;
    body.serialize_entry("by", &by.as_ref().map(|by| by.expose()))?;
    body.serialize_entry("why", why.word())?;
    body.serialize_entry("first", &first.as_ref().map(|first| first.expose()))?;
    body.serialize_entry("times", times)
}

fn of_transfer<M: SerializeMap>(body: &mut M, step: &TransferStep) -> Result<(), M::Error> {
    match step {
        TransferStep::Began { target, means } => {
            body.serialize_entry("step", "began")?;
            body.serialize_entry("target", target)?;
            body.serialize_entry("means", means.word())
        }
        TransferStep::Consults { with } => {
            body.serialize_entry("step", "consults")?;
            body.serialize_entry("with", &Shown(with))
        }
        TransferStep::Refused { status } => {
            body.serialize_entry("step", "refused")?;
            body.serialize_entry("status", status)
        }
        TransferStep::Left => body.serialize_entry("step", "left"),
        TransferStep::Done { to } => {
            body.serialize_entry("step", "done")?;
            body.serialize_entry("to", &Shown(to))
        }
        TransferStep::Taken { into } => {
            body.serialize_entry("step", "taken")?;
            body.serialize_entry("into", &Shown(into))
        }
        TransferStep::Failed { status } => {
            body.serialize_entry("step", "failed")?;
            body.serialize_entry("status", status)
        }
    }
}

fn of_guest<M: SerializeMap>(body: &mut M, event: &Event) -> Result<(), M::Error> {
    match event {
        Event::GuestCalled { leg, target, mode } => {
            body.serialize_entry("leg", &Shown(leg))?;
            body.serialize_entry("target", target)?;
            body.serialize_entry("mode", mode.word())
        }
        Event::GuestNotReached { leg, status } => {
            body.serialize_entry("leg", &Shown(leg))?;
            body.serialize_entry("status", status)
        }
        Event::GuestJoined { leg, mode } | Event::GuestChanged { leg, mode } => {
            body.serialize_entry("leg", &Shown(leg))?;
            body.serialize_entry("mode", mode.word())
        }
        Event::GuestLeft { leg } => body.serialize_entry("leg", &Shown(leg)),
        _ => Ok(()),
    }
}

/// Written as it prints.
struct Shown<T>(T);

impl<T: Display> Serialize for Shown<T> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(&self.0)
    }
}

fn kept<M: SerializeMap>(body: &mut M, kept: &KeptLeg) -> Result<(), M::Error> {
    let KeptLeg { dialog, told, sdp_version, port } = kept;
    body.serialize_entry("call_id", dialog.call_id.expose())?;
    body.serialize_entry("local", dialog.local.expose())?;
    body.serialize_entry("local_tag", &dialog.local_tag)?;
    body.serialize_entry("remote", dialog.remote.expose())?;
    body.serialize_entry("remote_tag", &dialog.remote_tag)?;
    body.serialize_entry("local_cseq", &dialog.local_cseq)?;
    body.serialize_entry("remote_cseq", &dialog.remote_cseq)?;
    body.serialize_entry("remote_target", dialog.remote_target.expose())?;
    body.serialize_entry("route_set", &dialog.route_set)?;
    body.serialize_entry("transport", dialog.way.transport.in_uri())?;
    body.serialize_entry("local_address", &Shown(dialog.way.local))?;
    body.serialize_entry("remote_address", &Shown(dialog.way.remote))?;
    body.serialize_entry("translated", &(dialog.translated == Translated::Yes))?;
    body.serialize_entry("ours", &(dialog.owner == Owner::Us))?;
    body.serialize_entry("trunk", &dialog.trunk.as_ref().map(|trunk| trunk.as_str()))?;
    body.serialize_entry("told", told.expose())?;
    body.serialize_entry("sdp_version", sdp_version)?;
    body.serialize_entry("port", port)
}

fn arrived<M: SerializeMap>(body: &mut M, event: &Event) -> Result<(), M::Error> {
    let Event::Arrived { leg, trunk, called, caller, sip_call_id, flow, version } = event else {
        return Ok(());
    };
    body.serialize_entry("leg", &Shown(leg))?;
    body.serialize_entry("trunk", &trunk.as_ref().map(|trunk| trunk.as_str()))?;
    body.serialize_entry("called", called.expose())?;
    body.serialize_entry("caller", &caller.as_ref().map(|caller| caller.expose()))?;
    body.serialize_entry("sip_call_id", sip_call_id.expose())?;
    body.serialize_entry("flow", flow.as_str())?;
    body.serialize_entry("version", version)
}

fn of_recording<M: SerializeMap>(body: &mut M, event: &Event) -> Result<(), M::Error> {
    match event {
        Event::RecordingNamed { recording, kind } => {
            body.serialize_entry("recording", &Shown(recording))?;
            body.serialize_entry("kind", kind.word())
        }
        Event::RecordingSpanBegan { recording } => body.serialize_entry("recording", &Shown(recording)),
        Event::RecordingPaused { recording, frame } | Event::RecordingResumed { recording, frame } => {
            body.serialize_entry("recording", &Shown(recording))?;
            body.serialize_entry("frame", frame)
        }
        Event::RecordingSpanEnded { recording, frames, dropped } => {
            body.serialize_entry("recording", &Shown(recording))?;
            body.serialize_entry("frames", frames)?;
            body.serialize_entry("dropped", dropped)
        }
        Event::RecordingFailed { recording, fault, milliseconds } => {
            body.serialize_entry("recording", &Shown(recording))?;
            body.serialize_entry("fault", fault.word())?;
            body.serialize_entry("milliseconds", milliseconds)
        }
        Event::RecordingClosed { recording, milliseconds }
        | Event::RecordingRecovered { recording, milliseconds } => {
            body.serialize_entry("recording", &Shown(recording))?;
            body.serialize_entry("milliseconds", milliseconds)
        }
        _ => Ok(()),
    }
}

fn of_fact<M: SerializeMap>(body: &mut M, fact: &Fact) -> Result<(), M::Error> {
    match fact {
        Fact::StepEntered { flow, step } => {
            body.serialize_entry("flow", flow.as_str())?;
            body.serialize_entry("step", step.as_str())
        }
        Fact::Chosen { key, answer } => {
            body.serialize_entry("key", key.expose().word())?;
            body.serialize_entry("answer", answer.as_str())
        }
        Fact::Missed { silence, count } => {
            body.serialize_entry("silence", silence)?;
            body.serialize_entry("count", count)
        }
        Fact::Closed { prompt, then } => {
            body.serialize_entry("prompt", prompt.as_str())?;
            body.serialize_entry("then", then.word())
        }
        Fact::ByPhone(did) => by_phone(body, did),
        Fact::LanguageChosen(language) => body.serialize_entry("language", language.as_str()),
        Fact::NoticeGiven
        | Fact::NoticeCut
        | Fact::FaxHeard
        | Fact::RecordingRefused
        | Fact::NotConnected => Ok(()),
        Fact::LadderRung { rung, why } => {
            body.serialize_entry("rung", rung)?;
            body.serialize_entry("why", why.word())
        }
        Fact::Promised { within_working_days } => {
            body.serialize_entry("within_working_days", within_working_days)
        }
        Fact::Requested { host, outcome, milliseconds } => {
            body.serialize_entry("host", host)?;
            body.serialize_entry("outcome", &outcome.to_string())?;
            body.serialize_entry("milliseconds", milliseconds)
        }
        Fact::Fault { what } => body.serialize_entry("what", what),
    }
}

fn by_phone<M: SerializeMap>(body: &mut M, did: &ByPhone) -> Result<(), M::Error> {
    let what = match did {
        ByPhone::Unlocked => "unlocked",
        ByPhone::WrongPin { .. } => "wrong_pin",
        ByPhone::Locked => "locked",
        ByPhone::Close { .. } => "close",
        ByPhone::Open { .. } => "open",
        ByPhone::Kept => "kept",
        ByPhone::NotKept => "not_kept",
    };
    body.serialize_entry("did", what)?;
    match did {
        ByPhone::WrongPin { count } => body.serialize_entry("count", count),
        ByPhone::Open { numbers } => body.serialize_entry("numbers", &numbers.written()),
        ByPhone::Close { numbers, until, prompt, then } => {
            body.serialize_entry("numbers", &numbers.written())?;
            body.serialize_entry("until_us", &until.as_micros())?;
            body.serialize_entry("prompt", prompt.as_str())?;
            body.serialize_entry("then", then.word())
        }
        ByPhone::Unlocked | ByPhone::Locked | ByPhone::Kept | ByPhone::NotKept => Ok(()),
    }
}

/// A ladder in one row. Its times are microseconds since its first message; a rung leaves out what it
/// has not.
fn ladder<M: SerializeMap>(body: &mut M, ladder: &Ladder) -> Result<(), M::Error> {
    let began_us = ladder.rungs().next().map_or(0, |rung| rung.seen.at_us);
    body.serialize_entry("began_us", &began_us)?;
    body.serialize_entry("cut", &ladder.cut())?;
    body.serialize_entry("rungs", &Rungs { ladder, began_us })
}

struct Rungs<'a> {
    ladder: &'a Ladder,
    began_us: u64,
}

impl Serialize for Rungs<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut all = to.serialize_seq(None)?;
        for rung in self.ladder.rungs() {
            all.serialize_element(&OneRung { rung, began_us: self.began_us })?;
        }
        all.end()
    }
}

struct OneRung<'a> {
    rung: Rung<'a>,
    began_us: u64,
}

impl Serialize for OneRung<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let Self { rung, began_us } = self;
        let mut body = to.serialize_map(None)?;
        body.serialize_entry("at", &rung.seen.at_us.saturating_sub(*began_us))?;
        body.serialize_entry("way", rung.seen.heading.word())?;
        body.serialize_entry("leg", &Shown(rung.seen.leg))?;
        body.serialize_entry("over", rung.seen.transport.word())?;
        body.serialize_entry("method", &*rung.method)?;
        body.serialize_entry("cseq", &rung.cseq)?;
        body.serialize_entry("branch", &*rung.branch)?;
        match &rung.start {
            Start::Request { uri } => body.serialize_entry("uri", &**uri.expose())?,
            Start::Status { status, phrase } => {
                body.serialize_entry("status", status)?;
                put(&mut body, "phrase", phrase.as_deref())?;
            }
        }
        put(&mut body, "reason", rung.reason.as_deref())?;
        put(&mut body, "media", rung.media.as_deref())?;
        put(&mut body, "fork", Some(rung.fork).filter(|fork| *fork != 0))?;
        if rung.again != 0 {
            body.serialize_entry("again", &rung.again)?;
            body.serialize_entry("last", &rung.last_us.saturating_sub(*began_us))?;
        }
        body.end()
    }
}

/// A field, if there is a value.
fn put<M: SerializeMap, T: Serialize>(body: &mut M, name: &str, value: Option<T>) -> Result<(), M::Error> {
    value.map_or(Ok(()), |value| body.serialize_entry(name, &value))
}

struct Media<'a>(&'a Counters);

impl Serialize for Media<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let Counters { received, sent, lost, refused, malformed, jitter_us, keys, late, .. } = self.0;
        let Counters { burst_ratio, mos, round_trip_us, their_lost, their_jitter_us, their_mos, .. } = self.0;
        let mut body = to.serialize_map(None)?;
        body.serialize_entry("received", received)?;
        body.serialize_entry("sent", sent)?;
        body.serialize_entry("lost", lost)?;
        body.serialize_entry("refused", refused)?;
        body.serialize_entry("malformed", malformed)?;
        body.serialize_entry("jitter_us", jitter_us)?;
        body.serialize_entry("keys", keys)?;
        put(&mut body, "late", Some(late).filter(|late| **late > 0))?;
        put(&mut body, "burst_ratio", *burst_ratio)?;
        put(&mut body, "mos", *mos)?;
        put(&mut body, "round_trip_us", *round_trip_us)?;
        put(&mut body, "their_lost", *their_lost)?;
        put(&mut body, "their_jitter_us", *their_jitter_us)?;
        put(&mut body, "their_mos", *their_mos)?;
        body.end()
    }
}
