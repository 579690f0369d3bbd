//! Messages that wait: their count, and the mark that one is done, which is told when it is on disk.

use super::super::interface::{NotMarked, SavedMessage};
use super::*;
use crate::clock::WallTime;
use crate::id::AskId;

fn waiting(scene: &Scene) -> u64 {
    let figures = scene.switch.status();
    figures.iter().find(|figure| figure.name == "messages_waiting").expect("it is told").value
}

fn done(scene: &mut Scene, call: CallId, recording: RecordingId) {
    let message = SavedMessage { call, recording, at: scene.now.wall, since_start_us: 5_000_000 };
    scene.tell(Input::MessageDone { ask: AskId(7), message });
}

fn marks(scene: &Scene) -> usize {
    scene.log.iter().filter(|event| matches!(event, Event::MessageDone { .. })).count()
}

#[test]
fn a_message_waits_once_it_is_on_disk_until_its_mark_is() {
    let (mut scene, recording) = spoken_message();
    let call = *scene.switch.calls.keys().next().unwrap();
    close_file(&mut scene, recording);
    assert_eq!(waiting(&scene), 0, "it is not saved yet");
    scene.durable();
    assert_eq!(waiting(&scene), 1);
    done(&mut scene, call, recording);
    assert_eq!((marks(&scene), scene.marked.len()), (1, 0), "nobody hears of what is not on disk");
    assert!(scene.switch.waits_for_the_disk());
    scene.durable();
    assert_eq!((&scene.marked[..], waiting(&scene)), (&[Ok(())][..], 0));
    done(&mut scene, call, recording);
    scene.durable();
    assert_eq!((scene.marked.len(), waiting(&scene)), (2, 0), "who marks it twice is told the same");
}

#[test]
fn messages_of_earlier_runs_wait_and_are_marked_on_their_own_line_of_time() {
    let mut scene = Scene::up("199", "sendrecv");
    scene.tell(Input::MessagesWait(vec![RecordingId(1), RecordingId(2)]));
    assert_eq!(waiting(&scene), 2);
    let at = WallTime::from_micros(1_700_000_000_000_000);
    let message =
        SavedMessage { call: CallId(0xfff), recording: RecordingId(1), at, since_start_us: 5_000_000 };
    let now = Now { at: scene.now.at, wall: at + Duration::from_secs(3_600) };
    scene.switch.handle(now, Input::MessageDone { ask: AskId(1), message });
    let entry = std::iter::from_fn(|| scene.switch.poll_output()).find_map(|output| match output {
        Output::Append(entry) => Some(entry),
        _ => None,
    });
    let entry = entry.expect("the mark");
    assert_eq!((entry.call, entry.since_start_us, entry.at), (CallId(0xfff), 3_605_000_000, now.wall));
    scene.durable();
    assert_eq!((&scene.marked[..], waiting(&scene)), (&[Ok(())][..], 1));
}

#[test]
fn no_mark_is_made_that_a_stuck_log_could_lose() {
    let mut scene = Scene::up("199", "sendrecv");
    scene.tell(Input::MessagesWait(vec![RecordingId(1)]));
    scene.log_is_stuck();
    done(&mut scene, CallId(1), RecordingId(1));
    assert_eq!((&scene.marked[..], marks(&scene), waiting(&scene)), (&[Err(NotMarked::LogFull)][..], 0, 1));
}
