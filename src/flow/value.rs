//! Values that flows hold and callers hear: a day, a time of day, an amount of money.
//!
//! The proleptic Gregorian calendar, without zones: an appointment is at nine where the clinic stands.
//! Not here: today, which comes in as a value, and how a value is spoken ([`super::spoken`]).

use std::time::Duration;

/// A day of the calendar; it exists.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date {
    year: u16,
    month: u8,
    day: u8,
}

/// The greatest year that a flow knows: four keys type it.
pub const YEAR_MAX: u16 = 9_999;

impl Date {
    /// The day, if there is one: 29 February only in leap years, years from 1 to 9999.
    pub const fn new(year: u16, month: u8, day: u8) -> Option<Date> {
        let exists = year >= 1 && year <= YEAR_MAX && day >= 1 && day <= days_of(year, month);
        if exists { Some(Date { year, month, day }) } else { None }
    }

    /// The year, 1 to 9999.
    pub const fn year(self) -> u16 {
        self.year
    }

    /// The month, 1 to 12.
    pub const fn month(self) -> u8 {
        self.month
    }

    /// The day of the month, 1 to 31.
    pub const fn day(self) -> u8 {
        self.day
    }

    /// Days since 1 January of the year 1, which is day 0.
    pub const fn days(self) -> i32 {
        let years = self.year as i32 - 1;
        let mut days = years * 365 + years / 4 - years / 100 + years / 400 + self.day as i32 - 1;
        let mut month = 1;
        while month < self.month {
            days += days_of(self.year, month) as i32;
            month += 1;
        }
        days
    }

    /// The day so many days after 1 January of the year 1; `None` outside the years 1 to 9999.
    pub fn from_days(days: i32) -> Option<Date> {
        let first_guess = days.checked_div(366)?.checked_add(1)?;
        let mut year = u16::try_from(first_guess).ok().filter(|year| (1..=YEAR_MAX).contains(year))?;
        while year < YEAR_MAX && Date::new(year + 1, 1, 1)?.days() <= days {
            year += 1;
        }
        let mut left = days.checked_sub(Date::new(year, 1, 1)?.days())?;
        for month in 1..=12 {
            let length = i32::from(days_of(year, month));
            if left < length {
                return Date::new(year, month, u8::try_from(left + 1).ok()?);
            }
            left -= length;
        }
        None
    }

    /// The day of the week: 0 is Monday, 6 is Sunday.
    pub const fn weekday(self) -> u8 {
        // 1 January of the year 1 was a Monday.
        (self.days() % 7) as u8
    }

    /// Whole years from `birth` to this day; 0 if `birth` is later. Who is born on 29 February is a year older on
    /// 1 March of a common year.
    pub const fn years_since(self, birth: Date) -> u16 {
        let had_birthday = self.month > birth.month || (self.month == birth.month && self.day >= birth.day);
        self.year.saturating_sub(birth.year).saturating_sub(if had_birthday { 0 } else { 1 })
    }
}

/// Days of a month; 0 for a month that does not exist.
const fn days_of(year: u16, month: u8) -> u8 {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => 0,
    }
}

impl std::fmt::Debug for Date {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

/// A time of day, to the minute.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TimeOfDay(u16);

impl TimeOfDay {
    /// Hour 0 to 23 and minute 0 to 59.
    pub const fn new(hour: u8, minute: u8) -> Option<TimeOfDay> {
        if hour < 24 && minute < 60 { Some(TimeOfDay(hour as u16 * 60 + minute as u16)) } else { None }
    }

    /// The hour, 0 to 23.
    pub const fn hour(self) -> u8 {
        (self.0 / 60) as u8
    }

    /// The minute, 0 to 59.
    pub const fn minute(self) -> u8 {
        (self.0 % 60) as u8
    }

    /// Minutes since midnight, 0 to 1439.
    pub const fn minutes(self) -> u16 {
        self.0
    }

    /// So much later on the same day; `None` past midnight.
    pub fn later(self, by: Duration) -> Option<TimeOfDay> {
        let minutes = u16::try_from(by.as_secs() / 60).ok()?;
        self.0.checked_add(minutes).filter(|minutes| *minutes < 24 * 60).map(TimeOfDay)
    }
}

impl std::fmt::Debug for TimeOfDay {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:02}:{:02}", self.hour(), self.minute())
    }
}

/// An amount in the clinic's own currency, in its hundredth parts (US cents).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Money(i64);

impl Money {
    /// So many hundredth parts; under zero is what somebody is owed.
    pub const fn from_cents(cents: i64) -> Money {
        Money(cents)
    }

    /// Hundredth parts.
    pub const fn cents(self) -> i64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_days_that_exist_are_dates() {
        for (year, month, day, exists) in [
            (2024, 2, 29, true),
            (2023, 2, 29, false),
            (1900, 2, 29, false),
            (2000, 2, 29, true),
            (2026, 4, 31, false),
            (2026, 12, 31, true),
            (2026, 13, 1, false),
            (2026, 0, 1, false),
            (2026, 1, 0, false),
            (0, 1, 1, false),
            (9_999, 12, 31, true),
            (10_000, 1, 1, false),
        ] {
            assert_eq!(Date::new(year, month, day).is_some(), exists, "{year}-{month}-{day}");
        }
    }

    #[test]
    fn days_are_counted_through_leap_years_and_back() {
        let epoch = Date::new(1970, 1, 1).expect("a day");
        assert_eq!((epoch.days(), epoch.weekday()), (719_162, 3), "1 January 1970 was a Thursday");
        assert_eq!(Date::new(2026, 11, 24).expect("a day").weekday(), 1, "a Tuesday");
        let last = Date::new(9_999, 12, 31).expect("a day").days();
        for days in (0..=last).step_by(97).chain([0, 1, 364, 365, 366, last - 1, last]) {
            assert_eq!(Date::from_days(days).map(Date::days), Some(days));
        }
        for days in [-1, last + 1, i32::MIN, i32::MAX] {
            assert_eq!(Date::from_days(days), None, "{days}");
        }
    }

    #[test]
    fn an_age_is_counted_in_whole_years() {
        let day = |year, month, day| Date::new(year, month, day).expect("a day");
        for (today, birth, age) in [
            (day(2026, 11, 27), day(1958, 11, 27), 68),
            (day(2026, 11, 26), day(1958, 11, 27), 67),
            (day(2025, 2, 28), day(2024, 2, 29), 0),
            (day(2025, 3, 1), day(2024, 2, 29), 1),
            (day(2020, 1, 1), day(2024, 1, 1), 0),
        ] {
            assert_eq!(today.years_since(birth), age, "{birth:?} on {today:?}");
        }
    }

    #[test]
    fn a_time_ends_at_midnight() {
        assert_eq!(TimeOfDay::new(24, 0), None);
        assert_eq!(TimeOfDay::new(9, 60), None);
        let late = TimeOfDay::new(23, 30).expect("a time");
        assert_eq!(late.later(Duration::from_secs(29 * 60)), TimeOfDay::new(23, 59));
        assert_eq!(late.later(Duration::from_secs(30 * 60)), None);
        assert_eq!(late.later(Duration::MAX), None);
        assert_eq!(format!("{late:?} {:?}", Date::new(26, 1, 2)), "23:30 Some(0026-01-02)");
    }
}
