//! A request with the values of one call: the target of its request line and its body.

use super::{Method, Plan};
use crate::flow::request::failure::Failure;
use crate::flow::saved::Saved;
use crate::id::ValueName;
use crate::limits::{REQUEST_BODY_MAX_OCTETS, REQUEST_URL_MAX_OCTETS};
use crate::phi::Phi;
use std::fmt::Write;

/// What is sent. Its `Debug` shows nothing of the values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Path and query, as the request line has them (RFC 9112 §3.2.1).
    pub target: Phi<String>,
    /// A JSON object; `None` for a GET.
    pub body: Option<Phi<String>>,
}

impl Plan {
    /// The request with these values, each under the name that the server knows.
    ///
    /// # Errors
    /// [`Failure::Long`] when they are more than a request may hold.
    pub fn message(&self, values: &[(ValueName, &Saved)]) -> Result<Message, Failure> {
        let mut target = self.url.path.clone();
        let mut query = self.url.query.clone();
        let body = match self.method {
            Method::Get => {
                for (name, value) in values {
                    add_to_query(&mut query, name.as_str(), value);
                }
                None
            }
            Method::Post => Some(object(values)),
        };
        if let Some(query) = query {
            target.push('?');
            target.push_str(&query);
        }
        let long = target.len() > REQUEST_URL_MAX_OCTETS
            || body.as_ref().is_some_and(|body| body.len() > REQUEST_BODY_MAX_OCTETS);
        if long {
            return Err(Failure::Long);
        }
        Ok(Message { target: Phi::new(target), body: body.map(Phi::new) })
    }
}

/// `name=value`; of a list, one for each of its items.
fn add_to_query(query: &mut Option<String>, name: &str, value: &Saved) {
    if let Saved::List(items) = value {
        for item in items {
            add_to_query(query, name, item);
        }
        return;
    }
    let query = query.get_or_insert_default();
    if !query.is_empty() {
        query.push('&');
    }
    encode(query, name);
    query.push('=');
    encode(query, &plain(value));
}

/// All but the unreserved characters as `%` and two hexadecimal digits (RFC 3986 §2.1, §2.3).
fn encode(query: &mut String, text: &str) {
    for octet in text.bytes() {
        if octet.is_ascii_alphanumeric() || b"-._~".contains(&octet) {
            query.push(char::from(octet));
        } else {
            let _ = write!(query, "%{octet:02X}");
        }
    }
}

/// A value as text, the way an answer would have it.
fn plain(value: &Saved) -> String {
    match value {
        Saved::Text(text) | Saved::Digits(text) | Saved::Phone(text) | Saved::Choice(text) => {
            text.to_string()
        }
        Saved::Number(number) | Saved::Duration(number) => number.to_string(),
        Saved::Date(date) => format!("{date:?}"),
        Saved::Time(time) => format!("{time:?}"),
        Saved::Money(amount) => {
            let (sign, cents) = (if amount.cents() < 0 { "-" } else { "" }, amount.cents().unsigned_abs());
            format!("{sign}{}.{:02}", cents / 100, cents % 100)
        }
        Saved::Bool(yes) => yes.to_string(),
        Saved::List(items) => items.iter().map(plain).collect::<Vec<_>>().join(","),
    }
}

/// The values as a JSON object (RFC 8259 §4).
fn object(values: &[(ValueName, &Saved)]) -> String {
    let mut object = String::from("{");
    for (at, (name, value)) in values.iter().enumerate() {
        if at > 0 {
            object.push(',');
        }
        string(&mut object, name.as_str());
        object.push(':');
        json(&mut object, value);
    }
    object + "}"
}

fn json(out: &mut String, value: &Saved) {
    match value {
        Saved::Number(_) | Saved::Duration(_) | Saved::Bool(_) => out.push_str(&plain(value)),
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
        Saved::Text(_) | Saved::Digits(_) | Saved::Phone(_) | Saved::Choice(_) => string(out, &plain(value)),
        Saved::Date(_) | Saved::Time(_) | Saved::Money(_) => string(out, &plain(value)),
    }
}

/// A JSON string (RFC 8259 §7).
fn string(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if c < ' ' => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
}
