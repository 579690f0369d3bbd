//! What a set says: its recordings, the prompts with slots, and who speaks values in each language.

use crate::flow::action::{Pace, Spoken};
use crate::flow::check::slots::{filled, recorded};
use crate::flow::check::words::Used;
use crate::flow::draft::Draft;
use crate::flow::expression::types::Environment;
use crate::flow::read::prompts::Texts;
use crate::flow::set::AudioOf;
use crate::flow::slots::{self, Part};
use crate::flow::utterance::Speaker;
use crate::id::{Language, PromptName};
use std::collections::BTreeMap;

/// Prompts with slots, and the voices of values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Speech {
    /// Language → prompt → its parts, of prompts that have slots.
    pub slotted: BTreeMap<Language, BTreeMap<PromptName, Vec<Part>>>,
    /// Language → its rules and its recordings.
    pub speakers: BTreeMap<Language, Speaker>,
}

/// The texts that are heard: prompt, language, and what is written of them.
fn heard<'a>(
    draft: &'a Draft,
    used: &'a BTreeMap<String, Used>,
) -> impl Iterator<Item = (&'a str, Language, Option<&'a Texts>)> {
    let languages = draft.clinic.as_ref().map_or(&[][..], |clinic| &clinic.languages);
    used.iter().flat_map(move |(prompt, used)| {
        let texts = draft.prompts.as_ref().and_then(|prompts| prompts.get(prompt));
        let spoken = languages.iter().skip(used.unspoken);
        spoken.map(move |language| (prompt.as_str(), Language::from(language.value.as_str()), texts))
    })
}

/// Gathers both from a draft without fault.
pub fn speech(
    draft: &Draft,
    used: &BTreeMap<String, Used>,
    environment: &Environment,
    audio: AudioOf<'_>,
) -> Speech {
    let mut speech = Speech::default();
    for (prompt, language, texts) in heard(draft, used) {
        let text = texts.and_then(|texts| texts.texts.get(language.as_str()));
        let text = text.filter(|text| slots::has_braces(&text.value));
        if let Some(Ok(parts)) = text.map(|text| slots::read(prompt, &text.value)) {
            speech.slotted.entry(language).or_default().insert(PromptName::from(prompt), parts);
        }
    }
    let mut there = recorded(draft, used, &filled(draft, environment), audio);
    for language in speech.slotted.keys() {
        if let Some(rules) = draft.languages.rules(language.as_str()) {
            let recorded = there.remove(language.as_str()).unwrap_or_default();
            speech.speakers.insert(language.clone(), Speaker { rules: rules.clone(), recorded });
        }
    }
    speech
}

/// Every recording that a caller can hear: whole prompts, segments of those with slots, pieces of values.
pub fn recordings(draft: &Draft, used: &BTreeMap<String, Used>, speech: &Speech) -> Vec<Spoken> {
    let spoken = |prompt: PromptName, language: &Language| Spoken {
        prompt,
        language: language.clone(),
        pace: Pace::Normal,
    };
    let mut all = Vec::new();
    for (prompt, language, _) in heard(draft, used) {
        let prompt = PromptName::from(prompt);
        match speech.slotted.get(&language).and_then(|prompts| prompts.get(&prompt)) {
            Some(parts) => {
                all.extend(slots::segments(parts).map(|segment| spoken(segment.recording.clone(), &language)))
            }
            None => all.push(spoken(prompt, &language)),
        }
    }
    for (language, speaker) in &speech.speakers {
        all.extend(speaker.recorded.iter().map(|piece| spoken(piece.clone(), language)));
    }
    all
}

/// Those prompts whose words nobody has reviewed yet.
pub fn drafts(draft: &Draft, used: &BTreeMap<String, Used>) -> Vec<Spoken> {
    let waits = heard(draft, used)
        .filter(|(_, language, texts)| texts.is_some_and(|texts| texts.is_draft(language.as_str())));
    waits
        .map(|(prompt, language, _)| Spoken {
            prompt: PromptName::from(prompt),
            language,
            pace: Pace::Normal,
        })
        .collect()
}
