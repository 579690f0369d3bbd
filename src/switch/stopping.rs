//! The engine stops: nobody is called any more, whoever is left hears so, and at the limit the calls end.
//!
//! ```text
//!  Drain{within} ──▶ no new calls, no persons called but for callers in danger
//!        within - FAREWELL - FAREWELL_WARNED ──▶ persons in a talk hear that it ends soon
//!        within - FAREWELL ──▶ persons leave; the last words to the patient, then his call ends
//!        within ──▶ whatever is left ends
//!  the last call is gone ──▶ BYEs are answered, trunks that have us logged in hear that we leave; 2 s at the most ──▶ Drained
//! ```
//! Whose life may hang on his call is left out of all this, whether he talks or somebody is called for him: a patient in a
//! crisis or an emergency, a phone of the house that has called for help. Such calls go on until their parties hang up, the
//! engine waits for them and says so once in its log; unless it is to stop at once.
//! A limit that leaves no time for the words ends without them; one that leaves less for the warning warns at once.

use super::Switch;
use super::call::{Call, Resuming};
use super::guests::{Guest, Stage};
use super::hearing::Place;
use super::person::STATUS_STOPPING;
use crate::audio::tone::Signal;
use crate::clock::Instant;
use crate::flow::action::{Input, Urgency};
use crate::id::{CallId, LegId};
use crate::limits::{CLOSING_MAX, FAREWELL, FAREWELL_WARNED, PARTING_MAX};
use crate::report::event::{Cause, Event, GuestMode, Party};
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
    /// Whether calls in danger go on.
    spares: Spares,
    /// The log tells that the engine waits for them.
    pub wait_told: bool,
}

/// Whose calls outlast a stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Spares {
    /// Callers in danger: their calls end with their parties.
    InDanger,
    /// Nobody's: the engine is to stop at once.
    Nobody,
}

impl Stopping {
    pub fn within(now: Instant, within: Duration) -> Self {
        let spares = if within.is_zero() { Spares::Nobody } else { Spares::InDanger };
        let farewell = within.checked_sub(FAREWELL);
        let warned = farewell.map(|before| before.saturating_sub(FAREWELL_WARNED));
        Self {
            warning: warned.map(|before| now + before),
            farewell: farewell.map(|before| now + before),
            limit: now + within,
            spares,
            wait_told: false,
        }
    }

    /// What comes first.
    pub fn due(&self) -> Instant {
        [self.warning, self.farewell].into_iter().flatten().fold(self.limit, Instant::min)
    }
}

impl Switch {
    /// Whether lives may hang on the call: its script says so, or did before the engine died, or a person has left the patient
    /// with a line that is none of ours.
    pub(super) fn is_in_danger(&self, call: &Call) -> bool {
        let was = match call.resuming {
            Resuming::Asked { why } => why.urgency() == Urgency::Danger,
            Resuming::Over => false,
        };
        was || call.run.is_in_danger() || self.is_left_with_a_line(call)
    }

    /// A crisis line that a person brought in is a third party like others; that the person has hung up says that it has the
    /// patient now. Neither a colleague nor an interpreter is such a line.
    fn is_left_with_a_line(&self, call: &Call) -> bool {
        let is_line = |guest: &Guest| {
            let is_there = guest.stage == Stage::In && guest.mode == GuestMode::Third;
            is_there && guest.interprets.is_none() && !self.sip.is_user(&guest.target)
        };
        call.persons().next().is_none() && call.guests.iter().any(is_line)
    }

    /// How much hangs on the call.
    pub(super) fn urgency_of(&self, id: CallId) -> Urgency {
        let is_in_danger = self.calls.get(&id).is_some_and(|call| self.is_in_danger(call));
        if is_in_danger { Urgency::Danger } else { Urgency::Usual }
    }

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
        let is_up = |call: &Call| call.ending.is_none();
        let is_spared = |call: &Call| spares == Spares::InDanger && is_up(call) && self.is_in_danger(call);
        let left = self.calls.iter().filter(|(_, call)| !is_spared(call));
        let left: Vec<CallId> = left.map(|(id, _)| *id).collect();
        if ends {
            self.tell_of_wait(self.calls.len() - left.len());
            left.into_iter().for_each(|id| self.end_call(id, Cause::Draining, Party::Engine, None));
        } else if tells {
            left.into_iter().for_each(|id| self.say_farewell(id));
        } else if warns {
            left.into_iter().for_each(|id| _ = self.warn_persons(id));
        }
    }

    /// The limit is over and the engine does not stop: whoever waits for its end is told why, once.
    fn tell_of_wait(&mut self, calls: usize) {
        let Some(stopping) = self.stopping.as_mut().filter(|it| calls > 0 && !it.wait_told) else { return };
        stopping.wait_told = true;
        tracing::warn!(
            calls,
            "callers in danger are in these calls: the engine stops when they hang up, or if told again"
        );
    }

    /// Everybody in the talk but a patient, who hears words at its end. Tells whether there is anybody.
    pub(super) fn warn_persons(&mut self, id: CallId) -> bool {
        let Some(call) = self.calls.get(&id).filter(|call| call.ending.is_none()) else { return false };
        let has_patient = call.run.placed().is_none();
        let talking = call.talking().into_iter();
        let persons = talking.filter(|(place, _)| *place != Place::Patient || !has_patient);
        let persons = persons.map(|(_, leg)| leg);
        let consulting = call.consulting().into_iter().flat_map(|(from, asked)| [from, asked]);
        let warned: BTreeSet<LegId> = persons.chain(consulting).collect();
        warned.iter().for_each(|leg| self.sound_for(id, *leg, Signal::EndsSoon));
        !warned.is_empty()
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
