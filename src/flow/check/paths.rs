//! Paths: every step can be reached, no caller goes round in circles, and a call begins with the words
//! that it must begin with.

use crate::flow::codes::{CALLED, FIRST_WORDS, FIXED_KEY, LOOP, NOTICE, UNKNOWN, UNREACHABLE};
use crate::flow::diagnostic::{Sources, Words};
use crate::flow::draft::{Draft, Way};
use crate::flow::program::{Own, StepAt, Target, Voices};
use crate::flow::read::flow::{ActText, key_name};
use crate::wire::telephone_event::Key;
use std::collections::BTreeSet;

/// Finds fault with paths.
pub fn check(draft: &Draft, sources: &mut Sources) {
    (0..draft.flows.len()).for_each(|flow| unreachable(draft, flow, sources));
    loops(draft, sources);
    entry_only(draft, sources);
    let Some(entry) = draft.entry() else { return };
    first_words(draft, entry, sources);
    first_menus(draft, entry, sources);
}

/// Steps that follow on `at`; with `by_itself`, only those that need no key.
fn following(draft: &Draft, at: StepAt, by_itself: Way) -> Vec<StepAt> {
    let Some(act) = draft.act(at) else { return Vec::new() };
    let ways = act.ways().into_iter().filter(|(_, way)| by_itself == Way::ByKey || *way == Way::ByItself);
    let mut steps = Vec::new();
    for (word, _) in ways {
        match draft.target(at.flow, &word.value) {
            Some(Target::Step(step)) => steps.push(step),
            Some(Target::CalledNumber) => {
                steps.extend(draft.called().into_iter().filter_map(|flow| draft.start(flow)));
            }
            Some(Target::Ladder(_) | Target::Message) | None => {}
        }
    }
    steps
}

/// All steps that can be reached from `from`.
fn reached(draft: &Draft, from: StepAt, way: Way) -> BTreeSet<StepAt> {
    let (mut seen, mut open) = (BTreeSet::from([from]), vec![from]);
    while let Some(at) = open.pop() {
        open.extend(following(draft, at, way).into_iter().filter(|next| seen.insert(*next)));
    }
    seen
}

fn unreachable(draft: &Draft, flow: usize, sources: &mut Sources) {
    let Some(start) = draft.start(flow).filter(|_| draft.is_whole(flow)) else { return };
    let seen = reached(draft, start, Way::ByKey);
    for (step, text) in draft.flows[flow].steps.iter().enumerate() {
        if !seen.contains(&StepAt { flow, step }) {
            let words = Words::what(format!("no way leads to the step `{}`", text.name.value))
                .repair("let a `next` or a key lead to it, or take it out")
                .hears("no caller would ever hear it");
            sources.fault(text.name.place, UNREACHABLE, words);
        }
    }
}

/// Tells each circle once, at its first step in the order of the files.
fn loops(draft: &Draft, sources: &mut Sources) {
    let (mut done, mut told) = (BTreeSet::new(), BTreeSet::new());
    for (flow, text) in draft.flows.iter().enumerate() {
        for step in 0..text.steps.len() {
            walk(draft, StepAt { flow, step }, &mut done, &mut told);
        }
    }
    for at in told {
        let name = &draft.flows[at.flow].steps[at.step].name;
        let words = Words::what(format!("`{}` leads back to itself without any key", name.value))
            .repair("let one step of the circle lead to a menu or to `person`")
            .hears("a caller would hear the same words again and again, for ever");
        sources.fault(name.place, LOOP, words);
    }
}

/// Walks depth first over the steps that follow by themselves; a step met again on the way back to it
/// closes a circle.
fn walk(draft: &Draft, from: StepAt, done: &mut BTreeSet<StepAt>, told: &mut BTreeSet<StepAt>) {
    if !done.insert(from) {
        return;
    }
    let mut way = vec![(from, following(draft, from, Way::ByItself))];
    while let Some((_, open)) = way.last_mut() {
        let Some(next) = open.pop() else {
            way.pop();
            continue;
        };
        if let Some(back) = way.iter().position(|(at, _)| *at == next) {
            told.extend(way[back..].iter().map(|(at, _)| *at).min());
        } else if done.insert(next) {
            way.push((next, following(draft, next, Way::ByItself)));
        }
    }
}

