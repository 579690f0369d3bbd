//! The faults of a check as JSON, for programs.
//!
//! ```text
//! {"format": "careline-check", "version": 1, "clean": false, "unreadable": ["…"],
//!  "faults": [{"severity": "fault" | "warning", "code", "title", "page", "file", "place": {"line", "column", "width"} | null,
//!              "source", "what", "repair", "hears", "fix": {"says", "edits": […]} | null}]}
//! ```
//! A word is never taken out or given another meaning within a version; words may be added. Columns count
//! characters from 1.

use super::page_path;
use crate::flow::diagnostic::{Diagnostic, Edit, Fix, Place, Severity};
use serde_json::{Value, json};

/// The version of the form.
const VERSION: u32 = 1;

/// The document, with a final line end.
pub fn document(faults: &[Diagnostic], unreadable: &[String]) -> String {
    let stops = |found: &Diagnostic| found.severity == Severity::Fault;
    let clean = !faults.iter().any(stops) && unreadable.is_empty();
    let faults: Vec<Value> = faults.iter().map(fault).collect();
    let all = json!({
        "format": "careline-check",
        "version": VERSION,
        "clean": clean,
        "unreadable": unreadable,
        "faults": faults,
    });
    format!("{all:#}\n")
}

fn fault(fault: &Diagnostic) -> Value {
    let Diagnostic { severity, file, place: at, code, what, source, repair, hears, fix } = fault;
    let severity = match severity {
        Severity::Fault => "fault",
        Severity::Warning => "warning",
    };
    json!({
        "severity": severity,
        "code": code.id,
        "title": code.meaning,
        "page": page_path(code.id),
        "file": **file,
        "place": if is_in_a_line(fault) { place(*at) } else { Value::Null },
        "source": source,
        "what": what,
        "repair": repair,
        "hears": hears,
        "fix": fix.as_ref().map(repairs),
    })
}

/// Whether a fault stands in a line, and not in a file as a whole or in none.
pub fn is_in_a_line(fault: &Diagnostic) -> bool {
    fault.place.line > 0 && !fault.file.is_empty()
}

fn place(Place { line, column, width, .. }: Place) -> Value {
    json!({"line": line, "column": column, "width": width})
}

fn repairs(Fix { says, edits }: &Fix) -> Value {
    let edit = |edit: &Edit| match edit {
        Edit::Replace(at, text) => json!({"replace": place(*at), "with": text}),
        Edit::RemoveLine(at) => json!({"remove_line": at.line}),
    };
    json!({"says": says, "edits": edits.iter().map(edit).collect::<Vec<_>>()})
}
