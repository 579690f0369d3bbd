//! The rules of one language, read from the entries of its file in `languages/`.
//!
//! ```text
//! language: en
//! clock: 12                       hours are counted to 12 or to 24
//! plurals: {one: "1"}             which form of a noun stands beside a number
//! numbers: {cardinal: {…}, …}     number words by rules; `cardinal` and `digit` must be there
//! patterns: {date: "{month} {day:ordinal}", …}
//! nouns: {hours: {numbers: cardinal, one: hour, other: hours}, …}
//! months: [January, …]   weekdays: [Monday, …]
//! parts_of_day: {"00:00": at night, "06:00": in the morning, …}
//! phone: {10: 3 3 4}              a telephone number of ten digits is said in three groups
//! letters: {a: A as in apple, …}
//! name: English                   how the engine calls it in its own messages
//! keys: {…}   yes_no: {…}   titles: […]   reading: …      of texts: [`super::lexicon`]
//! ```
//! An entry is a path of names with dots, such as `nouns.hours.one`, and a text; items of lists are numbered from 1.
//! A third language is such a file and nothing else. Not here: speaking ([`super`]).

use super::lexicon::Lexicon;
use super::manner::Gathered;
use super::numbers::{NumberSet, SetAt, circle};
use super::piece::{PAUSE, Piece, PieceAt, Pieces};
use super::plural::{OTHER, Plurals};
use super::template::{self, Part, TemplateError};
use std::collections::BTreeMap;
use thiserror::Error;

/// One text of a language's file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry<P> {
    /// Its path, such as `nouns.hours.one`.
    pub path: String,
    /// The text.
    pub text: String,
    /// Where it stands, in whatever way the reader counts.
    pub place: P,
}

/// A fault in the rules of a language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault<P> {
    /// Where; `None` if something is missing.
    pub place: Option<P>,
    /// The path.
    pub path: String,
    /// What.
    pub cause: Cause,
}

/// What is wrong with an entry.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Cause {
    /// A name that means nothing here, and one that is near.
    #[error("`{name}` means nothing here{}", near.as_ref().map(|near| format!("; did you mean `{near}`?")).unwrap_or_default())]
    Unknown {
        /// The name.
        name: String,
        /// What was perhaps meant.
        near: Option<&'static str>,
    },
    /// Something must be there and is not.
    #[error("it is missing")]
    Missing,
    /// A template cannot be read.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// The key of a number rule.
    #[error("`{0}` is no number where a rule begins, nor such a number with a divisor as in 1100/100")]
    NumberKey(String),
    /// Two number rules begin at the same number.
    #[error("two rules begin at {0}")]
    NumberTwice(u64),
    /// A set of number words has no rule for zero.
    #[error("no rule begins at 0")]
    NoZero,
    /// Sets hand a number on in a circle.
    #[error("a number would be handed on in a circle")]
    Circle,
    /// A set of number words that does not exist.
    #[error("no set of numbers is named `{0}`")]
    NoSet(String),
    /// A form of a noun that no plural rule names.
    #[error("no plural rule is named `{0}`")]
    NoForm(String),
    /// A text that cannot be read.
    #[error("`{0}` cannot be read; it is written as {1}")]
    Value(String, &'static str),
    /// A word with two meanings around keys.
    #[error("`{0}` stands under `{1}` too, and can mean only one of them")]
    WordTwice(String, &'static str),
    /// An example that the language's own words do not explain.
    #[error("`{0}` is not understood by the words of `keys` and `yes_no`")]
    NotUnderstood(String),
}

/// What a pattern says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Pattern {
    Date,
    DateWithYear,
    FullDate,
    Time,
    AtTime,
    Money,
    Duration,
    Counted,
    Less,
}

impl Pattern {
    const ALL: [(Pattern, &'static str, &'static [&'static str]); 9] = [
        (Pattern::Date, "date", &["weekday", "month", "day", "year"]),
        (Pattern::DateWithYear, "date_with_year", &["weekday", "month", "day", "year"]),
        (Pattern::FullDate, "full_date", &["weekday", "month", "day", "year"]),
        (Pattern::Time, "time", &["hour", "minute", "part"]),
        (Pattern::AtTime, "at_time", &["hour", "minute", "part"]),
        (Pattern::Money, "money", &["first", "second"]),
        (Pattern::Duration, "duration", &["first", "second"]),
        (Pattern::Counted, "counted", &["count", "noun"]),
        (Pattern::Less, "less", &["value"]),
    ];
}

/// A field of a pattern, and the set of number words it is said by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Field {
    pub name: &'static str,
    pub set: SetAt,
}

/// A noun beside a number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Noun {
    pub numbers: Option<SetAt>,
    pub forms: BTreeMap<String, Vec<Part<Field>>>,
}

