//! How long the shipped first words take: the flows run in virtual time, and every prompt takes as long as
//! its shipped sound. Whoever makes them longer reads here what a caller would wait for.

use careline::clock::Instant;
use careline::flow::action::{Action, Fact, Input, Phrases, Spoken};
use careline::flow::run::Run;
use careline::flow::set::{Audio, FlowSet};
use careline::id::{FlowName, PlaybackId};
use careline::io::flow_files;
use careline::io::prompts::PromptLibrary;
use careline::wire::codec::Codec;
use careline::wire::telephone_event::Key;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// The emergency line is over by then, in every language.
const EMERGENCY_BY: Duration = Duration::from_secs(11);
/// The first word of the menu is heard by then.
const MENU_BY: Duration = Duration::from_secs(25);
/// A caller who waited until he was offered his language hears the menu in it so long after his key.
const MENU_AFTER_KEY: Duration = Duration::from_secs(15);
/// The next playing begins at most a tick after the one before.
const TICK: Duration = Duration::from_millis(20);
/// A sound has so many octets of µ-law a second.
const RATE: u64 = 8_000;

/// A caller of the shipped flows who hears every word to its end.
struct Listener {
    run: Run,
    sounds: PromptLibrary,
    now: Instant,
    playing: Option<(PlaybackId, Phrases)>,
    /// What was begun, and when.
    heard: Vec<(Duration, Spoken)>,
    recording: bool,
}

impl Listener {
    fn call(flow: &str) -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let files = flow_files::read(&root.join("ivr-flows")).expect("the flows are shipped");
        let (set, faults) = FlowSet::load(files, &|_, _| Audio::Present);
        let set = set.unwrap_or_else(|| panic!("the shipped flows have faults: {faults:?}"));
        let run = Run::new(Arc::new(set), FlowName::from(flow));
        let sounds = PromptLibrary::open(&root.join("sounds"));
        let (now, heard) = (Instant::START, Vec::new());
        let mut listener = Self { run, sounds, now, playing: None, heard, recording: false };
        listener.tell(Input::Start);
        listener
    }

    fn tell(&mut self, input: Input) {
        self.run.handle(self.now, input);
        while let Some(action) = self.run.poll_action() {
            match action {
                Action::Play { playback, prompts } => {
                    let mut begins = self.now.since(Instant::START);
                    for spoken in &prompts {
                        self.heard.push((begins, spoken.clone()));
                        begins += self.length(spoken);
                    }
                    self.playing = Some((playback, prompts));
                }
                Action::StartRecording => self.recording = true,
                Action::Tell(Fact::Fault { what }) => panic!("{what}\n{:#?}", self.heard),
                Action::StopPlaying
                | Action::Voice { .. }
                | Action::StopRecording
                | Action::Connect { .. }
                | Action::Hurry
                | Action::TakeMessage
                | Action::FinishMessage
                | Action::Request { .. }
                | Action::LetGo { .. }
                | Action::ByPhone(_)
                | Action::Tell(_)
                | Action::End { .. }
                | Action::Stopped => {}
            }
        }
    }

    fn length(&mut self, spoken: &Spoken) -> Duration {
        let clip = self.sounds.clip(spoken, Codec::Pcmu);
        let clip = clip.unwrap_or_else(|fault| panic!("{spoken:?}: {fault:?}"));
        Duration::from_micros(clip.octets.len() as u64 * 1_000_000 / RATE)
    }

    /// Hears what is being said to its end.
    fn hear_out(&mut self) {
        let (playback, prompts) = self.playing.take().expect("something is said");
        self.now = prompts.iter().fold(self.now + TICK, |at, spoken| at + self.length(spoken));
        self.tell(Input::PlaybackEnded { playback, completed: true });
    }

    /// Hears everything until this prompt begins; tells when that is.
    fn hear_until(&mut self, prompt: &str) -> Duration {
        for _ in 0..20 {
            let begun = self.heard.iter().find(|(_, spoken)| spoken.prompt.as_str() == prompt);
            if let Some((at, _)) = begun {
                return *at;
            }
            self.hear_out();
        }
        panic!("`{prompt}` never comes: {:#?}", self.heard);
    }

    fn names(&self) -> Vec<String> {
        self.heard.iter().map(|(_, spoken)| format!("{}/{}", spoken.prompt, spoken.language)).collect()
    }
}

#[test]
fn the_emergency_line_is_the_first_sound_and_is_over_in_both_languages_by_eleven_seconds() {
    for flow in ["main_menu", "after_hours"] {
        let mut listener = Listener::call(flow);
        assert_eq!(listener.names(), ["u.emergency/en", "u.emergency/es"], "{flow}");
        listener.hear_out();
        let over = listener.now.since(Instant::START);
        println!("{flow}: the emergency line is over after {over:?}");
        assert!(over <= EMERGENCY_BY, "{flow}: the emergency line is over after {over:?}");
    }
}

#[test]
fn the_menu_begins_by_twenty_five_seconds_in_both_languages() {
    for (flow, menu) in [("main_menu", "mm.menu"), ("after_hours", "vm.closed_now")] {
        for (language, keys) in [("en", &[][..]), ("es", &[Key::Digit(2)])] {
            let mut listener = Listener::call(flow);
            keys.iter().for_each(|key| listener.tell(Input::Key(*key)));
            let at = listener.hear_until(menu);
            println!("{flow} in {language}: the menu begins after {at:?}");
            assert_eq!(listener.names().last(), Some(&format!("{menu}/{language}")));
            assert!(at <= MENU_BY, "{flow} in {language}: {at:?}\n{:#?}", listener.heard);
        }
    }
}

#[test]
fn who_waits_for_the_offer_of_spanish_hears_the_menu_fifteen_seconds_after_the_key() {
    let mut listener = Listener::call("main_menu");
    listener.hear_until("u.language");
    assert_eq!(listener.names().last().map(String::as_str), Some("u.language/es"), "English needs no offer");
    listener.hear_out();
    let pressed = listener.now.since(Instant::START);
    listener.tell(Input::Key(Key::Digit(2)));
    let took = listener.hear_until("mm.menu") - pressed;
    println!("2 pressed after {pressed:?}: the Spanish menu begins {took:?} later");
    assert!(took <= MENU_AFTER_KEY, "{took:?}\n{:#?}", listener.heard);
}

#[test]
fn nothing_is_recorded_before_the_choice_and_the_notice_behind_it() {
    for (flow, menu, key) in [("main_menu", "mm.menu", 1), ("after_hours", "vm.closed_now", 1)] {
        let mut listener = Listener::call(flow);
        listener.hear_until(menu);
        listener.tell(Input::Key(Key::Digit(key)));
        assert_eq!(listener.names().last().map(String::as_str), Some("u.recording/en"), "{flow}");
        assert!(!listener.recording, "{flow}: the notice was not heard yet");
        listener.hear_out();
        assert!(listener.recording, "{flow}: {:?}", listener.names());
    }
}
