//! The files of traces: full SIP messages of a number that the operator searches for, on a thread of its own.
//!
//! ```text
//!  Told::Copy ──try_send──▶ at most TRACE_WAITING_MAX wait ──▶ thread ──▶ traces/t1.txt (owner alone)
//!             full: counted   (the loop never waits for the disk)   over TRACE_FILE_MAX_OCTETS: counted
//! ```
//! A trace always has an end. What is *not* its job: which messages belong to it (`switch/trace.rs`).

use crate::clock::{Instant, WallTime};
use crate::id::{CallId, TraceId};
use crate::limits::{TRACE_FILE_MAX_OCTETS, TRACE_WAITING_MAX, TRACES_MAX};
use crate::report::ladder::Heading;
use crate::switch::trace::{Copied, Told};
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;
use thiserror::Error;

/// Why a number is not traced.
#[derive(Debug, Error)]
pub enum TraceError {
    /// As many as may be are running.
    #[error("{TRACES_MAX} numbers are being traced already: stop one with `careline trace --stop`")]
    TooMany,
    /// The thread cannot be started.
    #[error("the system has no thread for it: {0}")]
    Thread(#[from] io::Error),
}

/// A trace that runs, as `careline trace` tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Running {
    /// Its name.
    pub trace: TraceId,
    /// When it ends.
    pub until: Instant,
    /// Where it is written.
    pub path: PathBuf,
    /// Messages so far.
    pub messages: u64,
    /// Of them, those that the file does not hold: the disk was slow, or the file is full.
    pub lost: u64,
}

/// The traces that run, and the thread that writes them.
#[derive(Default)]
pub struct Tracer {
    running: BTreeMap<TraceId, Kept>,
    last: u64,
    writer: Option<Writer>,
}

struct Kept {
    told: Running,
    octets: u64,
}

struct Writer {
    orders: SyncSender<Order>,
    thread: JoinHandle<()>,
}

enum Order {
    Open(TraceId, File),
    Write(TraceId, Vec<u8>),
    Close(TraceId),
}

impl Tracer {
    /// A trace that will be written to `file`; the switch is told of it next.
    ///
    /// # Errors
    /// [`TraceError`] when one more is one too many.
    pub fn begin(&mut self, file: File, path: PathBuf, until: Instant) -> Result<TraceId, TraceError> {
        if self.running.len() >= TRACES_MAX {
            return Err(TraceError::TooMany);
        }
        if self.writer.is_none() {
            self.writer = Some(Writer::start()?);
        }
        self.last += 1;
        let trace = TraceId(self.last);
        self.order(Order::Open(trace, file));
        let told = Running { trace, until, path, messages: 0, lost: 0 };
        self.running.insert(trace, Kept { told, octets: 0 });
        Ok(trace)
    }

    /// What the switch tells.
    pub fn take(&mut self, told: Told, wall: WallTime) {
        match told {
            Told::Copy { trace, call, copy } => self.write(trace, call, &copy, wall),
            Told::Ended { trace } => {
                if let Some(kept) = self.running.remove(&trace) {
                    tracing::info!(%trace, messages = kept.told.messages, lost = kept.told.lost, "a trace is over");
                    self.order(Order::Close(trace));
                }
            }
        }
    }

    fn write(&mut self, trace: TraceId, call: CallId, copy: &Copied, wall: WallTime) {
        let text = shown(call, copy, wall);
        let Some(kept) = self.running.get_mut(&trace) else { return };
        kept.told.messages += 1;
        kept.octets += text.len() as u64;
        let fits = kept.octets <= TRACE_FILE_MAX_OCTETS;
        if (!fits || !self.order(Order::Write(trace, text)))
            && let Some(kept) = self.running.get_mut(&trace)
        {
            kept.told.lost += 1;
        }
    }

    /// Whether the thread takes it.
    fn order(&self, order: Order) -> bool {
        self.writer.as_ref().is_some_and(|writer| writer.orders.try_send(order).is_ok())
    }

    /// The traces that run.
    pub fn running(&self) -> Vec<Running> {
        self.running.values().map(|kept| kept.told.clone()).collect()
    }

    /// Ends the thread once everything is written.
    pub fn stop(self) {
        let Some(writer) = self.writer else { return };
        drop(writer.orders);
        if writer.thread.join().is_err() {
            tracing::error!("the thread that writes traces has panicked");
        }
    }
}

impl Writer {
    fn start() -> io::Result<Self> {
        let (orders, received) = sync_channel(TRACE_WAITING_MAX);
        let thread =
            std::thread::Builder::new().name("careline-trace".to_owned()).spawn(move || serve(&received))?;
        Ok(Self { orders, thread })
    }
}

