//! Values: known or not, of which type, and what they must not leak.

use super::*;

#[test]
fn a_name_is_known_where_every_way_saves_it() {
    table(&[
        ("saved before", "a: -> b {x date}\nb: say x", ""),
        ("saved on both ways", "a: -> b; -> c\nb: -> d {x date}\nc: -> d {x date}\nd: say x", ""),
        (
            "saved on one way only",
            "a: -> b; -> c\nb: -> d {x date}\nc: -> d\nd: say x",
            "4:4 x of line 2 does not come over c",
        ),
        (
            "the step that the way comes over is named, however far behind",
            "a: -> b; -> c\nb: -> d {x date}\nc: -> d\nd: -> e\ne: -> f\nf: say x",
            "6:4 x of line 2 does not come over c",
        ),
        (
            "a circle that saves it later",
            "a: -> b\nb: say x; -> c\nc: -> b {x date}",
            "2:4 x of line 3 does not come over a",
        ),
        ("a circle behind the place that saves it", "a: -> b {x date}\nb: say x; -> c\nc: -> b", ""),
        (
            "an outcome that saves nothing",
            "a: -> b {x date}; -> c\nb: say x\nc: say x",
            "3:4 x of line 1 does not come here",
        ),
        (
            "a call may begin in the circle",
            "a: say x; -> b\nb: -> a {x date}",
            "1:4 x of line 2 does not come over the beginning",
        ),
        (
            "nothing saves it",
            "a: -> b {birth date}\nb: say brith; say birth",
            "2:4 brith is never saved, near Some(\"birth\")",
        ),
        ("saved behind", "a: say x; -> b\nb: -> c {x date}\nc: say x", "1:4 x of line 2 does not come here"),
        ("saved anew from itself", "a: -> b {n number}\nb: -> c {n := n - 1}\nc: say n; -> b", ""),
        ("two saved one after the other", "a: -> b {n number, m := n + 1}\nb: say m", ""),
        ("a step that no way leads to is left alone", "a: -> out\nb: say x", ""),
    ]);
}

#[test]
fn is_known_makes_known_what_stands_behind_it() {
    let two = "a: -> b; -> c\nb: -> d {x digits}\nc: -> d\n";
    for (name, rest, expected) in [
        ("on the way where it holds", "d: when x is known; yes -> e; no -> out\ne: say x", ""),
        (
            "on the other way it is not",
            "d: when x is known; yes -> out; no -> e\ne: say x",
            "5:4 x of line 2 does not come over c",
        ),
        ("not known, the other way round", "d: when x is not known; yes -> out; no -> e\ne: say x", ""),
        ("joined with and", "d: when x is known and x == '1'; yes -> e; no -> out\ne: say x", ""),
        (
            "with or it says nothing",
            "d: when x is known or 1 == 1; yes -> e; no -> out\ne: say x",
            "5:4 x of line 2 does not come over c",
        ),
        (
            "not asked first",
            "d: when x == '1'; yes -> out; no -> out",
            "4:9 `x` x of line 2 does not come over c",
        ),
        (
            "where the ways meet again it is as before",
            "d: when x is known; yes -> e; no -> e\ne: say x",
            "5:4 x of line 2 does not come over c",
        ),
    ] {
        table(&[(name, &format!("{two}{rest}"), expected)]);
    }
}

#[test]
fn types_join_over_all_ways_to_a_step() {
    table(&[
        (
            "two types, and where both are saved",
            "a: -> b; -> c\nb: -> d {x date}\nc: -> d {x number}\nd: say x; say x",
            "3:10 x is a number, in line 2 a date",
        ),
        ("two types that never meet", "a: -> b {x date}; -> c {x number}\nb: say x\nc: say x", ""),
        (
            "choices are united",
            "a: -> b {x choice/sick/well}; -> b {x choice/other}\nb: when x == 'other'; yes -> out; no -> out",
            "",
        ),
        (
            "and nothing else is in them",
            "a: -> b {x choice/sick/well}; -> b {x choice/other}\nb: when x == 'scik'; yes -> out; no -> out",
            "2:9 `'scik'` `scik` is not a choice of other, sick, well",
        ),
        ("lists of choices too", "a: -> b {x list/choice/q}; -> b {x list/choice/r}\nb: list x", ""),
        (
            "a broken name breaks nothing behind it",
            "a: -> b; -> c\nb: -> d {x date}\nc: -> d {x number}\nd: -> e {y := x + 1}\ne: say y",
            "3:10 x is a number, in line 2 a date",
        ),
        (
            "the item of a list",
            "a: -> b {xs list/time}\nb: list xs; -> c {x item xs}\nc: when x == 4; yes -> out; no -> out",
            "3:9 `x == 4` a time of day and a number cannot be compared",
        ),
        (
            "the item of no list",
            "a: -> b {xs time}\nb: -> c {x item xs}\nc: say x",
            "2:10 List and not a time of day",
        ),
        (
            "a list cannot be said",
            "a: -> b {xs list/time}\nb: say xs",
            "2:4 Words and not a list, each of which is a time of day",
        ),
        ("nor can a record", "a: -> b {p patient}\nb: say p", "2:4 Words and not a record `patient`"),
        (
            "but its field",
            "a: -> b {p patient}\nb: say p.name; when age(p.birth) < 4; yes -> out; no -> out",
            "",
        ),
        (
            "if it has it",
            "a: -> b {p patient}\nb: say p.nmae",
            "2:4 a record `patient` has no nmae, near Some(\"name\")",
        ),
        ("a date has no fields", "a: -> b {p date}\nb: say p.year", "2:4 a date has no year, near None"),
        (
            "a condition is true or false",
            "a: -> b {n number}\nb: when n + 1; yes -> out; no -> out",
            "2:9 Type(Bool) and not a number",
        ),
    ]);
}

