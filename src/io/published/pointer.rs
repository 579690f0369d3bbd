//! The pointer: one line that says which published set is current, which is tried, and what was current before.
//!
//! ```text
//!  current=3 canary=4:10% before=2,1 at=2026-11-27T21:00:00Z by=maria
//!
//!   publish 4 ─▶ current=4 before=3,…       try 4 ─▶ canary=4:share      promote ─▶ current=4 before=3,…
//!   roll back ─▶ current=before's first     withdraw ─▶ no canary        roll back to N ─▶ current=N
//! ```
//! It is a file of its own that is replaced as a whole, and it is what the engine is told over its control socket.

use crate::flow::edition::Share;
use crate::limits::{PUBLISHED_BEFORE_MAX, PUBLISHED_BY_MAX_CHARACTERS};
use thiserror::Error;

/// Which sets are served, since when and by whose word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pointer {
    /// The set that new calls get.
    pub current: u32,
    /// The set that some of them get in its place.
    pub canary: Option<(u32, Share)>,
    /// What was current before, the latest first.
    pub before: Vec<u32>,
    /// Since when, as RFC 3339 writes it.
    pub at: String,
    /// By whose word.
    pub by: String,
}

/// A line that is no pointer.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("`{0}` does not say which set is published")]
pub struct BadPointer(String);

/// Why a step cannot be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum NoStep {
    /// Nothing is tried.
    #[error("no set is tried by some callers now: `careline publish --canary 10%` begins that")]
    NoCanary,
    /// Nothing was current before.
    #[error("no set was published before this one: `careline history` lists those that there are")]
    NothingBefore,
}

/// Who moves the pointer, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mover {
    /// Who.
    pub by: String,
    /// When, as RFC 3339 writes it.
    pub at: String,
}

impl Mover {
    /// A mover whose name fits on the line.
    pub fn new(by: &str, at: String) -> Self {
        let plain = by.chars().map(|c| if c.is_control() { ' ' } else { c });
        let by: String = plain.take(PUBLISHED_BY_MAX_CHARACTERS).collect();
        let by = by.trim();
        Self { by: if by.is_empty() { "unknown".to_owned() } else { by.to_owned() }, at }
    }
}

impl Pointer {
    /// The first one.
    pub fn first(current: u32, mover: Mover) -> Self {
        Self { current, canary: None, before: Vec::new(), at: mover.at, by: mover.by }
    }

    /// Every new call gets `current` from now on.
    #[must_use]
    pub fn published(&self, current: u32, mover: Mover) -> Self {
        let mut before: Vec<u32> = std::iter::once(self.current).chain(self.before.iter().copied()).collect();
        before.retain(|number| *number != current);
        before.truncate(PUBLISHED_BEFORE_MAX);
        Self { before, ..Self::first(current, mover) }
    }

    /// Some calls get `canary`.
    #[must_use]
    pub fn tried(&self, canary: u32, share: Share, mover: Mover) -> Self {
        Self { canary: Some((canary, share)), at: mover.at, by: mover.by, ..self.clone() }
    }

    /// The set that was tried is for all.
    ///
    /// # Errors
    /// When none is tried.
    pub fn promoted(&self, mover: Mover) -> Result<Self, NoStep> {
        let (number, _) = self.canary.as_ref().ok_or(NoStep::NoCanary)?;
        Ok(self.published(*number, mover))
    }

    /// The set that was tried is for nobody.
    ///
    /// # Errors
    /// When none is tried.
    pub fn withdrawn(&self, mover: Mover) -> Result<Self, NoStep> {
        self.canary.as_ref().ok_or(NoStep::NoCanary)?;
        Ok(Self { before: self.before.clone(), ..Self::first(self.current, mover) })
    }

    /// The set that was current before is so again; what came after it is not what a next step back leads to.
    ///
    /// # Errors
    /// When none was.
    pub fn rolled_back(&self, mover: Mover) -> Result<Self, NoStep> {
        let (current, before) = self.before.split_first().ok_or(NoStep::NothingBefore)?;
        Ok(Self { before: before.to_vec(), ..Self::first(*current, mover) })
    }

    /// The sets that are served, each with what it is.
    pub fn names(&self, number: u32) -> Option<String> {
        match &self.canary {
            _ if number == self.current => Some("current".to_owned()),
            Some((canary, Share::Percent(percent))) if *canary == number => {
                Some(format!("tried by {percent}% of the calls"))
            }
            Some((canary, Share::Number(called))) if *canary == number => {
                Some(format!("tried by calls to {called}"))
            }
            Some(_) | None => None,
        }
    }

    /// The line, without its end.
    pub fn line(&self) -> String {
        let canary = self.canary.as_ref().map_or_else(|| "-".to_owned(), |(n, share)| format!("{n}:{share}"));
        let before = self.before.iter().map(u32::to_string).collect::<Vec<_>>().join(",");
        let before = if before.is_empty() { "-" } else { &before };
        format!("current={} canary={canary} before={before} at={} by={}", self.current, self.at, self.by)
    }

