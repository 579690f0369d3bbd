//! A prompt with its values filled in: a row of recordings, and stretches for which there is none and a voice speaks.
//!
//! ```text
//! I have {day:day} at {time}, with {who}.
//! id.1 · say/tuesday · id.2 · say/nine · say/thirty · say/in-the-morning · id.3 · ⟨voice: Dr. Lee⟩
//! ```
//! A value is spoken by recordings only if all of its pieces are recorded: half a date by another voice is worse than all
//! of it. Each stretch for a voice brings along what can be said in its place if the voice fails: numbers alone.
//! Nothing here is printed: a value may tell of a patient.

use crate::flow::saved::Saved;
use crate::flow::slots::how::{How, Kind, how};
use crate::flow::slots::{self, Slot};
use crate::flow::spoken::manner::Manner;
use crate::flow::spoken::piece::{PAUSE_NAME, Piece, text};
use crate::flow::spoken::rules::Rules;
use crate::flow::spoken::{Say, Unspeakable};
use crate::id::PromptName;
use crate::limits::VOICE_TEXT_MAX_CHARACTERS;
use crate::phi::Phi;
use std::collections::BTreeSet;
use std::time::Duration;

/// The folder of pieces among the sounds of a language.
const PIECES: &str = "say/";
/// What the recording of a choice begins with.
const NAMES: &str = "say.";

/// One language's way of speaking values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Speaker {
    /// Its rules.
    pub rules: Rules,
    /// The recordings that there are, of pieces (`say/march`) and of choices (`say.checkup`).
    pub recorded: BTreeSet<PromptName>,
}

/// A part of what is heard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// This recording.
    Recorded(PromptName),
    /// This text by a voice.
    ForVoice {
        /// What it says.
        text: Phi<String>,
        /// What is said if it fails; nothing if only a person can help.
        instead: Vec<PromptName>,
    },
}

/// Why a prompt cannot be spoken: a person must help. Nothing of a value is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Silent {
    /// A slot has no value.
    #[error("a slot has no value")]
    NoValue,
    /// The value is empty, or so long that nobody would follow it.
    #[error("a value has nothing to be said, or too much")]
    Value,
    /// A value of this kind is not spoken, or not in this manner.
    #[error("a value has no such manner")]
    Manner,
}

/// The recording of a piece.
pub fn recording(piece: &Piece) -> PromptName {
    PromptName::from(format!("{PIECES}{}", piece.name).as_str())
}

/// The recording of a choice.
pub fn name_recording(choice: &str) -> PromptName {
    PromptName::from(format!("{NAMES}{choice}").as_str())
}

/// The row of a prompt. `value` knows the values of slots.
///
/// # Errors
/// [`Silent`] if a slot can be spoken by nobody.
pub fn row<'a>(
    prompt: &[slots::Part],
    speaker: &Speaker,
    value: &dyn Fn(&str) -> Option<&'a Saved>,
) -> Result<Vec<Part>, Silent> {
    let mut row = Vec::with_capacity(prompt.len() * 4);
    for part in prompt {
        match part {
            slots::Part::Segment(segment) => row.push(Part::Recorded(segment.recording.clone())),
            slots::Part::Slot(slot) => {
                let value = value(&slot.name).ok_or(Silent::NoValue)?;
                speaker.fill(slot, value, &mut row)?;
            }
        }
    }
    Ok(row)
}

impl Speaker {
    fn fill(&self, slot: &Slot, value: &Saved, row: &mut Vec<Part>) -> Result<(), Silent> {
        let how = how(kind(value), slot.manner.as_deref(), &self.rules).map_err(|_| Silent::Manner)?;
        match how {
            How::ByRules(manner) => {
                let what = say(manner, value).ok_or(Silent::Manner)?;
                self.by_rules(what, value, row)
            }
            How::ByName => {
                let name = word(value).ok_or(Silent::Manner)?;
                let recording = name_recording(name);
                if self.recorded.contains(&recording) {
                    row.push(Part::Recorded(recording));
                    return Ok(());
                }
                self.by_voice(&name.replace(['_', '-', '.'], " "), Vec::new(), row)
            }
            How::ByVoice => {
                let words = word(value).ok_or(Silent::Manner)?;
                self.by_voice(words, self.digits_alone(words), row)
            }
        }
    }

    fn by_rules(&self, what: Say<'_>, value: &Saved, row: &mut Vec<Part>) -> Result<(), Silent> {
        match self.rules.say(what) {
            Ok(pieces) => {
                if let Some(recordings) = self.recordings(&pieces) {
                    row.extend(recordings.into_iter().map(Part::Recorded));
                    return Ok(());
                }
                self.by_voice(&text(&pieces), self.numbers_alone(what), row)
            }
            // A voice reads what has no name in the language.
            Err(Unspeakable::Character) => self.by_voice(word(value).ok_or(Silent::Value)?, Vec::new(), row),
            Err(Unspeakable::Nothing | Unspeakable::TooLong) => Err(Silent::Value),
            Err(Unspeakable::Noun | Unspeakable::Set) => Err(Silent::Manner),
        }
    }

