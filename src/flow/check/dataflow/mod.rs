//! One forward data-flow over all steps: what each saved value is, where it is known, what it must not leak, and how
//! well the caller is known.
//!
//! ```text
//!  Program ─live─▶ names that are asked for behind each step ─solve─▶ Facts before each step ─find─▶ Findings
//!
//!          ┌─ saves birth ─┐             of each name at the last step: a type (choices are united, two other
//!  start ──┤               ├─▶ step      types do not fit), known always, perhaps or never, its flags united,
//!          └───────────────┘             and the least assurance of all ways
//! ```
//! A flow that is called sees what it `takes` and nothing else, and hands back what it `gives`: so it is looked at once,
//! with the flags of all its callers and the least of their assurance. Facts are kept only where a name is still asked
//! for, and only grow, so the work grows as steps and ways do.
//!
//! Not here: the files ([`super::effects`] makes a `Program` of them) and what an administrator reads
//! ([`super::known`]).

pub mod calls;
pub mod facts;
pub mod find;
mod live;
pub mod solve;
#[cfg(test)]
mod tests;

use crate::flow::diagnostic::Place;
use crate::flow::expression::Expression;
use crate::flow::expression::types::{Flags, Type, Variable};
use std::collections::BTreeMap;
use std::fmt;

/// A step, by its position in the program.
pub type NodeAt = usize;
/// A flow, by its position in the program.
pub type FlowAt = usize;

/// A name under which values are saved, by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Name(u32);

/// All names of a program.
#[derive(Clone, Debug, Default)]
pub struct Names {
    numbers: BTreeMap<String, Name>,
    texts: Vec<String>,
}

impl Names {
    /// The number of a name, a new one if it was not met before.
    pub fn number(&mut self, text: &str) -> Name {
        if let Some(name) = self.numbers.get(text) {
            return *name;
        }
        let name = Name(u32::try_from(self.texts.len()).unwrap_or(u32::MAX));
        self.texts.push(text.to_owned());
        self.numbers.insert(text.to_owned(), name);
        name
    }

    /// The number of a name that was met before.
    pub fn find(&self, text: &str) -> Option<Name> {
        self.numbers.get(text).copied()
    }

    /// A name as it is written.
    pub fn text(&self, name: Name) -> &str {
        self.texts.get(name.0 as usize).map_or("", String::as_str)
    }

    /// All of them, in the order in which they were met.
    pub fn all(&self) -> impl Iterator<Item = Name> + use<> {
        (0..u32::try_from(self.texts.len()).unwrap_or(u32::MAX)).map(Name)
    }
}

/// How well the caller is known: what may be told and done grows with it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Assurance {
    /// Not at all.
    #[default]
    L0,
    /// The number that calls is in the records.
    L1,
    /// The birth date, and a name or postal code beside it, were right.
    L2,
    /// A PIN or a code sent to the patient was right too.
    L3,
}

impl fmt::Display for Assurance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

/// The steps of all flows, as far as values are concerned.
#[derive(Clone, Debug, Default)]
pub struct Program {
    /// The names.
    pub names: Names,
    /// The steps.
    pub nodes: Vec<Node>,
    /// The flows.
    pub flows: Vec<Flow>,
    /// Where calls begin, and the words that say so.
    pub starts: Vec<(NodeAt, Place)>,
    /// The fields of records.
    pub records: BTreeMap<String, BTreeMap<String, Variable>>,
    /// Whether every step could be read.
    pub reading: Reading,
}

/// Whether every step of a program could be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reading {
    /// It could.
    #[default]
    Whole,
    /// Some could not: they may save anything, so what seems to be missing may not be.
    InPart,
}

/// A flow.
#[derive(Clone, Debug, Default)]
pub struct Flow {
    /// Its first step; `None` if there is none.
    pub start: Option<NodeAt>,
    /// What it needs from whoever calls it.
    pub takes: Vec<Slot>,
    /// What it hands back.
    pub gives: Vec<Slot>,
    /// How it is entered.
    pub entered: Entered,
    /// Whether its steps could all be read.
    pub reading: Reading,
}

