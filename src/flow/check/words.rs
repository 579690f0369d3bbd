//! Words: every prompt that a caller can hear exists in every language, has its sound, and can be followed by ear.
//!
//! Not here: what the words say of keys ([`super::offers`]), and how a text is counted ([`super::reading`]).

use super::reading::{self, ENGLISH_GRADE_MAX, Ease, SPANISH_EASE_MIN};
use super::slots;
use crate::flow::closing;
use crate::flow::codes::{
    AUDIO_BROKEN, AUDIO_MISSING, EMERGENCY, GRADE, LANGUAGE, PROMPT, SENTENCE, SLOTS, UNUSED,
};
use crate::flow::diagnostic::{Place, Sources, Words, nearest};
use crate::flow::draft::Draft;
use crate::flow::program::Own;
use crate::flow::read::flow::{ActText, key_name};
use crate::flow::read::prompts::Texts;
use crate::flow::run::stopping::STOPPING;
use crate::flow::set::{Audio, AudioOf};
use crate::flow::slots::names as slot_names;
use crate::flow::spoken::lexicon::Measure;
use crate::flow::spoken::rules::Rules;
use crate::flow::syntax::fields::Placed;
use crate::id::PromptName;
use crate::limits::SENTENCE_MAX_WORDS;
use std::collections::{BTreeMap, BTreeSet};

/// How a prompt is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Used {
    /// The first place that names it.
    pub place: Place,
    /// How many of the clinic's languages, from the first on, never speak it: who says nothing goes on in the
    /// first, so an offer of languages is spoken in the others alone.
    pub unspoken: usize,
}

/// Finds fault with words.
pub fn check(draft: &Draft, used: &BTreeMap<String, Used>, audio: AudioOf<'_>, sources: &mut Sources) {
    let (Some(prompts), Some(clinic)) = (&draft.prompts, &draft.clinic) else { return };
    let languages: Vec<&str> = clinic.languages.iter().map(|language| language.value.as_str()).collect();
    for (name, Used { place, unspoken }) in used {
        if sources.is_full() {
            return;
        }
        let Some(texts) = prompts.get(name) else {
            unknown(name, *place, prompts, sources);
            continue;
        };
        let spoken = languages.get(*unspoken..).unwrap_or_default();
        for language in spoken.iter().copied() {
            prompt(name, texts, (language, draft.languages.rules(language)), audio, sources);
        }
        same_slots(texts, spoken, sources);
    }
    emergency(draft, prompts, &languages, sources);
}

/// Every prompt that can be heard.
pub fn used(draft: &Draft) -> BTreeMap<String, Used> {
    let mut used = BTreeMap::new();
    for act in draft.flows.iter().flat_map(|flow| &flow.steps).filter_map(|step| step.act.as_ref()) {
        let is_offer = matches!(act, ActText::OfferLanguage { .. });
        for prompt in act.prompts() {
            hear(&mut used, &prompt.value, prompt.place, usize::from(is_offer));
        }
    }
    let Some(clinic) = &draft.clinic else { return used };
    for prompt in clinic.message.iter().flat_map(|message| [&message.prompt, &message.saved]) {
        hear(&mut used, &prompt.value, prompt.place, 0);
    }
    for own in Own::ALL {
        hear(&mut used, own.name(), Place::whole_file(clinic.place.file), 0);
    }
    // Kept ready for closings, for who makes them by phone, and for the end of the engine: no step speaks them.
    for texts in draft.prompts.iter().flat_map(BTreeMap::values) {
        let name = texts.name.value.as_str();
        let by_phone = closing::phone::words::named(name).is_some();
        if name.starts_with(closing::PROMPTS) || by_phone || name == STOPPING {
            hear(&mut used, &texts.name.value, texts.name.place, 0);
        }
    }
    used
}

fn hear(used: &mut BTreeMap<String, Used>, name: &str, place: Place, unspoken: usize) {
    match used.get_mut(name) {
        Some(used) => used.unspoken = used.unspoken.min(unspoken),
        None => {
            used.insert(name.to_owned(), Used { place, unspoken });
        }
    }
}

fn unknown(name: &str, place: Place, prompts: &BTreeMap<String, Texts>, sources: &mut Sources) {
    let own = if place.line == 0 { ", which every flow needs," } else { "" };
    let repair = match nearest(name, prompts.keys().map(String::as_str)) {
        Some(near) if place.line > 0 => format!("did you mean `{near}`?"),
        _ => format!("add `{name}:` with its texts there"),
    };
    let words = Words::what(format!("the prompt `{name}`{own} is not in prompts.yaml"))
        .repair(repair)
        .hears("here a caller would hear nothing");
    sources.fault(place, PROMPT, words.meant(name, prompts.keys().map(String::as_str)));
}

fn prompt(
    name: &str,
    texts: &Texts,
    (language, rules): (&str, Option<&Rules>),
    audio: AudioOf<'_>,
    sources: &mut Sources,
) {
    let Some(text) = texts.texts.get(language) else {
        let words = Words::what(format!("the prompt `{name}` has no text in `{language}`"))
            .repair(format!("add `{language}: \"…\"`"))
            .hears(format!("a caller who hears `{language}` would hear nothing here"));
        sources.fault(texts.name.place, LANGUAGE, words);
        return;
    };
    // A language whose file has a fault judges no text.
    if let Some(rules) = rules {
        by_ear(name, text, rules, sources);
    }
    let recordings = slots::recordings(name, text, sources);
    slots::segments(language, text, recordings, audio, sources);
}

