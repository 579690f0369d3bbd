//! `collect`: an [`Entry`] under way, its words spoken and its keys handed in.
//!
//! All digits are data while it is open: 9 1 1 is its own business, and the keys of it count for the rest of the call
//! only from the one that ended it. Not here: what a key does in an entry ([`crate::flow::entry`]).

use super::{Line, Run, Speech, State};
use crate::clock::{Due, Instant};
use crate::flow::action::{Action, Fact, Phrases, Why};
use crate::flow::entry::ask::{Ask, Digits, Kind};
use crate::flow::entry::judge::Value;
use crate::flow::entry::{Entry, Input, Lead, Miss, Outcome, Output, SayId, Words};
use crate::flow::program::{Act, Collect, CollectKind, Day, Own};
use crate::flow::saved::Saved;
use crate::wire::telephone_event::Key;
use smallvec::smallvec;
use std::sync::Arc;

/// An entry, and what is said for it now.
#[derive(Clone, Debug)]
pub(super) struct Entering {
    entry: Entry,
    saying: Option<(SayId, Speech)>,
}

impl Entering {
    pub fn speech(&self) -> Option<&Speech> {
        self.saying.as_ref().map(|(_, speech)| speech)
    }

    pub fn speech_mut(&mut self) -> Option<&mut Speech> {
        self.saying.as_mut().map(|(_, speech)| speech)
    }

    pub fn poll_timeout(&self, line: Line) -> Option<Due> {
        self.entry.poll_timeout().filter(|_| line == Line::Open || self.saying.is_none())
    }

    /// Words go on when the caller is back: so does the time that they may take.
    pub fn held(&mut self, now: Instant) {
        if let Some((_, speech)) = &mut self.saying {
            speech.allow(now);
        }
        self.entry.allow(now);
    }
}

impl Run {
    /// Begins the entry of the step that is here; keys that wait are its first digits.
    pub(super) fn collect(&mut self, now: Instant, collect: &Collect) {
        let ask = Ask {
            kind: self.kind(now, &collect.kind),
            timers: collect.timers,
            confirm: collect.confirmed,
            tries: self.set.clinic().tries,
            emergency: emergency(&self.set.clinic().emergency),
            crisis: self.set.clinic().crisis,
        };
        let mut entry = Entry::begin(now, ask);
        while let Some(key) = self.ahead.pop_front() {
            entry.handle(now, Input::Key(key));
        }
        self.state = State::Entering(Box::new(Entering { entry, saying: None }));
        self.follow_entry(now);
    }

    fn kind(&self, now: Instant, kind: &CollectKind) -> Kind {
        match kind {
            CollectKind::Fixed(kind) => kind.clone(),
            CollectKind::Date { order, from, to } => {
                let today = self.today(now).map(|today| today.date);
                let day = |day: &Option<Day>| match day {
                    Some(Day::On(date)) => Some(*date),
                    Some(Day::Today) => today,
                    None => None,
                };
                Kind::Date { order: *order, earliest: day(from), latest: day(to) }
            }
        }
    }

    pub(super) fn key_while_entering(&mut self, now: Instant, key: Key) {
        self.recent.clear();
        self.entry_hears(now, Input::Key(key));
        if !matches!(self.state, State::Entering(_)) {
            self.recent.push_back((key, now));
        }
    }

    pub(super) fn entry_hears(&mut self, now: Instant, input: Input) {
        if let State::Entering(entering) = &mut self.state {
            entering.entry.handle(now, input);
            self.follow_entry(now);
        }
    }

    /// The words of an entry ended.
    pub(super) fn entry_words_ended(&mut self, now: Instant) {
        let State::Entering(entering) = &mut self.state else { return };
        if let Some((say, _)) = entering.saying.take() {
            self.entry_hears(now, Input::Said(say));
        }
    }

    /// A pound key after an entry that ended by its length belongs to it.
    pub(super) fn is_late_pound(&mut self, now: Instant) -> bool {
        self.late_pound_until.take().is_some_and(|until| now <= until)
    }

