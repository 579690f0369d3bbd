//! Which packets are the party's, and what shows that it is still there.

use super::*;

#[test]
fn a_finished_caller_who_keeps_sending_is_never_heard_by_the_next_leg() {
    let mut world = World::new();
    let ghost: SocketAddr = "198.51.100.9:7000".parse().unwrap();
    let port = PortIndex(1);
    let open = |leg, remote| {
        let silent_after = Duration::from_secs(60);
        let plan = StreamPlan { remote, ..plan(A) };
        Command::Open {
            leg,
            port,
            plan,
            ssrc: 1,
            sequence: 1,
            timestamp: 1,
            beside: None,
            seed: 1,
            silent_after,
        }
    };
    world.command(open(A, ghost));
    let mut n = 0;
    let mut ghost_sends = |world: &mut World, ms: u64| {
        for _ in 0..ms / 20 {
            n += 1;
            world.engine.receive(
                world.now,
                port,
                Kind::Rtp,
                ghost,
                &packet(0, 666, n, u32::from(n) * 160, &[9; 160]),
            );
            let event = TelephoneEvent { event: 5, end: false, volume: 0, duration: 160 }.write();
            world.engine.receive(
                world.now,
                port,
                Kind::Rtp,
                ghost,
                &packet(101, 666, n, u32::from(n), &event),
            );
            world.tick();
        }
    };
    ghost_sends(&mut world, 1_000);
    world.command(Command::Close { leg: A });
    ghost_sends(&mut world, 10_000);
    world.events();
    let nat: SocketAddr = "203.0.113.5:6000".parse().unwrap();
    world.command(open(B, "192.168.1.7:4000".parse().unwrap()));
    let (tap, mut reader) = ring(2_000, Codec::Pcmu);
    world.command(Command::Record { leg: B, tap });
    ghost_sends(&mut world, 10_000);
    for n in 0..500u16 {
        world.engine.receive(
            world.now,
            port,
            Kind::Rtp,
            nat,
            &packet(0, 5, n, u32::from(n) * 160, &[3; 160]),
        );
        ghost_sends(&mut world, 20);
    }
    let told = world.events();
    assert!(!told.iter().any(|event| matches!(event, Event::Key { .. })), "{told:?}");
    let heard: Vec<u8> = std::iter::from_fn(|| reader.pop()).map(|frame| frame.party.octets()[0]).collect();
    assert!(!heard.contains(&9) && heard.contains(&3), "{heard:?}");
    let to: Vec<SocketAddr> = world.left.iter().rev().take(10).map(|left| left.to).collect();
    assert_eq!(to, [nat; 10]);
}

#[test]
fn nobody_is_latched_by_a_payload_type_that_was_not_agreed_on() {
    let mut world = World::new();
    world.open(A, plan(A));
    for n in 0..5 {
        world.rtp(A, party(A), &packet(9, 55, n, 0, &[0; 160]));
        world.rtp(A, party(B), &packet(9, 55, n, 0, &[0; 160]));
        world.rtp(A, party(A), &[0; 40]);
    }
    world.command(Command::Close { leg: A });
    let events = world.events();
    let Some(Event::Closed { counters, .. }) = events.last() else { panic!("{events:?}") };
    assert_eq!((counters.received, counters.refused, counters.malformed, events.len()), (0, 10, 5, 1));
}

#[test]
fn silence_of_the_party_is_told_once_until_something_comes_again() {
    let mut world = World::new();
    world.open(A, plan(A));
    let silences = |world: &mut World| {
        let count = world.events().iter().filter(|event| matches!(event, Event::MediaSilent { .. })).count();
        (count, world.now.as_micros() / 1_000_000)
    };
    world.run_ms(59_000);
    assert_eq!(silences(&mut world), (0, 59));
    world.run_ms(120_000);
    assert_eq!(silences(&mut world), (1, 179));
    let report = [0x80, 201, 0, 1, 0, 0, 0, 55];
    world.engine.receive(world.now, PortIndex(1), Kind::Rtcp, party(A), &report);
    world.run_ms(59_000);
    assert_eq!(silences(&mut world), (0, 238));
    world.run_ms(2_000);
    assert_eq!(silences(&mut world), (1, 240));
    let held = Direction { send: true, receive: false };
    world.command(Command::Replan { leg: A, plan: StreamPlan { direction: held, ..plan(A) } });
    world.run_ms(200_000);
    assert_eq!(silences(&mut world), (0, 440), "on hold nobody is expected to send");
}

