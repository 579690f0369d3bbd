//! Calls that phones of ours place: who may, what it means, and what is refused (RFC 3261 §22.3).
//!
//! ```text
//!  INVITE over a trunk, or to a number that a flow answers ─────────▶ a caller, as ever: nobody is asked for a password
//!         to an emergency number, from a phone that we know ────────▶ help, whatever else is up
//!         From names a user of ours, or the password was shown ─┬─▶ no password, an old nonce, a wrong one: 407
//!                                                                ├─▶ another user's: 403
//!                                                                └─▶ the dial plan (`dial`), the caps (`meter`)
//!  somebody of the Internet, to a number that no flow is named for ──▶ not answered at all
//!  anybody else ────────────────────────────────────────────────────▶ a caller, as ever
//! ```
//! Only who has shown his password causes a call over a trunk. A refusal is a count and a line in the log, without the
//! number. Not here: what runs in such a call (`dialled`).

use super::Switch;
use super::dial::{self, Fault, Goal};
use super::dialled::{Dialled, Placed, Script, Whom};
use super::meter::Meter;
use crate::call::routing::trunk_of;
use crate::flow::set::FlowSet;
use crate::id::{CallId, LegId};
use crate::sip::interface as sip;
use crate::sip::interface::Proof;
use crate::sip::nearby::is_near;
use crate::sip::way::Way;
use crate::wire::sip::message::Request;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Whose phones are ours.
#[derive(Default)]
pub(super) struct House {
    users: BTreeSet<Arc<str>>,
    realm: String,
    meter: Meter,
    /// How often each trunk was called over.
    pub trunk_meter: Meter,
}

impl House {
    /// What the passwords of its users are for.
    pub fn realm(&self) -> &str {
        &self.realm
    }

    /// These users from now on; what they dialled is still counted.
    pub fn take(&mut self, phones: &sip::Phones) {
        self.users = phones.users.iter().map(|user| Arc::from(user.name.as_str())).collect();
        self.realm.clone_from(&phones.realm);
    }
}

/// What an INVITE is, by who sends it and what it dials.
#[derive(Debug)]
pub(super) enum Reading {
    /// A caller.
    Caller,
    /// Somebody of the Internet who tries out numbers.
    Prober,
    /// A phone of ours that has to show its password first.
    Unproven,
    /// A phone of ours that may not.
    Refused(Fault),
    /// A phone of ours that may.
    Placed(Placed),
}

impl Switch {
    /// What an INVITE is. In doubt it is a caller's: no patient is asked for a password.
    pub(super) fn read_invite(&self, invite: &sip::Invite) -> Reading {
        if trunk_of(&self.settings.trunks, invite.way.remote.ip()).is_some() {
            return Reading::Caller;
        }
        let dialled = self.number_called(invite, None);
        let dialled = dialled.expose().as_str();
        if self.settings.dial.emergency.as_ref().is_some_and(|emergency| emergency.is_number(dialled)) {
            return self.read_emergency(invite, dialled);
        }
        let help = self.settings.dial.answered.iter().any(|number| number == dialled);
        if help || self.is_answered(dialled, invite.sip_call_id.expose()) {
            return Reading::Caller;
        }
        let user = match (&invite.phone.proof, &invite.phone.named) {
            (Proof::Knows(user), None) => user,
            (Proof::Knows(user), Some(named)) if named == user => user,
            (Proof::Knows(_), Some(_)) => return Reading::Refused(Fault::OtherUser),
            (Proof::Nothing | Proof::Stale | Proof::Wrong, Some(_)) => return Reading::Unproven,
            (Proof::Nothing | Proof::Stale | Proof::Wrong, None) => {
                return if self.is_from_afar(invite) { Reading::Prober } else { Reading::Caller };
            }
        };
        match dial::read(dialled, user, &self.house.users, self.settings.dial.outside.as_ref()) {
            Ok(Goal::Number { trunk, number }) if !self.settings.dial.takes(&trunk, number.expose()) => {
                Reading::Refused(Fault::NotAllowed)
            }
            Ok(goal) => Reading::Placed(Placed { user: Some(Arc::clone(user)), whom: Whom::Party(goal) }),
            Err(fault) => Reading::Refused(fault),
        }
    }

