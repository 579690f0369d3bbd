//! The file of the PIN of who closes lines by phone: its digits and nothing else, and nobody but its owner may read it.

use crate::flow::closing::pin::{NoPin, Pin};
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// What is read of it, in octets: over the longest PIN with its line end.
const OCTETS_MAX: u64 = 64;

/// Why it cannot be used. Nothing of its contents is in it.
#[derive(Debug, thiserror::Error)]
pub enum NoPinFile {
    /// It cannot be read.
    #[error("the PIN cannot be read from {}: {cause}", path.display())]
    Unreadable {
        /// Its path.
        path: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
    /// Others may read it.
    #[error("others than its owner may read the PIN in {}: chmod 600 it", path.display())]
    Open {
        /// Its path.
        path: PathBuf,
    },
    /// It holds no PIN.
    #[error("{} holds no PIN: {cause}", path.display())]
    NoPin {
        /// Its path.
        path: PathBuf,
        /// Why not.
        cause: NoPin,
    },
}

/// Reads the PIN.
///
/// # Errors
/// [`NoPinFile`].
pub fn read(path: &Path) -> Result<Pin, NoPinFile> {
    let unreadable = |cause| NoPinFile::Unreadable { path: path.to_owned(), cause };
    let file = File::open(path).map_err(unreadable)?;
    let mode = file.metadata().map_err(unreadable)?.permissions().mode();
    if mode & 0o077 != 0 {
        return Err(NoPinFile::Open { path: path.to_owned() });
    }
    let mut text = String::new();
    file.take(OCTETS_MAX).read_to_string(&mut text).map_err(unreadable)?;
    Pin::read(&text).map_err(|cause| NoPinFile::NoPin { path: path.to_owned(), cause })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::entry::ask::Digits;
    use std::fs::{self, Permissions};

    #[test]
    fn only_a_file_that_its_owner_alone_reads_gives_a_pin_and_no_fault_tells_it() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("close.pin");
        assert!(read(&path).unwrap_err().to_string().contains("cannot be read"));
        for (text, mode, says) in [
            ("271828\n", 0o600, None),
            ("271828", 0o400, None),
            ("271828", 0o640, Some("chmod 600")),
            ("271828", 0o604, Some("chmod 600")),
            ("2718", 0o600, Some("it has 4 digits")),
            ("pin 271828", 0o600, Some("something else than digits")),
            ("", 0o600, Some("it has 0 digits")),
        ] {
            drop(fs::remove_file(&path));
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
            match (read(&path), says) {
                (Ok(pin), None) => assert!(pin.is(&Digits::of("271828").unwrap())),
                (Err(fault), Some(says)) => {
                    let fault = fault.to_string();
                    assert!(fault.contains(says) && !fault.contains("271828"), "{text}: {fault}");
                }
                (read, says) => panic!("{text} {mode:o}: {read:?}, not {says:?}"),
            }
        }
    }
}
