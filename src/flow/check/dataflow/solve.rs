//! The facts before each step: steps are taken up in the order in which calls come to them, and taken up again when
//! something new is known before them, until nothing is.
//!
//! A call hands its parameters to the first step of the called flow; what that flow gives at its `return`s is gathered,
//! and when it changes the callers are taken up again. Not here: what is wrong ([`super::find`]).

use super::facts::{Fact, Kind, Kinds, Known, NODE_NONE};
use super::live::live;
use super::{Assurance, Call, FlowAt, Formula, Name, Node, NodeAt, Path, Program, Save, To, Way, What, When};
use crate::flow::draft::work;
use crate::flow::expression::Judged;
use crate::flow::expression::types::{Assigned, Environment, Flags, Type, Variable};
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// What is known before each step.
#[derive(Clone, Debug)]
pub struct Facts {
    /// Of each step the names that are still asked for, in order, and what is known of them.
    rows: Vec<Vec<(Name, Fact)>>,
    /// The least assurance of all ways to a step; `None` for one that no call comes to.
    assurance: Vec<Option<Assurance>>,
    /// What each flow gives back.
    given: Vec<Given>,
    /// The types.
    kinds: Kinds,
}

/// What a flow gives back.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Given {
    flags: Vec<Flags>,
    /// The least assurance of all `return`s; `None` if none was reached.
    assurance: Option<Assurance>,
}

impl Facts {
    /// What is known of a name before a step; `None` if it is not asked for there or later.
    pub fn before(&self, node: NodeAt, name: Name) -> Option<Fact> {
        row(&self.rows[node], name)
    }

    /// What is known before a step, by name.
    pub fn row(&self, node: NodeAt) -> &[(Name, Fact)] {
        &self.rows[node]
    }

    /// The least assurance of all ways to a step; `None` for one that no call comes to.
    pub fn assurance(&self, node: NodeAt) -> Option<Assurance> {
        self.assurance[node]
    }

    /// Whether a flow comes to a `return`.
    pub fn returns(&self, flow: FlowAt) -> bool {
        self.given[flow].assurance.is_some()
    }

    /// The types.
    pub fn kinds(&self) -> &Kinds {
        &self.kinds
    }
}

fn row(row: &[(Name, Fact)], name: Name) -> Option<Fact> {
    row.binary_search_by_key(&name, |(name, _)| *name).ok().map(|at| row[at].1)
}

/// Finds out what is known before each step.
pub fn solve(program: &Program) -> Facts {
    let rows: Vec<Vec<(Name, Fact)>> = live(program)
        .into_iter()
        .map(|names| names.into_iter().map(|name| (name, Fact::NEVER)).collect())
        .collect();
    let given = program
        .flows
        .iter()
        .map(|flow| Given { flags: vec![Flags::default(); flow.gives.len()], assurance: None });
    let facts = Facts {
        rows,
        assurance: vec![None; program.nodes.len()],
        given: given.collect(),
        kinds: Kinds::default(),
    };
    let mut callers = vec![Vec::new(); program.flows.len()];
    for (at, node) in program.nodes.iter().enumerate() {
        if let Some(call) = &node.call {
            callers[call.flow].push(at);
        }
    }
    let (order, position) = order(program);
    let mut solver =
        Solver { program, facts, callers, order, position, waiting: Vec::new(), heap: BinaryHeap::new() };
    solver.waiting.resize(program.nodes.len(), false);
    for (start, _) in &program.starts {
        solver.begin(*start);
    }
    solver.run();
    // A flow that nothing leads to is looked at as if calls began with it.
    for flow in &program.flows {
        if let Some(start) = flow.start.filter(|start| solver.facts.assurance[*start].is_none()) {
            solver.begin(start);
            solver.run();
        }
    }
    solver.facts
}

