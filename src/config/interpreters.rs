//! `interpreters:` of `careline.yaml`: vendors who interpret by telephone, and what their menus ask for.
//!
//! The PIN stands in a file of its own that nobody but its owner may read ([`crate::io::secret_file`]), as a trunk's
//! password does.

use super::codes::{FAMILY, INTERPRETER_KEYS, INTERPRETER_LANGUAGE, INTERPRETER_TARGET, INTERPRETER_TWICE};
use super::{Trunk, vocabulary};
use crate::flow::callable::{self, NotCalled, callable};
use crate::flow::diagnostic::{Sources, Words};
use crate::flow::syntax::fields::{self, Fields, Placed};
use crate::flow::syntax::tree::Node;
use crate::id::Language;
use crate::limits::{INTERPRETERS_MAX, MENU_KEYS_MAX};
use crate::sip::carrier::Dialled;
use crate::switch::interpreters::Recorded;
use crate::wire::telephone_event::Key;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

const NOT_OVER_TRUNK: NotCalled = NotCalled {
    why: "no trunk of that name has `out`",
    repair: "give the trunk its `out`, or name one that has it",
};

/// A vendor of interpreters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vendor {
    /// Its name in the records.
    pub name: String,
    /// The address that is called.
    pub call: String,
    /// The languages that it has interpreters for.
    pub languages: Vec<Language>,
    /// The file that holds the clinic's PIN there, if its menu asks for one.
    pub pin_file: Option<PathBuf>,
    /// The keys of its menu for a language.
    pub keys: BTreeMap<Language, Vec<Key>>,
    /// Whether its interpreters are recorded with the others.
    pub recorded: Recorded,
}

/// Reads the section: those without a fault.
pub fn read(node: &Node, trunks: &[Trunk], sources: &mut Sources) -> Vec<Vendor> {
    let mut vendors = Vec::new();
    let mut names = BTreeSet::new();
    let items = fields::items(node, "`interpreters`", FAMILY, sources).unwrap_or_default();
    if let Some(over) = items.get(INTERPRETERS_MAX) {
        let words = Words::what(format!("{} vendors stand here, and {INTERPRETERS_MAX} may", items.len()));
        sources.fault(
            over.place,
            FAMILY.value,
            words.repair("keep those with whom the clinic has a contract"),
        );
    }
    for item in items.iter().take(INTERPRETERS_MAX) {
        let Some((vendor, name)) = vendor(item, trunks, sources) else { continue };
        if !names.insert(vendor.name.clone()) {
            let words = Words::what(format!("the vendor {} stands here for the second time", vendor.name))
                .repair("give each vendor a name of its own, or write its languages in one place");
            sources.fault(name.place, INTERPRETER_TWICE, words);
        }
        vendors.push(vendor);
    }
    vendors
}

fn vendor(node: &Node, trunks: &[Trunk], sources: &mut Sources) -> Option<(Vendor, Placed<String>)> {
    let mut fields = Fields::of_object(node, &[&vocabulary::INTERPRETER], FAMILY, sources)?;
    let name = fields.need("name", sources).and_then(|node| fields::name(node, "a vendor", FAMILY, sources));
    let call = fields.need("call", sources).and_then(|node| target(node, trunks, sources));
    let languages = fields.need("languages", sources).map(|node| (node, languages(node, sources)));
    let pin_file = fields.take("pin_file").and_then(|node| fields::word(node, "a path", FAMILY, sources));
    let keys = fields.take("keys");
    let recorded = fields.take("recorded");
    fields.finish(sources);
    let (place, languages) = languages?;
    if languages.is_empty() {
        let words = Words::what("no language stands here")
            .repair("name those that the vendor has interpreters for, such as [es, vi]")
            .hears("nobody would be called for any language");
        sources.fault(place.place, INTERPRETER_LANGUAGE, words);
    }
    let keys = keys.map(|node| of_languages(node, &languages, sources)).unwrap_or_default();
    let recorded = recorded.and_then(|node| recording(node, sources)).unwrap_or(Recorded::Never);
    let (name, call) = (name?, call?);
    let pin_file = pin_file.map(|path| PathBuf::from(path.value));
    Some((Vendor { name: name.value.clone(), call, languages, pin_file, keys, recorded }, name))
}

/// Whether somebody is recorded.
pub fn recording(node: &Node, sources: &mut Sources) -> Option<Recorded> {
    let ways = [("never", Recorded::Never), ("with_the_call", Recorded::WithTheCall)];
    fields::choice(node, "way to be recorded", &ways, FAMILY, sources)
}

fn target(node: &Node, trunks: &[Trunk], sources: &mut Sources) -> Option<String> {
    let word = fields::word(node, "an address", FAMILY, sources)?;
    let trunk = Dialled::read(&word.value).map(|dialled| dialled.trunk.to_owned());
    let goes_out = |name: &str| trunks.iter().any(|trunk| trunk.name.as_str() == name && trunk.out.is_some());
    let called = callable(&word.value).and_then(|()| match trunk {
        Some(name) if !goes_out(&name) => Err(NOT_OVER_TRUNK),
        Some(_) | None => Ok(()),
    });
    if let Err(NotCalled { why, repair }) = called {
        let words = Words::what(format!("`{}` cannot be called: {why}", word.value))
            .repair(repair)
            .hears("a caller who needs this interpreter would talk without one");
        sources.fault(word.place, INTERPRETER_TARGET, words);
        return None;
    }
    Some(word.value)
}

