//! Which closing a caller meets: by number, by order, by time.

use super::*;
use proptest::prelude::*;

const HOUR_US: i64 = 3_600_000_000;

fn at(hour: i64) -> WallTime {
    // 2026-11-28T00:00Z and so many hours.
    WallTime::from_micros(1_795_824_000_000_000 + hour * HOUR_US)
}

fn numbers(text: &str) -> Numbers {
    if text == "all" {
        return Numbers::All;
    }
    Numbers::These(text.split(' ').map(plain_number).collect())
}

/// `100 101 until 8 say snow`.
fn closing(numbers_text: &str, until: i64, say: &str) -> Closing {
    Closing {
        numbers: numbers(numbers_text),
        until: at(until),
        zone: "America/New_York".to_owned(),
        say: PromptName::from(say),
        then: Then::AfterHours,
        by: "maria".to_owned(),
        made: at(0),
    }
}

fn made(all: &[(&str, i64, &str)]) -> Closings {
    all.iter().fold(Closings::default(), |closings, (numbers, until, say)| {
        closings.with(closing(numbers, *until, say), at(0)).unwrap()
    })
}

/// What a caller of a number hears at an hour.
fn heard(closings: &Closings, called: &str, hour: i64) -> String {
    let found = closings.of_number(called);
    let holds = found.iter().find(|closing| closing.holds(at(hour)));
    holds.map_or_else(|| "-".to_owned(), |closing| closing.say.to_string())
}

#[test]
fn the_number_wins_over_all_and_the_last_made_over_the_one_before_it() {
    let all = made(&[("100", 8, "snow"), ("all", 20, "outage"), ("100 +16175550100", 4, "surge")]);
    for (called, hour, expected) in [
        ("100", 0, "surge"),
        ("+1 (617) 555-0100", 0, "surge"),
        ("120", 0, "outage"),
        ("", 0, "outage"),
        // The surge is over: what was made before holds again.
        ("100", 4, "snow"),
        ("+16175550100", 4, "outage"),
        ("100", 8, "outage"),
        ("100", 19, "outage"),
        ("100", 20, "-"),
        ("120", 20, "-"),
    ] {
        assert_eq!(heard(&all, called, hour), expected, "{called} at {hour}");
    }
}

#[test]
fn opening_takes_a_number_out_and_leaves_the_others() {
    let all = made(&[("100 120", 8, "snow"), ("all", 20, "outage"), ("130", 8, "surge")]);
    let opened = all.opened(&numbers("100"), at(1));
    let left = |closings: &Closings| {
        let of = |closing: &Arc<Closing>| match &closing.numbers {
            Numbers::All => format!("all {}", closing.say),
            Numbers::These(numbers) => {
                format!("{} {}", numbers.iter().cloned().collect::<Vec<_>>().join("+"), closing.say)
            }
        };
        closings.list().iter().map(of).collect::<Vec<_>>().join(", ")
    };
    assert_eq!(left(&opened), "120 snow, all outage, 130 surge");
    assert_eq!(left(&opened.opened(&numbers("120 130"), at(1))), "all outage");
    assert_eq!(left(&all.opened(&numbers("999"), at(9))), "all outage", "what is over is dropped");
    assert_eq!(all.opened(&Numbers::All, at(1)), Closings::default());
}

#[test]
fn a_closing_is_over_by_the_calendar_and_a_clock_that_is_far_off_closes_nothing() {
    let snow = closing("all", 8, "snow");
    let day = 24;
    for (hour, holds) in [(0, true), (7, true), (8, false), (9, false), (-1, true), (-day, true)] {
        assert_eq!(snow.holds(at(hour)), holds, "{hour}");
    }
    // The end of a closing was never so far away.
    assert!(!snow.holds(at(-40 * day)));
    assert!(!snow.holds(WallTime::from_micros(0)));
}

#[test]
fn there_is_an_end_to_how_many_stand_at_once() {
    let full = (0..CLOSINGS_MAX).fold(Closings::default(), |closings, n| {
        closings.with(closing(&n.to_string(), 8, "snow"), at(0)).unwrap()
    });
    assert_eq!(full.with(closing("x", 8, "snow"), at(0)), Err(TooMany));
    assert!(full.with(closing("x", 9, "snow"), at(8)).is_ok(), "those that are over make room");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    /// A model that is asked by brute force: the last that names the number, else the last for all.
    #[test]
    fn who_wins_is_who_a_list_read_by_hand_says(
        all in proptest::collection::vec((0..4_usize, 1..10_i64), 0..8),
        called in 0..3_usize,
        hour in 0..10_i64,
    ) {
        let names = ["100", "120", "100 120", "all"];
        let rows: Vec<(&str, i64, String)> =
            all.iter().enumerate().map(|(n, (which, until))| (names[*which], *until, format!("p{n}"))).collect();
        let list = rows.iter().map(|(numbers, until, say)| closing(numbers, *until, say)).collect();
        let closings = Closings::new(list).unwrap();
        let called = ["100", "120", "130"][called];
        let lasts = |names_it: &dyn Fn(&str) -> bool| {
            rows.iter().rev().find(|(numbers, until, _)| hour < *until && names_it(numbers))
        };
        let named = lasts(&|numbers| numbers.split(' ').any(|number| number == called));
        let expected = named.or_else(|| lasts(&|numbers| numbers == "all"));
        let expected = expected.map_or("-", |(_, _, say)| say.as_str());
        prop_assert_eq!(heard(&closings, called, hour), expected);
    }
}
