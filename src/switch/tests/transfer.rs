//! A person hands the talk on by REFER: who talks with whom, what everybody is told, and that nothing is left behind.

use super::*;
use crate::call::recording::RecordingKind;
use crate::id::AskId;
use crate::limits::{CLOSING_MAX, TRANSFER_RING};
use crate::media::command::Command;
use crate::report::event::{TransferMeans, TransferStep};
use crate::switch::interface::{GuestAct, GuestDone, GuestOrder, GuestRefusal};
use proptest::prelude::*;

const SDP: &str =
    "v=0\r\no=- 1 1 IN IP4 10.0.0.9\r\ns=-\r\nc=IN IP4 10.0.0.9\r\nt=0 0\r\nm=audio 5000 RTP/AVP 0\r\n";
pub(super) const HOLD: &str = "v=0\r\no=- 1 2 IN IP4 10.0.0.9\r\ns=-\r\nc=IN IP4 10.0.0.9\r\nt=0 0\r\nm=audio 5000 RTP/AVP 0\r\na=sendonly\r\n";
/// As a phone writes whom its user dialled.
const NURSE: &str = "Refer-To: <sip:nurse@10.0.0.1>\r\n";

/// A clinic with two persons.
pub(super) fn clinic() -> Arc<FlowSet> {
    let desk = "  - {call: \"sip:front-desk@127.0.0.1:5070\", ring: 25 s}\n";
    flows_where(desk, &format!("{desk}  - {{call: \"sip:nurse@127.0.0.1:5080\", ring: 25 s}}\n"))
}

/// The newest INVITE to that person.
pub(super) fn invite(scene: &Scene, name: &str) -> Option<String> {
    let start = format!("INVITE sip:{name}@");
    scene.sent.iter().rev().find(|text| text.starts_with(&start)).cloned()
}

pub(super) fn header<'a>(text: &'a str, name: &str) -> &'a str {
    text.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default().trim()
}

/// The person's answer to the INVITE.
pub(super) fn answers(scene: &mut Scene, name: &str, status: &str) {
    answers_with(scene, name, status, SDP);
}

/// The same with this answer to our offer.
pub(super) fn answers_with(scene: &mut Scene, name: &str, status: &str, sdp: &str) {
    let invite = invite(scene, name).expect("that person is called");
    let same: String = ["Via:", "From:", "Call-ID:", "CSeq:"]
        .map(|field| format!("{field} {}\r\n", header(&invite, field)))
        .concat();
    let body = if status.starts_with('2') { sdp } else { "" };
    scene.datagram(&format!(
        "SIP/2.0 {status}\r\n{same}To: {};tag={name}\r\nContact: <sip:{name}@10.0.0.9>\r\n\
         Content-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{body}",
        header(&invite, "To:"),
        body.len()
    ));
}

/// A request of a person who talks, in the dialog of the newest INVITE to it.
pub(super) fn asks(scene: &mut Scene, name: &str, method: &str, lines: &str, body: &str) {
    let invite = invite(scene, name).expect("that person is called");
    super::taking::asks(scene, &invite, name, method, lines, body);
}

/// 200 to our newest request of that method; `false` if there was none.
pub(super) fn takes(scene: &mut Scene, method: &str) -> bool {
    let Some(request) = scene.sent.iter().rev().find(|text| text.starts_with(method)).cloned() else {
        return false;
    };
    let same: String = ["Via:", "From:", "To:", "Call-ID:", "CSeq:"]
        .map(|field| format!("{field} {}\r\n", header(&request, field)))
        .concat();
    scene.datagram(&format!("SIP/2.0 200 OK\r\n{same}Content-Length: 0\r\n\r\n"));
    true
}

/// A patient who talks with the front desk; with this key he asked for it.
fn talking(key: u8) -> Scene {
    let mut scene = Scene::down();
    scene.switch.flows = Served::to_all(clinic());
    scene.offer("100", "sendrecv");
    scene.request("100", "ACK", "");
    scene.press(Key::Digit(key));
    for _ in 0..5 {
        if invite(&scene, "front-desk").is_none() {
            scene.heard();
        }
    }
    answers(&mut scene, "front-desk", "200 OK");
    assert_eq!(bridged(&scene).len(), 1, "{:#?}", scene.log);
    scene
}

