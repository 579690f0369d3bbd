//! A foreign proxy between everybody and the real program: Kamailio, which stays in the way of every
//! call (RFC 3261 §16.6, item 4), in front by UDP and towards the engine by UDP or TCP.
//!
//! ```text
//!  SIPp, the caller ──UDP──▶ Kamailio ──UDP or TCP──▶ the engine
//!  SIPp, the person ◀──UDP── Kamailio ◀──UDP or TCP── the engine
//! ```
//! Kamailio refuses whatever belongs to a dialog and does not name its way, SIPp whatever did not come by
//! Kamailio, and the engine's own trace tells the Route of each of its requests. What is *not* its job:
//! calls without a proxy (`tests/sipp`). As the edge of a carrier it wants an account too.

#[path = "engine/mod.rs"]
mod engine;
#[path = "sound/mod.rs"]
mod sound;

use engine::{Engine, Notice, ROOT, Wishes, eventually};
use std::collections::BTreeSet;
use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// Where Debian has it: not on everybody's path.
const KAMAILIO: &str = "/usr/sbin/kamailio";
/// What it is told, but for the addresses.
const CONFIG: &str = include_str!("kamailio/record-route.cfg");
/// What a record says of a call that the caller ended.
const BY_THE_CALLER: &str = "ended: hung up, by the caller";
/// The caller of every scenario here.
const CALLER: &str = "6175550142";

/// What the proxy and the engine speak with each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Inner {
    Udp,
    Tcp,
}

impl Inner {
    const ALL: [Self; 2] = [Self::Udp, Self::Tcp];

    /// What a URI says of it.
    const fn parameter(self) -> &'static str {
        match self {
            Self::Udp => "",
            Self::Tcp => ";transport=tcp",
        }
    }

    /// A line of the trace names it so.
    const fn word(self) -> &'static str {
        match self {
            Self::Udp => "UDP",
            Self::Tcp => "TCP",
        }
    }

    /// How often the proxy stands in the route set: where the transport changes, with both its sides.
    const fn routes(self) -> usize {
        match self {
            Self::Udp => 1,
            Self::Tcp => 2,
        }
    }
}

/// What the engine says.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Prompts {
    Shipped,
    /// A tenth of a second each.
    Short,
}

/// Whether the proxy takes the engine's calls as they come.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Asks {
    Nothing,
    /// It is the edge of a carrier and wants our account (RFC 3261 §22.3).
    Account,
}

/// The account.
const USER: &str = "clinic-7";
const PASSWORD: &str = "trunk pass";
const REALM: &str = "carrier.example";

/// What may differ from test to test.
struct Setup {
    inner: Inner,
    /// The number that callers dial, whose messages are traced.
    number: &'static str,
    prompts: Prompts,
    asks: Asks,
    /// Seconds after which the proxy closes a silent connection.
    idle_s: u32,
}

const fn setup(inner: Inner) -> Setup {
    Setup { inner, number: "100", prompts: Prompts::Shipped, asks: Asks::Nothing, idle_s: 600 }
}

/// A running Kamailio. Dropping it ends it.
struct Kamailio {
    child: Child,
    log: PathBuf,
}

impl Kamailio {
    /// Starts one and waits until it answers.
    fn start(home: &Path, setup: &Setup, at: SocketAddr, engine: SocketAddr, person: SocketAddr) -> Self {
        let config = CONFIG
            .replace("{proxy}", &at.to_string())
            .replace("{engine}", &engine.to_string())
            .replace("{person}", &person.to_string())
            .replace("{transport}", setup.inner.parameter())
            .replace("{idle_s}", &setup.idle_s.to_string())
            .replace("{asks}", if setup.asks == Asks::Account { "1" } else { "0" })
            .replace("{user}", USER)
            .replace("{realm}", REALM)
            .replace("{password}", PASSWORD);
        let (file, log) = (home.join("kamailio.cfg"), home.join("kamailio.log"));
        fs::write(&file, config).expect("the test's own directory can be written");
        let said = fs::File::create(&log).expect("the test's own directory can be written");
        let mut command = Command::new(KAMAILIO);
        // In the foreground, its log on stderr, few megabytes, and nothing outside of this directory.
        command.arg("-f").arg(&file).args(["-DD", "-E", "-m", "32", "-M", "4", "-Y"]).arg(home);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(said).current_dir(home).process_group(0);
        let child = command.spawn().unwrap_or_else(|error| {
            panic!("kamailio does not start ({error}); install it: apt-get install -y kamailio")
        });
        let proxy = Self { child, log };
        assert!(engine::answers_options(at), "no answer from Kamailio at {at}; it said:\n{}", proxy.said());
        proxy
    }

