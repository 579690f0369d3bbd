//! `calls:` of `careline.yaml`: bounds on calls.

use super::codes::FAMILY;
use super::{Calls, seconds, vocabulary};
use crate::flow::diagnostic::Sources;
use crate::flow::syntax::fields::{self, Fields};
use crate::flow::syntax::tree::Node;

impl Calls {
    pub(super) fn take(&mut self, node: &Node, sources: &mut Sources) {
        let object = &vocabulary::CALLS;
        let Some(mut fields) = Fields::of_object(node, &[object], FAMILY, sources) else { return };
        if let Some(node) = fields.take("max") {
            let max = fields::number(node, "number of calls", 1..=100_000, FAMILY, sources);
            self.max = max.and_then(|max| u32::try_from(max).ok()).unwrap_or(self.max);
        }
        seconds(&mut fields, "ring_s", 5..=600, &mut self.ring, sources);
        seconds(&mut fields, "longest_s", 60..=86_400, &mut self.longest, sources);
        fields.finish(sources);
    }
}
