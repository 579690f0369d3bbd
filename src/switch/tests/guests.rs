//! Supervisors and third parties: who hears whom while they come, change and go, and that everything ends.

mod interpreters;
mod waits;

use super::desk::{answer_with, called, invites};
use super::hold::sdp;
use super::interface::{GuestAct, GuestDone, GuestOrder, GuestRefusal};
use super::*;
use crate::call::recording::RecordingKind;
use crate::id::{AskId, RoomId};
use crate::media::command::{Command, Counters as LegCounters, PortIndex, WorkerIndex};
use crate::report::cdr::Record;
use crate::report::event::GuestMode::{self, Barge, Listen, Third, Whisper};
use std::collections::{BTreeMap, BTreeSet};

const MODES: [GuestMode; 4] = [Listen, Whisper, Barge, Third];
const MARIA: &str = "sip:maria@10.0.0.9";
const INES: &str = "sip:ines@10.0.0.9";

/// The shipped flows, which name more persons.
fn naming_more() -> Arc<FlowSet> {
    let rung = |user: &str| format!("ring: 25 s}}\n  - {{call: \"sip:{user}@10.0.0.9\", ");
    let more = ["maria", "ines", "noor", "omar", "pilar"].map(rung).concat() + "ring: 25 s}";
    let text = |text: &str| text.replacen("ring: 25 s}", &more, 1);
    let file = |(name, shipped): (&str, &str)| SourceFile {
        path: name.to_owned(),
        octets: if name == "clinic.yaml" { text(shipped) } else { shipped.to_owned() }.into(),
    };
    let (set, faults) = FlowSet::load(FILES.into_iter().map(file).collect(), &|_, _| Audio::Present);
    assert!(faults.is_empty(), "{faults:?}");
    Arc::new(set.unwrap())
}

/// A patient who talks with the desk; each worker has so many ports.
fn talk_on(ports: [u16; 2]) -> Scene {
    let mut scene = Scene::down();
    let numbers = |(first, count): (u16, u16)| (0..count).map(|n| first + 2 * n).collect::<Vec<u16>>();
    let workers: Vec<Vec<u16>> = [20_000, 21_000].into_iter().zip(ports).map(numbers).collect();
    scene.switch.ports = super::ports::Ports::new(&workers, 2, crate::limits::PORT_REST_DEFAULT);
    scene.offer("100", "sendrecv");
    scene.request("100", "ACK", "");
    scene.press(Key::Digit(9));
    for _ in 0..5 {
        if invites(&scene).is_empty() {
            scene.heard();
        }
    }
    let header = "Contact: <sip:front-desk@10.0.0.9:5060>\r\nContent-Type: application/sdp\r\n";
    answer_with(&mut scene, "200 OK", header, &sdp(1, DESK, ""));
    scene.switch.flows = Served::to_all(naming_more());
    assert_eq!(hearing(&scene), "p:d d:p", "{:#?}", scene.log);
    scene
}

fn talk() -> Scene {
    talk_on([6, 6])
}

fn call(scene: &Scene) -> CallId {
    *scene.switch.calls.keys().next().expect("a call")
}

fn order(scene: &mut Scene, act: GuestAct) {
    let order = GuestOrder { call: call(scene), act };
    scene.tell(Input::Guest { ask: AskId(7), order });
}

fn come(scene: &mut Scene, target: &str, mode: GuestMode) {
    order(scene, GuestAct::Come { target: target.to_owned(), mode });
}

fn leave(scene: &mut Scene, name: &str) {
    order(scene, GuestAct::Leave { name: name.to_owned() });
}

/// The newest INVITE to that user, and one of its header fields.
fn header(scene: &Scene, user: &str, name: &str) -> String {
    let invite = scene.sent.iter().rev().find(|text| text.starts_with(&format!("INVITE sip:{user}@")));
    let invite = invite.unwrap_or_else(|| panic!("{user} is called\n{:#?}", scene.log));
    invite.lines().find(|line| line.starts_with(name)).unwrap_or_default().to_owned()
}

fn answer(scene: &mut Scene, user: &str, status: &str, body: &str) {
    let same = ["Via:", "From:", "Call-ID:", "CSeq:"].map(|name| header(scene, user, name)).join("\r\n");
    let to = header(scene, user, "To:");
    let length = body.len();
    scene.datagram(&format!(
        "SIP/2.0 {status}\r\n{same}\r\n{to};tag={user}\r\nContact: <sip:{user}@10.0.0.9:5060>\r\n\
         Content-Type: application/sdp\r\nContent-Length: {length}\r\n\r\n{body}"
    ));
}

