//! Rehearsals: calls that an administrator writes down beside a flow, played through the engine's own interpreter.
//!
//! ```text
//! # main_menu.test.yaml
//! - name: a refill on Thanksgiving
//!   given: {number: 100, at: 2026-11-26 10:00, language: es, desk: nobody}
//!   call:
//!     - {hears: mm.menu, presses: 3}
//!     - {hears: [u.agent, u.recording, vm.record_now], says: 5 s}
//!   then: {exit: message_left}
//! ```
//! Time is virtual and words take none of it, so a rehearsal is over in less than a millisecond. Not here: whether a
//! person can understand the words, and what the line does to them.

pub mod read;
mod stage;
#[cfg(test)]
mod tests;

use crate::flow::codes::REHEARSAL;
use crate::flow::diagnostic::{Diagnostic, Severity, Sources, Words};
use crate::flow::set::{FlowSet, SourceFile};
use crate::flow::syntax::fields::Placed;
use crate::wire::telephone_event::Key;
use std::sync::Arc;
use std::time::Duration;

/// One call as written.
#[derive(Clone, Debug)]
pub struct Rehearsal {
    /// What it shows.
    pub name: Placed<String>,
    /// What holds when the call begins.
    pub given: Given,
    /// What is heard and done, in this order.
    pub lines: Vec<Line>,
    /// The exit of the call.
    pub exit: Placed<String>,
}

/// What holds when a call begins.
#[derive(Clone, Debug)]
pub struct Given {
    /// The called number, or the name of a flow.
    pub number: Placed<String>,
    /// The day and time, in the clinic's zone.
    pub at: Option<jiff::civil::DateTime>,
    /// The caller's language; the clinic's first if left out.
    pub language: Option<Placed<String>>,
    /// Whether persons answer.
    pub desk: Desk,
    /// What the records come to when they are asked: the verb and the outcome.
    pub care: Vec<(Placed<String>, Placed<String>)>,
}

/// Whether persons answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Desk {
    /// The first one called does.
    #[default]
    Answers,
    /// No one does.
    Nobody,
}

/// What is heard, and what the caller does then.
#[derive(Clone, Debug)]
pub struct Line {
    /// Prompts that must be heard, in this order; others may be heard between.
    pub hears: Vec<Placed<String>>,
    /// What the caller does.
    pub does: Does,
}

/// What a caller does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Does {
    /// Listens on.
    Nothing,
    /// Presses these keys, into the words that are heard last: at once, if no words are named.
    Presses(Vec<Key>),
    /// Says nothing until the engine has waited long enough.
    IsSilent,
    /// Speaks after the tone for so long, and presses pound.
    Says(Duration),
}

/// What came of the rehearsals of a set.
#[derive(Debug, Default)]
pub struct Came {
    /// Each rehearsal that was played: its file, its name, and whether it came out as written.
    pub played: Vec<(String, String, Verdict)>,
    /// Faults of the files, and each difference.
    pub faults: Vec<Diagnostic>,
}

/// Whether a rehearsal came out as it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It did.
    AsWritten,
    /// It did not.
    Otherwise,
}

impl Came {
    /// Whether every file could be read and every call came out as written.
    pub fn is_sound(&self) -> bool {
        self.faults.iter().all(|fault| fault.severity == Severity::Warning)
    }
}

/// Reads and plays every rehearsal of these files.
pub fn all(set: &Arc<FlowSet>, files: &[SourceFile]) -> Came {
    let mut sources = Sources::default();
    let mut came = Came::default();
    for file in files {
        for rehearsal in read::file(file, set, &mut sources) {
            let verdict = match stage::play(set, &rehearsal) {
                Ok(()) => Verdict::AsWritten,
                Err(difference) => {
                    let words = Words::what(format!("`{}`: {}", rehearsal.name.value, difference.what))
                        .repair("mend the flow if callers are led wrongly, else this line")
                        .hears("somebody who calls like this would hear something that nobody meant");
                    sources.fault(difference.place, REHEARSAL, words);
                    Verdict::Otherwise
                }
            };
            came.played.push((file.path.clone(), rehearsal.name.value.clone(), verdict));
        }
    }
    came.faults = sources.into_faults();
    came
}
