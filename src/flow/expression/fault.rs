//! What can be wrong with an expression: where, what, and the repair.
//!
//! Not here: the file and line around it, which the reader of the flow knows.

use super::types::Type;
use crate::limits::{EXPRESSION_DEPTH_MAX, EXPRESSION_MAX_OCTETS};
use thiserror::Error;

/// A stretch of an expression's text, in octets from its beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Span {
    /// The first octet.
    pub start: usize,
    /// The octet behind the last.
    pub end: usize,
}

impl Span {
    /// From the beginning of this one to the end of another.
    pub fn to(self, other: Span) -> Span {
        Span { start: self.start, end: other.end.max(self.end) }
    }
}

/// A fault in an expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Where.
    pub span: Span,
    /// What.
    pub cause: Cause,
}

/// What is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Cause {
    /// Nothing is written.
    #[error("an expression is missing")]
    Empty,
    /// It is too long.
    #[error("the expression has more than {EXPRESSION_MAX_OCTETS} octets")]
    TooLong,
    /// It is nested too deep.
    #[error("the expression is nested more than {EXPRESSION_DEPTH_MAX} deep")]
    TooDeep,
    /// A character that belongs to no expression.
    #[error("`{0}` means nothing in an expression")]
    Character(char),
    /// The writing of another language.
    #[error("`{written}` is not written so")]
    Foreign {
        /// As it stands.
        written: &'static str,
        /// As it is written here.
        instead: &'static str,
    },
    /// A quotation mark without its other half.
    #[error("a quotation mark is not closed")]
    Quote,
    /// A number that is too large.
    #[error("the number is too large")]
    NumberTooLarge,
    /// Something else was expected.
    #[error("here should stand {0}")]
    Expected(&'static str),
    /// Text behind the end.
    #[error("the expression was over before this")]
    Behind,
    /// `a < b < c`.
    #[error("two comparisons stand in a row")]
    Chained,
    /// A name that nothing has.
    #[error("nothing is named `{name}` here")]
    Name {
        /// The name.
        name: String,
        /// A name that is near.
        near: Option<String>,
    },
    /// A field that a record does not have.
    #[error("{of} has no field `{name}`")]
    Field {
        /// What was asked.
        of: String,
        /// The name.
        name: String,
        /// A name that is near.
        near: Option<String>,
    },
    /// A function that does not exist.
    #[error("no function is named `{name}`")]
    Function {
        /// The name.
        name: String,
        /// A name that is near.
        near: Option<String>,
    },
    /// A function with too few or too many values.
    #[error("`{name}` takes {takes}")]
    Arguments {
        /// The function.
        name: &'static str,
        /// What it takes.
        takes: &'static str,
    },
    /// On some way nothing was saved under this name.
    #[error("`{0}` is not known on every way that leads here")]
    PerhapsUnknown(String),
    /// Another type is needed.
    #[error("here should stand {wanted}, and this is {found}")]
    Type {
        /// What is needed.
        wanted: &'static str,
        /// What stands there.
        found: Type,
    },
    /// Two types that cannot be compared.
    #[error("{left} and {right} cannot be compared")]
    Compare {
        /// The left one.
        left: Type,
        /// The right one.
        right: Type,
    },
    /// A type that has no order.
    #[error("{0} has no order: only `==` and `!=` compare it")]
    NoOrder(Type),
    /// Two types that cannot be added.
    #[error("{left} and {right} cannot be added or taken from each other")]
    Add {
        /// The left one.
        left: Type,
        /// The right one.
        right: Type,
    },
    /// A text that is not of the type that it is compared with.
    #[error("`{text}` is not {wanted}")]
    Literal {
        /// The text.
        text: String,
        /// The type.
        wanted: Type,
        /// How such a value is written, or a name that is near.
        written: String,
    },
    /// `is known` of what is no name.
    #[error("only a name can be known")]
    KnownOfWhat,
}

impl Cause {
    /// What to do about it.
    pub fn repair(&self) -> String {
        let near = |near: &Option<String>, else_: &str| match near {
            Some(near) => format!("did you mean `{near}`?"),
            None => else_.to_owned(),
        };
        match self {
            Cause::Empty => "write a condition such as `age(birth) >= 65`".to_owned(),
            Cause::TooLong | Cause::TooDeep => "part it: save a part with `set:` and use its name".to_owned(),
            Cause::Character('$') => "names in expressions stand without `$`".to_owned(),
            Cause::Character(_) => "take it out, or put the text in quotation marks".to_owned(),
            Cause::Foreign { instead, .. } => format!("write `{instead}`"),
            Cause::Quote => "close it with the same mark".to_owned(),
            Cause::NumberTooLarge => "numbers go to 9223372036854775807".to_owned(),
            Cause::Expected(_) => "write it, or take out what stands before it".to_owned(),
            Cause::Behind => "join the parts with `and` or `or`".to_owned(),
            Cause::Chained => "write `a < b and b < c`".to_owned(),
            Cause::Name { near: n, .. } => {
                near(n, "save it in an earlier step, or put text in quotation marks")
            }
            Cause::Field { near: n, .. } => near(n, "name one of its fields"),
            Cause::Function { near: n, .. } => near(n, "use one of the named functions"),
            Cause::Arguments { name, takes } => format!("write `{name}` with {takes}"),
            Cause::PerhapsUnknown(name) => format!("write `{name} is known and …`, or save it on every way"),
            Cause::Type { wanted, .. } => format!("write {wanted}"),
            Cause::Compare { .. } => "compare values of the same kind".to_owned(),
            Cause::NoOrder(_) => "compare it with `==`, `!=` or `in [...]`".to_owned(),
            Cause::Add { .. } => {
                "add numbers, amounts or durations of the same kind, or a duration to a date or time"
                    .to_owned()
            }
            Cause::Literal { written, .. } => written.clone(),
            Cause::KnownOfWhat => "write `name is known`".to_owned(),
        }
    }
}

/// The known name that is nearest, if it is near enough to have been meant.
pub fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<String> {
    let scored = known.map(|known| (strsim::jaro_winkler(name, known), known));
    let best = scored.max_by(|(a, _), (b, _)| a.total_cmp(b));
    best.filter(|(score, _)| *score > 0.8).map(|(_, known)| known.to_owned())
}
