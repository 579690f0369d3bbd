//! All steps of a set and the ways between them, resolved once, so that every question about paths is one walk.
//!
//! ```text
//! entry ─▶ emergency ─▶ … ─▶ ( called number ) ─┬─▶ the first step of each called flow
//!                                               └─▶ …
//! ```
//! "The called number" is a node of its own: many steps may lead to it and it may lead to many flows. No path is
//! ever listed: each question visits a step and a way at most once. What a finding means is [`super::paths`]' and
//! [`super::offers`]' own.

use crate::flow::draft::{Draft, Way, work};
use crate::flow::program::{StepAt, Target};
use crate::flow::read::flow::{ActText, FlowText};
use std::collections::BTreeSet;

/// A step, or the called number, by its position in the graph.
pub type Node = usize;

/// The graph of a draft.
#[derive(Debug)]
pub struct Graph {
    /// The first node of each flow; behind the last of them, the called number.
    first: Vec<Node>,
    /// The steps, by node.
    steps: Vec<StepAt>,
    /// Where each node leads.
    ways: Vec<Vec<(Node, Way)>>,
    /// Whether a way leads up: to a person, a message, or somewhere that is not known.
    up: Vec<Up>,
}

/// Whether a step leads out of the flows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Up {
    /// No way does.
    No,
    /// One leads to a person or a message.
    Yes,
    /// One leads to a word that names nothing, which has its own fault.
    Unknown,
}

impl Graph {
    /// Resolves every way.
    pub fn of(draft: &Draft) -> Self {
        let (mut first, mut steps) = (Vec::new(), Vec::new());
        for (flow, text) in draft.flows.iter().enumerate() {
            first.push(steps.len());
            steps.extend((0..text.steps.len()).map(|step| StepAt { flow, step }));
        }
        first.push(steps.len());
        let mut graph = Self { first, steps, ways: Vec::new(), up: Vec::new() };
        let acts =
            |flow: &FlowText| flow.steps.iter().filter_map(|step| step.act.as_ref()).any(ActText::waits);
        let waits: Vec<bool> = draft.flows.iter().map(acts).collect();
        for node in 0..graph.steps.len() {
            let (ways, up) = graph.resolve(draft, graph.steps[node], &waits);
            graph.ways.push(ways);
            graph.up.push(up);
        }
        let starts = draft.called().into_iter().filter_map(|flow| graph.start(draft, flow));
        graph.ways.push(starts.map(|node| (node, Way::ByItself)).collect());
        graph.up.push(Up::No);
        graph
    }

    fn resolve(&self, draft: &Draft, at: StepAt, waits: &[bool]) -> (Vec<(Node, Way)>, Up) {
        let Some(act) = draft.act(at) else { return (Vec::new(), Up::Unknown) };
        let (mut ways, mut up) = (Vec::new(), Up::No);
        let called = match act {
            ActText::Call { flow, .. } => draft.flow(&flow.value),
            _ => None,
        };
        ways.extend(called.and_then(|flow| self.start(draft, flow)).map(|start| (start, Way::ByItself)));
        for (word, way) in act.ways() {
            // Who comes back from a flow that waits for him has done something there.
            let way = match way {
                Way::Returning if called.is_some_and(|flow| waits[flow]) => Way::ByKey,
                Way::Returning => Way::ByItself,
                Way::ByItself | Way::ByKey => way,
            };
            match draft.target(at.flow, &word.value) {
                Some(Target::Step(step)) => ways.push((self.node(step), way)),
                Some(Target::CalledNumber) => ways.push((self.called_number(), way)),
                Some(Target::Return) => {}
                Some(Target::Ladder(_) | Target::Message) => up = if up == Up::No { Up::Yes } else { up },
                None => up = Up::Unknown,
            }
        }
        (ways, up)
    }

    /// The node of a step.
    pub fn node(&self, at: StepAt) -> Node {
        self.first[at.flow] + at.step
    }

