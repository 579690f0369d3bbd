//! The recorder's threads: writers that drain rings and write, and beside each one that waits for the disk.
//!
//! ```text
//!  switch ──Command──▶ ┌────────┐ ──SyncJob──▶ ┌──────┐
//!  switch ◀──Event──── │ writer │              │ sync │   ×4
//!  rings  ──frames───▶ └────────┘ ◀──Synced─── └──────┘
//! ```
//!
//! fdatasync takes milliseconds: it must not keep frames waiting. A write may take long too, when other
//! programs fill the disk's queue and the kernel makes every writer pause: so there are several, and a
//! recording belongs to one of them by its number. With no recording under way all of them sleep.

use super::desk::{Counters, Desk, Settings};
use super::disk::{DiskShelf, SyncJob};
use crate::call::recording::{Command, Event, RecordingFault};
use crate::clock::Instant;
use crate::limits::RECORDER_COMMANDS_MAX;
use std::io;
use std::path::PathBuf;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, SyncSender, TrySendError};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// Takes the events of the recorder; called on its thread, must not wait.
pub type Listener = Arc<dyn Fn(Event) + Send + Sync>;

/// The recorder, running. Dropping it without [`Recorder::stop`] leaves the last second unsynced.
pub struct Recorder {
    desks: Vec<Place>,
    listener: Listener,
    /// What the folder held at the start: every desk counts from there.
    used_octets: u64,
}

/// One writer with its desk.
struct Place {
    messages: SyncSender<Message>,
    counters: Arc<Mutex<Counters>>,
    writer: JoinHandle<()>,
}

enum Message {
    Command(Command),
    Synced(SyncJob, io::Result<()>),
    Stop,
}

/// Writers, each with a thread that waits for the disk: one that pauses holds up a quarter of the recordings.
const WRITERS: usize = 4;
/// How long [`Recorder::stop`] waits for the last syncs.
const STOP_WITHIN: Duration = Duration::from_secs(10);

impl Recorder {
    /// Starts the threads. `used_octets`: what the folder holds already, as `reconcile` found it.
    ///
    /// # Errors
    /// When the system has no thread left.
    pub fn start(
        folder: PathBuf,
        settings: Settings,
        used_octets: u64,
        listener: Listener,
    ) -> io::Result<Self> {
        let settings = Settings { quota_octets: share(settings.quota_octets, used_octets), ..settings };
        let place = |_| Place::start(folder.clone(), settings, used_octets, Arc::clone(&listener));
        let desks = (0..WRITERS).map(place).collect::<io::Result<_>>()?;
        Ok(Self { desks, listener, used_octets })
    }

    /// Hands an order over; never waits. With too many orders waiting, a recording that cannot be
    /// opened is told as failed.
    pub fn command(&self, command: Command) {
        let (Command::Open { recording, .. } | Command::Close { recording, .. }) = command;
        let place = &self.desks[(recording.0 % WRITERS as u64) as usize];
        let Err(error) = place.messages.try_send(Message::Command(command)) else { return };
        let (TrySendError::Full(refused) | TrySendError::Disconnected(refused)) = error;
        if let Message::Command(Command::Open { recording, .. } | Command::Close { recording, .. }) = refused
        {
            (self.listener)(Event::Failed { recording, fault: RecordingFault::Busy, milliseconds: 0 });
        }
    }

    /// What was counted since the start, by all desks together.
    pub fn counters(&self) -> Counters {
        let none = Counters { octets: self.used_octets, ..Counters::default() };
        self.desks.iter().fold(none, |sum, place| {
            let one = *place.counters.lock().unwrap_or_else(PoisonError::into_inner);
            Counters {
                opened: sum.opened + one.opened,
                closed: sum.closed + one.closed,
                failed: sum.failed + one.failed,
                silence_frames: sum.silence_frames + one.silence_frames,
                late_syncs: sum.late_syncs + one.late_syncs,
                octets: sum.octets + one.octets.saturating_sub(self.used_octets),
            }
        })
    }

