//! Callers who go round and round in a flow, for the bench of flows and the test of what their steps allocate.

use careline::clock::{Instant, WallTime};
use careline::flow::action::{Action, Fact, Input};
use careline::flow::run::Run;
use careline::flow::set::{Audio, FlowSet, SourceFile};
use careline::id::{FlowName, PlaybackId};
use careline::wire::telephone_event::Key;
use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// The day of the calls: 2026-11-24, eight in the morning in New York.
pub const BEGAN: WallTime = WallTime::from_micros(1_795_525_200_000_000);

/// What a caller does in one round. He is in the flow's first menu before it and after it.
pub struct Way {
    /// What its steps are.
    pub name: &'static str,
    /// The steps behind the menu `top`, whose key 1 leads to `a`.
    steps: &'static str,
    /// 1 and so on: keys; w: the words end; t: the time to think is over.
    round: &'static str,
    /// How many steps begin in a round.
    pub steps_per_round: u32,
    /// How often memory is asked for in a round.
    pub allocations_per_round: u32,
}

const fn way(name: &'static str, round: &'static str, steps_per_round: u32, steps: &'static str) -> Way {
    Way { name, steps, round, steps_per_round, allocations_per_round: 0 }
}

/// A few of everything that callers go round in.
pub const WAYS: [Way; 9] = [
    way("menu, answered", "1w", 2, "  a: {say: oi.fax, next: top}\n"),
    way("menu, key pressed into its words", "31w", 3, "  a: {say: oi.fax, next: top}\n"),
    way("menu, wrong key", "w5w1w", 2, "  a: {say: oi.fax, next: top}\n"),
    way("menu, silence", "wtw1w", 2, "  a: {say: oi.fax, next: top}\n"),
    way(
        "set",
        "1",
        4,
        "  a: {set: {n: 1}, next: b}\n  b: {set: {n: n + 1}, next: c}\n  \
         c: {set: {w: \"'one'\"}, next: top}\n",
    ),
    way(
        "when",
        "1",
        4,
        "  a: {set: {n: 1}, next: b}\n  b: {when: n > 1, next: {yes: top, no: c}}\n  \
         c: {when: n == 1, next: {yes: top, no: top}}\n",
    ),
    way("hours", "1", 2, "  a: {hours: clinic, next: {open: top, closed: top}}\n"),
    way("call of a sub-flow, and back", "1w1", 3, "  a: {call: below, next: top}\n"),
    Way {
        // Digits are typed seldom: the entry, the queue of its wishes, and the value.
        allocations_per_round: 3,
        ..way(
            "collect, five digits",
            "102139",
            2,
            "  a: {collect: id.zip, as: digits, length: 5, save: z, next: top}\n",
        )
    },
];

/// The flows as they are shipped.
pub fn shipped() -> Vec<SourceFile> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("ivr-flows");
    careline::io::flow_files::read(&folder).expect("the flows are shipped")
}

fn file(path: &str, text: &str) -> SourceFile {
    SourceFile { path: path.to_owned(), octets: text.as_bytes().to_vec() }
}

/// A caller who goes one way, and an engine that plays nothing and answers at once.
pub struct Caller {
    run: Run,
    now: Instant,
    playing: Option<PlaybackId>,
    round: &'static str,
    /// Steps that began.
    pub steps: u32,
}

impl Caller {
    /// In the first menu of a flow that leads this way, which was gone before: queues have their size, and a calendar
    /// remembers its answer, as it does from the next whole minute on.
    pub fn on(way: &Way) -> Self {
        let top = "  top: {menu: oi.more, keys: {1: a, 3: top}}\n";
        let mut files = shipped();
        files.push(file(
            "steady.yaml",
            &format!("flow: steady\ntitle: Round\nstart: top\nsteps:\n{top}{}", way.steps),
        ));
        if way.steps.contains("below") {
            let text = "flow: below\ntitle: Below\ngives: {}\nstart: x\nsteps:\n  x: {menu: oi.more, keys: {1: return, 3: x}}\n";
            files.push(file("below.yaml", text));
        }
        let (set, faults) = FlowSet::load(files, &|_, _| Audio::Present);
        let set = set.unwrap_or_else(|| panic!("{}: {faults:#?}", way.name));
        let run = Run::new(Arc::new(set), FlowName::from("steady")).begun_at(Instant::START, BEGAN);
        let mut caller = Self { run, now: Instant::START, playing: None, round: way.round, steps: 0 };
        caller.hand_in(Input::Start);
        (0..6).for_each(|_| caller.words_end());
        (0..10).for_each(|_| caller.once_round());
        caller.now += Duration::from_secs(60);
        caller.steps = 0;
        caller
    }

    /// Goes round once.
    pub fn once_round(&mut self) {
        for act in self.round.bytes() {
            match act {
                b'w' => self.words_end(),
                b't' => {
                    self.now = self.run.poll_timeout().expect("he may not think for ever").at;
                    self.hand_in(Input::Timeout);
                }
                digit => self.hand_in(Input::Key(Key::Digit(digit - b'0'))),
            }
        }
    }

    fn hand_in(&mut self, input: Input) {
        self.now += Duration::from_millis(20);
        self.run.handle(self.now, input);
        while let Some(action) = self.run.poll_action() {
            match black_box(&action) {
                Action::Play { playback, .. } => self.playing = Some(*playback),
                Action::Tell(Fact::StepEntered { .. }) => self.steps += 1,
                Action::Tell(Fact::Fault { .. } | Fact::LadderRung { .. }) | Action::End { .. } => {
                    panic!("he left the way: {action:?}")
                }
                _ => {}
            }
        }
    }

    fn words_end(&mut self) {
        if let Some(playback) = self.playing.take() {
            self.hand_in(Input::PlaybackEnded { playback, completed: true });
        }
    }
}
