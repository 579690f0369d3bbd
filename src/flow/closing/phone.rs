//! Closing by phone: the dialogue, from the PIN to "it is done".
//!
//! ```text
//! Pin ─right─▶ what is closed, then What ─1 close─▶ Which ─1 all, 3 one─▶ Line ─▶ Until ─▶ Time ─▶ Message ─▶ Then ─▶ Confirm
//!  │ wrong, locked       ▲ │ 5 nothing      │ 3 open ▲                                                                  │ 1
//!  ▼                     │ ▼                ▼        └────────────────────── Line ──────────────────▶ Confirm ───────────┤
//! goodbye                │ goodbye                                                                                      ▼
//!                        └──────────────────── what is closed now, behind "it is done" or "it is not" ◀──── asked to be changed
//! ```
//! Nothing is changed before the 1 that confirms what was read back; who hangs up before it has changed nothing. The end is
//! always asked for. The PIN leaves this machine in one order and is kept nowhere.
//!
//! While a caller types all digits are data, by the rules of [`Entry`]; in a choice 0, 9 and 4 are looked at before a key comes
//! here. Silences and wrong keys lead to a person as they do everywhere: who has come here by mistake may be ill.
//!
//! Not here: who may call ([`super::pin`], the switch), playing, the file.

mod choosing;
mod typing;
pub mod words;

use super::change::Change;
use super::pin::Verdict;
use super::{Closings, Numbers};
use crate::clock::{Due, Instant, WallTime};
use crate::flow::action::Why;
use crate::flow::entry::ask::{Digits, Timers};
use crate::flow::entry::{Entry, SayId};
use crate::flow::hours::until;
use crate::flow::program::Own;
use crate::flow::saved::{Saved, Today};
use crate::id::PromptName;
use crate::limits::{CLOSINGS_TOLD_MAX, ENGINE_ANSWER_MAX, PIN_TRIES, PROMPT_MAX};
use crate::phi::Phi;
use crate::wire::telephone_event::Key;
use choosing::Thinking;
use jiff::tz::TimeZone;
use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;
use words::{Slot, Word};

/// What the dialogue is about: taken from the set when the call comes to it.
#[derive(Clone, Debug, PartialEq)]
pub struct Subject {
    /// The clinic's numbers without separators, and whether each may be closed.
    pub lines: Vec<(String, MayClose)>,
    /// The prompts that are kept for closings.
    pub messages: Vec<PromptName>,
    /// On which clock an end is meant.
    pub zone: TimeZone,
    /// Its IANA name.
    pub zone_name: String,
    /// How long a caller may think and type.
    pub timers: Timers,
    /// Misses in one question after which a person is got.
    pub tries: u32,
    /// The keys of the emergency number.
    pub emergency: Digits,
    /// The keys of the crisis line.
    pub crisis: Digits,
}

/// Whether a number may be closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MayClose {
    /// It may.
    Yes,
    /// It leads to an urgent flow.
    Never,
}

/// The time on both lines.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// For every timer.
    pub at: Instant,
    /// For ends of closings.
    pub wall: WallTime,
}

/// What happens to the dialogue.
#[derive(Clone, Debug)]
pub enum Input {
    /// A key was pressed.
    Key(Key),
    /// The words of the last [`Output::Say`] ended.
    Said,
    /// [`Dialogue::poll_timeout`] is due.
    Timeout,
    /// The answer to an [`Order`].
    Answer(Answer),
}

/// What the dialogue asks the engine for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Order {
    /// Look at this PIN.
    Unlock(Phi<Digits>),
    /// Change what is closed.
    Change(Change),
}

/// What came of an [`Order`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Of a PIN; with what is closed.
    Pin(Verdict, Arc<Closings>),
    /// The change is kept: that is closed now.
    Kept(Arc<Closings>),
    /// The change could not be kept: all is as it was.
    NotKept,
}

/// Words, and what fills their slots.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Phrase {
    /// The prompt.
    pub prompt: PromptName,
    /// The values of its slots.
    pub values: Vec<(&'static str, Saved)>,
}

/// Whether words are said for the first time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Telling {
    /// They are.
    New,
    /// The caller asked for them with star.
    Again,
}

/// What the dialogue wants done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// Speak in place of whatever is heard now; [`Input::Said`] follows.
    Say(Vec<Phrase>, Telling),
    /// Be silent: the caller types.
    Hush,
    /// Ask the engine; [`Input::Answer`] follows.
    Ask(Order),
    /// A miss, for the event log.
    Missed {
        /// True for silence.
        silence: bool,
        /// The how-manieth in this question.
        count: u32,
    },
    /// The dialogue is over. The last output.
    Done(Outcome),
}

