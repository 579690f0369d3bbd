//! Pages of what values are, where they are known and where they may go: codes F140 to F159.

use super::{Example, Page, page, steps};
use crate::flow::codes;

const PERSON: &str = "The caller would be given a person at this place.";

/// In the order of their codes.
pub const PAGES: &[Page] = &[
    page(
        codes::UNSAVED,
        "A condition, a prompt or `with` names a value, and no step of any flow saves one under this name.",
        PERSON,
        "Correct the name, or let a step before save the value.",
        steps(
            "  a: {when: days >= 3, next: {yes: person, no: nurse}}",
            "  a: {collect: u.one_moment, as: number, to: 99, save: days, next: b}\n  b: {when: days >= 3, next: {yes: person, no: nurse}}",
        ),
    ),
    page(
        codes::NOT_ALWAYS,
        "A value is saved, but not on every way that leads to the step that asks for it. The message names a step from which a way comes without it. A flow that is called sees what it `takes`, and nothing else of the flow that called it.",
        PERSON,
        "Save it on that way too, ask first whether it is there (`is known`), or lead that way somewhere else.",
        steps(
            "  a: {when: now() < '12:00', next: {yes: b, no: c}}\n  b: {collect: u.one_moment, as: number, to: 99, save: days, next: c}\n  c: {when: days >= 3, next: {yes: person, no: nurse}}",
            "  a: {when: now() < '12:00', next: {yes: b, no: c}}\n  b: {collect: u.one_moment, as: number, to: 99, save: days, next: c}\n  c: {when: days is known and days >= 3, next: {yes: person, no: nurse}}",
        ),
    ),
    page(
        codes::TWO_KINDS,
        "Two ways lead to a step, and each has saved another kind of value under the same name. Choices are no such case: their answers are put together.",
        PERSON,
        "Give one of the two values another name.",
        steps(
            "  a: {when: now() < '12:00', next: {yes: b, no: c}}\n  b: {collect: u.one_moment, as: number, to: 99, save: days, next: d}\n  c: {collect: u.one_moment, as: digits, save: days, next: d}\n  d: {when: days == 3, next: {yes: person, no: nurse}}",
            "  a: {when: now() < '12:00', next: {yes: b, no: c}}\n  b: {collect: u.one_moment, as: number, to: 99, save: days, next: d}\n  c: {collect: u.one_moment, as: number, to: 9, save: days, next: d}\n  d: {when: days == 3, next: {yes: person, no: nurse}}",
        ),
    ),
    page(
        codes::MIXED,
        "A condition or a value compares or adds what does not fit together, names a function or a field that does not exist, or writes a date, a time or an answer as nobody can read it.",
        "Nobody would know which way the call shall take, so a person would be called.",
        "Do what the message says; the guide to saved values lists what may stand in a condition.",
        steps(
            "  a: {collect: u.one_moment, as: number, to: 99, save: days, next: b}\n  b: {when: days == '3', next: {yes: person, no: nurse}}",
            "  a: {collect: u.one_moment, as: number, to: 99, save: days, next: b}\n  b: {when: days == 3, next: {yes: person, no: nurse}}",
        ),
    ),
    page(
        codes::KIND_WANTED,
        "A value is of another kind than what belongs there: `when` wants what is yes or no, `offer` wants a list, a prompt wants what can be spoken, a flow or the records want what they take.",
        PERSON,
        "Name another value, compare it with something, or name a field of it.",
        steps(
            "  a: {collect: u.one_moment, as: number, to: 99, save: days, next: b}\n  b: {when: days + 1, next: {yes: person, no: nurse}}",
            "  a: {collect: u.one_moment, as: number, to: 99, save: days, next: b}\n  b: {when: days + 1 > 3, next: {yes: person, no: nurse}}",
        ),
    ),
    page(
        codes::LEAK,
        "A value that was asked for with `secret: yes`, or one that is made of it, would be spoken or put into an address; or one that tells of a patient would be put into an address, which every machine on the way writes down.",
        "The caller's PIN, aloud; or nothing, while others could read it.",
        "Take it out of the text. A secret is compared, or sent in the body of a request.",
        Example::Told("The prompt of a `say` step says `{pin}`, and `pin` was asked for with `secret: yes`."),
    ),
    page(
        codes::ASSURANCE,
        "A step tells or changes something that is the patient's alone, and on some way it is not known well enough who calls: L1 is a number that the records know, L2 a birth date and a postal code or name, L3 a PIN or code beside.",
        "Somebody else could hear of the patient, or change his appointment.",
        "Let the flow that finds out who calls come before this step, on every way.",
        Example::Told("`{care: appt.list, …}` before any step has found the patient: call `identify` first."),
    ),
    page(
        codes::PARAMETER,
        "`with` of a `call` or `care` step does not fit what the called flow takes, or the records need: a value is missing, or one is handed over that nobody takes.",
        PERSON,
        "Hand over each value under the name that the flow has under `takes`, and no other.",
        steps(
            "  a: {collect: u.one_moment, as: number, to: 99, save: days, next: b}\n  b: {care: optout.set, with: {days: $days}, next: {done: person}}",
            "  a: {collect: u.one_moment, as: number, to: 99, save: days, next: b}\n  b: {care: optout.set, next: {done: person}}",
        ),
    ),
    page(
        codes::RESULT,
        "A flow comes to `return` on some way without a value that it promises under `gives`, or with one of another kind; or a `call` saves what the flow does not give.",
        "Whoever called the flow would go on without the value, and the caller be given a person.",
        "Save it on every way to `return`, or correct `gives`.",
        Example::Told(
            "`gives: {birth: date}`, and one way leads to `return` before the birth date was asked for.",
        ),
    ),
    page(
        codes::RETURN,
        "A step leads to `return` in a flow without `gives`, which nobody can call; or a step or a number leads into a flow with `gives` in place of calling it.",
        PERSON,
        "Name the step that follows, or give the flow `gives: {}`; `call` a flow that has it in place of going there.",
        steps(
            "  a: {menu: vm.closed_now, keys: {1: return}}",
            "  a: {menu: vm.closed_now, keys: {1: message}}",
        ),
    ),
    page(
        codes::NEVER_RETURNS,
        "A flow is called, and no way through it leads to `return`.",
        "What follows on the call would never be heard.",
        "Let a step of the flow lead to `return`, or go there with `next`.",
        Example::Told(
            "`{call: identify, next: visits}`, and every way through `identify` ends with a person.",
        ),
    ),
    page(
        codes::CIRCLE,
        "A flow calls another that calls the first again, perhaps over several. The message names all of them.",
        "The same questions again, and after some rounds a person.",
        "Let one of them lead on with `next` in place of `call`.",
        Example::Told("`identify` calls `new_patient`, and `new_patient` calls `identify`."),
    ),
    page(
        codes::NOT_USED,
        "A step saves a value, and no step behind it asks for it; or a flow takes a value that it does not ask for. A warning.",
        "A question whose answer changes nothing.",
        "Use the value, or take `save` out.",
        Example::Told("`{menu: mm.menu, …, save: visit}` where no step asks for `visit`."),
    ),
    page(
        codes::VALUE_NAME,
        "A condition could not ask for a value with this name: names of values are letters, digits and `_`, begin with a letter, and are none of the words of conditions. `value` is what a step itself holds.",
        "What was saved could not be used.",
        "Use another name, such as `days_left`.",
        steps(
            "  a: {collect: u.one_moment, as: number, to: 99, save: days-left, next: person}",
            "  a: {collect: u.one_moment, as: number, to: 99, save: days_left, next: person}",
        ),
    ),
    page(
        codes::OTHER_KEY,
        "An answer that callers meet in several menus has another key here: `yes`, `no`, `goodbye` and their like, or an answer that leads to the same flow or the same person. A warning.",
        "Who has learnt a key presses it here too, and gets something else.",
        "Give the answer the key that it has elsewhere, in the texts too.",
        Example::Told("`{1: yes, 3: no}` in a menu: in every question of yes and no, 2 is no."),
    ),
];
