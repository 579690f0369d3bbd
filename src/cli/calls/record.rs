//! One call as text: its path, its recordings, its counters.

use super::Numbers;
use super::guests::{
    guest_called, guest_changes, guest_joins, guest_leaves, guest_not_reached, guest_stayed,
    interpreter_called, interpreter_missing, keys_pressed,
};
use super::words::{
    by_whom, came_back, clock, date_time, diverted, fault_text, flow_told, hold_begins, hold_ends, indented,
    number, silent, table, transferred,
};
use crate::call::recording::RecordingKind;
use crate::id::LegId;
use crate::io::recorder::disk::relative_path;
use crate::io::store::words::Word;
use crate::media::command::Counters;
use crate::report::cdr::{Moment, Record, Recording, RecordingState};
use crate::report::event::{Entry, Event, TransferMeans, TransferStep};
use jiff::tz::TimeZone;
use std::path::Path;
use std::time::Duration;

/// Everything about one call; `None` when there is nothing.
pub fn show(entries: &[Entry], numbers: Numbers, zone: &TimeZone, recordings: &Path) -> Option<String> {
    let record = Record::of(entries)?;
    let mut text = summary(&record, numbers, zone);
    text.push_str("\npath\n");
    for entry in entries {
        if let Some(what) = told(&entry.event, numbers) {
            let moment = Moment { at: entry.at, since_start_us: entry.since_start_us };
            text.push_str(&format!("  {:>9.2} s  {what}\n", record.offset(moment).as_secs_f64()));
        }
    }
    if !record.recordings.is_empty() {
        let rows: Vec<[String; 5]> =
            record.recordings.iter().map(|it| recording_row(it, recordings)).collect();
        text.push_str(&format!("\nrecordings\n{}", indented(&table(&rows, &[2]))));
    }
    if !record.media.is_empty() {
        let head =
            ["leg", "received", "sent", "lost", "late", "refused", "malformed", "jitter", "MOS", "keys"];
        let rows: Vec<[String; 10]> = std::iter::once(head.map(str::to_owned))
            .chain(record.media.iter().map(|(leg, counters)| media_row(*leg, counters)))
            .collect();
        text.push_str(&format!("\nsound\n{}", indented(&table(&rows, &[1, 2, 3, 4, 5, 6, 7, 8, 9]))));
        let told = record.media.iter().filter(|(_, counters)| counters.their_lost.is_some());
        let rows: Vec<[String; 5]> = told.map(|(leg, counters)| told_row(*leg, counters)).collect();
        if !rows.is_empty() {
            let head = ["leg", "lost", "jitter", "MOS", "there and back"].map(str::to_owned);
            let rows: Vec<[String; 5]> = std::iter::once(head).chain(rows).collect();
            text.push_str(&format!(
                "\nour sound, as the other side told\n{}",
                indented(&table(&rows, &[1, 2, 3, 4]))
            ));
        }
    }
    Some(text)
}

/// How long it rang and was up; of a call that goes on, since when.
fn lasted(record: &Record, zone: &TimeZone) -> String {
    let since = |moment: &Moment| date_time(moment.at, zone, "%H:%M:%S");
    match (&record.answered, &record.arrived, record.ended) {
        (Some(answered), _, None) => format!("rang {}, up since {}", clock(record.ring()), since(answered)),
        (None, Some(arrived), None) => format!("rings since {}", since(arrived)),
        (_, _, Some(_)) | (None, None, None) => {
            format!("rang {}, talked {}", clock(record.ring()), clock(record.talk()))
        }
    }
}

