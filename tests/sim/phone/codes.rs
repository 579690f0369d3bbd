//! A person's phone whose user hands the caller on by keys, and all else that people press: a wrong number, no number, a
//! key that is no code, second thoughts.

use super::quirk::Quirk;
use super::{Phone, Stage};
use careline::call::keycode::{Code, Codes};
use careline::clock::Instant;
use careline::wire::telephone_event::Key;
use std::collections::VecDeque;
use std::time::Duration;

/// What the front desk is called where keys can say it.
pub const NUMBER: &str = "300";

/// What a user presses, or does in its place, and when.
pub type Plan = VecDeque<(Instant, Press)>;

/// One thing that the user does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Press {
    /// These keys, one after the other.
    Keys(&'static str),
    /// Hangs up.
    HangUp,
}

/// The codes of the house.
pub fn of_the_house() -> Codes {
    Codes { blind: Code::read("*2"), attended: Code::read("*3"), back: Code::read("*0") }
}

/// What a user does, each with the seconds since the answer. `turn` is any number.
fn does(quirk: Quirk, turn: u16) -> &'static [(u64, Press)] {
    use Press::{HangUp, Keys};
    match (quirk, turn % 4) {
        (Quirk::DeskKeysBlind, 0) => &[(2, Keys("*2300#"))],
        (Quirk::DeskKeysBlind, 1) => &[(2, Keys("5*2300"))],
        (Quirk::DeskKeysBlind, 2) => &[(2, Keys("*2300#")), (5, Keys("*0"))],
        (Quirk::DeskKeysBlind, _) => {
            &[(2, Keys("*277#*5")), (5, Keys("*2")), (7, Keys("*0*2300#")), (9, HangUp)]
        }
        (Quirk::DeskKeysAttended, 0) => &[(2, Keys("*3300#"))],
        (Quirk::DeskKeysAttended, 1) => &[(2, Keys("*3300#")), (11, Keys("*0"))],
        (Quirk::DeskKeysAttended, 2) => &[(2, Keys("*3300#")), (11, Keys("15*2#")), (14, HangUp)],
        (Quirk::DeskKeysAttended, _) => &[(2, Keys("*3300#")), (5, HangUp)],
        _ => &[],
    }
}

impl Phone {
    /// It has answered: what its user is going to do.
    pub(super) fn plan_codes(&mut self, now: Instant) {
        let turn = self.voice.0 / Quirk::OF_OTHERS.len() as u16;
        let does = self.quirk.map(|quirk| does(quirk, turn)).unwrap_or_default();
        self.codes = does.iter().map(|(s, press)| (now + Duration::from_secs(*s), *press)).collect();
    }

    /// When its user does something next.
    pub(super) fn codes_due(&self) -> Option<Instant> {
        self.codes.front().map(|(at, _)| *at).filter(|_| matches!(self.stage, Stage::Up(_)))
    }

    /// Its user does what is due.
    pub(super) fn press_codes(&mut self, now: Instant) {
        if self.codes_due().is_none_or(|at| at > now) {
            return;
        }
        match self.codes.pop_front() {
            Some((_, Press::HangUp)) => self.hang_up(now),
            Some((_, Press::Keys(keys))) => {
                let Some(talk) = self.talk.as_mut().filter(|talk| talk.has_keys()) else { return };
                keys.chars().filter_map(Key::of_char).for_each(|key| talk.press(key));
                self.story.odd = true;
            }
            None => {}
        }
    }
}

#[test]
fn what_a_user_presses_are_keys() {
    for quirk in Quirk::all() {
        for (_, press) in (0..4).flat_map(|turn| does(quirk, turn)) {
            let Press::Keys(keys) = press else { continue };
            assert!(keys.chars().all(|key| Key::of_char(key).is_some()), "{quirk:?} {keys}");
        }
    }
    assert!(of_the_house().are_any());
}
