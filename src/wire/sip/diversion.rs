//! `Diversion` and `History-Info`: who sent a call on to us, and why (RFC 5806 §3, RFC 7044 §5, RFC 4458 §2).
//!
//! ```text
//!  Diversion:    <sip:B@h>;reason=no-answer, <sip:A@h>;reason=user-busy              the last one first
//!  History-Info: <sip:A@h>;index=1, <sip:B@h;cause=486>;index=1.1;mp=1,
//!                <sip:us@h;cause=408>;index=1.1.1;mp=1.1                             the first one first
//! ```
//! Both become the same list, the last one first. In History-Info a target that names a cause, or another target that it was
//! mapped from (`mp`), was called because that other one sent the call on (RFC 7544 §6). Retargeting without a word of that is
//! a proxy's routing and no diversion. What cannot be read is left out and counted: no patient is refused for it.
//!
//! Whose numbers these are, and whether the call goes in a circle, is the switch's to say.

use super::address::Address;
use super::grammar::{List, Parameters, decimal, split_at_outside, trim, unquote};
use super::header::Headers;
use super::name::Name;
use super::uri::{Uri, unescape};
use crate::limits::carriers::{DIVERSIONS_MAX, HISTORY_MAX};
use std::cmp::Ordering;

/// Somebody who sent the call on. It cannot be printed: it may hold a patient's number.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Diversion<'a> {
    /// Who.
    pub who: Uri<'a>,
    /// Whether that may be told further.
    pub told: Wish,
    /// Why.
    pub why: Why,
}

/// Those who sent a call on.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Diversions<'a> {
    /// The last one first; never more than [`DIVERSIONS_MAX`].
    pub list: Vec<Diversion<'a>>,
    /// How many more there are.
    pub more: u32,
    /// Values that are none.
    pub unread: u32,
}

/// Why a call was sent on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// Nobody says.
    Unknown,
    /// The line was busy.
    Busy,
    /// Nobody answered.
    NoAnswer,
    /// The line could not be reached, or was out of service.
    Unavailable,
    /// All of its calls are.
    Always,
    /// A person, or a rule such as the time of day, sent this one on.
    Chosen,
}

impl Why {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Why::Unknown, Why::Busy, Why::NoAnswer, Why::Unavailable, Why::Always, Why::Chosen];

    /// As RFC 5806 §3 writes it.
    pub fn of_reason(reason: &[u8]) -> Self {
        let is = |words: &[&str]| words.iter().any(|word| reason.eq_ignore_ascii_case(word.as_bytes()));
        if is(&["user-busy"]) {
            Why::Busy
        } else if is(&["no-answer"]) {
            Why::NoAnswer
        } else if is(&["unavailable", "out-of-service"]) {
            Why::Unavailable
        } else if is(&["unconditional"]) {
            Why::Always
        } else if is(&["time-of-day", "do-not-disturb", "deflection", "follow-me", "away"]) {
            Why::Chosen
        } else {
            Why::Unknown
        }
    }

    /// As RFC 4458 §2 counts it; other statuses are those of a proxy's search (RFC 7544 §7).
    pub const fn of_cause(cause: u64) -> Self {
        match cause {
            486 | 600 => Why::Busy,
            408 => Why::NoAnswer,
            503 | 410 => Why::Unavailable,
            302 => Why::Always,
            480 | 487 => Why::Chosen,
            _ => Why::Unknown,
        }
    }

    /// As ITU-T Q.850 §2.2.7.1 counts it.
    const fn of_release(cause: u64) -> Self {
        match cause {
            17 => Why::Busy,
            18 | 19 => Why::NoAnswer,
            20 | 27 => Why::Unavailable,
            _ => Why::Unknown,
        }
    }
}

/// Who sent the call on: as Diversion says, or History-Info where there is none.
pub fn read<'a>(headers: &Headers<'a>) -> Diversions<'a> {
    let mut found = Diversions::default();
    for value in headers.values(Name::Diversion) {
        match diversion(value) {
            Some(diversion) => found.add(diversion),
            None => found.unread += 1,
        }
    }
    if found.list.is_empty() {
        history(headers, &mut found);
    }
    found
}

