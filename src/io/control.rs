//! The control socket: a Unix socket beside the data, over which `careline status` asks the running engine.
//!
//! One request line, one answer, closed. Only who may open the file may ask: it is made for its owner alone.

use crate::switch::status::Figure;
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{mpsc, oneshot};

/// How long a client may take to ask.
const ASK_MAX: Duration = Duration::from_secs(5);
/// Requests that may wait for the engine.
const REQUESTS_MAX: usize = 16;
/// The request that `careline status` sends.
const STATUS: &str = "status";

/// A request for the status; the engine sends the figures back.
pub type StatusRequest = oneshot::Sender<Vec<Figure>>;

/// Listens at `path` and hands requests to the engine. The file of an engine that is gone is replaced.
///
/// # Errors
/// When another engine answers there, or the file cannot be made.
pub fn listen(path: &Path) -> io::Result<mpsc::Receiver<StatusRequest>> {
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
    let (requests, receiver) = mpsc::channel(REQUESTS_MAX);
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let requests = requests.clone();
            tokio::spawn(async move {
                let _ = tokio::time::timeout(ASK_MAX, serve(client, requests)).await;
            });
        }
    });
    Ok(receiver)
}

async fn serve(client: UnixStream, requests: mpsc::Sender<StatusRequest>) -> io::Result<()> {
    let (reader, mut writer) = client.into_split();
    let mut line = String::new();
    BufReader::new(reader).read_line(&mut line).await?;
    if line.trim() != STATUS {
        return writer.write_all(b"unknown request\n").await;
    }
    let (answer, figures) = oneshot::channel();
    if requests.send(answer).await.is_err() {
        return Ok(());
    }
    let figures = figures.await.unwrap_or_default();
    let lines: String = figures.iter().map(|f| format!("{}\t{}\t{}\n", f.name, f.value, f.meaning)).collect();
    writer.write_all(lines.as_bytes()).await
}

/// Asks the engine at `path` for its figures: name, value, meaning.
///
/// # Errors
/// When no engine listens there.
pub fn ask_status(path: &PathBuf) -> io::Result<Vec<(String, u64, String)>> {
    let mut stream = std::os::unix::net::UnixStream::connect(path)?;
    stream.set_read_timeout(Some(ASK_MAX))?;
    stream.write_all(format!("{STATUS}\n").as_bytes())?;
    let text = io::read_to_string(&stream)?;
    Ok(text.lines().filter_map(read_figure).collect())
}

fn read_figure(line: &str) -> Option<(String, u64, String)> {
    let mut parts = line.splitn(3, '\t');
    Some((parts.next()?.to_owned(), parts.next()?.parse().ok()?, parts.next()?.to_owned()))
}
