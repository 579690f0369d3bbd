//! Who hears whom while guests come, change and go, and whom a patient is left with.

use super::*;

#[test]
fn each_guest_hears_and_is_heard_as_his_mode_says_and_two_talk_on_when_he_is_gone() {
    for mode in MODES {
        for goes in ["hangs up", "is told to leave"] {
            let what = format!("{mode:?}, {goes}");
            let mut scene = talk();
            joined(&mut scene, MARIA, mode);
            assert_eq!(hearing(&scene), of_three(mode), "{what}");
            scene.wait(Duration::from_secs(30));
            match goes {
                "hangs up" => hangs_up(&mut scene, 'm'),
                _ => leave(&mut scene, "maria"),
            }
            assert_eq!(hearing(&scene), "p:d d:p", "{what}");
            assert!(scene.log.contains(&Event::GuestLeft { leg: leg(&scene, 'm') }), "{what}");
            assert_eq!(byes_to(&scene, "maria"), usize::from(goes != "hangs up"), "{what}");
            let record = Record::of(&entries(&scene)).expect("a record");
            assert_eq!(record.guests.len(), 1, "{what}");
            assert_eq!((record.guests[0].modes.len(), record.guests[0].left.is_some()), (1, true), "{what}");
            hangs_up(&mut scene, 'p');
            all_is_over(&mut scene, &what);
        }
    }
}

#[test]
fn a_supervisor_changes_by_key_or_by_order_and_a_third_partys_keys_are_no_orders() {
    for by_key in [true, false] {
        let mut scene = talk();
        joined(&mut scene, MARIA, Listen);
        for (digit, mode) in [(5, Whisper), (6, Barge), (4, Listen), (6, Barge), (5, Whisper)] {
            let what = format!("key {digit}, by key: {by_key}");
            if by_key {
                press(&mut scene, 'm', digit);
            } else {
                come(&mut scene, MARIA, mode);
                assert_eq!(scene.answers.pop(), Some(Ok(GuestDone::Changed(mode))), "{what}");
            }
            assert_eq!(hearing(&scene), of_three(mode), "{what}");
            let newest = scene.log.last();
            assert_eq!(newest, Some(&Event::GuestChanged { leg: leg(&scene, 'm'), mode }), "{what}");
        }
        press(&mut scene, 'm', 1);
        press(&mut scene, 'm', 5);
        assert_eq!(scene.switch.counters.guest_changes, 5, "what changes nothing is no change");
        assert_eq!(called(&scene), 1, "the flow hears none of these keys\n{:#?}", scene.log);
    }
    let mut scene = talk();
    joined(&mut scene, MARIA, Third);
    press(&mut scene, 'm', 4);
    assert_eq!((hearing(&scene).as_str(), scene.switch.counters.guest_changes), (of_three(Third), 0));
}

#[test]
fn keys_of_a_supervisor_are_orders_and_go_to_nobody_and_those_of_the_others_go_to_whom_they_talk_with() {
    use crate::media::command::KeysGo;
    for mode in MODES {
        let mut scene = talk();
        joined(&mut scene, MARIA, mode);
        let of = |who: char| {
            let its = leg(&scene, who);
            let keys = scene.commands.iter().rev().find_map(|command| match command {
                Command::Join { leg, keys, .. } if *leg == its => Some(*keys),
                _ => None,
            });
            keys.expect("in the room")
        };
        let supervisors = if mode == Third { KeysGo::ToTheOthers } else { KeysGo::Nowhere };
        assert_eq!(
            [of('p'), of('d'), of('m')],
            [KeysGo::ToTheOthers, KeysGo::ToTheOthers, supervisors],
            "{mode:?}"
        );
    }
}

#[test]
fn a_person_may_leave_a_patient_with_who_talks_with_him_and_who_only_listens_goes_too() {
    for mode in MODES {
        let what = format!("{mode:?}");
        let mut scene = talk();
        joined(&mut scene, MARIA, mode);
        hangs_up(&mut scene, 'd');
        let stays = matches!(mode, Barge | Third);
        assert_eq!(hearing(&scene), if stays { "p:m m:p" } else { "" }, "{what}");
        assert_eq!(byes_to(&scene, "maria"), usize::from(!stays), "{what}");
        assert_eq!(called(&scene) > 1, !stays, "{what}: the flow leads him on\n{:#?}", scene.log);
        assert!(scene.log.contains(&Event::Unbridged { leg: leg_of_first_desk(&scene) }), "{what}");
        assert_eq!(scene.is_on_bed(scene.leg()), !stays, "{what}");
        if stays {
            hangs_up(&mut scene, 'm');
            assert!(
                called(&scene) > 1 && scene.is_on_bed(scene.leg()),
                "{what}: now he is alone\n{:#?}",
                scene.log
            );
        }
        assert_eq!((scene.ended(), scene.switch.counters.flow_faults), (None, 0), "{what}");
        hangs_up(&mut scene, 'p');
        all_is_over(&mut scene, &what);
    }
}

fn leg_of_first_desk(scene: &Scene) -> LegId {
    let person = |event: &Event| if let Event::PersonCalled { leg, .. } = event { Some(*leg) } else { None };
    scene.log.iter().find_map(person).expect("the desk was called")
}

