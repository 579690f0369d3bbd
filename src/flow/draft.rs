//! All files of a flow set as written, and the one place where a word becomes a destination.
//!
//! A destination is looked for among the steps of its own flow, then among the fixed destinations,
//! then among the flows. None of these may share a name, so the order never decides.

use crate::flow::action::Why;
use crate::flow::languages::Languages;
use crate::flow::program::{StepAt, Target};
use crate::flow::read::acts::ANOTHER;
use crate::flow::read::clinic::ClinicText;
use crate::flow::read::flow::{ActText, FlowText, ThenText};
use crate::flow::read::hours::HoursText;
use crate::flow::read::prompts::Texts;
use crate::flow::syntax::fields::Placed;
use std::collections::{BTreeMap, BTreeSet};

/// Destinations that stand in no file.
pub const FIXED: [(&str, Target); 7] = [
    ("person", Target::Ladder(Why::Asked)),
    ("nurse", Target::Ladder(Why::Nurse)),
    ("crisis", Target::Ladder(Why::Crisis)),
    ("message", Target::Message),
    ("called_number", Target::CalledNumber),
    ("emergency_exit", Target::Ladder(Why::Emergency)),
    ("return", Target::Return),
];

/// The exits of the ladder itself, which no file needs to list.
pub const OWN_EXITS: [&str; 5] = ["person", "nurse", "crisis", "emergency", "message_left"];

/// A flow set before its checks.
#[derive(Debug, Default)]
pub struct Draft {
    /// The flows, by file.
    pub flows: Vec<FlowText>,
    /// The names that the files promise, read or not: what is missing from a broken file has its fault there.
    pub promised: BTreeSet<String>,
    /// `clinic.yaml`, if it could be read.
    pub clinic: Option<ClinicText>,
    /// `prompts.yaml`, if it could be read.
    pub prompts: Option<BTreeMap<String, Texts>>,
    /// `hours.yaml`.
    pub hours: Calendars,
    /// How values are spoken.
    pub languages: Languages,
    index: Index,
}

/// Where names stand, so that none is looked for by a walk over all of them.
#[derive(Debug, Default)]
struct Index {
    /// The first flow of each name.
    flows: BTreeMap<String, usize>,
    /// The first step of each name, for each flow.
    steps: Vec<BTreeMap<String, usize>>,
}

#[cfg(test)]
thread_local! {
    /// Names looked up and ways walked on this thread: that a check is linear is counted, not timed.
    pub static WORK: std::cell::Cell<u64> = const { std::cell::Cell::new(0) };
}

/// Counts one name looked up or one way walked.
pub fn work() {
    #[cfg(test)]
    WORK.set(WORK.get() + 1);
}

/// What is known of the calendars.
#[derive(Debug, Default)]
pub enum Calendars {
    /// There is no file with any.
    #[default]
    NoFile,
    /// There is one, and its fault is noted.
    Unread,
    /// These.
    Read(HoursText),
}

impl Calendars {
    /// The file, if it could be read.
    pub fn text(&self) -> Option<&HoursText> {
        match self {
            Calendars::NoFile | Calendars::Unread => None,
            Calendars::Read(text) => Some(text),
        }
    }
}

impl Draft {
    /// Makes the names findable; to be called once all flows are in.
    pub fn index(&mut self) {
        self.index = Index::default();
        for (at, flow) in self.flows.iter().enumerate() {
            self.index.flows.entry(flow.name.value.clone()).or_insert(at);
            let mut steps = BTreeMap::new();
            for (at, step) in flow.steps.iter().enumerate() {
                steps.entry(step.name.value.clone()).or_insert(at);
            }
            self.index.steps.push(steps);
        }
    }

    /// The position of the flow with this name.
    pub fn flow(&self, name: &str) -> Option<usize> {
        work();
        self.index.flows.get(name).copied()
    }

    /// The position of the step with this name in a flow.
    pub fn step(&self, flow: usize, name: &str) -> Option<usize> {
        work();
        self.index.steps.get(flow)?.get(name).copied()
    }

