//! Steps that hold values or lead somewhere by them: `ask collect offer set when call care record recording speech wait
//! transfer queue callback`, as written.

use super::flow::{ActText, AnswerText, keys};
use crate::flow::action::Pace;
use crate::flow::care::{self, Care};
use crate::flow::codes::{CARE_VERB, COLLECT, EXPRESSION, FAMILY, NOTICE, OUTCOME, PASSED};
use crate::flow::diagnostic::{Place, Sources, Words, did_you_mean};
use crate::flow::entry::ask::Digits;
use crate::flow::expression::Expression;
use crate::flow::program::{Day, Pausing};
use crate::flow::syntax::fields::{self, Fields, Placed};
use crate::flow::syntax::tree::Node;
use crate::flow::value::Date;
use crate::flow::vocabulary;
use crate::limits::NUMBER_TYPED_MAX;
use std::time::Duration;

/// A condition or value as written.
#[derive(Clone, Debug)]
pub struct ExpressionText {
    /// The text.
    pub text: Placed<String>,
    /// What it says.
    pub read: Expression,
}

/// Digits that are asked for, as written.
#[derive(Clone, Debug)]
pub struct CollectText {
    /// The question.
    pub prompt: Placed<String>,
    /// What may be typed.
    pub kind: CollectKindText,
    /// The words of the read-back.
    pub confirm: Option<Placed<String>>,
    /// The words after a wrong entry.
    pub wrong: Option<Placed<String>>,
    /// Whether nobody may hear or see the value again.
    pub secrecy: Secrecy,
    /// How long the caller may think before the first key.
    pub first_key: Option<Duration>,
    /// The name of the value.
    pub save: Placed<String>,
    /// Where it leads.
    pub next: Placed<String>,
}

/// Whether nobody may hear or see a value again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Secrecy {
    /// As any other value.
    #[default]
    Ordinary,
    /// It is a secret, such as a PIN.
    Secret,
}

/// What may be typed, as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CollectKindText {
    /// Digits that mean themselves.
    Digits {
        /// The fewest.
        least: u8,
        /// The most.
        most: u8,
        /// How they must begin.
        begins: Digits,
    },
    /// A whole number.
    Number {
        /// The least.
        from: u64,
        /// The greatest.
        to: u64,
    },
    /// A day.
    Date {
        /// The first.
        from: Option<Day>,
        /// The last.
        to: Option<Day>,
    },
    /// A telephone number of the country.
    Phone,
}

/// One outcome and where it leads.
pub type WayText = (Placed<String>, Placed<String>);

pub(super) fn named(
    fields: &mut Fields<'_>,
    name: &str,
    what: &str,
    sources: &mut Sources,
) -> Option<Placed<String>> {
    fields.need(name, sources).and_then(|n| fields::name(n, what, FAMILY, sources))
}

pub(super) fn maybe(
    fields: &mut Fields<'_>,
    name: &str,
    what: &str,
    sources: &mut Sources,
) -> Option<Placed<String>> {
    fields.take(name).and_then(|n| fields::name(n, what, FAMILY, sources))
}

fn step(fields: &mut Fields<'_>, sources: &mut Sources) -> Option<Placed<String>> {
    named(fields, "next", "a step", sources)
}

/// The values that go with a step: `with: {day: $visit}`.
pub fn with(node: &Node, sources: &mut Sources) -> Vec<(Placed<String>, Placed<String>)> {
    let mut all = Vec::new();
    for (name, value) in fields::entries(node, "`with`", FAMILY, sources).unwrap_or_default() {
        let name = fields::name(name, "a value", FAMILY, sources);
        let Some(word) = fields::word(value, "a value", FAMILY, sources) else { continue };
        let Some(saved) = word.value.strip_prefix('$').filter(|rest| !rest.is_empty()) else {
            let words = Words::what(format!("`{}` is no saved value", word.value))
                .repair(format!(
                    "write `${}`, the name under which a step saved it",
                    word.value.trim_start_matches('$')
                ))
                .hears("nothing could be said or asked here");
            sources.fault(word.place, PASSED, words);
            continue;
        };
        let saved = Placed { value: saved.to_owned(), place: word.place };
        all.extend(name.map(|name| (name, saved)));
    }
    all
}

