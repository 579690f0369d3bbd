//! The header fields of one message: an index over its octets, built in one pass without allocating
//! (RFC 3261 §7.3).
//!
//! ```text
//!   Via: a, b ␍␊ X-Other: 1 ␍␊ v: c ␍␊ To: d ␍␊
//!   ▲                         ▲        ▲
//!   first of Via              last     first and last of To
//! ```
//! For each [`Name`] the index keeps where its first and last line begin and the first value, which most
//! names have alone; walking a name reads the lines between. Lines that we have no name for stay as they are and are reached by [`Headers::iter`].

use super::grammar::{List, find_far, find_near, is_lws_octet, is_token, trim, trim_end, trim_start};
use super::name::Name;
use crate::limits::SIP_HEADERS_MAX;
use std::fmt;
use std::ops::Range;

/// Where the first and the last line of one name begin, and where the value of the first begins and ends,
/// in octets from the first header line.
#[derive(Clone, Copy)]
struct Span {
    first: u16,
    last: u16,
    value: u16,
    value_end: u16,
}

/// A name that the message does not carry.
const ABSENT: Span = Span { first: u16::MAX, last: 0, value: u16::MAX, value_end: 0 };

/// The header fields of a message, borrowed from its octets.
#[derive(Clone, Copy)]
pub struct Headers<'a> {
    octets: &'a [u8],
    spans: [Span; Name::COUNT],
    count: usize,
    malformed_line: Option<usize>,
}

/// How the header part ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Indexed<'a> {
    /// With an empty line: the body follows.
    Body(&'a [u8]),
    /// With the octets.
    NoEmptyLine,
    /// It has more lines than it may have.
    TooMany,
}

impl<'a> Headers<'a> {
    /// The header fields in octets that are not read yet: none.
    ///
    /// `octets` may have at most `u16::MAX` octets: the caller has checked that.
    pub(super) const fn unread(octets: &'a [u8]) -> Self {
        Self { octets, spans: [ABSENT; Name::COUNT], count: 0, malformed_line: None }
    }

    /// The header fields of one part of a body, and its content (RFC 2046 §5.1); `None` if no empty line
    /// stands between them, or if it is longer than a message can be.
    pub fn of_part(part: &'a [u8]) -> Option<(Self, &'a [u8])> {
        if part.len() > usize::from(u16::MAX) {
            return None;
        }
        let mut headers = Self::unread(part);
        match headers.index(SIP_HEADERS_MAX) {
            Indexed::Body(content) => Some((headers, content)),
            Indexed::NoEmptyLine | Indexed::TooMany => None,
        }
    }

    /// Reads header lines up to the empty line, in place, for the index is large.
    pub(super) fn index(&mut self, lines_max: usize) -> Indexed<'a> {
        let octets = self.octets;
        let mut at = 0;
        while at < octets.len() {
            if let Some(empty) = empty_line_len(&octets[at..]) {
                self.octets = &octets[..at];
                return Indexed::Body(&octets[at + empty..]);
            }
            if self.count == lines_max {
                return Indexed::TooMany;
            }
            self.count += 1;
            at = self.note(at);
        }
        Indexed::NoEmptyLine
    }

    /// Enters the line that begins at `at` into the index; where the next one begins.
    #[inline]
    fn note(&mut self, at: usize) -> usize {
        let rest = &self.octets[at..];
        // No name holds a line end, so behind a name each octet is looked at once.
        let named = find_near(rest, b':').map(|colon| (colon, name_before(rest, colon)));
        let known = named.and_then(|(colon, name)| Some((colon, Name::read(name)?)));
        let (colon, known, end) = match known {
            Some((colon, known)) => (colon, known, colon + line_len(&rest[colon..])),
            None => {
                let end = line_len(rest);
                if !named.is_some_and(|(colon, name)| colon < end && is_token(name)) {
                    self.malformed_line.get_or_insert(self.count);
                }
                return at + end;
            }
        };
        let span = &mut self.spans[known as usize];
        span.last = small(at);
        if span.first == u16::MAX {
            let value = value_after(&rest[..end], colon);
            span.first = span.last;
            span.value = small(at + value.start);
            span.value_end = small(at + value.end);
        }
        at + end
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
        let Span { value, value_end, .. } = self.spans[name as usize];
        self.octets.get(usize::from(value)..usize::from(value_end))
    }

    /// Whether more than one line has that name.
    pub const fn is_repeated(&self, name: Name) -> bool {
        let Span { first, last, .. } = self.spans[name as usize];
        first < last
    }

    /// The whole value of every line of that name, in order.
    pub fn each(&self, name: Name) -> Each<'a> {
        let Span { first, last, .. } = self.spans[name as usize];
        let after = if first < last { &self.octets[usize::from(first)..] } else { &[] };
        let last_left = after.len().saturating_sub(usize::from(last.saturating_sub(first)));
        Each { first: self.first(name), lines: Lines { rest: after }, last_left, name }
    }

    /// Every value of a comma-separated header field, over all its lines, in order.
    pub fn values(&self, name: Name) -> Values<'a> {
        let list = List::new(self.first(name).unwrap_or_default());
        let others = self.is_repeated(name).then(|| self.each(name).past_the_first());
        Values { list, others }
    }

    /// Every line in order as name and value, both trimmed; a line without a colon has an empty value.
    pub fn iter(&self) -> impl Iterator<Item = (&'a [u8], &'a [u8])> + use<'a> {
        Lines { rest: self.octets }.map(|line| match split_line(line) {
            Some((name, value)) => (name, &line[value]),
            None => (trim(line), &[][..]),
        })
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
    /// The first value, until it is given.
    first: Option<&'a [u8]>,
    /// The lines from the first of this name on, if there is another.
    lines: Lines<'a>,
    /// Octets from the last line of this name to the end: with fewer left, there is none any more.
    last_left: usize,
    name: Name,
}

