//! The dialogue by itself: what is pressed, what is said, and what is asked of the engine.

use super::*;
use crate::flow::closing::Closing;
use crate::flow::closing::pin::{Lock, Pin};
use crate::flow::hours::zone;
use proptest::prelude::*;
use std::fmt::Write;

/// 2026-11-28, 06:00 in New York: a Saturday.
const MORNING: i64 = 1_795_863_600_000_000;

fn subject() -> Arc<Subject> {
    let line = |number: &str, may| (number.to_owned(), may);
    let seconds = Duration::from_secs;
    Arc::new(Subject {
        lines: vec![
            line("+16175550100", MayClose::Yes),
            line("+16175550120", MayClose::Yes),
            line("+16175550190", MayClose::Never),
            line("100", MayClose::Yes),
            line("190", MayClose::Never),
        ],
        messages: ["closed.outage", "closed.weather"].map(PromptName::from).to_vec(),
        zone: zone::zone("America/New_York").unwrap(),
        zone_name: "America/New_York".to_owned(),
        timers: Timers {
            first_key: seconds(15),
            between_keys: seconds(5),
            total: seconds(60),
            more_time: seconds(30),
        },
        tries: 2,
        emergency: Digits::of("911").unwrap(),
        crisis: Digits::of("988").unwrap(),
    })
}

/// The dialogue with an engine around it.
struct Bench {
    dialogue: Dialogue,
    now: Moment,
    lock: Lock,
    closings: Closings,
    /// Whether a change can be kept.
    disk: Disk,
    changes: u32,
    log: String,
    over: Option<Outcome>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Disk {
    Well,
    Full,
}

impl Bench {
    fn new() -> Self {
        let now = Moment { at: Instant::START, wall: WallTime::from_micros(MORNING) };
        let dialogue = Dialogue::begin(now, subject(), std::iter::empty());
        let (lock, closings, log) = (Lock::default(), Closings::default(), String::new());
        let mut bench = Self { dialogue, now, lock, closings, disk: Disk::Well, changes: 0, log, over: None };
        bench.follow();
        bench
    }

    /// Digits, `*`, `#`; `w` the words end, `t` time until something is due.
    fn play(&mut self, script: &str) -> &mut Self {
        for what in script.chars() {
            let input = match what {
                ' ' => continue,
                'w' => Input::Said,
                't' => {
                    let Some(due) = self.dialogue.poll_timeout() else { continue };
                    let by = due.at.since(self.now.at);
                    self.now = Moment { at: self.now.at + by, wall: self.now.wall + by };
                    Input::Timeout
                }
                '*' => Input::Key(Key::Star),
                '#' => Input::Key(Key::Pound),
                digit => Input::Key(Key::Digit(digit.to_digit(10).unwrap() as u8)),
            };
            self.hand_in(input);
        }
        self
    }

    fn hand_in(&mut self, input: Input) {
        self.dialogue.handle(self.now, input);
        self.follow();
    }

    fn follow(&mut self) {
        while let Some(output) = self.dialogue.poll_output() {
            assert_eq!(self.over, None, "nothing comes after the end\n{}", self.log);
            match output {
                Output::Say(phrases, telling) => {
                    let again = if telling == Telling::Again { "again " } else { "" };
                    writeln!(self.log, "{again}{}", said(&phrases)).unwrap();
                }
                Output::Hush => {}
                Output::Missed { silence, count } => {
                    writeln!(self.log, "missed {} {count}", if silence { "silence" } else { "key" }).unwrap();
                }
                Output::Ask(order) => self.answer(order),
                Output::Done(outcome) => {
                    match &outcome {
                        Outcome::Over(phrases) => writeln!(self.log, "over: {}", said(phrases)).unwrap(),
                        Outcome::Person(why) => writeln!(self.log, "person: {why:?}").unwrap(),
                    }
                    self.over = Some(outcome);
                }
            }
        }
    }

    fn answer(&mut self, order: Order) {
        let answer = match order {
            Order::Unlock(typed) => {
                let verdict = self.lock.judge(self.now.at, &Pin::read("271828").unwrap(), typed.expose());
                Answer::Pin(verdict, Arc::new(self.closings.clone()))
            }
            Order::Change(change) => {
                self.changes += 1;
                match self.disk {
                    Disk::Full => Answer::NotKept,
                    Disk::Well => {
                        self.closings = change.of(&self.closings, self.now.wall).unwrap();
                        Answer::Kept(Arc::new(self.closings.clone()))
                    }
                }
            }
        };
        self.dialogue.handle(self.now, Input::Answer(answer));
    }

    /// What was said since this was asked last.
    fn said(&mut self) -> String {
        std::mem::take(&mut self.log)
    }

