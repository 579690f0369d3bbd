//! One caller's way through the flows: the interpreter.
//!
//! ```text
//! Waiting ─Start─▶ Saying ──▶ Asking ──answer──▶ …                   say · menu
//!                     │ 0 9      │ 0 9 │ answer, 4, two silences, two wrong keys
//!                     │          │     ▼
//!                     │          │   Notice                           once, before the first person or message
//!                     ▼          ▼     ▼ 0 9, heard, refused
//!                  Climbing ◀──────────────────────────┐              the person ladder
//!                     │ answered      │ nobody (Notice)│
//!                     ▼               ▼                │
//!                  Talking        Prompting ─▶ Opening ─▶ Recording ─▶ Saving
//!                     │ far end hung up                └── failed ──────┤
//!                     ▼                                                 ▼ saved
//!                  the menu again                                    Parting ─▶ Over
//! ```
//! Nothing is recorded before the notice was heard to its end. It stands between the choice and the person
//! or message that is the first to be recorded, or where a `record` step gives it earlier. Who presses 0
//! or 9, types the emergency number, or meets a fault of ours gets the person at once, without notice or recording.
//!
//! Every failure leads up: no state but `Parting` ends the call, and `Parting` is reached by a saved
//! message or a written `end:` alone, or when the engine stops. In a crisis and in an emergency there is no message either: the
//! ladder is climbed again and again until a person answers or the caller hangs up.
//!
//! A timer lives in the state that needs it. Not here: playing, calling, recording; the engine does
//! them and answers with an [`Input`].

pub mod by_phone;
mod closed;
mod entering;
mod keeping;
mod ladder;
mod offering;
mod requesting;
mod resumed;
mod silent;
mod steps;
pub mod stopping;
#[cfg(test)]
mod tests;
mod voicing;
mod withheld;

use crate::clock::{Due, Instant, WallTime};
use crate::flow::action::{Action, ConnectEnd, Ears, Fact, Input, Pace, Phrases, Spoken, Why};
use crate::flow::care::Verb;
use crate::flow::closing::{Closing, phone};
use crate::flow::edition::Edition;
use crate::flow::program::{Own, Recording, StepAt};
use crate::flow::saved::Saves;
use crate::flow::set::FlowSet;
use crate::id::{ExitName, FlowName, Language, PlaybackId, PromptName};
use crate::limits::{ENGINE_ANSWER_MAX, PROMPT_MAX, TYPE_AHEAD_MAX};
use crate::wire::telephone_event::Key;
use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// A running flow. Its `Debug` shows no keys: they may tell why somebody called.
pub struct Run {
    set: Arc<FlowSet>,
    /// The flow of the called number.
    called: usize,
    /// An instant and the calendar's time at it, if it was told.
    time: Option<(Instant, WallTime)>,
    /// What closed the number when the call began, the one that wins first.
    closings: Vec<Arc<Closing>>,
    /// The step that is running, or was last.
    here: StepAt,
    language: Tongue,
    first_pass: FirstPass,
    recorder: Recorder,
    state: State,
    /// The caller hears nothing: words and the tone wait, and nobody is late with them.
    on_hold: bool,
    /// Keys that no step has taken yet.
    ahead: VecDeque<Key>,
    /// The last keys and their times, as many as the emergency number has.
    recent: VecDeque<(Key, Instant)>,
    /// What the entry said to its end, so that another language does not begin from nothing.
    heard: Vec<Spoken>,
    actions: VecDeque<Action>,
    playbacks: u64,
    telling: Telling,
    /// A pound key until then belongs to an entry that is over.
    late_pound_until: Option<Instant>,
    /// How fast this flow speaks.
    pace: Pace,
    saves: Saves,
    /// Flows that called the one that runs, the first one first.
    callers: Vec<silent::Caller>,
    /// The item of a list that is offered, from 0.
    item: usize,
    /// Requests that were asked.
    requests: u64,
    outstanding: Option<requesting::Outstanding>,
    /// What a voice was asked to say, or is to be asked; the first one is the voicing 1.
    voicings: Vec<voicing::Voicing>,
    /// What the records answer in a rehearsal.
    care: CareAnswers,
    /// The exit that the call has if the ladder finds a person.
    climbing_for: ExitName,
    /// The language that the caller needs an interpreter for, from the step on that says so.
    interpreter: Option<Language>,
    exit: Option<ExitName>,
    unsigned: Unsigned,
    /// Whether the called number is the one where lines are closed by phone.
    service: by_phone::Service,
}

