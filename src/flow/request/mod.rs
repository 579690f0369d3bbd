//! A `request` step as a value: what is asked of a server of the clinic, and what its answer must hold.
//!
//! ```text
//! step ─read─▶ Plan ─┬─ build (values) ──▶ Message ─▶ the edge asks ─▶ octets ─┐
//!                    └─ Schema ◀───────────────── answer::read ◀───────────────┘─▶ saved values, or a Failure
//! ```
//! URLs are written into the logs of servers and proxies on the way: what tells of a patient goes in the body of a
//! POST, and the check lets it into no URL. Not here: the network ([`io::request`](crate::io::request)), the wait of
//! the caller ([`run`](crate::flow::run)), and how a step is written.

pub mod answer;
pub mod build;
pub mod failure;
#[cfg(test)]
mod tests;
pub mod url;

use crate::flow::expression::types::Type;
use crate::flow::request::url::Url;
use crate::id::ValueName;
use std::fmt;
use std::time::Duration;

/// A request as its step has it: the same for every call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// How it is asked.
    pub method: Method,
    /// Whom.
    pub url: Url,
    /// What the answer must hold.
    pub schema: Schema,
    /// How long the caller waits at the most, over all tries.
    pub within: Duration,
    /// How often it is tried at the most, from 1.
    pub tries: u32,
}

/// How a request is asked (RFC 9110 §9.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// The values stand in the URL.
    Get,
    /// The values stand in a JSON object in the body.
    Post,
}

impl Method {
    /// As the request line has it.
    pub const fn name(self) -> &'static str {
        match self {
            Method::Get => "GET",
            Method::Post => "POST",
        }
    }
}

/// The fields that an answer must hold, each once; whatever else it holds is passed over.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Schema {
    /// In the order of the step.
    pub fields: Vec<Field>,
}

/// One field of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its name in the answer, and of the saved value.
    pub name: ValueName,
    /// What it must be.
    pub kind: Kind,
    /// Whether it tells of a patient.
    pub guard: Guard,
}

/// Whether a field tells of a patient.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guard {
    /// It does, or may: everything that is not listed under `public`.
    Phi,
    /// It does not.
    Public,
}

/// What a field of an answer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// One of these.
    One(Item),
    /// A list of these.
    ListOf(Item),
}

/// A type of values that an answer can hold, as steps write it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Item {
    /// A string: words.
    Text,
    /// A string of the digits 0 to 9, which mean themselves.
    Digits,
    /// A whole number.
    Number,
    /// A string, `2026-11-28` (RFC 3339 §5.6 full-date).
    Date,
    /// A string, `14:30`.
    Time,
    /// A whole number of seconds.
    Duration,
    /// A string, such as `12.50`: an amount of the clinic's currency. No number: one would not know whether it counts
    /// dollars or cents, and a fraction is not kept exactly.
    Money,
    /// A string: digits, with a plus before them or not; blanks, dots, hyphens and parentheses are passed over.
    Phone,
    /// `true` or `false`.
    Bool,
}

impl Item {
    /// The types and the words for them.
    pub const WORDS: [(&'static str, Item); 9] = [
        ("text", Item::Text),
        ("digits", Item::Digits),
        ("number", Item::Number),
        ("date", Item::Date),
        ("time", Item::Time),
        ("duration", Item::Duration),
        ("money", Item::Money),
        ("phone", Item::Phone),
        ("bool", Item::Bool),
    ];

    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Item::Text => "text",
            Item::Digits => "digits",
            Item::Number => "number",
            Item::Date => "date",
            Item::Time => "time",
            Item::Duration => "duration",
            Item::Money => "money",
            Item::Phone => "phone",
            Item::Bool => "bool",
        }
    }

    fn of_flows(self) -> Type {
        match self {
            Item::Text => Type::Text,
            Item::Digits => Type::Digits,
            Item::Number => Type::Number,
            Item::Date => Type::Date,
            Item::Time => Type::Time,
            Item::Duration => Type::Duration,
            Item::Money => Type::Money,
            Item::Phone => Type::Phone,
            Item::Bool => Type::Bool,
        }
    }
}

impl Kind {
    /// What a step writes, such as `list of text`, as a kind.
    ///
    /// # Errors
    /// The part of it that is no type.
    pub fn read(text: &str) -> Result<Kind, &str> {
        let (of, kind): (&str, fn(Item) -> Kind) = match text.strip_prefix("list of ") {
            Some(of) => (of.trim(), Kind::ListOf),
            None => (text.trim(), Kind::One),
        };
        Item::WORDS.iter().find(|(word, _)| *word == of).map(|(_, item)| kind(*item)).ok_or(of)
    }

    /// The type of the saved value.
    pub fn of_flows(self) -> Type {
        match self {
            Kind::One(item) => item.of_flows(),
            Kind::ListOf(item) => Type::List(Box::new(item.of_flows())),
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Kind::One(item) => f.write_str(item.word()),
            Kind::ListOf(item) => write!(f, "list of {}", item.word()),
        }
    }
}