/// The ways of `next: {outcome: step}`. Each of `outcomes` must be named, but for `failed`, which is a person if left
/// out; no other may be.
pub(super) fn outcomes(
    fields: &mut Fields<'_>,
    outcomes: &[&str],
    sources: &mut Sources,
) -> Option<Vec<WayText>> {
    let node = fields.need("next", sources)?;
    let mut ways: Vec<WayText> = Vec::new();
    for (outcome, target) in fields::entries(node, "`next`", FAMILY, sources)? {
        let outcome = fields::name(outcome, "an outcome", FAMILY, sources);
        let target = fields::name(target, "a step", FAMILY, sources);
        let Some((outcome, target)) = outcome.zip(target) else { continue };
        if !outcomes.contains(&outcome.value.as_str()) {
            let words = Words::what(format!("this step never comes to `{}`", outcome.value))
                .repair(did_you_mean(&outcome.value, outcomes))
                .meant(&outcome.value, outcomes.iter().copied());
            sources.fault(outcome.place, OUTCOME, words);
            continue;
        }
        ways.push((outcome, target));
    }
    let lacks =
        |outcome: &&&str| **outcome != "failed" && !ways.iter().any(|(own, _)| own.value == **outcome);
    let missing: Vec<&str> = outcomes.iter().filter(lacks).copied().collect();
    if !missing.is_empty() {
        let words = Words::what(format!("nothing says what follows on `{}`", missing.join("`, `")))
            .repair(format!("add `{}: …` under `next`", missing[0]))
            .hears("a caller to whom this happens would hear nothing more");
        sources.fault(node.place, OUTCOME, words);
        return None;
    }
    Some(ways)
}

/// The step of an outcome; `person` where `failed` is left out.
pub(super) fn way(ways: &[WayText], outcome: &str, at: Place) -> Placed<String> {
    let found = ways.iter().find(|(own, _)| own.value == outcome).map(|(_, target)| target.clone());
    found.unwrap_or_else(|| Placed { value: "person".to_owned(), place: at })
}

fn expression(node: &Node, sources: &mut Sources) -> Option<ExpressionText> {
    let text = fields::word(node, "a condition or value", FAMILY, sources)?;
    match Expression::read(&text.value) {
        Ok(read) => Some(ExpressionText { text, read }),
        Err(fault) => {
            let place = sources.within(text.place, &text.value, fault.span.start..fault.span.end);
            let words = Words::what(fault.cause.to_string())
                .repair(fault.cause.repair())
                .hears("nobody would know which way the call shall take");
            sources.fault(place, EXPRESSION, words);
            None
        }
    }
}

/// `ask:`
pub fn ask(node: &Node, sources: &mut Sources) -> Option<ActText> {
    let mut fields = Fields::of_object(node, &[&vocabulary::steps::ASK], FAMILY, sources)?;
    let prompt = named(&mut fields, "ask", "a prompt", sources);
    let code = maybe(&mut fields, "code", "a code", sources);
    let save = maybe(&mut fields, "save", "a value", sources);
    let ways = outcomes(&mut fields, &["yes", "no"], sources);
    let _ = fields.take("with");
    let at = fields.place;
    fields.finish(sources);
    let ways = ways?;
    Some(ActText::Ask { prompt: prompt?, code, save, yes: way(&ways, "yes", at), no: way(&ways, "no", at) })
}

