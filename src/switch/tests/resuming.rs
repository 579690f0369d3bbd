//! The engine dies and a later start goes on: each party is asked once by re-INVITE, and nobody is left in a dead call.

use super::desk::{answer_with, asked};
use super::dialling::{carrier, floor_two, network, plan, pool};
use super::wait::record;
use super::*;
use crate::flow::action::Why;
use crate::id::FlowName;
use crate::phi::Phi;
use crate::report::event::KeptLeg;
use crate::sip::dialog::kept::Kept;
use crate::switch::interface::{Interrupted, Talk};

const SOUND: &str = "c=IN IP4 10.0.0.2\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n";
/// Where the first requests after a start are numbered.
const AFTER: u32 = crate::limits::KEPT_CSEQ_GAP + 1;

fn sdp(line: &str) -> String {
    format!("v=0\r\no=- 1 9 IN IP4 10.0.0.2\r\ns=-\r\n{SOUND}{line}")
}

/// What was written down last of each leg, in the order of the legs.
fn kept(scene: &Scene) -> Vec<(LegId, KeptLeg)> {
    let mut all = BTreeMap::new();
    for event in &scene.log {
        if let Event::Kept { leg, kept } = event {
            all.insert(*leg, KeptLeg::clone(kept));
        }
    }
    all.into_iter().collect()
}

/// A new start that finds the call of `scene`.
fn next_start(scene: &Scene) -> Scene {
    next_start_of(scene, "main_menu", "100")
}

/// The same for a call to this number of which the record names that.
fn next_start_of(scene: &Scene, flow: &str, called: &str) -> Scene {
    goes_on_in(Scene::down(), scene, flow, called)
}

/// The same in this start.
fn goes_on_in(mut next: Scene, scene: &Scene, flow: &str, called: &str) -> Scene {
    let mut legs = kept(scene).into_iter();
    let patient = legs.next().expect("the patient's leg was written down");
    // Its port is none of the few of the next start: it need not rest.
    let person = legs.next().map(|(leg, kept)| Talk {
        leg,
        target: "sip:front-desk@h".to_owned(),
        kept: Some(KeptLeg { port: 30_000, ..kept }),
    });
    next.now.at = Instant::START + Duration::from_secs(1);
    next.tell(Input::Resume(vec![Interrupted {
        call: CallId(7),
        called: Phi::new(called.to_owned()),
        caller: None,
        flow: FlowName::from(flow),
        patient,
        person,
        language: None,
        why: Why::Fault,
        last_leg: LegId(40),
        since_start_us: 61_000_000,
    }]));
    next
}

/// The first re-INVITE to that host.
fn asked_again(scene: &Scene, host: &str) -> String {
    let invite = scene.sent.iter().find(|text| {
        text.starts_with("INVITE ") && text.lines().next().is_some_and(|line| line.contains(host))
    });
    invite.unwrap_or_else(|| panic!("no INVITE to {host} in {:#?}", scene.sent)).clone()
}

fn header<'a>(message: &'a str, name: &str) -> &'a str {
    message.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": ")).unwrap_or_default()
}

fn answers(scene: &mut Scene, host: &str, status: &str, body: &str) {
    let invite = asked_again(scene, host);
    let same =
        ["Via", "From", "To", "Call-ID", "CSeq"].map(|name| format!("{name}: {}", header(&invite, name)));
    let contact = format!("Contact: <sip:p@{host}>\r\nContent-Type: application/sdp\r\n");
    scene.datagram(&format!(
        "SIP/2.0 {status}\r\n{}\r\n{contact}Content-Length: {}\r\n\r\n{body}",
        same.join("\r\n"),
        body.len()
    ));
}

/// A call that was up for a minute.
fn up() -> Scene {
    let mut scene = Scene::up("100", "sendrecv");
    scene.wait(Duration::from_secs(60));
    scene
}