/// What stands over a call: who, when, how long, how it ended.
pub fn summary(record: &Record, numbers: Numbers, zone: &TimeZone) -> String {
    let mut lines = vec![format!("call {}", record.call)];
    if let Some(arrived) = record.arrived {
        lines[0].push_str(&format!("   {}", date_time(arrived.at, zone, "%Y-%m-%d %H:%M:%S %Z")));
    }
    if let Some(arrival) = &record.arrival {
        let caller = arrival.caller.as_ref().map_or("anonymous".to_owned(), |caller| number(caller, numbers));
        let trunk = arrival.trunk.as_ref().map_or(String::new(), |trunk| format!(", over trunk {trunk}"));
        lines.push(format!("  from {caller} to {}{trunk}", number(&arrival.called, numbers)));
        if let Some(it) = &record.diverted {
            lines.push(format!("  {}", diverted(it, numbers)));
        }
        let version: String = arrival.version.chars().take(12).collect();
        lines.push(format!("  flow {}, version {version}", arrival.flow));
        if numbers == Numbers::Full {
            lines.push(format!("  SIP Call-ID {}", arrival.sip_call_id.expose()));
        }
    }
    let codec = record.codec.map_or(String::new(), |codec| format!(", {}", codec.word()));
    let language =
        record.language.as_ref().map_or(String::new(), |language| format!(", language {language}"));
    lines.push(format!("  {}{codec}{language}", lasted(record, zone)));
    match record.waits.len() {
        0 => {}
        1 => lines.push(format!("  on hold by the person once, for {}", clock(record.waited()))),
        times => {
            let all = clock(record.waited());
            lines.push(format!("  on hold by the person {times} times, for {all} in all"));
        }
    }
    lines.extend(record.transfers.iter().map(|transfer| {
        let is_taken = matches!(transfer.outcome, Some(TransferStep::Taken { .. }));
        let nobody = if is_taken { "who talked here" } else { "nobody" };
        let whom = transfer.target.as_deref().unwrap_or(nobody);
        let came = match transfer.outcome {
            Some(TransferStep::Done { .. }) => "they talked".to_owned(),
            Some(TransferStep::Failed { status }) => format!("not reached, SIP status {status}"),
            Some(TransferStep::Refused { status }) => format!("refused, SIP status {status}"),
            Some(TransferStep::Taken { into }) => format!("is handed on: talks in {into} now"),
            Some(TransferStep::Began { .. } | TransferStep::Consults { .. } | TransferStep::Left) | None => {
                if record.end.is_none() { "under way" } else { "cut off" }.to_owned()
            }
        };
        let by_keys = transfer.means.is_some_and(TransferMeans::is_by_keys);
        let how = if by_keys { ", by keys" } else { "" };
        format!("  transfer by {} to {whom}{how}: {came}", transfer.by)
    }));
    let were_in = record.guests.iter().filter(|guest| !guest.modes.is_empty());
    lines.extend(were_in.map(|guest| guest_stayed(guest, record.stayed(guest))));
    lines.push(match &record.end {
        None => "  it goes on, or the engine has not been started since".to_owned(),
        Some(end) => {
            let exit = end.exit.as_ref().map_or(String::new(), |exit| format!(", exit {exit}"));
            format!("  ended: {}{exit}", by_whom(end.cause, end.by))
        }
    });
    lines.push(String::new());
    lines.join("\n")
}

