//! The house rules as a test: floors, crates, words, lengths, names.
//!
//! It reads every Rust file of the repository and fails with file, line, rule and repair. The rules
//! and their tables stand in `tests/tidy/rules.rs`; here they are run, and proved: each is fed a
//! faulty snippet that it must find and a good one that it must leave alone.

#[path = "tidy/citations.rs"]
mod citations;
#[path = "tidy/rules.rs"]
mod rules;
#[path = "tidy/source.rs"]
mod source;

use rules::Fault;
use source::Source;
use std::fs;
use std::path::{Path, PathBuf};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const FOLDERS: [&str; 6] = ["src", "tests", "benches", "examples", "fuzz", "build.rs"];

/// Files under `folder` with this ending, in order, as paths from the root.
fn files(folder: &str, ending: &str) -> Vec<String> {
    let mut waiting: Vec<PathBuf> = vec![Path::new(ROOT).join(folder)];
    let mut found = Vec::new();
    while let Some(path) = waiting.pop() {
        if path.ends_with("target") || path.ends_with("corpus") {
            continue;
        }
        if let Ok(entries) = fs::read_dir(&path) {
            waiting.extend(entries.filter_map(Result::ok).map(|entry| entry.path()));
        } else if path.extension().is_some_and(|extension| extension == ending) && path.exists() {
            let inside = path.strip_prefix(ROOT).expect("every path was found under the root");
            found.push(inside.to_string_lossy().replace('\\', "/"));
        }
    }
    found.sort();
    found
}

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(ROOT).join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn assert_clean(faults: &[Fault]) {
    let lines: Vec<String> = faults.iter().map(ToString::to_string).collect();
    assert!(faults.is_empty(), "{} house rules broken:\n\n{}\n", lines.len(), lines.join("\n"));
}

fn faults_of(path: &str, text: &str) -> Vec<Fault> {
    rules::check(&Source::new(path, text))
}

#[test]
fn every_file_keeps_the_house_rules() {
    let paths: Vec<String> = FOLDERS.iter().flat_map(|folder| files(folder, "rs")).collect();
    assert!(paths.len() > 20, "only {} Rust files found under {ROOT}", paths.len());
    let faults: Vec<Fault> = paths.iter().flat_map(|path| faults_of(path, &read(path))).collect();
    assert_clean(&faults);
}

const COVERAGE: &str = "docs/rfc-coverage.md";
/// Writes the file anew in place of comparing it.
const REWRITE: &str = "CARELINE_REWRITE";

#[test]
fn rfc_coverage_is_what_the_sources_cite() {
    let paths = ["src", "tests"].iter().flat_map(|folder| files(folder, "rs"));
    // Tidy's own files speak of citations, they make none.
    let paths = paths.filter(|path| !path.starts_with("tests/tidy"));
    let sources: Vec<Source> = paths.map(|path| Source::new(&path, &read(&path))).collect();
    let document = citations::document(&sources);
    if std::env::var_os(REWRITE).is_some() {
        fs::write(Path::new(ROOT).join(COVERAGE), &document).expect("the document is written");
    }
    let stands = fs::read_to_string(Path::new(ROOT).join(COVERAGE)).unwrap_or_default();
    let differs = stands.lines().zip(document.lines()).find(|(stands, made)| stands != made);
    assert!(
        stands == document,
        "{COVERAGE} is stale. Write it anew: {REWRITE}=1 cargo test --test tidy rfc_coverage\nfirst difference: {differs:?}"
    );
}

#[test]
fn citations_are_found_wherever_they_stand() {
    let code = "//! RFC 3264 §6: pure.\n\
                /// A rule (RFC 3261 §8.2.7, §18.2.1; RFC 3581 §4).\nfn f() {} // RFC 3261 §17.1.1.2 and\n// §17.2.3, and RFC 5118\n\
                #[cfg(test)]\nmod tests {\n    // RFC 3261 §8.2.7\n    #[test]\n    fn one() {}\n    #[test]\n    fn two() { /* RFC 3581 §4. */ }\n}\n";
    let found: Vec<String> =
        citations::citations(code).iter().map(|(_, section)| format!("{section:?}")).collect();
    assert_eq!(found.len(), 8, "{found:?}");
    let document = citations::document(&[
        Source::new("src/a/mod.rs", code),
        Source::new("tests/b.rs", "//! RFC 3264 §6\nfn g() {}\n"),
    ]);
    for line in [
        "6 sections are cited in code, 3 of them are owed.",
        "| §6 | a | `tests/b` |",
        "| §8.2.7 | a | `a::one` |",
        "| §17.2.3 | a | **owed** |",
        "| §4 | a | `a::two` |",
    ] {
        assert!(document.contains(line), "{line} is not in\n{document}");
    }
}