/// A patient who talks with the desk.
fn talks() -> Scene {
    let mut scene = asked();
    let lines = "Contact: <sip:front-desk@10.0.0.9:5060>\r\nContent-Type: application/sdp\r\n";
    answer_with(&mut scene, "200 OK", lines, &sdp(""));
    scene.wait(Duration::from_secs(10));
    scene
}

fn bridges(scene: &Scene) -> usize {
    scene.commands.iter().filter(|command| matches!(command, media::Command::Bridge { .. })).count()
}

fn resumed(scene: &Scene) -> usize {
    scene.log.iter().filter(|event| matches!(event, Event::Resumed { .. })).count()
}

#[test]
fn a_short_call_is_not_written_down_and_a_longer_one_is_with_each_change() {
    let mut scene = Scene::up("100", "sendrecv");
    scene.wait(crate::limits::KEPT_AFTER - Duration::from_millis(1));
    assert_eq!(kept(&scene).len(), 0);
    scene.wait(Duration::from_millis(1));
    let first = kept(&scene);
    let [(leg, KeptLeg { dialog, port, .. })] = &first[..] else { panic!("{:#?}", scene.log) };
    assert_eq!((*leg, *port), (scene.leg(), 20_000));
    assert_eq!((dialog.remote_tag.as_str(), dialog.remote_cseq), ("them", Some(1)));
    scene.wait(Duration::from_secs(600));
    assert_eq!(kept(&scene), first, "nothing has changed");
    scene.offer("100", "sendonly");
    scene.request("100", "ACK", "");
    assert_eq!(kept(&scene)[0].1.dialog.remote_cseq, Some(2), "a re-INVITE is noted");
    let with_person = talks();
    assert_eq!(kept(&with_person).len(), 2, "so is a person: {:#?}", with_person.log);
}

#[test]
fn a_party_is_asked_once_in_its_dialog_with_a_higher_number_and_version_and_another_port() {
    // RFC 3261 §12.2.1.1, §14.1; RFC 3264 §8
    let before = up();
    let next = next_start(&before);
    let (answer, invite) = (&before.sent[0], asked_again(&next, THEM));
    assert_eq!(header(&invite, "From"), header(answer, "To"), "same tags");
    assert_eq!(header(&invite, "To"), "<sip:p@x>;tag=them");
    assert_eq!(header(&invite, "Call-ID"), "one@x");
    assert_eq!(header(&invite, "CSeq"), format!("{AFTER} INVITE"));
    let origin = |text: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix("o=")).unwrap_or_default();
        line.split(' ').map(str::to_owned).collect::<Vec<_>>()
    };
    let (old, new) = (origin(answer), origin(&invite));
    assert_eq!((&old[..2], old[2].parse::<u64>().unwrap() + 1), (&new[..2], new[2].parse().unwrap()));
    assert!(answer.contains("m=audio 20000 ") && invite.contains("m=audio 20002 "), "{answer}\n{invite}");
    assert_eq!(next.sent.len(), 1, "{:#?}", next.sent);
}

#[test]
fn a_patient_who_answers_is_led_to_a_person_and_his_record_goes_on() {
    let mut next = next_start(&up());
    answers(&mut next, THEM, "200 OK", &sdp(""));
    assert!(next.sent.iter().any(|text| text.starts_with("ACK ")), "{:#?}", next.sent);
    assert_eq!((resumed(&next), next.switch.counters.resumed), (1, 1), "{:#?}", next.log);
    assert_eq!(next.says, "u.sysfail", "the fault is ours");
    let calls =
        next.log.iter().filter(|event| matches!(event, Event::PersonCalled { leg, .. } if leg.0 > 40));
    assert_eq!(calls.count(), 1, "a person is called on a leg that no earlier start named: {:#?}", next.log);
    next.wait(Duration::from_secs(3));
    assert_eq!(kept(&next)[0].1.dialog.local_cseq, AFTER, "it is written down for the start after this");
    next.datagram(&format!(
        "BYE sip:100@{US} SIP/2.0\r\nVia: SIP/2.0/UDP {THEM};branch=z9hG4bKend\r\nFrom: <sip:p@x>;tag=them\r\n\
         To: {}\r\nCall-ID: one@x\r\nCSeq: 2 BYE\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n",
        header(&asked_again(&next, THEM), "From")
    ));
    next.wait(crate::limits::CLOSING_MAX);
    assert_eq!(next.ended(), Some(Cause::Normal), "{:#?}", next.log);
    next.wait(crate::limits::LADDER_LINGERS);
    let ladder = next.log.iter().find_map(|event| match event {
        Event::Ladder(ladder) => Some(ladder),
        _ => None,
    });
    let first_us = ladder.and_then(|ladder| ladder.rungs().next().map(|rung| rung.seen.at_us));
    assert_eq!(first_us, Some(61_000_000), "its messages stand on the call's own time line");
}

