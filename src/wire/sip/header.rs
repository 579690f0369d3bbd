//! The header fields of one message: an index over its octets, built in one pass without allocating
//! (RFC 3261 §7.3).
//!
//! ```text
//!   Via: a, b ␍␊ X-Other: 1 ␍␊ v: c ␍␊ To: d ␍␊
//!   ▲                         ▲        ▲
//!   first of Via              last     first and last of To
//! ```
//! For each [`Name`] the index keeps where its first and last line begin; walking a name reads the
//! lines between. Lines that we have no name for stay as they are and are reached by [`Headers::iter`].

use super::grammar::{List, is_token, trim, trim_end};
use super::name::Name;
use std::fmt;

/// Where the first and the last line of one name begin, in octets from the first header line.
#[derive(Clone, Copy)]
struct Span {
    first: u16,
    last: u16,
}

/// A name that the message does not carry.
const ABSENT: Span = Span { first: u16::MAX, last: 0 };

/// The header fields of a message, borrowed from its octets.
#[derive(Clone, Copy)]
pub struct Headers<'a> {
    octets: &'a [u8],
    spans: [Span; Name::COUNT],
    count: usize,
    malformed_line: Option<usize>,
}

/// What reading the header part gave.
pub(super) struct Indexed<'a> {
    pub headers: Headers<'a>,
    /// What follows the empty line; `None` if there is no empty line.
    pub body: Option<&'a [u8]>,
}

impl<'a> Headers<'a> {
    /// Reads header lines up to the empty line; `None` when there are more than `lines_max`.
    ///
    /// `octets` may have at most `u16::MAX` octets: the caller has checked that.
    pub(super) fn index(octets: &'a [u8], lines_max: usize) -> Option<Indexed<'a>> {
        let mut headers = Self { octets, spans: [ABSENT; Name::COUNT], count: 0, malformed_line: None };
        let mut at = 0;
        while at < octets.len() {
            if let Some(empty) = empty_line_len(&octets[at..]) {
                headers.octets = &octets[..at];
                return Some(Indexed { headers, body: Some(&octets[at + empty..]) });
            }
            if headers.count == lines_max {
                return None;
            }
            headers.count += 1;
            let line = &octets[at..at + line_len(&octets[at..])];
            headers.note(line, at);
            at += line.len();
        }
        Some(Indexed { headers, body: None })
    }

    /// Enters one line that begins at `at` into the index.
    fn note(&mut self, line: &[u8], at: usize) {
        let Some((name, _)) = split_line(line) else {
            self.malformed_line.get_or_insert(self.count);
            return;
        };
        if let (Some(name), Ok(at)) = (Name::read(name), u16::try_from(at)) {
            let span = &mut self.spans[name as usize];
            span.first = span.first.min(at);
            span.last = at;
        } else if !is_token(name) {
            self.malformed_line.get_or_insert(self.count);
        }
    }

    /// How many header lines there are; a folded line counts once.
    pub const fn count(&self) -> usize {
        self.count
    }

    /// The first line, counted from 1, that has no colon or whose name is no token.
    pub const fn malformed_line(&self) -> Option<usize> {
        self.malformed_line
    }

    /// Whether the message carries that header field.
    pub fn has(&self, name: Name) -> bool {
        self.spans[name as usize].first != u16::MAX
    }

    /// The whole value of the first line of that name, trimmed, folds included.
    pub fn first(&self, name: Name) -> Option<&'a [u8]> {
        let octets = self.octets.get(usize::from(self.spans[name as usize].first)..)?;
        split_line(&octets[..line_len(octets)]).map(|(_, value)| value)
    }

    /// Whether more than one line has that name.
    pub const fn is_repeated(&self, name: Name) -> bool {
        let Span { first, last } = self.spans[name as usize];
        first < last
    }

    /// The whole value of every line of that name, in order.
    pub fn each(&self, name: Name) -> Each<'a> {
        let Span { first, last } = self.spans[name as usize];
        let lines = self.octets.get(usize::from(first)..).unwrap_or_default();
        let last_left = lines.len().saturating_sub(usize::from(last.saturating_sub(first)));
        Each { lines: Lines { rest: lines }, last_left, name }
    }

    /// Every value of a comma-separated header field, over all its lines, in order.
    pub fn values(&self, name: Name) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        self.each(name).flat_map(List::new)
    }

    /// Every line in order as name and value, both trimmed; a line without a colon has an empty value.
    pub fn iter(&self) -> impl Iterator<Item = (&'a [u8], &'a [u8])> + use<'a> {
        Lines { rest: self.octets }.map(|line| split_line(line).unwrap_or((trim(line), &[])))
    }
}

impl fmt::Debug for Headers<'_> {
    /// Values are about patients, so only names are printed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter().map(|(name, _)| name.escape_ascii().to_string())).finish()
    }
}

