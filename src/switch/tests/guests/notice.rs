//! Guests of a talk that is recorded: the notice, and who wants no recording.

use super::*;

fn notice_ends(scene: &mut Scene, completed: bool) {
    let (leg, at, playback) = (leg(scene, 'm'), scene.now.at, crate::switch::guests::NOTICE);
    scene.tell(Input::Media(media::Event::PlaybackEnded { leg, playback, completed, at }));
}

#[test]
fn a_third_party_hears_that_the_call_is_recorded_before_he_hears_or_is_heard_and_a_supervisor_is_let_in() {
    for mode in MODES {
        let mut scene = recorded();
        scene.says.clear();
        come(&mut scene, MARIA, mode);
        answer(&mut scene, "maria", "200 OK", &sdp(1, DESK, ""));
        if mode == Third {
            assert_eq!((scene.says.as_str(), hearing(&scene).as_str()), ("u.recording", "p:d d:p"));
            assert!(scene.answers.is_empty(), "he is not in yet");
            notice_ends(&mut scene, true);
        }
        assert_eq!(scene.says.is_empty(), mode != Third, "{mode:?}");
        assert_eq!((hearing(&scene).as_str(), scene.answers.len()), (of_three(mode), 1), "{mode:?}");
        assert_eq!(pauses(&scene), "", "{mode:?}: he is recorded like the others");
    }
}

#[test]
fn while_a_third_party_is_in_who_wants_no_recording_or_did_not_hear_of_it_the_recording_is_silent() {
    for by_key in [true, false] {
        let mut scene = recorded();
        come(&mut scene, MARIA, Third);
        answer(&mut scene, "maria", "200 OK", &sdp(1, DESK, ""));
        if by_key {
            press(&mut scene, 'm', 7);
        }
        notice_ends(&mut scene, false);
        assert_eq!(
            (hearing(&scene).as_str(), pauses(&scene).as_str()),
            (of_three(Third), "p"),
            "by key: {by_key}"
        );
        assert_eq!(scene.switch.counters.guests_joined, 1, "by key: {by_key}");
        hangs_up(&mut scene, 'm');
        assert_eq!(
            (hearing(&scene).as_str(), pauses(&scene).as_str()),
            ("p:d d:p", "pr"),
            "by key: {by_key}"
        );
    }
}

#[test]
fn who_hangs_up_in_the_notice_never_was_in() {
    let mut scene = recorded();
    come(&mut scene, MARIA, Third);
    answer(&mut scene, "maria", "200 OK", &sdp(1, DESK, ""));
    hangs_up(&mut scene, 'm');
    assert_eq!((hearing(&scene).as_str(), pauses(&scene).as_str()), ("p:d d:p", ""));
    assert_eq!(scene.answers, [Err(GuestRefusal::TalkOver(MARIA.to_owned()))]);
    notice_ends(&mut scene, false);
    assert_eq!(scene.switch.counters.guests_joined, 0, "{:#?}", scene.log);
}
