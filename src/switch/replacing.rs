//! A person goes on at another phone of his: its INVITE names the dialog whose place it takes (RFC 3891 §3).
//!
//! ```text
//!  patient ══ ann's desk phone                       patient ══ ann's other phone
//!             INVITE, Replaces, no password ─▶ 407    BYE to the desk phone
//!                            the password ─▶ 200
//! ```
//! Only a talk is taken, and only by the user who was called for it: whoever is no user of ours hears 403 before anything is looked
//! up. A phone that rings is not: no other phone could know its tags. For patient and flow the talk goes on.

use super::Switch;
use super::call::{Brought, Person, Voice};
use super::incoming::new_leg;
use super::person::STATUS_NO_PORT;
use super::ports::Owned;
use super::taking::{STATUS_OVER, leg_of};
use super::transfer::STATUS_FORBIDDEN;
use crate::call::routing::trunk_of;
use crate::id::{CallId, LegId};
use crate::report::event::{Event, TransferMeans};
use crate::sip::interface::{self as sip, Proof};
use crate::sip::refer::Replaced;
use std::sync::Arc;

/// Its offer cannot be answered, or there is none (RFC 3261 §21.4.26).
const STATUS_NO_MEDIA: u16 = 488;

/// Who wants to take a place.
enum Asker {
    /// This user.
    User(Arc<str>),
    /// One who says so, and has to show his password.
    Unproven,
    /// Nobody of ours.
    Stranger,
}

/// Whose place is taken.
struct Place {
    call: CallId,
    /// The leg that goes.
    old: LegId,
    target: String,
}

impl Switch {
    /// The dialog whose place an INVITE is to take; none for who calls for help, whatever else he says.
    pub(super) fn replaced_by(&self, invite: &sip::Invite) -> Option<Replaced> {
        let dialled = self.number_called(invite, None);
        let dialled = dialled.expose().as_str();
        let dial = &self.settings.dial;
        let help = dial.emergency.as_ref().is_some_and(|emergency| emergency.is_number(dialled))
            || dial.answered.iter().any(|number| number == dialled);
        invite.replaces.filter(|_| !help)
    }

    /// A phone wants to take the place of another one.
    pub(super) fn on_replacing(&mut self, leg: LegId, invite: sip::Invite, replaced: Replaced) {
        let user = match self.asker(&invite) {
            Asker::User(user) => user,
            Asker::Unproven => return self.sip(sip::Command::Challenge { leg, phone: invite.phone }),
            Asker::Stranger => return self.refuse_replacing(leg, STATUS_FORBIDDEN),
        };
        let found = self.may_replace(&user, replaced);
        let owned = found.and_then(|place| {
            let owned = self.port_where_patient_is(place.call).ok_or(STATUS_NO_PORT)?;
            Ok((place, owned))
        });
        match owned {
            Ok((place, owned)) => self.replace(leg, &invite, place, owned),
            Err(status) => self.refuse_replacing(leg, status),
        }
    }

    fn refuse_replacing(&mut self, leg: LegId, status: u16) {
        self.counters.transfers_refused += 1;
        self.refuse(leg, status, None);
    }

    fn asker(&self, invite: &sip::Invite) -> Asker {
        if trunk_of(&self.settings.trunks, invite.way.remote.ip()).is_some() {
            return Asker::Stranger;
        }
        match (&invite.phone.proof, &invite.phone.named) {
            (Proof::Knows(user), None) => Asker::User(Arc::clone(user)),
            (Proof::Knows(user), Some(named)) if user == named => Asker::User(Arc::clone(user)),
            (Proof::Knows(_), Some(_)) => Asker::Stranger,
            (Proof::Nothing | Proof::Stale | Proof::Wrong, Some(_)) => Asker::Unproven,
            (Proof::Nothing | Proof::Stale | Proof::Wrong, None) => Asker::Stranger,
        }
    }

    /// The place that this user may take; or the status that says no.
    fn may_replace(&self, user: &str, replaced: Replaced) -> Result<Place, u16> {
        let old = leg_of(replaced)?;
        let known = self.legs.get(&old).and_then(|id| Some((*id, self.calls.get(id)?)));
        let (call, its) = known.filter(|(_, its)| its.ending.is_none()).ok_or(STATUS_OVER)?;
        let person = its.person_with_patient().filter(|person| person.leg.id == old);
        let person = person.ok_or(STATUS_FORBIDDEN)?;
        let is_his = self.sip.user_named(&person.target).is_some_and(|called| called == user);
        if is_his { Ok(Place { call, old, target: person.target.clone() }) } else { Err(STATUS_FORBIDDEN) }
    }

    fn replace(&mut self, leg: LegId, invite: &sip::Invite, place: Place, owned: Owned) {
        let Place { call: id, old, target } = place;
        let mut its = new_leg(leg, owned, invite.way.local, invite.way.remote.ip());
        let agreed = invite.sdp.as_ref().and_then(|offer| self.answer_offer(&mut its, offer).ok());
        let Some(agreed) = agreed else {
            self.ports.release_unused(owned.worker, owned.port);
            return self.refuse_replacing(leg, STATUS_NO_MEDIA);
        };
        self.sip(sip::Command::Answer { leg, sdp: agreed.body.clone() });
        self.legs.insert(leg, id);
        self.open_leg(&mut its, &agreed);
        self.ladders.join(id, leg, invite.sip_call_id.expose());
        self.set_aside(id, old, &target, TransferMeans::Phone);
        self.append(id, Event::PersonCalled { leg, target: target.clone() });
        if let Some(call) = self.calls.get_mut(&id) {
            let known = Person::known(its, target, None);
            let (brought, voice) = (Brought::ByTransfer, Voice::Unheard);
            call.person = Some(Person { brought, voice, ..known });
        }
        self.bridge_in_place(id, leg);
        self.rekey(id);
    }
}
