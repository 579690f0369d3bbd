//! The stage: an engine in virtual time that plays words in no time and answers as the rehearsal says.

use super::{Desk, Does, Given, Line, Rehearsal};
use crate::clock::{Instant, WallTime};
use crate::flow::action::{Action, ConnectEnd, Heard, Input};
use crate::flow::diagnostic::Place;
use crate::flow::request::failure::Failure;
use crate::flow::run::{CareAnswers, Run, Unsigned};
use crate::flow::set::FlowSet;
use crate::id::{ExitName, FlowName, PlaybackId};
use crate::limits::REHEARSAL_INPUTS_MAX;
use crate::wire::telephone_event::Key;
use std::sync::Arc;
use std::time::Duration;

/// Where a call was otherwise than written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Difference {
    pub place: Place,
    pub what: String,
}

struct Stage {
    run: Run,
    now: Instant,
    desk: Desk,
    /// Words that were begun and whose end is not told yet.
    playing: Option<PlaybackId>,
    /// What the caller said is being kept.
    says: Option<Duration>,
    waits_for: Waits,
    /// Prompts since the line before.
    heard: Vec<String>,
    ended: Option<ExitName>,
    /// Inputs that may still come: a flow that never waits for the caller ends with them.
    left: usize,
}

/// What the engine owes the flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Waits {
    Nothing,
    Person,
    Tone,
    Saved,
}

/// Plays a call.
pub(super) fn play(set: &Arc<FlowSet>, rehearsal: &Rehearsal) -> Result<(), Difference> {
    let mut stage = Stage::new(set, &rehearsal.given)?;
    for line in &rehearsal.lines {
        stage.line(line)?;
    }
    stage.until_quiet();
    let exit = stage.ended.as_ref().or(stage.run.exit()).map(|exit| exit.as_str().to_owned());
    if exit.as_deref() == Some(rehearsal.exit.value.as_str()) {
        return Ok(());
    }
    let wanted = &rehearsal.exit.value;
    let what = match exit {
        Some(exit) => format!("the call comes to `{exit}`, not to `{wanted}`"),
        None => format!(
            "the call comes to no exit, not to `{wanted}`; after the last line the caller heard {}",
            stage.told()
        ),
    };
    Err(Difference { place: rehearsal.exit.place, what })
}

impl Stage {
    fn new(set: &Arc<FlowSet>, given: &Given) -> Result<Self, Difference> {
        let named = FlowName::from(given.number.value.as_str());
        let flow =
            if set.position(&named).is_some() { named } else { set.route(&given.number.value).clone() };
        // Whether a triage tree is signed is not asked: its calls are rehearsed before it can be.
        let run = Run::new(Arc::clone(set), flow).with_unsigned(Unsigned::Answered);
        let mut run = run.told(answers(given)?);
        if let Some(at) = given.at {
            let at = set.zone().to_ambiguous_timestamp(at).compatible();
            let micros = at.map(|at| at.as_microsecond()).unwrap_or_default();
            run = run.begun_at(Instant::START, WallTime::from_micros(micros));
        }
        let mut stage = Self {
            run,
            now: Instant::START,
            desk: given.desk,
            playing: None,
            says: None,
            waits_for: Waits::Nothing,
            heard: Vec::new(),
            ended: None,
            left: REHEARSAL_INPUTS_MAX,
        };
        stage.hand_in(Input::Start);
        if let Some(language) = &given.language {
            let languages = &set.clinic().languages;
            match languages.iter().position(|known| known.as_str() == language.value) {
                Some(0) => {}
                Some(_) => stage.hand_in(Input::Key(Key::Digit(2))),
                None => {
                    let what = format!("no caller hears `{}` here", language.value);
                    return Err(Difference { place: language.place, what });
                }
            }
        }
        Ok(stage)
    }

    fn line(&mut self, line: &Line) -> Result<(), Difference> {
        self.until_quiet();
        let mut from = 0;
        for wanted in &line.hears {
            match self.heard[from..].iter().position(|heard| is_of(heard, &wanted.value)) {
                Some(at) => from += at + 1,
                None => {
                    let what =
                        format!("the caller does not hear `{}` here, but {}", wanted.value, self.told());
                    return Err(Difference { place: wanted.place, what });
                }
            }
        }
        self.heard.clear();
        match &line.does {
            Does::Nothing => {}
            Does::Presses(keys) => {
                for key in keys {
                    self.now += BETWEEN_KEYS;
                    self.hand_in(Input::Key(*key));
                }
            }
            Does::IsSilent => {
                if let Some(due) = self.run.poll_timeout() {
                    self.now = self.now.max(due.at);
                    self.hand_in(Input::Timeout);
                }
            }
            Does::Says(time) => {
                self.says = Some(*time);
                self.owe();
            }
        }
        Ok(())
    }

