//! A disk for tests: it keeps what was written and what was synced apart, runs full, and breaks where told:
//! every thing that is asked of it has a number, and any one of them can go wrong in its own way.

use super::desk::Shelf;
use super::wav::{RecordingFile, Synced};
use crate::clock::WallTime;
use crate::id::RecordingId;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io;
use std::rc::Rc;

/// What is left after the machine stopped.
#[derive(Clone, Copy, Debug)]
pub enum Kept {
    /// kill -9: all writes.
    Everything,
    /// Power loss: what was synced.
    Synced,
    /// Power loss, and the disk had chosen to write the first `octets` of what was not synced,
    /// header included: the order in which a cache is written is nobody's.
    SyncedAndFirst {
        /// That many.
        octets: usize,
    },
}

/// What is asked of a disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    Create,
    Write,
    Sync,
    Remove,
}

/// How one of them goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blow {
    /// It fails with this error number of the system; the next one goes well.
    Refused(i32),
    /// The same from then on.
    RefusedEverAfter(i32),
    /// A write takes only the first octets of it.
    Short(usize),
    /// A write takes only the first octets of it, and everything fails from then on.
    TornEverAfter(usize),
    /// A sync is begun and fails later.
    ToldLate(i32),
}

#[derive(Default)]
struct Contents {
    written: Vec<u8>,
    synced: Vec<u8>,
}

#[derive(Default)]
struct State {
    files: BTreeMap<String, Contents>,
    room: Option<usize>,
    writes_left: Option<usize>,
    longest_write: Option<usize>,
    sync_later: bool,
    sync_fails: bool,
    asked: Vec<Operation>,
    blow: Option<(usize, Blow)>,
    /// Everything fails with this.
    broken: Option<i32>,
    /// Syncs that were begun, and what will be told of them.
    begun: Vec<(String, Option<i32>)>,
}

impl State {
    /// Counts what is asked, and tells what goes wrong with it besides an error.
    fn ask(&mut self, operation: Operation) -> io::Result<Option<Blow>> {
        let number = self.asked.len();
        self.asked.push(operation);
        let refused = |code| Err(io::Error::from_raw_os_error(code));
        if let Some(code) = self.broken {
            return refused(code);
        }
        let blow = self.blow.filter(|(at, _)| *at == number).map(|(_, blow)| blow);
        match blow {
            Some(Blow::Refused(code)) => refused(code),
            Some(Blow::RefusedEverAfter(code)) => {
                self.broken = Some(code);
                refused(code)
            }
            Some(Blow::TornEverAfter(_)) => {
                self.broken = Some(libc::EIO);
                Ok(blow)
            }
            Some(Blow::Short(_) | Blow::ToldLate(_)) | None => Ok(blow),
        }
    }
}

/// The disk. Clones are the same disk.
#[derive(Clone, Default)]
pub struct FakeDisk(Rc<RefCell<State>>);

/// A file on it.
pub struct FakeFile {
    disk: FakeDisk,
    name: String,
}

impl FakeDisk {
    pub fn with_room(octets: usize) -> Self {
        let disk = Self::default();
        disk.0.borrow_mut().room = Some(octets);
        disk
    }

    /// After `writes` more writes every write fails: the machine is gone.
    pub fn cut_after(&self, writes: usize) {
        self.0.borrow_mut().writes_left = Some(writes);
    }

    /// No write takes more than `octets`.
    pub fn short_writes(&self, octets: usize) {
        self.0.borrow_mut().longest_write = Some(octets);
    }

    /// What is asked as number `at`, from 0, goes wrong like this.
    pub fn blow_at(&self, at: usize, blow: Blow) {
        self.0.borrow_mut().blow = Some((at, blow));
    }

    /// All that was asked so far.
    pub fn asked(&self) -> Vec<Operation> {
        self.0.borrow().asked.clone()
    }

    /// Everything fails from now on.
    pub fn is_broken(&self) -> bool {
        self.0.borrow().broken.is_some()
    }

    /// How many syncs were asked for so far.
    pub fn synced(&self) -> usize {
        self.0.borrow().asked.iter().filter(|operation| **operation == Operation::Sync).count()
    }

