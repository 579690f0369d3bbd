//! `careline approve`: a second person says yes to a set that changes triage or what is said in a crisis.
//!
//! ```text
//!  publish by maria ─▶ on the shelf, needs … ─▶ approve by ada: what changes, asked ─▶ approved ─▶ served
//!                                           └─▶ approve by maria: no
//! ```
//! The engine itself serves no set that lacks its approval, so no other way leads around it.

use super::draft::{Told, mover};
use super::{is_wanted, move_pointer, text, what_changes};
use crate::cli::ended;
use crate::config::Config;
use crate::flow::content::Content;
use crate::flow::set::FlowSet;
use crate::flow::triage::kept::{KeptTree, not_answered};
use crate::flow::triage::signature::{NotAnswered, day_of};
use crate::io::now::Clock;
use crate::io::published::approval::is_same_person;
use crate::io::published::manifest::Manifest;
use crate::io::published::pointer::Mover;
use crate::io::published::{Shelf, ShelfError};
use std::process::ExitCode;

/// What is wanted of `careline approve`.
#[derive(clap::Args)]
pub struct Approve {
    /// The set, as `careline publish` and `careline history` number it
    number: u32,
    /// Who approves it: somebody else than who published it
    #[arg(long, value_name = "NAME")]
    by: String,
    /// Do not ask: needed where there is no terminal
    #[arg(long)]
    yes: bool,
}

/// The command: tells what it did, or why it did nothing.
pub fn approve(config: &Config, wish: &Approve) -> ExitCode {
    ended(approved(config, wish))
}

fn approved(config: &Config, wish: &Approve) -> Result<String, String> {
    let (shelf, number) = (config.shelf(), wish.number);
    let held = shelf.hold().map_err(text)?;
    let manifest = shelf.whole(number).map_err(text)?;
    let by = mover(Some(&wish.by));
    if let Some(done) = not_needed(&shelf, &manifest).map_err(text)? {
        return Ok(done);
    }
    if is_same_person(&by.by, &manifest.by) || by.by == "unknown" {
        return Err(format!(
            "set {number} was published by {}: somebody else must look at it and say yes",
            manifest.by
        ));
    }
    let pointer = shelf.pointer().map_err(text)?.ok_or("nothing is published yet")?;
    let changes = Told::published(&shelf, pointer.current)?.changes_to(&Told::published(&shelf, number)?);
    print!("{}", what_changes(&changes, Some(&pointer)));
    let needs: String = manifest.needs.iter().map(|need| format!("  {need}\n")).collect();
    print!("what a second person answers for:\n{needs}");
    if !wish.yes && !is_wanted(number)? {
        return Err("nothing is approved".to_owned());
    }
    shelf.approve(&held, &manifest, by.clone()).map_err(text)?;
    let told = format!("set {number} is approved by {}\n", by.by);
    if number < pointer.current {
        return Ok(format!(
            "{told}a later set is live: `careline rollback {number}` lets callers hear this one\n"
        ));
    }
    let mover = Mover::new(&format!("{}, approved by {}", manifest.by, by.by), by.at);
    let moved = move_pointer(config, &shelf, &pointer.published(number, mover));
    moved.map(|live| told + &live).map_err(super::NotMoved::text)
}

fn not_needed(shelf: &Shelf, manifest: &Manifest) -> Result<Option<String>, ShelfError> {
    let number = manifest.number;
    if manifest.needs.is_empty() {
        return Ok(Some(format!(
            "set {number} needs nobody's approval: nothing of triage or crisis changed\n"
        )));
    }
    let approval = shelf.approval(manifest)?;
    Ok(approval.map(|approval| format!("set {number} was approved by {} at {}\n", approval.by, approval.at)))
}

/// What is said of a set that waits for its approval; nothing if callers may hear it.
///
/// # Errors
/// When the shelf cannot be read.
pub fn waiting(shelf: &Shelf, number: u32) -> Result<Option<String>, String> {
    let manifest = shelf.manifest(number).map_err(text)?;
    match shelf.may_be_heard(&manifest) {
        Ok(()) => Ok(None),
        Err(ShelfError::Waits { .. }) => {
            let needs: String = manifest.needs.iter().map(|need| format!("  {need}\n")).collect();
            Ok(Some(format!(
                "set {number} is on the shelf, and callers hear what they heard: it waits for a second person, because\n\
                 {needs}whoever did not publish it says yes: `careline approve {number} --by NAME`\n"
            )))
        }
        Err(other) => Err(other.to_string()),
    }
}

/// A line for each triage tree that callers would not get.
pub fn withheld(set: &FlowSet, content: &Content) -> String {
    let trees = not_answered(set.trees(), content, day_of(Clock::start().wall()));
    let line = |(tree, why): &(&KeptTree, NotAnswered)| {
        format!("  the triage tree {} {}: callers there get a nurse at once\n", tree.name, why.words())
    };
    trees.iter().map(line).collect()
}

/// Triage and crisis are tried on some callers only after a second person said yes, and with every tree signed.
///
/// # Errors
/// Why nobody tries this set.
pub fn check_trial(shelf: &Shelf, set: &FlowSet, content: &Content, needs: &[String]) -> Result<(), String> {
    if needs.is_empty() {
        return Ok(());
    }
    let last = shelf.numbers().map_err(text)?.last().copied();
    let manifest = last.and_then(|last| shelf.manifest(last).ok()).filter(|told| told.content == *content);
    let is_approved = manifest.is_some_and(|told| shelf.may_be_heard(&told).is_ok());
    let unsigned = not_answered(set.trees(), content, day_of(Clock::start().wall()));
    match unsigned.first() {
        _ if !is_approved => Err(format!(
            "nobody tries this set: {}\n  publish it for all, and let a second person approve it first",
            needs.join("; ")
        )),
        Some((tree, why)) => {
            Err(format!("nobody tries this set: the triage tree {} {}", tree.name, why.words()))
        }
        None => Ok(()),
    }
}
