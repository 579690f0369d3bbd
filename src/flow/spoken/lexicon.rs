//! The words of a language that texts use around keys, and what else a check must know to judge its texts.
//!
//! ```text
//! keys:
//!   offer: "press {key}"             how a repair says a key
//!   press: [press, enter, …]         a key follows; and so on, a list for each meaning
//!   1: [one]                         the words for a key: 0 to 9, star and pound
//! yes_no: {yes: [yes], no: [no, not], offer: "Press 1 for yes. Press 2 for no."}
//! titles: [Dr, Mrs]                  words whose point ends no sentence
//! reading: flesch-kincaid            how hard a text is; `none` where nobody has a formula
//! ```
//! A word is compared in lower case and as it is written: who may leave an accent away lists both. Not here: how a
//! sentence is read with them (`flow/check/spoken_keys`).

use super::rules::Cause;
use crate::wire::telephone_event::Key;
use std::collections::BTreeMap;

/// What a word or mark does in a sentence that may speak of keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// "press", "enter", "marque".
    Verb,
    /// "not", "don't".
    Not,
    /// "the", "el": may stand between the verb and the key.
    Filler,
    /// "number", "número": filler, or the name of the pound key.
    Number,
    /// "key", "sign", "tecla", "signo".
    Sign,
    /// "of", "from", "de".
    Of,
    /// "to", "a": a goal, or the far end of a scale.
    To,
    /// "for", "if", "para", "si": a goal follows.
    Goal,
    /// A key, and how it is written.
    Key(Key, Written),
    /// Several digits in one.
    Digits,
    /// "times", "digits": what stands before is counted, not pressed.
    Count,
    /// "then", "followed", "después".
    Then,
    /// "again", the second half of "de nuevo".
    Again,
    /// "or", "and", and Spanish "o", "y".
    Joint,
    /// A comma, or what is heard as one.
    Comma,
    /// The end of a sentence.
    End,
    /// A mark that says nothing.
    Blank,
    /// Any other word.
    Other,
}

/// How a key is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// `1`, `*`.
    Sign,
    /// "one", "star": words that may mean something else.
    Word,
    /// French "un": the number, or the article of a noun that follows.
    Article,
}

/// A formula that tells how hard a text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// The grade of Flesch and Kincaid, with English syllables.
    FleschKincaid,
    /// The ease of Fernández-Huerta, with Spanish syllables.
    FernandezHuerta,
}

/// Whether an entry must be in every file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Need {
    Must,
    May,
}

const fn digit(digit: u8) -> Meaning {
    Meaning::Key(Key::Digit(digit), Written::Word)
}

/// The lists under `keys`.
const ROLES: [(&str, Meaning, Need); 25] = [
    ("press", Meaning::Verb, Need::Must),
    ("not", Meaning::Not, Need::Must),
    ("skip", Meaning::Filler, Need::May),
    ("number", Meaning::Number, Need::May),
    ("key", Meaning::Sign, Need::May),
    ("of", Meaning::Of, Need::May),
    ("to", Meaning::To, Need::May),
    ("for", Meaning::Goal, Need::Must),
    ("0", digit(0), Need::Must),
    // Or `one_or_a`.
    ("1", digit(1), Need::May),
    ("one_or_a", Meaning::Key(Key::Digit(1), Written::Article), Need::May),
    ("2", digit(2), Need::Must),
    ("3", digit(3), Need::Must),
    ("4", digit(4), Need::Must),
    ("5", digit(5), Need::Must),
    ("6", digit(6), Need::Must),
    ("7", digit(7), Need::Must),
    ("8", digit(8), Need::Must),
    ("9", digit(9), Need::Must),
    ("star", Meaning::Key(Key::Star, Written::Word), Need::Must),
    ("pound", Meaning::Key(Key::Pound, Written::Word), Need::Must),
    ("counted", Meaning::Count, Need::May),
    ("then", Meaning::Then, Need::May),
    ("again", Meaning::Again, Need::May),
    ("or", Meaning::Joint, Need::Must),
];

const OFFER: &str = "offer";
/// Where the key stands in `keys.offer`.
const KEY_FIELD: &str = "{key}";

/// What a language's file says of texts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lexicon {
    /// By the word: the list it stands in.
    words: BTreeMap<String, usize>,
    offer: String,
    yes: Vec<String>,
    no: Vec<String>,
    yes_no: String,
    titles: Vec<String>,
    reading: Reading,
}

/// What the file says of `reading`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Reading {
    #[default]
    Unsaid,
    NotMeasured,
    By(Measure),
}

impl Lexicon {
    /// What `token` means: a word in any case, or one mark.
    pub fn meaning(&self, token: &str) -> Meaning {
        if !token.starts_with(char::is_alphanumeric) {
            return mark(token);
        }
        let word = plain(token);
        if let [digit] = word.as_bytes()
            && digit.is_ascii_digit()
        {
            return Meaning::Key(Key::Digit(digit - b'0'), Written::Sign);
        }
        if word.bytes().all(|octet| octet.is_ascii_digit()) {
            return Meaning::Digits;
        }
        self.words.get(&word).map_or(Meaning::Other, |role| ROLES[*role].1)
    }

