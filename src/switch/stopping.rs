//! The engine stops: nobody is called any more, whoever is left hears so, and at the limit the calls end.
//!
//! ```text
//!  Drain{within} ──▶ no new calls, no persons called but for callers in danger
//!        within - FAREWELL ──▶ persons leave; the last words to the patient, then his call ends
//!        within ──▶ whatever is left ends
//!  the last call is gone ──▶ BYEs are answered, trunks that have us logged in hear that we leave; 2 s at the most ──▶ Drained
//! ```
//! Phones of the house that have called for help speak on until they hang up, unless the engine is to stop at once.
//! A limit that leaves no time for the words ends without them.

use super::Switch;
use super::person::STATUS_STOPPING;
use crate::clock::Instant;
use crate::flow::action::{Input, Urgency};
use crate::id::CallId;
use crate::limits::{CLOSING_MAX, FAREWELL, PARTING_MAX};
use crate::report::event::{Cause, Event, Party};
use crate::sip::interface as sip;
use std::time::Duration;

/// The text of the Reason header field for a person who leaves because of that.
const REASON: &str = "SIP;cause=503;text=\"engine is shutting down\"";

/// Until when calls may go on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stopping {
    /// When those who are left are told; `None` once they are, or if there is no time for it.
    pub farewell: Option<Instant>,
    /// When those who are left are ended.
    pub limit: Instant,
    /// Whether phones of the house that have called for help speak on.
    spares: Spares,
}

/// Whose calls outlast a stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Spares {
    /// Emergency calls of the house: they end with their parties.
    Emergencies,
    /// Nobody's: the engine is to stop at once.
    Nobody,
}

impl Stopping {
    pub fn within(now: Instant, within: Duration) -> Self {
        let spares = if within.is_zero() { Spares::Nobody } else { Spares::Emergencies };
        Self {
            farewell: within.checked_sub(FAREWELL).map(|before| now + before),
            limit: now + within,
            spares,
        }
    }

    /// What comes first.
    pub fn due(&self) -> Instant {
        self.farewell.map_or(self.limit, |farewell| farewell.min(self.limit))
    }
}

impl Switch {
    /// Whether a call to a person may be placed now.
    pub(super) fn may_call_person(&self, urgency: Urgency) -> bool {
        self.stopping.is_none() || urgency == Urgency::Danger
    }

    /// Whether everybody has heard that we leave: the parties of the last calls, who may have to be reached by a new
    /// connection or a second datagram, and the trunks that send calls here because of a login. They have a moment to
    /// answer once the last call is gone. Who stops the engine a second time does not wait for that.
    pub(super) fn has_parted(&mut self) -> bool {
        let until = match self.parting {
            Some(until) => until,
            None => {
                let until = self.now.at + PARTING_MAX;
                self.parting = Some(until);
                self.sip(sip::Command::PartNow);
                self.sip(sip::Command::LogOut);
                self.run_sip();
                until
            }
        };
        until <= self.now.at || !self.sip.is_parting()
    }

    /// The time has come for what stopping wants.
    pub(super) fn on_stopping_timeout(&mut self) {
        let now = self.now.at;
        let Some(stopping) = self.stopping.as_mut() else { return };
        let tells = stopping.farewell.take_if(|at| *at <= now).is_some();
        let ends = stopping.limit <= now;
        if ends {
            stopping.limit = now + CLOSING_MAX;
        }
        let spares = stopping.spares;
        let left = self.calls.iter().filter(|(_, call)| spares == Spares::Nobody || !call.run.is_emergency());
        let left: Vec<CallId> = left.map(|(id, _)| *id).collect();
        if ends {
            left.into_iter().for_each(|id| self.end_call(id, Cause::Draining, Party::Engine, None));
        } else if tells {
            left.into_iter().for_each(|id| self.say_farewell(id));
        }
    }

    fn say_farewell(&mut self, id: CallId) {
        if self.calls.get(&id).is_none_or(|call| !call.heard || call.ending.is_some()) {
            return;
        }
        self.end_guests(id, Some(REASON));
        let Some(call) = self.calls.get(&id) else { return };
        let is_consulted = call.is_consulted();
        let person = call.person.as_ref();
        let person = person.map(|person| (person.leg.id, person.leg.open && !is_consulted));
        if let Some((leg, talks)) = person {
            self.sip(sip::Command::HangUp { leg, reason: Some(REASON) });
            if talks {
                self.part(id, leg);
            } else {
                self.drop_person(id);
                self.append(id, Event::PersonNotReached { leg, status: STATUS_STOPPING });
            }
        }
        self.drop_transfer(id, STATUS_STOPPING, Some(REASON));
        self.run_flow(id, Input::Stopping);
        self.rekey(id);
    }
}
