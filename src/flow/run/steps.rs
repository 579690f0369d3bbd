//! Steps: from one to the next, what each says, and what keys do in it.

use super::{AfterNotice, Asking, FirstPass, Notice, Phase, Recorder, Run, Speech, State, Tongue};
use crate::clock::Instant;
use crate::flow::action::{Action, Fact, Phrases, Spoken, Why};
use crate::flow::expression::evaluate::Value;
use crate::flow::hours::calendar::Opening;
use crate::flow::program::{Act, Answer, FlowKind, Own, SaveAnswer, Step, Target, Voices};
use crate::flow::saved::Saved;
use crate::id::PromptName;
use crate::limits::FLOW_STEPS_PER_INPUT_MAX;
use crate::phi::Phi;
use crate::wire::telephone_event::Key;
use smallvec::smallvec;
use std::sync::Arc;
use std::time::Duration;

/// What a menu did with a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Heed {
    Taken,
    Ignored,
}

impl Run {
    /// The caller can hear: the first words.
    pub(super) fn start(&mut self, now: Instant) {
        if matches!(self.state, State::Waiting) {
            self.go(now, Target::Step(self.here));
        }
    }

    /// Goes to `target` and on, until something waits for the caller or the engine.
    pub(super) fn go(&mut self, now: Instant, target: Target) {
        let mut target = target;
        for _ in 0..FLOW_STEPS_PER_INPUT_MAX {
            let next = match target {
                Target::Ladder(why) => return self.lead_to_person(now, why),
                Target::Message => return self.message(now, Why::Asked),
                Target::Return => Some(self.come_back()),
                Target::CalledNumber => self.called_number(now),
                Target::Step(at) if self.is_withheld(now, at.flow) => return self.withhold(now),
                Target::Step(at) => {
                    // Who goes on into another flow does not come back to the one that called.
                    if at.flow != self.here.flow {
                        self.callers.clear();
                    }
                    self.here = at;
                    self.enter(now)
                }
            };
            match next {
                Some(next) => target = next,
                None => return,
            }
        }
        self.tell_fault("the steps of a flow led in a circle");
        self.climb(now, Why::Fault);
    }

    /// Begins the step that is here; `Some` when nothing of it is to be heard.
    fn enter(&mut self, now: Instant) -> Option<Target> {
        let set = Arc::clone(&self.set);
        let Some(step) = set.step(self.here) else {
            self.tell_fault("a step does not exist");
            return Some(Target::Ladder(Why::Fault));
        };
        let flow = set.flows()[self.here.flow].name.clone();
        self.tell(Fact::StepEntered { flow, step: step.name.clone() });
        match &step.act {
            Act::Say { prompt, voices, next } => {
                let prompts = match voices {
                    Voices::All if self.language == Tongue::Main => self.in_languages(0, prompt),
                    Voices::All | Voices::Callers => self.words(prompt),
                };
                self.say_or_pass(now, prompts, *next)
            }
            Act::OfferLanguage { prompt, next } => {
                // Who says nothing goes on in the first language: it need not be offered.
                let prompts = match self.language {
                    Tongue::Main => self.in_languages(1, prompt),
                    Tongue::Second => Phrases::new(),
                };
                self.say_or_pass(now, prompts, *next)
            }
            Act::Notice { notice, next } => {
                if self.recorder != Recorder::NotYet {
                    return Some(*next);
                }
                let words = smallvec![self.in_callers_language(notice)];
                self.give_notice(now, words, AfterNotice::Step);
                None
            }
            Act::Menu { first_key, .. } => {
                self.ask(now, *first_key);
                None
            }
            Act::Collect(collect) => {
                self.collect(now, collect);
                None
            }
            Act::Offer { from, first_key, used_up, .. } => self.offer(now, from, *first_key, *used_up),
            Act::Request { plan, failed, .. } => self.request(now, plan, &step.with, *failed),
            Act::Record { .. } => {
                self.comment(now);
                None
            }
            Act::Wait { time, next } => {
                if !self.ahead.is_empty() {
                    return Some(*next);
                }
                self.state = State::Pausing { until: now + *time };
                None
            }
            Act::Transfer { .. } | Act::Person { .. } | Act::End { .. } => {
                self.lead_out(now, step);
                None
            }
            Act::Hours { .. }
            | Act::Set { .. }
            | Act::When { .. }
            | Act::Call { .. }
            | Act::Care { .. }
            | Act::Callback { .. }
            | Act::Recording { .. }
            | Act::Speech { .. } => Some(self.pass(now, step)),
        }
    }

