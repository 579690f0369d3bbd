//! A holiday by its rule, in the words of an administrator, and the days it falls on.
//!
//! ```text
//! january 1                              the same date every year
//! third monday of january                or `last monday of may`
//! easter · 2 days before easter          the western Easter
//! day after fourth thursday of november
//! july 4, observed nearest weekday       on a Saturday also the Friday before, on a Sunday also the Monday after
//! 2026-12-24                             once
//! ```
//! A day that is observed elsewhere is a holiday itself too. Not here: its hours, if it has any.

use super::week;
use crate::limits::HOLIDAY_SHIFT_MAX_DAYS;
use jiff::civil::{Date, Weekday};
use jiff::{Span, ToSpan};

/// When a holiday is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    base: Base,
    /// So many days behind the day of the base; before it if negative.
    shift_days: i32,
    observed: Observed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Base {
    Once(Date),
    EveryYear {
        month: i8,
        day: i8,
    },
    /// `nth` from 1 to 5, or -1 for the last.
    Nth {
        nth: i8,
        weekday: Weekday,
        month: i8,
    },
    Easter,
}

/// What is free instead when the day falls on a weekend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Observed {
    /// Nothing.
    AsItFalls,
    /// The Monday after.
    NextMonday,
    /// The Friday before.
    PreviousFriday,
    /// For a Saturday the Friday before, for a Sunday the Monday after: the rule of US federal holidays.
    NearestWeekday,
}

/// Why a rule cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable {
    /// What is wrong.
    pub what: String,
    /// What to write.
    pub repair: String,
}

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];
const NTH: [(&str, i8); 6] =
    [("first", 1), ("second", 2), ("third", 3), ("fourth", 4), ("fifth", 5), ("last", -1)];
const OBSERVED: [(&str, Observed); 3] = [
    ("nearest weekday", Observed::NearestWeekday),
    ("next monday", Observed::NextMonday),
    ("previous friday", Observed::PreviousFriday),
];

impl Rule {
    /// Reads a rule.
    ///
    /// # Errors
    /// What is wrong with it, and the repair.
    pub fn read(text: &str) -> Result<Rule, Unreadable> {
        let lower = text.to_lowercase();
        let (day, observed) = match lower.split_once("observed") {
            None => (lower.as_str(), Observed::AsItFalls),
            Some((day, words)) => (day, observed(words.trim())?),
        };
        let day = day.trim().trim_end_matches(',').trim_end();
        let day = day.strip_prefix("the ").unwrap_or(day);
        let (shift_days, day) = shift(day)?;
        Ok(Rule { base: base(day)?, shift_days, observed })
    }

    /// Whether `date` is the holiday, or the day on which it is observed.
    pub fn falls_on(&self, date: Date) -> bool {
        // A day near the turn of the year may be counted from the year before or after: no shift reaches farther
        // than into the third month.
        let years = match date.month() {
            ..=3 => -1..=0,
            10.. => 0..=1,
            _ => 0..=0,
        };
        years.into_iter().any(|years| self.in_year(date.year() + years).contains(&Some(date)))
    }

    /// The day of the holiday counted from a year's own base, and where it is observed instead.
    fn in_year(&self, year: i16) -> [Option<Date>; 2] {
        let day =
            self.base.in_year(year).and_then(|day| day.checked_add(i64::from(self.shift_days).days()).ok());
        [day, day.and_then(|day| self.observed.instead_of(day))]
    }
}

impl Base {
    fn in_year(self, year: i16) -> Option<Date> {
        match self {
            Base::Once(date) => (date.year() == year).then_some(date),
            Base::EveryYear { month, day } => Date::new(year, month, day).ok(),
            Base::Nth { nth, weekday, month } => {
                Date::new(year, month, 1).ok()?.nth_weekday_of_month(nth, weekday).ok()
            }
            Base::Easter => easter(year),
        }
    }
}

