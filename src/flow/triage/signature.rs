//! Who answers for a triage tree, until when, and for which words: the block `signed` of its file.
//!
//! ```text
//!  no block ─────────────▶ Missing ─┐
//!  block, other hash ────▶ Changed ─┼─▶ callers get the emergency line, then a nurse (the safe stub)
//!  block, day is over ───▶ Expired ─┘
//!  block, same hash ─────▶ Good     ──▶ callers get the tree
//! ```
//! The hash is over the tree, the words and the sounds (`super::canonical`), so a signature holds for what callers
//! hear and for nothing else. Not here: the writing of the block into the file ([`super::block`]).

use crate::clock::WallTime;
use crate::flow::value::Date;

/// The block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    /// Who answers for the tree.
    pub by: String,
    /// The licence, as `NUMBER/STATE`.
    pub licence: String,
    /// When it was signed.
    pub on: Date,
    /// The last day on which it holds.
    pub review_due: Date,
    /// What was signed.
    pub sha256: String,
}

/// How a signature stands to the tree as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seal {
    /// There is none.
    Missing,
    /// The tree, its words or its sounds are not what was signed.
    Changed,
    /// It holds to the end of this day.
    Good {
        /// The last day.
        review_due: Date,
    },
}

/// Why callers do not get a tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotAnswered {
    /// Nobody signed it.
    Unsigned,
    /// It changed since.
    Changed,
    /// Its review is overdue.
    Expired,
}

impl NotAnswered {
    /// In words that end "the tree …".
    pub const fn words(self) -> &'static str {
        match self {
            NotAnswered::Unsigned => "is a draft that nobody has signed",
            NotAnswered::Changed => "is not what was signed: a step, a text or a sound changed since",
            NotAnswered::Expired => "was signed for a time that is over",
        }
    }
}

impl Seal {
    /// What a signature is worth for a tree of this hash.
    pub fn of(signed: Option<&Signed>, sha256: &str) -> Seal {
        match signed {
            None => Seal::Missing,
            Some(signed) if signed.sha256 != sha256 => Seal::Changed,
            Some(signed) => Seal::Good { review_due: signed.review_due },
        }
    }

    /// Why a caller does not get the tree on this day; nothing if he does. Where the day is not known, no signature
    /// holds.
    pub fn against(self, today: Option<Date>) -> Option<NotAnswered> {
        match (self, today) {
            (Seal::Missing, _) => Some(NotAnswered::Unsigned),
            (Seal::Changed, _) => Some(NotAnswered::Changed),
            (Seal::Good { review_due }, Some(today)) if today <= review_due => None,
            (Seal::Good { .. }, _) => Some(NotAnswered::Expired),
        }
    }
}

/// A day as `2027-11-28`.
pub fn parsed_day(text: &str) -> Option<Date> {
    let mut parts = text.split('-');
    let mut part = |length: usize| {
        let part = parts.next()?;
        let is_plain = part.len() == length && part.bytes().all(|octet| octet.is_ascii_digit());
        if is_plain { part.parse::<u16>().ok() } else { None }
    };
    let (year, month, day) = (part(4)?, part(2)?, part(2)?);
    let rest = parts.next();
    Date::new(year, u8::try_from(month).ok()?, u8::try_from(day).ok()?).filter(|_| rest.is_none())
}

const MICROS_A_DAY: i64 = 86_400_000_000;
/// Days from 1 January of the year 1 to 1 January 1970.
const UNIX_EPOCH_DAYS: i64 = 719_162;

/// The day of a time, on the clock of UTC.
pub fn day_of(wall: WallTime) -> Option<Date> {
    let days = wall.as_micros().div_euclid(MICROS_A_DAY) + UNIX_EPOCH_DAYS;
    Date::from_days(i32::try_from(days).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(year: u16, month: u8, day: u8) -> Date {
        Date::new(year, month, day).unwrap()
    }

    #[test]
    fn only_the_hash_that_was_signed_holds_and_only_to_its_last_day() {
        let signed = Signed {
            by: "Ada Miller".to_owned(),
            licence: "RN1/MA".to_owned(),
            on: date(2026, 11, 28),
            review_due: date(2027, 11, 28),
            sha256: "aa".to_owned(),
        };
        let table = [
            (None, "aa", Some(date(2026, 11, 28)), Some(NotAnswered::Unsigned)),
            (Some(&signed), "ab", Some(date(2026, 11, 28)), Some(NotAnswered::Changed)),
            (Some(&signed), "aa", Some(date(2026, 11, 28)), None),
            (Some(&signed), "aa", Some(date(2027, 11, 28)), None),
            (Some(&signed), "aa", Some(date(2027, 11, 29)), Some(NotAnswered::Expired)),
            (Some(&signed), "aa", None, Some(NotAnswered::Expired)),
        ];
        for (signed, hash, today, expected) in table {
            assert_eq!(Seal::of(signed, hash).against(today), expected, "{hash} {today:?}");
        }
    }

    #[test]
    fn a_time_lies_on_its_day_of_utc() {
        for (seconds, day) in [
            (0, date(1970, 1, 1)),
            (-1, date(1969, 12, 31)),
            (1_795_824_000, date(2026, 11, 28)),
            (1_795_910_399, date(2026, 11, 28)),
            (1_795_910_400, date(2026, 11, 29)),
        ] {
            assert_eq!(day_of(WallTime::from_micros(seconds * 1_000_000)), Some(day), "{seconds}");
        }
    }
}
