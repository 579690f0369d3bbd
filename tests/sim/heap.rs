//! What is going to happen, ordered by time and then by the order of asking: two events of the same
//! microsecond never change places between two runs.

use careline::clock::Instant;
use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

/// The future of a world.
pub struct Heap<E> {
    events: BinaryHeap<Reverse<Planned<E>>>,
    sequence: u64,
}

struct Planned<E> {
    at: Instant,
    sequence: u64,
    event: E,
}

impl<E> Heap<E> {
    /// A future in which nothing happens.
    pub fn new() -> Self {
        Self { events: BinaryHeap::new(), sequence: 0 }
    }

    /// Plans `event` for `at`.
    pub fn push(&mut self, at: Instant, event: E) {
        let sequence = self.sequence;
        self.sequence += 1;
        self.events.push(Reverse(Planned { at, sequence, event }));
    }

    /// When the next event is.
    pub fn next_at(&self) -> Option<Instant> {
        self.events.peek().map(|Reverse(planned)| planned.at)
    }

    /// Takes the next event if it is due at `now`.
    pub fn pop_due(&mut self, now: Instant) -> Option<E> {
        if self.next_at()? > now {
            return None;
        }
        self.events.pop().map(|Reverse(planned)| planned.event)
    }
}

impl<E> PartialEq for Planned<E> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl<E> Eq for Planned<E> {}

impl<E> PartialOrd for Planned<E> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<E> Ord for Planned<E> {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.at, self.sequence).cmp(&(other.at, other.sequence))
    }
}

#[test]
fn events_of_one_moment_happen_in_the_order_of_asking() {
    let mut heap = Heap::new();
    let at = Instant::from_millis;
    for (at, event) in [(at(2), 'c'), (at(1), 'a'), (at(2), 'd'), (at(1), 'b')] {
        heap.push(at, event);
    }
    assert_eq!(heap.pop_due(at(0)), None);
    let order: String = std::iter::from_fn(|| heap.pop_due(at(9))).collect();
    assert_eq!(order, "abcd");
}
