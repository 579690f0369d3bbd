//! What is told of a published set beside its files: number, hash, when, by whom, why, what changed; and every file with
//! its hash, so that a set that is not whole is known as such. JSON, written once.

use crate::flow::content::Content;
use serde_json::{Value, json};

/// The file in each set.
pub const MANIFEST_FILE: &str = "manifest.json";
/// The form of the file.
const FORM: u64 = 1;

/// A published set as told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    /// Its number, from 1.
    pub number: u32,
    /// When it was published, as RFC 3339 writes it.
    pub at: String,
    /// By whom.
    pub by: String,
    /// Why, in their words.
    pub note: String,
    /// What changed against the set that was current then, in sentences.
    pub changes: Vec<String>,
    /// What of that a second person must approve before anybody hears it, in sentences.
    pub needs: Vec<String>,
    /// Its files.
    pub content: Content,
}

impl Manifest {
    /// The text of the file.
    pub fn text(&self) -> String {
        let Self { number, at, by, note, changes, needs, content } = self;
        let told = json!({
            "form": FORM, "number": number, "hash": content.hash(), "at": at, "by": by, "note": note,
            "changes": changes, "needs_approval": needs, "files": content.files,
        });
        format!("{told:#}\n")
    }

    /// Reads the text; nothing if it is no whole manifest.
    pub fn read(text: &str) -> Option<Self> {
        let told: Value = serde_json::from_str(text).ok()?;
        let word = |value: &Value| value.as_str().map(str::to_owned);
        let field = |name: &str| word(&told[name]);
        // Sets of before there was any approval need none.
        let needs = match &told["needs_approval"] {
            Value::Null => Vec::new(),
            needs => needs.as_array()?.iter().map(word).collect::<Option<_>>()?,
        };
        let files = told["files"].as_object()?;
        let files = files.iter().map(|(name, hash)| Some((name.clone(), word(hash)?)));
        let content = Content { files: files.collect::<Option<_>>()? };
        if told["form"].as_u64()? != FORM || field("hash")? != content.hash() {
            return None;
        }
        Some(Self {
            number: u32::try_from(told["number"].as_u64()?).ok()?,
            at: field("at")?,
            by: field("by")?,
            note: field("note")?,
            changes: told["changes"].as_array()?.iter().map(word).collect::<Option<_>>()?,
            needs,
            content,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manifest_is_read_as_it_was_written_and_no_half_of_it_is() {
        let files = [("flows/clinic.yaml", "00"), ("sounds/en/a.wav", "ff")];
        let manifest = Manifest {
            number: 3,
            at: "2026-11-27T21:00:00Z".to_owned(),
            by: "maria".to_owned(),
            note: "the \"flu\" line\nis new".to_owned(),
            changes: vec!["number 1 is new: it leads to flu".to_owned()],
            needs: vec!["the words of cr.stay changed".to_owned()],
            content: Content { files: files.map(|(name, hash)| (name.to_owned(), hash.to_owned())).into() },
        };
        let text = manifest.text();
        assert_eq!(Manifest::read(&text), Some(manifest));
        let whole = text.trim_end().len();
        for end in 0..whole {
            assert_eq!(Manifest::read(&text[..end]), None, "{}", &text[..end]);
        }
        for (from, to) in [("\"00\"", "\"01\""), ("a.wav", "b.wav"), ("\"form\": 1", "\"form\": 2")] {
            assert_eq!(Manifest::read(&text.replace(from, to)), None, "{from} became {to}");
        }
        let older = text.replace("needs_approval", "other");
        assert_eq!(Manifest::read(&older).map(|told| told.needs), Some(Vec::new()), "{older}");
    }
}
