//! Broken files of a language: each fault has its place and says what it is.

use super::*;
use std::fmt::Write;

/// The English file with one change, and the faults that it has.
fn broken(from: &str, to: &str) -> String {
    assert!(ENGLISH.contains(from), "{from}");
    let faults = compiled(&ENGLISH.replacen(from, to, 1)).expect_err("a fault");
    let mut told = String::new();
    for Fault { place, path, cause } in faults {
        let line = place.map_or(0, |place| place.line);
        let _ = writeln!(told, "{line} {path}: {cause}");
    }
    told.trim_end().to_owned()
}

#[test]
fn each_fault_has_its_place_and_its_cause() {
    for (from, to, expected) in [
        ("clock: 12", "clock: 13", "4 clock: `13` cannot be read; it is written as 12 or 24"),
        ("clock: 12", "clocks: 12", "4 clocks: `clocks` means nothing here; did you mean `clock`?"),
        (
            "one: \"1\"",
            "one: \"1..x\"",
            "5 plurals.one: `1..x` cannot be read; it is written as `1`, `2..4` or `2..4 mod 10`",
        ),
        ("    0: zero\n", "", "0 numbers.cardinal: no rule begins at 0"),
        ("    7: seven\n", "    07: six\n    7: seven\n", "16 numbers.cardinal.7: two rules begin at 7"),
        (
            "    7: seven\n",
            "    x: seven\n",
            "15 numbers.cardinal.x: `x` is no number where a rule begins, nor such a number with a divisor as in 1100/100",
        ),
        (
            "    7: seven\n",
            "    7/0: seven\n",
            "15 numbers.cardinal.7/0: `7/0` is no number where a rule begins, nor such a number with a divisor as in 1100/100",
        ),
        ("twenty[ {low}]", "twenty[ {low}", "28 numbers.cardinal.20: a `[` has no other half"),
        ("twenty[ {low}]", "twenty {low]", "28 numbers.cardinal.20: a `{` has no other half"),
        (
            "twenty[ {low}]",
            "twenty {lo}",
            "28 numbers.cardinal.20: `{lo}` is nothing that can be filled in here",
        ),
        (
            "twenty[ {low}]",
            "twenty {low:card}",
            "28 numbers.cardinal.20: `{low:card}` is nothing that can be filled in here",
        ),
        ("twenty[ {low}]", "[[a]]", "28 numbers.cardinal.20: brackets may not stand here"),
        (
            "    7: seven\n",
            "    7: \"{high} x\"\n",
            "15 numbers.cardinal.7: `{high}` is nothing that can be filled in here",
        ),
        (
            "    0: zero\n",
            "    0: \"{same:digit}\"\n",
            "0 numbers.cardinal: a number would be handed on in a circle",
        ),
        (
            "{month} {day:ordinal}\"\n",
            "{month} {dya}\"\n",
            "83 patterns.date: `{dya}` is nothing that can be filled in here",
        ),
        (
            "  date: \"{",
            "  dates: \"{",
            "83 patterns.dates: `dates` means nothing here; did you mean `date`?\n0 patterns.date: it is missing",
        ),
        ("at {hour", "[at] {hour", "87 patterns.at_time: brackets may not stand here"),
        ("one: hour,", "few: hour,", "96 nouns.hours.few: no plural rule is named `few`"),
        (
            "other: hours",
            "one_more: hours",
            "96 nouns.hours.one_more: no plural rule is named `one_more`\n0 nouns.hours.other: it is missing",
        ),
        (
            "hours: {numbers: cardinal",
            "hours: {numbers: ordinals",
            "96 nouns.hours.numbers: no set of numbers is named `ordinals`",
        ),
        (", December]", "]", "0 months.12: it is missing"),
        (
            ", Sunday]",
            ", Sunday, Funday]",
            "100 weekdays.8: `8` cannot be read; it is written as a place in a list of twelve months or seven days",
        ),
        (
            "\"00:00\": midnight",
            "\"24:00\": midnight",
            "102 parts_of_day.24:00: `24:00` cannot be read; it is written as a time of day such as 06:00\n0 parts_of_day.00:00: it is missing",
        ),
        (
            "10: 3 3 4",
            "10: 3 3 3",
            "109 phone.10: `10: 3 3 3` cannot be read; it is written as groups that add up, such as 10: 3 3 4",
        ),
        (
            "  b: B as in boy",
            "  bb: B as in boy",
            "112 letters.bb: `bb` cannot be read; it is written as one letter",
        ),
        ("  b: B as in boy", "  b: ZERO", "112 letters.b: `ZERO` and `zero` would have the same recording"),
    ] {
        assert_eq!(broken(from, to), expected, "{from} → {to}");
    }
}

#[test]
fn all_faults_come_at_once() {
    let faults = compiled("language: xx\nclok: 12\n").expect_err("faults");
    let missing = faults.iter().filter(|fault| fault.cause == Cause::Missing).count();
    assert_eq!((faults.len() - missing, missing), (1, 59), "{faults:#?}");
}

#[test]
fn rules_that_double_themselves_end_in_time() {
    let file = ENGLISH.replacen(
        "1000000: \"{high} million[ {low}]\"",
        "1000/2: \"{high} {high} {low} {high} a\"",
        1,
    );
    let file = file.replacen("1000: \"{high} thousand[ {low}]\"", "", 1);
    let rules = rules(&file);
    let said = rules.say(Say::Number(999_999_999)).expect("words").len();
    assert!(said <= crate::limits::SPOKEN_STEPS_MAX, "{said}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_entries_give_rules_or_faults(changes in prop::collection::vec((0usize..300, ".{0,20}", "[a-z0-9{}\\[\\]|:. /]{0,20}"), 1..4)) {
        let mut sources = Sources::default();
        let (_, reading) = tree::read(&mut sources, "speech.yaml", ENGLISH.as_bytes());
        let Reading::Tree(tree) = reading else { panic!() };
        let mut entries = read::entries(&tree);
        let count = entries.len();
        for (at, path, text) in changes {
            entries[at % count].text = text.clone();
            entries[(at * 7) % count].path = if at % 2 == 0 { path } else { text };
        }
        if let Ok(rules) = Rules::compile(&entries) {
            let _ = rules.say(Say::Number(987_654_321));
            let _ = rules.say(Say::Money(Money::from_cents(i64::MIN)));
        }
    }
}
