//! The front desk as the other party of a call of ours: what it refuses, and for how long.

use super::*;

/// The INVITEs to the desk; one that is sent again counts once.
pub(super) fn invites(scene: &Scene) -> Vec<String> {
    let mut invites: Vec<String> =
        scene.sent.iter().filter(|text| text.starts_with("INVITE sip:front-desk@")).cloned().collect();
    invites.dedup();
    invites
}

pub(super) fn called(scene: &Scene) -> usize {
    scene.log.iter().filter(|event| matches!(event, Event::PersonCalled { .. })).count()
}

/// The desk's answer to the newest INVITE, with those header fields.
fn answer(scene: &mut Scene, status: &str, lines: &str) {
    answer_with(scene, status, lines, "");
}

/// The same with a body.
pub(super) fn answer_with(scene: &mut Scene, status: &str, lines: &str, body: &str) {
    let invite = invites(scene).pop().expect("the desk is called");
    let header = |name: &str| invite.lines().find(|line| line.starts_with(name)).unwrap_or_default();
    let same = ["Via:", "From:", "Call-ID:", "CSeq:"].map(header).join("\r\n");
    let (to, length) = (header("To:"), body.len());
    scene.datagram(&format!(
        "SIP/2.0 {status}\r\n{same}\r\n{to};tag=desk\r\n{lines}Content-Length: {length}\r\n\r\n{body}"
    ));
}

/// A caller in danger: for him the ladder is climbed until somebody answers.
pub(super) fn asked() -> Scene {
    let mut scene = Scene::up("100", "sendrecv");
    scene.press(Key::Digit(9));
    for _ in 0..5 {
        if invites(&scene).is_empty() {
            scene.heard();
        }
    }
    assert_eq!(invites(&scene).len(), 1, "{:#?}", scene.log);
    scene
}

#[test]
fn a_desk_that_asks_for_rest_is_not_called_so_long_and_the_ladder_goes_on() {
    for (lines, rest_s) in [("Retry-After: 30\r\n", 30), ("Retry-After: 86400 (for ever)\r\n", 60), ("", 0)] {
        let mut scene = asked();
        answer(&mut scene, "503 Service Unavailable", lines);
        let mut seconds = 0;
        while invites(&scene).len() == 1 {
            scene.wait(Duration::from_secs(1));
            seconds += 1;
            assert!(seconds < 200, "it is never called again\n{:#?}", scene.log);
            if seconds % 3 == 0 {
                scene.heard();
            }
        }
        assert!(seconds >= rest_s, "{lines:?}: called again after {seconds} s");
        assert!(seconds < rest_s + 60, "{lines:?}: called again only after {seconds} s");
        assert_eq!(called(&scene) > 2, rest_s > 0, "{lines:?}: the ladder is climbed meanwhile");
        assert_eq!((scene.ended(), scene.switch.counters.flow_faults), (None, 0), "{:#?}", scene.log);
    }
}
