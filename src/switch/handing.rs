//! To whom a talk may be handed on, and handing it on by command: `careline transfer`.
//!
//! ```text
//!  REFER ─────▶ Whom ─┐
//!                     ├─▶ a user of ours, or somebody whom the flows of this call name ─▶ `transfer.rs`
//!  careline transfer ─┘
//! ```
//! A command is obeyed as if the person of the talk had asked: its phone is told nothing, and who gave it hears what came
//! of it.

use super::Switch;
use super::dialled::Placed;
use super::interface::{GuestDone, GuestRefusal};
use super::transfer::STATUS_TERMINATED;
use crate::flow::action::Urgency;
use crate::id::{AskId, CallId};
use crate::report::event::TransferMeans;
use crate::sip::carrier::Dialled;
use crate::sip::refer::Whom;
use crate::wire::sip::uri::Uri;
use crate::wire::sip::uri_match::same;

impl Switch {
    /// The target that a REFER means: a user, or somebody whom the flows of this call name. A phone writes the name or
    /// number that was dialled with our own address behind it.
    pub(super) fn target_of(&self, id: CallId, whom: &Whom) -> Option<String> {
        let mut called = self.calls.get(&id)?.run.set().called();
        let found = match whom {
            Whom::User(target) => return Some(target.clone()),
            Whom::Here(user) => called.find(|target| is_dialled(target, user.expose())),
            Whom::Elsewhere(uri) => {
                let uri = Uri::read(uri.expose().as_bytes()).ok()?;
                called.find(|target| Uri::read(target.as_bytes()).is_ok_and(|its| same(&its, &uri)))
            }
        };
        found.map(str::to_owned)
    }

    /// The target that a command means, or a number that a person has pressed.
    pub(super) fn target_written(&self, id: CallId, written: &str) -> Option<String> {
        let at_realm = format!("sip:{written}@{}", self.house.realm());
        if let Some(user) = [written, &at_realm].into_iter().find(|target| self.sip.is_user(target)) {
            return Some(user.to_owned());
        }
        let mut called = self.calls.get(&id)?.run.set().called();
        called.find(|target| *target == written || is_dialled(target, written)).map(str::to_owned)
    }

    /// Hands the talk on as if its person had asked; what comes of it is told later.
    pub(super) fn hand_on(&mut self, ask: AskId, id: CallId, written: &str) -> Result<(), GuestRefusal> {
        let call =
            self.calls.get(&id).filter(|call| call.ending.is_none()).ok_or(GuestRefusal::NoCall(id))?;
        // The person would be the patient there, or who sends help.
        match call.run.placed().map(Placed::urgency) {
            None => {}
            Some(Urgency::Usual) => return Err(GuestRefusal::Dialled(id)),
            Some(Urgency::Danger) => return Err(GuestRefusal::CallsForHelp(id)),
        }
        let by =
            call.person_with_patient().map(|person| person.leg.id).ok_or(GuestRefusal::NobodyTalks(id))?;
        let not_ours = || GuestRefusal::NotOurs(written.to_owned());
        let target = self.target_written(id, written).ok_or_else(not_ours)?;
        let owned = self.port_for_transfer(id).map_err(|status| match self.stopping {
            Some(_) => GuestRefusal::Stopping,
            None => GuestRefusal::NotReached { target: target.clone(), status },
        })?;
        self.begin_transfer(id, by, target.clone(), owned, TransferMeans::Command);
        if let Some(transfer) = self.calls.get_mut(&id).and_then(|call| call.transfer.as_mut()) {
            transfer.asked = Some((ask, target));
        }
        Ok(())
    }

    /// Tells who gave the command what came of it: `refused` is the status, if nobody was reached.
    pub(super) fn tell_of_transfer(&mut self, asked: Option<(AskId, String)>, refused: Option<u16>) {
        let Some((ask, target)) = asked else { return };
        let answer = match refused {
            None => Ok(GuestDone::HandedOn),
            Some(STATUS_TERMINATED) => Err(GuestRefusal::TalkOver(target)),
            Some(_) if self.stopping.is_some() => Err(GuestRefusal::Stopping),
            Some(status) => Err(GuestRefusal::NotReached { target, status }),
        };
        self.answer_guest(Some(ask), answer);
    }
}

/// Whether who dials `user` at our address means this target: the name in its URI, or its number over a carrier.
fn is_dialled(target: &str, user: &str) -> bool {
    if let Some(dialled) = Dialled::read(target) {
        let digits = |number: &str| number.strip_prefix('+').unwrap_or(number).to_owned();
        return digits(dialled.number.expose()) == digits(user);
    }
    let uri = Uri::read(target.as_bytes()).ok();
    uri.and_then(|uri| uri.user_unescaped()).is_some_and(|name| *name == *user.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_dialled_is_a_name_or_a_number_of_the_flows() {
        for (target, user, expected) in [
            ("sip:front-desk@10.0.0.9:5060", "front-desk", true),
            ("sip:front-desk@10.0.0.9:5060", "Front-Desk", false),
            ("sip:front-desk@10.0.0.9:5060", "front", false),
            ("sip:10.0.0.9", "", false),
            ("trunk:carrier/+16175550142", "+16175550142", true),
            ("trunk:carrier/+16175550142", "16175550142", true),
            ("trunk:carrier/+16175550142", "6175550142", false),
            ("trunk:carrier/+16175550142", "carrier", false),
        ] {
            assert_eq!(is_dialled(target, user), expected, "{target} {user}");
        }
    }
}
