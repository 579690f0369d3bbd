//! URIs: `sip:`, `sips:`, `tel:` and others as far as their scheme (RFC 3261 §19.1, RFC 3966).
//!
//! Comparing two URIs (§19.1.4) is `uri_match`'s.

use super::grammar::{Parameters, decimal, find_near, trim};
use std::borrow::Cow;
use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};
use thiserror::Error;

/// A URI, borrowed from the message.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Uri<'a> {
    /// The scheme.
    pub scheme: Scheme<'a>,
    /// The user part, escapes kept; of a `tel:` URI the number with its visual separators.
    pub user: Option<&'a [u8]>,
    /// The password, escapes kept; recommended against, yet sent (RFC 3261 §19.1.1).
    pub password: Option<&'a [u8]>,
    /// The host; a `tel:` URI and one of a scheme that we do not know have none.
    pub host: Option<Host<'a>>,
    /// The port, if it is written.
    pub port: Option<u16>,
    /// The parameters after the host.
    pub parameters: Parameters<'a>,
    /// The header fields after `?`, without it; empty if there are none.
    pub headers: &'a [u8],
}

impl fmt::Debug for Uri<'_> {
    /// Prints nothing about a patient: no user.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} ‹phi› at {:?} {:?}", self.scheme, self.host, self.port)
    }
}

/// The scheme of a URI.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme<'a> {
    /// `sip:`
    Sip,
    /// `sips:`
    Sips,
    /// `tel:` (RFC 3966)
    Tel,
    /// Any other.
    Other(&'a [u8]),
}

/// A host as it is written in a URI or a Via.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Host<'a> {
    /// A domain name.
    Name(&'a [u8]),
    /// An IPv4 address.
    V4(Ipv4Addr),
    /// An IPv6 address; it is written in brackets.
    V6(Ipv6Addr),
}

/// Why octets are no URI.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum UriError {
    /// There is no scheme and colon.
    #[error("there is no scheme such as `sip:` before it")]
    NoScheme,
    /// The URI holds white space, a control character or an angle bracket.
    #[error("it holds octet {octet:#04x}, which must be escaped")]
    Octet {
        /// The first such octet.
        octet: u8,
    },
    /// The host is missing or no domain name and no address.
    #[error("its host is neither a domain name nor an address")]
    Host,
    /// The port is no number up to 65 535.
    #[error("its port is no number up to 65535")]
    Port,
    /// There is an `@` with nothing before it.
    #[error("there is an `@` with no user before it")]
    EmptyUser,
    /// A `tel:` URI without a number.
    #[error("it is a telephone number without digits")]
    EmptyNumber,
}

/// Whether the octet stands in no URI unescaped.
const fn is_refused(octet: u8) -> bool {
    (octet <= 0x20) | (octet == 0x7f) | (octet == b'<') | (octet == b'>') | (octet == b'"')
}

/// Whether such an octet is there: sixteen at once, some of the last ones twice.
fn has_refused(octets: &[u8]) -> bool {
    // Sixteen flags in place of one, so that the sixteen are compared at once.
    let block = |block: &[u8; 16]| u128::from_ne_bytes(block.map(|octet| u8::from(is_refused(octet)))) != 0;
    match octets.last_chunk::<16>() {
        Some(last) => octets.as_chunks::<16>().0.iter().any(block) || block(last),
        None => octets.iter().any(|&octet| is_refused(octet)),
    }
}

impl<'a> Uri<'a> {
    /// Reads a URI (RFC 3261 §25.1 `SIP-URI`, RFC 3966 §3).
    ///
    /// # Errors
    /// [`UriError`] when it is none.
    pub fn read(octets: &'a [u8]) -> Result<Self, UriError> {
        if has_refused(octets) {
            let octet = octets.iter().copied().find(|&octet| is_refused(octet)).unwrap_or_default();
            return Err(UriError::Octet { octet });
        }
        // Nearly every URI begins like this.
        if let Some(rest) = octets.strip_prefix(b"sip:") {
            return read_sip(Scheme::Sip, rest);
        }
        let (scheme, rest) = split_at_first(octets, b':');
        let (scheme, rest) =
            (Scheme::read(scheme).ok_or(UriError::NoScheme)?, rest.ok_or(UriError::NoScheme)?);
        match scheme {
            Scheme::Sip | Scheme::Sips => read_sip(scheme, rest),
            Scheme::Tel => read_tel(rest),
            Scheme::Other(_) => Ok(Self::bare(scheme)),
        }
    }

    /// A URI of which only the scheme is known.
    const fn bare(scheme: Scheme<'a>) -> Self {
        let parameters = Parameters::new(&[]);
        Self { scheme, user: None, password: None, host: None, port: None, parameters, headers: &[] }
    }

