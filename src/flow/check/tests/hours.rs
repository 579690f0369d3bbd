//! `hours.yaml`, iCalendar files and steps that ask: what an administrator reads.

use super::*;

const HOURS: &str = include_str!("../../../../ivr-flows/hours.yaml");

/// The shipped calendars with `old` become `new`.
fn calendars(old: &str, new: &str, expected: Expect) {
    assert!(HOURS.contains(old), "{old}");
    with("hours.yaml", HOURS.replacen(old, new, 1), expected);
}

/// A calendar with this iCalendar file.
fn list(text: &str, expected: Expect) {
    let hours = HOURS.replace("  holidays:  ", "  ics: days.ics\n  holidays:  ");
    expected.assert_eq(&render(&load(&[
        ("hours.yaml", Some(hours.as_bytes())),
        ("days.ics", Some(text.as_bytes())),
    ])));
}

/// An `hours` step in front of the shipped menu of after_hours.
fn asking(step: &str, hours: Option<&str>, expected: Expect) {
    let text = format!("flow: after_hours\nstart: b\nsteps:\n  b: {step}\n{GOOD}");
    let files = [("after_hours.yaml", Some(text.as_bytes())), ("hours.yaml", hours.map(str::as_bytes))];
    expected.assert_eq(&render(&load(&files)));
}

pub fn hours() {
    zones();
    weeks();
    holidays();
    lists();
    steps_that_ask();
    ends_soon();
}

