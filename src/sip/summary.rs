//! Who is told how many messages wait, and when: RFC 3842 §3.5, §3.8, §3.11.
//!
//! ```text
//!  the count changes, a phone logs in ─▶ Wanted ─ settles ─▶ Granted: its turn ─▶ NOTIFY to one phone ─┐
//!                                          ▲──────── another phone does not know it yet ◀──────────────┤
//!                               Rests ◀───────────── nobody is left who could be told ◀────────────────┘
//!  a phone   Untold ─▶ Asked ─2xx─▶ Knows ─ another count ─▶ Asked
//!                        └ refused, or no answer ─▶ Deaf, until it logs in anew
//! ```
//! A pure machine. It asks the registrar for the phones of a user when it is his turn, and for nothing else. Messages on the
//! wire are the stack's.

use super::registrar::{Reached, Registered};
use crate::clock::Instant;
use crate::limits::summaries::{SUMMARY_APART, SUMMARY_EVERY, SUMMARY_SETTLES};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The event package (RFC 3842 §3.1).
pub const PACKAGE: &str = "message-summary";
/// The body of its NOTIFY (RFC 3842 §3.5).
pub const CONTENT_TYPE: &str = "application/simple-message-summary";

/// What the phones of users know of messages.
#[derive(Default)]
pub struct Summaries {
    accounts: BTreeMap<Arc<str>, Account>,
    due: BTreeSet<(Instant, Arc<str>)>,
    /// No NOTIFY leaves before that.
    next_turn: Instant,
    tellings: u64,
}

/// Names one telling: never used again for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TellingId(u64);

/// A NOTIFY that goes now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Telling {
    /// Its name.
    pub id: TellingId,
    /// Whose messages.
    pub user: Arc<str>,
    /// How many wait.
    pub waiting: u64,
    /// The phone.
    pub phone: Reached,
}

/// What came of a telling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// 2xx.
    Taken,
    /// Any other final answer, or none.
    Refused,
}

/// What is told to the phones of one user.
#[derive(Default)]
struct Account {
    waiting: u64,
    look: Look,
    /// His phones are left alone so long.
    rests_until: Instant,
    phones: Vec<Phone>,
    due: Option<Instant>,
}

/// When his phones are looked at.
#[derive(Clone, Copy, Default)]
enum Look {
    /// When something changes.
    #[default]
    Rests,
    /// Then.
    Wanted { at: Instant },
    /// Then, and one NOTIFY may leave.
    Granted { at: Instant },
}

struct Phone {
    bound: Registered,
    state: State,
}

#[derive(Clone, Copy)]
enum State {
    /// It was told nothing yet.
    Untold,
    /// It was told this count, and has not answered.
    Asked { telling: TellingId, waiting: u64 },
    /// It knows this count.
    Knows { waiting: u64 },
    /// It does not want to know.
    Deaf,
}

impl Summaries {
    /// So many messages wait for that user from now on.
    pub fn set(&mut self, now: Instant, user: &Arc<str>, waiting: u64) {
        let is_new = !self.accounts.contains_key(user);
        let account = self.accounts.entry(Arc::clone(user)).or_default();
        if is_new || account.waiting != waiting {
            account.waiting = waiting;
            account.want(now);
            self.rekey(user);
        }
    }

    /// A phone of that user has logged in, or again.
    pub fn bound(&mut self, now: Instant, user: &Arc<str>) {
        if let Some(account) = self.accounts.get_mut(user) {
            account.want(now);
            self.rekey(user);
        }
    }

    /// What is to be told now; `phones` asks who is logged in.
    pub fn timeout(&mut self, now: Instant, phones: impl Fn(&str) -> Vec<Registered>) -> Option<Telling> {
        // Each step puts that user's deadline off, or ends it.
        while let Some((_, user)) = self.due.first().cloned().filter(|(at, _)| *at <= now) {
            let telling = self.step(now, &user, &phones);
            self.rekey(&user);
            if telling.is_some() {
                return telling;
            }
        }
        None
    }

