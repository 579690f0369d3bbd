//! `clinic.yaml`: what stands once and holds for every flow.

use crate::flow::callable::{self, NotCalled, callable};
use crate::flow::codes::{
    FAMILY, LADDER, LAST_RUNG, LOCALE, MENU_KEYS, NUMBER, NUMBER_TWICE, RUNG_ORDER, SIP,
};
use crate::flow::diagnostic::{Place, Sources, Words};
use crate::flow::entry::ask::{DateOrder, PhonePlan};
use crate::flow::languages::Languages;
use crate::flow::program::{Recording, Rung};
use crate::flow::syntax::fields::{self, Fields, Placed};
use crate::flow::syntax::tree::Node;
use crate::flow::vocabulary;
use crate::id::Language;
use crate::limits::{LANGUAGES_MAX, MENU_KEYS_MAX};
use crate::wire::telephone_event::Key;
use std::collections::BTreeMap;
use std::time::Duration;

/// `clinic.yaml` as written, its flows still words.
#[derive(Clone, Debug)]
pub struct ClinicText {
    /// The file as a whole.
    pub place: Place,
    /// The clinic's name.
    pub name: String,
    /// The languages, the main one first.
    pub languages: Vec<Placed<String>>,
    /// The numbers of the country.
    pub locale: Option<Locale>,
    /// The flow that every call hears first.
    pub entry: Option<Placed<String>>,
    /// The flow of numbers that are not listed.
    pub default: Option<Placed<String>>,
    /// Called numbers without separators, and their flows.
    pub numbers: BTreeMap<String, Placed<String>>,
    /// The time for a menu's first key.
    pub first_key: Duration,
    /// The time that pound gives.
    pub more_time: Duration,
    /// How long a caller who types may think between two keys.
    pub between_keys: Duration,
    /// How long he may type in all.
    pub all_keys: Duration,
    /// Misses until a person is got.
    pub tries: u32,
    /// Whether calls are recorded.
    pub recording: Placed<Recording>,
    /// The rungs that call.
    pub ladder: Vec<Rung>,
    /// The last rung.
    pub message: Option<MessageText>,
    /// The exits that flows may name.
    pub exits: Vec<Placed<String>>,
    /// The flows whose callers are refused last.
    pub urgent: Vec<Placed<String>>,
}

/// A locale pack: the numbers that callers are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Locale {
    /// The keys of the emergency number.
    pub emergency: &'static [Key],
    /// The number of the crisis line.
    pub crisis: &'static str,
    /// In which order the parts of a date are typed.
    pub dates: DateOrder,
    /// How telephone numbers are typed.
    pub phones: PhonePlan,
}

/// 911 and 988.
const US: Locale = Locale {
    emergency: &[Key::Digit(9), Key::Digit(1), Key::Digit(1)],
    crisis: "988",
    dates: DateOrder::MonthDayYear,
    phones: PhonePlan::NORTH_AMERICA,
};

/// The last rung as written.
#[derive(Clone, Debug)]
pub struct MessageText {
    /// What is asked for.
    pub prompt: Placed<String>,
    /// What is said when it is saved.
    pub saved: Placed<String>,
    /// The promise.
    pub within_working_days: u32,
}

/// Reads `clinic.yaml`.
pub fn read(node: &Node, spoken: &Languages, sources: &mut Sources) -> Option<ClinicText> {
    let mut fields = Fields::of_object(node, &[&vocabulary::CLINIC], FAMILY, sources)?;
    let name = fields.take("clinic").and_then(|n| fields::prose(n, "the clinic's name", FAMILY, sources));
    let languages = fields.need("languages", sources).map(|n| languages(n, spoken, sources));
    let languages = languages.unwrap_or_default();
    let locale = fields.need("locale", sources).and_then(|n| locale(n, sources));
    let entry = fields.need("entry", sources).and_then(|n| fields::name(n, "a flow", FAMILY, sources));
    let default = fields.need("default", sources).and_then(|n| fields::name(n, "a flow", FAMILY, sources));
    let numbers = fields.take("numbers").map(|n| numbers(n, sources)).unwrap_or_default();
    let times = times(fields.take("times"), sources);
    let tries =
        fields.take("tries").and_then(|n| fields::number(n, "number of tries", 1..=5, FAMILY, sources));
    let recording = recording(fields.take("recording"), fields.place, sources);
    let (ladder, message) = match fields.need("person", sources) {
        Some(node) => ladder(node, sources),
        None => (Vec::new(), None),
    };
    let exits = fields.take("exits").map(|n| exits(n, sources)).unwrap_or_default();
    let urgent = fields.take("urgent_flows").map(|n| urgent_flows(n, sources)).unwrap_or_default();
    let place = fields.place;
    fields.finish(sources);
    Some(ClinicText {
        place,
        name: name.map(|n| n.value).unwrap_or_default(),
        languages,
        locale,
        entry,
        default,
        numbers,
        first_key: times.first_key,
        more_time: times.more_time,
        between_keys: times.between_keys,
        all_keys: times.all_keys,
        tries: tries.map_or(2, |n| u32::try_from(n).unwrap_or(2)),
        recording,
        ladder,
        message,
        exits,
        urgent,
    })
}

