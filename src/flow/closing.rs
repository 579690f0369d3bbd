//! Closings: a snow day, an outage, a message ahead of everything else; made by hand, each with an end.
//!
//! ```text
//!  emergency and crisis lines ─▶ greeting ─▶ a closing holds? ─ no ──────────────────▶ the flow of the number
//!                                             └─ yes: its words ─┬─ then: open ─────▶ the flow of the number
//!                                                                └─ then: after_hours ▶ that flow, else a person
//! ```
//! Several may stand at once. One that names the number wins over one for all numbers; among those, the one that was
//! made last; when it is over, what was made before holds again if it is not over too. A closing is over by the
//! calendar's time, whatever the clock did meanwhile. Urgent flows are never closed: who asks for them sees to that.
//!
//! Not here: how an end is written ([`super::hours::until`]), the file (`io::published`), and what is said
//! ([`super::run`]).

pub mod change;
pub mod phone;
pub mod pin;

use crate::clock::WallTime;
use crate::flow::read::clinic::plain_number;
use crate::id::PromptName;
use crate::limits::{CLINIC_CLOSED_MAX, CLOSINGS_MAX};
use std::collections::BTreeSet;
use std::sync::Arc;
use thiserror::Error;

/// How the names of prompts begin that no step needs to speak: they are kept ready for closings.
pub const PROMPTS: &str = "closed.";

/// The flow to which callers of a closed number go on.
pub const AFTER_HOURS: &str = "after_hours";

/// Which numbers are closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Numbers {
    /// All of the clinic's.
    All,
    /// These, without the characters that only part their digits; at least one.
    These(BTreeSet<String>),
}

/// How all numbers are written in a row of numbers.
const ALL: &str = "all";

impl Numbers {
    /// In a row, with a space between two.
    pub fn written(&self) -> String {
        match self {
            Numbers::All => ALL.to_owned(),
            Numbers::These(numbers) => numbers.iter().map(String::as_str).collect::<Vec<_>>().join(" "),
        }
    }

    /// The numbers of such a row.
    pub fn read(row: &str) -> Self {
        match row {
            ALL => Numbers::All,
            row => Numbers::These(row.split_whitespace().map(str::to_owned).collect()),
        }
    }
}

/// What follows on the words of a closing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Then {
    /// The flow `after_hours`; the person ladder where there is none.
    AfterHours,
    /// The flow of the called number, as always.
    Open,
}

impl Then {
    /// Both.
    pub const ALL: [Then; 2] = [Then::AfterHours, Then::Open];

    /// The word in commands and files.
    pub const fn word(self) -> &'static str {
        match self {
            Then::AfterHours => AFTER_HOURS,
            Then::Open => "open",
        }
    }

    /// What a word means.
    pub fn read(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|then| then.word() == word)
    }
}

/// One closing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closing {
    /// Which numbers.
    pub numbers: Numbers,
    /// The first moment at which it is over.
    pub until: WallTime,
    /// The IANA name of the zone in which its end was written.
    pub zone: String,
    /// What callers hear.
    pub say: PromptName,
    /// What they come to after it.
    pub then: Then,
    /// By whose word.
    pub by: String,
    /// When it was made.
    pub made: WallTime,
}

impl Closing {
    /// Whether it holds at `now`. Its end is farther away than any end may be only for a clock that is wrong: then
    /// it does not, and callers come to persons.
    pub fn holds(&self, now: WallTime) -> bool {
        now < self.until && self.until <= now + CLINIC_CLOSED_MAX + CLINIC_CLOSED_MAX
    }

    fn closes(&self, called: &str) -> bool {
        match &self.numbers {
            Numbers::All => true,
            Numbers::These(numbers) => numbers.contains(called),
        }
    }
}

/// More closings than anybody can keep in mind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("{CLOSINGS_MAX} closings hold already: end one of them with `careline open`")]
pub struct TooMany;

/// All that were made and are not known to be over, the last made last.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Closings {
    list: Vec<Arc<Closing>>,
}

impl Closings {
    /// These, the last made last.
    ///
    /// # Errors
    /// [`TooMany`] for more than [`CLOSINGS_MAX`].
    pub fn new(list: Vec<Closing>) -> Result<Self, TooMany> {
        if list.len() > CLOSINGS_MAX {
            return Err(TooMany);
        }
        Ok(Self { list: list.into_iter().map(Arc::new).collect() })
    }

    /// In the order in which they were made.
    pub fn list(&self) -> &[Arc<Closing>] {
        &self.list
    }

    /// How many hold at `now`.
    pub fn holding(&self, now: WallTime) -> usize {
        self.list.iter().filter(|closing| closing.holds(now)).count()
    }

    /// Those that close a number, the one that wins first. Nothing is allocated where there is none.
    pub fn of_number(&self, called: &str) -> Vec<Arc<Closing>> {
        if self.list.is_empty() {
            return Vec::new();
        }
        let called = plain_number(called);
        let mut found: Vec<Arc<Closing>> =
            self.list.iter().rev().filter(|closing| closing.closes(&called)).cloned().collect();
        found.sort_by_key(|closing| closing.numbers == Numbers::All);
        found
    }

    /// With one more; those that do not hold any more at `now` are dropped.
    ///
    /// # Errors
    /// [`TooMany`] when no room is left.
    pub fn with(&self, closing: Closing, now: WallTime) -> Result<Self, TooMany> {
        let mut list = self.holding_at(now);
        if list.len() >= CLOSINGS_MAX {
            return Err(TooMany);
        }
        list.push(Arc::new(closing));
        Ok(Self { list })
    }

    /// Without those of `numbers`; all numbers are all closings. A closing of several numbers keeps its others.
    pub fn opened(&self, numbers: &Numbers, now: WallTime) -> Self {
        let Numbers::These(opened) = numbers else { return Self::default() };
        let left = |closing: Arc<Closing>| match &closing.numbers {
            Numbers::All => Some(closing),
            Numbers::These(numbers) if numbers.is_disjoint(opened) => Some(closing),
            Numbers::These(numbers) => {
                let numbers: BTreeSet<String> = numbers - opened;
                let left = Closing { numbers: Numbers::These(numbers.clone()), ..(*closing).clone() };
                (!numbers.is_empty()).then(|| Arc::new(left))
            }
        };
        Self { list: self.holding_at(now).into_iter().filter_map(left).collect() }
    }

    fn holding_at(&self, now: WallTime) -> Vec<Arc<Closing>> {
        self.list.iter().filter(|closing| closing.holds(now)).cloned().collect()
    }
}

#[cfg(test)]
mod tests;
