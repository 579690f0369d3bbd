//! What the log tells of a call that was up when the engine died, for the start that goes on with it.

use crate::clock::WallTime;
use crate::flow::action::{Fact, Why};
use crate::id::{CallId, LegId};
use crate::limits::RESUMED_WITHIN;
use crate::report::event::{Entry, Event, KeptLeg};
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
    let mut seen = Seen::default();
    entries.iter().for_each(|entry| seen.take(&entry.event));
    Some(Interrupted {
        call,
        called: called.clone(),
        caller: caller.clone(),
        flow: flow.clone(),
        patient: (*patient, seen.kept.remove(patient)?),
        person: seen.talk.map(|(leg, target)| Talk { leg, target, kept: seen.kept.remove(&leg) }),
        language: seen.language,
        why: seen.why,
        last_leg: seen.last_leg,
        since_start_us: last.since_start_us.saturating_add(since_us),
    })
}

/// What is seen in the log.
struct Seen {
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
            }
            Event::Unbridged { .. } => self.talk = None,
            Event::Kept { leg, kept } => drop(self.kept.insert(*leg, KeptLeg::clone(kept))),
            Event::Flow(Fact::LanguageChosen(language)) => self.language = Some(language.clone()),
            // Who was in danger is, until a person was with him.
            Event::Flow(Fact::LadderRung { why: why @ (Why::Crisis | Why::Emergency), .. }) => {
                self.why = *why
            }
            _ => {}
        }
    }
}
