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
