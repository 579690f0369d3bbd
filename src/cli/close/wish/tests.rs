//! What may be typed, and every way to type it wrongly.

use super::*;
use crate::cli::close::words;
use crate::flow::closing::Closings;
use crate::flow::diagnostic::Paint;
use crate::flow::set::{Audio, FlowSet};
use crate::io::flow_files;
use expect_test::{Expect, expect};
use std::path::Path;

/// The shipped flows with one file changed; without it if nothing is left of it.
fn set(file: &str, change: impl Fn(&str) -> String) -> FlowSet {
    let mut files = flow_files::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("ivr-flows")).unwrap();
    for found in files.iter_mut().filter(|found| found.path.ends_with(file)) {
        found.octets = change(&String::from_utf8(found.octets.clone()).unwrap()).into_bytes();
    }
    files.retain(|file| !file.octets.is_empty());
    let (set, faults) = FlowSet::load(files, &|_, _| Audio::Present);
    set.unwrap_or_else(|| panic!("{faults:#?}"))
}

fn shipped() -> FlowSet {
    set("nothing", str::to_owned)
}

/// Saturday 2026-11-28, 11:00 in New York.
const NOW: WallTime = WallTime::from_micros(1_795_881_600_000_000);

/// What comes of a command line.
fn made(set: &FlowSet, line: &str) -> Result<(Closing, Clock), Vec<Diagnostic>> {
    let (mut words, mut options) = (Vec::new(), std::collections::BTreeMap::new());
    let mut parts = line.split(' ');
    while let Some(part) = parts.next() {
        match part.strip_prefix("--") {
            Some(option) => drop(options.insert(option, parts.next().unwrap())),
            None => words.push(part.replace('_', " ")),
        }
    }
    let option = |name: &str| options.get(name).copied();
    let typed = Typed {
        words: &words,
        say: option("say"),
        then: option("then").unwrap_or("after_hours"),
        zone: option("zone"),
        by: "maria",
    };
    read(set, &typed, NOW)
}

fn told(set: &FlowSet, line: &str, expected: Expect) {
    let text = match made(set, line) {
        Ok((closing, clock)) => words::made(set, &closing, clock),
        Err(faults) => faults.iter().map(|fault| fault.render(Paint::Plain) + "\n").collect(),
    };
    expected.assert_eq(&text);
}

