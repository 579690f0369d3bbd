//! Pages of what is typed after `careline close`: codes F180 to F184.

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
