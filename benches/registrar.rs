//! What phones that log in cost: `cargo bench --bench registrar`.
//!
//! 100 000 users log in one after another through the whole SIP machine, from octets to octets: asked for a password, parsed,
//! judged by SHA-256, bound, kept, answered. What that costs in memory is counted as the system counts it, users and
//! passwords included. Then each of them refreshes once, and that is timed, with the question for the password and without the
//! phone's own work. Exit code 1 when a bar is missed.
//!
//! It is what the machine could do. The engine itself takes `REGISTRATIONS_A_SECOND` and sends the others away.

use careline::clock::Instant;
use careline::limits::{REGISTER_BINDINGS_MAX, REGISTRATIONS_A_SECOND};
use careline::rng::Rng;
use careline::sip::digest::Ha1;
use careline::sip::digest::answer::{Account, Purse};
use careline::sip::digest::nonce::Secret;
use careline::sip::interface::{Event, InfoKeys, Input, Network, Output, Phones, Settings, User};
use careline::sip::stack::Stack;
use careline::sip::way::Way;
use careline::wire::sip::credentials::{Algorithm, Challenge};
use std::process::ExitCode;
use std::time::Duration;

/// Users, each with one phone.
const USERS: u32 = REGISTER_BINDINGS_MAX as u32;
/// Of all logins together, in octets.
const MEMORY_MAX: f64 = 100e6;
/// Refreshes a second.
const REFRESHES_MIN: f64 = 10_000.0;
/// How far apart the first logins are: their transactions, which live for half a minute, are no part of what a login costs.
const LOGINS_APART: Duration = Duration::from_millis(20);
/// How long the last of these transactions is waited for.
const TRANSACTIONS_LIVE: Duration = Duration::from_secs(40);

