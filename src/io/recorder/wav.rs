//! One WAV file while it grows: stereo, 16 bits, 8 kHz; the caller left, our side right.
//!
//! ```text
//!  append: data ──written──▶ header ──written──▶ told      the header never claims what is not there
//!  sync:   begun on a frame border, so many frames are safe once it is done
//! ```
//!
//! The 44 octets of the header are written here and not by `hound`: `hound` writes lengths when it is
//! told to flush, seeks to do so, and cannot give "data, then header" in two plain writes at known
//! places. `hound` reads every file of the tests instead. No clock and no disk in here: time is an
//! argument, the disk is a [`RecordingFile`].

use std::io;

/// Octets before the first sample.
pub const HEADER_OCTETS: u64 = 44;
/// Octets of 20 ms: 160 samples, two channels, two octets.
pub const FRAME_OCTETS: usize = 640;
/// Milliseconds in a frame.
pub const FRAME_MS: u64 = 20;

/// What a growing recording needs of a file. The disk has one; the simulation has one that loses
/// what was not synced and breaks where it is told to.
pub trait RecordingFile {
    /// Writes `octets` at `offset` and says how many were taken, as `pwrite` does.
    ///
    /// # Errors
    /// What the disk says; nothing was written then.
    fn write_at(&mut self, octets: &[u8], offset: u64) -> io::Result<usize>;

    /// Begins to make everything written so far safe against a power loss.
    ///
    /// # Errors
    /// What the disk says.
    fn sync(&mut self) -> io::Result<Synced>;
}

/// How far a [`RecordingFile::sync`] came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Synced {
    /// All of it is safe.
    Done,
    /// Another thread works on it and will tell.
    Begun,
}

/// A WAV file whose header is always true.
#[derive(Debug)]
pub struct Wav<F> {
    file: F,
    /// Frames of which data and header are written.
    frames: u64,
    /// Frames that are safe against a power loss; `None`: not even the name of the file is.
    safe: Option<u64>,
    /// Frames that a sync under way will make safe.
    syncing: Option<u64>,
}

impl<F: RecordingFile> Wav<F> {
    /// Writes the header of an empty recording into a new file.
    ///
    /// # Errors
    /// What the disk says.
    pub fn create(mut file: F) -> io::Result<Self> {
        write_all(&mut file, &header(0), 0).map_err(|(_, error)| error)?;
        Ok(Self { file, frames: 0, safe: None, syncing: None })
    }

    /// Adds whole frames: the data, then the header.
    ///
    /// # Errors
    /// What the disk says. The whole frames that did get into the file are in the header then.
    ///
    /// # Panics
    /// In debug builds, if `data` is no whole number of frames.
    pub fn append(&mut self, data: &[u8]) -> io::Result<()> {
        debug_assert!(data.len().is_multiple_of(FRAME_OCTETS), "whole frames only");
        let end = HEADER_OCTETS + self.data_octets();
        let outcome = write_all(&mut self.file, data, end);
        let written = match &outcome {
            Ok(()) => data.len(),
            Err((written, _)) => *written,
        };
        let frames = self.frames + (written / FRAME_OCTETS) as u64;
        if frames > self.frames {
            if let Err(error) = self.write_header(frames) {
                // Half of a header may have been taken: the one that stood there is put back.
                let _ = self.write_header(self.frames);
                return Err(error);
            }
            self.frames = frames;
        }
        outcome.map_err(|(_, error)| error)
    }

    fn write_header(&mut self, frames: u64) -> io::Result<()> {
        let octets = u32::try_from(frames * FRAME_OCTETS as u64).unwrap_or(u32::MAX);
        write_all(&mut self.file, &header(octets), 0).map_err(|(_, error)| error)
    }

    /// Begins a sync, unless one is under way or nothing is new.
    ///
    /// # Errors
    /// What the disk says.
    pub fn sync(&mut self) -> io::Result<()> {
        if self.syncing.is_some() || self.is_safe() {
            return Ok(());
        }
        match self.file.sync()? {
            Synced::Done => self.safe = Some(self.frames),
            Synced::Begun => self.syncing = Some(self.frames),
        }
        Ok(())
    }

    /// Begins the last sync and lets go of the file.
    ///
    /// # Errors
    /// What the disk says.
    pub fn finish(mut self) -> io::Result<()> {
        self.file.sync().map(|_| ())
    }

    /// The sync under way is done.
    pub fn synced(&mut self) {
        if let Some(frames) = self.syncing.take() {
            self.safe = Some(frames);
        }
    }

    /// Nothing is written that a power loss could cost.
    pub fn is_safe(&self) -> bool {
        self.safe == Some(self.frames)
    }

    /// A sync was begun and has not been heard of.
    pub fn is_syncing(&self) -> bool {
        self.syncing.is_some()
    }

