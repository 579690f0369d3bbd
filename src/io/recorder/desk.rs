//! All recordings of the engine: rings are drained, files grow, are synced, rolled and closed.
//!
//! ```text
//!  Open ──▶ Running ──Close──▶ Closing ──last sync done──▶ told Closed
//!             │  every 100 ms: ring → samples → one write, one header      └ write, quota or sync
//!             └─ 3.5 s after the oldest unsafe sample: sync                  fails: told Failed
//! ```
//!
//! Pure but for the [`Shelf`] it is given: no clock, no thread, no path. `recorder/thread.rs` runs it
//! on the disk, the tests run it on a disk that breaks. A recording that fails drops its ring and is
//! forgotten; the others do not notice.

use super::wav::{FRAME_MS, FRAME_OCTETS, RecordingFile, Wav};
use crate::audio::transcode::Decode;
use crate::call::recording::{Command, Event, RecordingFault};
use crate::clock::{Instant, WallTime};
use crate::id::RecordingId;
use crate::limits::RECORDINGS_MAX;
use crate::media::tap::{Frame, TapReader};
use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::time::Duration;

/// Where files come from.
pub trait Shelf {
    /// Its files.
    type File: RecordingFile;

    /// Makes a new, empty file; it must not exist yet.
    ///
    /// # Errors
    /// What the disk says.
    fn create(&mut self, recording: RecordingId, at: WallTime, part: u32) -> io::Result<Self::File>;

    /// Takes away a file that it made a moment ago and that holds nothing.
    ///
    /// # Errors
    /// What the disk says.
    fn remove(&mut self, recording: RecordingId, at: WallTime, part: u32) -> io::Result<()>;
}

/// Bounds of the recordings.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// Octets that all recordings may take together.
    pub quota_octets: u64,
    /// How long a sample may be at risk of a power loss.
    pub sync_within: Duration,
    /// The size at which a recording goes on in its next file.
    pub roll_octets: u64,
}

/// What was counted since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Files begun.
    pub opened: u64,
    /// Recordings completed.
    pub closed: u64,
    /// Recordings that broke off.
    pub failed: u64,
    /// Frames that never came through the ring and are silence in the file.
    pub silence_frames: u64,
    /// Syncs that took the sound of a recording over its bound of time.
    pub late_syncs: u64,
    /// Octets that all recordings take on disk.
    pub octets: u64,
}

/// The recordings under way.
#[derive(Debug)]
pub struct Desk<S: Shelf> {
    shelf: S,
    settings: Settings,
    running: BTreeMap<RecordingId, Recording<S::File>>,
    events: VecDeque<Event>,
    counters: Counters,
    /// Samples on their way from a ring to a file; reused.
    samples: Vec<u8>,
}

#[derive(Debug)]
struct Recording<F> {
    reader: TapReader,
    /// What makes samples of each side's octets.
    party: Decode,
    ours: Decode,
    wav: Wav<F>,
    at: WallTime,
    part: u32,
    /// Frames in earlier parts.
    earlier: u64,
    drain_at: Instant,
    /// When the oldest sample that is not safe was written, without those a sync under way covers not.
    unsafe_since: Option<Instant>,
    /// When the first sample after the beginning of the sync under way was written.
    written_since_sync: Option<Instant>,
    closing: bool,
}

/// How long frames wait in a ring: a sixth of what it holds. The rest is for a disk that takes long.
const DRAIN_EVERY: Duration = Duration::from_millis(100);
/// Recordings are drained on these borders, so that a thousand of them wake the thread only so often.
const DRAIN_GRID_US: u64 = 50_000;
/// Silence is written in pieces of this many frames at the most.
const SILENCE_FRAMES_AT_ONCE: u64 = 64;

impl<S: Shelf> Desk<S> {
    /// A desk over a shelf on which `used_octets` are taken already.
    pub fn new(shelf: S, settings: Settings, used_octets: u64) -> Self {
        let counters = Counters { octets: used_octets, ..Counters::default() };
        Self {
            shelf,
            settings,
            running: BTreeMap::new(),
            events: VecDeque::new(),
            counters,
            samples: Vec::new(),
        }
    }

    /// Takes an order.
    pub fn handle(&mut self, now: Instant, command: Command) {
        match command {
            Command::Open { recording, at, reader, .. } => self.open(now, recording, at, reader),
            Command::Close { recording, frames } => self.close(now, recording, frames),
        }
    }

