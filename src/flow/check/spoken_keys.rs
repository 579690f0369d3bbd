//! The keys that a text tells a caller to press, each with its place, by the words of the text's language.
//!
//! ```text
//! sentence ─▶ verb ── filler* ── key ─┬─▶ (or | and | ,) filler* key          "press 1 or the 2 key"
//!              │                      └─▶ … (or | and | ,) key for            "press 1 for yes, 2 for no"
//!              └─▶ … (then | followed by) filler* star | pound                "enter the number, then pound"
//! from 1 … to 5                                                              an answer scale
//! ```
//! A verb is a word such as "press" or "marque". What is called or texted is a number and no key, and so is a
//! row of digits ("9 1 1"). Nothing is carried from one sentence into the next. The languages differ in their words
//! alone ([`crate::flow::spoken::lexicon`]): the same reader goes over all of them. Not here: whether the keys do
//! anything, which [`super::offers`] judges.

#[cfg(test)]
mod tests;

use crate::flow::spoken::lexicon::{Lexicon, Meaning, Written};
use crate::wire::telephone_event::Key;
use std::ops::Range;

/// One key that a text speaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpokenKey {
    /// The key.
    pub key: Key,
    /// Where its word stands in the text, in octets.
    pub at: Range<usize>,
    /// How it is spoken.
    pub manner: Manner,
}

/// How a text speaks a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Manner {
    /// The caller is told to press it.
    Told,
    /// It lies on a scale, such as "from 1 to 5": numbers that are keys only where a menu takes both ends.
    Scale,
}

/// Words between the two ends of a scale: "from 1, very bad and not at all kind, to 5".
const SCALE_WORDS_MAX: usize = 12;

/// The keys that `text` speaks in a language, each once, in the order of the text.
pub fn read(text: &str, lexicon: &Lexicon) -> Vec<SpokenKey> {
    let mut keys: Vec<SpokenKey> = Vec::new();
    for sentence in tokens(text, lexicon).split(|token| token.meaning == Meaning::End) {
        for found in (Sentence { tokens: sentence, at: 0, keys: Vec::new() }).read() {
            match keys.iter_mut().find(|old| old.key == found.key) {
                Some(old) if old.manner > found.manner => *old = found,
                Some(_) => {}
                None => keys.push(found),
            }
        }
    }
    keys
}

/// A word or mark of the text.
#[derive(Clone, Debug)]
struct Token {
    at: Range<usize>,
    meaning: Meaning,
}

fn tokens(text: &str, lexicon: &Lexicon) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut chars = text.char_indices().peekable();
    while let Some((from, first)) = chars.next() {
        let mut to = from + first.len_utf8();
        if first.is_alphanumeric() {
            while let Some((at, c)) = chars.next_if(|(_, c)| c.is_alphanumeric() || "'’".contains(*c)) {
                to = at + c.len_utf8();
            }
        }
        // A point within a word or number, as in "9.1.1", ends nothing.
        let within = first == '.' && chars.peek().is_some_and(|(_, next)| next.is_alphanumeric());
        let meaning = if within { Meaning::Blank } else { lexicon.meaning(&text[from..to]) };
        if meaning != Meaning::Blank {
            tokens.push(Token { at: from..to, meaning });
        }
    }
    tokens
}

/// A sentence while it is read.
struct Sentence<'a> {
    tokens: &'a [Token],
    at: usize,
    keys: Vec<SpokenKey>,
}

/// A key and where its word stands.
type Placed = (Key, Range<usize>);

