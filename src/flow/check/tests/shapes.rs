//! Fields and values that may not stand where they stand, and flows that are too long.

use super::*;

pub fn shapes() {
    let mut many = String::from("  a: {menu: vm.closed_now, keys: {1: message}, next: {message: s0}}\n");
    for n in 0..crate::limits::FLOW_STEPS_MAX {
        many += &format!("  s{n}: {{say: u.one_moment, next: s{}}}\n", n + 1);
    }
    steps(
        &many,
        expect![[r#"
        after_hours.yaml:503:35  F010  `s499` is no step of this flow
          503 |   s498: {say: u.one_moment, next: s499}
              |                                   ^^^^ did you mean `s49` (line 54)?
              after these words the caller would hear nothing more
        after_hours.yaml:504:3  F015  the flow has 501 steps
          504 |   s499: {say: u.one_moment, next: s500}
              |   ^^^^ make several flows of it; at most 500 steps are read
    "#]],
    );
    with(
        "after_hours.yaml",
        "just words",
        expect![[r#"
            after_hours.yaml:1:1  F003  a flow file is written as names and values, and none stand here
                1 | just words
                  | ^^^^^^^^^^ write `name: value`, each on its line or in { }
        "#]],
    );
    with(
        "after_hours.yaml",
        "flow: after_hours\nstart: a\nstesp: {}\nowner: [a, b]\n",
        expect![[r#"
            after_hours.yaml:1:1  F002  a flow file needs `steps`
                1 | flow: after_hours
                  | ^ add `steps: …`
            after_hours.yaml:3:1  F001  `stesp` means nothing in a flow file
                3 | stesp: {}
                  | ^^^^^ did you mean `steps`?
            after_hours.yaml:4:8  F003  the owner is one word, and a list or mapping stands here
                4 | owner: [a, b]
                  |        ^ write one word
        "#]],
    );
    steps(
        "  a: {mneu: vm.closed_now, keys: {1: message}}",
        expect![[r#"
            after_hours.yaml:4:7  F101  nothing says what this step does
                4 |   a: {mneu: vm.closed_now, keys: {1: message}}
                  |       ^^^^ did you mean `menu`?
        "#]],
    );
    steps(
        "  a: {menu: vm.closed_now, kesy: {1: message}}",
        expect![[r#"
            after_hours.yaml:4:6  F002  a `menu` step needs `keys`
                4 |   a: {menu: vm.closed_now, kesy: {1: message}}
                  |      ^ add `keys: …`
            after_hours.yaml:4:28  F001  `kesy` means nothing in a `menu` step
                4 |   a: {menu: vm.closed_now, kesy: {1: message}}
                  |                            ^^^^ did you mean `keys`?
        "#]],
    );
    steps(
        "  a: {menu: vm.closed_now, say: u.goodbye, keys: {1: message}}",
        expect![[r#"
            after_hours.yaml:4:28  F113  a step does one thing, and this one does several
                4 |   a: {menu: vm.closed_now, say: u.goodbye, keys: {1: message}}
                  |                            ^^^ make two steps of it
        "#]],
    );
    steps(
        "  a: {menu: vm.closed_now, keys: {1: message}, first_key: 8}",
        expect![[r#"
            after_hours.yaml:4:59  F109  `8` is no time for a key
                4 |   a: {menu: vm.closed_now, keys: {1: message}, first_key: 8}
                  |                                                           ^ write seconds from 3 to 60, such as `8 s`
        "#]],
    );
    steps(
        "  a: {menu: vm.closed_now, keys: {1: message}, first_key: 2 s}",
        expect![[r#"
            after_hours.yaml:4:59  F109  `2 s` is no time for a key
                4 |   a: {menu: vm.closed_now, keys: {1: message}, first_key: 2 s}
                  |                                                           ^^^ write seconds from 3 to 60, such as `8 s`
        "#]],
    );
    steps(
        "  a: {menu: vm.closed_now, keys: [message]}",
        expect![[r#"
            after_hours.yaml:4:34  F003  `keys` is written as names and values, and none stand here
                4 |   a: {menu: vm.closed_now, keys: [message]}
                  |                                  ^ write `name: value`, each on its line or in { }
        "#]],
    );
    steps(
        "  a: {menu: vm.closed_now, keys: {1: message}, next: {mesage: person}}",
        expect![[r#"
            after_hours.yaml:4:55  F102  no key of this menu is named `mesage`
                4 |   a: {menu: vm.closed_now, keys: {1: message}, next: {mesage: person}}
                  |                                                       ^^^^^^ did you mean `message`?
        "#]],
    );
    steps(
        "  a:\n",
        expect![[r#"
            after_hours.yaml:4:3  F105  the step is empty
                4 |   a:
                  |   ^ say what it does: say, menu, ask, collect, offer, record, hours, when, set, call, care, request, person, transfer, queue, callback, language, recording, speech, wait
        "#]],
    );
    steps(
        "  A step: {say: u.goodbye, end: visits}",
        expect![[r#"
            after_hours.yaml:4:3  F106  `A step` is no name for a step
                4 |   A step: {say: u.goodbye, end: visits}
                  |   ^^^^^^ names are lower-case letters, digits, _ - and .
        "#]],
    );
    steps(
        "  a: {say: u.goodbye, next: person, end: visits}",
        expect![[r#"
            after_hours.yaml:4:42  F114  a step either goes on with `next` or ends the call with `end`
                4 |   a: {say: u.goodbye, next: person, end: visits}
                  |                                          ^^^^^^ take one of them out
        "#]],
    );
    steps(
        "  a: {say: u.goodbye, languages: both, end: visits}",
        expect![[r#"
            after_hours.yaml:1:7  F056  no way through `after_hours` comes to a question or a person
                1 | flow: after_hours
                  |       ^^^^^^^^^^^ let its last words lead to a menu or to `person`
                  whoever calls this number would hear some words and be hung up on
            after_hours.yaml:4:34  F107  `both` is no choice of languages
                4 |   a: {say: u.goodbye, languages: both, end: visits}
                  |                                  ^^^^ may stand here: all
        "#]],
    );
    with(
        "after_hours.yaml",
        "flow: after_hours\nstart:\nsteps:\n  a: {person: u.agent}\n",
        expect![[r#"
        after_hours.yaml:2:6  F104  a step is missing behind the colon
            2 | start:
              |      ^ write it, or take the line out
    "#]],
    );
}
