//! What the log tells of a call that was up when the engine died, for the start that goes on with it.

use crate::clock::WallTime;
use crate::flow::action::{Fact, Why};
use crate::id::{CallId, LegId};
use crate::limits::RESUMED_WITHIN;
use crate::report::event::{Entry, Event, KeptLeg, TransferStep};
use crate::switch::interface::{Interrupted, Talk};
use std::collections::BTreeMap;

/// Reads it from the entries of the call; `None` if nothing of its dialog was written down, or too long ago.
pub fn read(call: CallId, entries: &[Entry], now: WallTime) -> Option<Interrupted> {
    let (first, last) = (entries.first()?, entries.last()?);
    let Event::Arrived { leg: patient, called, caller, flow, .. } = &first.event else { return None };
    let since_us = u64::try_from(now.as_micros().saturating_sub(last.at.as_micros())).ok()?;
    if u128::from(since_us) > RESUMED_WITHIN.as_micros() {
        return None;
    }
    let mut seen = Seen { patient: *patient, ..Seen::default() };
    entries.iter().for_each(|entry| seen.take(&entry.event));
    Some(Interrupted {
        call,
        called: called.clone(),
        caller: caller.clone(),
        flow: flow.clone(),
        patient: (seen.patient, seen.kept.remove(&seen.patient)?),
        person: seen.talk.map(|(leg, target)| Talk { leg, target, kept: seen.kept.remove(&leg) }),
        language: seen.language,
        why: seen.why,
        last_leg: seen.last_leg,
        since_start_us: last.since_start_us.saturating_add(since_us),
    })
}

/// What is seen in the log.
struct Seen {
    /// Who is where the caller was: who has dialled may have handed on whom he called (`switch/places.rs`).
    patient: LegId,
    /// Whom he hands on, and who does.
    handed: Option<(LegId, (LegId, String))>,
    /// With whom he talked last.
    met: Option<(LegId, String)>,
    kept: BTreeMap<LegId, KeptLeg>,
    targets: BTreeMap<LegId, String>,
    talk: Option<(LegId, String)>,
    language: Option<crate::id::Language>,
    why: Why,
    last_leg: LegId,
}

impl Default for Seen {
    fn default() -> Self {
        Self {
            patient: LegId(0),
            handed: None,
            met: None,
            kept: BTreeMap::new(),
            targets: BTreeMap::new(),
            talk: None,
            language: None,
            why: Why::Fault,
            last_leg: LegId(0),
        }
    }
}

impl Seen {
    fn take(&mut self, event: &Event) {
        match event {
            Event::Arrived { leg, .. } => self.last_leg = self.last_leg.max(*leg),
            Event::PersonCalled { leg, target } => {
                self.last_leg = self.last_leg.max(*leg);
                self.targets.insert(*leg, target.clone());
            }
            Event::GuestCalled { leg, .. } => self.last_leg = self.last_leg.max(*leg),
            Event::Bridged { leg } => {
                self.talk = self.targets.get(leg).map(|target| (*leg, target.clone()));
                self.met.clone_from(&self.talk);
            }
            Event::Unbridged { .. } => self.talk = None,
            Event::Transfer { by, step } => self.hand_on(*by, step),
            Event::Kept { leg, kept } => drop(self.kept.insert(*leg, KeptLeg::clone(kept))),
            Event::Flow(Fact::LanguageChosen(language)) => self.language = Some(language.clone()),
            // Who was in danger is, until a person was with him.
            Event::Flow(Fact::LadderRung { why: why @ (Why::Crisis | Why::Emergency), .. }) => {
                self.why = *why
            }
            _ => {}
        }
    }

    /// Who has dialled hands on whom he called: until that is done the two are gone on with, and then who came in his place.
    fn hand_on(&mut self, by: LegId, step: &TransferStep) {
        match step {
            TransferStep::Began { .. } if by == self.patient => {
                self.talk.clone_from(&self.met);
                self.handed = self.met.clone().map(|called| (by, called));
            }
            TransferStep::Left => {
                if let Some((_, (called, _))) = self.handed.as_ref().filter(|(its, _)| *its == by) {
                    (self.patient, self.talk) = (*called, None);
                }
            }
            TransferStep::Done { to } => {
                let Some((_, (called, _))) = self.handed.take_if(|(its, _)| *its == by) else { return };
                // A user who was handed to no user is where who has dialled was.
                let is_named = self.talk.as_ref().is_some_and(|(leg, _)| leg == to);
                self.patient = if is_named { called } else { *to };
            }
            TransferStep::Failed { .. } => self.handed = None,
            TransferStep::Began { .. }
            | TransferStep::Refused { .. }
            | TransferStep::Consults { .. }
            | TransferStep::Taken { .. } => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::event::TransferMeans;

    #[test]
    fn who_has_dialled_and_hands_on_is_gone_on_with_until_somebody_is_in_his_place() {
        let (ann, called, bob) = (LegId(1), LegId(2), LegId(3));
        let person = |leg| Event::PersonCalled { leg, target: "sip:somebody@h".to_owned() };
        let (apart, together) = (Event::Unbridged { leg: called }, Event::Bridged { leg: called });
        let by = |by, step| Event::Transfer { by, step };
        let step = |step| by(ann, step);
        let began = TransferStep::Began { target: "sip:bob@h".to_owned(), means: TransferMeans::Phone };
        let rings = [apart.clone(), step(began.clone()), person(bob)];
        let left = [step(TransferStep::Left)];
        let done = [together.clone(), step(TransferStep::Done { to: bob })];
        let stays = [Event::Bridged { leg: bob }, step(TransferStep::Done { to: bob })];
        let failed = [step(TransferStep::Failed { status: 486 })];
        /// What happens then, and who is the patient's leg and the other one after it.
        type Row = (&'static str, Vec<Event>, (LegId, Option<LegId>));
        let table: [Row; 8] = [
            ("they talk", vec![], (ann, Some(called))),
            ("the colleague rings", rings.to_vec(), (ann, Some(called))),
            ("and who asked has left", [&rings[..], &left].concat(), (called, None)),
            ("the colleague talks", [&rings[..], &done].concat(), (bob, Some(called))),
            ("in both orders", [&rings[..], &left, &done].concat(), (bob, Some(called))),
            ("a user handed to no user", [&rings[..], &stays].concat(), (called, Some(bob))),
            (
                "nobody is there",
                [&rings[..], &failed, std::slice::from_ref(&together)].concat(),
                (ann, Some(called)),
            ),
            ("a flow's call", vec![apart, by(called, began), person(bob)], (ann, None)),
        ];
        for (what, events, expected) in table {
            let mut seen = Seen { patient: ann, ..Seen::default() };
            [person(called), together.clone()].iter().chain(&events).for_each(|event| seen.take(event));
            assert_eq!((seen.patient, seen.talk.map(|(leg, _)| leg)), expected, "{what}");
        }
    }
}