    /// The user part with `%hh` undone (RFC 3261 §19.1.2), without the parameters that some carriers
    /// put into it after `;` (RFC 4904 and others keep them there).
    pub fn user_unescaped(&self) -> Option<Cow<'a, [u8]>> {
        self.user.map(unescape)
    }
}

impl<'a> Scheme<'a> {
    /// The scheme that stands before the colon; `None` if it is none (RFC 3986 §3.1).
    fn read(octets: &'a [u8]) -> Option<Self> {
        let (first, rest) = octets.split_first()?;
        let follows = |octet: &u8| octet.is_ascii_alphanumeric() || matches!(octet, b'+' | b'-' | b'.');
        if !first.is_ascii_alphabetic() || !rest.iter().all(follows) {
            return None;
        }
        Some(match octets {
            _ if octets.eq_ignore_ascii_case(b"sip") => Scheme::Sip,
            _ if octets.eq_ignore_ascii_case(b"sips") => Scheme::Sips,
            _ if octets.eq_ignore_ascii_case(b"tel") => Scheme::Tel,
            _ => Scheme::Other(octets),
        })
    }
}

/// Reads what follows `sip:`.
fn read_sip<'a>(scheme: Scheme<'a>, rest: &'a [u8]) -> Result<Uri<'a>, UriError> {
    let mut uri = Uri::bare(scheme);
    let mut rest = rest;
    // A user may hold `;` and `?` (RFC 3261 §25.1 `user-unreserved`), so the `@` is looked for first.
    if let Some(at) = find_near(rest, b'@') {
        let (user, password) = split_at_first(&rest[..at], b':');
        if user.is_empty() {
            return Err(UriError::EmptyUser);
        }
        (uri.user, uri.password) = (Some(user), password);
        rest = &rest[at + 1..];
    }
    let (host, rest) = split_host(rest)?;
    uri.host = Some(host);
    let rest = match rest {
        [b':', rest @ ..] => {
            let digits = rest.iter().position(|octet| !octet.is_ascii_digit()).unwrap_or(rest.len());
            uri.port = Some(read_port(&rest[..digits]).ok_or(UriError::Port)?);
            &rest[digits..]
        }
        _ => rest,
    };
    match rest {
        [] => {}
        [b';', rest @ ..] => {
            let (parameters, headers) = split_at_first(rest, b'?');
            uri.parameters = Parameters::new(parameters);
            uri.headers = headers.unwrap_or_default();
        }
        [b'?', rest @ ..] => uri.headers = rest,
        _ if uri.port.is_some() => return Err(UriError::Port),
        _ => return Err(UriError::Host),
    }
    Ok(uri)
}

/// The host that the octets begin with, and what follows it.
fn split_host(octets: &[u8]) -> Result<(Host<'_>, &[u8]), UriError> {
    if octets.first() == Some(&b'[') {
        let end = octets.iter().position(|&octet| octet == b']').ok_or(UriError::Host)? + 1;
        return Ok((Host::read(&octets[..end]).ok_or(UriError::Host)?, &octets[end..]));
    }
    if let Some((address, rest)) = split_ip4(octets) {
        return Ok((Host::V4(address), rest));
    }
    let end = octets.iter().position(|&octet| !NAME_OCTETS[usize::from(octet)]).unwrap_or(octets.len());
    if end == 0 {
        return Err(UriError::Host);
    }
    Ok((Host::Name(&octets[..end]), &octets[end..]))
}

fn read_tel(rest: &[u8]) -> Result<Uri<'_>, UriError> {
    let (number, parameters) = split_at_first(rest, b';');
    let dialled = |octet: &u8| octet.is_ascii_hexdigit() || matches!(octet, b'*' | b'#');
    if !number.iter().any(dialled) {
        return Err(UriError::EmptyNumber);
    }
    let parameters = Parameters::new(parameters.unwrap_or_default());
    Ok(Uri { user: Some(number), parameters, ..Uri::bare(Scheme::Tel) })
}

/// Host and port as a Via writes them, with white space where it may be (RFC 3261 §25.1 `sent-by`).
///
/// # Errors
/// [`UriError::Host`] and [`UriError::Port`].
pub(super) fn read_host_port(octets: &[u8]) -> Result<(Host<'_>, Option<u16>), UriError> {
    let (host, rest) = split_host(octets)?;
    let port = match trim(rest) {
        [] => None,
        [b':', port @ ..] => Some(read_port(port).ok_or(UriError::Port)?),
        _ => return Err(UriError::Host),
    };
    Ok((host, port))
}

