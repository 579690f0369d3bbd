//! Values: what the data-flow finds, in an administrator's words; and names that no value can have.
//!
//! Not here: the data-flow itself ([`super::dataflow`]), and what each step asks for and saves ([`super::effects`]).

use super::dataflow::find::{Finding, Problem, Spot};
use super::dataflow::solve::solve;
use super::dataflow::{Assurance, Goes, NodeAt, Wanted, calls, find};
use super::effects;
use super::graph::Graph;
use crate::flow::codes::{
    ASSURANCE, CIRCLE, KIND_WANTED, LEAK, MIXED, NEVER_RETURNS, NOT_ALWAYS, NOT_USED, PARAMETER, REQUEST_PHI,
    RESULT, RETURN, TWO_KINDS, UNSAVED, VALUE_NAME,
};
use crate::flow::diagnostic::{Code, Place, Sources, Words, did_you_mean};
use crate::flow::draft::Draft;
use crate::flow::expression::fault::Cause;
use crate::flow::expression::types::Type;
use crate::flow::expression::{Checked, Expression};
use crate::flow::read::flow::{ActText, StepText};
use crate::flow::read::kind;
use crate::flow::syntax::fields::Placed;
use std::collections::{BTreeMap, BTreeSet};

/// What is known of the values of a draft.
#[derive(Debug)]
pub struct Known {
    /// The expressions without fault, by their places.
    pub checked: BTreeMap<Place, Checked>,
    /// Values that nobody asks for.
    unused: Vec<(Place, Words)>,
}

/// Finds fault with values.
pub fn check(draft: &Draft, graph: &Graph, sources: &mut Sources) -> Known {
    for flow in &draft.flows {
        let takes = flow.takes.iter().map(|(name, _)| name);
        takes.chain(flow.steps.iter().flat_map(saved_names)).for_each(|name| value_name(name, sources));
        flow.steps.iter().for_each(|step| handed(draft, step, sources));
    }
    let program = effects::program(draft, graph);
    let facts = solve(&program);
    let mut found = find::find(&program, &facts);
    found.findings.extend(calls::find(&program, &facts));
    let teller = Teller { draft, graph };
    let (mut unused, prompts) = (Vec::new(), prompts(draft));
    for Finding { spot, problem } in &found.findings {
        if sources.is_full() {
            break;
        }
        // A slot that nothing in the whole set fills is told where its text stands.
        if matches!(problem, Problem::Unsaved { .. }) && prompts.contains(&spot.place) {
            continue;
        }
        let (code, words) = teller.words(spot.place, problem, sources);
        match code {
            NOT_USED => unused.push((spot.place, words)),
            _ => sources.fault(place_of(spot, sources), code, words),
        }
    }
    Known { checked: found.checked, unused }
}

/// Values that nobody asks for, in a set without fault.
pub fn unused(known: &Known, sources: &mut Sources) {
    for (place, words) in &known.unused {
        sources.warn(*place, NOT_USED, words.clone());
    }
}

/// Where steps name their prompts.
fn prompts(draft: &Draft) -> BTreeSet<Place> {
    let acts = draft.flows.iter().flat_map(|flow| &flow.steps).filter_map(|step| step.act.as_ref());
    acts.flat_map(ActText::prompts).map(|prompt| prompt.place).collect()
}

fn place_of(spot: &Spot, sources: &Sources) -> Place {
    match &spot.within {
        Some((text, span)) => sources.within(spot.place, text, span.start..span.end),
        None => spot.place,
    }
}

/// The names under which a step saves.
fn saved_names(step: &StepText) -> Vec<&Placed<String>> {
    match &step.act {
        Some(
            ActText::Menu { save: Some(save), .. }
            | ActText::Ask { save: Some(save), .. }
            | ActText::Offer { save: Some(save), .. }
            | ActText::Care { save: Some(save), .. },
        ) => vec![save],
        Some(ActText::Collect(collect)) => vec![&collect.save],
        Some(ActText::Set { values, .. }) => values.iter().map(|(name, _)| name).collect(),
        Some(ActText::Call { save, .. }) => save.iter().map(|(own, _)| own).collect(),
        Some(_) | None => Vec::new(),
    }
}

