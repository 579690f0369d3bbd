//! The real program under test: `careline serve` as a process of its own, on free loopback ports,
//! with a directory of its own for configuration, flows, recordings and records.
//!
//! It is ready when it answers OPTIONS, and it has stopped when its output ends: nothing here waits
//! for a length of time. What is *not* its job: any call.

#![allow(dead_code, reason = "each test program uses its own part of this support")]

pub mod sipp;

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// The root of the repository.
pub const ROOT: &str = env!("CARGO_MANIFEST_DIR");
/// How long the engine may take to answer its first OPTIONS: it reads flows and sounds first.
const READY: Duration = Duration::from_secs(30);
/// How long it may take from SIGTERM to its end, over its own `drain_s`.
const STOPPED: Duration = Duration::from_secs(20);

/// What a test wants to be different from the defaults.
pub struct Wishes {
    /// T1 of SIP, in ms.
    pub t1_ms: u32,
    /// Calls at once.
    pub calls: u32,
    /// How long it waits for calls to end after SIGTERM, in s.
    pub drain_s: u32,
    /// Where its sounds are.
    pub sounds: PathBuf,
    /// What its recordings may take, in MB.
    pub quota_mb: u32,
    /// Where its records are, under its home.
    pub store: &'static str,
    /// How its flows write where the front desk is.
    pub desk_hop: fn(SocketAddr) -> String,
    /// Where it listens.
    pub ip: IpAddr,
    /// Where its flows give the recording notice.
    pub notice: Notice,
}

/// Where the flows give the recording notice.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Notice {
    /// Before the first person or message, as the shipped flows do.
    BeforeThePerson,
    /// In the first words: whoever calls is recorded soon, whatever he presses.
    InTheFirstWords,
}

impl Default for Wishes {
    fn default() -> Self {
        let sounds = Path::new(ROOT).join("sounds");
        let (store, ip) = ("records.sqlite", IpAddr::V4(Ipv4Addr::LOCALHOST));
        let desk_hop = |desk: SocketAddr| desk.to_string();
        let notice = Notice::BeforeThePerson;
        Self { t1_ms: 100, calls: 200, drain_s: 1, sounds, quota_mb: 50_000, store, desk_hop, ip, notice }
    }
}

/// A running engine. Dropping it kills it.
pub struct Engine {
    child: Child,
    /// Where it answers SIP.
    pub sip: SocketAddr,
    /// Where its flows look for the front desk.
    pub desk: SocketAddr,
    home: PathBuf,
    output: Arc<Mutex<String>>,
    ended: Receiver<()>,
}

/// A port of 127.0.0.1 that was free a moment ago, over UDP and over TCP. It is none that the system gives away by
/// itself: an engine that is killed and started again finds it free.
pub fn free_port() -> SocketAddr {
    free_port_of(IpAddr::V4(Ipv4Addr::LOCALHOST))
}

/// The same of another address of this machine.
pub fn free_port_of(ip: IpAddr) -> SocketAddr {
    let free = |_attempt: u32| {
        let address = SocketAddr::new(ip, places(1));
        (UdpSocket::bind(address).is_ok() && TcpListener::bind(address).is_ok()).then_some(address)
    };
    (0..1_000).find_map(free).expect("some port is free over both")
}

/// Where stretches of ports are looked for: under the ports that the system gives away by itself.
const STRETCHES: std::ops::Range<u32> = 10_000..32_000;
/// The longest stretch, in ports.
const LONGEST: u32 = 2_000;

/// A stretch of `ports` UDP ports, beginning at an even one, that were free a moment ago. No two
/// calls of one process get the same ports, and processes begin at different places.
pub fn free_stretch(ports: u16) -> u16 {
    let is_free =
        |start: &u16| (*start..*start + ports).all(|port| UdpSocket::bind(("0.0.0.0", port)).is_ok());
    let stretch = |_attempt: u32| places(ports);
    (0..1_000).map(stretch).find(is_free).expect("some stretch of ports is free")
}

