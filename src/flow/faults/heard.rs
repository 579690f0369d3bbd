//! Pages of what is spoken and where it leads: codes F050 to F059.

use super::{Example, Page, page, steps, words};
use crate::flow::codes;

const MENU: &str = "  a: {menu: vm.closed_now, keys: {1: message}}";

/// In the order of their codes.
pub const PAGES: &[Page] = &[
    page(
        codes::OPT_OUT,
        "Key 8 means \"do not call me again\" in calls that the clinic makes. In calls to the clinic it means nothing, so \
         that nobody learns a second meaning.",
        "A caller who knows 8 from the clinic's calls would think that the clinic never calls again.",
        "Give the answer another key, and say that one in the text.",
        steps("  a: {menu: vm.closed_now, keys: {1: message, 8: person}}", MENU),
    ),
    page(
        codes::KEYS_DIFFER,
        "The same prompt offers a key in one language and not in another.",
        "Callers of one language would not know of a choice that the others have.",
        "Say the same keys in every language.",
        words("prompts.yaml", "Cuando termine, espere.", "Cuando termine, marque gato."),
    ),
    page(
        codes::GRADE,
        "The words are longer or harder than most callers can follow by ear: in English over grade 6.5 (Flesch-Kincaid), \
         in Spanish under 60 (Fernández-Huerta). Texts of fewer than 10 words are not judged.",
        "Words that a tired or frightened caller hears and does not understand.",
        "Use short words and short sentences, one thing in each.",
        words(
            "prompts.yaml",
            "We documented your communication. An administrator will telephone you subsequently, immediately following the next operational day.",
            "We got your message. A person will call you back before the end of the next work day.",
        ),
    ),
    page(
        codes::UNUSED,
        "A prompt stands in prompts.yaml and no step, and not the engine itself, speaks it. This is a warning: nothing is \
         stopped by it.",
        "Nothing: no caller ever hears it.",
        "Let a step speak it, or take it and its sound out.",
        Example::Told("A prompt `mm.old` that no flow names."),
    ),
    page(
        codes::UNHEARD_KEY,
        "A text offers a key at a place where nothing waits for that key.",
        "A caller would do as told, and nothing would happen.",
        "Take the key out of the text, or make a menu of the step.",
        steps("  a: {say: mm.menu, next: person}", "  a: {say: u.one_moment, next: person}"),
    ),
    page(
        codes::SLOTS,
        "A prompt has a place for a value, such as `{date}`, in one language and not in another.",
        "Callers of one language would not hear the value.",
        "Write the same places in every language.",
        Example::Told("`en: \"We close at {time}.\"` beside `es: \"Hoy cerramos.\"`."),
    ),
    page(
        codes::NO_PERSON,
        "Whoever calls this number hears some words and is hung up on: no way through the flow comes to a question or to \
         a person.",
        "Words, and then the end of the call.",
        "Let the last words lead to a menu or to `person`.",
        steps(
            "  a: {say: u.one_moment, next: b}\n  b: {say: u.goodbye, end: visits}",
            "  a: {say: u.one_moment, next: person}",
        ),
    ),
    page(
        codes::NOT_REACHED,
        "No number and no step of another flow leads to this flow. This is a warning: nothing is stopped by it.",
        "Nothing: no caller ever comes there.",
        "Give it a number in clinic.yaml, let a step lead to it, or take the file out.",
        Example::Told("A file `spare.yaml` that clinic.yaml does not name."),
    ),
];
