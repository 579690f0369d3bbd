//! The small words of SIP's grammar: tokens, linear white space, quoted strings, lists and
//! parameters (RFC 3261 §25.1).
//!
//! Everything works on octets: a display name may be in any character set, and we only carry it.

use std::borrow::Cow;

/// The octets of a `token`, looked up: every message has hundreds of them.
const TOKEN: [bool; 256] = {
    let mut table = [false; 256];
    let mut octet = 0u8;
    while octet < 128 {
        table[octet as usize] = octet.is_ascii_alphanumeric()
            || matches!(octet, b'-' | b'.' | b'!' | b'%' | b'*' | b'_' | b'+' | b'`' | b'\'' | b'~');
        octet += 1;
    }
    table
};

/// Whether the octet may stand in a `token` (RFC 3261 §25.1).
pub const fn is_token_octet(octet: u8) -> bool {
    TOKEN[octet as usize]
}

/// Whether the octets are a `token`: at least one octet, all of them allowed.
pub fn is_token(octets: &[u8]) -> bool {
    !octets.is_empty() && octets.iter().all(|&octet| is_token_octet(octet))
}

/// Whether the octet is white space or part of a line end: what folding is made of.
pub const fn is_lws_octet(octet: u8) -> bool {
    matches!(octet, b' ' | b'\t' | b'\r' | b'\n')
}

/// The octets without linear white space at both ends.
pub const fn trim(octets: &[u8]) -> &[u8] {
    trim_start(trim_end(octets))
}

/// The octets without linear white space at their end.
pub const fn trim_end(mut octets: &[u8]) -> &[u8] {
    while let [rest @ .., last] = octets {
        if !is_lws_octet(*last) {
            break;
        }
        octets = rest;
    }
    octets
}

/// The octets without linear white space at their beginning.
pub const fn trim_start(mut octets: &[u8]) -> &[u8] {
    while let [first, rest @ ..] = octets {
        if !is_lws_octet(*first) {
            break;
        }
        octets = rest;
    }
    octets
}

/// The number that the octets write in decimal digits; `None` for no digits, another octet, or a
/// number over 64 bits.
pub fn decimal(octets: &[u8]) -> Option<u64> {
    if octets.is_empty() {
        return None;
    }
    let mut number = 0u64;
    for &octet in octets {
        let digit = octet.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        number = number.checked_mul(10)?.checked_add(u64::from(digit))?;
    }
    Some(number)
}

/// A folded value as one line: each line end with the white space around it becomes one space
/// (RFC 3261 §7.3.1). Nothing is copied when nothing is folded.
pub fn unfold(value: &[u8]) -> Cow<'_, [u8]> {
    if !value.iter().any(|octet| matches!(octet, b'\r' | b'\n')) {
        return Cow::Borrowed(value);
    }
    let mut line = Vec::with_capacity(value.len());
    for (index, part) in value.split(|octet| matches!(octet, b'\r' | b'\n')).map(trim).enumerate() {
        if index > 0 && !part.is_empty() && !line.is_empty() {
            line.push(b' ');
        }
        line.extend_from_slice(part);
    }
    Cow::Owned(line)
}

/// Where the octet first stands, if that is near: eight octets are looked at at once, in place, for a call
/// costs more than it saves.
#[inline]
pub fn find_near(octets: &[u8], wanted: u8) -> Option<usize> {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGHS: u64 = 0x8080_8080_8080_8080;
    let (words, rest) = octets.as_chunks::<8>();
    for (index, word) in words.iter().enumerate() {
        // An octet that is wanted becomes zero, and the lowest zero octet gets its high bit.
        let differing = u64::from_le_bytes(*word) ^ (ONES * u64::from(wanted));
        let zeros = differing.wrapping_sub(ONES) & !differing & HIGHS;
        if zeros != 0 {
            return Some(index * 8 + zeros.trailing_zeros() as usize / 8);
        }
    }
    rest.iter().position(|&octet| octet == wanted).map(|at| words.len() * 8 + at)
}

/// The same for what is tens of octets away or missing: sixteen are looked at at once.
#[inline]
pub fn find_far(octets: &[u8], wanted: u8) -> Option<usize> {
    let (blocks, rest) = octets.as_chunks::<16>();
    for (index, block) in blocks.iter().enumerate() {
        if block.iter().fold(false, |found, &octet| found | (octet == wanted)) {
            return find_near(block, wanted).map(|at| index * 16 + at);
        }
    }
    find_near(rest, wanted).map(|at| blocks.len() * 16 + at)
}

/// Where the octet first stands outside quoted strings and angle brackets.
///
/// A quote that is never closed reaches to the end: what follows it belongs to it.
pub fn find_outside(octets: &[u8], wanted: u8) -> Option<usize> {
    // Most values have no separator at all, or neither quotes nor brackets before it.
    let first = find_far(octets, wanted)?;
    match octets[..first].iter().position(|&octet| (octet == b'"') | (octet == b'<')) {
        Some(start) => find_outside_from(octets, wanted, start),
        None => Some(first),
    }
}

