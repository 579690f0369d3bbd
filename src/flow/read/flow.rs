//! One flow file: its steps as written, their destinations still words.

use crate::flow::action::Pace;
use crate::flow::care::Care;
use crate::flow::codes::{
    ANSWER, EMPTY_STEP, FAMILY, KEY_SIGN, KEY_TWICE, NEXT_AND_END, NO_ACT, NO_KEY, SEVERAL, STEPS,
};
use crate::flow::diagnostic::{Place, Sources, Words, did_you_mean, nearest};
use crate::flow::expression::types::Type;
use crate::flow::program::Rung;
use crate::flow::program::{FlowKind, Pausing, Voices};
use crate::flow::read::acts::{self, CollectText, ExpressionText, WayText};
use crate::flow::read::kind;
use crate::flow::read::leading;
use crate::flow::read::request::{self, RequestText};
use crate::flow::syntax::fields::{self, Fields, Placed};
use crate::flow::syntax::tree::{Node, Shape};
use crate::flow::triage::{self, read::TriageText};
use crate::flow::vocabulary::{self, ACTS};
use crate::limits::FLOW_STEPS_MAX;
use crate::wire::telephone_event::Key;
use std::time::Duration;

/// A flow as written.
#[derive(Clone, Debug)]
pub struct FlowText {
    /// Its name.
    pub name: Placed<String>,
    /// What it is for.
    pub title: String,
    /// Whether it is a triage tree.
    pub kind: FlowKind,
    /// What must go with a call of it.
    pub takes: Vec<(Placed<String>, Type)>,
    /// What it gives back; `None`: it is no sub-flow.
    pub gives: Option<Vec<(Placed<String>, Type)>>,
    /// The name of its first step.
    pub start: Option<Placed<String>>,
    /// Its steps.
    pub steps: Vec<StepText>,
    /// What a triage tree says beside its steps.
    pub triage: Option<TriageText>,
}

/// A step as written.
#[derive(Clone, Debug)]
pub struct StepText {
    /// Its name.
    pub name: Placed<String>,
    /// What it does; absent when that could not be read.
    pub act: Option<ActText>,
    /// The values that go with it: the name there, and the name under which it was saved.
    pub with: Vec<(Placed<String>, Placed<String>)>,
}

/// What a step does, as written.
#[derive(Clone, Debug)]
pub enum ActText {
    /// `say:`
    Say { prompt: Placed<String>, voices: Voices, then: ThenText },
    /// `language:`
    OfferLanguage { prompt: Placed<String>, next: Option<Placed<String>> },
    /// `recording: notice`
    Notice { notice: Placed<String>, next: Option<Placed<String>> },
    /// `menu:`
    Menu {
        prompt: Placed<String>,
        answers: Vec<AnswerText>,
        first_key: Option<Duration>,
        /// The name under which the answer is saved.
        save: Option<Placed<String>>,
        /// A scale may use 4.
        scale: Scale,
    },
    /// `ask:`
    Ask {
        prompt: Placed<String>,
        /// What a question of a triage tree is about.
        code: Option<Placed<String>>,
        save: Option<Placed<String>>,
        yes: Placed<String>,
        no: Placed<String>,
    },
    /// `collect:`
    Collect(Box<CollectText>),
    /// `offer:`
    Offer {
        prompt: Placed<String>,
        from: Placed<String>,
        answers: Vec<AnswerText>,
        save: Option<Placed<String>>,
        used_up: Placed<String>,
    },
    /// `set:`
    Set { values: Vec<(Placed<String>, ExpressionText)>, next: Placed<String> },
    /// `when:`
    When { condition: ExpressionText, yes: Placed<String>, no: Placed<String> },
    /// `call:`
    Call {
        flow: Placed<String>,
        /// The name here, and the name there.
        save: Vec<(Placed<String>, Placed<String>)>,
        next: Placed<String>,
    },
    /// `care:`
    Care {
        place: Place,
        care: &'static Care,
        save: Option<Placed<String>>,
        ways: Vec<WayText>,
        failed: Placed<String>,
    },
    /// `request:`
    Request(Box<RequestText>),
    /// `record:`
    Record { prompt: Placed<String>, longest: Duration, saved: Placed<String>, failed: Placed<String> },
    /// `recording: pause` or `resume`
    Recording { what: Pausing, next: Option<Placed<String>> },
    /// `speech:`
    Speech { pace: Pace, next: Placed<String> },
    /// `wait:`
    Wait { time: Duration, next: Placed<String> },
    /// `transfer:`
    Transfer {
        to: Rung,
        interpreter: Option<Placed<String>>,
        prompt: Placed<String>,
        exit: Option<Placed<String>>,
        failed: Placed<String>,
    },
    /// `queue:`
    Queue {
        prompt: Placed<String>,
        exit: Option<Placed<String>>,
        overflow: Placed<String>,
        failed: Placed<String>,
    },
    /// `callback:`
    Callback { prompt: Placed<String>, done: Placed<String>, failed: Placed<String> },
    /// `hours:`
    Hours {
        calendar: Placed<String>,
        open: Placed<String>,
        closed: Placed<String>,
        /// Left out, a holiday is as closed as a night.
        holiday: Option<Placed<String>>,
    },
    /// `person:`
    Person { prompt: Placed<String>, exit: Option<Placed<String>> },
}