    fn said(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }
}

impl Drop for Kamailio {
    fn drop(&mut self) {
        // It ends its children by itself; it may have ended already, which is no fault here.
        let pid = self.child.id().to_string();
        let _ = Command::new("sh").args(["-c", "kill -TERM \"$0\"", &pid]).status();
        let _ = self.child.wait();
    }
}

/// A started SIPp and where it writes.
struct Started {
    scenario: &'static str,
    process: Child,
    home: PathBuf,
}

impl Started {
    fn said(&self, file: &str) -> String {
        fs::read_to_string(self.home.join(file)).unwrap_or_default()
    }
}

/// The engine with a proxy in front of it, and a place for a person behind the same proxy.
struct Stage {
    setup: Setup,
    engine: Engine,
    proxy: Kamailio,
    /// Where the proxy is; the flows believe that the front desk is there.
    at: SocketAddr,
    person: SocketAddr,
    /// The last to go.
    home: tempfile::TempDir,
}

impl Stage {
    /// Everything but the callers and the person.
    fn begin(setup: Setup) -> Self {
        let home = tempfile::tempdir().expect("a temporary directory can be made");
        let mut wishes = Wishes { calls: 8, notice: Notice::InTheFirstWords, ..Wishes::default() };
        if setup.prompts == Prompts::Short {
            wishes.sounds = home.path().join("sounds");
            sound::short_prompts(Path::new(ROOT), &wishes.sounds);
        }
        if setup.inner == Inner::Tcp && setup.asks == Asks::Nothing {
            wishes.desk_hop = |desk| format!("{desk};transport=tcp");
        }
        let engine = match setup.asks {
            Asks::Nothing => Engine::start(home.path(), &wishes),
            Asks::Account => over_a_trunk(home.path(), &wishes, setup.inner),
        };
        let (at, person) = (engine.desk, engine::free_port());
        let proxy = Kamailio::start(home.path(), &setup, at, engine.sip, person);
        engine.told(&["trace", setup.number, "--for", "10m"]);
        Self { setup, engine, proxy, at, person, home }
    }

    fn sipp(&self, scenario: &'static str, more: &[&str]) -> Started {
        let home = self.home.path().join(scenario);
        fs::create_dir_all(&home).expect("the test's own directory can be written");
        // Sound is named from the root of the repository.
        symlink(format!("{ROOT}/sipp-scenarios"), home.join("sipp-scenarios"))
            .expect("the test's own directory can be written");
        let mut command = Command::new("sipp");
        let file =
            |name: &str| fs::File::create(home.join(name)).expect("the test's own directory can be written");
        command.current_dir(&home).stdin(Stdio::null()).stdout(file("screen")).stderr(file("errors"));
        command.args([
            "-nostdin",
            "-i",
            "127.0.0.1",
            "-mi",
            "127.0.0.1",
            "-timeout_error",
            "-timeout",
            "150s",
        ]);
        command.args(["-trace_err", "-error_file", "trace_err", "-trace_msg", "-message_file", "trace_msg"]);
        command.args(["-m", "1", "-mp", &engine::free_stretch(8).to_string()]);
        command.arg("-sf").arg(format!("{ROOT}/sipp-scenarios/proxied/{scenario}.xml")).args(more);
        let process = command.spawn().unwrap_or_else(|error| {
            panic!("sipp does not start ({error}); install it: apt-get install -y sip-tester")
        });
        Started { scenario, process, home }
    }

    /// A caller, who knows the proxy and nobody else.
    fn call(&self, scenario: &'static str) -> Started {
        let port = engine::free_port().port().to_string();
        self.sipp(scenario, &[&self.at.to_string(), "-s", self.setup.number, "-p", &port])
    }

    /// The person, whom only the proxy knows.
    fn person(&self, scenario: &'static str) -> Started {
        self.sipp(scenario, &["-p", &self.person.port().to_string()])
    }

