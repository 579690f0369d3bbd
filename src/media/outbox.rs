//! Events that wait for the switch, in order and bounded.
//!
//! What the switch itself brings about (a playing ended, a leg closed) is bounded by its commands and
//! is never lost. Keys come at the peer's pace: while [`MEDIA_EVENTS_MAX`] events wait, further keys
//! are dropped and counted. A person cannot press that many; only a flood can.

use crate::limits::MEDIA_EVENTS_MAX;
use crate::media::command::Event;
use std::collections::VecDeque;

/// The waiting events.
#[derive(Debug, Default)]
pub struct Outbox {
    waiting: VecDeque<Event>,
    keys_dropped: u64,
}

impl Outbox {
    /// Adds an event that must not be lost.
    pub fn tell(&mut self, event: Event) {
        self.waiting.push_back(event);
    }

    /// Adds a key, unless the bound is met.
    pub fn tell_key(&mut self, event: Event) {
        if self.waiting.len() < MEDIA_EVENTS_MAX {
            self.waiting.push_back(event);
        } else {
            self.keys_dropped += 1;
        }
    }

    /// The oldest waiting event.
    pub fn take(&mut self) -> Option<Event> {
        self.waiting.pop_front()
    }

    /// Nothing waits.
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Keys that met the bound, since the start.
    pub const fn keys_dropped(&self) -> u64 {
        self.keys_dropped
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Instant;
    use crate::id::LegId;
    use crate::wire::telephone_event::Key;

    #[test]
    fn a_flood_of_keys_meets_the_bound_and_what_must_be_told_does_not() {
        let mut outbox = Outbox::default();
        let (leg, at) = (LegId(1), Instant::START);
        (0..MEDIA_EVENTS_MAX + 5).for_each(|_| outbox.tell_key(Event::Key { leg, key: Key::Star, at }));
        outbox.tell(Event::MediaSilent { leg, at });
        assert_eq!(outbox.keys_dropped(), 5);
        let mut told = 0;
        let mut last = None;
        while let Some(event) = outbox.take() {
            told += 1;
            last = Some(event);
        }
        assert_eq!((told, last), (MEDIA_EVENTS_MAX + 1, Some(Event::MediaSilent { leg, at })));
        assert!(outbox.is_empty());
    }
}
