//! Manners: how a value is spoken, without the value; and which pieces a manner can need, so that each can be asked for.
//!
//! A value is of one manner, of countless contents: here every kind of content is said once, and its pieces gathered.
//! Not here: which manner a slot of a prompt has ([`crate::flow::slots`]).

use super::piece::Piece;
use super::rules::Rules;
use super::{Say, Unspeakable};
use crate::flow::value::{Date, Money, TimeOfDay, YEAR_MAX};
use std::collections::BTreeMap;
use std::sync::OnceLock;
use std::time::Duration;

/// The manner of a [`Say`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Manner<'a> {
    /// A number by itself.
    Number,
    /// A number by a set of the language's own, such as `ordinal`.
    NumberBy(&'a str),
    /// A number and a noun of the language's file.
    Counted(&'a str),
    /// The day of the week.
    Weekday,
    /// Month and day.
    Date,
    /// Month, day and year.
    DateWithYear,
    /// Day of the week, month and day.
    FullDate,
    /// A time of day.
    Time,
    /// A time of day, as when something is.
    AtTime,
    /// Its two greatest parts.
    Duration,
    /// An amount.
    Money,
    /// Digits in groups.
    Phone,
    /// Character by character.
    Code,
}

/// The pieces of each manner that needs no word of the language's own, once they were asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Gathered {
    cells: [OnceLock<Box<[Piece]>>; 11],
}

impl Gathered {
    fn of(&self, manner: Manner<'_>) -> Option<&OnceLock<Box<[Piece]>>> {
        let at = match manner {
            Manner::NumberBy(_) | Manner::Counted(_) => return None,
            Manner::Number => 0,
            Manner::Weekday => 1,
            Manner::Date => 2,
            Manner::DateWithYear => 3,
            Manner::FullDate => 4,
            Manner::Time => 5,
            Manner::AtTime => 6,
            Manner::Duration => 7,
            Manner::Money => 8,
            Manner::Phone => 9,
            Manner::Code => 10,
        };
        self.cells.get(at)
    }
}

impl Rules {
    /// Whether this manner's own words, a noun or a set of numbers, are in the language's file.
    pub fn knows(&self, manner: Manner<'_>) -> bool {
        match manner {
            Manner::NumberBy(set) => self.set_names.iter().any(|name| name == set),
            Manner::Counted(noun) => self.nouns.contains_key(noun),
            Manner::Number
            | Manner::Weekday
            | Manner::Date
            | Manner::DateWithYear
            | Manner::FullDate
            | Manner::Time
            | Manner::AtTime
            | Manner::Duration
            | Manner::Money
            | Manner::Phone
            | Manner::Code => true,
        }
    }

    /// The nouns and the sets of numbers by which a number can be spoken.
    pub fn ways_of_numbers(&self) -> impl Iterator<Item = &str> {
        self.nouns.keys().chain(&self.set_names).map(String::as_str)
    }

    /// The pieces that a value of this manner can need, in the order of their names. They are gathered once: some ten
    /// thousand values are said for it, and a check asks for each slot.
    pub fn pieces_of(&self, manner: Manner<'_>) -> Vec<&Piece> {
        let gather = || self.gather(manner).into_iter().cloned().collect::<Box<[Piece]>>();
        match self.gathered.of(manner) {
            Some(cell) => cell.get_or_init(gather).iter().collect(),
            None => self.gather(manner),
        }
    }

