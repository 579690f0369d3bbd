//! What a tree says, field by field: the reader that asks names the type, and every fault is noted.
//!
//! A reader takes the fields that it knows out of a [`Fields`]; what is left at the end is unknown
//! and is told with the word that was probably meant.

use crate::flow::diagnostic::{Code, Place, Sources, Words, did_you_mean};
use crate::flow::syntax::tree::{CUT, Node, Protection, Shape};
use crate::flow::vocabulary::Object;
use std::time::Duration;

/// The codes of a family of files: flows have theirs, `careline.yaml` has its own.
#[derive(Clone, Copy, Debug)]
pub struct Family {
    /// A word that nobody knows here.
    pub unknown: Code,
    /// A word that must stand here.
    pub missing: Code,
    /// A value of the wrong kind.
    pub kind: Code,
    /// A value of the right kind that makes no sense.
    pub value: Code,
    /// Nothing stands behind the colon.
    pub nothing: Code,
    /// A name with a character that no name has.
    pub name: Code,
    /// Not one of the few words that may stand there.
    pub choice: Code,
    /// Not a whole number, or out of bounds.
    pub number: Code,
    /// Not a length of time, or out of bounds.
    pub time: Code,
}

/// A value with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placed<T> {
    /// The value.
    pub value: T,
    /// Where it stands.
    pub place: Place,
}

/// The fields of one mapping that are not taken yet.
#[derive(Debug)]
pub struct Fields<'a> {
    /// Where the mapping stands.
    pub place: Place,
    /// What the mapping is, for fault texts, such as "a step".
    what: &'static str,
    family: Family,
    known: Vec<&'static str>,
    left: Vec<&'a (Node, Node)>,
    taken: Vec<&'a str>,
}

impl<'a> Fields<'a> {
    /// The fields of `node` as the first of `objects` has them; the names of the others are known too,
    /// where a word was probably meant. A fault and nothing if it is no mapping.
    pub fn of_object(
        node: &'a Node,
        objects: &[&'static Object],
        family: Family,
        sources: &mut Sources,
    ) -> Option<Self> {
        let what = objects.first()?.what;
        let entries = entries(node, what, family, sources)?;
        let known = objects.iter().flat_map(|object| object.names()).collect();
        Some(Self {
            place: node.place,
            what,
            family,
            known,
            left: entries.iter().collect(),
            taken: Vec::new(),
        })
    }

    /// Takes the field `name` out.
    pub fn take(&mut self, name: &str) -> Option<&'a Node> {
        let at = self.left.iter().position(|(key, _)| key.text() == Some(name))?;
        let (key, value) = self.left.remove(at);
        self.taken.extend(key.text());
        Some(value)
    }

    /// Takes the field `name` out and finds fault if it is not there.
    pub fn need(&mut self, name: &str, sources: &mut Sources) -> Option<&'a Node> {
        let found = self.take(name);
        if found.is_none() {
            let words =
                Words::what(format!("{} needs `{name}`", self.what)).repair(format!("add `{name}: …`"));
            sources.fault(self.place, self.family.missing, words);
        }
        found
    }

    /// Finds fault with every field that was not taken.
    pub fn finish(self, sources: &mut Sources) {
        let left: Vec<&str> = self.left.iter().filter_map(|(key, _)| key.text()).collect();
        for (key, _) in &self.left {
            let Some(name) = key.text() else {
                if key.shape != Shape::Broken {
                    let words = Words::what("a name must stand before the colon").repair("write one word");
                    sources.fault(key.place, self.family.kind, words);
                }
                continue;
            };
            let words = Words::what(format!("`{name}` means nothing in {}", self.what))
                .repair(did_you_mean(name, &self.known));
            // A word that two slips could mean, or that stands there already, is for the writer to choose.
            let free = self.known.iter().copied().filter(|known| !self.taken.contains(known));
            let words = if left.len() == 1 { words.meant(name, free) } else { words };
            sources.fault(key.place, self.family.unknown, words);
        }
    }
}

/// The entries of a mapping; a fault and nothing if `node` is none.
pub fn entries<'a>(
    node: &'a Node,
    what: &str,
    family: Family,
    sources: &mut Sources,
) -> Option<&'a [(Node, Node)]> {
    match &node.shape {
        Shape::Map(entries) => Some(entries),
        Shape::Broken => None,
        Shape::Scalar(_) | Shape::List(_) => {
            let words = Words::what(format!("{what} is written as names and values, and none stand here"))
                .repair("write `name: value`, each on its line or in { }");
            sources.fault(node.place, family.kind, words);
            None
        }
    }
}