/// Writes until nobody orders any more. A file that fails is given up; the calls go on.
fn serve(orders: &Receiver<Order>) {
    let mut files: BTreeMap<TraceId, File> = BTreeMap::new();
    while let Ok(order) = orders.recv() {
        match order {
            Order::Open(trace, file) => drop(files.insert(trace, file)),
            Order::Close(trace) => drop(files.remove(&trace)),
            Order::Write(trace, text) => {
                let written = files.get_mut(&trace).map(|file| file.write_all(&text));
                if let Some(Err(error)) = written {
                    tracing::error!(%trace, %error, "a trace cannot be written any more: is the disk full?");
                    files.remove(&trace);
                }
            }
        }
    }
}

/// A message with a line over it: when, which call, which way, between whom.
fn shown(call: CallId, copy: &Copied, wall: WallTime) -> Vec<u8> {
    let at = Timestamp::from_microsecond(wall.as_micros()).unwrap_or(Timestamp::UNIX_EPOCH);
    let (arrow, way) = match copy.heading {
        Heading::In => ("<-", copy.way),
        Heading::Out => ("->", copy.way),
    };
    let head =
        format!("---- {at:.6} {call} {} {} {arrow} {}\r\n", way.transport.in_via(), way.local, way.remote);
    let mut text = head.into_bytes();
    text.extend_from_slice(copy.octets.expose());
    text.extend_from_slice(b"\r\n");
    text
}

/// Makes the file of a trace, for its owner's eyes alone, with its folder. It never takes a file that is there.
///
/// # Errors
/// What the system says.
pub fn create(path: &Path) -> io::Result<File> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::phi::Phi;
    use crate::sip::way::Way;
    use std::os::unix::fs::PermissionsExt;

    fn copy(heading: Heading, octets: &[u8]) -> Copied {
        let way = Way::udp("10.0.0.1:5060".parse().unwrap(), "10.0.0.9:5062".parse().unwrap());
        Copied { heading, way, octets: Phi::new(octets.to_vec()) }
    }

    #[test]
    fn a_trace_is_a_file_for_its_owner_with_every_message_under_its_time() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("traces/one.txt");
        let file = create(&path).unwrap();
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(create(&path).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        let mut tracer = Tracer::default();
        let trace = tracer.begin(file, path.clone(), Instant::from_millis(9)).unwrap();
        let wall = WallTime::from_micros(1_795_465_800_000_123);
        let call = CallId(0x1f3);
        for (heading, octets) in
            [(Heading::In, &b"BYE sip:a SIP/2.0\r\n\r\n"[..]), (Heading::Out, b"SIP/2.0 200 OK\r\n\r\n")]
        {
            tracer.take(Told::Copy { trace, call, copy: copy(heading, octets) }, wall);
        }
        assert_eq!(tracer.running()[0].messages, 2);
        tracer.take(Told::Ended { trace }, wall);
        assert_eq!(tracer.running(), []);
        tracer.stop();
        assert_eq!(
            std::fs::read_to_string(&path).unwrap(),
            "---- 2026-11-23T20:30:00.000123Z c1f3 UDP 10.0.0.1:5060 <- 10.0.0.9:5062\r\nBYE sip:a SIP/2.0\r\n\r\n\r\n\
             ---- 2026-11-23T20:30:00.000123Z c1f3 UDP 10.0.0.1:5060 -> 10.0.0.9:5062\r\nSIP/2.0 200 OK\r\n\r\n\r\n"
        );
    }

    #[test]
    fn one_trace_too_many_is_refused_and_a_full_file_counts_what_it_does_not_hold() {
        let home = tempfile::tempdir().unwrap();
        let mut tracer = Tracer::default();
        let begin = |tracer: &mut Tracer, n: usize| {
            let path = home.path().join(n.to_string());
            let file = create(&path).unwrap();
            tracer.begin(file, path, Instant::START)
        };
        let all: Vec<TraceId> = (0..TRACES_MAX).map(|n| begin(&mut tracer, n).unwrap()).collect();
        assert!(matches!(begin(&mut tracer, TRACES_MAX), Err(TraceError::TooMany)));
        tracer.running.get_mut(&all[0]).unwrap().octets = TRACE_FILE_MAX_OCTETS;
        tracer.take(
            Told::Copy { trace: all[0], call: CallId(1), copy: copy(Heading::In, b"x") },
            WallTime::default(),
        );
        let told = &tracer.running()[0];
        assert_eq!((told.messages, told.lost), (1, 1));
        tracer.stop();
    }
}
