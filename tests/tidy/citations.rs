//! Which section of which RFC is cited where: in code, and in a test.
//!
//! `docs/rfc-coverage.md` is written from this. A section that code cites and no test does is owed: somebody
//! read the rule and nobody proves it. What a test proves is *not* judged here.

use crate::source::Source;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

/// The most tests that are named for one section.
const NAMED_MAX: usize = 3;
/// What stands before the table.
const HEAD: &str = "# RFC coverage\n\n\
    Which rule of which RFC is cited beside code, and which test cites it too. Written from the sources by\n\
    `CARELINE_REWRITE=1 cargo test --test tidy rfc_coverage`; `cargo test --test tidy` fails while it is stale.\n\
    **owed**: code cites the section, and no test does.\n";

/// An RFC and a section of it, such as `17.1.1.2`, in the order of its numbers.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Section {
    rfc: u32,
    /// Numbers by value, letters of appendices after them.
    parts: Vec<(u32, String)>,
}

impl Section {
    fn new(rfc: u32, text: &str) -> Self {
        let part = |part: &str| (part.parse().unwrap_or(u32::MAX), part.to_owned());
        Self { rfc, parts: text.split('.').map(part).collect() }
    }

    fn text(&self) -> String {
        let parts: Vec<&str> = self.parts.iter().map(|(_, text)| text.as_str()).collect();
        parts.join(".")
    }
}

/// Where a section is cited.
#[derive(Default)]
struct Places {
    code: BTreeSet<String>,
    tests: BTreeSet<String>,
}

/// Every citation of a text with its offset: `RFC 3261 §8.2, §8.3` cites two sections.
pub fn citations(text: &str) -> Vec<(usize, Section)> {
    let mut found = Vec::new();
    for (at, _) in text.match_indices("RFC ") {
        let rest = &text[at + 4..];
        let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let Ok(rfc) = rest[..digits].parse() else { continue };
        let mut rest = &rest[digits..];
        while let Some(after) = next_section(rest) {
            let end = after.find(|c: char| !c.is_ascii_alphanumeric() && c != '.').unwrap_or(after.len());
            let section = after[..end].trim_end_matches('.');
            if section.is_empty() {
                break;
            }
            found.push((at, Section::new(rfc, section)));
            rest = &after[section.len()..];
        }
    }
    found
}

/// What follows the next `§`, if nothing but a comma, a joining word or a line end of a comment is before it.
fn next_section(text: &str) -> Option<&str> {
    let (between, after) = text.split_once('§')?;
    let joins = |word: &str| matches!(word, "" | "," | "and" | "to" | "//" | "///" | "//!");
    between.split_whitespace().all(joins).then_some(after)
}

/// The test, or the function of a test, that an offset belongs to; `None` outside of all.
fn test_at(source: &Source, offset: usize) -> Option<&str> {
    let after = |at: usize| {
        let name = source.code[at + 2..].trim_start();
        &name[..name.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(name.len())]
    };
    let functions = source.words("fn").into_iter().filter(|at| !source.is_product(*at));
    let spans: Vec<(usize, usize)> =
        functions.filter_map(|at| Some((at, crate::rules::body_of(&source.code, at)?.end))).collect();
    let inside = spans.iter().rev().find(|(at, end)| (*at..*end).contains(&offset));
    // A comment before a function speaks of it, one at the top of a file of all.
    let is_of_the_file =
        source.text[..offset].lines().last().is_some_and(|line| line.trim_start().starts_with("//!"));
    let next = || spans.iter().find(|(at, _)| *at > offset).filter(|_| !is_of_the_file);
    inside.or_else(next).map(|(at, _)| after(*at))
}

/// The path of a file as a reader knows it: without `src/` and the ending.
fn place(path: &str) -> String {
    path.trim_start_matches("src/").trim_end_matches(".rs").trim_end_matches("/mod").to_owned()
}

/// The document.
pub fn document(sources: &[Source]) -> String {
    let mut sections: BTreeMap<Section, Places> = BTreeMap::new();
    for source in sources {
        for (offset, section) in citations(&source.text) {
            let places = sections.entry(section).or_default();
            if source.is_product(offset) {
                places.code.insert(place(&source.path));
            } else {
                let test = test_at(source, offset).map(|name| format!("::{name}")).unwrap_or_default();
                places.tests.insert(format!("{}{test}", place(&source.path)));
            }
        }
    }
    written(&sections)
}

fn written(sections: &BTreeMap<Section, Places>) -> String {
    let cited = sections.values().filter(|places| !places.code.is_empty());
    let (mut all, mut owed) = (0, 0);
    for places in cited {
        all += 1;
        owed += usize::from(places.tests.is_empty());
    }
    let mut out = format!("{HEAD}\n{all} sections are cited in code, {owed} of them are owed.\n");
    let mut rfc = 0;
    for (section, places) in sections {
        if section.rfc != rfc {
            rfc = section.rfc;
            write!(out, "\n## RFC {rfc}\n\n| section | code | tests |\n|---|---|---|\n")
                .expect("a String takes all");
        }
        let code: Vec<&str> = places.code.iter().map(String::as_str).collect();
        let code = if code.is_empty() { "–".to_owned() } else { code.join(", ") };
        writeln!(out, "| §{} | {code} | {} |", section.text(), tests_told(&places.tests))
            .expect("a String takes all");
    }
    out
}

/// A few of the tests by name, and how many more there are.
fn tests_told(tests: &BTreeSet<String>) -> String {
    let named: Vec<String> = tests.iter().take(NAMED_MAX).map(|test| format!("`{test}`")).collect();
    match tests.len().saturating_sub(NAMED_MAX) {
        _ if tests.is_empty() => "**owed**".to_owned(),
        0 => named.join(", "),
        more => format!("{} and {more} more", named.join(", ")),
    }
}
