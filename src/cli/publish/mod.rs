//! `careline publish` and `careline rollback`: the draft becomes what callers hear, or an earlier set does again.
//!
//! ```text
//!  draft ─check─▶ what changes, in sentences ─asked─▶ on the shelf ─▶ engine: loaded, checked, served ─▶ pointer
//!                                                              └─ no engine: checked here ─▶ pointer, for the next start
//! ```
//! Calls that are up end on the set that they began with. A set that changes triage or what is said in a crisis waits on
//! the shelf for a second person ([`approve`]).

pub mod approve;
pub mod draft;
pub mod history;

use crate::cli::check::{self, Paths};
use crate::cli::close;
use crate::cli::ended;
use crate::cli::sounds::Sounds;
use crate::cli::test;
use crate::config::Config;
use crate::flow::content::short;
use crate::flow::diagnostic::Paint;
use crate::flow::edition::Share;
use crate::flow::set::{Audio, FlowSet};
use crate::io::control::{self, AskError};
use crate::io::now::Clock;
use crate::io::published::pointer::Pointer;
use crate::io::published::{Held, Shelf};
use crate::io::set_load;
use draft::{Facts, Put, Told, mover, put};
use std::io::{self, BufRead, IsTerminal, Write as _};
use std::process::ExitCode;

/// What is wanted of `careline publish`.
#[derive(clap::Args)]
pub struct Publish {
    /// Who publishes, for the history; without it, your user name
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
    /// Why, for the history
    #[arg(long, value_name = "TEXT", default_value = "")]
    note: String,
    /// Do not ask: needed where there is no terminal
    #[arg(long)]
    yes: bool,
    /// Let only so many of the new calls try it, such as 10%
    #[arg(long, value_name = "PERCENT", group = "who")]
    canary: Option<Share>,
    /// Let only calls to this number try it
    #[arg(long, value_name = "NUMBER", group = "who")]
    canary_number: Option<Share>,
    /// Give what some calls try to all
    #[arg(long, group = "who")]
    promote: bool,
    /// Give what some calls try to none
    #[arg(long, group = "who")]
    withdraw: bool,
}

/// What is wanted of `careline rollback`.
#[derive(clap::Args)]
pub struct Rollback {
    /// The set, as `careline history` numbers it; without it, the one before the current
    number: Option<u32>,
    /// Who does it; without it, your user name
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
}

/// The command: tells what it did, or why it did nothing.
pub fn publish(paths: &Paths, wish: &Publish) -> ExitCode {
    ended(published(paths, wish))
}

/// The command: tells what it did, or why it did nothing.
pub fn rollback(config: &Config, wish: &Rollback) -> ExitCode {
    ended(rolled_back(config, wish))
}

fn published(paths: &Paths, wish: &Publish) -> Result<String, String> {
    let config = check::config(paths)?;
    let shelf = config.shelf();
    let held = shelf.hold().map_err(text)?;
    let pointer = shelf.pointer().map_err(text)?;
    if wish.promote || wish.withdraw {
        let pointer = pointer.ok_or("nothing is published yet: `careline publish` does it")?;
        let mover = mover(wish.by.as_deref());
        let next = if wish.promote { pointer.promoted(mover) } else { pointer.withdrawn(mover) };
        return move_pointer(&config, &shelf, &next.map_err(text)?).map_err(NotMoved::text);
    }
    publish_draft(paths, &config, &held, pointer.as_ref(), wish)
}