    /// The step of a node; `None` for the called number.
    pub fn step(&self, node: Node) -> Option<StepAt> {
        self.steps.get(node).copied()
    }

    /// The node that stands for the called number.
    pub fn called_number(&self) -> Node {
        self.steps.len()
    }

    /// All nodes, the called number last.
    pub fn nodes(&self) -> std::ops::Range<Node> {
        0..self.ways.len()
    }

    /// Where a flow begins.
    pub fn start(&self, draft: &Draft, flow: usize) -> Option<Node> {
        draft.start(flow).map(|at| self.node(at))
    }

    /// Where a node leads.
    pub fn ways(&self, node: Node) -> &[(Node, Way)] {
        &self.ways[node]
    }

    /// Whether a node leads out of the flows.
    pub fn up(&self, node: Node) -> Up {
        self.up[node]
    }

    /// Which nodes can be reached from some of `from` over the ways that `may` take a caller on.
    pub fn reached(
        &self,
        from: impl IntoIterator<Item = Node>,
        may: impl Fn(Node, Node, Way) -> bool,
    ) -> Vec<bool> {
        let mut seen = vec![false; self.ways.len()];
        let mut open: Vec<Node> = Vec::new();
        for node in from {
            if !std::mem::replace(&mut seen[node], true) {
                open.push(node);
            }
        }
        while let Some(node) = open.pop() {
            for (next, way) in &self.ways[node] {
                work();
                if may(node, *next, *way) && !std::mem::replace(&mut seen[*next], true) {
                    open.push(*next);
                }
            }
        }
        seen
    }

    /// From which nodes a caller may come to one of `goals`.
    pub fn leading_to(&self, goals: impl IntoIterator<Item = Node>) -> Vec<bool> {
        let mut back: Vec<Vec<Node>> = vec![Vec::new(); self.ways.len()];
        for node in self.nodes() {
            for (next, _) in &self.ways[node] {
                work();
                back[*next].push(node);
            }
        }
        let mut seen = vec![false; self.ways.len()];
        let mut open: Vec<Node> = goals.into_iter().collect();
        open.iter().for_each(|goal| seen[*goal] = true);
        while let Some(node) = open.pop() {
            for before in &back[node] {
                work();
                if !std::mem::replace(&mut seen[*before], true) {
                    open.push(*before);
                }
            }
        }
        seen
    }

    /// The first step, in the order of the files, of each circle that needs no key.
    pub fn circles(&self) -> BTreeSet<StepAt> {
        let mut marks = vec![Mark::New; self.ways.len()];
        let mut told = BTreeSet::new();
        for from in self.nodes() {
            if marks[from] == Mark::New {
                self.walk(from, &mut marks, &mut told);
            }
        }
        told
    }

    /// Walks depth first; a step met again on the way back to it closes a circle.
    fn walk(&self, from: Node, marks: &mut [Mark], told: &mut BTreeSet<StepAt>) {
        marks[from] = Mark::OnTheWay(0);
        let mut way = vec![(from, 0)];
        while let Some((node, tried)) = way.last_mut() {
            let Some((next, by)) = self.ways[*node].get(*tried) else {
                marks[*node] = Mark::Done;
                way.pop();
                continue;
            };
            work();
            *tried += 1;
            match (by, marks[*next]) {
                (Way::ByKey, _) | (_, Mark::Done) => {}
                (Way::ByItself | Way::Returning, Mark::OnTheWay(since)) => {
                    told.extend(way[since..].iter().filter_map(|(node, _)| self.step(*node)).min());
                }
                (Way::ByItself | Way::Returning, Mark::New) => {
                    marks[*next] = Mark::OnTheWay(way.len());
                    way.push((*next, 0));
                }
            }
        }
    }
}

/// How far the search for circles has come with a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mark {
    New,
    /// On the way that is being walked, at this position.
    OnTheWay(usize),
    Done,
}