/// `collect:`
pub fn collect(node: &Node, sources: &mut Sources) -> Option<ActText> {
    let mut fields = Fields::of_object(node, &[&vocabulary::steps::COLLECT], FAMILY, sources)?;
    let prompt = named(&mut fields, "collect", "a prompt", sources);
    let kind = collect_kind(&mut fields, sources);
    let confirm = maybe(&mut fields, "confirm", "a prompt", sources);
    let wrong = maybe(&mut fields, "wrong", "a prompt", sources);
    let secrets = [("yes", Secrecy::Secret), ("no", Secrecy::Ordinary)];
    let secrecy = fields.take("secret");
    let secrecy = secrecy.and_then(|n| fields::choice(n, "answer", &secrets, FAMILY, sources));
    let first_key = fields.take("first_key");
    let first_key = first_key.and_then(|n| fields::duration(n, "time for a key", 3..=60, FAMILY, sources));
    let save = named(&mut fields, "save", "a value", sources);
    let next = step(&mut fields, sources);
    let _ = fields.take("with");
    let at = fields.place;
    fields.finish(sources);
    let (prompt, kind) = (prompt?, kind?);
    if confirm.is_none() && matches!(kind, CollectKindText::Date { .. }) {
        let words = Words::what("a date is read back, so that 13/04 is not taken for something else")
            .repair("add `confirm:` with a prompt that says {value} and offers 1 for yes and 2 for no")
            .hears("a caller who types day before month would be taken for somebody else");
        sources.fault(at, COLLECT, words);
    }
    let secrecy = secrecy.unwrap_or_default();
    if let (Secrecy::Secret, Some(confirm)) = (secrecy, &confirm) {
        let words = Words::what("a secret is never read back").repair("take `confirm` out");
        sources.fault(confirm.place, COLLECT, words.hears("whoever stands beside the caller would hear it"));
    }
    let text = CollectText { prompt, kind, confirm, wrong, secrecy, first_key, save: save?, next: next? };
    Some(ActText::Collect(Box::new(text)))
}

/// Which of the words for bounds belong to a kind.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Asked {
    Digits,
    Number,
    Date,
    Phone,
}

fn collect_kind(fields: &mut Fields<'_>, sources: &mut Sources) -> Option<CollectKindText> {
    let kinds = [
        ("digits", Asked::Digits),
        ("number", Asked::Number),
        ("date", Asked::Date),
        ("phone", Asked::Phone),
    ];
    let kind = fields.need("as", sources);
    let kind = kind.and_then(|n| fields::choice(n, "kind of entry", &kinds, FAMILY, sources));
    let at = fields.place;
    let parts = ["length", "begins", "from", "to"].map(|name| fields.take(name));
    let kind = kind?;
    let fit: &[usize] = match kind {
        Asked::Digits => &[0, 1],
        Asked::Number | Asked::Date => &[2, 3],
        Asked::Phone => &[],
    };
    for (at, node) in parts.iter().enumerate().filter(|(at, _)| !fit.contains(at)) {
        if let Some(node) = node {
            let name = ["length", "begins", "from", "to"][at];
            let words = Words::what(format!("`{name}` does not belong to this kind of entry"));
            sources.fault(node.place, COLLECT, words.repair("take it out"));
        }
    }
    let [length, begins, from, to] = parts;
    match kind {
        Asked::Phone => Some(CollectKindText::Phone),
        Asked::Digits => {
            let lengths = match length {
                Some(node) => length_of(node, sources)?,
                None => (1, Digits::MOST),
            };
            let begins = match begins {
                Some(node) => prefix(node, sources)?,
                None => Digits::NONE,
            };
            Some(CollectKindText::Digits { least: lengths.0, most: lengths.1, begins })
        }
        Asked::Number => {
            let number = |node: Option<&Node>, sources: &mut Sources| node.map(|n| bound(n, sources));
            let from = number(from, sources).unwrap_or(Some(0))?;
            let Some(to) = number(to, sources) else {
                let words = Words::what("a number needs its greatest value")
                    .repair("add `to: …`, so that a slip of the finger is heard");
                sources.fault(at, COLLECT, words.hears("a caller would have to end each number with pound"));
                return None;
            };
            let to = to?;
            if from > to {
                let words = Words::what("nothing can be typed: the least is over the greatest");
                sources.fault(at, COLLECT, words.repair("exchange `from` and `to`"));
                return None;
            }
            Some(CollectKindText::Number { from, to })
        }
        Asked::Date => {
            let bound = |node: Option<&Node>, sources: &mut Sources| match node {
                None => Some(None),
                Some(node) => day(node, sources).map(Some),
            };
            Some(CollectKindText::Date { from: bound(from, sources)?, to: bound(to, sources)? })
        }
    }
}

