//! Repairs that a machine may make: which lines they change, and the text after them.
//!
//! Only what can be meant in one way is repaired: a slip of the keyboard with one near word
//! ([`crate::flow::diagnostic::certain`]), the signs of star and pound, tabs that indent, and a line that
//! stands twice to the letter. Whatever else is in the file stays as it is, to the octet. Not here: files.

use crate::flow::diagnostic::{Edit, Fix, Place};
use crate::flow::syntax::tree::Node;

/// A second line that says what the first one says, to the letter, goes.
pub fn same_line(text: &str, first: usize, second: Place, value: &Node) -> Option<Fix> {
    let line = |number: usize| text.lines().nth(number.checked_sub(1)?);
    let (one, two) = (line(first)?, line(second.line)?);
    let begins = two.chars().take_while(|c| *c == ' ').count() + 1 == second.column;
    let whole = value.text().is_some_and(|text| !text.is_empty() && !text.contains('\n'))
        && value.place.line == second.line
        // What goes on in the next line is indented deeper than its name.
        && line(second.line + 1).is_none_or(|next| indent(next) < second.column || next.trim().is_empty());
    (first != second.line && begins && whole && one.trim_end() == two.trim_end()).then(|| Fix {
        says: format!("the line stands in line {first} already and goes"),
        edits: vec![Edit::RemoveLine(second)],
    })
}

/// `#: answer` among the keys of a menu is the pound key.
pub fn pound_line(text: &str, place: Place) -> Option<Fix> {
    let line = |number: usize| text.lines().nth(number.checked_sub(1)?);
    let here = line(place.line)?;
    let above = line(place.line - 1)?;
    let is_key = |text: &str| {
        let key = text.trim_start().split_once(": ").map(|(key, _)| key.trim_matches(['"', '\'']));
        key.is_some_and(|key| matches!(key.as_bytes(), [b'0'..=b'9'] | b"star" | b"pound"))
    };
    let answer = here.trim_start().strip_prefix("#: ")?;
    let is_answer = !answer.is_empty() && !answer.trim_end().contains(' ');
    (is_key(above) && is_answer && indent(above) == indent(here) && indent(here) + 1 == place.column).then(
        || Fix {
            says: "`#` becomes `pound`".to_owned(),
            edits: vec![Edit::Replace(Place { width: 1, ..place }, "pound".to_owned())],
        },
    )
}

/// The tabs that indent lines of a file become the spaces of their neighbours, if all of them can. In a block
/// of text a tab may be meant, so a file with one is left alone.
pub fn tabs(text: &str, file: usize) -> Option<Fix> {
    let lines: Vec<&str> = text.lines().collect();
    if lines.iter().any(|line| line.trim_end_matches(['+', '-', ' ']).ends_with(['|', '>'])) {
        return None;
    }
    let blank = |line: &str| line.trim().is_empty();
    let white = |line: &str| line.chars().take_while(|c| c.is_whitespace()).collect::<String>();
    let only_tabs =
        lines.iter().filter(|line| !blank(line)).all(|line| white(line).chars().all(|c| c == '\t'));
    let mut edits = Vec::new();
    // The line before, as it stands and as it will be.
    let mut before: Option<(&str, String, usize)> = None;
    for (index, line) in lines.iter().enumerate().filter(|(_, line)| !blank(line)) {
        let old = white(line);
        let spaces = match &before {
            _ if !old.contains('\t') => old.len(),
            _ if only_tabs => 2 * old.len(),
            Some((_, above, spaces)) if *above == old => *spaces,
            Some((above, _, spaces)) if opens(above) => spaces + 2,
            Some((_, _, spaces)) if [2, 4, 8].iter().any(|tab| expanded(&old, *tab) == *spaces) => *spaces,
            Some(_) | None => return None,
        };
        if old.contains('\t') {
            let place = Place { file, line: index + 1, column: 1, width: old.chars().count() };
            edits.push(Edit::Replace(place, " ".repeat(spaces)));
        }
        before = Some((line, old, spaces));
    }
    (!edits.is_empty()).then(|| Fix { says: "tabs become spaces".to_owned(), edits })
}

/// Whether what follows on a line is indented deeper: it ends in a colon.
fn opens(line: &str) -> bool {
    let code = line.split_once(" #").map_or(line, |(code, _)| code);
    code.trim_end().ends_with(':') && !line.trim_start().starts_with('#')
}

fn indent(line: &str) -> usize {
    line.chars().take_while(|c| *c == ' ').count()
}

