//! `careline history`: the published sets, the newest first. `careline diff`: what is another in one than in another, in
//! sentences.

use super::draft::Told;
use crate::cli::ended;
use crate::config::Config;
use crate::flow::content::short;
use crate::io::published::manifest::Manifest;
use crate::io::published::pointer::Pointer;
use crate::io::published::{Shelf, ShelfError};
use std::process::ExitCode;

/// The command: a table.
pub fn history(config: &Config) -> ExitCode {
    ended(rows(&config.shelf()).map(|(rows, pointer)| table(&rows, pointer.as_ref())))
}

/// The command: from the current set to the draft, from one set to the draft, or from one to another.
pub fn diff(config: &Config, from: Option<u32>, to: Option<u32>) -> ExitCode {
    ended(told(config, from, to))
}

fn told(config: &Config, from: Option<u32>, to: Option<u32>) -> Result<String, String> {
    let shelf = config.shelf();
    let current = || {
        let pointer = shelf.pointer().map_err(|error| error.to_string())?;
        pointer.map(|pointer| pointer.current).ok_or_else(|| "nothing is published yet".to_owned())
    };
    let from = from.map_or_else(current, Ok)?;
    let before = Told::published(&shelf, from)?;
    let (name, after) = match to {
        Some(number) => (format!("set {number}"), Told::published(&shelf, number)?),
        None => ("the draft".to_owned(), Told::of(&config.draft())?),
    };
    let changes = before.changes_to(&after);
    if changes.is_empty() {
        return Ok(format!("{name} is the same as set {from}\n"));
    }
    let lines: String = changes.iter().map(|change| format!("  {change}\n")).collect();
    Ok(format!("from set {from} to {name}:\n{lines}"))
}

/// One set: number, then the words of its line.
type Row = (u32, [String; 5]);

fn rows(shelf: &Shelf) -> Result<(Vec<Row>, Option<Pointer>), ShelfError> {
    let row = |number: u32| {
        let cells = match shelf.manifest(number) {
            Ok(told) => {
                let changes = told.changes.len().to_string();
                let version = short(&told.content.hash()).to_owned();
                let (by, mark) = second_person(shelf, &told);
                [told.at, by, changes, version, mark + &told.note.replace('\n', " ")]
            }
            Err(error) => {
                let none = || "-".to_owned();
                [none(), none(), none(), none(), error.to_string().replace('\n', " ")]
            }
        };
        (number, cells)
    };
    Ok((shelf.numbers()?.into_iter().rev().map(row).collect(), shelf.pointer()?))
}

/// Who published a set and who approved it, and the mark of one that waits for that.
fn second_person(shelf: &Shelf, told: &Manifest) -> (String, String) {
    let approval = shelf.approval(told).ok().flatten();
    match approval {
        Some(approval) => (format!("{} + {}", told.by, approval.by), String::new()),
        None if told.needs.is_empty() => (told.by.clone(), String::new()),
        None => (told.by.clone(), "[waits for a second person] ".to_owned()),
    }
}

/// Columns that fit their contents, the newest set first.
fn table(rows: &[Row], pointer: Option<&Pointer>) -> String {
    let Some(pointer) = pointer else {
        return "nothing is published yet: `careline publish` or the first start does it\n".to_owned();
    };
    let head = (0, ["when", "by", "changes", "version", "note"].map(str::to_owned));
    let width = |column: usize| {
        rows.iter().chain([&head]).map(|(_, cells)| cells[column].chars().count()).max().unwrap_or(0)
    };
    let widths = [width(0), width(1), width(2), width(3)];
    let line = |number: String, cells: &[String; 5], mark: Option<String>| {
        let [at, by, changes, version, note] = cells;
        let [w0, w1, w2, w3] = widths;
        let mark = mark.map(|mark| format!("[{mark}] ")).unwrap_or_default();
        let line = format!("{number:>4}  {at:<w0$}  {by:<w1$}  {changes:>w2$}  {version:<w3$}  {mark}{note}");
        format!("{}\n", line.trim_end())
    };
    let mut text = line("set".to_owned(), &head.1, None);
    text.extend(rows.iter().map(|(number, cells)| line(number.to_string(), cells, pointer.names(*number))));
    text + &format!("served so since {} by {}\n", pointer.at, pointer.by)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::edition::Share;
    use crate::io::published::pointer::Mover;

    #[test]
    fn the_history_marks_what_is_served_and_fits_its_columns() {
        let row = |number: u32, by: &str, changes: &str, note: &str| {
            (number, ["2026-11-27T21:00:00Z", by, changes, "0123456789ab", note].map(str::to_owned))
        };
        let rows = [
            row(3, "maria", "12", ""),
            row(2, "jo", "1", "flu line"),
            row(1, "careline", "0", "first start"),
        ];
        let mover = |by: &str| Mover::new(by, "2026-11-27T22:00:00Z".to_owned());
        let pointer = Pointer::first(1, mover("a")).published(2, mover("jo")).tried(
            3,
            Share::Percent(10),
            mover("maria"),
        );
        expect_test::expect![[r#"
             set  when                  by        changes  version       note
               3  2026-11-27T21:00:00Z  maria          12  0123456789ab  [tried by 10% of the calls]
               2  2026-11-27T21:00:00Z  jo              1  0123456789ab  [current] flu line
               1  2026-11-27T21:00:00Z  careline        0  0123456789ab  first start
            served so since 2026-11-27T22:00:00Z by maria
        "#]]
        .assert_eq(&table(&rows, Some(&pointer)));
        assert!(table(&[], None).starts_with("nothing is published yet"));
    }
}
