//! `careline sign`: a clinical lead reads a triage tree as callers would meet it, and answers for it with name and
//! licence.
//!
//! ```text
//!  the draft, without a fault ─▶ the tree in sentences ─asked─▶ the block `signed` in its file
//! ```
//! What is signed is the tree with its texts and sounds, by their hash. The file is written as it was read: if it
//! changed meanwhile nothing is signed. Not here: who may publish it.

use super::check::{self, Paths};
use super::ended;
use super::sounds::Sounds;
use crate::flow::content::{Content, FLOWS, digest, short};
use crate::flow::diagnostic::Paint;
use crate::flow::set::FlowSet;
use crate::flow::triage::block::signed_text;
use crate::flow::triage::kept::KeptTree;
use crate::flow::triage::signature::{Signed, day_of, parsed_day};
use crate::flow::value::Date;
use crate::io::now::Clock;
use crate::io::replace_file;
use crate::limits::SIGNED_MAX_DAYS;
use std::fs;
use std::io::{self, BufRead, IsTerminal, Write as _};
use std::path::Path;
use std::process::ExitCode;

/// What is wanted of `careline sign`.
#[derive(clap::Args)]
pub struct Sign {
    /// The triage tree, by the name of its flow
    flow: String,
    /// Who answers for it
    #[arg(long, value_name = "NAME")]
    by: String,
    /// The licence to do so, as NUMBER/STATE, such as RN123456/MA
    #[arg(long, value_name = "NUMBER/STATE")]
    licence: String,
    /// The last day on which the signature holds, as 2027-11-28; at most a year ahead, which it is if left out
    #[arg(long, value_name = "DATE")]
    review_due: Option<String>,
    /// Do not ask: needed where there is no terminal
    #[arg(long)]
    yes: bool,
}

/// The command: tells what it did, or why it did nothing.
pub fn sign(paths: &Paths, wish: &Sign) -> ExitCode {
    ended(signed(paths, wish))
}

fn signed(paths: &Paths, wish: &Sign) -> Result<String, String> {
    let config = check::config(paths)?;
    let today = day_of(Clock::start().wall()).ok_or("the clock of this machine shows no day")?;
    let review_due = due(today, wish.review_due.as_deref())?;
    let by = named(&wish.by)?;
    let licence = licensed(&wish.licence)?;
    // The hashes come first: what is signed must be what is checked and read now.
    let content = config.draft().content().map_err(|error| error.to_string())?;
    let sounds = Sounds::default();
    let loaded = check::load(paths, &|folder, prompt, language| sounds.audio(folder, prompt, language));
    let is_sound = loaded.is_sound();
    let told = check::report(&loaded, Paint::Plain);
    let Some(set) = loaded.flows.filter(|_| is_sound) else {
        return Err(format!("{told}the draft has faults: nothing is signed until they are mended"));
    };
    let tree = found(&set, &wish.flow)?;
    tree.lines.iter().for_each(|line| println!("{line}"));
    drafts(&set, tree);
    let sha256 = tree.sha256(&content);
    println!("{by}, licence {licence}, answers for this until {review_due:?} (version {})", short(&sha256));
    if !wish.yes && !is_wanted(&wish.flow)? {
        return Err("nothing is signed".to_owned());
    }
    write(Path::new(&*tree.file), &content, &Signed { by, licence, on: today, review_due, sha256 })?;
    Ok(format!(
        "{} is signed until {review_due:?}; a change of a step, a text or a sound of it ends that.\n\
         `careline publish` makes it live, once a second person has approved it\n",
        tree.name
    ))
}

fn found<'a>(set: &'a FlowSet, flow: &str) -> Result<&'a KeptTree, String> {
    set.tree(flow).ok_or_else(|| {
        let trees: Vec<&str> = set.trees().iter().map(|tree| tree.name.as_str()).collect();
        match trees.as_slice() {
            [] => "no flow of the draft is a triage tree (`kind: triage`)".to_owned(),
            trees => format!("`{flow}` is no triage tree; there are: {}", trees.join(", ")),
        }
    })
}

/// Texts that nobody has reviewed can be signed: who signs shall know of them.
fn drafts(set: &FlowSet, tree: &KeptTree) {
    let of_tree = set.drafts().iter().filter(|spoken| tree.speaks(&spoken.prompt)).count();
    if of_tree > 0 {
        println!(
            "{of_tree} of these texts are marked as drafts in prompts.yaml: nobody has reviewed them yet"
        );
    }
}

