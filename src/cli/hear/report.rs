//! What was heard, as a table for people and as JSON for scripts.
//!
//! ```text
//!    from      to   what
//!    0.05    5.36   u.emergency en "If this is a …"   sure 0.99   -19 dBFS
//!    5.36    5.66   silence 0.30 s
//!    5.66    7.10   unknown                                     -24 dBFS
//! ```

use super::known::Known;
use super::listener::Part;
use crate::audio::fingerprint::{Heard, Stretch, WHOLE, What};
use serde_json::{Value, json};
use std::time::Duration;

/// Level under which a quiet stretch is called silence, in dBFS.
const SILENT_DBFS: f32 = -50.0;

/// For the terminal.
pub fn table(parts: &[Part], known: &Known, gap: Duration) -> String {
    let parts: Vec<String> = parts.iter().map(|part| of_part(part, known, gap)).collect();
    parts.join("\n")
}

fn of_part(part: &Part, known: &Known, gap: Duration) -> String {
    let mut text = format!("{}, {}\n", part.title, seconds(part.length) + " s");
    if let Some(packets) = part.packets {
        let all = (packets.here + packets.lost).max(1);
        let share = 100.0 * packets.lost as f64 / all as f64;
        text += &format!(
            "  begins {} s into the capture; {} packets, {} lost ({share:.1} %)\n",
            seconds(packets.begins),
            packets.here,
            packets.lost
        );
    }
    text += &format!("  {:>8} {:>8}  {:<54} {:>5} {:>6}\n", "from s", "to s", "what", "sure", "dBFS");
    let mut lines: Vec<(Duration, String)> = told(part, gap).map(|stretch| line(stretch, known)).collect();
    lines.extend(
        part.keys.iter().map(|(at, key)| (*at, format!("  {:>8} {:>8}  key {key}\n", seconds(*at), ""))),
    );
    lines.sort_by_key(|(at, _)| *at);
    text + &lines.into_iter().map(|(_, line)| line).collect::<String>()
}

fn line(stretch: &Stretch, known: &Known) -> (Duration, String) {
    let (what, sure) = match &stretch.what {
        What::Prompt(heard) => (named(heard, known), format!("{:.2}", heard.likeness)),
        What::Unknown => ("unknown".to_owned(), String::new()),
        What::Quiet => {
            (format!("{} for {} s", quiet(stretch), seconds(stretch.to - stretch.from)), String::new())
        }
    };
    let (from, to) = (seconds(stretch.from), seconds(stretch.to));
    let level = stretch.level_dbfs;
    (stretch.from, format!("  {from:>8} {to:>8}  {what:<54} {sure:>5} {level:>6.1}\n"))
}

fn named(heard: &Heard, known: &Known) -> String {
    let prompt = known.prompt(heard.prompt);
    let mut text = format!("{} {}", prompt.name, prompt.language);
    for other in &heard.or {
        let other = known.prompt(*other);
        text += &format!(" or {} {}", other.name, other.language);
    }
    let mut longer = heard.part_of.iter().map(|other| known.prompt(*other)).peekable();
    if longer.peek().is_some() {
        let names: Vec<String> = longer.map(|other| format!("{} {}", other.name, other.language)).collect();
        text += &format!(", or {} cut there", names.join(" or "));
    } else if heard.or.is_empty()
        && let Some(begins) = &prompt.begins
    {
        text += &format!(" \"{begins}\"");
    }
    if heard.offset > WHOLE {
        text += &format!(", from its {} s on", seconds(heard.offset));
    }
    if heard.missing > WHOLE {
        text += &format!(", cut {} s before its end", seconds(heard.missing));
    }
    text
}

fn quiet(stretch: &Stretch) -> &'static str {
    if stretch.level_dbfs < SILENT_DBFS { "silence" } else { "noise" }
}

/// Every stretch that is told: short silences are not.
fn told(part: &Part, gap: Duration) -> impl Iterator<Item = &Stretch> {
    part.stretches
        .iter()
        .filter(move |stretch| stretch.what != What::Quiet || stretch.to - stretch.from >= gap)
}

fn seconds(duration: Duration) -> String {
    format!("{:.2}", duration.as_secs_f64())
}

/// One object: `parts`, each with `heard` in the order of time. Times are in seconds, levels in dBFS.
pub fn json(parts: &[Part], known: &Known, gap: Duration) -> Value {
    let parts: Vec<Value> = parts.iter().map(|part| part_json(part, known, gap)).collect();
    json!({ "parts": parts })
}

fn part_json(part: &Part, known: &Known, gap: Duration) -> Value {
    let heard: Vec<Value> = told(part, gap).map(|stretch| stretch_json(stretch, known)).collect();
    let keys: Vec<Value> = part
        .keys
        .iter()
        .map(|(at, key)| json!({ "at": rounded(at.as_secs_f64()), "key": key.to_string() }))
        .collect();
    json!({
        "title": part.title,
        "seconds": rounded(part.length.as_secs_f64()),
        "packets": part.packets.map(|packets| packets.here),
        "lost": part.packets.map(|packets| packets.lost),
        "heard": heard,
        "keys": keys,
    })
}

fn stretch_json(stretch: &Stretch, known: &Known) -> Value {
    let mut value = match &stretch.what {
        What::Prompt(heard) => {
            let prompt = known.prompt(heard.prompt);
            let names = |others: &[usize]| -> Vec<Value> {
                others.iter().map(|other| name_json(known, *other)).collect()
            };
            json!({
                "what": "prompt",
                "name": prompt.name,
                "language": prompt.language,
                "or": names(&heard.or),
                "part_of": names(&heard.part_of),
                "offset": rounded(heard.offset.as_secs_f64()),
                "missing": rounded(heard.missing.as_secs_f64()),
                "whole": heard.is_whole(),
                "sure": rounded(f64::from(heard.likeness)),
            })
        }
        What::Unknown => json!({ "what": "unknown" }),
        What::Quiet => json!({ "what": quiet(stretch) }),
    };
    value["from"] = json!(rounded(stretch.from.as_secs_f64()));
    value["to"] = json!(rounded(stretch.to.as_secs_f64()));
    value["dbfs"] = json!(rounded(f64::from(stretch.level_dbfs)));
    value
}

fn name_json(known: &Known, number: usize) -> Value {
    let prompt = known.prompt(number);
    json!({ "name": prompt.name, "language": prompt.language })
}

fn rounded(value: f64) -> f64 {
    (value * 1_000.0).round() / 1_000.0
}
