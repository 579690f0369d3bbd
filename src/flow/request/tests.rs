//! What may be asked, how it is written, and which answers are taken.

use super::answer::{Answer, Refusal, read};
use super::failure::{Failure, Outcome};
use super::url::{Url, UrlFault};
use super::{Field, Guard, Item, Kind, Method, Plan, Schema};
use crate::flow::saved::Saved;
use crate::flow::value::{Date, Money, TimeOfDay};
use crate::id::ValueName;
use crate::limits::{REQUEST_LIST_ITEMS_MAX, REQUEST_TEXT_MAX_CHARACTERS};
use proptest::prelude::*;
use std::time::Duration;

fn schema(fields: &[(&str, &str)]) -> Schema {
    let field = |(name, kind): &(&str, &str)| Field {
        name: ValueName::from(*name),
        kind: Kind::read(kind).expect("a type"),
        guard: Guard::Phi,
    };
    Schema { fields: fields.iter().map(field).collect() }
}

fn plan(method: Method, url: &str) -> Plan {
    let url = Url::read(url).expect("a URL");
    Plan { method, url, schema: Schema::default(), within: Duration::from_secs(3), tries: 1 }
}

fn date(year: u16, month: u8, day: u8) -> Saved {
    Saved::Date(Date::new(year, month, day).expect("a day"))
}

#[test]
fn a_type_is_read_as_it_is_written() {
    for (_, item) in Item::WORDS {
        assert_eq!(Kind::read(item.word()), Ok(Kind::One(item)));
        let list = Kind::ListOf(item);
        assert_eq!(Kind::read(&list.to_string()), Ok(list));
    }
    for (text, wrong) in [
        ("txt", "txt"),
        ("", ""),
        ("list", "list"),
        ("list of", "list of"),
        ("list of dates", "dates"),
        ("list of list of text", "list of text"),
    ] {
        assert_eq!(Kind::read(text), Err(wrong), "{text}");
    }
}

#[test]
fn a_url_is_read_strictly() {
    for (text, told) in [
        ("https://scheduler.example/slots", "scheduler.example /slots"),
        ("HTTPS://Scheduler.Example", "scheduler.example /"),
        ("https://a.example:8443/x/y?clinic=7&b=%20", "a.example:8443 /x/y?clinic=7&b=%20"),
        ("https://a.example?x=1", "a.example /?x=1"),
        ("https://[2001:db8::1]:443/", "[2001:db8::1] /"),
        ("http://127.0.0.1:8080/slots", "127.0.0.1:8080 /slots"),
        ("http://localhost/", "localhost /"),
        ("http://scheduler/", "scheduler /"),
        ("http://10.1.2.3/", "10.1.2.3 /"),
        ("http://[::1]:81/", "[::1]:81 /"),
        ("http://[fd00::7]/", "[fd00::7] /"),
    ] {
        let url = Url::read(text).unwrap_or_else(|fault| panic!("{text}: {fault}"));
        let query = url.query.as_ref().map(|query| format!("?{query}")).unwrap_or_default();
        assert_eq!(format!("{} {}{query}", url.authority(), url.path), told, "{text}");
    }
    let host = |text: &str| UrlFault::Host(text.to_owned());
    let port = |text: &str| UrlFault::Port(text.to_owned());
    for (text, fault) in [
        ("", UrlFault::Scheme),
        ("scheduler.example/slots", UrlFault::Scheme),
        ("ftp://scheduler.example/", UrlFault::Scheme),
        ("file:///etc/passwd", UrlFault::Scheme),
        ("https://", host("")),
        ("https:///slots", host("")),
        ("https://a..b/", host("a..b")),
        ("https://-a.example/", host("-a.example")),
        ("https://a.example./", host("a.example.")),
        ("https://127.1/", host("127.1")),
        ("https://1.2.3.256/", host("1.2.3.256")),
        ("https://0x7f/", host("0x7f")),
        ("https://müller.example/", host("müller.example")),
        ("https://[::g]/", host("::g")),
        ("https://a.example:0/", port("a.example:0")),
        ("https://a.example:65536/", port("a.example:65536")),
        ("https://a.example:/", port("a.example:")),
        ("https://a.example:+1/", port("a.example:+1")),
        ("https://[::1]x/", port("[::1]x")),
        ("https://anna:secret@a.example/", UrlFault::User),
        ("https://a.example\\@b.example/", UrlFault::User),
        ("https://a.example/#top", UrlFault::Fragment),
        ("https://a.example/a b", UrlFault::Character(' ')),
        ("https://a.example/%2", UrlFault::Character('%')),
        ("https://a.example/%zz", UrlFault::Character('%')),
        ("https://a.example/?a=\"", UrlFault::Character('"')),
        ("https://a.example/x\r\nHost: b", UrlFault::Character('\r')),
        ("https://a.example/{id}", UrlFault::Character('{')),
        ("http://scheduler.example/", UrlFault::Open("scheduler.example".to_owned())),
        ("http://8.8.8.8/", UrlFault::Open("8.8.8.8".to_owned())),
        ("http://[2001:db8::1]/", UrlFault::Open("[2001:db8::1]".to_owned())),
    ] {
        assert_eq!(Url::read(text), Err(fault), "{text}");
    }
    assert_eq!(Url::read(&format!("https://a.example/{}", "x".repeat(3_000))), Err(UrlFault::Long));
}

