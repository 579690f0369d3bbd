//! A triage flow as written becomes a tree, with what of its clinic counts for it.

use super::canonical::Clinic;
use super::tree::{End, Exit, Node, NodeAct, To, Tree};
use crate::flow::action::Why;
use crate::flow::draft::Draft;
use crate::flow::program::{FlowKind, Target};
use crate::flow::read::flow::{ActText, FlowText, Scale, StepText, ThenText, key_name};
use crate::flow::read::prompts::Texts;
use crate::flow::syntax::fields::Placed;
use std::collections::BTreeMap;

/// The triage flows of a draft, by their position.
pub fn flows(draft: &Draft) -> impl Iterator<Item = (usize, &FlowText)> {
    draft.flows.iter().enumerate().filter(|(_, flow)| flow.kind == FlowKind::Triage)
}

/// The tree of a flow.
pub fn tree(draft: &Draft, flow: usize) -> Tree {
    let text = &draft.flows[flow];
    let node = |step: &StepText| Node { name: step.name.clone(), act: act(draft, flow, step) };
    Tree {
        name: text.name.clone(),
        start: draft.start(flow).map(|at| at.step),
        nodes: text.steps.iter().map(node).collect(),
    }
}

fn act(draft: &Draft, flow: usize, step: &StepText) -> NodeAct {
    let to = |word: &Placed<String>| To { word: word.clone(), end: end(draft, flow, word) };
    let Some(act) = &step.act else { return NodeAct::Unread };
    match act {
        ActText::Say { prompt, then: ThenText::Next(next), .. } => {
            NodeAct::Say { prompt: prompt.clone(), to: to(next) }
        }
        ActText::Say { then: ThenText::Nothing, .. } => NodeAct::Unread,
        ActText::Say { then: ThenText::End(_), .. } => NodeAct::Strange { what: "`say` with `end`" },
        ActText::Ask { prompt, code, yes, no, .. } => {
            NodeAct::Ask { prompt: prompt.clone(), code: code.clone(), yes: to(yes), no: to(no) }
        }
        ActText::Menu { scale: Scale::Yes, .. } => NodeAct::Strange { what: "`menu` with `scale: yes`" },
        ActText::Menu { prompt, answers, .. } => NodeAct::Menu {
            prompt: prompt.clone(),
            answers: answers.iter().map(|a| (a.key, a.name.clone(), to(&a.target))).collect(),
        },
        ActText::Person { prompt, exit } => {
            let exit = exit.as_ref().map_or_else(|| "person".to_owned(), |exit| exit.value.clone());
            NodeAct::Person { prompt: prompt.clone(), exit }
        }
        ActText::OfferLanguage { .. } => NodeAct::Strange { what: "`language`" },
        ActText::Notice { .. } | ActText::Recording { .. } => NodeAct::Strange { what: "`recording`" },
        ActText::Collect(_) => NodeAct::Strange { what: "`collect`" },
        ActText::Offer { .. } => NodeAct::Strange { what: "`offer`" },
        ActText::Set { .. } => NodeAct::Strange { what: "`set`" },
        ActText::When { .. } => NodeAct::Strange { what: "`when`" },
        ActText::Call { .. } => NodeAct::Strange { what: "`call`" },
        ActText::Request(_) => NodeAct::Strange { what: "`request`" },
        ActText::Care { .. } => NodeAct::Strange { what: "`care`" },
        ActText::Record { .. } => NodeAct::Strange { what: "`record`" },
        ActText::Speech { .. } => NodeAct::Strange { what: "`speech`" },
        ActText::Wait { .. } => NodeAct::Strange { what: "`wait`" },
        ActText::Transfer { .. } => NodeAct::Strange { what: "`transfer`" },
        ActText::Queue { .. } => NodeAct::Strange { what: "`queue`" },
        ActText::Callback { .. } => NodeAct::Strange { what: "`callback`" },
        ActText::Hours { .. } => NodeAct::Strange { what: "`hours`" },
    }
}

fn end(draft: &Draft, flow: usize, word: &Placed<String>) -> End {
    match draft.target(flow, &word.value) {
        Some(Target::Step(at)) if at.flow == flow => End::Node(at.step),
        Some(Target::Ladder(Why::Emergency)) => End::Exit(Exit::Emergency),
        Some(Target::Ladder(Why::Crisis)) => End::Exit(Exit::Crisis),
        Some(Target::Ladder(Why::Nurse)) => End::Exit(Exit::Nurse),
        Some(Target::Ladder(Why::Asked)) => End::Exit(Exit::Person),
        Some(
            Target::Ladder(Why::Silence | Why::WrongKeys | Why::Fault)
            | Target::Step(_)
            | Target::CalledNumber
            | Target::Message
            | Target::Return,
        ) => End::Away,
        None => End::Nowhere,
    }
}

/// What of a clinic counts for its trees, if all of it was read.
pub struct OfClinic<'a> {
    languages: Vec<&'a str>,
    emergency: String,
    tries: u32,
    prompts: &'a BTreeMap<String, Texts>,
}

impl<'a> OfClinic<'a> {
    /// What the files of a draft say.
    pub fn of(draft: &'a Draft) -> Option<Self> {
        let (clinic, prompts) = (draft.clinic.as_ref()?, draft.prompts.as_ref()?);
        Some(Self {
            languages: clinic.languages.iter().map(|language| language.value.as_str()).collect(),
            emergency: clinic.locale?.emergency.iter().map(|key| key_name(*key)).collect(),
            tries: clinic.tries,
            prompts,
        })
    }

    /// The same, as trees are told with it.
    pub fn clinic(&self) -> Clinic<'_> {
        let Self { languages, emergency, tries, prompts } = self;
        Clinic { languages, emergency, tries: *tries, prompts }
    }
}