/// The least or the greatest number.
fn bound(node: &Node, sources: &mut Sources) -> Option<u64> {
    let word = fields::word(node, "a number", FAMILY, sources)?;
    let number = word.value.parse().ok().filter(|number| *number <= NUMBER_TYPED_MAX);
    if number.is_none() {
        let words = Words::what(format!("`{}` is no number that can be typed", word.value))
            .repair(format!("write a whole number from 0 to {NUMBER_TYPED_MAX}"));
        sources.fault(word.place, COLLECT, words);
    }
    number
}

/// `5` or `4-8`.
fn length_of(node: &Node, sources: &mut Sources) -> Option<(u8, u8)> {
    let word = fields::word(node, "a length", FAMILY, sources)?;
    let (least, most) = word.value.split_once('-').unwrap_or((&word.value, &word.value));
    let lengths = least.trim().parse::<u8>().ok().zip(most.trim().parse::<u8>().ok());
    match lengths.filter(|(least, most)| least <= most && (1..=Digits::MOST).contains(most)) {
        Some(lengths) => Some(lengths),
        None => {
            let words = Words::what(format!("`{}` is no length of an entry", word.value))
                .repair(format!("write `5`, or `4-8`; at most {} digits", Digits::MOST));
            sources.fault(word.place, COLLECT, words);
            None
        }
    }
}

fn prefix(node: &Node, sources: &mut Sources) -> Option<Digits> {
    let word = fields::word(node, "the beginning", FAMILY, sources)?;
    let digits = Digits::of(&word.value);
    if digits.is_none() {
        let words = Words::what(format!("`{}` is no row of digits", word.value)).repair("write digits alone");
        sources.fault(word.place, COLLECT, words);
    }
    digits
}

/// `today` or `1900-01-31`.
fn day(node: &Node, sources: &mut Sources) -> Option<Day> {
    let word = fields::word(node, "a day", FAMILY, sources)?;
    if word.value == "today" {
        return Some(Day::Today);
    }
    let mut parts = word.value.splitn(3, '-');
    let mut part = || parts.next().and_then(|part| part.parse::<u16>().ok());
    let (year, month, on) = (part(), part(), part());
    let small = |part: Option<u16>| part.and_then(|part| u8::try_from(part).ok());
    let date = match (year, small(month), small(on)) {
        (Some(year), Some(month), Some(on)) => Date::new(year, month, on),
        _ => None,
    };
    if date.is_none() {
        let words = Words::what(format!("`{}` is no day", word.value));
        sources.fault(word.place, COLLECT, words.repair("write it as 1900-01-31, or `today`"));
    }
    date.map(Day::On)
}

/// `set:`
pub fn set(node: &Node, sources: &mut Sources) -> Option<ActText> {
    let mut fields = Fields::of_object(node, &[&vocabulary::steps::SET], FAMILY, sources)?;
    let values = fields.need("set", sources);
    let next = step(&mut fields, sources);
    fields.finish(sources);
    let mut all = Vec::new();
    for (name, value) in fields::entries(values?, "`set`", FAMILY, sources)? {
        let name = fields::name(name, "a value", FAMILY, sources);
        let value = expression(value, sources);
        all.extend(name.zip(value));
    }
    Some(ActText::Set { values: all, next: next? })
}

/// `when:`
pub fn when(node: &Node, sources: &mut Sources) -> Option<ActText> {
    let mut fields = Fields::of_object(node, &[&vocabulary::steps::WHEN], FAMILY, sources)?;
    let condition = fields.need("when", sources).and_then(|n| expression(n, sources));
    let ways = outcomes(&mut fields, &["yes", "no"], sources);
    let at = fields.place;
    fields.finish(sources);
    let ways = ways?;
    Some(ActText::When { condition: condition?, yes: way(&ways, "yes", at), no: way(&ways, "no", at) })
}

