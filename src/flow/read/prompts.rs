//! `prompts.yaml`: what each prompt says in each language.

use crate::flow::codes::FAMILY;
use crate::flow::diagnostic::Sources;
use crate::flow::syntax::fields::{self, Placed};
use crate::flow::syntax::tree::Node;
use std::collections::BTreeMap;

/// The texts of one prompt, by language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Texts {
    /// Where the prompt's name stands.
    pub name: Placed<String>,
    /// Language → text.
    pub texts: BTreeMap<String, Placed<String>>,
}

/// Reads the file: prompt → texts.
pub fn read(node: &Node, sources: &mut Sources) -> BTreeMap<String, Texts> {
    let mut prompts = BTreeMap::new();
    for (key, value) in fields::entries(node, "prompts.yaml", FAMILY, sources).unwrap_or_default() {
        let Some(name) = fields::name(key, "a prompt", FAMILY, sources) else { continue };
        let mut texts = BTreeMap::new();
        for (language, text) in fields::entries(value, "a prompt", FAMILY, sources).unwrap_or_default() {
            let language = fields::name(language, "a language", FAMILY, sources);
            let text = fields::prose(text, "the prompt's text", FAMILY, sources);
            if let Some((language, text)) = language.zip(text) {
                texts.insert(language.value, text);
            }
        }
        prompts.insert(name.value.clone(), Texts { name, texts });
    }
    prompts
}
