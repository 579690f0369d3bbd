//! Flows that call flows.

use super::*;

const ID: &str = "flow main\na: -> b {v text}\nb: call id x=v; -> c {y result id.0}\nc: say y\n";

#[test]
fn a_called_flow_sees_what_it_takes_and_gives_what_it_promises() {
    for (name, sub, expected) in [
        ("both", "flow id takes x:text gives y:date\nd: say x; -> e {y date}\ne: -> return", ""),
        (
            "nothing else of the caller",
            "flow id takes x:text gives y:date\nd: say x; say v; -> return {y date}",
            "6:11 v of line 2 does not come here",
        ),
        (
            "not on every way",
            "flow id takes x:text gives y:date\nd: say x; -> e {y date}; -> f\ne: -> g\nf: -> g\ng: -> return",
            "9:4 y is not given, over f",
        ),
        (
            "on no way",
            "flow id takes x:text gives y:date\nd: say x; -> return",
            "6:11 y is not given, over the beginning",
        ),
        (
            "of another type",
            "flow id takes x:text gives y:date\nd: say x; -> return {y number}",
            "6:22 y shall be a date and is a number",
        ),
        (
            "what it takes is not asked for",
            "flow id takes x:text gives y:date\nd: -> return {y date}",
            "5:15 x is not taken",
        ),
        ("it never returns", "flow id takes x:text gives y:date\nd: say x; -> out", "3:4 id never returns"),
        (
            "its circle never returns",
            "flow id takes x:text gives y:date\nd: say x; -> e\ne: -> d; -> out\nf: -> return {y date}",
            "3:4 id never returns",
        ),
    ] {
        table(&[(name, &format!("{ID}{sub}"), expected)]);
    }
}

#[test]
fn what_is_handed_over_fits() {
    let sub = "flow id takes x:text gives y:date\nd: say x; -> return {y date}";
    for (name, main, expected) in [
        ("a word", "a: -> b {v text}\nb: call id x=v; -> out", ""),
        ("a choice is a word", "a: -> b {v choice/q/r}\nb: call id x=v; -> out", ""),
        (
            "a number is none",
            "a: -> b {v number}\nb: call id x=v; -> out",
            "3:12 Type(Text) and not a number",
        ),
        ("nothing", "a: -> b\nb: call id; -> out", "3:4 x is missing, a text"),
        (
            "another name",
            "a: -> b {v text}\nb: call id x=v xx=v; -> out",
            "3:16 no parameter xx, near Some(\"x\")",
        ),
        ("what is not saved", "a: -> b\nb: call id x=v; -> out", "3:12 v is never saved, near None"),
        (
            "its flags go along and come back",
            "a: -> b {v text phi}\nb: call echo x=v; -> c {y result echo.0}\nc: get y",
            "4:4 phi y in an address",
        ),
        (
            "those of every caller",
            "a: -> b {v text}; -> d {v text phi}\nb: call echo x=v; -> c {y result echo.0}\nc: get y; -> out\nd: call echo x=v; -> out",
            "4:4 phi y in an address",
        ),
        (
            "what the caller knew it knows afterwards",
            "a: -> b {v text, w date}\nb: call id x=v; -> c {y result id.0}\nc: say y; say w; say v",
            "",
        ),
    ] {
        let echo = "flow echo takes x:text gives y:text\ne: -> return {y := x}";
        let program = format!("flow main\n{main}\n{}\n{echo}", sub.replace("d:", "f:"));
        table(&[(name, &program, expected)]);
    }
}

#[test]
fn assurance_that_a_called_flow_reaches_comes_back() {
    let main = "flow main\na: call id; -> b\nb: needs L2\n";
    for (name, sub, expected) in [
        ("reached", "flow id\nc: -> d L2; -> out\nd: -> return", ""),
        ("not on every way", "flow id\nc: -> d L2; -> d\nd: -> return", "3:4 needs L2 and has L0"),
        ("not at all", "flow id\nc: -> return", "3:4 needs L2 and has L0"),
    ] {
        table(&[(name, &format!("{main}{sub}"), expected)]);
    }
    let twice = "flow main\na: -> b L2; -> c\nb: call id; -> out\nc: call id; -> out\nflow id\nd: needs L2; -> return";
    table(&[("the least of its callers", twice, "6:4 needs L2 and has L0")]);
    let kept =
        "flow main\na: -> b L2\nb: call id; -> c\nc: needs L2\nd: call id; -> out\nflow id\ne: -> return";
    table(&[("the caller's own is not lost", kept, "")]);
}

#[test]
fn what_any_return_gives_counts_for_every_caller() {
    table(&[(
        "the second return is the one that tells",
        "flow main\na: call who; -> b {y result who.0}\nb: get y\n\
         flow who gives y:text\nc: -> return {y text}; -> d\nd: -> return {y text phi}",
        "3:4 phi y in an address",
    )]);
}

#[test]
fn a_flow_is_called_or_gone_on_to_and_not_both() {
    table(&[
        ("return to nobody", "a: -> b\nb: -> return", "2:4 return to nobody"),
        (
            "gone on to, though it returns",
            "flow main\na: -> b; -> d\nb: call id; -> out\nflow id\nd: -> return",
            "2:10 jumps into id",
        ),
        (
            "called, and never says return",
            "flow main\na: call id; -> out\nflow id\nd: -> out",
            "2:4 id never returns",
        ),
        (
            "gone on to, though it takes something",
            "flow main\na: -> d {x text}\nflow id takes x:text\nd: say x; -> return",
            "2:4 jumps into id",
        ),
        (
            "back to its own first step",
            "flow main\na: call id; -> out\nflow id\nd: -> e\ne: -> d; -> return",
            "",
        ),
        (
            "a called flow may leave for another",
            "flow main\na: call id; -> out\nflow id\nd: -> e; -> return\nflow other\ne: -> a",
            "",
        ),
    ]);
}

#[test]
fn circles_of_calls_are_told_whole() {
    table(&[
        (
            "itself",
            "flow main\na: call x; -> out\nflow x\nb: call x; -> return; -> return",
            "4:4 circle of x",
        ),
        (
            "over two",
            "flow main\na: call x; -> out\nflow x\nb: call y; -> return\nflow y\nc: call z; -> return\nflow z\nd: call x; -> e; -> return\ne: -> return",
            "8:4 circle of x, y, z",
        ),
        (
            "two that meet are no circle",
            "flow main\na: call x; -> b\nb: call y; -> out\nflow x\nc: call z; -> return\nflow y\nd: call z; -> return\nflow z\ne: -> return",
            "",
        ),
    ]);
}

#[test]
fn a_flow_that_nothing_leads_to_is_looked_at_all_the_same() {
    table(&[(
        "with what it takes",
        "flow main\na: -> out\nflow id takes x:date gives y:date\nb: say x; say z; -> return {y := x + days(1)}",
        "4:11 z is never saved, near None",
    )]);
}
