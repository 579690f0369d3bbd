//! `careline calls [ID]`: the last calls as a table, or one call with its path, recordings and counters.
//!
//! Telephone numbers, pressed keys and SIP's Call-ID belong to the patient: without `--numbers` only the
//! last two digits of a number are printed and keys not at all. Reads the store on its own connection, so
//! that it can be used beside a running engine.

use crate::call::recording::{RecordingFault, RecordingKind};
use crate::clock::WallTime;
use crate::config::Config;
use crate::flow::action::{Fact, Why};
use crate::id::{CallId, LegId};
use crate::io::recorder::disk::relative_path;
use crate::io::store::read::{self, CallLine, LineEnd};
use crate::io::store::words::Word;
use crate::media::command::Counters;
use crate::phi::Phi;
use crate::report::cdr::{Moment, Record, Recording, RecordingState};
use crate::report::event::{Cause, Entry, Event, Party};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

/// How much of a patient's numbers is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Numbers {
    /// The last two digits.
    Masked,
    /// All of it: for who may see it.
    Full,
}

/// Prints the list, or one call.
pub fn run(config: &Config, id: Option<&str>, last: u32, numbers: Numbers) -> ExitCode {
    let zone = TimeZone::system();
    let text = match id {
        None => read::calls(&config.store, last)
            .map_err(|error| error.to_string())
            .map(|calls| list(&calls, numbers, &zone)),
        Some(id) => one(config, id, numbers, &zone),
    };
    match text {
        Ok(text) => {
            print!("{text}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn one(config: &Config, id: &str, numbers: Numbers, zone: &TimeZone) -> Result<String, String> {
    let call: CallId = id.parse().map_err(|error| format!("`{id}`: {error}"))?;
    let entries = read::call(&config.store, call).map_err(|error| error.to_string())?;
    show(&entries, numbers, zone, &config.recordings.directory).ok_or_else(|| {
        format!("no call {call} in {}: `careline calls` lists those there are", config.store.display())
    })
}

/// The calls as a table whose columns fit their contents.
pub fn list(calls: &[CallLine], numbers: Numbers, zone: &TimeZone) -> String {
    if calls.is_empty() {
        return "no calls yet\n".to_owned();
    }
    let head = ["call", "local time", "from", "to", "flow", "rang", "talked", "end"].map(str::to_owned);
    let rows = calls.iter().map(|call| {
        let end = call.end.as_ref();
        [
            call.call.to_string(),
            date_time(call.arrived, zone, "%Y-%m-%d %H:%M:%S"),
            call.caller.as_ref().map_or("anonymous".to_owned(), |caller| number(caller, numbers)),
            number(&call.called, numbers),
            call.flow.to_string(),
            end.map_or(String::new(), |end| clock(end.ring)),
            end.map_or(String::new(), |end| clock(end.talk)),
            end.map_or("goes on".to_owned(), ended),
        ]
    });
    let rows: Vec<[String; 8]> = std::iter::once(head).chain(rows).collect();
    table(&rows, &[4, 5, 6])
}

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
            ["leg", "received", "sent", "lost", "refused", "malformed", "jitter", "keys"].map(str::to_owned);
        let rows: Vec<[String; 8]> = std::iter::once(head)
            .chain(record.media.iter().map(|(leg, counters)| media_row(*leg, counters)))
            .collect();
        text.push_str(&format!("\nsound\n{}", indented(&table(&rows, &[1, 2, 3, 4, 5, 6, 7]))));
    }
    Some(text)
}

fn summary(record: &Record, numbers: Numbers, zone: &TimeZone) -> String {
    let mut lines = vec![format!("call {}", record.call)];
    if let Some(arrived) = record.arrived {
        lines[0].push_str(&format!("   {}", date_time(arrived.at, zone, "%Y-%m-%d %H:%M:%S %Z")));
    }
    if let Some(arrival) = &record.arrival {
        let caller = arrival.caller.as_ref().map_or("anonymous".to_owned(), |caller| number(caller, numbers));
        let trunk = arrival.trunk.as_ref().map_or(String::new(), |trunk| format!(", over trunk {trunk}"));
        lines.push(format!("  from {caller} to {}{trunk}", number(&arrival.called, numbers)));
        let version: String = arrival.version.chars().take(12).collect();
        lines.push(format!("  flow {}, version {version}", arrival.flow));
        if numbers == Numbers::Full {
            lines.push(format!("  SIP Call-ID {}", arrival.sip_call_id.expose()));
        }
    }
    let codec = record.codec.map_or(String::new(), |codec| format!(", {}", codec.word()));
    let language =
        record.language.as_ref().map_or(String::new(), |language| format!(", language {language}"));
    lines.push(format!("  rang {}, talked {}{codec}{language}", clock(record.ring()), clock(record.talk())));
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
        Event::Answered { codec } => format!("answered in {}", codec.word()),
        Event::Heard { by_ack: true } => "the caller can hear".to_owned(),
        Event::Heard { by_ack: false } => "the caller can hear (his sound came before his ACK)".to_owned(),
        Event::Flow(fact) => flow_told(fact, numbers),
        Event::RecordingSpanBegan { recording } => format!("recording {recording} runs"),
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
        Event::PersonNotReached { leg, status } => format!("nobody reached ({leg}, SIP status {status})"),
        Event::Bridged { leg } => format!("talking with a person ({leg})"),
        Event::Unbridged { leg } => format!("no longer talking with the person ({leg})"),
        Event::MessageSaved { recording } => format!("message saved ({recording})"),
        Event::Hold { on: true } => "put on hold".to_owned(),
        Event::Hold { on: false } => "taken back from hold".to_owned(),
        Event::MediaClosed { .. } | Event::Ladder(_) => return None,
        Event::Ended { cause: why, by, .. } => format!("ended: {}", by_whom(*why, *by)),
    })
}

