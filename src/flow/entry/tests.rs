//! The table, callers by the script, every short story that can happen, and a second machine to agree with.

mod model;
mod stories;

use super::ask::{Allowed, Ask, Confirm, DateOrder, Digits, Kind, PhonePlan, Timers};
use super::judge::{Value, Verdict, judge};
use super::*;
use crate::flow::value::Date;

fn timers() -> Timers {
    let s = Duration::from_secs;
    Timers { first_key: s(8), between_keys: s(5), total: s(30), more_time: s(30) }
}

fn ask(kind: Kind, confirm: Confirm) -> Ask {
    let keys = |text| Digits::of(text).expect("digits");
    Ask { kind, timers: timers(), confirm, tries: 2, emergency: keys("911"), crisis: keys("988") }
}

fn digits(least: u8, most: u8) -> Kind {
    Kind::Digits { least, most, prefix: Digits::NONE, allowed: Allowed::ALL }
}

fn date(order: DateOrder) -> Kind {
    Kind::Date { order, earliest: Date::new(1900, 1, 1), latest: Date::new(2026, 11, 27) }
}

const US: DateOrder = DateOrder::MonthDayYear;
const PHONE: Kind = Kind::Phone(PhonePlan::NORTH_AMERICA);

fn value(value: &Value) -> String {
    match value {
        Value::Digits(digits) => format!("digits {digits}"),
        Value::Number(number) => format!("number {number}"),
        Value::Date(date) => format!("date {date:?}"),
        Value::Phone(digits) => format!("phone {digits}"),
    }
}

fn lead(lead: &Lead) -> String {
    match lead {
        Lead::First => String::new(),
        Lead::Asked => "again ".to_owned(),
        Lead::After(miss) => format!("{} ", name(miss)),
    }
}

fn name(miss: &Miss) -> String {
    match miss {
        Miss::Silence => "silence".to_owned(),
        Miss::Wrong(wrong) => format!("{wrong:?}"),
        Miss::Refused => "refused".to_owned(),
        Miss::WrongKey => "wrong_key".to_owned(),
    }
}

/// An output in words; the log's lines about misses are left out, for the words that follow tell them.
fn told(output: &Output) -> Option<String> {
    Some(match output {
        Output::Say(_, Words::Question(why)) => format!("{}ask", lead(why)),
        Output::Say(_, Words::ReadBack { value: read, reading, lead: why }) => {
            let how = if *reading == Reading::Swapped { "swapped " } else { "" };
            format!("{}read {how}{}", lead(why), value(read.expose()))
        }
        Output::Say(_, Words::MoreTime) => "more".to_owned(),
        Output::Hush => "hush".to_owned(),
        Output::Missed(..) => return None,
        Output::Done(Outcome::Entered(entered)) => format!("! {}", value(entered.expose())),
        Output::Done(Outcome::Missed(miss)) => format!("! person: {}", name(miss)),
        Output::Done(outcome) => format!("! {outcome:?}"),
    })
}

/// A caller by the script. Keys come 300 ms after each other; `said` ends the words; `+5` lets so many seconds pass.
fn call(ask: Ask, script: &str) -> String {
    let mut now = Instant::from_millis(1_000);
    let mut entry = Entry::begin(now, ask);
    let mut say = SayId(0);
    let mut heard = Vec::new();
    let mut drain = |entry: &mut Entry, say: &mut SayId| {
        while let Some(output) = entry.poll_output() {
            if let Output::Say(id, _) = &output {
                *say = *id;
            }
            heard.extend(told(&output));
        }
    };
    drain(&mut entry, &mut say);
    for word in script.split_whitespace() {
        match word.strip_prefix('+') {
            Some(seconds) => {
                let until = now + Duration::from_secs_f64(seconds.parse().expect("seconds"));
                while let Some(due) = entry.poll_timeout().filter(|due| due.at <= until) {
                    entry.handle(due.at, Input::Timeout);
                    drain(&mut entry, &mut say);
                }
                now = until;
            }
            None if word == "said" => entry.handle(now, Input::Said(say)),
            None => {
                for key in word.chars() {
                    now += Duration::from_millis(300);
                    entry.handle(now, Input::Key(key_of(key)));
                    drain(&mut entry, &mut say);
                }
            }
        }
        drain(&mut entry, &mut say);
    }
    heard.join(" · ")
}

fn key_of(key: char) -> Key {
    match key {
        '*' => Key::Star,
        '#' => Key::Pound,
        'A' => Key::Letter(b'A'),
        digit => Key::Digit(digit.to_digit(10).expect("a key") as u8),
    }
}

fn check(what: &str, ask: Ask, script: &str, expected: &str) {
    assert_eq!(call(ask, script), expected, "{what}: {script}");
}

