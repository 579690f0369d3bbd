//! The interpreter in virtual time: what a caller presses and hears, over the shipped flows.

mod by_phone;
mod closed;
mod crisis;
mod exits;
mod hours;
mod interpreters;
mod keys;
mod message;
mod notice;
mod opening;
mod person;
mod random;
mod requests;
mod values;
mod voicing;
mod waiting;
mod withheld;

use super::*;
use crate::flow::action::Heard;
use crate::flow::request::answer::Answer;
use crate::flow::request::failure::Failure;
use crate::flow::saved::Saved;
use crate::flow::set::{Audio, SourceFile};
use crate::flow::shipped::FILES;
use crate::id::VoicingId;
use crate::id::{RequestId, ValueName};
use proptest::prelude::*;
use std::fmt::Write;

/// The shipped flows with some files replaced or added.
fn flows(changes: &[(&str, &str)]) -> Arc<FlowSet> {
    let mut texts = std::collections::BTreeMap::from(FILES);
    texts.extend(changes.iter().copied());
    let file = |(name, text): (&str, &str)| SourceFile { path: name.to_owned(), octets: text.into() };
    let (set, faults) = FlowSet::load(texts.into_iter().map(file).collect(), &|_, _| Audio::Present);
    let shown: Vec<String> = faults.iter().map(|f| f.render(crate::flow::diagnostic::Paint::Plain)).collect();
    assert!(set.is_some(), "{}", shown.join("\n"));
    Arc::new(set.unwrap())
}

/// The engine around a run, in virtual time: every prompt takes three seconds.
struct Engine {
    run: Run,
    now: Instant,
    playing: Option<(PlaybackId, Instant)>,
    /// What happened, a line each.
    log: String,
    ended: Option<ExitName>,
    /// Until when the called party rings.
    ringing: Option<Instant>,
    recording: bool,
    /// The caller was asked for a recording: he heard the notice to its end, refused, or nothing is recorded.
    asked: bool,
    on_hold: bool,
    faults: u32,
    /// The request that is under way.
    asked_server: Option<RequestId>,
}

impl Engine {
    fn new(set: Arc<FlowSet>, flow: &str) -> Self {
        let asked = set.clinic().recording == Recording::Off;
        let run = Run::new(set, FlowName::from(flow));
        Self {
            run,
            now: Instant::START,
            playing: None,
            log: String::new(),
            ended: None,
            ringing: None,
            recording: false,
            asked,
            on_hold: false,
            faults: 0,
            asked_server: None,
        }
    }

    fn note(&mut self, text: &str) {
        writeln!(self.log, "{:<5.1} {text}", self.now.as_micros() as f64 / 1e6).unwrap();
    }

    fn input(&mut self, input: Input) {
        self.run.handle(self.now, input);
        while let Some(action) = self.run.poll_action() {
            assert_eq!(self.ended, None, "nothing comes after the end\n{}", self.log);
            self.act(action);
        }
    }

    fn act(&mut self, action: Action) {
        match action {
            Action::Play { playback, prompts } => {
                let slowly = |s: &Spoken| if s.pace == Pace::Slow { "/slow" } else { "" };
                let words: Vec<String> =
                    prompts.iter().map(|s| format!("{}/{}{}", s.prompt, s.language, slowly(s))).collect();
                self.playing = Some((playback, self.now + Duration::from_secs(3 * prompts.len() as u64)));
                self.note(&format!("say {}", words.join(" ")));
            }
            Action::Voice { voicing, text, language } => {
                self.note(&format!("voice {voicing} {language} {}", text.expose()));
            }
            Action::StopPlaying => self.playing = None,
            Action::StartRecording => {
                assert!(self.asked, "nothing is recorded before the notice was heard\n{}", self.log);
                self.recording = true;
                self.note("record");
            }
            Action::StopRecording => {
                assert!(self.recording, "only what runs is stopped\n{}", self.log);
                self.recording = false;
                self.note("record no more");
            }
            Action::Hurry => {}
            Action::Connect { target, ring, aid, .. } => {
                assert_eq!(self.ringing, None, "one party is called at a time\n{}", self.log);
                self.ringing = Some(self.now + ring);
                let spoken =
                    aid.interpreter.map_or(String::new(), |language| format!(", interpreter {language}"));
                let keys = if aid.keys.is_empty() { String::new() } else { format!(", then {:?}", aid.keys) };
                self.note(&format!("call {target} for {} s{spoken}{keys}", ring.as_secs()));
            }
            Action::TakeMessage => {
                assert!(self.asked, "no message is taken before the notice was heard\n{}", self.log);
                self.note("tone");
            }
            Action::FinishMessage => self.note("message over"),
            Action::Request { request, plan, message } => {
                assert_eq!(self.asked_server, None, "one request at a time\n{}", self.log);
                self.asked_server = Some(request);
                self.note(&format!("ask {} {}", plan.url.host, message.target.expose()));
            }
            Action::ByPhone(order) => self.note(&format!("by phone {order:?}")),
            Action::LetGo { request } => {
                assert_eq!(self.asked_server.take(), Some(request), "{}", self.log);
                self.note("let go");
            }
            Action::Tell(Fact::StepEntered { .. }) => {}
            Action::Tell(Fact::Chosen { answer, .. }) => self.note(&format!("chosen {answer}")),
            Action::Tell(fact) => {
                self.faults += u32::from(matches!(fact, Fact::Fault { .. }));
                self.asked |= matches!(fact, Fact::NoticeGiven | Fact::RecordingRefused);
                self.note(&format!("{fact:?}"));
            }
            Action::Stopped => self.note("stopped"),
            Action::End { exit } => {
                self.note(&format!("end {exit}"));
                self.ended = Some(exit);
            }
        }
    }

