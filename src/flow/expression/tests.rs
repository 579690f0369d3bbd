//! Grammar, types, assignment, leaks and values, row by row; then any text at all.

use super::evaluate::*;
use super::functions::FUNCTIONS;
use super::types::*;
use super::*;
use crate::flow::value::{Date, Money, TimeOfDay};
use proptest::prelude::*;
use std::collections::BTreeMap;

const PHI: Flags = Flags { phi: true, secret: false };
const SECRET: Flags = Flags { phi: false, secret: true };
const NONE: Flags = Flags { phi: false, secret: false };

fn variable(kind: Type, flags: Flags, assigned: Assigned) -> Variable {
    Variable { kind, flags, assigned }
}

fn choice(names: &[&str]) -> Type {
    Type::Choice(names.iter().map(|name| (*name).to_owned()).collect())
}

fn environment() -> Environment {
    let always = |kind| variable(kind, NONE, Assigned::Always);
    let variables = [
        ("days", always(Type::Number)),
        ("most", always(Type::Number)),
        ("birth", variable(Type::Date, PHI, Assigned::Always)),
        ("opens", always(Type::Time)),
        ("wait", always(Type::Duration)),
        ("due", always(Type::Money)),
        ("from", variable(Type::Phone, PHI, Assigned::Always)),
        ("zip", always(Type::Digits)),
        ("pin", variable(Type::Digits, SECRET, Assigned::Perhaps)),
        ("visit", always(choice(&["checkup", "sick", "follow_up"]))),
        ("reason", variable(choice(&["sick", "hurt"]), NONE, Assigned::Perhaps)),
        ("name", always(Type::Text)),
        ("open", always(Type::Bool)),
        ("zips", always(Type::List(Box::new(Type::Digits)))),
        ("who", variable(Type::Record("patient".to_owned()), PHI, Assigned::Always)),
    ];
    let patient = [
        ("born", always(Type::Date)),
        ("city", always(Type::Text)),
        ("plan", variable(Type::Text, NONE, Assigned::Perhaps)),
    ];
    let owned =
        |rows: Vec<(&str, Variable)>| rows.into_iter().map(|(name, of)| (name.to_owned(), of)).collect();
    Environment {
        variables: owned(variables.to_vec()),
        records: BTreeMap::from([("patient".to_owned(), owned(patient.to_vec()))]),
    }
}

fn day(year: u16, month: u8, day: u8) -> Date {
    Date::new(year, month, day).expect("a day")
}

static ZIPS: std::sync::LazyLock<Vec<crate::flow::saved::Saved>> = std::sync::LazyLock::new(|| {
    ["02139", "02140"].map(|zip| crate::flow::saved::Saved::Digits(zip.into())).to_vec()
});

struct Saved;

impl<'a> Values<'a> for Saved {
    fn value(&self, name: &str) -> Option<Value<'a>> {
        Some(match name {
            "days" => Value::Number(3),
            "most" => Value::Number(i64::MAX),
            "birth" => Value::Date(day(1958, 3, 14)),
            "opens" => Value::Time(TimeOfDay::new(9, 30)?),
            "wait" => Value::Duration(90),
            "due" => Value::Money(Money::from_cents(1_205)),
            "from" => Value::Phone("6175550142"),
            "zip" => Value::Digits("02139"),
            "visit" => Value::Choice("sick"),
            "name" => Value::Text("Ana"),
            "open" => Value::Bool(true),
            "zips" => Value::List(&ZIPS),
            "who" => Value::Record(7),
            _ => return None,
        })
    }

    fn field(&self, record: u32, name: &str) -> Option<Value<'a>> {
        match (record, name) {
            (7, "born") => Some(Value::Date(day(2000, 2, 29))),
            (7, "city") => Some(Value::Text("Boston")),
            _ => None,
        }
    }

    fn today(&self) -> Option<Date> {
        Some(day(2026, 11, 27))
    }

    fn now(&self) -> Option<TimeOfDay> {
        TimeOfDay::new(22, 0)
    }
}

