//! Rule T5: every way by answers through a tree has a test with a name.
//!
//! The ways are counted before any is followed: of each step, the sum over those that it leads to, the last first. Only
//! a tree with few enough of them is asked which lack a test. Whether a test ends where it says is seen by the
//! interpreter ([`super::dry_run`]).

use super::read::{CallerAct, TestText, TriageText};
use super::tree::{End, NodeAct, Tree};
use crate::flow::codes::{TOO_MANY_WAYS, UNTESTED};
use crate::flow::diagnostic::{Sources, Words};
use crate::flow::read::flow::key_name;
use crate::limits::TRIAGE_WAYS_MAX;
use crate::wire::telephone_event::Key;
use std::collections::BTreeSet;

/// How many untested ways one fault names.
const TOLD_MAX: usize = 3;

/// Finds ways without a test, in a tree whose ways are known: `order` has each step before those that it leads to.
pub fn check(tree: &Tree, order: &[usize], text: &TriageText, sources: &mut Sources) {
    let ways = counted(tree, order);
    if ways > TRIAGE_WAYS_MAX {
        let words =
            Words::what(format!("{ways} ways lead through this tree; {TRIAGE_WAYS_MAX} are the most"))
                .repair("ask less in one tree: a nurse asks the rest")
                .hears("no person could have tried each of these ways");
        return sources.fault(tree.name.place, TOO_MANY_WAYS, words);
    }
    let tested: BTreeSet<Vec<Key>> = text.tests.iter().filter_map(|test| way_of(tree, test)).collect();
    let all = listed(tree);
    let untested: Vec<&(Vec<Key>, String)> = all.iter().filter(|(keys, _)| !tested.contains(keys)).collect();
    if untested.is_empty() {
        return;
    }
    let line = |(keys, exit): &&(Vec<Key>, String)| {
        let keys: Vec<String> = keys.iter().map(|key| key_name(*key)).collect();
        format!("`- {{name: …, keys: [{}], exit: {exit}}}`", keys.join(", "))
    };
    let more = untested.len().saturating_sub(TOLD_MAX);
    let more = if more > 0 { format!(", and {more} more") } else { String::new() };
    let lines: Vec<String> = untested.iter().take(TOLD_MAX).map(line).collect();
    let what = match untested.len() {
        1 => "one way through this tree has no test".to_owned(),
        count => format!("{count} of the {} ways through this tree have no test", all.len()),
    };
    let words = Words::what(what)
        .repair(format!("add under `tests`: {}{more}", lines.join(", ")))
        .hears("nobody has said where a caller with these answers must come");
    sources.fault(text.tests_place, UNTESTED, words);
}

/// The number of ways by answers from the first step to an exit.
fn counted(tree: &Tree, order: &[usize]) -> u64 {
    let mut ways = vec![0_u64; tree.nodes.len()];
    for at in order.iter().rev() {
        let node = &tree.nodes[*at];
        let end = matches!(node.act, NodeAct::Person { .. });
        ways[*at] = node.ways().iter().fold(u64::from(end), |all, way| {
            all.saturating_add(match way.to.end {
                End::Node(next) => ways[next],
                End::Exit(_) | End::Away | End::Nowhere => 1,
            })
        });
    }
    order.first().map_or(0, |start| ways[*start])
}

/// The ways, each with its exit: at most as many as were counted.
fn listed(tree: &Tree) -> Vec<(Vec<Key>, String)> {
    let mut ways = Vec::new();
    let mut open: Vec<(usize, Vec<Key>)> = tree.start.into_iter().map(|start| (start, Vec::new())).collect();
    while let Some((at, keys)) = open.pop() {
        let node = &tree.nodes[at];
        if let NodeAct::Person { exit, .. } = &node.act {
            ways.push((keys.clone(), exit.clone()));
        }
        for way in node.ways().into_iter().rev() {
            let keys: Vec<Key> = keys.iter().copied().chain(way.key).collect();
            match way.to.end {
                End::Node(next) => open.push((next, keys)),
                End::Exit(exit) => ways.push((keys, exit.exit().to_owned())),
                End::Away | End::Nowhere => {}
            }
        }
    }
    ways
}

/// The keys of a test, if they are answers all the way to an exit.
fn way_of(tree: &Tree, test: &TestText) -> Option<Vec<Key>> {
    let keys: Option<Vec<Key>> = test
        .acts
        .iter()
        .map(|act| match act {
            CallerAct::Press(key) => Some(*key),
            CallerAct::Silence => None,
        })
        .collect();
    let keys = keys?;
    let mut left = keys.iter().copied();
    let mut at = tree.start?;
    for _ in 0..=tree.nodes.len() {
        let node = &tree.nodes[at];
        let ways = node.ways();
        let way = match &node.act {
            NodeAct::Person { .. } => return left.next().is_none().then_some(keys),
            NodeAct::Say { .. } => ways.first()?,
            NodeAct::Ask { .. } | NodeAct::Menu { .. } => {
                let key = left.next()?;
                ways.iter().find(|way| way.key == Some(key))?
            }
            NodeAct::Strange { .. } | NodeAct::Unread => return None,
        };
        match way.to.end {
            End::Node(next) => at = next,
            End::Exit(_) => return left.next().is_none().then_some(keys),
            End::Away | End::Nowhere => return None,
        }
    }
    None
}
