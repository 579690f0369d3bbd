//! Any octets as the answer of a request, and any text as its URL: values of the types that were asked for, or a
//! refusal, never a panic.
#![no_main]

use careline::flow::request::answer::read;
use careline::flow::request::url::Url;
use careline::flow::request::{Field, Guard, Kind, Schema};
use careline::id::ValueName;
use libfuzzer_sys::fuzz_target;

const KINDS: [&str; 10] =
    ["text", "digits", "number", "date", "time", "duration", "money", "phone", "bool", "list of date"];

fuzz_target!(|input: &[u8]| {
    let Some((choice, octets)) = input.split_first() else { return };
    let field = |at: usize| Field {
        name: ValueName::from(["a", "b", "c"][at]),
        kind: Kind::read(KINDS[(usize::from(*choice) + at) % KINDS.len()]).expect("it is one"),
        guard: Guard::Phi,
    };
    let schema = Schema { fields: (0..usize::from(*choice) / KINDS.len() % 4).map(field).collect() };
    match read(&schema, octets) {
        Ok(answer) => assert_eq!(answer.len(), schema.fields.len()),
        Err(refusal) => assert!(!refusal.to_string().is_empty()),
    }
    if let Ok(url) = Url::read(&String::from_utf8_lossy(octets)) {
        let line = format!("{}{}", url.authority(), url.path);
        assert!(line.bytes().all(|octet| octet.is_ascii_graphic()), "{line:?}");
    }
});
