//! What is known of a name before a step, and how two ways are joined.
//!
//! ```text
//!  known:  always ─┐             type:  choices ─▶ their union ─┐
//!          never ──┴─▶ perhaps          any other two types ────┴─▶ two types ─▶ open (a fault told elsewhere)
//! ```
//! Each join only goes to the right, so it ends. Not here: which steps are joined ([`super::solve`]).

use super::NodeAt;
use crate::flow::diagnostic::Place;
use crate::flow::expression::types::{Flags, Type};
use std::collections::BTreeMap;

/// What is known of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fact {
    /// Whether it has a value.
    pub known: Known,
    /// Its type.
    pub kind: Kind,
    /// What it must not leak.
    pub flags: Flags,
    /// Where it is saved: the first such place.
    pub saved: Place,
    /// Where a value of another type is saved under the same name.
    pub other: Place,
    /// The first step from which a way comes without a value; [`NODE_NONE`] if there is none.
    pub without: NodeAt,
}

/// No step.
pub const NODE_NONE: NodeAt = NodeAt::MAX;

/// Whether a name has a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known {
    /// On no way.
    Never,
    /// On some.
    Perhaps,
    /// On every way.
    Always,
}

/// The type of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// This one of the table.
    Of(u32),
    /// Two that do not fit: that of [`Fact::saved`] and that of [`Fact::other`].
    Two(u32, u32),
    /// A fault leaves it open.
    Open,
}

impl Fact {
    /// No way saves it.
    pub const NEVER: Fact = Fact {
        known: Known::Never,
        kind: Kind::Open,
        flags: Flags { phi: false, secret: false },
        saved: NOWHERE,
        other: NOWHERE,
        without: NODE_NONE,
    };

    /// It was just saved.
    pub const fn saved(kind: Kind, flags: Flags, place: Place) -> Fact {
        Fact { known: Known::Always, kind, flags, saved: place, ..Fact::NEVER }
    }

    /// What holds where two ways come together.
    pub fn join(self, other: Fact, kinds: &mut Kinds) -> Fact {
        let without = self.without.min(other.without);
        match (self.known, other.known) {
            (Known::Never, Known::Never) => Fact { without, ..Fact::NEVER },
            (Known::Never, _) => Fact { known: Known::Perhaps, without, ..other },
            (_, Known::Never) => Fact { known: Known::Perhaps, without, ..self },
            (Known::Always, Known::Always) => Fact { without, ..self.either(other, kinds) },
            (Known::Perhaps | Known::Always, _) => {
                Fact { known: Known::Perhaps, without, ..self.either(other, kinds) }
            }
        }
    }

    /// Both have a value.
    fn either(self, other: Fact, kinds: &mut Kinds) -> Fact {
        let flags = self.flags.join(other.flags);
        let saved = self.saved.min(other.saved);
        let (kind, second) = match (self.kind, other.kind) {
            (Kind::Open, _) | (_, Kind::Open) => (Kind::Open, NOWHERE),
            (Kind::Two(..), _) => return Fact { flags, ..self },
            (_, Kind::Two(..)) => return Fact { flags, ..other },
            (Kind::Of(one), Kind::Of(two)) => match kinds.join(one, two) {
                Some(kind) => (Kind::Of(kind), NOWHERE),
                None if self.saved <= other.saved => (Kind::Two(one, two), other.saved),
                None => (Kind::Two(two, one), self.saved),
            },
        };
        Fact { kind, flags, saved, other: second, ..self }
    }
}

const NOWHERE: Place = Place { file: 0, line: 0, column: 0, width: 0 };

/// The types that values of a program have, each once.
#[derive(Clone, Debug, Default)]
pub struct Kinds {
    numbers: BTreeMap<Type, u32>,
    types: Vec<Type>,
}

impl Kinds {
    /// The number of a type. Choices stand in the order of the alphabet.
    pub fn number(&mut self, kind: &Type) -> u32 {
        if let Some(number) = self.numbers.get(kind) {
            return *number;
        }
        let joined = kind.join(kind).unwrap_or_else(|| kind.clone());
        let number = self.numbers.get(&joined).copied().unwrap_or_else(|| {
            self.types.push(joined.clone());
            u32::try_from(self.types.len() - 1).unwrap_or(u32::MAX)
        });
        self.numbers.insert(joined, number);
        self.numbers.insert(kind.clone(), number);
        number
    }

    /// The type of a number.
    pub fn kind(&self, number: u32) -> Option<&Type> {
        self.types.get(number as usize)
    }

    fn join(&mut self, one: u32, other: u32) -> Option<u32> {
        if one == other {
            return Some(one);
        }
        let joined = self.kind(one)?.join(self.kind(other)?)?;
        Some(self.number(&joined))
    }
}
