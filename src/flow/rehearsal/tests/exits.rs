//! Every exit of every shipped flow is reached by a shipped rehearsal, in each language of the clinic.
//!
//! ```text
//!  ivr-flows/NAME.yaml ──────▶ what each flow leads to ──────┐
//!                                                            ├──▶ exits.txt, and no gap in it
//!  ivr-flows/NAME.test.yaml ─▶ played: where each call ends ─┘
//! ```
//! An exit is that of the flow in which the call was last: whoever presses 0 in the first words leaves `entry`.
//! Two exits belong to no flow, and no rehearsal can reach them: `fax` (a machine is heard) and `close_by_phone` (the
//! service number); both have tests of their own beside the interpreter.

use super::*;
use crate::flow::action::Why;
use crate::flow::program::{Act, Flow, Target};
use expect_test::expect_file;
use std::collections::{BTreeMap, BTreeSet};

/// An exit of a flow in a language: flow, exit, language.
type Way = (String, String, String);

/// What a caller of any flow can come to: by 0 with somebody and with nobody at the desk, by 9, by the emergency number.
const BY_FIXED_KEYS: [&str; 4] = ["person", "message_left", "crisis", "emergency"];

const fn exit_of(why: Why) -> &'static str {
    match why {
        Why::Asked | Why::WrongKeys | Why::Silence | Why::Fault => "person",
        Why::Nurse => "nurse",
        Why::Crisis => "crisis",
        Why::Emergency => "emergency",
    }
}

/// Every exit of a flow.
fn exits(flow: &Flow) -> BTreeSet<String> {
    let mut exits = BTreeSet::from(BY_FIXED_KEYS.map(str::to_owned));
    for step in &flow.steps {
        match &step.act {
            Act::Person { exit, .. } | Act::End { exit, .. } | Act::Transfer { exit, .. } => {
                exits.insert(exit.as_str().to_owned());
            }
            // 4 is the nurse wherever a menu is open.
            Act::Menu { .. } | Act::Offer { .. } => {
                exits.insert(exit_of(Why::Nurse).to_owned());
            }
            _ => {}
        }
        exits.extend(step.act.targets().into_iter().filter_map(|target| match target {
            Target::Ladder(why) => Some(exit_of(why).to_owned()),
            Target::Message => Some("message_left".to_owned()),
            Target::Step(_) | Target::CalledNumber | Target::Return => None,
        }));
    }
    exits
}

/// Every way of a set.
fn ways(set: &FlowSet) -> BTreeSet<Way> {
    let mut ways = BTreeSet::new();
    for flow in set.flows() {
        for exit in exits(flow) {
            for language in &set.clinic().languages {
                ways.insert((flow.name.as_str().to_owned(), exit.clone(), language.as_str().to_owned()));
            }
        }
    }
    ways
}

/// The ways that these files reach, each with the rehearsals that do.
fn reached(set: &Arc<FlowSet>, files: &[SourceFile]) -> BTreeMap<Way, Vec<String>> {
    let mut sources = Sources::default();
    let mut reached = BTreeMap::<Way, Vec<String>>::new();
    for file in files {
        for rehearsal in read::file(file, set, &mut sources) {
            let stage = stage::played(set, &rehearsal)
                .unwrap_or_else(|other| panic!("{}: {}", rehearsal.name.value, other.what));
            let (flow, _) = stage.step().expect("a call has a step");
            let exit = stage.exit().unwrap_or_else(|| panic!("{} has no exit", rehearsal.name.value));
            let language = rehearsal.given.language.map_or("en".to_owned(), |language| language.value);
            let way = (flow.as_str().to_owned(), exit.as_str().to_owned(), language);
            let name = format!("{}: {}", file.path, rehearsal.name.value);
            reached.entry(way).or_default().push(name);
        }
    }
    assert!(sources.into_faults().is_empty());
    reached
}

fn shipped_rehearsals() -> Vec<SourceFile> {
    let mut files = of_folder(|name| name.ends_with(".test.yaml"));
    files.sort_by(|a, b| a.path.cmp(&b.path));
    files
}

/// A paragraph for each exit, with the rehearsals that reach it.
fn table(ways: &BTreeSet<Way>, reached: &BTreeMap<Way, Vec<String>>) -> String {
    let all: BTreeSet<&Way> = ways.iter().chain(reached.keys()).collect();
    let mut table = String::new();
    for way @ (flow, exit, language) in all {
        let by = reached.get(way).map(|names| names.join("; ")).unwrap_or_default();
        table += &format!("{flow:15} {exit:19} {language}  {by}\n");
    }
    table
}

fn gaps<'a>(ways: &'a BTreeSet<Way>, reached: &BTreeMap<Way, Vec<String>>) -> Vec<&'a Way> {
    ways.iter().filter(|way| !reached.contains_key(*way)).collect()
}

#[test]
fn every_exit_of_every_shipped_flow_is_rehearsed_in_each_language() {
    let set = shipped();
    let (ways, reached) = (ways(&set), reached(&set, &shipped_rehearsals()));
    let gaps = gaps(&ways, &reached);
    let table = table(&ways, &reached);
    assert!(gaps.is_empty(), "{} exits without a rehearsal: {gaps:#?}\n{table}", gaps.len());
    let unknown: Vec<&Way> = reached.keys().filter(|way| !ways.contains(*way)).collect();
    assert!(unknown.is_empty(), "ended where no flow leads: {unknown:?}");
    expect_file!["exits.txt"].assert_eq(&table);
}

#[test]
fn a_file_of_rehearsals_that_is_taken_away_leaves_its_exits_as_gaps() {
    let set = shipped();
    let files = shipped_rehearsals().into_iter().filter(|one| one.path != "office_info.test.yaml");
    let (ways, reached) = (ways(&set), reached(&set, &files.collect::<Vec<_>>()));
    let gaps = gaps(&ways, &reached);
    let informed = |of: &str| {
        gaps.iter().any(|(_, exit, language)| (exit.as_str(), language.as_str()) == ("informed", of))
    };
    assert!(informed("en") && informed("es"), "{gaps:?}");
    assert!(gaps.iter().all(|(flow, _, _)| flow == "office_info"), "{gaps:?}");
}
