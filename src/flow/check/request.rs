//! What a request sends: URLs are written into logs on their way, so nothing of a patient stands in one.

use crate::flow::codes::REQUEST_PHI;
use crate::flow::diagnostic::{Sources, Words};
use crate::flow::draft::Draft;
use crate::flow::expression::types::Environment;
use crate::flow::read::flow::ActText;
use crate::flow::request::Method;

/// Finds fault with values of a patient that a GET would send.
pub fn check(draft: &Draft, environment: &Environment, sources: &mut Sources) {
    for step in draft.flows.iter().flat_map(|flow| &flow.steps) {
        let Some(ActText::Request(text)) = &step.act else { continue };
        if text.plan.method == Method::Post {
            continue;
        }
        for (_, value) in &step.with {
            let flags = environment.variables.get(&value.value).map(|variable| variable.flags);
            if flags.is_none_or(|flags| !flags.phi && !flags.secret) {
                continue;
            }
            let words = Words::what(format!(
                "`{}` may tell of a patient, and would stand in a URL",
                value.value
            ))
            .repair("add `method: post`; or list it under `public` where it comes from, if it tells nothing")
            .hears("nothing; but every server and proxy on the way writes URLs into its logs");
            sources.fault(value.place, REQUEST_PHI, words);
        }
    }
}