/// One line of the path; `None` for what stands elsewhere in the text.
fn told(event: &Event, numbers: Numbers) -> Option<String> {
    Some(match event {
        Event::Arrived { .. } => "the call came in".to_owned(),
        Event::Diverted(it) => diverted(it, numbers),
        Event::Emergency(from) => format!("called for help from {from}"),
        Event::Answered { codec } => format!("answered in {}", codec.word()),
        Event::Heard { by_ack: true } => "the caller can hear".to_owned(),
        Event::Heard { by_ack: false } => "the caller can hear (his sound came before his ACK)".to_owned(),
        Event::Flow(fact) => flow_told(fact, numbers),
        Event::RecordingSpanBegan { recording } => format!("recording {recording} runs"),
        Event::RecordingPaused { recording, .. } => {
            format!("recording {recording} is paused: silent from here")
        }
        Event::RecordingResumed { recording, .. } => format!("recording {recording} goes on"),
        Event::RecordingSpanEnded { recording, dropped: 0, .. } => format!("recording {recording} stops"),
        Event::RecordingSpanEnded { recording, dropped, .. } => {
            format!(
                "recording {recording} stops; {dropped} frames of 20 ms were too fast for the disk and are silent"
            )
        }
        Event::RecordingFailed { recording, fault, .. } => {
            format!("recording {recording} broke off: {}", fault_text(*fault))
        }
        Event::RecordingNamed { .. } | Event::RecordingClosed { .. } | Event::RecordingRecovered { .. } => {
            return None;
        }
        Event::PersonCalled { leg, target } => format!("calling {target} ({leg})"),
        Event::CameBack { leg } => came_back(*leg),
        Event::PersonNotReached { leg, status } => format!("nobody reached ({leg}, SIP status {status})"),
        Event::Bridged { leg } => format!("talking with a person ({leg})"),
        Event::Unbridged { leg } => format!("no longer talking with the person ({leg})"),
        Event::Resumed { leg } => format!("the engine had stopped: back with {leg}"),
        Event::GuestCalled { leg, target, mode } => guest_called(*leg, target, *mode),
        Event::InterpreterCalled { leg, vendor, language } => interpreter_called(*leg, vendor, language),
        Event::InterpreterMissing { language } => interpreter_missing(language),
        Event::KeysPressed { leg, pressed } => keys_pressed(*leg, *pressed),
        Event::GuestNotReached { leg, status } => guest_not_reached(*leg, *status),
        Event::GuestJoined { leg, mode } => guest_joins(*leg, *mode),
        Event::GuestChanged { leg, mode } => guest_changes(*leg, *mode),
        Event::GuestLeft { leg } => guest_leaves(*leg),
        Event::MessageSaved { recording } => format!("message saved ({recording})"),
        Event::MessageDone { recording, .. } => format!("message marked as done ({recording})"),
        Event::Hold { on: true, by } => hold_begins(*by).to_owned(),
        Event::Silent { leg, step } => silent(*leg, *step),
        Event::Transfer { by, step } => transferred(*by, step),
        Event::Hold { on: false, by } => hold_ends(*by).to_owned(),
        Event::MediaClosed { .. } | Event::Ladder(_) | Event::Kept { .. } => return None,
        Event::Ended { cause: why, by, .. } => format!("ended: {}", by_whom(*why, *by)),
    })
}

fn recording_row(recording: &Recording, folder: &Path) -> [String; 5] {
    let (state, milliseconds) = match recording.state {
        RecordingState::Unfinished => ("under way".to_owned(), 20 * recording.frames),
        RecordingState::Closed { milliseconds } => ("complete".to_owned(), milliseconds),
        RecordingState::Failed { fault, milliseconds } => {
            (format!("broke off: {}", fault_text(fault)), milliseconds)
        }
        RecordingState::Recovered { milliseconds } => ("recovered after a restart".to_owned(), milliseconds),
    };
    let kind = match recording.kind {
        RecordingKind::Call => "the call",
        RecordingKind::Message => "a message",
    };
    let path = folder.join(relative_path(recording.recording, recording.named.at, 1));
    let length = clock(Duration::from_millis(milliseconds));
    [recording.recording.to_string(), kind.to_owned(), length, state, path.display().to_string()]
}

/// Milliseconds, as the tables show them.
fn ms(micros: u32) -> String {
    format!("{:.1} ms", f64::from(micros) / 1_000.0)
}

/// A score of ITU-T G.107: 4.4 is as good as a telephone gets, under 3.6 many are not content.
fn score(mos: Option<u16>) -> String {
    mos.map_or("-".to_owned(), |mos| format!("{}.{:02}", mos / 100, mos % 100))
}

fn told_row(leg: LegId, counters: &Counters) -> [String; 5] {
    [
        leg.to_string(),
        counters.their_lost.unwrap_or_default().to_string(),
        ms(counters.their_jitter_us.unwrap_or_default()),
        score(counters.their_mos),
        counters.round_trip_us.map_or("-".to_owned(), ms),
    ]
}

fn media_row(leg: LegId, counters: &Counters) -> [String; 10] {
    [
        leg.to_string(),
        counters.received.to_string(),
        counters.sent.to_string(),
        counters.lost.to_string(),
        counters.late.to_string(),
        counters.refused.to_string(),
        counters.malformed.to_string(),
        ms(counters.jitter_us),
        score(counters.mos),
        counters.keys.to_string(),
    ]
}
