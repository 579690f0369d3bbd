//! `careline explain WHEN FLOW`: what the calendars of a flow say at a time, which line says so, until when, and where
//! that leads a caller.
//!
//! The time is a local one, on the clock of each calendar. One that comes twice is told twice; one that does not exist
//! is told for the moment at which the clock jumps over it. The text is made here, and printed by [`run`].

use super::check::{self, Paths};
use super::close::words as closed;
use super::ended;
use crate::clock::WallTime;
use crate::flow::action::Why;
use crate::flow::diagnostic::{Paint, did_you_mean};
use crate::flow::hours::calendar::{Calendar, State};
use crate::flow::program::{Act, StepAt, Target};
use crate::flow::set::{Audio, FlowSet};
use crate::id::FlowName;
use crate::io::now::Clock;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone};
use std::collections::BTreeSet;
use std::fmt::Write;
use std::process::ExitCode;

/// The time that is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// This instant, wherever a calendar is.
    At(WallTime),
    /// What clocks show, each in its zone.
    Local(DateTime),
}

/// The command: reads the flows and tells.
pub fn run(paths: &Paths, when: &str, what: &str) -> ExitCode {
    let loaded = check::load(paths, &|_, _, _| Audio::Present);
    let Some(flows) = &loaded.flows else {
        eprint!("{}", check::report(&loaded, Paint::Plain));
        return ExitCode::FAILURE;
    };
    let closed = |when| match loaded.config.as_ref().map(|config| config.shelf().closings()) {
        Some(Ok(closings)) if !is_urgent(flows, what) => closed::explained(&closings, what, when),
        Some(_) | None => String::new(),
    };
    let told = |when| explain(flows, when, what, &closed(when));
    ended(read(when, Clock::start().wall()).and_then(told))
}

/// Whether it is a number that is never closed; or no number.
fn is_urgent(flows: &FlowSet, what: &str) -> bool {
    flows.position(&FlowName::from(what)).is_some() || flows.is_urgent(flows.route(what))
}

/// Reads `2026-11-01 01:30`, or `now`.
fn read(when: &str, now: WallTime) -> Result<When, String> {
    if when == "now" {
        return Ok(When::At(now));
    }
    let time = when.trim().replace(' ', "T");
    let has_time = time.contains('T') && !time.ends_with('Z');
    let local = time.parse::<DateTime>().ok().filter(|_| has_time);
    local.map(When::Local).ok_or_else(|| {
        format!(
            "`{when}` is no time: write it as \"2026-11-01 01:30\", in the time of the clinic, or write now"
        )
    })
}

/// What holds at `when` for who calls a number or comes to a flow, behind what is `closed` by hand.
///
/// # Errors
/// Why there is nothing to tell: no such flow, or neither a calendar nor anything closed.
pub fn explain(flows: &FlowSet, when: When, what: &str, closed: &str) -> Result<String, String> {
    let (flow, found) = flow(flows, what)?;
    let mut text = closed.to_owned() + &found;
    if flows.calendars().is_empty() {
        let none = "there is no calendar: the flows have no hours.yaml";
        return if closed.is_empty() { Err(none.to_owned()) } else { Ok(format!("{text}{none}\n")) };
    }
    let asking = asking(flows, &flow);
    if asking.is_empty() {
        let _ = writeln!(text, "no step that `{flow}` comes to asks a calendar; these are there:");
    }
    for (at, calendar) in flows.calendars().iter().enumerate() {
        let steps: Vec<StepAt> =
            asking.iter().filter(|(calendar, _)| *calendar == at).map(|(_, step)| *step).collect();
        if asking.is_empty() || !steps.is_empty() {
            let _ = write!(text, "\ncalendar {}, {}\n", calendar.name, zone_name(calendar));
            text += &of_calendar(flows, calendar, when, &steps);
        }
    }
    Ok(text)
}

