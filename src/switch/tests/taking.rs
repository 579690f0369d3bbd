//! A person has spoken with a colleague and hands the patient on to that one: RFC 5589 §7, RFC 3891 §3.

use super::dialling::{ANN, BOB, Desk, status};
use super::transfer::{
    HOLD, OVER_A_TRUNK, answers, header, invite, patient_hangs_up, person_is_at, recorded, sent, steps,
    takes, told,
};
use super::*;
use crate::call::recording::RecordingKind;
use crate::limits::{CLOSING_MAX, PORT_REST_DEFAULT, TRANSFER_RING};
use crate::media::command::{Command, PortIndex, WorkerIndex};
use crate::report::cdr::Record;
use crate::report::event::{Entry, TransferMeans, TransferStep};
use crate::sip::digest::answer::{Account, Purse};
use proptest::prelude::*;

/// Where ann's phone is.
const ANNS: &str = "10.0.0.8:5060";
const PATIENTS_CALL: CallId = CallId(1);
const CONSULT: CallId = CallId(2);

/// A patient who talks with ann; bob's phone is logged in.
pub(super) fn talking() -> Desk {
    talking_at(&[20])
}

/// The same with so many ports on each worker.
pub(super) fn talking_at(ports: &[u16]) -> Desk {
    // The patient's phone has the same address: no branch of the one is a branch of the other.
    let mut desk = Desk { calls: 100, ..Desk::new() };
    let scene = &mut desk.scene;
    let numbers = |(n, ports): (u16, &u16)| (0..*ports).map(|port| 20_000 + 1_000 * n + 2 * port).collect();
    let numbers: Vec<Vec<u16>> = (0..).zip(ports).map(numbers).collect();
    scene.switch.ports = ports::Ports::new(&numbers, 2, PORT_REST_DEFAULT);
    scene.switch.flows = Served::to_all(flows_where("sip:front-desk@127.0.0.1:5070", "sip:ann@careline"));
    scene.offer("100", "sendrecv");
    scene.request("100", "ACK", "");
    desk.log_in("ann", ANNS);
    desk.log_in("bob", BOB);
    desk.scene.press(Key::Digit(0));
    for _ in 0..5 {
        if invite(&desk.scene, "ann").is_none() {
            desk.scene.heard();
        }
    }
    answers(&mut desk.scene, "ann", "200 OK");
    assert_eq!(talks(&desk.scene).len(), 1, "{:#?}", desk.scene.log);
    desk
}

/// The pairs that hear each other, by the orders so far.
pub(super) fn talks(scene: &Scene) -> BTreeMap<LegId, LegId> {
    scene.commands.iter().fold(BTreeMap::new(), |mut talks, command| {
        match command {
            Command::Bridge { a, b } => {
                talks.retain(|its_a, its_b| its_a != a && its_b != b);
                talks.insert(*a, *b);
            }
            Command::Unbridge { leg } | Command::Close { leg } | Command::Move { leg, .. } => {
                talks.retain(|a, b| a != leg && b != leg);
            }
            _ => {}
        }
        talks
    })
}

/// The leg of who talks with the patient.
pub(super) fn patients(scene: &Scene) -> Option<LegId> {
    talks(scene).get(&scene.leg()).copied()
}

/// Somebody with this password calls; the line that a REFER to whom he calls has.
pub(super) fn calls(desk: &mut Desk, user: &str, number: &str) -> String {
    desk.purse = Purse::new(Account::new(user, "secret"));
    let from = format!("sip:{user}@careline");
    let asked = desk.invite(&from, number, "");
    let answer = match status(&asked) {
        407 => {
            let shown = desk.shown(&asked, number);
            desk.invite(&from, number, &shown)
        }
        // Who calls for help is asked for nothing.
        _ => asked,
    };
    assert_eq!(status(&answer), 200, "{answer}");
    desk.acknowledge(&from, &answer);
    let tag = header(&answer, "To:").split(";tag=").nth(1).expect("our tag").to_owned();
    let call = desk.calls;
    refer_to(number, &format!("{call}@x"), &tag, &format!("t{call}"))
}

