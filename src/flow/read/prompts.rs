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

fn marked_language(
    language: &Placed<String>,
    texts: &BTreeMap<String, Placed<String>>,
    sources: &mut Sources,
) {
    if !texts.contains_key(&language.value) {
        let words =
            Words::what(format!("`draft` names `{}`, and this prompt has no such text", language.value))
                .repair("write `draft: true`, or the languages whose texts wait for their review");
        sources.fault(language.place, VALUE, words);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::diagnostic::Paint;
    use crate::flow::syntax::tree::{self, Reading};

    #[test]
    fn a_draft_is_marked_for_every_language_or_for_some() {
        for (mark, drafts, faults) in [
            ("", "", ""),
            ("draft: true", "en es", ""),
            ("draft: es", "es", ""),
            ("draft: [es]", "es", ""),
            ("draft: [en, es]", "en es", ""),
            ("draft: fr", "", "`draft` names `fr`"),
            ("draft: false", "", "`draft` names `false`"),
            ("draft: {es: true}", "en es", "a draft mark is one word"),
        ] {
            let mut sources = Sources::default();
            let text = format!("a:\n  en: One.\n  es: Uno.\n  {mark}\n");
            let (_, Reading::Tree(node)) = tree::read(&mut sources, "prompts.yaml", text.as_bytes()) else {
                panic!("{mark}")
            };
            let prompts = read(&node, &mut sources);
            let of = |language: &&str| prompts["a"].is_draft(language);
            let found: Vec<&str> = ["en", "es"].into_iter().filter(of).collect();
            assert_eq!(found.join(" "), drafts, "{mark}");
            assert_eq!(prompts["a"].texts.len(), 2, "{mark}");
            let told: String = sources.into_faults().iter().map(|fault| fault.render(Paint::Plain)).collect();
            assert!(told.is_empty() == faults.is_empty() && told.contains(faults), "{mark}: {told}");
        }
    }
}