impl<'a> Diversions<'a> {
    fn add(&mut self, diversion: Diversion<'a>) {
        if self.list.len() < DIVERSIONS_MAX { self.list.push(diversion) } else { self.more += 1 }
    }
}

fn diversion(value: &[u8]) -> Option<Diversion<'_>> {
    let address = Address::read(value).ok()?;
    let who = address.uri().ok()?;
    let text = |name| address.parameters.value(name).map(trim);
    // RFC 5806 §3: `off` lets all be told, `name` all but the display name.
    let is_hidden = text("privacy").is_some_and(|privacy| {
        [&b"full"[..], b"uri"].iter().any(|hidden| unquote(privacy).eq_ignore_ascii_case(hidden))
    });
    let told = if is_hidden { Wish::Withheld } else { Wish::Told };
    let why = text("reason").map_or(Why::Unknown, |reason| Why::of_reason(&unquote(reason)));
    Some(Diversion { who, told, why })
}

/// A target of History-Info.
struct Target<'a> {
    uri: Uri<'a>,
    index: &'a [u8],
    mapped_from: Option<&'a [u8]>,
}

impl<'a> Target<'a> {
    fn read(value: &'a [u8]) -> Option<Self> {
        let address = Address::read(value).ok()?;
        let index = |name| address.parameters.value(name).map(trim).filter(|index| is_index(index));
        Some(Self { uri: address.uri().ok()?, index: index("index")?, mapped_from: index("mp") })
    }

    fn cause(&self) -> Option<u64> {
        self.uri.parameters.value("cause").and_then(decimal)
    }

    /// Whether its number may be told (RFC 7044 §10.1.2).
    fn told(&self) -> Wish {
        let is_hidden = fields(self.uri.headers, "Privacy").any(|privacy| names_history(&privacy));
        if is_hidden { Wish::Withheld } else { Wish::Told }
    }

    /// What became of the call where it was tried (RFC 7044 §5: a Reason in its URI, RFC 3326 §2).
    fn answered(&self) -> Option<Why> {
        let reasons = |value: Vec<u8>| {
            let told: Vec<Why> = List::new(&value).filter_map(reason).collect();
            told.into_iter().find(|why| *why != Why::Unknown)
        };
        fields(self.uri.headers, "Reason").find_map(reasons)
    }

    /// Whether this one was called because that one sent the call on.
    fn is_from(&self, other: &Self) -> bool {
        let parent = self.index.iter().rposition(|&octet| octet == b'.').map(|at| &self.index[..at]);
        let is_other = self.index != other.index;
        is_other && self.mapped_from.or(parent).is_some_and(|by| by == other.index)
    }
}

fn reason(value: &[u8]) -> Option<Why> {
    let (protocol, parameters) = split_at_outside(value, b';');
    let cause = Parameters::new(parameters.unwrap_or_default()).value("cause").and_then(decimal)?;
    let is = |name: &[u8]| trim(protocol).eq_ignore_ascii_case(name);
    if is(b"SIP") {
        Some(Why::of_cause(cause))
    } else if is(b"Q.850") {
        Some(Why::of_release(cause))
    } else {
        None
    }
}

fn history<'a>(headers: &Headers<'a>, found: &mut Diversions<'a>) {
    let mut targets: Vec<Target<'a>> = Vec::new();
    for value in headers.values(Name::HistoryInfo) {
        match Target::read(value) {
            Some(target) => targets.push(target),
            None => found.unread += 1,
        }
        // Of a long one its end counts: that is how the call came to us.
        if targets.len() > HISTORY_MAX {
            targets.remove(0);
        }
    }
    // A carrier may write them in any order: the index says which (RFC 7044 §5.1).
    targets.sort_by(|a, b| in_order(a.index, b.index));
    let all = Privacy::read(headers).history;
    for target in targets.iter().rev().filter(|it| it.cause().is_some() || it.mapped_from.is_some()) {
        let Some(by) = targets.iter().find(|other| target.is_from(other)) else { continue };
        let why = target.cause().map(Why::of_cause).or_else(|| by.answered()).unwrap_or(Why::Unknown);
        let told = if all == Wish::Withheld { all } else { by.told() };
        found.add(Diversion { who: by.uri, told, why });
    }
}

