//! Evaluation of a checked expression: without allocation for numbers, choices and texts, and without panic.
//!
//! What the check cannot know is a [`Trouble`], a value of its own: the step that meets it takes its failure exit, so
//! the way leads up. Not here: types.

use super::functions;
use super::tree::{Is, Kind, Literal, NodeAt, Operator, Tree};
use crate::flow::saved::Saved;
use crate::flow::value::{Date, Money, TimeOfDay};
use std::cmp::Ordering;
use std::time::Duration;
use thiserror::Error;

/// A value while an expression is evaluated. Its `Debug` shows the type alone: it may tell of a patient.
#[derive(Clone, Copy, PartialEq)]
pub enum Value<'a> {
    /// Words.
    Text(&'a str),
    /// Digits that mean themselves.
    Digits(&'a str),
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
    Phone(&'a str),
    /// One of a few names.
    Choice(&'a str),
    /// Yes or no.
    Bool(bool),
    /// Several.
    List(&'a [Saved]),
    /// A record, by whatever number [`Values`] knows it.
    Record(u32),
}

impl std::fmt::Debug for Value<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Value::Text(_) => "‹text›",
            Value::Digits(_) => "‹digits›",
            Value::Number(_) => "‹number›",
            Value::Date(_) => "‹date›",
            Value::Time(_) => "‹time›",
            Value::Duration(_) => "‹duration›",
            Value::Money(_) => "‹money›",
            Value::Phone(_) => "‹phone›",
            Value::Choice(_) => "‹choice›",
            Value::Bool(_) => "‹bool›",
            Value::List(_) => "‹list›",
            Value::Record(_) => "‹record›",
        })
    }
}

/// Where the values of names come from.
pub trait Values<'a> {
    /// The value of a name; `None` if nothing was saved under it.
    fn value(&self, name: &str) -> Option<Value<'a>>;
    /// The value of a record's field.
    fn field(&self, record: u32, name: &str) -> Option<Value<'a>>;
    /// The day, where the clinic stands; `None` if no clock was told.
    fn today(&self) -> Option<Date>;
    /// The time of day, where the clinic stands.
    fn now(&self) -> Option<TimeOfDay>;
}

/// Why an expression has no value. Nothing of the values is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Trouble {
    /// A number, an amount or a duration grew out of what can be counted.
    #[error("a number grew too large")]
    Overflow,
    /// A date before the year 1 or after 9999, or a time beyond its day.
    #[error("a date or time left the calendar")]
    OffTheCalendar,
    /// Digits that write no number, or one that is too large.
    #[error("digits write no number")]
    NotANumber,
    /// A name without a value.
    #[error("a name has no value")]
    Unknown,
    /// A value is not of the type that was checked.
    #[error("a value is not of the type that was checked")]
    Unchecked,
}

/// The value of a node.
pub(super) fn evaluate<'a>(
    tree: &'a Tree,
    at: NodeAt,
    values: &impl Values<'a>,
) -> Result<Value<'a>, Trouble> {
    match &tree.node(at).kind {
        Kind::Literal(literal) => Ok(literal_value(literal)),
        Kind::Name(name) => values.value(name).ok_or(Trouble::Unknown),
        Kind::Field(of, name) => match evaluate(tree, *of, values)? {
            Value::Record(record) => values.field(record, name).ok_or(Trouble::Unknown),
            _ => Err(Trouble::Unchecked),
        },
        Kind::Not(of) => Ok(Value::Bool(!yes(tree, *of, values)?)),
        Kind::Minus(of) => match evaluate(tree, *of, values)? {
            Value::Number(number) => number.checked_neg().map(Value::Number).ok_or(Trouble::Overflow),
            Value::Duration(seconds) => seconds.checked_neg().map(Value::Duration).ok_or(Trouble::Overflow),
            Value::Money(money) => money.cents().checked_neg().map(cents).ok_or(Trouble::Overflow),
            _ => Err(Trouble::Unchecked),
        },
        Kind::Known(of, is) => {
            let known = match evaluate(tree, *of, values) {
                Ok(_) => true,
                Err(Trouble::Unknown) => false,
                Err(other) => return Err(other),
            };
            Ok(Value::Bool(known == (*is == Is::Is)))
        }
        Kind::Binary(operator, left, right) => binary(tree, *operator, (*left, *right), values),
        Kind::List(_) => Err(Trouble::Unchecked),
        Kind::Call(name, items) => call(tree, name, items, values),
    }
}

