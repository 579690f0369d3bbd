//! A change of what is closed: one more closing, or numbers that are open again.

use super::{Closing, Closings, Numbers, Then, TooMany};
use crate::clock::WallTime;
use crate::id::PromptName;

/// What shall be changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// One more closing.
    Close(Closing),
    /// These numbers are no longer closed.
    Open(Numbers),
}

impl Change {
    /// What is closed afterwards.
    ///
    /// # Errors
    /// [`TooMany`] when no room is left for one more.
    pub fn of(&self, closings: &Closings, now: WallTime) -> Result<Closings, TooMany> {
        match self {
            Change::Close(closing) => closings.with(closing.clone(), now),
            Change::Open(numbers) => Ok(closings.opened(numbers, now)),
        }
    }

    /// The same by the word of somebody.
    pub fn by(self, whom: &str) -> Self {
        match self {
            Change::Close(closing) => Change::Close(Closing { by: whom.to_owned(), ..closing }),
            Change::Open(numbers) => Change::Open(numbers),
        }
    }
}

/// What the event log is told of who closes lines by phone. The PIN and its keys are not of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ByPhone {
    /// The PIN was right.
    Unlocked,
    /// It was wrong.
    WrongPin {
        /// The how-manieth time in this call, from 1.
        count: u32,
    },
    /// None was looked at: too many were wrong before.
    Locked,
    /// These numbers are to be closed: it was read back and confirmed.
    Close {
        /// Which.
        numbers: Numbers,
        /// The first moment at which it is over.
        until: WallTime,
        /// What callers hear.
        prompt: PromptName,
        /// What follows on it.
        then: Then,
    },
    /// These numbers are to be open again: it was read back and confirmed.
    Open {
        /// Which.
        numbers: Numbers,
    },
    /// What was confirmed is kept, and holds.
    Kept,
    /// It could not be kept: all is as it was.
    NotKept,
}

impl From<&Change> for ByPhone {
    fn from(change: &Change) -> Self {
        match change {
            Change::Close(Closing { numbers, until, say, then, .. }) => {
                ByPhone::Close { numbers: numbers.clone(), until: *until, prompt: say.clone(), then: *then }
            }
            Change::Open(numbers) => ByPhone::Open { numbers: numbers.clone() },
        }
    }
}