/// The slot that a read-back and an offer fill themselves.
const OWN_SLOT: &str = "value";

fn value_name(name: &Placed<String>, sources: &mut Sources) {
    let text = name.value.as_str();
    let is_name = Expression::read(text).is_ok_and(|read| read.names().any(|(_, name)| name == text));
    let what = match is_name {
        _ if text == OWN_SLOT => {
            format!("`{text}` is what a step itself holds, so nothing is saved under this name")
        }
        true => return,
        false => format!("no condition could ask for a value with the name `{text}`"),
    };
    let words = Words::what(what)
        .repair("use another name: letters, digits and _, a letter first, and none of and, or, not, in, is, known")
        .hears("what was saved could not be used");
    sources.fault(name.place, VALUE_NAME, words);
}

/// What goes with a step to the records, and what is kept of what a flow gives.
fn handed(draft: &Draft, step: &StepText, sources: &mut Sources) {
    match &step.act {
        Some(ActText::Care { care, place, .. }) => {
            let known: Vec<&str> = care.needs.iter().map(|(name, _)| *name).collect();
            for (there, _) in step.with.iter().filter(|(there, _)| !known.contains(&there.value.as_str())) {
                let words = Words::what(format!("`{}` takes no value `{}`", care.name, there.value)).repair(
                    if known.is_empty() {
                        "take it out".to_owned()
                    } else {
                        did_you_mean(&there.value, &known)
                    },
                );
                sources.fault(there.place, PARAMETER, words);
            }
            for (name, of) in
                care.needs.iter().filter(|(name, _)| step.with.iter().all(|(own, _)| own.value != *name))
            {
                let kind = kind::named(of).map_or_else(|| (*of).to_owned(), |kind| kind.to_string());
                let words = Words::what(format!("`{}` needs a value `{name}`, {kind}", care.name))
                    .repair(format!("add it under `with`: {{{name}: $…}}"))
                    .hears("the records could not be asked, and the caller would be given a person");
                sources.fault(*place, PARAMETER, words);
            }
        }
        Some(ActText::Call { flow, save, .. }) => {
            let Some(called) = draft.flow(&flow.value) else { return };
            let gives = draft.flows[called].gives.as_deref().unwrap_or_default();
            let known: Vec<&str> = gives.iter().map(|(name, _)| name.value.as_str()).collect();
            for (_, theirs) in save.iter().filter(|(_, theirs)| !known.contains(&theirs.value.as_str())) {
                let words = Words::what(format!("`{}` gives no value `{}`", flow.value, theirs.value))
                    .repair(match known[..] {
                        [] => format!("add it under `gives` in {}.yaml, or take it out", flow.value),
                        _ => did_you_mean(&theirs.value, &known),
                    })
                    .meant(&theirs.value, known.iter().copied());
                sources.fault(theirs.place, RESULT, words);
            }
        }
        Some(_) | None => {}
    }
}

struct Teller<'a> {
    draft: &'a Draft,
    graph: &'a Graph,
}

/// What a caller meets where a value is missing.
const WITHOUT: &str = "a caller who comes here without it would be given a person";