impl Observed {
    fn instead_of(self, day: Date) -> Option<Date> {
        let by: Span = match (self, day.weekday()) {
            (Observed::NextMonday, Weekday::Saturday) => 2.days(),
            (Observed::NextMonday | Observed::NearestWeekday, Weekday::Sunday) => 1.day(),
            (Observed::PreviousFriday | Observed::NearestWeekday, Weekday::Saturday) => (-1).days(),
            (Observed::PreviousFriday, Weekday::Sunday) => (-2).days(),
            (
                Observed::AsItFalls
                | Observed::NextMonday
                | Observed::PreviousFriday
                | Observed::NearestWeekday,
                _,
            ) => {
                return None;
            }
        };
        day.checked_add(by).ok()
    }
}

/// The western Easter Sunday of a year of the Gregorian calendar (the computus of Meeus, Jones and Butcher).
fn easter(year: i16) -> Option<Date> {
    let year = i32::from(year);
    let golden = year.rem_euclid(19);
    let (century, of_century) = (year.div_euclid(100), year.rem_euclid(100));
    let leap_centuries = century.div_euclid(4);
    let moon_drift = (century - (century + 8).div_euclid(25) + 1).div_euclid(3);
    let epact = (19 * golden + century - leap_centuries - moon_drift + 15).rem_euclid(30);
    let to_sunday =
        (32 + 2 * century.rem_euclid(4) + 2 * of_century.div_euclid(4) - epact - of_century.rem_euclid(4))
            .rem_euclid(7);
    let late = (golden + 11 * epact + 22 * to_sunday).div_euclid(451);
    let days = epact + to_sunday - 7 * late + 114;
    let number = |n: i32| i8::try_from(n).ok();
    Date::new(i16::try_from(year).ok()?, number(days / 31)?, number(days % 31 + 1)?).ok()
}

fn observed(words: &str) -> Result<Observed, Unreadable> {
    let words = words.strip_prefix("on ").unwrap_or(words);
    let words = words.strip_prefix("the ").unwrap_or(words);
    OBSERVED.iter().find(|(name, _)| *name == words).map(|(_, observed)| *observed).ok_or_else(|| {
        Unreadable {
            what: format!("`{words}` is no day on which a holiday is observed"),
            repair: "write `observed nearest weekday`, `observed next monday` or `observed previous friday`"
                .to_owned(),
        }
    })
}

/// `day after …`, `3 days before …`, and the rest.
fn shift(text: &str) -> Result<(i32, &str), Unreadable> {
    for (word, sign) in [(" after ", 1), (" before ", -1)] {
        let Some((count, rest)) = text.split_once(word) else { continue };
        let days = match count.trim() {
            "day" => Some(1),
            count => count.strip_suffix(" days").and_then(|count| count.parse::<u32>().ok()),
        };
        return match days {
            Some(days @ 1..=HOLIDAY_SHIFT_MAX_DAYS) => {
                Ok((sign * i32::try_from(days).unwrap_or_default(), rest.trim()))
            }
            _ => Err(Unreadable {
                what: format!("`{}` is no number of days", count.trim()),
                repair: format!("write `day{word}…` or `2 days{word}…`, at most {HOLIDAY_SHIFT_MAX_DAYS}"),
            }),
        };
    }
    Ok((0, text))
}

fn base(text: &str) -> Result<Base, Unreadable> {
    if text == "easter" {
        return Ok(Base::Easter);
    }
    if text.bytes().next().is_some_and(|b| b.is_ascii_digit()) {
        return once(text);
    }
    match text.split_whitespace().collect::<Vec<&str>>()[..] {
        [nth, day, "of", month] => {
            let nth = find(nth, NTH.iter().copied(), "word for which one")?;
            let days = week::DAYS.iter().map(|(day, name)| (*name, *day));
            let weekday = week::weekday(day).map_or_else(|| find(day, days, "day of the week"), Ok)?;
            Ok(Base::Nth { nth, weekday, month: self::month(month)? })
        }
        [month, day] => every_year(month, day),
        _ => Err(Unreadable {
            what: format!("`{text}` says no day"),
            repair: "write it such as `january 1`, `third monday of january`, `2 days before easter` or `2026-12-24`"
                .to_owned(),
        }),
    }
}

