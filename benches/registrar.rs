//! What phones that log in cost: `cargo bench --bench registrar`.
//!
//! Memory of 100 000 bindings by datagrams, each with what a desk phone sends, as the system counts it; then refreshes a
//! second through the whole SIP machine, from octets to octets: parsed, judged by SHA-256, bound, answered. Exit code 1
//! when a bar is missed.

use careline::clock::Instant;
use careline::limits::{REGISTER_BINDINGS_MAX, REGISTRATIONS_A_SECOND};
use careline::rng::Rng;
use careline::sip::digest::Ha1;
use careline::sip::digest::answer::{Account, Purse};
use careline::sip::digest::nonce::Secret;
use careline::sip::interface::{InfoKeys, Input, Network, Output, Phones, Settings, User};
use careline::sip::registrar::{Registrar, Registration};
use careline::sip::stack::Stack;
use careline::sip::way::Way;
use careline::wire::sip::credentials::{Algorithm, Challenge};
use careline::wire::sip::registration::{Preference, Wanted, Wish};
use std::borrow::Cow;
use std::process::ExitCode;
use std::time::Duration;

/// Of all bindings together, in octets.
const MEMORY_MAX: f64 = 100e6;
/// Refreshes a second.
const REFRESHES_MIN: f64 = 10_000.0;
/// Refreshes that are timed.
const REFRESHES: u32 = 20_000;

fn main() -> ExitCode {
    let kept = [memory(), refreshes()];
    if kept.iter().all(|kept| *kept) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn way(phone: u32) -> Way {
    let [_, a, b, c] = phone.to_be_bytes();
    Way::udp(([10, 0, 0, 1], 5_060).into(), ([10, a, b, c], 5_060).into())
}

/// Octets of memory that this process holds.
fn resident() -> f64 {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    pages.split(' ').nth(1).and_then(|pages| pages.parse::<f64>().ok()).unwrap_or(f64::NAN) * 4_096.0
}

fn memory() -> bool {
    let before = resident();
    let mut registrar = Registrar::new(u32::MAX, Rng::seeded(1));
    for phone in 0..REGISTER_BINDINGS_MAX as u32 {
        let (user, uri) =
            (format!("user{phone:06}"), format!("sip:user{phone:06}@10.200.{phone}.example:5060;ob"));
        let call_id = format!("{phone:032x}@10.1.2.3");
        let instance = format!("<urn:uuid:00000000-0000-1000-8000-{phone:012x}>");
        let wanted = Wanted {
            uri: uri.as_bytes(),
            preference: Preference::FULL,
            expires_s: Some(3_600),
            instance: Some(Cow::Borrowed(instance.as_bytes())),
            reg_id: None,
        };
        let registration = Registration {
            user: &user,
            way: way(phone),
            call_id: call_id.as_bytes(),
            cseq: 1,
            path: b"",
            wish: Wish::Contacts(vec![wanted]),
        };
        registrar.register(Instant::START, &registration).expect("there is room");
        while registrar.poll_output().is_some() {}
    }
    let octets = resident() - before;
    let kept = octets <= MEMORY_MAX;
    let each = octets / registrar.bindings() as f64;
    println!(
        "{} {} bindings: {:.1} MB, {each:.0} octets each  at most {:.0} MB",
        if kept { "kept  " } else { "MISSED" },
        registrar.bindings(),
        octets / 1e6,
        MEMORY_MAX / 1e6
    );
    kept
}

fn machine() -> Stack {
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
    let ha1 = Ha1::of(Algorithm::Sha256, b"ann", b"careline", b"secret");
    let users = vec![User { name: "ann".to_owned(), ha1 }];
    let secret = Secret([1; 32]);
    let phones = Phones { realm: "careline".to_owned(), users, secret, kept: Vec::new() };
    stack.handle(Instant::START, Input::Phones(Box::new(phones)));
    stack
}

fn register(cseq: u32, authorization: &str) -> String {
    format!(
        "REGISTER sip:10.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.2:5060;rport;branch=z9hG4bK{cseq}\r\n\
         From: <sip:ann@careline>;tag=1\r\nTo: <sip:ann@careline>\r\nCall-ID: 8a7b6c5d@10.0.0.2\r\n\
         CSeq: {cseq} REGISTER\r\nMax-Forwards: 70\r\nUser-Agent: desk phone\r\n\
         Contact: <sip:ann@10.0.0.2:5060;ob>;expires=3600\r\n{authorization}Content-Length: 0\r\n\r\n"
    )
}

/// What it sends, without the rest of what it says.
fn answer(stack: &mut Stack) -> Option<Vec<u8>> {
    let mut sent = None;
    while let Some(output) = stack.poll_output() {
        if let Output::Transmit { octets, .. } = output {
            sent = Some(octets);
        }
    }
    sent
}

fn refreshes() -> bool {
    let mut stack = machine();
    let mut purse = Purse::new(Account::new("ann", "secret"));
    let (mut took, mut now, mut good) = (Duration::ZERO, Instant::START, 0);
    for round in 0..=REFRESHES {
        now += Duration::from_secs(1) / REGISTRATIONS_A_SECOND;
        let asked = register(2 * round + 1, "");
        stack.handle(now, Input::Message { way: way(2), octets: asked.as_bytes() });
        let asked = String::from_utf8(answer(&mut stack).unwrap_or_default()).unwrap_or_default();
        let challenge =
            asked.lines().find_map(|line| line.strip_prefix("WWW-Authenticate: ")).unwrap_or_default();
        let challenge = Challenge::read(challenge.as_bytes()).expect("it asks for a password");
        let value = purse.credentials(challenge, b"REGISTER", b"sip:10.0.0.1", "c0");
        let text =
            register(2 * round + 2, &format!("Authorization: {}\r\n", String::from_utf8_lossy(&value)));
        let begun = std::time::Instant::now();
        stack.handle(now, Input::Message { way: way(2), octets: text.as_bytes() });
        let answer = answer(&mut stack);
        // The first one is a change, and waits.
        if round == 0 {
            stack.handle(now, Input::BindingsKept { up_to: 1 });
            continue;
        }
        took += begun.elapsed();
        good += u32::from(answer.is_some_and(|octets| octets.starts_with(b"SIP/2.0 200")));
        if stack.poll_timeout().is_some_and(|due| due.at <= now) {
            stack.handle(now, Input::Timeout);
        }
    }
    let rate = f64::from(good) / took.as_secs_f64();
    let kept = good == REFRESHES && rate >= REFRESHES_MIN;
    println!(
        "{} {good} of {REFRESHES} refreshes: {rate:.0} a second, {:.1} µs each  at least {REFRESHES_MIN:.0} a second",
        if kept { "kept  " } else { "MISSED" },
        1e6 / rate
    );
    kept
}