fn zones() {
    calendars(
        "America/New_York",
        "EST",
        expect![[r#"
        hours.yaml:4:9  F061  `EST` is no time zone
            4 |   zone: EST
              |         ^^^ did you mean `America/New_York`?
              nobody would know when it is eight o'clock
    "#]],
    );
    calendars(
        "America/New_York",
        "America/NewYork",
        expect![[r#"
        hours.yaml:4:9  F061  `America/NewYork` is no time zone
            4 |   zone: America/NewYork
              |         ^^^^^^^^^^^^^^^ did you mean `America/New_York`?
              nobody would know when it is eight o'clock
    "#]],
    );
    calendars(
        "  zone: America/New_York\n",
        "",
        expect![[r#"
        hours.yaml:4:3  F002  a calendar needs `zone`
            4 |   week:
              |   ^ add `zone: …`
    "#]],
    );
}

fn weeks() {
    calendars(
        "08:00-17:00",
        "8am-5pm",
        expect![[r#"
        hours.yaml:6:14  F004  `8am` is no time of the day
            6 |     mon-fri: 8am-5pm
              |              ^^^^^^^ write times of 24 hours, such as 08:00-17:00 or 08:00-12:00, 13:00-17:00, or write closed
              a caller would be told that the clinic is open while nobody is there, or the reverse
    "#]],
    );
    calendars(
        "mon-fri: 08:00-17:00",
        "mon-fry: 08:00-17:00",
        expect![[r#"
        hours.yaml:6:5  F004  `fry` is no day of the week
            6 |     mon-fry: 08:00-17:00
              |     ^^^^^^^ did you mean `fri`?
              a caller would be told that the clinic is open while nobody is there, or the reverse
    "#]],
    );
    calendars(
        "    sat, sun: closed\n",
        "    sat: closed\n",
        expect![[r#"
        hours.yaml:6:5  F062  the week does not say anything of sunday
            6 |     mon-fri: 08:00-17:00
              |     ^ add the hours, or `sunday: closed`
              whether the clinic is open on that day would be a guess
    "#]],
    );
    calendars(
        "    sat, sun: closed\n",
        "    fri-sun: closed\n",
        expect![[r#"
        hours.yaml:7:5  F005  friday stands here for the second time
            7 |     fri-sun: closed
              |     ^^^^^^^ name it once; the first is in line 6
              a caller would be told that the clinic is open while nobody is there, or the reverse
    "#]],
    );
    calendars(
        "08:00-17:00",
        "08:00-13:00, 12:00-17:00",
        expect![[r#"
        hours.yaml:6:14  F063  12:00-17:00 of monday begins before 08:00-13:00 of monday is over
            6 |     mon-fri: 08:00-13:00, 12:00-17:00
              |              ^^^^^^^^^^^^^^^^^^^^^^^^ let one end where the other begins, or make one of them
              nothing now, but nobody can tell which of the two was meant
    "#]],
    );
    calendars(
        "mon-fri: 08:00-17:00",
        "mon-fri: 20:00-08:30\n    tues: 08:00-10:00",
        expect![[r#"
        hours.yaml:7:5  F004  `tues` is no day of the week
            7 |     tues: 08:00-10:00
              |     ^^^^ did you mean `tue`?
              a caller would be told that the clinic is open while nobody is there, or the reverse
    "#]],
    );
    calendars(
        "mon-fri: 08:00-17:00\n    sat, sun: closed",
        "mon-sat: 05:00-08:00\n    sun: 22:00-06:00",
        expect![[r#"
            hours.yaml:7:10  F063  05:00-08:00 of monday begins before 22:00-06:00 of sunday is over
                7 |     sun: 22:00-06:00
                  |          ^^^^^^^^^^^ let one end where the other begins, or make one of them
                  nothing now, but nobody can tell which of the two was meant
        "#]],
    );
}

fn holidays() {
    calendars(
        "third monday of january",
        "thrid monday of january",
        expect![[r#"
        hours.yaml:10:29  F064  `thrid` is no word for which one
           10 |     Martin Luther King Day: thrid monday of january
              |                             ^^^^^^^^^^^^^^^^^^^^^^^ did you mean `third`?
              on that day a caller would be told that the clinic is open
    "#]],
    );
    calendars(
        "january 1, observed nearest weekday",
        "february 30",
        expect![[r#"
        hours.yaml:9:21  F064  february has no day `30`
            9 |     New Year's Day: february 30
              |                     ^^^^^^^^^^^ write the number of the day, such as `january 1`
              on that day a caller would be told that the clinic is open
    "#]],
    );
    calendars(
        "july 4, observed nearest weekday",
        "july 4, observed monday",
        expect![[r#"
        hours.yaml:14:23  F064  `monday` is no day on which a holiday is observed
           14 |     Independence Day: july 4, observed monday
              |                       ^^^^^^^^^^^^^^^^^^^^^^^ write `observed nearest weekday`, `observed next monday` or `observed previous friday`
              on that day a caller would be told that the clinic is open
    "#]],
    );
    calendars(
        "last monday of may",
        "{on: last monday of may, opens: 08:00-12:00}",
        expect![[r#"
        hours.yaml:12:44  F001  `opens` means nothing in a holiday
           12 |     Memorial Day: {on: last monday of may, opens: 08:00-12:00}
              |                                            ^^^^^ did you mean `open`?
    "#]],
    );
    calendars(
        "last monday of may",
        "{on: last monday of may, open: \"08:00-12:00, 11:00-13:00\"}",
        expect![[r#"
        hours.yaml:12:50  F063  11:00-13:00 begins before 08:00-12:00 is over
           12 |     Memorial Day: {on: last monday of may, open: "08:00-12:00, 11:00-13:00"}
              |                                                  ^^^^^^^^^^^^^^^^^^^^^^^^^^ let one end where the other begins, or make one of them
              nothing now, but nobody can tell which of the two was meant
    "#]],
    );
    calendars(
        "  holidays:",
        "  holyday: x\n  holidays:",
        expect![[r#"
        hours.yaml:8:3  F001  `holyday` means nothing in a calendar
            8 |   holyday: x
              |   ^^^^^^^ did you mean `holidays`?
    "#]],
    );
}

fn lists() {
    list(
        "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART;VALUE=DATE:20261224\nRRULE:FREQ=YEARLY;BYSETPOS=1\nEND:VEVENT\nEND:VCALENDAR\n",
        expect![[r#"
        days.ics:4:19  F065  `BYSETPOS=1` in a rule is not understood
            4 | RRULE:FREQ=YEARLY;BYSETPOS=1
              |                   ^^^^^^^^^^ write the days out as events of their own, or see the guide for what a rule may say
              a caller would be told that the clinic is open while nobody is there, or the reverse
    "#]],
    );
    list(
        "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART;TZID=Eastern Standard Time:20261224T080000\nDURATION:PT1H\nEND:VEVENT\n",
        expect![[r#"
        days.ics:1:1  F065  `VCALENDAR` of this line has no end
            1 | BEGIN:VCALENDAR
              | ^^^^^^^^^^^^^^^ write END:VCALENDAR behind it
              a caller would be told that the clinic is open while nobody is there, or the reverse
        days.ics:3:14  F065  `Eastern Standard Time` is no time zone of the IANA
            3 | DTSTART;TZID=Eastern Standard Time:20261224T080000
              |              ^^^^^^^^^^^^^^^^^^^^^ did you mean TZID=America/New_York?
              a caller would be told that the clinic is open while nobody is there, or the reverse
    "#]],
    );
    list(
        "<html>\n",
        expect![[r#"
        days.ics:1:1  F065  this is no line of an iCalendar file
            1 | <html>
              | ^^^^^^ it is written NAME:VALUE; a line that goes on begins with a space
              a caller would be told that the clinic is open while nobody is there, or the reverse
    "#]],
    );
    calendars(
        "  holidays:  ",
        "  ics: holidays.ics\n  holidays:  ",
        expect![[r#"
        hours.yaml:8:8  F006  there is no iCalendar file `holidays.ics`
            8 |   ics: holidays.ics
              |        ^^^^^^^^^^^^ put holidays.ics beside hours.yaml; its name ends in .ics
              holidays would be days like all others
    "#]],
    );
    expect![[r#"
        days.ics  F006  no calendar of hours.yaml names this file
              write `ics: days.ics` there, or take the file away
              its holidays would be days like all others
    "#]]
    .assert_eq(&render(&load(&[(
        "days.ics",
        Some(b"BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20261224\nEND:VEVENT\nEND:VCALENDAR"),
    )])));
    expect![[r#"
        days.ics:1:7  Y001  the octet 0xff is no UTF-8 text
            1 | BEGIN:�
              |       ^ save the file as UTF-8 in your editor
    "#]]
    .assert_eq(&render(&load(&[
        ("hours.yaml", Some(HOURS.replace("  holidays:  ", "  ics: [days.ics]\n  holidays:  ").as_bytes())),
        ("days.ics", Some(b"BEGIN:\xff")),
    ])));
}

fn steps_that_ask() {
    let good = "{hours: clinic, next: {open: main_menu, closed: a}}";
    asking(good, Some(HOURS), expect![[""]]);
    asking(
        &good.replace("clinic", "clinik"),
        Some(HOURS),
        expect![[r#"
        after_hours.yaml:4:14  F060  the calendar `clinik` is not in hours.yaml
            4 |   b: {hours: clinik, next: {open: main_menu, closed: a}}
              |              ^^^^^^ did you mean `clinic`?
              nobody would know whether the clinic is open
    "#]],
    );
    asking(
        good,
        None,
        expect![[r#"
        after_hours.yaml:4:14  F060  the calendar `clinic` is not in hours.yaml
            4 |   b: {hours: clinic, next: {open: main_menu, closed: a}}
              |              ^^^^^^ put a file hours.yaml beside the flows, as the guide to hours shows
              nobody would know whether the clinic is open
    "#]],
    );
    asking(
        "{hours: clinic, next: {open: main_menu}}",
        Some(HOURS),
        expect![[r#"
        after_hours.yaml:4:28  F002  `next` of an `hours` step needs `closed`
            4 |   b: {hours: clinic, next: {open: main_menu}}
              |                            ^ add `closed: …`
    "#]],
    );
    asking(
        "{hours: clinic, next: a}",
        Some(HOURS),
        expect![[r#"
        after_hours.yaml:4:28  F003  `next` of an `hours` step is written as names and values, and none stand here
            4 |   b: {hours: clinic, next: a}
              |                            ^ write `name: value`, each on its line or in { }
    "#]],
    );
    asking(
        "{hours: clinic, next: {open: main_menu, closed: a, holidays: a}}",
        Some(HOURS),
        expect![[r#"
        after_hours.yaml:4:57  F001  `holidays` means nothing in `next` of an `hours` step
            4 |   b: {hours: clinic, next: {open: main_menu, closed: a, holidays: a}}
              |                                                         ^^^^^^^^ did you mean `holiday`?
    "#]],
    );
    asking(
        "{hours: clinic, next: {open: main_menu, closed: aa, holiday: a}}",
        Some(HOURS),
        expect![[r#"
            after_hours.yaml:4:54  F010  `aa` is no step of this flow
                4 |   b: {hours: clinic, next: {open: main_menu, closed: aa, holiday: a}}
                  |                                                      ^^ add the step `aa:`, or name one of: b, a, person, nurse, crisis, message, called_number, emergency_exit, return, after_hours, colleague_line, crisis_help, entry, identify, main_menu, my_record, nurse_triage, office_info, optout, survey
                  at some hours a caller would hear nothing more
        "#]],
    );
    asking(
        "{hours: clinic, next: {open: main_menu, closed: a, holiday: b}}",
        Some(HOURS),
        expect![[r#"
        after_hours.yaml:4:3  F013  `b` leads back to itself without any key
            4 |   b: {hours: clinic, next: {open: main_menu, closed: a, holiday: b}}
              |   ^ let one step of the circle lead to a menu or to `person`
              a caller would hear the same words again and again, for ever
    "#]],
    );
}

/// What `careline check` tells of a list that ends in January 2027.
fn ends_soon() {
    let ics = b"BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20261224\nDTEND:20261227\nEND:VEVENT\nBEGIN:VEVENT\nDTSTART:20270101\nEND:VEVENT\nEND:VCALENDAR\n";
    let hours = HOURS.replace("  holidays:  ", "  ics: days.ics\n  holidays:  ");
    let files = shipped(&[("hours.yaml", Some(hours.as_bytes())), ("days.ics", Some(ics))]);
    let (set, faults) = FlowSet::load(files, &|_, _| Audio::Present);
    assert!(faults.is_empty(), "{}", render(&faults));
    let set = set.unwrap();
    let told = |seconds: i64| {
        let today = crate::clock::WallTime::from_micros(seconds * 1_000_000);
        let told: Vec<Diagnostic> = set
            .calendars()
            .iter()
            .flat_map(|calendar| crate::flow::hours::lint::ends_soon(calendar, today))
            .collect();
        SEEN.with_borrow_mut(|seen| seen.extend(told.iter().map(|fault| fault.code.id)));
        render(&told)
    };
    // 2026-10-01, 2026-11-24, 2027-01-02.
    assert_eq!(told(1_790_856_000), "");
    expect![[r#"
        hours.yaml:8:1  F066  warning: the last day of this file is 2027-01-01, 38 days from today
            8 | ics: days.ics
              | ^^^^^^^^^^^^^ get the next list and put it in its place, or write the holidays as rules
              on holidays that are not listed a caller would be told that the clinic is open
    "#]]
    .assert_eq(&told(1_795_525_200));
    expect![[r#"
        hours.yaml:8:1  F066  warning: the last day of this file was 2027-01-01: it names no holiday any more
            8 | ics: days.ics
              | ^^^^^^^^^^^^^ get the next list and put it in its place, or write the holidays as rules
              on holidays that are not listed a caller would be told that the clinic is open
    "#]]
    .assert_eq(&told(1_798_894_800));
}

const GUIDE: &str = include_str!("../../../../docs/admin-guide/hours.md");

#[test]
fn the_examples_of_the_guide_are_without_fault() {
    let blocks: Vec<&str> =
        GUIDE.split("```yaml\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    let [first, flow, second] = blocks[..] else { panic!("three examples: {blocks:#?}") };
    let ics = b"BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20261224\nEND:VEVENT\nEND:VCALENDAR\n".as_slice();
    let numbers =
        include_str!("../../../../ivr-flows/clinic.yaml").replace("100: main_menu", "100: flu_line");
    let more = [("clinic.yaml", Some(numbers.as_bytes())), ("flu_line.yaml", Some(flow.as_bytes()))];
    for (hours, lists) in [(first, None), (second, Some(ics))] {
        let mut files = vec![("hours.yaml", Some(hours.as_bytes())), more[0], more[1]];
        files.extend(
            lists
                .map(|list| [("school-days.ics", Some(list)), ("staff-meetings.ics", Some(list))])
                .into_iter()
                .flatten(),
        );
        assert_eq!(render(&load(&files)), "");
    }
    let rules = GUIDE.split("| rule | when |").nth(1).and_then(|rest| rest.split("\n\n").next()).unwrap();
    let rules = rules.lines().skip(2).filter_map(|row| row.split('`').nth(1));
    let read = rules.map(|rule| {
        crate::flow::hours::holiday::Rule::read(rule).unwrap_or_else(|why| panic!("{rule}: {why:?}"))
    });
    assert_eq!(read.count(), 5);
}

#[test]
fn a_list_with_a_rule_that_has_no_end_never_ends_soon() {
    let ics =
        b"BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20201224\nRRULE:FREQ=YEARLY\nEND:VEVENT\nEND:VCALENDAR\n";
    let hours = HOURS.replace("  holidays:  ", "  ics: days.ics\n  holidays:  ");
    let files = shipped(&[("hours.yaml", Some(hours.as_bytes())), ("days.ics", Some(ics))]);
    let set = FlowSet::load(files, &|_, _| Audio::Present).0.unwrap();
    let today = crate::clock::WallTime::from_micros(1_795_525_200_000_000);
    assert_eq!(crate::flow::hours::lint::ends_soon(&set.calendars()[0], today), []);
}
