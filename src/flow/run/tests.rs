//! The interpreter in virtual time: what a caller presses and hears, over the shipped flows.

use super::*;
use crate::flow::set::{Audio, SourceFile};
use proptest::prelude::*;
use std::fmt::Write;

/// The shipped flows with some files replaced or added.
fn flows(changes: &[(&str, &str)]) -> Arc<FlowSet> {
    let mut texts = std::collections::BTreeMap::from([
        ("clinic.yaml", include_str!("../../../ivr-flows/clinic.yaml")),
        ("prompts.yaml", include_str!("../../../ivr-flows/prompts.yaml")),
        ("entry.yaml", include_str!("../../../ivr-flows/entry.yaml")),
        ("main_menu.yaml", include_str!("../../../ivr-flows/main_menu.yaml")),
        ("after_hours.yaml", include_str!("../../../ivr-flows/after_hours.yaml")),
    ]);
    texts.extend(changes.iter().copied());
    let file = |(name, text): (&str, &str)| SourceFile { path: name.to_owned(), octets: text.into() };
    let (set, faults) = FlowSet::load(texts.into_iter().map(file).collect(), &|_, _| Audio::Present);
    let shown: Vec<String> = faults.iter().map(|f| f.render(crate::flow::diagnostic::Paint::Plain)).collect();
    assert!(faults.is_empty(), "{}", shown.join("\n"));
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
                let words: Vec<String> =
                    prompts.iter().map(|s| format!("{}/{}", s.prompt, s.language)).collect();
                self.playing = Some((playback, self.now + Duration::from_secs(3 * prompts.len() as u64)));
                self.note(&format!("say {}", words.join(" ")));
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
            Action::Connect { target, ring } => {
                assert_eq!(self.ringing, None, "one party is called at a time\n{}", self.log);
                self.ringing = Some(self.now + ring);
                self.note(&format!("call {target} for {} s", ring.as_secs()));
            }
            Action::TakeMessage => {
                assert!(self.asked, "no message is taken before the notice was heard\n{}", self.log);
                self.note("tone");
            }
            Action::FinishMessage => self.note("message over"),
            Action::Tell(Fact::StepEntered { .. }) => {}
            Action::Tell(Fact::Chosen { answer, .. }) => self.note(&format!("chosen {answer}")),
            Action::Tell(fact) => {
                self.faults += u32::from(matches!(fact, Fact::Fault { .. }));
                self.asked |= matches!(fact, Fact::NoticeGiven | Fact::RecordingRefused);
                self.note(&format!("{fact:?}"));
            }
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
    /// hangs up · `open`, `saved`, `lost`: what the recorder answers · `hold`, `back`: nothing is heard in between.
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
                "bye" => self.input(Input::ConnectEnded(ConnectEnd::FarHungUp)),
                "open" => self.input(Input::MessageOpen),
                "saved" => self.input(Input::MessageSaved),
                "lost" => self.input(Input::MessageFailed),
                "hold" => self.hold(true),
                "back" => self.hold(false),
                "*" => self.press(Key::Star),
                "#" => self.press(Key::Pound),
                wait if wait.starts_with('w') => self.wait(Duration::from_secs(wait[1..].parse().unwrap())),
                digit => self.press(Key::Digit(digit.parse().unwrap())),
            }
        }
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