/// `called_number`, `language` and `record` belong to the entry flow.
fn entry_only(draft: &Draft, sources: &mut Sources) {
    let Some(entry) = draft.entry() else { return };
    for (flow, text) in draft.flows.iter().enumerate().filter(|(flow, _)| *flow != entry) {
        for act in text.steps.iter().filter_map(|step| step.act.as_ref()) {
            for (word, _) in act.ways() {
                if draft.target(flow, &word.value) == Some(Target::CalledNumber) {
                    let words = Words::what("`called_number` belongs to the entry flow")
                        .repair("name the step or flow that is meant")
                        .hears("the caller would be taken back to where the call began");
                    sources.fault(word.place, CALLED, words);
                }
            }
            let (code, what) = match act {
                ActText::OfferLanguage { .. } => (UNKNOWN, "the language is offered in the entry flow"),
                ActText::Record { .. } => (NOTICE, "the recording notice is given in the entry flow"),
                ActText::Say { .. }
                | ActText::Menu { .. }
                | ActText::Hours { .. }
                | ActText::Person { .. } => continue,
            };
            let words = Words::what(what).repair("move this step there").hears("2 and 7 work there only");
            if let Some(prompt) = act.prompt() {
                sources.fault(prompt.place, code, words);
            }
        }
    }
}

fn first_words(draft: &Draft, entry: usize, sources: &mut Sources) {
    let Some(start) = draft.start(entry) else { return };
    let Some(act) = draft.act(start) else { return };
    let one_language = draft.clinic.as_ref().is_some_and(|clinic| clinic.languages.len() < 2);
    let good = match act {
        ActText::Say { prompt, voices, .. } => {
            prompt.value == Own::Emergency.name() && (*voices == Voices::All || one_language)
        }
        ActText::Menu { .. }
        | ActText::OfferLanguage { .. }
        | ActText::Record { .. }
        | ActText::Hours { .. }
        | ActText::Person { .. } => false,
    };
    if !good {
        let words =
            Words::what("the first words of every call must be the emergency line, in every language")
                .repair(format!("begin with {{say: {}, languages: all, next: …}}", Own::Emergency.name()))
                .hears("a caller with chest pain would hear other words first");
        let name = draft.flows[entry].steps[start.step].name.place;
        sources.fault(act.prompt().map_or(name, |prompt| prompt.place), FIRST_WORDS, words);
    }
    let leaves = reached(draft, start, Way::ByKey).into_iter().filter(|at| at.flow == entry).any(|at| {
        let ways = draft.act(at).map(ActText::ways).unwrap_or_default();
        ways.iter().any(|(word, _)| draft.target(entry, &word.value) == Some(Target::CalledNumber))
    });
    if !leaves && draft.is_whole(entry) {
        let words = Words::what("the entry flow never leads to the flow of the called number")
            .repair("let its last step say `next: called_number`")
            .hears("every number would sound the same");
        sources.fault(draft.flows[entry].name.place, CALLED, words);
    }
}

/// Until the first menu's first pass ends, 2 is the second language and 7 is no recording.
fn first_menus(draft: &Draft, entry: usize, sources: &mut Sources) {
    let Some(start) = draft.start(entry) else { return };
    let languages = draft.clinic.as_ref().map_or(0, |clinic| clinic.languages.len());
    for at in reached(draft, start, Way::ByItself) {
        let Some(ActText::Menu { answers, .. }) = draft.act(at) else { continue };
        for answer in answers {
            let meaning = match answer.key {
                Key::Digit(2) if languages > 1 => "chooses the second language",
                Key::Digit(7) => "stops the recording",
                Key::Digit(_) | Key::Star | Key::Pound | Key::Letter(_) => continue,
            };
            let key = key_name(answer.key);
            let words = Words::what(format!("key {key} {meaning} until the first menu is over"))
                .repair("give this answer another key")
                .hears(format!("a caller who presses {key} here would not get `{}`", answer.name.value));
            sources.fault(answer.place, FIXED_KEY, words);
        }
    }
}
