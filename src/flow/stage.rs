//! A call in virtual time, for whatever tries a flow without a telephone: words are over as soon as they begin, voices and
//! persons answer at once, and no server is asked. Not here: what the caller does, and what must come of it.

use crate::clock::Instant;
use crate::flow::action::{Action, ConnectEnd, Fact, Heard, Input};
use crate::flow::rehearsal::Desk;
use crate::flow::request::failure::Failure;
use crate::flow::run::Run;
use crate::id::{ExitName, FlowName, PlaybackId, StepName};
use crate::wire::telephone_event::Key;
use std::time::Duration;

/// Between two keys of a caller who knows what he types.
const BETWEEN_KEYS: Duration = Duration::from_millis(300);

/// A call that is played.
pub(super) struct Stage {
    run: Run,
    now: Instant,
    desk: Desk,
    /// Words that were begun and whose end is not told yet.
    playing: Option<PlaybackId>,
    /// What the caller said is being kept.
    says: Option<Duration>,
    waits_for: Waits,
    /// Prompts since they were last forgotten.
    heard: Vec<String>,
    ended: Option<ExitName>,
    /// Inputs that may still come: a flow that never waits for the caller ends with them.
    left: usize,
    /// The step that was entered last, and its flow.
    step: Option<(FlowName, StepName)>,
}

/// What the engine owes the flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Waits {
    Nothing,
    Person,
    Tone,
    Saved,
}

impl Stage {
    /// Begins a call in which at most so many inputs come.
    pub fn new(run: Run, desk: Desk, inputs_max: usize) -> Self {
        let mut stage = Self {
            run,
            now: Instant::START,
            desk,
            playing: None,
            says: None,
            waits_for: Waits::Nothing,
            heard: Vec::new(),
            ended: None,
            left: inputs_max,
            step: None,
        };
        stage.hand_in(Input::Start);
        stage
    }

    /// The exit that the call has come to.
    pub fn exit(&self) -> Option<&ExitName> {
        self.ended.as_ref().or(self.run.exit())
    }

    /// The step that was entered last, and its flow.
    pub fn step(&self) -> Option<&(FlowName, StepName)> {
        self.step.as_ref()
    }

    /// Prompts that the caller heard since they were last forgotten.
    pub fn heard(&self) -> &[String] {
        &self.heard
    }

    /// What was heard until now is done with.
    pub fn forget_heard(&mut self) {
        self.heard.clear();
    }

    /// The caller presses a key, a moment after the one before.
    pub fn press(&mut self, key: Key) {
        self.now += BETWEEN_KEYS;
        self.hand_in(Input::Key(key));
    }

    /// The caller does nothing until the flow goes on without him.
    pub fn be_silent(&mut self) {
        if let Some(due) = self.run.poll_timeout() {
            self.now = self.now.max(due.at);
            self.hand_in(Input::Timeout);
        }
    }

    /// The caller leaves a message of this length, once the flow takes one.
    pub fn say(&mut self, time: Duration) {
        self.says = Some(time);
        self.owe();
    }

    /// Goes on until the flow waits for the caller.
    pub fn until_quiet(&mut self) {
        while self.goes_on() {}
    }

    /// Goes on by one thing: words are over, or what the engine owes comes. False if the flow waits for the caller.
    pub fn goes_on(&mut self) -> bool {
        if self.left == 0 {
            return false;
        }
        match self.playing.take() {
            Some(playback) => {
                self.hand_in(Input::PlaybackEnded { playback, completed: true });
                true
            }
            None => self.owe() || self.times_out(),
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
        let goes_on = self.run.goes_on_by_itself() && self.run.poll_timeout().is_some();
        if goes_on {
            self.be_silent();
        }
        goes_on
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
                Action::Tell(Fact::StepEntered { flow, step }) => self.step = Some((flow, step)),
                Action::Tell(_) | Action::LetGo { .. } | Action::ByPhone(_) => {}
                Action::StartRecording | Action::StopRecording | Action::Stopped | Action::Hurry => {}
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
