//! Rows of recordings and of stretches for a voice, by the rules of the shipped languages and of one that is made here.

use super::*;
use crate::flow::diagnostic::Sources;
use crate::flow::spoken::read;
use crate::flow::syntax::tree::{self, Reading};
use crate::flow::value::{Date, Money, TimeOfDay};
use proptest::prelude::*;
use std::sync::LazyLock;

const ENGLISH: &str = include_str!("../../../languages/en.yaml");
const SPANISH: &str = include_str!("../../../languages/es.yaml");

fn rules(file: &str) -> Rules {
    let mut sources = Sources::default();
    let (_, reading) = tree::read(&mut sources, "speech.yaml", file.as_bytes());
    let Reading::Tree(tree) = reading else { panic!("{reading:?}") };
    Rules::compile(&read::entries(&tree)).unwrap_or_else(|faults| panic!("{faults:#?}"))
}

/// Who has recorded all pieces but those whose names contain one of `lacks`.
fn speaker(file: &str, lacks: &[&str]) -> Speaker {
    let rules = rules(file);
    let names = rules.pieces().iter().filter(|piece| !lacks.iter().any(|lack| piece.name.contains(lack)));
    let recorded = names.map(recording).chain([name_recording("checkup")]).collect();
    Speaker { rules, recorded }
}

static ENGLISH_SPEAKER: LazyLock<Speaker> = LazyLock::new(|| speaker(ENGLISH, &[]));
static SPANISH_SPEAKER: LazyLock<Speaker> = LazyLock::new(|| speaker(SPANISH, &[]));

fn date(year: u16, month: u8, day: u8) -> Saved {
    Saved::Date(Date::new(year, month, day).expect("a day"))
}

fn time(hour: u8, minute: u8) -> Saved {
    Saved::Time(TimeOfDay::new(hour, minute).expect("a time"))
}

/// The values of the tables.
fn values() -> Vec<(&'static str, Saved)> {
    vec![
        ("birth", date(1958, 3, 3)),
        ("day", date(2026, 11, 24)),
        ("time", time(9, 30)),
        ("one", time(13, 5)),
        ("n", Saved::Number(21)),
        ("minus", Saved::Number(-2)),
        ("big", Saved::Number(3_000_000_000)),
        ("fee", Saved::Money(Money::from_cents(1_205))),
        ("long", Saved::Duration(5_400)),
        ("never", Saved::Duration(-1)),
        ("zip", Saved::Digits("02139".into())),
        ("phone", Saved::Phone("+16175550142".into())),
        ("code", Saved::Text("b-2".into())),
        ("odd", Saved::Text("b§".into())),
        ("who", Saved::Text(" Dr.  Lee ".into())),
        ("shown", Saved::Text("617-555".into())),
        ("empty", Saved::Text(" ".into())),
        ("dots", Saved::Text("...".into())),
        ("essay", Saved::Text("word ".repeat(60).into())),
        ("visit", Saved::Choice("checkup".into())),
        ("other", Saved::Choice("follow_up".into())),
        ("yes", Saved::Bool(true)),
        ("list", Saved::List(vec![Saved::Number(1)])),
    ]
}

fn shown(text: &str, speaker: &Speaker) -> String {
    let values = values();
    let value = |name: &str| values.iter().find(|(known, _)| *known == name).map(|(_, value)| value);
    let prompt = slots::read("p", text).unwrap_or_else(|faults| panic!("{faults:?}"));
    let row = match row(&prompt, speaker, &value) {
        Ok(row) => row,
        Err(silent) => return format!("! {silent}"),
    };
    let names = |names: &[PromptName]| {
        names.iter().map(|name| name.as_str().replace("say/", "")).collect::<Vec<_>>().join(" ")
    };
    let part = |part: &Part| match part {
        Part::Recorded(name) => names(std::slice::from_ref(name)),
        Part::ForVoice { text, instead } => format!("<{} | {}>", text.expose(), names(instead)),
    };
    row.iter().map(part).collect::<Vec<_>>().join(" ")
}

fn check(speaker: &Speaker, rows: &[(&str, &str)]) {
    for (text, expected) in rows {
        assert_eq!(shown(text, speaker), *expected, "{text}");
    }
}