impl Teller<'_> {
    fn step(&self, node: NodeAt) -> String {
        match self.graph.step(node) {
            Some(at) => format!("`{}`", self.draft.flows[at.flow].steps[at.step].name.value),
            None => "the called number".to_owned(),
        }
    }

    fn flow(&self, flow: usize) -> &str {
        self.draft.flows.get(flow).map_or("", |flow| flow.name.value.as_str())
    }

    fn words(&self, place: Place, problem: &Problem, sources: &Sources) -> (Code, Words) {
        let line = |other: &Place| line_of(*other, place, sources);
        match problem {
            Problem::Unsaved { name, near } => (UNSAVED, unsaved(name, near.as_deref())),
            Problem::NotHere { name, saved } => (NOT_ALWAYS, not_here(name, &line(saved))),
            Problem::Perhaps { name, saved, without } => {
                (NOT_ALWAYS, self.perhaps(name, &line(saved), *without))
            }
            Problem::TwoTypes { name, here, there, place } => {
                let words = Words::what(format!("`{name}` is {here} here, and {there} in {}", line(place)))
                    .repair("give one of them another name")
                    .hears("where both ways meet, nobody would know what it is");
                (TWO_KINDS, words)
            }
            Problem::Expression(cause) => (MIXED, mixed(cause)),
            Problem::Wanted { wanted, found } => (KIND_WANTED, other_kind(wanted, found)),
            Problem::Field { of, field, near } => (KIND_WANTED, no_field(of, field, near.as_deref())),
            Problem::Secret { name, goes } => (LEAK, secret(name, *goes)),
            Problem::InAddress { name } => (REQUEST_PHI, in_address(name)),
            Problem::Assurance { needs, has } => (ASSURANCE, unknown_caller(*needs, *has)),
            Problem::NotUsed { name } => {
                let words = Words::what(format!("no step behind this asks for `{name}`"))
                    .repair("use it, or take `save` out")
                    .hears("what the caller answers changes nothing");
                (NOT_USED, words)
            }
            Problem::NotTaken { name } => {
                let words = Words::what(format!("this flow takes `{name}`, and no step of it asks for it"));
                (NOT_USED, words.repair("use it, or take it out"))
            }
            Problem::NoParameter { name, near } => (PARAMETER, no_parameter(name, near.as_deref())),
            Problem::Missing { name, kind } => (PARAMETER, not_handed(name, kind)),
            Problem::NotGiven { name, without, .. } => (RESULT, self.not_given(name, *without)),
            Problem::GivenType { name, promised, found } => {
                let what = format!("the flow gives `{name}` as {promised}, and here it is {found}");
                let repair = "correct the type under `gives`, or give this value another name";
                (RESULT, Words::what(what).repair(repair))
            }
            Problem::ReturnNowhere => (RETURN, return_nowhere()),
            Problem::JumpedInto { flow } => (RETURN, jumped_into(self.flow(*flow))),
            Problem::NeverReturns { flow } => (NEVER_RETURNS, never_returns(self.flow(*flow))),
            Problem::Circle { flows } => (CIRCLE, self.circle(flows)),
        }
    }

    fn perhaps(&self, name: &str, line: &str, without: Option<NodeAt>) -> Words {
        let how = match without {
            Some(node) => format!("but not on a way over {}", self.step(node)),
            None => "but a call can begin here without it".to_owned(),
        };
        Words::what(format!("`{name}` is saved in {line}, {how}"))
            .repair(format!("save it there too, or ask before with `when: {name} is known`"))
            .hears(WITHOUT)
    }

    fn not_given(&self, name: &str, without: Option<NodeAt>) -> Words {
        let how = without.map_or(String::new(), |node| format!(" on a way over {}", self.step(node)));
        Words::what(format!("the flow gives `{name}`, and comes back here without it{how}"))
            .repair("save it on every way to `return`, or take it out of `gives`")
            .hears("who called this flow would go on without it")
    }

    fn circle(&self, flows: &[usize]) -> Words {
        let names: Vec<&str> = flows.iter().chain(flows.first()).map(|flow| self.flow(*flow)).collect();
        Words::what(format!("flows call each other in a circle: {}", names.join(" → ")))
            .repair("let one of them lead on with `next` in place of `call`")
            .hears("after some rounds the caller would be given a person")
    }
}

/// Where a value stands, as seen from another place.
fn line_of(place: Place, from: Place, sources: &Sources) -> String {
    if place.file == from.file {
        return format!("line {}", place.line);
    }
    let path = sources.path(place.file);
    format!("line {} of {}", place.line, path.rsplit('/').next().unwrap_or(path))
}

