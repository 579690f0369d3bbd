//! What of a change a second person must approve before any patient hears it: triage trees, what is said in a crisis
//! and in an emergency, and the sounds of both.
//!
//! It is told from the trees of the files, as all changes are, so it can be asked of every set. A change of comments,
//! order or layout needs nobody. Not here: who approved ([`crate::io`] keeps that).

use super::{Side, Value, by_name, language, pairs, value_of};
use crate::flow::content::SOUNDS;
use crate::flow::program::Own;
use crate::flow::set::{CLINIC_FILE, PROMPTS_FILE};
use std::collections::BTreeSet;

/// Prompts that nobody changes alone, whatever flow speaks them. The line about 9 8 8 is the entry's own.
const ALWAYS: [&str; 5] =
    [Own::Emergency.name(), Own::CrisisStay.name(), Own::CrisisWait.name(), Own::Nurse.name(), "u.crisis"];

/// What needs a second person, in sentences; nothing if nothing does.
pub fn needs(before: Side<'_>, after: Side<'_>) -> Vec<String> {
    let (old, new) = (by_name(before.flows), by_name(after.flows));
    let value = |octets: Option<&&[u8]>| octets.and_then(|octets| value_of(octets));
    let mut told = Vec::new();
    let mut prompts: BTreeSet<String> = ALWAYS.iter().map(|name| (*name).to_owned()).collect();
    let mut names: Vec<&str> = old.keys().chain(new.keys()).copied().collect();
    names.sort_unstable();
    names.dedup();
    for name in names.iter().filter(|name| ![CLINIC_FILE, PROMPTS_FILE].contains(*name)) {
        let (was, is) = (value(old.get(name)), value(new.get(name)));
        let Some(kind) = is.as_ref().or(was.as_ref()).and_then(kind).or(was.as_ref().and_then(kind)) else {
            continue;
        };
        was.iter().chain(&is).for_each(|flow| words(flow, &mut prompts));
        let flow = name.trim_end_matches(".yaml");
        match (old.contains_key(name), new.contains_key(name)) {
            (true, true) if was.is_some() && was == is => {}
            (true, true) => told.push(format!("{kind} {flow} changed")),
            (false, _) => told.push(format!("{kind} {flow} is new")),
            (_, false) => told.push(format!("{kind} {flow} is gone")),
        }
    }
    let locale =
        |clinic: Option<Value>| clinic.as_ref().and_then(|clinic| clinic.field("locale")).map(Value::whole);
    let clinics = (value(old.get(CLINIC_FILE)), value(new.get(CLINIC_FILE)));
    if locale(clinics.0) != locale(clinics.1) {
        told.push("the country, and with it the emergency number, changed".to_owned());
    }
    let texts = (value(old.get(PROMPTS_FILE)), value(new.get(PROMPTS_FILE)));
    for (prompt, was, is) in pairs(texts.0.as_ref(), texts.1.as_ref()) {
        if prompts.contains(prompt) && said(was) != said(is) {
            told.push(format!("the words of {prompt} changed"));
        }
    }
    sounds(before, after, &prompts, &mut told);
    told
}

/// What a flow is, if a second person must look at it.
fn kind(flow: &Value) -> Option<&'static str> {
    let word = |field: &str| flow.field(field).map(Value::whole).unwrap_or_default();
    match (word("kind").as_str(), word("flow").starts_with("crisis")) {
        ("triage", _) => Some("the triage tree"),
        (_, true) => Some("the crisis flow"),
        (_, false) => None,
    }
}

/// Every word of a flow: its prompts are among them.
fn words(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Text(text) => {
            found.insert(text.clone());
        }
        Value::List(items) => items.iter().for_each(|item| words(item, found)),
        Value::Map(fields) => fields.values().for_each(|field| words(field, found)),
    }
}

/// What is said of a prompt; whether somebody has reviewed it is nothing that callers hear.
fn said(texts: Option<&Value>) -> Option<Value> {
    match texts? {
        Value::Map(fields) => {
            let mut fields = fields.clone();
            fields.remove("draft");
            Some(Value::Map(fields))
        }
        other => Some(other.clone()),
    }
}

