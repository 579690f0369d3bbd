//! `voice:` of `careline.yaml`: which speech engine says what no recording does, and what it needs.

use super::codes::{FAMILY, VOICE};
use super::vocabulary;
use crate::flow::diagnostic::{Place, Sources, Words};
use crate::flow::syntax::fields::{self, Fields, Placed};
use crate::flow::syntax::tree::Node;
use crate::io::voice::engine::{Address, Engine};
use std::collections::BTreeMap;

#[derive(Clone, Copy)]
enum Kind {
    None,
    EspeakNg,
    Flite,
    Command,
    Http,
}

const KINDS: [(&str, Kind); 5] = [
    ("none", Kind::None),
    ("espeak-ng", Kind::EspeakNg),
    ("flite", Kind::Flite),
    ("command", Kind::Command),
    ("http", Kind::Http),
];

/// Reads the section; no voice if it has a fault.
pub fn read(node: &Node, sources: &mut Sources) -> Engine {
    let Some(mut fields) = Fields::of_object(node, &[&vocabulary::VOICE], FAMILY, sources) else {
        return Engine::None;
    };
    let kind = fields.need("engine", sources);
    let kind = kind.and_then(|node| fields::choice(node, "speech engine", &KINDS, FAMILY, sources));
    let names = fields.take("voices").map(|node| voices(node, sources));
    let words = fields.take("command").map(|node| (node.place, words(node, sources)));
    let url = fields.take("url").and_then(|node| fields::word(node, "an address", FAMILY, sources));
    fields.finish(sources);
    let engine = match kind {
        None | Some(Kind::None) => Some(Engine::None),
        Some(Kind::EspeakNg) => Some(Engine::EspeakNg(names.clone().unwrap_or_default())),
        Some(Kind::Flite) => Some(Engine::Flite(names.clone().unwrap_or_default())),
        Some(Kind::Command) => command(node.place, words.clone(), sources),
        Some(Kind::Http) => http(node.place, url.as_ref(), sources),
    };
    engine.unwrap_or_default()
}

fn command(section: Place, words: Option<(Place, Vec<String>)>, sources: &mut Sources) -> Option<Engine> {
    match words {
        Some((_, words)) if !words.is_empty() => Some(Engine::Command(words)),
        Some((place, _)) => {
            lacks(place, "a command needs at least its program", "command: [/usr/bin/my-voice]", sources)
        }
        None => lacks(section, "this engine needs `command`", "add `command: [/usr/bin/my-voice]`", sources),
    }
}

fn http(section: Place, url: Option<&Placed<String>>, sources: &mut Sources) -> Option<Engine> {
    let example = "add `url: \"http://127.0.0.1:5002/say/{language}\"`";
    let Some(url) = url else { return lacks(section, "this engine needs `url`", example, sources) };
    match Address::read(&url.value) {
        Some(address) => Some(Engine::Http(address)),
        None => lacks(
            url.place,
            "this is no http:// address of a server in the clinic's own network",
            example,
            sources,
        ),
    }
}

fn lacks(place: Place, what: &str, repair: &str, sources: &mut Sources) -> Option<Engine> {
    let words =
        Words::what(what).repair(repair).hears("digits alone, or a person, where a voice would speak");
    sources.fault(place, VOICE, words);
    None
}

fn voices(node: &Node, sources: &mut Sources) -> BTreeMap<String, String> {
    let mut voices = BTreeMap::new();
    for (language, voice) in fields::entries(node, "`voices`", FAMILY, sources).unwrap_or_default() {
        let language = fields::name(language, "a language", FAMILY, sources);
        let voice = fields::word(voice, "a voice", FAMILY, sources);
        if let (Some(language), Some(voice)) = (language, voice) {
            voices.insert(language.value, voice.value);
        }
    }
    voices
}

fn words(node: &Node, sources: &mut Sources) -> Vec<String> {
    let items = fields::items(node, "`command`", FAMILY, sources).unwrap_or_default();
    items
        .iter()
        .filter_map(|item| fields::word(item, "a word", FAMILY, sources))
        .map(|word| word.value)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::flow::diagnostic::Paint;

    #[test]
    fn every_kind_of_engine_is_read_and_what_it_lacks_is_told() {
        let map = |pairs: &[(&str, &str)]| {
            pairs.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect::<BTreeMap<_, _>>()
        };
        let address = Address::read("http://127.0.0.1:5002/say/{language}").unwrap();
        for (text, engine) in [
            ("{engine: none}", Engine::None),
            ("{engine: espeak-ng}", Engine::EspeakNg(map(&[]))),
            ("{engine: flite, voices: {en: slt}}", Engine::Flite(map(&[("en", "slt")]))),
            (
                "{engine: command, command: [/bin/say, \"{language}\"]}",
                Engine::Command(vec!["/bin/say".into(), "{language}".into()]),
            ),
            ("{engine: http, url: \"http://127.0.0.1:5002/say/{language}\"}", Engine::Http(address)),
        ] {
            let (config, faults) = Config::read("careline.yaml", format!("voice: {text}\n").as_bytes());
            assert_eq!(config.map(|config| config.voice), Some(engine), "{text}: {faults:?}");
        }
        for (text, fault) in [
            ("{}", "C002  `voice` needs `engine`"),
            ("{engine: piper}", "C008"),
            ("{engine: command}", "C016  this engine needs `command`"),
            ("{engine: command, command: []}", "C016  a command needs at least its program"),
            ("{engine: http}", "C016  this engine needs `url`"),
            ("{engine: http, url: \"ftp://a/\"}", "C016  this is no http:// address"),
            ("{engine: none, speed: 3}", "C001"),
        ] {
            let (_, faults) = Config::read("careline.yaml", format!("voice: {text}\n").as_bytes());
            let told: String = faults.iter().map(|fault| fault.render(Paint::Plain)).collect();
            assert!(told.contains(fault), "{text}: {told}");
        }
    }
}