#[test]
fn three_timers_and_every_key_do_what_the_table_says() {
    let zip = || ask(digits(5, 5), Confirm::WhenInDoubt);
    let account = || ask(digits(3, 8), Confirm::WhenInDoubt);
    check("typed into the question", zip(), "02139", "ask · hush · ! digits 02139");
    check("typed after it", zip(), "said 02139", "ask · ! digits 02139");
    check("a key in the question starts its timer", zip(), "0213 +5", "ask · hush · TooShort ask");
    check("not before its time", zip(), "0213 +4.9", "ask · hush");
    check("each key has the whole time", zip(), "021 +4.9 3 +4.9 9", "ask · hush · ! digits 02139");
    check(
        "the total ends it",
        account(),
        "1 +4 2 +4 3 +4 4 +4 5 +4 6 +4 7 +4.9",
        "ask · hush · ! digits 1234567",
    );
    check("eight seconds to the first key", zip(), "said +7.9", "ask");
    check("then it is silence", zip(), "said +8", "ask · silence ask");
    check("the end of words is never told", zip(), "+300 +8", "ask · silence ask");
    check("two silences are a person", zip(), "said +8 said +8", "ask · silence ask · ! person: silence");
    check("two wrong entries too", zip(), "123# said 12#", "ask · hush · TooShort ask · ! person: TooShort");
    check("one of each too", zip(), "said +8 12#", "ask · silence ask · hush · ! person: TooShort");
    check("pound ends", account(), "12345#", "ask · hush · ! digits 12345");
    check("time ends it just so", account(), "12345 +5", "ask · hush · ! digits 12345");
    check("its length ends it", account(), "12345678", "ask · hush · ! digits 12345678");
    check("pound in the question", zip(), "# said +37 +0.9", "ask");
    check("adds to the time", zip(), "# said +38", "ask · silence ask");
    check("pound in silence", zip(), "said +7 # said +30", "ask · more");
    check("keeps what was left", zip(), "said +7 # said +30.8", "ask · more · silence ask");
    check("an optional entry", ask(digits(0, 8), Confirm::WhenInDoubt), "said #", "ask · ! digits ");
    check("letters are no keys", zip(), "0A2A139", "ask · hush · ! digits 02139");
}

#[test]
fn fixed_keys_within_an_entry() {
    let account = || ask(digits(3, 10), Confirm::WhenInDoubt);
    let days = || ask(Kind::Number { least: 0, most: 90 }, Confirm::WhenInDoubt);
    let scale = || ask(digits(1, 1), Confirm::WhenInDoubt);
    check("star 0", account(), "12*0", "ask · hush · hush · ! Person");
    check("star 9", account(), "*9", "ask · hush · ! Crisis");
    check("star alone", account(), "12* +2", "ask · hush · hush · again ask");
    check("not before two seconds", account(), "12* +1.9", "ask · hush · hush");
    check("star star", account(), "**", "ask · hush · again ask");
    check("star and another digit", account(), "12*345#", "ask · hush · hush · ! digits 345");
    check("a lone 0", account(), "0 +5", "ask · hush · ! Person");
    check("a lone 9", account(), "9 +5", "ask · hush · ! Crisis");
    check("no sooner", account(), "9 +4.9", "ask · hush");
    check("a lone 0 with pound is data", days(), "0#", "ask · hush · ! number 0");
    check("a lone 9 with pound is data", days(), "9#", "ask · hush · ! number 9");
    check("another digit is data", days(), "8 +5", "ask · hush · ! number 8");
    check("0 in one digit waits", scale(), "0 +5", "ask · hush · ! Person");
    check("9 in one digit waits", scale(), "9 +5", "ask · hush · ! Crisis");
    check("until pound", scale(), "9#", "ask · hush · ! digits 9");
    check("other digits do not", scale(), "7", "ask · hush · ! digits 7");
    check("0 and 9 within are data", account(), "0900900900", "ask · hush · ! digits 0900900900");
    check("00 is no lone 0", account(), "00 +5", "ask · hush · TooShort ask");
}

