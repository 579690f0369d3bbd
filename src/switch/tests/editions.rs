//! New flows come while calls are up: who began before speaks with the old words to the end, who begins after with the new.

use super::*;
use crate::flow::edition::{Canary, Edition, Served, Share};

fn set(number: u32) -> Arc<FlowSet> {
    let set = (*flows()).clone();
    Arc::new(set.served_as(Edition::Published(number), format!("version {number}")))
}

/// What a caller hears from here on, by the sets whose words they are.
fn spoken_on(scene: &mut Scene, input: Input<'_>) -> Vec<Edition> {
    scene.switch.handle(scene.now, input);
    let mut editions = Vec::new();
    while let Some(output) = scene.switch.poll_output() {
        match output {
            Output::Speak { edition, .. } => editions.push(edition),
            Output::Append(entry) => scene.log.push(entry.event),
            Output::Transmit { octets, .. } => scene.sent.push(String::from_utf8(octets).unwrap()),
            Output::Media { .. }
            | Output::Resolve { .. }
            | Output::Tone { .. }
            | Output::Bed { .. }
            | Output::Voice { .. }
            | Output::ForgetVoiced { .. }
            | Output::Recorder(_)
            | Output::ChangeClosings { .. }
            | Output::Request { .. }
            | Output::LetGo { .. }
            | Output::KeepBindings(_)
            | Output::Trace(_)
            | Output::GuestAnswer { .. }
            | Output::MessageAnswer { .. }
            | Output::Drained => {}
        }
    }
    editions
}

/// The versions of the calls that came.
fn version(scene: &Scene) -> Vec<&str> {
    let arrived = scene.log.iter().filter_map(|event| match event {
        Event::Arrived { version, .. } => Some(version.as_str()),
        _ => None,
    });
    arrived.collect()
}

#[test]
fn a_call_ends_on_the_set_it_began_with_and_its_words_are_of_that_set() {
    let mut scene = Scene::down();
    scene.tell(Input::Flows(Served::to_all(set(1))));
    scene.offer("100", "sendrecv");
    scene.request("100", "ACK", "");
    scene.tell(Input::Flows(Served::to_all(set(2))));
    let leg = scene.leg();
    let key = media::Event::Key { leg, key: Key::Digit(2), at: scene.now.at };
    let spoken = spoken_on(&mut scene, Input::Media(key));
    assert!(!spoken.is_empty() && spoken.iter().all(|it| *it == Edition::Published(1)), "{spoken:?}");
    assert_eq!(scene.switch.calls_by_edition().into_iter().collect::<Vec<_>>(), [(Edition::Published(1), 1)]);
    assert_eq!(version(&scene), ["version 1"]);
    let status = scene.switch.status();
    let told = |name: &str| status.iter().find(|figure| figure.name == name).map(|figure| figure.value);
    assert_eq!((told("flows_set"), told("calls_on_set_1"), told("calls_on_set_2")), (Some(2), Some(1), None));
}

#[test]
fn a_canary_is_told_in_the_status_and_chosen_by_the_number() {
    for (number, expected) in [("100", "version 2"), ("199", "version 1")] {
        let mut scene = Scene::down();
        let canary = Some(Canary { set: set(2), share: Share::Number("100".to_owned()) });
        scene.tell(Input::Flows(Served { current: set(1), canary }));
        scene.offer(number, "sendrecv");
        assert_eq!(version(&scene), [expected], "{number}");
        assert!(scene.switch.status().iter().any(|figure| figure.name == "canary_set" && figure.value == 2));
    }
}
