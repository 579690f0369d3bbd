//! The control socket: a Unix socket beside the data, over which `careline status`, `careline trace` and
//! `careline publish` ask the running engine.
//!
//! ```text
//!  status                               ─▶ name, value, meaning: a line for each figure
//!  trace start SECONDS NUMBER PATH      ─▶ ok t1         │ no REASON
//!  trace list                           ─▶ ok, then id, seconds left, messages, lost, path: a line for each
//!  trace stop t1                        ─▶ ok            │ no REASON
//!  flows POINTER                        ─▶ ok, then set, calls: a line for each set that calls run on │ no REASON
//!                                          │ unkept REASON: served, and the next start would not know it
//!  guest come CALL MODE TARGET          ─▶ ok joined MODE │ ok changed MODE │ no REASON     once his phone is answered
//!  guest interpret CALL LANGUAGE        ─▶ ok joined MODE │ no REASON                         once a vendor is in
//!  guest leave CALL NAME                ─▶ ok left        │ no REASON
//!  message done CALL RECORDING AT SINCE ─▶ ok            │ no REASON        once it is on disk
//!  closings                             ─▶ ok: the file of the closings was read anew │ no REASON
//! ```
//! One request line, one answer, closed. Only who may open the file may ask: it is made for its owner alone.

use crate::flow::closing::Closings;
use crate::flow::edition::Edition;
use crate::id::TraceId;
use crate::io::figures;
use crate::io::guests;
use crate::io::kernel_drops::MediaSockets;
use crate::io::marks;
use crate::io::published::Shelf;
use crate::io::published::pointer::Pointer;
use crate::io::set_load::{self, NewSets};
use crate::io::sets::TooMany;
use crate::io::trace;
use crate::limits::{INTERPRETER_WAIT_MAX, MESSAGE_DONE_WAITS_MAX, SET_LOAD_MAX};
use crate::phi::Phi;
use crate::switch::interface::{GuestOrder, NotMarked, SavedMessage};
use crate::switch::status::Figure;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use thiserror::Error;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{mpsc, oneshot};

/// How long a client may take to ask.
const ASK_MAX: Duration = Duration::from_secs(5);
/// How long it may take until a guest is in: his phone or several vendors' ring, keys are pressed, and he hears that the
/// call is recorded.
const GUEST_MAX: Duration = INTERPRETER_WAIT_MAX.saturating_add(Duration::from_secs(60));
/// Requests that may wait for the engine.
const REQUESTS_MAX: usize = 16;
/// The longest request line, in octets: a path and a number.
const LINE_MAX: u64 = 8_192;
/// The request that `careline status` sends.
const STATUS: &str = "status";
/// The request that `careline close` and `careline open` send.
const CLOSINGS: &str = "closings";

/// What is asked of the engine; it sends the answer back.
#[derive(Debug)]
pub enum Request {
    /// Every figure.
    Status(oneshot::Sender<Vec<Figure>>),
    /// A trace begins, ends, or all are told.
    Trace(TraceRequest, oneshot::Sender<String>),
    /// New calls get these sets, loaded already. The answer: how many calls run on each set.
    Serve(Box<NewSets>, oneshot::Sender<Result<BTreeMap<Edition, u64>, TooMany>>),
    /// Somebody is to be in a talk, or out of it.
    Guest(GuestOrder, oneshot::Sender<String>),
    /// This message waits no more.
    MessageDone(SavedMessage, oneshot::Sender<String>),
    /// These numbers are closed for new calls, and no others.
    Close(Closings, oneshot::Sender<()>),
}

/// What is asked about traces.
#[derive(Debug)]
pub enum TraceRequest {
    /// Trace a number.
    Start {
        /// The number.
        number: Phi<String>,
        /// For so long.
        lasts: Duration,
        /// Where to, opened already.
        file: File,
        /// Its path.
        path: PathBuf,
    },
    /// Tell those that run.
    List,
    /// End one.
    Stop {
        /// Which.
        trace: TraceId,
    },
}

