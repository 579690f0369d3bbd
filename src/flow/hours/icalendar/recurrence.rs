//! A recurrence rule (RFC 5545 §3.3.10, §3.8.5.3) as a question about a day: does the rule name it?
//!
//! Nothing is listed: FREQ, INTERVAL and the BY parts are conditions on one day. COUNT alone needs a walk, once, when
//! the file is read. What the reader does not know (BYSETPOS, BYWEEKNO, hours and minutes) is a fault.

use super::lines::{Fault, Property};
use super::moment::Moment;
use crate::flow::hours::week;
use jiff::civil::{Date, Weekday};

/// Days that a rule names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recurrence {
    every: Frequency,
    interval: i64,
    by_month: Vec<i8>,
    /// From the end of the month if negative.
    by_month_day: Vec<i8>,
    by_day: Vec<(Option<i8>, Weekday)>,
    week_start: Weekday,
    /// Where it ends.
    pub ends: Ends,
}

/// How often a rule comes round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Frequency {
    Daily,
    Weekly,
    Monthly,
    Yearly,
}

/// Where a rule ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ends {
    /// It does not.
    Never,
    /// With the last day or time that is not later.
    Until(Moment),
    /// After so many.
    Count(u32),
}

/// Occurrences that a rule may count, and periods that it may leave out: over every calendar's need.
const NUMBER_MAX: u32 = 10_000;

const FREQUENCIES: [(&str, Frequency); 4] = [
    ("DAILY", Frequency::Daily),
    ("WEEKLY", Frequency::Weekly),
    ("MONTHLY", Frequency::Monthly),
    ("YEARLY", Frequency::Yearly),
];

impl Recurrence {
    /// Reads the value of an RRULE.
    ///
    /// # Errors
    /// The part that is not understood.
    pub fn read(property: &Property) -> Result<Recurrence, Fault> {
        let mut rule = Recurrence {
            every: Frequency::Yearly,
            interval: 1,
            by_month: Vec::new(),
            by_month_day: Vec::new(),
            by_day: Vec::new(),
            week_start: Weekday::Monday,
            ends: Ends::Never,
        };
        let mut seen: Vec<&str> = Vec::new();
        for part in property.value.split(';').filter(|part| !part.is_empty()) {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            if seen.contains(&name) {
                return Err(property.fault(part, format!("the rule says {name} twice"), "keep one of them"));
            }
            seen.push(name);
            rule.take(name, value, part, property)?;
        }
        if !seen.contains(&"FREQ") {
            let what = "the rule does not say how often";
            return Err(property.fault(&property.value, what, "write FREQ=YEARLY, MONTHLY, WEEKLY or DAILY"));
        }
        if seen.contains(&"COUNT") && seen.contains(&"UNTIL") {
            let what = "a rule ends by COUNT or by UNTIL, not by both";
            return Err(property.fault(&property.value, what, "take one of them out"));
        }
        rule.fits_together(property)?;
        Ok(rule)
    }

    fn take(&mut self, name: &str, value: &str, part: &str, property: &Property) -> Result<(), Fault> {
        let none = || {
            let repair =
                "write the days out as events of their own, or see the guide for what a rule may say";
            property.fault(part, format!("`{part}` in a rule is not understood"), repair)
        };
        match name {
            "FREQ" => {
                let found = FREQUENCIES.iter().find(|(word, _)| *word == value);
                self.every = found.map(|(_, every)| *every).ok_or_else(none)?;
            }
            "INTERVAL" => self.interval = i64::from(count(value).ok_or_else(none)?),
            "COUNT" => self.ends = Ends::Count(count(value).ok_or_else(none)?),
            "UNTIL" => self.ends = Ends::Until(Moment::read(value, None).ok_or_else(none)?),
            "BYMONTH" => {
                self.by_month = list(value, |item| number(item, 12).filter(|n| *n > 0)).ok_or_else(none)?
            }
            "BYMONTHDAY" => self.by_month_day = list(value, |item| number(item, 31)).ok_or_else(none)?,
            "BYDAY" => self.by_day = list(value, nth_day).ok_or_else(none)?,
            "WKST" => self.week_start = weekday(value).ok_or_else(none)?,
            _ => return Err(none()),
        }
        Ok(())
    }

