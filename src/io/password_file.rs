//! The file of the password of an account at a carrier: one line and nothing else, and nobody but its owner may read it.

use crate::phi::Phi;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// What is read of it, in octets: four times the longest password that a carrier gives.
const OCTETS_MAX: u64 = 256;

/// Why it cannot be used. Nothing of its contents is in it.
#[derive(Debug, thiserror::Error)]
pub enum NoPasswordFile {
    /// It cannot be read.
    #[error("the password cannot be read from {}: {cause}", path.display())]
    Unreadable {
        /// Its path.
        path: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
    /// Others may read it.
    #[error("others than its owner may read the password in {}: chmod 600 it", path.display())]
    Open {
        /// Its path.
        path: PathBuf,
    },
    /// It holds no line, or more than one.
    #[error("{} does not hold one line with a password", path.display())]
    NoLine {
        /// Its path.
        path: PathBuf,
    },
}

/// Reads the password: its line without the line end.
///
/// # Errors
/// [`NoPasswordFile`].
pub fn read(path: &Path) -> Result<Phi<String>, NoPasswordFile> {
    let unreadable = |cause| NoPasswordFile::Unreadable { path: path.to_owned(), cause };
    let file = File::open(path).map_err(unreadable)?;
    let mode = file.metadata().map_err(unreadable)?.permissions().mode();
    if mode & 0o077 != 0 {
        return Err(NoPasswordFile::Open { path: path.to_owned() });
    }
    let mut text = String::new();
    file.take(OCTETS_MAX).read_to_string(&mut text).map_err(unreadable)?;
    let mut lines = text.lines();
    match (lines.next(), lines.next()) {
        (Some(line), None) if !line.is_empty() => Ok(Phi::new(line.to_owned())),
        (Some(_) | None, _) => Err(NoPasswordFile::NoLine { path: path.to_owned() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{self, Permissions};

    #[test]
    fn only_a_file_that_its_owner_alone_reads_gives_a_password_and_no_fault_tells_it() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("carrier.password");
        assert!(read(&path).unwrap_err().to_string().contains("cannot be read"));
        for (text, mode, says) in [
            ("se cret\n", 0o600, None),
            ("se cret", 0o400, None),
            ("se cret\r\n", 0o600, None),
            ("se cret", 0o640, Some("chmod 600")),
            ("se cret", 0o604, Some("chmod 600")),
            ("se cret\nse cret\n", 0o600, Some("one line")),
            ("\n", 0o600, Some("one line")),
            ("", 0o600, Some("one line")),
        ] {
            drop(fs::remove_file(&path));
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
            match (read(&path), says) {
                (Ok(password), None) => assert_eq!(password.expose(), "se cret"),
                (Err(fault), Some(says)) => {
                    let fault = fault.to_string();
                    assert!(fault.contains(says) && !fault.contains("se cret"), "{text}: {fault}");
                }
                (read, says) => panic!("{text} {mode:o}: {read:?}, not {says:?}"),
            }
        }
    }
}
