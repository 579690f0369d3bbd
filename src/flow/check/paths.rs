//! Paths: every step can be reached, no caller goes round in circles, and a call begins with the words
//! that it must begin with.

use super::graph::{Graph, Node, Up};
use crate::flow::codes::{
    CALLED, EARLY_KEY, FIRST_WORDS, LOOP, NEVER_CALLED, NO_PERSON, NOT_REACHED, NOTICE, OFFER, UNREACHABLE,
};
use crate::flow::diagnostic::{Place, Sources, Words};
use crate::flow::draft::{Draft, Way};
use crate::flow::program::{Own, Target, Voices};
use crate::flow::read::flow::{ActText, ThenText, key_name};
use crate::wire::telephone_event::Key;

/// Finds fault with paths.
pub fn check(draft: &Draft, graph: &Graph, sources: &mut Sources) {
    unreachable(draft, graph, sources);
    let circles = circles(draft, graph, sources);
    entry_only(draft, sources);
    no_person(draft, graph, &circles, sources);
    let Some(entry) = draft.entry() else { return };
    first_words(draft, graph, entry, sources);
    first_menus(draft, graph, sources);
}

/// Steps that nothing in their own flow leads to: other flows lead to its first step only.
fn unreachable(draft: &Draft, graph: &Graph, sources: &mut Sources) {
    let starts = (0..draft.flows.len()).filter_map(|flow| graph.start(draft, flow));
    let seen = graph.reached(starts, |_, _, _| true);
    for (flow, text) in draft.flows.iter().enumerate() {
        let Some(start) = draft.start(flow).filter(|_| draft.is_whole(flow)) else { continue };
        let first = graph.node(start) - start.step;
        for (_, text) in text.steps.iter().enumerate().filter(|(step, _)| !seen[first + step]) {
            let words = Words::what(format!("no way leads to the step `{}`", text.name.value))
                .repair("let a `next` or a key lead to it, or take it out")
                .hears("no caller would ever hear it");
            sources.fault(text.name.place, UNREACHABLE, words);
        }
    }
}

/// Tells each circle once, at its first step in the order of the files.
fn circles(draft: &Draft, graph: &Graph, sources: &mut Sources) -> Vec<Node> {
    let circles = graph.circles();
    for at in &circles {
        let name = &draft.flows[at.flow].steps[at.step].name;
        let words = Words::what(format!("`{}` leads back to itself without any key", name.value))
            .repair("let one step of the circle lead to a menu or to `person`")
            .hears("a caller would hear the same words again and again, for ever");
        sources.fault(name.place, LOOP, words);
    }
    circles.into_iter().map(|at| graph.node(at)).collect()
}

/// A called flow that speaks and hangs up, with no question and no person on any way through it.
fn no_person(draft: &Draft, graph: &Graph, circles: &[Node], sources: &mut Sources) {
    // Where a flow stops, or goes round and round, has its own fault.
    let waits = |node: &Node| match graph.step(*node).and_then(|at| draft.act(at)) {
        Some(ActText::Person { .. } | ActText::Transfer { .. } | ActText::Queue { .. }) => true,
        Some(ActText::Say { then: ThenText::End(_), .. }) | None => false,
        Some(act) => act.waits() || graph.ways(*node).is_empty(),
    };
    let up = graph.nodes().filter(|node| graph.up(*node) != Up::No);
    let good = graph.leading_to(graph.nodes().filter(waits).chain(up).chain(circles.iter().copied()));
    for flow in draft.called() {
        let Some(start) = graph.start(draft, flow) else { continue };
        if !good[start] {
            let name = &draft.flows[flow].name;
            let words =
                Words::what(format!("no way through `{}` comes to a question or a person", name.value))
                    .repair("let its last words lead to a menu or to `person`")
                    .hears("whoever calls this number would hear some words and be hung up on");
            sources.fault(name.place, NO_PERSON, words);
        }
    }
}