/// The same while the desk hands the talk on to the nurse.
fn handing(key: u8) -> Scene {
    let mut scene = talking(key);
    asks(&mut scene, "front-desk", "REFER", NURSE, "");
    assert!(sent(&scene, "SIP/2.0 202 ") == 1 && sent(&scene, "INVITE sip:nurse@") == 1, "{:#?}", scene.sent);
    scene
}

/// How often that was sent, each message once.
pub(super) fn sent(scene: &Scene, start: &str) -> usize {
    let mut all: Vec<&String> = scene.sent.iter().filter(|text| text.starts_with(start)).collect();
    all.dedup();
    all.len()
}

/// What the phone was told of its REFER.
pub(super) fn told(scene: &Scene) -> Vec<&str> {
    let mut all: Vec<&String> = scene.sent.iter().filter(|text| text.starts_with("NOTIFY ")).collect();
    all.dedup();
    all.into_iter().filter_map(|text| text.split("\r\n\r\nSIP/2.0 ").nth(1)?.get(..3)).collect()
}

pub(super) fn bridged(scene: &Scene) -> Vec<LegId> {
    let leg = |event: &Event| if let Event::Bridged { leg } = event { Some(*leg) } else { None };
    scene.log.iter().filter_map(leg).collect()
}

pub(super) fn steps(scene: &Scene) -> Vec<TransferStep> {
    let step =
        |event: &Event| if let Event::Transfer { step, .. } = event { Some(step.clone()) } else { None };
    scene.log.iter().filter_map(step).collect()
}

pub(super) fn began_by(means: TransferMeans) -> TransferStep {
    TransferStep::Began { target: "sip:nurse@127.0.0.1:5080".to_owned(), means }
}

fn began() -> TransferStep {
    began_by(TransferMeans::Phone)
}

/// Who talks with the patient by the orders so far.
fn talks_with(scene: &Scene) -> Option<LegId> {
    scene.commands.iter().fold(None, |talks, command| match command {
        Command::Bridge { b, .. } => Some(*b),
        Command::Unbridge { .. } => None,
        _ => talks,
    })
}

pub(super) fn patient_hangs_up(scene: &mut Scene) {
    scene.cseq += 1;
    scene.request("100", "BYE", "");
}

/// Everybody answers what is asked of them, and then all is as if there had been no call.
#[track_caller]
pub(super) fn nothing_is_left(scene: &mut Scene) {
    for _ in 0..40 {
        for method in ["BYE ", "NOTIFY ", "CANCEL "] {
            takes(scene, method);
        }
        scene.wait(Duration::from_secs(1));
    }
    scene.wait(CLOSING_MAX + Duration::from_secs(120));
    let ended = scene.log.iter().filter(|event| matches!(event, Event::Ended { .. })).count();
    let switch = &scene.switch;
    let left = (switch.calls.len(), switch.legs.len(), switch.ports.in_use(), switch.timers.len());
    assert_eq!((ended, left, switch.journeys.len()), (1, (0, 0, 0, 0), 0), "{:#?}", scene.log);
    assert_eq!((switch.sip.legs(), switch.sip.transactions()), (0, 0), "{:#?}", scene.sent);
    let c = &switch.counters;
    let open = steps(scene).iter().filter(|step| matches!(step, TransferStep::Began { .. })).count() as u64;
    let over = |step: &&TransferStep| matches!(step, TransferStep::Done { .. } | TransferStep::Failed { .. });
    assert_eq!(
        (c.transfers, steps(scene).iter().filter(over).count() as u64),
        (open, open),
        "{:#?}",
        scene.log
    );
}

