//! Tokens → tree: a strict subset of Jinja's grammar.
//!
//! ```text
//! either  = both ("or" both)*               sum     = minus (("+" | "-") minus)*
//! both    = not ("and" not)*                minus   = "-" minus | known
//! not     = "not" not | compare             known   = value ("." word)* ("is" "not"? "known")?
//! compare = sum (sign sum)?                 value   = number | text | true | false | word | word "(" list ")"
//! sign    = == != < <= > >= in "not in"               | "[" list "]" | "(" either ")"
//! ```
//! Comparisons do not stand in a row. The depth is bounded. Not here: types ([`super::check`]).

use super::fault::{Cause, Fault, Span};
use super::lexer::{Sign, Token, What, tokens};
use super::tree::{Is, Kind, Literal, Node, NodeAt, Operator, Tree};
use crate::limits::EXPRESSION_DEPTH_MAX;

/// Reads an expression.
pub(super) fn read(text: &str) -> Result<Tree, Fault> {
    let tokens = tokens(text)?;
    let whole = Span { start: 0, end: text.len() };
    if tokens.is_empty() {
        return Err(Fault { span: whole, cause: Cause::Empty });
    }
    let end = Span { start: text.len(), end: text.len() };
    let mut parser = Parser { tokens: &tokens, at: 0, end, nodes: Vec::new(), depths: Vec::new(), depth: 0 };
    let root = parser.either()?;
    match parser.peek() {
        None => Ok(Tree { nodes: parser.nodes, root }),
        Some(token) => Err(Fault { span: token.span, cause: Cause::Behind }),
    }
}

/// Words that are no names.
const RESERVED: [&str; 9] = ["and", "or", "not", "in", "is", "known", "true", "false", "none"];

struct Parser<'a> {
    tokens: &'a [Token<'a>],
    at: usize,
    end: Span,
    nodes: Vec<Node>,
    /// How deep each node is, from 1.
    depths: Vec<usize>,
    /// How deep the reader itself is.
    depth: usize,
}

impl<'a> Parser<'a> {
    fn peek(&self) -> Option<&'a Token<'a>> {
        self.tokens.get(self.at)
    }

    fn here(&self) -> Span {
        self.peek().map_or(self.end, |token| token.span)
    }

    fn take_word(&mut self, word: &str) -> Option<Span> {
        let token = self.peek().filter(|token| token.what == What::Word(word))?;
        self.at += 1;
        Some(token.span)
    }

    fn take_sign(&mut self, sign: Sign) -> Option<Span> {
        let token = self.peek().filter(|token| token.what == What::Sign(sign))?;
        self.at += 1;
        Some(token.span)
    }

    fn expected(&self, what: &'static str) -> Fault {
        Fault { span: self.here(), cause: Cause::Expected(what) }
    }

    /// A row of `or`s nests as deep as brackets do.
    fn put(&mut self, span: Span, kind: Kind) -> Result<NodeAt, Fault> {
        let deepest = kind.below().map(|below| self.depths[below.0]).max().unwrap_or(0);
        if deepest == EXPRESSION_DEPTH_MAX {
            return Err(Fault { span, cause: Cause::TooDeep });
        }
        self.depths.push(deepest + 1);
        self.nodes.push(Node { span, kind });
        Ok(NodeAt(self.nodes.len() - 1))
    }

    fn span(&self, at: NodeAt) -> Span {
        self.nodes[at.0].span
    }

    fn binary(&mut self, operator: Operator, left: NodeAt, right: NodeAt) -> Result<NodeAt, Fault> {
        let span = self.span(left).to(self.span(right));
        self.put(span, Kind::Binary(operator, left, right))
    }

