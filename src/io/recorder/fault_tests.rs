//! The recorder on a disk of which each single operation goes wrong in each way, and the spread of its syncs.

use super::desk::Settings;
use super::fake_bench::{Bench, SETTINGS};
use super::fake_disk::{Blow, FakeDisk, Kept, Operation};
use super::reconcile::repair;
use super::wav::{FRAME_OCTETS, HEADER_OCTETS, header};
use crate::call::recording::{Event, RecordingFault};
use crate::id::RecordingId;
use std::collections::BTreeMap;

/// The one whose disk operations go wrong, and one beside it.
const IDS: [RecordingId; 2] = [RecordingId(1), RecordingId(2)];
/// Both roll into a second file, so that each operation of a recording comes in each place.
const ROLLING: Settings = Settings { roll_octets: 70 * FRAME_OCTETS as u64, ..SETTINGS };
/// 1.8 s, then 0.4 s.
const TICKS: [u64; 2] = [90, 20];

/// How a write, a sync, a making or a taking away can go wrong.
const BLOWS: [Blow; 12] = [
    Blow::Refused(libc::EIO),
    Blow::Refused(libc::ENOSPC),
    Blow::Refused(libc::EINTR),
    Blow::Refused(libc::EDQUOT),
    Blow::RefusedEverAfter(libc::EIO),
    Blow::RefusedEverAfter(libc::ENOSPC),
    Blow::Short(1),
    Blow::Short(700),
    Blow::TornEverAfter(1),
    Blow::TornEverAfter(41),
    Blow::TornEverAfter(700),
    Blow::ToldLate(libc::EIO),
];

/// What became of both recordings.
struct Story {
    bench: Bench,
    events: Vec<Event>,
    /// Ticks that each tap counted.
    said: u64,
}

/// Two recordings that roll, lose frames, and end, while `blow` strikes the disk.
fn story(blow: Option<(usize, Blow)>) -> Story {
    let disk = FakeDisk::default();
    disk.sync_later();
    if let Some((at, blow)) = blow {
        disk.blow_at(at, blow);
    }
    // Short enough a bound that syncs come in the middle too.
    let sync_within = std::time::Duration::from_millis(1_200);
    let mut bench = Bench::new(disk, Settings { sync_within, ..ROLLING });
    IDS.iter().for_each(|id| {
        bench.open(id.0);
    });
    for ticks in TICKS {
        for _ in 0..ticks {
            bench.talk(1);
            if bench.now.as_micros().is_multiple_of(100_000) {
                bench.end_syncs();
            }
        }
    }
    IDS.into_iter().for_each(|id| bench.close(id));
    // The last sync, and one more for a recording whose sync was under way when it was closed.
    (0..3).for_each(|_| bench.end_syncs());
    let events = bench.events();
    Story { bench, events, said: TICKS.iter().sum() }
}

impl Story {
    /// The names of the files of a recording, in the order of its parts.
    fn parts(&self, id: RecordingId) -> Vec<String> {
        let prefix = format!("{id}-");
        self.bench.disk.names().into_iter().filter(|name| name.starts_with(&prefix)).collect()
    }

    /// Milliseconds of sound in the files of a recording, by what a reader of WAV files finds.
    fn readable_ms(&self, id: RecordingId) -> u64 {
        self.parts(id).iter().map(|name| self.bench.wav(name, Kept::Everything).len() as u64 / 8).sum()
    }

    /// The same after the machine stopped and the next start repaired them.
    fn repaired_ms(&self, id: RecordingId, kept: Kept) -> u64 {
        self.parts(id).iter().map(|name| self.repaired_part_ms(name, kept)).sum()
    }

