//! What is another in one set of flows than in the one before, in sentences for an administrator.
//!
//! ```text
//!  menu `choose` of main_menu: key 3 now leads to refill, it led to billing
//!  prompt mm.menu: new English text, and its sound is still the one from before
//!  number +16175550100 now leads to after_hours, it led to main_menu
//!  sound u.greeting (English) changed
//! ```
//! The files are compared as they are written, word by word of their trees, and not as programs: so a set of an older
//! language can be compared too, and a new kind of step needs nothing here. Not here: whether a set has faults.

pub mod approval;

use crate::flow::content::{Content, FLOWS, SOUNDS};
use crate::flow::diagnostic::Sources;
use crate::flow::languages::{self, Languages};
use crate::flow::set::{CLINIC_FILE, PROMPTS_FILE, SourceFile};
use crate::flow::syntax::tree::{self, Node, Reading, Shape};
use std::collections::BTreeMap;

/// One of the two sets.
#[derive(Clone, Copy, Debug)]
pub struct Side<'a> {
    /// Its flow files.
    pub flows: &'a [SourceFile],
    /// All its files.
    pub content: &'a Content,
}

/// The longest value that is shown in a sentence, in characters: longer ones are cut.
const SHOWN_MAX: usize = 60;

/// Every change, clinic first, then flows, prompts and sounds; nothing if the sets are the same.
pub fn sentences(before: Side<'_>, after: Side<'_>) -> Vec<String> {
    let (old, new) = (by_name(before.flows), by_name(after.flows));
    let mut names: Vec<&str> = old.keys().chain(new.keys()).copied().collect();
    names.sort_by_key(|name| (*name != CLINIC_FILE, *name == PROMPTS_FILE, *name));
    names.dedup();
    let mut told = Vec::new();
    let is_said_as_before = |language: &str, prompt: &str| {
        let stem = format!("{SOUNDS}/{language}/{prompt}");
        let is_its = |name: &str| name.rsplit_once('.').is_some_and(|(all, _)| all == stem);
        let mut sounds = after.content.files.iter().filter(|(name, _)| is_its(name));
        sounds.any(|(name, hash)| before.content.files.get(name) == Some(hash))
    };
    for name in names {
        file(name, old.get(name).copied(), new.get(name).copied(), &is_said_as_before, &mut told);
    }
    let is_read = |name: &str| {
        let bare = name.strip_prefix(FLOWS).and_then(|name| name.strip_prefix('/'));
        bare.is_some_and(|bare| old.contains_key(bare) || new.contains_key(bare))
    };
    other_files(&before.content.files, &after.content.files, is_read, &mut told);
    told
}

/// By the name of the file; that of a language with its folder, because a flow may have the same.
fn by_name(files: &[SourceFile]) -> BTreeMap<&str, &[u8]> {
    let name = |path: &'_ str| {
        let end = Languages::file(path).map_or(path.len(), |_| path.rfind('/').unwrap_or(0));
        path[..end].rfind('/').map_or(0, |at| at + 1)
    };
    files.iter().map(|file| (&file.path[name(&file.path)..], file.octets.as_slice())).collect()
}

/// Whether a language's sound of a prompt is the same in both sets.
type SaidAsBefore<'a> = &'a dyn Fn(&str, &str) -> bool;

fn file(
    name: &str,
    old: Option<&[u8]>,
    new: Option<&[u8]>,
    is_said_as_before: SaidAsBefore<'_>,
    told: &mut Vec<String>,
) {
    if old == new {
        return;
    }
    let subject = match name {
        CLINIC_FILE => "the clinic".to_owned(),
        PROMPTS_FILE => "the prompts".to_owned(),
        _ => match Languages::file(name) {
            Some(language) => format!("language {language}"),
            None => format!("flow {}", name.trim_end_matches(".yaml")),
        },
    };
    let (old, new) = match (old, new) {
        (Some(old), Some(new)) => (value_of(old), value_of(new)),
        (None, _) => return told.push(format!("{subject}: {name} is new")),
        (_, None) => return told.push(format!("{subject}: {name} is gone")),
    };
    let before = told.len();
    match (old, new) {
        (Some(old), Some(new)) => match name {
            CLINIC_FILE => clinic(&old, &new, told),
            PROMPTS_FILE => prompts(&old, &new, is_said_as_before, told),
            _ => flow(&subject, &old, &new, told),
        },
        _ => told.push(format!("{subject}: {name} changed")),
    }
    if told.len() == before {
        told.push(format!("{subject}: only comments, order or layout of {name} changed"));
    }
}