    /// Does what the entry wants done. Of several sayings only the last is heard.
    fn follow_entry(&mut self, now: Instant) {
        let mut words: Option<(SayId, Words)> = None;
        let mut hushed = false;
        loop {
            let State::Entering(entering) = &mut self.state else { return };
            match entering.entry.poll_output() {
                None => break,
                Some(Output::Say(say, said)) => words = Some((say, said)),
                Some(Output::Hush) => (words, hushed) = (None, true),
                Some(Output::Missed(miss, count)) => {
                    self.tell(Fact::Missed { silence: miss == Miss::Silence, count });
                }
                Some(Output::Done(outcome)) => return self.entry_is_over(now, outcome),
            }
        }
        match words {
            Some((say, words)) => {
                let prompts = self.entry_words(&words);
                let again = matches!(
                    &words,
                    Words::Question(Lead::Asked) | Words::ReadBack { lead: Lead::Asked, .. }
                );
                let speech = if again { self.speak_again(now, prompts) } else { self.speak(now, prompts) };
                if let State::Entering(entering) = &mut self.state {
                    entering.saying = Some((say, speech));
                }
            }
            None if hushed => {
                let was = match &mut self.state {
                    State::Entering(entering) => entering.saying.take(),
                    _ => None,
                };
                if was.is_some() {
                    self.actions.push_back(Action::StopPlaying);
                }
            }
            None => {}
        }
    }

    fn entry_words(&mut self, words: &Words) -> Phrases {
        let set = Arc::clone(&self.set);
        let Some(Act::Collect(collect)) = set.step(self.here).map(|step| &step.act) else {
            return Phrases::new();
        };
        let lead = |lead: &Lead, run: &Self| match lead {
            Lead::First | Lead::Asked | Lead::After(Miss::Refused) => Phrases::new(),
            Lead::After(Miss::Silence) => smallvec![run.own(Own::Silence)],
            Lead::After(Miss::Wrong(_)) => smallvec![run.in_callers_language(&collect.wrong)],
            Lead::After(Miss::WrongKey) => smallvec![run.own(Own::WrongKey)],
        };
        match words {
            Words::Question(why) => {
                let mut spoken = lead(why, self);
                spoken.extend(self.words(&collect.prompt));
                spoken
            }
            Words::ReadBack { value, lead: why, .. } => {
                let mut spoken = lead(why, self);
                if let Some(confirm) = &collect.confirm {
                    let value = saved(value.expose());
                    spoken.extend(self.words_about(confirm, &value));
                }
                spoken
            }
            Words::MoreTime => smallvec![self.own(Own::MoreTime)],
        }
    }

    fn entry_is_over(&mut self, now: Instant, outcome: Outcome) {
        let set = Arc::clone(&self.set);
        if let State::Entering(entering) = &self.state {
            self.late_pound_until = entering.entry.late_pound_until();
        }
        match outcome {
            Outcome::Entered(value) => {
                let Some(Act::Collect(collect)) = set.step(self.here).map(|step| &step.act) else { return };
                self.saves.save(collect.save.clone(), saved(value.expose()));
                self.hush();
                self.go(now, collect.next);
            }
            Outcome::Person => self.climb(now, Why::Asked),
            Outcome::Nurse => self.lead_to_person(now, Why::Nurse),
            Outcome::Crisis => self.climb(now, Why::Crisis),
            Outcome::Emergency => self.climb(now, Why::Emergency),
            Outcome::Missed(Miss::Silence) => self.lead_to_person(now, self.after_misses(Why::Silence)),
            Outcome::Missed(_) => self.lead_to_person(now, self.after_misses(Why::WrongKeys)),
        }
    }

    /// A read-back that was answered into is not heard any further.
    fn hush(&mut self) {
        let speaks = matches!(&self.state, State::Entering(entering) if entering.saying.is_some());
        if speaks {
            self.actions.push_back(Action::StopPlaying);
        }
    }
}

fn emergency(keys: &[Key]) -> Digits {
    let digits = keys.iter().filter_map(|key| match key {
        Key::Digit(digit) => Some(*digit),
        Key::Star | Key::Pound | Key::Letter(_) => None,
    });
    digits.fold(Digits::NONE, |digits, digit| digits.with(digit).unwrap_or(digits))
}

fn saved(value: &Value) -> Saved {
    match value {
        Value::Digits(digits) => Saved::Digits(digits.text()),
        Value::Number(number) => Saved::Number(i64::try_from(*number).unwrap_or(i64::MAX)),
        Value::Date(date) => Saved::Date(*date),
        Value::Phone(digits) => Saved::Phone(digits.text()),
    }
}
