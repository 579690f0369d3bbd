//! What is said to who closes lines by phone: one table of prompts of prompts.yaml, with the keys that each offers and
//! the slots that it may have. No step speaks them; they are checked, recorded and published like all others.

use crate::flow::expression::types::Type;
use crate::id::PromptName;

/// One of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Word {
    /// Asks for the PIN.
    Pin,
    /// It was wrong.
    WrongPin,
    /// It was wrong too often: goodbye.
    Refused,
    /// Wrong too often in other calls: nobody looks at it now.
    Locked,
    /// Nothing is closed.
    NothingClosed,
    /// All lines are closed.
    AllClosed,
    /// A line is closed.
    LineClosed,
    /// More are closed than are told.
    More,
    /// Until the end of today.
    UntilToday,
    /// Until a day and a time.
    UntilTime,
    /// Close or open?
    What,
    /// All lines or one?
    Which,
    /// Asks for the number of a line.
    Line,
    /// There is no such line.
    NoLine,
    /// That line is never closed.
    Urgent,
    /// What shall be opened is not closed.
    NotClosed,
    /// Until when?
    Until,
    /// Asks for the time.
    Time,
    /// There is no such time.
    NoTime,
    /// That time is past.
    Past,
    /// Shall callers hear this?
    Take,
    /// What follows on it?
    Then,
    /// All lines will be closed.
    CloseAll,
    /// A line will be closed.
    CloseLine,
    /// Callers then come to the hours without anybody.
    ThenAfterHours,
    /// Callers then go on as always.
    ThenOpen,
    /// All lines will be open.
    OpenAll,
    /// A line will be open.
    OpenLine,
    /// Is this right?
    Confirm,
    /// It is done.
    Done,
    /// It is not done.
    Failed,
}

/// A row of the table.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// Which.
    pub word: Word,
    /// The prompt's name.
    pub name: &'static str,
    /// The keys that it offers, and must.
    pub keys: &'static [u8],
    /// The slots that it may have.
    pub slots: &'static [Slot],
}

/// What a prompt may have a slot for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slot {
    /// The number of a line.
    Line,
    /// A day.
    Day,
    /// A time of day.
    Time,
}

impl Slot {
    /// As texts write it.
    pub const fn name(self) -> &'static str {
        match self {
            Slot::Line => "line",
            Slot::Day => "day",
            Slot::Time => "time",
        }
    }

    /// The type of what fills it.
    pub const fn kind(self) -> Type {
        match self {
            Slot::Line => Type::Phone,
            Slot::Day => Type::Date,
            Slot::Time => Type::Time,
        }
    }
}

const fn row(word: Word, name: &'static str, keys: &'static [u8]) -> Row {
    Row { word, name, keys, slots: &[] }
}

const fn with_line(word: Word, name: &'static str) -> Row {
    Row { word, name, keys: &[], slots: &[Slot::Line] }
}

/// All of them.
pub static WORDS: [Row; 31] = [
    row(Word::Pin, "cp.pin", &[]),
    row(Word::WrongPin, "cp.wrong_pin", &[]),
    row(Word::Refused, "cp.refused", &[]),
    row(Word::Locked, "cp.locked", &[]),
    row(Word::NothingClosed, "cp.nothing_closed", &[]),
    row(Word::AllClosed, "cp.all_closed", &[]),
    with_line(Word::LineClosed, "cp.line_closed"),
    row(Word::More, "cp.more", &[]),
    row(Word::UntilToday, "cp.until_today", &[]),
    Row { word: Word::UntilTime, name: "cp.until_time", keys: &[], slots: &[Slot::Day, Slot::Time] },
    row(Word::What, "cp.what", &[1, 3, 5]),
    row(Word::Which, "cp.which", &[1, 3]),
    row(Word::Line, "cp.line", &[]),
    row(Word::NoLine, "cp.no_line", &[]),
    row(Word::Urgent, "cp.urgent", &[]),
    row(Word::NotClosed, "cp.not_closed", &[]),
    row(Word::Until, "cp.until", &[1, 3, 5]),
    row(Word::Time, "cp.time", &[]),
    row(Word::NoTime, "cp.no_time", &[]),
    row(Word::Past, "cp.past", &[]),
    row(Word::Take, "cp.take", &[1, 3]),
    row(Word::Then, "cp.then", &[1, 3]),
    row(Word::CloseAll, "cp.close_all", &[]),
    with_line(Word::CloseLine, "cp.close_line"),
    row(Word::ThenAfterHours, "cp.then_after_hours", &[]),
    row(Word::ThenOpen, "cp.then_open", &[]),
    row(Word::OpenAll, "cp.open_all", &[]),
    with_line(Word::OpenLine, "cp.open_line"),
    row(Word::Confirm, "cp.confirm", &[1, 3]),
    row(Word::Done, "cp.done", &[]),
    row(Word::Failed, "cp.failed", &[]),
];

impl Word {
    /// Its row.
    pub fn row(self) -> &'static Row {
        // In the order of the words: a test compares.
        &WORDS[self as usize]
    }

    /// Its prompt.
    pub fn prompt(self) -> PromptName {
        PromptName::from(self.row().name)
    }
}

/// The row of a prompt, if it is one of these.
pub fn named(prompt: &str) -> Option<&'static Row> {
    WORDS.iter().find(|row| row.name == prompt)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::check::spoken_keys;
    use crate::flow::languages::Languages;
    use crate::flow::shipped::FILES;
    use crate::wire::telephone_event::Key;

    #[test]
    fn every_word_stands_in_its_row_and_is_shipped_in_both_languages_with_its_keys() {
        let languages = Languages::default();
        let prompts = FILES.iter().find(|(name, _)| *name == "prompts.yaml").unwrap().1;
        for (at, row) in WORDS.iter().enumerate() {
            assert_eq!((row.word as usize, row.word.row().name), (at, row.name));
            let text =
                prompts.split(&format!("\n{}:\n", row.name)).nth(1).unwrap_or_else(|| panic!("{}", row.name));
            for (line, language) in text.lines().zip(["en", "es"]) {
                let rules = languages.rules(language).unwrap();
                let said = spoken_keys::read(line, rules.lexicon());
                let digits = said.iter().filter_map(|told| match told.key {
                    Key::Digit(digit) => Some(digit),
                    Key::Star | Key::Pound | Key::Letter(_) => None,
                });
                assert_eq!(digits.collect::<Vec<_>>(), row.keys, "{}: {line}", row.name);
            }
        }
    }
}
