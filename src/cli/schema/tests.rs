//! The schemas against the readers: what one takes the other takes, by an own small validator of the words
//! of JSON Schema that are in use.

use super::*;
use crate::config::Config;
use crate::flow::set::{Audio, FlowSet, SourceFile};
use regex_lite::Regex;

/// Where `value` breaks `schema`. A word that this validator does not know fails the test.
fn breaks(schema: &Value, value: &Value, at: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut must = |good: bool, word: &str| {
        if !good {
            found.push(format!("{at}: {word}: {value}"));
        }
    };
    for (word, wanted) in schema.as_object().unwrap() {
        match word.as_str() {
            "$schema" | "title" | "description" | "examples" => {}
            "patternProperties" | "additionalProperties" | "properties" | "items" => {}
            "type" => {
                let one = [wanted.clone()];
                let types = wanted.as_array().map_or(one.as_slice(), Vec::as_slice);
                must(types.iter().any(|name| is(name.as_str().unwrap(), value)), "type");
            }
            "enum" => must(wanted.as_array().unwrap().contains(value), "enum"),
            "minimum" => must(value.as_u64().is_none_or(|n| n >= wanted.as_u64().unwrap()), "minimum"),
            "maximum" => must(value.as_u64().is_none_or(|n| n <= wanted.as_u64().unwrap()), "maximum"),
            "pattern" => {
                let pattern = Regex::new(wanted.as_str().unwrap()).unwrap();
                must(value.as_str().is_none_or(|text| pattern.is_match(text)), "pattern");
            }
            "required" => {
                let has = |name: &Value| value.get(name.as_str().unwrap()).is_some();
                must(wanted.as_array().unwrap().iter().all(has), "required");
            }
            "anyOf" => {
                must(wanted.as_array().unwrap().iter().any(|one| breaks(one, value, at).is_empty()), "anyOf");
            }
            other => panic!("the validator does not know `{other}`"),
        }
    }
    for (index, item) in value.as_array().into_iter().flatten().enumerate() {
        found.extend(schema.get("items").map_or(Vec::new(), |of| breaks(of, item, &format!("{at}/{index}"))));
    }
    for (name, inner) in value.as_object().into_iter().flatten() {
        let fits = |(pattern, of)| Regex::new(pattern).unwrap().is_match(name).then_some(of);
        let patterns = schema.get("patternProperties").and_then(Value::as_object);
        let of = schema.get("properties").and_then(|all| all.get(name)).or_else(|| {
            patterns.into_iter().flatten().find_map(|(pattern, of): (&String, &Value)| fits((pattern, of)))
        });
        match of {
            Some(of) => found.extend(breaks(of, inner, &format!("{at}/{name}"))),
            None if schema.get("additionalProperties") == Some(&Value::Bool(false)) => {
                found.push(format!("{at}: `{name}` is unknown"));
            }
            None => {}
        }
    }
    found
}

fn is(name: &str, value: &Value) -> bool {
    match name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "number" => value.is_number(),
        "integer" => value.is_u64(),
        "boolean" => value.is_boolean(),
        other => panic!("no type `{other}`"),
    }
}

/// A file as an editor's reader of YAML sees it; `None` if it refuses it.
fn seen(text: &str) -> Option<Value> {
    fn json(value: serde_yaml::Value) -> Value {
        match value {
            serde_yaml::Value::Mapping(entries) => {
                let name = |key: serde_yaml::Value| match json(key) {
                    Value::String(text) => text,
                    other => other.to_string(),
                };
                Value::Object(entries.into_iter().map(|(key, value)| (name(key), json(value))).collect())
            }
            serde_yaml::Value::Sequence(items) => Value::Array(items.into_iter().map(json).collect()),
            other => serde_json::to_value(other).unwrap(),
        }
    }
    serde_yaml::from_str(text).ok().map(json)
}

fn verdict(kind: Kind, text: &str) -> Vec<String> {
    spoken(LANGUAGES, kind, text)
}

/// The same where a clinic may speak these languages.
fn spoken(languages: &[&str], kind: Kind, text: &str) -> Vec<String> {
    let schema = Schemas { languages }.of(kind);
    seen(text).map_or_else(|| vec!["no YAML".to_owned()], |value| breaks(&schema, &value, ""))
}

/// Those that are built in.
const LANGUAGES: &[&str] = &["en", "es"];

const CLINIC: &str = include_str!("../../../ivr-flows/clinic.yaml");
const MENU: &str = include_str!("../../../ivr-flows/main_menu.yaml");
const EXAMPLE: &str = include_str!("../../../careline.yaml.example");

fn shipped() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("ivr-flows")
}

