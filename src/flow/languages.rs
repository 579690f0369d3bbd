//! The languages that flows speak: English and Spanish are built in, others are files beside the flows.
//!
//! `languages/fr.yaml` in the folder of flows adds French, and `languages/en.yaml` stands in place of the English that is
//! built in. Each such file is a whole: it says everything that [`crate::flow::spoken::rules`] needs, how values are
//! spoken and by which words texts speak of keys. The code knows no other language by its name.

use crate::flow::check::spoken_keys;
use crate::flow::codes::LANGUAGE_RULES;
use crate::flow::diagnostic::{Place, Sources, Words};
use crate::flow::spoken::read;
use crate::flow::spoken::rules::{Cause, Entry, Fault, Rules};
use crate::flow::syntax::tree::{self, Node, Reading};
use crate::flow::triage::heard::offers_yes_and_no;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

/// The folder of languages among the flows.
pub const FOLDER: &str = "languages";

const ENGLISH: &str = include_str!("../../languages/en.yaml");
const SPANISH: &str = include_str!("../../languages/es.yaml");

static BUILT_IN: LazyLock<BTreeMap<&str, Rules>> = LazyLock::new(|| {
    let both = [("en", ENGLISH), ("es", SPANISH)];
    both.into_iter().map(|(name, text)| (name, built_in(text))).collect()
});

fn built_in(text: &str) -> Rules {
    let mut sources = Sources::default();
    let rules = match tree::read(&mut sources, "built in", text.as_bytes()) {
        (_, Reading::Tree(node)) => compile(&read::entries(&node)).ok(),
        (_, Reading::Broken | Reading::Empty) => None,
    };
    rules.expect("the tests of this module read both files")
}

/// The rules of a file, which must understand its own examples.
fn compile<P: Clone>(entries: &[Entry<P>]) -> Result<Rules, Vec<Fault<P>>> {
    let rules = Rules::compile(entries)?;
    let lexicon = rules.lexicon();
    let offer = (0..=9).map(|digit: u8| lexicon.offer(&digit.to_string())).find(|text| {
        let keys = spoken_keys::read(text, lexicon);
        keys.len() != 1 || !keys.iter().all(|found| text.get(found.at.clone()).is_some_and(is_digit))
    });
    let yes_no = Some(lexicon.yes_no().to_owned()).filter(|text| !offers_yes_and_no(text, lexicon));
    let found = [("keys.offer", offer), ("yes_no.offer", yes_no)];
    let faults: Vec<Fault<P>> = found
        .into_iter()
        .filter_map(|(path, text)| {
            let place = entries.iter().find(|entry| entry.path == path).map(|entry| entry.place.clone());
            Some(Fault { place, path: path.to_owned(), cause: Cause::NotUnderstood(text?) })
        })
        .collect();
    if faults.is_empty() { Ok(rules) } else { Err(faults) }
}

fn is_digit(word: &str) -> bool {
    word.len() == 1 && word.bytes().all(|octet| octet.is_ascii_digit())
}

/// What a language that is built in is called, such as `Spanish`.
pub fn built_in_name(language: &str) -> Option<&'static str> {
    BUILT_IN.get(language).map(Rules::name)
}

/// The rules by language.
#[derive(Clone, Debug, Default)]
pub struct Languages {
    /// Those of files; `None` is one whose fault is noted.
    files: BTreeMap<String, Option<Rules>>,
}

impl Languages {
    /// The name of the language whose file this is, if it is one.
    pub fn file(path: &str) -> Option<&str> {
        let mut parts = path.rsplit('/');
        let name = parts.next()?.strip_suffix(".yaml")?;
        (parts.next()? == FOLDER).then_some(name)
    }

    /// Takes in the file of a language.
    pub fn read(&mut self, name: &str, path: &str, node: &Node, sources: &mut Sources) {
        let file = node.place.file;
        let rules = match compile(&read::entries(node)) {
            Ok(rules) if rules.language() == name => Some(rules),
            Ok(rules) => {
                let what = format!("`{path}` says that it is the language `{}`", rules.language());
                let words =
                    Words::what(what).repair(format!("write `language: {name}`, or name the file after it"));
                sources.fault(Place::whole_file(file), LANGUAGE_RULES, words);
                None
            }
            Err(faults) => {
                faults.iter().for_each(|fault| told(fault, file, sources));
                None
            }
        };
        self.files.insert(name.to_owned(), rules);
    }

    /// The file of a language cannot be read, and its fault is noted.
    pub fn broken(&mut self, name: &str) {
        self.files.insert(name.to_owned(), None);
    }

    /// The rules of a language; `None` if there are none, or none without fault.
    pub fn rules(&self, language: &str) -> Option<&Rules> {
        match self.files.get(language) {
            Some(rules) => rules.as_ref(),
            None => BUILT_IN.get(language),
        }
    }

    /// Every language that there is a file of, or that is built in.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let all: BTreeSet<&str> =
            BUILT_IN.keys().copied().chain(self.files.keys().map(String::as_str)).collect();
        all.into_iter()
    }

    /// Whether there is a file of this language, or it is built in.
    pub fn knows(&self, language: &str) -> bool {
        self.files.contains_key(language) || BUILT_IN.contains_key(language)
    }
}

