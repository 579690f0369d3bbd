//! What a caller's step costs, and what a check of many flows does: `cargo bench --bench flows`.
//!
//! A step is one key in a menu and the words that follow on it, in the steady loop of `office_info`. The check is that
//! of 1 000 flows of 20 steps. Times are the best of many rounds, which other load on the machine disturbs least.
//! Exit code 1 when a bar is missed.

mod support {
    pub mod allocations;
}

use careline::clock::{Instant, WallTime};
use careline::flow::action::{Action, Input};
use careline::flow::run::Run;
use careline::flow::set::{Audio, FlowSet, SourceFile};
use careline::id::{FlowName, PlaybackId};
use careline::wire::telephone_event::Key;
use std::fmt::Write as _;
use std::hint::black_box;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;
use support::allocations::{self, Counting};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// One step of a flow, in nanoseconds.
const STEP_NS: f64 = 2_000.0;
/// Allocations of a step in the steady loop of a menu.
const STEP_ALLOCATIONS: f64 = 0.0;
/// A calendar's answer, in nanoseconds: it is a step too.
const HOURS_NS: f64 = 2_000.0;
/// The check of 1 000 flows of 20 steps, in milliseconds.
const CHECK_MS: f64 = 1_000.0;
/// Rounds of a timed piece of work; the best counts.
const ROUNDS: usize = 30;
/// Steps in one round.
const STEPS: u32 = 2_000;
/// Rounds of the check.
const CHECKS: usize = 5;

fn main() -> ExitCode {
    let Some(set) = shipped() else {
        eprintln!("the shipped flows have faults: `careline check` tells them");
        return ExitCode::FAILURE;
    };
    let kept = [steady_menu(&set), hours(&set), check()];
    if kept.iter().all(|kept| *kept) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Prints a value and its bar; whether it was kept.
fn bar(name: &str, value: f64, limit: f64) -> bool {
    let kept = value <= limit;
    println!("{} {name:<58} {value:>10.1}  at most {limit:.1}", if kept { "kept  " } else { "MISSED" });
    kept
}

fn files() -> Vec<SourceFile> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("ivr-flows");
    careline::io::flow_files::read(&folder).unwrap_or_default()
}

fn shipped() -> Option<Arc<FlowSet>> {
    FlowSet::load(files(), &|_, _| Audio::Present).0.map(Arc::new)
}

/// A caller who presses keys, and an engine that plays nothing and answers at once.
struct Caller {
    run: Run,
    now: Instant,
    playing: Option<PlaybackId>,
}

impl Caller {
    fn in_the_menu(set: &Arc<FlowSet>) -> Self {
        let run = Run::new(Arc::clone(set), FlowName::from("office_info"))
            .begun_at(Instant::START, WallTime::from_micros(1_795_525_200_000_000));
        let mut caller = Self { run, now: Instant::START, playing: None };
        caller.hand_in(Input::Start);
        for _ in 0..6 {
            caller.words_end();
        }
        caller
    }

    fn hand_in(&mut self, input: Input) {
        self.now += Duration::from_millis(20);
        self.run.handle(self.now, input);
        while let Some(action) = self.run.poll_action() {
            if let Action::Play { playback, .. } = &action {
                self.playing = Some(*playback);
            }
            black_box(&action);
        }
    }

    fn words_end(&mut self) {
        if let Some(playback) = self.playing.take() {
            self.hand_in(Input::PlaybackEnded { playback, completed: true });
        }
    }

    /// Two steps: an answer of the first menu and its words, and the way back to it.
    fn once_round(&mut self) {
        self.hand_in(Input::Key(Key::Digit(3)));
        self.words_end();
        self.words_end();
        self.hand_in(Input::Key(Key::Digit(1)));
        self.words_end();
    }
}

fn steady_menu(set: &Arc<FlowSet>) -> bool {
    let mut caller = Caller::in_the_menu(set);
    (0..100).for_each(|_| caller.once_round());
    let count = allocations::during(|| (0..STEPS).for_each(|_| caller.once_round()));
    let round = |_| {
        let began = std::time::Instant::now();
        (0..STEPS).for_each(|_| caller.once_round());
        began.elapsed()
    };
    let best = (0..ROUNDS).map(round).min().unwrap_or(Duration::MAX);
    // Three steps in a round: the words, the menu behind them, and the first menu.
    let steps = f64::from(STEPS) * 3.0;
    let quick = bar("a step of a menu's loop, ns", best.as_secs_f64() * 1e9 / steps, STEP_NS);
    let bare = bar("allocations of a step", count as f64 / steps, STEP_ALLOCATIONS);
    quick && bare
}

fn hours(set: &Arc<FlowSet>) -> bool {
    let Some(calendar) = set.calendars().first() else { return false };
    let began_at = 1_795_525_200_000_000;
    let mut at = began_at;
    let round = |_| {
        let began = std::time::Instant::now();
        for _ in 0..STEPS {
            at += 20_000;
            black_box(calendar.answer(WallTime::from_micros(at)));
        }
        began.elapsed()
    };
    let best = (0..ROUNDS).map(round).min().unwrap_or(Duration::MAX);
    bar("an answer of a calendar, ns", best.as_secs_f64() * 1e9 / f64::from(STEPS), HOURS_NS)
}

/// The shipped flows with so many others, each of 20 steps: menus that lead to words and back.
fn many(flows: usize) -> Vec<SourceFile> {
    let mut files = files();
    for flow in 0..flows {
        let mut text = format!("flow: many_{flow}\ntitle: One of many\nstart: s0\nsteps:\n");
        for step in 0..20 {
            let (one, other) = ((step + 1) % 20, (step + 7) % 20);
            let _ = writeln!(text, "  s{step}: {{menu: oi.more, keys: {{1: s{one}, 3: s{other}}}}}");
        }
        files.push(SourceFile { path: format!("many_{flow}.yaml"), octets: text.into_bytes() });
    }
    files
}

fn check() -> bool {
    let files = many(1_000);
    let round = |_| {
        let files = files.clone();
        let began = std::time::Instant::now();
        let (set, faults) = FlowSet::load(files, &|_, _| Audio::Present);
        black_box((set.is_some(), faults.len()));
        began.elapsed()
    };
    let best = (0..CHECKS).map(round).min().unwrap_or(Duration::MAX);
    bar("the check of 1 000 flows of 20 steps, ms", best.as_secs_f64() * 1e3, CHECK_MS)
}
