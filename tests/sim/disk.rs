//! A disk that keeps what was written and what was synced apart, runs full, writes short, and is slow; and
//! of which one operation goes wrong, the n-th of a world.

use careline::clock::{Instant, WallTime};
use careline::id::RecordingId;
use careline::io::recorder::desk::Shelf;
use careline::io::recorder::wav::{RecordingFile, Synced};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io;
use std::rc::Rc;

/// What the disk is doing to those who write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mood {
    /// What is asked of it.
    Good,
    /// There is no room.
    Full,
    /// No write takes more than so many octets.
    Short(usize),
    /// Every write fails.
    Broken,
}

/// How one operation goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blow {
    /// It fails.
    Refused,
    /// There is no room for it.
    NoRoom,
    /// A write takes only the first octets of it.
    Short(usize),
    /// A write takes only the first octets of it; the rest of the recording fails.
    Torn(usize),
    /// A sync is begun and fails later.
    ToldLate,
}

/// What is asked of the disk.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Operation {
    Sync,
    Other,
}

/// Operations of a world's disk among which the struck one walks from seed to seed: each comes in turn.
const BLOW_SPAN: u64 = 120;

impl Blow {
    const ALL: [Blow; 6] =
        [Blow::Refused, Blow::NoRoom, Blow::Short(300), Blow::Torn(41), Blow::Torn(900), Blow::ToldLate];

    /// The place and the way of the seed: every fourth one has one.
    pub fn of_seed(seed: u64) -> Option<(u64, Blow)> {
        let turn = seed / 4;
        let blow = Self::ALL[(turn % Self::ALL.len() as u64) as usize];
        (seed % 4 == 2).then_some((turn % BLOW_SPAN, blow))
    }
}

/// A file's contents.
#[derive(Clone, Debug, Default)]
pub struct Contents {
    /// What a reader sees, and what is left after kill -9.
    pub written: Vec<u8>,
    /// How much of it a power loss leaves.
    pub synced: usize,
}

/// A sync that was begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Job {
    /// Of this recording.
    pub recording: RecordingId,
    /// Of this part of it.
    pub part: u32,
    fails: bool,
}

#[derive(Debug)]
struct State {
    files: BTreeMap<(RecordingId, u32), Contents>,
    mood: Mood,
    was_ever_bad: bool,
    jobs: Vec<Job>,
    /// What was asked of it so far.
    asked: u64,
    blow: Option<(u64, Blow)>,
    /// Whose operation was struck.
    struck: Option<RecordingId>,
    /// Nothing more succeeds for the one that was struck.
    torn: bool,
}

impl State {
    /// Counts what is asked for a recording, and tells what goes wrong with it besides an error.
    fn ask(&mut self, operation: Operation, recording: RecordingId) -> io::Result<Option<Blow>> {
        let number = self.asked;
        self.asked += 1;
        let broken = || Err(io::Error::other("the disk is broken"));
        if self.torn && self.struck == Some(recording) {
            return broken();
        }
        let Some((_, blow)) = self.blow.filter(|(at, _)| *at == number) else { return Ok(None) };
        self.struck = Some(recording);
        match blow {
            Blow::Refused => broken(),
            Blow::NoRoom => Err(io::ErrorKind::StorageFull.into()),
            // A sync has no octets of which a part could be taken: it fails, as all that follows.
            Blow::Torn(_) if operation == Operation::Sync => {
                self.torn = true;
                broken()
            }
            Blow::Torn(_) => {
                self.torn = true;
                Ok(Some(blow))
            }
            Blow::Short(_) => Ok(Some(blow)),
            // Only a sync is told later; anything else fails at once.
            Blow::ToldLate if operation == Operation::Sync => Ok(Some(blow)),
            Blow::ToldLate => broken(),
        }
    }
}

/// The disk; clones are the same one.
#[derive(Clone, Debug)]
pub struct Disk(Rc<RefCell<State>>);

/// A file on it.
#[derive(Debug)]
pub struct File {
    disk: Disk,
    name: (RecordingId, u32),
}

impl Disk {
    /// An empty disk.
    pub fn new() -> Self {
        Self(Rc::new(RefCell::new(State {
            files: BTreeMap::new(),
            mood: Mood::Good,
            was_ever_bad: false,
            jobs: Vec::new(),
            asked: 0,
            blow: None,
            struck: None,
            torn: false,
        })))
    }

    /// One of its operations will go wrong: place, from 0, and way.
    pub fn expect_blow(&self, blow: Option<(u64, Blow)>) {
        self.0.borrow_mut().blow = blow;
    }

    /// The recording of which one operation went wrong.
    pub fn struck(&self) -> Option<RecordingId> {
        self.0.borrow().struck
    }

    /// It took a part of a write and nothing more for that recording.
    pub fn is_torn(&self) -> bool {
        self.0.borrow().torn
    }

