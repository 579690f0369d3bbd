//! A person goes on at another phone of his (RFC 3891 §3).

use super::dialling::{ANN, Desk, OFFERED, status};
use super::taking::{
    ann, arrives, bob_hangs_up, calls, nothing_is_left, patients, talking, talking_at, talks,
};
use super::transfer::{answers, header, invite, patient_hangs_up, sent, steps, takes};
use super::*;
use crate::report::event::{TransferMeans, TransferStep};
use crate::sip::digest::answer::{Account, Purse};

/// How ann's talk with the patient is named, with this behind it.
fn replaces(desk: &Desk, more: &str) -> String {
    let first =
        desk.scene.sent.iter().find(|text| text.starts_with("INVITE sip:ann@")).expect("ann is called");
    let ours = header(first, "From:").split(";tag=").nth(1).expect("our tag");
    format!("Replaces: {};to-tag={ours};from-tag=ann{more}\r\n", header(first, "Call-ID:"))
}

/// Another phone of this user wants to take a place: the status, and whether it was asked for the password first.
fn takes_place(desk: &mut Desk, user: &str, lines: &str) -> (u16, bool) {
    desk.purse = Purse::new(Account::new(user, "secret"));
    let from = format!("sip:{user}@careline");
    let first = desk.invite(&from, "ann", lines);
    if status(&first) != 407 {
        return (status(&first), false);
    }
    let shown = desk.shown(&first, "ann");
    let answer = desk.invite(&from, "ann", &format!("{lines}{shown}"));
    if status(&answer) == 200 {
        desk.acknowledge(&from, &answer);
    }
    (status(&answer), true)
}

#[test]
fn a_person_goes_on_at_another_phone_of_his_and_the_first_one_is_hung_up() {
    // RFC 3891 §3
    let mut desk = talking();
    let (patient, first) = (desk.scene.leg(), patients(&desk.scene).unwrap());
    let lines = format!("Require: replaces\r\n{}", replaces(&desk, ""));
    assert_eq!(takes_place(&mut desk, "ann", &lines), (200, true));
    let scene = &mut desk.scene;
    let now = patients(scene).expect("a talk");
    assert!(now != first && talks(scene) == [(patient, now)].into(), "{:#?}", scene.log);
    assert_eq!(
        (sent(scene, "BYE sip:ann@"), sent(scene, "NOTIFY "), scene.is_on_bed(patient)),
        (1, 0, false)
    );
    let target = "sip:ann@careline".to_owned();
    assert_eq!(
        steps(scene),
        [TransferStep::Began { target, means: TransferMeans::Phone }, TransferStep::Done { to: now }]
    );
    takes(scene, "BYE ");
    // The new leg is as good as the first: it is taken for a talk of hers, and it may hang up.
    let line = calls(&mut desk, "ann", "bob");
    answers(&mut desk.scene, "bob", "200 OK");
    ann(&mut desk, "REFER", &line, "");
    assert_eq!(patients(&desk.scene), Some(now), "the first phone is out: 481");
    bob_hangs_up(&mut desk);
    patient_hangs_up(&mut desk.scene);
    nothing_is_left(&mut desk);
    let ladders = desk.scene.log.iter().filter_map(|event| match event {
        Event::Ladder(ladder) => Some(ladder),
        _ => None,
    });
    let of_it: Vec<String> = ladders
        .flat_map(|ladder| {
            ladder.rungs().map(|rung| (rung.seen.leg, rung.method.into_owned())).collect::<Vec<_>>()
        })
        .filter(|(leg, _)| *leg == now)
        .map(|(_, method)| method)
        .collect();
    assert_eq!(of_it, ["INVITE", "INVITE", "ACK", "BYE", "BYE"]);
}

#[test]
fn nobody_takes_the_place_of_another_and_the_talk_goes_on() {
    // RFC 3891 §3
    type Lines = fn(&mut Desk) -> String;
    let cases: [(&str, &str, (u16, bool), Lines); 7] = [
        ("another user", "bob", (403, true), |desk| replaces(desk, "")),
        ("a stranger", "eve", (403, false), |desk| replaces(desk, "")),
        ("one that rings is meant", "ann", (486, true), |desk| replaces(desk, ";early-only")),
        ("no such dialog", "ann", (481, true), |_| "Replaces: x;to-tag=a;from-tag=b\r\n".to_owned()),
        ("no dialog at all", "ann", (400, false), |_| "Replaces: x;to-tag=a\r\n".to_owned()),
        ("two of them", "ann", (400, false), |desk| replaces(desk, "").repeat(2)),
        ("the patient's own", "ann", (403, true), |desk| {
            let answer =
                desk.scene.sent.iter().find(|text| text.starts_with("SIP/2.0 200 ")).expect("answered");
            let ours = header(answer, "To:").split(";tag=").nth(1).expect("our tag");
            format!("Replaces: one@x;to-tag={ours};from-tag=them\r\n")
        }),
    ];
    for (what, user, expected, lines) in cases {
        let mut desk = talking();
        let before = talks(&desk.scene);
        let lines = lines(&mut desk);
        assert_eq!(takes_place(&mut desk, user, &lines), expected, "{what}");
        assert_eq!((talks(&desk.scene), desk.scene.switch.calls_up()), (before, 1), "{what}");
        assert_eq!((steps(&desk.scene).len(), sent(&desk.scene, "BYE ")), (0, 0), "{what}");
        patient_hangs_up(&mut desk.scene);
        nothing_is_left(&mut desk);
    }
    let mut desk = talking_at(&[2, 2]);
    let (lines, before) = (replaces(&desk, ""), talks(&desk.scene));
    assert_eq!(takes_place(&mut desk, "ann", &lines), (503, true), "no worker has room for all three");
    assert_eq!(talks(&desk.scene), before);
}

