//! The draft as something to publish: its files, their hashes, and its place on the shelf. The first start and
//! `careline publish` both go through here.

use crate::flow::changes::{Side, approval, sentences};
use crate::flow::content::Content;
use crate::flow::set::SourceFile;
use crate::io::flow_files;
use crate::io::published::gather::Folders;
use crate::io::published::manifest::Manifest;
use crate::io::published::pointer::Mover;
use crate::io::published::{Held, Shelf, ShelfError};
use jiff::Timestamp;

/// A draft or a published set as its files tell.
#[derive(Debug)]
pub struct Told {
    /// The flow files.
    pub flows: Vec<SourceFile>,
    /// All files.
    pub content: Content,
}

impl Told {
    /// What lies in these folders now.
    ///
    /// # Errors
    /// Why it cannot be read.
    pub fn of(folders: &Folders) -> Result<Self, String> {
        let flows = flow_files::read(&folders.flows).map_err(|error| error.to_string())?;
        let content = folders.content().map_err(|error| error.to_string())?;
        Ok(Self { flows, content })
    }

    /// A published set.
    ///
    /// # Errors
    /// That there is none of that number, or why it cannot be read.
    pub fn published(shelf: &Shelf, number: u32) -> Result<Self, String> {
        let manifest = shelf.manifest(number).map_err(|error| error.to_string())?;
        let folders = Folders::of_set(&shelf.folder_of(number));
        let flows = flow_files::read(&folders.flows).map_err(|error| error.to_string())?;
        Ok(Self { flows, content: manifest.content })
    }

    /// What is another in `after`.
    pub fn changes_to(&self, after: &Told) -> Vec<String> {
        let before = Side { flows: &self.flows, content: &self.content };
        sentences(before, Side { flows: &after.flows, content: &after.content })
    }

    /// What of that a second person must approve.
    pub fn needs_to(&self, after: &Told) -> Vec<String> {
        let before = Side { flows: &self.flows, content: &self.content };
        approval::needs(before, Side { flows: &after.flows, content: &after.content })
    }
}

/// What is told of a set that goes on the shelf.
#[derive(Clone, Debug)]
pub struct Facts {
    /// Who and when.
    pub mover: Mover,
    /// Why.
    pub note: String,
    /// What changes for callers.
    pub changes: Vec<String>,
    /// What of that a second person must approve.
    pub needs: Vec<String>,
}

/// Whether a set lay on the shelf already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Put {
    /// It is new.
    New(u32),
    /// The last one is the same to the octet: it is taken again.
    Again(u32),
}

impl Put {
    /// The number of the set.
    pub fn number(self) -> u32 {
        match self {
            Put::New(number) | Put::Again(number) => number,
        }
    }
}

/// Puts the draft on the shelf, if its files are still those of `content`.
///
/// # Errors
/// [`ShelfError`]; then the shelf is as it was.
pub fn put(
    shelf: &Shelf,
    held: &Held,
    folders: &Folders,
    content: &Content,
    facts: Facts,
) -> Result<Put, ShelfError> {
    let last = shelf.numbers()?.last().copied();
    let same = last.filter(|last| shelf.whole(*last).is_ok_and(|manifest| manifest.content == *content));
    if let Some(number) = same {
        return Ok(Put::Again(number));
    }
    let Facts { mover: Mover { by, at }, note, changes, needs } = facts;
    let number = shelf.next_number()?;
    let manifest = Manifest { number, at, by, note, changes, needs, content: content.clone() };
    shelf.add(held, folders, &manifest)?;
    Ok(Put::New(number))
}

/// Who does it, now: the name that was given, else the user's.
pub fn mover(by: Option<&str>) -> Mover {
    let user = || ["USER", "LOGNAME"].iter().find_map(|name| std::env::var(name).ok()).unwrap_or_default();
    let by = by.map_or_else(user, str::to_owned);
    let now = Timestamp::from_second(Timestamp::now().as_second()).unwrap_or(Timestamp::UNIX_EPOCH);
    Mover::new(&by, now.to_string())
}