    /// Whatever calls itself goes through here.
    fn deeper<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T, Fault>) -> Result<T, Fault> {
        if self.depth == EXPRESSION_DEPTH_MAX {
            return Err(Fault { span: self.here(), cause: Cause::TooDeep });
        }
        self.depth += 1;
        let result = read(self);
        self.depth -= 1;
        result
    }

    fn either(&mut self) -> Result<NodeAt, Fault> {
        let mut left = self.both()?;
        while self.take_word("or").is_some() {
            let right = self.both()?;
            left = self.binary(Operator::Or, left, right)?;
        }
        Ok(left)
    }

    fn both(&mut self) -> Result<NodeAt, Fault> {
        let mut left = self.not()?;
        while self.take_word("and").is_some() {
            let right = self.not()?;
            left = self.binary(Operator::And, left, right)?;
        }
        Ok(left)
    }

    fn not(&mut self) -> Result<NodeAt, Fault> {
        let Some(start) = self.take_word("not") else { return self.compare() };
        let of = self.deeper(Self::not)?;
        let span = start.to(self.span(of));
        self.put(span, Kind::Not(of))
    }

    fn compare(&mut self) -> Result<NodeAt, Fault> {
        let left = self.sum()?;
        let Some(operator) = self.comparison() else { return Ok(left) };
        let right = self.sum()?;
        let here = self.here();
        match self.comparison() {
            None => self.binary(operator, left, right),
            Some(_) => Err(Fault { span: here, cause: Cause::Chained }),
        }
    }

    fn comparison(&mut self) -> Option<Operator> {
        let operator = match self.peek()?.what {
            What::Sign(Sign::Equal) => Operator::Equal,
            What::Sign(Sign::NotEqual) => Operator::NotEqual,
            What::Sign(Sign::Less) => Operator::Less,
            What::Sign(Sign::LessOrEqual) => Operator::LessOrEqual,
            What::Sign(Sign::Greater) => Operator::Greater,
            What::Sign(Sign::GreaterOrEqual) => Operator::GreaterOrEqual,
            What::Word("in") => Operator::In,
            What::Word("not") if self.tokens.get(self.at + 1).map(|t| t.what) == Some(What::Word("in")) => {
                self.at += 1;
                Operator::NotIn
            }
            What::Word(_) | What::Number(_) | What::Text(_) | What::Sign(_) => return None,
        };
        self.at += 1;
        Some(operator)
    }

    fn sum(&mut self) -> Result<NodeAt, Fault> {
        let mut left = self.minus()?;
        loop {
            let operator = if self.take_sign(Sign::Plus).is_some() {
                Operator::Plus
            } else if self.take_sign(Sign::Minus).is_some() {
                Operator::Minus
            } else {
                return Ok(left);
            };
            let right = self.minus()?;
            left = self.binary(operator, left, right)?;
        }
    }

    fn minus(&mut self) -> Result<NodeAt, Fault> {
        let Some(start) = self.take_sign(Sign::Minus) else { return self.known() };
        let of = self.deeper(Self::minus)?;
        let span = start.to(self.span(of));
        self.put(span, Kind::Minus(of))
    }

    fn known(&mut self) -> Result<NodeAt, Fault> {
        let mut value = self.value()?;
        while self.take_sign(Sign::Dot).is_some() {
            let (end, name) = self.name("the name of a field")?;
            let span = self.span(value).to(end);
            value = self.put(span, Kind::Field(value, name))?;
        }
        if self.take_word("is").is_none() {
            return Ok(value);
        }
        let is = if self.take_word("not").is_some() { Is::IsNot } else { Is::Is };
        let end = self.take_word("known").ok_or_else(|| self.expected("`known`"))?;
        let span = self.span(value).to(end);
        self.put(span, Kind::Known(value, is))
    }

    fn name(&mut self, what: &'static str) -> Result<(Span, String), Fault> {
        match self.peek() {
            Some(Token { span, what: What::Word(word) }) if !RESERVED.contains(word) => {
                self.at += 1;
                Ok((*span, (*word).to_owned()))
            }
            Some(_) | None => Err(self.expected(what)),
        }
    }

    fn value(&mut self) -> Result<NodeAt, Fault> {
        let Some(token) = self.peek() else { return Err(self.expected("a value")) };
        let literal = match token.what {
            What::Number(number) => Literal::Number(number),
            What::Text(text) => Literal::Text(text.to_owned()),
            What::Word("true") => Literal::Bool(true),
            What::Word("false") => Literal::Bool(false),
            What::Word("none") => {
                let cause = Cause::Foreign { written: "none", instead: "is not known" };
                return Err(Fault { span: token.span, cause });
            }
            What::Word(_) => return self.named(),
            What::Sign(Sign::Open) => {
                self.at += 1;
                let inside = self.deeper(Self::either)?;
                self.take_sign(Sign::Close).ok_or_else(|| self.expected("`)`"))?;
                return Ok(inside);
            }
            What::Sign(Sign::OpenList) => {
                self.at += 1;
                let (end, items) = self.deeper(|parser| parser.list(Sign::CloseList, "`,` or `]`"))?;
                return self.put(token.span.to(end), Kind::List(items));
            }
            What::Sign(_) => return Err(self.expected("a value")),
        };
        self.at += 1;
        self.put(token.span, Kind::Literal(literal))
    }

    fn named(&mut self) -> Result<NodeAt, Fault> {
        let (start, name) = self.name("a value")?;
        if self.take_sign(Sign::Open).is_none() {
            return self.put(start, Kind::Name(name));
        }
        let (end, items) = self.deeper(|parser| parser.list(Sign::Close, "`,` or `)`"))?;
        self.put(start.to(end), Kind::Call(name, items))
    }

    /// The rest of a list, and where it ends.
    fn list(&mut self, close: Sign, more: &'static str) -> Result<(Span, Vec<NodeAt>), Fault> {
        let mut items = Vec::new();
        if let Some(end) = self.take_sign(close) {
            return Ok((end, items));
        }
        loop {
            items.push(self.either()?);
            if let Some(end) = self.take_sign(close) {
                return Ok((end, items));
            }
            self.take_sign(Sign::Comma).ok_or_else(|| self.expected(more))?;
        }
    }
}
