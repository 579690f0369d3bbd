//! Steps of which nothing is heard: values, conditions, sub-flows, the recording's pauses.

use super::{Recorder, Run};
use crate::clock::Instant;
use crate::flow::action::{Action, Fact, Why};
use crate::flow::care::Verb;
use crate::flow::expression::Checked;
use crate::flow::expression::evaluate::{Trouble, Value};
use crate::flow::program::{Act, Pausing, Step, StepAt, Target};
use crate::flow::saved::{Known, Saved, Saves, Today};
use crate::id::{StepName, ValueName};
use crate::limits::FLOW_CALLS_DEPTH_MAX;
use std::sync::Arc;

/// A flow that waits for the one that it called.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Caller {
    /// The step that called.
    at: StepAt,
    saves: Saves,
}

impl Run {
    /// The day and time where the clinic stands; `None` if the clock was never told.
    pub(super) fn today(&self, now: Instant) -> Option<Today> {
        let (at, wall) = self.time?;
        Today::at(wall + now.since(at), self.set.zone())
    }

    fn evaluate<'a>(&'a self, now: Instant, expression: &'a Checked) -> Result<Value<'a>, Trouble> {
        expression.evaluate(&Known { saves: &self.saves, today: self.today(now) })
    }

    /// What is to be saved under a name; nothing if it is there already.
    fn news(&self, now: Instant, name: &ValueName, expression: &Checked) -> Result<Option<Saved>, Trouble> {
        let value = self.evaluate(now, expression)?;
        if self.saves.holds(name, value) {
            return Ok(None);
        }
        Saved::of(value).map(Some).ok_or(Trouble::Unchecked)
    }

    fn trouble(&mut self, trouble: Trouble) -> Target {
        self.tell_fault(match trouble {
            Trouble::Overflow => "a number grew too large in a condition or value",
            Trouble::OffTheCalendar => "a date left the calendar in a condition or value",
            Trouble::NotANumber => "digits wrote no number in a condition or value",
            Trouble::Unknown => "a condition or value asked for something that is not known",
            Trouble::Unchecked => "a condition or value was not of the type that was checked",
        });
        Target::Ladder(Why::Fault)
    }

    pub(super) fn set_values(
        &mut self,
        now: Instant,
        values: &[(ValueName, Checked)],
        next: Target,
    ) -> Target {
        for (name, expression) in values {
            match self.news(now, name, expression) {
                Ok(Some(value)) => self.saves.save(name.clone(), value),
                Ok(None) => {}
                Err(trouble) => return self.trouble(trouble),
            }
        }
        next
    }

    pub(super) fn when(&mut self, now: Instant, condition: &Checked, yes: Target, no: Target) -> Target {
        match self.evaluate(now, condition) {
            Ok(Value::Bool(true)) => yes,
            Ok(Value::Bool(false)) => no,
            Ok(_) => self.trouble(Trouble::Unchecked),
            Err(trouble) => self.trouble(trouble),
        }
    }

    /// What the records say. None are connected: but for a rehearsal they cannot be asked.
    pub(super) fn ask_records(&mut self, verb: Verb, ways: &[(StepName, Target)], failed: Target) -> Target {
        let outcome = self.care.of(verb);
        let way = ways.iter().find(|(name, _)| Some(name.as_str()) == outcome);
        match way {
            Some((_, target)) => *target,
            None => {
                self.tell(Fact::NotConnected);
                failed
            }
        }
    }

    /// Into another flow, which sees what goes with the step and nothing else.
    pub(super) fn call(&mut self, step: &Step, start: StepAt) -> Target {
        if self.callers.len() >= FLOW_CALLS_DEPTH_MAX {
            self.tell_fault("flows called each other too deep");
            return Target::Ladder(Why::Fault);
        }
        let mut saves = Saves::default();
        for (there, here) in &step.with {
            if let Some(value) = self.saves.get(here.as_str()) {
                saves.save(there.clone(), value.clone());
            }
        }
        self.callers.push(Caller { at: self.here, saves: std::mem::replace(&mut self.saves, saves) });
        self.here = start;
        Target::Step(start)
    }

    /// Back to the flow that called, with what this one gives.
    pub(super) fn come_back(&mut self) -> Target {
        let set = Arc::clone(&self.set);
        let Some(Caller { at, saves }) = self.callers.pop() else {
            self.tell_fault("a flow led back that nobody called");
            return Target::Ladder(Why::Fault);
        };
        let given = std::mem::replace(&mut self.saves, saves);
        self.here = at;
        let Some(Act::Call { save, next, .. }) = set.step(at).map(|step| &step.act) else {
            self.tell_fault("a flow led back to a step that calls none");
            return Target::Ladder(Why::Fault);
        };
        for (own, theirs) in save {
            if let Some(value) = given.get(theirs.as_str()) {
                self.saves.save(own.clone(), value.clone());
            }
        }
        *next
    }

    /// Stops or resumes the recording of the call; nothing happens to one that was refused.
    pub(super) fn pause_recording(&mut self, what: Pausing) {
        match (what, self.recorder) {
            (Pausing::Pause, Recorder::On) => {
                self.actions.push_back(Action::StopRecording);
                self.recorder = Recorder::Paused;
            }
            (Pausing::Resume, Recorder::Paused) => {
                self.actions.push_back(Action::StartRecording);
                self.recorder = Recorder::On;
            }
            (Pausing::Pause | Pausing::Resume, _) => {}
        }
    }
}