fn refer_to(whom: &str, call_id: &str, ours: &str, theirs: &str) -> String {
    let call_id = call_id.replace('@', "%40");
    format!("Refer-To: <sip:{whom}@10.0.0.1?Replaces={call_id}%3Bto-tag%3D{ours}%3Bfrom-tag%3D{theirs}>\r\n")
}

/// A patient who talks with ann, ann who has called bob, and what she would send.
fn consulting(desk: &mut Desk) -> String {
    let line = calls(desk, "ann", "bob");
    assert_eq!(sent(&desk.scene, "INVITE sip:bob@"), 1);
    line
}

/// The same, and bob talks with her.
fn spoken(desk: &mut Desk) -> (String, LegId) {
    let line = consulting(desk);
    answers(&mut desk.scene, "bob", "200 OK");
    assert_eq!(talks(&desk.scene).len(), 2, "{:#?}", desk.scene.log);
    let bob = *talks(&desk.scene).values().max().expect("two talks");
    (line, bob)
}

/// A request in the dialog of this INVITE of ours.
pub(super) fn asks(scene: &mut Scene, invite: &str, name: &str, method: &str, lines: &str, body: &str) {
    scene.cseq += u32::from(method != "ACK");
    let cseq = scene.cseq;
    scene.datagram(&format!(
        "{method} sip:{US} SIP/2.0\r\nVia: SIP/2.0/UDP {DESK}:5060;branch=z9hG4bK{name}{method}{cseq}\r\n\
         From: {};tag={name}\r\nTo: {}\r\nCall-ID: {}\r\nCSeq: {cseq} {method}\r\nMax-Forwards: 70\r\n\
         Contact: <sip:{name}@10.0.0.9>\r\n{lines}Content-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{body}",
        header(invite, "To:"),
        header(invite, "From:"),
        header(invite, "Call-ID:"),
        body.len()
    ));
}

/// Ann asks in her talk with the patient.
pub(super) fn ann(desk: &mut Desk, method: &str, lines: &str, body: &str) {
    let first = desk.scene.sent.iter().find(|text| text.starts_with("INVITE sip:ann@")).cloned();
    asks(&mut desk.scene, &first.expect("ann is called"), "ann", method, lines, body);
}

pub(super) fn bob_hangs_up(desk: &mut Desk) {
    let invite = invite(&desk.scene, "bob").expect("bob is called");
    asks(&mut desk.scene, &invite, "bob", "BYE", "", "");
}

/// The BYEs in a call that ann has placed.
fn byes_in(scene: &Scene, call: u32) -> usize {
    let line = format!("Call-ID: {call}@x");
    let mut byes: Vec<&String> =
        scene.sent.iter().filter(|text| text.starts_with("BYE ") && text.contains(&line)).collect();
    byes.dedup();
    byes.len()
}

/// What the log tells of a call, from the REFER on.
fn told_of(scene: &Scene, call: CallId) -> Vec<&Event> {
    let of = scene.of.iter().zip(&scene.log).filter(|(of, _)| **of == call);
    let all: Vec<&Event> = of.map(|(_, event)| event).collect();
    let is_told =
        |event: &&&Event| !matches!(event, Event::Kept { .. } | Event::Ladder(_) | Event::Hold { .. });
    let from = all.iter().rposition(|event| matches!(event, Event::Unbridged { .. })).unwrap_or(all.len());
    all[from..].iter().filter(is_told).copied().collect()
}

fn record(scene: &Scene, call: CallId) -> Record {
    let entry = |(n, (of, event)): (u64, (&CallId, &Event))| Entry {
        seq: n,
        at: Default::default(),
        since_start_us: n,
        call: *of,
        event: event.clone(),
    };
    let all = (1..).zip(scene.of.iter().zip(&scene.log)).map(entry);
    let entries: Vec<Entry> = all.filter(|entry| entry.call == call).collect();
    Record::of(&entries).expect("a record")
}

