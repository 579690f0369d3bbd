//! Words: every prompt that a caller can hear exists in every language, has its sound, and says what
//! the keys do.

use crate::flow::codes::{
    AUDIO_BROKEN, AUDIO_MISSING, EMERGENCY, LANGUAGE, NOT_DECLARED, NOT_SPOKEN, OPTIONS, PROMPT, SENTENCE,
    SLOT, ZERO,
};
use crate::flow::diagnostic::{Place, Sources, Words, nearest};
use crate::flow::draft::Draft;
use crate::flow::program::Own;
use crate::flow::read::flow::{ActText, AnswerText, key_name};
use crate::flow::read::prompts::Texts;
use crate::flow::set::{Audio, AudioOf};
use crate::flow::syntax::fields::Placed;
use crate::id::{Language, PromptName};
use crate::limits::{MENU_OPTIONS_MAX, SENTENCE_MAX_WORDS};
use crate::wire::telephone_event::Key;
use std::collections::BTreeMap;

/// Finds fault with words.
pub fn check(draft: &Draft, audio: AudioOf<'_>, sources: &mut Sources) {
    let (Some(prompts), Some(clinic)) = (&draft.prompts, &draft.clinic) else { return };
    let languages: Vec<&str> = clinic.languages.iter().map(|language| language.value.as_str()).collect();
    for (name, place) in used(draft) {
        let Some(texts) = prompts.get(&name) else {
            unknown(&name, place, prompts, sources);
            continue;
        };
        let spoken = languages.iter().skip(unspoken(draft, &name));
        spoken.for_each(|language| prompt(&name, texts, language, audio, sources));
    }
    for flow in &draft.flows {
        for step in &flow.steps {
            let Some(ActText::Menu { prompt, answers, .. }) = &step.act else { continue };
            let Some(texts) = prompts.get(&prompt.value) else { continue };
            languages.iter().for_each(|language| menu(texts, answers, language, prompt.place, sources));
        }
    }
    emergency(draft, prompts, &languages, sources);
    zero(draft, prompts, &languages, sources);
}

/// Every prompt that can be heard, and the first place that names it.
pub fn used(draft: &Draft) -> BTreeMap<String, Place> {
    let mut used = BTreeMap::new();
    let acts = draft.flows.iter().flat_map(|flow| &flow.steps).filter_map(|step| step.act.as_ref());
    for prompt in acts.filter_map(ActText::prompt) {
        used.entry(prompt.value.clone()).or_insert(prompt.place);
    }
    let Some(clinic) = &draft.clinic else { return used };
    for prompt in clinic.message.iter().flat_map(|message| [&message.prompt, &message.saved]) {
        used.entry(prompt.value.clone()).or_insert(prompt.place);
    }
    for own in Own::ALL {
        used.entry(own.name().to_owned()).or_insert(Place::whole_file(clinic.place.file));
    }
    used
}

/// How many of the clinic's languages, from the first on, never speak a prompt: who says nothing goes on
/// in the first, so an offer of languages is spoken in the others alone.
pub fn unspoken(draft: &Draft, name: &str) -> usize {
    let acts = draft.flows.iter().flat_map(|flow| &flow.steps).filter_map(|step| step.act.as_ref());
    let mut named = acts.filter(|act| act.prompt().is_some_and(|prompt| prompt.value == name)).peekable();
    let of_clinic = draft.clinic.iter().filter_map(|clinic| clinic.message.as_ref());
    let elsewhere = of_clinic.flat_map(|message| [&message.prompt, &message.saved]).any(|p| p.value == name)
        || Own::ALL.iter().any(|own| own.name() == name);
    let is_offer = named.peek().is_some() && named.all(|act| matches!(act, ActText::OfferLanguage { .. }));
    usize::from(is_offer && !elsewhere)
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
    sources.fault(place, PROMPT, words);
}

fn prompt(name: &str, texts: &Texts, language: &str, audio: AudioOf<'_>, sources: &mut Sources) {
    let Some(text) = texts.texts.get(language) else {
        let words = Words::what(format!("the prompt `{name}` has no text in `{language}`"))
            .repair(format!("add `{language}: \"…\"`"))
            .hears(format!("a caller who hears `{language}` would hear nothing here"));
        sources.fault(texts.name.place, LANGUAGE, words);
        return;
    };
    if text.value.contains(['{', '}']) {
        let words = Words::what(format!("`{name}` has a {{slot}}; to fill it needs a speech engine"))
            .repair("write the text without { }")
            .hears("nothing can speak what belongs there");
        sources.fault(text.place, SLOT, words);
    }
    sentences(text, sources);
    let (code, what) = match audio(&PromptName::from(name), &Language::from(language)) {
        Audio::Present => return,
        Audio::Missing => (AUDIO_MISSING, format!("`{name}` has no audio in `{language}`")),
        Audio::Broken(why) => {
            (AUDIO_BROKEN, format!("the audio of `{name}` in `{language}` cannot be read: {why}"))
        }
    };
    let words = Words::what(what)
        .repair(format!("record this text as {language}/{name}.wav in the folder of sounds"))
        .hears("a caller would hear silence");
    sources.fault(text.place, code, words);
}

