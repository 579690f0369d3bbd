//! A step of a draft without fault as a step of the program: every name resolved, every default filled in.
//!
//! `None` only if a check missed something: then nothing is served.

use crate::flow::diagnostic::Place;
use crate::flow::draft::Draft;
use crate::flow::entry::ask::{Allowed, Confirm, Kind, Timers};
use crate::flow::expression::Checked;
use crate::flow::program::{Act, Answer, Collect, CollectKind, OfferAnswer, Own, SaveAnswer, Step, Target};
use crate::flow::read::acts::{ANOTHER, CollectKindText, CollectText, ExpressionText};
use crate::flow::read::clinic::{ClinicText, Locale};
use crate::flow::read::flow::{ActText, AnswerText, StepText, ThenText};
use crate::flow::syntax::fields::Placed;
use crate::id::{ExitName, Language, PromptName, StepName, ValueName};
use crate::wire::telephone_event::Key;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What steps are built with.
pub(super) struct Builder<'a> {
    pub draft: &'a Draft,
    pub text: &'a ClinicText,
    pub locale: Locale,
    /// The conditions and values, by their places.
    pub checked: &'a BTreeMap<Place, Checked>,
}

fn prompt(word: &Placed<String>) -> PromptName {
    PromptName::from(word.value.as_str())
}

/// The name of a value.
pub(super) fn value(word: &Placed<String>) -> ValueName {
    ValueName::from(word.value.as_str())
}

fn exit(word: Option<&Placed<String>>) -> ExitName {
    word.map_or_else(|| ExitName::from("person"), |word| ExitName::from(word.value.as_str()))
}