#[test]
fn who_does_not_go_on_has_his_record_and_holds_no_port() {
    type Step = fn(&mut Scene);
    const SILENT: Step = |scene| scene.wait(Duration::from_secs(33));
    let table: [(&str, Step, Cause); 5] = [
        (
            "knows no such call",
            |scene| answers(scene, THEM, "481 Call Does Not Exist", ""),
            Cause::EngineRestart,
        ),
        ("refuses", |scene| answers(scene, THEM, "488 Not Acceptable Here", ""), Cause::EngineRestart),
        ("answers without sound", |scene| answers(scene, THEM, "200 OK", "v=0\r\n"), Cause::EngineRestart),
        ("is gone", SILENT, Cause::EngineRestart),
        (
            "hangs up",
            |scene| {
                let us = header(&asked_again(scene, THEM), "From").to_owned();
                scene.datagram(&format!(
                    "BYE sip:100@{US} SIP/2.0\r\nVia: SIP/2.0/UDP {THEM};branch=z9hG4bKend\r\n\
                     From: <sip:p@x>;tag=them\r\nTo: {us}\r\nCall-ID: one@x\r\nCSeq: 2 BYE\r\nMax-Forwards: 70\r\n\
                     Content-Length: 0\r\n\r\n"
                ));
            },
            Cause::Normal,
        ),
    ];
    for (what, step, cause) in table {
        let mut next = next_start(&up());
        step(&mut next);
        next.wait(Duration::from_secs(40) + crate::limits::CLOSING_MAX);
        assert_eq!(next.ended(), Some(cause), "{what}: {:#?}", next.log);
        assert_eq!((next.switch.calls_up(), next.switch.legs.len()), (0, 0), "{what}");
        assert_eq!(next.switch.ports.in_use(), 0, "{what}");
        assert_eq!(next.switch.sip.legs(), 0, "{what}: {:#?}", next.sent);
        assert_eq!(resumed(&next), 0, "{what}");
    }
}

#[test]
fn a_talk_goes_on_in_whatever_order_its_parties_answer() {
    for order in [[THEM, DESK], [DESK, THEM]] {
        let mut next = next_start(&talks());
        for host in order {
            assert_eq!(bridges(&next), 0, "{order:?}");
            answers(&mut next, host, "200 OK", &sdp(""));
        }
        assert_eq!((resumed(&next), bridges(&next)), (2, 1), "{order:?}: {:#?}", next.log);
        assert_eq!(next.says, "", "{order:?}: nothing is said into the talk");
        next.wait(Duration::from_secs(60));
        assert_eq!(next.ended(), None, "{order:?}");
        assert!(!next.log.iter().any(|event| matches!(event, Event::PersonCalled { .. })), "{order:?}");
    }
}

