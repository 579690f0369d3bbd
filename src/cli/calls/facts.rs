//! What a line of the event log is in the picture of a call.

use super::Numbers;
use super::guests::{
    guest_called, guest_changes, guest_joins, guest_leaves, guest_not_reached, interpreter_called,
    interpreter_missing, keys_pressed,
};
use super::picture::{Edge, Mark, Span, Turn, Unplaced, What};
use super::words::{
    by_whom, came_back, diverted, fault_text, flow_told, hold_begins, hold_ends, silent, transferred,
};
use crate::flow::action::Fact;
use crate::id::LegId;
use crate::media::command::Counters;
use crate::report::cdr::Record;
use crate::report::event::{Entry, Event, Party};

/// Everything that the log tells and the arrows do not.
pub fn facts(entries: &[Entry], record: &Record, numbers: Numbers) -> Vec<Unplaced> {
    let mut rows = Vec::new();
    let mut recorded = false;
    for entry in entries {
        let Some(what) = fact(&entry.event, numbers) else { continue };
        let was_recorded = recorded;
        if let What::Edge(Span::Recording, edge, _) = &what {
            recorded = *edge == Edge::Begins;
        }
        let (at, turn) = match (&entry.event, record.ended) {
            (Event::Ended { .. }, Some(ended)) => (ended.since_start_us, Turn::Over),
            (Event::RecordingRecovered { .. }, _) if !was_recorded => continue,
            // A start after a crash finds the file; a call that did not go on was over long before.
            (Event::RecordingRecovered { .. }, Some(ended)) => {
                (entry.since_start_us.min(ended.since_start_us), Turn::Told)
            }
            (_, _) => (entry.since_start_us, Turn::Told),
        };
        rows.push((at, turn, what));
    }
    rows
}

/// What a line of the log is in the picture; `None` for what the arrows say already.
fn fact(event: &Event, numbers: Numbers) -> Option<What> {
    let note = |text: String| What::Told(Mark::Note, text);
    let begins = |span, text: String| What::Edge(span, Edge::Begins, text);
    let ends = |span, text: String| What::Edge(span, Edge::Ends, text);
    Some(match event {
        Event::Flow(fact) => flow(fact, numbers),
        Event::Diverted(it) => note(diverted(it, numbers)),
        Event::Emergency(from) => note(format!("called for help from {from}")),
        Event::Heard { by_ack: false } => {
            What::Told(Mark::Sound, "the caller's sound came before his ACK".to_owned())
        }
        Event::RecordingSpanBegan { recording } => {
            begins(Span::Recording, format!("recording {recording} begins"))
        }
        Event::RecordingPaused { recording, .. } => {
            note(format!("recording {recording} is paused: silent from here"))
        }
        Event::RecordingResumed { recording, .. } => note(format!("recording {recording} goes on")),
        Event::RecordingSpanEnded { recording, dropped: 0, .. } => {
            ends(Span::Recording, format!("recording {recording} ends"))
        }
        Event::RecordingSpanEnded { recording, dropped, .. } => {
            ends(Span::Recording, format!("recording {recording} ends; {} ms of it are silent", dropped * 20))
        }
        Event::RecordingFailed { recording, fault, .. } => {
            ends(Span::Recording, format!("recording {recording} broke off: {}", fault_text(*fault)))
        }
        Event::RecordingRecovered { recording, .. } => {
            ends(Span::Recording, format!("recording {recording} ends: the engine had stopped"))
        }
        Event::Hold { on: true, by } => begins(held(*by), hold_begins(*by).to_owned()),
        Event::Hold { on: false, by } => ends(held(*by), hold_ends(*by).to_owned()),
        Event::Silent { leg, step } => note(silent(*leg, *step)),
        Event::Transfer { by, step } => note(transferred(*by, step)),
        Event::Bridged { leg } => begins(Span::Talk, format!("talking with a person ({leg})")),
        Event::Unbridged { leg } => ends(Span::Talk, format!("no longer talking with the person ({leg})")),
        Event::PersonCalled { leg, target } => note(format!("calling {target} ({leg})")),
        Event::PersonNotReached { leg, status } => {
            note(format!("nobody reached ({leg}, SIP status {status})"))
        }
        Event::CameBack { leg } => note(came_back(*leg)),
        Event::Resumed { leg } => note(format!("the engine had stopped: back with {leg}")),
        Event::GuestCalled { leg, target, mode } => note(guest_called(*leg, target, *mode)),
        Event::InterpreterCalled { leg, vendor, language } => {
            note(interpreter_called(*leg, vendor, language))
        }
        Event::InterpreterMissing { language } => note(interpreter_missing(language)),
        Event::KeysPressed { leg, pressed } => note(keys_pressed(*leg, *pressed)),
        Event::GuestNotReached { leg, status } => note(guest_not_reached(*leg, *status)),
        Event::GuestJoined { leg, mode } => note(guest_joins(*leg, *mode)),
        Event::GuestChanged { leg, mode } => note(guest_changes(*leg, *mode)),
        Event::GuestLeft { leg } => note(guest_leaves(*leg)),
        Event::MessageSaved { recording } => note(format!("message saved ({recording})")),
        Event::MediaClosed { leg, counters } => What::Told(Mark::Sound, sound(*leg, counters)),
        Event::Ended { cause, by, exit } => {
            let exit = exit.as_ref().map_or(String::new(), |exit| format!(", exit {exit}"));
            What::Over(format!("over: {}{exit}", by_whom(*cause, *by)))
        }
        Event::Arrived { .. }
        | Event::Answered { .. }
        | Event::Heard { by_ack: true }
        | Event::RecordingNamed { .. }
        | Event::RecordingClosed { .. }
        | Event::Kept { .. }
        // It may be days later: the picture ends with the call.
        | Event::MessageDone { .. }
        | Event::Ladder(_) => return None,
    })
}

/// What lasts while that party has us on hold.
fn held(by: Party) -> Span {
    match by {
        Party::Person => Span::Wait,
        Party::Caller | Party::Flow | Party::Engine => Span::Hold,
    }
}

fn flow(fact: &Fact, numbers: Numbers) -> What {
    let mark = match fact {
        Fact::StepEntered { flow, step } => {
            return What::Step { flow: flow.to_string(), step: step.to_string() };
        }
        Fact::Chosen { .. } | Fact::Missed { .. } | Fact::RecordingRefused => Mark::Key,
        Fact::NoticeGiven | Fact::NoticeCut | Fact::FaxHeard => Mark::Sound,
        Fact::Closed { .. }
        | Fact::ByPhone(_)
        | Fact::NotConnected
        | Fact::Requested { .. }
        | Fact::LanguageChosen(_)
        | Fact::LadderRung { .. }
        | Fact::Promised { .. }
        | Fact::Fault { .. } => Mark::Note,
    };
    What::Told(mark, flow_told(fact, numbers))
}

fn sound(leg: LegId, counters: &Counters) -> String {
    let Counters { received, sent, lost, keys, jitter_us, .. } = counters;
    let jitter_ms = f64::from(*jitter_us) / 1_000.0;
    format!(
        "sound of {leg}: {received} packets in, {sent} out, {lost} lost, jitter {jitter_ms:.1} ms, keys {keys}"
    )
}