/// A request of that user within the call.
fn asks(scene: &mut Scene, user: &str, method: &str, body: &str) {
    let value =
        |name: &str| header(scene, user, name).split_once(": ").map(|(_, value)| value.to_owned()).unwrap();
    let (us, them, id) = (value("From"), value("To"), value("Call-ID"));
    scene.cseq += 1;
    let (cseq, length) = (100 + scene.cseq, body.len());
    scene.datagram(&format!(
        "{method} sip:careline@{US} SIP/2.0\r\nVia: SIP/2.0/UDP {DESK}:5060;branch=z9hG4bK{user}{method}{cseq}\r\n\
         From: {them};tag={user}\r\nTo: {us}\r\nCall-ID: {id}\r\nCSeq: {cseq} {method}\r\nMax-Forwards: 70\r\n\
         Contact: <sip:{user}@10.0.0.9:5060>\r\nContent-Type: application/sdp\r\nContent-Length: {length}\r\n\r\n{body}"
    ));
}

fn hangs_up(scene: &mut Scene, who: char) {
    match who {
        'p' => {
            scene.cseq += 1;
            scene.request("100", "BYE", "");
        }
        'd' => asks_of_desk(scene, "BYE", ""),
        'm' => asks(scene, "maria", "BYE", ""),
        _ => asks(scene, "ines", "BYE", ""),
    }
}

fn asks_of_desk(scene: &mut Scene, method: &str, body: &str) {
    // The desk's tag is another than its name.
    let to_tag = |text: &str| text.replace(";tag=front-desk", ";tag=desk");
    let value =
        |name: &str| header(scene, "front-desk", name).split_once(": ").map(|(_, v)| v.to_owned()).unwrap();
    let (us, them, id) = (value("From"), value("To"), value("Call-ID"));
    scene.cseq += 1;
    let (cseq, length) = (100 + scene.cseq, body.len());
    let text = format!(
        "{method} sip:careline@{US} SIP/2.0\r\nVia: SIP/2.0/UDP {DESK}:5060;branch=z9hG4bKd{method}{cseq}\r\n\
         From: {them};tag=front-desk\r\nTo: {us}\r\nCall-ID: {id}\r\nCSeq: {cseq} {method}\r\nMax-Forwards: 70\r\n\
         Contact: <sip:front-desk@10.0.0.9:5060>\r\nContent-Type: application/sdp\r\nContent-Length: {length}\r\n\r\n{body}"
    );
    scene.datagram(&to_tag(&text));
}

/// Somebody is in the talk in that way.
fn joined(scene: &mut Scene, target: &str, mode: GuestMode) {
    let user = &target[4..target.find('@').expect("an address")].to_owned();
    come(scene, target, mode);
    answer(scene, user, "200 OK", &sdp(1, DESK, ""));
    assert_eq!(scene.answers.pop(), Some(Ok(GuestDone::Joined(mode))), "{:#?}", scene.log);
}

/// Each leg that was ever called by the first letter of its user; the desk is `d`, the patient `p`.
fn letters(scene: &Scene) -> BTreeMap<LegId, char> {
    let letter = |target: &str| match target.as_bytes().get(4) {
        Some(b'f') => 'd',
        Some(first) => char::from(*first),
        None => '?',
    };
    let named = |event: &Event| match event {
        Event::Arrived { leg, .. } => Some((*leg, 'p')),
        Event::PersonCalled { leg, target } | Event::GuestCalled { leg, target, .. } => {
            Some((*leg, letter(target)))
        }
        _ => None,
    };
    scene.log.iter().filter_map(named).collect()
}

fn leg(scene: &Scene, who: char) -> LegId {
    let newest = letters(scene).into_iter().rev().find(|(_, letter)| *letter == who);
    newest.map(|(leg, _)| leg).unwrap_or_else(|| panic!("{who} was called\n{:#?}", scene.log))
}

