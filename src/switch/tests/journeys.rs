//! A leg on its way to another worker: what is ordered of it meanwhile, and what comes of a call that ends then.

use super::*;
use crate::limits::CLOSING_MAX;
use crate::media::command::{Command, PortIndex, WorkerIndex};

const THERE: WorkerIndex = WorkerIndex(1);

/// A call whose leg was ordered to the other worker.
fn on_its_way() -> (Scene, LegId) {
    let mut scene = Scene::up("100", "sendrecv");
    let (leg, call) = (scene.leg(), *scene.switch.calls.keys().next().expect("a call"));
    scene.tell(Input::Move { call, to: THERE });
    assert!(
        matches!(scene.commands.last(), Some(Command::Move { leg: it, to: THERE, port: PortIndex(0) }) if *it == leg),
        "{:?}",
        scene.commands.last()
    );
    (scene, leg)
}

fn arrives(scene: &mut Scene, leg: LegId) {
    let at = scene.now.at;
    scene.tell(Input::Media(media::Event::Moved { leg, port: PortIndex(0), at }));
}

fn closes(scene: &Scene) -> usize {
    scene.commands.iter().filter(|command| matches!(command, Command::Close { .. })).count()
}

#[test]
fn what_is_ordered_of_a_leg_on_its_way_is_done_when_it_has_arrived() {
    let (mut scene, leg) = on_its_way();
    let orders = scene.commands.len();
    scene.request("100", "BYE", "");
    assert_eq!((scene.commands.len(), closes(&scene)), (orders, 0), "it waits for the leg");
    arrives(&mut scene, leg);
    assert_eq!(closes(&scene), 1);
    let owned = scene.switch.ports.number(THERE, PortIndex(0));
    assert_eq!(owned, 20_000, "the sockets that SDP told of are there");
}

#[test]
fn a_leg_that_arrives_after_its_call_is_over_is_closed_where_it_is() {
    let (mut scene, leg) = on_its_way();
    scene.request("100", "BYE", "");
    scene.wait(2 * CLOSING_MAX);
    assert!(scene.ended().is_some() && scene.switch.calls.is_empty(), "the record was written without it");
    assert_eq!(closes(&scene), 0, "nobody knows where it is");
    arrives(&mut scene, leg);
    assert_eq!(closes(&scene), 1, "its party is heard by nobody any more");
    assert_eq!(scene.switch.ports.number(THERE, PortIndex(0)), 20_000);
    assert_eq!(scene.switch.ports.in_use(), 0);
}