    /// Whether a word would lead somewhere if every file could be read.
    pub fn may_lead(&self, flow: usize, word: &str) -> bool {
        self.target(flow, word).is_some() || self.may_be_flow(word)
    }

    /// Whether a flow of this name exists, or its file does.
    pub fn may_be_flow(&self, name: &str) -> bool {
        self.flow(name).is_some() || self.promised.contains(name)
    }

    /// Whether every step of a flow was read and leads somewhere: only then are its paths known.
    pub fn is_whole(&self, flow: usize) -> bool {
        self.flows[flow].steps.iter().all(|step| {
            let Some(act) = &step.act else { return false };
            act.ways().iter().all(|(word, _)| self.target(flow, &word.value).is_some())
        })
    }

    /// The flow that every call hears first.
    pub fn entry(&self) -> Option<usize> {
        self.flow(&self.clinic.as_ref()?.entry.as_ref()?.value)
    }

    /// The first step of a flow.
    pub fn start(&self, flow: usize) -> Option<StepAt> {
        let text = self.flows.get(flow)?;
        let start = text.start.as_ref()?;
        Some(StepAt { flow, step: self.step(flow, &start.value)? })
    }

    /// Where a word leads that stands in `flow`.
    pub fn target(&self, flow: usize, word: &str) -> Option<Target> {
        if let Some(step) = self.step(flow, word) {
            return Some(Target::Step(StepAt { flow, step }));
        }
        let fixed = FIXED.iter().find(|(name, _)| *name == word).map(|(_, target)| *target);
        fixed.or_else(|| self.flow(word).and_then(|flow| self.start(flow)).map(Target::Step))
    }

    /// All destinations that a word in `flow` may name.
    pub fn destinations(&self, flow: usize) -> Vec<&str> {
        let steps = self.flows[flow].steps.iter().map(|step| step.name.value.as_str());
        let fixed = FIXED.iter().map(|(name, _)| *name);
        steps.chain(fixed).chain(self.flows.iter().map(|flow| flow.name.value.as_str())).collect()
    }

    /// Where called numbers lead, the default included; not the entry, which has its own fault there.
    pub fn called(&self) -> Vec<usize> {
        let Some(clinic) = &self.clinic else { return Vec::new() };
        let names = clinic.numbers.values().chain(&clinic.default);
        let mut flows: Vec<usize> = names.filter_map(|name| self.flow(&name.value)).collect();
        flows.sort_unstable();
        flows.dedup();
        flows.retain(|flow| Some(*flow) != self.entry());
        flows
    }

    /// The position of a calendar without fault among those of the set.
    pub fn calendar(&self, name: &str) -> Option<usize> {
        let calendars = self.hours.text().into_iter().flat_map(|hours| &hours.calendars);
        calendars.filter(|(_, calendar)| calendar.is_some()).position(|(own, _)| own.value == name)
    }

    /// What a step does.
    pub fn act(&self, at: StepAt) -> Option<&ActText> {
        self.flows.get(at.flow)?.steps.get(at.step)?.act.as_ref()
    }
}

