//! What was typed after `careline close`, read against the set that callers hear: a closing, or every fault, each under
//! the word that is meant. Pure.

use crate::clock::WallTime;
use crate::flow::closing::{Closing, Numbers, PROMPTS, Then};
use crate::flow::codes::{CLOSE_NUMBER, CLOSE_SAY, CLOSE_UNTIL, CLOSE_URGENT, CLOSE_ZONE};
use crate::flow::diagnostic::{Diagnostic, Place, Sources, Words, did_you_mean};
use crate::flow::hours::until::{self, Clock, NoUntil};
use crate::flow::hours::zone;
use crate::flow::read::clinic::plain_number;
use crate::flow::set::FlowSet;
use crate::id::PromptName;
use jiff::tz::TimeZone;
use std::collections::BTreeSet;

/// What was typed.
#[derive(Clone, Copy, Debug)]
pub struct Typed<'a> {
    /// Numbers, `until`, the end.
    pub words: &'a [String],
    /// `--say`.
    pub say: Option<&'a str>,
    /// `--then`.
    pub then: &'a str,
    /// `--zone`.
    pub zone: Option<&'a str>,
    /// Who.
    pub by: &'a str,
}

/// The word that parts the numbers from the end.
const UNTIL: &str = "until";
const EXAMPLE: &str =
    "such as `until 17:00`, `until tomorrow 08:00`, `until monday 08:00` or `until \"2026-12-01 08:00\"`";

/// The command as one line, and its words' places on it.
struct Line {
    sources: Sources,
    words: Vec<Place>,
    say: Place,
    then: Place,
    zone: Place,
    whole: Place,
}

impl Line {
    fn of(typed: &Typed<'_>) -> Self {
        let mut text = "careline close".to_owned();
        let mut add = |option: &str, word: &str| {
            text += &format!(" {option}");
            let column = text.chars().count() + 1;
            text += word;
            Place { file: 0, line: 1, column, width: word.chars().count().max(1) }
        };
        let words: Vec<Place> = typed.words.iter().map(|word| add("", word)).collect();
        let [say, zone] = [("--say ", typed.say), ("--zone ", typed.zone)]
            .map(|(option, word)| word.map(|word| add(option, word)).unwrap_or_default());
        let then =
            if typed.then == Then::AfterHours.word() { Place::default() } else { add("--then ", typed.then) };
        let whole = Place { file: 0, line: 1, column: 1, width: text.chars().count() };
        let mut sources = Sources::default();
        sources.add("what was typed", text);
        Self { sources, words, say, then, zone, whole }
    }

    fn fault(&mut self, place: Place, code: crate::flow::diagnostic::Code, words: Words) {
        let place = if place.line == 0 { self.whole } else { place };
        self.sources.fault(place, code, words);
    }

    /// From one word to another.
    fn span(&self, from: usize, to: usize) -> Place {
        match (self.words.get(from), self.words.get(to.saturating_sub(1))) {
            (Some(first), Some(last)) if to > from => {
                Place { width: last.column + last.width - first.column, ..*first }
            }
            (first, _) => first.copied().unwrap_or_default(),
        }
    }
}

/// Reads it.
///
/// # Errors
/// Every fault.
pub fn read(set: &FlowSet, typed: &Typed<'_>, now: WallTime) -> Result<(Closing, Clock), Vec<Diagnostic>> {
    let mut line = Line::of(typed);
    let parted = typed.words.iter().position(|word| word == UNTIL);
    let numbers = numbers(set, &typed.words[..parted.unwrap_or(typed.words.len())], &mut line);
    let zone = zone(set, typed, &mut line);
    let end = zone.as_ref().and_then(|(_, zone)| end(typed.words, parted, zone, now, &mut line));
    let say = say(set, typed.say, &mut line);
    let then = Then::read(typed.then);
    if then.is_none() {
        let words = Words::what(format!("`{}` does not say what follows on the words", typed.then));
        let place = line.then;
        line.fault(place, CLOSE_SAY, words.repair("write `--then after_hours` or `--then open`"));
    }
    match (numbers, zone, end, say, then) {
        (Some(numbers), Some((zone, _)), Some(end), Some(say), Some(then)) if line.sources.is_clean() => {
            let by = typed.by.to_owned();
            Ok((Closing { numbers, until: end.at, zone, say, then, by, made: now }, end.clock))
        }
        _ => Err(line.sources.into_faults()),
    }
}

