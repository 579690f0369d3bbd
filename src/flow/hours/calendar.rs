//! One calendar: a zone, a week, holidays by rule and from iCalendar files, and its answer at an instant.
//!
//! What counts, in this order: an event of an iCalendar file with times of its own · hours that are open, of this day
//! or of the night before · a holiday · the week. A holiday in `hours.yaml` wins over an all-day event of the same day.

use super::holiday::Rule;
use super::icalendar::event::Event;
use super::interval::{DAY_MINUTES, Interval};
use super::memo::Memo;
use super::week;
use crate::clock::WallTime;
use crate::limits::HOURS_AHEAD_DAYS;
use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::{AmbiguousOffset, TimeZone};
use std::sync::Arc;

/// A line of a file that says when the clinic is open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The file, as the administrator named it.
    pub file: Arc<str>,
    /// From 1.
    pub number: usize,
    /// What it says, without the spaces around it.
    pub text: String,
}

/// A named calendar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Calendar {
    /// Its name, as steps write it.
    pub name: String,
    /// Where its clock hangs.
    pub zone: TimeZone,
    /// Monday first.
    pub week: [Day; 7],
    /// By rule, in the order of the file: the first that fits a day counts.
    pub holidays: Vec<Holiday>,
    /// From iCalendar files.
    pub feeds: Vec<Feed>,
    /// What it answered last.
    pub memo: Memo,
}

/// A day of the week.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Day {
    /// None: closed.
    pub intervals: Vec<Interval>,
    /// The line that says so.
    pub line: Line,
}

/// A holiday by rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holiday {
    /// As people call it.
    pub name: String,
    /// When it is.
    pub rule: Rule,
    /// Its own hours; none: closed.
    pub intervals: Vec<Interval>,
    /// The line that says so.
    pub line: Line,
}

/// An iCalendar file that a calendar names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Feed {
    /// The line that names it.
    pub line: Line,
    /// What it holds.
    pub events: Vec<Event>,
}

/// Whether the clinic is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State<'a> {
    /// Somebody is there.
    Open,
    /// Not at this time of an ordinary day.
    Closed,
    /// Because of this holiday.
    Holiday(&'a str),
}

/// Whether the clinic is open, without its reason: what a step asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opening {
    /// Somebody is there.
    Open,
    /// Not at this time of an ordinary day.
    Closed,
    /// Because of a holiday.
    Holiday,
}

impl State<'_> {
    /// Without its reason.
    pub const fn opening(self) -> Opening {
        match self {
            State::Open => Opening::Open,
            State::Closed => Opening::Closed,
            State::Holiday(_) => Opening::Holiday,
        }
    }
}

/// An answer at an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer<'a> {
    /// Open or not.
    pub state: State<'a>,
    /// The line that says so.
    pub because: &'a Line,
}

/// 2024-01-01: a clock that tells an earlier time was never set.
const CLOCK_IS_SET: WallTime = WallTime::from_micros(1_704_067_200_000_000);

/// What holds on one day.
struct Plan<'a> {
    intervals: &'a [Interval],
    holiday: Option<&'a str>,
    line: &'a Line,
}

