//! One key, one meaning: an answer that callers meet again has the key that it had before.
//!
//! Told are answers that mean the same everywhere by their names (`yes`, `no`, `goodbye` …), and answers of one name that
//! lead to the same flow or the same person from several flows. Within a flow its own menus differ as they must. Not here:
//! the keys that mean the same in every flow whatever a menu says ([`super::names`]).

use crate::flow::codes::OTHER_KEY;
use crate::flow::diagnostic::{Place, Sources, Words};
use crate::flow::draft::{Draft, FIXED, work};
use crate::flow::program::Target;
use crate::flow::read::flow::{ActText, AnswerText, key_name};
use crate::wire::telephone_event::Key;
use std::collections::BTreeMap;

/// Answers that mean the same wherever they stand.
pub const COMMON: [&str; 8] = ["yes", "no", "goodbye", "another", "more", "again", "back", "done"];

/// An answer where callers meet it first.
#[derive(Clone, Copy)]
struct First {
    key: Key,
    place: Place,
}

/// Warns of answers that have moved to another key.
pub fn check(draft: &Draft, sources: &mut Sources) {
    let mut seen: BTreeMap<(&str, &str), First> = BTreeMap::new();
    // A question of yes and no has its keys from the engine.
    for (name, digit) in [("yes", 1), ("no", 2)] {
        seen.insert((name, ""), First { key: Key::Digit(digit), place: Place::default() });
    }
    for (flow, text) in draft.flows.iter().enumerate() {
        for answer in text.steps.iter().filter_map(|step| step.act.as_ref()).flat_map(answers) {
            work();
            let Some(meaning) = meaning(draft, flow, answer) else { continue };
            let First { key, place } = *seen
                .entry((&answer.name.value, meaning))
                .or_insert(First { key: answer.key, place: answer.place });
            if key != answer.key {
                moved(answer, First { key, place }, sources);
            }
        }
    }
}

fn answers(act: &ActText) -> &[AnswerText] {
    match act {
        ActText::Menu { answers, .. } | ActText::Offer { answers, .. } => answers,
        _ => &[],
    }
}

/// What an answer means beyond its own flow: nothing but its name, or where it leads.
fn meaning<'a>(draft: &'a Draft, flow: usize, answer: &'a AnswerText) -> Option<&'a str> {
    if COMMON.contains(&answer.name.value.as_str()) {
        return Some("");
    }
    match draft.target(flow, &answer.target.value)? {
        Target::Step(at) if at.flow != flow => Some(&draft.flows[at.flow].name.value),
        // To leave a message is the last thing of many menus, after however many others.
        Target::Step(_) | Target::CalledNumber | Target::Return | Target::Message => None,
        Target::Ladder(_) => FIXED.iter().map(|(name, _)| *name).find(|name| *name == answer.target.value),
    }
}

fn moved(answer: &AnswerText, first: First, sources: &mut Sources) {
    let (name, was) = (&answer.name.value, key_name(first.key));
    let first = match first.place.line {
        0 => "in every question of yes and no".to_owned(),
        line if first.place.file == answer.place.file => format!("in line {line}"),
        line => format!("in line {line} of {}", sources.path(first.place.file)),
    };
    let key = key_name(answer.key);
    let words = Words::what(format!("`{name}` is key {key} here, and {was} {first}"))
        .repair(format!("give it key {was}, in the texts too"))
        .hears(format!("a caller who has learnt that {was} is `{name}` would press it here"));
    sources.warn(answer.place, OTHER_KEY, words);
}
