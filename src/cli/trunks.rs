//! What stands against calls out: numbers that flows call over a trunk that careline.yaml does not have, numbers of flows and
//! interpreters that the rules of their trunk do not take, and interpreters for languages that none of its vendors has.

use crate::config::Config;
use crate::flow::codes::{INTERPRETER, NOT_TAKEN, TRUNK};
use crate::flow::diagnostic::{Diagnostic, Place, Sources, Words};
use crate::flow::program::Act;
use crate::flow::set::FlowSet;
use crate::id::Language;
use crate::sip::carrier::Dialled;
use std::collections::BTreeSet;

/// Every fault, each number once.
pub fn faults(config: &Config, set: Option<&FlowSet>) -> Vec<Diagnostic> {
    let mut sources = Sources::default();
    let vendors: BTreeSet<&str> = config.interpreters.iter().map(|vendor| vendor.call.as_str()).collect();
    not_taken(config, "careline.yaml", &vendors, &mut sources);
    let Some(set) = set else { return sources.into_faults() };
    let out = |name: &str| config.trunks.iter().any(|it| it.name.as_str() == name && it.out.is_some());
    let called: BTreeSet<&str> = targets(set).collect();
    not_taken(config, "clinic.yaml", &called, &mut sources);
    let missing = called.into_iter().filter_map(|target| Some((target, Dialled::read(target)?.trunk)));
    for (target, trunk) in missing.filter(|(_, trunk)| !out(trunk)) {
        let file = sources.add("clinic.yaml", format!("call: \"{target}\""));
        let place = Place { file, line: 1, column: 8, width: target.chars().count() };
        let words = Words::what(format!("careline.yaml has no trunk `{trunk}` with `out`"))
            .repair("add it there, or name one that is there")
            .hears("a caller who asks for a person would not reach this one");
        sources.fault(place, TRUNK, words);
    }
    let has = |language: &Language| config.interpreters.iter().any(|its| its.languages.contains(language));
    let wanted: BTreeSet<&Language> = set.interpreted().filter(|language| !has(language)).collect();
    for language in wanted {
        let text = format!("interpreter: {language}");
        let width = text.chars().count();
        let file = sources.add("flows", text);
        let words = Words::what(format!("no vendor under `interpreters` in careline.yaml has `{language}`"))
            .repair("add the language to a vendor there, or take `interpreter` out of the step")
            .hears("caller and person would talk without an interpreter");
        sources.fault(Place { file, line: 1, column: 1, width }, INTERPRETER, words);
    }
    sources.into_faults()
}

/// Numbers that the rules of their trunk do not take.
fn not_taken(config: &Config, file: &str, called: &BTreeSet<&str>, sources: &mut Sources) {
    let rules = |name: &str| {
        let trunk = config.trunks.iter().find(|trunk| trunk.name.as_str() == name)?;
        trunk.out.as_ref().map(|out| &out.rules)
    };
    for target in called {
        let Some(Dialled { trunk, number }) = Dialled::read(target) else { continue };
        if rules(trunk).is_none_or(|rules| rules.takes(number.expose())) {
            continue;
        }
        let file = sources.add(file, format!("call: \"{target}\""));
        let place = Place { file, line: 1, column: 8, width: target.chars().count() };
        let words =
            Words::what(format!("`allow` of the trunk `{trunk}` in careline.yaml does not take this number"))
                .repair("add the beginning of the number to `allow` there, or call another number")
                .hears("this one would not be called, and whoever is next in the list would");
        sources.fault(place, NOT_TAKEN, words);
    }
}

