//! `NAME.test.yaml`: a list of calls, read as every other file is.

use super::{Desk, Does, Given, Line, Rehearsal};
use crate::flow::codes::{FAMILY, REHEARSAL};
use crate::flow::diagnostic::{Place, Sources, Words, did_you_mean};
use crate::flow::read::flow::one_key;
use crate::flow::set::{FlowSet, SourceFile, TEST_ENDING};
use crate::flow::syntax::fields::{self, Fields, Placed};
use crate::flow::syntax::tree::{self, Node, Reading, Shape};
use crate::flow::vocabulary;
use crate::id::FlowName;
use crate::limits::{REHEARSAL_LINES_MAX, REHEARSALS_MAX};
use jiff::civil::DateTime;

/// The calls of a file, without those that have faults.
pub fn file(file: &SourceFile, set: &FlowSet, sources: &mut Sources) -> Vec<Rehearsal> {
    let node = match tree::read(sources, &file.path, &file.octets) {
        (_, Reading::Tree(node)) => node,
        (_, Reading::Broken | Reading::Empty) => return Vec::new(),
    };
    let name =
        file.path.rsplit('/').next().and_then(|name| name.strip_suffix(TEST_ENDING)).unwrap_or_default();
    let calls = fields::items(&node, "a file of tests", FAMILY, sources).unwrap_or_default();
    if let Some(call) = calls.get(REHEARSALS_MAX) {
        let words = Words::what(format!("there are {} tests in this file", calls.len()))
            .repair(format!("make several files of it; at most {REHEARSALS_MAX} are played"));
        sources.fault(call.place, REHEARSAL, words);
    }
    let calls = calls.iter().take(REHEARSALS_MAX);
    calls.flat_map(|call| rehearsals(call, name, set, sources).unwrap_or_default()).collect()
}

/// One call, in each language in which it is written.
fn rehearsals(node: &Node, file: &str, set: &FlowSet, sources: &mut Sources) -> Option<Vec<Rehearsal>> {
    let mut fields = Fields::of_object(node, &[&vocabulary::TEST], FAMILY, sources)?;
    let at = fields.place;
    let name =
        fields.need("name", sources).and_then(|n| fields::prose(n, "the test's name", FAMILY, sources));
    let given = given(fields.take("given"), at, file, set, sources);
    let lines = fields.need("call", sources);
    let then = fields.need("then", sources);
    fields.finish(sources);
    let lines = lines.map(|n| self::lines(n, sources)).unwrap_or_default();
    let mut then = Fields::of_object(then?, &[&vocabulary::TEST_THEN], FAMILY, sources)?;
    let exit = then.need("exit", sources).and_then(|n| fields::name(n, "an exit", FAMILY, sources));
    then.finish(sources);
    let (given, mut languages) = given?;
    let most = set.clinic().languages.len();
    if let Some(one) = languages.get(most) {
        let words =
            Words::what(format!("this call is in {} languages, and callers hear {most}", languages.len()))
                .repair("name each language once");
        sources.fault(one.place, REHEARSAL, words);
    }
    languages.truncate(most);
    let one = Rehearsal { name: name?, given, lines, exit: exit? };
    Some(if languages.len() > 1 {
        languages.into_iter().map(|language| one.in_language(language)).collect()
    } else {
        vec![one]
    })
}

impl Rehearsal {
    /// The same call in a language, which its name tells.
    fn in_language(&self, language: Placed<String>) -> Rehearsal {
        let mut rehearsal = self.clone();
        rehearsal.name.value = format!("{} ({})", self.name.value, language.value);
        rehearsal.given.language = Some(language);
        rehearsal
    }
}

