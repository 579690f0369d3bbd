//! The folder of recordings after a crash: every file is brought to the truth, every name accounted for.
//!
//! ```text
//!  log says      file there               file missing
//!  unfinished    header repaired: recovered   told missing
//!  broke off     header repaired              –
//!  finished      left alone                   –
//!  nothing       foreign: counted, left alone
//! ```
//!
//! A name is in the event log before its file exists, so a file that the log does not know was put
//! there by somebody else, and is not ours to touch.

use super::disk::named;
use super::wav::{FRAME_MS, FRAME_OCTETS, HEADER_OCTETS, header};
use crate::id::RecordingId;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, FileExt};
use std::path::{Path, PathBuf};

/// What the event log says of recordings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Known {
    /// Named, neither closed nor failed.
    pub unfinished: BTreeSet<RecordingId>,
    /// Failed: the disk that broke them off may have kept their last header from being written.
    pub broken: BTreeSet<RecordingId>,
    /// Closed or recovered before.
    pub finished: BTreeSet<RecordingId>,
}

/// What was found.
#[derive(Debug, Default)]
pub struct Found {
    /// Unfinished recordings whose file is true again, with their milliseconds of sound.
    pub recovered: BTreeMap<RecordingId, u64>,
    /// Unfinished recordings without a file: the crash came before it.
    pub missing: BTreeSet<RecordingId>,
    /// Unfinished recordings whose file the disk does not let us repair.
    pub unreadable: Vec<(PathBuf, io::Error)>,
    /// Files that the log does not know.
    pub foreign: u64,
    /// Octets that the whole folder takes: where the quota starts.
    pub octets: u64,
}

/// Deepest folder below the root: year, month, day.
const DEPTH_MAX: u32 = 3;

/// Walks the folder; makes it, for its owner alone, if it is not there.
///
/// # Errors
/// When a folder cannot be made or read.
pub fn reconcile(root: &Path, known: &Known) -> io::Result<Found> {
    DirBuilder::new().recursive(true).mode(0o700).create(root)?;
    let mut found = Found::default();
    walk(root, 0, &mut |path, octets| take(path, octets, known, &mut found))?;
    let there: BTreeSet<RecordingId> =
        found.unreadable.iter().filter_map(|(path, _)| named(path)).map(|(recording, _)| recording).collect();
    let accounted = |id: &&RecordingId| found.recovered.contains_key(id) || there.contains(id);
    found.missing = known.unfinished.iter().filter(|id| !accounted(id)).copied().collect();
    Ok(found)
}

fn walk(folder: &Path, depth: u32, take: &mut impl FnMut(&Path, u64)) -> io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        if kind.is_dir() && depth < DEPTH_MAX {
            walk(&entry.path(), depth + 1, take)?;
        } else if kind.is_file() {
            take(&entry.path(), entry.metadata()?.len());
        }
    }
    Ok(())
}

fn take(path: &Path, octets: u64, known: &Known, found: &mut Found) {
    found.octets += octets;
    match named(path) {
        Some((recording, _)) if known.unfinished.contains(&recording) => match repair(path) {
            Ok(milliseconds) => *found.recovered.entry(recording).or_default() += milliseconds,
            Err(error) => found.unreadable.push((path.to_path_buf(), error)),
        },
        // What its record tells of it stands; a disk that is still broken is tried again at the next start.
        Some((recording, _)) if known.broken.contains(&recording) => {
            let _ = repair(path);
        }
        Some((recording, _)) if known.finished.contains(&recording) => {}
        Some(_) | None => found.foreign += 1,
    }
}