fn once(text: &str) -> Result<Base, Unreadable> {
    let unreadable = || Unreadable {
        what: format!("`{text}` is no date"),
        repair: "write year, month and day, such as 2026-12-24; for every year write `december 24`"
            .to_owned(),
    };
    let digits = text.len() == 10 && text.bytes().all(|b| b.is_ascii_digit() || b == b'-');
    let date = text.parse::<Date>().ok().filter(|_| digits);
    date.map(Base::Once).ok_or_else(unreadable)
}

fn every_year(month: &str, day: &str) -> Result<Base, Unreadable> {
    let month = self::month(month)?;
    let number: Option<i8> = day.bytes().all(|b| b.is_ascii_digit()).then(|| day.parse().ok()).flatten();
    // 2024 is a leap year: the 29th of February is a day, the 30th is none.
    match number.filter(|day| Date::new(2024, month, *day).is_ok()) {
        Some(day) => Ok(Base::EveryYear { month, day }),
        None => {
            let name = MONTHS[usize::from(month.unsigned_abs()) - 1];
            let repair = "write the number of the day, such as `january 1`".to_owned();
            Err(Unreadable { what: format!("{name} has no day `{day}`"), repair })
        }
    }
}

fn month(word: &str) -> Result<i8, Unreadable> {
    let number = |at: usize| i8::try_from(at + 1).unwrap_or_default();
    let short = MONTHS.iter().position(|name| name[..3] == *word);
    let months = MONTHS.iter().enumerate().map(|(at, name)| (*name, number(at)));
    short.map_or_else(|| find(word, months, "month"), |at| Ok(number(at)))
}

