//! How hard a spoken text is to follow: its longest sentence, and its reading grade where the language has a formula.
//!
//! English has the Flesch–Kincaid grade (Kincaid et al. 1975), 0.39·W/S + 11.8·Y/W − 15.59; Spanish the ease of
//! Fernández-Huerta (1959), 206.84 − 60·Y/W − 1.02·W/S; W words, S sentences, Y syllables. What is counted is what
//! is *heard*: "9 1 1" is three words of one syllable each, "30" is "thirty", "DNI" is three letters. Under
//! [`GRADED_FROM_WORDS`] words a text has no grade: there one long name outweighs everything.
//! Syllables are counted by rules ([`syllables`]), within about one grade or five points of a careful hand. A language
//! whose file says `reading: none` has no grade: none is guessed by another language's formula.

mod syllables;

use crate::flow::spoken::lexicon::{Lexicon, Measure};
use crate::flow::spoken::rules::Rules;
use crate::limits::GRADED_FROM_WORDS;

/// What is heard of one text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// Words as spoken.
    pub words: usize,
    /// Sentences with at least one word.
    pub sentences: usize,
    /// Syllables as spoken; none where the language has no formula.
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

/// Counts what is heard of `text` by the rules of its language.
pub fn count(text: &str, rules: &Rules) -> Count {
    let mut count = Count::default();
    for sentence in sentences(text, rules.lexicon()) {
        let mut words = 0;
        for word in sentence.split(|c: char| !c.is_alphanumeric() && !"'’{}_.,".contains(c)) {
            let heard = syllables::heard(word.trim_matches(['.', ',', '\'', '’']), rules);
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
fn sentences<'a>(text: &'a str, lexicon: &Lexicon) -> Vec<&'a str> {
    let (mut found, mut from) = (Vec::new(), 0);
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let before_space = chars.peek().is_none_or(|(_, next)| !next.is_alphanumeric());
        let ends = match c {
            '?' | '!' | ';' | '…' => true,
            '.' => before_space && !is_title(&text[from..at], lexicon),
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
fn is_title(sentence: &str, lexicon: &Lexicon) -> bool {
    let word = sentence.rsplit(char::is_whitespace).next().unwrap_or_default();
    // "8 a.m. to 5" goes on too.
    word.contains('.') || lexicon.is_title(word)
}

impl Count {
    /// The grade by this formula; `None` if the text is too short.
    pub fn grade(self, measure: Measure) -> Option<f64> {
        if self.words < GRADED_FROM_WORDS {
            return None;
        }
        let float = |count: usize| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
        let ratio = |a: usize, b: usize| float(a) / float(b);
        let (per_sentence, per_word) = (ratio(self.words, self.sentences), ratio(self.syllables, self.words));
        Some(match measure {
            Measure::FernandezHuerta => 206.84 - 60.0 * per_word - 1.02 * per_sentence,
            Measure::FleschKincaid => 0.39 * per_sentence + 11.8 * per_word - 15.59,
        })
    }

    /// How the text stands to the bar.
    pub fn ease(self, measure: Measure) -> Ease {
        let Some(grade) = self.grade(measure) else { return Ease::Good };
        let over = match measure {
            Measure::FernandezHuerta => (SPANISH_EASE_MIN - grade) / SPANISH_DOUBT,
            Measure::FleschKincaid => (grade - ENGLISH_GRADE_MAX) / ENGLISH_DOUBT,
        };
        if over <= 0.0 {
            Ease::Good
        } else if over <= 1.0 {
            Ease::AtTheBar(grade)
        } else {
            Ease::Hard(grade)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::languages::Languages;
    use std::collections::BTreeMap;

    fn measured(language: &str) -> (Languages, Measure) {
        let languages = Languages::default();
        let measure = languages.rules(language).and_then(|rules| rules.lexicon().measure());
        (languages, measure.expect("a formula"))
    }

    #[test]
    fn what_is_heard_is_counted_and_graded() {
        // Language, text, words, sentences, syllables, longest sentence, grade in tenths.
        for (language, text, words, sentences, syllables, longest, grade) in [
            // 0.39·14 + 11.8·19/14 − 15.59
            ("en", "If this is a medical emergency, hang up now and call 9 1 1.", 14, 1, 19, 14, Some(59)),
            // 206.84 − 60·26/13 − 1.02·13
            ("es", "Si es una emergencia médica, cuelgue ahora y llame al 9 1 1.", 13, 1, 26, 13, Some(736)),
            ("en", "This is the Riverside Clinic.", 5, 1, 8, 5, None),
            ("en", "Dr. Ruiz is here. Call 911! Or wait; we come.", 12, 4, 12, 4, Some(-26)),
            ("en", "Your visit is at 3.30 with {provider}, at the clinic.", 12, 1, 16, 12, Some(48)),
            ("es", "¿Es por la Sra. Gómez? Marque 1. Si no, espere.", 10, 3, 15, 5, Some(1134)),
            ("en", "We are open from 8 a.m. to 5 p.m. on weekdays.", 13, 1, 15, 13, Some(31)),
            ("en", "... ?! 。 —", 0, 0, 0, 0, None),
            ("en", "", 0, 0, 0, 0, None),
        ] {
            let (languages, measure) = measured(language);
            let found = count(text, languages.rules(language).expect("rules"));
            assert_eq!(found, Count { words, sentences, syllables, longest }, "{text}");
            let tenths = found.grade(measure).map(|grade| (grade * 10.0).round());
            assert_eq!(tenths, grade.map(f64::from), "{text}");
        }
    }

    #[test]
    fn over_the_bar_by_less_than_the_counting_may_be_wrong_is_only_worth_a_look() {
        // Twenty words in two sentences; one syllable more or less is 0.59 grades, or three points.
        let of = |syllables| Count { words: 20, sentences: 2, syllables, longest: 10 };
        let shown = |syllables, language| match of(syllables).ease(measured(language).1) {
            Ease::Good => "good",
            Ease::AtTheBar(_) => "at the bar",
            Ease::Hard(_) => "hard",
        };
        for (language, syllables, expected) in [
            ("en", 30, "good"),
            ("en", 31, "at the bar"),
            ("en", 32, "at the bar"),
            ("en", 33, "hard"),
            ("es", 45, "good"),
            ("es", 46, "at the bar"),
            ("es", 47, "at the bar"),
            ("es", 48, "hard"),
        ] {
            let grade = of(syllables).grade(measured(language).1);
            assert_eq!(shown(syllables, language), expected, "{language} {syllables} {grade:?}");
        }
    }

    #[test]
    fn every_shipped_text_is_easy() {
        let text = include_str!("../../../ivr-flows/prompts.yaml");
        let prompts: BTreeMap<String, BTreeMap<String, serde_yaml::Value>> =
            serde_yaml::from_str(text).unwrap();
        for (name, texts) in &prompts {
            for language in ["en", "es"] {
                let Some(text) = texts.get(language).and_then(serde_yaml::Value::as_str) else { continue };
                let (languages, measure) = measured(language);
                let count = count(text, languages.rules(language).expect("rules"));
                assert_eq!(count.ease(measure), Ease::Good, "{name} {language} {count:?}: {text}");
            }
        }
    }
}
