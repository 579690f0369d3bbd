//! How hard a spoken text is to follow: its reading grade and its longest sentence, in English and Spanish.
//!
//! English has the Flesch–Kincaid grade (Kincaid et al. 1975), 0.39·W/S + 11.8·Y/W − 15.59; Spanish the ease of
//! Fernández-Huerta (1959), 206.84 − 60·Y/W − 1.02·W/S; W words, S sentences, Y syllables. What is counted is what
//! is *heard*: "9 1 1" is three words of one syllable each, "30" is "thirty", "DNI" is three letters. Under
//! [`GRADED_FROM_WORDS`] words a text has no grade: there one long name outweighs everything.
//! Syllables are counted by rules ([`syllables`]), within about one grade or five points of a careful hand.

mod syllables;

use crate::limits::{GRADED_FROM_WORDS, SENTENCE_MAX_WORDS};

/// What is heard of one text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// Words as spoken.
    pub words: usize,
    /// Sentences with at least one word.
    pub sentences: usize,
    /// Syllables as spoken.
    pub syllables: usize,
    /// Words of the longest sentence.
    pub longest: usize,
}

/// How a text stands to the bar of its language.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Ease {
    /// Easy enough, or too short to tell.
    Good,
    /// Over the bar, but by less than the counting may be wrong.
    AtTheBar(f64),
    /// Too hard.
    Hard(f64),
}

/// The highest Flesch–Kincaid grade of an English text: the sixth school year, in which most adults who are ill
/// or afraid still follow.
pub const ENGLISH_GRADE_MAX: f64 = 6.5;
/// The lowest Fernández-Huerta ease of a Spanish text: "normal", as in a newspaper's plain columns.
pub const SPANISH_EASE_MIN: f64 = 60.0;
/// How far the counted syllables may lead astray, in grades and in points.
const ENGLISH_DOUBT: f64 = 1.0;
const SPANISH_DOUBT: f64 = 5.0;

/// Counts what is heard of `text`.
pub fn count(text: &str, language: &str) -> Count {
    let mut count = Count::default();
    for sentence in sentences(text) {
        let mut words = 0;
        for word in sentence.split(|c: char| !c.is_alphanumeric() && !"'’{}_.,".contains(c)) {
            let heard = syllables::heard(word.trim_matches(['.', ',', '\'', '’']), language);
            words += heard.words;
            count.syllables += heard.syllables;
        }
        count.words += words;
        count.sentences += usize::from(words > 0);
        count.longest = count.longest.max(words);
    }
    count
}

/// The sentences of a text; a point within a number or behind a title ends none.
fn sentences(text: &str) -> Vec<&str> {
    let (mut found, mut from) = (Vec::new(), 0);
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let before_space = chars.peek().is_none_or(|(_, next)| !next.is_alphanumeric());
        let ends = match c {
            '?' | '!' | ';' | '…' => true,
            '.' => before_space && !is_title(&text[from..at]),
            _ => false,
        };
        if ends {
            found.push(&text[from..at]);
            from = at + c.len_utf8();
        }
    }
    found.push(&text[from..]);
    found
}

/// "Dr. Ruiz" is one sentence.
fn is_title(sentence: &str) -> bool {
    let word = sentence.rsplit(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
    ["Dr", "Dra", "Mr", "Mrs", "Ms", "Sr", "Sra", "Srta", "St"].contains(&word)
}

impl Count {
    /// The Flesch–Kincaid grade, or for Spanish the Fernández-Huerta ease; `None` if the text is too short.
    pub fn grade(self, language: &str) -> Option<f64> {
        if self.words < GRADED_FROM_WORDS {
            return None;
        }
        let ratio = |a: usize, b: usize| f64::from(u32::try_from(a).unwrap_or(u32::MAX)) / f64::from(u32::try_from(b).unwrap_or(u32::MAX));
        let (per_sentence, per_word) = (ratio(self.words, self.sentences), ratio(self.syllables, self.words));
        Some(match language {
            "es" => 206.84 - 60.0 * per_word - 1.02 * per_sentence,
            _ => 0.39 * per_sentence + 11.8 * per_word - 15.59,
        })
    }

    /// How the text stands to the bar.
    pub fn ease(self, language: &str) -> Ease {
        let Some(grade) = self.grade(language) else { return Ease::Good };
        let over = match language {
            "es" => (SPANISH_EASE_MIN - grade) / SPANISH_DOUBT,
            _ => (grade - ENGLISH_GRADE_MAX) / ENGLISH_DOUBT,
        };
        if over <= 0.0 {
            Ease::Good
        } else if over <= 1.0 {
            Ease::AtTheBar(grade)
        } else {
            Ease::Hard(grade)
        }
    }

    /// Whether some sentence has more words than can be followed by ear.
    pub fn has_long_sentence(self) -> bool {
        self.longest > SENTENCE_MAX_WORDS
    }
}
