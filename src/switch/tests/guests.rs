//! Supervisors and third parties: the stage on which they come, change and go, who hears whom there, and that everything ends.

mod dialled;
mod interpreters;
mod modes;
mod moving;
mod notice;
mod reached;
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

/// A patient in danger who talks with the desk; each worker has so many ports.
fn talk_on(ports: [u16; 2]) -> Scene {
    talk_after(9, ports)
}

/// The same after this key.
fn talk_after(key: u8, ports: [u16; 2]) -> Scene {
    let mut scene = Scene::down();
    let numbers = |(first, count): (u16, u16)| (0..count).map(|n| first + 2 * n).collect::<Vec<u16>>();
    let workers: Vec<Vec<u16>> = [20_000, 21_000].into_iter().zip(ports).map(numbers).collect();
    scene.switch.ports = super::ports::Ports::new(&workers, 2, crate::limits::PORT_REST_DEFAULT);
    scene.offer("100", "sendrecv");
    scene.request("100", "ACK", "");
    scene.press(Key::Digit(key));
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
