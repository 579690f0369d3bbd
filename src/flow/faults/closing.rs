//! Pages of what is typed after `careline close`, codes F180 to F184, of closing by phone, F193 to F195,
//! and of numbers over trunks, F196 and F199: what flows and other files do not say the same of.

use super::{Example, Page, page};
use crate::flow::codes;

const NOTHING: &str = "Nothing changes for callers: a closing with a fault is not made.";

/// In the order of their codes.
pub const PAGES: &[Page] = &[
    page(
        codes::CLOSE_NUMBER,
        "The number that shall be closed is not in clinic.yaml, or none is named.",
        NOTHING,
        "Write the number as clinic.yaml has it; the fault names the nearest. `all` closes every number, also those that \
         clinic.yaml does not list.",
        Example::Told(
            "`careline close 10 until 17:00 --say closed.weather`; right is `careline close 100 until …`.",
        ),
    ),
    page(
        codes::CLOSE_UNTIL,
        "The end of a closing is missing, past, more than 14 days away, or no time on the clinic's clock.",
        NOTHING,
        "End with `until` and a time of 24 hours; name the day if it is not today.",
        Example::Told(
            "`careline close all --say closed.weather` has no end; right is `careline close all until tomorrow 08:00 --say \
             closed.weather`. `until 8am` is no time; right is `until 08:00`.",
        ),
    ),
    page(
        codes::CLOSE_SAY,
        "Nothing says what callers hear, or it is no prompt that is kept for closings.",
        NOTHING,
        "Name a prompt of prompts.yaml that begins with `closed.`: such prompts are checked and published without a step \
         that speaks them. What follows on the words is `--then after_hours` or `--then open`.",
        Example::Told("`--say closed.wether`; right is `--say closed.weather`."),
    ),
    page(
        codes::CLOSE_ZONE,
        "It is not certain on which clock the end of a closing is meant: hours.yaml is missing or has calendars in several \
         time zones, or the zone that was typed is not known.",
        NOTHING,
        "Say the zone as IANA names it, such as `--zone America/New_York`.",
        Example::Told("`--zone EST`; right is `--zone America/New_York`."),
    ),
    page(
        codes::CLOSE_URGENT,
        "The number leads to one of `urgent_flows` in clinic.yaml.",
        "Nothing changes for callers: who calls an urgent line is never told that it is closed.",
        "Leave the number out. If the flow is not urgent any more take it out of `urgent_flows` and publish.",
        Example::Told(
            "`careline close +16175550199 until 17:00 --say closed.weather` while clinic.yaml has `urgent_flows: \
             [after_hours]`.",
        ),
    ),
];

const AS_ALWAYS: &str = "Nothing changes for callers; nobody can close a line by phone until it is mended.";

/// Of closing by phone, in the order of their codes.
pub const BY_PHONE: &[Page] = &[
    page(
        codes::BY_PHONE_PIN,
        "The file that careline.yaml names under `close_by_phone` is not there, others than its owner may read it, or it holds \
         no PIN.",
        AS_ALWAYS,
        "Write 6 to 12 digits into it and nothing else, not those that everybody tries first, and `chmod 600` it. The engine \
         does not start with a PIN that it cannot use.",
        Example::Told("`close_by_phone: {number: 180, pin_file: close.pin}` while close.pin holds `1234`."),
    ),
    page(
        codes::BY_PHONE_NUMBER,
        "The number that is called to close lines stands in clinic.yaml too.",
        "Who calls that number is asked for the PIN and never comes to its flow.",
        "Take the number out of clinic.yaml, or close by phone at another one.",
        Example::Told("`close_by_phone: {number: 120, …}` while clinic.yaml has `120: office_info`."),
    ),
    page(
        codes::BY_PHONE_WORDS,
        "prompts.yaml lacks some of the words that are said to who closes lines by phone, or a prompt that begins with `closed.`.",
        "Who calls the number for it hears the flow of any other number.",
        "Add the prompts that the fault names, in every language; the shipped prompts.yaml has them all.",
        Example::Told("`close_by_phone` stands in careline.yaml while prompts.yaml has no `cp.pin`."),
    ),
];

/// Of those who are called.
pub const CALLED: &[Page] = &[
    page(
        codes::TRUNK,
        "A number is called over a trunk, and careline.yaml has no trunk of that name, or one that says nothing of calls out.",
        "Who asks for a person would not reach this one.",
        "Give the trunk its `out` in careline.yaml, or name one that has it.",
        Example::Told(
            "`call: \"trunk:carrier/+16175550123\"` while the only trunk of careline.yaml is `backup`.",
        ),
    ),
    page(
        codes::MENU_KEYS,
        "`keys` of who is called says what is pressed for his menu, by the caller's language. This is something else than keys, or \
         too many of them.",
        "The menu of who is called speaks another language than the caller's.",
        "Write digits, `*` and `#` in quotes, behind a language: `keys: {es: \"2\"}`.",
        Example::Told("`call: \"sip:help@10.0.0.5\", keys: {es: two}`."),
    ),
    page(
        codes::INTERPRETER,
        "A `transfer` step wants an interpreter, and no vendor under `interpreters` in careline.yaml has the language.",
        "Caller and person would talk without one.",
        "Add the language to a vendor in careline.yaml, or take `interpreter` out of the step.",
        Example::Told("`interpreter: vi` while the only vendor of careline.yaml has `languages: [es]`."),
    ),
    page(
        codes::NOT_TAKEN,
        "A flow or a vendor of interpreters is called over a trunk, and the number begins with nothing that `allow` of that \
         trunk names in careline.yaml.",
        "The call would be refused, and whoever is next in the list called.",
        "Add the beginning of the number to `allow` of the trunk, or call another number.",
        Example::Told(
            "`call: \"trunk:carrier/+33145678901\"` while careline.yaml has `allow: [\"+1\"]` under `out` of `carrier`.",
        ),
    ),
];
