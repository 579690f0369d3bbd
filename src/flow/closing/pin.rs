//! The PIN of who closes lines by phone, and the lock that wrong ones turn.
//!
//! ```text
//!  open ──wrong × PINS_WRONG_BEFORE_LOCK──▶ locked ──its time is over──▶ open      each lock twice as long as the one
//!    ▲ └──right: all is forgotten──┘                                                before, up to PIN_LOCK_MAX
//! ```
//! While it is locked no PIN is looked at, so a right one opens nothing and tells nothing. The count is over all calls.
//! Nothing here is printed: `Debug` shows no digit. Not here: how many tries one call has ([`super::phone`]).

use crate::clock::Instant;
use crate::flow::entry::ask::Digits;
use crate::limits::{PIN_DIGITS, PIN_LOCK_FIRST, PIN_LOCK_MAX, PINS_WRONG_BEFORE_LOCK};
use std::fmt;
use std::hint::black_box;
use thiserror::Error;

/// A PIN, of [`PIN_DIGITS`] digits.
#[derive(Clone, Copy)]
pub struct Pin {
    digits: [u8; *PIN_DIGITS.end()],
    count: u8,
}

/// Why a text is no PIN. Nothing of the text is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum NoPin {
    /// Something else than digits.
    #[error("it holds something else than digits")]
    NoDigits,
    /// Too few or too many.
    #[error("it has {0} digits, and a PIN has {min} to {max}", min = PIN_DIGITS.start(), max = PIN_DIGITS.end())]
    Length(usize),
    /// The first that anybody tries.
    #[error("it is one that everybody tries first: one digit again and again, or digits in their order")]
    Easy,
}

impl Pin {
    /// Reads it; spaces and line ends around it are none of it.
    ///
    /// # Errors
    /// [`NoPin`].
    pub fn read(text: &str) -> Result<Pin, NoPin> {
        let text = text.trim();
        if !text.bytes().all(|octet| octet.is_ascii_digit()) {
            return Err(NoPin::NoDigits);
        }
        if !PIN_DIGITS.contains(&text.len()) {
            return Err(NoPin::Length(text.len()));
        }
        let steps =
            |by: i16| text.as_bytes().windows(2).all(|two| i16::from(two[1]) - i16::from(two[0]) == by);
        if [0, 1, -1].into_iter().any(steps) {
            return Err(NoPin::Easy);
        }
        let mut pin = Pin { digits: [0; *PIN_DIGITS.end()], count: text.len() as u8 };
        pin.digits.iter_mut().zip(text.bytes()).for_each(|(digit, octet)| *digit = octet - b'0');
        Ok(pin)
    }

    /// Whether it was typed. Takes the same time whatever was typed: every digit is looked at.
    pub fn is(&self, typed: &Digits) -> bool {
        let typed_digits = typed.as_slice();
        let differs =
            self.digits.iter().enumerate().fold(self.count ^ typed.count(), |differs, (at, digit)| {
                black_box(differs | (digit ^ typed_digits.get(at).copied().unwrap_or(0)))
            });
        black_box(differs) == 0
    }
}

impl fmt::Debug for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("‹pin›")
    }
}

/// What became of a PIN that was typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is the one.
    Right,
    /// It is not.
    Wrong,
    /// Nobody looked at it: the lock is closed.
    Locked,
}

/// The lock, for all calls together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lock {
    wrong: u32,
    locks: u32,
    until: Option<Instant>,
}

impl Lock {
    /// Looks at what was typed, unless it is locked.
    pub fn judge(&mut self, now: Instant, pin: &Pin, typed: &Digits) -> Verdict {
        if self.is_locked(now) {
            return Verdict::Locked;
        }
        if pin.is(typed) {
            *self = Self::default();
            return Verdict::Right;
        }
        self.wrong += 1;
        if self.wrong >= PINS_WRONG_BEFORE_LOCK {
            let times = 1_u32.checked_shl(self.locks).unwrap_or(u32::MAX);
            self.until = Some(now + PIN_LOCK_FIRST.saturating_mul(times).min(PIN_LOCK_MAX));
            self.wrong = 0;
            self.locks = (self.locks + 1).min(31);
        }
        Verdict::Wrong
    }

    /// Whether no PIN is looked at now.
    pub fn is_locked(&self, now: Instant) -> bool {
        self.until.is_some_and(|until| now < until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::time::Duration;

    fn pin() -> Pin {
        Pin::read("271828").unwrap()
    }

    fn typed(text: &str) -> Digits {
        Digits::of(text).unwrap()
    }

    #[test]
    fn a_pin_is_six_to_twelve_digits_that_are_not_tried_first() {
        for (text, fault) in [
            ("271828", None),
            (" 271828\n", None),
            ("112112112112", None),
            ("", Some(NoPin::Length(0))),
            ("27182", Some(NoPin::Length(5))),
            ("2718281828459", Some(NoPin::Length(13))),
            ("27 1828", Some(NoPin::NoDigits)),
            ("27182八", Some(NoPin::NoDigits)),
            ("000000", Some(NoPin::Easy)),
            ("123456", Some(NoPin::Easy)),
            ("987654", Some(NoPin::Easy)),
        ] {
            assert_eq!(Pin::read(text).err(), fault, "{text:?}");
        }
        assert_eq!(format!("{:?}", pin()), "‹pin›");
    }

    #[test]
    fn only_the_whole_pin_is_it() {
        for (text, is) in [
            ("271828", true),
            ("271829", false),
            ("371828", false),
            ("27182", false),
            ("2718280", false),
            ("", false),
        ] {
            assert_eq!(pin().is(&typed(text)), is, "{text}");
        }
        // Zeros behind it are digits too.
        assert!(!Pin::read("271800").unwrap().is(&typed("2718")));
    }

    #[test]
    fn the_lock_closes_for_longer_each_time_and_a_right_pin_forgets_it() {
        let (mut lock, mut now, wrong) = (Lock::default(), Instant::START, typed("111111"));
        let mut locked = Vec::new();
        for _ in 0..8 {
            for _ in 0..PINS_WRONG_BEFORE_LOCK {
                assert_eq!(lock.judge(now, &pin(), &wrong), Verdict::Wrong);
            }
            assert_eq!(lock.judge(now, &pin(), &typed("271828")), Verdict::Locked, "also the right one");
            let begin = now;
            while lock.is_locked(now) {
                now += Duration::from_secs(60);
            }
            locked.push((now - begin).as_secs() / 60);
        }
        assert_eq!(locked, [5, 10, 20, 40, 60, 60, 60, 60], "minutes");
        assert_eq!(lock.judge(now, &pin(), &typed("271828")), Verdict::Right);
        assert_eq!(lock, Lock::default());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// Whoever guesses, from however many calls, gets few tries in a day.
        #[test]
        fn a_day_of_guesses_is_bounded(seconds in 1_u64..600) {
            let (mut lock, mut now, mut looked_at) = (Lock::default(), Instant::START, 0);
            while now < Instant::START + Duration::from_secs(86_400) {
                looked_at += u32::from(lock.judge(now, &pin(), &typed("111111")) == Verdict::Wrong);
                now += Duration::from_secs(seconds);
            }
            prop_assert!(looked_at <= 28 * PINS_WRONG_BEFORE_LOCK, "{looked_at}");
        }
    }
}