    fn repaired_part_ms(&self, name: &str, kept: Kept) -> u64 {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), self.bench.disk.contents(name, kept)).unwrap();
        let milliseconds = repair(file.path()).unwrap();
        let reader = hound::WavReader::open(file.path()).expect("hound opens what was repaired");
        assert_eq!(u64::from(reader.duration()), milliseconds * 8);
        milliseconds
    }

    fn last_of(&self, id: RecordingId) -> Event {
        let of_it = |event: &&Event| match **event {
            Event::Opened { recording }
            | Event::Closed { recording, .. }
            | Event::Failed { recording, .. } => recording == id,
        };
        *self.events.iter().rev().find(of_it).expect("something is told of each recording")
    }

    fn ends_of(&self, id: RecordingId) -> usize {
        let is_end = |event: &&Event| match **event {
            Event::Closed { recording, .. } | Event::Failed { recording, .. } => recording == id,
            Event::Opened { .. } => false,
        };
        self.events.iter().filter(is_end).count()
    }
}

#[test]
fn nothing_goes_wrong_and_each_kind_of_operation_comes_in_the_story() {
    let story = story(None);
    let asked = story.bench.disk.asked();
    for id in IDS {
        let milliseconds = story.said * 20;
        assert_eq!(story.last_of(id), Event::Closed { recording: id, milliseconds, durable: true });
        assert_eq!(story.parts(id).len(), 2, "each goes on in a second file");
        assert_eq!(story.readable_ms(id), milliseconds);
    }
    let count = |wanted| asked.iter().filter(|operation| **operation == wanted).count();
    let counts = (count(Operation::Create), count(Operation::Write), count(Operation::Sync));
    println!("{counts:?} made, written, synced");
    assert!(counts.0 == 4 && counts.1 >= 24 && counts.2 >= 8, "{counts:?}");
}

#[test]
fn every_operation_of_a_recording_may_go_wrong_in_every_way() {
    let operations = story(None).bench.disk.asked();
    let mut struck = BTreeMap::new();
    for (at, operation) in operations.iter().enumerate() {
        for blow in BLOWS {
            let story = story(Some((at, blow)));
            let name = format!("{operation:?} number {at} meets {blow:?}");
            judge(&story, blow, &name);
            let failed = story.bench.desk.counters().failed;
            *struck.entry(format!("{operation:?}")).or_insert(0) += failed;
        }
    }
    println!(
        "{} operations, {} ways each; recordings that broke off: {struck:?}",
        operations.len(),
        BLOWS.len()
    );
    // The test would say nothing if no blow had hit.
    assert!(struck.values().all(|failed| *failed > 0), "{struck:?}");
}

fn judge(story: &Story, blow: Blow, name: &str) {
    let mut failures = 0;
    for id in IDS {
        assert_eq!(story.ends_of(id), 1, "{name}: {:?}", story.events);
        let readable = files_are_true(story, id, name);
        match story.last_of(id) {
            Event::Closed { milliseconds, .. } => {
                assert_eq!(milliseconds, story.said * 20, "{name}: nothing of a closed recording is missing");
                assert_eq!(readable, milliseconds, "{name}");
            }
            Event::Failed { milliseconds, fault, .. } => {
                failures += 1;
                assert!(readable >= milliseconds, "{name}: {milliseconds} ms told, {readable} ms there");
                assert_eq!(fault, fault_told(blow), "{name}");
            }
            Event::Opened { .. } => panic!("{name}: {id} has no end: {:?}", story.events),
        }
        for kept in [Kept::Everything, Kept::Synced, Kept::SyncedAndFirst { octets: 900 }] {
            let (safe, repaired) = (story.repaired_ms(id, Kept::Synced), story.repaired_ms(id, kept));
            assert!(repaired >= safe, "{name}: {kept:?}: {repaired} ms of {safe}");
        }
        let repaired = story.repaired_ms(id, Kept::Everything);
        assert!(repaired >= readable, "{name}: a start costs sound: {repaired} of {readable} ms");
    }
    assert_eq!(story.bench.desk.counters().failed, failures, "{name}: each failure is counted");
    assert!(story.bench.desk.is_idle(), "{name}");
    let only_one = !matches!(blow, Blow::RefusedEverAfter(_) | Blow::TornEverAfter(_));
    assert!(failures <= 1 || !only_one, "{name}: one blow broke off two recordings");
}