    /// What came of a telling. A phone that is gone meanwhile tells nothing.
    pub fn answered(&mut self, now: Instant, user: &Arc<str>, id: TellingId, outcome: Outcome) {
        let Some(account) = self.accounts.get_mut(user) else { return };
        let told = account.phones.iter_mut().find_map(|phone| match phone.state {
            State::Asked { telling, waiting } if telling == id => Some((&mut phone.state, waiting)),
            State::Asked { .. } | State::Untold | State::Knows { .. } | State::Deaf => None,
        });
        let Some((state, waiting)) = told else { return };
        *state = match outcome {
            Outcome::Taken => State::Knows { waiting },
            Outcome::Refused => State::Deaf,
        };
        if account.owes() {
            account.want(now);
        }
        self.rekey(user);
    }

    /// How many messages wait for that user; `None` if he heeds none.
    pub fn waiting(&self, user: &str) -> Option<u64> {
        self.accounts.get(user).map(|account| account.waiting)
    }

    /// The next NOTIFY of a change may leave then.
    pub fn turn(&mut self, now: Instant) -> Instant {
        let at = self.next_turn.max(now);
        self.next_turn = at + SUMMARY_APART;
        at
    }

    /// When [`Summaries::timeout`] is due.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.due.first().map(|(at, _)| *at)
    }

    fn step(
        &mut self,
        now: Instant,
        user: &Arc<str>,
        phones: &impl Fn(&str) -> Vec<Registered>,
    ) -> Option<Telling> {
        let account = self.accounts.get_mut(user)?;
        account.meet(phones(user));
        if !account.owes() {
            account.look = Look::Rests;
            return None;
        }
        if let Look::Wanted { .. } = account.look {
            let at = self.next_turn.max(now);
            self.next_turn = at + SUMMARY_APART;
            account.look = Look::Granted { at };
            if at > now {
                return None;
            }
        }
        self.tellings += 1;
        let (id, waiting) = (TellingId(self.tellings), account.waiting);
        let phone = account.phones.iter_mut().find(|phone| phone.owes(waiting))?;
        phone.state = State::Asked { telling: id, waiting };
        let phone = phone.bound.reached.clone();
        account.look = if account.owes() {
            Look::Wanted { at: now }
        } else {
            account.rests_until = now + SUMMARY_EVERY;
            Look::Rests
        };
        Some(Telling { id, user: Arc::clone(user), waiting, phone })
    }

    fn rekey(&mut self, user: &Arc<str>) {
        let Some(account) = self.accounts.get_mut(user) else { return };
        let due = match account.look {
            Look::Rests => None,
            Look::Wanted { at } | Look::Granted { at } => Some(at),
        };
        if account.due != due {
            if let Some(before) = std::mem::replace(&mut account.due, due) {
                self.due.remove(&(before, Arc::clone(user)));
            }
            self.due.extend(due.map(|at| (at, Arc::clone(user))));
        }
    }
}

impl Account {
    /// His phones are looked at soon, unless they are anyway.
    fn want(&mut self, now: Instant) {
        match self.look {
            Look::Rests => self.look = Look::Wanted { at: self.rests_until.max(now + SUMMARY_SETTLES) },
            Look::Wanted { .. } | Look::Granted { .. } => {}
        }
    }

    /// These are his phones now: what others knew is forgotten.
    fn meet(&mut self, bound: Vec<Registered>) {
        let mut known = std::mem::take(&mut self.phones);
        let phone = |bound: Registered| match known.iter().position(|phone| phone.bound == bound) {
            Some(at) => known.swap_remove(at),
            None => Phone { bound, state: State::Untold },
        };
        self.phones = bound.into_iter().map(phone).collect();
    }

    fn owes(&self) -> bool {
        self.phones.iter().any(|phone| phone.owes(self.waiting))
    }
}

impl Phone {
    /// Whether it is to be told that so many wait. One NOTIFY at a time, so that none overtakes another.
    fn owes(&self, now_waiting: u64) -> bool {
        match self.state {
            State::Untold => true,
            State::Knows { waiting } => waiting != now_waiting,
            State::Asked { .. } | State::Deaf => false,
        }
    }
}

/// The body of a NOTIFY (RFC 3842 §5.2): messages of callers are new until somebody has dealt with them, and then they are gone.
pub fn body(account: &str, waiting: u64) -> String {
    let waits = if waiting == 0 { "no" } else { "yes" };
    format!("Messages-Waiting: {waits}\r\nMessage-Account: {account}\r\nVoice-Message: {waiting}/0\r\n")
}

#[cfg(test)]
mod tests;
