//! Which names are still asked for behind each step.
//!
//! Each name is walked back from where it is asked for to where it is saved, so a step carries only what is needed
//! behind it. Into a called flow nothing is carried: it sees its parameters alone. Through a flow that another one leads on
//! from, only those names are carried that it saves or asks for itself: so a flow can be read alone, and the work grows
//! as the flows do.

use super::{FlowAt, Name, Node, NodeAt, Path, Program, To, Way, What};
use crate::flow::draft::work;
use std::collections::BTreeSet;

/// The names that are asked for at or behind each step, in order.
pub fn live(program: &Program) -> Vec<Vec<Name>> {
    let mut asked: Vec<Vec<NodeAt>> = vec![Vec::new(); program.names.all().count()];
    let mut back: Vec<Vec<(NodeAt, usize)>> = vec![Vec::new(); program.nodes.len()];
    for (at, node) in program.nodes.iter().enumerate() {
        for name in asks(program, node) {
            asked[name.0 as usize].push(at);
        }
        for (which, way) in node.ways.iter().enumerate() {
            if let To::Node(to) = way.to {
                back[to].push((at, which));
            }
        }
    }
    let mentioned = mentioned(program, &asked);
    let mut live = vec![Vec::new(); program.nodes.len()];
    for name in program.names.all() {
        let mut open = std::mem::take(&mut asked[name.0 as usize]);
        open.iter().for_each(|at| live[*at].push(name));
        while let Some(at) = open.pop() {
            for (before, which) in &back[at] {
                work();
                let carried = &mut live[*before];
                let saves = program.nodes[*before].ways[*which].saves.iter().any(|save| save.name == name);
                let (here, there) = (program.nodes[at].flow, program.nodes[*before].flow);
                if here != there && !mentioned.contains(&(there, name)) {
                    continue;
                }
                // Names are walked in their order, so the last one tells whether this one was here.
                if !saves && carried.last() != Some(&name) {
                    carried.push(name);
                    open.push(*before);
                }
            }
        }
    }
    live
}

/// The names that each flow saves, takes or asks for.
fn mentioned(program: &Program, asked: &[Vec<NodeAt>]) -> BTreeSet<(FlowAt, Name)> {
    let asked = program.names.all().zip(asked);
    let asks = asked.flat_map(|(name, nodes)| nodes.iter().map(move |at| (program.nodes[*at].flow, name)));
    let saves = program.nodes.iter().flat_map(|node| {
        let saved = node.ways.iter().flat_map(|way| &way.saves);
        saved.map(|save| (node.flow, save.name))
    });
    let takes = program.flows.iter().enumerate();
    let takes = takes.flat_map(|(flow, text)| text.takes.iter().map(move |slot| (flow, slot.name)));
    asks.chain(saves).chain(takes).collect()
}

/// What a step asks for that it has not saved itself.
fn asks(program: &Program, node: &Node) -> BTreeSet<Name> {
    let mut asks: BTreeSet<Name> = node.uses.iter().map(|one| one.path.name).collect();
    asks.extend(node.call.iter().flat_map(|call| &call.with).map(|(_, path, _)| path.name));
    asks.extend(node.condition.iter().flat_map(|formula| formula.names(program)));
    for way in &node.ways {
        asks.extend(way_asks(program, node, way));
    }
    asks
}

fn way_asks(program: &Program, node: &Node, way: &Way) -> BTreeSet<Name> {
    let (mut asks, mut saved) = (BTreeSet::new(), BTreeSet::new());
    for save in &way.saves {
        asks.extend(save.what.names(program).into_iter().filter(|name| !saved.contains(name)));
        saved.insert(save.name);
    }
    if way.to == To::Return {
        let gives = program.flows[node.flow].gives.iter().map(|slot| slot.name);
        asks.extend(gives.filter(|name| !saved.contains(name)));
    }
    asks
}

impl super::Formula {
    /// The names that it asks for.
    pub fn names(&self, program: &Program) -> Vec<Name> {
        self.expression.names().filter_map(|(_, name)| program.names.find(name)).collect()
    }
}

impl What {
    /// The names that it asks for.
    pub fn names(&self, program: &Program) -> Vec<Name> {
        match self {
            What::Fixed(..) | What::Result(..) => Vec::new(),
            What::Formula(formula) => formula.names(program),
            What::Item(Path { name, .. }) => vec![*name],
        }
    }
}
