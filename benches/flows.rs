//! What a caller's step costs, what a check of many flows does, and what publishing them takes: `cargo bench --bench flows`.
//!
//! Steps are measured in rounds that end where they began, one kind of step after the other. The check is that of 1 000,
//! 2 000 and 4 000 flows of 20 steps: twice the flows may take twice the time. Times are the best of many rounds, which
//! other load on the machine disturbs least. Exit code 1 when a bar is missed.

mod support {
    pub mod allocations;
    pub mod steady;
}

use careline::flow::set::{Audio, FlowSet, SourceFile};
use careline::io::published::Shelf;
use careline::io::published::gather::Folders;
use careline::io::published::manifest::Manifest;
use careline::io::published::pointer::{Mover, Pointer};
use careline::io::set_load::{self, NewSets};
use careline::io::sets::Sets;
use std::fmt::Write as _;
use std::hint::black_box;
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};
use support::allocations::{self, Counting};
use support::steady::{BEGAN, Caller, WAYS, Way, shipped};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// One step of a flow, in nanoseconds.
const STEP_NS: f64 = 2_000.0;
/// The check of 1 000 flows of 20 steps, in milliseconds.
const CHECK_MS: f64 = 1_000.0;
/// How much longer the check of twice the flows may take.
const TWICE: f64 = 2.5;
/// Reading, checking and serving 1 000 flows in place of those before, in milliseconds.
const SWAP_MS: f64 = 1_000.0;
/// Rounds of a timed piece of work; the best counts.
const ROUNDS: usize = 30;
/// Times that a caller goes round in one of them.
const TIMES: u32 = 2_000;
/// Rounds of the check.
const CHECKS: usize = 5;