/// The first of so many places of [`STRETCHES`] that this process was not given yet, an even one. Every stretch is
/// counted round the same circle, whatever its length: else a test would probe ports that another test's engine is
/// about to take.
fn places(ports: u16) -> u16 {
    static TAKEN: AtomicU32 = AtomicU32::new(0);
    let ports = u32::from(ports).next_multiple_of(2);
    assert!(ports <= LONGEST, "{ports} ports are more than {LONGEST}");
    let circle = STRETCHES.end - STRETCHES.start - LONGEST;
    let place = TAKEN
        .fetch_add(ports, Ordering::Relaxed)
        .wrapping_add((std::process::id() % circle).wrapping_mul(1_010));
    u16::try_from(STRETCHES.start + place % circle).expect("STRETCHES ends under 65 536")
}

/// Writes the configuration, a copy of the shipped flows and the folders of an engine into `home`.
pub fn furnish(home: &Path, wishes: &Wishes) -> (SocketAddr, SocketAddr) {
    let (sip, desk) = (free_port_of(wishes.ip), free_port());
    let ports = u16::try_from(wishes.calls * 2 + 8).expect("a test asks for few calls");
    let first = free_stretch(ports);
    let desk_hop = (wishes.desk_hop)(desk);
    copy_flows(&Path::new(ROOT).join("ivr-flows"), &home.join("ivr-flows"), &desk_hop);
    if wishes.notice == Notice::InTheFirstWords {
        give_notice_first(&home.join("ivr-flows/entry.yaml"));
    }
    let config = format!(
        "sip: {{listen: \"{sip}\", t1_ms: {t1}}}\n\
         media: {{address: \"{ip}\", first_port: {first}, last_port: {last}, workers: 2}}\n\
         calls: {{max: {calls}}}\n\
         flows: {home}/ivr-flows\n\
         sounds: {sounds}\n\
         published: {home}/published\n\
         recordings: {{directory: {home}/recordings, quota_mb: {quota}}}\n\
         store: {home}/{store}\n\
         control: {home}/control.sock\n\
         drain_s: {drain}\n",
        t1 = wishes.t1_ms,
        ip = if wishes.ip.is_ipv4() { "0.0.0.0" } else { "::" },
        last = first + ports - 1,
        calls = wishes.calls,
        home = home.display(),
        sounds = wishes.sounds.display(),
        quota = wishes.quota_mb,
        store = wishes.store,
        drain = wishes.drain_s,
    );
    fs::write(home.join("careline.yaml"), config).expect("the test's own directory can be written");
    (sip, desk)
}

/// The shipped flows, with the front desk at `desk` in place of the shipped port, without their tests: a test here
/// changes flows, and what it changes is not what is shipped.
fn copy_flows(from: &Path, to: &Path, desk: &str) {
    fs::create_dir_all(to).expect("the test's own directory can be written");
    for entry in fs::read_dir(from).expect("ivr-flows is shipped").filter_map(Result::ok) {
        let target = to.join(entry.file_name());
        if entry.file_name().to_string_lossy().ends_with(".test.yaml") {
            continue;
        }
        if entry.path().is_dir() {
            copy_flows(&entry.path(), &target, desk);
        } else {
            let text = fs::read_to_string(entry.path()).expect("a flow is text");
            let text = text.replace("127.0.0.1:5070", desk);
            fs::write(target, text).expect("the test's own directory can be written");
        }
    }
}

/// The last step of the entry leads to the notice, and only then to the flow of the called number.
fn give_notice_first(entry: &Path) {
    let text = fs::read_to_string(entry).expect("it was copied");
    let (to, notice) =
        ("next: called_number}", "{recording: notice, prompt: u.recording, next: called_number}");
    assert_eq!(text.matches(to).count(), 1, "one step of the entry leads on:\n{text}");
    let text = text.replace(to, &format!("next: notice}}\n  notice: {notice}"));
    fs::write(entry, text).expect("the test's own directory can be written");
}

