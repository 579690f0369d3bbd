//! What an administrator reads when a flow set has faults: one golden text for each kind.

mod clinic;
mod french;
mod hours;
mod known;
mod linear;
mod names;
mod offers;
mod paths;
mod requests;
mod shapes;
mod slots;
mod triage;
mod values;
mod words;
mod yaml_traps;

use crate::flow::codes::CODES;
use crate::flow::diagnostic::{Diagnostic, Paint, Severity};
use crate::flow::set::{Audio, FlowSet, SourceFile};
use crate::flow::shipped::FILES;
use crate::flow::syntax::tree;
use expect_test::{Expect, expect};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

thread_local! {
    static SEEN: RefCell<BTreeSet<&'static str>> = const { RefCell::new(BTreeSet::new()) };
}

/// The shipped files, some of them replaced; `None` takes one away.
fn shipped(changes: &[(&str, Option<&[u8]>)]) -> Vec<SourceFile> {
    let mut files: BTreeMap<&str, &[u8]> = FILES.map(|(name, text)| (name, text.as_bytes())).into();
    for (name, octets) in changes {
        match octets {
            Some(octets) => files.insert(name, octets),
            None => files.remove(name),
        };
    }
    let file = |(name, octets): (&str, &[u8])| SourceFile { path: name.to_owned(), octets: octets.to_vec() };
    files.into_iter().map(file).collect()
}

/// The faults of the shipped files with these changes.
fn load(changes: &[(&str, Option<&[u8]>)]) -> Vec<Diagnostic> {
    let files = shipped(changes);
    let (set, faults) = FlowSet::load(files, &|prompt, language| match prompt.as_str() {
        "x.missing" => Audio::Missing,
        "x.broken" if language.as_str() == "es" => Audio::Broken("no sound in it".to_owned()),
        _ => Audio::Present,
    });
    assert_eq!(set.is_some(), faults.iter().all(|fault| fault.severity == Severity::Warning));
    SEEN.with_borrow_mut(|seen| seen.extend(faults.iter().map(|fault| fault.code.id)));
    faults
}

fn render(faults: &[Diagnostic]) -> String {
    faults.iter().map(|fault| fault.render(Paint::Plain) + "\n").collect()
}

/// The faults of the shipped set with `file` replaced by `octets`.
fn with(file: &str, octets: impl AsRef<[u8]>, expected: Expect) {
    expected.assert_eq(&render(&load(&[(file, Some(octets.as_ref()))])));
}

/// The faults when `old` becomes `new` in a shipped file.
fn edited(file: &str, old: &str, new: &str, expected: Expect) {
    let text = match file {
        "clinic.yaml" => include_str!("../../../ivr-flows/clinic.yaml"),
        "prompts.yaml" => include_str!("../../../ivr-flows/prompts.yaml"),
        "entry.yaml" => include_str!("../../../ivr-flows/entry.yaml"),
        "main_menu.yaml" => include_str!("../../../ivr-flows/main_menu.yaml"),
        _ => include_str!("../../../ivr-flows/after_hours.yaml"),
    };
    assert!(text.contains(old), "{file} has no `{old}`");
    with(file, text.replacen(old, new, 1), expected);
}

/// `after_hours.yaml` with these steps, of which the first is `a`.
fn steps(steps: &str, expected: Expect) {
    let text = format!("flow: after_hours\nstart: a\nsteps:\n{steps}\n");
    with("after_hours.yaml", text, expected);
}

const GOOD: &str = "  a: {menu: vm.closed_now, keys: {1: message}}\n";

#[test]
fn every_kind_of_fault_has_its_golden_text_and_none_is_unused() {
    load(&[("after_hours.yaml", Some("- !a\n".repeat(1_000).as_bytes()))]);
    for group in [
        yaml_traps::yaml_traps,
        shapes::shapes,
        names::names,
        paths::paths,
        words::words,
        offers::offers,
        clinic::clinic,
        hours::hours,
        requests::requests,
        slots::slots,
        values::values,
        triage::triage,
        known::known,
    ] {
        group();
    }
    // What is typed after `careline close` is in no file: cli/close/wish/tests.rs shows its codes. What does not fit to
    // careline.yaml is shown in cli/by_phone.rs and cli/trunks.rs.
    let elsewhere = ["F193", "F194", "F195", "F196", "F198", "F199"];
    let of_files = |id: &&str| !("F180"..="F184").contains(id) && !elsewhere.contains(id);
    let all = CODES.iter().chain(tree::CODES).map(|code| code.id).filter(of_files);
    let unseen: Vec<&str> = SEEN.with_borrow(|seen| all.filter(|id| !seen.contains(id)).collect());
    assert_eq!(unseen, Vec::<&str>::new(), "codes that no example shows");
}

