//! A leg's memory, asked for before its turn: what a talk on a calm line uses. The rest is waited for when it is needed.

use super::Leg;
use crate::media::bridge::Relay;
use crate::media::listener::Listener;
use crate::near;
use std::mem::offset_of;
use std::ops::Range;

impl Leg {
    /// Where in a leg that lies which a packet and a tick need, beside sound: from the number of keys that wait to be
    /// passed on to the head of the listener.
    pub const HEAD: Range<usize> = offset_of!(Leg, relay) + size_of::<Relay>() - size_of::<usize>()
        ..offset_of!(Leg, listener) + Listener::HEAD_OCTETS;

    /// Asks for what the next packet and tick need more. The head is near.
    pub fn ask_for_next(&self) {
        near::ask_for(self.plan.takes.as_slice());
        self.reporter.ask_for_timeout();
        if let Some(listener) = &self.listener {
            listener.ask_for_next();
        }
    }

    /// Asks for what the party is saying. The head is near.
    pub fn ask_for_said(&self) {
        if let Some(listener) = &self.listener {
            listener.ask_for_said();
        }
    }
}

// The head is looked for from the beginning of where a leg may be: nothing lies before it there.
const _: () = assert!(size_of::<Option<Leg>>() == size_of::<Leg>());
const _: () = assert!(size_of::<Option<Listener>>() == size_of::<Listener>());
