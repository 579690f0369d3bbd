//! Recordings on the disk: where a file stands, and how it is written and synced.
//!
//! `YEAR/MONTH/DAY/ID.wav` under the folder of recordings, by the UTC day on which it was named; a
//! recording that outgrew its file goes on in `ID-2.wav`. Nothing about the patient is in a name. Files
//! are for their owner's eyes only. Syncs are done by other threads: see `recorder/thread.rs`.

use super::desk::Shelf;
use super::wav::{RecordingFile, Synced};
use crate::clock::WallTime;
use crate::id::RecordingId;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::Sender;

/// Makes files under one folder.
#[derive(Debug)]
pub struct DiskShelf {
    root: PathBuf,
    syncs: Sender<SyncJob>,
}

/// A file that is being recorded into.
#[derive(Debug)]
pub struct DiskFile {
    file: Arc<File>,
    recording: RecordingId,
    part: u32,
    /// Until the first sync: the folder, so that the name is made safe together with the contents.
    folder: Option<PathBuf>,
    syncs: Sender<SyncJob>,
}

/// One sync to do.
#[derive(Debug)]
pub struct SyncJob {
    /// For which recording.
    pub recording: RecordingId,
    /// Which of its files.
    pub part: u32,
    file: Arc<File>,
    folder: Option<PathBuf>,
}

impl DiskShelf {
    /// Files under `root`, synced by whoever reads the other end of `syncs`.
    pub fn new(root: PathBuf, syncs: Sender<SyncJob>) -> Self {
        Self { root, syncs }
    }
}

impl Shelf for DiskShelf {
    type File = DiskFile;

    fn create(&mut self, recording: RecordingId, at: WallTime, part: u32) -> io::Result<DiskFile> {
        let path = self.root.join(relative_path(recording, at, part));
        let folder = path.parent().map(Path::to_path_buf).unwrap_or_default();
        make_folder(&self.root, &folder)?;
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
        Ok(DiskFile {
            file: Arc::new(file),
            recording,
            part,
            folder: Some(folder),
            syncs: self.syncs.clone(),
        })
    }

    fn remove(&mut self, recording: RecordingId, at: WallTime, part: u32) -> io::Result<()> {
        std::fs::remove_file(self.root.join(relative_path(recording, at, part)))
    }
}

impl RecordingFile for DiskFile {
    fn write_at(&mut self, octets: &[u8], offset: u64) -> io::Result<usize> {
        self.file.write_at(octets, offset)
    }

    fn sync(&mut self) -> io::Result<Synced> {
        let job = SyncJob {
            recording: self.recording,
            part: self.part,
            file: Arc::clone(&self.file),
            folder: self.folder.take(),
        };
        self.syncs.send(job).map_err(|_| io::Error::other("the threads that sync have ended"))?;
        Ok(Synced::Begun)
    }
}

impl SyncJob {
    /// Makes the file safe against a power loss; the first time, its name too.
    ///
    /// # Errors
    /// What the disk says.
    pub fn run(&self) -> io::Result<()> {
        self.file.sync_data()?;
        match &self.folder {
            Some(folder) => File::open(folder)?.sync_all(),
            None => Ok(()),
        }
    }
}

/// Where a recording stands under the folder of recordings. `part` counts from 1.
pub fn relative_path(recording: RecordingId, at: WallTime, part: u32) -> PathBuf {
    let (year, month, day) = utc_date(at);
    let name = if part == 1 { format!("{recording}.wav") } else { format!("{recording}-{part}.wav") };
    PathBuf::from(format!("{year:04}/{month:02}/{day:02}")).join(name)
}

/// The recording and the part that a file is named after; `None` for a name that is not ours.
pub fn named(path: &Path) -> Option<(RecordingId, u32)> {
    let stem = path.file_name()?.to_str()?.strip_suffix(".wav")?;
    let (id, part) = match stem.split_once('-') {
        Some((id, part)) => (id, part.parse().ok().filter(|part| *part > 1)?),
        None => (stem, 1),
    };
    let recording: RecordingId = id.parse().ok()?;
    (recording.to_string() == id).then_some((recording, part))
}

/// Makes the folder of a day, once a day, and the names of the new folders safe.
fn make_folder(root: &Path, folder: &Path) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let above = folder.ancestors().skip(1).take_while(|above| above.starts_with(root));
    for folder in above {
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}

/// Year, month and day in UTC. The proleptic Gregorian calendar, counted in eras of 400 years that
/// begin on 1 March, so that the leap day is the last of its year.
fn utc_date(at: WallTime) -> (i64, u32, u32) {
    let days = at.as_micros().div_euclid(86_400_000_000) + 719_468;
    let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * day_of_year + 2) / 153;
    let day = (day_of_year - (153 * from_march + 2) / 5 + 1) as u32;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 } as u32;
    (era * 400 + year_of_era + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 86_400_000_000;

    #[test]
    fn a_file_stands_in_the_folder_of_its_utc_day_and_is_found_by_its_name() {
        let table = [
            (0, 1, "1970/01/01/r1f.wav"),
            (DAY - 1, 1, "1970/01/01/r1f.wav"),
            (-1, 1, "1969/12/31/r1f.wav"),
            (11_016 * DAY, 1, "2000/02/29/r1f.wav"),
            (20_780 * DAY + 5, 2, "2026/11/23/r1f-2.wav"),
            (20_879 * DAY, 3, "2027/03/02/r1f-3.wav"),
        ];
        for (at, part, expected) in table {
            let path = relative_path(RecordingId(0x1f), WallTime::from_micros(at), part);
            assert_eq!(path, Path::new(expected));
            assert_eq!(named(&path), Some((RecordingId(0x1f), part)));
        }
    }

    #[test]
    fn a_name_that_is_not_ours_is_nobodys() {
        for name in [
            "r1f.mp3",
            "notes.wav",
            "rxyz.wav",
            "r1f-1.wav",
            "r1f-x.wav",
            "1f.wav",
            "r01f.wav",
            "r1F.wav",
            ".wav",
        ] {
            assert_eq!(named(Path::new(name)), None, "{name}");
        }
    }
}
