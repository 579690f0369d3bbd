//! A party of which no sound comes: what the log tells of it, and how a patient is led on who would speak into nothing.
//!
//! ```text
//!  nothing for `silent_after_s` ─▶ Began, OPTIONS ─┬─ answered ─▶ Alive, asked again after the same time
//!                                                  └─ else ─────▶ Gone: it is out (`person.rs`)
//!  a person has answered, and not one packet came
//!      UNHEARD_PERSON_WARNED ─▶ NothingYet, OPTIONS, a signal for both
//!      UNHEARD_PERSON_MAX ────▶ NeverHeard, BYE, the next one is called
//! ```
//! Who has been heard once is never cut off while his phone answers: a muted phone may send nothing. Nor is he who holds, or
//! need not send, or to whom nobody speaks because the patient holds or talks with a guest: then the time begins anew. And
//! no call of somebody in danger is: there a person may hear what we cannot know of.

use super::call::{Brought, Call, Voice};
use super::guests::{Guest, Stage};
use super::{HeardBy, Switch};
use crate::audio::tone::Signal;
use crate::call::leg::Silence;
use crate::flow::action::{ConnectEnd, Urgency};
use crate::id::{CallId, LegId};
use crate::limits::talks::{UNHEARD_PERSON_MAX, UNHEARD_PERSON_WARNED};
use crate::report::event::{Event, SilenceStep};
use crate::sip::interface as sip;

/// What the phone of a person who was never heard is told (RFC 3326 §2).
const NO_SOUND: &str = "SIP;cause=480;text=\"no sound came\"";

impl Call {
    /// The patient talks with a person, and with nobody else, who is to send, and neither holds.
    fn speaks_to_person_alone(&self) -> bool {
        let Some(person) = self.person_with_patient() else { return false };
        let talks = |guest: &Guest| guest.stage == Stage::In && guest.mode.talks_with_patient();
        let is_alone = !self.guests.iter().any(talks);
        let is_held = person.leg.is_held() || self.patient.is_held();
        is_alone && !is_held && !person.leg.may_be_silent()
    }

    /// Whether the patient is in danger, by what he asked for, whom he called or what he said.
    fn is_of_danger(&self) -> bool {
        let person = self.person.as_ref().is_some_and(|person| person.urgency == Urgency::Danger);
        person || self.run.is_in_danger() || self.run.set().is_urgent(&self.flow)
    }
}

impl Switch {
    /// The worker hears nothing of a party that is to send: it is asked whether it is there.
    pub(super) fn on_media_silent(&mut self, id: CallId, leg: LegId) {
        if self.calls.get(&id).is_some_and(|call| call.ending.is_none()) {
            self.counters.parties_silent += u64::from(self.leg_of(id, leg).is_some());
            self.tell_of_silence(id, leg, SilenceStep::Began);
        }
        self.sip(sip::Command::Probe { leg });
    }

    /// Sound comes of a party for the first time.
    pub(super) fn on_first_packet(&mut self, id: CallId, leg: LegId) {
        if let Some(person) = self.calls.get_mut(&id).and_then(|call| call.person_at(leg)) {
            person.voice = Voice::Heard;
            person.leg.silence = Silence::Untold;
            person.leg.probe_at = person.leg.probe_at.filter(|_| person.leg.may_be_silent());
        }
        self.on_heard(id, leg, HeardBy::Rtp);
    }

    fn tell_of_silence(&mut self, id: CallId, leg: LegId, step: SilenceStep) {
        let Some(its) = self.leg_of(id, leg) else { return };
        its.silence = Silence::Told;
        self.append(id, Event::Silent { leg, step });
    }