fn read_port(octets: &[u8]) -> Option<u16> {
    let number = match octets {
        // Most are written like `5060`.
        [b'1'..=b'9', rest @ ..] if rest.len() < 5 && rest.iter().all(u8::is_ascii_digit) => {
            octets.iter().fold(0, |number, octet| number * 10 + u32::from(octet - b'0'))
        }
        _ => u32::try_from(decimal(trim(octets))?).ok()?,
    };
    u16::try_from(number).ok()
}

/// The octets of a domain name, looked up.
const NAME_OCTETS: [bool; 256] = {
    let mut table = [false; 256];
    let mut octet = 0u8;
    while octet < 128 {
        table[octet as usize] = octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'.' | b'_');
        octet += 1;
    }
    table
};

impl<'a> Host<'a> {
    /// The host that the octets write; `None` if they write none (RFC 3261 §25.1 `host`).
    pub fn read(octets: &'a [u8]) -> Option<Self> {
        if let [b'[', address @ .., b']'] = octets {
            return read_ip6(address).map(Host::V6);
        }
        if let Some(address) = read_ip4(octets) {
            return Some(Host::V4(address));
        }
        let is_name = !octets.is_empty() && octets.iter().all(|&octet| NAME_OCTETS[usize::from(octet)]);
        is_name.then_some(Host::Name(octets))
    }
}

/// An IPv6 address. The grammar of RFC 3261 has a third colon before an IPv4 address at the end, and what
/// follows it is understood too (RFC 5118 §4.10).
fn read_ip6(octets: &[u8]) -> Option<Ipv6Addr> {
    let text = std::str::from_utf8(octets).ok()?;
    text.parse().ok().or_else(|| {
        let (groups, ip4) = text.split_once(":::")?;
        let ip4: Ipv4Addr = ip4.parse().ok()?;
        // The longest that is left is seven groups of four digits with a colon after each.
        let mut address = [0; 36];
        let wanted = address.get_mut(..groups.len() + 2)?;
        wanted[..groups.len()].copy_from_slice(groups.as_bytes());
        wanted[groups.len()..].copy_from_slice(b"::");
        let head: Ipv6Addr = std::str::from_utf8(wanted).ok()?.parse().ok()?;
        let holds_less = head.segments()[6..] == [0, 0];
        holds_less.then(|| Ipv6Addr::from_bits(head.to_bits() | u128::from(ip4.to_bits())))
    })
}

/// Four decimal numbers up to 255 with dots between them and no needless zero before.
fn read_ip4(octets: &[u8]) -> Option<Ipv4Addr> {
    split_ip4(octets).filter(|(_, rest)| rest.is_empty()).map(|(address, _)| address)
}

/// The same at the beginning of octets, and what follows it: nothing that a name could go on with.
fn split_ip4(octets: &[u8]) -> Option<(Ipv4Addr, &[u8])> {
    if !octets.first()?.is_ascii_digit() {
        return None;
    }
    let mut address = 0u32;
    let (mut part, mut digits, mut dots) = (0u32, 0, 0);
    let mut at = 0;
    while let Some(&octet) = octets.get(at) {
        let digit = octet.wrapping_sub(b'0');
        if digit < 10 {
            if digits == 3 || (digits > 0 && part == 0) {
                return None;
            }
            part = part * 10 + u32::from(digit);
            digits += 1;
        } else if octet == b'.' {
            if digits == 0 || part > 255 || dots == 3 {
                return None;
            }
            address = address << 8 | part;
            (part, digits, dots) = (0, 0, dots + 1);
        } else {
            break;
        }
        at += 1;
    }
    let goes_on = octets.get(at).is_some_and(|&octet| NAME_OCTETS[usize::from(octet)]);
    let whole = dots == 3 && digits > 0 && part < 256 && !goes_on;
    whole.then(|| (Ipv4Addr::from_bits(address << 8 | part), &octets[at..]))
}

impl fmt::Display for Host<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Host::Name(name) => write!(f, "{}", name.escape_ascii()),
            Host::V4(address) => write!(f, "{address}"),
            Host::V6(address) => write!(f, "[{address}]"),
        }
    }
}

fn split_at_first(octets: &[u8], separator: u8) -> (&[u8], Option<&[u8]>) {
    match find_near(octets, separator) {
        Some(at) => (&octets[..at], Some(&octets[at + 1..])),
        None => (octets, None),
    }
}

/// The octets with every `%hh` undone; a `%` without two hexadecimal digits stays (RFC 3261 §19.1.2).
pub fn unescape(octets: &[u8]) -> Cow<'_, [u8]> {
    if !octets.contains(&b'%') {
        return Cow::Borrowed(octets);
    }
    let mut plain = Vec::with_capacity(octets.len());
    let mut rest = octets;
    while let [octet, after @ ..] = rest {
        let escaped = if *octet == b'%' { after.first_chunk().and_then(hex_octet) } else { None };
        plain.push(escaped.unwrap_or(*octet));
        rest = if escaped.is_some() { &after[2..] } else { after };
    }
    Cow::Owned(plain)
}

