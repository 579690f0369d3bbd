//! Who has dialled hands on whom he called: with the transfer key, after a word, and whatever comes between.

use super::dialling::{ANN, BOB, Desk, OFFERED};
use super::taking::{asks as asks_in, calls, nothing_is_left, talks};
use super::transfer::{answers, asks, header, invite, sent, steps, takes, told};
use super::*;
use crate::limits::TRANSFER_RING;
use crate::report::cdr::Record;
use crate::report::event::{Entry, Party, TransferMeans, TransferStep};
use crate::switch::hearing::Place;
use proptest::prelude::*;

const OUTSIDE: &str = "+16175550123";
const TO_BOB: &str = "Refer-To: <sip:bob@10.0.0.1>\r\n";
const TO_THE_DESK: &str = "Refer-To: <sip:front-desk@10.0.0.1>\r\n";

/// A call that ann has placed: its number among those of the desk, and our tag.
struct Placed {
    call: u32,
    ours: String,
    line: String,
}

/// Ann calls somebody, who answers; bob's phone is logged in.
fn talking(number: &str) -> (Desk, Placed) {
    let mut desk = Desk { calls: 100, ..Desk::new() };
    let outside = desk.scene.switch.settings.dial.outside.as_mut().expect("a trunk");
    outside.caps = crate::switch::dial::Caps { at_once: 9, per_minute: 9, per_day: 9 };
    desk.log_in("bob", BOB);
    let placed = dials(&mut desk, number);
    answers(&mut desk.scene, number, "200 OK");
    assert_eq!(talks(&desk.scene).len(), 1, "{:#?}", desk.scene.log);
    (desk, placed)
}

fn dials(desk: &mut Desk, number: &str) -> Placed {
    let line = calls(desk, "ann", number);
    let ours = line.split("to-tag%3D").nth(1).and_then(|rest| rest.split('%').next()).expect("our tag");
    Placed { call: desk.calls, ours: ours.to_owned(), line }
}

/// Ann asks in a call that she has placed.
fn ann(desk: &mut Desk, placed: &Placed, method: &str, lines: &str) {
    let Placed { call, ours, .. } = placed;
    desk.scene.cseq += 1;
    let cseq = 10 + desk.scene.cseq;
    desk.scene.datagram(&format!(
        "{method} sip:{US} SIP/2.0\r\nVia: SIP/2.0/UDP {THEM};branch=z9hG4bKa{method}{cseq}\r\nFrom: <{ANN}>;tag=t{call}\r\n\
         To: <sip:x@{US}>;tag={ours}\r\nCall-ID: {call}@x\r\nCSeq: {cseq} {method}\r\nContact: <sip:p@{THEM}>\r\n\
         Max-Forwards: 70\r\n{lines}Content-Length: 0\r\n\r\n"
    ));
}

fn leg_called(scene: &Scene, whom: &str) -> LegId {
    let its = |event: &Event| match event {
        Event::PersonCalled { leg, target } if target.contains(whom) => Some(*leg),
        _ => None,
    };
    scene.log.iter().rev().find_map(its).unwrap_or_else(|| panic!("{whom} is called\n{:#?}", scene.log))
}

fn refused(scene: &Scene, status: u16) -> bool {
    sent(scene, &format!("SIP/2.0 {status} ")) == 1 && steps(scene) == [TransferStep::Refused { status }]
}

fn record(scene: &Scene) -> Record {
    let entry = |(n, (of, event)): (u64, (&CallId, &Event))| Entry {
        seq: n,
        at: Default::default(),
        since_start_us: n,
        call: *of,
        event: event.clone(),
    };
    let all = (1..).zip(scene.of.iter().zip(&scene.log)).map(entry);
    Record::of(&all.filter(|entry| entry.call == CallId(1)).collect::<Vec<_>>()).expect("a record")
}

