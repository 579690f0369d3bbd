//! Flows that call flows: what is handed over, that they come back, and that none calls itself.
//!
//! ```text
//!  caller ──call, with what it takes──▶ flow ──return, with what it gives──▶ caller
//!    └──next──▶ flow: only if that flow does not come back, for nobody would be there
//! ```
//! Not here: the values themselves ([`super::find`]).

use super::find::{Finding, Problem};
use super::solve::Facts;
use super::{Call, Entered, FlowAt, NodeAt, Program, Reading, To};
use crate::flow::diagnostic::Place;
use crate::flow::draft::work;
use crate::flow::expression::fault::nearest;

/// Looks at every call.
pub fn find(program: &Program, facts: &Facts) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (_, call) in calls(program) {
        handed(program, call, &mut findings);
        let flow = &program.flows[call.flow];
        let reached = flow.start.is_some_and(|start| facts.assurance(start).is_some());
        let comes_back = flow.entered == Entered::ByNext || facts.returns(call.flow);
        if reached && flow.reading == Reading::Whole && !comes_back {
            tell(call.place, Problem::NeverReturns { flow: call.flow }, &mut findings);
        }
    }
    jumps(program, &mut findings);
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

/// A flow that comes back is entered by a call alone, and only such a flow comes back.
fn jumps(program: &Program, findings: &mut Vec<Finding>) {
    let by_call = |flow: FlowAt| program.flows[flow].entered == Entered::ByCall;
    let into = |to: NodeAt| {
        let flow = program.nodes[to].flow;
        (program.flows[flow].start == Some(to) && by_call(flow)).then_some(flow)
    };
    for (to, place) in &program.starts {
        if let Some(flow) = into(*to) {
            tell(*place, Problem::JumpedInto { flow }, findings);
        }
    }
    for node in &program.nodes {
        for way in &node.ways {
            match way.to {
                To::Return if !by_call(node.flow) => tell(way.place, Problem::ReturnNowhere, findings),
                To::Node(to) => {
                    if let Some(flow) = into(to).filter(|flow| *flow != node.flow) {
                        tell(way.place, Problem::JumpedInto { flow }, findings);
                    }
                }
                To::Return | To::Out => {}
            }
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