    /// Waits until each has ended, and tells what all saw if one of them is not content, or if the proxy met
    /// a request that strayed. Returns the records of the calls.
    fn all_must_succeed(&self, mut started: Vec<Started>) -> Vec<String> {
        let ended: Vec<_> =
            started.iter_mut().map(|one| one.process.wait().expect("it is our child")).collect();
        let strays = self.proxy.said().contains("astray ");
        if strays || ended.iter().any(|status| !status.success()) {
            for (one, status) in started.iter().zip(&ended) {
                let [errors, more, messages] =
                    ["errors", "trace_err", "trace_msg"].map(|file| one.said(file));
                eprintln!(
                    "==== {} ended with {status}\n{errors}{more}\n-- messages\n{messages}",
                    one.scenario
                );
            }
            panic!("{:?}: see above\n{}", self.setup.inner, self.everything());
        }
        self.engine.wait_for("every record", |figures| {
            (figures["calls_up"], figures["events_not_durable"]) == (0, 0)
        });
        self.engine.calls().iter().map(|(id, _)| self.engine.told(&["calls", id])).collect()
    }

    /// What the proxy and the engine said and sent.
    fn everything(&self) -> String {
        let (proxy, engine) = (self.proxy.said(), self.engine.said());
        format!("==== Kamailio\n{proxy}\n==== the engine\n{engine}\n{}", self.trace())
    }

    fn trace(&self) -> String {
        let files = fs::read_dir(self.home.path().join("traces")).expect("a number is traced");
        let read = |entry: fs::DirEntry| fs::read_to_string(entry.path()).unwrap_or_default();
        files.filter_map(Result::ok).map(read).collect()
    }

    /// Every kind of request that the engine sent: its method, and how often Route stands in it. All of them
    /// went to the proxy.
    fn requests(&self) -> BTreeSet<(String, usize)> {
        let mut requests = BTreeSet::new();
        for part in self.trace().split("---- ").skip(1) {
            let (head, message) = part.split_once("\r\n").unwrap_or((part, ""));
            if !head.contains(" -> ") || message.starts_with("SIP/2.0 ") {
                continue;
            }
            let is_to_proxy = head.ends_with(&format!("-> {}", self.at));
            assert!(is_to_proxy && head.contains(self.setup.inner.word()), "{:?}: {part}", self.setup.inner);
            let method = message.split(' ').next().unwrap_or_default().to_owned();
            requests.insert((method, message.matches("\r\nRoute: ").count()));
        }
        requests
    }

    /// In its dialogs the engine sent these requests and no others, each with the whole route set; `first`
    /// are those outside of any.
    fn must_have_sent(&self, first: &[&str], within: &[&str]) {
        let without = first.iter().map(|method| ((*method).to_owned(), 0));
        let with = within.iter().map(|method| ((*method).to_owned(), self.setup.inner.routes()));
        let expected: BTreeSet<_> = without.chain(with).collect();
        let told = || format!("{expected:?}, not {:?}\n{}", self.requests(), self.everything());
        eventually(|| (self.requests() == expected).then_some(()), told);
    }

    /// SIGTERM to the engine, and a clean end. Over TCP at least so many connections were opened by the proxy,
    /// whose processes do not wait for each other, just so many by the engine, and none ended badly.
    fn end(self, by_proxy: u64, by_engine: u64) {
        let figures = self.engine.status();
        let (accepted, opened) = (figures["tcp_accepted"], figures["tcp_opened"]);
        let is_right = match self.setup.inner {
            Inner::Udp => (accepted, opened) == (0, 0),
            Inner::Tcp => accepted >= by_proxy && opened == by_engine,
        };
        assert!(is_right, "{by_proxy} opened by the proxy, {by_engine} by the engine? {figures:#?}");
        let ended_badly = ["tcp_broken", "tcp_half", "tcp_stuck", "tcp_over_bound", "tcp_not_opened"];
        assert_eq!(ended_badly.map(|name| figures[name]), [0; 5], "{figures:#?}");
        let (status, said) = self.engine.stop();
        assert!(status.success() && !said.contains("panicked"), "the engine ended with {status}:\n{said}");
        assert!(!said.contains(CALLER), "a number is in the log:\n{said}");
    }
}