/// The steps in the order in which calls come to them, as far as there are no circles; and where each stands in it.
fn order(program: &Program) -> (Vec<NodeAt>, Vec<usize>) {
    let mut seen = vec![false; program.nodes.len()];
    let mut done = Vec::new();
    let starts = program.starts.iter().map(|(start, _)| *start);
    let starts =
        starts.chain(program.flows.iter().filter_map(|flow| flow.start)).chain(0..program.nodes.len());
    for start in starts.collect::<Vec<_>>().into_iter().rev() {
        if std::mem::replace(&mut seen[start], true) {
            continue;
        }
        let mut way = vec![(start, 0)];
        while let Some((node, tried)) = way.last_mut() {
            work();
            match next(program, &program.nodes[*node], *tried) {
                Next::Step(to) => {
                    *tried += 1;
                    if !std::mem::replace(&mut seen[to], true) {
                        way.push((to, 0));
                    }
                }
                Next::Nothing => *tried += 1,
                Next::Over => {
                    done.push(*node);
                    way.pop();
                }
            }
        }
    }
    done.reverse();
    let mut position = vec![0; program.nodes.len()];
    for (at, node) in done.iter().enumerate() {
        position[*node] = at;
    }
    (done, position)
}

enum Next {
    Step(NodeAt),
    Nothing,
    Over,
}

/// The ways of a step one after the other, the called flow last: so it stands before what follows on the call.
fn next(program: &Program, node: &Node, which: usize) -> Next {
    let called = || node.call.as_ref().and_then(|call| program.flows[call.flow].start);
    match node.ways.get(which) {
        Some(Way { to: To::Node(to), .. }) => Next::Step(*to),
        Some(Way { to: To::Return | To::Out, .. }) => Next::Nothing,
        None if which == node.ways.len() => called().map_or(Next::Over, Next::Step),
        None => Next::Over,
    }
}

struct Solver<'a> {
    program: &'a Program,
    facts: Facts,
    /// The steps that call each flow.
    callers: Vec<Vec<NodeAt>>,
    order: Vec<NodeAt>,
    position: Vec<usize>,
    /// Whether a step is waiting to be taken up.
    waiting: Vec<bool>,
    heap: BinaryHeap<Reverse<usize>>,
}

