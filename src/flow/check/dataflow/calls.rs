//! Flows that call flows: what is handed over, that they come back, and that none calls itself.
//!
//! ```text
//!  caller ──call, with what it takes──▶ flow ──return, with what it gives──▶ caller
//!    └──next──▶ flow: only if that flow never says `return`, for nobody would be there to go back to
//! ```
//! Not here: the values themselves ([`super::find`]).

use super::find::{Finding, Problem};
use super::solve::Facts;
use super::{Call, FlowAt, Program, Reading, To};
use crate::flow::diagnostic::Place;
use crate::flow::draft::work;
use crate::flow::expression::fault::nearest;
use std::collections::BTreeSet;

/// Looks at every call.
pub fn find(program: &Program, facts: &Facts) -> Vec<Finding> {
    let mut findings = Vec::new();
    let called: BTreeSet<FlowAt> = calls(program).map(|(_, call)| call.flow).collect();
    for (_, call) in calls(program) {
        handed(program, call, &mut findings);
        let flow = &program.flows[call.flow];
        let reached = flow.start.is_some_and(|start| facts.assurance(start).is_some());
        if reached && flow.reading == Reading::Whole && !facts.returns(call.flow) {
            tell(call.place, Problem::NeverReturns { flow: call.flow }, &mut findings);
        }
    }
    jumps(program, &called, &mut findings);
    circles(program, &mut findings);
    findings
}

fn tell(place: Place, problem: Problem, findings: &mut Vec<Finding>) {
    findings.push(Finding { spot: place.into(), problem });
}

fn calls(program: &Program) -> impl Iterator<Item = (FlowAt, &Call)> {
    program.nodes.iter().filter_map(|node| Some((node.flow, node.call.as_ref()?)))
}

/// Each value that a flow takes is handed over, and no other.
fn handed(program: &Program, call: &Call, findings: &mut Vec<Finding>) {
    let takes = &program.flows[call.flow].takes;
    for (name, _, place) in &call.with {
        if takes.iter().all(|slot| slot.name != *name) {
            let name = program.names.text(*name).to_owned();
            let near = nearest(&name, takes.iter().map(|slot| program.names.text(slot.name)));
            tell(*place, Problem::NoParameter { name, near }, findings);
        }
    }
    for slot in takes.iter().filter(|slot| call.with.iter().all(|(name, _, _)| *name != slot.name)) {
        let name = program.names.text(slot.name).to_owned();
        tell(call.place, Problem::Missing { name, kind: slot.kind.clone() }, findings);
    }
}

/// A flow that says `return` is entered by a call alone.
fn jumps(program: &Program, called: &BTreeSet<FlowAt>, findings: &mut Vec<Finding>) {
    let mut returns = vec![Vec::new(); program.flows.len()];
    let ways = || program.nodes.iter().flat_map(|node| node.ways.iter().map(move |way| (node.flow, way)));
    for (flow, way) in ways() {
        if way.to == To::Return {
            returns[flow].push(way.place);
        }
    }
    for (flow, places) in returns.iter().enumerate() {
        let signature = &program.flows[flow];
        if !called.contains(&flow) && signature.takes.is_empty() && signature.gives.is_empty() {
            places.iter().for_each(|place| tell(*place, Problem::ReturnNowhere, findings));
        }
    }
    let sub = |flow: FlowAt| {
        let signature = &program.flows[flow];
        let returns = !returns[flow].is_empty();
        (called.contains(&flow) && returns) || !signature.takes.is_empty() || !signature.gives.is_empty()
    };
    let entered = |to: usize| {
        let flow = program.nodes[to].flow;
        (program.flows[flow].start == Some(to) && sub(flow)).then_some(flow)
    };
    let starts = program.starts.iter().map(|(to, place)| (None, *to, *place));
    let ways = ways().filter_map(|(from, way)| match way.to {
        To::Node(to) => Some((Some(from), to, way.place)),
        To::Return | To::Out => None,
    });
    for (from, to, place) in starts.chain(ways) {
        if let Some(flow) = entered(to).filter(|flow| from != Some(*flow)) {
            tell(place, Problem::JumpedInto { flow }, findings);
        }
    }
}

/// Walks from call to call, depth first; a flow that is met again on the way closes a circle.
fn circles(program: &Program, findings: &mut Vec<Finding>) {
    let mut calls_of: Vec<Vec<&Call>> = vec![Vec::new(); program.flows.len()];
    for (flow, call) in calls(program) {
        calls_of[flow].push(call);
    }
    let mut marks = vec![Mark::New; program.flows.len()];
    for from in 0..program.flows.len() {
        if marks[from] != Mark::New {
            continue;
        }
        marks[from] = Mark::OnTheWay(0);
        let mut way = vec![(from, 0)];
        while let Some((flow, tried)) = way.last_mut() {
            let Some(call) = calls_of[*flow].get(*tried) else {
                marks[*flow] = Mark::Done;
                way.pop();
                continue;
            };
            work();
            *tried += 1;
            match marks[call.flow] {
                Mark::Done => {}
                Mark::OnTheWay(since) => {
                    let flows = way[since..].iter().map(|(flow, _)| *flow).collect();
                    tell(call.place, Problem::Circle { flows }, findings);
                }
                Mark::New => {
                    marks[call.flow] = Mark::OnTheWay(way.len());
                    way.push((call.flow, 0));
                }
            }
        }
    }
}

/// How far the search for circles has come with a flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mark {
    New,
    /// On the way that is being walked, at this position.
    OnTheWay(usize),
    Done,
}
