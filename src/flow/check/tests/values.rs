//! Values: what is asked for, kept, passed on and compared.

use super::*;

pub fn values() {
    // Tests of flows are played beside a check: `flow::rehearsal` has their golden texts.
    SEEN.with_borrow_mut(|seen| seen.insert(crate::flow::codes::REHEARSAL.id));
    steps(
        "  a: {when: 1 +, next: {yes: person, no: nurse}}",
        expect![[r#"
            after_hours.yaml:4:16  F185  here should stand a value
                4 |   a: {when: 1 +, next: {yes: person, no: nurse}}
                  |                ^ write it, or take out what stands before it
                  nobody would know which way the call shall take
        "#]],
    );
    steps(
        "  a: {when: 1 + 2, next: {yes: person, no: nurse}}",
        expect![[r#"
            after_hours.yaml:4:13  F144  a condition belongs here, and this is a number
                4 |   a: {when: 1 + 2, next: {yes: person, no: nurse}}
                  |             ^^^^^ compare it with something
                  the caller would be given a person
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
        "  a: {collect: u.one_moment, as: number, save: days, next: person}",
        expect![[r#"
        after_hours.yaml:4:6  F186  a number needs its greatest value
            4 |   a: {collect: u.one_moment, as: number, save: days, next: person}
              |      ^ add `to: …`, so that a slip of the finger is heard
              a caller would have to end each number with pound
    "#]],
    );
    steps(
        "  a: {collect: u.one_moment, as: number, from: 9, to: 3, save: days, next: person}",
        expect![[r#"
            after_hours.yaml:4:6  F186  nothing can be typed: the least is over the greatest
                4 |   a: {collect: u.one_moment, as: number, from: 9, to: 3, save: days, next: person}
                  |      ^ exchange `from` and `to`
        "#]],
    );
    steps(
        "  a: {collect: u.one_moment, as: digits, from: 9, length: 99, save: days, next: person}",
        expect![[r#"
            after_hours.yaml:4:48  F186  `from` does not belong to this kind of entry
                4 |   a: {collect: u.one_moment, as: digits, from: 9, length: 99, save: days, next: person}
                  |                                                ^ take it out
            after_hours.yaml:4:59  F186  `99` is no length of an entry
                4 |   a: {collect: u.one_moment, as: digits, from: 9, length: 99, save: days, next: person}
                  |                                                           ^^ write `5`, or `4-8`; at most 32 digits
        "#]],
    );
    steps(
        "  a: {collect: u.one_moment, as: date, to: tomorrow, save: birth, next: person}",
        expect![[r#"
        after_hours.yaml:4:44  F186  `tomorrow` is no day
            4 |   a: {collect: u.one_moment, as: date, to: tomorrow, save: birth, next: person}
              |                                            ^^^^^^^^ write it as 1900-01-31, or `today`
    "#]],
    );
    steps(
        "  a: {collect: u.one_moment, as: date, to: today, save: birth, next: person}",
        expect![[r#"
        after_hours.yaml:4:6  F186  a date is read back, so that 13/04 is not taken for something else
            4 |   a: {collect: u.one_moment, as: date, to: today, save: birth, next: person}
              |      ^ add `confirm:` with a prompt that says {value} and offers 1 for yes and 2 for no
              a caller who types day before month would be taken for somebody else
    "#]],
    );
    steps(
        "  a: {say: u.one_moment, with: {day: visit}, next: person}",
        expect![[r#"
        after_hours.yaml:4:38  F187  `visit` is no saved value
            4 |   a: {say: u.one_moment, with: {day: visit}, next: person}
              |                                      ^^^^^ write `$visit`, the name under which a step saved it
              nothing could be said or asked here
    "#]],
    );
    steps(
        "  a: {care: optout.sett, next: {done: person}}",
        expect![[r#"
        after_hours.yaml:4:13  F188  nothing called `optout.sett` can be asked of the records
            4 |   a: {care: optout.sett, next: {done: person}}
              |             ^^^^^^^^^^^ did you mean `optout.set`?
              the caller would be led to a person
    "#]],
    );
    steps(
        "  a: {care: optout.set, next: {finished: person}}",
        expect![[r#"
        after_hours.yaml:4:31  F189  nothing says what follows on `done`
            4 |   a: {care: optout.set, next: {finished: person}}
              |                               ^ add `done: …` under `next`
              a caller to whom this happens would hear nothing more
        after_hours.yaml:4:32  F189  this step never comes to `finished`
            4 |   a: {care: optout.set, next: {finished: person}}
              |                                ^^^^^^^^ may stand here: done, failed
    "#]],
    );
    steps(
        "  a: {when: 1 == 1, next: {yes: person}}",
        expect![[r#"
        after_hours.yaml:4:27  F189  nothing says what follows on `no`
            4 |   a: {when: 1 == 1, next: {yes: person}}
              |                           ^ add `no: …` under `next`
              a caller to whom this happens would hear nothing more
    "#]],
    );
    steps(
        "  a: {call: after_ours, next: person}",
        expect![[r#"
        after_hours.yaml:4:13  F191  there is no flow `after_ours`
            4 |   a: {call: after_ours, next: person}
              |             ^^^^^^^^^^ did you mean `after_hours`?
              the caller would be led to a person
    "#]],
    );
    steps(
        "  a: {call: main_menu, next: person}",
        expect![[r#"
            after_hours.yaml:4:13  F191  the flow `main_menu` does not say what it gives back
                4 |   a: {call: main_menu, next: person}
                  |             ^^^^^^^^^ add `gives: {}` to main_menu.yaml and let a step lead to `return`, or use `next`
                  the caller would not come back here
        "#]],
    );
    with(
        "after_hours.yaml",
        format!("flow: after_hours\ntakes: {{day: dat}}\nstart: a\nsteps:\n{GOOD}"),
        expect![[r#"
            after_hours.yaml:2:14  F190  `dat` is no type of a value
                2 | takes: {day: dat}
                  |              ^^^ did you mean `date`?; or `list of` one of them
                  what it holds could not be used
        "#]],
    );
    steps(
        "  a: {ask: u.one_moment, next: {yes: person, no: nurse}}",
        expect![[r#"
        after_hours.yaml:4:12  F019  the `en` text of `u.one_moment` does not offer key 1
            4 |   a: {ask: u.one_moment, next: {yes: person, no: nurse}}
              |            ^^^^^^^^^^^^ say it there: 1 is yes
              a caller cannot know how to answer
        after_hours.yaml:4:12  F019  the `en` text of `u.one_moment` does not offer key 2
            4 |   a: {ask: u.one_moment, next: {yes: person, no: nurse}}
              |            ^^^^^^^^^^^^ say it there: 2 is no
              a caller cannot know how to answer
        after_hours.yaml:4:12  F019  the `es` text of `u.one_moment` does not offer key 1
            4 |   a: {ask: u.one_moment, next: {yes: person, no: nurse}}
              |            ^^^^^^^^^^^^ say it there: 1 is yes
              a caller cannot know how to answer
        after_hours.yaml:4:12  F019  the `es` text of `u.one_moment` does not offer key 2
            4 |   a: {ask: u.one_moment, next: {yes: person, no: nurse}}
              |            ^^^^^^^^^^^^ say it there: 2 is no
              a caller cannot know how to answer
        after_hours.yaml:4:12  F116  key 2 chooses the second language until the first menu is over
            4 |   a: {ask: u.one_moment, next: {yes: person, no: nurse}}
              |            ^^^^^^^^^^^^ give this answer another key, or let a menu without this key come before
              a caller who presses 2 here would not get `no`
    "#]],
    );
    steps(
        "  a: {record: u.recording, next: person}",
        expect![[r#"
        after_hours.yaml:4:34  F189  `record` takes what the caller says, and may fail
            4 |   a: {record: u.recording, next: person}
              |                                  ^^^^^^ write `next: {saved: …}`; the recording notice is `recording: notice` with `prompt:`
              a caller would be asked for a message
    "#]],
    );
    steps(
        "  a: {recording: pause, prompt: u.recording, next: person}",
        expect![[r#"
        after_hours.yaml:4:33  F032  only the notice has words
            4 |   a: {recording: pause, prompt: u.recording, next: person}
              |                                 ^^^^^^^^^^^ take `prompt` out
    "#]],
    );
}