fn shown(value: &Value<'_>) -> String {
    match value {
        Value::Text(text) | Value::Digits(text) | Value::Phone(text) | Value::Choice(text) => {
            format!("'{text}'")
        }
        Value::Number(number) => number.to_string(),
        Value::Date(date) => format!("{date:?}"),
        Value::Time(time) => format!("{time:?}"),
        Value::Duration(seconds) => format!("{seconds}s"),
        Value::Money(money) => format!("{}c", money.cents()),
        Value::Bool(yes) => yes.to_string(),
        Value::List(items) => items.iter().map(|item| shown(&item.value())).collect::<Vec<_>>().join(" "),
        Value::Record(record) => format!("#{record}"),
    }
}

fn checked(text: &str) -> Checked {
    let expression = Expression::read(text).unwrap_or_else(|fault| panic!("{text}: {fault:?}"));
    expression.check(&environment()).unwrap_or_else(|faults| panic!("{text}: {faults:?}"))
}

fn value(text: &str) -> String {
    match checked(text).evaluate(&Saved) {
        Ok(value) => shown(&value),
        Err(trouble) => format!("! {trouble}"),
    }
}

#[test]
fn an_expression_has_the_value_that_a_reader_expects() {
    for (text, expected) in [
        ("1 + 2 - 4", "-1"),
        ("10 - 3 - 2", "5"),
        ("10 - (3 - 2)", "9"),
        ("-days + 5", "2"),
        ("- -3", "3"),
        ("days <= 3", "true"),
        ("days < 3", "false"),
        ("days != 3 or open", "true"),
        ("not open or days == 3", "true"),
        ("not (open or days == 3)", "false"),
        ("open and not days > 5", "true"),
        ("true and false or true", "true"),
        ("false and false or true", "true"),
        ("false and (false or true)", "false"),
        ("days in [1, 2, 3]", "true"),
        ("days not in [1, 2, 3]", "false"),
        ("days in []", "false"),
        ("visit in ['sick', 'follow_up']", "true"),
        ("visit == 'sick'", "true"),
        ("'checkup' == visit", "false"),
        ("zip == '02139'", "true"),
        ("zip in zips", "true"),
        ("'02141' in zips", "false"),
        ("name == \"Ana\"", "true"),
        ("name == 'ana'", "false"),
        ("birth < '1960-01-01'", "true"),
        ("birth + days(30)", "1958-04-13"),
        ("birth - days(14)", "1958-02-28"),
        ("birth + hours(23)", "1958-03-14"),
        ("today() - birth > days(365)", "true"),
        ("whole_days(today() - birth)", "25095"),
        ("whole_days(today() - '2026-11-20')", "7"),
        ("due + '1.00'", "1305c"),
        ("'23:00' - opens", "48600s"),
        ("age(birth)", "68"),
        ("age(birth) >= 65", "true"),
        ("age('2024-11-28')", "1"),
        ("year(birth)", "1958"),
        ("weekday(today())", "'friday'"),
        ("weekday(today()) in ['saturday', 'sunday']", "false"),
        ("opens == '09:30'", "true"),
        ("opens + minutes(45)", "10:15"),
        ("opens - minutes(45)", "08:45"),
        ("now() - opens", "45000s"),
        ("opens - now()", "-45000s"),
        ("now() + hours(2)", "! a date or time left the calendar"),
        ("wait < minutes(2)", "true"),
        ("wait + wait - hours(1)", "-3420s"),
        ("due == '12.05'", "true"),
        ("due > '12'", "true"),
        ("due - due - due", "-1205c"),
        ("-due", "-1205c"),
        ("from == '6175550142'", "true"),
        ("last(from, 4)", "'0142'"),
        ("first(zip, 3) == '021'", "true"),
        ("last(zip, 99)", "'02139'"),
        ("last(zip, -1)", "''"),
        ("number(zip) + 1", "2140"),
        ("number(last(zip, 0))", "! digits write no number"),
        ("length(name) + length(zip) + length(zips)", "10"),
        ("who.city == 'Boston' and who.born < today()", "true"),
        ("who.plan is known", "false"),
        ("who.plan is not known or who.plan == 'gold'", "true"),
        ("reason is known and reason == 'sick'", "false"),
        ("pin is not known", "true"),
        ("visit is known", "true"),
        ("most + 1", "! a number grew too large"),
        ("-most - 1 - 1", "! a number grew too large"),
        ("days(most) > wait", "! a number grew too large"),
        ("open or most + 1 > 0", "true"),
        ("birth + days(9000000)", "! a date or time left the calendar"),
        ("birth + days(100000000000000)", "! a date or time left the calendar"),
    ] {
        assert_eq!(value(text), expected, "{text}");
    }
}

