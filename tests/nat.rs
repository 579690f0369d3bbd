//! A real phone behind a real address translator: three network namespaces, and nftables between two of them.
//!
//! ```text
//!  inside 192.168.77.2 ──── 192.168.77.1  translator  10.99.0.2 ──── 10.99.0.1 outside
//!  the phone                masquerade, other ports; nothing new comes in     the engine
//! ```
//! The phone's Via, Contact and SDP name an address that the engine cannot reach. It is called, heard and hung
//! up on all the same: answers and BYE go where its requests came from (RFC 3581 §4), sound to where its sound
//! comes from (RFC 4961). Namespaces want root, `ip` and `nft`; without them the test says that it is skipped.

#[path = "engine/mod.rs"]
mod engine;
#[path = "phone/mod.rs"]
mod phone;
#[path = "sound/mod.rs"]
mod sound;

use engine::{Engine, Notice, ROOT, Wishes, eventually, recordings};
use phone::{Phone, Place};
use std::io::Write;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

/// Which part this process plays; none: it sets the stage.
const PART: &str = "CARELINE_NAT_PART";
/// Names the namespaces of this run.
const RUN: &str = "CARELINE_NAT_RUN";
/// Where the engine is, for the phone.
const CALLS: &str = "CARELINE_NAT_CALLS";

const OUTSIDE: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 99, 0, 1));
const TRANSLATOR: &str = "10.99.0.2";
const INSIDE: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 168, 77, 2));

/// The phone's voice.
const HERTZ: f64 = 440.0;

#[test]
fn a_phone_behind_an_address_translator_is_heard_hears_and_is_hung_up_on() {
    match std::env::var(PART).as_deref() {
        Ok("phone") => be_the_phone(),
        Ok("engine") => be_the_engine(&std::env::var(RUN).expect("the stage names its run")),
        _ => set_the_stage(),
    }
}

/// Runs a command; what it said if it failed.
fn run(command: &str) -> Result<(), String> {
    let mut words = command.split_whitespace();
    let program = words.next().unwrap_or_default();
    let output = Command::new(program).args(words).output().map_err(|error| format!("{command}: {error}"))?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    output.status.success().then_some(()).ok_or_else(|| format!("{command}: {}", said.trim()))
}

/// The namespaces of a run; they go when it is over.
struct Stage {
    run: String,
}

impl Stage {
    fn name(&self, place: &str) -> String {
        format!("{}-{place}", self.run)
    }

    /// Three namespaces, two cables, one translator.
    fn build() -> Result<Self, String> {
        let stage = Self { run: format!("cl{}", std::process::id()) };
        let [outside, middle, inside] = ["out", "nat", "in"].map(|place| stage.name(place));
        let (a, b, c, d) = (stage.name("a"), stage.name("b"), stage.name("c"), stage.name("d"));
        for namespace in [&outside, &middle, &inside] {
            run(&format!("ip netns add {namespace}"))?;
            run(&format!("ip -n {namespace} link set lo up"))?;
        }
        for (one, other, left, right) in [(&a, &b, &outside, &middle), (&c, &d, &middle, &inside)] {
            run(&format!("ip -n {left} link add {one} type veth peer name {other} netns {right}"))?;
        }
        for (namespace, link, address) in [
            (&outside, &a, format!("{OUTSIDE}/24")),
            (&middle, &b, format!("{TRANSLATOR}/24")),
            (&middle, &c, "192.168.77.1/24".to_owned()),
            (&inside, &d, format!("{INSIDE}/24")),
        ] {
            run(&format!("ip -n {namespace} address add {address} dev {link}"))?;
            run(&format!("ip -n {namespace} link set {link} up"))?;
        }
        run(&format!("ip -n {outside} route add default via {TRANSLATOR}"))?;
        run(&format!("ip -n {inside} route add default via 192.168.77.1"))?;
        let within = format!("ip netns exec {middle}");
        for line in [
            "sysctl -q -w net.ipv4.ip_forward=1".to_owned(),
            "nft add table ip t".to_owned(),
            "nft add chain ip t out { type nat hook postrouting priority 100 ; }".to_owned(),
            format!("nft add rule ip t out oifname {b} masquerade fully-random"),
            "nft add chain ip t through { type filter hook forward priority 0 ; policy drop ; }".to_owned(),
            format!("nft add rule ip t through iifname {c} accept"),
            "nft add rule ip t through ct state established,related accept".to_owned(),
        ] {
            run(&format!("{within} {line}"))?;
        }
        Ok(stage)
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        for place in ["out", "nat", "in"] {
            // One that was never made cannot be taken away.
            let _ = run(&format!("ip netns del {}", self.name(place)));
        }
    }
}

