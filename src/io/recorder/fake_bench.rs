//! A desk, its fake disk and the media side of the rings for tests, in virtual time.

use super::desk::{Desk, Settings};
use super::fake_disk::{FakeDisk, Kept};
use crate::audio::sound::Sound;
use crate::call::recording::{Command, Event, RecordingKind};
use crate::clock::{Instant, WallTime};
use crate::id::{CallId, RecordingId};
use crate::media::tap::{self, Tap};
use crate::wire::codec::Codec;
use std::collections::BTreeMap;
use std::time::Duration;

pub const SETTINGS: Settings =
    Settings { quota_octets: 1_000_000_000, sync_within: Duration::from_secs(5), roll_octets: 4_000_000_000 };

fn pcmu(octet: u8) -> Sound {
    Sound::of(Codec::Pcmu, &[octet; 160])
}

/// A desk, its fake disk, and the media side of the rings, in virtual time.
pub struct Bench {
    pub disk: FakeDisk,
    pub desk: Desk<FakeDisk>,
    pub taps: BTreeMap<RecordingId, Tap>,
    pub now: Instant,
}

impl Bench {
    pub fn new(disk: FakeDisk, settings: Settings) -> Self {
        let desk = Desk::new(disk.clone(), settings, 0);
        Self { disk, desk, taps: BTreeMap::new(), now: Instant::START }
    }

    pub fn open(&mut self, id: u64) -> RecordingId {
        let (tap, reader) = tap::ring(64, Codec::Pcmu);
        let recording = RecordingId(id);
        self.taps.insert(recording, tap);
        let open = Command::Open {
            recording,
            call: CallId(1),
            kind: RecordingKind::Call,
            at: WallTime::default(),
            reader,
        };
        self.desk.handle(self.now, open);
        recording
    }

    /// Lets `ticks` of 20 ms pass: each tap gets a frame, the desk turns when it says so.
    pub fn talk(&mut self, ticks: u64) {
        for _ in 0..ticks {
            self.taps.values_mut().for_each(|tap| tap.push(&pcmu(0x10), &pcmu(0x90)));
            self.pass();
        }
    }

    /// Lets a tick of 20 ms pass without sound: the desk turns when it says so.
    pub fn pass(&mut self) {
        self.now += Duration::from_millis(20);
        while self.desk.poll_timeout().is_some_and(|due| due <= self.now) {
            self.desk.turn(self.now);
        }
    }

    /// Tells the desk how the syncs ended that it began since the last time.
    pub fn end_syncs(&mut self) {
        for (name, outcome) in self.disk.take_begun() {
            let (recording, part) = name.split_once('-').unwrap();
            self.desk.synced(self.now, recording.parse().unwrap(), part.parse().unwrap(), outcome);
        }
    }

    pub fn close(&mut self, recording: RecordingId) {
        let frames = self.taps.remove(&recording).map_or(0, |tap| tap.frames());
        self.desk.handle(self.now, Command::Close { recording, frames });
    }

    pub fn events(&mut self) -> Vec<Event> {
        std::iter::from_fn(|| self.desk.poll_event()).collect()
    }

    pub fn wav(&self, name: &str, kept: Kept) -> Vec<[i16; 2]> {
        let contents = self.disk.contents(name, kept);
        let samples: Vec<i16> = hound::WavReader::new(&contents[..])
            .expect("hound opens it")
            .into_samples()
            .map(|sample| sample.expect("every claimed sample is there"))
            .collect();
        samples.chunks(2).map(|pair| [pair[0], pair[1]]).collect()
    }
}