#[test]
fn a_closing_is_read_and_said_again() {
    let set = shipped();
    told(
        &set,
        "100 +1-617-555-0100 until tomorrow 08:00 --say closed.weather",
        expect![[r#"
        closed: +16175550100, 100 until Sunday 2026-11-29 08:00 EST
          callers hear the emergency and crisis lines as always, then closed.weather, then after_hours
    "#]],
    );
    told(
        &set,
        "all until 2026-12-01_08:00 --say closed.many_calls --then open",
        expect![[r#"
            closed: all numbers until Tuesday 2026-12-01 08:00 EST
              open as always, for they lead to urgent flows: +16175550190, 190
              callers hear the emergency and crisis lines as always, then closed.many_calls, then the number as always
        "#]],
    );
}

#[test]
fn urgent_numbers_stay_open_and_it_is_said() {
    let urgent = set("/clinic.yaml", |text| {
        text.replace("urgent_flows: [crisis_help]", "urgent_flows: [after_hours]")
    });
    told(
        &urgent,
        "all until 17:00 --say closed.weather",
        expect![[r#"
        closed: all numbers until Saturday 2026-11-28 17:00 EST
          open as always, for they lead to urgent flows: +16175550199, 199
          callers hear the emergency and crisis lines as always, then closed.weather, then after_hours
    "#]],
    );
    told(
        &urgent,
        "100 199 until 17:00 --say closed.weather",
        expect![[r#"
        what was typed:1:20  F184  199 leads to `after_hours`, an urgent flow, which is never closed
            1 | careline close 100 199 until 17:00 --say closed.weather
              |                    ^^^ leave the number out; clinic.yaml says which flows are urgent
    "#]],
    );
}

#[test]
fn every_fault_is_told_at_once_under_its_word() {
    told(
        &shipped(),
        "10 all until 8am --say closed.wether --then later",
        expect![[r#"
        what was typed:1:16  F180  `10` is no number of clinic.yaml
            1 | careline close 10 all until 8am --say closed.wether --then later
              |                ^^ did you mean `100`?
        what was typed:1:19  F180  `all` is no number of clinic.yaml
            1 | careline close 10 all until 8am --say closed.wether --then later
              |                   ^^^ did you mean `all`?
        what was typed:1:29  F181  `8am` is no time on the clinic's clock
            1 | careline close 10 all until 8am --say closed.wether --then later
              |                             ^^^ write it such as `until 17:00`, `until tomorrow 08:00`, `until monday 08:00` or `until "2026-12-01 08:00"`
        what was typed:1:39  F182  callers cannot hear `closed.wether`
            1 | careline close 10 all until 8am --say closed.wether --then later
              |                                       ^^^^^^^^^^^^^ did you mean `closed.weather`?
              callers would be led away without a word
        what was typed:1:60  F182  `later` does not say what follows on the words
            1 | careline close 10 all until 8am --say closed.wether --then later
              |                                                            ^^^^^ write `--then after_hours` or `--then open`
    "#]],
    );
    for (line, codes) in [
        ("100 --say closed.weather", "F181"),
        ("100 until --say closed.weather", "F181"),
        ("until 17:00 --say closed.weather", "F180"),
        ("100 17:00 --say closed.weather", "F180 F181"),
        ("100 until 10:00 --say closed.weather", "F181"),
        ("100 until 2027-12-01_08:00 --say closed.weather", "F181"),
        ("100 until 17:00", "F182"),
        // What offers keys that lead nowhere here is not for closings.
        ("100 until 17:00 --say mm.menu", "F182"),
        ("100 until 17:00 --say closed.weather --zone EST", "F183"),
        ("100 until 17:00 --say closed.weather --zone Europe/Berlin", "F181"),
        ("100 until 23:00 --say closed.weather --zone Europe/Berlin", ""),
    ] {
        let found = made(&shipped(), line).err().unwrap_or_default();
        let mut found: Vec<&str> = found.iter().map(|fault| fault.code.id).collect();
        found.sort_unstable();
        assert_eq!(found.join(" "), codes, "{line}");
    }
}

#[test]
fn the_clock_is_that_of_the_calendars_or_must_be_said() {
    let line = "100 until 17:00 --say closed.weather";
    let none = set("/hours.yaml", |_| String::new());
    let two = set("/hours.yaml", |text| {
        text.to_owned() + "\nflu:\n  zone: America/Chicago\n  week: {every day: closed}\n"
    });
    for (set, says) in [(&none, "no hours.yaml"), (&two, "America/Chicago, America/New_York")] {
        let faults = made(set, line).unwrap_err();
        assert_eq!(faults.len(), 1, "{faults:?}");
        assert!(faults[0].what.contains(says), "{}", faults[0].what);
        let (closing, _) = made(set, &format!("{line} --zone America/Chicago")).unwrap();
        assert_eq!(closing.until.as_micros() - NOW.as_micros(), 7 * 3_600_000_000);
    }
}

#[test]
fn what_is_closed_is_told_as_lines_as_a_table_and_for_a_number() {
    let set = shipped();
    let close = |closings: Closings, line: &str| closings.with(made(&set, line).unwrap().0, NOW).unwrap();
    let closings = close(Closings::default(), "all until 17:00 --say closed.weather");
    let closings = close(closings, "100 until 12:00 --say closed.many_calls --then open");
    expect![[r#"
        closed       until                          callers hear       then                  by
        100          Saturday 2026-11-28 12:00 EST  closed.many_calls  the number as always  maria
        all numbers  Saturday 2026-11-28 17:00 EST  closed.weather     after_hours           maria
    "#]]
    .assert_eq(&words::table(&closings, NOW));
    assert_eq!(words::table(&Closings::default(), NOW), "nothing is closed\n");
    expect![[r#"
        all numbers until Saturday 2026-11-28 17:00 EST: callers hear closed.weather, then after_hours
        100 until Saturday 2026-11-28 12:00 EST: callers hear closed.many_calls, then the number as always"#]]
    .assert_eq(&words::lines(&closings, NOW).join("\n"));

    use crate::cli::explain::When;
    let local = |text: &str| When::Local(text.parse().unwrap());
    for (called, when, says) in [
        ("100", When::At(NOW), "closed.many_calls"),
        ("120", When::At(NOW), "closed.weather"),
        ("100", local("2026-11-28T11:59"), "closed.many_calls"),
        ("100", local("2026-11-28T12:00"), "closed.weather"),
    ] {
        let text = words::explained(&closings, called, when);
        assert!(text.contains(says), "{called} {when:?}: {text}");
    }
    assert_eq!(words::explained(&closings, "100", local("2026-11-28T17:00")), "");
}

#[test]
fn opening_says_what_it_opened_and_what_stays_closed() {
    let set = shipped();
    let closing = |line: &str| made(&set, line).unwrap().0;
    let before = Closings::new(vec![
        closing("100 until 17:00 --say closed.weather"),
        closing("all until 12:00 --say closed.outage"),
    ])
    .unwrap();
    let said = |typed: &[&str]| {
        let typed: Vec<String> = typed.iter().map(|word| (*word).to_owned()).collect();
        let numbers = match typed.as_slice() {
            [all] if all == "all" => Numbers::All,
            numbers => Numbers::These(numbers.iter().cloned().collect()),
        };
        words::opened(&before, &before.opened(&numbers, NOW), &typed, NOW)
    };
    expect![[r#"
        Ok(
            "open again: 100\nall numbers are closed until Saturday 2026-11-28 12:00 EST: `careline open all` opens them\n",
        )
    "#]]
    .assert_debug_eq(&said(&["100"]));
    assert_eq!(said(&["all"]), Ok("open again: all\n".to_owned()));
    let error = said(&["120"]).unwrap_err();
    assert!(error.contains("120: not closed by its own; all numbers are closed until"), "{error}");
}