impl Engine {
    /// Starts an engine in `home`, a directory that lives longer than it, and waits until it answers.
    pub fn start(home: &Path, wishes: &Wishes) -> Engine {
        let (sip, desk) = furnish(home, wishes);
        Self::start_again(home, sip, desk)
    }

    /// Starts an engine in a directory that another one has left, and waits until it answers.
    pub fn start_again(home: &Path, sip: SocketAddr, desk: SocketAddr) -> Engine {
        Self::start_told(home, sip, desk, &[])
    }

    /// The same with more words on its command line.
    pub fn start_told(home: &Path, sip: SocketAddr, desk: SocketAddr, more: &[&str]) -> Engine {
        let words: Vec<&str> = ["serve"].iter().chain(more).copied().collect();
        let engine = Self::run(careline(home, &words), home, sip, desk);
        assert!(engine.is_ready(), "no answer to OPTIONS at {sip} in {READY:?}; it said:\n{}", engine.said());
        engine
    }

    /// Starts an engine that goes on when the system lets it write no further into a file, and waits
    /// until it answers.
    pub fn start_deaf_to_file_limits(home: &Path, wishes: &Wishes) -> Engine {
        let (sip, desk) = furnish(home, wishes);
        let mut command = Command::new("sh");
        let program = env!("CARGO_BIN_EXE_careline");
        command.args(["-c", "trap '' XFSZ; exec \"$0\" --config \"$1\" serve", program]);
        command.arg(home.join("careline.yaml")).current_dir(home).stdin(Stdio::null());
        let engine = Self::run(command, home, sip, desk);
        assert!(engine.is_ready(), "no answer to OPTIONS at {sip} in {READY:?}; it said:\n{}", engine.said());
        engine
    }

    /// Starts an engine and does not wait for anything.
    pub fn start_unready(home: &Path, sip: SocketAddr, desk: SocketAddr) -> Engine {
        Self::run(careline(home, &["serve"]), home, sip, desk)
    }

    fn run(mut command: Command, home: &Path, sip: SocketAddr, desk: SocketAddr) -> Engine {
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the engine was built with this test");
        let (output, ended) = listen(&mut child);
        Engine { child, sip, desk, home: home.to_path_buf(), output, ended }
    }

    fn is_ready(&self) -> bool {
        answers_options(self.sip)
    }

    /// Everything it printed so far.
    pub fn said(&self) -> String {
        self.output.lock().expect("no reader panics").clone()
    }

    /// The process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// What `careline COMMAND...` prints with this engine's configuration.
    pub fn ask(&self, arguments: &[&str]) -> Output {
        careline(&self.home, arguments).output().expect("the program can be run")
    }

