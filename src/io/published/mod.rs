//! The shelf of published sets: each in a folder of its own that is never changed, and one pointer to what is served.
//!
//! ```text
//!  published/000001/{flows/… sounds/… manifest.json}    hard links where a file is the same as in the set before
//!            000002/…
//!            current        the pointer, replaced as a whole
//!            lock           held by whoever publishes
//!            closings.json  what is closed by hand, replaced as a whole
//!            000002.approved  a second person's word, where the set needs one
//! ```
//! A set is whole from the moment that its folder has its number; what is not whole is named `.new` and is removed by
//! the next who publishes. Not here: whether a set has faults, and what the engine does with it.

pub mod approval;
mod closings;
pub mod gather;
pub mod manifest;
mod operation;
pub mod pointer;
#[cfg(test)]
mod tests;

use crate::flow::content::Content;
use gather::Folders;
use manifest::{MANIFEST_FILE, Manifest};
use operation::{Operation, perform};
use pointer::Pointer;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// Why the shelf cannot be read or added to.
#[derive(Debug, Error)]
pub enum ShelfError {
    /// The system says no.
    #[error("{}: {cause}", path.display())]
    File {
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        cause: io::Error,
    },
    /// There are more files than any clinic has.
    #[error("{} holds more files than a set may have: is it the right folder?", folder.display())]
    TooMany {
        /// The folder.
        folder: PathBuf,
    },
    /// A file is no longer what was checked.
    #[error("{} was changed meanwhile: nothing is published; do it again", path.display())]
    Changed {
        /// The draft's file.
        path: PathBuf,
    },
    /// Somebody else is at it.
    #[error("somebody else is at it at this moment (they hold {}): wait and do it again", path.display())]
    Busy {
        /// The lock.
        path: PathBuf,
    },
    /// A file or set is not what was written.
    #[error("{} is not as it was published: {what}\n  bring it back from a backup, or go to another set: `careline rollback N`", path.display())]
    Damaged {
        /// The file or set.
        path: PathBuf,
        /// What is wrong.
        what: String,
    },
    /// The file of the closings is not what was written.
    #[error("{} cannot be read: nothing is closed by it\n  say `careline open all` to begin it anew, then close again what shall be closed", path.display())]
    Closings {
        /// The file.
        path: PathBuf,
    },
    /// A second person must look at a set first.
    #[error(
        "set {number} waits for a second person: {needs}\n  whoever did not publish it says yes: `careline approve {number} --by NAME`"
    )]
    Waits {
        /// The set.
        number: u32,
        /// What needs the second person, in sentences.
        needs: String,
    },
    /// There is no such set.
    #[error("there is no published set {0}: `careline history` lists them")]
    NoSuchSet(u32),
}

impl ShelfError {
    /// What the system says of a path.
    pub fn at(path: &Path, cause: io::Error) -> Self {
        Self::File { path: path.to_owned(), cause }
    }
}

/// The shelf.
#[derive(Clone, Debug)]
pub struct Shelf {
    folder: PathBuf,
}

/// While it is held nobody else publishes. It is the system's: a crash lets go of it.
#[derive(Debug)]
pub struct Held {
    _lock: File,
}

const POINTER: &str = "current";
const POINTER_NEW: &str = "current.new";
const SET_NEW: &str = ".new";
const LOCK: &str = "lock";

impl Shelf {
    /// The shelf in this folder, which need not be there.
    pub fn at(folder: &Path) -> Self {
        Self { folder: folder.to_owned() }
    }

    /// Keeps others from publishing; makes the folder if it is not there.
    ///
    /// # Errors
    /// [`ShelfError::Busy`] while another holds it.
    pub fn hold(&self) -> Result<Held, ShelfError> {
        self.hold_by(LOCK)
    }