fn is_index(index: &[u8]) -> bool {
    let is_number = |part: &[u8]| !part.is_empty() && part.iter().all(u8::is_ascii_digit);
    index.split(|&octet| octet == b'.').all(is_number)
}

/// The order of two indexes: number by number, a branch after its root.
fn in_order(a: &[u8], b: &[u8]) -> Ordering {
    let number =
        |digits: &[u8]| digits.iter().skip_while(|&&digit| digit == b'0').copied().collect::<Vec<u8>>();
    let numbers = |index: &[u8]| -> Vec<(usize, Vec<u8>)> {
        let parts = index.split(|&octet| octet == b'.').map(number);
        parts.map(|digits| (digits.len(), digits)).collect()
    };
    numbers(a).cmp(&numbers(b))
}

/// The values of the header fields of that name in a URI, unescaped (RFC 3261 §19.1.1).
fn fields<'a>(headers: &'a [u8], name: &'a str) -> impl Iterator<Item = Vec<u8>> + use<'a> {
    headers.split(|&octet| octet == b'&').filter_map(move |field| {
        let at = field.iter().position(|&octet| octet == b'=')?;
        let is_it = unescape(&field[..at]).eq_ignore_ascii_case(name.as_bytes());
        is_it.then(|| unescape(&field[at + 1..]).into_owned())
    })
}

/// What a caller asks not to be told on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Privacy {
    /// Who he is (RFC 3323 §4.2 `user`, RFC 3325 §9.3 `id`).
    pub identity: Wish,
    /// By which way he came (RFC 7044 §10.1 `history`).
    pub history: Wish,
}

/// Whether something may be told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Wish {
    /// It may.
    #[default]
    Told,
    /// It may not.
    Withheld,
}

impl Privacy {
    /// Reads the Privacy header fields: values are parted by semicolons there.
    pub fn read(headers: &Headers<'_>) -> Self {
        let mut privacy = Self::default();
        for value in headers.each(Name::Privacy) {
            for word in value.split(|&octet| octet == b';').map(trim) {
                if word.eq_ignore_ascii_case(b"id") || word.eq_ignore_ascii_case(b"user") {
                    privacy.identity = Wish::Withheld;
                }
                // RFC 7044 §10.1.1: `session` and `header` hide it too.
                if [&b"history"[..], b"session", b"header"].iter().any(|it| word.eq_ignore_ascii_case(it)) {
                    privacy.history = Wish::Withheld;
                }
            }
        }
        privacy
    }
}