/// The sounds of these prompts, of a text in pieces each piece (`sounds/en/cr.stay.1.wav`).
fn sounds(before: Side<'_>, after: Side<'_>, prompts: &BTreeSet<String>, told: &mut Vec<String>) {
    let (old, new) = (&before.content.files, &after.content.files);
    let mut changed = BTreeSet::new();
    for name in old.keys().chain(new.keys()).filter(|name| old.get(*name) != new.get(*name)) {
        let file = name.strip_prefix(SOUNDS).and_then(|name| name.strip_prefix('/'));
        let Some((folder, file)) = file.and_then(|file| file.split_once('/')) else { continue };
        let Some((stem, _)) = file.rsplit_once('.') else { continue };
        let whole = stem.rsplit_once('.').filter(|(_, piece)| piece.bytes().all(|b| b.is_ascii_digit()));
        let prompt = [Some(stem), whole.map(|(whole, _)| whole)].into_iter().flatten();
        changed.extend(prompt.filter(|name| prompts.contains(*name)).map(|name| (name, folder)));
    }
    told.extend(
        changed
            .into_iter()
            .map(|(prompt, folder)| format!("the sound of {prompt} ({}) changed", language(folder))),
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::content::{Content, digest};
    use crate::flow::set::SourceFile;

    const FILES: [(&str, &str); 8] = [
        ("flows/clinic.yaml", "locale: us\ntries: 2\n"),
        (
            "flows/prompts.yaml",
            "tr.a: {en: A, draft: true}\ncr.danger: {en: D}\ncr.stay: {en: S}\nmm.menu: {en: M}\n",
        ),
        ("flows/nurse.yaml", "flow: nurse\nkind: triage\nsteps: {a: {ask: tr.a}}\n"),
        ("flows/crisis_help.yaml", "flow: crisis_help\nsteps: {a: {say: cr.danger, next: crisis}}\n"),
        ("flows/main_menu.yaml", "flow: main_menu\nsteps: {a: {menu: mm.menu}}\n"),
        ("sounds/en/tr.a.1.wav", "1"),
        ("sounds/en/mm.menu.wav", "2"),
        ("sounds/es/cr.stay.wav", "3"),
    ];

    /// What needs a second person when `from` becomes `to` in a file; a file that becomes empty is gone.
    fn told(file: &str, from: &str, to: &str) -> String {
        let read = |change: bool| {
            let text = |(name, text): &(&str, &str)| {
                let text =
                    if change && *name == file { text.replacen(from, to, 1) } else { (*text).to_owned() };
                ((*name).to_owned(), text)
            };
            let files: Vec<(String, String)> =
                FILES.iter().map(text).filter(|(_, text)| !text.is_empty()).collect();
            let flow = |(name, text): &(String, String)| {
                let octets = text.clone().into_bytes();
                name.starts_with("flows/").then(|| SourceFile { path: name.clone(), octets })
            };
            let hash = |(name, text): &(String, String)| (name.clone(), digest(text.as_bytes()));
            (
                files.iter().filter_map(flow).collect::<Vec<_>>(),
                Content { files: files.iter().map(hash).collect() },
            )
        };
        let ((old, old_content), (new, new_content)) = (read(false), read(true));
        let before = Side { flows: &old, content: &old_content };
        needs(before, Side { flows: &new, content: &new_content }).join("; ")
    }

    #[test]
    fn triage_crisis_and_emergency_need_a_second_person_and_nothing_else_does() {
        let all = |file: &str| FILES.iter().find(|(name, _)| *name == file).map_or("", |(_, text)| *text);
        let table = [
            ("flows/nurse.yaml", "ask: tr.a", "ask: tr.b", "the triage tree nurse changed"),
            ("flows/nurse.yaml", "kind: triage\n", "", "the triage tree nurse changed"),
            ("flows/nurse.yaml", all("flows/nurse.yaml"), "", "the triage tree nurse is gone"),
            ("flows/nurse.yaml", "flow: nurse\nkind", "# why\nflow:   nurse\nkind", ""),
            (
                "flows/main_menu.yaml",
                "flow: main_menu",
                "flow: main_menu\nkind: triage",
                "the triage tree main_menu changed; the words",
            ),
            ("flows/crisis_help.yaml", "next: crisis", "next: person", "the crisis flow crisis_help changed"),
            ("flows/main_menu.yaml", "mm.menu", "mm.more", ""),
            (
                "flows/clinic.yaml",
                "locale: us",
                "locale: uk",
                "the country, and with it the emergency number, changed",
            ),
            ("flows/clinic.yaml", "tries: 2", "tries: 3", ""),
            ("flows/prompts.yaml", "en: A", "en: B", "the words of tr.a changed"),
            ("flows/prompts.yaml", ", draft: true", "", ""),
            ("flows/prompts.yaml", "en: D", "en: E", "the words of cr.danger changed"),
            ("flows/prompts.yaml", "cr.stay: {en: S}\n", "", "the words of cr.stay changed"),
            ("flows/prompts.yaml", "en: M", "en: N", ""),
            ("sounds/en/tr.a.1.wav", "1", "9", "the sound of tr.a (English) changed"),
            ("sounds/es/cr.stay.wav", "3", "", "the sound of cr.stay (Spanish) changed"),
            ("sounds/en/mm.menu.wav", "2", "9", ""),
        ];
        for (file, from, to, expected) in table {
            let told = told(file, from, to);
            let fits = expected
                .strip_suffix("; the words")
                .map_or(told == expected, |begin| told.starts_with(begin));
            assert!(fits, "{file}: {from} → {to}: {told}");
        }
    }
}