/// What callers of a triage tree that nobody has signed get.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Unsigned {
    /// The safe stub: the emergency line, then a nurse.
    #[default]
    Withheld,
    /// The tree: whoever calls tries it out.
    Answered,
}

/// What the records answer: in a rehearsal as it says, else nothing yet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CareAnswers {
    outcomes: BTreeMap<&'static str, String>,
}

impl CareAnswers {
    /// What this comes to whenever it is asked.
    pub fn answer(&mut self, verb: Verb, outcome: &str) {
        self.outcomes.insert(verb.name(), outcome.to_owned());
    }

    /// What it comes to.
    fn of(&self, verb: Verb) -> Option<&str> {
        self.outcomes.get(verb.name()).map(String::as_str)
    }
}

/// Which language the caller hears.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tongue {
    /// The first of the clinic, and nobody has chosen it.
    Main,
    /// The second: the caller pressed 2.
    Second,
}

/// 2 and 7 have their meaning until the first menu's first pass ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum FirstPass {
    Open,
    Over,
}

/// Whether the call is recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Recorder {
    /// The notice was not given yet.
    NotYet,
    /// It is.
    On,
    /// It is not: the notice was cut. A message is taken only after it was given again.
    Cut,
    /// It is not, until a step says so: the notice was given.
    Paused,
    /// It will not be: switched off, refused, or a crisis.
    Never,
}

/// How often the caller has had the last words said to him: the star key says them again, and slowly from the
/// second star on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Telling {
    First,
    Again,
    Slowly,
}

impl Telling {
    const fn after_star(self) -> Self {
        match self {
            Telling::First => Telling::Again,
            Telling::Again | Telling::Slowly => Telling::Slowly,
        }
    }

    const fn pace(self) -> Pace {
        match self {
            Telling::First | Telling::Again => Pace::Normal,
            Telling::Slowly => Pace::Slow,
        }
    }
}

/// Words on their way to the caller.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Speech {
    playback: PlaybackId,
    /// At the normal pace, whatever they are spoken at.
    prompts: Phrases,
    /// What they are spoken at.
    pace: Pace,
    /// Whether they can be heard.
    ready: voicing::Readiness,
    /// A playing whose end is never told must not hold the caller for ever.
    give_up_at: Instant,
}

/// The longest prompt, spoken slowly: 145 of 110 of its time, and a little.
const SLOW_PROMPT_MAX: Duration = PROMPT_MAX.saturating_mul(4).checked_div(3).expect("three is not zero");

/// How long words may take to their end at the most.
const fn longest(pace: Pace) -> Duration {
    match pace {
        Pace::Normal => PROMPT_MAX,
        Pace::Slow => SLOW_PROMPT_MAX,
    }
}

impl Speech {
    /// Its end may be told until as long after `now` as the longest prompt takes.
    fn allow(&mut self, now: Instant) {
        self.give_up_at = now + longest(self.pace);
    }
}

/// The recording notice on its way to the caller, behind what is said before it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Notice {
    speech: Speech,
    then: AfterNotice,
}

/// What the notice stands before.
#[derive(Clone, Debug, PartialEq, Eq)]
enum AfterNotice {
    /// What follows on the step that gives it.
    Step,
    /// A person, and the exit of the talk with him.
    Person { why: Why, exit: ExitName },
    /// A message.
    Message,
    /// The message of a `record` step.
    Comment,
}