/// A flow that no caller comes to, in a set without fault.
pub fn not_reached(draft: &Draft, graph: &Graph, sources: &mut Sources) {
    let entry = draft.entry().and_then(|entry| graph.start(draft, entry));
    let seen = graph.reached(entry.into_iter().chain([graph.called_number()]), |_, _, _| true);
    for (flow, text) in draft.flows.iter().enumerate() {
        if graph.start(draft, flow).is_some_and(|start| !seen[start]) {
            let words = Words::what(format!("no number and no other flow leads to `{}`", text.name.value))
                .repair("give it a number in clinic.yaml, or let a step of another flow lead to it")
                .hears("no caller would ever hear it");
            sources.warn(text.name.place, NOT_REACHED, words);
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
                ActText::OfferLanguage { .. } => (OFFER, "the language is offered in the entry flow"),
                ActText::Notice { .. } => (NOTICE, "the recording notice is given in the entry flow"),
                _ => continue,
            };
            let words = Words::what(what).repair("move this step there").hears("2 and 7 work there only");
            if let Some(prompt) = act.prompt() {
                sources.fault(prompt.place, code, words);
            }
        }
    }
}

fn first_words(draft: &Draft, graph: &Graph, entry: usize, sources: &mut Sources) {
    let Some(start) = draft.start(entry) else { return };
    let Some(act) = draft.act(start) else { return };
    let one_language = draft.clinic.as_ref().is_some_and(|clinic| clinic.languages.len() < 2);
    let good = match act {
        ActText::Say { prompt, voices, .. } => {
            prompt.value == Own::Emergency.name() && (*voices == Voices::All || one_language)
        }
        _ => false,
    };
    if !good {
        let words =
            Words::what("the first words of every call must be the emergency line, in every language")
                .repair(format!("begin with {{say: {}, languages: all, next: …}}", Own::Emergency.name()))
                .hears("a caller with chest pain would hear other words first");
        let name = draft.flows[entry].steps[start.step].name.place;
        sources.fault(act.prompt().map_or(name, |prompt| prompt.place), FIRST_WORDS, words);
    }
    let flow_of = |node| graph.step(node).map(|at| at.flow);
    let from = [graph.node(start)];
    let leaves = graph.reached(from, |from, _, _| flow_of(from) == Some(entry))[graph.called_number()];
    if !leaves && draft.is_whole(entry) {
        let words = Words::what("the entry flow never leads to the flow of the called number")
            .repair("let its last step say `next: called_number`")
            .hears("every number would sound the same");
        sources.fault(draft.flows[entry].name.place, NEVER_CALLED, words);
    }
}

/// Until the first menu's first pass ends, 2 is the second language and 7 is no recording.
fn first_menus(draft: &Draft, graph: &Graph, sources: &mut Sources) {
    let languages = draft.clinic.as_ref().map_or(0, |clinic| clinic.languages.len());
    let first = first_pass(draft, graph);
    for at in graph.nodes().filter(|node| first[*node]).filter_map(|node| graph.step(node)) {
        let taken: Vec<(Key, Place, &str)> = match draft.act(at) {
            Some(ActText::Menu { answers, .. } | ActText::Offer { answers, .. }) => {
                answers.iter().map(|answer| (answer.key, answer.place, answer.name.value.as_str())).collect()
            }
            Some(ActText::Ask { prompt, .. }) => vec![(Key::Digit(2), prompt.place, "no")],
            _ => continue,
        };
        for (key, place, name) in taken {
            let meaning = match key {
                Key::Digit(2) if languages > 1 => "chooses the second language",
                Key::Digit(7) => "stops the recording",
                Key::Digit(_) | Key::Star | Key::Pound | Key::Letter(_) => continue,
            };
            let key = key_name(key);
            let words = Words::what(format!("key {key} {meaning} until the first menu is over"))
                .repair("give this answer another key, or let a menu without this key come before")
                .hears(format!("a caller who presses {key} here would not get `{name}`"));
            sources.fault(place, EARLY_KEY, words);
        }
    }
}

/// The steps that a caller may hear before the first menu is over, that menu included.
pub fn first_pass(draft: &Draft, graph: &Graph) -> Vec<bool> {
    let start = draft.entry().and_then(|entry| graph.start(draft, entry));
    graph.reached(start, |_, _, way| way == Way::ByItself)
}
