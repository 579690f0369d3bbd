//! Values: the type of each saved name, and whether conditions and values fit them.
//!
//! Not here: on which ways a name has a value.

use crate::flow::codes::EXPRESSION;
use crate::flow::diagnostic::{Sources, Words};
use crate::flow::draft::Draft;
use crate::flow::expression::Checked;
use crate::flow::expression::types::{Assigned, Environment, Flags, Type, Variable};
use crate::flow::read::acts::{CollectKindText, ExpressionText, Secrecy, within};
use crate::flow::read::flow::ActText;
use crate::flow::read::kind;

/// The names that conditions of a set may use.
pub fn environment(draft: &Draft) -> Environment {
    let mut environment = Environment::default();
    for flow in &draft.flows {
        for (name, kind) in &flow.takes {
            know(&mut environment, &name.value, kind.clone(), PHI);
        }
    }
    // A value may be made of others: as often as names are found there may be more.
    loop {
        let known = environment.variables.len();
        for act in draft.flows.iter().flat_map(|flow| &flow.steps).filter_map(|step| step.act.as_ref()) {
            saves(draft, act, &mut environment);
        }
        if environment.variables.len() == known {
            return environment;
        }
    }
}

const PHI: Flags = Flags { phi: true, secret: false };

fn know(environment: &mut Environment, name: &str, kind: Type, flags: Flags) {
    let variable = Variable { kind, flags, assigned: Assigned::Always };
    environment.variables.entry(name.to_owned()).or_insert(variable);
}

fn saves(draft: &Draft, act: &ActText, environment: &mut Environment) {
    match act {
        ActText::Menu { save: Some(save), answers, .. } => {
            let names = answers.iter().map(|answer| answer.name.value.clone()).collect();
            know(environment, &save.value, Type::Choice(names), PHI);
        }
        ActText::Ask { save: Some(save), .. } => know(environment, &save.value, Type::Bool, PHI),
        ActText::Collect(collect) => {
            let kind = match collect.kind {
                CollectKindText::Digits { .. } => Type::Digits,
                CollectKindText::Number { .. } => Type::Number,
                CollectKindText::Date { .. } => Type::Date,
                CollectKindText::Phone => Type::Phone,
            };
            let secret = collect.secrecy == Secrecy::Secret;
            know(environment, &collect.save.value, kind, Flags { phi: true, secret });
        }
        ActText::Care { save: Some(save), care, .. } => {
            if let Some(kind) = care.gives.and_then(kind::named) {
                know(environment, &save.value, kind, PHI);
            }
        }
        ActText::Offer { save: Some(save), from, .. } => {
            if let Some(Variable { kind: Type::List(of), flags, .. }) = environment.variables.get(&from.value)
            {
                let (kind, flags) = ((**of).clone(), *flags);
                know(environment, &save.value, kind, flags);
            }
        }
        ActText::Call { flow, save, .. } => {
            let gives = draft.flow(&flow.value).and_then(|flow| draft.flows[flow].gives.as_ref());
            for (own, theirs) in save {
                let given = gives.and_then(|all| all.iter().find(|(name, _)| name.value == theirs.value));
                if let Some((_, kind)) = given {
                    know(environment, &own.value, kind.clone(), PHI);
                }
            }
        }
        ActText::Set { values, .. } => {
            for (name, value) in values {
                if let Ok(checked) = value.read.check(environment) {
                    know(environment, &name.value, checked.kind().clone(), checked.flags());
                }
            }
        }
        _ => {}
    }
}

/// Finds fault with conditions and values.
pub fn check(draft: &Draft, environment: &Environment, sources: &mut Sources) {
    for act in draft.flows.iter().flat_map(|flow| &flow.steps).filter_map(|step| step.act.as_ref()) {
        match act {
            ActText::When { condition, .. } => {
                let kind = judged(condition, environment, sources).map(|checked| checked.kind().clone());
                if let Some(kind) = kind.filter(|kind| *kind != Type::Bool) {
                    let words = Words::what(format!("a condition is yes or no, and this is {kind}"))
                        .repair("compare it with something")
                        .hears("nobody would know which way the call shall take");
                    sources.fault(condition.text.place, EXPRESSION, words);
                }
            }
            ActText::Set { values, .. } => {
                for (_, value) in values {
                    judged(value, environment, sources);
                }
            }
            _ => {}
        }
    }
}

fn judged(text: &ExpressionText, environment: &Environment, sources: &mut Sources) -> Option<Checked> {
    match text.read.check(environment) {
        Ok(checked) => Some(checked),
        Err(faults) => {
            for fault in faults {
                let place = within(&text.text, fault.span.start, fault.span.end);
                let words = Words::what(fault.cause.to_string())
                    .repair("see the guide to saved values for what may stand here")
                    .hears("nobody would know which way the call shall take");
                sources.fault(place, EXPRESSION, words);
            }
            None
        }
    }
}