    /// Lets time pass; playings end and timers fire on the way.
    fn wait(&mut self, time: Duration) {
        let until = self.now + time;
        loop {
            let play = self.playing.map(|(_, end)| end).filter(|_| !self.on_hold);
            let due = self.run.poll_timeout().map(|due| due.at);
            let Some(next) =
                play.into_iter().chain(due).chain(self.ringing).min().filter(|next| *next <= until)
            else {
                break;
            };
            self.now = next.max(self.now);
            if self.ringing.is_some_and(|until| until <= self.now) {
                self.nobody_answers();
                continue;
            }
            match self.playing.filter(|(_, end)| *end <= self.now && !self.on_hold) {
                Some((playback, _)) => {
                    self.playing = None;
                    self.input(Input::PlaybackEnded { playback, completed: true });
                }
                None => self.input(Input::Timeout),
            }
        }
        self.now = until;
    }

    /// `0`-`9`, `*`, `#`: a key · `w8`: 8 s pass · `yes`, `no`, `bye`: the called person answers, does not,
    /// hangs up, was never heard (`mute`) · `open`, `saved`, `lost`: what the recorder answers · `hold`, `back`: nothing is heard in between
    /// · `fax`: a fax machine is heard · `v1`, `x1`: a voice has said its first text, or nothing came of it.
    fn play(&mut self, script: &str) {
        for word in script.split_whitespace() {
            match word {
                "start" => self.input(Input::Start),
                "yes" => {
                    (self.playing, self.ringing) = (None, None);
                    self.note("they talk");
                    self.input(Input::Connected);
                }
                "no" => {
                    self.nobody_answers();
                }
                "mute" => self.input(Input::ConnectEnded(ConnectEnd::NeverHeard)),
                "bye" => self.input(Input::ConnectEnded(ConnectEnd::FarHungUp)),
                "answer" => self.answer(Ok(vec![(ValueName::from("free"), Saved::Number(3))])),
                "failure" => self.answer(Err(Failure::Status(500))),
                "fax" => self.input(Input::Fax),
                "open" => self.input(Input::MessageOpen),
                "saved" => self.input(Input::MessageSaved),
                "lost" => self.input(Input::MessageFailed),
                "hold" => self.hold(true),
                "back" => self.hold(false),
                answer if answer.starts_with(['v', 'x']) => {
                    let heard = if answer.starts_with('v') { Heard::Sound } else { Heard::Nothing };
                    let voicing = VoicingId(answer[1..].parse().unwrap());
                    self.input(Input::Voiced { voicing, heard });
                }
                "*" => self.press(Key::Star),
                "#" => self.press(Key::Pound),
                wait if wait.starts_with('w') => self.wait(Duration::from_secs(wait[1..].parse().unwrap())),
                digit => self.press(Key::Digit(digit.parse().unwrap())),
            }
        }
    }

    fn answer(&mut self, answer: Result<Answer, Failure>) {
        let request = self.asked_server.take().expect("a request is under way");
        self.input(Input::Answered { request, answer });
    }

    /// On hold what plays waits: here it begins anew when the caller is back.
    fn hold(&mut self, on: bool) {
        self.on_hold = on;
        self.input(Input::Hold { on });
        let rest = |(playback, _)| (playback, self.now + Duration::from_secs(3));
        self.playing = self.playing.map(rest);
    }

    fn nobody_answers(&mut self) {
        self.ringing = None;
        self.input(Input::ConnectEnded(ConnectEnd::NotReached));
    }

    fn press(&mut self, key: Key) {
        self.input(Input::Key(key));
    }
}

fn heard(flow: &str, script: &str) -> String {
    let mut engine = Engine::new(flows(&[]), flow);
    engine.play(script);
    engine.log
}

/// What every caller hears who presses nothing before the menu.
const FIRST_WORDS: &str = "\
    0.0   say u.emergency/en u.emergency/es\n\
    6.0   say u.crisis/en\n\
    9.0   say u.language/es\n\
    12.0  say u.greeting/en\n\
    15.0  say u.person/en\n";

/// What is heard from the menu on by a caller who waited for it.
#[track_caller]
fn heard_from_menu(flow: &str, script: &str) -> String {
    let log = heard(flow, &format!("{TO_MENU} {script}"));
    let Some(rest) = log.strip_prefix(FIRST_WORDS) else { panic!("other first words:\n{log}") };
    rest.to_owned()
}

/// The shipped flows with the notice in the first words, where it can be given too.
fn notice_first() -> Arc<FlowSet> {
    let entry = include_str!("../../../ivr-flows/entry.yaml").replace(
        "next: called_number}",
        "next: notice}\n  notice: {recording: notice, prompt: u.recording, next: called_number}",
    );
    flows(&[("entry.yaml", &entry)])
}

fn heard_with_notice_first(script: &str) -> String {
    let mut engine = Engine::new(notice_first(), "main_menu");
    engine.play(script);
    engine.log
}

/// The entry takes 18 s here; the main menu is over, and the caller thinks.
const TO_MENU: &str = "start w21";

/// The main menu in Spanish, with 2 pressed after the first second.
const TO_MENU_ES: &str = "start w1 2 w12";

/// `clinic.yaml` with `old` replaced by `new`.
fn clinic(old: &str, new: &str) -> Arc<FlowSet> {
    let text = include_str!("../../../ivr-flows/clinic.yaml");
    assert!(text.contains(old), "{old}");
    flows(&[("clinic.yaml", &text.replace(old, new))])
}
