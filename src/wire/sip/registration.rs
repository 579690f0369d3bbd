//! What a REGISTER says of its Contacts: URI, `q`, `expires`, and which phone and flow they belong to
//! (RFC 3261 §10.2.1, §20.10, §20.19; RFC 5626 §4.1, §4.2).
//!
//! What becomes of it is the registrar's.

use super::address::{Address, AddressError};
use super::grammar::{decimal, unquote};
use super::header::Headers;
use super::name::Name;
use super::value::{Contact, delta_seconds};
use std::borrow::Cow;
use std::fmt;

/// How much a Contact is preferred, in thousandths: 0 to 1000 (RFC 3261 §25.1 `qvalue`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Preference(u16);

impl Preference {
    /// What a Contact without `q` has.
    pub const FULL: Preference = Preference(1_000);

    /// As many thousandths, 1000 at the most.
    pub fn from_thousandths(thousandths: u16) -> Self {
        Self(thousandths.min(1_000))
    }

    /// Thousandths.
    pub const fn thousandths(self) -> u16 {
        self.0
    }

    /// Reads `0`, `0.5`, `1.000`; `None` if it is no such number.
    pub fn read(octets: &[u8]) -> Option<Self> {
        let (whole, rest) = octets.split_first()?;
        let digits = match rest {
            [] => &[][..],
            [b'.', digits @ ..] if digits.len() <= 3 && digits.iter().all(u8::is_ascii_digit) => digits,
            _ => return None,
        };
        let part =
            (0..3).fold(0, |sum, at| sum * 10 + u16::from(digits.get(at).map_or(0, |digit| digit - b'0')));
        match (whole, part) {
            (b'0', part) => Some(Self(part)),
            (b'1', 0) => Some(Self::FULL),
            _ => None,
        }
    }
}

impl fmt::Display for Preference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:03}", self.0 / 1_000, self.0 % 1_000)
    }
}

/// One Contact of a REGISTER.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted<'a> {
    /// The URI that is to be called, without angle brackets.
    pub uri: &'a [u8],
    /// How much it is preferred; one that cannot be read counts as none.
    pub preference: Preference,
    /// Seconds that it is asked to hold, from its own parameter or the Expires of the request.
    pub expires_s: Option<u32>,
    /// The phone's own name, the same after a restart (RFC 5626 §4.1).
    pub instance: Option<Cow<'a, [u8]>>,
    /// Which of the phone's ways to us (RFC 5626 §4.2).
    pub reg_id: Option<u32>,
}

/// What the Contacts of a REGISTER ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wish<'a> {
    /// Nothing but to be told (RFC 3261 §10.2.3).
    Fetch,
    /// That all be forgotten (RFC 3261 §10.2.2).
    ForgetAll,
    /// These.
    Contacts(Vec<Wanted<'a>>),
}

/// Why the Contacts ask for nothing that can be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WishError {
    /// `*` stands beside another Contact, or Expires is not 0 (RFC 3261 §10.3).
    #[error("Contact * needs Expires: 0 and nothing beside it")]
    Star,
    /// One is no address.
    #[error("a Contact is malformed: {0}")]
    Address(AddressError),
    /// There are more than may be.
    #[error("there are too many Contacts")]
    TooMany,
}

/// Reads the Contacts of a REGISTER, `most` at the most.
///
/// # Errors
/// [`WishError`].
pub fn wish<'a>(headers: &Headers<'a>, most: usize) -> Result<Wish<'a>, WishError> {
    let of_request = headers.first(Name::Expires).and_then(delta_seconds);
    let mut wanted = Vec::new();
    let mut values = headers.values(Name::Contact);
    while let Some(value) = values.next() {
        match Contact::read(value).map_err(WishError::Address)? {
            Contact::All if !wanted.is_empty() || values.next().is_some() || of_request != Some(0) => {
                return Err(WishError::Star);
            }
            Contact::All => return Ok(Wish::ForgetAll),
            Contact::Address(_) if wanted.len() == most => return Err(WishError::TooMany),
            Contact::Address(address) => wanted.push(one(&address, of_request)),
        }
    }
    Ok(if wanted.is_empty() { Wish::Fetch } else { Wish::Contacts(wanted) })
}

