//! A supervisor beside patient and person: what the recording holds, whose keys pass, and whose bed is heard.

use super::*;
use crate::id::RoomId;
use crate::media::bed::BedSound;
use crate::media::command::KeysGo;
use crate::wire::codec::Codec;

const PATIENT: LegId = LegId(1);
const PERSON: LegId = LegId(2);
const SUPERVISOR: LegId = LegId(3);
const ALL: [LegId; 3] = [PATIENT, PERSON, SUPERVISOR];

/// The tone of a leg: whole periods in a tick.
fn tone_hz(leg: LegId) -> u32 {
    400 + 300 * leg.0 as u32
}

fn frame(leg: LegId) -> Vec<u8> {
    let step = std::f64::consts::TAU * f64::from(tone_hz(leg)) / 8_000.0;
    (0..160).map(|n| g711::encode(Law::Mu, (6_000.0 * (step * f64::from(n)).sin()) as i16)).collect()
}

/// All three in one room: the patient hears nobody yet.
fn together() -> World {
    let mut world = World::new();
    for leg in ALL {
        world.open(leg, plan(leg));
        let keys = if leg == SUPERVISOR { KeysGo::Nowhere } else { KeysGo::ToTheOthers };
        world.command(Command::Join { leg, room: RoomId(1), hears: Vec::new(), keys });
    }
    world
}

fn hears(world: &mut World, lines: [(LegId, &[LegId]); 3]) {
    for (leg, whom) in lines {
        world.command(Command::Hears { leg, whom: whom.to_vec() });
    }
}

const LISTENS: [(LegId, &[LegId]); 3] =
    [(PATIENT, &[PERSON]), (PERSON, &[PATIENT]), (SUPERVISOR, &[PATIENT, PERSON])];
const WHISPERS: [(LegId, &[LegId]); 3] =
    [(PATIENT, &[PERSON]), (PERSON, &[PATIENT, SUPERVISOR]), (SUPERVISOR, &[PATIENT, PERSON])];
const BARGES: [(LegId, &[LegId]); 3] =
    [(PATIENT, &[PERSON, SUPERVISOR]), (PERSON, &[PATIENT, SUPERVISOR]), (SUPERVISOR, &[PATIENT, PERSON])];

/// Everybody says his tone for so many ticks, the first packet being the nth.
fn talk(world: &mut World, first: u16, ticks: u16) {
    for n in first..first + ticks {
        for leg in ALL {
            world.rtp(leg, party(leg), &packet(0, 55, n, u32::from(n) * 160, &frame(leg)));
        }
        world.tick();
    }
}

#[test]
fn the_patients_recording_never_holds_a_whisper_and_holds_who_barges_in() {
    for (why, lines, right) in [
        ("listens", LISTENS, vec![PERSON]),
        ("whispers", WHISPERS, vec![PERSON]),
        ("barges in", BARGES, vec![PERSON, SUPERVISOR]),
    ] {
        let mut world = together();
        hears(&mut world, lines);
        let (tap, mut reader) = ring(1_000, Codec::L16Wide);
        world.command(Command::Record { leg: PATIENT, tap });
        talk(&mut world, 0, 60);
        let mut decoders = [crate::audio::transcode::Decode::default(), Default::default()];
        let mut sides = [Vec::new(), Vec::new()];
        for frame in frames(&mut reader).iter().skip(20) {
            sides[0].extend(decoders[0].narrow(&frame.party));
            sides[1].extend(decoders[1].narrow(&frame.ours));
        }
        let heard = |samples: &[i16]| -> Vec<LegId> {
            ALL.into_iter().filter(|leg| power(samples, tone_hz(*leg)) > 1.0e4).collect()
        };
        assert_eq!((heard(&sides[0]), heard(&sides[1])), (vec![PATIENT], right), "{why}");
    }
}

/// Keys that came out of each leg, as events of the party that it sends to.
fn passed_to(world: &World) -> Vec<LegId> {
    let got = |leg: &LegId| world.sent_to(*leg).iter().any(|left| left.payload_type == 101);
    ALL.into_iter().filter(got).collect()
}

#[test]
fn keys_go_to_those_who_talk_with_who_pressed_them_and_a_supervisors_go_to_nobody() {
    for (why, lines, presses, to) in [
        ("to a menu that the person is", LISTENS, PATIENT, vec![PERSON]),
        ("a supervisor listens", LISTENS, PERSON, vec![PATIENT]),
        ("a supervisor who listens presses", LISTENS, SUPERVISOR, vec![]),
        ("and one who whispers", WHISPERS, SUPERVISOR, vec![]),
        ("and one who has barged in", BARGES, SUPERVISOR, vec![]),
    ] {
        let mut world = together();
        hears(&mut world, lines);
        world.run_ms(40);
        for n in 1..=8u16 {
            let (duration, end) = if n <= 5 { (n * 160, false) } else { (800, true) };
            world.rtp(presses, party(presses), &event(n, 5_000, duration, end));
            world.tick();
        }
        assert_eq!(passed_to(&world), to, "{why}");
        let told = world.events();
        let keys = told.iter().filter(|event| matches!(event, Event::Key { .. })).count();
        assert_eq!(keys, 1, "{why}: {told:?}");
    }
}

#[test]
fn who_is_held_beside_a_listener_hears_his_bed() {
    let clip = || Clip { codec: Codec::Pcmu, octets: frame(LegId(9)).repeat(50).into() };
    let bed = BedSound { body: clip(), rising: clip(), falling: clip() };
    let mut world = together();
    hears(&mut world, LISTENS);
    talk(&mut world, 0, 40);
    world.command(Command::Bed { leg: PATIENT, sound: Some(bed) });
    let held = StreamPlan { direction: Direction { send: false, receive: true }, ..plan(PERSON) };
    world.command(Command::Replan { leg: PERSON, plan: held });
    talk(&mut world, 40, 100);
    let last: Vec<&Left> = world.sent_to(PATIENT).into_iter().rev().take(5).collect();
    assert!(last.iter().all(|left| left.payload == frame(LegId(9))), "the bed, and nothing else");
}
