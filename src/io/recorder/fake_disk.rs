//! A disk for tests: it keeps what was written and what was synced apart, runs full, and breaks where told.

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
        if let Some(left) = &mut state.writes_left {
            *left = left.checked_sub(1).ok_or_else(|| io::Error::from_raw_os_error(libc::EIO))?;
        }
        let offset = usize::try_from(offset).unwrap();
        let used: usize = state.files.values().map(|file| file.written.len()).sum();
        let length = state.files[&self.name].written.len();
        let free = state.room.map_or(usize::MAX, |room| room - used);
        let room = free.saturating_add(length).saturating_sub(offset);
        let count = octets.len().min(state.longest_write.unwrap_or(usize::MAX)).min(room);
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
        if state.sync_fails {
            return Err(io::Error::from_raw_os_error(libc::EIO));
        }
        let later = state.sync_later;
        let file = state.files.get_mut(&self.name).unwrap();
        file.synced = file.written.clone();
        Ok(if later { Synced::Begun } else { Synced::Done })
    }
}

impl Shelf for FakeDisk {
    type File = FakeFile;

    fn create(&mut self, recording: RecordingId, _at: WallTime, part: u32) -> io::Result<FakeFile> {
        if self.0.borrow().writes_left == Some(0) {
            return Err(io::Error::from_raw_os_error(libc::EIO));
        }
        Ok(self.file(&format!("{recording}-{part}")))
    }
}