/// Why the engine did not do what it was asked for.
#[derive(Debug, Error)]
pub enum AskError {
    /// No engine listens there.
    #[error("no engine answers at {}: {cause}\n  start one with `careline serve`, or name its configuration with `--config FILE`", path.display())]
    NoEngine {
        /// The control socket.
        path: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
    /// It said no.
    #[error("{0}")]
    Refused(String),
    /// It did what it was asked for, and cannot keep it.
    #[error(
        "new calls hear it, but the next start would serve what was served before: {0}\n  make room or mend that, then do it again"
    )]
    Unkept(String),
    /// It ended, or took too long, before it said anything.
    #[error("the engine gave no answer: {0}\n  `careline status` tells which set it serves now")]
    NoAnswer(io::Error),
}

/// The socket while the engine is still being opened: who asks waits.
#[derive(Debug)]
pub struct Listening {
    listener: UnixListener,
}

/// Listens at `path`. The file of an engine that is gone is replaced.
///
/// # Errors
/// When another engine answers there, or the file cannot be made.
pub fn listen(path: &Path) -> io::Result<Listening> {
    if std::os::unix::net::UnixStream::connect(path).is_ok() {
        return Err(io::Error::new(
            io::ErrorKind::AddrInUse,
            "another engine runs with the same control socket",
        ));
    }
    if path.exists() {
        std::fs::remove_file(path)?;
    }
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent)?;
    }
    let listener = UnixListener::bind(path)?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))?;
    Ok(Listening { listener })
}

impl Listening {
    /// Hands requests to the engine from now on; they can be made here too. What the kernel tells of its media sockets
    /// needs no engine, and neither does the loading of sets from the shelf.
    pub fn serve(
        self,
        media: MediaSockets,
        shelf: Shelf,
    ) -> (mpsc::Sender<Request>, mpsc::Receiver<Request>) {
        let (requests, receiver) = mpsc::channel(REQUESTS_MAX);
        let asked = Asked { requests: requests.clone(), media: Arc::new(media), shelf };
        tokio::spawn(async move {
            while let Ok((client, _)) = self.listener.accept().await {
                let asked = asked.clone();
                tokio::spawn(async move {
                    let _ = tokio::time::timeout(SET_LOAD_MAX, serve(client, asked)).await;
                });
            }
        });
        (requests, receiver)
    }
}

/// Whom a client's request concerns.
#[derive(Clone)]
struct Asked {
    requests: mpsc::Sender<Request>,
    media: Arc<MediaSockets>,
    shelf: Shelf,
}

async fn serve(client: UnixStream, asked: Asked) -> io::Result<()> {
    let (reader, mut writer) = client.into_split();
    let mut line = String::new();
    let mut reader = BufReader::new(reader.take(LINE_MAX));
    tokio::time::timeout(ASK_MAX, reader.read_line(&mut line)).await??;
    let line = line.trim_end_matches('\n');
    let answer = match line.split_once(' ') {
        Some(("flows", pointer)) => flows_answer(pointer, asked).await,
        Some(("trace", order)) => tokio::time::timeout(ASK_MAX, trace_answer(order, &asked.requests)).await?,
        Some(("guest", order)) => {
            tokio::time::timeout(GUEST_MAX, guest_answer(order, &asked.requests)).await?
        }
        Some(("message", order)) => message_answer(order, &asked.requests).await,
        _ if line == CLOSINGS => tokio::time::timeout(ASK_MAX, closings_answer(asked)).await?,
        _ if line.trim() == STATUS => {
            tokio::time::timeout(ASK_MAX, status_answer(&asked.requests, asked.media)).await?
        }
        _ => "unknown request\n".to_owned(),
    };
    writer.write_all(answer.as_bytes()).await
}

/// The sets are loaded beside the engine, served, and only then pointed to: a set that cannot be served replaces nothing.
async fn flows_answer(pointer: &str, asked: Asked) -> String {
    let pointer = match Pointer::read(pointer) {
        Ok(pointer) => pointer,
        Err(error) => return format!("no {error}\n"),
    };
    let Asked { requests, shelf, .. } = asked;
    let (from, which) = (shelf.clone(), pointer.clone());
    let loaded = tokio::task::spawn_blocking(move || set_load::pointed(&from, &which)).await;
    let sets = match loaded {
        Ok(Ok(sets)) => sets,
        Ok(Err(error)) => return format!("no {error}\n"),
        Err(error) => return format!("no {error}\n"),
    };
    let (answer, told) = oneshot::channel();
    let sent = requests.send(Request::Serve(Box::new(sets), answer)).await.is_ok();
    let calls = match if sent { told.await.ok() } else { None } {
        Some(Ok(calls)) => calls,
        Some(Err(error)) => return format!("no {error}\n"),
        None => return "no the engine is stopping\n".to_owned(),
    };
    let pointed = tokio::task::spawn_blocking(move || shelf.point(&pointer)).await;
    if let Ok(Err(error)) = pointed {
        return format!("unkept {error}\n");
    }
    calls.iter().fold("ok\n".to_owned(), |all, (edition, calls)| format!("{all}{edition}\t{calls}\n"))
}

