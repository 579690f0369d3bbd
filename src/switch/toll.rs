//! What may go over a trunk, whoever causes it: a rung of a ladder, a transfer, a guest, an interpreter or a phone that dials.
//!
//! ```text
//!  emergency:911 ──────────────────────────────────────────────────▶ placed, and neither judged nor counted
//!  trunk:NAME/+NUMBER ─▶ premium? in its `allow`? ─▶ its caps? ─┬──▶ placed
//!                            403 │                     480 │    └ somebody is in danger: placed all the same
//!                                └─────────────────────────┴─────▶ not reached: who was to be called next is called
//! ```
//! Each call that goes out passes here just before its party is sought (`person.rs`, `guests.rs`), and nowhere else.

use super::Switch;
use super::dial::{Caps, Fault};
use crate::flow::action::Urgency;
use crate::id::TrunkName;
use crate::sip::carrier::{Dialled, is_emergency};
use crate::wire::barred::is_premium;

impl Switch {
    /// Whether this target may be called now; a call over a trunk is counted with it.
    ///
    /// # Errors
    /// The status that the refusal has in the record (RFC 3261 §21.4.4, §21.4.18).
    pub(super) fn toll(&mut self, target: &str, urgency: Urgency) -> Result<(), u16> {
        if is_emergency(target) {
            return Ok(());
        }
        let Some(Dialled { trunk, number }) = Dialled::read(target) else { return Ok(()) };
        let trunk = TrunkName::from(trunk);
        let judged = self.judge_number(&trunk, number.expose()).and_then(|()| self.count_over(&trunk));
        let Err(fault) = judged else { return Ok(()) };
        let is_urgent = urgency == Urgency::Danger && fault != Fault::Premium;
        self.counters.trunk_calls_refused += u64::from(!is_urgent);
        tracing::warn!(trunk = %trunk, %fault, placed = is_urgent, "the rules of a trunk are against a call");
        if is_urgent { Ok(()) } else { Err(fault.status()) }
    }

    fn judge_number(&self, trunk: &TrunkName, number: &str) -> Result<(), Fault> {
        if is_premium(number) {
            return Err(Fault::Premium);
        }
        if self.settings.dial.takes(trunk, number) { Ok(()) } else { Err(Fault::NotAllowed) }
    }

    fn count_over(&mut self, trunk: &TrunkName) -> Result<(), Fault> {
        let Some(rules) = self.settings.dial.trunks.get(trunk) else { return Ok(()) };
        let caps = rules.caps_over(Caps::NONE);
        let up = if caps.at_once == u32::MAX { 0 } else { self.up_over(trunk.as_str()) };
        self.house.trunk_meter.take(self.now.at, &trunk.0, caps, up)
    }

    /// Parties that are called over this trunk, or were and are there.
    fn up_over(&self, trunk: &str) -> usize {
        let is_over = |target: &str| {
            let name = target.strip_prefix("trunk:").and_then(|rest| rest.split('/').next());
            name == Some(trunk)
        };
        let calls = self.calls.values().filter(|call| call.ending.is_none());
        let parties = calls.flat_map(|call| {
            let aside = call.transfer.iter().filter_map(|transfer| transfer.from.as_ref());
            let persons = call.person.iter().chain(aside).map(|person| person.target.as_str());
            persons.chain(call.guests.iter().map(|guest| guest.target.as_str()))
        });
        parties.filter(|target| is_over(target)).count()
    }
}