fn flow_told(fact: &Fact, numbers: Numbers) -> String {
    match (fact, numbers) {
        (Fact::StepEntered { flow, step }, _) => format!("step {flow} / {step}"),
        (Fact::Chosen { key, answer }, Numbers::Full) => format!("key {} → {answer}", key.expose().word()),
        (Fact::Chosen { answer, .. }, Numbers::Masked) => format!("a key → {answer}"),
        (Fact::Missed { silence: true, count }, _) => format!("silence, no. {count}"),
        (Fact::Missed { silence: false, count }, _) => {
            format!("a key that the step does not know, no. {count}")
        }
        (Fact::LanguageChosen(language), _) => format!("language {language}"),
        (Fact::NoticeGiven, _) => "the recording notice was heard".to_owned(),
        (Fact::NoticeCut, _) => "the recording notice was cut short: not recorded".to_owned(),
        (Fact::RecordingRefused, _) => "the caller wants no recording".to_owned(),
        (Fact::LadderRung { rung, why }, _) => {
            format!("up the person ladder, rung {rung}: {}", why_text(*why))
        }
        (Fact::Promised { within_working_days }, _) => {
            format!("promised: a call back within {within_working_days} working day(s)")
        }
        (Fact::Fault { what }, _) => format!("a fault of the flow: {what}"),
    }
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

fn media_row(leg: LegId, counters: &Counters) -> [String; 8] {
    let jitter_ms = f64::from(counters.jitter) / 8.0;
    [
        leg.to_string(),
        counters.received.to_string(),
        counters.sent.to_string(),
        counters.lost.to_string(),
        counters.refused.to_string(),
        counters.malformed.to_string(),
        format!("{jitter_ms:.1} ms"),
        counters.keys.to_string(),
    ]
}

fn ended(end: &LineEnd) -> String {
    match (&end.exit, end.cause) {
        (Some(exit), Cause::Normal) => format!("{exit}, by {}", party(end.by)),
        (Some(exit), _) => format!("{exit}, {}", cause(end.cause)),
        (None, _) => by_whom(end.cause, end.by),
    }
}

/// The cause, and who ended the call where the cause does not say it.
fn by_whom(why: Cause, by: Party) -> String {
    match why {
        Cause::Normal => format!("{}, by {}", cause(why), party(by)),
        Cause::Cancelled | Cause::Full | Cause::Draining | Cause::NoCommonMedia | Cause::AckMissing => {
            cause(why).to_owned()
        }
        Cause::MediaLost | Cause::TooLong | Cause::RangTooLong | Cause::EngineRestart | Cause::Fault => {
            cause(why).to_owned()
        }
    }
}

fn cause(cause: Cause) -> &'static str {
    match cause {
        Cause::Normal => "hung up",
        Cause::Cancelled => "given up before the answer",
        Cause::Full => "the engine was full",
        Cause::Draining => "the engine was stopping",
        Cause::NoCommonMedia => "no codec in common",
        Cause::AckMissing => "the ACK never came",
        Cause::MediaLost => "no sound came any more",
        Cause::TooLong => "at its greatest length",
        Cause::RangTooLong => "it rang too long",
        Cause::EngineRestart => "the engine stopped in mid-call",
        Cause::Fault => "a fault of the engine",
    }
}