#[test]
fn who_finds_no_port_beside_the_patient_takes_the_talk_to_a_worker_that_has_some() {
    let mut desk = talking_at(&[2, 3]);
    let (patient, first) = (desk.scene.leg(), patients(&desk.scene).unwrap());
    let lines = replaces(&desk, "");
    assert_eq!(takes_place(&mut desk, "ann", &lines), (200, true));
    assert_eq!(patients(&desk.scene), None, "on the way");
    for leg in [first, patient] {
        arrives(&mut desk.scene, leg);
    }
    let now = patients(&desk.scene).expect("a talk");
    assert_ne!(now, first);
    assert_eq!(sent(&desk.scene, "BYE sip:ann@"), 1);
    patient_hangs_up(&mut desk.scene);
    nothing_is_left(&mut desk);
}

/// Ann's other phone wants her place without an offer, and has ours; our answer to it.
fn has_our_offer(desk: &mut Desk) -> String {
    let lines = replaces(desk, "");
    (desk.offer, desk.purse) = ("", Purse::new(Account::new("ann", "secret")));
    let asked = desk.invite(ANN, "ann", &lines);
    let shown = desk.shown(&asked, "ann");
    desk.invite(ANN, "ann", &format!("{lines}{shown}"))
}

#[test]
fn who_offers_nothing_gets_our_offer_and_takes_the_place_when_the_ack_answers_it() {
    // RFC 3261 §13.2.1
    let mut desk = talking();
    let (patient, first) = (desk.scene.leg(), patients(&desk.scene).unwrap());
    let answer = has_our_offer(&mut desk);
    assert!(status(&answer) == 200 && answer.contains("m=audio "), "{answer}");
    assert_eq!((patients(&desk.scene), sent(&desk.scene, "BYE ")), (Some(first), 0), "all is as it was");
    // Another one meanwhile waits for what comes of that.
    let other = has_our_offer(&mut desk);
    assert_eq!(status(&other), 491);
    desk.calls -= 2;
    desk.acknowledge_with(ANN, &answer, OFFERED);
    let scene = &mut desk.scene;
    let now = patients(scene).expect("a talk");
    assert!(now != first && talks(scene) == [(patient, now)].into(), "{:#?}", scene.log);
    assert_eq!((sent(scene, "BYE sip:ann@"), scene.is_on_bed(patient)), (1, false));
    let target = "sip:ann@careline".to_owned();
    assert_eq!(
        steps(scene),
        [TransferStep::Began { target, means: TransferMeans::Phone }, TransferStep::Done { to: now }]
    );
    takes(scene, "BYE ");
    patient_hangs_up(scene);
    nothing_is_left(&mut desk);
}

#[test]
fn who_does_not_answer_our_offer_takes_no_place_and_the_talk_goes_on() {
    type Fails = fn(&mut Desk, &str);
    let cases: [(&str, bool, Fails); 5] = [
        ("no answer in the ACK", true, |desk, answer| desk.acknowledge(ANN, answer)),
        ("one that we cannot speak", true, |desk, answer| {
            desk.acknowledge_with(ANN, answer, &OFFERED.replace("RTP/AVP 0", "RTP/AVP 18"));
        }),
        ("no ACK", true, |desk, _| desk.scene.wait(UNANSWERED)),
        ("the first phone has hung up since", false, |desk, answer| {
            ann(desk, "BYE", "", "");
            desk.acknowledge_with(ANN, answer, OFFERED);
        }),
        ("the patient has hung up since", false, |desk, answer| {
            patient_hangs_up(&mut desk.scene);
            desk.acknowledge_with(ANN, answer, OFFERED);
        }),
    ];
    for (what, talks_on, fails) in cases {
        let mut desk = talking();
        let first = patients(&desk.scene);
        let answer = has_our_offer(&mut desk);
        assert_eq!(status(&answer), 200, "{what}");
        fails(&mut desk, &answer);
        let scene = &mut desk.scene;
        assert_eq!(patients(scene), first.filter(|_| talks_on), "{what}\n{:#?}", scene.log);
        assert_eq!((sent(scene, "BYE sip:p@"), steps(scene).len()), (1, 0), "{what}: {:#?}", scene.sent);
        takes(scene, "BYE ");
        patient_hangs_up(scene);
        nothing_is_left(&mut desk);
    }
}

#[test]
fn a_phone_that_takes_a_place_and_is_gone_leaves_the_patient_to_the_flow() {
    let mut desk = talking();
    let lines = replaces(&desk, "");
    desk.purse = Purse::new(Account::new("ann", "secret"));
    let asked = desk.invite(ANN, "ann", &lines);
    let shown = desk.shown(&asked, "ann");
    assert_eq!(status(&desk.invite(ANN, "ann", &format!("{lines}{shown}"))), 200);
    takes(&mut desk.scene, "BYE ");
    // It never acknowledges.
    desk.scene.wait(UNANSWERED);
    assert_eq!((patients(&desk.scene), desk.scene.ended()), (None, None), "{:#?}", desk.scene.log);
    patient_hangs_up(&mut desk.scene);
    nothing_is_left(&mut desk);
}

#[test]
fn who_calls_for_help_is_helped_whatever_else_his_phone_says() {
    let mut desk = talking();
    desk.log_in("ann", THEM);
    let lines = replaces(&desk, "");
    let answer = desk.invite(ANN, "911", &lines);
    assert_eq!((status(&answer), sent(&desk.scene, "INVITE sip:911@")), (200, 0));
    desk.acknowledge(ANN, &answer);
    assert_eq!(sent(&desk.scene, "INVITE sip:911@"), 1, "help is called");
    assert!(invite(&desk.scene, "911").is_some() && patients(&desk.scene).is_some());
}
