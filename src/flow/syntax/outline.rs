//! Which lines of a file go on with what an earlier line began, and its comments: what `flow::layout`
//! needs besides the tree. Not here: what is wrong with the file. The tree has told that.

use granit_parser::{Event, Parser, ScalarStyle, Span};
use std::collections::{BTreeMap, BTreeSet};

/// The lines and comments of one file. Lines count from 1.
#[derive(Debug, Default)]
pub struct Outline {
    /// Lines that go on with a value, and what they go on with.
    pub inside: BTreeMap<usize, Inside>,
    /// Lines at whose end a text is open: white space there may belong to it.
    pub open: BTreeSet<usize>,
    /// Every comment without its sign, in order.
    pub comments: Vec<String>,
}

/// A value over several lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Inside {
    /// The line on which it began.
    pub begun: usize,
    /// What it is.
    pub of: Of,
}

/// What goes over several lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Of {
    /// A text.
    Text,
    /// A list or mapping in brackets.
    Brackets,
}

/// Reads the outline of a text that the tree found no fault with.
pub fn outline(text: &str) -> Outline {
    let options = granit_parser::options! { max_buffered_comment_events: 10_000 };
    let mut outline = Outline::default();
    let mut open: Vec<Span> = Vec::new();
    for (event, span) in Parser::new_from_str_with_options(text, options).map_while(Result::ok) {
        match event {
            Event::Scalar(_, ScalarStyle::Literal | ScalarStyle::Folded, ..) => {
                outline.over(text, header(text, &span), span, Of::Text);
            }
            Event::Scalar(..) => outline.over(text, span.start.line(), span, Of::Text),
            Event::SequenceStart(..) | Event::MappingStart(..) => open.push(span),
            Event::SequenceEnd | Event::MappingEnd => {
                if let Some(start) = open.pop().filter(|start| is_bracket(text, start)) {
                    outline.over(text, start.start.line(), span, Of::Brackets);
                }
            }
            Event::Comment(comment, ..) => outline.comments.push(comment.trim_end().to_owned()),
            _ => {}
        }
    }
    outline
}

/// The line with the `|` or `>` of a block of text: an empty block is said to begin there, another one at
/// its first word.
fn header(text: &str, span: &Span) -> usize {
    let first = span.start.line();
    let lines: Vec<&str> = text.lines().take(first).collect();
    let is_header = lines.last().is_some_and(|line| !is_blank_to(line, span.start.col()));
    let above = || lines.iter().take(first.saturating_sub(1)).rposition(|line| !line.trim().is_empty());
    if is_header { first } else { above().map_or(first, |index| index + 1) }
}

fn is_blank_to(line: &str, column: usize) -> bool {
    line.chars().take(column).all(char::is_whitespace)
}

fn is_bracket(text: &str, span: &Span) -> bool {
    let at = span.byte_range().and_then(|range| text.get(range.start..));
    at.is_some_and(|rest| rest.starts_with(['{', '[']))
}

impl Outline {
    fn over(&mut self, text: &str, begun: usize, end: Span, of: Of) {
        // A block of text ends where the next thing begins.
        let line = text.lines().nth(end.end.line().saturating_sub(1)).unwrap_or("");
        let before = end.end.line() > begun && is_blank_to(line, end.end.col());
        let last = end.end.line() - usize::from(before);
        for line in begun + 1..=last {
            // What is in brackets keeps its texts; the outermost brackets come last.
            let inside = Inside { begun, of };
            self.inside.entry(line).and_modify(|old| old.begun = old.begun.min(begun)).or_insert(inside);
        }
        if of == Of::Text {
            self.open.extend(begun..last);
        }
    }
}
