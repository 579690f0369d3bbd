//! `request`: the caller waits for what a server of the clinic answers.
//!
//! ```text
//!              1 s            words said
//! Early ──────────────▶ Said ────────────▶ Heard          a bed of sound from the first words on
//!   └────────┬────────────┴──────────────────┘
//!            ├─ answer: its values are saved ──▶ done      words that are being said are said to their end
//!            ├─ no answer that can be used ────▶ failed    at once
//!            ├─ 0, 9, 9 1 1: the way up; the request is let go
//!            └─ not even the edge has answered a second after all tries ──▶ a person, as with any fault of ours
//! ```
//! Other keys are kept for the steps that follow; star says the words once more. Not here: what is asked
//! ([`crate::flow::request`]), and the asking.

use super::{Line, Run, Speech, State};
use crate::clock::{Due, Instant};
use crate::flow::action::{Action, Fact, Phrases, Why};
use crate::flow::program::{Act, Target};
use crate::flow::request::answer::Answer;
use crate::flow::request::failure::{Failure, Outcome};
use crate::flow::request::{Plan, build};
use crate::flow::saved::Saved;
use crate::id::{PromptName, RequestId, ValueName};
use crate::limits::{REQUEST_GRACE, REQUEST_WORDS_AFTER};
use crate::wire::telephone_event::Key;
use std::sync::Arc;

/// A request that the engine has, and has not answered yet.
#[derive(Clone, Debug)]
pub(super) struct Outstanding {
    request: RequestId,
    plan: Arc<Plan>,
    since: Instant,
}

/// The wait for an answer.
#[derive(Clone, Debug)]
pub(super) struct Requesting {
    request: RequestId,
    /// The engine has answered by then.
    by: Instant,
    words: Words,
    /// What came while words were said.
    answer: Option<Answer>,
}

/// What the caller has heard of the wait.
#[derive(Clone, Debug)]
enum Words {
    /// Nothing: most answers come before.
    Early { until: Instant },
    /// He hears them.
    Said(Speech),
    /// He has heard them.
    Heard,
}

impl Requesting {
    pub fn speech(&self) -> Option<&Speech> {
        match &self.words {
            Words::Said(speech) => Some(speech),
            Words::Early { .. } | Words::Heard => None,
        }
    }

    pub fn speech_mut(&mut self) -> Option<&mut Speech> {
        match &mut self.words {
            Words::Said(speech) => Some(speech),
            Words::Early { .. } | Words::Heard => None,
        }
    }

    /// Whether he knows that he is waiting.
    pub fn is_told(&self) -> bool {
        match self.words {
            Words::Early { .. } => false,
            Words::Said(_) | Words::Heard => true,
        }
    }

    pub fn poll_timeout(&self, line: Line) -> Option<Due> {
        let due = |at, reason| Some(Due { at, reason });
        let words = match &self.words {
            Words::Early { until } => due(*until, "words to a caller who waits for an answer"),
            Words::Said(speech) => due(speech.give_up_at, "the end of a prompt was not told"),
            Words::Heard => None,
        };
        let answer = due(self.by, "the answer to a request").filter(|_| self.answer.is_none());
        Due::earlier(words.filter(|_| line == Line::Open), answer)
    }

    /// Words go on when the caller is back: so does the time that they may take.
    pub fn held(&mut self, now: Instant) {
        if let Words::Said(speech) = &mut self.words {
            speech.allow(now);
        }
    }
}

impl Run {
    /// Asks. `Some` when that cannot even be begun.
    pub(super) fn request(
        &mut self,
        now: Instant,
        plan: &Arc<Plan>,
        with: &[(ValueName, ValueName)],
        failed: Target,
    ) -> Option<Target> {
        let message = match self.message_of(plan, with) {
            Ok(message) => message,
            Err(failure) => {
                self.tell_request(plan, now, now, failure.outcome());
                return Some(failed);
            }
        };
        self.requests += 1;
        let request = RequestId(self.requests);
        self.outstanding = Some(Outstanding { request, plan: Arc::clone(plan), since: now });
        self.actions.push_back(Action::Request { request, plan: Arc::clone(plan), message });
        let words = Words::Early { until: now + REQUEST_WORDS_AFTER };
        let by = now + plan.within + REQUEST_GRACE;
        self.state = State::Requesting(Box::new(Requesting { request, by, words, answer: None }));
        None
    }

    fn message_of(&self, plan: &Plan, with: &[(ValueName, ValueName)]) -> Result<build::Message, Failure> {
        let value = |(there, here): &(ValueName, ValueName)| {
            self.saves.get(here.as_str()).map(|value| (there.clone(), value))
        };
        let values: Option<Vec<(ValueName, &Saved)>> = with.iter().map(value).collect();
        plan.message(&values.ok_or(Failure::Unsaved)?)
    }

