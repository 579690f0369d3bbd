//! Pages of what is wrong before a file says anything: it is no text, or no YAML, or YAML that misleads.

use super::{Example, Page, page, steps, words};
use crate::flow::diagnostic::TOO_MANY;
use crate::flow::syntax::tree;

const NOTHING_SERVED: &str = "Nothing of this file: it cannot be read any further.";

/// In the order of their codes.
pub const PAGES: &[Page] = &[
    page(
        tree::NOT_TEXT,
        "The file holds an octet that is no UTF-8 text. Older editors save letters such as é or ñ in another way.",
        NOTHING_SERVED,
        "Open the file in your editor and save it as UTF-8. Then look at the letters of the line that was named.",
        Example::Told("A file that an old editor saved as \"Latin-1\" or \"ANSI\"."),
    ),
    page(
        tree::TOO_LARGE,
        "The file is larger than a megabyte. No flow needs so much: something else was probably saved here.",
        NOTHING_SERVED,
        "Look whether the right file is in the folder. A flow that is too long is made into several flows.",
        Example::Told("A sound file that was saved as `main_menu.yaml`."),
    ),
    page(
        tree::TOO_DEEP,
        "There are more than 32 brackets in brackets. No flow needs more than five.",
        NOTHING_SERVED,
        "Look for a bracket that is opened again and again, and write the step out in lines of their own.",
        Example::Told("A line such as `[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[`."),
    ),
    page(
        tree::GRAMMAR,
        "The line breaks a rule of YAML, the way in which these files are written.",
        NOTHING_SERVED,
        "Compare the line with one above it that is right: one `name: value` on a line, names under one another in \
         the same column, and texts in quotation marks.",
        steps("  a: menu: vm.closed_now", "  a: {menu: vm.closed_now, keys: {1: message}}"),
    ),
    page(
        tree::TAB,
        "A tab stands where spaces belong. A tab is as wide as each editor likes, so nobody could say what belongs \
         under what.",
        NOTHING_SERVED,
        "Put spaces in its place, two for each level. `careline check --fix` does it where the neighbours show how many.",
        steps(
            "  a:\n\tmenu: vm.closed_now\n    keys: {1: message}",
            "  a:\n    menu: vm.closed_now\n    keys: {1: message}",
        ),
    ),
    page(
        tree::QUOTE,
        "A text begins with a quotation mark and never ends.",
        NOTHING_SERVED,
        "Put a quotation mark where the text ends. A quotation mark inside a text is written `\\\"`.",
        words("main_menu.yaml", "title: \"The front door", "title: The front door"),
    ),
    page(
        tree::TAG,
        "A word begins with `!`. For YAML that is a tag, which changes the value without showing it.",
        "Something else than what stands there.",
        "Take the `!` out, or put the whole text in quotation marks.",
        steps(
            "  a: {menu: vm.closed_now, keys: {1: !message}}",
            "  a: {menu: vm.closed_now, keys: {1: message}}",
        ),
    ),
    page(
        tree::ANCHOR,
        "A word begins with `&`. For YAML that is a second name, under which the value can be repeated elsewhere.",
        "Perhaps nothing else; but who reads the file can no longer see what is said where.",
        "Take the `&` and its word out, or put the whole text in quotation marks.",
        words("main_menu.yaml", "start: &first choose", "start: choose"),
    ),
    page(
        tree::MERGE,
        "`<<` mixes the names and values of another part of the file in, so that the step does more than it shows.",
        "Something that does not stand in the step.",
        "Write out what belongs here.",
        steps(
            "  a: {menu: vm.closed_now, keys: {1: message}, <<: {first_key: 9 s}}",
            "  a: {menu: vm.closed_now, keys: {1: message}, first_key: 9 s}",
        ),
    ),
    page(
        tree::DOCUMENTS,
        "`---` begins a second document, and only one can be meant.",
        "Only the first part.",
        "Make two files of it, or take the `---` out.",
        words("main_menu.yaml", "---\nflow: main_menu\n---", "flow: main_menu"),
    ),
    page(
        tree::TWICE,
        "The same name stands twice in one place, and only one of the two values can hold.",
        "One of the two, and nobody can tell which.",
        "Keep the one that is right. If both lines are the same to the letter, `careline check --fix` takes one out.",
        words("main_menu.yaml", "start: choose\nstart: more", "start: choose"),
    ),
    page(
        tree::POUND,
        "A line begins with `#:`. `#` begins a remark, so YAML passes over the whole line.",
        "A caller who presses pound would get more time, and nothing else.",
        "The pound key is written `pound`. In menus it always gives more time, so the line is not needed.",
        steps(
            "  a:\n    menu: vm.closed_now\n    keys:\n      1: message\n      #: nurse",
            "  a:\n    menu: vm.closed_now\n    keys:\n      1: message",
        ),
    ),
    page(
        tree::STAR,
        "A line begins with `*:`. `*` begins an alias in YAML, so the star key cannot be written like this.",
        NOTHING_SERVED,
        "The star key is written `star`. In menus it always repeats what was said, so the line is not needed.",
        steps(
            "  a:\n    menu: vm.closed_now\n    keys:\n      1: message\n      *: nurse",
            "  a:\n    menu: vm.closed_now\n    keys:\n      1: message",
        ),
    ),
    page(
        tree::CUT,
        "` #` begins a remark, so the text ends before it.",
        "Only the words before the `#`.",
        "Put the whole text in quotation marks. A remark goes on a line of its own.",
        words("prompts.yaml", "en: One moment # please", "en: \"One moment, please.\""),
    ),
    page(
        tree::DIRECTIVE,
        "A line that begins with `%` tells YAML to read the file in another way.",
        NOTHING_SERVED,
        "Take the line out. A text that begins with % goes in quotation marks.",
        words("main_menu.yaml", "%YAML 1.2\n---\nflow: main_menu", "flow: main_menu"),
    ),
    page(
        tree::EMPTY,
        "The file holds nothing, or remarks alone.",
        "Nothing: there is no such flow.",
        "Delete the file, or write what belongs in it.",
        Example::Told("A new file that was saved before anything was written."),
    ),
    page(
        TOO_MANY,
        "There are more faults than anybody can repair at once, so the rest is not shown.",
        "Nothing of these files.",
        "Repair the first ones and check again: often one fault makes many.",
        Example::Told("A file of another program that was saved in the folder of flows."),
    ),
    page(
        tree::BRACKET,
        "A bracket is opened and not closed.",
        NOTHING_SERVED,
        "Close it with the same kind: `{` with `}`, `[` with `]`.",
        steps(
            "  a: {menu: vm.closed_now, keys: {1: message}",
            "  a: {menu: vm.closed_now, keys: {1: message}}",
        ),
    ),
    page(
        tree::ALIAS,
        "A word begins with `*`. For YAML that repeats a value from another part of the file.",
        "Something that does not stand here.",
        "Write the value out. The star key is written `star`. A text that begins with * goes in quotation marks.",
        words("main_menu.yaml", "start: *first", "start: choose"),
    ),
];
