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

const fn row(verb: Verb, name: &'static str, outcomes: &'static [&'static str], about: &'static str) -> Care {
    Care { verb, name, needs: &[], gives: None, outcomes, assurance: 0, raises: None, about }
}

impl Care {
    const fn needs(self, needs: &'static [(&'static str, &'static str)]) -> Care {
        Care { needs, ..self }
    }

    const fn gives(self, gives: &'static str) -> Care {
        Care { gives: Some(gives), ..self }
    }

    /// The caller must be known from the records.
    const fn of_a_patient(self) -> Care {
        Care { assurance: 2, ..self }
    }
}

/// Every verb.
pub const CARE: &[Care] = &[
    Care {
        raises: Some(2),
        ..row(
            Verb::PatientFind,
            "patient.find",
            &["found", "several", "none"],
            "Looks for the record of the caller.",
        )
        .needs(&[("birth", "date"), ("zip", "digits")])
        .gives("patient")
    },
    row(Verb::AppointmentSearch, "appt.search", &["found", "none"], "Looks for free times.")
        .needs(&[("visit", "text")])
        .gives("list of appointment")
        .of_a_patient(),
    row(Verb::AppointmentList, "appt.list", &["found", "none"], "Looks for the visits that the patient has.")
        .gives("list of appointment")
        .of_a_patient(),
    row(Verb::AppointmentBook, "appt.book", &["done", "taken"], "Takes a time for the patient.")
        .needs(&[("slot", "appointment")])
        .gives("appointment")
        .of_a_patient(),
    row(Verb::AppointmentCancel, "appt.cancel", &["done", "gone"], "Gives a visit back.")
        .needs(&[("visit", "appointment")])
        .of_a_patient(),
    row(Verb::RefillRequest, "refill.request", &["done"], "Asks the care team for more of a medicine.")
        .needs(&[("days_left", "number")])
        .gives("digits")
        .of_a_patient(),
    row(Verb::AnswersWrite, "answers.write", &["done"], "Keeps the caller's answers for the care team."),
    row(Verb::TaskCreate, "task.create", &["done"], "Puts the call on the care team's list."),
    row(Verb::OptOutSet, "optout.set", &["done"], "Stops the calls that the clinic makes to this number.")
        .needs(&[("phone", "phone")]),
    row(Verb::SurveySave, "survey.save", &["done"], "Keeps the answers of a survey."),
];

impl Verb {
    /// As steps write it.
    pub fn name(self) -> &'static str {
        CARE.iter().find(|care| care.verb == self).map_or("", |care| care.name)
    }
}

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