fn unsaved(name: &str, near: Option<&str>) -> Words {
    let repair = match near {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("let a step before save it: `save: {name}`"),
    };
    Words::what(format!("nothing is saved as `{name}`")).repair(repair).hears(WITHOUT)
}

fn not_here(name: &str, line: &str) -> Words {
    Words::what(format!("`{name}` is saved in {line}, but on no way that leads here"))
        .repair("save it before this step")
        .hears(WITHOUT)
}

fn mixed(cause: &Cause) -> Words {
    Words::what(cause.to_string())
        .repair(cause.repair())
        .hears("nobody would know which way the call shall take")
}

fn other_kind(wanted: &Wanted, found: &Type) -> Words {
    let (what, repair) = match wanted {
        Wanted::Anything => ("a value".to_owned(), "name another value"),
        Wanted::Words => ("what can be spoken".to_owned(), "name a field of it, such as `{patient.name}`"),
        Wanted::List => ("a list".to_owned(), "name a value that holds several"),
        Wanted::Type(Type::Bool) => ("a condition".to_owned(), "compare it with something"),
        Wanted::Type(kind) => {
            (kind.to_string(), "name another value, or change the type where it is declared")
        }
    };
    Words::what(format!("{what} belongs here, and this is {found}"))
        .repair(repair)
        .hears("the caller would be given a person")
}

fn no_field(of: &Type, field: &str, near: Option<&str>) -> Words {
    let repair = match near {
        Some(near) => format!("did you mean `{near}`?"),
        None => "name one of its fields, or the value itself".to_owned(),
    };
    Words::what(format!("{of} has no field `{field}`")).repair(repair).hears("nothing could be said here")
}

fn secret(name: &str, goes: Goes) -> Words {
    let (what, hears) = match goes {
        Goes::Spoken => ("spoken", "whoever stands beside the caller would hear it"),
        Goes::Address => ("put into an address", "others would write it down"),
        Goes::Inside => ("given away", "others would know it"),
    };
    Words::what(format!("`{name}` is secret, and is {what} here"))
        .repair("take it out; a secret is compared, or sent in the body of a request")
        .hears(hears)
}

fn in_address(name: &str) -> Words {
    Words::what(format!("`{name}` may tell of a patient, and would stand in a URL"))
        .repair("add `method: post`; or list it under `public` where it comes from, if it tells nothing")
        .hears("nothing; but every server and proxy on the way writes URLs into its logs")
}

fn unknown_caller(needs: Assurance, has: Assurance) -> Words {
    Words::what(format!("this needs a caller known at {needs}, and on some way here he is known at {has}"))
        .repair("let a flow that finds out who calls come before, on every way")
        .hears("somebody else could hear or change what is the patient's alone")
}

fn no_parameter(name: &str, near: Option<&str>) -> Words {
    let repair = match near {
        Some(near) => format!("did you mean `{near}`?"),
        None => "take it out, or add it under `takes` of that flow".to_owned(),
    };
    Words::what(format!("the called flow takes no value `{name}`")).repair(repair)
}

fn not_handed(name: &str, kind: &Type) -> Words {
    Words::what(format!("the called flow takes `{name}`, {kind}, and is not given it"))
        .repair(format!("add it under `with`: {{{name}: $…}}"))
        .hears("the called flow would not know it, and the caller would be given a person")
}

fn return_nowhere() -> Words {
    Words::what(
        "this flow does not say what it gives back, so nobody calls it, and there is nothing to return to",
    )
    .repair("name the step that follows, or add `gives: {}` and `call` this flow")
    .hears("the caller would be given a person")
}

fn jumped_into(flow: &str) -> Words {
    Words::what(format!("`{flow}` goes back to whoever called it, and here nobody calls it"))
        .repair(format!("make a step of it: {{call: {flow}, next: …}}"))
        .hears("at its end the caller would be given a person")
}

fn never_returns(flow: &str) -> Words {
    Words::what(format!("`{flow}` never comes to a `return`"))
        .repair(format!("let a step of it lead to `return`, or go there with `next: {flow}`"))
        .hears("what follows on this call would never be heard")
}
