//! The answer of a request: a JSON object (RFC 8259), read against the schema of its step.
//!
//! Any octets may come. What the schema does not name is passed over without being kept; what it names must be there,
//! once and of its type. A refusal says which field and which type, never what stood there.

use super::{Field, Item, Kind, Schema};
use crate::flow::saved::Saved;
use crate::flow::value::{Date, Money, TimeOfDay};
use crate::id::ValueName;
use crate::limits::{
    REQUEST_DIGITS_MAX, REQUEST_LIST_ITEMS_MAX, REQUEST_PHONE_DIGITS, REQUEST_TEXT_MAX_CHARACTERS,
};
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::borrow::Cow;
use std::fmt;

/// The values of an answer, in the order of the schema.
pub type Answer = Vec<(ValueName, Saved)>;

/// Why an answer is not what its step says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It cannot be read as JSON: HTML, nothing, a cut end, something behind it, or nested too deeply.
    NoJson,
    /// It is JSON, but no object.
    NoObject,
    /// A field is not there, or is `null`.
    Missing(ValueName),
    /// A field is there twice.
    Twice(ValueName),
    /// A field is not of this type.
    Kind(ValueName, Kind),
    /// A list has more items than anybody can hear.
    Many(ValueName),
}

/// Reads an answer.
///
/// # Errors
/// [`Refusal`] when it is not what the schema says.
pub fn read(schema: &Schema, octets: &[u8]) -> Result<Answer, Refusal> {
    // Some servers write a byte order mark, which is no JSON; it may be passed over (RFC 8259 §8.1).
    let octets = octets.strip_prefix(b"\xef\xbb\xbf").unwrap_or(octets);
    let mut reading = Reading { schema, found: vec![None; schema.fields.len()], stopped: Stopped::Outside };
    let mut reader = serde_json::Deserializer::from_slice(octets);
    let read = reader.deserialize_any(&mut reading).and_then(|()| reader.end());
    if let Err(error) = read {
        return Err(refusal(&error, reading.stopped, schema));
    }
    let fields = schema.fields.iter().zip(reading.found);
    fields
        .map(|(field, value)| match value {
            Some(value) => Ok((field.name.clone(), value)),
            None => Err(Refusal::Missing(field.name.clone())),
        })
        .collect()
}

/// What a reader that stopped has to say.
fn refusal(error: &serde_json::Error, stopped: Stopped, schema: &Schema) -> Refusal {
    let field = |at: usize| &schema.fields[at];
    match (error.is_data(), stopped) {
        (false, _) => Refusal::NoJson,
        (true, Stopped::Outside) => Refusal::NoObject,
        (true, Stopped::Kind(at)) => Refusal::Kind(field(at).name.clone(), field(at).kind),
        (true, Stopped::Missing(at)) => Refusal::Missing(field(at).name.clone()),
        (true, Stopped::Twice(at)) => Refusal::Twice(field(at).name.clone()),
        (true, Stopped::Many(at)) => Refusal::Many(field(at).name.clone()),
    }
}

/// Where a fault of the data lies, should one come: the position of its field.
#[derive(Clone, Copy, Debug)]
enum Stopped {
    Outside,
    Kind(usize),
    Missing(usize),
    Twice(usize),
    Many(usize),
}

struct Reading<'a> {
    schema: &'a Schema,
    found: Vec<Option<Saved>>,
    stopped: Stopped,
}

impl<'de> Visitor<'de> for &mut Reading<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(name) = map.next_key::<Cow<'de, str>>()? {
            let Some(at) = self.schema.fields.iter().position(|field| field.name.as_str() == name) else {
                map.next_value::<IgnoredAny>()?;
                continue;
            };
            if self.found[at].is_some() {
                self.stopped = Stopped::Twice(at);
                return Err(Error::custom("twice"));
            }
            self.stopped = Stopped::Kind(at);
            let Field { kind, .. } = self.schema.fields[at];
            let one = One { kind, at, stopped: &mut self.stopped };
            self.found[at] = Some(map.next_value_seed(one)?);
        }
        Ok(())
    }
}

/// The value of one field.
struct One<'a> {
    kind: Kind,
    at: usize,
    stopped: &'a mut Stopped,
}

impl<'de> DeserializeSeed<'de> for One<'_> {
    type Value = Saved;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Saved, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl One<'_> {
    fn item(&self) -> Option<Item> {
        match self.kind {
            Kind::One(item) => Some(item),
            Kind::ListOf(_) => None,
        }
    }

    fn kept<E: Error>(&self, value: Option<Saved>) -> Result<Saved, E> {
        value.ok_or_else(|| E::custom("another type"))
    }
}

