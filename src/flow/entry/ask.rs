//! What an entry asks for: its kind, its timers, its bounds. Every value here comes from a checked flow.
//!
//! Not here: whether typed digits are such a value ([`super::judge`]).

use crate::flow::value::Date;
use crate::limits::ENTRY_DIGITS_MAX;
use std::fmt;
use std::time::Duration;

/// Digits in the order in which they were typed, at most [`ENTRY_DIGITS_MAX`]. `Debug` shows how many.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Digits {
    digits: [u8; ENTRY_DIGITS_MAX],
    count: u8,
}

impl Digits {
    /// None.
    pub const NONE: Digits = Digits { digits: [0; ENTRY_DIGITS_MAX], count: 0 };

    /// The digits of a text such as `911`; `None` if something else stands in it, or too many.
    pub fn of(text: &str) -> Option<Digits> {
        let mut digits = Digits::NONE;
        for octet in text.bytes() {
            let digit = octet.checked_sub(b'0').filter(|digit| *digit <= 9)?;
            digits = digits.with(digit)?;
        }
        Some(digits)
    }

    /// How many there may be.
    pub const MOST: u8 = ENTRY_DIGITS_MAX as u8;

    /// One more digit, 0 to 9; `None` when there are as many as may be.
    pub fn with(mut self, digit: u8) -> Option<Digits> {
        *self.digits.get_mut(usize::from(self.count))? = digit.min(9);
        self.count += 1;
        Some(self)
    }

    /// The digits, each 0 to 9.
    pub fn as_slice(&self) -> &[u8] {
        &self.digits[..usize::from(self.count)]
    }

    /// How many.
    pub const fn count(&self) -> u8 {
        self.count
    }

    /// The digits as a number; `None` over 2⁶⁴ − 1. None at all are 0.
    pub fn number(&self) -> Option<u64> {
        let next = |sum: u64, digit: &u8| sum.checked_mul(10)?.checked_add(u64::from(*digit));
        self.as_slice().iter().try_fold(0, next)
    }

    /// The digits as a text that takes no more room than they need: for who may see them.
    pub fn text(&self) -> Box<str> {
        let mut text = String::with_capacity(usize::from(self.count));
        text.extend(self.as_slice().iter().map(|digit| char::from(b'0' + digit)));
        text.into_boxed_str()
    }

    /// Without the first so many.
    pub(super) fn after(&self, skipped: usize) -> Digits {
        let rest = self.as_slice().get(skipped..).unwrap_or_default();
        rest.iter().try_fold(Digits::NONE, |digits, digit| digits.with(*digit)).unwrap_or_default()
    }
}

impl fmt::Debug for Digits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "‹{} digits›", self.count)
    }
}

impl fmt::Display for Digits {
    /// The digits themselves: for who may see them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_slice().iter().try_for_each(|digit| write!(f, "{digit}"))
    }
}

/// What an entry asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ask {
    /// What may be typed.
    pub kind: Kind,
    /// How long is waited.
    pub timers: Timers,
    /// Whether the value is read back.
    pub confirm: Confirm,
    /// Misses after which a person is got: silences, wrong entries and refused values together.
    pub tries: u32,
    /// The keys of the emergency number.
    pub emergency: Digits,
    /// The keys of the crisis line.
    pub crisis: Digits,
}

/// What may be typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Digits that mean themselves: a zip code, a PIN.
    Digits {
        /// The fewest; with 0 the pound key alone is an answer.
        least: u8,
        /// The most, at most [`ENTRY_DIGITS_MAX`]; the entry ends by itself there.
        most: u8,
        /// How it must begin.
        prefix: Digits,
        /// Which digits it may have.
        allowed: Allowed,
    },
    /// A whole number. It ends by itself when it has as many digits as the greatest.
    Number {
        /// The least.
        least: u64,
        /// The greatest.
        most: u64,
    },
    /// A day: eight digits in this order.
    Date {
        /// The order.
        order: DateOrder,
        /// The first day that may be.
        earliest: Option<Date>,
        /// The last day that may be.
        latest: Option<Date>,
    },
    /// A telephone number.
    Phone(PhonePlan),
}

/// Which digits may be typed, one bit for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowed(u16);

impl Allowed {
    /// All ten.
    pub const ALL: Allowed = Allowed(0x3ff);

    /// These; what is no digit is not allowed anyway.
    pub fn only(digits: &[u8]) -> Allowed {
        Allowed(digits.iter().filter(|digit| **digit <= 9).fold(0, |bits, digit| bits | 1 << digit))
    }

    /// Whether this one may.
    pub const fn has(self, digit: u8) -> bool {
        digit <= 9 && self.0 >> digit & 1 == 1
    }
}

/// In which order the parts of a date are typed; the locale says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DateOrder {
    /// MMDDYYYY, as in the United States.
    MonthDayYear,
    /// DDMMYYYY.
    DayMonthYear,
    /// YYYYMMDD.
    YearMonthDay,
}

/// How telephone numbers of a country are typed; the locale says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PhonePlan {
    /// Digits of a number.
    pub digits: u8,
    /// A digit that may stand before them and is not of the number.
    pub trunk: Option<u8>,
    /// Places, from 0, where neither 0 nor 1 may stand.
    pub two_to_nine: [u8; 2],
}

impl PhonePlan {
    /// The North American plan: NXX-NXX-XXXX, N from 2 to 9, with or without a 1 before it.
    pub const NORTH_AMERICA: PhonePlan = PhonePlan { digits: 10, trunk: Some(1), two_to_nine: [0, 3] };
}

/// How long an entry waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timers {
    /// After the question, for the first key.
    pub first_key: Duration,
    /// After a key, for the next one.
    pub between_keys: Duration,
    /// From the first key of a try, for all of them. The question does not count.
    pub total: Duration,
    /// What the pound key adds while nothing is typed.
    pub more_time: Duration,
}

/// Whether the value is read back and confirmed with 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Confirm {
    /// Only a date that is read in the other order.
    WhenInDoubt,
    /// Always.
    Always,
}
