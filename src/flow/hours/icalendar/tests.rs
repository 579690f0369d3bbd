//! iCalendar files: which days their rules name, what closes and until when, and what is not understood.

use super::*;
use jiff::ToSpan;
use proptest::prelude::*;

fn file(events: &str) -> String {
    format!("BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//a//b\n{events}\nEND:VCALENDAR\n")
}

fn one(properties: &str) -> Event {
    let (mut events, faults) =
        read(&file(&format!("BEGIN:VEVENT\n{properties}\nEND:VEVENT")), &Arc::from("a.ics"));
    assert!(faults.is_empty(), "{properties}\n{faults:?}");
    events.remove(0)
}

/// The first days of an all-day event, up to `most`, with `…` if there are more within three years.
fn days(properties: &str, most: usize) -> String {
    let event = one(properties);
    let first = event.first.date();
    let found: Vec<String> = (0..3 * 366)
        .map(|n| first.checked_add(i64::from(n).days()).unwrap())
        .filter(|day| event.takes_day(*day))
        .map(|day| day.strftime("%y%m%d").to_string())
        .collect();
    let shown = found.iter().take(most).cloned().collect::<Vec<_>>().join(" ");
    if found.len() > most { format!("{shown} …") } else { shown }
}

/// RFC 5545 §3.3.10, §3.8.5.3: rules of the kinds that are shown there, begun in September 1997 or January 1998.
#[test]
fn rules_name_their_days() {
    for (rule, first, expected) in [
        ("FREQ=DAILY;COUNT=4", "19970902", "970902 970903 970904 970905"),
        ("FREQ=DAILY;UNTIL=19970905", "19970902", "970902 970903 970904 970905"),
        ("FREQ=DAILY;INTERVAL=2", "19970902", "970902 970904 970906 970908 970910 …"),
        ("FREQ=DAILY;INTERVAL=10;COUNT=3", "19970902", "970902 970912 970922"),
        ("FREQ=DAILY;BYMONTH=1;BYDAY=MO", "19980105", "980105 980112 980119 980126 990104 …"),
        ("FREQ=DAILY;BYMONTHDAY=-1;COUNT=3", "19970930", "970930 971031 971130"),
        ("FREQ=WEEKLY;COUNT=3", "19970902", "970902 970909 970916"),
        ("FREQ=WEEKLY;INTERVAL=2;WKST=SU", "19970902", "970902 970916 970930 971014 971028 …"),
        ("FREQ=WEEKLY;COUNT=5;BYDAY=TU,TH", "19970902", "970902 970904 970909 970911 970916"),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,WE,FR;WKST=SU", "19970901", "970901 970903 970905 970915 970917 …"),
        // The same rule with another beginning of the week.
        ("FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=MO", "19970805", "970805 970810 970819 970824"),
        ("FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=SU", "19970805", "970805 970817 970819 970831"),
        ("FREQ=WEEKLY;BYMONTH=9;BYDAY=TU;COUNT=6", "19970902", "970902 970909 970916 970923 970930 …"),
        ("FREQ=MONTHLY;COUNT=3;BYDAY=1FR", "19970905", "970905 971003 971107"),
        ("FREQ=MONTHLY;INTERVAL=2;COUNT=4;BYDAY=1SU,-1SU", "19970907", "970907 970928 971102 971130"),
        ("FREQ=MONTHLY;COUNT=3;BYDAY=-2MO", "19970922", "970922 971020 971117"),
        ("FREQ=MONTHLY;BYMONTHDAY=-3;COUNT=3", "19970928", "970928 971029 971128"),
        ("FREQ=MONTHLY;COUNT=4;BYMONTHDAY=2,15", "19970902", "970902 970915 971002 971015"),
        ("FREQ=MONTHLY;COUNT=4;BYMONTHDAY=1,-1", "19970930", "970930 971001 971031 971101"),
        ("FREQ=MONTHLY;INTERVAL=18;COUNT=3;BYMONTHDAY=10,11", "19970910", "970910 970911 990310"),
        ("FREQ=MONTHLY;INTERVAL=2;BYDAY=TU;COUNT=6", "19970902", "970902 970909 970916 970923 970930 …"),
        // The 31st is left out where there is none.
        ("FREQ=MONTHLY;COUNT=4", "19970131", "970131 970331 970531 970731"),
        ("FREQ=MONTHLY;BYDAY=SA;BYMONTHDAY=7,8,9,10,11,12,13;COUNT=3", "19970913", "970913 971011 971108"),
        ("FREQ=YEARLY;COUNT=3", "19970902", "970902 980902 990902"),
        ("FREQ=YEARLY;COUNT=4;BYMONTH=6,7", "19970610", "970610 970710 980610 980710"),
        ("FREQ=YEARLY;INTERVAL=2;BYMONTH=1,2", "19970110", "970110 970210 990110 990210"),
        ("FREQ=YEARLY;BYDAY=20MO", "19970519", "970519 980518 990517 000515"),
        ("FREQ=YEARLY;BYDAY=-1SU;COUNT=2", "19971228", "971228 981227"),
        ("FREQ=YEARLY;BYMONTH=3;BYDAY=TH", "19970313", "970313 970320 970327 980305 980312 …"),
        ("FREQ=YEARLY;BYMONTH=11;BYDAY=4TH", "19971127", "971127 981126 991125 001123"),
        ("FREQ=YEARLY;BYMONTH=5;BYDAY=-1MO", "19970526", "970526 980525 990531"),
        ("FREQ=YEARLY;INTERVAL=4;BYMONTH=11;BYDAY=TU;BYMONTHDAY=2,3,4,5,6,7,8", "19961105", "961105"),
        ("FREQ=YEARLY;BYMONTHDAY=13;BYDAY=FR", "19980213", "980213 980313 981113 990813 001013"),
        ("FREQ=YEARLY", "19960229", "960229"),
    ] {
        let properties = format!("DTSTART;VALUE=DATE:{first}\nRRULE:{rule}");
        assert_eq!(days(&properties, 5), expected, "{rule} from {first}");
    }
}

