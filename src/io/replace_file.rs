//! Replaces a file so that whoever reads it finds the old one or the new one, at any moment and after any crash.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

/// Gives the file at `path` these contents; its permissions stay. A link stays a link: what it names is
/// replaced.
///
/// # Errors
/// What the system says, when the file is not there or cannot be written; then it is as it was.
pub fn replace(path: &Path, octets: &[u8]) -> io::Result<()> {
    let path = fs::canonicalize(path)?;
    let mut beside = path.clone().into_os_string();
    beside.push(".careline-new");
    let beside = Path::new(&beside);
    let written = File::create(beside).and_then(|mut file| {
        file.set_permissions(fs::metadata(&path)?.permissions())?;
        file.write_all(octets)?;
        file.sync_all()?;
        fs::rename(beside, &path)
    });
    written.inspect_err(|_| {
        // What is left of the attempt is of no use to anybody.
        let _ = fs::remove_file(beside);
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn contents_change_and_permissions_and_links_stay() {
        let directory = tempfile::tempdir().unwrap();
        let (file, link) = (directory.path().join("a.yaml"), directory.path().join("b.yaml"));
        fs::write(&file, "old").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        replace(&link, b"new").unwrap();
        assert_eq!(fs::read(&file).unwrap(), b"new");
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o640);
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 2, "nothing is left beside them");
    }

    #[test]
    fn a_file_that_is_not_there_is_not_made() {
        let directory = tempfile::tempdir().unwrap();
        assert!(replace(&directory.path().join("a.yaml"), b"new").is_err());
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
    }
}
