//! Guests who are not reached, still ring, may not be called, or for whom there is no place.

use super::*;

#[test]
fn a_guest_who_is_not_reached_changes_nothing_and_who_asked_is_told() {
    type Fails = fn(&mut Scene);
    let busy: Fails = |scene| answer(scene, "maria", "486 Busy Here", "");
    let silent: Fails = |scene| {
        answer(scene, "maria", "180 Ringing", "");
        scene.wait(crate::limits::GUEST_RING);
    };
    let deaf: Fails = |scene| answer(scene, "maria", "200 OK", "v=0\r\n");
    for (what, status, fails) in [("busy", 486, busy), ("silent", 408, silent), ("no media", 488, deaf)] {
        let mut scene = talk();
        come(&mut scene, MARIA, Third);
        fails(&mut scene);
        assert_eq!(hearing(&scene), "p:d d:p", "{what}");
        let refusal = GuestRefusal::NotReached { target: MARIA.to_owned(), status };
        assert_eq!(scene.answers, [Err(refusal)], "{what}");
        let event = Event::GuestNotReached { leg: leg(&scene, 'm'), status };
        assert!(scene.log.contains(&event), "{what}\n{:#?}", scene.log);
        assert_eq!((scene.switch.ports.in_use(), scene.switch.counters.guests_not_reached), (2, 1), "{what}");
        hangs_up(&mut scene, 'p');
        all_is_over(&mut scene, what);
    }
}

#[test]
fn a_guest_who_still_rings_is_let_go_when_the_talk_or_the_call_is_over() {
    for who in ['p', 'd'] {
        let mut scene = talk();
        come(&mut scene, MARIA, Third);
        answer(&mut scene, "maria", "180 Ringing", "");
        hangs_up(&mut scene, who);
        let cancelled = scene.sent.iter().any(|text| text.starts_with("CANCEL sip:maria@"));
        assert!(cancelled, "{who}");
        assert_eq!(scene.answers, [Err(GuestRefusal::TalkOver(MARIA.to_owned()))], "{who}");
        let event = Event::GuestNotReached { leg: leg(&scene, 'm'), status: 487 };
        assert!(scene.log.contains(&event), "{who}\n{:#?}", scene.log);
        hangs_up(&mut scene, 'p');
        all_is_over(&mut scene, "rings");
    }
}

#[test]
fn who_may_not_be_called_or_cannot_be_is_told_why() {
    let refused = |scene: &mut Scene| scene.answers.pop().expect("an answer").expect_err("no");
    let mut scene = Scene::up("100", "sendrecv");
    come(&mut scene, MARIA, Listen);
    assert!(matches!(refused(&mut scene), GuestRefusal::NobodyTalks(_)), "the flow talks with him");
    let mut scene = talk();
    scene.tell(Input::Guest {
        ask: AskId(1),
        order: GuestOrder { call: CallId(99), act: GuestAct::Leave { name: "maria".to_owned() } },
    });
    assert_eq!(refused(&mut scene), GuestRefusal::NoCall(CallId(99)));
    for stranger in ["sip:maria@example.com", "sip:+19005550100@10.0.0.9", "trunk:east/+19005550100", "maria"]
    {
        come(&mut scene, stranger, Third);
        assert_eq!(refused(&mut scene), GuestRefusal::NotOurs(stranger.to_owned()));
    }
    leave(&mut scene, "maria");
    assert_eq!(refused(&mut scene), GuestRefusal::IsNotThere("maria".to_owned()));
    joined(&mut scene, MARIA, Third);
    for mode in MODES {
        come(&mut scene, MARIA, mode);
        assert_eq!(refused(&mut scene), GuestRefusal::IsThere(MARIA.to_owned()), "{mode:?}");
    }
    assert_eq!(hearing(&scene), of_three(Third));
    scene.tell(Input::Drain { within: Duration::from_secs(600) });
    come(&mut scene, INES, Listen);
    assert_eq!(refused(&mut scene), GuestRefusal::Stopping);
    assert_eq!(hearing(&scene), of_three(Third));
}

#[test]
fn while_the_engine_stops_a_third_party_comes_to_a_caller_in_danger_alone() {
    for (key, comes) in [(9, true), (0, false)] {
        let mut scene = talk_after(key, [6, 6]);
        scene.tell(Input::Drain { within: Duration::from_secs(600) });
        if comes {
            joined(&mut scene, MARIA, Third);
            assert_eq!(hearing(&scene), of_three(Third));
        } else {
            come(&mut scene, MARIA, Third);
            assert_eq!(scene.answers.pop(), Some(Err(GuestRefusal::Stopping)));
        }
    }
}

#[test]
fn a_stop_does_not_part_a_patient_from_the_line_that_a_nurse_has_left_him_with() {
    let mut scene = talk_after(0, [6, 6]);
    joined(&mut scene, INES, Third);
    hangs_up(&mut scene, 'd');
    assert_eq!(hearing(&scene), "p:i i:p");
    scene.tell(Input::Drain { within: Duration::from_secs(30) });
    scene.wait(Duration::from_secs(120));
    assert_eq!((scene.ended(), byes_to(&scene, "p"), byes_to(&scene, "ines")), (None, 0, 0));
    assert_eq!(hearing(&scene), "p:i i:p");
}

#[test]
fn a_talk_has_a_bound() {
    let mut scene = talk();
    for target in [MARIA, INES, "sip:noor@10.0.0.9", "sip:omar@10.0.0.9"] {
        come(&mut scene, target, Listen);
        assert!(scene.answers.is_empty(), "{target} rings");
    }
    assert_eq!(
        scene.switch.calls.values().map(|call| call.guests.len()).sum::<usize>(),
        crate::limits::GUESTS_MAX
    );
    come(&mut scene, "sip:pilar@10.0.0.9", Listen);
    assert_eq!(scene.answers.pop(), Some(Err(GuestRefusal::TooMany)));
}

/// RFC 3264 §8.4: a phone that need not send is asked whether it is there, a guest's too.
#[test]
fn a_guest_whose_phone_died_is_hung_up_and_the_others_talk_on() {
    let mut scene = talk();
    joined(&mut scene, MARIA, Listen);
    let its = leg(&scene, 'm');
    scene.tell(Input::Media(media::Event::MediaSilent { leg: its, at: scene.now.at }));
    assert!(scene.sent.iter().any(|text| text.starts_with("OPTIONS sip:maria@")), "it is asked");
    scene.wait(UNANSWERED);
    assert_eq!((hearing(&scene).as_str(), scene.ended()), ("p:d d:p", None), "{:#?}", scene.log);
}
