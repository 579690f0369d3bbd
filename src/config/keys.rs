//! `keys:` of `careline.yaml`: by which keys a person hands the caller on.

use super::codes::{FAMILY, KEYS};
use super::vocabulary;
use crate::call::keycode::{Code, Codes};
use crate::flow::diagnostic::{Place, Sources, Words};
use crate::flow::syntax::fields::{self, Fields};
use crate::flow::syntax::tree::Node;

/// Reads the section: the codes without a fault.
pub fn read(node: &Node, sources: &mut Sources) -> Codes {
    let mut known: Vec<(&str, Code)> = Vec::new();
    let Some(mut fields) = Fields::of_object(node, &[&vocabulary::KEYS], FAMILY, sources) else {
        return Codes::default();
    };
    let mut take = |name: &'static str, sources: &mut Sources| {
        let node = fields.take(name)?;
        let (code, place) = code(node, sources)?;
        if let Some((other, _)) = known.iter().find(|(_, other)| other.clashes(&code)) {
            let words =
                Words::what(format!("`{name}` begins as `{other}` does, so nobody could tell them apart"))
                    .repair("give each a digit of its own behind the star, such as \"*1\", \"*2\" and \"*0\"")
                    .hears("the caller would be handed on in the wrong way");
            sources.fault(place, KEYS, words);
        }
        known.push((name, code.clone()));
        Some((code, place))
    };
    let (blind, attended, back) = (take("blind", sources), take("attended", sources), take("back", sources));
    fields.finish(sources);
    if let (Some((_, place)), None) = (&attended, &back) {
        lacks_back(*place, sources);
    }
    let plain = |taken: Option<(Code, Place)>| taken.map(|(code, _)| code);
    Codes { blind: plain(blind), attended: plain(attended), back: plain(back) }
}

fn code(node: &Node, sources: &mut Sources) -> Option<(Code, Place)> {
    let word = fields::word(node, "a code", FAMILY, sources)?;
    let code = Code::read(&word.value);
    if code.is_none() {
        let words = Words::what(format!("`{}` is no code for keys", word.value))
            .repair("write a star and one to three digits, with quotes around them, such as \"*1\"")
            .hears("keys that menus ask for would be taken for it");
        sources.fault(word.place, KEYS, words);
    }
    Some((code?, word.place))
}

fn lacks_back(place: Place, sources: &mut Sources) {
    let words = Words::what("there is `attended` and no `back`")
        .repair("add `back: \"*0\"`")
        .hears("the caller would wait until the colleague who was asked hangs up");
    sources.fault(place, KEYS, words);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::flow::diagnostic::Paint;

    fn read(text: &str) -> (Option<Config>, String) {
        let (config, faults) = Config::read("careline.yaml", format!("keys: {text}\n").as_bytes());
        (config, faults.iter().map(|fault| fault.render(Paint::Plain)).collect())
    }

    #[test]
    fn codes_are_off_until_they_are_named_and_each_alone_may_be() {
        assert_eq!(Config::read("careline.yaml", b"").0.map(|config| config.keys), Some(Codes::default()));
        let code = Code::read;
        for (text, expected) in [
            ("{}", Codes::default()),
            ("{blind: \"*1\"}", Codes { blind: code("*1"), ..Codes::default() }),
            (
                "{blind: \"*1\", attended: \"*27\", back: \"*0\"}",
                Codes { blind: code("*1"), attended: code("*27"), back: code("*0") },
            ),
        ] {
            let (config, faults) = read(text);
            assert_eq!((config.map(|config| config.keys), faults.as_str()), (Some(expected), ""), "{text}");
        }
    }

    #[test]
    fn what_menus_need_is_no_code_and_each_fault_says_what_to_write() {
        for (text, fault) in [
            ("{blind: \"1\"}", "C030  `1` is no code for keys"),
            ("{blind: \"*\"}", "C030  `*` is no code"),
            ("{blind: \"#1\"}", "C030  `#1` is no code"),
            ("{blind: \"**1\"}", "C030"),
            ("{blind: \"*12345\"}", "C030"),
            ("{blind: \"*1\", back: \"*12\"}", "C030  `back` begins as `blind` does"),
            ("{attended: \"*2\"}", "C030  there is `attended` and no `back`"),
            ("{blnd: \"*1\"}", "C001"),
        ] {
            let (config, faults) = read(text);
            assert!(config.is_none() && faults.contains(fault), "{text}: {faults}");
        }
    }
}
