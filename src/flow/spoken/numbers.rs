//! Number words by rules, each from a number on: the value is parted by the rule's divisor and both halves are said.
//!
//! ```text
//! numbers:
//!   cardinal: {0: zero, …, 20: "twenty[ {low}]", 100: "{high} hundred[ {low}]"}
//!   minutes:  {0: "", 1: "oh {same:cardinal}", 10: "{same:cardinal}"}
//!   year:     {0: "{same:cardinal}", 1100/100: "{high:cardinal} [{low:tail}|hundred]"}
//! ```
//! The rule of a number is the last one that begins at or under it. Its divisor is the greatest power of ten in its
//! beginning, or what stands behind `/`. `{high}` is the quotient, `{low}` the remainder, `{same}` the number itself,
//! each by this set or by the one behind the colon.
//!
//! It ends: a quotient and a remainder are less than their number, and no circle of `{same}` is let in.

use super::piece::{PieceAt, Pieces};
use super::rules::Cause;
use super::template::{self, Part, Stretch};
use crate::limits::SPOKEN_STEPS_MAX;

/// The greatest number that is said in words; over it, its digits are said one by one.
pub const NUMBER_IN_WORDS_MAX: u64 = 999_999_999;

/// Which set of number words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct SetAt(pub usize);

/// A half of a number, and how it is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Half {
    High(SetAt),
    Low(SetAt),
    Same(SetAt),
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Rule {
    from: u64,
    divisor: u64,
    stretches: Vec<Stretch<Half>>,
}

/// One set of number words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct NumberSet {
    /// By where they begin.
    rules: Vec<Rule>,
}

impl NumberSet {
    /// Takes in a rule: its key such as `20` or `1100/100`, and its text.
    pub fn add(
        &mut self,
        own: SetAt,
        key: &str,
        text: &str,
        sets: &[&str],
        pieces: &mut Pieces,
    ) -> Result<(), Cause> {
        let (from, divisor) = beginning(key).ok_or_else(|| Cause::NumberKey(key.to_owned()))?;
        let mut field = |name: &str, set: Option<&str>| {
            let set = match set {
                Some(set) => SetAt(sets.iter().position(|name| *name == set)?),
                None => own,
            };
            match name {
                "high" if divisor > 1 => Some(Half::High(set)),
                "low" if divisor > 1 => Some(Half::Low(set)),
                "same" => Some(Half::Same(set)),
                _ => None,
            }
        };
        let stretches = template::with_rest(text, pieces, &mut field)?;
        match self.rules.binary_search_by_key(&from, |rule| rule.from) {
            Ok(_) => return Err(Cause::NumberTwice(from)),
            Err(at) => self.rules.insert(at, Rule { from, divisor, stretches }),
        }
        Ok(())
    }

    /// Whether every number has a rule.
    pub fn begins_at_zero(&self) -> bool {
        self.rules.first().is_some_and(|rule| rule.from == 0)
    }

    /// The sets to which a number is handed on as it is.
    fn same(&self) -> impl Iterator<Item = SetAt> {
        let stretches = self.rules.iter().flat_map(|rule| &rule.stretches);
        let parts = stretches.flat_map(|stretch| match stretch {
            Stretch::Always(parts) => parts.iter().chain(&[]),
            Stretch::IfRest(some, none) => some.iter().chain(none),
        });
        parts.filter_map(|part| match part {
            Part::Field(Half::Same(set)) => Some(*set),
            Part::Field(Half::High(_) | Half::Low(_)) | Part::Said(_) => None,
        })
    }
}

/// Where a rule begins, and its divisor.
fn beginning(key: &str) -> Option<(u64, u64)> {
    match key.split_once('/') {
        Some((from, divisor)) => {
            let (from, divisor): (u64, u64) = (from.trim().parse().ok()?, divisor.trim().parse().ok()?);
            (divisor > 1 && divisor <= from).then_some((from, divisor))
        }
        None => {
            let from: u64 = key.trim().parse().ok()?;
            Some((from, from.checked_ilog10().map_or(1, |log| 10u64.pow(log))))
        }
    }
}

/// A set from which a number would be handed on in a circle for ever.
pub(super) fn circle(sets: &[NumberSet]) -> Option<SetAt> {
    (0..sets.len()).map(SetAt).find(|start| {
        let mut seen = vec![false; sets.len()];
        let mut open: Vec<SetAt> = sets[start.0].same().collect();
        while let Some(set) = open.pop() {
            if set == *start {
                return true;
            }
            if !std::mem::replace(&mut seen[set.0], true) {
                open.extend(sets[set.0].same());
            }
        }
        false
    })
}

/// What is being said, and how much more may be.
#[derive(Debug)]
pub(super) struct Speech {
    pub pieces: Vec<PieceAt>,
    steps_left: usize,
}

impl Speech {
    pub fn new() -> Speech {
        Speech { pieces: Vec::with_capacity(16), steps_left: SPOKEN_STEPS_MAX }
    }

    pub fn push(&mut self, piece: PieceAt) {
        if self.take_step() {
            self.pieces.push(piece);
        }
    }

    /// Rules that double a number's halves again and again would never end in time.
    fn take_step(&mut self) -> bool {
        let left = self.steps_left.checked_sub(1);
        self.steps_left = left.unwrap_or(0);
        left.is_some()
    }
}

/// Says a number by a set.
pub(super) fn say(sets: &[NumberSet], set: SetAt, number: u64, speech: &mut Speech) {
    let rules = sets.get(set.0).map_or(&[][..], |set| &set.rules);
    let rule = rules[..rules.partition_point(|rule| rule.from <= number)].last();
    let Some(rule) = rule.filter(|_| speech.take_step()) else { return };
    for stretch in &rule.stretches {
        let parts = match stretch {
            Stretch::Always(parts) => parts,
            Stretch::IfRest(_, none) if number.is_multiple_of(rule.divisor) => none,
            Stretch::IfRest(some, _) => some,
        };
        for part in parts {
            match part {
                Part::Said(piece) => speech.push(*piece),
                Part::Field(Half::High(set)) => say(sets, *set, number / rule.divisor, speech),
                Part::Field(Half::Low(set)) => say(sets, *set, number % rule.divisor, speech),
                Part::Field(Half::Same(set)) => say(sets, *set, number, speech),
            }
        }
    }
}
