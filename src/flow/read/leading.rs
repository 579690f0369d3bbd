//! Steps that lead to somebody: `transfer queue callback`, as written.

use super::acts::{maybe, named, outcomes, way};
use super::flow::ActText;
use crate::flow::codes::FAMILY;
use crate::flow::diagnostic::Sources;
use crate::flow::program::Rung;
use crate::flow::syntax::fields::{self, Fields};
use crate::flow::syntax::tree::Node;
use crate::flow::vocabulary;
use std::time::Duration;

/// `transfer:`
pub fn transfer(node: &Node, sources: &mut Sources) -> Option<ActText> {
    let mut fields = Fields::of_object(node, &[&vocabulary::steps::TRANSFER], FAMILY, sources)?;
    let target = fields.need("transfer", sources);
    let target = target.and_then(|n| super::clinic::call_target(n, sources));
    let prompt = named(&mut fields, "before", "a prompt", sources);
    let ring = fields.take("ring");
    let ring = ring.and_then(|n| fields::duration(n, "time to ring", 5..=120, FAMILY, sources));
    let keys = fields.take("keys").map(|n| super::clinic::menu_keys(n, sources)).unwrap_or_default();
    let interpreter = maybe(&mut fields, "interpreter", "a language", sources);
    let exit = maybe(&mut fields, "exit", "an exit", sources);
    let _ = fields.take("with");
    let ways = outcomes(&mut fields, &["failed"], sources);
    let at = fields.place;
    fields.finish(sources);
    Some(ActText::Transfer {
        to: Rung { target: target?, ring: ring.unwrap_or(Duration::from_secs(25)), keys },
        interpreter,
        prompt: prompt?,
        exit,
        failed: way(&ways?, "failed", at),
    })
}

/// `queue:`
pub fn queue(node: &Node, sources: &mut Sources) -> Option<ActText> {
    let mut fields = Fields::of_object(node, &[&vocabulary::steps::QUEUE], FAMILY, sources)?;
    let queue = named(&mut fields, "queue", "a queue", sources);
    let prompt = named(&mut fields, "before", "a prompt", sources);
    let exit = maybe(&mut fields, "exit", "an exit", sources);
    let _ = fields.take("with");
    let ways = outcomes(&mut fields, &["overflow", "failed"], sources);
    let at = fields.place;
    fields.finish(sources);
    let ways = ways?;
    let (overflow, failed) = (way(&ways, "overflow", at), way(&ways, "failed", at));
    queue?;
    Some(ActText::Queue { prompt: prompt?, exit, overflow, failed })
}

/// `callback:`
pub fn callback(node: &Node, sources: &mut Sources) -> Option<ActText> {
    let mut fields = Fields::of_object(node, &[&vocabulary::steps::CALLBACK], FAMILY, sources)?;
    let prompt = named(&mut fields, "callback", "a prompt", sources);
    let within = fields.need("within", sources);
    let within =
        within.and_then(|n| fields::duration(n, "time until the call", 60..=86_400, FAMILY, sources));
    let _ = fields.take("with");
    let ways = outcomes(&mut fields, &["done", "failed"], sources);
    let at = fields.place;
    fields.finish(sources);
    within?;
    let ways = ways?;
    let (done, failed) = (way(&ways, "done", at), way(&ways, "failed", at));
    Some(ActText::Callback { prompt: prompt?, done, failed })
}