impl Solver<'_> {
    fn wake(&mut self, node: NodeAt) {
        if !std::mem::replace(&mut self.waiting[node], true) {
            self.heap.push(Reverse(self.position[node]));
        }
    }

    fn run(&mut self) {
        while let Some(Reverse(position)) = self.heap.pop() {
            let at = self.order[position];
            self.waiting[at] = false;
            self.step(at);
        }
    }

    /// A call begins here, and nothing is known but what the flow takes.
    fn begin(&mut self, start: NodeAt) {
        let flow = &self.program.flows[self.program.nodes[start].flow];
        let local = Local::new(self.program, &[]);
        let parameters = if flow.start == Some(start) { flow.takes.len() } else { 0 };
        self.merge(
            &Arrival { local: &local, from: NODE_NONE, assurance: Assurance::L0 },
            start,
            &vec![Flags::default(); parameters],
        );
    }

    fn step(&mut self, at: NodeAt) {
        let program = self.program;
        let node = &program.nodes[at];
        let Some(assurance) = self.facts.assurance[at] else { return };
        if let Some(call) = &node.call {
            self.call(at, call, assurance);
        }
        let before = Local::new(program, &self.facts.rows[at]);
        let condition = node.condition.as_ref().map(|formula| before.judge(formula, &self.facts.kinds));
        for way in &node.ways {
            work();
            let mut local = before.clone();
            local.narrow(way.when, condition.as_ref());
            for save in &way.saves {
                local.save(save, &mut self.facts);
            }
            let reached = assurance.max(way.raises).max(self.returned(node));
            match way.to {
                To::Out => {}
                To::Node(to) => {
                    let flow = &program.flows[program.nodes[to].flow];
                    // What is wrong with a jump into a flow that takes something is told once, at the jump.
                    let enters = node.flow != program.nodes[to].flow && flow.start == Some(to);
                    let parameters = if enters { flow.takes.len() } else { 0 };
                    let arrival = Arrival { local: &local, from: at, assurance: reached };
                    self.merge(&arrival, to, &vec![Flags::default(); parameters]);
                }
                To::Return => self.give(node.flow, &local, reached),
            }
        }
    }

    /// The assurance that a call brings back.
    fn returned(&self, node: &Node) -> Assurance {
        match &node.call {
            // A flow that never returns has its own fault.
            Some(call) => self.facts.given[call.flow].assurance.unwrap_or(Assurance::L3),
            None => Assurance::L0,
        }
    }

    fn call(&mut self, at: NodeAt, call: &Call, assurance: Assurance) {
        let flow = &self.program.flows[call.flow];
        let Some(start) = flow.start else { return };
        let here = Local::new(self.program, &self.facts.rows[at]);
        let flags = flow.takes.iter().map(|slot| {
            let handed = call.with.iter().find(|(name, _, _)| *name == slot.name);
            handed.map_or(Flags::default(), |(_, path, _)| here.look(path, &self.facts.kinds).1)
        });
        let flags: Vec<Flags> = flags.collect();
        let local = Local::new(self.program, &[]);
        self.merge(&Arrival { local: &local, from: at, assurance }, start, &flags);
    }

    /// Joins what comes over one way into what is known before a step; `parameters` are the flags of what is taken there.
    fn merge(&mut self, arrival: &Arrival<'_>, to: NodeAt, parameters: &[Flags]) {
        let flow = &self.program.flows[self.program.nodes[to].flow];
        let Facts { rows, assurance, kinds, .. } = &mut self.facts;
        let mut changed = assurance[to].is_none_or(|old| arrival.assurance < old);
        let first = assurance[to].is_none();
        assurance[to] = Some(assurance[to].unwrap_or(arrival.assurance).min(arrival.assurance));
        for (name, fact) in &mut rows[to] {
            work();
            let taken = flow.takes.iter().zip(parameters).find(|(slot, _)| slot.name == *name);
            let mut new = match taken {
                Some((slot, flags)) => Fact::saved(Kind::Of(kinds.number(&slot.kind)), *flags, slot.place),
                None => arrival.local.fact(*name),
            };
            if new.known == Known::Never {
                new.without = arrival.from;
            }
            let joined = if first { new } else { fact.join(new, kinds) };
            changed |= joined != *fact;
            *fact = joined;
        }
        if changed {
            self.wake(to);
        }
    }

    /// Joins what one `return` gives into what its flow gives.
    fn give(&mut self, flow: FlowAt, local: &Local<'_>, assurance: Assurance) {
        let old = &self.facts.given[flow];
        let gives = self.program.flows[flow].gives.iter().zip(&old.flags);
        let new = Given {
            flags: gives.map(|(slot, flags)| flags.join(local.fact(slot.name).flags)).collect(),
            assurance: Some(old.assurance.unwrap_or(assurance).min(assurance)),
        };
        if new != *old {
            self.facts.given[flow] = new;
            for at in 0..self.callers[flow].len() {
                let caller = self.callers[flow][at];
                if self.facts.assurance[caller].is_some() {
                    self.wake(caller);
                }
            }
        }
    }
}

/// What comes over one way.
struct Arrival<'a> {
    local: &'a Local<'a>,
    from: NodeAt,
    assurance: Assurance,
}

/// What is known while a step is done: what was before it, and what it saved since.
#[derive(Clone, Debug)]
pub(super) struct Local<'a> {
    program: &'a Program,
    row: Vec<(Name, Fact)>,
    /// What is not asked for behind the step, but may be by what it saves next.
    own: Vec<(Name, Fact)>,
}

impl<'a> Local<'a> {
    pub fn new(program: &'a Program, row: &[(Name, Fact)]) -> Self {
        Self { program, row: row.to_vec(), own: Vec::new() }
    }

    pub fn fact(&self, name: Name) -> Fact {
        let own = self.own.iter().find(|(own, _)| *own == name).map(|(_, fact)| *fact);
        own.or_else(|| row(&self.row, name)).unwrap_or(Fact::NEVER)
    }