#[test]
fn the_values_of_a_get_are_encoded_into_the_query_and_those_of_a_post_are_a_json_object() {
    let list = Saved::List(vec![Saved::Text("a b".into()), Saved::Text("c".into())]);
    let values = [
        ("text", Saved::Text("José & \"Ana\"\n\\".into()), "Jos%C3%A9%20%26%20%22Ana%22%0A%5C"),
        ("zip", Saved::Digits("02139".into()), "02139"),
        ("n", Saved::Number(-3), "-3"),
        ("day", date(2026, 3, 4), "2026-03-04"),
        ("at", Saved::Time(TimeOfDay::new(9, 5).expect("a time")), "09%3A05"),
        ("long", Saved::Duration(90), "90"),
        ("owed", Saved::Money(Money::from_cents(-1_205)), "-12.05"),
        ("phone", Saved::Phone("+16175550142".into()), "%2B16175550142"),
        ("kind", Saved::Choice("sick".into()), "sick"),
        ("ok", Saved::Bool(true), "true"),
    ];
    let mut query: Vec<String> = values.iter().map(|(name, _, text)| format!("{name}={text}")).collect();
    query.extend(["all=a%20b".to_owned(), "all=c".to_owned()]);
    let mut named: Vec<(ValueName, &Saved)> =
        values.iter().map(|(name, value, _)| (ValueName::from(*name), value)).collect();
    named.push((ValueName::from("all"), &list));

    let got = plan(Method::Get, "https://a.example/x?clinic=7").message(&named).expect("it fits");
    assert_eq!(got.target.expose(), &format!("/x?clinic=7&{}", query.join("&")));
    assert_eq!(got.body, None);

    let posted = plan(Method::Post, "https://a.example/x?clinic=7").message(&named).expect("it fits");
    assert_eq!(posted.target.expose(), "/x?clinic=7");
    assert_eq!(
        posted.body.as_ref().map(|body| body.expose().as_str()),
        Some(
            "{\"text\":\"José & \\\"Ana\\\"\\u000a\\\\\",\"zip\":\"02139\",\"n\":-3,\"day\":\"2026-03-04\",\
             \"at\":\"09:05\",\"long\":90,\"owed\":\"-12.05\",\"phone\":\"+16175550142\",\"kind\":\"sick\",\
             \"ok\":true,\"all\":[\"a b\",\"c\"]}"
        )
    );
    let shown = format!("{posted:?} {got:?}");
    assert!(!shown.contains("Jos") && !shown.contains("617"), "{shown}");
}

