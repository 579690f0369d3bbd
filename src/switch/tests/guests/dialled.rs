//! Guests of calls that phones of ours have placed: who has dialled is helped there, and whom he called hears no whisper.

use super::super::dialling::{BOB, Desk};
use super::super::taking::calls;
use super::super::transfer::{answers, asks, sent, steps, takes, told};
use super::*;
use crate::report::event::TransferStep;

const SUPERVISOR: &str = "sip:front-desk@127.0.0.1:5070";
const OUTSIDE: &str = "+16175550123";

/// Ann has called there, and it has answered.
fn dialled(number: &str) -> Desk {
    let mut desk = Desk { calls: 100, ..Desk::new() };
    desk.log_in("bob", BOB);
    calls(&mut desk, "ann", number);
    answers(&mut desk.scene, number, "200 OK");
    desk
}

/// What those hear who talk; `x` is whom ann has called.
fn heard(scene: &Scene) -> String {
    hearing(scene).chars().map(|letter| if "kbg".contains(letter) { 'x' } else { letter }).collect()
}

fn refused(scene: &mut Scene) -> GuestRefusal {
    scene.answers.pop().expect("an answer").expect_err("no")
}

#[test]
fn a_whisper_is_for_who_has_dialled_and_never_for_whom_he_called() {
    for number in [OUTSIDE, "bob"] {
        for mode in MODES {
            let mut desk = dialled(number);
            let scene = &mut desk.scene;
            assert_eq!(heard(scene), "p:x x:p", "{number}");
            come(scene, SUPERVISOR, mode);
            answers(scene, "front-desk", "200 OK");
            assert_eq!(scene.answers.pop(), Some(Ok(GuestDone::Joined(mode))), "{number}");
            let expected = match mode {
                Listen => "p:x x:p d:px",
                Whisper => "p:xd x:p d:px",
                Barge | Third => "p:xd x:pd d:px",
            };
            assert_eq!(heard(scene), expected, "{number}: {mode:?}");
            asks(scene, "front-desk", "BYE", "", "");
            assert_eq!(heard(scene), "p:x x:p", "{number}: {mode:?}");
        }
    }
}

#[test]
fn who_sends_help_hears_nobody_but_who_has_called_for_it() {
    for mode in [Listen, Whisper] {
        let mut desk = dialled("911");
        let scene = &mut desk.scene;
        let id = call(scene);
        for loud in [Barge, Third] {
            come(scene, SUPERVISOR, loud);
            assert_eq!(refused(scene), GuestRefusal::CallsForHelp(id), "{loud:?}");
        }
        order(scene, GuestAct::Interpret { language: "es".into() });
        assert_eq!(refused(scene), GuestRefusal::CallsForHelp(id));
        assert_eq!((heard(scene).as_str(), sent(scene, "INVITE sip:front-desk@")), ("p:x x:p", 0));
        come(scene, SUPERVISOR, mode);
        answers(scene, "front-desk", "200 OK");
        assert_eq!(scene.answers.pop(), Some(Ok(GuestDone::Joined(mode))));
        let expected = if mode == Listen { "p:x x:p d:px" } else { "p:xd x:p d:px" };
        assert_eq!(heard(scene), expected);
        // Neither a key of his nor a command makes him heard there.
        press(scene, 'd', 6);
        come(scene, SUPERVISOR, Barge);
        assert_eq!(refused(scene), GuestRefusal::CallsForHelp(id));
        assert_eq!((heard(scene).as_str(), scene.switch.counters.guest_changes), (expected, 0));
    }
}

#[test]
fn nobody_is_handed_on_by_command_in_a_call_that_a_phone_has_dialled() {
    for number in [OUTSIDE, "bob", "911"] {
        let mut desk = dialled(number);
        let scene = &mut desk.scene;
        let id = call(scene);
        order(scene, GuestAct::HandOn { target: "front-desk".to_owned() });
        let expected =
            if number == "911" { GuestRefusal::CallsForHelp(id) } else { GuestRefusal::Dialled(id) };
        assert_eq!(refused(scene), expected, "{number}");
        assert_eq!((heard(scene).as_str(), sent(scene, "BYE ")), ("p:x x:p", 0), "{number}");
        assert_eq!((sent(scene, "INVITE sip:front-desk@"), steps(scene).len()), (0, 0), "{number}");
    }
}

#[test]
fn whom_a_phone_of_ours_has_called_may_hand_it_on_only_if_he_is_a_colleague() {
    // RFC 3261 §21.4.4
    const TO_THE_DESK: &str = "Refer-To: <sip:front-desk@10.0.0.1>\r\n";
    for number in [OUTSIDE, "911"] {
        let mut desk = dialled(number);
        let scene = &mut desk.scene;
        asks(scene, number, "REFER", TO_THE_DESK, "");
        assert_eq!((sent(scene, "SIP/2.0 403 "), sent(scene, "SIP/2.0 202 ")), (1, 0), "{number}");
        assert_eq!(steps(scene), [TransferStep::Refused { status: 403 }], "{number}");
        assert_eq!((heard(scene).as_str(), sent(scene, "INVITE sip:front-desk@")), ("p:x x:p", 0));
    }
    let mut desk = dialled("bob");
    let scene = &mut desk.scene;
    asks(scene, "bob", "REFER", TO_THE_DESK, "");
    takes(scene, "NOTIFY ");
    answers(scene, "front-desk", "200 OK");
    takes(scene, "NOTIFY ");
    assert_eq!((heard(scene).as_str(), told(scene)), ("p:d d:p", vec!["100", "200"]), "{:#?}", scene.log);
    assert_eq!(sent(scene, "BYE sip:bob@"), 1);
    // Who came is no user, but somebody whom the flows name.
    asks(scene, "front-desk", "REFER", "Refer-To: <sip:bob@10.0.0.1>\r\n", "");
    assert_eq!((heard(scene).as_str(), sent(scene, "SIP/2.0 403 ")), ("p:d d:p", 1));
}

#[test]
fn keys_that_come_in_info_reach_whom_a_phone_of_ours_has_called() {
    let mut desk = dialled(OUTSIDE);
    let scene = &mut desk.scene;
    let ann = scene.leg();
    scene.switch.now = scene.now;
    scene.switch.on_info(ann, Key::Digit(4));
    scene.wait(Duration::from_millis(1));
    scene.tell(Input::Timeout);
    let called = leg(scene, 'k');
    let pressed = |command: &Command| matches!(command, Command::Press { leg, .. } if *leg == called);
    assert!(scene.commands.iter().any(pressed), "{:?}", scene.commands);
}