fn party(party: Party) -> &'static str {
    match party {
        Party::Caller => "the caller",
        Party::Person => "the person",
        Party::Flow => "the flow",
        Party::Engine => "the engine",
    }
}

fn why_text(why: Why) -> &'static str {
    match why {
        Why::Asked => "the caller asked",
        Why::Nurse => "the caller asked for a nurse",
        Why::Crisis => "a crisis",
        Why::Silence => "silence",
        Why::WrongKeys => "wrong keys",
        Why::Emergency => "an emergency",
        Why::Fault => "a fault",
    }
}

fn fault_text(fault: RecordingFault) -> &'static str {
    match fault {
        RecordingFault::DiskFull => "the disk is full",
        RecordingFault::Quota => "the quota of recordings is used up",
        RecordingFault::Io => "the disk failed",
        RecordingFault::Busy => "too many recordings at once",
    }
}

/// A number, or `…` and its last two digits.
fn number(number: &Phi<String>, numbers: Numbers) -> String {
    let digits = number.expose();
    match numbers {
        Numbers::Full => printable(digits),
        Numbers::Masked => {
            let shown: String = digits.chars().skip(digits.chars().count().saturating_sub(2)).collect();
            format!("…{}", printable(&shown))
        }
    }
}

/// What a peer sent as a number could steer a terminal.
fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

fn date_time(at: WallTime, zone: &TimeZone, format: &str) -> String {
    let stamp = Timestamp::from_microsecond(at.as_micros()).unwrap_or(Timestamp::UNIX_EPOCH);
    stamp.to_zoned_datetime(zone.clone()).strftime(format).to_string()
}

/// Minutes, seconds and a tenth: `1:02.5`.
fn clock(span: Duration) -> String {
    let tenths = span.as_millis() / 100;
    format!("{}:{:02}.{}", tenths / 600, tenths / 10 % 60, tenths % 10)
}