/// The file is what holds: it is read again, and new calls meet what it says.
async fn closings_answer(asked: Asked) -> String {
    let Asked { requests, shelf, .. } = asked;
    let closings = match tokio::task::spawn_blocking(move || shelf.closings()).await {
        Ok(Ok(closings)) => closings,
        Ok(Err(error)) => return format!("no {error}\n"),
        Err(error) => return format!("no {error}\n"),
    };
    let (answer, told) = oneshot::channel();
    let sent = requests.send(Request::Close(closings, answer)).await.is_ok();
    let told = if sent { told.await.ok() } else { None };
    told.map_or("no the engine is stopping\n", |()| "ok\n").to_owned()
}

async fn status_answer(requests: &mpsc::Sender<Request>, media: Arc<MediaSockets>) -> String {
    let (answer, figures) = oneshot::channel();
    if requests.send(Request::Status(answer)).await.is_err() {
        return String::new();
    }
    let mut figures = figures.await.unwrap_or_default();
    // This task runs on the engine's thread, and the sockets are many: nobody in a call waits for them.
    let dropped = tokio::task::spawn_blocking(move || media.dropped()).await;
    figures.extend(dropped.ok().and_then(Result::ok).map(figures::rtp_dropped_by_kernel));
    figures.iter().map(|f| format!("{}\t{}\t{}\n", f.name, f.value, f.meaning)).collect()
}

async fn trace_answer(order: &str, requests: &mpsc::Sender<Request>) -> String {
    let request = match read_trace_order(order).await {
        Ok(request) => request,
        Err(why) => return format!("no {why}\n"),
    };
    let made = match &request {
        TraceRequest::Start { path, .. } => Some(path.clone()),
        TraceRequest::List | TraceRequest::Stop { .. } => None,
    };
    let (answer, told) = oneshot::channel();
    let sent = requests.send(Request::Trace(request, answer)).await.is_ok();
    let told = if sent { told.await.ok() } else { None };
    let told = told.unwrap_or_else(|| "no the engine is stopping\n".to_owned());
    if let Some(path) = made.filter(|_| told.starts_with("no ")) {
        // Nothing is written into it any more; left behind it would only be empty.
        let _ = tokio::task::spawn_blocking(move || std::fs::remove_file(path)).await;
    }
    told
}

async fn guest_answer(order: &str, requests: &mpsc::Sender<Request>) -> String {
    let order = match guests::read(order) {
        Ok(order) => order,
        Err(why) => return format!("no {why}\n"),
    };
    let (answer, told) = oneshot::channel();
    let sent = requests.send(Request::Guest(order, answer)).await.is_ok();
    let told = if sent { told.await.ok() } else { None };
    told.unwrap_or_else(|| "no the engine is stopping\n".to_owned())
}

/// A slow disk is told as such: the mark may come later.
async fn message_answer(order: &str, requests: &mpsc::Sender<Request>) -> String {
    let Some(message) = marks::read(order) else { return "no it is not known to this engine\n".to_owned() };
    let (answer, told) = oneshot::channel();
    let sent = requests.send(Request::MessageDone(message, answer)).await.is_ok();
    let told = if sent {
        tokio::time::timeout(MESSAGE_DONE_WAITS_MAX, told).await.map(Result::ok)
    } else {
        Ok(None)
    };
    match told {
        Ok(told) => told.unwrap_or_else(|| "no the engine is stopping\n".to_owned()),
        Err(_) => format!("no {}\n", NotMarked::Late),
    }
}