#[test]
fn a_patient_who_is_handed_on_waits_on_the_bed_and_talks_with_the_other_person() {
    // RFC 5589 §6.1
    for holds_first in [false, true] {
        let mut scene = talking(0);
        let (patient, desk) = (scene.leg(), bridged(&scene)[0]);
        if holds_first {
            asks(&mut scene, "front-desk", "INVITE", "", HOLD);
            asks(&mut scene, "front-desk", "ACK", "", "");
            assert!(scene.is_on_bed(patient));
        }
        asks(&mut scene, "front-desk", "REFER", NURSE, "");
        assert!(scene.is_on_bed(patient) && talks_with(&scene).is_none(), "{:?}", scene.commands);
        assert_eq!((told(&scene), steps(&scene)), (vec!["100"], vec![began()]));
        assert!(takes(&mut scene, "NOTIFY "));
        answers(&mut scene, "nurse", "180 Ringing");
        scene.wait(Duration::from_secs(5));
        assert!(scene.is_on_bed(patient), "it rings");
        answers(&mut scene, "nurse", "200 OK");
        let nurse = *bridged(&scene).last().unwrap();
        assert_ne!(nurse, desk);
        assert_eq!((talks_with(&scene), scene.is_on_bed(patient)), (Some(nurse), false));
        assert_eq!(
            (told(&scene), steps(&scene)),
            (vec!["100", "200"], vec![began(), TransferStep::Done { to: nurse }])
        );
        assert_eq!(sent(&scene, "BYE sip:front-desk@"), 0, "NOTIFY is answered before BYE");
        assert!(takes(&mut scene, "NOTIFY "));
        assert_eq!(sent(&scene, "BYE sip:front-desk@"), 1);
        assert!(
            scene.commands.iter().any(|command| matches!(command, Command::Close { leg } if *leg == desk))
        );
        let holds = scene.log.iter().filter(|event| matches!(event, Event::Hold { .. })).count();
        assert_eq!(holds, if holds_first { 2 } else { 0 }, "the hold is over with the talk");
        patient_hangs_up(&mut scene);
        nothing_is_left(&mut scene);
        assert_eq!((sent(&scene, "BYE sip:nurse@"), scene.switch.counters.flow_faults), (1, 0));
    }
}

#[test]
fn nobody_is_there_and_the_talk_with_who_asked_goes_on() {
    for (how, status) in [("486 Busy Here", 486), ("480 Temporarily Unavailable", 480), ("", 408)] {
        for holds_first in [false, true] {
            let mut scene = talking(0);
            let (patient, desk) = (scene.leg(), bridged(&scene)[0]);
            if holds_first {
                asks(&mut scene, "front-desk", "INVITE", "", HOLD);
                asks(&mut scene, "front-desk", "ACK", "", "");
            }
            asks(&mut scene, "front-desk", "REFER", NURSE, "");
            takes(&mut scene, "NOTIFY ");
            if how.is_empty() {
                answers(&mut scene, "nurse", "180 Ringing");
                scene.wait(TRANSFER_RING);
                assert_eq!(sent(&scene, "CANCEL sip:nurse@"), 1);
            } else {
                answers(&mut scene, "nurse", how);
            }
            assert_eq!((talks_with(&scene), bridged(&scene)), (Some(desk), vec![desk, desk]), "{how}");
            assert_eq!(scene.is_on_bed(patient), holds_first, "{how}");
            let status_told = status.to_string();
            assert_eq!(told(&scene), ["100", &*status_told]);
            assert_eq!(steps(&scene), [began(), TransferStep::Failed { status }]);
            assert_eq!(sent(&scene, "BYE "), 0);
            // Once it was told so, it may ask again; the port of the other one rests first.
            takes(&mut scene, "NOTIFY ");
            scene.wait(crate::limits::PORT_REST_DEFAULT);
            asks(&mut scene, "front-desk", "REFER", NURSE, "");
            assert_eq!(sent(&scene, "SIP/2.0 202 "), 2, "{how}");
            takes(&mut scene, "NOTIFY ");
            answers(&mut scene, "nurse", "200 OK");
            assert_ne!(talks_with(&scene), Some(desk), "{how}");
            patient_hangs_up(&mut scene);
            nothing_is_left(&mut scene);
        }
    }
}