impl<'de> Visitor<'de> for One<'_> {
    type Value = Saved;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.kind)
    }

    fn visit_bool<E: Error>(self, yes: bool) -> Result<Saved, E> {
        self.kept((self.item() == Some(Item::Bool)).then_some(Saved::Bool(yes)))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Saved, E> {
        self.kept(match self.item() {
            Some(Item::Number) => Some(Saved::Number(number)),
            Some(Item::Duration) => Some(Saved::Duration(number)),
            Some(Item::Text | Item::Digits | Item::Date | Item::Time | Item::Money | Item::Phone) => None,
            Some(Item::Bool) | None => None,
        })
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Saved, E> {
        match i64::try_from(number) {
            Ok(number) => self.visit_i64(number),
            Err(_) => self.kept(None),
        }
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Saved, E> {
        self.kept(self.item().and_then(|item| written(item, text)))
    }

    fn visit_unit<E: Error>(self) -> Result<Saved, E> {
        *self.stopped = Stopped::Missing(self.at);
        Err(E::custom("null"))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Saved, A::Error> {
        let Kind::ListOf(item) = self.kind else { return self.kept(None) };
        let mut items = Vec::new();
        loop {
            // Nothing is nothing also in a list: a `null` among its items is of another type.
            let mut in_list = Stopped::Kind(self.at);
            let one = One { kind: Kind::One(item), at: self.at, stopped: &mut in_list };
            let Some(value) = list.next_element_seed(one)? else { return Ok(Saved::List(items)) };
            if items.len() == REQUEST_LIST_ITEMS_MAX {
                *self.stopped = Stopped::Many(self.at);
                return Err(Error::custom("too many"));
            }
            items.push(value);
        }
    }
}

/// A string as a value.
fn written(item: Item, text: &str) -> Option<Saved> {
    match item {
        Item::Text => words(text).map(Saved::Text),
        Item::Digits => {
            let digits = (1..=REQUEST_DIGITS_MAX).contains(&text.len()) && only_digits(text);
            digits.then(|| Saved::Digits(text.into()))
        }
        Item::Date => date(text).map(Saved::Date),
        Item::Time => time(text).map(Saved::Time),
        Item::Money => money(text).map(Saved::Money),
        Item::Phone => phone(text).map(Saved::Phone),
        Item::Number | Item::Duration | Item::Bool => None,
    }
}

fn only_digits(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_digit())
}

/// Words that can be spoken: line ends and tabs are blanks, other control characters are none of a text.
fn words(text: &str) -> Option<Box<str>> {
    let blank = |c: char| if matches!(c, '\n' | '\r' | '\t') { ' ' } else { c };
    let text: String = text.chars().map(blank).collect();
    let fits = text.chars().count() <= REQUEST_TEXT_MAX_CHARACTERS && !text.chars().any(char::is_control);
    fits.then(|| text.into())
}

/// Whole parts of digits, each as long as told, with these signs between them.
fn parts<const N: usize>(text: &str, sign: char, lengths: [usize; N]) -> Option<[u16; N]> {
    let mut numbers = [0; N];
    let mut parts = text.split(sign);
    for (number, length) in numbers.iter_mut().zip(lengths) {
        let part = parts.next().filter(|part| part.len() == length && only_digits(part))?;
        *number = part.parse().ok()?;
    }
    parts.next().is_none().then_some(numbers)
}

fn date(text: &str) -> Option<Date> {
    let [year, month, day] = parts(text, '-', [4, 2, 2])?;
    Date::new(year, u8::try_from(month).ok()?, u8::try_from(day).ok()?)
}

fn time(text: &str) -> Option<TimeOfDay> {
    let [hour, minute] = parts(text, ':', [2, 2])?;
    TimeOfDay::new(u8::try_from(hour).ok()?, u8::try_from(minute).ok()?)
}

/// `12`, `12.5` is none, `12.50`, `-12.50`.
fn money(text: &str) -> Option<Money> {
    let (sign, amount) = match text.strip_prefix('-') {
        Some(amount) => (-1, amount),
        None => (1, text),
    };
    let (whole, part) = match amount.split_once('.') {
        Some((whole, part)) if part.len() == 2 => (whole, part),
        Some(_) => return None,
        None => (amount, "00"),
    };
    if whole.is_empty() || !only_digits(whole) || !only_digits(part) {
        return None;
    }
    let cents = whole.parse::<i64>().ok()?.checked_mul(100)?.checked_add(part.parse().ok()?)?;
    Some(Money::from_cents(sign * cents))
}

fn phone(text: &str) -> Option<Box<str>> {
    let (plus, rest) = match text.trim().strip_prefix('+') {
        Some(rest) => ("+", rest),
        None => ("", text),
    };
    let digits: String = rest.chars().filter(|c| !" .-()".contains(*c)).collect();
    (REQUEST_PHONE_DIGITS.contains(&digits.len()) && only_digits(&digits))
        .then(|| format!("{plus}{digits}").into())
}