fn publish_draft(
    paths: &Paths,
    config: &Config,
    held: &Held,
    pointer: Option<&Pointer>,
    wish: &Publish,
) -> Result<String, String> {
    let (shelf, folders) = (config.shelf(), config.draft());
    // The hashes come first: what is copied later must be what is checked now.
    let content = folders.content().map_err(text)?;
    let sounds = Sounds::default();
    let loaded = check::load(paths, &|folder, prompt, language| sounds.audio(folder, prompt, language));
    let told = check::report(&loaded, Paint::Plain);
    let is_sound = loaded.is_sound();
    let Some(set) = loaded.flows.filter(|_| is_sound) else {
        return Err(format!(
            "{told}the draft has faults: nothing is published, and callers hear what they heard"
        ));
    };
    eprint!("{told}");
    match test::rehearse(&set, config) {
        Ok(0) => {}
        Ok(calls) => eprintln!("{calls} tests came out as written"),
        Err(told) => {
            return Err(format!(
                "{told}the draft's tests fail: nothing is published, and callers hear what they heard"
            ));
        }
    }
    for unsaid in close::unsaid(&shelf, &set, Clock::start().wall()) {
        eprintln!("warning: {unsaid}");
    }
    let share = wish.canary.as_ref().or(wish.canary_number.as_ref());
    check_share(&shelf, &set, share, pointer)?;
    if let Some(pointer) = pointer.filter(|pointer| is_published(&shelf, pointer.current, &content)) {
        return Ok(format!(
            "nothing to publish: callers hear the draft already, as set {}\n",
            pointer.current
        ));
    }
    let draft = Told { flows: Told::of(&folders)?.flows, content };
    let (changes, needs) = match pointer {
        Some(pointer) => {
            let current = Told::published(&shelf, pointer.current)?;
            (current.changes_to(&draft), current.needs_to(&draft))
        }
        None => (Vec::new(), Vec::new()),
    };
    print!("{}{}", what_changes(&changes, pointer), approve::withheld(&set, &draft.content));
    if share.is_some() {
        approve::check_trial(&shelf, &set, &draft.content, &needs)?;
    }
    let number = shelf.next_number().map_err(text)?;
    if !wish.yes && !is_wanted(number)? {
        return Err("nothing is published".to_owned());
    }
    let mover = mover(wish.by.as_deref());
    let facts = Facts { mover: mover.clone(), note: wish.note.clone(), changes, needs };
    let put = put(&shelf, held, &folders, &draft.content, facts).map_err(text)?;
    if let Some(told) = approve::waiting(&shelf, put.number())? {
        return Ok(told);
    }
    let next = match (pointer, share) {
        (None, _) => Pointer::first(put.number(), mover),
        (Some(pointer), None) => pointer.published(put.number(), mover),
        (Some(pointer), Some(share)) => pointer.tried(put.number(), share.clone(), mover),
    };
    let moved = move_pointer(config, &shelf, &next);
    if let (Err(NotMoved::Refused(_)), Put::New(number)) = (&moved, put) {
        // It stays unserved beside the others if it cannot be removed.
        let _ = shelf.remove(held, number);
    }
    let version = draft.content.hash();
    let moved = moved.map_err(NotMoved::text);
    moved.map(|told| format!("set {} is published: version {}\n{told}", put.number(), short(&version)))
}

fn is_published(shelf: &Shelf, number: u32, content: &crate::flow::content::Content) -> bool {
    shelf.manifest(number).is_ok_and(|manifest| manifest.content == *content)
}

/// A share of the calls needs a set for the others, and never takes callers of a flow that either set calls urgent.
fn check_share(
    shelf: &Shelf,
    draft: &FlowSet,
    share: Option<&Share>,
    pointer: Option<&Pointer>,
) -> Result<(), String> {
    let Some(share) = share else { return Ok(()) };
    let Some(pointer) = pointer else {
        return Err(
            "nothing is published yet, so there is nothing for the other calls: publish without --canary first"
                .to_owned(),
        );
    };
    let Share::Number(number) = share else { return Ok(()) };
    let current = Told::published(shelf, pointer.current)?.flows;
    // Its sounds do not matter for where a number leads.
    let current = FlowSet::load(current, &|_, _| Audio::Present).0;
    let is_urgent = |set: &FlowSet| set.is_urgent(set.route(number));
    if is_urgent(draft) || current.as_ref().is_some_and(is_urgent) {
        return Err(format!(
            "calls to {number} lead to an urgent flow: nobody tries anything there; publish it for all"
        ));
    }
    Ok(())
}

fn what_changes(changes: &[String], pointer: Option<&Pointer>) -> String {
    match pointer {
        None => "nothing was published before: this is the first set\n".to_owned(),
        Some(pointer) => {
            let lines: String = changes.iter().map(|change| format!("  {change}\n")).collect();
            format!("what changes against set {}, which callers hear now:\n{lines}", pointer.current)
        }
    }
}

/// Asks on the terminal.
fn is_wanted(number: u32) -> Result<bool, String> {
    if !io::stdin().is_terminal() {
        return Err(
            "nothing is published: there is no terminal to ask on; say --yes if you want it".to_owned()
        );
    }
    print!("Publish this as set {number}? [y/N] ");
    io::stdout().flush().map_err(text)?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer).map_err(text)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}

