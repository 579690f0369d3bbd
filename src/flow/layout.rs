//! `careline fmt`: one way to lay out a file, with its comments and its meaning as they were.
//!
//! Lines end as on Unix, nothing stands behind their last word, two spaces indent, one follows a colon, and
//! at most one empty line parts two others. What stands in brackets, the gap before a comment and the
//! lines of a long text stay as they are. Nothing is written anew from the tree: lines are moved, and then
//! the tree and the comments of both texts are compared; a text that would say something else is refused.

use crate::flow::diagnostic::{Diagnostic, Sources};
use crate::flow::syntax::outline::{Of, Outline, outline};
use crate::flow::syntax::tree::{self, Node, Reading, Shape};
use std::collections::BTreeMap;

/// Why a file is left as it is.
#[derive(Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It has faults that come before any layout.
    Faults(Vec<Diagnostic>),
    /// It would say something else afterwards.
    Meaning,
}

/// The text of a file, laid out.
///
/// # Errors
/// [`Refusal`] when it cannot be read, or would not mean the same.
pub fn laid_out(path: &str, octets: &[u8]) -> Result<String, Refusal> {
    let before = read(path, octets)?;
    let text = String::from_utf8_lossy(octets).replace("\r\n", "\n");
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    // A lone carriage return ends a line for YAML and for no editor.
    if text.contains('\r') {
        return Err(Refusal::Meaning);
    }
    let outline_before = outline(text);
    let after = lines(text, &before, &outline_before);
    let again = read(path, after.as_bytes()).map_err(|_| Refusal::Meaning)?;
    let same = same_reading(&before, &again) && outline_before.comments == outline(&after).comments;
    if same { Ok(after) } else { Err(Refusal::Meaning) }
}

fn read(path: &str, octets: &[u8]) -> Result<Reading, Refusal> {
    let mut sources = Sources::default();
    let (_, reading) = tree::read(&mut sources, path, octets);
    let faults = sources.into_faults();
    if faults.is_empty() { Ok(reading) } else { Err(Refusal::Faults(faults)) }
}

fn same_reading(one: &Reading, other: &Reading) -> bool {
    match (one, other) {
        (Reading::Tree(one), Reading::Tree(other)) => same(one, other),
        (Reading::Empty, Reading::Empty) => true,
        (Reading::Tree(_) | Reading::Empty | Reading::Broken, _) => false,
    }
}

/// Whether two trees say the same, wherever it stands.
pub fn same(one: &Node, other: &Node) -> bool {
    match (&one.shape, &other.shape) {
        (Shape::Scalar(one), Shape::Scalar(other)) => one == other,
        (Shape::List(one), Shape::List(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
        }
        (Shape::Map(one), Shape::Map(other)) => {
            let pair = |((k, v), (l, w)): (&(Node, Node), &(Node, Node))| same(k, l) && same(v, w);
            one.len() == other.len() && one.iter().zip(other).all(pair)
        }
        (Shape::Scalar(_) | Shape::List(_) | Shape::Map(_) | Shape::Broken, _) => false,
    }
}

/// The columns from the end of a name to its value, by line: one colon and one space belong there.
type Gaps = BTreeMap<usize, Vec<(usize, usize)>>;

fn gaps(node: &Node, lines: &[&str], found: &mut Gaps) {
    let starts = |node: &Node| {
        let line = lines.get(node.place.line.wrapping_sub(1))?;
        line.chars().nth(node.place.column.wrapping_sub(1))
    };
    match &node.shape {
        Shape::List(items) => items.iter().for_each(|item| gaps(item, lines, found)),
        Shape::Map(_) if starts(node) == Some('{') => {}
        Shape::Map(entries) => {
            for (key, value) in entries {
                let (from, to) = (key.place.column - 1 + key.place.width, value.place.column - 1);
                if key.place.line == value.place.line && !value.is_missing() && to > from {
                    found.entry(key.place.line).or_default().push((from, to));
                }
                gaps(value, lines, found);
            }
        }
        Shape::Scalar(_) | Shape::Broken => {}
    }
}

/// What a line's first word belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Names,
    Dashes,
}

/// Names or dashes one under another: the column where they stand, and where they will.
#[derive(Clone, Copy, Debug)]
struct Level {
    kind: Kind,
    old: usize,
    new: usize,
}