#[test]
fn who_has_dialled_hands_on_whom_he_called_and_that_one_may_hand_him_on_again() {
    // RFC 5589 §6.1
    let (mut desk, placed) = talking(OUTSIDE);
    let scene = &mut desk.scene;
    let (first, patient) = (scene.leg(), leg_called(scene, "trunk:carrier"));
    ann(&mut desk, &placed, "REFER", TO_BOB);
    let scene = &mut desk.scene;
    assert_eq!((sent(scene, "SIP/2.0 202 "), sent(scene, "INVITE sip:bob@")), (1, 1), "{:#?}", scene.sent);
    assert!(talks(scene).is_empty() && scene.is_on_bed(patient) && !scene.is_on_bed(first));
    takes(scene, "NOTIFY ");
    answers(scene, "bob", "200 OK");
    let bob = leg_called(scene, "bob");
    assert_eq!(talks(scene), [(bob, patient)].into(), "{:#?}", scene.log);
    assert_eq!((told(scene), scene.is_on_bed(patient)), (vec!["100", "200"], false));
    let target = "sip:bob@careline".to_owned();
    let expected =
        [TransferStep::Began { target, means: TransferMeans::Phone }, TransferStep::Done { to: bob }];
    assert_eq!(steps(scene), expected);
    takes(scene, "NOTIFY ");
    assert_eq!(sent(scene, "BYE sip:p@"), 1, "ann is out");
    takes(scene, "BYE ");
    // The call is bob's now. The desk is busy: he has the patient again.
    asks(scene, "bob", "REFER", TO_THE_DESK, "");
    assert!(talks(scene).is_empty() && scene.is_on_bed(patient), "{:#?}", scene.sent);
    takes(scene, "NOTIFY ");
    answers(scene, "front-desk", "486 Busy Here");
    takes(scene, "NOTIFY ");
    assert_eq!((talks(scene), scene.is_on_bed(patient)), ([(bob, patient)].into(), false));
    asks(scene, OUTSIDE, "BYE", "", "");
    assert_eq!((sent(scene, "BYE sip:bob@"), sent(scene, "BYE sip:+1")), (1, 0), "{:#?}", scene.log);
    nothing_is_left(&mut desk);
    let record = record(&desk.scene);
    let persons: Vec<_> = record.persons.iter().map(|it| (it.leg, it.bridged.is_some())).collect();
    assert_eq!(persons[..2], [(patient, true), (bob, true)]);
    assert_eq!(record.end.map(|end| end.cause), Some(Cause::Normal));
}

#[test]
fn nobody_is_there_and_who_has_dialled_has_the_talk_again() {
    for (how, status) in [("486 Busy Here", "486"), ("", "408")] {
        let (mut desk, placed) = talking(OUTSIDE);
        let (first, patient) = (desk.scene.leg(), leg_called(&desk.scene, "trunk:carrier"));
        ann(&mut desk, &placed, "REFER", TO_BOB);
        ann(&mut desk, &placed, "REFER", TO_BOB);
        let scene = &mut desk.scene;
        assert_eq!(sent(scene, "SIP/2.0 491 "), 1, "one at a time");
        takes(scene, "NOTIFY ");
        match how {
            "" => {
                answers(scene, "bob", "180 Ringing");
                scene.wait(TRANSFER_RING);
            }
            how => answers(scene, "bob", how),
        }
        assert_eq!(talks(scene), [(first, patient)].into(), "{how}: {:#?}", scene.log);
        assert_eq!((told(scene), scene.is_on_bed(patient)), (vec!["100", status], false), "{how}");
        takes(scene, "NOTIFY ");
        // All is as before: it may ask again, and hang up.
        ann(&mut desk, &placed, "REFER", TO_THE_DESK);
        assert_eq!(sent(&desk.scene, "SIP/2.0 202 "), 2, "{how}");
        answers(&mut desk.scene, "front-desk", "486 Busy Here");
        ann(&mut desk, &placed, "BYE", "");
        assert_eq!(sent(&desk.scene, "BYE sip:+1"), 1, "{how}");
        nothing_is_left(&mut desk);
        let end = record(&desk.scene).end.map(|end| (end.cause, end.by));
        assert_eq!(end, Some((Cause::Normal, Party::Caller)), "{how}");
    }
}

#[test]
fn who_has_dialled_may_leave_at_once_and_nobody_from_outside_is_left_alone() {
    for (number, is_there) in [(OUTSIDE, true), (OUTSIDE, false), ("bob", true), ("bob", false)] {
        let (mut desk, placed) = talking(number);
        let called = leg_called(&desk.scene, if number == "bob" { "bob" } else { "trunk:carrier" });
        ann(&mut desk, &placed, "REFER", TO_THE_DESK);
        takes(&mut desk.scene, "NOTIFY ");
        ann(&mut desk, &placed, "BYE", "");
        let scene = &mut desk.scene;
        assert!(scene.is_on_bed(called) && sent(scene, "CANCEL ") == 0, "{number}");
        let before = super::desk::called(scene);
        answers(scene, "front-desk", if is_there { "200 OK" } else { "486 Busy Here" });
        let desk_leg = leg_called(scene, "front-desk");
        match (number, is_there) {
            ("bob", true) => assert_eq!(talks(scene), [(called, desk_leg)].into(), "bob is ours"),
            (_, true) => assert_eq!(talks(scene), [(desk_leg, called)].into(), "{number}"),
            ("bob", false) => assert_eq!(sent(scene, "BYE sip:bob@"), 1, "two colleagues: it is over"),
            (_, false) => {
                assert_eq!(sent(scene, "BYE "), 0, "{:#?}", scene.log);
                scene.wait(crate::limits::LADDER_REST);
                assert!(scene.is_on_bed(called) && super::desk::called(scene) > before, "{:#?}", scene.log);
                answers(scene, "front-desk", "200 OK");
                let with = leg_called(scene, "front-desk");
                assert_eq!(talks(scene), [(called, with)].into(), "{:#?}", scene.log);
            }
        }
        if desk.scene.switch.calls_up() > 0 && sent(&desk.scene, "BYE sip:bob@") == 0 {
            asks(&mut desk.scene, number, "BYE", "", "");
        }
        nothing_is_left(&mut desk);
    }
}