    fn put(&mut self, name: Name, fact: Fact) {
        match self.row.binary_search_by_key(&name, |(name, _)| *name) {
            Ok(at) => self.row[at].1 = fact,
            Err(_) => {
                self.own.retain(|(own, _)| *own != name);
                self.own.push((name, fact));
            }
        }
    }

    /// On the way where a condition holds, what it has seen to be known is known.
    pub fn narrow(&mut self, when: When, condition: Option<&Judged>) {
        let known = match (when, condition) {
            (When::IfTrue, Some(judged)) => &judged.if_true,
            (When::IfFalse, Some(judged)) => &judged.if_false,
            (When::Always, _) | (_, None) => return,
        };
        for name in known.iter().filter_map(|name| self.program.names.find(name)) {
            let fact = self.fact(name);
            if fact.known == Known::Perhaps {
                self.put(name, Fact { known: Known::Always, without: NODE_NONE, ..fact });
            }
        }
    }

    pub fn save(&mut self, save: &Save, facts: &mut Facts) {
        let (kind, flags) = match &save.what {
            What::Fixed(kind, flags) => (Some(kind.clone()), *flags),
            What::Formula(formula) => {
                let judged = self.judge(formula, &facts.kinds);
                // A name of two types is no name for the expression, and is secret all the same.
                let names = formula.names(self.program);
                let flags = names.iter().fold(judged.flags, |flags, name| flags.join(self.fact(*name).flags));
                (judged.kind, flags)
            }
            What::Item(path) => match self.look(path, &facts.kinds) {
                (Some(Type::List(of)), flags) => (Some(*of), flags),
                (_, flags) => (None, flags),
            },
            What::Result(flow, which) => {
                let slot = self.program.flows.get(*flow).and_then(|flow| flow.gives.get(*which));
                let flags = facts.given.get(*flow).and_then(|given| given.flags.get(*which));
                (slot.map(|slot| slot.kind.clone()), flags.copied().unwrap_or_default())
            }
        };
        let kind = kind.map_or(Kind::Open, |kind| Kind::Of(facts.kinds.number(&kind)));
        self.put(save.name, Fact::saved(kind, flags, save.place));
    }

    /// The type of a value, if it has one, and its flags.
    pub fn look(&self, path: &Path, kinds: &Kinds) -> (Option<Type>, Flags) {
        let fact = self.fact(path.name);
        let kind = match fact.kind {
            Kind::Of(number) => kinds.kind(number),
            Kind::Two(..) | Kind::Open => None,
        };
        match (&path.field, kind) {
            (None, kind) => (kind.cloned(), fact.flags),
            (Some(field), Some(Type::Record(record))) => {
                let found = self.program.records.get(record).and_then(|fields| fields.get(field));
                (found.map(|of| of.kind.clone()), found.map_or(fact.flags, |of| fact.flags.join(of.flags)))
            }
            (Some(_), _) => (None, fact.flags),
        }
    }

    /// What can be said of an expression here.
    pub fn judge(&self, formula: &Formula, kinds: &Kinds) -> Judged {
        formula.expression.judge(&self.environment(formula, kinds))
    }

    /// The names that an expression may use here, as far as it does.
    pub fn environment(&self, formula: &Formula, kinds: &Kinds) -> Environment {
        let mut environment = Environment::default();
        for (_, text) in formula.expression.names() {
            let Some(name) = self.program.names.find(text) else { continue };
            let fact = self.fact(name);
            let (Known::Perhaps | Known::Always, Kind::Of(number)) = (fact.known, fact.kind) else {
                continue;
            };
            let Some(kind) = kinds.kind(number).cloned() else { continue };
            if let Type::Record(record) = &kind
                && let Some(fields) = self.program.records.get(record)
            {
                environment.records.insert(record.clone(), fields.clone());
            }
            let assigned = if fact.known == Known::Always { Assigned::Always } else { Assigned::Perhaps };
            environment.variables.insert(text.to_owned(), Variable { kind, flags: fact.flags, assigned });
        }
        environment
    }
}
