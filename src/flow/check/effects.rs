//! What each step asks for and saves: the draft as a program of the data-flow.
//!
//! ```text
//!  menu … save     every answer's way saves a choice of all answers     tells of the caller
//!  ask, collect    what the caller answered                             tells of the caller, or is secret
//!  set             what its expressions give, one after the other       as what they are made of
//!  offer           an item of its list, on every way but `used_up`      as the list
//!  call            what the flow gives                                  as what the flow makes it of
//!  care            what the records give, on the first of its ways      tells of a patient
//! ```
//! A slot `{x}` of a prompt asks for `x`, unless `with` says another name. Not here: what is wrong
//! ([`super::dataflow`]), and its words ([`super::known`]).

use super::dataflow::{
    Assurance, Call, Entered, Flow, Formula, Goes, Names, Node, NodeAt, Path, Program, Reading, Save, Slot,
    To, Unused, Use, Wanted, Way, What, When,
};
use super::graph::Graph;
use crate::flow::care::{Care, Verb};
use crate::flow::diagnostic::Place;
use crate::flow::draft::Draft;
use crate::flow::expression::types::{Flags, Type};
use crate::flow::program::{StepAt, Target};
use crate::flow::read::acts::{ANOTHER, CollectKindText, CollectText, ExpressionText, Secrecy};
use crate::flow::read::flow::{ActText, AnswerText, FlowText, StepText};
use crate::flow::read::kind;
use crate::flow::read::request::RequestText;
use crate::flow::records;
use crate::flow::request::{Field, Guard, Method};
use crate::flow::slots;
use crate::flow::syntax::fields::Placed;
use std::collections::BTreeSet;

/// What a caller or the records tell.
const PHI: Flags = Flags { phi: true, secret: false };

/// The program of a draft. Its nodes are those of the graph, the called number last.
pub fn program(draft: &Draft, graph: &Graph) -> Program {
    let mut names = Names::default();
    let flows: Vec<Flow> =
        (0..draft.flows.len()).map(|flow| signature(draft, graph, flow, &mut names)).collect();
    let whole = flows.iter().all(|flow| flow.reading == Reading::Whole);
    let mut program = Program {
        names,
        flows,
        records: records::fields(),
        reading: if whole { Reading::Whole } else { Reading::InPart },
        ..Program::default()
    };
    for (flow, text) in draft.flows.iter().enumerate() {
        let unused = if keeps_everything(text) { Unused::Fine } else { Unused::Odd };
        for step in &text.steps {
            let mut effects = Effects { draft, graph, flow, step, unused, names: &mut program.names };
            let node = effects.node();
            program.nodes.push(node);
        }
    }
    program.nodes.push(called_number(draft, graph, &mut program.flows));
    let entry = draft.entry().and_then(|flow| draft.start(flow));
    let named = draft.clinic.as_ref().and_then(|clinic| clinic.entry.as_ref());
    program.starts.extend(entry.zip(named).map(|(at, named)| (graph.node(at), named.place)));
    program
}

/// Whether everything that a flow saves is asked for by a step without its names: the answers to a survey.
fn keeps_everything(flow: &FlowText) -> bool {
    let keeps = |step: &StepText| match &step.act {
        Some(ActText::Care { care, .. }) => matches!(care.verb, Verb::SurveySave | Verb::AnswersWrite),
        _ => false,
    };
    flow.steps.iter().any(keeps)
}

/// The called number: it leads to the flow of each number.
fn called_number(draft: &Draft, graph: &Graph, flows: &mut Vec<Flow>) -> Node {
    let Some(clinic) = &draft.clinic else { return Node::default() };
    let mut ways: Vec<Way> = Vec::new();
    let mut seen = BTreeSet::new();
    for name in clinic.numbers.values().chain(&clinic.default) {
        let Some(flow) = draft.flow(&name.value).filter(|flow| Some(*flow) != draft.entry()) else {
            continue;
        };
        let Some(start) = draft.start(flow).filter(|_| seen.insert(flow)) else { continue };
        ways.push(way(To::Node(graph.node(start)), name.place, Vec::new()));
    }
    flows.push(Flow::default());
    Node { flow: flows.len() - 1, ways, ..Node::default() }
}

fn signature(draft: &Draft, graph: &Graph, flow: usize, names: &mut Names) -> Flow {
    let text = &draft.flows[flow];
    let mut slots = |all: &[(Placed<String>, Type)]| -> Vec<Slot> {
        let slot = |(name, kind): &(Placed<String>, Type)| Slot {
            name: names.number(&name.value),
            kind: kind.clone(),
            place: name.place,
        };
        all.iter().map(slot).collect()
    };
    let reading = if draft.is_whole(flow) { Reading::Whole } else { Reading::InPart };
    Flow {
        start: graph.start(draft, flow),
        takes: slots(&text.takes),
        gives: slots(text.gives.as_deref().unwrap_or_default()),
        entered: if text.gives.is_some() { Entered::ByCall } else { Entered::ByNext },
        reading,
    }
}

fn way(to: To, place: Place, saves: Vec<Save>) -> Way {
    Way { to, when: When::Always, saves, raises: Assurance::L0, place }
}

