//! Pages of faults that one word or one value makes: codes from F101 on.

use super::{Page, page, steps, words};
use crate::flow::codes;

const MENU: &str = "  a: {menu: vm.closed_now, keys: {1: message}}";

/// In the order of their codes.
pub const PAGES: &[Page] = &[
    page(
        codes::NO_ACT,
        "None of the words of this step says what it does.",
        "Nothing: the step does nothing.",
        "Write one of `say`, `menu`, `language`, `record`, `person`. `careline check --fix` corrects a slip that can mean only one.",
        steps("  a: {mneu: vm.closed_now, keys: {1: message}}", MENU),
    ),
    page(
        codes::ANSWER,
        "`next` of a menu names an answer, and no key of this menu has it.",
        "The answer that was meant would lead somewhere else.",
        "Write the answer as `keys` names it, or `else` for all that are not named.",
        steps(
            "  a: {menu: vm.closed_now, keys: {1: leave}, next: {leaf: message}}",
            "  a: {menu: vm.closed_now, keys: {1: leave}, next: {leave: message}}",
        ),
    ),
    page(
        codes::OFFER,
        "A `language` step stands outside the entry flow, and 2 chooses the language there only.",
        "An offer that no key answers.",
        "Move the step to the entry flow.",
        steps("  a: {language: u.language, next: person}", "  a: {say: u.one_moment, next: person}"),
    ),
    page(
        codes::NOTHING,
        "A name has a colon, and nothing stands behind it.",
        "Nothing: the line says nothing.",
        "Write what belongs there, or take the line out.",
        words("main_menu.yaml", "start:\n", "start: choose\n"),
    ),
    page(
        codes::EMPTY_STEP,
        "A step has a name and nothing else.",
        "Nothing at this step.",
        "Say what the step does, or take it out.",
        steps("  a:", MENU),
    ),
    page(
        codes::NAME,
        "Names of steps, flows, prompts, answers and exits are lower-case letters, digits, `_`, `-` and `.`, so that \
         everybody writes them the same way.",
        "Nothing of this step.",
        "Write the name without spaces and capitals: `front_desk`.",
        steps("  A step: {person: u.agent}", "  a: {person: u.agent}"),
    ),
    page(
        codes::CHOICE,
        "Only a few words may stand here, and this is none of them.",
        "What holds when nothing is said, which may be the opposite.",
        "Write one of the words that the fault names.",
        words("clinic.yaml", "recording: yes", "recording: on"),
    ),
    page(
        codes::NUMERAL,
        "A whole number belongs here, and it must lie between two bounds.",
        "What holds when nothing is said.",
        "Write a number within the bounds that the fault names, in digits.",
        words("clinic.yaml", "tries: two", "tries: 2"),
    ),
    page(
        codes::TIME,
        "A time belongs here. It has a number and a unit, and must lie between two bounds.",
        "What holds when nothing is said.",
        "Write it as `8 s` or `2 min`, within the bounds that the fault names.",
        words("clinic.yaml", "ring: 25}", "ring: 25 s}"),
    ),
    page(
        codes::NO_KEY,
        "`keys` of a menu names something that is no key of a telephone.",
        "Nothing: nobody can press it.",
        "Keys that a menu may use are 1, 2, 3, 5, 6, 7 and 8.",
        steps("  a: {menu: vm.closed_now, keys: {1: message, A: nurse}}", MENU),
    ),
    page(
        codes::KEY_SIGN,
        "`#` and `*` have a meaning of their own in YAML, so the keys are written as words.",
        "A caller who presses the key would get what it always does: star repeats, pound gives more time.",
        "Write `star` or `pound`; `careline check --fix` does it. In menus both work by themselves, so the line is not needed.",
        steps("  a: {menu: vm.closed_now, keys: {1: message, '#': nurse}}", MENU),
    ),
    page(
        codes::KEY_TWICE,
        "A menu gives the same key two meanings.",
        "One of the two.",
        "Give one of them another key, in the texts too.",
        steps("  a: {menu: vm.closed_now, keys: {1: message, 01: nurse}}", MENU),
    ),
    page(
        codes::SEVERAL,
        "A step does one thing that the caller notices, and this one does several.",
        "Only one of them.",
        "Make two steps of it, and let the first lead to the second with `next`.",
        steps(
            "  a: {menu: vm.closed_now, say: u.one_moment, keys: {1: message}}",
            "  a: {say: u.one_moment, next: b}\n  b: {menu: vm.closed_now, keys: {1: message}}",
        ),
    ),
    page(
        codes::NEXT_AND_END,
        "A step either goes on with `next` or ends the call with `end`.",
        "Perhaps the end of the call, perhaps more.",
        "Take one of them out.",
        steps(
            "  a: {say: u.one_moment, next: person, end: visits}",
            "  a: {say: u.one_moment, next: person}",
        ),
    ),
    page(
        codes::FILE_NAME,
        "A flow stands in a file that is named after something else.",
        "Nothing else; but nobody would find the flow.",
        "Give the file the flow's name, or the flow the file's.",
        words("main_menu.yaml", "flow: front_door", "flow: main_menu"),
    ),
    page(
        codes::EARLY_KEY,
        "Until the first menu of a call is over, 2 chooses the second language and 7 stops the recording.",
        "Who presses the key in this menu would not get what the menu offers.",
        "Give the answer another key, in the texts too.",
        words(
            "main_menu.yaml",
            "keys: {1: visits, 7: refill, 5: billing, 6: more}",
            "keys: {1: visits, 3: refill, 5: billing, 6: more}",
        ),
    ),
    page(
        codes::START,
        "`start` names a step that this flow does not have.",
        "The flow could not begin: a person would be called.",
        "Correct the name. `careline check --fix` corrects a slip that can mean only one step.",
        words("main_menu.yaml", "start: chose", "start: choose"),
    ),
    page(
        codes::RUNG_ORDER,
        "A message stands before the last rung of the person ladder.",
        "The persons after it would never be called.",
        "Make the message the last rung.",
        words(
            "clinic.yaml",
            "  - {message: vm.record_now, saved: vm.saved_next_day, promise: 1 working day}\n  - {call: \"sip:nurse@127.0.0.1\"}",
            "  - {message: vm.record_now, saved: vm.saved_next_day, promise: 1 working day}",
        ),
    ),
    page(
        codes::ENTRY_ROUTE,
        "Every call begins with the entry flow by itself; a number leads to what follows it.",
        "The first words again and again.",
        "Name the flow that the caller hears after the first words.",
        words("clinic.yaml", "default: entry", "default: main_menu"),
    ),
    page(
        codes::NUMBER_TWICE,
        "A called number stands twice. Spaces, dashes, dots and parentheses do not make it another number.",
        "One of the two flows.",
        "Keep one of the lines.",
        words("clinic.yaml", "199: after_hours\n  \"1-99\": main_menu", "199: after_hours"),
    ),
    page(
        codes::NEVER_CALLED,
        "The entry flow never leads to the flow of the number that was called.",
        "Every number would sound the same.",
        "Let the last step of the entry flow say `next: called_number`.",
        words("entry.yaml", "{say: u.person, next: person}", "{say: u.person, next: called_number}"),
    ),
];