/// The languages of the clinic. A key for a third is none yet: who needs it would be told to press 2 and hear the second.
fn languages(node: &Node, spoken: &Languages, sources: &mut Sources) -> Vec<Placed<String>> {
    let mut found: Vec<Placed<String>> = Vec::new();
    for item in fields::items(node, "`languages`", FAMILY, sources).unwrap_or_default() {
        let Some(language) = fields::name(item, "a language", FAMILY, sources) else { continue };
        let known = spoken.knows(&language.value);
        if !known || found.iter().any(|old| old.value == language.value) {
            let words = Words::what(format!("`{}` is no other language that flows speak", language.value))
                .repair(format!(
                    "write one of {}, or add a file languages/NAME.yaml beside the flows",
                    spoken.names().collect::<Vec<_>>().join(", ")
                ));
            sources.fault(language.place, LOCALE, words);
            continue;
        }
        if found.len() == LANGUAGES_MAX {
            let what = format!("`{}` is one language more than a caller can choose between", language.value);
            let words = Words::what(what)
                .repair("leave two; 2 chooses the second")
                .hears("whoever is offered it with key 2 would get the second language instead");
            sources.fault(language.place, LOCALE, words);
            continue;
        }
        found.push(language);
    }
    found
}

fn locale(node: &Node, sources: &mut Sources) -> Option<Locale> {
    fields::choice(node, "locale", &[("us", US)], FAMILY, sources)
}

fn numbers(node: &Node, sources: &mut Sources) -> BTreeMap<String, Placed<String>> {
    let mut numbers: BTreeMap<String, Placed<String>> = BTreeMap::new();
    for (key, value) in fields::entries(node, "`numbers`", FAMILY, sources).unwrap_or_default() {
        let Some(written) = fields::word(key, "a called number", FAMILY, sources) else { continue };
        let Some(flow) = fields::name(value, "a flow", FAMILY, sources) else { continue };
        let number = plain_number(&written.value);
        let user = |c: char| c.is_ascii_alphanumeric() || "+_*#".contains(c);
        if number.is_empty() || !number.chars().all(user) {
            let words = Words::what(format!("`{}` is no called number", written.value))
                .repair("write it as the carrier sends it, such as \"+16175550100\"");
            sources.fault(written.place, NUMBER, words);
        } else if let Some(first) = numbers.get(&number) {
            let words = Words::what(format!("the number {number} stands here for the second time"))
                .repair(format!("keep one of them; the first is in line {}", first.place.line));
            sources.fault(written.place, NUMBER_TWICE, words);
        } else {
            numbers.insert(number, flow);
        }
    }
    numbers
}

/// A telephone number without its visual separators (RFC 3966 §5.1.1).
pub fn plain_number(written: &str) -> String {
    written.chars().filter(|c| !" -.()".contains(*c)).collect()
}

/// The times of every menu and entry.
struct Times {
    first_key: Duration,
    more_time: Duration,
    between_keys: Duration,
    all_keys: Duration,
}

fn times(node: Option<&Node>, sources: &mut Sources) -> Times {
    let seconds = Duration::from_secs;
    let mut times = Times {
        first_key: seconds(8),
        more_time: seconds(30),
        between_keys: seconds(5),
        all_keys: seconds(60),
    };
    let read = |n| Fields::of_object(n, &[&vocabulary::TIMES], FAMILY, sources);
    let Some(mut fields) = node.and_then(read) else { return times };
    for (name, place, bounds) in [
        ("first_key", &mut times.first_key, 3..=60),
        ("more_time", &mut times.more_time, 5..=300),
        ("between_keys", &mut times.between_keys, 2..=30),
        ("all_keys", &mut times.all_keys, 10..=300),
    ] {
        if let Some(node) = fields.take(name) {
            *place = fields::duration(node, "time", bounds, FAMILY, sources).unwrap_or(*place);
        }
    }
    fields.finish(sources);
    times
}

fn recording(node: Option<&Node>, file: Place, sources: &mut Sources) -> Placed<Recording> {
    let words = [("on", Recording::On), ("off", Recording::Off)];
    let value = node.and_then(|n| fields::choice(n, "choice for recording", &words, FAMILY, sources));
    Placed { value: value.unwrap_or(Recording::Off), place: node.map_or(file, |n| n.place) }
}

fn exits(node: &Node, sources: &mut Sources) -> Vec<Placed<String>> {
    let mut exits = Vec::new();
    for (key, value) in fields::entries(node, "`exits`", FAMILY, sources).unwrap_or_default() {
        fields::prose(value, "the exit's meaning", FAMILY, sources);
        exits.extend(fields::name(key, "an exit", FAMILY, sources));
    }
    exits
}

fn urgent_flows(node: &Node, sources: &mut Sources) -> Vec<Placed<String>> {
    let items = fields::items(node, "`urgent_flows`", FAMILY, sources).unwrap_or_default();
    items.iter().filter_map(|item| fields::name(item, "a flow", FAMILY, sources)).collect()
}

