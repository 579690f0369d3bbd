//! Dialogs of an earlier start of the engine: noted while they live, and gone on with by a re-INVITE (RFC 3261 §14.1).

use super::super::dialog::kept::Kept;
use super::super::invite::uas::{Standing, Uas};
use super::Stack;
use super::leg::{InDialog, Leg, Phase, Stage};
use crate::clock::Instant;
use crate::id::LegId;

impl Stack {
    /// What a later start needs to go on with the dialog of a leg; `None` unless it is confirmed.
    pub fn kept(&self, leg: LegId) -> Option<Kept> {
        let its = self.legs.get(&leg)?;
        let Phase::InDialog(within) = &its.phase else { return None };
        let lives = within.stage == Stage::Established && !within.uas.is_leaving();
        let trunk = its.carrier.and_then(|id| self.carriers.held(id)).map(|held| held.carrier.name.clone());
        within.dialog.keep(within.owner, trunk).filter(|_| lives)
    }

    /// Legs of this start are named by numbers over `leg`, which an earlier one gave.
    pub fn name_legs_after(&mut self, leg: LegId) {
        self.next_leg = self.next_leg.max(leg.0 + 1);
    }

    pub(super) fn resume(&mut self, now: Instant, leg: LegId, kept: &Kept, sdp: Vec<u8>) {
        self.name_legs_after(leg);
        let mut within = InDialog::new(kept.revive(), kept.owner, self.first_rseq(), self.timers);
        within.stage = Stage::Established;
        within.uas = Uas::new(Standing::Confirmed, self.timers);
        within.local_tag.clone_from(&kept.local_tag);
        self.dialogs.insert(within.dialog.id(), leg);
        let phase = Phase::InDialog(Box::new(within));
        // A trunk that is configured no more has no account either.
        let carrier = kept.trunk.as_ref().and_then(|name| self.carriers.named(name));
        self.legs.insert(leg, Leg { reason: None, carrier, phase });
        self.reoffer(now, leg, Some(sdp));
    }
}
