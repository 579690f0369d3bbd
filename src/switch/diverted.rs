//! Calls that were sent on to us, and by us: a call of ours that comes back is not answered a second time (RFC 3261 §16.3 step 4
//! has the same of requests; RFC 5806 §3, RFC 7044 §5).
//!
//! ```text
//!  patient ──▶ us ──rung, over a trunk──▶ a person's telephone, which sends its calls on ──▶ us: 482, the ladder goes on
//! ```
//! Who is at the other end of such a call is the patient whom we are calling that person for: if it were answered, he would be put
//! through to our own first words. He loses nothing by the 482, for his own call goes on to the next rung; its record says why.
//! A call is only taken for one of those if a line of ours sent it on and somebody with the same number is being put through just
//! now; or if lines of ours sent it on again and again, or more lines than any carrier lets pass.

use super::Switch;
use crate::call::routing::{CalledNumberFrom, Trunk, called_number, caller_number, trunk_of};
use crate::id::{CallId, LegId};
use crate::limits::carriers::DIVERTED_BY_US_MAX;
use crate::phi::Phi;
use crate::report::event::{Diverted, Event};
use crate::sip::carrier::Dialled;
use crate::sip::diverted::{CarriedOn, Diversions, Diverted as SentOn};
use crate::sip::interface as sip;
use crate::wire::sip::diversion::Wish;

/// The status of a call that goes in a circle: loop detected (RFC 3261 §21.4.20).
const STATUS_LOOP: u16 = 482;
/// Digits at the end by which two spellings of a number are the same line.
const SAME_DIGITS: usize = 7;

/// A call that is not to be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Circle {
    /// It is the one that we place for this call.
    Ours(CallId),
    /// It was sent on too often.
    Endless,
}

impl Switch {
    /// The number that was called: over some trunks a line that was forwarded to us, if a flow is named for it.
    pub(super) fn number_called(&self, invite: &sip::Invite, trunk: Option<&Trunk>) -> Phi<String> {
        called_number(invite, trunk, |number| self.is_answered(number, invite.sip_call_id.expose()))
    }

    /// Whether a call is one of ours that comes back.
    pub(super) fn circle(&self, invite: &sip::Invite) -> Option<Circle> {
        let trunk = trunk_of(&self.settings.trunks, invite.way.remote.ip());
        // Where every call to us was sent on by the line that was called, the last one says nothing.
        let is_its_way = trunk.is_some_and(|it| it.called_number_from == CalledNumberFrom::Diversion);
        let told = invite.diversions.list.iter().skip(usize::from(is_its_way));
        let numbers = told.filter_map(|diverted| diverted.who.as_ref());
        let by_us = numbers.filter(|number| self.is_ours(number) || is_same(number, &invite.request_user));
        let times = by_us.count();
        if times > DIVERTED_BY_US_MAX || invite.diversions.more > 0 {
            return Some(Circle::Endless);
        }
        let caller = caller_number(invite, trunk);
        (times > 0).then(|| self.put_through(caller.as_ref())).flatten().map(Circle::Ours)
    }

    /// A call that goes in a circle is refused, and the record of the one that it comes from says so, once for each person
    /// who is called.
    pub(super) fn refuse_circle(&mut self, leg: LegId, circle: Circle) {
        self.counters.offered += 1;
        self.counters.circles += 1;
        self.refuse(leg, STATUS_LOOP, None);
        let Circle::Ours(id) = circle else { return };
        let person = self.calls.get_mut(&id).and_then(|call| call.person.as_mut());
        let Some(person) = person.filter(|person| !person.came_back) else { return };
        person.came_back = true;
        let leg = person.leg.id;
        self.append(id, Event::CameBack { leg });
    }

    /// Whether the engine shows that number to those whom it calls.
    fn is_ours(&self, number: &Phi<String>) -> bool {
        self.lines.iter().any(|line| is_same(number, line))
    }

    /// The call of somebody with that number, or whom we show by it, who is being put through over a trunk now.
    fn put_through(&self, caller: Option<&Phi<String>>) -> Option<CallId> {
        let is_shown = caller.is_some_and(|caller| self.is_ours(caller));
        let found = self.calls.iter().find(|(_, call)| {
            let rings = call.person.as_ref().filter(|person| person.ring_until.is_some());
            let over_a_trunk = rings.is_some_and(|person| Dialled::is_meant(&person.target));
            let is_he = match (caller, &call.caller) {
                (Some(caller), Some(its)) => is_same(caller, its),
                (None, None) => true,
                (Some(_), None) | (None, Some(_)) => false,
            };
            over_a_trunk && (is_shown || is_he)
        });
        found.map(|(id, _)| *id)
    }

    /// Writes down who sent a call on to us.
    pub(super) fn note_diverted(&mut self, id: CallId, diversions: &Diversions) {
        let Some(last) = diversions.list.first() else { return };
        let shown = |it: &SentOn| it.who.clone().filter(|_| it.told == Wish::Told);
        let times = u32::try_from(diversions.list.len()).unwrap_or(u32::MAX);
        let first = diversions.list.last().and_then(shown);
        self.append(id, Event::Diverted(Diverted { by: shown(last), why: last.why, first, times }));
    }

    /// What a call to a person tells of the patient's: to a guest it is none that is sent on.
    pub(super) fn carried_on(&self, id: CallId, leg: LegId) -> CarriedOn {
        let Some(call) = self.calls.get(&id) else { return CarriedOn::default() };
        let is_person = call.person.as_ref().is_some_and(|person| person.leg.id == leg);
        let carries = call.carries.clone();
        if is_person { carries } else { CarriedOn { by: None, ..carries } }
    }
}

fn is_same(a: &Phi<String>, b: &Phi<String>) -> bool {
    let digits =
        |number: &Phi<String>| -> Vec<u8> { number.expose().bytes().filter(u8::is_ascii_digit).collect() };
    let (a, b) = (digits(a), digits(b));
    let shorter = a.len().min(b.len());
    a == b && shorter > 0 || shorter >= SAME_DIGITS && (a.ends_with(&b) || b.ends_with(&a))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_the_same_with_and_without_its_country_code() {
        let phi = |text: &str| Phi::new(text.to_owned());
        for (a, b, expected) in [
            ("+16175550100", "+16175550100", true),
            ("+16175550100", "6175550100", true),
            ("16175550100", "+1-617-555-0100", true),
            ("+16175550100", "+16175550101", false),
            ("100", "100", true),
            ("100", "+16175550100", false),
            ("anonymous", "", false),
        ] {
            assert_eq!(is_same(&phi(a), &phi(b)), expected, "{a} {b}");
        }
    }
}
