//! The tree against another reader of YAML, and against anything at all.

use crate::flow::diagnostic::Sources;
use crate::flow::shipped::FILES;
use crate::flow::syntax::tree::{Node, Reading, Shape, read};
use proptest::prelude::*;
use serde_yaml::Value;

fn tree(octets: &[u8]) -> (Reading, usize) {
    let mut sources = Sources::default();
    let (_, reading) = read(&mut sources, "a.yaml", octets);
    (reading, sources.into_faults().len())
}

/// Whether `node` says what the other reader understood; its numbers and booleans are our words.
fn agrees(node: &Node, value: &Value) -> bool {
    match (&node.shape, value) {
        (Shape::Scalar(scalar), Value::String(text)) => scalar.text == *text,
        (Shape::Scalar(scalar), Value::Number(number)) => scalar.text == number.to_string(),
        (Shape::Scalar(scalar), Value::Bool(value)) => scalar.text == value.to_string(),
        (Shape::Scalar(scalar), Value::Null) => ["", "~", "null"].contains(&scalar.text.as_str()),
        (Shape::List(items), Value::Sequence(values)) => {
            items.len() == values.len() && items.iter().zip(values).all(|(item, value)| agrees(item, value))
        }
        (Shape::Map(entries), Value::Mapping(values)) => {
            entries.len() == values.len()
                && entries.iter().zip(values).all(|((k, v), (key, value))| agrees(k, key) && agrees(v, value))
        }
        (Shape::Scalar(_) | Shape::List(_) | Shape::Map(_) | Shape::Broken, _) => false,
    }
}

#[test]
fn another_reader_of_yaml_understands_the_shipped_files_the_same_way() {
    let others = [
        ("careline.yaml.example", include_str!("../../../careline.yaml.example")),
        (
            "quotes and blocks",
            "a: 'it''s'\nb: \"x\\ty\"\nc: |\n  one\n  two\nd: >-\n  one\n  two\ne: [1, {f: g}]\n",
        ),
        ("a text over two lines", "a: one\n  two\nb:\n- c\n- d: e\n"),
        ("nothing behind the colon", "a:\nb: ''\n"),
    ];
    for (name, text) in FILES.into_iter().chain(others) {
        let (reading, faults) = tree(text.as_bytes());
        let Reading::Tree(node) = reading else { panic!("{name} is not read") };
        let value: Value = serde_yaml::from_str(text).unwrap();
        assert!(agrees(&node, &value), "{name}:\n{node:#?}\n{value:#?}");
        assert_eq!(faults, 0, "{name}");
    }
}

#[test]
fn a_place_is_a_line_and_a_column_in_characters() {
    let (Reading::Tree(node), _) = tree("é: {ü: wörd}\r\nb: c\r\n".as_bytes()) else { panic!("not read") };
    let Shape::Map(entries) = &node.shape else { panic!("{node:?}") };
    let Shape::Map(inner) = &entries[0].1.shape else { panic!("{node:?}") };
    let place = inner[0].1.place;
    assert_eq!((place.line, place.column, place.width), (1, 8, 4));
    assert_eq!((entries[1].1.place.line, entries[1].1.place.column), (2, 4));
}

fn any_value() -> impl Strategy<Value = Value> {
    let text = prop_oneof!["[a-z]{1,8}", "[ -~äñ¿\\n#:*&!'\"{}\\[\\],|>-]{0,20}"].prop_map(Value::String);
    text.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 1..4).prop_map(Value::Sequence),
            proptest::collection::btree_map("[a-z]{1,6}", inner, 1..4).prop_map(|map| Value::Mapping(
                map.into_iter().map(|(k, v)| (Value::String(k), v)).collect()
            )),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn whatever_another_writer_writes_is_read_with_its_meaning(value in any_value()) {
        let text = serde_yaml::to_string(&value).unwrap();
        match tree(text.as_bytes()) {
            (Reading::Tree(node), _) => prop_assert!(agrees(&node, &value), "{text}\n{node:#?}"),
            (other, _) => prop_assert!(false, "{text:?} was {other:?}"),
        }
    }

    #[test]
    fn any_octets_end_in_a_tree_or_in_faults(octets in proptest::collection::vec(any::<u8>(), 0..200)) {
        let (reading, faults) = tree(&octets);
        prop_assert!(reading != Reading::Broken || faults > 0);
    }

    #[test]
    fn yamls_own_characters_in_any_order_do_no_harm(text in "[ \\n\\ta-c0-9:#*&!%@`'\"{}\\[\\],|>?<~-]{0,80}") {
        let (reading, faults) = tree(text.as_bytes());
        prop_assert!(reading != Reading::Broken || faults > 0);
        let file = crate::flow::set::SourceFile { path: "a.yaml".to_owned(), octets: text.into_bytes() };
        let (set, faults) = crate::flow::set::FlowSet::load(vec![file], &|_, _| crate::flow::set::Audio::Present);
        prop_assert!(set.is_none() && !faults.is_empty());
        for fault in faults {
            fault.render(crate::flow::diagnostic::Paint::Plain);
        }
    }
}
