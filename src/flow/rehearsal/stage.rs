//! A rehearsal on its stage: the caller does as it is written, and hears what is written.

use super::{Does, Given, Line, Rehearsal};
use crate::clock::{Instant, WallTime};
use crate::flow::diagnostic::Place;
use crate::flow::run::{CareAnswers, Run, Unsigned};
use crate::flow::set::FlowSet;
use crate::flow::stage::Stage;
use crate::flow::syntax::fields::Placed;
use crate::id::FlowName;
use crate::limits::REHEARSAL_INPUTS_MAX;
use crate::wire::telephone_event::Key;
use std::sync::Arc;

/// Where a call was otherwise than written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Difference {
    pub place: Place,
    pub what: String,
}

/// Plays a call, and looks where it comes to.
pub(super) fn play(set: &Arc<FlowSet>, rehearsal: &Rehearsal) -> Result<(), Difference> {
    let stage = played(set, rehearsal)?;
    let exit = stage.exit().map(|exit| exit.as_str().to_owned());
    if exit.as_deref() == Some(rehearsal.exit.value.as_str()) {
        return Ok(());
    }
    let wanted = &rehearsal.exit.value;
    let what = match exit {
        Some(exit) => format!("the call comes to `{exit}`, not to `{wanted}`"),
        None => format!(
            "the call comes to no exit, not to `{wanted}`; after the last line the caller heard {}",
            told(&stage)
        ),
    };
    Err(Difference { place: rehearsal.exit.place, what })
}

/// Plays a call to its end, wherever that is.
pub(super) fn played(set: &Arc<FlowSet>, rehearsal: &Rehearsal) -> Result<Stage, Difference> {
    let mut stage = begin(set, &rehearsal.given)?;
    for line in &rehearsal.lines {
        play_line(&mut stage, line)?;
    }
    stage.until_quiet();
    Ok(stage)
}

fn begin(set: &Arc<FlowSet>, given: &Given) -> Result<Stage, Difference> {
    let named = FlowName::from(given.number.value.as_str());
    let flow = if set.position(&named).is_some() { named } else { set.route(&given.number.value).clone() };
    // Whether a triage tree is signed is not asked: its calls are rehearsed before it can be.
    let run = Run::new(Arc::clone(set), flow).with_unsigned(Unsigned::Answered);
    let mut run = run.told(answers(given)?);
    if let Some(at) = given.at {
        let at = set.zone().to_ambiguous_timestamp(at).compatible();
        let micros = at.map(|at| at.as_microsecond()).unwrap_or_default();
        run = run.begun_at(Instant::START, WallTime::from_micros(micros));
    }
    let mut stage = Stage::new(run, given.desk, REHEARSAL_INPUTS_MAX);
    if let Some(language) = &given.language {
        let languages = &set.clinic().languages;
        match languages.iter().position(|known| known.as_str() == language.value) {
            Some(0) => {}
            Some(_) => stage.press(Key::Digit(2)),
            None => {
                let what = format!("no caller hears `{}` here", language.value);
                return Err(Difference { place: language.place, what });
            }
        }
    }
    Ok(stage)
}

fn play_line(stage: &mut Stage, line: &Line) -> Result<(), Difference> {
    match line.does {
        // Keys fall into the words that are named last.
        Does::Presses(_) => while not_heard(stage, line).is_some() && stage.goes_on() {},
        Does::Nothing | Does::IsSilent | Does::Says(_) => stage.until_quiet(),
    }
    if let Some(wanted) = not_heard(stage, line) {
        let what = format!("the caller does not hear `{}` here, but {}", wanted.value, told(stage));
        return Err(Difference { place: wanted.place, what });
    }
    stage.forget_heard();
    match &line.does {
        Does::Nothing => {}
        Does::Presses(keys) => {
            for key in keys {
                stage.press(*key);
            }
        }
        Does::IsSilent => stage.be_silent(),
        Does::Says(time) => stage.say(*time),
    }
    Ok(())
}

/// The first prompt of a line that was not heard in its place since the line before.
fn not_heard<'a>(stage: &Stage, line: &'a Line) -> Option<&'a Placed<String>> {
    let mut heard = stage.heard().iter();
    line.hears.iter().find(|wanted| !heard.any(|heard| is_of(heard, &wanted.value)))
}

/// What the caller heard since the line before.
fn told(stage: &Stage) -> String {
    let heard = stage.heard();
    if heard.is_empty() { "nothing".to_owned() } else { format!("`{}`", heard.join("`, `")) }
}

/// Whether a recording is the prompt, or a segment of it.
fn is_of(heard: &str, prompt: &str) -> bool {
    let number = heard.strip_prefix(prompt).and_then(|rest| rest.strip_prefix('.'));
    heard == prompt || number.is_some_and(|number| number.chars().all(|c| c.is_ascii_digit()))
}

/// What the records answer; an outcome that a verb never has is a difference.
fn answers(given: &Given) -> Result<CareAnswers, Difference> {
    let mut answers = CareAnswers::default();
    for (verb, outcome) in &given.care {
        let care = crate::flow::care::named(&verb.value);
        match care.filter(|care| care.outcomes.contains(&outcome.value.as_str()) || outcome.value == "failed")
        {
            Some(care) => answers.answer(care.verb, &outcome.value),
            None => {
                let what = format!("`{}` never comes to `{}`", verb.value, outcome.value);
                return Err(Difference { place: outcome.place, what });
            }
        }
    }
    Ok(answers)
}