#[test]
fn who_asked_may_hang_up_at_once_and_the_other_one_is_called_all_the_same() {
    let mut scene = handing(0);
    takes(&mut scene, "NOTIFY ");
    asks(&mut scene, "front-desk", "BYE", "", "");
    assert!(scene.is_on_bed(scene.leg()) && sent(&scene, "CANCEL ") == 0);
    answers(&mut scene, "nurse", "200 OK");
    let nurse = *bridged(&scene).last().unwrap();
    assert_eq!(talks_with(&scene), Some(nurse));
    assert_eq!(steps(&scene), [began(), TransferStep::Left, TransferStep::Done { to: nurse }]);
    // RFC 5057 §4.1: the dialog still tells of it.
    assert_eq!((told(&scene), sent(&scene, "BYE ")), (vec!["100", "200"], 0));
    asks(&mut scene, "nurse", "BYE", "", "");
    assert_eq!((talks_with(&scene), scene.ended()), (None, None), "he hears the menu");
    patient_hangs_up(&mut scene);
    nothing_is_left(&mut scene);
}

#[test]
fn nobody_is_there_and_who_asked_has_left_so_the_patient_is_led_on_to_other_people() {
    for key in [0, 9] {
        let mut scene = handing(key);
        takes(&mut scene, "NOTIFY ");
        asks(&mut scene, "front-desk", "BYE", "", "");
        let leg = bridged(&scene)[0];
        let (port, at, counters) = (media::PortIndex(1), scene.now.at, media::Counters::default());
        scene.tell(Input::Media(media::Event::Closed { leg, port, at, counters }));
        scene.wait(crate::limits::PORT_REST_DEFAULT);
        let called = super::desk::called(&scene);
        answers(&mut scene, "nurse", "486 Busy Here");
        assert_eq!(told(&scene), ["100", "486"]);
        assert_eq!(super::desk::called(&scene), called + 1, "key {key}: the ladder\n{:#?}", scene.log);
        assert_eq!(sent(&scene, "INVITE sip:front-desk@"), 2, "key {key}");
        assert!(scene.is_on_bed(scene.leg()) && scene.ended().is_none(), "key {key}");
        answers(&mut scene, "front-desk", "200 OK");
        assert!(talks_with(&scene).is_some(), "key {key}");
        assert_eq!(scene.switch.counters.flow_faults, 0);
        patient_hangs_up(&mut scene);
        nothing_is_left(&mut scene);
    }
}

#[test]
fn a_patient_who_hangs_up_in_the_middle_ends_all_of_it_once() {
    // RFC 3261 §21.4.25
    for has_left in [false, true] {
        let mut scene = handing(0);
        takes(&mut scene, "NOTIFY ");
        answers(&mut scene, "nurse", "180 Ringing");
        if has_left {
            asks(&mut scene, "front-desk", "BYE", "", "");
        }
        patient_hangs_up(&mut scene);
        assert_eq!((told(&scene), sent(&scene, "CANCEL sip:nurse@")), (vec!["100", "487"], 1));
        assert_eq!(sent(&scene, "BYE sip:front-desk@"), 0, "it is told first");
        answers(&mut scene, "nurse", "487 Request Terminated");
        takes(&mut scene, "NOTIFY ");
        assert_eq!(sent(&scene, "BYE sip:front-desk@"), usize::from(!has_left));
        nothing_is_left(&mut scene);
        assert_eq!(scene.ended(), Some(Cause::Normal));
    }
}