fn one<'a>(address: &Address<'a>, of_request: Option<u32>) -> Wanted<'a> {
    let value = |name| address.parameters.value(name);
    Wanted {
        uri: address.uri,
        preference: value("q").and_then(Preference::read).unwrap_or(Preference::FULL),
        // A malformed one counts as 3600 by the RFC, which is what no word at all leads to (RFC 3261 §10.2.1.1).
        expires_s: value("expires").map_or(of_request, delta_seconds),
        instance: value("+sip.instance").map(unquote).filter(|instance| !instance.is_empty()),
        reg_id: value("reg-id").and_then(decimal).and_then(|id| u32::try_from(id).ok()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::sip::message::{Message, parse};

    fn shown(lines: &str) -> String {
        let text = format!("REGISTER sip:c SIP/2.0\r\n{lines}\r\n");
        let Ok(Message::Request(request)) = parse(text.as_bytes()) else { panic!("{text}") };
        match wish(&request.headers, 3) {
            Err(error) => error.to_string(),
            Ok(Wish::Fetch) => "fetch".to_owned(),
            Ok(Wish::ForgetAll) => "all".to_owned(),
            Ok(Wish::Contacts(wanted)) => wanted
                .iter()
                .map(|it| {
                    let expires = it.expires_s.map_or("-".to_owned(), |s| s.to_string());
                    let instance =
                        it.instance.as_ref().map_or("-".to_owned(), |i| i.escape_ascii().to_string());
                    let reg_id = it.reg_id.map_or("-".to_owned(), |id| id.to_string());
                    format!("{} q{} {expires} {instance} {reg_id}", it.uri.escape_ascii(), it.preference)
                })
                .collect::<Vec<_>>()
                .join(" | "),
        }
    }

    #[test]
    fn contacts_are_read_with_all_that_they_ask_for() {
        // RFC 3261 §10.2.1, §10.2.2, §10.2.3, §10.3; RFC 5626 §4.1, §4.2
        for (lines, expected) in [
            ("", "fetch"),
            ("Expires: 0\r\n", "fetch"),
            ("Contact: *\r\nExpires: 0\r\n", "all"),
            ("Contact: *\r\n", "Contact * needs Expires: 0 and nothing beside it"),
            ("Contact: *\r\nExpires: 60\r\n", "Contact * needs Expires: 0 and nothing beside it"),
            ("Contact: *, <sip:a@h>\r\nExpires: 0\r\n", "Contact * needs Expires: 0 and nothing beside it"),
            (
                "Contact: <sip:a@h>\r\nContact: *\r\nExpires: 0\r\n",
                "Contact * needs Expires: 0 and nothing beside it",
            ),
            ("m: <sip:a@h>\r\n", "sip:a@h q1.000 - - -"),
            ("m: <sip:a@h>\r\nExpires: 120\r\n", "sip:a@h q1.000 120 - -"),
            ("m: <sip:a@h>;expires=0\r\nExpires: 120\r\n", "sip:a@h q1.000 0 - -"),
            ("m: <sip:a@h>;expires=soon\r\nExpires: 120\r\n", "sip:a@h q1.000 - - -"),
            ("m: <sip:a@h>;expires=99999999999\r\n", "sip:a@h q1.000 - - -"),
            (
                "m: \"Ann, desk\" <sip:a@h;transport=tcp>;q=0.5, sip:b@h;q=.7\r\nm: <sip:c@h>;q=0\r\n",
                "sip:a@h;transport=tcp q0.500 - - - | sip:b@h q1.000 - - - | sip:c@h q0.000 - - -",
            ),
            (
                "m: <sip:a@h>;+sip.instance=\"<urn:uuid:0-1>\";reg-id=2\r\n",
                "sip:a@h q1.000 - <urn:uuid:0-1> 2",
            ),
            ("m: <sip:a@h>, <sip:b@h>, <sip:c@h>, <sip:d@h>\r\n", "there are too many Contacts"),
            ("m: <sip:a@h\r\n", "a Contact is malformed: an angle bracket is never closed"),
        ] {
            assert_eq!(shown(lines), expected, "for {lines:?}");
        }
    }

    #[test]
    fn a_preference_has_three_digits_at_the_most() {
        // RFC 3261 §25.1
        for (text, thousandths) in [
            ("1", Some(1_000)),
            ("1.000", Some(1_000)),
            ("0", Some(0)),
            ("0.", Some(0)),
            ("0.5", Some(500)),
            ("0.05", Some(50)),
            ("0.123", Some(123)),
            ("1.001", None),
            ("2", None),
            ("0.1234", None),
            ("0,5", None),
            ("-1", None),
            ("", None),
        ] {
            assert_eq!(Preference::read(text.as_bytes()).map(Preference::thousandths), thousandths, "{text}");
        }
    }
}
