//! Seeded nonsense: random orders, packets and pauses, and what must hold whatever comes.

use super::*;
use crate::id::RoomId;
use crate::media::bed::BedSound;
use crate::media::command::KeysGo;
use crate::rng::Rng;
use std::collections::BTreeMap;

const LEGS: u64 = 4;

fn any_plan(rng: &mut Rng, leg: LegId) -> StreamPlan {
    let format = |codec: Codec| AudioFormat {
        payload_type: codec.static_payload_type().unwrap_or(96 + codec as u8),
        codec,
    };
    let any = |rng: &mut Rng| Codec::ALL[rng.below(5) as usize];
    let sends = format(any(rng));
    StreamPlan {
        sends,
        takes: (0..=rng.below(3)).map(|_| format(any(rng))).collect(),
        packet_ms: [10, 20, 30, 40, 60][rng.below(5) as usize],
        direction: Direction { send: rng.below(4) > 0, receive: rng.below(4) > 0 },
        ..with_keys(plan(leg), [None, Some(101)][rng.below(2) as usize])
    }
}

fn any_clips(rng: &mut Rng) -> Vec<Clip> {
    let clip = |codec, octets: u64| Clip { codec, octets: Arc::from(vec![3; octets as usize]) };
    (0..rng.below(4)).map(|_| clip(Codec::ALL[rng.below(5) as usize], rng.below(900))).collect()
}

fn any_packet(rng: &mut Rng) -> Vec<u8> {
    let length = rng.below(400) as usize;
    let mut octets: Vec<u8> = (0..length).map(|_| rng.next_u32() as u8).collect();
    if rng.below(4) > 0 && octets.len() > 1 {
        octets[0] = 0x80;
        octets[1] = [0, 8, 9, 99, 100, 101, 200][rng.below(7) as usize];
    }
    octets
}

fn any_bed(rng: &mut Rng) -> Option<BedSound> {
    let codec = Codec::ALL[rng.below(5) as usize];
    let form = |octet: u8, octets: u64| Clip { codec, octets: Arc::from(vec![octet; octets as usize]) };
    let octets = rng.below(9_000);
    (rng.below(3) > 0).then(|| BedSound {
        body: form(3, octets),
        rising: form(4, octets),
        falling: form(5, octets),
    })
}

/// What the orders said must come of them.
#[derive(Default)]
struct Owed {
    playbacks: BTreeMap<PlaybackId, bool>,
    taps: Vec<TapReader>,
    open: BTreeMap<LegId, StreamPlan>,
}

fn any_order(world: &mut World, owed: &mut Owed, rng: &mut Rng, step: u64) {
    let leg = LegId(rng.below(LEGS));
    let is_open = owed.open.contains_key(&leg);
    match rng.below(14) {
        0 | 1 if !is_open => {
            let plan = any_plan(rng, leg);
            owed.open.insert(leg, plan.clone());
            let beside = (rng.below(2) > 0).then(|| LegId(rng.below(LEGS)));
            world.open_beside(beside, leg, plan);
        }
        2 if is_open => {
            let playback = PlaybackId(step);
            owed.playbacks.insert(playback, false);
            let (clips, repeat) = (any_clips(rng), rng.below(4) == 0);
            world.command(Command::Play { leg, playback, clips, repeat });
        }
        3 => world.command(Command::Stop { leg }),
        4 if is_open => {
            let (tap, reader) = ring(64, Codec::Pcmu);
            owed.taps.push(reader);
            world.command(Command::Record { leg, tap });
        }
        5 => world.command(Command::StopRecording { leg }),
        6 => world.command(Command::Bridge { a: leg, b: LegId(rng.below(LEGS)) }),
        7 => world.command(Command::Unbridge { leg }),
        8 if rng.below(3) == 0 => {
            owed.open.remove(&leg);
            world.command(Command::Close { leg });
        }
        9 => {
            let hears = (0..LEGS).map(LegId).filter(|_| rng.below(2) == 0).collect();
            let keys = if rng.below(2) == 0 { KeysGo::Nowhere } else { KeysGo::ToTheOthers };
            world.command(Command::Join { leg, room: RoomId(rng.below(2)), hears, keys });
        }
        10 => world.command(Command::Hears { leg, whom: (0..LEGS).map(LegId).collect() }),
        11 => world.command(Command::Leave { leg }),
        12 if rng.below(2) == 0 => world.command(Command::PauseRecording { leg }),
        12 => world.command(Command::ResumeRecording { leg }),
        13 => world.command(Command::Bed { leg, sound: any_bed(rng) }),
        _ => {}
    }
}