/// The items of a list; a fault and nothing if `node` is none.
pub fn items<'a>(node: &'a Node, what: &str, family: Family, sources: &mut Sources) -> Option<&'a [Node]> {
    match &node.shape {
        Shape::List(items) => Some(items),
        Shape::Broken => None,
        Shape::Scalar(_) | Shape::Map(_) => {
            let words =
                Words::what(format!("{what} is a list")).repair("write it in [ ], or lines with `- `");
            sources.fault(node.place, family.kind, words);
            None
        }
    }
}

/// One word: text without line ends.
pub fn word(node: &Node, what: &str, family: Family, sources: &mut Sources) -> Option<Placed<String>> {
    let text = match &node.shape {
        Shape::Scalar(scalar) => scalar.text.trim(),
        Shape::Broken => return None,
        Shape::List(_) | Shape::Map(_) => {
            let words = Words::what(format!("{what} is one word, and a list or mapping stands here"));
            sources.fault(node.place, family.kind, words.repair("write one word"));
            return None;
        }
    };
    if text.is_empty() {
        let words = Words::what(format!("{what} is missing behind the colon"))
            .repair("write it, or take the line out");
        sources.fault(node.place, family.nothing, words);
        return None;
    }
    Some(Placed { value: text.to_owned(), place: node.place })
}

/// Free text, such as what a prompt says: a comment may not cut it.
pub fn prose(node: &Node, what: &str, family: Family, sources: &mut Sources) -> Option<Placed<String>> {
    let text = word(node, what, family, sources)?;
    if let Shape::Scalar(scalar) = &node.shape
        && scalar.protection == Protection::PlainBeforeComment
    {
        let words = Words::what("` #` begins a comment and cuts this text off")
            .repair("put the whole text in quotation marks, or the comment on a line of its own")
            .hears(format!("only this would be left: \"{}\"", text.value));
        sources.fault(node.place, CUT, words);
    }
    Some(text)
}

/// A name: lower-case letters, digits, `_`, `-` and `.`, beginning with a letter or digit.
pub fn name(node: &Node, what: &str, family: Family, sources: &mut Sources) -> Option<Placed<String>> {
    let name = word(node, what, family, sources)?;
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "_-.".contains(c);
    if name.value.chars().all(fits) && name.value.starts_with(|c: char| c.is_ascii_alphanumeric()) {
        return Some(name);
    }
    let words = Words::what(format!("`{}` is no name for {what}", name.value))
        .repair("names are lower-case letters, digits, _ - and .");
    sources.fault(name.place, family.name, words);
    None
}

/// One of a few words.
pub fn choice<T: Copy>(
    node: &Node,
    what: &str,
    choices: &[(&str, T)],
    family: Family,
    sources: &mut Sources,
) -> Option<T> {
    let found = word(node, what, family, sources)?;
    if let Some((_, value)) = choices.iter().find(|(name, _)| *name == found.value) {
        return Some(*value);
    }
    let known: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
    let words =
        Words::what(format!("`{}` is no {what}", found.value)).repair(did_you_mean(&found.value, &known));
    sources.fault(found.place, family.choice, words.meant(&found.value, known));
    None
}

/// A whole number within bounds.
pub fn number(
    node: &Node,
    what: &str,
    bounds: std::ops::RangeInclusive<u64>,
    family: Family,
    sources: &mut Sources,
) -> Option<u64> {
    let found = word(node, what, family, sources)?;
    let digits = found.value.bytes().all(|b| b.is_ascii_digit());
    match found.value.parse() {
        Ok(number) if digits && bounds.contains(&number) => Some(number),
        _ => {
            let words = Words::what(format!("`{}` is no {what}", found.value)).repair(format!(
                "write a whole number from {} to {}",
                bounds.start(),
                bounds.end()
            ));
            sources.fault(found.place, family.number, words);
            None
        }
    }
}

/// A time such as `8 s` or `2 min`, within bounds in seconds.
pub fn duration(
    node: &Node,
    what: &str,
    seconds: std::ops::RangeInclusive<u64>,
    family: Family,
    sources: &mut Sources,
) -> Option<Duration> {
    let found = word(node, what, family, sources)?;
    let split = found.value.find(|c: char| !c.is_ascii_digit()).unwrap_or(found.value.len());
    let (count, unit) = found.value.split_at(split);
    let factor = match unit.trim() {
        "s" => Some(1),
        "min" => Some(60),
        _ => None,
    };
    let total = count.parse::<u64>().ok().zip(factor).and_then(|(n, f)| n.checked_mul(f));
    match total {
        Some(total) if seconds.contains(&total) => Some(Duration::from_secs(total)),
        _ => {
            let words = Words::what(format!("`{}` is no {what}", found.value)).repair(format!(
                "write seconds from {} to {}, such as `8 s`",
                seconds.start(),
                seconds.end()
            ));
            sources.fault(found.place, family.time, words);
            None
        }
    }
}