/// How the dialogue ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// With these last words.
    Over(Vec<Phrase>),
    /// With a person.
    Person(Why),
}

/// The dialogue of one call. Its `Debug` shows no digits.
#[derive(Clone, Debug)]
pub struct Dialogue {
    subject: Arc<Subject>,
    closings: Arc<Closings>,
    wrong_pins: u32,
    /// A pound key until then belongs to digits that ended by their number.
    late_pound_until: Option<Instant>,
    state: State,
    outputs: VecDeque<Output>,
}

#[derive(Clone, Debug)]
enum State {
    Typing { what: Typed, entry: Box<Entry>, saying: Option<SayId>, lead: Vec<Phrase> },
    Choosing { menu: Menu, misses: u32, wait: Duration, until: Instant },
    Asked { what: Asked, by: Instant },
    Over,
}

/// What is typed.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Typed {
    Pin,
    Line(Wish),
    Time { numbers: Numbers, day: Day },
}

/// What is chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Menu {
    What,
    Which(Wish),
    Until(Numbers),
    Message { numbers: Numbers, until: WallTime, at: usize },
    Then { numbers: Numbers, until: WallTime, say: PromptName },
    Confirm(Change),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asked {
    Pin,
    Change,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wish {
    Close,
    Open,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Day {
    Today,
    Tomorrow,
}

impl Phrase {
    fn of(word: Word) -> Self {
        Self { prompt: word.prompt(), values: Vec::new() }
    }

    fn with(word: Word, values: Vec<(Slot, Saved)>) -> Self {
        let values = values.into_iter().map(|(slot, value)| (slot.name(), value)).collect();
        Self { prompt: word.prompt(), values }
    }

    fn own(own: Own) -> Self {
        Self { prompt: own.prompt(), values: Vec::new() }
    }
}

impl Dialogue {
    /// Begins with the PIN. `typed` are keys that were pressed before.
    pub fn begin(now: Moment, subject: Arc<Subject>, typed: impl Iterator<Item = Key>) -> Self {
        let state = State::Over;
        let (closings, outputs) = (Arc::default(), VecDeque::new());
        let mut dialogue = Self { subject, closings, wrong_pins: 0, late_pound_until: None, state, outputs };
        dialogue.ask_to_type(now, Typed::Pin, Vec::new());
        for key in typed {
            dialogue.handle(now, Input::Key(key));
        }
        dialogue
    }

    /// Whether all digits are data now.
    pub fn is_typing(&self) -> bool {
        matches!(self.state, State::Typing { .. })
    }

    /// Takes in one thing that happened.
    pub fn handle(&mut self, now: Moment, input: Input) {
        match (std::mem::replace(&mut self.state, State::Over), input) {
            (State::Over, _) => {}
            (typing @ State::Typing { .. }, input) => {
                self.state = typing;
                self.type_on(now, input);
            }
            (State::Choosing { menu, misses, wait, .. }, Input::Said) => {
                self.state = State::Choosing { menu, misses, wait, until: now.at + wait };
            }
            (State::Choosing { menu, misses, wait, until }, Input::Key(Key::Pound))
                if self.late_pound_until.take().is_some_and(|late| now.at <= late) =>
            {
                self.state = State::Choosing { menu, misses, wait, until };
            }
            (State::Choosing { menu, misses, wait, until }, Input::Key(key)) => {
                self.choose(now, menu, key, Thinking { misses, wait, until });
            }
            (State::Choosing { menu, misses, wait, until }, Input::Timeout) if until <= now.at => {
                self.miss(now, menu, Thinking { misses, wait, until }, Why::Silence);
            }
            (State::Asked { what: Asked::Pin, .. }, Input::Answer(Answer::Pin(verdict, closings))) => {
                self.pin_judged(now, verdict, closings);
            }
            (State::Asked { what: Asked::Change, .. }, Input::Answer(Answer::Kept(closings))) => {
                self.closings = closings;
                self.tell_and_ask(now, Word::Done);
            }
            (State::Asked { what: Asked::Change, .. }, Input::Answer(Answer::NotKept)) => {
                self.tell_and_ask(now, Word::Failed);
            }
            (State::Asked { by, .. }, Input::Timeout) if by <= now.at => {
                self.done(Outcome::Person(Why::Fault))
            }
            (state @ (State::Choosing { .. } | State::Asked { .. }), _) => self.state = state,
        }
    }

    /// The next thing to do.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When to hand in [`Input::Timeout`] at the latest.
    pub fn poll_timeout(&self) -> Option<Due> {
        match &self.state {
            State::Typing { entry, .. } => entry.poll_timeout(),
            State::Choosing { until, .. } => Some(Due { at: *until, reason: "the caller thinks" }),
            State::Asked { by, .. } => Some(Due { at: *by, reason: "a change of what is closed" }),
            State::Over => None,
        }
    }

    /// Words that waited may take their time from now on.
    pub fn allow(&mut self, now: Instant) {
        match &mut self.state {
            State::Typing { entry, .. } => entry.allow(now),
            State::Choosing { until, .. } => *until = now + PROMPT_MAX,
            State::Asked { .. } | State::Over => {}
        }
    }

    fn say(&mut self, phrases: Vec<Phrase>, telling: Telling) {
        self.outputs.push_back(Output::Say(phrases, telling));
    }

    fn done(&mut self, outcome: Outcome) {
        self.state = State::Over;
        self.outputs.push_back(Output::Done(outcome));
    }

    fn ask_engine(&mut self, now: Moment, what: Asked, order: Order) {
        self.state = State::Asked { what, by: now.at + ENGINE_ANSWER_MAX };
        self.outputs.push_back(Output::Ask(order));
    }

    fn pin_judged(&mut self, now: Moment, verdict: Verdict, closings: Arc<Closings>) {
        match verdict {
            Verdict::Right => {
                self.closings = closings;
                self.ask(now, Menu::What, self.present(now));
            }
            Verdict::Locked => self.done(Outcome::Over(vec![Phrase::of(Word::Locked)])),
            Verdict::Wrong => {
                self.wrong_pins += 1;
                if self.wrong_pins >= PIN_TRIES {
                    return self.done(Outcome::Over(vec![Phrase::of(Word::Refused)]));
                }
                self.ask_to_type(now, Typed::Pin, vec![Phrase::of(Word::WrongPin)]);
            }
        }
    }

    /// What is closed now, behind `first`; then what is wanted next.
    fn tell_and_ask(&mut self, now: Moment, first: Word) {
        let mut lead = vec![Phrase::of(first)];
        lead.extend(self.present(now));
        self.ask(now, Menu::What, lead);
    }

    /// What is closed now, in words.
    fn present(&self, now: Moment) -> Vec<Phrase> {
        let holding = self.closings.list().iter().rev().filter(|closing| closing.holds(now.wall));
        let mut lines: Vec<(Option<&str>, WallTime)> = Vec::new();
        for closing in holding {
            match &closing.numbers {
                Numbers::All => lines.push((None, closing.until)),
                Numbers::These(numbers) => {
                    lines.extend(numbers.iter().map(|number| (Some(number.as_str()), closing.until)));
                }
            }
        }
        // Of two that close the same, the one that was made last is what callers hear.
        let mut told = BTreeSet::new();
        lines.retain(|(line, _)| told.insert(*line));
        if lines.is_empty() {
            return vec![Phrase::of(Word::NothingClosed)];
        }
        let is_more = lines.len() > CLOSINGS_TOLD_MAX;
        let closed = |line: Option<&str>| match line {
            None => Phrase::of(Word::AllClosed),
            Some(line) => Phrase::with(Word::LineClosed, vec![(Slot::Line, Saved::Phone(line.into()))]),
        };
        let told = lines.into_iter().take(CLOSINGS_TOLD_MAX);
        let mut phrases: Vec<Phrase> =
            told.flat_map(|(line, until)| [closed(line), self.until(now, until)]).collect();
        phrases.extend(is_more.then(|| Phrase::of(Word::More)));
        phrases
    }

    /// An end, in words.
    fn until(&self, now: Moment, end: WallTime) -> Phrase {
        if until::read("24:00", &self.subject.zone, now.wall).is_ok_and(|midnight| midnight.at == end) {
            return Phrase::of(Word::UntilToday);
        }
        let values = Today::at(end, &self.subject.zone)
            .map(|at| vec![(Slot::Day, Saved::Date(at.date)), (Slot::Time, Saved::Time(at.time))]);
        Phrase::with(Word::UntilTime, values.unwrap_or_default())
    }
}

#[cfg(test)]
mod tests;
