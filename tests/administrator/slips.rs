//! Slips of the hand in what the guide lets her write, and what `careline check` must say of each.

use crate::engine::careline;
use crate::guide::read;
use serde_json::Value;
use std::fs;
use std::path::Path;

/// A slip of the hand in what the guide lets her write.
pub struct Slip {
    pub what: &'static str,
    /// Under `ivr-flows`.
    file: &'static str,
    from: &'static str,
    to: &'static str,
    code: &'static str,
    /// How many lines below the change it is told: above it, if less than 0.
    below: i64,
}

const fn slip(
    what: &'static str,
    file: &'static str,
    from: &'static str,
    to: &'static str,
    code: &'static str,
    below: i64,
) -> Slip {
    Slip { what, file, from, to, code, below }
}

const HOURS: &str = "hours.yaml";
const FLOW: &str = "flu_shots.yaml";
const PROMPTS: &str = "prompts.yaml";
const CLINIC: &str = "clinic.yaml";

/// Twenty ways to break the line, and more.
pub const SLIPS: &[Slip] = &[
    slip("times that are none", HOURS, "    sat: 09:00-12:00", "    sat: 9-12", "F004", 0),
    slip(
        "a day that is forgotten",
        HOURS,
        "    sat: 09:00-12:00\n    sun: closed",
        "    sat: 09:00-12:00",
        "F062",
        -2,
    ),
    slip(
        "a zone without summer time",
        HOURS,
        "flu_shots:\n  zone: America/New_York",
        "flu_shots:\n  zone: EST",
        "F061",
        0,
    ),
    slip(
        "a holiday that nobody can find",
        HOURS,
        "day after fourth thursday",
        "day after forth thursday",
        "F064",
        0,
    ),
    slip("a calendar that is not there", FLOW, "hours: flu_shots", "hours: flu_shot", "F060", 0),
    slip("a key that leads nowhere", FLOW, "3: cost", "3: cots", "F012", 0),
    slip("a step that leads nowhere", FLOW, "fs.times, next: more", "fs.times, next: mroe", "F010", 0),
    slip("words with nothing behind them", FLOW, "{say: fs.times, next: more}", "{say: fs.times}", "F014", 0),
    slip("a circle without a key", FLOW, "fs.holiday, next: closed", "fs.holiday, next: holiday", "F013", 0),
    slip("a step that nothing leads to", FLOW, "holiday: holiday}", "holiday: closed}", "F011", 8),
    slip("key 0 with another meaning", FLOW, "{1: stock, 3: cost", "{0: stock, 3: cost", "F016", 0),
    slip(
        "a key that is not offered",
        FLOW,
        "keys: {1: times, 5: message}",
        "keys: {1: times, 3: goodbye, 5: message}",
        "F019",
        0,
    ),
    slip("a prompt that nobody wrote", FLOW, "say: fs.cost", "say: fs.costs", "F020", 0),
    slip("a word that nothing knows", FLOW, "owner: front desk", "ower: front desk", "F001", 0),
    slip("no first step", FLOW, "start: open_now\n", "", "F002", -3),
    slip("an exit that is not listed", FLOW, "exit: flu_shot", "exit: flu_shoot", "F039", 0),
    slip("a tab", FLOW, "    menu: fs.more", "\tmenu: fs.more", "Y005", 0),
    slip("a remark that cuts a text", PROMPTS, "\"Today is a holiday.\"", "Today is #1 holiday.", "Y014", 0),
    slip(
        "a quotation mark that is not closed",
        PROMPTS,
        "\"Good. I will get a person to find a time for you.\"",
        "\"Good. I will get a person to find a time for you.",
        "Y004",
        1,
    ),
    slip("a language that is missing", PROMPTS, "  es: \"Hoy es día de fiesta.\"\n", "", "F021", -2),
    slip("the same prompt twice", PROMPTS, "fs.times:", "fs.cost:", "Y011", 0),
    slip(
        "a key that only one language offers",
        PROMPTS,
        "Today is a holiday.",
        "Today is a holiday. For a person, press 0.",
        "F051",
        1,
    ),
    slip(
        "a text that offers a key that is none",
        PROMPTS,
        "To leave a message, press 5.\"\n  es: \"Para una vacuna",
        "To leave a message, press 6.\"\n  es: \"Para una vacuna",
        "F018",
        0,
    ),
    slip(
        "key 8, which ends calls from the clinic",
        PROMPTS,
        "Today is a holiday.",
        "Today is a holiday. Press 8.",
        "F050",
        0,
    ),
    slip(
        "a sentence that nobody can follow",
        PROMPTS,
        "with most plans. Without a plan it",
        "with most plans and if you do not have a plan at all or do not know if you have one then it",
        "F025",
        0,
    ),
    slip(
        "a server outside the clinic, and no lock on the way",
        FLOW,
        "request: http://127.0.0.1:8085/flu-shots",
        "request: http://shots.example/flu-shots",
        "F131",
        0,
    ),
    slip("no way on when the server fails", FLOW, "{done: any, failed: book}", "{done: any}", "F133", 0),
    slip("an answer of a kind that is none", FLOW, "{left: number}", "{left: numbr}", "F134", 0),
    slip("a value that nobody saved", FLOW, "when: left > 0", "when: lft > 0", "F140", 0),
    slip("a number that leads nowhere", CLINIC, "  180: flu_shots", "  180: flu_shot", "F036", 0),
    slip(
        "a number that has its flow already",
        CLINIC,
        "  180: flu_shots",
        "  \"+16175550180\": flu_shots",
        "Y011",
        0,
    ),
];

/// The line of a file's text on which it first differs from another.
fn first_difference(before: &str, after: &str) -> usize {
    before.lines().zip(after.lines()).take_while(|(a, b)| a == b).count() + 1
}

/// What is wrong with what `careline check` says of the slip, if anything is.
pub fn judged(home: &Path, slip: &Slip) -> Option<String> {
    let path = home.join("ivr-flows").join(slip.file);
    let before = read(&path);
    let made = before.matches(slip.from).count();
    assert!(made > 0, "{}: {} has no `{}`", slip.what, slip.file, slip.from);
    // The guide's own lines stand last, those of clinic.yaml first.
    let after = if slip.file == CLINIC {
        before.replacen(slip.from, slip.to, 1)
    } else {
        let at = before.rfind(slip.from).unwrap_or_default();
        format!("{}{}{}", &before[..at], slip.to, &before[at + slip.from.len()..])
    };
    fs::write(&path, &after).expect("the test's own directory can be written");
    let output = careline(home, &["check", "--format", "json"]).output().expect("the program can be run");
    fs::write(&path, &before).expect("the test's own directory can be written");
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    let json: Value = serde_json::from_str(&printed).unwrap_or(Value::Null);
    let faults = json["faults"].as_array().cloned().unwrap_or_default();
    let line = first_difference(&before, &after) as i64 + slip.below;
    let words = |fault: &Value, word: &str| fault[word].as_str().is_some_and(|words| !words.is_empty());
    let is_told = |fault: &&Value| {
        let there = fault["place"]["line"].as_i64() == Some(line);
        let file = fault["file"].as_str().is_some_and(|file| file.ends_with(slip.file));
        fault["code"] == slip.code && there && file && words(fault, "what") && words(fault, "repair")
    };
    let good = output.status.code() == Some(1) && faults.iter().any(|fault| is_told(&fault));
    let file = slip.file;
    (!good).then(|| {
        format!("== {}: no {} of {file}:{line} with cause and repair in\n{printed}", slip.what, slip.code)
    })
}