/// Whether a menu asks for a grade.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scale {
    /// It asks what the caller wants.
    #[default]
    No,
    /// It asks for a grade: key 4 is one of them, and not the nurse.
    Yes,
}

/// What follows on what was said.
#[derive(Clone, Debug)]
pub enum ThenText {
    /// `next:`
    Next(Placed<String>),
    /// `end:`
    End(Placed<String>),
    /// Nothing is written.
    Nothing,
}

/// One answer of a menu as written.
#[derive(Clone, Debug)]
pub struct AnswerText {
    /// The key.
    pub key: Key,
    /// Where the key stands.
    pub place: Place,
    /// The answer's name.
    pub name: Placed<String>,
    /// Where it leads.
    pub target: Placed<String>,
}

/// Reads one flow file.
pub fn read(node: &Node, sources: &mut Sources) -> Option<FlowText> {
    let mut fields = Fields::of_object(node, &[&vocabulary::FLOW], FAMILY, sources)?;
    let name = fields.need("flow", sources).and_then(|n| fields::name(n, "a flow", FAMILY, sources));
    let title = fields.take("title").and_then(|n| fields::prose(n, "the title", FAMILY, sources));
    if let Some(owner) = fields.take("owner") {
        fields::prose(owner, "the owner", FAMILY, sources);
    }
    let kinds = [("triage", FlowKind::Triage), ("ordinary", FlowKind::Ordinary)];
    let kind = fields.take("kind").and_then(|n| fields::choice(n, "kind of flow", &kinds, FAMILY, sources));
    let takes = fields.take("takes").map(|n| kind::signature(n, "`takes`", FAMILY, sources));
    let gives = fields.take("gives").map(|n| kind::signature(n, "`gives`", FAMILY, sources));
    let start = fields.need("start", sources).and_then(|n| fields::name(n, "a step", FAMILY, sources));
    let steps = fields.need("steps", sources).map(|n| steps(n, sources)).unwrap_or_default();
    let triage = triage::read::of_kind(kind.unwrap_or_default(), &mut fields, sources);
    fields.finish(sources);
    let title = title.map(|t| t.value).unwrap_or_default();
    let (kind, takes) = (kind.unwrap_or_default(), takes.unwrap_or_default());
    Some(FlowText { name: name?, title, kind, takes, gives, start, steps, triage })
}

fn steps(node: &Node, sources: &mut Sources) -> Vec<StepText> {
    let mut steps = Vec::new();
    let entries = fields::entries(node, "`steps`", FAMILY, sources).unwrap_or_default();
    if let Some((key, _)) = entries.get(FLOW_STEPS_MAX) {
        let words = Words::what(format!("the flow has {} steps", entries.len()))
            .repair(format!("make several flows of it; at most {FLOW_STEPS_MAX} steps are read"));
        sources.fault(key.place, STEPS, words);
    }
    for (key, value) in entries.iter().take(FLOW_STEPS_MAX) {
        let Some(name) = fields::name(key, "a step", FAMILY, sources) else { continue };
        let act = step(value, key.place, sources);
        let with = if act.is_some() { with(value, sources) } else { Vec::new() };
        steps.push(StepText { name, act, with });
    }
    steps
}