#[test]
fn what_tells_of_a_patient_and_what_is_secret_goes_with_everything_made_of_it() {
    table(&[
        ("may be said", "a: -> b {x date phi}\nb: say x", ""),
        ("not in an address", "a: -> b {x date phi}\nb: get x", "2:4 phi x in an address"),
        ("but in a body", "a: -> b {x date phi}\nb: post x", ""),
        (
            "through an expression",
            "a: -> b {x date phi}\nb: -> c {y := age(x) >= 65}\nc: get y",
            "3:4 phi y in an address",
        ),
        (
            "through a condition it does not go",
            "a: -> b {x date phi}\nb: when age(x) >= 65; yes -> c {y number}; no -> out\nc: get y",
            "",
        ),
        ("on one way only", "a: -> b {x date phi}; -> b {x date}\nb: get x", "2:4 phi x in an address"),
        (
            "through a list",
            "a: -> b {xs list/date phi}\nb: -> c {x item xs}\nc: get x",
            "3:4 phi x in an address",
        ),
        ("through a field", "a: -> b {p patient}\nb: get p.name", "2:4 phi p in an address"),
        (
            "through the field in an expression",
            "a: -> b {p patient}\nb: -> c {y := year(p.birth)}\nc: get y",
            "3:4 phi y in an address",
        ),
        ("a secret is not said", "a: -> b {x digits secret}\nb: say x", "2:4 secret x goes Spoken"),
        ("nor written down", "a: -> b {x digits phi secret}\nb: get x", "2:4 secret x goes Address"),
        (
            "but compared, and sent in a body",
            "a: -> b {x digits secret}\nb: post x; when x == '1'; yes -> out; no -> out",
            "",
        ),
        (
            "nor is a part of it said",
            "a: -> b {x digits secret}\nb: -> c {y := last(x,4)}\nc: say y",
            "3:4 secret y goes Spoken",
        ),
        (
            "round a circle",
            "a: -> b {x digits, y digits secret}\nb: say x; -> c\nc: -> b {x := first(y,2)}",
            "2:4 secret x goes Spoken",
        ),
    ]);
}

#[test]
fn assurance_is_the_least_of_all_ways() {
    table(&[
        ("not known", "a: needs L2", "1:4 needs L2 and has L0"),
        ("known", "a: -> b L2\nb: needs L2", ""),
        ("known better", "a: -> b L3\nb: needs L2", ""),
        ("known less", "a: -> b L1\nb: needs L2", "2:4 needs L2 and has L1"),
        ("on one way only", "a: -> b L2; -> b\nb: needs L2", "2:4 needs L2 and has L0"),
        ("it stays", "a: -> b L2\nb: -> c\nc: -> d L1\nd: needs L2", ""),
        ("round a circle", "a: -> b\nb: needs L2; -> c\nc: -> b L2", "2:4 needs L2 and has L0"),
    ]);
}

#[test]
fn what_nobody_asks_for_is_told() {
    table(&[
        ("never", "a: -> b {x date}\nb: -> out", "1:10 x is not used"),
        ("only after it is saved anew", "a: -> b {x date}\nb: -> c {x date}\nc: say x", "1:10 x is not used"),
        ("on one way it is", "a: -> b {x date}\nb: -> c; -> out\nc: say x", ""),
        ("of two ways that save it, one asks", "a: -> b {x date}; -> c {x date}\nb: say x\nc: -> out", ""),
        ("by the next that is saved", "a: -> b {x number, y := x + 1}\nb: say y", ""),
        ("on the way out", "a: -> out {x date}", "1:12 x is not used"),
    ]);
}

#[test]
fn an_expression_without_fault_is_handed_on_and_one_with_a_fault_is_not() {
    let written = written(
        "a: -> b {x date}\nb: when age(x) >= 65; yes -> c; no -> c\nc: when x > 4; yes -> out; no -> out",
    );
    let (_, found) = found(&written.program);
    let checked: Vec<String> =
        found.checked.iter().map(|(place, checked)| format!("{}: {checked}", place.line)).collect();
    assert_eq!(checked, ["2: age(x) >= 65"]);
    assert_eq!(found.findings.len(), 1, "{:?}", found.findings);
}

#[test]
fn steps_that_could_not_be_read_may_save_anything() {
    let text = "a: -> b\nb: say x; when y is known; yes -> c {z date}; no -> out\nc: -> out";
    let mut written = written(text);
    assert_eq!(found(&written.program).1.findings.len(), 3);
    written.program.reading = Reading::InPart;
    assert_eq!(found(&written.program).1.findings, []);
}