#[test]
fn the_shipped_files_are_what_their_schemas_say() {
    let mut read = 0;
    let tests = crate::io::flow_files::tests(&shipped()).unwrap();
    for file in crate::io::flow_files::read(&shipped()).unwrap().into_iter().chain(tests) {
        let kind = match file.path.rsplit('/').next().unwrap() {
            "clinic.yaml" => Kind::Clinic,
            "prompts.yaml" => Kind::Prompts,
            "hours.yaml" => Kind::Hours,
            name if name.ends_with(".test.yaml") => Kind::Tests,
            _ => Kind::Flow,
        };
        let text = String::from_utf8(file.octets).unwrap();
        assert_eq!(verdict(kind, &text), Vec::<String>::new(), "{}", file.path);
        read += 1;
    }
    assert!(read >= 5, "{read}");
    assert_eq!(verdict(Kind::Config, EXAMPLE), Vec::<String>::new());
}

#[test]
fn a_file_that_is_broken_in_its_form_is_not() {
    for (what, kind, text, from, to) in [
        ("an unknown word in careline.yaml", Kind::Config, EXAMPLE, "drain_s:", "drain:"),
        ("a value that is no number", Kind::Config, EXAMPLE, "max: 1000", "max: many"),
        ("a number out of bounds", Kind::Config, EXAMPLE, "max: 1000", "max: 0"),
        ("a word that is no level", Kind::Config, EXAMPLE, "log: info", "log: loud"),
        ("the same key twice", Kind::Flow, MENU, "{1: visits, 3:", "{1: visits, 1:"),
        ("a tab", Kind::Flow, MENU, "    menu: mm.menu", "\tmenu: mm.menu"),
        ("a step of no known kind", Kind::Flow, MENU, "menu: mm.more", "menue: mm.more"),
        (
            "a step that does two things",
            Kind::Flow,
            MENU,
            "menu: mm.more",
            "menu: mm.more\n    say: u.goodbye",
        ),
        ("a menu without keys", Kind::Flow, MENU, "    keys: {1: referrals", "    # {1: referrals"),
        ("a fixed key", Kind::Flow, MENU, "{1: visits", "{0: visits"),
        ("a sign for a key", Kind::Flow, MENU, "{1: visits", "{'#': visits"),
        (
            "keys that are a list",
            Kind::Flow,
            MENU,
            "keys: {1: visits, 3: refill, 5: billing, 6: more}",
            "keys: [visits]",
        ),
        ("a name with a space", Kind::Flow, MENU, "  more:\n", "  more choices:\n"),
        ("no steps", Kind::Flow, MENU, "steps:", "stesp:"),
        ("an unknown word in clinic.yaml", Kind::Clinic, CLINIC, "tries:", "trys:"),
        ("an unknown language", Kind::Clinic, CLINIC, "[en, es]", "[en, fr]"),
        ("a time without its unit", Kind::Clinic, CLINIC, "ring: 25 s", "ring: 25"),
        ("a promise that is none", Kind::Clinic, CLINIC, "promise: 1 working day", "promise: soon"),
        ("a calendar without a zone", Kind::Hours, "a: {zone: UTC, week: {}}\n", "zone: UTC, ", ""),
        ("a language that nobody speaks", Kind::Prompts, "a: {en: A}\n", "en:", "fr:"),
    ] {
        assert!(text.contains(from), "{what}: no `{from}`");
        assert_eq!(verdict(kind, text), Vec::<String>::new(), "{what}");
        assert!(!verdict(kind, &text.replacen(from, to, 1)).is_empty(), "{what} is not seen");
    }
}

#[test]
fn a_language_with_a_file_beside_the_flows_is_taken() {
    let all = ["en", "es", "fr"];
    let text = CLINIC.replacen("[en, es]", "[en, fr]", 1);
    assert_eq!(spoken(&all, Kind::Clinic, &text), Vec::<String>::new());
    assert_eq!(spoken(&all, Kind::Prompts, "a: {en: A, fr: A, draft: [fr]}\n"), Vec::<String>::new());
    assert!(!spoken(&all, Kind::Prompts, "a: {en: A, de: A}\n").is_empty());
}

/// Something of every word that may stand there, in brackets.
fn samples(of: &Words) -> Vec<String> {
    let one = |text: &str| vec![text.to_owned()];
    match of {
        Words::Name | Words::Text => one("x"),
        Words::Number(from, to) => vec![from.to_string(), to.to_string()],
        Words::Time(from, to) => vec![format!("{from} s"), format!("{to} s")],
        Words::Promise => one("1 working day"),
        Words::Choice(words) => words.iter().map(|word| (*word).to_owned()).collect(),
        Words::Language => LANGUAGES.iter().map(|name| (*name).to_owned()).collect(),
        Words::List(of) => vec![format!("[{}]", samples(of).join(", "))],
        Words::OneOrMore(of) => samples(of).into_iter().chain(samples(&Words::List(of))).collect(),
        Words::Object(of) => objects(of),
        Words::TextOr(of) => one("x").into_iter().chain(objects(of)).collect(),
        Words::Either(of) => of.iter().flat_map(|one| objects(one)).collect(),
        Words::Table(names, of) => {
            let name = |index: usize| match names {
                Names::Any | Names::Free => format!("x{index}"),
                Names::Keys => (index + 1).to_string(),
                Names::Numbers => (100 + index).to_string(),
                Names::Languages => LANGUAGES[index % LANGUAGES.len()].to_owned(),
            };
            let all = samples(of);
            let all = all.iter().enumerate().map(|(index, one)| format!("{}: {one}", name(index)));
            vec![format!("{{{}}}", all.collect::<Vec<_>>().join(", "))]
        }
    }
}