/// How well the caller must be known, as the table of the records writes it.
pub fn assurance(level: u8) -> Assurance {
    match level {
        0 => Assurance::L0,
        1 => Assurance::L1,
        2 => Assurance::L2,
        _ => Assurance::L3,
    }
}

/// One step on its way into the program.
struct Effects<'a> {
    draft: &'a Draft,
    graph: &'a Graph,
    flow: usize,
    step: &'a StepText,
    unused: Unused,
    names: &'a mut Names,
}

impl Effects<'_> {
    fn node(&mut self) -> Node {
        let step = self.step;
        let mut node = Node { flow: self.flow, ..Node::default() };
        let Some(act) = &step.act else { return node };
        node.uses = self.asks(act);
        match act {
            ActText::When { condition, yes, no } => {
                node.condition = Some(formula(condition));
                for (word, when) in [(yes, When::IfTrue), (no, When::IfFalse)] {
                    node.ways.push(Way { when, ..self.way(word, Vec::new()) });
                }
            }
            ActText::Call { flow, save, next } => self.call(flow, save, next, &mut node),
            ActText::Care { place, care, save, ways, failed } => {
                node.needs = Some((assurance(care.assurance), *place));
                for (outcome, target) in ways {
                    let way = self.outcome(care, save.as_ref(), outcome, target);
                    node.ways.push(way);
                }
                node.ways.push(self.way(failed, Vec::new()));
            }
            ActText::Menu { answers, save, .. } => {
                let names = answers.iter().map(|answer| answer.name.value.clone()).collect();
                let kind = Type::Choice(names);
                for answer in answers {
                    let saves = self.saves(save.as_ref(), &What::Fixed(kind.clone(), PHI));
                    node.ways.push(self.way(&answer.target, saves));
                }
            }
            ActText::Ask { save, yes, no, .. } => {
                for word in [yes, no] {
                    let saves = self.saves(save.as_ref(), &What::Fixed(Type::Bool, PHI));
                    node.ways.push(self.way(word, saves));
                }
            }
            ActText::Collect(collect) => {
                let saves =
                    self.saves(Some(&collect.save), &What::Fixed(kind_of(collect), flags_of(collect)));
                node.ways.push(self.way(&collect.next, saves));
            }
            ActText::Offer { from, answers, save, used_up, .. } => {
                self.offer(from, answers, save.as_ref(), &mut node);
                node.ways.push(self.way(used_up, Vec::new()));
            }
            ActText::Set { values, next } => {
                let saves = values.iter().map(|(name, value)| self.save(name, What::Formula(formula(value))));
                let saves = saves.collect();
                node.ways.push(self.way(next, saves));
            }
            ActText::Request(text) => self.request(text, &mut node),
            ActText::Say { .. }
            | ActText::OfferLanguage { .. }
            | ActText::Notice { .. }
            | ActText::Hours { .. }
            | ActText::Record { .. }
            | ActText::Recording { .. }
            | ActText::Speech { .. }
            | ActText::Wait { .. }
            | ActText::Transfer { .. }
            | ActText::Queue { .. }
            | ActText::Callback { .. }
            | ActText::Person { .. } => {
                for (word, _) in act.ways() {
                    let way = self.way(word, Vec::new());
                    node.ways.push(way);
                }
            }
        }
        node
    }

    /// What the step's prompts ask for, and what goes with it to the records.
    fn asks(&mut self, act: &ActText) -> Vec<Use> {
        let mut uses = Vec::new();
        let mut slots: BTreeSet<&str> = BTreeSet::new();
        for prompt in act.prompts() {
            let texts = self.draft.prompts.as_ref().and_then(|prompts| prompts.get(&prompt.value));
            for slot in
                texts.iter().flat_map(|texts| texts.texts.values()).flat_map(|text| slots::names(&text.value))
            {
                // It is filled by what the step itself holds.
                let own = slot == "value" && matches!(act, ActText::Collect(_) | ActText::Offer { .. });
                if !own && slots.insert(slot) {
                    let with = self.step.with.iter().find(|(there, _)| there.value == slot);
                    let (path, place) = match with {
                        Some((_, here)) => (self.path(&here.value), here.place),
                        None => (self.path(slot), prompt.place),
                    };
                    uses.push(Use { path, wanted: Wanted::Words, goes: Goes::Spoken, place });
                }
            }
        }
        for (there, here) in &self.step.with {
            let wanted = match act {
                ActText::Care { care, .. } => {
                    let need = care.needs.iter().find(|(name, _)| *name == there.value);
                    need.and_then(|(_, of)| kind::named(of)).map_or(Wanted::Anything, Wanted::Type)
                }
                // What a flow takes is looked at with the call.
                ActText::Call { .. } => continue,
                _ if slots.contains(there.value.as_str()) => continue,
                _ => Wanted::Anything,
            };
            let goes = match act {
                ActText::Request(text) if text.plan.method == Method::Get => Goes::Address,
                _ => Goes::Inside,
            };
            let path = self.path(&here.value);
            uses.push(Use { path, wanted, goes, place: here.place });
        }
        uses
    }

    fn call(
        &mut self,
        flow: &Placed<String>,
        save: &[(Placed<String>, Placed<String>)],
        next: &Placed<String>,
        node: &mut Node,
    ) {
        let Some(called) = self.draft.flow(&flow.value) else {
            let way = self.way(next, Vec::new());
            node.ways.push(way);
            return;
        };
        let with = self.step.with.iter();
        let with =
            with.map(|(there, here)| (self.names.number(&there.value), self.path(&here.value), here.place));
        node.call = Some(Call { flow: called, with: with.collect(), place: flow.place });
        let gives = self.draft.flows[called].gives.as_deref().unwrap_or_default();
        let saves = save.iter().filter_map(|(own, theirs)| {
            let which = gives.iter().position(|(name, _)| name.value == theirs.value)?;
            Some(self.save(own, What::Result(called, which)))
        });
        let saves = saves.collect();
        let way = self.way(next, saves);
        node.ways.push(way);
    }

    /// A way on which the records gave an answer.
    fn outcome(
        &mut self,
        care: &Care,
        save: Option<&Placed<String>>,
        outcome: &Placed<String>,
        target: &Placed<String>,
    ) -> Way {
        let first = care.outcomes.first() == Some(&outcome.value.as_str());
        if !first {
            return self.way(target, Vec::new());
        }
        let gives = care.gives.and_then(kind::named);
        let save = save.zip(gives).map(|(name, kind)| {
            let save = self.save(name, What::Fixed(kind, PHI));
            // Who the caller is counts, whether a later step says his name or not.
            if care.raises.is_some() { Save { unused: Unused::Fine, ..save } } else { save }
        });
        Way {
            raises: care.raises.map_or(Assurance::L0, assurance),
            ..self.way(target, save.into_iter().collect())
        }
    }

    fn offer(
        &mut self,
        from: &Placed<String>,
        answers: &[AnswerText],
        save: Option<&Placed<String>>,
        node: &mut Node,
    ) {
        let list = self.path(&from.value);
        node.uses.push(Use {
            path: list.clone(),
            wanted: Wanted::List,
            goes: Goes::Spoken,
            place: from.place,
        });
        for answer in answers.iter().filter(|answer| answer.name.value != ANOTHER) {
            let saves = self.saves(save, &What::Item(list.clone()));
            let way = self.way(&answer.target, saves);
            node.ways.push(way);
        }
    }

    fn way(&self, word: &Placed<String>, saves: Vec<Save>) -> Way {
        way(self.to(word), word.place, saves)
    }

    fn to(&self, word: &Placed<String>) -> To {
        match self.draft.target(self.flow, &word.value) {
            Some(Target::Step(at)) => To::Node(self.node_of(at)),
            Some(Target::CalledNumber) => To::Node(self.graph.called_number()),
            Some(Target::Return) => To::Return,
            Some(Target::Ladder(_) | Target::Message) | None => To::Out,
        }
    }

    fn node_of(&self, at: StepAt) -> NodeAt {
        self.graph.node(at)
    }

    fn saves(&mut self, name: Option<&Placed<String>>, what: &What) -> Vec<Save> {
        name.map(|name| self.save(name, what.clone())).into_iter().collect()
    }

    fn save(&mut self, name: &Placed<String>, what: What) -> Save {
        Save { name: self.names.number(&name.value), what, place: name.place, unused: self.unused }
    }

    fn request(&mut self, text: &RequestText, node: &mut Node) {
        let saves = text.plan.schema.fields.iter().map(|field| self.answered(field, &text.done));
        let saves = saves.collect();
        node.ways.push(self.way(&text.done, saves));
        node.ways.push(self.way(&text.failed, Vec::new()));
    }

    /// A field of an answer; one that no step asks for is still looked at in the answer.
    fn answered(&mut self, field: &Field, done: &Placed<String>) -> Save {
        let flags = Flags { phi: field.guard == Guard::Phi, secret: false };
        Save {
            name: self.names.number(field.name.as_str()),
            what: What::Fixed(field.kind.of_flows(), flags),
            place: done.place,
            unused: Unused::Fine,
        }
    }

    /// `birth`, or `patient.birth`.
    fn path(&mut self, text: &str) -> Path {
        let (name, field) = match text.split_once('.') {
            Some((name, field)) => (name, Some(field.to_owned())),
            None => (text, None),
        };
        Path { name: self.names.number(name), field }
    }
}

fn formula(text: &ExpressionText) -> Formula {
    Formula { expression: text.read.clone(), text: text.text.value.clone(), place: text.text.place }
}

fn kind_of(collect: &CollectText) -> Type {
    match collect.kind {
        CollectKindText::Digits { .. } => Type::Digits,
        CollectKindText::Number { .. } => Type::Number,
        CollectKindText::Date { .. } => Type::Date,
        CollectKindText::Phone => Type::Phone,
    }
}

fn flags_of(collect: &CollectText) -> Flags {
    Flags { phi: true, secret: collect.secrecy == Secrecy::Secret }
}