fn numbers(set: &FlowSet, words: &[String], line: &mut Line) -> Option<Numbers> {
    if words.is_empty() {
        let words =
            Words::what("no number is named").repair("name the numbers before `until`, or write `all`");
        let place = line.whole;
        line.fault(place, CLOSE_NUMBER, words);
        return None;
    }
    if words.len() == 1 && words[0] == "all" {
        return Some(Numbers::All);
    }
    let mut numbers = BTreeSet::new();
    for (at, word) in words.iter().enumerate() {
        let number = plain_number(word);
        let place = line.words[at];
        let flow = set.numbers().find(|(known, _)| *known == number).map(|(_, flow)| flow);
        match flow {
            None => {
                let known: Vec<&str> = set.numbers().map(|(number, _)| number).chain(["all"]).collect();
                let words = Words::what(format!("`{word}` is no number of clinic.yaml"));
                line.fault(place, CLOSE_NUMBER, words.repair(did_you_mean(&number, &known)));
            }
            Some(flow) if set.is_urgent(flow) => {
                let words =
                    Words::what(format!("{word} leads to `{flow}`, an urgent flow, which is never closed"));
                let repair = "leave the number out; clinic.yaml says which flows are urgent";
                line.fault(place, CLOSE_URGENT, words.repair(repair));
            }
            Some(_) => drop(numbers.insert(number)),
        }
    }
    Some(Numbers::These(numbers))
}

fn end(
    words: &[String],
    parted: Option<usize>,
    zone: &TimeZone,
    now: WallTime,
    line: &mut Line,
) -> Option<until::Until> {
    let Some(parted) = parted.filter(|at| at + 1 < words.len()) else {
        let words = Words::what("nothing says until when").repair(format!("end with it, {EXAMPLE}"));
        let place = line.whole;
        line.fault(place, CLOSE_UNTIL, words.hears("a closing that nobody ends is heard for weeks"));
        return None;
    };
    let text = words[parted + 1..].join(" ");
    let (what, repair) = match until::read(&text, zone, now) {
        Ok(end) => return Some(end),
        Err(NoUntil::Unreadable) => {
            (format!("`{text}` is no time on the clinic's clock"), format!("write it {EXAMPLE}"))
        }
        Err(NoUntil::Past) => {
            (format!("`{text}` is past on the clinic's clock"), format!("name the day, {EXAMPLE}"))
        }
        Err(NoUntil::TooFar) => {
            let repair = "close for 14 days at the most; what lasts longer stands in hours.yaml";
            (format!("`{text}` is too far away"), repair.to_owned())
        }
    };
    let place = line.span(parted + 1, words.len());
    line.fault(place, CLOSE_UNTIL, Words::what(what).repair(repair));
    None
}

/// The zone that was typed, or the only one that the calendars have.
fn zone(set: &FlowSet, typed: &Typed<'_>, line: &mut Line) -> Option<(String, TimeZone)> {
    if let Some(name) = typed.zone {
        let found = zone::zone(name);
        if found.is_none() {
            let near = zone::meant(name).map(|near| format!("did you mean `{near}`?"));
            let repair = near.unwrap_or_else(|| "write the place, such as America/New_York".to_owned());
            let place = line.zone;
            line.fault(place, CLOSE_ZONE, Words::what(format!("`{name}` is no time zone")).repair(repair));
        }
        return found.map(|zone| (name.to_owned(), zone));
    }
    let named =
        set.calendars().iter().map(|calendar| (calendar.zone.iana_name().unwrap_or("UTC"), &calendar.zone));
    let zones: std::collections::BTreeMap<&str, &TimeZone> = named.collect();
    if let (1, Some((name, zone))) = (zones.len(), zones.first_key_value()) {
        return Some(((*name).to_owned(), (*zone).clone()));
    }
    let what = match zones.len() {
        0 => "the flows have no hours.yaml that says on which clock the end is meant".to_owned(),
        _ => format!("the calendars have clocks in {}", zones.into_keys().collect::<Vec<_>>().join(", ")),
    };
    let place = line.whole;
    line.fault(place, CLOSE_ZONE, Words::what(what).repair("say it, such as `--zone America/New_York`"));
    None
}

fn say(set: &FlowSet, say: Option<&str>, line: &mut Line) -> Option<PromptName> {
    let kept: BTreeSet<&str> = set
        .spoken()
        .iter()
        .map(|spoken| spoken.prompt.as_str())
        .filter(|name| name.starts_with(PROMPTS))
        .collect();
    let known: Vec<&str> = kept.iter().copied().collect();
    let (what, repair, place) = match say {
        Some(say) if kept.contains(say) => return Some(PromptName::from(say)),
        Some(say) => (format!("callers cannot hear `{say}`"), did_you_mean(say, &known), line.say),
        None => {
            let which = if known.is_empty() { "closed.…".to_owned() } else { known.join(", ") };
            ("nothing says what callers hear".to_owned(), format!("add --say and one of {which}"), line.whole)
        }
    };
    let repair = match known.len() {
        0 => format!(
            "write a prompt whose name begins with `{PROMPTS}` into prompts.yaml, in every language, and publish it"
        ),
        _ => repair,
    };
    let hears = "callers would be led away without a word";
    line.fault(place, CLOSE_SAY, Words::what(what).repair(repair).hears(hears));
    None
}

#[cfg(test)]
mod tests;
