//! kill -9 of the real program at random moments, with calls up and recordings running.
//!
//! Each round: twenty calls, each with a tone of its own as its voice; a kill within the first 100 ms
//! of the recordings or within their first four seconds; a start, now and then killed as well; then
//! every file must open, be as long as the time recorded less one second, and hold its tone from its
//! beginning to its end; no file may be without a record, no record without its file, and every call must be closed.
//!
//! `CARELINE_KILLS` is the number of rounds, each with one kill of an engine that records (8 without it; over a
//! thousand in `./test --all`); `CARELINE_STORMS` is how many go on side by side (1 without it), each with an
//! engine and a directory of its own. A file that was looked at is taken away, so that the last round
//! begins like the first. The notice stands in the first words, and the prompts are cut to a tenth of a second, so that recording, which waits for the end of the
//! notice, begins soon and in all calls at once. Random moments come from
//! the process id, which is printed, and from `CARELINE_KILL_SEED` when it is set.

#[path = "engine/mod.rs"]
mod engine;
#[path = "phone/mod.rs"]
mod phone;
#[path = "sound/mod.rs"]
mod sound;

use careline::rng::Rng;
use engine::{Engine, Notice, ROOT, Wishes};
use phone::Phone;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::{Duration, Instant, SystemTime};

const CALLS: u32 = 20;
/// How `careline calls` tells of a call without an end, and of a recording without one.
const GOES_ON: &str = "goes on";
const UNDER_WAY: &str = "under way";
/// A recording may lose this much before the kill: what is not yet written.
const MAY_BE_LOST: f64 = 1.0;
/// The recording is named a little before its first sample: one tick, and the way through the store.
const NAMED_BEFORE: f64 = 0.1;
/// Samples before the first of a recording's tone: the jitter buffer holds back 40 ms, and the first packet comes
/// within a tick.
const HELD_BACK: usize = 480;
/// The share of the stretches of 40 ms in which a tone must be heard, when its phone sent in time.
const HEARD: f64 = 0.95;
/// The same of the last 200 ms, five stretches: where the jitter buffer puts sound in or takes some out, the tone's
/// phase breaks, and a break in the middle of a stretch hides a tone that is there.
const HEARD_LAST: f64 = 0.8;
/// The same when the machine did not let the phone: what was never sent cannot be recorded.
const HEARD_OF_LATE: f64 = 0.8;

fn from_environment(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name}={text} is no number")))
}

/// The recordings on disk, each with the moment in which its file was made.
fn recordings(home: &Path) -> BTreeMap<PathBuf, SystemTime> {
    let mut waiting = vec![home.join("recordings")];
    let mut found = BTreeMap::new();
    while let Some(folder) = waiting.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok) {
            let path = entry.path();
            if path.is_dir() {
                waiting.push(path);
            } else if path.extension().is_some_and(|extension| extension == "wav") {
                let made = entry.metadata().and_then(|data| data.created());
                found.insert(path, made.expect("the file system keeps the time of making"));
            }
        }
    }
    found
}

/// Waits for a length of time by waiting for what never comes.
fn pass(time: Duration) {
    let (_nobody, never) = mpsc::channel::<()>();
    let _ = never.recv_timeout(time);
}

/// Waits until a recording is on disk; those of earlier rounds are gone.
fn recording_begins(home: &Path) {
    let begun = Instant::now();
    while recordings(home).is_empty() {
        assert!(begun.elapsed() < Duration::from_secs(20), "no recording began in 20 s");
        pass(Duration::from_millis(1));
    }
}

struct Storm {
    /// The place of this one among those that go on side by side.
    name: u64,
    home: PathBuf,
    rng: Rng,
    sip: SocketAddr,
    desk: SocketAddr,
    /// Recordings that were looked at, in all rounds.
    recordings: usize,
    /// The recordings of the last round.
    fresh: Vec<PathBuf>,
    /// The most that a recording lost, in seconds.
    most_lost: f64,
    /// The calls of all rounds, as `careline calls` names them.
    told_of: BTreeSet<String>,
    faults: Vec<String>,
}

impl Storm {
    /// Keeps a fault, and tells it at once: a storm takes long.
    fn note(&mut self, fault: String) {
        println!("storm {}: {fault}", self.name);
        self.faults.push(fault);
    }