/// RFC 5545 §3.8.5.1, §3.8.5.3.
#[test]
fn days_that_are_left_out_still_count() {
    let friday_13 =
        "DTSTART;VALUE=DATE:19970902\nEXDATE;VALUE=DATE:19970902\nRRULE:FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13";
    assert_eq!(days(friday_13, 4), "980213 980313 981113 990813");
    let counted =
        "DTSTART;VALUE=DATE:19970902\nRRULE:FREQ=DAILY;COUNT=4\nEXDATE;VALUE=DATE:19970903,19970904";
    assert_eq!(days(counted, 9), "970902 970905");
}

/// RFC 5545 §3.6.1: DTEND is the day after the last; a day without an end is one day.
#[test]
fn an_event_takes_the_days_from_its_start_to_before_its_end() {
    for (properties, expected) in [
        ("DTSTART;VALUE=DATE:20261224", "261224"),
        ("DTSTART:20261224", "261224"),
        ("DTSTART;VALUE=DATE:20261224\nDTEND;VALUE=DATE:20261227", "261224 261225 261226"),
        ("DTSTART;VALUE=DATE:20261224\nDURATION:P2D", "261224 261225"),
        ("DTSTART;VALUE=DATE:20261224\nDURATION:P1W", "261224 261225 261226 261227 261228 261229 261230"),
        (
            "DTSTART;VALUE=DATE:20261230\nDTEND;VALUE=DATE:20270102\nRRULE:FREQ=YEARLY;COUNT=2",
            "261230 261231 270101 271230 271231 280101",
        ),
    ] {
        assert_eq!(days(properties, 9), expected, "{properties}");
    }
}

