//! Records that flows hold by one name: their fields, one table.
//!
//! Everything in them tells of a patient. Not here: where they come from ([`super::care`]).

use crate::flow::expression::types::{Assigned, Flags, Type, Variable};
use std::collections::BTreeMap;

/// A field of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// The record.
    pub record: &'static str,
    /// The field's name.
    pub name: &'static str,
    /// Its type as files write it, or the choices, parted by `|`.
    pub kind: &'static str,
    /// What it holds.
    pub about: &'static str,
}

const fn field(record: &'static str, name: &'static str, kind: &'static str, about: &'static str) -> Field {
    Field { record, name, kind, about }
}

/// All fields of all records.
pub const FIELDS: [Field; 8] = [
    field("patient", "name", "text", "the name, as the records write it"),
    field("patient", "birth", "date", "the day of birth"),
    field("patient", "language", "en | es", "the language that the patient speaks"),
    field("patient", "phone", "phone", "the number that the clinic calls back"),
    field("appointment", "day", "date", "the day"),
    field("appointment", "time", "time", "the time of day"),
    field("appointment", "with", "text", "with whom"),
    field("appointment", "code", "digits", "the number by which it is changed or given back"),
];

/// The records, for expressions.
pub fn fields() -> BTreeMap<String, BTreeMap<String, Variable>> {
    let mut records: BTreeMap<String, BTreeMap<String, Variable>> = BTreeMap::new();
    for Field { record, name, kind, .. } in FIELDS {
        let flags = Flags { phi: true, secret: false };
        let variable = Variable { kind: kind_of(kind), flags, assigned: Assigned::Always };
        records.entry(record.to_owned()).or_default().insert(name.to_owned(), variable);
    }
    records
}

/// The plain types that fields have.
fn kind_of(kind: &str) -> Type {
    match kind {
        "text" => Type::Text,
        "date" => Type::Date,
        "time" => Type::Time,
        "digits" => Type::Digits,
        "phone" => Type::Phone,
        choices => Type::Choice(choices.split('|').map(|choice| choice.trim().to_owned()).collect()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_has_its_type_and_tells_of_a_patient() {
        let records = fields();
        assert_eq!(records.keys().collect::<Vec<_>>(), ["appointment", "patient"]);
        let shown: Vec<String> =
            records["patient"].iter().map(|(name, variable)| format!("{name}: {}", variable.kind)).collect();
        assert_eq!(
            shown,
            ["birth: a date", "language: a choice of en, es", "name: a text", "phone: a telephone number"]
        );
        assert!(records.values().flat_map(BTreeMap::values).all(|field| field.flags.phi));
    }
}
