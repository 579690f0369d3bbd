//! `careline close`, `careline open`, `careline closings`: a snow day, an outage, a message ahead of everything else.
//!
//! ```text
//!  what was typed ─wish─▶ closing ─▶ file beside the published sets ─▶ engine: reads it again, for new calls
//!                    └─ fault, with its place                     └─ no engine: its next start reads it
//! ```
//! Calls that are up go on as they began. Who publishes at the same time holds nobody up here.

pub mod wish;
pub mod words;

use crate::cli::check::{self, Paths};
use crate::cli::ended;
use crate::cli::publish::draft::{Told, mover};
use crate::clock::WallTime;
use crate::config::{Config, LiveEdit};
use crate::flow::closing::{Closings, Numbers};
use crate::flow::diagnostic::Paint;
use crate::flow::read::clinic::plain_number;
use crate::flow::set::{Audio, FlowSet};
use crate::id::PromptName;
use crate::io::control::{self, Rereading};
use crate::io::now::Clock;
use crate::io::published::Shelf;
use std::process::ExitCode;
use wish::Typed;

/// What is wanted of `careline close`.
#[derive(Debug, clap::Args)]
pub struct Close {
    /// The numbers as clinic.yaml has them, or all; then until and the time on the clinic's clock, such as
    /// until 17:00, until tomorrow 08:00, until monday 08:00, until "2026-12-01 08:00"
    #[arg(required = true, value_name = "NUMBER… until TIME")]
    words: Vec<String>,
    /// What callers hear: a prompt of prompts.yaml whose name begins with `closed.`
    #[arg(long, value_name = "PROMPT")]
    say: Option<String>,
    /// What follows on it: after_hours, or open for a message ahead of everything else
    #[arg(long, value_name = "after_hours|open", default_value = "after_hours")]
    then: String,
    /// The time zone of the end; without it, that of hours.yaml
    #[arg(long, value_name = "ZONE")]
    zone: Option<String>,
    /// Who closes, for the list; without it, your user name
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
}

/// The command: closes, or names every fault of what was typed.
pub fn close(paths: &Paths, wanted: &Close) -> ExitCode {
    ended(check::config(paths).and_then(|config| closed(paths, &config, wanted)))
}

/// The command: ends closings before their time.
pub fn open(config: &Config, numbers: &[String]) -> ExitCode {
    ended(opened(config, numbers))
}

/// The command: what is closed now.
pub fn closings(config: &Config) -> ExitCode {
    let closings = config.shelf().closings().map_err(|error| error.to_string());
    ended(closings.map(|closings| words::table(&closings, Clock::start().wall())))
}

fn closed(paths: &Paths, config: &Config, wanted: &Close) -> Result<String, String> {
    let set = served(paths, config)?;
    let by = mover(wanted.by.as_deref()).by;
    let typed = Typed {
        words: &wanted.words,
        say: wanted.say.as_deref(),
        then: &wanted.then,
        zone: wanted.zone.as_deref(),
        by: &by,
    };
    let now = Clock::start().wall();
    let (closing, clock) = wish::read(&set, &typed, now).map_err(|faults| {
        let told: String = faults.iter().map(|fault| fault.render(Paint::Plain) + "\n\n").collect();
        told + "nothing is closed by this"
    })?;
    let text = words::made(&set, &closing, clock);
    let kept = change(config, |closings| {
        closings.map_err(|error| error.to_string())?.with(closing, now).map_err(|error| error.to_string())
    })?;
    Ok(text + kept)
}

fn opened(config: &Config, typed: &[String]) -> Result<String, String> {
    let numbers = if typed.iter().any(|word| word == "all") {
        Numbers::All
    } else {
        Numbers::These(typed.iter().map(|word| plain_number(word)).collect())
    };
    let now = Clock::start().wall();
    let mut text = String::new();
    let kept = change(config, |closings| {
        match (closings, &numbers) {
            (Ok(before), _) => {
                let after = before.opened(&numbers, now);
                text = words::opened(&before, &after, typed, now)?;
                Ok(after)
            }
            // All can be opened also where it is not known what is closed.
            (Err(_), Numbers::All) => {
                text = "the list of closings is begun anew: nothing is closed\n".to_owned();
                Ok(Closings::default())
            }
            (Err(error), Numbers::These(_)) => Err(error.to_string()),
        }
    })?;
    Ok(text + kept)
}

/// Changes the file, then lets the engine read it: what is said of that.
fn change(
    config: &Config,
    change: impl FnOnce(Result<Closings, crate::io::published::ShelfError>) -> Result<Closings, String>,
) -> Result<&'static str, String> {
    let shelf = config.shelf();
    let held = shelf.hold_closings().map_err(|error| error.to_string())?;
    let changed = change(shelf.closings())?;
    shelf.keep_closings(&held, &changed).map_err(|error| error.to_string())?;
    match control::ask_closings(&config.control) {
        Ok(Rereading::Done) => {
            Ok("it holds for every new call from now on; calls that are up go on as they began\n")
        }
        Ok(Rereading::NoEngine) => Ok("no engine runs here; it holds from its next start on\n"),
        Err(error) => {
            Err(format!("it is written down, and the engine may not know it yet: {error}\n  do it again"))
        }
    }
}

/// The set that callers hear: the current one, or the draft where it is heard as it is edited or nothing else is.
fn served(paths: &Paths, config: &Config) -> Result<FlowSet, String> {
    let pointer = config.shelf().pointer().map_err(|error| error.to_string())?;
    let Some(pointer) = pointer.filter(|_| config.live_edit == LiveEdit::Off) else {
        let loaded = check::load(paths, &|_, _, _| Audio::Present);
        let report = check::report(&loaded, Paint::Plain);
        return loaded.flows.ok_or(report);
    };
    let files = Told::published(&config.shelf(), pointer.current)?.flows;
    let (set, faults) = FlowSet::load(files, &|_, _| Audio::Present);
    let report = || faults.iter().map(|fault| fault.render(Paint::Plain) + "\n\n").collect();
    set.ok_or_else(report)
}

/// A line for each closing that holds now, for `careline status` and the start of the engine; and what keeps the
/// closings from being known.
pub fn lines(shelf: &Shelf, now: WallTime) -> Vec<String> {
    match shelf.closings() {
        Ok(closings) => words::lines(&closings, now),
        Err(error) => vec![error.to_string()],
    }
}

/// The closings that hold now and of which `set` lacks the words, a line each.
pub fn unsaid(shelf: &Shelf, set: &FlowSet, now: WallTime) -> Vec<String> {
    let closings = shelf.closings().unwrap_or_default();
    let said = |say: &PromptName| set.spoken().iter().any(|spoken| spoken.prompt == *say);
    let holding = closings.list().iter().filter(|closing| closing.holds(now) && !said(&closing.say));
    holding
        .map(|closing| {
            format!(
                "`{}` is not in prompts.yaml, and a number is closed with these words: its callers would go on without them",
                closing.say
            )
        })
        .collect()
}
