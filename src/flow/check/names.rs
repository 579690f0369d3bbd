//! Names: each is written once, and leads somewhere.

use crate::flow::action::Why;
use crate::flow::codes::{
    CALENDAR, CALLED_FLOW, DEAD_END, ENTRY_ROUTE, EXIT, FILE_NAME, FIXED_KEY, KEY, NEXT, RESERVED, ROUTE,
    START, TWICE,
};
use crate::flow::diagnostic::{Sources, Words, did_you_mean, nearest};
use crate::flow::draft::{Calendars, Draft, FIXED, OWN_EXITS, Way};
use crate::flow::program::Target;
use crate::flow::read::flow::{ActText, AnswerText, FlowText, Scale, StepText, ThenText, key_name};
use crate::flow::syntax::fields::Placed;
use crate::wire::telephone_event::Key;
use std::collections::BTreeSet;

/// Finds fault with names.
pub fn check(draft: &Draft, sources: &mut Sources) {
    let exits_known = known_exits(draft);
    for (at, flow) in draft.flows.iter().enumerate() {
        if sources.is_full() {
            return;
        }
        flow_name(draft, at, flow, sources);
        start(draft, at, flow, sources);
        for step in &flow.steps {
            step_name(draft, step, sources);
            ways(draft, at, step, sources);
            calendar(draft, step, sources);
            exits(&exits_known, step, sources);
        }
    }
    routes(draft, sources);
}

fn flow_name(draft: &Draft, at: usize, flow: &FlowText, sources: &mut Sources) {
    let name = &flow.name;
    if let Some(first) = draft.flow(&name.value).filter(|first| *first < at).map(|first| &draft.flows[first])
    {
        let path = sources.path(first.name.place.file).to_owned();
        let words = Words::what(format!("the flow `{}` is already in {path}", name.value))
            .repair("give one of them another name");
        sources.fault(name.place, TWICE, words);
    }
    if FIXED.iter().any(|(fixed, _)| *fixed == name.value) {
        let words = Words::what(format!("`{}` is a destination of every flow", name.value));
        sources.fault(name.place, RESERVED, words.repair("give the flow another name"));
    }
    let stem = sources.path(name.place.file).rsplit('/').next().and_then(|file| file.strip_suffix(".yaml"));
    if stem.is_some_and(|stem| stem != name.value) {
        let words = Words::what(format!("the flow `{}` is in a file of another name", name.value))
            .repair(format!("name the file {}.yaml", name.value));
        sources.fault(name.place, FILE_NAME, words);
    }
}

fn start(draft: &Draft, at: usize, flow: &FlowText, sources: &mut Sources) {
    let Some(start) = &flow.start else { return };
    if !flow.steps.is_empty() && draft.step(at, &start.value).is_none() {
        let steps: Vec<&str> = flow.steps.iter().map(|step| step.name.value.as_str()).collect();
        let words = Words::what(format!("`{}` is no step of this flow", start.value))
            .repair(did_you_mean(&start.value, &steps))
            .hears("the flow could not begin: the caller would be given a person");
        sources.fault(start.place, START, words.meant(&start.value, steps));
    }
}

fn step_name(draft: &Draft, step: &StepText, sources: &mut Sources) {
    let name = &step.name;
    let taken = if FIXED.iter().any(|(fixed, _)| *fixed == name.value) || name.value == "else" {
        "a fixed destination"
    } else if draft.flow(&name.value).is_some() {
        "a flow"
    } else {
        return;
    };
    let words = Words::what(format!("`{}` is the name of {taken} already", name.value))
        .repair("give the step another name, so that everyone can see where a line leads");
    sources.fault(name.place, RESERVED, words);
}

fn ways(draft: &Draft, flow: usize, step: &StepText, sources: &mut Sources) {
    let Some(act) = &step.act else { return };
    for (word, way) in act.ways() {
        if !draft.may_lead(flow, &word.value) && !sources.is_full() {
            dangling(draft, flow, act, word, way, sources);
        }
    }
    match act {
        ActText::Menu { answers, scale, .. } => {
            answers.iter().for_each(|a| fixed_key(draft, flow, a, *scale, sources));
        }
        ActText::Offer { answers, .. } => {
            answers.iter().for_each(|a| fixed_key(draft, flow, a, Scale::No, sources));
        }
        ActText::Call { flow: called, .. } => called_flow(draft, called, sources),
        ActText::Say { then: ThenText::Nothing, .. }
        | ActText::OfferLanguage { next: None, .. }
        | ActText::Recording { next: None, .. }
        | ActText::Notice { next: None, .. } => {
            let words = Words::what(format!("nothing follows on `{}`", step.name.value))
                .repair("add `next: …`, or `end: …` to a `say`")
                .hears("after these words the caller would hear nothing more");
            sources.fault(step.name.place, DEAD_END, words);
        }
        _ => {}
    }
}

/// A flow that is called must be there, and come back.
fn called_flow(draft: &Draft, called: &Placed<String>, sources: &mut Sources) {
    let Some(flow) = draft.flow(&called.value) else {
        if !draft.may_be_flow(&called.value) {
            let known: Vec<&str> = draft.flows.iter().map(|flow| flow.name.value.as_str()).collect();
            let words = Words::what(format!("there is no flow `{}`", called.value))
                .repair(did_you_mean(&called.value, &known))
                .hears("the caller would be led to a person")
                .meant(&called.value, known);
            sources.fault(called.place, CALLED_FLOW, words);
        }
        return;
    };
    if draft.flows[flow].gives.is_none() {
        let words = Words::what(format!("the flow `{}` does not say what it gives back", called.value))
            .repair(format!(
                "add `gives: {{}}` to {}.yaml and let a step lead to `return`, or use `next`",
                called.value
            ))
            .hears("the caller would not come back here");
        sources.fault(called.place, CALLED_FLOW, words);
    }
}