    /// A step that leads out of the flows, behind its words.
    fn lead_out(&mut self, now: Instant, step: &Step) {
        match &step.act {
            Act::Transfer { prompt, exit, .. } => {
                let words = self.words(prompt);
                self.transfer(now, words, exit.clone());
            }
            Act::Person { prompt, exit } => {
                let words = self.words(prompt);
                self.lead_to_person_saying(now, Why::Asked, words, exit.clone());
            }
            Act::End { prompt, exit } => {
                let words = self.words(prompt);
                self.state = State::Parting { speech: self.speak(now, words), exit: Some(exit.clone()) };
            }
            _ => self.climb(now, Why::Fault),
        }
    }

    /// A step of which nothing is heard: where it leads.
    fn pass(&mut self, now: Instant, step: &Step) -> Target {
        match &step.act {
            Act::Hours { calendar, open, closed, holiday } => match self.hours(now, *calendar) {
                Opening::Open => *open,
                Opening::Closed => *closed,
                Opening::Holiday => *holiday,
            },
            Act::Set { values, next } => self.set_values(now, values, *next),
            Act::When { condition, yes, no } => self.when(now, condition, *yes, *no),
            Act::Call { start, .. } => self.call(step, *start),
            Act::Care { verb, ways, failed } => self.ask_records(*verb, ways, *failed),
            Act::Callback { failed } => {
                self.tell(Fact::NotConnected);
                *failed
            }
            Act::Recording { what, next } => {
                self.pause_recording(*what);
                *next
            }
            Act::Speech { pace, next } => {
                self.pace = *pace;
                *next
            }
            _ => Target::Ladder(Why::Fault),
        }
    }

    /// What a calendar says now. If it cannot say anything the caller is led as if the clinic were open: to persons.
    fn hours(&mut self, now: Instant, calendar: usize) -> Opening {
        let wall = self.time.map(|(at, wall)| wall + now.since(at));
        let calendar = self.set.calendars().get(calendar);
        let opening = calendar.zip(wall).and_then(|(calendar, wall)| calendar.opening(wall));
        opening.unwrap_or_else(|| {
            self.tell_fault("the time is not known, so no calendar could be asked");
            Opening::Open
        })
    }

    /// A prompt in the clinic's languages from this one on.
    fn in_languages(&mut self, from: usize, prompt: &PromptName) -> Phrases {
        let set = Arc::clone(&self.set);
        let languages = set.clinic().languages.iter().skip(from);
        languages.flat_map(|language| self.words_in(prompt, language, None)).collect()
    }

    /// Speaks unless keys wait already, or the entry said all of it before.
    fn say_or_pass(&mut self, now: Instant, mut prompts: Phrases, next: Target) -> Option<Target> {
        if self.here.flow == self.set.clinic().entry {
            prompts.retain(|spoken| !self.heard.contains(spoken));
        }
        if prompts.is_empty() || !self.ahead.is_empty() {
            return Some(next);
        }
        self.state = State::Saying(self.speak(now, prompts));
        None
    }

    /// Where the step that is here leads after its words.
    pub(super) fn after_words(&self) -> Target {
        match self.set.step(self.here).map(|step| &step.act) {
            Some(
                Act::Say { next, .. }
                | Act::OfferLanguage { next, .. }
                | Act::Notice { next, .. }
                | Act::Wait { next, .. },
            ) => *next,
            Some(_) | None => Target::Ladder(Why::Fault),
        }
    }