/// This very test in another namespace, in another part.
fn act(namespace: &str, part: &str, variables: &[(&str, String)]) -> Command {
    let own = std::env::current_exe().expect("a test knows its own file");
    let mut command = Command::new("ip");
    command.args(["netns", "exec", namespace]).arg(own);
    command.args(["--exact", "a_phone_behind_an_address_translator_is_heard_hears_and_is_hung_up_on"]);
    command.args(["--nocapture"]).env(PART, part).stdin(Stdio::null());
    command.envs(variables.iter().map(|(name, value)| (*name, value.as_str())));
    command
}

fn assert_well(what: &str, output: &Output) {
    let (said, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{what}: {}\n{said}\n{errors}", output.status);
    print!("{said}");
}

fn set_the_stage() {
    let stage = match Stage::build() {
        Ok(stage) => stage,
        // Past the test's own output, which nobody sees when all goes well.
        Err(why) => {
            return writeln!(std::io::stderr(), "SKIPPED tests/nat.rs: no address translator here: {why}")
                .expect("stderr can be written");
        }
    };
    let outside = stage.name("out");
    let engine =
        act(&outside, "engine", &[(RUN, stage.run.clone())]).output().expect("`ip` was there a moment ago");
    assert_well("the engine's side", &engine);
}

fn be_the_engine(run: &str) {
    let home = tempfile::tempdir().expect("a temporary directory can be made");
    let sounds = home.path().join("sounds");
    sound::short_prompts(Path::new(ROOT), &sounds);
    let wishes = Wishes { sounds, ip: OUTSIDE, notice: Notice::InTheFirstWords, ..Wishes::default() };
    let engine = Engine::start(home.path(), &wishes);
    let mut phone = act(&format!("{run}-in"), "phone", &[(CALLS, engine.sip.to_string())]);
    let phone = phone.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let phone = phone.expect("`ip` was there a moment ago");
    engine.wait_for("the phone's key", |figures| figures["keys"] == 1);
    let seen = engine.wait_for("a recording", |figures| figures["recorder_opened"] == 1);
    let (status, said) = engine.stop();
    assert!(status.success(), "the engine ended with {status}:\n{said}");
    let phone = phone.wait_with_output().expect("it is our child");
    assert_well(&format!("the phone's side; the engine counts {seen:#?} and said\n{said}"), &phone);
    let file = eventually(|| recordings(home.path()).pop(), || format!("a recording\n{said}"));
    let stereo = sound::read(&file).unwrap_or_else(|fault| panic!("{fault}"));
    let heard = sound::share_of(&stereo.left, HERTZ);
    assert!(heard > 0.5, "only {:.0} % of what was recorded of the phone is its tone", heard * 100.0);
}

fn be_the_phone() {
    let engine: SocketAddr = std::env::var(CALLS)
        .ok()
        .and_then(|address| address.parse().ok())
        .expect("the engine's side tells where it is");
    let phone =
        Phone::call_as(engine, "100", HERTZ, Place::At(INSIDE)).unwrap_or_else(|fault| panic!("{fault}"));
    phone.wait_until(Duration::from_secs(30), "the engine's voice", |heard| heard.voiced > 20);
    // By then the notice is over, and the call is recorded.
    phone.listen(200);
    phone.press(6);
    let heard = phone.await_hang_up(Duration::from_secs(60)).unwrap_or_else(|fault| panic!("{fault}"));
    println!("the phone inside: {heard:?}");
}