impl<'a> Iterator for Each<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        if let Some(first) = self.first.take() {
            self.lines.next();
            return Some(first);
        }
        while !self.lines.rest.is_empty() && self.lines.rest.len() >= self.last_left {
            let is_last = self.lines.rest.len() == self.last_left;
            let line = self.lines.next()?;
            let (name, value) = split_line(line).unwrap_or_default();
            if is_last || Name::read(name) == Some(self.name) {
                return line.get(value);
            }
        }
        None
    }
}

impl Each<'_> {
    /// Without the first.
    fn past_the_first(mut self) -> Self {
        self.first = None;
        self.lines.next();
        self
    }
}

/// The values of a comma-separated header field, over all its lines.
#[derive(Clone, Debug)]
pub struct Values<'a> {
    list: List<'a>,
    /// The lines after the first, if there are any.
    others: Option<Each<'a>>,
}

impl<'a> Iterator for Values<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        loop {
            if let Some(value) = self.list.next() {
                return Some(value);
            }
            self.list = List::new(self.others.as_mut()?.next()?);
        }
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
    while let Some(at) = find_far(&octets[end..], b'\n') {
        end += at + 1;
        if !matches!(octets.get(end), Some(b' ' | b'\t')) {
            return end;
        }
    }
    octets.len()
}

/// The name of a line and where its value stands.
fn split_line(line: &[u8]) -> Option<(&[u8], Range<usize>)> {
    let colon = find_near(line, b':')?;
    Some((name_before(line, colon), value_after(line, colon)))
}

/// The name; a space or tab before the colon is no part of it (RFC 3261 §7.3.1).
#[inline]
fn name_before(line: &[u8], colon: usize) -> &[u8] {
    let mut name = &line[..colon];
    while let [rest @ .., b' ' | b'\t'] = name {
        name = rest;
    }
    name
}

/// Where the value stands, without white space around it.
#[inline]
fn value_after(line: &[u8], colon: usize) -> Range<usize> {
    // Nearly every line has one space after the colon, and a value that ends with its CRLF.
    match &line[colon + 1..] {
        [b' ', first, .., last, b'\r', b'\n'] if !is_lws_octet(*first) && !is_lws_octet(*last) => {
            colon + 2..line.len() - 2
        }
        rest => {
            let rest = trim_end(rest);
            let end = colon + 1 + rest.len();
            end - trim_start(rest).len()..end
        }
    }
}

/// A place in a message, which has at most `u16::MAX` octets.
fn small(place: usize) -> u16 {
    u16::try_from(place).unwrap_or(u16::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(octets: &[u8]) -> Headers<'_> {
        let mut headers = Headers::unread(octets);
        assert_ne!(headers.index(100), Indexed::TooMany);
        headers
    }

    fn body_of(octets: &[u8]) -> Option<&[u8]> {
        match Headers::unread(octets).index(100) {
            Indexed::Body(body) => Some(body),
            Indexed::NoEmptyLine => None,
            Indexed::TooMany => panic!("too many lines"),
        }
    }

    fn text<'a>(values: impl Iterator<Item = &'a [u8]>) -> String {
        values.map(|value| value.escape_ascii().to_string()).collect::<Vec<_>>().join(" | ")
    }

    #[test]
    fn lines_of_one_name_are_gathered_in_order_whatever_their_spelling() {
        // RFC 3261 §7.3, §7.3.1
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
            assert_eq!(body_of(octets), body, "{}", octets.escape_ascii());
        }
    }

    #[test]
    fn one_line_over_the_bound_is_refused() {
        let octets = b"A: b\r\n".repeat(3);
        assert_ne!(Headers::unread(&octets).index(3), Indexed::TooMany);
        assert_eq!(Headers::unread(&octets).index(2), Indexed::TooMany);
    }

    #[test]
    fn printing_header_fields_prints_no_value() {
        let printed = format!("{:?}", headers(b"From: +16175550142\r\n\r\n"));
        assert_eq!(printed, "[\"From\"]");
    }
}