/// The flow that is meant, and what is said of how it was found.
fn flow(flows: &FlowSet, what: &str) -> Result<(FlowName, String), String> {
    let name = FlowName::from(what);
    if flows.position(&name).is_some() {
        return Ok((name, String::new()));
    }
    if what.chars().all(|c| c.is_ascii_digit() || "+ -.()".contains(c)) {
        let flow = flows.route(what).clone();
        let text = format!("the number {what} leads to `{flow}`\n");
        return Ok((flow, text));
    }
    let known: Vec<&str> = flows.flows().iter().map(|flow| flow.name.as_str()).collect();
    Err(format!("there is no flow `{what}`: {}", did_you_mean(what, &known)))
}

/// The steps that ask a calendar, from the first words on, each with the calendar's position.
fn asking(flows: &FlowSet, called: &FlowName) -> Vec<(usize, StepAt)> {
    let start = |flow: usize| flows.flows()[flow].start;
    let called = start(flows.position(called).unwrap_or(flows.clinic().default));
    let mut open = vec![called, start(flows.clinic().entry)];
    let (mut seen, mut asking) = (BTreeSet::new(), Vec::new());
    while let Some(at) = open.pop() {
        let Some(step) = flows.step(at).filter(|_| seen.insert(at)) else { continue };
        if let Act::Hours { calendar, .. } = step.act {
            asking.push((calendar, at));
        }
        for target in targets(&step.act) {
            match target {
                Target::Step(next) => open.push(next),
                Target::CalledNumber => open.push(called),
                Target::Ladder(_) | Target::Message | Target::Return => {}
            }
        }
    }
    asking.sort_unstable();
    asking
}

fn targets(act: &Act) -> Vec<Target> {
    match act {
        Act::Call { start, next, .. } => vec![Target::Step(*start), *next],
        act => act.targets(),
    }
}

fn zone_name(calendar: &Calendar) -> &str {
    calendar.zone.iana_name().unwrap_or("UTC")
}

/// Each reading of the time on the calendar's clock.
fn of_calendar(flows: &FlowSet, calendar: &Calendar, when: When, steps: &[StepAt]) -> String {
    let mut text = String::new();
    for (words, at) in readings(&calendar.zone, when, &mut text) {
        let _ = write!(text, "  {words}{}: ", shown(&calendar.zone, at));
        text += &answer(flows, calendar, at, steps);
    }
    text
}

/// The instants at which a clock in `zone` shows the time, with what is said of each; jumps of the clock are told.
fn readings(zone: &TimeZone, when: When, text: &mut String) -> Vec<(&'static str, Timestamp)> {
    let local = match when {
        When::At(wall) => {
            return Timestamp::from_microsecond(wall.as_micros())
                .ok()
                .map(|at| ("", at))
                .into_iter()
                .collect();
        }
        When::Local(local) => local,
    };
    let (found, jump) = match zone.to_ambiguous_timestamp(local).offset() {
        AmbiguousOffset::Unambiguous { offset } => (vec![("", offset.to_timestamp(local).ok())], None),
        AmbiguousOffset::Fold { before, after } => {
            let (first, second) = (before.to_timestamp(local).ok(), after.to_timestamp(local).ok());
            (
                vec![("the first time, ", first), ("the second time, ", second)],
                first.map(|at| (at, "comes twice", "back")),
            )
        }
        AmbiguousOffset::Gap { after, .. } => {
            let before_jump = after.to_timestamp(local).ok();
            let at = before_jump.and_then(|at| zone.following(at).next()).map(|jump| jump.timestamp());
            (vec![("told for ", at)], before_jump.map(|at| (at, "does not exist", "forward")))
        }
    };
    if let Some((before, what, way)) = jump
        && let Some(jump) = zone.following(before).next().map(|jump| jump.timestamp())
    {
        let moment_before = jump.checked_sub(jiff::SignedDuration::from_micros(1)).unwrap_or(jump);
        let from = zone.to_offset(moment_before).to_datetime(jump);
        let to = zone.to_datetime(jump);
        let (from, to) = (from.strftime("%H:%M"), to.strftime("%H:%M"));
        let _ = writeln!(text, "  this time {what}: the clocks are set {way} from {from} to {to}");
    }
    found.into_iter().filter_map(|(words, at)| Some((words, at?))).collect()
}

