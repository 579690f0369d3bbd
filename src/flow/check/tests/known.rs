//! Values: what they are, where they are known, where they may go, and flows that are called.

use super::*;

const ASKED: &str = "  a: {collect: u.one_moment, as: number, to: 99, save: days, next: b}\n";
const NOON: &str = "  a: {when: now() < '12:00', next: {yes: b, no: c}}\n";
const ONE: &str = "  b: {collect: u.one_moment, as: number, to: 99, save: days, next: d}\n";

/// The faults and warnings when steps stand in `after_hours` and in a flow that it may call.
fn two(steps: &str, called: &str, expected: Expect) {
    let text = format!("flow: after_hours\nstart: a\nsteps:\n{steps}\n");
    let called = format!("flow: caller_id\n{called}\n");
    let files = [("after_hours.yaml", Some(text.as_bytes())), ("caller_id.yaml", Some(called.as_bytes()))];
    expected.assert_eq(&render(&load(&files)));
}

#[test]
fn the_guide_lists_every_function_every_field_and_every_common_answer() {
    let guide = include_str!("../../../../docs/admin-guide/saving.md");
    for function in crate::flow::expression::functions::FUNCTIONS {
        let row = format!("| `{}` | {} | {} |", function.name, function.takes, function.gives);
        assert!(guide.contains(&row), "{row}");
    }
    for field in crate::flow::records::FIELDS {
        assert!(guide.contains(&format!("`{}`", field.name)), "{}", field.name);
    }
    for answer in super::super::answers::COMMON {
        assert!(guide.contains(&format!("`{answer}`")), "{answer}");
    }
}

pub fn known() {
    names();
    kinds();
    ways_out();
    calls();
}

