//! What flows may ask of the clinic's records: one table of verbs, with what each needs, gives and may come to.
//!
//! No records are connected to this engine yet: every `care` step takes its way `failed`, which leads up. The table
//! stands so that flows can be written and checked. Not here: the asking.

/// One thing that can be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// Who is calling?
    PatientFind,
    /// Which times are free?
    AppointmentSearch,
    /// Which visits does the patient have?
    AppointmentList,
    /// Takes a time.
    AppointmentBook,
    /// Gives a visit back.
    AppointmentCancel,
    /// Asks for more of a medicine.
    RefillRequest,
    /// Keeps answers for the care team.
    AnswersWrite,
    /// Puts something on somebody's list.
    TaskCreate,
    /// No more calls from the clinic.
    OptOutSet,
    /// Keeps the answers of a survey.
    SurveySave,
}

/// A row of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Care {
    /// Which.
    pub verb: Verb,
    /// As steps write it.
    pub name: &'static str,
    /// Names and types of what must go with it.
    pub needs: &'static [(&'static str, &'static str)],
    /// The type of what it gives on the first of its ways, if it gives anything.
    pub gives: Option<&'static str>,
    /// What it may come to, beside `failed`.
    pub outcomes: &'static [&'static str],
    /// How well the caller must be known: 0 to 3.
    pub assurance: u8,
    /// How well the caller is known on the first of its ways, if that is better than before.
    pub raises: Option<u8>,
    /// What it is for, in a sentence.
    pub about: &'static str,
}

const fn row(
    verb: Verb,
    name: &'static str,
    needs: &'static [(&'static str, &'static str)],
    gives: Option<&'static str>,
    outcomes: &'static [&'static str],
    assurance: u8,
    about: &'static str,
) -> Care {
    let raises = if matches!(verb, Verb::PatientFind) { Some(2) } else { None };
    Care { verb, name, needs, gives, outcomes, assurance, raises, about }
}

/// Every verb.
pub const CARE: &[Care] = &[
    row(
        Verb::PatientFind,
        "patient.find",
        &[("birth", "date"), ("zip", "digits")],
        Some("patient"),
        &["found", "several", "none"],
        0,
        "Looks for the record of the caller.",
    ),
    row(
        Verb::AppointmentSearch,
        "appt.search",
        &[("visit", "text")],
        Some("list of appointment"),
        &["found", "none"],
        2,
        "Looks for free times.",
    ),
    row(
        Verb::AppointmentList,
        "appt.list",
        &[],
        Some("list of appointment"),
        &["found", "none"],
        2,
        "Looks for the visits that the patient has.",
    ),
    row(
        Verb::AppointmentBook,
        "appt.book",
        &[("slot", "appointment")],
        Some("appointment"),
        &["done", "taken"],
        2,
        "Takes a time for the patient.",
    ),
    row(
        Verb::AppointmentCancel,
        "appt.cancel",
        &[("visit", "appointment")],
        None,
        &["done", "gone"],
        2,
        "Gives a visit back.",
    ),
    row(
        Verb::RefillRequest,
        "refill.request",
        &[("days_left", "number")],
        Some("digits"),
        &["done"],
        2,
        "Asks the care team for more of a medicine.",
    ),
    row(
        Verb::AnswersWrite,
        "answers.write",
        &[],
        None,
        &["done"],
        0,
        "Keeps the caller's answers for the care team.",
    ),
    row(Verb::TaskCreate, "task.create", &[], None, &["done"], 0, "Puts the call on the care team's list."),
    row(
        Verb::OptOutSet,
        "optout.set",
        &[],
        None,
        &["done"],
        0,
        "Stops the calls that the clinic makes to this number.",
    ),
    row(Verb::SurveySave, "survey.save", &[], None, &["done"], 0, "Keeps the answers of a survey."),
];

/// The verb that steps write so.
pub fn named(name: &str) -> Option<&'static Care> {
    CARE.iter().find(|care| care.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::read::kind;

    #[test]
    fn each_verb_is_found_and_its_types_can_be_read() {
        for care in CARE {
            assert_eq!(named(care.name), Some(care));
            assert!(!care.outcomes.is_empty() && !care.outcomes.contains(&"failed"), "{}", care.name);
            for (_, of) in care.needs {
                assert!(kind::named(of).is_some(), "{} needs `{of}`", care.name);
            }
            assert!(care.gives.is_none_or(|of| kind::named(of).is_some()), "{}", care.name);
        }
        assert_eq!(named("patient.lose"), None);
    }
}