    /// Whether who calls stands in the Internet and is no phone of ours. Patients come by trunks and from near networks, or dial
    /// a number that a flow is named for.
    fn is_from_afar(&self, invite: &sip::Invite) -> bool {
        !is_near(invite.way.remote.ip()) && self.sip.phone_at(self.now.at, &invite.way).is_none()
    }

    /// A phone of ours is known by its password, by its login, or by its network. One that is known by nothing is asked if
    /// it says that it is ours; else somebody from outside calls, and a flow answers.
    fn read_emergency(&self, invite: &sip::Invite, dialled: &str) -> Reading {
        let user = match &invite.phone.proof {
            Proof::Knows(user) => Some(Arc::clone(user)),
            Proof::Nothing | Proof::Stale | Proof::Wrong => self.sip.phone_at(self.now.at, &invite.way),
        };
        let emergency = self.settings.dial.emergency.as_ref();
        let place = emergency.and_then(|it| it.place_of(invite.way.remote.ip())).cloned();
        if user.is_some() || place.is_some() {
            let whom = Whom::Emergency { number: dialled.to_owned(), place };
            return Reading::Placed(Placed { user, whom });
        }
        match (&invite.phone.named, &invite.phone.proof) {
            (Some(_), Proof::Nothing | Proof::Stale) => Reading::Unproven,
            (Some(_), Proof::Wrong | Proof::Knows(_)) | (None, _) => Reading::Caller,
        }
    }

    /// Whether a request is that of a phone of the house that calls for help: it is known by where it is.
    pub fn calls_for_help(&self, way: &Way, request: &Request<'_>) -> bool {
        self.sip.calls_for_help(way, request)
    }

    /// Whether a flow is named for this number, or it is the one where lines are closed by phone.
    pub(super) fn is_answered(&self, dialled: &str, sip_call_id: &str) -> bool {
        let service = self.settings.service.as_ref();
        service.is_some_and(|service| FlowSet::is_same_number(&service.number, dialled))
            || self.flows.of_call(dialled, sip_call_id).answers(dialled)
    }

    /// Counts a call of a phone of ours against its caps, if it goes over a trunk.
    pub(super) fn count_dialled(&mut self, placed: &Placed) -> Result<(), Fault> {
        let (Some(user), Some(outside)) = (&placed.user, &self.settings.dial.outside) else { return Ok(()) };
        if !placed.is_outside() {
            return Ok(());
        }
        let of_user = |other: &&Placed| other.is_outside() && other.user.as_ref() == Some(user);
        let calls = self.calls.values().filter(|call| call.ending.is_none());
        let up = calls.filter_map(|call| call.run.placed()).filter(of_user).count();
        let caps = outside.caps_of(user);
        self.house.meter.take(self.now.at, user, caps, up)
    }

    /// A phone of ours may not: it hears so, and the log, without the number.
    pub(super) fn refuse_dialled(&mut self, leg: LegId, invite: &sip::Invite, fault: Fault) {
        self.counters.dials_refused += 1;
        let user = match &invite.phone.proof {
            Proof::Knows(user) => &**user,
            Proof::Nothing | Proof::Stale | Proof::Wrong => "",
        };
        tracing::warn!(user, %fault, "a call that a phone dialled is not placed");
        self.refuse(leg, fault.status(), None);
    }

    /// What runs in the call of a phone of ours. Of an emergency the house is told at once.
    pub(super) fn dialled_script(&mut self, id: CallId, placed: Placed, flows: Arc<FlowSet>) -> Script {
        match &placed.whom {
            Whom::Party(_) => self.counters.dialled += 1,
            Whom::Emergency { place, .. } => {
                self.counters.emergencies += 1;
                let user = placed.user.as_deref().unwrap_or("nobody who is logged in");
                let location = place.as_ref().map_or("not known", |place| place.location.as_str());
                tracing::warn!(call = %id, user, location, "EMERGENCY: a phone of the house calls for help");
            }
        }
        Script::Dialled(Dialled::new(placed, &self.house.realm, self.settings.ring, flows))
    }
}