impl Builder<'_> {
    pub fn step(&self, flow: usize, text: &StepText) -> Option<Step> {
        let act = self.act(flow, text.act.as_ref()?)?;
        let with = text.with.iter().map(|(there, here)| (value(there), value(here))).collect();
        Some(Step { name: StepName::from(text.name.value.as_str()), with, act })
    }

    fn target(&self, flow: usize, word: &Placed<String>) -> Option<Target> {
        self.draft.target(flow, &word.value)
    }

    fn checked(&self, text: &ExpressionText) -> Option<Checked> {
        self.checked.get(&text.text.place).cloned()
    }

    fn act(&self, flow: usize, text: &ActText) -> Option<Act> {
        let target = |word: &Placed<String>| self.target(flow, word);
        Some(match text {
            ActText::Say { prompt: p, voices, then: ThenText::Next(next) } => {
                Act::Say { prompt: prompt(p), voices: *voices, next: target(next)? }
            }
            ActText::Say { prompt: p, then: ThenText::End(end), .. } => {
                Act::End { prompt: prompt(p), exit: exit(Some(end)) }
            }
            ActText::Say { then: ThenText::Nothing, .. } => return None,
            ActText::OfferLanguage { prompt: p, next } => {
                Act::OfferLanguage { prompt: prompt(p), next: target(next.as_ref()?)? }
            }
            ActText::Notice { notice, next } => {
                Act::Notice { notice: prompt(notice), next: target(next.as_ref()?)? }
            }
            ActText::Menu { prompt: p, answers, first_key, save, .. } => Act::Menu {
                prompt: prompt(p),
                answers: answers.iter().map(|answer| self.answer(flow, answer)).collect::<Option<_>>()?,
                first_key: first_key.unwrap_or(self.text.first_key),
                save: save.as_ref().map(value).map(SaveAnswer::Name),
            },
            ActText::Ask { prompt: p, save, yes, no, .. } => {
                let answer = |digit, name, word| {
                    Some(Answer { key: Key::Digit(digit), name: StepName::from(name), target: target(word)? })
                };
                Act::Menu {
                    prompt: prompt(p),
                    answers: vec![answer(1, "yes", yes)?, answer(2, "no", no)?],
                    first_key: self.text.first_key,
                    save: save.as_ref().map(value).map(SaveAnswer::Yes),
                }
            }
            ActText::Collect(text) => Act::Collect(Box::new(self.collect(flow, text)?)),
            ActText::Offer { prompt: p, from, answers, save, used_up } => Act::Offer {
                prompt: prompt(p),
                from: value(from),
                answers: answers.iter().map(|answer| self.offered(flow, answer)).collect::<Option<_>>()?,
                first_key: self.text.first_key,
                save: save.as_ref().map(value),
                used_up: target(used_up)?,
            },
            ActText::Hours { .. }
            | ActText::Set { .. }
            | ActText::When { .. }
            | ActText::Call { .. }
            | ActText::Care { .. }
            | ActText::Request(_)
            | ActText::Recording { .. }
            | ActText::Speech { .. }
            | ActText::Wait { .. } => self.silent(flow, text)?,
            ActText::Record { .. }
            | ActText::Transfer { .. }
            | ActText::Queue { .. }
            | ActText::Callback { .. }
            | ActText::Person { .. } => self.up(flow, text)?,
        })
    }

    /// Steps of which nothing is heard.
    fn silent(&self, flow: usize, text: &ActText) -> Option<Act> {
        let target = |word: &Placed<String>| self.target(flow, word);
        Some(match text {
            ActText::Hours { calendar, open, closed, holiday } => Act::Hours {
                calendar: self.draft.calendar(&calendar.value)?,
                open: target(open)?,
                closed: target(closed)?,
                holiday: target(holiday.as_ref().unwrap_or(closed))?,
            },
            ActText::Set { values, next } => {
                let checked = values.iter().map(|(name, text)| Some((value(name), self.checked(text)?)));
                Act::Set { values: checked.collect::<Option<_>>()?, next: target(next)? }
            }
            ActText::When { condition, yes, no } => {
                Act::When { condition: self.checked(condition)?, yes: target(yes)?, no: target(no)? }
            }
            ActText::Call { flow: called, save, next } => Act::Call {
                start: self.draft.start(self.draft.flow(&called.value)?)?,
                save: save.iter().map(|(own, theirs)| (value(own), value(theirs))).collect(),
                next: target(next)?,
            },
            ActText::Request(text) => Act::Request {
                plan: Arc::clone(&text.plan),
                meanwhile: text.meanwhile.as_ref().map_or_else(|| Own::OneMoment.prompt(), prompt),
                done: target(&text.done)?,
                failed: target(&text.failed)?,
            },
            ActText::Care { care, ways, failed, .. } => {
                let way = |(outcome, word): &(Placed<String>, Placed<String>)| {
                    Some((StepName::from(outcome.value.as_str()), target(word)?))
                };
                let ways = ways.iter().map(way).collect::<Option<_>>()?;
                Act::Care { verb: care.verb, ways, failed: target(failed)? }
            }
            ActText::Recording { what, next, .. } => {
                Act::Recording { what: *what, next: target(next.as_ref()?)? }
            }
            ActText::Speech { pace, next } => Act::Speech { pace: *pace, next: target(next)? },
            ActText::Wait { time, next } => Act::Wait { time: *time, next: target(next)? },
            _ => return None,
        })
    }

    /// Steps that lead to somebody, or take words for somebody.
    fn up(&self, flow: usize, text: &ActText) -> Option<Act> {
        let target = |word: &Placed<String>| self.target(flow, word);
        Some(match text {
            ActText::Record { prompt: p, longest, saved, failed } => Act::Record {
                prompt: prompt(p),
                longest: *longest,
                saved: target(saved)?,
                failed: target(failed)?,
            },
            ActText::Transfer { to, interpreter, prompt: p, exit: e, failed } => Act::Transfer {
                prompt: prompt(p),
                to: to.clone(),
                interpreter: interpreter.as_ref().map(|name| Language::from(name.value.as_str())),
                exit: exit(e.as_ref()),
                failed: target(failed)?,
            },
            ActText::Callback { failed, .. } => Act::Callback { failed: target(failed)? },
            ActText::Queue { prompt: p, exit: e, .. } | ActText::Person { prompt: p, exit: e } => {
                Act::Person { prompt: prompt(p), exit: exit(e.as_ref()) }
            }
            _ => return None,
        })
    }

    fn answer(&self, flow: usize, text: &AnswerText) -> Option<Answer> {
        let name = StepName::from(text.name.value.as_str());
        Some(Answer { key: text.key, name, target: self.target(flow, &text.target)? })
    }

    fn offered(&self, flow: usize, text: &AnswerText) -> Option<OfferAnswer> {
        let name = StepName::from(text.name.value.as_str());
        let target = match text.name.value.as_str() {
            ANOTHER => None,
            _ => Some(self.target(flow, &text.target)?),
        };
        Some(OfferAnswer { key: text.key, name, target })
    }

    fn collect(&self, flow: usize, text: &CollectText) -> Option<Collect> {
        let kind = match text.kind {
            CollectKindText::Digits { least, most, begins } => {
                CollectKind::Fixed(Kind::Digits { least, most, prefix: begins, allowed: Allowed::ALL })
            }
            CollectKindText::Number { from, to } => {
                CollectKind::Fixed(Kind::Number { least: from, most: to })
            }
            CollectKindText::Date { from, to } => CollectKind::Date { order: self.locale.dates, from, to },
            CollectKindText::Phone => CollectKind::Fixed(Kind::Phone(self.locale.phones)),
        };
        Some(Collect {
            prompt: prompt(&text.prompt),
            confirm: text.confirm.as_ref().map(prompt),
            wrong: text.wrong.as_ref().map_or_else(|| Own::WrongKey.prompt(), prompt),
            kind,
            timers: Timers {
                first_key: text.first_key.unwrap_or(self.text.first_key),
                between_keys: self.text.between_keys,
                total: self.text.all_keys,
                more_time: self.text.more_time,
            },
            confirmed: if text.confirm.is_some() { Confirm::Always } else { Confirm::WhenInDoubt },
            save: value(&text.save),
            next: self.target(flow, &text.next)?,
        })
    }
}
