//! Types as files write them: `number`, `list of text`, `patient`.

use crate::flow::codes::TYPE;
use crate::flow::diagnostic::{Sources, Words, did_you_mean};
use crate::flow::expression::types::Type;
use crate::flow::syntax::fields::{self, Placed};
use crate::flow::syntax::tree::Node;

/// The words for types, and the records.
pub const NAMES: [&str; 11] = [
    "text",
    "digits",
    "number",
    "date",
    "time",
    "duration",
    "money",
    "phone",
    "bool",
    "patient",
    "appointment",
];

/// The type that a word names.
pub fn named(word: &str) -> Option<Type> {
    if let Some(of) = word.strip_prefix("list of ") {
        let of = named(of.trim())?;
        return (!matches!(of, Type::List(_))).then(|| Type::List(Box::new(of)));
    }
    Some(match word {
        "text" => Type::Text,
        "digits" => Type::Digits,
        "number" => Type::Number,
        "date" => Type::Date,
        "time" => Type::Time,
        "duration" => Type::Duration,
        "money" => Type::Money,
        "phone" => Type::Phone,
        "bool" => Type::Bool,
        "patient" | "appointment" => Type::Record(word.to_owned()),
        _ => return None,
    })
}

/// Reads names and the type of each: `takes`, `gives`, `answer`.
pub fn signature(
    node: &Node,
    what: &str,
    family: fields::Family,
    sources: &mut Sources,
) -> Vec<(Placed<String>, Type)> {
    let mut all: Vec<(Placed<String>, Type)> = Vec::new();
    for (name, value) in fields::entries(node, what, family, sources).unwrap_or_default() {
        let name = fields::name(name, "a value", family, sources);
        let Some(word) = fields::word(value, "a type", family, sources) else { continue };
        let Some(kind) = named(&word.value) else {
            let words = Words::what(format!("`{}` is no type of a value", word.value))
                .repair(format!("{}; or `list of` one of them", did_you_mean(&word.value, &NAMES)))
                .hears("what it holds could not be used");
            sources.fault(word.place, TYPE, words.meant(&word.value, NAMES));
            continue;
        };
        all.extend(name.map(|name| (name, kind)));
    }
    all
}
