//! Floor 5, flows: what a caller meets, read from YAML, checked to the line, then interpreted.
//!
//! ```text
//! files ─syntax─▶ trees ─read─▶ draft ─check─▶ FlowSet ─run─▶ actions
//!            └────────┴────────────┴─▶ diagnostics, all of them at once
//! ```
//! This floor knows no SIP and no RTP: a [`action::Action`] goes out, an [`action::Input`] comes in.

pub mod action;
pub mod callable;
pub mod care;
pub mod changes;
mod check;
pub mod closing;
pub mod codes;
pub mod content;
pub mod diagnostic;
mod draft;
pub mod edition;
pub mod entry;
pub mod expression;
pub mod faults;
pub mod hours;
pub mod languages;
pub mod layout;
pub mod mend;
pub mod program;
pub(crate) mod read;
pub mod records;
pub mod rehearsal;
pub mod repair;
pub mod request;
pub mod run;
pub mod saved;
pub mod set;
#[cfg(test)]
pub(crate) mod shipped;
pub mod slots;
pub mod spoken;
mod stage;
pub mod syntax;
pub mod triage;
pub mod utterance;
pub mod value;
pub mod vocabulary;
