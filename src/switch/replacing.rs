//! A person goes on at another phone of his: its INVITE names the dialog whose place it takes (RFC 3891 §3).
//!
//! ```text
//!  patient ══ ann's desk phone                       patient ══ ann's other phone
//!             INVITE, Replaces, no password ─▶ 407    BYE to the desk phone
//!                            the password ─▶ 200
//!                                without an offer ─▶ 200 with ours, ACK with the answer (RFC 3261 §13.2.1)
//! ```
//! Only a talk is taken, and only by the user who was called for it: whoever is no user of ours hears 403 before anything is looked
//! up. A phone that rings is not: no other phone could know its tags. For patient and flow the talk goes on. Whoever has our
//! offer takes the place when it has answered that, if it may then as it might before; until then all is as it was.

use super::Switch;
use super::call::{Brought, Person, Voice};
use super::incoming::new_leg;
use super::person::STATUS_NO_PORT;
use super::ports::Owned;
use super::taking::{STATUS_OVER, leg_of};
use super::transfer::{STATUS_FORBIDDEN, STATUS_PENDING};
use crate::call::leg::Leg;
use crate::call::routing::trunk_of;
use crate::id::{CallId, LegId};
use crate::report::event::{Event, TransferMeans};
use crate::sip::interface::{self as sip, Proof};
use crate::sip::invite::offer_answer::Agreed;
use crate::sip::refer::Replaced;
use std::sync::Arc;

/// Its offer cannot be answered (RFC 3261 §21.4.26).
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

/// A phone that has our offer, and takes a place when it has answered that.
pub struct Coming {
    /// Its leg, which nobody hears yet.
    leg: Leg,
    /// The leg that goes.
    old: LegId,
    /// The user who is at both.
    user: Arc<str>,
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
            let owned = self.port_beside_talk(place.call).ok_or(STATUS_NO_PORT)?;
            Ok((place, owned))
        });
        match owned {
            Ok((place, owned)) => self.replace(leg, &invite, (place, user), owned),
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
        match (is_his, &its.coming) {
            (false, _) => Err(STATUS_FORBIDDEN),
            (true, Some(_)) => Err(STATUS_PENDING),
            (true, None) => Ok(Place { call, old, target: person.target.clone() }),
        }
    }

    fn replace(&mut self, leg: LegId, invite: &sip::Invite, (place, user): (Place, Arc<str>), owned: Owned) {
        let id = place.call;
        let mut its = new_leg(leg, owned, invite.way.local, invite.way.remote.ip());
        let Some(offer) = &invite.sdp else {
            self.ladders.join(id, leg, invite.sip_call_id.expose());
            return self.offer_place(its, place, user);
        };
        let Ok(agreed) = self.answer_offer(&mut its, offer) else {
            self.ports.release_unused(owned.worker, owned.port);
            return self.refuse_replacing(leg, STATUS_NO_MEDIA);
        };
        self.sip(sip::Command::Answer { leg, sdp: agreed.body.clone() });
        self.ladders.join(id, leg, invite.sip_call_id.expose());
        self.take_place(its, &agreed, place);
    }

    /// Who offers nothing gets our offer in the 200, and its ACK brings the answer (RFC 3261 §13.2.1).
    fn offer_place(&mut self, mut its: Leg, place: Place, user: Arc<str>) {
        let Place { call: id, old, .. } = place;
        let leg = its.id;
        let sdp = self.make_offer(&mut its);
        self.promise(&its);
        self.legs.insert(leg, id);
        if let Some(call) = self.calls.get_mut(&id) {
            call.coming = Some(Coming { leg: its, old, user });
        }
        self.sip(sip::Command::Answer { leg, sdp });
    }

    /// The ACK of who has our offer. `false` if this leg takes nobody's place.
    pub(super) fn on_place_confirmed(&mut self, id: CallId, leg: LegId, sdp: Option<&[u8]>) -> bool {
        let call = self.calls.get_mut(&id);
        let Some(coming) = call.and_then(|call| call.coming.take_if(|coming| coming.leg.id == leg)) else {
            return false;
        };
        let agreed = sdp.and_then(|sdp| self.read_answer(&coming.leg, sdp).ok());
        let place = self.may_replace(&coming.user, Replaced::Leg(coming.old)).ok();
        // The call may have gone to another worker since.
        let place = place.filter(|place| self.has_room_for(place.call, &coming.leg));
        match agreed.zip(place) {
            Some((agreed, place)) => self.take_place(coming.leg, &agreed, place),
            None => {
                self.counters.transfers_refused += 1;
                self.sip(sip::Command::HangUp { leg, reason: None });
                self.close_leg(id, coming.leg);
            }
        }
        true
    }

    /// The phone with our offer is gone: the talk goes on without it.
    pub(super) fn coming_left(&mut self, id: CallId, leg: LegId) {
        let call = self.calls.get_mut(&id);
        if let Some(coming) = call.and_then(|call| call.coming.take_if(|coming| coming.leg.id == leg)) {
            self.close_leg(id, coming.leg);
        }
    }

    /// The call is over: a phone with our offer has nothing left to come to.
    pub(super) fn drop_coming(&mut self, id: CallId) {
        let Some(coming) = self.calls.get_mut(&id).and_then(|call| call.coming.take()) else { return };
        self.sip(sip::Command::HangUp { leg: coming.leg.id, reason: None });
        self.close_leg(id, coming.leg);
    }

    fn take_place(&mut self, mut its: Leg, agreed: &Agreed, place: Place) {
        let Place { call: id, old, target } = place;
        let leg = its.id;
        self.legs.insert(leg, id);
        self.open_leg(&mut its, agreed);
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