#[test]
fn values_that_are_more_than_a_request_holds_are_a_failure() {
    let long = Saved::Text("x".repeat(70_000).into());
    let values = [(ValueName::from("x"), &long)];
    for method in [Method::Get, Method::Post] {
        assert_eq!(plan(method, "https://a.example/").message(&values), Err(Failure::Long), "{method:?}");
    }
}

/// Each type with what it takes and what it refuses.
#[test]
fn an_answer_is_taken_as_its_types_say() {
    let time = |hour, minute| Saved::Time(TimeOfDay::new(hour, minute).expect("a time"));
    for (kind, json, value) in [
        ("text", r#""ten o'clock""#, Saved::Text("ten o'clock".into())),
        ("text", r#""a\nb\u00e9""#, Saved::Text("a bé".into())),
        ("text", r#""""#, Saved::Text("".into())),
        ("digits", r#""02139""#, Saved::Digits("02139".into())),
        ("number", "3", Saved::Number(3)),
        ("number", "-9223372036854775808", Saved::Number(i64::MIN)),
        ("date", r#""2028-02-29""#, date(2028, 2, 29)),
        ("time", r#""09:05""#, time(9, 5)),
        ("duration", "90", Saved::Duration(90)),
        ("money", r#""12.50""#, Saved::Money(Money::from_cents(1_250))),
        ("money", r#""12""#, Saved::Money(Money::from_cents(1_200))),
        ("money", r#""-0.05""#, Saved::Money(Money::from_cents(-5))),
        ("phone", r#""+1 (617) 555-0142""#, Saved::Phone("+16175550142".into())),
        ("phone", r#""617.555.0142""#, Saved::Phone("6175550142".into())),
        ("phone", r#""911""#, Saved::Phone("911".into())),
        ("bool", "false", Saved::Bool(false)),
        ("list of number", "[1,2]", Saved::List(vec![Saved::Number(1), Saved::Number(2)])),
        ("list of time", r#"["09:05"]"#, Saved::List(vec![time(9, 5)])),
        ("list of text", "[]", Saved::List(Vec::new())),
    ] {
        let json = format!("{{\"other\": [{{\"x\": null}}], \"x\": {json}, \"more\": 1e3}}");
        let answer = read(&schema(&[("x", kind)]), json.as_bytes());
        assert_eq!(answer, Ok(vec![(ValueName::from("x"), value)]), "{kind} {json}");
    }
    for (kind, refused) in [
        ("text", &["3", "true", "[]", "{}", "\"\\u0007\"", "\"\\u009b\""][..]),
        ("digits", &["02", "2139", "\"\"", "\"12a\"", "\"１\"", "\"123456789012345678901234567890123\""]),
        ("number", &["\"3\"", "3.0", "1e2", "9223372036854775808", "true", "[3]"]),
        ("date", &["\"2026-02-29\"", "\"2026-2-3\"", "\"26-02-03\"", "\"2026-02-03T10:00\"", "20260203"]),
        ("time", &["\"24:00\"", "\"9:05\"", "\"09:05:00\"", "\"09:60\"", "905"]),
        ("duration", &["\"90\"", "\"90 s\"", "1.5"]),
        ("money", &["12", "12.5", "\"12.5\"", "\"12.505\"", "\"$12\"", "\".50\"", "\"1,200\"", "\"--1\""]),
        ("money", &["\"92233720368547758.08\"", "\"99999999999999999999\""]),
        ("phone", &["\"55\"", "\"1234567890123456\"", "\"call us\"", "\"++1617\"", "6175550142"]),
        ("bool", &["\"true\"", "1", "\"yes\""]),
        ("list of number", &["3", "[\"3\"]", "[1,null]", "[[1]]", "{\"a\":1}"]),
    ] {
        for json in refused {
            let fields = schema(&[("x", kind)]);
            let answer = read(&fields, format!("{{\"x\": {json}}}").as_bytes());
            let wanted = match *json {
                // JSON itself has no such numbers (RFC 8259 §6).
                "02" => Refusal::NoJson,
                _ => Refusal::Kind(ValueName::from("x"), fields.fields[0].kind),
            };
            assert_eq!(answer, Err(wanted), "{kind} {json}");
        }
    }
}

#[test]
fn an_answer_that_is_none_is_refused_with_its_cause_and_without_its_words() {
    let fields = schema(&[("free", "number"), ("names", "list of text")]);
    let many = format!("{{\"free\":1,\"names\":[{}\"x\"]}}", "\"x\",".repeat(REQUEST_LIST_ITEMS_MAX));
    let long = format!("{{\"free\":1,\"names\":[\"{}\"]}}", "é".repeat(REQUEST_TEXT_MAX_CHARACTERS + 1));
    let deep = format!("{{\"x\":{}", "[".repeat(100_000));
    for (answer, told) in [
        ("", "the answer is no JSON"),
        ("<!DOCTYPE html><p>Anna</p>", "the answer is no JSON"),
        ("{\"free\":1,\"names\":[]", "the answer is no JSON"),
        ("{\"free\":1,\"names\":[]} Anna", "the answer is no JSON"),
        ("{\"free\":1,\"names\":[]}{}", "the answer is no JSON"),
        ("{\"free\":1,\"names\":[],}", "the answer is no JSON"),
        (&deep, "the answer is no JSON"),
        ("[]", "the answer is JSON, but no object"),
        ("\"Anna\"", "the answer is JSON, but no object"),
        ("null", "the answer is JSON, but no object"),
        ("{}", "the answer lacks `free`"),
        ("{\"free\":1}", "the answer lacks `names`"),
        ("{\"free\":null,\"names\":[]}", "the answer lacks `free`"),
        ("{\"Free\":1,\"names\":[]}", "the answer lacks `free`"),
        ("{\"free\":1,\"free\":2,\"names\":[]}", "the answer has `free` twice"),
        ("{\"free\":\"Anna\",\"names\":[]}", "`free` in the answer is no number"),
        ("{\"free\":1,\"names\":\"Anna\"}", "`names` in the answer is no list of text"),
        (&long, "`names` in the answer is no list of text"),
        (&many, "`names` in the answer has more items than anybody can hear"),
    ] {
        let refused = read(&fields, answer.as_bytes()).map_err(|refusal| refusal.to_string());
        assert_eq!(refused, Err(told.to_owned()), "{}", answer.get(..60).unwrap_or(answer));
    }
    for octets in [&b"\xff\xfe{\0}\0"[..], b"{\"free\":1,\"names\":[\"\xff\"]}", b"\0"] {
        assert_eq!(read(&fields, octets), Err(Refusal::NoJson), "{octets:?}");
    }
    let marked = b"\xef\xbb\xbf{\"names\":[],\"free\":1}";
    let values: Answer = vec![
        (ValueName::from("free"), Saved::Number(1)),
        (ValueName::from("names"), Saved::List(Vec::new())),
    ];
    assert_eq!(read(&fields, marked), Ok(values), "a byte order mark, and another order");
}

#[test]
fn every_outcome_is_kept_as_a_word_and_read_back() {
    let name = ValueName::from("free");
    let failures = [
        Failure::Busy,
        Failure::Long,
        Failure::Unsaved,
        Failure::NoAddress,
        Failure::NotReached,
        Failure::Tls,
        Failure::Late,
        Failure::Broken,
        Failure::Redirected(302),
        Failure::Status(404),
        Failure::TooLong,
        Failure::Refused(Refusal::Missing(name)),
        Failure::Lost,
    ];
    let outcomes = failures.iter().map(Failure::outcome).chain([Outcome::Done, Outcome::Left]);
    let mut words: Vec<String> = outcomes
        .map(|outcome| {
            assert_eq!(Outcome::read(&outcome.to_string()), Some(outcome));
            outcome.to_string()
        })
        .collect();
    words.sort_unstable();
    words.dedup();
    assert_eq!(words.len(), failures.len() + 2, "{words:?}");
    assert_eq!(Outcome::read("status_"), None);
    assert_eq!(Outcome::read("fine"), None);
}

#[test]
fn only_what_may_pass_is_tried_again() {
    for (failure, again) in [
        (Failure::NotReached, true),
        (Failure::Broken, true),
        (Failure::Status(500), true),
        (Failure::Status(503), true),
        (Failure::Status(429), true),
        (Failure::Status(404), false),
        (Failure::Status(501), false),
        (Failure::Redirected(302), false),
        (Failure::Late, false),
        (Failure::TooLong, false),
        (Failure::Tls, false),
        (Failure::Busy, false),
        (Failure::Refused(Refusal::NoJson), false),
    ] {
        assert_eq!(failure.passes(), again, "{failure:?}");
    }
}

fn item() -> impl Strategy<Value = (Item, Saved)> {
    prop_oneof![
        "[^\\pC]{0,40}".prop_map(|text| (Item::Text, Saved::Text(text.into()))),
        "[0-9]{1,32}".prop_map(|digits| (Item::Digits, Saved::Digits(digits.into()))),
        any::<i64>().prop_map(|number| (Item::Number, Saved::Number(number))),
        (0..3_652_058).prop_map(|days| {
            (Item::Date, Saved::Date(Date::from_days(days).expect("a day of the calendar")))
        }),
        (0_u8..24, 0_u8..60).prop_map(|(hour, minute)| {
            (Item::Time, Saved::Time(TimeOfDay::new(hour, minute).expect("a time")))
        }),
        any::<i64>().prop_map(|seconds| (Item::Duration, Saved::Duration(seconds))),
        (-9_000_000_000_000_000_000_i64..9_000_000_000_000_000_000)
            .prop_map(|cents| (Item::Money, Saved::Money(Money::from_cents(cents)))),
        "\\+?[0-9]{3,15}".prop_map(|number| (Item::Phone, Saved::Phone(number.into()))),
        any::<bool>().prop_map(|yes| (Item::Bool, Saved::Bool(yes))),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn what_is_sent_is_json_and_would_be_read_back((item, value) in item()) {
        let (one, all) = (ValueName::from("one"), ValueName::from("all"));
        let list = Saved::List(vec![value.clone(), value.clone()]);
        let message = plan(Method::Post, "https://a.example/")
            .message(&[(one.clone(), &value), (all.clone(), &list)]).expect("it fits");
        let fields = schema(&[("one", item.word()), ("all", &Kind::ListOf(item).to_string())]);
        let body = message.body.as_ref().expect("a POST has one");
        prop_assert_eq!(read(&fields, body.expose().as_bytes()), Ok(vec![(one, value), (all, list)]));
    }

    #[test]
    fn any_octets_are_an_answer_or_a_refusal(octets in proptest::collection::vec(any::<u8>(), 0..200)) {
        let fields = schema(&[("a", "text"), ("b", "list of date")]);
        if let Ok(answer) = read(&fields, &octets) {
            prop_assert_eq!(answer.len(), 2);
        }
    }

    #[test]
    fn a_url_that_is_read_puts_no_line_into_a_request(text in "https://[a-z./?%:@#\\\\ \r\n0-9]{0,40}") {
        if let Ok(url) = Url::read(&text) {
            let authority = url.authority();
            // An at sign is a character like others in a path or query (RFC 3986 §3.3, §3.4); before a host it would be a password's.
            prop_assert!(!authority.contains('@'), "{authority:?}");
            let line = format!("{} {authority}{}", url.path, url.query.unwrap_or_default());
            prop_assert!(!line.contains(['\r', '\n', '#']), "{line:?}");
            prop_assert!(url.path.starts_with('/'));
        }
    }
}
