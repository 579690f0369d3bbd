//! What who closes lines by phone types: the PIN, the number of a line, a time.
//!
//! Not here: what a key does while somebody types ([`crate::flow::entry`]).

use super::words::Word;
use super::{
    Asked, Dialogue, Input, MayClose, Menu, Moment, Order, Outcome, Output, Phrase, State, Telling, Typed,
    Wish,
};
use crate::flow::action::Why;
use crate::flow::closing::Numbers;
use crate::flow::entry::ask::{Allowed, Ask, Confirm, Digits, Kind};
use crate::flow::entry::judge::Value;
use crate::flow::entry::{self, Entry, Lead, Miss};
use crate::flow::program::Own;
use crate::limits::PIN_DIGITS;
use crate::phi::Phi;
use std::collections::BTreeSet;

impl Dialogue {
    /// Asks for digits, behind what is said first.
    pub(super) fn ask_to_type(&mut self, now: Moment, what: Typed, lead: Vec<Phrase>) {
        let subject = &self.subject;
        let (least, most) = match what {
            Typed::Pin => (1, *PIN_DIGITS.end() as u8 + 1),
            Typed::Line(_) => (1, Digits::MOST),
            Typed::Time { .. } => (4, 4),
        };
        let kind = Kind::Digits { least, most, prefix: Digits::NONE, allowed: Allowed::ALL };
        let (timers, tries) = (subject.timers, subject.tries);
        let (emergency, crisis) = (subject.emergency, subject.crisis);
        let ask = Ask { kind, timers, confirm: Confirm::WhenInDoubt, tries, emergency, crisis };
        let entry = Box::new(Entry::begin(now.at, ask));
        self.state = State::Typing { what, entry, saying: None, lead };
        self.follow(now);
    }

    pub(super) fn type_on(&mut self, now: Moment, input: Input) {
        let State::Typing { entry, saying, .. } = &mut self.state else { return };
        let input = match (input, saying.take()) {
            (Input::Said, Some(said)) => entry::Input::Said(said),
            (input, said) => {
                *saying = said;
                match input {
                    Input::Key(key) => entry::Input::Key(key),
                    Input::Timeout => entry::Input::Timeout,
                    Input::Said | Input::Answer(_) => return,
                }
            }
        };
        entry.handle(now.at, input);
        self.follow(now);
    }

    /// Does what the entry wants done.
    fn follow(&mut self, now: Moment) {
        loop {
            let State::Typing { what, entry, saying, lead } = &mut self.state else { return };
            match entry.poll_output() {
                None => return,
                Some(entry::Output::Say(id, words)) => {
                    *saying = Some(id);
                    let (phrases, telling) = spoken(what, lead, &words);
                    self.say(phrases, telling);
                }
                Some(entry::Output::Hush) => {
                    *saying = None;
                    self.outputs.push_back(Output::Hush);
                }
                Some(entry::Output::Missed(miss, count)) => {
                    let silence = miss == Miss::Silence;
                    self.outputs.push_back(Output::Missed { silence, count });
                }
                Some(entry::Output::Done(outcome)) => {
                    let what = what.clone();
                    self.late_pound_until = entry.late_pound_until();
                    return self.typed(now, what, outcome);
                }
            }
        }
    }

    fn typed(&mut self, now: Moment, what: Typed, outcome: entry::Outcome) {
        let why = match outcome {
            entry::Outcome::Entered(value) => match *value.expose() {
                Value::Digits(digits) => return self.entered(now, what, digits),
                Value::Number(_) | Value::Date(_) | Value::Phone(_) => Why::Fault,
            },
            entry::Outcome::Person => Why::Asked,
            entry::Outcome::Nurse => Why::Nurse,
            entry::Outcome::Crisis => Why::Crisis,
            entry::Outcome::Emergency => Why::Emergency,
            entry::Outcome::Missed(Miss::Silence) => Why::Silence,
            entry::Outcome::Missed(Miss::Wrong(_) | Miss::Refused | Miss::WrongKey) => Why::WrongKeys,
        };
        self.done(Outcome::Person(why));
    }

    fn entered(&mut self, now: Moment, what: Typed, digits: Digits) {
        match what {
            Typed::Pin => self.ask_engine(now, Asked::Pin, Order::Unlock(Phi::new(digits))),
            Typed::Line(wish) => match self.line(&digits.to_string()) {
                Some((_, MayClose::Never)) if wish == Wish::Close => {
                    self.ask(now, Menu::Which(wish), vec![Phrase::of(Word::Urgent)]);
                }
                Some((line, _)) => self.chosen(now, wish, Numbers::These(BTreeSet::from([line]))),
                None => self.ask(now, Menu::Which(wish), vec![Phrase::of(Word::NoLine)]),
            },
            Typed::Time { numbers, day } => {
                let text = digits.to_string();
                let (hours, minutes) = text.split_at(text.len().min(2));
                self.end_typed(now, numbers, day, &format!("{hours}:{minutes}"));
            }
        }
    }

    /// The line of that number: as the clinic writes it, or the only one that ends with these digits.
    fn line(&self, typed: &str) -> Option<(String, MayClose)> {
        let digits = |line: &str| line.trim_start_matches('+').to_owned();
        if let Some(line) = self.subject.lines.iter().find(|(line, _)| digits(line) == typed) {
            return Some(line.clone());
        }
        let mut ends = self.subject.lines.iter().filter(|(line, _)| digits(line).ends_with(typed));
        let found = ends.next()?;
        ends.next().is_none().then(|| found.clone())
    }
}

fn spoken(what: &Typed, lead: &[Phrase], words: &entry::Words) -> (Vec<Phrase>, Telling) {
    let question = Phrase::of(match what {
        Typed::Pin => Word::Pin,
        Typed::Line(_) => Word::Line,
        Typed::Time { .. } => Word::Time,
    });
    match words {
        entry::Words::Question(Lead::First) => {
            (lead.iter().cloned().chain([question]).collect(), Telling::New)
        }
        entry::Words::Question(Lead::Asked) => (vec![question], Telling::Again),
        entry::Words::Question(Lead::After(Miss::Silence)) => {
            (vec![Phrase::own(Own::Silence), question], Telling::New)
        }
        entry::Words::Question(Lead::After(Miss::Wrong(_) | Miss::Refused | Miss::WrongKey)) => {
            (vec![Phrase::own(Own::WrongKey), question], Telling::New)
        }
        // Nothing is read back here.
        entry::Words::ReadBack { .. } => (Vec::new(), Telling::New),
        entry::Words::MoreTime => (vec![Phrase::own(Own::MoreTime)], Telling::New),
    }
}
