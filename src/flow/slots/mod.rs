//! Slots: the places of a prompt's text that a value fills, and the segments between them, each a recording of its own.
//!
//! ```text
//! I heard {value}. If that is right, press 1.
//! └id.back.1┘     └────────id.back.2────────┘
//! {due:day}  the value `due`, in the manner `day`          {{  }}  are no braces: they are faults, a caller hears none
//! ```
//! A segment without words, such as the comma between two slots, has no recording and no number. A text without slots is
//! one recording under the prompt's own name. How a type is spoken in a manner stands in [`how`]; which value fills a
//! slot is the step's business.

pub mod how;

use crate::id::PromptName;
use std::ops::Range;
use thiserror::Error;

/// A part of a prompt's text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// Words that are always the same.
    Segment(Segment),
    /// A place for a value.
    Slot(Slot),
}

/// Words between slots.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// Their recording.
    pub recording: PromptName,
    /// The words.
    pub text: String,
}

/// A place for a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slot {
    /// The value's name.
    pub name: String,
    /// The manner behind the colon.
    pub manner: Option<String>,
    /// Where it stands in the text with its braces, in octets.
    pub at: Range<usize>,
}

impl Slot {
    /// As it is written, in one way.
    pub fn written(&self) -> String {
        match &self.manner {
            Some(manner) => format!("{{{}:{manner}}}", self.name),
            None => format!("{{{}}}", self.name),
        }
    }
}

/// What is wrong with the braces of a text.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Cause {
    /// A brace without its other half.
    #[error("the `{0}` has no other half")]
    Unpaired(char),
    /// What stands in braces is no name.
    #[error("`{{{0}}}` is no name of a value")]
    Name(String),
}

/// A fault, and where it stands in the text, in octets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Where.
    pub at: Range<usize>,
    /// What.
    pub cause: Cause,
}

/// The names of the slots of a text, whatever else is wrong with its braces.
pub fn names(text: &str) -> impl Iterator<Item = &str> {
    let inside = text.split('{').skip(1).filter_map(|rest| Some(rest.split_once('}')?.0));
    inside.map(|slot| slot.split(':').next().unwrap_or(slot).trim())
}

/// Whether a text has slots or what looks like one.
pub fn has_braces(text: &str) -> bool {
    text.contains(['{', '}'])
}

/// The parts of a prompt's text in their order.
///
/// # Errors
/// Every fault of its braces.
pub fn read(prompt: &str, text: &str) -> Result<Vec<Part>, Vec<Fault>> {
    let (mut parts, mut faults) = (Vec::new(), Vec::new());
    let mut from = 0;
    while let Some(open) = text[from..].find(['{', '}']).map(|at| from + at) {
        segment(prompt, &text[from..open], &mut parts);
        let inside = open + 1;
        let end = text[inside..].find(['{', '}']).map(|at| inside + at);
        from = match (text.as_bytes()[open], end) {
            (b'{', Some(end)) if text.as_bytes()[end] == b'}' => {
                match slot(&text[inside..end], open..end + 1) {
                    Ok(slot) => parts.push(Part::Slot(slot)),
                    Err(fault) => faults.push(fault),
                }
                end + 1
            }
            (brace, _) => {
                faults.push(Fault { at: open..inside, cause: Cause::Unpaired(char::from(brace)) });
                inside
            }
        };
    }
    segment(prompt, &text[from..], &mut parts);
    match (faults.is_empty(), parts.as_mut_slice()) {
        (false, _) => Err(faults),
        (true, [Part::Segment(whole)]) => {
            whole.recording = PromptName::from(prompt);
            Ok(parts)
        }
        (true, _) => Ok(parts),
    }
}

/// The slots among the parts.
pub fn slots(parts: &[Part]) -> impl Iterator<Item = &Slot> {
    parts.iter().filter_map(|part| match part {
        Part::Slot(slot) => Some(slot),
        Part::Segment(_) => None,
    })
}

