//! The files that a set is made of: every flow, calendar and flow test under the folder of flows, every sound under the
//! folder of sounds. What an editor leaves behind (hidden files, other endings) is none of it.

use super::ShelfError;
use crate::flow::content::{self, Content, FLOWS, SOUNDS};
use crate::limits::{PUBLISHED_DEPTH_MAX, PUBLISHED_FILES_MAX};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The two folders of a draft, or of a set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folders {
    /// Where the flows are.
    pub flows: PathBuf,
    /// Where the sounds are.
    pub sounds: PathBuf,
}

/// What counts as a file of flows.
const FLOW_ENDINGS: [&str; 2] = ["yaml", "ics"];
/// What counts as a sound: what prompts are read from.
const SOUND_ENDINGS: [&str; 4] = ["wav", "flac", "mp3", "ogg"];

impl Folders {
    /// Those of the set that lies in `set`.
    pub fn of_set(set: &Path) -> Self {
        Self { flows: set.join(FLOWS), sounds: set.join(SOUNDS) }
    }

    /// Where a file of the set lies, by its name in the set.
    pub fn path(&self, name: &str) -> PathBuf {
        match name.split_once('/') {
            Some((SOUNDS, rest)) => self.sounds.join(rest),
            Some((_, rest)) => self.flows.join(rest),
            None => self.flows.join(name),
        }
    }

    /// Reads all files and tells their hashes.
    ///
    /// # Errors
    /// [`ShelfError`] when a folder or file cannot be read, or there are more than any clinic has.
    pub fn content(&self) -> Result<Content, ShelfError> {
        let mut files = BTreeMap::new();
        for (prefix, folder, endings) in
            [(FLOWS, &self.flows, &FLOW_ENDINGS[..]), (SOUNDS, &self.sounds, &SOUND_ENDINGS[..])]
        {
            let mut names = Vec::new();
            walk(folder, prefix, endings, PUBLISHED_DEPTH_MAX, &mut names)?;
            for (name, path) in names {
                let octets = fs::read(&path).map_err(|cause| ShelfError::at(&path, cause))?;
                files.insert(name, content::digest(&octets));
            }
        }
        Ok(Content { files })
    }
}

fn walk(
    folder: &Path,
    name: &str,
    endings: &[&str],
    depth: usize,
    found: &mut Vec<(String, PathBuf)>,
) -> Result<(), ShelfError> {
    let unreadable = |cause| ShelfError::at(folder, cause);
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let Some(file) = path.file_name().and_then(|file| file.to_str()) else { continue };
        if file.starts_with('.') {
            continue;
        }
        let name = format!("{name}/{file}");
        let ends_well = file.rsplit_once('.').is_some_and(|(_, ending)| endings.contains(&ending));
        // Behind a link may be a folder or a file: what it is counts.
        if path.is_dir() {
            if depth > 1 {
                walk(&path, &name, endings, depth - 1, found)?;
            }
        } else if ends_well {
            found.push((name, path));
        }
        if found.len() > PUBLISHED_FILES_MAX {
            return Err(ShelfError::TooMany { folder: folder.to_owned() });
        }
    }
    Ok(())
}
