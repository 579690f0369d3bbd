//! The static check of an expression: types, definite assignment, and what must not leak. All faults at once.
//!
//! `is known` in a condition counts for what stands behind it: in `pin is known and pin == '1234'` the right side is
//! reached only if `pin` has a value; so it is behind `not`, and with `or` the other way round.
//!
//! A text literal is read as the type of what it is compared with: `visit == 'sick'` must name one of the choices,
//! `birth < '1958-03-14'` must be a day. Not here: evaluation.

use super::fault::{Cause, Fault, Span, nearest};
use super::functions::{FUNCTIONS, Function, Parameter, named};
use super::tree::{Is, Kind, Literal, NodeAt, Operator, Tree};
use super::types::{Assigned, Environment, Flags, Type, Variable};
use crate::flow::value::{Date, Money, TimeOfDay};
use std::collections::BTreeSet;

/// What is known of a checked part.
#[derive(Clone, Debug, Default)]
pub(super) struct Part {
    /// `None` where a fault stands: checks over it are silent. What compares is yes or no, whatever it compares.
    pub kind: Option<Type>,
    pub flags: Flags,
    /// Names that have a value if it is true, and if it is false.
    pub if_true: BTreeSet<String>,
    pub if_false: BTreeSet<String>,
}

impl Part {
    fn of(kind: Type, flags: Flags) -> Part {
        Part { kind: Some(kind), flags, ..Part::default() }
    }

    fn broken(flags: Flags) -> Part {
        Part { flags, ..Part::default() }
    }
}

/// Checks a tree; its text literals become what they are compared with.
pub(super) fn check(tree: &mut Tree, environment: &Environment) -> (Part, Vec<Fault>) {
    let mut checker = Checker { tree, environment, known: BTreeSet::new(), faults: Vec::new() };
    let root = checker.tree.root;
    let part = checker.part(root);
    (part, checker.faults)
}

struct Checker<'a> {
    tree: &'a mut Tree,
    environment: &'a Environment,
    /// Names that have a value at this place, because a condition before it says so.
    known: BTreeSet<String>,
    faults: Vec<Fault>,
}

