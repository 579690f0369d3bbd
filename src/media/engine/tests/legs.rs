//! Legs as things that are opened and closed: their slots, ports and memory, and orders that cannot be.

use super::*;

#[test]
fn legs_are_spread_over_the_slots_and_ports_come_back() {
    let mut world = World::new();
    let legs: Vec<LegId> = (0..8).map(LegId).collect();
    legs.iter().for_each(|leg| world.open(*leg, plan(*leg)));
    world.tick();
    let mut times: Vec<u64> = world.left.iter().map(|left| left.at.as_micros()).collect();
    assert_eq!(times.len(), 8);
    times.dedup();
    assert_eq!(times, [5_000, 10_000, 15_000, 20_000], "two in each slot");
    legs.iter().for_each(|leg| world.command(Command::Close { leg: *leg }));
    assert_eq!((world.engine.legs(), world.engine.next_slot()), (0, None));
    world.open(LegId(3), plan(A));
    world.run_ms(60);
    assert_eq!(world.engine.counters().refused_commands, 0);
}

#[test]
fn who_will_talk_with_another_ticks_right_behind_him() {
    let mut world = World::new();
    (0..4).map(LegId).for_each(|leg| world.open(leg, plan(leg)));
    world.open_beside(Some(LegId(2)), LegId(4), plan(LegId(4)));
    world.open_beside(Some(LegId(0)), LegId(5), plan(LegId(5)));
    world.open_beside(Some(LegId(0)), LegId(6), plan(LegId(6)));
    world.open_beside(Some(LegId(99)), LegId(7), plan(LegId(7)));
    world.tick();
    let ports: Vec<(u64, u32)> =
        world.left.iter().map(|left| (left.at.as_micros() / 5_000, left.port.0)).collect();
    let sorted =
        |slot: u64| ports.iter().filter(|(at, _)| *at == slot).map(|(_, port)| *port).collect::<Vec<_>>();
    let by_slot = [1, 2, 3, 4].map(sorted);
    assert!(by_slot.contains(&vec![0, 6, 5]), "the newest right behind him: {by_slot:?}");
    assert!(by_slot.contains(&vec![2, 4]), "{by_slot:?}");
    assert!(
        by_slot.iter().any(|slot| slot.contains(&7) && slot.len() == 2),
        "a leg that is gone: {by_slot:?}"
    );
}

#[test]
fn the_groups_stay_about_equal_though_all_want_to_be_beside_one() {
    let mut world = World::new();
    world.engine = Engine::new(80);
    world.open(LegId(0), plan(A));
    (1..80).map(LegId).for_each(|leg| world.open_beside(Some(LegId(0)), leg, plan(leg)));
    let mut filled = world.engine.groups.each_ref().map(|group| group.residents.len());
    filled.sort_unstable();
    assert_eq!(filled.iter().sum::<usize>(), 80);
    assert!(filled[3] <= filled[0] + filled[0] / GROUP_MORE_SHARE + GROUP_MORE_LEGS, "{filled:?}");
    assert!(filled[3] > filled[0], "{filled:?}");
}

#[test]
fn a_leg_takes_little_memory() {
    let octets = size_of::<Leg>() + size_of::<Port>();
    assert!(
        octets <= 8_500,
        "{octets} octets for a leg with its listener and the ring of its jitter buffer, beside its sockets and its recorder's ring"
    );
}

#[test]
fn commands_that_cannot_be_are_counted_and_change_nothing() {
    let mut world = World::new();
    world.open(A, plan(A));
    world.open(A, plan(A));
    world.open(LegId(99), plan(B));
    world.command(Command::Stop { leg: B });
    world.command(Command::Bridge { a: A, b: A });
    world.command(Command::Bridge { a: A, b: B });
    world.command(Command::Close { leg: B });
    world.tick();
    assert_eq!((world.engine.counters().refused_commands, world.engine.legs(), world.left.len()), (6, 1, 1));
    assert_eq!(world.events(), []);
}
