//! Codes that a person presses to hand a talk on: which keys are one, which are withheld, and which are for the others.
//!
//! ```text
//!            `*`                 a code                  digits, `*` …        `#`, or a pause
//!  Idle ────────────▶ Withheld ─────────▶ Number ─────────────────────▶ Number ───────────▶ handed on
//!   ▲ any other key:     │ no code, or a pause: all of it is passed on, in order
//!   └────────────────────┘
//! ```
//! A code begins with `*`, which no menu of a crisis line asks for alone, and digits follow: so a key that is withheld is the
//! first of a code or none. Not here: what a number means (`switch/keycode.rs`).

use crate::clock::Instant;
use crate::limits::{
    CODE_KEY_WITHIN, KEYCODE_MAX, KEYED_NUMBER_MAX, NUMBER_FIRST_KEY_WITHIN, NUMBER_KEY_WITHIN,
};
use crate::phi::Phi;
use crate::wire::telephone_event::Key;

/// The keys of one code: `*` and one to three digits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Code(Vec<Key>);

impl Code {
    /// The code as it is written, such as `*1`.
    pub fn read(written: &str) -> Option<Self> {
        let digits = written.strip_prefix('*')?;
        let is_one = (1..KEYCODE_MAX).contains(&digits.len()) && digits.bytes().all(|it| it.is_ascii_digit());
        is_one.then(|| Self(written.chars().filter_map(Key::of_char).collect()))
    }

    /// Whether one of the two is the beginning of the other, so that nobody could tell them apart.
    pub fn clashes(&self, other: &Self) -> bool {
        self.0.starts_with(&other.0) || other.0.starts_with(&self.0)
    }
}

/// How a person hands on by keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hands {
    /// He leaves the caller to whoever answers.
    Blind,
    /// He speaks with the other one first.
    Attended,
}

/// The codes of a house; without any, keys of persons are like all others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Codes {
    /// Hands on blind.
    pub blind: Option<Code>,
    /// Hands on after a word with the other one.
    pub attended: Option<Code>,
    /// Takes the caller back.
    pub back: Option<Code>,
}

impl Codes {
    /// Somebody's keys are to be looked at.
    pub const fn are_any(&self) -> bool {
        self.blind.is_some() || self.attended.is_some()
    }
}

/// What a person does whose keys are read: other codes mean something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doing {
    /// He talks with the caller.
    Talks,
    /// He hands the talk on, and may take the caller back.
    HandsOn,
}

/// What a key, or a pause, has come to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reading {
    /// Nothing yet.
    Nothing,
    /// These are keys like any others: whoever he talks with gets them.
    Keys(Vec<Key>),
    /// The code is there; the number comes next.
    Asks,
    /// The number is there. It may be a patient's who was misdialled.
    Number(Hands, Phi<String>),
    /// He wants the caller back.
    Back,
}

/// Reads the keys of one person.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reader(State);

#[derive(Clone, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Idle,
    /// These may begin a code.
    Withheld { keys: Vec<Key>, until: Instant },
    /// These are the number so far.
    Number { hands: Hands, keys: Vec<Key>, until: Instant },
}

impl Reader {
    /// A key was pressed.
    pub fn take(&mut self, now: Instant, key: Key, codes: &Codes, doing: Doing) -> Reading {
        match std::mem::take(&mut self.0) {
            State::Idle => self.code(now, Vec::new(), key, codes, doing),
            State::Withheld { keys, .. } => self.code(now, keys, key, codes, doing),
            State::Number { hands, keys, .. } => self.number(now, hands, keys, (key, codes)),
        }
    }

    /// When [`Reader::timeout`] is due.
    pub const fn poll_timeout(&self) -> Option<Instant> {
        match &self.0 {
            State::Idle => None,
            State::Withheld { until, .. } | State::Number { until, .. } => Some(*until),
        }
    }

    /// A pause was long enough.
    pub fn timeout(&mut self, now: Instant) -> Reading {
        if self.poll_timeout().is_none_or(|until| until > now) {
            return Reading::Nothing;
        }
        match std::mem::take(&mut self.0) {
            State::Idle => Reading::Nothing,
            State::Withheld { keys, .. } => Reading::Keys(keys),
            State::Number { hands, keys, .. } => Reading::Number(hands, written(&keys)),
        }
    }

    /// The number was begun, and its last key has not come.
    pub const fn is_dialling(&self) -> bool {
        matches!(self.0, State::Number { .. })
    }

    fn code(&mut self, now: Instant, mut keys: Vec<Key>, key: Key, codes: &Codes, doing: Doing) -> Reading {
        let listened: [(Option<&Code>, Reading); 2] = match doing {
            Doing::Talks => {
                let number = Reading::Asks;
                [(codes.blind.as_ref(), number.clone()), (codes.attended.as_ref(), number)]
            }
            Doing::HandsOn => [(codes.back.as_ref(), Reading::Back), (None, Reading::Nothing)],
        };
        keys.push(key);
        for (place, (code, reading)) in listened.iter().enumerate() {
            if code.is_some_and(|code| code.0 == keys) {
                if *reading == Reading::Asks {
                    let hands = if place == 0 { Hands::Blind } else { Hands::Attended };
                    let until = now + NUMBER_FIRST_KEY_WITHIN;
                    self.0 = State::Number { hands, keys: Vec::new(), until };
                }
                return reading.clone();
            }
        }
        let begins =
            |keys: &[Key]| listened.iter().any(|(code, _)| code.is_some_and(|it| it.0.starts_with(keys)));
        let until = now + CODE_KEY_WITHIN;
        if begins(&keys) {
            self.0 = State::Withheld { keys, until };
            return Reading::Nothing;
        }
        // Digits follow the first key of a code: what was no code is no beginning of another, but for its last key.
        if keys.len() > 1 && begins(&[key]) {
            keys.pop();
            self.0 = State::Withheld { keys: vec![key], until };
        }
        Reading::Keys(keys)
    }

