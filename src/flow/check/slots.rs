//! Slots: each can be spoken, in every language, and every recording that it needs is there, or a voice speaks in its place.
//!
//! Not here: whether a slot has a value on every way ([`super::values`]), and that languages have the same slots
//! ([`super::words`]).

use super::offers::word;
use super::words::{Used, no_audio};
use crate::flow::closing::phone::words::WORDS;
use crate::flow::codes::{BRACE, MANNER, SECOND_VOICE, SLOT, UNSPOKEN};
use crate::flow::diagnostic::{Sources, Words};
use crate::flow::draft::Draft;
use crate::flow::expression::types::{Environment, Type};
use crate::flow::read::flow::{ActText, StepText};
use crate::flow::read::prompts::Texts;
use crate::flow::set::{Audio, AudioOf};
use crate::flow::slots::how::{How, Kind, Mute, how};
use crate::flow::slots::{self, Slot};
use crate::flow::spoken::manner::Manner;
use crate::flow::spoken::piece::PAUSE_NAME;
use crate::flow::syntax::fields::Placed;
use crate::flow::utterance::{name_recording, recording};
use crate::id::{Language, PromptName};
use std::collections::{BTreeMap, BTreeSet};

/// The slot of a read-back and of an offer.
pub const VALUE: &str = "value";

/// The types of what fills the slots of prompts: prompt → slot → the types that steps give it.
pub type Filled<'a> = BTreeMap<&'a str, BTreeMap<String, Vec<Type>>>;

/// What the steps of a draft fill the slots of their prompts with, as far as types are known.
pub fn filled<'a>(draft: &'a Draft, environment: &Environment) -> Filled<'a> {
    let mut filled = Filled::new();
    let Some(prompts) = &draft.prompts else { return filled };
    for step in draft.flows.iter().flat_map(|flow| &flow.steps) {
        let Some(act) = &step.act else { continue };
        for prompt in act.prompts() {
            let Some(texts) = prompts.get(&prompt.value) else { continue };
            for name in names(texts) {
                if let Some(kind) = kind_of(step, act, prompt, &name, environment) {
                    let kinds = filled.entry(&prompt.value).or_default().entry(name).or_default();
                    if !kinds.contains(&kind) {
                        kinds.push(kind);
                    }
                }
            }
        }
    }
    for row in WORDS.iter().filter(|row| prompts.contains_key(row.name)) {
        let slots = row.slots.iter().map(|slot| (slot.name().to_owned(), vec![slot.kind()]));
        filled.insert(row.name, slots.collect());
    }
    filled
}

fn names(texts: &Texts) -> BTreeSet<String> {
    let parts = texts.texts.iter().filter(|(_, text)| slots::has_braces(&text.value));
    let parts = parts.filter_map(|(_, text)| slots::read(&texts.name.value, &text.value).ok());
    parts.flat_map(|parts| slots::slots(&parts).map(|slot| slot.name.clone()).collect::<Vec<_>>()).collect()
}

/// The type of what a step fills a slot with.
fn kind_of(
    step: &StepText,
    act: &ActText,
    prompt: &Placed<String>,
    slot: &str,
    environment: &Environment,
) -> Option<Type> {
    let of = |name: &str| environment.variables.get(name).map(|variable| variable.kind.clone());
    let own = match act {
        ActText::Collect(collect) if collect.confirm.as_ref().is_some_and(|c| c.place == prompt.place) => {
            of(&collect.save.value)
        }
        ActText::Offer { from, .. } => match of(&from.value) {
            Some(Type::List(of)) => Some(*of),
            Some(_) | None => None,
        },
        _ => None,
    };
    if slot == VALUE && own.is_some() {
        return own;
    }
    let here = step.with.iter().find(|(there, _)| there.value == slot).map(|(_, here)| here.value.as_str());
    of(here.unwrap_or(slot))
}

/// The recordings of pieces and choices that a set has, by language.
pub type Recorded = BTreeMap<String, BTreeSet<PromptName>>;