#[test]
fn the_emergency_number_is_a_whole_entry_typed_fast() {
    let account = || ask(digits(3, 10), Confirm::WhenInDoubt);
    let phone = || ask(PHONE, Confirm::WhenInDoubt);
    check("alone", account(), "911 +5", "ask · hush · ! Emergency");
    check("more may follow", account(), "911 +4.9", "ask · hush");
    check("a phone number begins so", phone(), "9115551234", "ask · hush · ! phone 9115551234");
    check("or an account", account(), "91112#", "ask · hush · ! digits 91112");
    check("with pound too", account(), "911#", "ask · hush · ! Emergency");
    check("too slow, so data", account(), "9 +1.3 1 +1.3 1 +5", "ask · hush · ! digits 911");
    check("just fast enough", account(), "9 +1.2 1 +1.2 1 +5", "ask · hush · ! Emergency");
    check("not at the end of another", account(), "5911#", "ask · hush · ! digits 5911");
    check("no date begins so", ask(date(US), Confirm::WhenInDoubt), "911", "ask · hush · ! Emergency");
    let number = |most| ask(Kind::Number { least: 0, most }, Confirm::WhenInDoubt);
    check("no number under 911", number(600), "911", "ask · hush · ! Emergency");
    check("no four digits over 9000", number(5_000), "911", "ask · hush · ! Emergency");
    check("but 9110 can be", number(9_500), "9110", "ask · hush · ! number 9110");
    check("three digits at most", ask(digits(3, 3), Confirm::WhenInDoubt), "911", "ask · hush · ! Emergency");
    check(
        "slow, in three digits",
        ask(digits(3, 3), Confirm::WhenInDoubt),
        "9 +3 1 1",
        "ask · hush · ! digits 911",
    );
    check("one digit at most", ask(digits(1, 1), Confirm::WhenInDoubt), "911", "ask · hush · ! Emergency");
    check("two digits at most", ask(digits(1, 2), Confirm::WhenInDoubt), "911", "ask · hush · ! Emergency");
    check("91 is waited on", ask(digits(1, 2), Confirm::WhenInDoubt), "91 +5", "ask · hush · ! digits 91");
    check("98 with pound", ask(digits(1, 2), Confirm::WhenInDoubt), "98#", "ask · hush · ! digits 98");
    check("92 is not", ask(digits(1, 2), Confirm::WhenInDoubt), "92", "ask · hush · ! digits 92");
    check("988 is the crisis line", account(), "988 +5", "ask · hush · ! Crisis");
    check("988 begins a number", phone(), "9885551234", "ask · hush · ! phone 9885551234");
    check(
        "in a read-back 9 is enough",
        ask(digits(5, 5), Confirm::Always),
        "02139 9",
        "ask · hush · read digits 02139 · ! Crisis",
    );
}

#[test]
fn a_value_is_read_back_and_confirmed() {
    let zip = || ask(digits(5, 5), Confirm::Always);
    let read = "ask · hush · read digits 02139";
    check("yes", zip(), "02139 said 1", &format!("{read} · ! digits 02139"));
    check("yes into the words", zip(), "02139 1", &format!("{read} · ! digits 02139"));
    check("no", zip(), "02139 2 02138", &format!("{read} · refused ask · hush · read digits 02138"));
    check(
        "no twice is a person",
        zip(),
        "02139 2 02138 2",
        &format!("{read} · refused ask · hush · read digits 02138 · ! person: refused"),
    );
    check("silence", zip(), "02139 said +8", &format!("{read} · silence read digits 02139"));
    check(
        "silence twice",
        zip(),
        "02139 said +8 said +8",
        &format!("{read} · silence read digits 02139 · ! person: silence"),
    );
    check("star", zip(), "02139 *", &format!("{read} · again read digits 02139"));
    check("a key it does not know", zip(), "02139 5", &format!("{read} · wrong_key read digits 02139"));
    check("0", zip(), "02139 0", &format!("{read} · ! Person"));
    check("4", zip(), "02139 4", &format!("{read} · ! Nurse"));
    check(
        "a late pound is the entry's",
        zip(),
        "02139# said +8",
        &format!("{read} · silence read digits 02139"),
    );
    check("a later pound is time", zip(), "02139 +3 # said +37.9", read);
    check("in silence too", zip(), "02139 said +3 # said +30 1", &format!("{read} · more · ! digits 02139"));
    check(
        "star after more time reads again",
        zip(),
        "02139 said +3 #*",
        &format!("{read} · more · again read digits 02139"),
    );
}