#[test]
fn a_patient_whose_person_is_gone_is_led_to_another() {
    type Step = fn(&mut Scene);
    const SILENT: Step = |scene| scene.wait(crate::limits::RESUMED_PERSON_WITHIN);
    const REFUSES: Step = |scene| answers(scene, DESK, "481 Call Does Not Exist", "");
    for (what, first, then) in [
        ("refused, then the patient", REFUSES, (|scene| answers(scene, THEM, "200 OK", &sdp(""))) as Step),
        ("the patient, then refused", |scene| answers(scene, THEM, "200 OK", &sdp("")), REFUSES),
        ("the patient, then nothing", |scene| answers(scene, THEM, "200 OK", &sdp("")), SILENT),
    ] {
        let mut next = next_start(&talks());
        first(&mut next);
        then(&mut next);
        assert!(
            next.log.iter().any(|event| matches!(event, Event::Unbridged { .. })),
            "{what}: {:#?}",
            next.log
        );
        assert!(
            next.log.iter().any(|event| matches!(event, Event::PersonCalled { .. })),
            "{what}: {:#?}",
            next.log
        );
        assert_eq!(next.ended(), None, "{what}");
    }
}

#[test]
fn a_party_on_hold_is_still_on_hold() {
    let mut next = next_start(&talks());
    answers(&mut next, DESK, "200 OK", &sdp("a=inactive\r\n"));
    answers(&mut next, THEM, "200 OK", &sdp(""));
    assert!(next.log.contains(&Event::Hold { on: true, by: Party::Person }), "{:#?}", next.log);
    assert!(next.is_on_bed(next.leg()), "the patient hears that he waits");
    assert_eq!(record(&next).waits.len(), 1);
}

#[test]
fn without_a_port_the_call_has_its_record_at_once() {
    let before = up();
    let (leg, kept) = kept(&before).remove(0);
    let many = (0..6).map(|n| Interrupted {
        call: CallId(n),
        called: Phi::new("100".to_owned()),
        caller: None,
        flow: FlowName::from("main_menu"),
        patient: (
            LegId(n + 10),
            KeptLeg {
                dialog: Kept { call_id: Phi::new(format!("{n}@x")), ..kept.dialog.clone() },
                port: 20_000 + 2 * n as u16,
                ..kept.clone()
            },
        ),
        person: None,
        language: None,
        why: Why::Fault,
        last_leg: leg,
        since_start_us: 0,
    });
    let mut next = Scene::down();
    next.tell(Input::Resume(many.collect()));
    let ended = |event: &&Event| matches!(event, Event::Ended { cause: Cause::EngineRestart, .. });
    // Three ports of four were those of other calls a moment ago, and rest.
    assert_eq!((next.log.iter().filter(ended).count(), next.switch.calls_up()), (5, 1), "{:#?}", next.log);
}

#[test]
fn a_phone_of_ours_whose_other_party_is_gone_has_help_called_anew_and_any_other_call_of_it_ends() {
    for (flow, called, expected) in [("emergency", "911", Some("emergency:911")), ("dialled", "bob", None)] {
        // The phone stands where it stood: help must not be sent to the address of the trunk's own number.
        let (place, trunk) = (floor_two(vec![network("10.0.0.2", 32)]), carrier("emergency"));
        let mut next = Scene::with(|settings| settings.dial = plan(vec![place]));
        next.switch.ports = pool(20);
        next.tell(Input::Carriers(vec![trunk]));
        let mut next = goes_on_in(next, &up(), flow, called);
        answers(&mut next, THEM, "200 OK", &sdp(""));
        let help = next.sent.iter().find(|text| text.starts_with("INVITE sip:911@"));
        let shown = help.map(|invite| header(invite, "From").starts_with("<sip:+16175550102@"));
        assert_eq!(shown, expected.map(|_| true), "{flow}: {help:?}");
        next.wait(crate::limits::CLOSING_MAX);
        let target = next.log.iter().find_map(|event| match event {
            Event::PersonCalled { target, .. } => Some(target.as_str()),
            _ => None,
        });
        assert_eq!((target, next.says.as_str()), (expected, ""), "{flow}: {:#?}", next.log);
        assert_eq!(next.ended(), if expected.is_some() { None } else { Some(Cause::Normal) }, "{flow}");
    }
}
