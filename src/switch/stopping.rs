//! The engine stops: nobody is called any more, whoever is left hears so, and at the limit the calls end.
//!
//! ```text
//!  Drain{within} ──▶ no new calls, no persons called but for callers in danger
//!        within - FAREWELL - FAREWELL_WARNED ──▶ persons in a talk hear that it ends soon
//!        within - FAREWELL ──▶ persons leave; the last words to the patient, then his call ends
//!        within ──▶ whatever is left ends
//!  the last call is gone ──▶ BYEs are answered, trunks that have us logged in hear that we leave; 2 s at the most ──▶ Drained
//! ```
//! Phones of the house that have called for help speak on until they hang up, unless the engine is to stop at once.
//! A limit that leaves no time for the words ends without them; one that leaves less for the warning warns at once.

use super::Switch;
use super::hearing::Place;
use super::person::STATUS_STOPPING;
use crate::audio::tone::Signal;
use crate::clock::Instant;
use crate::flow::action::{Input, Urgency};
use crate::id::{CallId, LegId};
use crate::limits::{CLOSING_MAX, FAREWELL, FAREWELL_WARNED, PARTING_MAX};
use crate::report::event::{Cause, Event, Party};
use crate::sip::interface as sip;
use std::collections::BTreeSet;
use std::time::Duration;

/// The text of the Reason header field for a person who leaves because of that.
const REASON: &str = "SIP;cause=503;text=\"engine is shutting down\"";

/// Until when calls may go on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stopping {
    /// When persons hear that their talk ends soon; `None` once they did, or if nobody is told.
    warning: Option<Instant>,
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
        let farewell = within.checked_sub(FAREWELL);
        let warned = farewell.map(|before| before.saturating_sub(FAREWELL_WARNED));
        Self {
            warning: warned.map(|before| now + before),
            farewell: farewell.map(|before| now + before),
            limit: now + within,
            spares,
        }
    }

    /// What comes first.
    pub fn due(&self) -> Instant {
        [self.warning, self.farewell].into_iter().flatten().fold(self.limit, Instant::min)
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
        let warns = stopping.warning.take_if(|at| *at <= now).is_some();
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
        } else if warns {
            left.into_iter().for_each(|id| self.warn_persons(id));
        }
    }

    /// Everybody in the talk but a patient, who hears words at its end.
    fn warn_persons(&mut self, id: CallId) {
        let Some(call) = self.calls.get(&id).filter(|call| call.ending.is_none()) else { return };
        let has_patient = call.run.placed().is_none();
        let talking = call.talking().into_iter();
        let persons = talking.filter(|(place, _)| *place != Place::Patient || !has_patient);
        let persons = persons.map(|(_, leg)| leg);
        let consulting = call.consulting().into_iter().flat_map(|(from, asked)| [from, asked]);
        let warned: BTreeSet<LegId> = persons.chain(consulting).collect();
        warned.into_iter().for_each(|leg| self.sound_for(id, leg, Signal::EndsSoon));
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