/// Everybody answers what is asked of them, and then all is as if there had been no call.
#[track_caller]
pub(super) fn nothing_is_left(desk: &mut Desk) {
    let scene = &mut desk.scene;
    for _ in 0..40 {
        for method in ["BYE ", "NOTIFY ", "CANCEL "] {
            takes(scene, method);
        }
        scene.wait(Duration::from_secs(1));
    }
    scene.wait(CLOSING_MAX + Duration::from_secs(120));
    let count = |is: fn(&Event) -> bool| scene.log.iter().filter(|event| is(event)).count();
    let arrived = count(|event| matches!(event, Event::Arrived { .. }));
    assert_eq!(count(|event| matches!(event, Event::Ended { .. })), arrived, "{:#?}", scene.log);
    let switch = &scene.switch;
    let left = (switch.calls.len(), switch.legs.len(), switch.ports.in_use(), switch.timers.len());
    assert_eq!((left, switch.journeys.len()), ((0, 0, 0, 0), 0), "{:#?}", scene.log);
    assert_eq!((switch.sip.legs(), switch.sip.transactions()), (0, 0), "{:#?}", scene.sent);
    assert_eq!(switch.counters.flow_faults, 0, "{:#?}", scene.log);
    let begun = steps(scene).iter().filter(|step| matches!(step, TransferStep::Began { .. })).count();
    let over = |step: &&TransferStep| matches!(step, TransferStep::Done { .. } | TransferStep::Failed { .. });
    assert_eq!(steps(scene).iter().filter(over).count(), begun, "{:#?}", scene.log);
}

#[test]
fn while_somebody_over_a_trunk_who_was_asked_first_has_the_patient_the_recording_is_silent() {
    for (target, expected) in [(OVER_A_TRUNK, "bbpbr"), ("sip:bob@careline", "bbb")] {
        let mut desk = talking();
        desk.scene.switch.start_recording(PATIENTS_CALL, RecordingKind::Call);
        let (line, _) = spoken(&mut desk);
        person_is_at(&mut desk.scene, target);
        ann(&mut desk, "REFER", &line, "");
        bob_hangs_up(&mut desk);
        assert_eq!(recorded(&desk.scene), expected, "{target}\n{:#?}", desk.scene.log);
    }
}

