//! The house hears that a phone of it calls for help, and when that call is over: by a fact of the call's record, and by a
//! MESSAGE to the phones of those whom `emergency: {alert: …}` names (47 CFR 9.16(b)(2)).
//!
//! The warning in the log is `dialling`'s. What is told is the house's own: place, user, its numbers; never a patient's.

use super::Switch;
use super::dialled::{Placed, Whom};
use crate::flow::hours::zone;
use crate::id::CallId;
use crate::limits::alerts::ALERT_PLACE_MAX_CHARS;
use crate::report::event::{Event, HelpFrom};
use crate::sip::alerts::Text;
use crate::sip::interface as sip;
use std::sync::Arc;

impl Switch {
    /// A call has come in: if it is one for help, the house hears of it before anything else is done for it.
    pub(super) fn tell_of_help(&mut self, id: CallId) {
        let Some((at, placed)) = self.placed_at(id) else { return };
        if let (Some(from), Some(text)) = (help_from(placed), called(placed, &at)) {
            self.append(id, Event::Emergency(from));
            self.alert(text);
        }
    }

    /// A call is over: so is the help that it was for.
    pub(super) fn tell_of_help_over(&mut self, id: CallId) {
        let Some((at, placed)) = self.placed_at(id) else { return };
        if let Some(from) = help_from(placed) {
            self.alert(format!("The call for help from {from} ended at {at}."));
        }
    }

    /// What a phone of ours wants in that call, and what time it is where the clinic stands.
    fn placed_at(&self, id: CallId) -> Option<(String, &Placed)> {
        let run = &self.calls.get(&id)?.run;
        let placed = run.placed()?;
        Some((zone::time_of_day(self.now.wall, run.set().zone()), placed))
    }

    fn alert(&mut self, text: String) {
        let text: Arc<str> = Arc::from(text);
        let told = self.settings.dial.emergency.as_ref().map(|emergency| emergency.alert.clone());
        for user in told.unwrap_or_default() {
            self.sip(sip::Command::Alert(Text { user, says: Arc::clone(&text) }));
        }
    }
}

/// Where help is called from; `None` if it is not.
fn help_from(placed: &Placed) -> Option<HelpFrom> {
    let Whom::Emergency { place, .. } = &placed.whom else { return None };
    let location = place.as_ref().map(|place| place.location.chars().take(ALERT_PLACE_MAX_CHARS).collect());
    Some(HelpFrom { location, user: placed.user.as_deref().map(str::to_owned) })
}

/// What the house hears: that help was called, from where, and the number that it calls back (47 CFR 9.3). Which number was
/// dialled tells a test by 933 from 911.
fn called(placed: &Placed, at: &str) -> Option<String> {
    let Whom::Emergency { number, place } = &placed.whom else { return None };
    let from = help_from(placed)?;
    let back = place.as_ref().map_or(String::new(), |place| format!(" Call-back: {}.", place.callback));
    Some(format!("Help was called at {at} from {from}. Dialled: {number}.{back}"))
}