#[derive(Clone, Debug)]
enum State {
    /// The caller cannot hear yet.
    Waiting,
    Saying(Speech),
    /// The number is closed by hand.
    Closed(closed::Closed),
    Notice(Notice),
    Asking(Asking),
    /// Digits are typed.
    Entering(Box<entering::Entering>),
    /// Lines are closed by phone.
    ByPhone(Box<by_phone::AtService>),
    /// A server of the clinic is asked.
    Requesting(Box<requesting::Requesting>),
    /// A silence that the flow asks for.
    Pausing {
        until: Instant,
    },
    Climbing(Climb),
    Talking {
        why: Why,
        /// Whose call was answered, and the rung from 0: the way goes on there if no sound comes of him.
        reached: Option<(Whom, usize)>,
    },
    /// The words before a message.
    Prompting(Speech, For),
    /// The tone is asked for.
    Opening {
        by: Instant,
        what_for: For,
    },
    Recording {
        until: Instant,
        what_for: For,
    },
    Saving {
        by: Instant,
        what_for: For,
    },
    /// The last words.
    Parting {
        speech: Speech,
        /// `None`: the engine stops.
        exit: Option<ExitName>,
    },
    Over,
}

/// Whether the caller hears what is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Line {
    /// He does.
    Open,
    /// He has put us on hold.
    Held,
}

/// What a spoken message is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum For {
    /// The last rung of the ladder.
    Ladder,
    /// The step that is here.
    Step,
}

/// A menu.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Asking {
    misses: u32,
    /// How long the caller may think once nothing is said any more.
    wait: Duration,
    phase: Phase,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Phase {
    /// Keys typed ahead are looked at first.
    Unasked,
    Speaking(Speech),
    Thinking {
        until: Instant,
    },
}

/// The way up the person ladder.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Climb {
    why: Why,
    whom: Whom,
    /// From 0.
    rung: usize,
    call: Call,
    voice: Voice,
    /// The last words, for the star key.
    said: Phrases,
}

/// Who is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Whom {
    /// Those of the ladder, one after the other.
    Ladder,
    /// The party of the `transfer` step that is here.
    Step,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Call {
    /// The engine calls; it answers before `by`.
    Ringing { by: Instant },
    /// The whole ladder failed: it is climbed again then.
    Resting { until: Instant },
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Voice {
    Speaking(Speech),
    Quiet { until: Instant },
}

impl fmt::Debug for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (flow, step) =
            (&self.set.flows()[self.here.flow].name, self.set.step(self.here).map(|step| &step.name));
        write!(f, "Run(flow {flow:?}, step {step:?}, {:?})", self.state)
    }
}

impl Run {
    /// A run that begins with the entry and goes on to `flow`; a flow unknown to the set is its default.
    pub fn new(set: Arc<FlowSet>, flow: FlowName) -> Self {
        let called = set.position(&flow).unwrap_or(set.clinic().default);
        let here = set.flows()[set.clinic().entry].start;
        let recorder = match set.clinic().recording {
            Recording::On => Recorder::NotYet,
            Recording::Off => Recorder::Never,
        };
        Self {
            set,
            called,
            time: None,
            closings: Vec::new(),
            here,
            language: Tongue::Main,
            first_pass: FirstPass::Open,
            recorder,
            state: State::Waiting,
            on_hold: false,
            ahead: VecDeque::with_capacity(TYPE_AHEAD_MAX),
            recent: VecDeque::with_capacity(4),
            heard: Vec::new(),
            actions: VecDeque::with_capacity(8),
            playbacks: 0,
            telling: Telling::First,
            late_pound_until: None,
            pace: Pace::Normal,
            saves: Saves::default(),
            callers: Vec::new(),
            item: 0,
            requests: 0,
            outstanding: None,
            voicings: Vec::new(),
            care: CareAnswers::default(),
            climbing_for: ExitName::from("person"),
            interpreter: None,
            exit: None,
            unsigned: Unsigned::default(),
            service: by_phone::Service::default(),
        }
    }

    /// The same run for a caller to whom this applies.
    pub fn with_unsigned(self, unsigned: Unsigned) -> Self {
        Self { unsigned, ..self }
    }