#[test]
fn a_colleague_who_was_spoken_with_talks_with_the_patient_and_who_asked_is_out_of_both_calls() {
    // RFC 5589 §7, RFC 3891 §3
    for (patient_waits, colleague_waits) in [(false, false), (true, false), (true, true)] {
        let mut desk = talking();
        let (patient, first) = (desk.scene.leg(), patients(&desk.scene).unwrap());
        if patient_waits {
            ann(&mut desk, "INVITE", "", HOLD);
            ann(&mut desk, "ACK", "", "");
            assert!(desk.scene.is_on_bed(patient));
        }
        let (line, bob) = spoken(&mut desk);
        let call = desk.calls;
        if colleague_waits {
            let tag = line.split("to-tag%3D").nth(1).unwrap().split('%').next().unwrap().to_owned();
            desk.scene.datagram(&format!(
                "INVITE sip:{US} SIP/2.0\r\nVia: SIP/2.0/UDP {THEM};branch=z9hG4bKhold\r\nFrom: <{ANN}>;tag=t{call}\r\n\
                 To: <sip:bob@{US}>;tag={tag}\r\nCall-ID: {call}@x\r\nCSeq: 2 INVITE\r\nContact: <sip:p@{THEM}>\r\n\
                 Max-Forwards: 70\r\nContent-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{HOLD}",
                HOLD.len()
            ));
            desk.scene.datagram(&format!(
                "ACK sip:{US} SIP/2.0\r\nVia: SIP/2.0/UDP {THEM};branch=z9hG4bKheld\r\nFrom: <{ANN}>;tag=t{call}\r\n\
                 To: <sip:bob@{US}>;tag={tag}\r\nCall-ID: {call}@x\r\nCSeq: 2 ACK\r\nMax-Forwards: 70\r\n\
                 Content-Length: 0\r\n\r\n"
            ));
            assert!(desk.scene.is_on_bed(bob));
        }
        ann(&mut desk, "REFER", &line, "");
        let scene = &mut desk.scene;
        assert_eq!(talks(scene), [(patient, bob)].into(), "{:#?}", scene.log);
        assert!(!scene.is_on_bed(patient) && !scene.is_on_bed(bob));
        assert_eq!((sent(scene, "SIP/2.0 202 "), sent(scene, "INVITE sip:bob@")), (1, 1));
        let target = "sip:bob@careline".to_owned();
        assert_eq!(
            told_of(scene, PATIENTS_CALL),
            [
                &Event::Unbridged { leg: first },
                &Event::Transfer {
                    by: first,
                    step: TransferStep::Began { target: target.clone(), means: TransferMeans::Phone },
                },
                &Event::PersonCalled { leg: bob, target },
                &Event::Bridged { leg: bob },
                &Event::Transfer { by: first, step: TransferStep::Done { to: bob } },
            ]
        );
        assert_eq!((byes_in(scene, call), sent(scene, "BYE sip:ann@")), (1, 0), "NOTIFY comes before BYE");
        assert_eq!(told(scene), ["100"]);
        assert!(takes(scene, "NOTIFY "));
        assert_eq!(told(scene), ["100", "200"]);
        assert!(takes(scene, "NOTIFY "));
        assert_eq!((sent(scene, "BYE sip:ann@"), sent(scene, "BYE sip:bob@")), (1, 0));
        patient_hangs_up(scene);
        assert_eq!(sent(scene, "BYE sip:bob@"), 1);
        nothing_is_left(&mut desk);
        let (first, second) = (record(&desk.scene, PATIENTS_CALL), record(&desk.scene, CONSULT));
        let taken = second.transfers.last().and_then(|transfer| transfer.outcome.clone());
        assert_eq!(taken, Some(TransferStep::Taken { into: PATIENTS_CALL }));
        assert_eq!((first.persons.len(), second.persons.len()), (2, 1));
        let end = second.end.expect("it is over");
        assert_eq!((end.cause, end.by, end.exit), (Cause::Normal, Party::Caller, Some("talked".into())));
        let counters = &desk.scene.switch.counters;
        assert_eq!((counters.transfers, counters.transfers_attended, counters.transfers_failed), (1, 1, 0));
    }
}

#[test]
fn the_messages_of_who_was_taken_are_in_the_ladder_of_the_call_that_he_is_in() {
    let mut desk = talking();
    let (line, bob) = spoken(&mut desk);
    ann(&mut desk, "REFER", &line, "");
    bob_hangs_up(&mut desk);
    patient_hangs_up(&mut desk.scene);
    nothing_is_left(&mut desk);
    let ladder = |call: CallId| {
        let of = desk.scene.of.iter().zip(&desk.scene.log).filter(|(of, _)| **of == call);
        let ladder = of.filter_map(|(_, event)| if let Event::Ladder(it) = event { Some(it) } else { None });
        let mut ladders: Vec<_> = ladder.collect();
        assert_eq!(ladders.len(), 1, "{call}");
        let ladder = ladders.remove(0);
        let of_bob = ladder.rungs().filter(|rung| rung.seen.leg == bob);
        of_bob.map(|rung| rung.method.into_owned()).collect::<Vec<_>>()
    };
    assert_eq!(ladder(CONSULT), ["INVITE", "INVITE", "ACK"]);
    assert_eq!(ladder(PATIENTS_CALL), ["BYE", "BYE"]);
}

