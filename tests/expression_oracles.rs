//! Two other languages are asked what an expression means: minijinja, whose grammar ours is a part of, and CEL, which is
//! typed as ours is. Random well-typed expressions of what all three have must have the same value in each.
//!
//! Jinja reads our own text, printed with as few brackets as it may have, so that precedence is compared; CEL reads the
//! same tree with all brackets and its own signs.

use careline::flow::expression::Expression;
use careline::flow::expression::evaluate::{Value, Values};
use careline::flow::expression::types::{Assigned, Environment, Flags, Type, Variable};
use careline::flow::value::{Date, TimeOfDay};
use careline::rng::Rng;
use cel_core::{CelType, Env, MapActivation};

const EXPRESSIONS: usize = 400;

/// The saved values, for all three.
const NUMBERS: [(&str, i64); 3] = [("days", 3), ("left", -7), ("none_left", 0)];
const TEXTS: [(&str, &str); 2] = [("name", "Ana"), ("city", "Boston")];
const FACTS: [(&str, bool); 2] = [("open", true), ("late", false)];

/// One expression in the writing of both others; ours is Jinja's.
struct Written {
    ours: String,
    cel: String,
}

fn both(ours: String, cel: String) -> Written {
    Written { ours, cel }
}

fn same(text: &str) -> Written {
    both(text.to_owned(), text.to_owned())
}

fn pick<T: Copy>(rng: &mut Rng, of: &[T]) -> T {
    of[rng.below(of.len() as u64) as usize]
}

fn joined(left: &Written, sign: &str, cel: &str, right: &Written) -> Written {
    both(format!("({}) {sign} ({})", left.ours, right.ours), format!("({}) {cel} ({})", left.cel, right.cel))
}

fn number(rng: &mut Rng, depth: u32) -> Written {
    match rng.below(if depth == 0 { 2 } else { 5 }) {
        0 => same(&rng.below(12).to_string()),
        1 => same(pick(rng, &NUMBERS).0),
        2 => {
            let of = number(rng, depth - 1);
            both(format!("-({})", of.ours), format!("-({})", of.cel))
        }
        _ => {
            let (left, right) = (number(rng, depth - 1), number(rng, depth - 1));
            let sign = pick(rng, &["+", "-"]);
            joined(&left, sign, sign, &right)
        }
    }
}

fn text(rng: &mut Rng) -> Written {
    match rng.below(2) {
        0 => same(pick(rng, &["'Ana'", "'Boston'", "\"O'Hara\"", "''"])),
        _ => same(pick(rng, &TEXTS).0),
    }
}

fn list(rng: &mut Rng, mut item: impl FnMut(&mut Rng) -> Written) -> Written {
    let items: Vec<Written> = (0..=rng.below(3)).map(|_| item(rng)).collect();
    let join = |of: fn(&Written) -> &str| items.iter().map(of).collect::<Vec<_>>().join(", ");
    both(format!("[{}]", join(|item| &item.ours)), format!("[{}]", join(|item| &item.cel)))
}

fn condition(rng: &mut Rng, depth: u32) -> Written {
    if depth == 0 {
        return same(pick(rng, &["true", "false", "open", "late"]));
    }
    match rng.below(8) {
        0 => same(pick(rng, &FACTS).0),
        1 => {
            let of = condition(rng, depth - 1);
            both(format!("not ({})", of.ours), format!("!({})", of.cel))
        }
        2 | 3 => {
            let (left, right) = (condition(rng, depth - 1), condition(rng, depth - 1));
            let (ours, cel) = pick(rng, &[("and", "&&"), ("or", "||"), ("==", "=="), ("!=", "!=")]);
            joined(&left, ours, cel, &right)
        }
        4 | 5 => {
            let (left, right) = (number(rng, depth - 1), number(rng, depth - 1));
            let sign = pick(rng, &["==", "!=", "<", "<=", ">", ">="]);
            joined(&left, sign, sign, &right)
        }
        6 => {
            let (left, right) = (text(rng), text(rng));
            let sign = pick(rng, &["==", "!="]);
            joined(&left, sign, sign, &right)
        }
        _ => {
            let (item, list) = match rng.below(2) {
                0 => (number(rng, 1), list(rng, |rng| number(rng, 1))),
                _ => (text(rng), list(rng, text)),
            };
            let ours = format!("({}) {} {}", item.ours, pick(rng, &["in", "not in"]), list.ours);
            let cel = format!("({}) in {}", item.cel, list.cel);
            let cel = if ours.contains(" not in ") { format!("!({cel})") } else { cel };
            both(ours, cel)
        }
    }
}

