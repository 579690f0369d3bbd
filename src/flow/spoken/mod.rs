//! How values are spoken: numbers, dates, times, money, telephone numbers and codes, by each language's own rules.
//!
//! ```text
//! languages/en.yaml ──entries──▶ rules ──say──▶ pieces ──▶ recorded sounds, or the text for a voice
//! ```
//! Nothing of a language is in this code: number words, the order of a date, genders and plurals, the parts of a day
//! and the names of letters are data ([`rules`]). What can be said is a closed set of pieces, so that each can be
//! recorded. Not here: which value a prompt's slot has, and playing.

pub mod lexicon;
pub mod manner;
pub mod piece;
pub mod read;
pub mod rules;

mod numbers;
mod plural;
mod template;
#[cfg(test)]
mod tests;

use crate::flow::value::{Date, Money, TimeOfDay};
use crate::limits::SPOKEN_CHARACTERS_MAX;
use numbers::{NUMBER_IN_WORDS_MAX, SetAt, Speech, say};
use piece::Piece;
use plural::OTHER;
use rules::{Field, Pattern, Rules};
use std::time::Duration;
use template::Part;
use thiserror::Error;

/// A value, and the manner in which it is spoken.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Say<'a> {
    /// A number, by itself: `twelve`. Over 999 999 999 its digits.
    Number(i64),
    /// A number by a set of the language's own, such as `ordinal` or `feminine`.
    NumberBy(u64, &'a str),
    /// A number and a noun of the language's file: `twenty-one days`, `veintiún días`.
    Counted(i64, &'a str),
    /// `Tuesday`.
    Weekday(Date),
    /// `March third`.
    Date(Date),
    /// `March third, nineteen fifty-eight`.
    DateWithYear(Date),
    /// `Tuesday, March third`.
    FullDate(Date),
    /// `nine thirty in the morning`.
    Time(TimeOfDay),
    /// `at nine thirty in the morning`, with whatever article the hour wants.
    AtTime(TimeOfDay),
    /// `one hour and thirty minutes`: the two greatest parts that are not nothing.
    Duration(Duration),
    /// `twelve dollars and five cents`.
    Money(Money),
    /// A telephone number's digits in groups; what is no digit is passed over.
    Phone(&'a str),
    /// A code, character by character, each letter with a word that begins with it.
    Code(&'a str),
}

/// Why a value cannot be spoken. Nothing of the value is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Unspeakable {
    /// There is nothing in it.
    #[error("there is nothing to say")]
    Nothing,
    /// A code with a character that has no name in this language.
    #[error("a character has no name in this language")]
    Character,
    /// More characters than are spoken.
    #[error("it has more than {SPOKEN_CHARACTERS_MAX} characters")]
    TooLong,
    /// A noun that the language's file does not have.
    #[error("the language has no such noun")]
    Noun,
    /// A set of number words that the language's file does not have.
    #[error("the language has no such set of numbers")]
    Set,
}

impl Rules {
    /// The pieces of a value in their order; [`piece::text`] joins them.
    ///
    /// # Errors
    /// [`Unspeakable`], by what is wrong with the value or the name.
    pub fn say(&self, what: Say<'_>) -> Result<Vec<&Piece>, Unspeakable> {
        let mut speech = Speech::new();
        self.speak(what, &mut speech)?;
        if speech.pieces.is_empty() {
            return Err(Unspeakable::Nothing);
        }
        Ok(speech.pieces.iter().map(|at| self.pieces.get(*at)).collect())
    }

    fn speak(&self, what: Say<'_>, speech: &mut Speech) -> Result<(), Unspeakable> {
        match what {
            Say::Number(number) => self.signed(number, speech, |speech, number| {
                self.number(number, self.cardinal, speech);
            }),
            Say::NumberBy(number, set) => {
                let set = self.set_names.iter().position(|name| name == set).ok_or(Unspeakable::Set)?;
                self.number(number, SetAt(set), speech);
            }
            Say::Counted(number, noun) => {
                self.nouns.get(noun).ok_or(Unspeakable::Noun)?;
                self.signed(number, speech, |speech, number| {
                    // Its noun was looked for above.
                    let _ = self.counted(number, noun, speech);
                });
            }
            Say::Weekday(date) => speech.pieces.extend(self.weekdays.get(&weekday(date))),
            Say::Date(date) => self.date(date, Pattern::Date, speech),
            Say::DateWithYear(date) => self.date(date, Pattern::DateWithYear, speech),
            Say::FullDate(date) => self.date(date, Pattern::FullDate, speech),
            Say::Time(time) => self.time(time, Pattern::Time, speech),
            Say::AtTime(time) => self.time(time, Pattern::AtTime, speech),
            Say::Duration(duration) => self.duration(duration, speech)?,
            Say::Money(money) => {
                self.signed(money.cents(), speech, |speech, cents| self.money(cents, speech))
            }
            Say::Phone(number) => self.phone_number(number, speech)?,
            Say::Code(code) => self.code(code, speech)?,
        }
        Ok(())
    }

    /// Whether the day of a month is said before the month.
    fn day_comes_first(&self) -> bool {
        let parts = self.patterns.get(&(Pattern::Date, OTHER.to_owned()));
        let fields = parts.into_iter().flatten().filter_map(|part| match part {
            Part::Field(field) => Some(field.name),
            Part::Said(_) => None,
        });
        fields.into_iter().find(|name| matches!(*name, "day" | "month")) == Some("day")
    }

    fn number(&self, number: u64, set: SetAt, speech: &mut Speech) {
        if number <= NUMBER_IN_WORDS_MAX {
            return say(&self.sets, set, number, speech);
        }
        let mut divisor = 10u64.pow(number.ilog10());
        while divisor > 0 {
            say(&self.sets, self.digit, number / divisor % 10, speech);
            divisor /= 10;
        }
    }

    /// What is under zero is said as the amount and the language's word for less.
    fn signed(&self, number: i64, speech: &mut Speech, amount: impl Fn(&mut Speech, u64)) {
        if number >= 0 {
            return amount(speech, number.unsigned_abs());
        }
        self.fill(Pattern::Less, OTHER, speech, &|_, speech| amount(speech, number.unsigned_abs()));
    }

    fn counted(&self, number: u64, noun: &str, speech: &mut Speech) -> Result<(), Unspeakable> {
        let noun = self.nouns.get(noun).ok_or(Unspeakable::Noun)?;
        let form = self.plurals.form(number);
        let forms = noun.forms.get(form).or_else(|| noun.forms.get(OTHER));
        self.fill(Pattern::Counted, form, speech, &|field, speech| match field.name {
            "count" => self.number(number, noun.numbers.unwrap_or(field.set), speech),
            _ => said(forms, speech),
        });
        Ok(())
    }

    fn date(&self, date: Date, pattern: Pattern, speech: &mut Speech) {
        let form = self.plurals.form(u64::from(date.day()));
        self.fill(pattern, form, speech, &|field, speech| match field.name {
            "weekday" => speech.pieces.extend(self.weekdays.get(&weekday(date))),
            "month" => speech.pieces.extend(self.months.get(&u64::from(date.month()))),
            "day" => self.number(u64::from(date.day()), field.set, speech),
            _ => self.number(u64::from(date.year()), field.set, speech),
        });
    }

    fn time(&self, time: TimeOfDay, pattern: Pattern, speech: &mut Speech) {
        let hour = u64::from(time.hour() % self.hours);
        let form = self.plurals.form(hour);
        self.fill(pattern, form, speech, &|field, speech| match field.name {
            "hour" => self.number(hour, field.set, speech),
            "minute" => self.number(u64::from(time.minute()), field.set, speech),
            _ => {
                let part = self.parts_of_day.range(..=time.minutes()).next_back();
                said(part.map(|(_, words)| words), speech);
            }
        });
    }

    fn duration(&self, duration: Duration, speech: &mut Speech) -> Result<(), Unspeakable> {
        let seconds = duration.as_secs();
        let parts = [
            (seconds / 86_400, "days"),
            (seconds / 3_600 % 24, "hours"),
            (seconds / 60 % 60, "minutes"),
            (seconds % 60, "seconds"),
        ];
        let mut said = parts.into_iter().filter(|(count, _)| *count > 0);
        let first = said.next().unwrap_or((0, "seconds"));
        self.two(Pattern::Duration, first, said.next(), speech)
    }

    fn money(&self, cents: u64, speech: &mut Speech) {
        let (whole, part) = ((cents / 100, "money"), (cents % 100, "money_part"));
        let said = match (whole.0, part.0) {
            (0, 1..) => self.two(Pattern::Money, part, None, speech),
            (_, 0) => self.two(Pattern::Money, whole, None, speech),
            (1.., 1..) => self.two(Pattern::Money, whole, Some(part), speech),
        };
        debug_assert_eq!(said, Ok(()), "its nouns are in every language's file");
    }

    /// One counted noun, or two by a pattern.
    fn two(
        &self,
        pattern: Pattern,
        first: (u64, &str),
        second: Option<(u64, &str)>,
        speech: &mut Speech,
    ) -> Result<(), Unspeakable> {
        let Some(second) = second else { return self.counted(first.0, first.1, speech) };
        for (_, noun) in [first, second] {
            self.nouns.get(noun).ok_or(Unspeakable::Noun)?;
        }
        self.fill(pattern, OTHER, speech, &|field, speech| {
            let (number, noun) = if field.name == "first" { first } else { second };
            // Its noun was looked for above.
            let _ = self.counted(number, noun, speech);
        });
        Ok(())
    }

    fn phone_number(&self, number: &str, speech: &mut Speech) -> Result<(), Unspeakable> {
        let digits: Vec<u64> = number.chars().filter_map(|c| c.to_digit(10).map(u64::from)).collect();
        if digits.len() > SPOKEN_CHARACTERS_MAX {
            return Err(Unspeakable::TooLong);
        }
        let by_three = vec![3; digits.len().div_ceil(3)];
        let groups = self.phone.get(&digits.len()).unwrap_or(&by_three);
        let mut rest = digits.as_slice();
        for group in groups {
            let (now, later) = rest.split_at((*group).min(rest.len()));
            if !speech.pieces.is_empty() && !now.is_empty() {
                speech.push(self.pause);
            }
            now.iter().for_each(|digit| say(&self.sets, self.digit, *digit, speech));
            rest = later;
        }
        Ok(())
    }

    fn code(&self, code: &str, speech: &mut Speech) -> Result<(), Unspeakable> {
        if code.chars().count() > SPOKEN_CHARACTERS_MAX {
            return Err(Unspeakable::TooLong);
        }
        for c in code.chars().filter(|c| !matches!(c, ' ' | '-' | '.')) {
            if !speech.pieces.is_empty() {
                speech.push(self.pause);
            }
            let lower = c.to_lowercase().next().unwrap_or(c);
            match (c.to_digit(10), self.letters.get(&lower)) {
                (Some(digit), _) => say(&self.sets, self.digit, u64::from(digit), speech),
                (None, Some(letter)) => said(Some(letter), speech),
                (None, None) => return Err(Unspeakable::Character),
            }
        }
        Ok(())
    }

    /// Says a pattern in the form that fits, or its only one.
    fn fill(&self, pattern: Pattern, form: &str, speech: &mut Speech, field: &dyn Fn(&Field, &mut Speech)) {
        let parts = self.patterns.get(&(pattern, form.to_owned()));
        let parts = parts.or_else(|| self.patterns.get(&(pattern, OTHER.to_owned())));
        for part in parts.into_iter().flatten() {
            match part {
                Part::Said(piece) => speech.push(*piece),
                Part::Field(of) => field(of, speech),
            }
        }
    }
}

/// 1 is Monday.
fn weekday(date: Date) -> u64 {
    u64::from(date.weekday()) + 1
}

/// Words without fields.
fn said(words: Option<&Vec<Part<Field>>>, speech: &mut Speech) {
    for part in words.into_iter().flatten() {
        match part {
            Part::Said(piece) => speech.push(*piece),
            Part::Field(_) => {}
        }
    }
}
