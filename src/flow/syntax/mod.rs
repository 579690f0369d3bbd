//! YAML as far as an administrator needs it: events of the parser → a tree in which every value keeps
//! its place and its text as written.
//!
//! No value is ever guessed: `on`, `0199`, `1e3` stay the words they are, and the field that reads
//! them says what they mean. Everything of YAML that changes a file's meaning behind its writer's
//! back (tags, anchors, merge keys, comments that swallow text) is a fault with its repair.

pub mod fields;
pub mod outline;
pub mod tree;

#[cfg(test)]
mod tests;
