//! What a caller's step costs, what a check of many flows does, and what publishing them takes: `cargo bench --bench flows`.
//!
//! Steps are measured in rounds that end where they began, one kind of step after the other. The check is that of 1 000,
//! 2 000 and 4 000 flows of 20 steps: twice the flows may take twice the time. Times are the best of many rounds, which
//! other load on the machine disturbs least. Exit code 1 when a bar is missed.

mod support {
    pub mod allocations;
    pub mod steady;
}

use careline::flow::edition::Edition;
use careline::flow::set::{Audio, FlowSet, SourceFile};
use careline::io::prompts::PromptLibrary;
use careline::io::set_load::{Loaded, NewSets};
use careline::io::sets::Sets;
use std::fmt::Write as _;
use std::hint::black_box;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};
use support::allocations::{self, Counting};
use support::steady::{COLLECT, Caller, STEADY, Way, shipped};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// One step of a flow, in nanoseconds.
const STEP_NS: f64 = 2_000.0;
/// Allocations of a step that a caller may go round and round in.
const STEP_ALLOCATIONS: f64 = 0.0;
/// Allocations of a step in which digits are typed: the entry, its words and its value.
const COLLECT_ALLOCATIONS: f64 = 8.0;
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
/// Times that a caller goes round before, in which queues grow to their size.
const WARM_UP: u32 = 100;
/// Rounds of the check.
const CHECKS: usize = 5;

fn main() -> ExitCode {
    println!("{:6} {:<44} {:>10} {:>10}", "", "what", "value", "at most");
    let mut kept: Vec<bool> = STEADY.iter().map(|way| steps(way, STEP_ALLOCATIONS)).collect();
    kept.extend([steps(&COLLECT, COLLECT_ALLOCATIONS), checks(), swap()]);
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

fn steps(way: &Way, allocations_at_most: f64) -> bool {
    let mut caller = Caller::on(way);
    (0..WARM_UP).for_each(|_| caller.once_round());
    let count = allocations::during(|| (0..TIMES).for_each(|_| caller.once_round()));
    let best = best(ROUNDS, |_| {
        let began = Instant::now();
        (0..TIMES).for_each(|_| caller.once_round());
        began.elapsed()
    });
    let steps = f64::from(TIMES * way.steps_per_round);
    let quick = bar(&format!("{}: ns a step", way.name), best.as_secs_f64() * 1e9 / steps, STEP_NS);
    let bare = bar(&format!("{}: allocations a step", way.name), count as f64 / steps, allocations_at_most);
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

fn new_sets(files: Vec<SourceFile>, number: u32) -> NewSets {
    let set = Arc::new(load(files).served_as(Edition::Published(number), number.to_string()));
    NewSets { current: Loaded { set, prompts: PromptLibrary::open(Path::new("")) }, canary: None }
}

/// Publishing: from the files of a set in memory to the set that new calls get, and of that the moment of the swap.
fn swap() -> bool {
    let files = many(1_000);
    let (mut sets, _) = Sets::new(new_sets(files.clone(), 1));
    let (mut whole, mut moment) = (Duration::MAX, Duration::MAX);
    for number in 2..2 + CHECKS as u32 {
        let files = files.clone();
        let began = Instant::now();
        let new = new_sets(files, number);
        let ready = Instant::now();
        let served = sets.take(new).expect("one set more can be served");
        let taken = ready.elapsed();
        (whole, moment) = (whole.min(began.elapsed()), moment.min(taken));
        black_box(served);
    }
    println!("       swap: new calls get a set that is read after {:.1} µs", moment.as_secs_f64() * 1e6);
    bar("1 000 flows served in place of others: ms", whole.as_secs_f64() * 1e3, SWAP_MS)
}
