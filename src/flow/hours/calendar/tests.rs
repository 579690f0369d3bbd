//! What calendars answer: on the edges of days, hours, holidays and daylight saving, and until when.

use super::*;
use crate::flow::diagnostic::{Paint, Sources};
use crate::flow::read::hours::{self, HoursText, IcsFile};
use crate::flow::syntax::tree::{self, Reading};
use jiff::{Span, ToSpan};
use proptest::prelude::*;
use std::collections::BTreeMap;

/// The calendar `c` of an `hours.yaml`, with an iCalendar file `a.ics` beside it.
fn with_ics(yaml: &str, ics: &str) -> Calendar {
    let mut sources = Sources::default();
    let file = tree::text(&mut sources, "a.ics", ics.as_bytes()).unwrap();
    let mut lists: BTreeMap<String, IcsFile> = BTreeMap::new();
    if !ics.is_empty() {
        lists.insert("a.ics".to_owned(), hours::read_ics(file, &mut sources));
    }
    let (_, Reading::Tree(node)) = tree::read(&mut sources, "hours.yaml", yaml.as_bytes()) else {
        panic!("no tree:\n{yaml}")
    };
    let HoursText { mut calendars, .. } = hours::read(&node, &lists, &mut sources);
    let faults: Vec<String> = sources.into_faults().iter().map(|f| f.render(Paint::Plain)).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    calendars.remove(0).1.unwrap()
}

fn calendar(zone: &str, rest: &str) -> Calendar {
    with_ics(&format!("c:\n  zone: {zone}\n{rest}"), "")
}

/// Round the clock in one zone: `every day` has these hours.
fn daily(zone: &str, hours: &str) -> Calendar {
    calendar(zone, &format!("  week: {{every day: \"{hours}\"}}"))
}

/// The instant of `2026-11-01T05:30Z`.
fn utc(text: &str) -> WallTime {
    let at: Timestamp = text.replace('Z', ":00Z").parse().unwrap();
    WallTime::from_micros(at.as_microsecond())
}

/// `open until 2026-11-02T13:00Z`, the end as an instant.
fn told(calendar: &Calendar, at: &str) -> String {
    let at = utc(at);
    let state = match calendar.answer(at).unwrap().state {
        State::Open => "open".to_owned(),
        State::Closed => "closed".to_owned(),
        State::Holiday(name) => name.to_owned(),
    };
    let until = calendar.changes_after(at).map(|at| Timestamp::from_microsecond(at.as_micros()).unwrap());
    until.map_or(state.clone(), |until| format!("{state} until {}", until.strftime("%m-%dT%H:%MZ")))
}

#[track_caller]
fn check(calendar: &Calendar, table: &[(&str, &str)]) {
    for (at, expected) in table {
        assert_eq!(told(calendar, at), *expected, "{at}");
    }
}

#[test]
fn a_week_is_open_and_closed_to_the_minute() {
    let clinic = calendar(
        "America/New_York",
        "  week:\n    mon-fri: 08:00-12:00, 13:00-17:00\n    sat: 09:00-12:00\n    sun: closed",
    );
    check(
        &clinic,
        &[
            ("2026-11-23T12:59Z", "closed until 11-23T13:00Z"),
            ("2026-11-23T13:00Z", "open until 11-23T17:00Z"),
            ("2026-11-23T16:59Z", "open until 11-23T17:00Z"),
            ("2026-11-23T17:00Z", "closed until 11-23T18:00Z"),
            ("2026-11-23T18:00Z", "open until 11-23T22:00Z"),
            ("2026-11-23T22:00Z", "closed until 11-24T13:00Z"),
            ("2026-11-28T17:00Z", "closed until 11-30T13:00Z"),
            // On the evening of Sunday in New York it is Monday in Greenwich.
            ("2026-11-23T03:00Z", "closed until 11-23T13:00Z"),
        ],
    );
    assert_eq!(clinic.answer(utc("2026-11-29T15:00Z")).unwrap().because.text, "sun: closed");
}

#[test]
fn what_never_changes_says_no_end_and_an_unset_clock_gets_no_answer() {
    let always = daily("UTC", "00:00-24:00");
    check(&always, &[("2026-11-23T00:00Z", "open")]);
    let never = daily("UTC", "closed");
    check(&never, &[("2026-11-23T00:00Z", "closed")]);
    for unset in [0, -1, 1_700_000_000_000_000, i64::MIN] {
        assert_eq!(always.answer(WallTime::from_micros(unset)), None, "{unset}");
    }
    assert_eq!(always.answer(WallTime::from_micros(i64::MAX)), None);
    assert_eq!(always.changes_after(WallTime::from_micros(i64::MAX)), None);
}

