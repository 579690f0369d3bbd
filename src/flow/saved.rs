//! What a call has saved: values by their names, for as long as the call lasts.
//!
//! Every one of them may tell of a patient: `Debug` shows types alone, and nothing here is written anywhere. Not here:
//! which names a step may use (the check knows), and how a value is spoken ([`super::spoken`]).

use crate::clock::WallTime;
use crate::flow::expression::evaluate::{Value, Values};
use crate::flow::value::{Date, Money, TimeOfDay};
use crate::id::ValueName;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::collections::BTreeMap;
use std::fmt;

/// One saved value.
#[derive(Clone, PartialEq, Eq)]
pub enum Saved {
    /// Words.
    Text(Box<str>),
    /// Digits that mean themselves.
    Digits(Box<str>),
    /// A whole number.
    Number(i64),
    /// A day.
    Date(Date),
    /// A time of day.
    Time(TimeOfDay),
    /// Seconds; under zero is earlier.
    Duration(i64),
    /// An amount.
    Money(Money),
    /// A telephone number.
    Phone(Box<str>),
    /// One of a few names.
    Choice(Box<str>),
    /// Yes or no.
    Bool(bool),
    /// Several.
    List(Vec<Saved>),
}

impl fmt::Debug for Saved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.value().fmt(f)
    }
}

impl Saved {
    /// The value, as expressions take it.
    pub fn value(&self) -> Value<'_> {
        match self {
            Saved::Text(text) => Value::Text(text),
            Saved::Digits(digits) => Value::Digits(digits),
            Saved::Number(number) => Value::Number(*number),
            Saved::Date(date) => Value::Date(*date),
            Saved::Time(time) => Value::Time(*time),
            Saved::Duration(seconds) => Value::Duration(*seconds),
            Saved::Money(money) => Value::Money(*money),
            Saved::Phone(number) => Value::Phone(number),
            Saved::Choice(name) => Value::Choice(name),
            Saved::Bool(yes) => Value::Bool(*yes),
            Saved::List(items) => Value::List(items),
        }
    }

    /// What an expression gave, kept. `None` for a record: those are kept where they came from.
    pub fn of(value: Value<'_>) -> Option<Saved> {
        Some(match value {
            Value::Text(text) => Saved::Text(text.into()),
            Value::Digits(digits) => Saved::Digits(digits.into()),
            Value::Number(number) => Saved::Number(number),
            Value::Date(date) => Saved::Date(date),
            Value::Time(time) => Saved::Time(time),
            Value::Duration(seconds) => Saved::Duration(seconds),
            Value::Money(money) => Saved::Money(money),
            Value::Phone(number) => Saved::Phone(number.into()),
            Value::Choice(name) => Saved::Choice(name.into()),
            Value::Bool(yes) => Saved::Bool(yes),
            Value::List(items) => Saved::List(items.to_vec()),
            Value::Record(_) => return None,
        })
    }
}

/// The values of a flow, or of one call of a sub-flow, which sees no others.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Saves {
    values: BTreeMap<ValueName, Saved>,
}

impl Saves {
    /// Keeps a value under a name, in place of what was there.
    pub fn save(&mut self, name: ValueName, value: Saved) {
        self.values.insert(name, value);
    }

    /// Whether this is known under a name already: to save it again would take room for nothing.
    pub fn holds(&self, name: &ValueName, value: Value<'_>) -> bool {
        self.get(name.as_str()).is_some_and(|known| known.value() == value)
    }

    /// What was saved under a name.
    pub fn get(&self, name: &str) -> Option<&Saved> {
        self.values.get(name)
    }
}

/// The day and the time of day where the clinic stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Today {
    /// The day.
    pub date: Date,
    /// The time.
    pub time: TimeOfDay,
}

impl Today {
    /// What a clock in `zone` shows at `at`; `None` outside the years 1 to 9999.
    pub fn at(at: WallTime, zone: &TimeZone) -> Option<Today> {
        let local = zone.to_datetime(Timestamp::from_microsecond(at.as_micros()).ok()?);
        let year = u16::try_from(local.year()).ok()?;
        let date = Date::new(year, u8::try_from(local.month()).ok()?, u8::try_from(local.day()).ok()?)?;
        let time = TimeOfDay::new(u8::try_from(local.hour()).ok()?, u8::try_from(local.minute()).ok()?)?;
        Some(Today { date, time })
    }
}

/// Saved values beside the day: what an expression is evaluated on.
#[derive(Clone, Copy, Debug)]
pub struct Known<'a> {
    /// The values.
    pub saves: &'a Saves,
    /// The day and the time, if a clock was told.
    pub today: Option<Today>,
}

impl<'a> Values<'a> for Known<'a> {
    fn value(&self, name: &str) -> Option<Value<'a>> {
        self.saves.get(name).map(Saved::value)
    }

    fn field(&self, _record: u32, _name: &str) -> Option<Value<'a>> {
        None
    }

    fn today(&self) -> Option<Date> {
        self.today.map(|today| today.date)
    }

    fn now(&self) -> Option<TimeOfDay> {
        self.today.map(|today| today.time)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_saved_is_found_and_never_printed() {
        let mut saves = Saves::default();
        saves.save(ValueName::from("zip"), Saved::Digits("02139".into()));
        saves.save(ValueName::from("zip"), Saved::Digits("02140".into()));
        assert_eq!(saves.get("zip"), Some(&Saved::Digits("02140".into())));
        assert_eq!(saves.get("zap"), None);
        assert_eq!(format!("{saves:?}"), "Saves { values: {`zip`: ‹digits›} }");
    }

    #[test]
    fn the_day_is_the_one_where_the_clinic_stands() {
        let zone = TimeZone::get("America/New_York").expect("the zone is built in");
        for (at, date, time) in [
            ("2026-11-28T01:00:00Z", (2026, 11, 27), (20, 0)),
            ("2026-11-28T05:00:00Z", (2026, 11, 28), (0, 0)),
            ("2026-07-01T03:59:59Z", (2026, 6, 30), (23, 59)),
        ] {
            let instant: Timestamp = at.parse().expect("a time");
            let today = Today::at(WallTime::from_micros(instant.as_microsecond()), &zone);
            let date = Date::new(date.0, date.1, date.2).expect("a day");
            let time = TimeOfDay::new(time.0, time.1).expect("a time");
            assert_eq!(today, Some(Today { date, time }), "{at}");
        }
    }
}