#[test]
fn a_colleague_who_rings_rings_on_for_the_patient_and_nobody_is_lost() {
    // RFC 5589 §7: our side of the consultation is answered while it rings, so that the phone takes it for a talk.
    for (how, left) in
        [("200 OK", false), ("200 OK", true), ("486 Busy Here", false), ("486 Busy Here", true), ("", false)]
    {
        let mut desk = talking();
        let (patient, first) = (desk.scene.leg(), patients(&desk.scene).unwrap());
        let line = consulting(&mut desk);
        answers(&mut desk.scene, "bob", "180 Ringing");
        ann(&mut desk, "REFER", &line, "");
        let call = desk.calls;
        assert_eq!((sent(&desk.scene, "SIP/2.0 202 "), byes_in(&desk.scene, call)), (1, 1), "{how}");
        assert_eq!((patients(&desk.scene), desk.scene.is_on_bed(patient)), (None, true), "{how}");
        assert_eq!(sent(&desk.scene, "CANCEL "), 0, "he rings on");
        takes(&mut desk.scene, "NOTIFY ");
        if left {
            ann(&mut desk, "BYE", "", "");
        }
        if how.is_empty() {
            desk.scene.wait(TRANSFER_RING);
            assert_eq!(sent(&desk.scene, "CANCEL sip:bob@"), 1);
        } else {
            answers(&mut desk.scene, "bob", how);
        }
        let scene = &mut desk.scene;
        let last = told(scene).last().map(|status| (*status).to_owned());
        match (how, left) {
            ("200 OK", _) => {
                assert!(patients(scene).is_some_and(|leg| leg != first), "{:#?}", scene.log);
                assert_eq!(last.as_deref(), Some("200"));
            }
            (_, false) => {
                assert_eq!((patients(scene), scene.is_on_bed(patient)), (Some(first), false), "{how}");
                assert_eq!(last.as_deref(), Some(if how.is_empty() { "408" } else { "486" }));
            }
            (_, true) => {
                assert_eq!((patients(scene), scene.ended()), (None, None), "he is led on");
                let counters = &scene.switch.counters;
                assert_eq!((counters.transfers_failed, counters.ladder_rungs > 0), (1, true));
            }
        }
        patient_hangs_up(&mut desk.scene);
        nothing_is_left(&mut desk);
    }
}

#[test]
fn a_colleague_who_has_called_the_person_is_taken_as_well() {
    let mut desk = talking();
    let (patient, first) = (desk.scene.leg(), patients(&desk.scene).unwrap());
    calls(&mut desk, "bob", "ann");
    let call = desk.calls;
    let second = invite(&desk.scene, "ann").expect("ann is called");
    answers(&mut desk.scene, "ann", "200 OK");
    let (bob, aside) = talks(&desk.scene).into_iter().find(|(leg, _)| *leg != patient).expect("a talk");
    let ours = header(&second, "From:").split(";tag=").nth(1).expect("our tag").to_owned();
    let line = refer_to("bob", header(&second, "Call-ID:"), &ours, "ann");
    ann(&mut desk, "REFER", &line, "");
    let scene = &mut desk.scene;
    assert_eq!((sent(scene, "SIP/2.0 202 "), talks(scene)), (1, [(patient, bob)].into()), "{:#?}", scene.log);
    assert_eq!(byes_in(scene, call), 0, "bob's phone hears of nothing");
    let byes = |scene: &Scene, invite: &str| {
        let line = format!("Call-ID: {}", header(invite, "Call-ID:"));
        scene.sent.iter().any(|text| text.starts_with("BYE ") && text.contains(&line))
    };
    assert!(byes(scene, &second), "ann's phone is out of the second call");
    takes(scene, "BYE ");
    takes(scene, "NOTIFY ");
    takes(scene, "NOTIFY ");
    assert!(scene.sent.last().is_some_and(|text| text.starts_with("BYE sip:ann@")));
    assert!(scene.log.contains(&Event::Transfer { by: first, step: TransferStep::Done { to: bob } }));
    assert!(
        scene.log.contains(&Event::Transfer { by: aside, step: TransferStep::Taken { into: PATIENTS_CALL } })
    );
    patient_hangs_up(scene);
    assert_eq!(byes_in(scene, call), 1);
    nothing_is_left(&mut desk);
}

