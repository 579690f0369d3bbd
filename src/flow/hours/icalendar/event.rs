//! One event of an iCalendar file: the days or times that it takes, once or by its rule.

use super::moment::Moment;
use super::recurrence::{Ends, Recurrence};
use crate::flow::hours::calendar::Line;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};

/// A closure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Its SUMMARY.
    pub name: String,
    /// Its DTSTART.
    pub line: Line,
    /// Its first beginning, and what it is: a day or a time.
    pub first: Moment,
    /// How long it takes.
    pub lasts: Lasts,
    /// How it comes again.
    pub rule: Option<Recurrence>,
    /// Beginnings that are left out.
    pub except: Vec<Moment>,
    /// No beginning is after this day.
    pub last: Date,
}

/// How long an event takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lasts {
    /// Whole days.
    Days(i64),
    /// Exactly so long, whatever the clock does (RFC 5545 §3.8.5.3).
    Time(SignedDuration),
}

impl Event {
    /// Whether `date` is one of its whole days.
    pub fn takes_day(&self, date: Date) -> bool {
        let Lasts::Days(count) = self.lasts else { return false };
        if !self.may_touch(date, count) {
            return false;
        }
        (0..count).any(|days| {
            date.checked_sub(days.days()).is_ok_and(|begin| self.begins_on(begin, &TimeZone::UTC))
        })
    }

    /// Whether it runs at `now`, if it has times; `zone` is the calendar's.
    pub fn runs_at(&self, now: Timestamp, zone: &TimeZone) -> bool {
        let Lasts::Time(length) = self.lasts else { return false };
        let today = self.first.zone().unwrap_or(zone).to_datetime(now).date();
        if !self.may_touch(today, length.as_hours() / 24 + 2) {
            return false;
        }
        (0..=length.as_hours() / 24 + 1).any(|days| {
            let begin = today.checked_sub(days.days()).ok();
            let times = begin.and_then(|begin| self.times_on(begin, zone));
            times.is_some_and(|(from, to)| from <= now && now < to)
        })
    }

    /// When it runs that begins on `date`, if it has times.
    pub fn times_on(&self, date: Date, zone: &TimeZone) -> Option<(Timestamp, Timestamp)> {
        let Lasts::Time(length) = self.lasts else { return None };
        if !self.begins_on(date, zone) {
            return None;
        }
        let from = self.first.on(date).instant(zone)?;
        Some((from, from.checked_add(length).ok()?))
    }

    /// Whether `date` is not before the first beginning, and within so many days of the last: most events are over.
    fn may_touch(&self, date: Date, days: i64) -> bool {
        date >= self.first.date()
            && (date <= self.last || date.duration_since(self.last).as_hours() / 24 < days)
    }

    fn begins_on(&self, date: Date, zone: &TimeZone) -> bool {
        let first = self.first.date();
        if date < first || date > self.last {
            return false;
        }
        let named = date == first || self.rule.as_ref().is_some_and(|rule| rule.names(first, date));
        named && self.is_in_time(date, zone) && !self.leaves_out(date, zone)
    }

    fn is_in_time(&self, date: Date, zone: &TimeZone) -> bool {
        let Some(Ends::Until(until)) = self.rule.as_ref().map(|rule| &rule.ends) else { return true };
        self.first.on(date).instant(zone) <= until.instant(zone)
    }

    fn leaves_out(&self, date: Date, zone: &TimeZone) -> bool {
        if self.except.is_empty() {
            return false;
        }
        let begin = self.first.on(date).instant(zone);
        self.except.iter().any(|except| except.instant(zone) == begin)
    }

    /// The last day that it takes or touches; `None` if it never ends.
    pub fn ends_on(&self) -> Option<Date> {
        let days = match self.lasts {
            Lasts::Days(days) => days - 1,
            Lasts::Time(length) => length.as_hours() / 24,
        };
        if self.last == Date::MAX { None } else { self.last.checked_add(days.days()).ok() }
    }
}