    fn hold_by(&self, lock: &str) -> Result<Held, ShelfError> {
        if !self.folder.is_dir() {
            fs::create_dir_all(&self.folder).map_err(|cause| ShelfError::at(&self.folder, cause))?;
            let above = self.folder.parent().filter(|above| !above.as_os_str().is_empty());
            perform(&Operation::Sync(above.unwrap_or(Path::new(".")).to_owned()))?;
        }
        let path = self.folder.join(lock);
        let opened = File::options().create(true).truncate(false).write(true).open(&path);
        let lock = opened.map_err(|cause| ShelfError::at(&path, cause))?;
        match lock.try_lock() {
            Ok(()) => Ok(Held { _lock: lock }),
            Err(fs::TryLockError::WouldBlock) => Err(ShelfError::Busy { path }),
            Err(fs::TryLockError::Error(cause)) => Err(ShelfError::at(&path, cause)),
        }
    }

    /// What is served; nothing if nothing was ever published.
    ///
    /// # Errors
    /// [`ShelfError`] when the pointer cannot be read.
    pub fn pointer(&self) -> Result<Option<Pointer>, ShelfError> {
        let path = self.folder.join(POINTER);
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(cause) => return Err(ShelfError::at(&path, cause)),
        };
        let pointer = Pointer::read(text.trim_end_matches('\n'));
        pointer.map(Some).map_err(|error| ShelfError::Damaged { path, what: error.to_string() })
    }

    /// The numbers of all sets, in order.
    ///
    /// # Errors
    /// When the folder cannot be read; a folder that is not there has no sets.
    pub fn numbers(&self) -> Result<Vec<u32>, ShelfError> {
        let entries = match fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(cause) => return Err(ShelfError::at(&self.folder, cause)),
        };
        let number = |entry: fs::DirEntry| entry.file_name().to_str().and_then(|name| name.parse().ok());
        let mut numbers: Vec<u32> = entries.filter_map(Result::ok).filter_map(number).collect();
        numbers.sort_unstable();
        Ok(numbers)
    }

    /// The folder of a set.
    pub fn folder_of(&self, number: u32) -> PathBuf {
        self.folder.join(format!("{number:06}"))
    }

    /// What is told of a set.
    ///
    /// # Errors
    /// When there is no such set, or its manifest is not whole.
    pub fn manifest(&self, number: u32) -> Result<Manifest, ShelfError> {
        let path = self.folder_of(number).join(MANIFEST_FILE);
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(ShelfError::NoSuchSet(number));
            }
            Err(cause) => return Err(ShelfError::at(&path, cause)),
        };
        let told = Manifest::read(&text).filter(|manifest| manifest.number == number);
        told.ok_or_else(|| ShelfError::Damaged { path, what: "its manifest cannot be read".to_owned() })
    }

    /// What is told of a set, once every file was seen to be what was published, and no file is there besides.
    ///
    /// # Errors
    /// [`ShelfError::Damaged`] with the first file that is not.
    pub fn whole(&self, number: u32) -> Result<Manifest, ShelfError> {
        let manifest = self.manifest(number)?;
        let path = self.folder_of(number);
        let found = Folders::of_set(&path).content()?;
        if found == manifest.content {
            return Ok(manifest);
        }
        let names: BTreeSet<&String> = found.files.keys().chain(manifest.content.files.keys()).collect();
        let differs = |name: &&&String| found.files.get(**name) != manifest.content.files.get(**name);
        let name = names.iter().find(differs).map(|name| name.as_str()).unwrap_or_default();
        let what = match (found.files.contains_key(name), manifest.content.files.contains_key(name)) {
            (true, true) => "changed",
            (true, false) => "was added",
            (false, _) => "is gone",
        };
        Err(ShelfError::Damaged { path, what: format!("{name} {what}") })
    }

    /// The number that the next set gets.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn next_number(&self) -> Result<u32, ShelfError> {
        Ok(self.numbers()?.last().map_or(1, |last| last.saturating_add(1)))
    }

    /// Puts a set on the shelf, from the draft whose files have the hashes of its manifest. Nothing points to it yet.
    ///
    /// # Errors
    /// [`ShelfError`]; then the shelf is as it was.
    pub fn add(&self, _held: &Held, draft: &Folders, manifest: &Manifest) -> Result<(), ShelfError> {
        let plan = self.plan_of_set(draft, manifest)?;
        let done = plan.iter().try_for_each(perform);
        if done.is_err() {
            // It is removed by the next who publishes if it cannot be removed now.
            let _ = perform(&Operation::Clear(self.folder.join(SET_NEW)));
        }
        done
    }

    /// Takes a set off the shelf that nobody was ever served with.
    ///
    /// # Errors
    /// [`ShelfError`] when it cannot be removed.
    pub fn remove(&self, _held: &Held, number: u32) -> Result<(), ShelfError> {
        let new = self.folder.join(SET_NEW);
        let plan = [
            Operation::Clear(new.clone()),
            Operation::Rename { from: self.folder_of(number), to: new.clone() },
            Operation::Clear(new),
        ];
        plan.iter().try_for_each(perform)
    }

    /// Lets the pointer say something else.
    ///
    /// # Errors
    /// [`ShelfError`]; then it says what it said.
    pub fn point(&self, pointer: &Pointer) -> Result<(), ShelfError> {
        self.plan_of_pointer(pointer).iter().try_for_each(perform)
    }

    fn plan_of_pointer(&self, pointer: &Pointer) -> Vec<Operation> {
        let new = self.folder.join(POINTER_NEW);
        vec![
            Operation::Clear(new.clone()),
            Operation::Write { to: new.clone(), octets: format!("{}\n", pointer.line()).into_bytes() },
            Operation::Sync(new.clone()),
            Operation::Rename { from: new, to: self.folder.join(POINTER) },
            Operation::Sync(self.folder.clone()),
        ]
    }

    fn plan_of_set(&self, draft: &Folders, manifest: &Manifest) -> Result<Vec<Operation>, ShelfError> {
        let new = self.folder.join(SET_NEW);
        let to = Folders::of_set(&new);
        let known = self.known();
        let folders = folders(&to, &manifest.content, &new);
        let mut plan = vec![Operation::Clear(new.clone()), Operation::MakeFolder(new.clone())];
        plan.extend(folders.iter().cloned().map(Operation::MakeFolder));
        for (name, hash) in &manifest.content.files {
            let (to, hash) = (to.path(name), hash.clone());
            match known.get(&hash) {
                Some(from) => {
                    let (from, or) = (from.clone(), draft.path(name));
                    plan.push(Operation::Link { from, or, to, hash });
                }
                None => {
                    let from = draft.path(name);
                    plan.push(Operation::Copy { from, to: to.clone(), hash });
                    plan.push(Operation::Sync(to));
                }
            }
        }
        let told = new.join(MANIFEST_FILE);
        plan.push(Operation::Write { to: told.clone(), octets: manifest.text().into_bytes() });
        plan.push(Operation::Sync(told));
        plan.extend(folders.into_iter().rev().map(Operation::Sync));
        plan.push(Operation::Sync(new.clone()));
        plan.push(Operation::Rename { from: new, to: self.folder_of(manifest.number) });
        plan.push(Operation::Sync(self.folder.clone()));
        Ok(plan)
    }

    /// The files of the last set by their hashes: what is the same in the next one need not be written again.
    fn known(&self) -> BTreeMap<String, PathBuf> {
        let last = self.numbers().ok().and_then(|numbers| numbers.last().copied());
        let Some(manifest) = last.and_then(|last| self.manifest(last).ok()) else { return BTreeMap::new() };
        let folders = Folders::of_set(&self.folder_of(manifest.number));
        manifest.content.files.iter().map(|(name, hash)| (hash.clone(), folders.path(name))).collect()
    }
}

/// The folders under `new` that the files need, each before those in it. The two on top are always there.
fn folders(to: &Folders, content: &Content, new: &Path) -> Vec<PathBuf> {
    let mut folders = BTreeSet::from([to.flows.clone(), to.sounds.clone()]);
    for name in content.files.keys() {
        let path = to.path(name);
        folders.extend(path.ancestors().skip(1).take_while(|path| *path != new).map(Path::to_owned));
    }
    folders.into_iter().collect()
}
