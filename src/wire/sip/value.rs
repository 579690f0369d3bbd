//! Small header values: numbers, option tags, media types, Contact lists (RFC 3261 §20).

use super::address::{Address, AddressError};
use super::grammar::{Parameters, decimal, is_token, split_at_outside, trim};
use super::header::Headers;
use super::name::Name;

/// Max-Forwards: 0 to 255, or `None` if it is no such number (RFC 3261 §20.22).
pub fn max_forwards(value: &[u8]) -> Option<u8> {
    decimal(value).and_then(|hops| u8::try_from(hops).ok())
}

/// Seconds as Expires, Min-SE, Session-Expires and Retry-After begin with them: a number below 2³²,
/// whatever parameters or comment follow (RFC 3261 §20.19, §20.33).
pub fn delta_seconds(value: &[u8]) -> Option<u32> {
    let end = value.iter().position(|octet| !octet.is_ascii_digit()).unwrap_or(value.len());
    if !matches!(value.get(end), None | Some(b' ' | b'\t' | b'\r' | b';' | b'(')) {
        return None;
    }
    decimal(&value[..end]).and_then(|seconds| u32::try_from(seconds).ok())
}

/// Whether a list of option tags, such as Supported, names that tag (RFC 3261 §19.2).
pub fn has_option(headers: &Headers<'_>, list: Name, tag: &str) -> bool {
    headers.values(list).any(|found| found.eq_ignore_ascii_case(tag.as_bytes()))
}

/// A media type, such as `application/sdp` (RFC 3261 §20.15).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MediaType<'a> {
    /// Before the slash.
    pub kind: &'a [u8],
    /// After the slash.
    pub subtype: &'a [u8],
    /// Such as `charset` and `boundary`.
    pub parameters: Parameters<'a>,
}

impl<'a> MediaType<'a> {
    /// Reads a Content-Type value; `None` if it is none.
    pub fn read(value: &'a [u8]) -> Option<Self> {
        let (name, parameters) = split_at_outside(value, b';');
        let slash = name.iter().position(|&octet| octet == b'/')?;
        let (kind, subtype) = (trim(&name[..slash]), trim(&name[slash + 1..]));
        let parameters = Parameters::new(parameters.unwrap_or_default());
        (is_token(kind) && is_token(subtype)).then_some(Self { kind, subtype, parameters })
    }

    /// Whether it is that type, such as `("application", "sdp")`, in any case.
    pub fn is(&self, kind: &str, subtype: &str) -> bool {
        self.kind.eq_ignore_ascii_case(kind.as_bytes())
            && self.subtype.eq_ignore_ascii_case(subtype.as_bytes())
    }
}

/// One Contact value (RFC 3261 §20.10).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Contact<'a> {
    /// `*`: every binding (RFC 3261 §10.2.2).
    All,
    /// An address.
    Address(Address<'a>),
}

impl<'a> Contact<'a> {
    /// Reads one Contact value.
    ///
    /// # Errors
    /// [`AddressError`] when it is neither `*` nor an address.
    pub fn read(value: &'a [u8]) -> Result<Self, AddressError> {
        match trim(value) {
            b"*" => Ok(Contact::All),
            value => Address::read(value).map(Contact::Address),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::sip::message::{Message, parse};

    #[test]
    fn numbers_are_read_within_their_bounds() {
        // RFC 3261 §20.19, §20.22, §20.33
        assert_eq!(max_forwards(b"0068"), Some(68));
        assert_eq!(max_forwards(b"0"), Some(0));
        for broken in [&b""[..], b"256", b"-1", b"7 0", b"300"] {
            assert_eq!(max_forwards(broken), None, "{}", broken.escape_ascii());
        }
        for (value, seconds) in [
            (&b"3600"[..], Some(3600)),
            (b"1800;refresher=uac", Some(1800)),
            (b"5 (in a meeting)", Some(5)),
            (b"18000;duration=3600", Some(18_000)),
            (b"4294967295", Some(u32::MAX)),
            (b"4294967296", None),
            (b"", None),
            (b"10x", None),
            (b"soon", None),
        ] {
            assert_eq!(delta_seconds(value), seconds, "{}", value.escape_ascii());
        }
    }

    #[test]
    fn a_media_type_is_compared_without_regard_to_case() {
        // RFC 3261 §20.15
        let sdp = MediaType::read(b"Application / SDP ; charset=\"utf-8\"").unwrap();
        assert!(sdp.is("application", "sdp"), "{sdp:?}");
        assert_eq!(sdp.parameters.value("charset"), Some(&b"\"utf-8\""[..]));
        for broken in [&b""[..], b"application", b"/sdp", b"application/", b"a b/c"] {
            assert_eq!(MediaType::read(broken), None, "{}", broken.escape_ascii());
        }
    }

    #[test]
    fn an_option_is_found_on_any_line_of_its_list() {
        // RFC 3261 §19.2
        let octets = b"OPTIONS sip:a SIP/2.0\r\nk: timer, 100rel\r\nSupported: , Replaces\r\n\r\n";
        let Ok(Message::Request(request)) = parse(octets) else { panic!("a request") };
        for (tag, found) in
            [("timer", true), ("100rel", true), ("replaces", true), ("path", false), ("100", false)]
        {
            assert_eq!(has_option(&request.headers, Name::Supported, tag), found, "{tag}");
        }
        assert!(!has_option(&request.headers, Name::Require, "timer"));
    }

    #[test]
    fn a_contact_may_be_a_star() {
        // RFC 3261 §10.2.2, §20.10
        assert_eq!(Contact::read(b" * "), Ok(Contact::All));
        let contact = Contact::read(b"<sip:a@b>;expires=60;q=0.5");
        let Ok(Contact::Address(address)) = contact else { panic!("{contact:?}") };
        assert_eq!((address.uri, address.parameters.value("expires")), (&b"sip:a@b"[..], Some(&b"60"[..])));
        assert_eq!(Contact::read(b"\"a"), Err(AddressError::Quote));
    }
}
