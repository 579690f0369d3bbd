//! What the shape of a triage tree must be: rules T1 to T4 and T9 of the clinic's safety rules.
//!
//! Circles and steps that lead nowhere are told first; only a tree without them is asked about its ways. Which
//! red flags lie behind a caller is a flow of data over the tree, from the first step on:
//!
//! ```text
//!   asked(first) = ∅      asked(step) = ⋂ over every way into it of asked(before) ∪ { the code that was denied }
//!                         a yes is no way to a lower acuity, so it takes nothing from what was asked
//! ```
//! Each step and each way is looked at once: no path is ever listed. Not here: the words ([`super::heard`]) and the
//! tests ([`super::paths`]).

use super::red_flags::{REQUIRED, RedFlag, required};
use super::tree::{End, Exit, Node, NodeAct, Tree, Way};
use crate::flow::codes::{
    AWAY, NO_CODE, RED_FLAG, SELF_CARE, STRANGE, TRIAGE_CIRCLE, TRIAGE_KEYS, YES_LEADS,
};
use crate::flow::diagnostic::{Sources, Words, nearest};
use crate::wire::telephone_event::Key;
use std::collections::BTreeSet;

/// Finds every fault of a tree's shape. Whether its ways are known, so that more can be asked about them.
pub fn check(tree: &Tree, sources: &mut Sources) -> Ways {
    for node in &tree.nodes {
        step(node, sources);
    }
    let order = match tree.in_order() {
        Ok(order) => order,
        Err(node) => {
            circle(&tree.nodes[node], sources);
            return Ways::Unknown;
        }
    };
    let is_known = |node: &Node| {
        let is_read = !matches!(node.act, NodeAct::Strange { .. } | NodeAct::Unread);
        is_read && node.ways().iter().all(|way| !matches!(way.to.end, End::Away | End::Nowhere))
    };
    if order.is_empty() || !order.iter().all(|node| is_known(&tree.nodes[*node])) {
        return Ways::Unknown;
    }
    passed_by(tree, &order, sources);
    yes_leads_up(tree, &order, sources);
    Ways::Known(order)
}

/// Whether every way of a tree is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ways {
    /// Yes: its steps, each before those that it leads to.
    Known(Vec<usize>),
    /// No, and the fault is noted.
    Unknown,
}

/// T2, T3 and T9, and that each question says what it asks about.
fn step(node: &Node, sources: &mut Sources) {
    let name = &node.name.value;
    if let NodeAct::Strange { what } = node.act {
        let words = Words::what(format!("a {what} step has no place in a triage tree"))
            .repair("a tree says, asks, offers keys and gets a person: `say`, `ask`, `menu`, `person`")
            .hears("nobody has judged what would happen to the caller here");
        sources.fault(node.place(), STRANGE, words);
    }
    if let NodeAct::Ask { code: None, prompt, .. } = &node.act {
        let known: Vec<&str> = REQUIRED.iter().map(|flag| flag.code).collect();
        let words = Words::what(format!("the question `{name}` does not say which sign it asks about"))
            .repair(format!("add `code: …`: one of {}, or a name of your own", known.join(", ")))
            .hears("nobody could tell whether callers are asked about every sign of danger");
        sources.fault(prompt.place, NO_CODE, words);
    }
    if let NodeAct::Menu { answers, .. } = &node.act {
        for (key, answer, _) in answers.iter().filter(|(key, ..)| is_kept(*key)) {
            let key = crate::flow::read::flow::key_name(*key);
            let words = Words::what(format!("key {key} belongs to the caller in a triage tree"))
                .repair(
                    "give the answer another key: 0 is a person, 4 a nurse, 9 help in a crisis at every step",
                )
                .hears(format!("who presses {key} for help would get `{}`", answer.value));
            sources.fault(answer.place, TRIAGE_KEYS, words);
        }
    }
    for way in node.ways().iter().filter(|way| way.to.end == End::Away) {
        let words = Words::what(format!("`{}` leads away from a nurse", way.to.word.value))
            .repair(
                "let it lead to a step of this tree, or to `nurse`, `person`, `crisis` or `emergency_exit`",
            )
            .hears("who may be in danger would get less than a person");
        sources.fault(way.to.word.place, AWAY, words);
    }
    let exit = match &node.act {
        NodeAct::Person { exit, .. } => Some(exit.as_str()),
        _ => None,
    };
    if let Some(word) = [Some(name.as_str()), exit].into_iter().flatten().find(|word| advises(word)) {
        let words = Words::what(format!("`{word}` is an exit with advice; a triage tree has none"))
            .repair("let the caller talk with a nurse, who advises")
            .hears("a recording would tell somebody whom nobody has seen what to do");
        sources.fault(node.place(), SELF_CARE, words);
    }
}

fn is_kept(key: Key) -> bool {
    matches!(key, Key::Digit(0 | 4 | 9) | Key::Star | Key::Pound)
}

/// Whether a name promises advice instead of a nurse, or an end instead of help.
fn advises(word: &str) -> bool {
    let plain: String = word.chars().filter(char::is_ascii_alphabetic).collect();
    ["selfcare", "homecare", "advice", "hangup", "goodbye", "voicemail"].iter().any(|bad| plain.contains(bad))
}

fn circle(node: &Node, sources: &mut Sources) {
    let words = Words::what(format!("`{}` leads back to itself", node.name.value))
        .repair("let each answer lead on: star says a question again in every tree")
        .hears("a caller in danger could be asked the same again and again");
    sources.fault(node.place(), TRIAGE_CIRCLE, words);
}

