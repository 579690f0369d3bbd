//! Two languages by their files, row by row; a third and a fourth by files that only the tests know.

mod english;
mod faults;
mod french;
mod spanish;
mod third;

use super::piece::{PAUSE_NAME, text};
use super::rules::{Cause, Fault, Rules};
use super::*;
use crate::flow::diagnostic::{Place, Sources};
use crate::flow::syntax::tree::{self, Reading};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

const ENGLISH: &str = include_str!("../../../languages/en.yaml");
const SPANISH: &str = include_str!("../../../languages/es.yaml");

fn compiled(file: &str) -> Result<Rules, Vec<Fault<Place>>> {
    let mut sources = Sources::default();
    let (_, reading) = tree::read(&mut sources, "speech.yaml", file.as_bytes());
    assert!(sources.is_clean(), "{:?}", sources.into_faults());
    let Reading::Tree(tree) = reading else { panic!("{reading:?}") };
    Rules::compile(&read::entries(&tree))
}

fn rules(file: &str) -> Rules {
    compiled(file).unwrap_or_else(|faults| panic!("{faults:#?}"))
}

static BOTH: LazyLock<[Rules; 2]> = LazyLock::new(|| [rules(ENGLISH), rules(SPANISH)]);

fn said(rules: &Rules, what: Say<'_>) -> String {
    match rules.say(what) {
        Ok(pieces) => text(&pieces),
        Err(error) => format!("! {error}"),
    }
}

fn date(text: &str) -> Date {
    let parts: Vec<u16> = text.split('-').map(|part| part.parse().expect("a number")).collect();
    Date::new(parts[0], parts[1] as u8, parts[2] as u8).expect("a day")
}

fn time(text: &str) -> TimeOfDay {
    let (hour, minute) = text.split_once(':').expect("a time");
    TimeOfDay::new(hour.parse().expect("an hour"), minute.parse().expect("a minute")).expect("a time")
}

/// One row of a table: the manner, the value as text, and the words.
fn check(rules: &Rules, rows: &[(&str, &str, &str)]) {
    for (manner, value, words) in rows {
        let number = || value.parse::<i64>().expect("a number");
        let manner_and_name = manner.split_once(' ');
        let what = match (*manner, manner_and_name) {
            ("number", _) => Say::Number(number()),
            (_, Some(("by", set))) => Say::NumberBy(number().unsigned_abs(), set),
            (_, Some(("count", noun))) => Say::Counted(number(), noun),
            ("weekday", _) => Say::Weekday(date(value)),
            ("date", _) => Say::Date(date(value)),
            ("year", _) => Say::DateWithYear(date(value)),
            ("full", _) => Say::FullDate(date(value)),
            ("time", _) => Say::Time(time(value)),
            ("at", _) => Say::AtTime(time(value)),
            ("duration", _) => Say::Duration(Duration::from_secs(number().unsigned_abs())),
            ("cents", _) => Say::Money(Money::from_cents(number())),
            ("phone", _) => Say::Phone(value),
            ("code", _) => Say::Code(value),
            (other, _) => panic!("{other}"),
        };
        assert_eq!(said(rules, what), *words, "{manner} {value}");
    }
}

/// All numbers to ten thousand, and some above, are said differently.
fn numbers_differ(rules: &Rules, set: &str) {
    let mut seen = BTreeMap::new();
    let thousands = (11..1_000).map(|n| n * 1_000 + n);
    let millions = (1..1_000).map(|n| n * 1_000_000 + n * 7);
    for number in (0..=10_000u64).chain(thousands).chain(millions) {
        let words = said(rules, Say::NumberBy(number, set));
        if let Some(other) = seen.insert(words.clone(), number) {
            panic!("{set}: {other} and {number} are both `{words}`");
        }
    }
}

#[test]
fn every_number_has_its_own_words_in_every_set_that_says_all_of_it() {
    for set in ["cardinal", "digit", "ordinal", "year"] {
        numbers_differ(&rules(ENGLISH), set);
    }
    for set in ["cardinal", "masculine", "feminine", "ordinal", "ordinal_feminine", "day"] {
        numbers_differ(&rules(SPANISH), set);
    }
}

