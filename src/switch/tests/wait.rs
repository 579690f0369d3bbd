//! What is heard under a wait, and what is not for the recording.

use super::*;
use crate::call::recording::{Event as RecorderEvent, RecordingKind};
use crate::report::cdr;

/// Whether the patient has a bed under the words now.
fn is_on_bed(scene: &Scene) -> bool {
    scene.is_on_bed(scene.leg())
}

#[test]
fn a_bed_is_under_the_wait_for_a_person_and_nowhere_else() {
    let mut scene = Scene::up("100", "sendrecv");
    assert!(!is_on_bed(&scene), "the greeting");
    scene.press(Key::Digit(9));
    let called = |scene: &Scene| scene.log.iter().any(|event| matches!(event, Event::PersonCalled { .. }));
    for _ in 0..5 {
        if !called(&scene) {
            assert!(!is_on_bed(&scene), "words before the ladder");
            scene.heard();
        }
    }
    assert!(called(&scene) && is_on_bed(&scene), "{:#?}", scene.log);
    scene.heard();
    scene.wait(Duration::from_secs(5));
    assert!(is_on_bed(&scene), "between two words");
    scene.request("100", "BYE", "");
    assert_eq!(scene.beds.len(), 1, "ordered once");
}

#[test]
fn there_is_no_bed_under_a_message() {
    let mut scene = at_the_tone();
    assert!(!is_on_bed(&scene), "{:#?}", scene.log);
    let recording = scene.recording();
    scene.durable();
    scene.tell(Input::Recorder(RecorderEvent::Failed {
        recording,
        fault: crate::call::recording::RecordingFault::Io,
        milliseconds: 0,
    }));
    assert!(is_on_bed(&scene), "the message is lost: persons are called again\n{:#?}", scene.log);
}

/// A call that is recorded, as far as the switch knows.
fn recorded(scene: &mut Scene) -> (CallId, RecordingId) {
    let id = *scene.switch.calls.keys().next().expect("a call");
    scene.switch.start_recording(id, RecordingKind::Call);
    (id, scene.recording())
}

fn opened(scene: &mut Scene, recording: RecordingId) {
    scene.durable();
    scene.tell(Input::Recorder(RecorderEvent::Opened { recording }));
}

fn media(scene: &mut Scene, event: impl FnOnce(LegId, Instant) -> media::Event) {
    let event = event(scene.leg(), scene.now.at);
    scene.tell(Input::Media(event));
}

/// The call's record, from its log.
pub(super) fn record(scene: &Scene) -> cdr::Record {
    let call = *scene.switch.calls.keys().next().expect("a call");
    let entry = |event: &Event| Entry {
        seq: 0,
        at: scene.now.wall,
        since_start_us: scene.now.at.as_micros(),
        call,
        event: event.clone(),
    };
    let entries: Vec<Entry> = scene.log.iter().map(entry).collect();
    cdr::Record::of(&entries).expect("an arrival")
}

fn pauses(scene: &Scene) -> Vec<char> {
    let order = |command: &media::Command| match command {
        media::Command::PauseRecording { .. } => Some('p'),
        media::Command::ResumeRecording { .. } => Some('r'),
        media::Command::Record { tap, .. } if tap.kept() == Kept::Silence => Some('s'),
        media::Command::Record { .. } => Some('o'),
        _ => None,
    };
    scene.commands.iter().filter_map(order).collect()
}

#[test]
fn a_pause_is_ordered_once_and_its_gap_is_in_the_record() {
    let mut scene = Scene::up("100", "sendrecv");
    let (call, recording) = recorded(&mut scene);
    opened(&mut scene, recording);
    media(&mut scene, |leg, at| media::Event::TapOpened { leg, at });
    for input in [Input::PauseRecording { call }, Input::PauseRecording { call }] {
        scene.tell(input);
    }
    media(&mut scene, |leg, at| media::Event::TapPaused { leg, at, frame: 100 });
    for input in [Input::ResumeRecording { call }, Input::ResumeRecording { call }] {
        scene.tell(input);
    }
    media(&mut scene, |leg, at| media::Event::TapResumed { leg, at, frame: 250 });
    scene.tell(Input::PauseRecording { call });
    media(&mut scene, |leg, at| media::Event::TapPaused { leg, at, frame: 400 });
    scene.switch.stop_recording(call);
    media(&mut scene, |leg, at| media::Event::TapClosed { leg, at, frames: 500, dropped: 0 });
    scene.tell(Input::Recorder(RecorderEvent::Closed { recording, milliseconds: 10_000, durable: true }));
    assert_eq!(pauses(&scene), ['o', 'p', 'r', 'p']);
    let record = record(&scene);
    let [recorded] = &record.recordings[..] else { panic!("{:?}", record.recordings) };
    let gap = |from, to| cdr::Gap { from, to: Some(to) };
    assert_eq!(recorded.gaps, [gap(100, 250), gap(400, 500)]);
    let silent: u64 = recorded.gaps.iter().filter_map(|gap| Some(gap.to? - gap.from)).sum();
    assert_eq!((recorded.frames, silent), (500, 250), "the pauses are part of its time");
}

#[test]
fn a_pause_before_the_first_frame_holds_from_it_on_and_ends_with_its_recording() {
    let mut scene = Scene::up("100", "sendrecv");
    let id = *scene.switch.calls.keys().next().expect("a call");
    scene.tell(Input::PauseRecording { call: id });
    assert_eq!(pauses(&scene), [] as [char; 0], "nothing is recorded");
    let (call, recording) = recorded(&mut scene);
    scene.tell(Input::PauseRecording { call });
    opened(&mut scene, recording);
    media(&mut scene, |leg, at| media::Event::TapPaused { leg, at, frame: 0 });
    media(&mut scene, |leg, at| media::Event::TapOpened { leg, at });
    scene.switch.stop_recording(call);
    media(&mut scene, |leg, at| media::Event::TapClosed { leg, at, frames: 50, dropped: 0 });
    scene.tell(Input::Recorder(RecorderEvent::Closed { recording, milliseconds: 1_000, durable: true }));
    let (_, next) = recorded(&mut scene);
    opened(&mut scene, next);
    assert_eq!(pauses(&scene), ['p', 's', 'o']);
    assert_eq!(record(&scene).recordings[0].gaps, [cdr::Gap { from: 0, to: Some(50) }]);
}
