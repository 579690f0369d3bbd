//! The red flags: what every caller is asked before anything less than an emergency is thought of.
//!
//! The names are those of the clinic's safety rules. A tree may ask more, under names of its own; it may not ask less.
//! Not here: the words of the questions. They are the clinic's, in prompts.yaml, and signed.

use super::tree::Exit;

/// A question that no tree may leave out.
#[derive(Clone, Copy, Debug)]
pub struct RedFlag {
    /// Its `code:`.
    pub code: &'static str,
    /// What it asks about, for a person who reads a fault or signs.
    pub about: &'static str,
    /// Where a yes may lead, and nowhere else.
    pub yes: &'static [Exit],
}

/// All of them, in the order in which they are best asked: what kills first is asked first.
pub const REQUIRED: [RedFlag; 6] = [
    RedFlag { code: "chest-breathing", about: "chest pain or trouble breathing", yes: &[Exit::Emergency] },
    RedFlag { code: "stroke", about: "signs of a stroke", yes: &[Exit::Emergency] },
    RedFlag {
        code: "bleed-collapse",
        about: "bleeding that will not stop, or somebody who passed out",
        yes: &[Exit::Emergency],
    },
    RedFlag {
        code: "seizure-anaphylaxis",
        about: "a seizure, or a bad reaction with swelling",
        yes: &[Exit::Emergency],
    },
    // Poison help is told first, and then a nurse is better than a line that says 9 1 1 to everybody.
    RedFlag {
        code: "ingestion",
        about: "too much medicine, or poison",
        yes: &[Exit::Emergency, Exit::Nurse],
    },
    RedFlag {
        code: "self-harm",
        about: "thoughts of hurting oneself or others",
        yes: &[Exit::Crisis, Exit::Emergency],
    },
];

/// The required question of this code.
pub fn required(code: &str) -> Option<&'static RedFlag> {
    REQUIRED.iter().find(|flag| flag.code == code)
}
