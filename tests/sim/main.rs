//! The deterministic simulation: worlds of callers, persons and trouble around the engine without its
//! edges. A seed tells one story, always the same.
//!
//! `CARELINE_SEEDS=1000 cargo test --test sim` runs more seeds than the usual 100, `CARELINE_FIRST=1001` others,
//! `CARELINE_SEED=42` replays one. `seeds.txt` keeps every seed that once failed.

#![allow(clippy::unwrap_used)]

mod book;
mod check;
mod consult;
mod disk;
mod door;
#[path = "../engine/mod.rs"]
mod engine;
mod fault;
mod flood;
mod flows;
mod heap;
mod house;
mod ladder;
mod life;
mod link;
mod marks;
mod parity;
mod phone;
mod reach;
mod script;
mod sound;
mod spoil;
mod struck;
mod tcp;
mod visits;
mod world;

use fault::Fault;
use flows::Flows;
use phone::quirk::Quirk;
use sound::Ear;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use world::{Failure, Summary, World};

/// Seeds of a usual run.
const SEEDS: u64 = 100;
/// A planted fault is found within so many seeds.
const SEEDS_PER_FAULT: u64 = 500;
/// Seeds that once failed, each with its reason.
const KEPT: &str = include_str!("seeds.txt");

/// Worlds, one after the other; the ear remembers what it has heard.
struct Worlds {
    flows: Flows,
    ear: Ear,
}

impl Worlds {
    fn new() -> Self {
        Self { flows: Flows::shipped(), ear: Ear::default() }
    }

    fn run(&mut self, seed: u64, fault: Option<Fault>) -> Result<Summary, Box<Failure>> {
        let ear = std::mem::take(&mut self.ear);
        let (outcome, ear) = World::new(seed, self.flows.clone(), ear, fault).run();
        self.ear = ear;
        outcome
    }

    #[track_caller]
    fn run_well(&mut self, seed: u64) -> Summary {
        self.run(seed, None).unwrap_or_else(|failure| {
            let Failure { seed, step, at, wrong, ladder, .. } = *failure;
            panic!("{ladder}\nseed {seed}, step {step}, {at:?}: {wrong}\nreplay: CARELINE_SEED={seed} cargo test --test sim seeds");
        })
    }
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|text| text.parse().ok())
}

fn kept() -> impl Iterator<Item = u64> {
    KEPT.lines().filter_map(|line| line.split('#').next()?.trim().parse().ok())
}

/// Runs seeds one after the other. With `CARELINE_SURVEY` set it names all that fail, and goes on.
fn run_all(seeds: &[u64], flows: Flows) -> Summary {
    let mut worlds = Worlds { flows, ear: Ear::default() };
    let survey = std::env::var_os("CARELINE_SURVEY").is_some();
    seeds.iter().fold(Summary::default(), |total, &seed| {
        let summary = if survey {
            let outcome = worlds.run(seed, None);
            outcome.unwrap_or_else(|failure| {
                println!("seed {seed}, {:?}: {}", failure.at, failure.wrong);
                Summary::default()
            })
        } else {
            worlds.run_well(seed)
        };
        add(total, summary)
    })
}

fn add(total: Summary, one: Summary) -> Summary {
    Summary {
        calls: total.calls + one.calls,
        bridged: total.bridged + one.bridged,
        recordings: total.recordings + one.recordings,
        messages: total.messages + one.messages,
        steps: total.steps + one.steps,
        refused: total.refused + one.refused,
        urgent: total.urgent + one.urgent,
        floods: total.floods + one.floods,
        struck: total.struck + one.struck,
        cut: total.cut + one.cut,
        answered_anew: total.answered_anew + one.answered_anew,
        called_by_tcp: total.called_by_tcp + one.called_by_tcp,
        fell_back: total.fell_back + one.fell_back,
        logins: total.logins + one.logins,
        moved: total.moved + one.moved,
        taken: total.taken + one.taken,
        replaced: total.replaced + one.replaced,
        handed: total.handed + one.handed,
        not_handed: total.not_handed + one.not_handed,
        by_keys: total.by_keys + one.by_keys,
        consulted: total.consulted + one.consulted,
        guests: total.guests + one.guests,
        guest_changes: total.guest_changes + one.guest_changes,
        quirks: total.quirks | one.quirks,
        ..total
    }
}