/// How a flow is entered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Entered {
    /// By a step that leads on to it.
    #[default]
    ByNext,
    /// By a call, to which it comes back.
    ByCall,
}

/// A parameter or result of a flow.
#[derive(Clone, Debug)]
pub struct Slot {
    /// Its name.
    pub name: Name,
    /// Its type.
    pub kind: Type,
    /// Where it is declared.
    pub place: Place,
}

/// A step.
#[derive(Clone, Debug, Default)]
pub struct Node {
    /// Its flow.
    pub flow: FlowAt,
    /// What it asks for, before it saves anything.
    pub uses: Vec<Use>,
    /// The assurance that it needs, and where that is written.
    pub needs: Option<(Assurance, Place)>,
    /// The condition that parts its ways.
    pub condition: Option<Formula>,
    /// The flow that it calls.
    pub call: Option<Call>,
    /// Where it leads.
    pub ways: Vec<Way>,
}

/// An expression and where it is written.
#[derive(Clone, Debug)]
pub struct Formula {
    /// The expression.
    pub expression: Expression,
    /// Its text.
    pub text: String,
    /// Where the text stands.
    pub place: Place,
}

/// A value by its name, or a field of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path {
    /// The name.
    pub name: Name,
    /// The field, if one is asked for.
    pub field: Option<String>,
}

/// A value that a step asks for.
#[derive(Clone, Debug)]
pub struct Use {
    /// Which.
    pub path: Path,
    /// What it must be.
    pub wanted: Wanted,
    /// Where it goes.
    pub goes: Goes,
    /// Where it is written.
    pub place: Place,
}

/// What a value must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// Anything.
    Anything,
    /// What can be said: no record and no list.
    Words,
    /// A list.
    List,
    /// A value of this type.
    Type(Type),
}

/// Where a value goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Goes {
    /// Nowhere, or where it is safe: it is compared, counted, handed on, sent in the body of a request.
    Inside,
    /// To the caller's ear.
    Spoken,
    /// Into an address, which others write down.
    Address,
}

/// A call of a flow.
#[derive(Clone, Debug)]
pub struct Call {
    /// The flow.
    pub flow: FlowAt,
    /// What is handed over: the parameter, the value, where the value is written.
    pub with: Vec<(Name, Path, Place)>,
    /// Where the flow is named.
    pub place: Place,
}

/// A way from a step.
#[derive(Clone, Debug)]
pub struct Way {
    /// Where to.
    pub to: To,
    /// When it is taken.
    pub when: When,
    /// What is saved on it, one after the other.
    pub saves: Vec<Save>,
    /// The assurance that is reached on it.
    pub raises: Assurance,
    /// The word that names where it leads.
    pub place: Place,
}

/// Where a way leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum To {
    /// To a step.
    Node(NodeAt),
    /// Back to the flow that called.
    Return,
    /// Out of the flows: a person, a message, the end.
    Out,
}

/// When a way is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// By a key, an outcome, the end of what is said.
    Always,
    /// The condition holds.
    IfTrue,
    /// It does not.
    IfFalse,
}

/// A value that is saved.
#[derive(Clone, Debug)]
pub struct Save {
    /// The name.
    pub name: Name,
    /// What is saved.
    pub what: What,
    /// Where the name is written.
    pub place: Place,
    /// Whether somebody must ask for it.
    pub unused: Unused,
}

/// Whether it wants a look when nobody asks for a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unused {
    /// It does.
    Odd,
    /// It was saved for what came with it.
    Fine,
}

/// What is saved.
#[derive(Clone, Debug)]
pub enum What {
    /// A value of this type.
    Fixed(Type, Flags),
    /// What an expression gives.
    Formula(Formula),
    /// An item of a list.
    Item(Path),
    /// A result of the flow that was called, by its position.
    Result(FlowAt, usize),
}