    /// The engine has an answer, or knows that there is none. One that nobody waits for any more is passed over.
    pub(super) fn answered(&mut self, now: Instant, request: RequestId, answer: Result<Answer, Failure>) {
        let Some(asked) = self.outstanding.take_if(|asked| asked.request == request) else { return };
        let outcome = answer.as_ref().err().map_or(Outcome::Done, Failure::outcome);
        self.tell_request(&asked.plan, asked.since, now, outcome);
        let State::Requesting(waiting) = &mut self.state else { return };
        match answer {
            Ok(answer) if waiting.speech().is_some() => waiting.answer = Some(answer),
            Ok(answer) => self.use_answer(now, answer),
            Err(_) => {
                self.hush_request();
                self.go(now, self.request_way(|_, failed| failed));
            }
        }
    }

    fn use_answer(&mut self, now: Instant, answer: Answer) {
        for (name, value) in answer {
            self.saves.save(name, value);
        }
        self.go(now, self.request_way(|done, _| done));
    }

    fn request_way(&self, which: fn(Target, Target) -> Target) -> Target {
        match self.set.step(self.here).map(|step| &step.act) {
            Some(Act::Request { done, failed, .. }) => which(*done, *failed),
            Some(_) | None => Target::Ladder(Why::Fault),
        }
    }

    /// Words about the wait are not heard any further once it is over.
    fn hush_request(&mut self) {
        let speaks = matches!(&self.state, State::Requesting(waiting) if waiting.speech().is_some());
        if speaks {
            self.actions.push_back(Action::StopPlaying);
        }
    }

    pub(super) fn request_timeout(&mut self, now: Instant) {
        let State::Requesting(waiting) = &self.state else { return };
        if waiting.answer.is_none() && waiting.by <= now {
            self.tell_fault("a request was not answered");
            return self.climb(now, Why::Fault);
        }
        match &waiting.words {
            Words::Early { .. } => self.say_meanwhile(now, Self::speak),
            Words::Said(_) => {
                self.tell_fault("the end of a prompt was not told");
                self.request_words_ended(now);
            }
            Words::Heard => {}
        }
    }

    fn say_meanwhile(&mut self, now: Instant, speak: fn(&mut Self, Instant, Phrases) -> Speech) {
        let Some(prompt) = self.meanwhile() else { return };
        let words = self.words(&prompt);
        let speech = speak(self, now, words);
        if let State::Requesting(waiting) = &mut self.state {
            waiting.words = Words::Said(speech);
        }
    }

    fn meanwhile(&self) -> Option<PromptName> {
        match &self.set.step(self.here)?.act {
            Act::Request { meanwhile, .. } => Some(meanwhile.clone()),
            _ => None,
        }
    }

    /// The words about the wait are over: an answer that came meanwhile is used.
    pub(super) fn request_words_ended(&mut self, now: Instant) {
        let State::Requesting(waiting) = &mut self.state else { return };
        waiting.words = Words::Heard;
        if let Some(answer) = waiting.answer.take() {
            self.use_answer(now, answer);
        }
    }

    /// Star says the words once more; what else is pressed waits for the steps that follow.
    pub(super) fn key_while_requesting(&mut self, now: Instant, key: Key) {
        let told = matches!(&self.state, State::Requesting(waiting) if waiting.is_told());
        match key {
            Key::Star if told => self.say_meanwhile(now, Self::speak_again),
            Key::Star => {}
            Key::Digit(_) | Key::Pound | Key::Letter(_) => self.keep_for_later(key),
        }
    }

    /// Lets go of a request whose step the caller has left.
    pub(super) fn let_go(&mut self, now: Instant) {
        let waits = |asked: &Outstanding, state: &State| matches!(state, State::Requesting(waiting) if waiting.request == asked.request);
        if self.outstanding.as_ref().is_none_or(|asked| waits(asked, &self.state)) {
            return;
        }
        let Some(Outstanding { request, plan, since }) = self.outstanding.take() else { return };
        self.actions.push_back(Action::LetGo { request });
        self.tell_request(&plan, since, now, Outcome::Left);
    }

    fn tell_request(&mut self, plan: &Plan, since: Instant, now: Instant, outcome: Outcome) {
        let host = plan.url.host.to_string().into();
        let milliseconds = u32::try_from(now.since(since).as_millis()).unwrap_or(u32::MAX);
        self.tell(Fact::Requested { host, outcome, milliseconds });
    }
}
