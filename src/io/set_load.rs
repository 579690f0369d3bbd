//! Loads a set of flows with its sounds: read, checked and decoded. It takes as long as it takes, so it never runs on the
//! thread of the engine; what comes out is ready for the first call.

use crate::flow::content::Content;
use crate::flow::diagnostic::Paint;
use crate::flow::edition::{Edition, Share};
use crate::flow::set::FlowSet;
use crate::io::flow_files::{self, Unreadable};
use crate::io::prompts::{PromptError, PromptLibrary};
use crate::io::published::gather::Folders;
use crate::io::published::pointer::Pointer;
use crate::io::published::{Shelf, ShelfError};
use std::sync::Arc;
use thiserror::Error;

/// A set that can be served.
#[derive(Debug)]
pub struct Loaded {
    /// The set.
    pub set: Arc<FlowSet>,
    /// Its sounds, decoded.
    pub prompts: PromptLibrary,
}

/// What new calls are to get.
#[derive(Debug)]
pub struct NewSets {
    /// All of them, or those who do not try another.
    pub current: Loaded,
    /// What some of them try.
    pub canary: Option<(Loaded, Share)>,
}

/// Why a set cannot be served.
#[derive(Debug, Error)]
pub enum NotLoaded {
    /// It cannot be found, or is not as it was published.
    #[error(transparent)]
    Shelf(#[from] ShelfError),
    /// Its flows cannot be read.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    /// Its sound under a wait gives none.
    #[error(transparent)]
    Unsound(#[from] PromptError),
    /// It has faults, each with its text.
    #[error("{}", .0.join("\n\n"))]
    Faults(Vec<String>),
}

/// Loads what a pointer says.
///
/// # Errors
/// [`NotLoaded`] when one of its sets cannot be served.
pub fn pointed(shelf: &Shelf, pointer: &Pointer) -> Result<NewSets, NotLoaded> {
    let current = published(shelf, pointer.current)?;
    let canary = match &pointer.canary {
        Some((number, share)) => Some((published(shelf, *number)?, share.clone())),
        None => None,
    };
    Ok(NewSets { current, canary })
}

/// Loads a published set, once it was seen to be whole.
///
/// # Errors
/// [`NotLoaded`] when it cannot be served.
pub fn published(shelf: &Shelf, number: u32) -> Result<Loaded, NotLoaded> {
    let manifest = shelf.whole(number)?;
    shelf.may_be_heard(&manifest)?;
    let folders = Folders::of_set(&shelf.folder_of(number));
    load(&folders, Edition::Published(number), &manifest.content)
}

/// Loads a draft as it is now.
///
/// # Errors
/// [`NotLoaded`] when it cannot be served.
pub fn draft(folders: &Folders, count: u32) -> Result<Loaded, NotLoaded> {
    load(folders, Edition::Draft(count), &folders.content()?)
}

fn load(folders: &Folders, edition: Edition, content: &Content) -> Result<Loaded, NotLoaded> {
    let files = flow_files::read(&folders.flows)?;
    let prompts = PromptLibrary::open(&folders.sounds).with_music()?;
    let (set, faults) = FlowSet::load(files, &|prompt, language| prompts.audio(prompt, language));
    let told = || faults.iter().map(|fault| fault.render(Paint::Plain)).collect();
    let set = set.ok_or_else(|| NotLoaded::Faults(told()))?;
    let set = set.sealed_by(content).served_as(edition, content.hash());
    Ok(Loaded { set: Arc::new(set), prompts })
}
