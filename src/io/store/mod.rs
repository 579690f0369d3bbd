//! The store: the event log on disk, in SQLite. The only folder that names `sqlx`.
//!
//! ```text
//!  switch ──append──▶ spill ──batch──▶ one commit (WAL, synchronous=FULL) ──▶ Durable { up_to }
//!          never waits    └◀─ again, a second later ─┘ fails: Stuck, calls go on
//! ```
//!
//! One thread writes. Reports read on connections of their own: see [`read`].

pub mod bindings;
pub mod commit;
pub mod decode;
pub mod encode;
pub mod interruption;
mod ledger;
pub mod messages;
pub mod read;
pub mod restart;
pub mod schema;
pub mod spill;
pub mod texts;
pub mod words;

use crate::clock::WallTime;
use crate::limits::{EVENT_BATCH_FILLED_UP_MAX, EVENT_BATCH_MAX, EVENT_GATHER};
use crate::report::event::Entry;
use ledger::Ledger;
use restart::Recovered;
use spill::{Appended, Spill};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection, SqliteConnection};
use std::fs::{File, OpenOptions};
use std::future::Future;
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;
use texts::{Texts, unpadded_length};
use thiserror::Error;

/// Why the store cannot be opened, written or read.
#[derive(Debug, Error)]
pub enum StoreError {
    /// There is nothing to read.
    #[error("no records at {}: has the engine run with this data folder? see `store` in careline.yaml", path.display())]
    Missing {
        /// Where.
        path: PathBuf,
    },
    /// The file cannot be opened.
    #[error("cannot open the records at {}: {source}; check that this user may write there and that it is a database of careline", path.display())]
    Open {
        /// Where.
        path: PathBuf,
        /// What the database says.
        source: sqlx::Error,
    },
    /// Another engine writes it.
    #[error("the records at {} belong to an engine that is running: stop it first, or give this one another data folder", path.display())]
    InUse {
        /// Where.
        path: PathBuf,
    },
    /// The file or its folder cannot be made.
    #[error("cannot make {}: {source}; check that this user may write there", path.display())]
    Create {
        /// Where.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The folder of recordings cannot be read.
    #[error("cannot read the recordings at {}: {source}; check that this user may read and write there", path.display())]
    Recordings {
        /// Where.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A newer program has written it.
    #[error("the records are of version {found} and this program knows {ours}: use the newer careline")]
    Newer {
        /// The version found.
        found: usize,
        /// The version of this program.
        ours: usize,
    },
    /// A row that is no event.
    #[error("entry {seq} of the event log cannot be read: {source}")]
    Decode {
        /// Its number.
        seq: u64,
        /// Why.
        source: decode::DecodeError,
    },
    /// A row whose body is no JSON.
    #[error("entry {seq} of the event log is damaged: was the database changed by hand?")]
    Body {
        /// Its number.
        seq: u64,
    },
    /// An event that cannot be written as JSON.
    #[error("an event cannot be written as JSON: {0}")]
    Encode(#[from] serde_json::Error),
    /// The database says no.
    #[error("the database of records says: {0}")]
    Database(#[from] sqlx::Error),
    /// The system has no thread or no runtime left.
    #[error("cannot start the thread of the store: {0}")]
    Thread(#[from] io::Error),
}

/// What the store tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// Every entry up to this number is on disk, but for those that [`Store::append`] had dropped: nobody
    /// waits for these, see `spill`.
    Durable {
        /// The last one that is.
        up_to: u64,
    },
    /// A commit failed; it is tried again each second. Told once, until [`Event::Recovered`].
    Stuck {
        /// What the database says, without any value of a row.
        why: String,
    },
    /// Commits go through again.
    Recovered,
}

/// Takes the events of the store; called on its thread, must not wait.
pub type Listener = Arc<dyn Fn(Event) + Send + Sync>;

/// The store, running.
pub struct Store {
    shared: Arc<Shared>,
    thread: JoinHandle<()>,
    /// Held as long as the store runs: two engines on one store would close each other's calls.
    _lock: File,
}

/// What waits, and how it goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Entries committed since the start.
    pub committed: u64,
    /// Commits since the start.
    pub commits: u64,
    /// Commits that failed.
    pub failures: u64,
    /// Entries that wait.
    pub waiting: u64,
    /// Entries dropped because too many waited.
    pub dropped: u64,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    wake: Condvar,
}

#[derive(Default)]
struct State {
    spill: Spill,
    counters: Counters,
    closing: bool,
}

/// Where batches go: the database, or a test's.
trait Sink: Send {
    fn commit(&mut self, batch: &[Entry]) -> Result<(), StoreError>;
}

struct Database {
    runtime: tokio::runtime::Runtime,
    connection: SqliteConnection,
    ledger: Ledger,
    texts: Texts,
}

/// How long a failed commit waits for its next try.
const RETRY_AFTER: Duration = Duration::from_secs(1);
/// Tries after [`Store::close`] before what waits is given up.
const LAST_TRIES: u32 = 5;
/// Pages of the write-ahead log that are folded into the database together: 32 MB. The same few pages of the
/// tables are written by every commit, so a longer log is folded with less work a line.
const WAL_PAGES: &str = "8000";
/// How long the database waits for another process that has locked it.
const BUSY: Duration = Duration::from_secs(5);

impl Store {
    /// Opens or makes the store, settles what the last run left open (the recordings in `recordings`
    /// too), and starts the thread that writes.
    ///
    /// # Errors
    /// [`StoreError`] with the place, the cause and the repair.
    pub fn open(
        path: &Path,
        recordings: &Path,
        now: WallTime,
        listener: Listener,
    ) -> Result<(Self, Recovered), StoreError> {
        let lock = lock(path)?;
        let runtime = tokio::runtime::Builder::new_current_thread().build()?;
        let (connection, recovered) = runtime.block_on(async {
            let mut connection = connect(path).await?;
            schema::migrate(&mut connection).await?;
            let recovered = restart::settle(&mut connection, recordings, now).await?;
            Ok::<_, StoreError>((connection, recovered))
        })?;
        let sink = Database { runtime, connection, ledger: Ledger::default(), texts: Texts::default() };
        let store = Self::start(sink, lock, listener)?;
        Ok((store, recovered))
    }

    /// Adds to the log. Never waits.
    pub fn append(&self, entry: Entry) -> Appended {
        let mut state = self.shared.lock();
        let appended = state.spill.push(entry);
        let first = state.spill.waiting() == 1;
        drop(state);
        if first {
            self.shared.wake.notify_one();
        }
        appended
    }

    /// How it goes.
    pub fn counters(&self) -> Counters {
        let state = self.shared.lock();
        Counters { waiting: state.spill.waiting() as u64, dropped: state.spill.dropped(), ..state.counters }
    }

    /// Writes what waits, and ends.
    pub fn close(self) {
        self.shared.lock().closing = true;
        self.shared.wake.notify_one();
        if self.thread.join().is_err() {
            tracing::error!("the thread of the store had failed");
        }
    }

    fn start(sink: impl Sink + 'static, lock: File, listener: Listener) -> Result<Self, StoreError> {
        let shared = Arc::new(Shared::default());
        let mut writer = Writer { sink, shared: Arc::clone(&shared), listener };
        let thread = std::thread::Builder::new().name("store".to_owned()).spawn(move || writer.run())?;
        Ok(Self { shared, thread, _lock: lock })
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Writer<S> {
    sink: S,
    shared: Arc<Shared>,
    listener: Listener,
}

impl<S: Sink> Writer<S> {
    fn run(&mut self) {
        while let Some(batch) = self.next() {
            if !self.keep_trying(&batch) {
                return;
            }
        }
    }

    /// The next batch, once something waits; `None` when the store closes and nothing is left.
    fn next(&self) -> Option<Vec<Entry>> {
        let mut state = self.shared.lock();
        while state.spill.waiting() == 0 {
            if state.closing {
                return None;
            }
            state = self.shared.wake.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        // Who comes within the next moment shares the commit: a sync of the disk costs as much as a hundred rows.
        let gathering = |state: &mut State| !state.closing;
        let gathered = self.shared.wake.wait_timeout_while(state, EVENT_GATHER, gathering);
        let mut state = gathered.unwrap_or_else(PoisonError::into_inner).0;
        let most = rows_of_commit(state.spill.waiting());
        Some(state.spill.take(most))
    }

    /// Commits the batch, however long it takes. False: the store closes and the disk stays stuck.
    fn keep_trying(&mut self, batch: &[Entry]) -> bool {
        let mut failures = 0;
        let mut last_tries = 0;
        loop {
            let Err(error) = self.sink.commit(batch) else { break };
            failures += 1;
            if failures == 1 {
                tracing::error!(%error, "the store is stuck; calls go on, events wait in memory");
                (self.listener)(Event::Stuck { why: error.to_string() });
            }
            let mut state = self.shared.lock();
            state.counters.failures += 1;
            if state.closing {
                last_tries += 1;
                if last_tries > LAST_TRIES {
                    tracing::error!(
                        lost = batch.len() + state.spill.waiting(),
                        "the store closes with events unwritten"
                    );
                    return false;
                }
            }
            drop(self.wait_a_moment(state));
        }
        if failures > 0 {
            tracing::info!("the store takes events again");
            (self.listener)(Event::Recovered);
        }
        let mut state = self.shared.lock();
        state.counters.commits += 1;
        state.counters.committed += batch.len() as u64;
        drop(state);
        if let Some(last) = batch.last() {
            (self.listener)(Event::Durable { up_to: last.seq });
        }
        true
    }

    /// Waits for the retry, whatever is appended meanwhile.
    fn wait_a_moment<'a>(&self, state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        let closing = state.closing;
        let woken = |state: &mut State| state.closing == closing;
        match self.shared.wake.wait_timeout_while(state, RETRY_AFTER, woken) {
            Ok((state, _)) => state,
            Err(poisoned) => poisoned.into_inner().0,
        }
    }
}

/// How many of those that wait one commit takes: of many, only as many as fit a statement without filling it up.
fn rows_of_commit(waiting: usize) -> usize {
    match waiting {
        0..=EVENT_BATCH_FILLED_UP_MAX => waiting,
        _ => unpadded_length(waiting.min(EVENT_BATCH_MAX)),
    }
}

impl Sink for Database {
    fn commit(&mut self, batch: &[Entry]) -> Result<(), StoreError> {
        let Self { runtime, connection, ledger, texts } = self;
        runtime.block_on(commit::commit(connection, ledger, texts, batch))
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        // Folds the write-ahead log into the database; what is committed is safe with or without it.
        if let Err(error) = self
            .runtime
            .block_on(sqlx::raw_sql("PRAGMA wal_checkpoint(TRUNCATE)").execute(&mut self.connection))
        {
            tracing::debug!(%error, "the write-ahead log stays");
        }
    }
}

async fn connect(path: &Path) -> Result<SqliteConnection, StoreError> {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .pragma("wal_autocheckpoint", WAL_PAGES)
        .busy_timeout(BUSY);
    let opened = async {
        let mut connection = options.connect().await?;
        connection.ping().await?;
        Ok(connection)
    };
    opened.await.map_err(|source| StoreError::Open { path: path.to_path_buf(), source })
}

/// Makes folder and file, readable by their owner alone, and takes the lock beside it.
fn lock(path: &Path) -> Result<File, StoreError> {
    let create = |path: &Path| {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        OpenOptions::new().create(true).append(true).mode(0o600).open(path)
    };
    let made =
        |path: &Path| create(path).map_err(|source| StoreError::Create { path: path.to_path_buf(), source });
    made(path)?;
    let lock = made(&path.with_extension("lock"))?;
    lock.try_lock().map_err(|_| StoreError::InUse { path: path.to_path_buf() })?;
    Ok(lock)
}

/// Runs a future to its end on this thread.
fn blocking<T>(future: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(future)
}

/// The 64 bits of an id or count as SQL has them.
fn stored(bits: u64) -> i64 {
    bits.cast_signed()
}

/// The other way.
fn loaded(bits: i64) -> u64 {
    bits.cast_unsigned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::recording::{RecordingFault, RecordingKind};
    use crate::flow::action::Fact;
    use crate::id::{CallId, ExitName, FlowName, LegId, RecordingId, StepName};
    use crate::io::recorder::disk::relative_path;
    use crate::io::recorder::wav::header;
    use crate::phi::Phi;
    use crate::report::cdr::{Record, RecordingState};
    use crate::report::event as log;
    use crate::report::event::{Cause, Party};
    use crate::wire::codec::Codec;
    use std::collections::BTreeMap;
    use std::sync::mpsc::{self, Receiver};

    const DAY: i64 = 86_400_000_000;

    struct Bench {
        folder: tempfile::TempDir,
        seq: u64,
    }

    impl Bench {
        fn new() -> Self {
            Self { folder: tempfile::tempdir().unwrap(), seq: 0 }
        }

        fn path(&self) -> PathBuf {
            self.folder.path().join("data/records.sqlite")
        }

        fn recordings(&self) -> PathBuf {
            self.folder.path().join("data/recordings")
        }

        fn open(&self, at: i64) -> (Store, Recovered, Receiver<Event>) {
            let (listener, told) = listener();
            let now = WallTime::from_micros(at);
            let (store, recovered) = Store::open(&self.path(), &self.recordings(), now, listener).unwrap();
            (store, recovered, told)
        }

        fn entry(&mut self, call: u64, ms: i64, event: log::Event) -> Entry {
            self.seq += 1;
            let at = WallTime::from_micros(20_780 * DAY + ms * 1_000);
            Entry { seq: self.seq, at, since_start_us: ms as u64 * 1_000, call: CallId(call), event }
        }
    }

    fn listener() -> (Listener, Receiver<Event>) {
        let (tell, told) = mpsc::channel();
        // The test may have stopped listening.
        (Arc::new(move |event| drop(tell.send(event))), told)
    }

    fn arrived() -> log::Event {
        log::Event::Arrived {
            leg: LegId(1),
            trunk: None,
            called: Phi::new("+16175550100".to_owned()),
            caller: Some(Phi::new("+16175550142".to_owned())),
            sip_call_id: Phi::new("a@b".to_owned()),
            flow: FlowName::from("entry"),
            version: "0abc".to_owned(),
        }
    }

    fn step(name: &str) -> log::Event {
        log::Event::Flow(Fact::StepEntered { flow: FlowName::from("entry"), step: StepName::from(name) })
    }

    fn ended() -> log::Event {
        log::Event::Ended { cause: Cause::Normal, by: Party::Flow, exit: Some(ExitName::from("done")) }
    }

    fn wait_for(told: &Receiver<Event>, seq: u64) {
        while !matches!(told.recv(), Ok(Event::Durable { up_to }) if up_to >= seq) {}
    }

    #[test]
    fn a_call_is_listed_and_told_as_it_was_appended() {
        let mut bench = Bench::new();
        let (store, recovered, told) = bench.open(0);
        assert_eq!((recovered.next_seq, recovered.next_id), (1, 1));
        let entries = [
            bench.entry(7, 0, arrived()),
            bench.entry(7, 30, log::Event::Answered { codec: Codec::Pcmu }),
            bench.entry(7, 60, step("hello")),
            bench.entry(7, 4_030, ended()),
            bench.entry(8, 5_000, arrived()),
        ];
        entries.iter().for_each(|entry| assert_eq!(store.append(entry.clone()), Appended::Kept));
        wait_for(&told, 5);

        assert_eq!(read::call(&bench.path(), CallId(7)).unwrap(), entries[..4], "read while the engine runs");
        let lines = read::calls(&bench.path(), 10).unwrap();
        assert_eq!(lines.iter().map(|line| line.call.0).collect::<Vec<_>>(), [8, 7], "the newest first");
        assert_eq!(lines[0].end, None, "the second goes on");
        let end = lines[1].end.as_ref().unwrap();
        assert_eq!((end.ring.as_millis(), end.talk.as_millis()), (30, 4_000));
        assert_eq!(read::calls(&bench.path(), 1).unwrap().len(), 1);
        assert_eq!(store.counters().committed, 5);
        store.close();
    }

    #[test]
    fn what_was_left_open_is_closed_by_the_next_start() {
        let mut bench = Bench::new();
        let (store, _, told) = bench.open(0);
        let (kept, missing, whole) = (RecordingId(20), RecordingId(21), RecordingId(22));
        let named = |recording| log::Event::RecordingNamed { recording, kind: RecordingKind::Call };
        let events = [
            (7, 0, arrived()),
            (7, 10, named(kept)),
            (7, 20, log::Event::RecordingSpanBegan { recording: kept }),
            (7, 30, named(missing)),
            (9, 40, arrived()),
            (9, 41, named(whole)),
            (9, 50, log::Event::RecordingClosed { recording: whole, milliseconds: 20 }),
            (9, 60, ended()),
        ];
        for (call, ms, event) in events {
            let entry = bench.entry(call, ms, event);
            store.append(entry);
        }
        wait_for(&told, 8);
        store.close();
        // The file of one recording, cut in the middle: its header claims less than is there.
        let file = bench.recordings().join(relative_path(kept, WallTime::from_micros(20_780 * DAY), 1));
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        let mut octets = header(640).to_vec();
        octets.resize(44 + 50 * 640 + 3, 0);
        std::fs::write(&file, octets).unwrap();

        let (store, recovered, _) = bench.open(20_781 * DAY);
        assert_eq!(recovered.calls, [CallId(7)]);
        assert_eq!(recovered.recordings, BTreeMap::from([(kept, 1_000)]));
        assert_eq!((recovered.lost, recovered.foreign), (vec![missing], 0));
        assert_eq!((recovered.next_seq, recovered.next_id), (12, 23));
        let record = Record::of(&read::call(&bench.path(), CallId(7)).unwrap()).unwrap();
        assert_eq!(
            record.end.as_ref().map(|end| (end.cause, end.by)),
            Some((Cause::EngineRestart, Party::Engine))
        );
        assert_eq!(record.total(), Duration::from_millis(1_020), "it lasted as long as it was heard");
        let states: Vec<_> = record.recordings.iter().map(|it| it.state).collect();
        let failed = RecordingState::Failed { fault: RecordingFault::Io, milliseconds: 0 };
        assert_eq!(states, [RecordingState::Recovered { milliseconds: 1_000 }, failed]);
        store.close();

        let (store, again, _) = bench.open(20_782 * DAY);
        assert_eq!((again.calls.len(), again.recordings.len(), again.next_seq), (0, 0, 12), "once is enough");
        assert_eq!(again.foreign, 0, "a recovered file is known");
        store.close();
    }

    #[test]
    fn two_engines_cannot_share_a_store() {
        let bench = Bench::new();
        let (store, _, _) = bench.open(0);
        let (listener, _told) = listener();
        let Err(error) = Store::open(&bench.path(), &bench.recordings(), WallTime::default(), listener)
        else {
            panic!("the second engine got in")
        };
        assert!(error.to_string().contains("belong to an engine that is running"), "{error}");
        store.close();
    }

    #[test]
    fn a_file_that_is_no_database_and_a_store_that_is_not_there_are_told_with_their_repair() {
        let bench = Bench::new();
        std::fs::create_dir_all(bench.path().parent().unwrap()).unwrap();
        std::fs::write(
            bench.path(),
            "this is a letter, not a database, and long enough to be one".repeat(40),
        )
        .unwrap();
        let (listener, _told) = listener();
        let Err(error) = Store::open(&bench.path(), &bench.recordings(), WallTime::default(), listener)
        else {
            panic!("a letter was taken for a database")
        };
        assert!(error.to_string().contains("check that this user may write there"), "{error}");
        let missing = read::calls(&bench.folder.path().join("none"), 1).unwrap_err();
        assert!(missing.to_string().contains("has the engine run with this data folder"), "{missing}");
    }

    #[test]
    fn the_store_is_for_its_owners_eyes_only() {
        use std::os::unix::fs::PermissionsExt;
        let bench = Bench::new();
        let (store, _, _) = bench.open(0);
        assert_eq!(std::fs::metadata(bench.path()).unwrap().permissions().mode() & 0o777, 0o600);
        store.close();
    }

    #[test]
    fn a_batch_that_is_committed_twice_changes_nothing() {
        let mut bench = Bench::new();
        let (store, _, told) = bench.open(0);
        let entries = [bench.entry(7, 0, arrived()), bench.entry(7, 9, ended())];
        for _ in 0..2 {
            entries.iter().for_each(|entry| {
                store.append(entry.clone());
            });
            wait_for(&told, 2);
        }
        store.close();
        assert_eq!(read::call(&bench.path(), CallId(7)).unwrap(), entries);
    }

    #[test]
    fn entries_that_come_when_a_call_is_over_or_without_its_beginning_are_found_too() {
        let mut bench = Bench::new();
        let (store, _, told) = bench.open(0);
        let batches = [
            vec![bench.entry(7, 0, arrived()), bench.entry(8, 1, arrived())],
            vec![bench.entry(7, 9, ended()), bench.entry(7, 10, step("behind the end, in its batch"))],
            vec![bench.entry(7, 11, step("later")), bench.entry(8, 12, step("goes on"))],
            vec![bench.entry(9, 13, step("of a call whose arrival was dropped"))],
        ];
        for batch in &batches {
            batch.iter().for_each(|entry| assert_eq!(store.append(entry.clone()), Appended::Kept));
            wait_for(&told, batch[batch.len() - 1].seq);
        }
        store.close();
        for call in [7, 8, 9] {
            let its: Vec<Entry> =
                batches.iter().flatten().filter(|entry| entry.call.0 == call).cloned().collect();
            assert_eq!(read::call(&bench.path(), CallId(call)).unwrap(), its, "call {call}");
        }
    }

    /// Fails so many times, then takes everything.
    struct Stubborn {
        failures: u32,
        taken: mpsc::Sender<u64>,
    }

    impl Sink for Stubborn {
        fn commit(&mut self, batch: &[Entry]) -> Result<(), StoreError> {
            if self.failures > 0 {
                self.failures -= 1;
                return Err(StoreError::Thread(io::Error::from_raw_os_error(libc::ENOSPC)));
            }
            batch.iter().for_each(|entry| self.taken.send(entry.seq).unwrap());
            Ok(())
        }
    }

    fn stubborn(failures: u32) -> (Store, Receiver<Event>, Receiver<u64>) {
        let (taken, order) = mpsc::channel();
        let (listener, told) = listener();
        let store =
            Store::start(Stubborn { failures, taken }, tempfile::tempfile().unwrap(), listener).unwrap();
        (store, told, order)
    }

    #[test]
    fn a_stuck_store_is_told_once_and_loses_nothing() {
        let mut bench = Bench::new();
        let (store, told, order) = stubborn(2);
        for ms in 0..3 {
            store.append(bench.entry(1, ms, step("menu")));
        }
        assert!(matches!(told.recv(), Ok(Event::Stuck { .. })));
        store.close();
        assert_eq!(order.iter().collect::<Vec<_>>(), [1, 2, 3], "in order, each once");
        let events: Vec<Event> = told.iter().collect();
        assert_eq!(events[0], Event::Recovered, "{events:?}");
        assert_eq!(events.last(), Some(&Event::Durable { up_to: 3 }), "{events:?}");
    }
}