    /// The same run, begun within a flow as if the entry and its first menu were over: how a tree is tested, signed
    /// or not.
    pub fn within(self, flow: usize) -> Self {
        let here = self.set.flows().get(flow).map_or(self.here, |flow| flow.start);
        Self { here, first_pass: FirstPass::Over, unsigned: Unsigned::Answered, ..self }
    }

    /// The same run, told what the calendar's time is at an instant: `hours` steps ask by it.
    pub fn begun_at(self, now: Instant, wall: WallTime) -> Self {
        Self { time: Some((now, wall)), ..self }
    }

    /// The same run in a rehearsal, told what the records answer.
    pub fn told(self, care: CareAnswers) -> Self {
        Self { care, ..self }
    }

    /// Whether time alone leads on: nothing is asked of the caller, and nobody is owed an answer.
    pub fn goes_on_by_itself(&self) -> bool {
        match &self.state {
            State::Pausing { .. } => true,
            State::Climbing(climb) => matches!(climb.call, Call::Resting { .. }),
            State::Waiting | State::Saying(_) | State::Closed(_) | State::Notice(_) | State::Asking(_) => {
                false
            }
            State::Entering(_) | State::ByPhone(_) | State::Requesting(_) | State::Talking { .. } => false,
            State::Prompting(..) | State::Opening { .. } | State::Recording { .. } => false,
            State::Saving { .. } | State::Parting { .. } | State::Over => false,
        }
    }

    /// The exit that the call has reached, also when the caller hangs up: the talk with a person that
    /// was asked for, or the end of a flow.
    pub fn exit(&self) -> Option<&ExitName> {
        self.exit.as_ref()
    }

    /// The set that it runs on, to its end.
    pub fn set(&self) -> &FlowSet {
        &self.set
    }

    /// The name of that set.
    pub fn edition(&self) -> Edition {
        self.set.edition()
    }

    /// The notice that somebody hears who comes into a talk that is recorded: in the clinic's main language, then in the
    /// caller's if that is another one.
    pub fn recording_notice(&self) -> Phrases {
        let main = &self.set.clinic().languages[0];
        let languages = [main, self.language()];
        let count = if main == self.language() { 1 } else { 2 };
        let prompt = self.set.own(Own::Recording);
        let spoken = |language: &Language| Spoken {
            prompt: prompt.clone(),
            language: language.clone(),
            pace: Pace::Normal,
        };
        languages.into_iter().take(count).map(spoken).collect()
    }

    /// The language that the caller hears.
    pub fn language(&self) -> &Language {
        let languages = &self.set.clinic().languages;
        match self.language {
            Tongue::Main => &languages[0],
            Tongue::Second => &languages[1],
        }
    }

    /// Takes in one thing that happened.
    pub fn handle(&mut self, now: Instant, input: Input) {
        match input {
            Input::Start => self.start(now),
            Input::Resumed { why, company } => self.resumed(now, why, company),
            Input::Key(key) => self.key(now, key),
            Input::Fax => self.fax(),
            Input::PlaybackEnded { playback, completed } => {
                if self.speech().is_some_and(|speech| speech.playback == playback) {
                    self.speech_ended(now, completed);
                }
            }
            Input::Timeout => self.timeout(now),
            Input::Hold { on } => self.hold(now, on),
            Input::Connected => self.connected(),
            Input::ConnectEnded(end) => self.connect_ended(now, end),
            Input::Voiced { voicing, heard } => self.voice_answers(now, voicing, heard),
            Input::MessageOpen => self.message_open(now),
            Input::MessageSaved => self.message_saved(now),
            Input::MessageFailed => self.message_failed(now),
            Input::ByPhone(answer) => self.service_hears(now, phone::Input::Answer(answer)),
            Input::Answered { request, answer } => self.answered(now, request, answer),
            Input::Stopping => self.stopping(now),
            Input::LongAlone => self.long_alone(now),
        }
        self.let_go(now);
    }

    /// The next thing to do; `None` until something happens again.
    pub fn poll_action(&mut self) -> Option<Action> {
        self.actions.pop_front()
    }