/// The fault of a recording that cannot be heard.
pub fn no_audio(
    name: &PromptName,
    says: &str,
    language: &str,
    place: Place,
    heard: Audio,
    sources: &mut Sources,
) {
    let (code, what) = match heard {
        Audio::Present => return,
        Audio::Missing => (AUDIO_MISSING, format!("`{name}` has no audio in `{language}`")),
        Audio::Broken(why) => {
            (AUDIO_BROKEN, format!("the audio of `{name}` in `{language}` cannot be read: {why}"))
        }
    };
    let text = if name.as_str().ends_with(|c: char| c.is_ascii_digit()) { says } else { "this text" };
    let words = Words::what(what)
        .repair(format!("record {text} as {language}/{name}.wav in the folder of sounds"))
        .hears("a caller would hear silence");
    sources.fault(place, code, words);
}

/// Whether a text can be followed: its longest sentence, and its grade.
fn by_ear(name: &str, text: &Placed<String>, rules: &Rules, sources: &mut Sources) {
    let count = reading::count(&text.value, rules);
    if count.longest > SENTENCE_MAX_WORDS {
        let words =
            Words::what(format!("a sentence of {} words is too long to be followed by ear", count.longest))
                .repair(format!("make two of it; at most {SENTENCE_MAX_WORDS} words"))
                .hears("who is ill or old has lost its beginning when it ends");
        sources.fault(text.place, SENTENCE, words);
    }
    let Some(measure) = rules.lexicon().measure() else { return };
    let language = rules.language();
    let told = |grade: f64| {
        let grade = grade.max(0.0);
        let what = match measure {
            Measure::FernandezHuerta => format!(
                "the `{language}` text of `{name}` has a reading ease of {grade:.0}; {SPANISH_EASE_MIN:.0} is the least"
            ),
            Measure::FleschKincaid => format!(
                "the `{language}` text of `{name}` needs {grade:.1} years of school; {ENGLISH_GRADE_MAX} are the most"
            ),
        };
        Words::what(what)
            .repair("say it in shorter words and shorter sentences")
            .hears("a caller who is ill or afraid would not understand it at once")
    };
    match count.ease(measure) {
        Ease::Good => {}
        Ease::AtTheBar(grade) => sources.warn(text.place, GRADE, told(grade)),
        Ease::Hard(grade) => sources.fault(text.place, GRADE, told(grade)),
    }
}

/// What stands in `{ }` must be the same in every language: one caller must not hear less than another.
fn same_slots(texts: &Texts, spoken: &[&str], sources: &mut Sources) {
    let mut texts_of = spoken.iter().filter_map(|language| Some((*language, texts.texts.get(*language)?)));
    let Some((first, text)) = texts_of.next() else { return };
    // The manner is each language's own.
    let names = |text: &'_ Placed<String>| -> BTreeSet<String> {
        slot_names(&text.value).map(str::to_owned).collect()
    };
    let wanted = names(text);
    for (language, text) in texts_of {
        let found = names(text);
        for (slot, has, lacks) in wanted
            .difference(&found)
            .map(|slot| (slot, first, language))
            .chain(found.difference(&wanted).map(|slot| (slot, language, first)))
        {
            let name = &texts.name.value;
            let words = Words::what(format!("`{name}` says {{{slot}}} in `{has}` and not in `{lacks}`"))
                .repair("write the same slots in every language")
                .hears(format!("a caller who hears `{lacks}` would not be told it"));
            sources.fault(text.place, SLOTS, words);
        }
    }
}

/// Prompts that nobody hears, in a set without fault.
pub fn unused(draft: &Draft, used: &BTreeMap<String, Used>, sources: &mut Sources) {
    let prompts = draft.prompts.iter().flat_map(BTreeMap::values);
    for texts in prompts.filter(|texts| !used.contains_key(&texts.name.value)) {
        let words = Words::what(format!("no step speaks `{}`", texts.name.value))
            .repair("let a step speak it, or take it out")
            .hears("no caller would ever hear it");
        sources.warn(texts.name.place, UNUSED, words);
    }
}

/// The lines that tell a caller whom to call must say the numbers of the country.
fn emergency(draft: &Draft, prompts: &BTreeMap<String, Texts>, languages: &[&str], sources: &mut Sources) {
    let Some(locale) = draft.clinic.as_ref().and_then(|clinic| clinic.locale) else { return };
    let emergency: String = locale.emergency.iter().map(|key| key_name(*key)).collect();
    for (own, number) in [(Own::Emergency, emergency.as_str()), (Own::CrisisWait, locale.crisis)] {
        let Some(texts) = prompts.get(own.name()) else { continue };
        for text in languages.iter().filter_map(|language| texts.texts.get(*language)) {
            let digits: String = text.value.chars().filter(char::is_ascii_digit).collect();
            if !digits.contains(number) {
                let words = Words::what(format!("`{}` does not say {number}", own.name()))
                    .repair("say the number digit by digit")
                    .hears("a caller in danger would not hear whom to call");
                sources.fault(text.place, EMERGENCY, words);
            }
        }
    }
}
