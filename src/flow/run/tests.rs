//! The interpreter in virtual time.

use super::*;
use crate::flow::set::{Audio, SourceFile};

/// The shipped flows.
pub fn shipped() -> Arc<FlowSet> {
    let file = |name: &str, text: &str| SourceFile { path: format!("ivr-flows/{name}"), octets: text.into() };
    let files = vec![
        file("clinic.yaml", include_str!("../../../ivr-flows/clinic.yaml")),
        file("prompts.yaml", include_str!("../../../ivr-flows/prompts.yaml")),
        file("entry.yaml", include_str!("../../../ivr-flows/entry.yaml")),
        file("main_menu.yaml", include_str!("../../../ivr-flows/main_menu.yaml")),
        file("after_hours.yaml", include_str!("../../../ivr-flows/after_hours.yaml")),
    ];
    let (set, faults) = FlowSet::load(files, &|_, _| Audio::Present);
    let shown: Vec<String> = faults.iter().map(|f| f.render(crate::flow::diagnostic::Paint::Plain)).collect();
    assert!(faults.is_empty(), "{}", shown.join("\n"));
    Arc::new(set.unwrap())
}

#[test]
fn the_shipped_flows_have_no_fault() {
    let set = shipped();
    assert_eq!(set.route("+1 617 555-0199").as_str(), "after_hours");
    assert_eq!(set.route("0").as_str(), "main_menu");
    assert_eq!(set.version().len(), 64);
}