fn main() -> ExitCode {
    println!("{:6} {:<44} {:>10} {:>10}", "", "what", "value", "at most");
    let mut kept: Vec<bool> = WAYS.iter().map(steps).collect();
    kept.extend([calendar(), checks(), swap()]);
    if kept.iter().all(|kept| *kept) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Prints a value and its bar; whether it was kept.
fn bar(name: &str, value: f64, limit: f64) -> bool {
    let kept = value <= limit;
    println!("{} {name:<44} {value:>10.1} {limit:>10.1}", if kept { "kept  " } else { "MISSED" });
    kept
}

fn best(rounds: usize, work: impl FnMut(usize) -> Duration) -> Duration {
    (0..rounds).map(work).min().unwrap_or(Duration::MAX)
}

fn steps(way: &Way) -> bool {
    let mut caller = Caller::on(way);
    let count = allocations::during(|| (0..TIMES).for_each(|_| caller.once_round()));
    let best = best(ROUNDS, |_| {
        let began = Instant::now();
        (0..TIMES).for_each(|_| caller.once_round());
        began.elapsed()
    });
    let steps = f64::from(TIMES * way.steps_per_round);
    let quick = bar(&format!("{}: ns a step", way.name), best.as_secs_f64() * 1e9 / steps, STEP_NS);
    let told = f64::from(way.allocations_per_round) / f64::from(way.steps_per_round);
    let bare = bar(&format!("{}: allocations a step", way.name), count as f64 / steps, told);
    quick && bare
}

/// The shipped flows with so many others, each of 20 steps: menus that lead to each other.
fn many(flows: usize) -> Vec<SourceFile> {
    let mut files = shipped();
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

fn load(files: Vec<SourceFile>) -> FlowSet {
    let (set, faults) = FlowSet::load(files, &|_, _| Audio::Present);
    set.unwrap_or_else(|| panic!("faults in the flows that are measured: {:#?}", faults.first()))
}

fn checked_in(flows: usize) -> f64 {
    let files = many(flows);
    let best = best(CHECKS, |_| {
        let files = files.clone();
        let began = Instant::now();
        black_box(load(files));
        began.elapsed()
    });
    best.as_secs_f64() * 1e3
}

fn checks() -> bool {
    let (one, two, four) = (checked_in(1_000), checked_in(2_000), checked_in(4_000));
    println!("       check of 2 000 flows {two:.0} ms, of 4 000 flows {four:.0} ms");
    let kept = [
        bar("check of 1 000 flows of 20 steps: ms", one, CHECK_MS),
        bar("check of 2 000 flows: times that of 1 000", two / one, TWICE),
        bar("check of 4 000 flows: times that of 2 000", four / two, TWICE),
    ];
    kept.iter().all(|kept| *kept)
}

/// The shipped calendar, reckoned anew. A step asks for that once in each stretch over which the answer is the same; what it
/// costs otherwise is among the steps.
fn calendar() -> bool {
    let set = load(shipped());
    let calendar = &set.calendars()[0];
    let mut at = BEGAN;
    let best = best(ROUNDS, |_| {
        let began = Instant::now();
        for _ in 0..TIMES {
            at = at + Duration::from_millis(20);
            black_box(calendar.answer(at));
        }
        began.elapsed()
    });
    bar("an answer of a calendar, reckoned anew: ns", best.as_secs_f64() * 1e9 / f64::from(TIMES), STEP_NS)
}

/// A draft of so many flows with the shipped sounds, and a shelf to publish it on.
struct Publisher {
    draft: Folders,
    shelf: Shelf,
    _home: tempfile::TempDir,
}

impl Publisher {
    fn new(files: &[SourceFile]) -> Self {
        let home = tempfile::tempdir().expect("a folder");
        let flows = home.path().join("flows");
        std::fs::create_dir(&flows).expect("a folder in it");
        let draft = Folders { flows, sounds: Path::new(env!("CARGO_MANIFEST_DIR")).join("sounds") };
        let publisher = Self { draft, shelf: Shelf::at(&home.path().join("published")), _home: home };
        files.iter().for_each(|file| publisher.write(file));
        publisher
    }

    fn write(&self, file: &SourceFile) {
        let name = Path::new(&file.path).file_name().expect("a file has a name");
        std::fs::write(self.draft.flows.join(name), &file.octets).expect("a flow can be written");
    }

    /// Puts the draft on the shelf.
    fn add(&self, number: u32) {
        let held = self.shelf.hold().expect("nobody else publishes");
        let content = self.draft.content().expect("the draft can be read");
        let (at, by, note) = (String::new(), "bench".to_owned(), String::new());
        let manifest = Manifest { number, at, by, note, changes: Vec::new(), needs: Vec::new(), content };
        self.shelf.add(&held, &self.draft, &manifest).expect("the set is put on the shelf");
    }

    /// What the engine does when it is told of a published set.
    fn load(&self, number: u32) -> NewSets {
        let mover = Mover::new("bench", String::new());
        set_load::pointed(&self.shelf, &Pointer::first(number, mover)).expect("the set can be served")
    }
}

/// Publishing: one flow of a thousand is other than before. From the yes to the set that new calls get, and of that the
/// part in the engine's own thread, which is all that calls could notice.
fn swap() -> bool {
    let mut files = many(1_000);
    let publisher = Publisher::new(&files);
    publisher.add(1);
    let (mut sets, _) = Sets::new(publisher.load(1));
    let (mut shelved, mut loaded, mut moment) = (Duration::MAX, Duration::MAX, Duration::MAX);
    for number in 2..2 + CHECKS as u32 {
        let last = files.last_mut().expect("there are a thousand");
        last.octets.extend(format!("# {number}\n").bytes());
        publisher.write(last);
        let began = Instant::now();
        publisher.add(number);
        let on_shelf = Instant::now();
        let new = publisher.load(number);
        let ready = Instant::now();
        let served = sets.take(new).expect("one set more can be served");
        moment = moment.min(ready.elapsed());
        (shelved, loaded) = (shelved.min(on_shelf - began), loaded.min(ready - on_shelf));
        black_box(served);
    }
    println!("       swap: new calls get a loaded set after {:.1} µs", moment.as_secs_f64() * 1e6);
    println!("       put on the shelf in {:.0} ms", shelved.as_secs_f64() * 1e3);
    bar("1 000 flows served in place of others: ms", (loaded + moment).as_secs_f64() * 1e3, SWAP_MS)
}
