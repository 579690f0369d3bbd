//! SIPp as a phone of the clinic or as its carrier: one scenario of `sipp-scenarios/phones` or `sipp-scenarios/carriers`, with a
//! folder of its own for what it says.

use super::{Engine, ROOT, free_port};
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// A phone that SIPp plays.
pub struct Sipp {
    command: Command,
    place: PathBuf,
}

/// One that plays now.
pub struct Playing {
    child: Child,
    place: PathBuf,
}

impl Sipp {
    /// The scenario of that name, once, at a free port.
    pub fn new(home: &Path, engine: &Engine, name: &str) -> Self {
        Self::at(home, engine, name, free_port())
    }

    /// The same at this port.
    pub fn at(home: &Path, engine: &Engine, name: &str, at: SocketAddr) -> Self {
        Self::of(home, engine, ("phones", name), at)
    }

    /// A carrier that calls us.
    pub fn carrier(home: &Path, engine: &Engine, name: &str) -> Self {
        Self::of(home, engine, ("carriers", name), free_port())
    }

    fn of(home: &Path, engine: &Engine, (folder, name): (&str, &str), at: SocketAddr) -> Self {
        let place = home.join(name);
        fs::create_dir_all(&place).expect("the test's own directory can be written");
        let mut command = Command::new("sipp");
        command
            .current_dir(&place)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .arg(engine.sip.to_string())
            .args(["-nostdin", "-i", "127.0.0.1", "-p", &at.port().to_string(), "-timeout_error"])
            .args(["-timeout", "30s", "-r", "50", "-trace_err", "-error_file", "trace_err"])
            .args(["-trace_msg", "-message_file", "trace_msg"])
            .arg("-sf")
            .arg(format!("{ROOT}/sipp-scenarios/{folder}/{name}.xml"));
        Self { command, place }
    }

    /// Plays it; whether it ended as it expects, and what was said.
    pub fn run(self) -> (bool, String) {
        self.run_times(1)
    }

    /// The same for so many calls, each of which must end as the scenario expects.
    pub fn run_times(self, calls: u32) -> (bool, String) {
        self.begin_times(calls).end()
    }

    /// Begins to play it.
    pub fn begin(self) -> Playing {
        self.begin_times(1)
    }

    fn begin_times(mut self, calls: u32) -> Playing {
        let child = self.command.args(["-m", &calls.to_string()]).spawn().unwrap_or_else(|error| {
            panic!("sipp does not start ({error}); install it: apt-get install -y sip-tester")
        });
        Playing { child, place: self.place }
    }
}

impl Playing {
    /// Waits for its end; whether it is the one that the scenario expects, and what was said.
    pub fn end(mut self) -> (bool, String) {
        let status = self.child.wait().expect("it is our child");
        (status.success(), self.said())
    }

    /// What was said so far.
    pub fn said(&self) -> String {
        let of = |file: &str| fs::read_to_string(self.place.join(file)).unwrap_or_default();
        format!("{}{}", of("trace_err"), of("trace_msg"))
    }
}
