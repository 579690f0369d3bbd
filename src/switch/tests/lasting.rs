//! Calls reach their greatest length: who is warned, who is led on, and on whom nobody hangs up.

use super::stopping::{byes, desk_answers, in_danger};
use super::*;
use crate::audio::tone::Signal;
use crate::flow::action::Why;
use crate::limits::CLOSING_MAX;
use crate::limits::talks::LONGEST_WARNED;

const LONGEST: Duration = Duration::from_secs(120);
const MOMENT: Duration = Duration::from_millis(1);

fn scene() -> Scene {
    Scene::with(|settings| settings.longest = LONGEST)
}

fn calls(scene: &mut Scene) {
    scene.offer("100", "sendrecv");
    scene.request("100", "ACK", "");
}

/// The desk's leg, and how often it has heard that the talk ends soon.
fn warnings(scene: &Scene) -> (Option<LegId>, usize) {
    let bridged = |event: &Event| if let Event::Bridged { leg } = event { Some(*leg) } else { None };
    let desk = scene.log.iter().filter_map(bridged).next_back();
    assert!(scene.signals.iter().all(|(leg, signal)| Some(*leg) == desk && *signal == Signal::EndsSoon));
    (desk, scene.signals.len())
}

fn patient_is_told_bye(scene: &Scene) -> bool {
    byes(scene).iter().any(|bye| bye.starts_with("BYE sip:p@"))
}

#[test]
fn nobody_in_danger_is_hung_up_on_however_long_he_is_there() {
    for how in ["9", "911", "190"] {
        for talks in [true, false] {
            let mut scene = scene();
            in_danger(&mut scene, how);
            if talks {
                desk_answers(&mut scene);
            }
            scene.wait(LONGEST * 3 + MOMENT);
            assert_eq!((byes(&scene).len(), scene.ended()), (0, None), "{how}, talks: {talks}");
            assert_eq!(scene.signals, [], "{how}: nothing ends soon");
            assert_eq!(scene.switch.counters.too_long, 0, "{how}, talks: {talks}");
        }
    }
}

#[test]
fn a_person_hears_a_minute_before_that_the_talk_ends_and_the_patient_does_not() {
    let mut scene = scene();
    calls(&mut scene);
    scene.press(Key::Digit(0));
    desk_answers(&mut scene);
    scene.wait(LONGEST - LONGEST_WARNED - MOMENT);
    assert_eq!(warnings(&scene).1, 0, "not yet");
    scene.wait(MOMENT);
    assert_eq!(warnings(&scene).1, 1);
    scene.wait(LONGEST_WARNED - MOMENT);
    assert_eq!((warnings(&scene).1, byes(&scene).len()), (1, 0), "once");
    scene.wait(MOMENT);
    assert!(patient_is_told_bye(&scene));
    scene.wait(CLOSING_MAX);
    assert_eq!((scene.ended(), scene.switch.counters.too_long), (Some(Cause::TooLong), 1));
}

#[test]
fn a_talk_that_began_within_the_last_minute_has_its_warning_and_its_minute() {
    let mut scene = scene();
    calls(&mut scene);
    scene.wait(LONGEST - LONGEST_WARNED / 2);
    scene.press(Key::Digit(0));
    desk_answers(&mut scene);
    scene.wait(LONGEST_WARNED / 2);
    assert_eq!((warnings(&scene).1, byes(&scene).len()), (1, 0), "{:#?}", scene.log);
    scene.wait(LONGEST_WARNED - MOMENT);
    assert_eq!((warnings(&scene).1, byes(&scene).len()), (1, 0));
    scene.wait(MOMENT);
    assert!(patient_is_told_bye(&scene));
}

#[test]
fn who_is_alone_with_a_flow_is_led_to_a_person_before_he_is_cut_off() {
    for answered in [true, false] {
        let mut scene = scene();
        calls(&mut scene);
        // The first words have no end here: he is in them until the engine gives them up.
        scene.wait(LONGEST - MOMENT);
        let silence =
            |event: &&Event| matches!(event, Event::Flow(Fact::LadderRung { rung: 1, why: Why::Silence }));
        let led = |scene: &Scene| scene.log.iter().filter(silence).count();
        assert_eq!((led(&scene), super::desk::called(&scene)), (0, 0), "{:#?}", scene.log);
        scene.wait(MOMENT);
        assert_eq!((led(&scene), super::desk::called(&scene)), (1, 1), "{:#?}", scene.log);
        assert_eq!((byes(&scene).len(), scene.ended()), (0, None));
        if answered {
            desk_answers(&mut scene);
        }
        scene.wait(LONGEST - LONGEST_WARNED);
        assert_eq!(warnings(&scene).1, usize::from(answered), "{answered}");
        assert!(!patient_is_told_bye(&scene), "{answered}: he has as long again");
        scene.wait(LONGEST_WARNED);
        assert!(patient_is_told_bye(&scene), "{answered}: and is led on no second time");
    }
}