/// What the workers would let each leg hear by the orders so far.
fn hearing(scene: &Scene) -> String {
    let mut heard: BTreeMap<LegId, BTreeSet<LegId>> = BTreeMap::new();
    let mut rooms: BTreeMap<LegId, RoomId> = BTreeMap::new();
    let out = |heard: &mut BTreeMap<LegId, BTreeSet<LegId>>, leg: LegId| {
        heard.remove(&leg);
        heard.values_mut().for_each(|others| _ = others.remove(&leg));
    };
    for command in &scene.commands {
        match command {
            Command::Join { leg, room, hears, .. } => {
                out(&mut heard, *leg);
                rooms.insert(*leg, *room);
                heard.insert(
                    *leg,
                    hears.iter().copied().filter(|other| rooms.get(other) == Some(room)).collect(),
                );
            }
            Command::Hears { leg, whom } => {
                let room = rooms.get(leg).expect("only in a room");
                heard.insert(
                    *leg,
                    whom.iter().copied().filter(|other| rooms.get(other) == Some(room)).collect(),
                );
            }
            Command::Bridge { a, b } => {
                for (leg, other) in [(a, b), (b, a)] {
                    rooms.remove(leg);
                    out(&mut heard, *leg);
                    heard.entry(*leg).or_default().insert(*other);
                }
                heard.insert(*a, BTreeSet::from([*b]));
            }
            Command::Leave { leg } | Command::Move { leg, .. } | Command::Close { leg } => {
                rooms.remove(leg);
                out(&mut heard, *leg);
            }
            Command::Unbridge { leg } => out(&mut heard, *leg),
            _ => {}
        }
    }
    let letters = letters(scene);
    let letter = |leg: &LegId| letters.get(leg).copied().unwrap_or('?');
    let line = |(leg, heard): (&LegId, &BTreeSet<LegId>)| {
        (!heard.is_empty())
            .then(|| format!("{}:{}", letter(leg), heard.iter().map(letter).collect::<String>()))
    };
    heard.iter().filter_map(line).collect::<Vec<_>>().join(" ")
}

/// The streams that were ordered to close are closed by their workers.
fn close_streams(scene: &mut Scene) {
    let closes = |command: &Command| if let Command::Close { leg } = command { Some(*leg) } else { None };
    for leg in scene.commands.iter().filter_map(closes).collect::<Vec<_>>() {
        let (port, counters, at) = (PortIndex(0), LegCounters::default(), scene.now.at);
        scene.tell(Input::Media(media::Event::Closed { leg, port, counters, at }));
    }
}

/// Nothing is left of the call: one record, each stream closed once, no port owned.
fn all_is_over(scene: &mut Scene, what: &str) {
    close_streams(scene);
    let count = |is: fn(&Event) -> bool| scene.log.iter().filter(|event| is(event)).count();
    assert_eq!(count(|event| matches!(event, Event::Ended { .. })), 1, "{what}\n{:#?}", scene.log);
    let opened = scene.commands.iter().filter(|command| matches!(command, Command::Open { .. })).count();
    assert_eq!(
        count(|event| matches!(event, Event::MediaClosed { .. })),
        opened,
        "{what}: one for each stream"
    );
    assert_eq!((scene.switch.ports.in_use(), scene.switch.legs.len()), (0, 0), "{what}");
    assert_eq!(scene.switch.counters.closed_late, 0, "{what}");
}

fn press(scene: &mut Scene, who: char, digit: u8) {
    let (leg, key, at) = (leg(scene, who), Key::Digit(digit), scene.now.at);
    scene.tell(Input::Media(media::Event::Key { leg, key, at }));
}

fn byes_to(scene: &Scene, user: &str) -> usize {
    scene.sent.iter().filter(|text| text.starts_with(&format!("BYE sip:{user}@"))).count()
}

/// What a guest of that mode, the patient and the desk hear.
fn of_three(mode: GuestMode) -> &'static str {
    match mode {
        Listen => "p:d d:p m:pd",
        Whisper => "p:d d:pm m:pd",
        Barge | Third => "p:dm d:pm m:pd",
    }
}

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

