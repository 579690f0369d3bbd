//! What must hold before a flow set may speak to callers. Every check runs, whatever another found.
//!
//! What would reach a patient wrongly is a fault; what only wants a look is a warning. Each check walks over the
//! flows and the ways between them once: its work grows as they do.

pub mod answers;
pub mod dataflow;
pub mod effects;
pub mod graph;
pub mod known;
pub mod names;
pub mod offers;
pub mod paths;
pub mod reading;
pub mod slots;
pub mod spoken_keys;
pub mod triage;
pub mod values;
pub mod words;

#[cfg(test)]
mod tests;

use crate::flow::diagnostic::{Place, Sources};
use crate::flow::draft::Draft;
use crate::flow::expression::Checked;
use crate::flow::set::AudioOf;
use graph::Graph;
use std::collections::BTreeMap;

/// Finds every fault of a draft, and what wants a look. The expressions without fault come back by their places.
pub fn all(draft: &Draft, audio: AudioOf<'_>, sources: &mut Sources) -> BTreeMap<Place, Checked> {
    let graph = Graph::of(draft);
    names::check(draft, sources);
    paths::check(draft, &graph, sources);
    let known = known::check(draft, &graph, sources);
    let environment = values::environment(draft);
    let used = words::used(draft);
    words::check(draft, &used, audio, sources);
    slots::check(draft, &used, &slots::filled(draft, &environment), audio, sources);
    offers::check(draft, &graph, &used, sources);
    triage::check(draft, sources);
    // What is not heard is certain only once everything leads where it shall.
    if sources.is_clean() {
        paths::not_reached(draft, &graph, sources);
        words::unused(draft, &used, sources);
        known::unused(&known, sources);
        answers::check(draft, sources);
    }
    known.checked
}