/// The faults of a text: the marked stretch, what, and the repair.
fn faults(text: &str) -> String {
    let faults = match Expression::read(text) {
        Err(fault) => vec![fault],
        Ok(expression) => match expression.check(&environment()) {
            Ok(checked) => return format!("clean: {}", checked.kind()),
            Err(faults) => faults,
        },
    };
    let line = |fault: &Fault| {
        let marked = &text[fault.span.start..fault.span.end];
        format!("[{marked}] {}; {}", fault.cause, fault.cause.repair())
    };
    faults.iter().map(line).collect::<Vec<_>>().join(" | ")
}

#[test]
fn a_fault_names_its_place_its_cause_and_the_repair() {
    for (text, expected) in [
        ("", "[] an expression is missing; write a condition such as `age(birth) >= 65`"),
        ("days = 3", "[=] `=` is not written so; write `==`"),
        ("open && open", "[&&] `&&` is not written so; write `and`"),
        ("!open", "[!] `!` is not written so; write `not`"),
        ("days => 3", "[=>] `=>` is not written so; write `>=`"),
        ("days <> 3", "[<>] `<>` is not written so; write `!=`"),
        ("reason == none", "[none] `none` is not written so; write `is not known`"),
        ("$days > 3", "[$] `$` means nothing in an expression; names in expressions stand without `$`"),
        (
            "days * 2",
            "[*] `*` means nothing in an expression; take it out, or put the text in quotation marks",
        ),
        ("name == 'Ana", "['Ana] a quotation mark is not closed; close it with the same mark"),
        (
            "days < 99999999999999999999",
            "[99999999999999999999] the number is too large; numbers go to 9223372036854775807",
        ),
        ("days >", "[] here should stand a value; write it, or take out what stands before it"),
        ("(days > 3", "[] here should stand `)`; write it, or take out what stands before it"),
        ("days is 3", "[3] here should stand `known`; write it, or take out what stands before it"),
        ("days > 3 open", "[open] the expression was over before this; join the parts with `and` or `or`"),
        ("1 < days < 3", "[<] two comparisons stand in a row; write `a < b and b < c`"),
        ("dayz > 3", "[dayz] nothing is named `dayz` here; did you mean `days`?"),
        (
            "qqq > 3",
            "[qqq] nothing is named `qqq` here; save it in an earlier step, or put text in quotation marks",
        ),
        ("who.brn", "[who.brn] a record `patient` has no field `brn`; did you mean `born`?"),
        ("days.born", "[days.born] a number has no field `born`; name one of its fields"),
        ("agee(birth)", "[agee(birth)] no function is named `agee`; did you mean `age`?"),
        ("age()", "[age()] `age` takes a date; write `age` with a date"),
        ("age(days)", "[days] here should stand a date, and this is a number; write a date"),
        (
            "days == '3'",
            "[days == '3'] a number and a text cannot be compared; compare values of the same kind",
        ),
        ("visit == 'sik'", "['sik'] `sik` is not a choice of checkup, sick, follow_up; did you mean `sick`?"),
        (
            "visit in ['sick', 'zzz']",
            "['zzz'] `zzz` is not a choice of checkup, sick, follow_up; it is one of checkup, sick, follow_up",
        ),
        ("birth < '14.3.1958'", "['14.3.1958'] `14.3.1958` is not a date; a date is written as '2026-11-24'"),
        (
            "birth < '1958-02-30'",
            "['1958-02-30'] `1958-02-30` is not a date; a date is written as '2026-11-24'",
        ),
        ("opens < '9:30'", "['9:30'] `9:30` is not a time of day; a time is written as '09:30'"),
        ("due > '12.5'", "['12.5'] `12.5` is not an amount of money; an amount is written as '12.05'"),
        ("zip == 'abc'", "['abc'] `abc` is not a row of digits; digits are written as '02139'"),
        (
            "from == 'x'",
            "['x'] `x` is not a telephone number; a telephone number is written as '+16175550142'",
        ),
        (
            "visit < 'sick'",
            "[visit < 'sick'] a choice of checkup, sick, follow_up has no order: only `==` and `!=` compare it; compare it with `==`, `!=` or `in [...]`",
        ),
        (
            "visit == reason",
            "[reason] `reason` is not known on every way that leads here; write `reason is known and …`, or save it on every way",
        ),
        (
            "due + days",
            "[due + days] an amount of money and a number cannot be added or taken from each other; add numbers, amounts or durations of the same kind, or a duration to a date or time",
        ),
        (
            "birth + birth",
            "[birth + birth] a date and a date cannot be added or taken from each other; add numbers, amounts or durations of the same kind, or a duration to a date or time",
        ),
        (
            "days and open",
            "[days] here should stand a condition that is true or false, and this is a number; write a condition that is true or false",
        ),
        (
            "not days",
            "[days] here should stand a condition that is true or false, and this is a number; write a condition that is true or false",
        ),
        (
            "-name",
            "[name] here should stand a number, a duration or an amount of money, and this is a text; write a number, a duration or an amount of money",
        ),
        ("days in 3", "[3] here should stand a list, and this is a number; write a list"),
        ("days in ['a']", "['a'] a number and a text cannot be compared; compare values of the same kind"),
        (
            "[1, 2]",
            "[[1, 2]] here should stand `in` before a list; write it, or take out what stands before it",
        ),
        ("3 is known", "[3 is known] only a name can be known; write `name is known`"),
        (
            "who == who",
            "[who == who] a record `patient` and a record `patient` cannot be compared; compare values of the same kind",
        ),
        (
            "dayz > 3 and opn",
            "[dayz] nothing is named `dayz` here; did you mean `days`? | [opn] nothing is named `opn` here; did you mean `open`?",
        ),
    ] {
        assert_eq!(faults(text), expected, "{text}");
    }
}