fn find<'a, T: Copy>(
    word: &str,
    known: impl Iterator<Item = (&'a str, T)>,
    what: &str,
) -> Result<T, Unreadable> {
    let known: Vec<(&str, T)> = known.collect();
    known.iter().find(|(name, _)| *name == word).map(|(_, value)| *value).ok_or_else(|| {
        let names: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
        let repair = crate::flow::diagnostic::did_you_mean(word, &names);
        Unreadable { what: format!("`{word}` is no {what}"), repair }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dates(rule: &str, year: i16) -> String {
        let rule = Rule::read(rule).unwrap_or_else(|why| panic!("{rule}: {why:?}"));
        let first = Date::new(year, 1, 1).unwrap();
        let days = (0..i64::from(first.days_in_year())).map(|n| first.checked_add(n.days()).unwrap());
        let found = days.filter(|day| rule.falls_on(*day));
        found.map(|day| day.strftime("%m-%d").to_string()).collect::<Vec<_>>().join(" ")
    }

    /// 5 U.S.C. §6103; the days as the Office of Personnel Management lists them. The day itself and the observed one.
    #[test]
    fn the_federal_holidays_of_2024_to_2028_are_on_their_days() {
        let nearest = |date: &str| format!("{date}, observed nearest weekday");
        for (rule, years) in [
            (nearest("january 1"), ["01-01", "01-01", "01-01", "01-01 12-31", "01-01"]),
            ("third monday of january".to_owned(), ["01-15", "01-20", "01-19", "01-18", "01-17"]),
            ("third monday of february".to_owned(), ["02-19", "02-17", "02-16", "02-15", "02-21"]),
            ("last monday of may".to_owned(), ["05-27", "05-26", "05-25", "05-31", "05-29"]),
            (nearest("june 19"), ["06-19", "06-19", "06-19", "06-18 06-19", "06-19"]),
            (nearest("july 4"), ["07-04", "07-04", "07-03 07-04", "07-04 07-05", "07-04"]),
            ("first monday of september".to_owned(), ["09-02", "09-01", "09-07", "09-06", "09-04"]),
            ("second monday of october".to_owned(), ["10-14", "10-13", "10-12", "10-11", "10-09"]),
            (nearest("november 11"), ["11-11", "11-11", "11-11", "11-11", "11-10 11-11"]),
            ("fourth thursday of november".to_owned(), ["11-28", "11-27", "11-26", "11-25", "11-23"]),
            (nearest("december 25"), ["12-25", "12-25", "12-25", "12-24 12-25", "12-25"]),
        ] {
            let found: Vec<String> = (2024..=2028).map(|year| dates(&rule, year)).collect();
            assert_eq!(found, years, "{rule}");
        }
    }

    #[test]
    fn easter_and_what_is_counted_from_it() {
        for (year, day) in [
            (1961, "04-02"),
            (2000, "04-23"),
            (2008, "03-23"),
            (2011, "04-24"),
            (2024, "03-31"),
            (2025, "04-20"),
            (2026, "04-05"),
            (2027, "03-28"),
            (2028, "04-16"),
            (2038, "04-25"),
            (2285, "03-22"),
        ] {
            assert_eq!(dates("easter", year), day, "{year}");
        }
        for (rule, day) in [
            ("2 days before easter", "04-03"),
            ("day after easter", "04-06"),
            ("39 days after easter", "05-14"),
            ("60 days after easter", "06-04"),
            ("the day after fourth thursday of november", "11-27"),
        ] {
            assert_eq!(dates(rule, 2026), day, "{rule}");
        }
    }

    #[test]
    fn a_holiday_of_a_weekend_is_observed_as_its_rule_says() {
        // The 4th of July: a Saturday in 2026, a Sunday in 2027, a Tuesday in 2028.
        for (words, years) in [
            ("", ["07-04", "07-04", "07-04"]),
            (", observed nearest weekday", ["07-03 07-04", "07-04 07-05", "07-04"]),
            (", observed next monday", ["07-04 07-06", "07-04 07-05", "07-04"]),
            (" observed on the previous friday", ["07-03 07-04", "07-02 07-04", "07-04"]),
        ] {
            let found: Vec<String> =
                (2026..=2028).map(|year| dates(&format!("July 4{words}"), year)).collect();
            assert_eq!(found, years, "{words}");
        }
    }

    #[test]
    fn rare_days_come_when_they_come() {
        assert_eq!(dates("february 29", 2024), "02-29");
        assert_eq!(dates("february 29", 2025), "");
        assert_eq!(dates("fifth friday of january", 2026), "01-30");
        assert_eq!(dates("fifth friday of february", 2026), "");
        assert_eq!(dates("2026-12-24", 2026), "12-24");
        assert_eq!(dates("2026-12-24", 2027), "");
        assert_eq!(dates("day before january 1", 2026), "12-31");
        assert_eq!(dates("day after december 31", 2026), "01-01");
    }

    #[test]
    fn a_rule_that_cannot_be_read_is_told_with_its_repair() {
        for (rule, what) in [
            ("janury 1", "`janury` is no month"),
            ("february 30", "february has no day `30`"),
            ("january first", "january has no day `first`"),
            ("january 1st", "january has no day `1st`"),
            ("thrid monday of january", "`thrid` is no word for which one"),
            ("third mondey of january", "`mondey` is no day of the week"),
            ("third monday in january", "`third monday in january` says no day"),
            ("2026-02-30", "`2026-02-30` is no date"),
            ("12/24/2026", "`12/24/2026` is no date"),
            ("20261224", "`20261224` is no date"),
            ("two days before easter", "`two days` is no number of days"),
            ("400 days after easter", "`400 days` is no number of days"),
            ("july 4, observed monday", "`monday` is no day on which a holiday is observed"),
            ("ester", "`ester` says no day"),
            ("", "`` says no day"),
        ] {
            assert_eq!(Rule::read(rule).unwrap_err().what, what, "{rule}");
        }
    }
}