fn rolled_back(config: &Config, wish: &Rollback) -> Result<String, String> {
    let shelf = config.shelf();
    let _held = shelf.hold().map_err(text)?;
    let pointer =
        shelf.pointer().map_err(text)?.ok_or("nothing is published yet: there is nothing to go back to")?;
    let mover = mover(wish.by.as_deref());
    let next = match wish.number {
        Some(number) if number == pointer.current && pointer.canary.is_none() => {
            return Ok(format!("set {number} is what callers hear already\n"));
        }
        Some(number) => pointer.published(number, mover),
        None => match &pointer.canary {
            // Which of the two is meant would be a guess, and a wrong one is heard by patients.
            Some((tried, _)) => {
                return Err(format!(
                    "some calls try set {tried}, the others hear set {}: `careline publish --withdraw` ends the trial; \
                     or name the set that all shall hear: `careline rollback N`",
                    pointer.current
                ));
            }
            None => pointer.rolled_back(mover).map_err(text)?,
        },
    };
    let changes = Told::published(&shelf, pointer.current)
        .and_then(|now| Ok(now.changes_to(&Told::published(&shelf, next.current)?)));
    // A set that cannot be read is one more reason to go back.
    if let Ok(changes) = &changes {
        print!("{}", what_changes(changes, Some(&pointer)));
    }
    move_pointer(config, &shelf, &next).map_err(NotMoved::text)
}

/// Why the pointer did not move.
enum NotMoved {
    /// What it would point to cannot be served: all is as it was.
    Refused(String),
    /// It is not known what the engine did.
    Unknown(String),
}

impl NotMoved {
    fn text(self) -> String {
        match self {
            NotMoved::Refused(why) | NotMoved::Unknown(why) => why,
        }
    }
}

/// Lets the engine serve what the pointer says; if none runs, checks it here and points for the next start.
fn move_pointer(config: &Config, shelf: &Shelf, next: &Pointer) -> Result<String, NotMoved> {
    let who = match &next.canary {
        None => format!("set {}: every new call hears it", next.current),
        Some((number, Share::Percent(percent))) => {
            format!("set {number}: {percent}% of the new calls hear it, the others set {}", next.current)
        }
        Some((number, Share::Number(called))) => {
            format!("set {number}: new calls to {called} hear it, all others set {}", next.current)
        }
    };
    let asked = control::ask_flows(&config.control, next).map_err(|error| match error {
        AskError::Refused(why) => NotMoved::Refused(why),
        error @ (AskError::NoEngine { .. } | AskError::Unkept(_) | AskError::NoAnswer(_)) => {
            NotMoved::Unknown(error.to_string())
        }
    });
    if let Some(calls) = asked? {
        return Ok(format!("live now is {who}\n{}", still_running(&calls, next)));
    }
    set_load::pointed(shelf, next).map_err(|error| NotMoved::Refused(error.to_string()))?;
    shelf.point(next).map_err(|error| NotMoved::Unknown(error.to_string()))?;
    Ok(format!("no engine runs here; from its next start on it is {who}\n"))
}

/// The calls that are up on sets that no new call gets.
fn still_running(calls: &[(String, u64)], next: &Pointer) -> String {
    let served =
        |set: &str| set.strip_prefix("set ").and_then(|number| next.names(number.parse().ok()?)).is_some();
    let older: Vec<&(String, u64)> = calls.iter().filter(|(set, _)| !served(set)).collect();
    if older.is_empty() {
        return "no call runs on another set\n".to_owned();
    }
    let line = |(set, calls): &&(String, u64)| match calls {
        1 => format!("1 call still runs on {set}, and will to its end\n"),
        _ => format!("{calls} calls still run on {set}, and will to their end\n"),
    };
    older.iter().map(line).collect()
}

fn text(error: impl ToString) -> String {
    error.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::io::published::pointer::Mover;

    #[test]
    fn it_is_told_how_many_calls_run_on_sets_that_new_calls_do_not_get() {
        let mover = || Mover::new("maria", "t".to_owned());
        let next = Pointer::first(1, mover()).published(3, mover()).tried(4, Share::Percent(10), mover());
        let calls =
            |calls: &[(&str, u64)]| calls.iter().map(|(set, n)| ((*set).to_owned(), *n)).collect::<Vec<_>>();
        let table = [
            (calls(&[]), "no call runs on another set\n"),
            (calls(&[("set 3", 5), ("set 4", 1)]), "no call runs on another set\n"),
            (
                calls(&[("set 1", 1), ("set 3", 5), ("draft 2", 7)]),
                "1 call still runs on set 1, and will to its end\n7 calls still run on draft 2, and will to their end\n",
            ),
        ];
        for (calls, expected) in table {
            assert_eq!(still_running(&calls, &next), expected, "{calls:?}");
        }
    }
}