    fn gather(&self, manner: Manner<'_>) -> Vec<&Piece> {
        let mut found: BTreeMap<&str, &Piece> = BTreeMap::new();
        let mut hear = |what: Say<'_>| match self.say(what) {
            Ok(pieces) => found.extend(pieces.into_iter().map(|piece| (piece.name.as_str(), piece))),
            Err(
                Unspeakable::Nothing
                | Unspeakable::Character
                | Unspeakable::TooLong
                | Unspeakable::Noun
                | Unspeakable::Set,
            ) => {}
        };
        match manner {
            Manner::Number => numbers().chain([-1]).for_each(|number| hear(Say::Number(number))),
            Manner::NumberBy(set) => {
                numbers().for_each(|number| hear(Say::NumberBy(number.unsigned_abs(), set)));
            }
            Manner::Counted(noun) => {
                numbers().chain([-1]).for_each(|number| hear(Say::Counted(number, noun)));
            }
            Manner::Weekday => days().for_each(|date| hear(Say::Weekday(date))),
            Manner::Date => days().for_each(|date| hear(Say::Date(date))),
            Manner::DateWithYear => {
                days().for_each(|date| hear(Say::DateWithYear(date)));
                years().for_each(|date| hear(Say::DateWithYear(date)));
            }
            Manner::FullDate => days().for_each(|date| hear(Say::FullDate(date))),
            Manner::Time => times().for_each(|time| hear(Say::Time(time))),
            Manner::AtTime => times().for_each(|time| hear(Say::AtTime(time))),
            Manner::Duration => durations().for_each(|duration| hear(Say::Duration(duration))),
            Manner::Money => {
                let wholes = numbers().map(|number| number * 100);
                let cents = wholes.chain(0..100).chain([101, -1, -100]);
                cents.for_each(|cents| hear(Say::Money(Money::from_cents(cents))));
            }
            Manner::Phone => ["0123456789", "0123"].into_iter().for_each(|digits| hear(Say::Phone(digits))),
            Manner::Code => {
                let characters = ('0'..='9').chain(self.letters.keys().copied());
                characters.for_each(|c| hear(Say::Code(&format!("{c}{c}"))));
            }
        }
        found.into_values().collect()
    }

    /// What can be said of a value by numbers alone, one after another, where the words of its manner are not recorded:
    /// of a day its numbers in the order in which the language says them, of a time its hour to 24 and its minute.
    /// Nothing where a bare number would mislead: three of what?
    pub fn numbers_of<'a>(&self, what: Say<'a>) -> Vec<Say<'a>> {
        match what {
            Say::Number(number) | Say::Counted(number, _) => vec![Say::Number(number)],
            Say::NumberBy(number, _) => i64::try_from(number).map(Say::Number).into_iter().collect(),
            Say::Date(date) | Say::FullDate(date) => self.day_and_month(date).to_vec(),
            Say::DateWithYear(date) => {
                let [first, second] = self.day_and_month(date);
                vec![first, second, Say::Number(i64::from(date.year()))]
            }
            Say::Time(time) | Say::AtTime(time) => {
                vec![Say::Number(i64::from(time.hour())), Say::Number(i64::from(time.minute()))]
            }
            Say::Phone(digits) => vec![Say::Phone(digits)],
            Say::Code(code) if code.chars().all(|c| c.is_ascii_digit() || " -.".contains(c)) => {
                vec![Say::Phone(code)]
            }
            Say::Code(_) | Say::Weekday(_) | Say::Duration(_) | Say::Money(_) => Vec::new(),
        }
    }

    fn day_and_month<'a>(&self, date: Date) -> [Say<'a>; 2] {
        let (day, month) = (Say::Number(i64::from(date.day())), Say::Number(i64::from(date.month())));
        if self.day_comes_first() { [day, month] } else { [month, day] }
    }
}

/// Every kind of number: all to a thousand, thousands and millions with a rest and without, and one that is said by its digits.
fn numbers() -> impl Iterator<Item = i64> {
    let thousands = (1..=999).flat_map(|n| [n * 1_000, n * 1_000 + 1]);
    let millions = (1..=999).flat_map(|n| [n * 1_000_000, n * 1_000_000 + 1]);
    (0..=1_000).chain(thousands).chain(millions).chain([1_234_567_890])
}

/// Every day of a leap year: every day of the week, day and month.
fn days() -> impl Iterator<Item = Date> {
    let first = Date::new(2_024, 1, 1).map_or(0, Date::days);
    (first..first + 366).filter_map(Date::from_days)
}

fn years() -> impl Iterator<Item = Date> {
    (1..=YEAR_MAX).filter_map(|year| Date::new(year, 1, 1))
}

fn times() -> impl Iterator<Item = TimeOfDay> {
    (0..24).flat_map(|hour| (0..60).filter_map(move |minute| TimeOfDay::new(hour, minute)))
}

/// Days without bound, and each of the smaller parts, beside the one above it.
fn durations() -> impl Iterator<Item = Duration> {
    let days = numbers().map(|days| days.unsigned_abs().saturating_mul(86_400));
    let hours = (0..24).map(|hours| 86_400 + hours * 3_600);
    let minutes = (0..60).map(|minutes| 3_600 + minutes * 60);
    let seconds = (0..60).map(|seconds| 60 + seconds);
    let alone = (0..60).chain((0..60).map(|minutes| minutes * 60)).chain((0..24).map(|hours| hours * 3_600));
    days.chain(hours).chain(minutes).chain(seconds).chain(alone).map(Duration::from_secs)
}
