//! The named functions of expressions: one table for the check, the evaluation and the administrator's guide.

use super::evaluate::{Trouble, Value, Values};
use super::types::Type;
use crate::flow::value::Date;

/// A function that an expression may call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Function {
    /// Its name.
    pub name: &'static str,
    /// What it takes, in words for a fault.
    pub takes: &'static str,
    /// What it gives, in a line for the guide.
    pub gives: &'static str,
    pub(super) parameters: &'static [Parameter],
    pub(super) result: Kind,
    pub(super) call: Call,
}

/// What a parameter may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Parameter {
    Number,
    Date,
    Duration,
    /// Text, digits, a telephone number or a list.
    Counted,
    Digits,
    /// Digits or a telephone number.
    Row,
}

impl Parameter {
    pub fn fits(self, kind: &Type) -> bool {
        match self {
            Parameter::Number => *kind == Type::Number,
            Parameter::Date => *kind == Type::Date,
            Parameter::Duration => *kind == Type::Duration,
            Parameter::Digits => *kind == Type::Digits,
            Parameter::Row => matches!(kind, Type::Digits | Type::Phone),
            Parameter::Counted => matches!(kind, Type::Text | Type::Digits | Type::Phone | Type::List(_)),
        }
    }

    pub const fn wanted(self) -> &'static str {
        match self {
            Parameter::Number => "a number",
            Parameter::Date => "a date",
            Parameter::Duration => "a duration",
            Parameter::Digits => "a row of digits",
            Parameter::Row => "a row of digits or a telephone number",
            Parameter::Counted => "a text, a row of digits or a list",
        }
    }

    /// As what a text literal is read here.
    pub const fn literal(self) -> Type {
        match self {
            Parameter::Number => Type::Number,
            Parameter::Date => Type::Date,
            Parameter::Duration => Type::Duration,
            Parameter::Digits | Parameter::Row => Type::Digits,
            Parameter::Counted => Type::Text,
        }
    }
}

/// What comes out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Number,
    Date,
    Time,
    Duration,
    Digits,
    Weekday,
}

impl Kind {
    pub fn of(self) -> Type {
        match self {
            Kind::Number => Type::Number,
            Kind::Date => Type::Date,
            Kind::Time => Type::Time,
            Kind::Duration => Type::Duration,
            Kind::Digits => Type::Digits,
            Kind::Weekday => Type::Choice(WEEKDAYS.map(str::to_owned).to_vec()),
        }
    }
}

/// Which one, for the evaluation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Call {
    Today,
    Now,
    Age,
    Weekday,
    Year,
    Days,
    Hours,
    Minutes,
    WholeDays,
    Length,
    First,
    Last,
    Number,
}

const WEEKDAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

const fn row(
    name: &'static str,
    takes: &'static str,
    gives: &'static str,
    parameters: &'static [Parameter],
    result: Kind,
    call: Call,
) -> Function {
    Function { name, takes, gives, parameters, result, call }
}

/// All functions.
pub const FUNCTIONS: [Function; 13] = {
    use Parameter as P;
    [
        row("today", "nothing", "the day of the call, where the clinic stands", &[], Kind::Date, Call::Today),
        row("now", "nothing", "the time of day, where the clinic stands", &[], Kind::Time, Call::Now),
        row("age", "a date", "whole years from that day to today", &[P::Date], Kind::Number, Call::Age),
        row("weekday", "a date", "monday to sunday", &[P::Date], Kind::Weekday, Call::Weekday),
        row("year", "a date", "its year", &[P::Date], Kind::Number, Call::Year),
        row("days", "a number", "so many days", &[P::Number], Kind::Duration, Call::Days),
        row("hours", "a number", "so many hours", &[P::Number], Kind::Duration, Call::Hours),
        row("minutes", "a number", "so many minutes", &[P::Number], Kind::Duration, Call::Minutes),
        row("whole_days", "a duration", "its whole days, cut", &[P::Duration], Kind::Number, Call::WholeDays),
        row(
            "length",
            "a text, digits or a list",
            "how long it is",
            &[P::Counted],
            Kind::Number,
            Call::Length,
        ),
        row(
            "first",
            "digits and a number",
            "the first so many",
            &[P::Row, P::Number],
            Kind::Digits,
            Call::First,
        ),
        row(
            "last",
            "digits and a number",
            "the last so many",
            &[P::Row, P::Number],
            Kind::Digits,
            Call::Last,
        ),
        row("number", "digits", "the number that they write", &[P::Digits], Kind::Number, Call::Number),
    ]
};

/// The function of a name.
pub(super) fn named(name: &str) -> Option<&'static Function> {
    FUNCTIONS.iter().find(|function| function.name == name)
}

/// The name of a day of the week, from 0 for Monday.
fn weekday(date: Date) -> &'static str {
    WEEKDAYS[usize::from(date.weekday()) % 7]
}

/// Calls a function with values that the check has let through.
pub(super) fn call<'a>(
    function: &Function,
    values: &[Value<'a>],
    around: &impl Values<'a>,
) -> Result<Value<'a>, Trouble> {
    let seconds =
        |count: i64, each: i64| count.checked_mul(each).map(Value::Duration).ok_or(Trouble::Overflow);
    Ok(match (function.call, values) {
        (Call::Today, _) => Value::Date(around.today().ok_or(Trouble::Unknown)?),
        (Call::Now, _) => Value::Time(around.now().ok_or(Trouble::Unknown)?),
        (Call::Age, [Value::Date(birth)]) => {
            let today = around.today().ok_or(Trouble::Unknown)?;
            Value::Number(i64::from(today.years_since(*birth)))
        }
        (Call::Weekday, [Value::Date(date)]) => Value::Choice(weekday(*date)),
        (Call::Year, [Value::Date(date)]) => Value::Number(i64::from(date.year())),
        (Call::Days, [Value::Number(count)]) => seconds(*count, 86_400)?,
        (Call::Hours, [Value::Number(count)]) => seconds(*count, 3_600)?,
        (Call::Minutes, [Value::Number(count)]) => seconds(*count, 60)?,
        (Call::WholeDays, [Value::Duration(seconds)]) => Value::Number(seconds / 86_400),
        (Call::Length, [Value::List(items)]) => Value::Number(length(items.len())),
        (Call::Length, [Value::Text(text) | Value::Digits(text) | Value::Phone(text)]) => {
            Value::Number(length(text.chars().count()))
        }
        (Call::First, [Value::Digits(row) | Value::Phone(row), Value::Number(count)]) => {
            Value::Digits(row.get(..places(*count, row)).unwrap_or(row))
        }
        (Call::Last, [Value::Digits(row) | Value::Phone(row), Value::Number(count)]) => {
            Value::Digits(row.get(row.len() - places(*count, row)..).unwrap_or(row))
        }
        (Call::Number, [Value::Digits(digits)]) => {
            Value::Number(digits.parse().map_err(|_| Trouble::NotANumber)?)
        }
        (
            Call::Age
            | Call::Weekday
            | Call::Year
            | Call::Days
            | Call::Hours
            | Call::Minutes
            | Call::WholeDays,
            _,
        ) => return Err(Trouble::Unchecked),
        (Call::Length | Call::First | Call::Last | Call::Number, _) => return Err(Trouble::Unchecked),
    })
}

fn length(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// So many places of a row, none for a number under zero, at most all.
fn places(count: i64, row: &str) -> usize {
    usize::try_from(count.max(0)).unwrap_or(usize::MAX).min(row.len())
}