    fn by_voice(&self, words: &str, instead: Vec<PromptName>, row: &mut Vec<Part>) -> Result<(), Silent> {
        let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
        let is_said = words.contains(char::is_alphanumeric);
        if !is_said || words.chars().count() > VOICE_TEXT_MAX_CHARACTERS {
            return Err(Silent::Value);
        }
        row.push(Part::ForVoice { text: Phi::new(words), instead });
        Ok(())
    }

    /// All of the pieces, or `None` if one of them is not recorded.
    fn recordings(&self, pieces: &[&Piece]) -> Option<Vec<PromptName>> {
        let recording = |piece: &&Piece| {
            let name = recording(piece);
            (piece.name == PAUSE_NAME || self.recorded.contains(&name)).then_some(name)
        };
        pieces.iter().map(recording).collect()
    }

    /// What can be said in numbers, each by recordings: as a number, or digit by digit.
    fn numbers_alone(&self, what: Say<'_>) -> Vec<PromptName> {
        let mut said: Vec<PromptName> = Vec::new();
        for what in self.rules.numbers_of(what) {
            let digits = match what {
                Say::Number(number) => number.to_string(),
                _ => String::new(),
            };
            let ways = [what, Say::Phone(&digits)];
            let spoken = ways.into_iter().filter_map(|way| self.rules.say(way).ok());
            let Some(recordings) = spoken.into_iter().find_map(|pieces| self.recordings(&pieces)) else {
                return Vec::new();
            };
            if !said.is_empty() {
                said.push(PromptName::from(format!("{PIECES}{PAUSE_NAME}").as_str()));
            }
            said.extend(recordings);
        }
        said
    }

    /// A text of digits and what parts them can be said without a voice; no other can.
    fn digits_alone(&self, words: &str) -> Vec<PromptName> {
        let plain = |c: char| c.is_ascii_digit() || " -.()+".contains(c);
        if words.chars().all(plain) { self.numbers_alone(Say::Phone(words)) } else { Vec::new() }
    }
}

const fn kind(value: &Saved) -> Kind {
    match value {
        Saved::Text(_) => Kind::Text,
        Saved::Digits(_) => Kind::Digits,
        Saved::Number(_) => Kind::Number,
        Saved::Date(_) => Kind::Date,
        Saved::Time(_) => Kind::Time,
        Saved::Duration(_) => Kind::Duration,
        Saved::Money(_) => Kind::Money,
        Saved::Phone(_) => Kind::Phone,
        Saved::Choice(_) | Saved::Bool(_) => Kind::Choice,
        Saved::List(_) => Kind::List,
    }
}

/// A value that is words.
fn word(value: &Saved) -> Option<&str> {
    match value {
        Saved::Text(word) | Saved::Digits(word) | Saved::Phone(word) | Saved::Choice(word) => Some(word),
        Saved::Bool(true) => Some("yes"),
        Saved::Bool(false) => Some("no"),
        Saved::Number(_)
        | Saved::Date(_)
        | Saved::Time(_)
        | Saved::Duration(_)
        | Saved::Money(_)
        | Saved::List(_) => None,
    }
}

/// A value in a manner; `None` if its type has no such manner.
fn say<'a>(manner: Manner<'a>, value: &'a Saved) -> Option<Say<'a>> {
    Some(match (manner, value) {
        (Manner::Number, Saved::Number(number)) => Say::Number(*number),
        (Manner::NumberBy(set), Saved::Number(number)) => match u64::try_from(*number) {
            Ok(number) => Say::NumberBy(number, set),
            Err(_) => Say::Number(*number),
        },
        (Manner::Counted(noun), Saved::Number(number)) => Say::Counted(*number, noun),
        (Manner::Weekday, Saved::Date(date)) => Say::Weekday(*date),
        (Manner::Date, Saved::Date(date)) => Say::Date(*date),
        (Manner::DateWithYear, Saved::Date(date)) => Say::DateWithYear(*date),
        (Manner::FullDate, Saved::Date(date)) => Say::FullDate(*date),
        (Manner::Time, Saved::Time(time)) => Say::Time(*time),
        (Manner::AtTime, Saved::Time(time)) => Say::AtTime(*time),
        (Manner::Duration, Saved::Duration(seconds)) => {
            Say::Duration(Duration::from_secs(u64::try_from(*seconds).ok()?))
        }
        (Manner::Money, Saved::Money(money)) => Say::Money(*money),
        (Manner::Phone, Saved::Digits(digits) | Saved::Phone(digits)) => Say::Phone(digits),
        (Manner::Code, Saved::Text(code) | Saved::Digits(code) | Saved::Phone(code)) => Say::Code(code),
        _ => return None,
    })
}

#[cfg(test)]
mod tests;
