//! Requests: what cannot be asked, and what must not be.

use super::*;

/// A request step with `more` in it.
fn request(more: &str, expected: Expect) {
    steps(&format!("  a: {{{more}, next: {{done: person, failed: person}}}}"), expected);
}

pub fn requests() {
    request(
        "request: https://a.example/x",
        expect![[r#"
            prompts.yaml:108:1  F053  warning: no step speaks `vm.closed_now`
              108 | vm.closed_now:
                  | ^^^^^^^^^^^^^ let a step speak it, or take it out
                  no caller would ever hear it
        "#]],
    );
    request(
        "request: \"http://10.0.0.7:8080/x?y=1\", method: post, answer: {free: number, names: list of text}, public: [free], within: 2 s, meanwhile: u.one_moment",
        expect![[r#"
            prompts.yaml:108:1  F053  warning: no step speaks `vm.closed_now`
              108 | vm.closed_now:
                  | ^^^^^^^^^^^^^ let a step speak it, or take it out
                  no caller would ever hear it
        "#]],
    );
    request(
        "request: a.example/x",
        expect![[r#"
        after_hours.yaml:4:16  F130  this URL cannot be asked: it begins neither with https:// nor with http://
            4 |   a: {request: a.example/x, next: {done: person, failed: person}}
              |                ^^^^^^^^^^^ write the whole URL, such as `https://scheduler.example/slots`
              nothing could be asked, and the caller would be led away as if the server were down
    "#]],
    );
    request(
        "request: ftp://a.example/x",
        expect![[r#"
        after_hours.yaml:4:16  F130  this URL cannot be asked: it begins neither with https:// nor with http://
            4 |   a: {request: ftp://a.example/x, next: {done: person, failed: person}}
              |                ^^^^^^^^^^^^^^^^^ write the whole URL, such as `https://scheduler.example/slots`
              nothing could be asked, and the caller would be led away as if the server were down
    "#]],
    );
    request(
        "request: https://",
        expect![[r#"
        after_hours.yaml:4:16  F130  this URL cannot be asked: `` is no host
            4 |   a: {request: https://, next: {done: person, failed: person}}
              |                ^^^^^^^^ write a name, an address, and a port only if it is not the usual one
              nothing could be asked, and the caller would be led away as if the server were down
    "#]],
    );
    request(
        "request: https://a.example:99999/",
        expect![[r#"
        after_hours.yaml:4:16  F130  this URL cannot be asked: `a.example:99999` is no port
            4 |   a: {request: https://a.example:99999/, next: {done: person, failed: person}}
              |                ^^^^^^^^^^^^^^^^^^^^^^^^ write a name, an address, and a port only if it is not the usual one
              nothing could be asked, and the caller would be led away as if the server were down
    "#]],
    );
    request(
        "request: \"https://a.example/{visit}\"",
        expect![[r#"
        after_hours.yaml:4:16  F130  this URL cannot be asked: the character '{' cannot stand in it
            4 |   a: {request: "https://a.example/{visit}", next: {done: person, failed: person}}
              |                ^^^^^^^^^^^^^^^^^^^^^^^^^^^ write it as `%` and two hexadecimal digits, or send it by `with`
              nothing could be asked, and the caller would be led away as if the server were down
    "#]],
    );
    request(
        "request: \"https://a.example/#x\"",
        expect![[r#"
        after_hours.yaml:4:16  F130  this URL cannot be asked: `#` begins a part that no server gets to see
            4 |   a: {request: "https://a.example/#x", next: {done: person, failed: person}}
              |                ^^^^^^^^^^^^^^^^^^^^^^ take it out, or put the URL in quotation marks if a comment was meant
              nothing could be asked, and the caller would be led away as if the server were down
    "#]],
    );
    request(
        "request: http://a.example/x",
        expect![[r#"
        after_hours.yaml:4:16  F131  this URL cannot be asked: `a.example` is not in the clinic's own network, and http:// can be read by anybody on the way
            4 |   a: {request: http://a.example/x, next: {done: person, failed: person}}
              |                ^^^^^^^^^^^^^^^^^^ write https://, or the address in the clinic's own network
              nothing could be asked, and the caller would be led away as if the server were down
    "#]],
    );
    request(
        "request: \"https://anna:pw@a.example/x\"",
        expect![[r#"
        after_hours.yaml:4:16  F132  this URL cannot be asked: a user or password stands in it
            4 |   a: {request: "https://anna:pw@a.example/x", next: {done: person, failed: person}}
              |                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ take it out: let the server know this machine by its address, or put a proxy that logs in between
              nothing could be asked, and the caller would be led away as if the server were down
    "#]],
    );
    request(
        "request: https://a.example/x, metod: post",
        expect![[r#"
        after_hours.yaml:4:37  F001  `metod` means nothing in a `request` step
            4 |   a: {request: https://a.example/x, metod: post, next: {done: person, failed: person}}
              |                                     ^^^^^ did you mean `method`?
    "#]],
    );
    request(
        "request: https://a.example/x, method: put",
        expect![[r#"
        after_hours.yaml:4:45  F107  `put` is no method
            4 |   a: {request: https://a.example/x, method: put, next: {done: person, failed: person}}
              |                                             ^^^ may stand here: get, post
    "#]],
    );
    request(
        "request: https://a.example/x, within: 11 s",
        expect![[r#"
        after_hours.yaml:4:45  F109  `11 s` is no time for a request
            4 |   a: {request: https://a.example/x, within: 11 s, next: {done: person, failed: person}}
              |                                             ^^^^ write seconds from 1 to 10, such as `8 s`
    "#]],
    );
    request(
        "request: https://a.example/x, tries: 4",
        expect![[r#"
        after_hours.yaml:4:44  F108  `4` is no number of tries
            4 |   a: {request: https://a.example/x, tries: 4, next: {done: person, failed: person}}
              |                                            ^ write a whole number from 1 to 3
    "#]],
    );
    request(
        "request: https://a.example/x, method: post, tries: 2",
        expect![[r#"
            after_hours.yaml:4:58  F138  warning: a POST is tried more than once
                4 |   a: {request: https://a.example/x, method: post, tries: 2, next: {done: person, failed: person}}
                  |                                                          ^ ask the makers of the server whether it knows `Idempotency-Key`; if not, take `tries` out
                  nothing now, but an appointment could be booked twice
            prompts.yaml:108:1  F053  warning: no step speaks `vm.closed_now`
              108 | vm.closed_now:
                  | ^^^^^^^^^^^^^ let a step speak it, or take it out
                  no caller would ever hear it
        "#]],
    );
    request(
        "request: https://a.example/x, answer: {a: nubmer, b: list of patient}",
        expect![[r#"
        after_hours.yaml:4:49  F134  `nubmer` is no type that an answer can hold
            4 |   a: {request: https://a.example/x, answer: {a: nubmer, b: list of patient}, next: {done: person, failed: person}}
              |                                                 ^^^^^^ did you mean `number`?; or `list of` one of them
              whatever the server answers, the caller would be led away as if it were down
        after_hours.yaml:4:60  F134  `patient` is no type that an answer can hold
            4 |   a: {request: https://a.example/x, answer: {a: nubmer, b: list of patient}, next: {done: person, failed: person}}
              |                                                            ^^^^^^^^^^^^^^^ may stand here: text, digits, number, date, time, duration, money, phone, bool; or `list of` one of them
              whatever the server answers, the caller would be led away as if it were down
    "#]],
    );
    request(
        "request: https://a.example/x, answer: {free: number}, public: [fre]",
        expect![[r#"
        after_hours.yaml:4:70  F135  `fre` is no field of the answer
            4 |   a: {request: https://a.example/x, answer: {free: number}, public: [fre], next: {done: person, failed: person}}
              |                                                                      ^^^ did you mean `free`?
              nothing else; but the value that was meant is kept out of every log
    "#]],
    );
    let many: Vec<String> = (0..33).map(|n| format!("f{n}: text")).collect();
    request(
        &format!("request: https://a.example/x, answer: {{{}}}", many.join(", ")),
        expect![[r#"
        after_hours.yaml:4:45  F137  this request waits for 33 values
            4 |   a: {request: https://a.example/x, answer: {f0: text, f1: text, f2: text, f3: text, f4: text, f5: text, f6: text, f7: t
              |                                             ^ 32 are the most: leave out what no step uses, or make two requests
              nothing could be asked, and the caller would be led away as if the server were down
    "#]],
    );
    steps(
        "  a: {request: https://a.example/x}",
        expect![[r#"
        after_hours.yaml:4:6  F133  nothing says what follows when the server does not answer
            4 |   a: {request: https://a.example/x}
              |      ^ add `failed: person` under `next`, or a step that does without the answer
              whenever the server is down, a caller would hear nothing more
    "#]],
    );
    steps(
        "  a: {request: https://a.example/x, next: {done: person}}",
        expect![[r#"
        after_hours.yaml:4:43  F133  nothing says what follows when the server does not answer
            4 |   a: {request: https://a.example/x, next: {done: person}}
              |                                           ^ add `failed: person` under `next`, or a step that does without the answer
              whenever the server is down, a caller would hear nothing more
    "#]],
    );
    steps(
        "  a: {request: https://a.example/x, next: {dne: person, failed: person}}",
        expect![[r#"
        after_hours.yaml:4:43  F002  `next` of a `request` step needs `done`
            4 |   a: {request: https://a.example/x, next: {dne: person, failed: person}}
              |                                           ^ add `done: …`
        after_hours.yaml:4:44  F001  `dne` means nothing in `next` of a `request` step
            4 |   a: {request: https://a.example/x, next: {dne: person, failed: person}}
              |                                            ^^^ did you mean `done`?
    "#]],
    );
    steps(
        "  a: {request: https://a.example/x, next: {done: person, failed: a}}",
        expect![[r#"
        after_hours.yaml:4:3  F013  `a` leads back to itself without any key
            4 |   a: {request: https://a.example/x, next: {done: person, failed: a}}
              |   ^ let one step of the circle lead to a menu or to `person`
              a caller would hear the same words again and again, for ever
    "#]],
    );
    let asked = "  a: {collect: u.one_moment, as: number, to: 99, save: days, next: b}\n  b: ";
    let ways = "next: {done: c, failed: person}}\n  c: ";
    let answer = "answer: {free: number, name: text}, public: [free]";
    let then = |with: &str| {
        format!(
            "{asked}{{request: https://a.example/x, {answer}, {ways}\
             {{request: https://a.example/y, with: {{x: ${with}}}, next: {{done: person, failed: person}}}}"
        )
    };
    steps(
        &then("free"),
        expect![[r#"
            after_hours.yaml:4:56  F152  warning: no step behind this asks for `days`
                4 |   a: {collect: u.one_moment, as: number, to: 99, save: days, next: b}
                  |                                                        ^^^^ use it, or take `save` out
                  what the caller answers changes nothing
            prompts.yaml:108:1  F053  warning: no step speaks `vm.closed_now`
              108 | vm.closed_now:
                  | ^^^^^^^^^^^^^ let a step speak it, or take it out
                  no caller would ever hear it
        "#]],
    );
    steps(
        &then("name"),
        expect![[r#"
        after_hours.yaml:6:47  F136  `name` may tell of a patient, and would stand in a URL
            6 |   c: {request: https://a.example/y, with: {x: $name}, next: {done: person, failed: person}}
              |                                               ^^^^^ add `method: post`; or list it under `public` where it comes from, if it tells nothing
              nothing; but every server and proxy on the way writes URLs into its logs
    "#]],
    );
    steps(
        &then("days"),
        expect![[r#"
        after_hours.yaml:6:47  F136  `days` may tell of a patient, and would stand in a URL
            6 |   c: {request: https://a.example/y, with: {x: $days}, next: {done: person, failed: person}}
              |                                               ^^^^^ add `method: post`; or list it under `public` where it comes from, if it tells nothing
              nothing; but every server and proxy on the way writes URLs into its logs
    "#]],
    );
}
