//! Pages of triage trees and their signatures: codes F160 to F179.

use super::{Example, Page, page};
use crate::flow::codes;

const UNASKED: &str = "Somebody in danger would wait where everybody waits.";

/// In the order of their codes.
pub const PAGES: &[Page] = &[
    page(
        codes::RED_FLAG,
        "Every way by answers to a nurse or a person must have asked about each red flag: chest pain and breathing, \
         stroke, bleeding and collapse, seizure and swelling, poison, self-harm. This one passes by at least one of them.",
        UNASKED,
        "Ask the missing question before, as an `ask` with the `code` that the fault names. Keys 0, 4 and 9, silence and \
         wrong keys lead up by themselves and need nothing.",
        Example::Told(
            "`breath: {ask: tr.redflag1, code: chest-breathing, next: {yes: emergency_exit, no: nurse}}` asks about one sign of six.",
        ),
    ),
    page(
        codes::TRIAGE_KEYS,
        "A menu of a triage tree gives 0, 4 or 9 another meaning.",
        "Who presses it for a person, a nurse or help in a crisis would get something else.",
        "Give the answer 1, 2, 3, 5 or 6.",
        Example::Told("`keys: {1: begin, 4: later}`; right is `keys: {1: begin, 3: later}`."),
    ),
    page(
        codes::AWAY,
        "A step of a triage tree leads to a message, to another flow, or ends the call.",
        "Who may be in danger would get less than a person.",
        "Let it lead to a step of the tree, or to `emergency_exit`, `crisis`, `nurse` or `person`.",
        Example::Told(
            "`next: {yes: emergency_exit, no: message}`; right is `next: {yes: emergency_exit, no: nurse}`.",
        ),
    ),
    page(
        codes::TRIAGE_CIRCLE,
        "A step of a triage tree leads back to itself, over other steps or at once.",
        "A caller in danger could be asked the same again and again.",
        "Let each answer lead on. The star key says every question again, so no step need do it.",
        Example::Told("`last: {ask: tr.selfharm, code: self-harm, next: {yes: crisis, no: first}}`."),
    ),
    page(
        codes::UNTESTED,
        "A way by answers through the tree has no test.",
        "Nothing: but nobody has said where a caller with these answers must come, so a slip in the tree is not seen.",
        "Add the lines that the fault names under `tests`, each with the name of what the caller has.",
        Example::Told("`- {name: stroke, keys: [2, 1], exit: emergency}`."),
    ),
    page(
        codes::NUMBERS_DIFFER,
        "A text says other digits in one language than in another: a telephone number or a key.",
        "Callers of one language would dial or press what was never judged.",
        "Say the same numbers in every language.",
        Example::Told("`Call 9 1 1` in English and `Llame al 1 1 2` in Spanish."),
    ),
    page(
        codes::YES_NO,
        "In every question of a triage tree 1 is yes and 2 is no; this text says something else, or not both.",
        "A caller's yes could be taken for a no.",
        "End the text with \"Press 1 for yes. Press 2 for no.\", in Spanish \"Marque 1 para sí. Marque 2 para no.\"",
        Example::Told("\"Is there chest pain? Press 1 for no. Press 2 for yes.\""),
    ),
    page(
        codes::UNSIGNED,
        "The tree has no signature, or a step, a text or a sound of it changed since, or its review is overdue. This is a \
         warning: nothing is stopped by it.",
        "Callers hear the emergency line and then get a nurse, without the questions of the tree.",
        "Let a clinical lead read and sign it: `careline sign FLOW --by NAME --licence NUMBER/STATE`.",
        Example::Told("The shipped tree is a draft: nobody of your clinic has signed it."),
    ),
    page(
        codes::SELF_CARE,
        "A step or exit of a triage tree is named after advice, or after an end without help.",
        "A recording would tell somebody whom nobody has seen what to do.",
        "Let the caller talk with a nurse. If it is none of it, give the step another name.",
        Example::Told("`self_care: {say: tr.rest, next: person}`."),
    ),
    page(
        codes::QUESTION,
        "A question has more than 25 words before its keys.",
        "Who is in pain has lost its beginning when it ends, and answers something else.",
        "Ask one thing in a short sentence; make two questions of it.",
        Example::Told("\"Is there chest pain, or pain in the arm or in the jaw, that began at once and …?\""),
    ),
    page(
        codes::EMERGENCY_WORDS,
        "The words of a step that leads to `emergency_exit` do not say the emergency number.",
        "A caller in danger would not hear whom to call.",
        "Say it digit by digit, in every language.",
        Example::Told("\"This may be an emergency. Stay on the line.\""),
    ),
    page(
        codes::TEST_FAILS,
        "A test of a triage tree was run through the engine and ended elsewhere than it says.",
        "Either callers are led elsewhere than was meant, or the test is wrong: both want a look.",
        "Read the step that the fault names, then mend the tree or the test.",
        Example::Told("`- {name: stroke, keys: [2, 1], exit: nurse}` where a yes leads to `emergency_exit`."),
    ),
    page(
        codes::TOO_MANY_WAYS,
        "So many ways lead through the tree that no person could have tried each.",
        "Nobody would know where all callers come.",
        "Ask less: a nurse asks the rest. Menus in a row multiply the ways; questions that lead up at once add one each.",
        Example::Told("Eight menus of two answers in a row have 256 ways."),
    ),
    page(
        codes::BAD_SIGNATURE,
        "The block `signed` does not hold what `careline sign` writes.",
        "Nobody could tell whether the signature holds.",
        "Sign the tree anew, or take the block out.",
        Example::Told("`review_due: next year`."),
    ),
    page(
        codes::STRANGE,
        "A triage tree says, asks, offers keys and gets a person, and nothing else.",
        "Nobody would have judged what happens to the caller here.",
        "Move what else is needed into a flow before or after the tree.",
        Example::Told("`pause: {wait: 3 s, next: stroke}` in a flow with `kind: triage`."),
    ),
    page(
        codes::YES_LEADS,
        "A yes to a red flag leads somewhere else than to the help that it needs at once: `emergency_exit`, for self-harm \
         `crisis`, for poison words with the number of poison help and then `nurse`.",
        "A caller in danger would wait where others wait.",
        "Let yes lead there, by itself or after words.",
        Example::Told("`next: {yes: nurse, no: stroke}` behind a question about chest pain."),
    ),
    page(
        codes::NO_CODE,
        "A question of a triage tree has no `code`, so nothing tells which sign it asks about.",
        UNASKED,
        "Add `code:`, one of those that the fault names, or a name of your own for a question of your own.",
        Example::Told("`breath: {ask: tr.redflag1, next: {yes: emergency_exit, no: stroke}}`."),
    ),
    page(
        codes::NOT_TRIAGE,
        "`intended_use`, `sources`, `tests` or `signed` stands in a flow that is no triage tree.",
        "Nothing: but its questions would be asked without the rules of triage.",
        "Add `kind: triage`, or take the word out.",
        Example::Told("`tests:` in main_menu.yaml."),
    ),
];