    /// The syncs that were begun since the last asking: of which file, and how each ended.
    pub fn take_begun(&self) -> Vec<(String, io::Result<()>)> {
        let begun = std::mem::take(&mut self.0.borrow_mut().begun);
        let ended = |code: Option<i32>| code.map_or(Ok(()), |code| Err(io::Error::from_raw_os_error(code)));
        begun.into_iter().map(|(name, code)| (name, ended(code))).collect()
    }

    pub fn sync_later(&self) {
        self.0.borrow_mut().sync_later = true;
    }

    pub fn sync_fails(&self) {
        self.0.borrow_mut().sync_fails = true;
    }

    pub fn file(&self, name: &str) -> FakeFile {
        self.0.borrow_mut().files.insert(name.to_owned(), Contents::default());
        FakeFile { disk: self.clone(), name: name.to_owned() }
    }

    pub fn names(&self) -> Vec<String> {
        self.0.borrow().files.keys().cloned().collect()
    }

    pub fn contents(&self, name: &str, kept: Kept) -> Vec<u8> {
        let state = self.0.borrow();
        let Some(file) = state.files.get(name) else { return Vec::new() };
        match kept {
            Kept::Everything => file.written.clone(),
            Kept::Synced => file.synced.clone(),
            Kept::SyncedAndFirst { octets } => {
                let mut contents = file.synced.clone();
                let end = (contents.len() + octets).min(file.written.len());
                contents.extend_from_slice(&file.written[contents.len()..end]);
                let header = contents.len().min(44);
                contents[..header].copy_from_slice(&file.written[..header]);
                contents
            }
        }
    }
}

impl RecordingFile for FakeFile {
    fn write_at(&mut self, octets: &[u8], offset: u64) -> io::Result<usize> {
        let mut state = self.disk.0.borrow_mut();
        let longest = match state.ask(Operation::Write)? {
            Some(Blow::Short(octets) | Blow::TornEverAfter(octets)) => octets,
            _ => state.longest_write.unwrap_or(usize::MAX),
        };
        if let Some(left) = &mut state.writes_left {
            *left = left.checked_sub(1).ok_or_else(|| io::Error::from_raw_os_error(libc::EIO))?;
        }
        let offset = usize::try_from(offset).unwrap();
        let used = || state.files.values().map(|file| file.written.len()).sum::<usize>();
        let free = state.room.map_or(usize::MAX, |room| room - used());
        let length = state.files[&self.name].written.len();
        let room = free.saturating_add(length).saturating_sub(offset);
        let count = octets.len().min(longest).min(room);
        if count == 0 {
            return Err(io::Error::from_raw_os_error(libc::ENOSPC));
        }
        let file = state.files.get_mut(&self.name).unwrap();
        file.written.resize(length.max(offset + count), 0);
        file.written[offset..offset + count].copy_from_slice(&octets[..count]);
        Ok(count)
    }

    fn sync(&mut self) -> io::Result<Synced> {
        let mut state = self.disk.0.borrow_mut();
        let blow = state.ask(Operation::Sync)?;
        if state.sync_fails {
            return Err(io::Error::from_raw_os_error(libc::EIO));
        }
        let later = state.sync_later;
        if later {
            let code = if let Some(Blow::ToldLate(code)) = blow { Some(code) } else { None };
            state.begun.push((self.name.clone(), code));
            if code.is_some() {
                return Ok(Synced::Begun);
            }
        }
        let file = state.files.get_mut(&self.name).unwrap();
        file.synced = file.written.clone();
        Ok(if later { Synced::Begun } else { Synced::Done })
    }
}

impl Shelf for FakeDisk {
    type File = FakeFile;

    fn create(&mut self, recording: RecordingId, _at: WallTime, part: u32) -> io::Result<FakeFile> {
        self.0.borrow_mut().ask(Operation::Create)?;
        if self.0.borrow().writes_left == Some(0) {
            return Err(io::Error::from_raw_os_error(libc::EIO));
        }
        Ok(self.file(&format!("{recording}-{part}")))
    }

    fn remove(&mut self, recording: RecordingId, _at: WallTime, part: u32) -> io::Result<()> {
        let mut state = self.0.borrow_mut();
        state.ask(Operation::Remove)?;
        state.files.remove(&format!("{recording}-{part}"));
        Ok(())
    }
}