#[test]
fn every_file_of_the_library_is_a_module() {
    let paths = files("src", "rs");
    let texts: Vec<(String, String)> = paths.iter().map(|path| (path.clone(), read(path))).collect();
    assert_clean(&rules::orphans(&texts));
    let with = |name: &str| {
        vec![
            (name.to_owned(), String::new()),
            ("src/lib.rs".to_owned(), "mod io;".to_owned()),
            ("src/io.rs".to_owned(), "mod a;".to_owned()),
        ]
    };
    assert_eq!(rules::orphans(&with("src/io/a.rs")), []);
    assert_eq!(rules::orphans(&with("src/io/b.rs")).len(), 1, "nothing names it, so nothing builds it");
}

#[test]
fn every_dependency_has_a_home() {
    assert_clean(&rules::dependencies(&read("Cargo.toml")));
}

#[test]
fn every_decision_says_when_we_were_wrong() {
    let faults: Vec<Fault> =
        files("docs/decisions", "md").iter().flat_map(|path| rules::decision(path, &read(path))).collect();
    assert_clean(&faults);
}

#[test]
fn every_scenario_is_in_the_scenarios_readme() {
    let readme = read("sipp-scenarios/README.md");
    let missing: Vec<String> = files("sipp-scenarios", "xml")
        .into_iter()
        .filter(|path| !readme.contains(path.trim_start_matches("sipp-scenarios/")))
        .collect();
    assert!(missing.is_empty(), "sipp-scenarios/README.md gives no line for {missing:?}");
}

/// The rule that a snippet breaks, or `clean`.
fn verdict(path: &str, body: &str) -> String {
    let found = faults_of(path, &format!("//! Doc.\n{body}"));
    let rules: Vec<&str> = found.iter().map(|fault| fault.rule).collect();
    if rules.is_empty() { "clean".to_owned() } else { rules.join(" ") }
}