#[test]
fn who_barged_in_and_listens_again_after_the_person_left_leaves_the_patient_to_the_flow() {
    let mut scene = talk();
    joined(&mut scene, MARIA, Barge);
    hangs_up(&mut scene, 'd');
    press(&mut scene, 'm', 4);
    assert_eq!((hearing(&scene).as_str(), byes_to(&scene, "maria")), ("", 1));
    assert!(called(&scene) > 1, "{:#?}", scene.log);
}

#[test]
fn in_whatever_order_four_leave_each_stream_is_closed_once_and_nobody_hears_whom_he_must_not() {
    for modes in [[Listen, Third], [Whisper, Third], [Barge, Barge], [Third, Listen]] {
        for order in ["pdmi", "dmip", "dimp", "mdip", "idmp", "midp", "mpdi"] {
            let what = format!("{modes:?} {order}");
            let mut scene = talk();
            joined(&mut scene, MARIA, modes[0]);
            joined(&mut scene, INES, modes[1]);
            for who in order.chars() {
                let is_in = scene.switch.legs.contains_key(&leg(&scene, who));
                if is_in && scene.ended().is_none() {
                    hangs_up(&mut scene, who);
                }
                for part in hearing(&scene).split(' ').filter(|part| part.starts_with('p')) {
                    let silent = "mi".chars().zip(modes).filter(|(_, mode)| !mode.talks_with_patient());
                    let heard = silent.into_iter().find(|(who, _)| part.contains(*who));
                    assert_eq!(heard, None, "{what}: {part}");
                }
            }
            hangs_up(&mut scene, 'p');
            all_is_over(&mut scene, &what);
        }
    }
}

#[test]
fn who_is_held_waits_on_the_bed_unless_somebody_else_talks_with_him() {
    for mode in MODES {
        let mut scene = talk();
        joined(&mut scene, MARIA, mode);
        let patient = scene.leg();
        asks_of_desk(&mut scene, "INVITE", &sdp(2, DESK, "a=sendonly\r\n"));
        let waits = !mode.talks_with_patient();
        assert_eq!(scene.is_on_bed(patient), waits, "{mode:?}");
        assert_eq!(hearing(&scene), of_three(mode), "{mode:?}: the room stands");
        hangs_up(&mut scene, 'm');
        assert!(scene.is_on_bed(patient), "{mode:?}: now nobody talks with him");
        assert_eq!(scene.switch.counters.patients_held, 1, "{mode:?}");
    }
    let mut scene = talk();
    joined(&mut scene, MARIA, Barge);
    asks(&mut scene, "maria", "INVITE", &sdp(2, DESK, "a=sendonly\r\n"));
    assert!(!scene.is_on_bed(scene.leg()), "the desk talks with him");
    assert_eq!(scene.switch.counters.patients_held, 0);
    hangs_up(&mut scene, 'd');
    assert!(scene.is_on_bed(scene.leg()), "and nobody does now");
}

#[test]
fn who_hands_the_talk_on_hears_nothing_more_of_it_though_a_third_party_talks_on() {
    let mut scene = talk();
    joined(&mut scene, "sip:ines@10.0.0.9", GuestMode::Third);
    assert_eq!(hearing(&scene), "p:di d:pi i:pd", "{:#?}", scene.log);
    order(&mut scene, GuestAct::HandOn { target: "front-desk".to_owned() });
    assert_eq!(hearing(&scene), "p:i i:p", "{:#?}", scene.log);
    // Nobody is there: the desk is in the talk again.
    answer(&mut scene, "front-desk", "486 Busy Here", "");
    assert_eq!(hearing(&scene), "p:di d:pi i:pd", "{:#?}", scene.log);
}

#[test]
fn keys_in_info_go_to_whoever_talks_and_those_of_a_supervisor_to_nobody() {
    for (mode, heard_of) in [(Third, vec!['d', 'p']), (Barge, vec![]), (Listen, vec![])] {
        let mut scene = talk();
        joined(&mut scene, MARIA, mode);
        for (who, expected) in
            [('m', heard_of.clone()), ('p', others_than('p', mode)), ('d', others_than('d', mode))]
        {
            let (its, before) = (leg(&scene, who), scene.commands.len());
            scene.switch.now = scene.now;
            scene.switch.on_info(its, Key::Digit(1));
            scene.tell(Input::Durable { up_to: 0 });
            let letters = letters(&scene);
            let pressed = scene.commands[before..].iter().filter_map(|command| match command {
                Command::Press { leg, .. } => Some(letters[leg]),
                _ => None,
            });
            assert_eq!(
                pressed.collect::<BTreeSet<char>>(),
                expected.into_iter().collect::<BTreeSet<char>>(),
                "{who} in {mode:?}"
            );
        }
    }
}

/// Those who have the keys of `who` while a guest is in in that way.
fn others_than(who: char, mode: GuestMode) -> Vec<char> {
    let all = if mode == Third { vec!['p', 'd', 'm'] } else { vec!['p', 'd'] };
    all.into_iter().filter(|other| *other != who).collect()
}
