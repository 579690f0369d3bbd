//! A caller who goes round in a flow costs no memory: its steps allocate nothing, however often they are gone. An entry of
//! digits allocates what is its own, and no more.

#[path = "../benches/support/allocations.rs"]
mod allocations;
#[path = "../benches/support/steady.rs"]
mod steady;

use allocations::Counting;
use steady::{Caller, WAYS, Way};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// The least of some counts: other threads of the test program allocate too, now and then.
fn allocations_of_ten_rounds(way: &Way) -> u64 {
    let mut caller = Caller::on(way);
    let count = |_| allocations::during(|| (0..10).for_each(|_| caller.once_round()));
    let least = (0..10).map(count).min().unwrap_or(u64::MAX);
    assert_eq!(caller.steps, 100 * way.steps_per_round, "{}: the steps of a hundred rounds", way.name);
    least
}

// One test: another at the same time would be counted too.
#[test]
fn the_steps_of_a_steady_caller_allocate_nothing_and_an_entry_only_what_is_its_own() {
    let counted = WAYS.map(|way| (way.name, allocations_of_ten_rounds(&way)));
    let told = WAYS.map(|way| (way.name, u64::from(10 * way.allocations_per_round)));
    assert_eq!(counted, told, "allocations of ten rounds, counted and told");
    assert!(told.iter().any(|(_, count)| *count > 0), "or else it was not seen that the allocator counts");
}