#[test]
fn english_fills_every_kind_of_slot_by_its_rules() {
    check(
        &ENGLISH_SPEAKER,
        &[
            ("Thank you.", "p"),
            ("I heard {birth}. Press 1.", "p.1 march third pause nineteen fifty eight p.2"),
            (
                "{day:day}, {day:date}, {day:full}",
                "tuesday november twenty fourth tuesday pause november twenty fourth",
            ),
            ("Come {time:at}.", "p.1 at nine thirty in-the-morning"),
            ("{one}", "one oh five in-the-afternoon"),
            ("{n} {n:ordinal} {n:days}", "twenty one twenty first twenty one days"),
            ("{minus} {minus:days} {minus:ordinal}", "minus two minus two days minus two"),
            ("{big}", "three zero zero zero zero zero zero zero zero zero"),
            ("{fee} {long}", "twelve dollars and five cents one hour and thirty minutes"),
            (
                "{zip} {zip:spelled}",
                "zero two one pause three nine zero pause two pause one pause three pause nine",
            ),
            ("{phone}", "one pause six one seven pause five five five pause zero one four two"),
            ("{code:spelled}", "b-as-in-boy pause two"),
            ("{odd:spelled}", "<b§ | >"),
            ("With {who}, now.", "p.1 <Dr. Lee | > p.2"),
            ("{shown}", "<617-555 | six one seven pause five five five>"),
            ("{visit} {other} {yes}", "say.checkup <follow up | > <yes | >"),
        ],
    );
}

#[test]
fn spanish_fills_every_kind_of_slot_by_its_rules() {
    check(
        &SPANISH_SPEAKER,
        &[
            ("Entendí {birth}.", "p.1 tres de marzo de mil novecientos cincuenta y ocho"),
            ("El {day:full}", "p.1 martes veinticuatro de noviembre"),
            (
                "Su cita es {time:at} y {one:at}.",
                "p.1 a-las nueve y-media de-la-ma_f1_ana p.2 a-la una y cinco de-la-tarde",
            ),
            ("{n:days} {n:hours} {n:ordinal_feminine}", "veinti_fa_n d_ed_as veintiuna horas veintiuno"),
            ("{fee}", "doce d_f3_lares con cinco centavos"),
            ("{long}", "una hora y treinta minutos"),
            ("{code:spelled}", "b-de-burro pause dos"),
        ],
    );
}

#[test]
fn what_nobody_can_speak_leads_to_a_person() {
    for (text, why) in [
        ("{nothing}", "a slot has no value"),
        ("{empty}", "a value has nothing to be said, or too much"),
        ("{dots}", "a value has nothing to be said, or too much"),
        ("{empty:spelled}", "a value has nothing to be said, or too much"),
        ("{essay}", "a value has nothing to be said, or too much"),
        ("{essay:spelled}", "a value has nothing to be said, or too much"),
        ("{list}", "a value has no such manner"),
        ("{never}", "a value has no such manner"),
        ("{birth:ordinal}", "a value has no such manner"),
        ("{n:cows}", "a value has no such manner"),
    ] {
        assert_eq!(shown(text, &ENGLISH_SPEAKER), format!("! {why}"), "{text}");
    }
}

#[test]
fn without_a_recording_the_voice_says_all_of_a_value_and_numbers_stand_in_for_it() {
    for (lacks, text, expected) in [
        (
            "march",
            "{birth}",
            "<March third, nineteen fifty eight | three pause three pause one thousand nine hundred fifty eight>",
        ),
        ("march", "{day:date}", "november twenty fourth"),
        ("thousand", "{birth}", "march third pause nineteen fifty eight"),
        ("in-the-morning", "{time:at}", "<at nine thirty in the morning | nine pause thirty>"),
        ("in-the-afternoon", "{one}", "<one oh five in the afternoon | thirteen pause five>"),
        ("days", "{n:days}", "<twenty one days | twenty one>"),
        ("twenty", "{n}", "<twenty one | two one>"),
        // How many of what? A bare number would mislead.
        ("hour", "{long}", "<one hour and thirty minutes | >"),
        ("dollars", "{fee}", "<twelve dollars and five cents | >"),
        ("tuesday", "{day:day}", "<Tuesday | >"),
        ("b-as", "{code:spelled}", "<B as in boy, two | >"),
        ("two", "{zip}", "<zero two one, three nine | >"),
    ] {
        assert_eq!(shown(text, &speaker(ENGLISH, &[lacks])), expected, "without {lacks}: {text}");
    }
    let spanish = speaker(SPANISH, &["noviembre"]);
    let numbers = "<veinticuatro de noviembre | veinticuatro pause once>";
    assert_eq!(shown("{day:date}", &spanish), numbers, "in the order of the language");
}

