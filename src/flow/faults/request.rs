//! Pages of requests: codes F130 to F139.

use super::{Example, Page, page, steps};
use crate::flow::codes;

const DOWN: &str = "Nothing could be asked. The caller would be led away as if the server were down.";
const RIGHT: &str = "  a: {request: https://scheduler.example/slots, next: {done: person, failed: person}}";

/// In the order of their codes.
pub const PAGES: &[Page] = &[
    page(
        codes::REQUEST_URL,
        "What stands behind `request` is no URL that can be asked: it has no https:// or http:// before it, no host, a \
         character that no URL has, or it is too long.",
        DOWN,
        "Write the whole URL as the makers of the server give it. Values of the call are no part of it: they go by `with`.",
        steps("  a: {request: scheduler.example/slots, next: {done: person, failed: person}}", RIGHT),
    ),
    page(
        codes::REQUEST_OPEN,
        "A URL with http:// leads out of the clinic's own network. Everybody on the way could read what is asked and \
         answered.",
        "Nothing else; but what the clinic knows of a patient would travel openly.",
        "Write https://. Plain http:// is for this machine, for addresses such as 10.0.0.7 and 192.168.1.7, and for \
         names without a dot.",
        steps("  a: {request: http://scheduler.example/slots, next: {done: person, failed: person}}", RIGHT),
    ),
    page(
        codes::REQUEST_LOGIN,
        "A user or a password stands in a URL. URLs stand in files that many people read, and in the logs of servers.",
        DOWN,
        "Take it out. Let the server know this machine by its address, or put a proxy beside the engine that logs in.",
        steps(
            "  a: {request: \"https://anna:pw@scheduler.example/slots\", next: {done: person, failed: person}}",
            RIGHT,
        ),
    ),
    page(
        codes::REQUEST_FAILED,
        "Nothing says what follows when the server does not answer, answers too late, or answers something else.",
        "Nothing more, each time that the server is down.",
        "Add `failed` under `next`: a person, or a step that does without the answer.",
        steps("  a: {request: https://scheduler.example/slots, next: {done: person}}", RIGHT),
    ),
    page(
        codes::REQUEST_TYPE,
        "The type of a field under `answer` is none that an answer can hold.",
        "Whatever the server answers, the caller would be led away as if it were down.",
        "Write text, digits, number, date, time, duration, money, phone or bool, or `list of` one of them. The guide to \
         requests says how each looks in JSON.",
        steps(
            "  a: {request: https://scheduler.example/slots, answer: {free: nubmer}, next: {done: person, failed: person}}",
            "  a: {request: https://scheduler.example/slots, answer: {free: number}, next: {done: person, failed: person}}",
        ),
    ),
    page(
        codes::REQUEST_PUBLIC,
        "A name under `public` is no field under `answer`.",
        "Nothing else; but the field that was meant is still taken for one that tells of a patient.",
        "Write the name as it stands under `answer`.",
        steps(
            "  a: {request: https://scheduler.example/slots, answer: {free: number}, public: [fre], next: {done: person, failed: person}}",
            "  a: {request: https://scheduler.example/slots, answer: {free: number}, public: [free], next: {done: person, failed: person}}",
        ),
    ),
    page(
        codes::REQUEST_PHI,
        "A GET sends its values in the URL, and one of them may tell of a patient. Servers and proxies write URLs into \
         their logs.",
        "Nothing; but who called, or why, would be readable in logs that nobody guards.",
        "Add `method: post`: the values go in the body then. If the value tells nothing of a patient, list it under `public` \
         of the request that it comes from.",
        steps(
            "  a: {collect: u.one_moment, as: number, to: 99, save: days, next: b}\n  b: {request: https://scheduler.example/slots, with: {days: $days}, next: {done: person, failed: person}}",
            "  a: {collect: u.one_moment, as: number, to: 99, save: days, next: b}\n  b: {request: https://scheduler.example/slots, with: {days: $days}, method: post, next: {done: person, failed: person}}",
        ),
    ),
    page(
        codes::REQUEST_SIZE,
        "A request sends or waits for more values than one step can still be read with.",
        DOWN,
        "Leave out what no step uses, or make two requests of it.",
        Example::Told("`answer:` with 40 fields."),
    ),
    page(
        codes::REQUEST_TWICE,
        "A POST that may change something is tried more than once. Each try has the same `Idempotency-Key`, by which the \
         server can tell that it is one request; not every server looks at it. This is a warning: nothing is stopped by it.",
        "Nothing now; but if an answer is lost on its way, an appointment could be booked twice.",
        "Ask the makers of the server whether it knows `Idempotency-Key`. If not, take `tries` out.",
        Example::Told("`method: post` beside `tries: 2`."),
    ),
];
