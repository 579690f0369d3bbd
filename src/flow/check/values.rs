//! The type of each saved name over the whole set, for what prompts say.
//!
//! Not here: what a name is at one step, and on which ways it has a value ([`super::known`]).

use crate::flow::draft::Draft;
use crate::flow::expression::types::{Assigned, Environment, Flags, Type, Variable};
use crate::flow::read::acts::{CollectKindText, Secrecy};
use crate::flow::read::flow::ActText;
use crate::flow::read::kind;
use crate::flow::request::{Field, Guard};

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
        ActText::Request(text) => {
            for Field { name, kind, guard } in &text.plan.schema.fields {
                let flags = Flags { phi: *guard == Guard::Phi, secret: false };
                know(environment, name.as_str(), kind.of_flows(), flags);
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
