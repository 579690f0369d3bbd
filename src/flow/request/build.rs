//! A request with the values of one call: the target of its request line and its body.

use super::{Method, Plan};
use crate::flow::request::failure::Failure;
use crate::flow::saved::Saved;
use crate::id::ValueName;
use crate::limits::{REQUEST_BODY_MAX_OCTETS, REQUEST_URL_MAX_OCTETS};
use crate::phi::Phi;
use std::fmt::{self, Write};

/// What is sent. Its `Debug` shows nothing of the values, and it is overwritten when it is dropped: among them may be
/// secrets of a caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Path and query, as the request line has them (RFC 9112 §3.2.1).
    pub target: Phi<String>,
    /// A JSON object; `None` for a GET.
    pub body: Option<Phi<String>>,
}

impl Drop for Message {
    fn drop(&mut self) {
        std::mem::take(&mut self.target).overwrite();
        self.body.take().unwrap_or_default().overwrite();
    }
}

impl Plan {
    /// The request with these values, each under the name that the server knows.
    ///
    /// # Errors
    /// [`Failure::Long`] when they are more than a request may hold.
    pub fn message(&self, values: &[(ValueName, &Saved)]) -> Result<Message, Failure> {
        // Of full length from the beginning: a text that grows leaves copies behind.
        let mut target = String::with_capacity(REQUEST_URL_MAX_OCTETS);
        target.push_str(&self.url.path);
        if let Some(query) = &self.url.query {
            target.push('?');
            target.push_str(query);
        }
        let mut body = None;
        match self.method {
            Method::Get => {
                for (name, value) in values {
                    add_to_query(&mut target, name.as_str(), value);
                }
            }
            Method::Post => body = Some(Phi::new(object(values))),
        }
        let message = Message { target: Phi::new(target), body };
        let body_octets = message.body.as_ref().map_or(0, |body| body.expose().len());
        if message.target.expose().len() > REQUEST_URL_MAX_OCTETS || body_octets > REQUEST_BODY_MAX_OCTETS {
            return Err(Failure::Long);
        }
        Ok(message)
    }
}

/// `name=value`; of a list, one for each of its items.
fn add_to_query(target: &mut String, name: &str, value: &Saved) {
    if let Saved::List(items) = value {
        for item in items {
            add_to_query(target, name, item);
        }
        return;
    }
    // A path has no question mark of its own (RFC 3986 §3.3).
    match target.find('?') {
        None => target.push('?'),
        Some(at) if at + 1 == target.len() => {}
        Some(_) => target.push('&'),
    }
    let _ = InQuery(target).write_str(name);
    target.push('=');
    let _ = plain(&mut InQuery(target), value);
}

/// All but the unreserved characters as `%` and two hexadecimal digits (RFC 3986 §2.1, §2.3).
struct InQuery<'a>(&'a mut String);

impl fmt::Write for InQuery<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for octet in text.bytes() {
            if octet.is_ascii_alphanumeric() || b"-._~".contains(&octet) {
                self.0.push(char::from(octet));
            } else {
                write!(self.0, "%{octet:02X}")?;
            }
        }
        Ok(())
    }
}

/// A value as text, the way an answer would have it.
fn plain(out: &mut impl fmt::Write, value: &Saved) -> fmt::Result {
    match value {
        Saved::Text(text) | Saved::Digits(text) | Saved::Phone(text) | Saved::Choice(text) => {
            out.write_str(text)
        }
        Saved::Number(number) | Saved::Duration(number) => write!(out, "{number}"),
        Saved::Date(date) => write!(out, "{date:?}"),
        Saved::Time(time) => write!(out, "{time:?}"),
        Saved::Money(amount) => {
            let (sign, cents) = (if amount.cents() < 0 { "-" } else { "" }, amount.cents().unsigned_abs());
            write!(out, "{sign}{}.{:02}", cents / 100, cents % 100)
        }
        Saved::Bool(yes) => write!(out, "{yes}"),
        Saved::List(items) => {
            for (at, item) in items.iter().enumerate() {
                out.write_str(if at > 0 { "," } else { "" })?;
                plain(out, item)?;
            }
            Ok(())
        }
    }
}

/// The values as a JSON object (RFC 8259 §4).
fn object(values: &[(ValueName, &Saved)]) -> String {
    let mut object = String::with_capacity(REQUEST_BODY_MAX_OCTETS);
    object.push('{');
    for (at, (name, value)) in values.iter().enumerate() {
        if at > 0 {
            object.push(',');
        }
        object.push('"');
        let _ = InString(&mut object).write_str(name.as_str());
        object.push_str("\":");
        json(&mut object, value);
    }
    object.push('}');
    object
}

fn json(out: &mut String, value: &Saved) {
    match value {
        Saved::Number(_) | Saved::Duration(_) | Saved::Bool(_) => {
            let _ = plain(out, value);
        }
        Saved::List(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                json(out, item);
            }
            out.push(']');
        }
        Saved::Text(_)
        | Saved::Digits(_)
        | Saved::Phone(_)
        | Saved::Choice(_)
        | Saved::Date(_)
        | Saved::Time(_)
        | Saved::Money(_) => {
            out.push('"');
            let _ = plain(&mut InString(out), value);
            out.push('"');
        }
    }
}

/// What stands between the quotation marks of a JSON string (RFC 8259 §7).
struct InString<'a>(&'a mut String);

impl fmt::Write for InString<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for c in text.chars() {
            match c {
                '"' | '\\' => self.0.extend(['\\', c]),
                c if c < ' ' => write!(self.0, "\\u{:04x}", u32::from(c))?,
                c => self.0.push(c),
            }
        }
        Ok(())
    }
}