/// The rules by which one language speaks values. Read from files by [`Rules::compile`] only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rules {
    pub(super) language: String,
    pub(super) name: String,
    pub(super) lexicon: Lexicon,
    pub(super) hours: u8,
    pub(super) plurals: Plurals,
    pub(super) set_names: Vec<String>,
    pub(super) sets: Vec<NumberSet>,
    pub(super) cardinal: SetAt,
    pub(super) digit: SetAt,
    pub(super) patterns: BTreeMap<(Pattern, String), Vec<Part<Field>>>,
    pub(super) nouns: BTreeMap<String, Noun>,
    pub(super) months: BTreeMap<u64, PieceAt>,
    pub(super) weekdays: BTreeMap<u64, PieceAt>,
    /// By the minute of the day from which it holds.
    pub(super) parts_of_day: BTreeMap<u16, Vec<Part<Field>>>,
    pub(super) phone: BTreeMap<usize, Vec<usize>>,
    pub(super) letters: BTreeMap<char, Vec<Part<Field>>>,
    pub(super) pause: PieceAt,
    pub(super) pieces: Pieces,
    pub(super) gathered: Gathered,
}

/// Nouns that the engine counts by itself.
pub(super) const OWN_NOUNS: [&str; 6] = ["money", "money_part", "days", "hours", "minutes", "seconds"];

const SECTIONS: [&str; 16] = [
    "language",
    "clock",
    "plurals",
    "numbers",
    "patterns",
    "nouns",
    "months",
    "weekdays",
    "parts_of_day",
    "phone",
    "letters",
    "name",
    "keys",
    "yes_no",
    "titles",
    "reading",
];

impl Rules {
    /// Reads the entries of a language's file; gives all faults at once.
    ///
    /// # Errors
    /// Every fault, when there is one.
    pub fn compile<P: Clone>(entries: &[Entry<P>]) -> Result<Rules, Vec<Fault<P>>> {
        let mut faults = Vec::new();
        let mut rules = Rules::empty(entries);
        // Forms are named by plural rules and number words are said by sets: they come first.
        let (first, then): (Vec<_>, Vec<_>) =
            entries.iter().partition(|entry| entry.path.starts_with("plurals."));
        for entry in first.into_iter().chain(then) {
            if let Err(cause) = rules.take_in(&entry.path, &entry.text) {
                // A name that is wrong is one fault, however much stands behind it.
                let is_name = matches!(cause, Cause::Unknown { .. });
                if is_name && faults.iter().any(|fault: &Fault<P>| fault.cause == cause) {
                    continue;
                }
                let place = Some(entry.place.clone());
                faults.push(Fault { place, path: entry.path.clone(), cause });
            }
        }
        for (path, cause) in rules.missing() {
            let is_broken = |fault: &Fault<P>| {
                fault.path.strip_prefix(&path).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
            };
            if !faults.iter().any(is_broken) {
                faults.push(Fault { place: None, path, cause });
            }
        }
        if faults.is_empty() { Ok(rules) } else { Err(faults) }
    }

    /// The language, such as `en`.
    pub fn language(&self) -> &str {
        &self.language
    }

    /// The language's name in English, such as `Spanish`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What texts in this language are judged by.
    pub fn lexicon(&self) -> &Lexicon {
        &self.lexicon
    }

    /// The closed set of all that these rules can say.
    pub fn pieces(&self) -> &[Piece] {
        self.pieces.all()
    }

    fn empty<P>(entries: &[Entry<P>]) -> Rules {
        let mut set_names: Vec<String> = Vec::new();
        for entry in entries {
            let name = entry.path.strip_prefix("numbers.").and_then(|path| path.split('.').next());
            if let Some(name) = name.filter(|name| set_names.iter().all(|known| known != name)) {
                set_names.push(name.to_owned());
            }
        }
        let set = |name: &str| SetAt(set_names.iter().position(|known| known == name).unwrap_or(0));
        let (cardinal, digit) = (set("cardinal"), set("digit"));
        let mut pieces = Pieces::default();
        let pause = pieces.add(PAUSE).expect("nothing else has its name yet");
        Rules {
            language: String::new(),
            name: String::new(),
            lexicon: Lexicon::default(),
            hours: 24,
            plurals: Plurals::default(),
            sets: vec![NumberSet::default(); set_names.len()],
            set_names,
            cardinal,
            digit,
            patterns: BTreeMap::new(),
            nouns: BTreeMap::new(),
            months: BTreeMap::new(),
            weekdays: BTreeMap::new(),
            parts_of_day: BTreeMap::new(),
            phone: BTreeMap::new(),
            letters: BTreeMap::new(),
            pause,
            pieces,
            gathered: Gathered::default(),
        }
    }