/// A set of required codes, by their position in [`REQUIRED`].
type Codes = u16;

const ALL: Codes = (1 << REQUIRED.len()) - 1;

fn bit(code: &str) -> Codes {
    REQUIRED.iter().position(|flag| flag.code == code).map_or(0, |at| 1 << at)
}

/// What has been asked of a caller who takes a way.
fn behind(asked: Codes, node: &Node, way: &Way<'_>) -> Codes {
    match &node.act {
        NodeAct::Ask { code: Some(code), .. } if required(&code.value).is_some() => match way.key {
            Some(Key::Digit(1)) => ALL,
            _ => asked | bit(&code.value),
        },
        _ => asked,
    }
}

/// T1: no way by answers comes to a person or a nurse past a red flag that was not asked.
fn passed_by(tree: &Tree, order: &[usize], sources: &mut Sources) {
    let mut asked: Vec<Codes> = vec![ALL; tree.nodes.len()];
    order.iter().take(1).for_each(|start| asked[*start] = 0);
    for at in order {
        let node = &tree.nodes[*at];
        if let NodeAct::Person { .. } = node.act {
            tell_missing(asked[*at], tree, node, &node.name.value, sources);
        }
        for way in node.ways() {
            let behind = behind(asked[*at], node, &way);
            match way.to.end {
                End::Node(next) => asked[next] &= behind,
                End::Exit(exit) if exit.acuity() > 1 => {
                    tell_missing(behind, tree, node, exit.word(), sources)
                }
                End::Exit(_) | End::Away | End::Nowhere => {}
            }
        }
    }
}

fn tell_missing(asked: Codes, tree: &Tree, node: &Node, to: &str, sources: &mut Sources) {
    let missing: Vec<&RedFlag> = REQUIRED.iter().filter(|flag| asked & bit(flag.code) == 0).collect();
    let Some(first) = missing.first() else { return };
    let codes: Vec<&str> = missing.iter().map(|flag| flag.code).collect();
    let near = nearest(first.code, own_codes(tree));
    let words = Words::what(format!(
        "`{}` leads to `{to}` though a caller was not asked about: {}",
        node.name.value,
        codes.join(", ")
    ))
    .repair(near.map_or_else(
        || format!("ask before it, such as `{{ask: …, code: {}, next: {{yes: …, no: …}}}}`", first.code),
        |near| format!("did you mean `{}` where `{near}` stands?", first.code),
    ))
    .hears(format!("somebody with {} would wait like everybody else", first.about));
    sources.fault(node.place(), RED_FLAG, words);
}

/// The codes of the tree that no rule knows: the clinic's own, or slips.
fn own_codes(tree: &Tree) -> impl Iterator<Item = &str> {
    tree.nodes
        .iter()
        .filter_map(|node| match &node.act {
            NodeAct::Ask { code: Some(code), .. } => Some(code.value.as_str()),
            NodeAct::Ask { code: None, .. } | NodeAct::Say { .. } | NodeAct::Menu { .. } => None,
            NodeAct::Person { .. } | NodeAct::Strange { .. } | NodeAct::Unread => None,
        })
        .filter(|code| required(code).is_none())
}

/// The other half of T1: a yes to a red flag leads to the help that the flag needs, over words alone or over questions.
fn yes_leads_up(tree: &Tree, order: &[usize], sources: &mut Sources) {
    let reached = exits(tree, order);
    for node in order.iter().map(|at| &tree.nodes[*at]) {
        let NodeAct::Ask { code: Some(code), yes, .. } = &node.act else { continue };
        let Some(flag) = required(&code.value) else { continue };
        let to: BTreeSet<Exit> = match yes.end {
            End::Node(next) => reached[next].clone(),
            End::Exit(exit) => BTreeSet::from([exit]),
            End::Away | End::Nowhere => continue,
        };
        // A nurse without a word before her is no help against poison.
        let silent = matches!(yes.end, End::Exit(exit) if exit.acuity() > 1);
        let lower = to.iter().rev().find(|exit| !flag.yes.contains(exit) || silent);
        let Some(lower) = lower else { continue };
        let may: Vec<&str> = flag.yes.iter().map(|exit| exit.word()).collect();
        let how =
            if silent && flag.yes.contains(lower) { ", after words that say what helps now" } else { "" };
        let words = Words::what(format!("yes to {} leads to `{}`", flag.about, lower.word()))
            .repair(format!("let it lead to `{}`{how}", may.join("` or `")))
            .hears("a caller in danger would wait where others wait");
        sources.fault(yes.word.place, YES_LEADS, words);
    }
}

/// The exits that a caller may come to from each step.
fn exits(tree: &Tree, order: &[usize]) -> Vec<BTreeSet<Exit>> {
    let mut exits = vec![BTreeSet::new(); tree.nodes.len()];
    for at in order.iter().rev() {
        let node = &tree.nodes[*at];
        let mut here: BTreeSet<Exit> = BTreeSet::new();
        if let NodeAct::Person { .. } = node.act {
            here.insert(Exit::Person);
        }
        for way in node.ways() {
            match way.to.end {
                End::Node(next) => here.extend(&exits[next]),
                End::Exit(exit) => {
                    here.insert(exit);
                }
                End::Away | End::Nowhere => {}
            }
        }
        exits[*at] = here;
    }
    exits
}