fn sentences(text: &Placed<String>, sources: &mut Sources) {
    for sentence in text.value.split(['.', '?', '!']) {
        let count = sentence.split_whitespace().count();
        if count > SENTENCE_MAX_WORDS {
            let words = Words::what(format!("a sentence of {count} words is too long to be followed by ear"))
                .repair(format!("make two of it; at most {SENTENCE_MAX_WORDS} words"))
                .hears("who is ill or old has lost its beginning when it ends");
            sources.fault(text.place, SENTENCE, words);
        }
    }
}

/// The keys that a text offers, as "press 1" or "marque 1", in the order of the text.
pub fn offered(text: &str, language: &str) -> Vec<Key> {
    let verb = match language {
        "es" => "marque",
        _ => "press",
    };
    let lower = text.to_lowercase();
    let words: Vec<&str> = lower
        .split(|c: char| !c.is_alphanumeric() && c != '*' && c != '#')
        .filter(|w| !w.is_empty())
        .collect();
    let mut keys = Vec::new();
    for pair in words.windows(2).filter(|pair| pair[0] == verb) {
        let key = match (pair[1], pair[1].as_bytes()) {
            (_, [digit @ b'0'..=b'9']) => Key::Digit(digit - b'0'),
            ("star" | "asterisco", _) => Key::Star,
            ("pound" | "gato", _) => Key::Pound,
            _ => continue,
        };
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    keys
}

/// Keys that mean the same everywhere, so that no menu declares them.
fn works_by_itself(key: Key) -> bool {
    match key {
        Key::Digit(0 | 4 | 9) | Key::Star | Key::Pound | Key::Letter(_) => true,
        Key::Digit(_) => false,
    }
}

fn menu(texts: &Texts, answers: &[AnswerText], language: &str, at: Place, sources: &mut Sources) {
    let Some(text) = texts.texts.get(language) else { return };
    let spoken = offered(&text.value, language);
    for key in spoken.iter().filter(|key| !works_by_itself(**key)) {
        if !answers.iter().any(|answer| answer.key == *key) {
            let key = key_name(*key);
            let words = Words::what(format!(
                "the text of `{}` offers key {key}, which leads nowhere",
                texts.name.value
            ))
            .repair(format!("add {key} under `keys`, or take it out of the `{language}` text"))
            .hears(format!("a caller who presses {key} as told would hear \"I did not get that\""));
            sources.fault(at, NOT_DECLARED, words);
        }
    }
    for answer in
        answers.iter().filter(|answer| !works_by_itself(answer.key) && !spoken.contains(&answer.key))
    {
        let key = key_name(answer.key);
        let words =
            Words::what(format!("the `{language}` text of `{}` does not offer key {key}", texts.name.value))
                .repair(format!("say it there, such as \"press {key}\" (es: \"marque {key}\")"))
                .hears("a caller cannot know that this key does something");
        sources.fault(answer.place, NOT_SPOKEN, words);
    }
    let nurse =
        usize::from(spoken.contains(&Key::Digit(4)) && !answers.iter().any(|a| a.key == Key::Digit(4)));
    let options = answers.len() + nurse;
    if options > MENU_OPTIONS_MAX {
        let words = Words::what(format!("this menu has {options} options"))
            .repair(format!("make two menus of it; at most {MENU_OPTIONS_MAX} can be kept in mind"))
            .hears("at the end of the list a caller has forgotten its beginning");
        sources.fault(at, OPTIONS, words);
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

fn zero(draft: &Draft, prompts: &BTreeMap<String, Texts>, languages: &[&str], sources: &mut Sources) {
    let Some(entry) = draft.entry() else { return };
    let flow = &draft.flows[entry];
    let spoken = flow.steps.iter().filter_map(|step| prompts.get(&step.act.as_ref()?.prompt()?.value));
    let texts: Vec<&Texts> = spoken.collect();
    for language in languages {
        let says = |texts: &&Texts| {
            texts
                .texts
                .get(*language)
                .is_some_and(|text| offered(&text.value, language).contains(&Key::Digit(0)))
        };
        if !texts.iter().any(says) {
            let words = Words::what(format!("the entry does not say in `{language}` that 0 gets a person"))
                .repair("add a step such as {say: u.person, next: …}")
                .hears("a caller who needs a person would not know how to get one");
            sources.fault(flow.name.place, ZERO, words);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_keys_that_a_text_offers_are_read_from_it() {
        let digits = |numbers: &[u8]| numbers.iter().map(|n| Key::Digit(*n)).collect::<Vec<_>>();
        let en = "For visits, press 1. For a nurse, press 4. Press 1 again. Call 9 1 1.";
        assert_eq!(offered(en, "en"), digits(&[1, 4]));
        assert_eq!(offered("Para citas, marque 1. Marque asterisco o marque gato.", "es")[..1], digits(&[1]));
        assert_eq!(offered("Marque asterisco.", "es"), [Key::Star]);
        assert_eq!(offered("When you are done, press pound.", "en"), [Key::Pound]);
        assert_eq!(offered("press 12 or press one", "en"), []);
    }
}
