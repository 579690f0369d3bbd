//! P29: the host's clock jumps, or the host stands still for a while. What is timed is timed by a clock that does neither.

use super::*;
use crate::clock::WallTime;

/// Noon in New York on a day when the clinic is open.
const NOON: WallTime = WallTime::from_micros(1_795_539_600_000_000);
const HOUR_US: i64 = 3_600_000_000;

/// A caller in danger for whom a person is called and does not answer; the calendar jumps by so much while it rings.
fn calls_for_help(jump_us: i64) -> (Scene, Vec<Instant>) {
    let mut scene = Scene::down();
    scene.now.wall = NOON;
    scene.offer("100", "sendrecv");
    scene.request("100", "ACK", "");
    scene.press(Key::Digit(9));
    let mut dues = Vec::new();
    for _ in 0..40 {
        scene.now.wall = WallTime::from_micros(scene.now.wall.as_micros() + jump_us);
        dues.extend(scene.switch.poll_timeout().map(|due| due.at));
        scene.heard();
        scene.wait(Duration::from_secs(2));
    }
    (scene, dues)
}

#[test]
fn p29_a_calendar_that_jumps_moves_no_timer() {
    let (calm, when) = calls_for_help(0);
    assert!(calm.log.iter().any(|event| matches!(event, Event::PersonCalled { .. })), "{:#?}", calm.log);
    for jump_us in [HOUR_US, -HOUR_US, 1, -1, 30 * 24 * HOUR_US, -30 * 24 * HOUR_US] {
        let (jumped, then) = calls_for_help(jump_us);
        assert_eq!(then, when, "by {jump_us} µs each 2 s");
        assert_eq!(jumped.sent, calm.sent, "by {jump_us} µs each 2 s");
        assert_eq!(format!("{:?}", jumped.log), format!("{:?}", calm.log), "by {jump_us} µs each 2 s");
    }
}

#[test]
fn p29_a_host_that_stood_still_answers_each_timer_once() {
    for asleep in [1, 30, 600, 24 * 3_600].map(Duration::from_secs) {
        let (mut scene, _) = calls_for_help(0);
        let sent = scene.sent.len();
        scene.now.at += asleep;
        let mut turns = 0;
        while scene.switch.poll_timeout().is_some_and(|due| due.at <= scene.now.at) {
            turns += 1;
            assert!(turns < 100, "{asleep:?}: {:?} is due for ever", scene.switch.poll_timeout());
            scene.tell(Input::Timeout);
        }
        let more = &scene.sent[sent..];
        assert!(more.len() < 20, "{asleep:?}: what was missed is not made up for: {more:#?}");
        scene.cseq += 1;
        scene.request("100", "BYE", "");
        let answered = scene
            .sent
            .last()
            .is_some_and(|text| text.starts_with("SIP/2.0 200") || text.starts_with("SIP/2.0 481"));
        assert!(answered, "{asleep:?}: he can hang up: {:#?}", scene.sent.last());
    }
}