#[test]
fn each_rule_finds_its_fault_and_leaves_the_good_alone() {
    let table: &[(&str, &str, &str)] = &[
        ("src/sip/dialog.rs", "use crate::media::command::Event;", "floors"),
        ("src/sip/dialog.rs", "use crate::{clock::Instant, wire::sip::Uri};", "clean"),
        ("src/sip/dialog.rs", "fn f() -> crate::switch::Switch {}", "floors"),
        ("src/media/leg.rs", "use crate::{wire::codec::Codec,\n sip::interface::Event};", "floors"),
        ("src/flow/run.rs", "use crate::wire::telephone_event::Key;", "clean"),
        ("src/flow/run.rs", "use crate::wire::{telephone_event::Key, sdp::Sdp};", "floors"),
        ("src/report/cdr.rs", "use crate::switch::Switch;", "floors"),
        ("src/io/run.rs", "use crate::cli::Arguments;", "floors"),
        ("src/limits.rs", "use crate::wire::codec::Codec;", "floors"),
        ("src/queues/acd.rs", "", "floors"),
        ("src/media/leg.rs", "use rtp::packet::Packet;", "crates"),
        ("src/wire/rtp.rs", "use rtp::packet::Packet;", "clean"),
        ("src/media/leg.rs", "use crate::rtp; fn f() { rtp::session::open(); }", "clean"),
        ("src/io/run.rs", "use sqlx::Row;", "crates"),
        ("src/io/store.rs", "use sqlx::Row;", "clean"),
        ("src/sip/stack.rs", "use std::time::{Duration, Instant};", "sans-io"),
        ("src/sip/stack.rs", "use std::time::Duration;", "clean"),
        ("src/call/leg.rs", "fn f() { std::fs::read(x); }", "sans-io"),
        ("src/call/leg.rs", "async fn f() {}", "sans-io"),
        ("src/call/leg.rs", "#[cfg(test)]\nmod tests { use std::fs; }", "clean"),
        ("src/call/leg.rs", "struct A { m: Mutex<u8> } // Mutex", "sans-io"),
        ("src/call/leg.rs", "// no Mutex, no tokio\nconst A: &str = \"tokio\";", "clean"),
        ("src/io/run.rs", "use std::fs; async fn f() {}", "clean"),
        ("src/io/run.rs", "fn f() { unsafe { g() } }", "unsafe"),
        ("src/io/run.rs", "const A: &str = \"unsafe\"; // unsafe", "clean"),
        ("src/call/utils.rs", "", "names"),
        ("src/call/leg_manager.rs", "", "names"),
        ("src/call/leg.rs", "fn f() { g().unwrap(); }", "panics"),
        (
            "src/call/leg.rs",
            "fn f() { g().unwrap_or(1); }\n#[cfg(test)]\nmod tests { fn f() { g().unwrap(); } }",
            "clean",
        ),
        ("src/call/leg.rs", "// TODO: later", "loose ends"),
        ("tests/sim/main.rs", "fn f() { std::thread::sleep(d); }", "tests"),
        ("tests/sim/main.rs", "use std::thread; fn f() { thread::sleep(d); }", "tests"),
        ("src/call/leg.rs", "#[cfg(test)]\nmod tests { #[test] #[ignore] fn f() {} }", "tests"),
        ("src/call/mod.rs", "pub use leg::Leg;", "public face"),
        ("src/lib.rs", "pub use call::Leg;", "clean"),
        ("src/call/leg.rs", "pub fn set_hold(&mut self) {}", "public face"),
        ("src/call/leg.rs", "pub fn hold(&mut self, on: bool) {}", "public face"),
        ("src/call/leg.rs", "pub fn is_held(&self, f: fn(u8) -> bool) -> bool {}", "clean"),
    ];
    for (path, body, expected) in table {
        assert_eq!(&verdict(path, body), expected, "{path}: {body}");
    }
}

#[test]
fn a_file_without_its_purpose_is_found() {
    let rules: Vec<&str> =
        faults_of("src/call/leg.rs", "fn f() {}\n").iter().map(|fault| fault.rule).collect();
    assert_eq!(rules, ["opening"]);
}

#[test]
fn lengths_are_counted_in_lines_of_code() {
    let function =
        |lines: usize| format!("fn f() -> Result<A, B> {{\n{}}}\n", "    g();\n    // why\n\n".repeat(lines));
    assert_eq!(verdict("src/call/leg.rs", &function(70)), "clean");
    assert_eq!(verdict("src/call/leg.rs", &function(71)), "length");
    let file = |lines: usize| "const A: u8 = 1;\n".repeat(lines);
    assert_eq!(verdict("src/call/leg.rs", &file(599)), "clean");
    assert_eq!(verdict("src/call/leg.rs", &file(600)), "length");
    let tested = format!("{}#[cfg(test)]\nmod tests {{}}\n{}", file(599), file(900));
    assert_eq!(verdict("src/call/leg.rs", &tested), "clean", "tests are as long as they need");
}

#[test]
fn a_fault_says_where_and_how_to_repair_it() {
    let faults = faults_of("src/sip/dialog.rs", "//! Doc.\n\nuse crate::media::leg::Leg;\n");
    let text: Vec<String> = faults.iter().map(ToString::to_string).collect();
    assert_eq!(
        text,
        [
            "src/sip/dialog.rs:3  floors: `sip` names `media`, which does not stand under it (it may name: wire); \
          pass the value in, or move the code up"
        ]
    );
}

#[test]
fn a_new_dependency_needs_a_home_and_a_decision_its_parts() {
    let faults =
        rules::dependencies("[package]\nname = \"a\"\n[dependencies]\nserde = \"1\"\nleft-pad = \"1\"\n");
    assert_eq!(faults.iter().map(|fault| fault.line).collect::<Vec<_>>(), [5]);
    let faults =
        rules::decision("docs/decisions/0001-a.md", "# A\n## Situation\n## Choice\n## What it costs\n");
    assert_eq!(faults.len(), 2, "{faults:?}");
}