impl Calendar {
    /// Whether the clinic is open at `at`; `None` if that time is none: the clock was never set.
    pub fn answer(&self, at: WallTime) -> Option<Answer<'_>> {
        if at < CLOCK_IS_SET {
            return None;
        }
        Some(self.reading(Timestamp::from_microsecond(at.as_micros()).ok()?))
    }

    /// What [`Calendar::answer`] says, without its reason; reckoned once for each stretch over which it is the same.
    pub fn opening(&self, at: WallTime) -> Option<Opening> {
        if let Some(known) = self.memo.at(at) {
            return Some(known);
        }
        let opening = self.answer(at)?.state.opening();
        let now = Timestamp::from_microsecond(at.as_micros()).ok()?;
        if let Some(until) = self.same_until(now) {
            self.memo.keep(opening, at, WallTime::from_micros(until.as_microsecond()));
        }
        Some(opening)
    }

    /// An instant before which the state does not change: the next mark of today, at the latest midnight.
    fn same_until(&self, now: Timestamp) -> Option<Timestamp> {
        let today = self.zone.to_datetime(now).date();
        let mut marks = Vec::new();
        self.clock_marks(today, DAY_MINUTES, &mut marks);
        // A midnight that the clock jumps over is no mark: then the jump is.
        marks.extend(self.zone.following(now).next().map(|jump| jump.timestamp()));
        let yesterday = today.yesterday().ok()?;
        for (day, next) in [(yesterday, today), (today, today.tomorrow().ok()?)] {
            for interval in self.plan(day).intervals {
                let end = if interval.is_over_midnight() { next } else { day };
                self.clock_marks(day, interval.from, &mut marks);
                self.clock_marks(end, interval.to, &mut marks);
            }
        }
        for event in self.events() {
            event.marks_near(now, &self.zone, &mut marks);
        }
        marks.into_iter().filter(|mark| *mark > now).min()
    }

    /// When the state changes next after `at`; `None` if it stays for over a year.
    pub fn changes_after(&self, at: WallTime) -> Option<WallTime> {
        let state = self.answer(at)?.state;
        let from = Timestamp::from_microsecond(at.as_micros()).ok()?;
        let mut marks = self.marks(from);
        marks.sort_unstable();
        marks.dedup();
        let change =
            marks.into_iter().filter(|mark| *mark > from).find(|mark| self.reading(*mark).state != state);
        change.map(|change| WallTime::from_micros(change.as_microsecond()))
    }

    /// Every instant of the time ahead at which the state may change.
    fn marks(&self, from: Timestamp) -> Vec<Timestamp> {
        let mut marks = Vec::new();
        let first = self.zone.to_datetime(from).date();
        let mut day = first.yesterday().unwrap_or(first);
        for _ in 0..HOURS_AHEAD_DAYS {
            let Ok(next) = day.tomorrow() else { break };
            self.clock_marks(day, 0, &mut marks);
            for interval in self.plan(day).intervals {
                let end = if interval.is_over_midnight() { next } else { day };
                self.clock_marks(day, interval.from, &mut marks);
                self.clock_marks(end, interval.to, &mut marks);
            }
            for event in self.events() {
                marks.extend(event.times_on(day, &self.zone).into_iter().flat_map(|(from, to)| [from, to]));
            }
            day = next;
        }
        // Where the clock jumps, the reading jumps with it.
        let end = marks.iter().max().copied().unwrap_or(from);
        let jumps = self.zone.following(from).map(|jump| jump.timestamp()).take_while(|at| *at <= end);
        marks.extend(jumps.take(HOURS_AHEAD_DAYS));
        self.running_events(first, &mut marks);
        marks
    }

    /// The ends of events that began before the time ahead.
    fn running_events(&self, first: Date, marks: &mut Vec<Timestamp>) {
        let mut day = first;
        for _ in 0..=crate::limits::ICS_EVENT_MAX_DAYS + 1 {
            for event in self.events() {
                marks.extend(event.times_on(day, &self.zone).map(|(_, to)| to));
            }
            let Ok(before) = day.yesterday() else { return };
            day = before;
        }
    }

    /// The instants at which the clock on the wall shows a minute of `day`: two where it comes twice, none where it
    /// is left out (the jump is a mark itself).
    fn clock_marks(&self, day: Date, minute: u16, marks: &mut Vec<Timestamp>) {
        let Some(time) = at_minute(day, minute) else { return };
        let offsets = match self.zone.to_ambiguous_timestamp(time).offset() {
            AmbiguousOffset::Unambiguous { offset } => [Some(offset), None],
            AmbiguousOffset::Fold { before, after } => [Some(before), Some(after)],
            AmbiguousOffset::Gap { .. } => [None, None],
        };
        marks.extend(offsets.into_iter().flatten().filter_map(|offset| offset.to_timestamp(time).ok()));
    }

    fn reading(&self, now: Timestamp) -> Answer<'_> {
        if let Some(event) = self.events().find(|event| event.runs_at(now, &self.zone)) {
            return Answer { state: State::Holiday(&event.name), because: &event.line };
        }
        let local = self.zone.to_datetime(now);
        let minute = minute_of(local);
        let today = self.plan(local.date());
        if today.intervals.iter().any(|interval| interval.holds(minute)) {
            return Answer { state: State::Open, because: today.line };
        }
        if let Ok(yesterday) = local.date().yesterday() {
            let night = self.plan(yesterday);
            if night.intervals.iter().any(|interval| interval.runs_on_to(minute)) {
                return Answer { state: State::Open, because: night.line };
            }
        }
        let state = today.holiday.map_or(State::Closed, State::Holiday);
        Answer { state, because: today.line }
    }

    fn plan(&self, date: Date) -> Plan<'_> {
        if let Some(day) = self.holidays.iter().find(|holiday| holiday.rule.falls_on(date)) {
            return Plan { intervals: &day.intervals, holiday: Some(&day.name), line: &day.line };
        }
        if let Some(event) = self.events().find(|event| event.takes_day(date)) {
            return Plan { intervals: &[], holiday: Some(&event.name), line: &event.line };
        }
        let day = &self.week[week::position(date.weekday())];
        Plan { intervals: &day.intervals, holiday: None, line: &day.line }
    }

    fn events(&self) -> impl Iterator<Item = &Event> {
        self.feeds.iter().flat_map(|feed| &feed.events)
    }
}

/// Minutes after midnight on the clock.
fn minute_of(local: DateTime) -> u16 {
    u16::from(local.hour().unsigned_abs()) * 60 + u16::from(local.minute().unsigned_abs())
}

/// A minute of a day as a time on the clock; minute 1 440 is the next day's first.
fn at_minute(day: Date, minute: u16) -> Option<DateTime> {
    if minute >= DAY_MINUTES {
        return Some(day.tomorrow().ok()?.at(0, 0, 0, 0));
    }
    let number = |n: u16| i8::try_from(n).ok();
    Some(day.at(number(minute / 60)?, number(minute % 60)?, 0, 0))
}

#[cfg(test)]
mod tests;