#[test]
fn a_colleague_with_whom_who_has_dialled_has_spoken_talks_with_whom_he_called() {
    // RFC 5589 §7
    for rings in [false, true] {
        let (mut desk, placed) = talking(OUTSIDE);
        let patient = leg_called(&desk.scene, "trunk:carrier");
        let second = dials(&mut desk, "bob");
        if !rings {
            answers(&mut desk.scene, "bob", "200 OK");
        }
        let bob = leg_called(&desk.scene, "bob");
        ann(&mut desk, &placed, "REFER", &second.line);
        let scene = &mut desk.scene;
        assert_eq!(sent(scene, "SIP/2.0 202 "), 1, "{:?}", scene.sent.last());
        if rings {
            answers(scene, "bob", "200 OK");
        }
        assert_eq!(talks(scene), [(bob, patient)].into(), "rings: {rings}\n{:#?}", scene.log);
        assert_eq!(sent(scene, "INVITE sip:bob@"), 1, "he is not called again");
        let bob_hangs_up = invite(scene, "bob").expect("bob is called");
        asks_in(scene, &bob_hangs_up, "bob", "BYE", "", "");
        assert_eq!(sent(scene, "BYE sip:+1"), 1, "{:#?}", scene.log);
        nothing_is_left(&mut desk);
    }
}

#[test]
fn who_is_ours_is_helped_whichever_of_his_two_calls_somebody_hands_on() {
    let (mut desk, placed) = talking("bob");
    let bob = leg_called(&desk.scene, "bob");
    let second = dials(&mut desk, OUTSIDE);
    answers(&mut desk.scene, OUTSIDE, "200 OK");
    let patient = leg_called(&desk.scene, "trunk:carrier");
    ann(&mut desk, &placed, "REFER", &second.line);
    let scene = &mut desk.scene;
    assert_eq!(talks(scene), [(bob, patient)].into(), "{:#?}", scene.log);
    let call = scene.switch.calls.get(&CallId(1)).expect("it goes on");
    assert_eq!(call.talking(), [(Place::Person, bob), (Place::Patient, patient)]);
    asks(scene, OUTSIDE, "REFER", TO_THE_DESK, "");
    assert_eq!(sent(scene, "SIP/2.0 403 "), 1, "{:#?}", scene.log);
    asks(scene, OUTSIDE, "BYE", "", "");
    assert_eq!(sent(scene, "BYE sip:bob@"), 1, "{:#?}", scene.log);
    nothing_is_left(&mut desk);
}

#[test]
fn what_may_not_be_is_refused_and_the_talk_goes_on() {
    // Two parties from outside are never brought together.
    let (mut desk, placed) = talking(OUTSIDE);
    let second = dials(&mut desk, "+16175550124");
    answers(&mut desk.scene, "+16175550124", "200 OK");
    let before = talks(&desk.scene);
    ann(&mut desk, &placed, "REFER", &second.line);
    assert!(refused(&desk.scene, 403) && talks(&desk.scene) == before, "{:#?}", desk.scene.log);
    // Help is not handed on.
    let (mut desk, placed) = talking("911");
    let before = talks(&desk.scene);
    ann(&mut desk, &placed, "REFER", TO_BOB);
    assert!(refused(&desk.scene, 403) && talks(&desk.scene) == before, "{:#?}", desk.scene.log);
    // A stranger, and somebody who rings still.
    let (mut desk, placed) = talking(OUTSIDE);
    ann(&mut desk, &placed, "REFER", "Refer-To: <sip:+19005550123@10.0.0.1>\r\n");
    assert!(refused(&desk.scene, 403), "{:#?}", desk.scene.log);
    let mut desk = Desk { calls: 100, ..Desk::new() };
    desk.log_in("bob", BOB);
    let placed = dials(&mut desk, OUTSIDE);
    ann(&mut desk, &placed, "REFER", TO_BOB);
    assert!(refused(&desk.scene, 403), "{:#?}", desk.scene.log);
}