/// Held by whoever needs the whole machine: worlds on every core, and the real calls that worlds are compared with,
/// whose phones must not be late because of them.
static WHOLE_MACHINE: Mutex<()> = Mutex::new(());

/// Waits for the machine.
fn whole_machine() -> MutexGuard<'static, ()> {
    WHOLE_MACHINE.lock().unwrap_or_else(PoisonError::into_inner)
}

#[test]
fn seeds_tell_of_calls_that_all_end_well_and_meet_every_quirk_of_phones() {
    let _alone = whole_machine();
    let began = Instant::now();
    let seeds: Vec<u64> = match number("CARELINE_SEED") {
        Some(seed) => vec![seed],
        None => {
            let first = number("CARELINE_FIRST").unwrap_or(1);
            kept().chain((first..).take(number("CARELINE_SEEDS").unwrap_or(SEEDS) as usize)).collect()
        }
    };
    let flows = Flows::shipped();
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(seeds.len());
    let total = std::thread::scope(|scope| {
        let share = |n: usize| seeds.iter().copied().skip(n).step_by(threads).collect::<Vec<u64>>();
        let run = |n: usize| {
            let (seeds, flows) = (share(n), flows.clone());
            scope.spawn(move || run_all(&seeds, flows))
        };
        let threads: Vec<_> = (0..threads).map(run).collect();
        let totals = threads
            .into_iter()
            .map(|thread| thread.join().unwrap_or_else(|why| std::panic::resume_unwind(why)));
        totals.fold(Summary::default(), add)
    });
    let took: Duration = began.elapsed();
    println!("{} seeds in {took:?}: {total:?}", seeds.len());
    if seeds.len() >= SEEDS as usize {
        assert!(
            total.refused.min(total.urgent) > 0,
            "no storm refused some and let the urgent in: {total:?}"
        );
        assert!(total.floods > 0, "nobody flooded the engine: {total:?}");
        assert!(total.handed.min(total.not_handed) > 0, "nobody was handed on: {total:?}");
        assert!(total.by_keys.min(total.consulted) > 0, "nobody was handed on by keys: {total:?}");
        assert!(total.logins.min(total.moved) > 0, "no phone logged in, or moved: {total:?}");
        assert!(total.taken.min(total.replaced) > 0, "nobody went over from a call of its own: {total:?}");
        assert!(total.struck > 5, "the disk failed hardly a recording: {total:?}");
        assert!(
            total.cut.min(total.answered_anew).min(total.called_by_tcp).min(total.fell_back) > 0,
            "no connection ended, or no answer, call or large call went by another way: {total:?}"
        );
        assert!(total.guests.min(total.guest_changes) > 0, "no supervisor came or changed: {total:?}");
        let unseen: Vec<Quirk> = Quirk::all().filter(|quirk| total.quirks & quirk.bit() == 0).collect();
        assert!(unseen.is_empty(), "in {} seeds nobody did this: {unseen:?}", seeds.len());
    }
    assert!(seeds.len() < 20 || total.bridged.min(total.recordings).min(total.messages) > 0, "{total:?}");
}

#[test]
fn the_same_seed_tells_the_same_story() {
    let mut worlds = Worlds::new();
    let once = worlds.run_well(7);
    assert_eq!(once, worlds.run_well(7));
    assert_ne!(once.hash, worlds.run_well(8).hash);
}

#[test]
fn each_planted_fault_is_found() {
    let _alone = whole_machine();
    let next = AtomicUsize::new(0);
    let search = || {
        let mut worlds = Worlds::new();
        while let Some(&fault) = Fault::ALL.get(next.fetch_add(1, Ordering::Relaxed)) {
            let failures = (1..=SEEDS_PER_FAULT).filter_map(|seed| worlds.run(seed, Some(fault)).err());
            let found =
                failures.inspect(|it| println!("{fault:?}: seed {}, {:?}: {}", it.seed, it.at, it.wrong));
            let mut its_own =
                found.filter(|it| it.fault_made && fault.signs().iter().any(|sign| it.wrong.contains(sign)));
            assert!(its_own.next().is_some(), "{fault:?} is not found within {SEEDS_PER_FAULT} seeds");
        }
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(search)).collect();
        for thread in threads {
            thread.join().unwrap_or_else(|why| std::panic::resume_unwind(why));
        }
    });
}