/// The same, octet by octet from the first quote or bracket on.
fn find_outside_from(octets: &[u8], wanted: u8, start: usize) -> Option<usize> {
    let mut at = start;
    let mut in_brackets = false;
    while let Some(&octet) = octets.get(at) {
        match octet {
            _ if octet == wanted && !in_brackets => return Some(at),
            b'"' if !in_brackets => at += quoted_len(&octets[at..]).unwrap_or(octets.len() - at) - 1,
            b'<' => in_brackets = true,
            b'>' => in_brackets = false,
            _ => {}
        }
        at += 1;
    }
    None
}

/// The length of the quoted string that the octets begin with, both quotes included; `None` if they
/// begin with none, or it is never closed (RFC 3261 §25.1 `quoted-string`).
pub fn quoted_len(octets: &[u8]) -> Option<usize> {
    if octets.first() != Some(&b'"') {
        return None;
    }
    let mut at = 1;
    loop {
        match octets.get(at)? {
            b'"' => return Some(at + 1),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}

/// The content of a quoted string with its escapes undone; any other octets as they are.
pub fn unquote(octets: &[u8]) -> Cow<'_, [u8]> {
    if octets.len() < 2 || quoted_len(octets) != Some(octets.len()) {
        return Cow::Borrowed(octets);
    }
    let content = &octets[1..octets.len() - 1];
    if !content.contains(&b'\\') {
        return Cow::Borrowed(content);
    }
    let mut plain = Vec::with_capacity(content.len());
    let mut rest = content.iter();
    while let Some(&octet) = rest.next() {
        plain.push(if octet == b'\\' { rest.next().copied().unwrap_or(b'\\') } else { octet });
    }
    Cow::Owned(plain)
}

/// The values of a comma-separated list, trimmed; commas in quotes and `<>` do not separate, and
/// empty values are left out (RFC 3261 §7.3.1).
#[derive(Clone, Debug)]
pub struct List<'a> {
    rest: &'a [u8],
}

impl<'a> List<'a> {
    /// The list that a header value writes.
    pub const fn new(value: &'a [u8]) -> Self {
        Self { rest: value }
    }
}

impl<'a> Iterator for List<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        while !self.rest.is_empty() {
            let (value, rest) = split_at_outside(self.rest, b',');
            self.rest = rest.unwrap_or_default();
            let value = trim(value);
            if !value.is_empty() {
                return Some(value);
            }
        }
        None
    }
}

/// The octets before the separator and those after it, if it stands outside quotes and brackets.
pub fn split_at_outside(octets: &[u8], separator: u8) -> (&[u8], Option<&[u8]>) {
    match find_outside(octets, separator) {
        Some(at) => (&octets[..at], Some(&octets[at + 1..])),
        None => (octets, None),
    }
}

/// `;name=value` parameters, without the first semicolon. Names are compared without regard to case.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Parameters<'a> {
    octets: &'a [u8],
}

impl<'a> Parameters<'a> {
    /// The parameters written in what follows the first `;`.
    pub const fn new(octets: &'a [u8]) -> Self {
        Self { octets }
    }

    /// As they were written, without the first semicolon.
    pub const fn octets(&self) -> &'a [u8] {
        self.octets
    }

    /// The parameter of that name: `None` if it is absent, `Some(None)` if it has no value.
    pub fn get(&self, name: &str) -> Option<Option<&'a [u8]>> {
        self.iter().find(|(found, _)| found.eq_ignore_ascii_case(name.as_bytes())).map(|(_, value)| value)
    }

    /// The value of the parameter of that name; `None` if it is absent or has no value.
    pub fn value(&self, name: &str) -> Option<&'a [u8]> {
        self.get(name).flatten()
    }

    /// Every parameter in order: name and value, trimmed, quotes kept. Empty ones are left out.
    pub fn iter(&self) -> impl Iterator<Item = (&'a [u8], Option<&'a [u8]>)> + use<'a> {
        self.each().filter(|(name, _)| !name.is_empty())
    }

    /// The same with empty ones: a semicolon without a parameter, which the grammar does not allow.
    pub fn each(&self) -> impl Iterator<Item = (&'a [u8], Option<&'a [u8]>)> + use<'a> {
        let mut rest = Some(self.octets).filter(|octets| !octets.is_empty());
        std::iter::from_fn(move || {
            let (name, value, after) = split_parameter(rest?);
            rest = after;
            Some((name, value))
        })
    }
}

/// Whether one of the octets is a quote or an opening bracket: sixteen at once, some of the last ones twice.
#[inline]
fn has_quote_or_bracket(octets: &[u8]) -> bool {
    let found = |found, &octet: &u8| found | (octet == b'"') | (octet == b'<');
    match octets.last_chunk::<16>() {
        Some(last) => {
            let block = |block: &[u8; 16]| block.iter().fold(false, found);
            octets.as_chunks::<16>().0.iter().any(block) || block(last)
        }
        None => octets.iter().fold(false, found),
    }
}