/// Sounds, calendars, tests: files that are compared as a whole.
fn other_files(
    old: &BTreeMap<String, String>,
    new: &BTreeMap<String, String>,
    is_read: impl Fn(&str) -> bool,
    told: &mut Vec<String>,
) {
    let mut names: Vec<&String> = old.keys().chain(new.keys()).filter(|name| !is_read(name)).collect();
    names.sort();
    names.dedup();
    for name in names {
        let what = match (old.get(name), new.get(name)) {
            (Some(old), Some(new)) if old == new => continue,
            (Some(_), Some(_)) => "changed",
            (None, _) => "is new",
            (_, None) => "is gone",
        };
        told.push(format!("{} {what}", file_subject(name)));
    }
}

/// `sounds/en/u.person.wav` is the sound u.person (English).
fn file_subject(name: &str) -> String {
    let sound = name.strip_prefix(SOUNDS).and_then(|name| name.strip_prefix('/'));
    let parts = sound.and_then(|sound| sound.split_once('/'));
    match parts.and_then(|(folder, file)| Some((folder, file.rsplit_once('.')?.0))) {
        Some((folder, prompt)) => format!("sound {prompt} ({})", language(folder)),
        None => format!("file {name}"),
    }
}

/// English and Spanish by their names, others by the name of their file: the two sets may call them differently.
fn language(code: &str) -> &str {
    languages::built_in_name(code).unwrap_or(code)
}

/// A value without its place.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Value {
    Text(String),
    List(Vec<Value>),
    Map(BTreeMap<String, Value>),
}

/// The tree of a file, if it can be read.
fn value_of(octets: &[u8]) -> Option<Value> {
    match tree::read(&mut Sources::default(), "", octets).1 {
        Reading::Tree(node) => value(&node),
        Reading::Empty => Some(Value::Map(BTreeMap::new())),
        Reading::Broken => None,
    }
}

fn value(node: &Node) -> Option<Value> {
    match &node.shape {
        Shape::Scalar(scalar) => Some(Value::Text(scalar.text.clone())),
        Shape::List(items) => items.iter().map(value).collect::<Option<_>>().map(Value::List),
        Shape::Map(entries) => {
            let entry = |(key, node): &(Node, Node)| Some((key.text()?.to_owned(), value(node)?));
            entries.iter().map(entry).collect::<Option<_>>().map(Value::Map)
        }
        Shape::Broken => None,
    }
}

impl Value {
    fn field(&self, name: &str) -> Option<&Value> {
        match self {
            Value::Map(fields) => fields.get(name),
            Value::Text(_) | Value::List(_) => None,
        }
    }

    fn names(&self) -> impl Iterator<Item = &String> {
        let fields = match self {
            Value::Map(fields) => Some(fields),
            Value::Text(_) | Value::List(_) => None,
        };
        fields.into_iter().flat_map(BTreeMap::keys)
    }

    fn whole(&self) -> String {
        match self {
            Value::Text(text) if text.is_empty() => "empty".to_owned(),
            Value::Text(text) => text.clone(),
            Value::List(items) => {
                format!("[{}]", items.iter().map(Value::whole).collect::<Vec<_>>().join(", "))
            }
            Value::Map(fields) => {
                let field = |(name, value): (&String, &Value)| format!("{name}: {}", value.whole());
                format!("{{{}}}", fields.iter().map(field).collect::<Vec<_>>().join(", "))
            }
        }
    }