/// The recordings of the segments.
pub fn segments(parts: &[Part]) -> impl Iterator<Item = &Segment> {
    parts.iter().filter_map(|part| match part {
        Part::Segment(segment) => Some(segment),
        Part::Slot(_) => None,
    })
}

fn segment(prompt: &str, text: &str, parts: &mut Vec<Part>) {
    if !text.contains(char::is_alphanumeric) {
        return;
    }
    let number = segments(parts).count() + 1;
    let recording = PromptName::from(format!("{prompt}.{number}").as_str());
    parts.push(Part::Segment(Segment { recording, text: text.trim().to_owned() }));
}

fn slot(inside: &str, at: Range<usize>) -> Result<Slot, Fault> {
    let (name, manner) = match inside.split_once(':') {
        Some((name, manner)) => (name.trim(), Some(manner.trim())),
        None => (inside.trim(), None),
    };
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "_-.".contains(c);
    let is_name = |word: &str| word.starts_with(|c: char| c.is_ascii_alphabetic()) && word.chars().all(fits);
    if is_name(name) && manner.is_none_or(is_name) {
        Ok(Slot { name: name.to_owned(), manner: manner.map(str::to_owned), at })
    } else {
        Err(Fault { at, cause: Cause::Name(inside.to_owned()) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shown(text: &str) -> String {
        match read("p", text) {
            Ok(parts) => {
                let shown = parts.iter().map(|part| match part {
                    Part::Segment(Segment { recording, text }) => format!("{recording}({text})"),
                    Part::Slot(slot) => slot.written(),
                });
                shown.collect::<Vec<_>>().join(" ")
            }
            Err(faults) => {
                let shown = faults.iter().map(|fault| format!("{}: {}", fault.at.start, fault.cause));
                shown.collect::<Vec<_>>().join("; ")
            }
        }
    }

    #[test]
    fn a_text_is_cut_at_its_slots_and_each_stretch_of_words_is_a_recording() {
        for (text, parts) in [
            ("Thank you.", "p(Thank you.)"),
            ("I heard {value}. If right, press 1.", "p.1(I heard) {value} p.2(. If right, press 1.)"),
            ("{day:day}, {day:date}, at {time}.", "{day:day} {day:date} p.1(, at) {time}"),
            ("{ n : days }", "{n:days}"),
            ("{a}{b} y {c}", "{a} {b} p.1(y) {c}"),
            ("", ""),
            ("...", ""),
            ("{booked.day} 9", "{booked.day} p.1(9)"),
        ] {
            assert_eq!(shown(text), parts, "{text}");
        }
    }

    #[test]
    fn every_broken_brace_has_its_place_and_its_cause() {
        for (text, faults) in [
            ("a { b", "2: the `{` has no other half"),
            ("a } b", "2: the `}` has no other half"),
            ("{{a}}", "0: the `{` has no other half; 4: the `}` has no other half"),
            ("{}", "0: `{}` is no name of a value"),
            (
                "{A b} {x:} {:y} {9a}",
                "0: `{A b}` is no name of a value; 6: `{x:}` is no name of a value; 11: `{:y}` is no name of a value; 16: `{9a}` is no name of a value",
            ),
            ("ñ {", "3: the `{` has no other half"),
        ] {
            assert_eq!(shown(text), faults, "{text}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn no_word_of_a_text_is_lost(text in "[a-z .,ñ{}:]{0,40}") {
            let letters = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).collect::<String>();
            match read("p", &text) {
                Ok(parts) => {
                    let again: String = parts.iter().map(|part| match part {
                        Part::Segment(segment) => segment.text.clone(),
                        Part::Slot(slot) => slot.written(),
                    }).collect();
                    prop_assert_eq!(letters(&again), letters(&text));
                    let names: std::collections::BTreeSet<&PromptName> = segments(&parts).map(|s| &s.recording).collect();
                    prop_assert_eq!(names.len(), segments(&parts).count());
                }
                Err(faults) => {
                    prop_assert!(has_braces(&text) && !faults.is_empty());
                    for fault in faults {
                        prop_assert!(text.get(fault.at.clone()).is_some(), "{:?}", fault);
                    }
                }
            }
        }
    }
}