fn names_history(value: &[u8]) -> bool {
    value.split(|&octet| octet == b';').any(|word| trim(word).eq_ignore_ascii_case(b"history"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::sip::message::{Message, parse};
    use proptest::prelude::*;

    fn with<T>(lines: &str, of: impl Fn(&Headers<'_>) -> T) -> T {
        let text = format!("INVITE sip:us@h SIP/2.0\r\n{lines}\r\n");
        let Ok(Message::Request(request)) = parse(text.as_bytes()) else { panic!("{text}") };
        of(&request.headers)
    }

    fn shown(diversion: Diversion<'_>) -> String {
        let user = diversion.who.user.map(String::from_utf8_lossy).unwrap_or_default();
        let hidden = if diversion.told == Wish::Withheld { " hidden" } else { "" };
        format!("{user} {:?}{hidden}", diversion.why)
    }

    /// Who and why, the last one first.
    fn told(lines: &str) -> String {
        with(lines, |headers| {
            let Diversions { list, more, unread } = read(headers);
            let mut told: Vec<String> = list.into_iter().map(shown).collect();
            if more > 0 {
                told.push(format!("{more} more"));
            }
            if unread > 0 {
                told.push(format!("{unread} unread"));
            }
            told.join(", ")
        })
    }

    #[test]
    fn diversion_has_the_last_one_first() {
        // RFC 5806 §3, §5
        for (lines, expected) in [
            ("", ""),
            ("Diversion: <sip:A@h>;reason=user-busy\r\n", "A Busy"),
            (
                "Diversion: \"B, the desk\" <sip:B@h>;reason=no-answer;counter=1, <sip:A@h>;reason=\"unconditional\"\r\n",
                "B NoAnswer, A Always",
            ),
            ("Diversion: <sip:B@h>;reason=time-of-day\r\nDiversion: <sip:A@h>\r\n", "B Chosen, A Unknown"),
            ("Diversion: <sip:B@h>;privacy=full;reason=unavailable\r\n", "B Unavailable hidden"),
            ("Diversion: <sip:B@h>;privacy=off;reason=x-own\r\n", "B Unknown"),
            ("Diversion: <sip:B@h>;PRIVACY=\"uri\";Reason=Do-Not-Disturb\r\n", "B Chosen hidden"),
            ("Diversion: <tel:+16175550111>;reason=out-of-service\r\n", "+16175550111 Unavailable"),
            ("Diversion: sip:B@h;reason=follow-me\r\n", "B Chosen"),
        ] {
            assert_eq!(told(lines), expected, "{lines}");
        }
    }

    #[test]
    fn history_has_the_first_one_first_and_a_cause_where_the_call_went_on() {
        // RFC 7044 §5, RFC 4458 §2, RFC 7544 §6
        for (lines, expected) in [
            ("History-Info: <sip:A@h>;index=1\r\n", ""),
            ("History-Info: <sip:A@h>;index=1, <sip:us@h>;index=1.1\r\n", ""),
            ("History-Info: <sip:A@h>;index=1, <sip:us@h;cause=302>;index=1.1;mp=1\r\n", "A Always"),
            ("History-Info: <sip:A@h>;index=1, <sip:us@h;cause=480>;index=1.1\r\n", "A Chosen"),
            (
                "History-Info: <sip:A@h?Reason=SIP%3Bcause%3D486>;index=1, <sip:us@h>;index=1.1;mp=1\r\n",
                "A Busy",
            ),
            (
                "History-Info: <sip:A@h>;index=1, <sip:B@h;cause=486>;index=1.1;mp=1\r\n\
                 History-Info: <sip:b@proxy>;index=1.1.1;rc=1.1, <sip:us@h;cause=408>;index=1.2;mp=1.1\r\n",
                "B NoAnswer, A Busy",
            ),
            (
                "History-Info: <sip:A@h?Privacy=history>;index=1, <sip:us@h;cause=503>;index=1.1;mp=1\r\n",
                "A Unavailable hidden",
            ),
            (
                "Privacy: history\r\nHistory-Info: <sip:A@h>;index=1, <sip:us@h;cause=503>;index=1.1;mp=1\r\n",
                "A Unavailable hidden",
            ),
            ("History-Info: <sip:A@h>;index=1, <sip:us@h;cause=302>;index=1.1;mp=7\r\n", ""),
            ("History-Info: <sip:A@h>;index=1, <sip:us@h;cause=302>;index=1.1;mp=1.1\r\n", ""),
            (
                "History-Info: <sip:A@h?reason=Q.850%3Bcause%3D16%2Csip%20%3Bcause%3d408>;index=1, <sip:us@h>;index=1.1;mp=1\r\n",
                "A NoAnswer",
            ),
            (
                "History-Info: <sip:A@h?Subject=x&Reason=Q.850%3Bcause%3D17>;index=1, <sip:us@h>;index=1.1;mp=1\r\n",
                "A Busy",
            ),
            (
                "History-Info: <sip:us@h;cause=408>;index=1.10;mp=1.9, <sip:B@h;cause=486>;index=1.9;mp=1, <sip:A@h>;index=1\r\n",
                "B NoAnswer, A Busy",
            ),
            (
                "Diversion: <sip:D@h>;reason=away\r\nHistory-Info: <sip:A@h>;index=1, <sip:us@h;cause=302>;index=1.1\r\n",
                "D Chosen",
            ),
        ] {
            assert_eq!(told(lines), expected, "{lines}");
        }
    }

    #[test]
    fn what_is_none_is_left_out_and_counted() {
        for (lines, expected) in [
            ("Diversion: \r\n", ""),
            ("Diversion: \"never closed\r\n", "1 unread"),
            ("Diversion: <sip:A@h\r\n", "1 unread"),
            ("Diversion: 6175550111\r\n", "1 unread"),
            ("Diversion: <sip:A@h>;;;=;reason=;reason\r\n", "A Unknown"),
            ("Diversion: ???, <sip:A@h>;reason=user-busy, <>\r\n", "A Busy, 2 unread"),
            ("History-Info: <sip:A@h>, <sip:us@h;cause=302>;index=1.1;mp=1\r\n", "1 unread"),
            ("History-Info: <sip:A@h>;index=, <sip:us@h;cause=x>;index=...;mp=\r\n", "2 unread"),
            ("History-Info: <sip:A@h?%>;index=1, <sip:us@h;cause=302>;index=1.1;mp=1\r\n", "A Always"),
            (
                "Diversion: <\r\nHistory-Info: <sip:A@h>;index=1, <sip:us@h;cause=302>;index=1.1;mp=1\r\n",
                "A Always, 1 unread",
            ),
        ] {
            assert_eq!(told(lines), expected, "{lines}");
        }
    }

    #[test]
    fn no_more_are_read_than_there_is_room_for() {
        let many = vec!["<sip:A@h>"; DIVERSIONS_MAX + 5].join(", ");
        with(&format!("Diversion: {many}\r\n"), |headers| {
            let found = read(headers);
            assert_eq!((found.list.len(), found.more), (DIVERSIONS_MAX, 5));
        });
        let target = |n: u32| format!("<sip:{n}@h;cause=302>;index=1.{n};mp=1.{}", n.saturating_sub(1));
        let many: Vec<String> = (0..100).map(target).collect();
        with(&format!("History-Info: {}\r\n", many.join(", ")), |headers| {
            let found = read(headers);
            assert_eq!(found.list.len(), DIVERSIONS_MAX);
            assert_eq!(found.list[0].who.user, Some(&b"98"[..]), "the end of it is how the call came");
            assert_eq!(found.list.len() + found.more as usize, HISTORY_MAX - 1);
        });
    }

    #[test]
    fn what_a_caller_wants_kept_to_himself_is_read() {
        // RFC 3323 §4.2, RFC 3325 §9.3, RFC 7044 §10.1
        use Wish::{Told, Withheld};
        for (lines, identity, history) in [
            ("", Told, Told),
            ("Privacy: none\r\n", Told, Told),
            ("Privacy: id\r\n", Withheld, Told),
            ("Privacy: critical; USER\r\n", Withheld, Told),
            ("Privacy: history\r\n", Told, Withheld),
            ("Privacy: header;id\r\n", Withheld, Withheld),
            ("Privacy: id\r\nPrivacy: session\r\n", Withheld, Withheld),
        ] {
            let found = with(lines, Privacy::read);
            assert_eq!((found.identity, found.history), (identity, history), "{lines}");
        }
    }

    proptest! {
        #[test]
        fn no_octets_are_too_odd_to_be_read(
            value in prop::collection::vec(prop::sample::select(b"<>;,.=?%&\"sip:A@h1index mp cause Reason".to_vec()), 0..80),
        ) {
            let value = String::from_utf8(value).unwrap();
            for name in ["Diversion", "History-Info", "Privacy"] {
                with(&format!("{name}: {value}\r\n"), |headers| {
                    prop_assert!(read(headers).list.len() <= DIVERSIONS_MAX);
                    let _ = Privacy::read(headers);
                    Ok(())
                })?;
            }
        }
    }
}
