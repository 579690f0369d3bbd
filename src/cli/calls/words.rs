//! Words and forms in which calls are told: causes, numbers, times and tables.
//!
//! The one place that decides how much of a number is printed.

use super::Numbers;
use crate::call::recording::RecordingFault;
use crate::clock::WallTime;
use crate::flow::action::{Fact, Why};
use crate::flow::closing::Then;
use crate::flow::closing::change::ByPhone;
use crate::id::LegId;
use crate::io::store::words::Word;
use crate::phi::Phi;
use crate::report::event::{Cause, Diverted, Party, SilenceStep, TransferMeans, TransferStep};
use crate::wire::sip::diversion::Why as DivertedWhy;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::time::Duration;

/// Who puts whom on hold.
pub fn hold_begins(by: Party) -> &'static str {
    match by {
        Party::Person => "the person puts the caller on hold",
        Party::Caller | Party::Flow | Party::Engine => "put on hold",
    }
}

/// Whose hold is over.
pub fn hold_ends(by: Party) -> &'static str {
    match by {
        Party::Person => "the person's hold is over",
        Party::Caller | Party::Flow | Party::Engine => "taken back from hold",
    }
}

/// Who had sent the call on to us, and why.
pub fn diverted(it: &Diverted, numbers: Numbers) -> String {
    let shown = |it: &Option<Phi<String>>| {
        it.as_ref().map_or_else(|| "a number that is not told".to_owned(), |it| number(it, numbers))
    };
    let why = match it.why {
        DivertedWhy::Unknown => "nobody says why",
        DivertedWhy::Busy => "it was busy",
        DivertedWhy::NoAnswer => "nobody answered there",
        DivertedWhy::Unavailable => "it could not be reached",
        DivertedWhy::Always => "all its calls are",
        DivertedWhy::Chosen => "somebody, or a rule, chose so",
    };
    let before = match it.times {
        0 | 1 => String::new(),
        times => format!("; first meant for {}, {times} times in all", shown(&it.first)),
    };
    format!("sent on by {}: {why}{before}", shown(&it.by))
}

/// A call to a person that came back to us.
pub fn came_back(leg: LegId) -> String {
    format!(
        "the call to the person came back to us and was refused: that telephone sends its calls on to a line of ours ({leg})"
    )
}

/// That no sound comes of a party, and what is known of it.
pub fn silent(leg: LegId, step: SilenceStep) -> String {
    match step {
        SilenceStep::Began => {
            format!("no sound comes from {leg} any more: its phone is asked whether it is there")
        }
        SilenceStep::NothingYet => {
            format!("{leg} has answered and sent no sound yet")
        }
        SilenceStep::Alive => format!("the phone of {leg} answers, and sends no sound: is it muted?"),
        SilenceStep::Gone => format!("the phone of {leg} is gone: it does not answer any more"),
        SilenceStep::NeverHeard => {
            format!("{leg} never sent any sound: hung up, and the caller is led on to the next one")
        }
    }
}

/// How a person hands the talk on.
pub fn transferred(by: LegId, step: &TransferStep) -> String {
    match step {
        TransferStep::Began { target, means } => {
            let how = match means {
                TransferMeans::Phone => "",
                TransferMeans::Command => ", by command",
                TransferMeans::Keys => ", by keys",
                TransferMeans::KeysAttended => ", by keys, after a word with him",
            };
            format!("the person ({by}) hands the caller on to {target}{how}")
        }
        TransferStep::Consults { with } => format!("the person ({by}) speaks with {with}: the caller waits"),
        TransferStep::Refused { status } => {
            format!("a transfer that {by} asked for may not be (SIP status {status})")
        }
        TransferStep::Left => format!("the person ({by}) hung up meanwhile"),
        TransferStep::Done { to } => format!("handed on by the person ({by}): the caller talks by {to}"),
        TransferStep::Taken { into } => {
            format!("handed on by {by}: who talked here talks with the caller of {into} now")
        }
        TransferStep::Failed { status } => {
            format!("not handed on by the person ({by}): nobody was reached (SIP status {status})")
        }
    }
}

/// What a flow told, in words; a key only for who may see numbers.
pub fn flow_told(fact: &Fact, numbers: Numbers) -> String {
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
        (Fact::FaxHeard, _) => "a fax machine called".to_owned(),
        (Fact::Closed { prompt, then: Then::AfterHours }, _) => {
            format!("closed by hand: {prompt}, then after_hours")
        }
        (Fact::Closed { prompt, then: Then::Open }, _) => {
            format!("closed by hand: {prompt}, then the number as always")
        }
        (Fact::ByPhone(did), _) => by_phone(did),
        (Fact::NotConnected, _) => "the flow asked for what nothing is connected to".to_owned(),
        (Fact::NoticeCut, _) => "the recording notice was cut short: not recorded".to_owned(),
        (Fact::RecordingRefused, _) => "the caller wants no recording".to_owned(),
        (Fact::LadderRung { rung, why }, _) => {
            format!("up the person ladder, rung {rung}: {}", why_text(*why))
        }
        (Fact::Promised { within_working_days }, _) => {
            format!("promised: a call back within {within_working_days} working day(s)")
        }
        (Fact::Requested { host, outcome, milliseconds }, _) => {
            format!("asked {host}: {} after {milliseconds} ms", outcome.to_string().replace('_', " "))
        }
        (Fact::Fault { what }, _) => format!("a fault of the flow: {what}"),
    }
}