fn told(fault: &Fault<Place>, file: usize, sources: &mut Sources) {
    let place = fault.place.unwrap_or(Place::whole_file(file));
    let words = Words::what(format!("`{}`: {}", fault.path, fault.cause))
        .repair("docs/admin-guide/languages.md says how it is written")
        .hears("a number, date or time would be spoken wrongly, or a key would not be offered");
    sources.fault(place, LANGUAGE_RULES, words);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::diagnostic::Paint;

    fn with(path: &str, text: &str) -> (Languages, String) {
        let (mut languages, mut sources) = (Languages::default(), Sources::default());
        let (_, Reading::Tree(node)) = tree::read(&mut sources, path, text.as_bytes()) else {
            panic!("{text}")
        };
        languages.read(Languages::file(path).expect("a language's file"), path, &node, &mut sources);
        (languages, sources.into_faults().iter().map(|fault| fault.render(Paint::Plain) + "\n").collect())
    }

    #[test]
    fn a_file_beside_the_flows_adds_a_language_or_stands_in_place_of_one() {
        let (french, faults) = with("f/languages/fr.yaml", &ENGLISH.replace("language: en", "language: fr"));
        assert_eq!(faults, "");
        assert!(["en", "es", "fr"].iter().all(|name| french.rules(name).is_some()) && !french.knows("de"));
        let (other, faults) = with("languages/en.yaml", &ENGLISH.replace("January", "Jan"));
        assert_eq!(faults, "");
        let has = |languages: &Languages| {
            languages.rules("en").is_some_and(|rules| rules.pieces().iter().any(|piece| piece.text == "Jan"))
        };
        assert!(has(&other) && !has(&french));
    }

    #[test]
    fn a_fault_in_a_language_has_its_file_line_and_column() {
        let (broken, faults) = with("f/languages/en.yaml", &ENGLISH.replace("clock: 12", "clock: 13"));
        assert!(
            faults.starts_with("f/languages/en.yaml:4:8  F127  `clock`: `13` cannot be read"),
            "{faults}"
        );
        assert!(broken.rules("en").is_none() && broken.knows("en"), "the one that is built in is not meant");
        let (_, faults) = with("f/languages/fr.yaml", ENGLISH);
        assert!(faults.contains("F127  `f/languages/fr.yaml` says that it is the language `en`"), "{faults}");
    }

    #[test]
    fn a_file_that_does_not_understand_its_own_examples_is_at_fault() {
        for (from, to, expected) in [
            (
                "offer: \"press {key}\"",
                "offer: \"kindly {key}\"",
                "`keys.offer`: `kindly 0` is not understood",
            ),
            (
                "offer: \"press {key}\"",
                "offer: \"press it\"",
                "`keys.offer`: `press it` cannot be read; it is written as words with {key}",
            ),
            (
                "Press 2 for no.",
                "Press 2 for nope.",
                "`yes_no.offer`: `Press 1 for yes. Press 2 for nope.` is not",
            ),
            ("Press 1 for yes. Press 2 for no.", "Press 2 for yes. Press 1 for no.", "`yes_no.offer`"),
            ("  star: [star, asterisk]\n", "", "`keys.star`: it is missing"),
            (
                "  7: [seven]\n",
                "  7: [six]\n",
                "`keys.7.1`: `six` stands under `6` too, and can mean only one of them",
            ),
            (
                "  7: [seven]\n",
                "  7: [seven up]\n",
                "`keys.7.1`: `seven up` cannot be read; it is written as one word of letters",
            ),
            (
                "  press: [",
                "  presss: [",
                "`keys.presss.1`: `presss` means nothing here; did you mean `press`?",
            ),
            ("reading: flesch-kincaid\n", "", "`reading`: it is missing"),
            (
                "reading: flesch-kincaid",
                "reading: flesh",
                "`reading`: `flesh` cannot be read; it is written as flesch-kincaid, fernandez-huerta or none",
            ),
            (
                "\"yes\": [\"yes\"]",
                "\"yess\": [\"yes\"]",
                "`yes_no.yess.1`: `yess` means nothing here; did you mean `yes`?",
            ),
            ("name: English\n", "", "`name`: it is missing"),
        ] {
            assert!(ENGLISH.contains(from), "{from}");
            let (languages, faults) = with("f/languages/en.yaml", &ENGLISH.replace(from, to));
            assert!(faults.contains(expected), "{from} → {to}: no {expected} in\n{faults}");
            assert!(languages.rules("en").is_none(), "{to}");
        }
    }

    #[test]
    fn only_a_yaml_file_in_the_folder_of_languages_is_one() {
        for (path, name) in [
            ("languages/fr.yaml", Some("fr")),
            ("/srv/flows/languages/fr.yaml", Some("fr")),
            ("flows/fr.yaml", None),
            ("fr.yaml", None),
            ("languages/fr.ics", None),
            ("languages/more/fr.yaml", None),
        ] {
            assert_eq!(Languages::file(path), name, "{path}");
        }
    }
}