impl ActText {
    /// The words that say where the step leads, with whether the caller must do something to get there. A step that
    /// comes to several outcomes leads to each by itself.
    pub fn ways(&self) -> Vec<(&Placed<String>, Way)> {
        match self {
            ActText::Say { then: ThenText::Next(next), .. }
            | ActText::Set { next, .. }
            | ActText::Speech { next, .. }
            | ActText::Wait { next, .. } => vec![(next, Way::ByItself)],
            ActText::OfferLanguage { next, .. }
            | ActText::Notice { next, .. }
            | ActText::Recording { next, .. } => next.iter().map(|next| (next, Way::ByItself)).collect(),
            ActText::Menu { answers, .. } => {
                answers.iter().map(|answer| (&answer.target, Way::ByKey)).collect()
            }
            ActText::Offer { answers, used_up, .. } => {
                let kept = answers.iter().filter(|answer| answer.name.value != ANOTHER);
                let by_key = kept.map(|answer| (&answer.target, Way::ByKey));
                by_key.chain([(used_up, Way::ByItself)]).collect()
            }
            ActText::Ask { yes, no, .. } => vec![(yes, Way::ByKey), (no, Way::ByKey)],
            ActText::Collect(collect) => vec![(&collect.next, Way::ByKey)],
            ActText::When { yes, no, .. } => vec![(yes, Way::ByItself), (no, Way::ByItself)],
            ActText::Call { next, .. } => vec![(next, Way::Returning)],
            ActText::Care { ways, failed, .. } => {
                let named = ways.iter().map(|(_, target)| (target, Way::ByItself));
                named.chain([(failed, Way::ByItself)]).collect()
            }
            ActText::Request(text) => vec![(&text.done, Way::ByItself), (&text.failed, Way::ByItself)],
            ActText::Record { saved, failed, .. } => vec![(saved, Way::ByKey), (failed, Way::ByItself)],
            ActText::Transfer { failed, .. } => vec![(failed, Way::ByItself)],
            ActText::Queue { overflow, failed, .. } => {
                vec![(overflow, Way::ByItself), (failed, Way::ByItself)]
            }
            ActText::Callback { done, failed, .. } => vec![(done, Way::ByItself), (failed, Way::ByItself)],
            ActText::Hours { open, closed, holiday, .. } => [Some(open), Some(closed), holiday.as_ref()]
                .into_iter()
                .flatten()
                .map(|way| (way, Way::ByItself))
                .collect(),
            ActText::Say { .. } | ActText::Person { .. } => Vec::new(),
        }
    }

    /// The prompt that the step speaks first, if it speaks.
    pub fn prompt(&self) -> Option<&Placed<String>> {
        self.prompts().into_iter().next()
    }

    /// Every prompt that the step may speak.
    pub fn prompts(&self) -> Vec<&Placed<String>> {
        match self {
            ActText::Say { prompt, .. }
            | ActText::OfferLanguage { prompt, .. }
            | ActText::Notice { notice: prompt, .. }
            | ActText::Menu { prompt, .. }
            | ActText::Ask { prompt, .. }
            | ActText::Offer { prompt, .. }
            | ActText::Record { prompt, .. }
            | ActText::Transfer { prompt, .. }
            | ActText::Queue { prompt, .. }
            | ActText::Callback { prompt, .. }
            | ActText::Person { prompt, .. } => vec![prompt],
            ActText::Request(text) => text.meanwhile.iter().collect(),
            ActText::Collect(collect) => {
                [Some(&collect.prompt), collect.confirm.as_ref(), collect.wrong.as_ref()]
                    .into_iter()
                    .flatten()
                    .collect()
            }
            ActText::Hours { .. }
            | ActText::Set { .. }
            | ActText::When { .. }
            | ActText::Call { .. }
            | ActText::Care { .. }
            | ActText::Recording { .. }
            | ActText::Speech { .. }
            | ActText::Wait { .. } => Vec::new(),
        }
    }

    /// Whether it waits for the caller to do something.
    pub fn waits(&self) -> bool {
        match self {
            ActText::Menu { .. }
            | ActText::Ask { .. }
            | ActText::Collect(_)
            | ActText::Offer { .. }
            | ActText::Record { .. } => true,
            ActText::Say { .. }
            | ActText::OfferLanguage { .. }
            | ActText::Notice { .. }
            | ActText::Hours { .. }
            | ActText::Set { .. }
            | ActText::When { .. }
            | ActText::Call { .. }
            | ActText::Care { .. }
            | ActText::Request(_)
            | ActText::Recording { .. }
            | ActText::Speech { .. }
            | ActText::Wait { .. }
            | ActText::Transfer { .. }
            | ActText::Queue { .. }
            | ActText::Callback { .. }
            | ActText::Person { .. } => false,
        }
    }
}

/// What takes a caller from one step to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// The end of what is said, or the time of the day.
    ByItself,
    /// A key.
    ByKey,
    /// The end of a flow that was called.
    Returning,
}