#[test]
fn a_transfer_to_a_stranger_and_one_by_the_patient_are_refused_and_the_talk_goes_on() {
    for line in [
        "Refer-To: <sip:0900123456@10.0.0.1>\r\n",
        "Refer-To: <tel:+1900123456>\r\n",
        "Refer-To: <sip:911@10.0.0.1>\r\n",
        "Refer-To: <tel:911>\r\n",
        "Refer-To: <sip:112@10.0.0.1>\r\n",
        "Refer-To: <sip:nurse@10.0.0.77>\r\n",
        "Refer-To: <sip:nurse@evil.example>\r\n",
        "Refer-To: <sip:10.0.0.1>\r\n",
    ] {
        let mut scene = talking(0);
        let desk = talks_with(&scene);
        asks(&mut scene, "front-desk", "REFER", line, "");
        assert_eq!((sent(&scene, "SIP/2.0 403 "), sent(&scene, "INVITE ")), (1, 1), "{line}");
        assert_eq!((talks_with(&scene), told(&scene).len()), (desk, 0), "{line}");
        assert_eq!(steps(&scene), [TransferStep::Refused { status: 403 }], "{line}");
        assert_eq!((scene.switch.counters.transfers_refused, scene.is_on_bed(scene.leg())), (1, false));
        let told = format!("{:?}", scene.log.last());
        assert!(!told.contains("900123456") && !told.contains("evil"), "{told}");
        patient_hangs_up(&mut scene);
        nothing_is_left(&mut scene);
    }
    let mut scene = talking(0);
    let (patient, desk) = (scene.leg(), talks_with(&scene));
    scene.cseq += 1;
    let (cseq, to) = (scene.cseq, scene.sent.iter().find(|text| text.starts_with("SIP/2.0 200 ")).unwrap());
    let to = header(to, "To:").to_owned();
    scene.datagram(&format!(
        "REFER sip:100@{US} SIP/2.0\r\nVia: SIP/2.0/UDP {THEM};branch=z9hG4bKrefer\r\nFrom: <sip:p@x>;tag=them\r\n\
         To: {to}\r\nCall-ID: one@x\r\nCSeq: {cseq} REFER\r\nMax-Forwards: 70\r\nContact: <sip:p@{THEM}>\r\n{NURSE}\
         Content-Length: 0\r\n\r\n"
    ));
    assert_eq!((sent(&scene, "SIP/2.0 403 "), talks_with(&scene)), (1, desk));
    assert!(
        scene.log.contains(&Event::Transfer { by: patient, step: TransferStep::Refused { status: 403 } })
    );
    patient_hangs_up(&mut scene);
    nothing_is_left(&mut scene);
}

#[test]
fn a_transfer_for_which_no_port_is_left_or_no_time_is_refused() {
    let mut scene = talking(0);
    let desk = talks_with(&scene);
    let sent_before = scene.sent.clone();
    assert_eq!([another(&mut scene, "100", "a"), another(&mut scene, "100", "b")], [200, 200]);
    scene.sent = sent_before;
    asks(&mut scene, "front-desk", "REFER", NURSE, "");
    assert_eq!((sent(&scene, "SIP/2.0 503 "), talks_with(&scene)), (1, desk), "no port");
    assert_eq!(steps(&scene), [TransferStep::Refused { status: 503 }]);
    let mut scene = talking(0);
    scene.tell(Input::Drain { within: Duration::from_secs(3_600) });
    asks(&mut scene, "front-desk", "REFER", NURSE, "");
    assert_eq!((sent(&scene, "SIP/2.0 503 "), talks_with(&scene)), (1, desk), "the engine stops");
    let mut scene = talking(9);
    scene.tell(Input::Drain { within: Duration::from_secs(3_600) });
    asks(&mut scene, "front-desk", "REFER", NURSE, "");
    assert_eq!(sent(&scene, "SIP/2.0 202 "), 1, "a caller in danger is handed on all the same");
    assert!(invite(&scene, "nurse").is_some(), "and the other one is called");
}

#[test]
fn a_transfer_that_the_engines_stop_finds_is_told_so_and_nothing_waits_for_it() {
    let mut scene = handing(0);
    takes(&mut scene, "NOTIFY ");
    scene.tell(Input::Drain { within: crate::limits::FAREWELL });
    scene.wait(Duration::from_millis(1));
    assert_eq!(
        (told(&scene), scene.says.as_str()),
        (vec!["100", "503"], crate::flow::run::stopping::STOPPING)
    );
    assert!(!scene.is_on_bed(scene.leg()), "{:#?}", scene.log);
    scene.heard();
    scene.wait(CLOSING_MAX + crate::limits::PARTING_MAX);
    assert!(scene.switch.drained_told);
    assert_eq!(
        sent(&scene, "BYE sip:front-desk@"),
        1,
        "it does not wait for the NOTIFY when the engine goes"
    );
    nothing_is_left(&mut scene);
}