impl Checker<'_> {
    fn fault(&mut self, span: Span, cause: Cause) {
        self.faults.push(Fault { span, cause });
    }

    fn span(&self, at: NodeAt) -> Span {
        self.tree.node(at).span
    }

    fn part(&mut self, at: NodeAt) -> Part {
        let span = self.span(at);
        match self.tree.node(at).kind.clone() {
            Kind::Literal(literal) => Part::of(kind_of(&literal), Flags::default()),
            Kind::Name(name) => self.name(span, &name),
            Kind::Field(of, name) => self.field(span, of, &name),
            Kind::Not(of) => {
                let part = self.yes_or_no(of);
                Part { kind: Some(Type::Bool), if_true: part.if_false, if_false: part.if_true, ..part }
            }
            Kind::Minus(of) => self.minus(of),
            Kind::Known(of, is) => self.is_known(span, of, is),
            Kind::Binary(Operator::And, left, right) => self.and(left, right),
            Kind::Binary(Operator::Or, left, right) => self.or(left, right),
            Kind::Binary(operator @ (Operator::Plus | Operator::Minus), left, right) => {
                self.sum(span, operator, left, right)
            }
            Kind::Binary(Operator::In | Operator::NotIn, left, right) => self.is_in(left, right),
            Kind::Binary(operator, left, right) => self.compare(span, operator, left, right),
            Kind::List(items) => self.list(span, &items),
            Kind::Call(name, items) => self.call(span, &name, &items),
        }
    }

    fn variable(&mut self, span: Span, name: &str) -> Option<Variable> {
        let found = self.environment.variables.get(name).cloned();
        if found.is_none() {
            let near = nearest(name, self.environment.variables.keys().map(String::as_str));
            self.fault(span, Cause::Name { name: name.to_owned(), near });
        }
        found
    }

    fn name(&mut self, span: Span, name: &str) -> Part {
        let Some(variable) = self.variable(span, name) else { return Part::default() };
        if variable.assigned == Assigned::Perhaps && !self.known.contains(name) {
            self.fault(span, Cause::PerhapsUnknown(name.to_owned()));
        }
        Part::of(variable.kind, variable.flags)
    }

    fn field(&mut self, span: Span, of: NodeAt, name: &str) -> Part {
        let record = self.part(of);
        let Some(variable) = self.field_of(span, &record, name) else { return Part::broken(record.flags) };
        let path = format!("{}.{name}", self.tree.written(of));
        if variable.assigned == Assigned::Perhaps && !self.known.contains(&path) {
            self.fault(span, Cause::PerhapsUnknown(path));
        }
        Part::of(variable.kind, variable.flags.join(record.flags))
    }

    fn field_of(&mut self, span: Span, record: &Part, name: &str) -> Option<Variable> {
        let kind = record.kind.as_ref()?;
        let fields = match kind {
            Type::Record(record) => self.environment.records.get(record),
            _ => None,
        };
        let found = fields.and_then(|fields| fields.get(name)).cloned();
        if found.is_none() {
            let near = fields.and_then(|fields| nearest(name, fields.keys().map(String::as_str)));
            self.fault(span, Cause::Field { of: kind.to_string(), name: name.to_owned(), near });
        }
        found
    }

    /// The one place where a name without a value may stand.
    fn is_known(&mut self, span: Span, of: NodeAt, is: Is) -> Part {
        let (variable, flags) = match self.tree.node(of).kind.clone() {
            Kind::Name(name) => {
                let found = self.variable(self.span(of), &name);
                let Some(variable) = found else { return Part::of(Type::Bool, Flags::default()) };
                (variable, Flags::default())
            }
            Kind::Field(record, name) => {
                let record = self.part(record);
                let found = self.field_of(self.span(of), &record, &name);
                let Some(variable) = found else { return Part::of(Type::Bool, record.flags) };
                (variable, record.flags)
            }
            _ => {
                self.part(of);
                self.fault(span, Cause::KnownOfWhat);
                return Part::of(Type::Bool, Flags::default());
            }
        };
        let mut part = Part::of(Type::Bool, variable.flags.join(flags));
        let known = BTreeSet::from([self.tree.written(of)]);
        match is {
            Is::Is => part.if_true = known,
            Is::IsNot => part.if_false = known,
        }
        part
    }

    /// A part that must be yes or no.
    fn yes_or_no(&mut self, at: NodeAt) -> Part {
        let part = self.part(at);
        match &part.kind {
            None | Some(Type::Bool) => part,
            Some(found) => {
                let cause = Cause::Type { wanted: "a condition that is true or false", found: found.clone() };
                self.fault(self.span(at), cause);
                Part::broken(part.flags)
            }
        }
    }

    /// A part that is reached only if these names have values.
    fn behind(&mut self, known: &BTreeSet<String>, at: NodeAt) -> Part {
        let before = self.known.clone();
        self.known.extend(known.iter().cloned());
        let part = self.yes_or_no(at);
        self.known = before;
        part
    }

    fn and(&mut self, left: NodeAt, right: NodeAt) -> Part {
        let left = self.yes_or_no(left);
        let right = self.behind(&left.if_true, right);
        Part {
            kind: Some(Type::Bool),
            flags: left.flags.join(right.flags),
            if_true: &left.if_true | &right.if_true,
            if_false: &left.if_false & &right.if_false,
        }
    }

    fn or(&mut self, left: NodeAt, right: NodeAt) -> Part {
        let left = self.yes_or_no(left);
        let right = self.behind(&left.if_false, right);
        Part {
            kind: Some(Type::Bool),
            flags: left.flags.join(right.flags),
            if_true: &left.if_true & &right.if_true,
            if_false: &left.if_false | &right.if_false,
        }
    }

    fn minus(&mut self, of: NodeAt) -> Part {
        let part = self.part(of);
        match &part.kind {
            None => part,
            Some(Type::Number | Type::Duration | Type::Money) => {
                Part { kind: part.kind, flags: part.flags, ..Part::default() }
            }
            Some(found) => {
                let cause = Cause::Type {
                    wanted: "a number, a duration or an amount of money",
                    found: found.clone(),
                };
                self.fault(self.span(of), cause);
                Part::broken(part.flags)
            }
        }
    }

    /// Both sides, a text literal read as what the other one is.
    fn both(&mut self, left: NodeAt, right: NodeAt) -> (Part, Part) {
        let (mut one, mut other) = (self.part(left), self.part(right));
        if let Some(kind) = other.kind.clone() {
            self.read_as(left, &mut one, &kind);
        }
        if let Some(kind) = one.kind.clone() {
            self.read_as(right, &mut other, &kind);
        }
        (one, other)
    }

    /// A text literal becomes a value of this type, if it is no text itself.
    fn read_as(&mut self, at: NodeAt, part: &mut Part, kind: &Type) {
        let Kind::Literal(Literal::Text(text)) = &self.tree.node(at).kind else { return };
        match literal(text, kind) {
            None => {}
            Some(Ok(literal)) => {
                self.tree.nodes[at.0].kind = Kind::Literal(literal);
                part.kind = Some(kind.clone());
            }
            Some(Err(written)) => {
                let cause = Cause::Literal { text: text.clone(), wanted: kind.clone(), written };
                self.fault(self.span(at), cause);
                part.kind = None;
            }
        }
    }

    fn compare(&mut self, span: Span, operator: Operator, left: NodeAt, right: NodeAt) -> Part {
        let (left, right) = self.both(left, right);
        let flags = left.flags.join(right.flags);
        if let (Some(one), Some(other)) = (left.kind, right.kind) {
            let ordered = !matches!(operator, Operator::Equal | Operator::NotEqual);
            if !one.meets(&other) || matches!(one, Type::Record(_) | Type::List(_)) {
                self.fault(span, Cause::Compare { left: one, right: other });
            } else if ordered && !one.has_order() {
                self.fault(span, Cause::NoOrder(one));
            }
        }
        Part::of(Type::Bool, flags)
    }

    fn is_in(&mut self, left: NodeAt, right: NodeAt) -> Part {
        let mut item = self.part(left);
        if let Kind::List(items) = self.tree.node(right).kind.clone() {
            let mut flags = item.flags;
            for at in items {
                let mut part = self.part(at);
                if let Some(kind) = item.kind.clone() {
                    self.read_as(at, &mut part, &kind);
                }
                flags = flags.join(part.flags);
                self.same(at, &item, &part);
            }
            return Part::of(Type::Bool, flags);
        }
        let list = self.part(right);
        let flags = item.flags.join(list.flags);
        match list.kind {
            None => {}
            Some(Type::List(of)) => {
                self.read_as(left, &mut item, &of);
                self.same(left, &Part::of(*of, flags), &item);
            }
            Some(found) => {
                self.fault(self.span(right), Cause::Type { wanted: "a list", found });
            }
        }
        Part::of(Type::Bool, flags)
    }

    fn same(&mut self, at: NodeAt, one: &Part, other: &Part) {
        if let (Some(left), Some(right)) = (&one.kind, &other.kind)
            && (!left.meets(right) || matches!(left, Type::Record(_) | Type::List(_)))
        {
            self.fault(self.span(at), Cause::Compare { left: left.clone(), right: right.clone() });
        }
    }

    fn sum(&mut self, span: Span, operator: Operator, left: NodeAt, right: NodeAt) -> Part {
        let (left, right) = self.both(left, right);
        let flags = left.flags.join(right.flags);
        let (Some(one), Some(other)) = (left.kind, right.kind) else { return Part::broken(flags) };
        let kind = match (&one, operator, &other) {
            (Type::Number, _, Type::Number) => Type::Number,
            (Type::Duration, _, Type::Duration) => Type::Duration,
            (Type::Money, _, Type::Money) => Type::Money,
            (Type::Date, _, Type::Duration) => Type::Date,
            (Type::Time, _, Type::Duration) => Type::Time,
            (Type::Date, Operator::Minus, Type::Date) | (Type::Time, Operator::Minus, Type::Time) => {
                Type::Duration
            }
            _ => {
                self.fault(span, Cause::Add { left: one, right: other });
                return Part::broken(flags);
            }
        };
        Part::of(kind, flags)
    }

    fn list(&mut self, span: Span, items: &[NodeAt]) -> Part {
        let mut flags = Flags::default();
        for item in items {
            flags = flags.join(self.part(*item).flags);
        }
        self.fault(span, Cause::Expected("`in` before a list"));
        Part::broken(flags)
    }

    fn call(&mut self, span: Span, name: &str, items: &[NodeAt]) -> Part {
        let mut parts: Vec<Part> = items.iter().map(|item| self.part(*item)).collect();
        let flags = parts.iter().fold(Flags::default(), |flags, part| flags.join(part.flags));
        let Some(function) = named(name) else {
            let near = nearest(name, FUNCTIONS.iter().map(|function| function.name));
            self.fault(span, Cause::Function { name: name.to_owned(), near });
            return Part::broken(flags);
        };
        let Function { parameters, takes, result, .. } = function;
        if parameters.len() != items.len() {
            self.fault(span, Cause::Arguments { name: function.name, takes });
            return Part::broken(flags);
        }
        for ((parameter, item), part) in parameters.iter().zip(items).zip(&mut parts) {
            self.argument(*parameter, *item, part);
        }
        Part::of(result.of(), flags)
    }

    fn argument(&mut self, parameter: Parameter, at: NodeAt, part: &mut Part) {
        self.read_as(at, part, &parameter.literal());
        if let Some(found) = part.kind.clone().filter(|kind| !parameter.fits(kind)) {
            self.fault(self.span(at), Cause::Type { wanted: parameter.wanted(), found });
        }
    }
}