#[test]
fn a_file_of_nothing_but_faults_shows_no_more_than_can_be_repaired() {
    for line in ["- !a\n", "a: b\n", "#: b\n"] {
        let text = format!("b: c\n{}", line.repeat(50_000)).replace("b: c\n-", "-");
        let faults = load(&[("after_hours.yaml", Some(text.as_bytes()))]);
        assert_eq!(faults.len(), crate::limits::FAULTS_MAX + 1, "{line}");
        assert_eq!(faults.last().map(|fault| fault.code.id), Some("Y017"), "{line}");
    }
}

#[test]
fn numbers_stay_as_they_are_written() {
    let text = include_str!("../../../ivr-flows/clinic.yaml").replace(
        "  100: main_menu",
        "  +16175550142: main_menu\n  03141958: after_hours\n  1e3: after_hours\n  0x10: main_menu",
    );
    let files: Vec<SourceFile> = shipped(&[("clinic.yaml", Some(text.as_bytes()))]);
    let (set, faults) = FlowSet::load(files, &|_, _| Audio::Present);
    assert!(faults.is_empty(), "{}", render(&faults));
    let numbers: Vec<String> = set.unwrap().numbers().map(|(number, _)| number.to_owned()).collect();
    let written = ["+16175550142", "03141958", "0x10", "1e3"];
    assert!(written.iter().all(|number| numbers.contains(&(*number).to_owned())), "{numbers:?}");
    assert!(!numbers.contains(&"100".to_owned()), "{numbers:?}");
}

#[test]
fn what_yaml_allows_and_does_no_harm_is_allowed() {
    let text = include_str!("../../../ivr-flows/after_hours.yaml");
    for (name, text) in [
        ("a byte order mark", format!("\u{feff}{text}")),
        ("lines ended as on Windows", text.replace('\n', "\r\n")),
        ("a document mark", format!("---\n{text}")),
        ("an end mark", format!("{text}...\n")),
        ("a comment after a value", text.replace("start: closed", "start: closed   # the first")),
        ("no line end at the end", text.trim_end().to_owned()),
        ("words that other readers turn into true", text.replace("owner: front desk", "owner: yes")),
        ("the nurse written out", text.replace("{1: message}", "{1: message, 4: nurse}")),
        ("a mapped answer", text.replace("{1: message}", "{1: leave}\n    next: {leave: message}")),
        ("a mapped rest", text.replace("{1: message}", "{1: leave}\n    next: {else: message}")),
        ("a quoted key", text.replace("{1: message}", "{\"1\": message}")),
    ] {
        let faults = load(&[("after_hours.yaml", Some(text.as_bytes()))]);
        assert!(faults.is_empty(), "{name}:\n{}", render(&faults));
    }
}

#[test]
fn the_version_follows_names_and_contents() {
    let version = |name: &str, text: &str| {
        let file = |name: &str, octets: &[u8]| SourceFile {
            path: format!("some/where/{name}"),
            octets: octets.to_vec(),
        };
        let others = FILES.iter().filter(|(other, _)| *other != name);
        let mut files: Vec<SourceFile> = others.map(|(name, text)| file(name, text.as_bytes())).collect();
        files.push(file(name, text.as_bytes()));
        FlowSet::load(files, &|_, _| Audio::Present).0.unwrap().version().to_owned()
    };
    let text = include_str!("../../../ivr-flows/after_hours.yaml");
    assert_eq!(version("after_hours.yaml", text), version("after_hours.yaml", text));
    assert_ne!(version("after_hours.yaml", text), version("after_hours.yaml", &format!("{text}\n")));
}