#[test]
fn comfort_noise_of_the_party_shows_that_it_is_there_and_is_not_heard() {
    let mut world = World::new();
    world.open(A, plan(A));
    world.rtp(A, party(A), &audio(1, &[3; 160]));
    for n in 2..70 {
        world.rtp(A, party(A), &packet(13, 55, n, 0, &[60]));
        world.run_ms(1_000);
    }
    world.command(Command::Close { leg: A });
    let events = world.events();
    let Some(Event::Closed { counters, .. }) = events.last() else { panic!("{events:?}") };
    assert_eq!((counters.received, counters.refused), (69, 0));
    assert!(!events.iter().any(|event| matches!(event, Event::MediaSilent { .. })), "{events:?}");
}

#[test]
fn a_phone_that_assumes_payload_type_101_for_keys_is_understood_once_it_is_known() {
    for negotiated in [None, Some(96)] {
        let mut world = World::new();
        world.open(A, with_keys(plan(A), negotiated));
        world.rtp(A, party(A), &event(1, 800, 160, false));
        assert_eq!(world.events(), [], "unknown yet: it latches nobody");
        world.rtp(A, party(A), &audio(2, &[3; 160]));
        (3..6).for_each(|n| world.rtp(A, party(A), &event(n, 800, 160 * n, n > 3)));
        world.rtp(A, party(A), &packet(101, 55, 6, 960, &[1; 160]));
        let keys = world.events().iter().filter(|event| matches!(event, Event::Key { .. })).count();
        assert_eq!(keys, 1, "{negotiated:?}");
    }
}

#[test]
fn reports_of_a_stranger_are_no_sign_of_life() {
    let mut world = World::new();
    world.open(A, plan(A));
    let report = [0x80, 201, 0, 1, 0, 0, 0, 55];
    let stranger = "198.51.100.9:7001".parse().unwrap();
    for _ in 0..61 {
        world.engine.receive(world.now, PortIndex(1), Kind::Rtcp, stranger, &report);
        world.run_ms(1_000);
    }
    assert!(world.events().iter().any(|event| matches!(event, Event::MediaSilent { .. })));
}

#[test]
fn a_party_behind_nat_that_speaks_before_it_answers_is_heard_and_a_ghost_beside_it_is_not() {
    let (ghost, nat): (SocketAddr, SocketAddr) =
        ("198.51.100.9:7000".parse().unwrap(), "203.0.113.5:6000".parse().unwrap());
    // The last: promised to somebody who did not answer, and the leg is another's.
    for (promised, withdrawn, heard) in [(true, false, 3), (false, false, 255), (true, true, 255)] {
        let (mut world, port, mut n) = (World::new(), PortIndex(1), 0);
        let mut send = |world: &mut World, senders: &[(SocketAddr, u32, u8)]| {
            for _ in 0..50 {
                n += 1;
                for &(from, ssrc, said) in senders {
                    let packet = packet(0, ssrc, n, u32::from(n) * 160, &[said; 160]);
                    world.engine.receive(world.now, port, Kind::Rtp, from, &packet);
                }
                world.tick();
            }
        };
        send(&mut world, &[(ghost, 666, 9)]);
        if promised {
            world.command(Command::Promise { port });
            world.tick();
        }
        send(&mut world, &[(ghost, 666, 9), (nat, 5, 3)]);
        if withdrawn {
            world.command(Command::Withdraw { port });
        }
        world.open(A, StreamPlan { remote: "192.168.1.7:4000".parse().unwrap(), ..plan(A) });
        let (tap, mut reader) = ring(200, Codec::Pcmu);
        world.command(Command::Record { leg: A, tap });
        send(&mut world, &[(ghost, 666, 9), (nat, 5, 3)]);
        let frames: Vec<u8> =
            std::iter::from_fn(|| reader.pop()).map(|frame| frame.party.octets()[0]).collect();
        assert!(!frames.contains(&9), "the ghost is heard: {frames:?}");
        assert_eq!(frames.last(), Some(&heard), "promised: {promised}, withdrawn: {withdrawn}: {frames:?}");
    }
}