/// An engine whose first person is a number of the trunk that the proxy is the edge of.
fn over_a_trunk(home: &Path, wishes: &Wishes, inner: Inner) -> Engine {
    let (sip, desk) = engine::furnish(home, wishes);
    let clinic = home.join("ivr-flows/clinic.yaml");
    let text = fs::read_to_string(&clinic).expect("it was copied");
    let rung = format!("sip:front-desk@{desk}");
    assert!(text.contains(&rung), "{text}");
    fs::write(&clinic, text.replace(&rung, "trunk:carrier/+1-617-555-0123")).expect("it can be written");
    let secret = home.join("carrier.password");
    fs::write(&secret, PASSWORD).expect("the test's own directory can be written");
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o600)).expect("it is ours");
    let file = home.join("careline.yaml");
    let config = fs::read_to_string(&file).expect("it was written");
    let trunk = format!(
        "trunks:\n  - name: carrier\n    addresses: [192.0.2.1]\n    out:\n      to: [\"sip:{desk}{}\"]\n      \
         caller: \"+1 617 555 0100\"\n      user: {USER}\n      digest: md5\n      password_file: {}\n",
        inner.parameter(),
        secret.display()
    );
    fs::write(&file, config + &trunk).expect("the test's own directory can be written");
    Engine::start_again(home, sip, desk)
}

/// The parts stand in the record, in this order.
#[track_caller]
fn must_tell(record: &str, parts: &[&str]) {
    let mut rest = record;
    for part in parts {
        let Some(at) = rest.find(part) else { panic!("no `{part}` where it should be in\n{record}") };
        rest = &rest[at + part.len()..];
    }
}

/// Packets that the caller sent, packets that he was sent, and keys, of the only leg of a record.
fn sound_of(record: &str) -> [u64; 3] {
    let row = record.split("\nsound\n").nth(1).and_then(|table| table.lines().nth(1)).unwrap_or_default();
    let words: Vec<&str> = row.split_whitespace().collect();
    let figure = |word: Option<&&str>| word.and_then(|word| word.parse().ok());
    [words.get(1), words.get(2), words.last()]
        .map(|word| figure(word).unwrap_or_else(|| panic!("no sound is told in\n{record}")))
}

/// Answer, words, a key, hold, resume, another codec, an empty re-INVITE, a refresh from either side, and
/// the caller's BYE.
#[test]
fn a_call_through_a_proxy_is_changed_and_refreshed_by_either_side() {
    let stages = Inner::ALL.map(|inner| {
        let stage = Stage::begin(setup(inner));
        let callers = ["changes-and-refreshes", "is-refreshed", "is-refreshed-by-re-invite"];
        let callers = callers.map(|scenario| stage.call(scenario));
        (stage, callers)
    });
    for (stage, callers) in stages {
        let mut records = stage.all_must_succeed(callers.into());
        records.sort_by_key(|record| record.contains("put on hold"));
        let [refreshed, _, changed] = &records[..] else { panic!("not three calls: {records:#?}") };
        must_tell(changed, &["language es", BY_THE_CALLER, "answered in PCMU", "language es"]);
        must_tell(changed, &["put on hold", "taken back from hold", BY_THE_CALLER]);
        let [_, heard, keys] = sound_of(changed);
        assert!(heard > 100 && keys == 1, "{changed}");
        must_tell(refreshed, &[BY_THE_CALLER, "the recording notice was heard", BY_THE_CALLER]);
        let files = engine::recordings(stage.home.path());
        let voice = files.iter().map(|file| sound::read(file).map(|stereo| sound::power(&stereo.right)));
        let voice: Vec<f64> = voice.map(|power| power.unwrap_or_else(|fault| panic!("{fault}"))).collect();
        assert!(voice.iter().any(|power| *power > 1e-4), "no words in {files:?}: {voice:?}\n{refreshed}");
        stage.must_have_sent(&[], &["ACK", "INVITE", "UPDATE"]);
        stage.end(1, 0);
    }
}

/// What the engine sends of itself after a long silence goes by a connection of its own, to where Route says.
#[test]
fn a_connection_that_the_proxy_has_closed_costs_no_call() {
    let stage = Stage::begin(Setup { idle_s: 10, ..setup(Inner::Tcp) });
    let caller = stage.call("is-refreshed");
    let records = stage.all_must_succeed(vec![caller]);
    must_tell(&records[0], &[BY_THE_CALLER]);
    stage.must_have_sent(&[], &["UPDATE"]);
    // By the first came the call, by the second its BYE.
    stage.end(2, 1);
}