/// Whom the flows of a set call.
fn targets(set: &FlowSet) -> impl Iterator<Item = &str> {
    let steps = set.flows().iter().flat_map(|flow| &flow.steps);
    let transfers = steps.filter_map(|step| {
        let Act::Transfer { to, .. } = &step.act else { return None };
        Some(to.target.as_str())
    });
    set.clinic().ladder.iter().map(|rung| rung.target.as_str()).chain(transfers)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::diagnostic::Paint;
    use crate::flow::set::{Audio, SourceFile};
    use crate::flow::shipped::FILES;

    fn told(config: &str, target: &str) -> String {
        let change = |text: &str| text.replace("sip:front-desk@127.0.0.1:5070", target);
        let file =
            |(name, text): (&str, &str)| SourceFile { path: name.to_owned(), octets: change(text).into() };
        let (set, unsound) = FlowSet::load(FILES.into_iter().map(file).collect(), &|_, _| Audio::Present);
        let set = set.unwrap_or_else(|| panic!("{unsound:?}"));
        let (config, unsound) = Config::read("careline.yaml", config.as_bytes());
        let config = config.unwrap_or_else(|| panic!("{unsound:?}"));
        faults(&config, Some(&set)).iter().map(|fault| fault.render(Paint::Plain) + "\n").collect()
    }

    #[test]
    fn an_interpreter_whom_no_vendor_has_is_told() {
        let steps = "flow: door\nstart: a\nsteps:\n  a: {transfer: \"sip:n@10.0.0.5\", before: u.agent, interpreter: vi, next: {failed: b}}\n  b: {person: u.agent}\n";
        let mut texts = std::collections::BTreeMap::from(FILES);
        let clinic = texts["clinic.yaml"].replace("100: main_menu", "100: door");
        texts.extend([("clinic.yaml", clinic.as_str()), ("door.yaml", steps)]);
        let file = |(name, text): (&str, &str)| SourceFile { path: name.to_owned(), octets: text.into() };
        let (set, unsound) = FlowSet::load(texts.into_iter().map(file).collect(), &|_, _| Audio::Present);
        let set = set.unwrap_or_else(|| panic!("{unsound:?}"));
        for (languages, expected) in [("[vi]", 0), ("[es]", 1)] {
            let text =
                format!("interpreters: [{{name: a, call: \"sip:line@10.0.0.7\", languages: {languages}}}]\n");
            let (config, unsound) = Config::read("careline.yaml", text.as_bytes());
            let config = config.unwrap_or_else(|| panic!("{unsound:?}"));
            let told = faults(&config, Some(&set));
            assert_eq!(told.iter().filter(|fault| fault.code.id == "F198").count(), expected, "{told:?}");
        }
    }

    #[test]
    fn a_number_that_the_rules_of_its_trunk_do_not_take_is_told() {
        let config = |allow: &str, vendor: &str| {
            let trunk =
                "{name: carrier, addresses: [203.0.113.7], out: {to: \"sip:h\", caller: \"+16175550100\"";
            format!(
                "trunks: [{trunk}{allow}}}}}]\ninterpreters: [{{name: a, call: \"trunk:carrier/{vendor}\", languages: [es]}}]\n"
            )
        };
        let (boston, vendor) = ("trunk:carrier/+1-617-555-0123", "+18005550199");
        for (allow, expected) in [
            ("", 0),
            (", allow: [\"+1\"]", 0),
            (", allow: [\"+1617\"]", 1),
            (", allow: [\"+1800\"]", 1),
            (", allow: [\"+49\"]", 2),
        ] {
            let told = told(&config(allow, vendor), boston);
            let found = told.matches("F199  `allow` of the trunk `carrier`").count();
            assert_eq!(found, expected, "{allow}: {told}");
        }
    }

    #[test]
    fn a_number_over_a_trunk_that_is_not_there_is_told() {
        let number = "trunk:carrier/+1-617-555-0123";
        let out = "out: {to: \"sip:h\", caller: \"+16175550100\"}";
        let trunk =
            |name: &str, out: &str| format!("trunks: [{{name: {name}, addresses: [203.0.113.7]{out}}}]\n");
        assert_eq!(told("", "sip:front-desk@careline"), "");
        assert_eq!(told(&trunk("carrier", &format!(", {out}")), number), "");
        for config in [String::new(), trunk("carrier", ""), trunk("other", &format!(", {out}"))] {
            let told = told(&config, number);
            assert!(
                told.contains("F196  careline.yaml has no trunk `carrier` with `out`"),
                "{config}: {told}"
            );
            assert_eq!(told.matches("F196").count(), 1, "{told}");
        }
    }
}