    /// One round: calls, a kill, a start, a look at everything.
    fn round(&mut self, round: u64) {
        let engine = Engine::start_again(&self.home, self.sip, self.desk);
        let hertz = |call: u32| 400.0 + 50.0 * f64::from(call);
        let phones: Vec<Phone> = (0..CALLS)
            .filter_map(|call| {
                Phone::call(self.sip, "100", hertz(call))
                    .map_err(|fault| self.note(format!("round {round}: {fault}")))
                    .ok()
            })
            .collect();
        recording_begins(&self.home);
        let longest_ms = if round.is_multiple_of(3) { 100 } else { 4_000 };
        let wait = Duration::from_millis(self.rng.below(longest_ms));
        pass(wait);
        let killed = SystemTime::now();
        engine.kill();
        let voices: Vec<Voice> = (0..CALLS)
            .zip(&phones)
            .map(|(call, phone)| Voice { hertz: hertz(call), sent_late: phone.heard().sent_late })
            .collect();
        drop(phones);
        if round % 4 == 1 {
            // The start-up, which closes what was left open, may die as well.
            let starting = Engine::start_unready(&self.home, self.sip, self.desk);
            pass(Duration::from_millis(self.rng.below(200)));
            starting.kill();
        }
        let engine = Engine::start_again(&self.home, self.sip, self.desk);
        let (fresh, lost) = self.look_at_files(round, killed, &voices);
        self.look_at_records(round, &engine);
        self.clear_away(round);
        let (status, said) = engine.stop();
        if !status.success() {
            self.note(format!("round {round}: the engine ended with {status}; it said:\n{said}"));
        }
        println!(
            "storm {}, round {round}: killed {wait:?} after the first recording began, {fresh} recordings, \
             at most {lost:.2} s lost, {} packets of the phones sent late, {} faults",
            self.name,
            voices.iter().map(|voice| voice.sent_late).sum::<u64>(),
            self.faults.len()
        );
    }

    /// Every new file opens, is long enough, and holds one phone's tone to its end. Tells how many there
    /// were, and the most that one of them lost, in seconds.
    fn look_at_files(&mut self, round: u64, killed: SystemTime, voices: &[Voice]) -> (usize, f64) {
        let fresh = recordings(&self.home);
        let mut most_lost = 0.0_f64;
        for (path, made) in &fresh {
            let lasted = killed.duration_since(*made).unwrap_or_default().as_secs_f64();
            let verdict = sound::read(path).and_then(|stereo| {
                most_lost = most_lost.max(lasted - sound::seconds(&stereo.left));
                judge(&stereo, lasted, voices)
            });
            if let Err(fault) = verdict {
                self.note(format!("round {round}: {}: {fault}", path.display()));
            }
        }
        self.fresh = fresh.into_keys().collect();
        self.recordings += self.fresh.len();
        self.most_lost = self.most_lost.max(most_lost);
        (self.fresh.len(), most_lost)
    }

    /// Every new call is closed, and records and files name each other.
    fn look_at_records(&mut self, round: u64, engine: &Engine) {
        let mut named = String::new();
        for line in self.told(round, engine, &["calls", "--last", "1000000"]).lines().skip(1) {
            let id = line.split_whitespace().next().unwrap_or_default().to_owned();
            if line.contains(GOES_ON) {
                self.note(format!("round {round}: a call is still open: {line}"));
            }
            if self.told_of.insert(id.clone()) {
                named += &self.told(round, engine, &["calls", &id]);
            }
        }
        if named.contains(UNDER_WAY) {
            self.note(format!("round {round}: a recording is not closed:\n{named}"));
        }
        let is_orphan = |path: &&PathBuf| !named.contains(&path.display().to_string());
        for path in self.fresh.iter().filter(is_orphan).cloned().collect::<Vec<_>>() {
            self.note(format!("round {round}: an orphan: no record names {}", path.display()));
        }
    }

    /// Takes away what was looked at.
    fn clear_away(&mut self, round: u64) {
        for path in std::mem::take(&mut self.fresh) {
            if let Err(error) = fs::remove_file(&path) {
                self.note(format!("round {round}: {}: {error}", path.display()));
            }
        }
    }

    /// What a command prints.
    fn told(&mut self, round: u64, engine: &Engine, command: &[&str]) -> String {
        let output = engine.ask(command);
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            self.note(format!("round {round}: careline {}: {said}", command.join(" ")));
        }
        String::from_utf8_lossy(&output.stdout).into_owned()
    }
}

