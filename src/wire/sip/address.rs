//! `name-addr` and `addr-spec`: From, To, Contact, Route and their like (RFC 3261 §20, §25.1).
//!
//! Without angle brackets everything after the first semicolon belongs to the header field, not to
//! the URI (RFC 3261 §20).

use super::grammar::{Parameters, find_near, quoted_len, trim, unquote};
use super::uri::{Uri, UriError};
use std::borrow::Cow;
use std::fmt;
use thiserror::Error;

/// A display name, a URI and the parameters of the header field.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Address<'a> {
    /// The display name as it is written, quotes kept.
    pub display: Option<&'a [u8]>,
    /// The URI as it is written, without angle brackets.
    pub uri: &'a [u8],
    /// The parameters of the header field, such as `tag`.
    pub parameters: Parameters<'a>,
}

impl fmt::Debug for Address<'_> {
    /// Prints nothing about a patient: no name and no URI.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "‹phi› {} octets, tagged: {}", self.uri.len(), self.tag().is_some())
    }
}

/// Why a value is no address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum AddressError {
    /// A quote that is never closed.
    #[error("a quoted name is never closed")]
    Quote,
    /// An angle bracket that is never closed.
    #[error("an angle bracket is never closed")]
    Bracket,
    /// A quoted name without a URI in angle brackets after it.
    #[error("no angle bracket follows the quoted name")]
    NoBracket,
    /// A URI with `?` that is not in angle brackets, as it must be.
    #[error("a URI with header fields is not in angle brackets")]
    BareHeaders,
    /// Something other than parameters after the angle bracket.
    #[error("something other than parameters follows the angle bracket")]
    AfterBracket,
    /// The URI is none.
    #[error("its URI: {0}")]
    Uri(UriError),
}

impl<'a> Address<'a> {
    /// Reads one value of From, To, Contact, Route, Record-Route and their like.
    ///
    /// The URI is not judged here: [`Address::uri`] does. A name without quotes may hold anything but a
    /// semicolon, and white space around the URI is ignored, as RFC 4475 §3.1.2.14 and §3.1.2.15 allow:
    /// a caller is not refused because his exchange writes `Bell, Alexander` without quotes.
    ///
    /// # Errors
    /// [`AddressError`] when quotes, brackets or display name are broken.
    pub fn read(value: &'a [u8]) -> Result<Self, AddressError> {
        let value = trim(value);
        let quoted = match value.first() {
            Some(b'"') => quoted_len(value).ok_or(AddressError::Quote)?,
            _ => 0,
        };
        // Past the display name, the bracket comes before any semicolon or there is none.
        let opening = find_near(&value[quoted..], b'<').map(|at| quoted + at);
        let Some(opening) = opening else { return Self::read_bare(value, quoted) };
        let display = trim(&value[..opening]);
        if quoted == 0 && display.contains(&b';') {
            // `sip:a@b;x="<"`: the bracket belongs to a parameter of a bare URI.
            return Self::read_bare(value, quoted);
        }
        let closing = find_near(&value[opening..], b'>').map(|at| opening + at);
        let closing = closing.ok_or(AddressError::Bracket)?;
        let parameters = match trim(&value[closing + 1..]) {
            [] => &[][..],
            [b';', parameters @ ..] => parameters,
            _ => return Err(AddressError::AfterBracket),
        };
        Ok(Self {
            display: Some(display).filter(|display| !display.is_empty()),
            uri: trim(&value[opening + 1..closing]),
            parameters: Parameters::new(parameters),
        })
    }

    /// Reads an `addr-spec`, whose parameters belong to the header field.
    fn read_bare(value: &'a [u8], quoted: usize) -> Result<Self, AddressError> {
        if quoted > 0 {
            return Err(AddressError::NoBracket);
        }
        let (uri, parameters) = match find_near(value, b';') {
            Some(at) => (trim(&value[..at]), &value[at + 1..]),
            None => (value, &[][..]),
        };
        let after_user = uri.iter().position(|&octet| octet == b'@').map_or(0, |at| at + 1);
        if uri[after_user..].contains(&b'?') {
            return Err(AddressError::BareHeaders);
        }
        Ok(Self { display: None, uri, parameters: Parameters::new(parameters) })
    }