fn yes<'a>(tree: &'a Tree, at: NodeAt, values: &impl Values<'a>) -> Result<bool, Trouble> {
    match evaluate(tree, at, values)? {
        Value::Bool(yes) => Ok(yes),
        _ => Err(Trouble::Unchecked),
    }
}

fn call<'a>(
    tree: &'a Tree,
    name: &str,
    items: &[NodeAt],
    values: &impl Values<'a>,
) -> Result<Value<'a>, Trouble> {
    let function = functions::named(name).ok_or(Trouble::Unchecked)?;
    let arguments = match items {
        [] => return functions::call(function, &[], values),
        [one] => return functions::call(function, &[evaluate(tree, *one, values)?], values),
        [one, two] => [evaluate(tree, *one, values)?, evaluate(tree, *two, values)?],
        _ => return Err(Trouble::Unchecked),
    };
    functions::call(function, &arguments, values)
}

fn binary<'a>(
    tree: &'a Tree,
    operator: Operator,
    (left, right): (NodeAt, NodeAt),
    values: &impl Values<'a>,
) -> Result<Value<'a>, Trouble> {
    let value = |at| evaluate(tree, at, values);
    Ok(Value::Bool(match operator {
        Operator::Or => yes(tree, left, values)? || yes(tree, right, values)?,
        Operator::And => yes(tree, left, values)? && yes(tree, right, values)?,
        Operator::Equal => same(value(left)?, value(right)?),
        Operator::NotEqual => !same(value(left)?, value(right)?),
        Operator::Less => order(value(left)?, value(right)?)?.is_lt(),
        Operator::LessOrEqual => order(value(left)?, value(right)?)?.is_le(),
        Operator::Greater => order(value(left)?, value(right)?)?.is_gt(),
        Operator::GreaterOrEqual => order(value(left)?, value(right)?)?.is_ge(),
        Operator::In => is_in(tree, value(left)?, right, values)?,
        Operator::NotIn => !is_in(tree, value(left)?, right, values)?,
        Operator::Plus => return plus(value(left)?, value(right)?),
        Operator::Minus => return minus(value(left)?, value(right)?),
    }))
}

/// Whether two values are the same. A choice that was handed over as a text is that text.
fn same(left: Value<'_>, right: Value<'_>) -> bool {
    match (left, right) {
        (Value::Text(text), Value::Choice(name)) | (Value::Choice(name), Value::Text(text)) => text == name,
        (left, right) => left == right,
    }
}

fn order(left: Value<'_>, right: Value<'_>) -> Result<Ordering, Trouble> {
    Ok(match (left, right) {
        (Value::Number(a), Value::Number(b)) | (Value::Duration(a), Value::Duration(b)) => a.cmp(&b),
        (Value::Date(a), Value::Date(b)) => a.cmp(&b),
        (Value::Time(a), Value::Time(b)) => a.cmp(&b),
        (Value::Money(a), Value::Money(b)) => a.cmp(&b),
        _ => return Err(Trouble::Unchecked),
    })
}

fn is_in<'a>(
    tree: &'a Tree,
    item: Value<'a>,
    list: NodeAt,
    values: &impl Values<'a>,
) -> Result<bool, Trouble> {
    if let Kind::List(items) = &tree.node(list).kind {
        let mut found = false;
        for at in items {
            found |= same(evaluate(tree, *at, values)?, item);
        }
        return Ok(found);
    }
    match evaluate(tree, list, values)? {
        Value::List(items) => Ok(items.iter().any(|saved| same(saved.value(), item))),
        _ => Err(Trouble::Unchecked),
    }
}