    /// How a text offers a key, such as `press 2`.
    pub fn offer(&self, key: &str) -> String {
        self.offer.replace(KEY_FIELD, key)
    }

    /// Whether a word says yes.
    pub fn is_yes(&self, word: &str) -> bool {
        self.yes.iter().any(|yes| yes == word)
    }

    /// Whether a word says no.
    pub fn is_no(&self, word: &str) -> bool {
        self.no.iter().any(|no| no == word)
    }

    /// How a question offers 1 for yes and 2 for no.
    pub fn yes_no(&self) -> &str {
        &self.yes_no
    }

    /// Whether the point behind this word ends no sentence.
    pub fn is_title(&self, word: &str) -> bool {
        self.titles.iter().any(|title| title == word)
    }

    /// The formula that tells how hard a text is, if there is one for this language.
    pub fn measure(&self) -> Option<Measure> {
        match self.reading {
            Reading::By(measure) => Some(measure),
            Reading::Unsaid | Reading::NotMeasured => None,
        }
    }

    /// Takes in an entry under `keys`.
    pub(super) fn take_key(&mut self, name: &str, text: &str) -> Result<(), Cause> {
        if name == OFFER {
            if text.matches(KEY_FIELD).count() != 1 {
                return Err(Cause::Value(text.to_owned(), "words with {key} where the key stands"));
            }
            text.clone_into(&mut self.offer);
            return Ok(());
        }
        let Some(role) = ROLES.iter().position(|(known, ..)| *known == name) else {
            let names: Vec<&'static str> = ROLES.iter().map(|(name, ..)| *name).chain([OFFER]).collect();
            return Err(super::rules::unknown(name, &names));
        };
        let word = one_word(text)?;
        match self.words.get(&word) {
            Some(other) => Err(Cause::WordTwice(word, ROLES[*other].0)),
            None => {
                self.words.insert(word, role);
                Ok(())
            }
        }
    }

    /// Takes in an entry under `yes_no`.
    pub(super) fn take_yes_no(&mut self, name: &str, text: &str) -> Result<(), Cause> {
        match name {
            "yes" => self.yes.push(one_word(text)?),
            "no" => self.no.push(one_word(text)?),
            OFFER => text.clone_into(&mut self.yes_no),
            _ => return Err(super::rules::unknown(name, &["yes", "no", OFFER])),
        }
        Ok(())
    }

    /// Takes in a word whose point ends no sentence.
    pub(super) fn take_title(&mut self, text: &str) -> Result<(), Cause> {
        one_word(text)?;
        self.titles.push(text.to_owned());
        Ok(())
    }

    /// Takes in the name of a formula.
    pub(super) fn take_measure(&mut self, text: &str) -> Result<(), Cause> {
        self.reading = match text {
            "flesch-kincaid" => Reading::By(Measure::FleschKincaid),
            "fernandez-huerta" => Reading::By(Measure::FernandezHuerta),
            "none" => Reading::NotMeasured,
            _ => {
                let shape = "flesch-kincaid, fernandez-huerta or none";
                return Err(Cause::Value(text.to_owned(), shape));
            }
        };
        Ok(())
    }

    /// The paths of what must be there and is not.
    pub(super) fn missing(&self) -> Vec<String> {
        let there = |name: &str| self.words.values().any(|role| ROLES[*role].0 == name);
        let lists = ROLES.iter().filter(|(name, _, need)| *need == Need::Must && !there(name));
        let mut missing: Vec<String> = lists.map(|(name, ..)| format!("keys.{name}")).collect();
        let mut need = |there: bool, path: &str| missing.extend((!there).then(|| path.to_owned()));
        need(there("1") || there("one_or_a"), "keys.1");
        need(!self.offer.is_empty(), "keys.offer");
        need(!self.yes.is_empty(), "yes_no.yes");
        need(!self.no.is_empty(), "yes_no.no");
        need(!self.yes_no.is_empty(), "yes_no.offer");
        need(self.reading != Reading::Unsaid, "reading");
        missing
    }
}

/// A word in lower case, with one kind of apostrophe and none at its end.
fn plain(word: &str) -> String {
    let letter = |c: char| if c == '’' { '\'' } else { c };
    let word = word.trim_end_matches(['\'', '’']);
    word.chars().flat_map(char::to_lowercase).map(letter).collect()
}

fn one_word(text: &str) -> Result<String, Cause> {
    let within = |c: char| c.is_alphanumeric() || "'’".contains(c);
    let is_word = text.starts_with(char::is_alphabetic) && text.chars().all(within);
    if is_word { Ok(plain(text)) } else { Err(Cause::Value(text.to_owned(), "one word of letters")) }
}

fn mark(mark: &str) -> Meaning {
    match mark {
        "." | "?" | "!" | ";" | "…" => Meaning::End,
        "," | "(" | ")" | "–" | "—" => Meaning::Comma,
        "/" => Meaning::Joint,
        "*" => Meaning::Key(Key::Star, Written::Sign),
        "#" => Meaning::Key(Key::Pound, Written::Sign),
        _ => Meaning::Blank,
    }
}