/// `with:`, which many steps may have; whether this one may, its own reader has told.
fn with(node: &Node, sources: &mut Sources) -> Vec<(Placed<String>, Placed<String>)> {
    let entries = fields::entries(node, "a step", FAMILY, sources).unwrap_or_default();
    let found = entries.iter().find(|(key, _)| key.text() == Some("with"));
    found.map(|(_, value)| acts::with(value, sources)).unwrap_or_default()
}

fn step(node: &Node, name: Place, sources: &mut Sources) -> Option<ActText> {
    if node.is_missing() {
        let words = Words::what("the step is empty").repair(format!("say what it does: {}", ACTS.join(", ")));
        sources.fault(name, EMPTY_STEP, words);
        return None;
    }
    let entries = fields::entries(node, "a step", FAMILY, sources)?;
    let acts: Vec<&Node> =
        entries.iter().map(|(k, _)| k).filter(|k| k.text().is_some_and(|t| ACTS.contains(&t))).collect();
    let [act] = acts[..] else {
        match acts.get(1) {
            Some(second) => {
                let words = Words::what("a step does one thing, and this one does several");
                sources.fault(second.place, SEVERAL, words.repair("make two steps of it"));
            }
            None => no_act(entries, name, sources),
        }
        return None;
    };
    match act.text().unwrap_or_default() {
        "say" => say(node, sources),
        "menu" => menu(node, sources),
        "person" => person(node, sources),
        "hours" => hours(node, sources),
        "ask" => acts::ask(node, sources),
        "collect" => acts::collect(node, sources),
        "offer" => acts::offer(node, sources),
        "set" => acts::set(node, sources),
        "when" => acts::when(node, sources),
        "call" => acts::call(node, sources),
        "care" => acts::care(node, sources),
        "request" => request::request(node, sources),
        "record" => acts::record(node, sources),
        "recording" => acts::recording(node, sources),
        "speech" => acts::speech(node, sources),
        "wait" => acts::wait(node, sources),
        "transfer" => leading::transfer(node, sources),
        "queue" => leading::queue(node, sources),
        "callback" => leading::callback(node, sources),
        _ => language(node, sources),
    }
}

/// Nothing says what the step does: a word was probably meant to.
fn no_act(entries: &[(Node, Node)], name: Place, sources: &mut Sources) {
    let near = |key: &Node| Some((key.place, key.text()?.to_owned(), nearest(key.text()?, ACTS)?));
    let words = Words::what("nothing says what this step does");
    let (place, words) = match entries.iter().find_map(|(key, _)| near(key)) {
        Some((place, word, act)) => {
            (place, words.repair(format!("did you mean `{act}`?")).meant(&word, ACTS))
        }
        None => (name, words.repair(format!("write one of: {}", ACTS.join(", ")))),
    };
    sources.fault(place, NO_ACT, words);
}

fn prompt(fields: &mut Fields<'_>, name: &str, sources: &mut Sources) -> Option<Placed<String>> {
    fields.take(name).and_then(|n| fields::name(n, "a prompt", FAMILY, sources))
}

fn target(fields: &mut Fields<'_>, sources: &mut Sources) -> Option<Placed<String>> {
    fields.take("next").and_then(|n| fields::name(n, "a step", FAMILY, sources))
}