fn ladder(node: &Node, sources: &mut Sources) -> (Vec<Rung>, Option<MessageText>) {
    let items = fields::items(node, "`person`", FAMILY, sources).unwrap_or_default();
    let (mut rungs, mut message) = (Vec::new(), None);
    let hears = "a caller whom nobody answers would be left without a way to be called back";
    for (index, item) in items.iter().enumerate() {
        let last = index + 1 == items.len();
        let is_message = fields::entries(item, "a rung", FAMILY, sources)
            .is_some_and(|entries| entries.iter().any(|(key, _)| key.text() == Some("message")));
        match (is_message, last) {
            (true, true) => message = message_rung(item, sources),
            (false, _) => rungs.extend(call_rung(item, sources)),
            (true, false) => {
                let words = Words::what("a message stands before the last rung")
                    .repair("make it the last rung")
                    .hears("the persons after it would never be called");
                sources.fault(item.place, RUNG_ORDER, words);
            }
        }
        if last && !is_message {
            let words = Words::what("the last rung calls somebody, who may not answer")
                .repair("add `- {message: …, saved: …, promise: 1 working day}`")
                .hears(hears);
            sources.fault(item.place, LAST_RUNG, words);
        }
    }
    if items.is_empty() || (items.len() == 1 && message.is_some()) {
        let words = Words::what("the person ladder needs at least two rungs")
            .repair("name a person to call, then a message")
            .hears(hears);
        sources.fault(node.place, LADDER, words);
    }
    (rungs, message)
}

fn call_rung(node: &Node, sources: &mut Sources) -> Option<Rung> {
    let rungs = [&vocabulary::CALL_RUNG, &vocabulary::MESSAGE_RUNG];
    let mut fields = Fields::of_object(node, &rungs, FAMILY, sources)?;
    let target = fields.need("call", sources).and_then(|n| call_target(n, sources));
    let ring = fields.take("ring").map(|n| fields::duration(n, "time to ring", 5..=120, FAMILY, sources));
    let keys = fields.take("keys").map(|n| menu_keys(n, sources)).unwrap_or_default();
    fields.finish(sources);
    Some(Rung { target: target?, ring: ring.unwrap_or(Some(Duration::from_secs(25)))?, keys })
}

/// What is pressed for the menu of somebody who is called, by the caller's language.
pub fn menu_keys(node: &Node, sources: &mut Sources) -> BTreeMap<Language, Vec<Key>> {
    let mut all = BTreeMap::new();
    for (language, keys) in fields::entries(node, "`keys`", FAMILY, sources).unwrap_or_default() {
        let language = fields::name(language, "a language", FAMILY, sources);
        let Some(keys) = fields::word(keys, "keys", FAMILY, sources) else { continue };
        let pressed = callable::menu_keys(&keys.value);
        if pressed.is_none() {
            let words = Words::what(format!("`{}` is nothing that can be pressed", keys.value))
                .repair(format!("write up to {MENU_KEYS_MAX} of 0 to 9, * and #, in quotes: \"2\""))
                .hears("the menu of who is called in another language than his");
            sources.fault(keys.place, MENU_KEYS, words);
        }
        if let Some((language, keys)) = language.zip(pressed) {
            all.insert(Language::from(language.value.as_str()), keys);
        }
    }
    all
}

/// A SIP address that can be called, or a number over a trunk.
pub fn call_target(node: &Node, sources: &mut Sources) -> Option<String> {
    let target = fields::word(node, "a SIP address", FAMILY, sources)?;
    if let Err(NotCalled { why, repair }) = callable(&target.value) {
        let words = Words::what(format!("`{}` cannot be called: {why}", target.value))
            .repair(repair)
            .hears("a caller who asks for a person would not reach this one");
        sources.fault(target.place, SIP, words);
        return None;
    }
    Some(target.value)
}

fn message_rung(node: &Node, sources: &mut Sources) -> Option<MessageText> {
    let mut fields = Fields::of_object(node, &[&vocabulary::MESSAGE_RUNG], FAMILY, sources)?;
    let prompt = fields.need("message", sources).and_then(|n| fields::name(n, "a prompt", FAMILY, sources));
    let saved = fields.need("saved", sources).and_then(|n| fields::name(n, "a prompt", FAMILY, sources));
    let promise = fields.need("promise", sources).and_then(|n| working_days(n, sources));
    fields.finish(sources);
    Some(MessageText { prompt: prompt?, saved: saved?, within_working_days: promise? })
}

fn working_days(node: &Node, sources: &mut Sources) -> Option<u32> {
    let text = fields::word(node, "a promise", FAMILY, sources)?;
    let count = text.value.strip_suffix("working days").or(text.value.strip_suffix("working day"));
    match count.and_then(|count| count.trim().parse().ok()) {
        Some(days @ 1..=10) => Some(days),
        _ => {
            let words = Words::what(format!("`{}` is no promise", text.value))
                .repair("write `1 working day` up to `10 working days`, as the prompt says it");
            sources.fault(text.place, FAMILY.value, words);
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_compared_without_its_separators() {
        assert_eq!(plain_number("+1 (617) 555-01.00"), "+16175550100");
    }
}