/// The object with every field, once for each sample of the field with the most.
fn objects(of: &Object) -> Vec<String> {
    let fields: Vec<(&str, Vec<String>)> =
        of.fields.iter().map(|field| (field.name, samples(&field.value))).collect();
    let count = fields.iter().map(|(_, all)| all.len()).max().unwrap_or(0);
    let object = |index: usize| {
        let all = fields.iter().map(|(name, all)| format!("{name}: {}", all[index % all.len()]));
        format!("{{{}}}", all.collect::<Vec<_>>().join(", "))
    };
    (0..count).map(object).collect()
}

/// The faults of form that the readers find in a file.
fn faults_of_form(kind: Kind, text: &str) -> Vec<String> {
    let faults = match kind {
        Kind::Config => Config::read("careline.yaml", text.as_bytes()).1,
        Kind::Tests => {
            let files = crate::io::flow_files::read(&shipped()).unwrap();
            let set = FlowSet::load(files, &|_, _| Audio::Present).0.unwrap();
            let file =
                SourceFile { path: "main_menu.test.yaml".to_owned(), octets: text.as_bytes().to_vec() };
            let mut sources = crate::flow::diagnostic::Sources::default();
            crate::flow::rehearsal::read::file(&file, &set, &mut sources);
            sources.into_faults()
        }
        Kind::Clinic | Kind::Flow | Kind::Prompts | Kind::Hours => {
            let path = if kind == Kind::Flow { "x.yaml".to_owned() } else { format!("{}.yaml", kind.name()) };
            let file = SourceFile { path, octets: text.as_bytes().to_vec() };
            FlowSet::load(vec![file], &|_, _| Audio::Present).1
        }
    };
    let form = |family: crate::flow::syntax::fields::Family| {
        let crate::flow::syntax::fields::Family {
            unknown,
            missing,
            kind,
            nothing,
            name,
            choice,
            number,
            time,
            value: _,
        } = family;
        [unknown, missing, kind, nothing, name, choice, number, time]
    };
    let codes = [form(crate::flow::codes::FAMILY), form(crate::config::codes::FAMILY)].concat();
    faults.iter().filter(|fault| codes.contains(&fault.code)).map(|fault| fault.what.clone()).collect()
}

#[test]
fn whatever_the_table_names_is_taken_by_the_reader_and_by_the_schema() {
    for (kind, texts) in [
        (Kind::Clinic, objects(&vocabulary::CLINIC)),
        (Kind::Flow, objects(&vocabulary::FLOW)),
        (Kind::Prompts, samples(&vocabulary::PROMPTS)),
        (Kind::Hours, samples(&vocabulary::HOURS_FILE)),
        (Kind::Tests, samples(&vocabulary::TESTS)),
        (Kind::Config, objects(&CONFIG)),
    ] {
        assert!(!texts.is_empty());
        for text in texts {
            assert_eq!(faults_of_form(kind, &text), Vec::<String>::new(), "{text}");
            assert_eq!(verdict(kind, &text), Vec::<String>::new(), "{text}");
        }
    }
}

#[test]
fn a_number_is_bounded_alike_by_the_table_and_by_the_reader() {
    let sections = CONFIG.fields.iter().filter_map(|field| match field.value {
        Words::Object(of) => Some((field.name, of)),
        _ => None,
    });
    let mut seen = 0;
    for (section, of) in sections {
        for field in of.fields {
            let Words::Number(from, to) = field.value else { continue };
            for (number, good) in [(from, true), (to, true), (from.wrapping_sub(1), false), (to + 1, false)] {
                let text = format!("{section}: {{{}: {number}}}\n", field.name);
                let mut faults = faults_of_form(Kind::Config, &text);
                // What else the section needs is not asked here.
                faults.retain(|what| !what.contains(" needs "));
                assert_eq!(faults.is_empty(), good, "{text}");
                seen += 1;
            }
        }
    }
    assert!(seen > 20, "{seen}");
    for (number, good) in [(0, false), (1, true), (5, true), (6, false)] {
        let text =
            format!("languages: [en]\nlocale: us\nentry: a\ndefault: b\nperson: []\ntries: {number}\n");
        assert_eq!(faults_of_form(Kind::Clinic, &text).is_empty(), good, "{text}");
        assert_eq!(verdict(Kind::Clinic, &text).is_empty(), good, "{text}");
    }
}

#[test]
fn schemas_are_written_one_for_each_kind() {
    let directory = tempfile::tempdir().unwrap();
    let inner = directory.path().join("schemas");
    let schemas = Schemas { languages: LANGUAGES };
    schemas.write(&inner, &Kind::ALL).unwrap();
    for kind in Kind::ALL {
        let text = fs::read_to_string(inner.join(format!("{}.schema.json", kind.name()))).unwrap();
        let read: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(read["$schema"], "https://json-schema.org/draft/2020-12/schema");
        assert_eq!(read, schemas.of(kind));
    }
}
