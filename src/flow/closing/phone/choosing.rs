//! What who closes lines by phone chooses with a key: the questions, the keys, and the read-back before the last 1.

use super::words::{Slot, Word};
use super::{
    Asked, Day, Dialogue, Menu, Moment, Order, Outcome, Output, Phrase, State, Telling, Typed, Wish,
};
use crate::clock::Instant;
use crate::flow::action::Why;
use crate::flow::closing::change::Change;
use crate::flow::closing::{Closing, Numbers, Then};
use crate::flow::hours::until::{self, NoUntil};
use crate::flow::program::Own;
use crate::flow::saved::Saved;
use crate::limits::PROMPT_MAX;
use crate::wire::telephone_event::Key;
use std::collections::BTreeSet;
use std::time::Duration;

/// How long a choice has been thought about.
#[derive(Clone, Copy, Debug)]
pub(super) struct Thinking {
    pub misses: u32,
    pub wait: Duration,
    pub until: Instant,
}

impl Dialogue {
    /// Asks for a choice, behind what is said first.
    pub(super) fn ask(&mut self, now: Moment, menu: Menu, lead: Vec<Phrase>) {
        self.ask_once_more(now, menu, 0, lead, Telling::New);
    }

    fn ask_once_more(&mut self, now: Moment, menu: Menu, misses: u32, lead: Vec<Phrase>, telling: Telling) {
        let mut phrases = lead;
        phrases.extend(self.question(now, &menu));
        self.say(phrases, telling);
        let wait = self.subject.timers.first_key;
        // Whoever plays tells when the words end; if he never does the caller is not held for ever.
        self.state = State::Choosing { menu, misses, wait, until: now.at + PROMPT_MAX.saturating_mul(2) };
    }

    fn question(&self, now: Moment, menu: &Menu) -> Vec<Phrase> {
        match menu {
            Menu::What => vec![Phrase::of(Word::What)],
            Menu::Which(_) => vec![Phrase::of(Word::Which)],
            Menu::Until(_) => vec![Phrase::of(Word::Until)],
            Menu::Message { at, .. } => {
                let message = self.subject.messages.get(*at).cloned();
                let message = message.map(|prompt| Phrase { prompt, values: Vec::new() });
                message.into_iter().chain([Phrase::of(Word::Take)]).collect()
            }
            Menu::Then { .. } => vec![Phrase::of(Word::Then)],
            Menu::Confirm(change) => self.read_back(now, change),
        }
    }

    /// A change, as it will be, and whether it is right.
    fn read_back(&self, now: Moment, change: &Change) -> Vec<Phrase> {
        let of = |numbers: &Numbers, all: Word, one: Word| match numbers {
            Numbers::All => vec![Phrase::of(all)],
            Numbers::These(numbers) => {
                let line = |number: &String| vec![(Slot::Line, Saved::Phone(number.as_str().into()))];
                numbers.iter().map(|number| Phrase::with(one, line(number))).collect()
            }
        };
        let mut phrases = match change {
            Change::Open(numbers) => of(numbers, Word::OpenAll, Word::OpenLine),
            Change::Close(closing) => {
                let mut phrases = of(&closing.numbers, Word::CloseAll, Word::CloseLine);
                phrases.push(self.until(now, closing.until));
                phrases.push(Phrase { prompt: closing.say.clone(), values: Vec::new() });
                phrases.push(Phrase::of(match closing.then {
                    Then::AfterHours => Word::ThenAfterHours,
                    Then::Open => Word::ThenOpen,
                }));
                phrases
            }
        };
        phrases.push(Phrase::of(Word::Confirm));
        phrases
    }