async fn read_trace_order(order: &str) -> Result<TraceRequest, String> {
    if order == "list" {
        return Ok(TraceRequest::List);
    }
    if let Some(trace) = order.strip_prefix("stop ") {
        let trace = trace.parse().map_err(|error: crate::id::BadId| error.to_string())?;
        return Ok(TraceRequest::Stop { trace });
    }
    let mut words = order.strip_prefix("start ").ok_or("it is not known to this engine")?.splitn(3, ' ');
    let seconds = words.next().and_then(|word| word.parse().ok()).ok_or("its length is no number")?;
    let (number, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let path = PathBuf::from(path);
    let made = path.clone();
    // The disk may be slow, and nobody in a call waits for it.
    let file = tokio::task::spawn_blocking(move || trace::create(&made)).await;
    let file = file.map_err(|error| error.to_string())?;
    let file = file.map_err(|error| format!("the file {} cannot be made: {error}", path.display()))?;
    let number = Phi::new(number.to_owned());
    Ok(TraceRequest::Start { number, lasts: Duration::from_secs(seconds), file, path })
}

/// Asks the engine at `path` for its figures: name, value, meaning.
///
/// # Errors
/// When no engine listens there.
pub fn ask_status(path: &Path) -> Result<Vec<(String, u64, String)>, AskError> {
    Ok(ask(path, STATUS)?.lines().filter_map(read_figure).collect())
}

/// Orders or lists traces: the lines of its answer after `ok`.
///
/// # Errors
/// When no engine listens there, or it says no.
pub fn ask_trace(path: &Path, order: &str) -> Result<String, AskError> {
    let answer = ask(path, &format!("trace {order}"))?;
    match answer.strip_prefix("ok") {
        Some(told) => Ok(told.trim_start_matches([' ', '\n']).to_owned()),
        None => Err(AskError::Refused(answer.strip_prefix("no ").unwrap_or(&answer).trim_end().to_owned())),
    }
}

/// Asks for somebody in a talk, or out of it: what the engine says after `ok`, once it is done.
///
/// # Errors
/// When no engine listens there, or it says no or nothing.
pub fn ask_guest(path: &Path, order: &GuestOrder) -> Result<String, AskError> {
    let request = format!("guest {}", guests::written(order));
    let Some(answer) = ask_if_it_runs(path, &request, GUEST_MAX + ASK_MAX)? else {
        let cause = io::ErrorKind::NotFound.into();
        return Err(AskError::NoEngine { path: path.to_owned(), cause });
    };
    match answer.strip_prefix("ok ") {
        Some(told) => Ok(told.to_owned()),
        None => Err(AskError::Refused(answer.strip_prefix("no ").unwrap_or(&answer).trim_end().to_owned())),
    }
}

/// Lets the engine mark a message as done: returns once that is on disk.
///
/// # Errors
/// When no engine listens there, or it says no or nothing.
pub fn ask_message_done(path: &Path, message: &SavedMessage) -> Result<(), AskError> {
    let request = format!("message {}", marks::written(message));
    let Some(answer) = ask_if_it_runs(path, &request, MESSAGE_DONE_WAITS_MAX + ASK_MAX)? else {
        let cause = io::ErrorKind::NotFound.into();
        return Err(AskError::NoEngine { path: path.to_owned(), cause });
    };
    agreed(&answer).map(|_| ())
}

/// Asks the engine to serve what a pointer says: how many calls run on each set by then. `None` when no engine runs.
///
/// # Errors
/// When it says no or gives no answer.
pub fn ask_flows(path: &Path, pointer: &Pointer) -> Result<Option<Vec<(String, u64)>>, AskError> {
    let Some(answer) = ask_if_it_runs(path, &format!("flows {}", pointer.line()), SET_LOAD_MAX + ASK_MAX)?
    else {
        return Ok(None);
    };
    if let Some(why) = answer.strip_prefix("unkept ") {
        return Err(AskError::Unkept(why.trim_end().to_owned()));
    }
    let calls = |line: &str| {
        line.split_once('\t').and_then(|(set, calls)| Some((set.to_owned(), calls.parse().ok()?)))
    };
    Ok(Some(agreed(&answer)?.lines().filter_map(calls).collect()))
}

/// Whether an engine has read the closings anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rereading {
    /// It has.
    Done,
    /// None runs there.
    NoEngine,
}