#[test]
fn hours_belong_to_the_day_on_which_they_begin() {
    let nights = calendar(
        "America/Chicago",
        "  week: {mon-fri: \"22:00-06:00\", sat-sun: closed}\n  holidays: {Christmas: december 25}",
    );
    check(
        &nights,
        &[
            // The night of Thursday the 24th runs to its end on the 25th, a holiday; then nothing begins.
            ("2026-12-25T04:00Z", "open until 12-25T12:00Z"),
            ("2026-12-25T11:59Z", "open until 12-25T12:00Z"),
            ("2026-12-25T12:00Z", "Christmas until 12-26T06:00Z"),
            ("2026-12-26T04:30Z", "Christmas until 12-26T06:00Z"),
            ("2026-12-26T06:00Z", "closed until 12-29T04:00Z"),
        ],
    );
}

/// New York: the clocks are set back on 2026-11-01 at 06:00Z (02:00 EDT becomes 01:00 EST) and forward on 2026-03-08
/// at 07:00Z (02:00 becomes 03:00).
#[test]
fn where_the_clock_jumps_the_sign_and_the_clock_decide() {
    let until_one_thirty = daily("America/New_York", "00:00-01:30");
    check(
        &until_one_thirty,
        &[
            ("2026-11-01T05:00Z", "open until 11-01T05:30Z"),
            ("2026-11-01T05:30Z", "closed until 11-01T06:00Z"),
            // 01:00 comes again.
            ("2026-11-01T06:00Z", "open until 11-01T06:30Z"),
            ("2026-11-01T06:30Z", "closed until 11-02T05:00Z"),
        ],
    );
    let from_half_past_two = daily("America/New_York", "02:30-05:00");
    check(
        &from_half_past_two,
        &[
            // 02:30 does not exist on that day: at 03:00 the time on the sign is past.
            ("2026-03-08T06:59Z", "closed until 03-08T07:00Z"),
            ("2026-03-08T07:00Z", "open until 03-08T09:00Z"),
            ("2026-11-01T06:59Z", "closed until 11-01T07:30Z"),
            ("2026-11-01T07:30Z", "open until 11-01T10:00Z"),
        ],
    );
    // All of it is left out.
    check(&daily("America/New_York", "02:15-02:45"), &[("2026-03-08T06:00Z", "closed until 03-09T06:15Z")]);
    // It ends in what is left out: at 03:00 it is over.
    check(&daily("America/New_York", "00:30-02:30"), &[("2026-03-08T06:00Z", "open until 03-08T07:00Z")]);
    // A night of nine hours, and one of seven.
    let nights = daily("America/New_York", "22:00-06:00");
    check(
        &nights,
        &[("2026-11-01T02:00Z", "open until 11-01T11:00Z"), ("2026-03-08T03:00Z", "open until 03-08T10:00Z")],
    );
}

#[test]
fn other_zones_jump_at_other_times_and_by_other_steps() {
    for (zone, hours, at, expected) in [
        // Berlin: 02:00 becomes 03:00 on the last Sunday of March, at 01:00Z.
        ("Europe/Berlin", "02:30-12:00", "2026-03-29T00:59Z", "closed until 03-29T01:00Z"),
        ("Europe/Berlin", "02:30-12:00", "2026-10-25T00:30Z", "open until 10-25T01:00Z"),
        ("Europe/Berlin", "02:30-12:00", "2026-10-25T01:00Z", "closed until 10-25T01:30Z"),
        // London: 01:00 becomes 02:00 at 01:00Z.
        ("Europe/London", "01:30-02:00", "2026-03-29T00:00Z", "closed until 03-30T00:30Z"),
        // Lord Howe is set by half an hour: 02:00 becomes 02:30 on 2026-10-04 at 15:30Z of the day before.
        ("Australia/Lord_Howe", "02:15-03:00", "2026-10-03T15:29Z", "closed until 10-03T15:30Z"),
        ("Australia/Lord_Howe", "02:15-03:00", "2026-10-03T15:30Z", "open until 10-03T16:00Z"),
        // Santiago is set at midnight: on 2026-09-06 there is no 00:00, the day begins at 01:00 (04:00Z).
        ("America/Santiago", "00:00-00:30", "2026-09-06T03:59Z", "closed until 09-07T03:00Z"),
        ("America/Santiago", "00:30-08:00", "2026-09-06T03:59Z", "closed until 09-06T04:00Z"),
        // Phoenix is never set, Kathmandu is 5:45 ahead.
        ("America/Phoenix", "08:00-17:00", "2026-03-08T15:00Z", "open until 03-09T00:00Z"),
        ("Asia/Kathmandu", "08:00-17:00", "2026-03-08T02:15Z", "open until 03-08T11:15Z"),
    ] {
        assert_eq!(told(&daily(zone, hours), at), expected, "{zone} {hours} {at}");
    }
}

