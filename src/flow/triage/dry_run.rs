//! Rule T5, second half: each test of a tree is run through the engine's own interpreter, in virtual time, and must end
//! where it says. Words are over as soon as they begin, and whoever is called answers.

use super::of_draft::flows;
use super::read::{CallerAct, TestText};
use crate::flow::codes::TEST_FAILS;
use crate::flow::diagnostic::{Sources, Words};
use crate::flow::draft::Draft;
use crate::flow::rehearsal::Desk;
use crate::flow::run::Run;
use crate::flow::set::FlowSet;
use crate::flow::stage::Stage;
use crate::id::StepName;
use crate::limits::TRIAGE_TEST_INPUTS_MAX;
use std::sync::Arc;

/// Runs every test of every tree of a set, and finds fault with those that end elsewhere.
pub fn check(set: &Arc<FlowSet>, draft: &Draft, sources: &mut Sources) {
    for (flow, text) in flows(draft) {
        for test in text.triage.iter().flat_map(|triage| &triage.tests) {
            let came = run(set, flow, test);
            if came.exit.as_deref() == Some(test.exit.value.as_str()) && came.left == 0 {
                continue;
            }
            let last = came.last.map_or_else(String::new, |step| format!("; the last step was `{step}`"));
            let what = match &came.exit {
                Some(exit) if came.left > 0 => {
                    let left = if came.left == 1 { "key".to_owned() } else { format!("{} keys", came.left) };
                    format!("the test `{}` is at `{exit}` before its last {left}{last}", test.name.value)
                }
                Some(exit) => {
                    format!(
                        "the test `{}` ends at `{exit}`, not at `{}`{last}",
                        test.name.value, test.exit.value
                    )
                }
                None => format!(
                    "the test `{}` comes to no exit: the caller is still asked{last}",
                    test.name.value
                ),
            };
            let words = Words::what(what)
                .repair("mend the tree if callers are led wrongly, else the test")
                .hears("somebody who answers like this would come where nobody meant");
            sources.fault(test.exit.place, TEST_FAILS, words);
        }
    }
}

/// What came of a test.
struct Came {
    /// The exit that the call's record would show.
    exit: Option<String>,
    /// Acts of the caller that were not asked for any more.
    left: usize,
    /// The last step.
    last: Option<StepName>,
}

fn run(set: &Arc<FlowSet>, flow: usize, test: &TestText) -> Came {
    let run = Run::new(Arc::clone(set), set.flows()[flow].name.clone()).within(flow);
    let mut stage = Stage::new(run, Desk::Answers, TRIAGE_TEST_INPUTS_MAX);
    let mut acts = test.acts.iter();
    stage.until_quiet();
    while stage.exit().is_none() {
        match acts.next() {
            Some(CallerAct::Press(key)) => stage.press(*key),
            Some(CallerAct::Silence) => stage.be_silent(),
            None => break,
        }
        stage.until_quiet();
    }
    let exit = stage.exit().map(|exit| exit.as_str().to_owned());
    Came { exit, left: acts.len(), last: stage.step().map(|(_, step)| step.clone()) }
}