/// Which recordings of pieces and of choices there are, of those that slots of `filled` can need.
pub fn recorded(
    draft: &Draft,
    used: &BTreeMap<String, Used>,
    filled: &Filled<'_>,
    audio: AudioOf<'_>,
) -> Recorded {
    let (mut recorded, mut asked) = (Recorded::new(), BTreeSet::new());
    each_slot(draft, used, filled, &mut |slot: SlotUse<'_>| {
        let there = recorded.entry(slot.language.to_owned()).or_default();
        let language = Language::from(slot.language);
        // What is said in numbers if a voice fails.
        let numbers =
            [Manner::Number, Manner::Phone].into_iter().flat_map(|manner| slot.rules.pieces_of(manner));
        let needed = slot.needed().into_iter().map(|(name, _)| name).chain(numbers.map(recording));
        for name in needed {
            if !asked.insert((slot.language.to_owned(), name.clone())) {
                continue;
            }
            if audio(&name, &language) == Audio::Present {
                there.insert(name);
            }
        }
    });
    recorded
}

/// A slot of a text in a language, and the type of a value that fills it.
struct SlotUse<'a> {
    language: &'a str,
    text: &'a Placed<String>,
    slot: &'a Slot,
    kind: &'a Type,
    rules: &'a crate::flow::spoken::rules::Rules,
}

impl SlotUse<'_> {
    fn how(&self) -> Result<How<'_>, Mute> {
        how(Kind::of(self.kind), self.slot.manner.as_deref(), self.rules)
    }

    /// The recordings that it can need, and what each says.
    fn needed(&self) -> Vec<(PromptName, String)> {
        match self.how() {
            Ok(How::ByRules(manner)) => {
                let pieces =
                    self.rules.pieces_of(manner).into_iter().filter(|piece| piece.name != PAUSE_NAME);
                pieces.map(|piece| (recording(piece), piece.text.clone())).collect()
            }
            Ok(How::ByName) => match self.kind {
                Type::Choice(names) => {
                    names.iter().map(|name| (name_recording(name), name.clone())).collect()
                }
                _ => ["yes", "no"].map(|name| (name_recording(name), name.to_owned())).to_vec(),
            },
            Ok(How::ByVoice) | Err(Mute::Never | Mute::NoManner(_)) => Vec::new(),
        }
    }
}