#[test]
fn a_call_that_the_engine_ends_ends_by_the_way_of_the_proxy() {
    let stages = Inner::ALL.map(|inner| {
        let stage = Stage::begin(Setup { number: "199", prompts: Prompts::Short, ..setup(inner) });
        let caller = stage.call("is-hung-up-on");
        (stage, caller)
    });
    for (stage, caller) in stages {
        let records = stage.all_must_succeed(vec![caller]);
        must_tell(&records[0], &["ended: hung up, by the flow, exit message_left", "message saved"]);
        stage.must_have_sent(&[], &["BYE"]);
        stage.end(1, 0);
    }
}

/// How a call to a person goes, and ends.
struct Way {
    person: &'static str,
    caller: &'static str,
    /// What the engine sends outside of a dialog: the ACK of a refusal is such (RFC 3261 §17.1.1.3).
    first: &'static [&'static str],
    within: &'static [&'static str],
    told: &'static [&'static str],
}

const WAYS: [Way; 3] = [
    Way {
        person: "front-desk",
        caller: "asks-for-a-person",
        first: &["INVITE"],
        within: &["ACK", "BYE"],
        told: &["exit person", "calling sip:front-desk@", "talking with a person", BY_THE_CALLER],
    },
    Way {
        person: "front-desk-hangs-up",
        caller: "asks-for-a-person",
        first: &["INVITE"],
        within: &["ACK"],
        told: &["calling sip:", "talking with a person", "no longer talking with the person", BY_THE_CALLER],
    },
    Way {
        person: "only-rings",
        caller: "gives-up-waiting",
        first: &["INVITE", "CANCEL", "ACK"],
        within: &[],
        told: &[BY_THE_CALLER, "calling sip:front-desk@", BY_THE_CALLER],
    },
];

/// The engine's own call goes out by the proxy, and so does all that follows in it, whoever ends it.
#[test]
fn a_person_behind_the_proxy_is_called_and_left_through_it() {
    let stages = Inner::ALL.map(|inner| {
        WAYS.map(|way| {
            let stage = Stage::begin(setup(inner));
            let both = vec![stage.person(way.person), stage.call(way.caller)];
            (stage, both, way)
        })
    });
    for (stage, both, way) in stages.into_iter().flatten() {
        let records = stage.all_must_succeed(both);
        must_tell(&records[0], way.told);
        stage.must_have_sent(way.first, way.within);
        stage.end(1, 1);
    }
}

/// The edge of a carrier: it wants the account for the INVITE, stays in the way, and lets all that follows pass.
#[test]
fn a_person_is_reached_over_a_carrier_that_asks_for_the_account_and_stays_in_the_way() {
    // RFC 3261 §22.3, §16.6
    let stages = Inner::ALL.map(|inner| {
        let stage = Stage::begin(Setup { asks: Asks::Account, ..setup(inner) });
        let both = vec![stage.person("front-desk"), stage.call("asks-for-a-person")];
        (stage, both)
    });
    for (stage, both) in stages {
        let records = stage.all_must_succeed(both);
        must_tell(&records[0], &["exit person", "talking with a person", BY_THE_CALLER]);
        let figures = stage.engine.status();
        let shown = (figures["trunk_accounts_shown"], figures["trunk_accounts_refused"]);
        assert_eq!(shown, (1, 0), "{}", stage.everything());
        assert_eq!(stage.proxy.said().matches("asked INVITE").count(), 1, "{}", stage.proxy.said());
        // The ACK of the 407 is of no dialog (§17.1.1.3).
        stage.must_have_sent(&["INVITE", "ACK"], &["ACK", "BYE"]);
        stage.end(1, 1);
    }
}

#[test]
fn no_scenario_of_this_folder_is_forgotten() {
    let source = include_str!("kamailio.rs");
    let folder = fs::read_dir(format!("{ROOT}/sipp-scenarios/proxied")).expect("the folder is shipped");
    for name in folder.filter_map(Result::ok).map(|entry| entry.file_name()) {
        let name = name.to_string_lossy().into_owned();
        let is_run = source.contains(&format!("\"{}\"", name.trim_end_matches(".xml")));
        assert!(is_run, "no test of this file runs {name}");
    }
}
