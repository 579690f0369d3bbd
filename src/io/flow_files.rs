//! Reads the files of a flow set from its directory; what they say is checked by `flow::set`.

use crate::flow::languages;
use crate::flow::set::{ICS_ENDING, SourceFile, TEST_ENDING};
use crate::limits::{FLOW_FILE_MAX_OCTETS, FLOW_FILES_MAX};
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use thiserror::Error;

/// Why the files of a flow set could not be read.
#[derive(Debug, Error)]
pub enum Unreadable {
    /// The directory cannot be listed.
    #[error("the directory of flows `{}` cannot be read: {cause}", path.display())]
    Directory {
        /// The directory.
        path: PathBuf,
        /// What the system says.
        cause: io::Error,
    },
    /// A file cannot be read.
    #[error("the flow file `{}` cannot be read: {cause}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        cause: io::Error,
    },
    /// There are more files than any clinic has flows.
    #[error("the directory `{}` holds more than {limit} flow files", path.display())]
    TooMany {
        /// The directory.
        path: PathBuf,
        /// How many are read at most.
        limit: usize,
    },
}

/// Reads every `.yaml` and `.ics` file directly in `directory`, and the languages in its folder `languages`, in the order
/// of their names. Flow tests
/// (`.test.yaml`) and hidden files are left out. A file over the limit is read only so far that its
/// size shows, for the check to tell.
///
/// # Errors
/// [`Unreadable`] when the directory or one of the files cannot be read.
pub fn read(directory: &Path) -> Result<Vec<SourceFile>, Unreadable> {
    let is_flow =
        |name: &str| (name.ends_with(".yaml") && !name.ends_with(TEST_ENDING)) || name.ends_with(ICS_ENDING);
    let mut files = read_those(directory, is_flow)?;
    let languages = directory.join(languages::FOLDER);
    if languages.is_dir() {
        files.extend(read_those(&languages, |name| name.ends_with(".yaml"))?);
    }
    Ok(files)
}

/// Reads every file of tests (`.test.yaml`) directly in `directory`, in the order of their names.
///
/// # Errors
/// As [`read`].
pub fn tests(directory: &Path) -> Result<Vec<SourceFile>, Unreadable> {
    read_those(directory, |name| name.ends_with(TEST_ENDING))
}

fn read_those(directory: &Path, wanted: impl Fn(&str) -> bool) -> Result<Vec<SourceFile>, Unreadable> {
    let unreadable = |cause| Unreadable::Directory { path: directory.to_owned(), cause };
    let mut paths = Vec::new();
    for entry in fs::read_dir(directory).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if wanted(name) && !name.starts_with('.') {
            paths.push(path);
        }
        if paths.len() > FLOW_FILES_MAX {
            return Err(Unreadable::TooMany { path: directory.to_owned(), limit: FLOW_FILES_MAX });
        }
    }
    paths.sort();
    paths.into_iter().map(one).collect()
}

fn one(path: PathBuf) -> Result<SourceFile, Unreadable> {
    let mut octets = Vec::new();
    let limit = FLOW_FILE_MAX_OCTETS as u64 + 1;
    match File::open(&path).and_then(|file| file.take(limit).read_to_end(&mut octets)) {
        Ok(_) => Ok(SourceFile { path: path.to_string_lossy().into_owned(), octets }),
        Err(cause) => Err(Unreadable::File { path, cause }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flow_files_are_read_in_the_order_of_their_names_and_nothing_else() {
        let directory = tempfile::tempdir().unwrap();
        for name in ["b.yaml", "a.yaml", "days.ics", "a.test.yaml", ".hidden.yaml", ".b.ics", "notes.txt"] {
            fs::write(directory.path().join(name), name).unwrap();
        }
        for (folder, name) in [("languages", "fr.yaml"), ("languages", "notes.txt"), ("more", "c.yaml")] {
            fs::create_dir_all(directory.path().join(folder)).unwrap();
            fs::write(directory.path().join(folder).join(name), name).unwrap();
        }
        let files = read(directory.path()).unwrap();
        let names: Vec<&[u8]> = files.iter().map(|file| file.octets.as_slice()).collect();
        assert_eq!(names, [b"a.yaml".as_slice(), b"b.yaml", b"days.ics", b"fr.yaml"]);
        let files = tests(directory.path()).unwrap();
        let names: Vec<&[u8]> = files.iter().map(|file| file.octets.as_slice()).collect();
        assert_eq!(names, [b"a.test.yaml".as_slice()]);
    }

    #[test]
    fn a_missing_directory_is_named_in_the_error() {
        let error = read(Path::new("no/such/flows")).unwrap_err();
        assert!(error.to_string().contains("`no/such/flows` cannot be read"), "{error}");
    }
}