fn languages(node: &Node, sources: &mut Sources) -> Vec<Language> {
    let items = fields::items(node, "`languages`", FAMILY, sources).unwrap_or_default();
    let names = items.iter().filter_map(|item| fields::name(item, "a language", FAMILY, sources));
    names.map(|name| Language::from(name.value.as_str())).collect()
}

fn of_languages(node: &Node, languages: &[Language], sources: &mut Sources) -> BTreeMap<Language, Vec<Key>> {
    let mut all = BTreeMap::new();
    for (language, keys) in fields::entries(node, "`keys`", FAMILY, sources).unwrap_or_default() {
        let name = fields::name(language, "a language", FAMILY, sources);
        let keys = menu_keys(keys, sources);
        let Some((name, keys)) = name.zip(keys) else { continue };
        let language = Language::from(name.value.as_str());
        if !languages.contains(&language) {
            let words = Words::what(format!("`languages` of this vendor has no {language}"))
                .repair("write the language there too, or take its keys out");
            sources.fault(name.place, INTERPRETER_LANGUAGE, words);
        }
        all.insert(language, keys);
    }
    all
}

/// What is pressed for a menu.
fn menu_keys(node: &Node, sources: &mut Sources) -> Option<Vec<Key>> {
    let word = fields::word(node, "keys", FAMILY, sources)?;
    let keys = callable::menu_keys(&word.value);
    if keys.is_none() {
        let words = Words::what(format!("`{}` is nothing that can be pressed", word.value))
            .repair(format!("write up to {MENU_KEYS_MAX} of 0 to 9, * and #, in quotes: \"2\" or \"4#\""))
            .hears("the menu of the vendor would wait for a key that never comes");
        sources.fault(word.place, INTERPRETER_KEYS, words);
    }
    keys
}

#[cfg(test)]
mod tests {
    use crate::config::Config;
    use crate::flow::diagnostic::Paint;
    use crate::id::Language;
    use crate::switch::interpreters::Recorded;
    use crate::wire::telephone_event::Key;

    fn read(vendors: &str) -> (Option<Config>, String) {
        let text = format!(
            "trunks: [{{name: carrier, addresses: [203.0.113.7], out: {{to: \"sip:h\", caller: \"+16175550100\"}}}}]\n\
             interpreters: [{vendors}]\n"
        );
        let (config, faults) = Config::read("careline.yaml", text.as_bytes());
        (config, faults.iter().map(|fault| fault.render(Paint::Plain)).collect())
    }

    #[test]
    fn a_vendor_has_an_address_languages_and_what_its_menu_asks_for() {
        let (config, faults) = read(
            "{name: lingua, call: \"trunk:carrier/+18005550199\", languages: [es, vi], pin_file: lingua.pin, \
             keys: {vi: \"2#\"}, recorded: with_the_call}, \
             {name: other, call: \"sip:line@10.0.0.7\", languages: [es]}",
        );
        assert_eq!(faults, "");
        let vendors = config.unwrap().interpreters;
        let [lingua, other] = vendors.as_slice() else { panic!("{vendors:?}") };
        assert_eq!(lingua.languages, ["es", "vi"].map(Language::from));
        assert_eq!(lingua.pin_file.as_deref(), Some(std::path::Path::new("lingua.pin")));
        assert_eq!(lingua.keys[&Language::from("vi")], [Key::Digit(2), Key::Pound]);
        assert_eq!(lingua.recorded, Recorded::WithTheCall);
        assert_eq!((other.recorded, other.pin_file.as_ref()), (Recorded::Never, None), "unless it says so");
    }

    #[test]
    fn every_fault_of_it_is_told_at_once() {
        let good = "name: a, call: \"sip:line@10.0.0.7\", languages: [vi]";
        for (vendors, expected) in [
            ("{}".to_owned(), vec!["C002  a vendor of interpreters needs `name`", "`call`", "`languages`"]),
            (
                "{name: a, call: \"tel:+1800\", languages: []}".to_owned(),
                vec!["C026  `tel:+1800` cannot be called", "C027  no language"],
            ),
            (
                "{name: a, call: \"trunk:other/+18005550199\", languages: [vi]}".to_owned(),
                vec!["C026  `trunk:other/+18005550199` cannot be called: no trunk of that name has `out`"],
            ),
            (format!("{{{good}}}, {{{good}}}"), vec!["C029  the vendor a stands here for the second time"]),
            (format!("{{{good}, keys: {{es: \"2\"}}}}"), vec!["C027  `languages` of this vendor has no es"]),
            (
                format!("{{{good}, keys: {{vi: \"two\"}}}}"),
                vec!["C028  `two` is nothing that can be pressed"],
            ),
            (format!("{{{good}, keys: {{vi: \"{}\"}}}}", "1".repeat(18)), vec!["C028"]),
            (format!("{{{good}, pin: \"1234\", recorded: yes}}"), vec!["C001", "C008"]),
        ] {
            let (config, faults) = read(&vendors);
            assert!(config.is_none(), "{vendors}");
            for part in expected {
                assert!(faults.contains(part), "{vendors}: {part} is not in\n{faults}");
            }
        }
    }
}