    /// In one line, cut where it is long.
    fn shown(&self) -> String {
        let whole = self.whole().replace('\n', " ");
        match whole.char_indices().nth(SHOWN_MAX) {
            Some((at, _)) => format!("{}…", &whole[..at]),
            None => whole,
        }
    }
}

/// All names of both mappings, each once, with what stands there.
fn pairs<'a>(
    old: Option<&'a Value>,
    new: Option<&'a Value>,
) -> impl Iterator<Item = (&'a str, Option<&'a Value>, Option<&'a Value>)> {
    let mut names: Vec<&String> = old.into_iter().chain(new).flat_map(Value::names).collect();
    names.sort_by_key(|name| (name.len() > 1, *name));
    names.dedup();
    let at = |value: Option<&'a Value>, name: &str| value.and_then(|value| value.field(name));
    names.into_iter().map(move |name| (name.as_str(), at(old, name), at(new, name)))
}

/// Any values under a subject: field by field where both have fields.
fn any(subject: &str, path: &str, old: Option<&Value>, new: Option<&Value>, told: &mut Vec<String>) {
    let sentence = match (old, new) {
        _ if old == new => return,
        (Some(Value::Map(_)), Some(Value::Map(_))) => {
            for (name, old, new) in pairs(old, new) {
                let path = if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
                any(subject, &path, old, new, told);
            }
            return;
        }
        (Some(old), Some(new)) => format!("`{path}` is now {}, it was {}", new.shown(), old.shown()),
        (None, Some(new)) => format!("`{path}` is new: {}", new.shown()),
        (Some(old), None) => format!("`{path}` is gone: it was {}", old.shown()),
        (None, None) => return,
    };
    told.push(format!("{subject}: {sentence}"));
}

/// What leads somewhere: a key, a number, a step.
fn leads(subject: &str, old: Option<&str>, new: Option<&str>, told: &mut Vec<String>) {
    let sentence = match (old, new) {
        _ if old == new => return,
        (Some(old), Some(new)) => format!("now leads to {new}, it led to {old}"),
        (None, Some(new)) => format!("is new: it leads to {new}"),
        (Some(old), None) => format!("is gone: it led to {old}"),
        (None, None) => return,
    };
    told.push(format!("{subject} {sentence}"));
}

fn clinic(old: &Value, new: &Value, told: &mut Vec<String>) {
    for (field, old, new) in pairs(Some(old), Some(new)) {
        if field != "numbers" {
            any("the clinic", field, old, new, told);
            continue;
        }
        for (number, old, new) in pairs(old, new) {
            let (old, new) = (old.map(Value::shown), new.map(Value::shown));
            leads(&format!("number {number}"), old.as_deref(), new.as_deref(), told);
        }
    }
}

fn prompts(old: &Value, new: &Value, is_said_as_before: SaidAsBefore<'_>, told: &mut Vec<String>) {
    for (prompt, old, new) in pairs(Some(old), Some(new)) {
        match (old, new) {
            (None, _) => told.push(format!("prompt {prompt} is new")),
            (_, None) => told.push(format!("prompt {prompt} is gone")),
            (Some(old), Some(new)) => texts(prompt, old, new, is_said_as_before, told),
        }
    }
}

fn texts(
    prompt: &str,
    old: &Value,
    new: &Value,
    is_said_as_before: SaidAsBefore<'_>,
    told: &mut Vec<String>,
) {
    let (subject, before) = (format!("prompt {prompt}"), told.len());
    for (field, old, new) in pairs(Some(old), Some(new)) {
        // A language is two or three small letters, and `in` is the field that says where all are spoken.
        let is_language =
            (2..=3).contains(&field.len()) && field != "in" && field.bytes().all(|b| b.is_ascii_lowercase());
        match (old, new) {
            _ if old == new => {}
            (Some(Value::Text(_)), Some(Value::Text(_))) if is_language => {
                let sound = match is_said_as_before(field, prompt) {
                    true => ", and its sound is still the one from before",
                    false => "",
                };
                told.push(format!("{subject}: new {} text{sound}", language(field)));
            }
            (None, Some(Value::Text(_))) if is_language => {
                told.push(format!("{subject}: it has a {} text now", language(field)));
            }
            (Some(Value::Text(_)), None) if is_language => {
                told.push(format!("{subject}: its {} text is gone", language(field)));
            }
            _ => any(&subject, field, old, new, told),
        }
    }
    // One that is no list of languages has no fields to compare.
    if told.len() == before {
        any(&subject, "text", Some(old), Some(new), told);
    }
}