fn named(by: &str) -> Result<String, String> {
    let by = by.trim();
    if by.is_empty() { Err("say who signs: --by NAME".to_owned()) } else { Ok(by.to_owned()) }
}

fn licensed(licence: &str) -> Result<String, String> {
    let fits = licence.split_once('/').is_some_and(|(number, state)| {
        let is_state = (2..=3).contains(&state.len()) && state.bytes().all(|b| b.is_ascii_uppercase());
        number.bytes().any(|b| b.is_ascii_digit()) && is_state
    });
    if fits {
        return Ok(licence.to_owned());
    }
    Err(format!("`{licence}` is no licence: write its number and its state, such as RN123456/MA"))
}

/// The last day of a signature: as it is wished, or a year from today.
fn due(today: Date, wish: Option<&str>) -> Result<Date, String> {
    let Some(wish) = wish else {
        let next = |day| Date::new(today.year() + 1, today.month(), day);
        return next(today.day()).or_else(|| next(28)).ok_or_else(|| "no year follows this one".to_owned());
    };
    let day = parsed_day(wish).ok_or_else(|| format!("`{wish}` is no day: write it as 2027-11-28"))?;
    match day.days() - today.days() {
        1..=SIGNED_MAX_DAYS => Ok(day),
        ..=0 => Err(format!("{wish} is not ahead: a signature holds from today on")),
        _ => Err(format!("{wish} is more than a year ahead: a tree is looked at once a year")),
    }
}

/// Asks on the terminal.
fn is_wanted(flow: &str) -> Result<bool, String> {
    if !io::stdin().is_terminal() {
        return Err("nothing is signed: there is no terminal to ask on; say --yes if you want it".to_owned());
    }
    print!("Do you answer for {flow} as it stands here? [y/N] ");
    io::stdout().flush().map_err(|error| error.to_string())?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer).map_err(|error| error.to_string())?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}

/// Writes the block, if the file is still what was checked.
fn write(path: &Path, content: &Content, signed: &Signed) -> Result<(), String> {
    let shown = path.display();
    let octets = fs::read(path).map_err(|cause| format!("`{shown}` cannot be read: {cause}"))?;
    let file = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let changed = || format!("`{shown}` was changed meanwhile: nothing is signed; do it again");
    if content.files.get(&format!("{FLOWS}/{file}")) != Some(&digest(&octets)) {
        return Err(changed());
    }
    let text = String::from_utf8(octets).ok().and_then(|text| signed_text(&text, signed));
    let text = text.ok_or_else(changed)?;
    replace_file::replace(path, text.as_bytes())
        .map_err(|cause| format!("`{shown}` cannot be written: {cause}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_holds_a_year_at_the_most_and_from_today_on() {
        let date = |year, month, day| Date::new(year, month, day).unwrap();
        let today = date(2026, 11, 28);
        let table = [
            (None, Ok(date(2027, 11, 28))),
            (Some("2027-11-28"), Ok(date(2027, 11, 28))),
            (Some("2026-11-29"), Ok(date(2026, 11, 29))),
            (Some("2026-11-28"), Err("is not ahead")),
            (Some("2027-12-24"), Err("more than a year")),
            (Some("28.11.2027"), Err("is no day")),
            (Some("2027-02-29"), Err("is no day")),
        ];
        for (wish, expected) in table {
            match (due(today, wish), expected) {
                (Ok(day), Ok(expected)) => assert_eq!(day, expected, "{wish:?}"),
                (Err(told), Err(part)) => assert!(told.contains(part), "{wish:?}: {told}"),
                other => panic!("{wish:?}: {other:?}"),
            }
        }
        assert_eq!(due(date(2028, 2, 29), None), Ok(date(2029, 2, 28)));
    }

    #[test]
    fn a_licence_has_a_number_and_a_state() {
        for (licence, good) in [
            ("RN123456/MA", true),
            ("12-3/NSW", true),
            ("RN123456", false),
            ("RN/MA", false),
            ("1/ma", false),
            ("/MA", false),
        ] {
            assert_eq!(licensed(licence).is_ok(), good, "{licence}");
        }
    }
}
