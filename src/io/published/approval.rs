//! The second person's word for a set that changes triage or what is said in a crisis: a file beside the set's folder,
//! `000003.approved`, bound to the set's hash. Without it the set is served to nobody, by no way.

use super::manifest::Manifest;
use super::operation::{Operation, perform};
use super::pointer::Mover;
use super::{Held, Shelf, ShelfError};
use serde_json::{Value, json};
use std::fs;
use std::io;
use std::path::PathBuf;

/// The form of the file.
const FORM: u64 = 1;

/// Who approved a set, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approval {
    /// Who.
    pub by: String,
    /// When, as RFC 3339 writes it.
    pub at: String,
}

/// Whether two names are those of one person, however they are written.
pub fn is_same_person(one: &str, other: &str) -> bool {
    let plain = |name: &str| name.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ");
    plain(one) == plain(other)
}

impl Shelf {
    fn approval_file(&self, number: u32) -> PathBuf {
        self.folder.join(format!("{number:06}.approved"))
    }

    /// The approval of a set, if it has one; one for other contents is none.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn approval(&self, manifest: &Manifest) -> Result<Option<Approval>, ShelfError> {
        let path = self.approval_file(manifest.number);
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(cause) => return Err(ShelfError::at(&path, cause)),
        };
        Ok(read(&text, &manifest.content.hash()))
    }

    /// Notes that somebody approved a set.
    ///
    /// # Errors
    /// [`ShelfError`]; then it is not approved.
    pub fn approve(&self, _held: &Held, manifest: &Manifest, by: Mover) -> Result<(), ShelfError> {
        let to = self.approval_file(manifest.number);
        let new = to.with_extension("approved.new");
        let told = json!({"form": FORM, "hash": manifest.content.hash(), "by": by.by, "at": by.at});
        let plan = [
            Operation::Clear(new.clone()),
            Operation::Write { to: new.clone(), octets: format!("{told:#}\n").into_bytes() },
            Operation::Sync(new.clone()),
            Operation::Rename { from: new, to },
            Operation::Sync(self.folder.clone()),
        ];
        plan.iter().try_for_each(perform)
    }

    /// Whether callers may hear a set: it needs nobody's approval, or has it.
    ///
    /// # Errors
    /// [`ShelfError::Waits`] when it does not.
    pub fn may_be_heard(&self, manifest: &Manifest) -> Result<(), ShelfError> {
        if manifest.needs.is_empty() || self.approval(manifest)?.is_some() {
            return Ok(());
        }
        Err(ShelfError::Waits { number: manifest.number, needs: manifest.needs.join("; ") })
    }
}

fn read(text: &str, hash: &str) -> Option<Approval> {
    let told: Value = serde_json::from_str(text).ok()?;
    let field = |name: &str| told[name].as_str().map(str::to_owned);
    if told["form"].as_u64()? != FORM || field("hash")? != hash {
        return None;
    }
    Some(Approval { by: field("by")?, at: field("at")? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_the_same_however_it_is_written() {
        for (one, other, same) in [
            ("maria", "Maria", true),
            ("Maria  Lopez", " maria lopez ", true),
            ("maria", "ada", false),
            ("maria", "maria l", false),
        ] {
            assert_eq!(is_same_person(one, other), same, "{one} {other}");
        }
    }

    #[test]
    fn an_approval_for_other_contents_or_half_of_one_is_none() {
        let text = json!({"form": 1, "hash": "aa", "by": "ada", "at": "t"}).to_string();
        let approval = Approval { by: "ada".to_owned(), at: "t".to_owned() };
        assert_eq!(read(&text, "aa"), Some(approval));
        assert_eq!(read(&text, "ab"), None);
        assert_eq!(read(&text.replace('1', "2"), "aa"), None);
        for end in 0..text.len() {
            assert_eq!(read(&text[..end], "aa"), None, "{}", &text[..end]);
        }
    }
}