fn plus<'a>(left: Value<'a>, right: Value<'a>) -> Result<Value<'a>, Trouble> {
    match (left, right) {
        (Value::Number(a), Value::Number(b)) => a.checked_add(b).map(Value::Number).ok_or(Trouble::Overflow),
        (Value::Duration(a), Value::Duration(b)) => {
            a.checked_add(b).map(Value::Duration).ok_or(Trouble::Overflow)
        }
        (Value::Money(a), Value::Money(b)) => {
            a.cents().checked_add(b.cents()).map(cents).ok_or(Trouble::Overflow)
        }
        (Value::Date(date), Value::Duration(seconds)) => later_day(date, seconds),
        (Value::Time(time), Value::Duration(seconds)) => later(time, seconds),
        _ => Err(Trouble::Unchecked),
    }
}

fn minus<'a>(left: Value<'a>, right: Value<'a>) -> Result<Value<'a>, Trouble> {
    match (left, right) {
        (Value::Number(a), Value::Number(b)) => a.checked_sub(b).map(Value::Number).ok_or(Trouble::Overflow),
        (Value::Duration(a), Value::Duration(b)) => {
            a.checked_sub(b).map(Value::Duration).ok_or(Trouble::Overflow)
        }
        (Value::Money(a), Value::Money(b)) => {
            a.cents().checked_sub(b.cents()).map(cents).ok_or(Trouble::Overflow)
        }
        (Value::Date(a), Value::Date(b)) => {
            Ok(Value::Duration((i64::from(a.days()) - i64::from(b.days())) * SECONDS_A_DAY))
        }
        (Value::Time(a), Value::Time(b)) => {
            Ok(Value::Duration((i64::from(a.minutes()) - i64::from(b.minutes())) * 60))
        }
        (Value::Date(date), Value::Duration(seconds)) => {
            later_day(date, seconds.checked_neg().ok_or(Trouble::Overflow)?)
        }
        (Value::Time(time), Value::Duration(seconds)) => {
            later(time, seconds.checked_neg().ok_or(Trouble::Overflow)?)
        }
        _ => Err(Trouble::Unchecked),
    }
}

const SECONDS_A_DAY: i64 = 86_400;

/// Whole days count; hours do not change a day.
fn later_day<'a>(date: Date, seconds: i64) -> Result<Value<'a>, Trouble> {
    let days = i64::from(date.days()).checked_add(seconds / SECONDS_A_DAY);
    let days = days.and_then(|days| i32::try_from(days).ok());
    days.and_then(Date::from_days).map(Value::Date).ok_or(Trouble::OffTheCalendar)
}

/// Within one day.
fn later<'a>(time: TimeOfDay, seconds: i64) -> Result<Value<'a>, Trouble> {
    let minutes = i64::from(time.minutes()).checked_add(seconds.div_euclid(60));
    let midnight = TimeOfDay::new(0, 0);
    let since = minutes.and_then(|minutes| u64::try_from(minutes).ok()).and_then(|m| m.checked_mul(60));
    let later = midnight.zip(since).and_then(|(midnight, since)| midnight.later(Duration::from_secs(since)));
    later.map(Value::Time).ok_or(Trouble::OffTheCalendar)
}

const fn cents<'a>(cents: i64) -> Value<'a> {
    Value::Money(Money::from_cents(cents))
}

fn literal_value(literal: &Literal) -> Value<'_> {
    match literal {
        Literal::Number(number) => Value::Number(*number),
        Literal::Bool(yes) => Value::Bool(*yes),
        Literal::Text(text) => Value::Text(text),
        Literal::Digits(digits) => Value::Digits(digits),
        Literal::Phone(number) => Value::Phone(number),
        Literal::Choice(name) => Value::Choice(name),
        Literal::Date(date, _) => Value::Date(*date),
        Literal::Time(time, _) => Value::Time(*time),
        Literal::Money(money, _) => Value::Money(*money),
    }
}