/// The shipped flows with the notice in the first words, where it can be given too.
fn notice_first() -> Arc<FlowSet> {
    let entry = include_str!("../../../ivr-flows/entry.yaml").replace(
        "next: called_number}",
        "next: notice}\n  notice: {record: u.recording, next: called_number}",
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

#[test]
fn a_call_begins_with_the_emergency_line_in_both_languages_and_silence_leads_to_a_message() {
    expect_test::expect![[r#"
        0.0   say u.emergency/en u.emergency/es
        6.0   say u.crisis/en
        9.0   say u.language/es
        12.0  say u.greeting/en
        15.0  say u.person/en
        18.0  say mm.menu/en
        29.0  Missed { silence: true, count: 1 }
        29.0  say u.noinput1/en mm.menu/en
        43.0  Missed { silence: true, count: 2 }
        43.0  say u.noinput2/en u.recording/en
        49.0  NoticeGiven
        49.0  record
        49.0  LadderRung { rung: 1, why: Silence }
        49.0  say u.one_moment/en
        49.0  call sip:front-desk@127.0.0.1:5070 for 25 s
        67.0  say u.one_moment/en
        74.0  LadderRung { rung: 2, why: Silence }
        74.0  say u.not_reached/en vm.record_now/en
        80.0  tone
        87.0  message over
        87.0  Promised { within_working_days: 1 }
        87.0  say vm.saved_next_day/en u.goodbye/en
        93.0  end message_left
    "#]]
    .assert_eq(&heard("main_menu", "start w60 w22 open w5 # saved w9"));
}

#[test]
fn two_switches_to_spanish_and_what_was_heard_in_spanish_is_not_said_again() {
    expect_test::expect![[r#"
        0.0   say u.emergency/en u.emergency/es
        6.0   say u.crisis/en
        7.0   LanguageChosen(`es`)
        7.0   say u.crisis/es
        10.0  say u.greeting/es
        13.0  say u.person/es
        16.0  say mm.menu/es
        19.0  chosen visits
        19.0  say u.agent/es u.recording/es
        25.0  NoticeGiven
        25.0  record
        25.0  LadderRung { rung: 1, why: Asked }
        25.0  say u.one_moment/es
        25.0  call sip:front-desk@127.0.0.1:5070 for 25 s
        25.0  they talk
    "#]]
    .assert_eq(&heard("main_menu", "start w7 2 w12 1 w6 yes"));
}

#[test]
fn two_during_the_notice_waits_and_then_stops_the_recording_until_the_spanish_notice_is_over() {
    expect_test::expect![[r#"
        0.0   say u.emergency/en u.emergency/es
        6.0   say u.crisis/en
        9.0   say u.language/es
        12.0  say u.greeting/en
        15.0  say u.person/en
        18.0  say u.recording/en
        21.0  LanguageChosen(`es`)
        21.0  say u.crisis/es
        24.0  say u.greeting/es
        27.0  say u.person/es
        30.0  say u.recording/es
        33.0  NoticeGiven
        33.0  record
        33.0  say mm.menu/es
        44.0  Missed { silence: true, count: 1 }
        44.0  say u.noinput1/es mm.menu/es
    "#]]
    .assert_eq(&heard_with_notice_first("start w19 2 w25"));
}

#[test]
fn seven_means_no_recording_before_in_and_after_the_notice() {
    expect_test::expect![[r#"
        0.0   say u.emergency/en u.emergency/es
        1.0   RecordingRefused
        6.0   say u.crisis/en
        9.0   say u.language/es
        12.0  say u.greeting/en
        15.0  say u.person/en
        18.0  say mm.menu/en
        20.0  chosen visits
        20.0  LadderRung { rung: 1, why: Asked }
        20.0  say u.agent/en
        20.0  call sip:front-desk@127.0.0.1:5070 for 25 s
        21.0  they talk
    "#]]
    .assert_eq(&heard("main_menu", "start w1 7 w19 1 w1 yes"));
    expect_test::expect![[r#"
        0.0   say u.emergency/en u.emergency/es
        6.0   say u.crisis/en
        9.0   say u.language/es
        12.0  say u.greeting/en
        15.0  say u.person/en
        18.0  say mm.menu/en
        21.0  chosen visits
        21.0  say u.agent/en u.recording/en
        26.0  RecordingRefused
        26.0  LadderRung { rung: 1, why: Asked }
        26.0  say u.not_recorded/en
        26.0  call sip:front-desk@127.0.0.1:5070 for 25 s
        30.0  they talk
    "#]]
    .assert_eq(&heard("main_menu", &format!("{TO_MENU} 1 w5 7 w4 yes")));
    expect_test::expect![[r#"
        0.0   say u.emergency/en u.emergency/es
        6.0   say u.crisis/en
        9.0   say u.language/es
        12.0  say u.greeting/en
        15.0  say u.person/en
        18.0  say mm.menu/en
        21.0  RecordingRefused
        21.0  say u.not_recorded/en mm.menu/en
        25.0  chosen visits
        25.0  LadderRung { rung: 1, why: Asked }
        25.0  say u.agent/en
        25.0  call sip:front-desk@127.0.0.1:5070 for 25 s
        26.0  they talk
    "#]]
    .assert_eq(&heard("main_menu", &format!("{TO_MENU} 7 7 w4 1 w1 yes")));
}

#[test]
fn zero_and_nine_cut_the_notice_short_and_nothing_is_recorded() {
    expect_test::expect![[r#"
        0.0   say u.emergency/en u.emergency/es
        6.0   say u.crisis/en
        9.0   say u.language/es
        12.0  say u.greeting/en
        15.0  say u.person/en
        18.0  say mm.menu/en
        21.0  chosen visits
        21.0  say u.agent/en u.recording/en
        26.0  NoticeCut
        26.0  LadderRung { rung: 1, why: Asked }
        26.0  say u.agent/en
        26.0  call sip:front-desk@127.0.0.1:5070 for 25 s
        27.0  they talk
    "#]]
    .assert_eq(&heard("main_menu", &format!("{TO_MENU} 1 w5 0 w1 yes")));
    expect_test::expect![[r#"
        0.0   say u.emergency/en u.emergency/es
        6.0   say u.crisis/en
        9.0   say u.language/es
        12.0  say u.greeting/en
        15.0  say u.person/en
        18.0  say mm.menu/en
        21.0  chosen visits
        21.0  say u.agent/en u.recording/en
        26.0  NoticeCut
        26.0  LadderRung { rung: 1, why: Crisis }
        26.0  say cr.stay/en
        26.0  call sip:front-desk@127.0.0.1:5070 for 25 s
        27.0  they talk
    "#]]
    .assert_eq(&heard("main_menu", &format!("{TO_MENU} 1 w5 1 5 9 w1 yes")));
}

#[test]
fn seven_stops_the_recording_until_the_person_answers() {
    for (keys, before) in [("1 w6", "record\n"), ("1 w6 no w2", "vm.record_now"), ("w29", "record\n")] {
        let log = heard("main_menu", &format!("{TO_MENU} {keys} w1 7 w1"));
        let (_, after) = log.split_once("RecordingRefused").unwrap_or_else(|| panic!("{keys}\n{log}"));
        assert!(log.contains(before), "{keys}\n{log}");
        assert!(after.contains("record no more") && after.contains("say u.not_recorded/en"), "{keys}\n{log}");
    }
    let talks = heard("main_menu", &format!("{TO_MENU} 1 w6 yes 7 w1"));
    assert!(!talks.contains("RecordingRefused"), "a key in a talk is the talk's\n{talks}");
}

#[test]
fn zero_needs_no_notice_and_a_message_always_does() {
    expect_test::expect![[r#"
        0.0   say u.emergency/en u.emergency/es
        1.0   LadderRung { rung: 1, why: Asked }
        1.0   say u.agent/en
        1.0   call sip:front-desk@127.0.0.1:5070 for 25 s
        19.0  say u.one_moment/en
        26.0  LadderRung { rung: 2, why: Asked }
        26.0  say u.not_reached/en u.recording/en
        32.0  NoticeGiven
        32.0  record
        32.0  say vm.record_now/en
        35.0  tone
        38.0  message over
        38.0  Promised { within_working_days: 1 }
        38.0  say vm.saved_next_day/en u.goodbye/en
        44.0  end message_left
    "#]]
    .assert_eq(&heard("main_menu", "start w1 0 w25 w9 open w3 # saved w7"));
    expect_test::expect![[r#"
        0.0   say u.emergency/en u.emergency/es
        6.0   say u.crisis/en
        9.0   say u.language/es
        12.0  say u.greeting/en
        15.0  say u.person/en
        18.0  say vm.closed_now/en
        21.0  chosen message
        21.0  LadderRung { rung: 2, why: Asked }
        21.0  say u.recording/en
        22.0  NoticeCut
        22.0  LadderRung { rung: 1, why: Asked }
        22.0  say u.agent/en
        22.0  call sip:front-desk@127.0.0.1:5070 for 25 s
        40.0  say u.one_moment/en
        47.0  LadderRung { rung: 2, why: Asked }
        47.0  say u.not_reached/en u.recording/en
        53.0  NoticeGiven
        53.0  record
        53.0  say vm.record_now/en
        56.0  tone
        59.0  message over
        59.0  Promised { within_working_days: 1 }
        59.0  say vm.saved_next_day/en u.goodbye/en
        65.0  end message_left
    "#]]
    .assert_eq(&heard("after_hours", &format!("{TO_MENU} 1 w1 0 w25 w9 open w3 # saved w7")));
    expect_test::expect![[r#"
        0.0   say u.emergency/en u.emergency/es
        6.0   say u.crisis/en
        9.0   say u.language/es
        12.0  say u.greeting/en
        15.0  say u.person/en
        18.0  say vm.closed_now/en
        21.0  chosen message
        21.0  LadderRung { rung: 2, why: Asked }
        21.0  say u.recording/en
        22.0  RecordingRefused
        22.0  say u.not_recorded/en vm.record_now/en
        28.0  tone
        31.0  message over
        31.0  Promised { within_working_days: 1 }
        31.0  say vm.saved_next_day/en u.goodbye/en
        37.0  end message_left
    "#]]
    .assert_eq(&heard("after_hours", &format!("{TO_MENU} 1 w1 7 w6 open w3 # saved w7")));
}

#[test]
fn a_notice_whose_end_is_not_heard_leads_to_a_person_and_not_to_a_message() {
    let mut engine = Engine::new(flows(&[]), "after_hours");
    engine.play(&format!("{TO_MENU} 1 w1"));
    let (playback, _) = engine.playing.take().unwrap();
    engine.input(Input::PlaybackEnded { playback, completed: false });
    engine.play("w1 no w4");
    expect_test::expect![[r#"
        21.0  chosen message
        21.0  LadderRung { rung: 2, why: Asked }
        21.0  say u.recording/en
        22.0  NoticeCut
        22.0  LadderRung { rung: 1, why: Fault }
        22.0  say u.sysfail/en
        22.0  call sip:front-desk@127.0.0.1:5070 for 25 s
        23.0  LadderRung { rung: 2, why: Fault }
        23.0  say u.not_reached/en u.recording/en
    "#]]
    .assert_eq(engine.log.split_once("say vm.closed_now/en\n").unwrap().1);
    engine.play("w6");
    assert!(engine.log.contains("tone"), "{}", engine.log);
}

#[test]
fn a_notice_in_the_first_words_is_given_once_and_the_menu_is_recorded() {
    expect_test::expect![[r#"
        0.0   say u.emergency/en u.emergency/es
        6.0   say u.crisis/en
        9.0   say u.language/es
        12.0  say u.greeting/en
        15.0  say u.person/en
        18.0  say u.recording/en
        21.0  NoticeGiven
        21.0  record
        21.0  say mm.menu/en
        26.0  RecordingRefused
        26.0  record no more
        26.0  say u.not_recorded/en mm.menu/en
        30.0  chosen visits
        30.0  LadderRung { rung: 1, why: Asked }
        30.0  say u.agent/en
        30.0  call sip:front-desk@127.0.0.1:5070 for 25 s
        31.0  they talk
    "#]]
    .assert_eq(&heard_with_notice_first("start w26 7 w4 1 w1 yes"));
}

#[test]
fn a_crisis_is_never_recorded_never_a_message_and_never_given_up() {
    expect_test::expect![[r#"
        0.0   say u.emergency/en u.emergency/es
        6.0   say u.crisis/en
        9.0   say u.language/es
        12.0  say u.greeting/en
        15.0  say u.person/en
        18.0  say mm.menu/en
        21.0  LadderRung { rung: 1, why: Crisis }
        21.0  say cr.stay/en
        21.0  call sip:front-desk@127.0.0.1:5070 for 25 s
        39.0  say cr.fallback/en
        46.0  LadderRung { rung: 1, why: Crisis }
        46.0  call sip:front-desk@127.0.0.1:5070 for 25 s
        54.0  they talk
        54.0  LadderRung { rung: 1, why: Crisis }
        54.0  say cr.stay/en
        54.0  call sip:front-desk@127.0.0.1:5070 for 25 s
    "#]]
    .assert_eq(&heard("main_menu", &format!("{TO_MENU} 9 w20 no w10 9 no w3 yes bye")));
    let log = heard("main_menu", &format!("{TO_MENU} 1 w7 9 w1"));
    assert!(log.contains("\n28.0  record no more\n28.0  LadderRung { rung: 1, why: Crisis }"), "{log}");
}

#[test]
fn nine_one_one_is_the_emergency_exit_from_anywhere_if_it_is_quick() {
    expect_test::expect![[r#"
        0.0   say u.emergency/en u.emergency/es
        6.0   say u.crisis/en
        9.0   say u.language/es
        12.0  say u.greeting/en
        15.0  say u.person/en
        18.0  say mm.menu/en
        21.0  LadderRung { rung: 1, why: Crisis }
        21.0  say cr.stay/en
        21.0  call sip:front-desk@127.0.0.1:5070 for 25 s
        23.0  LadderRung { rung: 1, why: Emergency }
        23.0  say u.emergency/en
        36.0  say u.emergency/en
        43.0  LadderRung { rung: 1, why: Emergency }
        43.0  call sip:front-desk@127.0.0.1:5070 for 25 s
        44.0  they talk
    "#]]
    .assert_eq(&heard("main_menu", &format!("{TO_MENU} 9 w1 1 w1 1 w15 no w6 yes")));
    let slow = heard("main_menu", &format!("{TO_MENU} 9 w2 1 w2 1 w1"));
    assert!(!slow.contains("Emergency"), "{slow}");
    for before in
        ["", "start", "start w19", "start w21 1", "start w21 1 w6 no w1", "start w21 1 w6 no w6 open"]
    {
        let log = heard("main_menu", &format!("{before} 9 1 1"));
        assert!(log.contains("LadderRung { rung: 1, why: Emergency }"), "after `{before}`:\n{log}");
    }
}

#[test]
fn nine_eight_eight_stays_in_the_crisis() {
    let log = heard("main_menu", &format!("{TO_MENU} 9 8 8 w2"));
    assert!(log.contains("Crisis") && !log.contains("Emergency"), "{log}");
}

#[test]
fn keys_typed_ahead_skip_words_but_never_the_notice() {
    expect_test::expect![[r#"
        0.0   say u.emergency/en u.emergency/es
        1.0   chosen more
        1.0   say mm.more/en
        2.0   chosen topics
        2.0   say u.agent/en u.recording/en
        8.0   NoticeGiven
        8.0   record
        8.0   LadderRung { rung: 1, why: Asked }
        8.0   say u.one_moment/en
        8.0   call sip:front-desk@127.0.0.1:5070 for 25 s
        8.0   they talk
    "#]]
    .assert_eq(&heard("main_menu", "start w1 6 w1 5 1 1 w6 yes"));
}

#[test]
fn two_wrong_keys_lead_to_a_person_and_so_do_silence_and_a_wrong_key() {
    expect_test::expect![[r#"
        0.0   say u.emergency/en u.emergency/es
        6.0   say u.crisis/en
        9.0   say u.language/es
        12.0  say u.greeting/en
        15.0  say u.person/en
        18.0  say mm.menu/en
        21.0  Missed { silence: false, count: 1 }
        21.0  say u.nomatch/en mm.menu/en
        25.0  Missed { silence: false, count: 2 }
        25.0  say u.agent/en u.recording/en
        31.0  NoticeGiven
        31.0  record
        31.0  LadderRung { rung: 1, why: WrongKeys }
        31.0  say u.one_moment/en
        31.0  call sip:front-desk@127.0.0.1:5070 for 25 s
    "#]]
    .assert_eq(&heard("main_menu", &format!("{TO_MENU} 8 w4 8 w6")));
    expect_test::expect![[r#"
        0.0   say u.emergency/en u.emergency/es
        6.0   say u.crisis/en
        9.0   say u.language/es
        12.0  say u.greeting/en
        15.0  say u.person/en
        18.0  say mm.menu/en
        29.0  Missed { silence: true, count: 1 }
        29.0  say u.noinput1/en mm.menu/en
        32.0  Missed { silence: false, count: 2 }
        32.0  say u.agent/en u.recording/en
        38.0  NoticeGiven
        38.0  record
        38.0  LadderRung { rung: 1, why: WrongKeys }
        38.0  say u.one_moment/en
        38.0  call sip:front-desk@127.0.0.1:5070 for 25 s
    "#]]
    .assert_eq(&heard("main_menu", &format!("{TO_MENU} w11 8 w6")));
}

#[test]
fn a_wrong_key_forgets_what_was_typed_after_it() {
    let log = heard_with_notice_first("start w19 8 1 w5");
    assert!(log.contains("u.nomatch") && !log.contains("chosen"), "{log}");
}

#[test]
fn star_repeats_and_pound_gives_thirty_seconds() {
    expect_test::expect![[r#"
        0.0   say u.emergency/en u.emergency/es
        6.0   say u.crisis/en
        9.0   say u.language/es
        12.0  say u.greeting/en
        15.0  say u.person/en
        18.0  say mm.menu/en
        23.0  say mm.menu/en
        27.0  say u.more_time/en
    "#]]
    .assert_eq(&heard("main_menu", &format!("{TO_MENU} w2 * w4 # w30")));
    expect_test::expect![[r#"
        0.0   say u.emergency/en u.emergency/es
        6.0   say u.crisis/en
        9.0   say u.language/es
        12.0  say u.greeting/en
        15.0  say u.person/en
        18.0  say mm.menu/en
        22.0  say u.more_time/en
        62.0  Missed { silence: true, count: 1 }
        62.0  say u.noinput1/en mm.menu/en
    "#]]
    .assert_eq(&heard("main_menu", &format!("{TO_MENU} w1 # w39 w2")));
    let star = heard("main_menu", "start w2 *");
    assert_eq!(star.matches("say u.emergency/en u.emergency/es").count(), 2, "{star}");
}

#[test]
fn a_message_ends_with_pound_or_three_minutes_and_a_lost_one_leads_to_a_person() {
    expect_test::expect![[r#"
        0.0   say u.emergency/en u.emergency/es
        6.0   say u.crisis/en
        9.0   say u.language/es
        12.0  say u.greeting/en
        15.0  say u.person/en
        18.0  say vm.closed_now/en
        21.0  chosen message
        21.0  LadderRung { rung: 2, why: Asked }
        21.0  say u.recording/en
        24.0  NoticeGiven
        24.0  record
        24.0  say vm.record_now/en
        25.0  tone
        205.0 message over
        205.0 Promised { within_working_days: 1 }
        205.0 say vm.saved_next_day/en u.goodbye/en
        211.0 end message_left
    "#]]
    .assert_eq(&heard("after_hours", &format!("{TO_MENU} 1 w4 # open w180 saved w8")));
    expect_test::expect![[r#"
        0.0   say u.emergency/en u.emergency/es
        6.0   say u.crisis/en
        9.0   say u.language/es
        12.0  say u.greeting/en
        15.0  say u.person/en
        18.0  say vm.closed_now/en
        21.0  chosen message
        21.0  LadderRung { rung: 2, why: Asked }
        21.0  say u.recording/en
        24.0  NoticeGiven
        24.0  record
        24.0  say vm.record_now/en
        27.0  tone
        37.0  message over
        37.0  say u.sysfail/en
        42.0  LadderRung { rung: 1, why: Fault }
        42.0  call sip:front-desk@127.0.0.1:5070 for 25 s
        43.0  LadderRung { rung: 2, why: Fault }
        43.0  say u.not_reached/en vm.record_now/en
    "#]]
    .assert_eq(&heard("after_hours", &format!("{TO_MENU} 1 w7 open w9 # lost w6 no w1")));
}

#[test]
fn a_pound_before_the_tone_ends_no_message_that_has_not_begun() {
    let table = [
        ("twice over the words", "1 w4 # #"),
        ("between the words and the tone", "1 w6 #"),
        ("again and again", "1 w6 # # # w2 #"),
    ];
    for (why, keys) in table {
        let log = heard("after_hours", &format!("{TO_MENU} {keys} open w5 # saved w8"));
        assert!(!log.contains("sysfail") && log.contains("end message_left"), "{why}\n{log}");
        assert_eq!(log.matches("message over").count(), 1, "{why}\n{log}");
    }
}

#[test]
fn however_long_a_caller_is_on_hold_the_words_wait_and_nothing_is_a_fault() {
    let table = [
        ("in the first words", "main_menu", "start w1 hold w4000 back w20", "say u.greeting/en"),
        ("from before the first words", "main_menu", "hold start w4000 back w20", "say u.greeting/en"),
        ("in the notice", "main_menu", "start w21 1 w4 hold w4000 back w4", "NoticeGiven"),
        ("in a menu", "main_menu", "start w19 hold w4000 back w4 5 w1", "chosen billing"),
        (
            "while a person is called",
            "main_menu",
            "start w19 0 w1 hold w4000 back w7 open w9 # saved w7",
            "end message_left",
        ),
        (
            "in the words before a message",
            "after_hours",
            "start w19 1 w4 hold w900 back w4 open w9 # saved w7",
            "end message_left",
        ),
        (
            "at the tone",
            "after_hours",
            "start w19 1 w7 hold w900 back w4 open w9 # saved w7",
            "end message_left",
        ),
        (
            "in the last words",
            "after_hours",
            "start w19 1 w7 open w9 # saved w1 hold w900 back w7",
            "end message_left",
        ),
    ];
    for (when, flow, script, reached) in table {
        let mut engine = Engine::new(flows(&[]), flow);
        engine.play(script);
        assert_eq!(engine.faults, 0, "{when}\n{}", engine.log);
        assert!(engine.log.contains(reached), "{when}: no `{reached}`\n{}", engine.log);
    }
}

#[test]
fn a_recorder_that_does_not_answer_leads_to_a_person() {
    for script in ["1 w7 w11", "1 w7 open # w11", "1 w7 open w190 w11"] {
        let log = heard("after_hours", &format!("{TO_MENU} {script} w6"));
        assert!(log.contains("call sip:front-desk@127.0.0.1:5070"), "{script}\n{log}");
    }
}

#[test]
fn after_a_talk_the_caller_who_stayed_hears_the_menu_again() {
    expect_test::expect![[r#"
        0.0   say u.emergency/en u.emergency/es
        6.0   say u.crisis/en
        9.0   say u.language/es
        12.0  say u.greeting/en
        15.0  say u.person/en
        18.0  say mm.menu/en
        21.0  chosen refill
        21.0  say u.agent/en u.recording/en
        27.0  NoticeGiven
        27.0  record
        27.0  LadderRung { rung: 1, why: Asked }
        27.0  say u.one_moment/en
        27.0  call sip:front-desk@127.0.0.1:5070 for 25 s
        28.0  they talk
        88.0  say mm.menu/en
        90.0  chosen billing
        90.0  LadderRung { rung: 1, why: Asked }
        90.0  say u.agent/en
        90.0  call sip:front-desk@127.0.0.1:5070 for 25 s
        91.0  they talk
    "#]]
    .assert_eq(&heard("main_menu", &format!("{TO_MENU} 3 w7 yes 9 5 w60 bye w2 5 w1 yes")));
}

/// Every exit of the shipped flows, with the keys that lead there from the menu.
const EXITS: [(&str, &str, &str); 13] = [
    ("main_menu", "1 w6 yes", "visits"),
    ("main_menu", "3 w6 yes", "refill"),
    ("main_menu", "5 w6 yes", "billing"),
    ("main_menu", "6 1 w6 yes", "referrals"),
    ("main_menu", "6 2 w6 yes", "video"),
    ("main_menu", "6 3 w6 yes", "website"),
    ("main_menu", "6 5 w6 yes", "topics"),
    ("main_menu", "6 6 w6 yes", "caregiver"),
    ("main_menu", "0 yes", "person"),
    ("main_menu", "4 w6 yes", "nurse"),
    ("main_menu", "9 yes", "crisis"),
    ("main_menu", "9 1 1 yes", "emergency"),
    ("after_hours", "1 w6 open w5 # saved w6", "message_left"),
];

#[test]
fn every_exit_is_reached_in_both_languages() {
    for (flow, keys, exit) in EXITS {
        for (language, before) in [("en", TO_MENU), ("es", TO_MENU_ES)] {
            let mut engine = Engine::new(flows(&[]), flow);
            engine.play(&format!("{before} {keys}"));
            assert_eq!(engine.run.exit().map(ExitName::as_str), Some(exit), "{language}\n{}", engine.log);
            assert_eq!(engine.faults, 0, "{}", engine.log);
            let last = engine.log.lines().rev().find(|line| line.contains("say")).unwrap_or_default();
            assert!(last.contains(&format!("/{language}")), "{language}\n{}", engine.log);
        }
    }
}

#[test]
fn an_end_is_reached_only_by_its_step() {
    let flow = "flow: main_menu\nstart: choose\nsteps:\n  choose: {menu: mm.menu, keys: {1: bye, 3: bye, 5: bye, 6: bye}}\n  \
                bye: {say: u.goodbye, end: visits}\n";
    let mut engine = Engine::new(flows(&[("main_menu.yaml", flow)]), "main_menu");
    engine.play(&format!("{TO_MENU} 1 w3"));
    assert_eq!(engine.ended.as_ref().map(ExitName::as_str), Some("visits"), "{}", engine.log);
}

#[test]
fn while_somebody_is_called_the_caller_hears_a_word_at_least_every_twenty_seconds() {
    for keys in ["0", "4", "9", "9 1 1", "1"] {
        let mut engine = Engine::new(flows(&[]), "main_menu");
        engine.play(&format!("{TO_MENU} {keys}"));
        let mut silent = 0;
        for _ in 0..300 {
            engine.play("w1");
            silent = if engine.playing.is_some() { 0 } else { silent + 1 };
            let message = engine.log.contains("tone");
            assert!(silent <= 20 || message, "{keys}: {silent} s of silence\n{}", engine.log);
        }
    }
}

#[test]
fn recording_off_means_no_notice_and_no_recording() {
    let clinic = include_str!("../../../ivr-flows/clinic.yaml").replace("recording: on ", "recording: off");
    let mut engine = Engine::new(flows(&[("clinic.yaml", &clinic)]), "main_menu");
    engine.play("start w60");
    assert!(!engine.log.contains("record"), "{}", engine.log);
}

#[test]
fn a_playing_whose_end_is_never_told_does_not_hold_the_caller_for_ever() {
    let mut engine = Engine::new(flows(&[]), "main_menu");
    engine.play("start");
    for _ in 0..60 {
        engine.playing = None;
        engine.wait(Duration::from_secs(60));
    }
    assert!(engine.log.contains("call sip:"), "{}", engine.log);
    assert!(!engine.log.contains("\nrecord"), "{}", engine.log);
}

/// Anything that can happen, in any order.
fn anything() -> impl Strategy<Value = Vec<(u8, u8)>> {
    proptest::collection::vec((0..24u8, 0..40u8), 0..120)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_no_caller_is_hung_up_on(inputs in anything(), closed: bool) {
        let mut engine = Engine::new(flows(&[]), if closed { "after_hours" } else { "main_menu" });
        for (what, seconds) in inputs {
            if engine.ended.is_some() {
                break;
            }
            match what {
                0..=9 => engine.press(Key::Digit(what)),
                10 => engine.press(Key::Star),
                11 => engine.press(Key::Pound),
                12 => engine.play("start"),
                13 if engine.ringing.is_some() => engine.play("yes"),
                14 if engine.ringing.is_some() => engine.play("no"),
                15 if matches!(engine.run.state, State::Talking { .. }) => engine.play("bye"),
                16 => engine.play("open"),
                17 => engine.play("saved"),
                18 => engine.play("lost"),
                19 => engine.input(Input::PlaybackEnded { playback: PlaybackId(u64::from(seconds)), completed: false }),
                20 => engine.input(Input::Timeout),
                21 => engine.play("hold"),
                22 => engine.play("back"),
                _ => engine.wait(Duration::from_secs(u64::from(seconds))),
            }
        }
        // From here on the caller is silent and nobody answers: a person is called or a message is taken.
        let before = engine.log.len();
        let talking = matches!(engine.run.state, State::Talking { .. });
        engine.play("back start");
        for _ in 0..200 {
            engine.play("w9");
        }
        let message = engine.ended.as_ref().is_some_and(|exit| exit.as_str() == "message_left");
        let after = &engine.log[before..];
        prop_assert!(
            talking || message || after.contains("call sip:") || after.contains("tone"),
            "left alone:\n{}", engine.log
        );
        if engine.ended.is_some() {
            prop_assert!(engine.log.contains("Promised"), "hung up without a promise:\n{}", engine.log);
        }
    }
}

#[test]
fn what_is_typed_never_shows_in_debug_text() {
    let mut engine = Engine::new(notice_first(), "main_menu");
    engine.play("start w19 5 8 3");
    assert_eq!(engine.run.ahead.len(), 3);
    let shown = format!("{:?}", engine.run);
    assert!(
        shown.starts_with("Run(flow `entry`, step Some(`notice`)") && !shown.contains("Digit"),
        "{shown}"
    );
}

/// `clinic.yaml` with `old` replaced by `new`.
fn clinic(old: &str, new: &str) -> Arc<FlowSet> {
    let text = include_str!("../../../ivr-flows/clinic.yaml");
    assert!(text.contains(old), "{old}");
    flows(&[("clinic.yaml", &text.replace(old, new))])
}

#[test]
fn every_rung_is_called_in_its_order_and_in_a_crisis_the_ladder_begins_again() {
    let two = clinic("person: ", "person:\n  - {call: \"sip:nurse@10.0.0.5\", ring: 10 s} ");
    let mut engine = Engine::new(two.clone(), "main_menu");
    engine.play(&format!("{TO_MENU} 0 w40"));
    expect_test::expect![[r#"
        21.0  LadderRung { rung: 1, why: Asked }
        21.0  say u.agent/en
        21.0  call sip:nurse@10.0.0.5 for 10 s
        31.0  LadderRung { rung: 2, why: Asked }
        31.0  call sip:front-desk@127.0.0.1:5070 for 25 s
        39.0  say u.one_moment/en
        56.0  LadderRung { rung: 3, why: Asked }
        56.0  say u.not_reached/en u.recording/en
    "#]]
    .assert_eq(engine.log.split_once("mm.menu/en\n").unwrap().1);
    let mut engine = Engine::new(two, "main_menu");
    engine.play(&format!("{TO_MENU} 9 w110"));
    let calls: Vec<&str> = engine.log.lines().filter(|line| line.contains("call sip:")).collect();
    assert_eq!(calls.len(), 6, "{}", engine.log);
    assert!(calls.iter().step_by(2).all(|call| call.contains("nurse")), "{}", engine.log);
    assert!(!engine.log.contains("tone"), "{}", engine.log);
}

#[test]
fn a_clinic_with_one_language_has_no_key_for_another() {
    let one = clinic("languages: [en, es]", "languages: [en]");
    let mut engine = Engine::new(one, "main_menu");
    engine.play("start w1 2 w30");
    expect_test::expect![[r#"
        0.0   say u.emergency/en
        1.0   Missed { silence: false, count: 1 }
        1.0   say u.nomatch/en mm.menu/en
        15.0  Missed { silence: true, count: 2 }
        15.0  say u.noinput2/en u.recording/en
        21.0  NoticeGiven
        21.0  record
        21.0  LadderRung { rung: 1, why: Silence }
        21.0  say u.one_moment/en
        21.0  call sip:front-desk@127.0.0.1:5070 for 25 s
    "#]]
    .assert_eq(&engine.log);
}

#[test]
fn times_and_tries_are_the_files() {
    let patient =
        clinic("times: {first_key: 8 s, more_time: 30 s}\ntries: 2 ", "times: {first_key: 20 s}\ntries: 3");
    let mut engine = Engine::new(patient, "main_menu");
    engine.play("start w200");
    expect_test::expect![[r#"
        18.0  say mm.menu/en
        41.0  Missed { silence: true, count: 1 }
        41.0  say u.noinput1/en mm.menu/en
        67.0  Missed { silence: true, count: 2 }
        67.0  say u.noinput1/en mm.menu/en
        93.0  Missed { silence: true, count: 3 }
        93.0  say u.noinput2/en u.recording/en
        99.0  NoticeGiven
        99.0  record
        99.0  LadderRung { rung: 1, why: Silence }
        99.0  say u.one_moment/en
        99.0  call sip:front-desk@127.0.0.1:5070 for 25 s
        117.0 say u.one_moment/en
        124.0 LadderRung { rung: 2, why: Silence }
        124.0 say u.not_reached/en vm.record_now/en
        130.0 tone
        140.0 Fault { what: "the recorder did not answer" }
        140.0 say u.sysfail/en
        145.0 LadderRung { rung: 1, why: Fault }
        145.0 call sip:front-desk@127.0.0.1:5070 for 25 s
        158.0 say u.one_moment/en
        170.0 LadderRung { rung: 2, why: Fault }
        170.0 say u.not_reached/en vm.record_now/en
        176.0 tone
        186.0 Fault { what: "the recorder did not answer" }
        186.0 say u.sysfail/en
        191.0 LadderRung { rung: 1, why: Fault }
        191.0 call sip:front-desk@127.0.0.1:5070 for 25 s
    "#]]
    .assert_eq(engine.log.split_once("say u.person/en\n").unwrap().1);
    let slow = include_str!("../../../ivr-flows/main_menu.yaml")
        .replace("keys: {1: visits", "first_key: 15 s\n    keys: {1: visits");
    let mut engine = Engine::new(flows(&[("main_menu.yaml", &slow)]), "main_menu");
    engine.play(&format!("{TO_MENU} w14"));
    assert!(!engine.log.contains("Missed"), "{}", engine.log);
    engine.play("w1");
    assert!(engine.log.contains("Missed"), "{}", engine.log);
}

#[test]
fn no_more_keys_are_kept_than_the_bound() {
    let mut engine = Engine::new(notice_first(), "main_menu");
    engine.play("start w19");
    (0..100).for_each(|_| engine.press(Key::Digit(5)));
    assert_eq!(engine.run.ahead.len(), TYPE_AHEAD_MAX);
}

#[test]
fn a_circle_that_no_check_saw_leads_to_a_person() {
    use crate::flow::program::{Act, Target, Voices};
    let set = Arc::unwrap_or_clone(flows(&[]));
    let at = set.flows()[set.clinic().entry].start;
    let prompt = PromptName::from("u.agent");
    // The entry says nothing twice, so a circle in it would turn without a word.
    let set = set.with_act(at, Act::Say { prompt, voices: Voices::Callers, next: Target::Step(at) });
    let mut engine = Engine::new(Arc::new(set), "main_menu");
    engine.play("start w4");
    expect_test::expect![[r#"
        0.0   say u.agent/en
        3.0   Fault { what: "the steps of a flow led in a circle" }
        3.0   LadderRung { rung: 1, why: Fault }
        3.0   say u.sysfail/en
        3.0   call sip:front-desk@127.0.0.1:5070 for 25 s
    "#]]
    .assert_eq(&engine.log);
}

#[test]
fn a_number_without_a_flow_of_its_name_gets_the_default() {
    let engine = Engine::new(flows(&[]), "no_such_flow");
    assert_eq!(engine.run.set.flows()[engine.run.called].name.as_str(), "main_menu");
}
