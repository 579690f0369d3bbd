//! Every story of a few happenings, and many long ones: what holds in all of them.

use super::model::Model;
use super::*;
use proptest::prelude::*;

/// What can happen next, whatever happened before.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Happens {
    Key(Key),
    /// The words that are said end.
    Said,
    /// A playing ends that is no longer heard.
    OldSaid,
    /// Time passes to the next wake-up, and it comes.
    Due,
    /// A second passes without a wake-up that was due before being handed in late.
    Wait,
    HangUp,
}

const HAPPENINGS: [Happens; 12] = [
    Happens::Key(Key::Digit(0)),
    Happens::Key(Key::Digit(1)),
    Happens::Key(Key::Digit(2)),
    Happens::Key(Key::Digit(9)),
    Happens::Key(Key::Star),
    Happens::Key(Key::Pound),
    Happens::Key(Key::Letter(b'D')),
    Happens::Said,
    Happens::OldSaid,
    Happens::Due,
    Happens::Wait,
    Happens::HangUp,
];

/// The machine and its model side by side.
#[derive(Clone)]
struct Pair {
    now: Instant,
    entry: Entry,
    model: Model,
    last_said: u32,
    done: bool,
    hung_up: bool,
}

impl Pair {
    fn new(ask: Ask) -> Pair {
        let now = Instant::from_millis(5);
        let (entry, model) = (Entry::begin(now, ask.clone()), Model::new(now, ask));
        let mut pair = Pair { now, entry, model, last_said: 0, done: false, hung_up: false };
        pair.compare(&[]);
        pair
    }

    fn happen(&mut self, what: Happens, story: &[Happens]) {
        let input = match what {
            Happens::Key(key) => {
                self.now += Duration::from_millis(500);
                Input::Key(key)
            }
            Happens::Said => Input::Said(SayId(self.last_said)),
            Happens::OldSaid => Input::Said(SayId(self.last_said.wrapping_sub(1))),
            Happens::Due => {
                self.now = self.entry.poll_timeout().map_or(self.now, |due| due.at.max(self.now));
                Input::Timeout
            }
            Happens::Wait => {
                self.now += Duration::from_secs(1);
                Input::Timeout
            }
            Happens::HangUp => {
                self.hung_up = true;
                Input::HangUp
            }
        };
        self.entry.handle(self.now, input);
        self.model.handle(self.now, input);
        self.compare(story);
    }

    /// The same outputs, the same next wake-up, and what always holds.
    fn compare(&mut self, story: &[Happens]) {
        let (was_done, mut outputs) = (self.done || self.hung_up, 0);
        while let Some(output) = self.entry.poll_output() {
            outputs += 1;
            assert!(!was_done, "{output:?} after the end: {story:?}");
            assert!(!self.done, "{output:?} behind the end: {story:?}");
            if let Output::Say(SayId(say), _) = &output {
                self.last_said = *say;
            }
            self.done |= matches!(output, Output::Done(_));
            assert_eq!(told(&output), self.model.next_told(), "{story:?}");
        }
        assert_eq!(self.model.next_told(), None, "the model says more: {story:?}");
        assert!(outputs <= OUTPUTS_AT_ONCE, "{story:?}");
        let due = self.entry.poll_timeout().map(|due| due.at);
        assert_eq!(due, self.model.due(), "{story:?}");
        assert_eq!(due.is_none(), self.done || self.hung_up, "somebody waits for ever: {story:?}");
    }

    /// Left alone, every entry comes to its end.
    fn ends_by_itself(mut self, story: &[Happens]) {
        for _ in 0..12 {
            self.happen(Happens::Due, story);
        }
        assert!(self.done || self.hung_up, "{story:?}");
    }
}

fn asks() -> Vec<Ask> {
    vec![
        ask(digits(1, 1), Confirm::WhenInDoubt),
        ask(digits(0, 2), Confirm::Always),
        ask(digits(3, 3), Confirm::WhenInDoubt),
        ask(digits(2, 9), Confirm::Always),
        ask(Kind::Number { least: 1, most: 50 }, Confirm::Always),
        ask(date(US), Confirm::WhenInDoubt),
        ask(PHONE, Confirm::WhenInDoubt),
    ]
}

fn every_story(pair: &Pair, story: &mut Vec<Happens>, depth: usize, count: &mut u64) {
    *count += 1;
    pair.clone().ends_by_itself(story);
    if depth == 0 {
        return;
    }
    for what in HAPPENINGS {
        story.push(what);
        let mut next = pair.clone();
        next.happen(what, story);
        if !(next.done || next.hung_up) {
            every_story(&next, story, depth - 1, count);
        }
        story.pop();
    }
}

#[test]
fn every_story_of_four_happenings_is_as_the_model_tells_it_and_ends() {
    let mut count = 0;
    for ask in asks() {
        every_story(&Pair::new(ask), &mut Vec::new(), 4, &mut count);
    }
    assert!(count > 20_000, "{count} stories");
}

fn any_happening() -> impl Strategy<Value = Happens> {
    prop_oneof![
        8 => (0u8..=9).prop_map(|digit| Happens::Key(Key::Digit(digit))),
        3 => prop::sample::select(HAPPENINGS[..HAPPENINGS.len() - 1].to_vec()),
    ]
}

fn any_ask() -> impl Strategy<Value = Ask> {
    (prop::sample::select(asks()), any::<bool>(), 1u32..4).prop_map(|(ask, always, tries)| {
        let confirm = if always { Confirm::Always } else { Confirm::WhenInDoubt };
        Ask { confirm, tries, ..ask }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn long_stories_are_as_the_model_tells_them(ask in any_ask(), story in prop::collection::vec(any_happening(), 0..60)) {
        let mut pair = Pair::new(ask);
        for (at, what) in story.iter().enumerate() {
            pair.happen(*what, &story[..=at]);
        }
        pair.ends_by_itself(&story);
    }

    #[test]
    fn no_digits_make_the_judge_panic(typed in "[0-9]{0,32}", ask in any_ask()) {
        let digits = Digits::of(&typed).expect("digits");
        let full = judge::is_full(&ask.kind, &digits);
        prop_assert!(!(full && judge::may_begin(&ask.kind, &digits)));
        if let Verdict::Good(Value::Number(number)) = judge(&ask.kind, &digits) {
            prop_assert_eq!(Some(number), typed.parse().ok());
        }
    }
}