/// Makes the header of one file true to its data, whole frames, and says how many milliseconds are in it.
///
/// # Errors
/// What the disk says.
pub fn repair(path: &Path) -> io::Result<u64> {
    let file = OpenOptions::new().read(true).write(true).open(path)?;
    let frames = file.metadata()?.len().saturating_sub(HEADER_OCTETS) / FRAME_OCTETS as u64;
    let data = u32::try_from(frames * FRAME_OCTETS as u64).unwrap_or(u32::MAX);
    if !is_true(&file, data)? {
        file.write_all_at(&header(data), 0)?;
        file.set_len(HEADER_OCTETS + u64::from(data))?;
    }
    file.sync_all()?;
    Ok(frames * FRAME_MS)
}

fn is_true(file: &File, data: u32) -> io::Result<bool> {
    if file.metadata()?.len() != HEADER_OCTETS + u64::from(data) {
        return Ok(false);
    }
    let mut there = [0; HEADER_OCTETS as usize];
    file.read_exact_at(&mut there, 0)?;
    Ok(there == header(data))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::os::unix::fs::PermissionsExt;

    fn place(root: &Path, name: &str, octets: &[u8]) -> PathBuf {
        let path = root.join("2026/11/23").join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, octets).unwrap();
        path
    }

    fn wav(claimed: u32, frames: usize, over: usize) -> Vec<u8> {
        let mut octets = header(claimed).to_vec();
        octets.resize(44 + frames * FRAME_OCTETS + over, 3);
        octets
    }

    #[test]
    fn the_folder_is_made_for_its_owner_alone() {
        let home = tempfile::tempdir().unwrap();
        let root = home.path().join("data/recordings");
        let found = reconcile(&root, &Known::default()).unwrap();
        assert_eq!(found.octets, 0);
        assert_eq!(std::fs::metadata(&root).unwrap().permissions().mode() & 0o777, 0o700);
    }

    #[test]
    fn every_file_and_every_name_is_accounted_for() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path();
        let cut = place(folder, "r1.wav", &wav(640, 3, 17));
        place(folder, "r2.wav", &wav(1_280, 2, 0));
        place(folder, "r4.wav", b"RI");
        place(folder, "r9.wav", &wav(0, 1, 0));
        place(folder, "holiday.wav", b"mine");
        place(folder, "r5.wav", &wav(640, 1, 0));
        place(folder, "r5-2.wav", &wav(0, 2, 0));
        let broke_off = place(folder, "r6.wav", &wav(77, 2, 9));
        let ids = |ids: &[u64]| ids.iter().map(|id| RecordingId(*id)).collect::<BTreeSet<_>>();
        let known = Known { unfinished: ids(&[1, 3, 4, 5]), broken: ids(&[6, 7]), finished: ids(&[2]) };

        let found = reconcile(folder, &known).unwrap();
        let recovered: Vec<_> = found.recovered.iter().map(|(id, ms)| (id.0, *ms)).collect();
        assert_eq!(recovered, [(1, 60), (4, 0), (5, 60)], "{found:?}");
        assert_eq!(found.missing, ids(&[3]));
        assert_eq!(found.foreign, 2, "r9 is in no log, holiday.wav is somebody's");
        assert_eq!(hound::WavReader::open(&cut).unwrap().duration(), 480);
        assert_eq!(
            hound::WavReader::open(&broke_off).unwrap().duration(),
            320,
            "the torn header is true again"
        );
        assert_eq!(std::fs::read(folder.join("2026/11/23/holiday.wav")).unwrap(), b"mine");
        assert_eq!(std::fs::metadata(cut).unwrap().len(), 44 + 3 * 640, "the half frame is gone");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn any_cut_file_opens_after_its_repair(octets in proptest::collection::vec(any::<u8>(), 0..4_000)) {
            let root = tempfile::tempdir().unwrap();
            let path = place(root.path(), "r1.wav", &octets);
            let milliseconds = repair(&path).unwrap();
            let reader = hound::WavReader::open(&path).unwrap();
            prop_assert_eq!(u64::from(reader.duration()), milliseconds * 8);
            prop_assert_eq!(repair(&path).unwrap(), milliseconds, "a second repair finds nothing to do");
        }
    }
}