/// Lets the engine read the closings anew.
///
/// # Errors
/// When it says no or gives no answer.
pub fn ask_closings(path: &Path) -> Result<Rereading, AskError> {
    match ask_if_it_runs(path, CLOSINGS, ASK_MAX)? {
        Some(answer) => agreed(&answer).map(|_| Rereading::Done),
        None => Ok(Rereading::NoEngine),
    }
}

/// The answer of an engine; `None` when none runs.
fn ask_if_it_runs(path: &Path, request: &str, within: Duration) -> Result<Option<String>, AskError> {
    let mut stream = match std::os::unix::net::UnixStream::connect(path) {
        Ok(stream) => stream,
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused) => {
            return Ok(None);
        }
        Err(cause) => return Err(AskError::NoEngine { path: path.to_owned(), cause }),
    };
    let mut asked = || {
        stream.set_read_timeout(Some(within))?;
        stream.write_all(format!("{request}\n").as_bytes())?;
        io::read_to_string(&stream)
    };
    let answer = asked().map_err(AskError::NoAnswer)?;
    if answer.is_empty() {
        return Err(AskError::NoAnswer(io::ErrorKind::UnexpectedEof.into()));
    }
    Ok(Some(answer))
}

/// What an answer says after `ok`.
fn agreed(answer: &str) -> Result<&str, AskError> {
    let no = || AskError::Refused(answer.strip_prefix("no ").unwrap_or(answer).trim_end().to_owned());
    answer.strip_prefix("ok\n").ok_or_else(no)
}

fn ask(path: &Path, request: &str) -> Result<String, AskError> {
    let asked = || {
        let mut stream = std::os::unix::net::UnixStream::connect(path)?;
        stream.set_read_timeout(Some(ASK_MAX))?;
        stream.write_all(format!("{request}\n").as_bytes())?;
        io::read_to_string(&stream)
    };
    asked().map_err(|cause| AskError::NoEngine { path: path.to_owned(), cause })
}

fn read_figure(line: &str) -> Option<(String, u64, String)> {
    let mut parts = line.splitn(3, '\t');
    Some((parts.next()?.to_owned(), parts.next()?.parse().ok()?, parts.next()?.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::io::published::gather::Folders;
    use crate::io::published::manifest::Manifest;
    use crate::io::published::pointer::Mover;
    use std::path::Path;

    /// A shelf with the shipped flows as set 1, and nothing that points to it.
    fn shelf(at: &Path) -> Shelf {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let draft = Folders { flows: root.join("ivr-flows"), sounds: root.join("sounds") };
        let shelf = Shelf::at(at);
        let content = draft.content().unwrap();
        let words = || String::new();
        let (at, by, note) = (words(), words(), words());
        let manifest = Manifest { number: 1, at, by, note, changes: Vec::new(), needs: Vec::new(), content };
        shelf.add(&shelf.hold().unwrap(), &draft, &manifest).unwrap();
        shelf
    }

    /// What the client is told when the engine takes the set.
    fn told(shelf: Shelf) -> String {
        let (requests, mut taken) = mpsc::channel(1);
        let asked = Asked { requests, media: Arc::new(MediaSockets::new(Vec::new())), shelf };
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let engine = tokio::spawn(async move {
                if let Some(Request::Serve(_, answer)) = taken.recv().await {
                    drop(answer.send(Ok(BTreeMap::from([(Edition::Published(1), 2)]))));
                }
            });
            let pointer = Pointer::first(1, Mover::new("maria", "now".to_owned()));
            let told = flows_answer(&pointer.line(), asked).await;
            engine.await.unwrap();
            told
        })
    }

    #[test]
    fn a_set_that_is_served_and_cannot_be_kept_is_not_told_as_refused() {
        let home = tempfile::tempdir().unwrap();
        assert_eq!(told(shelf(&home.path().join("good"))), "ok\nset 1\t2\n");
        let bad = home.path().join("bad");
        let shelf = shelf(&bad);
        // Where the pointer should be there is a folder that cannot give way.
        std::fs::create_dir_all(bad.join("current/taken")).unwrap();
        let told = told(shelf);
        assert!(told.starts_with("unkept "), "who is told `no` takes the set away: {told}");
    }
}