struct Saved;

impl<'a> Values<'a> for Saved {
    fn value(&self, name: &str) -> Option<Value<'a>> {
        let number = NUMBERS.iter().find(|row| row.0 == name).map(|row| Value::Number(row.1));
        let text = TEXTS.iter().find(|row| row.0 == name).map(|row| Value::Text(row.1));
        let fact = FACTS.iter().find(|row| row.0 == name).map(|row| Value::Bool(row.1));
        number.or(text).or(fact)
    }

    fn field(&self, _record: u32, _name: &str) -> Option<Value<'a>> {
        None
    }

    fn today(&self) -> Option<Date> {
        Date::new(2026, 11, 27)
    }

    fn now(&self) -> Option<TimeOfDay> {
        TimeOfDay::new(9, 30)
    }
}

fn environment() -> Environment {
    let variable = |kind| Variable { kind, flags: Flags::default(), assigned: Assigned::Always };
    let numbers = NUMBERS.iter().map(|row| (row.0.to_owned(), variable(Type::Number)));
    let texts = TEXTS.iter().map(|row| (row.0.to_owned(), variable(Type::Text)));
    let facts = FACTS.iter().map(|row| (row.0.to_owned(), variable(Type::Bool)));
    Environment { variables: numbers.chain(texts).chain(facts).collect(), ..Environment::default() }
}

/// Our value, and the text with as few brackets as it may have.
fn ours(text: &str) -> (bool, String) {
    let expression = Expression::read(text).unwrap_or_else(|fault| panic!("{text}: {fault:?}"));
    let checked = expression.check(&environment()).unwrap_or_else(|faults| panic!("{text}: {faults:?}"));
    match checked.evaluate(&Saved) {
        Ok(Value::Bool(yes)) => (yes, expression.to_string()),
        other => panic!("{text}: {other:?}"),
    }
}

fn jinja(text: &str) -> bool {
    let environment = minijinja::Environment::new();
    let mut context = std::collections::BTreeMap::new();
    context.extend(NUMBERS.map(|(name, number)| (name, minijinja::Value::from(number))));
    context.extend(TEXTS.map(|(name, text)| (name, minijinja::Value::from(text))));
    context.extend(FACTS.map(|(name, fact)| (name, minijinja::Value::from(fact))));
    let expression = environment.compile_expression(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    expression.eval(context).unwrap_or_else(|error| panic!("{text}: {error}")).is_true()
}

fn cel(env: &Env, text: &str) -> bool {
    let mut activation = MapActivation::new();
    NUMBERS.iter().for_each(|(name, number)| activation.insert(*name, *number));
    TEXTS.iter().for_each(|(name, text)| activation.insert(*name, *text));
    FACTS.iter().for_each(|(name, fact)| activation.insert(*name, *fact));
    let tree = env.compile(text).unwrap_or_else(|error| panic!("{text}: {error:?}"));
    let program = env.program(&tree).unwrap_or_else(|error| panic!("{text}: {error:?}"));
    match program.eval(&activation) {
        cel_core::Value::Bool(yes) => yes,
        other => panic!("{text}: {other}"),
    }
}

#[test]
fn jinja_and_cel_understand_expressions_as_we_do() {
    let mut env = Env::with_standard_library();
    for (name, _) in NUMBERS {
        env = env.with_variable(name, CelType::Int);
    }
    for (name, _) in TEXTS {
        env = env.with_variable(name, CelType::String);
    }
    for (name, _) in FACTS {
        env = env.with_variable(name, CelType::Bool);
    }
    let mut rng = Rng::seeded(5);
    let mut yes = 0;
    for _ in 0..EXPRESSIONS {
        let depth = 1 + rng.below(4) as u32;
        let written = condition(&mut rng, depth);
        let (value, printed) = ours(&written.ours);
        assert_eq!(jinja(&printed), value, "jinja: {printed}");
        assert_eq!(cel(&env, &written.cel), value, "CEL: {}", written.cel);
        yes += usize::from(value);
    }
    assert!(yes > EXPRESSIONS / 4 && yes < EXPRESSIONS * 3 / 4, "{yes} of {EXPRESSIONS} are true");
}
