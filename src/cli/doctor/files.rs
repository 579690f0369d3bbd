//! Who may read what the settings name: passwords, hashes of passwords, and what tells of patients.

use super::finding::Finding;
use crate::config::Config;
use crate::io::secret_file;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// Anybody but the owner.
const OTHERS: u32 = 0o077;

/// Every finding about files.
pub fn findings(config: &Config, file: &Path) -> Vec<Finding> {
    let mut found = Vec::new();
    if !config.users.is_empty() {
        found.push(hashes(file));
    }
    if let Some(service) = &config.close_by_phone {
        found.push(secret("the PIN for closing by phone", secret_file::pin(&service.pin_file).map(drop)));
    }
    for trunk in &config.trunks {
        let account = trunk.out.as_ref().and_then(|out| out.account.as_ref());
        if let Some(account) = account {
            let read = secret_file::password(&account.password_file).map(drop);
            found.push(secret(&format!("the password of trunk {}", trunk.name), read));
        }
    }
    for vendor in &config.interpreters {
        if let Some(file) = &vendor.pin_file {
            let what = format!("the PIN at the interpreters of {}", vendor.name);
            found.push(secret(&what, secret_file::keys(file).map(drop)));
        }
    }
    let recordings = ("recordings", config.recordings.directory.clone());
    let store = ("the record of calls", config.store.clone());
    found.extend([recordings, store].into_iter().map(|(what, path)| of_patients(what, path)));
    found
}

fn mode(path: &Path) -> Option<u32> {
    fs::metadata(path).ok().map(|known| known.permissions().mode())
}

/// Who has the hash of a password can log in with it.
fn hashes(file: &Path) -> Finding {
    let path = file.display();
    match mode(file) {
        Some(mode) if mode & OTHERS != 0 => Finding::wrong(
            format!("others than its owner may read the hashes of passwords in {path}"),
            format!("chmod 600 {path}: who has a hash can log in"),
        ),
        Some(_) => Finding::good(format!("{path} is its owner's alone")),
        None => Finding::look(format!("{path} cannot be read again"), "look at it"),
    }
}

fn secret(what: &str, read: Result<(), secret_file::NoSecret>) -> Finding {
    match read {
        Ok(()) => Finding::good(format!("{what} can be read, by its owner alone")),
        Err(fault) => Finding::wrong(format!("{what}: {fault}"), "the engine does not start like that"),
    }
}

/// What tells of patients is for the engine's own user; before the first start it is not there.
fn of_patients(what: &str, path: PathBuf) -> Finding {
    let shown = path.display();
    match mode(&path) {
        None => Finding::good(format!("{what}: {shown} is made by the first start")),
        Some(mode) if mode & OTHERS != 0 => Finding::wrong(
            format!("others than its owner may read {what} in {shown}"),
            format!("chmod -R go= {shown}"),
        ),
        Some(_) => Finding::good(format!("{what} in {shown} are for their owner alone")),
    }
}

#[cfg(test)]
mod tests {
    use super::super::finding::State;
    use super::*;
    use std::fs::Permissions;

    #[test]
    fn what_others_may_read_is_wrong_and_nothing_of_it_is_told() {
        let home = tempfile::tempdir().unwrap();
        let at = |name: &str| home.path().join(name);
        let text = format!(
            "users: [{{name: ann, ha1: \"{}\"}}]\nclose_by_phone: {{number: \"+16175550180\", pin_file: {}}}\n\
             recordings: {{directory: {}}}\nstore: {}\n",
            "cd".repeat(32),
            at("pin").display(),
            at("recordings").display(),
            at("calls.db").display(),
        );
        let file = at("careline.yaml");
        fs::write(&file, &text).unwrap();
        let (config, _) = Config::read("careline.yaml", text.as_bytes());
        let config = config.unwrap();
        fs::write(at("pin"), "271828\n").unwrap();
        fs::create_dir(at("recordings")).unwrap();
        let all = ["careline.yaml", "pin", "recordings"];
        for (name, others) in [("", false), ("careline.yaml", true), ("pin", true), ("recordings", true)] {
            for each in all {
                let mode = if each == name { 0o744 } else { 0o700 };
                fs::set_permissions(at(each), Permissions::from_mode(mode)).unwrap();
            }
            let found = findings(&config, &file);
            let wrong: Vec<&Finding> = found.iter().filter(|it| it.state == State::Wrong).collect();
            assert_eq!(wrong.len(), usize::from(others), "{name}: {wrong:?}");
            assert!(wrong.iter().all(|it| it.seen.contains(name)), "{name}: {wrong:?}");
            assert!(!format!("{found:?}").contains("271828") && !format!("{found:?}").contains("cdcd"));
        }
    }
}
