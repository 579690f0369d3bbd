//! A tree in sentences, for the person who signs it: what is asked, in every language, and where each answer leads.

use super::red_flags::required;
use super::tree::{End, Exit, NodeAct, Tree};
use crate::flow::read::flow::key_name;
use crate::flow::read::prompts::Texts;
use std::collections::BTreeMap;

/// What happens at an exit.
fn at_exit(exit: Exit) -> &'static str {
    match exit {
        Exit::Emergency => {
            "EMERGENCY: the emergency line is said again and again while a person is called; nothing is recorded"
        }
        Exit::Crisis => {
            "CRISIS: the caller is told that somebody stays, and persons are called until one answers; nothing is recorded"
        }
        Exit::Nurse => "a nurse: the person ladder, with the words for a nurse",
        Exit::Person => "a person: the person ladder",
    }
}

/// The tree as lines.
pub fn lines(tree: &Tree, prompts: &BTreeMap<String, Texts>, languages: &[&str]) -> Vec<String> {
    let mut lines = vec![
        "At every question: 0 is a person, 4 a nurse, 9 help in a crisis, star says it again; two silences or two wrong \
         keys get a person."
            .to_owned(),
    ];
    let order = tree.in_order().unwrap_or_default();
    for node in order.iter().map(|at| &tree.nodes[*at]) {
        let what = match &node.act {
            NodeAct::Say { .. } => "says".to_owned(),
            NodeAct::Ask { code: Some(code), .. } => match required(&code.value) {
                Some(flag) => format!("asks about {} (red flag {})", flag.about, flag.code),
                None => format!("asks about {} (the clinic's own question)", code.value),
            },
            NodeAct::Ask { code: None, .. } => "asks".to_owned(),
            NodeAct::Menu { .. } => "offers keys".to_owned(),
            NodeAct::Person { exit, .. } => format!("gets a person (exit {exit}), and first says"),
            NodeAct::Strange { what } => format!("does what has no place in a tree: {what}"),
            NodeAct::Unread => "cannot be read".to_owned(),
        };
        lines.push(format!("{} {what}:", node.name.value));
        let texts = node.prompt().and_then(|prompt| prompts.get(&prompt.value)).map(|texts| &texts.texts);
        for language in languages {
            if let Some(text) = texts.and_then(|texts| texts.get(*language)) {
                lines.push(format!("    {language}  {}", text.value));
            }
        }
        for way in node.ways() {
            let by = match (way.key, &node.act) {
                (Some(key), _) => format!("{} ({})", key_name(key), way.answer),
                (None, _) => "then".to_owned(),
            };
            let to = match way.to.end {
                End::Node(next) => tree.nodes[next].name.value.clone(),
                End::Exit(exit) => at_exit(exit).to_owned(),
                End::Away | End::Nowhere => way.to.word.value.clone(),
            };
            lines.push(format!("    {by} → {to}"));
        }
    }
    lines
}