fn kind_of(literal: &Literal) -> Type {
    match literal {
        Literal::Number(_) => Type::Number,
        Literal::Bool(_) => Type::Bool,
        Literal::Text(_) => Type::Text,
        Literal::Digits(_) => Type::Digits,
        Literal::Phone(_) => Type::Phone,
        Literal::Choice(name) => Type::Choice(vec![name.clone()]),
        Literal::Date(..) => Type::Date,
        Literal::Time(..) => Type::Time,
        Literal::Money(..) => Type::Money,
    }
}

/// A text as a value of a type; `None` if texts are not read as that type, an error says how it is written.
fn literal(text: &str, kind: &Type) -> Option<Result<Literal, String>> {
    let owned = || text.to_owned();
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|octet| octet.is_ascii_digit());
    let (read, written) = match kind {
        Type::Digits => {
            (digits(text).then(|| Literal::Digits(owned())), "digits are written as '02139'".to_owned())
        }
        Type::Phone => (
            digits(text.strip_prefix('+').unwrap_or(text)).then(|| Literal::Phone(owned())),
            "a telephone number is written as '+16175550142'".to_owned(),
        ),
        Type::Choice(names) => {
            let near = nearest(text, names.iter().map(String::as_str));
            let written = near.map_or_else(
                || format!("it is one of {}", names.join(", ")),
                |near| format!("did you mean `{near}`?"),
            );
            (names.iter().any(|name| name == text).then(|| Literal::Choice(owned())), written)
        }
        Type::Date => (
            date(text).map(|date| Literal::Date(date, owned())),
            "a date is written as '2026-11-24'".to_owned(),
        ),
        Type::Time => {
            (time(text).map(|time| Literal::Time(time, owned())), "a time is written as '09:30'".to_owned())
        }
        Type::Money => (
            money(text).map(|money| Literal::Money(money, owned())),
            "an amount is written as '12.05'".to_owned(),
        ),
        Type::Text | Type::Number | Type::Duration | Type::Bool => return None,
        Type::List(_) | Type::Record(_) => return None,
    };
    Some(read.ok_or(written))
}

fn number(text: &str, length: usize) -> Option<u32> {
    let plain = text.len() == length && text.bytes().all(|octet| octet.is_ascii_digit());
    if plain { text.parse().ok() } else { None }
}

fn date(text: &str) -> Option<Date> {
    let mut parts = text.split('-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    let year = u16::try_from(number(year, 4)?).ok()?;
    let (month, day) = (u8::try_from(number(month, 2)?).ok()?, u8::try_from(number(day, 2)?).ok()?);
    if parts.next().is_some() { None } else { Date::new(year, month, day) }
}

fn time(text: &str) -> Option<TimeOfDay> {
    let (hour, minute) = text.split_once(':')?;
    TimeOfDay::new(u8::try_from(number(hour, 2)?).ok()?, u8::try_from(number(minute, 2)?).ok()?)
}

fn money(text: &str) -> Option<Money> {
    let (whole, part) = text.split_once('.').unwrap_or((text, "00"));
    let whole = number(whole, whole.len()).map(i64::from)?;
    Some(Money::from_cents(whole * 100 + i64::from(number(part, 2)?)))
}
