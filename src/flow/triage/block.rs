//! Writes the signature into the file of its tree: the block `signed` at the file's end, everything else as it was, to
//! the octet.

use super::signature::Signed;
use crate::flow::diagnostic::Sources;
use crate::flow::syntax::tree::{self, Node, Reading, Shape};

/// The text of a file with this signature, in the place of the one it has or at its end.
///
/// Nothing if the text is no mapping that can be read.
pub fn signed_text(text: &str, signed: &Signed) -> Option<String> {
    let block = block(signed);
    let entries = entries(text)?;
    let Some(at) = entries.iter().position(|(name, _)| name == "signed") else {
        let gap = if text.ends_with('\n') { "\n" } else { "\n\n" };
        return Some(format!("{text}{gap}{block}"));
    };
    // From its line to the next name of the file, but for the comments and empty lines that stand over that name.
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let first = entries[at].1 - 1;
    let next = entries.get(at + 1).map_or(lines.len(), |(_, line)| line - 1);
    let is_own = |line: &&str| line.starts_with([' ', '\t', '}']) && !line.trim().is_empty();
    let own = lines.get(first + 1..next)?.iter().rposition(is_own).map_or(first, |last| first + 1 + last);
    let (before, after) = (lines[..first].concat(), lines[own + 1..].concat());
    Some(format!("{before}{block}{after}"))
}

/// The names of a file with their lines, from 1.
fn entries(text: &str) -> Option<Vec<(String, usize)>> {
    let mut sources = Sources::default();
    let (_, Reading::Tree(Node { shape: Shape::Map(entries), .. })) =
        tree::read(&mut sources, "", text.as_bytes())
    else {
        return None;
    };
    entries.iter().map(|(key, _)| Some((key.text()?.to_owned(), key.place.line))).collect()
}

fn block(signed: &Signed) -> String {
    let Signed { by, licence, on, review_due, sha256 } = signed;
    format!(
        "signed:                          # written by `careline sign`; a change of a step, text or sound ends it\n\
         \x20 by: {}\n  licence: {}\n  on: {on:?}\n  review_due: {review_due:?}\n  sha256: {}\n",
        quoted(by),
        quoted(licence),
        quoted(sha256)
    )
}

/// A text that YAML reads as it stands.
fn quoted(text: &str) -> String {
    let plain: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    format!("\"{}\"", plain.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::value::Date;

    fn signed(by: &str) -> Signed {
        Signed {
            by: by.to_owned(),
            licence: "RN1/MA".to_owned(),
            on: Date::new(2026, 11, 28).unwrap(),
            review_due: Date::new(2027, 11, 28).unwrap(),
            sha256: "ab".to_owned(),
        }
    }

    #[test]
    fn a_block_is_added_or_replaced_and_all_else_stays_to_the_octet() {
        let block = block(&signed("Ada \"A\" Miller: RN #1"));
        for (before, expected) in [
            ("flow: a   # x\nsteps: {}\n", format!("flow: a   # x\nsteps: {{}}\n\n{block}")),
            ("flow: a", format!("flow: a\n\n{block}")),
            (
                "flow: a\nsigned: {by: x,\n  on: y}\n\n# of the steps\nsteps: {}\n",
                format!("flow: a\n{block}\n# of the steps\nsteps: {{}}\n"),
            ),
            ("signed:\n  by: x\n\n  on: y\n# end\n", format!("{block}# end\n")),
            ("signed: {\n  by: x\n}\nflow: a\n", format!("{block}flow: a\n")),
        ] {
            let after = signed_text(before, &signed("Ada \"A\" Miller: RN #1")).unwrap();
            assert_eq!(after, expected, "{before}");
            // Signed again it does not grow.
            assert_eq!(signed_text(&after, &signed("Ada \"A\" Miller: RN #1")), Some(after.clone()));
            let mut sources = Sources::default();
            let read = tree::read(&mut sources, "a.yaml", after.as_bytes()).1;
            assert!(matches!(read, Reading::Tree(_)) && sources.is_clean(), "{after}");
        }
        assert_eq!(signed_text("- a list\n", &signed("x")), None);
    }
}