/// What who closes lines by phone did.
fn by_phone(did: &ByPhone) -> String {
    match did {
        ByPhone::Unlocked => "the PIN was right".to_owned(),
        ByPhone::WrongPin { count } => format!("a wrong PIN, no. {count}"),
        ByPhone::Locked => "no PIN is looked at now: too many were wrong".to_owned(),
        ByPhone::Close { numbers, until, prompt, then } => {
            let until = Timestamp::from_microsecond(until.as_micros()).map(|at| at.to_string());
            let until = until.unwrap_or_default();
            format!(
                "by phone, confirmed: {} closed until {until}, {prompt}, then {}",
                numbers.written(),
                then.word()
            )
        }
        ByPhone::Open { numbers } => format!("by phone, confirmed: {} open again", numbers.written()),
        ByPhone::Kept => "what was confirmed is kept and holds".to_owned(),
        ByPhone::NotKept => "what was confirmed could not be kept: all is as it was".to_owned(),
    }
}

/// The cause, and who ended the call where the cause does not say it.
pub fn by_whom(why: Cause, by: Party) -> String {
    match why {
        Cause::Normal => format!("{}, by {}", cause(why), party(by)),
        Cause::Cancelled
        | Cause::Draining
        | Cause::NoCommonMedia
        | Cause::AckMissing
        | Cause::MediaLost
        | Cause::SessionLost
        | Cause::TooLong
        | Cause::EngineRestart => cause(why).to_owned(),
    }
}

/// Why a call ended, in words.
pub fn cause(cause: Cause) -> &'static str {
    match cause {
        Cause::Normal => "hung up",
        Cause::Cancelled => "given up before the answer",
        Cause::Draining => "the engine was stopping",
        Cause::NoCommonMedia => "no codec in common",
        Cause::AckMissing => "the ACK never came",
        Cause::SessionLost => "the phone no longer knew the call",
        Cause::MediaLost => "no sound came any more",
        Cause::TooLong => "at its greatest length",
        Cause::EngineRestart => "the engine stopped in mid-call",
    }
}

/// Who, in words.
pub fn party(party: Party) -> &'static str {
    match party {
        Party::Caller => "the caller",
        Party::Person => "the person",
        Party::Flow => "the flow",
        Party::Engine => "the engine",
    }
}

/// Why the person ladder was taken, in words.
pub fn why_text(why: Why) -> &'static str {
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

/// Why a recording broke off, in words.
pub fn fault_text(fault: RecordingFault) -> &'static str {
    match fault {
        RecordingFault::DiskFull => "the disk is full",
        RecordingFault::Quota => "the quota of recordings is used up",
        RecordingFault::Io => "the disk failed",
        RecordingFault::Busy => "too many recordings at once",
    }
}

/// A number, or `…` and its last two digits.
pub fn number(number: &Phi<String>, numbers: Numbers) -> String {
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
pub fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

/// Free text of a peer: in it, whatever is long enough for a telephone number is shown as a number is.
pub fn masked(text: &str, numbers: Numbers) -> String {
    if numbers == Numbers::Full {
        return printable(text);
    }
    let mut shown = String::new();
    let mut run = String::new();
    for c in text.chars().chain(['\0']) {
        if c.is_ascii_digit() {
            run.push(c);
            continue;
        }
        match run.len() {
            ..NUMBER_DIGITS_MIN => shown.push_str(&run),
            length => shown.push_str(&format!("…{}", &run[length - 2..])),
        }
        run.clear();
        shown.push(c);
    }
    shown.pop();
    printable(&shown)
}

/// Digits in a row that may be a telephone number: codes of causes are shorter.
const NUMBER_DIGITS_MIN: usize = 5;

/// A time of the calendar in this zone.
pub fn date_time(at: WallTime, zone: &TimeZone, format: &str) -> String {
    let stamp = Timestamp::from_microsecond(at.as_micros()).unwrap_or(Timestamp::UNIX_EPOCH);
    stamp.to_zoned_datetime(zone.clone()).strftime(format).to_string()
}

/// Minutes, seconds and a tenth: `1:02.5`.
pub fn clock(span: Duration) -> String {
    let tenths = span.as_millis() / 100;
    format!("{}:{:02}.{}", tenths / 600, tenths / 10 % 60, tenths % 10)
}

/// Columns as wide as their widest cell, two spaces between them; those in `right` end where the others begin.
pub fn table<const N: usize>(rows: &[[String; N]], right: &[usize]) -> String {
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

/// Two spaces before each line.
pub fn indented(text: &str) -> String {
    text.lines().map(|line| format!("  {line}\n")).collect()
}
