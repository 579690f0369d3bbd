//! What a flow file says of a triage tree beside its steps: what it is for, its sources, its tests, its signature.
//!
//! ```yaml
//! intended_use: Routes the call. Does not diagnose and advises no self-care.
//! sources: [CDC warning signs (public domain), the clinic's own clinical lead]
//! tests:
//!   - {name: chest pain, keys: [1], exit: emergency}
//!   - {name: all no, keys: [2, 2, 2], exit: nurse}
//! signed: {by: Ada Miller RN, licence: RN12345/MA, on: 2026-11-28, review_due: 2027-11-28, sha256: "…"}
//! ```
//! `signed` is written by `careline sign`. Not here: whether it holds ([`super::signature`]).

use super::signature::{Signed, parsed_day};
use crate::flow::codes::{BAD_SIGNATURE, FAMILY, NOT_TRIAGE};
use crate::flow::diagnostic::{Place, Sources, Words};
use crate::flow::program::FlowKind;
use crate::flow::syntax::fields::{self, Fields, Placed};
use crate::flow::syntax::tree::Node;
use crate::flow::value::Date;
use crate::flow::vocabulary;
use crate::wire::telephone_event::Key;

/// What a file says of a tree beside its steps.
#[derive(Clone, Debug)]
pub struct TriageText {
    /// What the tree is for, and what it is not.
    pub intended_use: Option<Placed<String>>,
    /// Where its questions come from.
    pub sources: Vec<Placed<String>>,
    /// Its tests.
    pub tests: Vec<TestText>,
    /// Where `tests` stands, or the flow if it does not.
    pub tests_place: Place,
    /// The signature, if it could be read.
    pub signed: Option<Signed>,
}

/// A test of one way.
#[derive(Clone, Debug)]
pub struct TestText {
    /// Its name.
    pub name: Placed<String>,
    /// What the caller does.
    pub acts: Vec<CallerAct>,
    /// Where that must end.
    pub exit: Placed<String>,
}

/// What a caller does when he is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CallerAct {
    /// He presses a key.
    Press(Key),
    /// He is silent.
    Silence,
}

/// The words of a flow that belong to triage trees alone.
const OWN: [&str; 4] = ["intended_use", "sources", "tests", "signed"];

/// Takes what belongs to a tree out of the fields of a flow: no other flow may have it.
pub fn of_kind(kind: FlowKind, fields: &mut Fields<'_>, sources: &mut Sources) -> Option<TriageText> {
    match kind {
        FlowKind::Triage => Some(read(fields, sources)),
        FlowKind::Ordinary => {
            refuse(fields, sources);
            None
        }
    }
}

fn read(fields: &mut Fields<'_>, sources: &mut Sources) -> TriageText {
    let intended_use = fields.need("intended_use", sources);
    let intended_use = intended_use.and_then(|n| fields::prose(n, "what the tree is for", FAMILY, sources));
    let from = fields.need("sources", sources).and_then(|n| fields::items(n, "`sources`", FAMILY, sources));
    let from = from.unwrap_or_default().iter();
    let from = from.filter_map(|n| fields::prose(n, "a source", FAMILY, sources)).collect();
    let tests_place = fields.place;
    let tests = fields.take("tests");
    let tests_place = tests.map_or(tests_place, |node| node.place);
    let tests = tests.and_then(|n| fields::items(n, "`tests`", FAMILY, sources)).unwrap_or_default();
    let tests = tests.iter().filter_map(|node| test(node, sources)).collect();
    let signed = fields.take("signed").and_then(|node| signed(node, sources));
    TriageText { intended_use, sources: from, tests, tests_place, signed }
}

/// Finds fault with these words in a flow that is no triage tree.
fn refuse(fields: &mut Fields<'_>, sources: &mut Sources) {
    for name in OWN {
        let Some(node) = fields.take(name) else { continue };
        let words = Words::what(format!("`{name}` belongs to a triage tree, and this flow is none"))
            .repair("add `kind: triage` above, or take it out")
            .hears("the questions of this flow would be asked without anybody's signature");
        sources.fault(node.place, NOT_TRIAGE, words);
    }
}

fn test(node: &Node, sources: &mut Sources) -> Option<TestText> {
    let mut fields = Fields::of_object(node, &[&vocabulary::TRIAGE_TEST], FAMILY, sources)?;
    let name = fields.need("name", sources).and_then(|n| fields::prose(n, "a test", FAMILY, sources));
    let keys =
        fields.need("keys", sources).and_then(|n| fields::items(n, "`keys` of a test", FAMILY, sources));
    let exit = fields.need("exit", sources).and_then(|n| fields::name(n, "an exit", FAMILY, sources));
    fields.finish(sources);
    let acts: Option<Vec<CallerAct>> = keys?.iter().map(|node| caller_act(node, sources)).collect();
    Some(TestText { name: name?, acts: acts?, exit: exit? })
}

fn caller_act(node: &Node, sources: &mut Sources) -> Option<CallerAct> {
    let act = |word: &str| match word {
        "silence" => CallerAct::Silence,
        "star" => CallerAct::Press(Key::Star),
        "pound" => CallerAct::Press(Key::Pound),
        digit => CallerAct::Press(Key::Digit(digit.bytes().fold(0, |_, octet| octet - b'0'))),
    };
    let words: Vec<(&str, CallerAct)> =
        vocabulary::TRIAGE_TEST_KEYS.iter().map(|word| (*word, act(word))).collect();
    fields::choice(node, "key of a test", &words, FAMILY, sources)
}

fn signed(node: &Node, sources: &mut Sources) -> Option<Signed> {
    let mut fields = Fields::of_object(node, &[&vocabulary::SIGNED], FAMILY, sources)?;
    let mut word = |name: &str, sources: &mut Sources| {
        fields.need(name, sources).and_then(|n| fields::prose(n, "a signature", FAMILY, sources))
    };
    let (by, licence) = (word("by", sources), word("licence", sources));
    let (on, due) = (word("on", sources), word("review_due", sources));
    let sha256 = word("sha256", sources);
    fields.finish(sources);
    let on = on.and_then(|word| day(&word, sources));
    let review_due = due.and_then(|word| day(&word, sources));
    Some(Signed {
        by: by?.value,
        licence: licence?.value,
        on: on?,
        review_due: review_due?,
        sha256: sha256?.value,
    })
}

fn day(word: &Placed<String>, sources: &mut Sources) -> Option<Date> {
    let found = parsed_day(&word.value);
    if found.is_none() {
        let words = Words::what(format!("`{}` is no day", word.value))
            .repair("sign the tree anew: `careline sign` writes this block")
            .hears("nobody could tell whether the signature still holds: callers would get a nurse at once");
        sources.fault(word.place, BAD_SIGNATURE, words);
    }
    found
}
