//! Pages of faults of slots, and of the languages that speak what fills them.

use super::{Example, Page, page, words};
use crate::flow::codes;

const PERSON: &str = "A person would be called, because the words cannot be said to their end.";

/// In the order of their codes.
pub const PAGES: &[Page] = &[
    page(
        codes::MANNER,
        "Behind the colon of a slot stands how its value is spoken, and values of this type are not spoken so.",
        PERSON,
        "Write one of the manners that the fault names; `docs/admin-guide/values.md` has the table.",
        Example::Told(
            "`I have {visit:ordinal}.` where `visit` is a date: it can be `{visit}`, `{visit:day}`, `{visit:date}` or `{visit:full}`.",
        ),
    ),
    page(
        codes::BRACE,
        "A brace opens a place for a value and is not closed, or the other way round, or what stands in it is no name.",
        PERSON,
        "Write a slot as `{name}` or `{name:manner}`. A brace that is to be spoken does not exist.",
        words(
            "prompts.yaml",
            "en: \"This is the {Riverside Clinic.\"",
            "en: \"This is the Riverside Clinic.\"",
        ),
    ),
    page(
        codes::UNSPOKEN,
        "The value of a slot is a list or a record: nobody could say it in one breath.",
        PERSON,
        "Offer a list item by item with `offer:`, or name one value of a record.",
        Example::Told("`We have {times}.` where `times` is a list of times."),
    ),
    page(
        codes::SECOND_VOICE,
        "The value of a slot is not in the recordings, so a speech engine says it, in another voice than the words around it.",
        "Two voices in one sentence. If no engine is configured or it fails: digits alone, or a person.",
        "Nothing must be done. What can be recorded, `careline pieces LANGUAGE` lists; a text from outside, such as a name, cannot.",
        Example::Told("`Your visit is with {provider}.`: nobody has recorded the names of all providers."),
    ),
    page(
        codes::LANGUAGE_RULES,
        "A file in the folder `languages` has a word that means nothing there, lacks something, or cannot be read.",
        "A number, a date or a time would be spoken wrongly, or not at all; a key would not be offered as it works.",
        "The fault names the entry and the repair. `docs/admin-guide/languages.md` goes through the whole file.",
        Example::Told("`clock: 13` in `languages/fr.yaml`: hours are counted to 12 or to 24."),
    ),
];