#[test]
fn a_hold_before_the_transfer_is_over_with_it_and_belongs_to_who_has_dialled() {
    let (mut desk, placed) = talking(OUTSIDE);
    let held = OFFERED.replace("RTP/AVP 0\r\n", "RTP/AVP 0\r\na=sendonly\r\n");
    let patient = leg_called(&desk.scene, "trunk:carrier");
    let Placed { call, ours, .. } = &placed;
    desk.scene.datagram(&format!(
        "INVITE sip:{US} SIP/2.0\r\nVia: SIP/2.0/UDP {THEM};branch=z9hG4bKhold\r\nFrom: <{ANN}>;tag=t{call}\r\n\
         To: <sip:x@{US}>;tag={ours}\r\nCall-ID: {call}@x\r\nCSeq: 2 INVITE\r\nContact: <sip:p@{THEM}>\r\n\
         Max-Forwards: 70\r\nContent-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{held}",
        held.len()
    ));
    desk.scene.datagram(&format!(
        "ACK sip:{US} SIP/2.0\r\nVia: SIP/2.0/UDP {THEM};branch=z9hG4bKheld\r\nFrom: <{ANN}>;tag=t{call}\r\n\
         To: <sip:x@{US}>;tag={ours}\r\nCall-ID: {call}@x\r\nCSeq: 2 ACK\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n"
    ));
    assert!(desk.scene.is_on_bed(patient));
    ann(&mut desk, &placed, "REFER", TO_BOB);
    takes(&mut desk.scene, "NOTIFY ");
    answers(&mut desk.scene, "bob", "200 OK");
    assert!(!desk.scene.is_on_bed(patient), "{:#?}", desk.scene.log);
    let hold = |event: &Event| if let Event::Hold { on, by } = event { Some((*on, *by)) } else { None };
    let holds: Vec<_> = desk.scene.log.iter().filter_map(hold).collect();
    assert_eq!(holds, [(true, Party::Caller), (false, Party::Caller)]);
    assert_eq!(header(&invite(&desk.scene, "bob").unwrap(), "From:").split('@').next(), Some("<sip:ann"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]
    /// In whatever order the phones speak.
    #[test]
    fn whatever_crosses_what_nothing_is_left(words in proptest::collection::vec(0u8..12, 1..14), consults: bool, outside: bool) {
        let called = if outside { OUTSIDE } else { "bob" };
        let (mut desk, placed) = talking(called);
        let second = (consults && outside).then(|| dials(&mut desk, "bob"));
        let to = if outside { TO_BOB } else { TO_THE_DESK };
        let line = second.as_ref().map_or(to, |second| &second.line).to_owned();
        for word in &words {
            if desk.scene.switch.calls.get(&CallId(1)).is_none_or(|call| call.ending.is_some()) {
                break;
            }
            match word {
                0 | 1 => ann(&mut desk, &placed, "REFER", &line),
                2 => asks(&mut desk.scene, called, "REFER", TO_THE_DESK, ""),
                3 | 4 if invite(&desk.scene, "bob").is_some() => answers(&mut desk.scene, "bob", "200 OK"),
                5 if invite(&desk.scene, "bob").is_some() => answers(&mut desk.scene, "bob", "486 Busy Here"),
                6 => ann(&mut desk, &placed, "BYE", ""),
                7 if invite(&desk.scene, "bob").is_some() => asks(&mut desk.scene, "bob", "BYE", "", ""),
                8 => { takes(&mut desk.scene, "NOTIFY "); }
                9 if invite(&desk.scene, "front-desk").is_some() => answers(&mut desk.scene, "front-desk", "200 OK"),
                10 => desk.scene.wait(Duration::from_secs(26)),
                11 => asks(&mut desk.scene, called, "BYE", "", ""),
                _ => desk.scene.wait(Duration::from_millis(300)),
            }
        }
        for placed in [Some(&placed), second.as_ref()].into_iter().flatten() {
            ann(&mut desk, placed, "BYE", "");
        }
        // One phone may have been called twice, and be in both calls.
        let invites: Vec<String> =
            desk.scene.sent.iter().filter(|text| text.starts_with("INVITE ")).cloned().collect();
        for name in ["bob", "front-desk", OUTSIDE] {
            let start = format!("INVITE sip:{name}@");
            for invite in invites.iter().filter(|text| text.starts_with(&start)) {
                asks_in(&mut desk.scene, invite, name, "BYE", "", "");
            }
        }
        nothing_is_left(&mut desk);
    }
}