fn hex_octet(digits: &[u8; 2]) -> Option<u8> {
    let value = |digit: u8| char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok());
    Some(value(digits[0])? * 16 + value(digits[1])?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(octets: &str) -> String {
        let text = |octets: &[u8]| octets.escape_ascii().to_string();
        match Uri::read(octets.as_bytes()) {
            Err(error) => format!("error: {error}"),
            Ok(uri) => format!(
                "{} user={} password={} host={} port={} ;{} ?{}",
                match uri.scheme {
                    Scheme::Sip => "sip".to_owned(),
                    Scheme::Sips => "sips".to_owned(),
                    Scheme::Tel => "tel".to_owned(),
                    Scheme::Other(scheme) => format!("other({})", text(scheme)),
                },
                uri.user_unescaped().map_or("-".to_owned(), |user| text(&user)),
                uri.password.map_or("-".to_owned(), text),
                uri.host.map_or("-".to_owned(), |host| host.to_string()),
                uri.port.map_or("-".to_owned(), |port| port.to_string()),
                text(uri.parameters.octets()),
                text(uri.headers),
            ),
        }
    }

    #[track_caller]
    fn check(octets: &str, expected: &str) {
        assert_eq!(shown(octets), expected, "for {octets:?}");
    }

    #[test]
    fn a_sip_uri_is_taken_apart() {
        // RFC 3261 §19.1, §19.1.1, §19.1.2
        check("sip:example.com", "sip user=- password=- host=example.com port=- ; ?");
        check("SIPS:a@10.1.2.3:5061", "sips user=a password=- host=10.1.2.3 port=5061 ; ?");
        check("sip:a:pw@[2001:db8::10]:70;lr", "sip user=a password=pw host=[2001:db8::10] port=70 ;lr ?");
        check(
            "sip:+1%20617@h;user=phone?Subject=x",
            "sip user=+1 617 password=- host=h port=- ;user=phone ?Subject=x",
        );
        // RFC 4475 §3.1.1.8, §3.1.1.3, §3.1.1.4, §3.1.1.5
        check(
            "sip:user;par=u%40example.net@example.com",
            "sip user=user;par=u@example.net password=- host=example.com port=- ; ?",
        );
        check(
            "sip:sips%3Auser%40example.com@example.net",
            "sip user=sips:user@example.com password=- host=example.net port=- ; ?",
        );
        check(
            "sip:null-%00-null@example.com",
            "sip user=null-\\x00-null password=- host=example.com port=- ; ?",
        );
        check("sip:a%@b", "sip user=a% password=- host=b port=- ; ?");
        check("sip:%Zz%4@b", "sip user=%Zz%4 password=- host=b port=- ; ?");
    }

    #[test]
    fn a_telephone_number_keeps_its_separators() {
        // RFC 3966 §3
        check(
            "tel:+1-617-555-0142;phone-context=x",
            "tel user=+1-617-555-0142 password=- host=- port=- ;phone-context=x ?",
        );
        check("tel:*67", "tel user=*67 password=- host=- port=- ; ?");
        check("tel:", "error: it is a telephone number without digits");
        check("tel:+", "error: it is a telephone number without digits");
    }

    #[test]
    fn another_scheme_is_named_and_not_read() {
        // RFC 3986 §3.1
        check("soap.beep://192.0.2.103:3002", "other(soap.beep) user=- password=- host=- port=- ; ?");
        check("urn:service:sos", "other(urn) user=- password=- host=- port=- ; ?");
    }

    #[test]
    fn what_is_no_uri_names_its_fault() {
        check("", "error: there is no scheme such as `sip:` before it");
        check("example.com", "error: there is no scheme such as `sip:` before it");
        check("1sip:example.com", "error: there is no scheme such as `sip:` before it");
        check("sip:", "error: its host is neither a domain name nor an address");
        check("sip:@h", "error: there is an `@` with no user before it");
        check("sip:a@", "error: its host is neither a domain name nor an address");
        check("sip:a@h:", "error: its port is no number up to 65535");
        check("sip:a@h:65536", "error: its port is no number up to 65535");
        check("sip:a@[::g]", "error: its host is neither a domain name nor an address");
        check("sip:a@b@c", "error: its host is neither a domain name nor an address");
        check("sip:a b@c", "error: it holds octet 0x20, which must be escaped");
        check("<sip:a@c>", "error: it holds octet 0x3c, which must be escaped");
    }
}
