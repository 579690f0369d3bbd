//! A speech engine as a child process: the text on its standard input, the sound on its standard output.
//!
//! It has a process group of its own, so that whatever it started ends with it: when the future is dropped, which is how
//! its bound is kept, or when it gives too much. What it says on standard error is thrown away: it may repeat the text.

use super::Failure;
use crate::limits::VOICE_OCTETS_MAX;
use crate::phi::Phi;
use std::fs::{self, File, OpenOptions};
use std::io::{Read, Seek};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, Command};

/// A child and all that it starts.
struct Group {
    child: Child,
    /// Its process id is the name of its group.
    group: Option<i32>,
}

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(group) = self.group {
            // SAFETY: kill(2) takes two integers and touches no memory of ours. The child was not waited for yet, so that
            // no other process can have its number.
            unsafe { libc::kill(-group, libc::SIGKILL) };
        }
    }
}

impl Group {
    fn start(words: &[&str], output: Stdio) -> Result<Self, Failure> {
        let (program, arguments) = words.split_first().ok_or(Failure::NoVoice)?;
        let child = Command::new(program)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(output)
            .stderr(Stdio::null())
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .map_err(Failure::NotReached)?;
        let group = child.id().and_then(|id| i32::try_from(id).ok());
        Ok(Self { child, group })
    }

    /// What is not read is no fault: a program may know after a few words that it cannot.
    async fn hear(&mut self, text: &Phi<String>) {
        if let Some(mut input) = self.child.stdin.take() {
            let _ = input.write_all(text.expose().as_bytes()).await;
        }
    }

    async fn end(mut self) -> Result<(), Failure> {
        let status = self.child.wait().await.map_err(Failure::NotReached)?;
        // It is gone, and its number may be given to another.
        self.group = None;
        if status.success() { Ok(()) } else { Err(Failure::Failed(told(status))) }
    }
}

fn told(status: ExitStatus) -> String {
    status.code().map_or_else(|| "it was ended by a signal".to_owned(), |code| format!("exit code {code}"))
}

/// What a program writes into a pipe.
pub async fn piped(words: &[&str], text: &Phi<String>) -> Result<Vec<u8>, Failure> {
    let mut group = Group::start(words, Stdio::piped())?;
    let output = group.child.stdout.take();
    let mut octets = Vec::new();
    let hear = group.hear(text);
    let read = async {
        let Some(output) = output else { return Ok(0) };
        output.take(VOICE_OCTETS_MAX as u64 + 1).read_to_end(&mut octets).await
    };
    let (_, read) = tokio::join!(hear, read);
    read.map_err(Failure::NotReached)?;
    if octets.len() > VOICE_OCTETS_MAX {
        return Err(Failure::TooMuch);
    }
    group.end().await?;
    Ok(octets)
}

/// What a program writes that goes back in its output to correct the head: a file without a name, in memory.
pub async fn into_memory_file(words: &[&str], text: &Phi<String>, folder: &Path) -> Result<Vec<u8>, Failure> {
    let mut file = nameless(folder).map_err(Failure::NotReached)?;
    let mut group = Group::start(words, file.try_clone().map_err(Failure::NotReached)?.into())?;
    group.hear(text).await;
    group.end().await?;
    let mut octets = Vec::new();
    file.rewind().map_err(Failure::NotReached)?;
    file.take(VOICE_OCTETS_MAX as u64 + 1).read_to_end(&mut octets).map_err(Failure::NotReached)?;
    if octets.len() > VOICE_OCTETS_MAX { Err(Failure::TooMuch) } else { Ok(octets) }
}

/// A file that nobody else can open, and that is gone with its last user.
fn nameless(folder: &Path) -> std::io::Result<File> {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let name = format!(".careline-voice-{}-{}", std::process::id(), COUNT.fetch_add(1, Relaxed));
    let path = folder.join(name);
    let file = OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(&path)?;
    fs::remove_file(&path)?;
    Ok(file)
}