/// `call:`
pub fn call(node: &Node, sources: &mut Sources) -> Option<ActText> {
    let mut fields = Fields::of_object(node, &[&vocabulary::steps::CALL], FAMILY, sources)?;
    let flow = named(&mut fields, "call", "a flow", sources);
    let mut save = Vec::new();
    if let Some(node) = fields.take("save") {
        for (own, theirs) in fields::entries(node, "`save`", FAMILY, sources).unwrap_or_default() {
            let own = fields::name(own, "a value", FAMILY, sources);
            let theirs = fields::name(theirs, "a value", FAMILY, sources);
            save.extend(own.zip(theirs));
        }
    }
    let next = step(&mut fields, sources);
    let _ = fields.take("with");
    fields.finish(sources);
    Some(ActText::Call { flow: flow?, save, next: next? })
}

/// `care:`
pub fn care(node: &Node, sources: &mut Sources) -> Option<ActText> {
    let mut fields = Fields::of_object(node, &[&vocabulary::steps::CARE], FAMILY, sources)?;
    let verb = named(&mut fields, "care", "something to ask of the records", sources);
    let found = verb.as_ref().and_then(|verb| {
        let found = care::named(&verb.value);
        if found.is_none() {
            let known: Vec<&str> = care::CARE.iter().map(|care| care.name).collect();
            let words = Words::what(format!("nothing called `{}` can be asked of the records", verb.value))
                .repair(did_you_mean(&verb.value, &known))
                .hears("the caller would be led to a person");
            sources.fault(verb.place, CARE_VERB, words.meant(&verb.value, known));
        }
        found
    });
    let save = maybe(&mut fields, "save", "a value", sources);
    if let Some(save) = save.as_ref().filter(|_| found.is_some_and(|care| care.gives.is_none())) {
        let words = Words::what("this gives nothing that could be saved").repair("take `save` out");
        sources.fault(save.place, CARE_VERB, words);
    }
    let _ = fields.take("with");
    let known: Vec<&str> =
        found.map(|care| care.outcomes.iter().copied().chain(["failed"]).collect()).unwrap_or_default();
    let ways = if found.is_some() { outcomes(&mut fields, &known, sources) } else { None };
    let at = fields.place;
    if found.is_some() {
        fields.finish(sources);
    }
    let ways = ways?;
    let failed = way(&ways, "failed", at);
    let ways = ways.into_iter().filter(|(outcome, _)| outcome.value != "failed").collect();
    let care: &'static Care = found?;
    Some(ActText::Care { place: verb?.place, care, save, ways, failed })
}

/// `offer:`
pub fn offer(node: &Node, sources: &mut Sources) -> Option<ActText> {
    let mut fields = Fields::of_object(node, &[&vocabulary::steps::OFFER], FAMILY, sources)?;
    let prompt = named(&mut fields, "offer", "a prompt", sources);
    let from = fields.need("from", sources).and_then(|n| fields::word(n, "a list", FAMILY, sources));
    let keys = fields.need("keys", sources).and_then(|n| keys(n, sources));
    let save = maybe(&mut fields, "save", "a value", sources);
    let _ = fields.take("with");
    let from = from.and_then(|from| match from.value.strip_prefix('$') {
        Some(name) => Some(Placed { value: name.to_owned(), place: from.place }),
        None => {
            let words = Words::what(format!("`{}` is no saved list", from.value));
            sources.fault(from.place, PASSED, words.repair(format!("write `${}`", from.value)));
            None
        }
    });
    let keys = keys?;
    let mut known: Vec<&str> = keys.iter().map(|(_, _, name)| name.value.as_str()).collect();
    known.retain(|name| *name != ANOTHER);
    known.push("used_up");
    let ways = outcomes(&mut fields, &known, sources);
    let at = fields.place;
    fields.finish(sources);
    let ways = ways?;
    let answers = keys.iter().map(|(key, place, name)| AnswerText {
        key: *key,
        place: *place,
        name: name.clone(),
        target: if name.value == ANOTHER { way(&ways, "used_up", at) } else { way(&ways, &name.value, at) },
    });
    let answers = answers.collect();
    Some(ActText::Offer { prompt: prompt?, from: from?, answers, save, used_up: way(&ways, "used_up", at) })
}