    /// What the caller's sound matters for now. Keys act everywhere but in a talk; who has been silent once while
    /// he was asked may be a machine, which is no patient's silence.
    pub fn ears(&self) -> Ears {
        let talks = matches!(self.state, State::Talking { .. } | State::Over);
        let fax = matches!(
            &self.state,
            State::Asking(Asking { misses: 1.., phase: Phase::Speaking(_) | Phase::Thinking { .. }, .. })
        );
        Ears { keys: !talks, fax }
    }

    /// The caller knows that he waits: a person is being called for him, or a server of the clinic is asked.
    pub fn waits(&self) -> bool {
        match &self.state {
            State::Climbing(_) => true,
            State::Requesting(waiting) => waiting.is_told(),
            State::Waiting | State::Saying(_) | State::Closed(_) | State::Notice(_) | State::Asking(_) => {
                false
            }
            State::Entering(_) | State::ByPhone(_) | State::Pausing { .. } | State::Talking { .. } => false,
            State::Prompting(..) | State::Opening { .. } | State::Recording { .. } => false,
            State::Saving { .. } | State::Parting { .. } | State::Over => false,
        }
    }

    /// Nobody is there to be led to a person.
    fn fax(&mut self) {
        if !self.ears().fax {
            return;
        }
        let exit = ExitName::from("fax");
        self.tell(Fact::FaxHeard);
        self.actions.push_back(Action::StopPlaying);
        self.actions.push_back(Action::End { exit: exit.clone() });
        self.exit = Some(exit);
        self.state = State::Over;
    }

    /// When to hand in [`Input::Timeout`] at the latest.
    pub fn poll_timeout(&self) -> Option<Due> {
        let voice = self.speech().and_then(Speech::awaited);
        let voice = voice.map(|at| Due { at, reason: "a voice that speaks a value" });
        Due::earlier(voice, self.poll_state())
    }

    fn poll_state(&self) -> Option<Due> {
        let due = |at, reason| Some(Due { at, reason });
        let speech = |speech: &Speech| {
            due(speech.give_up_at, "the end of a prompt was not told").filter(|_| !self.on_hold)
        };
        match &self.state {
            State::Waiting | State::Talking { .. } | State::Over => None,
            State::Saying(said) | State::Prompting(said, _) => speech(said),
            State::Closed(closed) => speech(&closed.speech),
            State::Entering(entering) => entering.poll_timeout(self.line()),
            State::ByPhone(service) => service.poll_timeout(self.line()),
            State::Requesting(waiting) => waiting.poll_timeout(self.line()),
            State::Pausing { until } => due(*until, "a silence that the flow asks for"),
            State::Notice(Notice { speech: said, .. }) | State::Parting { speech: said, .. } => speech(said),
            State::Asking(asking) => match &asking.phase {
                Phase::Unasked => None,
                Phase::Speaking(said) => speech(said),
                Phase::Thinking { until } => due(*until, "the caller thinks"),
            },
            State::Climbing(climb) => {
                let call = match climb.call {
                    Call::Ringing { by } => due(by, "a person rings"),
                    Call::Resting { until } => due(until, "rest before the ladder is climbed again"),
                };
                let voice = match &climb.voice {
                    Voice::Speaking(said) => speech(said),
                    Voice::Quiet { until } => due(*until, "a word to the waiting caller"),
                };
                Due::earlier(call, voice)
            }
            State::Opening { by, .. } => due(*by, "the tone before a message").filter(|_| !self.on_hold),
            State::Recording { until, .. } => due(*until, "the longest message"),
            State::Saving { by, .. } => due(*by, "a message is saved"),
        }
    }

    fn line(&self) -> Line {
        if self.on_hold { Line::Held } else { Line::Open }
    }

