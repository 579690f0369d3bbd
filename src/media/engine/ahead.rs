//! The memory of the legs whose turn comes next in a slot, asked for step by step.
//!
//! ```text
//!  place             now             + 1 step     + 2 steps   + 3 steps   + 4 steps
//!  a leg of its own                  sound, rest              head        port
//!  whom it hears     what is said    head         port
//! ```
//! Each step reads what the one before asked for, and is long enough ahead for it to be there. Whom a leg hears is mostly its
//! neighbour, whose own turn asks for him: only a leg that lives elsewhere is asked for by who hears it.

use super::{Engine, Port};
use crate::media::command::PortIndex;
use crate::near;

/// Legs between asking for something and reading it: as many as take as long as memory does.
const STEP: usize = 4;

impl Engine {
    /// Whoever serves `ports`, one after the other and in the order of their turns, is at `place`: what those that follow need is
    /// asked for. No sooner: what the kernel does for the packets of a slot would push it out again.
    pub fn ask_ahead(&self, ports: &[PortIndex], place: usize) {
        let after = |steps: usize| ports.get(place + steps * STEP).copied();
        let heard_elsewhere = |steps: usize| {
            let at = place + steps * STEP;
            let heard = self.leg_in(*ports.get(at)?)?.bridged_to()?;
            let neighbours = [at.checked_sub(1), Some(at + 1)];
            let is_neighbour = |at: Option<usize>| at.and_then(|at| ports.get(at)) == Some(&heard);
            if neighbours.into_iter().any(is_neighbour) { None } else { self.port_at(heard) }
        };
        if let Some(port) = after(4).and_then(|index| self.port_at(index)) {
            near::ask_for(&port.leg);
        }
        if let Some(place) = after(3).and_then(|index| self.port_at(index)?.leg) {
            self.legs.ask_for(place);
        }
        if let Some(port) = heard_elsewhere(2) {
            near::ask_for(&port.leg);
        }
        if let Some(leg) = after(1).and_then(|index| self.leg_in(index)) {
            leg.ask_for_next();
        }
        if let Some(place) = heard_elsewhere(1).and_then(|port| port.leg) {
            self.legs.ask_for(place);
        }
        if let Some(other) = after(0).and_then(|index| self.legs.get(self.port_heard_at(index)?.leg?)) {
            other.ask_for_said();
        }
    }

    fn port_at(&self, index: PortIndex) -> Option<&Port> {
        self.ports.get(index.0 as usize)
    }

    /// The port of the leg that the one at this port hears over a bridge.
    fn port_heard_at(&self, index: PortIndex) -> Option<&Port> {
        self.port_at(self.leg_in(index)?.bridged_to()?)
    }
}
