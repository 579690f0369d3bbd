//! The engine under test: the real release binary as a process of its own, and what `/proc` tells of it.

use super::sockets;
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// The binary that cargo built together with the bench.
const BINARY: &str = env!("CARGO_BIN_EXE_careline");
/// How long the engine may take until it answers, and until it is gone.
const PATIENCE: Duration = Duration::from_secs(20);
/// Between two looks at it.
const LOOK: Duration = Duration::from_millis(100);
/// Ticks a second in `/proc/PID/stat`: USER_HZ, 100 on every Linux that we build for.
const USER_HZ: f64 = 100.0;

/// A running engine. Dropping it kills it.
pub struct Engine {
    process: Child,
    directory: PathBuf,
}

/// CPU time used so far, in milliseconds.
#[derive(Clone, Debug, Default)]
pub struct Cpu {
    /// In the program.
    pub user_ms: f64,
    /// In the kernel for it.
    pub system_ms: f64,
    /// The scheduler's own count for each name of threads that live: fine enough for an idle engine.
    pub threads_ms: BTreeMap<String, f64>,
}

impl Cpu {
    /// What was used since `earlier`.
    pub fn since(mut self, earlier: &Cpu) -> Cpu {
        self.user_ms -= earlier.user_ms;
        self.system_ms -= earlier.system_ms;
        for (name, before_ms) in &earlier.threads_ms {
            *self.threads_ms.entry(name.clone()).or_default() -= before_ms;
        }
        self
    }

    /// The scheduler's count over all threads.
    pub fn scheduled_ms(&self) -> f64 {
        self.threads_ms.values().sum()
    }
}

impl Engine {
    /// Starts it in `directory` with the `careline.yaml` there, and waits until it answers OPTIONS at `sip`.
    ///
    /// # Errors
    /// When it ends or does not answer; its own words stand in `directory/engine.log`.
    pub fn start(directory: &Path, sip: SocketAddr) -> io::Result<Self> {
        let log = fs::File::create(directory.join("engine.log"))?;
        let process = Command::new(BINARY)
            .arg("serve")
            .current_dir(directory)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()?;
        let mut engine = Self { process, directory: directory.to_owned() };
        let answered = engine.wait_for_answer(sip);
        let words = || fs::read_to_string(directory.join("engine.log")).unwrap_or_default();
        answered
            .map_err(|error| io::Error::other(format!("the engine does not serve: {error}\n{}", words())))?;
        Ok(engine)
    }

    fn wait_for_answer(&mut self, sip: SocketAddr) -> io::Result<()> {
        let socket = UdpSocket::bind("127.0.0.1:0")?;
        socket.set_read_timeout(Some(LOOK))?;
        let us = socket.local_addr()?;
        let begun = sockets::monotonic();
        while sockets::monotonic() - begun < PATIENCE {
            if let Some(status) = self.process.try_wait()? {
                return Err(io::Error::other(format!("it ended: {status}")));
            }
            socket.send_to(options(us, sip).as_bytes(), sip)?;
            let mut answer = [0; 2_048];
            if socket.recv(&mut answer).is_ok_and(|octets| answer[..octets].starts_with(b"SIP/2.0 ")) {
                return Ok(());
            }
        }
        Err(io::Error::other("it gave no answer to OPTIONS"))
    }

    /// CPU time used so far.
    pub fn cpu(&self) -> io::Result<Cpu> {
        let process = format!("/proc/{}", self.process.id());
        let stat = fs::read_to_string(format!("{process}/stat"))?;
        // The name in parentheses may hold spaces; user and system time are fields 14 and 15 (proc(5)).
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
        let ticks = |field: usize| fields.get(field - 3).and_then(|n| n.parse::<f64>().ok()).unwrap_or(0.0);
        let mut threads_ms = BTreeMap::new();
        for thread in fs::read_dir(format!("{process}/task"))? {
            // A thread may be gone before it is read: its files are empty then.
            let read =
                |file: &str| thread.as_ref().ok().and_then(|t| fs::read_to_string(t.path().join(file)).ok());
            let name = read("comm").unwrap_or_default().trim().to_owned();
            let spent_ns = read("schedstat").and_then(|text| text.split(' ').next()?.parse::<f64>().ok());
            *threads_ms.entry(name).or_default() += spent_ns.unwrap_or(0.0) / 1e6;
        }
        Ok(Cpu { user_ms: ticks(14) * 1e3 / USER_HZ, system_ms: ticks(15) * 1e3 / USER_HZ, threads_ms })
    }

    /// A number of `/proc/PID/status`, such as `VmRSS` in kB or `Threads`.
    pub fn status(&self, name: &str) -> io::Result<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        let number = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
        number.ok_or_else(|| io::Error::other(format!("/proc has no {name}")))
    }

    /// A figure of `careline status`.
    ///
    /// # Errors
    /// When the engine does not tell it.
    pub fn figure(&self, name: &str) -> io::Result<u64> {
        let output = Command::new(BINARY).arg("status").current_dir(&self.directory).output()?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let line = text.lines().find_map(|line| line.trim_start().strip_prefix(name)?.strip_prefix(' '));
        let number = line.and_then(|line| line.split_whitespace().next()?.replace(' ', "").parse().ok());
        number.ok_or_else(|| io::Error::other(format!("careline status has no {name}:\n{text}")))
    }

    /// Asks it to stop, as an operator does, and waits until it is gone.
    ///
    /// # Errors
    /// When it does not go, or not with exit code 0.
    pub fn stop(mut self) -> io::Result<()> {
        Command::new("kill").arg("-TERM").arg(self.process.id().to_string()).status()?;
        let begun = sockets::monotonic();
        while sockets::monotonic() - begun < PATIENCE {
            match self.process.try_wait()? {
                Some(status) if status.success() => return Ok(()),
                Some(status) => return Err(io::Error::other(format!("the engine ended badly: {status}"))),
                None => sockets::sleep_until(sockets::monotonic() + LOOK),
            }
        }
        Err(io::Error::other("the engine does not stop"))
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        // Nothing to do when it is gone already.
        _ = self.process.kill();
        _ = self.process.wait();
    }
}

fn options(us: SocketAddr, sip: SocketAddr) -> String {
    format!(
        "OPTIONS sip:{sip} SIP/2.0\r\nVia: SIP/2.0/UDP {us};branch=z9hG4bK{port};rport\r\nMax-Forwards: 70\r\n\
         From: <sip:bench@{us}>;tag={port}\r\nTo: <sip:{sip}>\r\nCall-ID: bench-{port}\r\n\
         CSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n",
        port = us.port(),
    )
}