#[test]
fn what_is_known_is_known_only_behind_its_question() {
    for (text, clean) in [
        ("reason == 'sick'", false),
        ("reason is known and reason == 'sick'", true),
        ("reason == 'sick' and reason is known", false),
        ("reason is known or reason == 'sick'", false),
        ("reason is not known or reason == 'sick'", true),
        ("not (reason is not known) and reason == 'sick'", true),
        ("not (reason is known) or reason == 'sick'", true),
        ("(reason is known and open) and reason == 'sick'", true),
        ("(reason is known or open) and reason == 'sick'", false),
        ("(reason is known and open or reason is known) and reason == 'sick'", true),
        ("not (reason is not known or open) and reason == 'sick'", true),
        ("reason is known and (days > 3 or reason == 'sick')", true),
        ("(reason is known and open) or reason == 'sick'", false),
        ("who.plan == 'gold'", false),
        ("who.plan is known and who.plan == 'gold'", true),
        ("pin is known and reason is known and pin == '1' and reason == 'hurt'", true),
    ] {
        assert_eq!(faults(text).starts_with("clean"), clean, "{text}: {}", faults(text));
    }
}

#[test]
fn what_tells_of_a_patient_and_what_is_secret_spreads() {
    for (text, flags) in [
        ("days > 3", NONE),
        ("age(birth) > 3", PHI),
        ("days > 3 or birth == '1958-03-14'", PHI),
        ("who.city == 'Boston'", PHI),
        ("days in [age(birth)]", PHI),
        ("pin is known", SECRET),
        ("pin is known and birth < today()", Flags { phi: true, secret: true }),
        ("length(last(from, 4))", PHI),
        ("-days + age(birth) - 1", PHI),
        ("who.plan is not known", PHI),
    ] {
        assert_eq!(checked(text).flags(), flags, "{text}");
    }
}

#[test]
fn length_and_depth_are_bounded() {
    let deep =
        |open: &str, close: &str, times: usize| format!("{}open{}", open.repeat(times), close.repeat(times));
    let brackets = deep("(", ")", crate::limits::EXPRESSION_DEPTH_MAX);
    assert_eq!(faults(&brackets), "clean: yes or no");
    assert!(faults(&format!("({brackets})")).contains("nested more than"));
    for (open, close) in [("not ", ""), ("-", ""), ("[", "]"), ("age(", ")"), ("not (", ")")] {
        assert!(faults(&deep(open, close, 100)).contains("nested more than"), "{open}");
    }
    assert!(faults(&vec!["open"; 100].join(" or ")).contains("nested more than"));
    assert_eq!(faults(&vec!["open"; 40].join(" or ")), "clean: yes or no");
    assert!(faults(&" ".repeat(2_000)).contains("more than 1024 octets"));
}