fn entries(scene: &Scene) -> Vec<crate::report::event::Entry> {
    let entry = |(n, event): (usize, &Event)| crate::report::event::Entry {
        seq: n as u64 + 1,
        at: Default::default(),
        since_start_us: n as u64,
        call: CallId(1),
        event: event.clone(),
    };
    scene.log.iter().enumerate().map(entry).collect()
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

fn moves(scene: &Scene) -> Vec<(LegId, PortIndex)> {
    let its = |command: &Command| {
        if let Command::Move { leg, port, .. } = command { Some((*leg, *port)) } else { None }
    };
    scene.commands.iter().filter_map(its).collect()
}

fn arrive(scene: &mut Scene, (leg, port): (LegId, PortIndex)) {
    let at = scene.now.at;
    scene.tell(Input::Media(media::Event::Moved { leg, port, at }));
}

#[test]
fn a_call_moves_with_all_its_legs_and_they_hear_each_other_when_the_last_has_arrived() {
    for mode in MODES {
        for changes in [false, true] {
            let what = format!("{mode:?}, changes on the way: {changes}");
            let mut scene = talk();
            joined(&mut scene, MARIA, mode);
            let id = call(&scene);
            scene.tell(Input::Move { call: id, to: WorkerIndex(1) });
            assert_eq!((moves(&scene).len(), hearing(&scene).as_str()), (3, ""), "{what}");
            let now = if changes && mode.supervises() { Barge } else { mode };
            if changes {
                press(&mut scene, 'm', 6);
            }
            for (n, its) in moves(&scene).into_iter().enumerate() {
                assert_eq!(hearing(&scene), "", "{what}: {n} have arrived");
                arrive(&mut scene, its);
            }
            assert_eq!(hearing(&scene), of_three(now), "{what}");
            hangs_up(&mut scene, 'm');
            assert_eq!(hearing(&scene), "p:d d:p", "{what}");
            hangs_up(&mut scene, 'p');
            all_is_over(&mut scene, &what);
        }
    }
}

#[test]
fn who_hangs_up_on_the_way_is_closed_where_he_arrives_and_the_others_hear_each_other() {
    for who in ['m', 'd', 'p'] {
        let mut scene = talk();
        joined(&mut scene, MARIA, Third);
        let id = call(&scene);
        scene.tell(Input::Move { call: id, to: WorkerIndex(1) });
        hangs_up(&mut scene, who);
        for its in moves(&scene) {
            arrive(&mut scene, its);
        }
        let expected = match who {
            'm' => "p:d d:p",
            'd' => "p:m m:p",
            _ => "",
        };
        assert_eq!(hearing(&scene), expected, "{who}");
        hangs_up(&mut scene, 'p');
        all_is_over(&mut scene, &who.to_string());
    }
}

#[test]
fn a_guest_for_whom_a_worker_has_no_port_takes_all_to_one_that_has_or_stays_out() {
    let mut scene = talk_on([2, 3]);
    come(&mut scene, MARIA, Third);
    assert_eq!(moves(&scene).len(), 2, "patient and person go");
    for its in moves(&scene) {
        arrive(&mut scene, its);
    }
    answer(&mut scene, "maria", "200 OK", &sdp(1, DESK, ""));
    assert_eq!(hearing(&scene), of_three(Third));
    hangs_up(&mut scene, 'p');
    all_is_over(&mut scene, "moved");
    let mut scene = talk_on([2, 2]);
    come(&mut scene, MARIA, Third);
    let refusal = GuestRefusal::NotReached { target: MARIA.to_owned(), status: 503 };
    assert_eq!((scene.answers.pop(), moves(&scene).len()), (Some(Err(refusal)), 0));
    assert_eq!(hearing(&scene), "p:d d:p");
}

#[test]
fn when_the_engine_stops_guests_leave_before_the_last_words() {
    for mode in MODES {
        let mut scene = talk();
        joined(&mut scene, MARIA, mode);
        scene.tell(Input::Drain { within: Duration::from_secs(30) });
        scene.wait(Duration::from_secs(30) - crate::limits::FAREWELL);
        assert_eq!((byes_to(&scene, "maria"), byes_to(&scene, "front-desk")), (1, 1), "{mode:?}");
        assert_eq!(scene.says, crate::flow::run::stopping::STOPPING, "{mode:?}");
        assert_eq!(hearing(&scene), "", "{mode:?}");
        scene.heard();
        all_is_over(&mut scene, "stopped");
    }
}

/// A talk that is recorded.
fn recorded() -> Scene {
    let mut scene = talk();
    let id = call(&scene);
    scene.switch.start_recording(id, RecordingKind::Call);
    scene
}

fn pauses(scene: &Scene) -> String {
    let of = |command: &Command| match command {
        Command::PauseRecording { .. } => Some('p'),
        Command::ResumeRecording { .. } => Some('r'),
        _ => None,
    };
    scene.commands.iter().filter_map(of).collect()
}

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
