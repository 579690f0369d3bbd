//! What the words of a triage tree must be: rules T6, T7, T10 and T12 of the clinic's safety rules, beyond what holds
//! for every flow (every prompt in every language with its sound, the same slots and keys, nothing spoken that is no
//! key and no key that is not spoken).

use super::canonical::Clinic;
use super::tree::{End, Exit, Node, NodeAct, Tree};
use crate::flow::check::{reading, spoken_keys};
use crate::flow::codes::{EMERGENCY_WORDS, NUMBERS_DIFFER, QUESTION, YES_NO};
use crate::flow::diagnostic::{Sources, Words};
use crate::flow::languages::Languages;
use crate::flow::read::prompts::Texts;
use crate::flow::spoken::lexicon::Lexicon;
use crate::flow::spoken::rules::Rules;
use crate::flow::syntax::fields::Placed;
use crate::limits::TRIAGE_QUESTION_MAX_WORDS;
use crate::wire::telephone_event::Key;

/// Finds every fault of a tree's words; a language whose file has a fault judges none.
pub fn check(tree: &Tree, clinic: &Clinic<'_>, languages: &Languages, sources: &mut Sources) {
    for node in &tree.nodes {
        let Some(texts) = node.prompt().and_then(|prompt| clinic.prompts.get(&prompt.value)) else {
            continue;
        };
        numbers(texts, clinic, sources);
        for (language, text) in clinic.languages.iter().filter_map(|l| Some((*l, texts.texts.get(*l)?))) {
            if let (NodeAct::Ask { .. }, Some(rules)) = (&node.act, languages.rules(language)) {
                yes_and_no(text, rules, sources);
                length(text, rules, sources);
            }
            if leads_to_emergency(node) && !digits(&text.value).contains(clinic.emergency) {
                let words = Words::what(format!(
                    "the `{language}` words before `emergency_exit` do not say its number"
                ))
                .repair(format!("say {} digit by digit", spaced(clinic.emergency)))
                .hears("a caller in danger would not hear whom to call");
                sources.fault(text.place, EMERGENCY_WORDS, words);
            }
        }
    }
}

fn leads_to_emergency(node: &Node) -> bool {
    matches!(&node.act, NodeAct::Say { to, .. } if to.end == End::Exit(Exit::Emergency))
}

fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

fn spaced(digits: &str) -> String {
    let digits: Vec<String> = digits.chars().map(String::from).collect();
    digits.join(" ")
}

/// T6: what is dialled is dialled in every language. The order of what is said may differ.
fn numbers(texts: &Texts, clinic: &Clinic<'_>, sources: &mut Sources) {
    let sorted = |text: &str| {
        let mut digits: Vec<char> = digits(text).chars().collect();
        digits.sort_unstable();
        digits
    };
    let mut spoken =
        clinic.languages.iter().filter_map(|language| Some((language, texts.texts.get(*language)?)));
    let Some((first, text)) = spoken.next() else { return };
    let wanted = sorted(&text.value);
    for (language, _) in spoken.clone().filter(|(_, text)| sorted(&text.value) != wanted) {
        let name = &texts.name;
        let words =
            Words::what(format!("`{}` says other numbers in `{language}` than in `{first}`", name.value))
                .repair("say the same telephone numbers and keys in every language")
                .hears("a caller would dial or press what was never judged");
        sources.fault(name.place, NUMBERS_DIFFER, words);
    }
}

/// T7: 1 is yes and 2 is no in every question, so the words must not say it the other way round.
fn yes_and_no(text: &Placed<String>, rules: &Rules, sources: &mut Sources) {
    if offers_yes_and_no(&text.value, rules.lexicon()) {
        return;
    }
    let what = format!("this `{}` question does not offer 1 for yes and 2 for no", rules.language());
    let words = Words::what(what)
        .repair(format!("end it with \"{}\"", rules.lexicon().yes_no()))
        .hears("a caller's yes could be taken for a no");
    sources.fault(text.place, YES_NO, words);
}

/// Whether a text offers 1 for yes and 2 for no, and nothing else.
pub fn offers_yes_and_no(text: &str, lexicon: &Lexicon) -> bool {
    let mut keys = spoken_keys::read(text, lexicon);
    keys.sort_by_key(|spoken| spoken.at.start);
    let said = |key: u8, is_wanted: &dyn Fn(&str) -> bool| {
        let at = keys.iter().position(|spoken| spoken.key == Key::Digit(key));
        let Some(at) = at else { return false };
        let end = keys.get(at + 1).map_or(text.len(), |next| next.at.start);
        let stretch = text.get(keys[at].at.end..end).unwrap_or_default().to_lowercase();
        stretch.split(|c: char| !c.is_alphabetic()).any(is_wanted)
    };
    said(1, &|word| lexicon.is_yes(word)) && said(2, &|word| lexicon.is_no(word)) && keys.len() == 2
}

/// T10: a question that must be heard twice is answered wrongly. What offers the keys is not counted.
fn length(text: &Placed<String>, rules: &Rules, sources: &mut Sources) {
    let first_key = spoken_keys::read(&text.value, rules.lexicon()).iter().map(|key| key.at.start).min();
    let before = text.value.get(..first_key.unwrap_or(text.value.len())).unwrap_or_default();
    let end = before.rfind(['.', '?', '!', ';']).map_or(before.len(), |at| at + 1);
    let words = reading::count(before.get(..end).unwrap_or_default(), rules).words;
    if words > TRIAGE_QUESTION_MAX_WORDS {
        let told =
            Words::what(format!("this question has {words} words; {TRIAGE_QUESTION_MAX_WORDS} are the most"))
                .repair("ask one thing, in a short sentence; make two questions of it")
                .hears("who is in pain has lost its beginning when it ends, and answers something else");
        sources.fault(text.place, QUESTION, told);
    }
}