impl Sentence<'_> {
    fn read(mut self) -> Vec<SpokenKey> {
        let mut verb_seen = false;
        while let Some(meaning) = self.meaning(self.at) {
            let behind = match meaning {
                Meaning::Verb if self.is_denied() => None,
                Meaning::Verb => {
                    verb_seen = true;
                    self.list()
                }
                Meaning::Then if verb_seen => self.star_or_pound(),
                Meaning::Joint | Meaning::Comma if !self.keys.is_empty() => self.without_verb(),
                Meaning::Of => self.scale(),
                Meaning::Not | Meaning::Filler | Meaning::Number | Meaning::Sign | Meaning::To => None,
                Meaning::Goal | Meaning::Key(..) | Meaning::Digits | Meaning::Count | Meaning::Then => None,
                Meaning::Again | Meaning::Joint | Meaning::Comma | Meaning::Other => None,
                Meaning::Blank | Meaning::End => None,
            };
            self.at = behind.unwrap_or(self.at + 1);
        }
        self.keys
    }

    fn meaning(&self, at: usize) -> Option<Meaning> {
        self.tokens.get(at).map(|token| token.meaning)
    }

    /// "Do not press 1" offers nothing.
    fn is_denied(&self) -> bool {
        self.at.checked_sub(1).and_then(|before| self.meaning(before)) == Some(Meaning::Not)
    }

    fn tell(&mut self, found: impl IntoIterator<Item = Placed>, manner: Manner) {
        self.keys.extend(found.into_iter().map(|(key, at)| SpokenKey { key, at, manner }));
    }

    /// A verb's keys: "1", "the star key", "1, 2 or 3". The place behind them.
    fn list(&mut self) -> Option<usize> {
        let (first, mut behind) = self.one_key(self.at + 1)?;
        let (mut found, mut commas_only) = (vec![first], true);
        while let Some((more, next)) = self.joined(behind) {
            commas_only &= self.meaning(behind) == Some(Meaning::Comma);
            found.push(more);
            behind = next;
        }
        let repeats = (1..found.len()).any(|n| found[..n].iter().any(|(key, _)| *key == found[n].0));
        // "dial 9, 1, 1" is a number.
        if !(commas_only && repeats) {
            self.tell(found, Manner::Told);
        }
        Some(behind)
    }

    /// A key behind commas and joints, and the place behind it.
    fn joined(&self, at: usize) -> Option<(Placed, usize)> {
        let joints = self.tokens[at..].iter();
        let count = joints.take_while(|t| matches!(t.meaning, Meaning::Comma | Meaning::Joint)).count();
        if count == 0 { None } else { self.one_key(at + count) }
    }

    /// A key behind any filler, and the place behind it; nothing if it is a row of digits, a count, or a word
    /// that names no key here.
    fn one_key(&self, from: usize) -> Option<(Placed, usize)> {
        let mut at = from;
        loop {
            match self.meaning(at)? {
                Meaning::Number if self.is_number_sign(from, at) => {
                    return Some(((Key::Pound, self.tokens[at].at.clone()), self.behind_sign(at + 1)));
                }
                Meaning::Filler | Meaning::Sign | Meaning::Number => at += 1,
                Meaning::Of if at > from => at += 1,
                Meaning::Key(key, written) if self.is_key(from, at, written) => {
                    return Some(((key, self.tokens[at].at.clone()), self.behind_sign(at + 1)));
                }
                _ => return None,
            }
        }
    }

    fn is_key(&self, from: usize, at: usize, written: Written) -> bool {
        match (self.meaning(at + 1), written) {
            (Some(Meaning::Key(Key::Digit(_), _) | Meaning::Digits | Meaning::Count), _) => false,
            // "one of them", but "uno de nuevo".
            (Some(Meaning::Of), Written::Word | Written::Article) => {
                self.meaning(at + 2) == Some(Meaning::Again)
            }
            // "one key", but "the one key".
            (Some(Meaning::Sign), Written::Word) => at > from || !self.is_digit(at),
            (_, Written::Sign | Written::Word) => true,
            (next, Written::Article) => !next.is_some_and(begins_a_noun),
        }
    }

    fn is_digit(&self, at: usize) -> bool {
        matches!(self.meaning(at), Some(Meaning::Key(Key::Digit(_), _)))
    }

    /// "the number sign", "la tecla de número": the pound key.
    fn is_number_sign(&self, from: usize, at: usize) -> bool {
        let before = self.tokens[from..at].iter().any(|token| token.meaning == Meaning::Sign);
        match self.meaning(at + 1) {
            Some(Meaning::Key(..) | Meaning::Digits) => false,
            Some(Meaning::Sign) => true,
            _ => before,
        }
    }

    fn behind_sign(&self, at: usize) -> usize {
        at + usize::from(self.meaning(at) == Some(Meaning::Sign))
    }

    /// "Enter the number, then pound": star and pound are keys without a verb of their own.
    fn star_or_pound(&mut self) -> Option<usize> {
        let skipped = self.tokens[self.at..].iter();
        let joints =
            |t: &&Token| matches!(t.meaning, Meaning::Then | Meaning::Of | Meaning::Joint | Meaning::Comma);
        let from = self.at + skipped.take_while(joints).count();
        let (found, behind) = self.one_key(from)?;
        if !matches!(found.0, Key::Star | Key::Pound) {
            return None;
        }
        self.tell([found], Manner::Told);
        Some(behind)
    }

    /// "…, 2 for no": a key whose verb stands before an earlier one.
    fn without_verb(&mut self) -> Option<usize> {
        let (found, behind) = self.joined(self.at)?;
        let goal = match self.meaning(behind)? {
            Meaning::Goal => true,
            Meaning::To => !matches!(self.meaning(behind + 1), Some(Meaning::Key(..) | Meaning::Digits)),
            _ => false,
        };
        if !goal {
            return None;
        }
        self.tell([found], Manner::Told);
        Some(behind)
    }

    /// "from 1, very bad, to 5": both ends and what lies between.
    fn scale(&mut self) -> Option<usize> {
        let low = self.end_of_scale(self.at + 1)?;
        let ahead = self.tokens[self.at + 2..].iter().take(SCALE_WORDS_MAX);
        let to = self.at + 2 + ahead.map(|token| token.meaning).position(|meaning| meaning == Meaning::To)?;
        let high = self.end_of_scale(to + 1).filter(|high| *high > low)?;
        let at = self.tokens[self.at].at.start..self.tokens[to + 1].at.end;
        self.tell((low..=high).map(|digit| (Key::Digit(digit), at.clone())), Manner::Scale);
        Some(to + 2)
    }

    fn end_of_scale(&self, at: usize) -> Option<u8> {
        let alone = !matches!(self.meaning(at + 1), Some(Meaning::Key(..) | Meaning::Digits));
        match self.meaning(at)? {
            Meaning::Key(Key::Digit(digit), _) if alone => Some(digit),
            _ => None,
        }
    }
}

/// Whether what follows an article makes it one: "un agent", but "un ou deux".
fn begins_a_noun(next: Meaning) -> bool {
    match next {
        Meaning::Other | Meaning::Number | Meaning::Sign | Meaning::Filler | Meaning::Again => true,
        Meaning::Verb | Meaning::Not | Meaning::Of | Meaning::To | Meaning::Goal | Meaning::Key(..) => false,
        Meaning::Digits | Meaning::Count | Meaning::Then | Meaning::Joint | Meaning::Comma => false,
        Meaning::End | Meaning::Blank => false,
    }
}
