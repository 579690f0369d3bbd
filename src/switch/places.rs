//! Who has dialled hands on whom he called: the two change places for as long as that lasts.
//!
//! ```text
//!  nurse ══ patient ──REFER of the nurse──▶ patient where callers are, nurse aside, colleague rung (`transfer.rs`)
//!                      │ the colleague answers ──────────▶ colleague ══ patient, as if that one had dialled
//!                      │                                   (a user handed to no user: as if the user had)
//!                      │ nobody, and the nurse is there ─▶ nurse ══ patient again
//!                      └ nobody, and the nurse has left ─▶ somebody outside: up the person ladder; a user: over
//! ```
//! So the transfer is the same machine whoever has called whom. No call for help is handed on, and no two whom phones of ours
//! have called outside are brought together.

use super::Switch;
use super::call::Call;
use super::dialled::{Dialled, Script};
use super::talk::Talk;
use crate::flow::action::{Company, Input, Urgency, Why};
use crate::flow::run::Run;
use crate::id::{CallId, LegId};
use crate::report::event::Party;
use std::sync::Arc;

impl Call {
    /// Whether who has dialled may hand on whom he talks with now.
    pub fn may_be_handed_on(&self) -> bool {
        let is_usual = self.run.placed().is_some_and(|placed| placed.urgency() == Urgency::Usual);
        is_usual && self.turned.is_none() && self.patient.open && self.person_with_patient().is_some()
    }

    /// By which leg the log names the talk of somebody with this leg: that of who was called.
    pub fn named_by(&self, leg: LegId) -> LegId {
        if self.turned.is_some() { self.patient.id } else { leg }
    }

    /// Who the party of that leg is for the log.
    pub fn party_of(&self, leg: LegId) -> Party {
        if self.is_patient(leg) == self.turned.is_none() { Party::Caller } else { Party::Person }
    }

    /// The two legs change places: whoever hears whom does so as before.
    fn change_places(&mut self) {
        let Some(person) = &mut self.person else { return };
        std::mem::swap(&mut person.leg, &mut self.patient);
        std::mem::swap(&mut person.under, &mut self.under);
        if let Talk::Bridge(with) = &mut self.talk {
            *with = person.leg.id;
        }
    }
}

impl Switch {
    /// The party of this leg hands the talk on: if it is who has dialled, he goes where persons are.
    pub(super) fn turn_for(&mut self, id: CallId, by: LegId) {
        let realm = self.house.realm().to_owned();
        let call = self.calls.get_mut(&id).filter(|call| call.is_patient(by));
        let Some(call) = call.filter(|call| call.may_be_handed_on()) else { return };
        let user = call.run.placed().and_then(|placed| placed.user.clone()).unwrap_or_default();
        let Some(person) = &mut call.person else { return };
        let called = std::mem::replace(&mut person.target, format!("sip:{user}@{realm}"));
        call.change_places();
        call.turned = Some(called);
    }

    /// Whoever talks with the one who was called from now on is where who has dialled was, and the call is his; but for somebody
    /// who is no user and comes to one who is: then that one is there, for it is he who is surely ours.
    pub(super) fn turn_back(&mut self, id: CallId) {
        let Some(call) = self.calls.get_mut(&id).filter(|call| call.person.is_some()) else { return };
        let (Some(called), Some(person)) = (call.turned.take(), &mut call.person) else { return };
        let stays = self.sip.is_user(&called) && !self.sip.is_user(&person.target);
        let ours = if stays { called } else { std::mem::replace(&mut person.target, called) };
        if !stays {
            call.change_places();
        }
        if let Script::Dialled(dialled) = &mut call.run {
            dialled.placed.user = self.sip.user_named(&ours).map(Arc::from);
        }
    }

    /// Nobody of ours is left with the one who was called. Somebody outside may be a patient: from now on he is a caller of the
    /// flows, and is led up the person ladder unless a third party talks with him. `false`: it is another call.
    pub(super) fn lead_called_on(&mut self, id: CallId) -> bool {
        let now = self.now;
        let Some(call) = self.calls.get_mut(&id) else { return false };
        let is_outside = call.turned.as_ref().is_some_and(|called| !self.sip.is_user(called));
        let Script::Dialled(Dialled { set, .. }) = &call.run else { return false };
        if !is_outside {
            return false;
        }
        // No number of ours was called: it is the flow of those that are not listed.
        let flow = set.route("").clone();
        call.run = Script::Flow(Run::new(Arc::clone(set), flow).begun_at(now.at, now.wall));
        call.turned = None;
        let company = if call.patient_talks() { Company::Person } else { Company::Nobody };
        self.run_flow(id, Input::Resumed { why: Why::Asked, company });
        true
    }
}