    /// Closes every file, waits for the disk, and ends the threads.
    pub fn stop(self) {
        // A full queue only means that the writer gets to this later.
        let told: Vec<bool> =
            self.desks.iter().map(|place| place.messages.send(Message::Stop).is_ok()).collect();
        for (place, told) in self.desks.into_iter().zip(told) {
            if told && place.writer.join().is_err() {
                tracing::error!("a thread of the recorder had failed");
            }
        }
    }
}

/// The quota of one desk: its share of the room that is left, over what is taken already.
fn share(quota_octets: u64, used_octets: u64) -> u64 {
    used_octets + quota_octets.saturating_sub(used_octets) / WRITERS as u64
}

impl Place {
    fn start(folder: PathBuf, settings: Settings, used_octets: u64, listener: Listener) -> io::Result<Self> {
        let (messages, inbox) = mpsc::sync_channel(RECORDER_COMMANDS_MAX);
        let (syncs, jobs) = mpsc::channel();
        let synced = messages.clone();
        let sync = move || sync_loop(&jobs, &synced);
        std::thread::Builder::new().name("recorder-sync".to_owned()).spawn(sync)?;
        let counters = Arc::new(Mutex::new(Counters { octets: used_octets, ..Counters::default() }));
        let desk = Desk::new(DiskShelf::new(folder, syncs), settings, used_octets);
        let writer = Writer { desk, inbox, listener, counters: Arc::clone(&counters), stopping: None };
        let writer = std::thread::Builder::new().name("recorder".to_owned()).spawn(move || writer.run())?;
        Ok(Self { messages, counters, writer })
    }
}

struct Writer {
    desk: Desk<DiskShelf>,
    inbox: Receiver<Message>,
    listener: Listener,
    counters: Arc<Mutex<Counters>>,
    /// When to stop waiting for the last syncs.
    stopping: Option<Instant>,
}

impl Writer {
    fn run(mut self) {
        let epoch = std::time::Instant::now();
        let now = || Instant::from_micros(epoch.elapsed().as_micros() as u64);
        loop {
            let message = self.next(now());
            match message {
                Ok(Message::Command(command)) => self.desk.handle(now(), command),
                Ok(Message::Synced(job, outcome)) => {
                    self.desk.synced(now(), job.recording, job.part, outcome)
                }
                Ok(Message::Stop) => {
                    self.desk.close_all(now());
                    self.stopping = Some(now() + STOP_WITHIN);
                }
                Err(RecvTimeoutError::Timeout) => self.desk.turn(now()),
                Err(RecvTimeoutError::Disconnected) => return,
            }
            self.tell();
            if self.stopping.is_some_and(|until| self.desk.is_idle() || until <= now()) {
                return;
            }
        }
    }

    /// The next message, or a time-out when the desk has something to do. Work that is due goes
    /// before messages that wait, so that no stream of messages can keep frames waiting.
    fn next(&self, now: Instant) -> Result<Message, RecvTimeoutError> {
        let due = match (self.desk.poll_timeout(), self.stopping) {
            (Some(work), Some(stop)) => Some(work.min(stop)),
            (work, stop) => work.or(stop),
        };
        match due {
            Some(due) if due <= now => Err(RecvTimeoutError::Timeout),
            Some(due) => self.inbox.recv_timeout(due.since(now)),
            None => self.inbox.recv().map_err(|_| RecvTimeoutError::Disconnected),
        }
    }

    fn tell(&mut self) {
        *self.counters.lock().unwrap_or_else(PoisonError::into_inner) = self.desk.counters();
        while let Some(event) = self.desk.poll_event() {
            (self.listener)(event);
        }
    }
}

