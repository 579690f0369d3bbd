//! Templates: words with `{fields}` in them, as a language's rules write them.
//!
//! ```text
//! twenty[ {low}]              the rest in brackets is said only if something remains
//! [ciento {low}|cien]         what stands behind the bar is said if nothing remains
//! {month} {day:ordinal}       a field, and the set of number words it is spoken by
//! ```
//! A comma is a pause. Not here: what the fields mean ([`super::rules`]).

use super::piece::{PAUSE, PieceAt, Pieces};
use thiserror::Error;

/// A part of a template without brackets. `F` is what may be filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Part<F> {
    Said(PieceAt),
    Field(F),
}

/// A stretch of a template of number words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Stretch<F> {
    Always(Vec<Part<F>>),
    /// Brackets: what is said if something remains, and if not.
    IfRest(Vec<Part<F>>, Vec<Part<F>>),
}

/// Why a template cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum TemplateError {
    /// A brace or bracket without its other half.
    #[error("a `{0}` has no other half")]
    Unpaired(char),
    /// Brackets in brackets, or where nothing can remain.
    #[error("brackets may not stand here")]
    Brackets,
    /// A field that is not known here.
    #[error("`{{{0}}}` is nothing that can be filled in here")]
    Field(String),
    /// Two pieces whose recordings would have the same name.
    #[error("`{0}` and `{1}` would have the same recording")]
    SameName(String, String),
}

/// Reads a template of number words. `field` knows what a name, and the set behind its colon, stand for.
pub(super) fn with_rest<F>(
    text: &str,
    pieces: &mut Pieces,
    field: &mut dyn FnMut(&str, Option<&str>) -> Option<F>,
) -> Result<Vec<Stretch<F>>, TemplateError> {
    let mut stretches = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(['[', ']']) {
        stretches.push(Stretch::Always(plain(&rest[..at], pieces, field)?));
        let inside = rest[at..].strip_prefix('[').ok_or(TemplateError::Unpaired(']'))?;
        let end = inside.find(']').ok_or(TemplateError::Unpaired('['))?;
        let (some, none) = inside[..end].split_once('|').unwrap_or((&inside[..end], ""));
        stretches.push(Stretch::IfRest(plain(some, pieces, field)?, plain(none, pieces, field)?));
        rest = &inside[end + 1..];
    }
    stretches.push(Stretch::Always(plain(rest, pieces, field)?));
    Ok(stretches)
}

/// Reads words and fields without brackets.
pub(super) fn plain<F>(
    text: &str,
    pieces: &mut Pieces,
    field: &mut dyn FnMut(&str, Option<&str>) -> Option<F>,
) -> Result<Vec<Part<F>>, TemplateError> {
    if text.contains(['[', ']', '|']) {
        return Err(TemplateError::Brackets);
    }
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(['{', '}']) {
        words(&rest[..at], &mut parts, pieces)?;
        let inside = rest[at..].strip_prefix('{').ok_or(TemplateError::Unpaired('}'))?;
        let end = inside.find('}').ok_or(TemplateError::Unpaired('{'))?;
        let written = &inside[..end];
        let (name, set) = match written.split_once(':') {
            Some((name, set)) => (name.trim(), Some(set.trim())),
            None => (written.trim(), None),
        };
        parts.push(Part::Field(field(name, set).ok_or_else(|| TemplateError::Field(written.to_owned()))?));
        rest = &inside[end + 1..];
    }
    words(rest, &mut parts, pieces)?;
    Ok(parts)
}

/// Words alone: those between two commas are one piece.
fn words<F>(text: &str, parts: &mut Vec<Part<F>>, pieces: &mut Pieces) -> Result<(), TemplateError> {
    for (at, words) in text.split(PAUSE).enumerate() {
        if at > 0 {
            parts.push(Part::Said(piece(PAUSE, pieces)?));
        }
        let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
        if !words.is_empty() {
            parts.push(Part::Said(piece(&words, pieces)?));
        }
    }
    Ok(())
}

/// One text as one piece.
pub(super) fn piece(text: &str, pieces: &mut Pieces) -> Result<PieceAt, TemplateError> {
    pieces.add(text).map_err(|other| TemplateError::SameName(text.to_owned(), other))
}