/// RFC 5545 §3.3.5, §3.8.5.3: the length is exact, a local time that is left out or comes twice is read as there.
#[test]
fn an_event_with_times_runs_exactly_as_long() {
    let new_york = zone::zone("America/New_York").unwrap();
    for (properties, day, expected) in [
        ("DTSTART:20261224T130000Z\nDTEND:20261224T150000Z", "2026-12-24", "12-24T13:00/12-24T15:00"),
        (
            "DTSTART;TZID=Europe/Berlin:20261224T130000\nDURATION:PT1H30M",
            "2026-12-24",
            "12-24T12:00/12-24T13:30",
        ),
        // Without a zone it is the clinic's own time.
        ("DTSTART:20261224T130000\nDTEND:20261224T140000", "2026-12-24", "12-24T18:00/12-24T19:00"),
        // Over the night on which the clocks are set forward: eight hours stay eight hours.
        (
            "DTSTART;TZID=America/New_York:20260306T220000\nDTEND;TZID=America/New_York:20260307T060000\nRRULE:FREQ=DAILY",
            "2026-03-07",
            "03-08T03:00/03-08T11:00",
        ),
        // 02:30 is left out, 01:30 comes twice.
        (
            "DTSTART;TZID=America/New_York:20260308T023000\nDURATION:PT1H",
            "2026-03-08",
            "03-08T07:30/03-08T08:30",
        ),
        (
            "DTSTART;TZID=America/New_York:20261101T013000\nDURATION:PT1H",
            "2026-11-01",
            "11-01T05:30/11-01T06:30",
        ),
        // Until an instant, which that of the 3rd is after.
        (
            "DTSTART:20261201T130000Z\nDURATION:PT1H\nRRULE:FREQ=DAILY;UNTIL=20261203T125959Z",
            "2026-12-02",
            "12-02T13:00/12-02T14:00",
        ),
        (
            "DTSTART:20261201T130000Z\nDURATION:PT1H\nRRULE:FREQ=DAILY;UNTIL=20261203T125959Z",
            "2026-12-03",
            "",
        ),
        (
            "DTSTART:20261201T130000Z\nDURATION:PT1H\nRRULE:FREQ=DAILY;UNTIL=20261203T130000Z",
            "2026-12-03",
            "12-03T13:00/12-03T14:00",
        ),
        // Left out by an instant that is written in another zone.
        (
            "DTSTART;TZID=America/New_York:20261201T080000\nDURATION:PT1H\nRRULE:FREQ=DAILY\nEXDATE:20261202T130000Z",
            "2026-12-02",
            "",
        ),
    ] {
        let shown = one(properties).times_on(day.parse().unwrap(), &new_york);
        let shown = shown
            .map(|(from, to)| format!("{}/{}", from.strftime("%m-%dT%H:%M"), to.strftime("%m-%dT%H:%M")));
        assert_eq!(shown.unwrap_or_default(), expected, "{properties}");
    }
}

#[test]
fn what_says_nothing_of_when_is_passed_over() {
    let text = "BEGIN:VCALENDAR\r\nX-WR-CALNAME:Days\r\nCALSCALE:GREGORIAN\r\nBEGIN:VTIMEZONE\r\nTZID:America/New_York\r\n\
                BEGIN:STANDARD\r\nDTSTART:19701101T020000\r\nRRULE:FREQ=YEARLY;BYSETPOS=1\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n\
                BEGIN:VEVENT\r\nUID:1\r\nDTSTAMP:20260101T000000Z\r\nTRANSP:TRANSPARENT\r\nX-APPLE-COLOR:red\r\n\
                SUMMARY;LANGUAGE=en:Founders\\,\r\n  Day\r\nDTSTART;VALUE=DATE:20260504\r\nBEGIN:VALARM\r\nTRIGGER:-PT15M\r\n\
                ACTION:DISPLAY\r\nEND:VALARM\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nDTSTART;VALUE=DATE:20260505\r\n\
                STATUS:CANCELLED\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
    let (events, faults) = read(text, &Arc::from("a.ics"));
    assert_eq!(faults, []);
    let names: Vec<(&str, usize)> =
        events.iter().map(|event| (event.name.as_str(), event.line.number)).collect();
    assert_eq!(names, [("Founders, Day", 18)]);
}

