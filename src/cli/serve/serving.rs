//! Which set a start serves: the published one; at the very first start the draft, which is published then; with
//! `live_edit` the draft as it stands.
//!
//! ```text
//!  nothing published ─▶ draft checked ─┬─ clean ─▶ published as set 1, served
//!                                      └─ faults ─▶ no start
//!  set N published   ─▶ whole and clean ─┬─ yes ─▶ served; said if the draft differs
//!                                        └─ no ──▶ the one before it, said loudly
//! ```

use crate::cli::check::{self, Paths};
use crate::cli::publish::draft::{Facts, mover, put};
use crate::cli::sounds::Sounds;
use crate::config::{Config, LiveEdit};
use crate::flow::content::Content;
use crate::flow::diagnostic::Paint;
use crate::flow::edition::Edition;
use crate::flow::set::FlowSet;
use crate::io::prompts::PromptLibrary;
use crate::io::published::gather::Folders;
use crate::io::published::pointer::Pointer;
use crate::io::published::{Shelf, ShelfError};
use crate::io::set_load::{self, Loaded, NewSets};
use std::sync::Arc;

/// What is served, and what is said of it.
pub struct Serving {
    /// The sets.
    pub sets: NewSets,
    /// Where the current one comes from, for the banner's line.
    pub origin: String,
    /// What went wrong and is worth a line of the log.
    pub warnings: Vec<String>,
}

/// Finds what to serve.
///
/// # Errors
/// Everything that stands against a start, for the terminal.
pub fn find(paths: &Paths, config: &Config) -> Result<Serving, String> {
    let shelf = config.shelf();
    let mut warnings = Vec::new();
    let pointer = shelf.pointer().unwrap_or_else(|error| {
        warnings.push(error.to_string());
        newest(&shelf)
    });
    if config.live_edit == LiveEdit::On {
        match set_load::draft(&config.draft(), 1) {
            Ok(current) => return Ok(live(config, current, warnings)),
            Err(error) if pointer.is_some() => warnings.push(format!("the draft is not served: {error}")),
            Err(_) => {}
        }
    }
    match pointer {
        Some(pointer) => published(config, &shelf, &pointer, warnings),
        None => first(paths, config, &shelf, warnings),
    }
}

fn live(config: &Config, current: Loaded, warnings: Vec<String>) -> Serving {
    let origin =
        format!(" from {}, unpublished and heard as it is edited (live_edit)", config.flows.display());
    Serving { sets: NewSets { current, canary: None }, origin, warnings }
}

/// A pointer that cannot be read is taken to point to the newest set.
fn newest(shelf: &Shelf) -> Option<Pointer> {
    let numbers = shelf.numbers().unwrap_or_default();
    numbers.last().map(|number| Pointer::first(*number, mover(Some("careline"))))
}

fn published(
    config: &Config,
    shelf: &Shelf,
    pointer: &Pointer,
    mut warnings: Vec<String>,
) -> Result<Serving, String> {
    let current = first_good(shelf, pointer, &mut warnings)?;
    let canary =
        pointer.canary.as_ref().and_then(|(number, share)| match set_load::published(shelf, *number) {
            Ok(loaded) => Some((loaded, share.clone())),
            Err(error) => {
                warnings.push(format!("set {number}, which some calls were to try, is not served: {error}"));
                None
            }
        });
    let draft = config.flows.display();
    let origin = match config.draft().content() {
        Ok(content) if content.hash() == current.set.version() => format!(" of {}", current.set.edition()),
        Ok(_) => format!(
            " of {}; the draft in {draft} differs: `careline publish` makes it live",
            current.set.edition()
        ),
        Err(error) => format!(" of {}; the draft cannot be read: {error}", current.set.edition()),
    };
    Ok(Serving { sets: NewSets { current, canary }, origin, warnings })
}

/// The current set, else the one before it, and so on: an older set is better for a caller than no answer.
fn first_good(shelf: &Shelf, pointer: &Pointer, warnings: &mut Vec<String>) -> Result<Loaded, String> {
    let mut others = shelf.numbers().unwrap_or_default();
    others.retain(|number| *number < pointer.current && !pointer.before.contains(number));
    let others = others.into_iter().rev();
    for number in std::iter::once(pointer.current).chain(pointer.before.iter().copied()).chain(others) {
        match set_load::published(shelf, number) {
            Ok(loaded) => return Ok(loaded),
            Err(error) => warnings.push(format!("set {number} is published and cannot be served: {error}")),
        }
    }
    Err(format!("{}\nno published set can be served\n", warnings.join("\n")))
}

/// The first start: the draft is checked, published and served. If it cannot be kept it is served all the same.
fn first(
    paths: &Paths,
    config: &Config,
    shelf: &Shelf,
    mut warnings: Vec<String>,
) -> Result<Serving, String> {
    let folders = config.draft();
    let content = folders.content();
    let sounds = Sounds::default();
    let loaded = check::load(paths, &|folder, prompt, language| sounds.audio(folder, prompt, language));
    let told = check::report(&loaded, Paint::Plain);
    let is_sound = loaded.is_sound();
    let Some(set) = loaded.flows.filter(|_| is_sound) else { return Err(told) };
    eprint!("{told}");
    let prompts = sounds.into_library(&config.sounds).with_music().map_err(|error| format!("{error}\n"))?;
    let kept = content.and_then(|content| keep(shelf, &folders, &content).map(|number| (number, content)));
    let draft = config.flows.display();
    let (current, origin) = match kept {
        Ok((number, content)) => {
            let current = as_published(shelf, set, prompts, number, &content);
            (current, format!(" from {draft}, published now as set {number}"))
        }
        Err(error) => {
            warnings.push(format!("the flows are served and could not be published: {error}"));
            (Loaded { set: Arc::new(set), prompts }, format!(" from {draft}, not published"))
        }
    };
    Ok(Serving { sets: NewSets { current, canary: None }, origin, warnings })
}

fn keep(shelf: &Shelf, folders: &Folders, content: &Content) -> Result<u32, ShelfError> {
    let held = shelf.hold()?;
    let mover = mover(Some("careline"));
    let (note, changes, needs) = ("the first start".to_owned(), Vec::new(), Vec::new());
    let facts = Facts { mover: mover.clone(), note, changes, needs };
    let number = put(shelf, &held, folders, content, facts)?.number();
    shelf.point(&Pointer::first(number, mover))?;
    Ok(number)
}

/// What was checked in the draft lies in the set now, to the octet: it is not read again.
fn as_published(
    shelf: &Shelf,
    set: FlowSet,
    prompts: PromptLibrary,
    number: u32,
    content: &Content,
) -> Loaded {
    let set = Arc::new(set.sealed_by(content).served_as(Edition::Published(number), content.hash()));
    Loaded { set, prompts: prompts.moved_to(&Folders::of_set(&shelf.folder_of(number)).sounds) }
}