#[test]
fn a_recording_has_one_name_and_a_plain_one() {
    for file in [ENGLISH, SPANISH] {
        let rules = rules(file);
        let names: BTreeSet<&str> = rules.pieces().iter().map(|piece| &*piece.name).collect();
        assert_eq!(names.len(), rules.pieces().len(), "two pieces have one name");
        for piece in rules.pieces() {
            let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_".contains(c);
            assert!(piece.name.chars().all(plain) && !piece.name.is_empty(), "{piece:?}");
        }
    }
    let rules = rules(SPANISH);
    let named = |text: &str| rules.pieces().iter().find(|piece| piece.text == text).map(|p| &*p.name);
    assert_eq!(named("dieciséis"), Some("diecis_e9_is"));
    assert_eq!(named("B de burro"), Some("b-de-burro"));
    assert_eq!(named(","), Some(PAUSE_NAME));
}

#[test]
fn both_languages_speak_of_the_same_things() {
    let (english, spanish) = (rules(ENGLISH), rules(SPANISH));
    assert!(english.nouns.keys().eq(spanish.nouns.keys()));
    assert!(english.phone.keys().eq(spanish.phone.keys()));
    assert_eq!((english.language(), spanish.language()), ("en", "es"));
    println!("pieces: {} en, {} es", english.pieces().len(), spanish.pieces().len());
}

fn any_say() -> impl Strategy<Value = (u8, i64, Date, TimeOfDay, String)> {
    let date = (1i32..3_000_000).prop_map(|days| Date::from_days(days).expect("a day"));
    let time = (0u8..24, 0u8..60).prop_map(|(hour, minute)| TimeOfDay::new(hour, minute).expect("a time"));
    (0u8..13, any::<i64>(), date, time, "[0-9A-Za-zñ +-]{0,40}")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_said_is_of_the_closed_set((kind, number, date, time, text) in any_say()) {
        let small = number.unsigned_abs() >> (number & 63);
        let what = match kind {
            0 => Say::Number(number),
            1 => Say::NumberBy(small, "ordinal"),
            2 => Say::Counted(number, "hours"),
            3 => Say::Weekday(date),
            4 => Say::Date(date),
            5 => Say::DateWithYear(date),
            6 => Say::FullDate(date),
            7 => Say::Time(time),
            8 => Say::AtTime(time),
            9 => Say::Duration(Duration::from_secs(small)),
            10 => Say::Money(Money::from_cents(number)),
            11 => Say::Phone(&text),
            _ => Say::Code(&text),
        };
        for rules in &*BOTH {
            match rules.say(what) {
                Ok(said) => {
                    prop_assert!(said.len() <= crate::limits::SPOKEN_STEPS_MAX);
                    for piece in &said {
                        prop_assert!(rules.pieces().contains(piece), "{:?}", piece);
                    }
                    let ends = said.first().into_iter().chain(said.last());
                    prop_assert!(ends.clone().all(|piece| piece.name != PAUSE_NAME));
                }
                Err(error) => prop_assert!(
                    matches!(kind, 11 | 12) && matches!(error, Unspeakable::Nothing | Unspeakable::Character | Unspeakable::TooLong),
                    "{:?}", error
                ),
            }
        }
    }

    #[test]
    fn every_moment_of_the_calendar_is_said_differently(a in any_say(), b in any_say()) {
        for rules in &*BOTH {
            let whole = |(_, _, date, time, _): &(u8, i64, Date, TimeOfDay, String)| {
                said(rules, Say::DateWithYear(*date)) + &said(rules, Say::Time(*time))
            };
            prop_assert_eq!(whole(&a) == whole(&b), (a.2, a.3) == (b.2, b.3));
        }
    }
}

#[test]
fn every_time_of_day_is_said_differently() {
    for rules in &*BOTH {
        let mut seen = BTreeSet::new();
        for (hour, minute) in (0..24).flat_map(|hour| (0..60).map(move |minute| (hour, minute))) {
            let words = said(rules, Say::Time(TimeOfDay::new(hour, minute).expect("a time")));
            assert!(seen.insert(words.clone()), "{hour}:{minute} is `{words}` too");
        }
    }
}