fn say(node: &Node, sources: &mut Sources) -> Option<ActText> {
    let mut fields = Fields::of_object(node, &[&vocabulary::steps::SAY], FAMILY, sources)?;
    let prompt = prompt(&mut fields, "say", sources);
    let words = [("all", Voices::All)];
    let voices = fields
        .take("languages")
        .and_then(|n| fields::choice(n, "choice of languages", &words, FAMILY, sources));
    let next = target(&mut fields, sources);
    let end = fields.take("end").and_then(|n| fields::name(n, "an exit", FAMILY, sources));
    let _ = fields.take("with");
    fields.finish(sources);
    if let (Some(_), Some(end)) = (&next, &end) {
        let words = Words::what("a step either goes on with `next` or ends the call with `end`")
            .repair("take one of them out");
        sources.fault(end.place, NEXT_AND_END, words);
    }
    let then = next.map(ThenText::Next).or(end.map(ThenText::End)).unwrap_or(ThenText::Nothing);
    Some(ActText::Say { prompt: prompt?, voices: voices.unwrap_or(Voices::Callers), then })
}

fn language(node: &Node, sources: &mut Sources) -> Option<ActText> {
    let mut fields = Fields::of_object(node, &[&vocabulary::steps::LANGUAGE], FAMILY, sources)?;
    let prompt = prompt(&mut fields, "language", sources);
    let next = target(&mut fields, sources);
    fields.finish(sources);
    Some(ActText::OfferLanguage { prompt: prompt?, next })
}

fn person(node: &Node, sources: &mut Sources) -> Option<ActText> {
    let mut fields = Fields::of_object(node, &[&vocabulary::steps::PERSON], FAMILY, sources)?;
    let prompt = prompt(&mut fields, "person", sources);
    let exit = fields.take("exit").and_then(|n| fields::name(n, "an exit", FAMILY, sources));
    fields.finish(sources);
    Some(ActText::Person { prompt: prompt?, exit })
}

fn hours(node: &Node, sources: &mut Sources) -> Option<ActText> {
    let mut fields = Fields::of_object(node, &[&vocabulary::steps::HOURS], FAMILY, sources)?;
    let calendar = fields.take("hours").and_then(|n| fields::name(n, "a calendar", FAMILY, sources));
    let next = fields.need("next", sources);
    fields.finish(sources);
    let mut ways = Fields::of_object(next?, &[&vocabulary::steps::HOURS_NEXT], FAMILY, sources)?;
    let way = |node: Option<&Node>, sources: &mut Sources| {
        node.and_then(|n| fields::name(n, "a step", FAMILY, sources))
    };
    let open = ways.need("open", sources);
    let open = way(open, sources);
    let closed = ways.need("closed", sources);
    let closed = way(closed, sources);
    let holiday = way(ways.take("holiday"), sources);
    ways.finish(sources);
    Some(ActText::Hours { calendar: calendar?, open: open?, closed: closed?, holiday })
}

fn menu(node: &Node, sources: &mut Sources) -> Option<ActText> {
    let mut fields = Fields::of_object(node, &[&vocabulary::steps::MENU], FAMILY, sources)?;
    let prompt = prompt(&mut fields, "menu", sources);
    let keys = fields.need("keys", sources).and_then(|n| keys(n, sources));
    let next = fields.take("next");
    let first_key =
        fields.take("first_key").and_then(|n| fields::duration(n, "time for a key", 3..=60, FAMILY, sources));
    let save = fields.take("save").and_then(|n| fields::name(n, "a value", FAMILY, sources));
    let scales = [("yes", Scale::Yes), ("no", Scale::No)];
    let scale = fields.take("scale").and_then(|n| fields::choice(n, "answer", &scales, FAMILY, sources));
    let _ = fields.take("with");
    fields.finish(sources);
    let answers = match next {
        None => direct(keys?),
        Some(next) => mapped(keys?, next, sources),
    };
    Some(ActText::Menu { prompt: prompt?, answers, first_key, save, scale: scale.unwrap_or_default() })
}

/// A key and the name of its answer.
pub type KeyText = (Key, Place, Placed<String>);

/// Without `next`, an answer is a step.
fn direct(keys: Vec<KeyText>) -> Vec<AnswerText> {
    keys.into_iter().map(|(key, place, name)| AnswerText { key, place, target: name.clone(), name }).collect()
}