    /// A party has answered, or not, whether it is there. Who is, and sends nothing, is asked again later. Who has sent sound or
    /// has agreed on another direction since, is there: a phone may know no OPTIONS.
    pub(super) fn is_gone(&mut self, id: CallId, leg: LegId, alive: bool) -> bool {
        let again = self.now.at + self.settings.media_lost;
        let Some(call) = self.calls.get(&id).filter(|call| call.ending.is_none()) else { return false };
        let is_patient = call.is_patient(leg);
        let Some(its) = self.leg_of(id, leg) else { return false };
        let told = its.silence;
        if told == Silence::Untold && !its.may_be_silent() {
            return false;
        }
        if !alive {
            self.counters.persons_lost += u64::from(!is_patient);
            self.append(id, Event::Silent { leg, step: SilenceStep::Gone });
            return true;
        }
        its.probe_at = Some(again);
        if told == Silence::Told {
            its.silence = Silence::Answered;
            self.append(id, Event::Silent { leg, step: SilenceStep::Alive });
        }
        false
    }

    /// Patient and person talk, or one of them has agreed on something else: if the person was never heard, the time begins
    /// in which he must be. A phone of ours that has dialled needs nobody to hang up for it.
    pub(super) fn await_voice(&mut self, id: CallId) {
        let at = self.now.at + UNHEARD_PERSON_WARNED;
        let Some(call) = self.calls.get_mut(&id).filter(|call| call.ending.is_none()) else { return };
        let is_meant = call.person_with_patient().is_some() && call.run.placed().is_none();
        if let Some(person) = call.person.as_mut().filter(|person| person.voice != Voice::Heard) {
            person.voice = if is_meant { Voice::WarnedAt(at) } else { Voice::Unheard };
        }
    }

    /// A person has not been heard for too long.
    pub(super) fn end_unheard(&mut self, id: CallId) {
        let now = self.now.at;
        let Some(call) = self.calls.get(&id).filter(|call| call.ending.is_none()) else { return };
        let Some(person) = &call.person else { return };
        let (leg, voice) = (person.leg.id, person.voice);
        if voice.due().is_none_or(|at| at > now) {
            return;
        }
        match voice {
            _ if !call.speaks_to_person_alone() => self.await_voice(id),
            Voice::LeftAt(_) => self.leave_unheard(id, leg),
            Voice::WarnedAt(_) | Voice::Heard | Voice::Unheard => self.warn_unheard(id, leg),
        }
    }

    /// Both are told that something is wrong. Who is in danger hears no signal in the place of a voice, and a phone that does not
    /// understand OPTIONS is not left for it.
    fn warn_unheard(&mut self, id: CallId, leg: LegId) {
        let left_at = self.now.at + (UNHEARD_PERSON_MAX - UNHEARD_PERSON_WARNED);
        self.tell_of_silence(id, leg, SilenceStep::NothingYet);
        let Some(call) = self.calls.get_mut(&id) else { return };
        let (patient, is_of_danger) = (call.patient.id, call.is_of_danger());
        let Some(person) = &mut call.person else { return };
        if is_of_danger {
            person.voice = Voice::Unheard;
            return;
        }
        person.voice = Voice::LeftAt(left_at);
        self.sip(sip::Command::Probe { leg });
        for party in [patient, leg] {
            self.sound_for(id, party, Signal::EndsSoon);
        }
    }

    /// He counts as one who did not answer. Where another person has brought him, the patient begins at the first rung: with
    /// those he was led to before.
    fn leave_unheard(&mut self, id: CallId, leg: LegId) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        let is_of_danger = call.is_of_danger();
        let Some(person) = &mut call.person else { return };
        if is_of_danger {
            // Since the signal, that is.
            person.voice = Voice::Unheard;
            return;
        }
        let end = match person.brought {
            Brought::ByFlow => ConnectEnd::NeverHeard,
            Brought::ByTransfer => ConnectEnd::NotReached,
        };
        self.counters.persons_unheard += 1;
        self.append(id, Event::Silent { leg, step: SilenceStep::NeverHeard });
        self.sip(sip::Command::HangUp { leg, reason: Some(NO_SOUND) });
        self.part(id, leg);
        self.turn_beds(id);
        self.lead_on(id, end);
    }
}