fn flow(subject: &str, old: &Value, new: &Value, told: &mut Vec<String>) {
    let name = subject.trim_start_matches("flow ");
    for (field, old, new) in pairs(Some(old), Some(new)) {
        if field != "steps" {
            any(subject, field, old, new, told);
            continue;
        }
        for (at, old, new) in pairs(old, new) {
            match (old, new) {
                (None, _) => told.push(format!("step `{at}` of {name} is new")),
                (_, None) => told.push(format!("step `{at}` of {name} is gone")),
                (Some(old), Some(new)) => step(name, at, old, new, told),
            }
        }
    }
}

fn step(flow: &str, name: &str, old: &Value, new: &Value, told: &mut Vec<String>) {
    let kind = if new.field("menu").is_some() { "menu" } else { "step" };
    let subject = format!("{kind} `{name}` of {flow}");
    for (field, was, is) in pairs(Some(old), Some(new)) {
        match field {
            "keys" => {}
            "next" => next(&subject, (old, was), (new, is), told),
            _ => any(&subject, field, was, is, told),
        }
    }
    for (key, _, _) in pairs(old.field("keys"), new.field("keys")) {
        let (was, is) = (led(old, key), led(new, key));
        leads(&format!("{subject}: key {key}"), was.as_deref(), is.as_deref(), told);
        let (was, is) = (answer(old, key), answer(new, key));
        if let (Some(was), Some(is)) = (was, is)
            && was != is
            && led(old, key) == led(new, key)
        {
            told.push(format!("{subject}: key {key} is now the answer {is}, it was {was}"));
        }
    }
}

/// Where a step leads by `next`: one step for all, or one for each answer. What a key leads to is told by the key.
fn next(subject: &str, old: (&Value, Option<&Value>), new: (&Value, Option<&Value>), told: &mut Vec<String>) {
    let is_map = |value: Option<&Value>| matches!(value, Some(Value::Map(_)));
    if !is_map(old.1) && !is_map(new.1) {
        let (was, is) = (old.1.map(Value::shown), new.1.map(Value::shown));
        return match (&was, &is) {
            (None, Some(is)) => told.push(format!("{subject} now leads to {is}")),
            (Some(was), None) => told.push(format!("{subject} no longer leads to {was}")),
            _ => leads(subject, was.as_deref(), is.as_deref(), told),
        };
    }
    let has_key = |(step, _): (&Value, Option<&Value>), answer: &str| {
        let keys = step.field("keys");
        keys.is_some_and(|keys| {
            keys.names().any(|key| keys.field(key).map(Value::whole).as_deref() == Some(answer))
        })
    };
    for (name, was, is) in pairs(old.1, new.1) {
        if !has_key(old, name) && !has_key(new, name) {
            let (was, is) = (was.map(Value::shown), is.map(Value::shown));
            leads(&format!("{subject}: `{name}`"), was.as_deref(), is.as_deref(), told);
        }
    }
}

fn answer(step: &Value, key: &str) -> Option<String> {
    step.field("keys")?.field(key).map(Value::whole)
}

/// Where a key leads: to the step that `next` names for its answer, else to the step of that name.
fn led(step: &Value, key: &str) -> Option<String> {
    let answer = answer(step, key)?;
    match step.field("next") {
        Some(Value::Text(all)) => Some(all.clone()),
        next => {
            let named = |name: &str| next.and_then(|next| next.field(name)).map(Value::whole);
            Some(named(&answer).or_else(|| named("else")).unwrap_or(answer))
        }
    }
}

#[cfg(test)]
mod tests;