#[test]
fn a_third_language_fills_slots_by_its_file_alone() {
    let file = ENGLISH
        .replace("language: en", "language: fr")
        .replace("date: \"{month} {day:ordinal}\"", "date: \"le {day} {month}\"")
        .replace("at_time: \"at ", "at_time: \"à ")
        .replace("January", "janvier")
        .replace("November", "novembre");
    let french = speaker(&file, &[]);
    check(
        &french,
        &[("{day:date}", "le twenty four novembre"), ("{time:at}", "_e0_ nine thirty in-the-morning")],
    );
    let silent = speaker(&file, &["novembre"]);
    assert_eq!(shown("{day:date}", &silent), "<le twenty four novembre | twenty four pause eleven>");
}

#[test]
fn no_value_is_in_what_is_printed() {
    let prompt = slots::read("p", "{who}").expect("a slot");
    let who = Saved::Text("Dr. Lee".into());
    let row = row(&prompt, &ENGLISH_SPEAKER, &|_| Some(&who)).expect("a row");
    assert_eq!(format!("{row:?}"), "[ForVoice { text: ‹phi›, instead: [] }]");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    /// What `pieces_of` asks an administrator to record is enough for whatever comes.
    #[test]
    fn the_pieces_of_a_manner_are_all_that_its_values_need(
        number in any::<i64>(), shift in 0u32..63, days in 1i32..3_000_000, minute in 0u16..1_440,
        digits in "[0-9+ -]{1,20}", code in "[a-z0-9]{1,20}",
    ) {
        let number = number >> shift;
        let date = Date::from_days(days).expect("a day");
        let time = TimeOfDay::new((minute / 60) as u8, (minute % 60) as u8).expect("a time");
        let duration = Duration::from_secs(number.unsigned_abs());
        for speaker in [&*ENGLISH_SPEAKER, &*SPANISH_SPEAKER] {
            for (manner, what) in [
                (Manner::Number, Say::Number(number)),
                (Manner::NumberBy("ordinal"), Say::NumberBy(number.unsigned_abs(), "ordinal")),
                (Manner::Counted("hours"), Say::Counted(number, "hours")),
                (Manner::Weekday, Say::Weekday(date)),
                (Manner::Date, Say::Date(date)),
                (Manner::DateWithYear, Say::DateWithYear(date)),
                (Manner::FullDate, Say::FullDate(date)),
                (Manner::Time, Say::Time(time)),
                (Manner::AtTime, Say::AtTime(time)),
                (Manner::Duration, Say::Duration(duration)),
                (Manner::Money, Say::Money(Money::from_cents(number))),
                (Manner::Phone, Say::Phone(&digits)),
                (Manner::Code, Say::Code(&code)),
            ] {
                let needed = PIECES_OF.with(|known| known.borrow_mut().entry((speaker.rules.language().to_owned(), format!("{manner:?}"))).or_insert_with(|| {
                    speaker.rules.pieces_of(manner).into_iter().map(|piece| piece.name.clone()).collect::<BTreeSet<_>>()
                }).clone());
                for piece in speaker.rules.say(what).unwrap_or_default() {
                    prop_assert!(needed.contains(&piece.name), "{:?}: {}", manner, piece.name);
                }
            }
        }
    }
}

thread_local! {
    /// Found once: nothing of it depends on the values.
    static PIECES_OF: std::cell::RefCell<std::collections::BTreeMap<(String, String), BTreeSet<String>>> = std::cell::RefCell::default();
}

#[test]
fn a_manner_asks_for_no_piece_that_it_cannot_need() {
    let names = |manner| {
        let pieces = ENGLISH_SPEAKER.rules.pieces_of(manner);
        pieces.iter().map(|piece| piece.name.clone()).collect::<Vec<_>>()
    };
    assert_eq!(names(Manner::Weekday).len(), 7);
    let days = names(Manner::Date);
    assert!(days.len() == 12 + 19 + 2 + 2 && !days.contains(&"hundredth".to_owned()), "{days:?}");
    assert_eq!(names(Manner::Phone).len(), 11, "digits and the pause");
}