#[test]
fn nobody_takes_what_is_not_his_and_the_talks_go_on() {
    // RFC 3891 §3
    type Line = fn(&mut Desk) -> String;
    let cases: [(&str, u16, Line); 7] = [
        ("no such dialog", 481, |_| refer_to("bob", "none@x", "a", "b")),
        ("the tags the other way round", 481, |desk| {
            let line = consulting(desk);
            line.replace("to-tag", "x").replace("from-tag", "to-tag").replace("%3Bx%3D", "%3Bfrom-tag%3D")
        }),
        ("one that rings is meant, and it is answered", 486, |desk| {
            consulting(desk).replace(">\r\n", "%3Bearly-only>\r\n")
        }),
        ("the call of another user", 403, |desk| calls(desk, "bob", "+16175550123")),
        ("a call for help", 403, |desk| calls(desk, "ann", "911")),
        ("the talk itself", 403, |desk| {
            let own = invite(&desk.scene, "ann").expect("ann is called");
            let ours = header(&own, "From:").split(";tag=").nth(1).expect("our tag").to_owned();
            refer_to("bob", header(&own, "Call-ID:"), &ours, "ann")
        }),
        ("one that is over: her phone has our BYE", 603, |desk| {
            let line = consulting(desk);
            answers(&mut desk.scene, "bob", "200 OK");
            bob_hangs_up(desk);
            assert_eq!(byes_in(&desk.scene, desk.calls), 1);
            takes(&mut desk.scene, "BYE ");
            line
        }),
    ];
    for (what, status, line) in cases {
        let mut desk = talking();
        let first = patients(&desk.scene);
        let line = line(&mut desk);
        let (before, answered) = (talks(&desk.scene), sent(&desk.scene, &format!("SIP/2.0 {status} ")));
        ann(&mut desk, "REFER", &line, "");
        let scene = &mut desk.scene;
        let refusals = sent(scene, &format!("SIP/2.0 {status} ")) - answered;
        assert_eq!((refusals, sent(scene, "SIP/2.0 202 ")), (1, 0), "{what}: {:?}", scene.sent.last());
        assert_eq!((patients(scene), talks(scene)), (first, before), "{what}");
        assert_eq!(steps(scene), [TransferStep::Refused { status }], "{what}");
        assert_eq!(scene.switch.counters.transfers_refused, 1, "{what}");
        patient_hangs_up(scene);
    }
}

#[test]
fn whoever_hangs_up_at_that_very_moment_ends_what_is_his_and_nothing_else() {
    let mut desk = talking();
    let (patient, first) = (desk.scene.leg(), patients(&desk.scene).unwrap());
    let (line, bob) = spoken(&mut desk);
    patient_hangs_up(&mut desk.scene);
    ann(&mut desk, "REFER", &line, "");
    let stays: Vec<LegId> = talks(&desk.scene).into_values().collect();
    assert_eq!((stays, steps(&desk.scene).len()), (vec![bob], 0), "the patient: both colleagues talk on");
    bob_hangs_up(&mut desk);
    nothing_is_left(&mut desk);

    let mut desk = talking();
    let (line, _) = spoken(&mut desk);
    ann(&mut desk, "REFER", &line, "");
    bob_hangs_up(&mut desk);
    assert_eq!((patients(&desk.scene), desk.scene.ended()), (None, None), "the colleague: the flow leads on");
    patient_hangs_up(&mut desk.scene);
    nothing_is_left(&mut desk);

    let mut desk = talking();
    let (line, bob) = spoken(&mut desk);
    ann(&mut desk, "REFER", &line, "");
    ann(&mut desk, "REFER", &line, "");
    assert_eq!(sent(&desk.scene, "SIP/2.0 481 ") + sent(&desk.scene, "SIP/2.0 491 "), 1, "a second REFER");
    ann(&mut desk, "BYE", "", "");
    assert_eq!(patients(&desk.scene), Some(bob), "who asked: the talk goes on");
    assert!(patient != bob && first != bob);
    patient_hangs_up(&mut desk.scene);
    nothing_is_left(&mut desk);
}