    pub(super) fn said(&mut self, now: Instant, speech: Speech, completed: bool) {
        if completed && self.here.flow == self.set.clinic().entry {
            let new = speech.prompts.into_iter().filter(|spoken| !self.heard.contains(spoken));
            let new: Vec<Spoken> = new.collect();
            self.heard.extend(new);
        }
        self.go(now, self.after_words());
    }

    /// Says `words`, of which the recording notice is the last, then goes on.
    pub(super) fn give_notice(&mut self, now: Instant, words: Phrases, then: AfterNotice) {
        self.state = State::Notice(Notice { speech: self.speak(now, words), then });
    }

    pub(super) fn notice_ended(&mut self, now: Instant, then: AfterNotice, completed: bool) {
        if self.ahead.front() == Some(&Key::Digit(2)) && self.may_choose_language() {
            // Not the caller's language: it is given again in his, and nothing is recorded before.
            self.ahead.pop_front();
            self.choose_second_language(now);
            return;
        }
        if completed {
            self.tell(Fact::NoticeGiven);
            self.actions.push_back(Action::StartRecording);
            self.recorder = Recorder::On;
        } else {
            self.notice_cut();
            if matches!(then, AfterNotice::Message | AfterNotice::Comment) {
                // No message without the notice: persons are called again, and it is given anew after them.
                return self.climb(now, Why::Fault);
            }
        }
        self.after_notice(now, then, None);
    }

    /// To where the notice stood before, with these words first.
    fn after_notice(&mut self, now: Instant, then: AfterNotice, words: Option<Own>) {
        match (then, words) {
            (AfterNotice::Step, None) => self.go(now, self.after_words()),
            (AfterNotice::Step, Some(words)) => {
                let words = self.own(words);
                self.state = State::Saying(self.speak(now, smallvec![words]));
            }
            (AfterNotice::Person { why, exit }, words) => {
                let words = self.own(words.unwrap_or(Own::OneMoment));
                self.climb_saying(now, why, smallvec![words], exit);
            }
            (AfterNotice::Message, words) => {
                self.ahead.clear();
                let words = words.map(|own| self.own(own)).into_iter().collect();
                self.ask_for_message(now, words);
            }
            (AfterNotice::Comment, words) => {
                self.ahead.clear();
                let words = words.map(|own| self.own(own)).into_iter().collect();
                self.ask_for_comment(now, words);
            }
        }
    }

    /// A notice that was not heard to its end is none: nothing is recorded.
    pub(super) fn notice_cut(&mut self) {
        self.tell(Fact::NoticeCut);
        self.recorder = Recorder::Cut;
    }

    /// A key while words are said that any key may cut short.
    pub(super) fn key_while_saying(&mut self, now: Instant, key: Key) {
        let two_languages = self.set.clinic().languages.len() > 1;
        match (key, self.first_pass, &self.state) {
            (Key::Digit(2), FirstPass::Open, _) if two_languages => {
                self.choose_second_language(now);
            }
            (Key::Digit(7), FirstPass::Open, _) => {
                self.refuse_recording();
            }
            (Key::Star, _, State::Saying(speech)) => {
                let prompts = speech.prompts.clone();
                self.state = State::Saying(self.speak_again(now, prompts));
            }
            (Key::Star | Key::Pound, _, _) => {}
            (_, _, State::Waiting) => self.keep_for_later(key),
            _ => {
                self.keep_for_later(key);
                self.go(now, self.after_words());
            }
        }
    }

    /// Only 0, 7 and 9 interrupt the recording notice; other keys wait.
    pub(super) fn key_in_notice(&mut self, now: Instant, key: Key) {
        if key != Key::Digit(7) {
            return self.keep_for_later(key);
        }
        self.refuse_recording();
        if let State::Notice(notice) = std::mem::replace(&mut self.state, State::Over) {
            self.after_notice(now, notice.then, Some(Own::NotRecorded));
        }
    }

