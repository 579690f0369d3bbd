//! What a set without fault keeps of its triage trees: what was signed, and what is said of each to whoever signs.

use super::canonical::Canonical;
use super::of_draft::{OfClinic, flows, tree};
use super::sentences;
use super::signature::{NotAnswered, Seal, Signed};
use crate::flow::codes::UNSIGNED;
use crate::flow::content::Content;
use crate::flow::diagnostic::{Diagnostic, Place, Severity, Sources};
use crate::flow::draft::Draft;
use crate::flow::syntax::fields::Placed;
use crate::flow::value::Date;
use crate::id::{FlowName, PromptName};
use std::sync::Arc;

/// A tree of a set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptTree {
    /// The position of its flow.
    pub flow: usize,
    /// Its name.
    pub name: FlowName,
    /// Its file.
    pub file: Arc<str>,
    /// The tree in sentences.
    pub lines: Vec<String>,
    /// What a signature is over.
    canonical: Canonical,
    /// The signature in the file.
    signed: Option<Signed>,
    /// Where its name stands, and that line.
    place: (Place, String),
}

impl KeptTree {
    /// The trees of a draft without fault.
    pub fn all(draft: &Draft, sources: &Sources) -> Vec<KeptTree> {
        let Some(clinic) = OfClinic::of(draft) else { return Vec::new() };
        let clinic = clinic.clinic();
        let kept = |(flow, text): (usize, &crate::flow::read::flow::FlowText)| {
            let (tree, triage) = (tree(draft, flow), text.triage.as_ref()?);
            let Placed { value: use_, .. } = triage.intended_use.as_ref()?;
            let from: Vec<&str> = triage.sources.iter().map(|source| source.value.as_str()).collect();
            let place = text.name.place;
            let line = sources.text(place.file).lines().nth(place.line.checked_sub(1)?)?;
            Some(KeptTree {
                flow,
                name: FlowName::from(text.name.value.as_str()),
                file: Arc::from(sources.path(place.file)),
                lines: sentences::lines(&tree, clinic.prompts, clinic.languages),
                canonical: Canonical::of(&tree, use_, &from, &clinic),
                signed: triage.signed.clone(),
                place: (place, line.to_owned()),
            })
        };
        flows(draft).filter_map(kept).collect()
    }

    /// The hash of it with its sounds: what is signed.
    pub fn sha256(&self, content: &Content) -> String {
        self.canonical.sha256(content)
    }

    /// Whether a prompt is among those that are signed with it.
    pub fn speaks(&self, prompt: &PromptName) -> bool {
        self.canonical.speaks(prompt.as_str())
    }

    /// What its signature is worth.
    pub fn seal(&self, content: &Content) -> Seal {
        Seal::of(self.signed.as_ref(), &self.sha256(content))
    }

    /// The warning that callers do not get it.
    pub fn warning(&self, why: NotAnswered) -> Diagnostic {
        let (place, source) = self.place.clone();
        Diagnostic {
            severity: Severity::Warning,
            file: Arc::clone(&self.file),
            place,
            code: UNSIGNED,
            what: format!("the triage tree `{}` {}", self.name, why.words()),
            source,
            repair: format!(
                "let a clinical lead read and sign it: `careline sign {} --by NAME --licence NUMBER/STATE`",
                self.name
            ),
            hears: "callers are not asked its questions: they hear the emergency line, then get a nurse"
                .to_owned(),
            fix: None,
        }
    }
}

/// The trees that callers of this day do not get, with the reason.
pub fn not_answered<'a>(
    trees: &'a [KeptTree],
    content: &Content,
    today: Option<Date>,
) -> Vec<(&'a KeptTree, NotAnswered)> {
    trees.iter().filter_map(|tree| Some((tree, tree.seal(content).against(today)?))).collect()
}
