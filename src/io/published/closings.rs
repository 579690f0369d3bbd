//! The closings on disk: one file beside the published sets, replaced as a whole. It is what holds; the engine reads it
//! when it starts and when it is told that it was changed.

use super::operation::{Operation, perform};
use super::{Held, Shelf, ShelfError};
use crate::clock::WallTime;
use crate::flow::closing::{Closing, Closings, Numbers, Then};
use crate::id::PromptName;
use jiff::Timestamp;
use serde_json::{Value, json};
use std::fs;
use std::io;
use std::path::PathBuf;

const FILE: &str = "closings.json";
const FILE_NEW: &str = "closings.json.new";
const LOCK: &str = "closings.lock";
/// The form of the file.
const FORM: u64 = 1;

impl Shelf {
    /// Where the closings are kept.
    pub fn closings_path(&self) -> PathBuf {
        self.folder.join(FILE)
    }

    /// What is closed; nothing if nothing ever was.
    ///
    /// # Errors
    /// [`ShelfError`] when the file cannot be read or is not whole.
    pub fn closings(&self) -> Result<Closings, ShelfError> {
        let path = self.closings_path();
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Closings::default()),
            Err(cause) => return Err(ShelfError::at(&path, cause)),
        };
        read(&text).ok_or(ShelfError::Closings { path })
    }

    /// Keeps others from changing the closings, and nobody from publishing: a snow day does not wait for that.
    ///
    /// # Errors
    /// [`ShelfError::Busy`] while another holds it.
    pub fn hold_closings(&self) -> Result<Held, ShelfError> {
        self.hold_by(LOCK)
    }

    /// Writes the closings in place of those that were there.
    ///
    /// # Errors
    /// [`ShelfError`]; then they are as they were.
    pub fn keep_closings(&self, _held: &Held, closings: &Closings) -> Result<(), ShelfError> {
        let new = self.folder.join(FILE_NEW);
        let plan = [
            Operation::Clear(new.clone()),
            Operation::Write { to: new.clone(), octets: text(closings).into_bytes() },
            Operation::Sync(new.clone()),
            Operation::Rename { from: new, to: self.closings_path() },
            Operation::Sync(self.folder.clone()),
        ];
        plan.iter().try_for_each(perform)
    }
}

fn text(closings: &Closings) -> String {
    let one = |closing: &Closing| {
        let numbers = match &closing.numbers {
            Numbers::All => json!("all"),
            Numbers::These(numbers) => json!(numbers),
        };
        json!({
            "numbers": numbers, "until": written(closing.until), "zone": closing.zone,
            "say": closing.say.as_str(), "then": closing.then.word(), "by": closing.by,
            "made": written(closing.made),
        })
    };
    let all: Vec<Value> = closings.list().iter().map(|closing| one(closing)).collect();
    format!("{:#}\n", json!({ "form": FORM, "closings": all }))
}

fn written(at: WallTime) -> String {
    Timestamp::from_microsecond(at.as_micros()).map(|at| at.to_string()).unwrap_or_default()
}

fn read(text: &str) -> Option<Closings> {
    let told: Value = serde_json::from_str(text).ok()?;
    if told["form"].as_u64()? != FORM {
        return None;
    }
    let list: Option<Vec<Closing>> = told["closings"].as_array()?.iter().map(one).collect();
    Closings::new(list?).ok()
}

fn one(told: &Value) -> Option<Closing> {
    let word = |name: &str| told[name].as_str();
    let time = |name: &str| {
        let at: Timestamp = word(name)?.parse().ok()?;
        Some(WallTime::from_micros(at.as_microsecond()))
    };
    let numbers = match &told["numbers"] {
        Value::String(all) if all == "all" => Numbers::All,
        numbers => {
            let numbers = numbers.as_array()?.iter().map(|number| number.as_str().map(str::to_owned));
            Numbers::These(numbers.collect::<Option<_>>()?)
        }
    };
    Some(Closing {
        numbers,
        until: time("until")?,
        zone: word("zone")?.to_owned(),
        say: PromptName::from(word("say")?),
        then: Then::read(word("then")?)?,
        by: word("by")?.to_owned(),
        made: time("made")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn closings() -> Closings {
        let closing = |numbers: Numbers, then: Then| Closing {
            numbers,
            until: WallTime::from_micros(1_795_824_000_123_456),
            zone: "America/New_York".to_owned(),
            say: PromptName::from("closed.weather"),
            then,
            by: "maria \"at the desk\"".to_owned(),
            made: WallTime::from_micros(1_795_800_000_000_000),
        };
        let these = ["+16175550100", "100"].map(str::to_owned).into();
        let all = vec![closing(Numbers::These(these), Then::AfterHours), closing(Numbers::All, Then::Open)];
        Closings::new(all).unwrap()
    }

    #[test]
    fn what_is_kept_is_read_again_and_a_half_of_it_is_damage() {
        let home = tempfile::tempdir().unwrap();
        let shelf = Shelf::at(&home.path().join("published"));
        assert_eq!(shelf.closings().unwrap(), Closings::default());
        let held = shelf.hold_closings().unwrap();
        assert!(matches!(shelf.hold_closings(), Err(ShelfError::Busy { .. })));
        assert!(shelf.hold().is_ok(), "who publishes holds up no closing");
        shelf.keep_closings(&held, &closings()).unwrap();
        assert_eq!(shelf.closings().unwrap(), closings());
        shelf.keep_closings(&held, &Closings::default()).unwrap();
        assert_eq!(shelf.closings().unwrap(), Closings::default());
        assert_eq!(shelf.numbers().unwrap(), [] as [u32; 0], "the file is no set");

        let whole = text(&closings());
        for end in (0..whole.trim_end().len()).step_by(7) {
            assert_eq!(read(&whole[..end]), None, "{}", &whole[..end]);
        }
        for (from, to) in [("\"form\": 1", "\"form\": 2"), ("after_hours", "later"), ("\"all\"", "\"none\"")]
        {
            assert_eq!(read(&whole.replace(from, to)), None, "{from} became {to}");
        }
        fs::remove_file(shelf.closings_path()).unwrap();
        fs::write(shelf.closings_path(), "{").unwrap();
        let error = shelf.closings().unwrap_err().to_string();
        assert!(error.contains("careline open all"), "{error}");
    }
}
