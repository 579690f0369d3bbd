//! What no recording says is asked of a voice, spoken under a name of the call's own, and forgotten with the call.

use super::*;
use crate::flow::action::Heard;
use crate::flow::edition::Served;
use crate::flow::shipped::FILES;
use crate::switch::interface::voiced_in;

/// The main menu says a name first, which no recording holds.
fn with_a_name() -> Arc<FlowSet> {
    let prompts = include_str!("../../../ivr-flows/prompts.yaml").to_owned()
        + "x.with: {en: \"With {who} now.\", es: \"Con {who}.\"}\n";
    let menu = "flow: main_menu\nstart: know\nsteps:\n  know: {set: {who: '\"Dr. Lee\"'}, next: with}\n  \
                with: {say: x.with, next: menu}\n  menu: {menu: vm.closed_now, keys: {1: message}}\n";
    let mut texts = std::collections::BTreeMap::from(FILES);
    texts.extend([("prompts.yaml", prompts.as_str()), ("main_menu.yaml", menu)]);
    let file = |(name, text): (&str, &str)| SourceFile { path: name.to_owned(), octets: text.into() };
    let (set, faults) = FlowSet::load(texts.into_iter().map(file).collect(), &|_, _| Audio::Present);
    Arc::new(set.unwrap_or_else(|| panic!("{faults:#?}")))
}

/// What voices are asked and what is forgotten, and the prompts that are spoken, each heard to its end.
fn hear(scene: &mut Scene, input: Input<'_>) -> Vec<String> {
    scene.switch.handle(scene.now, input);
    let (mut told, mut playing) = (Vec::new(), None);
    loop {
        while let Some(output) = scene.switch.poll_output() {
            match output {
                Output::Speak { leg, playback, prompts, .. } => {
                    told.extend(prompts.iter().map(|spoken| spoken.prompt.to_string()));
                    playing = Some((leg, playback));
                }
                Output::Voice { call, voicing, text, language } => {
                    told.push(format!("{call} asks {voicing} {language} {}", text.expose()));
                }
                Output::ForgetVoiced { call } => told.push(format!("{call} is forgotten")),
                Output::Append(entry) => scene.log.push(entry.event),
                Output::Transmit { octets, .. } => scene.sent.push(String::from_utf8(octets).unwrap()),
                Output::Media { command, .. } => scene.commands.push(command),
                Output::Resolve { .. } | Output::Tone { .. } | Output::Bed { .. } => {}
                Output::Request { .. } | Output::LetGo { .. } | Output::ChangeClosings { .. } => {}
                Output::Recorder(_) | Output::KeepBindings(_) | Output::Trace(_) => {}
                Output::GuestAnswer { .. } | Output::MessageAnswer { .. } | Output::Drained => {}
            }
        }
        let Some((leg, playback)) =
            playing.take().filter(|_| told.last().is_none_or(|last| last != "vm.closed_now"))
        else {
            return told;
        };
        let ended = media::Event::PlaybackEnded { leg, playback, completed: true, at: scene.now.at };
        scene.switch.handle(scene.now, Input::Media(ended));
    }
}

#[test]
fn a_name_is_asked_of_a_voice_and_spoken_in_its_call_alone() {
    let mut scene = Scene::down();
    scene.tell(Input::Flows(Served::to_all(with_a_name())));
    scene.offer("100", "sendrecv");
    let call = *scene.switch.calls.keys().next().expect("a call");
    let voicing = crate::id::VoicingId(1);
    scene.request("100", "ACK", "");
    let leg = scene.leg();
    let playback = *scene.spoken.last().expect("the first words");
    let ended = media::Event::PlaybackEnded { leg, playback, completed: true, at: scene.now.at };
    let told = hear(&mut scene, Input::Media(ended));
    assert_eq!(told.last(), Some(&format!("{call} asks v1 en Dr. Lee")), "{told:?}");
    let told = hear(&mut scene, Input::Voiced { call, voicing, heard: Heard::Sound });
    let name = voiced_in(call, voicing).to_string();
    assert_eq!(told, ["x.with.1", &name, "x.with.2", "vm.closed_now"]);
    assert_eq!(hear(&mut scene, Input::Voiced { call, voicing, heard: Heard::Sound }), Vec::<String>::new());
    let gone = hear(&mut scene, Input::Voiced { call: CallId(9), voicing, heard: Heard::Sound });
    assert_eq!(gone, Vec::<String>::new(), "a call that is over");
}
