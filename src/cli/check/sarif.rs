//! The faults of a check as SARIF 2.1.0, which editors and code hosts show beside the lines.
//!
//! The parts are those of the OASIS standard: §3.14 run, §3.49 reportingDescriptor (a rule for each code),
//! §3.27 result, §3.30 region, §3.55 fix. Columns count characters, so `columnKind` says so (§3.14.17).
//! A rule's page stands whole in its `help`. There is no `helpUri`: it would have to be absolute (§3.49.12), and the pages
//! stand beside the program, at an address that the program does not know.

use super::json::is_in_a_line;
use super::pages;
use crate::flow::diagnostic::{Diagnostic, Edit, Place, Severity};
use crate::flow::faults::Page;
use serde_json::{Value, json};

/// The document, with a final line end.
pub fn document(faults: &[Diagnostic], unreadable: &[String]) -> String {
    let rules: Vec<&Page> = pages().collect();
    let results: Vec<Value> = faults.iter().map(|fault| result(fault, &rules)).collect();
    let notes: Vec<Value> =
        unreadable.iter().map(|text| json!({"level": "error", "message": {"text": text}})).collect();
    let all = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "careline",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules.iter().map(|page| rule(page)).collect::<Vec<_>>(),
            }},
            "columnKind": "unicodeCodePoints",
            "invocations": [{
                "executionSuccessful": unreadable.is_empty(),
                "toolExecutionNotifications": notes,
            }],
            "results": results,
        }],
    });
    format!("{all:#}\n")
}

fn rule(page: &Page) -> Value {
    json!({
        "id": page.code.id,
        "shortDescription": {"text": page.code.meaning},
        "fullDescription": {"text": page.means},
        "help": {"text": page.repair, "markdown": page.markdown()},
        "defaultConfiguration": {"level": "error"},
    })
}

fn result(fault: &Diagnostic, rules: &[&Page]) -> Value {
    let said = [&fault.what, &fault.repair, &fault.hears];
    let said: Vec<&str> = said.iter().map(|part| part.as_str()).filter(|part| !part.is_empty()).collect();
    let mut result = json!({
        "ruleId": fault.code.id,
        "level": level(fault.severity),
        "message": {"text": said.join("; ")},
        "locations": [],
    });
    if let Some(at) = rules.iter().position(|page| page.code == fault.code) {
        result["ruleIndex"] = json!(at);
    }
    if !fault.file.is_empty() {
        let mut physical = json!({"artifactLocation": {"uri": uri(&fault.file)}});
        if is_in_a_line(fault) {
            physical["region"] = region(fault.place);
            physical["region"]["snippet"] = json!({"text": fault.source});
        }
        result["locations"] = json!([{"physicalLocation": physical}]);
    }
    if let Some(fix) = &fault.fix {
        let replacements: Vec<Value> = fix.edits.iter().map(replacement).collect();
        let change = json!({"artifactLocation": {"uri": uri(&fault.file)}, "replacements": replacements});
        result["fixes"] = json!([{"description": {"text": fix.says}, "artifactChanges": [change]}]);
    }
    result
}

/// §3.27.10.
const fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Fault => "error",
        Severity::Warning => "warning",
    }
}

fn region(Place { line, column, width, .. }: Place) -> Value {
    json!({"startLine": line, "startColumn": column, "endColumn": column + width})
}

fn replacement(edit: &Edit) -> Value {
    match edit {
        Edit::Replace(place, text) => {
            json!({"deletedRegion": region(*place), "insertedContent": {"text": text}})
        }
        Edit::RemoveLine(place) => json!({"deletedRegion": {
            "startLine": place.line, "startColumn": 1, "endLine": place.line + 1, "endColumn": 1
        }}),
    }
}

/// A path as a URI reference (RFC 3986): what it may not hold is written in percent.
fn uri(path: &str) -> String {
    let kept = |octet: u8| octet.is_ascii_alphanumeric() || b"-._~/".contains(&octet);
    let mut uri = String::from(if path.starts_with('/') { "file://" } else { "" });
    for octet in path.bytes() {
        match kept(octet) {
            true => uri.push(char::from(octet)),
            false => uri += &format!("%{octet:02X}"),
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_a_uri_reference() {
        for (path, wanted) in [
            ("ivr-flows/main_menu.yaml", "ivr-flows/main_menu.yaml"),
            ("my flows/a.yaml", "my%20flows/a.yaml"),
            ("/srv/é#.yaml", "file:///srv/%C3%A9%23.yaml"),
        ] {
            assert_eq!(uri(path), wanted);
        }
    }
}