    fn number(&mut self, now: Instant, hands: Hands, mut keys: Vec<Key>, pressed: (Key, &Codes)) -> Reading {
        let (key, codes) = pressed;
        if key == Key::Pound {
            return Reading::Number(hands, written(&keys));
        }
        keys.push(key);
        if codes.back.as_ref().is_some_and(|back| keys.ends_with(&back.0)) {
            return Reading::Back;
        }
        if keys.len() >= KEYED_NUMBER_MAX {
            return Reading::Number(hands, written(&keys));
        }
        self.0 = State::Number { hands, keys, until: now + NUMBER_KEY_WITHIN };
        Reading::Nothing
    }
}

fn written(keys: &[Key]) -> Phi<String> {
    Phi::new(keys.iter().map(|key| key.as_char()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::time::Duration;

    fn codes() -> Codes {
        let code = |written| Code::read(written);
        Codes { blind: code("*1"), attended: code("*23"), back: code("*0") }
    }

    fn shown(reading: Reading) -> String {
        match reading {
            Reading::Nothing => String::new(),
            Reading::Keys(keys) => keys.iter().map(|key| key.as_char()).collect(),
            Reading::Asks => "[asks]".to_owned(),
            Reading::Number(hands, number) => format!("[{hands:?} {}]", number.expose()),
            Reading::Back => "[back]".to_owned(),
        }
    }

    /// What comes of keys; `.` is a second without any.
    fn read(doing: Doing, keys: &str) -> String {
        let (mut reader, mut now, mut told) = (Reader::default(), Instant::START, String::new());
        for key in keys.chars() {
            if key != '.' {
                told += &shown(reader.take(now, Key::of_char(key).unwrap(), &codes(), doing));
                continue;
            }
            let until = now + Duration::from_secs(1);
            while let Some(due) = reader.poll_timeout().filter(|due| *due <= until) {
                told += &shown(reader.timeout(due));
            }
            now = until;
        }
        told
    }

    #[test]
    fn a_code_is_known_and_any_other_key_goes_on_in_its_order() {
        for (keys, expected) in [
            ("5", "5"),
            ("123#", "123#"),
            ("*", ""),
            ("*.", ""),
            ("*...", "*"),
            ("*5", "*5"),
            ("*0", "*0"),
            ("**", "*"),
            ("**1", "*[asks]"),
            ("*2", ""),
            ("*2...", "*2"),
            ("*24", "*24"),
            ("*2*1", "*2[asks]"),
            ("*2*23", "*2[asks]"),
            ("7*1", "7[asks]"),
            ("*1", "[asks]"),
            ("*1102#", "[asks][Blind 102]"),
            ("*23102#", "[asks][Attended 102]"),
            ("*1102....", "[asks][Blind 102]"),
            ("*11...0...2#", "[asks][Blind 102]"),
            ("*1#", "[asks][Blind ]"),
            ("*1.........", "[asks][Blind ]"),
            ("*1102#5*", "[asks][Blind 102]5"),
            ("*110*0", "[asks][back]"),
            ("*1*0", "[asks][back]"),
            ("*1*1#", "[asks][Blind *1]"),
            ("*100000000000000000000", "[asks][Blind 00000000000000000000]"),
        ] {
            assert_eq!(read(Doing::Talks, keys), expected, "{keys}");
        }
    }

    #[test]
    fn who_hands_on_may_take_the_caller_back_and_begins_no_other() {
        for (keys, expected) in
            [("*0", "[back]"), ("*1", "*1"), ("12*0", "12[back]"), ("*...0", "*0"), ("**0", "*[back]")]
        {
            assert_eq!(read(Doing::HandsOn, keys), expected, "{keys}");
        }
    }

    #[test]
    fn a_code_is_a_star_and_digits() {
        for good in ["*1", "*23", "*999"] {
            assert!(Code::read(good).is_some(), "{good}");
        }
        for bad in ["", "*", "1", "11", "#1", "*#", "**1", "*1*", "*1234", "*a", "* 1"] {
            assert_eq!(Code::read(bad), None, "{bad}");
        }
        let clashes = |a: &str, b: &str| Code::read(a).unwrap().clashes(&Code::read(b).unwrap());
        assert!(clashes("*1", "*1") && clashes("*1", "*12") && clashes("*12", "*1") && !clashes("*1", "*21"));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]
        /// Keys that are no code all reach the others, in order, however long the pauses are.
        #[test]
        fn no_key_that_is_no_code_is_lost_or_comes_twice(keys in "[3-9#*.]{0,40}") {
            let told = read(Doing::Talks, &format!("{keys}....."));
            prop_assert_eq!(told, keys.replace('.', ""));
        }
    }
}
