//! Publishing as a list of small operations on files, so that a test can stop after each of them.
//!
//! ```text
//!  .new/ made ─▶ files linked or copied, synced ─▶ manifest ─▶ folders synced ─▶ .new renamed 000003 ─▶ synced
//!  current.new written ─▶ synced ─▶ renamed current ─▶ synced
//! ```
//! Until the last rename nobody looks at what was written, and what is renamed is on disk already.

use super::ShelfError;
use crate::flow::content;
use std::fs::{self, File, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// One step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Remove what an earlier try left behind.
    Clear(PathBuf),
    /// Make a folder.
    MakeFolder(PathBuf),
    /// Write a file that is not there, for reading only.
    Write {
        /// The file.
        to: PathBuf,
        /// What it holds.
        octets: Vec<u8>,
    },
    /// Write a file again, from where it lies in the draft.
    Copy {
        /// The draft's.
        from: PathBuf,
        /// The file.
        to: PathBuf,
        /// What its hash must be.
        hash: String,
    },
    /// Give a file of an earlier set a second name.
    Link {
        /// The earlier set's.
        from: PathBuf,
        /// The draft's, for want of links.
        or: PathBuf,
        /// The file.
        to: PathBuf,
        /// What its hash must be.
        hash: String,
    },
    /// Wait until a file or folder is on disk.
    Sync(PathBuf),
    /// Give a file or folder its name, in place of what bore it.
    Rename {
        /// The name so far.
        from: PathBuf,
        /// The new one.
        to: PathBuf,
    },
}

/// Does it.
///
/// # Errors
/// What the system says, with the path; or that a file is no longer what it was when it was checked.
pub fn perform(operation: &Operation) -> Result<(), ShelfError> {
    match operation {
        Operation::Clear(path) => clear(path),
        Operation::MakeFolder(path) => told(path, fs::create_dir(path)),
        Operation::Write { to, octets } => told(to, write(to, octets)),
        Operation::Copy { from, to, hash } => copy(from, to, hash),
        Operation::Link { from, or, to, hash } => {
            let is_whole = fs::read(from).is_ok_and(|octets| content::digest(&octets) == *hash);
            if is_whole && fs::hard_link(from, to).is_ok() {
                return Ok(());
            }
            copy(or, to, hash)?;
            told(to, sync(to))
        }
        Operation::Sync(path) => told(path, sync(path)),
        Operation::Rename { from, to } => told(to, fs::rename(from, to)),
    }
}

fn told<T>(path: &Path, done: io::Result<T>) -> Result<T, ShelfError> {
    done.map_err(|cause| ShelfError::at(path, cause))
}

fn clear(path: &Path) -> Result<(), ShelfError> {
    let removed = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    match removed {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => told(path, other),
    }
}

fn write(to: &Path, octets: &[u8]) -> io::Result<()> {
    let mut file = File::create_new(to)?;
    file.write_all(octets)?;
    file.set_permissions(Permissions::from_mode(0o444))
}

fn copy(from: &Path, to: &Path, hash: &str) -> Result<(), ShelfError> {
    let octets = told(from, fs::read(from))?;
    if content::digest(&octets) != hash {
        return Err(ShelfError::Changed { path: from.to_owned() });
    }
    told(to, write(to, &octets))
}

fn sync(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}