    /// What the caller heard since the line before.
    fn told(&self) -> String {
        if self.heard.is_empty() { "nothing".to_owned() } else { format!("`{}`", self.heard.join("`, `")) }
    }

    /// Goes on until the flow waits for the caller.
    fn until_quiet(&mut self) {
        loop {
            if let Some(playback) = self.playing.take() {
                self.hand_in(Input::PlaybackEnded { playback, completed: true });
            } else if !self.owe() && !self.times_out() {
                return;
            }
            if self.left == 0 {
                return;
            }
        }
    }

    /// What the engine owes the flow comes; false if it owes nothing, or what the caller says is missing.
    fn owe(&mut self) -> bool {
        let input = match self.waits_for {
            Waits::Nothing => return false,
            Waits::Person if self.desk == Desk::Answers => Input::Connected,
            Waits::Person => Input::ConnectEnded(ConnectEnd::NotReached),
            Waits::Tone => {
                let Some(time) = self.says.take() else { return false };
                self.waits_for = Waits::Nothing;
                self.hand_in(Input::MessageOpen);
                self.now += time;
                self.hand_in(Input::Key(Key::Pound));
                return true;
            }
            Waits::Saved => Input::MessageSaved,
        };
        self.waits_for = Waits::Nothing;
        self.hand_in(input);
        true
    }

    /// A silence that the flow asks for, or a ladder that rests, is waited out; a caller who is asked is not.
    fn times_out(&mut self) -> bool {
        if !self.run.goes_on_by_itself() {
            return false;
        }
        let Some(due) = self.run.poll_timeout() else { return false };
        self.now = self.now.max(due.at);
        self.hand_in(Input::Timeout);
        true
    }

    fn hand_in(&mut self, input: Input) {
        self.left = self.left.saturating_sub(1);
        self.run.handle(self.now, input);
        let (mut voiced, mut asked) = (Vec::new(), None);
        while let Some(action) = self.run.poll_action() {
            match action {
                Action::Play { playback, prompts } => {
                    self.heard.extend(prompts.iter().map(|words| words.prompt.as_str().to_owned()));
                    self.playing = Some(playback);
                }
                Action::StopPlaying => self.playing = None,
                Action::Connect { .. } => self.waits_for = Waits::Person,
                Action::TakeMessage => self.waits_for = Waits::Tone,
                Action::FinishMessage => self.waits_for = Waits::Saved,
                Action::End { exit } => self.ended = Some(exit),
                Action::Voice { voicing, .. } => voiced.push(voicing),
                Action::Request { request, .. } => asked = Some(request),
                Action::Tell(_) | Action::LetGo { .. } | Action::ByPhone(_) => {}
                Action::StartRecording | Action::StopRecording => {}
            }
        }
        // Whatever a voice is asked to say, it has said at once.
        for voicing in voiced {
            self.hand_in(Input::Voiced { voicing, heard: Heard::Sound });
        }
        // No server of the clinic is asked in a rehearsal.
        if let Some(request) = asked {
            self.hand_in(Input::Answered { request, answer: Err(Failure::NotReached) });
        }
    }
}

/// Whether a recording is the prompt, or a segment of it.
fn is_of(heard: &str, prompt: &str) -> bool {
    let number = heard.strip_prefix(prompt).and_then(|rest| rest.strip_prefix('.'));
    heard == prompt || number.is_some_and(|number| number.chars().all(|c| c.is_ascii_digit()))
}

/// Between two keys of a caller who knows what he types.
const BETWEEN_KEYS: Duration = Duration::from_millis(300);

/// What the records answer; an outcome that a verb never has is a difference.
fn answers(given: &Given) -> Result<CareAnswers, Difference> {
    let mut answers = CareAnswers::default();
    for (verb, outcome) in &given.care {
        let care = crate::flow::care::named(&verb.value);
        match care.filter(|care| care.outcomes.contains(&outcome.value.as_str()) || outcome.value == "failed")
        {
            Some(care) => answers.answer(care.verb, &outcome.value),
            None => {
                let what = format!("`{}` never comes to `{}`", verb.value, outcome.value);
                return Err(Difference { place: outcome.place, what });
            }
        }
    }
    Ok(answers)
}
