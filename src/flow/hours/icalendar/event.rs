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

/// As many dates that are left out are as much work as a day of a rule.
const EXCEPTIONS_OF_A_DAY: i64 = 8;

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
        self.begins(date, count - 1).any(|begin| self.begins_on(begin, &TimeZone::UTC))
    }

    /// Whether it runs at `now`, if it has times; `zone` is the calendar's.
    pub fn runs_at(&self, now: Timestamp, zone: &TimeZone) -> bool {
        self.times_near(now, zone, 0).any(|(from, to)| from <= now && now < to)
    }

    /// Where it begins and ends of its times within a day of `now`, and where that ends which runs at `now`.
    pub fn marks_near(&self, now: Timestamp, zone: &TimeZone, marks: &mut Vec<Timestamp>) {
        marks.extend(self.times_near(now, zone, 2).flat_map(|(from, to)| [from, to]));
    }

    /// Its times that begin up to so many days after `now`, and not so long ago that they are over.
    fn times_near(
        &self,
        now: Timestamp,
        zone: &TimeZone,
        ahead: i64,
    ) -> impl Iterator<Item = (Timestamp, Timestamp)> {
        let begins = self.days_near(now, zone, ahead).into_iter();
        let begins = begins.flat_map(move |(last, before)| self.begins(last, before));
        begins.filter_map(move |begin| self.times_on(begin, zone))
    }

    /// The last of the days on which times near `now` can begin, and how many before it can be such days too.
    fn days_near(&self, now: Timestamp, zone: &TimeZone, ahead: i64) -> Option<(Date, i64)> {
        let Lasts::Time(length) = self.lasts else { return None };
        let before = length.as_hours() / 24 + 1 + ahead;
        let near = |today: Date, spare: i64| {
            let last = today.checked_add((ahead + spare).days()).ok()?;
            self.may_touch(last, before + 1 + 2 * spare).then_some((last, before))
        };
        // Most events are over, whatever the clock of their zone shows.
        near(TimeZone::UTC.to_datetime(now).date(), 1)?;
        near(self.first.zone().unwrap_or(zone).to_datetime(now).date(), 0)
    }

    /// The days on which it may begin, of the `before` days before `last` and that day: one for an event without a rule.
    fn begins(&self, last: Date, before: i64) -> impl Iterator<Item = Date> + '_ {
        let first = self.first.date();
        let once = self.rule.is_none();
        let only = (once && first <= last && days_between(first, last) <= before).then_some(first);
        let all = if once { 0 } else { before + 1 };
        let by_rule = (0..all).filter_map(move |days| last.checked_sub(days.days()).ok());
        only.into_iter().chain(by_rule)
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
        date >= self.first.date() && (date <= self.last || days_between(self.last, date) < days)
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
        let near = |except: &&Moment| days_between(except.date(), date).abs() <= 2;
        self.except.iter().filter(near).any(|except| except.instant(zone) == begin)
    }

    /// Days that an answer asks the rule about; none for an event that is once. Many dates that are left out are asked
    /// on each of them.
    pub fn days_asked(&self) -> i64 {
        let days = match (&self.rule, self.lasts) {
            (None, _) => 0,
            (Some(_), Lasts::Days(days)) => days,
            (Some(_), Lasts::Time(length)) => length.as_hours() / 24 + 1,
        };
        days * (1 + i64::try_from(self.except.len()).unwrap_or(i64::MAX) / EXCEPTIONS_OF_A_DAY)
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

fn days_between(from: Date, to: Date) -> i64 {
    to.duration_since(from).as_hours() / 24
}
