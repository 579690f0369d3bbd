//! An expression's text → tokens with their places.
//!
//! Words, whole numbers, text in `'…'` or `"…"` without escapes, and signs. Not here: grammar.

use super::fault::{Cause, Fault, Span};
use crate::limits::EXPRESSION_MAX_OCTETS;

/// A token and where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token<'a> {
    pub span: Span,
    pub what: What<'a>,
}

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What<'a> {
    Word(&'a str),
    Number(i64),
    Text(&'a str),
    Sign(Sign),
}

/// A sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sign {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Plus,
    Minus,
    Open,
    Close,
    OpenList,
    CloseList,
    Comma,
    Dot,
}

/// Longer signs come before those that they begin with.
const SIGNS: [(&str, Sign); 14] = [
    ("==", Sign::Equal),
    ("!=", Sign::NotEqual),
    ("<=", Sign::LessOrEqual),
    (">=", Sign::GreaterOrEqual),
    ("<", Sign::Less),
    (">", Sign::Greater),
    ("+", Sign::Plus),
    ("-", Sign::Minus),
    ("(", Sign::Open),
    (")", Sign::Close),
    ("[", Sign::OpenList),
    ("]", Sign::CloseList),
    (",", Sign::Comma),
    (".", Sign::Dot),
];

/// What people write who know other languages.
const FOREIGN: [(&str, &str); 7] =
    [("<>", "!="), ("=>", ">="), ("=<", "<="), ("=", "=="), ("&&", "and"), ("||", "or"), ("!", "not")];

/// Parts a text; the first fault ends it, for nothing behind it can be trusted.
pub(super) fn tokens(text: &str) -> Result<Vec<Token<'_>>, Fault> {
    if text.len() > EXPRESSION_MAX_OCTETS {
        return Err(Fault { span: Span { start: 0, end: text.len() }, cause: Cause::TooLong });
    }
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(next) = text[at..].chars().next() {
        if next.is_whitespace() {
            at += next.len_utf8();
            continue;
        }
        let (length, what) =
            token(&text[at..], next).map_err(|(length, cause)| Fault { span: span(at, length), cause })?;
        tokens.push(Token { span: span(at, length), what });
        at += length;
    }
    Ok(tokens)
}

const fn span(start: usize, length: usize) -> Span {
    Span { start, end: start + length }
}

/// The token that a text begins with, and its octets.
fn token(text: &str, first: char) -> Result<(usize, What<'_>), (usize, Cause)> {
    let length_while = |fits: fn(char) -> bool| text.find(|c| !fits(c)).unwrap_or(text.len());
    if first.is_ascii_digit() {
        let length = length_while(|c| c.is_ascii_digit());
        let number = text[..length].parse().map_err(|_| (length, Cause::NumberTooLarge))?;
        return Ok((length, What::Number(number)));
    }
    if first.is_alphabetic() || first == '_' {
        let length = length_while(|c| c.is_alphanumeric() || c == '_');
        return Ok((length, What::Word(&text[..length])));
    }
    if matches!(first, '\'' | '"') {
        let inside = &text[1..];
        let end = inside.find(first).ok_or((text.len(), Cause::Quote))?;
        return Ok((end + 2, What::Text(&inside[..end])));
    }
    let foreign = FOREIGN.iter().find(|(written, _)| text.starts_with(written));
    let sign = SIGNS.iter().find(|(written, _)| text.starts_with(written));
    match (sign, foreign) {
        (Some((written, sign)), None) => Ok((written.len(), What::Sign(*sign))),
        (Some((written, sign)), Some((other, _))) if written.len() >= other.len() => {
            Ok((written.len(), What::Sign(*sign)))
        }
        (_, Some((written, instead))) => Err((written.len(), Cause::Foreign { written, instead })),
        (None, None) => Err((first.len_utf8(), Cause::Character(first))),
    }
}