/// The answer that asks for the next item of a list.
pub const ANOTHER: &str = "another";

/// `record:`
pub fn record(node: &Node, sources: &mut Sources) -> Option<ActText> {
    let entries = fields::entries(node, "a step", FAMILY, sources)?;
    let next = entries.iter().find(|(key, _)| key.text() == Some("next")).map(|(_, value)| value);
    if let Some(next) = next.filter(|next| next.text().is_some()) {
        let words = Words::what("`record` takes what the caller says, and may fail")
            .repair("write `next: {saved: …}`; the recording notice is `recording: notice` with `prompt:`")
            .hears("a caller would be asked for a message");
        sources.fault(next.place, OUTCOME, words);
        return None;
    }
    let mut fields = Fields::of_object(node, &[&vocabulary::steps::RECORD], FAMILY, sources)?;
    let prompt = named(&mut fields, "record", "a prompt", sources);
    let longest = fields.take("longest");
    let longest = longest.and_then(|n| fields::duration(n, "length of a message", 5..=300, FAMILY, sources));
    let ways = outcomes(&mut fields, &["saved", "failed"], sources);
    let at = fields.place;
    fields.finish(sources);
    let ways = ways?;
    let (saved, failed) = (way(&ways, "saved", at), way(&ways, "failed", at));
    Some(ActText::Record {
        prompt: prompt?,
        longest: longest.unwrap_or(Duration::from_secs(60)),
        saved,
        failed,
    })
}

/// `recording:`
pub fn recording(node: &Node, sources: &mut Sources) -> Option<ActText> {
    let mut fields = Fields::of_object(node, &[&vocabulary::steps::RECORDING], FAMILY, sources)?;
    let words = [("pause", Some(Pausing::Pause)), ("resume", Some(Pausing::Resume)), ("notice", None)];
    let what = fields.need("recording", sources);
    let what = what.and_then(|n| fields::choice(n, "word for a recording", &words, FAMILY, sources));
    let prompt = match what {
        Some(None) => fields.need("prompt", sources),
        Some(Some(_)) | None => fields.take("prompt"),
    };
    let notice = prompt.and_then(|n| fields::name(n, "a prompt", FAMILY, sources));
    let next = fields.take("next").and_then(|n| fields::name(n, "a step", FAMILY, sources));
    if what.is_some() {
        fields.finish(sources);
    }
    match what? {
        None => Some(ActText::Notice { notice: notice?, next }),
        Some(what) => {
            if let Some(notice) = notice {
                let words = Words::what("only the notice has words").repair("take `prompt` out");
                sources.fault(notice.place, NOTICE, words);
            }
            Some(ActText::Recording { what, next })
        }
    }
}

/// `speech:`
pub fn speech(node: &Node, sources: &mut Sources) -> Option<ActText> {
    let mut fields = Fields::of_object(node, &[&vocabulary::steps::SPEECH], FAMILY, sources)?;
    let words = [("slow", Pace::Slow), ("normal", Pace::Normal)];
    let pace = fields.need("speech", sources);
    let pace = pace.and_then(|n| fields::choice(n, "pace", &words, FAMILY, sources));
    let next = step(&mut fields, sources);
    fields.finish(sources);
    Some(ActText::Speech { pace: pace?, next: next? })
}

/// `wait:`
pub fn wait(node: &Node, sources: &mut Sources) -> Option<ActText> {
    let mut fields = Fields::of_object(node, &[&vocabulary::steps::WAIT], FAMILY, sources)?;
    let time = fields.need("wait", sources);
    let time = time.and_then(|n| fields::duration(n, "time to wait", 1..=10, FAMILY, sources));
    let next = step(&mut fields, sources);
    fields.finish(sources);
    Some(ActText::Wait { time: time?, next: next? })
}