/// Name and value of the first parameter, trimmed, and what follows its semicolon, if there is one.
#[inline]
fn split_parameter(octets: &[u8]) -> (&[u8], Option<&[u8]>, Option<&[u8]>) {
    let end = find_near(octets, b';');
    let parameter = &octets[..end.unwrap_or(octets.len())];
    if has_quote_or_bracket(parameter) {
        return split_quoted_parameter(octets);
    }
    let after = end.map(|end| &octets[end + 1..]);
    match find_near(parameter, b'=') {
        None => (trim(parameter), None, after),
        Some(equals) => (trim(&parameter[..equals]), Some(trim(&parameter[equals + 1..])), after),
    }
}

/// The same, octet by octet.
fn split_quoted_parameter(octets: &[u8]) -> (&[u8], Option<&[u8]>, Option<&[u8]>) {
    let mut equals = None;
    for (at, &octet) in octets.iter().enumerate() {
        match octet {
            b';' => return parted(octets, equals, Some(at)),
            b'=' if equals.is_none() => equals = Some(at),
            b'"' | b'<' => return parted(octets, equals, find_outside_from(octets, b';', at)),
            _ => {}
        }
    }
    parted(octets, equals, None)
}

fn parted(octets: &[u8], equals: Option<usize>, end: Option<usize>) -> (&[u8], Option<&[u8]>, Option<&[u8]>) {
    let parameter = &octets[..end.unwrap_or(octets.len())];
    let after = end.map(|end| &octets[end + 1..]);
    // A name in quotes or brackets is no name: its `=` is looked for past them.
    match equals.or_else(|| find_outside(parameter, b'=')) {
        None => (trim(parameter), None, after),
        Some(equals) => (trim(&parameter[..equals]), Some(trim(&parameter[equals + 1..])), after),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(value: &str) -> Vec<String> {
        List::new(value.as_bytes()).map(|value| String::from_utf8_lossy(value).into_owned()).collect()
    }

    #[test]
    fn a_comma_separates_outside_quotes_and_brackets_only() {
        for (value, expected) in [
            ("a", &["a"][..]),
            ("a,b , c", &["a", "b", "c"]),
            (",, a,,", &["a"]),
            ("", &[]),
            (" , ", &[]),
            ("\"x, y\" <sip:a,b@c>, d", &["\"x, y\" <sip:a,b@c>", "d"]),
            ("\"x \\\", y\" , d", &["\"x \\\", y\"", "d"]),
            ("\"never closed, d", &["\"never closed, d"]),
            ("<never closed, d", &["<never closed, d"]),
            ("a\r\n ,\r\n b", &["a", "b"]),
        ] {
            assert_eq!(list(value), expected, "for {value:?}");
        }
    }

    #[test]
    fn parameters_are_found_in_any_case_and_spacing() {
        let parameters = Parameters::new(b"tag = 1 ; LR;x=\"a;b=c\";;y=");
        assert_eq!(parameters.value("TAG"), Some(&b"1"[..]));
        assert_eq!(parameters.get("lr"), Some(None));
        assert_eq!(parameters.value("x"), Some(&b"\"a;b=c\""[..]));
        assert_eq!(parameters.get("y"), Some(Some(&b""[..])));
        assert_eq!(parameters.get("b"), None);
        assert_eq!(parameters.iter().count(), 4);
        assert_eq!(parameters.each().count(), 5);
        assert_eq!(Parameters::new(b"a;b=1;").each().count(), 3);
    }

    #[test]
    fn folds_and_quotes_are_undone() {
        for (folded, line) in [
            (&b"a b"[..], &b"a b"[..]),
            (b"a\r\n b", b"a b"),
            (b"a \r\n\t\r\n  b", b"a b"),
            (b"\r\n b", b"b"),
            (b"a\n b\r\n ", b"a b"),
        ] {
            assert_eq!(unfold(folded).as_ref(), line, "{}", folded.escape_ascii());
        }
        for (quoted, plain) in [
            (&b"\"a b\""[..], &b"a b"[..]),
            (b"\"a\\\"b\\\\\"", b"a\"b\\"),
            (b"\"\"", b""),
            (b"\"open", b"\"open"),
            (b"\"open\\\"", b"\"open\\\""),
            (b"plain", b"plain"),
            (b"\"", b"\""),
            (b"\"a\"b\"", b"\"a\"b\""),
        ] {
            assert_eq!(unquote(quoted).as_ref(), plain, "{}", quoted.escape_ascii());
        }
    }

    #[test]
    fn a_decimal_is_digits_within_64_bits() {
        assert_eq!(decimal(b"0"), Some(0));
        assert_eq!(decimal(b"18446744073709551615"), Some(u64::MAX));
        for broken in [&b""[..], b"18446744073709551616", b"+1", b"-1", b" 1", b"1a"] {
            assert_eq!(decimal(broken), None, "{}", broken.escape_ascii());
        }
    }
}