    /// Reads a line.
    ///
    /// # Errors
    /// [`BadPointer`] for anything that [`Pointer::line`] does not write.
    pub fn read(line: &str) -> Result<Self, BadPointer> {
        parsed(line).filter(|pointer| pointer.line() == line).ok_or_else(|| BadPointer(line.to_owned()))
    }
}

fn parsed(line: &str) -> Option<Pointer> {
    let mut words = line.splitn(5, ' ');
    let mut word = |name: &str| words.next()?.strip_prefix(name)?.strip_prefix('=');
    let current = word("current")?.parse().ok()?;
    let canary = match word("canary")? {
        "-" => None,
        canary => {
            let (number, share) = canary.split_once(':')?;
            Some((number.parse().ok()?, share.parse().ok()?))
        }
    };
    let before = match word("before")? {
        "-" => Vec::new(),
        before => before.split(',').map(|number| number.parse().ok()).collect::<Option<_>>()?,
    };
    Some(Pointer { current, canary, before, at: word("at")?.to_owned(), by: word("by")?.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn mover() -> Mover {
        Mover::new("maria", "2026-11-27T21:00:00Z".to_owned())
    }

    fn short(pointer: &Pointer) -> String {
        pointer.line().split(" at=").next().unwrap().to_owned()
    }

    #[test]
    fn each_step_leads_where_its_name_says() {
        let share = || Share::Percent(10);
        let one = Pointer::first(1, mover());
        let two = one.published(2, mover());
        let tried = two.tried(3, share(), mover());
        let table: [(&str, Result<Pointer, NoStep>, &str); 11] = [
            ("first", Ok(one.clone()), "current=1 canary=- before=-"),
            ("publish", Ok(two.clone()), "current=2 canary=- before=1"),
            ("try", Ok(tried.clone()), "current=2 canary=3:10% before=1"),
            ("promote", tried.promoted(mover()), "current=3 canary=- before=2,1"),
            ("withdraw", tried.withdrawn(mover()), "current=2 canary=- before=1"),
            (
                "publish over one that is tried",
                Ok(tried.published(4, mover())),
                "current=4 canary=- before=2,1",
            ),
            ("roll back", two.rolled_back(mover()), "current=1 canary=- before=-"),
            ("roll back to one", Ok(tried.published(1, mover())), "current=1 canary=- before=2"),
            ("roll back from the first", one.rolled_back(mover()), "no set was published before"),
            ("promote nothing", one.promoted(mover()), "no set is tried"),
            ("withdraw nothing", two.withdrawn(mover()), "no set is tried"),
        ];
        for (what, came, expected) in table {
            let told = came.map_or_else(|error| error.to_string(), |pointer| short(&pointer));
            assert!(told.starts_with(expected), "{what}: {told}");
        }
    }

    #[test]
    fn a_line_that_was_cut_or_changed_is_no_pointer() {
        let line =
            Pointer::first(12, mover()).published(13, mover()).tried(14, Share::Percent(5), mover()).line();
        assert_eq!(line, "current=13 canary=14:5% before=12 at=2026-11-27T21:00:00Z by=maria");
        for bad in [
            "",
            "3",
            "current=3",
            &line[1..],
            &line.replace("13", "x"),
            &line.replace("5%", "500%"),
            &line.replace(' ', "  "),
        ] {
            assert!(Pointer::read(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_name_cannot_break_the_line() {
        for (by, kept) in
            [("maria\nlopez current=9", "maria lopez current=9"), (" \t ", "unknown"), ("", "unknown")]
        {
            let pointer = Pointer::first(1, Mover::new(by, "t".to_owned()));
            assert_eq!(pointer.by, kept);
            assert_eq!(Pointer::read(&pointer.line()), Ok(pointer));
        }
        assert_eq!(
            Mover::new(&"é".repeat(500), String::new()).by.chars().count(),
            PUBLISHED_BY_MAX_CHARACTERS
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]
        #[test]
        fn whatever_was_done_the_line_says_it_and_no_set_is_before_itself(
            steps in proptest::collection::vec((0_u8..5, 1_u32..9, 1_u8..99), 0..80)
        ) {
            let mut pointer = Pointer::first(1, mover());
            for (step, number, percent) in steps {
                pointer = match step {
                    0 => pointer.published(number, mover()),
                    1 if number != pointer.current => pointer.tried(number, Share::Percent(percent), mover()),
                    2 => pointer.promoted(mover()).unwrap_or(pointer),
                    3 => pointer.withdrawn(mover()).unwrap_or(pointer),
                    _ => pointer.rolled_back(mover()).unwrap_or(pointer),
                };
                prop_assert_eq!(Pointer::read(&pointer.line()), Ok(pointer.clone()));
                prop_assert!(!pointer.before.contains(&pointer.current), "{}", pointer.line());
                prop_assert!(pointer.before.len() <= PUBLISHED_BEFORE_MAX);
            }
        }
    }
}