#[test]
fn who_asked_and_whose_phone_died_has_left() {
    let mut scene = talking(0);
    let desk = bridged(&scene)[0];
    asks(&mut scene, "front-desk", "REFER", NURSE, "");
    takes(&mut scene, "NOTIFY ");
    scene.tell(Input::Media(media::Event::MediaSilent { leg: desk, at: scene.now.at }));
    assert_eq!(sent(&scene, "OPTIONS sip:front-desk@"), 1);
    let options = scene.sent.iter().rev().find(|text| text.starts_with("OPTIONS ")).unwrap().clone();
    let same: String = ["Via:", "From:", "To:", "Call-ID:", "CSeq:"]
        .map(|field| format!("{field} {}\r\n", header(&options, field)))
        .concat();
    scene.datagram(&format!("SIP/2.0 481 Gone\r\n{same}Content-Length: 0\r\n\r\n"));
    assert_eq!(steps(&scene), [began(), TransferStep::Left]);
    answers(&mut scene, "nurse", "200 OK");
    assert!(talks_with(&scene).is_some_and(|leg| leg != desk));
    patient_hangs_up(&mut scene);
    nothing_is_left(&mut scene);
}

/// What came of a command, or nothing yet.
fn command(scene: &mut Scene, target: &str) -> Option<Result<GuestDone, GuestRefusal>> {
    let call = *scene.switch.calls.keys().next().expect("a call");
    let order = GuestOrder { call, act: GuestAct::HandOn { target: target.to_owned() } };
    scene.tell(Input::Guest { ask: AskId(7), order });
    scene.answers.pop()
}

#[test]
fn a_talk_is_handed_on_by_command_as_if_its_person_had_asked() {
    for (how, written) in [("200 OK", "nurse"), ("486 Busy Here", "sip:nurse@127.0.0.1:5080"), ("", "nurse")]
    {
        let mut scene = talking(0);
        let (patient, desk) = (scene.leg(), bridged(&scene)[0]);
        assert_eq!(command(&mut scene, written), None, "he rings");
        assert!(scene.is_on_bed(patient) && talks_with(&scene).is_none());
        assert_eq!(steps(&scene), [began_by(TransferMeans::Command)]);
        assert_eq!(
            command(&mut scene, written),
            Some(Err(GuestRefusal::NobodyTalks(*scene.switch.calls.keys().next().unwrap())))
        );
        let target = "sip:nurse@127.0.0.1:5080".to_owned();
        match how {
            "" => patient_hangs_up(&mut scene),
            how => answers(&mut scene, "nurse", how),
        }
        let (expected, talks) = match how {
            "200 OK" => (Ok(GuestDone::HandedOn), Some(*bridged(&scene).last().unwrap())),
            "" => (Err(GuestRefusal::TalkOver(target)), None),
            _ => (Err(GuestRefusal::NotReached { target, status: 486 }), Some(desk)),
        };
        assert_eq!((scene.answers.pop(), talks_with(&scene)), (Some(expected), talks), "{how}");
        assert_eq!((told(&scene).len(), sent(&scene, "SIP/2.0 202 ")), (0, 0), "its phone asked for nothing");
        let byes = usize::from(how != "486 Busy Here");
        assert_eq!(sent(&scene, "BYE sip:front-desk@"), byes, "{how}");
        patient_hangs_up(&mut scene);
        nothing_is_left(&mut scene);
    }
}

