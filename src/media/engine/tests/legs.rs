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
