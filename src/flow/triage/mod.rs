//! Triage trees: flows with `kind: triage`, which ask callers about signs of danger before anything else.
//!
//! ```text
//!  file ─read─▶ TriageText ─┐
//!  steps ───────▶ Tree ─────┼─ rules (shape) · heard (words) · paths, dry_run (tests) ─▶ faults
//!                           └─ canonical ─ sha256 with the sounds ─ signature ─▶ Seal: the tree, or the safe stub
//! ```
//! The rules are T1 to T12 of the clinic's safety rules, each a code of its own where no general check has it already:
//! T1 F160 F176 F177 · T2 F161 · T3 F162 F175 · T4 F163, F010, F011 · T5 F164 F172 F173 · T6 F165, F021, F055 · T7 F166,
//! F018, F019, F051 · T8 F167 · T9 F168 · T10 F169, F025 · T11 F030 · T12 F171, F026, F038.
//! Not here: what callers of an unsigned tree hear (`flow::run`).

pub mod block;
pub(crate) mod canonical;
pub(crate) mod dry_run;
#[cfg(test)]
mod file_tests;
#[cfg(test)]
pub(crate) mod fixture;
pub(crate) mod heard;
pub mod kept;
pub(crate) mod of_draft;
pub(crate) mod paths;
pub(crate) mod read;
pub mod red_flags;
pub(crate) mod rules;
pub(crate) mod sentences;
pub mod signature;
#[cfg(test)]
mod tests;
pub(crate) mod tree;
