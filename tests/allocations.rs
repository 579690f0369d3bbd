//! Parsing, judging and reading an INVITE allocates nothing: a flood of them cannot make memory scarce.

#[path = "../benches/support/allocations.rs"]
mod allocations;
#[path = "../benches/support/invite.rs"]
mod invite;

use allocations::Counting;
use careline::wire::sip::message::{Message, parse};
use std::hint::black_box;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[test]
fn reading_an_invite_allocates_nothing() {
    let text = invite::invite();
    let read = || match parse(black_box(text.as_bytes())) {
        Ok(Message::Request(request)) => invite::read_as_a_uas(&request),
        other => panic!("{other:?}"),
    };
    // Other threads of the test program allocate too, now and then; ours would each time.
    let least = (0..20).map(|_| allocations::during(read)).min();
    assert_eq!(least, Some(0));
    let counted = allocations::during(|| drop(black_box(text.clone())));
    assert!(counted > 0, "the allocator counts");
}