/// Each is told with its line; none is passed over in silence.
#[test]
fn what_is_not_understood_is_a_fault_with_its_line() {
    let start = "DTSTART;VALUE=DATE:20261224";
    let event = |properties: &str| file(&format!("BEGIN:VEVENT\n{properties}\nEND:VEVENT"));
    for (text, expected) in [
        (
            event(&format!("{start}\nRRULE:FREQ=YEARLY;BYSETPOS=1")),
            "6 `BYSETPOS=1` in a rule is not understood",
        ),
        (event(&format!("{start}\nRRULE:FREQ=HOURLY")), "6 `FREQ=HOURLY` in a rule is not understood"),
        (event(&format!("{start}\nRRULE:BYMONTH=12")), "6 the rule does not say how often"),
        (event(&format!("{start}\nRRULE:FREQ=YEARLY;COUNT=0")), "6 `COUNT=0` in a rule is not understood"),
        (
            event(&format!("{start}\nRRULE:FREQ=YEARLY;INTERVAL=-1")),
            "6 `INTERVAL=-1` in a rule is not understood",
        ),
        (
            event(&format!("{start}\nRRULE:FREQ=YEARLY;BYMONTH=13")),
            "6 `BYMONTH=13` in a rule is not understood",
        ),
        (event(&format!("{start}\nRRULE:FREQ=YEARLY;BYDAY=XX")), "6 `BYDAY=XX` in a rule is not understood"),
        (event(&format!("{start}\nRRULE:FREQ=YEARLY;BYDAY=é")), "6 `BYDAY=é` in a rule is not understood"),
        (event(&format!("{start}\nRRULE:FREQ=YEARLY;FREQ=DAILY")), "6 the rule says FREQ twice"),
        (
            event(&format!("{start}\nRRULE:FREQ=WEEKLY;BYDAY=2TH")),
            "6 a day with a number, such as 2MO, is of a month or a year",
        ),
        (
            event(&format!("{start}\nRRULE:FREQ=WEEKLY;BYMONTHDAY=24")),
            "6 a day of the month says nothing in a weekly rule",
        ),
        (
            event(&format!("{start}\nRRULE:FREQ=YEARLY;COUNT=2;UNTIL=20270101")),
            "6 a rule ends by COUNT or by UNTIL, not by both",
        ),
        (
            event(&format!("{start}\nRRULE:FREQ=YEARLY;UNTIL=20270101T000000Z")),
            "6 UNTIL is not written as DTSTART is",
        ),
        (
            event(&format!("{start}\nRRULE:FREQ=YEARLY;BYMONTH=11")),
            "5 the rule does not name the day on which the event begins",
        ),
        (event(&format!("{start}\nRDATE:20261231")), "6 `RDATE` is not understood"),
        (event(&format!("{start}\nRECURRENCE-ID:20261231")), "6 `RECURRENCE-ID` is not understood"),
        (event(&format!("{start}\nEXDATE:20261224T000000Z")), "6 EXDATE is not written as DTSTART is"),
        (event(&format!("{start}\n{start}")), "6 the event says `DTSTART` twice"),
        (event(&format!("{start}\nDTEND;VALUE=DATE:20261224")), "6 the event ends before it begins"),
        (event(&format!("{start}\nDTEND;VALUE=DATE:20270424")), "6 the event lasts longer than 31 days"),
        (event(&format!("{start}\nDTEND:20261224T120000Z")), "6 DTEND does not fit DTSTART"),
        (event(&format!("{start}\nDURATION:PT8H")), "6 DURATION does not fit DTSTART"),
        (event(&format!("{start}\nDTEND:20261225\nDURATION:P1D")), "6 the event says DTEND and DURATION"),
        (event("SUMMARY:x"), "5 the event has no DTSTART"),
        (event(""), "6 the event says nothing"),
        (event("DTSTART:20261224T120000Z"), "5 the event has no end, so it closes nothing"),
        (event("DTSTART:20261224T120000Z\nDTEND:20261224T110000Z"), "6 the event ends before it begins"),
        (event("DTSTART:20260230"), "5 `20260230` is no day and no time"),
        (event("DTSTART:20261224T250000Z"), "5 `20261224T250000Z` is no day and no time"),
        (event("DTSTART:99991224"), "5 `99991224` is no day and no time"),
        (event("DTSTART;VALUE=DATE:20261224T120000Z"), "5 the value is not what VALUE= says"),
        (
            event("DTSTART;TZID=Eastern Standard Time:20261224T120000"),
            "5 `Eastern Standard Time` is no time zone of the IANA",
        ),
        (file("BEGIN:VTODO\nEND:VTODO"), "4 `VTODO` says nothing that closes a clinic"),
        (
            file("BEGIN:VEVENT\nDTSTART:20261224\nEND:VTODO\nEND:VEVENT"),
            "6 `VTODO` ends here, but `VEVENT` of line 4 is open",
        ),
        (file("CALSCALE:HEBREW"), "4 the calendar `HEBREW` is not counted here"),
        (file("").replace("END:VCALENDAR", ""), "1 `VCALENDAR` of this line has no end"),
        (file(""), "1 the file holds no event"),
        ("SUMMARY:x\n".to_owned(), "1 this stands outside of a calendar"),
        ("<html>\n".to_owned(), "1 this is no line of an iCalendar file"),
        (String::new(), "1 the file holds no event"),
    ] {
        let (_, faults) = read(&text, &Arc::from("a.ics"));
        let told: Vec<String> = faults.iter().map(|fault| format!("{} {}", fault.line, fault.what)).collect();
        assert_eq!(told.first().map(String::as_str), Some(expected), "{text}\n{told:?}");
    }
}

