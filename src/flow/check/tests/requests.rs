//! Requests: what cannot be asked, and what must not be.

use super::*;

/// A request step with `more` in it.
fn request(more: &str, expected: Expect) {
    steps(&format!("  a: {{{more}, next: {{done: person, failed: person}}}}"), expected);
}

pub fn requests() {
    request("request: https://a.example/x", expect![""]);
    request(
        "request: \"http://10.0.0.7:8080/x?y=1\", method: post, answer: {free: number, names: list of text}, public: [free], within: 2 s, meanwhile: u.one_moment",
        expect![""],
    );
    for url in [
        "a.example/x",
        "ftp://a.example/x",
        "https://",
        "https://a.example:99999/",
        "\"https://a.example/{visit}\"",
        "\"https://a.example/#x\"",
    ] {
        request(&format!("request: {url}"), expect![""]);
    }
    request("request: http://a.example/x", expect![""]);
    request("request: \"https://anna:pw@a.example/x\"", expect![""]);
    request("request: https://a.example/x, metod: post", expect![""]);
    request("request: https://a.example/x, method: put", expect![""]);
    request("request: https://a.example/x, within: 11 s", expect![""]);
    request("request: https://a.example/x, tries: 4", expect![""]);
    request("request: https://a.example/x, method: post, tries: 2", expect![""]);
    request("request: https://a.example/x, answer: {a: nubmer, b: list of patient}", expect![""]);
    request("request: https://a.example/x, answer: {free: number}, public: [fre]", expect![""]);
    let many: Vec<String> = (0..33).map(|n| format!("f{n}: text")).collect();
    request(&format!("request: https://a.example/x, answer: {{{}}}", many.join(", ")), expect![""]);
    steps("  a: {request: https://a.example/x}", expect![""]);
    steps("  a: {request: https://a.example/x, next: {done: person}}", expect![""]);
    steps("  a: {request: https://a.example/x, next: {dne: person, failed: person}}", expect![""]);
    steps("  a: {request: https://a.example/x, next: {done: person, failed: a}}", expect![""]);
    let asked = "  a: {collect: u.one_moment, as: number, to: 99, save: days, next: b}\n  b: ";
    let ways = "next: {done: c, failed: person}}\n  c: ";
    let answer = "answer: {free: number, name: text}, public: [free]";
    let then = |with: &str| {
        format!(
            "{asked}{{request: https://a.example/x, {answer}, {ways}\
             {{request: https://a.example/y, with: {{x: ${with}}}, next: {{done: person, failed: person}}}}"
        )
    };
    steps(&then("free"), expect![""]);
    steps(&then("name"), expect![""]);
    steps(&then("days"), expect![""]);
}
