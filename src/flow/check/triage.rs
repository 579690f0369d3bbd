//! Triage trees: the rules of [`crate::flow::triage`] over every flow with `kind: triage`.

use crate::flow::diagnostic::Sources;
use crate::flow::draft::Draft;
use crate::flow::triage::of_draft::{OfClinic, flows, tree};
use crate::flow::triage::rules::{self, Ways};
use crate::flow::triage::{heard, paths};

/// Finds every fault of every tree. Whether its tests hold is seen once the set is built.
pub fn check(draft: &Draft, sources: &mut Sources) {
    let clinic = OfClinic::of(draft);
    for (flow, text) in flows(draft) {
        let tree = tree(draft, flow);
        let ways = rules::check(&tree, sources);
        if let Some(clinic) = &clinic {
            heard::check(&tree, &clinic.clinic(), &draft.languages, sources);
        }
        if let (Ways::Known(order), Some(text)) = (ways, &text.triage) {
            paths::check(&tree, &order, text, sources);
        }
    }
}