fn lines(text: &str, reading: &Reading, outline: &Outline) -> String {
    let lines: Vec<&str> = text.split('\n').collect();
    let mut found = Gaps::new();
    if let Reading::Tree(node) = reading {
        gaps(node, &lines, &mut found);
    }
    let mut after: Vec<String> = Vec::new();
    let mut levels: Vec<Level> = Vec::new();
    // How far each line was moved, for the lines that go on with it.
    let mut moved: Vec<isize> = vec![0; lines.len() + 1];
    for (index, line) in lines.iter().enumerate() {
        let number = index + 1;
        let trimmed = if outline.open.contains(&number) { *line } else { line.trim_end() };
        let inside = outline.inside.get(&number);
        let text = match inside {
            Some(inside) if inside.of == Of::Text && line.trim().is_empty() => (*line).to_owned(),
            Some(inside) => {
                moved[number] = moved[inside.begun];
                let kept = if inside.of == Of::Text { line } else { trimmed };
                shifted(kept, moved[number])
            }
            None if trimmed.is_empty() => String::new(),
            None if trimmed.trim_start().starts_with('#') => {
                let next = next_content(&lines, index, outline);
                let column = comment_column(column(trimmed), next, &levels);
                format!("{}{}", " ".repeat(column), trimmed.trim_start())
            }
            None => {
                let old = column(trimmed);
                let text = content(trimmed, found.get(&number).map_or(&[], Vec::as_slice), &mut levels);
                moved[number] = column(&text).cast_signed() - old.cast_signed();
                text
            }
        };
        let empty = text.is_empty() && inside.is_none_or(|inside| inside.of == Of::Brackets);
        if !(empty && after.last().is_none_or(String::is_empty)) {
            after.push(text);
        }
    }
    while after.last().is_some_and(String::is_empty) {
        after.pop();
    }
    after.into_iter().map(|line| line + "\n").collect()
}

fn column(line: &str) -> usize {
    line.chars().take_while(|c| *c == ' ').count()
}

fn shifted(line: &str, by: isize) -> String {
    let column = column(line);
    let new = column.saturating_add_signed(by);
    if line.trim().is_empty() { line.to_owned() } else { " ".repeat(new) + &line[column..] }
}

/// The next line that says something: its column and whether a dash begins it.
fn next_content<'a>(lines: &[&'a str], from: usize, outline: &Outline) -> Option<&'a str> {
    let mut rest = lines.iter().enumerate().skip(from + 1);
    let says = |line: &str| !line.trim().is_empty() && !line.trim_start().starts_with('#');
    rest.find(|(index, line)| says(line) && !outline.inside.contains_key(&(index + 1))).map(|(_, line)| *line)
}

/// A comment stands over the next line if it did, else under the names it stood under, else it comes there.
fn comment_column(old: usize, next: Option<&str>, levels: &[Level]) -> usize {
    let next = next.map(|line| (column(line), level_of(line, levels).new));
    let under = || levels.iter().rev().find(|level| level.old == old).map(|level| level.new);
    match next {
        Some((column, new)) if column == old => new,
        Some((_, new)) => under().unwrap_or(new),
        None => under().unwrap_or(0),
    }
}

fn kind(line: &str) -> Kind {
    let line = line.trim_start();
    if line == "-" || line.starts_with("- ") { Kind::Dashes } else { Kind::Names }
}

/// Where the first word of a line belongs, after the lines before it.
fn level_of(line: &str, levels: &[Level]) -> Level {
    let (old, kind) = (column(line), kind(line));
    let below: Vec<&Level> = levels.iter().filter(|level| level.old <= old).collect();
    if let Some(level) = below.iter().rev().find(|level| level.old == old && level.kind == kind) {
        return **level;
    }
    let new = below.last().map_or(0, |level| level.new + 2);
    Level { kind, old, new }
}

/// A line with names, dashes or a value at its new place.
fn content(line: &str, gaps: &[(usize, usize)], levels: &mut Vec<Level>) -> String {
    let mut level = level_of(line, levels);
    levels.retain(|one| one.old < level.old || (one.old == level.old && one.new < level.new));
    levels.push(level);
    let mut text = " ".repeat(level.new);
    let mut at = level.old;
    let rest = |at: usize| line.chars().skip(at).collect::<String>();
    while level.kind == Kind::Dashes {
        let here = rest(at);
        let gap = here.chars().skip(1).take_while(|c| *c == ' ').count();
        if here == "-" || here[1..].trim_start().starts_with('#') {
            return text + &here;
        }
        text += "- ";
        at += 1 + gap;
        level = Level { kind: kind(&rest(at)), old: at, new: level.new + 2 };
        levels.push(level);
    }
    let chars: Vec<char> = line.chars().collect();
    let start = at;
    for (from, to) in gaps.iter().filter(|(from, _)| *from >= start) {
        text.extend(&chars[at..*from]);
        text += ": ";
        at = *to;
    }
    text.extend(&chars[at..]);
    text
}

#[cfg(test)]
mod tests;
