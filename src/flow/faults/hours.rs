//! Pages of hours.yaml and of lists of holidays: codes F060 to F069.

use super::{Example, Page, page, steps};
use crate::flow::codes;

const OPEN: &str = "A caller would be told that the clinic is open while nobody is there, or the reverse.";

/// In the order of their codes.
pub const PAGES: &[Page] = &[
    page(
        codes::CALENDAR,
        "An `hours` step asks a calendar that hours.yaml does not have, or there is no hours.yaml.",
        "Nobody could tell whether the clinic is open.",
        "Write the calendar's name as hours.yaml has it, or add the calendar there.",
        steps(
            "  a: {hours: front_desk, next: {open: person, closed: message}}",
            "  a: {menu: vm.closed_now, keys: {1: message}}",
        ),
    ),
    page(
        codes::ZONE,
        "The time zone is not one of the IANA list.",
        "Nobody would know when it is eight o'clock.",
        "Write the place, such as `America/New_York`; the fault names the nearest.",
        Example::Told("`zone: America/NewYork` in hours.yaml; right is `zone: America/New_York`."),
    ),
    page(
        codes::WEEK,
        "A calendar does not say what holds on some day of the week.",
        OPEN,
        "Name every day; a day on which nobody is there is `closed`.",
        Example::Told(
            "`mon-fri: 08:00-17:00` alone under `week` says nothing of Saturday and Sunday; add `sat, sun: closed`.",
        ),
    ),
    page(
        codes::OVERLAP,
        "One time of opening begins before another is over.",
        "Nothing now, but nobody can tell which of the two was meant.",
        "Let one end where the other begins, or make one of the two.",
        Example::Told("`mon: 08:00-12:00, 11:30-17:00`; right is `mon: 08:00-17:00`."),
    ),
    page(
        codes::HOLIDAY,
        "The rule that says when a holiday is cannot be read.",
        OPEN,
        "Write it as the guide to opening hours shows: a date, an nth weekday of a month, or days from Easter.",
        Example::Told(
            "`Labor Day: first monday of setember`; right is `Labor Day: first monday of september`.",
        ),
    ),
    page(
        codes::ICS,
        "A line of a list of holidays (an iCalendar file) is not understood. Nothing of such a file is passed over in \
         silence.",
        OPEN,
        "Get the file anew from where it came, or write its holidays as rules in hours.yaml.",
        Example::Told("`RRULE:FREQ=HOURLY`: a holiday that comes every hour."),
    ),
    page(
        codes::ENDS,
        "The list of holidays names none from soon after today on. This is a warning: nothing is stopped by it.",
        "On holidays that are not listed a caller would be told that the clinic is open.",
        "Get the next list and put it in the place of the old one, or write the holidays as rules.",
        Example::Told("A file of the holidays of this year, in December."),
    ),
];
