//! Whether typed digits are what was asked for: pure functions of the digits.
//!
//! Not here: when an entry is over ([`super`]).

use super::ask::{Allowed, DateOrder, Digits, Kind, PhonePlan};
use crate::flow::value::Date;

/// What was entered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value {
    /// The digits as typed.
    Digits(Digits),
    /// A whole number.
    Number(u64),
    /// A day.
    Date(Date),
    /// A telephone number, without the trunk digit.
    Phone(Digits),
}

/// Why an entry is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// Fewer digits than asked for.
    TooShort,
    /// More digits than fit.
    TooLong,
    /// It begins otherwise, or has a digit that may not be.
    Pattern,
    /// Less than the least or more than the most.
    OutOfRange,
    /// There is no such day.
    NoSuchDay,
    /// No telephone number is like that.
    NoSuchNumber,
}

/// What typed digits are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// What was asked for.
    Good(Value),
    /// A day only if month and day are exchanged: whether it is meant must be asked.
    Swapped(Date),
    /// Not what was asked for.
    Wrong(Wrong),
}

/// Judges an entry that is over.
pub fn judge(kind: &Kind, digits: &Digits) -> Verdict {
    match kind {
        Kind::Digits { least, most, prefix, allowed } => {
            plain(digits, (*least, *most), prefix.as_slice(), *allowed)
        }
        Kind::Number { least, most } => number(digits, *least, *most),
        Kind::Date { order, earliest, latest } => {
            let within = |date: &Date| {
                earliest.is_none_or(|first| *date >= first) && latest.is_none_or(|last| *date <= last)
            };
            date(digits, *order, within)
        }
        Kind::Phone(plan) => phone(digits, plan),
    }
}

/// Whether nothing more can belong to it, so that it ends without a pound key.
pub fn is_full(kind: &Kind, digits: &Digits) -> bool {
    digits.count() >= most_digits(kind, digits)
}

/// Whether some longer entry that may be good begins so.
pub fn may_begin(kind: &Kind, digits: &Digits) -> bool {
    if is_full(kind, digits) {
        return false;
    }
    match kind {
        Kind::Digits { prefix, allowed, .. } => {
            let begins = prefix.as_slice().iter().zip(digits.as_slice()).all(|(wanted, is)| wanted == is);
            begins && digits.as_slice().iter().all(|digit| allowed.has(*digit))
        }
        Kind::Number { most, .. } => {
            digits.number().and_then(|number| number.checked_mul(10)).is_some_and(|number| number <= *most)
        }
        Kind::Date { order: DateOrder::MonthDayYear | DateOrder::DayMonthYear, .. } => {
            digits.count() < 2 || (1..=31).contains(&part(digits, 0, 2))
        }
        Kind::Date { order: DateOrder::YearMonthDay, .. } | Kind::Phone(_) => true,
    }
}

/// Whether the pound key alone is an answer.
pub const fn may_be_empty(kind: &Kind) -> bool {
    matches!(kind, Kind::Digits { least: 0, .. })
}

fn most_digits(kind: &Kind, digits: &Digits) -> u8 {
    match kind {
        Kind::Digits { most, .. } => (*most).min(Digits::MOST),
        Kind::Number { most, .. } => most.checked_ilog10().map_or(1, |log| log as u8 + 1),
        Kind::Date { .. } => DATE_DIGITS,
        Kind::Phone(plan) => plan.digits.saturating_add(u8::from(has_trunk(digits, plan))).min(Digits::MOST),
    }
}

fn plain(digits: &Digits, (least, most): (u8, u8), prefix: &[u8], allowed: Allowed) -> Verdict {
    if digits.count() < least {
        return Verdict::Wrong(Wrong::TooShort);
    }
    if digits.count() > most {
        return Verdict::Wrong(Wrong::TooLong);
    }
    let typed = digits.as_slice();
    let fits = typed.is_empty() || (typed.starts_with(prefix) && typed.iter().all(|d| allowed.has(*d)));
    if fits { Verdict::Good(Value::Digits(*digits)) } else { Verdict::Wrong(Wrong::Pattern) }
}

fn number(digits: &Digits, least: u64, most: u64) -> Verdict {
    if digits.count() == 0 {
        return Verdict::Wrong(Wrong::TooShort);
    }
    match digits.number() {
        Some(number) if (least..=most).contains(&number) => Verdict::Good(Value::Number(number)),
        Some(_) | None => Verdict::Wrong(Wrong::OutOfRange),
    }
}

const DATE_DIGITS: u8 = 8;

fn date(digits: &Digits, order: DateOrder, within: impl Fn(&Date) -> bool) -> Verdict {
    if digits.count() < DATE_DIGITS {
        return Verdict::Wrong(Wrong::TooShort);
    }
    let (as_asked, swapped) = match order {
        DateOrder::MonthDayYear => (month_day_year(digits), day_month_year(digits)),
        DateOrder::DayMonthYear => (day_month_year(digits), month_day_year(digits)),
        DateOrder::YearMonthDay => (year_first(digits, 4, 6), year_first(digits, 6, 4)),
    };
    match (as_asked, swapped) {
        (Some(date), _) if within(&date) => Verdict::Good(Value::Date(date)),
        (Some(_), _) => Verdict::Wrong(Wrong::OutOfRange),
        // Then 13 to 31 stands where the month belongs: a day under 13 is a month as well.
        (None, Some(date)) if within(&date) => Verdict::Swapped(date),
        (None, _) => Verdict::Wrong(Wrong::NoSuchDay),
    }
}

fn month_day_year(digits: &Digits) -> Option<Date> {
    day_of(part(digits, 4, 4), part(digits, 0, 2), part(digits, 2, 2))
}

fn day_month_year(digits: &Digits) -> Option<Date> {
    day_of(part(digits, 4, 4), part(digits, 2, 2), part(digits, 0, 2))
}

fn year_first(digits: &Digits, month_at: usize, day_at: usize) -> Option<Date> {
    day_of(part(digits, 0, 4), part(digits, month_at, 2), part(digits, day_at, 2))
}

fn day_of(year: u16, month: u16, day: u16) -> Option<Date> {
    Date::new(year, u8::try_from(month).ok()?, u8::try_from(day).ok()?)
}

/// The number that stands at `at` in so many digits, at most four; 0 if it is not all there.
fn part(digits: &Digits, at: usize, count: usize) -> u16 {
    let part = digits.as_slice().get(at..at + count).unwrap_or_default();
    part.iter().fold(0, |sum, digit| sum * 10 + u16::from(*digit))
}

fn has_trunk(digits: &Digits, plan: &PhonePlan) -> bool {
    plan.trunk.is_some() && digits.as_slice().first().copied() == plan.trunk
}

fn phone(digits: &Digits, plan: &PhonePlan) -> Verdict {
    let number = if has_trunk(digits, plan) { digits.after(1) } else { *digits };
    if number.count() < plan.digits {
        return Verdict::Wrong(Wrong::TooShort);
    }
    if number.count() > plan.digits {
        return Verdict::Wrong(Wrong::TooLong);
    }
    let fits =
        plan.two_to_nine.iter().all(|at| number.as_slice().get(usize::from(*at)).is_some_and(|d| *d > 1));
    if fits { Verdict::Good(Value::Phone(number)) } else { Verdict::Wrong(Wrong::NoSuchNumber) }
}