    fn timeout(&mut self, now: Instant) {
        if self.voice_is_due(now) {
            return self.voice_is_over(now);
        }
        if self.poll_state().is_none_or(|due| due.at > now) {
            return;
        }
        match &self.state {
            State::Waiting | State::Talking { .. } | State::Over => {}
            State::Asking(Asking { phase: Phase::Thinking { .. }, .. }) => self.miss(now, Why::Silence),
            State::Climbing(_) => self.climb_timeout(now),
            State::Entering(_) => self.entry_hears(now, crate::flow::entry::Input::Timeout),
            State::ByPhone(_) => self.service_hears(now, phone::Input::Timeout),
            State::Requesting(_) => self.request_timeout(now),
            State::Pausing { .. } => self.go(now, self.after_words()),
            State::Recording { .. } => self.finish_message(now),
            State::Opening { .. } | State::Saving { .. } => {
                self.tell_fault("the recorder did not answer");
                self.message_failed(now);
            }
            State::Saying(_)
            | State::Closed(_)
            | State::Notice(_)
            | State::Asking(_)
            | State::Prompting(..)
            | State::Parting { .. } => {
                self.tell_fault("the end of a prompt was not told");
                self.speech_ended(now, false);
            }
        }
    }

    /// What waited for the caller begins, or goes on, when he is back: so does the time that it may take.
    fn hold(&mut self, now: Instant, on: bool) {
        self.on_hold = on;
        match &mut self.state {
            State::Saying(speech) | State::Prompting(speech, _) => speech.allow(now),
            State::Closed(closed) => closed.speech.allow(now),
            State::Entering(entering) => entering.held(now),
            State::ByPhone(service) => service.held(now),
            State::Requesting(waiting) => waiting.held(now),
            State::Notice(Notice { speech, .. }) | State::Parting { speech, .. } => speech.allow(now),
            State::Asking(Asking { phase: Phase::Speaking(speech), .. }) => speech.allow(now),
            State::Climbing(Climb { voice: Voice::Speaking(speech), .. }) => speech.allow(now),
            State::Opening { by, .. } => *by = now + ENGINE_ANSWER_MAX,
            State::Asking(_) | State::Climbing(_) | State::Waiting | State::Talking { .. } => {}
            State::Pausing { .. } => {}
            State::Recording { .. } | State::Saving { .. } | State::Over => {}
        }
    }

    /// One key, wherever the caller is. 0, 9 and the emergency number act everywhere.
    fn key(&mut self, now: Instant, key: Key) {
        let passes =
            matches!(self.state, State::Talking { .. } | State::Over) || matches!(key, Key::Letter(_));
        if passes {
            return;
        }
        if let State::Entering(_) = self.state {
            // All digits are data there; the entry knows its own 9 1 1.
            return self.key_while_entering(now, key);
        }
        if self.is_typing_at_service() {
            self.recent.clear();
            return self.service_hears(now, phone::Input::Key(key));
        }
        if self.completes_emergency_number(now, key) {
            return self.climb(now, Why::Emergency);
        }
        if key == Key::Pound && (self.is_late_pound(now) || self.skips_to_service(now)) {
            return;
        }
        match (key, &self.state) {
            (Key::Digit(9), _) => self.climb(now, Why::Crisis),
            (Key::Digit(0), State::Climbing(_)) => {}
            (Key::Digit(0), _) => self.climb(now, Why::Asked),
            (_, State::Waiting) => self.key_while_saying(now, key),
            (_, State::Saying(_) | State::Pausing { .. }) => self.key_while_saying(now, key),
            (_, State::Closed(_)) => self.key_while_closed(now, key),
            (_, State::Entering(_)) => {}
            (Key::Digit(4), State::ByPhone(_)) => self.lead_to_person(now, Why::Nurse),
            (_, State::ByPhone(_)) => self.service_hears(now, phone::Input::Key(key)),
            (_, State::Requesting(_)) => self.key_while_requesting(now, key),
            (_, State::Notice(_)) => self.key_in_notice(now, key),
            (_, State::Asking(_)) => self.key_in_menu(now, key),
            (Key::Digit(7), State::Climbing(_) | State::Prompting(..)) => self.refuse_after_notice(now),
            (Key::Star, State::Climbing(_)) => self.repeat_while_climbing(now),
            (Key::Star, State::Prompting(speech, what_for)) => {
                let (prompts, what_for) = (speech.prompts.clone(), *what_for);
                self.state = State::Prompting(self.speak_again(now, prompts), what_for);
            }
            (Key::Pound, State::Prompting(..)) => self.open_message(now),
            (Key::Pound, State::Recording { .. }) => self.finish_message(now),
            // Opening: a pound pressed twice, or before the tone, ends no message that has not begun.
            (
                _,
                State::Climbing(_) | State::Prompting(..) | State::Opening { .. } | State::Recording { .. },
            ) => {}
            (_, State::Saving { .. } | State::Parting { .. } | State::Talking { .. } | State::Over) => {}
        }
    }