    pub(super) fn may_choose_language(&self) -> bool {
        let two_languages = self.set.clinic().languages.len() > 1;
        two_languages && self.first_pass == FirstPass::Open && self.language == Tongue::Main
    }

    /// The caller pressed 2: the entry is said again in the second language, as far as it was not heard.
    pub(super) fn choose_second_language(&mut self, now: Instant) -> Heed {
        if self.language == Tongue::Second {
            return Heed::Ignored;
        }
        self.language = Tongue::Second;
        self.tell(Fact::LanguageChosen(self.language().clone()));
        if self.recorder == Recorder::On {
            self.actions.push_back(Action::StopRecording);
            self.recorder = Recorder::NotYet;
        }
        if !matches!(self.state, State::Waiting) {
            let entry = self.set.flows()[self.set.clinic().entry].start;
            self.go(now, Target::Step(entry));
        }
        Heed::Taken
    }

    /// The caller pressed 7.
    pub(super) fn refuse_recording(&mut self) -> Heed {
        if self.recorder == Recorder::Never {
            return Heed::Ignored;
        }
        self.tell(Fact::RecordingRefused);
        self.record_no_more();
        Heed::Taken
    }

    pub(super) fn record_no_more(&mut self) {
        if self.recorder == Recorder::On {
            self.actions.push_back(Action::StopRecording);
        }
        self.recorder = Recorder::Never;
    }

    /// Begins a menu: keys that wait are its first answers.
    pub(super) fn ask(&mut self, now: Instant, first_key: Duration) {
        self.state = State::Asking(Asking { misses: 0, wait: first_key, phase: Phase::Unasked });
        while let Some(key) = self.ahead.pop_front() {
            if key != Key::Star && self.answer(now, key) == Heed::Taken {
                return;
            }
        }
        self.speak_menu(now, None);
    }

    pub(super) fn key_in_menu(&mut self, now: Instant, key: Key) {
        self.answer(now, key);
    }

    fn answer(&mut self, now: Instant, key: Key) -> Heed {
        let two_languages = self.set.clinic().languages.len() > 1;
        match (key, self.first_pass) {
            (Key::Star, _) => self.repeat_menu(now),
            (Key::Pound, _) => return self.more_time(now),
            (Key::Digit(4), _) if !self.is_answer(key) => self.lead_to_person(now, Why::Nurse),
            (Key::Digit(2), FirstPass::Open) if two_languages => return self.choose_second_language(now),
            (Key::Digit(7), FirstPass::Open) => {
                if self.refuse_recording() == Heed::Ignored {
                    return Heed::Ignored;
                }
                self.speak_menu(now, Some(Own::NotRecorded));
            }
            (Key::Digit(_) | Key::Letter(_), _) => self.choose(now, key),
        }
        Heed::Taken
    }

    /// Whether the menu that is open gives this key a meaning of its own, as a scale does.
    fn is_answer(&self, key: Key) -> bool {
        match self.set.step(self.here).map(|step| &step.act) {
            Some(Act::Menu { answers, .. }) => answers.iter().any(|answer| answer.key == key),
            Some(_) | None => false,
        }
    }

    fn save_answer(&mut self, answer: &Answer) {
        let set = Arc::clone(&self.set);
        let Some(Act::Menu { save: Some(save), .. }) = set.step(self.here).map(|step| &step.act) else {
            return;
        };
        match save {
            SaveAnswer::Name(name) if self.saves.holds(name, Value::Choice(answer.name.as_str())) => {}
            SaveAnswer::Name(name) => {
                self.saves.save(name.clone(), Saved::Choice(answer.name.as_str().into()))
            }
            SaveAnswer::Yes(name) => {
                self.saves.save(name.clone(), Saved::Bool(answer.name.as_str() == "yes"))
            }
        }
    }