fn sync_loop(jobs: &Receiver<SyncJob>, messages: &SyncSender<Message>) {
    while let Ok(job) = jobs.recv() {
        let outcome = job.run();
        if messages.send(Message::Synced(job, outcome)).is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audio::sound::Sound;
    use crate::call::recording::RecordingKind;
    use crate::clock::WallTime;
    use crate::id::{CallId, RecordingId};
    use crate::media::tap;
    use crate::wire::codec::Codec;

    const SETTINGS: Settings = Settings {
        quota_octets: 1_000_000_000,
        sync_within: Duration::from_secs(5),
        roll_octets: 4_000_000_000,
    };

    fn started(folder: &std::path::Path) -> (Recorder, Receiver<Event>) {
        let (tell, told) = mpsc::channel();
        let listener: Listener = Arc::new(move |event| tell.send(event).unwrap());
        (Recorder::start(folder.to_path_buf(), SETTINGS, 0, listener).unwrap(), told)
    }

    fn open(id: u64) -> (tap::Tap, Command) {
        let (tap, reader) = tap::ring(64, Codec::Pcmu);
        let at = WallTime::from_micros(20_780 * 86_400_000_000);
        (
            tap,
            Command::Open {
                recording: RecordingId(id),
                call: CallId(1),
                kind: RecordingKind::Call,
                at,
                reader,
            },
        )
    }

    #[test]
    fn a_call_becomes_a_file_that_only_its_owner_reads() {
        use std::os::unix::fs::PermissionsExt;
        let root = tempfile::tempdir().unwrap();
        let (recorder, told) = started(root.path());
        let (mut tap, command) = open(0xbeef);
        let recording = RecordingId(0xbeef);
        recorder.command(command);
        assert_eq!(told.recv(), Ok(Event::Opened { recording }));
        let path = root.path().join("2026/11/23/rbeef.wav");
        assert_eq!(hound::WavReader::open(&path).unwrap().duration(), 0, "valid before the first sample");
        (0..50).for_each(|_| tap.push(&Sound::of(Codec::Pcmu, &[0; 160]), &Sound::silence(Codec::Pcmu)));
        recorder.command(Command::Close { recording, frames: tap.frames() });
        assert_eq!(told.recv(), Ok(Event::Closed { recording, milliseconds: 1_000, durable: true }));
        assert_eq!(hound::WavReader::open(&path).unwrap().duration(), 8_000);
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        recorder.stop();
    }

    #[test]
    fn the_desks_share_the_quota_and_are_counted_as_one() {
        assert_eq!((share(1_000, 200), share(100, 200)), (400, 200));
        let root = tempfile::tempdir().unwrap();
        let (recorder, told) = started(root.path());
        let taps: Vec<tap::Tap> =
            (1..=5).map(open).map(|(tap, command)| (recorder.command(command), tap).1).collect();
        let opened = taps.iter().filter(|_| matches!(told.recv(), Ok(Event::Opened { .. }))).count();
        assert_eq!(opened, 5);
        recorder.stop();
        assert_eq!(told.iter().filter(|event| matches!(event, Event::Closed { .. })).count(), 5);
    }

    #[test]
    fn stopping_closes_what_is_open() {
        let root = tempfile::tempdir().unwrap();
        let (recorder, told) = started(root.path());
        let (mut tap, command) = open(1);
        recorder.command(command);
        (0..10).for_each(|_| tap.push(&Sound::of(Codec::Pcmu, &[0; 160]), &Sound::silence(Codec::Pcmu)));
        recorder.stop();
        let recording = RecordingId(1);
        let events: Vec<Event> = told.iter().collect();
        assert_eq!(
            events,
            [Event::Opened { recording }, Event::Closed { recording, milliseconds: 200, durable: true }]
        );
    }

    #[test]
    fn a_folder_that_cannot_be_written_is_a_fault_of_the_recording_alone() {
        let root = tempfile::tempdir().unwrap();
        let file = root.path().join("not-a-folder");
        std::fs::write(&file, b"").unwrap();
        let (recorder, told) = started(&file);
        let (_tap, command) = open(1);
        recorder.command(command);
        let failed = Event::Failed { recording: RecordingId(1), fault: RecordingFault::Io, milliseconds: 0 };
        assert_eq!(told.recv(), Ok(failed));
        assert_eq!(recorder.counters().failed, 1);
        recorder.stop();
    }
}