/// The width of white space whose tabs are `tab` wide.
fn expanded(white: &str, tab: usize) -> usize {
    white.chars().fold(0, |at, c| if c == '\t' { (at / tab + 1) * tab } else { at + 1 })
}

/// The text after the repairs that do not touch one another, and what was done: line and sentence.
pub fn mended(text: &str, fixes: &[&Fix]) -> (String, Vec<(usize, String)>) {
    let mut edits: Vec<&Edit> = Vec::new();
    let mut done = Vec::new();
    for fix in fixes {
        let again = fix.edits.iter().all(|edit| edits.contains(&edit));
        let free = |edit: &&Edit| !edits.iter().any(|other| touch(edit, other));
        if !again && fix.edits.iter().all(|edit| free(&edit)) {
            done.extend(fix.edits.first().map(|edit| (place(edit).line, fix.says.clone())));
            edits.extend(&fix.edits);
        }
    }
    edits.sort_by_key(|edit| (place(edit).line, place(edit).column));
    let mut after = String::with_capacity(text.len());
    for (index, line) in text.split_inclusive('\n').enumerate() {
        let here: Vec<&Edit> = edits.iter().copied().filter(|edit| place(edit).line == index + 1).collect();
        if !here.iter().any(|edit| matches!(edit, Edit::RemoveLine(_))) {
            after += &edited(line, &here);
        }
    }
    done.sort();
    (after, done)
}

fn place(edit: &Edit) -> Place {
    match edit {
        Edit::Replace(place, _) | Edit::RemoveLine(place) => *place,
    }
}

fn touch(one: &Edit, other: &Edit) -> bool {
    let (a, b) = (place(one), place(other));
    let words = matches!((one, other), (Edit::Replace(..), Edit::Replace(..)));
    a.line == b.line && !(words && (a.column + a.width <= b.column || b.column + b.width <= a.column))
}

/// A line after the replacements on it, which are in the order of their columns.
fn edited(line: &str, edits: &[&Edit]) -> String {
    let chars: Vec<char> = line.chars().collect();
    let (mut after, mut at) = (String::new(), 0);
    for edit in edits {
        let Edit::Replace(place, text) = edit else { continue };
        let from = (place.column - 1).min(chars.len());
        after.extend(&chars[at.min(from)..from]);
        after += text;
        at = (from + place.width).min(chars.len());
    }
    after.extend(&chars[at..]);
    after
}

#[cfg(test)]
mod tests {
    use super::*;

    fn untabbed(text: &str) -> Option<String> {
        tabs(text, 0).map(|fix| mended(text, &[&fix]).0)
    }

    #[test]
    fn tabs_become_the_spaces_of_their_neighbours_or_stay() {
        for (text, wanted) in [
            ("a:\n\tb: c\n\td:\n\t\te: f\ng: h\n", Some("a:\n  b: c\n  d:\n    e: f\ng: h\n")),
            ("a:\n  b:\n\tc: d\n\te: f\n", Some("a:\n  b:\n    c: d\n    e: f\n")),
            ("a:\n    b: c\n\td: e\n", Some("a:\n    b: c\n    d: e\n")),
            ("a:\r\n\tb: c\r\n", Some("a:\r\n  b: c\r\n")),
            ("a:\n    b:\n      c: d\n\te: f\n", None),
            ("\ta: b\n  c: d\n", None),
            ("a: b\n", None),
            ("a:\n\tb: |-\n\t\tc\n", None),
        ] {
            assert_eq!(untabbed(text).as_deref(), wanted, "{text:?}");
        }
    }

    #[test]
    fn edits_leave_the_rest_as_it_is_and_those_that_touch_another_are_left_out() {
        let at = |line, column, width| Place { file: 0, line, column, width };
        let word = |place, text: &str| Fix {
            says: text.to_owned(),
            edits: vec![Edit::Replace(place, text.to_owned())],
        };
        let gone = Fix { says: "gone".to_owned(), edits: vec![Edit::RemoveLine(at(2, 1, 1))] };
        let (one, two, over) = (word(at(1, 1, 1), "ä"), word(at(1, 4, 2), "xyz"), word(at(1, 5, 2), "no"));
        let (text, done) = mended("é: bc\r\nd\ne", &[&two, &one, &over, &gone, &gone]);
        assert_eq!(text, "ä: xyz\r\ne");
        let says: Vec<&str> = done.iter().map(|(_, says)| says.as_str()).collect();
        assert_eq!(says, ["xyz", "ä", "gone"]);
    }
}
