//! Guests while their call moves to another worker, and while the engine stops.

use super::*;

fn moves(scene: &Scene) -> Vec<(LegId, PortIndex)> {
    let its = |command: &Command| {
        if let Command::Move { leg, port, .. } = command { Some((*leg, *port)) } else { None }
    };
    scene.commands.iter().filter_map(its).collect()
}

fn arrive(scene: &mut Scene, (leg, port): (LegId, PortIndex)) {
    let at = scene.now.at;
    scene.tell(Input::Media(media::Event::Moved { leg, port, at }));
}

#[test]
fn a_call_moves_with_all_its_legs_and_they_hear_each_other_when_the_last_has_arrived() {
    for mode in MODES {
        for changes in [false, true] {
            let what = format!("{mode:?}, changes on the way: {changes}");
            let mut scene = talk();
            joined(&mut scene, MARIA, mode);
            let id = call(&scene);
            scene.tell(Input::Move { call: id, to: WorkerIndex(1) });
            assert_eq!((moves(&scene).len(), hearing(&scene).as_str()), (3, ""), "{what}");
            let now = if changes && mode.supervises() { Barge } else { mode };
            if changes {
                press(&mut scene, 'm', 6);
            }
            for (n, its) in moves(&scene).into_iter().enumerate() {
                assert_eq!(hearing(&scene), "", "{what}: {n} have arrived");
                arrive(&mut scene, its);
            }
            assert_eq!(hearing(&scene), of_three(now), "{what}");
            hangs_up(&mut scene, 'm');
            assert_eq!(hearing(&scene), "p:d d:p", "{what}");
            hangs_up(&mut scene, 'p');
            all_is_over(&mut scene, &what);
        }
    }
}

#[test]
fn who_hangs_up_on_the_way_is_closed_where_he_arrives_and_the_others_hear_each_other() {
    for who in ['m', 'd', 'p'] {
        let mut scene = talk();
        joined(&mut scene, MARIA, Third);
        let id = call(&scene);
        scene.tell(Input::Move { call: id, to: WorkerIndex(1) });
        hangs_up(&mut scene, who);
        for its in moves(&scene) {
            arrive(&mut scene, its);
        }
        let expected = match who {
            'm' => "p:d d:p",
            'd' => "p:m m:p",
            _ => "",
        };
        assert_eq!(hearing(&scene), expected, "{who}");
        hangs_up(&mut scene, 'p');
        all_is_over(&mut scene, &who.to_string());
    }
}

#[test]
fn a_guest_for_whom_a_worker_has_no_port_takes_all_to_one_that_has_or_stays_out() {
    let mut scene = talk_on([2, 3]);
    come(&mut scene, MARIA, Third);
    assert_eq!(moves(&scene).len(), 2, "patient and person go");
    for its in moves(&scene) {
        arrive(&mut scene, its);
    }
    answer(&mut scene, "maria", "200 OK", &sdp(1, DESK, ""));
    assert_eq!(hearing(&scene), of_three(Third));
    hangs_up(&mut scene, 'p');
    all_is_over(&mut scene, "moved");
    let mut scene = talk_on([2, 2]);
    come(&mut scene, MARIA, Third);
    let refusal = GuestRefusal::NotReached { target: MARIA.to_owned(), status: 503 };
    assert_eq!((scene.answers.pop(), moves(&scene).len()), (Some(Err(refusal)), 0));
    assert_eq!(hearing(&scene), "p:d d:p");
}

#[test]
fn when_the_engine_stops_guests_leave_before_the_last_words() {
    for mode in MODES {
        let mut scene = talk_after(0, [6, 6]);
        joined(&mut scene, MARIA, mode);
        scene.tell(Input::Drain { within: Duration::from_secs(30) });
        scene.wait(Duration::from_secs(30) - crate::limits::FAREWELL);
        assert_eq!((byes_to(&scene, "maria"), byes_to(&scene, "front-desk")), (1, 1), "{mode:?}");
        assert_eq!(scene.says, crate::flow::run::stopping::STOPPING, "{mode:?}");
        assert_eq!(hearing(&scene), "", "{mode:?}");
        scene.heard();
        all_is_over(&mut scene, "stopped");
    }
}