    /// What went wrong is no harm: the rest of a short write was taken.
    pub fn is_made_good(&self) -> bool {
        matches!(self.0.borrow().blow, Some((_, Blow::Short(_))))
    }

    /// Changes its mood.
    pub fn mood(&self, mood: Mood) {
        let mut state = self.0.borrow_mut();
        state.mood = mood;
        state.was_ever_bad |= mood != Mood::Good;
    }

    /// Syncs that were begun since the last asking.
    pub fn take_jobs(&self) -> Vec<Job> {
        std::mem::take(&mut self.0.borrow_mut().jobs)
    }

    /// A sync is done, or has failed.
    pub fn finish(&self, job: Job) -> io::Result<()> {
        if job.fails {
            return Err(io::Error::other("the disk is broken"));
        }
        if let Some(file) = self.0.borrow_mut().files.get_mut(&(job.recording, job.part)) {
            file.synced = file.written.len();
        }
        Ok(())
    }

    /// Every file that is there.
    pub fn files(&self) -> BTreeMap<(RecordingId, u32), Contents> {
        self.0.borrow().files.clone()
    }

    /// The contents of a recording's first part.
    pub fn read(&self, recording: RecordingId) -> Option<Vec<u8>> {
        self.0.borrow().files.get(&(recording, 1)).map(|file| file.written.clone())
    }

    /// Frees the room of a complete file that was looked at.
    pub fn forget_contents(&self, recording: RecordingId) {
        if let Some(file) = self.0.borrow_mut().files.get_mut(&(recording, 1)) {
            file.written = Vec::new();
        }
    }

    /// Something was wrong with it once.
    pub fn was_ever_bad(&self) -> bool {
        self.0.borrow().was_ever_bad
    }
}

impl Shelf for Disk {
    type File = File;

    fn create(&mut self, recording: RecordingId, _at: WallTime, part: u32) -> io::Result<File> {
        let mut state = self.0.borrow_mut();
        state.ask(Operation::Other, recording)?;
        let name = (recording, part);
        if state.files.insert(name, Contents::default()).is_some() {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        Ok(File { disk: self.clone(), name })
    }

    fn remove(&mut self, recording: RecordingId, _at: WallTime, part: u32) -> io::Result<()> {
        let mut state = self.0.borrow_mut();
        state.ask(Operation::Other, recording)?;
        state.files.remove(&(recording, part));
        Ok(())
    }
}

impl RecordingFile for File {
    fn write_at(&mut self, octets: &[u8], offset: u64) -> io::Result<usize> {
        let mut state = self.disk.0.borrow_mut();
        let octets = match state.ask(Operation::Other, self.name.0)? {
            Some(Blow::Short(most) | Blow::Torn(most)) => &octets[..octets.len().min(most)],
            _ => octets,
        };
        let octets = match state.mood {
            Mood::Good => octets,
            Mood::Full => return Err(io::ErrorKind::StorageFull.into()),
            Mood::Broken => return Err(io::Error::other("the disk is broken")),
            Mood::Short(most) => &octets[..octets.len().min(most)],
        };
        let Some(file) = state.files.get_mut(&self.name) else { return Err(io::ErrorKind::NotFound.into()) };
        let (from, to) = (offset as usize, offset as usize + octets.len());
        if file.written.len() < to {
            file.written.resize(to, 0);
        }
        file.written[from..to].copy_from_slice(octets);
        Ok(octets.len())
    }

    fn sync(&mut self) -> io::Result<Synced> {
        let (recording, part) = self.name;
        let mut state = self.disk.0.borrow_mut();
        let fails = state.ask(Operation::Sync, recording)? == Some(Blow::ToldLate);
        state.jobs.push(Job { recording, part, fails });
        Ok(Synced::Begun)
    }
}

/// The event log on disk: durable a little later, or not at all for a while.
#[derive(Debug)]
pub struct Store {
    /// The greatest sequence number that was handed over.
    pub appended: u64,
    /// The greatest that is on disk.
    pub durable: u64,
    /// A commit is under way.
    pub committing: bool,
    /// Nothing is committed until then.
    pub stuck_until: Instant,
}

impl Store {
    /// An empty store.
    pub fn new() -> Self {
        Self { appended: 0, durable: 0, committing: false, stuck_until: Instant::START }
    }
}

#[test]
fn a_blow_that_tears_writes_fails_a_sync_and_all_that_follows() {
    let (disk, recording) = (Disk::new(), RecordingId(1));
    disk.expect_blow(Some((1, Blow::Torn(41))));
    let mut file = disk.clone().create(recording, WallTime::from_micros(0), 1).unwrap();
    assert!(file.sync().is_err(), "nobody may think that it is safe");
    assert!(file.write_at(&[0; 44], 0).is_err() && disk.is_torn());
    assert_eq!((disk.struck(), disk.take_jobs()), (Some(recording), Vec::new()));
}