/// What holds, with the first language; and all of them.
fn given(
    node: Option<&Node>,
    at: Place,
    file: &str,
    set: &FlowSet,
    sources: &mut Sources,
) -> Option<(Given, Vec<Placed<String>>)> {
    let mut languages = Vec::new();
    let mut given = Given {
        number: Placed { value: file.to_owned(), place: node.map_or(at, |node| node.place) },
        at: None,
        language: None,
        desk: Desk::Answers,
        care: Vec::new(),
    };
    if let Some(node) = node {
        let mut fields = Fields::of_object(node, &[&vocabulary::TEST_GIVEN], FAMILY, sources)?;
        if let Some(number) = fields.take("number") {
            given.number = fields::word(number, "a number or flow", FAMILY, sources)?;
        }
        if let Some(at) = fields.take("at") {
            given.at = Some(moment(at, sources)?);
        }
        let language = fields.take("language");
        languages = language.map(|n| names(n, "a language", sources)).unwrap_or_default();
        given.language = languages.first().cloned();
        let desks = [("answers", Desk::Answers), ("nobody", Desk::Nobody)];
        let desk = fields.take("desk").and_then(|n| fields::choice(n, "desk", &desks, FAMILY, sources));
        given.desk = desk.unwrap_or_default();
        let care = fields.take("care");
        for (verb, outcome) in
            care.and_then(|n| fields::entries(n, "`care`", FAMILY, sources)).unwrap_or_default()
        {
            let verb = fields::name(verb, "something to ask of the records", FAMILY, sources);
            let outcome = fields::name(outcome, "an outcome", FAMILY, sources);
            given.care.extend(verb.zip(outcome));
        }
        fields.finish(sources);
    }
    let flow = FlowName::from(given.number.value.as_str());
    let is_number = given.number.value.chars().all(|c| c.is_ascii_digit() || "+ -.()".contains(c));
    if set.position(&flow).is_none() && !is_number {
        let known: Vec<&str> = set.flows().iter().map(|flow| flow.name.as_str()).collect();
        let words = Words::what(format!("there is no flow `{}`", given.number.value))
            .repair(format!("write `given: {{number: …}}`; {}", did_you_mean(&given.number.value, &known)));
        sources.fault(given.number.place, REHEARSAL, words);
        return None;
    }
    Some((given, languages))
}

/// `2026-11-26 10:00`.
fn moment(node: &Node, sources: &mut Sources) -> Option<DateTime> {
    let word = fields::word(node, "a day and time", FAMILY, sources)?;
    let read = DateTime::strptime("%Y-%m-%d %H:%M", &word.value).ok();
    if read.is_none() {
        let words = Words::what(format!("`{}` is no day and time", word.value));
        sources.fault(
            word.place,
            REHEARSAL,
            words.repair("write it as 2026-11-26 10:00, in the clinic's time"),
        );
    }
    read
}

fn lines(node: &Node, sources: &mut Sources) -> Vec<Line> {
    let items = fields::items(node, "`call`", FAMILY, sources).unwrap_or_default();
    if let Some(item) = items.get(REHEARSAL_LINES_MAX) {
        let words = Words::what(format!("this call has {} lines", items.len()))
            .repair(format!("make several tests of it; at most {REHEARSAL_LINES_MAX} lines are played"));
        sources.fault(item.place, REHEARSAL, words);
    }
    items.iter().take(REHEARSAL_LINES_MAX).filter_map(|item| line(item, sources)).collect()
}

fn line(node: &Node, sources: &mut Sources) -> Option<Line> {
    let mut fields = Fields::of_object(node, &[&vocabulary::TEST_LINE], FAMILY, sources)?;
    let hears = fields.take("hears").map(|n| names(n, "a prompt", sources)).unwrap_or_default();
    let presses = fields.take("presses").map(|n| keys(n, sources));
    let silent = fields.take("silent");
    let silent = silent.and_then(|n| fields::choice(n, "answer", &[("yes", ())], FAMILY, sources));
    let says = fields.take("says");
    let says = says.and_then(|n| fields::duration(n, "length of a message", 1..=300, FAMILY, sources));
    let at = fields.place;
    fields.finish(sources);
    let does: Vec<Does> = [presses.map(Does::Presses), silent.map(|()| Does::IsSilent), says.map(Does::Says)]
        .into_iter()
        .flatten()
        .collect();
    if does.len() > 1 {
        let words = Words::what("a caller does one thing in a line").repair("make several lines of it");
        sources.fault(at, REHEARSAL, words);
        return None;
    }
    Some(Line { hears, does: does.into_iter().next().unwrap_or(Does::Nothing) })
}

/// One name, or a list of names.
fn names(node: &Node, what: &str, sources: &mut Sources) -> Vec<Placed<String>> {
    let one = std::slice::from_ref(node);
    let all = match &node.shape {
        Shape::List(items) => items.as_slice(),
        Shape::Scalar(_) | Shape::Map(_) | Shape::Broken => one,
    };
    all.iter().filter_map(|node| fields::name(node, what, FAMILY, sources)).collect()
}

/// One key, or a list of keys.
fn keys(node: &Node, sources: &mut Sources) -> Vec<crate::wire::telephone_event::Key> {
    let one = std::slice::from_ref(node);
    let all = match &node.shape {
        Shape::List(items) => items.as_slice(),
        Shape::Scalar(_) | Shape::Map(_) | Shape::Broken => one,
    };
    all.iter().filter_map(|node| one_key(node, sources)).collect()
}
