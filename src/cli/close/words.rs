//! How closings are told: on a line, as a table, and for a number at a time.

use crate::cli::calls::words::table as columns;
use crate::cli::explain::When;
use crate::clock::WallTime;
use crate::flow::closing::{AFTER_HOURS, Closing, Closings, Numbers, Then};
use crate::flow::hours::until::Clock;
use crate::flow::hours::zone;
use crate::flow::set::FlowSet;
use crate::id::FlowName;
use jiff::Timestamp;
use jiff::tz::TimeZone;

/// What was done by `careline close`.
pub fn made(set: &FlowSet, closing: &Closing, clock: Clock) -> String {
    let jump = match clock {
        Clock::Once => "",
        Clock::Twice => "  that time comes twice, for the clocks are set back: the second time is meant\n",
        Clock::Never => "  the time that was typed does not exist, for the clocks are set forward over it\n",
    };
    let open: Vec<&str> = match &closing.numbers {
        Numbers::These(_) => Vec::new(),
        Numbers::All => {
            set.numbers().filter(|(_, flow)| set.is_urgent(flow)).map(|(number, _)| number).collect()
        }
    };
    let open = match open.as_slice() {
        [] => String::new(),
        open => format!("  open as always, for they lead to urgent flows: {}\n", open.join(", ")),
    };
    let then = match closing.then {
        Then::Open => "then the number as always",
        Then::AfterHours if set.position(&FlowName::from(AFTER_HOURS)).is_some() => "then after_hours",
        Then::AfterHours => "then a person, for there is no flow `after_hours`",
    };
    format!(
        "closed: {} until {}\n{jump}{open}  callers hear the emergency and crisis lines as always, then {}, {then}\n",
        numbers(closing),
        shown(closing),
        closing.say
    )
}

/// What was done by `careline open`.
///
/// # Errors
/// That nothing was to be opened.
pub fn opened(
    before: &Closings,
    after: &Closings,
    typed: &[String],
    now: WallTime,
) -> Result<String, String> {
    let still: String = after
        .list()
        .iter()
        .filter(|closing| closing.numbers == Numbers::All)
        .map(|closing| {
            format!("all numbers are closed until {}: `careline open all` opens them\n", shown(closing))
        })
        .collect();
    if before.opened(&Numbers::These([].into()), now) == *after {
        let what = typed.join(", ");
        return Err(format!("{what}: not closed by its own; {still}`careline closings` tells what is"));
    }
    Ok(format!("open again: {}\n{still}", typed.join(", ")))
}

/// A line for each that holds.
pub fn lines(closings: &Closings, now: WallTime) -> Vec<String> {
    closings.list().iter().filter(|closing| closing.holds(now)).map(|closing| line(closing)).collect()
}

fn line(closing: &Closing) -> String {
    format!(
        "{} until {}: callers hear {}, then {}",
        numbers(closing),
        shown(closing),
        closing.say,
        then(closing.then)
    )
}

const fn then(then: Then) -> &'static str {
    match then {
        Then::AfterHours => AFTER_HOURS,
        Then::Open => "the number as always",
    }
}

/// The list, the one that was made last on top: of two that close the same number it is the one that counts.
pub fn table(closings: &Closings, now: WallTime) -> String {
    let holding: Vec<_> = closings.list().iter().rev().filter(|closing| closing.holds(now)).collect();
    if holding.is_empty() {
        return "nothing is closed\n".to_owned();
    }
    let head = ["closed", "until", "callers hear", "then", "by"].map(str::to_owned);
    let row = |closing: &&std::sync::Arc<Closing>| {
        [
            numbers(closing),
            shown(closing),
            closing.say.to_string(),
            then(closing.then).to_owned(),
            closing.by.clone(),
        ]
    };
    let rows: Vec<[String; 5]> = std::iter::once(head).chain(holding.iter().map(row)).collect();
    columns(&rows, &[])
}

/// What is said of a number at a time, before the calendars; empty where nothing closes it.
pub fn explained(closings: &Closings, called: &str, when: When) -> String {
    let closing =
        closings.of_number(called).into_iter().find(|closing| closing.holds(instant(closing, when)));
    closing.map_or_else(String::new, |closing| format!("closed by hand: {}\n", line(&closing)))
}

fn instant(closing: &Closing, when: When) -> WallTime {
    match when {
        When::At(wall) => wall,
        When::Local(local) => {
            let at = zone_of(closing).to_ambiguous_timestamp(local).later();
            WallTime::from_micros(at.map_or(i64::MAX, Timestamp::as_microsecond))
        }
    }
}

fn zone_of(closing: &Closing) -> TimeZone {
    zone::zone(&closing.zone).unwrap_or(TimeZone::UTC)
}

fn numbers(closing: &Closing) -> String {
    match &closing.numbers {
        Numbers::All => "all numbers".to_owned(),
        Numbers::These(numbers) => numbers.iter().map(String::as_str).collect::<Vec<_>>().join(", "),
    }
}

/// The end on its own clock.
fn shown(closing: &Closing) -> String {
    let zone = zone_of(closing);
    let Ok(at) = Timestamp::from_microsecond(closing.until.as_micros()) else { return "ever".to_owned() };
    let clock = zone.to_datetime(at).strftime("%A %Y-%m-%d %H:%M");
    format!("{clock} {}", zone.to_offset_info(at).abbreviation())
}
