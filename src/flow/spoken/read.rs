//! From the tree of a file of `languages/` to the entries of which rules are made.
//!
//! Not here: what an entry means ([`super::rules`]).

use super::rules::Entry;
use crate::flow::diagnostic::Place;
use crate::flow::syntax::tree::{Node, Shape};

/// Every text in a tree with its path: names with dots, items of lists numbered from 1.
pub fn entries(node: &Node) -> Vec<Entry<Place>> {
    let mut entries = Vec::new();
    gather(node, "", &mut entries);
    entries
}

/// The reader of the tree bounds its depth.
fn gather(node: &Node, path: &str, entries: &mut Vec<Entry<Place>>) {
    let under = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    match &node.shape {
        Shape::Scalar(scalar) => {
            entries.push(Entry { path: path.to_owned(), text: scalar.text.clone(), place: node.place });
        }
        Shape::List(items) => {
            for (at, item) in items.iter().enumerate() {
                gather(item, &under(&(at + 1).to_string()), entries);
            }
        }
        Shape::Map(fields) => {
            for (key, value) in fields {
                gather(value, &under(key.text().unwrap_or_default()), entries);
            }
        }
        Shape::Broken => {}
    }
}
