//! The signalling of callers, and of persons who answer: SIPp, which places calls evenly and sends no sound.
//!
//! Each call takes the next line of the generator, round and round, through an injection file.

use super::sockets;
use std::fs;
use std::io;
use std::net::{SocketAddr, SocketAddrV4};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// What the callers speak. Both have 160 octets in 20 ms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Codec {
    /// G.711 µ-law.
    Pcmu,
    /// G.722: what is heard is not looked at, because it has no octet of silence.
    G722,
}

/// The rate is given to SIPp as calls in this many milliseconds, for tenths of a call a second.
const RATE_PERIOD_MS: u64 = 10_000;
/// The file of every message with its time.
const MESSAGES: &str = "messages.log";
/// Between two looks whether it is done.
const LOOK: Duration = Duration::from_millis(100);

/// A running SIPp. Dropping it kills it.
pub struct Sipp {
    process: Child,
    directory: PathBuf,
}

/// What is to be called, how often.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// The engine.
    pub engine: SocketAddr,
    /// Calls at once, at most.
    pub at_once: u64,
    /// Calls in ten seconds.
    pub in_ten_seconds: u64,
    /// Calls in all.
    pub calls: u64,
}

/// What SIPp counted.
#[derive(Clone, Copy, Debug, Default)]
pub struct Count {
    /// Calls that went by the scenario.
    pub successful: u64,
    /// All others.
    pub failed: u64,
    /// Messages that were sent again.
    pub retransmissions: u64,
}

impl Sipp {
    /// Starts calling by `scenario` in that codec; each call hears at the next of `lines`.
    pub fn start(
        directory: &Path,
        scenario: &str,
        lines: &[SocketAddrV4],
        plan: Plan,
        codec: Codec,
    ) -> io::Result<Self> {
        write_lines(directory, lines)?;
        let scenario = match codec {
            Codec::Pcmu => scenario.to_owned(),
            Codec::G722 => {
                scenario.replace("RTP/AVP 0 101", "RTP/AVP 9 101").replace("0 PCMU/8000", "9 G722/8000")
            }
        };
        Self::start_with(directory, &scenario, plan, &["-inf", "lines.csv"])
    }

    /// The same in PCMU, with every message and its time kept for [`Sipp::messages`].
    pub fn start_timed(
        directory: &Path,
        scenario: &str,
        lines: &[SocketAddrV4],
        plan: Plan,
    ) -> io::Result<Self> {
        write_lines(directory, lines)?;
        let more = ["-inf", "lines.csv", "-trace_msg", "-message_file", MESSAGES];
        Self::start_with(directory, scenario, plan, &more)
    }

    /// Starts calling by `scenario`, with `more` arguments.
    pub fn start_with(directory: &Path, scenario: &str, plan: Plan, more: &[&str]) -> io::Result<Self> {
        let engine = plan.engine.to_string();
        let (rate, period) = (plan.in_ten_seconds.to_string(), RATE_PERIOD_MS.to_string());
        let (at_once, calls) = (plan.at_once.to_string(), plan.calls.to_string());
        let mut arguments = vec![engine.as_str()];
        arguments.extend(more);
        arguments.extend(["-r", &rate, "-rp", &period, "-l", &at_once, "-m", &calls]);
        Self::spawn(directory, scenario, &arguments)
    }

    /// Starts to answer calls at `at` by `scenario`, for as long as it is kept; each is heard at the next of `lines`.
    pub fn answer(
        directory: &Path,
        scenario: &str,
        at: SocketAddr,
        lines: &[SocketAddrV4],
    ) -> io::Result<Self> {
        write_lines(directory, lines)?;
        let arguments = ["-p", &at.port().to_string(), "-inf", "lines.csv"];
        Self::spawn(directory, scenario, &arguments)
    }

    fn spawn(directory: &Path, scenario: &str, arguments: &[&str]) -> io::Result<Self> {
        fs::write(directory.join("scenario.xml"), scenario)?;
        let log = fs::File::create(directory.join("sipp.log"))?;
        let process = Command::new("sipp")
            .current_dir(directory)
            .args(["-sf", "scenario.xml", "-i", "127.0.0.1", "-nostdin"])
            .args(["-trace_stat", "-stf", "sipp.csv", "-fd", "1", "-trace_err", "-error_file", "errors.log"])
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .map_err(|error| io::Error::new(error.kind(), format!("sipp (Debian: sip-tester): {error}")))?;
        Ok(Self { process, directory: directory.to_owned() })
    }

    /// Waits until every call is over, at most for `patience`; what was counted.
    ///
    /// # Errors
    /// When calls are still open then, or SIPp wrote no statistics.
    pub fn finish(mut self, patience: Duration) -> io::Result<Count> {
        let begun = sockets::monotonic();
        while self.process.try_wait()?.is_none() {
            if sockets::monotonic() - begun > patience {
                return Err(io::Error::other("SIPp still has calls open"));
            }
            sockets::sleep_until(sockets::monotonic() + LOOK);
        }
        self.count()
    }

    /// Every message with its time; nothing if they were not kept.
    pub fn messages(directory: &Path) -> String {
        fs::read_to_string(directory.join(MESSAGES)).unwrap_or_default()
    }

    /// The first lines of what went wrong, as SIPp tells it.
    pub fn complaints(directory: &Path) -> String {
        let errors = fs::read_to_string(directory.join("errors.log")).unwrap_or_default();
        errors.lines().take(12).map(|line| format!("    {line}\n")).collect()
    }

    fn count(&self) -> io::Result<Count> {
        let text = fs::read_to_string(self.directory.join("sipp.csv"))?;
        let mut lines = text.lines();
        let names: Vec<&str> = lines.next().unwrap_or_default().split(';').collect();
        let last: Vec<&str> = lines.last().unwrap_or_default().split(';').collect();
        let number = |name: &str| {
            let place = names.iter().position(|known| *known == name);
            let value = place.and_then(|place| last.get(place)?.parse().ok());
            value.ok_or_else(|| io::Error::other(format!("SIPp's statistics have no {name}")))
        };
        Ok(Count {
            successful: number("SuccessfulCall(C)")?,
            failed: number("FailedCall(C)")?,
            retransmissions: number("Retransmissions(C)")?,
        })
    }
}

/// Where its calls listen: what `-inf` reads.
fn write_lines(directory: &Path, lines: &[SocketAddrV4]) -> io::Result<()> {
    let list = lines.iter().map(|line| format!("{};{}\n", line.ip(), line.port())).collect::<String>();
    fs::write(directory.join("lines.csv"), format!("SEQUENTIAL\n{list}"))
}

impl Drop for Sipp {
    fn drop(&mut self) {
        // Nothing to do when it is gone already.
        _ = self.process.kill();
        _ = self.process.wait();
    }
}