#[test]
fn a_holiday_is_closed_or_has_hours_of_its_own() {
    let clinic = calendar(
        "America/New_York",
        "  week: {every day: 08:00-17:00}\n  holidays:\n    Christmas Eve: {on: december 24, open: 08:00-12:00}\n    \
         Christmas Day: \"december 25, observed next monday\"\n    Also: december 25",
    );
    check(
        &clinic,
        &[
            ("2026-12-24T12:00Z", "Christmas Eve until 12-24T13:00Z"),
            ("2026-12-24T13:00Z", "open until 12-24T17:00Z"),
            ("2026-12-24T17:00Z", "Christmas Eve until 12-25T05:00Z"),
            ("2026-12-25T13:00Z", "Christmas Day until 12-26T05:00Z"),
            ("2026-12-26T05:00Z", "closed until 12-26T13:00Z"),
            // 2027: a Saturday; the Monday is free too, the Sunday between is not.
            ("2027-12-25T13:00Z", "Christmas Day until 12-26T05:00Z"),
            ("2027-12-26T13:00Z", "open until 12-26T22:00Z"),
            ("2027-12-27T13:00Z", "Christmas Day until 12-28T05:00Z"),
        ],
    );
    assert_eq!(clinic.answer(utc("2026-12-24T13:00Z")).unwrap().because.number, 5);
}

const DAYS: &str = "BEGIN:VCALENDAR\nBEGIN:VEVENT\nSUMMARY:Inventory\nDTSTART;VALUE=DATE:20261203\n\
                    DTEND;VALUE=DATE:20261205\nEND:VEVENT\nBEGIN:VEVENT\nSUMMARY:Meeting\n\
                    DTSTART;TZID=America/New_York:20261208T120000\nDTEND;TZID=America/New_York:20261208T133000\n\
                    RRULE:FREQ=WEEKLY\nEND:VEVENT\nBEGIN:VEVENT\nSUMMARY:Night work\nDTSTART:20261210T020000Z\n\
                    DTEND:20261212T030000Z\nEND:VEVENT\nEND:VCALENDAR\n";

#[test]
fn events_close_their_days_and_their_times() {
    let yaml = "c:\n  zone: America/New_York\n  week: {every day: 08:00-17:00}\n  ics: a.ics\n  \
                holidays: {Half day: {on: 2026-12-04, open: 08:00-12:00}}";
    let clinic = with_ics(yaml, DAYS);
    check(
        &clinic,
        &[
            ("2026-12-03T13:00Z", "Inventory until 12-04T05:00Z"),
            // What stands in hours.yaml wins over a whole day of the file.
            ("2026-12-04T13:00Z", "open until 12-04T17:00Z"),
            ("2026-12-05T13:00Z", "open until 12-05T22:00Z"),
            ("2026-12-08T16:59Z", "open until 12-08T17:00Z"),
            ("2026-12-08T17:00Z", "Meeting until 12-08T18:30Z"),
            ("2026-12-08T18:30Z", "open until 12-08T22:00Z"),
            ("2026-12-15T17:00Z", "Meeting until 12-15T18:30Z"),
            // In July noon is an hour earlier in Greenwich.
            ("2027-07-06T16:00Z", "Meeting until 07-06T17:30Z"),
            ("2026-12-11T13:00Z", "Night work until 12-12T03:00Z"),
        ],
    );
    let because = clinic.answer(utc("2026-12-08T17:00Z")).unwrap().because;
    assert_eq!((because.number, &*because.file), (9, "a.ics"));
}

/// Times of opening for a week, as they can be written.
fn any_hours() -> impl Strategy<Value = String> {
    let minute = |max: u16| (0..max).prop_map(|m| m * 15);
    let one = (minute(96), minute(96)).prop_filter_map("an end", |(from, to)| {
        let to = if to == 0 { DAY_MINUTES } else { to };
        (from != to).then(|| Interval { from, to }.to_string())
    });
    prop_oneof![Just("closed".to_owned()), one.clone(), one]
}