    fn choose(&mut self, now: Instant, key: Key) {
        let set = Arc::clone(&self.set);
        let answers = match set.step(self.here).map(|step| &step.act) {
            Some(Act::Menu { answers, .. }) => answers.as_slice(),
            Some(Act::Offer { answers, .. }) => {
                return match answers.iter().find(|answer| answer.key == key) {
                    Some(answer) => {
                        self.first_pass = FirstPass::Over;
                        self.choose_offered(now, answer);
                    }
                    None => self.miss(now, Why::WrongKeys),
                };
            }
            _ => &[],
        };
        match answers.iter().find(|answer| answer.key == key) {
            Some(answer) => {
                self.first_pass = FirstPass::Over;
                self.save_answer(answer);
                self.tell(Fact::Chosen { key: Phi::new(key), answer: answer.name.clone() });
                self.go(now, answer.target);
            }
            None => self.miss(now, Why::WrongKeys),
        }
    }

    /// Pound: while something is said the time is added to what follows, else it is granted aloud.
    fn more_time(&mut self, now: Instant) -> Heed {
        let more = self.set.clinic().more_time;
        let words = self.own(Own::MoreTime);
        let State::Asking(Asking { wait, phase, .. }) = &mut self.state else { return Heed::Ignored };
        match phase {
            Phase::Unasked => {
                *wait += more;
                Heed::Ignored
            }
            Phase::Speaking(_) => {
                *wait += more;
                Heed::Taken
            }
            Phase::Thinking { until } => {
                *wait = (*until - now) + more;
                let speech = self.speak(now, smallvec![words]);
                if let State::Asking(asking) = &mut self.state {
                    asking.phase = Phase::Speaking(speech);
                }
                Heed::Taken
            }
        }
    }

    /// Silence or a wrong key: once more, then a person.
    pub(super) fn miss(&mut self, now: Instant, why: Why) {
        self.first_pass = FirstPass::Over;
        self.ahead.clear();
        let State::Asking(asking) = &mut self.state else { return };
        asking.misses += 1;
        let count = asking.misses;
        self.tell(Fact::Missed { silence: why == Why::Silence, count });
        if count >= self.set.clinic().tries {
            return self.lead_to_person(now, self.after_misses(why));
        }
        let sorry = if why == Why::Silence { Own::Silence } else { Own::WrongKey };
        self.speak_menu(now, Some(sorry));
    }

    /// Why a person is got after misses: in a triage tree they lead to a nurse.
    pub(super) fn after_misses(&self, why: Why) -> Why {
        match self.set.flows()[self.here.flow].kind {
            FlowKind::Ordinary => why,
            FlowKind::Triage => Why::Nurse,
        }
    }

    /// What the menu that is here says, and how long a caller may think then.
    fn menu_words(&mut self) -> Option<(Phrases, Duration)> {
        let set = Arc::clone(&self.set);
        match &set.step(self.here)?.act {
            Act::Menu { prompt, first_key, .. } => Some((self.words(prompt), *first_key)),
            Act::Offer { prompt, first_key, .. } => {
                let item = self.offered()?.clone();
                Some((self.words_about(prompt, &item), *first_key))
            }
            _ => None,
        }
    }

    pub(super) fn speak_menu(&mut self, now: Instant, before: Option<Own>) {
        let Some((words, first_key)) = self.menu_words() else { return };
        let mut prompts: Phrases = before.map(|own| self.own(own)).into_iter().collect();
        prompts.extend(words);
        let speech = self.speak(now, prompts);
        self.menu_is_spoken(first_key, speech);
    }

    /// Star: the menu's own words again.
    fn repeat_menu(&mut self, now: Instant) {
        let Some((prompts, first_key)) = self.menu_words() else { return };
        let speech = self.speak_again(now, prompts);
        self.menu_is_spoken(first_key, speech);
    }

    fn menu_is_spoken(&mut self, first_key: Duration, speech: Speech) {
        if let State::Asking(asking) = &mut self.state {
            if asking.phase != Phase::Unasked {
                asking.wait = first_key;
            }
            asking.phase = Phase::Speaking(speech);
        }
    }
}
