//! What the words of a triage tree must be: rules T6, T7, T10 and T12 of the clinic's safety rules, beyond what holds
//! for every flow (every prompt in every language with its sound, the same slots and keys, nothing spoken that is no
//! key and no key that is not spoken).

use super::canonical::Clinic;
use super::tree::{End, Exit, Node, NodeAct, Tree};
use crate::flow::check::{reading, spoken_keys};
use crate::flow::codes::{EMERGENCY_WORDS, NUMBERS_DIFFER, QUESTION, YES_NO};
use crate::flow::diagnostic::{Sources, Words};
use crate::flow::read::prompts::Texts;
use crate::flow::syntax::fields::Placed;
use crate::limits::TRIAGE_QUESTION_MAX_WORDS;
use crate::wire::telephone_event::Key;

/// Finds every fault of a tree's words.
pub fn check(tree: &Tree, clinic: &Clinic<'_>, sources: &mut Sources) {
    for node in &tree.nodes {
        let Some(texts) = node.prompt().and_then(|prompt| clinic.prompts.get(&prompt.value)) else {
            continue;
        };
        numbers(texts, clinic, sources);
        for (language, text) in clinic.languages.iter().filter_map(|l| Some((*l, texts.texts.get(*l)?))) {
            if let NodeAct::Ask { .. } = node.act {
                yes_and_no(text, language, sources);
                length(text, language, sources);
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

/// The words for yes and for no, in the languages whose keys can be read.
const YES_AND_NO: [(&str, &[&str], &[&str]); 2] =
    [("en", &["yes"], &["no", "not"]), ("es", &["sí", "si"], &["no"])];

/// T7: 1 is yes and 2 is no in every question, so the words must not say it the other way round.
fn yes_and_no(text: &Placed<String>, language: &str, sources: &mut Sources) {
    let Some((_, yes, no)) = YES_AND_NO.iter().find(|(known, ..)| *known == language) else { return };
    let mut keys = spoken_keys::read(&text.value, language);
    keys.sort_by_key(|spoken| spoken.at.start);
    let said = |key: u8, wanted: &[&str]| {
        let at = keys.iter().position(|spoken| spoken.key == Key::Digit(key));
        let Some(at) = at else { return false };
        let end = keys.get(at + 1).map_or(text.value.len(), |next| next.at.start);
        let stretch = text.value.get(keys[at].at.end..end).unwrap_or_default().to_lowercase();
        stretch.split(|c: char| !c.is_alphabetic()).any(|word| wanted.contains(&word))
    };
    if said(1, yes) && said(2, no) && keys.len() == 2 {
        return;
    }
    let repair = match language {
        "es" => "termine con \"Marque 1 para sí. Marque 2 para no.\"",
        _ => "end it with \"Press 1 for yes. Press 2 for no.\"",
    };
    let words = Words::what(format!("this `{language}` question does not offer 1 for yes and 2 for no"))
        .repair(repair)
        .hears("a caller's yes could be taken for a no");
    sources.fault(text.place, YES_NO, words);
}

/// T10: a question that must be heard twice is answered wrongly. What offers the keys is not counted.
fn length(text: &Placed<String>, language: &str, sources: &mut Sources) {
    let first_key = spoken_keys::read(&text.value, language).iter().map(|key| key.at.start).min();
    let before = text.value.get(..first_key.unwrap_or(text.value.len())).unwrap_or_default();
    let end = before.rfind(['.', '?', '!', ';']).map_or(before.len(), |at| at + 1);
    let words = reading::count(before.get(..end).unwrap_or_default(), language).words;
    if words > TRIAGE_QUESTION_MAX_WORDS {
        let told =
            Words::what(format!("this question has {words} words; {TRIAGE_QUESTION_MAX_WORDS} are the most"))
                .repair("ask one thing, in a short sentence; make two questions of it")
                .hears("who is in pain has lost its beginning when it ends, and answers something else");
        sources.fault(text.place, QUESTION, told);
    }
}