/// The tone of a phone, and how much of it was late.
struct Voice {
    hertz: f64,
    sent_late: u64,
}

fn judge(stereo: &sound::Stereo, lasted: f64, voices: &[Voice]) -> Result<(), String> {
    let length = sound::seconds(&stereo.left);
    let least = lasted - MAY_BE_LOST - NAMED_BEFORE;
    if length < least {
        return Err(format!("{length:.2} s of sound, but it was being recorded for {lasted:.2} s"));
    }
    if length > lasted + MAY_BE_LOST {
        return Err(format!("{length:.2} s of sound, though it was being recorded for only {lasted:.2} s"));
    }
    // Whose it is shows the last fifth of a second; a shorter file has nothing to show but that it opens.
    let window = 1_600;
    let Some(end) = stereo.left.len().checked_sub(window).filter(|end| *end >= HELD_BACK) else {
        return Ok(());
    };
    let at_the_end = |voice: &Voice| sound::heard_in(&stereo.left[end..], voice.hertz);
    let loudest = voices.iter().max_by(|a, b| at_the_end(a).total_cmp(&at_the_end(b)));
    let Some(voice) = loudest else { return Err("nobody called".to_owned()) };
    let all = sound::heard_in(&stereo.left[HELD_BACK..], voice.hertz);
    let last = at_the_end(voice);
    let least = if voice.sent_late == 0 { HEARD } else { HEARD_OF_LATE };
    if all < least || last < HEARD_LAST {
        return Err(format!(
            "the tone of {} Hz is heard in {:.0} % of {length:.2} s and {:.0} % of the last 200 ms; {} of its \
             packets were sent late",
            voice.hertz,
            all * 100.0,
            last * 100.0,
            voice.sent_late
        ));
    }
    Ok(())
}

impl Storm {
    /// One storm of so many kills.
    fn rage(name: u64, kills: u64, seed: u64) -> Storm {
        let home = tempfile::tempdir().expect("a temporary directory can be made");
        let sounds = home.path().join("sounds");
        sound::short_prompts(Path::new(ROOT), &sounds);
        let wishes =
            Wishes { calls: CALLS * 2, sounds, notice: Notice::InTheFirstWords, ..Wishes::default() };
        let (sip, desk) = engine::furnish(home.path(), &wishes);
        let mut storm = Storm {
            name,
            home: home.path().to_path_buf(),
            rng: Rng::seeded(seed.wrapping_add(name)),
            sip,
            desk,
            recordings: 0,
            fresh: Vec::new(),
            most_lost: 0.0,
            told_of: BTreeSet::new(),
            faults: Vec::new(),
        };
        (0..kills).for_each(|round| storm.round(round));
        storm
    }
}

#[test]
fn a_kill_at_any_moment_leaves_every_recording_and_record_whole() {
    let kills = from_environment("CARELINE_KILLS").unwrap_or(8);
    let storms = from_environment("CARELINE_STORMS").unwrap_or(1);
    let seed = from_environment("CARELINE_KILL_SEED").unwrap_or(u64::from(std::process::id()));
    println!("{kills} kills in {storms} storms with CARELINE_KILL_SEED={seed}");
    let storms: Vec<Storm> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..storms)
            .map(|name| {
                let share = kills / storms + u64::from(name < kills % storms);
                scope.spawn(move || Storm::rage(name, share, seed))
            })
            .collect();
        let ended = |thread: std::thread::ScopedJoinHandle<'_, Storm>| {
            thread.join().unwrap_or_else(|why| std::panic::resume_unwind(why))
        };
        threads.into_iter().map(ended).collect()
    });
    let placed = kills * u64::from(CALLS);
    let (recordings, told_of) = storms.iter().fold((0, 0), |(recordings, told), storm| {
        (recordings + storm.recordings, told + storm.told_of.len())
    });
    let most_lost = storms.iter().map(|storm| storm.most_lost).fold(0.0, f64::max);
    println!("{kills} kills of engines, {recordings} recordings, at most {most_lost:.2} s lost");
    assert!(recordings as u64 >= placed / 2, "only {recordings} recordings of {placed} calls");
    assert_eq!(told_of as u64, placed, "each call has a record of its own, under a name of its own");
    let faults: Vec<&String> = storms.iter().flat_map(|storm| &storm.faults).collect();
    assert!(faults.is_empty(), "{} faults:\n{faults:#?}", faults.len());
}
