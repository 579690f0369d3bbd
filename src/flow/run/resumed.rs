//! The engine died, and a later start goes on with the call. What the caller had chosen is gone with it: he is with his person
//! again, or is led to one at once, with words that say that the fault is ours.

use super::{Run, State, Tongue};
use crate::clock::Instant;
use crate::flow::action::{Company, Why};
use crate::id::{ExitName, Language};

impl Run {
    /// The same run in the language that the caller had chosen.
    pub fn speaking(self, language: &Language) -> Self {
        let is_second = self.set.clinic().languages.get(1) == Some(language);
        Self { language: if is_second { Tongue::Second } else { self.language }, ..self }
    }

    /// The caller can hear again.
    pub(super) fn resumed(&mut self, now: Instant, why: Why, company: Company) {
        match (&self.state, company) {
            (State::Waiting, Company::Person) => {
                self.exit = Some(ExitName::from(super::ladder::exit_name(why)));
                self.state = State::Talking { why, reached: None };
            }
            (State::Waiting, Company::Nobody) => self.climb(now, why),
            (_, Company::Person | Company::Nobody) => {}
        }
    }
}
