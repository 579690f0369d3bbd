//! `prompts.yaml`: what each prompt says in each language.

use crate::flow::codes::{FAMILY, VALUE};
use crate::flow::diagnostic::{Sources, Words};
use crate::flow::syntax::fields::{self, Placed};
use crate::flow::syntax::tree::{Node, Shape};
use std::collections::BTreeMap;

/// The texts of one prompt, by language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Texts {
    /// Where the prompt's name stands.
    pub name: Placed<String>,
    /// Language → text.
    pub texts: BTreeMap<String, Placed<String>>,
    /// Whose review is still to come.
    pub draft: DraftMark,
}

/// `draft:` of a prompt: texts that nobody has reviewed yet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum DraftMark {
    /// None: the line is missing.
    #[default]
    Reviewed,
    /// `draft: true`: every language.
    All,
    /// `draft: es` or `draft: [es]`: these languages.
    Only(Vec<Placed<String>>),
}

/// The word that marks a draft, among the languages.
const DRAFT: &str = "draft";

impl Texts {
    /// Whether the text in this language waits for its review.
    pub fn is_draft(&self, language: &str) -> bool {
        match &self.draft {
            DraftMark::Reviewed => false,
            DraftMark::All => true,
            DraftMark::Only(languages) => languages.iter().any(|marked| marked.value == language),
        }
    }
}

/// Reads the file: prompt → texts.
pub fn read(node: &Node, sources: &mut Sources) -> BTreeMap<String, Texts> {
    let mut prompts = BTreeMap::new();
    for (key, value) in fields::entries(node, "prompts.yaml", FAMILY, sources).unwrap_or_default() {
        let Some(name) = fields::name(key, "a prompt", FAMILY, sources) else { continue };
        let (mut texts, mut draft) = (BTreeMap::new(), DraftMark::Reviewed);
        for (language, text) in fields::entries(value, "a prompt", FAMILY, sources).unwrap_or_default() {
            if language.text() == Some(DRAFT) {
                draft = draft_mark(text, sources);
                continue;
            }
            let language = fields::name(language, "a language", FAMILY, sources);
            let text = fields::prose(text, "the prompt's text", FAMILY, sources);
            if let Some((language, text)) = language.zip(text) {
                texts.insert(language.value, text);
            }
        }
        if let DraftMark::Only(languages) = &draft {
            languages.iter().for_each(|language| marked_language(language, &texts, sources));
        }
        prompts.insert(name.value.clone(), Texts { name, texts, draft });
    }
    prompts
}

fn draft_mark(node: &Node, sources: &mut Sources) -> DraftMark {
    if let Shape::List(items) = &node.shape {
        let languages = items.iter().filter_map(|item| fields::name(item, "a language", FAMILY, sources));
        return DraftMark::Only(languages.collect());
    }
    match fields::name(node, "a draft mark", FAMILY, sources) {
        Some(word) if word.value == "true" => DraftMark::All,
        Some(word) => DraftMark::Only(vec![word]),
        None => DraftMark::All,
    }
}

fn marked_language(language: &Placed<String>, texts: &BTreeMap<String, Placed<String>>, sources: &mut Sources) {
    if !texts.contains_key(&language.value) {
        let words = Words::what(format!("`draft` names `{}`, and this prompt has no such text", language.value))
            .repair("write `draft: true`, or the languages whose texts wait for their review");
        sources.fault(language.place, VALUE, words);
    }
}