#[test]
fn a_date_whose_month_is_a_day_is_asked_for_in_the_other_order() {
    let birth = || ask(date(US), Confirm::WhenInDoubt);
    let ends = |what, script, end: &str| check(what, birth(), script, &format!("ask · hush · {end}"));
    ends("as asked", "03141958", "! date 1958-03-14");
    ends("both orders fit: the locale's", "03041958", "! date 1958-03-04");
    ends("day first", "14031958", "read swapped date 1958-03-14");
    ends("and yes", "14031958 1", "read swapped date 1958-03-14 · ! date 1958-03-14");
    ends("and no", "14031958 2", "read swapped date 1958-03-14 · refused ask");
    ends("no such day in any order", "02301958", "NoSuchDay ask");
    ends("no month at all", "00121958", "NoSuchDay ask");
    ends("both over twelve", "13131958", "NoSuchDay ask");
    ends("a month over 31", "32011958", "NoSuchDay ask");
    ends("29 February of a common year", "02291959", "NoSuchDay ask");
    ends("29 February of a leap year", "02291960", "! date 1960-02-29");
    ends("29 February, day first", "29021960", "read swapped date 1960-02-29");
    ends("before the earliest", "12311899", "OutOfRange ask");
    ends("after the latest", "11282026", "OutOfRange ask");
    ends("day first, after the latest", "28112026", "NoSuchDay ask");
    ends("too short", "0314195#", "TooShort ask");
    let other = |order| ask(date(order), Confirm::WhenInDoubt);
    check("day first", other(DateOrder::DayMonthYear), "14031958", "ask · hush · ! date 1958-03-14");
    check(
        "and swapped",
        other(DateOrder::DayMonthYear),
        "03141958",
        "ask · hush · read swapped date 1958-03-14",
    );
    check("year first", other(DateOrder::YearMonthDay), "19580314", "ask · hush · ! date 1958-03-14");
    check(
        "and swapped",
        other(DateOrder::YearMonthDay),
        "19581403",
        "ask · hush · read swapped date 1958-03-14",
    );
    check(
        "read back when asked",
        ask(date(US), Confirm::Always),
        "03141958",
        "ask · hush · read date 1958-03-14",
    );
}

#[test]
fn digits_numbers_and_telephone_numbers_are_judged() {
    let member =
        Kind::Digits { least: 4, most: 6, prefix: Digits::of("77").expect("digits"), allowed: Allowed::ALL };
    let binary =
        Kind::Digits { least: 1, most: 4, prefix: Digits::NONE, allowed: Allowed::only(&[1, 2, 200]) };
    let number = |least, most| Kind::Number { least, most };
    for (kind, typed, expected) in [
        (&member, "771234", "digits 771234"),
        (&member, "781234", "Pattern"),
        (&member, "7712345", "TooLong"),
        (&member, "771", "TooShort"),
        (&binary, "1221", "digits 1221"),
        (&binary, "1231", "Pattern"),
        (&number(1, 30), "07", "number 7"),
        (&number(1, 30), "0", "OutOfRange"),
        (&number(1, 30), "31", "OutOfRange"),
        (&number(1, 30), "", "TooShort"),
        (&number(0, u64::MAX), "18446744073709551615", "number 18446744073709551615"),
        (&number(0, u64::MAX), "18446744073709551616", "OutOfRange"),
        (&number(0, 0), "0", "number 0"),
        (&PHONE, "6175550142", "phone 6175550142"),
        (&PHONE, "16175550142", "phone 6175550142"),
        (&PHONE, "0175550142", "NoSuchNumber"),
        (&PHONE, "6171550142", "NoSuchNumber"),
        (&PHONE, "617555014", "TooShort"),
        (&PHONE, "61755501421", "TooLong"),
        (&PHONE, "1617555014", "TooShort"),
    ] {
        let verdict = match judge(kind, &Digits::of(typed).expect("digits")) {
            Verdict::Good(good) => value(&good),
            Verdict::Swapped(date) => format!("swapped {date:?}"),
            Verdict::Wrong(wrong) => format!("{wrong:?}"),
        };
        assert_eq!(verdict, expected, "{typed} for {kind:?}");
    }
    assert_eq!(Digits::of("12a"), None);
    assert_eq!(Digits::of(&"1".repeat(33)), None);
}

#[test]
fn what_was_typed_is_not_printed() {
    let mut entry = Entry::begin(Instant::START, ask(digits(5, 5), Confirm::Always));
    for key in "02139".chars() {
        entry.handle(Instant::START, Input::Key(key_of(key)));
        let shown = format!("{entry:?}");
        assert!(!shown.contains("0, 2, 1") && !shown.contains("02139"), "{shown}");
    }
    let mut entry = Entry::begin(Instant::START, ask(date(US), Confirm::Always));
    "03141958".chars().for_each(|key| entry.handle(Instant::START, Input::Key(key_of(key))));
    assert!(!format!("{entry:?}").contains("1958-03-14"), "{entry:?}");
}

#[test]
fn the_picture_on_top_is_the_table() {
    let names =
        |moves: &[Move; 5]| moves.iter().map(|step| format!("{step:?}")).collect::<Vec<_>>().join(" ");
    let rows: Vec<String> = TABLE.iter().map(names).collect();
    assert_eq!(
        rows,
        [
            "Type Star More Listen Listen",
            "Type Star More Ignore Silent",
            "Type Star End Ignore TimeEnds",
            "AfterStar Repeat Repeat Ignore Repeat",
            "Answer ReadAgain More Listen Listen",
            "Answer ReadAgain More Ignore Silent",
            "Ignore Ignore Ignore Ignore Ignore",
        ]
    );
}