/// Every file opens and its header claims no more than is there; tells the milliseconds that it claims. Only a
/// disk that took half of an octet string and then nothing more may leave a header for the next start to repair.
fn files_are_true(story: &Story, id: RecordingId, name: &str) -> u64 {
    let mut milliseconds = 0;
    for part in story.parts(id) {
        let contents = story.bench.disk.contents(&part, Kept::Everything);
        let there = contents.len() as u64;
        let claimed = contents.get(40..44).map_or(0, |l| u32::from_le_bytes([l[0], l[1], l[2], l[3]]));
        if story.bench.disk.is_broken() && contents.get(..44) != Some(&header(claimed)[..]) {
            milliseconds += story.repaired_part_ms(&part, Kept::Everything);
            continue;
        }
        assert_eq!(contents.get(..44), Some(&header(claimed)[..]), "{name}: {part}");
        assert!(HEADER_OCTETS + u64::from(claimed) <= there, "{name}: {part}: {claimed} of {there}");
        assert_eq!(story.bench.wav(&part, Kept::Everything).len() as u64 * 4, u64::from(claimed), "{name}");
        milliseconds += u64::from(claimed) / 32;
    }
    milliseconds
}

fn fault_told(blow: Blow) -> RecordingFault {
    match blow {
        Blow::Refused(libc::ENOSPC) | Blow::RefusedEverAfter(libc::ENOSPC) => RecordingFault::DiskFull,
        Blow::Refused(libc::EDQUOT) => RecordingFault::Quota,
        Blow::Refused(_)
        | Blow::RefusedEverAfter(_)
        | Blow::Short(_)
        | Blow::TornEverAfter(_)
        | Blow::ToldLate(_) => RecordingFault::Io,
    }
}

/// Recordings of the spread.
const MANY: u64 = 1_000;
/// Ticks of 20 ms that are watched after all have begun: 20 s.
const WATCHED: usize = 1_000;
/// Ticks in a window.
const WINDOW: usize = 5;

/// Syncs begun in each tick, with `MANY` recordings that begin as `begins` says: at which tick each of them.
fn syncs_by_tick(begins: fn(u64) -> u64, step: u64) -> Vec<usize> {
    let mut bench = Bench::new(FakeDisk::default(), SETTINGS);
    let synced = |bench: &Bench| bench.disk.synced();
    let mut by_tick = Vec::new();
    let last = (0..MANY).map(begins).max().unwrap_or(0);
    for tick in 0..last + WATCHED as u64 {
        (0..MANY).filter(|n| begins(*n) == tick).for_each(|n| {
            bench.open(1_000_003 + n * step);
        });
        // A frame now and then is enough for a sync, and much quicker than sound without end.
        if tick.is_multiple_of(20) {
            bench.talk(1);
        } else {
            bench.pass();
        }
        by_tick.push(synced(&bench));
    }
    by_tick.windows(2).map(|pair| pair[1] - pair[0]).skip(last as usize).collect()
}

#[test]
fn syncs_of_a_thousand_recordings_are_spread_however_they_began() {
    /// How recordings begin: each by its number, and how many there are.
    type Row = (&'static str, fn(u64) -> u64, u64);
    let table: [Row; 4] = [
        ("all at once", |_| 0, 1),
        ("all at once, on the desk of every fourth number", |_| 0, 4),
        ("a hundred every half second", |n| n / 100 * 25, 7),
        ("one every 20 ms", |n| n, 1),
    ];
    for (name, begins, step) in table {
        let syncs = syncs_by_tick(begins, step);
        let windows: Vec<usize> = syncs.windows(WINDOW).map(|window| window.iter().sum()).collect();
        let mean = syncs.iter().sum::<usize>() as f64 * WINDOW as f64 / syncs.len() as f64;
        let most = windows.iter().copied().max().unwrap_or(0);
        println!("{name}: at most {most} syncs begin in 100 ms, {mean:.1} in the mean");
        assert!(most as f64 <= 2.0 * mean + 4.0, "{name}: {most} in 100 ms, {mean:.1} in the mean");
        let a_second = syncs.iter().sum::<usize>() as f64 / (syncs.len() as f64 / 50.0);
        assert!((MANY as f64 / 5.0..MANY as f64 / 3.0).contains(&a_second), "{name}: {a_second:.0} a second");
    }
}