pub(super) fn arrives(scene: &mut Scene, leg: LegId) {
    let at = scene.now.at;
    scene.tell(Input::Media(media::Event::Moved { leg, port: PortIndex(0), at }));
}

#[test]
fn a_colleague_on_another_worker_comes_to_the_patients_or_the_talk_goes_on() {
    for is_ringing in [false, true] {
        let mut desk = talking_at(&[3, 4]);
        let patient = desk.scene.leg();
        let line = consulting(&mut desk);
        if !is_ringing {
            answers(&mut desk.scene, "bob", "200 OK");
        }
        ann(&mut desk, "REFER", &line, "");
        if is_ringing {
            answers(&mut desk.scene, "bob", "200 OK");
        }
        let scene = &mut desk.scene;
        let moves = |command: &Command| match command {
            Command::Move { leg, to, .. } => Some((*leg, *to)),
            _ => None,
        };
        let moved: Vec<_> = scene.commands.iter().filter_map(moves).collect();
        let [(bob, to)] = moved[..] else { panic!("{moved:?}") };
        assert_eq!((to, patients(scene)), (WorkerIndex(0), None), "on the way");
        arrives(scene, bob);
        assert_eq!(talks(scene), [(patient, bob)].into(), "rings: {is_ringing}");
        patient_hangs_up(scene);
        nothing_is_left(&mut desk);
    }
    let mut desk = talking_at(&[2, 4]);
    let first = patients(&desk.scene);
    let (line, _) = spoken(&mut desk);
    let before = talks(&desk.scene);
    ann(&mut desk, "REFER", &line, "");
    assert_eq!((sent(&desk.scene, "SIP/2.0 503 "), talks(&desk.scene)), (1, before), "no port there");
    let mut desk = talking_at(&[2, 4]);
    let line = consulting(&mut desk);
    ann(&mut desk, "REFER", &line, "");
    answers(&mut desk.scene, "bob", "200 OK");
    assert_eq!(told(&desk.scene), ["100"]);
    assert_eq!(patients(&desk.scene), first, "who rang and has no place there is hung up on");
    assert_eq!(sent(&desk.scene, "BYE sip:bob@"), 1);
    patient_hangs_up(&mut desk.scene);
    nothing_is_left(&mut desk);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]
    /// In whatever order the phones speak, on one worker or two.
    #[test]
    fn whatever_crosses_what_nothing_is_left(words in proptest::collection::vec(0u8..12, 1..14), apart: bool) {
        let mut desk = talking_at(if apart { &[3, 5] } else { &[20] });
        let line = consulting(&mut desk);
        for word in words {
            if desk.scene.switch.calls.get(&PATIENTS_CALL).is_none_or(|call| call.ending.is_some()) {
                break;
            }
            let moving: Vec<LegId> = desk.scene.switch.journeys.keys().copied().collect();
            match word {
                0..=2 => ann(&mut desk, "REFER", &line, ""),
                3 | 4 => answers(&mut desk.scene, "bob", "200 OK"),
                5 => answers(&mut desk.scene, "bob", "486 Busy Here"),
                6 => ann(&mut desk, "BYE", "", ""),
                7 => bob_hangs_up(&mut desk),
                8 => { takes(&mut desk.scene, "NOTIFY "); }
                9 => { takes(&mut desk.scene, "BYE "); }
                10 => moving.into_iter().for_each(|leg| arrives(&mut desk.scene, leg)),
                _ => desk.scene.wait(Duration::from_secs(9)),
            }
        }
        patient_hangs_up(&mut desk.scene);
        for leg in desk.scene.switch.journeys.keys().copied().collect::<Vec<_>>() {
            arrives(&mut desk.scene, leg);
        }
        bob_hangs_up(&mut desk);
        nothing_is_left(&mut desk);
    }
}