fn calendar(draft: &Draft, step: &StepText, sources: &mut Sources) {
    let Some(ActText::Hours { calendar: name, .. }) = &step.act else { return };
    let calendars = draft.hours.text().into_iter().flat_map(|hours| &hours.calendars);
    let known: Vec<&str> = calendars.map(|(name, _)| name.value.as_str()).collect();
    if known.contains(&name.value.as_str()) {
        return;
    }
    let repair = match draft.hours {
        Calendars::NoFile => "put a file hours.yaml beside the flows, as the guide to hours shows".to_owned(),
        Calendars::Unread => return,
        Calendars::Read(_) => did_you_mean(&name.value, &known),
    };
    let words = Words::what(format!("the calendar `{}` is not in hours.yaml", name.value)).repair(repair);
    sources.fault(name.place, CALENDAR, words.hears("nobody would know whether the clinic is open"));
}

fn dangling(
    draft: &Draft,
    flow: usize,
    act: &ActText,
    word: &Placed<String>,
    way: Way,
    sources: &mut Sources,
) {
    let known = draft.destinations(flow);
    let repair = match nearest(&word.value, known.iter().copied()) {
        Some(near) => {
            let steps = &draft.flows[flow].steps;
            let line = steps.iter().find(|step| step.name.value == near).map(|step| step.name.place.line);
            line.map_or_else(
                || format!("did you mean `{near}`?"),
                |l| format!("did you mean `{near}` (line {l})?"),
            )
        }
        None => format!("add the step `{}:`, or name one of: {}", word.value, known.join(", ")),
    };
    let key = match act {
        ActText::Menu { answers, .. } => answers.iter().find(|a| a.target.place == word.place).map(|a| a.key),
        _ => None,
    };
    let (code, what, hears) = match (way, key) {
        (Way::ByKey, Some(key)) => {
            let key = key_name(key);
            let what = format!("key {key} leads to `{}`, which is no step of this flow", word.value);
            (KEY, what, format!("a caller who presses {key} would hear nothing that follows"))
        }
        _ => {
            let what = format!("`{}` is no step of this flow", word.value);
            let hears = match act {
                ActText::Hours { .. } => "at some hours a caller would hear nothing more",
                _ => "after these words the caller would hear nothing more",
            };
            (NEXT, what, hears.to_owned())
        }
    };
    let words = Words::what(what).repair(repair).hears(hears).meant(&word.value, known);
    sources.fault(word.place, code, words);
}

fn fixed_key(draft: &Draft, flow: usize, answer: &AnswerText, scale: Scale, sources: &mut Sources) {
    let meaning = match answer.key {
        Key::Digit(0) => "gets a person",
        Key::Digit(9) => "gets help in a crisis",
        Key::Star => "repeats what was said",
        Key::Pound => "gives more time",
        Key::Digit(4)
            if scale == Scale::No
                && draft.target(flow, &answer.target.value) != Some(Target::Ladder(Why::Nurse)) =>
        {
            "gets the nurse"
        }
        Key::Digit(_) | Key::Letter(_) => return,
    };
    let key = key_name(answer.key);
    let words = Words::what(format!("key {key} {meaning}, in every flow"))
        .repair(format!("take the line out; {key} works by itself"))
        .hears(format!("a caller who relies on {key} would land somewhere else"));
    sources.fault(answer.place, FIXED_KEY, words);
}

/// The exits that a flow may name; `None` if `clinic.yaml` could not be read.
fn known_exits(draft: &Draft) -> Option<BTreeSet<&str>> {
    let listed = draft.clinic.as_ref()?.exits.iter().map(|exit| exit.value.as_str());
    Some(listed.chain(OWN_EXITS).collect())
}

fn exits(known: &Option<BTreeSet<&str>>, step: &StepText, sources: &mut Sources) {
    let exit = match &step.act {
        Some(ActText::Say { then: ThenText::End(exit), .. }) => exit,
        Some(
            ActText::Person { exit: Some(exit), .. }
            | ActText::Transfer { exit: Some(exit), .. }
            | ActText::Queue { exit: Some(exit), .. },
        ) => exit,
        _ => return,
    };
    let Some(known) = known else { return };
    if !known.contains(exit.value.as_str()) {
        let words = Words::what(format!("the exit `{}` is not listed in clinic.yaml", exit.value)).repair(
            match nearest(&exit.value, known.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("add `{}: …` under `exits`", exit.value),
            },
        );
        sources.fault(exit.place, EXIT, words.meant(&exit.value, known.iter().copied()));
    }
}

fn routes(draft: &Draft, sources: &mut Sources) {
    let Some(clinic) = &draft.clinic else { return };
    let flows: Vec<&str> = draft.flows.iter().map(|flow| flow.name.value.as_str()).collect();
    for name in clinic.numbers.values().chain(&clinic.default) {
        if clinic.entry.as_ref().is_some_and(|entry| entry.value == name.value) {
            let words = Words::what(format!(
                "every call begins with `{}`; a number leads to what follows",
                name.value
            ))
            .repair("name the flow that the caller hears after it")
            .hears("the first words again and again");
            sources.fault(name.place, ENTRY_ROUTE, words);
        }
    }
    for name in clinic.numbers.values().chain(&clinic.default).chain(&clinic.entry).chain(&clinic.urgent) {
        if !draft.may_be_flow(&name.value) {
            let words = Words::what(format!("there is no flow `{}`", name.value))
                .repair(did_you_mean(&name.value, &flows))
                .hears("who calls this number could not be answered")
                .meant(&name.value, flows.iter().copied());
            sources.fault(name.place, ROUTE, words);
        }
    }
}
