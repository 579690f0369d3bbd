//! The service number: behind the entry, in place of a flow, who has the PIN closes and opens lines
//! ([`crate::flow::closing::phone`]).
//!
//! The emergency and crisis lines have been heard by then, as in every call: somebody may come here by mistake. Nothing of such a
//! call is recorded, for keys can be heard in the sound.

use super::{FirstPass, Line, Run, Speech, State};
use crate::clock::{Due, Instant};
use crate::flow::action::{Action, Fact, Phrases, Why};
use crate::flow::closing::PROMPTS;
use crate::flow::closing::change::ByPhone;
use crate::flow::closing::phone::words::WORDS;
use crate::flow::closing::phone::{
    Answer, Dialogue, Input, MayClose, Moment, Order, Outcome, Output, Phrase, Subject, Telling,
};
use crate::flow::closing::pin::Verdict;
use crate::flow::entry::ask::{Digits, Timers};
use crate::flow::program::Target;
use crate::flow::set::FlowSet;
use crate::id::{ExitName, PromptName, ValueName};
use crate::limits::SERVICE_FIRST_KEY;
use crate::wire::telephone_event::Key;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Whether the called number is the one where lines are closed by phone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Service {
    /// It is any other number.
    #[default]
    No,
    /// It is.
    ByPhone,
}

/// The dialogue, and what is said for it now.
#[derive(Clone, Debug)]
pub(super) struct AtService {
    dialogue: Dialogue,
    speech: Option<Speech>,
    wrong_pins: u32,
}

impl AtService {
    pub fn speech(&self) -> Option<&Speech> {
        self.speech.as_ref()
    }

    pub fn speech_mut(&mut self) -> Option<&mut Speech> {
        self.speech.as_mut()
    }

    pub fn poll_timeout(&self, line: Line) -> Option<Due> {
        self.dialogue.poll_timeout().filter(|_| line == Line::Open || self.speech.is_none())
    }

    /// Words go on when the caller is back: so does the time that they may take.
    pub fn held(&mut self, now: Instant) {
        if let Some(speech) = &mut self.speech {
            speech.allow(now);
            self.dialogue.allow(now);
        }
    }
}

impl FlowSet {
    /// Whether it has all the words of who closes lines by phone, in every language.
    pub fn closes_by_phone(&self) -> bool {
        self.unsaid_by_phone().is_empty()
    }

    /// The prompts of prompts.yaml that closing by phone needs and that this set lacks.
    pub fn unsaid_by_phone(&self) -> Vec<&'static str> {
        let spoken: BTreeSet<&str> = self.spoken().iter().map(|spoken| spoken.prompt.as_str()).collect();
        // A prompt with slots is spoken in segments, the first of them `.1`.
        let is_said = |name: &str| spoken.contains(name) || spoken.contains(format!("{name}.1").as_str());
        let missing = WORDS.iter().map(|row| row.name).filter(|name| !is_said(name));
        let messages = spoken.iter().any(|name| name.starts_with(PROMPTS));
        missing.chain((!messages).then_some(PROMPTS)).collect()
    }

    fn subject(&self) -> Subject {
        let clinic = self.clinic();
        let may = |flow| if self.is_urgent(flow) { MayClose::Never } else { MayClose::Yes };
        let messages: BTreeSet<&PromptName> = self
            .spoken()
            .iter()
            .map(|spoken| &spoken.prompt)
            .filter(|prompt| prompt.as_str().starts_with(PROMPTS))
            .collect();
        let zone = self.zone().clone();
        Subject {
            lines: self.numbers().map(|(number, flow)| (number.to_owned(), may(flow))).collect(),
            messages: messages.into_iter().cloned().collect(),
            zone_name: zone.iana_name().unwrap_or("UTC").to_owned(),
            zone,
            timers: Timers {
                first_key: SERVICE_FIRST_KEY,
                between_keys: clinic.between_keys,
                total: clinic.all_keys,
                more_time: clinic.more_time,
            },
            tries: clinic.tries,
            emergency: digits(&clinic.emergency),
            crisis: clinic.crisis,
        }
    }
}

fn digits(keys: &[Key]) -> Digits {
    let digits = keys.iter().filter_map(|key| match key {
        Key::Digit(digit) => Some(*digit),
        Key::Star | Key::Pound | Key::Letter(_) => None,
    });
    digits.fold(Digits::NONE, |digits, digit| digits.with(digit).unwrap_or(digits))
}

impl Run {
    /// The same run for a call to this number.
    pub fn at(self, service: Service) -> Self {
        Self { service, ..self }
    }

    pub(super) fn is_service_number(&self) -> bool {
        self.service == Service::ByPhone
    }

    fn moment(&self, now: Instant) -> Option<Moment> {
        self.time.map(|(at, wall)| Moment { at: now, wall: wall + now.since(at) })
    }