    pub(super) fn choose(&mut self, now: Moment, menu: Menu, key: Key, thinking: Thinking) {
        let digit = match key {
            Key::Star => return self.ask_once_more(now, menu, thinking.misses, Vec::new(), Telling::Again),
            Key::Pound => return self.more_time(now, menu, thinking),
            Key::Letter(_) => None,
            Key::Digit(digit) => Some(digit),
        };
        match (menu, digit) {
            (Menu::What, Some(1)) => self.ask(now, Menu::Which(Wish::Close), Vec::new()),
            (Menu::What, Some(3)) => self.ask(now, Menu::Which(Wish::Open), Vec::new()),
            (Menu::What, Some(5)) => self.done(Outcome::Over(vec![Phrase::own(Own::Goodbye)])),
            (Menu::Which(wish), Some(1)) => self.chosen(now, wish, Numbers::All),
            (Menu::Which(wish), Some(3)) => self.ask_to_type(now, Typed::Line(wish), Vec::new()),
            (Menu::Until(numbers), Some(1)) => self.end_typed(now, numbers, Day::Today, "24:00"),
            (Menu::Until(numbers), Some(3)) => {
                self.ask_to_type(now, Typed::Time { numbers, day: Day::Today }, Vec::new());
            }
            (Menu::Until(numbers), Some(5)) => {
                self.ask_to_type(now, Typed::Time { numbers, day: Day::Tomorrow }, Vec::new());
            }
            (Menu::Message { numbers, until, at }, Some(1)) => match self.subject.messages.get(at).cloned() {
                Some(say) => self.ask(now, Menu::Then { numbers, until, say }, Vec::new()),
                None => self.done(Outcome::Person(Why::Fault)),
            },
            (Menu::Message { numbers, until, at }, Some(3)) => {
                let at = (at + 1) % self.subject.messages.len().max(1);
                self.ask(now, Menu::Message { numbers, until, at }, Vec::new());
            }
            (Menu::Then { numbers, until, say }, Some(digit @ (1 | 3))) => {
                let then = if digit == 1 { Then::AfterHours } else { Then::Open };
                let zone = self.subject.zone_name.clone();
                let closing = Closing { numbers, until, zone, say, then, by: String::new(), made: now.wall };
                self.ask(now, Menu::Confirm(Change::Close(closing)), Vec::new());
            }
            (Menu::Confirm(change), Some(1)) => self.ask_engine(now, Asked::Change, Order::Change(change)),
            (Menu::Confirm(_), Some(3)) => self.ask(now, Menu::What, self.present(now)),
            (
                menu @ (Menu::What
                | Menu::Which(_)
                | Menu::Until(_)
                | Menu::Message { .. }
                | Menu::Then { .. }
                | Menu::Confirm(_)),
                _,
            ) => self.miss(now, menu, thinking, Why::WrongKeys),
        }
    }

    fn more_time(&mut self, now: Moment, menu: Menu, thinking: Thinking) {
        let Thinking { misses, wait, until } = thinking;
        let more = self.subject.timers.more_time;
        if until - now.at > wait {
            // Something is said yet.
            self.state = State::Choosing { menu, misses, wait: wait + more, until };
            return;
        }
        self.say(vec![Phrase::own(Own::MoreTime)], Telling::New);
        self.state = State::Choosing { menu, misses, wait: wait.max(more), until: now.at + PROMPT_MAX };
    }

    pub(super) fn miss(&mut self, now: Moment, menu: Menu, thinking: Thinking, why: Why) {
        let misses = thinking.misses + 1;
        self.outputs.push_back(Output::Missed { silence: why == Why::Silence, count: misses });
        if misses >= self.subject.tries {
            return self.done(Outcome::Person(why));
        }
        let sorry = if why == Why::Silence { Own::Silence } else { Own::WrongKey };
        self.ask_once_more(now, menu, misses, vec![Phrase::own(sorry)], Telling::New);
    }

    /// Which numbers is known.
    pub(super) fn chosen(&mut self, now: Moment, wish: Wish, numbers: Numbers) {
        match wish {
            Wish::Close => self.ask(now, Menu::Until(numbers), Vec::new()),
            Wish::Open => {
                let before = self.closings.opened(&Numbers::These(BTreeSet::new()), now.wall);
                if self.closings.opened(&numbers, now.wall) == before {
                    return self.tell_and_ask(now, Word::NotClosed);
                }
                self.ask(now, Menu::Confirm(Change::Open(numbers)), Vec::new());
            }
        }
    }

    /// Until when was said: `time` on the clinic's clock.
    pub(super) fn end_typed(&mut self, now: Moment, numbers: Numbers, day: Day, time: &str) {
        let word = match day {
            Day::Today => "today",
            Day::Tomorrow => "tomorrow",
        };
        let sorry = match until::read(&format!("{word} {time}"), &self.subject.zone, now.wall) {
            Ok(end) => {
                return self.ask(now, Menu::Message { numbers, until: end.at, at: 0 }, Vec::new());
            }
            Err(NoUntil::Past) => Word::Past,
            Err(NoUntil::Unreadable | NoUntil::TooFar) => Word::NoTime,
        };
        self.ask(now, Menu::Until(numbers), vec![Phrase::of(sorry)]);
    }
}