/// Every slot that is heard, with each type that fills it, in each language that has rules.
fn each_slot(
    draft: &Draft,
    used: &BTreeMap<String, Used>,
    filled: &Filled<'_>,
    with: &mut dyn FnMut(SlotUse<'_>),
) {
    let (Some(prompts), Some(clinic)) = (&draft.prompts, &draft.clinic) else { return };
    for (name, kinds) in filled {
        let (Some(texts), Some(used)) = (prompts.get(*name), used.get(*name)) else { continue };
        for language in clinic.languages.iter().skip(used.unspoken) {
            let language = language.value.as_str();
            let Some(text) = texts.texts.get(language) else { continue };
            let Some(rules) = draft.languages.rules(language) else { continue };
            let Ok(parts) = slots::read(name, &text.value) else { continue };
            for slot in slots::slots(&parts) {
                for kind in kinds.get(&slot.name).into_iter().flatten() {
                    with(SlotUse { language, text, slot, kind, rules });
                }
            }
        }
    }
}

/// The recordings of a text: one, or one for each of its segments. Broken braces are faults.
pub fn recordings(name: &str, text: &Placed<String>, sources: &mut Sources) -> Vec<(PromptName, String)> {
    match slots::read(name, &text.value) {
        Ok(parts) => {
            slots::segments(&parts).map(|segment| (segment.recording.clone(), segment.text.clone())).collect()
        }
        Err(faults) => {
            for fault in faults {
                let place = word(sources, text, fault.at);
                let words = Words::what(format!("in `{name}` {}", fault.cause))
                    .repair("write a slot as {name} or {name:manner}")
                    .hears("nothing can speak what belongs there");
                sources.fault(place, BRACE, words);
            }
            Vec::new()
        }
    }
}

/// Finds fault with slots, and names those that a second voice speaks.
pub fn check(
    draft: &Draft,
    used: &BTreeMap<String, Used>,
    filled: &Filled<'_>,
    audio: AudioOf<'_>,
    sources: &mut Sources,
) {
    unfilled(draft, used, filled, sources);
    let recorded = recorded(draft, used, filled, audio);
    each_slot(draft, used, filled, &mut |slot: SlotUse<'_>| {
        let place = word(sources, slot.text, slot.slot.at.clone());
        let (written, kind) = (slot.slot.written(), Kind::of(slot.kind).name());
        match slot.how() {
            Ok(How::ByVoice) => {
                let what = format!("{written} is {kind}, which no recording holds: a second voice speaks it");
                second_voice(what, place, sources);
            }
            Ok(How::ByRules(_) | How::ByName) => {
                let none = BTreeSet::new();
                let there = recorded.get(slot.language).unwrap_or(&none);
                let lacks: Vec<PromptName> = slot
                    .needed()
                    .into_iter()
                    .map(|(name, _)| name)
                    .filter(|name| !there.contains(name))
                    .collect();
                if let Some(first) = lacks.first() {
                    let more = if lacks.len() > 1 {
                        format!(" and {} more", lacks.len() - 1)
                    } else {
                        String::new()
                    };
                    let what = format!(
                        "{written} in `{}` needs recordings that are not there, `{first}`{more}: a second voice speaks it",
                        slot.language
                    );
                    second_voice(what, place, sources);
                }
            }
            Err(Mute::Never) => {
                let words = Words::what(format!("{written} is {kind}, and that is not spoken"))
                    .repair("name one of its parts, or save it under a name of its own first")
                    .hears("the caller would be led to a person here");
                sources.fault(place, UNSPOKEN, words);
            }
            Err(Mute::NoManner(repair)) => {
                let manner = slot.slot.manner.as_deref().unwrap_or_default();
                let words = Words::what(format!(
                    "{kind} is not spoken in the manner `{manner}` in `{}`",
                    slot.language
                ))
                .repair(repair)
                .hears("the caller would be led to a person here");
                sources.fault(place, MANNER, words);
            }
        }
    });
}

fn second_voice(what: String, place: crate::flow::diagnostic::Place, sources: &mut Sources) {
    let words = Words::what(what)
        .repair("set `voice:` in careline.yaml; `careline pieces` tells what can be recorded in its place")
        .hears("another voice in the middle of the words; without one, digits alone or a person");
    sources.warn(place, SECOND_VOICE, words);
}

/// A slot for which no step that speaks its prompt has a value.
fn unfilled(draft: &Draft, used: &BTreeMap<String, Used>, filled: &Filled<'_>, sources: &mut Sources) {
    let (Some(prompts), Some(clinic)) = (&draft.prompts, &draft.clinic) else { return };
    for (name, used) in used {
        let Some(texts) = prompts.get(name) else { continue };
        let languages = clinic.languages.iter().skip(used.unspoken);
        let heard = languages.filter_map(|language| texts.texts.get(&language.value));
        for text in heard.filter(|text| slots::has_braces(&text.value)) {
            for slot in slots::slots(&slots::read(name, &text.value).unwrap_or_default()) {
                if filled.get(name.as_str()).is_some_and(|kinds| kinds.contains_key(&slot.name)) {
                    continue;
                }
                let place = word(sources, text, slot.at.clone());
                let what =
                    format!("`{name}` says {}, and no step that speaks it has such a value", slot.written());
                let words = Words::what(what)
                    .repair("write the name of a saved value, or give the step `with: {NAME: $VALUE}`")
                    .hears("the caller would be led to a person here");
                sources.fault(place, SLOT, words);
            }
        }
    }
}

/// The faults of segments whose recording cannot be heard.
pub fn segments(
    language: &str,
    text: &Placed<String>,
    recordings: Vec<(PromptName, String)>,
    audio: AudioOf<'_>,
    sources: &mut Sources,
) {
    for (name, words) in recordings {
        let heard = audio(&name, &Language::from(language));
        no_audio(&name, &words, language, text.place, heard, sources);
    }
}