    fn take_in(&mut self, path: &str, text: &str) -> Result<(), Cause> {
        let mut names = path.splitn(3, '.');
        let section = names.next().unwrap_or_default();
        let (name, deeper) = (names.next().unwrap_or_default(), names.next());
        match (section, deeper) {
            ("language", None) if name.is_empty() => self.language = text.to_owned(),
            ("clock", None) if name.is_empty() => self.hours = clock(text)?,
            ("plurals", None) => self
                .plurals
                .add(name, text)
                .ok_or_else(|| Cause::Value(text.to_owned(), "`1`, `2..4` or `2..4 mod 10`"))?,
            ("name", None) if name.is_empty() => self.name = text.to_owned(),
            ("keys", _) => self.lexicon.take_key(name, text)?,
            ("yes_no", _) => self.lexicon.take_yes_no(name, text)?,
            ("titles", None) => self.lexicon.take_title(text)?,
            ("reading", None) if name.is_empty() => self.lexicon.take_measure(text)?,
            ("numbers", Some(key)) => self.take_number(name, key, text)?,
            ("patterns", form) => self.take_pattern(name, form.unwrap_or(OTHER), text)?,
            ("nouns", Some(form)) => self.take_noun(name, form, text)?,
            ("months", None) => {
                let at = number_of(name, 1..=12)?;
                let piece = template::piece(text, &mut self.pieces)?;
                self.months.insert(at, piece);
            }
            ("weekdays", None) => {
                let at = number_of(name, 1..=7)?;
                let piece = template::piece(text, &mut self.pieces)?;
                self.weekdays.insert(at, piece);
            }
            ("parts_of_day", None) => {
                let from = minute_of_day(name)
                    .ok_or_else(|| Cause::Value(name.to_owned(), "a time of day such as 06:00"))?;
                let words = template::plain(text, &mut self.pieces, &mut |_, _| None)?;
                self.parts_of_day.insert(from, words);
            }
            ("phone", None) => {
                let (count, groups) = groups(name, text)?;
                self.phone.insert(count, groups);
            }
            ("letters", None) => {
                let letter = only_char(name).ok_or_else(|| Cause::Value(name.to_owned(), "one letter"))?;
                let words = template::plain(text, &mut self.pieces, &mut |_, _| None)?;
                self.letters.insert(letter, words);
            }
            _ => return Err(unknown(section, &SECTIONS)),
        }
        Ok(())
    }

    fn take_number(&mut self, set: &str, key: &str, text: &str) -> Result<(), Cause> {
        let names: Vec<&str> = self.set_names.iter().map(String::as_str).collect();
        let own = SetAt(names.iter().position(|name| *name == set).unwrap_or(0));
        match self.sets.get_mut(own.0) {
            Some(rules) => rules.add(own, key, text, &names, &mut self.pieces),
            None => Ok(()),
        }
    }

    fn take_pattern(&mut self, name: &str, form: &str, text: &str) -> Result<(), Cause> {
        let known = Pattern::ALL.iter().find(|(_, known, _)| *known == name);
        let Some((pattern, _, fields)) = known else {
            let names = Pattern::ALL.map(|(_, name, _)| name);
            return Err(unknown(name, &names));
        };
        if !self.plurals.knows(form) {
            return Err(Cause::NoForm(form.to_owned()));
        }
        let (sets, cardinal) = (&self.set_names, self.cardinal);
        let mut field = |name: &str, set: Option<&str>| {
            let set = match set {
                Some(set) => SetAt(sets.iter().position(|known| known == set)?),
                None => cardinal,
            };
            fields.iter().find(|known| **known == name).map(|name| Field { name, set })
        };
        let parts = template::plain(text, &mut self.pieces, &mut field)?;
        self.patterns.insert((*pattern, form.to_owned()), parts);
        Ok(())
    }

