//! Events as rows: a kind and a JSON body. The types below the edges know nothing of JSON; this is their format.
//!
//! A body is an object with the event's own fields by their names; ids are written as they print
//! (`c1f3`), enums as the words of `store/words.rs`. Numbers and keys of a patient stand here in the
//! clear: the store is the place for them. `store/decode.rs` reads it back.

use super::words::Word;
use crate::flow::action::Fact;
use crate::media::command::Counters;
use crate::report::event::Event;
use crate::report::ladder::{Ladder, Rung, Start};
use serde_json::{Map, Value, json};

/// The kind and the body of an event.
pub fn encode(event: &Event) -> (&'static str, Value) {
    match event {
        Event::Arrived { .. } => ("arrived", arrived(event)),
        Event::Answered { codec } => ("answered", json!({ "codec": codec.word() })),
        Event::Heard { by_ack } => ("heard", json!({ "by_ack": by_ack })),
        Event::Flow(fact) => flow(fact),
        Event::RecordingNamed { .. }
        | Event::RecordingSpanBegan { .. }
        | Event::RecordingSpanEnded { .. }
        | Event::RecordingClosed { .. }
        | Event::RecordingFailed { .. }
        | Event::RecordingRecovered { .. } => recording(event),
        Event::PersonCalled { leg, target } => {
            ("person_called", json!({ "leg": leg.to_string(), "target": target }))
        }
        Event::PersonNotReached { leg, status } => {
            ("person_not_reached", json!({ "leg": leg.to_string(), "status": status }))
        }
        Event::Bridged { leg } => ("bridged", json!({ "leg": leg.to_string() })),
        Event::Unbridged { leg } => ("unbridged", json!({ "leg": leg.to_string() })),
        Event::MessageSaved { recording } => ("message_saved", json!({ "recording": recording.to_string() })),
        Event::Hold { on } => ("hold", json!({ "on": on })),
        Event::MediaClosed { leg, counters } => {
            ("media_closed", json!({ "leg": leg.to_string(), "counters": media(counters) }))
        }
        Event::Ladder(its) => ("ladder", ladder(its)),
        Event::Ended { cause, by, exit } => {
            let exit = exit.as_ref().map(|exit| exit.as_str());
            ("ended", json!({ "cause": cause.word(), "by": by.word(), "exit": exit }))
        }
    }
}

fn arrived(event: &Event) -> Value {
    let Event::Arrived { leg, trunk, called, caller, sip_call_id, flow, version } = event else {
        return Value::Null;
    };
    json!({
        "leg": leg.to_string(),
        "trunk": trunk.as_ref().map(|trunk| trunk.as_str()),
        "called": called.expose(),
        "caller": caller.as_ref().map(|caller| caller.expose()),
        "sip_call_id": sip_call_id.expose(),
        "flow": flow.as_str(),
        "version": version,
    })
}

fn recording(event: &Event) -> (&'static str, Value) {
    match event {
        Event::RecordingNamed { recording, kind } => {
            ("recording_named", json!({ "recording": recording.to_string(), "kind": kind.word() }))
        }
        Event::RecordingSpanBegan { recording } => {
            ("recording_span_began", json!({ "recording": recording.to_string() }))
        }
        Event::RecordingSpanEnded { recording, frames, dropped } => (
            "recording_span_ended",
            json!({ "recording": recording.to_string(), "frames": frames, "dropped": dropped }),
        ),
        Event::RecordingClosed { recording, milliseconds } => {
            ("recording_closed", json!({ "recording": recording.to_string(), "milliseconds": milliseconds }))
        }
        Event::RecordingFailed { recording, fault, milliseconds } => (
            "recording_failed",
            json!({ "recording": recording.to_string(), "fault": fault.word(), "milliseconds": milliseconds }),
        ),
        Event::RecordingRecovered { recording, milliseconds } => (
            "recording_recovered",
            json!({ "recording": recording.to_string(), "milliseconds": milliseconds }),
        ),
        _ => ("", Value::Null),
    }
}

fn flow(fact: &Fact) -> (&'static str, Value) {
    match fact {
        Fact::StepEntered { flow, step } => {
            ("step_entered", json!({ "flow": flow.as_str(), "step": step.as_str() }))
        }
        Fact::Chosen { key, answer } => {
            ("chosen", json!({ "key": key.expose().word(), "answer": answer.as_str() }))
        }
        Fact::Missed { silence, count } => ("missed", json!({ "silence": silence, "count": count })),
        Fact::LanguageChosen(language) => ("language_chosen", json!({ "language": language.as_str() })),
        Fact::NoticeGiven => ("notice_given", json!({})),
        Fact::NoticeCut => ("notice_cut", json!({})),
        Fact::RecordingRefused => ("recording_refused", json!({})),
        Fact::LadderRung { rung, why } => ("ladder_rung", json!({ "rung": rung, "why": why.word() })),
        Fact::Promised { within_working_days } => {
            ("promised", json!({ "within_working_days": within_working_days }))
        }
        Fact::Fault { what } => ("flow_fault", json!({ "what": what })),
    }
}

/// A ladder in one row. Its times are microseconds since its first message; a rung leaves out what it
/// has not.
fn ladder(ladder: &Ladder) -> Value {
    let began = ladder.rungs().next().map_or(0, |rung| rung.seen.at_us);
    let rungs: Vec<Value> = ladder.rungs().map(|it| rung(&it, began)).collect();
    json!({ "began_us": began, "cut": ladder.cut(), "rungs": rungs })
}

fn rung(rung: &Rung<'_>, began: u64) -> Value {
    let mut body = Map::new();
    let mut put = |name: &str, value: Value| drop(body.insert(name.to_owned(), value));
    put("at", rung.seen.at_us.saturating_sub(began).into());
    put("way", rung.seen.heading.word().into());
    put("leg", rung.seen.leg.to_string().into());
    put("over", rung.seen.transport.word().into());
    put("method", rung.method.as_ref().into());
    put("cseq", rung.cseq.into());
    put("branch", rung.branch.as_ref().into());
    match &rung.start {
        Start::Request { uri } => put("uri", uri.expose().as_ref().into()),
        Start::Status { status, phrase } => {
            put("status", (*status).into());
            phrase.iter().for_each(|phrase| put("phrase", phrase.as_ref().into()));
        }
    }
    rung.reason.iter().for_each(|reason| put("reason", reason.as_ref().into()));
    rung.media.iter().for_each(|media| put("media", media.as_ref().into()));
    if rung.fork != 0 {
        put("fork", rung.fork.into());
    }
    if rung.again != 0 {
        put("again", rung.again.into());
        put("last", rung.last_us.saturating_sub(began).into());
    }
    body.into()
}

fn media(counters: &Counters) -> Value {
    json!({
        "received": counters.received,
        "sent": counters.sent,
        "lost": counters.lost,
        "refused": counters.refused,
        "malformed": counters.malformed,
        "jitter": counters.jitter,
        "keys": counters.keys,
    })
}