#[test]
fn work_is_bounded_whatever_a_file_asks_for() {
    // Never more than two in a century, ten thousand times: the walk ends.
    let rare = "BEGIN:VEVENT\nDTSTART:20000229\nRRULE:FREQ=YEARLY;INTERVAL=100;COUNT=9999\nEND:VEVENT\n";
    let (events, faults) = read(&file(&rare.repeat(50)), &Arc::from("a.ics"));
    assert_eq!((events.len(), faults.len()), (0, 50));
    assert!(faults[0].what.contains("cannot be found"), "{:?}", faults[0]);
    let many = "BEGIN:VEVENT\nDTSTART:20261224\nEND:VEVENT\n".repeat(ICS_EVENTS_MAX + 50);
    let (events, faults) = read(&file(&many), &Arc::from("a.ics"));
    assert_eq!((events.len(), faults.len()), (ICS_EVENTS_MAX, 1));
    let nested = "BEGIN:VEVENT\n".repeat(1_000);
    assert!(!read(&nested, &Arc::from("a.ics")).1.is_empty());
}

/// Lines as files have them, in any order and with anything in place of their values.
fn any_line() -> impl Strategy<Value = String> {
    let name = proptest::sample::select(
        &[
            "BEGIN:VCALENDAR",
            "END:VCALENDAR",
            "BEGIN:VEVENT",
            "END:VEVENT",
            "DTSTART:20260101",
            "DTSTART;VALUE=DATE:",
            "DTSTART;TZID=Europe/Berlin:20260101T080000",
            "DTEND:20260102",
            "DTEND:20260101T090000Z",
            "DURATION:P",
            "RRULE:FREQ=YEARLY;",
            "RRULE:FREQ=WEEKLY;BYDAY=",
            "RRULE:FREQ=MONTHLY;COUNT=",
            "EXDATE:20260101,",
            "SUMMARY:",
            " ",
        ][..],
    );
    (name, prop_oneof!["", "[0-9A-Z=;,:T+-]{0,20}", "\\PC{0,20}"])
        .prop_map(|(name, rest)| format!("{name}{rest}\n"))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn any_text_gets_a_verdict(text in "\\PC{0,300}") {
        let (events, faults) = read(&text, &Arc::from("a.ics"));
        prop_assert!(events.is_empty() && !faults.is_empty(), "{:?}", events);
    }

    #[test]
    fn any_lines_get_a_verdict_and_their_events_an_answer(lines in proptest::collection::vec(any_line(), 0..30)) {
        let text = file(&lines.concat());
        let (events, faults) = read(&text, &Arc::from("a.ics"));
        prop_assert!(!events.is_empty() || !faults.is_empty(), "{text}");
        let number = text.lines().count();
        prop_assert!(faults.iter().all(|fault| (1..=number).contains(&fault.line)), "{:?}", faults);
        let zone = zone::zone("America/New_York").unwrap();
        for (event, day) in events.iter().flat_map(|event| ["1900-01-01", "2026-01-01", "2199-12-31"].map(|day| (event, day))) {
            let day: Date = day.parse().unwrap();
            event.takes_day(day);
            event.times_on(day, &zone);
            event.runs_at(zone.to_timestamp(day.at(8, 0, 0, 0)).unwrap(), &zone);
        }
    }
}

/// A calendar answers while a caller waits: events without a rule cost next to nothing, rules are counted.
#[test]
fn rules_may_not_take_more_days_than_an_answer_has_time_for() {
    let event = |n: usize, rest: &str| {
        format!(
            "BEGIN:VEVENT\nSUMMARY:e{n}\nDTSTART;VALUE=DATE:20260101\nDTEND;VALUE=DATE:20260201\n{rest}END:VEVENT\n"
        )
    };
    let file_of =
        |count: usize, rest: &str| file((0..count).map(|n| event(n, rest)).collect::<String>().trim_end());
    let left_out = "RRULE:FREQ=YEARLY\nEXDATE;VALUE=DATE:".to_owned() + &["20270101"; 300].join(",") + "\n";
    for (text, events, faults) in [
        (file_of(1_000, ""), 1_000, 0),
        (file_of(32, "RRULE:FREQ=YEARLY\n"), 32, 0),
        (file_of(33, "RRULE:FREQ=YEARLY\n"), 32, 1),
        (file_of(40, "RRULE:FREQ=YEARLY\n"), 32, 1),
        (file_of(1, &left_out), 0, 1),
    ] {
        let (read, told) = read(&text, &Arc::from("a.ics"));
        assert_eq!((read.len(), told.len()), (events, faults), "{told:?}");
    }
}