fn shown(zone: &TimeZone, at: Timestamp) -> String {
    let clock = zone.to_datetime(at).strftime("%A %Y-%m-%d %H:%M");
    format!("{clock} {}", zone.to_offset_info(at).abbreviation())
}

/// When the clinic opens next, if something else comes before.
fn opens(calendar: &Calendar, from: WallTime) -> Option<Timestamp> {
    let mut at = calendar.changes_after(from)?;
    if calendar.answer(at)?.state == State::Open {
        return None;
    }
    for _ in 0..CHANGES_MAX {
        at = calendar.changes_after(at)?;
        if calendar.answer(at)?.state == State::Open {
            return Timestamp::from_microsecond(at.as_micros()).ok();
        }
    }
    None
}

/// Closures in a row over which the next opening is looked for.
const CHANGES_MAX: usize = 32;

fn answer(flows: &FlowSet, calendar: &Calendar, at: Timestamp, steps: &[StepAt]) -> String {
    let wall = WallTime::from_micros(at.as_microsecond());
    let Some(answer) = calendar.answer(wall) else {
        return "no answer: a clock that shows a time before 2024 was never set; callers go the way of `open`\n".to_owned();
    };
    let mut text = match answer.state {
        State::Open => "open".to_owned(),
        State::Closed => "closed".to_owned(),
        State::Holiday(name) => format!("a holiday, {name},"),
    };
    let until = calendar.changes_after(wall).and_then(|at| Timestamp::from_microsecond(at.as_micros()).ok());
    match until {
        Some(until) => text += &format!(" until {}", shown(&calendar.zone, until)),
        None => text += " for more than a year",
    }
    if let Some(opens) = opens(calendar, wall).filter(|_| answer.state != State::Open) {
        text += &format!(", open again on {}", shown(&calendar.zone, opens));
    }
    text.push('\n');
    let line = answer.because;
    let _ = writeln!(text, "    because of {}:{}  {}", line.file, line.number, line.text);
    for step in steps {
        if let Some(Act::Hours { open, closed, holiday, .. }) = flows.step(*step).map(|step| &step.act) {
            let target = match answer.state {
                State::Open => open,
                State::Closed => closed,
                State::Holiday(_) => holiday,
            };
            let _ =
                writeln!(text, "    {} leads to {}", step_name(flows, *step), destination(flows, *target));
        }
    }
    text
}

fn step_name(flows: &FlowSet, at: StepAt) -> String {
    let step = flows.step(at).map_or("?", |step| step.name.as_str());
    format!("{} / {step}", flows.flows()[at.flow].name)
}

