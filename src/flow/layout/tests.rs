//! What is laid out, what stays, and that any file says the same afterwards.

use super::*;
use crate::flow::shipped::FILES;
use proptest::prelude::*;

fn becomes(before: &str, after: &str) {
    let found = laid_out("a.yaml", before.as_bytes());
    assert_eq!(found.as_deref(), Ok(after), "{before:?}");
    assert_eq!(laid_out("a.yaml", after.as_bytes()).as_deref(), Ok(after), "again: {before:?}");
}

#[test]
fn lines_are_moved_and_nothing_is_lost() {
    for (before, after) in [
        ("a: b\r\nc: d\r\n", "a: b\nc: d\n"),
        ("\u{feff}a: b", "a: b\n"),
        ("\n\na: b   \n\n\n\nc: d\n\n", "a: b\n\nc: d\n"),
        ("a:\n    b:\n        c: d\n    e: f\n", "a:\n  b:\n    c: d\n  e: f\n"),
        ("a:    b\nc:\n   d:   {e:   f}   # g\n", "a: b\nc:\n  d: {e:   f}   # g\n"),
        ("a:\n- b\n-   c\n", "a:\n  - b\n  - c\n"),
        ("a:\n    -   b: c\n        d: e\n    -   f: g\n", "a:\n  - b: c\n    d: e\n  - f: g\n"),
        ("a:\n- - b\n  - c\n- - d\ne: f\n", "a:\n  - - b\n    - c\n  - - d\ne: f\n"),
        ("'a' :   b\n\"c\":  'd'\n", "'a': b\n\"c\": 'd'\n"),
        (
            "# top\na:\n    # over b\n    b: c\n    # under b\n# over d\nd: e\n  # end\n",
            "# top\na:\n  # over b\n  b: c\n  # under b\n# over d\nd: e\n# end\n",
        ),
        (
            "a:\n    b: one\n      two\n    c: |\n        x  \n         y\n\n\n        z\n",
            "a:\n  b: one\n    two\n  c: |\n      x  \n       y\n\n\n      z\n",
        ),
        (
            "a:\n    b: {c: d,  \n        e: f,\n\n\n        # g\n        h: i}\n",
            "a:\n  b: {c: d,\n      e: f,\n\n      # g\n      h: i}\n",
        ),
        ("a: \"one  \n  two\"\nb: c\n", "a: \"one  \n  two\"\nb: c\n"),
        ("# nothing   \n\n\n", "# nothing\n"),
        ("---\na:   b\n...\n", "---\na: b\n...\n"),
        ("  a: b\n  c:   d\n", "a: b\nc: d\n"),
        ("a:\n- b\n# over c\nc: d\n", "a:\n  - b\n# over c\nc: d\n"),
        ("a:   # why\n    b: c\n", "a:   # why\n  b: c\n"),
        ("a: [b,\n    c]\nd: e\n", "a: [b,\n    c]\nd: e\n"),
        ("", ""),
    ] {
        becomes(before, after);
    }
}

#[test]
fn a_file_with_a_fault_of_yaml_is_left_as_it_is() {
    for (text, code) in [("a: &b c\n", "Y008"), ("a: [b\n", "Y018"), ("a: 1\na: 2\n", "Y011")] {
        let Err(Refusal::Faults(faults)) = laid_out("a.yaml", text.as_bytes()) else {
            panic!("{text:?} was laid out")
        };
        assert_eq!(faults[0].code.id, code, "{text:?}");
    }
}

#[test]
fn the_shipped_files_are_laid_out() {
    let example = ("careline.yaml.example", include_str!("../../../careline.yaml.example"));
    for (name, text) in FILES.into_iter().chain([example]) {
        assert_eq!(laid_out(name, text.as_bytes()).as_deref(), Ok(text), "{name}");
    }
}

fn tree_of(text: &str) -> Option<Node> {
    let mut sources = Sources::default();
    match tree::read(&mut sources, "a.yaml", text.as_bytes()) {
        (_, Reading::Tree(node)) if sources.is_clean() => Some(node),
        _ => None,
    }
}

/// A file as hands write it: indented by some width, with comments, gaps, dashes and long texts.
fn any_file() -> impl Strategy<Value = String> {
    let value = prop_oneof![
        "[a-z]{1,6}",
        "'[a-z ]{0,8}'",
        "\\{[a-z]: [a-z],   [a-z]{2}: 1\\}",
        "\\[a,  b\\]",
        Just("|\n@   one  \n@     two\n\n@   three".to_owned()),
        Just("one\n@   two".to_owned()),
        Just("\"one\n@   two\"".to_owned()),
        Just("{a: b,\n@   c: d}".to_owned()),
    ];
    let line = (
        0_usize..4,
        "[a-z]{1,5}",
        1_usize..4,
        prop::option::of(value),
        "( *# [a-z]{0,6})?",
        0_usize..3,
        any::<bool>(),
    );
    (1_usize..5, prop::collection::vec(line, 1..14)).prop_map(|(width, lines)| {
        let (mut text, mut depth) = (String::new(), 0);
        for (number, (wish, name, gap, value, comment, blank, dash)) in lines.into_iter().enumerate() {
            let indent = " ".repeat(wish.min(depth) * width);
            text += &"\n".repeat(blank);
            if dash {
                text += &format!("{indent}# {name}\n");
            }
            match value {
                Some(value) => {
                    depth = wish.min(depth);
                    let value = value.replace('@', &indent);
                    text += &format!("{indent}{name}{number}:{}{value}{comment}\n", " ".repeat(gap));
                }
                None => {
                    depth = wish.min(depth) + 1;
                    text += &format!("{indent}{name}{number}:{comment}\n");
                }
            }
        }
        text
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn any_file_says_the_same_afterwards_and_a_second_time_changes_nothing(text in any_file()) {
        if let Some(before) = tree_of(&text) {
            let after = laid_out("a.yaml", text.as_bytes());
            let Ok(after) = after else { return Err(TestCaseError::fail(format!("{after:?}\n{text}"))) };
            prop_assert!(tree_of(&after).is_some_and(|tree| same(&before, &tree)), "{text}\n{after}");
            prop_assert_eq!(outline(&text).comments, outline(&after).comments);
            prop_assert_eq!(laid_out("a.yaml", after.as_bytes()), Ok(after.clone()), "{}", text);
        }
    }

    #[test]
    fn yamls_own_characters_in_any_order_are_laid_out_or_refused(text in "[ \\n\\r\\ta-c0-9:#*&!%@`'\"{}\\[\\],|>?<~-]{0,80}") {
        if let Ok(after) = laid_out("a.yaml", text.as_bytes()) {
            prop_assert_eq!(laid_out("a.yaml", after.as_bytes()), Ok(after.clone()), "{:?}", text);
        }
    }
}