/// The frames of every tap are gapless but for those that were dropped, and its span is as long as they are.
fn check_events(events: &[Event], owed: &mut Owed, seed: u64) {
    let (mut began, mut paused) = (BTreeMap::new(), BTreeMap::new());
    for event in events {
        match event {
            Event::PlaybackEnded { playback, .. } => {
                let before = owed.playbacks.insert(*playback, true);
                assert_eq!(before, Some(false), "seed {seed}: {playback} ended twice or never began");
            }
            Event::TapOpened { leg, at } => assert_eq!(began.insert(*leg, *at), None, "seed {seed}"),
            Event::TapClosed { leg, at, frames, dropped } => {
                let open = paused.remove(leg);
                assert!(open.is_none_or(|from| from <= *frames), "seed {seed}: {event:?} after {open:?}");
                let span = began.remove(leg).map_or(Duration::ZERO, |began| at.since(began));
                assert_eq!(span, TICK * *frames as u32, "seed {seed}: {event:?}");
                assert!(dropped <= frames, "seed {seed}: {event:?}");
            }
            Event::TapPaused { leg, frame, .. } => {
                assert_eq!(paused.insert(*leg, *frame), None, "seed {seed}: {event:?}");
            }
            Event::TapResumed { leg, frame, .. } => {
                let from = paused.remove(leg);
                assert!(from.is_some_and(|from| from <= *frame), "seed {seed}: {event:?} after {from:?}");
            }
            Event::FirstPacket { .. }
            | Event::Key { .. }
            | Event::Fax { .. }
            | Event::Moved { .. }
            | Event::MediaSilent { .. }
            | Event::Closed { .. } => {}
        }
    }
}

/// Sequence numbers rise by one and timestamps never fall, from the first packet of a stream to its last.
fn check_streams(left: &[Left], seed: u64) {
    let mut last: BTreeMap<PortIndex, &Left> = BTreeMap::new();
    for packet in left {
        let begins = (packet.sequence, packet.timestamp) == (65_530, u32::MAX - 1_000);
        let before = last.insert(packet.port, packet).filter(|_| !begins);
        let Some(before) = before else { continue };
        if packet.sequence == 65_530 && packet.marker {
            continue; // the port's next leg, whose first packet left after a pause
        }
        assert_eq!(packet.sequence, before.sequence.wrapping_add(1), "seed {seed}: {before:?} {packet:?}");
        let is_audio = packet.payload_type != 101 && before.payload_type != 101;
        let onwards = packet.timestamp.wrapping_sub(before.timestamp) as i32;
        assert!(!is_audio || (80..1_000_000).contains(&onwards), "seed {seed}: {before:?} {packet:?}");
    }
}

#[test]
fn whatever_comes_streams_are_unbroken_and_every_order_is_answered_once() {
    for seed in 0..60 {
        let mut rng = Rng::seeded(seed);
        let (mut world, mut owed) = (World::new(), Owed::default());
        for step in 0..150 {
            any_order(&mut world, &mut owed, &mut rng, step);
            let leg = LegId(rng.below(LEGS));
            let from = party(LegId(rng.below(LEGS)));
            world.rtp(leg, from, &any_packet(&mut rng));
            let ms = [0, 3, 20, 20, 20, 700][rng.below(6) as usize];
            world.run_ms(ms);
        }
        (0..LEGS).for_each(|leg| world.command(Command::Close { leg: LegId(leg) }));
        let events = world.events();
        check_events(&events, &mut owed, seed);
        check_streams(&world.left, seed);
        let unanswered: Vec<_> = owed.playbacks.iter().filter(|(_, ended)| !**ended).collect();
        assert!(unanswered.is_empty(), "seed {seed}: {unanswered:?}");
        for reader in &mut owed.taps {
            frames(reader);
            assert!(reader.is_finished(), "seed {seed}: a tap was left open");
        }
        assert_eq!((world.engine.legs(), world.engine.next_slot()), (0, None), "seed {seed}");
    }
}
