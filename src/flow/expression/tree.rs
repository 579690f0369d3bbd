//! The tree of an expression: nodes in one row, each with its place; a node names others by their number.
//!
//! Printing gives a text that reads to the same tree. Not here: reading ([`super::parser`]).

use super::fault::Span;
use crate::flow::value::{Date, Money, TimeOfDay};
use std::fmt;

/// Where a node stands in its tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NodeAt(pub usize);

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Node {
    pub span: Span,
    pub kind: Kind,
}

/// What a node is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Literal(Literal),
    Name(String),
    Field(NodeAt, String),
    Not(NodeAt),
    Minus(NodeAt),
    Known(NodeAt, Is),
    Binary(Operator, NodeAt, NodeAt),
    List(Vec<NodeAt>),
    /// A function by its name, until it is checked.
    Call(String, Vec<NodeAt>),
}

impl Kind {
    /// The nodes that stand directly under it.
    pub fn below(&self) -> impl Iterator<Item = NodeAt> {
        let (two, many): ([Option<NodeAt>; 2], &[NodeAt]) = match self {
            Kind::Literal(_) | Kind::Name(_) => ([None, None], &[]),
            Kind::Field(of, _) | Kind::Not(of) | Kind::Minus(of) | Kind::Known(of, _) => {
                ([Some(*of), None], &[])
            }
            Kind::Binary(_, left, right) => ([Some(*left), Some(*right)], &[]),
            Kind::List(items) | Kind::Call(_, items) => ([None, None], items),
        };
        two.into_iter().flatten().chain(many.iter().copied())
    }
}

/// A written value. Text is read as what it is compared with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Literal {
    Number(i64),
    Bool(bool),
    Text(String),
    Digits(String),
    Phone(String),
    Choice(String),
    Date(Date, String),
    Time(TimeOfDay, String),
    Money(Money, String),
}

/// Asked for, or its opposite.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Is {
    Is,
    IsNot,
}

/// What joins two values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Or,
    And,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    In,
    NotIn,
    Plus,
    Minus,
}

impl Operator {
    pub const fn written(self) -> &'static str {
        match self {
            Operator::Or => "or",
            Operator::And => "and",
            Operator::Equal => "==",
            Operator::NotEqual => "!=",
            Operator::Less => "<",
            Operator::LessOrEqual => "<=",
            Operator::Greater => ">",
            Operator::GreaterOrEqual => ">=",
            Operator::In => "in",
            Operator::NotIn => "not in",
            Operator::Plus => "+",
            Operator::Minus => "-",
        }
    }

    /// How tightly it binds: a greater number binds tighter.
    const fn binds(self) -> u8 {
        match self {
            Operator::Or => 1,
            Operator::And => 2,
            Operator::Equal | Operator::NotEqual | Operator::Less | Operator::LessOrEqual => COMPARE,
            Operator::Greater | Operator::GreaterOrEqual | Operator::In | Operator::NotIn => COMPARE,
            Operator::Plus | Operator::Minus => 5,
        }
    }
}

const NOT: u8 = 3;
const COMPARE: u8 = 4;
const MINUS: u8 = 6;
const WHOLE: u8 = 7;

/// A tree; the root is named apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Tree {
    pub nodes: Vec<Node>,
    pub root: NodeAt,
}

impl Tree {
    pub fn node(&self, at: NodeAt) -> &Node {
        &self.nodes[at.0]
    }

    /// A node as text.
    pub fn written(&self, at: NodeAt) -> String {
        Written(self, at).to_string()
    }

    /// Writes a node, in brackets if it binds less tightly than what it stands in wants.
    fn write(&self, f: &mut fmt::Formatter<'_>, at: NodeAt, wanted: u8) -> fmt::Result {
        let kind = &self.node(at).kind;
        let binds = match kind {
            Kind::Binary(operator, ..) => operator.binds(),
            Kind::Not(_) => NOT,
            Kind::Minus(_) => MINUS,
            Kind::Literal(_) | Kind::Name(_) | Kind::Field(..) => WHOLE,
            Kind::Known(..) | Kind::List(_) | Kind::Call(..) => WHOLE,
        };
        if binds < wanted {
            f.write_str("(")?;
        }
        match kind {
            Kind::Literal(literal) => write!(f, "{literal}")?,
            Kind::Name(name) => f.write_str(name)?,
            Kind::Field(of, name) => {
                self.write(f, *of, WHOLE)?;
                write!(f, ".{name}")?;
            }
            Kind::Not(of) => {
                f.write_str("not ")?;
                self.write(f, *of, NOT)?;
            }
            Kind::Minus(of) => {
                f.write_str("-")?;
                self.write(f, *of, MINUS)?;
            }
            Kind::Known(of, is) => {
                self.write(f, *of, WHOLE)?;
                f.write_str(if *is == Is::Is { " is known" } else { " is not known" })?;
            }
            Kind::Binary(operator, left, right) => {
                // A comparison stands alone; all else is joined from the left.
                let left_wanted = if binds == COMPARE { COMPARE + 1 } else { binds };
                self.write(f, *left, left_wanted)?;
                write!(f, " {} ", operator.written())?;
                self.write(f, *right, binds + 1)?;
            }
            Kind::List(items) => self.write_list(f, "[", items, "]")?,
            Kind::Call(name, items) => {
                f.write_str(name)?;
                self.write_list(f, "(", items, ")")?;
            }
        }
        if binds < wanted {
            f.write_str(")")?;
        }
        Ok(())
    }

    fn write_list(
        &self,
        f: &mut fmt::Formatter<'_>,
        open: &str,
        items: &[NodeAt],
        close: &str,
    ) -> fmt::Result {
        f.write_str(open)?;
        for (at, item) in items.iter().enumerate() {
            if at > 0 {
                f.write_str(", ")?;
            }
            self.write(f, *item, 0)?;
        }
        f.write_str(close)
    }
}

struct Written<'a>(&'a Tree, NodeAt);

impl fmt::Display for Written<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.write(f, self.1, 0)
    }
}

impl fmt::Display for Tree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f, self.root, 0)
    }
}

impl fmt::Display for Literal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Literal::Number(number) => write!(f, "{number}"),
            Literal::Bool(yes) => write!(f, "{yes}"),
            Literal::Text(text) | Literal::Digits(text) | Literal::Phone(text) | Literal::Choice(text) => {
                quoted(f, text)
            }
            Literal::Date(_, text) | Literal::Time(_, text) | Literal::Money(_, text) => quoted(f, text),
        }
    }
}

/// A text was written between marks that it does not hold.
fn quoted(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    let mark = if text.contains('\'') { '"' } else { '\'' };
    write!(f, "{mark}{text}{mark}")
}
