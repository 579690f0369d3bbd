//! Two parties in a bridge: who hears whom, and whose keys pass.

use super::*;

#[test]
fn each_party_of_a_bridge_hears_the_other_and_not_itself() {
    for (codec_b, law_b, payload_type_b) in [(Codec::Pcmu, Law::Mu, 0), (Codec::Pcma, Law::A, 8)] {
        let mut world = World::new();
        world.open(A, plan(A));
        let plan_b = in_codec(plan(B), payload_type_b, codec_b);
        world.open(B, plan_b);
        world.command(Command::Bridge { a: A, b: B });
        for (n, (low, high)) in tone(440, 50).iter().zip(tone(620, 50)).enumerate() {
            let n = n as u16;
            let mut high = high;
            g711::transcode(Law::Mu, law_b, &mut high);
            world.rtp(A, party(A), &audio(n, low));
            world.rtp(B, party(B), &packet(payload_type_b, 77, n, u32::from(n) * 160, &high));
            world.tick();
        }
        let heard =
            |leg| world.sent_to(leg).iter().flat_map(|left| left.payload.clone()).collect::<Vec<u8>>();
        assert_eq!(tones_in(Codec::Pcmu, &heard(A), &[440, 620]), [620], "A, with B in {codec_b:?}");
        assert_eq!(tones_in(codec_b, &heard(B), &[440, 620]), [440], "B in {codec_b:?}");
        assert!(world.sent_to(B).iter().all(|left| left.payload_type == payload_type_b));
    }
}

#[test]
fn after_parting_both_hear_silence() {
    let mut world = World::new();
    world.open(A, plan(A));
    world.open(B, plan(B));
    world.command(Command::Bridge { a: A, b: B });
    world.command(Command::Close { leg: B });
    world.left.clear();
    for (n, frame) in tone(440, 20).iter().enumerate() {
        world.rtp(A, party(A), &audio(n as u16, frame));
        world.tick();
    }
    assert!(world.left.iter().all(|left| left.port == PortIndex(1) && left.payload == [255; 160]));
}

#[test]
fn a_key_passes_the_bridge_with_the_other_sides_payload_type_and_is_told_once() {
    let mut world = World::new();
    world.open(A, plan(A));
    world.open(B, with_keys(plan(B), Some(96)));
    world.command(Command::Bridge { a: A, b: B });
    world.run_ms(40);
    for n in 1..=8u16 {
        let (duration, end) = if n <= 5 { (n * 160, false) } else { (800, true) };
        world.rtp(A, party(A), &event(n, 5_000, duration, end));
        world.tick();
    }
    let keys: Vec<Event> =
        world.events().into_iter().filter(|event| matches!(event, Event::Key { .. })).collect();
    assert!(matches!(keys[..], [Event::Key { leg: A, key: Key::Digit(5), .. }]), "{keys:?}");
    let sent = world.sent_to(B);
    let passed: Vec<&&Left> = sent.iter().filter(|left| left.payload_type == 96).collect();
    assert_eq!(passed.len(), 8);
    assert!(passed.iter().all(|left| left.timestamp == passed[0].timestamp), "one press, one timestamp");
    let markers: Vec<bool> = passed.iter().map(|left| left.marker).collect();
    assert_eq!(markers, [true, false, false, false, false, false, false, false]);
    assert_eq!(passed[7].payload, [5, 0x8a, 3, 32]);
    let sequences: Vec<u16> = sent.iter().map(|left| left.sequence).collect();
    assert!(sequences.windows(2).all(|pair| pair[1] == pair[0].wrapping_add(1)), "{sequences:?}");
    assert!(world.sent_to(A).iter().all(|left| left.payload_type == 0), "nothing comes back to A");
}

#[test]
fn keys_that_go_nowhere_are_told_and_pass_neither_bridge_nor_room_until_they_are_to() {
    use crate::id::RoomId;
    use crate::media::command::KeysGo;
    for in_room in [false, true] {
        let mut world = World::new();
        world.open(A, plan(A));
        world.open(B, with_keys(plan(B), Some(96)));
        if in_room {
            for (leg, whom) in [(A, B), (B, A)] {
                let (room, keys) = (RoomId(1), KeysGo::ToTheOthers);
                world.command(Command::Join { leg, room, hears: Vec::new(), keys });
                world.command(Command::Hears { leg, whom: vec![whom] });
            }
            world.command(Command::Hears { leg: A, whom: vec![B] });
        } else {
            world.command(Command::Bridge { a: A, b: B });
        }
        world.run_ms(40);
        for (press, go, passes) in
            [(0u16, KeysGo::Nowhere, 0), (1, KeysGo::ToTheOthers, 8), (2, KeysGo::Nowhere, 0)]
        {
            world.command(Command::Keys { leg: A, go });
            world.left.clear();
            for n in 1..=8u16 {
                let (duration, end) = if n <= 5 { (n * 160, false) } else { (800, true) };
                let timestamp = 5_000 + 4_000 * u32::from(press);
                world.rtp(A, party(A), &event(8 * press + n, timestamp, duration, end));
                world.tick();
            }
            let passed = world.sent_to(B).iter().filter(|left| left.payload_type == 96).count();
            let told = world.events();
            let told = told.iter().filter(|event| matches!(event, Event::Key { .. })).count();
            assert_eq!((passed, told), (passes, 1), "in a room: {in_room}, press {press}");
        }
    }
}

#[test]
fn the_rest_of_a_press_that_led_to_the_bridge_does_not_pass_it_and_the_next_press_does() {
    let mut world = World::new();
    world.open(A, plan(A));
    world.open(B, with_keys(plan(B), Some(96)));
    world.run_ms(40);
    for n in 1..=16u16 {
        if n == 3 {
            world.command(Command::Bridge { a: A, b: B });
        }
        let (press, tick) = (u32::from((n - 1) / 8), (n - 1) % 8 + 1);
        let (duration, end) = if tick <= 5 { (tick * 160, false) } else { (800, true) };
        world.rtp(A, party(A), &event(n, 5_000 + press * 2_400, duration, end));
        world.tick();
    }
    let sent = world.sent_to(B);
    let passed: Vec<&&Left> = sent.iter().filter(|left| left.payload_type == 96).collect();
    let durations: Vec<&[u8]> = passed.iter().map(|left| &left.payload[..]).collect();
    assert_eq!((passed.len(), passed[0].marker), (8, true), "only the second press: {durations:?}");
}
