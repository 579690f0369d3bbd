//! Floor 5, flows: what a caller meets, read from YAML, checked to the line, then interpreted.
//!
//! ```text
//! files ─syntax─▶ trees ─read─▶ draft ─check─▶ FlowSet ─run─▶ actions
//!            └────────┴────────────┴─▶ diagnostics, all of them at once
//! ```
//! This floor knows no SIP and no RTP: a [`action::Action`] goes out, an [`action::Input`] comes in.

pub mod action;
mod check;
pub mod codes;
pub mod diagnostic;
mod draft;
pub mod hours;
pub mod program;
pub(crate) mod read;
pub mod run;
pub mod set;
pub mod syntax;
