//! Files that hold one secret and nothing else, which nobody but its owner may read: the password of an account at a
//! carrier, the PIN of who closes lines by phone, the clinic's PIN at a vendor of interpreters.

use crate::flow::callable::menu_keys;
use crate::flow::closing::pin::{NoPin, Pin};
use crate::limits::MENU_KEYS_MAX;
use crate::phi::Phi;
use crate::wire::telephone_event::Key;
use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// What is read of a file, in octets: four times the longest password that a carrier gives.
const OCTETS_MAX: u64 = 256;

/// What a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Secret {
    /// The password of an account at a carrier.
    Password,
    /// The PIN of who closes lines by phone, or of the clinic at a vendor.
    Pin,
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Secret::Password => "password",
            Secret::Pin => "PIN",
        })
    }
}

/// Why a file cannot be used. Nothing of its contents is in it.
#[derive(Debug, thiserror::Error)]
pub enum NoSecret {
    /// It cannot be read.
    #[error("the {secret} cannot be read from {}: {cause}", path.display())]
    Unreadable {
        /// What it should hold.
        secret: Secret,
        /// Its path.
        path: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
    /// Others may read it.
    #[error("others than its owner may read the {secret} in {}: chmod 600 it", path.display())]
    Open {
        /// What it holds.
        secret: Secret,
        /// Its path.
        path: PathBuf,
    },
    /// It holds no line, or more than one.
    #[error("{} does not hold one line with a password", path.display())]
    NoLine {
        /// Its path.
        path: PathBuf,
    },
    /// It holds nothing that can be pressed.
    #[error("{} holds no PIN: up to {MENU_KEYS_MAX} of 0 to 9, * and # belong in it, and nothing else", path.display())]
    NoKeys {
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

/// Reads a password: its line without the line end.
///
/// # Errors
/// [`NoSecret`].
pub fn password(path: &Path) -> Result<Phi<String>, NoSecret> {
    let text = read(Secret::Password, path)?;
    let mut lines = text.expose().lines();
    match (lines.next(), lines.next()) {
        (Some(line), None) if !line.is_empty() => Ok(Phi::new(line.to_owned())),
        (Some(_) | None, _) => Err(NoSecret::NoLine { path: path.to_owned() }),
    }
}

/// Reads a PIN.
///
/// # Errors
/// [`NoSecret`].
pub fn pin(path: &Path) -> Result<Pin, NoSecret> {
    let text = read(Secret::Pin, path)?;
    Pin::read(text.expose()).map_err(|cause| NoSecret::NoPin { path: path.to_owned(), cause })
}

/// Reads what is pressed as a PIN: one line of keys.
///
/// # Errors
/// [`NoSecret`].
pub fn keys(path: &Path) -> Result<Phi<Vec<Key>>, NoSecret> {
    let text = read(Secret::Pin, path)?;
    let keys = menu_keys(text.expose().trim_end());
    keys.map(Phi::new).ok_or_else(|| NoSecret::NoKeys { path: path.to_owned() })
}

fn read(secret: Secret, path: &Path) -> Result<Phi<String>, NoSecret> {
    let unreadable = |cause| NoSecret::Unreadable { secret, path: path.to_owned(), cause };
    let file = File::open(path).map_err(unreadable)?;
    let mode = file.metadata().map_err(unreadable)?.permissions().mode();
    if mode & 0o077 != 0 {
        return Err(NoSecret::Open { secret, path: path.to_owned() });
    }
    let mut text = String::new();
    file.take(OCTETS_MAX).read_to_string(&mut text).map_err(unreadable)?;
    Ok(Phi::new(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::entry::ask::Digits;
    use std::fs::{self, Permissions};

    /// Reads each text as a file of that mode: it gives the secret, or a fault that says so and tells nothing of it.
    #[track_caller]
    fn check<T>(
        open: impl Fn(&Path) -> Result<T, NoSecret>,
        is_right: impl Fn(&T) -> bool,
        of: &str,
        table: &[(&str, u32, Option<&str>)],
    ) {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("secret");
        assert!(open(&path).err().unwrap().to_string().contains("cannot be read"));
        for (text, mode, says) in table {
            drop(fs::remove_file(&path));
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, Permissions::from_mode(*mode)).unwrap();
            match (open(&path), says) {
                (Ok(secret), None) => assert!(is_right(&secret), "{text:?} {mode:o}"),
                (Err(fault), Some(says)) => {
                    let fault = fault.to_string();
                    assert!(fault.contains(says) && !fault.contains(of), "{text:?}: {fault}");
                }
                (Ok(_), Some(says)) => panic!("{text:?} {mode:o}: read, not {says:?}"),
                (Err(fault), None) => panic!("{text:?} {mode:o}: {fault}"),
            }
        }
    }

    #[test]
    fn a_password_is_the_one_line_of_a_file_that_its_owner_alone_reads() {
        let table = [
            ("se cret\n", 0o600, None),
            ("se cret", 0o400, None),
            ("se cret\r\n", 0o600, None),
            ("se cret", 0o640, Some("read the password in")),
            ("se cret", 0o604, Some("chmod 600")),
            ("se cret\nse cret\n", 0o600, Some("one line")),
            ("\n", 0o600, Some("one line")),
            ("", 0o600, Some("one line")),
        ];
        check(password, |password| password.expose() == "se cret", "se cret", &table);
    }

    #[test]
    fn the_pin_at_a_vendor_is_a_row_of_keys_that_its_owner_alone_reads() {
        let table = [
            ("4711#\n", 0o600, None),
            ("4711#", 0o400, None),
            ("4711#", 0o640, Some("read the PIN in")),
            ("4711 #", 0o600, Some("holds no PIN")),
            ("4711#\n4711#\n", 0o600, Some("holds no PIN")),
            ("", 0o600, Some("holds no PIN")),
            ("123456789012345678", 0o600, Some("up to 17 of")),
        ];
        let pin = [4, 7, 1, 1].map(Key::Digit).into_iter().chain([Key::Pound]).collect::<Vec<_>>();
        check(keys, |keys| keys.expose() == &pin, "4711", &table);
    }

    #[test]
    fn a_pin_is_the_digits_of_a_file_that_its_owner_alone_reads() {
        let table = [
            ("271828\n", 0o600, None),
            ("271828", 0o400, None),
            ("271828", 0o640, Some("read the PIN in")),
            ("271828", 0o604, Some("chmod 600")),
            ("2718", 0o600, Some("it has 4 digits")),
            ("pin 271828", 0o600, Some("something else than digits")),
            ("", 0o600, Some("it has 0 digits")),
        ];
        check(pin, |pin| pin.is(&Digits::of("271828").unwrap()), "271828", &table);
    }
}
