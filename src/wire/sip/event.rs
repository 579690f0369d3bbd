//! The Event header field: of which package a subscription is, and which of a phone's it is (RFC 6665 §8.2.1).

use super::grammar::{Parameters, is_token, split_at_outside, trim};

/// What an Event header field says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event<'a> {
    /// The package.
    pub package: &'a [u8],
    /// What tells this subscription from others in the same dialog.
    pub id: Option<&'a [u8]>,
}

impl<'a> Event<'a> {
    /// Reads the value; `None` if it is no event.
    pub fn read(value: &'a [u8]) -> Option<Self> {
        let (package, parameters) = split_at_outside(value, b';');
        let (package, parameters) = (trim(package), Parameters::new(parameters.unwrap_or_default()));
        let id = parameters.value("id");
        let is_whole = is_token(package) && id.is_none_or(is_token);
        is_whole.then_some(Self { package, id })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn package_and_id_are_read_and_nothing_else_is_an_event() {
        // RFC 6665 §8.2.1
        for (value, package, id) in [
            ("message-summary", "message-summary", None),
            (" message-summary ; id=7;x=y", "message-summary", Some("7")),
            ("presence.winfo", "presence.winfo", None),
            ("refer;id", "refer", None),
        ] {
            let expected = Event { package: package.as_bytes(), id: id.map(|id: &str| id.as_bytes()) };
            assert_eq!(Event::read(value.as_bytes()), Some(expected), "{value}");
        }
        for value in ["", ";id=1", "a b", "a;id=\"x y\"", "a;id=\r\nX: y", "\"a\""] {
            assert_eq!(Event::read(value.as_bytes()), None, "{value:?}");
        }
    }
}