#[test]
fn every_function_is_called_in_the_table_above_and_no_name_twice() {
    let names: std::collections::BTreeSet<&str> = FUNCTIONS.iter().map(|function| function.name).collect();
    assert_eq!(names.len(), FUNCTIONS.len());
    let table = include_str!("tests.rs");
    for function in &FUNCTIONS {
        assert!(table.contains(&format!("{}(", function.name)), "{}", function.name);
        assert!(!function.gives.is_empty());
    }
}

#[test]
fn a_value_is_not_printed() {
    let birth = checked("birth");
    let value = birth.evaluate(&Saved).expect("a value");
    assert_eq!(format!("{value:?}"), "‹date›");
}

/// Texts that are often expressions: words and signs of the language in any order.
fn any_words() -> impl Strategy<Value = String> {
    let word = prop::sample::select(vec![
        "days",
        "birth",
        "visit",
        "reason",
        "who",
        "zips",
        "open",
        "pin",
        "age",
        "today",
        "last",
        "and",
        "or",
        "not",
        "in",
        "is",
        "known",
        "true",
        "==",
        "!=",
        "<",
        ">=",
        "+",
        "-",
        "(",
        ")",
        "[",
        "]",
        ",",
        ".",
        "3",
        "0",
        "9223372036854775807",
        "'sick'",
        "'02139'",
        "\"it's\"",
        "'1958-03-14'",
    ]);
    prop::collection::vec(word, 0..24).prop_map(|words| words.join(" "))
}

/// Expressions whose grammar is right, of any type.
fn any_expression() -> impl Strategy<Value = String> {
    let leaf = prop::sample::select(vec![
        "days",
        "open",
        "visit",
        "birth",
        "who.city",
        "3",
        "'sick'",
        "true",
        "today()",
        "pin is known",
        "who.plan is not known",
        "\"it's\"",
    ]);
    leaf.prop_map(str::to_owned).prop_recursive(5, 32, 3, |inner| {
        let two = prop::sample::select(vec!["and", "or", "+", "-", "==", "<", "in", "not in"]);
        prop_oneof![
            (inner.clone(), two, inner.clone()).prop_map(|(a, sign, b)| format!("({a}) {sign} ({b})")),
            inner.clone().prop_map(|a| format!("not ({a})")),
            inner.clone().prop_map(|a| format!("-({a})")),
            prop::collection::vec(inner.clone(), 0..3).prop_map(|items| format!("[{}]", items.join(", "))),
            inner.prop_map(|a| format!("age({a})")),
        ]
    })
}

fn kinds(expression: &Expression) -> Vec<String> {
    expression.tree.nodes.iter().map(|node| format!("{:?}", node.kind)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_gets_a_verdict(text in prop_oneof![any_words(), ".{0,60}", any_expression()]) {
        match Expression::read(&text) {
            Err(fault) => {
                prop_assert!(text.get(fault.span.start..fault.span.end).is_some(), "{:?} in {}", fault, text);
                prop_assert!(!fault.cause.repair().is_empty());
            }
            Ok(expression) => match expression.check(&environment()) {
                Ok(checked) => {
                    let value = checked.evaluate(&Saved);
                    prop_assert!(value != Err(Trouble::Unchecked) && value != Err(Trouble::Unknown), "{}", text);
                }
                Err(faults) => {
                    prop_assert!(!faults.is_empty());
                    for fault in faults {
                        prop_assert!(text.get(fault.span.start..fault.span.end).is_some(), "{:?}", fault);
                        prop_assert!(!fault.cause.repair().is_empty());
                    }
                }
            },
        }
    }

    #[test]
    fn what_is_printed_reads_to_the_same(text in any_expression()) {
        if let Ok(expression) = Expression::read(&text) {
            let printed = expression.to_string();
            let again = Expression::read(&printed);
            prop_assert!(again.is_ok(), "{} → {}: {:?}", text, printed, again);
            let again = again.expect("as seen above");
            prop_assert_eq!(kinds(&again), kinds(&expression), "{} → {}", text, printed);
            prop_assert_eq!(again.to_string(), printed);
            if let (Ok(one), Ok(other)) = (expression.check(&environment()), again.check(&environment())) {
                prop_assert_eq!(one.to_string(), other.to_string());
            }
        }
    }
}