fn main() -> ExitCode {
    let before = resident();
    let mut house = House::new();
    let kept = [logins(&mut house, before), refreshes(&mut house)];
    println!(
        "        the engine takes {REGISTRATIONS_A_SECOND} a second and answers the others 503 with a time to come again"
    );
    if kept.iter().all(|kept| *kept) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The machine, and the phones that speak with it.
struct House {
    stack: Stack,
    now: Instant,
    branch: u32,
}

impl House {
    fn new() -> Self {
        let everywhere = Network { base: [0, 0, 0, 0].into(), prefix: 0 };
        let settings = Settings {
            t1: Duration::from_millis(500),
            target_patience: Duration::from_secs(4),
            external_address: None,
            product: "bench".to_owned(),
            listen_to: vec![everywhere],
            trusted: vec![everywhere],
            requests_a_second: u32::MAX,
            help: Default::default(),
            session_expires_s: 0,
            info_keys: InfoKeys::Ignored,
            drop_agents: Vec::new(),
        };
        let mut stack = Stack::new(settings, Rng::seeded(1));
        let user = |user: u32| {
            let name = name(user);
            let ha1 = Ha1::of(Algorithm::Sha256, name.as_bytes(), b"careline", b"secret");
            User { name, ha1 }
        };
        let users = (0..USERS).map(user).collect();
        let phones =
            Phones { realm: "careline".to_owned(), users, secret: Secret([1; 32]), kept: Vec::new() };
        stack.handle(Instant::START, Input::Phones(Box::new(phones)));
        Self { stack, now: Instant::START, branch: 0 }
    }

    /// A phone logs in, or refreshes: whether it hears 200, and how long the machine took.
    fn log_in(&mut self, user: u32) -> (bool, Duration) {
        let (asked, first) = self.send(user, "");
        let challenge = asked.lines().find_map(|line| line.strip_prefix("WWW-Authenticate: "));
        let Ok(challenge) = Challenge::read(challenge.unwrap_or_default().as_bytes()) else {
            return (false, first);
        };
        let mut purse = Purse::new(Account::new(&name(user), "secret"));
        let value = purse.credentials(challenge, b"REGISTER", b"sip:10.0.0.1", "c0");
        let authorization = format!("Authorization: {}\r\n", String::from_utf8_lossy(&value));
        let (answer, second) = self.send(user, &authorization);
        (answer.starts_with("SIP/2.0 200"), first + second)
    }

    /// Sends a REGISTER; what is answered, once the disk has what it must have, and how long the machine took.
    fn send(&mut self, user: u32, authorization: &str) -> (String, Duration) {
        self.branch += 1;
        let text = register(user, self.branch, authorization);
        let begun = std::time::Instant::now();
        self.stack.handle(self.now, Input::Message { way: way(user), octets: text.as_bytes() });
        let mut sent = self.answer();
        while self.stack.poll_timeout().is_some_and(|due| due.at <= self.now) {
            self.stack.handle(self.now, Input::Timeout);
            sent = sent.or(self.answer());
        }
        let took = begun.elapsed();
        (String::from_utf8(sent.unwrap_or_default()).unwrap_or_default(), took)
    }

    /// What it sends. The disk is quick here.
    fn answer(&mut self) -> Option<Vec<u8>> {
        let mut sent = None;
        while let Some(output) = self.stack.poll_output() {
            match output {
                Output::Transmit { octets, .. } => sent = Some(octets),
                Output::Event(Event::KeepBindings(keep)) => {
                    let up_to = keep.change;
                    drop(keep);
                    self.stack.handle(self.now, Input::BindingsKept { up_to });
                }
                Output::Event(_) | Output::Resolve { .. } => {}
            }
        }
        sent
    }

    fn pass(&mut self, time: Duration) {
        self.now += time;
        while self.stack.poll_timeout().is_some_and(|due| due.at <= self.now) {
            self.stack.handle(self.now, Input::Timeout);
        }
    }
}

fn name(user: u32) -> String {
    format!("user{user:06}")
}

fn way(user: u32) -> Way {
    let [_, a, b, c] = user.to_be_bytes();
    Way::udp(([10, 0, 0, 1], 5_060).into(), ([10, a, b, c], 5_060).into())
}

/// What a desk phone sends.
fn register(user: u32, cseq: u32, authorization: &str) -> String {
    let (name, host) = (name(user), way(user).remote);
    format!(
        "REGISTER sip:10.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP {host};rport;branch=z9hG4bK{cseq}\r\n\
         From: <sip:{name}@careline>;tag=1\r\nTo: <sip:{name}@careline>\r\nCall-ID: {user:032x}@10.1.2.3\r\n\
         CSeq: {cseq} REGISTER\r\nMax-Forwards: 70\r\nUser-Agent: desk phone\r\n\
         Contact: <sip:{name}@{host};ob>;+sip.instance=\"<urn:uuid:00000000-0000-1000-8000-{user:012x}>\";expires=3600\r\n\
         {authorization}Content-Length: 0\r\n\r\n"
    )
}

/// Octets of memory that this process holds.
fn resident() -> f64 {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    pages.split(' ').nth(1).and_then(|pages| pages.parse::<f64>().ok()).unwrap_or(f64::NAN) * 4_096.0
}

fn said(kept: bool) -> &'static str {
    if kept { "kept  " } else { "MISSED" }
}

fn logins(house: &mut House, before: f64) -> bool {
    let users = resident() - before;
    let mut good = 0;
    for user in 0..USERS {
        house.pass(LOGINS_APART);
        good += u32::from(house.log_in(user).0);
    }
    house.pass(TRANSACTIONS_LIVE);
    let octets = resident() - before;
    let bound = house.stack.bindings();
    let kept = good == USERS && bound == USERS as usize && octets <= MEMORY_MAX;
    println!(
        "{} {bound} of {USERS} users are logged in: {:.1} MB, {:.0} octets each, {:.0} of them before the login  at most {:.0} MB",
        said(kept),
        octets / 1e6,
        octets / f64::from(USERS),
        users / f64::from(USERS),
        MEMORY_MAX / 1e6
    );
    kept
}

fn refreshes(house: &mut House) -> bool {
    let (mut took, mut good) = (Duration::ZERO, 0);
    for user in 0..USERS {
        house.pass(Duration::from_secs(1) / REGISTRATIONS_A_SECOND);
        let (is_good, cost) = house.log_in(user);
        good += u32::from(is_good);
        took += cost;
    }
    let rate = f64::from(USERS) / took.as_secs_f64();
    let kept = good == USERS && rate >= REFRESHES_MIN;
    println!(
        "{} {good} of {USERS} users refresh: {rate:.0} a second, {:.1} µs each  at least {REFRESHES_MIN:.0} a second",
        said(kept),
        1e6 / rate
    );
    kept
}