    /// Does what is due: see [`Desk::poll_timeout`].
    pub fn turn(&mut self, now: Instant) {
        let due: Vec<RecordingId> = self
            .running
            .iter()
            .filter(|(id, running)| running.due(**id, &self.settings) <= now)
            .map(|(id, _)| *id)
            .collect();
        for recording in due {
            self.work(now, recording);
        }
    }

    /// A sync that the file had begun is done.
    pub fn synced(&mut self, now: Instant, recording: RecordingId, part: u32, outcome: io::Result<()>) {
        if let Err(error) = outcome {
            return self.sync_failed(recording, &error);
        }
        let Some(running) = self.running.get_mut(&recording).filter(|running| running.part == part) else {
            return;
        };
        running.wav.synced();
        self.after_sync(now, recording);
    }

    /// Ends every recording: what waits in the rings is written and the syncs are begun.
    pub fn close_all(&mut self, now: Instant) {
        let all: Vec<RecordingId> = self.running.keys().copied().collect();
        for recording in all {
            self.close(now, recording, 0);
        }
    }

    /// The next thing to tell the switch.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// When [`Desk::turn`] has something to do.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.running.iter().map(|(id, running)| running.due(*id, &self.settings)).min()
    }

    /// No recording is under way.
    pub fn is_idle(&self) -> bool {
        self.running.is_empty()
    }

    /// What was counted since the start.
    pub fn counters(&self) -> Counters {
        self.counters
    }

    fn open(&mut self, now: Instant, recording: RecordingId, at: WallTime, reader: TapReader) {
        if self.running.len() >= RECORDINGS_MAX {
            return self.tell_failed(recording, RecordingFault::Busy, 0);
        }
        if self.counters.octets >= self.settings.quota_octets {
            return self.tell_failed(recording, RecordingFault::Quota, 0);
        }
        match self.new_file(recording, at, 1) {
            Ok(wav) => {
                let running = Recording {
                    reader,
                    party: Decode::default(),
                    ours: Decode::default(),
                    wav,
                    at,
                    part: 1,
                    earlier: 0,
                    drain_at: on_grid(now + first_drain(recording)),
                    unsafe_since: Some(now),
                    written_since_sync: None,
                    closing: false,
                };
                self.running.insert(recording, running);
                self.counters.opened += 1;
                self.counters.octets += super::wav::HEADER_OCTETS;
                self.events.push_back(Event::Opened { recording });
            }
            Err(error) => self.tell_failed(recording, fault_of(&error), 0),
        }
    }

    /// A file with the header of an empty recording, or none at all: a file without a header opens nowhere.
    fn new_file(&mut self, recording: RecordingId, at: WallTime, part: u32) -> io::Result<Wav<S::File>> {
        let file = self.shelf.create(recording, at, part)?;
        Wav::create(file).inspect_err(|_| {
            // Should this fail as well, the next start gives the file its header: see `reconcile`.
            let _ = self.shelf.remove(recording, at, part);
        })
    }

    fn close(&mut self, now: Instant, recording: RecordingId, frames: u64) {
        let outcome = self.drain(now, recording).and_then(|()| self.fill_up(now, recording, frames));
        if let Err(fault) = outcome {
            return self.fail(recording, fault);
        }
        let Some(running) = self.running.get_mut(&recording) else { return };
        running.closing = true;
        if running.wav.is_syncing() {
            return;
        }
        self.sync(now, recording);
    }

    fn work(&mut self, now: Instant, recording: RecordingId) {
        if let Err(fault) = self.drain(now, recording) {
            return self.fail(recording, fault);
        }
        let Some(running) = self.running.get_mut(&recording) else { return };
        running.drain_at = on_grid(now + DRAIN_EVERY);
        if running.sync_due(recording, &self.settings).is_some_and(|due| due <= now) {
            self.sync(now, recording);
        }
    }

    /// Ring to file: one write for all frames that wait.
    fn drain(&mut self, now: Instant, recording: RecordingId) -> Result<(), RecordingFault> {
        let Some(running) = self.running.get_mut(&recording) else { return Ok(()) };
        self.samples.clear();
        let mut next = running.earlier + running.wav.frames();
        let mut missing = Vec::new();
        while let Some(frame) = running.reader.pop() {
            if frame.index > next {
                missing.push((self.samples.len(), frame.index - next));
            }
            next = frame.index + 1;
            running.decode(&frame, &mut self.samples);
        }
        self.append(now, recording, &missing)
    }

    /// Writes `self.samples`, with silence where frames are `missing`: (octets before it, frames).
    fn append(
        &mut self,
        now: Instant,
        id: RecordingId,
        missing: &[(usize, u64)],
    ) -> Result<(), RecordingFault> {
        let samples = std::mem::take(&mut self.samples);
        let mut from = 0;
        let mut outcome = Ok(());
        for &(to, frames) in missing {
            outcome = outcome
                .and_then(|()| self.write(now, id, &samples[from..to]))
                .and_then(|()| self.silence(now, id, frames));
            from = to;
        }
        outcome = outcome.and_then(|()| self.write(now, id, &samples[from..]));
        self.samples = samples;
        outcome
    }

    fn write(&mut self, now: Instant, recording: RecordingId, data: &[u8]) -> Result<(), RecordingFault> {
        if data.is_empty() {
            return Ok(());
        }
        self.roll_if_full(recording, data.len())?;
        let Some(running) = self.running.get_mut(&recording) else { return Ok(()) };
        if self.counters.octets + data.len() as u64 > self.settings.quota_octets {
            return Err(RecordingFault::Quota);
        }
        let before = running.wav.data_octets();
        let outcome = running.wav.append(data);
        self.counters.octets += running.wav.data_octets() - before;
        if running.wav.is_syncing() {
            running.written_since_sync.get_or_insert(now);
        } else {
            running.unsafe_since.get_or_insert(now);
        }
        outcome.map_err(|error| fault_of(&error))
    }

    fn silence(&mut self, now: Instant, recording: RecordingId, frames: u64) -> Result<(), RecordingFault> {
        static SILENCE: [u8; SILENCE_FRAMES_AT_ONCE as usize * FRAME_OCTETS] =
            [0; SILENCE_FRAMES_AT_ONCE as usize * FRAME_OCTETS];
        self.counters.silence_frames += frames;
        let mut left = frames;
        while left > 0 {
            let count = left.min(SILENCE_FRAMES_AT_ONCE);
            self.write(now, recording, &SILENCE[..count as usize * FRAME_OCTETS])?;
            left -= count;
        }
        Ok(())
    }

    /// Frames that the tap counted and the ring never held, at the end of the stretch.
    fn fill_up(&mut self, now: Instant, recording: RecordingId, frames: u64) -> Result<(), RecordingFault> {
        let Some(running) = self.running.get(&recording) else { return Ok(()) };
        let missing = frames.saturating_sub(running.earlier + running.wav.frames());
        self.silence(now, recording, missing)
    }

    /// Goes on in the next file when this one would grow over its bound.
    fn roll_if_full(&mut self, recording: RecordingId, octets: usize) -> Result<(), RecordingFault> {
        let Some(running) = self.running.get_mut(&recording) else { return Ok(()) };
        let size = super::wav::HEADER_OCTETS + running.wav.data_octets();
        if running.wav.frames() == 0 || size + octets as u64 <= self.settings.roll_octets {
            return Ok(());
        }
        let part = running.part + 1;
        let at = running.at;
        let next = self.new_file(recording, at, part).map_err(|error| fault_of(&error))?;
        let Some(running) = self.running.get_mut(&recording) else { return Ok(()) };
        running.earlier += running.wav.frames();
        std::mem::replace(&mut running.wav, next).finish().map_err(|error| fault_of(&error))?;
        running.part = part;
        self.counters.octets += super::wav::HEADER_OCTETS;
        Ok(())
    }

    fn sync(&mut self, now: Instant, recording: RecordingId) {
        let Some(running) = self.running.get_mut(&recording) else { return };
        match running.wav.sync() {
            Ok(()) if running.wav.is_syncing() => {}
            Ok(()) => self.after_sync(now, recording),
            Err(error) => self.sync_failed(recording, &error),
        }
    }

    fn after_sync(&mut self, now: Instant, recording: RecordingId) {
        let Some(running) = self.running.get_mut(&recording) else { return };
        if running.unsafe_since.is_some_and(|since| now.since(since) > self.settings.sync_within) {
            self.counters.late_syncs += 1;
        }
        running.unsafe_since = running.written_since_sync.take();
        if !running.closing {
            return;
        }
        if running.wav.is_safe() {
            self.end(recording, Durability::Safe);
        } else {
            self.sync(now, recording);
        }
    }

    /// All of a closing recording is written: it is closed, only not confirmed. A running one breaks off.
    fn sync_failed(&mut self, recording: RecordingId, error: &io::Error) {
        if self.running.get(&recording).is_some_and(|running| running.closing) {
            self.end(recording, Durability::Unconfirmed);
        } else {
            self.fail(recording, fault_of(error));
        }
    }

    fn end(&mut self, recording: RecordingId, durability: Durability) {
        let Some(running) = self.running.remove(&recording) else { return };
        self.counters.closed += 1;
        let durable = durability == Durability::Safe;
        self.events.push_back(Event::Closed { recording, milliseconds: running.milliseconds(), durable });
    }

    fn fail(&mut self, recording: RecordingId, fault: RecordingFault) {
        let Some(running) = self.running.remove(&recording) else { return };
        self.tell_failed(recording, fault, running.milliseconds());
    }

    fn tell_failed(&mut self, recording: RecordingId, fault: RecordingFault, milliseconds: u64) {
        self.counters.failed += 1;
        self.events.push_back(Event::Failed { recording, fault, milliseconds });
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Durability {
    Safe,
    Unconfirmed,
}

impl<F> Recording<F> {
    /// Both sides as stereo samples: the party left, ours right.
    fn decode(&mut self, frame: &Frame, samples: &mut Vec<u8>) {
        let sides = self.party.narrow(&frame.party).into_iter().zip(self.ours.narrow(&frame.ours));
        for (party, ours) in sides {
            let ([a, b], [c, d]) = (party.to_le_bytes(), ours.to_le_bytes());
            samples.extend_from_slice(&[a, b, c, d]);
        }
    }
}

impl<F: RecordingFile> Recording<F> {
    fn milliseconds(&self) -> u64 {
        (self.earlier + self.wav.frames()) * FRAME_MS
    }

    /// A recording syncs at moments of its own, which lie 11/16 of the bound apart: the rest is for the ring
    /// and for the disk. So the syncs of many recordings are spread evenly, however many of them began at once.
    fn sync_due(&self, id: RecordingId, settings: &Settings) -> Option<Instant> {
        let since = self.unsafe_since.filter(|_| !self.wav.is_syncing())?.as_micros();
        let every = (settings.sync_within.as_micros() as u64 * 11 / 16).max(1);
        let phase = share_of(id, every);
        Some(on_grid(Instant::from_micros(since + (phase + every - since % every) % every)))
    }

    fn due(&self, id: RecordingId, settings: &Settings) -> Instant {
        if self.closing {
            return Instant::from_micros(u64::MAX);
        }
        self.sync_due(id, settings).map_or(self.drain_at, |sync| sync.min(self.drain_at))
    }
}

/// The part of `whole` that belongs to a recording by its number. Numbers that follow each other, in whatever
/// steps, lie far apart: multiples of the golden section.
fn share_of(id: RecordingId, whole: u64) -> u64 {
    const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;
    ((u128::from(id.0.wrapping_mul(GOLDEN)) * u128::from(whole)) >> 64) as u64
}

/// The first drain comes earlier than the later ones, so that recordings which began together are not
/// written together.
fn first_drain(id: RecordingId) -> Duration {
    let every = DRAIN_EVERY.as_micros() as u64;
    Duration::from_micros(DRAIN_GRID_US + share_of(id, every))
}

fn on_grid(at: Instant) -> Instant {
    Instant::from_micros(at.as_micros() / DRAIN_GRID_US * DRAIN_GRID_US)
}

/// What a fault of the disk means for a recording.
fn fault_of(error: &io::Error) -> RecordingFault {
    match error.kind() {
        io::ErrorKind::StorageFull => RecordingFault::DiskFull,
        io::ErrorKind::QuotaExceeded => RecordingFault::Quota,
        _ if matches!(error.raw_os_error(), Some(libc::EMFILE | libc::ENFILE)) => RecordingFault::Busy,
        _ => RecordingFault::Io,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audio::g711::{self, Law};
    use crate::audio::sound::Sound;
    use crate::call::recording::RecordingKind;
    use crate::id::CallId;
    use crate::io::recorder::fake_bench::{Bench, SETTINGS};
    use crate::io::recorder::fake_disk::{FakeDisk, Kept};
    use crate::media::tap;
    use crate::wire::codec::Codec;
    use proptest::prelude::*;

    fn pcma(octet: u8) -> Sound {
        Sound::of(Codec::Pcma, &[octet; 160])
    }

    #[test]
    fn a_recording_holds_all_frames_the_caller_left_our_side_right() {
        let mut bench = Bench::new(FakeDisk::default(), SETTINGS);
        let id = bench.open(7);
        bench.talk(180);
        bench.close(id);
        assert_eq!(
            bench.events(),
            [
                Event::Opened { recording: id },
                Event::Closed { recording: id, milliseconds: 3_600, durable: true }
            ]
        );
        let samples = bench.wav("r7-1", Kept::Synced);
        assert_eq!(samples.len(), 180 * 160);
        let sides = [g711::decode(Law::Mu, 0x10), g711::decode(Law::Mu, 0x90)];
        assert!(sides[0] < 0 && sides[1] > 0 && samples.iter().all(|sample| *sample == sides));
        assert!(bench.desk.is_idle());
    }

    #[test]
    fn frames_that_found_the_ring_full_are_silence_of_the_same_length() {
        let mut bench = Bench::new(FakeDisk::default(), SETTINGS);
        let id = bench.open(1);
        let tap = bench.taps.get_mut(&id).unwrap();
        (0..70).for_each(|_| tap.push(&pcma(0x2a), &pcma(0xd5)));
        bench.talk(100);
        let tap = bench.taps.get_mut(&id).unwrap();
        (0..80).for_each(|_| tap.push(&pcma(0x2a), &pcma(0xd5)));
        bench.close(id);
        let samples = bench.wav("r1-1", Kept::Synced);
        assert_eq!(samples.len(), (70 + 100 + 80) * 160, "the length counts every frame, dropped or not");
        let silent = samples.iter().filter(|sample| **sample == [0, 0]).count() as u64 / 160;
        assert_eq!(silent, bench.desk.counters().silence_frames);
        assert!(silent >= 6 + 16, "{silent} frames of silence");
    }

    #[test]
    fn a_full_disk_ends_the_recordings_that_meet_it_and_keeps_what_is_there() {
        let mut bench = Bench::new(FakeDisk::with_room(100 * FRAME_OCTETS), SETTINGS);
        let ids = [bench.open(1), bench.open(2)];
        bench.talk(100);
        let failed: Vec<_> =
            bench.events().into_iter().filter(|event| matches!(event, Event::Failed { .. })).collect();
        assert_eq!(failed.len(), 2, "{failed:?}");
        for event in failed {
            let Event::Failed { recording, fault, milliseconds } = event else { panic!("{event:?}") };
            assert!(ids.contains(&recording) && fault == RecordingFault::DiskFull, "{event:?}");
            assert_eq!(bench.wav(&format!("{recording}-1"), Kept::Everything).len() as u64, milliseconds * 8);
            assert!(milliseconds > 500, "{milliseconds}");
        }
        assert!(bench.desk.is_idle());
    }

    #[test]
    fn the_quota_is_a_fault_of_its_own_before_and_during_a_recording() {
        let quota_octets = 60 * FRAME_OCTETS as u64;
        let mut bench = Bench::new(FakeDisk::default(), Settings { quota_octets, ..SETTINGS });
        let first = bench.open(1);
        bench.talk(100);
        bench.talk(1);
        let Some(Event::Failed { recording, fault: RecordingFault::Quota, milliseconds }) =
            bench.events().pop()
        else {
            panic!("sixty frames are the quota")
        };
        assert_eq!((recording, bench.wav("r1-1", Kept::Everything).len() as u64), (first, milliseconds * 8));
        assert!((700..=1_200).contains(&milliseconds), "{milliseconds}: what the last drain before it wrote");
        let mut full = Desk::new(FakeDisk::default(), SETTINGS, SETTINGS.quota_octets);
        let (_tap, reader) = tap::ring(1, Codec::Pcmu);
        let open = Command::Open {
            recording: RecordingId(2),
            call: CallId(1),
            kind: RecordingKind::Message,
            at: WallTime::default(),
            reader,
        };
        full.handle(Instant::START, open);
        let refused =
            Event::Failed { recording: RecordingId(2), fault: RecordingFault::Quota, milliseconds: 0 };
        assert_eq!(full.poll_event(), Some(refused));
    }

    #[test]
    fn a_long_recording_goes_on_in_its_next_file() {
        let roll_octets = 60 * FRAME_OCTETS as u64;
        let mut bench = Bench::new(FakeDisk::default(), Settings { roll_octets, ..SETTINGS });
        let id = bench.open(1);
        bench.talk(150);
        bench.close(id);
        assert_eq!(bench.disk.names(), ["r1-1", "r1-2", "r1-3"]);
        let lengths: Vec<usize> =
            bench.disk.names().iter().map(|name| bench.wav(name, Kept::Synced).len() / 160).collect();
        assert_eq!(lengths.iter().sum::<usize>(), 150, "{lengths:?}");
        assert!(
            bench
                .disk
                .names()
                .iter()
                .all(|name| bench.disk.contents(name, Kept::Synced).len() as u64 <= roll_octets)
        );
        assert_eq!(
            bench.events().pop(),
            Some(Event::Closed { recording: id, milliseconds: 3_000, durable: true })
        );
    }

    #[test]
    fn a_last_sync_that_fails_is_told_and_a_sync_that_fails_in_the_middle_ends_the_recording() {
        let disk = FakeDisk::default();
        let mut bench = Bench::new(disk.clone(), SETTINGS);
        let closing = bench.open(1);
        bench.talk(10);
        disk.sync_fails();
        bench.close(closing);
        assert_eq!(
            bench.events().pop(),
            Some(Event::Closed { recording: closing, milliseconds: 200, durable: false })
        );
        let running = bench.open(2);
        bench.talk(300);
        let Some(Event::Failed { recording, fault: RecordingFault::Io, .. }) = bench.events().pop() else {
            panic!("the sync failed, the recording must")
        };
        assert_eq!(recording, running);
    }

    #[test]
    fn closing_waits_for_the_disk() {
        let disk = FakeDisk::default();
        disk.sync_later();
        let mut bench = Bench::new(disk, SETTINGS);
        let id = bench.open(1);
        bench.talk(200);
        bench.close(id);
        assert_eq!(
            bench.events(),
            [Event::Opened { recording: id }],
            "a sync from before the end is under way"
        );
        bench.desk.synced(bench.now, id, 1, Ok(()));
        assert_eq!(bench.events(), [], "the last frames came after that sync began");
        bench.desk.synced(bench.now, id, 1, Ok(()));
        assert_eq!(bench.events(), [Event::Closed { recording: id, milliseconds: 4_000, durable: true }]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn what_a_kill_or_a_power_loss_costs_is_bounded(
            starts in proptest::collection::vec(0_u64..100, 1..4),
            ticks in 1_u64..400,
            reordered in 0_usize..200_000,
        ) {
            let mut bench = Bench::new(FakeDisk::default(), SETTINGS);
            let mut begun = Vec::new();
            for (id, start) in starts.into_iter().enumerate() {
                bench.talk(start);
                begun.push((bench.open(id as u64), bench.now));
            }
            bench.talk(ticks);
            for (recording, begin) in begun {
                let name = format!("{recording}-1");
                let said = bench.now.since(begin).as_millis() as u64;
                let killed = bench.wav(&name, Kept::Everything).len() as u64 / 8;
                prop_assert!(killed + 1_000 >= said, "kill: {killed} of {said} ms");
                let contents = bench.disk.contents(&name, Kept::Synced);
                let safe = (contents.len() as u64).saturating_sub(44) / 32;
                prop_assert!(safe + 5_000 >= said, "power loss: {safe} of {said} ms");
                let file = tempfile::NamedTempFile::new().unwrap();
                std::fs::write(&file, bench.disk.contents(&name, Kept::SyncedAndFirst { octets: reordered })).unwrap();
                let repaired = crate::io::recorder::reconcile::repair(file.path()).unwrap();
                prop_assert!(repaired >= safe, "repair lost sound: {repaired} of {safe} ms");
                prop_assert!(hound::WavReader::open(file.path()).is_ok());
            }
        }

        #[test]
        fn a_disk_that_dies_at_any_write_leaves_files_that_open(cut in 2_usize..60, short in 100_usize..40_000) {
            let disk = FakeDisk::default();
            let mut bench = Bench::new(disk.clone(), SETTINGS);
            let ids = [bench.open(1), bench.open(2)];
            disk.cut_after(cut);
            disk.short_writes(short);
            bench.talk(150);
            let events = bench.events();
            for id in ids {
                let there = bench.wav(&format!("{id}-1"), Kept::Everything).len() as u64 / 8;
                for event in &events {
                    match event {
                        Event::Failed { recording, milliseconds, .. } if *recording == id => prop_assert!(there >= *milliseconds),
                        Event::Failed { .. } | Event::Opened { .. } | Event::Closed { .. } => {}
                    }
                }
            }
        }
    }
}