    fn completes_emergency_number(&mut self, now: Instant, key: Key) -> bool {
        let number = &self.set.clinic().emergency;
        if self.recent.len() == number.len() {
            self.recent.pop_front();
        }
        self.recent.push_back((key, now));
        let typed = self.recent.iter().map(|(key, _)| key).eq(number);
        let quick = self
            .recent
            .front()
            .is_some_and(|(_, first)| now - *first <= crate::limits::EMERGENCY_KEYS_WITHIN);
        typed && quick
    }

    /// The words that are being said, in whatever state.
    fn speech(&self) -> Option<&Speech> {
        match &self.state {
            State::Saying(speech) | State::Prompting(speech, _) => Some(speech),
            State::Closed(closed) => Some(&closed.speech),
            State::Entering(entering) => entering.speech(),
            State::ByPhone(service) => service.speech(),
            State::Requesting(waiting) => waiting.speech(),
            State::Pausing { .. } => None,
            State::Notice(Notice { speech, .. }) | State::Parting { speech, .. } => Some(speech),
            State::Asking(Asking { phase: Phase::Speaking(speech), .. }) => Some(speech),
            State::Climbing(Climb { voice: Voice::Speaking(speech), .. }) => Some(speech),
            State::Asking(_) | State::Climbing(_) | State::Waiting | State::Talking { .. } => None,
            State::Opening { .. } | State::Recording { .. } | State::Saving { .. } | State::Over => None,
        }
    }

    fn speech_mut(&mut self) -> Option<&mut Speech> {
        match &mut self.state {
            State::Saying(speech) | State::Prompting(speech, _) => Some(speech),
            State::Closed(closed) => Some(&mut closed.speech),
            State::Entering(entering) => entering.speech_mut(),
            State::ByPhone(service) => service.speech_mut(),
            State::Requesting(waiting) => waiting.speech_mut(),
            State::Pausing { .. } => None,
            State::Notice(Notice { speech, .. }) | State::Parting { speech, .. } => Some(speech),
            State::Asking(Asking { phase: Phase::Speaking(speech), .. }) => Some(speech),
            State::Climbing(Climb { voice: Voice::Speaking(speech), .. }) => Some(speech),
            State::Asking(_) | State::Climbing(_) | State::Waiting | State::Talking { .. } => None,
            State::Opening { .. } | State::Recording { .. } | State::Saving { .. } | State::Over => None,
        }
    }

    fn speech_ended(&mut self, now: Instant, completed: bool) {
        match std::mem::replace(&mut self.state, State::Over) {
            State::Saying(speech) => self.said(now, speech, completed),
            State::Closed(closed) => self.closing_told(now, &closed),
            State::Notice(Notice { then, .. }) => self.notice_ended(now, then, completed),
            State::Asking(Asking { misses, wait, .. }) => {
                let phase = Phase::Thinking { until: now + wait };
                self.state = State::Asking(Asking { misses, wait, phase });
            }
            State::Climbing(mut climb) => {
                climb.voice = Voice::Quiet { until: now + ladder::silence_between_words(climb.why) };
                self.state = State::Climbing(climb);
            }
            State::Entering(entering) => {
                self.state = State::Entering(entering);
                self.entry_words_ended(now);
            }
            service @ State::ByPhone(_) => {
                self.state = service;
                self.service_words_ended(now);
            }
            requesting @ State::Requesting(_) => {
                self.state = requesting;
                self.request_words_ended(now);
            }
            prompting @ State::Prompting(..) => {
                self.state = prompting;
                self.message_words_ended(now);
            }
            State::Parting { exit, .. } => self.parted(exit),
            other @ (State::Waiting
            | State::Talking { .. }
            | State::Pausing { .. }
            | State::Opening { .. }
            | State::Recording { .. }) => {
                self.state = other;
            }
            other @ (State::Saving { .. } | State::Over) => self.state = other,
        }
    }