/// With `next`, each answer is mapped to a step, the rest by `else`.
fn mapped(keys: Vec<KeyText>, next: &Node, sources: &mut Sources) -> Vec<AnswerText> {
    let mut map: Vec<(Placed<String>, Placed<String>)> = Vec::new();
    for (answer, target) in fields::entries(next, "`next` of a menu", FAMILY, sources).unwrap_or_default() {
        let answer = fields::name(answer, "an answer", FAMILY, sources);
        let target = fields::name(target, "a step", FAMILY, sources);
        map.extend(answer.zip(target));
    }
    for (answer, _) in &map {
        if answer.value != "else" && !keys.iter().any(|(_, _, name)| name.value == answer.value) {
            let mut known: Vec<&str> = keys.iter().map(|(_, _, name)| name.value.as_str()).collect();
            known.push("else");
            let words = Words::what(format!("no key of this menu is named `{}`", answer.value))
                .repair(did_you_mean(&answer.value, &known));
            let free = known.iter().copied().filter(|name| !map.iter().any(|(one, _)| one.value == *name));
            sources.fault(answer.place, ANSWER, words.meant(&answer.value, free));
        }
    }
    let lookup =
        |name: &str| map.iter().find(|(answer, _)| answer.value == name).map(|(_, target)| target.clone());
    let otherwise = lookup("else");
    keys.into_iter()
        .map(|(key, place, name)| {
            let target = lookup(&name.value).or_else(|| otherwise.clone()).unwrap_or_else(|| name.clone());
            AnswerText { key, place, name, target }
        })
        .collect()
}

/// Keys, and the name of the answer of each.
pub fn keys(node: &Node, sources: &mut Sources) -> Option<Vec<KeyText>> {
    let mut keys: Vec<KeyText> = Vec::new();
    for (key, value) in fields::entries(node, "`keys`", FAMILY, sources)? {
        let Some(found) = one_key(key, sources) else { continue };
        let Some(name) = fields::name(value, "an answer", FAMILY, sources) else { continue };
        if let Some((_, first, _)) = keys.iter().find(|(old, _, _)| *old == found) {
            let words = Words::what(format!("key {} stands here for the second time", key_name(found)))
                .repair(format!("keep one of them; the first is in line {}", first.line))
                .hears("of two meanings a caller would get only one");
            sources.fault(key.place, KEY_TWICE, words);
            continue;
        }
        keys.push((found, key.place, name));
    }
    Some(keys)
}

/// One key of a telephone.
pub fn one_key(node: &Node, sources: &mut Sources) -> Option<Key> {
    let Shape::Scalar(scalar) = &node.shape else {
        fields::word(node, "a key", FAMILY, sources);
        return None;
    };
    let written = scalar.text.trim();
    let digits = written.trim_start_matches('0');
    let key = match (written, digits.as_bytes()) {
        ("star", _) => Some(Key::Star),
        ("pound", _) => Some(Key::Pound),
        ("", _) => None,
        (w, []) if w.bytes().all(|b| b == b'0') => Some(Key::Digit(0)),
        (_, [digit @ b'1'..=b'9']) => Some(Key::Digit(digit - b'0')),
        _ => None,
    };
    if key.is_none() {
        let sign = matches!(written, "#" | "*");
        let repair = match written {
            "#" => "write `pound`".to_owned(),
            "*" => "write `star`".to_owned(),
            other => did_you_mean(other, &["1", "2", "3", "5", "6", "7", "8"]),
        };
        let words = Words::what(format!("`{written}` is no key of a telephone")).repair(repair);
        let words = match written {
            "#" => words.mend("#", "pound"),
            "*" => words.mend("*", "star"),
            _ => words,
        };
        sources.fault(node.place, if sign { KEY_SIGN } else { NO_KEY }, words);
    }
    key
}

/// A key as an administrator writes it.
pub fn key_name(key: Key) -> String {
    match key {
        Key::Digit(digit) => digit.to_string(),
        Key::Star => "star".to_owned(),
        Key::Pound => "pound".to_owned(),
        Key::Letter(letter) => char::from(letter).to_string(),
    }
}