fn any_calendar() -> impl Strategy<Value = Calendar> {
    let zones = proptest::sample::select(
        &[
            "America/New_York",
            "Europe/Berlin",
            "Australia/Lord_Howe",
            "America/Santiago",
            "Asia/Kathmandu",
            "UTC",
            "Africa/Casablanca",
            "Pacific/Apia",
        ][..],
    );
    let holiday = proptest::sample::select(
        &[
            "november 1",
            "easter",
            "second sunday of march",
            "last sunday of october",
            "2026-03-08",
            "july 4, observed nearest weekday",
        ][..],
    );
    (zones, proptest::collection::vec(any_hours(), 2), holiday, any_hours(), any::<bool>()).prop_map(
        |(zone, hours, holiday, own, ics)| {
            let ics = if ics { "  ics: a.ics\n" } else { "" };
            // Alternating days, so that a night cannot overlap with the next one's morning by more than it may.
            let yaml = format!(
                "c:\n  zone: {zone}\n{ics}  holidays:\n    H: {{on: \"{holiday}\", open: \"{own}\"}}\n  week:\n    \
                 mon, wed, fri: {}\n    tue, thu, sat, sun: closed",
                hours[0]
            );
            with_ics(&yaml, if ics.is_empty() { "" } else { DAYS })
        },
    )
}

/// Every quarter of an hour from `at` on, as a state each: what a patient reads from the clock and the sign.
fn walked(calendar: &Calendar, at: Timestamp) -> Option<Timestamp> {
    let state = calendar.reading(at).state;
    let quarter: Span = 15.minutes();
    let mut next = at;
    for _ in 0..4 * 24 * 10 {
        next = next.checked_add(quarter).unwrap();
        if calendar.reading(next).state != state {
            return Some(next);
        }
    }
    None
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    /// Whoever asked before, in whatever order: what is kept is what is reckoned anew.
    #[test]
    fn what_is_remembered_is_what_would_be_reckoned(
        calendar in any_calendar(),
        begin in 0..4 * 24 * 400_i64,
        steps in proptest::collection::vec(prop_oneof![-20_000_i64..200_000, 0..900_i64, -40_000_000..40_000_000_i64], 1..60),
    ) {
        let mut second = 1_772_150_400 + begin * 900;
        for step in steps {
            second += step;
            let at = WallTime::from_micros(second * 1_000_000 + step.rem_euclid(1_000_000));
            let reckoned = calendar.answer(at).map(|answer| answer.state.opening());
            prop_assert_eq!(calendar.opening(at), reckoned, "{}", second);
            prop_assert_eq!(calendar.opening(at), reckoned, "{} again", second);
        }
    }

    /// All times here are multiples of a quarter of an hour, so a walk by quarters meets every change.
    #[test]
    fn until_the_told_time_nothing_changes_and_then_it_does(
        calendar in any_calendar(),
        // 2026-02-27 to 2027-04.
        quarter in 0..4 * 24 * 400_i64,
    ) {
        let at = Timestamp::from_second(1_772_150_400 + quarter * 900).unwrap();
        let wall = WallTime::from_micros(at.as_microsecond());
        let until = calendar.changes_after(wall).map(|at| Timestamp::from_microsecond(at.as_micros()).unwrap());
        let state = calendar.reading(at).state;
        if let Some(until) = until {
            prop_assert!(until > at);
            let before = until.checked_sub(1.microsecond()).unwrap();
            prop_assert_eq!(calendar.reading(before).state, state, "just before {}", until);
            prop_assert_ne!(calendar.reading(until).state, state, "at {}", until);
        }
        match walked(&calendar, at) {
            Some(met) => prop_assert_eq!(until, Some(met), "{} in {:?}", at, state),
            None => {
                let far = at.checked_add((24 * 9).hours()).unwrap();
                prop_assert!(until.is_none_or(|until| until > far), "{} in {:?}: {:?}", at, state, until);
            }
        }
    }
}

/// The edges again, walked over minute by minute with one memory: it forgets where it must.
#[test]
fn the_memory_of_an_answer_ends_where_the_answer_does() {
    for (calendar, from) in [
        (daily("America/New_York", "00:00-01:30"), "2026-11-01T03:00Z"),
        (daily("America/New_York", "02:30-05:00"), "2026-03-08T05:00Z"),
        (daily("America/Santiago", "00:00-00:30"), "2026-09-06T02:00Z"),
        (daily("Australia/Lord_Howe", "02:15-03:00"), "2026-10-03T14:00Z"),
        (
            with_ics(
                "c:\n  zone: America/New_York\n  week: {every day: \"00:00-24:00\"}\n  ics: a.ics",
                DAYS,
            ),
            "2026-12-08T00:00Z",
        ),
    ] {
        let mut remembered = 0;
        for minute in 0..4 * 24 * 60 {
            let at = utc(from) + std::time::Duration::from_secs(minute * 60);
            let reckoned = calendar.answer(at).map(|answer| answer.state.opening());
            remembered += u32::from(calendar.memo.at(at).is_some());
            assert_eq!(calendar.opening(at), reckoned, "{from} and {minute} minutes");
        }
        assert!(remembered > 4 * 24 * 60 - 60, "{remembered} answers of {} were remembered", 4 * 24 * 60);
    }
}
