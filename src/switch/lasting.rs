//! A call has a greatest length (`calls.longest_s`): a line that nobody has hung up must not stand for ever.
//!
//! ```text
//!  a talk ── LONGEST_WARNED before ──▶ its persons hear that it ends soon ──▶ over
//!  a patient alone with a flow ──▶ led to a person, once; the length begins anew
//!  a caller in danger ──▶ the length begins anew, again and again
//! ```
//! Nobody is cut off without a word: a talk that began within the last minute has its warning, and its minute, later.

use super::Switch;
use super::call::Call;
use crate::clock::Instant;
use crate::flow::action::Input;
use crate::id::CallId;
use crate::limits::talks::LONGEST_WARNED;
use crate::report::event::{Cause, Party};

/// How long a call may last.
#[derive(Clone, Copy, Debug)]
pub struct Length {
    ends_at: Instant,
    /// When persons are to hear that it ends; `None` once that time has come.
    warn_at: Option<Instant>,
    /// Persons have heard it.
    warned: bool,
    /// Its patient was alone at its end, and was led on.
    led_on: bool,
}

/// What comes of a call whose length is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lasts {
    /// It goes on.
    StillOn,
    /// It is over.
    NoLonger,
}

impl Length {
    /// A call that may last until then.
    pub fn until(ends_at: Instant) -> Self {
        Self { ends_at, warn_at: Some(ends_at.before(LONGEST_WARNED)), warned: false, led_on: false }
    }

    /// When something is to be done about it.
    pub fn due(&self) -> Instant {
        self.warn_at.map_or(self.ends_at, |at| at.min(self.ends_at))
    }
}

impl Switch {
    /// The call has nearly lasted, or has lasted, as long as it may.
    pub(super) fn on_length_due(&mut self, id: CallId) -> Lasts {
        let now = self.now.at;
        let Some(call) = self.calls.get_mut(&id).filter(|call| call.ending.is_none()) else {
            return Lasts::NoLonger;
        };
        let warns = call.length.warn_at.take_if(|at| *at <= now).is_some();
        let ends = call.length.ends_at <= now;
        if ends {
            return self.on_length_over(id);
        }
        if warns && self.calls.get(&id).is_some_and(|call| !self.is_in_danger(call)) {
            self.warn_of_length(id);
        }
        Lasts::StillOn
    }

    /// `false` if nobody is there who could hear it.
    fn warn_of_length(&mut self, id: CallId) -> bool {
        let warned = self.warn_persons(id);
        if let Some(call) = self.calls.get_mut(&id) {
            call.length.warned |= warned;
        }
        warned
    }

    fn on_length_over(&mut self, id: CallId) -> Lasts {
        let (now, longest) = (self.now.at, self.settings.longest);
        let Some(call) = self.calls.get(&id) else { return Lasts::NoLonger };
        let Length { warned, led_on, .. } = call.length;
        let is_alone = |call: &Call| call.heard && call.run.placed().is_none() && !call.patient_talks();
        if self.is_in_danger(call) {
            tracing::warn!(call = %id, "the call has its greatest length, and goes on: its caller is in danger");
            self.begin_length_anew(id, Length { led_on, ..Length::until(now + longest) });
        } else if !led_on && is_alone(call) {
            self.begin_length_anew(id, Length { led_on: true, ..Length::until(now + longest) });
            self.run_flow(id, Input::LongAlone);
        } else if !warned && self.warn_of_length(id) {
            let (ends_at, warn_at) = (now + LONGEST_WARNED, None);
            self.begin_length_anew(id, Length { ends_at, warn_at, warned: true, led_on });
        } else {
            self.end_call(id, Cause::TooLong, Party::Engine, None);
            return Lasts::NoLonger;
        }
        Lasts::StillOn
    }

    fn begin_length_anew(&mut self, id: CallId, length: Length) {
        if let Some(call) = self.calls.get_mut(&id) {
            call.length = length;
        }
    }
}
