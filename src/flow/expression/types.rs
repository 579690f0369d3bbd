//! The types of values in a flow, what is known of each name before a step runs, and what must not leak.

use std::collections::BTreeMap;
use std::fmt;

/// What a value is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Type {
    /// Words.
    Text,
    /// Digits that mean themselves: a zip code, a PIN.
    Digits,
    /// A whole number.
    Number,
    /// A day.
    Date,
    /// A time of day.
    Time,
    /// So many seconds.
    Duration,
    /// An amount of the clinic's currency.
    Money,
    /// A telephone number.
    Phone,
    /// One of these names.
    Choice(Vec<String>),
    /// Yes or no.
    Bool,
    /// Several of one type.
    List(Box<Type>),
    /// A record such as `patient`, by its name.
    Record(String),
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Type::Text => f.write_str("a text"),
            Type::Digits => f.write_str("a row of digits"),
            Type::Number => f.write_str("a number"),
            Type::Date => f.write_str("a date"),
            Type::Time => f.write_str("a time of day"),
            Type::Duration => f.write_str("a duration"),
            Type::Money => f.write_str("an amount of money"),
            Type::Phone => f.write_str("a telephone number"),
            Type::Choice(names) => write!(f, "a choice of {}", names.join(", ")),
            Type::Bool => f.write_str("yes or no"),
            Type::List(of) => write!(f, "a list, each of which is {of}"),
            Type::Record(name) => write!(f, "a record `{name}`"),
        }
    }
}

impl Type {
    /// Whether values of both can be the same: choices need one name in common.
    pub(super) fn meets(&self, other: &Type) -> bool {
        match (self, other) {
            (Type::Choice(a), Type::Choice(b)) => a.iter().any(|name| b.contains(name)),
            (Type::List(a), Type::List(b)) => a.meets(b),
            (a, b) => a == b,
        }
    }

    /// Whether a value of another type may stand where this one is wanted: a choice is a word, and a part of a choice
    /// is that choice.
    pub fn takes(&self, other: &Type) -> bool {
        match (self, other) {
            (Type::Text, Type::Choice(_)) => true,
            (Type::Choice(own), Type::Choice(names)) => names.iter().all(|name| own.contains(name)),
            (Type::List(own), Type::List(of)) => own.takes(of),
            (own, other) => own == other,
        }
    }

    /// The type of a name that holds either: choices are united, any other two types must be the same.
    pub fn join(&self, other: &Type) -> Option<Type> {
        match (self, other) {
            (Type::Choice(own), Type::Choice(names)) => {
                let mut all: Vec<String> = own.iter().chain(names).cloned().collect();
                all.sort_unstable();
                all.dedup();
                Some(Type::Choice(all))
            }
            (Type::List(own), Type::List(of)) => Some(Type::List(Box::new(own.join(of)?))),
            (own, other) => (own == other).then(|| own.clone()),
        }
    }

    /// Whether one value can be less than another.
    pub(super) const fn has_order(&self) -> bool {
        match self {
            Type::Number | Type::Date | Type::Time | Type::Duration | Type::Money => true,
            Type::Text | Type::Digits | Type::Phone | Type::Choice(_) => false,
            Type::Bool | Type::List(_) | Type::Record(_) => false,
        }
    }
}

/// What must be kept of a value's way: it spreads to everything that is made of the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Flags {
    /// It tells of a patient.
    pub phi: bool,
    /// It may not reach words, logs, addresses or test files.
    pub secret: bool,
}

impl Flags {
    /// What holds of something made of both.
    pub const fn join(self, other: Flags) -> Flags {
        Flags { phi: self.phi || other.phi, secret: self.secret || other.secret }
    }
}

/// Whether a name has a value when the expression is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Assigned {
    /// On every way.
    Always,
    /// On some: it must be asked with `is known` first.
    Perhaps,
}

/// What is known of a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variable {
    /// Its type.
    pub kind: Type,
    /// What it must not leak.
    pub flags: Flags,
    /// Whether it has a value.
    pub assigned: Assigned,
}

/// The names that an expression may use.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Environment {
    /// Saved values by name.
    pub variables: BTreeMap<String, Variable>,
    /// Records by name, and their fields.
    pub records: BTreeMap<String, BTreeMap<String, Variable>>,
}