/// The values of one name, line by line.
#[derive(Clone, Debug)]
pub struct Each<'a> {
    lines: Lines<'a>,
    /// Octets from the last line of this name to the end: with fewer left, there is none any more.
    last_left: usize,
    name: Name,
}

impl<'a> Iterator for Each<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        while !self.lines.rest.is_empty() && self.lines.rest.len() >= self.last_left {
            let is_last = self.lines.rest.len() == self.last_left;
            let (name, value) = split_line(self.lines.next()?).unwrap_or_default();
            if is_last || Name::read(name) == Some(self.name) {
                return Some(value);
            }
        }
        None
    }
}

/// Header lines, folds included.
#[derive(Clone, Debug)]
struct Lines<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Lines<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        if self.rest.is_empty() {
            return None;
        }
        let (line, rest) = self.rest.split_at(line_len(self.rest));
        self.rest = rest;
        Some(line)
    }
}

/// The length of the empty line that the octets begin with; a line end may be LF alone.
fn empty_line_len(octets: &[u8]) -> Option<usize> {
    match octets {
        [b'\r', b'\n', ..] => Some(2),
        [b'\n', ..] => Some(1),
        _ => None,
    }
}

/// The length of the first line with its line end and the lines folded onto it (RFC 3261 §7.3.1).
fn line_len(octets: &[u8]) -> usize {
    let mut end = 0;
    while let Some(at) = memchr::memchr(b'\n', &octets[end..]) {
        end += at + 1;
        if !matches!(octets.get(end), Some(b' ' | b'\t')) {
            return end;
        }
    }
    octets.len()
}

/// Name and value of a line; white space before the colon is no part of the name (RFC 3261 §7.3.1).
fn split_line(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let colon = line.iter().position(|&octet| octet == b':')?;
    Some((trim_end(&line[..colon]), trim(&line[colon + 1..])))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(octets: &[u8]) -> Headers<'_> {
        Headers::index(octets, 100).unwrap().headers
    }

    fn text<'a>(values: impl Iterator<Item = &'a [u8]>) -> String {
        values.map(|value| value.escape_ascii().to_string()).collect::<Vec<_>>().join(" | ")
    }

    #[test]
    fn lines_of_one_name_are_gathered_in_order_whatever_their_spelling() {
        let headers =
            headers(b"Via: a, b\r\nX-Other: 1\r\nv : c\r\nTo:d\r\nVIA:\t\r\n e ,\r\n\tf \r\n\r\nVia: body");
        assert_eq!(text(headers.each(Name::Via)), "a, b | c | e ,\\r\\n\\tf");
        assert_eq!(text(headers.values(Name::Via)), "a | b | c | e | f");
        assert_eq!(headers.first(Name::To), Some(&b"d"[..]));
        assert!(!headers.has(Name::From) && headers.has(Name::Via));
        assert_eq!(text(headers.each(Name::From)), "");
        assert_eq!(headers.count(), 5);
        assert_eq!(headers.malformed_line(), None);
    }

    #[test]
    fn every_line_is_kept_as_it_is_and_the_first_malformed_one_is_named() {
        let headers = headers(b"To: a\nno colon here\nbad name: b\n\xff\xfe: c\nX-Y:: d\n\n");
        let shown =
            headers.iter().map(|(name, value)| format!("{}={}", name.escape_ascii(), value.escape_ascii()));
        assert_eq!(
            shown.collect::<Vec<_>>().join(" | "),
            "To=a | no colon here= | bad name=b | \\xff\\xfe=c | X-Y=: d"
        );
        assert_eq!(headers.malformed_line(), Some(2));
    }

    #[test]
    fn a_fold_right_after_the_start_line_belongs_to_nothing() {
        assert_eq!(headers(b" To: a\r\n\r\n").malformed_line(), Some(1));
    }

    #[test]
    fn the_body_begins_after_the_first_empty_line_or_there_is_none() {
        for (octets, body) in [
            (&b"A: b\r\n\r\nbody"[..], Some(&b"body"[..])),
            (b"A: b\n\nbody", Some(b"body")),
            (b"\r\nbody", Some(b"body")),
            (b"A: b\r\n\r\n", Some(b"")),
            (b"A: b\r\n \r\n\r\n", Some(b"")),
            (b"A: b\r\n", None),
            (b"A: b\r\n c", None),
            (b"A: b\r", None),
            (b"", None),
        ] {
            assert_eq!(Headers::index(octets, 100).unwrap().body, body, "{}", octets.escape_ascii());
        }
    }

    #[test]
    fn one_line_over_the_bound_is_refused() {
        let octets = b"A: b\r\n".repeat(3);
        assert!(Headers::index(&octets, 3).is_some());
        assert!(Headers::index(&octets, 2).is_none());
    }

    #[test]
    fn printing_header_fields_prints_no_value() {
        let printed = format!("{:?}", headers(b"From: +16175550142\r\n\r\n"));
        assert_eq!(printed, "[\"From\"]");
    }
}
