//! The expressions of flows: small, typed, checked before a caller hears anything, and evaluated without surprise.
//!
//! ```text
//! when: age(birth) >= 65 and visit in ['sick', 'follow_up']
//! set:  {days_left: supply - 3}
//!
//! text ─read─▶ Expression ─check(names and types)─▶ Checked ─evaluate(values)─▶ value, or trouble with a way up
//! ```
//! A strict subset of Jinja's grammar (it stands in `parser.rs`): names, fields, literals, `== != < <= > >= + -`,
//! `and or not in`, `is known`, and the named functions of [`functions`]. Unlike Jinja, nothing compares a number with a
//! text, and a name without a value is a fault of the file.
//!
//! Not here: in which steps an expression may stand.

mod check;
pub mod evaluate;
pub mod fault;
pub mod functions;
mod lexer;
mod parser;
#[cfg(test)]
mod tests;
mod tree;
pub mod types;

use evaluate::{Trouble, Value, Values};
use fault::{Fault, Span};
use std::collections::BTreeSet;
use std::fmt;
use tree::Tree;
use types::{Environment, Flags, Type};

/// An expression whose grammar is right. Its `Display` reads to the same expression.
#[derive(Clone, Debug)]
pub struct Expression {
    tree: Tree,
}

/// An expression whose names and types are right too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    tree: Tree,
    kind: Type,
    flags: Flags,
}

/// What can be said of an expression, faults or not.
#[derive(Clone, Debug, Default)]
pub struct Judged {
    /// The type of its value; `None` where a fault leaves it open.
    pub kind: Option<Type>,
    /// What its value must not leak.
    pub flags: Flags,
    /// The names that have a value wherever it is true.
    pub if_true: BTreeSet<String>,
    /// The names that have a value wherever it is false.
    pub if_false: BTreeSet<String>,
    /// Its faults.
    pub faults: Vec<Fault>,
}

impl Expression {
    /// Reads a text.
    ///
    /// # Errors
    /// The first fault of grammar, with its place in the text.
    pub fn read(text: &str) -> Result<Expression, Fault> {
        parser::read(text).map(|tree| Expression { tree })
    }

    /// Checks it against the names that may be used.
    ///
    /// # Errors
    /// Every fault, at least one.
    pub fn check(&self, environment: &Environment) -> Result<Checked, Vec<Fault>> {
        let mut tree = self.tree.clone();
        let (part, faults) = check::check(&mut tree, environment);
        match part.kind {
            Some(kind) if faults.is_empty() => Ok(Checked { tree, kind, flags: part.flags }),
            Some(_) | None => Err(faults),
        }
    }

    /// What can be said of it, faults or not.
    pub fn judge(&self, environment: &Environment) -> Judged {
        let (part, faults) = check::check(&mut self.tree.clone(), environment);
        let check::Part { kind, flags, if_true, if_false } = part;
        Judged { kind, flags, if_true, if_false, faults }
    }

    /// The names that it asks for, each as often as it stands there, and where.
    pub fn names(&self) -> impl Iterator<Item = (Span, &str)> {
        self.tree.nodes.iter().filter_map(|node| match &node.kind {
            tree::Kind::Name(name) => Some((node.span, name.as_str())),
            _ => None,
        })
    }
}

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.tree)
    }
}

impl fmt::Display for Checked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.tree)
    }
}

impl Checked {
    /// The type of its value.
    pub fn kind(&self) -> &Type {
        &self.kind
    }

    /// What its value must not leak.
    pub fn flags(&self) -> Flags {
        self.flags
    }

    /// Its value.
    ///
    /// # Errors
    /// [`Trouble`], when numbers grow too large or a name has no value after all.
    pub fn evaluate<'a>(&'a self, values: &impl Values<'a>) -> Result<Value<'a>, Trouble> {
        evaluate::evaluate(&self.tree, self.tree.root, values)
    }
}