    /// What RFC 5545 §3.3.10 forbids beside one another.
    fn fits_together(&self, property: &Property) -> Result<(), Fault> {
        let numbered = self.by_day.iter().any(|(nth, _)| nth.is_some());
        let what = match self.every {
            Frequency::Daily | Frequency::Weekly if numbered => {
                "a day with a number, such as 2MO, is of a month or a year"
            }
            Frequency::Weekly if !self.by_month_day.is_empty() => {
                "a day of the month says nothing in a weekly rule"
            }
            Frequency::Daily | Frequency::Weekly | Frequency::Monthly | Frequency::Yearly => return Ok(()),
        };
        Err(property.fault(
            &property.value,
            what,
            "write FREQ=MONTHLY or FREQ=YEARLY, or take the number out",
        ))
    }

    /// Whether the rule names `day`, counted from its first day; where it ends is not looked at.
    pub fn names(&self, first: Date, day: Date) -> bool {
        let apart = match self.every {
            Frequency::Daily => days_between(first, day),
            Frequency::Weekly => days_between(self.week_of(first), self.week_of(day)) / 7,
            Frequency::Monthly => months(day) - months(first),
            Frequency::Yearly => i64::from(day.year()) - i64::from(first.year()),
        };
        apart >= 0 && apart % self.interval == 0 && self.fits_month(first, day) && self.fits_day(first, day)
    }

    fn week_of(&self, day: Date) -> Date {
        let back = i64::from(day.weekday().since(self.week_start));
        day.checked_sub(jiff::Span::new().days(back)).unwrap_or(day)
    }

    fn fits_month(&self, first: Date, day: Date) -> bool {
        let by_default = match self.every {
            Frequency::Yearly if self.by_day.is_empty() && self.by_month_day.is_empty() => {
                day.month() == first.month()
            }
            Frequency::Daily | Frequency::Weekly | Frequency::Monthly | Frequency::Yearly => true,
        };
        if self.by_month.is_empty() { by_default } else { self.by_month.contains(&day.month()) }
    }

    fn fits_day(&self, first: Date, day: Date) -> bool {
        if self.by_day.is_empty() && self.by_month_day.is_empty() {
            return match self.every {
                Frequency::Daily => true,
                Frequency::Weekly => day.weekday() == first.weekday(),
                Frequency::Monthly | Frequency::Yearly => day.day() == first.day(),
            };
        }
        let from_end = day.day() - day.days_in_month() - 1;
        let month_day = self.by_month_day.iter().any(|n| *n == day.day() || *n == from_end);
        let week_day = self.by_day.iter().any(|(nth, weekday)| {
            *weekday == day.weekday() && nth.is_none_or(|nth| self.position(day).contains(&nth))
        });
        (self.by_month_day.is_empty() || month_day) && (self.by_day.is_empty() || week_day)
    }

    /// The how-manieth of its weekday a day is in its period, from the beginning and from the end.
    fn position(&self, day: Date) -> [i8; 2] {
        let of_year = self.every == Frequency::Yearly && self.by_month.is_empty();
        let (at, days) = if of_year {
            (day.day_of_year(), day.days_in_year())
        } else {
            (i16::from(day.day()), i16::from(day.days_in_month()))
        };
        [(at - 1) / 7 + 1, -((days - at) / 7 + 1)].map(|n| i8::try_from(n).unwrap_or_default())
    }
}

fn days_between(from: Date, to: Date) -> i64 {
    to.duration_since(from).as_hours() / 24
}

fn months(day: Date) -> i64 {
    i64::from(day.year()) * 12 + i64::from(day.month())
}

fn count(value: &str) -> Option<u32> {
    let digits = !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit());
    value.parse().ok().filter(|n| digits && (1..=NUMBER_MAX).contains(n))
}

fn list<T>(value: &str, item: impl Fn(&str) -> Option<T>) -> Option<Vec<T>> {
    value.split(',').map(item).collect()
}

/// A number that is not 0, up to `max` on both sides.
fn number(item: &str, max: i8) -> Option<i8> {
    let digits = item.strip_prefix(['+', '-']).unwrap_or(item);
    let plain = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    item.parse::<i8>().ok().filter(|n| plain && *n != 0 && (-max..=max).contains(n))
}

fn nth_day(item: &str) -> Option<(Option<i8>, Weekday)> {
    let (nth, day) = item.split_at_checked(item.len().checked_sub(2)?)?;
    let nth = if nth.is_empty() { None } else { Some(number(nth, 53)?) };
    Some((nth, weekday(day)?))
}

fn weekday(word: &str) -> Option<Weekday> {
    let short = |name: &str| name[..2].eq_ignore_ascii_case(word);
    week::DAYS.iter().find(|(_, name)| short(name)).map(|(day, _)| *day)
}