/// Where a value is known.
fn names() {
    steps(
        &format!("{ASKED}  b: {{when: dais >= 3, next: {{yes: person, no: nurse}}}}"),
        expect![[r#"
        after_hours.yaml:5:13  F140  nothing is saved as `dais`
            5 |   b: {when: dais >= 3, next: {yes: person, no: nurse}}
              |             ^^^^ did you mean `days`?
              a caller who comes here without it would be given a person
    "#]],
    );
    steps(
        "  a: {set: {left: supply - 3}, next: person}",
        expect![[r#"
        after_hours.yaml:4:19  F140  nothing is saved as `supply`
            4 |   a: {set: {left: supply - 3}, next: person}
              |                   ^^^^^^ let a step before save it: `save: supply`
              a caller who comes here without it would be given a person
    "#]],
    );
    steps(
        &format!(
            "{NOON}{ONE}  c: {{say: u.one_moment, next: d}}\n  d: {{when: \"1 < days\", next: {{yes: person, no: nurse}}}}"
        ),
        expect![[r#"
            after_hours.yaml:7:18  F141  `days` is saved in line 5, but not on a way over `c`
                7 |   d: {when: "1 < days", next: {yes: person, no: nurse}}
                  |                  ^^^^ save it there too, or ask before with `when: days is known`
                  a caller who comes here without it would be given a person
        "#]],
    );
    steps(
        "  a: {when: days > 1, next: {yes: person, no: b}}\n  b: {collect: u.one_moment, as: number, to: 99, save: days, next: person}",
        expect![[r#"
            after_hours.yaml:4:13  F141  `days` is saved in line 5, but on no way that leads here
                4 |   a: {when: days > 1, next: {yes: person, no: b}}
                  |             ^^^^ save it before this step
                  a caller who comes here without it would be given a person
        "#]],
    );
    steps(
        "  a: {collect: u.one_moment, as: number, to: 99, save: days, next: person}",
        expect![[r#"
            after_hours.yaml:4:56  F152  warning: no step behind this asks for `days`
                4 |   a: {collect: u.one_moment, as: number, to: 99, save: days, next: person}
                  |                                                        ^^^^ use it, or take `save` out
                  what the caller answers changes nothing
            prompts.yaml:108:1  F053  warning: no step speaks `vm.closed_now`
              108 | vm.closed_now:
                  | ^^^^^^^^^^^^^ let a step speak it, or take it out
                  no caller would ever hear it
        "#]],
    );
    steps(
        "  a: {collect: u.one_moment, as: number, to: 99, save: days-left, next: b}\n  b: {set: {value: 1, and: 2}, next: person}",
        expect![[r#"
            after_hours.yaml:4:56  F153  no condition could ask for a value with the name `days-left`
                4 |   a: {collect: u.one_moment, as: number, to: 99, save: days-left, next: b}
                  |                                                        ^^^^^^^^^ use another name: letters, digits and _, a letter first, and none of and, or, not, in, is, known
                  what was saved could not be used
            after_hours.yaml:5:13  F153  `value` is what a step itself holds, so nothing is saved under this name
                5 |   b: {set: {value: 1, and: 2}, next: person}
                  |             ^^^^^ use another name: letters, digits and _, a letter first, and none of and, or, not, in, is, known
                  what was saved could not be used
            after_hours.yaml:5:23  F153  no condition could ask for a value with the name `and`
                5 |   b: {set: {value: 1, and: 2}, next: person}
                  |                       ^^^ use another name: letters, digits and _, a letter first, and none of and, or, not, in, is, known
                  what was saved could not be used
        "#]],
    );
}

/// What a value is.
fn kinds() {
    steps(
        &format!(
            "{NOON}{ONE}  c: {{collect: u.one_moment, as: digits, save: days, next: d}}\n  d: {{when: days == 3, next: {{yes: person, no: nurse}}}}"
        ),
        expect![[r#"
            after_hours.yaml:6:48  F142  `days` is a row of digits here, and a number in line 5
                6 |   c: {collect: u.one_moment, as: digits, save: days, next: d}
                  |                                                ^^^^ give one of them another name
                  where both ways meet, nobody would know what it is
        "#]],
    );
    steps(
        &format!("{ASKED}  b: {{when: days == '3' or age(days) > 3, next: {{yes: person, no: nurse}}}}"),
        expect![[r#"
        after_hours.yaml:5:13  F143  a number and a text cannot be compared
            5 |   b: {when: days == '3' or age(days) > 3, next: {yes: person, no: nurse}}
              |             ^^^^^^^^^^^ compare values of the same kind
              nobody would know which way the call shall take
        after_hours.yaml:5:32  F143  here should stand a date, and this is a number
            5 |   b: {when: days == '3' or age(days) > 3, next: {yes: person, no: nurse}}
              |                                ^^^^ write a date
              nobody would know which way the call shall take
    "#]],
    );
    steps(
        &format!("{ASKED}  b: {{when: days + 1, next: {{yes: person, no: nurse}}}}"),
        expect![[r#"
        after_hours.yaml:5:13  F144  a condition belongs here, and this is a number
            5 |   b: {when: days + 1, next: {yes: person, no: nurse}}
              |             ^^^^^^^^ compare it with something
              the caller would be given a person
    "#]],
    );
    steps(
        "  a: {menu: vm.closed_now, keys: {1: leave}, save: way, next: {leave: b}}\n  b: {when: way == 'leaf', next: {yes: message, no: nurse}}",
        expect![[r#"
            after_hours.yaml:5:20  F143  `leaf` is not a choice of leave
                5 |   b: {when: way == 'leaf', next: {yes: message, no: nurse}}
                  |                    ^^^^^^ did you mean `leave`?
                  nobody would know which way the call shall take
        "#]],
    );
    steps(
        &format!(
            "{ASKED}  b: {{offer: vm.closed_now, from: $days, keys: {{1: take}}, next: {{take: message, used_up: person}}}}"
        ),
        expect![[r#"
            after_hours.yaml:5:35  F144  a list belongs here, and this is a number
                5 |   b: {offer: vm.closed_now, from: $days, keys: {1: take}, next: {take: message, used_up: person}}
                  |                                   ^^^^^ name a value that holds several
                  the caller would be given a person
        "#]],
    );
}

/// Where a value may go, and who must be known.
fn ways_out() {
    let pin = "  a: {collect: u.one_moment, as: digits, length: 4, secret: yes, save: pin, next: b}\n";
    let text = format!("flow: after_hours\nstart: a\nsteps:\n{pin}  b: {{say: x.pin, next: person}}\n");
    let mut prompts = include_str!("../../../../ivr-flows/prompts.yaml").to_owned();
    prompts += "x.pin: {en: \"It is {pin}.\", es: \"Es {pin}.\"}\n";
    let files = [("after_hours.yaml", Some(text.as_bytes())), ("prompts.yaml", Some(prompts.as_bytes()))];
    let faults: Vec<Diagnostic> = load(&files).into_iter().filter(|fault| fault.code.id == "F145").collect();
    expect![[r#"
        after_hours.yaml:5:12  F145  `pin` is secret, and is spoken here
            5 |   b: {say: x.pin, next: person}
              |            ^^^^^ take it out; a secret is compared, or sent in the body of a request
              whoever stands beside the caller would hear it
    "#]]
    .assert_eq(&render(&faults));
    // On one way the value tells nothing, on the other it does.
    let asks =
        "  d: {request: https://a.example/x, with: {days: $days}, next: {done: person, failed: person}}";
    let one = "  b: {set: {days: 3}, next: d}\n  c: {collect: u.one_moment, as: number, to: 99, save: days, next: d}\n";
    steps(
        &format!("{NOON}{one}{asks}"),
        expect![[r#"
        after_hours.yaml:7:50  F136  `days` may tell of a patient, and would stand in a URL
            7 |   d: {request: https://a.example/x, with: {days: $days}, next: {done: person, failed: person}}
              |                                                  ^^^^^ add `method: post`; or list it under `public` where it comes from, if it tells nothing
              nothing; but every server and proxy on the way writes URLs into its logs
    "#]],
    );
    steps(
        "  a: {care: appt.list, save: visits, next: {found: person, none: person}}",
        expect![[r#"
        after_hours.yaml:4:13  F146  this needs a caller known at L2, and on some way here he is known at L0
            4 |   a: {care: appt.list, save: visits, next: {found: person, none: person}}
              |             ^^^^^^^^^ let a flow that finds out who calls come before, on every way
              somebody else could hear or change what is the patient's alone
    "#]],
    );
    steps(
        &format!(
            "{ASKED}  b: {{care: patient.find, with: {{birth: $days, zp: $days}}, next: {{found: person, several: person, none: person}}}}"
        ),
        expect![[r#"
            after_hours.yaml:5:13  F147  `patient.find` needs a value `zip`, a row of digits
                5 |   b: {care: patient.find, with: {birth: $days, zp: $days}, next: {found: person, several: person, none: person}}
                  |             ^^^^^^^^^^^^ add it under `with`: {zip: $…}
                  the records could not be asked, and the caller would be given a person
            after_hours.yaml:5:41  F144  a date belongs here, and this is a number
                5 |   b: {care: patient.find, with: {birth: $days, zp: $days}, next: {found: person, several: person, none: person}}
                  |                                         ^^^^^ name another value, or change the type where it is declared
                  the caller would be given a person
            after_hours.yaml:5:48  F147  `patient.find` takes no value `zp`
                5 |   b: {care: patient.find, with: {birth: $days, zp: $days}, next: {found: person, several: person, none: person}}
                  |                                                ^^ did you mean `zip`?
        "#]],
    );
}

/// Flows that are called.
fn calls() {
    let who = "takes: {day: date}\ngives: {code: digits}\nstart: a\nsteps:\n";
    two(
        "  a: {set: {visit: 4}, next: b}\n  b: {call: caller_id, with: {day: $visit, dya: $visit}, save: {left: cod}, next: person}",
        &format!(
            "{who}  a: {{when: day > today(), next: {{yes: return, no: b}}}}\n  b: {{set: {{code: 3}}, next: return}}"
        ),
        expect![[r#"
            after_hours.yaml:5:36  F144  a date belongs here, and this is a number
                5 |   b: {call: caller_id, with: {day: $visit, dya: $visit}, save: {left: cod}, next: person}
                  |                                    ^^^^^^ name another value, or change the type where it is declared
                  the caller would be given a person
            after_hours.yaml:5:49  F147  the called flow takes no value `dya`
                5 |   b: {call: caller_id, with: {day: $visit, dya: $visit}, save: {left: cod}, next: person}
                  |                                                 ^^^^^^ take it out, or add it under `takes` of that flow
            after_hours.yaml:5:71  F148  `caller_id` gives no value `cod`
                5 |   b: {call: caller_id, with: {day: $visit, dya: $visit}, save: {left: cod}, next: person}
                  |                                                                       ^^^ did you mean `code`?
            caller_id.yaml:6:40  F148  the flow gives `code`, and comes back here without it
                6 |   a: {when: day > today(), next: {yes: return, no: b}}
                  |                                        ^^^^^^ save it on every way to `return`, or take it out of `gives`
                  who called this flow would go on without it
            caller_id.yaml:7:13  F148  the flow gives `code` as a row of digits, and here it is a number
                7 |   b: {set: {code: 3}, next: return}
                  |             ^^^^ correct the type under `gives`, or give this value another name
        "#]],
    );
    two(
        "  a: {call: caller_id, next: b}\n  b: {say: u.one_moment, next: caller_id}",
        "gives: {}\nstart: a\nsteps:\n  a: {say: u.one_moment, next: return}",
        expect![[r#"
            after_hours.yaml:5:32  F149  `caller_id` goes back to whoever called it, and here nobody calls it
                5 |   b: {say: u.one_moment, next: caller_id}
                  |                                ^^^^^^^^^ make a step of it: {call: caller_id, next: …}
                  at its end the caller would be given a person
        "#]],
    );
    two(
        "  a: {call: caller_id, next: person}",
        "gives: {}\nstart: a\nsteps:\n  a: {say: u.one_moment, next: person}",
        expect![[r#"
            after_hours.yaml:4:13  F150  `caller_id` never comes to a `return`
                4 |   a: {call: caller_id, next: person}
                  |             ^^^^^^^^^ let a step of it lead to `return`, or go there with `next: caller_id`
                  what follows on this call would never be heard
        "#]],
    );
    two(
        "  a: {call: caller_id, next: person}",
        "gives: {}\nstart: a\nsteps:\n  a: {when: now() < '12:00', next: {yes: b, no: return}}\n  b: {call: caller_id, next: return}",
        expect![[r#"
            caller_id.yaml:5:3  F013  `a` leads back to itself without any key
                5 |   a: {when: now() < '12:00', next: {yes: b, no: return}}
                  |   ^ let one step of the circle lead to a menu or to `person`
                  a caller would hear the same words again and again, for ever
            caller_id.yaml:6:13  F151  flows call each other in a circle: caller_id → caller_id
                6 |   b: {call: caller_id, next: return}
                  |             ^^^^^^^^^ let one of them lead on with `next` in place of `call`
                  after some rounds the caller would be given a person
        "#]],
    );
    steps(
        "  a: {menu: vm.closed_now, keys: {1: return}}",
        expect![[r#"
        after_hours.yaml:4:38  F149  this flow does not say what it gives back, so nobody calls it, and there is nothing to return to
            4 |   a: {menu: vm.closed_now, keys: {1: return}}
              |                                      ^^^^^^ name the step that follows, or add `gives: {}` and `call` this flow
              the caller would be given a person
    "#]],
    );
    let mut prompts = include_str!("../../../../ivr-flows/prompts.yaml").to_owned();
    prompts += "x.yes: {en: \"Press 1 or 3.\", es: \"Marque 1 o 3.\"}\n";
    let text = "flow: after_hours\nstart: a\nsteps:\n  a: {menu: x.yes, keys: {1: yes, 3: no}, next: {yes: person, no: message}}\n";
    let files = [("after_hours.yaml", Some(text.as_bytes())), ("prompts.yaml", Some(prompts.as_bytes()))];
    expect![[r#"
        after_hours.yaml:4:35  F154  warning: `no` is key 3 here, and 2 in every question of yes and no
            4 |   a: {menu: x.yes, keys: {1: yes, 3: no}, next: {yes: person, no: message}}
              |                                   ^ give it key 2, in the texts too
              a caller who has learnt that 2 is `no` would press it here
        prompts.yaml:108:1  F053  warning: no step speaks `vm.closed_now`
          108 | vm.closed_now:
              | ^^^^^^^^^^^^^ let a step speak it, or take it out
              no caller would ever hear it
    "#]]
    .assert_eq(&render(&load(&files)));
}