    fn connected(&mut self) {
        let reached =
            if let State::Climbing(climb) = &self.state { Some((climb.whom, climb.rung)) } else { None };
        let why = match &self.state {
            State::Over => return,
            State::Climbing(climb) => climb.why,
            State::Opening { .. } | State::Recording { .. } => {
                self.actions.push_back(Action::FinishMessage);
                Why::Asked
            }
            State::Waiting | State::Saying(_) | State::Closed(_) | State::Notice(_) | State::Asking(_) => {
                Why::Asked
            }
            State::Entering(_) | State::ByPhone(_) | State::Requesting(_) | State::Pausing { .. } => {
                Why::Asked
            }
            State::Talking { .. } | State::Prompting(..) => Why::Asked,
            State::Saving { .. } | State::Parting { .. } => Why::Asked,
        };
        self.exit = Some(self.climbing_for.clone());
        self.state = State::Talking { why, reached };
    }

    fn connect_ended(&mut self, now: Instant, end: ConnectEnd) {
        match (&self.state, end) {
            (State::Climbing(_), _) => self.not_reached(now),
            (State::Talking { why, .. }, ConnectEnd::FarHungUp) => self.after_talk(now, *why),
            (State::Talking { why, reached }, ConnectEnd::NeverHeard) => {
                self.never_heard(now, *why, *reached)
            }
            // The talk was to go on, with this person or another, and there is none.
            (State::Talking { why, .. }, ConnectEnd::NotReached) => self.lost_on_the_way(now, *why),
            (_, ConnectEnd::NotReached | ConnectEnd::FarHungUp | ConnectEnd::NeverHeard) => {}
        }
    }

    fn tell(&mut self, fact: Fact) {
        self.actions.push_back(Action::Tell(fact));
    }

    fn tell_fault(&mut self, what: &'static str) {
        self.tell(Fact::Fault { what });
    }

    /// Speaks in place of whatever is heard now.
    fn speak(&mut self, now: Instant, prompts: Phrases) -> Speech {
        self.speak_as(now, prompts, Telling::First)
    }

    /// The same words once more, because the caller pressed the star key.
    fn speak_again(&mut self, now: Instant, prompts: Phrases) -> Speech {
        self.speak_as(now, prompts, self.telling.after_star())
    }

    fn speak_as(&mut self, now: Instant, prompts: Phrases, telling: Telling) -> Speech {
        self.telling = telling;
        self.playbacks += 1;
        let playback = PlaybackId(self.playbacks);
        let pace = match self.pace {
            Pace::Slow => Pace::Slow,
            Pace::Normal => telling.pace(),
        };
        let ready = self.ready(now, &prompts);
        if ready == voicing::Readiness::Playing {
            let spoken = self.playable(&prompts, pace);
            self.actions.push_back(Action::Play { playback, prompts: spoken });
        }
        Speech { playback, prompts, pace, ready, give_up_at: now + longest(pace) }
    }

    /// A prompt in the caller's language.
    fn in_callers_language(&self, prompt: &PromptName) -> Spoken {
        Spoken { prompt: prompt.clone(), language: self.language().clone(), pace: Pace::Normal }
    }

    fn own(&self, own: Own) -> Spoken {
        self.in_callers_language(self.set.own(own))
    }

    fn keep_for_later(&mut self, key: Key) {
        if self.ahead.len() < TYPE_AHEAD_MAX {
            self.ahead.push_back(key);
        }
    }
}