    fn closed(&self) -> String {
        let one = |closing: &Arc<Closing>| {
            let until = Today::at(closing.until, &subject().zone).unwrap();
            let (numbers, say, then) = (closing.numbers.written(), &closing.say, closing.then.word());
            format!("{numbers} until {:?} {:?} {say} {then}\n", until.date, until.time)
        };
        self.closings.list().iter().map(one).collect()
    }
}

fn said(phrases: &[Phrase]) -> String {
    let one = |phrase: &Phrase| {
        let values: Vec<String> = phrase.values.iter().map(|(_, value)| shown(value)).collect();
        let name = phrase.prompt.as_str().trim_start_matches("cp.");
        if values.is_empty() { name.to_owned() } else { format!("{name}({})", values.join(" ")) }
    };
    phrases.iter().map(one).collect::<Vec<_>>().join(", ")
}

fn shown(value: &Saved) -> String {
    match value {
        Saved::Phone(number) => number.to_string(),
        Saved::Date(date) => format!("{date:?}"),
        Saved::Time(time) => format!("{time:?}"),
        other => format!("{other:?}"),
    }
}

const PIN: &str = "271828#";

#[test]
fn a_snow_day_is_read_back_in_words_and_made_with_1() {
    let mut bench = Bench::new();
    bench.play(PIN).play("1 1 1 3 1 1");
    assert_eq!(
        bench.said(),
        "pin\n\
         nothing_closed, what\n\
         which\n\
         until\n\
         closed.outage, take\n\
         closed.weather, take\n\
         then\n\
         close_all, until_today, closed.weather, then_after_hours, confirm\n"
    );
    assert_eq!((bench.changes, bench.closed().as_str()), (0, ""), "nothing before the 1");
    bench.play("1");
    assert_eq!(bench.closed(), "all until 2026-11-29 00:00 closed.weather after_hours\n");
    assert_eq!(bench.said(), "done, all_closed, until_today, what\n");
    // And open again.
    bench.play("3 1 1");
    assert_eq!(bench.said(), "which\nopen_all, confirm\ndone, nothing_closed, what\n");
    bench.play("5");
    assert_eq!(bench.said(), "over: u.goodbye\n");
}

#[test]
fn a_line_is_named_by_its_number_or_by_how_that_ends_and_a_time_by_four_digits() {
    let table = [
        ("3 100# 3 1730 1 3 1", "100 until 2026-11-28 17:30 closed.outage open\n"),
        ("3 16175550120# 5 0800 1 1 1", "+16175550120 until 2026-11-29 08:00 closed.outage after_hours\n"),
        ("3 0120# 5 0800 1 1 1", "+16175550120 until 2026-11-29 08:00 closed.outage after_hours\n"),
        // The pound key behind a time is a habit, and no other key.
        ("3 100# 5 0800# 1 1 1", "100 until 2026-11-29 08:00 closed.outage after_hours\n"),
    ];
    for (keys, closed) in table {
        let mut bench = Bench::new();
        bench.play(PIN).play("1").play(keys);
        assert_eq!(bench.closed(), closed, "{keys}\n{}", bench.log);
    }
}

#[test]
fn what_cannot_be_is_told_and_asked_again() {
    let table = [
        ("1 3 777#", "no_line, which\n"),
        // Two lines end so.
        ("1 3 00#", "no_line, which\n"),
        ("1 3 190#", "urgent, which\n"),
        ("1 1 3 0559", "past, until\n"),
        ("1 1 3 0600", "past, until\n"),
        ("1 1 5 2460", "no_time, until\n"),
        ("1 1 5 8000", "no_time, until\n"),
        ("3 1", "not_closed, nothing_closed, what\n"),
        ("3 3 100#", "not_closed, nothing_closed, what\n"),
    ];
    for (keys, last) in table {
        let mut bench = Bench::new();
        bench.play(PIN).play(keys);
        assert!(bench.log.ends_with(last), "{keys}\n{}", bench.log);
        assert_eq!(bench.changes, 0, "{keys}");
    }
    let mut bench = Bench::new();
    bench.disk = Disk::Full;
    bench.play(PIN).play("1 1 1 1 1 1");
    assert!(bench.log.ends_with("failed, nothing_closed, what\n"), "{}", bench.log);
}

#[test]
fn to_start_over_forgets_what_was_chosen() {
    let mut bench = Bench::new();
    bench.play(PIN).play("1 1 1 1 1 3");
    assert!(bench.log.ends_with("confirm\nnothing_closed, what\n"), "{}", bench.log);
    assert_eq!(bench.changes, 0);
}

#[test]
fn what_is_closed_is_told_the_last_made_first_and_each_line_once() {
    let mut bench = Bench::new();
    bench.play(PIN).play("1 3 100# 1 1 1 1").play("1 3 0120# 5 0800 1 1 1").play("1 3 100# 5 0900 1 1 1");
    let last = bench.log.lines().last().unwrap();
    assert_eq!(
        last,
        "done, line_closed(100), until_time(2026-11-29 09:00), line_closed(+16175550120), \
         until_time(2026-11-29 08:00), what"
    );
}

#[test]
fn three_wrong_pins_end_the_call_politely_and_then_even_the_right_one_is_not_heard() {
    let mut bench = Bench::new();
    bench.play("111111# 222222# 333333#");
    assert_eq!(bench.said(), "pin\nwrong_pin, pin\nwrong_pin, pin\nover: refused\n");
    // Two more, in another call.
    let mut next = Bench { lock: bench.lock, ..Bench::new() };
    next.play("111111# 222222#").play(PIN);
    assert_eq!(next.said(), "pin\nwrong_pin, pin\nwrong_pin, pin\nover: locked\n");
    assert!(!format!("{:?}", next.dialogue).contains("271828"), "no digit is printed");
}

#[test]
fn who_came_by_mistake_gets_a_person() {
    let table = [
        ("wtwt", "missed silence 1\nu.noinput1, pin\nmissed silence 2\nperson: Silence\n"),
        ("*0", "person: Asked\n"),
        ("*9", "person: Crisis\n"),
        ("911t", "person: Emergency\n"),
    ];
    for (keys, log) in table {
        let mut bench = Bench::new();
        bench.said();
        bench.play(keys);
        assert_eq!(bench.said(), log, "{keys}");
    }
}

#[test]
fn a_choice_is_repeated_with_star_and_missed_twice_it_leads_to_a_person() {
    let table = [
        ("*", "again what\n"),
        ("w#wt", "u.more_time\nmissed silence 1\nu.noinput1, what\n"),
        ("wtwt", "missed silence 1\nu.noinput1, what\nmissed silence 2\nperson: Silence\n"),
        ("8", "missed key 1\nu.nomatch, what\n"),
        ("88", "missed key 1\nu.nomatch, what\nmissed key 2\nperson: WrongKeys\n"),
    ];
    for (keys, log) in table {
        let mut bench = Bench::new();
        bench.play(PIN).said();
        bench.play(keys);
        assert_eq!(bench.said(), log, "{keys}");
    }
}

#[test]
fn an_engine_that_does_not_answer_leads_to_a_person() {
    let now = Moment { at: Instant::START, wall: WallTime::from_micros(MORNING) };
    let mut dialogue = Dialogue::begin(
        now,
        subject(),
        PIN.chars().map(|key| match key {
            '#' => Key::Pound,
            digit => Key::Digit(digit.to_digit(10).unwrap() as u8),
        }),
    );
    let due = dialogue.poll_timeout().expect("the engine is asked").at;
    dialogue.handle(Moment { at: due, wall: now.wall }, Input::Timeout);
    let last = std::iter::from_fn(|| dialogue.poll_output()).last();
    assert_eq!(last, Some(Output::Done(Outcome::Person(Why::Fault))));
    assert_eq!(dialogue.poll_timeout(), None);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// Whatever is pressed: nothing is changed without the PIN, a change is read back and confirmed with 1 just before it, and
    /// until it is over something is always awaited.
    #[test]
    fn nothing_is_changed_but_by_1_behind_a_read_back(keys in "[0-9*#wt]{0,60}", known in any::<bool>()) {
        let mut bench = Bench::new();
        if known {
            bench.play(PIN);
        }
        // Three in four keys are those that menus know, so that the far end is reached.
        let keys: String = keys.chars().enumerate()
            .map(|(at, key)| if at % 4 == 0 || !key.is_ascii_digit() { key } else if key < '6' { '1' } else { '3' })
            .collect();
        for key in keys.chars() {
            let (before, last) = (bench.changes, bench.log.lines().last().unwrap_or("").to_owned());
            bench.play(&key.to_string());
            if bench.changes > before {
                prop_assert!(known, "{}", bench.log);
                prop_assert_eq!(key, '1');
                prop_assert!(last.ends_with("confirm") || last.contains("more_time"), "{}", bench.log);
            }
            prop_assert_eq!(bench.over.is_none(), bench.dialogue.poll_timeout().is_some(), "{}", bench.log);
        }
        for closing in bench.closings.list() {
            prop_assert!(closing.until > bench.now.wall || closing.until > WallTime::from_micros(MORNING));
            prop_assert!(!closing.numbers.written().contains("190"), "urgent lines are never closed");
        }
    }
}