/// Columns as wide as their widest cell, two spaces between them; those in `right` end where the others begin.
fn table<const N: usize>(rows: &[[String; N]], right: &[usize]) -> String {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..N).map(width).collect();
    let cell = |column: usize, text: &String| {
        let pad = " ".repeat(widths[column] - text.chars().count());
        if right.contains(&column) { format!("{pad}{text}") } else { format!("{text}{pad}") }
    };
    let line = |row: &[String; N]| {
        let cells: Vec<String> = row.iter().enumerate().map(|(column, text)| cell(column, text)).collect();
        format!("{}\n", cells.join("  ").trim_end())
    };
    rows.iter().map(line).collect()
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("  {line}\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{ExitName, FlowName, Language, RecordingId, StepName};
    use crate::wire::codec::Codec;
    use crate::wire::telephone_event::Key;
    use expect_test::expect;

    const START: i64 = 1_795_465_800_000_000;

    fn entries() -> Vec<Entry> {
        let recording = RecordingId(0x2a);
        let step = |step: &str| {
            Event::Flow(Fact::StepEntered { flow: FlowName::from("entry"), step: StepName::from(step) })
        };
        let counters =
            Counters { received: 3_012, sent: 3_101, lost: 2, jitter: 12, keys: 1, ..Counters::default() };
        let events = [
            (
                0,
                Event::Arrived {
                    leg: LegId(1),
                    trunk: None,
                    called: Phi::new("+16175550100".to_owned()),
                    caller: Some(Phi::new("+16175550142".to_owned())),
                    sip_call_id: Phi::new("f81d4fae@phone".to_owned()),
                    flow: FlowName::from("entry"),
                    version: "0123456789abcdef".to_owned(),
                },
            ),
            (12, Event::Answered { codec: Codec::Pcmu }),
            (31, Event::Heard { by_ack: true }),
            (31, step("hello")),
            (9_000, Event::Flow(Fact::NoticeGiven)),
            (9_001, Event::RecordingNamed { recording, kind: RecordingKind::Call }),
            (9_020, Event::RecordingSpanBegan { recording }),
            (
                9_500,
                Event::Flow(Fact::Chosen { key: Phi::new(Key::Digit(4)), answer: StepName::from("nurse") }),
            ),
            (9_500, Event::Flow(Fact::LanguageChosen(Language::from("es")))),
            (9_510, Event::Flow(Fact::LadderRung { rung: 1, why: Why::Nurse })),
            (9_520, Event::PersonCalled { leg: LegId(2), target: "sip:front-desk@10.0.0.5".to_owned() }),
            (14_000, Event::Bridged { leg: LegId(2) }),
            (71_900, Event::RecordingSpanEnded { recording, frames: 3_144, dropped: 0 }),
            (72_000, Event::MediaClosed { leg: LegId(1), counters }),
            (
                72_012,
                Event::Ended {
                    cause: Cause::Normal,
                    by: Party::Caller,
                    exit: Some(ExitName::from("talked")),
                },
            ),
            (72_400, Event::RecordingClosed { recording, milliseconds: 62_880 }),
        ];
        let entry = |(seq, (ms, event)): (usize, (u64, Event))| Entry {
            seq: seq as u64 + 1,
            at: WallTime::from_micros(START + ms as i64 * 1_000),
            since_start_us: 5_000_000 + ms * 1_000,
            call: CallId(0x1f3),
            event,
        };
        events.into_iter().enumerate().map(entry).collect()
    }

    fn lines() -> Vec<CallLine> {
        let line = |call: u64, caller: Option<&str>, end: Option<LineEnd>| CallLine {
            call: CallId(call),
            arrived: WallTime::from_micros(START),
            called: Phi::new("100".to_owned()),
            caller: caller.map(|caller| Phi::new(caller.to_owned())),
            flow: FlowName::from("entry"),
            end,
        };
        let end = |cause: Cause, by: Party, exit: Option<&str>| {
            let (ring, talk) = (Duration::from_millis(40), Duration::from_millis(62_550));
            Some(LineEnd { ring, talk, exit: exit.map(ExitName::from), cause, by })
        };
        vec![
            line(0x1f4, None, None),
            line(0x1f3, Some("+16175550142"), end(Cause::Normal, Party::Flow, Some("message_left"))),
            line(0x1f2, Some("7\u{1b}[31m"), end(Cause::EngineRestart, Party::Engine, None)),
        ]
    }

    #[test]
    fn the_list_is_a_table_without_a_whole_number_in_it() {
        let text = list(&lines(), Numbers::Masked, &TimeZone::UTC);
        expect![[r#"
            call  local time           from       to    flow    rang  talked  end
            c1f4  2026-11-23 20:30:00  anonymous  …00  entry                  goes on
        "#]]
        .assert_eq(&text.lines().take(2).map(|line| format!("{line}\n")).collect::<String>());
        assert!(!text.contains("5550142") && !text.contains('\u{1b}'), "{text}");
        assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
        assert_eq!(list(&[], Numbers::Masked, &TimeZone::UTC), "no calls yet\n");
        assert!(list(&lines(), Numbers::Full, &TimeZone::UTC).contains("+16175550142"));
    }

    #[test]
    fn one_call_is_told_from_its_first_ring_to_its_recording() {
        let text = show(&entries(), Numbers::Masked, &TimeZone::UTC, Path::new("data")).unwrap();
        expect![[r#"
            call c1f3   2026-11-23 20:30:00 UTC
              from …42 to …00
              flow entry, version 0123456789ab
              rang 0:00.0, talked 1:12.0, PCMU, language es
              ended: hung up, by the caller, exit talked

            path
                   0.00 s  the call came in
                   0.01 s  answered in PCMU
                   0.03 s  the caller can hear
                   0.03 s  step entry / hello
                   9.00 s  the recording notice was heard
                   9.02 s  recording r2a runs
                   9.50 s  a key → nurse
                   9.50 s  language es
                   9.51 s  up the person ladder, rung 1: the caller asked for a nurse
                   9.52 s  calling sip:front-desk@10.0.0.5 (l2)
                  14.00 s  talking with a person (l2)
                  71.90 s  recording r2a stops
                  72.01 s  ended: hung up, by the caller

            recordings
              r2a  the call  1:02.8  complete  data/2026/11/23/r2a.wav

            sound
              leg  received  sent  lost  refused  malformed  jitter  keys
              l1       3012  3101     2        0          0  1.5 ms     1
        "#]]
        .assert_eq(&text);
    }

    #[test]
    fn numbers_keys_and_the_call_id_are_printed_only_when_asked_for() {
        let full = show(&entries(), Numbers::Full, &TimeZone::UTC, Path::new("data")).unwrap();
        let masked = show(&entries(), Numbers::Masked, &TimeZone::UTC, Path::new("data")).unwrap();
        for secret in ["+16175550142", "f81d4fae@phone", "key 4"] {
            assert!(full.contains(secret) && !masked.contains(secret), "{secret}:\n{masked}");
        }
    }

    #[test]
    fn a_call_that_goes_on_says_so() {
        let text = show(&entries()[..4], Numbers::Masked, &TimeZone::UTC, Path::new("data")).unwrap();
        assert!(text.contains("it goes on"), "{text}");
        assert_eq!(show(&[], Numbers::Masked, &TimeZone::UTC, Path::new("data")), None);
    }
}
