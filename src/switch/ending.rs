//! A call ends: once, with a cause and a blame, and with nothing left behind.
//!
//! The hang-up is told at once; then the streams, the tap and the file close in that order, and the
//! record is written as of the hang-up. A disk that hangs is not waited for longer than [`CLOSING_MAX`].

use super::Switch;
use super::call::Ending;
use super::interface::Output;
use super::transfer::STATUS_TERMINATED;
use crate::call::leg::Leg;
use crate::call::take;
use crate::id::{CallId, ExitName, LegId};
use crate::limits::CLOSING_MAX;
use crate::media::command::{Command, Counters};
use crate::report::event::{Cause, Event, Party};
use crate::sip::interface as sip;

impl Switch {
    /// A leg is over by the peer's or the SIP machine's doing.
    pub(super) fn on_leg_over(&mut self, leg: LegId, cause: Cause, by: Party) {
        let Some(&id) = self.legs.get(&leg) else { return };
        if by == Party::Engine && self.is_asked_again(id, leg) {
            return self.not_resumed(id, leg);
        }
        let Some(call) = self.calls.get_mut(&id) else { return };
        if call.is_patient(leg) {
            self.end_call(id, cause, by, None);
        } else if call.person_leg(leg).is_some() {
            self.person_left(id, leg);
        } else if call.transferor_leg(leg).is_some() {
            self.transferor_left(id);
        } else if call.guest(leg).is_some() {
            self.guest_left(id, leg);
        } else {
            self.coming_left(id, leg);
        }
        self.rekey(id);
    }

    /// The call is over. Told again, it changes nothing.
    pub(super) fn end_call(&mut self, id: CallId, cause: Cause, by: Party, exit: Option<ExitName>) {
        let at = self.now;
        let Some(call) = self.calls.get_mut(&id).filter(|call| call.ending.is_none()) else { return };
        let exit = exit.or_else(|| call.run.exit().cloned());
        let told = if by == Party::Caller { call.party_of(call.patient.id) } else { by };
        call.ending = Some(Ending { cause, by: told, exit, at, until: at.at + CLOSING_MAX });
        self.counters.count_ending(cause);
        let patient = call.patient.clone();
        let person = call.person.as_ref().map(|person| person.leg.id);
        let told_by_peer = matches!(by, Party::Caller)
            || matches!(cause, Cause::AckMissing | Cause::NoCommonMedia | Cause::SessionLost);
        self.tell_of_help_over(id);
        if let Some(leg) = person {
            self.sip(sip::Command::HangUp { leg, reason: None });
            self.drop_person(id);
        }
        self.drop_transfer(id, STATUS_TERMINATED, None);
        self.end_guests(id, None);
        self.drop_coming(id);
        if !told_by_peer {
            self.sip(sip::Command::HangUp { leg: patient.id, reason: hang_up_reason(cause) });
        }
        self.order_take(id, take::Input::Stop);
        self.forget_request(id);
        self.close_patient(id, &patient);
        self.finish_if_closed(id);
        self.rekey(id);
    }

    fn close_patient(&mut self, id: CallId, patient: &Leg) {
        if patient.open {
            return self.tell_patient(id, |leg| Command::Close { leg });
        }
        self.legs.remove(&patient.id);
        self.withdraw(patient);
        self.ports.release_unused(patient.worker, patient.port);
    }

    /// A worker has closed a leg: its port rests from now on.
    pub(super) fn on_media_closed(&mut self, id: CallId, leg: LegId, counters: Counters) {
        let now = self.now.at;
        let Some(call) = self.calls.get_mut(&id) else { return };
        let closed = if call.is_patient(leg) {
            call.patient.open = false;
            Some(call.patient.clone())
        } else {
            call.leaving.iter().position(|l| l.id == leg).map(|place| call.leaving.swap_remove(place))
        };
        let Some(closed) = closed else { return };
        self.legs.remove(&leg);
        self.ports.release(closed.worker, closed.port, now);
        self.append(id, Event::MediaClosed { leg, counters });
        self.finish_if_closed(id);
    }

    /// Writes the last line once streams, tap and file are closed.
    pub(super) fn finish_if_closed(&mut self, id: CallId) {
        let closed = self.calls.get(&id).is_some_and(|call| {
            call.ending.is_some() && !call.patient.open && call.leaving.is_empty() && call.recording.is_none()
        });
        if closed {
            self.finish_call(id);
        }
    }

    /// Writes the last line, whatever is still open.
    pub(super) fn finish_call(&mut self, id: CallId) {
        let Some(call) = self.calls.remove(&id) else { return };
        if call.voiced {
            self.outputs.push_back(Output::ForgetVoiced { call: id });
        }
        if let Some(due) = call.due {
            self.timers.remove(&(due, id));
        }
        for leg in call.leaving.iter().chain(Some(&call.patient)).filter(|leg| leg.open) {
            self.counters.closed_late += 1;
            self.legs.remove(&leg.id);
            self.ports.release(leg.worker, leg.port, self.now.at);
        }
        let ladder = self.ladders.end(self.now.at, id);
        let Some(ending) = call.ending else { return };
        self.counters.ended += 1;
        if let Some(ladder) = ladder {
            self.append_as_of(ending.at, id, Event::Ladder(Box::new(ladder)));
        }
        let event = Event::Ended { cause: ending.cause, by: ending.by, exit: ending.exit };
        self.append_as_of(ending.at, id, event);
    }
}

/// The Reason header field of our BYE (RFC 3326), where there is more to say than "done".
fn hang_up_reason(cause: Cause) -> Option<&'static str> {
    match cause {
        Cause::Draining => Some("SIP;cause=503;text=\"engine is shutting down\""),
        Cause::TooLong => Some("SIP;cause=408;text=\"greatest call length reached\""),
        Cause::MediaLost => Some("SIP;cause=408;text=\"no media\""),
        Cause::Normal
        | Cause::Cancelled
        | Cause::NoCommonMedia
        | Cause::AckMissing
        | Cause::SessionLost
        | Cause::EngineRestart => None,
    }
}
