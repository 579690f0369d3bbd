//! Dialogs are written down while they live, so that a later start of the engine can go on with them (`resuming.rs`).
//!
//! ```text
//!  heard ── KEPT_AFTER ──▶ Kept{patient}, Kept{person}      another person, codec, address or hold ──▶ Kept again
//! ```
//! A line of the log like any other: it never waits, and a call that is short has none. A change that no offer comes with
//! (an UPDATE that only refreshes) is not noted: the peer is then found as it was before.

use super::Switch;
use crate::id::{CallId, LegId};
use crate::phi::Phi;
use crate::report::event::{Event, KeptLeg};

impl Switch {
    /// The call has been up long enough.
    pub(super) fn keep_when_due(&mut self, id: CallId) {
        let now = self.now.at;
        let Some(call) = self.calls.get_mut(&id) else { return };
        if call.keep_at.take_if(|at| *at <= now).is_none() {
            return;
        }
        let person = call.person_with_patient().map(|person| person.leg.id);
        for leg in [Some(call.patient.id), person].into_iter().flatten() {
            self.write_down(id, leg);
        }
    }

    /// A leg of the call is not as it was.
    pub(super) fn keep_again(&mut self, id: CallId, leg: LegId) {
        let up = |call: &super::Call| call.heard && call.ending.is_none() && call.keep_at.is_none();
        // Guests are not gone on with: they are asked for anew.
        if self.calls.get_mut(&id).is_some_and(|call| up(call) && call.guest(leg).is_none()) {
            self.write_down(id, leg);
        }
    }

    pub(super) fn write_down(&mut self, id: CallId, leg: LegId) {
        let Some(dialog) = self.sip.kept(leg) else { return };
        let Some(its) = self.leg_of(id, leg) else { return };
        let (worker, port, sdp_version) = (its.worker, its.port, its.sdp_version);
        let Some(told) = its.told.clone().and_then(|told| String::from_utf8(told).ok()) else { return };
        let port = self.ports.number(worker, port);
        let kept = KeptLeg { dialog, told: Phi::new(told), sdp_version, port };
        self.counters.dialogs_kept += 1;
        self.append(id, Event::Kept { leg, kept: Box::new(kept) });
    }
}