    fn take_noun(&mut self, name: &str, form: &str, text: &str) -> Result<(), Cause> {
        let noun = self.nouns.entry(name.to_owned()).or_default();
        if form == "numbers" {
            let set = self.set_names.iter().position(|known| known == text);
            noun.numbers = Some(SetAt(set.ok_or_else(|| Cause::NoSet(text.to_owned()))?));
            return Ok(());
        }
        if !self.plurals.knows(form) {
            return Err(Cause::NoForm(form.to_owned()));
        }
        let words = template::plain(text, &mut self.pieces, &mut |_, _| None)?;
        noun.forms.insert(form.to_owned(), words);
        Ok(())
    }

    /// What must be there and is not, and what is wrong in all of it together.
    fn missing(&self) -> Vec<(String, Cause)> {
        let mut missing = Vec::new();
        let mut need = |there: bool, path: String| {
            if !there {
                missing.push((path, Cause::Missing));
            }
        };
        need(!self.language.is_empty(), "language".to_owned());
        need(!self.name.is_empty(), "name".to_owned());
        for set in ["cardinal", "digit"] {
            need(self.set_names.iter().any(|name| name == set), format!("numbers.{set}"));
        }
        for (pattern, name, _) in Pattern::ALL {
            need(self.patterns.contains_key(&(pattern, OTHER.to_owned())), format!("patterns.{name}"));
        }
        for name in OWN_NOUNS {
            need(self.nouns.contains_key(name), format!("nouns.{name}"));
        }
        for (name, noun) in &self.nouns {
            need(noun.forms.contains_key(OTHER), format!("nouns.{name}.{OTHER}"));
        }
        (1..=12).for_each(|month| need(self.months.contains_key(&month), format!("months.{month}")));
        (1..=7).for_each(|day| need(self.weekdays.contains_key(&day), format!("weekdays.{day}")));
        need(self.parts_of_day.contains_key(&0), "parts_of_day.00:00".to_owned());
        for (name, set) in self.set_names.iter().zip(&self.sets) {
            if !set.begins_at_zero() {
                missing.push((format!("numbers.{name}"), Cause::NoZero));
            }
        }
        if let Some(set) = circle(&self.sets) {
            missing.push((format!("numbers.{}", self.set_names[set.0]), Cause::Circle));
        }
        missing.extend(self.lexicon.missing().into_iter().map(|path| (path, Cause::Missing)));
        missing
    }
}

/// A name that is none of the known ones.
pub(super) fn unknown(name: &str, known: &[&'static str]) -> Cause {
    let near = known
        .iter()
        .copied()
        .max_by(|a, b| strsim::jaro_winkler(name, a).total_cmp(&strsim::jaro_winkler(name, b)));
    let near = near.filter(|near| strsim::jaro_winkler(name, near) > 0.8);
    Cause::Unknown { name: name.to_owned(), near }
}

fn clock(text: &str) -> Result<u8, Cause> {
    match text {
        "12" => Ok(12),
        "24" => Ok(24),
        _ => Err(Cause::Value(text.to_owned(), "12 or 24")),
    }
}

fn number_of(text: &str, range: std::ops::RangeInclusive<u64>) -> Result<u64, Cause> {
    let number = text.parse().ok().filter(|number| range.contains(number));
    number.ok_or_else(|| Cause::Value(text.to_owned(), "a place in a list of twelve months or seven days"))
}

fn minute_of_day(text: &str) -> Option<u16> {
    let (hour, minute) = text.split_once(':')?;
    let (hour, minute): (u16, u16) = (hour.parse().ok()?, minute.parse().ok()?);
    (hour < 24 && minute < 60).then_some(hour * 60 + minute)
}

fn groups(count: &str, text: &str) -> Result<(usize, Vec<usize>), Cause> {
    let shape = "groups that add up, such as 10: 3 3 4";
    let fault = || Cause::Value(format!("{count}: {text}"), shape);
    let count: usize = count.parse().map_err(|_| fault())?;
    let groups: Option<Vec<usize>> = text.split_whitespace().map(|group| group.parse().ok()).collect();
    let sum = |groups: &[usize]| groups.iter().try_fold(0usize, |sum, group| sum.checked_add(*group));
    groups.filter(|groups| sum(groups) == Some(count)).map(|groups| (count, groups)).ok_or_else(fault)
}

fn only_char(text: &str) -> Option<char> {
    let mut chars = text.chars();
    chars.next().filter(|_| chars.next().is_none())
}