#[test]
fn a_command_that_may_not_be_changes_nothing() {
    let mut scene = talking(0);
    let desk = talks_with(&scene);
    for stranger in ["0900123456", "sip:nurse@evil.example", "", "maria"] {
        let refusal = GuestRefusal::NotOurs(stranger.to_owned());
        assert_eq!(command(&mut scene, stranger), Some(Err(refusal)), "{stranger}");
    }
    asks(&mut scene, "front-desk", "REFER", "Refer-To: <sip:0900123456@10.0.0.1>\r\n", "");
    assert_eq!((talks_with(&scene), steps(&scene)), (desk, vec![TransferStep::Refused { status: 403 }]));
    scene.tell(Input::Drain { within: Duration::from_secs(3_600) });
    assert_eq!(command(&mut scene, "nurse"), Some(Err(GuestRefusal::Stopping)));
    patient_hangs_up(&mut scene);
    nothing_is_left(&mut scene);
    let call = CallId(1);
    scene.tell(Input::Guest {
        ask: AskId(8),
        order: GuestOrder { call, act: GuestAct::HandOn { target: "nurse".to_owned() } },
    });
    assert_eq!(scene.answers.pop(), Some(Err(GuestRefusal::NoCall(call))));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]
    /// In whatever order the phones speak.
    #[test]
    fn whatever_crosses_what_nothing_is_left(words in proptest::collection::vec(0u8..12, 1..14), key in 0u8..2) {
        let mut scene = talking(9 * key);
        for word in &words {
            if scene.ended().is_some() || scene.switch.calls.is_empty() {
                break;
            }
            match word {
                0 | 1 => asks(&mut scene, "front-desk", "REFER", NURSE, ""),
                2 if invite(&scene, "nurse").is_some() => asks(&mut scene, "nurse", "REFER", "Refer-To: <sip:front-desk@10.0.0.1>\r\n", ""),
                3 | 4 if invite(&scene, "nurse").is_some() => answers(&mut scene, "nurse", "200 OK"),
                5 if invite(&scene, "nurse").is_some() => answers(&mut scene, "nurse", "486 Busy Here"),
                6 => asks(&mut scene, "front-desk", "BYE", "", ""),
                7 if invite(&scene, "nurse").is_some() => asks(&mut scene, "nurse", "BYE", "", ""),
                8 => { takes(&mut scene, "NOTIFY "); }
                9 => answers(&mut scene, "front-desk", "200 OK"),
                10 => scene.wait(Duration::from_secs(26)),
                11 if words.len() > 7 && words.len() < 11 => { command(&mut scene, "nurse"); }
                11 if words.len() > 10 => scene.tell(Input::Drain { within: Duration::from_secs(40) }),
                _ => scene.wait(Duration::from_millis(300)),
            }
        }
        patient_hangs_up(&mut scene);
        nothing_is_left(&mut scene);
    }
}

/// What the recording of the one call was told, and the talks among it: paused, resumed, bridged.
pub(super) fn recorded(scene: &Scene) -> String {
    let of = |command: &Command| match command {
        Command::PauseRecording { .. } => Some('p'),
        Command::ResumeRecording { .. } => Some('r'),
        Command::Bridge { .. } => Some('b'),
        _ => None,
    };
    scene.commands.iter().filter_map(of).collect()
}

pub(super) const OVER_A_TRUNK: &str = "trunk:carrier/+16175550123";

/// The person of the newest call is somebody at that address.
pub(super) fn person_is_at(scene: &mut Scene, target: &str) {
    let call = scene.switch.calls.values_mut().next_back().expect("a call");
    call.person.as_mut().expect("a person").target = target.to_owned();
}

/// Nobody has told him that the call is recorded, and no contract of the clinic says that he knows.
#[test]
fn while_somebody_over_a_trunk_has_the_patient_by_transfer_the_recording_is_silent() {
    for (target, expected) in [(OVER_A_TRUNK, "bpbr"), ("sip:nurse@127.0.0.1:5080", "bb")] {
        let mut scene = handing(0);
        let id = *scene.switch.calls.keys().next().expect("a call");
        scene.switch.start_recording(id, RecordingKind::Call);
        person_is_at(&mut scene, target);
        answers(&mut scene, "nurse", "200 OK");
        asks(&mut scene, "nurse", "BYE", "", "");
        assert_eq!(recorded(&scene), expected, "{target}\n{:#?}", scene.log);
    }
    // Whom the flow itself calls over a trunk is recorded as before.
    let mut scene = talking(0);
    let id = *scene.switch.calls.keys().next().expect("a call");
    scene.switch.start_recording(id, RecordingKind::Call);
    person_is_at(&mut scene, OVER_A_TRUNK);
    scene.switch.let_hear(id);
    assert_eq!(recorded(&scene), "b");
}