    /// What a command prints that must go well.
    pub fn told(&self, arguments: &[&str]) -> String {
        let output = self.ask(arguments);
        let (printed, errors) =
            (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        let what = arguments.join(" ");
        assert!(
            output.status.success(),
            "careline {what}: {}\n{printed}{errors}\n{}",
            output.status,
            self.said()
        );
        printed.into_owned()
    }

    /// What `careline status` prints, each figure under its name.
    pub fn status(&self) -> BTreeMap<String, u64> {
        let text = self.told(&["status"]);
        let figure = |line: &str| {
            let mut words = line.split_whitespace();
            let (name, value) = (words.next()?.to_owned(), words.next()?.parse().ok()?);
            words.next().map(|_meaning| (name, value))
        };
        let read =
            |line| figure(line).unwrap_or_else(|| panic!("no name, value and meaning: {line}\n{text}"));
        // What is closed by hand stands before the figures, as sentences.
        let is_figure = |line: &&str| !line.starts_with("closed  ") && !line.starts_with("  ");
        text.lines().filter(is_figure).map(read).collect()
    }

    /// What may have made a test fail that is no fault of the engine: it lets in no more than it can serve well, and
    /// something else had the machine. Nothing if it refused nobody for that.
    pub fn was_busy(&self) -> String {
        let Ok(output) = careline(&self.home, &["status"]).output() else { return String::new() };
        let text = String::from_utf8_lossy(&output.stdout);
        let figure = |name: &str| -> u64 {
            let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
            line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
        };
        let (refused, late) = (figure("calls_refused_busy"), figure("media_slots_late"));
        if refused == 0 {
            return String::new();
        }
        format!(
            "\n==== the engine refused {refused} calls because the machine was busy (503, `calls_refused_busy`; its media \
             threads were over 2 ms late {late} times): run it on a quiet machine"
        )
    }

    /// Waits until the figures are what `is_so` asks for.
    pub fn wait_for(
        &self,
        what: &str,
        is_so: impl Fn(&BTreeMap<String, u64>) -> bool,
    ) -> BTreeMap<String, u64> {
        let told = || Some(self.status()).filter(|figures| is_so(figures));
        eventually(told, || format!("{what}; it counts {:#?}\nit said:\n{}", self.status(), self.said()))
    }

    /// The calls that `careline calls` lists, the newest first: the id and the line of each.
    pub fn calls(&self) -> Vec<(String, String)> {
        self.calls_of(20)
    }

    /// The same of the last so many calls, with everything that the engine had to say until now: the log reaches the disk a
    /// little after the figures tell of it.
    pub fn calls_of(&self, last: u32) -> Vec<(String, String)> {
        let appended = self.status()["events_appended"];
        self.wait_for("the log on the disk", |figures| figures["store_committed"] >= appended);
        let list = self.told(&["calls", "--last", &last.to_string()]);
        let id = |line: &str| line.split_whitespace().next().unwrap_or_default().to_owned();
        list.lines().skip(1).map(|line| (id(line), line.to_owned())).collect()
    }

    /// Kills it at once, as a crash or a power cut would, and waits for its end.
    pub fn kill(mut self) {
        self.child.kill().expect("it was running");
        self.child.wait().expect("it is our child");
    }

    /// Asks it to stop (SIGTERM) and waits for its end.
    pub fn stop(mut self) -> (ExitStatus, String) {
        let pid = self.child.id().to_string();
        let asked = Command::new("sh").args(["-c", "kill -TERM \"$0\"", &pid]).status();
        assert!(asked.is_ok_and(|status| status.success()), "SIGTERM could not be sent to {pid}");
        for _stream in 0..2 {
            let ended = self.ended.recv_timeout(STOPPED);
            assert!(ended.is_ok(), "still running {STOPPED:?} after SIGTERM; it said:\n{}", self.said());
        }
        let status = self.child.wait().expect("it is our child");
        (status, self.said())
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        // It may have ended already, which is no fault here.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// How long anything may take that a test waits for.
const EVENTUALLY: Duration = Duration::from_secs(30);

/// Asks again and again until there is an answer; tells what it waited for when there is none.
pub fn eventually<T>(answer: impl Fn() -> Option<T>, what: impl Fn() -> String) -> T {
    let begun = Instant::now();
    let (_nobody, never) = channel::<()>();
    loop {
        if let Some(answer) = answer() {
            return answer;
        }
        assert!(begun.elapsed() < EVENTUALLY, "waited {EVENTUALLY:?} for {}", what());
        let _ = never.recv_timeout(Duration::from_millis(20));
    }
}

/// The recordings under a home, in the order of their names.
pub fn recordings(home: &Path) -> Vec<PathBuf> {
    let mut waiting = vec![home.join("recordings")];
    let mut found = Vec::new();
    while let Some(folder) = waiting.pop() {
        let entries = fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
        for path in entries.map(|entry| entry.path()) {
            if path.is_dir() {
                waiting.push(path);
            } else if path.extension().is_some_and(|extension| extension == "wav") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// Runs a command to its end: its exit code, `None` if it had to be killed, and everything it printed.
pub fn run_to_end(home: &Path, command: &str) -> (Option<i32>, String) {
    let mut command = careline(home, &[command]);
    let mut child =
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program can be run");
    let (output, ended) = listen(&mut child);
    for _stream in 0..2 {
        if ended.recv_timeout(STOPPED).is_err() {
            // It may end by itself at this very moment.
            let _ = child.kill();
        }
    }
    let code = child.wait().expect("it is our child").code();
    let said = output.lock().expect("no reader panics").clone();
    (code, said)
}

/// Keeps everything that a process prints, and tells once for each stream when it prints no more.
fn listen(child: &mut Child) -> (Arc<Mutex<String>>, Receiver<()>) {
    let output = Arc::new(Mutex::new(String::new()));
    let (said_all, ended) = channel();
    let (out, err) = (child.stdout.take(), child.stderr.take());
    keep(Box::new(out.expect("stdout is piped")), &output, said_all.clone());
    keep(Box::new(err.expect("stderr is piped")), &output, said_all);
    (output, ended)
}

/// The program under test with the configuration in `home`.
pub fn careline(home: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_careline"));
    command
        .arg("--config")
        .arg(home.join("careline.yaml"))
        .args(arguments)
        .current_dir(home)
        .stdin(Stdio::null());
    command
}

/// Whether a command went well, and all that it says.
pub fn ran(home: &Path, arguments: &[&str]) -> (bool, String) {
    let Output { status, stdout, stderr } =
        careline(home, arguments).output().expect("the program can be run");
    let said = format!("{}{}", String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
    (status.success(), said)
}

/// What a command says that must go well, or must not.
pub fn must(home: &Path, arguments: &[&str], goes_well: bool, says: &[&str]) -> String {
    let (well, said) = ran(home, arguments);
    let unsaid: Vec<_> = says.iter().filter(|words| !said.contains(**words)).collect();
    assert!(well == goes_well && unsaid.is_empty(), "{arguments:?}: {well}, not said {unsaid:?}:\n{said}");
    said
}

/// Changes the only place of a file of the draft that is so.
pub fn edit(home: &Path, file: &str, from: &str, to: &str) {
    let path = home.join("ivr-flows").join(file);
    let text = fs::read_to_string(&path).expect("the flow is there");
    assert_eq!(text.matches(from).count(), 1, "{file} has one `{from}`");
    fs::write(&path, text.replace(from, to)).expect("the test's own directory can be written");
}

/// Keeps what a stream says; tells `ended` when it says no more.
fn keep(stream: Box<dyn Read + Send>, output: &Arc<Mutex<String>>, ended: std::sync::mpsc::Sender<()>) {
    let output = Arc::clone(output);
    std::thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            let mut all = output.lock().expect("no reader panics");
            all.push_str(&line);
            all.push('\n');
        }
        // The test may be over already.
        let _ = ended.send(());
    });
}

/// Whether OPTIONS over UDP is answered 200 there, now or soon.
pub fn answers_options(sip: SocketAddr) -> bool {
    let socket = UdpSocket::bind((sip.ip(), 0)).expect("loopback has a free port");
    socket.set_read_timeout(Some(Duration::from_millis(50))).expect("50 ms is no zero");
    let begun = Instant::now();
    (0..).map_while(|n: u32| (begun.elapsed() < READY).then_some(n)).any(|n| {
        let options = options(sip, socket.local_addr().expect("the socket is bound"), n);
        let mut answer = [0_u8; 2_048];
        let sent = socket.send_to(options.as_bytes(), sip).is_ok();
        sent && socket.recv(&mut answer).is_ok_and(|length| answer[..length].starts_with(b"SIP/2.0 200"))
    })
}

/// An OPTIONS request (RFC 3261 §11).
fn options(to: SocketAddr, from: SocketAddr, n: u32) -> String {
    format!(
        "OPTIONS sip:{to} SIP/2.0\r\nVia: SIP/2.0/UDP {from};branch=z9hG4bK-ready-{n}-{port};rport\r\n\
         From: <sip:test@{from}>;tag=ready\r\nTo: <sip:{to}>\r\nCall-ID: ready-{n}-{port}@127.0.0.1\r\n\
         CSeq: 1 OPTIONS\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n",
        port = from.port()
    )
}