fn destination(flows: &FlowSet, target: Target) -> String {
    match target {
        Target::Step(at) => step_name(flows, at),
        Target::CalledNumber => "the flow of the called number".to_owned(),
        Target::Ladder(Why::Nurse) => "the nurse".to_owned(),
        Target::Ladder(Why::Crisis) => "help in a crisis".to_owned(),
        Target::Ladder(Why::Asked | Why::Emergency | Why::Silence | Why::WrongKeys | Why::Fault) => {
            "a person".to_owned()
        }
        Target::Message => "the message".to_owned(),
        Target::Return => "back to the flow that called".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::set::SourceFile;
    use crate::flow::shipped::FILES;
    use expect_test::{Expect, expect};

    /// The shipped flows, and a door that asks two calendars.
    fn flows() -> FlowSet {
        let door = "flow: door\nstart: line_open\nsteps:\n  \
                    line_open: {hours: flu_line, next: {open: main_menu, closed: clinic_open}}\n  \
                    clinic_open: {hours: clinic, next: {open: person, closed: after_hours, holiday: message}}\n";
        let calendar = "flu_line:\n  zone: America/Chicago\n  week: {every day: \"22:00-01:15\"}\n";
        let hours = include_str!("../../ivr-flows/hours.yaml").to_owned() + calendar;
        let clinic = include_str!("../../ivr-flows/clinic.yaml").replace("  100: main_menu", "  100: door");
        let changed = [("clinic.yaml", clinic.as_str()), ("hours.yaml", hours.as_str()), ("door.yaml", door)];
        let texts: std::collections::BTreeMap<&str, &str> = FILES.into_iter().chain(changed).collect();
        let file = |(name, text): (&str, &str)| SourceFile {
            path: format!("ivr-flows/{name}"),
            octets: text.into(),
        };
        let (set, faults) = FlowSet::load(texts.into_iter().map(file).collect(), &|_, _| Audio::Present);
        assert!(faults.is_empty(), "{faults:?}");
        set.unwrap()
    }

    fn told(when: &str, what: &str, expected: Expect) {
        let now = WallTime::from_micros(1_795_525_200_000_000);
        let text = read(when, now).and_then(|when| explain(&flows(), when, what, ""));
        expected.assert_eq(&text.unwrap_or_else(|why| format!("! {why}\n")));
    }

    #[test]
    fn each_calendar_is_told_with_its_line_its_end_and_where_it_leads() {
        told(
            "2026-11-24 10:00",
            "100",
            expect![[r#"
            the number 100 leads to `door`

            calendar clinic, America/New_York
              Tuesday 2026-11-24 10:00 EST: open until Tuesday 2026-11-24 17:00 EST
                because of ivr-flows/hours.yaml:6  mon-fri: 08:00-17:00
                door / clinic_open leads to a person

            calendar flu_line, America/Chicago
              Tuesday 2026-11-24 10:00 CST: closed until Tuesday 2026-11-24 22:00 CST
                because of ivr-flows/hours.yaml:22  week: {every day: "22:00-01:15"}
                door / line_open leads to door / clinic_open
        "#]],
        );
        told(
            "2026-11-26 10:00",
            "door",
            expect![[r#"

            calendar clinic, America/New_York
              Thursday 2026-11-26 10:00 EST: a holiday, Thanksgiving, until Friday 2026-11-27 00:00 EST, open again on Friday 2026-11-27 08:00 EST
                because of ivr-flows/hours.yaml:18  Thanksgiving: fourth thursday of november
                door / clinic_open leads to the message

            calendar flu_line, America/Chicago
              Thursday 2026-11-26 10:00 CST: closed until Thursday 2026-11-26 22:00 CST
                because of ivr-flows/hours.yaml:22  week: {every day: "22:00-01:15"}
                door / line_open leads to door / clinic_open
        "#]],
        );
        told(
            "now",
            "door",
            expect![[r#"

            calendar clinic, America/New_York
              Tuesday 2026-11-24 08:00 EST: open until Tuesday 2026-11-24 17:00 EST
                because of ivr-flows/hours.yaml:6  mon-fri: 08:00-17:00
                door / clinic_open leads to a person

            calendar flu_line, America/Chicago
              Tuesday 2026-11-24 07:00 CST: closed until Tuesday 2026-11-24 22:00 CST
                because of ivr-flows/hours.yaml:22  week: {every day: "22:00-01:15"}
                door / line_open leads to door / clinic_open
        "#]],
        );
    }

    #[test]
    fn a_time_that_comes_twice_is_told_twice_and_one_that_does_not_exist_for_the_jump() {
        told(
            "2026-11-01 01:30",
            "door",
            expect![[r#"

            calendar clinic, America/New_York
              this time comes twice: the clocks are set back from 02:00 to 01:00
              the first time, Sunday 2026-11-01 01:30 EDT: closed until Monday 2026-11-02 08:00 EST
                because of ivr-flows/hours.yaml:7  sat, sun: closed
                door / clinic_open leads to after_hours / closed
              the second time, Sunday 2026-11-01 01:30 EST: closed until Monday 2026-11-02 08:00 EST
                because of ivr-flows/hours.yaml:7  sat, sun: closed
                door / clinic_open leads to after_hours / closed

            calendar flu_line, America/Chicago
              this time comes twice: the clocks are set back from 02:00 to 01:00
              the first time, Sunday 2026-11-01 01:30 CDT: closed until Sunday 2026-11-01 01:00 CST
                because of ivr-flows/hours.yaml:22  week: {every day: "22:00-01:15"}
                door / line_open leads to door / clinic_open
              the second time, Sunday 2026-11-01 01:30 CST: closed until Sunday 2026-11-01 22:00 CST
                because of ivr-flows/hours.yaml:22  week: {every day: "22:00-01:15"}
                door / line_open leads to door / clinic_open
        "#]],
        );
        told(
            "2026-03-08T02:30",
            "door",
            expect![[r#"

            calendar clinic, America/New_York
              this time does not exist: the clocks are set forward from 02:00 to 03:00
              told for Sunday 2026-03-08 03:00 EDT: closed until Monday 2026-03-09 08:00 EDT
                because of ivr-flows/hours.yaml:7  sat, sun: closed
                door / clinic_open leads to after_hours / closed

            calendar flu_line, America/Chicago
              this time does not exist: the clocks are set forward from 02:00 to 03:00
              told for Sunday 2026-03-08 03:00 CDT: closed until Sunday 2026-03-08 22:00 CDT
                because of ivr-flows/hours.yaml:22  week: {every day: "22:00-01:15"}
                door / line_open leads to door / clinic_open
        "#]],
        );
    }

    #[test]
    fn a_flow_that_asks_nothing_shows_every_calendar() {
        told(
            "2026-12-25 09:00",
            "main_menu",
            expect![[r#"
            no step that `main_menu` comes to asks a calendar; these are there:

            calendar clinic, America/New_York
              Friday 2026-12-25 09:00 EST: a holiday, Christmas Day, until Saturday 2026-12-26 00:00 EST, open again on Monday 2026-12-28 08:00 EST
                because of ivr-flows/hours.yaml:19  Christmas Day: december 25, observed nearest weekday

            calendar flu_line, America/Chicago
              Friday 2026-12-25 09:00 CST: closed until Friday 2026-12-25 22:00 CST
                because of ivr-flows/hours.yaml:22  week: {every day: "22:00-01:15"}
        "#]],
        );
    }

    #[test]
    fn what_is_closed_by_hand_is_told_also_where_there_is_no_calendar() {
        let file = |(name, text): (&str, &str)| SourceFile {
            path: format!("ivr-flows/{name}"),
            octets: text.into(),
        };
        let files = FILES.into_iter().filter(|(name, _)| *name != "hours.yaml").map(file).collect();
        let (set, faults) = FlowSet::load(files, &|_, _| Audio::Present);
        let set = set.unwrap_or_else(|| panic!("{faults:?}"));
        let when = When::At(WallTime::from_micros(1_795_525_200_000_000));
        let none = "there is no calendar: the flows have no hours.yaml";
        assert_eq!(explain(&set, when, "100", ""), Err(none.to_owned()));
        let closed = "closed by hand: 100 until then\n";
        let told = format!("{closed}the number 100 leads to `main_menu`\n{none}\n");
        assert_eq!(explain(&set, when, "100", closed), Ok(told));
    }

    #[test]
    fn what_cannot_be_told_is_said_with_its_repair() {
        told(
            "2026-11-24",
            "door",
            expect![[r#"
            ! `2026-11-24` is no time: write it as "2026-11-01 01:30", in the time of the clinic, or write now
        "#]],
        );
        told(
            "2026-11-24 10:00Z",
            "door",
            expect![[r#"
            ! `2026-11-24 10:00Z` is no time: write it as "2026-11-01 01:30", in the time of the clinic, or write now
        "#]],
        );
        told(
            "tomorrow",
            "door",
            expect![[r#"
            ! `tomorrow` is no time: write it as "2026-11-01 01:30", in the time of the clinic, or write now
        "#]],
        );
        told(
            "2026-11-24 10:00",
            "dor",
            expect![[r#"
            ! there is no flow `dor`: did you mean `door`?
        "#]],
        );
        told(
            "2020-01-06 10:00",
            "door",
            expect![[r#"

            calendar clinic, America/New_York
              Monday 2020-01-06 10:00 EST: no answer: a clock that shows a time before 2024 was never set; callers go the way of `open`

            calendar flu_line, America/Chicago
              Monday 2020-01-06 10:00 CST: no answer: a clock that shows a time before 2024 was never set; callers go the way of `open`
        "#]],
        );
    }
}