    /// The URI, read.
    ///
    /// # Errors
    /// [`UriError`] when it is none.
    pub fn uri(&self) -> Result<Uri<'a>, UriError> {
        Uri::read(self.uri)
    }

    /// The tag of From or To; an empty one counts as none.
    pub fn tag(&self) -> Option<&'a [u8]> {
        self.parameters.value("tag").filter(|tag| !tag.is_empty())
    }

    /// The display name without quotes and escapes.
    pub fn display_unquoted(&self) -> Option<Cow<'a, [u8]>> {
        self.display.map(unquote)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(value: &[u8]) -> String {
        match Address::read(value) {
            Err(error) => format!("error: {error}"),
            Ok(address) => format!(
                "{} <{}> {} tag={}",
                address
                    .display_unquoted()
                    .map_or("-".to_owned(), |name| String::from_utf8_lossy(&name).into_owned()),
                address.uri.escape_ascii(),
                address.uri().map_or_else(|error| error.to_string(), |_| "ok".to_owned()),
                address.tag().map_or("-".to_owned(), |tag| tag.escape_ascii().to_string()),
            ),
        }
    }

    #[track_caller]
    fn check(value: &str, expected: &str) {
        assert_eq!(shown(value.as_bytes()), expected, "for {value:?}");
    }

    #[test]
    fn a_name_addr_is_taken_apart() {
        check("<sip:a@b>", "- <sip:a@b> ok tag=-");
        check("\"Ann \\\"A\\\" Lee\" <sip:a@b;x=1>;tag=7", "Ann \"A\" Lee <sip:a@b;x=1> ok tag=7");
        check("caller<sip:caller@example.com>;tag=323", "caller <sip:caller@example.com> ok tag=323");
        check("\"J <x>; , \"\r\n <sip:a@b>\r\n ;\r\n tag = 98", "J <x>; ,  <sip:a@b> ok tag=98");
        check("Zoë Müller <sip:z@b>;TAG=9", "Zoë Müller <sip:z@b> ok tag=9");
        check("\"\" <sip:a@b>", " <sip:a@b> ok tag=-");
        check("\"☎️ \" <tel:+1617>;tag=", "☎️  <tel:+1617> ok tag=-");
    }

    #[test]
    fn without_brackets_parameters_are_the_header_fields() {
        check("sip:a@b;tag=1;x", "- <sip:a@b> ok tag=1");
        check(" sip:a@b ", "- <sip:a@b> ok tag=-");
        check("sip:a@b;x=\"<\";tag=2", "- <sip:a@b> ok tag=2");
    }

    #[test]
    fn what_people_send_is_understood() {
        check("Bell, Alexander <sip:a@b>;tag=43", "Bell, Alexander <sip:a@b> ok tag=43");
        check("\"W\" < sip:t@example.org >", "W <sip:t@example.org> ok tag=-");
    }

    #[test]
    fn what_is_no_address_names_its_fault() {
        check("\"Mr. J <sip:a@b>", "error: a quoted name is never closed");
        check("\"Mr. J\\", "error: a quoted name is never closed");
        check("\"Mr. J\" sip:a@b", "error: no angle bracket follows the quoted name");
        check("<sip:a@b", "error: an angle bracket is never closed");
        check("<sip:a@b> x", "error: something other than parameters follows the angle bracket");
        check("sip:a@b?Route=%3Csip:c%3E", "error: a URI with header fields is not in angle brackets");
        check("", "- <> there is no scheme such as `sip:` before it tag=-");
        check("<>", "- <> there is no scheme such as `sip:` before it tag=-");
        check("a;b <sip:c>", "- <a> there is no scheme such as `sip:` before it tag=-");
    }
}