    /// Frames of 20 ms in the file.
    pub fn frames(&self) -> u64 {
        self.frames
    }

    /// Octets of sound in the file.
    pub fn data_octets(&self) -> u64 {
        self.frames * FRAME_OCTETS as u64
    }
}

/// The header of a file with `data_octets` octets of sound (RIFF, `WAVE_FORMAT_PCM`).
pub fn header(data_octets: u32) -> [u8; HEADER_OCTETS as usize] {
    let mut header =
        *b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0\x01\0\x02\0\x40\x1f\0\0\0\x7d\0\0\x04\0\x10\0data\0\0\0\0";
    header[4..8].copy_from_slice(&data_octets.saturating_add(HEADER_OCTETS as u32 - 8).to_le_bytes());
    header[40..44].copy_from_slice(&data_octets.to_le_bytes());
    header
}

/// Writes everything, through short writes. The error says how many octets were written before it.
fn write_all(file: &mut impl RecordingFile, octets: &[u8], offset: u64) -> Result<(), (usize, io::Error)> {
    let mut written = 0;
    while written < octets.len() {
        match file.write_at(&octets[written..], offset + written as u64) {
            Ok(0) => return Err((written, io::ErrorKind::WriteZero.into())),
            Ok(count) => written += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err((written, error)),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::io::recorder::fake_disk::{FakeDisk, Kept};
    use proptest::prelude::*;

    fn frames(count: usize, fill: u8) -> Vec<u8> {
        vec![fill; count * FRAME_OCTETS]
    }

    /// What a reader of WAV files finds: the frames of 20 ms, whole and nothing over.
    fn readable_frames(octets: &[u8]) -> u64 {
        let reader = hound::WavReader::new(octets).expect("hound opens it");
        let spec = reader.spec();
        assert_eq!((spec.channels, spec.sample_rate, spec.bits_per_sample), (2, 8_000, 16));
        let samples: Result<Vec<i16>, _> = reader.into_samples().collect();
        let samples = samples.expect("every claimed sample is there").len();
        assert_eq!(samples % 320, 0, "{samples} samples are no whole number of frames");
        samples as u64 / 320
    }

    #[test]
    fn the_header_is_the_one_that_hound_writes() {
        let mut cursor = io::Cursor::new(Vec::new());
        let spec = hound::WavSpec {
            channels: 2,
            sample_rate: 8_000,
            bits_per_sample: 16,
            sample_format: hound::SampleFormat::Int,
        };
        let mut writer = hound::WavWriter::new(&mut cursor, spec).unwrap();
        (0..320).for_each(|_| writer.write_sample(7_i16).unwrap());
        writer.finalize().unwrap();
        assert_eq!(cursor.into_inner()[..44], header(640));
    }

    #[test]
    fn what_fits_of_a_write_that_breaks_off_stays_readable() {
        // A disk with room for the header, two frames and a half.
        let disk = FakeDisk::with_room(HEADER_OCTETS as usize + 2 * FRAME_OCTETS + FRAME_OCTETS / 2);
        let mut wav = Wav::create(disk.file("a")).unwrap();
        let error = wav.append(&frames(4, 9)).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::StorageFull);
        assert_eq!(wav.frames(), 2);
        assert_eq!(readable_frames(&disk.contents("a", Kept::Everything)), 2);
    }

    #[test]
    fn a_sync_under_way_covers_only_what_was_written_before_it() {
        let disk = FakeDisk::default();
        disk.sync_later();
        let mut wav = Wav::create(disk.file("a")).unwrap();
        wav.append(&frames(3, 1)).unwrap();
        wav.sync().unwrap();
        wav.append(&frames(2, 1)).unwrap();
        assert!(wav.is_syncing());
        wav.synced();
        assert!(!wav.is_safe(), "two frames came after the sync began");
        wav.sync().unwrap();
        wav.synced();
        assert!(wav.is_safe());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]
        #[test]
        fn a_cut_at_any_write_leaves_a_file_that_opens(
            parts in proptest::collection::vec(1_usize..6, 1..8),
            cut in 0_usize..24,
            short in 1_usize..2_000,
        ) {
            let disk = FakeDisk::default();
            disk.cut_after(cut);
            disk.short_writes(short);
            let Ok(mut wav) = Wav::create(disk.file("a")) else { return Ok(()) };
            let mut told = 0;
            for count in parts {
                match wav.append(&frames(count, 5)) {
                    Ok(()) => told += count as u64,
                    Err(_) => break,
                }
            }
            let found = readable_frames(&disk.contents("a", Kept::Everything));
            prop_assert!(found >= told, "{told} frames were told, {found} are there");
            prop_assert!(found >= wav.frames());
        }
    }
}
