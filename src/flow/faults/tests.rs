//! Every kind of fault has its page, and every example is true.

use super::*;
use crate::flow::codes::CODES;
use crate::flow::diagnostic::Severity;
use crate::flow::set::{Audio, FlowSet, SourceFile};
use crate::flow::shipped::FILES;
use crate::flow::syntax::tree;

/// The codes of the faults, warnings apart, that the shipped files have when one of them is changed.
fn codes_with(file: &str, change: impl Fn(&str) -> String) -> Vec<&'static str> {
    let one = |(name, text): (&str, &str)| SourceFile {
        path: name.to_owned(),
        octets: if name == file { change(text) } else { text.to_owned() }.into_bytes(),
    };
    let (_, faults) = FlowSet::load(FILES.map(one).to_vec(), &|_, _| Audio::Present);
    faults.iter().filter(|found| found.severity == Severity::Fault).map(|fault| fault.code.id).collect()
}

#[test]
fn every_kind_of_fault_has_one_page_in_the_order_of_its_code() {
    let mut known: Vec<&str> = CODES.iter().chain(tree::CODES).map(|code| code.id).collect();
    known.sort_unstable_by_key(|id| (!id.starts_with('Y'), *id));
    let written: Vec<&str> = pages().map(|page| page.code.id).collect();
    assert_eq!(written, known, "write the missing pages in src/flow/faults/");
}

#[test]
fn the_wrong_half_of_an_example_has_the_fault_and_the_right_half_has_none() {
    let mut untrue = Vec::new();
    for page in pages() {
        let (wrong, right) = match page.example {
            Example::Told(_) => continue,
            Example::Steps { wrong, right } => {
                let whole = |steps: &str| format!("flow: after_hours\nstart: a\nsteps:\n{steps}\n");
                (
                    codes_with("after_hours.yaml", |_| whole(wrong)),
                    codes_with("after_hours.yaml", |_| whole(right)),
                )
            }
            Example::Words { file, wrong, right } => {
                let shipped = FILES.iter().find(|(name, _)| *name == file).map_or("", |(_, text)| text);
                assert!(shipped.contains(right), "{}: {file} has no `{right}`", page.code.id);
                (codes_with(file, |text| text.replacen(right, wrong, 1)), codes_with(file, str::to_owned))
            }
        };
        if !wrong.contains(&page.code.id) || !right.is_empty() {
            untrue.push(format!("{}: wrong half {wrong:?}, right half {right:?}", page.code.id));
        }
    }
    assert!(untrue.is_empty(), "{}", untrue.join("\n"));
}

#[test]
fn a_page_is_printed_without_the_signs_of_markdown() {
    let text = pages().find(|page| page.code.id == "F012").map(Page::text).unwrap_or_default();
    assert!(
        text.starts_with("F012: a key leads to a step that does not exist\n\nWhat it means\n\n"),
        "{text}"
    );
    assert!(
        text.contains("Wrong (`main_menu.yaml`):\n\n    3: refil,\n\nRight:\n\n    3: refill,\n"),
        "{text}"
    );
    for page in pages() {
        let text = page.text();
        assert!(!text.contains("```") && !text.contains("##"), "{text}");
        let long = text.lines().find(|line| !line.starts_with("    ") && line.chars().count() > LINE_SHOWN);
        assert_eq!(long, None, "{}", page.code.id);
    }
}