    /// Begins the dialogue; keys that wait are the first of the PIN.
    pub(super) fn begin_service(&mut self, now: Instant) -> Option<Target> {
        self.record_no_more();
        self.first_pass = FirstPass::Over;
        let Some(moment) = self.moment(now) else {
            self.tell_fault("the time is not known, so nothing can be closed by phone");
            return Some(Target::Ladder(Why::Fault));
        };
        let typed = std::mem::take(&mut self.ahead);
        let dialogue = Dialogue::begin(moment, Arc::new(self.set.subject()), typed.into_iter());
        self.state = State::ByPhone(Box::new(AtService { dialogue, speech: None, wrong_pins: 0 }));
        self.follow_service(now);
        None
    }

    /// Pound in the first words of the service number: who has the PIN need not hear them to their end. Keys before it are
    /// none of the PIN.
    pub(super) fn skips_to_service(&mut self, now: Instant) -> bool {
        let skips = self.is_service_number() && matches!(self.state, State::Saying(_));
        if skips {
            self.ahead.clear();
            self.go(now, Target::CalledNumber);
        }
        skips
    }

    pub(super) fn is_typing_at_service(&self) -> bool {
        matches!(&self.state, State::ByPhone(service) if service.dialogue.is_typing())
    }

    pub(super) fn service_hears(&mut self, now: Instant, input: Input) {
        let Some(moment) = self.moment(now) else { return };
        let State::ByPhone(service) = &mut self.state else { return };
        if let Input::Answer(answer) = &input {
            let told = told(answer, &mut service.wrong_pins);
            self.tell(Fact::ByPhone(told));
        }
        let State::ByPhone(service) = &mut self.state else { return };
        service.dialogue.handle(moment, input);
        self.follow_service(now);
    }

    pub(super) fn service_words_ended(&mut self, now: Instant) {
        let State::ByPhone(service) = &mut self.state else { return };
        service.speech = None;
        self.service_hears(now, Input::Said);
    }

    /// Does what the dialogue wants done. Of several sayings only the last is heard.
    fn follow_service(&mut self, now: Instant) {
        let (mut words, mut hushed) = (None, false);
        loop {
            let State::ByPhone(service) = &mut self.state else { return };
            match service.dialogue.poll_output() {
                None => break,
                Some(Output::Say(phrases, telling)) => words = Some((phrases, telling)),
                Some(Output::Hush) => (words, hushed) = (None, true),
                Some(Output::Missed { silence, count }) => self.tell(Fact::Missed { silence, count }),
                Some(Output::Ask(order)) => {
                    if let Order::Change(change) = &order {
                        self.tell(Fact::ByPhone(ByPhone::from(change)));
                    }
                    (words, hushed) = (None, true);
                    self.actions.push_back(Action::ByPhone(order));
                }
                Some(Output::Done(outcome)) => return self.service_is_over(now, outcome),
            }
        }
        let Some((phrases, telling)) = words else {
            return if hushed {
                self.hush_service()
            };
        };
        let spoken = self.phrases(phrases);
        let speech = match telling {
            Telling::New => self.speak(now, spoken),
            Telling::Again => self.speak_again(now, spoken),
        };
        if let State::ByPhone(service) = &mut self.state {
            service.speech = Some(speech);
        }
    }

    fn hush_service(&mut self) {
        let State::ByPhone(service) = &mut self.state else { return };
        if service.speech.take().is_some() {
            self.actions.push_back(Action::StopPlaying);
        }
    }

    fn phrases(&mut self, phrases: Vec<Phrase>) -> Phrases {
        let mut spoken = Phrases::new();
        for Phrase { prompt, values } in phrases {
            for (slot, value) in values {
                self.saves.save(ValueName::from(slot), value);
            }
            spoken.extend(self.words(&prompt));
        }
        spoken
    }

    fn service_is_over(&mut self, now: Instant, outcome: Outcome) {
        match outcome {
            Outcome::Over(phrases) => {
                let words = self.phrases(phrases);
                let exit = ExitName::from("close_by_phone");
                self.state = State::Parting { speech: self.speak(now, words), exit: Some(exit) };
            }
            Outcome::Person(why) => {
                // After the talk he is a caller like any other.
                self.service = Service::No;
                match why {
                    Why::Crisis | Why::Emergency => self.climb(now, why),
                    Why::Asked | Why::Nurse | Why::Silence | Why::WrongKeys | Why::Fault => {
                        self.lead_to_person(now, why);
                    }
                }
            }
        }
    }
}

/// What the event log is told of an answer.
fn told(answer: &Answer, wrong_pins: &mut u32) -> ByPhone {
    match answer {
        Answer::Pin(Verdict::Right, _) => ByPhone::Unlocked,
        Answer::Pin(Verdict::Locked, _) => ByPhone::Locked,
        Answer::Pin(Verdict::Wrong, _) => {
            *wrong_pins += 1;
            ByPhone::WrongPin { count: *wrong_pins }
        }
        Answer::Kept(_) => ByPhone::Kept,
        Answer::NotKept => ByPhone::NotKept,
    }
}
