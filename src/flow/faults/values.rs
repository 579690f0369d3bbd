//! Pages of saved values and of what steps ask for: codes F185 to F199.

use super::{Example, Page, page, steps};
use crate::flow::codes;

/// In the order of their codes.
pub const PAGES: &[Page] = &[
    page(
        codes::EXPRESSION,
        "A condition behind `when`, or a value behind `set`, cannot be read.",
        "Nobody would know which way the call shall take, so a person would be called.",
        "Write names of saved values, numbers, words in quotation marks, and the signs that the guide to saved values \
         lists.",
        steps(
            "  a: {when: 1 + 2 =, next: {yes: person, no: nurse}}",
            "  a: {when: 1 + 2 == 3, next: {yes: person, no: nurse}}",
        ),
    ),
    page(
        codes::COLLECT,
        "The parts of a `collect` step do not fit together: a length that is none, a bound that belongs to another kind of \
         entry, a date without its read-back, a number without its greatest value.",
        "A caller would be asked for something that he could not type, or be taken for somebody else.",
        "Write what the message says; the guide to steps lists what belongs to each kind of entry.",
        steps(
            "  a: {collect: u.one_moment, as: number, save: days, next: person}",
            "  a: {collect: u.one_moment, as: number, to: 99, save: days, next: person}",
        ),
    ),
    page(
        codes::PASSED,
        "What stands behind a name under `with`, or behind `from`, is not a saved value.",
        "Nothing could be said or asked at this place.",
        "Write `$` and the name under which a step saved the value. A fixed value is named with a `set` step first.",
        Example::Told("`with: {day: visit}` where `with: {day: $visit}` is meant."),
    ),
    page(
        codes::CARE_VERB,
        "A `care` step asks the records for something that they do not know, or saves what gives nothing.",
        "The caller would be led to a person.",
        "Use one of the words that the guide to steps lists.",
        steps(
            "  a: {care: optout.sett, next: {done: person}}",
            "  a: {care: optout.set, next: {done: person}}",
        ),
    ),
    page(
        codes::OUTCOME,
        "A step can end in several ways, and `next` lacks one of them or names one that it never has.",
        "A caller to whom this happens would hear nothing more.",
        "Name every outcome under `next`; `failed` may be left out and is a person then.",
        steps(
            "  a: {care: optout.set, next: {finished: person}}",
            "  a: {care: optout.set, next: {done: person}}",
        ),
    ),
    page(
        codes::TYPE,
        "The type of a value under `takes`, `gives` or `answer` is not known.",
        "What it holds could not be used.",
        "Write text, digits, number, date, time, duration, money, phone, bool, patient or appointment, or `list of` one of \
         them.",
        Example::Told("`gives: {birth: day}` where `gives: {birth: date}` is meant."),
    ),
    page(
        codes::CALLED_FLOW,
        "A `call` step names a flow that does not exist, or one that does not say what it gives back.",
        "The caller would not come back to this flow.",
        "Name a flow with `gives:`; to go to another flow and stay there, use `next`.",
        steps("  a: {call: after_hours, next: person}", "  a: {menu: vm.closed_now, keys: {1: message}}"),
    ),
    page(
        codes::REHEARSAL,
        "A test beside a flow cannot be played, or the call in it comes out otherwise than it is written. `careline test` \
         plays all tests, and `careline publish` does before it publishes.",
        "Perhaps something that nobody meant: either the flow or the test is wrong.",
        "Read what the message says was heard. Mend the flow if callers are led wrongly, else the test.",
        Example::Told("`then: {exit: informed}` where the call comes to `person`."),
    ),
];
